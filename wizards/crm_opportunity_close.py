from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmOpportunityClose(models.TransientModel):
    """Asks how and why opportunities are closed, and what becomes of what is open
    around them; ``crm.opportunity.closure`` does it."""

    _name = "crm.opportunity.close"
    _description = "Close Opportunities"

    lead_ids = fields.Many2many(
        comodel_name="crm.lead",
        string="Opportunities",
        required=True,
        context={"active_test": False},
        default=lambda self: self._default_lead_ids(),
    )
    lead_count = fields.Integer(
        string="Number of Opportunities", compute="_compute_lead_data"
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
        default=lambda self: self.env["crm.opportunity.standby"]._default_wake_date(),
    )
    note = fields.Text()
    activity_count = fields.Integer(
        string="Planned Activities", compute="_compute_lead_data"
    )
    cancel_activities = fields.Boolean(
        string="Cancel Planned Activities",
        compute="_compute_cancel_activities",
        store=True,
        precompute=True,
        readonly=False,
    )
    quotation_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Open Quotations",
        compute="_compute_lead_data",
    )
    cancel_quotations = fields.Boolean(string="Cancel Open Quotations")

    # === COMPUTE METHODS === #

    @api.model
    def _default_lead_ids(self):
        if self.env.context.get("active_model") == "crm.lead":
            return self.env.context.get("active_ids")
        return False

    @api.depends("kind")
    def _compute_reason_id(self):
        for wizard in self:
            wizard.reason_id = False

    @api.depends("kind")
    def _compute_cancel_activities(self):
        """What is paused goes on later, what is lost does not."""
        for wizard in self:
            wizard.cancel_activities = wizard.kind != "standby"

    @api.depends("lead_ids")
    def _compute_lead_data(self):
        Closure = self.env["crm.opportunity.closure"]
        Standby = self.env["crm.opportunity.standby"]
        for wizard in self:
            leads = wizard.lead_ids._origin
            wizard.lead_count = len(leads)
            wizard.activity_count = len(Standby._planned_activities(leads))
            wizard.quotation_ids = Closure._open_quotations(leads)

    # === ACTION METHODS === #

    def action_close(self):
        """Close the chosen opportunities."""
        self.ensure_one()
        if not self.reason_id:
            raise UserError(self.env._("Choose a reason for this closure."))
        lost = self.kind != "standby"
        self.env["crm.opportunity.closure"]._close(
            self.lead_ids,
            self.kind,
            self.reason_id,
            self.note,
            self.wake_date,
            cancel_activities=self.cancel_activities,
            quotations=self.quotation_ids if lost and self.cancel_quotations else None,
        )
        return {"type": "ir.actions.act_window_close"}
