from datetime import date
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools.misc import clean_context

from ..tools.objective import period_bounds
from ..tools.share import share
from .crm_objective_figure import Goal
from .crm_objective_metric import METRICS

MONTHS = range(1, 13)


class TeamPlan(NamedTuple):
    """What objectives are asked for: of which team, with those below it, in which year,
    and how their targets are proposed."""

    team: models.BaseModel
    below: bool
    company: models.BaseModel
    metric: str
    year: int
    currency: models.BaseModel  # empty where numbers are counted
    method: str  # key of METHODS
    growth: float = 0.0  # per cent
    amount: float = 0.0

    @property
    def rounding(self):
        """Smallest unit of a target. A whole amount is shared in whole units: nobody
        wants a target in cents."""
        unit = self.currency.rounding if self.currency else 1.0
        is_whole = self.method in ("even", "weighted") and self.amount % 1 == 0
        return max(unit, 1.0) if is_whole else unit

    def bounds(self, month, years_ago=0):
        """:return: first and last day of a month of the year"""
        return period_bounds("month", date(self.year - years_ago, month, 1))


METHODS = [
    ("figures", "Last Year's Figures"),
    ("even", "An Amount, Shared Evenly"),
    ("weighted", "An Amount, Shared as Last Year's Figures"),
    ("copy", "Last Year's Objectives"),
]


