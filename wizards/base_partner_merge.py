from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Odoo merges by SQL: what would break a rule of ours is put right before."""
        src_partners._crm_before_merge(dst_partner)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _log_merge_operation(self, src_partners, dst_partner):
        """All is moved by now, and nobody deleted yet."""
        res = super()._log_merge_operation(src_partners, dst_partner)
        src_partners._crm_after_merge(dst_partner)
        return res
