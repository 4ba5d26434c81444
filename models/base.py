from odoo import api, models

from .crm_reading import WATCHED


class Base(models.AbstractModel):
    _inherit = "base"

    def export_data(self, fields_to_export):
        """Files and other programs alike end up here: it is recorded once."""
        self.env["crm.export.guard"]._check_export(self, fields_to_export)
        return super().export_data(fields_to_export)

    @api.model
    def load(self, fields, data):
        self.env["crm.export.guard"]._check_import()
        return super().load(fields, data)

    def _read_format(self, fnames, load="_classic_read"):
        if self._name in WATCHED:
            self.env["crm.reading"]._count(self, fnames)
        return super()._read_format(fnames, load=load)
