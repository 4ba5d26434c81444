from odoo import api, fields, models


class CrmIncidentScreenMixin(models.AbstractModel):
    """How incidents are shown: in views of their own, beside those of tasks, which stay
    as they are. For ``project.task`` only."""

    _name = "crm.incident.screen.mixin"
    _description = "Screens of Incidents"

    crm_may_reopen = fields.Boolean(
        string="May Reopen",
        compute="_compute_crm_may_reopen",
        help="Who may handle it, and the seller of the account.",
    )

    @api.depends(
        "crm_is_incident", "crm_may_handle", "crm_organization_id", "partner_id"
    )
    @api.depends_context("uid")
    def _compute_crm_may_reopen(self):
        Incident = self.env["crm.incident"]
        for task in self:
            task.crm_may_reopen = task.crm_is_incident and (
                task.crm_may_handle or Incident._is_seller_of(task)
            )

    @api.model
    def default_get(self, fields):
        """What is new on the screens of incidents is one: of the first desk."""
        vals = super().default_get(fields)
        if not self.env.context.get("crm_incidents") or vals.get("project_id"):
            return vals
        if "project_id" in fields:
            vals["project_id"] = self._crm_desks()[:1].id
        return vals

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, self._crm_works_at_desks())

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Who is no project user opens incidents by the dialog and moves them by the
        buttons: Odoo lets him write his own to-dos, and no task of a desk."""
        arch, view = super()._get_view(view_id, view_type, **options)
        ours = "o_crm_incident" in arch.get("class", "")
        if ours and not self._crm_works_at_desks():
            for name in ("create", "edit", "delete"):
                arch.set(name, "0")
            if view_type == "kanban":
                arch.set("records_draggable", "0")
        return arch, view

    @api.model
    def _crm_works_at_desks(self):
        return self.env.su or self.env.user.has_group("project.group_project_user")

    @api.model
    def _read_group_stage_ids(self, stages, domain):
        """On the screens of incidents a phase without incidents is shown too."""
        if self.env.context.get("crm_incidents"):
            stages |= self._crm_desks().type_ids
        return super()._read_group_stage_ids(stages, domain)

    @api.model
    def _crm_desks(self):
        """:return: the desks that the user may read"""
        return self.env["project.project"].search([("crm_is_incident_desk", "=", True)])

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
