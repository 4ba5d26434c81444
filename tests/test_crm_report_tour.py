from odoo import fields
from odoo.tests import tagged

from .common import BrowserCommon


@tagged("post_install", "-at_install")
class TestReportTour(BrowserCommon):
    """A seller looks at what he lost and why, and opens what is behind a row."""

    def test_from_a_saved_filter_to_the_records(self):
        self.seller.lang = "en_US"
        lead = self._make_lead(name="Lost of the tour", partner_id=self.contact.id)
        reason = self.env.ref("crm_gestion.lost_reason_price")
        reason.name = "Nothing but the price"
        lead.action_set_lost(lost_reason_id=reason.id)
        self._make_gestion(
            organization_id=self.organization.id, date=fields.Datetime.now()
        )
        self.start_tour("/odoo", "crm_gestion_reports", login="crm_seller")
