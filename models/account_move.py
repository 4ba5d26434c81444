from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    # Whose customer invoices: Odoo has no index by account, and a contact who changes
    # his employer does not take the old one's invoices along.
    _crm_account_idx = models.Index(
        "(commercial_partner_id) WHERE move_type IN ('out_invoice', 'out_refund')"
    )

    # The first invoice of an account: objectives of new customers.
    _crm_first_idx = models.Index(
        "(company_id, commercial_partner_id, invoice_date) "
        "WHERE move_type = 'out_invoice' AND state = 'posted'"
    )

    # Whose an invoice is, without reading it: objectives of what is collected, of all
    # sellers or of one.
    _crm_owner_idx = models.Index(
        "(invoice_user_id, id, team_id) "
        "WHERE move_type = 'out_invoice' AND state = 'posted'"
    )

    def write(self, vals):
        """Posting and cancelling customer invoices decide who is a customer."""
        res = super().write(vals)
        if "state" in vals:
            invoices = self.filtered(lambda move: move.move_type == "out_invoice")
            self.env["crm.account.status"]._follow_sales(invoices, "invoice_date")
        return res
