import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.models import crm_doppler_import
from odoo.addons.crm_gestion.tools.doppler.errors import RetryableError

from . import doppler_stand_in
from .doppler_stand_in import KEY, Answer
from .test_crm_doppler_push import DopplerPushCommon


@tagged("post_install", "-at_install")
class TestNobodyIsSubscribedAgain(DopplerPushCommon):
    def _age(self, **ago):
        """What is known of opt-outs is as old as this."""
        self.account.optouts_until = fields.Datetime.now() - timedelta(**ago)

    def test_a_push_that_goes_on_days_later_asks_for_opt_outs_again(self):
        job = self._enqueue()
        self._until(job, lambda: job.phase == "import")
        self.service.opt_out("ana@clientes.example")
        self._age(days=6)
        asked = len(self.service.asked("GET", "/unsubscribed"))
        self._work(job)
        self.assertEqual(
            (job.state, sorted(set(self._sent()))),
            ("done", ["bruno@clientes.example", "carla@clientes.example"]),
        )
        self.assertEqual(len(self.service.asked("GET", "/unsubscribed")), asked + 1)
        self.assertEqual(self._member(self.people[0]).reason, "left_doppler")

    def test_nor_is_who_waits_to_be_sent_once_more(self):
        """The answer to a request was lost, and days went by."""
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "sending")
        self.service.fail("POST", "/import$", "504")
        self._work(job, 1)
        self.assertEqual(len(self._imports()), 1)
        self.service.opt_out("ana@clientes.example")
        self._age(hours=2)
        self.service.requests.clear()
        self._work(job)
        self.assertEqual(job.state, "done")
        self.assertEqual(
            sorted(set(self._sent())),
            ["bruno@clientes.example", "carla@clientes.example"],
        )

    def test_nobody_is_sent_while_opt_outs_cannot_be_asked_again(self):
        job = self._enqueue()
        self._until(job, lambda: job.phase == "import")
        self._age(hours=2)
        self.service.fail("GET", "/unsubscribed", "500", times=None)
        self._work(job, 40)
        self.assertEqual((job.state, self._imports()), ("failed", []))
        self.assertEqual(self._there(), [])

    def test_long_opt_outs_in_between_lose_nothing_of_the_push(self):
        """Windows of opt-outs are steps of their own and what the push noted stays."""
        self.account.batch_size = 1
        job = self._enqueue()
        self._until(job, lambda: self.list.ref and len(self._there()) == 1)
        job.progress = {**(job.progress or {}), "is_second_try": True}
        self._age(days=400)
        self._until(job, lambda: "optouts" in (job.progress or {}))
        self.assertEqual(len(self._there()), 1)
        self._until(job, lambda: "optouts" not in (job.progress or {}))
        self.assertTrue(job.progress["is_second_try"])
        self._work(job)
        self.assertEqual((job.state, len(self._there())), ("done", 3))

    def test_who_opts_out_while_we_look_for_a_lost_import(self):
        """What the step had read before it asked the service is old when it sends."""
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "sending")
        self.service.fail("POST", "/import$", "504")
        self._work(job, 1)
        self.service.requests.clear()
        self._work(job, 1)
        self.assertTrue(self.service.asked("GET", "/tasks"))
        self.assertEqual(self._imports(), [])
        self.env["mail.blacklist"].create({"email": self.people[1].email})
        self._work(job)
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._imports()), 1)
        self.assertNotIn(self.people[1].email, self._sent())

    def test_a_lost_import_is_waited_for_each_time_that_it_is_sent(self):
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "sending")
        self.service.fail("POST", "/import$", "504", times=2)
        self._work(job, 1)
        lost = job.import_ids
        lost.sent_date = fields.Datetime.now() - timedelta(minutes=5)
        with patch.object(crm_doppler_import, "UNSURE", timedelta(minutes=2)):
            self._work(job, 2)  # looks, and sends it once more in vain
            self.assertEqual(len(self._imports()), 2)
            self._work(job, 3)  # which may be there and not be shown yet
            self.assertEqual(len(self._imports()), 2)

    def test_withdrawn_from_an_address_that_he_has_no_more(self):
        ana, bruno = self.people[:2]
        Consent = self.env["crm.mailing.consent"].with_user(self.seller)
        Consent.create({"partner_id": ana.id, "kind": "withdrawn", "source": "phone"})
        old = ana.email
        ana.email = "ana.new@clientes.example"
        bruno.email = old.upper()
        self._push()
        self.assertEqual(self._sent(), ["carla@clientes.example"])
        Consent.create({"partner_id": bruno.id, "kind": "given", "source": "form"})
        self._push()
        self.assertEqual(self._there(), ["ana@clientes.example", *self._sent()[:1]])

    def test_who_wants_nothing_leaves_while_others_wait(self):
        many = self._make_people(*(f"p{number}" for number in range(30)))
        self._push()
        (many[:10]).category_id = False
        self.env["mail.blacklist"].create({"email": many[0].email})
        for partner in many[20:25]:
            self.env["crm.mailing.consent"].create(
                {"partner_id": partner.id, "kind": "withdrawn", "source": "phone"}
            )
        self.env["mail.blacklist"].create({"email": many[25].email})
        job = self._push()
        self.assertIn("too many would leave at once", job.error)
        gone = {many[0].email, *many[20:26].mapped("email")}
        self.assertEqual(
            set(self._there()),
            set((self.people | many).mapped("email")) - gone,
        )
        self.assertEqual(len(self.service.asked("DELETE")), 7)
        before = self._there()
        self._push()
        self.assertEqual(self._there(), before)
        self.list.with_user(self.director).action_agree_removals()
        self._push()
        self.assertEqual(len(self._there()), 33 - 7 - 9)

    def test_many_who_want_nothing_leave_in_steps(self):
        many = self._make_people(*(f"p{number}" for number in range(80)))
        self._push()
        self.env["mail.blacklist"].create([{"email": p.email} for p in many[:45]])
        many[45:].category_id = False
        job = self._push()
        self.assertIn("too many would leave at once", job.error)
        self.assertEqual(len(self.service.asked("DELETE")), 45)
        self.assertEqual(len(self._there()), 38)


