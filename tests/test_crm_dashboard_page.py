import json
from unittest.mock import patch

from odoo import fields
from odoo.tests import no_retry, tagged

from odoo.addons.web.tests import test_js

from .common import BrowserCommon

SUITE = "@crm_gestion/dashboard"


@tagged("post_install", "-at_install")
class TestDashboardComponents(BrowserCommon):
    """The hoot tests of the components, in a real browser."""

    def _run(self, preset):
        suite = test_js.HOOTCommon._generate_hash(self, SUITE)
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset={preset}&timeout=15000&id={suite}",
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )

    @no_retry
    def test_components(self):
        self._run("desktop")
