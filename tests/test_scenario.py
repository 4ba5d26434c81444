from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestScenario(CrmGestionCommon):
    """The guide, sections 2 to 3.4, walked as each role."""

    GATES = True

    def _log_first_call(self, user):
        """3.1: type, date, organization, contact, description, result, next step."""
        gestion = Form(self.env["crm.gestion"].with_user(user))
        gestion.activity_type_id = self.call
        gestion.contact_id = self.contact
        gestion.description = "Presented ourselves; they change supplier this year."
        gestion.result_id = self.interest
        return gestion.save()

    def test_seller_from_first_call_to_won_order(self):
        # 2: the contact is linked to its organization, with market and position
        self.assertEqual(self.contact.market_id, self.market)

        gestion = self._log_first_call(self.seller)
        self.assertRecordValues(
            gestion,
            [
                {
                    "name": "Call: Lucía Ferrer",
                    "date": datetime(2026, 3, 2, 10, 0),
                    "direction": "out",
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "company_id": self.env.company.id,
                    "organization_id": self.organization.id,
                    "contact_id": self.contact.id,
                    "outcome": "positive",
                    "next_activity_type_id": self.meeting.id,
                    "next_date": date(2026, 3, 9),
                }
            ],
        )
        self.assertRecordValues(
            gestion.next_activity_id,
            [
                {
                    "activity_type_id": self.meeting.id,
                    "date_deadline": date(2026, 3, 9),
                    "user_id": self.seller.id,
                    "res_model": "res.partner",
                    "res_id": self.contact.id,
                }
            ],
        )

        # 3.2: the opportunity is born from it and carries what is known
        action = gestion.action_create_opportunity()
        lead = self.env["crm.lead"].with_user(self.seller).browse(action["res_id"])
        self.assertRecordValues(
            lead,
            [
                {
                    "name": "Aceites del Sur's opportunity",
                    "type": "opportunity",
                    "stage_id": self.generate_interest.id,
                    "partner_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "origination_id": self.cold_call.id,
                    "market_id": self.market.id,
                    "source_gestion_id": gestion.id,
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "next_step_date": date(2026, 3, 9),
                    "gestion_count": 1,
                    "closure_kind": False,
                }
            ],
        )
        self.assertIn("they change supplier this year", lead.description)
        self.assertEqual(gestion.opportunity_ids, lead)
        self.assertEqual(gestion.lead_id, lead)

        with Form(lead) as form:
            form.name = "Venta de software a Aceites del Sur"
            form.date_deadline = "2026-05-31"

        # 3.3: through the stages, each with what it asks for
        self._register(lead, self.present_products)
        self._register(lead, self.size_proposal)
        product = self._make_product()
        with Form(lead) as form, form.line_ids.new() as line:
            line.product_id = product
            line.quantity = 5
            line.price_unit = 90.0
        self.assertEqual(lead.expected_revenue, 450.0)
        self._register(lead, self.negotiate)
        self.assertEqual(
            lead.opportunity_stage_ids.sorted("id").mapped("move"),
            ["created", "forward", "forward", "forward"],
        )
        self.assertEqual(len(lead.gestion_ids), 4)

        order = self._generate_order(lead)
        self.assertRecordValues(
            order,
            [
                {
                    "state": "sale",
                    "partner_id": self.contact.id,
                    "opportunity_id": lead.id,
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "amount_untaxed": 450.0,
                }
            ],
        )
        self.assertRecordValues(
            lead,
            [
                {
                    "stage_id": self.sales_order.id,
                    "won_status": "won",
                    "probability": 100.0,
                    "closure_kind": "won",
                }
            ],
        )
        self.assertRecordValues(
            lead.closure_ids,
            [
                {
                    "kind": "won",
                    "stage_id": self.negotiate.id,
                    "expected_revenue": 450.0,
                    "user_id": self.seller.id,
                    "date": datetime(2026, 3, 2, 10, 0),
                    "reopen_date": False,
                }
            ],
        )
        self.assertEqual(self.organization.account_status, "customer")
        self.assertEqual(self.contact.account_status, "customer")

    def _register(self, lead, stage):
        """The next stage is proposed; a result and what was said are enough."""
        action = lead.action_register_activity()
        wizard = Form(
            self.env[action["res_model"]]
            .with_user(lead.env.user)
            .with_context(**action["context"])
        )
        self.assertEqual(wizard.stage_id, stage)
        wizard.result_id = self.env.ref("crm_gestion.result_informed")
        wizard.description = "Agreed to go on"
        wizard.save().action_register()
        self.assertEqual(lead.stage_id, stage)
        self.assertEqual(lead.won_status, "pending")

    def _generate_order(self, lead):
        """From the lines of the opportunity, confirmed at once."""
        wizard = self._open_order_dialog(lead)
        self.assertEqual(wizard.source, "lines")
        wizard.confirm = True
        action = wizard.action_generate()
        return self.env["sale.order"].browse(action["res_id"])

    def _open_order_dialog(self, lead):
        action = lead.action_crm_generate_order()
        return Form(
            self.env[action["res_model"]]
            .with_user(lead.env.user)
            .with_context(**action["context"])
        ).save()

    def test_seller_pauses_and_resumes(self):
        lead = self._make_lead(stage_id=self.size_proposal.id, probability=40.0)
        lead = lead.with_user(self.seller)
        self._close(lead, "standby", wake_date="2026-06-01", note="Budget in June")
        self.assertRecordValues(
            lead,
            [
                {
                    "active": False,
                    "won_status": "pending",
                    "stage_id": self.size_proposal.id,
                    "probability": 40.0,
                    "date_closed": False,
                    "closure_kind": "standby",
                    "standby_until": date(2026, 6, 1),
                }
            ],
        )
        lead.action_crm_resume()
        self.assertRecordValues(
            lead,
            [
                {
                    "active": True,
                    "won_status": "pending",
                    "stage_id": self.size_proposal.id,
                    "probability": 40.0,
                    "closure_kind": False,
                    "standby_until": False,
                }
            ],
        )
        self.assertRecordValues(
            lead.closure_ids,
            [
                {
                    "kind": "standby",
                    "note": "Budget in June",
                    "wake_date": date(2026, 6, 1),
                    "reopen_date": datetime(2026, 3, 2, 10, 0),
                }
            ],
        )

    def test_seller_closes_what_the_customer_rejects(self):
        lead = self._make_lead(stage_id=self.negotiate.id).with_user(self.seller)
        self._close(lead, "rejected", reason=self.price, note="20 % over the others")
        self.assertRecordValues(
            lead,
            [
                {
                    "active": False,
                    "won_status": "lost",
                    "probability": 0.0,
                    "closure_kind": "rejected",
                    "lost_reason_id": self.price.id,
                    "stage_id": self.negotiate.id,
                }
            ],
        )

    def test_seller_closes_who_does_not_qualify(self):
        leads = self._make_lead() | self._make_lead(name="Another")
        self._close(leads.with_user(self.seller), "unqualified", reason=self.too_small)
        self.assertEqual(leads.mapped("closure_kind"), ["unqualified"] * 2)
        self.assertEqual(leads.closure_ids.lost_reason_id, self.too_small)

    def _close(self, leads, kind, reason=None, wake_date=None, note=False):
        action = leads.action_crm_close()
        wizard = Form(
            self.env[action["res_model"]]
            .with_user(leads.env.user)
            .with_context(**action["context"])
        )
        wizard.kind = kind
        wizard.reason_id = reason or self.env.ref(
            "crm_gestion.lost_reason_waiting_decision"
        )
        if wake_date:
            wizard.wake_date = wake_date
        wizard.note = note
        wizard.save().action_close()

    def test_head_works_what_his_team_has(self):
        gestion = self._log_first_call(self.seller).with_user(self.head)
        self.assertEqual(gestion.contact_id.name, "Lucía Ferrer")
        lead = self._make_lead(partner_id=self.contact.id).with_user(self.head)
        gestion.lead_id = lead
        lead.stage_id = self.present_products
        self._close(lead, "standby", wake_date="2026-04-01")
        self.assertEqual(lead.closure_ids.user_id, self.head)
        lead.action_crm_resume()
        self.assertTrue(lead.active)
        with self.assertRaises(AccessError):
            lead.with_user(self.south_head).stage_id = self.size_proposal
        self.assertEqual(lead.stage_id, self.present_products)

    def test_director_keeps_the_masters_and_sees_all(self):
        leads = self._make_lead() | self._make_lead(self.stranger)
        found = (
            self.env["crm.lead"]
            .with_user(self.director)
            .search([("id", "in", leads.ids)])
        )
        self.assertEqual(found, leads)
        origination = (
            self.env["crm.origination"]
            .with_user(self.director)
            .create({"name": "Distributor", "code": "DIST"})
        )
        leads.with_user(self.director).write({"origination_id": origination.id})
        self.assertEqual(leads.mapped("origination_id"), origination)
        with self.assertRaises(AccessError):
            origination.with_user(self.seller).name = "Mine"
        self.assertEqual(origination.name, "Distributor")
