from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.mailing import RATES

# An id is that of the record behind a row * WIDTH + number of the branch.
WIDTH = 8
AMOUNTS = ("budget", "expected_revenue", "cost", "cost_planned", "revenue")
TOUCHES = ("first_touch_revenue", "last_touch_revenue")
EMAILS = (
    "sent", "delivered", "opens_unique", "clicks_unique", "replies", "bounces",
    "unsubscribes",
)  # fmt: skip
LEADS = ("opportunities", "won")
MEMBERS = ("reached",)
COUNTS = EMAILS + LEADS + MEMBERS
EMAIL_RATES = (
    "delivery_rate", "open_rate", "click_rate", "reply_rate", "bounce_rate",
    "unsubscribe_rate",
)  # fmt: skip
# Branches that are left out where none of their measures is asked for: attribution
# looks through the history of every account that was touched, the others count rows by
# the million.
ON_DEMAND = {
    "attribution": {*TOUCHES},
    "emails": {*EMAILS, *EMAIL_RATES},
    "leads": {*LEADS},
    "members": {*MEMBERS},
}


class CrmCampaignReport(models.Model):
    """What campaigns cost and brought, by campaign, type, market and month.

    *Rows.* One for each budget, cost and confirmed order, for each order and campaign
    of its first and last touch, and for each e-mail; opportunities and members are
    counted by day. All with their day in the time zone of their company. Figures are a
    campaign's own: what is below another one is a row of its own, so that sums count
    nothing twice.

    *E-mail figures* are those of the latest snapshot of each mailing
    (``crm.mailing.metric``), on the day when it was sent; rates are those of
    ``tools/mailing.py``, of the sums of a group, as the ROI is.

    *Money* means here what ``crm.campaign.figure`` says, in the currency of the
    reader's company, at the rate of the day of each row. Rules leave it to directors
    and to the responsible of a campaign.
    """

    _name = "crm.campaign.report"
    _inherit = ["crm.report.ratio.mixin"]
    _description = "Campaign Results"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "campaign_id"
    _depends = {
        "account.move": ["state"],
        "crm.campaign.budget": ["budget", "campaign_id", "expected_revenue"],
        "crm.campaign.cost": [
            "amount_company", "campaign_id", "company_id", "date", "move_id", "state",
        ],
        "crm.campaign.member": [
            "campaign_id", "contact_date", "partner_id", "state",
        ],
        "crm.gestion": [
            "campaign_id", "company_id", "contact_id", "date", "organization_id",
        ],
        "crm.lead": [
            "campaign_id", "company_id", "organization_id", "partner_id", "type",
            "won_status",
        ],
        "crm.mailing.metric": [
            "bounces_hard", "bounces_soft", "campaign_id", "clicks_unique", "date",
            "delivered", "external_ref", "opens_unique", "provider", "replies",
            "sent", "sent_date", "tool", "unsubscribes",
        ],
        "res.partner": ["commercial_partner_id"],
        "sale.order": [
            "amount_untaxed", "campaign_id", "company_id", "currency_rate",
            "date_order", "partner_id", "state",
        ],
        "utm.campaign": [
            "campaign_type", "company_id", "date_from", "market_id", "parent_id",
            "user_id",
        ],
    }  # fmt: skip
    _ratios = {"roi": ("profit", "cost")} | {rate: RATES[rate] for rate in EMAIL_RATES}

    campaign_id = fields.Many2one(comodel_name="utm.campaign", readonly=True)
    parent_id = fields.Many2one(
        comodel_name="utm.campaign",
        string="Part of",
        readonly=True,
    )
    campaign_type = fields.Selection(
        selection=lambda self: (
            self.env["utm.campaign"]
            ._fields["campaign_type"]
            ._description_selection(self.env)
        ),
        string="Type",
        readonly=True,
    )
    market_id = fields.Many2one(comodel_name="crm.market", readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        readonly=True,
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    date = fields.Date(readonly=True)
    budget = fields.Monetary(readonly=True)
    expected_revenue = fields.Monetary(readonly=True)
    cost = fields.Monetary(readonly=True)
    cost_planned = fields.Monetary(string="Planned Costs", readonly=True)
    revenue = fields.Monetary(readonly=True)
    profit = fields.Monetary(readonly=True)
    first_touch_revenue = fields.Monetary(readonly=True)
    last_touch_revenue = fields.Monetary(readonly=True)
    roi = fields.Float(
        string="ROI",
        compute="_compute_ratios",
        aggregator="avg",
        help="Profit / cost; 0 without cost.",
    )
    opportunities = fields.Integer(
        readonly=True, help="Opportunities of the campaign, by day of creation."
    )
    won = fields.Integer(
        string="Won Opportunities",
        readonly=True,
        help="Those that were won, by day of creation.",
    )
    reached = fields.Integer(
        string="Members Reached",
        readonly=True,
        help="Members whom the campaign has reached, by day of the first contact.",
    )
    sent = fields.Integer(string="E-mails Sent", readonly=True)
    delivered = fields.Integer(readonly=True)
    opens_unique = fields.Integer(
        string="Unique Opens",
        readonly=True,
        help="Unreliable: many mail programs load pictures by themselves, others not "
        "at all.",
    )
    clicks_unique = fields.Integer(
        string="Unique Clicks",
        readonly=True,
        help="How many recipients clicked at least once.",
    )
    replies = fields.Integer(string="Answers", readonly=True)
    bounces = fields.Integer(readonly=True, help="Hard and soft bounces.")
    unsubscribes = fields.Integer(readonly=True)
    delivery_rate = fields.Float(
        compute="_compute_ratios", aggregator="avg", help="Delivered / sent."
    )
    open_rate = fields.Float(
        compute="_compute_ratios",
        aggregator="avg",
        help="Unique opens / delivered. Unreliable, as opens are.",
    )
    click_rate = fields.Float(
        compute="_compute_ratios", aggregator="avg", help="Unique clicks / delivered."
    )
    reply_rate = fields.Float(
        string="Answer Rate",
        compute="_compute_ratios",
        aggregator="avg",
        help="Answers / delivered.",
    )
    bounce_rate = fields.Float(
        compute="_compute_ratios",
        aggregator="avg",
        help="Hard and soft bounces / sent.",
    )
    unsubscribe_rate = fields.Float(
        compute="_compute_ratios", aggregator="avg", help="Unsubscribes / delivered."
    )

    # === CRUD METHODS === #

    @api.model
    def _read_group(
        self,
        domain,
        groupby=(),
        aggregates=(),
        having=(),
        offset=0,
        limit=None,
        order=None,
    ):
        asked = self._asking(aggregates, domain, having, order)
        return super(CrmCampaignReport, asked)._read_group(
            domain, groupby, aggregates, having, offset, limit, order
        )

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        asked = self._asking(aggregates, domain, order=order)
        return super(CrmCampaignReport, asked)._read_grouping_sets(
            domain, grouping_sets, aggregates, order
        )

    @api.model
    def _asking(self, aggregates, domain, having=(), order=None):
        """:return: this model, with what it is asked for; who reads rows instead gets
        those of all branches"""
        specs = [*aggregates, *(order or "").split(",")]
        specs += [term[0] for term in having if not isinstance(term, str)]
        wanted = {spec.strip().partition(":")[0] for spec in specs}
        wanted.update(c.field_expr for c in Domain(domain).iter_conditions())
        return self.with_context(crm_campaign_measures=frozenset(wanted))

    # === QUERY === #

    @property
    def _table_query(self):
        return SQL(
            """SELECT d.id, d.campaign_id, c.parent_id, c.campaign_type, c.market_id,
                      c.user_id, d.company_id, %(currency)s AS currency_id, d.date,
                      %(measures)s,
                      COALESCE(d.revenue, 0) - COALESCE(d.cost, 0) AS profit
                 FROM (%(branches)s) d
                 JOIN utm_campaign c
                   ON c.id = d.campaign_id
                  AND (c.company_id IS NULL OR c.company_id = d.company_id)""",
            currency=self.env.company.currency_id.id,
            measures=SQL(", ").join(
                SQL("d.%s", SQL.identifier(name)) for name in AMOUNTS + TOUCHES + COUNTS
            ),
            branches=SQL(" UNION ALL ").join(self._branches()),
        )

    @api.model
    def _branches(self):
        branches = [self._orders(), self._costs(), self._budgets()]
        asked = self.env.context.get("crm_campaign_measures")
        for name, measures in ON_DEMAND.items():
            # a client has no frozensets
            if not isinstance(asked, frozenset) or measures & asked:
                branches.append(getattr(self, f"_{name}")())
        return branches

    @api.model
    def _branch(self, number, source, day, company=None, **measures):
        """
        :param SQL source: FROM and WHERE of documents ``d`` with their campaign ``c``
            and company ``co``
        :param SQL day: of a document, in the time zone of its company
        :param measures: SQL by name; amounts in the currency of the company
        """
        figure = self.env["crm.campaign.figure"]
        columns = [
            SQL(
                "(%s)::numeric AS %s",
                figure._in_currency(measures[name], day, SQL("FALSE"))
                if name in measures
                else SQL("NULL"),
                SQL.identifier(name),
            )
            for name in AMOUNTS + TOUCHES
        ]
        columns += [
            SQL(
                "(%s)::int8 AS %s",
                measures.get(name, SQL("NULL")),
                SQL.identifier(name),
            )
            for name in COUNTS
        ]
        return SQL(
            """SELECT d.id::int8 * %s + %s AS id, c.id AS campaign_id,
                      %s AS company_id, %s AS date, %s %s""",
            WIDTH,
            number,
            company or SQL("d.company_id"),
            day,
            SQL(", ").join(columns),
            source,
        )

    @api.model
    def _orders(self):
        figure = self.env["crm.campaign.figure"]
        return self._branch(
            1,
            SQL(
                """FROM sale_order d
                   JOIN utm_campaign c ON c.id = d.campaign_id
                   JOIN res_company co ON co.id = d.company_id
                  WHERE d.state = 'sale'"""
            ),
            figure._local_day(SQL("d.date_order")),
            revenue=figure._order_amount(),
        )

    @api.model
    def _costs(self):
        figure = self.env["crm.campaign.figure"]
        return self._branch(
            2,
            SQL(
                """FROM crm_campaign_cost d
                   JOIN utm_campaign c ON c.id = d.campaign_id
                   JOIN res_company co ON co.id = d.company_id
              LEFT JOIN account_move bill ON bill.id = d.move_id"""
            ),
            SQL("d.date"),
            cost=SQL("CASE WHEN %s THEN d.amount_company END", figure._cost_counts()),
            cost_planned=SQL("CASE WHEN d.state = 'planned' THEN d.amount_company END"),
        )

    @api.model
    def _budgets(self):
        """On the day when the campaign starts; without a company they are in the
        currency of the reader's."""
        return self._branch(
            3,
            SQL(
                """FROM crm_campaign_budget d
                   JOIN utm_campaign c ON c.id = d.campaign_id
                   JOIN res_company co ON co.id = COALESCE(c.company_id, %s)""",
                self.env.company.id,
            ),
            SQL("COALESCE(c.date_from, c.create_date::date)"),
            company=SQL("co.id"),
            budget=SQL("d.budget"),
            expected_revenue=SQL("d.expected_revenue"),
        )

    @api.model
    def _attribution(self):
        figure = self.env["crm.campaign.figure"]
        return self._branch(
            4,
            SQL(
                """FROM (SELECT id * 2 + (touch = 'last')::int4 AS id, company_id,
                                date_order, amount, campaign_id, touch
                           FROM (%s) attributed) d
                   JOIN utm_campaign c ON c.id = d.campaign_id
                   JOIN res_company co ON co.id = d.company_id""",
                figure._attributed(self.env.companies.ids, self._campaign_ids()),
            ),
            figure._local_day(SQL("d.date_order")),
            first_touch_revenue=SQL("CASE WHEN d.touch = 'first' THEN d.amount END"),
            last_touch_revenue=SQL("CASE WHEN d.touch = 'last' THEN d.amount END"),
        )

    @api.model
    def _emails(self):
        """As known today; of a tool that does not tell when it was sent, on the day of
        the figures."""
        measures = {name: SQL("d.%s", SQL.identifier(name)) for name in EMAILS}
        measures["bounces"] = SQL("d.bounces_hard + d.bounces_soft")
        return self._branch(
            5,
            SQL(
                """FROM crm_mailing_metric d
                   JOIN utm_campaign c ON c.id = d.campaign_id
                   JOIN res_company co ON co.id = COALESCE(c.company_id, %s)
                  WHERE d.id IN %s""",
                self.env.company.id,
                self.env["crm.mailing.metric"]._latest(),
            ),
            SQL("COALESCE(d.sent_date, d.date)"),
            company=SQL("co.id"),
            **measures,
        )

    @api.model
    def _leads(self):
        return self._counted(
            6,
            SQL(
                """FROM crm_lead d
                   JOIN utm_campaign c ON c.id = d.campaign_id
                   JOIN res_company co
                     ON co.id = COALESCE(d.company_id, c.company_id, %s)
                  WHERE d.type = 'opportunity'""",
                self.env.company.id,
            ),
            SQL("d.create_date"),
            opportunities=SQL("COUNT(*)"),
            won=SQL("COUNT(*) FILTER (WHERE d.won_status = 'won')"),
        )

    @api.model
    def _members(self):
        return self._counted(
            7,
            SQL(
                """FROM crm_campaign_member d
                   JOIN utm_campaign c ON c.id = d.campaign_id
                   JOIN res_company co ON co.id = COALESCE(c.company_id, %s)
                  WHERE d.state != 'planned' AND d.contact_date IS NOT NULL""",
                self.env.company.id,
            ),
            SQL("d.contact_date"),
            reached=SQL("COUNT(*)"),
        )

    @api.model
    def _counted(self, number, source, moment, **measures):
        """:return: SQL of a branch with one row for each campaign, company and day"""
        columns = [
            SQL("%s AS %s", count, SQL.identifier(name))
            for name, count in measures.items()
        ]
        return self._branch(
            number,
            SQL(
                """FROM (SELECT MIN(d.id) AS id, c.id AS campaign_id,
                                co.id AS company_id, %s AS day, %s %s
                       GROUP BY 2, 3, 4) d
                   JOIN utm_campaign c ON c.id = d.campaign_id""",
                self.env["crm.campaign.figure"]._local_day(moment),
                SQL(", ").join(columns),
                source,
            ),
            SQL("d.day"),
            **{name: SQL("d.%s", SQL.identifier(name)) for name in measures},
        )

    @api.model
    def _campaign_ids(self):
        """:return: ids of the campaigns whose money the reader may see; None for all
        those of his companies"""
        Campaign = self.env["utm.campaign"].with_context(active_test=False)
        if Campaign._crm_sees_all_money():
            return None
        companies = [*self.env.companies.ids, False]
        return Campaign.search(
            [("company_id", "in", companies), ("user_id", "=", self.env.uid)]
        ).ids

    # === ACTIONS === #

    @api.readonly
    def action_view_campaign(self):
        """:return: action that opens the campaign of this row"""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "utm.campaign",
            "res_id": self.campaign_id.id,
            "views": [(False, "form")],
        }
