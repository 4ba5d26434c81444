from datetime import datetime

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from .incident_common import MONDAY, IncidentCommon

STATES = ("ok", "soon", "late", "met", "missed", False)


class ClockCommon(IncidentCommon):
    """Targets as delivered: normal 8 and 40 hours, critical 1 and 8."""

    def assertTimes(self, incident, answer, solution):
        moments = (incident.crm_answer_deadline, incident.crm_solution_deadline)
        expected = tuple(
            fields.Datetime.to_datetime(moment) or False
            for moment in (answer, solution)
        )
        self.assertEqual(moments, expected)


@tagged("post_install", "-at_install")
class TestDeadlines(ClockCommon):
    """Until when, in the working hours of the company."""

    def test_in_working_hours(self):
        with freeze_time(MONDAY):
            incident = self._open()
        self.assertTimes(incident, "2026-03-03 10:00:00", "2026-03-09 10:00:00")

    def test_opened_out_of_hours(self):
        with freeze_time("2026-03-07 22:00:00"):  # a Saturday night
            incident = self._open(crm_severity="3_critical")
        self.assertTimes(incident, "2026-03-09 10:00:00", "2026-03-09 17:00:00")

    def test_holidays_of_the_company_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        for company, day in ((self.env.company, 3), (other, 4)):
            leave = (
                self.env["resource.calendar.leaves"]
                .with_company(company)
                .create(
                    {
                        "name": "Holiday",
                        "date_from": f"2026-03-0{day} 00:00:00",
                        "date_to": f"2026-03-0{day} 23:59:59",
                        "resource_id": False,
                        "calendar_id": False,
                    }
                )
            )
            self.assertEqual((leave.company_id, leave.calendar_id.ids), (company, []))
        with freeze_time(MONDAY):
            incident = self._open()
        self.assertTimes(incident, "2026-03-04 10:00:00", "2026-03-10 10:00:00")

    def test_night_on_which_clocks_change(self):
        """From 29 March on, nine o'clock in Madrid is seven in UTC."""
        self.env.company.resource_calendar_id = self._make_calendar("Europe/Madrid")
        with freeze_time("2026-03-27 15:00:00"):  # a Friday, 16:00 there
            incident = self._open(crm_severity="3_critical")
        self.assertTimes(incident, "2026-03-27 16:00:00", "2026-03-30 14:00:00")

    def test_around_the_clock(self):
        self.env.company.resource_calendar_id = self._make_calendar(
            days=range(7), hours=((0, 24),)
        )
        with freeze_time("2026-03-07 22:00:00"):
            incident = self._open()
        self.assertTimes(incident, "2026-03-08 06:00:00", "2026-03-09 14:00:00")

    def test_without_a_calendar(self):
        self.env.company.resource_calendar_id = False
        with freeze_time("2026-03-07 22:00:00"):
            incident = self._open()
        self.assertTimes(incident, "2026-03-08 06:00:00", "2026-03-09 14:00:00")

    def test_nobody_ever_works(self):
        self.env.company.resource_calendar_id = self._make_calendar(days=())
        with freeze_time(MONDAY):
            incident = self._open()
        self.assertTimes(incident, False, False)
        self.assertFalse(incident.crm_target_state)

    def test_no_target(self):
        target = self.env.ref("crm_gestion.incident_target_normal")
        target.answer_hours = 0
        with freeze_time(MONDAY):
            incident = self._open()
            self.assertTimes(incident, False, "2026-03-09 10:00:00")
            target.unlink()
            incident = self._open()
        self.assertTimes(incident, False, False)

    def test_target_of_the_desk(self):
        self.env["crm.incident.target"].create(
            {
                "desk_id": self.desk.id,
                "severity": "1_normal",
                "answer_hours": 2,
                "solution_hours": 4,
            }
        )
        with freeze_time(MONDAY):
            incident = self._open()
        self.assertTimes(incident, "2026-03-02 12:00:00", "2026-03-02 14:00:00")

    def test_severity_changes_and_targets_do_not(self):
        with freeze_time(MONDAY):
            incident = self._open()
        self.env.ref("crm_gestion.incident_target_normal").solution_hours = 1
        self.assertTimes(incident, "2026-03-03 10:00:00", "2026-03-09 10:00:00")
        with freeze_time("2026-03-02 12:00:00"):
            incident.with_user(self.agent).crm_severity = "3_critical"
        self.assertTimes(incident, "2026-03-02 11:00:00", "2026-03-03 10:00:00")

    def test_many_open_as_few(self):
        few, many = (
            self.incidents.with_user(self.seller)
            ._open([self._vals() for _ in range(n)])
            .sudo()
            for n in (3, 30)
        )
        self.assertFlatGrowth(self.env["crm.incident.clock"]._start, few, many)


