from odoo.tests import tagged

from .common import BrowserCommon


@tagged("post_install", "-at_install")
class TestTours(BrowserCommon):
    """A seller's work in a real browser, in Spanish."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.product"].create(
            {"name": "Licencia anual", "list_price": 100.0, "taxes_id": False}
        )

    def test_from_first_call_to_won_order(self):
        self.start_tour(
            "/odoo", "crm_gestion_seller", login=self.seller.login, timeout=240
        )

        lead = self.env["crm.lead"].search(
            [("name", "=", "Venta de software a Aceites del Sur")]
        )
        self.assertRecordValues(
            lead,
            [
                {
                    "user_id": self.seller.id,
                    "organization_id": self.organization.id,
                    "partner_id": self.contact.id,
                    "origination_id": self.cold_call.id,
                    "expected_revenue": 100.0,
                    "won_status": "won",
                    "closure_kind": "won",
                    "gestion_count": 4,
                }
            ],
        )
        self.assertEqual(lead.source_gestion_id.user_id, self.seller)
        self.assertEqual(lead.order_ids.mapped("state"), ["sale"])
        self.assertEqual(lead.order_ids.order_line.product_id.name, "Licencia anual")
        self.assertEqual(
            lead.opportunity_stage_ids.sorted("id").mapped("move"),
            ["created", "forward", "forward", "forward", "won"],
        )

    def test_drag_to_the_order(self):
        lead = self._make_lead(
            name="Renovación anual",
            partner_id=self.contact.id,
            origination_id=self.cold_call.id,
            expected_revenue=0.0,
        )
        self.start_tour(
            "/odoo/crm", "crm_gestion_drag", login=self.seller.login, timeout=240
        )
        self.assertRecordValues(
            lead, [{"won_status": "won", "expected_revenue": 100.0}]
        )
        self.assertEqual(lead.order_ids.mapped("state"), ["sale"])
        rows = lead.opportunity_stage_ids.sorted("id")
        self.assertEqual(
            rows.mapped("move"), ["created", "forward", "forward", "forward", "won"]
        )
        self.assertEqual(
            rows.mapped("gestion_id"), lead.gestion_ids.sorted("id"), "each its own"
        )

    def test_register_on_a_phone(self):
        lead = self._make_lead(name="Renovación anual", partner_id=self.contact.id)
        self.browser_size, self.touch_enabled = "390x844", True
        self.start_tour(
            f"/odoo/opportunities/{lead.id}",
            "crm_gestion_phone",
            login=self.seller.login,
            timeout=240,
        )
        self.assertEqual(
            lead.stage_id, self.env.ref("crm_gestion.stage_present_products")
        )
        self.assertEqual(lead.gestion_ids.description, "Llamé desde el coche")

    def test_standby_and_resume(self):
        lead = self._make_lead(
            name="Renovación anual",
            partner_id=self.contact.id,
            stage_id=self.env.ref("crm_gestion.stage_size_proposal").id,
            probability=40.0,
        )
        self.start_tour(
            "/odoo/opportunities",
            "crm_gestion_standby",
            login=self.seller.login,
            timeout=240,
        )
        self.assertRecordValues(
            lead,
            [{"active": True, "probability": 40.0, "closure_kind": False}],
        )
        self.assertRecordValues(
            lead.closure_ids.sorted("id"),
            [
                {
                    "kind": "standby",
                    "user_id": self.seller.id,
                    "note": "Presupuesto en junio",
                },
                {"kind": "standby", "user_id": self.seller.id, "note": False},
            ],
        )
        self.assertTrue(all(lead.closure_ids.mapped("reopen_date")))

    def test_odoos_own_lost_opens_the_dialog_of_the_method(self):
        lead = self._make_lead(name="Renovación anual", probability=40.0)
        self.start_tour(
            "/odoo/opportunities",
            "crm_gestion_native_lost",
            login=self.seller.login,
            timeout=240,
        )
        self.assertRecordValues(
            lead.closure_ids,
            [
                {
                    "kind": "rejected",
                    "user_id": self.seller.id,
                    "lost_reason_id": self.env.ref("crm_gestion.lost_reason_price").id,
                    "reopen_date": False,
                }
            ],
        )
