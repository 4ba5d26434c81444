from datetime import date

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_crm_paper import PaperCommon

LONG = "They asked about deadlines, guarantees and who signs. " * 12


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestOpportunityDossierReport(PaperCommon):
    """What an opportunity went through: four days in the first stage, two in the
    second, a pause, and a quotation."""

    REPORT = "crm_opportunity_dossier_report"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls._make_product()
        with freeze_time("2026-02-10 10:00:00"):
            cls.lead = cls._make_lead(
                partner_id=cls.contact.id,
                stage_id=cls.generate_interest.id,
                date_deadline="2026-03-31",
            )
        with freeze_time("2026-02-14 10:00:00"):
            cls.lead.stage_id = cls.present_products
            cls.env.flush_all()
        with freeze_time("2026-02-16 10:00:00"):
            cls.lead.date_deadline = "2026-04-30"
            cls.lead.line_ids = [
                (0, 0, {"product_id": cls.product.id, "quantity": 12}),
                (0, 0, {"product_id": cls.product.id, "discount": 10.0}),
            ]
            cls.env["crm.opportunity.closure"]._close(
                cls.lead,
                "standby",
                wake_date=date(2026, 6, 1),
                note="Budget comes in June",
            )
            cls.env.flush_all()
        with freeze_time("2026-02-20 10:00:00"):
            cls.lead.with_user(cls.seller).action_crm_resume()
            cls.env.flush_all()
        cls.gestion = cls._make_gestion(
            lead_id=cls.lead.id, date="2026-02-21 09:15:00", description=LONG
        )
        cls.quotation = cls.env["sale.order"].create(
            {
                "partner_id": cls.contact.id,
                "opportunity_id": cls.lead.id,
                "user_id": cls.seller.id,
                "order_line": [
                    (0, 0, {"product_id": cls.product.id, "product_uom_qty": 7})
                ],
            }
        )

    def test_dossier(self):
        text = self._text(self.lead, self.seller)
        self.assertInOrder(
            [
                "Opportunity: Sale of software", "Aceites del Sur", "Lucía Ferrer",
                "lucia@aceites.example", "+34 924 000 001", "Seller", "North",
                "1,290.00", "04/30/2026", "Industry / Food",
                "Stages", "Interest", "02/10/2026", "02/14/2026", "4.0",
                "02/14/2026", "02/16/2026", "2.0",
                "Lines", "License", "12.00", "100.00", "1,200.00",
                "10.00", "90.00", "Total", "1,290.00",
                "Quotations and Orders", self.quotation.name, "Quotation",
                "Closures", "Standby", "06/01/2026", "Budget comes in June",
                "02/20/2026",
                "Forecast Changes", "03/31/2026", "04/30/2026",
                "Gestiones", "2/21/26", "guarantees and who signs",
            ],
            text,
        )  # fmt: skip

    def test_dossier_in_spanish(self):
        self.head.lang = "es_ES"
        text = self._text(self.lead, self.head)
        self.assertInOrder(
            ["Sale of software", "1.290,00", "30/04/2026", "10/02/2026", "4,0"], text
        )

    def test_figures(self):
        paper = self._values(self.lead, self.seller)[self.lead]
        currency = self.env.company.currency_id
        days = [round(row["days"], 2) for row in paper["stages"]]
        self.assertEqual(days, [4.0, 2.0, 10.0])
        self.assertEqual([row["share"] for row in paper["stages"]], [40, 20, 100])
        self.assertEqual(paper["lines_totals"], [(currency, 1290.0)])
        self.assertEqual(paper["orders"], self.quotation)
        self.assertEqual(paper["orders_totals"], [])
        self.quotation.action_confirm()
        paper = self._values(self.lead, self.seller)[self.lead]
        self.assertEqual(paper["orders_totals"], [(currency, 700.0)])

    def test_time_zone_of_the_reader(self):
        self.seller.tz = "America/Argentina/Buenos_Aires"
        self.assertIn(" 6:15", self._text(self.lead, self.seller))

    def test_refused(self):
        for user in (self.stranger, self.south_head):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._values(self.lead, user)

    def test_many_rows(self):
        self.env["crm.gestion"].create(
            [
                {
                    "activity_type_id": self.call.id,
                    "user_id": self.seller.id,
                    "lead_id": self.lead.id,
                    "result_id": self.interest.id,
                    "date": fields.Datetime.subtract(self.gestion.date, hours=n),
                    "description": LONG if n % 10 == 0 else "Short",
                }
                for n in range(1, 300)
            ]
        )
        pages = self._pages(self.lead, self.director)
        self.assertLong(pages, "Type Made by With Result")
        self.assertEqual(" ".join(pages).count("Short"), 270)

    def test_many_at_once(self):
        leads = self.env["crm.lead"]
        for number in range(30):
            lead = self._make_lead(partner_id=self.contact.id, name=f"Number {number}")
            lead.line_ids = [(0, 0, {"product_id": self.product.id})]
            self._make_gestion(lead_id=lead.id)
            lead.activity_schedule(
                date_deadline=date(2026, 3, 9), user_id=self.seller.id
            )
            leads += lead
        self.assertFlatGrowth(
            lambda docs: self._html(docs, self.seller), leads[:3], leads
        )

    def test_pages_of_several(self):
        """Each begins on a page of its own."""
        other = self._make_lead(partner_id=self.contact.id, name="The other one")
        pages = self._pages(self.lead + other, self.seller)
        self.assertIn("Opportunity: The other one", pages[-1])
        self.assertNotIn("Opportunity: Sale of software", pages[-1])

    def test_nothing_is_written(self):
        with self._reading_only():
            self.assertTrue(self._html(self.lead, self.seller))

    def test_who_is_of_another_company_is_not_on_the_paper(self):
        self.lead.write({"contact_name": False, "partner_name": False})
        self.gestion.contact_id = self.contact
        self.env.flush_all()
        partners = self.contact | self.organization
        partners.write({"company_id": self._other_company().id})
        text = self._text(self.lead, self.seller)
        self.assertIn("Opportunity: Sale of software", text)
        self.assertIn("Budget comes in June", text)
        self.assertIn("2/21/26", text)
        self.assertNotIn("Aceites del Sur", text)
        self.assertNotIn("Ferrer", text)
