from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.doppler.addresses import normalized, refusal, spellings
from ..tools.doppler.values import digest
from .crm_doppler_member import REASONS

BATCH = 2000
ORDER = [reason for reason, _label in REASONS]
# What Doppler says of an address -> why it is left out, else it left by itself.
KINDS = {"hard_bounce": "bounced", "soft_bounce": "bounced", "policy": "role"}
# Who does not want to get anything leaves every list, whatever its policy.
UNWILLING = {"opted_out", "blacklisted", "withdrawn"}
# Of no effect on who is on the list: Doppler writes to nobody who opted out there, and
# what it refuses it refused once more than it took.
STAYING = {"left_doppler", "refused"}
HANDFUL = 5  # removals that nobody has to agree to


class Wanted(NamedTuple):
    """What a row says of a contact of the segment, before what is on the list."""

    partner_id: int
    email: str | None
    reasons: frozenset = frozenset()
    hash: str | None = None

    @property
    def reason(self):
        return next((reason for reason in ORDER if reason in self.reasons), None)


class Row(NamedTuple):
    """A row as it is kept."""

    id: int | None = None
    partner_id: int | None = None
    email: str | None = None
    is_there: bool = False
    todo: str | None = None
    reason: str | None = None
    hash: str | None = None
    sent_hash: str | None = None
    error: str | None = None
    round: int = 0
    is_importing: bool = False


