from datetime import date

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.reports import crm_paper

from .test_crm_paper import PaperCommon

LONG = "A long talk about prices, terms and the people who decide. " * 12


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAccountFileReport(PaperCommon):
    """The file of an account, as its seller, a head and others read it."""

    REPORT = "crm_account_file_report"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls._make_product()
        cls.boss = cls.env["res.partner"].create(
            {"name": "Ana Gil", "is_company": False, "email": "ana@gil.example"}
        )
        cls.gone = cls.boss.copy({"name": "Blas Ruiz", "email": False})
        cls.env["crm.affiliation"].create(
            [
                {
                    "contact_id": cls.boss.id,
                    "organization_id": cls.organization.id,
                    "cargo_id": cls.env.ref("crm_gestion.cargo_general_manager").id,
                    "date_from": "2025-01-15",
                },
                {
                    "contact_id": cls.gone.id,
                    "organization_id": cls.organization.id,
                    "date_from": "2020-01-15",
                    "date_to": "2024-06-30",
                },
            ]
        )
        cls.lead = cls._make_lead(
            partner_id=cls.contact.id,
            stage_id=cls.present_products.id,
            expected_revenue=1500.0,
            date_deadline="2026-04-30",
        )
        cls.theirs = cls._make_lead(
            cls.stranger, partner_id=cls.contact.id, name="Of the south"
        )
        cls.order, cls.quotation = cls.env["sale.order"].create(
            [
                {
                    "partner_id": cls.organization.id,
                    "user_id": cls.seller.id,
                    "order_line": [
                        (0, 0, {"product_id": cls.product.id, "product_uom_qty": n})
                    ],
                }
                for n in (3, 4)
            ]
        )
        cls.order.action_confirm()
        cls.gestion = cls._make_gestion(
            organization_id=cls.organization.id,
            contact_id=cls.contact.id,
            date="2026-03-01 23:30:00",
            description=LONG,
        )
        cls.old = cls._make_gestion(
            organization_id=cls.organization.id,
            name="Talk of long ago",
            date="2025-03-01 10:00:00",
        )

    def test_file_of_an_account(self):
        text = self._text(self.organization, self.seller)
        self.assertInOrder(
            [
                "Account File: Aceites del Sur", "Status", "Customer",
                "Industry / Food", "Cold Call", "File Completeness", "Contacts",
                "Ana Gil", "General Manager", "01/15/2025",
                "Lucía Ferrer", "Purchasing Manager", "+34 924 000 001",
                "Blas Ruiz", "01/15/2020", "06/30/2024",
                "Open Opportunities", "Of the south", "Stranger", "1,000.00",
                "Sale of software", "Seller", "04/30/2026", "1,500.00", "Total",
                "2,500.00",
                "From 03/03/2025 to 03/02/2026",
                "Quotations and Orders", "Reference", "400.00", "300.00",
                "Confirmed orders", "300.00", "History", "3/1/26, 11:30",
            ],
            text,
        )  # fmt: skip
        self.assertNotIn("Talk of long ago", text)

    def test_file_in_spanish(self):
        self.seller.lang = "es_ES"
        text = self._text(self.organization, self.seller)
        self.assertInOrder(
            ["Aceites del Sur", "15/01/2025", "30/04/2026", "1.500,00"], text
        )

    def test_figures(self):
        paper = self._values(self.organization, self.seller)[self.organization]
        currency = self.env.company.currency_id
        self.assertEqual(paper["date_from"], date(2025, 3, 3))
        self.assertEqual(paper["date_to"], date(2026, 3, 2))
        self.assertEqual(paper["leads"], self.theirs + self.lead)
        self.assertEqual(paper["leads_totals"], [(currency, 2500.0)])
        self.assertEqual(paper["orders"], self.quotation + self.order)
        self.assertEqual(paper["orders_totals"], [(currency, 300.0)])
        names = [row["partner"].name for row in paper["people"]]
        self.assertEqual(names, ["Ana Gil", "Lucía Ferrer", "Blas Ruiz"])

    def test_file_of_a_person(self):
        paper = self._values(self.contact + self.boss, self.seller)
        of_contact, of_boss = paper[self.contact], paper[self.boss]
        for one in (of_contact, of_boss):
            self.assertEqual(one["people"][0]["partner"], self.organization)
            self.assertEqual(len(one["people"]), 1)
        self.assertEqual(of_contact["leads"], self.theirs + self.lead)
        self.assertFalse(of_boss["leads"])
        self.assertIn(
            self.gestion.id,
            of_contact["events"]
            .filtered(lambda e: e.kind == "gestion")
            .mapped("res_id"),
        )
        self.assertIn("Lucía Ferrer", self._text(self.contact, self.seller))

    def test_nothing_of_others(self):
        """A stranger reads the card of the organization, and his own work."""
        text = self._text(self.organization, self.stranger)
        self.assertIn("Lucía Ferrer", text)
        self.assertIn("Of the south", text)
        for part in ("Sale of software", "1,500.00", "300.00", self.order.name):
            self.assertNotIn(part, text)
        self.assertNotIn(self.gestion.name, text)

    def test_period_of_the_dialog(self):
        dialog = (
            self.env["crm.account.file"]
            .with_user(self.seller)
            .with_context(active_model="res.partner", active_ids=self.organization.ids)
            .create({"date_from": "2025-02-01", "date_to": "2025-03-31"})
        )
        action = dialog.action_print()
        self.assertEqual(action["context"]["active_ids"], self.organization.ids)
        report = self.env[f"report.crm_gestion.{self.REPORT}"].with_user(self.seller)
        values = report.with_context(**action["context"])._get_report_values(
            None, action["data"]
        )
        paper = values["papers"][self.organization]
        self.assertEqual(paper["events"].mapped("summary"), [paper["events"].summary])
        self.assertIn("Talk of long ago", paper["events"].summary)
        self.assertFalse(paper["orders"])

    def test_dialog_begins_with_a_year(self):
        dialog = self.env["crm.account.file"].with_user(self.seller).new()
        self.assertEqual(dialog.date_from, date(2025, 3, 3))
        self.assertEqual(dialog.date_to, date(2026, 3, 2))

    @mute_logger("odoo.sql_db")
    def test_period_that_ends_before_it_begins(self):
        with self.assertRaises(CheckViolation):
            self.env["crm.account.file"].with_user(self.seller).create(
                {
                    "partner_ids": self.organization.ids,
                    "date_from": "2026-02-01",
                    "date_to": "2026-01-01",
                }
            )

    def test_nonsense_from_a_client(self):
        data = {"date_from": "yesterday", "date_to": ["1"]}
        paper = self._values(self.organization, self.seller, data)
        self.assertEqual(paper[self.organization]["date_from"], date(2025, 3, 3))

    def test_many_rows(self):
        self.env["crm.gestion"].create(
            [
                {
                    "activity_type_id": self.call.id,
                    "user_id": self.seller.id,
                    "organization_id": self.organization.id,
                    "result_id": self.interest.id,
                    "date": fields.Datetime.subtract(self.gestion.date, hours=n),
                    "description": LONG if n % 10 == 0 else "Short",
                }
                for n in range(1, 306)
            ]
        )
        self.organization.invalidate_recordset()
        pages = self._pages(self.organization, self.head)
        self.assertLong(pages, "Date Kind Who What")

    def test_rows_are_bounded(self):
        text = self._html(self.organization, self.seller)[0].decode()
        self.assertNotIn("more rows", text)
        self.patch(crm_paper, "ROWS", 1)
        text = self._html(self.organization, self.seller)[0].decode()
        self.assertIn("more rows are listed in Odoo", text)

    def test_many_at_once(self):
        organizations = self.env["res.partner"].create(
            [
                {"name": f"Number {n}", "is_company": True, "user_id": self.seller.id}
                for n in range(30)
            ]
        )
        for organization in organizations:
            lead = self._make_lead(partner_id=organization.id)
            lead.activity_schedule(
                date_deadline=date(2026, 3, 9), user_id=self.seller.id
            )
            self._make_gestion(organization_id=organization.id)
            self.env["res.partner"].create(
                {"name": "Somebody", "parent_id": organization.id}
            )
        self.assertFlatGrowth(
            lambda docs: self._html(docs, self.seller),
            organizations[:3],
            organizations,
        )

    def test_nothing_is_written(self):
        with self._reading_only():
            self.assertTrue(self._html(self.organization, self.seller))

    def test_who_is_of_another_company_is_not_on_the_paper(self):
        """And does not keep the rest from being printed."""
        elsewhere = self._other_company()
        referrer = self.boss.copy({"name": "Olga Paz"})
        self.organization.referred_by_id = referrer
        person = self.contact.copy({"name": "Iker Sanz"})
        person.parent_id = self.organization.copy({"name": "Secret Holding"})
        self.env.flush_all()
        (referrer | person.parent_id).write({"company_id": elsewhere.id})
        person.company_id = False
        self.assertNotIn("Olga", self._text(self.organization, self.seller))
        text = self._text(person, self.seller)
        self.assertIn("Account File: Iker Sanz", text)
        self.assertNotIn("Organizations", text)

    def test_dialogs_are_who_opened_them_s(self):
        dialog = self.env["crm.account.file"].with_user(self.seller)
        dialog = dialog.create({"partner_ids": self.organization.ids})
        self.assertEqual(dialog.partner_ids, self.organization)
        with self.assertRaises(AccessError):
            dialog.with_user(self.colleague).read(["partner_ids"])
