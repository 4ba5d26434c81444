from odoo.tests import tagged

from .common import BrowserCommon


@tagged("post_install", "-at_install")
class TestImportTour(BrowserCommon):
    """A director imports a list of customers in the browser."""

    def test_director_imports_a_list(self):
        self.director.lang = "en_US"
        self.env["crm.import"].search([("name", "!=", False)]).name = "Another"
        self.start_tour(
            "/odoo/crm", "crm_gestion_import", login=self.director.login, timeout=240
        )
        job = self.env["crm.import"].search([("name", "=", "Tour customers")])
        # two customers, and the market that was chosen to be made
        found = (job.state, job.made_count, job.user_id)
        self.assertEqual(found, ("done", 3, self.director))
        made = self.env["res.partner"].search(
            [("name", "in", ["Tour Sol", "Tour Luna"])]
        )
        self.assertEqual(len(made), 2)
        self.assertFalse(made.user_id)
