from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools.misc import clean_context

from ..models.crm_project_maker import SHARED


class CrmProjectCreate(models.TransientModel):
    """Asks for the project of an opportunity that was won, or of a confirmed order, and
    shows it. Where there is one already, that one is opened; an additional one is made
    where somebody asks for it by name.

    ``crm.project.maker`` makes it, once for each of these dialogs.
    """

    _name = "crm.project.create"
    _description = "Create Project"

    lead_id = fields.Many2one(
        comodel_name="crm.lead", string="Opportunity", readonly=True
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        compute="_compute_order_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('opportunity_id', '=', lead_id), ('state', '=', 'sale')]",
    )
    source_company_id = fields.Many2one(
        comodel_name="res.company",
        string="Company",
        compute="_compute_source_company_id",
    )
    purpose = fields.Selection(
        selection=[
            ("open", "Open the project that is there"),
            ("additional", "Create an additional project"),
        ],
        string="What to Do",
        compute="_compute_purpose",
        store=True,
        readonly=False,
        precompute=True,
    )
    known_project_ids = fields.Many2many(
        comodel_name="project.project",
        string="Projects Already There",
        compute="_compute_known_projects",
    )
    known_note = fields.Char(
        string="Not Shared with Me", compute="_compute_known_projects"
    )
    newest_project = fields.Integer(
        compute="_compute_purpose", store=True, readonly=False, precompute=True
    )
    name = fields.Char(
        compute="_compute_name", store=True, readonly=False, precompute=True
    )
    template_id = fields.Many2one(
        comodel_name="project.project",
        string="Project Template",
        domain="[('is_template', '=', True), '|', ('company_id', '=', False), "
        "('company_id', 'in', "
        "[source_company_id] if source_company_id else allowed_company_ids)]",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Project Manager",
        domain="[('share', '=', False)]",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
    )
    privacy_visibility = fields.Selection(
        selection=lambda self: (
            self.env["project.project"]
            ._fields["privacy_visibility"]
            ._description_selection(self.env)
        ),
        string="Visibility",
        compute="_compute_from_template",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    date_start = fields.Date(string="Start Date")
    date = fields.Date(string="Expiration Date")
    contact_id = fields.Many2one(
        comodel_name="res.partner", compute="_compute_contact_id"
    )
    invite = fields.Boolean(
        string="Invite the Customer",
        help="He follows the project and finds it in his portal.",
    )
    may_invite = fields.Boolean(compute="_compute_may_invite")
    has_portal = fields.Boolean(compute="_compute_contact_id")
    role_ids = fields.One2many(
        comodel_name="crm.project.create.role",
        inverse_name="wizard_id",
        string="Who Does What",
        compute="_compute_role_ids",
        store=True,
        readonly=False,
    )
    project_id = fields.Many2one(
        comodel_name="project.project", string="Created Project", readonly=True
    )

    # === COMPUTE METHODS === #

    @api.depends("lead_id")
    def _compute_order_id(self):
        for wizard in self:
            if wizard.lead_id:
                orders = self.env["sale.order"]._confirmed_of(wizard.lead_id._origin)
                # stored fields are computed as superuser: the user has his own
                readable = orders.sudo(False)._filtered_access("write")
                wizard.order_id = readable.filtered(lambda o: o.state == "sale")[:1]
            else:
                wizard.order_id = wizard.order_id

    @api.depends("lead_id", "order_id")
    def _compute_source_company_id(self):
        for wizard in self:
            company = wizard.order_id.company_id or wizard.lead_id.company_id
            wizard.source_company_id = company

    @api.depends("lead_id", "order_id")
    def _compute_known_projects(self):
        Notice = self.env["crm.project.notice"]
        for wizard in self:
            source = wizard._source()
            readable, hidden = Notice._of(source).get(source.id, (False, False))
            wizard.known_project_ids = readable
            wizard.known_note = hidden and Notice._note(hidden)

    @api.depends("lead_id", "order_id")
    def _compute_purpose(self):
        Maker = self.env["crm.project.maker"]
        for wizard in self:
            lead = wizard._readable(wizard.lead_id)
            existing = Maker._existing(lead, wizard._asked_order())
            wizard.purpose = existing and "open"
            wizard.newest_project = max(existing.ids, default=0)

    @api.depends("lead_id", "order_id")
    def _compute_name(self):
        for wizard in self:
            lead = wizard._readable(wizard.lead_id)
            order = wizard._readable(wizard.order_id)
            customer = order.partner_id or lead._crm_customer()
            names = [customer.commercial_partner_id.name, lead.name or order.name]
            wizard.name = " - ".join(filter(None, names))

    @api.depends("template_id")
    def _compute_from_template(self):
        default = self.env["project.project"].default_get(["privacy_visibility"])
        for wizard in self:
            template = wizard.template_id
            wizard.user_id = template.user_id or self.env.user
            wizard.privacy_visibility = (
                template.privacy_visibility or default["privacy_visibility"]
            )

    @api.depends("lead_id", "order_id")
    def _compute_contact_id(self):
        for wizard in self:
            contact = wizard.lead_id.partner_id or wizard.order_id.partner_id
            wizard.contact_id = contact
            # sudo: whether the customer comes into the portal at all
            wizard.has_portal = bool(contact.sudo().user_ids.filtered("share"))

    @api.depends("privacy_visibility", "contact_id")
    def _compute_may_invite(self):
        for wizard in self:
            wizard.may_invite = bool(
                wizard.contact_id and wizard.privacy_visibility in SHARED
            )

    @api.depends("template_id")
    def _compute_role_ids(self):
        for wizard in self:
            # sudo: the names of the roles of a template that the user reads
            roles = wizard.template_id._origin.sudo().task_ids.role_ids
            wizard.role_ids = [
                Command.clear(),
                *(Command.create({"role_id": role.id}) for role in roles),
            ]

    def _asked_order(self):
        """:return: the order whose projects are asked for, where it is not the
        opportunity's"""
        order = self.env["sale.order"] if self.lead_id else self.order_id
        return self._readable(order)

    def _source(self):
        return self._readable(self.lead_id) or self._readable(self.order_id)

    @api.model
    def _readable(self, record):
        """The dialog tells nothing of what somebody put there by its id alone.

        :return: the record in superuser mode; empty where the user does not read it
        """
        # stored fields are computed as superuser: the user has his own
        readable = record._origin.sudo(False)._filtered_access("read")
        return readable.sudo()  # sudo: its customer, of whatever company

    # === ACTION METHODS === #

    def action_create_project(self):
        """Make the project, or open the one that is there or that this dialog made
        already."""
        self.ensure_one()
        if not self.project_id:
            env = self.env(context=clean_context(self.env.context))
            self.project_id = env["crm.project.maker"]._make(
                self._prepare_values(),
                lead=self.lead_id,
                order=self.order_id,
                template=self.template_id,
                roles={line.role_id: line.user_ids for line in self.role_ids},
                invite=self.may_invite and self.invite and self.contact_id,
                newest=self.newest_project,
                additional=self.purpose == "additional",
            )
        return self.project_id._crm_open()

    def _prepare_values(self):
        return {
            "name": self.name,
            "user_id": self.user_id.id,
            "privacy_visibility": self.privacy_visibility,
            "date_start": self.date_start,
            "date": self.date,
        }
