import io
import re

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
