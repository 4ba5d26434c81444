from odoo.tests import no_retry, tagged

from .common import BrowserCommon

SUITE = "@crm_gestion/incident"


@tagged("post_install", "-at_install")
class TestIncidentTour(BrowserCommon):
    """A customer's machine stops: his seller opens an incident, and the desk solves it,
    at a desk and on a telephone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = cls.env.ref("crm_gestion.incident_desk")
        cls.staff = cls._make_user("staff", "project.group_project_user")
        cls.desk.message_subscribe(cls.staff.partner_id.ids)

    def _open(self):
        return (
            self.env["crm.incident"]
            .with_user(self.seller)
            ._open(
                [
                    {
                        "name": "No arranca la prensa",
                        "partner_id": self.contact.id,
                        "crm_organization_id": self.organization.id,
                        "crm_severity": "2_high",
                    }
                ]
            )
            .sudo()
        )

    def test_seller_opens_and_follows(self):
        self.start_tour(
            f"/odoo/res.partner/{self.organization.id}",
            "crm_gestion_incident_open",
            login=self.seller.login,
            timeout=240,
        )
        incident = self.env["project.task"].search(
            [("crm_organization_id", "=", self.organization.id)]
        )
        self.assertRecordValues(
            incident,
            [
                {
                    "name": "No arranca la prensa",
                    "project_id": self.desk.id,
                    "partner_id": self.contact.id,
                    "crm_severity": "2_high",
                    "crm_channel": "phone",
                    "crm_phase": "new",
                    "crm_type_id": self.env.ref("crm_gestion.incident_type_fault").id,
                }
            ],
        )
        self.assertIn("Hace un ruido y se para.", incident.description)
        said = incident.message_ids.filtered(lambda m: "Pasaré mañana" in m.body)
        self.assertEqual(said.author_id, self.seller.partner_id)

    def test_desk_solves(self):
        incident = self._open()
        self.start_tour(
            "/odoo/incidents",
            "crm_gestion_incident_solve",
            login=self.staff.login,
            timeout=240,
        )
        self.assertEqual(incident.crm_phase, "solved")
        self.assertTrue(incident.crm_solution_date)


@tagged("post_install", "-at_install")
class TestIncidentPhone(TestIncidentTour):
    """On a telephone nothing is wider than the screen."""

    browser_size = "390x844"
    touch_enabled = True
    test_seller_opens_and_follows = None
    test_desk_solves = None

    def test_seller_reads(self):
        self._open()
        self.start_tour(
            "/odoo/incidents",
            "crm_gestion_incident_phone",
            login=self.seller.login,
            timeout=240,
        )


@tagged("post_install", "-at_install")
class TestIncidentComponents(BrowserCommon):
    """The hoot tests of the countdown."""

    @no_retry
    def test_components(self):
        self._run_components(SUITE)
