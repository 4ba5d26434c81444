from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from .test_crm_origination_report import ReportCommon

COUNTS = ["__count", "open_count:sum", "won:sum", "standby:sum", "rejected:sum",
          "unqualified:sum", "decided:sum"]  # fmt: skip
MONEY = ["expected_revenue:sum", "won_amount:sum", "lost_amount:sum",
         "standby_amount:sum", "order_amount:sum"]  # fmt: skip
DAYS = ["conversion:avg", "days_to_win:avg", "days_to_lose:avg"]


class OpportunityReportCommon(ReportCommon):
    """The opportunities of `ReportCommon`, each expected to bring 1000."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["crm.opportunity.report"]
        cls.director.company_ids |= cls.branch

    def _rows(self, user, measures, by="origination_id", domain=(), company=None):
        """:return: dict what it is grouped by -> its figures"""
        companies = company or self.env.company
        report = self.report.with_user(user).with_context(
            allowed_company_ids=companies.ids
        )
        rows = report._read_group(
            [("market_id", "=", self.market.id), *domain], [by], measures
        )
        return {group: tuple(found) for group, *found in rows}

    def _pause(self, lead, day, until):
        with freeze_time(f"{day} 10:00:00"):
            self.env["crm.opportunity.closure"]._close(
                lead, "standby", wake_date=fields.Date.to_date(until)
            )

    def assertMeasures(self, report):
        """Whatever a reader groups by, the whole is the sum of its groups."""
        infos = report.fields_get()
        measures = [
            f"{name}:{info['aggregator']}"
            for name, info in infos.items()
            if info["type"] in ("float", "integer", "monetary")
            if info.get("aggregator") and name != "id"
        ]  # fmt: skip
        sums = [measure for measure in measures if measure.endswith(":sum")]
        for user in (self.seller, self.head, self.director):
            mine = report.with_user(user)
            whole = mine.formatted_read_group([], [], measures)[0]
            for name, info in infos.items():
                if not info.get("groupable") or info["type"] == "many2many":
                    continue
                dated = info["type"] in ("date", "datetime")
                group = f"{name}:month" if dated else name
                groups = mine.formatted_read_group([], [group], measures)
                with self.subTest(user=user.name, group=group):
                    for measure in sums:
                        self.assertAlmostEqual(
                            sum(row[measure] or 0 for row in groups),
                            whole[measure] or 0,
                        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestOpportunityReport(OpportunityReportCommon):
    def test_opportunities_by_what_became_of_them(self):
        self.assertEqual(
            self._rows(self.director, COUNTS),
            {
                self.cold_call: (3, 0, 2, 0, 0, 1, 3),
                self.fair: (2, 1, 0, 0, 1, 0, 1),
            },
        )

    def test_amounts(self):
        self.assertEqual(
            self._rows(self.director, MONEY),
            {
                self.cold_call: (3000.0, 2000.0, 1000.0, 0.0, 250.0),
                self.fair: (2000.0, 0.0, 1000.0, 0.0, 0.0),
            },
        )

    def test_rates_and_days(self):
        """Won after 10 and 20 days, lost after 21 and 24; 2 won of 3 decided."""
        self.assertEqual(
            self._rows(self.director, DAYS),
            {self.cold_call: (2 / 3, 15.0, 21.0), self.fair: (0.0, False, 24.0)},
        )

    def test_cohorts(self):
        """Whoever was created in a month, by what became of it until today."""
        rows = self.report.with_user(self.head)._read_group(
            [("market_id", "=", self.market.id)],
            ["lead_create_date:month", "status"],
            ["__count"],
        )
        self.assertEqual(
            [(month.month, status, count) for month, status, count in rows],
            [(1, "rejected", 1), (1, "unqualified", 1), (1, "won", 1), (2, "open", 1)],
        )

    def test_reasons(self):
        self.assertEqual(
            self._rows(
                self.director,
                ["__count", "lost_amount:sum", "days_to_lose:avg"],
                "lost_reason_id",
                [("status", "in", ["rejected", "unqualified"])],
            ),
            {self.too_small: (1, 1000.0, 21.0), self.price: (1, 1000.0, 24.0)},
        )

    def test_a_paused_opportunity_is_neither_open_nor_decided(self):
        self._pause(self.open, "2026-02-20", "2026-06-01")
        measures = ["open_count:sum", "standby:sum", "decided:sum"]
        measures += ["standby_amount:sum", "expected_revenue:sum"]
        self.assertEqual(
            self._rows(self.director, measures)[self.fair], (0, 1, 1, 1000.0, 2000.0)
        )
        row = self.report.browse(self.open.id)
        self.assertEqual(row.status, "standby")

    def test_a_pause_that_is_over_is_open_again(self):
        self._pause(self.open, "2026-02-20", "2026-03-01")
        self.env["crm.opportunity.standby"]._wake(self.open)
        self.test_opportunities_by_what_became_of_them()
        self.test_amounts()

    def test_lost_without_a_reason_of_ours_is_rejected(self):
        with freeze_time("2026-02-11 10:00:00"):
            self.open.action_set_lost()
        self.assertEqual(
            self._rows(self.director, COUNTS + DAYS)[self.fair],
            (2, 0, 0, 0, 2, 0, 2, 0.0, False, 17.0),
        )
        # as on a pipeline in use, whose closures nobody told us
        self.env.cr.execute(
            "UPDATE crm_lead SET closure_kind = NULL WHERE id = %s", [self.open.id]
        )
        self.env.invalidate_all()
        self.assertEqual(self._rows(self.director, COUNTS)[self.fair][4], 2)

    def test_won_twice_is_won_once_on_the_later_day(self):
        with freeze_time("2026-02-01 10:00:00"):
            self.won.stage_id = self.negotiate
            self.env.flush_all()
        self.assertEqual(
            self._rows(self.director, COUNTS)[self.cold_call], (3, 1, 1, 0, 0, 1, 2)
        )
        self._close(self.won, "2026-02-09")
        self.assertEqual(
            self._rows(self.director, COUNTS + DAYS)[self.cold_call],
            (3, 0, 2, 0, 0, 1, 3, 2 / 3, 25.0, 21.0),
        )

    def test_archived_while_pending_is_none_of_these(self):
        self.open.probability = 40
        self.open.action_archive()
        self.assertEqual(self.open.won_status, "pending")
        self.assertEqual(
            self._rows(self.director, COUNTS)[self.fair], (2, 0, 0, 0, 1, 0, 1)
        )
        self.assertEqual(self.report.browse(self.open.id).status, "archived")

    def test_enquiries_are_no_opportunities(self):
        self.open.type = "lead"
        self.assertEqual(self._rows(self.director, ["__count"])[self.fair], (1,))

    def test_age_of_open_ones(self):
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = now() AT TIME ZONE 'UTC'"
            " - interval '12 days 12 hours' WHERE id = %s",
            [self.open.id],
        )
        rows = self._rows(self.director, ["days_open:avg"])
        self.assertEqual(rows, {self.cold_call: (False,), self.fair: (12.5,)})

    def test_weighted_revenue_and_pushes(self):
        self.open.write({"probability": 40, "date_deadline": "2026-03-10"})
        self.open.date_deadline = "2026-04-10"
        self.assertEqual(self.open.push_count, 1)
        self.assertEqual(
            self._rows(
                self.director,
                ["prorated_revenue:sum", "push_count:sum"],
                "user_id",
                [("status", "=", "open")],
            ),
            {self.seller: (400.0, 1)},
        )

    def test_tags_count_an_opportunity_under_each(self):
        hot, big = self.env["crm.tag"].create([{"name": "Hot"}, {"name": "Big"}])
        self.won.tag_ids = hot | big
        self.unqualified.tag_ids = hot
        self.assertEqual(
            self._rows(
                self.director, ["__count", "conversion:avg", "won_amount:sum"],
                "tag_ids", [("tag_ids", "!=", False)],
            ),
            {hot: (2, 0.5, 1000.0), big: (1, 1.0, 1000.0)},
        )  # fmt: skip

    def test_companies_and_currencies(self):
        branch = self._rows(self.director, COUNTS + MONEY, company=self.branch)
        self.assertEqual(
            branch, {self.fair: (1, 0, 1, 0, 0, 0, 1, 1000.0, 1000.0, 0.0, 0.0, 80.0)}
        )
        both = self.env.company | self.branch
        by_currency = self._rows(
            self.director, ["order_amount:sum"], "currency_id", company=both
        )
        self.assertEqual(
            by_currency, {self.env.company.currency_id: (250.0,), self.foreign: (80.0,)}
        )

    def test_orders_of_another_company_are_not_of_this_one(self):
        self.open.company_id = False
        self._order(
            self.open.with_company(self.branch), 70.0, "2026-02-10 10:00:00",
            company_id=self.branch.id,
        )  # fmt: skip
        self._order(self.open, 30.0, "2026-02-10 10:00:00")
        amount = ["order_amount:sum"]
        domain = [("status", "!=", "won"), ("company_id", "=", False)]
        self.assertEqual(
            self._rows(self.director, amount, domain=domain)[self.fair], (30.0,)
        )
        self.assertEqual(
            self._rows(self.director, amount, domain=domain, company=self.branch),
            {self.fair: (70.0,)},
        )

    def test_everybody_sees_his_people_s(self):
        own = {self.cold_call: (2, 1), self.fair: (2, 0)}
        for user, expected in (
            (self.seller, own),
            (self.head, own),
            (self.colleague, {}),
            (self.stranger, {self.cold_call: (1, 1)}),
            (self.south_head, {self.cold_call: (1, 1)}),
            (self.director, {self.cold_call: (3, 2), self.fair: (2, 0)}),
        ):
            with self.subTest(user=user.name):
                rows = self._rows(user, ["__count", "won:sum"])
                self.assertEqual(rows, expected)
        for user in (self.native, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._rows(user, ["__count"])

    def test_a_row_opens_its_opportunity(self):
        action = self.report.browse(self.lost.id).with_user(self.seller).action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("crm.lead", self.lost.id)
        )
        found = self.env["crm.lead"].with_user(self.seller).browse(action["res_id"])
        self.assertEqual(found.web_read({"name": {}})[0]["name"], "Sale of software")
        with self.assertRaises(AccessError):
            self.report.browse(self.theirs.id).with_user(self.seller).action_open()

    def test_what_is_not_saved_yet_is_seen(self):
        self.open.expected_revenue = 5000.0
        self.won.order_ids.filtered(lambda x: x.amount_untaxed == 50).state = "cancel"
        amounts = self._rows(self.director, ["expected_revenue:sum"])
        self.assertEqual(amounts[self.fair], (6000.0,))
        amounts = self._rows(self.director, ["order_amount:sum"])
        self.assertEqual(amounts[self.cold_call], (200.0,))

    def test_every_measure_by_every_group(self):
        self.assertMeasures(self.report)

    def test_more_rows_cost_no_more_queries(self):
        leads = self.env["crm.lead"].create(
            [
                {"name": f"No. {i}", "type": "opportunity", "user_id": self.seller.id,
                 "tag_ids": [Command.create({"name": f"Tag {i}"})]}
                for i in range(30)
            ]
        )  # fmt: skip
        report = self.report.with_user(self.seller)
        names = [name for name, field in report._fields.items() if name != "id"]
        self.assertFlatGrowth(
            lambda rows: report.browse(rows.ids).read(names), leads[:3], leads
        )
