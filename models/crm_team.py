from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

# What changes who answers for whom.
WATCHED = {"active", "parent_id", "user_id"}


class CrmTeam(models.Model):
    """Teams may be nested: who leads one sees the teams below it too."""

    _inherit = "crm.team"

    parent_id = fields.Many2one(
        comodel_name="crm.team",
        string="Team Above",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        help="Whoever leads that team sees and works what this one has.",
    )
    child_ids = fields.One2many(
        comodel_name="crm.team", inverse_name="parent_id", string="Teams Below"
    )
    crm_in_scope = fields.Boolean(
        string="In My Sales Scope",
        compute="_compute_crm_in_scope",
        search="_search_crm_in_scope",
        help="Whether the current user leads this team or one above; a director leads "
        "all.",
    )

    @api.depends("parent_id", "user_id")
    @api.depends_context("uid")
    def _compute_crm_in_scope(self):
        """Agrees with the search."""
        everything = self._crm_leads_all()
        led = self.env["res.users"]._crm_scope_team_ids()
        for team in self:
            team.crm_in_scope = everything or team._origin.id in led

    def _search_crm_in_scope(self, operator, value):
        if operator != "in":
            return NotImplemented
        if self._crm_leads_all():
            return Domain.TRUE
        return Domain("id", "in", list(self.env["res.users"]._crm_scope_team_ids()))

    @api.model
    def _crm_leads_all(self):
        return self.env.user.has_group("crm_gestion.group_sales_director")

    @api.constrains("parent_id")
    def _check_parent(self):
        if self._has_cycle():
            raise ValidationError(
                self.env._("A team is not below itself: choose another team above.")
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self.env["res.users"]._crm_drop_scopes()
        return teams

    def write(self, vals):
        res = super().write(vals)
        if WATCHED & vals.keys():
            self.env["res.users"]._crm_drop_scopes()
        return res

    def unlink(self):
        res = super().unlink()
        self.env["res.users"]._crm_drop_scopes()
        return res
