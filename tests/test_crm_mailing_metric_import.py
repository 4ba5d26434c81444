import base64
import io
from datetime import date, datetime

from freezegun import freeze_time
from openpyxl import Workbook

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .test_crm_mailing_metric import MetricCommon

CSV = """\
Informe de marzo
Campaña;Asunto;Fecha;Enviados;Rebotes duros;Aperturas;Clics únicos;Clics;Tasa de clics
Spring;Oferta;02/03/2026;1.200;12;800;96;130;8,08 %
Spring;Recordatorio;03/03/2026;1.100,0;4;500;20;21;1,82 %
"""


@tagged("post_install", "-at_install")
@freeze_time("2026-03-10 12:00:00")
class TestImport(MetricCommon):
    """Files of other tools, through the dialog."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mapping = cls.env["crm.mailing.metric.mapping"].create({"name": "Brevo"})

    def _dialog(self, content, name="march.csv", user=None, **values):
        if isinstance(content, str):
            content = content.encode()
        wizard = self.env["crm.mailing.metric.import"].with_user(user or self.director)
        # the client sets the name with the file
        form = Form(wizard.with_context(default_file_name=name))
        form.mapping_id = self.mapping
        form.file = base64.b64encode(content)
        for field, value in values.items():
            form[field] = value
        return form.save()

    def _means(self, dialog):
        return {line.title: line.figure for line in dialog.line_ids}

    def _metrics(self):
        return self.metrics.search(
            [("campaign_id", "=", self.spring.id)], order="date, id"
        )

    def test_a_file_with_titles_in_spanish(self):
        dialog = self._dialog(CSV)
        self.assertEqual(
            self._means(dialog),
            {
                "Campaña": "campaign",
                "Asunto": "name",
                "Fecha": "date",
                "Enviados": "sent",
                "Rebotes duros": "bounces_hard",
                "Aperturas": "opens",
                "Clics únicos": "clicks_unique",
                "Clics": "clicks",
                "Tasa de clics": False,
            },
        )
        self.assertEqual(dialog.line_ids[3].sample, "1.200")
        action = dialog.action_load()
        first, second = self._metrics()
        self.assertEqual(action["domain"], [("id", "in", [first.id, second.id])])
        self.assertFigures(
            first, sent=1200, delivered=1188, bounces_hard=12, opens=800,
            clicks_unique=96, clicks=130,
        )  # fmt: skip
        self.assertFigures(
            second, sent=1100, delivered=1096, bounces_hard=4, opens=500,
            clicks_unique=20, clicks=21,
        )  # fmt: skip
        self.assertEqual(first.name, "Oferta")
        self.assertEqual((first.tool, first.provider), ("Brevo", "file"))
        self.assertEqual(first.date, date(2026, 3, 2))

    def test_the_same_file_twice_changes_nothing(self):
        self._dialog(CSV).action_load()
        before = self._metrics().read()
        self._dialog(CSV).action_load()
        after = self._metrics().read()
        for row in (*before, *after):
            del row["write_date"]
        self.assertEqual(after, before)

    def test_what_columns_mean_is_remembered_in_whatever_order_they_come(self):
        dialog = self._dialog("Envio;Total A;Total B\nOferta;5;100\n",
                              campaign_id=self.spring)  # fmt: skip
        self.assertEqual(
            self._means(dialog), {"Envio": "name", "Total A": False, "Total B": False}
        )
        dialog.line_ids[1].figure = "clicks_unique"
        dialog.line_ids[2].figure = "sent"
        dialog.action_load()
        again = self._dialog(
            "TOTAL  B,Total A,Envio\n110,6,Oferta\n", campaign_id=self.spring
        )
        self.assertEqual(
            self._means(again),
            {"TOTAL  B": "sent", "Total A": "clicks_unique", "Envio": "name"},
        )
        again.action_load()
        self.assertFigures(
            self._metrics(), sent=110, delivered=110, clicks_unique=6, clicks=6
        )

    def test_excel_with_real_dates(self):
        book = Workbook()
        sheet = book.active
        sheet.append(["Subject", "Send Date", "Date", "Sent", "Unique Opens"])
        sheet.append(
            ["Offer", datetime(2026, 3, 1, 9, 30), date(2026, 3, 2), 1200, 300.0]
        )
        content = io.BytesIO()
        book.save(content)
        self._dialog(
            content.getvalue(), "march.xlsx", campaign_id=self.spring
        ).action_load()
        metric = self._metrics()
        self.assertFigures(
            metric, sent=1200, delivered=1200, opens_unique=300, opens=300
        )
        self.assertEqual(metric.date, date(2026, 3, 2))
        self.assertEqual(metric.sent_date, date(2026, 3, 1))

    def test_months_first_and_old_encodings(self):
        content = "Asunto,Día,Enviados\nOfertón,3/2/2026,10\n".encode("latin-1")
        dialog = self._dialog(content, campaign_id=self.spring, month_first=True)
        dialog.action_load()
        self.assertEqual(self._metrics().date, date(2026, 3, 2))
        self.assertTrue(self.mapping.month_first)

    def test_with_one_mistake_nothing_is_loaded_and_all_are_told(self):
        dialog = self._dialog(
            "Campaign;Name;Date;Sent;Delivered\n"
            "Spring;Fine;2/3/2026;10;10\n"
            "Autumn;Other;2/3/2026;10;10\n"
            "Spring;Third;soon;1,5;10\n"
            ";Fourth;2/3/2026;10;10\n"
        )
        action = dialog.action_load()
        self.assertEqual(action["res_id"], dialog.id)
        self.assertEqual(
            dialog.messages.split("\n"),
            [
                "Row 3: there is no campaign “Autumn”, or several.",
                "Row 4: As of: “soon” is not a date.",
                "Row 4: Sent: “1,5” is not a whole number.",
                "Row 5: no campaign: choose one above.",
            ],
        )
        self.assertFalse(self._metrics())
        self.assertEqual(len(self.mapping.line_ids), 5)

    def test_mistakes_of_figures_are_told_too(self):
        dialog = self._dialog(
            "Name;Sent;Delivered\nOffer;10;11\n", campaign_id=self.spring
        )
        dialog.action_load()
        self.assertEqual(
            dialog.messages, "Row 2: more e-mails were delivered than sent."
        )
        self.assertFalse(self._metrics())

    def test_a_column_may_mean_one_thing_only(self):
        dialog = self._dialog("Name;Sent;Recipients\nOffer;10;11\n",
                              campaign_id=self.spring)  # fmt: skip
        with self.assertRaisesRegex(UserError, "two columns"):
            dialog.action_load()
        dialog.line_ids[1:].figure = False
        with self.assertRaisesRegex(UserError, "Choose the column"):
            dialog.action_load()
        self.assertFalse(self._metrics())

    def test_what_is_no_file_of_figures_says_so(self):
        files = {
            "empty.csv": b"\n\n",
            "photo.png": b"\x00\x01\xff\x00",
            "titles.csv": b"Name;Sent\n",
        }
        for name, content in files.items():
            with self.subTest(name=name), self.assertRaises(UserError):
                self._dialog(content, name)

    def test_the_responsible_loads_and_others_do_not(self):
        content = "Name;Sent\nOffer;10\n"
        own = self._dialog(content, user=self.colleague, campaign_id=self.spring)
        own.action_load()
        self.assertEqual(self._metrics().sent, 10)
        other = self._dialog(
            "Name;Sent\nOffer;99\n", user=self.seller, campaign_id=self.spring
        )
        with self.assertRaises(AccessError):
            other.action_load()
        self.assertEqual(self._metrics().sent, 10)
