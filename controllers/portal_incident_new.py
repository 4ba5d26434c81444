from odoo import http
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import human_size

from ..models.crm_incident_request import (
    LARGEST_FILE,
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    MOST_FILES,
)
from ..tools.contact_form import plain
from .portal_incident import CrmPortalIncident

MOST_ORDERS = 80
# What a customer may say himself; that something is critical is for the desk to say.
SEVERITIES = ("0_low", "1_normal", "2_high")
WAIT = 3600  # seconds, told to who sent too much


class CrmPortalIncidentNew(CrmPortalIncident):
    """The page on which a customer opens an incident. What he may choose is looked up
    again when he sends it; what he typed comes back with what is wrong with it."""

    @http.route(
        "/my/incidents/new",
        type="http",
        auth="user",
        methods=["GET", "POST"],
        website=True,
    )
    def portal_my_incident_new(self, **values):
        if not self._may_open():
            return request.redirect("/my")
        if request.httprequest.method != "POST":
            return self._new_page(values)
        Request = request.env["crm.incident.request"]
        told = {
            name: plain(values.get(name), several_lines=name == "description")
            for name in ("name", "description", "type", "severity", "order")
        }
        files, problems = self._uploads()
        vals, wrong = self._incident_vals(told)
        problems = {**wrong, **problems}
        key = Request._key(values.get("token"))
        if not key:
            text = request.env._("This page was open for too long: send it again.")
            problems[""] = text
        if problems:
            return self._new_page(told, problems, key and values["token"])
        if Request._is_flood():
            return self._busy_page(told)
        try:
            incident = Request._open_once(key, vals, files)
        except UserError as error:
            return self._new_page(told, {"": str(error)}, values["token"])
        return request.redirect(f"/my/incidents/{incident.id}", code=303)

    def _types(self):
        # sudo: customers have no rights on types; these are offered to all of them
        return (
            request.env["crm.incident.type"].sudo().search([("is_public", "=", True)])
        )

    def _orders(self):
        """:return: orders that the customer sees, the newest first"""
        Order = request.env["sale.order"]
        if not Order.has_access("read"):
            return Order
        return Order.search(
            [
                ("state", "=", "sale"),
                (
                    "partner_id",
                    "child_of",
                    request.env.user.partner_id.commercial_partner_id.id,
                ),
            ],
            order="date_order desc, id desc",
            limit=MOST_ORDERS,
        )

    def _incident_vals(self, told):
        """
        :param told: dict of plain texts
        :return: values of the incident and dict field -> what is wrong with it
        """
        problems = {}
        for name, most in (
            ("name", LONGEST_TITLE),
            ("description", LONGEST_DESCRIPTION),
        ):
            if not told[name]:
                problems[name] = request.env._("Fill this in, please.")
            elif len(told[name]) > most:
                problems[name] = request.env._("This is too long: shorten it, please.")
        choices = {
            "type": {str(kind.id): kind.id for kind in self._types()},
            "order": {str(order.id): order.id for order in self._orders()},
            "severity": {severity: severity for severity in SEVERITIES},
        }
        for name, known in choices.items():
            if told[name] and told[name] not in known:
                problems[name] = request.env._("Choose one of these.")
        vals = {
            "name": told["name"],
            "description": told["description"],
            "crm_type_id": choices["type"].get(told["type"], False),
            "crm_order_id": choices["order"].get(told["order"], False),
        }
        if severity := choices["severity"].get(told["severity"]):
            vals["crm_severity"] = severity
        return vals, problems

    def _uploads(self):
        """:return: list of pairs name, content, and dict of what is wrong with them"""
        given = [
            file
            for file in request.httprequest.files.getlist("attachments")
            if file.filename
        ]
        if len(given) > MOST_FILES:
            return [], {
                "attachments": request.env._("Attach %s files at most.", MOST_FILES)
            }
        files = [(file.filename, file.read(LARGEST_FILE + 1)) for file in given]
        if any(len(content) > LARGEST_FILE for _name, content in files):
            size = human_size(LARGEST_FILE)
            return [], {
                "attachments": request.env._("A file may have %s at most.", size)
            }
        return files, {}

    def _new_page(self, values, problems=None, token=None):
        problems = problems or {}
        page = request.render(
            "crm_gestion.portal_new_incident",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "new_incident",
                "values": {
                    name: plain(values.get(name), several_lines=True)
                    for name in ("name", "description", "type", "severity", "order")
                },
                "problems": problems,
                "types": self._types(),
                "orders": self._orders(),
                "offered_severities": self._offered_severities(),
                "longest_title": LONGEST_TITLE,
                "longest_description": LONGEST_DESCRIPTION,
                "most_files": MOST_FILES,
                "token": token or request.env["crm.incident.request"]._issue(),
            },
        )
        page.headers["Cache-Control"] = "no-store"
        if problems:
            page.status_code = 422
        return page

    def _offered_severities(self):
        return {
            "0_low": request.env._("It can wait"),
            "1_normal": request.env._("Normal"),
            "2_high": request.env._("It holds up our work"),
        }

    def _busy_page(self, told):
        text = request.env._(
            "You have opened many incidents within an hour. "
            "Wait a while, or give us a call."
        )
        page = self._new_page(told, {"": text})
        page.status_code = 429
        page.headers["Retry-After"] = str(WAIT)
        return page
