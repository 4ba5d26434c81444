from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class CrmLeadHandOut(models.TransientModel):
    """Shows the sellers with what each has to do, and gives the chosen enquiries and
    opportunities to one of them: ``crm.hand.out`` does the work."""

    _name = "crm.lead.hand.out"
    _description = "Hand Out"

    lead_ids = fields.Many2many(
        comodel_name="crm.lead", string="Enquiries and Opportunities", readonly=True
    )
    lead_count = fields.Integer(
        string="To Hand Out", compute="_compute_lead_count", help="How many are chosen."
    )
    line_ids = fields.One2many(
        comodel_name="crm.lead.hand.out.line",
        inverse_name="hand_out_id",
        string="Sellers",
        readonly=True,
    )

    @api.depends("lead_ids")
    def _compute_lead_count(self):
        for wizard in self:
            wizard.lead_count = len(wizard.lead_ids)

    @api.model
    def _open(self, leads):
        """:return: action of the dialog for these enquiries and opportunities"""
        if not leads:
            raise UserError(self.env._("Choose what you want to hand out."))
        sellers = self.env["crm.hand.out"]._sellers()
        wizard = self.create(
            {
                "lead_ids": [Command.set(leads.ids)],
                "line_ids": [Command.create({"user_id": user.id}) for user in sellers],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hand Out"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }
