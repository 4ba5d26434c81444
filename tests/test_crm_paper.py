import io
import json
import re
from contextlib import contextmanager
from urllib.parse import urlencode

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import OdooPdfFileReader

from .common import PASSWORD, CrmGestionCommon, SalesForce

REPORTS = {
    "crm_account_file_report": "res.partner",
    "crm_opportunity_dossier_report": "crm.lead",
    "crm_sales_activity_report": "crm.sales.activity",
    "crm_campaign_result_report": "utm.campaign",
}


class PaperCommon(CrmGestionCommon):
    """Renders real PDFs and reads their text; a test of a document inherits this."""

    REPORT = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        users = cls.seller | cls.colleague | cls.head | cls.stranger | cls.director
        users.lang = "en_US"

    def _pages(self, records, user, data=None):
        """:return: list of the texts of the pages, blanks made one"""
        report = self.env["ir.actions.report"].with_user(user)
        report = report.with_context(
            lang=user.lang, tz=user.tz, force_report_rendering=True
        )
        with mute_logger("odoo.addons.base.models.ir_actions_report"):
            content, kind = report._render_qweb_pdf(
                f"crm_gestion.{self.REPORT}", records.ids, data=data
            )
        self.assertEqual(kind, "pdf")
        reader = OdooPdfFileReader(io.BytesIO(content), strict=False)
        return [
            re.sub(r"\s+", " ", page.extract_text().replace("\xa0", " "))
            for page in reader.pages
        ]

    def _text(self, records, user, data=None):
        return " ".join(self._pages(records, user, data))

    def _values(self, records, user, data=None):
        """:return: what the document of each record shows"""
        report = self.env[f"report.crm_gestion.{self.REPORT}"].with_user(user)
        return report._get_report_values(records.ids, data)["papers"]

    def _html(self, records, user):
        report = self.env["ir.actions.report"].with_user(user)
        return report._render_qweb_html(f"crm_gestion.{self.REPORT}", records.ids)

    def _other_company(self):
        return self.env["res.company"].create({"name": "Elsewhere"})

    @contextmanager
    def _reading_only(self):
        """The database refuses to be written to, as a replica does."""
        self.env.flush_all()
        self.env.invalidate_all()
        with self.cr.savepoint() as savepoint:
            self.cr.execute("SET LOCAL transaction_read_only = on")
            yield
            savepoint.rollback()

    def assertInOrder(self, parts, text):
        """All of these are in the text, one after another."""
        start = 0
        for part in parts:
            found = text.find(part, start)
            self.assertGreaterEqual(found, 0, f"{part!r} is not in {text[start:]!r}")
            start = found + len(part)

    def assertLong(self, pages, header):
        """Many rows: every page has the header of the table and its number."""
        count = len(pages)
        self.assertGreater(count, 3)
        self.assertLess(count, 40)
        for number, page in enumerate(pages[1:-1], 2):
            with self.subTest(page=number):
                self.assertIn(header, page)
                self.assertIn(f"{number} / {count}", page)


@tagged("post_install", "-at_install")
class TestPaper(CrmGestionCommon):
    """What holds for all documents."""

    def _report(self, name, user):
        return self.env[f"report.crm_gestion.{name}"].with_user(user)

    def test_documents_are_for_sales(self):
        records = {"res.partner": self.employee.partner_id}
        for name, model in REPORTS.items():
            for user in (self.employee, self.native):
                with self.subTest(report=name, user=user.name):
                    ids = records.get(model, self.env[model]).ids
                    with self.assertRaises(AccessError):
                        self._report(name, user)._get_report_values(ids)

    def test_menu_of_documents(self):
        """Who cannot print one does not find it."""
        for name, model in REPORTS.items():
            if model == "crm.sales.activity":
                continue
            action = self.env.ref(f"crm_gestion.{name}_action")
            for user, there in ((self.seller, True), (self.native, False)):
                with self.subTest(report=name, user=user.name):
                    bindings = self.env["ir.actions.actions"].with_user(user)
                    found = bindings.get_bindings(model).get("report", [])
                    ids = [row["id"] for row in found]
                    self.assertEqual(action.id in ids, there)


