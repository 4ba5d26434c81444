from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .test_crm_dashboard_seller import WorkCommon

COLUMNS = [
    "open", "expected", "weighted", "won", "won_revenue", "conversion", "gestiones",
    "overdue", "none", "objectives",
]  # fmt: skip


@tagged("post_install", "-at_install")
@freeze_time("2026-03-18 10:00:00")  # a Wednesday
class TestDashboardHead(WorkCommon):
    def _theirs(self, key, user=None, **filters):
        return self._section(self._data(user or self.head, "head", **filters), key)

    def _make_week(self):
        """What the people of North have, and one of South."""
        self._plan(self._open(expected_revenue=1000), "2026-03-16")
        self._open(expected_revenue=500, probability=10)
        self._won("2026-03-02", expected_revenue=300)
        self._closed("2026-03-03", "rejected", reason=self.price, expected_revenue=70)
        self._closed("2026-03-04", "rejected", reason=self.price, expected_revenue=30)
        self._open(self.colleague, expected_revenue=200)
        self._won("2026-03-05", self.colleague, expected_revenue=40)
        self._closed("2026-03-06", "standby", self.colleague, expected_revenue=5)
        self._open(self.stranger, expected_revenue=9000)
        for user, day in [
            (self.seller, "2026-03-17"),
            (self.seller, "2026-02-27"),
            (self.colleague, "2026-03-01"),
            (self.stranger, "2026-03-02"),
        ]:
            self._make_gestion(
                user, organization_id=self.organization.id, date=f"{day} 09:00:00"
            )

    def test_people_side_by_side(self):
        self._make_week()
        self._objective(target=2)  # one of two won
        self._objective("gestiones", target=4)  # one of four made
        section = self._theirs("sellers")
        self.assertEqual([column["name"] for column in section["columns"]], COLUMNS)
        self.assertEqual(
            self._cells(section),
            {
                "Colleague": [1, 200, 100, 1, 40, 1, 1, 0, 1, None],
                "Head": [0, 0, 0, 0, 0, None, 0, 0, 0, None],
                "Seller": [2, 1500, 550, 1, 300, 1 / 3, 1, 1, 1, 0.375],
                "Total": [3, 1700, 650, 2, 340, 0.5, 2, 1, 2, None],
            },
        )
        progress = section["rows"][2]["cells"][-1]
        self.assertEqual((progress["tone"], progress["drill"]["count"]), ("danger", 2))

    def test_one_person_or_one_team(self):
        self._make_week()
        one = self._theirs("sellers", user_id=self.colleague.id)
        self.assertEqual(list(self._cells(one)), ["Colleague"])
        self.assertFalse(one["total"])
        below = self._make_team("Far North", self.colleague, self.stranger)
        below.parent_id = self.north
        self.env["res.users"]._crm_drop_scopes()
        cells = self._cells(self._theirs("sellers", team_id=below.id))
        self.assertEqual(cells["Stranger"][:2], [1, 9000])
        self.assertNotIn("Seller", cells)
        everybody = self._cells(self._theirs("sellers"))
        self.assertEqual(everybody["Total"][:2], [4, 10700])

    def test_who_left_counts_with_what_he_left(self):
        self._open(self.colleague, expected_revenue=200)
        self.colleague.action_archive()
        cells = self._cells(self._theirs("sellers"))
        self.assertEqual(cells["Colleague"][:2], [1, 200])
        pipeline = self._values(self._theirs("pipeline"))
        self.assertEqual(pipeline["Expected Revenue"], 200)
        self.env["crm.lead"].search([("user_id", "=", self.colleague.id)]).unlink()
        self.assertNotIn("Colleague", self._cells(self._theirs("sellers")))

    def test_objectives_of_the_teams(self):
        month = self._objective(target=4, team_id=self.north.id)
        self._objective(target=9, team_id=self.south.id)
        self._objective(target=2)
        self._won("2026-03-05", self.colleague)
        [row] = self._theirs("objectives")["rows"]
        self.assertEqual(row["label"], "Won Opportunities, North")
        self.assertEqual((row["actual"]["value"], row["progress"]), (1, 0.25))
        self.assertEqual(
            (row["note"], row["tone"]), (f"{month.period_name}, Behind", "danger")
        )
        for team_id in (False, self.north.id):
            [own] = self._theirs("objectives", user_id=self.seller.id, team_id=team_id)[
                "rows"
            ]
            self.assertEqual(own["target"]["value"], 2)
        both = self._theirs("objectives", self.director)["rows"]
        self.assertEqual(len(both), 2)
        [south] = self._theirs("objectives", self.director, team_id=self.south.id)[
            "rows"
        ]
        self.assertEqual(south["target"]["value"], 9)

    def test_closures_with_reasons(self):
        self._make_week()
        self._closed(
            "2026-03-07", "unqualified", reason=self.too_small, expected_revenue=1
        ).action_crm_resume()
        self._closed("2026-02-27", "rejected", reason=self.price)
        section = self._theirs("closures")
        rows = [
            (row["label"], *(fig["value"] for fig in row["cells"]))
            for row in [*section["rows"], section["total"]]
        ]
        self.assertEqual(
            rows,
            [
                ("Won", "", 2, 340),
                ("Standby", "", 1, 5),
                ("Customer rejects the opportunity", self.price.name, 2, 100),
                ("Customer does not qualify", self.too_small.name, 1, 1),
                ("Total", "", 6, 446),
            ],
        )

    def test_closure_is_of_whose_opportunity_it_was(self):
        lead = self._open()
        self.env["crm.opportunity.closure"].with_user(self.director)._close(
            lead.with_user(self.director), "rejected", reason=self.price
        )
        data = self._data(self.head, "head")
        total = self._section(data, "closures")["total"]
        self.assertEqual(total["cells"][1]["value"], 1)
        self.assertDrills(self.head, data)

    def test_overdue_closing_dates(self):
        for user, day, amount in [
            (self.seller, "2026-03-17", 100),
            (self.seller, "2026-02-01", 20),
            (self.seller, "2026-03-18", 3),
            (self.colleague, "2026-03-01", 5),
        ]:
            self._open(user, date_deadline=day, expected_revenue=amount)
        self._won("2026-03-05", date_deadline="2026-03-01")
        self.assertEqual(
            self._cells(self._theirs("late")),
            {"Colleague": [1, 5], "Seller": [2, 120], "Total": [3, 125]},
        )

    def test_workload_and_who_has_no_next_step(self):
        for user, days in [
            (self.seller, (0, 6, 7)),
            (self.colleague, (-1,)),
        ]:
            for day in days:
                self._plan(self._open(user), date(2026, 3, 18) + timedelta(days=day))
        self._open()
        for _lead in range(2):
            self._open(self.colleague)
        section = self._theirs("workload")
        self.assertEqual(
            self._points(section),
            {
                "Open Opportunities": {"Colleague": 3, "Head": 0, "Seller": 4},
                "Next Step within 7 Days": {"Colleague": 0, "Head": 0, "Seller": 2},
                "Accounts": {"Colleague": 0, "Head": 0, "Seller": 1},
            },
        )
        without = self._points(self._theirs("without_step"))
        self.assertEqual(
            list(without["Without Next Step"].items()),
            [("Colleague", 2), ("Seller", 1)],
        )

    def test_stuck_is_what_odoo_calls_rotting(self):
        self.generate_interest.rotting_threshold_days = 10
        self.negotiate.rotting_threshold_days = 30
        old = self._open(created="2026-03-01 09:00:00", expected_revenue=100)
        older = self._open(
            self.colleague, created="2026-02-01 09:00:00", expected_revenue=30
        )
        self._open(created="2026-03-10 09:00:00")
        self._open(stage=self.negotiate, created="2026-03-01 09:00:00")
        self._open(stage=self.present_products, created="2026-01-01 09:00:00")
        self._closed("2026-03-05", "standby")
        self._open(self.stranger)
        section = self._theirs("stuck")
        self.assertEqual(
            self._cells(section),
            {
                old.name: ["Seller", self.generate_interest.name, 17, 100],
                "2 in all": ["", "", "", 130],
            },
        )
        labels = [row["cells"][0]["value"] for row in section["rows"]]
        self.assertEqual(labels, ["Colleague", "Seller"])
        found = (
            self.env["crm.lead"].with_user(self.head).search(section["drill"]["domain"])
        )
        self.assertEqual(found, old | older)
        self.env.invalidate_all()
        with patch.object(self.env.cr, "_now", fields.Datetime.now()):
            rotting = (
                self.env["crm.lead"]
                .with_user(self.head)
                .search(
                    [("is_rotting", "=", True), ("user_id", "!=", self.stranger.id)]
                )
            )
        self.assertEqual(rotting, found)

    def test_stages_without_a_limit_let_nothing_get_stuck(self):
        self.env["crm.stage"].search([]).rotting_threshold_days = 0
        self._open()
        section = self._theirs("stuck")
        self.assertEqual((section["rows"], section["total"]), ([], False))
        self.assertIn("Say in the stages", section["empty"])

    def test_pushed_three_times(self):
        pushed = self._open(date_deadline="2026-03-20", name="Pushed")
        twice = self._open(date_deadline="2026-03-20")
        for day in ("2026-03-25", "2026-04-01", "2026-04-10"):
            pushed.date_deadline = day
            twice.date_deadline = min(day, "2026-04-01")
        self.assertEqual((pushed.push_count, twice.push_count), (3, 2))
        section = self._theirs("pushed")
        self.assertEqual(
            self._cells(section),
            {
                "Pushed": ["Seller", 3, "2026-04-10", 1000],
                "1 in all": ["", "", "", 1000],
            },
        )

    def test_every_figure_opens_what_it_counts(self):
        self._make_week()
        self._objective(target=2)
        self._objective(target=2, team_id=self.north.id)
        self.generate_interest.rotting_threshold_days = 10
        self._open(self.colleague, date_deadline="2026-03-01", push_count=3)
        self._plan(self._open(self.colleague), "2026-03-18")
        self._plan(self._open(self.colleague), "2026-03-20")
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = '2025-01-01' WHERE id = %s",
            (self.organization.id,),
        )
        for user, filters in [
            (self.head, {}),
            (self.head, {"team_id": self.north.id}),
            (self.head, {"user_id": self.colleague.id}),
            (self.director, {}),
        ]:
            with self.subTest(user=user.name, filters=filters):
                data = self._data(user, "head", **filters)
                self.assertGreater(self.assertDrills(user, data), 40)

    def test_nothing_yet(self):
        lonely = self._make_user("lonely", "crm_gestion.group_sales_head")
        data = self._data(lonely, "head")
        for section in data["sections"]:
            with self.subTest(section=section["key"]):
                self.assertTrue(section["empty"])
                self.assertFalse(self._drills(section))
                self.assertFalse(
                    any(
                        fig["value"]
                        for fig in self._figures(section)
                        if fig["format"] != "text"
                    )
                )

    def test_many_people_and_records_cost_no_more_queries(self):
        self.generate_interest.rotting_threshold_days = 10

        def crowd(name, size):
            users = self.env["res.users"]
            for number in range(size):
                users |= self._make_user(f"{name}_{number}", "crm_gestion.group_seller")
            team = self._make_team(name, self.head, users)
            for user in users:
                self._plan(self._open(user, push_count=3), "2026-03-16")
                self._open(user, stage=self.negotiate, date_deadline="2026-03-01")
                self._won("2026-03-02", user)
                self._closed("2026-03-03", "rejected", user, reason=self.price)
                self._objective(user_id=user.id)
                self._make_gestion(user, organization_id=self.organization.id)
            return team, users

        few, _users = crowd("Few", 3)
        many, _users = crowd("Many", 30)
        page = self.env["crm.dashboard.head"].with_user(self.head)
        asked = {3: few, 30: many}
        self.assertFlatGrowth(
            lambda size: page.get_data({"team_id": asked[len(size)].id}),
            range(3),
            range(30),
        )
