from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.crm_gestion.models import crm_call_list

from .test_crm_segment import SegmentCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")  # a Monday
class TestCallList(SegmentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.segment = cls._make_segment(applies_to="contact")
        cls.campaign = cls._make_campaign(segment_id=cls.segment.id)

    def _schedule(self, user, **values):
        segment = values.pop("segment", self.segment)
        return (
            self.env["crm.call.list.schedule"]
            .with_user(user)
            .create(
                {
                    "segment_id": segment.id,
                    "activity_type_id": self.call.id,
                    "summary": "Spring offer",
                    "date_from": "2026-03-02",
                    "date_to": "2026-03-08",
                    **values,
                }
            )
        )

    def _made(self):
        activities = self.env["mail.activity"].search(
            [("summary", "=", "Spring offer")], order="date_deadline, res_id"
        )
        return [
            (activity.res_name, activity.user_id, activity.date_deadline)
            for activity in activities
        ]

    def test_everybody_is_called_by_his_own_seller(self):
        wizard = self._schedule(self.director, seller_ids=self.colleague.ids)
        self.assertEqual(wizard.campaign_id, self.campaign)
        lines = {line.user_id: line.call_count for line in wizard.line_ids}
        self.assertEqual(lines, {self.seller: 1, self.colleague: 2, self.stranger: 1})
        self.assertEqual((wizard.call_count, wizard.no_phone_count), (4, 3))
        action = wizard.action_schedule()
        self.assertEqual(action["params"]["message"], "Scheduled: 4")
        self.assertEqual(
            sorted(self._made(), key=lambda row: row[0]),
            [
                ("Aceites del Sur, Lucía Ferrer", self.seller, date(2026, 3, 2)),
                ("Ana", self.colleague, date(2026, 3, 4)),
                ("Bodegas Rioja, Marta", self.colleague, date(2026, 3, 2)),
                ("Clínica Norte, Pedro", self.stranger, date(2026, 3, 2)),
            ],
        )
        members = self.env["crm.campaign.member"].search(
            [("campaign_id", "=", self.campaign.id)]
        )
        self.assertEqual(
            set(members.partner_id), {self.contact, self.marta, self.pedro, self.ana}
        )
        self.assertEqual(set(members.mapped("state")), {"planned"})
        self.assertEqual(set(members.mapped("source")), {"call_list"})

    def test_calls_are_spread_over_working_days(self):
        """And not on Saturday, Sunday and a holiday; no two e-mails either."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.env.company.resource_calendar_id.id,
                "date_from": "2026-03-04 00:00:00",
                "date_to": "2026-03-04 23:59:59",
            }
        )
        many = self.env["res.partner"].create(
            [{"name": f"P{n:02}", "user_id": self.seller.id} for n in range(16)]
        )
        segment = self._make_segment(domain=[("id", "in", many.ids)])
        before = self.env["mail.mail"].search_count([])
        self._schedule(self.head, segment=segment).action_schedule()
        days = [day.day for _name, _user, day in self._made()]
        self.assertEqual(days, [2] * 4 + [3] * 4 + [5] * 4 + [6] * 4)
        self.assertEqual(self.env["mail.mail"].search_count([]), before)

    def test_who_is_left_out(self):
        self._make_gestion(
            contact_id=self.ana.id,
            result_id=self.env.ref("crm_gestion.result_do_not_contact").id,
        )
        self._schedule(self.seller, seller_ids=False).action_schedule()
        self.assertEqual(len(self._made()), 1)
        nobodys = self.env["res.partner"].create({"name": "Nobody's"})
        self.segment.domain = repr([("id", "in", [*self.people.ids, nobodys.id])])
        wizard = self._schedule(self.head, seller_ids=False)
        self.assertEqual(wizard.stopped_count, 1)
        self.assertEqual(wizard.waiting_count, 1)
        self.assertEqual(wizard.others_count, 1)
        self.assertEqual(wizard.nobodys_count, 1)
        self.assertEqual(wizard.line_ids.user_id, self.colleague)
        # of another campaign, or of none, everybody again
        wizard.campaign_id = False
        self.assertEqual(wizard.waiting_count, 0)

    def test_campaign_of_another_company(self):
        """Its members are not the seller's to add."""
        branch = self.env["res.company"].create({"name": "Branch"})
        theirs = self._make_campaign(company_id=branch.id)
        wizard = self._schedule(self.seller, campaign_id=theirs.id)
        self.assertIn("another company", wizard.problem)
        with self.assertRaisesRegex(UserError, "another company"):
            wizard.action_schedule()
        self.assertEqual(self._made(), [])
        theirs.segment_id = self.segment
        # and is not proposed beside the only one of his own
        self.assertEqual(self._schedule(self.seller).campaign_id, self.campaign)
        members = self.env["crm.campaign.member"]
        self.assertFalse(members.search([("campaign_id", "=", theirs.id)]))

    def test_a_seller_schedules_for_himself(self):
        wizard = self._schedule(self.seller, seller_ids=self.colleague.ids)
        self.assertEqual(wizard.allowed_seller_ids, self.seller)
        wizard.action_schedule()
        self.assertEqual(
            self._made(),
            [("Aceites del Sur, Lucía Ferrer", self.seller, date(2026, 3, 2))],
        )

    def test_a_head_schedules_for_his_people(self):
        wizard = self._schedule(self.head, seller_ids=self.stranger.ids)
        self.assertEqual(wizard.others_count, 1)
        self.assertEqual(wizard.nobodys_count, 1)
        self.assertEqual(
            wizard.allowed_seller_ids, self.seller | self.colleague | self.head
        )

    def test_the_dialogs_of_others_are_not_used(self):
        wizard = self._schedule(self.director)
        with self.assertRaises(AccessError):
            wizard.with_user(self.seller).action_schedule()
        with self.assertRaises(AccessError):
            self._schedule(self.native)
        self.assertFalse(self._made())

    def test_nobody_to_call(self):
        segment = self._make_segment(
            market_ids=self.env.ref("crm_gestion.market_public").ids
        )
        with self.assertRaisesRegex(UserError, "Nobody is left to call"):
            self._schedule(self.director, segment=segment).action_schedule()

    def test_days_that_do_not_fit(self):
        weekend = self._schedule(
            self.director, date_from="2026-03-07", date_to="2026-03-08"
        )
        self.assertIn("Nobody works on these days", weekend.problem)
        with self.assertRaisesRegex(UserError, "Nobody works on these days"):
            weekend.action_schedule()
        backwards = self._schedule(
            self.director, date_from="2026-03-08", date_to="2026-03-02"
        )
        self.assertIn("comes before", backwards.problem)
        self.assertFalse(self._made())

    def test_too_many_for_one_list(self):
        with patch.object(crm_call_list, "LIMIT", 3):
            wizard = self._schedule(self.director)
            self.assertIn("at most 3 contacts", wizard.problem)
            with self.assertRaisesRegex(UserError, "at most 3 contacts"):
                wizard.action_schedule()
        self.assertFalse(self._made())

    def test_from_the_contacts_list(self):
        chosen = self.contact | self.marta
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_call_list_schedule_action_partner"
        )
        wizards = self.env[action["res_model"]].with_user(self.head)
        context = {"active_model": "res.partner", "active_ids": chosen.ids}
        # what the list of contacts sends as well
        context |= {"default_is_company": False, "default_user_id": self.head.id}
        form = Form(wizards.with_context(**context))
        self.assertEqual(form.call_count, 2)
        form.summary = "Spring offer"
        form.save().action_schedule()
        self.assertEqual(
            {user for _name, user, _day in self._made()}, {self.seller, self.colleague}
        )

    def test_calls_are_in_the_day_of_their_seller(self):
        self._schedule(self.head).action_schedule()
        self.env.flush_all()
        day = self.env["crm.day"].with_user(self.seller).search([("kind", "=", "step")])
        self.assertEqual(day.contact_id, self.contact)
        self.assertEqual(day.summary, "Spring offer")

    def test_campaign_goes_on_to_the_gestion(self):
        self._schedule(self.head).action_schedule()
        activity = self.env["mail.activity"].search(
            [("res_id", "=", self.contact.id), ("summary", "=", "Spring offer")]
        )
        registered = activity.with_user(self.seller).action_crm_register()
        self.assertEqual(registered["context"]["default_campaign_id"], self.campaign.id)
        activity.with_user(self.seller).action_feedback(feedback="Interested")
        gestion = self.contact.gestion_ids
        self.assertEqual(gestion.campaign_id, self.campaign)
        self.assertEqual(gestion.user_id, self.seller)

    def test_many_calls_cost_as_few_queries(self):
        def schedule(partners):
            segment = self._make_segment(domain=[("id", "in", partners.ids)])
            wizard = self._schedule(
                self.head,
                segment=segment,
                campaign_id=False,
                seller_ids=[Command.set((self.seller | self.colleague).ids)],
            )
            wizard.action_schedule()

        many = self.env["res.partner"].create(
            [
                {"name": f"P{n}", "user_id": self.seller.id if n % 2 else False}
                for n in range(90)
            ]
        )
        schedule(many[:3])  # caches; whoever follows a contact is not added again
        few = self._count_queries(lambda: schedule(many[3:6]))
        grown = self._count_queries(lambda: schedule(many[6:]))
        self.assertLessEqual(grown, few + self.ALLOWANCE)
