from odoo import api, models


class CrmDashboardDirector(models.AbstractModel):
    """What a sales director looks at on Monday: where the company stands, what is at
    risk, what waits for a decision of his."""

    _name = "crm.dashboard.director"
    _inherit = "crm.dashboard"
    _description = "Sales Dashboard"

    _group = "crm_gestion.group_sales_director"
    _parts = (
        "crm.dashboard.pipeline",
        "crm.dashboard.risk",
        "crm.dashboard.forecast",
        "crm.dashboard.movement",
        "crm.dashboard.conversion",
        "crm.dashboard.closures",
        "crm.dashboard.origination",
        "crm.dashboard.campaign",
        "crm.dashboard.standby",
        "crm.dashboard.skipped",
        "crm.dashboard.export",
        "crm.dashboard.absence",
    )

    @api.model
    def _title(self):
        return self.env._("Sales Dashboard")

    @api.model
    def _of_whom(self):
        return self.env.company.name

    @api.model
    def _everybody(self):
        return None

    @api.model
    def _teams(self):
        companies = [*self.env.companies.ids, False]
        return self.env["crm.team"].search([("company_id", "in", companies)])

    @api.model
    def _users(self):
        return self._members(self._teams().ids).filtered("active").sorted("name")
