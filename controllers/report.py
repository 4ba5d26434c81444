import json

from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.report import ReportController

from .common import read_write

# Where a client may name what a report is about, beside its address.
IDS = ("active_ids", "doc_ids", "docids", "ids")


class CrmReportController(ReportController):
    """All printing passes here, downloads too; it writes, since it is recorded."""

    @http.route(readonly=read_write)
    def report_routes(self, reportname, docids=None, converter=None, **data):
        report = request.env["ir.actions.report"]._get_report_from_name(reportname)
        request.env["crm.export.guard"]._check_documents(
            model=report.model or "",
            records=self._number(docids, data),
            name=reportname,
        )
        return super().report_routes(
            reportname, docids=docids, converter=converter, **data
        )

    def _number(self, docids, data):
        """:return: how many documents are printed: one for each record, wherever they
        are named; what is about none, a dashboard, is one too"""
        sources = [
            json.loads(data.get(name) or "{}") for name in ("options", "context")
        ]
        lists = [source.get(name) for source in sources for name in IDS]
        lists.append((docids or "").split(","))
        number = max(len({*filter(None, x)}) for x in lists if isinstance(x, list))
        return number or 1
