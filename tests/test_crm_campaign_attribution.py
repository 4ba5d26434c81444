from freezegun import freeze_time

from odoo.tests import tagged

from .test_crm_campaign_figure import TODAY, CampaignCommon


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestAttribution(CampaignCommon):
    """Which campaign an order is owed to, worked out by hand."""

    def _touch(self, campaign, day, partner=None, **values):
        return self._make_gestion(
            organization_id=(partner or self.mill).id,
            campaign_id=campaign.id,
            date=f"{day} 10:00:00",
            **values,
        )

    def _assert_touches(self, expected, user=None):
        """:param expected: dict campaign -> first-touch and last-touch revenue"""
        for campaign, (first, last) in expected.items():
            with self.subTest(campaign=campaign.title):
                self._assert_figures(
                    campaign,
                    user,
                    first_touch_revenue=first,
                    last_touch_revenue=last,
                )

    def test_first_and_last(self):
        """The mill hears of the fair in January, gets the mailing in February and
        orders 300 in March; the bakery orders 100 at once."""
        self._touch(self.fair, "2026-01-10")
        self._touch(self.mailing, "2026-02-10")
        self._make_order(None, self.mill, quantity=3)
        self._touch(self.mailing, "2026-02-20", self.bakery)
        self._make_order(None, self.bakery)
        self._assert_touches(
            {self.fair: (300.0, 0), self.mailing: (100.0, 400.0), self.stand: (0, 0)}
        )

    def test_every_kind_of_touch(self):
        """A member who was contacted, a gestión, an opportunity, a quotation: each one
        day after the other, each by a campaign of its own."""
        names = ("Member", "Gestion", "Lead", "Order")
        member, gestion, lead, order = (
            self._make_campaign(name, self.head) for name in names
        )
        baker = self.env["res.partner"].create(
            {"name": "Baker", "parent_id": self.bakery.id}
        )
        self.env["crm.campaign.member"].create(
            {
                "campaign_id": member.id,
                "partner_id": baker.id,
                "state": "contacted",
                "contact_date": "2026-02-01 09:00:00",
            }
        )
        self._make_order(None, self.bakery, "2026-02-01")
        self._touch(gestion, "2026-02-02", self.bakery)
        self._make_order(None, self.bakery, "2026-02-02", quantity=2)
        opportunity = self._make_lead(partner_id=baker.id, campaign_id=lead.id)
        self._make_older(opportunity, "2026-02-03 09:00:00")
        self._make_order(None, self.bakery, "2026-02-03", quantity=3)
        self._make_order(order, self.bakery, "2026-02-04", quantity=4)
        self._assert_touches(
            {
                member: (1000.0, 100.0),
                gestion: (0, 200.0),
                lead: (0, 300.0),
                order: (0, 400.0),
            }
        )

    def test_members_who_were_not_contacted_are_not_touched(self):
        self.env["crm.campaign.member"].create(
            {
                "campaign_id": self.fair.id,
                "partner_id": self.mill.id,
                "contact_date": False,
            }
        )
        self._make_order(None, self.mill)
        self._assert_touches({self.fair: (0, 0)})

    def test_after_the_order_is_too_late(self):
        """At the very moment is in time."""
        self._make_order(None, self.mill, "2026-02-01")
        self._touch(self.mailing, "2026-02-02")
        self._touch(self.fair, "2026-02-01", self.bakery)
        self._make_order(None, self.bakery, "2026-02-01")
        self._assert_touches({self.mailing: (0, 0), self.fair: (100.0, 100.0)})

    def test_window(self):
        """Thirty days: what happened before is forgotten."""
        self.env["ir.config_parameter"].set_param("crm_gestion.attribution_days", "30")
        self._touch(self.fair, "2026-01-29")
        self._touch(self.mailing, "2026-01-30")
        self._make_order(None, self.mill, "2026-03-01")
        self._assert_touches({self.fair: (0, 0), self.mailing: (100.0, 100.0)})

    def test_window_of_each_order(self):
        """Of an account with many touches and orders, each order has its own."""
        self.env["ir.config_parameter"].set_param("crm_gestion.attribution_days", "10")
        for campaign, day in (
            (self.fair, "2026-01-01"),
            (self.mailing, "2026-01-05"),
            (self.fair, "2026-01-20"),
        ):
            self._touch(campaign, day)
        for quantity, day in enumerate(
            ("2025-12-31", "2026-01-04", "2026-01-11", "2026-01-12", "2026-01-30"), 1
        ):
            self._make_order(None, self.mill, day, quantity)
        # 200 and 500 are the fair's, 400 the mailing's; 300 first the one's, last the
        # other's; before the first touch nobody's
        self._assert_touches({self.fair: (1000.0, 700.0), self.mailing: (400.0, 700.0)})

    def test_of_two_at_once_the_older_campaign(self):
        self._touch(self.mailing, "2026-02-01")
        self._touch(self.fair, "2026-02-01")
        self._make_order(None, self.mill)
        self._assert_touches({self.fair: (100.0, 100.0), self.mailing: (0, 0)})

    def test_quotations_and_cancelled_orders_are_owed_to_nobody(self):
        self._touch(self.fair, "2026-02-01")
        self._make_order(None, self.mill, day=None)
        self._make_order(None, self.mill)._action_cancel()
        self._assert_touches({self.fair: (0, 0)})

    def test_campaigns_below_roll_up(self):
        self._touch(self.stand, "2026-02-01")
        self._touch(self.fair, "2026-02-02")
        self._make_order(None, self.mill)
        self._assert_touches({self.fair: (100.0, 100.0), self.stand: (100.0, 0)})

    def test_another_company_keeps_its_own(self):
        branch = self._make_branch()
        away = self._make_campaign("Away", self.head, company_id=branch.id)
        self._touch(self.fair, "2026-02-02")
        # earlier, but by a campaign of the other company
        self._touch(away, "2026-02-01")
        self._make_order(None, self.mill)
        self._make_order(None, self.mill, company_id=branch.id)
        self._assert_touches({self.fair: (100.0, 100.0), away: (0, 0)})

    def test_nobody_learns_of_orders_that_he_may_not_read(self):
        """Anybody may log a gestión with any account and a campaign of his own: what
        the account buys from others stays theirs."""
        self._touch(self.mailing, "2026-02-01", user=self.seller)
        self._make_order(None, self.mill, user_id=self.stranger.id)
        self._make_order(None, self.mill, quantity=2, user_id=self.seller.id)
        self._make_order(self.mailing, self.mill, quantity=4, user_id=self.stranger.id)
        self._assert_touches({self.mailing: (600.0, 600.0)}, self.seller)
        self._assert_touches({self.mailing: (700.0, 700.0)}, self.director)
