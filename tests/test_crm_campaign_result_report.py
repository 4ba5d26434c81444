from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.crm_gestion.tools.mailing import COUNTS

from .test_crm_paper import PaperCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCampaignResultReport(PaperCommon):
    """A fair that cost 200 and brought one order of 500, and an e-mailing below it
    with one opportunity of a stranger."""

    REPORT = "crm_campaign_result_report"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls._make_product()
        cls.campaign = cls.env["utm.campaign"].create(
            {
                "title": "Spring Fair",
                "campaign_type": "event",
                "user_id": cls.head.id,
                "company_id": cls.env.company.id,
                "date_from": "2026-02-01",
                "date_to": "2026-02-28",
                "budget": 250.0,
            }
        )
        cls.below = cls.env["utm.campaign"].create(
            {
                "title": "Invitations",
                "parent_id": cls.campaign.id,
                "company_id": cls.env.company.id,
                "user_id": cls.head.id,
            }
        )
        cls.env["crm.campaign.cost"].create(
            {
                "campaign_id": cls.campaign.id,
                "name": "Stand",
                "date": "2026-02-10",
                "amount": 200.0,
            }
        )
        cls.env["crm.campaign.member"].create(
            [
                {"campaign_id": cls.campaign.id, "partner_id": partner.id}
                for partner in (cls.contact, cls.organization)
            ]
        )
        cls.lead = cls._make_lead(
            partner_id=cls.contact.id,
            campaign_id=cls.campaign.id,
            stage_id=cls.present_products.id,
        )
        cls.theirs = cls._make_lead(
            cls.stranger,
            campaign_id=cls.below.id,
            stage_id=cls.generate_interest.id,
            expected_revenue=640.0,
        )
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.organization.id,
                "user_id": cls.seller.id,
                "campaign_id": cls.campaign.id,
                "order_line": [
                    (0, 0, {"product_id": cls.product.id, "product_uom_qty": 5})
                ],
            }
        )
        cls.order.action_confirm()

    def test_document(self):
        text = self._text(self.campaign, self.director)
        self.assertInOrder(
            [
                "Campaign Result: Spring Fair", "Event or Fair", "Head", "02/01/2026",
                "02/28/2026", "Opportunities", "2", "Money", "Budget", "250.00",
                "Revenue", "500.00", "Cost", "200.00", "Profit", "300.00", "ROI",
                "150.0 %", "Members by State", "Opportunities by Stage",
                "640.00", "1,000.00", "Orders by Status", "500.00",
                "Sub-campaigns", "Invitations", "1", "0.00",
            ],
            text,
        )  # fmt: skip
        self.assertNotIn("as far as you may", text)

    def test_document_in_spanish(self):
        self.director.lang = "es_ES"
        text = self._text(self.campaign, self.director)
        self.assertInOrder(
            ["Spring Fair", "01/02/2026", "500,00", "150,0 %", "1.000,00"], text
        )

    def test_responsible_sees_the_money(self):
        self.assertTrue(self._values(self.campaign, self.head)[self.campaign]["money"])
        self.assertIn("150.0 %", self._text(self.campaign, self.head))

    def test_no_money_for_others(self):
        text = self._text(self.campaign, self.seller)
        for part in (
            "Spring Fair", "Opportunities by Stage", "Orders by Status", "Invitations",
            "Opportunities and orders are listed as far as you may open them.",
        ):  # fmt: skip
            self.assertIn(part, text)
        for part in (
            "Money", "Profit", "250.00", "500.00", "200.00", "1,000.00", "640.00", "%",
        ):  # fmt: skip
            self.assertNotIn(part, text)

    def test_figures(self):
        paper = self._values(self.campaign + self.below, self.director)
        top, below = paper[self.campaign], paper[self.below]
        self.assertEqual(
            [(row["stage"], row["count"], row["amount"]) for row in top["leads"]],
            [(self.generate_interest, 1, 640.0), (self.present_products, 1, 1000.0)],
        )
        self.assertEqual(
            [(row["stage"], row["count"]) for row in below["leads"]],
            [(self.generate_interest, 1)],
        )
        self.assertEqual(
            [(row["label"], row["count"], row["amount"]) for row in top["orders"]],
            [("Sales Order", 1, 500.0)],
        )
        self.assertEqual(sum(row["count"] for row in top["members"]), 2)
        self.assertEqual(top["below"], self.below)
        self.assertFalse(below["below"])
        self.assertFalse(below["orders"])

    def test_records_of_others_are_not_counted(self):
        paper = self._values(self.campaign, self.seller)[self.campaign]
        stages = [row["stage"] for row in paper["leads"]]
        self.assertEqual(stages, [self.present_products])

    def test_documents_of_another_company_are_not_listed(self):
        """As in the figures above the tables."""
        other = self.env["res.company"].create({"name": "Another"})
        self.env.user.company_ids |= other
        self.director.company_ids |= other
        self._make_lead(
            self.director,
            campaign_id=self.campaign.id,
            company_id=other.id,
            team_id=False,
            expected_revenue=9.0,
        )
        order = self.order.with_context(allowed_company_ids=other.ids).copy(
            {"company_id": other.id, "campaign_id": self.campaign.id}
        )
        order.state = "sale"
        paper = self._values(self.campaign, self.director)[self.campaign]
        count = self.campaign.with_user(self.director).opportunity_count
        self.assertEqual((paper["leads_count"], count), (2, 2))
        self.assertEqual(
            [(row["label"], row["count"], row["amount"]) for row in paper["orders"]],
            [("Sales Order", 1, 500.0)],
        )

    def test_emails(self):
        self.assertFalse(
            self._values(self.campaign, self.director)[self.campaign]["has_email"]
        )
        self.env["crm.mailing.metric"].create(
            {
                "campaign_id": self.below.id,
                "provider": "file",
                "external_ref": "spring",
                "name": "Spring",
                "date": "2026-02-05",
                "sent_date": "2026-02-05",
                **dict.fromkeys(COUNTS, 0),
                "sent": 60,
                "delivered": 50,
                "opens_unique": 20,
                "opens": 20,
                "clicks_unique": 10,
                "clicks": 10,
            }
        )
        text = self._text(self.campaign, self.seller)
        self.assertInOrder(
            ["E-mails", "60", "50", "20", "10", "40.0 %", "20.0 %"], text
        )

    def test_many_at_once(self):
        campaigns = self.env["utm.campaign"].create(
            [{"title": f"Number {n}", "user_id": self.director.id} for n in range(30)]
        )
        for campaign in campaigns:
            self._make_lead(campaign_id=campaign.id)
        self.assertFlatGrowth(
            lambda docs: self._html(docs, self.director), campaigns[:3], campaigns
        )

    def test_nothing_is_written(self):
        with self._reading_only():
            self.assertTrue(self._html(self.campaign, self.director))

    def test_segment_of_another_company_is_not_on_the_paper(self):
        self.campaign.segment_id = self.env["crm.segment"].create(
            {"name": "Secret choice"}
        )
        self.assertIn("Secret choice", self._text(self.campaign, self.seller))
        self.campaign.segment_id.company_id = self._other_company()
        text = self._text(self.campaign, self.seller)
        self.assertIn("Spring Fair", text)
        self.assertNotIn("Secret choice", text)
