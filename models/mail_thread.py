from odoo import api, models

from ..tools.email import is_automatic


class MailThread(models.AbstractModel):
    """Odoo drops the headers of an e-mail before it posts the message: what they tell
    goes on in the context. Only the gateway passes here."""

    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        threads = self
        if is_automatic(message):
            threads = self.with_context(crm_gestion_automatic_email=True)
        return super(MailThread, threads)._message_route_process(
            message, message_dict, routes
        )
