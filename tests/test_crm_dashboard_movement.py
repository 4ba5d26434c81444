from datetime import date, datetime

from freezegun import freeze_time

from odoo.tests import tagged

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
        before = self.env.company, LONG_AGO
        stays = make(before[1], 100.0)
        up = make(before[1], 200.0)
        down = make(before[1], 400.0)
        won = make(before[1], 800.0)
        lost = make(before[1], 1600.0)
        unqualified = make(before[1], 3200.0)
        paused = make(before[1], 6400.0)
        asleep = make(before[1], 12800.0)
        self._close(asleep, "2026-10-20 10:00:00", "standby")
        postponed = make(before[1], 25600.0)
        self._close(postponed, "2026-10-20 10:00:00", "standby")
        dead = make(before[1], 51200.0)
        self._close(dead, "2026-10-20 10:00:00")
        again = make(before[1], 102400.0)
        self._close(again, "2026-10-20 10:00:00")
        twice = make(before[1], 204800.0)
        back_soon = make(before[1], 409600.0)
        old = make(before[1], 819200.0)
        self._close(old, "2026-10-21 10:00:00", "unqualified")
        archived = make(before[1], 1638400.0, probability=20.0)
        enquiry = make(before[1], 3276800.0, type="lead")
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
