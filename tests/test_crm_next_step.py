from datetime import date, datetime

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestNextStepMeeting(CrmGestionCommon):
    """A next step that is a meeting is in the calendar of who is to hold it."""

    def setUp(self):
        super().setUp()
        self.seller.tz = "Europe/Madrid"
        self.lead = self._make_lead(partner_id=self.contact.id)

    def _log(self, user=None, **values):
        user = user or self.seller
        return (
            self.env["crm.gestion"]
            .with_user(user)
            .create(
                {
                    "activity_type_id": self.call.id,
                    "result_id": self.env.ref("crm_gestion.result_informed").id,
                    **self._step(**values),
                }
            )
        )

    def _step(self, **values):
        return {
            "lead_id": self.lead.id,
            "next_activity_type_id": self.meeting.id,
            "next_date": "2026-03-09",
            **values,
        }

    def _mails(self):
        return self.env["mail.mail"].sudo().search_count([])

    def test_meeting_is_one_event_with_one_activity(self):
        gestion = self._log(next_hour=10.5, next_summary="Demo")
        activity = gestion.next_activity_id
        self.assertRecordValues(
            activity,
            [
                {
                    "activity_type_id": self.meeting.id,
                    "summary": "Demo",
                    "date_deadline": date(2026, 3, 9),
                    "user_id": self.seller.id,
                    "res_model": "crm.lead",
                    "res_id": self.lead.id,
                }
            ],
        )
        self.assertEqual(self.lead.activity_ids, activity)
        self.assertRecordValues(
            activity.calendar_event_id,
            [
                {
                    "name": "Demo: Sale of software",
                    "allday": False,
                    "start": datetime(2026, 3, 9, 9, 30),
                    "stop": datetime(2026, 3, 9, 10, 30),
                    "user_id": self.seller.id,
                    "partner_ids": self.seller.partner_id.ids,
                    "opportunity_id": self.lead.id,
                    "res_model": "crm.lead",
                    "res_id": self.lead.id,
                }
            ],
        )

    def test_meeting_without_hour_lasts_all_day(self):
        event = self._log().next_activity_id.calendar_event_id
        self.assertRecordValues(
            event,
            [
                {
                    "allday": True,
                    "start_date": date(2026, 3, 9),
                    "stop_date": date(2026, 3, 9),
                    "name": "Meeting: Sale of software",
                }
            ],
        )

    def test_call_is_in_no_calendar(self):
        gestion = self._log(next_activity_type_id=self.call.id, next_hour=10)
        self.assertTrue(gestion.next_activity_id)
        self.assertFalse(gestion.next_activity_id.calendar_event_id)

    def test_nobody_is_mailed(self):
        before = self._mails()
        gestion = self._log(next_hour=9)
        gestion.next_date = "2026-03-10"
        gestion.next_hour = 12
        gestion.write({"next_activity_type_id": False, "next_date": False})
        self.assertEqual(self._mails(), before)

    def test_customer_is_not_invited(self):
        gestion = self._log(lead_id=False, contact_id=self.contact.id)
        event = gestion.next_activity_id.calendar_event_id
        self.assertEqual(event.attendee_ids.partner_id, self.seller.partner_id)
        self.assertEqual(
            (event.res_model, event.res_id), ("res.partner", self.contact.id)
        )
        self.assertNotIn(self.contact, event.message_partner_ids)

    def test_head_plans_a_meeting_for_his_seller(self):
        gestion = self._log(self.head, next_user_id=self.seller.id, next_hour=10)
        event = gestion.next_activity_id.calendar_event_id
        self.assertEqual(event.user_id, self.seller)
        self.assertEqual(event.attendee_ids.partner_id, self.seller.partner_id)
        self.assertEqual(event.start, datetime(2026, 3, 9, 9), "hour of the seller")
        self.assertEqual(gestion.next_activity_id.user_id, self.seller)

    def test_changes_go_on_to_the_calendar(self):
        gestion = self._log(next_hour=10)
        activity = gestion.next_activity_id
        event = activity.calendar_event_id
        gestion.next_date = "2026-03-12"
        self.assertEqual(event.start, datetime(2026, 3, 12, 9))
        self.assertEqual(activity.date_deadline, date(2026, 3, 12))
        gestion.next_hour = 16
        self.assertEqual(event.start, datetime(2026, 3, 12, 15))
        gestion.next_hour = 0
        self.assertTrue(event.allday)
        self.assertEqual(event.start_date, date(2026, 3, 12))
        gestion.next_summary = "Demo"
        self.assertEqual(event.name, "Demo: Sale of software")
        self.assertEqual(activity.summary, "Demo")
        gestion.next_user_id = self.colleague
        self.assertEqual(event.user_id, self.colleague)
        self.assertEqual(event.partner_ids, self.colleague.partner_id)
        self.assertEqual(event.attendee_ids.partner_id, self.colleague.partner_id)
        self.assertEqual(activity.user_id, self.colleague)
        self.assertEqual(gestion.next_activity_id, activity, "still the same one")

    def test_who_was_invited_in_the_calendar_stays_invited(self):
        gestion = self._log(next_hour=10)
        event = gestion.next_activity_id.calendar_event_id
        event.partner_ids += self.contact
        gestion.next_user_id = self.colleague
        self.assertEqual(event.partner_ids, self.contact | self.colleague.partner_id)

    def test_meeting_moved_in_the_calendar_moves_the_activity(self):
        gestion = self._log(next_hour=10)
        activity = gestion.next_activity_id
        event = activity.calendar_event_id.with_user(self.seller)
        event.write({"start": "2026-03-16 11:00:00", "stop": "2026-03-16 12:00:00"})
        self.assertEqual(activity.date_deadline, date(2026, 3, 16))
        gestion.next_summary = "Demo"
        self.assertEqual(event.start, datetime(2026, 3, 16, 11), "not moved back")
        gestion.next_hour = 9
        self.assertEqual(event.start, datetime(2026, 3, 16, 8), "another hour that day")

    def test_meeting_goes_where_its_opportunity_is(self):
        gestion = self._log()
        other = self._make_lead(partner_id=self.contact.id, name="Training")
        gestion.lead_id = other
        event = gestion.next_activity_id.calendar_event_id
        self.assertEqual((event.opportunity_id, event.res_id), (other, other.id))
        self.assertEqual(event.name, "Meeting: Training")
        self.assertEqual(other.activity_ids, gestion.next_activity_id)
        self.lead.invalidate_recordset(["activity_ids"])
        self.assertFalse(self.lead.activity_ids)

    def test_removing_the_step_removes_event_and_activity(self):
        gestion = self._log()
        activity = gestion.next_activity_id
        event = activity.calendar_event_id
        gestion.write({"next_activity_type_id": False, "next_date": False})
        self.assertFalse(activity.exists())
        self.assertFalse(event.exists())

    def test_meeting_that_was_held_is_left_alone(self):
        gestion = self._log()
        activity = gestion.next_activity_id
        event = activity.calendar_event_id
        activity.with_user(self.seller).action_feedback(feedback="Held")
        gestion.write({"next_activity_type_id": False, "next_date": False})
        self.assertTrue(activity.exists())
        self.assertTrue(event.exists())

    def test_call_that_becomes_a_meeting_and_back(self):
        gestion = self._log(next_activity_type_id=self.call.id, next_summary="Ask")
        activity = gestion.next_activity_id
        activity.note = "<p>Bring the price list</p>"
        gestion.next_activity_type_id = self.meeting
        event = activity.calendar_event_id
        self.assertEqual(event.start_date, date(2026, 3, 9))
        self.assertEqual(event.name, "Ask: Sale of software")
        gestion.next_activity_type_id = self.call
        self.assertFalse(event.exists())
        self.assertEqual(gestion.next_activity_id, activity)
        self.assertRecordValues(
            activity,
            [
                {
                    "activity_type_id": self.call.id,
                    "calendar_event_id": False,
                    "date_deadline": date(2026, 3, 9),
                    "note": "<p>Bring the price list</p>",
                    "summary": "Ask",
                }
            ],
        )
        self.assertEqual(self.lead.activity_ids, activity)

    def test_hour_is_one_of_a_day(self):
        for hour in (-1, 24):
            with (
                self.subTest(hour=hour),
                mute_logger("odoo.sql_db"),
                self.assertRaises(CheckViolation),
            ):
                self._log(next_hour=hour)

    def test_defaults_of_a_screen_do_not_reach_the_calendar(self):
        gestion = self.env["crm.gestion"].with_context(
            default_name="Forged",
            default_partner_ids=self.contact.ids,
            default_user_id=self.stranger.id,
            orig_activity_ids=[1],
        )
        gestion = gestion.create(
            {
                "activity_type_id": self.call.id,
                "user_id": self.seller.id,
                **self._step(),
            }
        )
        event = gestion.next_activity_id.calendar_event_id
        self.assertEqual(event.name, "Meeting: Sale of software")
        self.assertEqual(event.partner_ids, self.seller.partner_id)

    def test_dialog_of_an_opportunity_plans_the_meeting(self):
        action = self.lead.with_user(self.seller).action_register_activity()
        wizard = self.env["crm.opportunity.register"].with_user(self.seller)
        wizard.with_context(**action["context"]).create(
            {
                "result_id": self.interest.id,
                "next_activity_type_id": self.meeting.id,
                "next_date": "2026-03-09",
                "next_hour": 17.25,
            }
        ).action_register()
        event = self.lead.activity_ids.calendar_event_id
        self.assertEqual(event.start, datetime(2026, 3, 9, 16, 15))

    def test_batch(self):
        leads = self.lead.union(
            *(self._make_lead(partner_id=self.contact.id) for _ in range(32))
        )
        vals = {"activity_type_id": self.call.id}
        gestiones = self.env["crm.gestion"].with_user(self.seller)

        def log(leads):
            return gestiones.create(
                [{**vals, **self._step(lead_id=lead.id)} for lead in leads]
            )

        self.assertFlatGrowth(log, leads[:3], leads[3:])
        logged = log(leads)
        self.assertEqual(
            logged.next_activity_id.mapped("res_id"), leads.ids, "each its own"
        )
        self.assertEqual(len(logged.next_activity_id.calendar_event_id), 33)
