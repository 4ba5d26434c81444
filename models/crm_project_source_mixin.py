from odoo import api, fields, models


class CrmProjectSourceMixin(models.AbstractModel):
    """Of what a project may be made: opportunities that are won, confirmed orders."""

    _name = "crm.project.source.mixin"
    _inherit = "crm.project.mixin"
    _description = "Source of a Project"

    crm_may_create_project = fields.Boolean(
        string="I May Create Its Project",
        compute="_compute_crm_may_create_project",
        groups="crm_gestion.group_seller",
    )

    @api.depends(lambda self: self._crm_project_depends())
    @api.depends_context("uid")
    def _compute_crm_may_create_project(self):
        Maker = self.env["crm.project.maker"]
        ready = self.filtered(Maker._is_ready)
        writable = ready._origin._filtered_access("write")
        for record in self:
            record.crm_may_create_project = record._origin in writable

    @api.model
    def _crm_project_depends(self):
        """:return: names of the fields that tell whether there may be a project"""
        return ()

    def action_crm_create_project(self):
        """Open the dialog that makes the project of this record."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_project_create_action"
        )
        name = "order" if self._name == "sale.order" else "lead"
        return {**action, "context": {f"default_{name}_id": self.id}}
