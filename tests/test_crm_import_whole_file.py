import base64
import io
from datetime import timedelta
from unittest.mock import patch

import openpyxl
from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from .common import CrmGestionCommon

READER = "odoo.addons.crm_gestion.models.crm_import_reader"
DEALS = "Oportunidad;Cliente;Importe;Fecha de cierre\n"
# A list as people keep it: a title, wrong cells, a line in pieces, a formula.
MESSY = """Listado de oportunidades 2026;;;

Oportunidad;Cliente;Importe;Fecha de cierre
Hornos;Buyer;1,234;04/03/2026
Cintas;Buyer;mucho;04/21/2026
=1+1;Nadie;1,500.5;04/03/2026
Cajas;Buyer;3;04/03/2026;sobra;más
"""


class WholeFileCommon(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._speak_english()

    def _job(self, *texts, **values):
        return (
            self.env["crm.import"]
            .with_user(self.director)
            .create(
                {
                    "name": "Old",
                    "source": "sheet",
                    "tz": "UTC",
                    "file_ids": [
                        (0, 0, {"name": f"{number}.csv", "data": self._data(text)})
                        for number, text in enumerate(texts)
                    ],
                    **values,
                }
            )
        )

    def _data(self, text):
        return base64.b64encode(text.encode())

    def _values(self, job, name):
        return [
            (row.values or {}).get(name) for row in job.sudo().row_ids.sorted("number")
        ]


@tagged("post_install", "-at_install")
class TestCrmImportWholeFile(WholeFileCommon):
    """What is a matter of the whole file: how dates and decimals are written, and where
    the headings are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch(f"{READER}.BATCH", 2))

    def test_the_last_row_tells_how_the_first_is_written(self):
        rows = [f"D{n};Buyer;1.{n}00;03/04/2026\n" for n in range(3)]
        job = self._job(DEALS + "".join(rows) + "Z;Buyer;12,5;21/04/2026\n")
        job.action_read()
        self.assertEqual(
            self._values(job, "deadline"), ["2026-04-03"] * 3 + ["2026-04-21"]
        )
        self.assertEqual(self._values(job, "amount"), ["1000", "1100", "1200", "12.5"])
        columns = job.file_ids.column_ids
        self.assertEqual(columns.mapped("style"), [False, False, "comma", "dmy"])
        self.assertFalse(job.unclear_columns)

    def test_what_nobody_tells_is_asked_once_for_all_rows(self):
        job = self._job(DEALS + "A;Buyer;1;03/04/2026\nB;Buyer;1;05/06/2026\n")
        job.action_read()
        self.assertEqual(job.unclear_columns, "Fecha de cierre (0.csv)")
        self.assertEqual(set(job.row_ids.mapped("state")), {"refused"})
        job.action_check()
        job.date_order = "mdy"
        self.assertEqual(
            (job.state, job.is_unread, len(job.row_ids)), ("draft", True, 0)
        )
        job.action_read()
        self.assertEqual(self._values(job, "deadline"), ["2026-03-04", "2026-05-06"])
        self.assertFalse(job.unclear_columns)

    def test_a_person_says_how_a_column_is_written(self):
        job = self._job(DEALS + "A;Buyer;1,234;03/04/2026\n", date_order="dmy")
        job.action_read()
        column = job.file_ids.column_ids.filtered(lambda c: c.name == "Importe")
        # where the point marks decimals a comma is none; yet somebody knows better
        self.assertEqual((column.style, column.unclear), ("point", "comma point"))
        self.assertEqual(column.styles, ["comma", "point"])
        self.assertEqual(self._values(job, "amount"), ["1234"])
        column.style = "comma"
        job.date_order = "mdy"
        job.action_read()
        self.assertEqual(self._values(job, "amount"), ["1.234"])
        self.assertEqual(self._values(job, "deadline"), ["2026-03-04"])

    def test_a_later_file_of_vtiger_tells_of_an_earlier_one(self):
        headings = "Opportunity Name,Sales Stage,Expected Close Date\n"
        job = self._job(headings + "A,New,03-04-2026\n", source="vtiger")
        job.action_read()
        self.assertEqual(job.row_ids.state, "refused")
        job.write(
            {
                "file_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "b.csv",
                            "data": self._data(headings + "B,New,21-04-2026\n"),
                        },
                    )
                ]
            }
        )
        job.action_read()
        self.assertEqual(
            sorted(self._values(job, "deadline")), ["2026-04-03", "2026-04-21"]
        )

    def test_own_boxes_to_tick_are_kept_as_yes(self):
        rows = "A,1,1\nB,0,3\n"
        job = self._job("Organization Name,Cliente VIP,Zona\n" + rows, source="vtiger")
        job.file_ids.entity = "organization"
        job.action_read()
        self.assertEqual(
            self._values(job, "extra"), ["Cliente VIP: Yes\nZona: 1", "Zona: 3"]
        )

    def test_headings_below_a_title(self):
        for end in ("\n", "\r\n"):
            job = self._job(MESSY.replace("\n", end))
            job.action_read()
            self.assertEqual(job.file_ids.entity, "opportunity")
            self.assertEqual(
                [(row.number, row.name) for row in job.row_ids],
                [(4, "Hornos"), (5, "Cintas"), (6, "=1+1"), (7, False)],
            )

    def test_headings_of_a_workbook_below_a_title(self):
        book = openpyxl.Workbook()
        for row in (
            ["Clientes"],
            [],
            [None, "Empresa", "Teléfono"],
            [None, "Sol", 612345678],
        ):
            book.active.append(row)
        stream = io.BytesIO()
        book.save(stream)
        job = self._job("-")
        job.file_ids.write(
            {"name": "a.xlsx", "data": base64.b64encode(stream.getvalue())}
        )
        job.action_read()
        self.assertEqual(
            [(row.number, row.values) for row in job.row_ids],
            [(4, {"name": "Sol", "phone": "612345678"})],
        )

    def test_what_a_spreadsheet_does_to_its_cells(self):
        job = self._job(
            "Razón Social;CIF;Teléfono;E-mail;Persona de contacto;Facturación\n"
            "Conservas Sol S.L.;B06123456;9,24555101E+08;a @sol.example;Eva Gil;1,5\n"
            "Conservas Sol, SL;ES-B06123456;;;Luis Ruiz;\n"
            "CONSERVAS SOL;B06123456;924;;;\n"
            "Sol Cáceres;B06123456;;;;\n"
            "Luna;;6.12E+08;;;\n"
            "Total;;;;;1.325,5\n"
        )
        job.action_read()
        self.assertEqual(
            [(r.number, r.name, r.reason) for r in job.row_ids if r.reason],
            [
                (
                    4,
                    "CONSERVAS SOL",
                    "“Conservas Sol S.L.” is in an earlier row, with the same tax ID: "
                    "put what this row adds there.",
                ),
                (
                    6,
                    "Luna",
                    "“6.12E+08” was shortened by the spreadsheet (column Teléfono): "
                    "write all its digits, as text.",
                ),
                (7, "Total", "The row is a total: nothing is made of it."),
            ],
        )
        sol, eva, luis, branch = job.row_ids.filtered(lambda row: not row.reason)
        self.assertEqual(sol.values["phone"], "924555101")
        self.assertEqual(sol.values["email"], "a@sol.example")
        for contact in eva | luis:
            self.assertEqual(contact.values["organization"], "Conservas Sol S.L.")
        self.assertEqual(branch.name, "Sol Cáceres")

    def test_who_misses_a_refused_row_is_told_so(self):
        job = self._job(
            "Empresa;Contacto;Cliente desde\nSol;Eva Gil;\n",
            DEALS + "A;Sol;1;31/12/2026\n",
        )
        job.action_read()
        rows = job.sudo().row_ids
        rows.filtered(lambda row: row.entity == "organization").unlink()
        job.action_check()
        row = rows.exists().filtered(lambda row: row.entity == "opportunity")
        self.assertIn("is neither in the files nor here", row.reason)
        refused = row.copy(
            {"entity": "organization", "name": "Sol", "state": "refused"}
        )
        refused.values = False
        job.action_check()
        self.assertEqual(
            row.reason,
            "“Sol” is in the files, but its row was refused: correct that one first.",
        )

    def test_growth(self):
        def read(numbers):
            rows = "".join(f"D{n};Buyer;1,5;21/04/2026\n" for n in numbers)
            with patch(f"{READER}.BATCH", 1000):
                self._job(DEALS + rows).action_read()

        self.assertFlatGrowth(read, range(3), range(30))


@tagged("post_install", "-at_install")
class TestCrmImportCorrection(HttpCase, WholeFileCommon):
    """Refused rows are downloaded with their reasons, corrected and imported again."""

    def _download(self, job):
        url = job.file_ids.action_download_refused()["url"]
        self.authenticate(self.director.login, self.director.login)
        return self.url_open(url)

    def _refused(self):
        self.env["res.partner"].create({"name": "Buyer", "is_company": True})
        job = self._job(MESSY)
        job.action_read()
        job.action_check()
        self.assertEqual(job.file_ids.refused_count, 3)
        return job

    def test_what_it_says(self):
        response = self._download(self._refused())
        self.assertIn("0, refused rows.xlsx", response.headers["Content-Disposition"])
        book = openpyxl.load_workbook(io.BytesIO(response.content))
        rows = [list(row) for row in book.active.iter_rows(values_only=True)]
        pieces = "Cajas;Buyer;3;04/03/2026;sobra;más"
        self.assertEqual(
            rows,
            [
                [
                    "Refused Because",
                    *("Oportunidad", "Cliente", "Importe", "Fecha de cierre"),
                ],
                [
                    "“mucho” is no number (column Importe).",
                    *("Cintas", "Buyer", "mucho", "2026-04-21"),
                ],
                [
                    "“Nadie” is neither in the files nor here: add its file, or create "
                    "it first.",
                    *("=1+1", "Nadie", 1500.5, "2026-04-03"),
                ],
                [
                    f"The columns of this line do not fit the headings: {pieces}",
                    *(pieces, None, None, None),
                ],
            ],
        )
        self.assertEqual(book.active["B3"].data_type, "s")

    def test_corrected_rows_are_imported_without_the_reasons(self):
        job = self._refused()
        book = openpyxl.load_workbook(io.BytesIO(self._download(job).content))
        book.active["D2"] = 7
        stream = io.BytesIO()
        book.save(stream)
        again = self._job("-")
        again.file_ids.write(
            {"name": "c.xlsx", "data": base64.b64encode(stream.getvalue())}
        )
        again.action_read()
        self.assertEqual(
            again.row_ids[0].values,
            {"name": "Cintas", "organization": "Buyer", "amount": "7",
             "deadline": "2026-04-21"},
        )  # fmt: skip

    def test_others_and_removed_files_have_none(self):
        job = self._refused()
        url = job.file_ids.action_download_refused()["url"]
        self.authenticate(self.head.login, self.head.login)
        self.assertEqual(self.url_open(url).status_code, 404)
        job.file_ids._forget()
        with self.assertRaisesRegex(UserError, "The file was removed"):
            job.file_ids.action_download_refused()

    def test_forgetting_leaves_no_text(self):
        job = self._refused()
        job.action_run()
        self.assertEqual(job.state, "done")
        job.action_forget()
        self.assertFalse(job.choice_ids.filtered(lambda choice: not choice.is_made))
        self.assertEqual(set(job.row_ids.mapped("name")), {False})
        self.assertEqual(set(job.row_ids.mapped("reason")), {False})

    def test_who_waits_is_told_that_nothing_moves(self):
        job = self._job(DEALS + "A;Buyer;1;21/04/2026\n")
        with patch(f"{READER}.AT_ONCE_BYTES", 0):
            job.action_read()
        self.assertEqual((job.work, job.is_waiting), ("read", False))
        with freeze_time(job.write_date + timedelta(minutes=4)):
            job.invalidate_recordset()
            self.assertTrue(job.is_waiting)
