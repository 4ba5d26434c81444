from odoo import fields, models
from odoo.tools import SQL

from ..models.crm_objective_figure import METRICS

# Columns as the objective has them.
COLUMNS = (
    "user_id", "team_id", "company_id", "market_id", "metric", "period_type",
    "date_from", "date_to", "state",
)  # fmt: skip


class CrmObjectiveReport(models.Model):
    """What objectives asked for, against what was reached.

    *No table.* The actual figures are worked out as the objectives show them
    (``crm.objective.figure``), for those the reader may read, and stand in the query as
    rows. Amounts are in the currency of the company: target and figure are converted at
    the same rate, today's, so that neither gains by it.
    """

    _name = "crm.objective.report"
    _description = "Objectives against Actual Figures"
    _auto = False
    _order = "date_from desc, id desc"
    _rec_name = "objective_id"
    _depends = {"crm.objective": [*COLUMNS, "currency_id", "target", "frozen_actual"]}

    objective_id = fields.Many2one(comodel_name="crm.objective", readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    market_id = fields.Many2one(comodel_name="crm.market", readonly=True)
    metric = fields.Selection(
        selection=[(key, metric.label) for key, metric in METRICS.items()],
        readonly=True,
    )
    period_type = fields.Selection(
        selection=[
            ("month", "Month"),
            ("quarter", "Quarter"),
            ("year", "Year"),
            ("free", "Free Dates"),
        ],
        string="Period",
        readonly=True,
    )
    date_from = fields.Date(string="From", readonly=True)
    date_to = fields.Date(string="Until", readonly=True)
    state = fields.Selection(
        selection=[("open", "Open"), ("closed", "Closed")], readonly=True
    )
    target = fields.Float(digits=(16, 2), readonly=True)
    actual = fields.Float(digits=(16, 2), readonly=True)
    missing = fields.Float(digits=(16, 2), readonly=True)
    progress = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Share of the target; of several objectives, their average.",
    )

    @property
    def _table_query(self):
        objectives = self.env["crm.objective"].search(
            [("company_id", "in", self.env.companies.ids)]
        )
        rates = [objective._company_rate() for objective in objectives]
        pairs = list(zip(objectives, rates, strict=True))
        return SQL(
            """SELECT objective.id, objective.id AS objective_id, %(columns)s,
                      figure.target, figure.actual, figure.progress,
                      GREATEST(figure.target - figure.actual, 0) AS missing
                 FROM unnest(%(ids)s::int4[], %(targets)s::numeric[],
                             %(actuals)s::numeric[], %(progress)s::float8[])
                      AS figure (id, target, actual, progress)
                 JOIN crm_objective objective ON objective.id = figure.id""",
            columns=SQL(", ").join(SQL.identifier("objective", c) for c in COLUMNS),
            ids=objectives.ids,
            targets=[objective.target * rate for objective, rate in pairs],
            actuals=[objective.actual * rate for objective, rate in pairs],
            progress=objectives.mapped("progress"),
        )
