import re
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessDenied, AccessError, UserError
from odoo.http import request
from odoo.tools import consteq

from ..tools import eid
from ..tools.eid import EidError

# The one page whose requests the proxy gives a certificate to.
ROUTE = "/web/login/eid"
# The kind of credential, see `res.users`.
CLIENT_CERT = "client_cert"
PARAMETER = "crm_gestion.eid_"
URL = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/?")


class CrmEid(models.AbstractModel):
    """Logging in with an electronic ID: whether it is on, and who stands before us.

    The proof is read from the request that is being served and from nothing else: the
    other end of its socket is a known proxy, which knows the secret, found the
    certificate good and hands it over whole. What a browser posts is not looked at.

    *Off* unless it is switched on and there are a proxy, a secret and an issuer.
    """

    _name = "crm.eid"
    _description = "Electronic ID"

    # === SETTINGS === #

    @api.model
    def _get(self, name):
        # sudo: who logs in is nobody yet
        return self.env["ir.config_parameter"].sudo().get_param(PARAMETER + name) or ""

    @api.model
    def _networks(self):
        """:return: list of the proxy's addresses; none where they cannot be read"""
        try:
            return eid.networks_of(self._get("proxies"))
        except ValueError:
            return []

    @api.model
    def _missing(self):
        """:return: list of what there must be besides the switch"""
        # sudo: who logs in is nobody yet
        issuers = self.env["crm.eid.issuer"].sudo()
        return [
            name
            for name, there in (
                ("proxies", self._networks()),
                ("secret", self._get("secret_digest")),
                ("issuer", issuers.search_count([], limit=1)),
            )
            if not there
        ]

    @api.model
    def _is_on(self):
        return self._get("enabled") == "True" and not self._missing()

    @api.model
    def _is_second_factor(self):
        """Whether card and PIN are two factors: none is asked for besides."""
        return self._get("second_factor") == "True"

    @api.model
    def _url(self):
        """:return: where the page is; the proxy may ask for certificates on a host of
        its own"""
        return self._get("url").rstrip("/") + ROUTE

    @api.model
    def _describe_missing(self):
        """:return: sentence about what is still to be done, or False"""
        names = {
            "proxies": self.env._("the addresses of the proxy"),
            "secret": self.env._("a secret"),
            "issuer": self.env._("an issuer"),
        }
        missing = [names[name] for name in self._missing()]
        return bool(missing) and self.env._(
            "Nobody logs in with an electronic ID yet, there must be: %s.",
            ", ".join(missing),
        )

    @api.model
    def _check_settings(self, proxies, url):
        """
        :param str proxies: addresses, as typed
        :param str url: address of the page, as typed
        :raise: UserError
        """
        try:
            eid.networks_of(proxies)
        except ValueError as error:
            raise UserError(
                self.env._(
                    "Give the addresses of the proxy, such as 127.0.0.1 or "
                    "10.0.0.0/30, separated by commas: %s",
                    error,
                )
            ) from None
        if url and not URL.fullmatch(url.strip()):
            raise UserError(
                self.env._(
                    "Give the address of the page as https://eid.example.com, or "
                    "leave it empty."
                )
            )

    @api.model
    def _renew_secret(self):
        """Replace the secret of the proxy; the one before stops working at once.

        :return: the new secret, of which the database keeps a digest
        """
        if not self.env.user._is_system():
            raise AccessError(
                self.env._("Ask a system administrator for a secret of the proxy.")
            )
        secret = secrets.token_urlsafe(32)
        # sudo: checked above
        params = self.env["ir.config_parameter"].sudo()
        params.set_param(f"{PARAMETER}secret_digest", eid.digest_of(secret))
        return secret

    # === PROOF === #

    @api.model
    def _login_of_request(self, attempt):
        """Odoo's own way goes on with whatever this returns, and fails with an empty
        login as with one that does not exist: as late, and counted.

        :param dict attempt: what the log will say, filled in here
        :return: login of the user whose certificate the request comes with, or ""
        """
        try:
            return self._certificate_of_request(attempt).user_id.login
        except EidError as error:
            attempt["reason"] = error.reason
            return ""

    @api.model
    def _check_request(self, user, env):
        """The second look: at the request once more, and at whom Odoo logs in.

        :param user: ``res.users``
        :param dict env: of Odoo's authentication
        :raise: AccessDenied
        """
        try:
            certificate = self._certificate_of_request({})
        except EidError:
            raise AccessDenied() from None
        if not (env or {}).get("interactive") or certificate.user_id != user:
            raise AccessDenied()

    @api.model
    def _certificate_of_request(self, attempt):
        """
        :param dict attempt: what the log will say, filled in here
        :return: ``crm.eid.certificate`` in sudo, of a user who may log in
        :raise: EidError
        """
        if not request or request.httprequest.path != ROUTE:
            raise EidError("elsewhere")
        if not self._is_on():
            raise EidError("off")
        environ = request.httprequest.environ
        self._check_proxy(environ)
        certificate = eid.read_escaped(eid.header_of(environ, eid.CERTIFICATE_HEADER))
        # sudo: who logs in is nobody yet, and gets to know nothing of what is read
        issuers = self.env["crm.eid.issuer"].sudo()
        holder = eid.holder_of(certificate, fields.Datetime.now())
        attempt.update(
            issuer=holder.issuer[:250],
            hint=holder.serial[-3:],
            fingerprint=holder.fingerprint,
        )
        issuer = issuers._issuer_of(certificate)
        return (
            self.env["crm.eid.certificate"].sudo()._registered(holder, issuer, attempt)
        )

    @api.model
    def _check_proxy(self, environ):
        """
        :param dict environ: of the request
        :raise: EidError unless a known proxy found a certificate good
        """
        if not eid.is_listed(eid.peer_of(environ), self._networks()):
            raise EidError("proxy")
        secret = eid.header_of(environ, eid.SECRET_HEADER)
        if not consteq(eid.digest_of(secret), self._get("secret_digest")):
            raise EidError("secret")
        eid.check_verdict(eid.header_of(environ, eid.VERIFY_HEADER))
