from odoo import api, fields, models
from odoo.tools import SQL

from .crm_report_sql import NOW, days_between, sold

OPEN = SQL("(lead.active AND lead.won_status = 'pending')")
WON = SQL("(lead.won_status = 'won')")
LOST = SQL("(lead.won_status = 'lost')")
KIND = SQL("coalesce(lead.closure_kind, '')")
PAUSED = SQL("(lead.won_status = 'pending' AND %s = 'standby')", KIND)
UNQUALIFIED = SQL("(lead.won_status = 'lost' AND %s = 'unqualified')", KIND)


class CrmOpportunityReport(models.Model):
    """Pipeline and effectiveness: what became of opportunities and how long it took, by
    whatever they have. One row = one opportunity, archived ones too, with the same id;
    enquiries are none.

    *Status.* Open, paused, won, rejected or not qualified, as it is now: what was
    resumed is open again, and what was won twice is won once, on the later day. What
    Odoo lost without a reason of ours is rejected. What somebody archived while it was
    pending is none of these, and in no amount but the expected one.

    *Conversion* is won / won, rejected and not qualified: what is open or paused is not
    decided. *Days* are from creation to closing or, of open ones, to now.

    *Money* is in the currency of the opportunity's company and never converted: what
    the report adds up is what its reader adds up in the records. Where rows of several
    currencies meet, Odoo's views say so and convert the sum at today's rate. Orders are
    the untaxed confirmed ones of that company, at their own rate, rounded one by one.
    """

    _name = "crm.opportunity.report"
    _inherit = "crm.report.record.mixin"
    _description = "Pipeline and Effectiveness"
    _auto = False
    _order = "lead_create_date desc, id desc"
    _depends = {
        "crm.lead": [
            "active", "campaign_id", "closure_kind", "company_id", "create_date",
            "date_closed", "date_deadline", "expected_revenue", "lost_reason_id",
            "market_id", "name", "organization_id", "origination_id", "partner_id",
            "priority", "prorated_revenue", "push_count", "stage_id", "tag_ids",
            "team_id", "type", "user_id", "won_status",
        ],
        "res.company": ["currency_id"],
        "res.currency": ["decimal_places"],
        "sale.order": [
            "amount_untaxed", "company_id", "currency_rate", "opportunity_id", "state",
        ],
    }  # fmt: skip
    _opens = ("crm.lead", "id")
    _ratios = {"conversion": ("won", "decided")}

    name = fields.Char(string="Opportunity", readonly=True)
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", readonly=True
    )
    organization_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    stage_id = fields.Many2one(comodel_name="crm.stage", readonly=True)
    status = fields.Selection(
        selection=[
            ("open", "Open"),
            ("standby", "Standby"),
            ("won", "Won"),
            ("rejected", "Rejected"),
            ("unqualified", "Not Qualified"),
            ("archived", "Archived"),
        ],
        readonly=True,
    )
    lost_reason_id = fields.Many2one(comodel_name="crm.lost.reason", readonly=True)
    priority = fields.Selection(
        selection=lambda self: (
            self.env["crm.lead"]._fields["priority"]._description_selection(self.env)
        ),
        readonly=True,
    )
    tag_ids = fields.Many2many(
        comodel_name="crm.tag",
        relation="crm_tag_rel",
        column1="lead_id",
        column2="tag_id",
        string="Tags",
        readonly=True,
    )
    lead_create_date = fields.Datetime(string="Created on", readonly=True)
    date_closed = fields.Datetime(string="Closed on", readonly=True)
    date_deadline = fields.Date(string="Expected Closing", readonly=True)
    open_count = fields.Integer(string="Open", readonly=True)
    won = fields.Integer(readonly=True)
    standby = fields.Integer(
        readonly=True, help="Paused, and neither open nor decided."
    )
    rejected = fields.Integer(readonly=True)
    unqualified = fields.Integer(string="Not Qualified", readonly=True)
    decided = fields.Integer(readonly=True, help="Won, rejected and not qualified.")
    conversion = fields.Float(
        compute="_compute_ratios",
        aggregator="avg",
        help="Won / won, rejected and not qualified.",
    )
    expected_revenue = fields.Monetary(readonly=True)
    prorated_revenue = fields.Monetary(
        string="Weighted Revenue",
        readonly=True,
        help="Expected revenue by probability, paused opportunities included.",
    )
    won_amount = fields.Monetary(
        readonly=True, help="Expected revenue of won opportunities."
    )
    lost_amount = fields.Monetary(
        readonly=True, help="Expected revenue of rejected and not qualified ones."
    )
    standby_amount = fields.Monetary(
        readonly=True, help="Expected revenue of paused opportunities."
    )
    order_amount = fields.Monetary(
        string="Orders", readonly=True, help="Untaxed confirmed orders."
    )
    days_to_win = fields.Float(
        string="Days to Win",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Days from creation to winning, on average.",
    )
    days_to_lose = fields.Float(
        string="Days to Lose",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Days from creation to rejection, on average.",
    )
    days_open = fields.Float(
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Age of open opportunities in days, on average.",
    )
    push_count = fields.Integer(
        string="Times Pushed",
        readonly=True,
        help="How often the expected closing date was moved to a later one.",
    )

    # === QUERY === #

    @property
    def _table_query(self):
        return SQL(
            "%s %s WHERE lead.type = 'opportunity'", self._select(), self._from()
        )

    @api.model
    def _select(self):
        return SQL(
            """SELECT lead.id, lead.name, lead.user_id, lead.team_id, lead.company_id,
                      coalesce(company.currency_id, %(currency)s) AS currency_id,
                      lead.partner_id, lead.organization_id, lead.market_id,
                      lead.origination_id, lead.campaign_id, lead.stage_id,
                      lead.lost_reason_id, lead.priority,
                      lead.create_date AS lead_create_date, lead.date_closed,
                      lead.date_deadline, lead.expected_revenue, lead.prorated_revenue,
                      coalesce(lead.push_count, 0) AS push_count,
                      coalesce(sold.amount, 0) AS order_amount,
                      CASE WHEN %(won)s THEN 'won'
                           WHEN %(unqualified)s THEN 'unqualified'
                           WHEN %(lost)s THEN 'rejected'
                           WHEN %(paused)s THEN 'standby'
                           WHEN %(open)s THEN 'open'
                           ELSE 'archived' END AS status,
                      %(open)s::int AS open_count, %(won)s::int AS won,
                      %(paused)s::int AS standby, %(unqualified)s::int AS unqualified,
                      (%(lost)s AND NOT %(unqualified)s)::int AS rejected,
                      (%(won)s OR %(lost)s)::int AS decided,
                      CASE WHEN %(won)s THEN lead.expected_revenue ELSE 0 END
                          AS won_amount,
                      CASE WHEN %(lost)s THEN lead.expected_revenue ELSE 0 END
                          AS lost_amount,
                      CASE WHEN %(paused)s THEN lead.expected_revenue ELSE 0 END
                          AS standby_amount,
                      CASE WHEN %(won)s THEN %(days)s END AS days_to_win,
                      CASE WHEN %(lost)s THEN %(days)s END AS days_to_lose,
                      CASE WHEN %(open)s THEN %(age)s END AS days_open""",
            currency=self.env.company.currency_id.id,
            open=OPEN,
            won=WON,
            lost=LOST,
            paused=PAUSED,
            unqualified=UNQUALIFIED,
            days=days_between(SQL("lead.create_date"), SQL("lead.date_closed")),
            age=days_between(SQL("lead.create_date"), NOW),
        )

    @api.model
    def _from(self):
        """:return: SQL of joins that bring one row each: PostgreSQL leaves out those
        that nobody asks for"""
        return SQL(
            """FROM crm_lead lead
          LEFT JOIN res_company company ON company.id = lead.company_id
          LEFT JOIN LATERAL (%(sold)s) sold ON TRUE""",
            sold=sold(
                SQL("lead.id"),
                SQL("coalesce(lead.company_id, %s)", self.env.company.id),
            ),
        )
