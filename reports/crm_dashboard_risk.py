from odoo import api, models
from odoo.fields import Domain

# So many are shown, the worst ones.
SHOWN = 5


class CrmDashboardRisk(models.AbstractModel):
    """Objectives at risk: open ones that run today and are behind their pace, those
    that lack most of what they should have by now first.

    Where a team is chosen, those of it, of the teams below and of their people; where a
    person is, his own.
    """

    _name = "crm.dashboard.risk"
    _inherit = "crm.dashboard.objectives"
    _description = "Objectives at Risk"

    @api.model
    def _sections(self, asked):
        behind = self._behind(asked)
        title = self.env._("Objectives at Risk")
        return [
            self._section(
                "risk",
                title,
                "progress",
                help=self.env._(
                    "Open objectives of today that are behind the share of working "
                    "days that has gone by, the worst first."
                ),
                empty=self.env._("No objective is behind its pace."),
                drill=self._drill(
                    "crm.objective", [("id", "in", behind.ids)], title, len(behind)
                ),
                rows=[self._progress(objective) for objective in behind[:SHOWN]],
            )
        ]

    @api.model
    def _behind(self, asked):
        """:return: objectives, the worst first. Their figures are no column, so that
        PostgreSQL cannot choose them."""
        objectives = self.env["crm.objective"].search(
            self._whose(asked)
            & Domain("company_id", "in", self.env.companies.ids)
            & Domain("state", "=", "open")
            & Domain("date_from", "<=", asked.today)
            & Domain("date_to", ">=", asked.today)
        )
        objectives._work_out("actual")
        return objectives.filtered(lambda o: o.pace == "behind").sorted(
            lambda o: (o.progress - o.expected_progress, o.id)
        )

    @api.model
    def _whose(self, asked):
        domain = asked.of_people()
        if asked.team_ids is not None:
            domain |= Domain("team_id", "in", list(asked.team_ids))
        return domain

    @api.model
    def _label(self, objective):
        """:return: whose it is: a director looks for whom to talk to"""
        return objective.owner_name

    @api.model
    def _note(self, objective):
        names = [
            self._word(objective, "metric"),
            objective.market_id.name,
            objective.period_name,
        ]
        return ", ".join(filter(None, names))
