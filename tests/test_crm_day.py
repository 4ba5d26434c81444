from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, MissingError
from odoo.tests import tagged

from odoo.addons.crm_gestion.reports.crm_day import SLOTS

from .common import BrowserCommon, CrmGestionCommon


@freeze_time("2026-03-02 10:00:00")
class CrmDayCommon(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.organization.phone = "+34 924 000 000"

    def _day(self, user=None, domain=(), **context):
        self.env.flush_all()
        self.env.invalidate_all()
        days = self.env["crm.day"].with_user(user or self.seller)
        return days.with_context(**context).search(list(domain))

    def _kinds(self, user=None):
        return self._day(user).mapped("kind")

    def _plan(self, record, day, user=None, **values):
        return record.activity_schedule(
            activity_type_id=self.call.id,
            date_deadline=day,
            user_id=(user or self.seller).id,
            **values,
        )

    def _meet(self, start, stop=None, user=None, **values):
        user = user or self.seller
        return self.env["calendar.event"].create(
            {
                "name": "Demo",
                "start": start,
                "stop": stop or start.replace(":00:00", ":30:00"),
                "user_id": user.id,
                "partner_ids": [(6, 0, user.partner_id.ids)],
                **values,
            }
        )

    def _on(self, record):
        return {
            "res_model_id": self.env["ir.model"]._get_id(record._name),
            "res_id": record.id,
        }


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCrmDayRows(CrmDayCommon):
    """What waits for a seller, each thing once."""

    def setUp(self):
        super().setUp()
        self.lead = self._make_lead(partner_id=self.contact.id)

    def test_step_that_is_due(self):
        activity = self._plan(self.lead, "2026-02-27", summary="Send prices")
        self._plan(self.lead, "2026-03-03")
        self.assertRecordValues(
            self._day(),
            [
                {
                    "id": activity.id * 7 + 2,
                    "kind": "step",
                    "urgency": 4,
                    "date": date(2026, 2, 27),
                    "user_id": self.seller.id,
                    "organization_id": self.organization.id,
                    "contact_id": self.contact.id,
                    "lead_id": self.lead.id,
                    "activity_id": activity.id,
                    "event_id": False,
                    "gestion_id": False,
                    "res_model": "crm.lead",
                    "res_id": self.lead.id,
                    "summary": "Send prices",
                    "phone": "+34 924 000 001",
                    "whatsapp": "https://wa.me/34924000001",
                }
            ],
        )

    def test_steps_on_customers_and_quotations(self):
        self._plan(self.lead, "2026-03-05")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.organization.id,
                "opportunity_id": self.lead.id,
                "user_id": self.seller.id,
            }
        )
        self._plan(order, "2026-03-01")
        self._plan(self.contact, "2026-03-02")
        self.assertRecordValues(
            self._day(),
            [
                {
                    "res_model": "sale.order",
                    "lead_id": self.lead.id,
                    "organization_id": self.organization.id,
                    "contact_id": False,
                    "phone": "+34 924 000 000",
                },
                {
                    "res_model": "res.partner",
                    "lead_id": False,
                    "organization_id": self.organization.id,
                    "contact_id": self.contact.id,
                    "phone": "+34 924 000 001",
                },
            ],
        )

    def test_today_is_the_readers(self):
        self._plan(self.lead, "2026-03-03")
        with freeze_time("2026-03-02 23:30:00"):
            self.assertFalse(self._day())
            self.assertEqual(self._day(tz="Europe/Madrid").kind, "step")

    def test_opportunity_without_step(self):
        row = self._day()
        self.assertRecordValues(
            row,
            [
                {
                    "id": self.lead.id * 7 + 3,
                    "kind": "no_step",
                    "lead_id": self.lead.id,
                    "summary": "Sale of software",
                }
            ],
        )
        self.assertTrue(self.lead.without_next_step)
        self._plan(self.lead, "2026-03-20")
        self.assertFalse(self._day())
        self.assertFalse(self.lead.without_next_step)

    def test_only_what_is_open_waits(self):
        self._make_lead(type="lead", name="Enquiry")
        self._make_lead(self.colleague, name="Of somebody else")
        closed = self._make_lead(name="Closed")
        self.env["crm.opportunity.closure"]._close(closed, "rejected", self.price)
        paused = self._make_lead(name="Paused")
        self.env["crm.opportunity.closure"]._close(
            paused, "standby", wake_date=date(2026, 6, 1)
        )
        self.assertEqual(self._day().lead_id, self.lead)
        self.assertFalse((closed | paused).filtered("without_next_step"))

    def test_meeting_of_today(self):
        event = self._meet("2026-03-02 12:00:00", **self._on(self.lead))
        self._meet("2026-03-03 12:00:00", **self._on(self.lead))
        self.assertRecordValues(
            self._day(),
            [
                {
                    "kind": "meeting",
                    "date": date(2026, 3, 2),
                    "start": datetime(2026, 3, 2, 12),
                    "event_id": event.id,
                    "activity_id": False,
                    "lead_id": self.lead.id,
                    "contact_id": self.contact.id,
                    "has_begun": False,
                    "res_model": "calendar.event",
                }
            ],
        )

    def test_meeting_that_lasts_all_day(self):
        self._plan(self.lead, "2026-03-20")
        self._make_gestion(
            lead_id=self.lead.id,
            next_activity_type_id=self.meeting.id,
            next_date="2026-03-02",
        )
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Madrid"):
            day = "2026-03-02 12:00:00"
            day = "2026-03-01 20:00:00" if zone == "Pacific/Kiritimati" else day
            with self.subTest(zone=zone), freeze_time(day):
                self.assertRecordValues(
                    self._day(tz=zone),
                    [{"kind": "meeting", "date": date(2026, 3, 2), "start": False}],
                )

    def test_meeting_that_is_over_waits_for_its_result(self):
        self._plan(self.lead, "2026-03-20")
        event = self._meet("2026-02-26 12:00:00", partner_ids=self.contact.ids)
        self._meet("2026-02-26 12:00:00", name="Among ourselves")
        self._meet("2026-01-15 12:00:00", partner_ids=self.contact.ids, name="Old")
        row = self._day()
        self.assertRecordValues(
            row,
            [
                {
                    "kind": "held",
                    "date": date(2026, 2, 26),
                    "event_id": event.id,
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "has_begun": True,
                }
            ],
        )
        row.action_no_show()
        self.assertEqual(event.crm_result, "no_show")
        self.assertFalse(self._day())

    def test_opportunity_that_woke(self):
        Closure = self.env["crm.opportunity.closure"]
        with freeze_time("2026-02-20 10:00:00"):
            Closure._close(self.lead, "standby", wake_date=date(2026, 3, 1))
        with freeze_time("2026-03-01 02:00:00"), self.enter_registry_test_mode():
            self.env.ref("crm_gestion.ir_cron_wake").method_direct_trigger()
        self.assertTrue(self.lead.active)
        row = self._day()
        self.assertRecordValues(
            row, [{"kind": "woke", "lead_id": self.lead.id, "res_model": "crm.lead"}]
        )
        self.assertTrue(row.activity_id, "the one that waking planned")
        self.lead.activity_ids.unlink()
        row = self._day()
        self.assertRecordValues(row, [{"kind": "woke", "activity_id": False}])
        self._make_gestion(lead_id=self.lead.id, date="2026-03-01 09:00:00")
        self.assertEqual(self._kinds(), ["no_step"], "somebody worked on it")

    def test_ids_of_different_sources_differ(self):
        """An activity and an opportunity with the same id may both be "woke"."""
        slots = list(SLOTS.values())
        self.assertEqual(len(set(slots)), len(SLOTS))
        self.assertTrue(all(0 < slot <= len(SLOTS) for slot in slots))

    def test_woke_long_ago(self):
        Closure = self.env["crm.opportunity.closure"]
        with freeze_time("2026-01-20 10:00:00"):
            Closure._close(self.lead, "standby", wake_date=date(2026, 2, 1))
        with freeze_time("2026-02-01 02:00:00"):
            self.lead.action_crm_resume()
        self.assertNotIn("woke", self._kinds())

    def test_gestion_without_result(self):
        gestion = self._make_gestion(
            lead_id=self.lead.id, result_id=False, date="2026-02-27 10:00:00"
        )
        row = self._day()
        self.assertRecordValues(
            row,
            [
                {
                    "kind": "gestion",
                    "gestion_id": gestion.id,
                    "date": date(2026, 2, 27),
                    "lead_id": self.lead.id,
                    "organization_id": self.organization.id,
                }
            ],
        )
        self.assertEqual(row.action_register()["res_id"], gestion.id)
        gestion.result_id = self.env.ref("crm_gestion.result_informed")
        self.assertEqual(self._kinds(), ["no_step"])

    def test_email_that_went_out_needs_no_result(self):
        message = self.lead.message_post(body="Prices")
        for direction, kinds in (("out", ["no_step"]), ("in", ["gestion"])):
            gestion = self._make_gestion(
                lead_id=self.lead.id,
                result_id=False,
                message_id=message.id,
                direction=direction,
            )
            self.assertEqual(self._kinds(), kinds)
            gestion.sudo().unlink()

    def test_rows_keep_their_ids(self):
        self._plan(self.lead, "2026-03-01")
        self._meet("2026-03-02 12:00:00", partner_ids=self.contact.ids)
        rows = self._day()
        self._make_lead(name="Another")
        self.assertEqual(self._day()[:2], rows)
        found = (
            self.env["crm.day"].with_user(self.seller).search([("id", "in", rows.ids)])
        )
        self.assertEqual(found, rows)
        self.assertEqual(rows.mapped("kind"), ["meeting", "step"])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCrmDayAccounts(CrmDayCommon):
    """Accounts that nobody talked with for some days."""

    def _age(self, days):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = %s - %s * interval '1 day' "
            "WHERE id IN %s",
            (datetime(2026, 3, 2, 10), days, (self.organization | self.contact)._ids),
        )
        self.env.invalidate_all()

    def test_account_without_contact(self):
        self.assertEqual(self.organization.account_status, "potential")
        self.assertFalse(self._day(), "it is new")
        self._age(61)
        self.assertRecordValues(
            self._day(),
            [
                {
                    "kind": "quiet",
                    "date": False,
                    "organization_id": self.organization.id,
                    "contact_id": False,
                    "summary": "Aceites del Sur",
                    "res_model": "res.partner",
                    "res_id": self.organization.id,
                }
            ],
        )

    def test_days_are_a_setting(self):
        self._age(20)
        self.assertFalse(self._day())
        self.env["ir.config_parameter"].set_param("crm_gestion.quiet_days", "10")
        self.assertEqual(self._kinds(), ["quiet"])

    def test_contact_of_lately(self):
        self._age(500)
        self._make_gestion(contact_id=self.contact.id, date="2025-12-01 10:00:00")
        self.assertRecordValues(
            self._day(), [{"kind": "quiet", "date": date(2025, 12, 1)}]
        )
        self._make_gestion(contact_id=self.contact.id, date="2026-01-05 10:00:00")
        self.assertFalse(self._day())

    def test_account_in_view_is_not_quiet(self):
        self._age(500)
        activity = self._plan(self.contact, "2026-04-01")
        self.assertFalse(self._day())
        activity.unlink()
        lead = self._make_lead(partner_id=self.contact.id)
        self._plan(lead, "2026-04-01")
        self.assertFalse(self._day())

    def test_who_buys_no_more_or_never_will_does_not_wait(self):
        self._age(500)
        for status in ("former", False):
            self.organization.account_status = status
            self.assertFalse(self._day())

    def test_registering_takes_the_account_off(self):
        self._age(500)
        row = self._day()
        action = row.action_register()
        gestion = self.env["crm.gestion"].with_user(self.seller)
        gestion.with_context(**action["context"]).create(
            {"result_id": self.env.ref("crm_gestion.result_informed").id}
        )
        self.assertFalse(self._day())


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCrmDayWork(CrmDayCommon):
    """Registering what came of a row takes it off."""

    def setUp(self):
        super().setUp()
        self.lead = self._make_lead(partner_id=self.contact.id)

    def _register(self, row, **values):
        action = row.action_register()
        gestiones = self.env["crm.gestion"].with_user(self.seller)
        return gestiones.with_context(**action["context"]).create(
            {
                "result_id": self.interest.id,
                "next_activity_type_id": self.call.id,
                "next_date": "2026-03-20",
                **values,
            }
        )

    def test_step(self):
        activity = self._plan(self.lead, "2026-02-27")
        gestion = self._register(self._day())
        self.assertEqual(gestion.activity_id, activity)
        self.assertFalse(activity.active)
        self.assertFalse(self._day())

    def test_meeting(self):
        event = self._meet("2026-02-27 10:00:00", **self._on(self.lead))
        gestion = self._register(self._day())
        self.assertEqual(gestion.calendar_event_id, event)
        self.assertEqual(event.crm_result, "held")
        self.assertFalse(self._day())

    def test_call_before_a_meeting(self):
        """Coming back from a call that confirms it asks for the call's result, and is
        no error that the meeting has not begun."""
        event = self._meet("2026-03-02 12:00:00", **self._on(self.lead))
        gestion = self._register(self._day())
        self.assertRecordValues(
            gestion, [{"lead_id": self.lead.id, "calendar_event_id": False}]
        )
        self.assertFalse(event.crm_result)
        self.assertEqual(self._day().event_id, event)

    def test_meeting_to_move(self):
        event = self._meet("2026-02-27 10:00:00", **self._on(self.lead))
        action = self._day().action_move()
        self.assertEqual(action["context"], {"default_event_id": event.id})

    def test_opportunity_without_step(self):
        gestion = self._register(self._day())
        self.assertEqual(gestion.lead_id, self.lead)
        self.assertFalse(self._day())

    def test_opening(self):
        activity = self._plan(self.contact, "2026-02-27")
        for row in self._day():
            action = row.action_open()
            about = self.env[action["res_model"]].browse(action["res_id"])
            self.assertEqual(about, self.contact if row.activity_id else self.lead)
        self.assertEqual(len(self._day()), 2)
        self.assertTrue(activity)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestCrmDayAccess(CrmDayCommon):
    """Everybody his own day, a head those of his people too."""

    def setUp(self):
        super().setUp()
        for user in (self.seller, self.colleague, self.stranger, self.head):
            lead = self._make_lead(user, name=user.name, partner_id=self.contact.id)
            self._plan(lead, "2026-02-27", user=user)
            self._meet("2026-03-02 12:00:00", user=user, **self._on(lead))
            self._make_gestion(user, lead_id=lead.id, result_id=False)

    def test_seller_sees_his_own(self):
        for user in (self.seller, self.stranger):
            self.assertEqual(self._day(user).user_id, user)
            self.assertEqual(self._kinds(user), ["meeting", "step", "gestion"])

    def test_head_sees_his_people(self):
        self.assertEqual(
            self._day(self.head).user_id, self.seller | self.colleague | self.head
        )
        self.assertEqual(len(self._day(self.head)), 9)
        self.assertEqual(self._day(self.south_head).user_id, self.stranger)

    def test_director_has_his_own_day(self):
        self.assertFalse(self._day(self.director))
        self.north.user_id = self.director
        self.assertEqual(self._day(self.director).user_id, self.seller | self.colleague)

    def test_others_have_none(self):
        for user in (self.native, self.employee):
            with self.assertRaises(AccessError):
                self._day(user)

    def test_nobody_reads_a_strangers_row(self):
        rows = self._day(self.stranger)
        self.assertFalse(self._day(self.seller, [("id", "in", rows.ids)]))
        for row in rows.with_user(self.seller):
            with self.assertRaises(MissingError):
                row.action_register()

    def test_private_meeting_of_a_seller_is_his_own(self):
        self.env["calendar.event"].search(
            [("user_id", "=", self.seller.id)]
        ).privacy = "private"
        self.assertIn("meeting", self._kinds(self.seller))
        row = self._day(self.head).filtered(lambda row: row.user_id == self.seller)
        self.assertFalse(row.event_id)

    def test_step_on_what_the_seller_may_not_open(self):
        lead = self._make_lead(self.stranger, name="Secret")
        lead.with_user(self.stranger)
        self._plan(lead, "2026-02-27", summary="Help me")
        row = self._day().filtered(lambda row: row.summary == "Help me")
        self.assertRecordValues(
            row, [{"kind": "step", "lead_id": False, "contact_id": False}]
        )

    def test_customer_of_another_company_hides_no_other_row(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.seller.company_ids += other
        guest = self.env["res.partner"].create(
            {
                "name": "Their Guest",
                "company_id": other.id,
                "origination_id": self.cold_call.id,
                "phone": "+34 924 000 009",
            }
        )
        event = self._meet("2026-03-02 15:00:00", partner_ids=guest.ids)
        company = {"allowed_company_ids": self.env.company.ids}
        rows = self._day(**company)
        self.assertEqual(rows.mapped("kind"), ["meeting", "meeting", "step", "gestion"])
        row = rows.filtered(lambda row: row.event_id == event)
        self.assertRecordValues(row, [{"phone": False, "whatsapp": False}])
        self.assertEqual((rows - row).mapped("phone"), ["+34 924 000 001"] * 3)
        both = {"allowed_company_ids": (self.env.company | other).ids}
        row = self._day(domain=[("id", "=", row.id)], **both)
        self.assertEqual(row.phone, "+34 924 000 009")

    def test_nobody_writes_it(self):
        row = self._day(self.seller)[:1]
        for operation in ("create", "write", "unlink"):
            self.assertFalse(row.has_access(operation))

    def test_kinds_of_the_screen_are_in_order(self):
        self._make_lead(partner_id=self.contact.id, name="Idle")
        days = self.env["crm.day"].with_user(self.seller)
        self.env.flush_all()
        groups = days.with_context(read_group_expand=True).web_read_group(
            [("user_id", "=", self.seller.id)], ["kind"], ["__count"]
        )["groups"]
        self.assertEqual(
            [group["kind"] for group in groups],
            ["meeting", "step", "gestion", "no_step"],
        )

    def test_batch(self):
        leads = self.env["crm.lead"]
        for index in range(30):
            leads |= self._make_lead(partner_id=self.contact.id, name=f"{index}")
        names = ["kind", "organization_id", "phone", "whatsapp", "lead_id"]
        spec = {name: {} for name in names}

        def show(leads):
            rows = self.env["crm.day"].with_user(self.seller)
            rows.web_search_read([("lead_id", "in", leads.ids)], spec)

        self.assertFlatGrowth(show, leads[:3], leads)


@tagged("post_install", "-at_install")
class TestCrmDayTours(BrowserCommon):
    """A seller works his day off in a browser, in Spanish."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity = cls.contact.activity_schedule(
            activity_type_id=cls.env.ref("mail.mail_activity_data_call").id,
            date_deadline="2026-03-02",
            user_id=cls.seller.id,
        )

    def _gestion(self):
        domain = [("activity_id", "=", self.activity.id)]
        return self.env["crm.gestion"].search(domain)

    def test_call_that_opens_an_opportunity(self):
        self.start_tour(
            "/odoo/my-day", "crm_gestion_day", login=self.seller.login, timeout=240
        )
        gestion = self.env["crm.gestion"].search(
            [("activity_id", "=", self.activity.id)]
        )
        self.assertRecordValues(
            gestion,
            [
                {
                    "user_id": self.seller.id,
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "result_id": self.env.ref("crm_gestion.result_interest").id,
                }
            ],
        )
        self.assertFalse(self.activity.active)
        self.assertRecordValues(
            gestion.opportunity_ids,
            [
                {
                    "partner_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "source_gestion_id": gestion.id,
                    "user_id": self.seller.id,
                }
            ],
        )

    def test_registering_on_a_phone(self):
        self.browser_size, self.touch_enabled = "390x844", True
        self.start_tour(
            "/odoo/my-day",
            "crm_gestion_day_phone",
            login=self.seller.login,
            timeout=240,
        )
        self.assertFalse(self.activity.active)
        gestion = self.env["crm.gestion"].search(
            [("activity_id", "=", self.activity.id)]
        )
        self.assertEqual(gestion.contact_id, self.contact)
