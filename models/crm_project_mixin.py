from odoo import api, fields, models


class CrmProjectMixin(models.AbstractModel):
    """What has projects, in the eyes of who sells: organizations and contacts,
    opportunities, orders. ``crm.project.notice`` says which ones a user is shown."""

    _name = "crm.project.mixin"
    _description = "Projects of What Is Sold"

    crm_project_count = fields.Integer(
        string="Projects I May Open",
        compute="_compute_crm_projects",
        groups="crm_gestion.group_seller",
    )
    crm_project_note = fields.Char(
        string="Projects Not Shared with Me",
        compute="_compute_crm_projects",
        groups="crm_gestion.group_seller",
        help="How they are getting on, and whom to ask: you may not open them.",
    )

    @api.depends_context("uid", "allowed_company_ids", "lang")
    def _compute_crm_projects(self):
        Notice = self.env["crm.project.notice"]
        none = self.env["project.project"]
        found = Notice._of(self)
        for record in self:
            readable, hidden = found.get(record._origin.id, (none, none))
            record.crm_project_count = len(readable)
            record.crm_project_note = Notice._note(hidden) or False

    @api.readonly
    def action_crm_projects(self):
        """Open the projects of these records that the user reads."""
        found = self.env["crm.project.notice"]._of(self).values()
        projects = self.env["project.project"].union(*(own for own, _hidden in found))
        return projects._crm_open()
