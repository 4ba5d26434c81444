from datetime import date

from odoo import Command
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.crm_gestion.tests.common import CrmGestionCommon

MORNING = "2026-03-02 10:00:00"


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestArrivals(CrmGestionCommon):
    """Enquiries that others bring: they are recorded, have an origination where one is
    mapped, and no gate holds them up."""

    GATES = True

    def assertArrived(self, lead, origination):
        self.assertRecordValues(
            lead,
            [{"origination_id": origination.id, "won_status": "pending"}],
        )
        self.assertEqual(lead.opportunity_stage_ids.mapped("move"), ["created"])
        self.assertEqual(lead.opportunity_stage_ids.stage_id, lead.stage_id)

    def test_website_form(self):
        """What `website_crm` fills in before Odoo's own form makes it."""
        lead = (
            self.env["crm.lead"]
            .with_user(self.env.ref("base.public_user"))
            .sudo()
            .create(
                {
                    "name": "Asked on the site",
                    "type": "opportunity",
                    "contact_name": "Ana",
                    "medium_id": self.env.ref("utm.utm_medium_website").id,
                }
            )
        )
        self.assertArrived(lead, self.env.ref("crm_gestion.origination_website"))

    def test_event_registration(self):
        fair = self.env["utm.source"].create({"name": "Spring fair"})
        origination = self.env.ref("crm_gestion.origination_fair")
        origination.source_ids = [Command.link(fair.id)]
        event = self.env["event.event"].create(
            {
                "name": "Fair",
                "date_begin": "2026-03-10 10:00:00",
                "date_end": "2026-03-10 18:00:00",
            }
        )
        self.env["event.lead.rule"].create(
            {
                "name": "All",
                "lead_creation_basis": "attendee",
                "lead_creation_trigger": "create",
                "lead_type": "opportunity",
                "lead_user_id": self.seller.id,
            }
        )
        registration = self.env["event.registration"].create(
            {
                "event_id": event.id,
                "name": "Ana Pons",
                "email": "ana@pons.example",
                "utm_source_id": fair.id,
            }
        )
        self.assertArrived(registration.lead_ids, origination)
        self.assertEqual(registration.lead_ids.user_id, self.seller)

    def test_survey_answer(self):
        survey = self.env["survey.survey"].create(
            {"title": "How was it", "survey_type": "survey"}
        )
        origination = self.env.ref("crm_gestion.origination_website")
        origination.medium_ids = [
            Command.link(
                self.env["utm.medium"]._fetch_or_create_utm_medium("Survey").id
            )
        ]
        question = self.env["survey.question"].create(
            {
                "survey_id": survey.id,
                "title": "Shall we call",
                "question_type": "simple_choice",
                "suggested_answer_ids": [
                    Command.create({"value": "Yes", "generate_lead": True})
                ],
            }
        )
        answer = self.env["survey.user_input"].create(
            {
                "survey_id": survey.id,
                "partner_id": self.contact.id,
                "user_input_line_ids": [
                    Command.create(
                        {
                            "question_id": question.id,
                            "answer_type": "suggestion",
                            "suggested_answer_id": question.suggested_answer_ids.id,
                        }
                    )
                ],
            }
        )
        answer._mark_done()
        # one that the contact's own origination names comes first
        self.assertTrue(answer.lead_id.origination_id)
        self.assertArrived(answer.lead_id, answer.lead_id.origination_id)

    def test_live_chat(self):
        source = self.env.ref("crm_livechat.utm_source_livechat")
        origination = self.env.ref("crm_gestion.origination_website")
        origination.source_ids = [Command.link(source.id)]
        channel = self.env["discuss.channel"].create(
            {"name": "Chat", "channel_type": "group"}
        )
        channel._add_members(users=self.seller)
        lead = channel.with_user(self.seller)._convert_visitor_to_lead(
            self.seller.partner_id, "/lead Wants a price"
        )
        self.assertArrived(lead.with_env(self.env), origination)
        self.assertEqual(lead.name, "Wants a price")


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestProbability(CrmGestionCommon):
    """`crm_stage_probability`: a stage brings its probability; a pause keeps it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.present_products.write({"on_change": True, "probability": 30})
        cls.lead = cls._make_lead(partner_id=cls.contact.id)

    def test_dialog_moves_and_the_stage_says_how_probable(self):
        self.lead.with_user(self.seller).stage_id = self.present_products
        self.assertEqual(self.lead.probability, 30)

    def test_pause_and_back(self):
        self.lead.stage_id = self.present_products
        self.lead.probability = 45
        self.env["crm.opportunity.closure"].with_user(self.seller)._close(
            self.lead, "standby", wake_date=date(2026, 4, 1)
        )
        self.assertRecordValues(
            self.lead, [{"active": False, "closure_kind": "standby"}]
        )
        self.lead.with_user(self.seller).action_crm_resume()
        self.assertRecordValues(
            self.lead,
            [{"active": True, "probability": 45, "stage_id": self.present_products.id}],
        )

    def test_created_in_the_won_stage(self):
        lead = self._make_lead(stage_id=self.sales_order.id)
        self.assertRecordValues(lead, [{"probability": 100, "won_status": "won"}])

    def test_lost(self):
        self.env["crm.opportunity.closure"].with_user(self.seller)._close(
            self.lead, "rejected", self.price
        )
        self.assertRecordValues(
            self.lead,
            [{"probability": 0, "won_status": "lost", "closure_kind": "rejected"}],
        )


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestSight(CrmGestionCommon):
    """`sales_team_security`: salesmen see their partners only; who has others in his
    scope sees theirs."""

    def _sees(self, user, partner):
        partner = partner.with_user(user)
        found = bool(partner.search([("id", "=", partner.id)]))
        self.assertEqual(partner.has_access("read"), found)
        return found

    def test_scope(self):
        expected = {
            self.seller: True,
            self.head: True,
            self.director: True,
            self.colleague: False,
            self.stranger: False,
            self.south_head: False,
            self.native: False,
        }
        for user, sees in expected.items():
            with self.subTest(user=user.login):
                self.assertEqual(self._sees(user, self.organization), sees)

    def test_contacts_of_the_account(self):
        """A contact has no salesperson of his own where his organization has one."""
        self.assertTrue(self._sees(self.head, self.contact))

    def test_cover(self):
        self.assertFalse(self._sees(self.colleague, self.organization))
        self.env["crm.substitution"].create(
            {
                "user_id": self.seller.id,
                "substitute_id": self.colleague.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-08",
            }
        )
        self.assertTrue(self._sees(self.colleague, self.organization))

    def test_other_company_stays_hidden(self):
        company = self.env["res.company"].create({"name": "Another"})
        self.organization.company_id = company
        self.assertFalse(self._sees(self.head, self.organization))


@tagged("post_install", "-at_install")
@freeze_time(MORNING)
class TestRecords(CrmGestionCommon):
    """What others add to the records that we make and close."""

    def test_every_opportunity_has_its_number(self):
        """`crm_lead_code`, of one that is born from a gestión and of two at once."""
        gestion = self._make_gestion(
            contact_id=self.contact.id, result_id=self.interest.id
        )
        action = gestion.with_user(self.seller).action_create_opportunity()
        leads = self.env["crm.lead"].browse(action["res_id"]) | self.env[
            "crm.lead"
        ].create([{"name": name, "type": "opportunity"} for name in ("a", "b")])
        self.assertEqual(len(set(leads.mapped("code"))), 3)
        self.assertNotIn("/", leads.mapped("code"))

    def test_native_lost_dialog_asks_its_reason(self):
        """`crm_lost_reason_required`: natively lost, it is a closure of ours."""
        lead = self._make_lead()
        dialog = Form(
            self.env["crm.lead.lost"]
            .with_user(self.seller)
            .with_context(active_ids=lead.ids, default_lead_ids=lead.ids)
        )
        with self.assertRaises(AssertionError):
            dialog.save()
        dialog.lost_reason_id = self.price
        dialog.save().action_lost_reason_apply()
        self.assertRecordValues(
            lead.closure_ids,
            [{"kind": self.price.closure_kind, "lost_reason_id": self.price.id}],
        )

    def test_market_and_industry_stand_side_by_side(self):
        """`crm_industry`: Odoo's industry is not our market, neither takes the place of
        the other."""
        industry = self.env["res.partner.industry"].search([], limit=1)
        self.organization.industry_id = industry
        lead = self._make_lead(partner_id=self.organization.id)
        self.assertRecordValues(
            lead, [{"industry_id": industry.id, "market_id": self.market.id}]
        )

    def test_cargo_and_job_position_stand_side_by_side(self):
        """`partner_contact_job_position`"""
        position = self.env["res.partner.job_position"].create({"name": "Buyer"})
        cargo = self.contact.cargo_id
        with Form(self.contact.with_user(self.seller)) as form:
            form.job_position_id = position
        self.assertRecordValues(
            self.contact, [{"cargo_id": cargo.id, "job_position_id": position.id}]
        )

    def test_phone_call_is_no_gestion_by_itself(self):
        """`crm_phonecall`: its calls are a book of their own; nothing is made twice."""
        lead = self._make_lead(partner_id=self.contact.id)
        call = (
            self.env["crm.phonecall"]
            .with_user(self.seller)
            .create({"name": "Rang", "opportunity_id": lead.id})
        )
        call.state = "done"
        self.assertFalse(lead.gestion_ids)
        self.assertEqual(lead.phonecall_count, 1)

    def test_mailing_list_of_a_market(self):
        """`mass_mailing_list_dynamic` selects by fields of ours."""
        mailing_list = self.env["mailing.list"].create(
            {
                "name": "Food",
                "dynamic": True,
                "sync_domain": f"[('market_id', '=', {self.market.id})]",
            }
        )
        mailing_list.action_sync()
        self.assertEqual(
            mailing_list.contact_ids.mapped("email"), ["lucia@aceites.example"]
        )

    def test_relation_and_affiliation_stand_side_by_side(self):
        """`partner_multi_relation`"""
        kind = self.env["res.partner.relation.type"].create(
            {"name": "advises", "name_inverse": "is advised by"}
        )
        self.env["res.partner.relation"].create(
            {
                "left_partner_id": self.contact.id,
                "right_partner_id": self.organization.id,
                "type_id": kind.id,
            }
        )
        self.assertRecordValues(
            self.contact,
            [{"relation_count": 1, "parent_id": self.organization.id}],
        )

    def test_hours_on_an_incident(self):
        """`sale_timesheet` brings personnel, whose calendars ask for a time zone; its
        hours are written on incidents as on other tasks."""
        incident = self.env["crm.incident"]._open(
            [{"name": "Broken", "partner_id": self.organization.id}]
        )
        self.assertTrue(incident.crm_number)
        incident.project_id.allow_timesheets = True
        employee = self.env["hr.employee"].create(
            {"name": "Helper", "user_id": self.director.id}
        )
        self.env["account.analytic.line"].create(
            {
                "task_id": incident.id,
                "project_id": incident.project_id.id,
                "employee_id": employee.id,
                "unit_amount": 1.5,
                "name": "Looked at it",
            }
        )
        self.assertEqual(incident.effective_hours, 1.5)

    def test_goal_counts_what_we_make(self):
        """`gamification_sale_crm` counts new opportunities of a seller."""
        definition = self.env.ref(
            "gamification_sale_crm.definition_crm_nbr_new_opportunities"
        )
        goal = self.env["gamification.goal"].create(
            {
                "definition_id": definition.id,
                "user_id": self.seller.id,
                "target_goal": 5,
                "start_date": "2026-03-01",
                "end_date": "2026-03-31",
            }
        )
        before = goal.current
        lead = self._make_lead(partner_id=self.contact.id)
        lead.date_open = MORNING
        goal.update_goal()
        self.assertEqual(goal.current, before + 1)

    def test_ticket_of_another_desk(self):
        """`helpdesk_mgmt` has tickets of its own; incidents stay tasks."""
        ticket = self.env["helpdesk.ticket"].create(
            {
                "name": "Ticket",
                "description": "Broken",
                "partner_id": self.contact.id,
            }
        )
        self.assertTrue(ticket.number)
        self.assertFalse(
            self.env["project.task"].search([("partner_id", "=", self.contact.id)])
        )
