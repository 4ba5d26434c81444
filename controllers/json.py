import json
from http import HTTPStatus

from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.json import WebJsonController

from .common import read_write


class CrmWebJsonController(WebJsonController):
    """The page of an action as JSON; it writes, since it is recorded."""

    @http.route(readonly=read_write)
    def web_json_1(self, subpath, **kwargs):
        self._check_json_route_active()
        guard = request.env["crm.export.guard"]
        asked = {"name": subpath, "domain": kwargs.get("domain", "")}
        if not guard._may_export():
            guard._check("json", **asked)
        response = super().web_json_1(subpath, **kwargs)
        # else Odoo only completes the address
        if response.status_code == HTTPStatus.OK:
            action = self._get_action(subpath)[0]
            records = self._records(response)
            guard._check("json", model=action.res_model, records=records, **asked)
        return response

    def _records(self, response):
        """:return: number of records or groups on the page; a form has one"""
        page = json.loads(response.get_data())
        return len(page.get("records", page.get("groups", "1")))
