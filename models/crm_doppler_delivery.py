from datetime import timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.doppler.asking import ask_each
from ..tools.doppler.results import progressed, status_of

AT_ONCE = 20  # addresses that one step asks for
FOLLOWED = timedelta(days=60)  # nobody is asked when no campaign was sent since
RECENT = timedelta(days=14)  # known recipients of what was sent since come first
REST = timedelta(hours=20)  # for which somebody who was asked first is left alone
# what became of it -> how far the member of the campaign got
MEMBER_STATES = {"sent": "contacted", "opened": "opened"}


class Seen(NamedTuple):
    """What is new of a recipient. ``known`` is what was known before: a tuple of status
    and clicks, or None."""

    campaign: models.BaseModel  # of Doppler
    partner: models.BaseModel  # may be empty
    email: str
    status: str
    clicks: int
    known: tuple | None


class CrmDopplerDelivery(models.Model):
    """What became of a campaign of Doppler at one of its recipients.

    *Lifecycle.* Doppler tells it address by address and no other way, and nobody can
    ask for all of them every day: each run has a budget. Half of it is for known
    recipients of what was sent lately, the rest goes round by round through all whom we
    pushed. What is new reaches the members of the linked campaign, marks addresses that
    bounce, and may make calls (``crm.doppler.call``).

    *Invariants.* One row for each campaign and address, of contacts that we pushed. A
    status only gets better (not opened, opened) or says that the address bounced, and
    clicks only grow. Doppler tells no times: ``date`` is when we first saw it,
    ``changed_date`` when we last saw something new. Rows outlive the contact.
    """

    _name = "crm.doppler.delivery"
    _description = "Recipient of a Doppler Campaign"
    _order = "id desc"
    _rec_name = "email"

    campaign_id = fields.Many2one(
        comodel_name="crm.doppler.campaign",
        string="Doppler Campaign",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="campaign_id.company_id", store=True, index="btree_not_null"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    email = fields.Char(string="Address", required=True, readonly=True)
    status = fields.Selection(
        selection=[
            ("sent", "Not Opened"),
            ("opened", "Opened"),
            ("soft_bounce", "Soft Bounce"),
            ("hard_bounce", "Hard Bounce"),
        ],
        required=True,
        readonly=True,
    )
    clicks = fields.Integer(readonly=True)
    date = fields.Datetime(string="First Seen", required=True, readonly=True)
    changed_date = fields.Datetime(string="Changed on", required=True, readonly=True)
    checked_date = fields.Datetime(string="Last Asked", required=True, readonly=True)

    _email_unique = models.UniqueIndex(
        "(campaign_id, email)", "This recipient is known already."
    )
    _email_idx = models.Index("(email)")

    # === QUEUE === #

    @api.model
    def _step(self, job, client):
        """Ask for some addresses, as long as the budget of the account lasts.

        See ``crm.doppler.job``. ``progress`` counts who was asked, the calls that were
        made and the clicks without one.
        """
        account = job.account_id
        progress = {"asked": 0, "calls": 0, "without_call": 0} | (job.progress or {})
        left = account.delivery_budget - progress["asked"]
        emails = self._whom_to_ask(account, min(left, AT_ONCE), progress)
        if not emails:
            return None
        answers, errors = ask_each(client.deliveries, emails)
        seen = self._store(account, answers)
        self._rest([*answers, *errors], account)
        self._tell(seen)
        made, without = self.env["crm.doppler.call"]._make(account, seen)
        progress["asked"] += len(emails)
        progress["calls"] += made
        progress["without_call"] += without
        job.progress = progress
        return 0

    # === WHOM TO ASK === #

    @api.model
    def _whom_to_ask(self, account, limit, progress):
        """:return: list of addresses; where the round goes on is noted"""
        Campaign = self.env["crm.doppler.campaign"]
        if limit <= 0 or not Campaign.search_count(
            Campaign._sent_since(account, FOLLOWED), limit=1
        ):
            return []
        is_over = progress.get("is_round_over")
        first = self._recipients_of_late(account, limit if is_over else limit // 2)
        emails = dict.fromkeys(first)
        if not is_over:
            size = limit - len(first)
            others = self._next_of_round(account, size)
            emails |= dict.fromkeys(others)
            is_over = progress["is_round_over"] = len(others) < size
            account.write({"deliveries_after": False if is_over else others[-1]})
        return list(emails)

    @api.model
    def _recipients_of_late(self, account, limit):
        """:return: addresses of known recipients of what was sent lately, those first
        who were not asked for the longest time"""
        Campaign = self.env["crm.doppler.campaign"]
        self.flush_model()
        late = Campaign.search(Campaign._sent_since(account, RECENT))
        return [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """SELECT email
                         FROM crm_doppler_delivery
                        WHERE campaign_id = ANY(%s) AND checked_date < %s
                     GROUP BY email
                     ORDER BY min(checked_date), email
                        LIMIT %s""",
                    late.ids,
                    fields.Datetime.now() - REST,
                    limit,
                )
            )
        ]

    @api.model
    def _next_of_round(self, account, limit):
        """:return: addresses that are or were on a list of ours, from where the last
        run came to, in order"""
        self.env["crm.doppler.member"].flush_model()
        return [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """SELECT DISTINCT member.email
                         FROM crm_doppler_member member
                         JOIN crm_doppler_list list ON list.id = member.list_id
                        WHERE list.account_id = %s AND member.email > %s
                          AND (member.is_there OR member.sent_date IS NOT NULL)
                     ORDER BY member.email
                        LIMIT %s""",
                    account.id,
                    account.deliveries_after or "",
                    limit,
                )
            )
        ]

    @api.model
    def _rest(self, emails, account):
        """Note that these were asked, whatever the answer: the others have their
        turn."""
        self.env.cr.execute(
            SQL(
                """UPDATE crm_doppler_delivery delivery SET checked_date = %s
                     FROM crm_doppler_campaign campaign
                    WHERE campaign.id = delivery.campaign_id
                      AND campaign.account_id = %s AND delivery.email = ANY(%s)""",
                fields.Datetime.now(),
                account.id,
                list(emails),
            )
        )
        self.invalidate_model(["checked_date"], flush=False)

    # === WHAT BECAME OF IT === #

    @api.model
    def _store(self, account, answers):
        """Note what Doppler told; a bounded number of statements.

        :param dict answers: address -> list of `Delivery`
        :return: list of `Seen`, of what is new
        """
        campaigns = self._campaigns(account, answers)
        told = {}
        for email, deliveries in answers.items():
            for delivery in deliveries:
                key = (campaigns[delivery.campaign_ref], email)
                news = (status_of(delivery), max(delivery.clicks, 0))
                told[key] = progressed(told.get(key), news)
        known = self._known(told)
        new = {
            key: state
            for key, news in told.items()
            if (state := progressed(known.get(key), news)) != known.get(key)
        }
        self._upsert(new, self._partners(account, answers))
        if not new:
            return []
        rows = self.search(
            [
                ("campaign_id", "in", list({campaign.id for campaign, _e in new})),
                ("email", "in", list({email for _campaign, email in new})),
            ]
        )
        return [
            Seen(
                row.campaign_id,
                row.partner_id,
                row.email,
                row.status,
                row.clicks,
                known.get(key),
            )
            for row in rows
            if (key := (row.campaign_id, row.email)) in new
        ]

    @api.model
    def _campaigns(self, account, answers):
        """:return: dict number at Doppler -> campaign; one that nobody has told of yet
        is made, the next fetching of campaigns links it"""
        names = {
            delivery.campaign_ref: delivery.campaign
            for deliveries in answers.values()
            for delivery in deliveries
        }
        Campaign = self.env["crm.doppler.campaign"]
        domain = [("account_id", "=", account.id), ("ref", "in", list(names))]
        known = set(Campaign.search(domain).mapped("ref"))
        Campaign.create(
            [
                {"account_id": account.id, "ref": ref, "name": name or ref}
                for ref, name in names.items()
                if ref not in known
            ]
        )
        return Campaign.search(domain).grouped("ref")

    @api.model
    def _known(self, keys):
        rows = self.search_fetch(
            [
                ("campaign_id", "in", list({campaign.id for campaign, _e in keys})),
                ("email", "in", list({email for _campaign, email in keys})),
            ],
            ["campaign_id", "email", "status", "clicks"],
        )
        return {(row.campaign_id, row.email): (row.status, row.clicks) for row in rows}

    @api.model
    def _partners(self, account, emails):
        """:return: dict address -> id of the contact who is on a list with it"""
        self.env["crm.doppler.member"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """SELECT DISTINCT ON (member.email)
                              member.email, member.partner_id
                         FROM crm_doppler_member member
                         JOIN crm_doppler_list list ON list.id = member.list_id
                        WHERE list.account_id = %s AND member.email = ANY(%s)
                          AND member.partner_id IS NOT NULL
                     ORDER BY member.email, member.is_there DESC NULLS LAST, member.id
                    """,
                    account.id,
                    list(emails),
                )
            )
        )

    @api.model
    def _upsert(self, new, partners):
        """
        :param dict new: campaign and address -> status and clicks
        :param dict partners: address -> id of a contact
        """
        if not new:
            return
        now, stamp = fields.Datetime.now(), self.env.cr.now()
        rows = [
            (
                campaign.id,
                campaign.company_id.id,
                partners.get(email),
                email,
                status,
                clicks,
                *(now,) * 3,
                *(self.env.uid, stamp) * 2,
            )
            for (campaign, email), (status, clicks) in new.items()
        ]
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """INSERT INTO crm_doppler_delivery AS known
                          (campaign_id, company_id, partner_id, email, status, clicks,
                           date, changed_date, checked_date,
                           create_uid, create_date, write_uid, write_date)
                   VALUES %s
              ON CONFLICT (campaign_id, email) DO UPDATE
                      SET partner_id = coalesce(known.partner_id, excluded.partner_id),
                          status = excluded.status,
                          clicks = excluded.clicks,
                          changed_date = excluded.changed_date,
                          write_uid = excluded.write_uid,
                          write_date = excluded.write_date""",
                SQL(", ").join(SQL("%s", row) for row in rows),
            )
        )
        self.invalidate_model(flush=False)

    # === WHO IS TOLD === #

    @api.model
    def _tell(self, seen):
        """:param seen: list of `Seen`"""
        self._advance(
            (one.campaign, one.partner, one.status, one.clicks) for one in seen
        )
        by_account = {}
        for one in seen:
            if one.status == "hard_bounce" and "hard_bounce" not in (one.known or ()):
                by_account.setdefault(one.campaign.account_id, []).append(one.email)
        for account, emails in by_account.items():
            self.env["crm.doppler.optout"]._mark_bounced(account, emails)

    def _tell_members(self):
        """Tell the members of the linked campaigns what is known of these."""
        self._advance(
            (row.campaign_id, row.partner_id, row.status, row.clicks) for row in self
        )

    @api.model
    def _advance(self, rows):
        """:param rows: campaign of Doppler, contact, status, clicks"""
        now = fields.Datetime.now()
        self.env["crm.campaign.member"]._advance(
            [
                {
                    "campaign_id": campaign.campaign_id.id,
                    "partner_id": partner.id,
                    "state": "clicked" if clicks else MEMBER_STATES[status],
                    "date": now,
                    "contact_date": campaign.sent_date or now,
                    "source": "doppler",
                }
                for campaign, partner, status, clicks in rows
                if campaign.campaign_id and partner and status in MEMBER_STATES
            ]
        )
