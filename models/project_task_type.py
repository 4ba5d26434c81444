from odoo import fields, models


class ProjectTaskType(models.Model):
    """A stage of a desk says in which phase its incidents are; the clock of a target
    stands still while they wait for the customer."""

    _inherit = "project.task.type"

    crm_phase = fields.Selection(
        selection=lambda self: self.env["project.task"]._crm_phases(),
        string="Phase of Incidents",
    )
