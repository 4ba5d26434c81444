import re
from datetime import datetime
from unittest.mock import patch
from urllib.parse import urlsplit

from freezegun import freeze_time
from lxml import html

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from .test_crm_campaign_member import FEED_LOGGER, MemberCommon

REPLY = """From: {author}
To: catchall@ours.example
Subject: Re: Our offer
Message-Id: <{number}@customer.example>
In-Reply-To: {message_id}
References: {message_id}
Date: Mon, 02 Mar 2026 12:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

Tell me more.
"""
BODY = """<p>Hello, <a href="https://www.ours.example/offer">our offer</a>
<a href="/unsubscribe_from_list">Unsubscribe</a></p>"""


class MailingCommon(MemberCommon, MockEmail):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._init_mail_gateway()
        cls.people = cls._make_people(3)
        cls.one, cls.two, cls.three = cls.people

    def setUp(self):
        super().setUp()
        # Odoo dates with the transaction's time: let it follow the test's
        self.patch(self.env.cr, "now", fields.Datetime.now)

    def _make_mailing(self, records=None, **values):
        records = self.people if records is None else records
        return self.env["mailing.mailing"].create(
            {
                "subject": "Our offer",
                "body_html": BODY,
                "mailing_model_id": self.env["ir.model"]._get_id(records._name),
                "mailing_domain": [("id", "in", records.ids)],
                "campaign_id": self.campaign.id,
                "reply_to_mode": "new",
                "reply_to": "catchall@ours.example",
                "keep_archives": True,
                **values,
            }
        )

    def _send_mailing(self, records=None, **values):
        mailing = self._make_mailing(records, **values)
        with self.mock_mail_gateway(mail_unlink_sent=True):
            mailing.action_send_mail()
        return mailing

    def _trace(self, mailing, record):
        return mailing.mailing_trace_ids.filtered(lambda t: t.res_id == record.id)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestMailingLife(MailingCommon, HttpCase):
    """A real mailing, and what its recipients do with it, over HTTP and the gateway."""

    def _mail_to(self, partner):
        """:return: what went out to a partner"""
        return next(
            mail for mail in self._mails if partner.email in str(mail["email_to"])
        )

    def _get(self, url):
        return self.url_open(
            f"{urlsplit(url).path}?{urlsplit(url).query}", allow_redirects=False
        )

    def _told(self, partner):
        self.env.invalidate_all()
        return self._members()[partner]

    def test_from_sending_to_unsubscribing(self):
        for record, email in ((self.one, True), (self.two, False)):
            record.email = record.email if email else False
        self._send_mailing(keep_archives=False)
        sent = datetime(2026, 3, 2, 10)
        self.assertEqual(
            self._members(),
            {
                self.one: ("contacted", sent, sent, "mailing"),
                self.three: ("contacted", sent, sent, "mailing"),
            },
        )
        mail = self._mail_to(self.one)
        with freeze_time("2026-03-02 11:00:00"):
            pixel = re.search(r'src="([^"]*blank\.gif)"', mail["body"])[1]
            self.assertEqual(self._get(pixel).status_code, 200)
            opened = datetime(2026, 3, 2, 11)
            self.assertEqual(self._told(self.one), ("opened", opened, sent, "mailing"))
        with freeze_time("2026-03-02 11:30:00"):
            link = re.search(r'href="([^"]*/r/[^"]*/m/\d+)"', mail["body"])[1]
            answer = self._get(link)
            self.assertEqual(answer.status_code, 301)
            self.assertIn("www.ours.example/offer", answer.headers["Location"])
            clicked = datetime(2026, 3, 2, 11, 30)
            self.assertEqual(
                self._told(self.one), ("clicked", clicked, sent, "mailing")
            )
        with freeze_time("2026-03-02 12:00:00"), self.mock_mail_gateway():
            self.env["mail.thread"].message_process(
                "crm.lead",
                REPLY.format(
                    author=self.one.email, number=1, message_id=mail["message_id"]
                ),
            )
            answered = datetime(2026, 3, 2, 12)
        self.assertEqual(self._told(self.one), ("answered", answered, sent, "mailing"))
        with freeze_time("2026-03-02 13:00:00"):
            url = mail["headers"]["List-Unsubscribe"].strip("<>")
            parts = urlsplit(url)
            answer = self.url_open(f"{parts.path}?{parts.query}", data={"x": "1"})
            self.assertEqual(answer.status_code, 200)
            out = datetime(2026, 3, 2, 13)
            self.assertEqual(self._told(self.one), ("opted_out", out, sent, "mailing"))
        self.assertEqual(self._told(self.three), ("contacted", sent, sent, "mailing"))

    def test_unsubscribing_from_a_list(self):
        mailing_list = self.env["mailing.list"].create({"name": "News"})
        self.env["mailing.contact"].create(
            [
                {"name": who.name, "email": who.email, "list_ids": mailing_list.ids}
                for who in self.people
            ]
        )
        self._send_mailing(
            self.env["mailing.list"],
            mailing_model_id=self.env["ir.model"]._get_id("mailing.list"),
            mailing_domain=[("list_ids", "in", mailing_list.ids)],
            contact_list_ids=mailing_list.ids,
        )
        self.assertEqual(self._states(), dict.fromkeys(self.people, "contacted"))
        body = self._mail_to(self.two)["body"]
        url = re.search(r'href="([^"]*unsubscribe[^"]*)"', body)[1].replace(
            "&amp;", "&"
        )
        page = html.fromstring(self._get(url).text)
        form = {node.name: node.value for node in page.iterfind(".//form//input")}
        answer = self.url_open("/mailing/confirm_unsubscribe", data=form)
        self.assertEqual(answer.status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(
            self._states(),
            {self.one: "contacted", self.two: "opted_out", self.three: "contacted"},
        )

    def test_a_forged_key_changes_nothing(self):
        mailing = self._send_mailing()
        query = f"email={self.one.email}&document_id={self.one.id}&hash_token=forged"
        answer = self.url_open(f"/mailing/{mailing.id}/unsubscribe?{query}")
        self.assertEqual(answer.status_code, 401)
        self.env.invalidate_all()
        self.assertEqual(self._states(), dict.fromkeys(self.people, "contacted"))


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestMailing(MailingCommon):
    def test_what_bounces_reached_nobody(self):
        mailing = self._send_mailing()
        with freeze_time("2026-03-02 10:05:00"):
            self._trace(mailing, self.one).set_bounced(bounce_message="No such user")
        self.assertEqual(
            self._states(),
            {self.one: "planned", self.two: "contacted", self.three: "contacted"},
        )
        self.assertFalse(self._members()[self.one][2])
        # what somebody else reached him with stays
        gestion = self._make_gestion(
            contact_id=self.two.id, campaign_id=self.campaign.id
        )
        self._trace(mailing, self.two).set_bounced()
        self.assertEqual(
            self._members()[self.two],
            ("contacted", gestion.date, gestion.date, "gestion"),
        )

    def test_what_was_not_sent(self):
        """A blacklisted contact does not enter; one whose e-mail failed is planned."""
        self.env["mail.blacklist"]._add(self.one.email)
        mailing = self._make_mailing()

        def fail(model, message, *args, **kwargs):
            if self.two.email in message["To"]:
                raise AssertionError("Refused")
            return message["Message-Id"]

        with self.mock_mail_gateway(), mute_logger("odoo.addons.mail.models.mail_mail"):
            with patch.object(type(self.env["ir.mail_server"]), "send_email", fail):
                mailing.action_send_mail()
        self.assertEqual(self._trace(mailing, self.one).trace_status, "cancel")
        self.assertEqual(self._trace(mailing, self.two).trace_status, "error")
        self.assertEqual(self._states(), {self.two: "planned", self.three: "contacted"})

    def test_documents_of_customers(self):
        leads = self.env["crm.lead"].create(
            [
                {"name": "With a customer", "partner_id": self.one.id},
                {"name": "With an address", "email_from": self.two.email},
                {"name": "Unknown", "email_from": "nobody@unknown.example"},
            ]
        )
        self._send_mailing(leads)
        self.assertEqual(self._states(), {self.one: "contacted", self.two: "contacted"})

    def test_addresses(self):
        """Who shares his address is nobody in particular; a partner of another company
        does not count."""
        self.two.copy({"email": self.two.email})
        other = self.env["res.company"].create({"name": "Other"})
        self.three.copy({"email": self.three.email, "company_id": other.id})
        contacts = self.env["mailing.contact"].create(
            [{"name": who.name, "email": who.email.upper()} for who in self.people]
        )
        self._send_mailing(contacts)
        self.assertEqual(
            self._states(), {self.one: "contacted", self.three: "contacted"}
        )

    def test_mailing_without_campaign_and_tests(self):
        mailing = self._send_mailing(campaign_id=False)
        mailing.mailing_trace_ids.set_opened()
        self.assertEqual(self._states(), {})
        trace = self.env["mailing.trace"].create(
            {
                "model": "res.partner",
                "res_id": self.one.id,
                "mass_mailing_id": self._make_mailing().id,
                "is_test_trace": True,
            }
        )
        trace.set_sent()
        trace.set_opened()
        self.assertEqual(self._states(), {})

    def test_marked_as_sent_by_other_means(self):
        trace = self.env["mailing.trace"].create(
            {
                "model": "res.partner",
                "res_id": self.one.id,
                "mass_mailing_id": self._make_mailing().id,
            }
        )
        self.assertEqual(self._states(), {})
        trace.set_sent()
        self.assertEqual(self._states(), {self.one: "contacted"})
        trace.set_opened()
        trace.set_clicked()
        trace.set_replied()
        self.assertEqual(self._states(), {self.one: "answered"})

    def test_queries_of_a_batch(self):
        """Three or thirty in a batch: the members cost the same few queries."""
        people = self._make_people(33)
        feed = type(self.env["crm.campaign.feed"])

        def send(who):
            mailing = self._make_mailing(who)
            return self._count_queries(
                lambda: mailing.with_context(active_test=True).action_send_mail()
            )

        with self.mock_mail_gateway():
            send(people[:3])
            added = []
            for who in (people[:3], people[3:]):
                with patch.object(feed, "_follow", lambda *args, **kwargs: None):
                    native = send(who)
                added.append(send(who) - native)
        self.assertLessEqual(added[1], added[0] + self.ALLOWANCE)
        self.assertLessEqual(added[1], 12)
        traces = self.env["mailing.trace"].search([("campaign_id", "!=", False)])
        self.assertFlatGrowth(lambda records: records.set_opened(), traces[:3], traces)

    @mute_logger(FEED_LOGGER)
    def test_members_never_stop_a_mailing(self):
        with patch.object(
            type(self.Member), "_advance", side_effect=ValueError("broken")
        ):
            mailing = self._send_mailing()
            mailing.mailing_trace_ids[0].set_opened()
        self.assertEqual(mailing.state, "done")
        self.assertEqual(mailing.sent, 3)
        self.assertEqual(self._states(), {})
        self._refresh_all()
        states = self._states()
        self.assertEqual(sorted(states.values()), ["contacted", "contacted", "opened"])

    def test_mailing_that_gets_its_campaign_later(self):
        mailing = self._send_mailing(campaign_id=False)
        with freeze_time("2026-03-05 08:00:00"):
            self._trace(mailing, self.one).set_opened()
            self.env.flush_all()
        with freeze_time("2026-03-06 02:00:00"):
            self._refresh_all()
            self.assertEqual(self._states(), {})
            self.assertEqual(self.campaign.members_refreshed, datetime(2026, 3, 6, 2))
        with freeze_time("2026-03-10 08:00:00"):
            mailing.campaign_id = self.campaign
            self.env.flush_all()
        with freeze_time("2026-03-10 09:00:00"):
            self.campaign.with_user(self.head).action_crm_refresh_members()
        sent = datetime(2026, 3, 2, 10)
        expected = {
            self.one: ("opened", datetime(2026, 3, 5, 8), sent, "mailing"),
            self.two: ("contacted", sent, sent, "mailing"),
            self.three: ("contacted", sent, sent, "mailing"),
        }
        self.assertEqual(self._members(), expected)
        # every night, and twice the same
        self.Member.search([]).unlink()
        with freeze_time("2026-03-11 02:00:00"):
            self._refresh_all()
            self._refresh_all()
        self.assertEqual(self._members(), expected)

    def test_much_to_refresh_is_left_to_the_cron(self):
        mailing = self._send_mailing()
        self.Member.search([]).unlink()
        cron = self.env.ref("crm_gestion.ir_cron_campaign_members")
        with (
            patch("odoo.addons.crm_gestion.models.crm_campaign_feed.AT_ONCE", 2),
            patch.object(type(cron), "_trigger") as trigger,
        ):
            action = self.campaign.with_user(self.head).action_crm_refresh_members()
        trigger.assert_called_once()
        self.assertIn("come back", action["params"]["message"])
        self.assertEqual(self._states(), {})
        with patch("odoo.addons.crm_gestion.models.crm_campaign_feed.BATCH", 2):
            self._refresh_all()
        self.assertEqual(len(self._states()), 3)
        self.assertEqual(len(mailing.mailing_trace_ids), 3)

    def test_refreshing_is_for_who_may_add(self):
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.seller).action_crm_refresh_members()
        self.assertFalse(self.campaign.members_refreshed)
