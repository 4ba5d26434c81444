from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .import_loader_common import ImportLoaderCommon
from .incident_common import IncidentCommon

OPEN = {
    "ref": "TT9",
    "name": "Cannot log in",
    "organization": "Aceites del Sur",
    "contact": "Lucía Ferrer",
    "owner": "agent",
    "severity": "Critical",
    "incident_type": "Big Problem",
    "incident_stage": "Open",
    "hours": "1.5",
    "product": "License",
    "created": "2026-02-27 10:00:00",
    "description": "Error 500",
    "extra": "Days: 0.25",
}
CLOSED = {
    **OPEN,
    "ref": "TT12",
    "name": "Noisy server",
    "incident_stage": "Closed",
    "closed": "2026-02-27 14:00:00",
    "solution": "Fan changed",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderIncident(ImportLoaderCommon, IncidentCommon):
    ENTITY = "incident"

    @classmethod
    def _make_job(cls, **values):
        job = super()._make_job(**values)
        cls._choose("owner", "agent", cls.agent, job)
        cls._choose("severity", "Critical", "3_critical", job)
        cls._choose("incident_type", "Big Problem", cls.fault, job)
        for text, phase in (
            ("Open", "new"),
            ("In Progress", "working"),
            ("Wait For Response", "waiting"),
            ("Closed", "solved"),
        ):
            cls._choose("incident_stage", text, cls._stage(phase), job)
        return job

    @classmethod
    def setUpClass(cls):
        cls.product = None
        super().setUpClass()
        cls.product = cls._make_product()
        cls.organization.is_key_account = True

    def test_an_open_one_goes_on_here(self):
        noise = self._noise()
        [incident] = self._load(OPEN)
        self.assertEqual(self._noise(), noise)
        self.assertEqual(incident._name, "project.task")
        self.assertTrue(incident.crm_is_incident)
        self.assertTrue(incident.crm_number.startswith("INC/2026/"))
        self.assertEqual(incident.name, "Cannot log in")
        self.assertEqual(incident.project_id, self.desk)
        self.assertEqual(incident.company_id, self.env.company)
        self.assertEqual(incident.partner_id, self.contact)
        self.assertEqual(incident.crm_organization_id, self.organization)
        self.assertEqual(incident.crm_type_id, self.fault)
        self.assertEqual(incident.crm_severity, "3_critical")
        self.assertEqual(incident.user_ids, self.agent)
        self.assertEqual(incident.stage_id, self._stage("new"))
        self.assertEqual(incident.state, "01_in_progress")
        self.assertEqual(incident.create_date, datetime(2026, 2, 27, 10))
        for text in ("Error 500", "Product: License", "Hours: 1.50", "Days: 0.25"):
            self.assertIn(text, incident.description)
        # critical: answered within 1 hour, solved within 8, of a Friday
        self.assertEqual(incident.crm_answer_deadline, datetime(2026, 2, 27, 11))
        self.assertEqual(incident.crm_solution_deadline, datetime(2026, 3, 2, 10))
        self.assertFalse(incident.date_end)
        row = incident.crm_passage_ids
        self.assertEqual(row.phase, "new")
        self.assertEqual(row.date_in, datetime(2026, 2, 27, 10))
        self.assertFalse(row.date_out)

    def test_one_that_is_worked_on_waits_for_no_answer(self):
        working, waiting = self._load(
            {**OPEN, "incident_stage": "In Progress"},
            {**OPEN, "ref": "TT10", "incident_stage": "Wait For Response"},
        )
        self.assertFalse(working.crm_answer_deadline)
        self.assertEqual(working.crm_deadline, datetime(2026, 3, 2, 10))
        self.assertFalse(waiting.crm_deadline)
        waiting.with_user(self.agent).action_crm_start()
        self.assertEqual(waiting.crm_solution_deadline, datetime(2026, 3, 3, 10))

    def test_a_closed_one_is_over_since_then(self):
        noise = self._noise()
        [incident] = self._load(CLOSED)
        self.assertEqual(self._noise(), noise)
        self.assertEqual(incident.crm_phase, "solved")
        self.assertEqual(incident.state, "1_done")
        self.assertEqual(incident.crm_solution_date, datetime(2026, 2, 27, 14))
        self.assertEqual(incident.crm_solution_hours, 4.0)
        self.assertFalse(incident.crm_solution_deadline)
        self.assertFalse(incident.crm_answer_deadline)
        self.assertFalse(incident.crm_deadline)
        self.assertFalse(incident.crm_solution_outcome)
        self.assertEqual(incident.date_end, datetime(2026, 2, 27, 14))
        self.assertEqual(incident.working_hours_close, 4.0)
        self.assertEqual(incident.working_hours_open, 0.0)
        self.assertIn("Solution: Fan changed", incident.description)
        self.assertEqual(
            [
                (row.phase, row.date_in, row.date_out, row.hours)
                for row in incident.crm_passage_ids.sorted("id")
            ],
            [
                ("solved", datetime(2026, 2, 27, 14), False, 0.0),
                ("new", datetime(2026, 2, 27, 10), datetime(2026, 2, 27, 14), 4.0),
            ],
        )

    def test_one_closed_nobody_knows_when(self):
        [incident] = self._load({**CLOSED, "closed": None})
        self.assertEqual(incident.crm_phase, "solved")
        self.assertFalse(incident.crm_solution_date)
        self.assertEqual(
            incident.crm_passage_ids.mapped("date_in"), [datetime(2026, 2, 27, 10)]
        )
        self.assertEqual(incident.date_end, datetime(2026, 2, 27, 10))

    def test_what_was_brought_along_can_be_opened_again(self):
        [incident] = self._load(CLOSED)
        incident.with_user(self.agent).action_crm_reopen()
        self.assertEqual(incident.crm_phase, "working")
        self.assertEqual(incident.crm_reopen_count, 1)
        self.assertEqual(incident.crm_solution_deadline, datetime(2026, 3, 3, 10))
        self.assertEqual(len(incident.crm_passage_ids), 3)

    def test_the_usual_where_the_files_say_nothing(self):
        self.agent.active = False
        bare, kind = self._load(
            {"ref": "TT1", "name": "Bare"},
            {**OPEN, "ref": "TT2", "severity": None},
        )
        self.assertEqual(bare.crm_severity, "1_normal")
        self.assertFalse(bare.partner_id)
        self.assertEqual(bare.stage_id, self._stage("new"))
        self.assertEqual(kind.crm_severity, self.fault.severity or "1_normal")
        self.assertFalse(kind.user_ids)

    def test_a_stage_of_another_desk_is_one_of_its_phase(self):
        other = self.env["project.task.type"].create(
            {"name": "Waiting elsewhere", "crm_phase": "waiting"}
        )
        self._choose("incident_stage", "Elsewhere", other)
        [incident] = self._load({**OPEN, "incident_stage": "Elsewhere"})
        self.assertEqual(incident.stage_id, self._stage("waiting"))

    def test_refusals(self):
        self._choose("severity", "Odd", "odd")
        rows = self._plan(
            {"ref": "TT1"},
            {**OPEN, "severity": "Odd"},
            {**OPEN, "organization": "Unknown"},
        )
        self.assertEqual(rows.mapped("state"), ["refused"] * 3)
        self.assertEqual(
            rows.mapped("reason")[:2],
            ["The name is missing.", "“odd” is no severity: choose another."],
        )
        self.assertIn("“Unknown”", rows[2].reason)
        self._call("_load", rows)
        self.assertFalse(self.desk.task_ids)

    def test_another_import_finds_them(self):
        [incident] = self._load(OPEN)
        rows = self._plan(OPEN, job=self._make_job())
        self.assertEqual((rows.state, rows.res_id), ("matched", incident.id))

    def test_a_client_cannot_keep_an_incident_from_being_told_of(self):
        incident = self._open(self.seller)
        noisy = self.env["project.task"].with_user(self.agent)
        task = noisy.with_context(crm_gestion_incidents_brought=True).create(
            {"name": "Told", "project_id": self.desk.id}
        )
        self.assertTrue(incident.crm_answer_deadline)
        self.assertTrue(task.crm_answer_deadline)
        self.assertIn(self.agent.partner_id, task.message_partner_ids)

    def test_many_cost_as_few(self):
        self.assertGrowsFlat(lambda number: {**OPEN, "ref": f"TT{number}"})

    def test_many_closed_ones_cost_as_few(self):
        self.assertGrowsFlat(lambda number: {**CLOSED, "ref": f"TT{number}"})
