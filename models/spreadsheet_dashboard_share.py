from werkzeug.exceptions import Forbidden

from odoo import api, models


class SpreadsheetDashboardShare(models.Model):
    _inherit = "spreadsheet.dashboard.share"

    @api.model_create_multi
    def create(self, vals_list):
        """A shared dashboard is a copy of the figures behind a public address."""
        shares = super().create(vals_list)
        for share in shares:
            self.env["crm.export.guard"]._check(
                "share", model=share._name, records=1, name=share.name
            )
        return shares

    def _check_dashboard_access(self, access_token):
        """What somebody shared who may not do so, or not any more, is closed."""
        res = super()._check_dashboard_access(access_token)
        # sudo: a visitor without an account asks about who shared it
        sharer = self.sudo().create_uid
        if not self.env["crm.export.guard"]._may_export(sharer):
            raise Forbidden(self.env._("Who shared this dashboard may not share it."))
        return res
