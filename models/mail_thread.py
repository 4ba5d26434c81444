from odoo import api, models

from ..tools.email import is_automatic


class MailThread(models.AbstractModel):
    """Odoo drops the headers of an e-mail before it posts the message: what they tell
    goes on in the context. Whoever covers somebody who is notified is notified too."""

    _inherit = "mail.thread"

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        """Mark what the gateway brings in as automatic where it is; nothing else
        comes this way."""
        threads = self
        if is_automatic(message):
            threads = self.with_context(crm_gestion_automatic_email=True)
        return super(MailThread, threads)._message_route_process(
            message, message_dict, routes
        )

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """Substitutes follow nothing: they are found for each message."""
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        msg_vals = msg_vals or {}
        # sudo: only who wrote it
        author_id = msg_vals.get("author_id") or message.sudo().author_id.id
        Notice = self.env["crm.substitution.notice"]
        substitutes = Notice._reached(self, recipients, author_id)
        if substitutes:
            only = {"partner_ids": substitutes.ids, "outgoing_email_to": False}
            recipients += super()._notify_get_recipients(
                message,
                {**msg_vals, **only},
                **{**kwargs, "notify_skip_followers": True},
            )
        return recipients
