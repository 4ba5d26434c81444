from werkzeug.exceptions import abort

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..models.crm_contact_form import TRAP
from ..tools.contact_form import LENGTHS, plain

WAIT = 600  # seconds, told to who sent too much


class CrmContactFormController(http.Controller):
    """The public page of a contact form. Whoever opens it is nobody: what he may do is
    in ``crm.contact.form._submit``, and what he typed comes back to him alone."""

    @http.route(
        "/contact/<string:slug>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
        sitemap=False,
    )
    def contact_form(self, slug, **values):
        form = self._form(slug)
        if request.httprequest.method != "POST":
            return self._page(form)
        if problem := self._robot():
            return self._page(form, values, [("robot", problem)])
        client = request.httprequest.remote_addr
        outcome, problems = form._submit(values, client)
        if outcome == "wrong":
            return self._page(form, values, problems)
        if outcome == "flood":
            page = self._render("crm_gestion.contact_form_busy", form)
            page.status_code = 429
            page.headers["Retry-After"] = str(WAIT)
            return page
        return request.redirect(f"/contact/{form.slug}/thanks", code=303)

    @http.route(
        "/contact/<string:slug>/thanks",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def contact_form_thanks(self, slug, **_values):
        return self._render("crm_gestion.contact_form_thanks", self._form(slug))

    def _form(self, slug):
        form = request.env["crm.contact.form"]._published(slug)
        if "\0" in slug:
            # the search for another page at this address, which Odoo does, fails on it
            abort(request.make_response("", status=404))
        if not form:
            raise request.not_found()
        return form

    def _robot(self):
        """:return: what Odoo's own check of robots, where one is installed, says"""
        try:
            request.env["ir.http"]._verify_request_recaptcha_token("crm_contact_form")
        except UserError as error:
            return str(error)
        return None

    def _page(self, form, values=None, problems=()):
        values = values or {}
        page = self._render(
            "crm_gestion.contact_form",
            form,
            values={
                name: plain(values.get(name), several_lines=True)[: most + 1]
                for name, most in LENGTHS.items()
            },
            ticked={name for name in ("privacy", "mailings") if values.get(name)},
            problems=self._told(problems),
            lengths=LENGTHS,
            trap=TRAP,
            token=self._token(form, values, problems),
        )
        if problems:
            page.status_code = 422
        return page

    def _token(self, form, values, problems):
        """Keep the word of a page that has to be corrected while it is good: a new
        one would have to wait again before it may be sent."""
        guard = request.env["crm.contact.form.guard"]
        if (
            problems
            and ("token", "old") not in guard._read(form, values.get("token"))[1]
        ):
            return values["token"]
        return guard._issue(form)

    def _told(self, problems):
        """:return: dict field -> what to do; the empty field is the page"""
        told = {
            "email missing": request.env._("Give an e-mail address or a phone number."),
            "email wrong": request.env._(
                "Give one e-mail address, such as ana@firm.com."
            ),
            "phone wrong": request.env._("Give a phone number with its digits."),
            "privacy missing": request.env._(
                "Without your agreement we may not answer you."
            ),
            "token old": request.env._(
                "This page was open for too long: send it again."
            ),
            "token quick": request.env._(
                "That was quick: look at it again, then send it."
            ),
        }
        common = {
            "missing": request.env._("Fill this in, please."),
            "long": request.env._("This is too long: shorten it, please."),
        }
        texts = {}
        for name, kind in problems:
            text = told.get(f"{name} {kind}") or common.get(kind) or kind
            texts.setdefault(name if name not in ("token", "robot") else "", text)
        return texts

    def _render(self, template, form, **values):
        page = request.render(
            template, {"form": form, "res_company": form.company_id, **values}
        )
        # what somebody typed is in nobody's cache, and the page in nobody's frame
        page.headers["Cache-Control"] = "no-store"
        page.headers["X-Frame-Options"] = "DENY"
        page.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        return page
