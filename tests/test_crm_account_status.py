from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .common import CrmGestionCommon

MODULE = "odoo.addons.crm_gestion.models.crm_account_status"
TODAY = "2026-03-02"


class AccountStatusCase(CrmGestionCommon):
    """Accounts of which nobody knows anything: no status until something happens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls._make_product()
        cls.cron = cls.env.ref("crm_gestion.ir_cron_account_status")
        cls.mill = cls._make_organization("Mill")
        cls.miller = cls._make_contact("Miller", cls.mill)

    @classmethod
    def _make_organization(cls, name, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                **values,
            }
        )

    @classmethod
    def _make_contact(cls, name, organization, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "parent_id": organization.id,
                **values,
            }
        )

    def _make_order(self, partner, day=None, **values):
        """An order, confirmed on that day; a quotation without one."""
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "order_line": [Command.create({"product_id": self.product.id})],
                **values,
            }
        )
        if day:
            with freeze_time(f"{day} 10:00:00"):
                order.action_confirm()
        return order

    def _make_invoice(self, partner, day=TODAY, move_type="out_invoice", **values):
        move = self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": partner.id,
                "invoice_date": day,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "License",
                            "price_unit": 100.0,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        move.action_post()
        return move

    def _forget_status(self, partners):
        """As if everything had happened before the add-on was there."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET account_status = NULL WHERE id = ANY(%s)",
            [partners.ids],
        )
        partners.invalidate_recordset(["account_status"])

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()

    def _assert_status(self, status, *partners):
        for partner in partners:
            self.assertEqual(partner.account_status, status, partner.name)


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestPotential(AccountStatusCase):
    """Somebody works on it."""

    def test_nobody_works_on_it(self):
        self._assert_status(False, self.mill, self.miller)

    def test_origination_makes_a_potential_customer(self):
        other = self._make_organization("Bakery", origination_id=self.cold_call.id)

        self.mill.origination_id = self.cold_call

        self._assert_status("potential", self.mill, self.miller, other)

    def test_origination_of_a_contact_makes_the_account_one(self):
        self.miller.origination_id = self.cold_call

        self._assert_status("potential", self.mill, self.miller)

    def test_opportunity_makes_a_potential_customer(self):
        self._make_lead(partner_id=self.miller.id)

        self._assert_status("potential", self.mill, self.miller)

    def test_opportunity_for_an_organization_makes_it_one(self):
        person = self.env["res.partner"].create({"name": "Adviser"})
        lead = self._make_lead(partner_id=person.id)

        lead.organization_id = self.mill

        self._assert_status("potential", self.mill, person)

    def test_raw_enquiry_makes_none_until_it_is_converted(self):
        enquiry = self._make_lead(type="lead", partner_id=self.miller.id)
        self._assert_status(False, self.mill)

        enquiry.convert_opportunity(self.miller)

        self._assert_status("potential", self.mill, self.miller)

    def test_gestion_makes_a_potential_customer(self):
        self.env["crm.gestion"].with_user(self.seller).create(
            {"contact_id": self.miller.id}
        )

        self._assert_status("potential", self.mill, self.miller)

    def test_correcting_with_whom_makes_him_one(self):
        gestion = self._make_gestion(contact_id=self.contact.id)

        gestion.with_user(self.seller).contact_id = self.miller

        self._assert_status("potential", self.mill, self.miller)

    def test_what_a_seller_enters_is_potential(self):
        Partner = self.env["res.partner"].with_user(self.seller)
        organization = Partner.create({"name": "Bakery", "is_company": True})
        contact = Partner.create({"name": "Baker", "parent_id": self.mill.id})

        self._assert_status("potential", organization, contact, self.mill)

    def test_what_others_enter_is_not(self):
        clerk = self._make_user("clerk", "base.group_user,base.group_partner_manager")

        partner = self.env["res.partner"].with_user(clerk).create({"name": "Bakery"})

        self._assert_status(False, partner)

    def test_supplier_that_a_seller_enters_is_not(self):
        Partner = self.env["res.partner"].with_user(self.seller)
        from_menu = Partner.with_context(
            res_partner_search_mode="supplier", default_supplier_rank=1
        ).create({"name": "Supplier"})
        ranked = Partner.create({"name": "Another", "supplier_rank": 1})

        self._assert_status(False, from_menu, ranked)

    def test_supplier_that_somebody_sells_to_is(self):
        supplier = self._make_organization("Supplier", supplier_rank=1)

        self._make_lead(partner_id=supplier.id)

        self._assert_status("potential", supplier)

    def test_new_contact_carries_the_status_of_its_account(self):
        contact = self._make_contact("Pedro Sanz", self.organization)

        self._assert_status("potential", contact)

    def test_contact_that_changes_employer_carries_the_new_status(self):
        self._make_order(self.mill, TODAY)

        self.contact.parent_id = self.mill

        self._assert_status("customer", self.contact)

    def test_potential_customer_stays_one(self):
        lead = self._make_lead(partner_id=self.mill.id)
        order = self._make_order(self.mill, TODAY, opportunity_id=lead.id)
        order._action_cancel()
        lead.unlink()

        self.organization.origination_id = False
        self.env["crm.account.status"]._refresh(self.mill | self.organization)
        self._run_cron()

        self._assert_status("potential", self.mill, self.organization)

    def test_copy_of_a_customer_is_none_yet(self):
        self._make_order(self.mill, TODAY)

        self._assert_status(False, self.mill.copy())


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestOurs(AccountStatusCase):
    """Our own companies and the people who work here are nobody's customers."""

    def test_staff_and_own_companies_have_no_status(self):
        ours = self.env.company.partner_id
        boss = self._make_contact("Boss", ours)
        for partner, field in (
            (ours, "organization_id"),
            (boss, "contact_id"),
            (self.colleague.partner_id, "contact_id"),
        ):
            with self.subTest(partner=partner.name):
                self._make_gestion(**{field: partner.id})
                self._make_lead(partner_id=partner.id)
                self._make_order(partner, TODAY)
                partner.origination_id = self.cold_call
                self._assert_status(False, partner)

    def test_user_that_an_administrator_creates_is_none(self):
        admin = self._make_user(
            "admin", "base.group_system,crm_gestion.group_sales_director"
        )

        user = (
            self.env["res.users"]
            .with_user(admin)
            .create({"name": "New", "login": "new@ours.example"})
        )

        self._assert_status(False, user.partner_id)

    def test_customer_who_is_hired_is_none_any_more(self):
        person = self.env["res.partner"].create(
            {
                "name": "Ana Ruiz",
                "origination_id": self.cold_call.id,
            }
        )
        self._assert_status("potential", person)

        self._make_user("ana", "base.group_user", partner_id=person.id)

        self._assert_status(False, person)

    def test_customer_with_a_portal_login_stays_one(self):
        self._make_order(self.mill, TODAY)
        self._make_user("miller", "base.group_portal", partner_id=self.miller.id)

        self._assert_status("customer", self.mill, self.miller)

    def test_portal_user_who_is_hired_is_none_any_more(self):
        person = self.env["res.partner"].create({"name": "Ana Ruiz"})
        user = self._make_user("ana", "base.group_portal", partner_id=person.id)
        self._make_order(person, TODAY)
        self._assert_status("customer", person)

        user.group_ids = self.env.ref("base.group_user")

        self._assert_status(False, person)

    def test_cron_ends_though_somebody_who_is_ours_bought_once(self):
        """Who was hired has a status from before: nothing the cron could treat."""
        person = self.env["res.partner"].create({"name": "Ana Ruiz"})
        user = self._make_user("ana", "base.group_portal", partner_id=person.id)
        self._make_order(person, "2020-01-01")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET account_status = 'customer' WHERE id = %s",
            [person.id],
        )
        self.env.cr.execute(
            "UPDATE res_users SET share = false WHERE id = %s", [user.id]
        )
        self.env.invalidate_all()

        treated = self._treated_by_cron(limit=5)

        self.assertLess(len(treated), 5, "the cron goes round in circles")

    def _treated_by_cron(self, limit):
        """:return: what each batch treated; the cron is stopped after ``limit``"""
        Status = self.env.registry["crm.account.status"]
        refresh = Status._refresh
        treated = []

        def counted(model, partners):
            treated.append(partners)
            if len(treated) >= limit:
                # what the cron looks for is treated for good now
                model.env.cr.execute(
                    "UPDATE res_partner SET account_status = NULL WHERE id = ANY(%s)",
                    [partners.ids],
                )
            return refresh(model, partners)

        with patch.object(Status, "_refresh", counted):
            self._run_cron()
        return treated

    def test_company_made_of_a_customer_is_none_any_more(self):
        self.mill.origination_id = self.cold_call

        self.env["res.company"].create({"name": "Mill", "partner_id": self.mill.id})

        self._assert_status(False, self.mill)


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestCustomer(AccountStatusCase):
    """A confirmed order or a posted invoice, of the organization or its contacts."""

    def test_quotation_makes_no_customer(self):
        order = self._make_order(self.mill)
        order.action_quotation_sent()

        self._assert_status(False, self.mill)

    def test_confirmed_order_makes_a_customer(self):
        self._make_order(self.mill, TODAY)

        self._assert_status("customer", self.mill, self.miller)

    def test_order_of_a_contact_makes_his_account_one(self):
        self._make_order(self.miller, TODAY)

        self._assert_status("customer", self.mill, self.miller)

    def test_order_of_an_address_makes_its_account_one(self):
        address = self._make_contact("Yard", self.mill, type="delivery")

        self._make_order(address, TODAY)

        self._assert_status("customer", self.mill)

    def test_person_who_buys_for_himself_is_one(self):
        person = self.env["res.partner"].create({"name": "Ana Ruiz"})

        self._make_order(person, TODAY)

        self._assert_status("customer", person)

    def test_orders_confirmed_together_make_each_a_customer(self):
        other = self._make_organization("Bakery")
        orders = self._make_order(self.mill) | self._make_order(other)

        orders.action_confirm()

        self._assert_status("customer", self.mill, other)

    def test_seller_who_confirms_makes_the_customer_of_a_colleague_one(self):
        order = self._make_order(self.contact, user_id=self.colleague.id)

        order.with_user(self.colleague).action_confirm()

        self._assert_status("customer", self.organization, self.contact)

    def test_cancelled_order_takes_the_customer_back(self):
        order = self._make_order(self.miller, TODAY)

        order.action_cancel()

        self._assert_status("potential", self.mill, self.miller)

    def test_other_order_keeps_the_customer(self):
        order = self._make_order(self.miller, TODAY)
        self._make_order(self.mill, TODAY)

        order.action_cancel()

        self._assert_status("customer", self.mill, self.miller)

    def test_posted_invoice_makes_a_customer(self):
        self._make_invoice(self.miller)

        self._assert_status("customer", self.mill, self.miller)

    def test_draft_invoice_makes_none(self):
        move = self._make_invoice(self.mill)

        move.button_draft()

        self._assert_status("potential", self.mill)

    def test_cancelled_invoice_takes_the_customer_back(self):
        move = self._make_invoice(self.mill)

        move.button_draft()
        move.button_cancel()

        self._assert_status("potential", self.mill)

    def test_refund_alone_makes_no_customer(self):
        self._make_invoice(self.mill, move_type="out_refund")

        self._assert_status(False, self.mill)

    def test_refunded_invoice_keeps_the_customer(self):
        self._make_invoice(self.mill)

        self._make_invoice(self.mill, move_type="out_refund")

        self._assert_status("customer", self.mill)

    def test_bill_of_a_supplier_makes_no_customer(self):
        self._make_invoice(self.mill, move_type="in_invoice")

        self._assert_status(False, self.mill)

    def test_every_company_counts_whoever_looks(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.mill.user_id = self.seller

        self._make_order(self.mill, TODAY, company_id=branch.id)
        self.env["crm.account.status"].with_user(self.seller)._refresh(
            self.mill.with_user(self.seller)
        )

        self.assertNotIn(branch, self.seller.company_ids)
        self._assert_status("customer", self.mill, self.miller)

    def test_archived_contacts_orders_count(self):
        self._make_order(self.miller, TODAY)
        self.miller.active = False

        self.env["crm.account.status"]._refresh(self.mill)

        self._assert_status("customer", self.mill)

    def test_subsidiary_is_an_account_of_its_own(self):
        subsidiary = self._make_organization("Mill South", parent_id=self.mill.id)

        self._make_order(subsidiary, TODAY)

        self._assert_status("customer", subsidiary)
        self._assert_status(False, self.mill)


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestFormer(AccountStatusCase):
    """None of it for N months."""

    def test_customer_until_the_last_day_of_the_months(self):
        self._make_order(self.mill, "2024-03-02")

        self._run_cron()

        self._assert_status("customer", self.mill, self.miller)

    def test_former_customer_from_the_next_day_on(self):
        self._make_order(self.mill, "2024-03-02")

        with freeze_time("2026-03-03 10:00:00"):
            self._run_cron()

        self._assert_status("former", self.mill, self.miller)

    def test_last_invoice_counts_too(self):
        self._make_order(self.mill, "2023-01-10")
        self._make_invoice(self.mill, "2024-03-02")

        self._run_cron()
        self._assert_status("customer", self.mill)
        with freeze_time("2026-03-03 10:00:00"):
            self._run_cron()

        self._assert_status("former", self.mill)

    def test_last_order_of_any_contact_counts(self):
        other = self._make_contact("Second", self.mill)
        self._make_order(self.miller, "2020-01-10")
        self._make_order(other, "2025-01-10")

        self._run_cron()

        self._assert_status("customer", self.mill, self.miller, other)

    def test_former_customer_who_buys_again_is_a_customer(self):
        self._make_order(self.mill, "2020-01-10")
        self._run_cron()
        self._assert_status("former", self.mill)

        self._make_order(self.mill, TODAY)

        self._assert_status("customer", self.mill, self.miller)

    def test_work_on_a_former_customer_leaves_him_former(self):
        self._make_order(self.mill, "2020-01-10")
        self._run_cron()

        self._make_gestion(contact_id=self.miller.id)
        self._make_lead(partner_id=self.miller.id)

        self._assert_status("former", self.mill, self.miller)

    def test_old_order_that_is_entered_today_makes_a_former_customer(self):
        order = self._make_order(self.mill, TODAY)

        order.date_order = "2020-01-10 10:00:00"
        self._run_cron()

        self._assert_status("former", self.mill)

    def test_cron_run_twice_changes_nothing(self):
        self._make_order(self.mill, "2020-01-10")
        self._run_cron()
        dates = (self.mill | self.miller).mapped("write_date")

        with patch(f"{MODULE}.CrmAccountStatus._refresh") as refresh:
            self._run_cron()

        refresh.assert_not_called()
        self.assertEqual((self.mill | self.miller).mapped("write_date"), dates)


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestHistory(AccountStatusCase):
    """What happened before the add-on was there, or went past it."""

    def test_cron_fills_the_status_from_history(self):
        ordered, invoiced, bought_once, worked_on, unknown = (
            self._make_organization(name)
            for name in ("Ordered", "Invoiced", "Bought once", "Worked on", "Unknown")
        )
        buyer = self._make_contact("Buyer", ordered)
        self._make_order(buyer, "2025-06-01")
        self._make_invoice(invoiced, "2025-06-01")
        self._make_order(bought_once, "2019-06-01")
        self._make_lead(partner_id=worked_on.id, active=False)
        everybody = ordered | buyer | invoiced | bought_once | worked_on | unknown
        self._forget_status(everybody)

        self._run_cron()

        self.assertRecordValues(
            everybody,
            [
                {"account_status": status}
                for status in (
                    "customer", "customer", "customer", "former", "potential", False,
                )
            ],
        )  # fmt: skip

    def test_order_of_an_archived_contact_is_history(self):
        self._make_order(self.miller, "2025-06-01")
        self.miller.active = False
        self._forget_status(self.mill | self.miller)

        self._run_cron()

        self._assert_status("customer", self.mill)

    def test_our_own_companies_history_is_left_out(self):
        ours = self.env.company.partner_id
        self._make_order(ours, "2025-06-01")
        self._make_order(self.colleague.partner_id, "2025-06-01")

        self._run_cron()

        self._assert_status(False, ours, self.colleague.partner_id)

    def test_cron_works_in_bounded_batches(self):
        organizations = self.env["res.partner"].create(
            [
                {"name": f"Organization {number}", "is_company": True}
                for number in range(5)
            ]
        )
        for organization in organizations:
            self._make_order(organization, "2025-06-01")
        self._forget_status(organizations)
        Status = self.env.registry["crm.account.status"]
        refresh = Status._refresh
        sizes = []

        def counted(model, partners):
            sizes.append(len(partners))
            return refresh(model, partners)

        with patch(f"{MODULE}.BATCH", 2), patch.object(Status, "_refresh", counted):
            self._run_cron()

        self.assertEqual(sizes, [2, 2, 1])
        self.assertEqual(organizations.mapped("account_status"), ["customer"] * 5)

    def test_potential_customer_with_an_imported_order_is_a_customer(self):
        """An import makes confirmed orders without confirming them."""
        self._make_lead(partner_id=self.mill.id)
        self._make_order(self.mill, state="sale", date_order="2025-06-01 10:00:00")

        self._run_cron()

        self._assert_status("customer", self.mill, self.miller)

    def test_potential_customer_with_an_old_imported_order_is_a_former_one(self):
        self._make_lead(partner_id=self.mill.id)
        self._make_order(self.mill, state="sale", date_order="2019-06-01 10:00:00")

        self._run_cron()

        self._assert_status("former", self.mill)

    def test_employer_is_no_customer_any_more_when_the_buyer_left_with_his_orders(self):
        """Orders are the contact's: they go with him, and the night's run sees it."""
        self._make_order(self.miller, TODAY)
        bakery = self._make_organization("Bakery")

        self.miller.parent_id = bakery
        self._run_cron()

        self._assert_status("potential", self.mill)
        self._assert_status("customer", bakery, self.miller)


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestAccountStatusGrowth(AccountStatusCase):
    """Ten times the accounts, about the same number of queries."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.organizations = cls.env["res.partner"].create(
            [
                {
                    "name": f"Organization {number}",
                    "is_company": True,
                    "child_ids": [Command.create({"name": f"Contact {number}"})],
                }
                for number in range(33)
            ]
        )
        orders = cls.env["sale.order"].create(
            [
                {"partner_id": organization.child_ids.id, "state": "sale"}
                for organization in cls.organizations
            ]
        )
        orders.flush_recordset()

    def test_refresh_that_finds_everything_as_it_was(self):
        refresh = self.env["crm.account.status"]._refresh
        refresh(self.organizations)

        self.assertFlatGrowth(refresh, self.organizations[:3], self.organizations[3:])
        self.assertEqual(set(self.organizations.mapped("account_status")), {"customer"})

    def test_refresh_that_changes_every_account(self):
        Status = self.env["crm.account.status"]

        def forget_and_refresh(partners):
            self._forget_status(partners | partners.child_ids)
            Status._refresh(partners)

        self.assertFlatGrowth(
            forget_and_refresh, self.organizations[:3], self.organizations[3:]
        )
        self.assertEqual(
            set(self.organizations.child_ids.mapped("account_status")), {"customer"}
        )

    def test_marking_potential_customers(self):
        Status = self.env["crm.account.status"]

        def forget_and_mark(partners):
            self._forget_status(partners | partners.child_ids)
            Status._mark_potential(partners)

        self.assertFlatGrowth(
            forget_and_mark, self.organizations[:3], self.organizations[3:]
        )

    def test_cron(self):
        def forget_and_run(partners):
            self._forget_status(self.organizations)
            with patch(f"{MODULE}.BATCH", 1000):
                Status = self.env["crm.account.status"]
                Status._refresh(Status._stale_accounts(len(partners)))

        self.assertFlatGrowth(
            forget_and_run, self.organizations[:3], self.organizations[3:]
        )
