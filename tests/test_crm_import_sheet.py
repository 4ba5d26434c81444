import base64
import io
from datetime import datetime

import openpyxl

from odoo.tests import tagged
from odoo.tools import file_open

from .common import CrmGestionCommon

COMPANIES = """Razón social;CIF;Sector;Teléfono;Contacto;Cargo;Correo;Zona
Conservas Sol, S.L.;B12345674;;924 555 101;Eva Gil;Jefa de compras;eva@sol.example;Sur
Conservas Sol, S.L.;B12345674;;924 555 101;Íñigo Ruiz;;inigo@sol.example;Sur
;;;;;;nadie@sol.example;
Talleres Luna;;;927 555 102;;;;
"""
DEALS = """Oportunidad;Cliente;Importe;Fecha de cierre
Hornos;Conservas Sol, S.L.;1.234,56;21/04/2026
Cintas;Conservas Sol, S.L.;1.234;03/05/2026
Cajas;Conservas Sol, S.L.;mucho;03/05/2026
Tapas;Conservas Sol, S.L.;12;31/02/2026
"""


@tagged("post_install", "-at_install")
class TestCrmImportSheet(CrmGestionCommon):
    """What people have in their spreadsheets, read as rows of an import."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US"})

    def _read(self, data, name="a.csv"):
        job = self.env["crm.import"].create(
            {"name": "Old", "source": "sheet", "tz": "Europe/Madrid"}
        )
        file = self.env["crm.import.file"].create(
            {"import_id": job.id, "name": name, "data": base64.b64encode(data)}
        )
        self._again(job)
        return file

    def _again(self, job):
        for _number in self.env["crm.import.reader"]._work(job):
            pass

    def _told(self, file):
        return [
            (row.number, row.entity, row.name or "", row.state)
            for row in file.row_ids.sorted("id")
        ]

    def test_a_row_of_a_company_and_its_contact_is_both(self):
        file = self._read(COMPANIES.encode("cp1252"))
        self.assertEqual(file.entity, "organization")
        self.assertEqual(
            self._told(file),
            [
                (2, "organization", "Conservas Sol, S.L.", "read"),
                (2, "contact", "Eva Gil", "read"),
                (3, "contact", "Íñigo Ruiz", "read"),
                (4, "organization", "nadie@sol.example", "refused"),
                (5, "organization", "Talleres Luna", "read"),
            ],
        )
        company, eva = file.row_ids.sorted("id")[:2]
        self.assertEqual(
            company.values,
            {
                "name": "Conservas Sol, S.L.",
                "vat": "B12345674",
                "phone": "924 555 101",
                "extra": "Zona: Sur",
            },
        )
        self.assertEqual(
            eva.values,
            {
                "name": "Eva Gil",
                "cargo": "Jefa de compras",
                "email": "eva@sol.example",
                "organization": "Conservas Sol, S.L.",
            },
        )

    def _import_template(self, job, kind, language="es"):
        """Import a template as it comes: what is proposed is accepted.

        :return: list of (entity, name, state, reason) of its rows
        """
        name = f"{kind}_{language}.xlsx"
        with file_open(f"crm_gestion/static/import/{name}", "rb") as template:
            data = base64.b64encode(template.read())
        job = job.copy({"name": name})
        self.env["crm.import.file"].with_user(self.director).create(
            {"import_id": job.id, "name": name, "data": data}
        )
        job.action_read()
        job.action_check()
        job.action_run()
        self.assertEqual((job.state, job.error), ("done", False), name)
        return [
            (row.entity, row.name, row.state, row.reason or "")
            for row in job.row_ids.sorted("id")
        ]

    def test_templates_are_imported_as_they_come(self):
        self.director.lang = "es_ES"
        job = (
            self.env["crm.import"]
            .with_user(self.director)
            .with_context(lang="es_ES")
            .create({"name": "Old", "source": "sheet", "tz": "Europe/Madrid"})
        )
        told = {
            kind: self._import_template(job, kind)
            for kind in (
                "account",
                "organization",
                "contact",
                "opportunity",
                "crm_gestion",
                "crm_origination",
                "crm_market",
                "crm_cargo",
            )
        }
        states = {
            kind: [(name or "", state, reason) for _e, name, state, reason in rows]
            for kind, rows in told.items()
        }
        self.assertEqual(
            states["account"],
            [
                ("Panadería Ejemplo, S.L.", "made", ""),
                ("Ana Ejemplo", "made", ""),
                ("Pablo Ejemplo", "made", ""),
            ],
        )
        wrong = [
            (kind, *row)
            for kind, rows in states.items()
            for row in rows
            if row[1] != "made"
        ]
        self.assertEqual(wrong, [])
        leads = self.env["crm.lead"].search(
            [("organization_id.name", "=", "Panadería Ejemplo, S.L.")]
        )
        self.assertEqual(
            {
                (lead.name, lead.expected_revenue, lead.partner_id.name)
                for lead in leads
            },
            {
                ("Hornos nuevos", 12500.5, "Ana Ejemplo"),
                ("Recambios", 980.0, "Pablo Ejemplo"),
            },
        )

    def test_dates_and_decimals_are_those_of_their_column(self):
        file = self._read(DEALS.encode("cp1252"))
        rows = file.row_ids.sorted("id")
        self.assertEqual(
            [(row.values["amount"], row.values["deadline"]) for row in rows[:2]],
            [
                ("1234.56", "2026-04-21"),
                ("1234", "2026-05-03"),
            ],
        )
        self.assertEqual(
            rows.mapped("reason"),
            [
                False,
                False,
                "“mucho” is no number (column Importe).",
                "“31/02/2026” is no date (column Fecha de cierre).",
            ],
        )

    def test_dates_that_can_be_read_in_two_ways_are_asked_for(self):
        text = "Oportunidad;Importe;Fecha de cierre\nHornos;1;03/04/2026\n"
        file = self._read(text.encode())
        self.assertEqual(
            file.row_ids.reason,
            "“03/04/2026” can be read in two ways (column Fecha de cierre): choose "
            "the order of day and month in the import.",
        )
        file.import_id.date_order = "dmy"
        file._read_again()
        self._again(file.import_id)
        self.assertEqual(file.row_ids.values["deadline"], "2026-04-03")

    def test_a_workbook_with_real_dates_and_numbers(self):
        book = openpyxl.Workbook()
        book.active.append(["Oportunidad", "Importe", "Fecha de cierre"])
        book.active.append(["Hornos", 1.234, datetime(2026, 4, 3)])
        stream = io.BytesIO()
        book.save(stream)
        file = self._read(stream.getvalue(), "a.xlsx")
        self.assertEqual(
            file.row_ids.values,
            {"name": "Hornos", "amount": "1.234", "deadline": "2026-04-03"},
        )

    def test_a_corrected_column_reads_the_rows_again(self):
        file = self._read(b"Empresa;Fax\nSol;924 555 101\n")
        column = file.column_ids.filtered(lambda column: column.name == "Fax")
        self.assertEqual(column.target, "extra")
        self.assertIn("phone", column.targets)
        self.assertNotIn("amount", column.targets)
        column.target = "phone"
        self.assertFalse(file.row_ids)
        self._again(file.import_id)
        self.assertEqual(file.row_ids.values, {"name": "Sol", "phone": "924 555 101"})

    def test_templates_are_understood_as_they_come(self):
        expected = {
            "organization": ["organization", "organization"],
            "contact": ["organization", "contact", "contact"],
            "crm_market": ["market"] * 3,
            "crm_origination": ["origination"] * 2,
            "crm_cargo": ["cargo"] * 2,
            "crm_gestion": ["gestion"] * 3,
        }
        for kind, entities in expected.items():
            for suffix in ("en", "es", "es_419"):
                with self.subTest(kind=kind, suffix=suffix):
                    path = f"crm_gestion/static/import/{kind}_{suffix}.xlsx"
                    with file_open(path, "rb") as template:
                        file = self._read(template.read(), f"{kind}.xlsx")
                    rows = file.row_ids.sorted("id")
                    self.assertEqual(rows.mapped("entity"), entities)
                    self.assertEqual(rows.filtered("reason").mapped("reason"), [])

    def test_lists_are_made_once(self):
        with file_open("crm_gestion/static/import/crm_market_en.xlsx", "rb") as file:
            file = self._read(file.read(), "a.xlsx")
        loader = self.env["crm.import.loader.market"]
        loader._plan(file.import_id, file.row_ids)
        self.assertEqual(set(file.row_ids.mapped("state")), {"planned"})
        loader._load(file.import_id, file.row_ids)
        solar = self.env["crm.market"].search([("code", "=", "ENERGY-SOLAR")])
        self.assertEqual(
            solar.complete_name, "Energy / Renewable Energy / Solar Energy"
        )
        loader._plan(file.import_id, file.row_ids)
        self.assertEqual(set(file.row_ids.mapped("state")), {"matched"})
