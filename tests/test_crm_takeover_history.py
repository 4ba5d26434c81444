from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import SQL

from .common import CrmGestionCommon

BUENOS_AIRES = "America/Argentina/Buenos_Aires"
# Tables that a take-over fills or reads.
TABLES = (
    "res_partner",
    "crm_lead",
    "mail_activity",
    "mail_message",
    "calendar_event",
    "crm_gestion",
    "crm_origination",
    "crm_origination_utm_source_rel",
    "crm_market",
    "crm_cargo",
    "utm_source",
)


@tagged("post_install", "-at_install")
@freeze_time("2026-05-01 12:00:00")
class TestTakeoverHistory(CrmGestionCommon):
    """What was done before, with the day and the hour that its author knew it by."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._speak_english()
        cls.activities_done = cls.env.ref("mail.mt_activities")
        cls.lead = cls._make_lead(partner_id=cls.contact.id)
        cls.env["crm.gestion"].search([]).unlink()
        for user in cls.seller | cls.colleague | cls.director:
            user.tz = BUENOS_AIRES

    def _make_done(self, day, record=None, user=None, **values):
        """An activity as it was marked done before the add-on was there."""
        record = record or self.lead
        activity = self.env["mail.activity"].create(
            {
                "res_model_id": self.env["ir.model"]._get_id(record._name),
                "res_id": record.id,
                "activity_type_id": self.call.id,
                "user_id": (user or self.seller).id,
                **values,
            }
        )
        activity.flush_recordset()
        self.env.cr.execute(
            "UPDATE mail_activity SET active = FALSE, date_done = %s, write_date = %s"
            " WHERE id = %s",
            [day, f"{day} 03:00:00", activity.id],
        )
        activity.invalidate_recordset()
        return activity

    def _make_message(self, date, record=None, user=None):
        record = record or self.lead
        return self.env["mail.message"].create(
            {
                "model": record._name,
                "res_id": record.id,
                "mail_activity_type_id": self.call.id,
                "subtype_id": self.activities_done.id,
                "author_id": (user or self.seller).partner_id.id,
                "date": date,
                "body": "<p>Call done</p>",
            }
        )

    def _make_event(self, start, **values):
        return (
            self.env["calendar.event"]
            .with_context(no_mail_to_attendees=True)
            .create(
                {
                    "name": "Visit",
                    "start": start,
                    "stop": datetime.fromisoformat(start) + timedelta(hours=1),
                    "user_id": self.seller.id,
                    "opportunity_id": self.lead.id,
                    **values,
                }
            )
        )

    def _run(self, **values):
        takeover = self.env["crm.takeover"].with_user(self.director).create(values)
        takeover.action_preview()
        takeover.action_start()
        self.assertEqual(takeover.state, "done")
        self.env.invalidate_all()
        return takeover

    def _take_back(self, takeover):
        self.director.group_ids |= self.env.ref("base.group_system")
        takeover.action_undo()
        self.env.invalidate_all()
        self.assertEqual(takeover.state, "undone")

    def _made_of(self, **source):
        ((name, record),) = source.items()
        return self.env["crm.gestion"].search([(name, "=", record.id)])

    def _sums(self):
        """:return: checksum of each table, all of its columns"""
        self.env.flush_all()
        return {
            table: self.env.execute_query(
                SQL(
                    "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text))"
                    " FROM %s t",
                    SQL.identifier(table),
                )
            )
            for table in TABLES
        }

    # === WHEN AND WHO === #

    def test_the_message_knows_the_hour_and_who_did_it(self):
        """Odoo's day is that of Greenwich: done at ten in the evening of March 2nd."""
        activity = self._make_done("2026-03-03")
        self._make_message("2026-03-03 01:00:00", user=self.colleague)
        self._make_message("2026-02-01 15:00:00")
        self._run()
        gestion = self._made_of(activity_id=activity)
        self.assertEqual(gestion.date, datetime(2026, 3, 3, 1))
        self.assertEqual(gestion.user_id, self.colleague)
        # the other message is of an activity that is gone
        self.assertEqual(self.env["crm.gestion"].search_count([]), 2)

    def test_without_a_message_it_was_at_noon_where_its_author_is(self):
        zones = ("Pacific/Auckland", BUENOS_AIRES, "Mars/Base")
        users = self.seller | self.colleague | self.head
        activities = [self._make_done("2026-01-10", user=user) for user in users]
        for user, zone in zip(users, zones, strict=True):
            self.env.cr.execute(
                "UPDATE res_partner SET tz = %s WHERE id = %s",
                [zone, user.partner_id.id],
            )
        self._run()
        self.assertEqual(
            [self._made_of(activity_id=activity).date for activity in activities],
            [
                datetime(2026, 1, 9, 23),
                datetime(2026, 1, 10, 15),
                datetime(2026, 1, 10, 12),
            ],
        )

    def test_late_in_the_evening_is_still_that_day(self):
        """At 23:30 in Buenos Aires it is the next day in Greenwich."""
        late = self._make_event("2026-03-11 02:30:00")
        next_day = self._make_event("2026-03-11 03:30:00")
        self._run(since="2026-03-11")
        self.assertFalse(self._made_of(calendar_event_id=late))
        gestion = self._made_of(calendar_event_id=next_day)
        self.assertEqual(gestion.date, datetime(2026, 3, 11, 3, 30))
        self._run(since="2026-03-10")
        gestion = self._made_of(calendar_event_id=late)
        self.assertEqual(gestion.date, datetime(2026, 3, 11, 2, 30))

    def test_a_message_of_the_evening_is_the_call_of_that_day(self):
        self._make_gestion(lead_id=self.lead.id, date="2026-03-03 01:00:00")
        same = self._make_message("2026-03-02 20:00:00")
        other = self._make_message("2026-03-03 20:00:00")
        self._run()
        self.assertFalse(self._made_of(message_id=same))
        self.assertEqual(len(self._made_of(message_id=other)), 1)

    def test_who_left_and_who_has_no_rights_keep_what_they_did(self):
        left = self._make_done("2026-01-10", user=self.colleague)
        native = self._make_done("2026-01-11", user=self.employee)
        self.colleague.action_archive()
        self._run()
        gestion = self._made_of(activity_id=left)
        self.assertEqual(gestion.user_id, self.colleague)
        self.assertEqual(self._made_of(activity_id=native).user_id, self.employee)
        self.assertTrue(gestion.with_user(self.seller).has_access("read"))

    def test_last_contact(self):
        self._make_done("2026-01-10")
        self._make_message("2026-04-02 14:00:00")
        self._make_event("2026-03-05 15:00:00")
        self._run()
        latest = datetime(2026, 4, 2, 14)
        self.assertEqual(self.organization.last_gestion_date, latest)
        self.assertEqual(self.contact.last_gestion_date, latest)
        self.assertEqual(self.lead.last_gestion_date, latest)

    # === NOTHING TWICE, NOBODY TOLD === #

    def test_what_is_done_since_the_installation_stays_one(self):
        activity = self.lead.with_user(self.seller).activity_schedule(
            activity_type_id=self.call.id, user_id=self.seller.id
        )
        activity.action_feedback(feedback="Done now")
        meeting = self._make_event("2026-03-05 15:00:00")
        self._make_gestion(
            activity_type_id=self.meeting.id,
            lead_id=self.lead.id,
            calendar_event_id=meeting.id,
        )
        old = self._make_done("2026-01-10")
        takeover = self._run()
        self.assertEqual(takeover.gestion_count, 1)
        self.assertEqual(len(self._made_of(activity_id=old)), 1)
        self.assertEqual(self.env["crm.gestion"].search_count([]), 3)
        self.assertEqual(self._run().gestion_count, 0)

    def test_a_meeting_whose_activity_is_open_waits_for_its_result(self):
        event = self._make_event("2026-03-05 15:00:00", res_id=self.lead.id)
        activity = self.lead.activity_schedule(
            activity_type_id=self.meeting.id, user_id=self.seller.id
        )
        activity.calendar_event_id = event
        self._run()
        self.assertFalse(self.env["crm.gestion"].search_count([]))
        self.assertFalse(event.crm_result)

    def test_a_meeting_and_its_activity_are_one(self):
        event = self._make_event("2026-03-05 15:00:00")
        self._make_done(
            "2026-03-05",
            activity_type_id=self.meeting.id,
            calendar_event_id=event.id,
        )
        self._run()
        self.assertEqual(len(self._made_of(calendar_event_id=event)), 1)
        self.assertEqual(self.env["crm.gestion"].search_count([]), 1)

    def test_nobody_is_told(self):
        self._make_done("2026-01-10")
        self._make_message("2026-02-02 14:00:00")
        self._make_event("2026-03-05 15:00:00", partner_ids=self.contact.ids)
        tables = ("mail_mail", "mail_message", "mail_notification", "mail_followers")

        def told():
            self.env.flush_all()
            return [
                self.env.execute_query(
                    SQL("SELECT count(*) FROM %s", SQL.identifier(table))
                )
                for table in tables
            ]

        before = told()
        takeover = self._run()
        self.assertEqual(takeover.gestion_count, 3)
        self.assertEqual(told(), before)
        self._take_back(takeover)
        self.assertEqual(told(), before)

    # === COMPANIES === #

    def test_another_company_stays_out(self):
        other = self.env["res.company"].create({"name": "Other"})
        partner = self.env["res.partner"].create(
            {
                "name": "Theirs",
                "is_company": True,
                "company_id": other.id,
                "account_status": "customer",
            }
        )
        team = self.env["crm.team"].create({"name": "T", "company_id": other.id})
        lead = self.env["crm.lead"].create(
            {
                "name": "Their sale",
                "type": "opportunity",
                "partner_id": partner.id,
                "company_id": other.id,
                "team_id": team.id,
                "user_id": False,
                "source_id": self.env["utm.source"].create({"name": "Zoogle"}).id,
            }
        )
        self._make_done("2026-01-10", record=lead)
        self._make_done("2026-01-11", record=partner)
        self._make_message("2026-02-02 14:00:00", record=lead)
        event = self._make_event("2026-03-05 15:00:00", opportunity_id=lead.id)
        guests = self._make_event(
            "2026-03-06 15:00:00", opportunity_id=False, partner_ids=partner.ids
        )
        takeover = self._run()
        self.assertEqual((takeover.gestion_count, takeover.filled_count), (0, 0))
        self.assertFalse(lead.origination_id | partner.origination_id)
        self.assertFalse(event.crm_result or guests.crm_result)
        samples = takeover.line_ids.mapped("sample")
        self.assertFalse([s for s in samples if s and "Their" in s])

    # === TAKING BACK === #

    def test_taken_back_all_is_as_it_was(self):
        source = self.env["utm.source"].create({"name": "Zoogle"})
        industry = self.env["res.partner.industry"].create({"name": "Zootechnics"})
        farm = self.env["res.partner"].create(
            {"name": "Farm", "is_company": True, "industry_id": industry.id}
        )
        self.env["res.partner"].create(
            [
                {"name": f"P{n}", "parent_id": farm.id, "function": "Quaestor"}
                for n in range(3)
            ]
        )
        self._make_lead(partner_id=farm.id, source_id=source.id)
        self._make_lead(partner_id=farm.id, source_id=source.id)
        self._make_done("2026-01-10", record=farm)
        self._make_message("2026-02-02 14:00:00")
        self._make_event("2026-03-05 15:00:00")
        before = self._sums()
        takeover = self._run()
        changed = {
            name for name, total in self._sums().items() if total != before[name]
        }
        self.assertEqual(
            changed, set(TABLES) - {"mail_activity", "mail_message", "utm_source"}
        )
        self._take_back(takeover)
        self.assertEqual(takeover.kept_count, 0)
        self.assertEqual(self._sums(), before)

    def test_an_account_that_somebody_worked_on_since_keeps_its_status(self):
        farm, mill = self.env["res.partner"].create(
            [{"name": name, "is_company": True} for name in ("Farm", "Mill")]
        )
        for partner in farm | mill:
            self._make_done("2026-01-10", record=partner)
        self.env.cr.execute(
            "UPDATE res_partner SET account_status = NULL WHERE id = ANY(%s)",
            [(farm | mill).ids],
        )
        self.env.invalidate_all()
        takeover = self._run()
        self.assertEqual((farm | mill).mapped("account_status"), ["potential"] * 2)
        self._make_gestion(organization_id=farm.id)
        self._take_back(takeover)
        self.assertEqual((farm | mill).mapped("account_status"), ["potential", False])
        self.assertEqual(takeover.kept_count, 1)

    # === GROWTH === #

    def test_many_take_as_many_queries_as_few(self):
        def history(size):
            accounts = self.env["res.partner"].create(
                [
                    {
                        "name": f"A{size}-{n}",
                        "is_company": True,
                        "account_status": "potential",
                    }
                    for n in range(size)
                ]
            )
            for n, account in enumerate(accounts):
                self._make_done(f"2026-01-{n % 28 + 1:02}", record=account)
                self._make_message("2025-02-02 14:00:00", record=account)
                self._make_event(
                    "2025-03-05 15:00:00",
                    opportunity_id=False,
                    partner_ids=account.ids,
                )
            takeover = self.env["crm.takeover"].with_user(self.director).create({})
            preview = self._count_queries(takeover.action_preview)
            run = self._count_queries(takeover.action_start)
            self.assertEqual(takeover.gestion_count, size * 3)
            return preview, run

        history(2)  # caches of rights, fields and views
        preview, run = history(3)
        grown = history(30)
        self.assertLessEqual(grown[0], preview + self.ALLOWANCE)
        self.assertLessEqual(grown[1], run + self.ALLOWANCE)
