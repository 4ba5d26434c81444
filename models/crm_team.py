from odoo import api, fields, models
from odoo.fields import Domain


class CrmTeam(models.Model):
    _inherit = "crm.team"

    crm_in_scope = fields.Boolean(
        string="In My Sales Scope",
        compute="_compute_crm_in_scope",
        search="_search_crm_in_scope",
        help="Whether the current user leads this team; a director leads all.",
    )

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_crm_in_scope(self):
        """Agrees with the search."""
        everything = self._crm_leads_all()
        for team in self:
            team.crm_in_scope = everything or team.user_id == self.env.user

    def _search_crm_in_scope(self, operator, value):
        if operator != "in":
            return NotImplemented
        own = Domain("user_id", "=", self.env.uid)
        return Domain.TRUE if self._crm_leads_all() else own

    @api.model
    def _crm_leads_all(self):
        return self.env.user.has_group("crm_gestion.group_sales_director")
