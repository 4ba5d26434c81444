from odoo.tests import tagged

from .test_portal_incident import PortalCommon


@tagged("post_install", "-at_install")
class TestPortalTour(PortalCommon):
    """A customer in a real browser."""

    def test_opened_and_answered(self):
        self.start_tour(
            "/my/incidents",
            "crm_gestion_portal_open",
            login=self.lucia.login,
            timeout=240,
        )
        incident = self._incidents()
        self.assertRecordValues(
            incident,
            [
                {
                    "name": "La bomba no arranca",
                    "crm_severity": "2_high",
                    "partner_id": self.contact.id,
                    "crm_phase": "new",
                }
            ],
        )
        self.assertEqual(incident.attachment_ids.mapped("name"), ["foto.txt"])
        incident.with_user(self.handler).message_post(
            body="¿Qué ruido hace?",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        incident.with_user(self.handler).action_crm_wait()
        self.start_tour(
            f"/my/incidents/{incident.id}",
            "crm_gestion_portal_answer",
            login=self.lucia.login,
            timeout=240,
        )
        self.env.invalidate_all()
        self.assertEqual(incident.message_ids.sorted("id")[-1:].model, "project.task")
        said = incident.message_ids.filtered(lambda row: "silbido" in row.body)
        self.assertEqual(said.author_id, self.contact)
        self.assertEqual(incident.crm_phase, "working")
