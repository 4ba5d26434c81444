from odoo import api, models
from odoo.fields import Domain

from .crm_dashboard_part import OPEN

# Who is an account of his own: an organization, or a person without one.
ACCOUNT = (Domain("is_company", "=", True) | Domain("parent_id", "=", False)) & Domain(
    "account_status", "!=", False
)


class CrmDashboardWorkload(models.AbstractModel):
    """How much each has to do, and on whose opportunities nobody does anything."""

    _name = "crm.dashboard.workload"
    _inherit = "crm.dashboard.part"
    _description = "Workload of a Dashboard"

    @api.model
    def _sections(self, asked):
        steps = self.env["crm.dashboard.steps"]
        domains, planned = steps._domains(asked), steps._by_user(asked)
        soon, none, is_open = (
            {user_id: counts[name] for user_id, counts in planned.items()}
            for name in ("soon", "none", "open")
        )
        groups = self._groups("res.partner", asked.of_people() & ACCOUNT, ["user_id"])
        accounts = {user.id: group["count"] for (user,), group in groups.items()}
        people = self._people(asked, *is_open, *accounts)
        without = {
            user_id: name for user_id, name in people.items() if none.get(user_id)
        }
        return [
            self._bars(
                "without_step",
                self.env._("Who Has No Next Steps"),
                dict(sorted(without.items(), key=lambda row: -none[row[0]])),
                [
                    (
                        self.env._("Without Next Step"),
                        "crm.lead",
                        domains["none"],
                        none,
                        "danger",
                    )
                ],
                self.env._("Something is planned on every open opportunity."),
                self.env._("Open opportunities on which nothing is planned."),
            ),
            self._bars(
                "workload",
                self.env._("Workload"),
                people,
                [
                    (
                        self.env._("Open Opportunities"),
                        "crm.lead",
                        OPEN,
                        is_open,
                        False,
                    ),
                    (
                        self.env._("Next Step within 7 Days"),
                        "crm.lead",
                        domains["soon"],
                        soon,
                        False,
                    ),
                    (self.env._("Accounts"), "res.partner", ACCOUNT, accounts, False),
                ],
                self.env._("Nobody has anything to do."),
                self.env._(
                    "What is open, how much of it has its next step today or in the "
                    "six days after, and the accounts of each."
                ),
            ),
        ]

    @api.model
    def _bars(self, key, title, people, series, empty, help_):
        """
        :param dict people: id -> name
        :param series: list of name, model, Domain, dict user id -> number, tone
        :return: dict, a section
        """
        return self._section(
            key,
            title,
            "bars",
            help=help_,
            empty=empty,
            horizontal=True,
            stacked=False,
            labels=list(people.values()),
            series=[
                {
                    "name": name,
                    "tone": tone,
                    "points": [
                        self._number(
                            False,
                            model,
                            Domain("user_id", "=", user_id) & domain,
                            counts.get(user_id, 0),
                            f"{name}, {person}",
                        )
                        for user_id, person in people.items()
                    ],
                }
                for name, model, domain, counts, tone in series
            ],
        )
