from odoo import http
from odoo.http import request

from odoo.addons.spreadsheet_dashboard.controllers.share import DashboardShareRoute

from .common import read_write


class CrmDashboardShareRoute(DashboardShareRoute):
    """Whoever has the address of a shared dashboard takes its file; it writes, since it
    is recorded."""

    @http.route(readonly=read_write)
    def download(self, token=None, share_id=None):
        response = super().download(token=token, share_id=share_id)
        # sudo: the address was checked, its visitor may be nobody we know
        share = request.env["spreadsheet.dashboard.share"].sudo().browse(share_id)
        request.env["crm.export.log"]._log(
            "share", model=share._name, records=1, name=share.name
        )
        return response
