from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.crm_gestion.models.crm_stage import GATES

from .common import CrmGestionCommon

NOW = datetime(2026, 3, 2, 10, 0)


class GateCommon(CrmGestionCommon):
    GATES = True

    def _make_mine(self, **values):
        return self._make_lead(**values).with_user(self.seller)

    def _waive(self, leads):
        return self.env["crm.stage"]._waive_gates(leads)

    def _make_ready(self, **values):
        """An opportunity that passes every gate but that of the order."""
        lead = self._make_mine(
            partner_id=self.contact.id,
            origination_id=self.cold_call.id,
            date_deadline="2026-06-30",
            **values,
        )
        self._make_gestion(lead_id=lead.id)
        self._make_order(lead)
        return lead

    def _make_order(self, lead, confirm=False):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "opportunity_id": lead.id,
                "user_id": self.seller.id,
                "order_line": [(0, 0, {"product_id": self._make_product().id})],
            }
        )
        if confirm:
            order.action_confirm()
        return order

    def assertRefused(self, lead, vals, *missing):
        """Refused with one message, and nothing has changed."""
        before = lead.read(["stage_id", "probability", "active", "write_date"])
        rows = len(lead.sudo().opportunity_stage_ids)
        with self.assertRaises(UserError) as caught:
            lead.write(vals) if isinstance(vals, dict) else vals()
        message = str(caught.exception)
        for word in missing:
            self.assertIn(word, message)
        lead.invalidate_recordset()
        self.assertEqual(
            lead.read(["stage_id", "probability", "active", "write_date"]), before
        )
        self.assertEqual(len(lead.sudo().opportunity_stage_ids), rows)
        return message


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestGates(GateCommon):
    """What a stage asks for, the server asks for, whoever knocks."""

    def test_delivered_gates(self):
        expected = [
            set(),
            {"contact", "gestion"},
            {"contact", "gestion", "origination", "deadline"},
            {"contact", "gestion", "origination", "deadline", "amount", "lines"},
            {"order"},
        ]
        for stage, names in zip(self.method, expected, strict=True):
            with self.subTest(stage=stage.name):
                self.assertEqual(
                    {name for name in GATES if stage[name]},
                    {f"gate_{name}" for name in names},
                )

    def test_one_message_lists_everything_missing(self):
        lead = self._make_mine(expected_revenue=0.0)
        message = self.assertRefused(lead, {"stage_id": self.negotiate.id})
        self.assertEqual(
            message,
            "“Sale of software” cannot enter the stage “Negotiate Proposal” yet. "
            "Missing: contact, gestión, origination, expected closing date, "
            "expected amount, lines or a quotation.",
        )

    def test_each_opportunity_of_a_batch_is_named(self):
        ready = self._make_ready(name="Ready")
        bare = self._make_mine(name="Bare", partner_id=self.contact.id)
        other = self._make_mine(name="Other")
        with self.assertRaises(UserError) as caught:
            (ready | bare | other).write({"stage_id": self.present_products.id})
        self.assertEqual(
            str(caught.exception).splitlines(),
            [
                "“Bare” cannot enter the stage “Present Products” yet. "
                "Missing: gestión.",
                "“Other” cannot enter the stage “Present Products” yet. "
                "Missing: contact, gestión.",
            ],
        )
        leads = ready | bare | other
        leads.invalidate_recordset()
        self.assertEqual(leads.stage_id, self.generate_interest)

    def test_each_gate_opens_with_what_it_asks_for(self):
        opens = {
            "gate_contact": lambda lead: lead.write({"partner_id": self.contact.id}),
            "gate_gestion": lambda lead: self._make_gestion(
                lead_id=lead.id, contact_id=self.contact.id
            ),
            "gate_origination": lambda lead: lead.write(
                {"origination_id": self.cold_call.id}
            ),
            "gate_deadline": lambda lead: lead.write({"date_deadline": "2026-06-30"}),
            "gate_amount": lambda lead: lead.write({"expected_revenue": 1.0}),
            "gate_lines": self._make_order,
            "gate_order": lambda lead: self._make_order(lead, confirm=True),
        }
        self.assertEqual(opens.keys(), GATES.keys())
        stage = self.size_proposal
        for gate, make in opens.items():
            with self.subTest(gate=gate):
                self._open_gates()
                stage[gate] = True
                self._enforce()
                lead = self._make_mine(expected_revenue=0.0)
                label = stage._fields[gate].string.lower()
                self.assertRefused(lead, {"stage_id": stage.id}, label)
                if gate == "gate_order":  # confirming would win it at once
                    self._enforce(False)
                make(lead)
                self._enforce()
                lead.stage_id = stage
                self.assertEqual(lead.stage_id, stage)

    def test_cancelled_quotation_opens_nothing(self):
        lead = self._make_ready()
        lead.sudo().order_ids._action_cancel()
        self.assertRefused(
            lead, {"stage_id": self.negotiate.id}, "lines or a quotation"
        )

    def test_what_comes_in_the_same_write_counts(self):
        lead = self._make_mine()
        self._make_gestion(lead_id=lead.id, contact_id=self.contact.id)
        lead.write(
            {
                "partner_id": self.contact.id,
                "origination_id": self.cold_call.id,
                "date_deadline": "2026-06-30",
                "stage_id": self.size_proposal.id,
            }
        )
        self.assertEqual(lead.stage_id, self.size_proposal)

    def test_the_gestion_of_which_it_was_born_counts(self):
        gestion = self._make_gestion(contact_id=self.contact.id)
        lead = self._make_mine(partner_id=self.contact.id, source_gestion_id=gestion.id)
        lead.stage_id = self.present_products
        self.assertEqual(lead.stage_id, self.present_products)

    def test_a_colleagues_gestion_and_order_count(self):
        lead = self._make_mine(
            partner_id=self.contact.id,
            origination_id=self.cold_call.id,
            date_deadline="2026-06-30",
        )
        self._make_gestion(self.stranger, lead_id=lead.id)
        self._make_order(lead).user_id = self.stranger
        lead.stage_id = self.negotiate
        self.assertEqual(lead.stage_id, self.negotiate)

    def test_won_button_by_code_needs_an_order(self):
        lead = self._make_ready()
        self.assertRefused(lead, lead.action_set_won, "confirmed order")
        self._enforce(False)
        self._make_order(lead, confirm=True)
        self._enforce()
        lead.action_set_won()
        self.assertEqual(lead.won_status, "won")

    def test_nobody_passes_without_the_key(self):
        """Superuser alone does not, nor a director."""
        for user in (self.native, self.head, self.director, self.env.user):
            with self.subTest(user=user.name):
                lead = self._make_lead(user).with_user(user)
                vals = {"stage_id": self.present_products.id}
                self.assertRefused(lead, vals, "contact")
                self.assertRefused(lead.sudo(), vals, "contact")

    def test_key_of_a_client_bypasses_nothing(self):
        vals = {"stage_id": self.present_products.id}
        for key in (True, 1, list(GATES), "gate_contact"):
            for user in (self.seller, self.head, self.native):
                with self.subTest(key=key, user=user.name):
                    lead = self._make_lead(user).with_user(user)
                    lead = lead.with_context(crm_gestion_bypass_gates=key)
                    self.assertRefused(lead, vals, "contact")
                    self.assertRefused(lead.sudo(), vals, "contact")
                    self.assertRefused(lead, lead.action_set_won, "confirmed order")

    def test_director_may_bypass_with_the_key(self):
        lead = self._make_lead().with_user(self.director)
        lead = lead.with_context(crm_gestion_bypass_gates=True)
        lead.stage_id = self.negotiate
        self.assertEqual(lead.stage_id, self.negotiate)
        self.assertEqual(lead.opportunity_stage_ids.sorted("id")[-1].move, "skipped")

    def test_code_may_waive_one_gate(self):
        lead = self._make_mine(partner_id=self.contact.id)
        Stage = self.env["crm.stage"]
        waived = Stage._waive_gates(lead, ["gate_gestion"])
        self.assertRefused(waived, {"stage_id": self.size_proposal.id}, "origination")
        waived.stage_id = self.present_products
        self.assertEqual(lead.stage_id, self.present_products)

    def test_automated_rule_that_moves_some_of_them_on(self):
        one, other = self._make_ready(name="One"), self._make_ready(name="Other")
        ours = type(self.env["crm.lead"])
        native = ours._handle_won_lost

        def move_one_on(leads, *args):
            res = native(leads, *args)
            if one in leads and one.stage_id == self.present_products:
                one.write({"stage_id": self.size_proposal.id})
            return res

        with patch.object(ours, "_handle_won_lost", move_one_on):
            (one | other).write({"stage_id": self.present_products.id})
        self.assertEqual(one.stage_id, self.size_proposal)
        self.assertEqual(other.stage_id, self.present_products)

    def test_other_stages_are_as_odoo_made_them(self):
        own = self.env["crm.stage"].create({"name": "Frozen", "sequence": 50})
        own.gate_contact = True
        lead = self._make_mine()
        lead.stage_id = own
        self.assertEqual(lead.stage_id, own)

    def test_switched_off(self):
        self._enforce(False)
        lead = self._make_mine()
        lead.stage_id = self.negotiate
        lead.action_set_won()
        self.assertEqual(lead.won_status, "won")

    def test_growth(self):
        def make(number):
            return self.env["crm.lead"].browse(
                [self._make_ready().id for __ in range(number)]
            )

        few, many = make(3), make(30)
        stages = (self.present_products, self.size_proposal, self.negotiate)
        for stage in stages:
            stage.write({name: name != "gate_order" for name in GATES})
        targets = iter(stages)

        def move(leads):
            stage = next(targets)
            leads.with_context(tracking_disable=True).write({"stage_id": stage.id})

        self.assertFlatGrowth(move, few, many)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestFreeRoads(GateCommon):
    """What is recorded only, and never refused."""

    def test_creation_where_odoo_puts_it(self):
        self.generate_interest.write(dict.fromkeys(GATES, True))
        Lead = self.env["crm.lead"].with_user(self.seller)
        lead = Lead.create({"name": "Quick"})
        column = Lead.with_context(default_stage_id=self.generate_interest.id).create(
            {"name": "In the first column", "type": "opportunity"}
        )
        self.assertEqual((lead | column).stage_id, self.generate_interest)

    def test_creation_in_a_stage_of_one_s_choice_is_held(self):
        Lead = self.env["crm.lead"].with_user(self.seller)
        vals = {"name": "Ahead", "type": "opportunity"}
        for Model, values in (
            (Lead, {**vals, "stage_id": self.size_proposal.id}),
            (Lead.with_context(default_stage_id=self.size_proposal.id), vals),
        ):
            with self.assertRaises(UserError) as caught:
                Model.create(values)
            self.assertIn("contact, gestión, origination", str(caught.exception))
        self.assertFalse(Lead.search([("name", "=", "Ahead")]))

    def test_every_way_to_choose_the_stage_of_a_new_one_is_held(self):
        """A client may send the id as text or as a number with a point, or make the
        stage his own default."""
        Lead = self.env["crm.lead"].with_user(self.seller)
        vals = {"name": "Ahead", "type": "opportunity"}
        late = self.negotiate.id
        lead = self._make_mine()
        default = self.env["ir.default"].with_user(self.seller)

        def by_default():
            default.set("crm.lead", "stage_id", late, user_id=True)
            Lead.create(vals)

        ways = {
            "text": lambda: Lead.create({**vals, "stage_id": str(late)}),
            "float": lambda: Lead.create({**vals, "stage_id": float(late)}),
            "copy": lambda: lead.copy({"stage_id": late}),
            "copy with text": lambda: lead.copy({"stage_id": str(late)}),
            "of a contact": lambda: self.contact.with_user(self.seller).write(
                {"opportunity_ids": [(0, 0, {**vals, "stage_id": str(late)})]}
            ),
            "name_create": lambda: Lead.with_context(
                default_type="opportunity", default_stage_id=late
            ).name_create("Ahead"),
            "own default": by_default,
        }
        for name, create in ways.items():
            with self.subTest(way=name):
                with self.assertRaises(UserError) as caught:
                    create()
                self.assertIn("“Negotiate Proposal”", str(caught.exception))
        self.assertEqual(Lead.search([("name", "=", "Ahead")]), Lead)
        self.assertEqual(Lead.search_count([("name", "ilike", "Sale of software")]), 1)

    def test_an_id_as_text_is_the_stage_it_names(self):
        lead = self._make_mine(partner_id=self.contact.id)
        self.assertRefused(lead, {"stage_id": str(self.present_products.id)}, "gestión")
        self._make_gestion(lead_id=lead.id)
        lead.write({"stage_id": str(self.present_products.id)})
        self.assertEqual(lead.stage_id, self.present_products)
        self.assertEqual(
            lead.opportunity_stage_ids.sorted("id").mapped("move"),
            ["created", "forward"],
        )

    def test_a_stage_in_the_context_that_is_none_breaks_nothing(self):
        Lead = self.env["crm.lead"].with_user(self.seller)
        for key in ([self.negotiate.id], str(self.negotiate.id), "x"):
            with self.subTest(key=key):
                lead = Lead.with_context(default_stage_id=key).create({"name": "Odd"})
                self.assertNotEqual(lead.stage_id, self.negotiate)

    def test_first_stage_of_another_team_is_no_way_in(self):
        self.generate_interest.team_ids = self.north
        vals = {"type": "opportunity", "stage_id": self.present_products.id}
        south = {**vals, "name": "South", "user_id": self.stranger.id}
        south["team_id"] = self.south.id
        north = {**vals, "name": "North", "user_id": self.seller.id}
        north["team_id"] = self.north.id
        Lead = self.env["crm.lead"].with_user(self.director)
        with self.assertRaises(UserError) as caught:
            Lead.create([south, north])
        self.assertIn("“North” cannot enter", str(caught.exception))
        self.assertEqual(Lead.create(south).stage_id, self.present_products)

    def test_default_of_the_administrator_for_everybody(self):
        self.env["ir.default"].set("crm.lead", "stage_id", self.present_products.id)
        lead = self.env["crm.lead"].create({"name": "Web", "type": "opportunity"})
        self.assertEqual(lead.stage_id, self.present_products)

    def test_import_is_held_and_the_directors_key_lets_it_in(self):
        Lead = self.env["crm.lead"].with_user(self.director)
        rows = [["Old sale", "opportunity", str(self.negotiate.id)]]
        names = ["name", "type", "stage_id/.id"]
        refused = Lead.load(names, rows)
        self.assertFalse(refused["ids"])
        self.assertIn("Negotiate Proposal", refused["messages"][0]["message"])
        let_in = Lead.with_context(crm_gestion_bypass_gates=True).load(names, rows)
        self.assertEqual(Lead.browse(let_in["ids"]).stage_id, self.negotiate)

    def test_enquiries_and_their_conversion(self):
        self.generate_interest.write(dict.fromkeys(GATES, True))
        enquiry = self.env["crm.lead"].create(
            {
                "name": "From the web",
                "type": "lead",
                "user_id": self.seller.id,
                "stage_id": self.size_proposal.id,
            }
        )
        enquiry.with_user(self.seller).convert_opportunity(self.contact)
        self.assertRecordValues(
            enquiry, [{"type": "opportunity", "stage_id": self.size_proposal.id}]
        )

    def test_mail_that_arrives(self):
        self.generate_interest.write(dict.fromkeys(GATES, True))
        lead = self.env["crm.lead"].message_new(
            {"subject": "Quote?", "from": "ana@client.example", "body": "Hello"},
            custom_values={"type": "opportunity", "team_id": self.north.id},
        )
        self.assertEqual(lead.stage_id, self.generate_interest)

    def test_mail_to_an_alias_that_names_a_stage(self):
        message = {"subject": "Quote?", "from": "ana@client.example", "body": "Hello"}
        values = {"type": "opportunity", "stage_id": self.negotiate.id}
        gateway = self.env["crm.lead"].with_user(self.seller).sudo()
        lead = gateway.message_new(message, custom_values=values)
        self.assertEqual(lead.stage_id, self.negotiate)
        self.assertRefused(lead, {"stage_id": self.size_proposal.id}, "contact")
        with self.assertRaises(UserError):
            gateway.sudo(False).message_new(message, custom_values=values)

    def test_stage_that_follows_the_team(self):
        self.generate_interest.team_ids = self.north
        lead = self._make_mine()
        self.assertEqual(lead.stage_id, self.generate_interest)
        lead.with_user(self.director).team_id = self.south
        self.assertEqual(lead.stage_id, self.present_products)

    def test_merge(self):
        head = self._waive(self._make_mine()).sudo()
        head.stage_id = self.negotiate
        other = self._make_mine(name="Twin")
        self.generate_interest.team_ids = self.north
        self.negotiate.team_ids = self.south
        merged = (head.with_env(other.env) | other).merge_opportunity(
            team_id=self.north.id
        )
        self.assertEqual(merged.stage_id, self.generate_interest)
        self.present_products.gate_contact = True
        self.assertRefused(merged, {"stage_id": self.present_products.id}, "contact")

    def test_confirmed_order_takes_it_to_the_end_whatever_else_is_missing(self):
        self.sales_order.write(dict.fromkeys(GATES, True))
        lead = self._make_mine(expected_revenue=0.0)
        self._make_order(lead).with_user(self.seller).action_confirm()
        self.assertRecordValues(
            lead, [{"stage_id": self.sales_order.id, "won_status": "won"}]
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestWinWithoutOrder(GateCommon):
    NOTE = "They buy from our distributor"

    def _win(self, lead, note=NOTE):
        lead._crm_win_without_order(self.sales_order, note)

    def test_director_may_with_a_note(self):
        lead = self._make_ready().with_user(self.director)
        self._win(lead)
        self.assertRecordValues(
            lead, [{"stage_id": self.sales_order.id, "won_status": "won"}]
        )
        self.assertRecordValues(
            lead.closure_ids,
            [{"kind": "won", "note": self.NOTE, "user_id": self.director.id}],
        )
        self.assertEqual(lead.opportunity_stage_ids.sorted("id")[-1].move, "won")

    def test_seller_may_not(self):
        for user in (self.seller, self.head):
            lead = self._make_ready().with_user(user)
            self.assertRefused(
                lead, lambda lead=lead: self._win(lead), "ask your sales director"
            )
            self.assertFalse(lead.closure_ids)

    def test_seller_may_where_the_setting_says_so(self):
        settings = self.env["res.config.settings"].create(
            {"crm_win_without_order": True}
        )
        settings.execute()
        lead = self._make_ready()
        self._win(lead)
        self.assertEqual(lead.closure_ids.note, self.NOTE)

    def test_other_gates_of_the_last_stage_hold(self):
        self.sales_order.gate_deadline = True
        lead = self._make_mine().with_user(self.director)
        self.assertRefused(lead, lambda: self._win(lead), "expected closing date")
        lead.date_deadline = date(2026, 6, 30)
        self._win(lead)
        self.assertEqual(lead.won_status, "won")
