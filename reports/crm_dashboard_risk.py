from odoo import api, models
from odoo.fields import Domain

from ..models.crm_objective_figure import MONEY_METRICS

# So many are shown, the worst ones.
SHOWN = 5


class CrmDashboardRisk(models.AbstractModel):
    """Objectives at risk: open ones that run today and are behind their pace, those
    that lack most of what they should have by now first.

    Where a team is chosen, those of it, of the teams below and of their people; where a
    person is, his own.
    """

    _name = "crm.dashboard.risk"
    _inherit = "crm.dashboard.part"
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
                rows=[self._objective(objective) for objective in behind[:SHOWN]],
            )
        ]

    @api.model
    def _behind(self, asked):
        """:return: objectives, the worst first. Their figures are no column, so that
        PostgreSQL cannot choose them."""
        objectives = self.env["crm.objective"].search(
            self._of_whom(asked)
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
    def _of_whom(self, asked):
        domain = asked.of_people()
        if asked.team_ids is not None:
            domain |= Domain("team_id", "in", list(asked.team_ids))
        return domain

    @api.model
    def _objective(self, objective):
        metrics = dict(objective._fields["metric"]._description_selection(self.env))
        is_money = objective.metric in MONEY_METRICS
        format_ = "monetary" if is_money else "integer"
        rate = self._rate(objective.currency_id) if is_money else 1.0
        return {
            "label": objective.owner_name,
            "note": f"{metrics[objective.metric]}, {objective.period_name}",
            "actual": self._figure(
                objective.actual * rate,
                format_,
                drill={
                    "name": objective.display_name,
                    "model": "crm.objective",
                    "method": "action_crm_records",
                    "ids": objective.ids,
                },
            ),
            "target": self._figure(
                objective.target * rate,
                format_,
                drill=self._drill(
                    "crm.objective",
                    [("id", "=", objective.id)],
                    objective.display_name,
                    1,
                    "target",
                ),
            ),
            "progress": objective.progress,
            "expected": objective.expected_progress,
            "tone": "danger",
        }
