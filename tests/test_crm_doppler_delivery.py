from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_gestion.models import crm_doppler_delivery
from odoo.addons.crm_gestion.tools.doppler.answers import Delivery

from .test_crm_doppler_campaign import SENT, PullCommon


class DeliveryCommon(PullCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls.env["res.partner"].create(
            [
                {
                    "name": f"Person {n}",
                    "email": f"p{n}@ex.example",
                    "user_id": cls.seller.id,
                }
                for n in range(5)
            ]
        )
        cls.emails = cls.people.mapped("email")
        for partner in cls.people:
            cls._make_member(partner)
        cls.deliveries = cls.env["crm.doppler.delivery"]

    def setUp(self):
        super().setUp()
        for email in self.emails:
            self.service.add_subscriber(email)

    def _send(self, *states, name="Ofertas de mayo", when=SENT):
        """A campaign that was sent to the first of the people, and is known here.

        :param states: of each of them: status, or status and clicks
        """
        deliveries = {
            email: state if isinstance(state, tuple) else (state, 0)
            for email, state in zip(self.emails, states, strict=False)
        }
        ref = self.service.add_campaign(name, when=when, deliveries=deliveries)
        self._pull()
        return self._known(ref)

    def _asked(self):
        """:return: addresses that the service was asked for, in order"""
        return [
            path.split("/subscribers/")[1].split("/")[0].replace("%40", "@")
            for _method, path, _body in self.service.asked("GET", "/deliveries")
        ]

    def _rows(self):
        return [
            (row.email, row.status, row.clicks)
            for row in self.deliveries.search([], order="email")
        ]


@tagged("post_install", "-at_install")
@freeze_time("2026-03-03 10:00:00")
class TestDopplerDeliveries(DeliveryCommon):
    """What became of campaigns at their recipients."""

    def test_statuses_and_clicks(self):
        campaign = self._send(
            "notOpened", ("opened", 2), ("notOpened", 1), "softBounced", "hardBounced"
        )
        job = self._pull("deliveries")
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(
            self._rows(),
            [
                ("p0@ex.example", "sent", 0),
                ("p1@ex.example", "opened", 2),
                ("p2@ex.example", "opened", 1),
                ("p3@ex.example", "soft_bounce", 0),
                ("p4@ex.example", "hard_bounce", 0),
            ],
        )
        rows = self.deliveries.search([], order="email")
        self.assertEqual(rows.partner_id, self.people)
        self.assertEqual(rows.campaign_id, campaign)
        self.assertEqual(rows.company_id, self.env.company)
        self.assertEqual({str(row.date) for row in rows}, {"2026-03-03 10:00:00"})
        self.assertEqual(campaign.delivery_count, 5)

    def test_only_whom_we_pushed_is_asked(self):
        self._send("opened")
        members = self.env["crm.doppler.member"].search([], order="email")
        members[0].write({"is_there": False, "sent_date": False})
        members[1].write({"is_there": False})  # was there
        members[2].unlink()
        self._pull("deliveries")
        self.assertEqual(self._asked(), [self.emails[n] for n in (1, 3, 4)])

    def test_nobody_is_asked_where_nothing_was_sent_of_late(self):
        self._pull("deliveries")
        self.assertEqual(self._asked(), [])
        self._send("opened", when=SENT.replace(year=2025))
        self._pull("deliveries")
        self.assertEqual(self._asked(), [])

    def test_no_budget_no_question(self):
        self._send("opened")
        self.account.delivery_budget = 0
        self.assertEqual(self._pull("deliveries").state, "done")
        self.assertEqual(self._asked(), [])

    def test_round_by_round_everybody_is_asked(self):
        self._send()
        self.account.delivery_budget = 2
        rounds = []
        for _run in range(4):
            self.service.requests.clear()
            job = self._pull("deliveries")
            self.assertEqual(job.state, "done")
            rounds.append(self._asked())
        self.assertEqual(
            rounds,
            [self.emails[:2], self.emails[2:4], self.emails[4:], self.emails[:2]],
        )

    def test_known_recipients_of_late_come_first(self):
        late = self._send()
        old = self._send(name="Old", when=SENT.replace(month=1, day=20))
        self._make_delivery(late, self.people[4], checked_date="2026-03-01 10:00:00")
        self._make_delivery(late, self.people[3], checked_date="2026-03-03 09:00:00")
        self._make_delivery(old, self.people[2], checked_date="2026-02-01 10:00:00")
        self.account.delivery_budget = 2
        self._pull("deliveries")
        self.assertEqual(self._asked(), [self.emails[4], self.emails[0]])
        row = self.deliveries.search([("email", "=", self.emails[4])])
        self.assertEqual(str(row.checked_date), "2026-03-03 10:00:00")
        self.assertEqual(str(row.changed_date), "2026-03-02 14:00:00")

    def test_a_run_that_is_cut_short_goes_on_where_it_was(self):
        self._send("opened", "opened", "opened", "opened", "opened")
        for email in self.emails[2:]:
            self.service.fail("GET", f"{email[:2]}.*deliveries", "502", times=None)
        with patch.object(crm_doppler_delivery, "AT_ONCE", 2):
            job = self._pull("deliveries")
            self.assertEqual((job.state, job.attempts), ("waiting", 1))
            self.assertEqual(len(self._rows()), 2)
            self.assertEqual(self.account.deliveries_after, self.emails[1])
            self.service.faults.clear()
            self.service.requests.clear()
            with freeze_time("2026-03-03 11:00:00"):
                job._work()
        self.assertEqual(job.state, "done")
        self.assertEqual(self._asked(), self.emails[2:])
        self.assertEqual(len(self._rows()), 5)

    def test_somebody_who_is_unknown_there_does_not_stop_the_others(self):
        self._send("opened", "opened", "opened")
        del self.service.subscribers[self.emails[0]]
        self.service.fail("GET", "p1.*deliveries", "500", times=None)
        job = self._pull("deliveries")
        self.assertEqual((job.state, job.progress["asked"]), ("done", 5))
        self.assertEqual(self._rows(), [(self.emails[2], "opened", 0)])

    def test_a_status_only_gets_better_or_bounces(self):
        campaign = self._send("notOpened", ("opened", 3), "opened", "softBounced")
        self._pull("deliveries")
        self.service.campaigns[campaign.ref]["deliveries"] = dict(
            zip(
                self.emails,
                [("opened", 1), ("notOpened", 0), ("hardBounced", 0), ("notOpened", 0)],
                strict=False,
            )
        )
        with freeze_time("2026-03-05 10:00:00"):
            self._pull("deliveries")
        self.assertEqual(
            self._rows(),
            [
                ("p0@ex.example", "opened", 1),
                ("p1@ex.example", "opened", 3),
                ("p2@ex.example", "hard_bounce", 0),
                ("p3@ex.example", "sent", 0),
            ],
        )
        rows = self.deliveries.search([], order="email")
        self.assertEqual(
            [str(row.changed_date)[:10] for row in rows],
            ["2026-03-05", "2026-03-03", "2026-03-05", "2026-03-05"],
        )
        self.assertEqual({str(row.date)[:10] for row in rows}, {"2026-03-03"})

    def test_the_same_twice_changes_nothing_but_when_it_was_asked(self):
        self._send("opened", ("opened", 1))
        self._pull("deliveries")
        names = ("status", "clicks", "date", "changed_date", "write_date")
        before = self.deliveries.search([]).read(names)
        with freeze_time("2026-03-04 10:00:00"):
            self._pull("deliveries")
        self.assertEqual(self.deliveries.search([]).read(names), before)

    def test_a_campaign_that_nobody_told_of_is_made_and_linked_later(self):
        self._send(name="Other")
        ref = self.service.add_campaign(
            "Ofertas de mayo", when=SENT, deliveries={self.emails[0]: ("opened", 0)}
        )
        self._pull("deliveries")
        campaign = self._known(ref)
        self.assertEqual((campaign.name, campaign.status), ("Ofertas de mayo", False))
        self.assertFalse(self._states())
        self._pull()
        self.assertEqual(campaign.campaign_id, self.spring)
        self.assertEqual(campaign.status, "shipped")
        self.assertEqual(self._states(), {self.people[0]: "opened"})

    def _states(self):
        members = self.env["crm.campaign.member"].search(
            [("campaign_id", "=", self.spring.id)]
        )
        return {member.partner_id: member.state for member in members}

    def test_members_of_the_campaign_get_further(self):
        self.env["crm.campaign.member"].create(
            [
                {
                    "campaign_id": self.spring.id,
                    "partner_id": partner.id,
                    "state": state,
                }
                for partner, state in zip(
                    self.people[:2], ("planned", "answered"), strict=True
                )
            ]
        )
        self._send("opened", ("opened", 1), ("opened", 1), "notOpened", "hardBounced")
        self._pull("deliveries")
        self.assertEqual(
            self._states(),
            dict(
                zip(
                    self.people,
                    ("opened", "answered", "clicked", "contacted"),
                    strict=False,
                )
            ),
        )

    def test_addresses_that_bounce_are_marked_once(self):
        self._send("hardBounced", "softBounced")
        self._pull("deliveries")
        with freeze_time("2026-03-05 10:00:00"):
            self._pull("deliveries")
        self.assertEqual(self.people.mapped("message_bounce"), [1, 0, 0, 0, 0])
        self.assertFalse(self.env["crm.doppler.optout"].search([]))

    def test_the_history_outlives_the_contact(self):
        self._send("opened", "opened")
        self._pull("deliveries")
        self.env["crm.doppler.member"].search([]).unlink()
        self.people[0].unlink()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge(self.people[1:3].ids, self.people[2])
        rows = self.deliveries.search([], order="email")
        self.assertEqual(
            [(row.email, row.partner_id) for row in rows],
            [
                (self.emails[0], self.env["res.partner"]),
                (self.emails[1], self.people[2]),
            ],
        )

    def test_what_is_stored_costs_the_same_for_many(self):
        self._send()
        people = self.env["res.partner"].create(
            [{"name": f"N{n}", "email": f"n{n:02}@ex.example"} for n in range(40)]
        )
        for partner in people:
            self._make_member(partner)
        self.account.click_activity = True

        def note(emails):
            number = str(next(numbers))
            answers = {
                email: [Delivery(number, "Ofertas de mayo", "opened", 1)]
                for email in emails
            }
            seen = self.deliveries._store(self.account, answers)
            self.assertEqual(len(seen), len(emails))
            self.deliveries._rest(answers, self.account)
            self.deliveries._tell(seen)

        numbers = iter(range(100))
        emails = people.mapped("email")
        self.assertFlatGrowth(note, emails[:3], emails[:30])

    def test_nobody_writes_them(self):
        campaign = self._send("opened")
        self._pull("deliveries")
        row = self.deliveries.search([])
        for user in (self.seller, self.head, self.director):
            with self.subTest(user=user.name):
                self.assertEqual(row.with_user(user).status, "opened")
                with self.assertRaises(AccessError):
                    row.with_user(user).clicks = 7
                with self.assertRaises(AccessError):
                    row.with_user(user).unlink()
                with self.assertRaises(AccessError):
                    row.with_user(user).copy({"email": "other@ex.example"})
        for user in (self.native, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                row.with_user(user).read(["status"])
        self.assertEqual(campaign.delivery_count, 1)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-03 10:00:00")
class TestDopplerCalls(DeliveryCommon):
    """Who clicked is called by his salesperson."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account.click_activity = True

    def _calls(self):
        return self.env["mail.activity"].search(
            [("res_model", "=", "res.partner"), ("res_id", "in", self.people.ids)],
            order="res_id, id",
        )

    def test_the_first_click_is_a_call(self):
        organization = self.people[1].copy({"is_company": True, "email": False})
        organization.user_id = self.colleague
        self.people[1].write({"user_id": False, "parent_id": organization.id})
        campaign = self._send(("opened", 1), ("opened", 2), "opened")
        job = self._pull("deliveries")
        calls = self._calls()
        self.assertEqual(
            [
                (c.res_id, c.user_id, c.summary, c.crm_campaign_id,
                 str(c.date_deadline))
                for c in calls
            ],
            [
                (self.people[0].id, self.seller, "Clicked in “Ofertas de mayo”",
                 self.spring, "2026-03-03"),
                (self.people[1].id, self.colleague, "Clicked in “Ofertas de mayo”",
                 self.spring, "2026-03-03"),
            ],
        )  # fmt: skip
        self.assertEqual(calls.activity_type_id, self.call)
        self.assertEqual((job.progress["calls"], job.progress["without_call"]), (2, 0))
        # more clicks, and the call done: once ever
        calls[0].action_feedback("Done")
        known = self.service.campaigns[campaign.ref]["deliveries"]
        known[self.emails[0]] = ("opened", 5)
        with freeze_time("2026-03-05 10:00:00"):
            self._pull("deliveries")
        self.assertEqual(self._calls(), calls[1])

    def test_only_where_the_account_wants_it(self):
        self.account.click_activity = False
        self._send(("opened", 1))
        self._pull("deliveries")
        self.assertFalse(self._calls())

    def test_clicks_in_old_campaigns_call_nobody(self):
        self._send(("opened", 1), when=SENT.replace(month=1, day=20))
        job = self._pull("deliveries")
        self.assertFalse(self._calls())
        self.assertEqual(job.progress["without_call"], 0)

    def test_who_opted_out_or_has_nobody_is_not_called(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        elsewhere = self._make_user(
            "elsewhere",
            "crm_gestion.group_seller",
            company_id=branch.id,
            company_ids=branch.ids,
        )
        self.env["mail.blacklist"]._add(self.emails[0])
        self.env["crm.doppler.optout"].create(
            {"account_id": self.account.id, "email": self.emails[1], "kind": "manual"}
        )
        self.people[2].user_id = False
        self.colleague.active = False
        self.people[3].user_id = self.colleague
        self.people[4].user_id = elsewhere
        self._send(*[("opened", 1)] * 5)
        job = self._pull("deliveries")
        self.assertFalse(self._calls())
        self.assertEqual((job.progress["calls"], job.progress["without_call"]), (0, 5))

    def test_a_call_of_the_campaign_that_waits_is_enough(self):
        self.people[0].activity_schedule(
            "mail.mail_activity_data_call",
            user_id=self.seller.id,
            crm_campaign_id=self.spring.id,
        )
        self._send(("opened", 1))
        self._pull("deliveries")
        self.assertEqual(len(self._calls()), 1)

    def test_two_addresses_of_one_contact_are_one_call(self):
        self._make_member(self.people[0], email="second@ex.example")
        self.service.add_subscriber("second@ex.example")
        campaign = self._send(("opened", 1))
        self._pull("deliveries")
        self.service.campaigns[campaign.ref]["deliveries"]["second@ex.example"] = (
            "opened",
            1,
        )
        with freeze_time("2026-03-05 10:00:00"):
            self._pull("deliveries")
        self.assertEqual(len(self._calls()), 1)
        self.assertEqual(len(self._rows()), 2)

    def test_the_call_speaks_the_language_of_who_makes_it(self):
        self.env["res.lang"]._activate_lang("es_ES")
        self.seller.lang = "es_ES"
        self._send(("opened", 1), name="Suelta")
        with patch.object(
            type(self.env["crm.doppler.call"]),
            "_schedule",
            autospec=True,
            side_effect=lambda model, *args: model.browse(),
        ) as schedule:
            self._pull("deliveries")
        self.assertEqual(schedule.call_args.args[0].env.lang, "es_ES")

    def test_many_clickers_cost_the_same(self):
        people = self.env["res.partner"].create(
            [
                {
                    "name": f"N{n}",
                    "email": f"n{n:02}@x.example",
                    "user_id": self.seller.id,
                }
                for n in range(40)
            ]
        )
        campaigns = [self._send(name=f"Suelta {n}") for n in range(3)]

        def call(partners):
            campaign = campaigns.pop()
            seen = [
                crm_doppler_delivery.Seen(
                    campaign, partner, partner.email, "opened", 1, None
                )
                for partner in partners
            ]
            made, without = self.env["crm.doppler.call"]._make(self.account, seen)
            self.assertEqual((made, without), (len(partners), 0))

        self.assertFlatGrowth(call, people[:3], people[:30])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-03 10:00:00")
class TestDopplerTimeline(DeliveryCommon):
    """E-mails of Doppler are part of a customer's history."""

    def _history(self, user, **domain):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = (
            self.env["crm.timeline"]
            .with_user(user)
            .search([(name, "=", partner.id) for name, partner in domain.items()])
        )
        return [
            (row.kind, row.summary, str(row.date), row.contact_id.id) for row in rows
        ]

    def test_all_of_sales_reads_it_in_the_history(self):
        self.people[:2].write({"parent_id": self.organization.id})
        self._send(("opened", 2), "notOpened")
        self._pull("deliveries")
        sent = "2026-03-02 13:00:00"
        first = (
            "campaign_email",
            "Doppler: Ofertas de mayo · Opened · clicks: 2",
            sent,
            self.people[0].id,
        )
        second = (
            "campaign_email",
            "Doppler: Ofertas de mayo · Not Opened",
            sent,
            self.people[1].id,
        )
        # as members of campaigns: whom the company addressed is shared history
        for user in (self.seller, self.stranger, self.head, self.director):
            with self.subTest(user=user.name):
                rows = self._history(user, organization_id=self.organization)
                self.assertCountEqual(rows, [first, second])
                rows = self._history(user, contact_id=self.people[0])
                self.assertEqual(rows, [first])

    def test_a_row_opens_what_it_stands_for(self):
        self._send(("opened", 2))
        self._pull("deliveries")
        row = self.env["crm.timeline"].with_user(self.seller)
        row = row.search([("contact_id", "=", self.people[0].id)])
        action = row.action_open()
        self.assertEqual(action["res_model"], "crm.doppler.delivery")
        self.assertEqual(action["res_id"], self.deliveries.search([]).id)

    def test_other_companies_stay_out(self):
        self._send("opened")
        self._pull("deliveries")
        branch = self.env["res.company"].create({"name": "Branch"})
        self.director.company_ids += branch
        timeline = self.env["crm.timeline"].with_user(self.director)
        domain = [("contact_id", "=", self.people[0].id)]
        for companies, expected in ((self.env.company, 1), (branch, 0)):
            with self.subTest(company=companies.name):
                found = timeline.with_context(allowed_company_ids=companies.ids)
                self.assertEqual(found.search_count(domain), expected)

    def test_the_contacts_index_finds_it(self):
        campaign = self._send()
        others = self.env["res.partner"].create([{"name": f"O{n}"} for n in range(100)])
        self.env.flush_all()
        self.env.cr.execute(
            """INSERT INTO crm_doppler_delivery
                      (campaign_id, company_id, partner_id, email, status, date,
                       changed_date, checked_date)
               SELECT %s, %s, (%s)[n %% 100 + 1], n || '@ex.example', 'sent', now(),
                      now(), now()
                 FROM generate_series(1, 20000) n""",
            [campaign.id, self.env.company.id, others.ids],
        )
        self.env.cr.execute("ANALYZE crm_doppler_delivery")
        timeline = self.env["crm.timeline"].with_user(self.seller)
        for name in ("organization_id", "contact_id"):
            with self.subTest(by=name):
                query = timeline._search(
                    [(name, "=", others[0].id), ("kind", "=", "campaign_email")],
                    limit=80,
                )
                plan = "\n".join(
                    row[0]
                    for row in self.env.execute_query(SQL("EXPLAIN %s", query.select()))
                )
                self.assertIn("crm_doppler_delivery__partner_id_index", plan)
                self.assertNotIn("Seq Scan on crm_doppler_delivery", plan)
