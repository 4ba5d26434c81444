from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, new_test_user, tagged

from odoo.addons.payment.tests.common import PaymentCommon

from .common import CrmGestionCommon, SalesForce

NOW = datetime(2026, 3, 2, 10, 0)
LATER = datetime(2026, 4, 1, 9, 30)


class OrderCommon(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls._make_product()
        cls.training = cls.env["product.product"].create(
            {"name": "Training", "list_price": 60.0, "taxes_id": False}
        )
        cls.template = cls.env["sale.order.template"].create(
            {
                "name": "License with training",
                "sale_order_template_line_ids": [
                    Command.create(
                        {"product_id": cls.product.id, "product_uom_qty": 5}
                    ),
                    Command.create(
                        {"product_id": cls.training.id, "product_uom_qty": 2}
                    ),
                ],
            }
        )

    @classmethod
    def _make_opportunity(cls, user=None, **values):
        return cls._make_lead(
            user,
            partner_id=cls.contact.id,
            **{"stage_id": cls.negotiate.id, "probability": 40.0, **values},
        )

    @classmethod
    def _make_order(cls, lead, user=None, quantity=5, **values):
        """A quotation with one line, of a seller; without lines for quantity 0."""
        line = {"product_id": cls.product.id, "product_uom_qty": quantity}
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.contact.id,
                "opportunity_id": lead.id,
                "user_id": (user or cls.seller).id,
                "order_line": [Command.create(line)] if quantity else [],
                **values,
            }
        )

    def assertWon(self, lead, **row):
        self.assertRecordValues(
            lead,
            [
                {
                    "active": True,
                    "stage_id": self.sales_order.id,
                    "won_status": "won",
                    "probability": 100.0,
                    "closure_kind": "won",
                }
            ],
        )
        won = lead.sudo().closure_ids.filtered(lambda closure: closure.kind == "won")
        self.assertRecordValues(won, [{"reopen_date": False, **row}])

    def assertOpen(self, lead):
        self.assertRecordValues(
            lead,
            [
                {
                    "active": True,
                    "stage_id": self.negotiate.id,
                    "won_status": "pending",
                    "probability": 40.0,
                    "closure_kind": False,
                    "closure_ids": [],
                }
            ],
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestGenerateOrder(OrderCommon):
    """The dialog that makes the sales order of an opportunity."""

    def _open_dialog(self, lead, user=None):
        lead = lead.with_user(user or self.seller)
        action = lead.action_crm_generate_order()
        return Form(lead.env[action["res_model"]].with_context(**action["context"]))

    def _generate(self, dialog):
        """Save the dialog and press its button.

        :return: the order that is shown then
        """
        wizard = dialog.save()
        action = wizard.action_generate()
        self.assertEqual(action["res_model"], "sale.order")
        return self.env["sale.order"].browse(action["res_id"])

    def test_open_quotation_is_proposed(self):
        lead = self._make_opportunity()
        cancelled = self._make_order(lead)
        cancelled.action_cancel()
        self.assertEqual(self._open_dialog(lead).source, "new")
        quotation = self._make_order(lead)
        dialog = self._open_dialog(lead)
        self.assertEqual(dialog.source, "quotation")
        self.assertEqual(dialog.quotation_id, quotation)
        self.assertEqual(self._generate(dialog), quotation)
        self.assertEqual(quotation.state, "draft")
        self.assertOpen(lead)

    def test_quotation_that_was_sent_is_open_too(self):
        lead = self._make_opportunity()
        quotation = self._make_order(lead, state="sent")
        dialog = self._open_dialog(lead)
        self.assertEqual(dialog.quotation_id, quotation)

    def test_confirming_the_quotation_wins(self):
        lead = self._make_opportunity()
        quotation = self._make_order(lead)
        dialog = self._open_dialog(lead)
        dialog.confirm = True
        self.assertEqual(self._generate(dialog), quotation)
        self.assertEqual(quotation.state, "sale")
        self.assertWon(
            lead,
            stage_id=self.negotiate.id,
            probability=40.0,
            is_automated=False,
            user_id=self.seller.id,
            date=NOW,
        )

    def test_new_quotation_is_prefilled_as_odoo_does(self):
        lead = self._make_opportunity(
            campaign_id=self.env["utm.campaign"].create({"name": "Spring"}).id,
            medium_id=self.env["utm.medium"].create({"name": "Leaflet"}).id,
            source_id=self.env["utm.source"].create({"name": "Stand"}).id,
            tag_ids=self.env["crm.tag"].create({"name": "Large account"}).ids,
            company_id=self.env.company.id,
        ).with_user(self.seller)
        order = self._generate(self._open_dialog(lead))
        self.assertRecordValues(
            order,
            [
                {
                    "state": "draft",
                    "opportunity_id": lead.id,
                    "partner_id": self.contact.id,
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "company_id": self.env.company.id,
                    "campaign_id": lead.campaign_id.id,
                    "medium_id": lead.medium_id.id,
                    "source_id": lead.source_id.id,
                    "tag_ids": lead.tag_ids.ids,
                    "origin": "Sale of software",
                    "order_line": [],
                }
            ],
        )
        context = lead.action_new_quotation()["context"]
        native = Form(lead.env["sale.order"].with_context(**context)).save()
        names = [
            "partner_invoice_id", "partner_shipping_id", "pricelist_id", "currency_id",
            "payment_term_id", "fiscal_position_id", "validity_date", "note",
            "sale_order_template_id", "require_signature", "require_payment",
        ]  # fmt: skip
        self.assertEqual(
            [order[name] for name in names], [native[name] for name in names]
        )
        self.assertOpen(lead)

    def test_quotation_of_anothers_opportunity_stays_the_sellers(self):
        lead = self._make_opportunity()
        order = self._generate(self._open_dialog(lead, self.head))
        self.assertRecordValues(
            order, [{"user_id": self.seller.id, "team_id": self.north.id}]
        )

    def test_template_adds_its_lines(self):
        lead = self._make_opportunity()
        dialog = self._open_dialog(lead)
        dialog.source = "template"
        dialog.template_id = self.template
        order = self._generate(dialog)
        self.assertRecordValues(
            order.order_line,
            [
                {"product_id": self.product.id, "product_uom_qty": 5.0},
                {"product_id": self.training.id, "product_uom_qty": 2.0},
            ],
        )
        self.assertEqual(order.sale_order_template_id, self.template)
        self.assertEqual(order.amount_untaxed, 620.0)
        self.assertOpen(lead)

    def test_template_can_be_confirmed_at_once(self):
        lead = self._make_opportunity()
        dialog = self._open_dialog(lead)
        dialog.source = "template"
        dialog.template_id = self.template
        dialog.confirm = True
        order = self._generate(dialog)
        self.assertRecordValues(order, [{"state": "sale", "amount_untaxed": 620.0}])
        self.assertWon(lead, user_id=self.seller.id)

    def test_empty_quotation_is_not_confirmed(self):
        lead = self._make_opportunity()
        quotation = self._make_order(lead, quantity=0)
        quotation.order_line = [
            Command.create({"display_type": "line_section", "name": "To be filled"})
        ]
        dialog = self._open_dialog(lead)
        dialog.confirm = True
        wizard = dialog.save()
        with self.assertRaises(UserError):
            wizard.action_generate()
        self.assertEqual(quotation.state, "draft")
        self.assertFalse(wizard.order_id)
        self.assertEqual(lead.order_ids, quotation)
        self.assertOpen(lead)

    def test_new_quotation_is_not_confirmed_empty(self):
        """The dialog does not offer it; a client of the API may ask for it."""
        lead = self._make_lead(
            contact_name="Ana Ruiz", stage_id=self.negotiate.id, probability=40.0
        )
        wizard = (
            self.env["crm.opportunity.order"]
            .with_user(self.seller)
            .create({"lead_id": lead.id, "source": "new", "confirm": True})
        )
        with self.assertRaises(UserError):
            wizard.action_generate()
        self.assertFalse(lead.order_ids)
        self.assertFalse(lead.partner_id)
        self.assertOpen(lead)

    def test_half_filled_dialog_makes_nothing(self):
        lead = self._make_opportunity()
        for source in ("quotation", "template"):
            wizard = (
                self.env["crm.opportunity.order"]
                .with_user(self.seller)
                .create({"lead_id": lead.id, "source": source, "quotation_id": False})
            )
            with self.subTest(source=source):
                with self.assertRaises(UserError):
                    wizard.action_generate()
                self.assertFalse(lead.order_ids)

    def test_quotation_of_another_opportunity_is_refused(self):
        lead = self._make_opportunity()
        other = self._make_opportunity()
        quotation = self._make_order(other)
        wizard = (
            self.env["crm.opportunity.order"]
            .with_user(self.seller)
            .create(
                {
                    "lead_id": lead.id,
                    "source": "quotation",
                    "quotation_id": quotation.id,
                    "confirm": True,
                }
            )
        )
        with self.assertRaises(UserError):
            wizard.action_generate()
        self.assertEqual(quotation.state, "draft")
        self.assertOpen(lead)
        self.assertOpen(other)

    def test_missing_customer_is_created_from_the_opportunity(self):
        lead = self._make_lead(
            partner_name="Molinos Ruiz",
            contact_name="Ana Ruiz",
            email_from="ana@molinos.example",
            origination_id=self.cold_call.id,
            market_id=self.market.id,
        )
        dialog = self._open_dialog(lead)
        self.assertFalse(dialog.has_customer)
        order = self._generate(dialog)
        self.assertEqual(order.partner_id, lead.partner_id)
        self.assertRecordValues(
            lead.partner_id,
            [
                {
                    "name": "Ana Ruiz",
                    "email": "ana@molinos.example",
                    "user_id": self.seller.id,
                    "origination_id": self.cold_call.id,
                    "market_id": self.market.id,
                }
            ],
        )
        self.assertEqual(lead.organization_id.name, "Molinos Ruiz")

    def test_customer_that_is_there_is_used(self):
        lead = self._make_opportunity()
        before = self.env["res.partner"].search_count([])
        dialog = self._open_dialog(lead)
        self.assertTrue(dialog.has_customer)
        self._generate(dialog)
        self.assertEqual(self.env["res.partner"].search_count([]), before)

    def test_second_click_gives_the_same_order(self):
        lead = self._make_opportunity()
        wizard = self._open_dialog(lead).save()
        first = wizard.action_generate()
        self.assertEqual(wizard.action_generate(), first)
        self.assertEqual(lead.order_ids.ids, [first["res_id"]])

    def test_second_click_on_confirm_gives_the_same_order(self):
        lead = self._make_opportunity()
        quotation = self._make_order(lead)
        dialog = self._open_dialog(lead)
        dialog.confirm = True
        wizard = dialog.save()
        wizard.action_generate()
        self.assertEqual(wizard.action_generate()["res_id"], quotation.id)
        self.assertEqual(lead.order_ids, quotation)
        self.assertWon(lead, user_id=self.seller.id)

    def test_two_users_at_once_make_one_order(self):
        lead = self._make_opportunity()
        mine, his = self._open_dialog(lead), self._open_dialog(lead, self.head)
        order = self._generate(mine)
        self.assertEqual(self._generate(his), order)
        self.assertEqual(lead.order_ids, order)

    def test_quotation_confirmed_meanwhile_is_opened(self):
        lead = self._make_opportunity()
        quotation = self._make_order(lead)
        dialog = self._open_dialog(lead)
        dialog.confirm = True
        quotation.with_user(self.head).action_confirm()
        self.assertEqual(self._generate(dialog), quotation)
        self.assertWon(lead, user_id=self.head.id)

    def test_order_that_is_there_already_is_shown(self):
        lead = self._make_opportunity()
        dialog = self._open_dialog(lead)
        self.assertFalse(dialog.sale_order_ids)
        order = self._make_order(lead)
        order.with_user(self.seller).action_confirm()
        dialog = self._open_dialog(lead)
        self.assertEqual(dialog.sale_order_ids[:], order)
        self.assertEqual(dialog.purpose, "open")
        self.assertEqual(self._generate(dialog), order)
        self.assertEqual(lead.order_ids, order)
        dialog = self._open_dialog(lead)
        dialog.purpose = "additional"
        self.assertEqual(dialog.source, "new")
        additional = self._generate(dialog)
        self.assertEqual(lead.order_ids, order | additional)
        self.assertEqual(additional.state, "draft")

    def test_seller_makes_no_order_of_an_opportunity_beyond_his_reach(self):
        lead = self._make_opportunity()
        with self.assertRaises(AccessError):
            self.env["sale.order"].with_user(self.stranger)._generate_from_opportunity(
                lead.with_user(self.stranger)
            )
        self.assertFalse(lead.order_ids)
        self.assertOpen(lead)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestConfirmedOrder(OrderCommon):
    """Confirming by any route wins the opportunity and tells who did it."""

    def test_seller_confirms(self):
        lead = self._make_opportunity()
        order = self._make_order(lead).with_user(self.seller)
        self.assertIs(order.action_confirm(), True)
        self.assertWon(
            lead,
            date=NOW,
            user_id=self.seller.id,
            team_id=self.north.id,
            company_id=self.env.company.id,
            stage_id=self.negotiate.id,
            expected_revenue=1000.0,
            probability=40.0,
            is_automated=False,
            lost_reason_id=False,
        )

    def test_closure_is_worth_what_was_ordered(self):
        """Odoo raises the expected revenue to the amount of a higher order."""
        lead = self._make_opportunity(company_id=self.env.company.id)
        self._make_order(lead, quantity=15).with_user(self.seller).action_confirm()
        self.assertWon(lead, expected_revenue=1500.0)

    def test_customer_confirms_in_the_portal(self):
        lead = self._make_opportunity()
        order = self._make_order(lead)
        customer = new_test_user(
            self.env, "crm_portal", "base.group_portal", email="portal@their.example"
        )
        order.with_user(customer).sudo()._validate_order()
        self.assertEqual(order.state, "sale")
        self.assertWon(lead, user_id=customer.id, stage_id=self.negotiate.id)

    def test_customer_confirms_with_a_link(self):
        lead = self._make_opportunity()
        visitor = self.env.ref("base.public_user")
        self._make_order(lead).with_user(visitor).sudo()._validate_order()
        self.assertWon(lead, user_id=visitor.id)

    def test_order_wins_the_opportunity_of_another_seller(self):
        lead = self._make_opportunity()
        order = self._make_order(lead, self.stranger).with_user(self.stranger)
        with self.assertRaises(AccessError):
            lead.with_user(self.stranger).read(["name"])
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertWon(lead, user_id=self.stranger.id)

    def test_closed_opportunity_is_won_and_active_again(self):
        for kind, reason in (
            ("standby", None),
            ("rejected", self.price),
            ("unqualified", self.too_small),
        ):
            with self.subTest(kind=kind), freeze_time(NOW) as clock:
                lead = self._make_opportunity()
                order = self._make_order(lead)
                closed = self.env["crm.opportunity.closure"]._close(
                    lead, kind, reason, wake_date=LATER.date()
                )
                clock.move_to(LATER)
                order.with_user(self.seller).action_confirm()
                self.assertRecordValues(
                    closed,
                    [{"kind": kind, "date": NOW, "reopen_date": LATER}],
                )
                self.assertWon(
                    lead,
                    date=LATER,
                    user_id=self.seller.id,
                    stage_id=self.negotiate.id,
                    probability=40.0,
                    is_automated=False,
                    lost_reason_id=False,
                )
                self.assertFalse(lead.lost_reason_id)
                self.assertEqual(len(lead.closure_ids), 2)

    def test_pause_without_probability_then_order_records_both(self):
        self.env["crm.lead.scoring.frequency"].search([]).unlink()
        lead = self._make_lead(partner_id=self.contact.id, stage_id=self.negotiate.id)
        self.env["crm.opportunity.closure"]._close(
            lead, "standby", wake_date=LATER.date()
        )
        self._make_order(lead).with_user(self.seller).action_confirm()
        kept = {"probability": 0.0, "is_automated": True}
        self.assertRecordValues(
            lead.closure_ids.sorted("id"),
            [
                {"kind": "standby", "reopen_date": NOW, **kept},
                {"kind": "won", "reopen_date": False, **kept},
            ],
        )

    def test_second_order_leaves_what_is_won_alone(self):
        lead = self._make_opportunity()
        self._make_order(lead).with_user(self.seller).action_confirm()
        with freeze_time(LATER):
            self._make_order(lead).with_user(self.head).action_confirm()
        self.assertWon(lead, date=NOW, user_id=self.seller.id)

    def test_order_without_opportunity_is_confirmed_as_ever(self):
        order = self._make_order(self.env["crm.lead"])
        bystander = self._make_opportunity()
        order.with_user(self.seller).action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertOpen(bystander)

    def test_several_orders_are_confirmed_together(self):
        first, second = self._make_opportunity(), self._make_opportunity()
        south = self._make_opportunity(self.stranger, stage_id=self.size_proposal.id)
        bystander = self._make_opportunity()
        orders = (
            self._make_order(first)
            | self._make_order(first)
            | self._make_order(second)
            | self._make_order(south, self.stranger)
            | self._make_order(self.env["crm.lead"])
        )
        orders.with_user(self.director).action_confirm()
        self.assertEqual(orders.mapped("state"), ["sale"] * 5)
        for lead, stage in (
            (first, self.negotiate),
            (second, self.negotiate),
            (south, self.size_proposal),
        ):
            self.assertWon(lead, user_id=self.director.id, stage_id=stage.id)
        self.assertOpen(bystander)

    def test_quotation_wins_nothing_until_it_is_confirmed(self):
        lead = self._make_opportunity()
        order = self._make_order(lead)
        order.write({"state": "sent"})
        order.action_cancel()
        self.assertOpen(lead)

    def test_opportunity_in_another_stage_is_left_to_odoo(self):
        own = self.env["crm.stage"].create({"name": "A stage of the company"})
        lead = self._make_opportunity(stage_id=own.id)
        self._make_order(lead).with_user(self.seller).action_confirm()
        self.assertRecordValues(
            lead, [{"stage_id": own.id, "won_status": "pending", "closure_ids": []}]
        )

    def test_opportunities_are_left_to_odoo_where_the_method_is_off(self):
        self._enforce(False)
        opened, paused = self._make_opportunity(), self._make_opportunity()
        self.env["crm.opportunity.closure"]._close(
            paused, "standby", wake_date=LATER.date()
        )
        orders = self._make_order(opened) | self._make_order(paused)
        orders.with_user(self.seller).action_confirm()
        self.assertEqual(orders.mapped("state"), ["sale"] * 2)
        self.assertOpen(opened)
        self.assertRecordValues(
            paused,
            [{"active": False, "closure_kind": "standby", "won_status": "pending"}],
        )
        self.assertEqual(len(paused.closure_ids), 1)


@tagged("post_install", "-at_install")
class TestPortal(SalesForce, HttpCase):
    """A customer who signs in the portal, over HTTP and without an account."""

    PIXEL = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
        "AABJRU5ErkJggg=="
    )

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enforce()
        cls._make_sales_force()
        cls._make_accounts()
        cls.lead = cls._make_lead(
            partner_id=cls.contact.id,
            stage_id=cls.env.ref("crm_gestion.stage_negotiate_proposal").id,
            probability=40.0,
        )
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.contact.id,
                "opportunity_id": cls.lead.id,
                "user_id": cls.seller.id,
                "state": "sent",
                "require_signature": True,
                "require_payment": False,
                "order_line": [Command.create({"product_id": cls._make_product().id})],
            }
        )

    def _sign(self, token):
        return self.make_jsonrpc_request(
            f"/my/orders/{self.order.id}/accept",
            {"access_token": token, "name": "Lucía Ferrer", "signature": self.PIXEL},
            timeout=60,
        )

    def test_signature_wins(self):
        answer = self._sign(self.order._portal_ensure_token())
        self.assertTrue(answer["force_refresh"])
        self.assertEqual(self.order.state, "sale")
        self.assertRecordValues(
            self.lead, [{"won_status": "won", "closure_kind": "won"}]
        )
        self.assertRecordValues(
            self.lead.closure_ids,
            [{"kind": "won", "order_id": self.order.id, "probability": 40.0}],
        )

    def test_wrong_token_wins_nothing(self):
        self.assertIn("error", self._sign("guessed"))
        self.assertEqual(self.order.state, "sent")
        self.assertEqual(self.lead.won_status, "pending")


