from odoo.tests import tagged

from .common import BrowserCommon


@tagged("post_install", "-at_install")
class TestSegmentTour(BrowserCommon):
    """A seller makes a segment of his accounts and schedules their calls."""

    def test_seller_calls_a_segment(self):
        self.env["crm.segment"].search([("name", "!=", False)]).active = False
        self.start_tour(
            "/odoo", "crm_gestion_segment", login=self.seller.login, timeout=240
        )
        segment = self.env["crm.segment"].search([("name", "=", "De Lucía")])
        self.assertEqual(segment.user_id, self.seller)
        self.assertEqual(segment.kind, "frozen")
        self.assertEqual(
            set(segment.frozen_partner_ids), set(self.organization | self.contact)
        )
        activities = self.env["mail.activity"].search([("summary", "=", "Novedades")])
        self.assertEqual(set(activities.mapped("res_id")), set(segment._partners().ids))
        self.assertEqual(activities.user_id, self.seller)