@tagged("post_install", "-at_install")
class TestRunning(ClockCommon):
    """The clock of the solution, from opening to solving and again."""

    def test_stands_still_while_it_waits_for_the_customer(self):
        with freeze_time(MONDAY):
            incident = self._open(crm_severity="3_critical")  # until 10 on Tuesday
        with freeze_time("2026-03-02 12:00:00"):  # six hours left
            incident.action_crm_wait()
            self.assertFalse(incident.crm_deadline)
            self.assertFalse(incident.crm_target_state)
        with freeze_time("2026-03-05 16:00:00"):  # a Thursday
            incident.action_crm_start()
        self.assertTimes(incident, "2026-03-02 11:00:00", "2026-03-06 14:00:00")
        with freeze_time("2026-03-06 10:00:00"):
            incident.action_crm_solve()
        self.assertEqual(incident.crm_solution_hours, 2 + 1 + 1)
        rows = incident.crm_passage_ids.sorted("id")
        self.assertEqual(rows.mapped("hours"), [2.0, 5 + 8 + 8 + 7, 2.0, 0.0])

    def test_severity_changes_after_waiting(self):
        with freeze_time(MONDAY):
            incident = self._open()
        with freeze_time("2026-03-02 12:00:00"):
            incident.action_crm_wait()
        with freeze_time("2026-03-02 15:00:00"):
            incident.action_crm_start()
        with freeze_time("2026-03-02 16:00:00"):
            incident.crm_severity = "3_critical"
        # eight hours from 10, without the three of waiting: four on Tuesday
        self.assertEqual(incident.crm_solution_deadline, datetime(2026, 3, 3, 13, 0))

    def test_late_before_waiting_stays_late(self):
        with freeze_time(MONDAY):
            incident = self._open(crm_severity="3_critical")
        with freeze_time("2026-03-04 12:00:00"):
            incident.action_crm_wait()
        with freeze_time("2026-03-05 12:00:00"):
            incident.action_crm_solve()
        self.assertEqual(incident.crm_solution_deadline, datetime(2026, 3, 3, 10, 0))
        self.assertEqual(incident.crm_target_state, "missed")

    def test_solved_from_waiting_in_time(self):
        with freeze_time(MONDAY):
            incident = self._open(crm_severity="3_critical")
            self.env["crm.incident.clock"]._answer(incident, fields.Datetime.now())
        with freeze_time("2026-03-02 12:00:00"):
            incident.action_crm_wait()
        with freeze_time("2026-03-12 12:00:00"):
            incident.action_crm_solve()
        self.assertEqual(incident.crm_target_state, "met")
        self.assertEqual(incident.crm_solution_hours, 2.0)

    def test_solving_answers(self):
        with freeze_time(MONDAY):
            incident = self._open()
        with freeze_time("2026-03-02 13:30:00"):
            incident.action_crm_solve()
        self.assertRecordValues(
            incident,
            [
                {
                    "crm_answer_date": datetime(2026, 3, 2, 13, 30),
                    "crm_answer_hours": 3.5,
                    "crm_solution_date": datetime(2026, 3, 2, 13, 30),
                    "crm_solution_hours": 3.5,
                    "crm_target_state": "met",
                }
            ],
        )

    def test_reopened(self):
        with freeze_time(MONDAY):
            incident = self._open()
        with freeze_time("2026-03-02 12:00:00"):
            incident.action_crm_solve()
        with freeze_time("2026-03-10 11:00:00"):
            incident.action_crm_reopen()
        self.assertRecordValues(
            incident,
            [
                {
                    "crm_reopen_count": 1,
                    "crm_solution_date": False,
                    "crm_solution_hours": 0.0,
                    "crm_solution_deadline": datetime(2026, 3, 17, 11, 0),
                    "crm_answer_date": datetime(2026, 3, 2, 12, 0),
                    "crm_answer_hours": 2.0,
                    "crm_answer_deadline": datetime(2026, 3, 3, 10, 0),
                }
            ],
        )
        with freeze_time("2026-03-10 14:00:00"):
            incident.action_crm_solve()
        # two hours before, three after; not the week in which it was solved
        self.assertEqual(incident.crm_solution_hours, 5.0)

    def test_cancelled_has_no_targets(self):
        with freeze_time(MONDAY):
            incident = self._open()
            incident.action_crm_cancel()
        with freeze_time("2026-04-01 10:00:00"):
            self.assertFalse(incident.crm_target_state)
            self.assertFalse(incident.crm_deadline)
            self.assertFalse(incident.crm_solution_date)