@tagged("post_install", "-at_install")
class TestNothingIsLost(DopplerPushCommon):
    def test_errors_of_a_task_that_are_gone(self):
        """It is not the list that is gone."""
        self.people[0].email = "mala@clientes.example"
        self.service.add_subscriber(
            "mala@clientes.example", status="unsubscribed", kind="manual"
        )
        self.service.fail("GET", "/import-errors", "404.1", times=None)
        job = self._push()
        self.assertEqual(self.list.state, "bound")
        self.assertEqual(
            self._there(), ["bruno@clientes.example", "carla@clientes.example"]
        )
        self.assertNotEqual(job.state, "waiting")

    def test_what_is_not_found_is_the_list_only_where_it_is(self):
        self._push()
        self.people[0].name = "Ana Gil"
        self.people[1].name = "Bruno Gil"
        self.service.fail("POST", "/import$", "404.1", times=None)
        job = self._push()
        self.assertEqual((job.state, self.list.state), ("failed", "bound"))
        self.service.faults.clear()
        self.assertEqual(self._push().state, "done")
        self.assertEqual(
            self.service.subscribers["ana@clientes.example"]["values"]["LASTNAME"],
            "Gil",
        )

    def test_a_service_that_does_not_tell_its_tasks(self):
        for fault in ("404.0", "404.1"):
            with self.subTest(fault=fault):
                self.service.requests.clear()
                self.service.fail("POST", "/import$", "accepted")
                self.service.fail("GET", "/tasks\\?", fault, times=None)
                self._make_people(f"nueva{fault}", f"otra{fault}")
                job = self._enqueue()
                self._until(job, lambda: self._imports())
                for task in self.service.tasks.values():
                    if not task["done"]:
                        self.service.carry_out(task)
                self._work(job)
                self.assertEqual((job.state, job.error), ("done", False))
                self.assertIn(f"nueva{fault}@clientes.example", self._there())
                self.assertEqual(self.service.overlaps, 0)

    def test_import_of_somebody_else_that_looks_like_ours(self):
        """Of our people nobody arrived."""
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "sending")
        self.service.fail("POST", "/import$", "504")
        self._work(job, 1)
        client = self._client()
        client.import_members(self.list.ref, [], [self._person("x@other.example")])
        self._work(job)
        self.assertEqual(
            (job.state, self._there()),
            (
                "done",
                [
                    "ana@clientes.example",
                    "bruno@clientes.example",
                    "carla@clientes.example",
                    "x@other.example",
                ],
            ),
        )

    def _person(self, email):
        return crm_doppler_import.Person(email, {})

    def test_a_list_is_not_forgotten_while_people_are_on_their_way(self):
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "followed")
        as_director = self.list.with_user(self.director)
        with self.assertRaisesRegex(UserError, "forget whom it put"):
            as_director.unlink()
        self._work(job)
        self.assertEqual((job.state, len(self._there())), ("done", 3))

    def test_a_push_of_a_list_that_is_gone_says_so(self):
        job = self._enqueue()
        self.list.state = "missing"
        self._work(job)
        self.assertEqual(
            (job.state, job.error),
            (
                "failed",
                "The list “VIP” is not at Doppler any more: choose another list, or "
                "make it anew.",
            ),
        )


