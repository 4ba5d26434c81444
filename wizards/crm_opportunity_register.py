from odoo import api, fields, models
from odoo.exceptions import UserError

# Gate that the dialog can pass -> field of the dialog that asks for it -> field of the
# opportunity.
ASKED = {
    "gate_contact": "partner_id",
    "gate_origination": "origination_id",
    "gate_deadline": "date_deadline",
    "gate_amount": "expected_revenue",
}


class CrmOpportunityRegister(models.TransientModel):
    """Asks what happened with an opportunity and where it stands now.

    The same dialog opens from the button "Register Activity", from a click on the bar
    of stages and when a card is dropped on another stage. It asks only for what the
    chosen stage misses; ``crm.opportunity.stage._register_activity`` does the work.
    """

    _name = "crm.opportunity.register"
    _description = "Register Activity"

    lead_id = fields.Many2one(
        comodel_name="crm.lead", string="Opportunity", required=True, readonly=True
    )
    company_currency = fields.Many2one(
        comodel_name="res.currency", compute="_compute_lead_data"
    )
    organization_id = fields.Many2one(
        comodel_name="res.partner", compute="_compute_lead_data"
    )
    current_stage_id = fields.Many2one(
        comodel_name="crm.stage", string="Stage Now", compute="_compute_lead_data"
    )
    stage_id = fields.Many2one(
        comodel_name="crm.stage",
        required=True,
        domain="['|', ('is_method', '=', True), ('id', '=', current_stage_id)]",
    )
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Type",
        required=True,
        domain="[('is_gestion', '=', True)]",
        default=lambda self: self.env["crm.gestion"]._default_activity_type_id(),
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    description = fields.Text()
    result_id = fields.Many2one(comodel_name="crm.gestion.result")
    result_requires_next_step = fields.Boolean(related="result_id.requires_next_step")
    result_stops_contact = fields.Boolean(related="result_id.stops_contact")
    next_activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Next Step",
        compute="_compute_next_step",
        store=True,
        readonly=False,
        domain="[('res_model', '=', False), ('category', '!=', 'upload_file')]",
    )
    next_date = fields.Date(
        string="Next Step Date",
        compute="_compute_next_step",
        store=True,
        readonly=False,
    )
    next_hour = fields.Float(string="Next Step Hour")
    next_activity_category = fields.Selection(
        related="next_activity_type_id.category", string="Kind of Next Step"
    )
    next_summary = fields.Char(string="Next Step Summary")
    ask_contact = fields.Boolean(compute="_compute_asks")
    ask_origination = fields.Boolean(compute="_compute_asks")
    ask_deadline = fields.Boolean(compute="_compute_asks")
    ask_amount = fields.Boolean(compute="_compute_asks")
    ask_lines = fields.Boolean(compute="_compute_asks")
    ask_order = fields.Boolean(compute="_compute_asks")
    partner_id = fields.Many2one(comodel_name="res.partner", string="Contact")
    origination_id = fields.Many2one(
        comodel_name="crm.origination",
        compute="_compute_origination_id",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    date_deadline = fields.Date(string="Expected Closing")
    expected_revenue = fields.Monetary(currency_field="company_currency")
    line_ids = fields.One2many(
        comodel_name="crm.opportunity.register.line",
        inverse_name="register_id",
        string="Lines",
    )
    quotation_id = fields.Many2one(
        comodel_name="sale.order",
        domain="[('opportunity_id', '=', False), ('state', '!=', 'cancel'), "
        "('partner_id', 'child_of', organization_id or partner_id)]",
        help="A quotation that was made without this opportunity.",
    )
    may_win_without_order = fields.Boolean(compute="_compute_may_win_without_order")
    without_order = fields.Boolean(string="Win without an order")
    win_note = fields.Text(string="Why there is no order")
    gestion_id = fields.Many2one(
        comodel_name="crm.gestion",
        string="Gestión",
        readonly=True,
        help="What this dialog has logged: a second click logs nothing.",
    )

    def _readable_lead(self):
        """:return: the opportunity, where the user may read it. A client may name any,
        and what the cache knows of it is not checked again."""
        lead = self.lead_id._origin
        lead.check_access("read")
        return lead

    @api.depends("lead_id")
    def _compute_lead_data(self):
        for wizard in self:
            lead = wizard._readable_lead()
            wizard.company_currency = lead.company_currency
            wizard.organization_id = lead.organization_id
            wizard.current_stage_id = lead.stage_id

    @api.depends("lead_id", "stage_id")
    def _compute_asks(self):
        for wizard in self:
            lead = wizard._readable_lead()
            moves = wizard.stage_id != lead.stage_id
            missing = wizard.stage_id._missing_gates(lead) if moves else {}
            names = missing.get(lead, ())
            for ask in ("contact", "origination", "deadline", "amount", "lines"):
                wizard[f"ask_{ask}"] = f"gate_{ask}" in names
            wizard.ask_order = "gate_order" in names

    @api.depends("result_id", "date")
    def _compute_next_step(self):
        for wizard in self:
            wizard.result_id._propose_next_step(wizard)

    @api.depends("partner_id", "lead_id")
    def _compute_origination_id(self):
        """The customer's own is the likely one."""
        for wizard in self:
            partner = wizard.partner_id or wizard._readable_lead().partner_id
            wizard.origination_id = (
                wizard.origination_id
                or partner.origination_id
                or partner.commercial_partner_id.origination_id
            )

    @api.depends_context("uid")
    def _compute_may_win_without_order(self):
        allowed = self.env["crm.lead"]._crm_may_win_without_order()
        self.may_win_without_order = allowed

    def action_register(self):
        """Log the interaction and move the opportunity."""
        self.ensure_one()
        if not self.result_id:
            raise UserError(self.env._("Choose the result of the interaction."))
        if self.without_order and not self.win_note:
            raise UserError(self.env._("Say why it is won without an order."))
        if not self.gestion_id:
            # of two requests at once, the second fails on this row and is replayed
            self.gestion_id = self.env["crm.opportunity.stage"]._register_activity(
                self.lead_id,
                self.stage_id,
                self._prepare_gestion_vals(),
                self._prepare_lead_vals(),
                win_note=self.without_order and self.win_note,
            )
        return {"type": "ir.actions.act_window_close", "infos": {"registered": True}}

    def action_generate_order(self):
        """Go on to the dialog that makes the order which the last stage needs."""
        self.ensure_one()
        return self.lead_id.action_crm_generate_order()

    def _prepare_gestion_vals(self):
        names = ("activity_type_id", "date", "description", "result_id")
        next_step = ("next_activity_type_id", "next_date", "next_hour", "next_summary")
        return {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in (*names, *next_step)
        }

    def _prepare_lead_vals(self):
        """:return: values of what the dialog asked for, which the opportunity lacks"""
        missing = self.stage_id._missing_gates(self.lead_id).get(self.lead_id, ())
        vals = {
            name: self._fields[name].convert_to_write(self[name], self)
            for gate, name in ASKED.items()
            if gate in missing and self[name]
        }
        if "gate_lines" in missing and self.line_ids:
            vals["line_ids"] = [
                fields.Command.create(line._prepare_line_vals())
                for line in self.line_ids
            ]
        if self.quotation_id.opportunity_id:
            raise UserError(
                self.env._("Choose a quotation that belongs to no other opportunity.")
            )
        if "gate_lines" in missing and self.quotation_id:
            vals["order_ids"] = [fields.Command.link(self.quotation_id.id)]
        return vals
