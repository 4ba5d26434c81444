from odoo import api, fields, models
from odoo.tools import SQL

from ..models.crm_objective_metric import METRICS

# Columns as the objective has them.
COLUMNS = (
    "user_id", "team_id", "company_id", "market_id", "metric", "period_type",
    "date_from", "date_to", "state",
)  # fmt: skip


class CrmObjectiveReport(models.Model):
    """What objectives asked for, against what was reached.

    *Rows.* Two for each objective: its target and its actual figure, told apart by
    ``kind``. ``amount`` is the one or the other, so that a graph, which has one
    measure, draws both side by side; ``target``, ``missing`` and ``actual`` stand only
    in the row that is theirs and 0 in the other, so that a pivot adds up each of them
    once. Progress of a group is reached / asked for where its objectives have the same
    metric, else their average.

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
    kind = fields.Selection(
        selection=[("target", "Target"), ("actual", "Actual")],
        string="Target or Actual",
        readonly=True,
    )
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
    amount = fields.Float(
        digits=(16, 2),
        readonly=True,
        help="What was asked for, or what was reached: group by Target or Actual.",
    )
    target = fields.Float(digits=(16, 2), readonly=True)
    actual = fields.Float(digits=(16, 2), readonly=True)
    missing = fields.Float(digits=(16, 2), readonly=True)
    progress = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Reached / asked for; of objectives with several metrics, their average.",
    )

    def _read_group_select(self, aggregate_spec, query):
        select = super()._read_group_select(aggregate_spec, query)
        if aggregate_spec != "progress:avg":
            return select
        target, actual, metric = (
            self._field_to_sql(self._table, name, query)
            for name in ("target", "actual", "metric")
        )
        return SQL(
            """CASE WHEN MIN(%(metric)s) = MAX(%(metric)s)
                    THEN COALESCE((SUM(%(actual)s) / NULLIF(SUM(%(target)s), 0))::float,
                                  0)
                    ELSE %(average)s END""",
            metric=metric,
            actual=actual,
            target=target,
            average=select,
        )

    # === QUERY === #

    @property
    def _table_query(self):
        objectives = self.env["crm.objective"].search(
            [("company_id", "in", self.env.companies.ids)]
        )
        rates = [objective._company_rate() for objective in objectives]
        pairs = list(zip(objectives, rates, strict=True))
        # progress stands in the row of the target only: an average counts each
        # objective once
        return SQL(
            """SELECT objective.id * 2 + (row.kind = 'actual')::int4 AS id,
                      objective.id AS objective_id, %(columns)s, row.*
                 FROM unnest(%(ids)s::int4[], %(targets)s::numeric[],
                             %(actuals)s::numeric[], %(progress)s::float8[])
                      AS figure (id, target, actual, progress)
                 JOIN crm_objective objective ON objective.id = figure.id
           CROSS JOIN LATERAL (
                      VALUES ('target', figure.target, figure.target, 0,
                              GREATEST(figure.target - figure.actual, 0),
                              figure.progress),
                             ('actual', figure.actual, 0, figure.actual, 0, NULL)
                      ) AS row (kind, amount, target, actual, missing, progress)""",
            columns=SQL(", ").join(SQL.identifier("objective", c) for c in COLUMNS),
            ids=objectives.ids,
            targets=[objective.target * rate for objective, rate in pairs],
            actuals=[objective.actual * rate for objective, rate in pairs],
            progress=objectives.mapped("progress"),
        )

    # === ACTIONS === #

    @api.readonly
    def action_view_objective(self):
        """:return: action that opens the objective of this row"""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.objective",
            "res_id": self.objective_id.id,
            "views": [(False, "form")],
        }
