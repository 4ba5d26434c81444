import time
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from . import fuzz
from .test_contact_form_http import FILLED, GUARD, ContactFormHttpCommon
from .test_portal_incident import TOLD, PortalCommon

SEED = 20260302
SECONDS = 25  # no more for one page
# what Odoo says of requests that are none
NOISE = ("odoo.http", "odoo.addons.base.models.ir_http", "werkzeug")


class FuzzCommon:
    def _fuzz(self, requests):
        """:return: how many were sent, and answered otherwise than with a failure"""
        end, sent = time.monotonic() + SECONDS, 0
        with mute_logger(*NOISE), self.assertNoLogs("odoo", "ERROR"):
            for request in requests:
                if time.monotonic() > end:
                    break
                answer = self.url_open(**request)
                self.assertLess(answer.status_code, 500, str(request)[:500])
                sent += 1
        return sent


@tagged("post_install", "-at_install")
class TestFuzzContactForm(FuzzCommon, ContactFormHttpCommon):
    """Nothing that is sent to the public page makes it fail, or makes a record that
    should not be."""

    def test_malformed_requests(self):
        """With the word of a page that is not there any more: nothing may come of
        them."""
        fields = {**FILLED, **self._get(), "homepage": "", "mailings": "1"}
        fields["token"] = self.env["crm.contact.form.guard"]._issue(self.form.copy())
        before = self._counts()
        requests = fuzz.requests(SEED, "/contact/visita", fields)
        self.assertGreaterEqual(self._fuzz(requests), len(fuzz.KINDS))
        self.assertEqual(self._counts(), before)

    def test_broken_values(self):
        """Properly asked: what is taken is clean, and no more than was sent."""
        flood = patch(f"{GUARD}.CrmContactFormGuard._is_flood", lambda *_args: False)
        guard = self.env["crm.contact.form.guard"]
        hidden = self._get()
        partners = self._counts()[2]
        fields = {**FILLED, "mailings": "1", "homepage": ""}
        requests = (
            {
                "url": "/contact/visita",
                "data": {**values, **hidden, "token": guard._issue(self.form)},
                "allow_redirects": False,
            }
            for values in fuzz.values(SEED, fields, 100)
        )
        with flood:
            sent = self._fuzz(requests)
        entries = self.env["crm.contact.form.entry"].search([])
        self.assertTrue(entries)
        self.assertLessEqual(len(entries), sent)
        self.assertEqual(self._counts()[2], partners)
        for lead in entries.lead_id:
            self.assertEqual(lead.user_id, self.seller)
            self.assertEqual(lead.company_id, self.env.company)
            for name in ("contact_name", "partner_name", "email_from", "phone", "city"):
                text = lead[name] or ""
                self.assertLessEqual(len(text), 254)
                self.assertTrue(text.isprintable(), repr(text))
            self.assertNotIn("<script", lead.description)
            self.assertNotIn("<img", lead.description)
            self.assertNotIn("\x00", lead.description)


@tagged("post_install", "-at_install")
class TestFuzzPortal(FuzzCommon, PortalCommon):
    """Nor does anything that a customer's browser sends."""

    def test_malformed_requests(self):
        mine, theirs = self._incident(), self._incident(self.rival)
        self._login(self.lucia)
        fields = {**TOLD, **self._hidden(), "type": str(self.fault.id), "order": ""}
        fields["token"] = "of no page"
        before = self._incidents()
        for number, path in enumerate(
            (
                "/my/incidents",
                "/my/incidents/new",
                f"/my/incidents/{mine.id}",
                f"/my/incidents/{theirs.id}/unsolved",
            )
        ):
            requests = fuzz.requests(SEED + number, path, fields, 60)
            self.assertGreaterEqual(self._fuzz(requests), len(fuzz.KINDS))
        self.assertEqual(self._incidents(), before)
        for incident in before:
            said = incident.message_ids.mapped("message_type")
            self.assertNotIn("comment", said)
        self.assertFalse(self.env["crm.incident.request"].search([]))

    def test_broken_keys(self):
        """Of who is nobody, for an incident that has a key."""
        incident = self._incident()
        incident._portal_ensure_token()
        self.authenticate(None, None)
        requests = [
            {
                "url": f"/my/{page}?access_token={key}&pid={key}&hash={key}",
                "allow_redirects": False,
            }
            for page in (
                f"incidents/{incident.id}",
                f"tasks/{incident.id}",
                f"projects/{self.desk.id}/task/{incident.id}",
            )
            for key in ("é", "\u202e", "😀", "%00", "a" * 5000, "'", "-1")
        ]
        self.assertEqual(self._fuzz(requests), len(requests))

    def test_broken_values(self):
        self._login(self.lucia)
        hidden = self._hidden()
        Request = self.env(user=self.lucia.id)["crm.incident.request"]
        fields = {**TOLD, "type": str(self.fault.id), "order": ""}
        requests = (
            {
                "url": "/my/incidents/new",
                "data": {**values, **hidden, "token": Request._issue()},
                "allow_redirects": False,
            }
            for values in fuzz.values(SEED, fields, 60)
        )
        with patch(
            "odoo.addons.crm_gestion.models.crm_incident_request.MOST_IN_AN_HOUR", 1000
        ):
            sent = self._fuzz(requests)
        incidents = self._incidents()
        self.assertTrue(incidents)
        self.assertLessEqual(len(incidents), sent)
        for incident in incidents:
            self.assertEqual(incident.partner_id, self.contact)
            self.assertEqual(incident.project_id, self.desk)
            self.assertTrue(incident.name.isprintable(), repr(incident.name))
            self.assertLessEqual(len(incident.name), 150)
            self.assertNotIn("<script", incident.description)
            self.assertNotIn("<img", incident.description)
