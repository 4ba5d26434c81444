from odoo import api, fields, models
from odoo.fields import Command

from ..models.crm_objective_metric import METRICS, MONEY_METRICS
from ..models.crm_objective_plan_maker import METHODS, TeamPlan
from .crm_objective_plan_line import COLUMNS

# How many salespeople are named in the note.
NAMED = 5


class CrmObjectivePlan(models.TransientModel):
    """Plans the objectives of a team for a year: proposes a table of salespeople and
    months, which is edited before ``crm.objective.plan.maker`` makes them."""

    _name = "crm.objective.plan"
    _description = "Team Objectives"

    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        required=True,
        default=lambda self: self._default_team(),
        ondelete="cascade",
        domain="[('crm_in_scope', '=', True)]",
    )
    below = fields.Boolean(string="With the Teams below", default=True)
    metric = fields.Selection(
        selection=[(key, metric.label) for key, metric in METRICS.items()],
        required=True,
        default="sales",
    )
    year = fields.Selection(
        selection="_selection_year",
        required=True,
        default=lambda self: str(fields.Date.context_today(self).year),
    )
    is_money = fields.Boolean(compute="_compute_is_money")
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        ondelete="cascade",
    )
    method = fields.Selection(
        selection=METHODS, string="Start from", required=True, default="figures"
    )
    growth = fields.Float(
        string="Growth (%)", help="On top of last year's. Negative: less."
    )
    amount = fields.Monetary(
        string="Amount to Share",
        help="Of the whole team and year; the targets add up to it.",
    )
    of_team = fields.Boolean(
        string="The Team's Total too",
        help="One objective of the team for each month: the total of its people's.",
    )
    line_ids = fields.One2many(
        comodel_name="crm.objective.plan.line",
        inverse_name="plan_id",
        string="Targets",
    )
    total = fields.Monetary(compute="_compute_total")
    note = fields.Char(readonly=True)

    _growth_possible = models.Constraint(
        "CHECK(growth > -100)", "A target is more than nothing: grow by more than -100."
    )

    @api.model
    def _default_team(self):
        """:return: the first team that the user leads"""
        Team = self.env["crm.team"]
        own = Team.search([("user_id", "=", self.env.uid)], limit=1)
        return own or Team.search([("crm_in_scope", "=", True)], limit=1)

    @api.model
    def _selection_year(self):
        year = fields.Date.context_today(self).year
        return [(str(number), str(number)) for number in range(year - 1, year + 3)]

    @api.depends("metric")
    def _compute_is_money(self):
        for plan in self:
            plan.is_money = plan.metric in MONEY_METRICS

    @api.depends("metric", "team_id")
    def _compute_currency_id(self):
        for plan in self:
            if not plan.is_money:
                plan.currency_id = False
            elif not plan.currency_id:
                plan.currency_id = plan._company().currency_id

    @api.depends("line_ids.total")
    def _compute_total(self):
        for plan in self:
            plan.total = sum(plan.line_ids.mapped("total"))

    # === ACTION METHODS === #

    def action_propose(self):
        """Fill the table; what was typed into it is lost."""
        self.ensure_one()
        maker = self.env["crm.objective.plan.maker"]
        users, cells, existing = maker._propose(self._plan())
        self.line_ids = [
            Command.clear(),
            *(
                Command.create(
                    {
                        "user_id": user.id,
                        **{
                            column: cells.get((user.id, month), 0.0)
                            for month, column in enumerate(COLUMNS, 1)
                        },
                    }
                )
                for user in users
            ),
        ]
        self.note = self._note(users, existing)
        return self._reopen()

    def action_create_objectives(self):
        """Make the objectives of the table and show them."""
        self.ensure_one()
        objectives = self.env["crm.objective.plan.maker"]._make(
            self._plan(), self.line_ids._cells(), self.of_team
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Team Objectives"),
            "res_model": "crm.objective",
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
            "domain": [("id", "in", objectives.ids)],
            "target": "main",
        }

    # === HELPERS === #

    def _company(self):
        return self.team_id.company_id or self.env.company

    def _plan(self):
        return TeamPlan(
            team=self.team_id,
            below=self.below,
            company=self._company(),
            metric=self.metric,
            year=int(self.year),
            currency=self.currency_id,
            method=self.method,
            growth=self.growth,
            amount=self.amount,
        )

    def _note(self, users, existing):
        """:return: sentence that says what there is already, if anything"""
        having = users.filtered(
            lambda user: any(user_id == user.id for user_id, _month in existing)
        )
        count = sum(bool(user_id) for user_id, _month in existing)
        if not count:
            return False
        names = ", ".join(having[:NAMED].mapped("name"))
        if len(having) > NAMED:
            names = self.env._("%(names)s and others", names=names)
        return self.env._(
            "Objectives that are there already are left out: %(count)s, of %(names)s.",
            count=count,
            names=names,
        )

    def _reopen(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_objective_plan_action"
        )
        return {**action, "res_id": self.id}
