from odoo import api, models
from odoo.fields import Domain

from ..models.crm_objective_metric import MONEY_METRICS

TONES = {"ahead": "success", "on": "success", "behind": "danger"}


class CrmDashboardObjectives(models.AbstractModel):
    """What people promised, how far they are, and how far they should be by now.

    The objectives of the days that are asked for: those that hold today, and those
    whose period lies within. Figure and pace are the objective's own.
    """

    _name = "crm.dashboard.objectives"
    _inherit = "crm.dashboard.part"
    _description = "Objectives of a Dashboard"

    @api.model
    def _sections(self, asked):
        objectives = self._objectives(asked).filtered_domain(self._whose(asked))
        drill = self._drill(
            "crm.objective",
            Domain("id", "in", objectives.ids),
            self.env._("Objectives"),
            len(objectives),
        )
        return [
            self._section(
                "objectives",
                self._title(asked),
                "progress",
                help=self.env._(
                    "The mark is the share of the working days of the period that has "
                    "gone by."
                ),
                empty=self.env._("There is no objective for these days."),
                rows=[self._progress(objective) for objective in objectives],
                drill=drill,
            )
        ]

    @api.model
    def _title(self, asked):
        return self.env._("Objectives")

    @api.model
    def _whose(self, asked):
        """:return: Domain of the objectives that are shown"""
        return self._own(asked)

    @api.model
    def _own(self, asked):
        """:return: Domain of the objectives of these people"""
        return asked.of_people() & Domain("user_id", "!=", False)

    @api.model
    def _told(self, asked):
        """:return: Domain of the objectives that any part of the page tells of"""
        return self._whose(asked)

    @api.model
    def _objectives(self, asked):
        """:return: the objectives of the days that are asked for, their figures worked
        out at once"""
        return self._once(asked, (self._name,), lambda: self._search_them(asked))

    @api.model
    def _search_them(self, asked):
        overlap = Domain("date_from", "<=", asked.date_to) & Domain(
            "date_to", ">=", asked.date_from
        )
        today = Domain("date_from", "<=", asked.today) & Domain(
            "date_to", ">=", asked.today
        )
        within = Domain("date_from", ">=", asked.date_from) & Domain(
            "date_to", "<=", asked.date_to
        )
        objectives = self.env["crm.objective"].search(
            self._told(asked) & overlap & (today | within)
        )
        objectives._work_out("actual")
        return objectives

    @api.model
    def _progress(self, objective):
        """:return: dict, the row of an objective"""
        format_ = "monetary" if objective.metric in MONEY_METRICS else "integer"
        rate = self._rate(objective.currency_id)
        records = {
            "name": objective.display_name,
            "model": "crm.objective",
            "method": "action_crm_records",
            "ids": objective.ids,
        }
        return {
            "label": self._label(objective),
            "note": self._note(objective),
            "actual": self._figure(
                self._whole(objective.actual * rate, format_), format_, drill=records
            ),
            "target": self._figure(
                self._whole(objective.target * rate, format_),
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
            "tone": TONES.get(objective.pace, False),
        }

    @api.model
    def _whole(self, value, format_):
        return round(value) if format_ == "integer" else value

    @api.model
    def _label(self, objective):
        """:return: what is to be reached, and whose it is where that is not a person's
        own"""
        owner = not objective.user_id and objective.owner_name
        names = [self._word(objective, "metric"), objective.market_id.name, owner]
        return ", ".join(filter(None, names))

    @api.model
    def _note(self, objective):
        names = [objective.period_name, self._word(objective, "pace")]
        return ", ".join(filter(None, names))

    @api.model
    def _word(self, objective, name):
        field = objective._fields[name]
        return dict(field._description_selection(self.env)).get(objective[name])
