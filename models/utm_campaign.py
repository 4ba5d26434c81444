from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..tools.campaign import ratio, roi
from .crm_campaign_figure import FIGURES, MONEY

# What a campaign is about: its responsible and the directors change it.
GUARDED = {
    "user_id", "company_id", "parent_id", "date_from", "date_to", "campaign_type",
    "segment_id", "market_id", "expected_answers",
}  # fmt: skip
PER_READER = api.depends_context("uid", "allowed_company_ids")


class UtmCampaign(models.Model):
    """A campaign has a type, dates, a segment and a market, costs money and brings in
    some, and may be part of a larger one.

    *Figures* include those of the campaigns below; ``crm.campaign.figure`` says what
    counts. *Money* is for the sales directors of its company and its responsible
    (``crm_may_see_money``): others get zero, whatever they ask. Everybody may still
    work with campaigns as Odoo lets him, but for what they are about (``GUARDED``): who
    could make himself responsible would see the money.
    """

    _name = "utm.campaign"
    _inherit = [
        "utm.campaign", "crm.campaign.email.mixin", "crm.campaign.member.mixin",
        "crm.campaign.doppler.mixin",
    ]  # fmt: skip
    _parent_store = True

    campaign_type = fields.Selection(
        selection=[
            ("email", "E-mail"),
            ("call", "Calls"),
            ("event", "Event or Fair"),
            ("visit", "Visits"),
            ("advertising", "Advertising"),
        ],
        string="Type",
    )
    date_from = fields.Date(string="Start")
    date_to = fields.Date(string="End")
    parent_id = fields.Many2one(
        comodel_name="utm.campaign",
        string="Part of",
        index="btree_not_null",
        ondelete="restrict",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many(
        comodel_name="utm.campaign", inverse_name="parent_id", string="Sub-campaigns"
    )
    segment_id = fields.Many2one(
        comodel_name="crm.segment", index="btree_not_null", ondelete="restrict"
    )
    market_id = fields.Many2one(
        comodel_name="crm.market", index="btree_not_null", ondelete="restrict"
    )
    program_ids = fields.One2many(
        comodel_name="loyalty.program",
        inverse_name="campaign_id",
        string="Promotions",
        context={"active_test": False},
        groups="sales_team.group_sale_salesman",
    )
    crm_may_see_money = fields.Boolean(
        string="May See Money", compute="_compute_crm_may_see_money"
    )

    # Plan
    expected_answers = fields.Integer()
    budget_ids = fields.One2many(
        comodel_name="crm.campaign.budget", inverse_name="campaign_id", string="Budgets"
    )
    budget = fields.Monetary(compute="_compute_budget", inverse="_inverse_budget")
    expected_revenue = fields.Monetary(
        compute="_compute_budget", inverse="_inverse_expected_revenue"
    )

    # Costs
    cost_ids = fields.One2many(
        comodel_name="crm.campaign.cost", inverse_name="campaign_id", string="Costs"
    )
    cost_total = fields.Monetary(
        string="Cost", compute="_compute_costs", help="What it really cost so far."
    )
    cost_planned = fields.Monetary(string="Planned Costs", compute="_compute_costs")
    budget_used = fields.Float(compute="_compute_return")

    # What it brought
    reached_count = fields.Integer(string="Reached", compute="_compute_members")
    answer_count = fields.Integer(string="Answers", compute="_compute_members")
    gestion_count = fields.Integer(string="Gestiones", compute="_compute_gestiones")
    opportunity_count = fields.Integer(
        string="Opportunities", compute="_compute_opportunities"
    )
    won_count = fields.Integer(
        string="Won Opportunities", compute="_compute_opportunities"
    )
    order_count = fields.Integer(string="Orders", compute="_compute_order_count")
    won_revenue = fields.Monetary(
        string="Revenue",
        compute="_compute_orders",
        help="Confirmed orders of the campaign, untaxed.",
    )
    invoiced = fields.Monetary(
        compute="_compute_invoices",
        help="Posted customer invoices of the campaign less credit notes, untaxed.",
    )
    new_customer_count = fields.Integer(
        string="New Customers",
        compute="_compute_new_customers",
        help="Accounts whose first confirmed order ever is one of these.",
    )

    # Whether it paid
    profit = fields.Monetary(compute="_compute_return", help="Revenue less cost.")
    roi = fields.Float(
        string="ROI", compute="_compute_return", help="Profit for each unit of cost."
    )
    goods_cost = fields.Monetary(string="Product Cost", compute="_compute_goods")
    margin_profit = fields.Monetary(
        string="Profit on Margin",
        compute="_compute_margin",
        help="Revenue less the cost of the products and that of the campaign.",
    )
    margin_roi = fields.Float(string="ROI on Margin", compute="_compute_margin")
    cost_per_opportunity = fields.Monetary(compute="_compute_cost_per_opportunity")
    cost_per_customer = fields.Monetary(
        string="Cost per New Customer", compute="_compute_cost_per_customer"
    )
    first_touch_revenue = fields.Monetary(
        compute="_compute_attribution",
        help="Orders of the accounts that this campaign touched first.",
    )
    last_touch_revenue = fields.Monetary(
        compute="_compute_attribution",
        help="Orders of the accounts that this campaign touched last.",
    )

    # === COMPUTE METHODS: WHO SEES MONEY === #

    @api.depends("user_id", "company_id")
    @PER_READER
    def _compute_crm_may_see_money(self):
        """As saved: what a client makes up in a form decides nothing. Superuser mode
        opens nothing either, for a related field reads in it."""
        everything = self._crm_sees_all_money()
        for campaign in self:
            known = campaign._origin or campaign
            company = known.company_id
            campaign.crm_may_see_money = (
                everything or known.user_id == self.env.user
            ) and (not company or company in self.env.companies)

    @api.model
    def _crm_sees_all_money(self):
        """:return: whether the user sees the money of all campaigns of his companies"""
        user = self.env.user
        return user.has_group("crm_gestion.group_sales_director") or user.has_group(
            "base.group_system"
        )

    @api.depends("budget_ids.budget", "budget_ids.expected_revenue")
    @PER_READER
    def _compute_budget(self):
        rows = self.env["crm.campaign.budget"]._amounts(self._origin)
        for campaign in self:
            row = campaign.crm_may_see_money and rows.get(campaign._origin.id)
            campaign.budget = row.budget if row else 0.0
            campaign.expected_revenue = row.expected_revenue if row else 0.0

    def _inverse_budget(self):
        self._crm_set_amount("budget")

    def _inverse_expected_revenue(self):
        self._crm_set_amount("expected_revenue")

    def _crm_set_amount(self, name):
        for campaign in self:
            if campaign.crm_may_see_money:
                self.env["crm.campaign.budget"]._set(campaign, {name: campaign[name]})
            elif campaign[name]:
                campaign._crm_refuse()

    # === COMPUTE METHODS: FIGURES === #

    @PER_READER
    def _compute_members(self):
        self._crm_fill("members")

    @PER_READER
    def _compute_gestiones(self):
        self._crm_fill("gestiones")

    @PER_READER
    def _compute_opportunities(self):
        self._crm_fill("opportunities")

    @PER_READER
    def _compute_order_count(self):
        self._crm_fill("order_count")

    @PER_READER
    def _compute_orders(self):
        self._crm_fill("orders")

    @PER_READER
    def _compute_invoices(self):
        self._crm_fill("invoices")

    @PER_READER
    def _compute_costs(self):
        self._crm_fill("costs")

    @PER_READER
    def _compute_goods(self):
        self._crm_fill("goods")

    @PER_READER
    def _compute_new_customers(self):
        self._crm_fill("new_customers")

    @PER_READER
    def _compute_attribution(self):
        self._crm_fill("attribution")

    @api.depends("won_revenue", "cost_total", "budget")
    @PER_READER
    def _compute_return(self):
        for campaign in self:
            cost = campaign.cost_total
            campaign.profit = campaign.won_revenue - cost
            campaign.roi = roi(campaign.won_revenue, cost)
            campaign.budget_used = ratio(cost, campaign.budget)

    @api.depends("won_revenue", "goods_cost", "cost_total")
    @PER_READER
    def _compute_margin(self):
        for campaign in self:
            margin = campaign.won_revenue - campaign.goods_cost
            campaign.margin_profit = margin - campaign.cost_total
            campaign.margin_roi = roi(margin, campaign.cost_total)

    @api.depends("cost_total", "opportunity_count")
    @PER_READER
    def _compute_cost_per_opportunity(self):
        for campaign in self:
            campaign.cost_per_opportunity = ratio(
                campaign.cost_total, campaign.opportunity_count
            )

    @api.depends("cost_total", "new_customer_count")
    @PER_READER
    def _compute_cost_per_customer(self):
        for campaign in self:
            campaign.cost_per_customer = ratio(
                campaign.cost_total, campaign.new_customer_count
            )

    def _crm_fill(self, query):
        """Figures of one query. Money that the reader may not see is not even worked
        out: to him it is nothing."""
        told = self.filtered("crm_may_see_money") if query in MONEY else self
        found = self.env["crm.campaign.figure"]._of(told._origin, query)
        for name in FIGURES[query]:
            (self - told)[name] = 0
            for campaign in told:
                campaign[name] = found.get(campaign._origin, {}).get(name, 0)

    def _compute_mailing_mail_count(self):
        """Odoo's own form asks every reader for it and would stay shut to those who
        have nothing to do with mailings."""
        if self.env["mailing.mailing"].has_access("read"):
            return super()._compute_mailing_mail_count()
        self.mailing_mail_count = self.ab_testing_mailings_count = 0
        return None

    @PER_READER
    def _compute_sale_invoiced_amount(self):
        """Odoo tells it to every salesman; sellers of the method see the money of their
        own campaigns."""
        res = super()._compute_sale_invoiced_amount()
        if self.env.user.has_group("crm_gestion.group_seller"):
            hidden = self.filtered(lambda campaign: not campaign.crm_may_see_money)
            hidden.invoiced_amount = 0
        return res

    # === CONSTRAINTS === #

    @api.constrains("parent_id", "company_id")
    def _check_same_company(self):
        for campaign in self | self.with_context(active_test=False).child_ids:
            parent = campaign.parent_id
            if parent and parent.company_id != campaign.company_id:
                raise ValidationError(
                    self.env._(
                        "“%(below)s” and “%(above)s” are of different companies: a "
                        "campaign is part of one of its own company.",
                        below=campaign.title,
                        above=parent.title,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._crm_check_parents(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._crm_check_guarded(vals)
        return super().write(vals)

    def _crm_check_guarded(self, vals):
        if self.env.su:
            return
        for campaign in self:
            changed = campaign._crm_changed(vals)
            if changed and not campaign.crm_may_see_money:
                campaign._crm_refuse()
            if "parent_id" in changed:
                self._crm_check_parents([vals])

    def _crm_changed(self, vals):
        """:return: names of what is guarded and would change"""
        self.ensure_one()
        return {
            name
            for name in GUARDED & vals.keys()
            if self._fields[name].convert_to_cache(vals[name], self)
            != self._fields[name].convert_to_cache(self[name], self)
        }

    @api.model
    def _crm_check_parents(self, vals_list):
        """Nobody puts his campaigns below those of others: their figures would change.

        :raise UserError: as a client would see it; nothing has changed then
        """
        ids = {vals["parent_id"] for vals in vals_list if vals.get("parent_id")}
        if not self.env.su:
            for parent in self.browse(ids):
                if not parent.crm_may_see_money:
                    parent._crm_refuse()

    def _crm_refuse(self):
        self.ensure_one()
        raise UserError(
            self.env._(
                "Ask the responsible of “%s” or a sales director to change that.",
                self.title,
            )
        )

    # === BUSINESS METHODS === #

    def _crm_tree(self):
        """
        :return: dict campaign -> ids of itself and all campaigns below, archived ones
            too; one query
        """
        tree = {campaign: {campaign.id} for campaign in self}
        self.env["utm.campaign"].flush_model(["parent_id", "parent_path"])
        rows = self.env.execute_query(
            SQL(
                """SELECT above.id::int4, below.id
                     FROM utm_campaign below,
                          unnest(string_to_array(rtrim(below.parent_path, '/'), '/'))
                          AS above (id)
                    WHERE below.parent_id IS NOT NULL
                      AND above.id::int4 = ANY(%s)""",
                list(self.ids),
            )
        )
        for above_id, below_id in rows:
            tree[self.browse(above_id)].add(below_id)
        return {campaign: sorted(ids) for campaign, ids in tree.items()}

    # === ACTION METHODS === #

    def action_view_crm_figure(self):
        """Open the records behind a figure, as far as the user may read them.

        :return: action; the button says in ``crm_figure`` of its context which figure
        """
        self.ensure_one()
        figure = self.env.context.get("crm_figure")
        return self.env["crm.campaign.figure"]._view_action(self, figure)
