import io
import json
import re

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import OdooPdfFileReader

from .common import PASSWORD, CrmGestionCommon, SalesForce
from .test_crm_dashboard import PAGES, DashboardCommon
from .test_crm_dashboard_page import DashboardPage

REPORT = "crm_gestion.report_crm_dashboard"
# What no page sends, but anybody may.
GARBAGE = (
    "nonsense",
    [1, 2],
    7,
    {"period": ["month"], "team_id": "1", "user_id": [2]},
    {"period": {"a": 1}, "team_id": {"a": 1}, "user_id": 1.0},
    {"period": None, "team_id": None, "user_id": True},
    {"period": "custom", "date_from": 7, "date_to": {"a": 1}},
    {"period": "custom", "date_from": [], "date_to": ["2026-01-01"]},
    {"period": "custom", "date_from": "2026-13-45", "date_to": "0001-01-01"},
    {"period": "custom", "date_from": "9999-12-31", "date_to": "99999-12-31"},
    {"period": "custom", "date_from": True, "date_to": "'; DROP TABLE crm_lead"},
    {"team_id": -1, "user_id": 2**80},
)


@tagged("post_install", "-at_install")
class TestDashboardFilters(DashboardCommon):
    @freeze_time("2026-11-22 12:00:00")
    def test_garbage_is_not_heard(self):
        for page in PAGES:
            Page = self.env[PAGES[page]].with_user(self.director)
            opened = Page.get_data()["filters"]
            without_dates = Page.get_data({"period": "custom"})["filters"]
            self.assertEqual(without_dates["date_from"], "2026-11-01")
            self.assertEqual(without_dates["date_to"], "2026-11-22")
            for garbage in GARBAGE:
                with self.subTest(page=page, garbage=garbage):
                    heard = Page.get_data(garbage)["filters"]
                    is_custom = heard["period"] == "custom"
                    self.assertEqual(heard, without_dates if is_custom else opened)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestDashboardReport(DashboardPage, CrmGestionCommon):
    """A dashboard as a real PDF, in the language of its reader."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls._make_lead(name="Renewal", partner_id=cls.contact.id, expected_revenue=3000)
        cls._make_lead(cls.stranger, name="Of others", expected_revenue=777)
        cls._make_gestion(organization_id=cls.organization.id)

    def _text(self, user, page, **filters):
        report = self.env["ir.actions.report"].with_user(user)
        report = report.with_context(lang=user.lang, force_report_rendering=True)
        data = {"model": PAGES[page], "filters": filters}
        content, kind = report._render_qweb_pdf(REPORT, data=data)
        self.assertEqual(kind, "pdf")
        reader = OdooPdfFileReader(io.BytesIO(content), strict=False)
        width, height = reader.pages[0].mediabox.upper_right
        self.assertGreater(width, height, "landscape")
        pages = [page.extract_text() for page in reader.pages]
        return re.sub(r"\s+", " ", " ".join(pages).replace("\xa0", " "))

    @mute_logger("odoo.addons.base.models.ir_actions_report")
    def test_all_kinds_of_sections_in_two_languages(self):
        self._fake()
        symbol = self.env.company.currency_id.symbol
        for lang, amount, day in (
            ("es_ES", "3.000,00", "31/03/2026"),
            ("en_US", "3,000.00", "03/31/2026"),
        ):
            self.seller.lang = lang
            text = self._text(self.seller, "seller")
            for part in (
                "Seller, ", day, "Work done", "Gestiones", "By stage", "Goals",
                "behind", amount, symbol, "Side by side", "Column 7", "Row 2", "Total",
            ):  # fmt: skip
                with self.subTest(lang=lang, part=part):
                    self.assertIn(part, text)
            self.assertRegex(text, r"1 ?/ ?\d")
            self.assertNotIn("777", text, "nothing of other people")

    @mute_logger("odoo.addons.base.models.ir_actions_report")
    def test_what_is_printed_is_what_is_shown(self):
        """With the same filters: of one seller of the head's."""
        self._fake()
        (self.head | self.director).lang = "en_US"
        self.assertIn("3,000.00", self._text(self.head, "head"))
        text = self._text(self.head, "head", user_id=self.colleague.id)
        self.assertIn("Colleague, ", text)
        self.assertNotIn("3,000.00", text)
        self.assertIn("3,777.00", self._text(self.director, "director"))

    def test_nobody_prints_what_is_not_his(self):
        Report = self.env[f"report.{REPORT}"]
        for user, page in ((self.seller, "head"), (self.head, "director")):
            with self.assertRaises(AccessError):
                data = {"model": PAGES[page], "filters": {}}
                Report.with_user(user)._get_report_values([], data)

    def test_only_dashboards_are_printed(self):
        Report = self.env[f"report.{REPORT}"].with_user(self.director)
        for model in ("crm.dashboard", "res.users", ["crm.dashboard.head"], None, {}):
            with self.assertRaises(UserError):
                Report._get_report_values([], {"model": model})
        with self.assertRaises(UserError):
            Report._get_report_values([])


@tagged("post_install", "-at_install")
class TestDashboardDownload(SalesForce, DashboardPage, HttpCase):
    """Through Odoo's own routes, as the page prints."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_sales_force()

    def _rows(self, user):
        return self.env["crm.export.log"].search([("user_id", "=", user.id)])

    def test_a_print_is_one_document_in_the_log(self):
        self._fake()
        self.authenticate(self.seller.login, PASSWORD)
        options = json.dumps({"model": PAGES["seller"], "filters": {"period": "year"}})
        response = self.url_open(f"/report/html/{REPORT}?options={options}")
        self.assertEqual(response.status_code, 200)
        self.assertIn("Work done", response.text)
        self.assertRecordValues(
            self._rows(self.seller),
            [{"channel": "pdf", "name": REPORT, "records": 1, "refused": False}],
        )

    def test_a_forged_print_is_refused(self):
        self._fake()
        self.authenticate(self.seller.login, PASSWORD)
        options = json.dumps({"model": PAGES["director"], "filters": {}})
        with mute_logger("odoo.http", "odoo.addons.http_routing.models.ir_http"):
            response = self.url_open(f"/report/html/{REPORT}?options={options}")
        self.assertEqual(response.status_code, 403)
        self.assertNotIn("Work done", response.text)
