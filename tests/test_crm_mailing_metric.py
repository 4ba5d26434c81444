import re
from datetime import date

from freezegun import freeze_time
from markupsafe import Markup

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.tools.mailing import COUNTS
from odoo.addons.mass_mailing.tests.common import MassMailCase

from .common import BrowserCommon, CrmGestionCommon

BODY = Markup(
    '<p>Dear <t t-out="object.name"/>, <a href="https://www.example.com/offer">this</a>'
    " is new.</p>"
)


class Mailings:
    """Campaigns with mailings that were sent."""

    @classmethod
    def _make_campaign(cls, title, **values):
        return cls.env["utm.campaign"].create({"title": title, **values})

    @classmethod
    def _make_mailing(cls, campaign, **values):
        return cls.env["mailing.mailing"].create(
            {
                "subject": "Offer of March",
                "body_html": BODY,
                "mailing_model_id": cls.env["ir.model"]._get_id("res.partner"),
                "mailing_type": "mail",
                "campaign_id": campaign.id,
                "email_from": "us@ours.example",
                **values,
            }
        )

    @classmethod
    def _make_traces(cls, mailing, statuses):
        """:param statuses: list of dict of values of a trace"""
        mailing.write({"state": "done", "sent_date": "2026-03-01 09:00:00"})
        return cls.env["mailing.trace"].create(
            [
                {
                    "mass_mailing_id": mailing.id,
                    "model": "res.partner",
                    "res_id": number + 1,
                    "email": f"person{number}@there.example",
                    "sent_datetime": "2026-03-01 09:00:00",
                    **values,
                }
                for number, values in enumerate(statuses)
            ]
        )


