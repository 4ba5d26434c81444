from odoo import api, models


class CrmDashboardSeller(models.AbstractModel):
    """A seller's own work: what he promised, what he has open, what waits for him."""

    _name = "crm.dashboard.seller"
    _inherit = "crm.dashboard"
    _description = "My Dashboard"

    _group = "crm_gestion.group_seller"
    _parts = (
        "crm.dashboard.steps",
        "crm.dashboard.objectives",
        "crm.dashboard.conversion",
        "crm.dashboard.pipeline",
        "crm.dashboard.quiet",
    )

    @api.model
    def _title(self):
        return self.env._("My Dashboard")

    @api.model
    def _of_whom(self):
        return self.env.user.name

    @api.model
    def _everybody(self):
        return (self.env.uid,)
