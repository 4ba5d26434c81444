from odoo import models
from odoo.tools import html2plaintext, is_html_empty


class CrmLeadLost(models.TransientModel):
    _inherit = "crm.lead.lost"

    def action_lost_reason_apply(self):
        """What was written in Odoo's own dialog is the note of the closure."""
        self.ensure_one()
        wizard = self
        if not is_html_empty(self.lost_feedback):
            note = html2plaintext(self.lost_feedback)
            wizard = self.with_context(crm_gestion_closure_note=note)
        return super(CrmLeadLost, wizard).action_lost_reason_apply()
