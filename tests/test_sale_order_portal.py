from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from .common import PASSWORD
from .test_crm_history import HistoryCommon

SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAA"
    "AABJRU5ErkJggg=="
)


@tagged("post_install", "-at_install")
class TestSaleOrderPortal(HistoryCommon, HttpCase):
    """Who only reads the quotation of a colleague does not sign, decline or pay it in
    the customer's place."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls._make_product()
        cls.theirs = cls._quotation(cls.stranger)
        cls.own = cls._quotation(cls.seller)
        cls.key = cls.theirs._portal_ensure_token()

    @classmethod
    def _quotation(cls, user):
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.organization.id,
                "user_id": user.id,
                "require_signature": True,
                "require_payment": False,
                "state": "sent",
                "order_line": [(0, 0, {"product_id": cls.product.id})],
            }
        )

    def _as(self, user, order=None):
        return (order or self.theirs).with_user(user)

    def _sign(self, order, **params):
        return self.make_jsonrpc_request(
            f"/my/orders/{order.id}/accept",
            {"name": "Me", "signature": SIGNATURE, **params},
        )

    def assertUntouched(self):
        self.theirs.invalidate_recordset()
        self.assertEqual(self.theirs.state, "sent")
        self.assertFalse(self.theirs.signed_by)

    def test_reader_has_no_key(self):
        reader = self._as(self.seller)
        self.assertEqual(reader.read(["name"])[0]["name"], self.theirs.name)
        self.assertNotIn("access_token", reader.read()[0])
        spec = {"access_token": {}}
        share = self.env["portal.share"].with_user(self.seller)
        link = self.env["payment.link.wizard"].with_user(self.seller)
        about = {"active_model": "sale.order", "active_id": self.theirs.id}
        attempts = (
            lambda: reader.access_token,
            lambda: reader.read(["access_token"]),
            lambda: reader.web_read(spec),
            lambda: reader.mapped("access_token"),
            lambda: reader.get_portal_url(),
            lambda: reader.action_preview_sale_order(),
            lambda: reader._get_share_url(redirect=True),
            lambda: share.with_context(**about).default_get(["share_link"]),
            lambda: (
                link.create(
                    {"res_model": "sale.order", "res_id": self.theirs.id, "amount": 1}
                ).link
            ),
        )
        for number, attempt in enumerate(attempts):
            with self.subTest(number), self.assertRaises(AccessError):
                attempt()

    def test_key_is_not_found_out(self):
        """Neither guessed letter by letter, nor grouped or sorted by."""
        orders = self.env["sale.order"].with_user(self.seller)
        lines = self.env["sale.order.line"].with_user(self.seller)
        guess = ("access_token", "=like", f"{self.key[:4]}%")
        attempts = (
            lambda: orders.search([guess]),
            lambda: lines.search([(f"order_id.{guess[0]}", *guess[1:])]),
            lambda: orders.web_search_read([guess], {"name": {}}),
            lambda: orders.formatted_read_group([], ["access_token"]),
            lambda: orders.formatted_read_group([], [], ["access_token:array_agg"]),
            lambda: orders.search([], order="access_token"),
            lambda: orders.search_read([], ["access_token"]),
        )
        for number, attempt in enumerate(attempts):
            with self.subTest(number), self.assertRaises(AccessError):
                attempt()

    def test_own_order_as_in_odoo(self):
        key = self.own._portal_ensure_token()
        for user in (self.seller, self.head, self.director):
            with self.subTest(user=user.login):
                order = self._as(user, self.own)
                self.assertEqual(order.access_token, key)
                self.assertEqual(order.read(["access_token"])[0]["access_token"], key)
                self.assertIn(key, order.get_portal_url())
                self.assertIn(key, order.action_preview_sale_order()["url"])
        found = self.env["sale.order"].with_user(self.director)
        self.assertEqual(found.search([("access_token", "=", key)]), self.own)
        native = self._quotation(self.native)
        self.assertTrue(self._as(self.native, native).get_portal_url())

    def test_reader_still_makes_odoo_write_to_the_customer(self):
        """Odoo makes the customer's link in the e-mail, whoever makes it write."""
        groups = self._as(self.seller)._notify_get_recipients_groups(
            self.env["mail.message"], "Order", msg_vals={}
        )
        links = [
            group[2]["button_access"]["url"]
            for group in groups
            if group[0] == "portal_customer"
        ]
        self.assertIn(self.key, links[0])

    def test_customers_page(self):
        self.authenticate(self.seller.login, PASSWORD)
        page = self.url_open(f"/my/orders/{self.theirs.id}", allow_redirects=False)
        self.assertEqual(page.status_code, 303)
        self.assertNotIn(self.key, page.text)
        for params in ({}, {"access_token": "wrong"}):
            self.assertEqual(self._sign(self.theirs, **params).keys(), {"error"})
            self.assertUntouched()
        declined = self.url_open(
            f"/my/orders/{self.theirs.id}/decline",
            data={"decline_message": "No", "csrf_token": self._csrf()},
            allow_redirects=False,
        )
        self.assertEqual(declined.status_code, 303)
        self.assertUntouched()
        own = self.url_open(f"/my/orders/{self.own.id}", allow_redirects=False)
        self.assertEqual(own.status_code, 200)

    def _csrf(self):
        page = self.url_open("/my/account").text
        return page.partition('csrf_token: "')[2].partition('"')[0]

    def test_customer_signs(self):
        """With the address that he was sent, whoever he is."""
        self.authenticate(None, None)
        answer = self._sign(self.theirs, access_token=self.key)
        self.assertTrue(answer.get("force_refresh"), answer)
        self.theirs.invalidate_recordset()
        self.assertEqual(self.theirs.state, "sale")
        self.assertEqual(self.theirs.signed_by, "Me")
