from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain

from .crm_dashboard_conversion import DECIDED
from .crm_dashboard_objectives import TONES
from .crm_dashboard_part import OPEN
from .crm_dashboard_pipeline import MONEY

DONE = ("expected_revenue",)


class CrmDashboardSellers(models.AbstractModel):
    """People side by side: what each has open, won and did, and what he left undone.
    Who left has a row as long as something of his is there."""

    _name = "crm.dashboard.sellers"
    _inherit = "crm.dashboard.part"
    _description = "Sellers of a Dashboard"

    @api.model
    def _sections(self, asked):
        found = self._found(asked)
        people = self._people(asked, *set().union(*found.values()))
        rows = [
            self._seller(asked, Domain("user_id", "=", user_id), name, [user_id], found)
            for user_id, name in people.items()
        ]
        total = False
        if len(rows) > 1:
            total = self._seller(
                asked, asked.of_people(), self.env._("Total"), None, found
            )
        return [
            self._section(
                "sellers",
                self.env._("Side by Side"),
                "table",
                "full",
                help=self.env._(
                    "Won, conversion and gestiones are of the period, the rest is of "
                    "today."
                ),
                empty=self.env._("There is nobody in your teams yet."),
                columns=self._columns(),
                rows=rows,
                total=total,
            )
        ]

    @api.model
    def _columns(self):
        return [
            self._column("open", self.env._("Open Opportunities")),
            self._column("expected", self.env._("Expected Revenue"), "monetary"),
            self._column("weighted", self.env._("Weighted Revenue"), "monetary"),
            self._column("won", self.env._("Won Opportunities")),
            self._column("won_revenue", self.env._("Won Revenue"), "monetary"),
            self._column("conversion", self.env._("Conversion"), "percentage"),
            self._column("gestiones", self.env._("Gestiones")),
            self._column("overdue", self.env._("Overdue Steps")),
            self._column("none", self.env._("Without Next Step")),
            self._column("objectives", self.env._("Objectives"), "percentage"),
        ]

    @api.model
    def _found(self, asked):
        """One query each, for all people at once.

        :return: dict of what is told -> dict user id -> what is found
        """
        pipeline = self.env["crm.dashboard.pipeline"]._open(asked)
        decided = self.env["crm.dashboard.conversion"]._decided(asked)
        gestiones = self._groups(
            "crm.gestion", self._logged(asked) & asked.of_people(), ["user_id"]
        )
        objectives = self.env["crm.dashboard.team.objectives"]._objectives(asked)
        return {
            "open": {
                user.id: group
                for user, group in self._folded(pipeline, 0, MONEY).items()
            },
            **{
                status: {
                    user.id: group
                    for (user, own), group in decided.items()
                    if own == status
                }
                for status in ("won", "lost")
            },
            "gestiones": {user.id: group for (user,), group in gestiones.items()},
            "steps": self.env["crm.dashboard.steps"]._by_user(asked),
            "objectives": {
                user.id: own
                for user, own in objectives.grouped("user_id").items()
                if user
            },
        }

    @api.model
    def _decided(self, asked, kinds):
        return DECIDED & Domain("won_status", "in", kinds) & asked.within("date_closed")

    @api.model
    def _logged(self, asked):
        return asked.within("date")

    @api.model
    def _seller(self, asked, whose, name, user_ids, found):
        """
        :param whose: Domain of what is theirs
        :param user_ids: list of ids, None for all who have something
        :return: dict, the row of a person, or of all of them
        """
        of = defaultdict(list)
        for what, by_user in found.items():
            ids = by_user if user_ids is None else user_ids
            of[what] = [by_user[user_id] for user_id in ids if user_id in by_user]
        pipeline = self._sum(of["open"], MONEY)
        won, lost = self._sum(of["won"], DONE), self._sum(of["lost"], DONE)
        columns = self._columns()
        titles = {column["name"]: f"{column['title']}, {name}" for column in columns}
        is_open = whose & OPEN
        is_won = whose & self._decided(asked, ["won"])
        decided = won["count"] + lost["count"]
        cells = {
            "open": self._number(
                False, "crm.lead", is_open, pipeline["count"], titles["open"]
            ),
            "expected": self._amount(False, is_open, pipeline, name=titles["expected"]),
            "weighted": self._amount(
                False, is_open, pipeline, "prorated_revenue", name=titles["weighted"]
            ),
            "won": self._number(False, "crm.lead", is_won, won["count"], titles["won"]),
            "won_revenue": self._amount(False, is_won, won, name=titles["won_revenue"]),
            "conversion": self._figure(
                won["count"] / decided if decided else None,
                "percentage",
                drill=self._drill(
                    "crm.lead",
                    whose & self._decided(asked, ["won", "lost"]),
                    titles["conversion"],
                    decided,
                ),
            ),
            "gestiones": self._number(
                False,
                "crm.gestion",
                whose & self._logged(asked),
                self._sum(of["gestiones"], ())["count"],
                titles["gestiones"],
            ),
            **self._undone(asked, whose, of["steps"], titles),
            "objectives": self._goals(of["objectives"], user_ids, titles),
        }
        return self._row(name, [cells[column["name"]] for column in columns])

    @api.model
    def _undone(self, asked, whose, steps, titles):
        """:return: dict of the figures of steps that are late or missing"""
        domains = self.env["crm.dashboard.steps"]._domains(asked)
        counts = {
            name: sum(step[name] for step in steps) for name in ("overdue", "none")
        }
        return {
            name: self._number(
                False,
                "crm.lead",
                whose & domains[name],
                count,
                titles[name],
                tone="danger" if count else False,
            )
            for name, count in counts.items()
        }

    @api.model
    def _goals(self, objectives, user_ids, titles):
        """:return: dict, the figure of how far somebody is on average; of all together
        the teams' objectives tell it"""
        if not objectives or user_ids is None:
            return self._figure(None, "percentage")
        [objectives] = objectives
        behind = "behind" in objectives.mapped("pace")
        return self._figure(
            sum(objectives.mapped("progress")) / len(objectives),
            "percentage",
            tone=TONES["behind" if behind else "on"],
            drill=self._drill(
                "crm.objective",
                Domain("id", "in", objectives.ids),
                titles["objectives"],
                len(objectives),
            ),
        )
