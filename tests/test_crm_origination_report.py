from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .common import CrmGestionCommon


class ReportCommon(CrmGestionCommon):
    """In 2026, of the originations cold call and fair::

    seller:   cold call  created 10 Jan, won 20 Jan    orders 100 + 50.005, one
                                                       cancelled
              cold call  created 11 Jan, not qualified 1 Feb
              fair       created 12 Jan, lost 5 Feb
              fair       created 1 Feb, open           (paused ones are open too)
    stranger: cold call  created 10 Jan, won 30 Jan    order 300 in a currency of
                                                       which 3 are one of ours
    branch:   fair       created 10 Jan, won 14 Jan    order 80 in its currency
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["crm.origination.report"]
        cls.fair = cls.env.ref("crm_gestion.origination_fair")
        cls.foreign = cls.env["res.currency"].create(
            {
                "name": "FFF",
                "symbol": "F",
                "rounding": 0.01,
                "rate_ids": [Command.create({"name": "2026-01-01", "rate": 3.0})],
            }
        )
        cls.product = cls._make_product()
        cls.won = cls._lead("2026-01-10", cls.cold_call)
        cls.unqualified = cls._lead("2026-01-11", cls.cold_call)
        cls.lost = cls._lead("2026-01-12", cls.fair)
        cls.open = cls._lead("2026-02-01", cls.fair)
        cls.theirs = cls._lead("2026-01-10", cls.cold_call, cls.stranger)
        cls._close(cls.won, "2026-01-20")
        cls._close(cls.unqualified, "2026-02-01", cls.too_small)
        cls._close(cls.lost, "2026-02-05", cls.price)
        cls._close(cls.theirs, "2026-01-30")
        cls._order(cls.won, 100.0, "2026-01-20 10:00:00")
        cls._order(cls.won, 50.0, "2026-02-03 10:00:00")
        cls._order(cls.won, 1000.0, "2026-02-03 10:00:00", state="cancel")
        cls._order(cls.won, 1000.0, "2026-02-03 10:00:00", state="sent")
        pricelist = cls.env["product.pricelist"].create(
            {"name": "Foreign", "currency_id": cls.foreign.id}
        )
        cls._order(cls.theirs, 300.0, "2026-01-30 10:00:00", pricelist_id=pricelist.id)
        cls._make_branch()
        cls.env.flush_all()

    @classmethod
    def _make_branch(cls):
        cls.branch = cls.env["res.company"].create(
            {"name": "Branch", "currency_id": cls.foreign.id}
        )
        cls.abroad = cls._lead(
            "2026-01-10", cls.fair, company_id=cls.branch.id, team_id=False,
            user_id=False,
        )  # fmt: skip
        cls._close(cls.abroad, "2026-01-14")
        cls.env.user.company_ids |= cls.branch
        cls._order(
            cls.abroad.with_company(cls.branch), 80.0, "2026-01-14 10:00:00",
            company_id=cls.branch.id,
        )  # fmt: skip

    @classmethod
    def _lead(cls, day, origination, user=None, **values):
        with freeze_time(f"{day} 10:00:00"):
            lead = cls._make_lead(
                user, origination_id=origination.id, market_id=cls.market.id, **values
            )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE crm_lead SET create_date = %s WHERE id = %s",
            [f"{day} 10:00:00", lead.id],
        )
        return lead

    @classmethod
    def _close(cls, lead, day, reason=None):
        with freeze_time(f"{day} 10:00:00"):
            if reason:
                lead.action_set_lost(lost_reason_id=reason.id)
            else:
                cls.env["crm.stage"]._waive_gates(lead).action_set_won()
            cls.env.flush_all()

    @classmethod
    def _order(cls, lead, price, moment, **values):
        return lead.env["sale.order"].create(
            {
                "partner_id": cls.contact.id,
                "opportunity_id": lead.id,
                "date_order": moment,
                "state": "sale",
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "price_unit": price,
                            "tax_ids": False,
                        }
                    )
                ],
                **values,
            }
        )

    def _figures(self, user, measures, domain=(), company=None):
        """:return: dict code of an origination -> its figures"""
        report = self.report.with_user(user)
        if company:
            report = report.with_context(allowed_company_ids=company.ids)
        rows = report._read_group(
            [("date", ">=", "2026-01-01"), ("date", "<=", "2026-12-31"),
             ("market_id", "=", self.market.id), *domain],
            ["origination_id"],
            measures,
        )  # fmt: skip
        return {origination: tuple(found) for origination, *found in rows}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestOriginationReport(ReportCommon):
    COUNTS = ["opportunities:sum", "unqualified:sum", "lost:sum", "won:sum"]

    def test_opportunities_by_what_became_of_them(self):
        self.assertEqual(
            self._figures(self.director, self.COUNTS),
            {self.cold_call: (3, 1, 1, 2), self.fair: (2, 0, 1, 0)},
        )

    def test_each_fact_is_in_its_month(self):
        months = self.report.with_user(self.director)._read_group(
            [("date", ">=", "2026-01-01"), ("origination_id", "=", self.cold_call.id)],
            ["date:month"],
            [*self.COUNTS, "revenue:sum"],
        )
        self.assertEqual(
            months,
            [
                (date(2026, 1, 1), 3, 0, 0, 2, 200.0),
                (date(2026, 2, 1), 0, 1, 1, 0, 50.0),
            ],
        )

    def test_ratios_come_from_sums(self):
        """Won after 10 and 20 days; 2 won of 3 decided, none of 1."""
        figures = self._figures(self.director, ["conversion:avg", "days_to_win:avg"])
        self.assertEqual(figures, {self.cold_call: (2 / 3, 15.0), self.fair: (0, 0)})

    def test_a_paused_opportunity_is_not_decided(self):
        with freeze_time("2026-02-20 10:00:00"):
            self.env["crm.opportunity.closure"]._close(
                self.open, "standby", wake_date=date(2026, 6, 1)
            )
        self.test_opportunities_by_what_became_of_them()

    def test_revenue_is_confirmed_orders_in_the_company_s_currency(self):
        figures = self._figures(self.director, ["revenue:sum"])
        self.assertEqual(figures, {self.cold_call: (250.0,), self.fair: (0.0,)})

    def test_orders_are_rounded_one_by_one(self):
        self._order(self.theirs, 100.0, "2026-01-30 10:00:00",
                    pricelist_id=self.theirs.order_ids.pricelist_id.id)  # fmt: skip
        figures = self._figures(self.director, ["revenue:sum"])
        self.assertEqual(figures[self.cold_call], (283.33,))

    def test_companies_stay_apart(self):
        self.director.company_ids |= self.branch
        measures = [*self.COUNTS, "revenue:sum"]
        branch = self._figures(self.director, measures, company=self.branch)
        self.assertEqual(branch, {self.fair: (1, 0, 0, 1, 80.0)})
        currency = self.report.with_user(self.director).with_context(
            allowed_company_ids=self.branch.ids
        )
        self.assertEqual(
            currency.search([("revenue", ">", 0)]).currency_id, self.foreign
        )

    def test_a_month_is_a_month_of_the_company(self):
        self.env.company.resource_calendar_id.tz = "America/Argentina/Buenos_Aires"
        lead = self._lead("2026-05-01", self.cold_call)
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = '2026-05-01 02:59:00' WHERE id = %s",
            [lead.id],
        )
        row = self.report.search(
            [("date", ">=", "2026-03-01"), ("opportunities", ">", 0)]
        )
        self.assertEqual(row.date, date(2026, 4, 1))

    def test_who_asks_for_some_months_finds_all_of_them(self):
        """The hours by which the company's month begins before that of UTC too."""
        self.env.company.resource_calendar_id.tz = "Asia/Tokyo"
        lead = self._lead("2026-03-31", self.cold_call)
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = '2026-03-31 15:00:00' WHERE id = %s",
            [lead.id],
        )
        kind = ("kind", "=", "opportunity")
        for day, months in (("2026-04-01", [4]), ("2026-02-01", [2, 4])):
            rows = self.report.search([("date", ">=", day), kind], order="date")
            self.assertEqual([row.date.month for row in rows], months)
        every = self.report.search([kind])
        since = self.report.search([("date", ">=", "2026-02-01"), kind])
        self.assertEqual(since, every.filtered(lambda row: row.date.month >= 2))

    def test_gestiones_have_the_origination_of_what_they_are_about(self):
        self.organization.write(
            {"origination_id": self.cold_call.id, "market_id": self.market.id}
        )
        self._make_gestion(lead_id=self.open.id)
        self._make_gestion(organization_id=self.organization.id)
        self._make_gestion(
            contact_id=self.contact.id, organization_id=self.organization.id
        )
        figures = self._figures(self.director, ["gestiones:sum"])
        self.assertEqual(figures, {self.cold_call: (2,), self.fair: (1,)})
        self.contact.origination_id = self.fair
        figures = self._figures(self.director, ["gestiones:sum"])
        self.assertEqual(figures, {self.cold_call: (1,), self.fair: (2,)})

    def test_everybody_sees_his_people_s(self):
        own = {self.cold_call: (2, 1, 1, 1), self.fair: (2, 0, 1, 0)}
        for user, expected in (
            (self.seller, own),
            (self.head, own),
            (self.colleague, {}),
            (self.south_head, {self.cold_call: (1, 0, 0, 1)}),
        ):
            with self.subTest(user=user.name):
                self.assertEqual(self._figures(user, self.COUNTS), expected)
        for user in (self.native, self.employee):
            with self.assertRaises(AccessError):
                self._figures(user, self.COUNTS)

    def test_behind_each_figure_are_its_documents(self):
        report = self.report.with_user(self.director)
        expected = {
            ("opportunity", "cold"): (self.won | self.unqualified).ids,
            ("decision", "cold"): self.won.ids,
            ("order", "cold"): self.won.order_ids.filtered(
                lambda o: o.state == "sale" and o.date_order.month == 1
            ).ids,
        }
        for (kind, _name), ids in expected.items():
            row = report.search(
                [("kind", "=", kind), ("origination_id", "=", self.cold_call.id),
                 ("user_id", "=", self.seller.id), ("date", "=", "2026-01-01")]
            )  # fmt: skip
            with self.subTest(kind=kind):
                self.assertEqual(len(row), 1)
                action = row.action_view_documents()
                found = self.env[action["res_model"]].with_context(**action["context"])
                self.assertEqual(
                    sorted(found.search(action["domain"]).ids), sorted(ids)
                )
        theirs = report.search([("user_id", "=", self.stranger.id)], limit=1)
        with self.assertRaises(AccessError):
            theirs.with_user(self.seller).action_view_documents()

    def test_rows_have_ids_of_their_own(self):
        rows = self.report.search([])
        self.assertEqual(len(rows), len(set(rows.ids)))
        row = rows[:1]
        self.assertEqual(self.report.search([("id", "=", row.id)]), row)

    def test_costs_are_shared_by_the_opportunities_of_a_campaign(self):
        """Of three opportunities of the campaign and the one below it, two are cold
        calls; the one abroad is of another company."""
        top, below, alone = self.env["utm.campaign"].create(
            [{"title": title} for title in ("Year", "Spring", "Alone")]
        )
        below.parent_id = top
        (self.won | self.theirs).campaign_id = top
        (self.open | self.abroad).campaign_id = below
        costs = self.env["crm.campaign.cost"].create(
            [
                {"campaign_id": top.id, "name": "Ads", "amount": 90.0,
                 "date": "2026-01-31"},
                {"campaign_id": top.id, "name": "Stand", "amount": 60.0,
                 "date": "2026-02-01", "currency_id": self.foreign.id},
                {"campaign_id": top.id, "name": "Later", "amount": 1000.0,
                 "date": "2026-02-01", "state": "planned"},
                {"campaign_id": below.id, "name": "Print", "amount": 7.0,
                 "date": "2026-02-01"},
                {"campaign_id": alone.id, "name": "Gifts", "amount": 5.0,
                 "date": "2026-02-01"},
            ]
        )  # fmt: skip
        report = self.report.with_user(self.director)
        found = report._read_group(
            [("kind", "=", "cost"), ("date", ">=", "2026-01-01")],
            ["origination_id", "date:month"],
            ["cost:sum"],
        )
        january, february = date(2026, 1, 1), date(2026, 2, 1)
        self.assertEqual(
            {(o.code, month): round(cost, 6) for o, month, cost in found},
            {
                (self.cold_call.code, january): 60.0,
                (self.cold_call.code, february): 13.333333,
                (self.fair.code, january): 30.0,
                (self.fair.code, february): 13.666667,
                (False, february): 5.0,
            },
        )
        rows = report.search([("kind", "=", "cost"), ("date", "=", "2026-01-01")])
        self.assertEqual(
            rows[0].action_view_documents()["domain"], [("id", "in", costs[0].ids)]
        )
        self.assertEqual(len(set(rows.ids)), 3)

    def test_only_directors_see_costs(self):
        campaign = self.env["utm.campaign"].create({"title": "Year"})
        self.won.campaign_id = campaign
        self.env["crm.campaign.cost"].create(
            {"campaign_id": campaign.id, "name": "Ads", "amount": 90.0,
             "date": "2026-01-31"}
        )  # fmt: skip
        for user in (self.seller, self.head):
            report = self.report.with_user(user)
            self.assertFalse(report.search([("kind", "=", "cost")]))
            with self.assertRaises(AccessError):
                report._read_group([], [], ["cost:sum"])
        row = self.report.with_user(self.director).search([("kind", "=", "cost")])
        self.assertEqual((row.cost, row.user_id), (90.0, self.seller))

    def test_since_the_beginning_of_time(self):
        everything = self.report.search_count([])
        for day in ("0001-01-01", "1999-12-31", "2000-01-01"):
            with self.subTest(day=day):
                found = self.report.search_count([("date", ">=", day)])
                self.assertEqual(found, everything)