@tagged("post_install", "-at_install")
class TestOddAnswers(DopplerPushCommon):
    """Of a service that is not well; it harms nobody but itself."""

    def _answering(self, name, body, status=200):
        """The stand-in answers this to one kind of question."""

        def answer(*_args, **_options):
            raise Answer(status, body)

        handler = getattr(doppler_stand_in.StandIn, name)
        routes = [
            (verb, path, answer if known is handler else known)
            for verb, path, known in doppler_stand_in.ROUTES
        ]
        self.assertNotEqual(routes, doppler_stand_in.ROUTES)
        return patch.object(doppler_stand_in, "ROUTES", routes)

    def test_errors_with_what_no_database_holds(self):
        """The worker goes on, for other accounts too."""
        job = self._enqueue()
        problem = {"title": "x", "status": 400, "errorCode": "7\0",
                   "detail": "Bad\0 gate\ud800way", "errors": [
                       {"key": "e\0", "detail": "Bad\0 gate\ud800way"}]}  # fmt: skip
        with self._answering("get_unsubscribed", problem, status=400):
            job._work()
            self.env.flush_all()
        self.assertEqual(
            (job.state, job.error), ("failed", "Doppler refused it: e: Bad gateway")
        )

    def test_comment_that_no_database_holds(self):
        self.service.opt_out("ana@clientes.example", reason="no\0 more\ud800")
        job = self._push()
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(
            self._sent(), ["bruno@clientes.example", "carla@clientes.example"]
        )
        optout = self.env["crm.doppler.optout"].search(
            [("account_id", "=", self.account.id)]
        )
        self.assertEqual(optout.email, "ana@clientes.example")

    def test_numbers_without_end(self):
        paging = {"pageSize": 100, "itemsCount": float("inf"), "currentPage": 1,
                  "pagesCount": 1, "items": []}  # fmt: skip
        with (
            self._answering("get_lists", paging),
            self.assertRaisesRegex(RetryableError, "unexpected answer"),
        ):
            self._client().lists()

    def test_pages_without_end(self):
        item = {"listId": 7, "name": "VIP", "currentStatus": "ready"}
        page = {"pageSize": 1, "itemsCount": 3, "pagesCount": 10**9, "items": [item]}
        with (
            self._answering("get_lists", page),
            self.assertRaisesRegex(RetryableError, "changed while"),
        ):
            self._client().lists()
        self.assertLess(len(self.service.requests), 20)

    def test_counts_that_no_database_holds(self):
        self.service.polls = 0
        self._push()
        self.service.add_campaign(
            "Mayo",
            when=fields.Datetime.now(),
            deliveries={"ana@clientes.example": ("opened", 10**12)},
        )
        for kind in ("campaigns", "deliveries"):
            job = self.env["crm.doppler.job"]._enqueue(self.account, kind)
            self._work(job)
            self.assertEqual((job.state, job.error), ("done", False))
        delivery = self.env["crm.doppler.delivery"].search(
            [("email", "=", "ana@clientes.example")]
        )
        self.assertEqual(delivery.clicks, 2**31 - 1)


