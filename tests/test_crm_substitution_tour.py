from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import BrowserCommon


@tagged("post_install", "-at_install")
class TestSubstitutionTour(BrowserCommon):
    """A seller goes on holidays, and a colleague of another team rings her customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger.lang = "es_ES"
        cls.lead = cls._make_lead(partner_id=cls.contact.id)
        cls.activity = cls.lead.activity_schedule(
            activity_type_id=cls.env.ref("mail.mail_activity_data_call").id,
            user_id=cls.seller.id,
            summary="Primer aviso",
        )

    def test_seller_sets_it_and_substitute_works(self):
        self.start_tour(
            "/odoo/substitutions",
            "crm_gestion_cover_set",
            login=self.seller.login,
            timeout=240,
        )
        today = fields.Date.today()
        row = self.env["crm.substitution"].search([("user_id", "=", self.seller.id)])
        self.assertRecordValues(
            row,
            [
                {
                    "substitute_id": self.stranger.id,
                    "date_from": today,
                    "date_to": today + timedelta(days=7),
                    "reason": "Vacaciones",
                    "state": "running",
                }
            ],
        )
        self.start_tour(
            "/odoo/my-day",
            "crm_gestion_cover_work",
            login=self.stranger.login,
            timeout=240,
        )
        self.assertFalse(self.activity.active)
        gestion = self.lead.gestion_ids
        self.assertRecordValues(
            gestion,
            [
                {
                    "user_id": self.stranger.id,
                    "on_behalf_of_id": self.seller.id,
                    "activity_id": self.activity.id,
                }
            ],
        )
        self.assertEqual(self.lead.user_id, self.seller)
