from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, email_normalize

from ..tools.doppler.addresses import normalized, spellings
from ..tools.doppler.errors import DopplerError, NotFoundError, RetryableError
from .crm_doppler_audience import KINDS as REASONS

# How Doppler calls it (in small letters) -> kind; others are "other".
KINDS = {
    "manual": "manual",
    "administrative": "administrative",
    "abuselink": "abuse",
    "feedbackloop": "abuse",
    "hardbounce": "hard_bounce",
    "softbounce": "soft_bounce",
    "neveropen": "never_open",
    "internalpolicies": "policy",
}
# What somebody asked for, and not only what became of his address: nobody is to write
# to him. What is not known counts as a wish.
WISHES = ("manual", "administrative", "abuse", "other")
BEGINNING = datetime(2000, 1, 1)
# Doppler may note an opt-out some time after its date, and its clock may be ahead.
OVERLAP = timedelta(days=7)
AHEAD = timedelta(minutes=10)
FRESH = timedelta(hours=1)  # what is known is asked again before people are sent
FIRST_WINDOW, SHORTEST_WINDOW = timedelta(days=90), timedelta(hours=1)
FEW, MANY = 500, 2000  # opt-outs in a window, before the next one is longer or shorter
MOST_ASKED = 20  # addresses at once


class CrmDopplerOptout(models.Model):
    """An address that gets no more e-mails from an account of Doppler, as the service
    says or answered when we tried.

    *Invariants.* One row for each account and address. Rows stay: nobody of them is
    ever pushed again, even if somebody takes him off Odoo's blacklist, unless Doppler
    itself says that he is active again. What people asked for is on Odoo's blacklist
    too; what only the mail server says (bounces) is not.
    """

    _name = "crm.doppler.optout"
    _description = "Doppler Opt-out"
    _order = "date desc, id desc"
    _rec_name = "email"

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index="btree_not_null"
    )
    email = fields.Char(string="Address", required=True, readonly=True)
    kind = fields.Selection(
        selection=[
            ("manual", "Unsubscribed"),
            ("administrative", "Taken off by us"),
            ("abuse", "Reported it as spam"),
            ("hard_bounce", "Hard bounce"),
            ("soft_bounce", "Soft bounces"),
            ("never_open", "Never opened anything"),
            ("policy", "Not allowed by Doppler"),
            ("other", "Other"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Datetime(readonly=True, help="As Doppler tells it.")
    note = fields.Char(readonly=True)

    _email_unique = models.UniqueIndex(
        "(account_id, email)", "This opt-out is known already."
    )

    # === FETCHING === #

    @api.model
    def _step(self, job, client):
        """Fetch what opted out in the next window of time: see ``crm.doppler.job``."""
        progress = self._next(job.account_id, client, job.progress)
        if not progress:
            return None
        job.progress = progress
        return 0

    @api.model
    def _catch_up(self, job, client):
        """Who opted out since a push began, or since its last try days ago, is known
        before anybody is sent. The progress of the job is kept.

        :return: bool, whether a part of it was done and there may be more
        """
        account = job.account_id
        progress = dict(job.progress or {})
        window = progress.pop("optouts", None)
        if not window and self._is_fresh(account):
            return False
        window = self._next(account, client, window)
        job.progress = {**progress, "optouts": window} if window else progress
        return True

    @api.model
    def _is_fresh(self, account):
        until = account.optouts_until
        return bool(until) and fields.Datetime.now() - until < FRESH

    @api.model
    def _next(self, account, client, progress):
        """Fetch a window. Those that the service cannot answer are halved, quiet ones
        doubled. What is known until when only moves on when a window was read whole.

        :param progress: what the last window returned, if there was one
        :return: dict, None when it is known until now
        """
        progress = progress or self._first_progress(account)
        since, end = map(datetime.fromisoformat, (progress["since"], progress["end"]))
        size = timedelta(seconds=progress["size"])
        until = min(since + size, end)
        try:
            found = client.unsubscribed(since, until)
        except RetryableError as error:
            if error.code.startswith("429") or size <= SHORTEST_WINDOW:
                raise
            return {**progress, "size": progress["size"] / 2}
        self._note(account, [self._row(subscriber) for subscriber in found])
        # the overlap is behind what is known
        known = min(until, fields.Datetime.now()).replace(microsecond=0)
        account.optouts_until = max(known, account.optouts_until or known)
        if until >= end:
            return None
        return {
            **progress,
            "since": until.isoformat(),
            "size": progress["size"] * self._factor(len(found)),
        }

    @api.model
    def _first_progress(self, account):
        known = account.optouts_until
        return {
            "since": (known - OVERLAP if known else BEGINNING).isoformat(),
            "end": (fields.Datetime.now() + AHEAD).isoformat(),
            "size": FIRST_WINDOW.total_seconds(),
        }

    @api.model
    def _factor(self, number):
        """:return: how much longer the next window is"""
        if number > MANY:
            return 0.5
        return 2 if number < FEW else 1

    @api.model
    def _row(self, subscriber):
        return {
            "email": subscriber.email,
            "kind": KINDS.get((subscriber.unsubscription or "").lower(), "other"),
            "date": subscriber.unsubscribed,
            "note": subscriber.reason,
        }

    # === KEEPING === #

    @api.model
    def _note(self, account, rows):
        """Write down who gets no more e-mails from an account; in one statement,
        however many. Who asked for it goes on Odoo's blacklist when we hear of it, hard
        bounces are marked on contacts, and nothing is to be done any more with members
        of lists of the account: Doppler does not count them as subscribers.

        :param rows: list of dict email, kind, date (datetime or None), note; the last
            one of an address holds, but for one that only says "other"
        """
        rows = self._unique(rows)
        if not rows:
            return
        news = self._upsert(account, rows)
        self._mirror(account, [email for email, kind in news if kind in WISHES])
        self._mark_bounced(
            account, [email for email, kind in news if kind == "hard_bounce"]
        )
        self._settle_members(account, rows)

    @api.model
    def _unique(self, rows):
        """:return: dict address -> row, in the order of addresses"""
        unique = {}
        for row in rows:
            email = normalized(row["email"])
            if email and (row["kind"] != "other" or email not in unique):
                unique[email] = row
        return dict(sorted(unique.items()))

    @api.model
    def _upsert(self, account, rows):
        """:return: list of tuples address, kind of what is new"""
        self.flush_model()
        found = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_doppler_optout AS optout
                       (account_id, company_id, email, kind, date, note,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(account)s, %(company)s, given.email, given.kind, given.date,
                       given.note, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(emails)s::varchar[], %(kinds)s::varchar[],
                              %(dates)s::timestamp[], %(notes)s::varchar[])
                       AS given(email, kind, date, note)
           ON CONFLICT (account_id, email) DO UPDATE
                   SET kind = excluded.kind,
                       date = excluded.date,
                       note = excluded.note,
                       write_uid = excluded.write_uid,
                       write_date = excluded.write_date
                 WHERE excluded.kind <> 'other'
                   AND (optout.kind, optout.date, optout.note) IS DISTINCT FROM
                       (excluded.kind, excluded.date, excluded.note)
             RETURNING email, kind
                """,
                account=account.id,
                company=account.company_id.id,
                uid=self.env.uid,
                now=self.env.cr.now(),
                emails=list(rows),
                kinds=[row["kind"] for row in rows.values()],
                dates=[row["date"] for row in rows.values()],
                notes=[row["note"] or None for row in rows.values()],
            )
        )
        self.invalidate_model(flush=False)
        return found

    @api.model
    def _mirror(self, account, emails):
        """Put addresses on Odoo's blacklist, with a note that says why."""
        emails = [text for text in self._spelt(emails) if email_normalize(text)]
        if not emails:
            return
        # superuser: of whoever runs the job or the button
        Blacklist = self.env["mail.blacklist"].sudo().with_context(active_test=False)
        message = self.env._("Opted out at Doppler (%s).", account.email)
        known = Blacklist.search([("email", "in", emails)])
        archived = known.filtered(lambda row: not row.active)
        archived._track_set_log_message(message)
        archived.action_unarchive()
        there = set(known.mapped("email"))
        added = Blacklist.create(
            [{"email": email} for email in emails if email not in there]
        )
        added._message_log_batch(bodies=dict.fromkeys(added.ids, message))

    @api.model
    def _mark_bounced(self, account, emails):
        """Mark contacts whose address does not exist, as Odoo marks those whose e-mails
        come back; once."""
        emails = self._spelt(map(normalized, emails))
        if not emails:
            return
        # superuser: contacts of any salesperson, of the account's company, of one above
        # it or of none
        Partner = self.env["res.partner"].sudo().with_context(active_test=False)
        partners = Partner.search(
            [
                ("email_normalized", "in", emails),
                ("message_bounce", "=", 0),
                (
                    "company_id",
                    "in",
                    [False, *account.company_id.sudo().parent_ids.ids],
                ),
            ]
        )
        partners.message_bounce = 1

    @api.model
    def _spelt(self, emails):
        """:return: list of all ways in which Odoo may have these addresses"""
        return [text for email in emails if email for text in spellings(email)]

    @api.model
    def _settle_members(self, account, rows):
        Member = self.env["crm.doppler.member"]
        Member.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_doppler_member member
                   SET todo = NULL, is_there = FALSE, sent_hash = NULL,
                       reason = given.reason, write_uid = %(uid)s, write_date = %(now)s
                  FROM crm_doppler_list list,
                       unnest(%(emails)s::varchar[], %(reasons)s::varchar[])
                       AS given(email, reason)
                 WHERE list.id = member.list_id AND list.account_id = %(account)s
                   AND member.email = given.email
                   AND (member.todo IS NOT NULL OR member.is_there)
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                account=account.id,
                emails=list(rows),
                reasons=[
                    REASONS.get(row["kind"], "left_doppler") for row in rows.values()
                ],
            )
        )
        Member.invalidate_model(flush=False)

    @api.model
    def _is_out(self, account, emails):
        """:return: set of those of these addresses that opted out of the account"""
        found = self.search_fetch(
            [("account_id", "=", account.id), ("email", "in", list(emails))], ["email"]
        )
        return set(found.mapped("email"))

    # === ACTIVE AGAIN === #

    def action_ask_again(self):
        """Ask Doppler whether these addresses are subscribed again, which only they can
        do, and forget the opt-outs of those that are. Who is on Odoo's blacklist stays.

        :raise UserError: where Doppler cannot be asked, or nobody is subscribed again
        """
        self.check_access("read")
        if not self.env.user.has_group("crm_gestion.group_sales_director"):
            raise AccessError(self.env._("Only directors may ask Doppler again."))
        if len(self) > MOST_ASKED:
            raise UserError(self.env._("Ask for %s addresses at most.", MOST_ASKED))
        active = self._active_again()
        blacklisted = self._blacklisted(active)
        if blacklisted:
            raise UserError(
                self.env._(
                    "%s is on Odoo's blacklist: take this address off it first.",
                    blacklisted[0].email,
                )
            )
        if not active:
            raise UserError(self.env._("At Doppler, this address is still opted out."))
        # superuser: a director, for opt-outs that he reads and Doppler took back
        active.sudo().unlink()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Subscribed again at Doppler; the next push counts with it."
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _active_again(self):
        """:return: those whose addresses Doppler calls active"""
        active = self.browse()
        for account, optouts in self.grouped("account_id").items():
            # superuser: its key, which goes to Doppler and nowhere else
            client = account.sudo()._client()
            for optout in optouts:
                try:
                    found = client.subscriber(optout.email)
                except NotFoundError:
                    continue
                except DopplerError as error:
                    raise UserError(
                        self.env._("Doppler does not tell: %s", error.detail)
                    ) from None
                if found.status == "active":
                    active |= optout
        return active

    def _blacklisted(self, optouts):
        # superuser: whether addresses that the user reads are on it
        Blacklist = self.env["mail.blacklist"].sudo()
        listed = Blacklist.search([("email", "in", optouts.mapped("email"))])
        emails = set(listed.mapped("email"))
        return optouts.filtered(lambda optout: optout.email in emails)