@tagged("post_install", "-at_install")
class TestForgery(DopplerPushCommon):
    def test_default_contact_of_a_consent(self):
        """A seller records for whom he may write, however he names him."""
        ours = self.people[0]
        ours.user_id = self.colleague
        Consent = self.env["crm.mailing.consent"].with_user(self.seller)
        for context, vals in (
            ({}, {"partner_id": ours.id}),
            ({"default_partner_id": ours.id}, {}),
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                Consent.with_context(**context).create(
                    {**vals, "kind": "given", "source": "form"}
                )
        self.assertFalse(Consent.search_count([("partner_id", "=", ours.id)]))
        own = Consent.with_context(default_partner_id=self.people[1].id).create(
            {"kind": "given", "source": "form", "user_id": self.director.id,
             "email": "x@x.example"}
        )  # fmt: skip
        self.assertEqual(
            (own.user_id, own.email), (self.seller, "bruno@clientes.example")
        )

    @mute_logger("odoo.models", "odoo.addons.base.models.ir_rule")
    def test_the_key_is_no_condition_of_a_segment(self):
        path = "crm_doppler_member_ids.list_id.account_id.api_key"
        nested = [("account_id", "any", [("api_key", "=like", f"{KEY[:2]}%")])]
        silent = [("account_id", "any!", [("api_key", "=like", f"{KEY[:2]}%")])]
        for domain in (
            [(path, "=like", f"{KEY[:2]}%")],
            [("crm_doppler_member_ids.list_id", "any", nested)],
            [("crm_doppler_member_ids.list_id", "any", silent)],
            [("crm_doppler_member_ids", "any!", [("list_id", "any!", silent)])],
        ):
            for user in (self.director, self.seller):
                with (
                    self.subTest(domain=domain, user=user.name),
                    self.assertRaises(Exception),  # noqa: B017
                ):
                    self.env["crm.segment"].with_user(user).create(
                        {"name": "Key", "domain": json.dumps(domain)}
                    )


@tagged("post_install", "-at_install")
class TestKeyOverHttp(DopplerPushCommon, HttpCase):
    """What another program learns with the API key of a user."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            "seller": cls.seller,
            "director": cls.director,
            "marketing": cls._make_user(
                "marketing", "mass_mailing.group_mass_mailing_user"
            ),
            "rights": cls._make_user("rights", "base.group_erp_manager"),
            "native": cls._make_user("native_manager", "sales_team.group_sale_manager"),
            "portal": cls._make_user("portal", "base.group_portal"),
        }
        cls.tokens = {
            # sudo: a key that does not expire
            role: cls.env["res.users.apikeys"]
            .with_user(user)
            .sudo()
            ._generate("rpc", "test", None)
            for role, user in cls.users.items()
        }

    def _post(self, role, model, method, **body):
        self.env.flush_all()
        response = self.url_open(
            f"/json/2/{model}/{method}",
            json=body,
            headers={"Authorization": f"bearer {self.tokens[role]}"},
        )
        self.env.invalidate_all()
        self.assertNotIn(KEY, response.text)
        return response

    @mute_logger("odoo.http", "odoo.models", "odoo.addons.base.models.ir_rule")
    def test_nobody_learns_the_key_or_turns_the_account(self):
        self._push()
        like = ["api_key", "=like", f"{KEY[:2]}%"]
        ids = self.account.ids
        row = {"email": "out@x.example", "kind": "manual", "date": None, "note": ""}
        self.env["crm.doppler.optout"]._note(self.account, [row])
        optout = self.env["crm.doppler.optout"].search([("email", "=", row["email"])])
        related = ["list_id.account_id.api_key", *like[1:]]
        spec = {"list_id": {"fields": {"account_id": {"fields": {"api_key": {}}}}}}
        evil = {"base_url": "http://evil.example"}
        asked = {
            "domain": ("account", "search_count", {"domain": [like]}),
            "read": ("account", "read", {"ids": ids, "fields": ["api_key"]}),
            "web_read": (
                "account", "web_read",
                {"ids": ids, "specification": {"api_key": {}}},
            ),
            "search_read": (
                "account", "search_read", {"domain": [], "fields": ["api_key"]}
            ),
            "export": (
                "account", "export_data", {"ids": ids, "fields_to_export": ["api_key"]}
            ),
            "group": (
                "account", "formatted_read_group",
                {"domain": [], "groupby": ["api_key"], "aggregates": ["__count"]},
            ),
            "order": ("account", "search", {"domain": [], "order": "api_key"}),
            "member domain": ("member", "search_count", {"domain": [related]}),
            "member spec": (
                "member", "web_search_read", {"domain": [], "specification": spec}
            ),
            "member export": (
                "member", "export_data",
                {"ids": self.list.member_ids[:1].ids,
                 "fields_to_export": ["list_id/account_id/api_key"]},
            ),
            "url": ("account", "write", {"ids": ids, "vals": evil}),
            "url of a save": (
                "account", "web_save",
                {"ids": ids, "vals": evil, "specification": {}},
            ),
            "new key": ("account", "write", {"ids": ids, "vals": {"new_key": "x"}}),
            "account": ("account", "create", {"vals_list": [{"email": "a@b.example"}]}),
            "copy": ("account", "copy", {"ids": ids}),
            "test": ("account", "action_test", {"ids": ids}),
            "unlink": ("account", "unlink", {"ids": ids}),
            "rename": ("account", "write", {"ids": ids, "vals": {"email": "b@b.es"}}),
            "member": (
                "member", "write",
                {"ids": self.list.member_ids.ids, "vals": {"reason": False}},
            ),
            "job": (
                "job", "create",
                {"vals_list": [{"account_id": ids[0], "kind": "push"}]},
            ),
            "opt-out": ("optout", "unlink", {"ids": optout.ids}),
        }  # fmt: skip
        for role in self.tokens:
            for way, (name, method, body) in asked.items():
                model = f"crm.doppler.{name}"
                with self.subTest(role=role, way=way):
                    self.assertIn(
                        self._post(role, model, method, **body).status_code,
                        (403, 404, 422, 500),
                    )
            for model, values in (
                ("res.config.settings", {"crm_doppler_base_url": evil["base_url"]}),
                ("res.config.settings", {"crm_doppler_new_key": "x"}),
            ):
                with self.subTest(role=role, values=values):
                    made = self._post(role, model, "create", vals_list=[values])
                    self.assertEqual(made.status_code, 403)
        self.assertEqual(
            (self.account.api_key, self.account.base_url, self.account.state),
            (KEY, self.service.url, "connected"),
        )
