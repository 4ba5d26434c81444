from itertools import product

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common import CrmGestionCommon

OPERATIONS = {"C": "create", "R": "read", "U": "write", "D": "unlink"}
ROLES = ("seller", "head", "director", "native", "employee", "system")

# Who may do what at all: model -> letters of each of the ROLES.
MODELS = {
    "crm.origination":         ("R",   "R",   "CRU",  "R",   "R", "CRUD"),
    "crm.market":              ("R",   "R",   "CRU",  "R",   "R", "CRUD"),
    "crm.cargo":               ("R",   "R",   "CRU",  "R",   "R", "CRUD"),
    "crm.gestion.result":      ("R",   "R",   "CRU",  "R",   "R", "CRUD"),
    "crm.gestion":             ("CRU", "CRU", "CRU",  "",    "",  "CRUD"),
    "crm.gestion.change":      ("R",   "R",   "R",    "",    "",  ""),
    "crm.opportunity.closure": ("R",   "R",   "R",    "",    "",  ""),
    "crm.opportunity.forecast.log": ("R", "R", "R", "", "", ""),
    "crm.opportunity.line":    ("CRUD", "CRUD", "CRUD", "CRUD", "", ""),
    "crm.opportunity.close":   ("CRU", "CRU", "CRU",  "",    "",  ""),
    "crm.opportunity.order":   ("CRU", "CRU", "CRU",  "",    "",  ""),
    "crm.lead":                ("CRU", "CRU", "CRUD", "CRU", "",  ""),
    "sale.order":              ("CRU", "CRU", "CRUD", "CRU", "",  ""),
    "res.partner":             ("CRU", "CRU", "CRU",  "CRU", "R", "CRUD"),
}  # fmt: skip

# Who may do what with whose record: role -> letters of each of these owners. "team" is
# in the seller's and the head's team, "other" in another one, "company" is nobody's in
# another company.
OWNERS = ("own", "team", "other", "unassigned", "company")
LEADS = {
    "seller":   ("CRU",  "",     "",     "CRU",  ""),
    "head":     ("CRU",  "CRU",  "",     "CRU",  ""),
    "director": ("CRUD", "CRUD", "CRUD", "CRUD", ""),
    "native":   ("CRU",  "",     "",     "CRU",  ""),
    "employee": ("",     "",     "",     "",     ""),
    "system":   ("",     "",     "",     "",     ""),
}  # fmt: skip
ORDERS = LEADS
# Of the same opportunities, lost: read with them, written by nobody.
CLOSURES = {
    "seller":   ("R", "",  "",  "R", ""),
    "head":     ("R", "R", "",  "R", ""),
    "director": ("R", "R", "R", "R", ""),
    "native":   ("",  "",  "",  "",  ""),
    "employee": ("",  "",  "",  "",  ""),
    "system":   ("",  "",  "",  "",  ""),
}  # fmt: skip
# Of the same opportunities: edited with them.
LINES = {
    "seller":   ("CRUD", "",     "",     "CRUD", ""),
    "head":     ("CRUD", "CRUD", "",     "CRUD", ""),
    "director": ("CRUD", "CRUD", "CRUD", "CRUD", ""),
    "native":   ("CRUD", "",     "",     "CRUD", ""),
    "employee": ("",     "",     "",     "",     ""),
    "system":   ("",     "",     "",     "",     ""),
}  # fmt: skip
PARTNERS = {
    "seller":   ("CRU",  "CR",   "CR",   "CRU",  ""),
    "head":     ("CRU",  "CRU",  "CR",   "CRU",  ""),
    "director": ("CRU",  "CRU",  "CRU",  "CRU",  ""),
    "native":   ("CRU",  "CRU",  "CRU",  "CRU",  ""),
    "employee": ("R",    "R",    "R",    "R",    ""),
    "system":   ("CRUD", "CRUD", "CRUD", "CRUD", ""),
}  # fmt: skip
# By author, and what the stranger of another team logged with somebody's opportunity,
# organization or contact: that is read for the sake of the account, not written.
GESTION_OWNERS = (
    "own", "team", "other", "unassigned lead", "own lead", "own organization",
    "own contact", "team lead", "team organization", "company",
)  # fmt: skip
GESTIONES = {
    "seller":   ("CRU", "",    "", "R", "R", "R", "R", "",  "",  ""),
    "head":     ("CRU", "CRU", "", "R", "R", "R", "R", "R", "R", ""),
    "director": ("CRU",) * 9 + ("",),
    "native":   ("",) * 10,
    "employee": ("",) * 10,
    "system":   ("CRUD",) * 9 + ("",),
}  # fmt: skip

