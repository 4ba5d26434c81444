from odoo import fields, models


class CrmProjectCreateRole(models.TransientModel):
    """Who gets the tasks of a role of the template."""

    _name = "crm.project.create.role"
    _description = "Role in the Project to Create"

    wizard_id = fields.Many2one(
        comodel_name="crm.project.create",
        required=True,
        ondelete="cascade",
        index=True,
    )
    role_id = fields.Many2one(
        comodel_name="project.role", required=True, ondelete="cascade"
    )
    user_ids = fields.Many2many(
        comodel_name="res.users",
        string="Assignees",
        domain="[('share', '=', False)]",
    )
