import base64
import csv
import io
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import CrmGestionCommon

FOLDER = Path(__file__).parent / "vtiger"
MODULES = [
    "Users",
    "Products",
    "Campaigns",
    "Accounts",
    "Contacts",
    "Leads",
    "Potentials",
    "HelpDesk",
    "Calendar",
    "ModComments",
]
ZONES = {"en": "UTC", "es": "Europe/Madrid"}


class VtigerCommon(CrmGestionCommon):
    """Reads files as the import does: headings, columns, rows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expected = json.loads((FOLDER / "expected.json").read_text("utf-8"))
        cls.Source = cls.env["crm.import.source.vtiger"].with_user(cls.director)
        cls.Source = cls.Source.with_context(lang="en_US")

    @classmethod
    def _job(cls, tz="UTC", **values):
        return cls.env["crm.import"].create(
            {"name": "vtiger", "source": "vtiger", "tz": tz, **values}
        )

    @classmethod
    def _cells(cls, module, language="en"):
        text = (FOLDER / f"{module}.{language}.csv").read_text("utf-8")
        headings, *rows = csv.reader(io.StringIO(text, newline=""))
        return headings, rows

    @classmethod
    def _read(cls, job, headings, rows, name="file.csv"):
        """:return: what `_convert` makes of the rows"""
        entity = cls.Source._recognize(headings)
        fields = cls.Source._propose_columns(entity, headings)
        file = cls.env["crm.import.file"].create(
            {
                "name": name,
                "import_id": job.id,
                "data": base64.b64encode(b"-"),
                "entity": entity,
                "column_ids": [
                    (0, 0, {"position": place, "name": heading, "field": field})
                    for place, (heading, field) in enumerate(
                        zip(headings, fields, strict=True)
                    )
                ],
            }
        )
        file = file.with_env(cls.Source.env)
        file.column_ids._judge(cls.Source._judges(file), [rows])
        file.column_ids._settle(cls.Source)
        return cls.Source._convert(file, rows)

    @classmethod
    def _read_all(cls, job, language):
        return {
            module: cls._read(job, *cls._cells(module, language), module)
            for module in MODULES
        }

    def _values(self, rows):
        self.assertEqual([reason for *_row, reason in rows if reason], [])
        return [values for _entity, _name, values, _reason in rows]


@tagged("post_install", "-at_install")
@freeze_time("2026-11-23 12:00:00")
class TestVtigerFiles(VtigerCommon):
    """The real exports say what `expected.json` says, in both languages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.read = {
            language: cls._read_all(cls._job(tz), language)
            for language, tz in ZONES.items()
        }

    def _en(self, module):
        return self._values(self.read["en"][module])

    def test_modules_are_recognized_in_both_languages(self):
        entities = [
            {self.Source._recognize(self._cells(module, language)[0])}
            for module in MODULES
            for language in ZONES
        ]
        self.assertEqual(
            [entity for pair in entities for entity in pair][::2],
            [
                "user",
                "product",
                "campaign",
                "organization",
                "contact",
                "lead",
                "opportunity",
                "incident",
                "gestion",
                "comment",
            ],
        )
        self.assertEqual(entities[::2], entities[1::2])

    def test_both_languages_give_the_same(self):
        for module in MODULES:
            with self.subTest(module):
                self.assertEqual(self.read["en"][module], self.read["es"][module])
                self.assertEqual(len(self._en(module)), self.expected["rows"][module])

    def test_opportunities_add_up_to_the_cent(self):
        expected = self.expected["opportunities"]
        rows = self._en("Potentials")
        self.assertEqual(self._groups(rows, "stage"), expected["by_stage"])
        self.assertEqual(self._groups(rows, "owner"), expected["by_owner"])
        weighted = sum(
            (Decimal(row["amount"]) * Decimal(row["probability"]) / 100).quantize(
                Decimal("0.01"), "ROUND_HALF_UP"
            )
            for row in rows
        )
        self.assertEqual(str(weighted), expected["total_weighted"])
        for field, name in (
            ("organization", "with_org"),
            ("contact", "with_contact"),
            ("campaign", "with_campaign"),
            ("lost_reason", "with_loss_reason"),
        ):
            self.assertEqual(sum(field in row for row in rows), expected[name], field)

    def test_only_what_is_closed_has_a_closing_date(self):
        closed = {
            row["stage"]: row["closed"]
            for row in self._en("Potentials")
            if "closed" in row
        }
        self.assertEqual(
            closed,
            {
                "Closed Won": "2026-10-15 12:00:00",
                "Closed Lost": "2026-09-30 12:00:00",
            },
        )

    def _groups(self, rows, field):
        groups = {}
        for row in rows:
            group = groups.setdefault(row[field], [0, Decimal("0.00")])
            group[0] += 1
            group[1] += Decimal(row["amount"])
        return {name: [count, str(amount)] for name, (count, amount) in groups.items()}

    def test_organizations(self):
        expected, rows = self.expected["organizations"], self._en("Accounts")
        notes = [row.get("extra", "") for row in rows]
        revenue = sum(
            Decimal(line.partition(": ")[2])
            for note in notes
            for line in note.splitlines()
            if line.startswith("Annual Revenue: ")
        )
        self.assertEqual(str(revenue), expected["annual_revenue_sum"])
        self.assertEqual(
            {
                "with_parent": sum("parent" in row for row in rows),
                "no_email": sum("email" not in row for row in rows),
                "vip": sum("Cliente VIP: Yes" in note for note in notes),
                "email_opt_out": sum(row["opt_out"] for row in rows),
            },
            {
                name: expected[name]
                for name in ("with_parent", "no_email", "vip", "email_opt_out")
            },
        )
        self.assertIn("Mercados: Minería, Sector público", notes[0])
        # the Spanish heading of this column is that of a tax number: 4120 is none
        self.assertIn("SIC: 4120", notes[0])
        self.assertNotIn("vat", rows[0])

    def test_contacts(self):
        expected, rows = self.expected["contacts"], self._en("Contacts")
        emails = Counter(row["email"] for row in rows)
        self.assertEqual(
            {
                "no_org": sum("organization" not in row for row in rows),
                "reports_to": sum("reports_to" in row for row in rows),
                "no_email": sum("email" not in row for row in rows),
                "duplicate_emails": {
                    email: count for email, count in emails.items() if count > 1
                },
                "no_first_name": sum("first_name" not in row for row in rows),
                "do_not_call": sum(row["do_not_call"] for row in rows),
                "email_opt_out": sum(row["opt_out"] for row in rows),
            },
            expected,
        )

    def test_leads_tickets_campaigns_and_products(self):
        leads, tickets = self._en("Leads"), self._en("HelpDesk")
        self.assertEqual(
            Counter(row["lead_status"] for row in leads),
            self.expected["leads"]["by_status"],
        )
        self.assertEqual(
            str(sum(Decimal(row["revenue"]) for row in leads)),
            self.expected["leads"]["annual_revenue_sum"],
        )
        self.assertEqual(
            Counter(row["incident_stage"] for row in tickets),
            self.expected["tickets"]["by_status"],
        )
        self.assertEqual(
            Counter(row["severity"] for row in tickets),
            self.expected["tickets"]["by_severity"],
        )
        self.assertEqual(
            sum(row["hours"] for row in tickets),
            float(self.expected["tickets"]["hours"]),
        )
        campaigns, products = self._en("Campaigns"), self._en("Products")
        for field, name in (("budget", "Budget Cost"), ("cost", "Actual Cost")):
            self.assertEqual(
                str(sum(Decimal(row[field]) for row in campaigns)),
                self.expected["campaigns"][name],
            )
        self.assertEqual(
            str(sum(Decimal(row["price"]) for row in products)),
            self.expected["products"]["unit_price_sum"],
        )
        self.assertEqual(
            sum(row["active"] for row in products), self.expected["products"]["active"]
        )

    def test_activities_become_what_they_were(self):
        made = [
            (entity, values.get("activity_type"), values.get("result"), values["date"])
            for entity, _name, values, _reason in self.read["es"]["Calendar"]
        ]
        self.assertEqual(
            made,
            [
                ("step", "Meeting", None, "2026-12-10 09:30:00"),
                ("step", "Meeting", None, "2026-12-03 16:00:00"),
                ("step", "Task", None, "2026-12-01 09:00:00"),
                ("step", "Task", None, "2026-11-20 09:00:00"),  # overdue
                ("gestion", "Mobile Call", "Not Held", "2026-10-20 12:15:00"),
                ("gestion", "Meeting", "Held", "2026-10-16 09:00:00"),
                # a to-do is no interaction
                ("comment", None, None, "2026-10-05 09:00:00"),
                ("gestion", "Call", "Held", "2026-10-02 10:30:00"),
            ],
        )
        by_name = {row["name"]: row for row in self._en("Calendar") if "name" in row}
        self.assertEqual(by_name["Revisar contrato"]["deadline"], "2026-12-15")
        self.assertEqual(by_name["Visita campus"]["date_to"], "2026-12-11 18:00:00")
        self.assertIs(by_name["Visita campus"]["private"], True)
        kickoff = by_name["Reunión de arranque"]
        self.assertEqual(kickoff["duration"], 2.5)
        self.assertEqual(
            kickoff["contacts"], ["María José Hernández Ruiz", "Luis Gómez"]
        )
        related = Counter(
            row.get("related", {}).get("entity", "") for row in self._en("Calendar")
        )
        expected = self.expected["activities"]["related_by_module"]
        self.assertEqual(
            related,
            {
                "organization": expected["Accounts"],
                "opportunity": expected["Potentials"],
                "": expected[""],
            },
        )

    def test_comments_have_author_record_and_answer(self):
        rows = self._en("ModComments")
        self.assertEqual({row["owner"] for row in rows}, {"admin"})
        self.assertEqual(
            [row["related"]["entity"] for row in rows],
            ["organization", "organization", "opportunity", "contact"],
        )
        self.assertEqual(
            [row.get("answers") for row in rows],
            [None, "Cliente estratégico: avisar a dirección.", None, None],
        )

    def test_relations_name_rows_of_the_files(self):
        names = {}
        for rows in self.read["en"].values():
            for entity, name, _values, _reason in rows:
                names.setdefault(entity, set()).add(name)
        missing = [
            (field, values[field])
            for rows in self.read["en"].values()
            for _entity, _name, values, _reason in rows
            for field, entity in (
                ("organization", "organization"),
                ("parent", "organization"),
                ("contact", "contact"),
                ("reports_to", "contact"),
                ("campaign", "campaign"),
                ("product", "product"),
            )
            if field in values and values[field] not in names[entity]
        ]
        self.assertEqual(missing, [])

    def test_notes_are_in_the_language_of_who_imports(self):
        spanish = self.Source.with_context(lang="es_ES")
        with patch.object(type(self), "Source", spanish):
            rows = self._read(self._job(), *self._cells("Accounts"))
        self.assertIn("Empleados: 1200\n", rows[0][2]["extra"])


