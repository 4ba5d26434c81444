from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import format_datetime, html2plaintext

DAYS_OF_HASHES = 30
BATCH = 10_000


class CrmContactFormEntry(models.Model):
    """What somebody sent by a public contact form, and what he agreed to, in the words
    that he was shown. Never changed. A mailing consent of a contact is made of it once
    somebody of ours has joined its opportunity to a contact.

    *Invariants.* A form proves nobody's identity: an address becomes a consent only of
    a contact who has it, and never of somebody who said no before; he is asked again by
    a person. Rows follow their opportunity where it is merged. They go when personal
    data are erased (Odoo's privacy look-up finds them by their address), and the
    number that stands for the sender's computer after thirty days.
    """

    _name = "crm.contact.form.entry"
    _description = "Entry of a Contact Form"
    _order = "date desc, id desc"
    _rec_name = "email"

    form_id = fields.Many2one(
        comodel_name="crm.contact.form",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", readonly=True, index=True, ondelete="restrict"
    )
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    email = fields.Char(readonly=True, index="btree_not_null")
    privacy_text = fields.Text(string="Agreed To", readonly=True)
    consent_text = fields.Text(string="Mailings", readonly=True)
    wants_mailings = fields.Boolean(readonly=True)
    consent_id = fields.Many2one(
        comodel_name="crm.mailing.consent",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The consent of a contact that was made of it.",
    )
    token = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="So that it counts once.",
    )
    address_hash = fields.Char(
        string="Sender's Computer",
        readonly=True,
        groups="base.group_system",
        help="A number, so that floods are noticed; kept for thirty days.",
    )

    _token_unique = models.UniqueIndex("(token)", "This was sent already.")
    _flood_idx = models.Index("(form_id, date, address_hash)")
    _hash_idx = models.Index("(date) WHERE address_hash IS NOT NULL")

    # === BUSINESS METHODS === #

    @api.model
    def _is_known(self, key):
        # sudo: whether it is there, and nothing else
        return bool(self.sudo().search_count([("token", "=", key)], limit=1))

    @api.model
    def _record(self, form, lead, email, wants_mailings, key, place):
        """Keep what was agreed to, in the sender's language.

        :param form: in the language in which it was shown
        :param lead: opportunity that was made of it
        """
        return self.create(
            {
                "form_id": form.id,
                "lead_id": lead.id,
                "company_id": form.company_id.id,
                "email": email,
                "privacy_text": html2plaintext(form.privacy_text or ""),
                "consent_text": wants_mailings and form.consent_text,
                "wants_mailings": wants_mailings and bool(form.consent_text),
                "token": key,
                "address_hash": place,
            }
        )

    @api.model
    def _make_consents(self, leads):
        """Opportunities have their contact now: what was agreed to is his word, where
        the address that was typed is his own and nobody there ever said no."""
        # sudo: who joins an opportunity to its contact need not read what was sent, nor
        # write a contact of a colleague; what is recorded is what the form says
        waiting = self.sudo().search(
            [
                ("lead_id", "in", leads.ids),
                ("wants_mailings", "=", True),
                ("consent_id", "=", False),
                ("email", "!=", False),
            ]
        )
        joined = waiting.filtered(
            lambda entry: entry.lead_id.partner_id.email_normalized == entry.email
        )
        if not joined:
            return
        unwilling = self._unwilling(set(joined.mapped("email")))
        willing = joined.filtered(lambda entry: entry.email not in unwilling)
        consents = willing.env["crm.mailing.consent"].create(
            [entry._prepare_consent_vals() for entry in willing]
        )
        for entry, consent in zip(willing, consents, strict=True):
            entry.consent_id = consent

    def _prepare_consent_vals(self):
        self.ensure_one()
        return {
            "partner_id": self.lead_id.partner_id.id,
            "kind": "given",
            "date": self.date,
            "source": "website",
            "text": self.consent_text,
        }

    @api.model
    def _unwilling(self, emails):
        """:return: set of those of these addresses whose owner has opted out of
        whatever, here or at Doppler"""
        told = {
            email
            for email, _reason in self.env["crm.doppler.audience"]._unwilling(emails)
        }
        # sudo: of whatever company
        optouts = self.env["crm.doppler.optout"].sudo()
        left = optouts._read_group([("email", "in", list(emails))], ["email"])
        return told | {email for (email,) in left}

    @api.model
    def _move_to_lead(self, leads, target):
        """Opportunities are merged: what was sent is of the one that stays."""
        # sudo: rows of a log move with their opportunity, whoever merges
        moved = self.sudo().search([("lead_id", "in", (leads - target).ids)])
        moved.lead_id = target
        self._make_consents(target)

    @api.model
    def _notes(self, leads):
        """:return: dict id of an opportunity -> what its sender agreed to, in words"""
        # sudo: who reads the opportunity reads what was agreed to with it
        entries = self.sudo().search([("lead_id", "in", leads.ids)])
        return {
            lead.id: "\n\n".join(entry._note() for entry in rows)
            for lead, rows in entries.grouped("lead_id").items()
        }

    def _note(self):
        self.ensure_one()
        lines = [
            self.env._(
                "Sent by “%(form)s” on %(date)s.",
                form=self.form_id.name,
                date=format_datetime(self.env, self.date),
            ),
            self.env._("Agreed to: %s", self.privacy_text or ""),
        ]
        if not self.wants_mailings:
            lines.append(self.env._("Did not ask for mailings."))
        elif self.consent_id:
            lines.append(self.env._("Mailings, recorded: %s", self.consent_text))
        else:
            lines.append(self.env._("Mailings, not recorded: %s", self.consent_text))
        return "\n".join(lines)

    @api.autovacuum
    def _gc_address_hashes(self):
        """What tells one computer from another is of no use after a month."""
        limit = fields.Datetime.now() - timedelta(days=DAYS_OF_HASHES)
        old = self.search(
            [("date", "<", limit), ("address_hash", "!=", False)], limit=BATCH
        )
        old.address_hash = False
        return len(old), len(old) == BATCH