class CrmDopplerPlan(models.AbstractModel):
    """Compares lists of Doppler with their segments: writes into ``crm.doppler.member``
    who is in the segment, why somebody is left out, and what a push has to do.

    *Rounds.* A comparison walks the segment by the ids of its contacts, a batch in each
    step, and marks their rows with its round. Whose row is not of the round when the
    walk is through has left the segment. Nothing is concluded about leavers from a part
    of a walk: one that was broken off goes on where it was, or starts anew if another
    comparison came between.

    *Invariants.* An address is one row, whoever has it: the contact with the lowest id
    of those who may be sent, or else of all. Who wants no mailing keeps out everybody
    with his address, contacts of other companies and archived ones too. The address of
    a row never changes. Comparing again what has not changed writes nothing but the
    round.

    *Speed.* The queries of a batch do not depend on how many are in it.
    """

    _name = "crm.doppler.plan"
    _description = "Comparison of Doppler Lists"

    # === STEPS === #

    @api.model
    def _step(self, job, client):
        """Compare one batch of the list of a job. Asks nothing of the service.

        :return: None when the comparison is complete, else 0
        :raise UserError: where nobody is in the segment any more, or its conditions
            cannot be read; nothing is planned then
        """
        progress = dict(job.progress or {})
        state = self._next(job.list_id, progress.pop("compare", None))
        job.progress = {**progress, "compare": state} if state else progress
        return 0 if state else None

    @api.model
    def _compare(self, list_):
        """Compare a whole list at once, which is small."""
        state = self._next(list_)
        while state:
            state = self._next(list_, state)

    @api.model
    def _next(self, list_, state=None):
        """
        :param dict state: what the last batch returned
        :return: state of the walk, None when it is through
        """
        if not state or state["round"] != list_.round:
            return self._start(list_)
        if state["walks"] == "segment":
            return self._next_segment(list_, state)
        return self._next_leavers(list_, state)

    @api.model
    def _start(self, list_):
        partners, domain = self._audience(list_)
        total = partners.search_count(domain)
        there = [("list_id", "=", list_.id), ("is_there", "=", True)]
        if not total and self.env["crm.doppler.member"].search_count(there, limit=1):
            raise UserError(
                self.env._(
                    "Nobody is in the segment “%(segment)s” any more, so nobody was "
                    "taken off the list “%(list)s”: look at its conditions.",
                    segment=list_.segment_id.sudo().name,
                    list=list_.name,
                )
            )
        list_.round += 1
        return {
            "round": list_.round,
            "walks": "segment",
            "last": 0,
            "done": 0,
            "total": total,
        }

    @api.model
    def _next_segment(self, list_, state):
        partners, domain = self._audience(list_)
        partners = partners.search_fetch(
            domain & Domain("id", ">", state["last"]),
            ["email", "email_normalized"],
            order="id",
            limit=BATCH,
        )
        if not partners:
            return {**state, "walks": "leavers", "last": 0}
        self._write(list_, self._wanted(list_, partners))
        state = {
            **state,
            "last": partners[-1].id,
            "done": state["done"] + len(partners),
        }
        partners.invalidate_model()  # nobody needs them again
        return state

    @api.model
    def _next_leavers(self, list_, state):
        rows = self._rows(
            list_,
            SQL(
                "member.round IS DISTINCT FROM %s AND member.id > %s",
                list_.round,
                state["last"],
            ),
            limit=BATCH,
        )
        if not rows:
            return self._finish(list_)
        self._plan_leavers(list_, rows)
        return {**state, "last": rows[-1].id}

    @api.model
    def _finish(self, list_):
        """Who agreed to removals agreed to those of this comparison, and to no more."""
        list_.compared_date = fields.Datetime.now()
        counts = self._removals(list_).get(list_.id, (0, 0))
        if list_.agreed_removals and not self._is_many(list_, *counts):
            list_.agreed_removals = 0

    # === WHO IS IN THE SEGMENT === #

    @api.model
    def _audience(self, list_):
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
        partners, domain = self._audience(list_)
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
                   SELECT partner.email_normalized, 'withdrawn'
                     FROM res_partner partner
                    WHERE partner.email_normalized = ANY(%(texts)s)
                      AND %(kind)s = 'withdrawn'
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
                kind=self._last_consent(),
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

    # === WHAT IS KEPT === #

    @api.model
    def _write(self, list_, wanted):
        """Bring the rows of these contacts up to date."""
        rows = self._rows(
            list_,
            SQL(
                """(member.email = ANY(%s)
                    OR member.email IS NULL AND member.partner_id = ANY(%s))""",
                [row.email for row in wanted if row.email],
                [row.partner_id for row in wanted if not row.email],
            ),
        )
        known = {row.email or row.partner_id: row for row in rows}
        new, seen = {}, {}
        for want in wanted:
            key = want.email or want.partner_id
            if key in new or key in seen:
                continue  # one address, spelt in two ways
            row = known.get(key)
            planned = self._planned(list_, want, row or Row())
            if row:
                seen[key] = (row, planned)
            else:
                new[key] = planned
        self._update(list_, seen.values())
        self._insert(list_, new.values())

    @api.model
    def _planned(self, list_, want, row):
        """:return: `Row` as this one has to be"""
        reason = want.reason
        if row.is_importing:
            # what came of it is noted first
            return row._replace(partner_id=want.partner_id, reason=reason)
        if not reason and row.reason == "refused":
            reason = "refused"
        todo = None
        if not reason and not row.is_there:
            todo = "add"
        elif not reason and want.hash != row.sent_hash:
            todo = "update"
        elif reason and row.is_there and self._leaves(list_, want, reason):
            todo = "remove"
        is_same = bool(todo) and (todo, want.hash) == (row.todo, row.hash)
        return row._replace(
            partner_id=want.partner_id,
            email=want.email,
            todo=todo,
            reason=reason,
            hash=want.hash,
            error=row.error if is_same or reason == "refused" else None,
        )

    @api.model
    def _leaves(self, list_, want, reason):
        if want.reasons & UNWILLING:
            return True
        return list_.policy == "mirror" and reason not in STAYING

    @api.model
    def _plan_leavers(self, list_, rows):
        """Plan what is done with who is not in the segment: who was never on the list
        has no row any more."""
        gone = [row for row in rows if not row.is_there and not row.is_importing]
        there = [row for row in rows if row.is_there and not row.is_importing]
        emails = {row.email for row in there if row.email}
        barred = self._addresses_barred(list_.account_id, emails)
        planned = []
        for row in there:
            reasons = barred.get(row.email, set())
            is_unwilling = reasons & UNWILLING
            leaves = list_.policy == "mirror" or not row.partner_id or is_unwilling
            want = Wanted(row.partner_id, row.email, frozenset(reasons))
            planned.append(
                (
                    row,
                    row._replace(
                        todo="remove" if leaves else None,
                        reason=want.reason if is_unwilling else None,
                        hash=None,
                        error=None,
                    ),
                )
            )
        self._update(list_, planned, is_seen=False)
        self.env["crm.doppler.member"].browse(row.id for row in gone).unlink()

    @api.model
    def _rows(self, list_, where, limit=None):
        """:return: list of `Row` of a list, by id"""
        self.env["crm.doppler.member"].flush_model()
        self.env["crm.doppler.import"].flush_model(["state"])
        return [
            Row(*values)
            for values in self.env.execute_query(
                SQL(
                    """SELECT member.id, member.partner_id, member.email,
                              COALESCE(member.is_there, FALSE), member.todo,
                              member.reason, member.hash, member.sent_hash,
                              member.error, member.round,
                              COALESCE(import.state NOT IN ('done', 'failed'), FALSE)
                         FROM crm_doppler_member member
                    LEFT JOIN crm_doppler_import import ON import.id = member.import_id
                        WHERE member.list_id = %s AND %s
                     ORDER BY member.id
                        LIMIT %s""",
                    list_.id,
                    where,
                    limit,
                )
            )
        ]

    @api.model
    def _update(self, list_, pairs, is_seen=True):
        """In one statement.

        :param pairs: pairs of a `Row` as it is and as it has to be
        :param is_seen: whether they are in the segment, and so of this round
        """
        pairs = [pair for pair in pairs if is_seen or pair[0] != pair[1]]
        if not pairs:
            return
        rows = [row for _before, row in pairs]
        self.env.cr.execute(
            SQL(
                """UPDATE crm_doppler_member member
                      SET partner_id = given.partner_id,
                          todo = given.todo,
                          reason = given.reason,
                          hash = given.hash,
                          error = given.error,
                          round = COALESCE(%(round)s, member.round),
                          write_uid = CASE WHEN given.differs THEN %(uid)s
                                           ELSE member.write_uid END,
                          write_date = CASE WHEN given.differs THEN %(now)s
                                            ELSE member.write_date END
                     FROM unnest(%(ids)s::int[], %(differs)s::bool[],
                                 %(partners)s::int[], %(todos)s::varchar[],
                                 %(reasons)s::varchar[], %(hashes)s::varchar[],
                                 %(errors)s::varchar[])
                          AS given(id, differs, partner_id, todo, reason, hash, error)
                    WHERE member.id = given.id""",
                round=list_.round if is_seen else None,
                uid=self.env.uid,
                now=self.env.cr.now(),
                ids=[row.id for row in rows],
                differs=[before != row for before, row in pairs],
                **self._columns(rows),
            )
        )
        self.env["crm.doppler.member"].invalidate_model(flush=False)

    @api.model
    def _insert(self, list_, rows):
        rows = list(rows)
        if not rows:
            return
        self.env.cr.execute(
            SQL(
                """INSERT INTO crm_doppler_member
                          (list_id, company_id, round, is_there, create_uid,
                           create_date, write_uid, write_date, email, partner_id, todo,
                           reason, hash, error)
                   SELECT %(list_id)s, %(company_id)s, %(round)s, FALSE, %(uid)s,
                          %(now)s, %(uid)s, %(now)s, given.*
                     FROM unnest(%(emails)s::varchar[], %(partners)s::int[],
                                 %(todos)s::varchar[], %(reasons)s::varchar[],
                                 %(hashes)s::varchar[], %(errors)s::varchar[]) AS given
                """,
                list_id=list_.id,
                company_id=list_.company_id.id,
                round=list_.round,
                uid=self.env.uid,
                now=self.env.cr.now(),
                emails=[row.email for row in rows],
                **self._columns(rows),
            )
        )
        self.env["crm.doppler.member"].invalidate_model(flush=False)

    @api.model
    def _columns(self, rows):
        return {
            "partners": [row.partner_id for row in rows],
            "todos": [row.todo for row in rows],
            "reasons": [row.reason for row in rows],
            "hashes": [row.hash for row in rows],
            "errors": [row.error for row in rows],
        }

    # === REMOVALS === #

    @api.model
    def _removals_held(self, list_):
        """:return: whether nobody may be taken off this list yet: a director has to
        agree that so many leave at once"""
        return bool(self._held(list_))

    @api.model
    def _held(self, lists):
        """:return: those of these lists that more are to leave than may without asking
        and than somebody agreed to; who does not want to get anything does not count"""
        counts = self._removals(lists)
        return lists.filtered(
            lambda list_: (
                list_.id in counts
                and self._is_many(list_, *counts[list_.id])
                and counts[list_.id][0] > list_.agreed_removals
            )
        )

    @api.model
    def _is_many(self, list_, leaving, there):
        limit = list_.account_id.sudo().removal_limit  # sudo: of who reads the list
        return leaving > HANDFUL and leaving * 100 > there * limit

    @api.model
    def _removals(self, lists):
        """:return: dict id of a list -> how many are to leave it, of those that might
        want to stay, and how many are on it; in one query"""
        self.env["crm.doppler.member"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT list_id,
                          COUNT(*) FILTER (WHERE todo = 'remove' AND (reason IS NULL
                              OR reason NOT IN ('opted_out', 'blacklisted'))),
                          COUNT(*) FILTER (WHERE is_there)
                     FROM crm_doppler_member
                    WHERE list_id = ANY(%s)
                 GROUP BY list_id""",
                list(lists.ids),
            )
        )
        return {list_id: (leaving, there) for list_id, leaving, there in rows}
