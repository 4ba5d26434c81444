from odoo import fields, models


class ProjectProject(models.Model):
    """A project may be an incident desk, or what an opportunity that was won led to."""

    _inherit = "project.project"

    crm_is_incident_desk = fields.Boolean(
        string="Incident Desk", help="The tasks of this project are incidents."
    )
    crm_target_ids = fields.One2many(
        comodel_name="crm.incident.target",
        inverse_name="desk_id",
        string="Targets",
    )
    crm_lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The opportunity that this project came from.",
    )
