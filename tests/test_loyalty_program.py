from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import CrmGestionCommon

NOW = "2026-03-02 10:00:00"


class PromotionCommon(CrmGestionCommon):
    """A campaign with a promotion, ten per cent off, for accounts of food industry."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loyalty.program"].search([("active", "=", True)]).active = False
        cls.env["ir.config_parameter"].set_param("loyalty.timezone", "UTC")
        cls.product = cls._make_product()
        cls.food = cls._make_segment(
            "Food", f"[('market_id', 'child_of', {cls.market.id})]"
        )
        cls.campaign = cls._make_campaign("Spring")
        cls.outsider = cls.env["res.partner"].create(
            {"name": "Talleres Norte", "is_company": True, "user_id": cls.seller.id}
        )

    @classmethod
    def _make_segment(cls, name, domain):
        return cls.env["crm.segment"].create({"name": name, "domain": domain})

    @classmethod
    def _make_campaign(cls, name, **values):
        return cls.env["utm.campaign"].create(
            {"title": name, "user_id": cls.head.id, **values}
        )

    def _make_program(self, program_type="promotion", rule=None, reward=None, **values):
        rules = {} if program_type == "coupons" else {"minimum_qty": 0, **(rule or {})}
        Program = self.env["loyalty.program"].with_user(self.director)
        program = Program.create(
            {
                "name": "Ten off",
                "program_type": program_type,
                "applies_on": "current",
                "trigger": "auto" if program_type == "promotion" else "with_code",
                "rule_ids": [Command.create(rules)] if rules else [],
                "reward_ids": [Command.create(reward or {"discount": 10})],
                "communication_plan_ids": [],
                **values,
            }
        )
        return program.with_env(self.env)

    def _make_code(self, **values):
        rule = {"mode": "with_code", "code": "SPRING"}
        return self._make_program("promo_code", rule=rule, **values)

    def _make_order(self, partner=None, user=None, quantity=10, **values):
        user = user or self.seller
        Order = self.env["sale.order"].with_user(user)
        return Order.create(
            {
                "partner_id": (partner or self.contact).id,
                "user_id": user.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "product_uom_qty": quantity}
                    )
                ],
                **values,
            }
        )

    def _apply(self, order):
        """What the button "Reward" of a quotation does, of one reward."""
        order.action_open_reward_wizard()
        return order

    def _enter(self, order, code):
        """What the button "Coupon Code" does."""
        wizard = order.env["sale.loyalty.coupon.wizard"].create(
            {"order_id": order.id, "coupon_code": code}
        )
        action = wizard.action_apply()
        rewards = order.env["sale.loyalty.reward.wizard"].with_context(
            active_id=order.id
        )
        if rewards.create({}).reward_ids:
            wizard = rewards.create({})
            wizard.selected_reward_id = wizard.reward_ids[:1]
            wizard.action_apply()
        return action

    def assertDiscounted(self, order, amount):
        """:param amount: untaxed total that is left"""
        self.assertEqual(order.amount_untaxed, amount)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestPromotionOfSegment(PromotionCommon):
    """A promotion for a segment is for its customers only."""

    def test_automatic_one_is_offered_to_the_segment_only(self):
        self._make_program(segment_id=self.food.id)
        self.assertDiscounted(self._apply(self._make_order()), 900.0)
        self.assertDiscounted(
            self._apply(self._make_order(partner=self.organization)), 900.0
        )
        order = self._apply(self._make_order(partner=self.outsider))
        self.assertDiscounted(order, 1000.0)
        self.assertFalse(order.coupon_point_ids)

    def test_without_a_segment_it_is_for_everybody(self):
        self._make_program()
        self.assertDiscounted(
            self._apply(self._make_order(partner=self.outsider)), 900.0
        )

    def test_segment_of_organizations_serves_their_contacts(self):
        self.food.domain = (
            f"[('is_company', '=', True), ('id', '=', {self.organization.id})]"
        )
        self._make_program(segment_id=self.food.id)
        self.assertDiscounted(self._apply(self._make_order()), 900.0)

    def test_segment_of_contacts_does_not_serve_their_organization(self):
        self.food.domain = f"[('id', '=', {self.contact.id})]"
        self._make_program(segment_id=self.food.id)
        order = self._apply(self._make_order(partner=self.organization))
        self.assertDiscounted(order, 1000.0)

    def test_code_outside_of_the_segment_says_why(self):
        program = self._make_code(segment_id=self.food.id)
        order = self._make_order(partner=self.outsider)
        with self.assertRaisesRegex(ValidationError, "Talleres Norte is not in its"):
            self._enter(order, "SPRING")
        self.assertDiscounted(order, 1000.0)
        self.assertFalse(order.code_enabled_rule_ids)
        inside = self._make_order()
        self._enter(inside, "SPRING")
        self.assertDiscounted(inside, 900.0)
        self.assertEqual(inside._get_applied_programs(), program)

    def test_program_applied_by_code_says_why_too(self):
        """As a client would that skips the dialog."""
        program = self._make_program(segment_id=self.food.id)
        order = self._make_order(partner=self.outsider)
        self.assertIn("other customers", order._try_apply_program(program)["error"])

    def test_another_customer_loses_it(self):
        self._make_program(segment_id=self.food.id)
        order = self._apply(self._make_order())
        order.partner_id = self.outsider
        order.action_confirm()
        self.assertDiscounted(order, 1000.0)
        self.assertFalse(order.order_line.filtered("is_reward_line"))

    def test_code_is_lost_with_the_customer_too(self):
        self._make_code(segment_id=self.food.id)
        order = self._make_order()
        self._enter(order, "SPRING")
        order.partner_id = self.outsider
        order._update_programs_and_rewards()
        self.assertDiscounted(order, 1000.0)
        self.assertFalse(order.code_enabled_rule_ids)

    def test_segment_is_asked_again_at_confirmation(self):
        self._make_program(segment_id=self.food.id)
        order = self._apply(self._make_order())
        self.organization.market_id = False
        order.action_confirm()
        self.assertDiscounted(order, 1000.0)

    def test_confirmed_order_keeps_it(self):
        """A segment of who never bought would take it from the very order."""
        self.food.domain = "[('account_status', '!=', 'customer')]"
        self._make_program(segment_id=self.food.id)
        order = self._apply(self._make_order())
        order.action_confirm()
        self.assertEqual(self.organization.account_status, "customer")
        order._update_programs_and_rewards()
        self.assertDiscounted(order, 900.0)
        later = self._apply(self._make_order())
        self.assertDiscounted(later, 1000.0)

    def test_segment_that_cannot_be_read_stops_no_order(self):
        """A field of its conditions went with another app."""
        self._make_program(segment_id=self.food.id)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_segment SET domain = %s WHERE id = %s",
            ["[('x_gone', '=', 'red')]", self.food.id],
        )
        self.env.invalidate_all()
        order = self._apply(self._make_order())
        order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertDiscounted(order, 1000.0)

    def test_expired_limited_and_archived_ones_do_not_apply(self):
        """As natively."""
        expired = self._make_program(segment_id=self.food.id, date_to="2026-03-01")
        self.assertDiscounted(self._apply(self._make_order()), 1000.0)
        expired.date_to = "2026-03-02"
        expired.write({"limit_usage": True, "max_usage": 1})
        self.assertDiscounted(self._apply(self._make_order()), 900.0)
        self.env.invalidate_all()  # how often it was used
        self.assertDiscounted(self._apply(self._make_order()), 1000.0)
        expired.write({"limit_usage": False, "active": False})
        self.assertDiscounted(self._apply(self._make_order()), 1000.0)

    def test_customer_of_the_portal_gets_it(self):
        """He may not read partners, segments nor programs."""
        self._make_program(segment_id=self.food.id)
        user = self.env["res.users"].create(
            {
                "login": "crm_portal",
                "partner_id": self.contact.id,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        order = self._make_order().with_user(user).sudo()
        self.assertDiscounted(self._apply(order), 900.0)
        order.partner_id = self.outsider
        order._update_programs_and_rewards()
        self.assertDiscounted(order, 1000.0)

    def test_public_visitor_is_in_no_segment(self):
        self._make_program(segment_id=self.food.id)
        public = self.env.ref("base.public_user")
        order = self._make_order(partner=public.partner_id).with_user(public).sudo()
        self.assertDiscounted(self._apply(order), 1000.0)

    def test_many_programs_ask_in_a_fixed_number_of_queries(self):
        order = self._make_order()
        programs = self.env["loyalty.program"]
        for number in range(30):
            segment = self._make_segment(f"S{number}", "[('is_company', '=', True)]")
            programs |= self._make_program(segment_id=segment.id)
        promotion = self.env["crm.promotion"].with_user(self.seller)
        few = programs[:3]

        def ask(some):
            (programs - some).active = False
            some.active = True
            self.env.flush_all()
            promotion._refused(order)

        asked = [
            self._count_queries(lambda p=part: promotion._serving(p.segment_id, order))
            for part in (few, few, programs)
        ]
        self.assertEqual(asked[1], asked[2])

    def test_segment_in_use_is_not_deleted(self):
        self._make_program(segment_id=self.food.id)
        with self.assertRaisesRegex(UserError, "is used by “Ten off”"):
            self.food.unlink()
        self.assertTrue(self.food.exists())

    def test_companies_are_kept_apart(self):
        other = self.env["res.company"].create({"name": "Other"})
        campaign = self._make_campaign("Theirs", company_id=other.id)
        with self.assertRaises(ValidationError):
            self._make_program(campaign_id=campaign.id)
        self.food.company_id = other
        with self.assertRaises(ValidationError):
            self._make_program(segment_id=self.food.id)

    def test_sellers_do_not_change_promotions(self):
        program = self._make_program(segment_id=self.food.id)
        for values in ({"segment_id": False}, {"campaign_id": self.campaign.id}):
            with self.assertRaises(AccessError):
                program.with_user(self.seller).write(values)
        self.assertEqual(program.segment_id, self.food)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestCouponsForSegment(PromotionCommon):
    """Coupons for a segment in one step."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = cls.contact.copy(
            {"name": "Juan Gil", "email": "juan@aceites.example"}
        )

    def _make_coupons(self, **values):
        return self._make_program("coupons", segment_id=self.food.id, **values)

    def _dialog(self, program):
        Wizard = self.env["loyalty.generate.wizard"].with_user(self.director)
        return Form(Wizard.with_context(active_id=program.id))

    def _generate(self, program):
        dialog = self._dialog(program)
        dialog.description = "For spring"
        return dialog.save().generate_coupons()

    def _sent(self):
        mails = self.env["mail.mail"].sudo().search([("model", "=", "loyalty.card")])
        return mails.recipient_ids | self.env["res.partner"].search(
            [("email", "in", mails.filtered("email_to").mapped("email_to"))]
        )

    def test_everybody_in_the_segment_gets_one(self):
        program = self._make_coupons()
        dialog = self._dialog(program)
        self.assertEqual(dialog.segment_id, self.food)
        self.assertEqual(dialog.mode, "selected")
        self.assertEqual(dialog.coupon_qty, 3)
        self.assertEqual(dialog.segment_note, "3 in the segment")
        coupons = self._generate(program)
        self.assertEqual(
            coupons.partner_id, self.organization | self.contact | self.second
        )
        self.assertEqual(coupons.mapped("points"), [1.0, 1.0, 1.0])

    def test_who_has_an_unused_one_is_left_out(self):
        program = self._make_coupons()
        coupons = self._generate(program)
        used = coupons.filtered(lambda c: c.partner_id == self.contact)
        order = self._make_order()
        self._enter(order, used.code)
        order.action_confirm()
        self.assertDiscounted(order, 900.0)
        dialog = self._dialog(program)
        self.assertEqual(dialog.coupon_qty, 1)
        self.assertEqual(
            dialog.segment_note, "3 in the segment, 2 have an unused coupon already"
        )
        self.assertEqual(self._generate(program).partner_id, self.contact)
        with self.assertRaises(UserError):
            self._generate(program)
        self.assertEqual(len(program.coupon_ids), 4)

    def test_expired_ones_are_made_again(self):
        program = self._make_coupons()
        self._generate(program).expiration_date = "2026-03-01"
        self.assertEqual(len(self._generate(program)), 3)

    def test_they_are_sent_but_to_who_wants_no_e_mail(self):
        self.env["mail.blacklist"]._add("juan@aceites.example")
        template = self.env.ref("loyalty.mail_template_loyalty_card")
        program = self._make_coupons(
            communication_plan_ids=[
                Command.create({"trigger": "create", "mail_template_id": template.id})
            ]
        )
        self.assertEqual(
            self._dialog(program).segment_note, "3 in the segment, 1 want no e-mail"
        )
        coupons = self._generate(program)
        self.assertEqual(coupons.partner_id, self.organization | self.contact)
        messages = coupons.message_ids.filtered(
            lambda m: m.message_type != "notification"
        )
        self.assertIn(self.contact, messages.partner_ids | self._sent())

    def test_coupon_serves_its_customer_only(self):
        program = self._make_coupons()
        coupon = self._generate(program).filtered(
            lambda c: c.partner_id == self.contact
        )
        rival = self.organization.copy({"name": "Rival"})
        order = self._make_order(partner=rival)
        with self.assertRaisesRegex(ValidationError, "made out to another customer"):
            self._enter(order, coupon.code)
        self.assertDiscounted(order, 1000.0)
        own = self._make_order(partner=self.organization)
        self._enter(own, coupon.code)
        self.assertDiscounted(own, 900.0)
        own.partner_id = rival
        own._update_programs_and_rewards()
        self.assertDiscounted(own, 1000.0)
        self.assertFalse(own.applied_coupon_ids)

    def test_confirmed_order_keeps_its_coupon(self):
        """Made out to the organization, used by a contact who left it afterwards."""
        coupon = self._generate(self._make_coupons()).filtered(
            lambda c: c.partner_id == self.organization
        )
        order = self._make_order()
        self._enter(order, coupon.code)
        order.action_confirm()
        self.contact.parent_id = self.outsider
        order.action_open_reward_wizard()
        self.assertDiscounted(order, 900.0)
        self.assertEqual(order.applied_coupon_ids, coupon)

    def test_coupon_outside_of_the_segment_says_why(self):
        program = self._make_coupons()
        coupon = self.env["loyalty.card"].create(
            {"program_id": program.id, "points": 1}
        )
        order = self._make_order(partner=self.outsider)
        with self.assertRaisesRegex(ValidationError, "other customers"):
            self._enter(order, coupon.code)
        self.assertDiscounted(order, 1000.0)

    def test_anonymous_coupons_are_as_natively(self):
        program = self._make_program("coupons")
        dialog = self._dialog(program)
        self.assertEqual(dialog.mode, "anonymous")
        dialog.coupon_qty = 4
        dialog.description = "Fair"
        coupons = dialog.save().generate_coupons()
        self.assertEqual(len(coupons), 4)
        self.assertFalse(coupons.partner_id)
        order = self._make_order(partner=self.outsider)
        self._enter(order, coupons[0].code)
        self.assertDiscounted(order, 900.0)

    def test_sellers_make_none(self):
        program = self._make_coupons()
        Wizard = self.env["loyalty.generate.wizard"].with_user(self.seller)
        wizard = Wizard.create(
            {
                "program_id": program.id,
                "mode": "selected",
                "segment_id": self.food.id,
                "description": "For me",
            }
        )
        with self.assertRaises(AccessError):
            wizard.generate_coupons()
        self.assertFalse(program.coupon_ids)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestPromotionResult(PromotionCommon):
    """What a promotion brought in, worked out by hand."""

    def _confirm(self, *args, **kwargs):
        order = self._apply(self._make_order(*args, **kwargs))
        order.action_confirm()
        return order

    def _read(self, program, user=None):
        program = program.with_user(user or self.director)
        program.invalidate_recordset()
        return (
            program.result_order_count,
            program.result_revenue,
            program.result_discount,
            program.result_coupon_count,
            program.result_coupon_used_count,
        )

    def test_order_gets_the_campaign_of_its_promotion(self):
        self._make_program(campaign_id=self.campaign.id)
        lead = self._make_lead(partner_id=self.contact.id)
        order = self._apply(self._make_order(opportunity_id=lead.id))
        self.assertFalse(order.campaign_id)
        order.action_confirm()
        self.assertEqual(order.campaign_id, self.campaign)
        self.assertFalse(lead.campaign_id)

    def test_order_keeps_the_campaign_it_has(self):
        self._make_program(campaign_id=self.campaign.id)
        own = self._make_campaign("Its own")
        order = self._confirm(campaign_id=own.id)
        self.assertEqual(order.campaign_id, own)

    def test_promotion_that_does_not_apply_gives_no_campaign(self):
        self._make_program(campaign_id=self.campaign.id, segment_id=self.food.id)
        self.assertFalse(self._confirm(partner=self.outsider).campaign_id)

    def test_orders_revenue_and_discount(self):
        program = self._make_program()
        self.assertEqual(self._read(program), (0, 0.0, 0.0, 0, 0))
        self._confirm(quantity=10)  # 1000 - 100
        self._confirm(quantity=4)  # 400 - 40
        self._confirm(quantity=7).action_cancel()
        self._apply(self._make_order(quantity=5))  # not confirmed
        self.assertEqual(self._read(program)[:3], (2, 1260.0, 140.0))

    def test_tax_is_not_counted(self):
        self.product.taxes_id = self.env["account.tax"].create(
            {"name": "21", "amount": 21.0, "type_tax_use": "sale"}
        )
        program = self._make_program()
        order = self._confirm()
        self.assertEqual(order.amount_total, 1089.0)
        self.assertEqual(self._read(program)[:3], (1, 900.0, 100.0))

    def test_order_with_two_promotions_counts_in_both(self):
        ten = self._make_program()
        five = self._make_program(
            name="Five off",
            reward={
                "discount": 5,
                "discount_applicability": "specific",
                "discount_product_ids": [Command.set(self.product.ids)],
            },
        )
        order = self._make_order()
        order._update_programs_and_rewards()
        for coupon in order.coupon_point_ids.coupon_id:
            order._apply_program_reward(coupon.program_id.reward_ids, coupon)
        order._update_programs_and_rewards()
        order.action_confirm()
        discounts = {
            program: -sum(
                order.order_line.filtered(
                    lambda line, p=program: line.reward_id.program_id == p
                ).mapped("price_subtotal")
            )
            for program in ten | five
        }
        self.assertEqual(sum(discounts.values()), 1000.0 - order.amount_untaxed)
        for program, discount in discounts.items():
            self.assertGreater(discount, 0)
            self.assertEqual(
                self._read(program)[:3], (1, order.amount_untaxed, discount)
            )

    def test_free_product_is_worth_its_list_price(self):
        gift = self.env["product.product"].create(
            {"name": "Mug", "list_price": 12.5, "taxes_id": False}
        )
        program = self._make_program(
            reward={
                "reward_type": "product",
                "reward_product_id": gift.id,
                "reward_product_qty": 2,
            }
        )
        self._confirm(quantity=10)
        self._confirm(quantity=1)
        self.assertEqual(self._read(program)[:3], (2, 1100.0, 50.0))

    def test_gift_card_pays_and_gives_no_discount(self):
        program = self._make_program(
            "gift_card",
            reward={
                "reward_type": "discount",
                "discount_mode": "per_point",
                "discount": 1,
                "discount_applicability": "order",
                "required_points": 1,
            },
            applies_on="future",
        )
        card = self.env["loyalty.card"].create(
            {"program_id": program.id, "points": 300}
        )
        order = self._make_order()
        self._enter(order, card.code)
        order.action_confirm()
        self.assertEqual(order.amount_total, 700.0)
        count, _revenue, discount, cards, used = self._read(program)
        self.assertEqual((count, discount, cards, used), (1, 0.0, 1, 1))

    def test_coupons_issued_and_used(self):
        program = self._make_program("coupons")
        coupons = self.env["loyalty.card"].create(
            [{"program_id": program.id, "points": 1} for _number in range(3)]
        )
        order = self._make_order()
        self._enter(order, coupons[0].code)
        self.assertEqual(self._read(program), (0, 0.0, 0.0, 3, 0))
        order.action_confirm()
        self.assertEqual(self._read(program), (1, 900.0, 100.0, 3, 1))
        order.action_cancel()
        self.assertEqual(self._read(program), (0, 0.0, 0.0, 3, 0))

    def test_other_currency_counts_at_the_rate_of_the_order(self):
        currency = self._other_currency()
        pricelist = self.env["product.pricelist"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        program = self._make_program(name="For all", reward={"discount": 10})
        order = self._make_order(quantity=10, pricelist_id=pricelist.id)
        order.order_line.price_unit = 200.0
        self._apply(order)
        order.action_confirm()
        self.assertEqual(order.currency_rate, 2.0)
        currency.rate_ids.rate = 4.0  # somebody corrects it later
        self.assertEqual(order.amount_untaxed, 1800.0)
        self.assertEqual(self._read(program)[:3], (1, 900.0, 100.0))

    def _other_currency(self):
        currency = self.env["res.currency"].create({"name": "ZZZ", "symbol": "Z"})
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "name": "2026-01-01",
                "rate": 2.0,
                "company_id": self.env.company.id,
            }
        )
        return currency

    def test_program_for_all_companies(self):
        """The orders of the companies that the director works in, in the currency of
        the first one."""
        currency = self._other_currency()
        other = self.env["res.company"].create(
            {"name": "Abroad", "currency_id": currency.id}
        )
        self.director.company_ids |= other
        program = self._make_program(
            company_id=False, currency_id=self.env.company.currency_id.id
        )
        self._confirm(quantity=10)
        order = self._apply(
            self._make_order(
                partner=self.outsider, user=self.director, company_id=other.id
            ).with_company(other)
        )
        order.order_line.filtered(lambda line: not line.reward_id).price_unit = 300.0
        self._apply(order)
        order.action_confirm()
        self.assertEqual(order.amount_untaxed, 2700.0)
        both = (self.env.company | other).ids
        program = program.with_user(self.director)
        in_both = program.with_context(allowed_company_ids=both)
        # 900 + 2700 / 2, 100 + 300 / 2
        self.assertEqual(self._read(in_both)[:3], (2, 2250.0, 250.0))
        alone = program.with_context(allowed_company_ids=self.env.company.ids)
        self.assertEqual(self._read(alone)[:3], (1, 900.0, 100.0))

    def test_who_sees_results(self):
        program = self._make_program(campaign_id=self.campaign.id)
        self._confirm()
        nothing = (0, 0.0, 0.0, 0, 0)
        self.assertEqual(self._read(program, self.head)[:3], (1, 900.0, 100.0))
        for user in (self.seller, self.south_head, self.native):
            with self.subTest(user=user.name):
                self.assertFalse(program.with_user(user).crm_may_see_money)
                self.assertEqual(self._read(program, user), nothing)

    def test_results_are_not_searched_nor_grouped(self):
        program = self._make_program(campaign_id=self.campaign.id)
        for user in (self.seller, self.director):
            Program = program.with_user(user)
            with self.assertRaises(ValueError):
                Program.search([("result_revenue", ">", 0)])
            with self.assertRaises(ValueError):
                Program.formatted_read_group(
                    [], ["campaign_id"], ["result_revenue:sum"]
                )

    def test_campaign_shows_its_promotions(self):
        program = self._make_program(campaign_id=self.campaign.id)
        self._confirm()
        program.active = False
        campaign = self.campaign.with_user(self.head)
        self.assertEqual(campaign.program_ids, program)
        self.assertEqual(campaign.program_ids.result_revenue, 900.0)
        other = self.campaign.with_user(self.seller)
        self.assertEqual(other.program_ids.result_revenue, 0.0)
        # who has no rights on promotions opens the campaign without them
        self.assertNotIn(
            "program_ids", self.campaign.with_user(self.employee).fields_get()
        )

    def test_button_opens_the_confirmed_orders(self):
        program = self._make_program()
        order = self._confirm()
        self._apply(self._make_order())
        action = program.with_user(self.director).action_crm_orders()
        orders = self.env["sale.order"].with_user(self.director)
        self.assertEqual(orders.search(action["domain"]), order)

    def test_results_of_many_cost_as_few_queries(self):
        programs = self.env["loyalty.program"]
        for number in range(30):
            programs |= self._make_code_for(number)
        programs = programs.with_user(self.director)
        self.assertEqual(set(programs.mapped("result_order_count")), {1})
        fields = ["result_revenue", "result_discount", "result_coupon_used_count"]
        self.assertFlatGrowth(lambda some: some.read(fields), programs[:3], programs)

    def _make_code_for(self, number):
        program = self._make_program(
            "promo_code", rule={"mode": "with_code", "code": f"CODE{number}"}
        )
        order = self._make_order()
        self._enter(order, f"CODE{number}")
        order.action_confirm()
        return program
