from odoo import api, fields, models
from odoo.fields import Domain

from .crm_incident import WATCHED

SEVERITIES = [
    ("0_low", "Low"),
    ("1_normal", "Normal"),
    ("2_high", "High"),
    ("3_critical", "Critical"),
]
PHASES = [
    ("new", "New"),
    ("working", "In Progress"),
    ("waiting", "Waiting for the Customer"),
    ("solved", "Solved"),
    ("cancelled", "Called Off"),
]


# What the clock, the sequence and computations write, and nobody else.
KEPT = {
    "crm_answer_date",
    "crm_answer_deadline",
    "crm_answer_hours",
    "crm_answer_outcome",
    "crm_deadline",
    "crm_is_incident",
    "crm_number",
    "crm_passage_ids",
    "crm_phase",
    "crm_reopen_count",
    "crm_solution_date",
    "crm_solution_deadline",
    "crm_solution_hours",
    "crm_solution_outcome",
}
# What a customer reads of his incidents.
SHOWN_TO_CUSTOMERS = {
    "crm_channel",
    "crm_is_incident",
    "crm_number",
    "crm_phase",
    "crm_severity",
    "crm_solution_date",
    "crm_type_id",
}


class ProjectTask(models.Model):
    """A task of an incident desk is an incident of a customer.

    Seam: fields and hooks; what incidents do is in ``crm.incident``,
    ``crm.incident.opening``, ``crm.incident.clock``, ``crm.incident.passage`` and
    ``crm.incident.mail``. Any other task is as Odoo made it.
    """

    _name = "project.task"
    _inherit = [
        "crm.incident.outcome.mixin",
        "crm.incident.screen.mixin",
        "project.task",
    ]
    _rec_names_search = ["name", "crm_number"]

    crm_is_incident = fields.Boolean(
        string="Incident",
        compute="_compute_crm_is_incident",
        store=True,
        help="Whether its project is an incident desk.",
    )
    crm_number = fields.Char(
        string="Incident Number", readonly=True, copy=False, index="trigram"
    )
    crm_organization_id = fields.Many2one(
        comodel_name="res.partner",
        string="Organization",
        compute="_compute_crm_organization_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    crm_partner_email = fields.Char(related="partner_id.email", string="E-mail")
    crm_lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The opportunity that an incident is about.",
    )
    crm_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Order",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The order that an incident is about.",
    )
    crm_gestion_id = fields.Many2one(
        comodel_name="crm.gestion",
        string="Told in",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The interaction in which the customer told of it.",
    )
    crm_type_id = fields.Many2one(
        comodel_name="crm.incident.type", string="Incident Type", ondelete="restrict"
    )
    crm_severity = fields.Selection(
        selection=SEVERITIES,
        string="Severity",
        tracking=True,
    )
    crm_channel = fields.Selection(
        selection=[
            ("phone", "Phone"),
            ("email", "E-mail"),
            ("visit", "Visit or meeting"),
            ("chat", "Chat message"),
            ("portal", "Customer portal"),
            ("internal", "Noticed by ourselves"),
        ],
        string="Channel",
    )
    crm_phase = fields.Selection(
        selection=PHASES,
        string="Phase",
        compute="_compute_crm_phase",
        store=True,
    )
    crm_passage_ids = fields.One2many(
        comodel_name="crm.incident.passage", inverse_name="task_id", string="History"
    )
    crm_answer_deadline = fields.Datetime(
        string="Answer until", readonly=True, copy=False
    )
    crm_answer_date = fields.Datetime(string="Answered on", readonly=True, copy=False)
    crm_answer_hours = fields.Float(
        string="Hours to First Answer", readonly=True, copy=False, aggregator="avg"
    )
    crm_solution_deadline = fields.Datetime(
        string="Solve until", readonly=True, copy=False
    )
    crm_solution_date = fields.Datetime(string="Solved on", readonly=True, copy=False)
    crm_solution_hours = fields.Float(
        string="Hours to Solution", readonly=True, copy=False, aggregator="avg"
    )
    crm_reopen_count = fields.Integer(string="Opened Again", readonly=True, copy=False)
    crm_deadline = fields.Datetime(
        string="Next Target",
        compute="_compute_crm_deadline",
        store=True,
        index="btree_not_null",
        help="Until when it is to be answered or solved, whichever comes first; empty "
        "while it waits for the customer.",
    )
    crm_may_handle = fields.Boolean(
        string="May Handle", compute="_compute_crm_may_handle"
    )
    crm_in_scope = fields.Boolean(
        string="In My Sales Scope",
        compute="_compute_crm_in_scope",
        search="_search_crm_in_scope",
    )
    # who reads an incident does not read the key to its customer's page by the way: see
    # ``crm.incident``
    access_token = fields.Char(prefetch=False)

    _crm_number_unique = models.UniqueIndex(
        "(COALESCE(company_id, 0), crm_number) WHERE crm_number IS NOT NULL",
        "There is an incident with this number already.",
    )
    # Persons without an organization whose incidents a seller reads.
    _crm_partner_idx = models.Index("(partner_id) WHERE crm_is_incident IS TRUE")

    # === COMPUTE METHODS === #

    @api.model
    def _crm_severities(self):
        """:return: pairs of key and label, in the user's language"""
        return self._fields["crm_severity"]._description_selection(self.env)

    @api.model
    def _crm_phases(self):
        """:return: pairs of key and label, in the user's language"""
        return self._fields["crm_phase"]._description_selection(self.env)

    @api.depends("crm_number")
    def _compute_display_name(self):
        res = super()._compute_display_name()
        for task in self:
            if task.crm_number and task.crm_is_incident:
                task.display_name = f"{task.crm_number} {task.display_name}"
        return res

    def _inverse_display_name(self):
        """The number is no part of the title that somebody typed."""
        for task in self:
            if task.crm_number and task.display_name:
                name = task.display_name.removeprefix(task.crm_number).strip()
                task.display_name = name
        return super()._inverse_display_name()

    @api.depends("project_id.crm_is_incident_desk", "parent_id", "is_template")
    def _compute_crm_is_incident(self):
        for task in self:
            alone = not task.parent_id and not task.is_template
            task.crm_is_incident = alone and task.project_id.crm_is_incident_desk

    def _compute_partner_id(self):
        """Odoo drops the customer where a task comes into a project that is not billed:
        an incident keeps its own."""
        incidents = self.filtered(lambda task: task.crm_is_incident and task.partner_id)
        return super(ProjectTask, self - incidents)._compute_partner_id()

    @api.depends("partner_id", "crm_is_incident")
    def _compute_crm_organization_id(self):
        """A contact's later change of employer rewrites nothing."""
        for task in self:
            company = task.partner_id.commercial_partner_id
            if not task.crm_is_incident or not company.is_company:
                task.crm_organization_id = False
            elif task.crm_organization_id != company:
                task.crm_organization_id = company

    @api.depends("stage_id.crm_phase", "state", "crm_is_incident")
    def _compute_crm_phase(self):
        for task in self:
            task.crm_phase = task.crm_is_incident and (task.stage_id.crm_phase or "new")

    @api.depends(
        "crm_phase",
        "crm_answer_date",
        "crm_answer_deadline",
        "crm_solution_deadline",
    )
    def _compute_crm_deadline(self):
        for task in self:
            runs = []
            if task.crm_phase in ("new", "working"):
                runs.append(task.crm_solution_deadline)
                if not task.crm_answer_date:
                    runs.append(task.crm_answer_deadline)
            task.crm_deadline = min(filter(None, runs), default=False)

    @api.depends_context("uid")
    @api.depends("user_ids", "crm_is_incident")
    def _compute_crm_may_handle(self):
        mine = self.env["crm.incident"]._may_handle(self._origin)
        for task in self:
            task.crm_may_handle = task._origin in mine

    @api.depends("crm_is_incident", "crm_organization_id", "partner_id", "user_ids")
    @api.depends_context("uid")
    def _compute_crm_in_scope(self):
        # sudo: as in the search, whoever asks
        incidents = self.filtered(lambda task: task.sudo().crm_is_incident)
        readable = self.env["crm.history"]._readable(incidents)
        for task in self:
            task.crm_in_scope = task in readable

    def _search_crm_in_scope(self, operator, value):
        """Incidents of my people and of their accounts; never another task."""
        if operator != "in":
            return NotImplemented
        incidents = Domain("crm_is_incident", "=", True)
        return incidents & self.env["crm.history"]._domain(self._name)

    @api.constrains(
        "crm_lead_id", "crm_order_id", "crm_organization_id", "crm_is_incident"
    )
    def _check_crm_same_customer(self):
        # sudo: a constraint looks at what was written, whoever wrote it
        incidents = self.sudo().filtered("crm_is_incident")
        self.env["crm.incident.opening"]._check_same_customer(incidents)

    # === WHO MAY === #

    @property
    def TASK_PORTAL_READABLE_FIELDS(self):
        return super().TASK_PORTAL_READABLE_FIELDS | SHOWN_TO_CUSTOMERS

    def _has_field_access(self, field, operation):
        """What the clock and the sequence write is for nobody else to write; the key to
        the customer's page is for who may answer him."""
        if not super()._has_field_access(field, operation):
            return False
        if operation == "write" and field.name in KEPT:
            return self.env.su
        if operation == "read" and field.name == "access_token":
            return self.env["crm.incident"]._may_read_key(self, "crm_is_incident")
        return True

    def _sign_token(self, pid):
        """Whoever makes Odoo write to the customer puts his link into the e-mail."""
        # sudo: the link goes to the customer, and not to who writes
        return super(ProjectTask, self.sudo())._sign_token(pid)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        tasks = super().create(vals_list)
        self.env["crm.incident.opening"]._check_named(tasks)
        if any(task.crm_is_incident for task in tasks.sudo()):
            self.env["crm.incident"]._follow(tasks, {})
        return tasks

    def write(self, vals):
        if WATCHED.isdisjoint(vals):
            res = super().write(vals)
            self.env["crm.incident.opening"]._check_named(self, vals)
            return res
        Incident = self.env["crm.incident"]
        before = Incident._snapshot(self)
        by_state = "state" in vals and "stage_id" not in vals
        res = super().write(vals)
        self.env["crm.incident.opening"]._check_named(self, vals)
        Incident._follow(self, before, by_state)
        return res

    def _crm_fill(self, vals):
        """Write what an incident has by being one, and what its clock says. It is no
        news for followers, and nothing that writing a task sets off, one by one, is
        about it."""
        return models.BaseModel.write(self, vals)

    # === MAIL === #

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        task = super().message_new(msg_dict, custom_values)
        self.env["crm.incident.mail"]._arrived(task)
        return task

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        if self.env["crm.incident.import"]._is_bringing():
            return True
        return super().message_subscribe(partner_ids, subtype_ids)

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        self.env["crm.incident.mail"]._heard(
            self, message, recipients, kwargs.get("scheduled_date")
        )
        return recipients

    # === ACTION METHODS === #

    def action_crm_start(self):
        self.env["crm.incident"]._move(self, "working")

    def action_crm_wait(self):
        self.env["crm.incident"]._move(self, "waiting")

    def action_crm_solve(self):
        self.env["crm.incident"]._move(self, "solved")

    def action_crm_reopen(self):
        self.env["crm.incident"]._reopen(self)

    def action_crm_cancel(self):
        self.env["crm.incident"]._move(self, "cancelled")
