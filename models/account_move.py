from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def write(self, vals):
        """Posting and cancelling customer invoices decide who is a customer."""
        res = super().write(vals)
        if "state" in vals:
            invoices = self.filtered(lambda move: move.move_type == "out_invoice")
            self.env["crm.account.status"]._refresh(invoices.partner_id)
        return res
