import io
import re

import lxml.etree
import lxml.html
from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import OdooPdfFileReader

from odoo.addons.crm_gestion.models import crm_handover

from .test_crm_handover import HandoverCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHandoverRecord(HandoverCommon):
    """The printed record, as a real PDF."""

    def _text(self, handover, user):
        report = self.env["ir.actions.report"].with_user(user)
        report = report.with_context(lang=user.lang, force_report_rendering=True)
        content, kind = report._render_qweb_pdf(
            "crm_gestion.crm_handover_report", handover.ids
        )
        self.assertEqual(kind, "pdf")
        reader = OdooPdfFileReader(io.BytesIO(content), strict=False)
        pages = [page.extract_text() for page in reader.pages]
        return re.sub(r"\s+", " ", " ".join(pages).replace("\xa0", " "))

    @mute_logger("odoo.addons.base.models.ir_actions_report")
    def test_pdf_in_the_language_of_its_reader(self):
        self.head.lang = "es_ES"
        handover = self._started(reason="Se va de la empresa")
        text = self._text(handover, self.head)
        for part in (
            "Acta de relevo", "Seller", "Colleague", "Head", "Se va de la empresa",
            "Aceites del Sur", "Organizaciones", "Oportunidades",
        ):  # fmt: skip
            with self.subTest(part=part):
                self.assertIn(part, text)
        self.assertNotIn("Won", text)

    def test_rows_are_bounded(self):
        for n in range(4):
            self._make_lead(name=f"Number {n}")
        self.patch(crm_handover, "PRINTED", 3)
        handover = self._started()
        (group,) = handover._record_rows()
        rows = {part["label"]: part for part in group["kinds"]}
        self.assertEqual(rows["Opportunities"]["count"], 5)
        self.assertEqual(len(rows["Opportunities"]["lines"]), 3)
        self.assertFalse(rows["Planned Activities"]["lines"])

    def test_an_account_is_named_once(self):
        handover = self._started()
        html = handover.env["ir.qweb"]._render(
            "crm_gestion.crm_handover_report",
            {"docs": handover, "company": handover.env.company, "res_company": None},
        )
        rows = lxml.html.fromstring(html).xpath("//tr[td]")
        cells = [[cell.text_content().strip() for cell in row] for row in rows]
        self.assertIn(["Aceites del Sur", "", ""], cells)

    def test_tables_repeat_their_header(self):
        """wkhtmltopdf prints what is in ``thead`` on every page."""
        self.env["res.lang"]._activate_lang("en_US")
        self.head.lang = "en_US"
        handover = self._started()
        html = handover.env["ir.qweb"]._render(
            "crm_gestion.crm_handover_report",
            {"docs": handover, "company": handover.env.company, "res_company": None},
        )
        tables = lxml.html.fromstring(html).xpath("//table[contains(@class, 'rows')]")
        self.assertTrue(tables)
        for table in tables:
            header = [cell.text_content().strip() for cell in table.xpath("thead//th")]
            self.assertEqual(header[1:], ["Name", "Account", "Amount"])

    def test_summary_leaves_out_the_column_of_nothing(self):
        handover = self._handover()
        handover.action_preview()
        self.assertIn("Organizations", handover.summary)
        self.assertNotIn("Left Out", handover.summary)
        handover.line_ids[:1].excluded = True
        handover.invalidate_recordset(["summary"])
        self.assertIn("Left Out", handover.summary)

    def test_a_new_one_is_shown_without_a_warning(self):
        """The form asks for the summary before anything is saved."""
        new = self.env["crm.handover"].with_user(self.head).new({})
        with self.assertNoLogs("odoo.domains", "WARNING"):
            self.assertIn("nothing to hand over", new.summary)

    def test_who_may_not_archive_is_told_to_ask(self):
        """Nobody is offered a button that always refuses him."""
        admin = self._make_user(
            "user_admin", "base.group_erp_manager,crm_gestion.group_sales_director"
        )
        handover = self._started()
        for user, may in ((self.head, False), (self.director, False), (admin, True)):
            with self.subTest(user=user.login):
                self.assertEqual(handover.with_user(user).may_archive, may)
        arch = self.env["crm.handover"].with_user(self.head).get_view()["arch"]
        form = lxml.etree.fromstring(arch)
        for name in ("action_archive_user", "action_archive_anyway"):
            for button in form.iterfind(f".//button[@name='{name}']"):
                self.assertIn("not may_archive", button.get("invisible"))
