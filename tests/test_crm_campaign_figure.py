from freezegun import freeze_time
from lxml import etree

from odoo.fields import Command
from odoo.tests import tagged

from .common import CrmGestionCommon

TODAY = "2026-03-02"


class CampaignCommon(CrmGestionCommon):
    """Two companies, the second one in a currency of which 4 are one of the first's::

    fair (the head's, 10,000 budgeted)
    |- stand
    mailing (the seller's)
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.currency = cls.company.currency_id
        cls.product = cls._make_product()
        cls.product.standard_price = 30.0
        cls.fair = cls._make_campaign("Fair", cls.head, budget=10000.0)
        cls.stand = cls._make_campaign("Stand", cls.head, parent_id=cls.fair.id)
        cls.mailing = cls._make_campaign("Mailing", cls.seller)
        cls.mill = cls._make_organization("Mill")
        cls.bakery = cls._make_organization("Bakery")

    @classmethod
    def _make_campaign(cls, title, user, **values):
        return cls.env["utm.campaign"].create(
            {"title": title, "user_id": user.id, **values}
        )

    @classmethod
    def _make_organization(cls, name, **values):
        return cls.env["res.partner"].create(
            {"name": name, "is_company": True, **values}
        )

    @classmethod
    def _make_currency(cls, name, rates):
        return cls.env["res.currency"].create(
            {
                "name": name,
                "symbol": name,
                "rounding": 0.01,
                "rate_ids": [
                    Command.create({"name": day, "rate": rate, "company_id": False})
                    for day, rate in rates.items()
                ],
            }
        )

    @classmethod
    def _make_branch(cls):
        """Another company of the director's, in another currency."""
        pesos = cls._make_currency("TPE", {"2026-01-01": 4.0, "2026-03-01": 5.0})
        branch = cls.env["res.company"].create(
            {"name": "Branch", "currency_id": pesos.id}
        )
        cls.director.company_ids |= branch
        return branch

    @classmethod
    def _make_order(cls, campaign, partner, day=TODAY, quantity=1, **values):
        """An order, confirmed at ten o'clock of that day; a quotation without one."""
        order = cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "campaign_id": campaign and campaign.id,
                "user_id": cls.seller.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_uom_qty": quantity,
                            "price_unit": 100.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        if day:
            with freeze_time(f"{day} 10:00:00"):
                order.action_confirm()
            cls._make_older(order, f"{day} 10:00:00")
        return order

    @classmethod
    def _make_older(cls, records, moment):
        """The transaction dates what it makes, whatever the clock of a test says."""
        cls.env.flush_all()
        cls.env.cr.execute(
            f"UPDATE {records._table} SET create_date = %s WHERE id = ANY(%s)",
            [moment, records.ids],
        )
        records.invalidate_recordset(["create_date"])

    @classmethod
    def _make_cost(cls, campaign, amount, **values):
        return cls.env["crm.campaign.cost"].create(
            {
                "campaign_id": campaign.id,
                "name": "Cost",
                "amount": amount,
                "date": TODAY,
                **values,
            }
        )

    @classmethod
    def _make_invoice(cls, campaign, move_type="out_invoice", price=100.0, **values):
        move = cls.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": cls.mill.id,
                "invoice_date": TODAY,
                "campaign_id": campaign and campaign.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "License",
                            "price_unit": price,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        move.action_post()
        return move

    def _assert_figures(self, campaign, user=None, **figures):
        self.env.flush_all()
        self.env.invalidate_all()
        campaign = campaign.with_user(user or self.director)
        self.assertEqual({name: round(campaign[name], 4) for name in figures}, figures)


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestFigures(CampaignCommon):
    """Every figure, worked out by hand."""

    def test_campaign_without_anything_divides_by_nothing(self):
        self._assert_figures(
            self.mailing,
            budget=0,
            expected_revenue=0,
            cost_total=0,
            cost_planned=0,
            won_revenue=0,
            profit=0,
            roi=0,
            margin_profit=0,
            margin_roi=0,
            goods_cost=0,
            reached_count=0,
            answer_count=0,
            gestion_count=0,
            opportunity_count=0,
            won_count=0,
            order_count=0,
            new_customer_count=0,
            invoiced=0,
            cost_per_opportunity=0,
            cost_per_customer=0,
            budget_used=0,
            first_touch_revenue=0,
            last_touch_revenue=0,
        )

    def test_profit_and_loss(self):
        """Five licenses sold: 500, which cost 30 each; 200 were spent of 10,000."""
        self._make_order(self.fair, self.mill, quantity=5)
        self._make_cost(self.fair, 150.0)
        self._make_cost(self.fair, 50.0)
        self._make_cost(self.fair, 400.0, state="planned")
        self._assert_figures(
            self.fair,
            won_revenue=500.0,
            order_count=1,
            cost_total=200.0,
            cost_planned=400.0,
            profit=300.0,
            roi=1.5,
            goods_cost=150.0,
            margin_profit=150.0,
            margin_roi=0.75,
            budget=10000.0,
            budget_used=0.02,
            new_customer_count=1,
            cost_per_customer=200.0,
        )

    def test_cost_without_sales_is_lost(self):
        self._make_cost(self.fair, 12000.0)
        self._assert_figures(
            self.fair, profit=-12000.0, roi=-1.0, budget_used=1.2, cost_per_customer=0
        )

    def test_sales_without_cost_have_no_return(self):
        self._make_order(self.fair, self.mill)
        self._assert_figures(self.fair, profit=100.0, roi=0, margin_roi=0)

    def test_quotations_and_cancelled_orders_bring_nothing(self):
        self._make_order(self.fair, self.mill, day=None)
        self._make_order(self.fair, self.mill)._action_cancel()
        self._assert_figures(
            self.fair, won_revenue=0, order_count=0, goods_cost=0, new_customer_count=0
        )

    def test_order_of_an_opportunity_of_the_campaign(self):
        """Odoo gives the order the campaign of its opportunity."""
        lead = self._make_lead(partner_id=self.mill.id, campaign_id=self.fair.id)
        action = lead.action_new_quotation()
        order = (
            self.env["sale.order"]
            .with_context(**action["context"])
            .create(
                {
                    "order_line": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ]
                }
            )
        )
        order.action_confirm()
        self._assert_figures(
            self.fair, opportunity_count=1, won_revenue=100.0, order_count=1
        )

    def test_opportunities_lost_and_won(self):
        values = {"partner_id": self.mill.id, "campaign_id": self.fair.id}
        self._make_lead(**values)
        won = self._make_lead(**values)
        won.write({"stage_id": self.sales_order.id, "probability": 100})
        lost = self._make_lead(**values)
        lost.write({"active": False, "probability": 0})
        self._make_lead(**values, type="lead")
        self._make_cost(self.fair, 60.0)
        self._assert_figures(
            self.fair, opportunity_count=3, won_count=1, cost_per_opportunity=20.0
        )

    def test_gestiones(self):
        self._make_gestion(organization_id=self.mill.id, campaign_id=self.fair.id)
        self._make_gestion(organization_id=self.mill.id)
        self._assert_figures(self.fair, gestion_count=1)

    def test_members_reached(self):
        """Whom it is meant for is not reached yet; who answered is."""
        Member = self.env["crm.campaign.member"]
        people = [self._make_organization(str(number)) for number in range(4)]
        for partner, state in zip(
            people, ("planned", "contacted", "answered", "opted_out"), strict=True
        ):
            Member.create(
                {
                    "campaign_id": self.fair.id,
                    "partner_id": partner.id,
                    "state": state,
                }
            )
        Member.create(
            {
                "campaign_id": self.stand.id,
                "partner_id": people[2].id,
                "state": "answered",
            }
        )
        self._assert_figures(self.fair, reached_count=3, answer_count=1)
        self._assert_figures(self.stand, reached_count=1, answer_count=1)

    def test_invoiced_less_credit_notes(self):
        """Vendor bills of the campaign, drafts and other campaigns are none of it."""
        self._make_invoice(self.fair, price=500.0)
        self._make_invoice(self.fair, "out_refund", price=120.0)
        self._make_invoice(self.fair, "in_invoice", price=70.0)
        self._make_invoice(self.mailing, price=33.0)
        self._make_invoice(self.fair, price=11.0).button_draft()
        self._assert_figures(self.fair, invoiced=380.0)

    def test_rewards_have_no_cost(self):
        order = self._make_order(self.fair, self.mill, day=None)
        program = self.env["loyalty.program"].create(
            {
                "name": "Ten off",
                "program_type": "promotion",
                "trigger": "auto",
                "rule_ids": [Command.create({"minimum_qty": 0})],
                "reward_ids": [
                    Command.create({"reward_type": "discount", "discount": 10})
                ],
            }
        )
        discount = program.reward_ids.discount_line_product_id
        discount.standard_price = 7.0
        order._update_programs_and_rewards()
        claimable = order._get_claimable_rewards()
        coupon = next(
            coupon
            for coupon, rewards in claimable.items()
            if program.reward_ids in rewards
        )
        order._apply_program_reward(program.reward_ids, coupon)
        order.action_confirm()
        self.assertEqual(len(order.order_line), 2)
        self._assert_figures(self.fair, won_revenue=90.0, goods_cost=30.0)

    def test_what_a_promotion_gives_away_has_its_cost(self):
        """One license is paid, another one is free: both cost 30."""
        order = self._make_order(self.fair, self.mill, day=None)
        program = self.env["loyalty.program"].create(
            {
                "name": "One for free",
                "program_type": "promotion",
                "trigger": "auto",
                "rule_ids": [Command.create({"minimum_qty": 0})],
                "reward_ids": [
                    Command.create(
                        {
                            "reward_type": "product",
                            "reward_product_id": self.product.id,
                        }
                    )
                ],
            }
        )
        order._update_programs_and_rewards()
        coupon = next(
            coupon
            for coupon, rewards in order._get_claimable_rewards().items()
            if program.reward_ids in rewards
        )
        order._apply_program_reward(program.reward_ids, coupon)
        order.action_confirm()
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [1, 1])
        self._assert_figures(self.fair, won_revenue=100.0, goods_cost=60.0)

    def test_units_other_than_the_products(self):
        """A dozen licenses cost twelve times one."""
        order = self._make_order(self.fair, self.mill, day=None)
        order.order_line.write(
            {"product_uom_id": self.env.ref("uom.product_uom_dozen").id}
        )
        order.action_confirm()
        self._assert_figures(self.fair, goods_cost=360.0)

    def test_new_customers(self):
        """The mill had ordered before, the bakery had not; each counts once, and a
        contact is of its organization."""
        baker = self.env["res.partner"].create(
            {"name": "Baker", "parent_id": self.bakery.id}
        )
        self._make_order(None, self.mill, "2026-01-05")
        self._make_order(self.fair, self.mill, "2026-02-05")
        self._make_order(self.stand, baker, "2026-02-06")
        self._make_order(self.fair, self.bakery, "2026-02-07")
        self._assert_figures(self.fair, new_customer_count=1)
        self._assert_figures(self.stand, new_customer_count=1)
        self._assert_figures(self.mailing, new_customer_count=0)


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestTree(CampaignCommon):
    """What is below counts for what is above, once."""

    def test_campaigns_below_roll_up(self):
        corner = self._make_campaign("Corner", self.head, parent_id=self.stand.id)
        corner.active = False
        for campaign in (self.fair, self.stand, corner):
            self._make_order(campaign, self.mill)
            self._make_cost(campaign, 10.0)
            self._make_lead(partner_id=self.mill.id, campaign_id=campaign.id)
            self._make_gestion(organization_id=self.mill.id, campaign_id=campaign.id)
        figures = ("won_revenue", "cost_total", "opportunity_count", "gestion_count")
        for campaign, times in ((self.fair, 3), (self.stand, 2), (corner, 1)):
            values = (100.0 * times, 10.0 * times, times, times)
            self._assert_figures(
                campaign, **dict(zip(figures, values, strict=True)), roi=9.0
            )

    def test_tree_is_one_query(self):
        campaigns = self.fair | self.stand | self.mailing
        campaigns.flush_recordset()
        with self.assertQueryCount(1):
            tree = campaigns._crm_tree()
        self.assertEqual(
            tree,
            {
                self.fair: [self.fair.id, self.stand.id],
                self.stand: [self.stand.id],
                self.mailing: [self.mailing.id],
            },
        )

    def test_growth_of_the_list(self):
        """Thirty campaigns cost no more queries than three."""
        campaigns = self.env["utm.campaign"].create(
            [
                {"title": f"C{number}", "budget": 5.0, "user_id": self.head.id}
                for number in range(33)
            ]
        )
        for campaign in campaigns:
            self._make_cost(campaign, 1.0)
        names = [
            "budget", "cost_total", "won_revenue", "profit", "roi", "reached_count",
            "gestion_count", "opportunity_count", "won_count", "invoiced",
            "new_customer_count", "margin_roi", "first_touch_revenue",
        ]  # fmt: skip

        def read(campaigns):
            campaigns.with_user(self.director).read(names)

        self.assertFlatGrowth(read, campaigns[:3], campaigns[3:])

    def _asked(self, user, names):
        """:return: queries of figures that a user's list of campaigns takes"""
        asked = set()
        figure = type(self.env["crm.campaign.figure"])
        original = figure._of

        def _of(model, campaigns, query):
            if campaigns:
                asked.add(query)
            return original(model, campaigns, query)

        self.patch(figure, "_of", _of)
        self.env.invalidate_all()
        campaigns = (self.fair | self.stand | self.mailing).with_user(user)
        campaigns.web_read({name: {} for name in names})
        return asked

    def test_list_reads_only_what_is_cheap(self):
        """The web client reads hidden columns as well."""
        arch = self.env["utm.campaign"].get_view(view_type="list")["arch"]
        names = [node.get("name") for node in etree.fromstring(arch).iter("field")]
        counts = {"members", "gestiones", "opportunities"}
        self.assertEqual(
            self._asked(self.director, names), counts | {"orders", "costs"}
        )

    def test_money_that_nobody_is_told_is_not_worked_out(self):
        names = ["opportunity_count", "won_revenue", "profit", "margin_roi", "invoiced"]
        self.assertEqual(self._asked(self.stranger, names), {"opportunities"})


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestCompanies(CampaignCommon):
    """Companies are kept apart, and money is in the currency of each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls._make_branch()
        cls.all = [cls.company.id, cls.branch.id]

    def _both(self, campaign):
        return campaign.with_user(self.director).with_context(
            allowed_company_ids=self.all
        )

    def _make_both(self, campaign):
        """One order in each company: 100, and 100 pesos."""
        self._make_order(campaign, self.mill)
        away = self._make_order(campaign, self.mill, company_id=self.branch.id)
        self.assertEqual(away.currency_id, self.branch.currency_id)

    def test_documents_of_another_company_do_not_count(self):
        self._make_both(self.fair)
        self._make_lead(
            self.director,
            campaign_id=self.fair.id,
            company_id=self.branch.id,
            team_id=False,
        )
        fair = self._both(self.fair)
        self.assertEqual(
            (fair.won_revenue, fair.order_count, fair.opportunity_count), (100.0, 1, 0)
        )
        self.assertEqual(fair.new_customer_count, 1)

    def test_figures_are_for_its_company(self):
        """Whoever reads campaigns of another one, as Odoo lets him, is told nothing of
        what they brought."""
        away = self._make_campaign(
            "Away", self.director, company_id=self.branch.id, budget=5.0
        )
        values = {"campaign_id": away.id, "company_id": self.branch.id}
        self._make_lead(self.director, team_id=False, **values)
        self._make_gestion(self.director, organization_id=self.mill.id, **values)
        self._make_order(away, self.mill, company_id=self.branch.id)
        names = (
            "opportunity_count", "gestion_count", "reached_count", "order_count",
            "new_customer_count", "won_revenue",
        )  # fmt: skip
        here = self._both(away).with_context(allowed_company_ids=self.company.ids)
        for reader, figures in (
            (away.with_user(self.seller), [0, 0, 0, 0, 0, 0]),
            (here, [0, 0, 0, 0, 0, 0]),
            (self._both(away), [1, 1, 1, 1, 1, 100.0]),
        ):
            self.env.invalidate_all()
            self.assertEqual([reader[name] for name in names], figures)

    def test_campaign_of_no_company_is_in_the_readers_currency(self):
        """100, and 100 pesos at 5 for one: 20 more. Their costs as well."""
        self.fair.parent_id = False
        self.stand.parent_id = False
        self.fair.company_id = False
        self._make_both(self.fair)
        self._make_cost(self.fair, 10.0)
        self.env["crm.campaign.cost"].with_company(self.branch).create(
            {
                "campaign_id": self.fair.id,
                "name": "In pesos, at the rate of February",
                "date": "2026-02-10",
                "amount": 40.0,
            }
        )
        fair = self._both(self.fair)
        self.assertEqual(fair.won_revenue, 120.0)
        self.assertEqual(fair.cost_total, 20.0)
        self.assertEqual(fair.roi, 5.0)
        self.assertEqual(fair.order_count, 2)
        alone = fair.with_context(allowed_company_ids=self.company.ids)
        self.assertEqual((alone.won_revenue, alone.cost_total), (100.0, 10.0))

    def test_the_rate_changes_at_midnight_of_the_company(self):
        """100 pesos of 28 February in UTC, 1 March in Auckland: at 5, as the report of
        campaigns has them."""
        self.stand.parent_id = False
        self.stand.company_id = False
        self.branch.resource_calendar_id.tz = "Pacific/Auckland"
        order = self._make_order(self.stand, self.mill, company_id=self.branch.id)
        self._make_older(order, "2026-02-28 20:00:00")
        order.date_order = "2026-02-28 20:00:00"
        self.product.with_company(self.branch).standard_price = 40.0
        self.env.flush_all()
        stand = self._both(self.stand)
        self.assertEqual((stand.won_revenue, stand.goods_cost), (20.0, 8.0))
        self.assertEqual(
            (stand.first_touch_revenue, stand.last_touch_revenue), (20.0, 20.0)
        )
        rows = self.env["crm.campaign.report"].with_env(stand.env)
        rows = rows.search([("campaign_id", "=", stand.id)])
        self.assertEqual(sum(rows.mapped("revenue")), 20.0)

    def test_order_in_another_currency_at_its_own_rate(self):
        """300 of a currency of which 3 were one on the day of the order."""
        other = self._make_currency("TOT", {"2026-01-01": 3.0, "2026-03-02": 6.0})
        pricelist = self.env["product.pricelist"].create(
            {"name": "Other", "currency_id": other.id}
        )
        self._make_order(
            self.fair, self.mill, "2026-02-01", quantity=3, pricelist_id=pricelist.id
        )
        self._assert_figures(self.fair, won_revenue=100.0, goods_cost=90.0)

    def test_director_of_another_company_sees_no_money(self):
        self._make_order(self.fair, self.mill)
        foreign = self._make_user(
            "foreign",
            "crm_gestion.group_sales_director",
            company_id=self.branch.id,
            company_ids=[Command.set(self.branch.ids)],
        )
        self.assertFalse(self.fair.with_user(foreign).crm_may_see_money)
        self.assertEqual(self.fair.with_user(foreign).won_revenue, 0)
        self.assertEqual(self.fair.with_user(foreign).budget, 0)

    def test_responsible_of_another_company_sees_no_money(self):
        """Who names a company that is not his as that of his own campaign."""
        mine = (
            self.env["utm.campaign"]
            .with_user(self.seller)
            .create({"title": "Mine", "company_id": self.branch.id})
        )
        self.assertFalse(mine.crm_may_see_money)
