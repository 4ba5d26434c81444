from odoo import api, models


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        """A company of ours is nobody's potential customer."""
        companies = super().create(vals_list)
        self.env["crm.account.status"]._drop(companies.partner_id)
        return companies
