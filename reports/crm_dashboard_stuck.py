from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .crm_dashboard_part import OPEN


class CrmDashboardStuck(models.AbstractModel):
    """What has been in its stage for longer than the stage allows: Odoo calls it
    rotting. Its own search looks through the opportunities of everybody; this one
    through those of the people who are asked for, and finds the same of them."""

    _name = "crm.dashboard.stuck"
    _inherit = "crm.dashboard.leads"
    _description = "Stuck Opportunities of a Dashboard"

    @api.model
    def _sections(self, asked):
        now = fields.Datetime.now()
        stages = self.env["crm.stage"].search([("rotting_threshold_days", ">", 0)])
        since = "date_last_stage_update"
        late = Domain.OR(
            Domain("stage_id", "=", stage.id)
            & Domain(since, "<=", now - timedelta(days=stage.rotting_threshold_days))
            for stage in stages
        )
        empty = self.env._("Nothing is stuck.")
        if not stages:
            empty = self.env._(
                "Say in the stages after how many days an opportunity is stuck."
            )
        return [
            self._worst(
                asked,
                "stuck",
                self.env._("Stuck Opportunities"),
                asked.of_people() & OPEN & late,
                f"{since}, id",
                [
                    (
                        self._column("stage", self.env._("Stage"), "text"),
                        lambda lead: lead.stage_id.name,
                    ),
                    (
                        self._column("days", self.env._("Days There")),
                        lambda lead: (now - lead[since]).days,
                    ),
                ],
                help=self.env._("Longer in their stage than the stage allows."),
                empty=empty,
            )
        ]
