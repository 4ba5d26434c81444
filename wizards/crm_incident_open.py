from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import plaintext2html
from odoo.tools.misc import clean_context

from ..models.crm_incident_subject_mixin import OPEN_PHASES


class CrmIncidentOpen(models.TransientModel):
    """Asks what a customer tells of, and shows what is open there already;
    ``crm.incident._open`` opens it."""

    _name = "crm.incident.open"
    _description = "Open an Incident"

    organization_id = fields.Many2one(
        comodel_name="res.partner", domain="[('is_company', '=', True)]"
    )
    contact_id = fields.Many2one(comodel_name="res.partner")
    lead_id = fields.Many2one(comodel_name="crm.lead", string="Opportunity")
    order_id = fields.Many2one(comodel_name="sale.order")
    gestion_id = fields.Many2one(comodel_name="crm.gestion", string="Told in")
    name = fields.Char(string="Subject", required=True)
    description = fields.Text()
    type_id = fields.Many2one(comodel_name="crm.incident.type")
    severity = fields.Selection(
        selection=lambda self: self.env["project.task"]._crm_severities(),
        compute="_compute_severity",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
    )
    channel = fields.Selection(
        selection=lambda self: (
            self.env["project.task"]
            ._fields["crm_channel"]
            ._description_selection(self.env)
        ),
        default="phone",
    )
    open_incident_ids = fields.Many2many(
        comodel_name="project.task", compute="_compute_open_incident_ids"
    )

    # === COMPUTE METHODS === #

    @api.depends("type_id")
    def _compute_severity(self):
        for wizard in self:
            wizard.severity = wizard.type_id.severity or wizard.severity or "1_normal"

    @api.depends("organization_id", "contact_id")
    @api.depends_context("uid")
    def _compute_open_incident_ids(self):
        for wizard in self:
            account = wizard.organization_id or wizard.contact_id
            wizard.open_incident_ids = self.env["project.task"].search(
                account._crm_incident_domain() & Domain("crm_phase", "in", OPEN_PHASES)
                if account
                else Domain.FALSE,
                order="crm_severity desc, id desc",
                limit=10,
            )

    # === ACTION METHODS === #

    def action_open(self):
        """Open the incident, and show it."""
        self.ensure_one()
        if not (self.organization_id or self.contact_id):
            raise UserError(self.env._("Choose the customer of this incident."))
        # without the defaults of the screen from which the dialog was opened
        env = self.env(context=clean_context(self.env.context))
        return env["crm.incident"]._open([self._prepare_vals()])._crm_form_action()

    def _prepare_vals(self):
        return {
            "name": self.name,
            "description": plaintext2html(self.description or ""),
            "partner_id": (self.contact_id or self.organization_id).id,
            "crm_organization_id": self.organization_id.id,
            "crm_lead_id": self.lead_id.id,
            "crm_order_id": self.order_id.id,
            "crm_gestion_id": self.gestion_id.id,
            "crm_type_id": self.type_id.id,
            "crm_severity": self.severity,
            "crm_channel": self.channel,
        }
