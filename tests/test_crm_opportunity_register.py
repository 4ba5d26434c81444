from datetime import date, datetime
from functools import partial

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.tests import Form, get_db_name, tagged
from odoo.tools import mute_logger

from .common import AtOnce, Connection
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

    def test_quotation_of_another_opportunity(self):
        other = self._make_ready(name="Other")
        lead = self._make_ready()
        lead.sudo().order_ids.opportunity_id = False
        dialog = self._open(lead, self.negotiate)
        dialog.result_id = self.env.ref("crm_gestion.result_informed")
        wizard = dialog.save()
        wizard.quotation_id = other.order_ids
        with self.assertRaises(UserError):
            wizard.action_register()
        lead.invalidate_recordset()
        self.assertEqual(other.order_ids.opportunity_id, other)
        self.assertEqual(lead.stage_id, self.generate_interest)

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

    def _wizard(self, lead, user=None, **values):
        Wizard = self.env["crm.opportunity.register"].with_user(user or self.seller)
        return Wizard.create(
            {
                "lead_id": lead.id,
                "stage_id": self.present_products.id,
                "result_id": self.interest.id,
                **values,
            }
        )

    def test_a_second_click_logs_nothing(self):
        lead = self._make_ready()
        wizard = self._wizard(lead)
        first = wizard.action_register()
        self.assertEqual(wizard.action_register(), first)
        self.assertEqual(len(lead.gestion_ids), 2)
        self.assertEqual(len(lead.opportunity_stage_ids), 2)
        self.assertEqual(len(lead.activity_ids), 1)

    def test_closed_meanwhile(self):
        """Staying in the stage is still possible: it is a gestión."""
        Closure = self.env["crm.opportunity.closure"].with_user(self.seller)
        closings = {
            "standby": {"wake_date": date(2026, 6, 1)},
            "rejected": {"reason": self.price},
        }
        for kind, values in closings.items():
            with self.subTest(kind=kind):
                lead = self._make_ready(probability=40.0)
                wizard = self._wizard(lead)
                Closure._close(lead, kind, **values)
                with self.assertRaises(UserError) as caught:
                    wizard.action_register()
                self.assertIn("resume it", str(caught.exception))
                self.assertEqual(lead.stage_id, self.generate_interest)
                self.assertEqual(len(lead.gestion_ids), 1)
                wizard.stage_id = self.generate_interest
                wizard.action_register()
                self.assertEqual(len(lead.gestion_ids), 2)
                self.assertFalse(lead.opportunity_stage_ids.gestion_id)
                self.assertEqual(lead.closure_kind, kind)

    def test_what_is_closed_opens_no_dialog(self):
        lead = self._make_ready(probability=40.0)
        lead.action_set_lost()
        with self.assertRaises(UserError) as caught:
            lead.action_crm_stage_dialog(self.negotiate.id)
        self.assertIn("resume it", str(caught.exception))

    def test_enquiry(self):
        enquiry = self._make_lead(type="lead", partner_id=self.contact.id)
        wizard = self._wizard(enquiry)
        with self.assertRaises(UserError) as caught:
            wizard.action_register()
        self.assertIn("convert the enquiry first", str(caught.exception))
        self.assertFalse(enquiry.gestion_ids)

    def test_date_to_come_and_contact_of_another_company(self):
        lead = self._make_mine(company_id=self.env.company.id)
        company = self.env["res.company"].create({"name": "Other"})
        alien = self.env["res.partner"].create(
            {"name": "Alien", "company_id": company.id}
        )
        for values in (
            {"date": "2026-03-03 10:00:00", "partner_id": self.contact.id},
            {"partner_id": alien.id},
        ):
            with self.subTest(**values), self.assertRaises(UserError):
                self._wizard(lead, **values).action_register()
            lead.invalidate_recordset()
            self.assertFalse(lead.partner_id)
            self.assertFalse(lead.gestion_ids)

    def test_a_strangers_opportunity(self):
        lead = self._make_ready()
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self._wizard(lead, self.stranger).action_register()
        lead.invalidate_recordset()
        self.assertEqual(lead.stage_id, self.generate_interest)
        self.assertEqual(len(lead.gestion_ids), 1)

    def test_the_dialog_tells_nothing_of_a_strangers_opportunity(self):
        lead = self._make_ready()
        Wizard = self.env["crm.opportunity.register"].with_user(self.stranger)
        values = {"lead_id": lead.id, "stage_id": self.negotiate.id}
        names = (
            "organization_id",
            "current_stage_id",
            "origination_id",
            "ask_contact",
            "ask_order",
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            Wizard.onchange(values, [], {name: {} for name in (*values, *names)})
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            Wizard.create(values).read(names)


@tagged("post_install", "-at_install")
class TestTwoRequests(AtOnce):
    """Clicks and users that come at once."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._clean_up)
        with Connection() as env:
            self.enforced = env["crm.stage"]._method_enforced()
            self._enforce(env, True)
            self.partner_id = env["res.partner"].create({"name": "Two Clicks"}).id
            lead = env["crm.lead"].create(
                {
                    "name": "Clicked",
                    "type": "opportunity",
                    "partner_id": self.partner_id,
                    "date_deadline": "2026-12-31",
                    "origination_id": env.ref("crm_gestion.origination_cold_call").id,
                }
            )
            self.lead_id = lead.id

    def _enforce(self, env, value):
        params = env["ir.config_parameter"]
        params.set_param("crm_gestion.enforce_method", str(value))

    def _clean_up(self):
        with Connection() as env:
            self._enforce(env, self.enforced)
            lead = env["crm.lead"].browse(self.lead_id)
            env["crm.opportunity.register"].search([("lead_id", "=", lead.id)]).unlink()
            gestiones = lead.gestion_ids
            lead.unlink()
            gestiones.unlink()
            env["res.partner"].browse(self.partner_id).unlink()

    def _make_dialog(self, stage):
        with Connection() as env:
            return (
                env["crm.opportunity.register"]
                .create(
                    {
                        "lead_id": self.lead_id,
                        "stage_id": env.ref(f"crm_gestion.{stage}").id,
                        "result_id": env.ref("crm_gestion.result_informed").id,
                    }
                )
                .id
            )

    def _register(self, *dialog_ids):
        def read(env):
            lead = env["crm.lead"].browse(self.lead_id)
            lead.mapped("stage_id.name")
            lead.opportunity_stage_ids.mapped("date_out")

        def click(env, dialog_id):
            dialog = env["crm.opportunity.register"].browse(dialog_id)
            return dialog.action_register()["infos"]

        return self._at_once(
            *((read, partial(click, dialog_id=dialog_id)) for dialog_id in dialog_ids)
        )

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_double_click(self):
        dialog = self._make_dialog("stage_present_products")
        answers = [*self._register(dialog, dialog), *self._register(dialog)]
        self.assertEqual(answers, [{"registered": True}] * 3)
        with Connection() as env:
            lead = env["crm.lead"].browse(self.lead_id)
            self.assertEqual(len(lead.gestion_ids), 1)
            moves = lead.opportunity_stage_ids.sorted("id").mapped("move")
            self.assertEqual(moves, ["created", "forward"])

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_users_move_the_same_card(self):
        """Both interactions happened; the one that comes last decides the stage."""
        stages = ("stage_present_products", "stage_size_proposal")
        self._register(*map(self._make_dialog, stages))
        with Connection() as env:
            lead = env["crm.lead"].browse(self.lead_id)
            self.assertEqual(len(lead.gestion_ids), 2)
            rows = lead.opportunity_stage_ids.sorted("id")
            self.assertEqual(len(rows), 3)
            self.assertEqual(rows.mapped("gestion_id"), lead.gestion_ids.sorted("id"))
            opened = rows.filtered(lambda row: not row.date_out)
            self.assertEqual(opened, rows[-1])
            self.assertEqual(opened.stage_id, lead.stage_id)
            self.assertEqual(
                rows[:-1].next_stage_id | rows[0].stage_id, rows.mapped("stage_id")
            )
