from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_crm_objective import APRIL, ObjectiveCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-18 10:00:00")
class TestObjectiveReport(ObjectiveCommon):
    def _rows(self, user, domain=(), **context):
        self.env.flush_all()
        self.env.invalidate_all()
        report = self.env["crm.objective.report"].with_user(user)
        return report.with_context(**context).search(list(domain))

    def test_targets_stand_beside_what_was_reached(self):
        self._order(400)
        self._order(50, user_id=self.colleague.id)
        self._objective(target=500)
        self._objective(target=200, user_id=self.colleague.id)
        self._objective("won", target=4, **APRIL)
        closed = self._objective("invoiced", target=10)
        closed.action_close()
        closed.sudo().frozen_actual = 12
        groups = self.env["crm.objective.report"].with_user(self.director)._read_group(
            [], ["metric"], ["target:sum", "actual:sum", "missing:sum", "progress:avg"]
        )  # fmt: skip
        self.assertEqual(
            {metric: figures for metric, *figures in groups},
            {
                "sales": [700, 450, 250, 450 / 700],
                "won": [4, 0, 4, 0],
                "invoiced": [10, 12, 0, 1.2],
            },
        )
        ((total,),) = (
            self.env["crm.objective.report"]
            .with_user(self.director)
            ._read_group([], [], ["progress:avg"])
        )
        self.assertEqual(total, (0.8 + 0.25 + 0 + 1.2) / 4)  # euros and opportunities
        (month,) = self.env["crm.objective.report"].with_user(self.seller)._read_group(
            [("date_from", ">=", "2026-04-01")], ["user_id", "date_from:month"],
            ["target:sum"],
        )  # fmt: skip
        self.assertEqual(month, (self.seller, date(2026, 4, 1), 4))

    def test_a_graph_draws_target_and_actual_side_by_side(self):
        self._order(400)
        self._objective(target=500)
        self._objective(target=200, user_id=self.colleague.id)
        self.env.flush_all()
        report = self.env["crm.objective.report"].with_user(self.director)
        self.assertEqual(
            report._read_group([], ["date_from:month", "kind"], ["amount:sum"]),
            [(date(2026, 3, 1), "actual", 400), (date(2026, 3, 1), "target", 700)],
        )
        row = report.search([("kind", "=", "actual"), ("amount", ">", 0)])
        self.assertEqual((row.amount, row.actual, row.target), (400, 400, 0))
        action = row.action_view_objective()
        self.assertEqual(action["res_id"], row.objective_id.id)

    def test_amounts_are_in_the_currency_of_the_company(self):
        self.env["res.currency.rate"].create(
            {
                "name": "2026-01-01",
                "rate": 2,
                "currency_id": self.dollar.id,
                "company_id": self.company.id,
            }
        )
        self._order(30)
        self._objective(target=100, currency_id=self.dollar.id)
        self.assertRecordValues(
            self._rows(self.director),
            [
                {"kind": "actual", "amount": 30, "target": 0, "actual": 30,
                 "missing": 0, "progress": 0},
                {"kind": "target", "amount": 50, "target": 50, "actual": 0,
                 "missing": 20, "progress": 0.6},
            ],
        )  # fmt: skip

    def test_who_sees_which_rows(self):
        own, north = self._objective(), self._objective(team_id=self.north.id)
        south = self._objective(team_id=self.south.id)
        company = self._objective(user_id=False)
        elsewhere = self._objective(company_id=self.other.id, user_id=self.director.id)
        for user, expected in [
            (self.seller, own),
            (self.colleague, own.browse()),
            (self.head, own | north),
            (self.south_head, south),
            (self.director, own | north | south | company),
        ]:
            with self.subTest(user=user.name):
                self.assertEqual(self._rows(user).objective_id, expected.sorted())
        both = self._rows(
            self.director, allowed_company_ids=(self.company | self.other).ids
        )
        self.assertIn(elsewhere, both.objective_id)
        with self.assertRaises(AccessError):
            self._rows(self.native)

    def test_a_report_costs_no_more_queries_for_more_rows(self):
        Report = self.env["crm.objective.report"].with_user(self.director)

        def make(company, count):
            return self.env["crm.objective"].create(
                [
                    {
                        "target": 10,
                        "user_id": self.director.id,
                        "company_id": company.id,
                        "date_from": date(2024 + i // 12, i % 12 + 1, 1),
                    }
                    for i in range(count)
                ]
            )

        def read(objectives):
            report = Report.with_context(allowed_company_ids=objectives.company_id.ids)
            rows = report._read_group([], ["date_from:month"], ["actual:sum"])
            self.assertEqual(len(rows), len(objectives))
            self.assertEqual(report.search_count([]), 2 * len(objectives))

        few, many = make(self.company, 3), make(self.other, 30)
        read(many)  # the rules of this company, which are kept
        self.assertFlatGrowth(read, few, many)
