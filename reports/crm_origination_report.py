from datetime import date, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_report_sql import GESTION_MARKET, GESTION_ORIGINATION, ORDER_AMOUNT

# What a row is of -> the model whose records it counts; the number makes ids unique.
KINDS = {
    "gestion": (1, "crm.gestion"),
    "opportunity": (2, "crm.lead"),
    "decision": (3, "crm.lead"),
    "order": (4, "sale.order"),
    "cost": (5, "crm.campaign.cost"),
}
KEYS = (
    "company_id", "origination_id", "market_id", "team_id", "user_id", "date",
)  # fmt: skip
# what is counted -> the 0 of rows of another kind
MEASURES = {
    "gestiones": SQL("0"),
    "opportunities": SQL("0"),
    "unqualified": SQL("0"),
    "lost": SQL("0"),
    "won": SQL("0"),
    "won_days": SQL("0::float"),
    "revenue": SQL("0::numeric"),
    "cost": SQL("0::numeric"),
}
# The report starts here; what is older has no month.
FIRST_MONTH = "2000-01-01"


class CrmOriginationReport(models.Model):
    """What each origination brings, so that a director can stop paying for what does
    not sell. One row = what happened in one month, of one kind (gestiones, new
    opportunities, decided ones, orders, costs), for one origination, market, team,
    seller and company.

    *When.* Each fact in the month in which it happened, by the time zone of its
    company: an opportunity when it was created, won or lost when it was closed, an
    order when it was confirmed, a cost by its date. Ratios are thus of what was decided
    in the period, not of what was created in it.

    *Whose.* Gestiones are their author's; of the opportunity's origination and market,
    else the contact's, else the organization's. Everything else is the opportunity's
    seller's and has its origination and market.

    *Money* is in the currency of the company of the document. Revenue is untaxed
    confirmed orders of opportunities, at the order's own rate, rounded one by one: a
    cancelled order does not count, a credit note does not touch it. The real costs of a
    campaign (those that come from a bill: while it is posted) are shared among the
    originations of its opportunities and of those of the campaigns below it, by their
    number; without any opportunity they have no origination. Only directors see costs.

    Days are from creation to winning; an opportunity counts as decided when it was won
    or lost (not qualified included), not while it is paused.
    """

    _name = "crm.origination.report"
    _inherit = "crm.report.ratio.mixin"
    _description = "Effectiveness of Originations"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "origination_id"
    _depends = {
        "account.move": ["state"],
        "crm.campaign.cost": [
            "amount_company", "campaign_id", "company_id", "date", "move_id", "state",
        ],
        "crm.gestion": [
            "company_id", "contact_id", "date", "lead_id", "organization_id",
            "team_id", "user_id",
        ],
        "crm.lead": [
            "campaign_id", "closure_kind", "company_id", "create_date", "date_closed",
            "market_id", "origination_id", "team_id", "type", "user_id", "won_status",
        ],
        "res.company": ["currency_id"],
        "res.partner": ["market_id", "origination_id"],
        "sale.order": [
            "amount_untaxed", "company_id", "currency_rate", "date_order",
            "opportunity_id", "state",
        ],
        "utm.campaign": ["parent_path"],
    }  # fmt: skip

    _ratios = {
        "conversion": ("won", "won + lost"),
        "days_to_win": ("won_days", "won"),
    }

    kind = fields.Selection(
        selection=[
            ("gestion", "Gestiones"),
            ("opportunity", "New Opportunities"),
            ("decision", "Won and Lost"),
            ("order", "Orders"),
            ("cost", "Costs"),
        ],
        string="Of",
        readonly=True,
    )
    date = fields.Date(string="Month", readonly=True)
    origination_id = fields.Many2one(comodel_name="crm.origination", readonly=True)
    market_id = fields.Many2one(comodel_name="crm.market", readonly=True)
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        readonly=True,
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        readonly=True,
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    gestiones = fields.Integer(readonly=True)
    opportunities = fields.Integer(readonly=True)
    unqualified = fields.Integer(
        string="Not Qualified",
        readonly=True,
        help="The customer does not qualify; part of the lost ones.",
    )
    lost = fields.Integer(readonly=True)
    won = fields.Integer(string="Won Opportunities", readonly=True)
    won_days = fields.Float(string="Days of All Won", readonly=True, aggregator=None)
    revenue = fields.Monetary(
        readonly=True, help="Untaxed confirmed orders of the opportunities."
    )
    cost = fields.Monetary(
        readonly=True,
        groups="crm_gestion.group_sales_director",
        help="Share of the real costs of campaigns.",
    )
    conversion = fields.Float(
        compute="_compute_ratios", aggregator="avg", help="Won / won and lost."
    )
    days_to_win = fields.Float(
        string="Days to Win",
        compute="_compute_ratios",
        aggregator="avg",
        digits=(16, 1),
        help="Days from creation to winning, on average.",
    )

    # === CRUD METHODS === #

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Who asks for the months since some day is spared the documents of the years
        before: PostgreSQL finds the others by the index of their date."""
        asked = self.with_context(crm_origination_since=self._since(domain))
        return super(CrmOriginationReport, asked)._search(domain, *args, **kwargs)

    @api.model
    def _since(self, domain):
        """:return: the day before which a domain finds nothing; None where it has
        none"""
        domain = Domain(domain).optimize_full(self)
        parts = domain.children if getattr(domain, "OPERATOR", "") == "&" else [domain]
        days = [
            fields.Date.to_date(part.value)
            for part in parts
            if getattr(part, "field_expr", "") == "date"
            and part.operator in (">", ">=")
        ]
        return max(days, default=None)

    @api.model
    def _recent(self, moment):
        """:return: SQL condition that a moment in UTC is not before the months that are
        asked for, whatever the time zone; TRUE where all are"""
        since = self.env.context.get("crm_origination_since")
        # a client has no dates
        if not isinstance(since, date) or since <= date.fromisoformat(FIRST_MONTH):
            return SQL("TRUE")
        return SQL("%s >= %s", moment, since.replace(day=1) - timedelta(days=1))

    # === QUERY === #

    @property
    def _table_query(self):
        return SQL(
            "WITH month AS MATERIALIZED (%s) %s",
            self._months(),
            SQL(" UNION ALL ").join(map(self._grouped, self._kinds())),
        )

    @api.model
    def _kinds(self):
        """:return: list of the kinds of rows that the reader may see"""
        sees_cost = self.env.su or self.env.user.has_group(
            "crm_gestion.group_sales_director"
        )
        return [kind for kind in KINDS if sees_cost or kind != "cost"]

    @api.model
    def _months(self):
        """:return: SQL of the companies: when their months begin, in UTC, and which
        months these are; a document finds its month by binary search, for time
        zones are dear for millions"""
        # sudo: which time zone a company has is no secret
        companies = self.env["res.company"].sudo().search([("id", "!=", False)])
        zones = SQL(", ").join(
            SQL("(%s, %s)", company.id, company._crm_tz().zone) for company in companies
        )
        return SQL(
            """SELECT company.id AS company_id,
                      array_agg(first AT TIME ZONE company.tz AT TIME ZONE 'UTC'
                                ORDER BY first) AS edges,
                      array_agg(first::date ORDER BY first) AS months
                 FROM (VALUES %s) AS company (id, tz),
                      generate_series(%s::timestamp, %s + interval '1 month',
                                      '1 month') AS first
             GROUP BY company.id""",
            zones,
            FIRST_MONTH,
            fields.Datetime.now(),
        )

    @api.model
    def _month(self, column):
        """:return: SQL of the month that a moment in UTC lies in"""
        return SQL("month.months[width_bucket(%s, month.edges)]", column)

    @api.model
    def _join_month(self, column):
        """:param SQL column: company of the document; those of none are in the months
        of the reader's"""
        return SQL(
            "JOIN month ON month.company_id = coalesce(%s, %s)",
            column,
            self.env.company.id,
        )

    @api.model
    def _grouped(self, kind):
        """:return: SQL of the rows of one kind"""
        number, _model = KINDS[kind]
        facts, own = self._facts(kind)
        measures = SQL(", ").join(
            SQL(
                "%s AS %s",
                SQL("sum(%s)", own[name]) if name in own else nothing,
                SQL.identifier(name),
            )
            for name, nothing in MEASURES.items()
        )
        keys = SQL(", ").join(SQL("fact.%s", SQL.identifier(key)) for key in KEYS)
        return SQL(
            """SELECT min(fact.id)::bigint * 8 + %(number)s AS id, %(kind)s AS kind,
                      %(keys)s, company.currency_id, %(measures)s
                 FROM (%(facts)s) fact
                 JOIN res_company company
                   ON company.id = coalesce(fact.company_id, %(company)s)
             GROUP BY %(keys)s, company.currency_id""",
            number=number,
            kind=kind,
            keys=keys,
            measures=measures,
            facts=facts,
            company=self.env.company.id,
        )

    @api.model
    def _facts(self, kind):
        """
        :return: SQL of the documents of a kind, with the `KEYS` and what is counted;
            dict measure -> SQL of what is added up
        """
        return {
            "gestion": self._gestion_facts,
            "opportunity": self._opportunity_facts,
            "decision": self._decision_facts,
            "order": self._order_facts,
            "cost": self._cost_facts,
        }[kind]()

    @api.model
    def _gestion_facts(self):
        facts = SQL(
            """SELECT gestion.id, gestion.company_id, gestion.team_id, gestion.user_id,
                      %s AS origination_id, %s AS market_id, %s AS date
                 FROM crm_gestion gestion
                      %s
            LEFT JOIN crm_lead lead ON lead.id = gestion.lead_id
            LEFT JOIN res_partner contact ON contact.id = gestion.contact_id
            LEFT JOIN res_partner organization
                   ON organization.id = gestion.organization_id
                WHERE %s""",
            GESTION_ORIGINATION,
            GESTION_MARKET,
            self._month(SQL("gestion.date")),
            self._join_month(SQL("gestion.company_id")),
            self._recent(SQL("gestion.date")),
        )
        return facts, {"gestiones": SQL("1")}

    @api.model
    def _lead_facts(self, moment, where):
        return SQL(
            """SELECT lead.id, lead.company_id, lead.team_id, lead.user_id,
                      lead.origination_id, lead.market_id, %s AS date,
                      lead.won_status, lead.closure_kind,
                      extract(epoch FROM lead.date_closed - lead.create_date) / 86400
                          AS days
                 FROM crm_lead lead
                      %s
                WHERE lead.type = 'opportunity' AND %s AND %s""",
            self._month(moment),
            self._join_month(SQL("lead.company_id")),
            where,
            self._recent(moment),
        )

    @api.model
    def _opportunity_facts(self):
        facts = self._lead_facts(SQL("lead.create_date"), SQL("TRUE"))
        return facts, {"opportunities": SQL("1")}

    @api.model
    def _decision_facts(self):
        facts = self._lead_facts(
            SQL("lead.date_closed"), SQL("lead.won_status IN ('won', 'lost')")
        )
        won = SQL("fact.won_status = 'won'")
        return facts, {
            "unqualified": SQL("(fact.closure_kind = 'unqualified')::int"),
            "lost": SQL("(NOT %s)::int", won),
            "won": SQL("(%s)::int", won),
            "won_days": SQL("CASE WHEN %s THEN fact.days ELSE 0 END", won),
        }

    @api.model
    def _order_facts(self):
        facts = SQL(
            """SELECT sale.id, sale.company_id, lead.team_id, lead.user_id,
                      lead.origination_id, lead.market_id, %s AS date,
                      %s AS amount
                 FROM sale_order sale
                      %s
                 JOIN crm_lead lead ON lead.id = sale.opportunity_id
                WHERE sale.state = 'sale' AND %s""",
            self._month(SQL("sale.date_order")),
            ORDER_AMOUNT,
            self._join_month(SQL("sale.company_id")),
            self._recent(SQL("sale.date_order")),
        )
        return facts, {"revenue": SQL("fact.amount")}

    @api.model
    def _cost_facts(self):
        """Shares are worked out once for each campaign that was paid, whatever it was
        paid for: its costs wait in arrays. Joined with costs, PostgreSQL may work them
        out again for each, for it expects few costs in a month."""
        facts = SQL(
            """SELECT cost.id * 10000000::bigint + coalesce(cost.share_id, 0) AS id,
                      cost.company_id, cost.team_id, cost.user_id,
                      cost.origination_id, cost.market_id,
                      date_trunc('month', cost.date)::date AS date,
                      cost.amount * coalesce(cost.part, 1) AS amount
                 FROM (SELECT unnest(paid.ids) AS id, unnest(paid.dates) AS date,
                              unnest(paid.amounts) AS amount, paid.company_id,
                              share.id AS share_id, share.team_id, share.user_id,
                              share.origination_id, share.market_id, share.part
                         FROM (%s) paid
            LEFT JOIN LATERAL (%s) share ON TRUE) cost""",
            self._paid(),
            self._shares(),
        )
        return facts, {"cost": SQL("fact.amount")}

    @api.model
    def _paid(self):
        """:return: SQL of the campaigns with their real costs, by company"""
        return SQL(
            """SELECT cost.campaign_id, cost.company_id, array_agg(cost.id) AS ids,
                      array_agg(cost.date) AS dates,
                      array_agg(cost.amount_company) AS amounts
                 FROM crm_campaign_cost cost
            LEFT JOIN account_move bill ON bill.id = cost.move_id
                WHERE cost.state = 'real'
                  AND (bill.id IS NULL OR bill.state = 'posted')
                  AND %s
             GROUP BY cost.campaign_id, cost.company_id""",
            self._recent(SQL("cost.date")),
        )

    @api.model
    def _shares(self):
        """:return: SQL of the part that the opportunities of an origination, market,
        team and seller have in those of a ``paid`` campaign and the campaigns below
        it"""
        return SQL(
            """SELECT min(lead.id) AS id, lead.team_id, lead.user_id,
                      lead.origination_id, lead.market_id,
                      count(*)::numeric / sum(count(*)) OVER () AS part
                 FROM utm_campaign top
                 JOIN utm_campaign below
                   ON below.parent_path LIKE top.parent_path || '%%'
                 JOIN crm_lead lead
                   ON lead.campaign_id = below.id AND lead.type = 'opportunity'
                  AND coalesce(lead.company_id, paid.company_id) = paid.company_id
                WHERE top.id = paid.campaign_id
             GROUP BY lead.team_id, lead.user_id, lead.origination_id,
                      lead.market_id"""
        )

    # === BEHIND THE FIGURES === #

    def action_view_documents(self):
        """:return: action of the documents that this row counts"""
        self.ensure_one()
        self.check_access("read")
        _number, model = KINDS[self.kind]
        return {
            "type": "ir.actions.act_window",
            "name": dict(self._fields["kind"]._description_selection(self.env))[
                self.kind
            ],
            "res_model": model,
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self._document_ids())],
            "context": {"active_test": False, "create": False},
        }

    def _document_ids(self):
        facts, _measures = self._facts(self.kind)
        same = SQL(" AND ").join(
            SQL(
                "fact.%s IS NOT DISTINCT FROM %s",
                SQL.identifier(key),
                (self[key].id if self._fields[key].relational else self[key]) or None,
            )
            for key in KEYS
        )
        rows = self.env.execute_query(
            SQL(
                "WITH month AS MATERIALIZED (%s)"
                " SELECT fact.id FROM (%s) fact WHERE %s ORDER BY 1",
                self._months(),
                facts,
                same,
            )
        )
        ids = [row[0] for row in rows]
        if self.kind == "cost":
            ids = sorted({id_ // 10000000 for id_ in ids})
        return ids
