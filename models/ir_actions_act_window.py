from odoo import models


class IrActionsActWindow(models.Model):
    """Odoo's own "Lost", on the form, in lists and in their menus, is one action: where
    the method applies it opens the dialog of the method."""

    _inherit = "ir.actions.act_window"

    def _get_action_dict(self):
        if not self._is_native_lost() or not self._closes_by_the_method():
            return super()._get_action_dict()
        close = self.env.ref("crm_gestion.crm_opportunity_close_action")
        return {
            **close._get_action_dict(),
            "context": "{'default_kind': 'rejected'}",
        }

    def _is_native_lost(self):
        lost = self.env["ir.model.data"]._xmlid_to_res_id(
            "crm.crm_lead_lost_action", raise_if_not_found=False
        )
        return self.id == lost

    def _closes_by_the_method(self):
        """Enquiries are lost natively: only opportunities have closures."""
        Lead = self.env["crm.lead"]
        if not Lead.new().method_applies:
            return False
        ids = self.env.context.get("active_ids") or []
        # sudo: whoever opens the dialog may not see one of them; the dialog checks
        chosen = Lead.sudo().browse(ids).exists()
        return all(lead.type == "opportunity" for lead in chosen)
