from datetime import UTC, date, datetime
from types import SimpleNamespace
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.crm_gestion.models import crm_doppler_campaign
from odoo.addons.crm_gestion.tools.doppler.answers import Campaign
from odoo.addons.crm_gestion.tools.mailing import RATES

from .doppler_common import DopplerCommon

SENT = datetime(2026, 3, 2, 13, tzinfo=UTC)
# the sample of the service's own documentation, in its own words
SAMPLE = {
    "totalRecipients": 500,
    "successFullDeliveries": 480,
    "totalTimesOpened": 210,
    "uniqueOpens": 150,
    "totalUnopened": 330,
    "totalClicks": 60,
    "uniqueClicks": 40,
    "totalHardBounces": 12,
    "totalSoftBounces": 8,
    "totalUnsubscribers": 3,
    "totalShipped": 500,
}


class PullCommon(DopplerCommon):
    """What is fetched from a service over real sockets, by jobs of the queue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.spring = cls.env["utm.campaign"].create({"title": "Ofertas de Mayo"})
        cls.segment = cls.env["crm.segment"].create({"name": "All", "domain": "[]"})
        cls.list = cls.env["crm.doppler.list"].create(
            {"name": "VIP", "segment_id": cls.segment.id}
        )
        cls.campaigns = cls.env["crm.doppler.campaign"]

    def _pull(self, kind="campaigns"):
        """:return: the job, after all of its steps"""
        job = self.env["crm.doppler.job"]._enqueue(self.account, kind)
        job._work()
        self.env.flush_all()
        self.env.invalidate_all()
        return job

    def _known(self, ref):
        return self.campaigns.search([("ref", "=", ref)])

    def _metrics(self, ref):
        return self.env["crm.mailing.metric"].search(
            [("provider", "=", "doppler"), ("external_ref", "=", ref)], order="date"
        )

    @classmethod
    def _make_member(cls, partner, email=None, **values):
        return cls.env["crm.doppler.member"].create(
            {
                "list_id": cls.list.id,
                "partner_id": partner.id,
                "email": email or partner.email_normalized,
                "is_there": True,
                "sent_date": "2026-03-01 10:00:00",
                **values,
            }
        )

    def _make_delivery(self, campaign, partner, email=None, **values):
        return self.env["crm.doppler.delivery"].create(
            {
                "campaign_id": campaign.id,
                "partner_id": partner.id,
                "email": email or partner.email_normalized,
                "status": "sent",
                "date": "2026-03-02 14:00:00",
                "changed_date": "2026-03-02 14:00:00",
                "checked_date": "2026-03-02 14:00:00",
                **values,
            }
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-03 10:00:00")
class TestDopplerCampaigns(PullCommon):
    """Which campaigns are known, and what they belong to."""

    def test_what_was_sent_is_known_and_drafts_are_not(self):
        may = self.service.add_campaign("OFERTAS de mayo", when=SENT, subject="Hola")
        going = self.service.add_campaign("Other", "shipping", when=SENT)
        self.service.add_campaign("Draft", "draft")
        job = self._pull()
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(
            [
                (c.ref, c.name, c.subject, c.status, str(c.sent_date), c.company_id)
                for c in self.campaigns.search([], order="ref")
            ],
            [
                (may, "OFERTAS de mayo", "Hola", "shipped", "2026-03-02 13:00:00",
                 self.env.company),
                (going, "Other", "Other", "shipping", "2026-03-02 13:00:00",
                 self.env.company),
            ],
        )  # fmt: skip
        self.assertEqual(self._known(may).campaign_id, self.spring)
        self.assertFalse(self._known(may).is_linked_by_hand)
        self.assertFalse(self._known(going).campaign_id)

    def test_the_same_twice_changes_nothing(self):
        refs = [self.service.add_campaign(f"Number {n}", when=SENT) for n in range(3)]
        self._pull()
        before = self.campaigns.search([]).read()
        with freeze_time("2026-03-03 10:10:00"):
            self._pull()
        self.assertEqual(self.campaigns.search([]).read(), before)
        self.assertEqual(len(before), len(refs))

    def test_a_campaign_that_is_renamed_keeps_its_link(self):
        ref = self.service.add_campaign("Ofertas de mayo", when=SENT)
        self._pull()
        self.service.campaigns[ref]["name"] = "Rebajas"
        self._pull()
        campaign = self._known(ref)
        self.assertEqual(
            (campaign.name, campaign.campaign_id), ("Rebajas", self.spring)
        )

    def test_a_campaign_that_is_deleted_stays_and_may_come_back(self):
        ref = self.service.add_campaign("Ofertas de mayo", when=SENT, **SAMPLE)
        self._pull()
        gone = self.service.campaigns.pop(ref)
        self._pull()
        campaign = self._known(ref)
        self.assertEqual(
            (campaign.status, campaign.status_label), ("deleted", "Deleted")
        )
        self.assertEqual(campaign.error, "It is not at Doppler any more.")
        self.assertFalse(campaign.next_results)
        self.assertEqual(self._metrics(ref).sent, 500)
        self.service.campaigns[ref] = gone
        self._pull()
        self.assertEqual((campaign.status, campaign.error), ("shipped", False))
        self.assertEqual(campaign.status_label, "Sent")
        self.assertTrue(campaign.next_results)

    def test_the_longest_beginning_decides(self):
        self.account.name_rule = "starts"
        short, other = self.env["utm.campaign"].create(
            [{"title": "Ofertas"}, {"title": "Ofertas de mayorista"}]
        )
        refs = [
            self.service.add_campaign(name, when=SENT)
            for name in ("Ofertas de mayo 2", "Ofertas: junio", "Ofertasso", "OFERTAS")
        ]
        self._pull()
        self.assertEqual(
            [self._known(ref).campaign_id for ref in refs],
            [self.spring, short, self.env["utm.campaign"], short],
        )
        self.assertFalse(self.campaigns.search([("campaign_id", "=", other.id)]))

    def test_a_name_that_several_have_is_nobodys(self):
        self.env["utm.campaign"].create({"title": "ofertas de MAYO"})
        ref = self.service.add_campaign("Ofertas de mayo", when=SENT)
        self._pull()
        self.assertFalse(self._known(ref).campaign_id)
        self.assertEqual(
            self._known(ref).error,
            "Several campaigns have this name: choose one by hand.",
        )

    def test_other_companies_and_archived_campaigns_are_left_alone(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.spring.company_id = branch
        self.env["utm.campaign"].create({"title": "Rebajas", "active": False})
        refs = [
            self.service.add_campaign(name, when=SENT)
            for name in ("Ofertas de mayo", "Rebajas")
        ]
        self._pull()
        for ref in refs:
            self.assertFalse(self._known(ref).campaign_id)

    def test_by_hand_only_where_the_account_says_so(self):
        self.account.name_rule = "none"
        ref = self.service.add_campaign("Ofertas de mayo", when=SENT)
        self._pull()
        self.assertFalse(self._known(ref).campaign_id)

    def test_names_in_any_language_count(self):
        self.env["res.lang"]._activate_lang("es_ES")
        self.spring.with_context(lang="es_ES").title = "Promoción"
        ref = self.service.add_campaign("PROMOCION", when=SENT)
        self._pull()
        self.assertEqual(self._known(ref).campaign_id, self.spring)

    def test_fetching_costs_the_same_for_many(self):
        self.env["utm.campaign"].create(
            [{"title": f"Number {n}"} for n in range(40)]
        )  # fmt: skip

        def fetch(numbers):
            told = [
                Campaign(
                    f"{kind}{n}", f"Number {n}", "", "shipped", datetime(2026, 3, 2)
                )
                for n in numbers
            ]
            self.campaigns._fetch(
                self.account,
                SimpleNamespace(
                    campaigns=lambda state: told if state == "shipped" else []
                ),
            )

        kind = "a"
        fetch(range(1))
        self.env.invalidate_all()
        kind = "b"
        few = self._count_queries(lambda: fetch(range(3)))
        kind = "c"
        many = self._count_queries(lambda: fetch(range(30)))
        self.assertLessEqual(many, few + self.ALLOWANCE)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-03 10:00:00")
class TestDopplerLinks(PullCommon):
    """Who may say what a campaign of Doppler belongs to."""

    def setUp(self):
        super().setUp()
        self.ref = self.service.add_campaign("Rebajas", when=SENT, **SAMPLE)
        self._pull()
        self.campaign = self._known(self.ref)
        self.autumn = self.env["utm.campaign"].create({"title": "Otoño"})

    def test_a_director_links_and_the_results_come(self):
        self.campaign.with_user(self.director).write({"campaign_id": self.spring.id})
        self.assertTrue(self.campaign.is_linked_by_hand)
        self.assertFalse(self._metrics(self.ref))
        self._pull()
        self.assertEqual(self._metrics(self.ref).campaign_id, self.spring)
        self.assertEqual(
            (
                self.campaign.sent,
                self.campaign.opens_unique,
                self.campaign.clicks_unique,
            ),
            (500, 150, 40),
        )

    def test_results_follow_the_link(self):
        self.campaign.campaign_id = self.spring
        self._pull()
        with freeze_time("2026-03-04 10:00:00"):
            self._pull()
        self.assertEqual(len(self._metrics(self.ref)), 2)
        self.campaign.with_user(self.director).campaign_id = self.autumn
        self.assertEqual(self._metrics(self.ref).campaign_id, self.autumn)
        self.assertEqual(len(self._metrics(self.ref)), 2)
        self.assertEqual(self.spring.crm_email_sent, 0)
        self.assertEqual(self.autumn.crm_email_sent, 500)

    def test_what_is_linked_no_more_has_no_results_and_stays_so(self):
        self.campaign.campaign_id = self.spring
        self._pull()
        self.campaign.with_user(self.director).campaign_id = False
        self.assertFalse(self._metrics(self.ref))
        self.spring.title = "Rebajas"
        self._pull()
        self.assertFalse(self.campaign.campaign_id)
        self.assertFalse(self.campaign.next_results)

    def test_a_link_by_hand_is_not_written_over(self):
        self.campaign.with_user(self.director).campaign_id = self.autumn
        self.spring.title = "Rebajas"
        self._pull()
        self.assertEqual(self.campaign.campaign_id, self.autumn)

    def test_figures_that_another_account_left_do_not_stand_in_the_way(self):
        self.campaign.campaign_id = self.spring
        self._pull()
        self._metrics(self.ref).copy({"campaign_id": self.autumn.id, "sent": 480})
        self.campaign.campaign_id = self.autumn
        self.assertEqual(self._metrics(self.ref).mapped("sent"), [500])

    def test_directors_choose_the_campaign_and_nothing_else(self):
        for name, value in (
            ("name", "Mine"),
            ("sent_date", False),
            ("is_linked_by_hand", False),
            ("next_results", "2026-03-03 10:00:00"),
            ("account_id", self.account.id),
        ):
            with self.subTest(field=name):
                with self.assertRaises(UserError):
                    self.campaign.with_user(self.director).write(
                        {"campaign_id": self.spring.id, name: value}
                    )
                self.assertFalse(self.campaign.campaign_id)
        with self.assertRaises(AccessError):
            self.campaigns.with_user(self.director).create(
                {"account_id": self.account.id, "ref": "1", "name": "Mine"}
            )
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.director).unlink()

    def test_others_read_only(self):
        for user in (self.seller, self.head, self.stranger):
            with self.subTest(user=user.name):
                campaign = self.campaign.with_user(user)
                self.assertEqual(campaign.name, "Rebajas")
                with self.assertRaises(AccessError):
                    campaign.campaign_id = self.spring
                with self.assertRaises(AccessError):
                    campaign.action_fetch()
        for user in (self.native, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.campaigns.with_user(user).search([])

    def test_the_campaign_of_another_company_is_refused(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.autumn.company_id = branch
        self.director.company_ids += branch
        with self.assertRaises(UserError):
            self.campaign.with_user(self.director).campaign_id = self.autumn

    def test_other_companies_do_not_see_it(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.director.company_ids += branch
        theirs = self.campaigns.with_user(self.director)
        theirs = theirs.with_context(allowed_company_ids=branch.ids)
        self.assertFalse(theirs.search([]))

    def test_fetching_now(self):
        self.campaign.campaign_id = self.spring
        self._pull()
        self.service.requests.clear()
        director = self.campaign.with_user(self.director)
        self.assertEqual(director.action_fetch()["tag"], "display_notification")
        jobs = self.env["crm.doppler.job"].search([("state", "=", "waiting")])
        self.assertCountEqual(jobs.mapped("kind"), ["campaigns", "deliveries"])
        jobs._work()
        self.assertEqual(len(self.service.asked("GET", "results-summary")), 1)
        self.campaigns.with_user(self.director).action_fetch()
        self.env["crm.doppler.job"].search([]).unlink()
        self.account.unlink()
        with self.assertRaises(UserError):
            self.campaigns.with_user(self.director).action_fetch()

    def test_members_are_told_when_it_is_linked(self):
        people = self.env["res.partner"].create(
            [{"name": f"P{n}", "email": f"p{n}@ex.example"} for n in range(5)]
        )
        for partner, status, clicks in zip(
            people,
            ("sent", "opened", "opened", "soft_bounce", "hard_bounce"),
            (0, 0, 2, 0, 0),
            strict=True,
        ):
            self._make_delivery(self.campaign, partner, status=status, clicks=clicks)
        self.campaign.with_user(self.director).campaign_id = self.spring
        with patch.object(crm_doppler_campaign, "TOLD_AT_ONCE", 2):
            self._pull()
        self.assertFalse(self.campaign.is_untold)
        members = self.env["crm.campaign.member"].search(
            [("campaign_id", "=", self.spring.id)], order="partner_id"
        )
        self.assertEqual(
            [(m.partner_id, m.state, m.source, str(m.contact_date)) for m in members],
            [
                (people[0], "contacted", "doppler", "2026-03-02 13:00:00"),
                (people[1], "opened", "doppler", "2026-03-02 13:00:00"),
                (people[2], "clicked", "doppler", "2026-03-02 13:00:00"),
            ],
        )

    def test_a_campaign_of_odoo_that_is_deleted_lets_go(self):
        self.campaign.campaign_id = self.spring
        self._pull()
        self.spring.unlink()
        self.assertTrue(self.campaign.exists())
        self.assertFalse(self._metrics(self.ref))
        self.assertEqual(self._pull().state, "done")

    def test_the_campaign_counts_what_is_at_doppler_with_those_below(self):
        below = self.env["utm.campaign"].create(
            {"title": "Below", "parent_id": self.spring.id}
        )
        self.campaign.campaign_id = below
        self._make_delivery(self.campaign, self.contact)
        spring = self.spring.with_user(self.seller)
        self.assertEqual(spring.crm_doppler_count, 1)
        self.assertEqual(spring.crm_doppler_recipient_count, 1)
        for action, found in (
            (spring.action_crm_doppler_campaigns(), self.campaign),
            (
                spring.action_crm_doppler_recipients(),
                self.env["crm.doppler.delivery"].search([]),
            ),
            (
                self.campaign.action_view_deliveries(),
                self.env["crm.doppler.delivery"].search([]),
            ),
        ):
            records = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(records, found)


@tagged("post_install", "-at_install")
class TestDopplerResults(PullCommon):
    """Snapshots of the figures that Doppler counts."""

    def _add(self, **results):
        return self.service.add_campaign(
            "Ofertas de mayo", when=SENT, **{**SAMPLE, **results}
        )

    @freeze_time("2026-03-03 10:00:00")
    def test_figures_and_rates_are_those_of_dopplers_screens(self):
        ref = self._add()
        self._pull()
        metric = self._metrics(ref)
        self.assertEqual(
            {
                name: metric[name]
                for name in (
                    "provider", "tool", "external_ref", "name", "date", "sent_date",
                    "sent", "delivered", "opens_unique", "opens", "clicks_unique",
                    "clicks", "bounces_hard", "bounces_soft", "unsubscribes",
                    "replies", "complaints",
                )
            },
            {
                "provider": "doppler", "tool": "Doppler", "external_ref": ref,
                "name": "Ofertas de mayo", "date": date(2026, 3, 3),
                "sent_date": date(2026, 3, 2), "sent": 500, "delivered": 480,
                "opens_unique": 150, "opens": 210, "clicks_unique": 40, "clicks": 60,
                "bounces_hard": 12, "bounces_soft": 8, "unsubscribes": 3,
                "replies": 0, "complaints": 0,
            },
        )  # fmt: skip
        subscribers, sent = 500, 480  # what Doppler calls so
        self.assertEqual(
            {rate: metric[rate] for rate in RATES},
            {
                "delivery_rate": sent / subscribers,  # 96 %
                "open_rate": 150 / sent,  # 31.25 %
                "click_rate": 40 / sent,
                "click_to_open_rate": 40 / 150,
                "reply_rate": 0.0,
                "bounce_rate": (12 + 8) / subscribers,  # 4 %
                "unsubscribe_rate": 3 / sent,  # 0.625 %
                "complaint_rate": 0.0,
            },
        )
        self.assertEqual(self.spring.crm_email_sent, 500)
        self.assertEqual(self.spring.crm_email_open_rate, 150 / 480)

    @freeze_time("2026-03-03 10:00:00")
    def test_what_contradicts_itself_is_brought_in_line(self):
        ref = self._add(
            totalRecipients=0, totalShipped=0, totalTimesOpened=1, totalClicks=0,
            totalUnsubscribers=-2,
        )  # fmt: skip
        self._pull()
        metric = self._metrics(ref)
        self.assertEqual((metric.sent, metric.delivered), (500, 480))
        self.assertEqual((metric.opens, metric.clicks), (150, 40))
        self.assertEqual(metric.unsubscribes, 0)

    def test_a_day_is_one_row_and_values_may_go_down(self):
        with freeze_time("2026-03-03 10:00:00"):
            ref = self._add()
            self._pull()
        with freeze_time("2026-03-03 12:00:00"):
            self.service.campaigns[ref]["results"]["uniqueOpens"] = 149
            self._pull()
        self.assertEqual(self._metrics(ref).mapped("opens_unique"), [149])
        with freeze_time("2026-03-04 12:00:00"):
            self._pull()
        self.assertEqual(
            self._metrics(ref).mapped("date"), [date(2026, 3, 3), date(2026, 3, 4)]
        )

    def test_the_day_is_that_of_the_company(self):
        self.env.company.resource_calendar_id.tz = "America/Argentina/Buenos_Aires"
        with freeze_time("2026-03-04 02:00:00"):
            ref = self._add()
            self.service.campaigns[ref]["date"] = datetime(2026, 3, 2, 2, tzinfo=UTC)
            self._pull()
        metric = self._metrics(ref)
        self.assertEqual(
            (metric.date, metric.sent_date), (date(2026, 3, 3), date(2026, 3, 1))
        )

    def test_asked_hourly_then_daily_then_weekly_then_never(self):
        with freeze_time("2026-03-02 13:10:00"):
            ref = self._add()
        for now, asked_again in (
            ("2026-03-02 13:30:00", "2026-03-02 14:20:00"),
            ("2026-03-04 12:00:00", "2026-03-04 12:50:00"),
            ("2026-03-05 12:00:00", "2026-03-06 11:00:00"),
            ("2026-03-20 12:00:00", "2026-03-27 11:00:00"),
            ("2026-05-10 12:00:00", "False"),
            ("2026-06-10 12:00:00", "False"),
        ):
            with self.subTest(now=now), freeze_time(now):
                self._pull()
                self.assertEqual(str(self._known(ref).next_results), asked_again)
        self.assertEqual(len(self.service.asked("GET", "results-summary")), 5)

    @freeze_time("2026-03-02 13:20:00")
    def test_what_is_still_being_sent_is_asked_again_soon(self):
        ref = self._add(
            campaignStatus="shipping", totalShipped=90, successFullDeliveries=88,
            totalHardBounces=2, totalSoftBounces=0,
        )  # fmt: skip
        self.service.campaigns[ref]["status"] = "shipping"
        self._pull()
        self.assertEqual(self._metrics(ref).sent, 90)
        self.assertEqual(str(self._known(ref).next_results), "2026-03-02 13:30:00")

    @freeze_time("2026-06-03 10:00:00")
    def test_an_old_campaign_is_asked_once_when_it_is_linked(self):
        ref = self._add()
        self._pull()
        self.assertEqual(self._metrics(ref).sent, 500)
        self.assertFalse(self._known(ref).next_results)

    @freeze_time("2026-03-03 10:00:00")
    def test_no_result_is_asked_before_it_is_linked(self):
        self.service.add_campaign("Something else", when=SENT, **SAMPLE)
        self._pull()
        self.assertFalse(self.service.asked("GET", "results-summary"))

    @freeze_time("2026-03-03 10:00:00")
    def test_one_that_gives_no_results_does_not_stop_the_others(self):
        refs = [self._add() for _number in range(3)]
        self.service.fail("GET", f"/campaigns/{refs[0]}/results", "500", times=None)
        self.service.fail("GET", f"/campaigns/{refs[1]}/results", "404.1", times=None)
        job = self._pull()
        self.assertEqual(job.state, "done")
        broken, gone, good = (self._known(ref) for ref in refs)
        self.assertEqual(self._metrics(good.ref).sent, 500)
        self.assertFalse(self._metrics(broken.ref))
        self.assertTrue(broken.error.startswith("No results: "), broken.error)
        self.assertEqual(str(broken.next_results), "2026-03-03 10:10:00")
        self.assertTrue(gone.error.startswith("No results: "), gone.error)
        self.assertFalse(gone.next_results)

    @freeze_time("2026-03-03 10:00:00")
    def test_a_service_that_is_away_loses_nothing(self):
        ref = self._add()
        self.service.fail("GET", "results", "500", times=None)
        job = self._pull()
        self.assertEqual((job.state, job.attempts), ("waiting", 1))
        self.assertFalse(self._metrics(ref))
        self.assertTrue(self._known(ref).next_results)
        self.service.faults.clear()
        with freeze_time("2026-03-03 12:00:00"):
            job._work()
        self.assertEqual(job.state, "done")
        self.assertEqual(self._metrics(ref).sent, 500)

    @freeze_time("2026-03-03 10:00:00")
    def test_a_few_in_each_step(self):
        for _number in range(5):
            self._add()
        with patch.object(crm_doppler_campaign, "AT_ONCE", 2):
            job = self.env["crm.doppler.job"]._enqueue(self.account, "campaigns")
            client = self.account._client()
            asked = []
            while self.campaigns._step(job, client) is not None:
                asked.append(len(self.service.asked("GET", "results-summary")))
        # fetched, told five times, then asked two by two
        self.assertEqual(asked, [0, 0, 0, 0, 0, 0, 2, 4, 5])
