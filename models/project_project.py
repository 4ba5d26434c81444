from odoo import api, fields, models
from odoo.fields import Command


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
    # who reads a desk does not read the key to its customers' page: ``crm.incident``
    access_token = fields.Char(prefetch=False)

    # === INCIDENT DESKS === #

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if operation == "read" and field.name == "access_token":
            desks = self.sudo().filtered("crm_is_incident_desk").with_env(self.env)
            return self.env["crm.incident"]._may_read_key(desks)
        return True

    def _sign_token(self, pid):
        # sudo: the link goes to the customer, and not to who writes
        return super(ProjectProject, self.sudo())._sign_token(pid)

    @api.model_create_multi
    def create(self, vals_list):
        projects = super().create(vals_list)
        if any(vals.get("crm_is_incident_desk") for vals in vals_list):
            projects._crm_open_desk()
        return projects

    def write(self, vals):
        if "crm_is_incident_desk" not in vals:
            return super().write(vals)
        tasks = self._crm_tasks()
        before = self.env["crm.incident"]._snapshot(tasks)
        res = super().write(vals)
        self._crm_open_desk()
        self.env["crm.incident"]._follow(tasks, before)
        return res

    def _crm_tasks(self):
        # sudo: who may change a project decides what its tasks are
        tasks = self.env["project.task"].sudo().with_context(active_test=False)
        return tasks.search([("project_id", "in", self.ids)], order="id")

    def _crm_open_desk(self):
        """A desk needs stages that say in which phase an incident is: it gets the
        delivered ones where it has none."""
        for desk in self.filtered("crm_is_incident_desk"):
            if not any(desk.type_ids.mapped("crm_phase")):
                stages = self.env["project.task.type"]._crm_delivered()
                desk.write({"type_ids": [Command.link(stage.id) for stage in stages]})

    def _crm_stage(self, phase):
        """:return: the first stage of this desk in a phase; empty without one"""
        self.ensure_one()
        return self.type_ids.filtered(lambda stage: stage.crm_phase == phase).sorted()[
            :1
        ]
