from odoo.http import request

from odoo.addons.mass_mailing.controllers.main import MassMailController


class MailingUnsubscribe(MassMailController):
    """Who unsubscribes through a mailing of a campaign has opted out of it. Odoo has
    checked the key in his link by then."""

    def _mailing_unsubscribe_from_list(self, mailing, document_id, email, hash_token):
        response = super()._mailing_unsubscribe_from_list(
            mailing, document_id, email, hash_token
        )
        request.env["crm.campaign.feed"]._opt_out(mailing, email)
        return response

    def _mailing_unsubscribe_from_document(
        self, mailing, document_id, email, hash_token
    ):
        response = super()._mailing_unsubscribe_from_document(
            mailing, document_id, email, hash_token
        )
        request.env["crm.campaign.feed"]._opt_out(mailing, email)
        return response
