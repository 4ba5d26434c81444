import csv
import io
import random
from collections import Counter
from decimal import Decimal

from freezegun import freeze_time

from odoo.tests import tagged

from .test_crm_import_vtiger_run import FOLDER, VtigerRun

NAMES = (
    "Acme, S.A.",
    'El "Rincón"',
    "O'Brien & Sons",
    "=1+1",
    "@SUM(A1)",
    "太郎商事",
    "Dos\nlíneas",
    "Punto;coma",
    "  Espacios   dobles ",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "Ruiz, hijo",
    "::",
)
HEADINGS = (
    "Opportunity Name",
    "Opportunity Number",
    "Amount",
    "Sales Stage",
    "Expected Close Date",
    "Assigned To",
    "Zona",
)


@tagged("post_install", "-at_install")
@freeze_time("2026-11-23 12:00:00")
class TestVtigerNasty(VtigerRun):
    """Files as other companies, and Excel, have them."""

    def _csv(self, headings, *rows, end="\n"):
        stream = io.StringIO()
        csv.writer(stream, lineterminator=end).writerows([headings, *rows])
        return stream.getvalue()

    def _values(self, job):
        return job.sudo().row_ids.sorted("number").mapped("values")

    def test_any_encoding_and_line_end(self):
        text = (FOLDER / "Accounts.es.csv").read_text("utf-8")
        plain = self._values(self._real("es", "Accounts"))
        self.assertEqual(len(plain), 6)
        for name, data in {
            "BOM": text.encode("utf-8-sig"),
            "CRLF": text.replace("\n", "\r\n").encode(),
            "Latin-1": text.encode("latin-1"),
            "UTF-16": text.encode("utf-16"),
        }.items():
            with self.subTest(name):
                found = self._values(self._import({"f.csv": data}, "Europe/Madrid"))
                for one in found:
                    # a line break within a cell is one of the file
                    one["description"] = one.get("description", "").replace("\r", "")
                for one in plain:
                    one.setdefault("description", "")
                self.assertEqual(found, plain)

    def test_a_quote_after_a_backslash_costs_no_other_row(self):
        text = self._csv(
            HEADINGS[:4],
            ["Antes", "POT1", "1", "Prospecting"],
            ["PATH", "POT2", "2", "Prospecting"],
            ["Después", "POT3", "3", "Prospecting"],
        ).replace("PATH", r'"C:\Dir\"Name"""')
        job = self._import({"f.csv": text.encode()})
        names = [row.name for row in job.sudo().row_ids.sorted("number")]
        self.assertEqual(names, ["Antes", r'C:\Dir\"Name"', "Después"])

    def test_names_of_several_are_asked_for(self):
        files = {
            "a.csv": self._csv(
                ["Organization Name", "Organization Number", "Billing City"],
                ["Gemela", "ACC1", "Lugo"],
                ["Gemela", "ACC2", "Vigo"],
            ).encode(),
            "p.csv": self._csv(
                [*HEADINGS[:4], "Organization Name"],
                ["Nave", "POT1", "10", "Prospecting", "Accounts::::Gemela"],
            ).encode(),
        }
        job = self._import(files)
        job.action_check()
        nave = job.sudo().row_ids.filtered(lambda row: row.name == "Nave")
        self.assertEqual(nave.state, "refused")
        question = job.question_ids
        self.assertEqual(
            (question.kind, question.name, question.action),
            ("organization", "Gemela", False),
        )
        second = job.sudo().row_ids.filtered(
            lambda row: row.values.get("ref") == "ACC2"
        )
        question.write({"action": "use", "row_id": second.id})
        self._go(job)
        lead = self._records(job, "opportunity")
        self.assertEqual(lead.organization_id.city, "Vigo")

    def test_contacts_without_their_organizations(self):
        job = self._real("en", "Contacts")
        self._go(job)
        rows = job.sudo().row_ids.filtered("file_id")
        self.assertEqual(Counter(rows.mapped("state")), {"made": 1, "refused": 11})
        made = rows.filtered(lambda row: row.state == "made")
        self.assertEqual(made.name, "Pedro Páramo")
        reasons = rows.filtered(lambda row: row.state == "refused").mapped("reason")
        self.assertEqual(
            {reason.partition("”")[2] for reason in reasons},
            {" is neither in the files nor here: add its file, or create it first."},
        )

    def test_an_unknown_stage_waits_for_an_answer(self):
        text = self._csv(HEADINGS[:4], ["Nave", "POT1", "10", "Fase 7"])
        job = self._import({"p.csv": text.encode()})
        choice = job.meaning_ids.filtered(lambda choice: choice.kind == "stage")
        self.assertEqual((choice.name, choice.action), ("Fase 7", False))
        job.action_check()
        row = job.sudo().row_ids
        self.assertEqual(row.state, "refused")
        choice.write({"action": "use", "res_id": self.negotiate.id})
        self._go(job)
        self.assertEqual(self._records(job, "opportunity").stage_id, self.negotiate)

    def test_two_hundred_nasty_rows(self):
        chance = random.Random(20261123)
        rows, expected = [], {"refused": [], "amounts": Decimal(0), "names": []}
        for number in range(1, 201):
            ref = f"POT{number}"
            name = f"{chance.choice(NAMES)} {number}"
            amount = chance.choice(["0", "12.5", "1000.00000000", "3.05"])
            close = f"{chance.randint(1, 28):02}/{chance.randint(1, 12):02}/2027"
            fault = chance.choice([None] * 7 + ["amount", "date", "name"])
            if fault == "amount":
                amount = chance.choice(["1.000,50", "12 €", "uno"])
            elif fault == "date":
                close = chance.choice(["30/02/2027", "31/04/2027", "mañana"])
            elif fault == "name":
                name = " "
            rows.append(
                [name, ref, amount, "Prospecting", close, "ana.garcia", "Norte"]
            )
            if fault:
                expected["refused"].append(number + 1)
            else:
                expected["amounts"] += Decimal(amount)
                clean = name.replace("&lt;", "<").replace("&gt;", ">")
                expected["names"].append(" ".join(clean.split()))
        chance.shuffle(rows)
        refs = [row[1] for row in rows]
        job = self._import({"p.csv": self._csv(HEADINGS, *rows).encode()})
        self._go(job)
        leads = self._records(job, "opportunity")
        total = sum(Decimal(f"{lead.expected_revenue:.2f}") for lead in leads)
        self.assertEqual(total, expected["amounts"])
        self.assertEqual(sorted(leads.mapped("name")), sorted(expected["names"]))
        self.assertEqual(leads.user_id, self.ana)
        refused = job.sudo().row_ids.filtered(lambda row: row.state == "refused")
        self.assertTrue(all(refused.mapped("reason")))
        # line numbers differ from rows': a name may hold a line break
        order = [row.id for row in job.sudo().row_ids.sorted("number")]
        found = sorted(
            int(refs[order.index(row.id)].removeprefix("POT")) + 1 for row in refused
        )
        self.assertEqual(found, expected["refused"])
