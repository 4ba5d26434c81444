from datetime import datetime

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .common import CrmGestionCommon

COMPLETE_ORGANIZATION = {
    "vat": "ESA12345674",
    "email": "info@aceites.example",
    "phone": "+34 924 000 000",
    "website": "https://aceites.example",
    "street": "Calle Mayor 1",
    "city": "Mérida",
}


@tagged("post_install", "-at_install")
class TestCompleteness(CrmGestionCommon):
    """How much of a file is there: 11 data of an organization, 5 of a contact."""

    def test_percentage_and_what_is_missing(self):
        labels = self.env["res.partner"].fields_get(
            [*COMPLETE_ORGANIZATION, "country_id"], ["string"]
        )
        missing = [labels[name]["string"] for name in labels]

        # market, origination, salesperson and a contact are there
        self.assertEqual(self.organization.completeness, 36)
        self.assertEqual(
            sorted(self.organization.missing_data.split(", ")), sorted(missing)
        )
        self.assertEqual(self.contact.completeness, 80)
        self.assertEqual(self.contact.missing_data, "Origination")

    def test_complete_files_miss_nothing(self):
        self.organization.write(
            {
                **COMPLETE_ORGANIZATION,
                "country_id": self.env.ref("base.es").id,
            }
        )
        self.contact.origination_id = self.cold_call

        self.assertRecordValues(
            self.organization | self.contact,
            [{"completeness": 100, "missing_data": ""}] * 2,
        )

    def test_missing_data_are_named_as_on_the_screen(self):
        self.organization.write(
            {
                **COMPLETE_ORGANIZATION,
                "country_id": self.env.ref("base.es").id,
                "phone": False,
                "website": False,
            }
        )
        self.contact.unlink()

        self.assertEqual(self.organization.completeness, 73)
        self.assertEqual(
            self.organization.missing_data, "Phone, Website Link, Contacts"
        )

    def test_missing_data_are_named_in_the_language_of_the_reader(self):
        self.contact.write({"phone": False, "email": False})
        labels = (
            self.env["res.partner"]
            .with_context(lang="es_ES")
            .fields_get(["email", "phone", "origination_id"], ["string"])
        )

        self.assertEqual(
            self.contact.with_context(lang="es_ES").missing_data,
            ", ".join(
                labels[name]["string"] for name in ("email", "phone", "origination_id")
            ),
        )

    def test_person_without_organization_misses_it(self):
        person = self.env["res.partner"].create({"name": "Ana Ruiz"})

        self.assertEqual(person.completeness, 0)
        self.assertEqual(
            person.missing_data,
            "Email, Phone, Origination, Related Company, Position",
        )

    def test_new_contact_completes_its_organization(self):
        bakery = self.env["res.partner"].create({"name": "Bakery", "is_company": True})
        self.assertEqual(bakery.completeness, 0)

        self.env["res.partner"].create({"name": "Baker", "parent_id": bakery.id})

        self.assertEqual(bakery.completeness, 9)

    def test_contact_who_left_completes_it_no_more(self):
        self.contact.action_archive()

        self.assertEqual(self.organization.completeness, 27)

    def test_address_is_no_contact(self):
        bakery = self.env["res.partner"].create({"name": "Bakery", "is_company": True})

        self.env["res.partner"].create(
            {
                "name": "Yard",
                "type": "delivery",
                "parent_id": bakery.id,
            }
        )

        self.assertEqual(bakery.completeness, 0)

    def test_seller_completes_a_file(self):
        self.contact.with_user(self.seller).origination_id = self.cold_call

        self.assertEqual(self.contact.completeness, 100)

    def test_form_counts_before_saving(self):
        with Form(self.contact.with_user(self.seller)) as form:
            form.origination_id = self.cold_call
            self.assertEqual(form.completeness, 100)
            self.assertEqual(form.missing_data, "")

    def test_incomplete_files_are_found_and_averaged(self):
        partners = self.organization | self.contact

        found = partners.search([("id", "in", partners.ids), ("completeness", "<", 50)])
        [(average,)] = partners._read_group(
            [("id", "in", partners.ids)], [], ["completeness:avg"]
        )

        self.assertEqual(found, self.organization)
        self.assertEqual(average, 58)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestGestionesOfPartner(CrmGestionCommon):
    """
    ::

        Aceites del Sur   seller's     three gestiones, two of them with Lucía
        Bakery            stranger's   one with the baker, one with nobody by name
        Newcomer          nobody's     none
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bakery, cls.newcomer = cls.env["res.partner"].create(
            [
                {"name": "Bakery", "is_company": True, "user_id": cls.stranger.id},
                {"name": "Newcomer", "is_company": True},
            ]
        )
        cls.baker = cls.env["res.partner"].create(
            {
                "name": "Baker",
                "parent_id": cls.bakery.id,
            }
        )
        cls.first = cls._make_gestion(
            contact_id=cls.contact.id, date="2026-02-01 09:00:00"
        )
        cls.second = cls._make_gestion(
            contact_id=cls.contact.id, date="2026-02-03 09:00:00"
        )
        cls.third = cls._make_gestion(
            organization_id=cls.organization.id, date="2026-02-02 09:00:00"
        )
        cls.foreign = cls._make_gestion(
            cls.stranger, contact_id=cls.baker.id, date="2026-01-10 09:00:00"
        )
        cls.own = cls._make_gestion(
            organization_id=cls.bakery.id, date="2026-01-05 09:00:00"
        )
        cls.partners = (
            cls.organization | cls.contact | cls.bakery | cls.baker | cls.newcomer
        )
        cls.env.flush_all()

    def test_counts_and_last_dates_of_several_at_once(self):
        self.assertRecordValues(
            self.partners.with_user(self.director),
            [
                {"gestion_count": count, "last_gestion_date": date}
                for count, date in (
                    (3, datetime(2026, 2, 3, 9, 0)),
                    (2, datetime(2026, 2, 3, 9, 0)),
                    (2, datetime(2026, 1, 10, 9, 0)),
                    (1, datetime(2026, 1, 10, 9, 0)),
                    (0, False),
                )
            ],
        )

    def test_seller_counts_what_he_may_read_and_is_told_the_last_contact(self):
        self.assertRecordValues(
            self.partners.with_user(self.seller),
            [
                {"gestion_count": count, "last_gestion_date": date}
                for count, date in (
                    (3, datetime(2026, 2, 3, 9, 0)),
                    (2, datetime(2026, 2, 3, 9, 0)),
                    (1, datetime(2026, 1, 10, 9, 0)),
                    (0, datetime(2026, 1, 10, 9, 0)),
                    (0, False),
                )
            ],
        )

    def test_tab_lists_them_latest_first(self):
        organization = self.organization.with_user(self.seller)
        contact = self.contact.with_user(self.seller)

        self.assertEqual(
            organization.gestion_ids.ids, [self.second.id, self.third.id, self.first.id]
        )
        self.assertEqual(contact.gestion_ids.ids, [self.second.id, self.first.id])
        self.assertFalse(self.newcomer.with_user(self.seller).gestion_ids)

    def test_new_partner_in_the_form_has_none(self):
        form = Form(
            self.env["res.partner"].with_user(self.seller),
            view="base.view_partner_form",
        )
        form.name = "Just typing"

        self.assertEqual(form.gestion_count, 0)

    def test_smart_button_lists_what_it_counts(self):
        action = self.organization.with_user(self.seller).action_view_gestiones()

        self.assertEqual(
            self.env["crm.gestion"].with_user(self.seller).search(action["domain"]),
            self.second | self.third | self.first,
        )

    def test_dialog_of_a_contact_logs_with_him_and_his_organization(self):
        gestion = self._log_from(self.contact)

        self.assertEqual(gestion.contact_id, self.contact)
        self.assertEqual(gestion.organization_id, self.organization)

    def test_dialog_of_an_organization_logs_with_it(self):
        gestion = self._log_from(self.organization)

        self.assertFalse(gestion.contact_id)
        self.assertEqual(gestion.organization_id, self.organization)

    def test_dialog_of_a_person_logs_with_him(self):
        person = self.env["res.partner"].create({"name": "Ana Ruiz"})

        gestion = self._log_from(person)

        self.assertEqual(gestion.contact_id, person)
        self.assertFalse(gestion.organization_id)

    def _log_from(self, partner):
        action = partner.with_user(self.seller).action_log_gestion()
        self.assertEqual(action["target"], "new")
        form = Form(
            self.env["crm.gestion"]
            .with_user(self.seller)
            .with_context(**action["context"]),
            view=self.env["ir.ui.view"].browse(action["views"][0][0]),
        )
        form.activity_type_id = self.call
        form.result_id = self.env.ref("crm_gestion.result_informed")
        return form.save()


@tagged("post_install", "-at_install")
class TestPartnerForOthers(CrmGestionCommon):
    """Who has no role of ours goes on working with partners as before."""

    def test_fields_of_ours_fail_nobody_who_reads_a_partner_whole(self):
        """As clients do that name no fields, and get all they may have."""
        for user in (self.employee, self.native):
            with self.subTest(user=user.login):
                partner = self.organization.with_user(user)
                ours = [
                    name
                    for name in partner.fields_get(attributes=[])
                    if partner._fields[name]._module == "crm_gestion"
                ]
                [values] = partner.read(ours)
                self.assertEqual(values["market_id"][0], self.market.id)

    def test_salesman_without_our_roles_logs_nothing_but_edits(self):
        contact = self.contact.with_user(self.native)

        contact.write({"phone": "+34 924 000 009"})

        self.assertEqual(contact.phone, "+34 924 000 009")


@tagged("post_install", "-at_install")
class TestMarketOfPartner(CrmGestionCommon):
    """A company's market reaches its contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.metal = cls.env.ref("crm_gestion.market_industry_metal")

    def test_contact_has_the_market_of_its_organization(self):
        self.assertEqual(self.contact.market_id, self.market)

    def test_new_market_reaches_the_contacts(self):
        self.organization.with_user(self.seller).market_id = self.metal

        self.assertEqual(self.contact.market_id, self.metal)

    def test_market_taken_off_is_taken_off_the_contacts(self):
        self.organization.with_user(self.seller).market_id = False

        self.assertFalse(self.contact.market_id)

    def test_contact_that_changes_employer_changes_market(self):
        foundry = self.env["res.partner"].create(
            {
                "name": "Foundry",
                "is_company": True,
                "market_id": self.metal.id,
            }
        )

        self.contact.parent_id = foundry

        self.assertEqual(self.contact.market_id, self.metal)

    def test_subsidiary_has_a_market_of_its_own(self):
        subsidiary = self.env["res.partner"].create(
            {
                "name": "Foundry of the group",
                "is_company": True,
                "parent_id": self.organization.id,
                "market_id": self.metal.id,
            }
        )

        self.organization.market_id = self.market.parent_id

        self.assertEqual(subsidiary.market_id, self.metal)

    def test_opportunity_keeps_the_market_it_began_in(self):
        lead = self._make_lead(partner_id=self.contact.id)
        self.assertEqual(lead.market_id, self.market)

        self.organization.market_id = self.metal

        self.assertEqual(lead.market_id, self.market)


