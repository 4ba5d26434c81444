from functools import partial

from odoo import models
from odoo.exceptions import AccessError


class IrExports(models.Model):
    _inherit = "ir.exports"

    def _check_access(self, operation):
        """Saved templates are of no use to who may not export, whatever Odoo's own
        right says."""
        if not self.env["crm.export.guard"]._may_export():
            message = self.env._("Templates of exports are for sales directors.")
            return self, partial(AccessError, message)
        return super()._check_access(operation)