class MetricCommon(Mailings, CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.metrics = cls.env["crm.mailing.metric"]
        cls.spring = cls._make_campaign("Spring", user_id=cls.colleague.id)

    def _row(self, campaign=None, **values):
        return {
            "row": 2,
            "campaign": campaign or self.spring,
            "tool": "Brevo",
            "external_ref": "offer",
            "name": "Offer",
            "date": date(2026, 3, 1),
            **values,
        }

    def assertFigures(self, metric, **figures):
        """All other figures are 0."""
        expected = dict.fromkeys(COUNTS, 0) | figures
        self.assertEqual({name: metric[name] for name in COUNTS}, expected)


@tagged("post_install", "-at_install")
class TestRealMailing(MetricCommon, MassMailCase, HttpCase):
    """A mailing that is really sent, opened and clicked over HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls.env["res.partner"].create(
            [
                {"name": name, "email": f"{name.lower()}@customers.example"}
                for name in ("Ana", "Berta", "Carla", "Dora", "Eva")
            ]
        )
        cls.mailing = cls._make_mailing(
            cls.spring, mailing_domain=repr([("id", "in", cls.people.ids)])
        )

    def _send(self, mailing):
        with self.mock_mail_gateway(mail_unlink_sent=False):
            mailing.action_send_mail()
        self.env.flush_all()

    def _trace(self, person, mailing=None):
        mailing = mailing or self.mailing
        return mailing.mailing_trace_ids.filtered(lambda t: t.res_id == person.id)

    def _open(self, person):
        mail_id = self._trace(person).mail_mail_id_int
        token = self.env["mail.mail"]._generate_mail_recipient_token(mail_id)
        self.url_open(f"/mail/track/{mail_id}/{token}/blank.gif").raise_for_status()

    def _click(self, person):
        email = next(m for m in self._mails if person.email in m["email_to"][0])
        path = re.search(r'href="[^"]*(/r/\w+/m/\d+)"', email["body"]).group(1)
        answer = self.url_open(path, allow_redirects=False)
        self.assertIn(answer.status_code, (301, 302))

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_what_recipients_do_is_counted(self):
        ana, berta, carla, dora, eva = self.people
        self._send(self.mailing)
        self._open(ana)
        self._click(berta)
        self._click(berta)
        self.env.invalidate_all()
        self.gateway_mail_trace_reply(self.mailing, carla)
        self.gateway_mail_trace_bounce(
            self.mailing, dora, {"body": "452 4.2.2 The mailbox is full"}
        )
        self.gateway_mail_trace_bounce(
            self.mailing, eva, {"body": "550 5.1.1 No such user here"}
        )
        self.spring.with_user(self.colleague).action_crm_refresh_email()
        metric = self.metrics.search([("mailing_id", "=", self.mailing.id)])
        self.assertFigures(
            metric, sent=5, delivered=3, opens_unique=3, opens=3, clicks_unique=1,
            clicks=2, replies=1, bounces_hard=1, bounces_soft=1,
        )  # fmt: skip
        self.assertEqual(metric.provider, "odoo")
        self.assertEqual(metric.campaign_id, self.spring)
        self.assertEqual(metric.name, "Offer of March")
        self.assertEqual(metric.sent_date, fields.Date.today())
        self.assertEqual(metric.delivery_rate, 0.6)
        self.assertEqual(metric.click_rate, 1 / 3)
        self.assertEqual(metric.bounce_rate, 0.4)

    def test_who_opts_out_belongs_to_the_last_mailing_he_got(self):
        second = self._make_mailing(
            self.spring, mailing_domain=self.mailing.mailing_domain
        )
        ana, berta, *_others = self.people
        with freeze_time("2026-03-01 09:00:00"):
            self._send(self.mailing)
            self.mailing.mailing_trace_ids.sent_datetime = "2026-03-01 09:00:00"
        url = self.mailing._get_unsubscribe_oneclick_url(berta.email, berta.id)
        path = re.sub(r"^https?://[^/]+", "", url)
        self.url_open(path, data={"List-Unsubscribe": "One-Click"}).raise_for_status()
        with freeze_time("2027-03-08 09:00:00"):
            self._send(second)
            second.mailing_trace_ids.sent_datetime = "2027-03-08 09:00:00"
            self.env["mail.blacklist"]._add(ana.email)
            self.env.cr.execute(
                "UPDATE mail_blacklist SET write_date = '2027-03-08 10:00:00' "
                "WHERE email = %s",
                [ana.email],
            )
            metrics = self.metrics._snapshot(self.mailing | second)
        counted = {m.mailing_id: (m.sent, m.unsubscribes) for m in metrics}
        self.assertEqual(counted, {self.mailing: (5, 1), second: (4, 1)})


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 12:00:00")
class TestSnapshot(MetricCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailing = cls._make_mailing(cls.spring)
        cls.traces = cls._make_traces(
            cls.mailing,
            [
                {"trace_status": "sent"},
                {"trace_status": "open", "open_datetime": "2026-03-02 08:00:00"},
                {"trace_status": "error", "failure_type": "mail_email_invalid"},
                {"trace_status": "error", "failure_type": "mail_smtp"},
                {"trace_status": "cancel", "failure_type": "mail_bl"},
                {"trace_status": "outgoing", "sent_datetime": False},
                {"trace_status": "sent", "is_test_trace": True},
            ],
        )

    def _rows(self, mailing=None):
        return self.metrics.search([("mailing_id", "=", (mailing or self.mailing).id)])

    def test_only_what_was_tried_counts(self):
        metric = self.metrics._snapshot(self.mailing)
        self.assertFigures(
            metric, sent=3, delivered=2, opens_unique=1, opens=1, bounces_hard=1
        )

    def test_the_same_day_again_brings_the_row_up_to_date(self):
        metric = self.metrics._snapshot(self.mailing)
        self.traces[0].set_replied()
        self.metrics._snapshot(self.mailing)
        self.assertEqual(self._rows(), metric)
        self.assertEqual((metric.replies, metric.opens_unique), (1, 2))

    def test_another_day_is_another_row_and_the_latest_one(self):
        first = self.metrics._snapshot(self.mailing)
        with freeze_time("2026-03-11 12:00:00"):
            second = self.metrics._snapshot(self.mailing)
        self.assertEqual(
            self._rows().mapped("date"), [date(2026, 3, 11), date(2026, 3, 10)]
        )
        self.assertEqual([first.is_latest, second.is_latest], [False, True])
        latest = self.metrics.search(
            [("is_latest", "=", True), ("campaign_id", "=", self.spring.id)]
        )
        self.assertEqual(latest, second)
        not_latest = self.metrics.search(
            [("is_latest", "=", False), ("campaign_id", "=", self.spring.id)]
        )
        self.assertEqual(not_latest, first)

    def test_a_day_is_a_day_of_the_company(self):
        self.env.company.resource_calendar_id.tz = "Pacific/Auckland"
        self.mailing.sent_date = "2026-03-01 23:30:00"
        metric = self.metrics._snapshot(self.mailing)
        self.assertEqual(metric.date, date(2026, 3, 11))
        self.assertEqual(metric.sent_date, date(2026, 3, 2))

    def test_every_day_of_the_company_has_its_row(self):
        """In Auckland it is the day after already when the cron runs."""
        self.env.company.resource_calendar_id.tz = "Pacific/Auckland"
        figures = self.env["crm.mailing.figures"]
        self.metrics._snapshot(self.mailing)
        self.assertNotIn(self.mailing.id, figures._due(100))
        with freeze_time("2026-03-11 12:00:00"):
            self.assertIn(self.mailing.id, figures._due(100))

    def test_a_mailing_that_changes_its_campaign_takes_its_rows_along(self):
        summer = self._make_campaign("Summer")
        self.metrics._snapshot(self.mailing)
        self.mailing.campaign_id = summer
        with freeze_time("2026-03-11 12:00:00"):
            self.metrics._snapshot(self.mailing)
        self.assertEqual(len(self._rows()), 2)
        self.assertEqual(self._rows().campaign_id, summer)

    def test_figures_outlive_the_mailing(self):
        metric = self.metrics._snapshot(self.mailing)
        self.mailing.unlink()
        self.env.invalidate_all()
        self.assertEqual((metric.sent, metric.name), (3, "Offer of March"))

    def test_every_night_mailings_of_the_last_weeks_get_a_row(self):
        old, draft, alone, stale = (
            self._make_mailing(campaign)
            for campaign in (
                self.spring, self.spring, self.spring.browse(), self.spring,
            )
        )  # fmt: skip
        for mailing in (old, alone, stale):
            traces = self._make_traces(mailing, [{"trace_status": "sent"}])
        self.env.flush_all()
        (old | stale).sent_date = "2025-11-01 09:00:00"
        # somebody still reads the one, nobody the other
        self.env.cr.execute(
            "UPDATE mailing_trace SET write_date = '2025-11-02' WHERE id = %s",
            [traces.id],
        )
        self.env.cr.execute(
            "UPDATE mailing_trace SET write_date = '2026-03-10' "
            "WHERE mass_mailing_id = %s",
            [old.id],
        )
        ours = self.mailing | old | draft | alone | stale
        cron = self.env.ref("crm_gestion.ir_cron_mailing_metric")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        counted = self.metrics.search([("mailing_id", "in", ours.ids)])
        self.assertEqual(counted.mailing_id, self.mailing | old)
        self.assertEqual(self.env["crm.mailing.figures"]._due(10), [])

    def test_more_mailings_cost_as_many_queries(self):
        mailings = self.mailing
        for _number in range(29):
            mailings |= self._make_mailing(self.spring)
        for mailing in mailings - self.mailing:
            self._make_traces(mailing, [{"trace_status": "sent"}])
        self.assertFlatGrowth(self.metrics._snapshot, mailings[:3], mailings)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 12:00:00")
class TestLoad(MetricCommon):
    """Figures of other tools."""

    def _load(self, user, *rows):
        return self.metrics.with_user(user)._load(list(rows))

    def test_the_same_again_changes_nothing_but_figures(self):
        row = self._row(sent=100, bounces_hard=4, clicks_unique=7)
        first, _messages = self._load(self.director, row)
        self.assertFigures(
            first, sent=100, delivered=96, bounces_hard=4, clicks_unique=7, clicks=7
        )
        again, messages = self._load(self.director, {**row, "clicks_unique": 9})
        self.assertEqual((again, messages), (first, []))
        self.assertEqual((first.clicks_unique, first.clicks), (9, 9))

    def test_two_tools_and_two_days_are_different_rows(self):
        rows = [
            self._row(sent=10),
            self._row(sent=11, tool="Mailchimp"),
            self._row(sent=12, date=date(2026, 3, 2)),
        ]
        for row in rows:
            self._load(self.director, row)
        totals = self.metrics._totals(self.spring)[self.spring]
        self.assertEqual(totals["sent"], 23)

    def test_nothing_is_loaded_where_a_row_is_wrong(self):
        metrics, messages = self._load(
            self.director,
            self._row(sent=100),
            self._row(row=3, sent=100),
            self._row(row=4, external_ref="more", sent=5, delivered=6),
            self._row(row=5, external_ref="clicks", clicks_unique=6, clicks=5),
            self._row(row=6, external_ref="soon", date=date(2026, 3, 12)),
        )
        self.assertFalse(metrics)
        self.assertEqual(
            messages,
            [
                "Row 3: the same mailing and day as in row 2: take one of them out.",
                "Row 4: more e-mails were delivered than sent.",
                "Row 5: Unique Clicks cannot be more than Clicks.",
                "Row 6: the day of the figures is still to come.",
            ],
        )
        self.assertFalse(self.metrics.search([("campaign_id", "=", self.spring.id)]))

    def test_directors_and_the_responsible_load(self):
        self._load(self.director, self._row(sent=1))
        self._load(self.colleague, self._row(sent=2))
        for user in (self.seller, self.head, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._load(user, self._row(sent=3))
        metric = self.metrics.search([("campaign_id", "=", self.spring.id)])
        self.assertEqual(metric.sent, 2)

    def test_other_companies_are_not_loaded(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        theirs = self._make_campaign("Theirs", company_id=branch.id)
        with self.assertRaises(AccessError):
            self._load(self.director, self._row(theirs, sent=1))
        self.assertFalse(self.metrics.search([("campaign_id", "=", theirs.id)]))

    def test_nobody_forges_rows(self):
        metric, _messages = self._load(self.director, self._row(sent=1))
        own = self.metrics._snapshot(self._sent_mailing())
        for user in (self.seller, self.colleague, self.director):
            mine = metric.with_user(user)
            self.assertEqual(mine.sent, 1)
            with self.assertRaises(AccessError):
                mine.write({"sent": 1000})
            with self.assertRaises(AccessError):
                mine.create({"campaign_id": self.spring.id, "provider": "file",
                             "external_ref": "x", "name": "x",
                             "date": "2026-03-01"})  # fmt: skip
            with self.assertRaises(AccessError):
                own.with_user(user).unlink()
        with self.assertRaises(AccessError):
            metric.with_user(self.colleague).unlink()
        self.assertEqual(metric.sent, 1)
        metric.with_user(self.director).unlink()
        self.assertFalse(metric.exists())

    def _sent_mailing(self):
        mailing = self._make_mailing(self.spring)
        self._make_traces(mailing, [{"trace_status": "sent"}])
        return mailing

    def test_who_has_no_role_reads_none(self):
        metric, _messages = self._load(self.director, self._row(sent=1))
        for user in (self.native, self.employee):
            with self.assertRaises(AccessError):
                metric.with_user(user).read(["sent"])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 12:00:00")
class TestTotals(MetricCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Branch"})
        cls.year = cls._make_campaign("Year")
        cls.spring.parent_id = cls.year
        cls.empty = cls._make_campaign("Empty")

    def _load(self, campaign, **values):
        metric, messages = self.metrics._load([self._row(campaign, **values)])
        self.assertEqual(messages, [])
        return metric

    def test_a_campaign_adds_up_the_latest_rows_of_all_below_it(self):
        self._load(self.spring, sent=100, clicks_unique=5, bounces_hard=2)
        self._load(self.spring, sent=100, clicks_unique=8, bounces_hard=2,
                   date=date(2026, 3, 2))  # fmt: skip
        self._load(self.year, sent=50, clicks_unique=1, replies=2)
        totals = self.metrics._totals(self.year | self.spring | self.empty)
        self.assertEqual(
            {c.title: (t["sent"], t["clicks_unique"]) for c, t in totals.items()},
            {"Year": (150, 9), "Spring": (100, 8), "Empty": (0, 0)},
        )
        year, spring, empty = (
            campaign.with_user(self.seller)
            for campaign in (self.year, self.spring, self.empty)
        )
        self.assertEqual(year.crm_email_delivered, 148)
        self.assertEqual(year.crm_email_click_rate, 9 / 148)
        self.assertEqual(year.crm_email_bounces, 2)
        self.assertEqual(year.crm_email_replies, 2)
        self.assertEqual(len(year.crm_email_metric_ids), 2)
        self.assertEqual(spring.crm_email_metric_ids.date, date(2026, 3, 2))
        self.assertEqual((empty.crm_email_sent, empty.crm_email_click_rate), (0, 0.0))

    def test_other_companies_stay_apart(self):
        theirs = self._make_campaign("Theirs", company_id=self.branch.id)
        self.env.user.company_ids |= self.branch
        both = self.env.company | self.branch
        metrics = self.metrics.with_context(allowed_company_ids=both.ids)
        metrics._load([self._row(theirs, sent=70)])
        self._load(self.year, sent=30)
        for companies, sent in ((self.env.company, [0, 30]), (both, [70, 30])):
            campaigns = theirs | self.year
            campaigns = campaigns.with_context(allowed_company_ids=companies.ids)
            self.assertEqual(campaigns.mapped("crm_email_sent"), sent)
        seen = self.metrics.with_user(self.seller).search([("tool", "=", "Brevo")])
        self.assertEqual(seen.campaign_id, self.year)

    def test_rates_of_groups_come_from_sums(self):
        self._load(self.spring, sent=100, clicks_unique=50, bounces_soft=0)
        self._load(self.spring, sent=300, clicks_unique=30, external_ref="second")
        self._load(self.empty, sent=0)
        groups = self.metrics._read_group(
            [("campaign_id", "in", (self.spring | self.empty).ids)],
            ["campaign_id"],
            ["click_rate:avg", "bounce_rate:avg", "sent:sum"],
        )
        self.assertEqual(groups, [(self.spring, 0.2, 0, 400), (self.empty, 0, 0, 0)])
        self.assertEqual(
            self.metrics.fields_get(["click_rate"])["click_rate"]["aggregator"], "avg"
        )

    def test_what_was_gained_adds_up(self):
        first = self._load(self.spring, sent=100, clicks_unique=5, replies=1)
        second = self._load(self.spring, sent=100, clicks_unique=9, replies=1,
                            date=date(2026, 3, 4))  # fmt: skip
        other = self._load(self.spring, sent=10, clicks_unique=2, external_ref="other")
        rows = first | second | other
        self.assertEqual(rows.mapped("new_clicks"), [5, 4, 2])
        self.assertEqual(rows.mapped("new_replies"), [1, 0, 0])
        groups = self.metrics._read_group(
            [("campaign_id", "=", self.spring.id)],
            ["date:day"],
            ["new_clicks:sum", "new_opens:sum"],
        )
        self.assertEqual(groups, [(date(2026, 3, 1), 7, 0), (date(2026, 3, 4), 4, 0)])

    def test_more_campaigns_cost_as_many_queries(self):
        campaigns = self.spring
        for number in range(29):
            campaigns |= self._make_campaign(f"Campaign {number}")
        for campaign in campaigns:
            self._load(campaign, sent=10)
        names = ["crm_email_sent", "crm_email_click_rate", "crm_email_metric_ids"]
        campaigns = campaigns.with_user(self.seller)
        self.assertFlatGrowth(lambda c: c.read(names), campaigns[:3], campaigns)


@tagged("post_install", "-at_install")
class TestTour(Mailings, BrowserCommon):
    def test_a_seller_sees_what_the_e_mails_of_a_campaign_achieved(self):
        campaign = self._make_campaign("Spring")
        mailing = self._make_mailing(campaign)
        self._make_traces(
            mailing,
            [
                {"trace_status": "open", "links_click_datetime": "2026-03-02 08:00:00"},
                {"trace_status": "sent"},
            ],
        )
        self.start_tour(
            f"/odoo/utm.campaign/{campaign.id}",
            "crm_gestion_metric_tour",
            login=self.seller.login,
        )
        metric = self.env["crm.mailing.metric"].search(
            [("mailing_id", "=", mailing.id)]
        )
        self.assertEqual((metric.sent, metric.clicks_unique), (2, 1))
