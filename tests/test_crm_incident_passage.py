from datetime import datetime

import psycopg2
from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import AtOnce, Connection
from .incident_common import MONDAY, IncidentCommon


@tagged("post_install", "-at_install")
class TestPassages(IncidentCommon):
    """The history of an incident, made by whatever moves it."""

    def test_one_row_for_each_phase(self):
        with freeze_time(MONDAY):
            incident = self._open()
        with freeze_time("2026-03-02 11:00:00"):
            incident.with_user(self.agent).action_crm_start()
        with freeze_time("2026-03-03 10:00:00"):
            incident.with_user(self.agent).stage_id = self._stage("solved")
        self.assertRecordValues(
            incident.crm_passage_ids.sorted("id"),
            [
                {
                    "phase": phase,
                    "stage_id": self._stage(phase).id,
                    "user_id": user.id,
                    "date_in": date_in,
                    "date_out": date_out,
                    "hours": hours,
                    "is_reopening": False,
                    "company_id": self.env.company.id,
                }
                for phase, user, date_in, date_out, hours in (
                    (
                        "new",
                        self.seller,
                        datetime(2026, 3, 2, 10),
                        datetime(2026, 3, 2, 11),
                        1.0,
                    ),
                    (
                        "working",
                        self.agent,
                        datetime(2026, 3, 2, 11),
                        datetime(2026, 3, 3, 10),
                        7.0,
                    ),
                    ("solved", self.agent, datetime(2026, 3, 3, 10), False, 0.0),
                )
            ],
        )

    @freeze_time(MONDAY)
    def test_stages_of_the_same_phase_are_one(self):
        review = self.env["project.task.type"].create(
            {
                "name": "Review",
                "crm_phase": "working",
                "project_ids": self.desk.ids,
                "user_id": False,
                "sequence": 25,
            }
        )
        incident = self._open()
        incident.action_crm_start()
        incident.stage_id = review
        self.assertEqual(
            incident.crm_passage_ids.sorted("id").mapped("phase"), ["new", "working"]
        )

    @freeze_time(MONDAY)
    def test_reopening_is_marked(self):
        incident = self._open()
        incident.action_crm_solve()
        incident.action_crm_reopen()
        self.assertEqual(
            incident.crm_passage_ids.sorted("id").mapped("is_reopening"),
            [False, False, True],
        )

    @freeze_time(MONDAY)
    def test_said_once(self):
        incident = self._open()
        rows = incident.crm_passage_ids
        self.assertEqual(self.env["crm.incident.passage"]._log(incident), [])
        self.assertEqual(incident.crm_passage_ids, rows)

    @freeze_time(MONDAY)
    @mute_logger("odoo.sql_db")
    def test_database_allows_one_open_row(self):
        incident = self._open()
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            incident.crm_passage_ids.sudo().copy()
            self.env.flush_all()

    @freeze_time(MONDAY)
    def test_nobody_writes_them(self):
        incident = self._open()
        row = incident.crm_passage_ids
        admin = self._make_user(
            "system", "base.group_system,project.group_project_manager"
        )
        for user in (self.seller, self.director, self.agent, admin):
            for verb in (
                lambda r: r.write({"hours": 1}),
                lambda r: r.unlink(),
                lambda r: r.create({"task_id": incident.id, "phase": "new"}),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    verb(row.with_user(user))
        self.assertEqual(incident.crm_passage_ids.hours, 0.0)

    @freeze_time(MONDAY)
    def test_who_reads_the_incident_reads_its_rows(self):
        mine = self._open()
        theirs = self._open(
            self.stranger,
            partner_id=self.env["res.partner"]
            .create({"name": "Theirs", "user_id": self.stranger.id})
            .id,
        )
        rows = (mine | theirs).crm_passage_ids
        for user, expected in (
            (self.seller, mine),
            (self.head, mine),
            (self.stranger, theirs),
            (self.agent, mine | theirs),
            (self.colleague, mine.browse()),
            (self.employee, mine.browse()),
        ):
            with self.subTest(user=user.login):
                as_user = rows.with_user(user)
                found = as_user.search([("id", "in", rows.ids)])
                self.assertEqual(found.sudo().task_id, expected)
                self.assertEqual(as_user._filtered_access("read"), found)


@tagged("post_install", "-at_install")
class TestTwoConnections(AtOnce):
    """Two people move the same incident at once."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with Connection() as env:
            self.partner_id = env["res.partner"].create({"name": "Two Clicks"}).id
            self.task_id = (
                env["crm.incident"]
                ._open([{"name": "Clicked", "partner_id": self.partner_id}])
                .id
            )

    def _clean_up(self):
        with Connection() as env:
            env["project.task"].browse(self.task_id).unlink()
            env["res.partner"].browse(self.partner_id).unlink()

    def _move(self, *actions):
        def request(action):
            def do(env):
                task = env["project.task"].browse(self.task_id)
                getattr(task.with_context(tracking_disable=True), action)()
                env.flush_all()

            return (
                lambda env: env["project.task"].browse(self.task_id).stage_id.id,
                do,
            )

        self._at_once(*(request(action) for action in actions))
        with Connection() as env:
            task = env["project.task"].browse(self.task_id)
            rows = task.crm_passage_ids.sorted("id")
            return rows.mapped("phase"), rows.filtered(lambda row: not row.date_out)

    def test_the_same_way(self):
        phases, still_open = self._move("action_crm_start", "action_crm_start")
        self.assertEqual(phases, ["new", "working"])
        self.assertEqual(len(still_open), 1)

    def test_two_ways(self):
        phases, still_open = self._move("action_crm_start", "action_crm_wait")
        self.assertEqual(len(still_open), 1)
        self.assertIn(phases[1:], (["working", "waiting"], ["waiting", "working"]))
