from datetime import timedelta

from pytz import utc

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.doppler.asking import ask_each
from ..tools.doppler.errors import NotFoundError, RetryableError
from ..tools.doppler.results import STATES, UNDER_WAY, figures, named
from ..tools.mailing import folded

AT_ONCE = 20  # campaigns whose results one step asks for
TOLD_AT_ONCE = 1000  # recipients of whom one step tells the campaign of Odoo
# Age of a campaign -> when its results are asked for again: every hour, day or week. A
# little sooner than that, or every second run would come a moment too early.
PACES = (
    (timedelta(days=2), timedelta(minutes=50)),
    (timedelta(days=14), timedelta(hours=23)),
    (timedelta(days=60), timedelta(days=7, hours=-1)),
)
SOON = timedelta(minutes=10)  # what is still being sent, or gave no answer
DELETED = "deleted"


class CrmDopplerCampaign(models.Model):
    """A campaign that was sent from Doppler, and the campaign of Odoo that it belongs
    to.

    *Lifecycle.* Fetching makes it and brings it up to date; the rule of the account
    links it to a campaign of Odoo as long as nobody has done so by hand. Its results
    are dated snapshots in ``crm.mailing.metric`` (provider ``doppler``), taken often at
    first and ever more seldom, and none before it is linked. One that is deleted at
    Doppler stays, and so does what is known of it.

    *Invariants.* A link stays until somebody changes it by hand, and who takes it away
    has decided that too. Results follow the link: what is linked elsewhere moves there,
    and results of what is linked no more are gone. Nobody changes anything else.
    """

    _name = "crm.doppler.campaign"
    _description = "Doppler Campaign"
    _order = "sent_date desc, id desc"
    _check_company_auto = True

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index="btree_not_null"
    )
    ref = fields.Char(string="Number at Doppler", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    subject = fields.Char(readonly=True)
    status = fields.Char(readonly=True)
    status_label = fields.Char(
        string="State at Doppler", compute="_compute_status_label"
    )
    sent_date = fields.Datetime(string="Sent on", readonly=True)
    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        string="Campaign in Odoo",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
    )
    is_linked_by_hand = fields.Boolean(readonly=True)
    is_untold = fields.Boolean(
        string="Members to Be Told",
        readonly=True,
        help="The campaign of Odoo has not heard of its recipients yet.",
    )
    results_date = fields.Datetime(string="Results of", readonly=True)
    next_results = fields.Datetime(string="Asked Again", readonly=True)
    error = fields.Char(string="Last Error", readonly=True)
    sent = fields.Integer(compute="_compute_figures")
    opens_unique = fields.Integer(string="Opened", compute="_compute_figures")
    clicks_unique = fields.Integer(string="Clicked", compute="_compute_figures")
    delivery_count = fields.Integer(
        string="Known Recipients",
        compute="_compute_delivery_count",
        help="Contacts of ours of whom Doppler has told what became of it.",
    )

    _ref_unique = models.UniqueIndex(
        "(account_id, ref)", "This campaign of Doppler is known already."
    )
    _due_idx = models.Index("(account_id, next_results)")

    # === COMPUTE METHODS === #

    @api.depends("status")
    @api.depends_context("lang")
    def _compute_status_label(self):
        labels = {
            "shipping": self.env._("Being sent"),
            "shipped": self.env._("Sent"),
            DELETED: self.env._("Deleted"),
        }
        for campaign in self:
            campaign.status_label = labels.get(campaign.status, campaign.status)

    @api.depends("campaign_id")
    def _compute_figures(self):
        metrics = self.env["crm.mailing.metric"].search(
            [
                ("provider", "=", "doppler"),
                ("campaign_id", "in", self.campaign_id.ids),
                ("external_ref", "in", self.mapped("ref")),
                ("is_latest", "=", True),
            ]
        )
        found = {(m.campaign_id.id, m.external_ref): m for m in metrics}
        for campaign in self:
            metric = found.get((campaign.campaign_id.id, campaign.ref), metrics[:0])
            campaign.sent = metric.sent
            campaign.opens_unique = metric.opens_unique
            campaign.clicks_unique = metric.clicks_unique

    def _compute_delivery_count(self):
        counts = dict(
            self.env["crm.doppler.delivery"]._read_group(
                [("campaign_id", "in", self.ids)], ["campaign_id"], ["__count"]
            )
        )
        for campaign in self:
            campaign.delivery_count = counts.get(campaign._origin, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        """A client says which campaign of Odoo it belongs to, and nothing else."""
        if not self.env.su:
            self.check_access("write")
            if vals.keys() - {"campaign_id"}:
                raise UserError(
                    self.env._(
                        "Only the campaign of Odoo is chosen by hand: change the rest "
                        "at Doppler."
                    )
                )
            vals = {**vals, "is_linked_by_hand": True}
        if "campaign_id" not in vals:
            return super().write(vals)
        before = {campaign: campaign.campaign_id for campaign in self}
        is_linked = bool(vals["campaign_id"])
        res = super().write(
            {
                **vals,
                "is_untold": is_linked,
                "next_results": is_linked and fields.Datetime.now(),
                "error": False,
            }
        )
        moved = self.filtered(lambda c: c.campaign_id != before[c])
        # sudo: results are nobody's to change; they follow the link
        self.env["crm.mailing.metric"].sudo()._move_doppler(
            {c: before[c] for c in moved if before[c]}
        )
        moved._ask()
        return res

    # === ACTION METHODS === #

    def action_fetch(self):
        """Ask Doppler for its campaigns and for the results of these, or of all that
        are due, and who opened them.

        :return: action that tells it
        :raise UserError: where no company of the user has an account
        """
        self.check_access("write")
        accounts = self.account_id or self.env["crm.doppler.account"].search(
            [("company_id", "in", self.env.companies.ids)]
        )
        if not accounts:
            raise UserError(
                self.env._(
                    "There is no Doppler account yet: ask a system administrator to "
                    "connect one in the settings."
                )
            )
        # sudo: a director may ask; when it is asked is Odoo's to note
        linked = self.sudo().filtered("campaign_id")
        linked.write({"next_results": fields.Datetime.now()})
        for account in accounts.sudo():
            for kind in ("campaigns", "deliveries"):
                self.env["crm.doppler.job"].sudo()._enqueue(account, kind)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Doppler is being asked: come back in some minutes."
                ),
            },
        }

    def action_view_deliveries(self):
        """:return: the list of the recipients of these campaigns"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_doppler_delivery_action"
        )
        return {**action, "domain": [("campaign_id", "in", self.ids)]}

    # === QUEUE === #

    def _ask(self):
        """Let the queue tell members and ask for results."""
        # sudo: who may link a campaign may have its results fetched
        for account in self.sudo().account_id:
            self.env["crm.doppler.job"].sudo()._enqueue(account, "campaigns")

    @api.model
    def _step(self, job, client):
        """First all campaigns of the account, then, a few in each step, recipients of
        what was linked and results of what is due.

        See ``crm.doppler.job``.
        """
        account = job.account_id
        progress = job.progress or {}
        if not progress.get("is_fetched"):
            self._fetch(account, client)
            job.progress = {"is_fetched": True}
            return 0
        if self._tell_members(job):
            return 0
        return 0 if self._fetch_results(account, client) else None

    # === CAMPAIGNS === #

    @api.model
    def _fetch(self, account, client):
        found = {}
        for state in STATES:  # what was sent meanwhile is in one of them at least
            found.update((c.ref, c) for c in client.campaigns(state))
        self._upsert(account, found.values())
        self._note_deleted(account, set(found))
        self._link(account)

    @api.model
    def _upsert(self, account, campaigns):
        """Bring campaigns up to date, in one statement; the same twice changes
        nothing."""
        if not campaigns:
            return
        self.flush_model()
        columns = zip(
            *((c.ref, c.name or c.ref, c.subject or None, c.status or None, c.date)
              for c in campaigns),
            strict=True,
        )  # fmt: skip
        refs, names, subjects, states, dates = map(list, columns)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_doppler_campaign AS known
                       (account_id, company_id, ref, name, subject, status, sent_date,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(account)s, %(company)s, told.ref, told.name, told.subject,
                       told.status, told.date, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(refs)s::varchar[], %(names)s::varchar[],
                              %(subjects)s::varchar[], %(states)s::varchar[],
                              %(dates)s::timestamp[])
                       AS told(ref, name, subject, status, date)
           ON CONFLICT (account_id, ref) DO UPDATE
                   SET name = excluded.name,
                       subject = coalesce(excluded.subject, known.subject),
                       status = coalesce(excluded.status, known.status),
                       sent_date = coalesce(excluded.sent_date, known.sent_date),
                       error = CASE WHEN known.status = %(deleted)s THEN NULL
                                    ELSE known.error END,
                       next_results = CASE WHEN known.status = %(deleted)s
                                            AND known.campaign_id IS NOT NULL
                                           THEN excluded.write_date
                                           ELSE known.next_results END,
                       write_uid = excluded.write_uid,
                       write_date = excluded.write_date
                 WHERE (known.name, known.subject, known.status, known.sent_date)
                       IS DISTINCT FROM
                       (excluded.name, coalesce(excluded.subject, known.subject),
                        coalesce(excluded.status, known.status),
                        coalesce(excluded.sent_date, known.sent_date))
                """,
                account=account.id,
                company=account.company_id.id,
                refs=refs,
                names=names,
                subjects=subjects,
                states=states,
                dates=dates,
                deleted=DELETED,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)

    @api.model
    def _note_deleted(self, account, refs):
        listed = self.search(
            [("account_id", "=", account.id), ("status", "in", STATES)]
        )
        listed.filtered(lambda c: c.ref not in refs).write(
            {
                "status": DELETED,
                "error": self.env._("It is not at Doppler any more."),
                "next_results": False,
            }
        )

    # === LINKS === #

    @api.model
    def _link(self, account):
        """Link what is linked to nothing as the rule of the account says. Where several
        campaigns of Odoo have the name, nobody but a human can tell."""
        if account.name_rule == "none":
            return
        free = self.search(
            [
                ("account_id", "=", account.id),
                ("campaign_id", "=", False),
                ("is_linked_by_hand", "=", False),
            ]
        )
        titles = self._titles(account.company_id) if free else {}
        links, unclear = {}, self.browse()
        for campaign in free:
            found = named(campaign.name, titles, account.name_rule == "starts")
            if len(found) == 1:
                links[campaign.id] = next(iter(found))
            elif found:
                unclear |= campaign
        self._link_to(links)
        message = self.env._("Several campaigns have this name: choose one by hand.")
        unclear.filtered(lambda c: c.error != message).write({"error": message})

    @api.model
    def _titles(self, company):
        """:return: dict title in any language -> ids of campaigns of the company"""
        self.env["utm.campaign"].flush_model(["title", "active", "company_id"])
        titles = {}
        for campaign_id, title in self.env.execute_query(
            SQL(
                """SELECT campaign.id, title.value
                     FROM utm_campaign campaign, jsonb_each_text(campaign.title) title
                    WHERE campaign.active
                      AND (campaign.company_id = %s OR campaign.company_id IS NULL)""",
                company.id,
            )
        ):
            titles.setdefault(folded(title), set()).add(campaign_id)
        return titles

    @api.model
    def _link_to(self, links):
        """:param dict links: id -> id of the campaign of Odoo; in one statement"""
        if not links:
            return
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_doppler_campaign campaign
                      SET campaign_id = link.campaign_id, is_untold = TRUE,
                          next_results = %(now)s, error = NULL,
                          write_uid = %(uid)s, write_date = %(now)s
                     FROM unnest(%(ids)s::int[], %(campaigns)s::int[])
                          AS link(id, campaign_id)
                    WHERE campaign.id = link.id""",
                ids=list(links),
                campaigns=list(links.values()),
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)

    @api.model
    def _tell_members(self, job):
        """Tell the campaign of Odoo what became of the recipients of one that was
        linked to it, a batch of them.

        :return: whether there were any
        """
        campaign = self.search(
            [("account_id", "=", job.account_id.id), ("is_untold", "=", True)],
            order="id",
            limit=1,
        )
        if not campaign:
            return False
        told_id, last = job.progress.get("told", (0, 0))
        Delivery = self.env["crm.doppler.delivery"]
        batch = Delivery.search(
            [
                ("campaign_id", "=", campaign.id),
                ("id", ">", last if told_id == campaign.id else 0),
            ],
            order="id",
            limit=TOLD_AT_ONCE,
        )
        batch._tell_members()
        if len(batch) < TOLD_AT_ONCE:
            campaign.write({"is_untold": False})
        else:
            job.progress = {**job.progress, "told": [campaign.id, batch.ids[-1]]}
        return True

    # === RESULTS === #

    @api.model
    def _fetch_results(self, account, client):
        """Snapshots of the campaigns that are due, a few of them.

        :return: whether there were any
        """
        now = fields.Datetime.now()
        due = self.search(
            [
                ("account_id", "=", account.id),
                ("campaign_id", "!=", False),
                ("next_results", "<=", now),
            ],
            order="next_results, id",
            limit=AT_ONCE,
        )
        by_ref = due.grouped("ref")
        answers, errors = ask_each(client.results, by_ref)
        self.env["crm.mailing.metric"]._store(
            [by_ref[ref]._metric(results) for ref, results in answers.items()]
        )
        for ref, results in answers.items():
            campaign = by_ref[ref]
            campaign.write(
                {
                    "results_date": now,
                    "next_results": campaign._next_results(results, now),
                    "error": False,
                }
            )
        for ref, error in errors.items():
            campaign = by_ref[ref]
            campaign.write(
                {
                    "next_results": campaign._next_try(error, now),
                    "error": self.env._("No results: %s", error.detail),
                }
            )
        return bool(due)

    def _metric(self, results):
        """:return: values of today's row of ``crm.mailing.metric``"""
        company = self.company_id
        sent = self.sent_date and utc.localize(self.sent_date)
        return {
            "campaign_id": self.campaign_id.id,
            "provider": "doppler",
            "tool": "Doppler",
            "mailing_id": None,
            "external_ref": self.ref,
            "name": self.name,
            "date": company._crm_today(),
            "sent_date": sent.astimezone(company._crm_tz()).date() if sent else None,
            **figures(results),
        }

    def _next_results(self, results, now):
        """:return: when it is asked again, or False"""
        if results.status == UNDER_WAY:
            return now + SOON
        age = now - (self.sent_date or self.create_date)
        return next((now + pace for limit, pace in PACES if age < limit), False)

    def _next_try(self, error, now):
        if isinstance(error, NotFoundError):
            return False
        wait = SOON if isinstance(error, RetryableError) else timedelta(days=1)
        return now + wait

    @api.model
    def _sent_since(self, account, age):
        """:return: Domain of the campaigns of an account that were sent in this time"""
        since = fields.Datetime.now() - age
        return Domain("account_id", "=", account.id) & (
            Domain("sent_date", ">=", since)
            | (Domain("sent_date", "=", False) & Domain("create_date", ">=", since))
        )
