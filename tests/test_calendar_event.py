from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestCalendarEvent(CrmGestionCommon, MockEmail):
    """What came of a meeting: held, nobody came, moved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact.account_status = "customer"
        cls.lead = cls._make_lead(partner_id=cls.contact.id)

    def _make_event(self, user=None, **values):
        user = user or self.seller
        return (
            self.env["calendar.event"]
            .with_user(user)
            .create(
                {
                    "name": "Demonstration",
                    "start": "2026-03-02 09:00:00",
                    "stop": "2026-03-02 10:30:00",
                    "user_id": user.id,
                    "partner_ids": [(6, 0, user.partner_id.ids)],
                    **values,
                }
            )
        )

    def _make_lead_event(self, **values):
        lead_model = self.env["ir.model"]._get_id("crm.lead")
        return self._make_event(res_model_id=lead_model, res_id=self.lead.id, **values)

    def _log_held(self, event):
        action = event.action_crm_held()
        form = Form(
            self.env["crm.gestion"]
            .with_user(event.env.user)
            .with_context(**action["context"]),
            "crm_gestion.crm_gestion_view_form_dialog",
        )
        form.result_id = self.env.ref("crm_gestion.result_informed")
        form.description = "They like it"
        return form.save()

    def _awaiting(self, user):
        return (
            self.env["calendar.event"]
            .with_user(user)
            .search([("crm_awaits_result", "=", True)])
        )

    def test_asks_its_organizer_once_it_is_over(self):
        event = self._make_event(opportunity_id=self.lead.id)
        later = self._make_event(
            opportunity_id=self.lead.id,
            start="2026-03-02 11:30:00",
            stop="2026-03-02 12:30:00",
        )
        self.assertTrue(event.crm_awaits_result)
        self.assertFalse(later.crm_awaits_result)
        self.assertEqual(self._awaiting(self.seller), event)
        self.assertFalse(event.with_user(self.head).crm_awaits_result)
        self.assertFalse(self._awaiting(self.head))
        with freeze_time("2026-03-02 12:31:00"):
            self.assertEqual(self._awaiting(self.seller), event | later)

    def test_asks_for_customers_only(self):
        unknown = self.env["res.partner"].create({"name": "The dentist"})
        staff = self.colleague.partner_id
        for partners in (unknown, staff, self.env.company.partner_id):
            with self.subTest(partners=partners.name):
                event = self._make_event(partner_ids=[(4, partners.id)])
                self.assertFalse(event.crm_awaits_result)
        event = self._make_event(partner_ids=[(4, self.contact.id)])
        self.assertTrue(event.crm_awaits_result)
        model = self.env["ir.model"]._get_id("res.partner")
        on_account = self._make_event(res_model_id=model, res_id=self.organization.id)
        self.assertTrue(on_account.crm_awaits_result)
        personal = self._make_event(res_model_id=model, res_id=unknown.id)
        self.assertFalse(personal.crm_awaits_result)
        self.assertEqual(self._awaiting(self.seller), event | on_account)

    def test_held_becomes_a_gestion(self):
        event = self._make_lead_event()
        activity = event.activity_ids
        self.assertTrue(activity.active)
        gestion = self._log_held(event)
        self.assertRecordValues(
            gestion,
            [
                {
                    "activity_type_id": self.meeting.id,
                    "calendar_event_id": event.id,
                    "activity_id": activity.id,
                    "date": fields.Datetime.to_datetime("2026-03-02 09:00:00"),
                    "duration": 1.5,
                    "lead_id": self.lead.id,
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "user_id": self.seller.id,
                    "description": "They like it",
                }
            ],
        )
        self.assertEqual(event.crm_result, "held")
        self.assertFalse(event.crm_awaits_result)
        self.assertFalse(activity.active)
        self.assertEqual(activity.feedback, "They like it")
        self.assertEqual(self.lead.gestion_ids, gestion)

    def test_a_next_step_is_not_the_meeting_that_was_held(self):
        event = self._make_lead_event()
        action = event.action_crm_held()
        gestion = (
            self.env["crm.gestion"]
            .with_user(self.seller)
            .with_context(**action["context"])
            .create(
                {
                    "result_id": self.env.ref("crm_gestion.result_no_answer").id,
                    "next_date": "2026-03-05",
                }
            )
        )
        self.assertTrue(gestion.next_activity_id.active)
        self.assertFalse(gestion.next_activity_id.calendar_event_id)
        self.assertEqual(gestion.next_activity_id.activity_type_id, self.call)

    def test_held_with_an_attendee(self):
        event = self._make_event(
            partner_ids=[(6, 0, (self.contact | self.seller.partner_id).ids)]
        )
        gestion = self._log_held(event)
        self.assertRecordValues(
            gestion,
            [
                {
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "lead_id": False,
                    "activity_id": False,
                }
            ],
        )

    def test_the_organizer_is_the_author(self):
        event = self._make_lead_event()
        gestion = self._log_held(event.with_user(self.head))
        self.assertEqual(gestion.user_id, self.seller)

    def test_done_by_hand_first(self):
        event = self._make_lead_event()
        activity = event.activity_ids
        activity.action_feedback(feedback="Went well")
        gestion = self.lead.gestion_ids
        self.assertRecordValues(
            gestion,
            [
                {
                    "activity_id": activity.id,
                    "calendar_event_id": event.id,
                    "date": fields.Datetime.to_datetime("2026-03-02 09:00:00"),
                    "duration": 1.5,
                    "description": "Went well",
                }
            ],
        )
        self.assertEqual(event.crm_result, "held")
        with self.assertRaises(UserError):
            event.action_crm_held()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.env["crm.gestion"].with_user(self.seller).create(
                {
                    "activity_type_id": self.meeting.id,
                    "contact_id": self.contact.id,
                    "calendar_event_id": event.id,
                }
            )
        self.assertEqual(self.lead.gestion_ids, gestion)

    def test_no_show(self):
        event = self._make_lead_event()
        activity = event.activity_ids
        event.action_crm_no_show()
        self.assertEqual(event.crm_result, "no_show")
        self.assertFalse(activity.active)
        self.assertIn("No show", activity.feedback)
        self.assertFalse(self.lead.gestion_ids)
        self.assertFalse(self._awaiting(self.seller))
        with self.assertRaises(UserError):
            event.action_crm_held()

    def test_nobody_logs_a_meeting_that_nobody_came_to(self):
        event = self._make_lead_event()
        event.action_crm_no_show()
        for user in (self.seller, self.colleague):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.env["crm.gestion"].with_user(user).create(
                    {
                        "activity_type_id": self.meeting.id,
                        "calendar_event_id": event.id,
                        "contact_id": self.contact.id,
                        "date": "2026-03-02 10:00:00",
                        "result_id": self.env.ref("crm_gestion.result_informed").id,
                    }
                )
        self.assertEqual(event.crm_result, "no_show")
        self.assertFalse(self.contact.with_user(self.director).gestion_ids)

    def test_same_hour_of_the_day_when_the_clocks_change(self):
        self.seller.tz = "Europe/Madrid"
        event = self._make_lead_event(
            start="2026-03-28 09:00:00", stop="2026-03-28 10:00:00"
        )
        with freeze_time("2026-03-28 18:00:00"):
            move = self.env["crm.meeting.move"].with_user(self.seller)
            wizard = move.create({"event_id": event.id})
        # ten in the morning, on a day of summer time
        self.assertEqual(
            wizard.start, fields.Datetime.to_datetime("2026-03-29 08:00:00")
        )

    def test_moved_asks_again(self):
        event = self._make_lead_event()
        action = event.action_crm_move()
        wizard = Form(
            self.env["crm.meeting.move"]
            .with_user(self.seller)
            .with_context(**action["context"])
        )
        self.assertEqual(
            wizard.start, fields.Datetime.to_datetime("2026-03-03 09:00:00")
        )
        wizard.start = "2026-03-04 16:00:00"
        wizard.save().action_move()
        self.assertRecordValues(
            event,
            [
                {
                    "start": fields.Datetime.to_datetime("2026-03-04 16:00:00"),
                    "stop": fields.Datetime.to_datetime("2026-03-04 17:30:00"),
                    "crm_result": False,
                    "crm_awaits_result": False,
                }
            ],
        )
        self.assertEqual(
            event.activity_ids.date_deadline, fields.Date.to_date("2026-03-04")
        )
        with freeze_time("2026-03-04 18:00:00"):
            self.assertEqual(self._awaiting(self.seller), event)

    def test_of_a_series_only_one_is_moved(self):
        event = self._make_event(
            opportunity_id=self.lead.id,
            recurrency=True,
            rrule_type_ui="daily",
            rrule_type="daily",
            event_tz="UTC",
            end_type="count",
            count=3,
        )
        series = event.recurrence_id.calendar_event_ids.sorted("start")
        series[0]._crm_move(fields.Datetime.to_datetime("2026-03-09 09:00:00"))
        self.assertEqual(
            series.mapped("start"),
            [
                fields.Datetime.to_datetime(day)
                for day in (
                    "2026-03-09 09:00:00",
                    "2026-03-03 09:00:00",
                    "2026-03-04 09:00:00",
                )
            ],
        )

    def test_a_whole_day_stays_one(self):
        event = self._make_event(
            opportunity_id=self.lead.id,
            allday=True,
            start="2026-03-01 08:00:00",
            stop="2026-03-01 18:00:00",
            start_date="2026-03-01",
            stop_date="2026-03-01",
        )
        event._crm_move(fields.Datetime.to_datetime("2026-03-05 15:00:00"))
        self.assertRecordValues(
            event,
            [
                {
                    "allday": True,
                    "start_date": fields.Date.to_date("2026-03-05"),
                    "stop_date": fields.Date.to_date("2026-03-05"),
                }
            ],
        )

    def test_nobody_is_written_to(self):
        events = [
            self._make_event(
                opportunity_id=self.lead.id,
                partner_ids=[(6, 0, (self.contact | self.seller.partner_id).ids)],
            )
            for _n in range(3)
        ]
        notices = self.env["mail.notification"].search_count([])
        with self.mock_mail_gateway():
            self._log_held(events[0])
            events[1].action_crm_no_show()
            events[2]._crm_move(fields.Datetime.to_datetime("2026-03-04 16:00:00"))
            self.env.flush_all()
        self.assertFalse(self._new_mails)
        self.assertFalse(self._mails)
        self.assertEqual(self.env["mail.notification"].search_count([]), notices)

    def test_nobody_speaks_for_the_future_or_for_others(self):
        event = self._make_lead_event(
            start="2026-03-02 13:00:00", stop="2026-03-02 14:00:00"
        )
        for action in ("action_crm_held", "action_crm_no_show", "action_crm_move"):
            with self.subTest(action=action), self.assertRaises(UserError):
                getattr(event, action)()
        private = self._make_lead_event(privacy="private")
        for action in ("action_crm_held", "action_crm_no_show", "action_crm_move"):
            with self.subTest(action=action), self.assertRaises(AccessError):
                getattr(private.with_user(self.colleague), action)()
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.env["crm.gestion"].with_user(self.colleague).create(
                {
                    "activity_type_id": self.meeting.id,
                    "contact_id": self.contact.id,
                    "calendar_event_id": private.id,
                }
            )
        self.assertFalse(private.crm_result)
        self.assertFalse(self.lead.gestion_ids)
