import secrets

from odoo import http
from odoo.exceptions import AccessDenied
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.web.controllers.home import Home
from odoo.addons.web.controllers.utils import ensure_db

from ..models.crm_eid import CLIENT_CERT, ROUTE

NONCE = "crm_eid_nonce"
HEADERS = {
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


class EidLogin(Home):
    """The page that logs in with an electronic ID. Opening it does nothing: another
    site could make a browser do that. Its form is good for one attempt, and holds
    nothing about who logs in."""

    @http.route(
        ROUTE,
        type="http",
        auth="none",
        methods=["GET", "POST"],
        readonly=False,
        sitemap=False,
    )
    def eid_login(self, redirect=None, **kwargs):
        ensure_db()
        redirect = redirect if isinstance(redirect, str) else None
        if request.env.uid is None:
            request.env["ir.http"]._auth_method_public()
        if request.httprequest.method == "POST":
            uid = self._authenticate()
            if uid:
                return request.redirect(self._login_redirect(uid, redirect=redirect))
        elif not request.env["crm.eid"]._is_on():
            return request.redirect("/web/login")
        return self._page(redirect)

    def _authenticate(self):
        """
        :return: id of the user, or None; why not is told by the log alone
        """
        given = request.params.get("nonce")
        wanted = request.session.pop(NONCE, None)
        if not (
            wanted
            and isinstance(given, str)
            and consteq(given.encode(), wanted.encode())
        ):
            # sudo: who logs in is nobody yet
            request.env["crm.eid.login"].sudo()._log_failure({"reason": "replay"})
            return None
        try:
            auth_info = request.session.authenticate(
                request.env, {"type": CLIENT_CERT, "login": ""}
            )
        except AccessDenied:
            return None
        return auth_info["uid"]

    def _page(self, redirect):
        nonce = secrets.token_urlsafe(16)
        request.session[NONCE] = nonce
        response = request.render(
            "crm_gestion.eid_login",
            {
                "nonce": nonce,
                "redirect": redirect,
                "failed": request.httprequest.method == "POST",
                "disable_database_manager": True,
            },
        )
        response.headers.update(HEADERS)
        return response
