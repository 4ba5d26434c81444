from odoo import api, models


class CrmIncidentScreenMixin(models.AbstractModel):
    """How incidents are shown: in views of their own, beside those of tasks, which stay
    as they are. For ``project.task`` only."""

    _name = "crm.incident.screen.mixin"
    _description = "Screens of Incidents"

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, view_type == "kanban" and self.has_access("write"))

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Cards of incidents are dragged by who may move them."""
        arch, view = super()._get_view(view_id, view_type, **options)
        ours = "o_crm_incident_kanban" in arch.get("class", "")
        if ours and not self.has_access("write"):
            arch.set("records_draggable", "0")
        return arch, view

    @api.model
    def _read_group_stage_ids(self, stages, domain):
        """On the screens of incidents a phase without incidents is shown too."""
        if self.env.context.get("crm_incidents"):
            desks = self.env["project.project"].search(
                [("crm_is_incident_desk", "=", True)]
            )
            stages |= desks.type_ids
        return super()._read_group_stage_ids(stages, domain)

    def get_formview_id(self, access_uid=None):
        if len(self) == 1 and self.crm_is_incident:
            return self.env.ref("crm_gestion.crm_incident_view_form").id
        return super().get_formview_id(access_uid)

    # === ACTION METHODS === #

    @api.readonly
    def action_crm_timeline(self):
        """Open the history of the organization, else of the customer."""
        self.ensure_one()
        return (self.crm_organization_id or self.partner_id).action_crm_timeline()

    @api.readonly
    def action_crm_why(self):
        """Say in words which rule shows this to the user."""
        self.ensure_one()
        return self.env["crm.access.reason"]._action(self)

    def _crm_form_action(self):
        """:return: action that opens the form of this incident"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.get_formview_id(), "form")],
        }
