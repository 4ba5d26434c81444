import base64
import json
from decimal import Decimal
from pathlib import Path

from freezegun import freeze_time

from odoo.tests import new_test_user, tagged

from .common import CrmGestionCommon

FOLDER = Path(__file__).parent / "vtiger"
ZONES = {"en": "UTC", "es": "Europe/Madrid"}
MODULES = (
    "ModComments",  # in an order that helps nobody
    "Potentials",
    "Calendar",
    "Contacts",
    "HelpDesk",
    "Accounts",
    "Leads",
    "Campaigns",
    "Products",
    "Users",
)
# What is compared of the records of each entity.
TOLD = {
    "organization": "name parent_id email phone user_id market_id comment city zip",
    "contact": "name parent_id manager_contact_id email user_id cargo_id comment",
    "opportunity": "name organization_id partner_id user_id stage_id closure_kind "
    "expected_revenue probability date_deadline date_closed lost_reason_id "
    "origination_id campaign_id active",
    "gestion": "name organization_id contact_id lead_id user_id date duration "
    "result_id activity_type_id description",
    "campaign": "title user_id campaign_type date_to budget",
    "product": "name default_code active list_price standard_price",
    "lead": "contact_name partner_name user_id market_id email_from active",
    "incident": "name partner_id user_ids stage_id crm_severity crm_type_id "
    "crm_solution_date",
}


class VtigerRun(CrmGestionCommon):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.expected = json.loads((FOLDER / "expected.json").read_text("utf-8"))
        cls.director.lang = "en_US"
        cls.ana = cls._owner("ana.garcia", "Ana García Peña")
        cls.inigo = cls._owner("inigo.munoz", "Íñigo Muñoz, Jr.", active=False)
        cls.sean = cls._owner("sean.obrien", "Sean O'Brien")

    @classmethod
    def _owner(cls, login, name, **values):
        user = new_test_user(
            cls.env,
            login=login,
            name=name,
            groups="crm_gestion.group_seller",
            email=f"{login}@example.com",
        )
        user.write(values)
        return user

    def _import(self, files, tz="UTC", **values):
        """:return: an import whose files were read, as the director reads them"""
        job = self.env["crm.import"].with_user(self.director)
        job = job.create({"name": "vtiger", "source": "vtiger", "tz": tz, **values})
        self.env["crm.import.file"].with_user(self.director).create(
            [
                {"import_id": job.id, "name": name, "data": base64.b64encode(data)}
                for name, data in files.items()
            ]
        )
        job.action_read()
        return job

    def _real(self, language, *modules):
        files = {
            f"{module}.csv": (FOLDER / f"{module}.{language}.csv").read_bytes()
            for module in modules or MODULES
        }
        return self._import(files, ZONES[language])

    def _go(self, job):
        job.action_check()
        job.action_run()
        self.assertEqual((job.state, job.error), ("done", False))
        return job

    def _records(self, job, entity):
        rows = job.sudo().row_ids.filtered(
            lambda row: row.entity == entity and row.state == "made"
        )
        model = rows[:1].res_model
        if not model:
            return self.env["crm.gestion"]
        records = self.env[model].with_context(active_test=False, lang="en_US")
        return records.browse(rows.sorted("number").mapped("res_id")).sudo()

    def _dump(self, job):
        return {
            entity: [
                [self._text(record[name]) for name in names.split()]
                for record in self._records(job, entity)
            ]
            for entity, names in TOLD.items()
        }

    def _text(self, value):
        if hasattr(value, "_name"):
            return sorted(value.mapped("display_name"))
        return str(value)

    def _refused(self, job):
        rows = job.sudo().row_ids.filtered(lambda row: row.state == "refused")
        return sorted(rows.mapped(lambda row: (row.entity, row.name, row.reason)))


