from odoo import api, fields, models
from odoo.fields import Domain

from .crm_incident_subject_mixin import OPEN_PHASES

SEVERE = ("2_high", "3_critical")


class CrmPartnerIncidentMixin(models.AbstractModel):
    """What organizations and contacts show of their incidents and projects, and whether
    an account is a key one. For ``res.partner`` only.

    An organization counts the incidents of its people, a person his own.
    """

    _name = "crm.partner.incident.mixin"
    _description = "Incidents and Projects of an Account"
    _inherit = "crm.incident.subject.mixin"

    is_key_account = fields.Boolean(
        string="Key Account",
        help="Its seller is told at once when something severe happens there.",
    )
    crm_severe_incident_count = fields.Integer(
        string="Severe Open Incidents",
        compute="_compute_crm_severe_incident_count",
        groups="base.group_user",
        help="Open incidents of high or critical severity.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_severe_incident_count(self):
        counts = {}
        for name, records in self._crm_incident_fields().items():
            for partner, count in self.env["project.task"]._read_group(
                Domain(name, "in", records._origin.ids) & self._crm_severe_domain(),
                [name],
                ["__count"],
            ):
                counts[partner.id] = count
        for partner in self:
            partner.crm_severe_incident_count = counts.get(partner._origin.id, 0)

    @api.model
    def _crm_severe_domain(self):
        """:return: domain of open incidents of high or critical severity"""
        return Domain(
            [
                ("crm_is_incident", "=", True),
                ("crm_phase", "in", OPEN_PHASES),
                ("crm_severity", "in", SEVERE),
            ]
        )

    @api.model
    def _commercial_fields(self):
        return [*super()._commercial_fields(), "is_key_account"]

    def _crm_person(self):
        """:return: this contact, nobody if it is an organization"""
        return self.filtered(lambda partner: not partner.is_company)

    def _crm_incident_fields(self):
        persons = self._crm_person()
        return {"crm_organization_id": self - persons, "partner_id": persons}

    def _prepare_incident_vals(self):
        person = self._crm_person()
        return {
            "organization_id": self._crm_organization_for().id if person else self.id,
            "contact_id": person.id,
        }

    @api.readonly
    def action_crm_severe_incidents(self):
        """Show the open incidents of these accounts that are severe."""
        domain = self._crm_incident_domain() & self._crm_severe_domain()
        tasks = self.env["project.task"].search(domain, limit=2)
        if len(tasks) == 1:
            return tasks._crm_form_action()
        return {**self.action_crm_incidents(), "domain": list(domain)}
