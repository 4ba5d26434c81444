from odoo import models


class MailingTrace(models.Model):
    """What becomes of an e-mail of a campaign tells its members; what is being sent, a
    batch at a time: see ``mail.mail``."""

    _inherit = "mailing.trace"

    # Odoo looks traces up by mailing only; there is one for each mailing and recipient.
    _crm_recipient_idx = models.Index("(res_id, model)")

    def set_sent(self, domain=None):
        traces = super().set_sent(domain=domain)
        if not self.env.context.get("crm_gestion_sending"):
            self._crm_follow(traces)
        return traces

    def set_opened(self, domain=None):
        return self._crm_follow(super().set_opened(domain=domain))

    def set_clicked(self, domain=None):
        return self._crm_follow(super().set_clicked(domain=domain))

    def set_replied(self, domain=None):
        return self._crm_follow(super().set_replied(domain=domain))

    def set_bounced(self, domain=None, bounce_message=False):
        traces = super().set_bounced(domain=domain, bounce_message=bounce_message)
        self.env["crm.campaign.feed"]._bounced(traces)
        return traces

    def _crm_follow(self, traces):
        self.env["crm.campaign.feed"]._follow(traces, replays=False)
        return traces
