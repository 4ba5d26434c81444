import json

from odoo.http import request

from odoo.addons.web.controllers.export import CSVExport, ExcelExport

from ..models.crm_export_guard import ExportFile


def _tell(channel, data):
    """The records know neither the file nor the selection they are exported for."""
    params = json.loads(data)
    domain = "" if params.get("ids") else params.get("domain")
    request.update_context(crm_gestion_export=ExportFile(channel, domain))


class CrmCSVExport(CSVExport):
    def base(self, data):
        _tell("csv", data)
        return super().base(data)


class CrmExcelExport(ExcelExport):
    def base(self, data):
        _tell("xlsx", data)
        return super().base(data)