@tagged("post_install", "-at_install")
class TestPaperOverHttp(SalesForce, HttpCase):
    """The addresses of documents, as a client may type them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enforce()
        cls._make_sales_force()
        cls._make_accounts()
        cls.lead = cls._make_lead(partner_id=cls.contact.id, name="Secret deal")

    def _get(self, user, path):
        self.authenticate(user.login, PASSWORD)
        with mute_logger("odoo.http", "odoo.addons.base.models.ir_actions_report"):
            return self.url_open(path, allow_redirects=False)

    def test_dossier_of_a_stranger_is_refused(self):
        path = f"/report/html/crm_gestion.crm_opportunity_dossier_report/{self.lead.id}"
        self.assertIn("Secret deal", self._get(self.seller, path).text)
        self.assertIn("Secret deal", self._get(self.head, path).text)
        for user in (self.stranger, self.south_head, self.employee):
            with self.subTest(user=user.name):
                response = self._get(user, path)
                self.assertEqual(response.status_code, 403)
                self.assertNotIn("Secret deal", response.text)
        pdf = path.replace("/html/", "/pdf/")
        response = self._get(self.stranger, pdf)
        self.assertEqual(response.status_code, 403)
        self.assertNotIn(b"%PDF", response.content)

    def test_history_of_a_stranger_is_not_in_the_file(self):
        """Everybody reads organizations; what happened with them not."""
        self._make_gestion(organization_id=self.organization.id, name="Secret call")
        path = (
            f"/report/html/crm_gestion.crm_account_file_report/{self.organization.id}"
        )
        mine = self._get(self.seller, path).text
        self.assertIn("Secret call", mine)
        self.assertIn("Secret deal", mine)
        theirs = self._get(self.stranger, path).text
        self.assertIn("Aceites del Sur", theirs)
        self.assertNotIn("Secret", theirs)

    def test_printing_is_recorded_once(self):
        leads = self.lead + self._make_lead(partner_id=self.contact.id)
        ids = ",".join(map(str, leads.ids))
        path = f"/report/html/crm_gestion.crm_opportunity_dossier_report/{ids}"
        self.assertEqual(self._get(self.seller, path).status_code, 200)
        row = self.env["crm.export.log"].search([("user_id", "=", self.seller.id)])
        self.assertEqual(
            [(r.channel, r.model, r.records, r.refused) for r in row],
            [("pdf", "crm.lead", 2, False)],
        )

    def test_more_than_a_handful_is_refused(self):
        leads = self.lead
        for _number in range(20):
            leads += self._make_lead(partner_id=self.contact.id)
        ids = ",".join(map(str, leads.ids))
        path = f"/report/html/crm_gestion.crm_opportunity_dossier_report/{ids}"
        response = self._get(self.seller, path)
        self.assertEqual(response.status_code, 403)
        self.assertIn("20", response.text)

    def test_documents_are_counted_however_they_are_named(self):
        """Odoo hears a context within the options too, and a document its keys."""
        leads = self.lead
        for _number in range(20):
            leads += self._make_lead(partner_id=self.contact.id)
        context = {"active_ids": leads.ids}
        keys = {"active_ids": dict.fromkeys(leads.ids, 1)}
        for number, asked in enumerate(
            (
                {"context": json.dumps(context)},
                {"options": json.dumps({"context": json.dumps(context)})},
                {"context": json.dumps(keys)},
                {"options": json.dumps({"context": json.dumps(keys)})},
            ),
            1,
        ):
            with self.subTest(asked=asked):
                report = "/report/html/crm_gestion.crm_opportunity_dossier_report"
                response = self._get(self.seller, f"{report}?{urlencode(asked)}")
                self.assertEqual(response.status_code, 403)
                self.assertNotIn("Secret deal", response.text)
                rows = self.env["crm.export.log"].search(
                    [("user_id", "=", self.seller.id)]
                )
                self.assertEqual(
                    [(row.records, row.refused) for row in rows], [(21, True)] * number
                )
