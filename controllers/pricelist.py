import json

from odoo import http
from odoo.http import request

from odoo.addons.product.controllers.pricelist_report import (
    ProductPricelistExportController,
)

from .common import read_write


class CrmPricelistExportController(ProductPricelistExportController):
    """A file of prices is checked by Odoo for no right; it writes, since it is
    recorded."""

    @http.route(readonly=read_write)
    def export_pricelist(self, report_data, export_format):
        options = json.loads(report_data)
        request.env["crm.export.guard"]._check(
            "pricelist",
            model=options.get("active_model", "product.template"),
            records=len(options.get("active_ids") or ()),
            name=export_format,
        )
        return super().export_pricelist(report_data, export_format)
