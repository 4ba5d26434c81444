from datetime import UTC, datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_crm_doppler_push import DopplerPushCommon

NOW = datetime(2026, 5, 4, 10)


@tagged("post_install", "-at_install")
class TestCrmDopplerOptout(DopplerPushCommon):
    def setUp(self):
        super().setUp()
        self.optouts = self.env["crm.doppler.optout"]
        self.blacklist = self.env["mail.blacklist"].with_context(active_test=False)

    def _pull(self):
        job = self.env["crm.doppler.job"]._enqueue(self.account, "optouts")
        self._work(job)
        return job

    def _note(self, email, kind="manual", **values):
        self.optouts._note(
            self.account,
            [{"email": email, "kind": kind, "date": NOW, "note": "", **values}],
        )
        return self.optouts.search([("email", "=", email.lower())])

    def _listed(self, email):
        return self.blacklist.search([("email", "=", email)])

    # === FETCHING === #

    def test_kinds_and_what_becomes_of_them(self):
        date = datetime(2026, 4, 1, 12, tzinfo=UTC)
        expected = {
            "manual": ("manual", None, "manual", True),
            "by_us": ("manual", "administrative", "administrative", True),
            "spam": ("abuseLink", None, "abuse", True),
            "loop": ("feedbackLoop", None, "abuse", True),
            "hard": ("hardBounce", None, "hard_bounce", False),
            "soft": ("softBounce", None, "soft_bounce", False),
            "never": ("neverOpen", None, "never_open", False),
            "policy": ("internalPolicies", None, "policy", False),
            "new": ("somethingNew", None, "other", True),
        }
        for name, (kind, reason, _ours, _listed) in expected.items():
            self.service.opt_out(f"{name}@x.example", kind, date, reason)
        self.assertEqual(self._pull().state, "done")
        for name, (_kind, _reason, ours, listed) in expected.items():
            with self.subTest(name):
                email = f"{name}@x.example"
                optout = self.optouts.search([("email", "=", email)])
                self.assertEqual(
                    (optout.kind, optout.date, optout.account_id, optout.company_id),
                    (ours, datetime(2026, 4, 1, 12), self.account, self.env.company),
                )
                self.assertEqual(self._listed(email).active, listed)

    def test_windows_until_now(self):
        self.service.opt_out("a@x.example", when=datetime(2001, 1, 1, tzinfo=UTC))
        with freeze_time(NOW):
            self._pull()
            self.assertEqual(self.account.optouts_until, NOW)
            windows = self.service.asked("GET", "/unsubscribed")
            self.assertIn("from=2000-01-01T00%3A00%3A00Z", windows[0][1])
            self.assertLess(len(windows), 12)
            self.service.requests.clear()
        with freeze_time(NOW + timedelta(days=1)):
            self._pull()
        [window] = self.service.asked("GET", "/unsubscribed")
        self.assertIn("from=2026-04-27T10%3A00%3A00Z", window[1])
        self.assertEqual(self.optouts.search_count([("email", "=", "a@x.example")]), 1)

    def test_window_that_is_too_long_is_halved(self):
        self.service.opt_out("a@x.example", when=datetime(2000, 2, 1, tzinfo=UTC))
        self.service.fail("GET", "/unsubscribed", "504", times=30)
        job = self.env["crm.doppler.job"]._enqueue(self.account, "optouts")
        self._work(job, 1)
        self.assertLess(job.progress["size"], timedelta(days=90).total_seconds())
        self.assertEqual(job.attempts, 0)
        self.assertFalse(self.account.optouts_until)
        self.service.faults.clear()
        self._work(job)
        self.assertEqual(job.state, "done")
        self.assertTrue(self.optouts.search([("email", "=", "a@x.example")]))

    def test_nothing_is_known_when_a_window_was_not_whole(self):
        self.service.fail("GET", "/unsubscribed", "504", times=None)
        job = self._enqueue()
        self._work(job, 60)
        self.assertEqual((job.state, job.phase), ("failed", "optouts"))
        self.assertFalse(self.account.optouts_until)
        self.assertEqual(self._sent(), [])

    def test_same_again_writes_nothing(self):
        self.service.opt_out("a@x.example", when=datetime(2026, 5, 1, tzinfo=UTC))
        self._pull()
        optout = self.optouts.search([("email", "=", "a@x.example")])
        listed = self._listed("a@x.example")
        before = (optout.write_date, listed.write_date, len(listed.message_ids))
        self._pull()
        self.env.invalidate_all()
        self.assertEqual(
            (optout.write_date, listed.write_date, len(listed.message_ids)), before
        )

    # === BLACKLIST AND BOUNCES === #

    def test_blacklist_says_where_it_comes_from(self):
        self._note("a@x.example")
        [message] = [
            body
            for body in self._listed("a@x.example").message_ids.mapped("body")
            if "Doppler" in body
        ]
        self.assertIn("Opted out at Doppler (marketing@tienda.example).", message)

    def test_archived_blacklist_counts_as_not_there(self):
        self.env["mail.blacklist"]._remove("a@x.example")
        self.assertFalse(self._listed("a@x.example").active)
        self._note("a@x.example")
        self.assertTrue(self._listed("a@x.example").active)

    def test_who_is_taken_off_the_blacklist_is_not_put_there_again(self):
        optout = self._note("a@x.example")
        self.env["mail.blacklist"]._remove("a@x.example")
        self._note("a@x.example")
        self.assertFalse(self._listed("a@x.example").active)
        self.assertTrue(optout.exists())

    def test_unknown_reason_does_not_hide_a_known_one(self):
        optout = self._note("a@x.example", "abuse", note="spam")
        self._note("A@x.example ", "other", note="?")
        self.assertEqual((optout.kind, optout.note), ("abuse", "spam"))

    def test_address_in_other_letters(self):
        """Odoo keeps what the contact's field has, Doppler what is in ASCII."""
        partner = self.people[0]
        partner.email = "ana@ñandú.example"
        self._note("ANA@xn--and-6ma2c.example")
        self.assertTrue(partner.is_blacklisted)

    def test_hard_bounces_are_marked_once(self):
        ana = self.people[0]
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self.env["res.partner"].create(
            {"name": "Ana", "email": ana.email, "company_id": other.id}
        )
        self._note(ana.email, "hard_bounce")
        self.assertEqual((ana.message_bounce, theirs.message_bounce), (1, 0))
        self.optouts._mark_bounced(self.account, [ana.email.upper()])
        self.assertEqual(ana.message_bounce, 1)
        bruno = self.people[1]
        self.optouts._mark_bounced(self.account, [bruno.email])
        self.assertEqual(bruno.message_bounce, 1)
        self.assertFalse(self.optouts.search([("email", "=", bruno.email)]))

    def test_contacts_of_the_company_above_bounce_too(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.env.company.id}
        )
        account = self.account.copy(
            {"company_id": branch.id, "email": "branch@ours.example"}
        )
        ana = self.people[0]
        ana.company_id = self.env.company
        self.optouts._mark_bounced(account, [ana.email])
        self.assertEqual(ana.message_bounce, 1)

    def test_members_of_the_account_are_settled(self):
        self._push()
        ana, bruno, carla = self.people
        self._member(bruno).todo = "update"
        self._note(ana.email)
        self._note(bruno.email, "hard_bounce")
        for partner, reason in ((ana, "left_doppler"), (bruno, "bounced")):
            member = self._member(partner)
            self.assertEqual(
                (member.is_there, member.todo, member.reason), (False, False, reason)
            )
        self.assertTrue(self._member(carla).is_there)

    def test_is_out(self):
        self._note("a@x.example")
        self.assertEqual(
            self.optouts._is_out(self.account, ["a@x.example", "b@x.example"]),
            {"a@x.example"},
        )

    def test_growth(self):
        def note(names):
            self.optouts._note(
                self.account,
                [
                    {
                        "email": f"{name}{len(names)}-{next(self.numbers)}@x.example",
                        "kind": "soft_bounce",
                        "date": NOW,
                        "note": "",
                    }
                    for name in names
                ],
            )

        self.numbers = iter(range(1000))
        self.assertFlatGrowth(note, ["a"] * 3, ["b"] * 30)

    # === ACTIVE AGAIN === #

    def test_director_asks_again(self):
        self._push()
        ana = self.people[0]
        self.service.opt_out(ana.email)
        self._pull()
        optout = self.optouts.search([("email", "=", ana.email)])
        optout = optout.with_user(self.director)
        with self.assertRaisesRegex(UserError, "still opted out"):
            optout.action_ask_again()
        self.service.add_subscriber(
            ana.email, status="active", kind=None, date=None, reason=None
        )
        with self.assertRaisesRegex(UserError, "on Odoo's blacklist"):
            optout.action_ask_again()
        self.assertTrue(optout.exists())
        self.env["mail.blacklist"]._remove(ana.email)
        self.assertEqual(optout.action_ask_again()["params"]["type"], "success")
        self.assertFalse(optout.exists())
        self._push()
        self.assertIn(ana.email, self._there())

    def test_asking_again_fails(self):
        optout = self._note("a@x.example").with_user(self.director)
        self.service.fail("GET", "/subscribers/", "500", times=None)
        with self.assertRaisesRegex(UserError, "Doppler does not tell"):
            optout.action_ask_again()
        self.service.faults.clear()
        with self.assertRaisesRegex(UserError, "still opted out"):
            optout.action_ask_again()
        self.assertTrue(optout.exists())

    def test_rights(self):
        optout = self._note("a@x.example")
        with self.assertRaises(AccessError):
            optout.with_user(self.seller).action_ask_again()
        with self.assertRaises(AccessError):
            optout.with_user(self.director).unlink()
        with self.assertRaises(AccessError):
            optout.with_user(self.director).write({"kind": "other"})
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self._make_user(
            "far_director",
            "crm_gestion.group_sales_director",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(
            self.optouts.with_user(stranger).search([("email", "=", "a@x.example")])
        )
        with self.assertRaises(AccessError):
            optout.with_user(stranger).action_ask_again()
        self.assertTrue(optout.exists())
