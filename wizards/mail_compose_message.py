from odoo import models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_comment(self, res_ids):
        """What is written to many at once is no interaction with each of them."""
        composer = self
        if self.composition_batch:
            composer = self.with_context(crm_gestion_automatic_email=True)
        return super(MailComposeMessage, composer)._action_send_mail_comment(res_ids)
