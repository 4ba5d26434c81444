from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .test_gates import GateCommon

NOW = datetime(2026, 3, 2, 10, 0)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestRegister(GateCommon):
    """The dialog that logs an interaction and moves the opportunity."""

    def _open(self, lead, stage=None):
        if stage:
            action = lead.action_crm_stage_dialog(stage.id)
        else:
            action = lead.action_register_activity()
        self.assertEqual(action["res_model"], "crm.opportunity.register")
        return Form(lead.env[action["res_model"]].with_context(**action["context"]))

    def _register(self, dialog):
        return dialog.save().action_register()

    def test_next_stage_is_proposed_and_only_what_is_missing_asked(self):
        lead = self._make_mine(partner_id=self.contact.id)
        dialog = self._open(lead)
        self.assertEqual(dialog.stage_id, self.present_products)
        asked = {
            name
            for name in ("contact", "origination", "deadline", "amount", "lines")
            if dialog[f"ask_{name}"]
        }
        self.assertEqual(asked, set())
        dialog.stage_id = self.negotiate
        asked = {
            name
            for name in ("contact", "origination", "deadline", "amount", "lines")
            if dialog[f"ask_{name}"]
        }
        self.assertEqual(asked, {"origination", "deadline", "lines"})
        self.assertEqual(dialog.origination_id, self.cold_call)  # the customer's

    def test_registering_logs_moves_and_plans(self):
        lead = self._make_mine()
        dialog = self._open(lead, self.size_proposal)
        self.assertTrue(dialog.ask_contact)
        dialog.activity_type_id = self.meeting
        dialog.description = "They want a proposal"
        dialog.result_id = self.interest
        self.assertEqual(dialog.next_activity_type_id, self.meeting)
        self.assertEqual(dialog.next_date, date(2026, 3, 9))
        dialog.next_summary = "Show the demo"
        dialog.partner_id = self.contact
        dialog.origination_id = self.cold_call
        dialog.date_deadline = date(2026, 6, 30)
        result = self._register(dialog)
        self.assertEqual(
            result,
            {"type": "ir.actions.act_window_close", "infos": {"registered": True}},
        )
        self.assertRecordValues(
            lead,
            [
                {
                    "stage_id": self.size_proposal.id,
                    "partner_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "date_deadline": date(2026, 6, 30),
                    "next_step_date": date(2026, 3, 9),
                }
            ],
        )
        gestion = lead.gestion_ids
        self.assertRecordValues(
            gestion,
            [
                {
                    "activity_type_id": self.meeting.id,
                    "date": NOW,
                    "description": "They want a proposal",
                    "result_id": self.interest.id,
                    "user_id": self.seller.id,
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "stage_id": self.generate_interest.id,
                }
            ],
        )
        self.assertRecordValues(
            gestion.next_activity_id,
            [
                {
                    "res_model": "crm.lead",
                    "res_id": lead.id,
                    "summary": "Show the demo",
                    "date_deadline": date(2026, 3, 9),
                    "user_id": self.seller.id,
                }
            ],
        )
        self.assertRecordValues(
            lead.opportunity_stage_ids.sorted("id"),
            [
                {"move": "created", "gestion_id": False},
                {"move": "skipped", "gestion_id": gestion.id},
            ],
        )

    def test_staying_in_the_stage_is_a_gestion(self):
        lead = self._make_ready()
        dialog = self._open(lead)
        dialog.stage_id = self.generate_interest
        dialog.result_id = self.env.ref("crm_gestion.result_informed")
        self._register(dialog)
        self.assertEqual(lead.stage_id, self.generate_interest)
        self.assertEqual(len(lead.gestion_ids), 2)
        self.assertEqual(len(lead.opportunity_stage_ids), 1)

    def test_before_the_order_the_button_stays_in_the_stage(self):
        lead = self._make_ready()
        lead.stage_id = self.negotiate
        dialog = self._open(lead)
        self.assertEqual(dialog.stage_id, self.negotiate)
        dialog.result_id = self.env.ref("crm_gestion.result_informed")
        self._register(dialog)
        self.assertEqual(lead.stage_id, self.negotiate)
        self.assertEqual(len(lead.gestion_ids), 2)

    def test_going_back(self):
        lead = self._make_ready()
        lead.stage_id = self.negotiate
        dialog = self._open(lead, self.present_products)
        dialog.result_id = self.env.ref("crm_gestion.result_informed")
        self._register(dialog)
        self.assertEqual(lead.opportunity_stage_ids.sorted("id")[-1].move, "back")

    def test_quotation_made_without_the_opportunity(self):
        lead = self._make_ready()
        lead.sudo().order_ids.opportunity_id = False
        quotation = self.env["sale.order"].create(
            {"partner_id": self.contact.id, "user_id": self.seller.id}
        )
        dialog = self._open(lead, self.negotiate)
        self.assertTrue(dialog.ask_lines)
        dialog.result_id = self.env.ref("crm_gestion.result_informed")
        dialog.quotation_id = quotation
        self._register(dialog)
        self.assertEqual(lead.stage_id, self.negotiate)
        self.assertEqual(quotation.opportunity_id, lead)

    def test_lines_of_the_proposal(self):
        product = self._make_product()
        lead = self._make_mine(
            partner_id=self.contact.id,
            origination_id=self.cold_call.id,
            date_deadline="2026-06-30",
            expected_revenue=0.0,
        )
        dialog = self._open(lead, self.negotiate)
        self.assertTrue(dialog.ask_lines and dialog.ask_amount)
        dialog.result_id = self.env.ref("crm_gestion.result_informed")
        dialog.expected_revenue = 180.0
        for quantity, price in ((3, None), (2, 90.0)):
            with dialog.line_ids.new() as line:
                line.product_id = product
                line.quantity = quantity
                self.assertEqual(line.price_unit, 100.0)
                if price:
                    line.price_unit = price
        self._register(dialog)
        self.assertEqual(lead.stage_id, self.negotiate)
        lines = lead.line_ids
        self.assertEqual(lines.mapped("quantity"), [3.0, 2.0])
        self.assertEqual(lines.mapped("price_unit"), [100.0, 90.0])
        lines.quantity = 10
        self.assertEqual(lines.mapped("price_unit"), [100.0, 90.0])

    def test_refusal_logs_nothing(self):
        lead = self._make_mine(partner_id=self.contact.id)
        dialog = self._open(lead, self.present_products)
        dialog.result_id = self.env.ref("crm_gestion.result_informed")
        wizard = dialog.save()
        wizard.stage_id = self.negotiate
        before = lead.stage_id
        with self.assertRaises(UserError) as caught:
            wizard.action_register()
        self.assertIn("expected closing date", str(caught.exception))
        lead.invalidate_recordset()
        self.assertEqual(lead.stage_id, before)
        self.assertFalse(lead.gestion_ids)

    def test_result_that_needs_a_next_step(self):
        lead = self._make_mine(partner_id=self.contact.id)
        wizard = lead.env["crm.opportunity.register"].create(
            {
                "lead_id": lead.id,
                "stage_id": self.present_products.id,
                "result_id": self.env.ref("crm_gestion.result_next_meeting").id,
            }
        )
        wizard.write({"next_activity_type_id": False, "next_date": False})
        with self.assertRaises(ValidationError):
            wizard.action_register()
        lead.invalidate_recordset()
        self.assertEqual(lead.stage_id, self.generate_interest)

    def test_last_stage_asks_for_the_order(self):
        lead = self._make_ready()
        dialog = self._open(lead, self.sales_order)
        self.assertTrue(dialog.ask_order)
        self.assertFalse(dialog.may_win_without_order)
        wizard = dialog.save()
        self.assertEqual(
            wizard.action_generate_order()["res_model"], "crm.opportunity.order"
        )
        with self.assertRaises(UserError) as caught:
            wizard.action_register()
        self.assertIn("result", str(caught.exception))
        wizard.result_id = self.interest
        with self.assertRaises(UserError) as caught:
            wizard.action_register()
        self.assertIn("confirmed order", str(caught.exception))
        self.assertEqual(len(lead.gestion_ids), 1)

    def test_director_wins_without_an_order(self):
        lead = self._make_ready().with_user(self.director)
        dialog = self._open(lead, self.sales_order)
        self.assertTrue(dialog.may_win_without_order)
        dialog.without_order = True
        dialog.result_id = self.env.ref("crm_gestion.result_informed")
        dialog.win_note = "Invoiced by the parent company"
        wizard = dialog.save()
        wizard.win_note = False
        with self.assertRaises(UserError):
            wizard.action_register()
        wizard.win_note = "Invoiced by the parent company"
        wizard.action_register()
        self.assertEqual(lead.won_status, "won")
        self.assertEqual(lead.closure_ids.note, "Invoiced by the parent company")
        self.assertTrue(lead.opportunity_stage_ids.sorted("id")[-1].gestion_id)

    def test_seller_cannot_win_without_an_order_by_hand(self):
        lead = self._make_ready()
        wizard = lead.env["crm.opportunity.register"].create(
            {
                "lead_id": lead.id,
                "stage_id": self.sales_order.id,
                "result_id": self.env.ref("crm_gestion.result_informed").id,
                "without_order": True,
                "win_note": "I say so",
            }
        )
        with self.assertRaises(UserError):
            wizard.action_register()
        lead.invalidate_recordset()
        self.assertEqual(lead.won_status, "pending")

    def test_won_button_opens_the_dialog(self):
        lead = self._make_ready()
        action = lead.action_set_won_rainbowman()
        self.assertEqual(action["res_model"], "crm.opportunity.register")
        self.assertEqual(action["context"]["default_stage_id"], self.sales_order.id)
        self.assertEqual(lead.stage_id, self.generate_interest)

    def test_where_no_dialog_is_needed(self):
        own = self.env["crm.stage"].create({"name": "Frozen", "sequence": 50})
        lead = self._make_ready()
        self.assertFalse(lead.action_crm_stage_dialog(own.id))
        self.assertFalse(
            lead.with_user(self.native).action_crm_stage_dialog(self.negotiate.id)
        )
        enquiry = self._make_lead(type="lead").with_user(self.seller)
        self.assertFalse(enquiry.action_crm_stage_dialog(self.negotiate.id))
        self._enforce(False)
        lead.invalidate_recordset()
        self.assertFalse(lead.action_crm_stage_dialog(self.negotiate.id))

    def test_native_won_button_where_the_method_is_off(self):
        self._enforce(False)
        lead = self._make_ready()
        lead.action_set_won_rainbowman()
        self.assertEqual(lead.won_status, "won")

    def test_a_strangers_opportunity(self):
        lead = self._make_ready()
        wizard = (
            self.env["crm.opportunity.register"]
            .with_user(self.stranger)
            .create(
                {
                    "lead_id": lead.id,
                    "stage_id": self.present_products.id,
                    "result_id": self.interest.id,
                }
            )
        )
        with self.assertRaises(AccessError):
            wizard.action_register()
        lead.invalidate_recordset()
        self.assertEqual(lead.stage_id, self.generate_interest)
        self.assertEqual(len(lead.gestion_ids), 1)
