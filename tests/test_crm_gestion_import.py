import csv
import io

from freezegun import freeze_time
from openpyxl import Workbook

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrmGestionCommon

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = [
    "date",
    "activity_type_id",
    "organization_id",
    "contact_id",
    "result_id",
    "description",
    "external_ref",
]
OPTIONS = {
    "has_headers": True,
    "quoting": '"',
    "separator": ",",
    "encoding": "utf-8",
    "date_format": "%Y-%m-%d",
    "datetime_format": "%Y-%m-%d %H:%M:%S",
    "float_thousand_separator": ",",
    "float_decimal_separator": ".",
    "advanced": True,
    "limit": 2000,
    "skip": 0,
    "sheet": "Sheet",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestImport(CrmGestionCommon):
    """Gestiones from a file, as Odoo's import screen loads them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.organization.write(
            {"ref": "C-1", "vat": "ESB12345674", "email": "info@aceites.example"}
        )
        cls.contact.ref = "P-1"
        cls.other = cls.env["res.partner"].create(
            {"name": "Talleres Norte", "is_company": True, "ref": "C-2"}
        )
        cls.director.lang = "en_US"

    def _row(self, number=0, **values):
        row = {
            "date": "2026-02-20 10:00:00",
            "activity_type_id": self.call.with_context(lang="en_US").name,
            "organization_id": "C-1",
            "contact_id": "",
            "result_id": "",
            "description": "Spoke",
            "external_ref": f"OLD-{number}",
        }
        return [{**row, **values}[name] for name in COLUMNS]

    def _csv(self, rows):
        file = io.StringIO()
        csv.writer(file).writerows([COLUMNS, *rows])
        return file.getvalue().encode(), "text/csv"

    def _xlsx(self, rows):
        book, file = Workbook(), io.BytesIO()
        for row in [COLUMNS, *rows]:
            book.active.append(row)
        book.save(file)
        return file.getvalue(), XLSX

    def _import(self, rows, user=None, make=None, dryrun=False):
        file, kind = (make or self._csv)(rows)
        screen = (
            self.env["base_import.import"]
            .with_user(user or self.director)
            .create({"res_model": "crm.gestion", "file": file, "file_type": kind})
        )
        with mute_logger("odoo.sql_db"):
            return screen.execute_import(COLUMNS, COLUMNS, dict(OPTIONS), dryrun=dryrun)

    def _imported(self):
        return self.env["crm.gestion"].search(
            [("external_ref", "=like", "OLD-%")], order="id"
        )

    def _file_of(self, number):
        """Rows that name 200 organizations and their contacts in every way."""
        organizations = self.env["res.partner"].create(
            [
                {
                    "name": f"Imported {n}",
                    "is_company": True,
                    "ref": f"IMP-{n}",
                    "vat": f"ES B-{10000000 + n}",
                    "email": f"imported{n}@customer.example",
                }
                for n in range(200)
            ]
        )
        contacts = self.env["res.partner"].create(
            [
                {"name": "Ana Ruiz", "parent_id": organization.id}
                for organization in organizations
            ]
        )
        names = [
            [
                f"imp-{n}",
                f"b{10000000 + n}",
                f"ESB{10000000 + n}",
                f"Imported{n}@customer.example",
                f"imported {n}",
            ]
            for n in range(200)
        ]
        rows = [
            self._row(n, organization_id=names[n % 200][n % 5], contact_id="Ana Ruiz")
            for n in range(number)
        ]
        expected = [organizations[n % 200].id for n in range(number)]
        people = [contacts[n % 200].id for n in range(number)]
        return rows, expected, people

    def test_two_thousand_rows(self):
        rows, organizations, people = self._file_of(2000)
        for make in (self._csv, self._xlsx):
            with self.subTest(file=make.__name__):
                before = self.cr.sql_log_count
                result = self._import(rows, make=make)
                queries = self.cr.sql_log_count - before
                self.assertEqual(result["messages"], [])
                self.assertEqual(len(result["ids"]), 2000)
                gestiones = self.env["crm.gestion"].browse(result["ids"])
                self.assertEqual(
                    [g.organization_id.id for g in gestiones], organizations
                )
                self.assertEqual([g.contact_id.id for g in gestiones], people)
                self.assertEqual(set(gestiones.mapped("activity_type_id")), {self.call})
                self.assertLess(queries, 4 * 2000, "Odoo's own, for each cell")
                gestiones.unlink()

    def test_customers_are_found_for_the_whole_file_at_once(self):
        rows, _organizations, _people = self._file_of(600)
        Import = self.env["crm.gestion.import"].with_user(self.director)
        self.assertFlatGrowth(lambda r: Import._resolve(COLUMNS, r), rows[:3], rows)

    def test_a_file_with_bad_rows_loads_nothing(self):
        twin = {"name": "Twins", "is_company": True}
        self.env["res.partner"].create([twin, twin])
        rows = [self._row(n) for n in range(20)]
        rows[3] = self._row(3, organization_id="Nobody")
        rows[7] = self._row(7, organization_id="Twins")
        rows[11] = self._row(5)
        result = self._import(rows)
        self.assertFalse(result["ids"])
        self.assertFalse(self._imported())
        self.assertEqual(
            [(m["record"], m["field"], m["type"]) for m in result["messages"]],
            [
                (3, "organization_id", "error"),
                (7, "organization_id", "error"),
                (11, "external_ref", "error"),
            ],
        )
        self.assertIn("“Nobody” is nobody's code", result["messages"][0]["message"])
        self.assertIn("“Twins” means several", result["messages"][1]["message"])
        self.assertIn("“OLD-5”", result["messages"][2]["message"])
        for message in result["messages"]:
            # what the screen shows of each row, where a column has several errors
            self.assertEqual(message["value"], message["message"])

    def test_what_odoo_refuses_loads_nothing_either(self):
        rows = [self._row(0), self._row(1, date="2026-03-09 10:00:00")]
        result = self._import(rows)
        self.assertFalse(result["ids"])
        self.assertIn(1, [m["record"] for m in result["messages"]])
        self.assertFalse(self._imported())

    def test_what_is_imported_already(self):
        self._import([self._row(0)])
        result = self._import([self._row(0), self._row(1)])
        self.assertFalse(result["ids"])
        self.assertEqual([m["record"] for m in result["messages"]], [0])
        self.assertEqual(len(self._imported()), 1)

    def test_a_tax_id_of_another_country(self):
        result = self._import([self._row(0, organization_id="FRB12345674")])
        self.assertFalse(result["ids"])

    def test_a_contact_within_its_organization_first(self):
        namesake = self.env["res.partner"].create(
            {"name": "Lucía Ferrer", "parent_id": self.other.id}
        )
        self._import(
            [
                self._row(0, contact_id="lucía ferrer"),
                self._row(1, organization_id="C-2", contact_id="Lucía Ferrer"),
                self._row(2, organization_id="", contact_id="LUCIA@aceites.example"),
                self._row(3, organization_id="", contact_id="p-1"),
            ]
        )
        self.assertEqual(
            self._imported().mapped(lambda g: g.contact_id.id),
            [self.contact.id, namesake.id, self.contact.id, self.contact.id],
        )
        result = self._import(
            [self._row(4, organization_id="", contact_id="Lucía Ferrer")]
        )
        self.assertIn("means several", result["messages"][0]["message"])

    def test_history_plans_nothing_that_is_not_in_the_file(self):
        results = self.env["crm.gestion.result"].with_context(lang="en_US")
        asks = results.browse(self.env.ref("crm_gestion.result_asks_proposal").id)
        no_answer = results.browse(self.env.ref("crm_gestion.result_no_answer").id)
        activities = self.env["mail.activity"].search_count([])
        result = self._import(
            [
                self._row(0, result_id=asks.name),
                self._row(1, result_id=no_answer.name),
            ]
        )
        self.assertEqual(result["messages"], [])
        self.assertEqual(self._imported().result_id, asks | no_answer)
        self.assertEqual(self.env["mail.activity"].search_count([]), activities)
        today = self._row(2, result_id=asks.name, date="2026-03-02 10:00:00")
        self.assertTrue(self._import([today])["messages"])

    def test_a_dry_run_loads_nothing(self):
        result = self._import([self._row(0)], dryrun=True)
        self.assertEqual(result["messages"], [])
        self.assertFalse(self._imported())

    def test_other_ways_of_naming_are_odoos_own(self):
        result = (
            self.env["crm.gestion"]
            .with_user(self.director)
            .load(
                ["activity_type_id/id", "contact_id/.id"],
                [["mail.mail_activity_data_call", str(self.contact.id)]],
            )
        )
        gestion = self.env["crm.gestion"].browse(result["ids"])
        self.assertEqual(gestion.organization_id, self.organization)
