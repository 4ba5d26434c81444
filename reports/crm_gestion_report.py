from odoo import api, fields, models
from odoo.tools import SQL

from .crm_report_sql import GESTION_MARKET, GESTION_ORIGINATION, sold


class CrmGestionReport(models.Model):
    """What interactions lead to, by whatever they have. One row = one gestión, with the
    same id.

    *Whose.* Its author's. It has the origination and market of its opportunity, else of
    its contact or organization, and the campaign, stage and team of that day.

    *What came of it.* The opportunities born from it, whoever has them today, and the
    untaxed confirmed orders of these, at their own rate, rounded one by one, in the
    currency of the gestión's company: orders of another company are no revenue of this
    one. All of it counts on the day of the gestión, not on that of the order.
    """

    _name = "crm.gestion.report"
    _inherit = "crm.report.record.mixin"
    _description = "Results of Gestiones"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "activity_type_id"
    _depends = {
        "crm.gestion": [
            "activity_type_id", "campaign_id", "company_id", "contact_id", "date",
            "direction", "duration", "lead_id", "organization_id", "outcome",
            "result_id", "stage_id", "team_id", "user_id",
        ],
        "crm.lead": [
            "market_id", "origination_id", "source_gestion_id", "type", "won_status",
        ],
        "res.company": ["currency_id"],
        "res.currency": ["decimal_places"],
        "res.partner": ["market_id", "origination_id"],
        "sale.order": [
            "amount_untaxed", "company_id", "currency_rate", "opportunity_id", "state",
        ],
    }  # fmt: skip
    _opens = ("crm.gestion", "id")
    _ratios = {
        "positive_rate": ("positive", "with_result"),
        "opening_rate": ("opportunities", "gestiones"),
    }

    date = fields.Datetime(readonly=True)
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type", string="Type", readonly=True
    )
    result_id = fields.Many2one(comodel_name="crm.gestion.result", readonly=True)
    outcome = fields.Selection(
        selection=lambda self: (
            self.env["crm.gestion.result"]
            ._fields["outcome"]
            ._description_selection(self.env)
        ),
        readonly=True,
    )
    direction = fields.Selection(
        selection=lambda self: (
            self.env["crm.gestion"]
            ._fields["direction"]
            ._description_selection(self.env)
        ),
        readonly=True,
    )
    user_id = fields.Many2one(string="Made by")
    organization_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    contact_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    lead_id = fields.Many2one(
        comodel_name="crm.lead", string="Opportunity", readonly=True
    )
    stage_id = fields.Many2one(
        comodel_name="crm.stage", string="Stage Then", readonly=True
    )
    gestiones = fields.Integer(readonly=True)
    with_result = fields.Integer(readonly=True)
    without_result = fields.Integer(readonly=True)
    positive = fields.Integer(readonly=True)
    duration = fields.Float(readonly=True, help="Duration in hours.")
    opportunities = fields.Integer(
        string="Opportunities Born",
        readonly=True,
        help="Opportunities created from the gestión.",
    )
    won = fields.Integer(
        string="Won Opportunities", readonly=True, help="Those of them that are won."
    )
    revenue = fields.Monetary(
        readonly=True,
        help="Untaxed confirmed orders of the opportunities born from the gestión.",
    )
    positive_rate = fields.Float(
        compute="_compute_ratios",
        aggregator="avg",
        help="Positive ones of those with a result.",
    )
    opening_rate = fields.Float(
        compute="_compute_ratios",
        aggregator="avg",
        help="Opportunities born for each gestión.",
    )

    # === QUERY === #

    @property
    def _table_query(self):
        return SQL("%s %s", self._select(), self._from())

    @api.model
    def _select(self):
        return SQL(
            """SELECT gestion.id, gestion.date, gestion.activity_type_id,
                      gestion.result_id, gestion.outcome, gestion.direction,
                      gestion.user_id, gestion.team_id, gestion.company_id,
                      coalesce(company.currency_id, %(currency)s) AS currency_id,
                      gestion.organization_id, gestion.contact_id, gestion.lead_id,
                      gestion.stage_id, gestion.campaign_id,
                      %(market)s AS market_id, %(origination)s AS origination_id,
                      1 AS gestiones,
                      (gestion.result_id IS NOT NULL)::int AS with_result,
                      (gestion.result_id IS NULL)::int AS without_result,
                      coalesce(gestion.outcome = 'positive', FALSE)::int AS positive,
                      gestion.duration,
                      born.opportunities, born.won,
                      coalesce(born.revenue, 0) AS revenue""",
            currency=self.env.company.currency_id.id,
            market=GESTION_MARKET,
            origination=GESTION_ORIGINATION,
        )

    @api.model
    def _from(self):
        """:return: SQL of joins that bring one row each: PostgreSQL leaves out those
        that nobody asks for"""
        return SQL(
            """FROM crm_gestion gestion
          LEFT JOIN crm_lead lead ON lead.id = gestion.lead_id
          LEFT JOIN res_partner contact ON contact.id = gestion.contact_id
          LEFT JOIN res_partner organization
                 ON organization.id = gestion.organization_id
          LEFT JOIN res_company company ON company.id = gestion.company_id
          LEFT JOIN LATERAL (
                    SELECT count(*) AS opportunities,
                           count(*) FILTER (WHERE child.won_status = 'won') AS won,
                           sum(sold.amount) AS revenue
                      FROM crm_lead child
                 LEFT JOIN LATERAL (%(sold)s) sold ON TRUE
                     WHERE child.source_gestion_id = gestion.id
                       AND child.type = 'opportunity') born
                 ON TRUE""",
            sold=sold(
                SQL("child.id"),
                SQL("coalesce(gestion.company_id, %s)", self.env.company.id),
            ),
        )
