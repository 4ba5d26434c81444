from odoo.tests import tagged

from .common import BrowserCommon
from .doppler_common import StandInCommon
from .doppler_stand_in import ACCOUNT, KEY


@tagged("post_install", "-at_install")
class TestDopplerListTour(StandInCommon, BrowserCommon):
    """A director binds a segment to a list of Doppler, looks who would be sent and who
    not, and pushes."""

    def test_director_compares_and_pushes(self):
        self.env["res.lang"]._activate_lang("en_US")
        self.director.lang = "en_US"
        self.service.add_list("Clientes", "other@people.example", ref=7)
        account = self.env["crm.doppler.account"].create(
            {
                "email": ACCOUNT,
                "api_key": KEY,
                "base_url": self.service.url,
                "require_consent": False,
                "rate": 1000.0,
            }
        )
        account.state = "connected"
        people = (self.organization | self.contact).ids
        segment = self.env["crm.segment"].create(
            {"name": "De la gira", "domain": [("id", "in", people)]}
        )
        self.start_tour(
            "/odoo/doppler-lists",
            "crm_gestion_doppler_list",
            login=self.director.login,
            timeout=240,
        )
        list_ = self.env["crm.doppler.list"].search([("segment_id", "=", segment.id)])
        self.assertEqual((list_.name, list_.ref), ("Clientes", "7"))
        self.assertEqual(
            {(row.partner_id, row.todo, row.reason) for row in list_.member_ids},
            {(self.contact, "add", False), (self.organization, False, "no_email")},
        )
        job = self.env["crm.doppler.job"].search([("list_id", "=", list_.id)])
        self.assertEqual(
            (job.kind, job.is_trial, job.state), ("push", False, "waiting")
        )
        self.assertEqual(self.service.asked("POST"), [])
