import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import email_normalize

_logger = logging.getLogger(__name__)

BATCH = 1000
AT_ONCE = 20000  # e-mails that a click goes through
# What tells how far a contact got -> its campaign, and what it says.
FEEDS = {
    "mailing.trace": ("campaign_id", "_rows_of_traces"),
    "crm.gestion": ("campaign_id", "_rows_of_gestiones"),
    "crm.lead": ("campaign_id", "_rows_of_leads"),
    # where the event app is
    "event.registration": ("utm_campaign_id", "_rows_of_registrations"),
}
DELIVERED = ("sent", "pending")  # the second is of text messages


class CrmCampaignFeed(models.AbstractModel):
    """Tells the members of campaigns what happened with them.

    *Lifecycle.* Native mailings, gestiones and opportunities call `_follow` as they
    happen. A nightly cron goes through what changed since its last visit, campaign by
    campaign: registrations of events, whose app may not be there, mailings of before
    the installation or that got their campaign later, and whatever could not be noted
    at once.

    *Invariants.* Telling the same twice changes nothing. It never makes the native
    action fail, and costs a batch of any size the same few queries.

    *What it means.* An e-mail sent: contacted; opened, clicked, and replied to:
    answered. One that was not sent leaves its recipient planned, one that bounces makes
    him planned again, and who was left out on purpose, being blacklisted, does not
    enter. Unsubscribing through a mailing: opted out. A gestión that came in or went
    well: answered; one whose result says not to contact again: opted out; any other:
    contacted. An opportunity or enquiry of the campaign: answered. A registration for
    an event: answered.

    Whoever acts on those documents need not have rights on members, so all of it runs
    as superuser; documents of another company than the campaign's tell nothing.
    """

    _name = "crm.campaign.feed"
    _description = "What Feeds Campaign Members"

    @api.model
    def _follow(self, records, replays=True):
        """Note what these records say.

        :param records: of a model of `FEEDS`, with or without a campaign
        :param bool replays: whether the server replays what collided. Sending and
            fetching e-mails it does not: they would go out twice, or be lost
        """
        field, method = FEEDS[records._name]
        # sudo: see the class
        told = records.sudo().filtered(field)
        if told:
            self._guarded(lambda: self._advance(getattr(self, method)(told)), replays)

    @api.model
    def _advance(self, rows):
        self.env["crm.campaign.member"].sudo()._advance(rows)  # sudo: see the class

    @api.model
    def _guarded(self, note, replays=False):
        self.env.flush_all()  # errors of others are theirs
        try:
            with self.env.cr.savepoint():
                note()
        except Exception as error:
            if replays and isinstance(error, OperationalError):
                raise
            _logger.exception("Members of campaigns: noted by the next refresh only.")

    # === MAILINGS === #

    @api.model
    def _rows_of_traces(self, traces):
        traces = traces.filtered(
            lambda trace: not trace.is_test_trace and trace.trace_status != "cancel"
        )
        return [
            {
                "campaign_id": trace.campaign_id.id,
                "partner_id": partner.id,
                "source": "mailing",
                **self._state_of_trace(trace),
            }
            for trace, partner in self._recipients(traces).items()
        ]

    @api.model
    def _state_of_trace(self, trace):
        sent = trace.sent_datetime
        if trace.trace_status == "reply":
            state, date = "answered", trace.reply_datetime
        elif trace.trace_status == "open" or trace.trace_status in DELIVERED:
            if trace.links_click_datetime:
                state, date = "clicked", trace.links_click_datetime
            elif trace.trace_status == "open":
                state, date = "opened", trace.open_datetime
            else:
                state, date = "contacted", sent
        else:
            state, date = "planned", trace.create_date
        return {
            "state": state,
            "date": date or sent or trace.create_date,
            "contact_date": sent,
        }

    @api.model
    def _recipients(self, traces):
        """:return: dict trace -> the contact it went to: the document, its customer, or
        the only one with that address"""
        found = {}
        for model, group in traces.grouped("model").items():
            partners = self._partners_of(model, group.mapped("res_id"))
            for trace in group:
                if partner := partners.get(trace.res_id):
                    found[trace] = partner
        others = traces.filtered(lambda trace: trace not in found and trace.email)
        by_email = self._by_email(others.mapped("email"))
        for trace in others:
            company = trace.campaign_id.company_id
            partners = self._of_company(by_email.get(trace.email, ()), company)
            if len(partners) == 1:
                found[trace] = partners[0]
        return found

    @api.model
    def _partners_of(self, model, ids):
        """:return: dict id of a document -> its customer"""
        if model == "res.partner":
            # sudo: only which ones are there still
            partners = self.env[model].sudo().browse(set(ids)).exists()
            return {partner.id: partner for partner in partners}
        field = model in self.env and self.env[model]._fields.get("partner_id")
        if not field or field.comodel_name != "res.partner" or not field.store:
            return {}
        # sudo: see the class
        documents = self.env[model].sudo().with_context(active_test=False)
        documents = documents.search_fetch([("id", "in", ids)], ["partner_id"])
        return {document.id: document.partner_id for document in documents}

    @api.model
    def _by_email(self, emails):
        """:return: dict address -> the contacts who have it"""
        if not emails:
            return {}
        # sudo: see the class
        partners = self.env["res.partner"].sudo()
        return partners.search_fetch(
            [("email_normalized", "in", emails)], ["email_normalized", "company_id"]
        ).grouped("email_normalized")

    @api.model
    def _of_company(self, partners, company):
        return [
            partner
            for partner in partners
            if not (partner.company_id and company)
            or partner.company_id in company.parent_ids
        ]

    @api.model
    def _bounced(self, traces):
        """These e-mails did not arrive."""
        # sudo: see the class
        told = traces.sudo().filtered(lambda t: t.campaign_id and t.sent_datetime)
        if told:
            self._guarded(lambda: self._take_back(told))

    @api.model
    def _take_back(self, traces):
        """What else reached those contacts is told anew."""
        members = self.env["crm.campaign.member"]._take_back(
            [
                {
                    "campaign_id": trace.campaign_id.id,
                    "partner_id": partner.id,
                    "date": trace.sent_datetime,
                }
                for trace, partner in self._recipients(traces).items()
            ]
        )
        if not members:
            return
        of_campaign = Domain("campaign_id", "in", members.campaign_id.ids)
        who = members.partner_id.ids
        # sudo: see the class
        gestiones = self.env["crm.gestion"].sudo()
        gestiones = gestiones.search(
            of_campaign
            & (Domain("contact_id", "in", who) | Domain("organization_id", "in", who))
        )
        others = traces.search(
            of_campaign & Domain("email", "in", traces.mapped("email"))
        )
        self._advance(self._rows_of_gestiones(gestiones) + self._rows_of_traces(others))

    @api.model
    def _opt_out(self, mailing, email):
        """Who got this mailing at this address wants no more of them."""
        # sudo: see the class; the link in the e-mail said who he is
        traces = self.env["mailing.trace"].sudo()
        traces = traces.search(
            [
                ("mass_mailing_id", "=", mailing.id),
                ("email", "=", email_normalize(email)),
                ("campaign_id", "!=", False),
                ("is_test_trace", "=", False),
            ]
        )
        now = fields.Datetime.now()
        self._guarded(
            lambda: self._advance(
                [
                    {**row, "state": "opted_out", "date": now}
                    for row in self._rows_of_traces(traces)
                ]
            ),
            replays=True,
        )

    # === WORK OF SALES === #

    @api.model
    def _rows_of_gestiones(self, gestiones):
        return [
            {
                "campaign_id": gestion.campaign_id.id,
                "partner_id": (gestion.contact_id or gestion.organization_id).id,
                "state": self._state_of_gestion(gestion),
                "date": gestion.date,
                "source": self._source_of_gestion(gestion),
            }
            for gestion in gestiones
            if self._is_of_company(gestion, gestion.campaign_id)
        ]

    @api.model
    def _state_of_gestion(self, gestion):
        if gestion.result_id.stops_contact:
            return "opted_out"
        if gestion.direction == "in" or gestion.outcome == "positive":
            return "answered"
        return "contacted"

    @api.model
    def _source_of_gestion(self, gestion):
        listed = gestion.activity_id.crm_campaign_id == gestion.campaign_id
        return "call_list" if listed else "gestion"

    @api.model
    def _rows_of_leads(self, leads):
        return [
            {
                "campaign_id": lead.campaign_id.id,
                "partner_id": lead.partner_id.id,
                "state": "answered",
                "date": lead.create_date,
                "source": "opportunity",
            }
            for lead in leads
            if lead.partner_id and self._is_of_company(lead, lead.campaign_id)
        ]

    @api.model
    def _is_of_company(self, document, campaign):
        companies = document.company_id | campaign.company_id
        return len(companies) < 2

    # === EVENTS === #

    @api.model
    def _rows_of_registrations(self, registrations):
        came = registrations.filtered(lambda r: r.state in ("open", "done"))
        emails = {
            registration: email_normalize(registration.email) for registration in came
        }
        by_email = self._by_email([email for email in emails.values() if email])
        rows = []
        for registration in came:
            campaign = registration.utm_campaign_id
            partners = registration.partner_id or self._of_company(
                by_email.get(emails[registration], ()), campaign.company_id
            )
            if len(partners) == 1:
                rows.append(
                    {
                        "campaign_id": campaign.id,
                        "partner_id": partners[0].id,
                        "state": "answered",
                        "date": registration.create_date,
                        "source": "event",
                    }
                )
        return rows

    # === REFRESH === #

    @api.model
    def _refresh(self, campaign, since=False):
        """Tell the members of a campaign again what happened, in bounded batches.

        :param since: only what changed after that moment
        :return: iterator of the number of records told, batch by batch
        """
        for model, (field, _method) in FEEDS.items():
            if model not in self.env or field not in self.env[model]._fields:
                continue
            domain = [(field, "=", campaign.id)]
            if since:
                # what a long transaction wrote is dated when it began
                domain.append(("write_date", ">=", since - timedelta(days=1)))
            # sudo: see the class
            records, last = self.env[model].sudo().with_context(active_test=False), 0
            while batch := records.search(
                [*domain, ("id", ">", last)], order="id", limit=BATCH
            ):
                self._follow(batch, replays=False)
                last = batch.ids[-1]
                batch.invalidate_recordset(flush=False)
                yield len(batch)

    @api.model
    def _refresh_action(self, campaign):
        """Refresh the members of a campaign at once, or leave it to the cron where more
        than `AT_ONCE` records of a kind tell of it.

        :return: action that says which
        """
        Member = self.env["crm.campaign.member"]
        Member._check_may_add(campaign)
        # sudo: see the class
        campaign = campaign.sudo()
        traces = self.env["mailing.trace"].sudo()
        of_campaign = [("campaign_id", "=", campaign.id)]
        if traces.search_count(of_campaign, limit=AT_ONCE + 1) > AT_ONCE:
            campaign.members_refreshed = False
            self.env.ref("crm_gestion.ir_cron_campaign_members").sudo()._trigger()
            return Member._message_action(
                self.env._("There is much to look at: come back in some minutes.")
            )
        told = sum(self._refresh(campaign))
        campaign.members_refreshed = fields.Datetime.now()
        return Member._message_action(
            self.env._("E-mails, gestiones and other records looked at: %s.", told)
        )

    @api.model
    def _cron_refresh(self):
        """Every night, campaign by campaign, what changed since the last visit. A run
        that was cut short is continued by the next one."""
        started = fields.Datetime.now()
        # sudo: see the class
        campaigns = self.env["utm.campaign"].sudo().with_context(active_test=False)
        due = [
            "|",
            ("members_refreshed", "=", False),
            ("members_refreshed", "<", started - timedelta(hours=12)),
        ]
        cron = self.env["ir.cron"]
        while campaign := campaigns.search(due, order="id", limit=1):
            for _told in self._refresh(campaign, campaign.members_refreshed):
                cron._commit_progress()
            campaign.members_refreshed = started
            left = campaigns.search_count(due)
            if not cron._commit_progress(1, remaining=left):
                return