@tagged("post_install", "-at_install")
class TestMenus(CrmGestionCommon):
    """What is entered from our menus is of interest, whoever enters it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = cls._make_user(
            "clerk", "base.group_user,base.group_partner_manager"
        )

    def _menu(self, name, user):
        """:return: the partners of a menu, with its context, and its domain"""
        action = self.env.ref(f"crm_gestion.res_partner_action_{name}")
        context = safe_eval(action.context, {"uid": user.id})
        partners = self.env["res.partner"].with_user(user).with_context(**context)
        return partners, safe_eval(action.domain)

    def test_each_menu_lists_what_was_entered_there(self):
        for name, is_company in (
            ("organization", True),
            ("contact", False),
            ("potential", True),
        ):
            for user in (self.clerk, self.seller):
                with self.subTest(menu=name, user=user.login):
                    partners, domain = self._menu(name, user)
                    form = Form(partners, view="base.view_partner_form")
                    form.name = f"From {name}"
                    partner = form.save()
                    self.assertEqual(partner.is_company, is_company)
                    self.assertEqual(partner.account_status, "potential")
                    self.assertEqual(
                        partners.search([("id", "=", partner.id), *domain]), partner
                    )

    def test_what_is_entered_elsewhere_is_of_no_interest(self):
        form = Form(self.env["res.partner"].with_user(self.clerk))
        form.name = "From the address book"

        self.assertFalse(form.save().account_status)

    def test_organizations_are_companies(self):
        partners, domain = self._menu("organization", self.seller)
        candidates = self.organization | self.contact

        found = partners.search([("id", "in", candidates.ids), *domain])

        self.assertEqual(found, self.organization)

    def test_contacts_are_people_and_neither_addresses_nor_staff(self):
        address = self.env["res.partner"].create(
            {
                "name": "Yard",
                "type": "delivery",
                "parent_id": self.organization.id,
            }
        )
        staff = self.colleague.partner_id
        partners, domain = self._menu("contact", self.seller)
        candidates = self.organization | self.contact | address | staff

        found = partners.search([("id", "in", candidates.ids), *domain])

        self.assertEqual(found, self.contact)

    def test_potential_customers_are_accounts_that_did_not_buy(self):
        customer = self.env["res.partner"].create(
            {
                "name": "Customer",
                "is_company": True,
                "account_status": "customer",
            }
        )
        person = self.env["res.partner"].create(
            {
                "name": "Ana Ruiz",
                "origination_id": self.cold_call.id,
            }
        )
        partners, domain = self._menu("potential", self.seller)
        candidates = self.organization | self.contact | customer | person

        found = partners.search([("id", "in", candidates.ids), *domain], order="id")

        self.assertEqual(found, self.organization | person)

    def test_accounts_are_customers_former_and_potential_ones(self):
        former, supplier = self.env["res.partner"].create(
            [
                {"name": "Former", "is_company": True, "account_status": "former"},
                {"name": "Supplier", "is_company": True},
            ]
        )
        partners, domain = self._menu("account", self.seller)
        candidates = self.organization | self.contact | former | supplier

        found = partners.search([("id", "in", candidates.ids), *domain], order="id")

        self.assertEqual(found, self.organization | former)

    def test_files_to_complete_begin_with_the_emptiest(self):
        action = self.env.ref("crm_gestion.res_partner_action_incomplete")
        views = self.env["res.partner"].get_views([(action.view_id.id, "list")])
        self.assertIn(
            'default_order="completeness, id"', views["views"]["list"]["arch"]
        )
        emptier = self.env["res.partner"].create(
            {"name": "Empty", "is_company": True, "account_status": "customer"}
        )
        partners, domain = self._menu("incomplete", self.seller)
        domain = [("id", "in", (self.organization | emptier).ids), *domain]
        found = partners.search(domain, order="completeness, id")
        self.assertEqual(found.ids, [emptier.id, self.organization.id])


@tagged("post_install", "-at_install")
class TestImport(CrmGestionCommon):
    """Organizations and contacts from a spreadsheet, with masters by their names."""

    COLUMNS = ("name", "is_company", "market_id", "origination_id")

    def _load(self, columns, *rows, **context):
        return (
            self.env["res.partner"]
            .with_user(self.director)
            .with_context(**context)
            .load(list(columns), [list(row) for row in rows])
        )

    def test_organizations_name_market_and_origination_by_name_or_code(self):
        result = self._load(
            self.COLUMNS,
            ("By name", "1", "Food and Beverages", "Cold Call"),
            ("By path", "1", "Industry / Food and Beverages", "Cold Call"),
            ("By code", "1", "IND-FOOD", "CALL"),
            ("By identifier", "1", "", ""),
        )

        self.assertFalse(result["messages"])
        self.assertRecordValues(
            self.env["res.partner"].browse(result["ids"]),
            [
                {
                    "name": name,
                    "is_company": True,
                    "market_id": market.id,
                    "origination_id": origination.id,
                    "account_status": "potential",
                }
                for name, market, origination in (
                    ("By name", self.market, self.cold_call),
                    ("By path", self.market, self.cold_call),
                    ("By code", self.market, self.cold_call),
                    (
                        "By identifier",
                        self.env["crm.market"],
                        self.env["crm.origination"],
                    ),
                )
            ],
        )

    def test_spanish_names_are_found_in_spanish(self):
        self.market.with_context(lang="es_ES").name = "Alimentación"

        result = self._load(
            self.COLUMNS, ("Panadería", "1", "Alimentación", ""), lang="es_ES"
        )

        self.assertFalse(result["messages"])
        partner = self.env["res.partner"].browse(result["ids"])
        self.assertEqual(partner.market_id, self.market)

    def test_unknown_market_is_told_and_nothing_is_imported(self):
        before = self.env["res.partner"].search_count([])

        result = self._load(
            self.COLUMNS,
            ("Good", "1", "IND-FOOD", "CALL"),
            ("Bad", "1", "Astrology", "CALL"),
        )

        self.assertFalse(result["ids"])
        self.assertEqual(
            [(m["type"], m["record"], m["field"]) for m in result["messages"]],
            [("error", 1, "market_id")],
        )
        self.assertEqual(self.env["res.partner"].search_count([]), before)

    def test_contacts_name_organization_and_position(self):
        result = self._load(
            ("name", "parent_id", "cargo_id", "email"),
            ("Pedro Sanz", "Aceites del Sur", "Purchasing Manager", "p@a.example"),
            ("Rosa Gil", "Aceites del Sur", "PM", "r@a.example"),
        )

        self.assertFalse(result["messages"])
        self.assertRecordValues(
            self.env["res.partner"].browse(result["ids"]),
            [
                {
                    "name": name,
                    "parent_id": self.organization.id,
                    "cargo_id": self.env.ref("crm_gestion.cargo_purchasing_manager").id,
                    "market_id": self.market.id,
                    "account_status": "potential",
                    "completeness": 60,
                }
                for name in ("Pedro Sanz", "Rosa Gil")
            ],
        )

    def test_second_import_of_the_same_file_makes_nothing_new(self):
        columns = ("id", *self.COLUMNS)
        row = ("__import__.bakery", "Bakery", "1", "IND-FOOD", "CALL")
        first = self._load(columns, row)

        second = self._load(columns, row)

        self.assertEqual(second["ids"], first["ids"])


@tagged("post_install", "-at_install")
class TestPartnerListGrowth(CrmGestionCommon):
    """Ten times the partners, about the same number of queries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.organizations = cls.env["res.partner"].create(
            [
                {
                    "name": f"Organization {number}",
                    "is_company": True,
                    "user_id": cls.seller.id,
                    "child_ids": [Command.create({"name": f"Contact {number}"})],
                }
                for number in range(33)
            ]
        )
        cls.env["crm.gestion"].create(
            [
                {
                    "activity_type_id": cls.call.id,
                    "user_id": cls.seller.id,
                    "contact_id": organization.child_ids.id,
                }
                for organization in cls.organizations
            ]
        )

    def test_list_of_organizations(self):
        def read(partners):
            partners.with_user(self.seller).read([
                "complete_name", "market_id", "account_status", "gestion_count",
                "last_gestion_date", "completeness", "missing_data",
            ])  # fmt: skip

        self.assertFlatGrowth(read, self.organizations[:3], self.organizations[3:])

    def test_tab_of_gestiones(self):
        def read(partners):
            partners.with_user(self.seller).mapped("gestion_ids")

        self.assertFlatGrowth(read, self.organizations[:3], self.organizations[3:])

    def test_completeness_worked_out_again(self):
        field = self.env["res.partner"]._fields["completeness"]

        def compute(partners):
            self.env.add_to_compute(field, partners)
            partners.flush_recordset(["completeness"])

        self.assertFlatGrowth(compute, self.organizations[:3], self.organizations[3:])
