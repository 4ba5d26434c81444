from functools import partial
from unittest.mock import patch

from freezegun import freeze_time
from lxml import html

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tests import Form, get_db_name, tagged
from odoo.tools import mute_logger

from .common import AtOnce, Connection
from .test_crm_opportunity_line import LineCommon

NOW = "2026-03-02 10:00:00"


class DialogCommon(LineCommon):
    def _open_dialog(self, lead, user=None):
        lead = lead.with_user(user or self.seller)
        action = lead.action_crm_generate_order()
        return Form(lead.env[action["res_model"]].with_context(**action["context"]))

    def _generate(self, dialog):
        """:return: the order that the dialog makes and opens"""
        action = dialog.save().action_generate()
        self.assertEqual(action["res_model"], "sale.order")
        return self.env["sale.order"].browse(action["res_id"])

    def _make_order(self, lead, user=None, **values):
        return self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "opportunity_id": lead.id,
                "user_id": (user or self.seller).id,
                "order_line": [Command.create({"product_id": self.product.id})],
                **values,
            }
        )

    def _previewed(self, dialog):
        """:return: list of the cells of each row of the preview, but for the header"""
        rows = html.fromstring(dialog.preview).xpath("//tbody/tr | //tfoot/tr")
        return [
            [" ".join(cell.text_content().split()) for cell in row.xpath("td")]
            for row in rows
        ]


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestOrderFromLines(DialogCommon):
    """The sales order is what the opportunity's lines say."""

    def test_lines_are_proposed_where_there_is_no_quotation(self):
        lead = self._make_sale()
        self.assertEqual(self._open_dialog(lead).source, "lines")
        self._make_order(lead)
        self.assertEqual(self._open_dialog(lead).source, "quotation")

    def test_order_has_the_lines_and_odoo_its_taxes(self):
        tax = self.env["account.tax"].create({"name": "Tax of 21", "amount": 21.0})
        self.training.taxes_id = tax
        lead = self._make_sale(
            self._line(quantity=2, name="License for a year"),
            self._line(self.training, 3, price_unit=50.0, discount=10.0),
        )
        order = self._generate(self._open_dialog(lead))
        self.assertRecordValues(
            order.order_line,
            [
                {
                    "product_id": self.product.id,
                    "name": "License for a year",
                    "product_uom_qty": 2.0,
                    "product_uom_id": self.product.uom_id.id,
                    "price_unit": 100.0,
                    "discount": 0.0,
                    "price_subtotal": 200.0,
                    "tax_ids": [],
                },
                {
                    "product_id": self.training.id,
                    "name": "Training",
                    "product_uom_qty": 3.0,
                    "product_uom_id": self.training.uom_id.id,
                    "price_unit": 50.0,
                    "discount": 10.0,
                    "price_subtotal": 135.0,
                    "tax_ids": tax.ids,
                },
            ],
        )
        self.assertRecordValues(
            order,
            [
                {
                    "state": "draft",
                    "opportunity_id": lead.id,
                    "partner_id": self.contact.id,
                    "user_id": self.seller.id,
                    "amount_untaxed": 335.0,
                    "amount_total": 363.35,
                }
            ],
        )
        self.assertEqual(lead.won_status, "pending")
        self.assertEqual(lead.stage_id, self.size_proposal)

    def test_typed_prices_stay_when_the_quantity_changes(self):
        lead = self._make_sale(
            self._line(price_unit=77.0), self._line(price_unit=0.0), self._line()
        )
        order = self._generate(self._open_dialog(lead))
        self.assertEqual(order.order_line.mapped("price_unit"), [77.0, 0.0, 100.0])
        self.product.list_price = 120.0
        order.order_line.with_user(self.seller).write({"product_uom_qty": 5})
        self.assertEqual(order.order_line.mapped("price_unit"), [77.0, 0.0, 120.0])

    def test_typed_price_is_converted_to_the_currency_of_the_order(self):
        lead = self._make_sale(self._line(price_unit=50.0), self._line())
        self._in_dollars()
        order = self._generate(self._open_dialog(lead))
        self.assertEqual(order.currency_id, self.dollar)
        self.assertEqual(order.order_line.mapped("price_unit"), [100.0, 200.0])

    def test_order_of_lines_in_dollars(self):
        self._in_dollars()
        lead = self._make_sale(self._line(price_unit=150.0), self._line())
        order = self._generate(self._open_dialog(lead))
        self.assertEqual(order.currency_id, self.dollar)
        self.assertEqual(order.order_line.mapped("price_unit"), [150.0, 200.0])
        self.assertEqual(order.amount_untaxed, 350.0)

    def test_confirmed_at_once_it_wins(self):
        lead = self._make_sale()
        dialog = self._open_dialog(lead)
        dialog.confirm = True
        order = self._generate(dialog)
        self.assertEqual(order.state, "sale")
        self.assertRecordValues(
            lead, [{"won_status": "won", "stage_id": self.sales_order.id}]
        )
        self.assertEqual(lead.closure_ids.order_id, order)

    def test_without_lines_nothing_is_made(self):
        lead = self._make_lead(partner_id=self.contact.id)
        Wizard = self.env["crm.opportunity.order"].with_user(self.seller)
        wizard = Wizard.create({"lead_id": lead.id, "source": "lines"})
        with self.assertRaises(UserError):
            wizard.action_generate()
        self.assertFalse(lead.order_ids)

    def test_second_click_and_second_user_open_the_same_order(self):
        lead = self._make_sale()
        mine, his = self._open_dialog(lead).save(), self._open_dialog(lead, self.head)
        first = mine.action_generate()
        self.assertEqual(mine.action_generate(), first)
        self.assertEqual(self._generate(his).id, first["res_id"])
        self.assertEqual(lead.order_ids.ids, [first["res_id"]])

    def test_missing_customer_is_made_from_the_opportunity(self):
        lead = self._make_sale(partner_id=False, contact_name="Ana Ruiz")
        dialog = self._open_dialog(lead)
        self.assertFalse(dialog.has_customer)
        self.assertEqual(self._previewed(dialog)[0][0], "License")
        order = self._generate(dialog)
        self.assertEqual(order.partner_id.name, "Ana Ruiz")
        self.assertEqual(order.amount_untaxed, 200.0)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestPreview(DialogCommon):
    """The dialog shows what will be made, and makes what it shows."""

    def _numbers(self, text):
        return "".join(char for char in text if char.isdigit())

    def test_preview_is_what_is_made(self):
        template = self.env["sale.order.template"].create(
            {
                "name": "Trainings",
                "sale_order_template_line_ids": [
                    Command.create(
                        {"product_id": self.training.id, "product_uom_qty": 4}
                    )
                ],
            }
        )
        quoted = self._make_sale()
        self._make_order(quoted)
        lines = self._make_sale(self._line(quantity=3, price_unit=90.0, discount=10))
        for lead, source, product, total in (
            (lines, "lines", "License", 243.0),
            (lines, "template", "Training", 240.0),
            (quoted, "quotation", "License", 100.0),
        ):
            with self.subTest(source=source):
                dialog = self._open_dialog(lead)
                dialog.source = source
                if source == "template":
                    dialog.template_id = template
                before = lead.order_ids
                row, untaxed, _total = self._previewed(dialog)
                self.assertEqual(row[0], product)
                amount = f"{total:.2f}".replace(".", "")
                self.assertEqual(self._numbers(untaxed[1]), amount)
                self.assertEqual(lead.order_ids, before)
                order = self._generate(dialog)
                self.assertEqual(order.amount_untaxed, total)
                order.action_cancel()

    def test_new_quotation_has_nothing_to_show(self):
        dialog = self._open_dialog(self._make_sale())
        dialog.source = "new"
        self.assertFalse(dialog.preview)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestTaxId(DialogCommon):
    """A company that sells to nobody without a tax id."""

    def setUp(self):
        super().setUp()
        settings = self.env["res.config.settings"].create({"crm_require_vat": True})
        settings.execute()

    def test_dialog_asks_for_it_and_keeps_it_on_the_organization(self):
        lead = self._make_sale()
        dialog = self._open_dialog(lead)
        self.assertTrue(dialog.needs_vat)
        dialog.vat = "ES12345674A"
        self._generate(dialog)
        self.assertEqual(self.organization.vat, "ES12345674A")
        self.assertEqual(len(lead.order_ids), 1)

    def test_server_refuses_without_it(self):
        lead = self._make_sale(partner_id=False, contact_name="Ana Ruiz")
        Wizard = self.env["crm.opportunity.order"].with_user(self.seller)
        for sale in (self._make_sale(), lead):
            wizard = Wizard.create({"lead_id": sale.id, "confirm": True})
            with self.assertRaises(UserError) as refused:
                wizard.action_generate()
            self.assertIn("tax id", str(refused.exception))
            self.assertFalse(sale.order_ids)
            self.assertEqual(sale.won_status, "pending")
        self.assertFalse(lead.partner_id)

    def test_customer_that_has_one_is_not_asked(self):
        self.organization.vat = "ES12345674A"
        lead = self._make_sale()
        dialog = self._open_dialog(lead)
        self.assertFalse(dialog.needs_vat)
        self._generate(dialog)
        self.assertEqual(self.organization.vat, "ES12345674A")

    def test_new_customer_gets_it(self):
        lead = self._make_sale(
            partner_id=False, partner_name="Molinos Ruiz", contact_name="Ana Ruiz"
        )
        dialog = self._open_dialog(lead)
        dialog.vat = "ES12345674A"
        order = self._generate(dialog)
        self.assertEqual(order.partner_id.commercial_partner_id.vat, "ES12345674A")
        self.assertEqual(order.partner_id.commercial_partner_id.name, "Molinos Ruiz")

    def test_seller_writes_no_colleagues_customer(self):
        self.organization.user_id = self.stranger
        self.contact.user_id = self.stranger
        lead = self._make_sale()
        dialog = self._open_dialog(lead)
        dialog.vat = "ES12345674A"
        wizard = dialog.save()
        with self.assertRaises(AccessError):
            wizard.action_generate()
        self.env.invalidate_all()
        self.assertFalse(self.organization.vat)
        self.assertFalse(lead.order_ids)

    def test_opening_the_order_that_is_there_needs_none(self):
        lead = self._make_sale()
        order = self._make_order(lead)
        order.action_confirm()
        dialog = self._open_dialog(lead)
        self.assertFalse(dialog.needs_vat)
        self.assertEqual(self._generate(dialog), order)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestSeveralOrders(DialogCommon):
    """An order that is there, an additional one, quotations that were not chosen."""

    def test_order_that_is_there_is_opened(self):
        lead = self._make_sale()
        order = self._make_order(lead)
        order.action_confirm()
        dialog = self._open_dialog(lead)
        self.assertEqual(dialog.purpose, "open")
        self.assertEqual(self._generate(dialog), order)
        self.assertEqual(lead.order_ids, order)

    def test_additional_order_is_asked_for_by_name(self):
        lead = self._make_sale()
        order = self._make_order(lead)
        order.action_confirm()
        dialog = self._open_dialog(lead)
        dialog.purpose = "additional"
        self.assertEqual(dialog.source, "lines")
        wizard = dialog.save()
        first = wizard.action_generate()
        self.assertEqual(wizard.action_generate(), first)
        self.assertEqual(lead.order_ids - order, order.browse(first["res_id"]))

    def test_order_of_a_colleague_is_not_made_twice_unknowingly(self):
        lead = self._make_sale()
        # of his own account he reads it
        (self.organization | self.contact).user_id = self.stranger
        self._make_order(lead, self.stranger).action_confirm()
        dialog = self._open_dialog(lead)
        self.assertEqual(dialog.purpose, "open")
        self.assertFalse(dialog.sale_order_ids[:])
        wizard = dialog.save()
        with self.assertRaises(UserError):
            wizard.action_generate()
        self.assertEqual(len(lead.order_ids), 1)
        dialog = self._open_dialog(lead)
        dialog.purpose = "additional"
        self._generate(dialog)
        self.assertEqual(len(lead.order_ids), 2)

    def test_order_confirmed_meanwhile_is_opened(self):
        lead = self._make_sale()
        quotation = self._make_order(lead)
        dialog = self._open_dialog(lead)
        dialog.source = "lines"
        quotation.action_confirm()
        self.assertEqual(self._generate(dialog), quotation)
        self.assertEqual(lead.order_ids, quotation)

    def test_what_was_cancelled_meanwhile_is_said(self):
        lead = self._make_sale()
        order = self._make_order(lead)
        dialog = self._open_dialog(lead).save()
        order.action_cancel()
        with self.assertRaises(UserError):
            dialog.action_generate()
        order.action_draft()
        order.action_confirm()
        dialog = self._open_dialog(lead).save()
        order.action_cancel()
        with self.assertRaises(UserError):
            dialog.action_generate()
        self.assertEqual(lead.order_ids, order)

    def test_other_open_quotations_are_cancelled_if_the_user_agrees(self):
        for agrees, state in ((True, "cancel"), (False, "draft")):
            with self.subTest(agrees=agrees):
                lead = self._make_sale()
                other, chosen = self._make_order(lead), self._make_order(lead)
                dialog = self._open_dialog(lead)
                dialog.quotation_id = chosen
                self.assertEqual(dialog.other_quotation_ids[:], other)
                dialog.confirm = True
                self.assertTrue(dialog.cancel_others)
                dialog.cancel_others = agrees
                later = self._make_order(lead)
                self.assertEqual(self._generate(dialog), chosen)
                self.assertEqual(chosen.state, "sale")
                self.assertEqual(other.state, state)
                self.assertEqual(later.state, "draft")
                self.assertEqual(lead.won_status, "won")

    def test_quotation_left_open_cancels_no_other(self):
        lead = self._make_sale()
        other, chosen = self._make_order(lead), self._make_order(lead)
        dialog = self._open_dialog(lead)
        dialog.quotation_id = chosen
        self._generate(dialog)
        self.assertEqual((other | chosen).mapped("state"), ["draft", "draft"])

    def test_additional_order_proposes_to_leave_the_others_open(self):
        lead = self._make_sale()
        self._make_order(lead).action_confirm()
        dialog = self._open_dialog(lead)
        dialog.purpose = "additional"
        self.assertFalse(dialog.cancel_others)

    def test_what_confirming_says_is_shown_and_leads_on_to_the_order(self):
        lead = self._make_sale()
        message = {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": "Rewards!",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
        question = {"type": "ir.actions.act_window", "res_model": "x"}
        Order = self.env.registry["sale.order"]
        native = Order.action_confirm
        for said in (message, question):
            lead = self._make_sale()
            dialog = self._open_dialog(lead)
            dialog.confirm = True
            wizard = dialog.save()

            def confirm(orders, said=said):
                native(orders)
                return said

            with patch.object(Order, "action_confirm", confirm):
                action = wizard.action_generate()
            self.assertEqual(lead.order_ids.state, "sale")
            if said == message:
                self.assertEqual(action["params"]["message"], "Rewards!")
                action = action["params"]["next"]
                self.assertEqual(action["res_id"], lead.order_ids.id)
            else:
                self.assertEqual(action, question)
            self.assertEqual(wizard.action_generate()["res_id"], lead.order_ids.id)


@tagged("post_install", "-at_install")
class TestTwoConnections(AtOnce):
    """One order, whoever asks for it at once."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._clean_up)
        with Connection() as env:
            env["ir.config_parameter"].set_param("crm_gestion.require_vat", "False")
            self.partner_id = env["res.partner"].create({"name": "Two Clicks"}).id
            product = env["product.product"].create(
                {"name": "Clicked", "list_price": 100.0, "taxes_id": False}
            )
            self.product_id = product.id
            lead = env["crm.lead"].create(
                {
                    "name": "Clicked",
                    "type": "opportunity",
                    "partner_id": self.partner_id,
                    "line_ids": [Command.create({"product_id": self.product_id})],
                }
            )
            self.lead_id = lead.id

    def _clean_up(self):
        with Connection() as env:
            lead = env["crm.lead"].browse(self.lead_id)
            orders = lead.order_ids
            orders._action_cancel()
            orders.unlink()
            env["crm.opportunity.order"].search([("lead_id", "=", lead.id)]).unlink()
            lead.unlink()
            product = env["product.product"].browse(self.product_id)
            product.product_tmpl_id.unlink()
            env["res.partner"].browse(self.partner_id).unlink()

    def _make_dialogs(self, number, **values):
        with Connection() as env:
            Wizard = env["crm.opportunity.order"]
            return [
                Wizard.create({"lead_id": self.lead_id, **values}).id
                for _i in range(number)
            ]

    def _press(self, *dialog_ids):
        """Press the buttons of these dialogs at once.

        :return: list of the ids of the orders that are shown
        """

        def read(env):
            env["crm.lead"].browse(self.lead_id).order_ids.mapped("state")

        def press(env, dialog_id):
            wizard = env["crm.opportunity.order"].browse(dialog_id)
            return wizard.action_generate()["res_id"]

        return self._at_once(
            *((read, partial(press, dialog_id=dialog_id)) for dialog_id in dialog_ids)
        )

    def assertOneOrder(self, shown, state="draft"):
        with Connection() as env:
            orders = env["crm.lead"].browse(self.lead_id).order_ids
            self.assertEqual(set(shown), {orders.id})
            self.assertEqual(orders.state, state)
            self.assertEqual(orders.amount_untaxed, 100.0)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_users_at_once(self):
        dialogs = self._make_dialogs(2, source="lines")
        shown = self._press(*dialogs)
        self.assertEqual(len(shown), 2)
        self.assertOneOrder(shown)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_double_click(self):
        (dialog,) = self._make_dialogs(1, source="lines")
        shown = self._press(dialog, dialog)
        self.assertEqual(len(shown), 2)
        self.assertOneOrder(shown)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_retry_of_a_request_whose_answer_was_lost(self):
        first, second = self._make_dialogs(2, source="lines")
        shown = [*self._press(first), *self._press(first), *self._press(second)]
        self.assertEqual(len(shown), 3)
        self.assertOneOrder(shown)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_users_confirm_at_once(self):
        dialogs = self._make_dialogs(2, source="lines", confirm=True)
        shown = self._press(*dialogs)
        self.assertEqual(len(shown), 2)
        self.assertOneOrder(shown, "sale")
