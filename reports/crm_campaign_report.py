from odoo import api, fields, models
from odoo.tools import SQL

# An id is that of the record behind a row * WIDTH + number of the branch.
WIDTH = 8
AMOUNTS = ("budget", "expected_revenue", "cost", "cost_planned", "revenue")
TOUCHES = ("first_touch_revenue", "last_touch_revenue")


class CrmCampaignReport(models.Model):
    """What campaigns cost and brought, by campaign, type, market and month.

    *Rows.* One for each budget, cost and confirmed order, and for each order and
    campaign of its first and last touch, with its day in the time zone of its company.
    Figures are a campaign's own: what is below another one is a row of its own, so that
    sums count nothing twice.

    *Money* means here what ``crm.campaign.figure`` says, in the currency of the
    reader's company, at the rate of the day of each row. Rules leave it to directors
    and to the responsible of a campaign.
    """

    _name = "crm.campaign.report"
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
        "crm.campaign.member": ["campaign_id", "contact_date", "partner_id"],
        "crm.gestion": [
            "campaign_id", "company_id", "contact_id", "date", "organization_id",
        ],
        "crm.lead": [
            "campaign_id", "company_id", "organization_id", "partner_id", "type",
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

    campaign_id = fields.Many2one(comodel_name="utm.campaign", readonly=True)
    parent_id = fields.Many2one(
        comodel_name="utm.campaign",
        string="Part of",
        readonly=True,
    )
    campaign_type = fields.Selection(
        selection=lambda self: (
            self.env["utm.campaign"]._fields["campaign_type"].selection
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

    # === CRUD METHODS === #

    @api.model
    def _read_group(self, domain, groupby=(), aggregates=(), *args, **kwargs):
        asked = self._asking(aggregates)
        return super(CrmCampaignReport, asked)._read_group(
            domain, groupby, aggregates, *args, **kwargs
        )

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        asked = self._asking(aggregates)
        return super(CrmCampaignReport, asked)._read_grouping_sets(
            domain, grouping_sets, aggregates, order
        )

    @api.model
    def _asking(self, aggregates):
        """Attribution looks through the history of every account that was touched: it
        is left out where nobody asks for it."""
        wanted = {aggregate.partition(":")[0] for aggregate in aggregates}
        if wanted & set(TOUCHES):
            return self
        return self.with_context(crm_no_attribution=True)

    # === QUERY === #

    @property
    def _table_query(self):
        branches = [self._orders(), self._costs(), self._budgets()]
        if not self.env.context.get("crm_no_attribution"):
            branches.append(self._attribution())
        return SQL(
            """SELECT d.id, d.campaign_id, c.parent_id, c.campaign_type, c.market_id,
                      c.user_id, d.company_id, %(currency)s AS currency_id, d.date,
                      %(amounts)s,
                      COALESCE(d.revenue, 0) - COALESCE(d.cost, 0) AS profit
                 FROM (%(branches)s) d
                 JOIN utm_campaign c
                   ON c.id = d.campaign_id
                  AND (c.company_id IS NULL OR c.company_id = d.company_id)""",
            currency=self.env.company.currency_id.id,
            amounts=SQL(", ").join(
                SQL("d.%s", SQL.identifier(name)) for name in AMOUNTS + TOUCHES
            ),
            branches=SQL(" UNION ALL ").join(branches),
        )

    @api.model
    def _branch(self, number, source, day, company=None, **amounts):
        """
        :param SQL source: FROM and WHERE of documents ``d`` with their campaign ``c``
            and company ``co``
        :param SQL day: of a document, in the time zone of its company
        :param amounts: SQL by name of an amount, in the currency of the company
        """
        figure = self.env["crm.campaign.figure"]
        columns = [
            SQL(
                "(%s)::numeric AS %s",
                figure._in_currency(amounts[name], day, SQL("FALSE"))
                if name in amounts
                else SQL("NULL"),
                SQL.identifier(name),
            )
            for name in AMOUNTS + TOUCHES
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
