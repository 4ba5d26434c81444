from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import format_amount

from .test_crm_dashboard import DashboardCommon

# A Sunday; the Monday of the week before is 9 November.
NOW = "2026-11-22 12:00:00"
LONG_AGO = "2026-10-05 09:00:00"
BEFORE = "2026-11-08 23:59:59"


class MovementCommon(DashboardCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.resource_calendar_id.tz = "UTC"
        cls.Closure = cls.env["crm.opportunity.closure"]

    @classmethod
    def _made(cls, when, amount=1000.0, user=None, **values):
        """An opportunity that was made then."""
        with freeze_time(when):
            lead = cls._make_lead(
                user, expected_revenue=amount, name=f"Of {amount}", **values
            )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE crm_lead SET create_date = %s WHERE id = %s", [when, lead.id]
        )
        lead.invalidate_recordset(["create_date"])
        return lead

    def _close(self, lead, when, kind="rejected"):
        reason = {"rejected": self.price, "unqualified": self.too_small}.get(kind)
        with freeze_time(when):
            if kind == "won":
                stage = self.env["crm.stage"]._waive_gates(lead)
                stage.write({"stage_id": self.sales_order.id})
            else:
                self.Closure._close(
                    lead, kind, reason, wake_date=date(2027, 1, 15)
                )  # fmt: skip

    def _resume(self, lead, when):
        with freeze_time(when):
            lead.action_crm_resume()

    def _write(self, lead, when, **values):
        with freeze_time(when):
            lead.write(values)

    def _open_now(self, user=None, people=None):
        """:return: number and amount of what is open, as anybody counts it"""
        domain = [("type", "=", "opportunity"), ("won_status", "=", "pending")]
        if people:
            domain.append(("user_id", "in", people.ids))
        Lead = self.env["crm.lead"].with_user(user or self.director)
        [(count, amount)] = Lead._read_group(
            domain, [], ["__count", "expected_revenue:sum"]
        )
        return count, amount or 0.0

    def _movement(self, user=None, page="director", **filters):
        """:return: dict label -> (number, amount); the data of the dashboard"""
        user = user or self.director
        with freeze_time(NOW):
            data = self._data(user, page, **filters)
            data["sections"] = [
                section
                for section in data["sections"]
                if section["key"].startswith("movement")
            ]
            self.assertDrills(user, data)
        table = self._section(data, "movement")
        rows = [*table["rows"], table["total"]] if table["rows"] else []
        found = {
            row["label"]: tuple(cell["value"] for cell in row["cells"]) for row in rows
        }
        for figure in self._section(data, "movement_besides")["figures"]:
            found[figure["label"]] = figure["value"]
        return found, data

    def assertReconciles(self, found):
        numbers, amounts = {}, {}
        for label, figures in found.items():
            if isinstance(figures, tuple):
                numbers[label], amounts[label] = figures
        for values in (numbers, amounts):
            total = values["Pipeline at the Start"]
            for label, value in values.items():
                if values is numbers and label in ("+ Increases", "- Decreases"):
                    continue
                total += {"+": value, "-": -value}.get(label[0], 0)
            self.assertAlmostEqual(total, values["Pipeline at the End"], 2)


