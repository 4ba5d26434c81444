from datetime import date
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.crm_gestion.models.crm_objective_metric import METRICS

from .test_crm_objective import ObjectiveCommon

MAIL = "mail.mail_activity_data_email"


@tagged("post_install", "-at_install")
@freeze_time("2026-03-18 10:00:00")
class TestObjectiveFigure(ObjectiveCommon):
    """Every figure worked out by hand. The company has euros; a dollar is 2 to the euro
    until 14 March, and 4 from 15 March on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for company in cls.company | cls.other:
            cls.env["account.chart.template"].try_loading(
                "generic_coa", company=company, install_demo=False
            )
        (cls.company | cls.other).write({"currency_id": cls.euro.id})
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", (cls.euro | cls.dollar).ids)]
        ).unlink()
        for day, rate in [("2026-01-01", 2), ("2026-03-15", 4)]:
            cls.env["res.currency.rate"].create(
                {
                    "name": day,
                    "rate": rate,
                    "currency_id": cls.dollar.id,
                    "company_id": cls.company.id,
                }
            )
        cls.dollars = cls.env["product.pricelist"].create(
            {"name": "Dollars", "currency_id": cls.dollar.id}
        )
        # below North, and below that
        cls.near = cls._make_team("Near", cls.head, cls.env["res.users"])
        cls.far = cls._make_team("Far", cls.head, cls.env["res.users"])
        cls.near.parent_id = cls.north
        cls.far.parent_id = cls.near

    def _invoice(self, amount, day="2026-03-10", move_type="out_invoice", **values):
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "company_id": self.company.id,
                "partner_id": self.contact.id,
                "invoice_date": day,
                "invoice_user_id": self.seller.id,
                "team_id": self.north.id,
                "currency_id": self.euro.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "License",
                            "quantity": 1,
                            "price_unit": amount,
                            "tax_ids": values.pop("tax_ids", False),
                        }
                    )
                ],
                **values,
            }
        )
        move.action_post()
        return move

    def _pay(self, invoice, amount, day, currency=None, **values):
        journal = self.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", self.company.id)], limit=1
        )
        method = journal.inbound_payment_method_line_ids[:1]
        if invoice.move_type == "out_refund":
            method = journal.outbound_payment_method_line_ids[:1]
        if not method.payment_account_id:
            method.payment_account_id = self.env["account.account"].create(
                {
                    "name": "Outstanding", "reconcile": True,
                    "code": f"9988{method.id}",
                    "account_type": "asset_current",
                    "company_ids": self.company.ids,
                }
            )  # fmt: skip
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create(
            {
                "amount": amount,
                "payment_date": day,
                "journal_id": journal.id,
                "payment_method_line_id": method.id,
                "currency_id": (currency or self.euro).id,
                **values,
            }
        )._create_payments()

    def _assert(self, metric, expected, **values):
        objective = self._objective(metric, **values)
        actual = self._actual(objective)
        self.assertEqual(actual, expected)
        objective.unlink()
        return actual

    # === SALES === #

    def test_sales_are_confirmed_orders_untaxed(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT", "amount": 21, "company_id": self.company.id}
        )
        order = self._order(100, day="2026-03-01 00:00:00")
        order.order_line.tax_ids = tax
        self.assertEqual(order.amount_total, 121)
        self._order(20, day="2026-03-31 21:59:59")  # 23:59:59 in Madrid
        self._order(1000, day="2026-03-31 22:00:00")  # 1 April in Madrid
        self._order(3, day="2026-02-28 23:00:00")  # 1 March in Madrid
        self._order(1000, day="2026-02-28 22:59:59")
        self._order(1000, state="draft")
        self._order(1000, state="sent")
        self._order(1000, state="cancel")
        self._order(7, user_id=self.colleague.id)
        self._order(11, user_id=False, team_id=self.far.id)
        self._order(13, user_id=self.stranger.id, team_id=self.south.id)
        self._assert("sales", 123)
        self._assert("sales", 7, user_id=self.colleague.id)
        self._assert("sales", 141, team_id=self.north.id)
        self._assert("sales", 11, team_id=self.near.id)
        self._assert("sales", 13, team_id=self.south.id)
        self._assert("sales", 154, user_id=False)
        self._assert("sales", 0, user_id=self.south_head.id)

    def test_companies_are_kept_apart(self):
        self._order(100)
        elsewhere = self.env["sale.order"].with_context(
            allowed_company_ids=(self.company | self.other).ids
        )
        order = elsewhere.create(
            {
                "partner_id": self.contact.id,
                "company_id": self.other.id,
                "user_id": self.director.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "price_unit": 500,
                            "tax_ids": False,
                        }
                    )
                ],
            }
        )
        order.write({"state": "sale"})
        # 21:00 on 31 March in Rosario, 02:00 on 1 April in Madrid
        order.write({"date_order": "2026-04-01 00:00:00"})
        self._assert("sales", 100, user_id=False)
        self._assert("sales", 500, user_id=False, company_id=self.other.id)
        self._assert("sales", 500, user_id=self.director.id, company_id=self.other.id)
        self._assert("sales", 0, user_id=self.director.id)

    def test_amounts_are_converted_at_the_rate_of_their_day(self):
        """100 dollars of 10 March are 50 euros; of 20 March, 25. An objective in
        dollars: 30 euros of 10 March are 60 dollars, of 20 March 120."""
        for day in ("2026-03-10 10:00:00", "2026-03-20 10:00:00"):
            self._order(100, day=day, pricelist_id=self.dollars.id)
            self._order(30, day=day)
        self._assert("sales", 50 + 25 + 30 + 30)
        self._assert("sales", 100 + 100 + 60 + 120, currency_id=self.dollar.id)

    def test_the_rate_changes_at_midnight_of_the_company(self):
        self._order(30, day="2026-03-14 22:59:59")  # 14 March in Madrid
        self._order(30, day="2026-03-14 23:00:00")  # 15 March in Madrid
        self._assert("sales", 60 + 120, currency_id=self.dollar.id)

    def test_sums_are_rounded_by_the_currency(self):
        self._order(10.01, pricelist_id=self.dollars.id)
        self._assert("sales", 5.01)  # 5.005

    # === INVOICED, COLLECTED === #

    def test_invoiced_is_less_credit_notes_by_their_date(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT", "amount": 21, "company_id": self.company.id}
        )
        self._invoice(100, tax_ids=[Command.set(tax.ids)])
        self._invoice(50, "2026-03-31")
        self._invoice(1000, "2026-04-01")
        self._invoice(30, "2026-03-31", move_type="out_refund")
        self._invoice(1000, move_type="in_invoice", invoice_user_id=False)
        self._invoice(7, invoice_user_id=self.colleague.id, team_id=self.far.id)
        draft = self._invoice(1000)
        draft.button_draft()
        cancelled = self._invoice(1000)
        cancelled.button_draft()
        cancelled.button_cancel()
        self._assert("invoiced", 120)
        self._assert("invoiced", 127, team_id=self.north.id)
        self._assert("invoiced", 127, user_id=False)

    def test_invoices_in_another_currency(self):
        self._invoice(100, currency_id=self.dollar.id)
        self._invoice(100, "2026-03-20", currency_id=self.dollar.id)
        self._invoice(10, "2026-03-20")
        self._assert("invoiced", 50 + 25 + 10)
        self._assert("invoiced", 100 + 100 + 40, currency_id=self.dollar.id)

    def test_collected_is_what_was_paid(self):
        tax = self.env["account.tax"].create(
            {"name": "VAT", "amount": 21, "company_id": self.company.id}
        )
        invoice = self._invoice(100, "2026-02-10", tax_ids=[Command.set(tax.ids)])
        self._pay(invoice, 50, "2026-03-02")
        self._pay(invoice, 20, "2026-04-01")
        other = self._invoice(300, invoice_user_id=self.colleague.id)
        refund = self._invoice(300, move_type="out_refund")
        lines = (other | refund).line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        lines.reconcile()
        self.assertEqual(other.amount_residual, 0)
        self._assert("collected", 50)
        self._assert("collected", 0, user_id=self.colleague.id)
        self._assert("collected", 50, team_id=self.north.id)
        april = {"date_from": "2026-04-01", "date_to": "2026-04-30"}
        self._assert("collected", 20, user_id=False, **april)
        self._assert("collected", 70, user_id=False, period_type="year",
                     date_from="2026-01-01", date_to="2026-12-31")  # fmt: skip

    def test_collected_in_another_currency_leaves_out_exchange_differences(self):
        """100 dollars invoiced at 2 are 50 euros; paid at 4 they are 25, and 25 are an
        exchange difference, which nobody has paid."""
        invoice = self._invoice(100, currency_id=self.dollar.id)
        self._pay(invoice, 100, "2026-03-20", self.dollar)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertTrue(invoice.line_ids.matched_credit_ids.exchange_move_id)
        self._assert("collected", 100, currency_id=self.dollar.id)
        self._assert("collected", 25)

    def test_collected_has_the_exchange_gain(self):
        """100 dollars invoiced at 4 are 25 euros; paid at 2, whether in dollars or in
        euros, they are 50, and all 50 were collected."""
        for currency, paid in [(self.dollar, 100), (self.euro, 50)]:
            with self.subTest(paid_in=currency.name):
                invoice = self._invoice(100, "2026-03-20", currency_id=self.dollar.id)
                self.env["res.currency.rate"].create(
                    {
                        "name": "2026-03-25",
                        "rate": 2,
                        "currency_id": self.dollar.id,
                        "company_id": self.company.id,
                    }
                )
                self._pay(invoice, paid, "2026-03-26", currency)
                self.assertEqual(invoice.amount_residual, 0)
                self._assert("collected", 50)
                self._assert("collected", 100, currency_id=self.dollar.id)
                invoice.line_ids.remove_move_reconcile()
                self.env["res.currency.rate"].search(
                    [("name", "=", "2026-03-25")]
                ).unlink()

    def test_of_what_was_collected_a_discount_is_nothing(self):
        """100 invoiced, 90 paid, and 10 written off: nobody has paid these."""
        invoice = self._invoice(100)
        account = self.env["account.account"].create(
            {"name": "Discounts", "code": "998866", "account_type": "expense",
             "company_ids": self.company.ids}
        )  # fmt: skip
        self._pay(
            invoice,
            90,
            "2026-03-12",
            payment_difference_handling="reconcile",
            writeoff_account_id=account.id,
        )
        self.assertEqual(invoice.amount_residual, 0)
        self._assert("collected", 90)

    def test_what_is_paid_back_was_not_collected(self):
        """100 invoiced and paid, of which 30 are credited and paid back."""
        self._pay(self._invoice(100), 100, "2026-03-12")
        refund = self._invoice(30, "2026-03-20", move_type="out_refund")
        self._pay(refund, 30, "2026-03-20")
        self.assertEqual(refund.amount_residual, 0)
        self._assert("collected", 70)

    # === OPPORTUNITIES === #

    def test_opportunities(self):
        def made(day, **values):
            lead = self._make_lead(company_id=self.company.id, **values)
            self._set_created(lead, day)
            return lead

        made("2026-03-01 10:00:00", expected_revenue=100)
        won = made("2026-02-01 10:00:00", expected_revenue=1000)
        lost = made("2026-03-31 21:59:59", expected_revenue=20)
        made("2026-03-31 22:00:00", expected_revenue=1000)
        made("2026-03-05 10:00:00", type="lead", expected_revenue=1000)
        made("2026-03-05 10:00:00", user=self.colleague, team_id=self.far.id)
        won.action_set_won()
        won.date_closed = "2026-03-03 10:00:00"
        lost.action_set_lost()
        late = made("2026-03-06 10:00:00", expected_revenue=5)
        late.action_set_won()
        late.date_closed = "2026-03-31 22:00:00"
        self._assert("won", 1)
        self._assert("won", 1, user_id=False)
        self._assert("won", 0, user_id=self.colleague.id)
        self._assert("new_count", 3)
        self._assert("new_amount", 125)
        self._assert("new_count", 4, team_id=self.north.id)
        self._assert("new_amount",
            2 * 105, currency_id=self.dollar.id,
                     date_to="2026-03-14", period_type="free")  # fmt: skip

    def test_metrics_of_the_same_documents_are_asked_for_together(self):
        lead = self._make_lead(company_id=self.company.id, expected_revenue=70)
        self._set_created(lead, "2026-03-05 10:00:00")
        count = self._objective("new_count")
        amount = self._objective("new_amount", currency_id=self.dollar.id)
        team = self._objective("new_amount", team_id=self.north.id)

        rows = count | amount | team
        self.env.invalidate_all()
        Figure = self.registry["crm.objective.figure"]
        with patch.object(
            Figure, "_ask", autospec=True, side_effect=Figure._ask
        ) as ask:
            self.assertEqual(rows.mapped("actual"), [1, 140, 70])
        self.assertEqual(ask.call_count, 1)

    def test_an_opportunity_without_company_is_its_seller_s(self):
        lead = self._make_lead(company_id=False, expected_revenue=40)
        self._set_created(lead, "2026-03-05 10:00:00")
        self.env.cr.execute(
            "UPDATE crm_lead SET company_id = NULL WHERE id = %s", [lead.id]
        )
        self._assert("new_amount", 40, user_id=False)
        self._assert("new_amount", 0, user_id=False, company_id=self.other.id)

    # === GESTIONES === #

    def test_gestiones_count_by_their_type(self):
        email = self.env.ref(MAIL)
        self.assertFalse(email.counts_as_activity)
        for activity_type, day, user in [
            (self.call, "2026-03-01 10:00:00", self.seller),
            (self.call, "2026-02-28 23:30:00", self.seller),
            (self.meeting, "2026-03-17 10:00:00", self.seller),
            (email, "2026-03-17 10:00:00", self.seller),
            (self.call, "2026-02-28 22:30:00", self.seller),
            (self.call, "2026-03-17 10:00:00", self.colleague),
        ]:
            self._make_gestion(
                user,
                activity_type_id=activity_type.id,
                date=day,
                contact_id=self.contact.id,
                company_id=self.company.id,
            )
        self._assert("gestiones", 3)
        self._assert("gestiones", 2, activity_type_ids=self.call.ids)
        self._assert("gestiones", 1, activity_type_ids=self.meeting.ids)
        self._assert("gestiones", 3, activity_type_ids=(self.call | self.meeting).ids)
        self._assert("gestiones", 4, team_id=self.north.id)
        self._assert("gestiones", 3, user_id=False, activity_type_ids=self.call.ids)
        both = self._objective("gestiones") | self._objective(
            "gestiones", activity_type_ids=self.call.ids
        )
        self._actual(both[0])
        self.assertEqual(both.mapped("actual"), [3, 2])

    # === PROPOSALS, NEW CUSTOMERS === #

    def test_proposals_are_of_the_day_they_were_made(self):
        sent = self._order(10, day="2026-05-01 10:00:00", state="sent")
        sold = self._order(10, day="2026-05-01 10:00:00")
        drafts = self._order(10, state="draft") | self._order(10, state="cancel")
        self._set_created(sent | drafts, "2026-03-02 10:00:00")
        self._set_created(sold, "2026-03-31 21:59:59")
        self._set_created(self._order(10), "2026-03-31 22:00:00")
        self._assert("proposals", 2)
        self._assert("proposals", 3, user_id=False, period_type="year",
                     date_from="2026-01-01", date_to="2026-12-31")  # fmt: skip

    def test_a_customer_is_new_once(self):
        """The first order or invoice of the account makes it one, whoever of its
        contacts is on it, and whoever sold it."""
        self._order(10, day="2026-03-10 10:00:00")
        self._order(10, day="2026-03-12 10:00:00", partner_id=self.organization.id,
                    user_id=self.colleague.id)  # fmt: skip
        old, invoiced, next_month = self.env["res.partner"].create(
            [{"name": "Old"}, {"name": "Invoiced"}, {"name": "Next month"}]
        )
        self._order(10, day="2024-01-01 10:00:00", partner_id=old.id)
        self._order(10, partner_id=old.id)
        self._order(10, partner_id=invoiced.id, state="cancel")
        self._invoice(10, "2026-03-05", partner_id=invoiced.id,
                      invoice_user_id=self.colleague.id)  # fmt: skip
        self._order(10, partner_id=invoiced.id)
        self._order(10, day="2026-03-31 22:30:00", partner_id=next_month.id)
        self._assert("new_customers", 1)
        self._assert("new_customers", 1, user_id=self.colleague.id)
        self._assert("new_customers", 2, team_id=self.north.id)
        self._assert("new_customers", 2, user_id=False)
        april = {"date_from": "2026-04-01", "date_to": "2026-04-30"}
        self._assert("new_customers", 1, user_id=False, **april)

    # === MARKETS === #

    def test_a_market_has_those_below_it(self):
        """By the opportunity, else by the customer."""
        industry = self.market.parent_id
        services = self.env["crm.market"].create({"name": "Services", "code": "OURS"})
        lead = self._make_lead(
            company_id=self.company.id,
            market_id=services.id,
            partner_id=self.contact.id,
        )
        self._set_created(lead, "2026-03-05 10:00:00")
        self._order(100)
        self._order(20, opportunity_id=lead.id)
        nowhere = self.env["res.partner"].create({"name": "Nowhere"})
        self._order(3, partner_id=nowhere.id)
        for market, expected in [
            (self.env["crm.market"], 123),
            (self.market, 100),
            (industry, 100),
            (services, 20),
        ]:
            self._assert("sales", expected, market_id=market.id)
        rows = self._objective(market_id=industry.id) | self._objective()
        self._actual(rows[0])
        self.assertEqual(rows.mapped("actual"), [100, 123])
        self._assert("new_count", 0, market_id=industry.id)
        self._assert("new_count", 1, market_id=services.id)
        self._assert("new_customers", 1, market_id=industry.id, user_id=False)

    def test_an_invoice_is_of_the_market_of_its_opportunity(self):
        services = self.env["crm.market"].create({"name": "Services", "code": "OURS"})
        lead = self._make_lead(company_id=self.company.id, market_id=services.id)
        order = self._order(80, opportunity_id=lead.id)
        order.order_line.qty_delivered = 1
        invoice = order._create_invoices()
        invoice.write({"invoice_date": "2026-03-10", "invoice_user_id": self.seller.id})
        invoice.action_post()
        self._pay(invoice, 30, "2026-03-12")
        self._assert("invoiced", 80, market_id=services.id)
        self._assert("invoiced", 0, market_id=self.market.id)
        self._assert("collected", 30, market_id=services.id)
        objective = self._objective("invoiced", market_id=services.id)
        self.assertEqual(self._behind(objective), invoice)

    # === WHAT IS MISSING === #

    def test_what_is_missing_by_own_rates(self):
        """In twelve months: 6 new opportunities, 12 gestiones; 5 decided, 2 of them
        won, with 300 on average. 900 euros are 3 won, 8 new opportunities and 16
        gestiones."""
        leads = self.env["crm.lead"]
        for i in range(6):
            leads |= self._make_lead(
                company_id=self.company.id, expected_revenue=200 if i else 400
            )
        self._set_created(leads, "2025-03-19 10:00:00")
        leads[:2].action_set_won()
        leads[2:5].action_set_lost()
        leads[:5].date_closed = "2026-01-10 10:00:00"
        for _i in range(12):
            self._make_gestion(
                contact_id=self.contact.id,
                date="2025-12-01 10:00:00",
                company_id=self.company.id,
            )
        objective = self._objective(target=900)
        self._actual(objective)
        self.assertTrue(objective.opportunities_known and objective.gestiones_known)
        self.assertEqual(objective.missing_opportunities, 8)  # 900 / 300 / (2 / 5)
        self.assertEqual(objective.missing_gestiones, 16)
        won = self._objective("won", target=2)
        self.assertEqual((won.missing_opportunities, won.missing_gestiones), (5, 10))
        reached = self._objective("gestiones", target=5)
        self.assertEqual((reached.actual, reached.missing_gestiones), (0, 5))
        with freeze_time("2026-03-19 10:00:00"):
            self._actual(objective)
            self.assertFalse(objective.gestiones_known)

    def test_without_history_nothing_is_told(self):
        objective = self._objective(target=900)
        self.assertFalse(objective.opportunities_known)
        self.assertFalse(objective.gestiones_known)
        self.assertEqual(
            (objective.missing_opportunities, objective.missing_gestiones), (0, 0)
        )

    # === WHAT COUNTS === #

    def _behind(self, objective, user=None):
        action = objective.with_user(user or self.director).action_crm_records()
        model = self.env[action["res_model"]].with_user(user or self.director)
        return model.with_context(active_test=False).search(action["domain"])

    def test_the_documents_behind_a_figure(self):
        """For each metric: as many as it counts, or with the sum that it adds up."""
        lead = self._make_lead(
            company_id=self.company.id, partner_id=self.contact.id, expected_revenue=70
        )
        self._make_lead(user=self.colleague, company_id=self.company.id)
        self._set_created(lead, "2026-03-05 10:00:00")
        self._make_gestion(lead_id=lead.id, company_id=self.company.id)
        orders = self._order(30, opportunity_id=lead.id) | self._order(40)
        self._order(1000, user_id=self.stranger.id, team_id=self.south.id)
        self._set_created(orders, "2026-03-05 10:00:00")
        lead.action_set_won()
        invoice = self._invoice(60)
        self._pay(invoice, 10, "2026-03-12")
        documents = {
            "sales": orders,
            "invoiced": invoice,
            "collected": invoice,
            "won": lead,
            "new_count": lead,
            "new_amount": lead,
            "gestiones": lead.gestion_ids,
            "proposals": orders,
            "new_customers": self.organization,
        }
        figures = {
            "sales": 70, "invoiced": 60, "collected": 10, "won": 1, "new_count": 1,
            "new_amount": 70, "gestiones": 1, "proposals": 2, "new_customers": 1,
        }  # fmt: skip
        self.assertEqual(documents.keys(), METRICS.keys())
        for metric, expected in documents.items():
            for values in (
                {},
                {"team_id": self.north.id},
                {"market_id": self.market.id},
            ):
                with self.subTest(metric=metric, values=values):
                    objective = self._objective(metric, **values)
                    found = self._behind(objective)
                    if metric in ("new_count", "new_amount"):
                        found = found.filtered(lambda x: x.user_id == self.seller)
                    self.assertEqual(found, expected)
                    if "team_id" not in values:
                        self.assertEqual(self._actual(objective), figures[metric])

    def test_the_documents_are_those_the_reader_may_read(self):
        mine, covered = self._order(30), self._order(40)
        objective = self._objective()
        covered.user_id = self.seller
        self.assertEqual(self._behind(objective, self.seller), covered | mine)
        with freeze_time("2026-03-18 10:00:00"):
            team = self._objective(team_id=self.north.id)
        self._order(50, user_id=self.stranger.id, partner_id=self.env["res.partner"]
                    .create({"name": "X", "user_id": self.stranger.id}).id)  # fmt: skip
        self.assertEqual(self._actual(team), 120)
        self.assertEqual(self._behind(team, self.head), covered | mine)

    def test_without_anything_all_is_nought(self):
        for metric in METRICS:
            with self.subTest(metric=metric):
                objective = self._objective(metric)
                self.assertEqual((objective.actual, objective.progress), (0, 0))

    def test_an_opportunity_without_an_amount_adds_nothing(self):
        lead = self._make_lead(company_id=self.company.id)
        lead.flush_recordset()
        self.env.cr.execute(
            "UPDATE crm_lead SET expected_revenue = NULL WHERE id = %s", [lead.id]
        )
        self._set_created(lead, "2026-03-05 10:00:00")
        self._assert("new_amount", 0)

    def test_periods_that_overlap(self):
        """A document counts in each period that has its day, and once in each."""
        for day in (
            "2026-01-31 12:00:00",
            "2026-03-01 12:00:00",
            "2026-12-31 12:00:00",
        ):
            self._order(10, day=day)
        rows = self.env["crm.objective"]
        for kind, first, last, expected in [
            ("month", "2026-01-01", "2026-01-31", 10),
            ("month", "2026-02-01", "2026-02-28", 0),
            ("quarter", "2026-01-01", "2026-03-31", 20),
            ("year", "2026-01-01", "2026-12-31", 30),
            ("free", "2026-01-31", "2026-03-01", 20),
            ("free", "2026-03-01", "2026-03-01", 10),
        ]:
            row = self._objective(
                period_type=kind, date_from=first, date_to=last, target=100 + expected
            )
            rows |= row
        self._actual(rows[0])
        self.assertEqual(rows.mapped("actual"), [row.target - 100 for row in rows])
        self.assertEqual(rows[0].date_to, date(2026, 1, 31))
