from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from .crm_dashboard_part import OPEN

LEAD, OBJECTIVE = "crm.lead", "crm.objective"
MONTHS = 6
# Of two objectives for the same time the finer one says more of a month.
FINEST = ["month", "free", "quarter", "year"]


class CrmDashboardForecast(models.AbstractModel):
    """What is won and expected, month by month, against the objectives of sales: this
    month and the next five.

    *Expected.* Won: opportunities closed in the month, by their amount. To that come
    open ones by the month of their expected closing: weighted by their probability,
    and, as the best case, with all of their amount. What is overdue from earlier months
    or has no date is in no month.

    *Objective.* Objectives of the metric "sales" without market, of the company; of a
    month without one, the sum of the teams' (a team below another one that has one is
    in that one); else the sum of the sellers'. A quarter, year or free period gives
    each month the share of its calendar days; where somebody has several kinds for a
    month, the finest one counts. Where a person or team is chosen, theirs only.
    """

    _name = "crm.dashboard.forecast"
    _inherit = "crm.dashboard.part"
    _description = "Forecast against Objective"

    @api.model
    def _sections(self, asked):
        first = asked.today.replace(day=1)
        days = [first + relativedelta(months=number) for number in range(MONTHS)]
        figures = zip(
            self._won(asked, first),
            self._expected(asked, days),
            self._objectives(asked, days),
            strict=True,
        )
        months = [
            self._cells(format_date(self.env, day, date_format="LLL y"), *found)
            for day, found in zip(days, figures, strict=True)
        ]
        if not any(
            cells["best"]["value"] or cells["goal"]["value"] for cells in months
        ):
            months = []
        return [
            self._section(
                "forecast_bars",
                self.env._("Forecast against Objective"),
                "bars",
                help=self.env._(
                    "By month of the expected closing; what is overdue from earlier "
                    "months or has no date is in none. Objectives of sales of the "
                    "company, else of its teams, else of its people; longer periods by "
                    "their calendar days."
                ),
                horizontal=False,
                stacked=False,
                labels=[cells["label"] for cells in months],
                series=self._series(months) if months else [],
            ),
            self._section(
                "forecast",
                self.env._("Forecast by Month"),
                "table",
                size="full",
                columns=self._columns(),
                rows=[
                    {
                        "label": cells["label"],
                        "drill": False,
                        "cells": [cells[column["name"]] for column in self._columns()],
                    }
                    for cells in months
                ],
                total=False,
            ),
        ]

    # === FIGURES === #

    @api.model
    def _won(self, asked, first):
        """:return: for each month dict of a figure of what is won in it: this one, for
        the others are to come"""
        start, end = self.env.company._crm_day_bounds(
            first, first + relativedelta(months=1, days=-1)
        )
        domain = asked.of_people() & Domain(
            [
                ("type", "=", "opportunity"),
                ("won_status", "=", "won"),
                ("date_closed", ">=", start),
                ("date_closed", "<", end),
                ("active", "in", [True, False]),
            ]
        )
        found = self._total(LEAD, domain, money=["expected_revenue"])
        nothing = {"count": 0, "expected_revenue": 0.0, "domain": Domain.FALSE}
        return [{**found, "domain": domain}, *[nothing] * (MONTHS - 1)]

    @api.model
    def _expected(self, asked, months):
        """:return: for each month dict of what is expected to close in it"""
        is_open = asked.of_people() & OPEN
        ends = months[-1] + relativedelta(months=1)
        found = self._groups(
            LEAD,
            is_open
            & Domain("date_deadline", ">=", months[0])
            & Domain("date_deadline", "<", ends),
            ["date_deadline:month"],
            money=["expected_revenue", "prorated_revenue"],
        )
        nothing = self._nothing(["expected_revenue", "prorated_revenue"])
        return [
            {
                **found.get((month,), nothing),
                "domain": is_open
                & Domain("date_deadline", ">=", month)
                & Domain("date_deadline", "<", month + relativedelta(months=1)),
            }
            for month in months
        ]

    @api.model
    def _objectives(self, asked, months):
        """:return: for each month (amount, ids of the objectives)"""
        found = {month: [0.0, set()] for month in months}
        rows = self.env.execute_query(self._objective_query(asked, months))
        for month, currency_id, target, ids in rows:
            rate = self._rate(self.env["res.currency"].browse(currency_id))
            found[month][0] += float(target) * rate
            found[month][1].update(ids)
        round_ = self.env.company.currency_id.round
        return [(round_(target), sorted(ids)) for target, ids in found.values()]

    @api.model
    def _objective_domain(self, asked, months):
        domain = (
            Domain("company_id", "in", self.env.companies.ids)
            & Domain("metric", "=", "sales")
            & Domain("market_id", "=", False)
            & Domain("date_to", ">=", months[0])
            & Domain("date_from", "<", months[-1] + relativedelta(months=1))
        )
        if asked.team_ids is not None:
            teams = Domain("team_id", "in", list(asked.team_ids))
            return domain & (asked.of_people() | teams)
        return domain & asked.of_people()

    @api.model
    def _objective_query(self, asked, months):
        """:return: SQL of month, currency, target and ids of objectives"""
        self.env[OBJECTIVE].flush_model()
        self.env["crm.team"].flush_model(["parent_id"])
        objectives = self.env[OBJECTIVE]._search(self._objective_domain(asked, months))
        return SQL(
            """WITH RECURSIVE below (team_id, above_id) AS (
                   SELECT id, parent_id FROM crm_team WHERE parent_id IS NOT NULL
                    UNION
                   SELECT below.team_id, team.parent_id
                     FROM below JOIN crm_team team ON team.id = below.above_id
                    WHERE team.parent_id IS NOT NULL),
               share AS (
                   SELECT month.first, goal.id, goal.company_id, goal.team_id,
                          goal.user_id, goal.currency_id,
                          CASE WHEN goal.user_id IS NOT NULL THEN 2
                               WHEN goal.team_id IS NOT NULL THEN 1 ELSE 0 END AS level,
                          goal.target
                          * (LEAST(goal.date_to, month.last)
                             - GREATEST(goal.date_from, month.first) + 1)
                          / (goal.date_to - goal.date_from + 1) AS target,
                          rank() OVER (
                              PARTITION BY month.first, goal.company_id, goal.team_id,
                                           goal.user_id
                              ORDER BY array_position(%(finest)s, goal.period_type)
                          ) AS fineness
                     FROM crm_objective goal
                     JOIN unnest(%(firsts)s::date[], %(lasts)s::date[])
                          AS month (first, last)
                       ON goal.date_from <= month.last AND goal.date_to >= month.first
                    WHERE goal.id IN %(objectives)s),
               chosen AS (
                   SELECT share.*,
                          min(level) OVER (PARTITION BY first, company_id) AS top
                     FROM share WHERE fineness = 1)
             SELECT first, currency_id, SUM(target), array_agg(id)
               FROM chosen
              WHERE level = top
                AND NOT EXISTS (
                    SELECT 1 FROM below
                      JOIN chosen above ON above.team_id = below.above_id
                     WHERE below.team_id = chosen.team_id
                       AND above.first = chosen.first
                       AND above.company_id = chosen.company_id)
           GROUP BY first, currency_id""",
            finest=FINEST,
            firsts=months,
            lasts=[month + relativedelta(months=1, days=-1) for month in months],
            objectives=objectives.subselect(),
        )

    # === SHAPES === #

    @api.model
    def _columns(self):
        titles = {
            "won": self.env._("Won So Far"),
            "weighted": self.env._("Open, Weighted"),
            "open": self.env._("Open, Unweighted"),
            "goal": self.env._("Objective"),
        }
        return [
            *(self._column(name, title, "monetary") for name, title in titles.items()),
            self._column(
                "coverage", self.env._("Won and Weighted / Objective"), "percentage"
            ),
        ]

    @api.model
    def _series(self, months):
        names = {
            "expected": (self.env._("Won and Weighted"), False),
            "best": (self.env._("Best Case"), "success"),
            "goal": (self.env._("Objective"), "muted"),
        }
        return [
            {
                "name": title,
                "tone": tone,
                "points": [cells[name] for cells in months],
            }
            for name, (title, tone) in names.items()
        ]

    @api.model
    def _cells(self, label, won, expected, objective):
        """:return: dict of the label of a month and of its figures"""
        target, ids = objective
        goal = self._figure(
            target,
            "monetary",
            drill=self._drill(OBJECTIVE, [("id", "in", ids)], label, len(ids)),
        )
        both = {
            "domain": won["domain"] | expected["domain"],
            "count": won["count"] + expected["count"],
        }
        weighted = won["expected_revenue"] + expected["prorated_revenue"]
        best = won["expected_revenue"] + expected["expected_revenue"]
        coverage = weighted / target if target else None
        return {
            "label": label.capitalize(),
            "won": self._of_month(
                label, won, won["expected_revenue"], "expected_revenue"
            ),
            "weighted": self._of_month(
                label, expected, expected["prorated_revenue"], "prorated_revenue"
            ),
            "open": self._of_month(
                label, expected, expected["expected_revenue"], "expected_revenue"
            ),
            "expected": self._of_month(label, both, weighted),
            "best": self._of_month(label, both, best, "expected_revenue"),
            "goal": goal,
            "coverage": self._figure(
                coverage, "percentage", tone=self._tone(coverage), drill=goal["drill"]
            ),
        }

    @api.model
    def _of_month(self, label, found, amount, measure=False):
        drill = self._drill(
            LEAD,
            found["domain"],
            label.capitalize(),
            found["count"],
            measure,
        )
        amount = self.env.company.currency_id.round(amount)
        return self._figure(amount, "monetary", drill=drill)

    @api.model
    def _tone(self, coverage):
        if coverage is None:
            return False
        if coverage >= 1:
            return "success"
        return "warning" if coverage >= 0.5 else "danger"
