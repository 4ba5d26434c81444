from odoo import api, fields, models

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
    ("cancelled", "Cancelled"),
]


class ProjectTask(models.Model):
    """A task of an incident desk is an incident of a customer.

    Seam: fields and hooks; what incidents do is in ``crm.incident``,
    ``crm.incident.clock`` and ``crm.incident.passage``.
    """

    _name = "project.task"
    _inherit = ["crm.incident.screen.mixin", "project.task"]

    crm_is_incident = fields.Boolean(
        string="Incident",
        compute="_compute_crm_is_incident",
        store=True,
        help="Whether its project is an incident desk.",
    )
    crm_number = fields.Char(string="Number", readonly=True, copy=False)
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
        selection=lambda self: self._crm_severities(), string="Severity"
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
        selection=lambda self: self._crm_phases(),
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

    @api.model
    def _crm_severities(self):
        return SEVERITIES

    @api.model
    def _crm_phases(self):
        return PHASES

    @api.depends("project_id.crm_is_incident_desk")
    def _compute_crm_is_incident(self):
        for task in self:
            task.crm_is_incident = task.project_id.crm_is_incident_desk

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
