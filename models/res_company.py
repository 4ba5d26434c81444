from odoo import api, fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    crm_shared_history = fields.Selection(
        selection=[
            ("own", "Own accounts"),
            ("team", "My team"),
            ("all", "All sellers"),
        ],
        string="Shared History",
        required=True,
        default="own",
        help="Whose history a seller of this company reads. What he may change stays "
        "the same.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """A company of ours is nobody's potential customer."""
        companies = super().create(vals_list)
        self.env["crm.account.status"]._drop(companies.partner_id)
        return companies

    def write(self, vals):
        res = super().write(vals)
        if "crm_shared_history" in vals:
            self.env["res.users"]._crm_drop_scopes()
        return res