@tagged("post_install", "-at_install")
@freeze_time("2026-11-23 12:00:00")
class TestVtigerRun(VtigerRun):
    """The real files, from bytes to records."""

    def test_both_languages_make_the_same_records(self):
        dumps = {}
        for language in ZONES:
            with self.env.cr.savepoint(flush=True) as savepoint:
                job = self._go(self._real(language))
                dumps[language] = self._dump(job), self._refused(job)
                savepoint.rollback()
            self.env.invalidate_all()
        self.assertEqual(dumps["en"], dumps["es"])

    def test_records_are_what_the_files_say(self):
        job = self._go(self._real("es"))
        self.assertEqual([row for row in self._refused(job) if row[0] != "user"], [])
        made = {
            entity: len(self._records(job, entity))
            for entity in (*TOLD, "comment", "step")
        }
        rows = self.expected["rows"]
        self.assertEqual(
            made,
            {
                "organization": rows["Accounts"],
                "contact": rows["Contacts"],
                "opportunity": rows["Potentials"],
                "campaign": rows["Campaigns"],
                "product": rows["Products"],
                "lead": rows["Leads"],
                "incident": rows["HelpDesk"],
                # a task that was done is a comment, what is planned is a step
                "gestion": 3,
                "step": 4,
                "comment": rows["ModComments"] + 1,
            },
        )

    def test_opportunities_add_up(self):
        job = self._go(self._real("en"))
        expected = self.expected["opportunities"]
        leads = self._records(job, "opportunity")
        kinds = {
            "won": leads.filtered(lambda lead: lead.closure_kind == "won"),
            "lost": leads.filtered(lambda lead: lead.closure_kind == "rejected"),
            "open": leads.filtered(lambda lead: not lead.closure_kind),
        }
        for kind, found in kinds.items():
            self.assertEqual([len(found), self._total(found)], expected[kind], kind)
        by_owner = {
            login: [len(found), self._total(found)]
            for login in expected["by_owner"]
            if (found := leads.filtered(lambda lead, x=login: lead.user_id.login == x))
        }
        self.assertEqual(by_owner, expected["by_owner"])
        self.assertEqual(self._total(leads), expected["total_amount"])
        self.assertEqual(len(leads.organization_id), 6)
        self.assertEqual(len(leads.filtered("campaign_id")), expected["with_campaign"])
        lost = kinds["lost"]
        self.assertEqual(
            lost.lost_reason_id,
            self.env.ref("crm_gestion.lost_reason_competitor"),
        )
        self.assertEqual(str(lost.closure_ids.date), "2026-09-30 12:00:00")
        self.assertEqual(str(kinds["won"].date_closed), "2026-10-15 12:00:00")

    def _users(self, job):
        return len(
            job.sudo().row_ids.filtered(
                lambda row: row.entity == "user" and row.state == "matched"
            )
        )

    def _total(self, leads):
        return str(
            sum(
                (Decimal(f"{lead.expected_revenue:.2f}") for lead in leads),
                Decimal("0.00"),
            )
        )

    def test_people_and_parents(self):
        job = self._go(self._real("es"))
        contacts = self._records(job, "contact")
        boss = contacts.filtered(lambda partner: partner.name.startswith("María José"))
        luis = contacts.filtered(lambda partner: partner.name == "Luis Gómez")
        self.assertEqual(luis.manager_contact_id, boss)
        self.assertEqual(
            len(contacts.filtered("manager_contact_id")),
            self.expected["contacts"]["reports_to"],
        )
        self.assertEqual(
            len(contacts.filtered(lambda partner: not partner.parent_id)),
            self.expected["contacts"]["no_org"],
        )
        parents = self._records(job, "organization").filtered("parent_id")
        self.assertEqual(len(parents), self.expected["organizations"]["with_parent"])

    def test_gestiones_keep_dates_and_authors(self):
        job = self._go(self._real("es"))
        self.assertEqual(
            [
                (str(gestion.date), gestion.user_id.login, gestion.duration)
                for gestion in self._records(job, "gestion").sorted("date")
            ],
            [
                ("2026-10-02 10:30:00", "ana.garcia", 1.0),
                ("2026-10-16 09:00:00", "ana.garcia", 2.5),
                ("2026-10-20 12:15:00", "sean.obrien", 1.0),
            ],
        )

    def test_nobody_is_mailed(self):
        before = self.env["mail.mail"].sudo().search_count([])
        self._go(self._real("en"))
        self.assertEqual(self.env["mail.mail"].sudo().search_count([]), before)

    def test_a_second_import_makes_nothing_twice(self):
        first = self._go(self._real("en"))
        # entries of lists are no rows of files
        shared = first.sudo().row_ids.filtered(lambda row: row.entity == "shared")
        made = first.made_count - len(shared)
        self.assertGreater(made, 0)
        second = self._go(self._real("es"))
        self.assertEqual(
            (second.made_count, second.matched_count), (0, made + self._users(first))
        )
