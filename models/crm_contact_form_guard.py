import secrets
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hash_sign, hmac, verify_hash_signed

from ..tools.contact_form import network

SCOPE = "crm_contact_form"
HOURS = 24  # a page may be left open over a day's work
QUICKEST = 3  # seconds that a person needs at least
LONGEST_TOKEN = 500
# Nobody asks us to call him so often; a company behind one address may.
FROM_ONE_ADDRESS = ((timedelta(minutes=10), 5), (timedelta(days=1), 20))
# What a team can answer; more in an hour is no people.
BY_ONE_FORM = ((timedelta(hours=1), 100),)


class CrmContactFormGuard(models.AbstractModel):
    """Who may send a public contact form, how often and how fast.

    The page carries a word of ours, signed, with the time at which it was made: it is
    good for one form, once, not at once and not for ever. What was sent is counted in
    the database, so that the limits hold over all workers and servers; requests that
    come together are counted one after the other (`_queue`). A client's address is kept
    as a number that leads back to nobody, and for thirty days.
    """

    _name = "crm.contact.form.guard"
    _description = "Guard of Contact Forms"

    @api.model
    def _issue(self, form):
        """:return: word for one sending of the form"""
        values = [form.id, int(time.time()), secrets.token_urlsafe(16)]
        # sudo: the secret of the database stays in the signature
        return hash_sign(self.sudo().env, SCOPE, values, expiration_hours=HOURS)

    @api.model
    def _read(self, form, token):
        """
        :return: pair of what the word is known by, empty where it is not ours, and list
            of problems
        """
        values = self._verified(token)
        if not values or values[0] != form.id:
            return "", [("token", "old")]
        _form, issued, key = values
        if time.time() - issued < QUICKEST:
            return key, [("token", "quick")]
        return key, []

    @api.model
    def _verified(self, token):
        if not isinstance(token, str) or not 0 < len(token) <= LONGEST_TOKEN:
            return None
        try:
            # sudo: as above
            return verify_hash_signed(self.sudo().env, SCOPE, token)
        except ValueError:
            return None

    @api.model
    def _place(self, client):
        """:return: number by which requests of one client are found to be of one"""
        # sudo: as above
        return hmac(self.sudo().env, SCOPE, network(client))

    @api.model
    def _queue(self, form):
        """One at a time: of requests that come at once all but the first fail to write
        this row, and the server begins them anew, with what the first one did in
        sight. Counting alone would let all of them through."""
        self.env.cr.execute(
            SQL(
                "UPDATE crm_contact_form SET sent_count = sent_count WHERE id = %s",
                form.id,
            )
        )

    @api.model
    def _is_flood(self, form, place):
        Entry = self.env["crm.contact.form.entry"].sudo()  # sudo: only counts
        now = fields.Datetime.now()
        everybody = [("form_id", "=", form.id)]
        for rows, limits in (
            ([*everybody, ("address_hash", "=", place)], FROM_ONE_ADDRESS),
            (everybody, BY_ONE_FORM),
        ):
            for period, most in limits:
                domain = [*rows, ("date", ">", now - period)]
                if Entry.search_count(domain, limit=most) >= most:
                    return True
        return False