# The field that the matrix reads and writes, and the value that it writes.
CHANGES = {
    "crm.origination": ("name", "Changed"),
    "crm.market": ("name", "Changed"),
    "crm.cargo": ("name", "Changed"),
    "crm.gestion.result": ("name", "Changed"),
    "crm.gestion": ("description", "Changed"),
    "crm.gestion.change": ("new_value", "Changed"),
    "crm.opportunity.closure": ("note", "Changed"),
    "crm.opportunity.forecast.log": ("new", "Changed"),
    "crm.opportunity.line": ("name", "Changed"),
    "crm.opportunity.close": ("note", "Changed"),
    "crm.opportunity.order": ("confirm", True),
    "crm.lead": ("name", "Changed"),
    "sale.order": ("client_order_ref", "Changed"),
    "res.partner": ("name", "Changed"),
    "mail.activity": ("summary", "Changed"),
}


class AccessCommon(CrmGestionCommon):
    """A system administrator and a second company besides the sales force."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls._make_user("system", "base.group_system")
        cls.branch = cls.env["res.company"].create({"name": "Branch"})
        cls.stall = cls.env["res.partner"].create({"name": "Market Stall"})

    def _lead_values(self, user):
        """:return: dict of `OWNERS` -> values of an opportunity"""
        home = self.env.company.id
        owners = {
            "own": (user.id, home),
            "team": (self.colleague.id, home),
            "other": (self.stranger.id, home),
            "unassigned": (False, home),
            "company": (False, self.branch.id),
        }
        return {
            owner: {
                "name": f"Of {owner}",
                "type": "opportunity",
                "team_id": False,
                "user_id": user_id,
                "company_id": company_id,
            }
            for owner, (user_id, company_id) in owners.items()
        }

    def _gestion_values(self, user):
        """:return: dict of `GESTION_OWNERS` -> values of a gestión"""
        person, organization, theirs = self.env["res.partner"].create(
            [
                {"name": "Person", "user_id": user.id},
                {"name": "Mine", "user_id": user.id, "is_company": True},
                {"name": "Theirs", "user_id": self.colleague.id, "is_company": True},
            ]
        )
        leads = self._make("crm.lead", self._lead_values(user))
        stall = {"contact_id": self.stall.id}
        by_owner = {
            "own": {**stall, "user_id": user.id},
            "team": {**stall, "user_id": self.colleague.id},
            "other": stall,
            "unassigned lead": {**stall, "lead_id": leads["unassigned"].id},
            "own lead": {**stall, "lead_id": leads["own"].id},
            "own organization": {"organization_id": organization.id},
            "own contact": {"contact_id": person.id},
            "team lead": {**stall, "lead_id": leads["team"].id},
            "team organization": {"organization_id": theirs.id},
            "company": {
                **stall, "user_id": user.id, "company_id": self.branch.id,
            },
        }  # fmt: skip
        return {
            owner: {
                "activity_type_id": self.call.id,
                "date": "2026-03-01 09:00:00",
                "company_id": self.env.company.id,
                "user_id": self.stranger.id,
                **values,
            }
            for owner, values in by_owner.items()
        }

    def _make(self, model, values):
        """:return: dict with the same keys -> a record with these values"""
        records = self.env[model].create([dict(vals) for vals in values.values()])
        return dict(zip(values, records, strict=True))

    def _check_rows(self, model, owners, table, values_of):
        for role, cells in table.items():
            user = getattr(self, role)
            values = values_of(user)
            records = self._make(model, values)
            for owner, letters in zip(owners, cells, strict=True):
                with self.subTest(model=model, role=role, owner=owner):
                    self.assertMay(letters, records[owner], values[owner], user)

    # === HOW IT IS TRIED === #

    def assertMay(self, letters, record, values, user):
        """Try the four operations as this user, and undo each.

        A refused write or deletion has changed nothing when it refuses; a refused
        creation leaves nothing once it is undone, as the server undoes a request.

        :param str letters: what he may do, of the letters C, R, U and D
        :param record: the record to read, write and delete
        :param dict values: to create another one with the same owner
        """
        before = self._state(record)
        done = ""
        for letter, operation in OPERATIONS.items():
            with self.cr.savepoint() as savepoint:
                try:
                    self._try(operation, record.with_user(user), values)
                    self.env.flush_all()
                    done += letter
                except AccessError:
                    if operation != "create":
                        self.assertEqual(self._state(record), before, operation)
                savepoint.rollback()
            self.assertEqual(self._state(record), before, operation)
        self.assertEqual(done, letters)
        # Odoo lists the activities of what one may write, others open all the same
        listed = "U" if record._name == "mail.activity" else "R"
        self.assertEqual(self._finds(record.with_user(user)), listed in letters)

    def _try(self, operation, record, values):
        field, value = CHANGES[record._name]
        if operation == "create":
            record.create(dict(values))  # an add-on may complete what it is given
        elif operation == "read":
            record.read([field])
        elif operation == "write":
            record.write({field: value})
        else:
            record.unlink()

    def _finds(self, record):
        """Lists must agree with what opens: rules are SQL there, Python here."""
        if not record.browse().has_access("read"):
            return False
        everything = record.with_context(active_test=False)
        return everything.search([("id", "=", record.id)]) == record

    def _state(self, record):
        """:return: what the database has: the record, and how many there are"""
        self.env.flush_all()
        self.env.invalidate_all()
        field, _value = CHANGES[record._name]
        everything = record.sudo().with_context(active_test=False)
        return everything.exists().read([field]), everything.search_count([])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAccessMatrix(AccessCommon):
    """DESIGN.md §5, role by role, each operation really done and then undone."""

    def test_what_each_role_may_do_at_all(self):
        for column, role in enumerate(ROLES):
            user = getattr(self, role)
            # sudo with his name: what he makes in a dialog is his own
            env = self.env(user=user, su=True)
            for model, values in self._own_values(user).items():
                letters = MODELS[model][column]
                with self.subTest(model=model, role=role):
                    self.assertMay(
                        letters, env[model].create(dict(values)), values, user
                    )

    def _own_values(self, user):
        """:return: dict of `MODELS` -> values of a record that is this user's own"""
        lead = self._make_lead(user)
        gestion = self._make_gestion(user, contact_id=self.stall.id)
        master = {"name": "Master"}
        return {
            "crm.origination": master,
            "crm.market": master,
            "crm.cargo": master,
            "crm.gestion.result": master,
            "crm.gestion": {
                "activity_type_id": self.call.id,
                "user_id": user.id,
                "contact_id": self.stall.id,
            },
            "crm.gestion.change": {
                "gestion_id": gestion.id,
                "field": "date",
                "user_id": user.id,
                "date": "2026-03-01 09:00:00",
            },
            "crm.opportunity.closure": {
                "lead_id": lead.id,
                "kind": "rejected",
                "user_id": user.id,
                "date": "2026-02-01 09:00:00",
                "reopen_date": "2026-03-01 09:00:00",
                "currency_id": self.env.company.currency_id.id,
                "company_id": self.env.company.id,
            },
            "crm.opportunity.forecast.log": self._forecast_values(user, lead),
            "crm.opportunity.line": {
                "lead_id": lead.id,
                "product_id": self._make_product().id,
            },
            "crm.opportunity.close": {"lead_ids": [Command.set(lead.ids)]},
            "crm.opportunity.order": {"lead_id": lead.id},
            "crm.lead": {"name": "Lead", "user_id": user.id},
            "sale.order": {"partner_id": self.stall.id, "user_id": user.id},
            "res.partner": {"name": "Partner", "user_id": user.id},
        }

    def test_opportunities_by_owner(self):
        self._check_rows("crm.lead", OWNERS, LEADS, self._lead_values)

    def test_orders_by_owner(self):
        def order_values(user):
            return {
                owner: {
                    "partner_id": self.stall.id,
                    "user_id": values["user_id"],
                    "company_id": values["company_id"],
                }
                for owner, values in self._lead_values(user).items()
            }

        self._check_rows("sale.order", OWNERS, ORDERS, order_values)

    def test_partners_by_owner(self):
        def partner_values(user):
            company = {"company": self.branch.id}
            return {
                owner: {
                    "name": f"Of {owner}",
                    "user_id": values["user_id"],
                    "company_id": company.get(owner, False),
                }
                for owner, values in self._lead_values(user).items()
            }

        self._check_rows("res.partner", OWNERS, PARTNERS, partner_values)

    def test_gestiones_by_author_opportunity_and_account(self):
        self._check_rows("crm.gestion", GESTION_OWNERS, GESTIONES, self._gestion_values)

    def test_closures_by_owner_of_the_opportunity(self):
        for role, cells in CLOSURES.items():
            user = getattr(self, role)
            leads = self._make("crm.lead", self._lead_values(user))
            for owner, letters in zip(OWNERS, cells, strict=True):
                leads[owner].action_set_lost(lost_reason_id=self.price.id)
                closure = leads[owner].closure_ids
                values = {
                    "lead_id": leads[owner].id,
                    "kind": "won",
                    "user_id": user.id,
                    "date": "2026-03-01 09:00:00",
                    "reopen_date": "2026-03-01 09:00:00",
                    "currency_id": closure.currency_id.id,
                    "company_id": closure.company_id.id,
                }
                with self.subTest(role=role, owner=owner):
                    self.assertMay(letters, closure, values, user)

    def _forecast_values(self, user, lead):
        return {
            "lead_id": lead.id,
            "field": "date_deadline",
            "user_id": user.id,
            "date": "2026-03-01 09:00:00",
            "company_id": lead.company_id.id,
        }

    def test_forecast_changes_by_owner_of_the_opportunity(self):
        def values_of(user):
            leads = self._make("crm.lead", self._lead_values(user))
            return {
                owner: self._forecast_values(user, lead)
                for owner, lead in leads.items()
            }

        model = "crm.opportunity.forecast.log"
        self._check_rows(model, OWNERS, CLOSURES, values_of)

    def test_lines_by_owner_of_the_opportunity(self):
        goods = self._make_product()

        def line_values(user):
            leads = self._make("crm.lead", self._lead_values(user))
            return {
                owner: {"lead_id": lead.id, "product_id": goods.id}
                for owner, lead in leads.items()
            }

        self._check_rows("crm.opportunity.line", OWNERS, LINES, line_values)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestScope(AccessCommon):
    """``crm_in_scope``: whose sales a user answers for."""

    def test_scope_is_oneself_and_the_members_of_the_teams_one_leads(self):
        scopes = {
            "seller": self.seller,
            "head": self.head | self.seller | self.colleague,
            "south_head": self.south_head | self.stranger,
            "director": self.director,
            "native": self.native,
            "employee": self.employee,
            "system": self.system,
        }
        for role, users in scopes.items():
            with self.subTest(role=role):
                self.assertEqual(self._scope(getattr(self, role)), users)

    def _scope(self, user):
        """:return: the users in his scope, searched and computed with one result"""
        users = self._all_users().with_user(user)
        found = users.search([("crm_in_scope", "=", True)])
        self.assertEqual(found, users.filtered("crm_in_scope"))
        self.assertEqual(users.search([("crm_in_scope", "=", False)]), users - found)
        self.assertEqual(users.search([("crm_in_scope", "!=", True)]), users - found)
        return found

    def _all_users(self):
        return self.env["res.users"].with_context(active_test=False).search([])

    def test_searched_and_computed_scope_of_gestiones_agree(self):
        own = {
            "own", "unassigned lead", "own lead", "own organization", "own contact",
            "company",
        }  # fmt: skip
        scopes = {
            "seller": own,
            "head": own | {"team", "team lead", "team organization"},
            "director": own,
        }
        for role, expected in scopes.items():
            user = getattr(self, role)
            by_owner = self._make("crm.gestion", self._gestion_values(user))
            gestiones = self.env["crm.gestion"].union(*by_owner.values())
            gestiones.lead_id.action_set_lost()
            # sudo: what the field says, before the rules use it
            gestiones = gestiones.with_user(user).sudo()
            every = [("id", "in", gestiones.ids)]
            found = gestiones.search([*every, ("in_scope", "=", True)])
            with self.subTest(role=role):
                self.assertEqual(
                    {key for key, g in by_owner.items() if g.id in found.ids}, expected
                )
                self.assertEqual(found, gestiones.filtered("in_scope").sorted())
                self.assertEqual(
                    gestiones.search([*every, ("in_scope", "=", False)]),
                    (gestiones - found).sorted(),
                )

    def test_head_still_sees_what_a_seller_who_left_has(self):
        lead = self._make_lead(self.seller)
        gestion = self._make_gestion(self.seller, contact_id=self.stall.id)
        self.seller.action_archive()
        self.assertEqual(
            self._scope(self.head), self.head | self.seller | self.colleague
        )
        self.assertEqual(lead.with_user(self.head).name, "Sale of software")
        self.assertTrue(gestion.with_user(self.head).has_access("write"))
        self.assertFalse(lead.with_user(self.south_head).has_access("read"))

    def test_head_does_not_see_what_a_member_who_changed_team_has(self):
        lead = self._make_lead(self.seller)
        self._move_south(self.seller)
        self.assertEqual(self._scope(self.head), self.head | self.colleague)
        self.assertFalse(lead.with_user(self.head).has_access("read"))
        self.assertTrue(lead.with_user(self.south_head).has_access("write"))

    def test_who_left_stays_in_the_team_he_left_from_and_in_no_earlier_one(self):
        self._move_south(self.seller)
        self.seller.action_archive()
        self.assertEqual(self._scope(self.head), self.head | self.colleague)
        self.assertEqual(
            self._scope(self.south_head), self.south_head | self.stranger | self.seller
        )

    def test_who_was_archived_by_code_stays_too(self):
        """Odoo archives memberships with the button only, not in a plain write."""
        self.seller.active = False
        self.assertEqual(
            self._scope(self.head), self.head | self.seller | self.colleague
        )
        self.assertEqual(self._scope(self.south_head), self.south_head | self.stranger)

    def test_who_came_back_is_in_no_team_until_somebody_takes_him_in(self):
        self.seller.action_archive()
        self.seller.action_unarchive()
        self.assertEqual(self._scope(self.head), self.head | self.colleague)
        self.north.member_ids |= self.seller
        self.env.invalidate_all()
        self.assertEqual(
            self._scope(self.head), self.head | self.seller | self.colleague
        )

    def test_former_head_loses_the_scope_to_his_successor(self):
        lead = self._make_lead(self.seller)
        self.assertTrue(lead.with_user(self.head).has_access("read"))
        self.north.user_id = self.south_head
        self.env.invalidate_all()
        self.assertFalse(lead.with_user(self.head).has_access("read"))
        self.assertTrue(lead.with_user(self.south_head).has_access("write"))

    def _move_south(self, user):
        """As if it had been last month: all that a test does has one timestamp."""
        self.south.member_ids |= user
        self.env.flush_all()
        self.env.cr.execute(
            """UPDATE crm_team_member SET write_date = '2026-02-01'
                WHERE user_id = %s AND crm_team_id = %s""",
            [user.id, self.north.id],
        )
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAccess(AccessCommon):
    """What follows from the matrix where several records meet."""

    def test_head_gives_work_of_his_team_to_another_member(self):
        lead = self._make_lead(self.seller)
        lead.with_user(self.head).user_id = self.colleague
        self.assertTrue(lead.with_user(self.colleague).has_access("write"))
        self.assertFalse(lead.with_user(self.seller).has_access("read"))

    def test_account_counts_the_history_that_its_reader_may_read(self):
        foreign = self._make_gestion(self.stranger, contact_id=self.contact.id)
        own = self._make_gestion(self.seller, contact_id=self.contact.id)
        histories = {self.seller: own | foreign, self.stranger: foreign}
        for user, history in histories.items():
            for partner in (self.organization, self.contact):
                seen = partner.with_user(user)
                with self.subTest(user=user.name, partner=partner.name):
                    self.assertEqual(set(seen.gestion_ids.ids), set(history.ids))
                    self.assertEqual(seen.gestion_count, len(history))

    def test_corrections_are_read_with_their_gestion(self):
        gestion = self._make_gestion(self.seller, contact_id=self.stall.id)
        gestion.with_user(self.seller).result_id = self.env.ref(
            "crm_gestion.result_no_answer"
        )
        change = gestion.change_ids
        self.assertEqual(change.field, "result_id")
        readers = {
            self.seller: True,
            self.head: True,
            self.director: True,
            self.colleague: False,
            self.south_head: False,
            self.native: False,
            self.system: False,
        }
        for user, reads in readers.items():
            with self.subTest(user=user.name):
                self.assertEqual(change.with_user(user).has_access("read"), reads)

    def test_dialogs_are_their_users_own(self):
        lead = self._make_lead(self.seller)
        dialogs = [
            self.env["crm.opportunity.close"]
            .with_user(self.seller)
            .create({"lead_ids": [Command.set(lead.ids)]}),
            self.env["crm.opportunity.order"]
            .with_user(self.seller)
            .create({"lead_id": lead.id}),
        ]
        for dialog in dialogs:
            for user in (self.colleague, self.head, self.director):
                with self.subTest(model=dialog._name, user=user.name):
                    self.assertFalse(dialog.with_user(user).has_access("read"))
                    self.assertFalse(dialog.with_user(user).has_access("write"))

    def test_dialog_makes_no_order_of_what_its_user_may_not_write(self):
        lead = self._make_lead(self.stranger, partner_id=self.stall.id)
        dialog = self.env["crm.opportunity.order"].with_user(self.seller)
        with self.assertRaises(AccessError):
            dialog.create({"lead_id": lead.id, "source": "new"}).action_generate()
        self.assertFalse(lead.order_ids)

    def test_seller_moves_his_organization_whoever_has_its_contacts(self):
        self.contact.user_id = self.stranger
        self.organization.with_user(self.seller).street = "Calle Nueva 1"
        self.assertEqual(self.organization.street, "Calle Nueva 1")
        self.assertEqual(self.contact.street, "Calle Nueva 1")

    def test_seller_adds_a_contact_to_an_organization_of_a_colleague(self):
        """Somebody new there rings: Odoo copies language and address to him."""
        organization = self.env["res.partner"].create(
            {
                "name": "Conservas del Norte",
                "is_company": True,
                "user_id": self.stranger.id,
                "street": "Muelle 3",
                "lang": "es_ES",
            }
        )
        contact = (
            self.env["res.partner"]
            .with_user(self.seller)
            .create({"name": "Who rang", "parent_id": organization.id})
        )
        self.assertRecordValues(
            contact,
            [{"street": "Muelle 3", "lang": "es_ES", "user_id": self.stranger.id}],
        )
        with self.assertRaises(AccessError):
            contact.phone = "+34 924 000 010"
        with self.assertRaises(AccessError):
            organization.with_user(self.seller).street = "Muelle 4"
        self.assertEqual(organization.street, "Muelle 3")

    def test_seller_writes_his_opportunity_whoever_has_its_contact(self):
        """Odoo copies e-mail and telephone to the contact, who is a colleague's."""
        contact = self.env["res.partner"].create(
            {
                "name": "Telephone unknown",
                "user_id": self.colleague.id,
            }
        )
        lead = (
            self.env["crm.lead"]
            .with_user(self.seller)
            .create(
                {
                    "name": "Asked by e-mail",
                    "type": "opportunity",
                    "partner_id": contact.id,
                    "email_from": "asked@somebody.example",
                }
            )
        )
        lead.phone = "+34 924 000 009"
        self.assertRecordValues(
            lead,
            [{"email_from": "asked@somebody.example", "phone": "+34 924 000 009"}],
        )
        self.assertRecordValues(contact, [{"email": False, "phone": False}])

    def test_native_salesman_works_his_opportunity_without_our_records(self):
        lead = self._make_lead(self.native, partner_id=self.contact.id)
        self._make_gestion(self.seller, lead_id=lead.id)
        own = lead.with_user(self.native)
        own.action_set_lost(lost_reason_id=self.price.id)
        self.assertEqual(lead.closure_ids.kind, "rejected")
        self.assertEqual(lead.closure_ids.user_id, self.native)
        own.action_restore()
        self.assertFalse(lead.closure_kind)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCompanies(AccessCommon):
    """A user sees what belongs to the companies that he has switched on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.env.company
        cls.traveller = cls._make_user(
            "traveller",
            "crm_gestion.group_seller",
            company_id=cls.home.id,
            company_ids=[Command.set((cls.home | cls.branch).ids)],
        )
        cls.by_company = {}
        for company in (cls.home, cls.branch):
            lead = cls._make_lead(
                cls.traveller, company_id=company.id, partner_id=cls.stall.id
            )
            lost = lead.copy()
            lost.action_set_lost()
            gestion = cls._make_gestion(
                cls.traveller, contact_id=cls.stall.id, company_id=company.id
            )
            gestion.result_id = cls.interest
            order = cls.env["sale.order"].create(
                {
                    "partner_id": cls.stall.id,
                    "user_id": cls.traveller.id,
                    "company_id": company.id,
                }
            )
            cls.by_company[company] = (
                lead, lost.closure_ids, gestion, gestion.change_ids, order
            )  # fmt: skip

    def test_records_follow_the_companies_that_are_switched_on(self):
        pairs = list(zip(*self.by_company.values(), strict=True))
        self.assertEqual([len(home | away) for home, away in pairs], [2] * 5)
        choices = (self.home, self.branch, self.home | self.branch)
        for allowed, (home, away) in product(choices, pairs):
            expected = [r.id for r in home | away if self._company(r) in allowed]
            both = (home | away).with_user(self.traveller)
            both = both.with_context(allowed_company_ids=allowed.ids)
            with self.subTest(model=home._name, companies=allowed.mapped("name")):
                found = both.search([("id", "in", both.ids)])
                self.assertEqual(sorted(found.ids), sorted(expected))
                self.assertEqual(both._filtered_access("read").ids, expected)

    def _company(self, record):
        correction = record._name == "crm.gestion.change"
        return (record.gestion_id if correction else record).company_id

    def test_nobody_of_one_company_sees_another_one(self):
        for role in ROLES:
            user = getattr(self, role)
            for record in self.by_company[self.branch]:
                with self.subTest(model=record._name, role=role):
                    self.assertFalse(record.with_user(user).has_access("read"))

    def test_company_that_is_not_ones_own_cannot_be_switched_on(self):
        lead = self.by_company[self.branch][0].with_user(self.director)
        with self.assertRaises(AccessError):
            lead.with_context(allowed_company_ids=self.branch.ids).search([])

    def test_gestion_belongs_to_the_company_of_its_opportunity(self):
        lead = self.by_company[self.branch][0]
        gestion = self._make_gestion(self.traveller, lead_id=lead.id)
        self.assertEqual(gestion.company_id, self.branch)
        closed = lead.with_user(self.traveller).with_context(
            allowed_company_ids=(self.home | self.branch).ids
        )
        closed.action_set_lost()
        self.assertEqual(lead.closure_ids.company_id, self.branch)

    def test_gestion_does_not_mix_companies(self):
        lead = self.by_company[self.branch][0]
        before = self.env["crm.gestion"].search_count([])
        with self.assertRaises(UserError) as refusal:
            self._make_gestion(self.traveller, lead_id=lead.id, company_id=self.home.id)
        self.assertIn("no company crossover is allowed", str(refusal.exception))
        self.assertEqual(self.env["crm.gestion"].search_count([]), before)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestClosureEvidence(AccessCommon):
    """No context that a caller can send keeps a closure off the record."""

    def test_context_key_of_a_caller_hides_no_closure(self):
        values = (True, 1, "DEFERRED", "<object object>", [], {"a": 1}, False)
        for value in values:
            for close in (self._lose, self._archive, self._win):
                lead = self._make_lead(self.seller).with_user(self.seller)
                close(lead.with_context(crm_gestion_closure=value))
                with self.subTest(value=value, close=close.__name__):
                    kind = "won" if close == self._win else "rejected"
                    self.assertEqual(lead.closure_ids.mapped("kind"), [kind])
                    self.assertEqual(lead.closure_ids.user_id, self.seller)

    def _lose(self, lead):
        lead.action_set_lost(lost_reason_id=self.price.id)

    def _archive(self, lead):
        lead.write({"active": False, "probability": 0})

    def _win(self, lead):
        lead.action_set_won()
