from odoo import api, models


class CrmDashboardHead(models.AbstractModel):
    """The work of the people whom a head of sales leads, together and side by side."""

    _name = "crm.dashboard.head"
    _inherit = "crm.dashboard"
    _description = "Team Dashboard"

    _group = "crm_gestion.group_sales_head"
    _parts = (
        "crm.dashboard.steps",
        "crm.dashboard.team.objectives",
        "crm.dashboard.conversion",
        "crm.dashboard.sellers",
        "crm.dashboard.pipeline",
        "crm.dashboard.movement",
        "crm.dashboard.closures",
        "crm.dashboard.late",
        "crm.dashboard.workload",
        "crm.dashboard.stuck",
        "crm.dashboard.pushed",
        "crm.dashboard.quiet",
    )

    @api.model
    def _title(self):
        return self.env._("Team Dashboard")

    @api.model
    def _of_whom(self):
        return self.env._("My teams")

    @api.model
    def _everybody(self):
        return tuple(sorted({self.env.uid, *self._members(self._teams().ids).ids}))

    @api.model
    def _teams(self):
        return self.env["crm.team"].search([("crm_in_scope", "=", True)])

    @api.model
    def _users(self):
        return self.env["res.users"].search([("id", "in", self._everybody())])
