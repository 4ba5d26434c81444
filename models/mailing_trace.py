from odoo import models


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    # Odoo looks traces up by mailing only; there is one for each mailing and recipient.
    _crm_recipient_idx = models.Index("(res_id, model)")
