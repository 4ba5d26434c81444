from odoo import api, fields, models


class CrmOpportunityClose(models.TransientModel):
    """Asks how and why opportunities are closed; ``crm.opportunity.closure`` does
    it."""

    _name = "crm.opportunity.close"
    _description = "Close Opportunities"

    lead_ids = fields.Many2many(
        comodel_name="crm.lead",
        string="Opportunities",
        required=True,
        context={"active_test": False},
        default=lambda self: self._default_lead_ids(),
    )
    kind = fields.Selection(
        selection=[
            ("standby", "Standby"),
            ("rejected", "Customer rejects the opportunity"),
            ("unqualified", "Customer does not qualify"),
        ],
        string="Closure",
        required=True,
        default="standby",
    )
    reason_id = fields.Many2one(
        comodel_name="crm.lost.reason",
        compute="_compute_reason_id",
        store=True,
        readonly=False,
        domain="[('closure_kind', 'in', kind == 'rejected' "
        "and ['rejected', False] or [kind])]",
    )
    wake_date = fields.Date(
        string="Resume on",
        default=lambda self: self.env["crm.opportunity.closure"]._default_wake_date(),
    )
    note = fields.Text()

    @api.model
    def _default_lead_ids(self):
        if self.env.context.get("active_model") == "crm.lead":
            return self.env.context.get("active_ids")
        return False

    @api.depends("kind")
    def _compute_reason_id(self):
        for wizard in self:
            wizard.reason_id = False

    def action_close(self):
        """Close the chosen opportunities."""
        self.ensure_one()
        self.env["crm.opportunity.closure"]._close(
            self.lead_ids, self.kind, self.reason_id, self.note, self.wake_date
        )
        return {"type": "ir.actions.act_window_close"}
