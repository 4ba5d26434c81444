import secrets
import time

from odoo import api, models
from odoo.tools import hash_sign, verify_hash_signed

HOURS = 24  # a page may be left open over a day's work
LONGEST = 500


class CrmOnce(models.AbstractModel):
    """Words that a page carries so that what it sends counts once: signed with the
    secret of the database, made for one page (and one user), good for a day. Who takes
    what was sent keeps the key of the word, unique in the database."""

    _name = "crm.once"
    _description = "Words for One Sending"

    @api.model
    def _issue(self, scope, subject):
        """
        :param str scope: what the word is for
        :param subject: id of what or whom it is made for
        :return: word
        """
        values = [subject, int(time.time()), secrets.token_urlsafe(16)]
        # sudo: the secret of the database stays in the signature
        return hash_sign(self.sudo().env, scope, values, expiration_hours=HOURS)

    @api.model
    def _read(self, scope, subject, word):
        """
        :param word: whatever somebody sent in its place
        :return: pair of its key and its age in seconds; an empty key where it is not
            ours, not for this, or too old
        """
        values = self._verified(scope, word)
        if not values or values[0] != subject:
            return "", 0
        _subject, issued, key = values
        return key, time.time() - issued

    @api.model
    def _verified(self, scope, word):
        if not isinstance(word, str) or not 0 < len(word) <= LONGEST:
            return None
        try:
            # sudo: as above
            return verify_hash_signed(self.sudo().env, scope, word)
        except ValueError:
            return None
