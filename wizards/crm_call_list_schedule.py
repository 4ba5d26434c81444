from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain


class CrmCallListSchedule(models.TransientModel):
    """Asks who of a segment, or of the contacts chosen in a list, is to be called when
    and by whom, and shows what would come of it: ``crm.call.list`` does the work."""

    _name = "crm.call.list.schedule"
    _description = "Schedule Calls"

    segment_id = fields.Many2one(comodel_name="crm.segment", ondelete="cascade")
    partner_ids = fields.Many2many(comodel_name="res.partner", string="Contacts")
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Type",
        required=True,
        domain="[('is_gestion', '=', True), "
        "('res_model', 'in', [False, 'res.partner'])]",
        default=lambda self: self.env["crm.gestion"]._default_activity_type_id(),
        ondelete="cascade",
    )
    summary = fields.Char()
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(
        string="To",
        required=True,
        default=lambda self: fields.Date.context_today(self) + timedelta(days=30),
    )
    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        compute="_compute_campaign_id",
        store=True,
        readonly=False,
        ondelete="cascade",
        help="Who is called is its member, and the gestiones are of this campaign.",
    )
    seller_ids = fields.Many2many(
        comodel_name="res.users",
        string="Who Calls Those without a Seller",
        domain="[('id', 'in', allowed_seller_ids)]",
        default=lambda self: self._default_seller_ids(),
        help="They are dealt out among these; with nobody here they are left out.",
    )
    allowed_seller_ids = fields.Many2many(
        comodel_name="res.users", compute="_compute_allowed_seller_ids"
    )
    line_ids = fields.One2many(
        comodel_name="crm.call.list.line",
        inverse_name="schedule_id",
        string="Calls of Each Seller",
        compute="_compute_preview",
    )
    call_count = fields.Integer(string="To Be Made", compute="_compute_preview")
    stopped_count = fields.Integer(
        string="Asked Not to Be Contacted", compute="_compute_preview"
    )
    waiting_count = fields.Integer(
        string="Planned in This Campaign Already", compute="_compute_preview"
    )
    others_count = fields.Integer(
        string="Belong to Others' Sellers", compute="_compute_preview"
    )
    nobodys_count = fields.Integer(string="Without Seller", compute="_compute_preview")
    no_phone_count = fields.Integer(
        string="Called, but without Phone", compute="_compute_preview"
    )
    problem = fields.Char(compute="_compute_preview")

    @api.model
    def _default_seller_ids(self):
        """A seller calls himself whom nobody has; a head says who does."""
        sellers = self.env["crm.hand.out"]._sellers()
        return sellers if sellers == self.env.user else self.env["res.users"]

    @api.model
    def default_get(self, fields):
        """From the contacts list: those that are chosen there."""
        vals = super().default_get(fields)
        context = self.env.context
        chosen = context.get("active_model") == "res.partner"
        if chosen and "partner_ids" in fields and not vals.get("segment_id"):
            vals["partner_ids"] = [Command.set(context.get("active_ids") or [])]
        return vals

    # === COMPUTE METHODS === #

    @api.depends("segment_id")
    def _compute_campaign_id(self):
        """The campaign that the segment is made for, where there is one only."""
        for wizard in self:
            campaigns = self.env["utm.campaign"]
            if segment := wizard.segment_id:
                companies = [*self.env.companies.ids, False]
                campaigns = campaigns.search(
                    [("segment_id", "=", segment.id), ("company_id", "in", companies)],
                    limit=2,
                )
            wizard.campaign_id = campaigns if len(campaigns) == 1 else False

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_allowed_seller_ids(self):
        self.allowed_seller_ids = self.env["crm.hand.out"]._sellers()

    @api.depends(
        "segment_id", "partner_ids", "date_from", "date_to", "campaign_id", "seller_ids"
    )
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_preview(self):
        for wizard in self:
            try:
                plan, days = wizard._plan()
            except UserError as error:
                wizard._show_nothing(str(error))
            else:
                wizard._show(plan, days)

    def _show_nothing(self, problem):
        self.problem = problem
        self.line_ids = False
        self.call_count = self.stopped_count = self.waiting_count = 0
        self.others_count = self.nobodys_count = self.no_phone_count = 0

    def _show(self, plan, days):
        called = self.env["res.partner"].union(*plan.calls.values())
        self.problem = False
        self.call_count = len(called)
        self.stopped_count = len(plan.stopped)
        self.waiting_count = len(plan.waiting)
        self.others_count = len(plan.others)
        self.nobodys_count = len(plan.nobodys)
        self.no_phone_count = len(called.filtered(lambda p: not p.phone))
        self.line_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "user_id": user.id,
                        "call_count": len(partners),
                        "per_day": len(partners) / len(days),
                    }
                )
                for user, partners in sorted(
                    plan.calls.items(), key=lambda item: (item[0].name, item[0].id)
                )
            ),
        ]

    def _plan(self):
        """:return: the plan of ``crm.call.list``, and the days
        :raise UserError: where there is nothing to plan
        """
        self.ensure_one()
        if not self.date_from or not self.date_to or self.date_to < self.date_from:
            raise UserError(self.env._("The last day comes before the first one."))
        CallList = self.env["crm.call.list"]
        days = CallList._working_days(self.date_from, self.date_to)
        sellers = self.seller_ids._origin
        plan = CallList._plan(self._contacts(), sellers, self.campaign_id._origin)
        return plan, days

    def _contacts(self):
        if self.segment_id:
            return self.segment_id._domain()
        return Domain("id", "in", self.partner_ids.ids)

    # === ACTION METHODS === #

    def action_schedule(self):
        """Make the activities.

        :raise UserError: where nobody would be called
        """
        self.ensure_one()
        plan, days = self._plan()
        if not plan.calls:
            raise UserError(
                self.env._(
                    "Nobody is left to call: choose other contacts, or who calls those "
                    "without a seller."
                )
            )
        values = {"activity_type_id": self.activity_type_id.id, "summary": self.summary}
        made = self.env["crm.call.list"]._schedule(
            plan.calls, days, values, self.campaign_id
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Scheduled: %s", len(made)),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
