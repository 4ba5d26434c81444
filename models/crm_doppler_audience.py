from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.doppler.addresses import normalized, refusal, spellings
from ..tools.doppler.values import digest
from .crm_doppler_member import REASONS

ORDER = [reason for reason, _label in REASONS]
# What Doppler says of an address -> why it is left out, else it left by itself.
KINDS = {"hard_bounce": "bounced", "soft_bounce": "bounced", "policy": "role"}
# Who does not want to get anything leaves every list, whatever its policy.
UNWILLING = {"opted_out", "blacklisted", "withdrawn"}


class Wanted(NamedTuple):
    """What a row says of a contact of the segment, before what is on the list."""

    partner_id: int
    email: str | None
    reasons: frozenset = frozenset()
    hash: str | None = None

    @property
    def reason(self):
        return next((reason for reason in ORDER if reason in self.reasons), None)


class CrmDopplerAudience(models.AbstractModel):
    """Who of a segment may be sent to a list of Doppler, with which address, and why
    not the others.

    It is asked by the comparison, and once more when a batch is about to leave.

    *Invariants.* Everybody has the first reason that holds, of `ORDER`. An address is
    one contact's: the one with the lowest id of those who may be sent, or else of all.
    Who wants no mailing keeps out everybody with his address, contacts of other
    companies and archived ones too. The queries of a batch do not depend on how many
    are in it.
    """

    _name = "crm.doppler.audience"
    _description = "Audience of Doppler Lists"

    # === WHO IS IN THE SEGMENT === #

    @api.model
    def _domain(self, list_):
        """
        :return: model and Domain of the contacts in the segment of a list that its
            company may have, the same whoever asks
        :raise UserError: where the conditions of the segment cannot be read
        """
        segment = list_.segment_id._as_everybody()
        # sudo: whose contacts they are, not what else there is to know of the company
        companies = list_.company_id.sudo().parent_ids
        partners = segment.env["res.partner"].with_context(active_test=True)
        try:
            domain = segment._domain()
            domain &= Domain("company_id", "in", [*companies.ids, False])
            partners._search(domain)
        except (AccessError, KeyError, TypeError, UserError, ValueError):
            raise UserError(
                self.env._(
                    "The conditions of the segment “%(segment)s” cannot be read, so "
                    "the list “%(list)s” stays as it is: compose them again.",
                    segment=segment.name,
                    list=list_.name,
                )
            ) from None
        return partners, domain

    @api.model
    def _wanted(self, list_, partners):
        """:return: list of `Wanted` of these contacts, in their order"""
        addresses = {p.id: self._address(p.email_normalized) for p in partners}
        own, barred = self._claims(list_, set(addresses.values()) - {""})
        holders = {
            email: min(claims, key=lambda i, c=claims: (bool(c[i]), i))
            for email, claims in own.items()
        }
        wanted = []
        for partner in partners:
            email = addresses[partner.id]
            if not email:
                reason = "invalid" if (partner.email or "").strip() else "no_email"
                wanted.append(Wanted(partner.id, None, frozenset([reason])))
                continue
            reasons = barred[email] | own[email][partner.id]
            is_holder = holders[email] == partner.id
            if not is_holder:
                reasons = reasons or {"duplicate"}
            wanted.append(
                Wanted(partner.id, email if is_holder else None, frozenset(reasons))
            )
        return self._with_hashes(list_, wanted)

    @api.model
    def _with_hashes(self, list_, wanted):
        """Only who may be sent is looked at."""
        # sudo: what of him goes to Doppler is the mapping's to say
        partners = self.env["res.partner"].sudo().with_company(list_.company_id)
        partners = partners.browse(row.partner_id for row in wanted if not row.reasons)
        values = list_.account_id._payload(partners) if partners else {}
        hashes = {partner.id: digest(values[partner]) for partner in partners}
        return [row._replace(hash=hashes.get(row.partner_id)) for row in wanted]

    @api.model
    def _claims(self, list_, emails):
        """Who of the segment has one of these addresses.

        :return: dict address -> dict id of a contact -> set of reasons of his own, and
            dict address -> set of reasons that hold whoever has it
        """
        partners, domain = self._domain(list_)
        inside = partners._search(
            domain & Domain("email_normalized", "in", self._spelt(emails))
        )
        account = list_.account_id
        own = {email: {} for email in emails}
        barred = self._addresses_barred(account, emails)
        for partner_id, text, is_inside, bounces, kind in self._people(emails, inside):
            email = self._address(text)
            if is_inside:
                own[email][partner_id] = {
                    reason
                    for reason, holds in (
                        ("bounced", bounces),
                        ("no_consent", account.require_consent and kind != "given"),
                    )
                    if holds
                }
        return own, barred

    @api.model
    def _people(self, emails, inside):
        """:return: rows id, address, whether he is in the query, bounces and kind of
        the last consent of all contacts with these addresses"""
        Partner = self.env["res.partner"]
        Partner.flush_model(["email_normalized", "message_bounce"])
        self.env["crm.mailing.consent"].flush_model()
        return self.env.execute_query(
            SQL(
                """SELECT partner.id, partner.email_normalized, partner.id IN %s,
                          COALESCE(partner.message_bounce, 0) > 0, %s
                     FROM res_partner partner
                    WHERE partner.email_normalized = ANY(%s)""",
                inside.subselect(),
                self._last_consent(),
                self._spelt(emails),
            )
        )

    # === WHO MUST NOT BE SENT === #

    @api.model
    def _left_out(self, account, members):
        """Who of members that a comparison wanted to be sent must not be sent now.

        :return: dict reason -> members; *gone* are those who are no contacts any more
            or have another address, which the next comparison looks at
        """
        barred = self._addresses_barred(account, set(members.mapped("email")))
        without = set()
        if account.require_consent:
            without = self._without_consent(members.partner_id)
        left_out = {}
        for member in members:
            reasons = barred[member.email] | (
                {"no_consent"} if member.partner_id.id in without else set()
            )
            reason = "gone" if self._is_gone(member) else None
            reason = next((key for key in ORDER if key in reasons), reason)
            if reason:
                left_out[reason] = left_out.get(reason, members.browse()) | member
        return left_out

    @staticmethod
    def _is_gone(member):
        partner = member.partner_id
        return (
            not partner.active
            or partner.message_bounce > 0
            or normalized(partner.email_normalized) != member.email
            or member.reason
            or member.todo not in ("add", "update")
        )

    @api.model
    def _without_consent(self, partners):
        """:return: set of ids of these contacts whose last word was not a consent"""
        self.env["crm.mailing.consent"].flush_model()
        found = self.env.execute_query(
            SQL(
                """SELECT partner.id
                     FROM unnest(%s) AS partner(id)
                    WHERE %s IS DISTINCT FROM 'given'""",
                partners.ids,
                self._last_consent(),
            )
        )
        return {partner_id for (partner_id,) in found}

    @api.model
    def _last_consent(self):
        return SQL(
            """(SELECT consent.kind
                  FROM crm_mailing_consent consent
                 WHERE consent.partner_id = partner.id
              ORDER BY consent.date DESC, consent.id DESC
                 LIMIT 1)"""
        )

    @api.model
    def _addresses_barred(self, account, emails):
        """Why addresses are not sent, whoever has them.

        :param emails: as `normalized` returns them
        :return: dict address -> set of `REASONS`, and ``withdrawn`` where somebody with
            this address withdrew his consent; empty where nothing is against it
        """
        barred = {email: set() for email in emails}
        for email in emails:
            if reason := refusal(email):
                barred[email].add(reason)
        for text, reason in self._unwilling(emails):
            barred[normalized(text)].add(reason)
            if reason == "withdrawn":
                barred[normalized(text)].add("no_consent")
        self.env["crm.doppler.optout"].flush_model()
        for email, kind in self.env.execute_query(
            SQL(
                """SELECT email, kind FROM crm_doppler_optout
                    WHERE account_id = %s AND email = ANY(%s)""",
                account.id,
                list(emails),
            )
        ):
            barred[email].add(KINDS.get(kind, "left_doppler"))
        return barred

    @api.model
    def _unwilling(self, emails):
        """:return: rows address, reason of `UNWILLING`, of these addresses"""
        texts = self._spelt(emails)
        # sudo: whoever asked, of whatever company, archived since or not
        everybody = self.env["res.partner"].sudo().with_context(active_test=False)
        opted_out = everybody._search(
            Domain("email_normalized", "in", texts) & Domain("crm_opted_out", "=", True)
        )
        self.env["res.partner"].flush_model(["email_normalized"])
        self.env["crm.mailing.consent"].flush_model()
        self.env["mail.blacklist"].flush_model()
        return self.env.execute_query(
            SQL(
                """SELECT partner.email_normalized, 'opted_out'
                     FROM res_partner partner
                    WHERE partner.id IN %(opted_out)s
                UNION
                   SELECT latest.email, 'withdrawn'
                     FROM (SELECT DISTINCT ON (consent.email)
                                  consent.email, consent.kind
                             FROM crm_mailing_consent consent
                            WHERE consent.email = ANY(%(texts)s)
                         ORDER BY consent.email, consent.date DESC, consent.id DESC
                          ) latest
                    WHERE latest.kind = 'withdrawn'
                UNION
                   SELECT email, 'blacklisted'
                     FROM mail_blacklist
                    WHERE active AND email = ANY(%(texts)s)""",
                opted_out=opted_out.subselect(),
                texts=texts,
            )
        )

    @api.model
    def _address(self, text):
        """:return: address of a contact; empty where his could not be found again, in
        letters that mean others"""
        email = normalized(text)
        return email if text in spellings(email) else ""

    @api.model
    def _spelt(self, emails):
        return [text for email in sorted(emails) for text in spellings(email)]