@tagged("post_install", "-at_install")
class TestMovement(MovementCommon):
    def _week(self):
        """Everything that may happen to a pipeline.

        :return: what was open before it happened
        """
        make = self._made
        stays = make(LONG_AGO, 100.0)
        up = make(LONG_AGO, 200.0)
        down = make(LONG_AGO, 400.0)
        won = make(LONG_AGO, 800.0)
        lost = make(LONG_AGO, 1600.0)
        unqualified = make(LONG_AGO, 3200.0)
        paused = make(LONG_AGO, 6400.0)
        asleep = make(LONG_AGO, 12800.0)
        self._close(asleep, "2026-10-20 10:00:00", "standby")
        postponed = make(LONG_AGO, 25600.0)
        self._close(postponed, "2026-10-20 10:00:00", "standby")
        dead = make(LONG_AGO, 51200.0)
        self._close(dead, "2026-10-20 10:00:00")
        again = make(LONG_AGO, 102400.0)
        self._close(again, "2026-10-20 10:00:00")
        twice = make(LONG_AGO, 204800.0)
        back_soon = make(LONG_AGO, 409600.0)
        old = make(LONG_AGO, 819200.0)
        self._close(old, "2026-10-21 10:00:00", "unqualified")
        archived = make(LONG_AGO, 1638400.0, probability=20.0)
        enquiry = make(LONG_AGO, 3276800.0, type="lead")
        with freeze_time(BEFORE):
            seen = self._open_now()

        new = make("2026-11-10 10:00:00", 1.0)
        self._write(new, "2026-11-11 10:00:00", expected_revenue=2.0)
        won_at_once = make("2026-11-10 10:00:00", 4.0)
        self._close(won_at_once, "2026-11-12 10:00:00", "won")
        with freeze_time("2026-11-12 10:00:00"):
            enquiry.convert_opportunity(self.contact)
            enquiry.date_conversion = datetime(2026, 11, 12, 10)
        self._write(up, "2026-11-10 10:00:00", expected_revenue=250.0)
        self._write(down, "2026-11-10 10:00:00", expected_revenue=390.0)
        self._write(won, "2026-11-10 10:00:00", expected_revenue=820.0)
        self._close(won, "2026-11-11 10:00:00", "won")
        # the order says it better
        self._write(won, "2026-11-11 10:00:00", expected_revenue=840.0)
        self._close(lost, "2026-11-11 10:00:00")
        self._close(unqualified, "2026-11-11 10:00:00", "unqualified")
        self._close(paused, "2026-11-11 10:00:00", "standby")
        self._resume(asleep, "2026-11-11 10:00:00")
        with freeze_time("2026-11-11 10:00:00"):
            self.Closure._close(postponed, "standby", wake_date=date(2027, 3, 1))
        self._resume(dead, "2026-11-11 10:00:00")
        self._resume(again, "2026-11-11 10:00:00")
        self._close(again, "2026-11-12 10:00:00")
        self._close(twice, "2026-11-10 10:00:00")
        self._resume(twice, "2026-11-11 10:00:00")
        self._close(twice, "2026-11-12 10:00:00", "unqualified")
        self._close(back_soon, "2026-11-10 10:00:00")
        self._resume(back_soon, "2026-11-11 10:00:00")
        with freeze_time("2026-11-11 10:00:00"):
            archived.action_archive()
        self.env.flush_all()
        self.assertTrue(stays.active)
        return seen

    def test_every_movement_and_the_sum(self):
        before = self._open_now()
        self.assertEqual(before, (0, 0.0))
        seen = self._week()
        found, data = self._movement()
        self.assertEqual(
            found,
            {
                # 100 200 400 800 1600 3200 6400 204800 409600 1638400
                "Pipeline at the Start": seen,
                # worth 2 and 4, and the enquiry
                "+ New": (3, 3276806.0),
                # awake, taken up, taken up and lost again
                "+ Resumed": (3, 12800.0 + 51200.0 + 102400.0),
                "+ Increases": (2, 50.0 + 40.0),
                "- Decreases": (1, 10.0),
                "- Won": (2, 840.0 + 4.0),
                "- Lost": (4, 1600.0 + 3200.0 + 102400.0 + 204800.0),
                "- Standby": (1, 6400.0),
                "- Archived by Hand": (1, 1638400.0),
                "Pipeline at the End": self._open_now(),
                "Advanced": 0,
                "Went Back": 0,
                "Slipped": 0,
                "Pulled In": 0,
            },
        )
        self.assertEqual(seen, (10, 2265500.0))
        self.assertReconciles(found)
        bars = self._section(data, "movement_bars")
        self.assertEqual(
            [[point["value"] for point in row["points"]] for row in bars["series"]],
            [
                [2265500.0, *[None] * 8, found["Pipeline at the End"][1]],
                [None, 3276806.0, 166400.0, 90.0, *[None] * 6],
                [*[None] * 4, -10.0, -844.0, -312000.0, -6400.0, -1638400.0, None],
            ],
        )

    def _behind(self, data, label):
        """:return: opportunities that a row opens"""
        table = self._section(data, "movement")
        [row] = [
            row for row in [*table["rows"], table["total"]] if row["label"] == label
        ]
        found = self.env["crm.lead"].with_user(self.director)
        return found.search(row["drill"]["domain"])

    def test_rows_open_their_opportunities(self):
        won, lost = self._made(LONG_AGO), self._made(LONG_AGO)
        stays, new = self._made(LONG_AGO), self._made("2026-11-10 10:00:00")
        self._close(won, "2026-11-11 10:00:00", "won")
        self._close(lost, "2026-11-11 10:00:00", "unqualified")
        self._write(stays, "2026-11-11 10:00:00", expected_revenue=5.0)
        _found, data = self._movement()
        for label, leads in (
            ("Pipeline at the Start", won | lost | stays),
            ("+ New", new),
            ("- Won", won),
            ("- Lost", lost),
            ("- Decreases", stays),
            ("Pipeline at the End", stays | new),
        ):
            self.assertEqual(self._behind(data, label), leads.sorted(), label)

    def test_a_period_that_is_over(self):
        first, second = self._made(LONG_AGO, 100.0), self._made(LONG_AGO, 200.0)
        third = self._made(LONG_AGO, 400.0)
        self._close(third, "2026-10-20 10:00:00")
        with freeze_time("2026-10-31 23:59:59"):
            start = self._open_now()
        self._write(first, "2026-11-02 00:00:00", expected_revenue=150.0)
        self._close(second, "2026-11-05 10:00:00", "standby")
        with freeze_time("2026-11-08 23:59:59"):
            end = self._open_now()
        self._resume(second, "2026-11-09 00:00:00")
        self._resume(third, "2026-11-10 10:00:00")
        self._write(first, "2026-11-10 10:00:00", expected_revenue=1150.0)
        self._close(first, "2026-11-11 10:00:00", "won")
        self._made("2026-11-12 10:00:00", 800.0)
        period = {
            "period": "custom", "date_from": "2026-11-01", "date_to": "2026-11-08",
        }  # fmt: skip
        found, _data = self._movement(**period)
        self.assertEqual(found["Pipeline at the Start"], start)
        self.assertEqual(found["Pipeline at the End"], end)
        self.assertEqual((start, end), ((2, 300.0), (1, 150.0)))
        self.assertEqual(found["+ Increases"], (1, 50.0))
        self.assertEqual(found["- Standby"], (1, 200.0))
        self.assertEqual(found["+ New"], (0, 0.0))
        self.assertReconciles(found)
        # a period that runs is from the Monday of last week
        for running in ({}, {"period": "year"}, {"period": "week"}):
            found, _data = self._movement(**running)
            self.assertEqual(found["Pipeline at the Start"], end)
            self.assertReconciles(found)

    def test_whose_it_is(self):
        """Of whom he leads, of one of them, of a team; who left stays."""
        self._made(LONG_AGO, 1.0)
        self._made(LONG_AGO, 2.0, self.colleague)
        theirs = self._made(LONG_AGO, 4.0, self.stranger)
        given = self._made(LONG_AGO, 8.0, self.stranger)
        self._close(theirs, "2026-11-10 10:00:00", "won")
        self._write(given, "2026-11-10 10:00:00", user_id=self.seller.id)
        self.colleague.active = False
        opening, won = "Pipeline at the Start", "- Won"

        def figures(*args, **filters):
            found, _data = self._movement(*args, **filters)
            self.assertReconciles(found)
            return found[opening], found[won]

        nothing = (0, 0.0)
        self.assertEqual(figures(), ((4, 15.0), (1, 4.0)))
        self.assertEqual(figures(team_id=self.south.id), ((1, 4.0), (1, 4.0)))
        self.assertEqual(figures(user_id=self.seller.id), ((2, 9.0), nothing))
        parts = type(self.env["crm.dashboard.head"])
        with patch.object(parts, "_parts", ("crm.dashboard.movement",)):
            self.assertEqual(figures(self.head, "head"), ((3, 11.0), nothing))
            self.assertEqual(
                figures(self.head, "head", user_id=self.seller.id), ((2, 9.0), nothing)
            )
            self.assertEqual(figures(self.south_head, "head"), ((1, 4.0), (1, 4.0)))

    def test_moved_within_the_pipeline(self):
        first, second = self._made(LONG_AGO), self._made(LONG_AGO)
        first.date_deadline = second.date_deadline = "2026-12-01"
        self.env["crm.opportunity.forecast.log"].search([]).unlink()
        self._write(first, "2026-11-10 10:00:00", stage_id=self.negotiate.id)
        self._write(first, "2026-11-11 10:00:00", stage_id=self.present_products.id)
        self._write(second, "2026-11-11 10:00:00", stage_id=self.present_products.id)
        self._write(first, "2026-11-11 10:00:00", date_deadline="2026-12-15")
        self._write(second, "2026-11-11 10:00:00", date_deadline="2026-11-30")
        found, data = self._movement()
        names = ("Advanced", "Went Back", "Slipped", "Pulled In")
        self.assertEqual([found[name] for name in names], [2, 1, 1, 1])
        notes = [
            figure["note"]
            for figure in self._section(data, "movement_besides")["figures"]
        ]
        currency = self.env.company.currency_id
        self.assertEqual(
            notes, [format_amount(self.env, n, currency) for n in (2e3, 1e3, 1e3, 1e3)]
        )

    def test_what_a_merge_brings_says_nothing_about_the_winner(self):
        winner = self._made(LONG_AGO, 100.0, partner_id=self.contact.id)
        loser = self._made(LONG_AGO, 500.0, partner_id=self.contact.id)
        self._write(loser, "2026-11-09 10:00:00", expected_revenue=700.0)
        self._write(loser, "2026-11-09 10:30:00", stage_id=self.negotiate.id)
        self._write(loser, "2026-11-09 10:40:00", stage_id=winner.stage_id.id)
        self._close(loser, "2026-11-09 11:00:00")
        with freeze_time("2026-11-10 10:00:00"):
            merged = (winner | loser).with_user(self.director).merge_opportunity()
        self.assertEqual(merged.ids, winner.ids)
        self.assertEqual(merged.closure_ids.mapped("is_merged"), [True])
        self.assertEqual(merged.forecast_log_ids.mapped("is_merged"), [True])
        found, _data = self._movement()
        self.assertEqual(found["Pipeline at the Start"], (1, 100.0))
        self.assertEqual(found["+ Resumed"], (0, 0.0))
        self.assertEqual(found["Pipeline at the End"], (1, 100.0))
        self.assertEqual((found["Advanced"], found["Went Back"]), (0, 0))

    def test_what_was_imported_closed_was_never_open(self):
        with freeze_time("2026-11-10 10:00:00"):
            lead = self._make_lead(
                stage_id=self.sales_order.id, date_closed="2025-05-01 10:00:00"
            )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = '2026-11-10' WHERE id = %s", [lead.id]
        )
        self.assertEqual(lead.closure_ids.date, datetime(2025, 5, 1, 10))
        self._made(LONG_AGO, 100.0)
        found, _data = self._movement()
        self.assertEqual(found["+ New"], (0, 0.0))
        self.assertEqual(found["- Won"], (0, 0.0))
        self.assertReconciles(found)

    def test_queries_do_not_grow_with_what_moved(self):
        def grow(number):
            for _number in range(number):
                lead = self._made(LONG_AGO)
                self._write(lead, "2026-11-10 10:00:00", expected_revenue=7.0)
                self._close(lead, "2026-11-11 10:00:00")

        Movement = self.env["crm.dashboard.movement"].with_user(self.director)
        with freeze_time(NOW):
            Page = self.env["crm.dashboard.director"].with_user(self.director)
            asked = Page._asked(Page._heard({}))

            def count():
                return self._count_queries(lambda: Movement._sections(asked))

            count()
            grow(3)
            few = count()
            grow(30)
            self.assertLessEqual(count(), few + self.ALLOWANCE)
