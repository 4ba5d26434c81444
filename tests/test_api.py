from datetime import date, datetime

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import CrmGestionCommon


class ApiCommon(CrmGestionCommon, HttpCase):
    """Another program of the company, with the API key of a user, over HTTP."""

    GATES = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller.lang = "en_US"
        cls.product = cls._make_product()
        cls.key = cls._make_key(cls.seller)

    @classmethod
    def _make_key(cls, user):
        # sudo: a key that does not expire, the day is a frozen one
        keys = cls.env["res.users.apikeys"].with_user(user).sudo()
        return keys._generate("rpc", "test", None)

    def _call(self, model, method, ids=None, key=None, status=200, **arguments):
        """:return: what the method returned, or the error where one is expected"""
        body = arguments if ids is None else {"ids": ids, **arguments}
        response = self.url_open(
            f"/json/2/{model}/{method}",
            json=body,
            headers={"Authorization": f"bearer {key or self.key}"},
        )
        self.assertEqual(response.status_code, status, response.text)
        self.env.invalidate_all()
        return response.json()

    def _create(self, model, **values):
        (record_id,) = self._call(model, "create", vals_list=[values])
        return self.env[model].browse(record_id)

    def _refused(self, status, error, model, method, ids=None, **arguments):
        """:return: the message with which a call is refused"""
        answer = self._call(model, method, ids, status=status, **arguments)
        self.assertEqual(answer["name"], error)
        return answer["message"]


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestApiFlow(ApiCommon):
    """The seller's work from the first call to the order, through the JSON-2 API."""

    def test_seller_from_first_call_to_won_order(self):
        # a gestión is logged and completes itself
        gestion = self._create(
            "crm.gestion",
            activity_type_id=self.call.id,
            contact_id=self.contact.id,
            result_id=self.interest.id,
            description="They change supplier this year.",
        )
        (answer,) = self._call(
            "crm.gestion",
            "read",
            gestion.ids,
            fields=[
                "name",
                "date",
                "user_id",
                "organization_id",
                "outcome",
                "next_date",
            ],  # fmt: skip
        )
        self.assertEqual(
            answer,
            {
                "id": gestion.id,
                "name": "Call: Lucía Ferrer",
                "date": "2026-03-02 10:00:00",
                "user_id": [self.seller.id, "Seller"],
                "organization_id": [self.organization.id, "Aceites del Sur"],
                "outcome": "positive",
                "next_date": "2026-03-09",
            },
        )

        # the opportunity is born from it
        action = self._call("crm.gestion", "action_create_opportunity", gestion.ids)
        lead = self.env["crm.lead"].browse(action["res_id"])
        self.assertEqual(action["res_model"], "crm.lead")
        self.assertRecordValues(
            lead,
            [
                {
                    "type": "opportunity",
                    "stage_id": self.generate_interest.id,
                    "partner_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "origination_id": self.cold_call.id,
                    "market_id": self.market.id,
                    "source_gestion_id": gestion.id,
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "next_step_date": date(2026, 3, 9),
                }
            ],
        )

        # through the stages
        data = {"date_deadline": "2026-05-31", "expected_revenue": 12000.0}
        self._call("crm.lead", "write", lead.ids, vals=data)
        for stage in (self.present_products, self.size_proposal):
            self._call("crm.lead", "write", lead.ids, vals={"stage_id": stage.id})
            self.assertEqual(lead.stage_id, stage)
            self.assertEqual(lead.won_status, "pending")

        # the next one asks for lines or a quotation, whatever the context says
        for context in ({}, {"crm_gestion_bypass_gates": True}):
            message = self._refused(
                422,
                "odoo.exceptions.UserError",
                "crm.lead",
                "write",
                lead.ids,
                vals={"stage_id": self.negotiate.id},
                context=context,
            )
            self.assertEqual(
                message,
                "“Aceites del Sur's opportunity” cannot enter the stage “Negotiate "
                "Proposal” yet. Missing: lines or a quotation.",
            )
            self.assertEqual(lead.stage_id, self.size_proposal)
        order = self._create(
            "sale.order",
            partner_id=self.contact.id,
            opportunity_id=lead.id,
            order_line=[
                Command.create({"product_id": self.product.id, "product_uom_qty": 5})
            ],
        )
        register = self._create(
            "crm.opportunity.register",
            lead_id=lead.id,
            stage_id=self.negotiate.id,
            activity_type_id=self.meeting.id,
            result_id=self.interest.id,
        )
        self._call("crm.opportunity.register", "action_register", register.ids)
        self.assertEqual(lead.stage_id, self.negotiate)
        self.assertEqual(len(lead.gestion_ids), 2)

        # confirmed through the dialog of the opportunity
        dialog = self._create("crm.opportunity.order", lead_id=lead.id, confirm=True)
        self.assertEqual(dialog.quotation_id, order)
        for _click in range(2):
            action = self._call("crm.opportunity.order", "action_generate", dialog.ids)
            self.assertEqual(action["res_model"], "sale.order")
            self.assertEqual(action["res_id"], order.id)
        self.assertRecordValues(
            lead.order_ids,
            [
                {
                    "id": order.id,
                    "state": "sale",
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "amount_untaxed": 500.0,
                }
            ],
        )

        # and the opportunity is won
        self.assertRecordValues(
            lead,
            [
                {
                    "stage_id": self.sales_order.id,
                    "won_status": "won",
                    "probability": 100.0,
                    "closure_kind": "won",
                }
            ],
        )
        self.assertRecordValues(
            lead.closure_ids,
            [
                {
                    "kind": "won",
                    "date": datetime(2026, 3, 2, 10, 0),
                    "user_id": self.seller.id,
                    "stage_id": self.negotiate.id,
                    "expected_revenue": 12000.0,
                }
            ],
        )
        self.assertEqual(self.organization.account_status, "customer")

    def test_seller_makes_the_quotation_through_the_dialog_too(self):
        lead = self._make_lead(partner_id=self.contact.id, stage_id=self.negotiate.id)
        dialog = self._create("crm.opportunity.order", lead_id=lead.id)
        self.assertEqual(dialog.source, "new")
        for _click in range(2):
            self._call("crm.opportunity.order", "action_generate", dialog.ids)
        self.assertRecordValues(
            lead.order_ids, [{"state": "draft", "partner_id": self.contact.id}]
        )
        self.assertEqual(lead.won_status, "pending")

    def test_seller_pauses_and_resumes(self):
        lead = self._make_lead(stage_id=self.size_proposal.id, probability=40.0)
        dialog = self._create(
            "crm.opportunity.close",
            lead_ids=[Command.set(lead.ids)],
            kind="standby",
            reason_id=self.env.ref("crm_gestion.lost_reason_later_budget").id,
            wake_date="2026-06-01",
            note="Budget in June",
        )
        self._call("crm.opportunity.close", "action_close", dialog.ids)
        self.assertRecordValues(
            lead,
            [
                {
                    "active": False,
                    "won_status": "pending",
                    "stage_id": self.size_proposal.id,
                    "probability": 40.0,
                    "closure_kind": "standby",
                    "standby_until": date(2026, 6, 1),
                }
            ],
        )

        self.assertIs(self._call("crm.lead", "action_crm_resume", lead.ids), True)
        self.assertRecordValues(
            lead,
            [
                {
                    "active": True,
                    "won_status": "pending",
                    "stage_id": self.size_proposal.id,
                    "probability": 40.0,
                    "closure_kind": False,
                    "standby_until": False,
                }
            ],
        )
        self.assertRecordValues(
            lead.closure_ids,
            [
                {
                    "kind": "standby",
                    "note": "Budget in June",
                    "wake_date": date(2026, 6, 1),
                    "user_id": self.seller.id,
                    "reopen_date": datetime(2026, 3, 2, 10, 0),
                }
            ],
        )

    def test_context_of_a_request_hides_no_closure(self):
        for value in (True, 1, "DEFERRED", {}, None):
            lead = self._make_lead()
            self._call(
                "crm.lead",
                "action_set_lost",
                lead.ids,
                context={"crm_gestion_closure": value},
                lost_reason_id=self.price.id,
            )
            with self.subTest(value=value):
                self.assertRecordValues(
                    lead.closure_ids,
                    [
                        {
                            "kind": "rejected",
                            "user_id": self.seller.id,
                            "lost_reason_id": self.price.id,
                        }
                    ],
                )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestApiRefusals(ApiCommon):
    """What the screens do not offer, the server refuses, and nothing has changed."""

    ACCESS = "odoo.exceptions.AccessError"
    VALIDATION = "odoo.exceptions.ValidationError"

    def test_wrong_key_is_refused(self):
        lead = self._make_lead()
        for key in ("nope", self.key[:-1] + "x", self.key.upper()):
            for method, arguments in (
                ("read", {"fields": ["name"]}),
                ("write", {"vals": {"name": "No"}}),
            ):
                with self.subTest(key=key, method=method):
                    self._call(
                        "crm.lead", method, lead.ids, key=key, status=401, **arguments
                    )
        self.assertEqual(lead.name, "Sale of software")

    def test_key_of_a_seller_who_left_is_refused(self):
        lead = self._make_lead()
        self.seller.action_archive()
        self._call("crm.lead", "read", lead.ids, status=401, fields=["name"])

    def test_opportunity_of_another_team_is_out_of_reach(self):
        lead = self._make_lead(self.stranger, stage_id=self.negotiate.id)
        fields = ["stage_id", "active", "probability", "user_id", "closure_kind"]
        before = lead.read(fields)

        self.assertEqual(
            self._call("crm.lead", "search", domain=[("id", "=", lead.id)]), []
        )
        refused = [
            ("read", {"fields": ["name"]}),
            ("write", {"vals": {"stage_id": self.present_products.id}}),
            ("write", {"vals": {"user_id": self.seller.id}}),
            ("action_set_won", {}),
            ("action_set_lost", {"lost_reason_id": self.price.id}),
            ("action_archive", {}),
            ("unlink", {}),
        ]
        for method, arguments in refused:
            with self.subTest(method=method):
                self._refused(
                    403, self.ACCESS, "crm.lead", method, lead.ids, **arguments
                )
        self.assertEqual(lead.read(fields), before)
        self.assertFalse(lead.closure_ids)

    def test_dialogs_reach_no_opportunity_of_another_team(self):
        lead = self._make_lead(self.stranger)
        self._refused(
            403,
            self.ACCESS,
            "crm.opportunity.close",
            "create",
            vals_list=[{"lead_ids": [Command.set(lead.ids)]}],
        )
        # of the seller's own account: read, and no more
        lead = self._make_lead(self.stranger, partner_id=self.contact.id)
        dialog = self._create("crm.opportunity.order", lead_id=lead.id, source="new")
        self._refused(
            403, self.ACCESS, "crm.opportunity.order", "action_generate", dialog.ids
        )
        self.assertTrue(lead.active)
        self.assertFalse(lead.closure_ids)
        self.assertFalse(lead.order_ids)

    def test_gestion_in_the_future_is_refused(self):
        before = self.env["crm.gestion"].search_count([])
        message = self._refused(
            422,
            self.VALIDATION,
            "crm.gestion",
            "create",
            vals_list=[
                {
                    "activity_type_id": self.call.id,
                    "contact_id": self.contact.id,
                    "result_id": self.interest.id,
                    "date": "2026-03-03 10:00:00",
                }
            ],
        )
        self.assertEqual(
            message,
            "A gestión is something that happened: its date cannot be in the future. "
            "Plan what is to come as its next step.",
        )
        self.assertEqual(self.env["crm.gestion"].search_count([]), before)
        self.assertFalse(self.contact.activity_ids)

    def test_gestion_with_nobody_is_refused(self):
        before = self.env["crm.gestion"].search_count([])
        message = self._refused(
            422,
            self.VALIDATION,
            "crm.gestion",
            "create",
            vals_list=[{"activity_type_id": self.call.id}],
        )
        self.assertIn("choose an organization or a contact", message)
        self.assertEqual(self.env["crm.gestion"].search_count([]), before)

    def test_gestion_is_not_deleted(self):
        gestion = self._make_gestion(self.seller, contact_id=self.contact.id)
        for user in (self.seller, self.head, self.director):
            with self.subTest(user=user.name):
                self._call(
                    "crm.gestion",
                    "unlink",
                    gestion.ids,
                    key=self._make_key(user),
                    status=403,
                )
                self.assertTrue(gestion.exists())

    def test_closure_is_neither_changed_nor_deleted(self):
        lead = self._make_lead()
        lead.with_user(self.seller).action_set_lost(lost_reason_id=self.price.id)
        closure = lead.closure_ids
        self._refused(
            403, self.ACCESS, "crm.opportunity.closure", "unlink", closure.ids
        )
        self._refused(
            403,
            self.ACCESS,
            "crm.opportunity.closure",
            "write",
            closure.ids,
            vals={"kind": "won"},
        )
        self._refused(
            403,
            self.ACCESS,
            "crm.lead",
            "write",
            lead.ids,
            vals={"closure_ids": [Command.delete(closure.id)]},
        )
        self.assertEqual(lead.closure_ids.mapped("kind"), ["rejected"])

    def test_private_methods_are_not_served(self):
        lead = self._make_lead()
        private = [
            ("crm.opportunity.closure", "_log"),
            ("crm.opportunity.closure", "_close"),
            ("crm.lead", "_crm_pause"),
            ("crm.lead", "_win_by_order"),
            ("sale.order", "_generate_from_opportunity"),
        ]
        for model, method in private:
            with self.subTest(model=model, method=method):
                self._call(model, method, lead.ids, status=403)
        self.assertTrue(lead.active)
        self.assertEqual(lead.won_status, "pending")
        self.assertFalse(lead.order_ids)
