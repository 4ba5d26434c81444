from datetime import date, datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .import_loader_common import ImportLoaderCommon

CALL = {
    "ref": "vtiger-1",
    "name": "Prepare offer",
    "activity_type": "Task",
    "date": "2026-02-20 09:00:00",
    "deadline": "2026-02-27",
    "owner": "ana",
    "related": {"entity": "organization", "name": "Aceites del Sur"},
    "description": "Discount 5%",
    "extra": "Priority: High",
}
MEETING = {
    "ref": "vtiger-2",
    "name": "Demo online",
    "activity_type": "Meeting",
    "date": "2026-03-20 16:00:00",
    "date_to": "2026-03-20 17:30:00",
    "owner": "ana",
    "location": "Zoom",
    "related": {"entity": "opportunity", "name": "Sale of software"},
    "contacts": ["Lucía Ferrer"],
}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderStep(ImportLoaderCommon):
    ENTITY = "step"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls._make_lead(
            partner_id=cls.contact.id, organization_id=cls.organization.id
        )
        cls.todo = cls.env.ref("mail.mail_activity_data_todo")

    @classmethod
    def _make_job(cls, **values):
        job = super()._make_job(**values)
        cls._choose("owner", "ana", cls.seller, job)
        cls._choose("owner", "gone", job=job)
        todo = cls.env.ref("mail.mail_activity_data_todo")
        meeting = cls.env.ref("mail.mail_activity_data_meeting")
        cls._choose("activity_type", "Task", todo, job)
        cls._choose("activity_type", "Meeting", meeting, job)
        return job

    def test_a_step_is_planned_on_what_it_is_about(self):
        noise = self._noise()
        [step] = self._load(CALL)
        self.assertEqual(self._noise(), noise)
        self.assertEqual(step._name, "mail.activity")
        self.assertEqual((step.res_model, step.res_id), self._key(self.organization))
        self.assertEqual(step.activity_type_id, self.todo)
        self.assertEqual(step.summary, "Prepare offer")
        self.assertEqual(step.date_deadline, date(2026, 2, 27))
        self.assertEqual(step.user_id, self.seller)
        self.assertEqual(step.state, "overdue")
        self.assertIn("Discount 5%", step.note)
        self.assertIn("Priority: High", step.note)
        self.assertEqual(self.organization.activity_ids, step)

    def _key(self, record):
        return record._name, record.id

    def test_a_meeting_is_in_the_calendar_and_nobody_is_invited(self):
        noise = self._noise()
        [event] = self._load(MEETING)
        self.assertEqual(self._noise(), noise)
        self.assertEqual(event._name, "calendar.event")
        self.assertEqual(event.name, "Demo online")
        self.assertEqual(event.start, datetime(2026, 3, 20, 16))
        self.assertEqual(event.stop, datetime(2026, 3, 20, 17, 30))
        self.assertEqual(event.user_id, self.seller)
        self.assertEqual(event.partner_ids, self.seller.partner_id | self.contact)
        self.assertEqual(event.location, "Zoom")
        self.assertEqual(event.opportunity_id, self.lead)
        self.assertFalse(event.alarm_ids)
        self.assertFalse(event.privacy)
        activity = self.lead.activity_ids
        self.assertEqual(activity.calendar_event_id, event)
        self.assertEqual(activity.date_deadline, date(2026, 3, 20))
        self.assertEqual(activity.user_id, self.seller)
        self.assertEqual(self.lead.next_step_date, date(2026, 3, 20))

    def test_a_private_meeting_is_private(self):
        [event] = self._load({**MEETING, "private": True})
        self.assertEqual(event.privacy, "private")
        self.assertEqual(event.with_user(self.seller).name, "Demo online")
        self.assertNotEqual(event.with_user(self.head).display_name, "Demo online")

    def test_the_day_is_that_of_the_files(self):
        job = self._make_job(tz="Pacific/Auckland")
        late = {**CALL, "ref": "vtiger-9", "date": "2026-03-20 16:00:00"}
        del late["deadline"]
        [step] = self._load(late, job=job)
        self.assertEqual(step.date_deadline, date(2026, 3, 21))

    def test_of_nothing_it_is_its_owners_own(self):
        own = {name: CALL[name] for name in ("name", "owner", "deadline")}
        nobodys = {"name": "Tidy up", "owner": "gone", "deadline": "2026-03-30"}
        meeting = {**MEETING, "ref": "vtiger-4", "contacts": [], "related": None}
        mine, directors, event = self._load(own, nobodys, meeting)
        self.assertEqual((mine.res_model, mine.res_id), (False, 0))
        self.assertEqual(mine.user_id, self.seller)
        self.assertEqual(directors.user_id, self.director)
        self.assertEqual(event.partner_ids, self.seller.partner_id)
        self.assertFalse(event.activity_ids)

    def test_of_who_left_it_is_for_who_has_the_customer_now(self):
        self.colleague.active = False
        self._choose("owner", "old", self.colleague)
        free = self.env["res.partner"].create({"name": "Nobody's", "is_company": True})
        theirs, free_step = self._load(
            {**CALL, "owner": "old"},
            {
                **CALL,
                "owner": "old",
                "ref": "vtiger-3",
                "related": {"entity": "organization", "name": "Nobody's"},
            },
        )
        self.assertEqual(theirs.user_id, self.seller)
        self.assertEqual(free_step.res_id, free.id)
        self.assertFalse(free_step.user_id)

    def test_without_a_related_record_it_is_about_the_contact(self):
        [step] = self._load({**CALL, "related": None, "contacts": ["Lucía Ferrer"]})
        self.assertEqual((step.res_model, step.res_id), self._key(self.contact))

    def test_refusals(self):
        rows = self._plan(
            {"name": "Some day", "owner": "ana"},
            {**CALL, "related": {"entity": "organization", "name": "Unknown"}},
        )
        self.assertEqual(rows.mapped("state"), ["refused", "refused"])
        self.assertEqual(rows[0].reason, "The date is missing.")
        self.assertIn("“Unknown”", rows[1].reason)
        activities = self.env["mail.activity"].search_count([])
        self._call("_load", rows)
        self.assertEqual(self.env["mail.activity"].search_count([]), activities)

    def test_another_import_finds_them(self):
        made = self._load(CALL, MEETING)
        rows = self._plan(CALL, MEETING, job=self._make_job())
        self.assertEqual(rows.mapped("state"), ["matched", "matched"])
        self.assertEqual(
            [(row.res_model, row.res_id) for row in rows],
            [self._key(record) for record in made],
        )

    def test_many_cost_as_few(self):
        self.assertGrowsFlat(lambda number: {**CALL, "ref": f"vtiger-c{number}"})

    def test_many_meetings_cost_as_few(self):
        self.assertGrowsFlat(lambda number: {**MEETING, "ref": f"vtiger-m{number}"})
