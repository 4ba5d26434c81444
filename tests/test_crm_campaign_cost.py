from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .test_crm_campaign_figure import TODAY, CampaignCommon


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestCosts(CampaignCommon):
    """What a campaign costs, in any currency."""

    def _assert_cost(self, expected, campaign=None):
        self._assert_figures(campaign or self.fair, cost_total=expected)

    def test_a_name_and_an_amount_are_enough(self):
        cost = (
            self.env["crm.campaign.cost"]
            .with_user(self.head)
            .create({"campaign_id": self.fair.id, "name": "Stand", "amount": 80.0})
        )
        self.assertRecordValues(
            cost,
            [
                {
                    "state": "real",
                    "kind": "other",
                    "currency_id": self.currency.id,
                    "company_id": self.company.id,
                    "amount_company": 80.0,
                    "warning": False,
                }
            ],
        )
        self.assertEqual(str(cost.date), TODAY)

    def test_rate_of_its_date_rounded(self):
        """100 at 3 for one are 33.33; at 6, the rate since March, 16.67."""
        other = self._make_currency("TOT", {"2026-01-01": 3.0, "2026-03-01": 6.0})
        cost = self._make_cost(
            self.fair, 100.0, date="2026-02-28", currency_id=other.id
        )
        self.assertEqual(cost.amount_company, 33.33)
        cost.date = "2026-03-01"
        self.assertEqual(cost.amount_company, 16.67)
        self._assert_cost(16.67)

    def test_what_was_read_before_is_not_told_again(self):
        """A figure follows its costs within one request too, the campaign above's
        included."""
        above = self._make_campaign("Above", self.director)
        self.fair.parent_id = above

        def told():
            campaigns = (self.fair | above).with_user(self.director)
            return campaigns.mapped("cost_total"), campaigns.mapped("profit")

        self.assertEqual(told(), ([0, 0], [0, 0]))
        cost = self._make_cost(self.fair, 80.0)
        self.assertEqual(told(), ([80, 80], [-80, -80]))
        cost.amount = 90.0
        self.assertEqual(told(), ([90, 90], [-90, -90]))
        cost.state = "planned"
        self.assertEqual(told(), ([0, 0], [0, 0]))
        cost.state = "real"
        cost.unlink()
        self.assertEqual(told(), ([0, 0], [0, 0]))

    def test_company_follows_the_campaign(self):
        branch = self._make_branch()
        cost = self._make_cost(self.mailing, 10.0)
        self.mailing.company_id = branch
        self.assertEqual(cost.company_id, branch)
        self.assertEqual(cost.currency_id, self.currency)
        self.assertEqual(cost.company_currency_id, branch.currency_id)

    def test_bill_fills_the_cost(self):
        bill = self._make_invoice(None, "in_invoice", price=250.0)
        accountant = self._make_user(
            "accountant",
            "crm_gestion.group_sales_director,account.group_account_invoice",
        )
        form = Form(self.env["crm.campaign.cost"].with_user(accountant))
        form.campaign_id = self.fair
        form.move_id = bill
        cost = form.save()
        self.assertRecordValues(
            cost,
            [
                {
                    "name": bill.name,
                    "partner_id": self.mill.id,
                    "amount": 250.0,
                    "currency_id": bill.currency_id.id,
                    "date": bill.invoice_date,
                }
            ],
        )
        self._assert_cost(250.0)

    def test_refund_lowers_the_cost(self):
        self._make_cost(self.fair, 250.0)
        refund = self._make_invoice(None, "in_refund", price=40.0)
        cost = self.env["crm.campaign.cost"].create(
            {"campaign_id": self.fair.id, "move_id": refund.id}
        )
        self.assertEqual(cost.amount, -40.0)
        self._assert_cost(210.0)

    def test_bill_that_is_not_posted_any_more_does_not_count(self):
        bill = self._make_invoice(None, "in_invoice", price=250.0)
        cost = self.env["crm.campaign.cost"].create(
            {"campaign_id": self.fair.id, "move_id": bill.id}
        )
        self.assertFalse(cost.warning)
        bill.button_draft()
        self.assertEqual(
            cost.with_user(self.head).warning,
            "Its bill is not posted: it does not count.",
        )
        self._assert_cost(0)
        bill.button_cancel()
        self._assert_cost(0)
        bill.button_draft()
        bill.action_post()
        self._assert_cost(250.0)

    def test_a_bill_is_one_cost(self):
        bill = self._make_invoice(None, "in_invoice")
        self.env["crm.campaign.cost"].create(
            {"campaign_id": self.fair.id, "move_id": bill.id}
        )
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env["crm.campaign.cost"].create(
                {"campaign_id": self.mailing.id, "move_id": bill.id}
            )

    def test_only_posted_bills(self):
        draft = self._make_invoice(None, "in_invoice")
        draft.button_draft()
        for move in (draft, self._make_invoice(None)):
            with (
                self.subTest(move=move.move_type),
                self.assertRaises(ValidationError),
            ):
                self.env["crm.campaign.cost"].create(
                    {"campaign_id": self.fair.id, "move_id": move.id, "name": "Cost"}
                )

    def test_bill_of_another_company(self):
        branch = self._make_branch()
        bill = self._make_invoice(None, "in_invoice")
        self.mailing.company_id = branch
        with self.assertRaises(UserError):
            self.env["crm.campaign.cost"].create(
                {"campaign_id": self.mailing.id, "move_id": bill.id}
            )

    def test_directors_without_accounting_rights(self):
        """They see what it costs, and not the bill it comes from."""
        bill = self._make_invoice(None, "in_invoice", price=250.0)
        cost = self.env["crm.campaign.cost"].create(
            {"campaign_id": self.fair.id, "move_id": bill.id}
        )
        theirs = cost.with_user(self.director)
        self.assertEqual(theirs.amount_company, 250.0)
        self.assertNotIn("move_id", theirs.fields_get())
        for user in (self.head, self.director):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.env["crm.campaign.cost"].with_user(user).create(
                    {"campaign_id": self.fair.id, "move_id": bill.id, "name": "X"}
                )

    def test_accountant_who_may_not_read_the_bill_learns_nothing(self):
        """The accountant of one company, with a bill of another."""
        branch = self._make_branch()
        journal = self.env["account.journal"].create(
            {
                "name": "Purchases",
                "code": "BILL",
                "type": "purchase",
                "company_id": branch.id,
            }
        )
        self.env.user.company_ids |= branch
        bill = (
            self.env["account.move"]
            .with_context(allowed_company_ids=[branch.id])
            .create(
                {
                    "move_type": "in_invoice",
                    "journal_id": journal.id,
                    "partner_id": self.mill.id,
                }
            )
        )
        accountant = self._make_user("accountant", "account.group_account_invoice")
        mine = self._make_campaign("Mine", accountant, company_id=False)
        costs = self.env["crm.campaign.cost"].with_user(accountant)
        with self.assertRaises(UserError):
            costs.create({"campaign_id": mine.id, "move_id": bill.id, "name": "X"})
        self.assertFalse(mine.cost_ids)
        # nor from a form that is not saved, which Odoo fills in as superuser
        self.assertEqual(bill.partner_id, self.mill)
        self.env.invalidate_all()
        told = costs.onchange(
            {"campaign_id": mine.id, "move_id": bill.id},
            ["move_id"],
            {"amount": {}, "partner_id": {}, "move_id": {}},
        )["value"]
        self.assertFalse(told.get("partner_id"))

    def test_campaign_with_costs_is_archived_not_deleted(self):
        cost = self._make_cost(self.mailing, 1.0)
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.mailing.unlink()
        self.assertTrue(cost.exists())
        cost.unlink()
        self.mailing.budget = 5.0
        self.mailing.unlink()
        self.assertFalse(self.mailing.exists())

    def test_merging_suppliers(self):
        twin = self._make_organization("Mill again")
        cost = self._make_cost(self.fair, 1.0, partner_id=twin.id)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.mill | twin).ids, self.mill
        )
        cost.invalidate_recordset()
        self.assertEqual(cost.partner_id, self.mill)

    def test_import(self):
        result = (
            self.env["crm.campaign.cost"]
            .with_user(self.director)
            .load(
                ["campaign_id", "name", "kind", "date", "amount", "state"],
                [
                    ["Fair", "Booth", "Stand or Venue", "2026-02-01", "120.5", "Real"],
                    ["Fair", "Flyers", "Printing", "2026-02-02", "30", "Foreseen"],
                ],
            )
        )
        self.assertEqual(result["messages"], [])
        self._assert_figures(self.fair, cost_total=120.5, cost_planned=30.0)
