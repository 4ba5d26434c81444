from odoo import models


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _send(self, *args, **kwargs):
        """Odoo sends one e-mail after the other; the members of their campaigns are
        told once, when all of a batch are out.

        The context key ``crm_gestion_sending`` keeps each of them from being told
        before. A client that sets it only puts that off until the nightly refresh.
        """
        traces = self.filtered("mailing_id").mailing_trace_ids
        if not traces:
            return super()._send(*args, **kwargs)
        mails = self.with_context(crm_gestion_sending=True)
        res = super(MailMail, mails)._send(*args, **kwargs)
        self.env["crm.campaign.feed"]._follow(traces.exists(), replays=False)
        return res
