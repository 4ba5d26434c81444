from odoo.fields import Command
from odoo.tests import tagged

from .common import BrowserCommon


@tagged("post_install", "-at_install")
class TestProjectTour(BrowserCommon):
    """A seller makes a project of what he won, and looks how it is getting on."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls._make_user("manager", "project.group_project_manager")
        cls.template = cls.env["project.project"].create(
            {
                "name": "Implantación",
                "is_template": True,
                "privacy_visibility": "employees",
                "user_id": cls.manager.id,
                "task_ids": [
                    Command.create({"name": "Instalar"}),
                    Command.create(
                        {
                            "name": "Formar",
                            "role_ids": [Command.create({"name": "Formador"})],
                        }
                    ),
                ],
            }
        )
        cls.lead = cls._make_lead(
            name="Renovación anual",
            partner_id=cls.contact.id,
            organization_id=cls.organization.id,
        )
        stage = cls.env.ref("crm_gestion.stage_sales_order")
        cls.env["crm.opportunity.closure"]._win(cls.lead, stage, "Por teléfono")

    def _tour(self, path, name):
        self.start_tour(path, name, login=self.seller.login, timeout=240)

    def assertMade(self):
        self.assertRecordValues(
            self.lead.crm_project_ids,
            [
                {
                    "name": "Aceites del Sur - Renovación anual",
                    "privacy_visibility": "employees",
                    "user_id": self.manager.id,
                    "task_count": 2,
                }
            ],
        )

    def test_from_the_opportunity_to_the_account(self):
        self._tour(f"/odoo/opportunities/{self.lead.id}", "crm_gestion_project")
        self.assertMade()

    def test_on_a_phone(self):
        self.browser_size, self.touch_enabled = "390x844", True
        self._tour(f"/odoo/opportunities/{self.lead.id}", "crm_gestion_project_phone")
        self.assertMade()

    def test_what_is_hidden_is_told(self):
        self.env["project.project"].create(
            {
                "name": "Interno",
                "partner_id": self.contact.id,
                "allow_billable": True,
                "crm_lead_id": self.lead.id,
                "user_id": self.manager.id,
                "privacy_visibility": "followers",
                "last_update_status": "at_risk",
            }
        )
        for path in (
            f"opportunities/{self.lead.id}",
            f"organizations/{self.organization.id}",
        ):
            self._tour(f"/odoo/{path}", "crm_gestion_project_state")
