from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import CrmGestionCommon

NOW = "2026-03-02 10:00:00"


class LineCommon(CrmGestionCommon):
    """A company that reports in its own currency and quotes some customers in dollars:
    one dollar is worth 0.5 of it on the 1st of March 2026, 0.4 from the 10th."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        pricelists = cls.env.ref("product.group_product_pricelist")
        cls.env.ref("base.group_user").implied_ids |= pricelists
        cls.env["product.pricelist"].search([]).action_archive()
        cls.product = cls._make_product()
        cls.training = cls.env["product.product"].create(
            {"name": "Training", "list_price": 60.0, "taxes_id": False}
        )
        cls.currency = cls.env.company.currency_id
        cls.dollar = cls._make_currency("TUD", {"2026-03-01": 2.0, "2026-03-10": 2.5})
        _public, cls.pricelist = cls.env["product.pricelist"].create(
            [
                {"name": "For everybody", "sequence": 1},
                {"name": "In dollars", "currency_id": cls.dollar.id, "sequence": 2},
            ]
        )

    @classmethod
    def _make_currency(cls, name, rates):
        return cls.env["res.currency"].create(
            {
                "name": name,
                "symbol": name,
                "rounding": 0.01,
                "rate_ids": [
                    Command.create(
                        {"name": day, "rate": rate, "company_id": cls.env.company.id}
                    )
                    for day, rate in rates.items()
                ],
            }
        )

    @classmethod
    def _in_dollars(cls):
        cls.organization.property_product_pricelist = cls.pricelist

    @classmethod
    def _line(cls, product=None, quantity=1.0, **values):
        product = product or cls.product
        return {"product_id": product.id, "quantity": quantity, **values}

    @classmethod
    def _make_sale(cls, *lines, user=None, **values):
        """An opportunity with these lines, or with two licenses."""
        return cls._make_lead(
            user,
            **{
                "partner_id": cls.contact.id,
                "stage_id": cls.size_proposal.id,
                "probability": 40.0,
                "expected_revenue": 0.0,
                "line_ids": [
                    Command.create(line) for line in lines or [cls._line(quantity=2)]
                ],
                **values,
            },
        )

    def assertAmount(self, lead, amount, typed=False):
        self.assertRecordValues(
            lead, [{"expected_revenue": amount, "is_revenue_typed": typed}]
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestPrices(LineCommon):
    """What a line costs: the customer's pricelist, until somebody types a price."""

    def test_line_is_filled_from_its_product(self):
        self.product.description_sale = "For one year"
        line = self._make_lead(partner_id=self.contact.id).line_ids.create(
            {"lead_id": self._make_lead().id, "product_id": self.product.id}
        )
        self.assertRecordValues(
            line,
            [
                {
                    "name": "License\nFor one year",
                    "quantity": 1.0,
                    "uom_id": self.product.uom_id.id,
                    "price_unit": 100.0,
                    "discount": 0.0,
                    "subtotal": 100.0,
                    "currency_id": self.currency.id,
                    "company_subtotal": 100.0,
                    "company_id": self.env.company.id,
                }
            ],
        )

    def test_price_follows_the_pricelist_with_its_quantities(self):
        self.pricelist.item_ids = [
            Command.create(
                {
                    "applied_on": "3_global",
                    "compute_price": "fixed",
                    "fixed_price": price,
                    "min_quantity": quantity,
                }
            )
            for quantity, price in ((0, 180.0), (10, 150.0))
        ]
        self._in_dollars()
        lead = self._make_sale(self._line(quantity=2), self._line(quantity=12))
        self.assertEqual(lead.line_ids.mapped("price_unit"), [180.0, 150.0])
        self.assertEqual(lead.line_ids.currency_id, self.dollar)
        self.assertEqual(lead.line_ids.mapped("company_subtotal"), [180.0, 900.0])
        lead.line_ids[0].with_user(self.seller).quantity = 10
        self.assertEqual(lead.line_ids[0].price_unit, 150.0)
        self.assertAmount(lead, 1650.0)

    def test_price_is_per_unit_of_the_line(self):
        unit = self.product.uom_id
        dozen = self.env["uom.uom"].create(
            {"name": "A dozen", "relative_factor": 12, "relative_uom_id": unit.id}
        )
        self.product.uom_ids = dozen
        lead = self._make_sale()
        self.assertEqual(lead.line_ids.allowed_uom_ids, unit | dozen)
        lead.line_ids.with_user(self.seller).uom_id = dozen
        self.assertRecordValues(
            lead.line_ids, [{"price_unit": 1200.0, "subtotal": 2400.0}]
        )

    def test_typed_price_stays_when_quantity_changes(self):
        lead = self._make_sale()
        line = lead.line_ids.with_user(self.seller)
        line.price_unit = 77.0
        line.quantity = 10
        self.assertRecordValues(line, [{"price_unit": 77.0, "subtotal": 770.0}])
        line.price_unit = 0.0
        line.quantity = 5
        self.assertRecordValues(line, [{"price_unit": 0.0, "subtotal": 0.0}])

    def test_price_given_at_creation_is_typed(self):
        """A gift and the price of an import stay."""
        lead = self._make_sale(
            self._line(quantity=2, price_unit=0.0),
            self._line(quantity=2, price_unit=100.0),
        )
        lead.line_ids.write({"quantity": 20})
        self.product.list_price = 500.0
        lead.line_ids.write({"quantity": 3})
        self.assertEqual(lead.line_ids.mapped("price_unit"), [0.0, 100.0])

    def test_discount_lowers_the_subtotal(self):
        lead = self._make_sale(self._line(quantity=3, discount=10.0))
        self.assertRecordValues(lead.line_ids, [{"subtotal": 270.0}])

    def test_without_pricelists_prices_are_those_of_the_products(self):
        self._in_dollars()
        group = self.env.ref("product.group_product_pricelist")
        self.env.ref("base.group_user").implied_ids -= group
        lead = self._make_sale()
        self.assertRecordValues(
            lead.line_ids,
            [
                {
                    "price_unit": 100.0,
                    "currency_id": self.currency.id,
                    "subtotal": 200.0,
                }
            ],
        )

    def test_another_customer_converts_typed_prices(self):
        lead = self._make_sale(self._line(quantity=2), self._line(price_unit=50.0))
        self.assertAmount(lead, 250.0)
        american = self.env["res.partner"].create({"name": "American"})
        american.property_product_pricelist = self.pricelist
        lead.with_user(self.seller).partner_id = american
        self.assertEqual(lead.line_ids.currency_id, self.dollar)
        self.assertEqual(lead.line_ids.mapped("price_unit"), [200.0, 100.0])
        self.assertEqual(lead.line_ids.mapped("subtotal"), [400.0, 100.0])
        self.assertAmount(lead, 250.0)
        lead.with_user(self.seller).partner_id = american
        self.assertEqual(lead.line_ids.mapped("price_unit"), [200.0, 100.0])

    def test_customer_of_a_closed_opportunity_changes_no_price(self):
        lead = self._make_sale()
        lead.action_set_lost(lost_reason_id=self.price.id)
        american = self.env["res.partner"].create({"name": "American"})
        american.property_product_pricelist = self.pricelist
        lead.partner_id = american
        self.assertRecordValues(
            lead.line_ids, [{"price_unit": 100.0, "currency_id": self.currency.id}]
        )
        self.assertAmount(lead, 200.0)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestExpectedRevenue(LineCommon):
    """The amount follows the lines until somebody types another one."""

    def test_amount_follows_the_lines(self):
        lead = self._make_lead(expected_revenue=1000.0).with_user(self.seller)
        line = self.env["crm.opportunity.line"].with_user(self.seller)
        line = line.create({"lead_id": lead.id, **self._line(quantity=2)})
        self.assertAmount(lead, 200.0)
        line.quantity = 3
        self.assertAmount(lead, 300.0)
        lead.line_ids = [Command.create(self._line(self.training))]
        self.assertAmount(lead, 360.0)
        line.unlink()
        self.assertAmount(lead, 60.0)
        lead.line_ids.unlink()
        self.assertAmount(lead, 60.0)

    def test_typed_amount_stops_following_until_asked_to(self):
        lead = self._make_sale().with_user(self.seller)
        lead.expected_revenue = 180.0
        self.assertAmount(lead, 180.0, typed=True)
        lead.line_ids.quantity = 5
        self.assertAmount(lead, 180.0, typed=True)
        lead.action_follow_lines()
        self.assertAmount(lead, 500.0)
        lead.line_ids.quantity = 6
        self.assertAmount(lead, 600.0)

    def test_typing_the_total_follows_again(self):
        lead = self._make_sale().with_user(self.seller)
        lead.expected_revenue = 180.0
        lead.expected_revenue = 200.0
        self.assertAmount(lead, 200.0)

    def test_created_with_lines_and_an_amount(self):
        for amount, expected, typed in (
            (0.0, 200.0, False),
            (200.0, 200.0, False),
            (150.0, 150.0, True),
        ):
            with self.subTest(amount=amount):
                values = {"expected_revenue": amount} if amount else {}
                lead = self.env["crm.lead"].create(
                    {
                        "name": "Imported",
                        "type": "opportunity",
                        "line_ids": [Command.create(self._line(quantity=2))],
                        **values,
                    }
                )
                self.assertAmount(lead, expected, typed)

    def test_imported_with_lines_and_an_amount(self):
        columns = [
            "name", "type", "expected_revenue", "line_ids/product_id/.id",
            "line_ids/quantity", "line_ids/price_unit",
        ]  # fmt: skip
        product = str(self.product.id)
        result = (
            self.env["crm.lead"]
            .with_user(self.director)
            .load(
                columns,
                [
                    ["Equal", "opportunity", "250", product, "2", "100"],
                    ["", "", "", product, "1", "50"],
                    ["Another", "opportunity", "240", product, "2", "125"],
                    ["None", "opportunity", "", product, "2", "30"],
                ],
            )
        )
        self.assertFalse(result["messages"])
        equal, another, without = self.env["crm.lead"].browse(result["ids"])
        self.assertAmount(equal, 250.0)
        self.assertAmount(another, 240.0, typed=True)
        self.assertAmount(without, 60.0)

    def test_written_with_lines_and_an_amount(self):
        lead = self._make_sale().with_user(self.seller)
        line = lead.line_ids
        lead.write(
            {
                "expected_revenue": 500.0,
                "line_ids": [Command.update(line.id, {"quantity": 5})],
            }
        )
        self.assertAmount(lead, 500.0)
        lead.write(
            {
                "expected_revenue": 500.0,
                "line_ids": [Command.update(line.id, {"quantity": 7})],
            }
        )
        self.assertAmount(lead, 500.0, typed=True)

    def test_form_shows_the_amount_before_it_is_saved(self):
        lead = self._make_lead(partner_id=self.contact.id).with_user(self.seller)
        with Form(lead) as form:
            with form.line_ids.new() as line:
                line.product_id = self.product
                line.quantity = 3
            self.assertEqual(form.expected_revenue, 300.0)
            with form.line_ids.edit(0) as line:
                line.price_unit = 90.0
                line.quantity = 4
                self.assertEqual(line.price_unit, 90.0)
            self.assertEqual(form.expected_revenue, 360.0)
        self.assertAmount(lead, 360.0)
        self.assertEqual(lead.line_ids.price_unit, 90.0)
        with Form(lead) as form:
            form.expected_revenue = 350.0
            self.assertTrue(form.is_revenue_typed)
            with form.line_ids.edit(0) as line:
                line.quantity = 5
                self.assertEqual(line.price_unit, 90.0)
            self.assertEqual(form.expected_revenue, 350.0)
        self.assertAmount(lead, 350.0, typed=True)

    def test_form_of_a_new_opportunity_in_dollars(self):
        self._in_dollars()
        Lead = self.env["crm.lead"].with_user(self.seller)
        with Form(Lead.with_context(default_type="opportunity")) as form:
            form.name = "New"
            with form.line_ids.new() as line:
                line.product_id = self.product
            self.assertEqual(form.expected_revenue, 100.0)
            form.partner_id = self.contact
            with form.line_ids.edit(0) as line:
                self.assertEqual(line.price_unit, 200.0)
                line.quantity = 2
                self.assertEqual(line.subtotal, 400.0)
            self.assertEqual(form.expected_revenue, 200.0)
        lead = form.record
        self.assertAmount(lead, 200.0)
        self.assertEqual(lead.line_ids.currency_id, self.dollar)

    def test_higher_order_still_raises_the_amount(self):
        lead = self._make_sale(company_id=self.env.company.id)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "opportunity_id": lead.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.product.id, "product_uom_qty": 9}
                    )
                ],
            }
        )
        order.action_confirm()
        self.assertAmount(lead, 900.0, typed=True)

    def test_closed_opportunity_keeps_its_amount(self):
        lead = self._make_sale()
        lead.action_set_lost(lost_reason_id=self.price.id)
        line = lead.line_ids.with_user(self.seller)
        line.quantity = 5
        self.assertAmount(lead, 200.0)
        with self.assertRaises(UserError):
            lead.with_user(self.seller).action_follow_lines()
        self.assertAmount(lead, 200.0)
        with Form(lead.with_user(self.seller)) as form:
            with form.line_ids.edit(0) as edited:
                edited.quantity = 6
            self.assertEqual(form.expected_revenue, 200.0)
        self.assertAmount(lead, 200.0)
        lead.with_user(self.seller).action_crm_resume()
        self.assertAmount(lead, 600.0)

    def test_copy_has_the_lines(self):
        lead = self._make_sale(self._line(quantity=2), self._line(price_unit=50.0))
        copy = lead.with_user(self.seller).copy()
        self.assertEqual(copy.line_ids.mapped("quantity"), [2.0, 1.0])
        self.assertEqual(copy.line_ids.mapped("price_unit"), [100.0, 50.0])
        self.assertAmount(copy, 250.0)
        copy.line_ids[1].quantity = 2
        self.assertEqual(copy.line_ids[1].price_unit, 50.0)
        lead.expected_revenue = 240.0
        self.assertAmount(lead.copy(), 240.0, typed=True)

    def test_merge_keeps_the_lines_of_all(self):
        winner = self._make_sale(probability=90.0, name="Winner")
        other = self._make_sale(self._line(self.training), probability=20.0)
        lines = winner.line_ids | other.line_ids
        merged = (winner | other).with_user(self.seller).merge_opportunity()
        self.assertEqual(merged, winner)
        self.assertEqual(merged.line_ids, lines)
        self.assertAmount(merged, 260.0)

    def test_merge_keeps_the_typed_amount_of_the_winner(self):
        winner = self._make_sale(probability=90.0, expected_revenue=190.0)
        other = self._make_sale(self._line(self.training), probability=20.0)
        merged = (winner | other).with_user(self.seller).merge_opportunity()
        self.assertEqual(merged, winner)
        self.assertEqual(len(merged.line_ids), 2)
        self.assertAmount(merged, 190.0, typed=True)

    def test_merge_prices_for_the_customer_of_the_winner(self):
        american = self.env["res.partner"].create({"name": "American"})
        american.property_product_pricelist = self.pricelist
        winner = self._make_sale(probability=90.0)
        other = self._make_sale(
            self._line(price_unit=30.0), probability=20.0, partner_id=american.id
        )
        self.assertEqual(other.line_ids.currency_id, self.dollar)
        merged = (winner | other).merge_opportunity()
        self.assertEqual(merged.line_ids.currency_id, self.currency)
        self.assertEqual(merged.line_ids.mapped("price_unit"), [100.0, 15.0])
        self.assertAmount(merged, 215.0)

    def test_line_that_goes_to_another_opportunity_takes_its_amount_along(self):
        mine, other = self._make_sale(), self._make_sale(self._line(self.training))
        line = mine.line_ids.with_user(self.seller)
        mine.line_ids = [Command.create(self._line(price_unit=5.0))]
        line.lead_id = other
        self.assertAmount(mine, 5.0)
        self.assertAmount(other, 260.0)

    def test_deleted_opportunity_takes_its_lines_along(self):
        lead = self._make_sale()
        line = lead.line_ids
        lead.unlink()
        self.assertFalse(line.exists())


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestReconversion(LineCommon):
    """Lines in dollars, reports in the company's currency."""

    def setUp(self):
        super().setUp()
        self._in_dollars()
        self.lead = self._make_sale()

    def _run_cron(self, day="2026-03-10 03:00:00"):
        """:return: how often the cron committed"""
        Cron = self.env.registry["ir.cron"]
        with (
            freeze_time(day),
            patch.object(Cron, "_commit_progress", return_value=60.0) as commit,
        ):
            self.env.ref("crm_gestion.ir_cron_reconvert_lines")
            self.env["crm.opportunity.line"]._cron_reconvert()
        return commit.call_count

    def test_amount_is_converted_at_the_rate_of_the_day(self):
        self.assertRecordValues(
            self.lead.line_ids,
            [
                {
                    "price_unit": 200.0,
                    "currency_id": self.dollar.id,
                    "subtotal": 400.0,
                    "company_currency_id": self.currency.id,
                    "company_subtotal": 200.0,
                }
            ],
        )
        self.assertAmount(self.lead, 200.0)

    def test_every_night_open_opportunities_are_converted_again(self):
        typed = self._make_sale(expected_revenue=190.0)
        paused, lost = self._make_sale(), self._make_sale()
        self.env["crm.opportunity.closure"]._close(
            paused, "standby", wake_date=date(2026, 4, 1)
        )
        lost.action_set_lost(lost_reason_id=self.price.id)
        self._run_cron()
        self.assertAmount(self.lead, 160.0)
        self.assertAmount(typed, 190.0, typed=True)
        self.assertAmount(paused, 200.0)
        self.assertAmount(lost, 200.0)
        self.assertEqual(self.lead.line_ids.company_subtotal, 160.0)
        self.assertEqual(self.lead.line_ids.subtotal, 400.0)
        self.assertEqual(lost.line_ids.company_subtotal, 200.0)
        with freeze_time("2026-03-11 09:00:00"):
            paused.with_user(self.seller).action_crm_resume()
        self.assertAmount(paused, 160.0)

    def test_conversion_is_idempotent_and_silent(self):
        self.env.flush_all()
        self.cr.precommit.run()
        messages = self.lead.message_ids
        self._run_cron()
        self.cr.precommit.run()
        self.assertEqual(self.lead.message_ids, messages)
        before = self.lead.write_date
        with freeze_time("2026-03-11 03:00:00"):
            queries = []
            execute = type(self.cr).execute

            def spy(cursor, query, *args, **kwargs):
                queries.append(str(query))
                return execute(cursor, query, *args, **kwargs)

            with patch.object(type(self.cr), "execute", spy):
                self._run_cron("2026-03-11 03:00:00")
        self.assertEqual(self.lead.write_date, before)
        updates = [q for q in queries if "UPDATE" in q and "crm_" in q]
        self.assertEqual(updates, [])
        self.assertAmount(self.lead, 160.0)

    def test_conversion_goes_in_batches(self):
        leads = self.lead
        for _i in range(4):
            leads |= self._make_sale()
        target = "odoo.addons.crm_gestion.models.crm_opportunity_amount.BATCH"
        with patch(target, 2):
            self.assertEqual(self._run_cron(), 3)
        self.assertEqual(leads.mapped("expected_revenue"), [160.0] * 5)

    def test_interrupted_run_goes_on_where_it_stopped(self):
        leads = self.lead | self._make_sale() | self._make_sale()
        target = "odoo.addons.crm_gestion.models.crm_opportunity_amount.BATCH"
        Cron = self.env.registry["ir.cron"]
        with (
            patch(target, 2),
            freeze_time("2026-03-10 03:00:00"),
            patch.object(Cron, "_commit_progress", return_value=0.0),
        ):
            self.env["crm.opportunity.line"]._cron_reconvert()
            self.assertEqual(leads.mapped("expected_revenue"), [160.0, 160.0, 200.0])
            self.env["crm.opportunity.line"]._cron_reconvert()
        self.assertEqual(leads.mapped("expected_revenue"), [160.0] * 3)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestProductAnalysis(LineCommon):
    def test_measures_by_what_the_opportunity_says(self):
        self._in_dollars()
        lead = self._make_sale(
            date_deadline="2026-05-10",
            market_id=self.market.id,
            origination_id=self.cold_call.id,
        )
        won = self._make_sale(self._line(self.training, 5))
        won.action_set_won()
        Line = self.env["crm.opportunity.line"].with_user(self.head)
        domain = [("lead_id", "in", (lead | won).ids)]
        for groupby, expected in {
            "product_id": {self.product.id: (2.0, 200.0), self.training.id: (5, 300)},
            "categ_id": {self.product.categ_id.id: (7.0, 500.0)},
            "user_id": {self.seller.id: (7.0, 500.0)},
            "team_id": {self.north.id: (7.0, 500.0)},
            "stage_id": {
                self.size_proposal.id: (2.0, 200.0),
                self.sales_order.id: (5.0, 300.0),
            },
            "closure_kind": {False: (2.0, 200.0), "won": (5.0, 300.0)},
            "market_id": {self.market.id: (7.0, 500.0)},
            "origination_id": {self.cold_call.id: (2.0, 200.0), False: (5, 300)},
            "date_deadline:month": {"2026-05-01": (2.0, 200.0), False: (5, 300)},
        }.items():
            with self.subTest(groupby=groupby):
                groups = Line.formatted_read_group(
                    domain, [groupby], ["quantity:sum", "company_subtotal:sum"]
                )
                found = {
                    value[0] if isinstance(value := group[groupby], tuple) else value: (
                        group["quantity:sum"],
                        group["company_subtotal:sum"],
                    )
                    for group in groups
                }
                self.assertEqual(found, expected)
                name = groupby.partition(":")[0]
                self.assertTrue(Line.fields_get([name])[name]["groupable"])


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestLineRights(LineCommon):
    def test_line_cannot_be_moved_to_an_opportunity_beyond_reach(self):
        mine, his = self._make_sale(), self._make_sale(user=self.stranger)
        with self.assertRaises(AccessError):
            mine.line_ids.with_user(self.seller).lead_id = his
        with self.assertRaises(AccessError):
            his.line_ids.with_user(self.seller).quantity = 3
        self.env.invalidate_all()
        self.assertAmount(mine, 200.0)
        self.assertAmount(his, 200.0)

    def test_native_salesman_copies_his_opportunity_with_lines(self):
        lead = self._make_sale(user=self.native, team_id=False)
        copy = lead.with_user(self.native).copy()
        self.assertAmount(copy, 200.0)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestLineGrowth(LineCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._in_dollars()
        cls.Lead = cls.env["crm.lead"].with_context(tracking_disable=True)
        cls.Lead = cls.Lead.with_user(cls.seller)

    def _make_sales(self, number):
        return self.Lead.create(
            [
                {
                    "name": f"Sale {i}",
                    "type": "opportunity",
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "partner_id": self.contact.id,
                    "line_ids": [
                        Command.create(self._line(quantity=2, discount=i / 10)),
                        Command.create(self._line(self.training)),
                    ],
                }
                for i in range(number)
            ]
        )

    def test_adding_and_changing_lines(self):
        leads = self._make_sales(33)

        def add(leads):
            self.env["crm.opportunity.line"].with_user(self.seller).with_context(
                tracking_disable=True
            ).create([{"lead_id": lead.id, **self._line(quantity=3)} for lead in leads])

        def change(leads):
            leads.line_ids.write({"quantity": 7})

        def move(leads):
            partner = self.env["res.partner"].create({"name": "Other"})
            leads.write({"partner_id": partner.id})

        for function in (add, change, move):
            with self.subTest(function=function.__name__):
                self.assertFlatGrowth(function, leads[:3], leads[3:])

    def test_conversion(self):
        leads = self._make_sales(33)
        rate = iter(range(3, 100))

        def convert(leads):
            self.dollar.rate_ids[0].rate = next(rate)
            Amount = self.env["crm.opportunity.amount"]
            Amount._reconvert(leads)
            Amount._follow(leads)

        self.assertFlatGrowth(convert, leads[:3], leads[3:])
