from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCommon

from .test_crm_day import CrmDayCommon
from .test_crm_substitution import SubstitutionCommon


@freeze_time("2026-03-02 10:00:00")
class WorkCommon(SubstitutionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls._make_lead(partner_id=cls.contact.id)
        cls.cover = cls._cover()
        cls.env.flush_all()
        cls.env.invalidate_all()

    def _log(self, user=None, **values):
        """:return: a gestión that a user logs himself"""
        gestiones = self.env["crm.gestion"].with_user(user or self.stranger)
        return gestiones.create(
            {
                "activity_type_id": self.call.id,
                "result_id": self.env.ref("crm_gestion.result_informed").id,
                **values,
            }
        ).with_env(self.env)

    def _plan(self, record, user=None, **values):
        return record.activity_schedule(
            activity_type_id=self.call.id,
            date_deadline="2026-03-02",
            user_id=(user or self.seller).id,
            **values,
        )

    def _meet(self, **values):
        return self.env["calendar.event"].create(
            {
                "name": "Demo",
                "start": "2026-03-02 08:00:00",
                "stop": "2026-03-02 09:00:00",
                "user_id": self.seller.id,
                "partner_ids": [(6, 0, self.seller.partner_id.ids)],
                "opportunity_id": self.lead.id,
                **values,
            }
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSubstituteWorks(WorkCommon):
    """A substitute does the absent seller's work, and owns nothing of it."""

    def test_opportunities(self):
        lead = self.lead.with_user(self.stranger)
        lead.write({"description": "<p>Wants it in May</p>", "expected_revenue": 900})
        lead.action_set_lost()
        self.assertRecordValues(
            self.lead, [{"user_id": self.seller.id, "team_id": self.north.id}]
        )
        self.assertEqual(self.lead.closure_ids.user_id, self.stranger)

    def test_what_is_covered_keeps_its_owner(self):
        """Else it would stay with the substitute after the last day."""
        order = self.env["sale.order"].create(
            {"partner_id": self.contact.id, "user_id": self.seller.id}
        )
        for record in (self.lead, self.organization, order):
            with self.subTest(model=record._name), self.assertRaises(UserError):
                record.with_user(self.stranger).user_id = self.stranger
            self.assertEqual(record.user_id, self.seller)
            record.with_user(self.stranger).write({"user_id": self.seller.id})
        self.lead.with_user(self.head).user_id = self.colleague
        self.assertEqual(self.lead.user_id, self.colleague)

    def test_merging_does_not_take_what_is_covered(self):
        """Odoo deletes what is merged into another one, in superuser mode."""
        values = {"partner_id": self.contact.id, "probability": 90}
        own = self._make_lead(self.stranger, **values)
        nobodys = self._make_lead(self.env["res.users"], **values)
        mine, free = own.with_user(self.stranger), nobodys.with_user(self.stranger)
        theirs = self.lead.with_user(self.stranger)
        attempts = (
            (mine | theirs, False),
            (mine | theirs, self.stranger),
            (free | theirs, self.stranger),
        )
        for leads, user in attempts:
            with self.subTest(leads=leads, user=user), self.assertRaises(UserError):
                leads.merge_opportunity(user and user.id)
            self.assertTrue(self.lead.exists())
            self.assertEqual(self.lead.user_id, self.seller)
        winner = (free | theirs).merge_opportunity().with_env(self.env)
        self.assertEqual(winner.user_id, self.seller)
        winner |= own
        winner = winner.with_user(self.stranger).merge_opportunity(self.seller.id)
        self.assertEqual(winner.with_env(self.env).user_id, self.seller)

    def test_head_reassigns_what_he_covers_of_his_people(self):
        self._cover(self.seller, self.head)
        self.lead.with_user(self.head).user_id = self.colleague
        self.assertEqual(self.lead.user_id, self.colleague)

    def test_director_reassigns_what_he_covers_too(self):
        self._cover(self.seller, self.director)
        self.lead.with_user(self.director).user_id = self.colleague
        self.assertEqual(self.lead.user_id, self.colleague)

    def test_quotations_and_orders(self):
        """They stay the owner's: the sale counts for him."""
        lead = self.lead.with_user(self.stranger)
        wizard = self.env["crm.opportunity.order"].with_user(self.stranger)
        action = lead.action_crm_generate_order()
        self.assertEqual(action["res_model"], wizard._name)
        context = lead._prepare_opportunity_quotation_context()
        self.assertEqual(context["default_user_id"], self.seller.id)
        order = (
            self.env["sale.order"]
            .with_user(self.stranger)
            .with_context(**context)
            .create(
                {
                    "order_line": [
                        (0, 0, {"product_id": self._make_product().id}),
                    ]
                }
            )
        )
        self.assertEqual(order.user_id, self.seller)
        order.action_confirm()
        self.assertRecordValues(
            self.lead, [{"user_id": self.seller.id, "won_status": "won"}]
        )
        self.assertEqual(order.user_id, self.seller)

    def test_order_of_the_dialog_is_the_owners(self):
        self.lead.line_ids = [
            (0, 0, {"product_id": self._make_product().id, "quantity": 2})
        ]
        action = self.lead.with_user(self.stranger).action_crm_generate_order()
        form = Form(
            self.env["crm.opportunity.order"]
            .with_user(self.stranger)
            .with_context(**action["context"])
        )
        form.save().action_generate()
        self.assertEqual(self.lead.order_ids.user_id, self.seller)

    def test_activities(self):
        on_lead = self._plan(self.lead)
        on_contact = self._plan(self.contact)
        moved = on_lead.with_user(self.stranger)
        moved.date_deadline = "2026-03-04"
        self.assertEqual(on_lead.date_deadline, date(2026, 3, 4))
        (on_lead | on_contact).with_user(self.stranger).action_feedback("Rang him")
        gestiones = self.env["crm.gestion"].search(
            [("activity_id", "in", (on_lead | on_contact).ids)]
        )
        self.assertRecordValues(
            gestiones,
            [{"user_id": self.stranger.id, "on_behalf_of_id": self.seller.id}] * 2,
        )

    def test_activities_of_others_stay_theirs(self):
        lead = self._make_lead(self.colleague, name="Another")
        activity = self._plan(lead, self.colleague)
        with self.assertRaises(AccessError):
            activity.with_user(self.stranger).date_deadline = "2026-03-30"
        self.assertEqual(activity.date_deadline, date(2026, 3, 2))

    def test_meeting_held(self):
        event = self._meet()
        self.assertTrue(event.with_user(self.stranger).crm_awaits_result)
        action = event.with_user(self.stranger).action_crm_held()
        self.assertNotIn("default_user_id", action["context"])
        form = Form(
            self.env["crm.gestion"]
            .with_user(self.stranger)
            .with_context(**action["context"]),
            "crm_gestion.crm_gestion_view_form_dialog",
        )
        form.result_id = self.env.ref("crm_gestion.result_informed")
        gestion = form.save()
        self.assertRecordValues(
            gestion,
            [{"user_id": self.stranger.id, "on_behalf_of_id": self.seller.id}],
        )
        self.assertEqual(event.crm_result, "held")

    def test_meeting_nobody_came_to_and_meeting_moved(self):
        absent, moved = self._meet(), self._meet()
        absent.with_user(self.stranger).action_crm_no_show()
        self.assertEqual(absent.crm_result, "no_show")
        wizard = self.env["crm.meeting.move"].with_user(self.stranger)
        wizard.create(
            {"event_id": moved.id, "start": "2026-03-04 08:00:00"}
        ).action_move()
        self.assertEqual(str(moved.start), "2026-03-04 08:00:00")
        self.assertEqual((absent | moved).user_id, self.seller)

    def test_private_meetings_stay_private(self):
        event = self._meet(privacy="private", name="Doctor")
        mine = event.with_user(self.stranger)
        self.env.invalidate_all()
        self.assertNotEqual(mine.name, "Doctor")
        for act in (mine.action_crm_no_show, lambda: mine.write({"name": "X"})):
            with self.assertRaises(UserError):
                act()
        self.assertRecordValues(event, [{"name": "Doctor", "crm_result": False}])

    def test_nothing_the_day_after(self):
        order = self.env["sale.order"].create(
            {"partner_id": self.contact.id, "user_id": self.seller.id}
        )
        gestion = self._make_gestion(self.seller, lead_id=self.lead.id)
        records = (self.lead, order, gestion)
        for moment, expected in (("2026-03-06", True), ("2026-03-07", False)):
            with freeze_time(f"{moment} 10:00:00"):
                self.env.cr.cache.clear()
                self.env.invalidate_all()
                for record in records:
                    with self.subTest(model=record._name, moment=moment):
                        mine = record.with_user(self.stranger)
                        self.assertEqual(mine.has_access("write"), expected)

    def test_companies_are_not_crossed(self):
        company = self.env["res.company"].create({"name": "Another"})
        self.seller.company_ids |= company
        lead = self._make_lead(company_id=company.id, name="There", team_id=False)
        self.assertFalse(lead.with_user(self.stranger).has_access("read"))

    def test_head_corrects_his_people_and_not_whom_he_covers(self):
        self._cover(self.seller, self.south_head)
        with freeze_time("2026-02-02 10:00:00"):
            values = {"lead_id": self.lead.id, "date": "2026-02-02 09:00:00"}
            gestion = self._make_gestion(self.seller, **values)
        self.env.cr.execute(
            "UPDATE crm_gestion SET create_date = '2026-02-02' WHERE id = %s",
            [gestion.id],
        )
        gestion.invalidate_recordset()
        with self.assertRaises(UserError):
            gestion.with_user(self.south_head).duration = 2
        self.assertEqual(gestion.duration, 0)
        gestion.with_user(self.head).duration = 1
        self.assertEqual(gestion.duration, 1)

    def test_substitute_hands_out_nothing(self):
        self._cover(self.seller, self.south_head)
        sellers = self.env["crm.hand.out"].with_user(self.south_head)._sellers()
        self.assertEqual(sellers, self.south_head | self.stranger)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestOnBehalf(WorkCommon):
    """What a substitute logs is signed with whom he covers."""

    def test_on_the_opportunity(self):
        gestion = self._log(lead_id=self.lead.id)
        self.assertRecordValues(
            gestion,
            [{"user_id": self.stranger.id, "on_behalf_of_id": self.seller.id}],
        )

    def test_on_the_account(self):
        for values in (
            {"organization_id": self.organization.id},
            {"contact_id": self.contact.id},
        ):
            self.assertEqual(self._log(**values).on_behalf_of_id, self.seller)

    def test_on_his_own_opportunity_with_that_account(self):
        own = self._make_lead(self.stranger, partner_id=self.contact.id)
        self.assertFalse(self._log(lead_id=own.id).on_behalf_of_id)
        activity = self._plan(own, self.seller)
        gestion = self._log(lead_id=own.id, activity_id=activity.id)
        self.assertEqual(gestion.on_behalf_of_id, self.seller)

    def test_on_what_nobody_is_away_from(self):
        lead = self._make_lead(self.colleague, name="Another")
        self.assertFalse(self._log(self.colleague, lead_id=lead.id).on_behalf_of_id)
        self.assertFalse(self._log(self.seller, lead_id=self.lead.id).on_behalf_of_id)
        self.assertFalse(self._log(self.head, lead_id=self.lead.id).on_behalf_of_id)

    def test_dialog_of_the_opportunity(self):
        action = self.lead.with_user(self.stranger).action_register_activity()
        form = Form(
            self.env["crm.opportunity.register"]
            .with_user(self.stranger)
            .with_context(**action["context"])
        )
        form.result_id = self.env.ref("crm_gestion.result_informed")
        form.stage_id = self.lead.stage_id
        wizard = form.save()
        wizard.action_register()
        self.assertEqual(wizard.gestion_id.sudo().on_behalf_of_id, self.seller)

    def test_signed_once(self):
        """Neither the end of the cover nor a correction changes it."""
        gestion = self._log(lead_id=self.lead.id)
        with freeze_time("2026-03-07 10:00:00"):
            self.env.cr.cache.clear()
            gestion.with_user(self.stranger).duration = 1
            later = self._log(contact_id=self.contact.id)
        self.assertEqual(gestion.on_behalf_of_id, self.seller)
        self.assertFalse(later.on_behalf_of_id)

    def test_nobody_chooses_it(self):
        values = {"contact_id": self.contact.id, "on_behalf_of_id": self.head.id}
        self.assertFalse(self._log(self.colleague, **values).on_behalf_of_id)
        self.assertEqual(self._log(**values).on_behalf_of_id, self.seller)
        gestiones = self.env["crm.gestion"].with_context(
            default_on_behalf_of_id=self.seller.id
        )
        gestion = gestiones.with_user(self.colleague).create(
            {"contact_id": self.contact.id, "activity_type_id": self.call.id}
        )
        self.assertFalse(gestion.on_behalf_of_id)
        for user in (self.colleague, self.head, self.director):
            with self.assertRaises(AccessError):
                gestion.with_user(user).on_behalf_of_id = self.seller
        self.assertFalse(gestion.on_behalf_of_id)

    def test_nobody_logs_in_the_name_of_whom_he_covers(self):
        gestion = self._log(user_id=self.seller.id, contact_id=self.contact.id)
        gestiones = self.env["crm.gestion"].with_user(self.stranger)
        defaulted = gestiones.with_context(default_user_id=self.seller.id).create(
            {"contact_id": self.contact.id, "activity_type_id": self.call.id}
        )
        for made in (gestion, defaulted.with_env(self.env)):
            self.assertRecordValues(
                made,
                [
                    {
                        "user_id": self.stranger.id,
                        "on_behalf_of_id": self.seller.id,
                        "team_id": self.south.id,
                    }
                ],
            )
        with self.assertRaises(AccessError), self.cr.savepoint():
            gestion.with_user(self.stranger).user_id = self.seller
        gestion.invalidate_recordset()
        self.assertEqual(gestion.user_id, self.stranger)

    def test_head_corrects_the_author(self):
        gestion = self._log(contact_id=self.contact.id)
        gestion.with_user(self.director).user_id = self.seller
        self.assertRecordValues(
            gestion, [{"user_id": self.seller.id, "on_behalf_of_id": False}]
        )

    def test_imported_history_is_not_signed(self):
        gestiones = self.env["crm.gestion"].with_user(self.stranger)
        gestiones = gestiones.with_context(import_file=True)
        values = {"contact_id": self.contact.id, "activity_type_id": self.call.id}
        history = gestiones.create({**values, "date": "2026-02-02 10:00:00"})
        today = gestiones.create({**values, "date": "2026-03-02 09:00:00"})
        self.assertFalse(history.on_behalf_of_id)
        self.assertEqual(today.on_behalf_of_id, self.seller)

    def test_opportunity_that_it_opens_is_the_owners(self):
        gestion = self._log(
            contact_id=self.contact.id,
            result_id=self.interest.id,
            next_activity_type_id=self.call.id,
            next_date="2026-03-04",
        )
        action = gestion.with_user(self.stranger).action_create_opportunity()
        lead = self.env["crm.lead"].browse(action["res_id"])
        self.assertRecordValues(
            lead, [{"user_id": self.seller.id, "team_id": self.north.id}]
        )
        self.assertTrue(lead.with_user(self.stranger).has_access("write"))

    def test_next_step_in_the_window_is_the_substitutes(self):
        gestion = self._log(
            lead_id=self.lead.id,
            next_activity_type_id=self.call.id,
            next_date="2026-03-06",
        )
        self.assertEqual(gestion.next_activity_id.user_id, self.stranger)
        self.assertFalse(gestion.next_user_id)

    def test_next_step_after_the_window_is_the_owners(self):
        later = {"next_activity_type_id": self.call.id, "next_date": "2026-03-07"}
        gestion = self._log(lead_id=self.lead.id, **later)
        self.assertEqual(gestion.next_activity_id.user_id, self.seller)
        self.assertEqual(len(self.lead.activity_ids), 1)
        named = self._log(lead_id=self.lead.id, next_user_id=self.stranger.id, **later)
        self.assertEqual(named.next_activity_id.user_id, self.stranger)
        self._cover(date_from="2026-03-07", date_to="2026-03-10")
        longer = self._log(lead_id=self.lead.id, **later)
        self.assertEqual(longer.next_activity_id.user_id, self.stranger)

    def test_next_step_of_the_last_evening_is_the_substitutes(self):
        """Half past eleven of the last day in Buenos Aires is the day after in UTC."""
        self.stranger.tz = "America/Argentina/Buenos_Aires"
        with freeze_time("2026-03-07 02:30:00"):
            gestion = self._log(
                lead_id=self.lead.id,
                date="2026-03-07 02:00:00",
                next_activity_type_id=self.call.id,
                next_date="2026-03-06",
            )
        self.assertEqual(gestion.on_behalf_of_id, self.seller)
        self.assertEqual(gestion.next_activity_id.user_id, self.stranger)

    def test_meeting_after_the_window_is_in_the_owners_calendar(self):
        gestion = self._log(
            lead_id=self.lead.id,
            next_activity_type_id=self.meeting.id,
            next_date="2026-03-10",
            next_hour=10,
        )
        event = gestion.next_activity_id.calendar_event_id
        self.assertEqual(event.user_id, self.seller)
        self.assertEqual(event.partner_ids, self.seller.partner_id)

    def test_history_says_it(self):
        self._log(contact_id=self.contact.id)
        rows = (
            self.env["crm.timeline"]
            .with_user(self.seller)
            .search(
                [
                    ("organization_id", "=", self.organization.id),
                    ("kind", "=", "gestion"),
                ]
            )
        )
        self.assertIn("on behalf of Seller", rows.summary)

    def test_filters_and_groups(self):
        gestion = self._log(contact_id=self.contact.id)
        gestiones = self.env["crm.gestion"].with_user(self.stranger)
        domain = [("on_behalf_of_id", "!=", False)]
        self.assertEqual(gestiones.search(domain), gestion.with_user(self.stranger))
        groups = gestiones._read_group(domain, ["on_behalf_of_id"], ["__count"])
        self.assertEqual(groups, [(self.seller, 1)])

    def test_growth(self):
        informed = self.env.ref("crm_gestion.result_informed")

        def log(contacts):
            self.env["crm.gestion"].with_user(self.stranger).create(
                [
                    {
                        "contact_id": contact.id,
                        "activity_type_id": self.call.id,
                        "result_id": informed.id,
                    }
                    for contact in contacts
                ]
            )

        contacts = self.env["res.partner"].create(
            [
                {"name": f"Contact {n}", "parent_id": self.organization.id}
                for n in range(30)
            ]
        )
        self.assertFlatGrowth(log, contacts[:3], contacts)
        last = self.env["crm.gestion"].search(
            [("contact_id", "in", contacts.ids)], limit=30
        )
        self.assertEqual(last.on_behalf_of_id, self.seller)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestDayOfSubstitute(SubstitutionCommon, CrmDayCommon):
    """What waits for an absent colleague waits for who covers him, in those days."""

    def setUp(self):
        super().setUp()
        self._cover()
        self.lead = self._make_lead(partner_id=self.contact.id, name="Of the seller")

    def _mine(self, user=None, **context):
        self.env.cr.cache.clear()
        return self._day(user or self.stranger, [("is_mine", "=", True)], **context)

    def test_every_kind_in_the_days_of_the_cover(self):
        self._plan(self._make_lead(name="Step"), "2026-03-02")
        self._make_gestion(contact_id=self.contact.id, result_id=False)
        self._meet("2026-03-02 12:00:00", opportunity_id=self.lead.id)
        self._meet("2026-03-02 08:00:00", opportunity_id=self.lead.id)
        kinds = ["meeting", "step", "held", "gestion", "no_step"]
        self.assertEqual(self._mine().mapped("kind"), kinds)
        self.assertTrue(all(self._mine().mapped("is_covered")))
        self.assertEqual(self._mine().user_id, self.seller)
        self.assertEqual(self._mine(self.seller).mapped("kind"), kinds)
        self.assertFalse(any(self._mine(self.seller).mapped("is_covered")))
        with freeze_time("2026-03-07 10:00:00"):
            self.assertFalse(self._mine())
            self.assertFalse(self._day(self.stranger))

    def test_own_work_is_not_marked(self):
        self._make_lead(self.stranger, name="Own")
        rows = self._mine()
        self.assertEqual(
            dict(zip(rows.mapped("summary"), rows.mapped("is_covered"), strict=True)),
            {"Of the seller": True, "Own": False},
        )

    def test_head_has_his_people_apart(self):
        self._make_lead(self.colleague, name="Of the colleague")
        self._cover(self.seller, self.head)
        rows = self._day(self.head)
        mine = self._mine(self.head)
        self.assertEqual(mine.mapped("summary"), ["Of the seller"])
        self.assertEqual((rows - mine).mapped("summary"), ["Of the colleague"])
        team = self._day(self.head, [("is_mine", "=", False)])
        self.assertEqual(team, rows - mine)

    def test_what_the_substitute_does_himself_waits_once(self):
        self._make_gestion(self.stranger, lead_id=self.lead.id, result_id=False)
        self.assertEqual(self._mine().mapped("kind"), ["gestion"])
        self.assertEqual(self._mine(self.seller).mapped("kind"), ["no_step"])

    def test_register_on_behalf(self):
        activity = self._plan(self.lead, "2026-03-02")
        row = self._mine()
        self.assertEqual(row.activity_id, activity.with_user(self.stranger))
        action = row.action_register()
        form = Form(
            self.env["crm.gestion"]
            .with_user(self.stranger)
            .with_context(**action["context"]),
            "crm_gestion.crm_gestion_view_form_dialog",
        )
        form.result_id = self.env.ref("crm_gestion.result_informed")
        gestion = form.save()
        self.assertEqual(gestion.on_behalf_of_id, self.seller)
        self.assertFalse(activity.active)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestNotices(SubstitutionCommon, MailCommon):
    """Who is told what."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        people = cls.seller | cls.stranger | cls.head | cls.colleague
        people.notification_type = "inbox"
        people.lang = "en_US"
        cls.lead = cls._make_lead(partner_id=cls.contact.id)
        cls.lead.message_subscribe(cls.seller.partner_id.ids)

    def _told(self, user):
        """:return: the texts that are in the inbox of a user"""
        notices = self.env["mail.notification"].search(
            [("res_partner_id", "=", user.partner_id.id)], order="id"
        )
        return [
            (m.subject or "", m.model, str(m.body)) for m in notices.mail_message_id
        ]

    def _reply(self, document=None):
        """A customer answers, through the gateway."""
        return (document or self.lead).message_post(
            body="Yes, we want it",
            message_type="email",
            subtype_xmlid="mail.mt_comment",
            author_id=self.contact.id,
            email_from=self.contact.email,
        )

    def _readers(self, message):
        return message.notified_partner_ids.user_ids

    # --- both are told

    def test_both_are_told(self):
        self._cover(setter=self.head, reason="Holidays")
        for user in (self.seller, self.stranger):
            ((subject, model, body),) = self._told(user)
            self.assertEqual(subject, "Substitution: Stranger covers Seller")
            self.assertEqual(model, "crm.substitution")
            self.assertIn("Head set it: Stranger covers Seller from", body)
        self.assertFalse(self._told(self.head))

    def test_who_sets_it_is_not_told(self):
        self._cover(setter=self.seller)
        self.assertFalse(self._told(self.seller))
        self.assertEqual(len(self._told(self.stranger)), 1)

    def test_changes_are_told(self):
        row = self._cover(setter=self.seller)
        row.with_user(self.seller).reason = "Holidays"
        self.assertEqual(len(self._told(self.stranger)), 1)
        row.with_user(self.seller).date_to = "2026-03-08"
        self.assertIn("set it: Stranger covers", self._told(self.stranger)[-1][2])
        row.with_user(self.head).substitute_id = self.colleague
        self.assertIn("not yours any more", self._told(self.stranger)[-1][2])
        self.assertIn("Colleague covers", self._told(self.colleague)[-1][2])
        row.with_user(self.head).action_crm_end()
        self.assertIn("cancelled it", self._told(self.colleague)[-1][2])
        self.assertIn("cancelled it", self._told(self.seller)[-1][2])

    def test_end_is_told(self):
        row = self._cover(date_from="2026-02-20", setter=self.head)
        row.with_user(self.head).action_crm_end()
        self.assertIn("ended it: the last day", self._told(self.stranger)[-1][2])

    def test_each_in_his_language(self):
        self.env["res.lang"]._activate_lang("es_ES")
        self.stranger.lang = "es_ES"
        with self.mock_mail_gateway():
            self.stranger.notification_type = "email"
            self._cover(setter=self.head)
        self.assertEqual(len(self._new_mails), 1)

    # --- what reaches the absent seller reaches his substitute

    def test_reply_of_a_customer(self):
        self.assertEqual(self._readers(self._reply()), self.seller)
        self._cover()
        self.assertEqual(self._readers(self._reply()), self.seller | self.stranger)
        self.assertNotIn(self.stranger.partner_id, self.lead.message_partner_ids)
        with freeze_time("2026-03-07 10:00:00"):
            self.env.cr.cache.clear()
            self.assertEqual(self._readers(self._reply()), self.seller)

    def test_reply_on_orders_and_customers(self):
        self._cover()
        order = self.env["sale.order"].create(
            {"partner_id": self.contact.id, "user_id": self.seller.id}
        )
        for document in (order, self.organization):
            document.message_subscribe(self.seller.partner_id.ids)
            readers = self._readers(self._reply(document))
            self.assertEqual(readers, self.seller | self.stranger, document)

    def test_by_email_for_who_prefers_it(self):
        self.stranger.notification_type = "email"
        self._cover()
        with self.mock_mail_gateway():
            self._reply()
        (mail,) = self._mails
        self.assertEqual(mail["email_to"], ['"Stranger" <stranger@ours.example>'])

    def test_mentions(self):
        self._cover()
        message = self.lead.with_user(self.head).message_post(
            body="Please call",
            partner_ids=self.seller.partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )
        self.assertEqual(self._readers(message), self.seller | self.stranger)

    def test_not_of_what_he_writes_himself(self):
        self._cover()
        message = self.lead.with_user(self.stranger).message_post(
            body="It is done", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(self._readers(message), self.seller)

    def test_once_where_he_follows_too(self):
        self._cover()
        self._cover(self.seller, self.colleague)
        self.lead.message_subscribe(self.stranger.partner_id.ids)
        message = self._reply()
        self.assertEqual(
            self._readers(message), self.seller | self.stranger | self.colleague
        )
        self.assertEqual(len(message.notification_ids), 3)

    def test_only_what_he_may_read(self):
        self._cover()
        foreign = self._make_lead(self.colleague, name="Another")
        foreign.message_subscribe(self.seller.partner_id.ids)
        self.assertNotIn(self.stranger, self._readers(self._reply(foreign)))
        company = self.env["res.company"].create({"name": "Another"})
        self.seller.company_ids |= company
        there = self._make_lead(company_id=company.id, name="There", team_id=False)
        there.message_subscribe(self.seller.partner_id.ids)
        self.assertNotIn(self.stranger, self._readers(self._reply(there)))

    def test_only_documents_of_sales(self):
        self._cover()
        channel = self.env["discuss.channel"].create({"name": "Football"})
        channel._add_members(partners=self.seller.partner_id)
        message = channel.message_post(
            body="Sunday?",
            partner_ids=self.seller.partner_id.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.assertNotIn(self.stranger.partner_id, message.notified_partner_ids)

    def test_new_assignments(self):
        self._cover()
        native = {"tracking_disable": False, "mail_create_nosubscribe": False}
        leads = self.env["crm.lead"].with_user(self.head).with_context(**native)
        lead = leads.create(
            {"name": "New one", "type": "opportunity", "user_id": self.seller.id}
        )
        for user in (self.seller, self.stranger):
            subjects = [subject for subject, _model, _body in self._told(user)]
            self.assertIn("You have been assigned to New one", subjects)
        lead.with_user(self.head).activity_schedule(
            activity_type_id=self.call.id, summary="Ring him", user_id=self.seller.id
        )
        for user in (self.seller, self.stranger):
            self.assertIn("Ring him", self._told(user)[-1][0])

    def test_what_is_handed_out(self):
        self._cover()
        lead = self._make_lead(user_id=False, name="Enquiry", team_id=self.north.id)
        hand_out = self.env["crm.hand.out"].with_user(self.head)
        hand_out._give(lead.with_user(self.head), self.seller)
        for user in (self.seller, self.stranger):
            self.assertIn("It is yours now: Enquiry", self._told(user)[-1][0])

    def test_never_fails_the_message(self):
        self._cover()
        Notice = type(self.env["crm.substitution.notice"])

        def fail(*args):
            raise ValueError("broken")

        self.patch(Notice, "_reads", fail)
        with mute_logger("odoo.addons.crm_gestion.models.crm_substitution_notice"):
            message = self._reply()
        self.assertEqual(self._readers(message), self.seller)

    def test_growth(self):
        users = self.env["res.users"].union(
            *(self._make_user(f"f{n}", "crm_gestion.group_seller") for n in range(30))
        )
        users.notification_type = "inbox"
        self._cover()
        few, many = (
            self._make_lead(partner_id=self.contact.id, name=f"{count}")
            for count in (3, 30)
        )
        for lead, count in ((few, 3), (many, 30)):
            followers = users[:count].partner_id | self.seller.partner_id
            lead.message_subscribe(followers.ids)
        self._reply(many)  # what Odoo makes once for each user
        self.assertFlatGrowth(self._reply_to_first, [few] * 3, [many] * 30)
        self.assertIn(self.stranger, self._readers(self._reply(many)))

    def _reply_to_first(self, leads):
        self._reply(leads[0])