@tagged("post_install", "-at_install")
class TestTargetState(ClockCommon):
    """What is due, found and shown alike."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-03-02 09:00:00"):
            cls.late = cls._open(crm_severity="3_critical")  # answer until 10
            cls.soon = cls._open(crm_severity="2_high")  # until 13
            cls.ok = cls._open()  # until 17
            cls.waiting = cls._open()
            cls.waiting.action_crm_wait()
            cls.met = cls._open()
            cls.missed = cls._open(crm_severity="3_critical")
            cls.aimless = cls._open()
            cls.aimless.sudo().write(
                {"crm_answer_deadline": False, "crm_solution_deadline": False}
            )
            cls.cancelled = cls._open()
            cls.cancelled.action_crm_cancel()
            cls.answered = cls._open()  # in time, and waits for the customer
            cls.env["crm.incident.clock"]._answer(
                cls.answered.sudo(), datetime(2026, 3, 2, 9)
            )
            cls.answered.action_crm_wait()
        with freeze_time("2026-03-02 11:30:00"):
            cls.met.action_crm_solve()
            cls.missed.action_crm_solve()
            cls.unaimed = cls.aimless.copy()
            cls.unaimed.sudo().write(
                {"crm_answer_deadline": False, "crm_solution_deadline": False}
            )
            cls.unaimed.action_crm_solve()
        cls.plain = cls.env["project.task"].create({"name": "Plain"})
        cls.all = (
            cls.late | cls.soon | cls.ok | cls.waiting | cls.met | cls.missed
            | cls.aimless | cls.cancelled | cls.unaimed | cls.plain | cls.answered
        )  # fmt: skip

    @freeze_time("2026-03-02 11:30:00")
    def test_states(self):
        expected = ["late", "soon", "ok", False, "met", "missed"] + [False] * 5
        self.assertEqual(self.all.mapped("crm_target_state"), expected)

    @freeze_time("2026-03-02 11:30:00")
    def test_found_as_shown(self):
        mine = [("id", "in", self.all.ids)]
        for state in STATES:
            with self.subTest(state=state):
                shown = self.all.filtered(lambda t, s=state: t.crm_target_state == s)
                for domain, expected in (
                    ([("crm_target_state", "=", state)], shown),
                    ([("crm_target_state", "!=", state)], self.all - shown),
                ):
                    found = self.env["project.task"].search(mine + domain)
                    self.assertEqual(found, expected.sorted())
        both = [("crm_target_state", "in", ["late", "missed"])]
        found = self.env["project.task"].search(mine + both)
        self.assertEqual(set(found), set(self.late | self.missed))
        self.assertEqual(set(self.all.filtered_domain(both)), set(found))

    def test_a_director_counts_what_came_in_time(self):
        """By target, for answer and solution apart: Odoo groups by what is stored."""
        self.env["crm.incident.clock"]._answer(
            self.late.sudo(), datetime(2026, 3, 2, 11, 30)
        )
        tasks = self.env["project.task"].with_user(self.director)
        mine = [("id", "in", self.all.ids)]
        answered, solved = (
            {
                outcome: found
                for outcome, found in tasks._read_group(mine, [name], ["id:recordset"])
                if outcome
            }
            for name in ("crm_answer_outcome", "crm_solution_outcome")
        )
        self.assertEqual(
            answered,
            {"met": self.met | self.answered, "missed": self.late | self.missed},
        )
        self.assertEqual(solved, {"met": self.met | self.missed})
        self.met.action_crm_reopen()
        self.assertEqual(
            (self.met.crm_answer_outcome, self.met.crm_solution_outcome),
            ("met", False),
        )

    def test_outcome_is_nobodys_to_write(self):
        with self.assertRaises(AccessError):
            self.late.with_user(self.agent).write({"crm_answer_outcome": "met"})

    @freeze_time("2026-03-02 11:30:00")
    def test_next_target(self):
        self.assertEqual(self.late.crm_deadline, datetime(2026, 3, 2, 10, 0))
        self.env["crm.incident.clock"]._answer(
            self.late.sudo(), datetime(2026, 3, 2, 11, 30)
        )
        self.assertEqual(self.late.crm_deadline, datetime(2026, 3, 2, 17, 0))
        self.assertEqual(self.late.crm_target_state, "ok")
        self.assertEqual(self.late.crm_answer_hours, 2.5)
        found = self.env["project.task"].search(
            [("crm_deadline", "<", "2026-03-02 14:00:00"), ("id", "in", self.all.ids)]
        )
        self.assertEqual(found, self.soon)
