import random
from datetime import date
from itertools import product

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tests import tagged
from odoo.tools import format_date

from .test_access import AccessCommon
from .test_hygiene import ScreenCommon

# Who may do what with a record of: a member of a team below the head's one, whom the
# user covers today, whom he covered until yesterday, who left the head's team, a
# stranger on the user's own account.
OWNERS = ("below", "covered", "yesterday", "left", "account")
LEADS = {
    "seller":   ("",     "CRU",  "",     "",     "R"),
    "head":     ("CRU",  "CRU",  "",     "CRU",  "R"),
    "director": ("CRUD", "CRUD", "CRUD", "CRUD", "CRUD"),
    "native":   ("",     "",     "",     "",     ""),
    "employee": ("",     "",     "",     "",     ""),
    "system":   ("",     "",     "",     "",     ""),
}  # fmt: skip
LOGS = {
    "seller":   ("",  "R", "",  "",  "R"),
    "head":     ("R", "R", "",  "R", "R"),
    "director": ("R", "R", "R", "R", "R"),
    "native":   ("",  "",  "",  "",  ""),
    "employee": ("",  "",  "",  "",  ""),
    "system":   ("",  "",  "",  "",  ""),
}  # fmt: skip
LINES = {
    "seller":   ("",     "CRUD", "",     "",     "R"),
    "head":     ("CRUD", "CRUD", "",     "CRUD", "R"),
    "director": ("CRUD",) * 5,
    "native":   ("",) * 5,
    "employee": ("",) * 5,
    "system":   ("",) * 5,
}  # fmt: skip
GESTIONES = {
    "seller":   ("",     "CRU", "",     "",     "R"),
    "head":     ("CRU",  "CRU", "",     "CRU",  "R"),
    "director": ("CRU",) * 5,
    "native":   ("",) * 5,
    "employee": ("",) * 5,
    "system":   ("CRUD",) * 5,
}  # fmt: skip
PARTNERS = {
    "seller":   ("CR",   "CRU",  "CR",   "CR"),
    "head":     ("CRU",  "CRU",  "CR",   "CRU"),
    "director": ("CRU",) * 4,
    "native":   ("CRU",) * 4,
    "employee": ("R",) * 4,
    "system":   ("CRUD",) * 4,
}  # fmt: skip
# Activities that the stranger planned for himself on an opportunity of these.
ACTIVITIES = {
    "seller":   ("",     "CRUD", "",     "",     "R"),
    "head":     ("CRUD", "CRUD", "",     "CRUD", "R"),
    "director": ("CRUD",) * 5,
    "native":   ("",) * 5,
    "employee": ("",) * 5,
    "system":   ("",) * 5,
}  # fmt: skip


