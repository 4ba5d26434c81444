from odoo.fields import Command
from odoo.tests import tagged

from .common import BrowserCommon


@tagged("post_install", "-at_install")
class TestCampaignTour(BrowserCommon):
    """The director plans a campaign, spends more than she wanted, and sees that it
    paid."""

    def test_plan_a_campaign_and_see_its_return(self):
        self.director.lang = "es_ES"
        self.start_tour(
            "/odoo/campaigns",
            "crm_gestion_money_plan",
            login=self.director.login,
            timeout=240,
        )
        campaign = self.env["utm.campaign"].search(
            [("title", "=", "Feria de primavera")]
        )
        self.assertEqual(campaign.user_id, self.director)
        self.assertRecordValues(
            self.env["crm.campaign.budget"].search([("campaign_id", "=", campaign.id)]),
            [{"budget": 1000.0, "expected_revenue": 5000.0}],
        )
        self.assertEqual(campaign.cost_ids.mapped("amount_company"), [1200.0])
        order = self.env["sale.order"].create(
            {
                "partner_id": self.env["res.partner"].create({"name": "Mill"}).id,
                "campaign_id": campaign.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self._make_product().id,
                            "price_unit": 3000.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        self.start_tour(
            "/odoo/campaigns",
            "crm_gestion_money_result",
            login=self.director.login,
            timeout=240,
        )
