from datetime import date

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CrmGestionCommon


class AffiliationCase(CrmGestionCommon):
    """Lucía works for Aceites del Sur, the seller's; Bodegas Rioja is a colleague's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.winery = cls.env["res.partner"].create(
            {
                "name": "Bodegas Rioja",
                "is_company": True,
                "user_id": cls.colleague.id,
                "origination_id": cls.cold_call.id,
            }
        )
        cls.buyer = cls.env.ref("crm_gestion.cargo_purchasing_manager")
        cls.other_cargo = cls.env["crm.cargo"].search(
            [("id", "!=", cls.buyer.id)], limit=1
        )

    @classmethod
    def _affiliate(cls, contact, organization, **values):
        return cls.env["crm.affiliation"].create(
            {"contact_id": contact.id, "organization_id": organization.id, **values}
        )

    def _change(self, user, leaves=None, joins=None, day=None, contact=None, **data):
        none = self.env["res.partner"]
        return (
            self.env["crm.affiliation.transfer"]
            .with_user(user)
            ._change_organization(
                (contact or self.contact).with_user(user),
                (leaves or none).with_user(user),
                (joins or none).with_user(user),
                date.fromisoformat(day or "2026-03-02"),
                data,
            )
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAffiliation(AffiliationCase):
    """Rows, and what they say of the employer."""

    def test_contact_belongs_to_his_employer_and_his_affiliations(self):
        self._affiliate(self.contact, self.winery)
        former = self._make_organization("Quesos")
        self._affiliate(self.contact, former, date_to="2026-03-01")
        future = self._make_organization("Panes")
        self._affiliate(self.contact, future, date_from="2026-03-03")

        self.assertEqual(
            self.contact.crm_organization_ids, self.organization | self.winery
        )
        for organization in (self.organization, self.winery):
            self.assertEqual(self._contacts_of(organization), self.contact)
        for organization in (former, future):
            self.assertFalse(self._contacts_of(organization))

    @classmethod
    def _make_organization(cls, name):
        return cls.env["res.partner"].create({"name": name, "is_company": True})

    def _contacts_of(self, organization):
        return self.env["res.partner"].search(
            [
                ("crm_organization_ids", "in", organization.ids),
                ("is_company", "=", False),
            ]
        )

    def test_who_leaves_today_has_left(self):
        row = self._affiliate(self.contact, self.winery, date_to="2026-03-02")
        self.assertFalse(self._contacts_of(self.winery))
        self.assertNotIn(self.winery, self.contact.crm_organization_ids)

        row.date_to = "2026-03-03"
        self.assertEqual(self._contacts_of(self.winery), self.contact)
        self.assertIn(self.winery, self.contact.crm_organization_ids)

    def test_addresses_are_no_contacts(self):
        self.env["res.partner"].create(
            {"type": "delivery", "parent_id": self.winery.id, "city": "Haro"}
        )

        self.assertFalse(self._contacts_of(self.winery))
        self.assertEqual(self.winery.crm_contact_count, 0)

    def test_contacts_are_counted_once(self):
        self._affiliate(self.contact, self.organization)
        self._affiliate(self.contact, self.winery)

        both = self.organization | self.winery
        self.assertEqual(both.mapped("crm_contact_count"), [1, 1])

    def test_search_by_the_name_of_the_organization(self):
        self._affiliate(self.contact, self.winery)

        found = self.env["res.partner"].search(
            [
                ("crm_organization_ids.name", "=", "Bodegas Rioja"),
                ("is_company", "=", False),
            ]
        )
        self.assertEqual(found, self.contact)

    def test_search_of_who_belongs_nowhere(self):
        person, affiliated = self.env["res.partner"].create(
            [{"name": "Ana"}, {"name": "Eva"}]
        )
        self._affiliate(affiliated, self.winery)
        people = person | affiliated | self.contact

        def search(operator):
            return people.search(
                [("crm_organization_ids", operator, False), ("id", "in", people.ids)]
            )

        self.assertEqual(search("="), person)
        self.assertEqual(search("!="), affiliated | self.contact)

    def test_only_people_belong_to_companies(self):
        for contact, organization in (
            (self.winery, self.organization),
            (self.contact, self.contact),
        ):
            with self.assertRaises(ValidationError):
                self._affiliate(contact, organization)

    @mute_logger("odoo.sql_db")
    def test_one_open_row_for_a_pair(self):
        self._affiliate(self.contact, self.winery, date_to="2026-01-31")
        self._affiliate(self.contact, self.winery, date_from="2026-02-01")
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self._affiliate(self.contact, self.winery)

    @mute_logger("odoo.sql_db")
    def test_it_does_not_end_before_it_began(self):
        with self.assertRaises(IntegrityError), self.env.cr.savepoint():
            self._affiliate(
                self.contact, self.winery, date_from="2026-02-01", date_to="2026-01-31"
            )

    def test_main_row_makes_the_employer(self):
        row = self._affiliate(self.contact, self.winery, email="lucia@rioja.example")
        row.is_main = True

        self.assertEqual(self.contact.parent_id, self.winery)
        self.assertEqual(self.contact.email, "lucia@rioja.example")
        self.assertEqual(row.phone, "+34 924 000 001")
        # nobody said that she left the oil mill
        before = self.contact.affiliation_ids - row
        self.assertRecordValues(
            before,
            [
                {
                    "organization_id": self.organization.id,
                    "cargo_id": self.buyer.id,
                    "email": "lucia@aceites.example",
                    "is_main": False,
                    "date_to": False,
                }
            ],
        )

    def test_another_main_row_takes_the_place(self):
        first = self._affiliate(self.contact, self.organization, is_main=True)
        second = self._affiliate(self.contact, self.winery, is_main=True)

        self.assertEqual((first | second).mapped("is_main"), [False, True])
        self.assertEqual(self.contact.parent_id, self.winery)
        self.assertEqual(len(self.contact.affiliation_ids), 2)

    def test_data_at_the_employer_are_the_contacts_own(self):
        row = self._affiliate(self.contact, self.organization, is_main=True)
        self.assertEqual(row.cargo_id, self.buyer)

        self.contact.email = "l.ferrer@aceites.example"
        self.assertEqual(row.email, "l.ferrer@aceites.example")
        row.phone = "+34 924 000 002"
        self.assertEqual(self.contact.phone, "+34 924 000 002")

    def test_data_elsewhere_are_of_their_own(self):
        row = self._affiliate(self.contact, self.winery, email="lucia@rioja.example")
        row.cargo_id = self.other_cargo

        self.assertEqual(self.contact.email, "lucia@aceites.example")
        self.assertEqual(self.contact.cargo_id, self.buyer)

    def test_native_change_of_employer_ends_the_main_row(self):
        row = self._affiliate(self.contact, self.organization, is_main=True)
        self.contact.with_user(self.seller).parent_id = False

        self.assertEqual(row.date_to, date(2026, 3, 2))
        self.assertEqual(row.email, "lucia@aceites.example")

    def test_other_rows_stay_when_the_employer_changes(self):
        row = self._affiliate(self.contact, self.winery)
        self.contact.parent_id = False

        self.assertFalse(row.date_to)

    def test_ending_the_main_row_leaves_the_employer(self):
        row = self._affiliate(self.contact, self.organization, is_main=True)
        row.date_to = "2026-03-01"

        self.assertFalse(self.contact.parent_id)
        self.assertEqual(row.cargo_id, self.buyer)
        self.assertFalse(self.contact.cargo_id)

    def test_reopened_main_row_is_the_employer_again(self):
        """An end entered by mistake is taken off: he works there, and nowhere else."""
        row = self._affiliate(
            self.contact, self.winery, is_main=True, email="lucia@rioja.example"
        )
        row.date_to = "2026-03-01"
        self.assertFalse(self.contact.parent_id)
        self.contact.write({"parent_id": self.organization.id, "email": "other@x.test"})
        row.date_to = False
        self.assertTrue(row.is_main)
        self.assertEqual(self.contact.parent_id, self.winery)
        self.assertEqual(self.contact.email, "lucia@rioja.example")
        self.assertRecordValues(
            self.contact.affiliation_ids.sorted(lambda row: row.organization_id.id),
            [
                {"organization_id": self.organization.id, "is_main": False},
                {"organization_id": self.winery.id, "is_main": True},
            ],
        )

    def test_main_row_is_of_today(self):
        with self.assertRaises(ValidationError):
            self._affiliate(
                self.contact, self.winery, is_main=True, date_from="2026-03-03"
            )
        row = self._affiliate(self.contact, self.organization, is_main=True)
        with self.assertRaises(ValidationError):
            row.date_to = "2026-03-03"

    def test_form_of_a_contact(self):
        with (
            Form(self.contact.with_user(self.seller)) as form,
            form.affiliation_ids.new() as line,
        ):
            line.organization_id = self.winery
            line.email = "lucia@rioja.example"
        self.assertEqual(
            self.contact.crm_organization_ids, self.organization | self.winery
        )
        self.assertEqual(self.contact.parent_id, self.organization)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAffiliationRights(AffiliationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.theirs = cls.env["res.partner"].create(
            {"name": "Otro", "parent_id": cls.winery.id}
        )

    def _create_as(self, user, contact, organization, **values):
        return (
            self.env["crm.affiliation"]
            .with_user(user)
            .create(
                {"contact_id": contact.id, "organization_id": organization.id, **values}
            )
        )

    def test_every_seller_reads_them(self):
        row = self._affiliate(self.contact, self.winery)

        for user in (self.stranger, self.native, self.employee):
            found = self.env["crm.affiliation"].with_user(user).search([])
            self.assertIn(row, found)

    def test_who_may_write_one_of_both_writes_it(self):
        row = self._create_as(self.seller, self.contact, self.winery)
        row.with_user(self.colleague).email = "lucia@rioja.example"
        row.with_user(self.head).phone = "+34 1"
        row.with_user(self.director).date_to = "2026-03-02"
        self.assertEqual(row.email, "lucia@rioja.example")

    def test_others_do_not(self):
        with self.assertRaises(AccessError):
            self._create_as(self.stranger, self.contact, self.winery)
        row = self._affiliate(self.contact, self.winery)
        for user in (self.stranger, self.native, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                row.with_user(user).email = "x@y.example"

    def test_seller_moves_nobody_elses_contact(self):
        """The organization is his, the person is not."""
        row = self._create_as(self.seller, self.theirs, self.organization)
        with self.assertRaises(AccessError):
            row.with_user(self.seller).is_main = True
        self.assertEqual(self.theirs.parent_id, self.winery)
        with self.assertRaises(AccessError):
            self._create_as(
                self.seller, self.theirs, self.env["res.partner"].create(
                    {"name": "New", "is_company": True, "user_id": self.seller.id}
                ), is_main=True, email="x@y.example",
            )  # fmt: skip
        self.assertFalse(self.theirs.email)

    def test_seller_moves_no_row_to_strangers(self):
        """What may not be created is not written either."""
        row = self._affiliate(self.contact, self.winery).with_user(self.seller)
        theirs = self.env["res.partner"].create(
            {"name": "Their Contact", "user_id": self.stranger.id}
        )
        vals = {"contact_id": theirs.id, "organization_id": self.winery.id}
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            row.create(vals)
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            row.write(vals)
        self.env.invalidate_all()
        self.assertEqual(row.contact_id, self.contact)
        row.contact_id = self.env["res.partner"].create(
            {"name": "Own Contact", "user_id": self.seller.id}
        )

    def test_sellers_delete_none(self):
        row = self._affiliate(self.contact, self.winery)
        with self.assertRaises(AccessError):
            row.with_user(self.head).unlink()
        row.with_user(self.director).unlink()

    def test_organization_of_another_company_completes_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.winery.company_id = other
        freelance = self.env["res.partner"].create(
            {"name": "Freelance", "user_id": self.seller.id}
        )
        self._affiliate(freelance, self.winery)
        gestion = (
            self.env["crm.gestion"]
            .with_user(self.seller)
            .create({"activity_type_id": self.call.id, "contact_id": freelance.id})
        )
        self.assertRecordValues(
            gestion, [{"organization_id": False, "company_id": self.env.company.id}]
        )

    def test_other_companies_have_their_own(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.winery.company_id = company
        row = self._affiliate(self.contact, self.winery)
        found = self.env["crm.affiliation"].with_user(self.director).search([])
        self.assertNotIn(row, found)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestChangeOfOrganization(AffiliationCase):
    def test_seller_notes_a_change_to_a_colleagues_account(self):
        self.organization.write({"vat": "ESA12345674", "street": "Calle Mayor 1"})
        gestion = self._make_gestion(contact_id=self.contact.id)
        lead = self._make_lead(partner_id=self.contact.id)
        self.assertEqual(self.contact.vat, "ESA12345674")

        wizard = Form(
            self.env["crm.affiliation.change"]
            .with_user(self.seller)
            .with_context(**self.contact.action_crm_change_organization()["context"])
        )
        self.assertEqual(wizard.old_organization_id, self.organization)
        self.assertEqual(wizard.date, date(2026, 3, 2))
        wizard.new_organization_id = self.winery
        wizard.cargo_id = self.other_cargo
        wizard.email = "lucia@rioja.example"
        wizard.date = "2026-03-01"
        wizard.save().action_change()

        self.assertRecordValues(
            self.contact,
            [
                {
                    "parent_id": self.winery.id,
                    "commercial_partner_id": self.winery.id,
                    "user_id": self.colleague.id,
                    "cargo_id": self.other_cargo.id,
                    "email": "lucia@rioja.example",
                    "phone": "+34 924 000 001",
                    "vat": False,
                    "street": False,
                    "market_id": False,
                    "account_status": "potential",
                }
            ],
        )
        self.assertRecordValues(
            self.contact.affiliation_ids.sorted("id"),
            [
                {
                    "organization_id": self.winery.id,
                    "date_from": date(2026, 3, 1),
                    "date_to": False,
                    "is_main": True,
                    "email": "lucia@rioja.example",
                },
                {
                    "organization_id": self.organization.id,
                    "date_from": False,
                    "date_to": date(2026, 3, 1),
                    "is_main": True,
                    "email": "lucia@aceites.example",
                },
            ],
        )
        # Odoo alone would have written the old tax id and address into the new one
        self.assertRecordValues(self.winery, [{"vat": False, "street": False}])
        self.assertRecordValues(
            gestion | self._make_gestion(contact_id=self.contact.id),
            [
                {"organization_id": self.winery.id},
                {"organization_id": self.organization.id},
            ][::-1],
        )
        self.assertEqual(lead.organization_id, self.organization)

    def test_both_owners_are_told_but_not_who_did_it(self):
        self._change(self.seller, self.organization, self.winery)
        self.assertEqual(self._told(), self.colleague.partner_id)

    def test_director_tells_both(self):
        self._change(self.director, self.organization, self.winery)
        self.assertEqual(
            self._told(), self.colleague.partner_id | self.seller.partner_id
        )

    def test_end_typed_into_the_list_is_told_too(self):
        row = self._affiliate(self.contact, self.winery).with_user(self.seller)
        self.assertFalse(self._told())
        row.date_to = "2026-03-01"
        self.assertEqual(self._told(), self.colleague.partner_id)
        row.date_to = "2026-02-28"
        self.assertEqual(len(self._messages()), 1)

    def _told(self):
        return self._messages().notified_partner_ids

    def _messages(self):
        return self.env["mail.message"].search(
            [
                ("model", "=", "res.partner"),
                ("res_id", "=", self.contact.id),
                ("message_type", "=", "user_notification"),
            ]
        )

    def test_leaving_without_a_new_employer(self):
        gestion = self._make_gestion(contact_id=self.contact.id)
        self._change(self.seller, self.organization, day="2026-02-27")

        self.assertRecordValues(
            self.contact,
            [
                {
                    "parent_id": False,
                    "user_id": self.seller.id,
                    "cargo_id": False,
                    "email": "lucia@aceites.example",
                    "account_status": "potential",
                }
            ],
        )
        self.assertRecordValues(
            self.contact.affiliation_ids,
            [
                {
                    "organization_id": self.organization.id,
                    "cargo_id": self.buyer.id,
                    "date_to": date(2026, 2, 27),
                    "is_main": True,
                }
            ],
        )
        self.assertEqual(gestion.organization_id, self.organization)
        self.assertEqual(self.contact.gestion_count, 1)
        self.assertEqual(self.organization.gestion_count, 1)

    def test_ending_a_second_organization_leaves_the_first(self):
        row = self._affiliate(self.contact, self.winery, date_from="2025-01-01")
        self._change(self.colleague_of_both(), self.winery)

        self.assertEqual(row.date_to, date(2026, 3, 2))
        self.assertEqual(self.contact.parent_id, self.organization)

    def colleague_of_both(self):
        return self.head

    def test_changing_a_second_organization_leaves_the_first(self):
        cheese = self.env["res.partner"].create({"name": "Quesos", "is_company": True})
        row = self._affiliate(self.contact, self.winery)
        self._change(self.seller, self.winery, cheese, email="lucia@quesos.example")

        self.assertTrue(row.date_to)
        self.assertEqual(self.contact.parent_id, self.organization)
        self.assertEqual(self.contact.email, "lucia@aceites.example")
        self.assertEqual(self.contact.crm_organization_ids, self.organization | cheese)

    def test_joining_besides(self):
        self._change(self.seller, joins=self.winery)

        self.assertEqual(self.contact.parent_id, self.organization)
        self.assertEqual(
            self.contact.crm_organization_ids, self.organization | self.winery
        )

    def test_employer_of_a_person_who_had_none(self):
        person = self.env["res.partner"].create({"name": "Ana"})
        self._change(self.seller, joins=self.organization, contact=person)

        self.assertEqual(person.parent_id, self.organization)
        self.assertEqual(person.user_id, self.seller)
        self.assertTrue(person.affiliation_ids.is_main)

    def test_who_may_not_note_it_is_told_before_he_fills_the_dialog_in(self):
        row = self._affiliate(self.contact, self.winery)
        with self.assertRaises(AccessError):
            self.contact.with_user(self.stranger).action_crm_change_organization()
        with self.assertRaises(AccessError):
            row.with_user(self.stranger).action_change()

    def test_coming_back(self):
        self._change(self.director, self.organization, self.winery, day="2026-01-01")
        self._change(self.director, self.winery, self.organization, day="2026-02-01")

        self.assertEqual(self.contact.parent_id, self.organization)
        self.assertRecordValues(
            self.contact.affiliation_ids.sorted("id"),
            [
                {"organization_id": self.winery.id, "date_to": date(2026, 2, 1)},
                {"organization_id": self.organization.id, "date_to": date(2026, 1, 1)},
                {"organization_id": self.organization.id, "date_to": False},
            ],
        )

    def test_own_salesperson_stays(self):
        self.contact.user_id = self.head
        self._change(self.director, self.organization, self.winery)
        self.assertEqual(self.contact.user_id, self.head)

    def test_market_of_the_new_employer(self):
        self.winery.market_id = self.market.copy({"code": "wine"})
        self._change(self.seller, self.organization, self.winery)
        self.assertEqual(self.contact.market_id, self.winery.market_id)

    def test_refusals_change_nothing(self):
        for user, leaves, joins, day, error in (
            (self.seller, self.winery, None, None, UserError),
            (self.seller, None, None, None, UserError),
            (self.seller, self.organization, self.organization, None, UserError),
            (self.seller, self.organization, self.winery, "2026-03-03", UserError),
            (self.stranger, self.organization, self.winery, None, AccessError),
            (self.employee, self.organization, self.winery, None, AccessError),
        ):
            with self.subTest(user=user.name, day=day), self.assertRaises(error):
                self._change(user, leaves, joins, day)
        self.assertEqual(self.contact.parent_id, self.organization)
        self.assertFalse(self.contact.affiliation_ids)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSpeakingForAnotherOrganization(AffiliationCase):
    """Lucía buys for the winery, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.row = cls._affiliate(
            cls.contact, cls.winery, email="lucia@rioja.example", phone="+34 941"
        )

    def _make_winery_lead(self, **values):
        return self._make_lead(
            partner_id=self.contact.id, organization_id=self.winery.id, **values
        )

    def test_opportunity_is_her_employers_where_nothing_is_said(self):
        lead = self._make_lead(partner_id=self.contact.id)
        self.assertEqual(lead.organization_id, self.organization)
        self.assertFalse(lead.affiliation_email)

    def test_form_of_the_opportunity_keeps_the_organization_chosen(self):
        form = Form(
            self.env["crm.lead"]
            .with_user(self.seller)
            .with_context(default_type="opportunity")
        )
        form.organization_id = self.winery
        form.partner_id = self.contact
        self.assertEqual(form.organization_id, self.winery)
        self.assertEqual(form.affiliation_email, "lucia@rioja.example")
        self.assertEqual(form.affiliation_phone, "+34 941")

    def test_gestion_keeps_the_organization_chosen(self):
        form = Form(self.env["crm.gestion"].with_user(self.seller))
        form.organization_id = self.winery
        form.contact_id = self.contact
        self.assertEqual(form.organization_id, self.winery)
        form.contact_id = self.env["res.partner"].create(
            {"name": "Otro", "parent_id": self.organization.id}
        )
        self.assertEqual(form.organization_id, self.organization)

    def test_contact_of_one_organization_completes_it(self):
        person = self.env["res.partner"].create({"name": "Ana"})
        self._affiliate(person, self.winery)
        gestion = self._make_gestion(contact_id=person.id)
        self.assertEqual(gestion.organization_id, self.winery)

    def test_counters_and_lists_of_the_organization(self):
        self._make_winery_lead()
        self._make_lead(partner_id=self.contact.id)
        self._make_gestion(contact_id=self.contact.id, organization_id=self.winery.id)
        both = (self.winery | self.organization).with_user(self.head)

        # Odoo shows all of a contact at his employer's; the winery has its own
        self.assertEqual(both.mapped("opportunity_count"), [1, 2])
        self.assertEqual(both[0].gestion_count, 1)
        action = both[0].action_view_opportunity()
        found = self.env["crm.lead"].search(action["domain"])
        self.assertEqual(len(found), 1)

    def test_order_is_the_organizations(self):
        lead = self._make_winery_lead()
        order, _answer = (
            self.env["sale.order"]
            .with_user(self.seller)
            ._generate_from_opportunity(lead.with_user(self.seller))
        )

        self.assertEqual(order.partner_id, self.winery)
        self.assertEqual(order.partner_invoice_id, self.winery)
        self.assertEqual(order.opportunity_id, lead)
        action = lead.action_new_quotation()
        self.assertEqual(action["context"]["default_partner_id"], self.winery.id)

    def test_order_after_a_change_of_employer_is_the_old_organizations(self):
        lead = self._make_lead(partner_id=self.contact.id)
        self.assertEqual(lead._crm_customer(), self.contact)
        self._change(self.director, self.organization, self.winery)
        self.assertEqual(lead._crm_customer(), self.organization)

    def test_tax_id_asked_for_is_the_organizations(self):
        self.env["ir.config_parameter"].set_param("crm_gestion.require_vat", "True")
        self.organization.vat = "ESA12345674"
        lead = self._make_winery_lead()
        wizard = self.env["crm.opportunity.order"].create({"lead_id": lead.id})
        self.assertTrue(wizard.needs_vat)

    def test_prices_are_the_organizations(self):
        pricelist = self.env["product.pricelist"].create({"name": "Winery"})
        self.winery.property_product_pricelist = pricelist
        lead = self._make_winery_lead(
            line_ids=[(0, 0, {"product_id": self._make_product().id})]
        )
        self.assertEqual(lead.line_ids._pricelist(), pricelist)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestOrganizationChart(AffiliationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Partner = cls.env["res.partner"]
        cls.boss = Partner.create({"name": "Marta", "parent_id": cls.organization.id})
        cls.contact.manager_contact_id = cls.boss

    def _chart(self, organization, user):
        action = organization.with_user(user).action_crm_contacts()
        partners = self.env["res.partner"].with_user(user)
        return partners.with_context(**action["context"]).search(action["domain"])

    def test_shows_employed_and_affiliated(self):
        self._affiliate(self.contact, self.winery, cargo_id=self.other_cargo.id)
        own = self._chart(self.organization, self.seller)
        self.assertEqual(own, self.contact | self.boss)
        self.assertEqual(own.mapped("chart_cargo_id"), self.buyer)

    def test_boss_elsewhere_is_shown_for_his_people_to_be(self):
        self._affiliate(self.contact, self.winery, cargo_id=self.other_cargo.id)
        shown = self._chart(self.winery, self.seller)
        self.assertEqual(shown, self.contact | self.boss)
        shown = shown.filtered(lambda partner: partner == self.contact)
        self.assertEqual(shown.chart_cargo_id, self.other_cargo)
        self.assertEqual(shown.chart_influence, self.other_cargo.influence)

    def test_chart_speaks_the_language_of_its_reader(self):
        self.env["res.lang"]._activate_lang("es_ES")
        spanish = self.env["res.partner"].with_context(lang="es_ES")
        labels = spanish.fields_get(["chart_influence"], ["selection"])
        self.assertEqual(
            dict(labels["chart_influence"]["selection"])["decision_maker"],
            "Decide",
        )

    def test_nobody_reports_to_himself(self):
        for manager in (self.boss, self.contact):
            with self.assertRaises(ValidationError):
                self.boss.manager_contact_id = manager

    def test_dragging_asks_for_rights(self):
        self.contact.with_user(self.seller).manager_contact_id = False
        with self.assertRaises(AccessError):
            self.contact.with_user(self.stranger).manager_contact_id = self.boss

    def test_view_reads_it(self):
        action = self.organization.with_user(self.seller).action_crm_contacts()
        partners = self.env["res.partner"].with_user(self.seller)
        top = partners.with_context(**action["context"]).hierarchy_read(
            [("manager_contact_id", "=", False), *action["domain"]],
            {"name": {}, "chart_cargo_id": {}, "report_contact_ids": {}},
            "manager_contact_id",
            "report_contact_ids",
        )
        self.assertIn(self.boss.id, [row["id"] for row in top])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAffiliationGrowth(AffiliationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls.env["res.partner"].create(
            [
                {"name": f"Person {number}", "parent_id": cls.organization.id}
                for number in range(30)
            ]
        )
        cls.companies = cls.env["res.partner"].create(
            [{"name": f"Company {number}", "is_company": True} for number in range(30)]
        )
        for person, company in zip(cls.people, cls.companies, strict=True):
            cls._affiliate(person, company)
            cls._make_lead(partner_id=person.id, organization_id=company.id)

    def test_organizations_of_contacts(self):
        self.assertFlatGrowth(
            lambda people: people.mapped("crm_organization_ids"),
            self.people[:3],
            self.people,
        )

    def test_counters_of_organizations(self):
        def read(companies):
            companies.with_user(self.head).mapped("opportunity_count")
            companies.with_user(self.head).mapped("crm_contact_count")

        self.assertFlatGrowth(read, self.companies[:3], self.companies)

    def test_affiliations_in_one_batch(self):
        other = self.env["res.partner"].create({"name": "One", "is_company": True})

        def affiliate(people):
            people.affiliation_ids.filtered(
                lambda row: row.organization_id == other
            ).unlink()
            self.env["crm.affiliation"].create(
                [
                    {"contact_id": person.id, "organization_id": other.id}
                    for person in people
                ]
            )

        self.assertFlatGrowth(affiliate, self.people[:3], self.people)

    def test_contact_data_of_opportunities(self):
        leads = self.env["crm.lead"].search([("partner_id", "in", self.people.ids)])
        self.assertFlatGrowth(
            lambda leads: leads.mapped("affiliation_email"), leads[:3], leads
        )