@tagged("post_install", "-at_install")
@freeze_time("2026-11-23 12:00:00")
class TestVtigerTraps(VtigerCommon):
    """Files that are not like ours."""

    def _potential(self, **cells):
        headings = ["Opportunity Name", "Sales Stage", "Opportunity Number", *cells]
        rows = self._read(
            self._job(), headings, [["Nave", "Prospecting", "POT1", *cells.values()]]
        )
        return rows[0]

    def _activity(self, **cells):
        cells = {
            "Subject": "Llamada",
            "Activity Type": "Call",
            "Start Date & Time": "2026-11-20 10:00:00",
            "Status": "Held",
            "Related To": "Accounts::::Acme",
            "Assigned To": "ana",
        } | cells
        return self._read(self._job(), list(cells), [list(cells.values())])[0]

    def test_columns_in_any_order_missing_or_new(self):
        headings, rows = self._cells("Potentials", "es")
        order = sorted(range(len(headings)), key=lambda place: headings[place][::-1])
        shuffled = self._read(
            self._job("Europe/Madrid"),
            [headings[place] for place in order],
            [[row[place] for place in order] for row in rows],
        )
        whole = self._read(self._job("Europe/Madrid"), headings, rows)
        for one, other in zip(shuffled, whole, strict=True):
            self.assertEqual(
                set(one[2].pop("extra", "").splitlines()),
                set(other[2].pop("extra", "").splitlines()),
            )
            self.assertEqual(one, other)
        few = [headings.index(name) for name in ("Nombre Oportunidad", "Fase de Venta")]
        rows = self._read(
            self._job(),
            [*(headings[place] for place in few), "Color preferido"],
            [[*(rows[0][place] for place in few), "azul"]],
        )
        self.assertEqual(
            rows[0][2],
            {
                "name": "Ampliación almacén Getafe",
                "stage": "Prospecting",
                "extra": "Color preferido: azul",
            },
        )

    def test_other_files_are_not_recognized(self):
        self.assertFalse(self.Source._recognize(["Colour", "Weight"]))
        self.assertFalse(self.Source._recognize([]))
        self.assertFalse(self.Source._recognize(["First Name", "Last Name", "Email"]))

    def test_the_same_heading_means_different_things(self):
        job = self._job()
        ticket = self._read(
            job,
            ["Título", "Número Incidencia", "En relación con", "Urgencia"],
            [["Avería", "TT1", "Accounts::::Acme", "Major"]],
        )
        self.assertEqual(ticket[0][2]["organization"], "Acme")
        event = self._activity(**{"Related To": "Potentials::::Nave"})
        self.assertEqual(event[2]["related"], {"entity": "opportunity", "name": "Nave"})

    def test_a_date_that_no_calendar_has_refuses_its_row(self):
        job = self._job()
        headings = ["Nombre Oportunidad", "Fase de Venta", "Fecha Estimada de Cierre"]
        rows = self._read(
            job,
            headings,
            [["A", "New", "30-02-2026"], ["B", "New", "21-02-2026"]],
        )
        self.assertEqual(
            rows[0],
            (
                "opportunity",
                "A",
                {},
                "“30-02-2026” is no date (column Fecha Estimada de Cierre).",
            ),
        )
        self.assertEqual(rows[1][2]["deadline"], "2026-02-21")

    def test_dates_are_read_as_their_column_tells(self):
        headings = ["Opportunity Name", "Sales Stage", "Expected Close Date"]
        for texts, deadlines in (
            (("03/04/2026", "21/04/2026"), ["2026-04-03", "2026-04-21"]),
            (("03-04-2026", "04-21-2026"), ["2026-03-04", "2026-04-21"]),
            (("03.04.2026", "21.04.2026"), ["2026-04-03", "2026-04-21"]),
            (("2026-04-03", "0000-00-00"), ["2026-04-03", None]),
        ):
            with self.subTest(texts):
                rows = self._read(
                    self._job(), headings, [["A", "New", text] for text in texts]
                )
                self.assertEqual(
                    [values.get("deadline") for values in self._values(rows)],
                    deadlines,
                )

    def test_dates_of_two_readings_are_asked_for(self):
        headings = ["Opportunity Name", "Sales Stage", "Expected Close Date"]
        rows = self._read(self._job(), headings, [["A", "New", "03-04-2026"]])
        self.assertEqual(rows[0][2], {})
        self.assertIn("can be read in two ways", rows[0][3])
        job = self._job(date_order="mdy")
        rows = self._read(job, headings, [["A", "New", "03-04-2026"]])
        self.assertEqual(rows[0][2]["deadline"], "2026-03-04")

    def test_the_other_files_tell_how_dates_are_read(self):
        job = self._job()
        headings = ["Opportunity Name", "Sales Stage", "Expected Close Date"]
        self._read(job, headings, [["A", "New", "21-04-2026"]])
        rows = self._read(job, headings, [["B", "New", "03-04-2026"]])
        self.assertEqual(rows[0][2]["deadline"], "2026-04-03")

    def test_a_wrong_amount_refuses_its_row(self):
        row = self._potential(Amount="12.000,00 €")
        self.assertEqual(row[2:], ({}, "“12.000,00 €” is no number (column Amount)."))
        # vtiger groups nothing: a point is a decimal point
        self.assertEqual(self._potential(Amount="12.000")[2]["amount"], "12")
        self.assertEqual(self._potential(Amount="-0.00")[2]["amount"], "0")

    def test_a_line_of_another_length_is_refused(self):
        headings = ["Opportunity Name", "Sales Stage", "Amount"]
        rows = self._read(
            self._job(), headings, [["A", "New"], ["B", "New", "1", "2"], ["C"] * 3]
        )
        self.assertIn("ends early, with 2 cells instead of 3", rows[0][3])
        self.assertIn("has 4 cells instead of 3", rows[1][3])
        self.assertIn("is no number", rows[2][3])

    def test_texts_stay_what_they_are(self):
        row = self._potential(
            **{
                "Description": "<p>R&amp;D</p><p>&lt;b&gt; a < b</p>",
                "Next Step": "=1+1",
                "Peligro": "@cmd\0",
            }
        )
        self.assertEqual(row[2]["description"], "R&D\n<b> a < b")
        self.assertEqual(row[2]["next_step"], "=1+1")
        self.assertEqual(row[2]["extra"], "Peligro: @cmd")

    def test_a_relation_of_another_module_is_kept_where_it_belongs(self):
        cell = {"Organization Name": "Contacts:::: 太郎"}
        self.assertEqual(self._potential(**cell)[2]["contact"], "太郎")
        cell = {"Organization Name": "Vendors::::Hierros"}
        self.assertEqual(self._potential(**cell)[2]["organization"], "Hierros")
        row = self._activity(**{"Related To": "Invoice::::INV1", "Contact Name": "Ana"})
        self.assertEqual(row[2]["contacts"], ["Ana"])
        self.assertEqual(row[2]["extra"], "Invoice: INV1")

    def test_held_in_the_future(self):
        row = self._activity(
            **{
                "Start Date & Time": "2026-12-24 10:00:00",
                "Modified Time": "2026-11-20 08:00:00",
            }
        )
        self.assertEqual((row[0], row[2]["date"]), ("gestion", "2026-11-20 08:00:00"))
        row = self._activity(
            **{
                "Start Date & Time": "2026-12-24 10:00:00",
                "Modified Time": "2026-12-24 10:30:00",
            }
        )
        self.assertEqual(
            row[3], "The activity was held in the future: “2026-12-24 10:00:00”."
        )

    def test_a_meeting_that_was_called_off_is_a_comment(self):
        row = self._activity(**{"Activity Type": "Meeting", "Status": "Not Held"})
        self.assertEqual((row[0], row[1]), ("comment", "Llamada (Not Held)"))
        self.assertEqual(row[2]["related"], {"entity": "organization", "name": "Acme"})

    def test_activities_of_nobody_and_of_unknown_status(self):
        self.assertEqual(
            self._activity(**{"Related To": ""})[3],
            "The row belongs to no record that is brought along.",
        )
        self.assertEqual(
            self._activity(Status="Maybe")[3],
            "The activity has an unknown status: “Maybe”.",
        )

    def test_a_second_import_knows_an_activity_again(self):
        refs = [self._activity()[2]["ref"] for _time in range(2)]
        self.assertEqual(refs[0], refs[1])
        other = self._activity(**{"Related To": "Accounts::::Otra"})[2]["ref"]
        self.assertNotEqual(refs[0], other)

    def test_a_tax_number_under_cif(self):
        headings = ["Nombre de Cuenta", "Número de Cuenta", "CIF"]
        rows = self._read(
            self._job(),
            headings,
            [
                ["Aceites", "ACC1", "B-12345674"],
                ["Fierro", "ACC2", "30-71234567-8"],
                ["Peñalara", "ACC3", "4120"],
            ],
        )
        self.assertEqual(
            [values.get("vat") for values in self._values(rows)],
            ["B-12345674", "30-71234567-8", None],
        )

    def test_a_row_without_a_name_is_refused(self):
        headings = ["First Name", "Last Name", "Contact Id", "Office Phone", "Fax"]
        rows = self._read(
            self._job(),
            [*headings, "Reports To", "Primary Email"],
            [["", "", "CON1", "", "", "", ""], ["", "", "", "", "", "", "a@b.example"]],
        )
        self.assertEqual(rows[0][3], "The row has no name.")
        self.assertEqual(rows[1][1], "a@b.example")


