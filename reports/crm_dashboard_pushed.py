from odoo import api, models
from odoo.fields import Domain

from .crm_dashboard_part import OPEN

TIMES = 3


class CrmDashboardPushed(models.AbstractModel):
    """What was to close soon again and again."""

    _name = "crm.dashboard.pushed"
    _inherit = "crm.dashboard.leads"
    _description = "Pushed Opportunities of a Dashboard"

    @api.model
    def _sections(self, asked):
        return [
            self._worst(
                asked,
                "pushed",
                self.env._("Pushed Again and Again"),
                asked.of_people() & OPEN & Domain("push_count", ">=", TIMES),
                "push_count desc, id",
                [
                    (
                        self._column("pushed", self.env._("Times Pushed")),
                        lambda lead: lead.push_count,
                    ),
                    (
                        self._column("closing", self.env._("Expected Closing"), "date"),
                        lambda lead: lead.date_deadline or None,
                    ),
                ],
                help=self.env._(
                    "Open opportunities whose expected closing date was moved to a "
                    "later one three times or more."
                ),
                empty=self.env._("Nothing was pushed three times."),
            )
        ]
