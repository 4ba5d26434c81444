from contextlib import contextmanager
from datetime import date, datetime, timedelta

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import CrmGestionCommon

NOW = datetime(2026, 3, 2, 10, 0)


class GestionCase(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.informed = cls.env.ref("crm_gestion.result_informed")
        cls.next_meeting = cls.env.ref("crm_gestion.result_next_meeting")
        cls.no_answer = cls.env.ref("crm_gestion.result_no_answer")
        cls.stop = cls.env.ref("crm_gestion.result_do_not_contact")
        cls.email = cls.env.ref("mail.mail_activity_data_email")
        cls.todo = cls.env.ref("mail.mail_activity_data_todo")
        cls.campaign = cls.env["utm.campaign"].create({"title": "Spring"})

    def setUp(self):
        super().setUp()
        # Odoo stamps create_date with the transaction's time: let it follow the tests'
        self.patch(self.env.cr, "now", fields.Datetime.now)

    def _log(self, user=None, **values):
        """Log a call as a user; with the seller's contact where nobody is named."""
        if not values.keys() & {"organization_id", "contact_id", "lead_id"}:
            values["contact_id"] = self.contact.id
        return (
            self.env["crm.gestion"]
            .with_user(user or self.seller)
            .create(
                {
                    "activity_type_id": self.call.id,
                    "result_id": self.informed.id,
                    **values,
                }
            )
        )

    def _log_with_step(self, **values):
        """Log a call that is followed by a call on the 9th."""
        return self._log(
            **{
                "next_activity_type_id": self.call.id,
                "next_date": "2026-03-09",
                **values,
            }
        )

    def _activities(self, record):
        """The native activities of a record, done ones too."""
        return (
            self.env["mail.activity"]
            .with_context(active_test=False)
            .search([("res_model", "=", record._name), ("res_id", "=", record.id)])
        )

    @contextmanager
    def _assert_refused(self, exception, text):
        # assertRaises takes back what was refused, assertRaisesRegex does not
        with self.assertRaises(exception) as caught:
            yield
        self.assertIn(text, str(caught.exception))

    def _count_gestiones(self):
        return self.env["crm.gestion"].search_count([])

    def _make_contact(self, name, organization):
        return self.env["res.partner"].create(
            {
                "name": name,
                "parent_id": organization.id,
            }
        )

    def _make_organization(self, name, user=None, **values):
        return self.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "user_id": user.id if user else False,
                **values,
            }
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionCompletion(GestionCase):
    """What a gestión finds out by itself, and keeps as it was then."""

    def test_contact_tells_organization_team_and_company(self):
        gestion = self._log(contact_id=self.contact.id)

        self.assertRecordValues(
            gestion,
            [
                {
                    "name": "Call: Lucía Ferrer",
                    "date": NOW,
                    "user_id": self.seller.id,
                    "organization_id": self.organization.id,
                    "team_id": self.north.id,
                    "company_id": self.env.company.id,
                    "lead_id": False,
                    "stage_id": False,
                    "outcome": "neutral",
                }
            ],
        )

    def test_opportunity_tells_with_whom_where_and_why(self):
        lead = self._make_lead(
            self.colleague,
            partner_id=self.contact.id,
            stage_id=self.size_proposal.id,
            campaign_id=self.campaign.id,
            team_id=self.south.id,
            company_id=self.env.company.id,
        )

        gestion = self._log(self.colleague, lead_id=lead.id)

        self.assertRecordValues(
            gestion,
            [
                {
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "stage_id": self.size_proposal.id,
                    "campaign_id": self.campaign.id,
                    "team_id": self.south.id,
                    "company_id": self.env.company.id,
                }
            ],
        )

    def test_opportunity_of_an_organization_names_no_contact(self):
        lead = self._make_lead(partner_id=self.organization.id)

        gestion = self._log(lead_id=lead.id)

        self.assertFalse(gestion.contact_id)
        self.assertEqual(gestion.organization_id, self.organization)
        self.assertEqual(gestion.name, "Call: Aceites del Sur")

    def test_each_gestion_of_a_batch_completes_from_its_own_opportunity(self):
        other = self._make_organization("Bodegas Norte", self.seller)
        leads = self._make_lead(
            partner_id=self.contact.id, stage_id=self.negotiate.id
        ) | self._make_lead(partner_id=other.id, campaign_id=self.campaign.id)

        gestiones = (
            self.env["crm.gestion"]
            .with_user(self.seller)
            .create([{"lead_id": lead.id} for lead in leads])
        )

        self.assertRecordValues(
            gestiones,
            [
                {
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "stage_id": self.negotiate.id,
                    "campaign_id": False,
                },
                {
                    "contact_id": False,
                    "organization_id": other.id,
                    "stage_id": self.generate_interest.id,
                    "campaign_id": self.campaign.id,
                },
            ],
        )

    def test_what_somebody_typed_is_kept(self):
        lead = self._make_lead(partner_id=self.contact.id, campaign_id=self.campaign.id)
        buyer = self._make_contact("Pedro Sanz", self.organization)
        branch = self._make_organization("Aceites del Sur, Cádiz", self.seller)
        fair = self.env["utm.campaign"].create({"title": "Fair"})

        gestion = self._log(
            lead_id=lead.id,
            contact_id=buyer.id,
            organization_id=branch.id,
            team_id=self.south.id,
            campaign_id=fair.id,
            name="They rang about the offer",
        )

        self.assertRecordValues(
            gestion,
            [
                {
                    "name": "They rang about the offer",
                    "contact_id": buyer.id,
                    "organization_id": branch.id,
                    "team_id": self.south.id,
                    "campaign_id": fair.id,
                }
            ],
        )

    def test_person_without_organization_stands_for_himself(self):
        person = self.env["res.partner"].create({"name": "Ana Ruiz"})

        gestion = self._log(contact_id=person.id)

        self.assertFalse(gestion.organization_id)
        self.assertEqual(gestion.contact_id, person)
        self.assertEqual(gestion.company_id, self.env.company)

    def test_company_is_the_customers_own(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.seller.write({"company_ids": [Command.link(branch.id)]})
        organization = self._make_organization("Shared by nobody", company_id=branch.id)

        gestion = self._log(organization_id=organization.id)

        self.assertEqual(gestion.company_id, branch)

    def test_gestion_stays_as_it_was_when_its_opportunity_moves_on(self):
        lead = self._make_lead(
            partner_id=self.contact.id, stage_id=self.present_products.id
        )
        gestion = self._log(lead_id=lead.id)
        successor = self._make_contact("Pedro Sanz", self.organization)

        lead.write(
            {
                "stage_id": self.negotiate.id,
                "partner_id": successor.id,
                "campaign_id": self.campaign.id,
                "user_id": self.stranger.id,
                "team_id": self.south.id,
            }
        )

        self.assertRecordValues(
            gestion,
            [
                {
                    "stage_id": self.present_products.id,
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "campaign_id": False,
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                }
            ],
        )

    def test_gestion_stays_with_the_organization_its_contact_left(self):
        gestion = self._log(contact_id=self.contact.id)
        employer = self._make_organization("Bodegas Norte")

        self.contact.write({"parent_id": employer.id, "name": "Lucía F."})

        self.assertEqual(gestion.organization_id, self.organization)
        self.assertEqual(gestion.name, "Call: Lucía Ferrer")

    def test_gestion_outlives_its_opportunity(self):
        lead = self._make_lead(
            partner_id=self.contact.id, stage_id=self.size_proposal.id
        )
        gestion = self._log(lead_id=lead.id)

        lead.unlink()

        self.assertRecordValues(
            gestion,
            [
                {
                    "lead_id": False,
                    "stage_id": self.size_proposal.id,
                    "organization_id": self.organization.id,
                    "contact_id": self.contact.id,
                }
            ],
        )

    def test_choosing_another_contact_in_the_form_brings_his_organization(self):
        other = self._make_organization("Bodegas Norte")
        right = self._make_contact("Pedro Sanz", other)
        form = Form(self.env["crm.gestion"].with_user(self.seller))
        form.activity_type_id = self.call
        form.result_id = self.informed
        form.contact_id = self.contact

        form.contact_id = right
        gestion = form.save()

        self.assertEqual(gestion.organization_id, other)
        self.assertEqual(gestion.name, "Call: Pedro Sanz")


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionConstraints(GestionCase):
    """What cannot be logged; each refusal leaves nothing behind."""

    def test_future_date_is_refused(self):
        before = self._count_gestiones()

        with self._assert_refused(ValidationError, "cannot be in the future"):
            self._log(date=NOW + timedelta(minutes=2))

        self.assertEqual(self._count_gestiones(), before)

    def test_clock_that_is_half_a_minute_fast_is_no_future(self):
        gestion = self._log(date=NOW + timedelta(seconds=30))

        self.assertEqual(gestion.date, datetime(2026, 3, 2, 10, 0, 30))

    def test_date_is_not_moved_into_the_future(self):
        gestion = self._log()

        with self._assert_refused(ValidationError, "cannot be in the future"):
            gestion.date = "2026-03-03 10:00:00"

        self.assertEqual(gestion.date, NOW)
        self.assertFalse(gestion.change_ids)

    @mute_logger("odoo.sql_db")
    def test_gestion_with_nobody_is_refused(self):
        before = self._count_gestiones()

        with self._assert_refused(IntegrityError, "crm_gestion_who"):
            self._log(organization_id=False)

        self.assertEqual(self._count_gestiones(), before)

    @mute_logger("odoo.sql_db")
    def test_negative_duration_is_refused(self):
        before = self._count_gestiones()

        with self._assert_refused(IntegrityError, "duration_positive"):
            self._log(duration=-0.5)

        self.assertEqual(self._count_gestiones(), before)

    def test_result_that_requires_a_next_step_is_refused_without(self):
        before = self._count_gestiones()

        with self._assert_refused(ValidationError, "needs a next step"):
            self._log(
                result_id=self.next_meeting.id,
                next_activity_type_id=False,
                next_date=False,
            )

        self.assertEqual(self._count_gestiones(), before)
        self.assertFalse(self._activities(self.contact))

    def test_required_next_step_is_not_taken_off(self):
        gestion = self._log(result_id=self.next_meeting.id)

        with self._assert_refused(ValidationError, "needs a next step"):
            gestion.next_date = False

        self.assertEqual(gestion.next_date, date(2026, 3, 9))
        self.assertEqual(gestion.next_activity_id.date_deadline, date(2026, 3, 9))

    def test_next_step_with_somebody_who_stopped_contact_is_refused(self):
        before = self._count_gestiones()

        with self._assert_refused(ValidationError, "not to contact again"):
            self._log_with_step(result_id=self.stop.id)

        self.assertEqual(self._count_gestiones(), before)
        self.assertFalse(self._activities(self.contact))

    def test_next_step_is_not_added_to_a_gestion_that_stopped_contact(self):
        gestion = self._log(result_id=self.stop.id)

        with self._assert_refused(ValidationError, "not to contact again"):
            gestion.write(
                {
                    "next_activity_type_id": self.call.id,
                    "next_date": "2026-03-09",
                }
            )

        self.assertFalse(gestion.next_date)
        self.assertFalse(gestion.next_activity_type_id)
        self.assertFalse(self._activities(self.contact))

    def test_nobody_logs_in_the_name_of_another(self):
        before = self._count_gestiones()

        with self.assertRaises(AccessError):
            self._log(user_id=self.colleague.id)

        self.assertEqual(self._count_gestiones(), before)

    def test_nobody_makes_it_a_strangers(self):
        """Neither what another seller did nor what another company did."""
        gestion = self._make_gestion(contact_id=self.contact.id)
        other = self.env["res.company"].create({"name": "Other"})
        for vals in (
            {"user_id": self.stranger.id},
            {"user_id": self.env.ref("base.user_root").id},
            {"company_id": other.id},
        ):
            with (
                self.subTest(vals=vals),
                self.assertRaises(AccessError),
                self.env.cr.savepoint(),
            ):
                gestion.with_user(self.seller).write(vals)
        self.env.invalidate_all()
        self.assertEqual(gestion.user_id, self.seller)
        gestion.with_user(self.head).user_id = self.colleague
        self.assertEqual(gestion.user_id, self.colleague)

    def test_head_logs_what_a_member_of_his_team_did(self):
        gestion = self._log(self.head, user_id=self.seller.id)

        self.assertEqual(gestion.user_id, self.seller)
        self.assertEqual(gestion.team_id, self.north)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionResult(GestionCase):
    """What a result proposes."""

    def test_results_propose_the_step_that_usually_follows(self):
        expected = {
            "interest": (self.meeting, date(2026, 3, 9)),
            "next_meeting": (self.meeting, date(2026, 3, 9)),
            "asks_proposal": (self.email, date(2026, 3, 5)),
            "no_answer": (self.call, date(2026, 3, 4)),
        }
        for name, (activity_type, day) in expected.items():
            with self.subTest(result=name):
                result = self.env.ref(f"crm_gestion.result_{name}")
                gestion = self._log(result_id=result.id)
                self.assertEqual(gestion.next_activity_type_id, activity_type)
                self.assertEqual(gestion.next_date, day)

    def test_results_without_proposal_plan_nothing(self):
        for name in ("informed", "no_interest", "unqualified", "do_not_contact"):
            with self.subTest(result=name):
                result = self.env.ref(f"crm_gestion.result_{name}")
                gestion = self._log(result_id=result.id)
                self.assertFalse(gestion.next_activity_type_id)
                self.assertFalse(gestion.next_date)
        self.assertFalse(self._activities(self.contact))

    def test_days_count_from_the_interaction(self):
        gestion = self._log(result_id=self.no_answer.id, date="2026-02-26 09:00:00")

        self.assertEqual(gestion.next_date, date(2026, 2, 28))

    def test_days_count_in_the_users_time_zone(self):
        self.seller.tz = "Europe/Madrid"

        # half past midnight on the 2nd in Madrid
        gestion = self._log(result_id=self.no_answer.id, date="2026-03-01 23:30:00")

        self.assertEqual(gestion.next_date, date(2026, 3, 4))

    def test_typed_next_step_is_kept(self):
        gestion = self._log_with_step(result_id=self.interest.id)

        self.assertEqual(gestion.next_activity_type_id, self.call)
        self.assertEqual(gestion.next_date, date(2026, 3, 9))

    def test_date_alone_takes_the_type_that_the_result_proposes(self):
        gestion = self._log(result_id=self.interest.id, next_date="2026-03-20")

        self.assertEqual(gestion.next_activity_type_id, self.meeting)
        self.assertEqual(gestion.next_activity_id.date_deadline, date(2026, 3, 20))

    def test_type_alone_takes_the_date_that_the_result_proposes(self):
        gestion = self._log(
            result_id=self.interest.id, next_activity_type_id=self.call.id
        )

        self.assertEqual(gestion.next_date, date(2026, 3, 9))
        self.assertEqual(gestion.next_activity_id.activity_type_id, self.call)

    def test_correcting_to_stopped_contact_takes_the_next_step_off(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id

        gestion.result_id = self.stop

        self.assertFalse(gestion.next_activity_type_id)
        self.assertFalse(gestion.next_date)
        self.assertFalse(activity.exists())

    def test_outcome_is_kept_with_the_gestion(self):
        gestiones = self._log(result_id=self.interest.id) | self._log()

        self.assertEqual(gestiones.mapped("outcome"), ["positive", "neutral"])


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionNextStep(GestionCase):
    """The next step is one native activity, and the gestión keeps it in step."""

    def test_next_step_plans_one_native_activity(self):
        gestion = self._log_with_step(next_summary="Send the price list")

        self.assertRecordValues(
            self._activities(self.contact),
            [
                {
                    "id": gestion.next_activity_id.id,
                    "activity_type_id": self.call.id,
                    "summary": "Send the price list",
                    "date_deadline": date(2026, 3, 9),
                    "user_id": self.seller.id,
                    "active": True,
                }
            ],
        )

    def test_saving_again_plans_no_second_one(self):
        gestion = self._log_with_step()

        gestion.write(
            {
                "result_id": self.interest.id,
                "next_date": "2026-03-09",
                "description": "All the same",
            }
        )

        self.assertEqual(self._activities(self.contact), gestion.next_activity_id)

    def test_editing_the_next_step_moves_the_activity(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id

        gestion.write(
            {
                "next_activity_type_id": self.meeting.id,
                "next_date": "2026-03-12",
                "next_summary": "Visit the mill",
                "next_user_id": self.colleague.id,
            }
        )

        self.assertEqual(gestion.next_activity_id, activity)
        self.assertRecordValues(
            self._activities(self.contact),
            [
                {
                    "id": activity.id,
                    "activity_type_id": self.meeting.id,
                    "summary": "Visit the mill",
                    "date_deadline": date(2026, 3, 12),
                    "user_id": self.colleague.id,
                }
            ],
        )

    def test_done_activity_is_left_alone(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id
        activity.with_user(self.seller).action_feedback(feedback="They will think")

        gestion.next_date = "2026-03-20"

        self.assertRecordValues(
            self._activities(self.contact),
            [
                {
                    "id": activity.id,
                    "active": False,
                    "date_deadline": date(2026, 3, 9),
                    "feedback": "They will think",
                }
            ],
        )

    def test_removing_the_next_step_keeps_what_was_done(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id
        activity.with_user(self.seller).action_feedback()

        gestion.write({"next_activity_type_id": False, "next_date": False})

        self.assertEqual(self._activities(self.contact), activity)
        self.assertFalse(activity.active)

    def test_removing_the_next_step_cancels_the_activity(self):
        gestion = self._log_with_step()

        gestion.write({"next_activity_type_id": False, "next_date": False})

        self.assertFalse(self._activities(self.contact))
        self.assertFalse(gestion.next_activity_id)

    def test_activity_cancelled_natively_does_not_come_back(self):
        gestion = self._log_with_step()
        gestion.next_activity_id.with_user(self.seller).action_cancel()

        gestion.write(
            {
                "result_id": self.interest.id,
                "organization_id": self.organization.id,
            }
        )

        self.assertFalse(self._activities(self.contact))

    def test_result_that_is_corrected_plans_what_it_proposes(self):
        gestion = self._log()

        gestion.result_id = self.no_answer

        self.assertRecordValues(
            self._activities(self.contact),
            [
                {
                    "id": gestion.next_activity_id.id,
                    "activity_type_id": self.call.id,
                    "date_deadline": date(2026, 3, 4),
                }
            ],
        )

    def test_next_step_is_on_opportunity_else_contact_else_organization(self):
        lead = self._make_lead(partner_id=self.contact.id)
        for record, values in (
            (lead, {"lead_id": lead.id, "contact_id": self.contact.id}),
            (self.contact, {"contact_id": self.contact.id}),
            (self.organization, {"organization_id": self.organization.id}),
        ):
            with self.subTest(on=record._name):
                gestion = self._log_with_step(**values)
                self.assertEqual(self._activities(record), gestion.next_activity_id)

    def test_naming_the_opportunity_later_moves_the_next_step_there(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id
        lead = self._make_lead(partner_id=self.contact.id)

        gestion.lead_id = lead

        self.assertEqual(self._activities(lead), activity)
        self.assertFalse(self._activities(self.contact))

    def test_correcting_the_contact_moves_the_next_step_to_him(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id
        right = self._make_contact("Pedro Sanz", self.organization)

        gestion.contact_id = right

        self.assertEqual(self._activities(right), activity)
        self.assertFalse(self._activities(self.contact))

    def test_correcting_the_author_gives_him_the_next_step(self):
        gestion = self._log_with_step()

        gestion.with_user(self.head).user_id = self.colleague

        self.assertEqual(gestion.next_activity_id.user_id, self.colleague)

    def test_each_gestion_of_a_batch_plans_its_own(self):
        gestiones = (
            self.env["crm.gestion"]
            .with_user(self.seller)
            .create(
                [
                    {"contact_id": self.contact.id, "result_id": self.informed.id},
                    {"contact_id": self.contact.id, "result_id": self.no_answer.id},
                    {"contact_id": self.contact.id, "result_id": self.interest.id},
                ]
            )
        )

        self.assertRecordValues(
            gestiones.next_activity_id,
            [
                {"activity_type_id": self.call.id, "date_deadline": date(2026, 3, 4)},
                {
                    "activity_type_id": self.meeting.id,
                    "date_deadline": date(2026, 3, 9),
                },
            ],
        )
        self.assertFalse(gestiones[0].next_activity_id)

    def test_seller_does_not_reach_foreign_activities_through_a_gestion(self):
        """The next step is planned as superuser: which activity it is, only we say."""
        foreign = self.env["mail.activity"].create(
            {
                "activity_type_id": self.todo.id,
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.env.company.partner_id.id,
                "user_id": self.director.id,
                "date_deadline": "2026-04-01",
            }
        )
        gestion = self._log_with_step()
        planned = gestion.next_activity_id

        with self.assertRaises(UserError):
            gestion.next_activity_id = foreign
        with self.assertRaises(UserError):
            self._log_with_step(next_activity_id=foreign.id)

        self.assertEqual(gestion.next_activity_id, planned)
        self.assertRecordValues(
            foreign,
            [
                {
                    "activity_type_id": self.todo.id,
                    "res_id": self.env.company.partner_id.id,
                    "user_id": self.director.id,
                    "date_deadline": date(2026, 4, 1),
                }
            ],
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionForColleague(GestionCase):
    """Whoever answers the telephone logs, whosever customer it is."""

    def test_stranger_logs_with_the_sellers_customer(self):
        gestion = self._log_with_step(user=self.stranger)

        self.assertRecordValues(
            gestion,
            [
                {
                    "user_id": self.stranger.id,
                    "team_id": self.south.id,
                    "organization_id": self.organization.id,
                }
            ],
        )
        self.assertRecordValues(
            self._activities(self.contact),
            [{"user_id": self.stranger.id, "date_deadline": date(2026, 3, 9)}],
        )
        self.assertEqual(self.organization.user_id, self.seller)

    def test_stranger_plans_the_next_step_for_the_customers_own_seller(self):
        gestion = self._log_with_step(user=self.stranger, next_user_id=self.seller.id)

        self.assertEqual(gestion.next_activity_id.user_id, self.seller)
        self.assertTrue(
            gestion.next_activity_id.with_user(self.seller).has_access("write")
        )

    def test_stranger_moves_the_next_step_he_planned(self):
        gestion = self._log_with_step(user=self.stranger)

        gestion.next_date = "2026-03-16"

        self.assertEqual(
            self._activities(self.contact).date_deadline, date(2026, 3, 16)
        )

    def test_nobody_logs_with_an_opportunity_he_may_not_read(self):
        stall = self.env["res.partner"].create({"name": "Market Stall"})
        lead = self._make_lead(self.stranger, partner_id=stall.id)
        before = self._count_gestiones()

        with self.assertRaises(AccessError):
            self._log_with_step(lead_id=lead.id, contact_id=stall.id)

        self.assertEqual(self._count_gestiones(), before)
        self.assertFalse(self._activities(lead))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionEnquiry(GestionCase):
    """Raw enquiries have no customer: talking with one makes or finds it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env.ref("crm_gestion.origination_website")
        cls.enquiry = cls._make_lead(
            name="Question about prices",
            type="lead",
            user_id=False,
            team_id=False,
            partner_name="Panaderías Gil",
            contact_name="Marta Gil",
            email_from="marta@gil.example",
            phone="+34 911 000 002",
            origination_id=cls.website.id,
            market_id=cls.market.id,
        )

    def _count_partners(self):
        return self.env["res.partner"].search_count([])

    def test_gestion_makes_the_customer_of_an_enquiry(self):
        gestion = self._log(lead_id=self.enquiry.id)

        contact = gestion.contact_id
        self.assertRecordValues(
            contact | gestion.organization_id,
            [
                {
                    "name": "Marta Gil",
                    "is_company": False,
                    "email": "marta@gil.example",
                    "phone": "+34 911 000 002",
                    "origination_id": self.website.id,
                    "market_id": self.market.id,
                    "account_status": "potential",
                },
                {
                    "name": "Panaderías Gil",
                    "is_company": True,
                    "email": "marta@gil.example",
                    "phone": "+34 911 000 002",
                    "origination_id": self.website.id,
                    "market_id": self.market.id,
                    "account_status": "potential",
                },
            ],
        )
        self.assertEqual(contact.parent_id, gestion.organization_id)
        self.assertRecordValues(
            self.enquiry,
            [
                {
                    "partner_id": contact.id,
                    "organization_id": gestion.organization_id.id,
                    "type": "lead",
                    "user_id": False,
                    "gestion_count": 1,
                }
            ],
        )

    def test_gestion_finds_the_customer_with_the_same_email(self):
        before = self._count_partners()
        self.enquiry.email_from = "Lucia <LUCIA@aceites.example>"

        gestion = self._log(lead_id=self.enquiry.id)

        self.assertEqual(gestion.contact_id, self.contact)
        self.assertEqual(gestion.organization_id, self.organization)
        self.assertEqual(self.enquiry.partner_id, self.contact)
        self.assertEqual(self._count_partners(), before)

    def test_two_gestiones_at_once_make_one_customer(self):
        before = self._count_partners()

        gestiones = (
            self.env["crm.gestion"]
            .with_user(self.seller)
            .create(
                [
                    {"lead_id": self.enquiry.id, "result_id": self.no_answer.id},
                    {"lead_id": self.enquiry.id, "result_id": self.informed.id},
                ]
            )
        )

        self.assertEqual(gestiones.contact_id, self.enquiry.partner_id)
        self.assertEqual(self._count_partners(), before + 2)

    def test_gestion_that_names_somebody_makes_no_customer(self):
        before = self._count_partners()

        gestion = self._log(lead_id=self.enquiry.id, contact_id=self.contact.id)

        self.assertEqual(gestion.contact_id, self.contact)
        self.assertFalse(self.enquiry.partner_id)
        self.assertEqual(self._count_partners(), before)

    def test_enquiry_that_tells_nothing_gives_its_name(self):
        enquiry = self._make_lead(
            name="Caller from Jaén", type="lead", user_id=False, team_id=False
        )

        gestion = self._log(lead_id=enquiry.id)

        self.assertEqual(gestion.contact_id.name, "Caller from Jaén")
        self.assertFalse(gestion.organization_id)

    def test_enquiry_of_a_stranger_stays_his(self):
        self.enquiry.write({"user_id": self.stranger.id, "team_id": self.south.id})
        before = self._count_gestiones(), self._count_partners()

        with self.assertRaises(AccessError):
            self._log(lead_id=self.enquiry.id)

        self.assertEqual((self._count_gestiones(), self._count_partners()), before)
        self.assertFalse(self.enquiry.partner_id)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionOpportunity(GestionCase):
    """The opportunities that a gestión opens."""

    def _create_opportunity(self, gestion):
        action = gestion.action_create_opportunity()
        self.assertEqual(action["res_model"], "crm.lead")
        return self.env["crm.lead"].with_user(gestion.env.user).browse(action["res_id"])

    def test_opportunity_carries_everything_that_is_known(self):
        referrer = self.env["res.partner"].create({"name": "Juan Vidal"})
        referral = self.env.ref("crm_gestion.origination_referral")
        self.contact.write(
            {
                "origination_id": referral.id,
                "referred_by_id": referrer.id,
            }
        )
        gestion = self._log(
            result_id=self.interest.id,
            campaign_id=self.campaign.id,
            description="Two sites\nChange in May",
        )

        lead = self._create_opportunity(gestion)

        self.assertRecordValues(
            lead,
            [
                {
                    "name": "Aceites del Sur's opportunity",
                    "type": "opportunity",
                    "partner_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "origination_id": referral.id,
                    "source_id": self.env.ref("utm.utm_source_referral").id,
                    "market_id": self.market.id,
                    "campaign_id": self.campaign.id,
                    "source_gestion_id": gestion.id,
                    "stage_id": self.generate_interest.id,
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "company_id": self.env.company.id,
                    "referred": "Juan Vidal",
                }
            ],
        )
        self.assertEqual(str(lead.description), "<p>Two sites<br>Change in May</p>")
        self.assertEqual(gestion.lead_id, lead)
        self.assertEqual(gestion.opportunity_ids, lead)

    def test_organization_tells_what_its_contact_does_not(self):
        gestion = self._log()

        lead = self._create_opportunity(gestion)

        self.assertFalse(self.contact.origination_id)
        self.assertEqual(lead.origination_id, self.cold_call)

    def test_person_without_organization_opens_an_opportunity(self):
        person = self.env["res.partner"].create(
            {
                "name": "Ana Ruiz",
                "market_id": self.market.id,
                "origination_id": self.cold_call.id,
            }
        )

        lead = self._create_opportunity(self._log(contact_id=person.id))

        self.assertRecordValues(
            lead,
            [
                {
                    "name": "Ana Ruiz's opportunity",
                    "partner_id": person.id,
                    "organization_id": False,
                    "market_id": self.market.id,
                    "origination_id": self.cold_call.id,
                }
            ],
        )

    def test_result_suggests_the_stage(self):
        self.interest.suggested_stage_id = self.size_proposal

        lead = self._create_opportunity(self._log(result_id=self.interest.id))

        self.assertEqual(lead.stage_id, self.size_proposal)

    def test_next_step_goes_on_with_the_opportunity(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id

        lead = self._create_opportunity(gestion)

        self.assertEqual(self._activities(lead), activity)
        self.assertFalse(self._activities(self.contact))
        self.assertEqual(lead.next_step_date, date(2026, 3, 9))
        self.assertFalse(self.contact.activity_ids)

    def test_done_next_step_stays_where_it_was_done(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id
        activity.with_user(self.seller).action_feedback()

        lead = self._create_opportunity(gestion)

        self.assertFalse(self._activities(lead))
        self.assertEqual(self._activities(self.contact), activity)

    def test_one_gestion_opens_several_opportunities(self):
        gestion = self._log_with_step()
        activity = gestion.next_activity_id

        first = self._create_opportunity(gestion)
        second = self._create_opportunity(gestion)

        self.assertEqual(gestion.opportunity_ids, first | second)
        self.assertEqual(gestion.opportunity_count, 2)
        self.assertEqual(gestion.lead_id, first)
        # the next step is one, and it is the gestión's: it stays on its opportunity
        self.assertEqual(self._activities(first), activity)
        self.assertFalse(self._activities(second))

    def test_closed_opportunities_count_as_born(self):
        gestions = self._log() | self._log()
        lead = self._create_opportunity(gestions[0])

        lead.action_set_lost(lost_reason_id=self.price.id)

        self.assertEqual(gestions.mapped("opportunity_count"), [1, 0])

    def test_gestion_of_an_opportunity_opens_another_and_stays(self):
        lead = self._make_lead(partner_id=self.contact.id)
        gestion = self._log(lead_id=lead.id)

        other = self._create_opportunity(gestion)

        self.assertEqual(gestion.lead_id, lead)
        self.assertEqual(gestion.opportunity_ids, other)

    def test_old_gestion_still_opens_an_opportunity(self):
        """Opening an opportunity corrects nothing: it is not frozen with the rest."""
        gestion = self._log()

        with freeze_time("2026-03-20 10:00:00"):
            lead = self._create_opportunity(gestion)

        self.assertEqual(lead.source_gestion_id, gestion)
        self.assertEqual(gestion.lead_id, lead)

    def test_head_opens_the_opportunity_for_the_seller_who_talked(self):
        gestion = self._log().with_user(self.head)

        lead = self._create_opportunity(gestion)

        self.assertEqual(lead.user_id, self.seller)
        self.assertEqual(lead.team_id, self.north)

    def test_seller_of_the_account_opens_it_from_what_a_stranger_logged(self):
        gestion = self._log(self.stranger, result_id=self.interest.id)

        lead = self._create_opportunity(gestion.with_user(self.seller))

        self.assertRecordValues(
            lead,
            [
                {
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "source_gestion_id": gestion.id,
                }
            ],
        )
        self.assertEqual(gestion.lead_id, lead)

    def test_smart_button_opens_the_one_or_lists_the_several(self):
        gestion = self._log()
        first = self._create_opportunity(gestion)
        one = gestion.action_view_opportunities()
        second = self._create_opportunity(gestion)
        several = gestion.action_view_opportunities()

        self.assertEqual(one["res_id"], first.id)
        self.assertEqual(self.env["crm.lead"].search(several["domain"]), first | second)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionReaders(GestionCase):
    """History follows the account and the opportunity, whoever wrote it."""

    ROLES = (
        "seller", "colleague", "head", "stranger", "south_head", "director",
    )  # fmt: skip

    def _assert_readers(self, gestion, expected):
        """Search, the field and the check of a single record agree on who reads."""
        for name in self.ROLES:
            with self.subTest(role=name):
                user = getattr(self, name)
                seen = gestion.with_user(user)
                reads = name in expected
                self.assertEqual(bool(seen.search([("id", "=", gestion.id)])), reads)
                self.assertEqual(seen.has_access("read"), reads)
        for name in set(self.ROLES) - {"director"}:
            scope = gestion.with_user(getattr(self, name)).sudo().in_scope
            self.assertEqual(scope, name in expected, name)

    def test_author_and_his_head_read(self):
        person = self.env["res.partner"].create({"name": "Nobody's"})
        gestion = self._log(contact_id=person.id)

        self._assert_readers(gestion, {"seller", "head", "director"})

    def test_seller_of_the_account_reads_what_a_stranger_wrote(self):
        gestion = self._log(self.stranger, contact_id=self.contact.id)

        self._assert_readers(
            gestion, {"seller", "head", "stranger", "south_head", "director"}
        )

    def test_seller_of_a_person_reads_what_a_stranger_wrote(self):
        person = self.env["res.partner"].create(
            {
                "name": "Ana Ruiz",
                "user_id": self.seller.id,
            }
        )
        gestion = self._log(self.stranger, contact_id=person.id)

        self._assert_readers(
            gestion, {"seller", "head", "stranger", "south_head", "director"}
        )

    def test_seller_of_the_opportunity_reads_what_a_stranger_wrote(self):
        person = self.env["res.partner"].create({"name": "Nobody's"})
        lead = self._make_lead(partner_id=person.id)
        gestion = self._make_gestion(
            self.stranger, lead_id=lead.id, contact_id=person.id
        )

        self._assert_readers(
            gestion, {"seller", "head", "stranger", "south_head", "director"}
        )

    def test_history_of_a_lost_opportunity_and_an_archived_account_is_read(self):
        organization = self._make_organization("Gone", self.seller)
        lead = self._make_lead(partner_id=organization.id)
        gestion = self._make_gestion(self.stranger, lead_id=lead.id)
        lead.action_set_lost(lost_reason_id=self.price.id)
        organization.active = False

        self._assert_readers(
            gestion, {"seller", "head", "stranger", "south_head", "director"}
        )

    def test_gestion_of_an_unassigned_opportunity_is_read_by_every_seller(self):
        person = self.env["res.partner"].create({"name": "Nobody's"})
        lead = self._make_lead(partner_id=person.id, user_id=False, team_id=False)
        gestion = self._make_gestion(lead_id=lead.id)

        self._assert_readers(gestion, set(self.ROLES))

    def test_history_goes_with_the_account_to_its_new_seller(self):
        gestion = self._log()

        (self.organization | self.contact).write({"user_id": self.stranger.id})

        self._assert_readers(
            gestion, {"seller", "head", "stranger", "south_head", "director"}
        )

    def test_who_reads_through_the_account_does_not_write(self):
        gestion = self._log(self.stranger, description="As it was")

        for user in (self.seller, self.head):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                gestion.with_user(user).description = "Otherwise"
        self.assertEqual(gestion.description, "As it was")

    def test_gestion_of_another_company_is_not_read(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        gestion = self._make_gestion(contact_id=self.contact.id, company_id=branch.id)

        self._assert_readers_of_company(gestion, False)
        self.seller.write({"company_ids": [Command.link(branch.id)]})
        self._assert_readers_of_company(gestion, True)

    def _assert_readers_of_company(self, gestion, expected):
        Gestion = self.env["crm.gestion"].with_user(self.seller)
        companies = self.seller.company_ids.ids
        found = Gestion.with_context(allowed_company_ids=companies).search(
            [("id", "=", gestion.id)]
        )
        self.assertEqual(bool(found), expected)

    def test_field_agrees_with_search_for_many_at_once(self):
        person = self.env["res.partner"].create({"name": "Nobody's"})
        own = self._log(contact_id=person.id)
        foreign = self._log(self.stranger, contact_id=person.id)
        account = self._log(self.stranger)
        gestiones = (own | foreign | account).with_user(self.seller).sudo()

        self.assertEqual(gestiones.mapped("in_scope"), [True, False, True])
        self.assertEqual(
            gestiones.search([("id", "in", gestiones.ids), ("in_scope", "=", True)]),
            (own | account),
        )
        self.assertEqual(
            gestiones.search([("id", "in", gestiones.ids), ("in_scope", "=", False)]),
            foreign,
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionForOthers(GestionCase):
    """Who has no role of ours goes on working with opportunities as before."""

    def test_fields_of_ours_fail_nobody_who_reads_an_opportunity_whole(self):
        """As clients do that name no fields, and get all they may have."""
        lead = self._make_lead(self.native, partner_id=self.contact.id)
        self._make_gestion(lead_id=lead.id)
        lead.action_set_lost(lost_reason_id=self.price.id)
        lead = lead.with_user(self.native)
        ours = [
            name
            for name in lead.fields_get(attributes=[])
            if lead._fields[name]._module == "crm_gestion"
        ]

        [values] = lead.read(ours)

        self.assertEqual(values["market_id"][0], self.market.id)
        self.assertEqual(values["closure_kind"], "rejected")


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCrmGestionGrowth(GestionCase):
    """Ten times the records, about the same number of queries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.organizations = cls.env["res.partner"].create(
            [
                {
                    "name": f"Organization {number}",
                    "is_company": True,
                    "user_id": cls.seller.id,
                    "account_status": "potential",
                }
                for number in range(33)
            ]
        )

    def _create_for(self, partners):
        return (
            self.env["crm.gestion"]
            .with_user(self.seller)
            .create(
                [
                    {
                        "activity_type_id": self.call.id,
                        "organization_id": partner.id,
                        "result_id": self.interest.id,
                    }
                    for partner in partners
                ]
            )
        )

    def test_batch_with_next_steps(self):
        self.assertFlatGrowth(
            self._create_for, self.organizations[:3], self.organizations[3:]
        )

    def test_batch_moves_its_next_steps(self):
        gestiones = self._create_for(self.organizations)

        def move(records):
            records.write({"next_date": "2026-03-20"})

        self.assertFlatGrowth(move, gestiones[:3], gestiones[3:])
        self.assertEqual(
            set(gestiones.next_activity_id.mapped("date_deadline")),
            {date(2026, 3, 20)},
        )

    def test_search_in_scope(self):
        self._create_for(self.organizations)

        def search(partners):
            self.env["crm.gestion"].with_user(self.seller).search(
                [("organization_id", "in", partners.ids)]
            ).mapped("in_scope")

        self.assertFlatGrowth(search, self.organizations[:3], self.organizations[3:])


@tagged("post_install", "-at_install")
class TestLogSeveral(CrmGestionCommon):
    """A day of visits, line by line in a list."""

    def test_type_and_date_stay_from_line_to_line(self):
        action = self.env.ref("crm_gestion.crm_gestion_several_action")
        context = safe_eval(action.context)
        lines = self.env["crm.gestion"].with_user(self.seller).with_context(**context)
        visit = self.env.ref("crm_gestion.mail_activity_type_visit")
        first = self._enter(
            lines, activity_type_id=visit.id, date="2026-03-02 09:00:00"
        )
        second = self._enter(lines)
        self.assertRecordValues(
            second,
            [
                {
                    "activity_type_id": visit.id,
                    "date": first.date,
                    "user_id": self.seller.id,
                    "organization_id": self.organization.id,
                }
            ],
        )
        domain = safe_eval(action.domain, {"uid": self.seller.id})
        self.assertEqual(lines.search(domain), second | first)
        self.assertFalse(lines.with_user(self.colleague).search(domain[1:]))
        plain = self.env["crm.gestion"].with_user(self.seller)
        self.assertEqual(
            plain.default_get(["activity_type_id"])["activity_type_id"], self.call.id
        )

    def _enter(self, lines, **typed):
        """One line, as the web client does: defaults, what is typed, saved."""
        with Form(lines, "crm_gestion.crm_gestion_view_list_several") as line:
            line.contact_id = self.contact
            line.result_id = self.env.ref("crm_gestion.result_informed")
            for name, value in typed.items():
                value = (
                    self.env["mail.activity.type"].browse(value)
                    if name == "activity_type_id"
                    else value
                )
                setattr(line, name, value)
        return line.record
