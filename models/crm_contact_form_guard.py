from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, hmac

from ..tools.contact_form import network

SCOPE = "crm_contact_form"
QUICKEST = 3  # seconds that a person needs at least
# Nobody asks us to call him so often; a company behind one address may.
FROM_ONE_ADDRESS = ((timedelta(minutes=10), 5), (timedelta(days=1), 20))
# What a team can answer; more in an hour is no people.
BY_ONE_FORM = ((timedelta(hours=1), 100),)


class CrmContactFormGuard(models.AbstractModel):
    """Who may send a public contact form, how often and how fast.

    The page carries a word of ours (``crm.once``), with the time at which it was made:
    good for one form, once, and not within the first seconds. What was sent is counted
    in the database, so that the limits hold over all workers and servers; requests that
    come together are counted one after the other (`_queue`). A client's address is kept
    as a number that leads back to nobody, and for thirty days.
    """

    _name = "crm.contact.form.guard"
    _description = "Guard of Contact Forms"

    @api.model
    def _issue(self, form):
        """:return: word for one sending of the form"""
        return self.env["crm.once"]._issue(SCOPE, form.id)

    @api.model
    def _read(self, form, word):
        """:return: pair of the word's key and list of problems"""
        key, age = self.env["crm.once"]._read(SCOPE, form.id, word)
        if not key:
            return "", [("token", "old")]
        return key, [("token", "quick")] if age < QUICKEST else []

    @api.model
    def _place(self, client):
        """:return: hash by which requests from the same network are recognized, from
        which its address cannot be told"""
        # sudo: the secret of the database stays in the number
        return hmac(self.sudo().env, SCOPE, network(client))

    @api.model
    def _queue(self, form):
        """Let the requests of a form pass one at a time: of several at once, all but
        the first fail to write this row and are replayed by the server, which
        then sees what the first one did. Counting alone would let all of them
        through."""
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
