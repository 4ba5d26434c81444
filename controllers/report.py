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
        # as Odoo reads them: options are beside the other arguments, the context may
        # be one of them
        asked = {**data, **self._named(data.get("options"))}
        sources = asked, self._named(asked.get("context"))
        named = [source.get(name) for source in sources for name in IDS]
        return max(map(self._length, [docids, *named])) or 1

    def _named(self, text):
        """:return: dict of what a client sent as JSON; Odoo refuses what is none"""
        found = json.loads(text) if text and isinstance(text, str) else {}
        return found if isinstance(found, dict) else {}

    def _length(self, ids):
        """:return: how many there are in a list, the keys of an object or a text"""
        if isinstance(ids, str):
            ids = ids.split(",")
        if not isinstance(ids, list | dict):
            return 0
        return len({str(record_id) for record_id in ids if record_id})