@tagged("post_install", "-at_install")
@freeze_time("2026-11-23 12:00:00")
class TestVtigerChoices(VtigerCommon):
    """What is proposed is there to be seen; nothing is guessed."""

    def _propose(self, kind, *names, job=None):
        return self.Source._propose_choices(job or self._job(), kind, list(names))

    def _use(self, xmlid):
        return {"action": "use", "res_id": self.env.ref(xmlid).id}

    def test_stages(self):
        found = self._propose("stage", *self.expected["opportunities"]["by_stage"])
        names = {
            "Prospecting": "generate_interest",
            "Qualification": "generate_interest",
            "Needs Analysis": "present_products",
            "Value Proposition": "present_products",
            "Id. Decision Makers": "present_products",
            "Perception Analysis": "size_proposal",
            "Proposal or Price Quote": "size_proposal",
            "Negotiation or Review": "negotiate_proposal",
            "Closed Won": "sales_order",
        }
        self.assertEqual(
            found,
            {
                name: self._use(f"crm_gestion.stage_{stage}")
                for name, stage in names.items()
            }
            | {"Closed Lost": {"action": "use", "value": "lost"}},
        )

    def test_stages_of_a_company(self):
        own = self.env["crm.stage"].create({"name": "Visita técnica"})
        found = self._propose(
            "stage", "VISITA TECNICA", "Pedido recibido", "Descartado", "Fase 7"
        )
        self.assertEqual(
            found,
            {
                "VISITA TECNICA": {"action": "use", "res_id": own.id},
                "Pedido recibido": self._use("crm_gestion.stage_sales_order"),
                "Descartado": {"action": "use", "value": "lost"},
            },
        )
        twin = self.env["crm.stage"].create({"name": "Visita tecnica"})
        self.assertTrue(twin)
        self.assertEqual(self._propose("stage", "Visita técnica"), {})

    def test_a_probability_tells_what_no_word_does(self):
        job = self._job()
        self.env["crm.import.row"].create(
            [
                {
                    "import_id": job.id,
                    "entity": "opportunity",
                    "values": {"stage": stage, "probability": probability},
                }
                for stage, probability in (
                    ("Fase 8", 100.0),
                    ("Fase 8", 100.0),
                    ("Fase 9", 0.0),
                    ("Fase 7", 100.0),
                    ("Fase 7", 40.0),
                )
            ]
        )
        self.assertEqual(
            self._propose("stage", "Fase 7", "Fase 8", "Fase 9", job=job),
            {
                "Fase 8": self._use("crm_gestion.stage_sales_order"),
                "Fase 9": {"action": "use", "value": "lost"},
            },
        )

    def test_lists(self):
        self.assertEqual(
            self._propose(
                "origination", "Cold Call", "Trade Show", "Partner", "Radio", "Other"
            ),
            {
                "Cold Call": self._use("crm_gestion.origination_cold_call"),
                "Trade Show": self._use("crm_gestion.origination_fair"),
                "Partner": self._use("crm_gestion.origination_referral"),
                "Radio": {"action": "make"},
                "Other": {"action": "leave"},
            },
        )
        self.assertEqual(
            self._propose("market", "Food & Beverage", "construcción", "Energy"),
            {
                "Food & Beverage": self._use("crm_gestion.market_industry_food"),
                "construcción": self._use("crm_gestion.market_construction"),
                "Energy": {"action": "make"},
            },
        )
        self.assertEqual(
            self._propose("cargo", "Buyer", "Gerente", "Owners", "Decana"),
            {
                "Buyer": self._use("crm_gestion.cargo_buyer"),
                "Gerente": self._use("crm_gestion.cargo_general_manager"),
                "Owners": self._use("crm_gestion.cargo_owner"),
                "Decana": {"action": "make"},
            },
        )
        self.assertEqual(
            self._propose("lost_reason", "Competencia", "Otro planeta"),
            {
                "Competencia": self._use("crm_gestion.lost_reason_competitor"),
                "Otro planeta": {"action": "make"},
            },
        )

    def test_activities_results_and_incidents(self):
        self.assertEqual(
            self._propose("activity_type", "Mobile Call", "Meeting", "Task", "Golf"),
            {
                "Mobile Call": self._use("mail.mail_activity_data_call"),
                "Meeting": self._use("mail.mail_activity_data_meeting"),
                "Task": self._use("mail.mail_activity_data_todo"),
            },
        )
        self.assertEqual(
            self._propose("result", "Held", "Not Held"),
            {
                "Held": self._use("crm_gestion.result_informed"),
                "Not Held": self._use("crm_gestion.result_no_answer"),
            },
        )
        self.assertEqual(
            self._propose(
                "incident_stage", "Open", "In Progress", "Wait For Response", "Closed"
            ),
            {
                "Open": self._use("crm_gestion.incident_stage_new"),
                "In Progress": self._use("crm_gestion.incident_stage_working"),
                "Wait For Response": self._use("crm_gestion.incident_stage_waiting"),
                "Closed": self._use("crm_gestion.incident_stage_solved"),
            },
        )
        self.assertEqual(
            self._propose("severity", "Critical", "Minor", "Cósmica"),
            {
                "Critical": {"action": "use", "value": "3_critical"},
                "Minor": {"action": "use", "value": "0_low"},
            },
        )
        self.assertEqual(
            self._propose("campaign_type", "Trade Show", "Others", "Radio"),
            {
                "Trade Show": {"action": "use", "value": "event"},
                "Others": {"action": "leave"},
            },
        )

    def test_values_exist(self):
        severities = dict(self.env["project.task"]._fields["crm_severity"].selection)
        types = dict(self.env["utm.campaign"]._fields["campaign_type"].selection)
        for name in ("Minor", "Normal", "Major", "Critical"):
            found = self._propose("severity", name)[name]
            self.assertIn(found["value"], severities)
        for name in ("Email", "Telemarketing", "Conference", "Banner Ads"):
            found = self._propose("campaign_type", name)[name]
            self.assertIn(found["value"], types)

    def test_owners(self):
        users = {
            login: new_test_user(
                self.env, login=login, groups="base.group_user", **values
            )
            for login, values in {
                "ana.garcia": {"name": "Somebody", "email": "x@ours.example"},
                "mail": {"name": "Mail", "email": "sean.obrien@example.com"},
                "left": {"name": "Muñoz, Jr., Íñigo", "email": "y@ours.example"},
                "name": {"name": "Export Español", "email": "z@ours.example"},
            }.items()
        }
        users["left"].write({"name": "Íñigo Muñoz, Jr.", "active": False})
        job = self._job()
        for entity, name, values, _reason in self._read(job, *self._cells("Users")):
            self.env["crm.import.row"].create(
                {
                    "import_id": job.id,
                    "entity": entity,
                    "name": name,
                    "values": values,
                }
            )
        found = self._propose(
            "owner",
            "ana.garcia",
            "sean.obrien",
            "inigo.munoz",
            "exporta",
            "Team Selling",
            job=job,
        )
        self.assertEqual(
            {name: choice["res_id"] for name, choice in found.items()},
            {
                "ana.garcia": users["ana.garcia"].id,
                "sean.obrien": users["mail"].id,
                "inigo.munoz": users["left"].id,
                "exporta": users["name"].id,
            },
        )

    def test_what_is_called_alike_is_never_proposed(self):
        self.assertEqual(self._propose("organization", "Acme"), {})

    def test_proposals_cost_the_same_for_many(self):
        job = self._job()
        names = [f"Cargo {number}" for number in range(30)]
        for kind in ("cargo", "stage", "owner"):
            self.assertFlatGrowth(
                lambda names, kind=kind: self._propose(kind, *names, job=job),
                names[:3],
                names,
            )
