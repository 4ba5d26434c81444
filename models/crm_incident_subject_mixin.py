from odoo import api, fields, models
from odoo.fields import Domain

OPEN_PHASES = ("new", "working", "waiting")
# How the customer told of it, by the type of the gestión.
CHANNELS = {
    "mail.mail_activity_data_call": "phone",
    "mail.mail_activity_data_email": "email",
    "mail.mail_activity_data_meeting": "visit",
    "crm_gestion.mail_activity_type_visit": "visit",
    "crm_gestion.mail_activity_type_chat": "chat",
}


class CrmIncidentSubjectMixin(models.AbstractModel):
    """What an incident is about, or was told in: an organization, a contact, an
    opportunity, an order, a gestión. It counts its incidents and opens one more.

    *Invariant.* Everybody counts what he may read himself. Who inherits this says which
    field of an incident names it, and with what the dialog begins.
    """

    _name = "crm.incident.subject.mixin"
    _description = "What an Incident Is About"

    crm_incident_count = fields.Integer(
        string="Number of Incidents",
        compute="_compute_crm_incident_count",
        groups="base.group_user",
    )
    crm_open_incident_count = fields.Integer(
        string="Open Incidents",
        compute="_compute_crm_incident_count",
        groups="base.group_user",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_incident_count(self):
        every, still_open = {}, {}
        for name, records in self._crm_incident_fields().items():
            # of a form that is not saved yet it is the saved record that has incidents
            domain = Domain("crm_is_incident", "=", True)
            for record, phase, count in self.env["project.task"]._read_group(
                domain & Domain(name, "in", records._origin.ids),
                [name, "crm_phase"],
                ["__count"],
            ):
                every[record.id] = every.get(record.id, 0) + count
                if phase in OPEN_PHASES:
                    still_open[record.id] = still_open.get(record.id, 0) + count
        for record in self:
            record.crm_incident_count = every.get(record._origin.id, 0)
            record.crm_open_incident_count = still_open.get(record._origin.id, 0)

    def _crm_incident_fields(self):
        """:return: dict of a field of an incident -> the records that it names"""
        return {}

    def _crm_incident_domain(self):
        """:return: domain of the incidents of these records"""
        named = Domain.OR(
            Domain(name, "in", records.ids)
            for name, records in self._crm_incident_fields().items()
        )
        return Domain("crm_is_incident", "=", True) & named

    def _prepare_incident_vals(self):
        """:return: dict of values with which the dialog begins"""
        raise NotImplementedError

    @api.model
    def _crm_incident_channel(self, activity_type):
        """:return: the channel that interactions of this type come by"""
        xmlid = activity_type.get_external_id().get(activity_type.id)
        return CHANNELS.get(xmlid, False)

    # === ACTION METHODS === #

    @api.readonly
    def action_crm_incidents(self):
        """Show the incidents of these records, the open ones if there are some."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_incident_action"
        )
        context = {"crm_incidents": True, "search_default_open": 1}
        if not any(self.mapped("crm_open_incident_count")):
            del context["search_default_open"]
        domain = list(self._crm_incident_domain())
        return {**action, "domain": domain, "context": context}

    def action_crm_open_incident(self):
        """Open the dialog that opens an incident of this record."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_incident_open_action"
        )
        vals = self._prepare_incident_vals()
        defaults = {f"default_{name}": value for name, value in vals.items() if value}
        return {**action, "context": defaults}
