from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_doppler_audience import UNWILLING, Wanted

BATCH = 2000
# Of no effect on who is on the list: Doppler writes to nobody who opted out there, and
# what it refuses it refused once more than it took.
STAYING = {"left_doppler", "refused"}
HANDFUL = 5  # removals that nobody has to agree to


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

    *Invariants.* An address is one row, whoever has it (``crm.doppler.audience``). The
    address of a row never changes. Comparing again what has not changed writes nothing
    but the round.

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
        partners, domain = self.env["crm.doppler.audience"]._domain(list_)
        total = partners.search_count(domain)
        there = [("list_id", "=", list_.id), ("is_there", "=", True)]
        if not total and self.env["crm.doppler.member"].search_count(there, limit=1):
            # sudo: its name, for who answers for the list
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
        partners, domain = self.env["crm.doppler.audience"]._domain(list_)
        partners = partners.search_fetch(
            domain & Domain("id", ">", state["last"]),
            ["email", "email_normalized"],
            order="id",
            limit=BATCH,
        )
        if not partners:
            return {**state, "walks": "leavers", "last": 0}
        self._keep(list_, self.env["crm.doppler.audience"]._wanted(list_, partners))
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

    # === WHAT IS KEPT === #

    @api.model
    def _keep(self, list_, wanted):
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
        barred = self.env["crm.doppler.audience"]._addresses_barred(
            list_.account_id, emails
        )
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