class HistoryCommon(AccessCommon):
    """Besides: a team below the head's, a seller who left, and the seller's account on
    which the stranger works."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lower = cls._make_user("lower", "crm_gestion.group_seller")
        cls.gone = cls._make_user("gone", "crm_gestion.group_seller")
        cls.absent = cls._make_user("absent", "crm_gestion.group_seller")
        cls.back = cls._make_user("back", "crm_gestion.group_seller")
        cls.low = cls._make_team("Low", cls.south_head.browse(), cls.lower)
        cls.low.parent_id = cls.north
        cls.north.member_ids |= cls.gone
        cls.gone.action_archive()

    @classmethod
    def _cover(cls, user, until="2026-03-05", absent=None):
        return cls.env["crm.substitution"].create(
            {
                "user_id": (absent or cls.absent).id,
                "substitute_id": user.id,
                "date_from": "2026-02-20",
                "date_to": until,
            }
        )

    def _told(self, day):
        return format_date(self.env(user=self.seller), day)

    def _account(self, user, **values):
        return self.env["res.partner"].create(
            {"name": "Account", "is_company": True, "user_id": user.id, **values}
        )

    def _owners(self, user):
        """:return: dict of `OWNERS` -> owner and partner of a record"""
        if user.has_group("crm_gestion.group_seller"):
            self._cover(user)
            self._cover(user, "2026-03-01", self.back)
        nobodys = self._account(self.env["res.users"])
        return {
            "below": (self.lower, nobodys),
            "covered": (self.absent, nobodys),
            "yesterday": (self.back, nobodys),
            "left": (self.gone, nobodys),
            "account": (self.stranger, self._account(user)),
        }

    def _lead_values(self, user):
        return {
            owner: {
                "name": f"Of {owner}",
                "type": "opportunity",
                "team_id": False,
                "user_id": who.id,
                "partner_id": partner.id,
                "company_id": self.env.company.id,
            }
            for owner, (who, partner) in self._owners(user).items()
        }


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHistoryMatrix(HistoryCommon):
    """The matrix where scope is more than one's own records."""

    def test_opportunities(self):
        self._check_rows("crm.lead", OWNERS, LEADS, self._lead_values)

    def test_orders(self):
        def values_of(user):
            return {
                owner: {
                    "partner_id": values["partner_id"],
                    "user_id": values["user_id"],
                }
                for owner, values in self._lead_values(user).items()
            }

        self._check_rows("sale.order", OWNERS, LEADS, values_of)

    def test_orders_of_a_contact_of_the_account(self):
        def values_of(user):
            contacts = {
                owner: self.env["res.partner"].create(
                    {"name": "Contact", "parent_id": values["partner_id"]}
                )
                for owner, values in self._lead_values(user).items()
            }
            return {
                "account": {
                    "partner_id": contacts["account"].id,
                    "user_id": self.stranger.id,
                }
            }

        table = {role: cells[-1:] for role, cells in LEADS.items()}
        self._check_rows("sale.order", ("account",), table, values_of)

    def test_gestiones(self):
        def values_of(user):
            return {
                owner: {
                    "activity_type_id": self.call.id,
                    "user_id": who.id,
                    "organization_id": partner.id,
                    "date": "2026-03-01 09:00:00",
                }
                for owner, (who, partner) in self._owners(user).items()
            }

        self._check_rows("crm.gestion", OWNERS, GESTIONES, values_of)

    def test_partners(self):
        def values_of(user):
            return {
                owner: {"name": f"Of {owner}", "user_id": who.id}
                for owner, (who, _partner) in self._owners(user).items()
                if owner != "account"
            }

        self._check_rows("res.partner", OWNERS[:-1], PARTNERS, values_of)

    def test_logs_are_read_with_their_opportunity(self):
        for role, cells in LOGS.items():
            user = getattr(self, role)
            leads = self._make("crm.lead", self._lead_values(user))
            for owner, letters in zip(OWNERS, cells, strict=True):
                lead = leads[owner]
                passage = lead.opportunity_stage_ids
                self.assertEqual(len(passage), 1)
                lead.date_deadline = "2026-05-01"
                lead.date_deadline = "2026-06-01"
                change = lead.forecast_log_ids[:1]
                lead.action_set_lost(lost_reason_id=self.price.id)
                for row in (passage, change, lead.closure_ids):
                    with self.subTest(role=role, owner=owner, model=row._name):
                        self.assertTrue(row)
                        readable = row.with_user(user).has_access("read")
                        self.assertEqual(readable, letters == "R")
                        for operation in ("write", "create", "unlink"):
                            self.assertFalse(row.with_user(user).has_access(operation))

    def test_lines(self):
        goods = self._make_product()

        def values_of(user):
            leads = self._make("crm.lead", self._lead_values(user))
            return {
                owner: {"lead_id": lead.id, "product_id": goods.id}
                for owner, lead in leads.items()
            }

        self._check_rows("crm.opportunity.line", OWNERS, LINES, values_of)

    def test_activities_on_opportunities(self):
        model = self.env["ir.model"]._get_id("crm.lead")

        def values_of(user):
            leads = self._make("crm.lead", self._lead_values(user))
            return {
                owner: {
                    "res_model_id": model,
                    "res_id": lead.id,
                    "activity_type_id": self.call.id,
                    "summary": "Call",
                    "user_id": self.director.id,
                }
                for owner, lead in leads.items()
            }

        self._check_rows("mail.activity", OWNERS, ACTIVITIES, values_of)

    def test_meetings_are_seen_and_private_ones_stay_private(self):
        account = self._account(self.seller)
        lead = self._make_lead(self.stranger, partner_id=account.id)
        events = self.env["calendar.event"].create(
            [
                {
                    "name": name,
                    "privacy": privacy,
                    "user_id": self.stranger.id,
                    "partner_ids": [Command.set(self.stranger.partner_id.ids)],
                    "opportunity_id": lead.id,
                    "start": "2026-03-03 10:00:00",
                    "stop": "2026-03-03 11:00:00",
                }
                for name, privacy in (("Demo", "public"), ("Doctor", "private"))
            ]
        )
        self.env.invalidate_all()
        seen = events.with_user(self.seller).with_context(lang="en_US")
        self.assertEqual(seen.mapped("name"), ["Demo", "Busy"])
        self.assertFalse(events.with_user(self.seller).has_access("write"))

    def test_tasks_of_projects_that_employees_see(self):
        account = self._account(self.seller)
        projects = self.env["project.project"].create(
            [
                {"name": name, "privacy_visibility": visibility}
                for name, visibility in (("Open", "employees"), ("Shut", "followers"))
            ]
        )
        tasks = self.env["project.task"].create(
            [
                {
                    "name": project.name,
                    "project_id": project.id,
                    "partner_id": account.id,
                }
                for project in projects
            ]
        )
        readable = tasks.with_user(self.seller)._filtered_access("read")
        self.assertEqual(readable.mapped("name"), ["Open"])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHistory(HistoryCommon):
    """History follows the account, and writing does not."""

    def test_successor_and_head_read_all_of_who_left(self):
        account = self._account(self.seller)
        lead = self._make_lead(self.seller, partner_id=account.id)
        self._make_gestion(self.seller, lead_id=lead.id)
        lost = self._make_lead(self.seller, partner_id=account.id)
        lost.action_set_lost(lost_reason_id=self.price.id)
        self.env["sale.order"].create(
            {"partner_id": account.id, "user_id": self.seller.id}
        )
        everything = self._rows(account, self.director)
        self.assertEqual(
            set(everything.mapped("kind")),
            {"gestion", "opportunity", "closure", "quotation"},
        )
        account.user_id = self.colleague
        self.seller.action_archive()
        for user in (self.colleague, self.head):
            with self.subTest(user=user.name):
                self.assertEqual(self._rows(account, user).ids, everything.ids)
        self.assertFalse(self._rows(account, self.stranger))

    def _rows(self, account, user):
        timeline = self.env["crm.timeline"].with_user(user)
        return timeline.search([("organization_id", "=", account.id)])

    def test_contact_of_another_one_gives_no_account(self):
        """Odoo copies the salesperson to contacts, and leaves him there."""
        account = self._account(self.stranger)
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": account.id, "user_id": self.seller.id}
        )
        lead = self._make_lead(self.stranger, partner_id=contact.id)
        self.assertFalse(lead.with_user(self.seller).has_access("read"))

    def test_person_without_organization_is_an_account(self):
        person = self._account(self.seller, is_company=False)
        lead = self._make_lead(self.stranger, partner_id=person.id)
        own = lead.with_user(self.seller)
        self.assertTrue(own.has_access("read"))
        self.assertFalse(own.has_access("write"))

    def test_account_that_changes_hands_takes_its_history_along(self):
        account = self._account(self.seller)
        lead = self._make_lead(self.stranger, partner_id=account.id)
        order = self.env["sale.order"].create(
            {"partner_id": account.id, "user_id": self.stranger.id}
        )
        order_line = self.env["sale.order.line"].create(
            {"order_id": order.id, "product_id": self._make_product().id}
        )
        for record in (lead, order, order_line):
            self.assertTrue(record.with_user(self.seller).has_access("read"))
            self.assertFalse(record.with_user(self.colleague).has_access("read"))
        account.user_id = self.colleague
        for record in (lead, order, order_line):
            self.assertFalse(record.with_user(self.seller).has_access("read"))
            self.assertTrue(record.with_user(self.colleague).has_access("read"))
            self.assertFalse(record.with_user(self.colleague).has_access("write"))

    def test_what_is_only_read_is_not_merged(self):
        """Odoo deletes what was merged in superuser mode."""
        account = self._account(self.seller)
        theirs = self._make_lead(self.stranger, partner_id=account.id, name="Theirs")
        own = self._make_lead(self.seller, partner_id=account.id, name="Own")
        both = (own | theirs).with_user(self.seller)
        self.assertTrue(both.has_access("read"))
        with self.assertRaises(AccessError):
            both.merge_opportunity()
        self.assertEqual((own | theirs).exists(), own | theirs)
        self.assertEqual(theirs.name, "Theirs")
        found = own.with_user(self.seller)._get_lead_duplicates(account)
        self.assertEqual(found, own)

    def test_searched_and_computed_agree(self):
        """In little worlds made at random: for every role, each setting."""
        dice = random.Random(5)
        users = self.seller | self.colleague | self.head | self.stranger | self.lower
        users |= self.absent | self.south_head
        nobody = self.env["res.users"]
        for setting in ("own", "team", "all"):
            self.env.company.crm_shared_history = setting
            owner = lambda: dice.choice([*users, nobody])  # noqa: E731
            accounts = self.env["res.partner"].create(
                [
                    {
                        "name": f"Account {number}",
                        "is_company": dice.random() < 0.6,
                        "user_id": owner().id,
                    }
                    for number in range(12)
                ]
            )
            accounts |= self.env["res.partner"].create(
                [
                    {"name": "Contact", "parent_id": account.id, "user_id": owner().id}
                    for account in accounts
                ]
            )
            self._cover(dice.choice(self.seller | self.south_head))
            leads = self.env["crm.lead"].create(
                [
                    {
                        "name": "Lead",
                        "user_id": owner().id,
                        "partner_id": dice.choice(accounts).id,
                        "company_id": dice.choice([self.env.company.id, False]),
                    }
                    for _number in range(30)
                ]
            )
            orders = self.env["sale.order"].create(
                [
                    {"partner_id": dice.choice(accounts).id, "user_id": owner().id}
                    for _number in range(30)
                ]
            )
            gestiones = self.env["crm.gestion"].create(
                [
                    {
                        "activity_type_id": self.call.id,
                        "user_id": dice.choice(users).id,
                        "lead_id": dice.choice([False, *leads.ids]),
                        "contact_id": dice.choice(accounts).id,
                        "date": "2026-03-01 09:00:00",
                    }
                    for _number in range(30)
                ]
            )
            for user, (records, name) in product(
                users | self.director,
                ((leads, "in_scope"), (orders, "crm_in_scope"),
                 (gestiones, "in_scope")),
            ):  # fmt: skip
                # sudo: what the field says, before the rules use it
                own = records.with_user(user).sudo()
                found = own.search([("id", "in", own.ids), (name, "=", True)])
                computed = own.filtered(name)
                with self.subTest(setting=setting, user=user.name, model=own._name):
                    self.assertEqual(set(found.ids), set(computed.ids))

    def test_many_accounts_are_searched_and_not_written_out(self):
        account = self._account(self.seller)
        person = self._account(self.seller, is_company=False)
        leads = self._make_lead(self.stranger, partner_id=account.id)
        leads |= self._make_lead(self.stranger, partner_id=person.id)
        orders = self.env["sale.order"].create(
            [
                {"partner_id": partner.id, "user_id": self.stranger.id}
                for partner in account | person
            ]
        )
        self.patch(self._history(), "INLINE", 0)
        self.env["res.users"]._crm_drop_scopes()
        for records in (leads, orders):
            own = records.with_user(self.seller)
            found = own.search([("id", "in", records.ids)])
            self.assertEqual(set(found.ids), set(records.ids))

    def _history(self):
        from ..models import crm_history

        return crm_history

    def test_access_checks_do_not_grow_with_the_records(self):
        accounts = self.env["res.partner"].create(
            [
                {"name": "A", "is_company": True, "user_id": self.seller.id}
                for _number in range(30)
            ]
        )
        leads = (
            self.env["crm.lead"]
            .create(
                [
                    {"name": "L", "user_id": self.stranger.id, "partner_id": account.id}
                    for account in accounts
                ]
            )
            .with_user(self.seller)
        )
        self.assertFlatGrowth(lambda some: some.check_access("read"), leads[:3], leads)
        partners = accounts.with_user(self.seller)
        self.assertFlatGrowth(
            lambda some: some.mapped("last_contact_note"), partners[:3], partners
        )

    def test_search_of_owners_finds_what_the_general_form_finds(self):
        account = self._account(self.seller)
        self._cover(self.seller)
        leads = self.env["crm.lead"]
        for user in (self.seller, self.absent, self.stranger, self.env["res.users"]):
            leads |= self._make_lead(user, partner_id=account.id)
            leads |= self._make_lead(user)
        own = leads.with_user(self.seller)
        everybody = (leads.user_id | self.colleague).ids
        for owners in (
            [self.seller.id],
            [False],
            [self.seller.id, False],
            [self.absent.id, False],
            [self.stranger.id],
            [self.stranger.id, self.seller.id],
            everybody,
        ):
            domain = Domain("id", "in", leads.ids) & Domain("user_id", "in", owners)
            found = own.search(domain)
            readable = own._filtered_access("read").filtered_domain(domain)
            with self.subTest(owners=owners):
                self.assertEqual(set(found.ids), set(readable.ids))
                self.assertEqual(own.search_count(domain), len(readable))

    def test_forged_key_lets_nobody_in(self):
        """No more is found, and no less: a client sends dictionaries and lists."""
        account = self._account(self.seller)
        theirs = self._make_lead(self.stranger)
        shared = self._make_lead(self.stranger, partner_id=account.id)
        ids = (theirs | shared).ids
        for forged in (
            True,
            ["crm.lead", [self.stranger.id], True],
            {"model": "crm.lead", "owner_ids": [self.stranger.id], "page": False},
        ):
            own = theirs.with_user(self.seller).with_context(crm_history=forged)
            with self.subTest(forged=forged):
                self.assertEqual(own.search([("id", "in", ids)]), shared)
                domain = [("id", "in", ids), ("user_id", "=", self.stranger.id)]
                self.assertEqual(own.search(domain), shared)

    def test_own_records_are_asked_for_without_the_scope(self):
        for model in ("crm.lead", "sale.order"):
            own = self.env[model].with_user(self.seller)
            domain = [("user_id", "=", self.seller.id)]
            own.search_count(domain)
            self.env["res.users"]._crm_drop_scopes()
            with self.subTest(model=model), self.assertQueryCount(1):
                own.search_count(domain)

    def test_what_is_asked_does_not_narrow_what_is_joined(self):
        """A colleague's opportunity of the same customer is read through his account,
        though only own ones are asked for."""
        account = self._account(self.seller)
        own = self._make_lead(self.seller, partner_id=account.id)
        theirs = self._make_lead(self.stranger, partner_id=account.id)
        self.assertEqual(theirs.opportunity_stage_ids.lead_id, theirs)
        path = "partner_id.opportunity_ids.opportunity_stage_ids.lead_id"
        found = own.with_user(self.seller).search(
            [("user_id", "=", self.seller.id), (path, "=", theirs.id)]
        )
        self.assertEqual(found, own)

    def test_gestiones_are_counted_up_to_a_limit(self):
        account = self._account(self.seller)
        foreign = self._account(self.stranger)
        for user, partner in (
            (self.seller, foreign),
            (self.seller, account),
            (self.stranger, account),
            (self.stranger, foreign),
        ):
            self._make_gestion(user, organization_id=partner.id)
        domain = [("date", ">=", "2026-03-01")]
        gestiones = self.env["crm.gestion"].with_user(self.seller)
        self.assertEqual(len(gestiones.search(domain)), 3)
        counts = [gestiones.search_count(domain, limit=limit) for limit in range(1, 6)]
        self.assertEqual(counts, [1, 2, 3, 3, 3])
        self.assertEqual(gestiones.search_count(domain), 3)

    def test_scope_is_worked_out_once(self):
        Lead = self.env["crm.lead"].with_user(self.seller)
        Lead.search_count([])
        self.env["res.users"]._crm_drop_scopes()
        first = self.cr.sql_log_count
        Lead.search_count([])
        second = self.cr.sql_log_count
        Lead.search_count([])
        self.assertEqual(self.cr.sql_log_count - second, 1)
        self.assertLessEqual(second - first, 6)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestReadOnlyScreens(HistoryCommon, ScreenCommon):
    """What is only read opens without an error."""

    def test_forms_of_what_is_only_read_open(self):
        account = self._account(self.seller)
        lead = self._make_lead(self.stranger, partner_id=account.id)
        order = self.env["sale.order"].create(
            {
                "partner_id": account.id,
                "user_id": self.stranger.id,
                "opportunity_id": lead.id,
                "order_line": [Command.create({"product_id": self._make_product().id})],
            }
        )
        order.action_confirm()
        order._create_invoices().invoice_user_id = self.stranger
        for record in (lead, order):
            action = {
                "res_model": record._name,
                "views": [(False, "form"), (False, "list")],
                "domain": [("id", "=", record.id)],
            }
            self.env.invalidate_all()
            self._open(action, self.seller)
        self.assertEqual(order.with_user(self.seller).invoice_count, 0)
        self.assertFalse(lead.with_user(self.seller).crm_may_write)
        self.assertTrue(lead.with_user(self.stranger).crm_may_write)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSharedHistory(HistoryCommon):
    """The setting widens reading, by the company of the record."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        accounts = cls.env["res.partner"].create(
            [
                {"name": "C", "is_company": True, "user_id": cls.colleague.id},
                {"name": "S", "is_company": True, "user_id": cls.stranger.id},
            ]
        )
        cls.records = []
        for user, account in zip((cls.colleague, cls.stranger), accounts, strict=True):
            lead = cls._make_lead(user, partner_id=account.id)
            gestion = cls._make_gestion(user, contact_id=cls.stall.id)
            gestion.result_id = cls.interest
            order = cls.env["sale.order"].create(
                {"partner_id": account.id, "user_id": user.id}
            )
            row = lead.opportunity_stage_ids
            cls.records.append((lead, gestion, gestion.change_ids, order, row))

    def test_what_each_setting_shares(self):
        readable = {"own": (False, False), "team": (True, False), "all": (True, True)}
        for setting, expected in readable.items():
            self.env.company.crm_shared_history = setting
            for records, reads in zip(self.records, expected, strict=True):
                for record in records:
                    own = record.with_user(self.seller)
                    with self.subTest(setting=setting, model=record._name):
                        self.assertEqual(own.has_access("read"), reads)
                        self.assertFalse(own.has_access("write"))
                        found = own.search([("id", "=", record.id)])
                        self.assertEqual(bool(found), reads)

    def test_native_salesman_and_employee_get_nothing(self):
        self.env.company.crm_shared_history = "all"
        for record in sum(self.records, ()):
            for user in (self.native, self.employee):
                self.assertFalse(record.with_user(user).has_access("read"))

    def test_company_that_shares_nothing_keeps_its_own(self):
        self.seller.company_ids |= self.branch
        self.stranger.company_ids |= self.branch
        lead = self._make_lead(self.stranger, company_id=self.branch.id)
        loose = self._make_lead(self.stranger, company_id=False, team_id=False)
        both = (self.env.company | self.branch).ids
        own = self.env(user=self.seller, context={"allowed_company_ids": both})[
            "crm.lead"
        ]
        self.env.company.crm_shared_history = "all"
        self.assertFalse(own.browse(lead.id).has_access("read"))
        self.assertFalse(own.browse(loose.id).has_access("read"))
        self.branch.crm_shared_history = "all"
        self.assertTrue(own.browse(lead.id).has_access("read"))
        self.assertTrue(own.browse(loose.id).has_access("read"))

    def test_setting_is_of_the_company(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.crm_shared_history, "own")
        settings.crm_shared_history = "team"
        settings.execute()
        self.assertEqual(self.env.company.crm_shared_history, "team")
        self.assertEqual(self.branch.crm_shared_history, "own")


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestTeams(HistoryCommon):
    """Teams below, and who left."""

    def _scope(self, user):
        users = self.env["res.users"].with_context(active_test=False).search([])
        users = users.with_user(user)
        found = users.search([("crm_in_scope", "=", True)])
        self.assertEqual(found, users.filtered("crm_in_scope"))
        return found

    def _led(self, user):
        teams = self.env["crm.team"].with_user(user)
        found = teams.search([("crm_in_scope", "=", True)])
        self.assertEqual(found, teams.search([]).filtered("crm_in_scope"))
        return found

    def test_head_sees_the_teams_below_and_not_above(self):
        self.low.user_id = self.lower
        deep = self._make_team("Deep", self.env["res.users"], self.back)
        deep.parent_id = self.low
        north = self.head | self.seller | self.colleague | self.gone
        self.assertEqual(self._scope(self.head), north | self.lower | self.back)
        self.assertEqual(self._scope(self.lower), self.lower | self.back)
        self.assertEqual(self._led(self.head), self.north | self.low | deep)
        self.assertEqual(self._led(self.lower), self.low | deep)
        self.low.parent_id = self.south
        self.assertEqual(self._scope(self.head), north)
        self.low.active = False
        self.assertIn(self.back, self._scope(self.south_head))
        self.assertNotIn(self.lower, self._scope(self.south_head))

    def test_team_is_not_below_itself(self):
        with self.assertRaises(ValidationError) as refusal:
            self.north.parent_id = self.low
        self.assertIn("A team is not below itself", str(refusal.exception))
        self.assertFalse(self.north.parent_id)

    def test_teams_of_two_companies_are_not_nested(self):
        self.north.company_id = self.env.company
        team = self._make_team("Away", self.env["res.users"], self.env["res.users"])
        team.company_id = self.branch
        with self.assertRaisesRegex(UserError, "no company crossover"):
            team.parent_id = self.north

    def test_who_left_stays_whatever_is_written_later(self):
        members = self.env["crm.team.member"].with_context(active_test=False)
        member = members.search([("user_id", "=", self.gone.id)])
        self.assertRecordValues(member, [{"active": False, "crm_left": True}])
        self.env.cr.execute("UPDATE crm_team_member SET write_date = now()")
        self.env.invalidate_all()
        self.assertIn(self.gone, self._scope(self.head))
        self.gone.action_unarchive()
        self.assertFalse(member.crm_left)
        self.assertNotIn(self.gone, self._scope(self.head))
        member.action_unarchive()
        self.gone.active = False
        self.assertRecordValues(member, [{"active": True, "crm_left": True}])
        member.action_archive()
        self.assertIn(self.gone, self._scope(self.head))
        member.action_unarchive()
        self.assertFalse(member.crm_left)

    def test_who_had_left_before_is_found(self):
        members = self.env["crm.team.member"].with_context(active_test=False)
        earlier = members.create(
            {"user_id": self.gone.id, "crm_team_id": self.south.id, "active": False}
        )
        changed = members.create(
            {"user_id": self.seller.id, "crm_team_id": self.south.id, "active": False}
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE crm_team_member SET crm_left = NULL")
        self.env.cr.execute(
            "UPDATE crm_team_member SET write_date = '2025-01-01' WHERE id = %s",
            [earlier.id],
        )
        self.env.invalidate_all()
        members._mark_left_before()
        left = members.search([("crm_left", "=", True)])
        left = left.filtered(lambda m: m.user_id in self.gone | self.seller)
        self.assertEqual(left.user_id, self.gone)
        self.assertEqual(left.crm_team_id, self.north)
        self.assertFalse(changed.crm_left)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAccessReason(HistoryCommon):
    """The words agree with the rules."""

    def _keys(self, record, user):
        """:return: keys of the reasons, which are there exactly where he reads it"""
        own = record.with_user(user)
        Reason = self.env(user=user)["crm.access.reason"]
        # sudo, in the name of the user: what is said of a record that he may not open
        reasons = [
            key
            for key, _sentence in [
                *Reason._of_role(own), *Reason._of_record(record.sudo()),
            ]
            if key != "unassigned" or user.has_group("sales_team.group_sale_salesman")
        ]  # fmt: skip
        self.assertEqual(bool(reasons), own.has_access("read"), (user.name, reasons))
        if reasons:
            message = own.action_crm_why()["params"]["message"]
            self.assertTrue(message)
        else:
            with self.assertRaises(AccessError):
                own.action_crm_why()
        return set(reasons)

    def _cases(self, user):
        leads = self._make("crm.lead", self._lead_values(user))
        leads["own"] = self._make_lead(user)
        leads["team"] = self._make_lead(self.colleague)
        leads["other"] = self._make_lead(self.stranger)
        leads["unassigned"] = self._make_lead(user, user_id=False)
        return leads

    def test_opportunities(self):
        expected = {
            "seller": {
                "own": {"own"}, "covered": {"cover"}, "account": {"account_own"},
                "unassigned": {"unassigned"},
            },
            "head": {
                "own": {"own"}, "covered": {"cover"}, "account": {"account_own"},
                "unassigned": {"unassigned"}, "team": {"team"}, "below": {"below"},
                "left": {"left"},
            },
            "native": {"own": {"own"}, "unassigned": {"unassigned"}},
        }  # fmt: skip
        for role, reasons in expected.items():
            user = getattr(self, role)
            for owner, lead in self._cases(user).items():
                with self.subTest(role=role, owner=owner):
                    self.assertEqual(self._keys(lead, user), reasons.get(owner, set()))

    def test_director_and_all_documents(self):
        everything = self._make_user(
            "everything", "sales_team.group_sale_salesman_all_leads"
        )
        lead = self._make_lead(self.stranger)
        self.assertEqual(self._keys(lead, self.director), {"director"})
        self.assertEqual(self._keys(lead, everything), {"all_documents"})

    def test_gestiones(self):
        lead = self._make_lead(self.seller)
        gestion = self._make_gestion(
            self.stranger, lead_id=lead.id, contact_id=self.stall.id
        )
        expected = {
            self.seller: {"lead_own"},
            self.head: {"lead_team"},
            self.stranger: {"own"},
            self.south_head: {"team"},
            self.director: {"director"},
            self.system: {"system"},
            self.colleague: set(),
        }
        for user, keys in expected.items():
            with self.subTest(user=user.name):
                self.assertEqual(self._keys(gestion, user), keys)

    def test_account_in_the_scope_of_head_and_substitute(self):
        account = self._account(self.seller)
        lead = self._make_lead(self.stranger, partner_id=account.id)
        self.assertEqual(self._keys(lead, self.head), {"account_team"})
        self._cover(self.back, absent=self.seller)
        self.assertEqual(self._keys(lead, self.back), {"account_cover"})

    def test_shared_history(self):
        lead = self._make_lead(self.stranger)
        self.env.company.crm_shared_history = "all"
        self.assertEqual(self._keys(lead, self.seller), {"shared"})

    def test_words(self):
        self._cover(self.seller)
        covered = self._make_lead(self.absent)
        own = self._make_lead(self.seller)
        for lead, words in (
            (own, "It is yours."),
            (covered, f"You cover Absent until {self._told(date(2026, 3, 5))}."),
        ):
            params = lead.with_user(self.seller).action_crm_why()["params"]
            self.assertEqual(params["message"], words)

    def test_organizations_say_who_may_change_them(self):
        theirs = self._account(self.stranger)
        expected = {
            self.stranger: (["read", "own"], "You may change this one. It is yours."),
            self.south_head: (["read", "team"], "Stranger is in your team South."),
            self.seller: (["read"], "You may not change this one: Stranger has it."),
        }
        for user, (keys, words) in expected.items():
            own = theirs.with_user(user)
            reasons = own.env["crm.access.reason"]._reasons(own)
            with self.subTest(user=user.name):
                self.assertEqual([key for key, _words in reasons], keys)
                self.assertIn(words, own.action_crm_why()["params"]["message"])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAccountNotice(HistoryCommon):
    """What everybody is told of an account."""

    def test_last_contact_is_told_to_who_may_not_open_it(self):
        account = self._account(self.stranger)
        self._make_gestion(
            self.stranger, organization_id=account.id, date="2026-02-01 10:00:00"
        )
        self._make_gestion(
            self.south_head, organization_id=account.id, date="2026-02-03 10:00:00"
        )
        own = account.with_user(self.seller)
        self.assertEqual(own.gestion_count, 0)
        self.assertEqual(own.last_gestion_date.date(), date(2026, 2, 3))
        told = self._told(date(2026, 2, 3))
        self.assertEqual(own.last_contact_note, f"{told}, by South Head")

    def test_contact_with_a_company_that_is_not_switched_on_is_not_told(self):
        account = self._account(self.stranger)
        self._make_gestion(
            self.stranger, organization_id=account.id, company_id=self.branch.id
        )
        own = account.with_user(self.seller)
        self.assertFalse(own.last_gestion_date)
        self.assertFalse(own.last_contact_note)

    def test_opportunities_of_others_are_counted(self):
        account = self._account(self.env["res.users"])
        for _number in range(2):
            self._make_lead(self.stranger, partner_id=account.id)
        self._make_lead(self.colleague, partner_id=account.id)
        self._make_lead(self.seller, partner_id=account.id)
        self._make_lead(self.stranger, partner_id=account.id).action_set_lost()
        notes = {
            self.seller: "1 open opportunity of Colleague, "
            "2 open opportunities of Stranger",
            self.head: "2 open opportunities of Stranger",
            self.director: False,
        }
        for user, note in notes.items():
            with self.subTest(user=user.name):
                own = account.with_user(user)
                self.assertEqual(own.hidden_opportunity_note or False, note)
