from odoo import api, fields, models


class CrmLeadHandOutLine(models.TransientModel):
    """One seller to whom something may be given, with his load."""

    _name = "crm.lead.hand.out.line"
    _description = "Seller to Hand Out to"

    hand_out_id = fields.Many2one(
        comodel_name="crm.lead.hand.out", required=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Seller", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_currency_id"
    )
    opportunity_count = fields.Integer(
        string="Open Opportunities", compute="_compute_load"
    )
    enquiry_count = fields.Integer(string="Enquiries", compute="_compute_load")
    overdue_count = fields.Integer(string="Overdue Steps", compute="_compute_load")
    expected_revenue = fields.Monetary(compute="_compute_load")

    @api.depends_context("company")
    def _compute_currency_id(self):
        self.currency_id = self.env.company.currency_id

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_load(self):
        service = self.env["crm.hand.out"]
        # the load of a stranger, whom a client may name, is not shown
        load = service._load(self.user_id & service._sellers())
        for line in self:
            own = load.get(line.user_id, {})
            line.opportunity_count = own.get("opportunity_count", 0)
            line.enquiry_count = own.get("enquiry_count", 0)
            line.overdue_count = own.get("overdue_count", 0)
            line.expected_revenue = own.get("expected_revenue", 0.0)

    def action_give(self):
        """Give what was chosen to this seller."""
        self.ensure_one()
        self.env["crm.hand.out"]._give(self.hand_out_id.lead_ids, self.user_id)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Handed out to %(user)s: %(count)s",
                    user=self.user_id.name,
                    count=self.hand_out_id.lead_count,
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
