from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.mailing import COUNTS

DAYS = 60  # a mailing is followed this long after it was sent
# How mail servers say that they refuse for the time being: a status of class 4 (RFC
# 3463). Odoo keeps the text of the bounce and no code.
TEMPORARY = r"(^|[^0-9.])4\.[0-9]{1,3}\.[0-9]{1,3}([^0-9.]|$)"


class CrmMailingFigures(models.AbstractModel):
    """Counts what Odoo keeps of its own mailings, in the words of
    ``crm.mailing.metric``.

    *Sent* are the e-mails that left, and those whose address the server refused at once
    (a hard bounce, though Odoo calls it failed). What was never tried (blacklisted,
    opted out, duplicate, no address) or failed on our side counts nowhere, nor do
    e-mails sent to try a mailing out. A click or an answer is an open too.

    *What Odoo does not keep.* How often an e-mail was opened: all opens are the unique
    ones. Which mailing made somebody opt out: it is the last one that he had got by
    then. Complaints.
    """

    _name = "crm.mailing.figures"
    _description = "Figures of Odoo's Own Mailings"

    @api.model
    def _due(self, limit, after=0):
        """:return: ids, above ``after``, of mailings whose row of today, the day that
        it is for the company of the campaign, is missing"""
        self.env["mailing.mailing"].flush_model()
        self.env["mailing.trace"].flush_model()
        self.env["crm.mailing.metric"].flush_model()
        self.env["utm.campaign"].flush_model(["company_id"])
        # sudo: which day it is for a company is no secret
        companies = self.env["res.company"].sudo().search(Domain.TRUE)
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """SELECT mailing.id
                     FROM mailing_mailing mailing
                     JOIN utm_campaign campaign ON campaign.id = mailing.campaign_id
                     JOIN unnest(%(companies)s::int4[], %(days_of)s::date[])
                          AS today (company_id, day)
                       ON today.company_id = COALESCE(campaign.company_id, %(own)s)
                    WHERE mailing.id > %(after)s AND mailing.mailing_type = 'mail'
                      AND mailing.sent_date
                          BETWEEN %(now)s - make_interval(years => 1) AND %(now)s
                      AND (mailing.sent_date > %(now)s - make_interval(days => %(days)s)
                           OR EXISTS (
                              SELECT 1 FROM mailing_trace trace
                               WHERE trace.mass_mailing_id = mailing.id
                                 AND trace.write_date
                                   > %(now)s - make_interval(days => 2)))
                      AND NOT EXISTS (
                          SELECT 1 FROM crm_mailing_metric metric
                           WHERE metric.mailing_id = mailing.id
                             AND metric.campaign_id = mailing.campaign_id
                             AND metric.date >= today.day)
                 ORDER BY mailing.id
                    LIMIT %(limit)s""",
                after=after,
                now=now,
                days=DAYS,
                companies=companies.ids,
                days_of=[company._crm_today() for company in companies],
                own=self.env.company.id,
                limit=limit,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _rows(self, mailings):
        """:return: list of values of today's rows, for ``crm.mailing.metric._store``"""
        figures = self._figures(mailings)
        return [self._row(mailing, figures[mailing.id]) for mailing in mailings]

    @api.model
    def _row(self, mailing, figures):
        company = mailing.campaign_id.company_id or self.env.company
        tz = company._crm_tz().zone
        return {
            "campaign_id": mailing.campaign_id.id,
            "provider": "odoo",
            "tool": None,
            "mailing_id": mailing.id,
            "external_ref": str(mailing.id),
            "name": mailing.subject or mailing.display_name,
            "date": fields.Date.context_today(self.with_context(tz=tz)),
            "sent_date": fields.Datetime.context_timestamp(
                self.with_context(tz=tz), mailing.sent_date
            ).date(),
            **figures,
        }

    @api.model
    def _figures(self, mailings):
        """:return: dict of the id of a mailing -> dict of all counts, in one query"""
        for model in ("mailing.trace", "link.tracker.click", "mail.blacklist",
                      "mailing.subscription", "mailing.contact"):  # fmt: skip
            self.env[model].flush_model()
        rows = self.env.execute_query_dict(
            SQL(
                """WITH trace AS (%(traces)s), opted_out AS (%(opted_out)s),
                   click AS (
                       SELECT click.mass_mailing_id, count(*) AS clicks
                         FROM link_tracker_click click
                    LEFT JOIN mailing_trace trace ON trace.id = click.mailing_trace_id
                        WHERE click.mass_mailing_id = ANY(%(ids)s)
                          AND trace.is_test_trace IS NOT TRUE
                     GROUP BY click.mass_mailing_id)
                   SELECT trace.*, trace.opens_unique AS opens,
                          greatest(click.clicks, trace.clicks_unique) AS clicks,
                          coalesce(opted_out.unsubscribes, 0) AS unsubscribes,
                          0 AS complaints
                     FROM trace
                LEFT JOIN click ON click.mass_mailing_id = trace.id
                LEFT JOIN opted_out ON opted_out.id = trace.id""",
                ids=list(mailings.ids),
                traces=self._traces(mailings),
                opted_out=self._opted_out(mailings),
            )
        )
        found = {row.pop("id"): row for row in rows}
        nothing = dict.fromkeys(COUNTS, 0)
        return {
            mailing_id: found.get(mailing_id, nothing) for mailing_id in mailings.ids
        }

    @api.model
    def _traces(self, mailings):
        delivered = SQL("trace.trace_status IN ('sent', 'open', 'reply')")
        refused = SQL(
            "trace.trace_status = 'error' AND trace.failure_type = 'mail_email_invalid'"
        )
        soft = SQL("coalesce(trace.failure_reason, '') ~ %s", TEMPORARY)
        bounced = SQL("trace.trace_status = 'bounce'")
        clicked = SQL("trace.links_click_datetime IS NOT NULL")
        opened = SQL(
            "(trace.trace_status IN ('open', 'reply')"
            " OR trace.open_datetime IS NOT NULL OR %s)",
            clicked,
        )
        return SQL(
            """SELECT trace.mass_mailing_id AS id,
                      count(*) FILTER (
                          WHERE %(delivered)s OR %(bounced)s OR %(refused)s) AS sent,
                      count(*) FILTER (WHERE %(delivered)s) AS delivered,
                      count(*) FILTER (
                          WHERE %(delivered)s AND %(opened)s) AS opens_unique,
                      count(*) FILTER (
                          WHERE %(delivered)s AND %(clicked)s) AS clicks_unique,
                      count(*) FILTER (WHERE trace.trace_status = 'reply') AS replies,
                      count(*) FILTER (
                          WHERE %(refused)s
                             OR (%(bounced)s AND NOT %(soft)s)) AS bounces_hard,
                      count(*) FILTER (
                          WHERE %(bounced)s AND %(soft)s) AS bounces_soft
                 FROM mailing_trace trace
                WHERE trace.mass_mailing_id = ANY(%(ids)s)
                  AND trace.trace_type = 'mail' AND trace.is_test_trace IS NOT TRUE
             GROUP BY trace.mass_mailing_id""",
            ids=list(mailings.ids),
            delivered=delivered,
            refused=refused,
            bounced=bounced,
            soft=soft,
            clicked=clicked,
            opened=opened,
        )

    @api.model
    def _opted_out(self, mailings):
        """Recipients on the blacklist, or opted out of a list of the mailing, since
        they got it, and who got no other mailing in between."""
        return SQL(
            """SELECT trace.mass_mailing_id AS id,
                      count(DISTINCT trace.id) AS unsubscribes
                 FROM mailing_trace trace
                 JOIN (SELECT black.email, NULL::int AS mailing_id,
                              black.write_date AS at
                         FROM mail_blacklist black WHERE black.active
                       UNION ALL
                       SELECT contact.email_normalized, list.mailing_mailing_id,
                              subscription.opt_out_datetime
                         FROM mailing_subscription subscription
                         JOIN mailing_contact contact
                           ON contact.id = subscription.contact_id
                         JOIN mail_mass_mailing_list_rel list
                           ON list.mailing_list_id = subscription.list_id
                        WHERE subscription.opt_out
                          AND list.mailing_mailing_id = ANY(%(ids)s)) gone
                   ON gone.email = trace.email AND gone.at >= trace.sent_datetime
                  AND coalesce(gone.mailing_id, trace.mass_mailing_id)
                    = trace.mass_mailing_id
                WHERE trace.mass_mailing_id = ANY(%(ids)s)
                  AND trace.trace_status IN ('sent', 'open', 'reply')
                  AND trace.is_test_trace IS NOT TRUE
                  AND NOT EXISTS (
                      SELECT 1 FROM mailing_trace later
                       WHERE later.res_id = trace.res_id AND later.model = trace.model
                         AND later.mass_mailing_id <> trace.mass_mailing_id
                         AND later.sent_datetime > trace.sent_datetime
                         AND later.sent_datetime <= gone.at)
             GROUP BY trace.mass_mailing_id""",
            ids=list(mailings.ids),
        )
