from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tests.common import new_test_user

from .common import PASSWORD
from .incident_common import MONDAY, IncidentCommon


@tagged("post_install", "-at_install", "security")
@freeze_time(MONDAY)
class TestAccess(IncidentCommon):
    """Who reads which incident. There is one of the seller's account, opened by the
    desk, one of the stranger's and one of nobody's; and a plain task of each customer
    in a project that only who is invited sees."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Partner = cls.env["res.partner"]
        cls.theirs_account = Partner.create(
            {"name": "Theirs", "is_company": True, "user_id": cls.stranger.id}
        )
        cls.person = Partner.create({"name": "A Person", "user_id": cls.seller.id})
        cls.free = Partner.create({"name": "Free", "is_company": True})
        cls.own, cls.of_person, cls.theirs, cls.nobodys = (
            cls._open(cls.agent, partner_id=partner.id)
            for partner in (cls.contact, cls.person, cls.theirs_account, cls.free)
        )
        cls.all = cls.own | cls.of_person | cls.theirs | cls.nobodys
        # the desk follows nothing of the seller's
        cls.secret = cls.env["project.project"].create(
            {"name": "Secret", "privacy_visibility": "invited_users"}
        )
        cls.tasks = cls.env["project.task"].create(
            [
                {
                    "name": "Secret",
                    "project_id": cls.secret.id,
                    "partner_id": partner.id,
                }
                for partner in (cls.contact, cls.theirs_account)
            ]
        )

    def _readable(self, user, tasks=None):
        """:return: what is found, after a check that it is what may be opened"""
        tasks = (tasks or (self.all | self.tasks)).with_user(user)
        tasks.invalidate_recordset()
        found = tasks.search([("id", "in", tasks.ids)], order="id")
        self.assertEqual(found, tasks._filtered_access("read").sorted("id"))
        return found.sudo()

    def test_who_reads_which(self):
        mine = self.own | self.of_person
        nothing = self.all.browse()
        cases = [
            (self.seller, mine),
            (self.head, mine),
            (self.stranger, self.theirs),
            (self.south_head, self.theirs),
            (self.director, self.all),
            (self.colleague, nothing),
            (self.native, nothing),
            (self.employee, nothing),
            (self.agent, self.all),
        ]
        for user, expected in cases:
            with self.subTest(user=user.login):
                self.assertEqual(self._readable(user), expected.sorted("id"))

    def test_rule_adds_incidents_of_own_accounts_and_nothing_else(self):
        everyone = self.env["project.task"].search([])
        users = self.seller | self.head | self.stranger | self.colleague
        rules = self.env.ref("crm_gestion.project_task_rule_incidents")
        rules |= self.env.ref("crm_gestion.project_project_rule_desks")
        after = {user: self._readable(user, everyone) for user in users}
        rules.active = False
        before = {user: self._readable(user, everyone) for user in users}
        mine = self.own | self.of_person
        expected = {
            self.seller: mine,
            self.head: mine,
            self.stranger: self.theirs,
            self.colleague: self.all.browse(),
        }
        for user in users:
            with self.subTest(user=user.login):
                self.assertLessEqual(before[user], after[user])
                self.assertEqual(after[user] - before[user], expected[user])

    def test_who_covers_the_seller(self):
        self.env["crm.substitution"].create(
            {
                "user_id": self.seller.id,
                "substitute_id": self.stranger.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-10",
            }
        )
        self.env.invalidate_all()
        self.assertEqual(self._readable(self.stranger), self.all - self.nobodys)
        with freeze_time("2026-03-11 10:00:00"):
            self.env.invalidate_all()
            self.env["res.users"]._crm_scope_cache().clear()
            self.assertEqual(self._readable(self.stranger), self.theirs)

    def test_incidents_follow_the_account(self):
        (self.organization | self.contact).user_id = self.stranger
        self.env.invalidate_all()
        self.assertEqual(self._readable(self.stranger), self.own | self.theirs)
        self.assertEqual(self._readable(self.seller), self.of_person)

    def test_shared_history(self):
        self.env.company.crm_shared_history = "team"
        self.env.invalidate_all()
        self.assertEqual(self._readable(self.colleague), self.own | self.of_person)
        self.env.company.crm_shared_history = "all"
        self.env["res.users"]._crm_scope_cache().clear()
        self.env.invalidate_all()
        self.assertEqual(self._readable(self.colleague), self.all)

    def test_assignee_and_who_answers_for_him(self):
        self.theirs.user_ids = self.seller
        self.env.invalidate_all()
        mine = self.own | self.of_person | self.theirs
        self.assertEqual(self._readable(self.seller), mine)
        self.assertEqual(self._readable(self.head), mine)

    def test_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.own.company_id = other
        self.env.invalidate_all()
        self.assertEqual(self._readable(self.seller), self.of_person)
        self.assertFalse(
            self.own.crm_passage_ids.with_user(self.seller)._filtered_access("read")
        )

    def test_customer(self):
        portal = new_test_user(
            self.env,
            login="crm_customer",
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=self.contact.id,
        )
        self.assertEqual(self._readable(portal), self.own)
        with self.assertRaises(AccessError):
            self.own.crm_passage_ids.with_user(portal).read(["phase"])
        with self.assertRaises(AccessError):
            self.env["crm.incident.target"].with_user(portal).search([])
        self.desk.privacy_visibility = "followers"
        self.env.invalidate_all()
        self.assertFalse(self._readable(portal))

    def test_customer_who_was_invited_to_the_desk(self):
        """Odoo lets who follows a project follow, and see, each of its tasks."""
        portal = new_test_user(
            self.env,
            login="crm_customer",
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=self.contact.id,
        )
        self.desk._add_followers(self.contact)
        # as outside of tests, where subscribing is not switched off
        env = self.env(context={})
        incidents = env["crm.incident"].with_user(self.agent)
        mine, others = incidents._open(
            [self._vals(), self._vals(partner_id=self.theirs_account.id)]
        ).with_env(self.env)
        by_hand = env["project.task"].create(
            {"name": "By hand", "project_id": self.desk.id}
        )
        moved = self.tasks[1].with_env(env)
        moved.project_id = self.desk
        tasks = mine | others | by_hand | moved
        self.assertEqual(self._readable(portal, tasks), mine)
        self.assertIn(self.agent.partner_id, others.message_partner_ids)
        by_hand.message_subscribe(self.contact.ids)
        self.env.invalidate_all()
        self.assertEqual(self._readable(portal, tasks), mine | by_hand)

    def test_desks_and_no_other_project(self):
        projects = self.desk | self.secret
        for user, expected in (
            (self.seller, self.desk),
            (self.head, self.desk),
            (self.native, projects.browse()),
            (self.employee, projects.browse()),
        ):
            with self.subTest(user=user.login):
                found = projects.with_user(user).search([("id", "in", projects.ids)])
                self.assertEqual(found.sudo(), expected)
                for verb in ("write", "unlink"):
                    self.assertFalse(projects.with_user(user)._filtered_access(verb))

    def test_seller_writes_nothing(self):
        for user in (self.seller, self.head, self.director):
            own = self.own.with_user(user)
            before = self.own.read(["name", "stage_id", "state", "crm_severity"])
            for attempt in (
                lambda t: t.write({"name": "Mine"}),
                lambda t: t.write({"stage_id": self._stage("solved").id}),
                lambda t: t.write({"crm_severity": "3_critical"}),
                lambda t: t.unlink(),
                lambda t: t.create({"name": "New", "project_id": self.desk.id}),
                lambda t: t.project_id.write({"name": "Mine"}),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    attempt(own)
            self.assertEqual(
                self.own.read(["name", "stage_id", "state", "crm_severity"]), before
            )
            self.assertFalse(user.has_group("project.group_project_user"))

    def test_what_is_computed_is_for_nobody_to_write(self):
        """Not for who works at the desk either, and not by a default."""
        task = self.tasks[0].with_user(self.env.ref("base.user_admin"))
        for name, value in (
            ("crm_deadline", "2030-01-01 00:00:00"),
            ("crm_is_incident", True),
            ("crm_phase", "solved"),
        ):
            for record in (self.own.with_user(self.agent), task):
                with self.subTest(field=name, record=record.id):
                    before = record.sudo()[name]
                    with self.assertRaises(AccessError):
                        record.write({name: value})
                    self.assertEqual(record.sudo()[name], before)
        for name, value in (
            ("crm_deadline", "2030-01-01 00:00:00"),
            ("crm_is_incident", True),
            ("crm_number", "X1"),
            ("crm_phase", "solved"),
            ("crm_reopen_count", 7),
        ):
            model = self.env["project.task"].with_user(self.agent)
            model = model.with_context(**{f"default_{name}": value})
            with self.subTest(default=name), self.assertRaises(AccessError):
                model.create(self._vals(project_id=self.desk.id))

    def test_document_that_one_does_not_read_is_not_named(self):
        """Its name would be told."""
        lead = self._make_lead(self.stranger, partner_id=self.contact.id)
        gestion = self._make_gestion(self.stranger, contact_id=self.contact.id)
        own = self.own.with_user(self.agent)
        for name, record in (("crm_lead_id", lead), ("crm_gestion_id", gestion)):
            with self.subTest(field=name):
                with self.assertRaises(AccessError):
                    own.write({name: record.id})
                model = own.with_context(**{f"default_{name}": record.id})
                with self.assertRaises(AccessError):
                    model.create(self._vals(project_id=self.desk.id))
                self.own[name] = record
                own.write({"name": "Pump leaks still"})
        secret = self._make_lead(
            self.stranger, name="Secret", partner_id=self.theirs_account.id
        )
        for vals in (self._vals(), {"name": "Of nobody"}):
            model = own.with_context(default_crm_lead_id=secret.id)
            with self.subTest(vals=vals), self.assertRaises(UserError) as caught:
                model.create({**vals, "project_id": self.desk.id})
            self.assertNotIn("Secret", str(caught.exception))

    def test_seller_takes_part_in_the_messages(self):
        own = self.own.with_user(self.seller)
        with self.mock_mail_gateway():
            message = own.message_post(body="The customer rang me")
        self.assertIn(message.sudo(), self.own.message_ids)
        own.message_subscribe(self.seller.partner_id.ids)
        self.assertIn(self.seller.partner_id, self.own.message_partner_ids)
        attachment = self.env["ir.attachment"].create(
            {
                "name": "photo.txt",
                "raw": b"photo",
                "res_model": "project.task",
                "res_id": self.own.id,
            }
        )
        self.assertEqual(attachment.with_user(self.seller).raw, b"photo")
        with self.assertRaises(AccessError):
            attachment.with_user(self.colleague).read(["raw"])

    def test_key_to_the_customers_page(self):
        """With it a seller could answer as the customer, and see the whole desk."""
        self.desk._portal_ensure_token()
        for record in (self.own, self.desk):
            with self.subTest(model=record._name):
                with self.assertRaises(AccessError):
                    record.with_user(self.seller).read(["access_token"])
                read = record.with_user(self.agent).read(["access_token"])
                self.assertTrue(read[0]["access_token"])
        with self.assertRaises(AccessError):
            self.env["project.project"].with_user(self.seller).search(
                [("access_token", "=like", "a%")]
            )

    def test_masters(self):
        for user, verbs in (
            (self.seller, "R"),
            (self.agent, "R"),
            (self.director, "CRU"),
        ):
            kind = self.fault.with_user(user)
            allowed = "".join(
                letter
                for letter, verb in zip(
                    "CRUD", ("create", "read", "write", "unlink"), strict=True
                )
                if kind.has_access(verb)
            )
            with self.subTest(user=user.login):
                self.assertEqual(allowed, verbs)

    def test_many_cost_as_few(self):
        few, many = (
            self.incidents.with_user(self.agent)._open(
                [self._vals(name=str(n)) for n in range(count)]
            )
            for count in (3, 30)
        )

        def read(incidents):
            incidents.with_user(self.seller).with_context(prefetch_fields=False).read(
                ["display_name", "crm_deadline", "crm_target_state", "crm_may_handle"]
            )

        self.assertFlatGrowth(read, few, many)