class CrmObjectivePlanMaker(models.AbstractModel):
    """Proposes and makes the monthly objectives of a team's salespeople for a year.

    A *cell* is a salesperson and a month, ``(user id, 1..12)``; a proposal is a dict
    cell -> target. What is there already, of the same metric and without a market, has
    no cell: it is left out, and what is shared is shared among the others.

    *Rights.* A head plans the teams that he leads, with those below, a director any:
    the figures of last year are worked out without asking for rights, so this asks.
    Objectives are made with the rights of the user.
    """

    _name = "crm.objective.plan.maker"
    _description = "Planning of Objectives"

    # === WHO === #

    @api.model
    def _check_team(self, plan):
        """:raise AccessError: where the user does not lead the team"""
        if not plan.team.crm_in_scope or plan.company not in self.env.companies:
            raise AccessError(
                self.env._(
                    "You plan the objectives of the teams that you lead: choose one of "
                    "them."
                )
            )

    @api.model
    def _members(self, plan):
        """:return: the salespeople of the team, in the order of their names"""
        self._check_team(plan)
        teams = plan.team
        if plan.below:
            teams = teams.search([("id", "child_of", teams.id)])
        # sudo: who is in a team is no secret; memberships are not open to all
        members = self.env["crm.team.member"].sudo()
        members = members.search([("crm_team_id", "in", teams.ids)])
        users = members.user_id.filtered(
            lambda user: user.active and plan.company in user.company_ids
        )
        if not users:
            raise UserError(
                self.env._(
                    "This team has no salespeople: add its members first, or choose "
                    "another team."
                )
            )
        return users.sorted("name").with_env(self.env)

    @api.model
    def _existing(self, plan, users):
        """:return: dict cell -> target of what is there already; with False in the
        place of the salesperson, of the team itself"""
        owners = Domain("user_id", "in", users.ids)
        owners |= Domain("team_id", "=", plan.team.id)
        # sudo: it would collide also with one that the user may not read
        objectives = self.env["crm.objective"].sudo()
        objectives = objectives.search(self._same(plan) & owners)
        return {
            (objective.user_id.id, objective.date_from.month): self._target(
                plan, objective
            )
            for objective in objectives
        }

    @api.model
    def _same(self, plan, years_ago=0):
        """:return: Domain of the monthly objectives of this kind in a year"""
        return Domain(
            [
                ("company_id", "=", plan.company.id),
                ("metric", "=", plan.metric),
                ("market_id", "=", False),
                ("activity_type_ids", "=", False),
                ("period_type", "=", "month"),
                ("date_from", ">=", plan.bounds(1, years_ago)[0]),
                ("date_to", "<=", plan.bounds(12, years_ago)[1]),
            ]
        )

    @api.model
    def _target(self, plan, objective):
        """:return: target of an objective in the currency of the plan"""
        if not plan.currency or not objective.currency_id:
            return objective.target
        return objective.currency_id._convert(
            objective.target,
            plan.currency,
            plan.company,
            fields.Date.context_today(self),
        )

    # === PROPOSING === #

    @api.model
    def _propose(self, plan):
        """
        :param TeamPlan plan: what is asked for
        :return: list of the salespeople's users, dict cell -> target, and dict cell ->
            target of what is there already
        :raise AccessError: where the user does not lead the team
        :raise UserError: where it has no salespeople, or there is nothing to share
        """
        users = self._members(plan)
        existing = self._existing(plan, users)
        cells = [
            (user.id, month)
            for user in users
            for month in MONTHS
            if (user.id, month) not in existing
        ]
        propose = getattr(self, f"_propose_{plan.method}")
        return users, dict(zip(cells, propose(plan, cells), strict=True)), existing

    @api.model
    def _propose_figures(self, plan, cells):
        return [self._grow(plan, figure) for figure in self._last_year(plan, cells)]

    @api.model
    def _propose_even(self, plan, cells):
        return self._share(plan, [1] * len(cells))

    @api.model
    def _propose_weighted(self, plan, cells):
        return self._share(plan, self._last_year(plan, cells))

    @api.model
    def _propose_copy(self, plan, cells):
        objectives = self.env["crm.objective"].search(
            self._same(plan, years_ago=1)
            & Domain("user_id", "in", list({user_id for user_id, _month in cells}))
        )
        targets = {
            (objective.user_id.id, objective.date_from.month): self._target(
                plan, objective
            )
            for objective in objectives
        }
        return [self._grow(plan, targets.get(cell, 0.0)) for cell in cells]

    @api.model
    def _share(self, plan, weights):
        if plan.amount <= 0:
            raise UserError(self.env._("Enter the amount that is to be shared."))
        return share(plan.amount, weights, plan.rounding)

    @api.model
    def _grow(self, plan, figure):
        """:return: a figure of last year with the growth, as a target: what was less
        than nothing is no target"""
        grown = max(figure, 0.0) * (1 + plan.growth / 100)
        return share(grown, [1], plan.rounding)[0]

    @api.model
    def _last_year(self, plan, cells):
        """:return: list of what each salesperson reached in the month a year before, in
        one query"""
        goals = [
            Goal(
                key=key,
                company=plan.company,
                date_from=plan.bounds(month, years_ago=1)[0],
                date_to=plan.bounds(month, years_ago=1)[1],
                user_id=user_id,
                currency_id=plan.currency.id,
            )
            for key, (user_id, month) in enumerate(cells)
        ]
        figures = self.env["crm.objective.figure"]._figures(METRICS[plan.metric], goals)
        return [figures[goal.key] for goal in goals]

    # === MAKING === #

    @api.model
    def _make(self, plan, cells, of_team=False):
        """Make the objectives of a plan, in one go.

        :param TeamPlan plan: what was asked for
        :param dict cells: cell -> target; those without a target, of what was made
            meanwhile, or of who is not in the team are left out
        :param bool of_team: make one of the team for each month too: the total of its
            salespeople's, those that were there already with them
        :return: the objectives
        :raise AccessError: where the user may not make one of them
        :raise UserError: where nothing is left to make; nothing has changed then
        """
        users = self._members(plan)
        existing = self._existing(plan, users)
        new = {
            cell: target
            for cell, target in cells.items()
            if target > 0 and cell not in existing and cell[0] in users.ids
        }
        vals_list = [
            {**self._values(plan, month), "user_id": user_id, "target": target}
            for (user_id, month), target in new.items()
        ]
        if of_team:
            vals_list += self._values_of_team(plan, {**new, **existing}, existing)
        if not vals_list:
            raise UserError(
                self.env._(
                    "There is no objective to make: enter a target for a month that "
                    "has none yet."
                )
            )
        # without the defaults of the dialog that is open
        env = self.env(context=clean_context(self.env.context))
        return env["crm.objective"].create(vals_list)

    @api.model
    def _values(self, plan, month):
        date_from, date_to = plan.bounds(month)
        return {
            "company_id": plan.company.id,
            "metric": plan.metric,
            "currency_id": plan.currency.id,
            "period_type": "month",
            "date_from": date_from,
            "date_to": date_to,
        }

    @api.model
    def _values_of_team(self, plan, targets, existing):
        totals = dict.fromkeys(MONTHS, 0.0)
        for (user_id, month), target in targets.items():
            totals[month] += target if user_id else 0.0
        return [
            {**self._values(plan, month), "team_id": plan.team.id, "target": total}
            for month, total in totals.items()
            if total > 0 and (False, month) not in existing
        ]
