from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_crm_opportunity_report import OpportunityReportCommon

PASSAGES = ["passages:sum", "ended:sum", "forward:sum", "conversion:avg", "days:avg"]
MOVES = ["skipped_count:sum", "back:sum"]
THERE = ["waiting:sum", "amount_waiting:sum"]


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestOpportunityStageReport(OpportunityReportCommon):
    """In February 2026, of a market that nothing else has::

    restless  seller    interest 1-11, proposal presented 11-15, back to interest 15-17,
                        skips to sizing 17-20, lost
    quick     seller    interest 1-5, presented 5-10, won: two stages skipped
    stuck     stranger  interest since 1
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["crm.opportunity.stage.report"]
        cls.market = cls.env.ref("crm_gestion.market_industry_metal")
        first = {"stage_id": cls.generate_interest.id}
        cls.restless = cls._lead("2026-02-01", cls.cold_call, **first)
        cls.quick = cls._lead("2026-02-01", cls.fair, **first)
        cls.stuck = cls._lead("2026-02-01", cls.fair, cls.stranger, **first)
        cls._move(cls.quick, "2026-02-05", cls.present_products)
        cls._move(cls.restless, "2026-02-11", cls.present_products)
        cls._move(cls.restless, "2026-02-15", cls.generate_interest)
        cls._move(cls.restless, "2026-02-17", cls.size_proposal)
        cls._close(cls.quick, "2026-02-10")
        cls._close(cls.restless, "2026-02-20", cls.price)

    @classmethod
    def _move(cls, lead, day, stage):
        with freeze_time(f"{day} 10:00:00"):
            lead.stage_id = stage
            cls.env.flush_all()

    def test_days_and_conversion_of_each_stage(self):
        """What is there now, won or closed is in no average."""
        self.assertEqual(
            self._rows(self.director, PASSAGES, "stage_id"),
            {
                self.generate_interest: (4, 3, 3, 1.0, 16 / 3),
                self.present_products: (2, 2, 1, 0.5, 4.5),
                self.size_proposal: (1, 1, 0, 0.0, 3.0),
                self.sales_order: (0, 0, 0, 0.0, False),
            },
        )

    def test_skips_and_steps_back(self):
        self.assertEqual(
            self._rows(self.director, MOVES, "stage_id"),
            {
                self.generate_interest: (0, 1),
                self.present_products: (0, 0),
                self.size_proposal: (1, 0),
                self.sales_order: (2, 0),
            },
        )

    def test_from_stage_to_stage(self):
        rows = self.report.with_user(self.director)._read_group(
            [("market_id", "=", self.market.id), ("passages", ">", 0)],
            ["stage_id", "next_stage_id"],
            ["passages:sum", "days:avg"],
        )
        nowhere = self.env["crm.stage"]
        self.assertEqual(
            rows,
            [
                (self.generate_interest, self.present_products, 2, 7.0),
                (self.generate_interest, self.size_proposal, 1, 2.0),
                (self.generate_interest, nowhere, 1, False),
                (self.present_products, self.generate_interest, 1, 4.0),
                (self.present_products, self.sales_order, 1, 5.0),
                (self.size_proposal, self.size_proposal, 1, 3.0),
            ],
        )

    def test_what_waits_where(self):
        self.stuck.expected_revenue = 700.0
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_opportunity_stage SET date_in = now() AT TIME ZONE 'UTC'"
            " - interval '6 days 12 hours' WHERE lead_id = %s",
            [self.stuck.id],
        )
        rows = self._rows(self.director, [*THERE, "days_waiting:avg"], "stage_id")
        self.assertEqual(rows[self.generate_interest], (1, 700.0, 6.5))
        self.assertEqual(rows[self.size_proposal], (0, 0.0, False))

    def test_a_pause_is_no_time_in_a_stage(self):
        self._pause(self.stuck, "2026-02-09", "2026-06-01")
        rows = self._rows(self.director, PASSAGES + THERE, "lead_id")
        self.assertEqual(rows[self.stuck], (1, 1, 0, 0.0, 8.0, 0, 0.0))
        with freeze_time("2026-02-25 10:00:00"):
            self.stuck.action_crm_resume()
        rows = self._rows(self.director, PASSAGES + THERE, "lead_id")
        self.assertEqual(rows[self.stuck], (2, 1, 0, 0.0, 8.0, 1, 1000.0))

    def test_a_passage_without_any_time_is_in_no_average(self):
        """A rejected opportunity whose order wins it is taken up again and won in the
        same moment."""
        self._close(self.restless, "2026-02-27")
        rows = self.env["crm.opportunity.stage"].search(
            [("lead_id", "=", self.restless.id), ("move", "=", "reopened")]
        )
        self.assertEqual(rows.date_in, rows.date_out)
        figures = self._rows(self.director, PASSAGES, "stage_id")
        self.assertEqual(figures[self.size_proposal], (2, 2, 1, 0.5, 3.0))

    def test_by_whatever_the_opportunity_has(self):
        self.stuck.campaign_id = campaign = self.env["utm.campaign"].create(
            {"title": "Spring"}
        )
        self.assertEqual(
            self._rows(self.director, ["passages:sum"]),
            {self.cold_call: (4,), self.fair: (3,)},
        )
        rows = self._rows(self.director, ["passages:sum"], "campaign_id")
        self.assertEqual(rows[campaign], (1,))
        self.assertEqual(
            self._rows(self.director, ["passages:sum"], "user_id"),
            {self.seller: (6,), self.stranger: (1,)},
        )

    def test_seller_and_team_are_those_of_that_day(self):
        self.restless.write({"user_id": self.stranger.id, "team_id": self.south.id})
        self.assertEqual(
            self._rows(self.director, ["passages:sum"], "team_id"),
            {self.north: (6,), self.south: (1,)},
        )

    def test_amounts_are_in_the_currency_of_the_opportunity(self):
        abroad = self._lead(
            "2026-02-01", self.fair, company_id=self.branch.id, team_id=False,
            user_id=False,
        )  # fmt: skip
        rows = self._rows(
            self.director, THERE, "currency_id", company=self.env.company | self.branch
        )
        own = self.env.company.currency_id
        self.assertEqual(rows, {own: (1, 1000.0), self.foreign: (1, 1000.0)})
        rows = self._rows(self.director, THERE, "lead_id", company=self.branch)
        self.assertEqual(rows, {abroad: (1, 1000.0)})

    def test_everybody_sees_his_people_s(self):
        for user, expected in (
            (self.seller, {self.cold_call: (4,), self.fair: (2,)}),
            (self.head, {self.cold_call: (4,), self.fair: (2,)}),
            (self.colleague, {}),
            (self.stranger, {self.fair: (1,)}),
            (self.south_head, {self.fair: (1,)}),
            (self.director, {self.cold_call: (4,), self.fair: (3,)}),
        ):
            with self.subTest(user=user.name):
                self.assertEqual(self._rows(user, ["passages:sum"]), expected)
        for user in (self.native, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._rows(user, ["passages:sum"])

    def test_a_row_opens_its_opportunity(self):
        row = self.report.search([("lead_id", "=", self.restless.id)], limit=1)
        action = row.with_user(self.seller).action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("crm.lead", self.restless.id)
        )
        found = self.env["crm.lead"].with_user(self.seller).browse(action["res_id"])
        self.assertTrue(found.web_read({"name": {}}))
        with self.assertRaises(AccessError):
            row.with_user(self.stranger).action_open()

    def test_what_is_not_saved_yet_is_seen(self):
        with freeze_time("2026-02-26 10:00:00"):
            self.stuck.stage_id = self.negotiate
            self.stuck.expected_revenue = 300.0
        rows = self._rows(self.director, THERE, "stage_id")
        self.assertEqual(rows[self.negotiate], (1, 300.0))
        self.assertEqual(rows[self.generate_interest], (0, 0.0))

    def test_every_measure_by_every_group(self):
        self.assertMeasures(self.report)

    def test_more_rows_cost_no_more_queries(self):
        leads = self.env["crm.lead"].create(
            [
                {"name": f"No. {i}", "type": "opportunity", "user_id": self.seller.id}
                for i in range(30)
            ]
        )
        rows = leads.opportunity_stage_ids
        report = self.report.with_user(self.seller)
        names = [name for name in report._fields if name != "id"]
        self.assertFlatGrowth(
            lambda rows: report.browse(rows.ids).read(names), rows[:3], rows
        )
