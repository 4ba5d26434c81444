from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain


class ProjectProject(models.Model):
    """A project may be an incident desk, or what an opportunity that was won led to."""

    _inherit = "project.project"

    crm_is_incident_desk = fields.Boolean(
        string="Incident Desk", help="The tasks of this project are incidents."
    )
    crm_target_ids = fields.One2many(
        comodel_name="crm.incident.target",
        inverse_name="desk_id",
        string="Incident Targets",
    )
    crm_lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="sales_team.group_sale_salesman",
        help="The opportunity that this project came from.",
    )
    # who reads a desk does not read the key to its customers' page: ``crm.incident``
    access_token = fields.Char(prefetch=False)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        projects = super().create(vals_list)
        projects._crm_check_lead()
        if any(vals.get("crm_is_incident_desk") for vals in vals_list):
            projects._crm_open_desk()
        projects._crm_follow_order()
        return projects

    def write(self, vals):
        is_desk = "crm_is_incident_desk" in vals
        tasks = self._crm_tasks() if is_desk else self.env["project.task"]
        before = self.env["crm.incident"]._snapshot(tasks)
        res = super().write(vals)
        if "crm_lead_id" in vals:
            self._crm_check_lead()
        if is_desk:
            # their tasks become incidents, or cease to be
            self._crm_open_desk()
            self.env["crm.incident"]._follow(tasks, before)
        if vals.keys() & {"reinvoiced_sale_order_id", "sale_line_id"}:
            self._crm_follow_order()
        return res

    # === INCIDENT DESKS === #

    def _has_field_access(self, field, operation):
        if not super()._has_field_access(field, operation):
            return False
        if operation == "read" and field.name == "access_token":
            Incident = self.env["crm.incident"]
            return Incident._may_read_key(self, "crm_is_incident_desk")
        return True

    def _sign_token(self, pid):
        # sudo: the link goes to the customer, and not to who writes
        return super(ProjectProject, self.sudo())._sign_token(pid)

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

    # === PROJECTS OF SALES === #

    def _crm_check_lead(self):
        """Who names an opportunity reads its name here: he must be one to read it."""
        # sudo: which they are; whether he reads them is asked as himself
        leads = self.sudo().crm_lead_id.sudo(self.env.su)
        if leads:
            leads.check_access("read")

    def _crm_follow_order(self):
        """A project of an order is of the order's opportunity, whoever made it; one
        that somebody chose stays."""
        # sudo: orders and opportunities are linked by themselves, nobody is shown them
        for project in self.sudo().filtered(lambda project: not project.crm_lead_id):
            order = project.reinvoiced_sale_order_id or project.sale_order_id
            if order.opportunity_id:
                project.crm_lead_id = order.opportunity_id

    @api.model
    def _crm_shown_domain(self):
        """:return: domain of what a seller calls projects"""
        return Domain("is_template", "=", False) & Domain(
            "crm_is_incident_desk", "=", False
        )

    def _crm_readable(self):
        """:return: one of these projects, that the user may open"""
        readable = self.sudo(False)._filtered_access("read")
        if not readable:
            raise UserError(
                self.env._(
                    "There is a project already, which is not shared with you: ask its "
                    "project manager, or make an additional one if you need it."
                )
            )
        return readable[:1]

    def _crm_open(self):
        """:return: action that shows these projects to a seller"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_project_action"
        )
        action["context"] = {"create": False}
        if len(self) == 1:
            views = [view for view in action["views"] if view[1] == "form"]
            return {**action, "views": views, "res_id": self.id}
        return {**action, "domain": [("id", "in", self.ids)]}
