from odoo import api, models
from odoo.fields import Domain

from .crm_dashboard_part import OPEN

MONEY = ("expected_revenue",)


class CrmDashboardLate(models.AbstractModel):
    """What is open after the day on which it was to close, by salesperson."""

    _name = "crm.dashboard.late"
    _inherit = "crm.dashboard.part"
    _description = "Overdue Closing Dates of a Dashboard"

    @api.model
    def _sections(self, asked):
        title = self.env._("Overdue Closing Dates")
        late = OPEN & Domain("date_deadline", "<", asked.today)
        domain = asked.of_people() & late
        groups = {
            user.id: group
            for (user,), group in self._groups(
                "crm.lead", domain, ["user_id"], money=MONEY
            ).items()
        }
        people = self._people(asked, *groups)
        total = self._sum(groups.values(), MONEY)
        return [
            self._section(
                "late",
                title,
                "table",
                help=self.env._("Open opportunities that were to close before today."),
                empty=self.env._("No closing date is overdue."),
                columns=[
                    self._column("count", self.env._("Opportunities")),
                    self._column("amount", self.env._("Expected Revenue"), "monetary"),
                ],
                rows=[
                    self._late(name, late & Domain("user_id", "=", user_id), group)
                    for user_id, name in people.items()
                    if (group := groups.get(user_id))
                ],
                total=bool(groups) and self._late(self.env._("Total"), domain, total),
                drill=self._drill("crm.lead", domain, title, total["count"]),
            )
        ]

    @api.model
    def _late(self, name, domain, group):
        return self._row(
            name,
            [
                self._number(False, "crm.lead", domain, group["count"], name),
                self._amount(False, domain, group, name=name),
            ],
        )
