from odoo.tests import tagged
from odoo.tools.misc import file_path

from .common import BrowserCommon


@tagged("post_install", "-at_install")
class TestManual(BrowserCommon):
    """The manual is a click away, and comes with the add-on."""

    def test_the_menu_opens_a_page_that_is_served(self):
        menu = self.env.ref("crm_gestion.menu_crm_manual").with_user(self.seller)
        page = self.url_open(menu.sudo().action.url)
        self.assertEqual(page.status_code, 200)
        self.assertEqual(page.headers["Content-Type"].split(";")[0], "text/html")
        self.assertIn('<html lang="es">', page.text)
        self.assertTrue(file_path("crm_gestion/static/manual/index.html"))

    def test_it_is_in_the_menu_of_the_user(self):
        self.start_tour(
            "/odoo", "crm_gestion_manual", login=self.seller.login, timeout=240
        )
