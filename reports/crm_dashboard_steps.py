from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_dashboard_part import OPEN


class CrmDashboardSteps(models.AbstractModel):
    """When something happens next on what is open: the earliest planned activity of
    each opportunity, whoever is to do it."""

    _name = "crm.dashboard.steps"
    _inherit = "crm.dashboard.part"
    _description = "Next Steps of a Dashboard"

    @api.model
    def _sections(self, asked):
        found = self._by_user(asked)
        labels = {
            "overdue": (self.env._("Overdue"), "danger"),
            "today": (self.env._("Today"), "warning"),
            "week": (self.env._("Later This Week"), False),
            "none": (self.env._("Without Next Step"), "danger"),
        }
        domains = self._domains(asked)
        figures = []
        for name, (label, tone) in labels.items():
            count = sum(counts[name] for counts in found.values())
            domain = asked.of_people() & domains[name]
            figures.append(
                self._number(
                    label, "crm.lead", domain, count, tone=tone if count else False
                )
            )
        return [
            self._section(
                "steps",
                self.env._("Next Steps"),
                "figures",
                "full",
                help=self.env._(
                    "Open opportunities by the day of their earliest planned activity."
                ),
                figures=figures,
            )
        ]

    @api.model
    def _domains(self, asked):
        """:return: dict of what is counted -> Domain of these opportunities"""
        sunday = asked.today + timedelta(days=6 - asked.today.weekday())

        def planned(*conditions):
            return OPEN & Domain.AND(
                Domain("next_step_date", operator, day) for operator, day in conditions
            )

        return {
            "overdue": planned(("<", asked.today)),
            "today": planned(("=", asked.today)),
            "week": planned((">", asked.today), ("<=", sunday)),
            "soon": planned((">=", asked.today), ("<=", self._soon(asked))),
            "none": planned(("=", False)),
        }

    @api.model
    def _soon(self, asked):
        """:return: the last of the seven days that begin today"""
        return asked.today + timedelta(days=6)

    @api.model
    def _by_user(self, asked):
        """
        :return: dict user id -> dict of the keys of `_domains`, and ``open`` for all of
            them -> count
        """
        return self._once(asked, ("steps",), lambda: self._count_by_user(asked))

    @api.model
    def _count_by_user(self, asked):
        """One query, from the opportunities of these people to what is planned on each:
        the domains would look through all that is planned."""
        query = self.env["crm.lead"]._search(asked.of_people() & OPEN)
        leads = query.select(
            SQL.identifier(query.table, "id"), SQL.identifier(query.table, "user_id")
        )
        self.env["mail.activity"].flush_model(
            ["active", "date_deadline", "res_id", "res_model"]
        )
        sunday = asked.today + timedelta(days=6 - asked.today.weekday())
        rows = self.env.execute_query(
            SQL(
                """SELECT lead.user_id,
                          count(*) FILTER (WHERE step.date < %(today)s),
                          count(*) FILTER (WHERE step.date = %(today)s),
                          count(*) FILTER (WHERE step.date > %(today)s
                                             AND step.date <= %(sunday)s),
                          count(*) FILTER (WHERE step.date >= %(today)s
                                             AND step.date <= %(soon)s),
                          count(*) FILTER (WHERE step.date IS NULL),
                          count(*)
                     FROM (%(leads)s) lead
        LEFT JOIN LATERAL (SELECT min(plan.date_deadline) AS date
                             FROM mail_activity plan
                            WHERE plan.res_model = 'crm.lead'
                              AND plan.res_id = lead.id AND plan.active) step ON TRUE
                 GROUP BY lead.user_id""",
                leads=leads,
                today=asked.today,
                sunday=sunday,
                soon=self._soon(asked),
            )
        )
        names = ("overdue", "today", "week", "soon", "none", "open")
        return {
            user_id: dict(zip(names, counts, strict=True)) for user_id, *counts in rows
        }
