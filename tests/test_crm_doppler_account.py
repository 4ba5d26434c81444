from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from odoo.addons.crm_gestion.tools.doppler.client import BASE_URL
from odoo.addons.crm_gestion.tools.doppler.errors import AuthenticationError

from .doppler_common import DopplerCommon
from .doppler_stand_in import ACCOUNT, KEY, OTHER_KEY


class AccountCommon(DopplerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls._make_user("system", "base.group_system")
        cls.account.user_id = cls.system
        cls.as_system = cls.account.with_user(cls.system)
        cls.as_director = cls.account.with_user(cls.director)

    def _queued(self):
        return self.env["crm.doppler.job"]._enqueue(self.account, "optouts")

    def _notices(self):
        return self.env["mail.message"].search_count(
            [("notified_partner_ids", "in", self.system.partner_id.ids)]
        )


@tagged("post_install", "-at_install")
class TestConnection(AccountCommon):
    def _test(self):
        return self.as_system.action_test()["params"]

    def test_it_works_once_it_was_tried_out(self):
        self.account.write({"state": "new"})
        told = self._test()
        self.assertEqual(told["type"], "success")
        self.assertEqual(self.account.state, "connected")
        self.assertEqual(len(self.account.field_ids), 12)
        self.assertEqual(
            self.account.mapping_ids.mapped(
                lambda m: (m.field_id.name, m.partner_field_id.name, m.part)
            ),
            [
                ("FIRSTNAME", "name", "first_word"),
                ("LASTNAME", "name", "other_words"),
                ("COUNTRY", "country_id", "all"),
            ],
        )

    def test_only_system_administrators_try_it_out(self):
        with self.assertRaises(AccessError):
            self.as_director.action_test()
        self.assertEqual(self.service.requests, [])

    def test_each_kind_of_error_says_what_to_do(self):
        for fault, options, words in [
            ("500", {}, "problem of its own (500.0)"),
            ("502", {}, "problem of its own (502)"),
            ("429", {}, "fewer requests"),
            ("html", {}, "What answered is not Doppler"),
            ("slow", {"seconds": 1}, "did not answer"),
            ("truncated", {}, "did not answer"),
            ("reset", {}, "did not answer"),
            ("404.0", {}, "Doppler is not at this address"),
            ("403.0", {}, "may not do this"),
        ]:
            with self.subTest(fault=fault):
                self.account.write({"state": "new", "error": False})
                self.service.reset()
                self.service.fail("GET", ".*", fault, times=None, **options)
                told = self._test()
                self.assertEqual(told["type"], "danger")
                self.assertIn(words, told["message"])
                self.assertEqual(self.account.state, "new")
                self.assertEqual(self.account.error, told["message"])

    def test_wrong_key_wrong_account_no_server(self):
        for values, words in [
            ({"api_key": "0123"}, "does not accept the API key"),
            ({"api_key": OTHER_KEY}, "of another Doppler account"),
            ({"base_url": "http://127.0.0.1:9"}, "did not answer"),
            ({"base_url": "nonsense"}, "cannot be used"),
        ]:
            with self.subTest(values=values):
                self.account.write(
                    {"api_key": KEY, "base_url": self.service.url, **values}
                )
                self.assertEqual(self.account.state, "new")
                told = self._test()
                self.assertEqual(told["type"], "danger")
                self.assertIn(words, told["message"])
                self.assertNotIn(values.get("api_key", KEY), str(told))

    def test_a_stopped_account_goes_on_where_it_was_tried_out(self):
        job = self._queued()
        job.write({"phase": "compare", "progress": {"last": 9}, "attempts": 3})
        self.account._stop(AuthenticationError("no", "401.1"))
        self.assertEqual(self._test()["type"], "success")
        self.assertEqual((self.account.state, self.account.error), ("connected", False))
        self.assertEqual(
            (job.state, job.phase, job.progress, job.attempts),
            ("waiting", False, False, 0),
        )

    def test_a_connected_account_that_is_refused_stops(self):
        self.service.fail("GET", ".*", "401.1", times=None)
        self._test()
        self.assertEqual(self.account.state, "stopped")

    def test_a_connected_account_keeps_no_error_that_passes(self):
        self.service.fail("GET", ".*", "502", times=None)
        self.assertEqual(self._test()["type"], "danger")
        self.assertEqual((self.account.state, self.account.error), ("connected", False))

    def test_what_is_gone_there_goes_here_but_for_what_is_filled(self):
        self._test()
        self.service.fields = [
            field
            for field in self.service.fields
            if field["name"] not in ("LASTNAME", "GENDER")
        ]
        self._test()
        names = self.account.field_ids.mapped("name")
        self.assertNotIn("GENDER", names)
        self.assertIn("LASTNAME", names)
        mapping = self.account.mapping_ids.filtered(
            lambda mapping: mapping.field_id.name == "LASTNAME"
        )
        self.assertIn("no field LASTNAME any more", mapping.problem)
        self.assertEqual(
            self.account._payload(self.contact)[self.contact], {"FIRSTNAME": "Lucía"}
        )
        mapping.unlink()
        self._test()
        self.assertNotIn("LASTNAME", self.account.field_ids.mapped("name"))


@tagged("post_install", "-at_install")
class TestStop(AccountCommon):
    def test_its_responsible_is_told_once(self):
        job = self._queued()
        before = self._notices()
        self.account._stop(AuthenticationError("invalid token", "401.1"))
        self.assertEqual(self.account.state, "stopped")
        self.assertIn("API key", self.account.error)
        self.assertEqual(self._notices(), before + 1)
        self.account._stop(AuthenticationError("invalid token", "401.1"))
        self.assertEqual(self._notices(), before + 1)
        self.assertEqual(job.state, "waiting")

    def test_administrators_are_told_where_its_responsible_is_gone(self):
        other = self._make_user("other_system", "base.group_system")
        elsewhere = self._make_user(
            "far_system",
            "base.group_system",
            company_id=self.env["res.company"].create({"name": "Far"}).id,
        )
        self.system.active = False
        before = self._notices()
        self.account._stop(AuthenticationError("invalid token", "401.1"))
        message = self.env["mail.message"].search(
            [("notified_partner_ids", "in", other.partner_id.ids)]
        )
        self.assertEqual(len(message), 1)
        self.assertNotIn(elsewhere.partner_id, message.notified_partner_ids)
        self.assertEqual(self._notices(), before)

    def test_he_is_told_in_his_language_and_without_the_key(self):
        self.account._stop(AuthenticationError(f"odd {KEY}"[:4], "403.0"))
        message = self.env["mail.message"].search(
            [("notified_partner_ids", "in", self.system.partner_id.ids)], limit=1
        )
        self.assertNotIn(KEY, message.subject + message.body)

    def test_nothing_is_asked_until_it_is_tried_out(self):
        self.account._stop(AuthenticationError("no", "401.1"))
        with self.assertRaisesRegex(UserError, "has stopped"):
            self.account._client()
        job = self._queued()
        job._work()
        self.env["crm.doppler.job"]._due()
        self.assertEqual((job.state, self.service.requests), ("waiting", []))

    def test_an_account_without_a_key_says_so(self):
        self.account.write({"api_key": False})
        with self.assertRaisesRegex(UserError, "Give the API key"):
            self.account._client()


@tagged("post_install", "-at_install")
class TestChange(AccountCommon):
    def test_other_credentials_have_to_be_tried_out(self):
        for values in (
            {"api_key": OTHER_KEY},
            {"email": "other@ours.example"},
            {"base_url": BASE_URL},
        ):
            with self.subTest(values=values):
                self._connect()
                self.account.write(values)
                self.assertEqual(self.account.state, "new")

    def test_the_same_values_change_nothing(self):
        self.account.write({"api_key": KEY, "email": ACCOUNT, "rate": 3.0})
        self.assertEqual(self.account.state, "connected")
        self.account.write({"email": f" {ACCOUNT.upper()}"})
        self.account.write({"base_url": f"{self.account.base_url}/"})
        self.assertEqual(self.account.state, "connected")

    def test_another_account_begins_anew(self):
        segment = self.env["crm.segment"].create({"name": "All"})
        list_ = self.env["crm.doppler.list"].create(
            {"account_id": self.account.id, "name": "All", "segment_id": segment.id}
        )
        list_.sudo().write({"ref": "77", "state": "bound"})
        member = self.env["crm.doppler.member"].create(
            {
                "list_id": list_.id,
                "partner_id": self.contact.id,
                "email": self.contact.email,
                "is_there": True,
                "sent_hash": "abc",
            }
        )
        self.account.optouts_until = "2026-03-01 10:00:00"
        self.account.deliveries_after = "ana@people.example"
        job = self._queued()
        import_ = self.env["crm.doppler.import"].create(
            {"job_id": job.id, "list_id": list_.id, "state": "followed"}
        )
        member.import_id = import_
        self.account.write({"api_key": OTHER_KEY})
        self.assertEqual((list_.ref, job.state), ("77", "waiting"))
        self.account.write({"email": "other@ours.example"})
        self.assertEqual((list_.ref, list_.state), (False, "new"))
        self.assertEqual((member.is_there, member.sent_hash), (False, False))
        self.assertEqual(job.state, "cancelled")
        self.assertFalse(self.account.optouts_until)
        self.assertFalse(self.account.deliveries_after)
        self.assertEqual((import_.state, member.import_id.ids), ("failed", []))

    def test_a_system_administrator_may_change_it_with_lists_and_a_queue(self):
        kept = self.env["crm.doppler.list"].create(
            {
                "account_id": self.account.id,
                "name": "Customers",
                "segment_id": self.env["crm.segment"].create({"name": "All"}).id,
            }
        )
        kept.write({"ref": "77", "state": "bound"})
        job = self._queued()
        settings = (
            self.env["res.config.settings"]
            .with_user(self.system)
            .create({"crm_doppler_email": "another@tienda.example"})
        )
        settings.execute()
        self.assertEqual(
            (self.account.email, self.account.state), ("another@tienda.example", "new")
        )
        self.assertEqual((kept.ref, kept.state), (False, "new"))
        self.assertEqual(job.state, "cancelled")

    def test_one_account_for_each_company(self):
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"):
            with self.cr.savepoint():
                self.account.copy({"email": "second@ours.example"})

    def test_test_mode(self):
        self.assertTrue(self.account.is_test)
        self.account.base_url = f"{BASE_URL}/"
        self.assertFalse(self.account.is_test)

    def test_a_company_goes_with_its_account(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        account = self.account.create(
            {"company_id": branch.id, "email": "b@ours.example", "api_key": KEY}
        )
        self.env["crm.doppler.job"]._enqueue(account, "optouts")
        account.unlink()
        self.assertFalse(
            self.env["crm.doppler.job"].search_count([("account_id", "=", account.id)])
        )


@tagged("post_install", "-at_install")
class TestKey(AccountCommon):
    """Only system administrators read it, and no screen shows it."""

    def test_no_director_reads_it(self):
        model = self.as_director.browse()
        mappings = self.env["crm.doppler.mapping"].with_user(self.director)
        like = ("like", KEY[:4])
        for way, call in {
            "read": lambda: self.as_director.read(["api_key"]),
            "web_read": lambda: self.as_director.web_read({"api_key": {}}),
            "search": lambda: model.search([("api_key", *like)]),
            "count": lambda: model.search_count([("api_key", *like)]),
            "order": lambda: model.search([], order="api_key"),
            "export": lambda: self.as_director.export_data(["api_key"]),
            "group": lambda: model.formatted_read_group([], ["api_key"]),
            "related": lambda: mappings.search([("account_id.api_key", *like)]),
            "related export": lambda: self._mapping().export_data(
                ["account_id/api_key"]
            ),
            "filter": lambda: self.as_director.filtered_domain([("api_key", *like)]),
            "write": lambda: self.as_director.write({"api_key": "x"}),
            "typed": lambda: self.as_director.read(["new_key"]),
            "typed write": lambda: self.as_director.write({"new_key": "x"}),
        }.items():
            with self.subTest(way=way), self.assertRaises(AccessError):
                call()
        self.assertEqual(self.account.api_key, KEY)

    def _mapping(self):
        self.account._load_fields(self.account._client())
        return self.account.mapping_ids[0].with_user(self.director)

    def test_a_director_gets_no_key_with_the_account(self):
        values = self.as_director.read()[0]
        self.assertNotIn(KEY, str(values))
        self.assertNotIn("api_key", values)
        self.assertTrue(self.as_director.has_key)
        self.assertNotIn("api_key", self.as_director.fields_get())

    def test_it_is_not_exported(self):
        for name in ("api_key", "new_key"):
            info = self.as_system.fields_get([name])[name]
            self.assertFalse(info["exportable"])

    def test_what_is_typed_is_kept_and_not_sent_back(self):
        self.as_system.web_save({"new_key": OTHER_KEY}, {"new_key": {}})
        self.assertEqual(self.account.api_key, OTHER_KEY)
        saved = self.as_system.web_save(
            {"new_key": " "}, {"new_key": {}, "has_key": {}}
        )
        self.assertEqual(saved[0]["new_key"], False)
        self.assertTrue(saved[0]["has_key"])
        self.assertEqual(self.account.api_key, OTHER_KEY)

    def test_no_message_holds_it(self):
        self.account.write({"api_key": OTHER_KEY})
        for key in (KEY, OTHER_KEY):
            self.assertFalse(
                self.env["mail.message"].search_count([("body", "ilike", key)])
            )
            self.assertFalse(
                self.env["mail.tracking.value"].search_count(
                    [("new_value_char", "ilike", key)]
                )
            )

    def test_sellers_do_not_read_accounts(self):
        with self.assertRaises(AccessError):
            self.account.with_user(self.seller).read(["email"])

    def test_directors_read_those_of_their_companies(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        other = self.account.create({"company_id": branch.id, "email": "b@b.example"})
        with self.assertRaises(AccessError):
            other.with_user(self.director).read(["email"])


@tagged("post_install", "-at_install")
class TestSettings(AccountCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.env["res.config.settings"].with_user(cls.system)

    def _save(self, **values):
        settings = self.settings.create(
            {f"crm_doppler_{name}": value for name, value in values.items()}
        )
        settings.execute()
        return settings

    def test_the_account_is_made_with_its_email(self):
        self.account.unlink()
        self._save(require_consent=False)
        accounts = self.env["crm.doppler.account"]
        domain = [("company_id", "=", self.env.company.id)]
        self.assertFalse(accounts.search(domain))
        self._save(email=" shop@ours.example ", new_key=KEY, require_consent=False)
        account = accounts.search(domain)
        self.assertEqual(account.email, "shop@ours.example")
        self.assertEqual(account.api_key, KEY)
        self.assertEqual(account.state, "new")
        self.assertEqual(account.user_id, self.system)
        self.assertFalse(account.require_consent)

    def test_an_empty_input_keeps_the_key(self):
        self._save(email=ACCOUNT, new_key="", click_activity=True)
        self.assertEqual(self.account.api_key, KEY)
        self.assertTrue(self.account.click_activity)
        self.assertEqual(self.account.state, "connected")

    def test_the_key_is_not_sent_back(self):
        spec = {"crm_doppler_new_key": {}, "crm_doppler_has_key": {}}
        saved = self.settings.web_save(
            {"crm_doppler_email": ACCOUNT, "crm_doppler_new_key": OTHER_KEY}, spec
        )
        self.assertEqual(self.account.api_key, OTHER_KEY)
        self.assertEqual(saved[0]["crm_doppler_new_key"], False)
        self.assertTrue(saved[0]["crm_doppler_has_key"])
        self.assertEqual(self.account.state, "new")
        shown = self.settings.onchange({}, [], spec)["value"]
        self.assertEqual(shown["crm_doppler_new_key"], False)

    def test_the_button_tries_it_out(self):
        settings = self._save(email=ACCOUNT, new_key=KEY)
        told = settings.action_test_doppler()["params"]
        self.assertEqual(told["type"], "success")
        self.account.unlink()
        with self.assertRaisesRegex(UserError, "first"):
            self.settings.create({}).action_test_doppler()

    def test_nobody_else_sees_or_sets_them(self):
        employee = self._make_user("sysless", "base.group_erp_manager")
        settings = self.env["res.config.settings"]
        info = settings.with_user(employee).fields_get()
        self.assertFalse(
            [name for name in info if name.startswith("crm_doppler_new_key")]
        )


@tagged("post_install", "-at_install")
class TestNeutralize(AccountCommon):
    """A copy of the database asks nothing, whoever presses what."""

    def setUp(self):
        super().setUp()
        self.job = self._queued()
        self.env.flush_all()
        with file_open("crm_gestion/data/neutralize.sql") as file:
            self.cr.execute(file.read())
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "true")
        self.env.invalidate_all()

    def test_keys_are_gone(self):
        self.assertFalse(self.account.api_key)
        self.assertEqual(self.account.state, "stopped")
        with self.assertRaisesRegex(UserError, "copy for tests"):
            self.account._client()

    def test_not_even_with_another_key(self):
        self.account.write({"api_key": KEY, "state": "connected"})
        with self.assertRaisesRegex(UserError, "copy for tests"):
            self.as_system.action_test()
        with self.assertRaisesRegex(UserError, "copy for tests"):
            self.account._client()
        self.assertFalse(self.env["crm.doppler.job"]._due())
        self.env["crm.doppler.job"]._cron_enqueue("campaigns")
        self.job._work()
        self.assertFalse(
            self.env["crm.doppler.job"].search([("kind", "=", "campaigns")])
        )
        self.assertEqual(self.service.requests, [])
