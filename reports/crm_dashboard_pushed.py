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
        words = self.env._
        return [
            self._worst(
                asked,
                "pushed",
                words("Pushed Again and Again"),
                asked.of_people() & OPEN & Domain("push_count", ">=", TIMES),
                "push_count desc, id",
                [
                    (
                        self._column("pushed", words("Times Pushed")),
                        lambda lead: lead.push_count,
                    ),
                    (
                        self._column("closing", words("Expected Closing"), "date"),
                        lambda lead: lead.date_deadline or None,
                    ),
                ],
                help=words(
                    "Open opportunities whose expected closing date was moved to a "
                    "later one three times or more."
                ),
                empty=words("Nothing was pushed three times."),
            )
        ]