@tagged("post_install", "-at_install")
class TestOnlinePayment(OrderCommon, PaymentCommon):
    """A customer who pays online: the payment confirms his quotation."""

    def _authorizes(self):
        """Odoo's dummy provider only knows payments that are done."""
        Provider = self.env.registry["payment.provider"]
        native = Provider._compute_feature_support_fields

        def compute(providers):
            native(providers)
            providers.update({"support_manual_capture": "full_only"})

        self.startPatcher(
            patch.object(Provider, "_compute_feature_support_fields", compute)
        )
        self.env.invalidate_all()

    def _pay(self, order, state, amount):
        transaction = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.payment_method_id,
                "amount": amount,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "reference": f"{order.name}-{state}",
                "operation": "online_redirect",
                "sale_order_ids": [Command.set(order.ids)],
                "state": state,
            }
        )
        transaction.sudo()._post_process()

    def test_payment_wins(self):
        self._authorizes()
        for state in ("authorized", "done"):
            with self.subTest(state=state):
                lead = self._make_opportunity()
                order = self._make_order(lead, require_payment=True, state="sent")
                self._pay(order, state, order.amount_total)
                self.assertEqual(order.state, "sale")
                self.assertWon(lead, order_id=order.id, stage_id=self.negotiate.id)

    def test_part_of_the_price_wins_nothing(self):
        lead = self._make_opportunity()
        order = self._make_order(lead, require_payment=True, state="sent")
        self._pay(order, "done", order.amount_total / 2)
        self.assertEqual(order.state, "sent")
        self.assertOpen(lead)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCancelledOrder(OrderCommon):
    """Without its order an opportunity is not won."""

    def assertReopened(self, lead, probability=40.0, stage=None):
        self.assertRecordValues(
            lead,
            [
                {
                    "active": True,
                    "stage_id": (stage or self.negotiate).id,
                    "won_status": "pending",
                    "probability": probability,
                    "closure_kind": False,
                }
            ],
        )

    def test_cancelling_the_order_reopens(self):
        lead = self._make_opportunity()
        order = self._make_order(lead).with_user(self.seller)
        order.action_confirm()
        self.assertWon(lead, order_id=order.id)
        with freeze_time(LATER):
            order.action_cancel()
        self.assertReopened(lead)
        self.assertRecordValues(
            lead.closure_ids,
            [{"kind": "won", "reopen_date": LATER, "order_id": order.id}],
        )

    def test_automatic_probability_is_automatic_again(self):
        lead = self._make_opportunity()
        lead.action_set_automated_probability()
        order = self._make_order(lead)
        order.action_confirm()
        order.action_cancel()
        # the victory may have been the first thing from which Odoo predicts
        self.assertReopened(lead, lead.automated_probability)
        self.assertLess(lead.probability, 100)

    def test_last_of_several_orders_reopens(self):
        lead = self._make_opportunity()
        first, second = self._make_order(lead), self._make_order(lead)
        (first | second).with_user(self.seller).action_confirm()
        self.assertWon(lead, order_id=first.id)
        first.action_cancel()
        self.assertWon(lead, order_id=first.id)
        second.action_cancel()
        self.assertReopened(lead)

    def test_won_without_an_order_stays_won(self):
        lead = self._make_opportunity()
        lead.action_set_won()
        order = self._make_order(lead)
        order.action_confirm()
        order.action_cancel()
        self.assertWon(lead, order_id=False)

    def test_quotation_that_is_cancelled_changes_nothing(self):
        lead = self._make_opportunity()
        order, other = self._make_order(lead), self._make_order(lead)
        order.action_confirm()
        other.action_cancel()
        self.assertWon(lead, order_id=order.id)

    def test_order_of_a_rejected_opportunity_reopens_it_where_it_was(self):
        lead = self._make_opportunity()
        order = self._make_order(lead)
        self.env["crm.opportunity.closure"]._close(lead, "rejected", self.price)
        order.action_confirm()
        order.action_cancel()
        self.assertReopened(lead)
        self.assertEqual(set(lead.closure_ids.mapped("kind")), {"rejected", "won"})
        self.assertTrue(all(lead.closure_ids.mapped("reopen_date")))

    def test_order_that_is_confirmed_again_wins_again(self):
        lead = self._make_opportunity()
        order = self._make_order(lead)
        order.action_confirm()
        order.action_cancel()
        order.action_draft()
        order.action_confirm()
        self.assertEqual(len(lead.closure_ids), 2)
        self.assertEqual(lead.closure_ids.order_id, order)
        self.assertEqual(lead.won_status, "won")

    def test_who_has_no_rights_on_the_opportunity_reopens_it(self):
        lead = self._make_opportunity()
        order = self._make_order(lead, self.stranger).with_user(self.stranger)
        order.action_confirm()
        order.action_cancel()
        self.assertReopened(lead)

    def test_what_was_won_by_hand_with_its_order_reopens_too(self):
        lead = self._make_opportunity()
        order = self._make_order(lead)
        order.action_confirm()
        lead.stage_id = self.negotiate  # a slip
        self.assertReopened(lead)
        lead.with_user(self.seller).action_set_won()
        self.assertEqual(lead.closure_ids.order_id, order)
        self.assertEqual(len(lead.closure_ids), 2)
        order.action_cancel()
        self.assertReopened(lead)

    def test_what_was_archived_after_it_was_won_comes_back(self):
        lead = self._make_opportunity()
        order = self._make_order(lead)
        order.action_confirm()
        lead.action_archive()
        self.assertEqual(lead.won_status, "won")
        order.action_cancel()
        self.assertReopened(lead)

    def test_what_was_won_in_another_stage_is_left_to_odoo(self):
        native = self.env["crm.stage"].create({"name": "Signed", "is_won": True})
        lead = self._make_opportunity(
            stage_id=self.env["crm.stage"].create({"name": "Talks"}).id
        )
        order = self._make_order(lead)
        order.action_confirm()
        lead.stage_id = native
        order.action_cancel()
        self.assertEqual(lead.won_status, "won")
        self.assertEqual(lead.stage_id, native)

    def test_nothing_is_reopened_where_the_method_is_off(self):
        lead = self._make_opportunity()
        order = self._make_order(lead)
        order.action_confirm()
        self._enforce(False)
        order.action_cancel()
        self.assertWon(lead, order_id=order.id)

    def test_deleted_order_leaves_the_row(self):
        lead = self._make_opportunity()
        order = self._make_order(lead)
        order.action_confirm()
        order.action_cancel()
        order.unlink()
        self.assertRecordValues(lead.closure_ids, [{"kind": "won", "order_id": False}])


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestConfirmationGrowth(OrderCommon):
    """What winning adds to a confirmation does not grow with the number of orders."""

    def _count(self, number, enforce):
        """As `assertQueryCount` does: nothing pending before, nothing left after."""
        self._enforce(enforce)
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Opportunity {i}",
                    "type": "opportunity",
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "partner_id": self.contact.id,
                    "stage_id": self.negotiate.id,
                    "probability": 40.0 + i,
                }
                for i in range(number)
            ]
        )
        orders = self.env["sale.order"].concat(
            *(self._make_order(lead) for lead in leads)
        )
        # without Odoo's tracking, which writes a message for each record
        orders = orders.with_user(self.seller).with_context(tracking_disable=True)
        self.env.flush_all()
        self.env.invalidate_all()
        with patch("random.random", lambda: 1):
            before = self.env.cr.sql_log_count
            orders.action_confirm()
            self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_winning_by_orders_adds_a_constant(self):
        added = []
        for number in (3, 3, 30):  # the first one warms the caches up
            plain = self._count(number, enforce=False)
            added.append(self._count(number, enforce=True) - plain)
        self.assertLessEqual(added[2], added[1] + 3)

    def _cancel(self, number, enforce):
        self._enforce()
        orders = self.env["sale.order"].concat(
            *(self._make_order(self._make_opportunity()) for _i in range(number))
        )
        orders = orders.with_context(tracking_disable=True)
        orders.action_confirm()
        self._enforce(enforce)
        return self._count_queries(orders.action_cancel)

    def test_reopening_by_cancelled_orders_adds_a_constant(self):
        added = []
        for number in (3, 3, 30):  # the first one warms the caches up
            plain = self._cancel(number, enforce=False)
            added.append(self._cancel(number, enforce=True) - plain)
        self.assertLessEqual(added[2], added[1] + 3)
