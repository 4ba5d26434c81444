from odoo import api, fields, models
from odoo.tools import SQL

from ..models.crm_opportunity_stage import ENDS
from .crm_report_sql import NOW, days_between

THERE = SQL("(passage.date_out IS NULL)")


class CrmOpportunityStageReport(models.Model):
    """Where opportunities stay, go on, turn back and get stuck. One row = one row of
    ``crm.opportunity.stage``, with the same id.

    *Passages* are rows in which an opportunity is in a stage. Winning and closing leave
    rows of their own, which are no passage and have no days: they tell what was skipped
    on the way there, and nothing else.

    *Days* are of passages that are over. One that began and ended in the same moment,
    such as that of a rejected opportunity whose order wins it after all, took no time
    and is in no average. *Conversion* is of passages that are over too: how many went
    forward (or won), of those that went forward, back or were closed. What was merged
    into another opportunity did none of these.

    *There now* are open passages: their number, their days so far and what their
    opportunities are worth today, in the currency of the company; one that went to
    another company since is worth nothing in this one. Large there and slow on
    average: that is the bottleneck.

    Seller and team are those of that day, as in the log; market, origination and
    campaign are the opportunity's.
    """

    _name = "crm.opportunity.stage.report"
    _inherit = "crm.report.record.mixin"
    _description = "Stages and Bottlenecks"
    _auto = False
    _order = "date_in desc, id desc"
    _rec_name = "lead_id"
    _depends = {
        "crm.lead": [
            "campaign_id", "company_id", "expected_revenue", "market_id",
            "origination_id",
        ],
        "crm.opportunity.stage": [
            "company_id", "conversion", "date_in", "date_out", "days", "from_stage_id",
            "lead_id", "move", "next_stage_id", "skipped_count", "stage_id", "team_id",
            "user_id",
        ],
        "res.company": ["currency_id"],
    }  # fmt: skip
    _opens = ("crm.lead", "lead_id")
    _ratios = {"conversion": ("forward", "ended")}

    lead_id = fields.Many2one(
        comodel_name="crm.lead", string="Opportunity", readonly=True
    )
    stage_id = fields.Many2one(comodel_name="crm.stage", readonly=True)
    from_stage_id = fields.Many2one(
        comodel_name="crm.stage", string="Coming from", readonly=True
    )
    next_stage_id = fields.Many2one(
        comodel_name="crm.stage", string="Going to", readonly=True
    )
    move = fields.Selection(
        selection=lambda self: (
            self.env["crm.opportunity.stage"]
            ._fields["move"]
            ._description_selection(self.env)
        ),
        readonly=True,
    )
    date_in = fields.Datetime(string="From", readonly=True)
    date_out = fields.Datetime(string="Until", readonly=True)
    passages = fields.Integer(
        readonly=True, help="Times that an opportunity was in the stage."
    )
    ended = fields.Integer(
        readonly=True, help="Passages after which it went forward, back or was closed."
    )
    forward = fields.Integer(
        string="Went Forward", readonly=True, help="Won ones included."
    )
    conversion = fields.Float(
        compute="_compute_ratios",
        aggregator="avg",
        help="Passages after which it went forward / those that ended.",
    )
    days = fields.Float(
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Days in the stage, on average, of passages that are over.",
    )
    skipped_count = fields.Integer(
        string="Skipped Stages",
        readonly=True,
        help="Stages skipped on the way here.",
    )
    back = fields.Integer(
        string="Came Back", readonly=True, help="Times it came back from a later stage."
    )
    waiting = fields.Integer(string="There Now", readonly=True)
    days_waiting = fields.Float(
        string="Days So Far",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Days that those there now have been in the stage, on average.",
    )
    amount_waiting = fields.Monetary(
        string="Amount There Now",
        readonly=True,
        help="Expected revenue of the opportunities there now.",
    )

    # === QUERY === #

    @property
    def _table_query(self):
        return SQL("%s %s", self._select(), self._from())

    @api.model
    def _select(self):
        return SQL(
            """SELECT passage.id, passage.lead_id, passage.stage_id,
                      passage.from_stage_id, passage.next_stage_id, passage.move,
                      passage.date_in, passage.date_out, passage.user_id,
                      passage.team_id, passage.company_id,
                      coalesce(company.currency_id, %(currency)s) AS currency_id,
                      lead.market_id, lead.origination_id, lead.campaign_id,
                      (passage.move NOT IN %(ends)s)::int AS passages,
                      (passage.conversion IS NOT NULL)::int AS ended,
                      coalesce(passage.conversion, 0)::int AS forward,
                      CASE WHEN passage.date_out > passage.date_in
                           THEN passage.days END AS days,
                      coalesce(passage.skipped_count, 0) AS skipped_count,
                      (passage.move = 'back')::int AS back,
                      %(there)s::int AS waiting,
                      CASE WHEN %(there)s THEN %(age)s END AS days_waiting,
                      CASE WHEN %(there)s THEN (%(amount)s) ELSE 0 END
                          AS amount_waiting""",
            currency=self.env.company.currency_id.id,
            ends=ENDS,
            there=THERE,
            age=days_between(SQL("passage.date_in"), NOW),
            amount=self._amount(),
        )

    @api.model
    def _amount(self):
        """:return: SQL of what the opportunity is worth: asked for the few that are
        there now instead of joined for all. It names the company of the join: it would
        cost so much in the scan of passages, were it worked out there, that PostgreSQL
        no longer sees what an index saves"""
        return SQL(
            """SELECT held.expected_revenue FROM crm_lead held
                WHERE held.id = passage.lead_id
                  AND held.company_id IS NOT DISTINCT FROM company.id"""
        )

    @api.model
    def _from(self):
        """:return: SQL of joins that bring one row each: PostgreSQL leaves out those
        that nobody asks for"""
        return SQL(
            """FROM crm_opportunity_stage passage
          LEFT JOIN crm_lead lead ON lead.id = passage.lead_id
          LEFT JOIN res_company company ON company.id = passage.company_id"""
        )
