from odoo import api, fields, models


class ProjectTaskType(models.Model):
    """A stage of a desk says in which phase its incidents are; the clock of a target
    stands still while they wait for the customer."""

    _inherit = "project.task.type"

    crm_phase = fields.Selection(
        selection=lambda self: self.env["project.task"]._crm_phases(),
        string="Phase of Incidents",
    )

    @api.model
    def _crm_delivered(self):
        """:return: a stage for each phase, as delivered; made anew where somebody
        deleted it"""
        # sudo: who makes a desk may be no administrator of projects' stages
        stages = self.sudo()
        for phase, label in self.env["project.task"]._crm_phases():
            xmlid = f"crm_gestion.incident_stage_{phase}"
            stages |= self.env.ref(xmlid, raise_if_not_found=False) or stages.create(
                {"name": label, "crm_phase": phase, "user_id": False}
            )
        return stages

    def write(self, vals):
        """Incidents follow a stage into another phase."""
        if "crm_phase" not in vals:
            return super().write(vals)
        # sudo: who may change a stage decides what it means
        tasks = self.env["project.task"].sudo().with_context(active_test=False)
        incidents = tasks.search(
            [("stage_id", "in", self.ids), ("crm_is_incident", "=", True)]
        )
        before = self.env["crm.incident"]._snapshot(incidents)
        res = super().write(vals)
        self.env["crm.incident"]._follow(incidents, before)
        return res
