from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.api import SUPERUSER_ID
from odoo.exceptions import AccessDenied
from odoo.http import request

from ..tools import eid

# What is kept of failures, so that nobody fills the table: of one address in a minute,
# and of all in a day.
MINUTE_LIMIT = 5
DAY_LIMIT = 2000
KEPT_DAYS = 730
VACUUM_LIMIT = 10000
REASONS = [
    ("success", "Logged in"),
    ("second_factor", "Accepted, second factor asked"),
    ("off", "not set up or switched off"),
    ("elsewhere", "not on the page for electronic IDs"),
    ("proxy", "the request does not come from the proxy"),
    ("secret", "the proxy did not give the secret"),
    ("headers", "the proxy's headers are doubled or broken"),
    ("no_certificate", "no certificate was presented"),
    ("not_verified", "the proxy refused the certificate"),
    ("crl", "the certificate was revoked by its issuer"),
    ("malformed", "the certificate cannot be read"),
    ("not_yet", "the certificate is not valid yet"),
    ("expired", "the certificate has expired"),
    ("purpose", "the certificate is not for logging in"),
    ("issuer", "the issuer is not one of ours"),
    ("serial", "the certificate has no number of a person"),
    ("unregistered", "the person is not registered"),
    ("revoked", "the registration was revoked"),
    ("pin", "another certificate of the person is registered"),
    ("user", "the user is archived or no internal user"),
    ("replay", "the form was sent before, or is too old"),
    ("cooldown", "too many failures, Odoo makes this address wait"),
]


class CrmEidLogin(models.Model):
    """One attempt to log in with an electronic ID, with or without success, and why
    not. It never holds the whole number of a person, nor the proxy's secret.

    *Lifecycle.* A success is written with the login itself; a failure on a connection
    of its own, for what fails is rolled back. Failures are kept up to a limit for each
    address and minute, and for each day. Odoo's daily cleaning deletes rows of two
    years ago.

    *Invariants.* Rows are made by this model only; nobody changes or deletes one.
    """

    _name = "crm.eid.login"
    _description = "Login with an Electronic ID"
    _order = "date desc, id desc"
    _rec_name = "user_id"

    date = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users",
        readonly=True,
        index=True,
        ondelete="set null",
        help="Whose electronic ID it was, where it is a registered one.",
    )
    is_success = fields.Boolean(string="Accepted", readonly=True)
    reason = fields.Selection(selection=REASONS, required=True, readonly=True)
    issuer = fields.Char(readonly=True, help="As the certificate names it.")
    hint = fields.Char(string="Number Ends in", readonly=True)
    fingerprint = fields.Char(string="SHA-256 Fingerprint", readonly=True)
    address = fields.Char(
        string="From", readonly=True, help="As the proxy tells it, see proxy mode."
    )
    peer = fields.Char(
        string="Connected from",
        readonly=True,
        help="Other end of the connection: the proxy, where it is one.",
    )
    user_agent = fields.Char(string="Browser", readonly=True)

    _default_order_idx = models.Index("(date DESC, id DESC)")

    @api.model
    def _label(self, reason):
        """:return: the reason in the reader's language"""
        return dict(self._fields["reason"]._description_selection(self.env))[reason]

    @api.model
    @contextmanager
    def _audit(self):
        """Write one row of the log about what happens inside the block.

        :return: context, with a dict to fill in with what becomes known
        :raise: AccessDenied that tells nothing, for each that happens inside
        """
        attempt = {}
        try:
            yield attempt
        except AccessDenied as error:
            # Odoo's own reason has a text where somebody has to wait
            other = "cooldown" if error.args != AccessDenied().args else "user"
            self._log_failure({"reason": other, **attempt})
            raise AccessDenied() from None
        # superuser: nobody writes this table by hand, and there is no user yet
        log = self.with_user(SUPERUSER_ID)
        log.create({**self._request_values(), **attempt, "is_success": True})

    @api.model
    def _log_failure(self, attempt):
        """:param dict attempt: with the ``reason`` at least"""
        values = {**self._request_values(), **attempt}
        with self.env.registry.cursor() as cr:
            log = api.Environment(cr, SUPERUSER_ID, {})[self._name]
            if not log._is_flooded(values["peer"], values["address"]):
                log.create(values)

    @api.model
    def _is_flooded(self, peer, address):
        now = fields.Datetime.now()
        failures = [("is_success", "=", False)]
        minute = [("date", ">", now - timedelta(minutes=1))]
        source = [("peer", "=", peer), ("address", "=", address)]
        day = [("date", ">", now - timedelta(days=1))]
        return (
            self.search_count(failures + minute + source, limit=MINUTE_LIMIT)
            >= MINUTE_LIMIT
            or self.search_count(failures + day, limit=DAY_LIMIT) >= DAY_LIMIT
        )

    @api.model
    def _request_values(self):
        """:return: dict of where the request came from"""
        values = {"date": fields.Datetime.now(), "peer": False, "address": False}
        if request:
            environ = request.httprequest.environ
            values.update(
                peer=eid.peer_of(environ)[:60],
                address=(environ.get("REMOTE_ADDR") or "")[:60],
                user_agent=(environ.get("HTTP_USER_AGENT") or "")[:200],
            )
        return values

    @api.autovacuum
    def _gc_logins(self):
        old = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        rows = self.search([("date", "<", old)], limit=VACUUM_LIMIT)
        rows.unlink()
        return len(rows), len(rows) == VACUUM_LIMIT
