from odoo.tests import tagged
from odoo.tools import SQL

from .test_crm_import_vtiger_run import VtigerRun

# Of the import itself, and what Odoo counts on or writes down of its own accord.
OWN = {
    "bus_bus",
    "crm_import",
    "crm_import_choice",
    "crm_import_column",
    "crm_import_file",
    "crm_import_row",
    # counted anew every night
    "crm_lead_scoring_frequency",
    "ir_attachment",
    "ir_cron_progress",
    "ir_cron_trigger",
    "ir_logging",
}
SHEET = """Razón social;CIF;Sector;Contacto;Cargo;Correo;No desea correos
Conservas Sol, S.L.;B12345674;Apicultura;Eva Gil;Meliponicultora;eva@sol.example;sí
Talleres Luna;;Apicultura;Íñigo Ruiz;;inigo@luna.example;no
"""


@tagged("post_install", "-at_install")
class TestImportUndoTraces(VtigerRun):
    """Nothing of an import is left anywhere in the database when it was taken back."""

    def _tables(self):
        """:return: dict table -> number of its rows"""
        self.env.flush_all()
        names = self.env.execute_query(
            SQL(
                """SELECT table_name FROM information_schema.tables
                    WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'
                      AND table_name != ALL(%s)""",
                list(OWN),
            )
        )
        count = SQL(" UNION ALL ").join(
            SQL("SELECT %s, count(*) FROM %s", name, SQL.identifier(name))
            for (name,) in names
        )
        return dict(self.env.execute_query(count))

    def _take_back(self, job):
        job.with_user(self.env.ref("base.user_admin")).action_undo()
        self.env.invalidate_all()
        self.assertEqual((job.state, job.error), ("undone", False))

    def assertUntouched(self, before):
        """:param before: dict as `_tables` returns"""
        after = self._tables()
        changed = {
            name: (before[name], after[name])
            for name in before
            if before[name] != after[name]
        }
        self.assertEqual(changed, {})

    def _decide(self, job, kinds):
        """Texts of these kinds that nothing here is called become entries of lists."""
        for choice in job.choice_ids:
            if choice.kind in kinds:
                choice.write({"action": "make", "res_id": False})

    def _kept(self, job):
        rows = job.sudo().row_ids.filtered(lambda row: row.state == "made")
        return rows.mapped(lambda row: (row.entity, row.name, row.reason))

    def test_of_the_real_files(self):
        for target in ("lead", "organization"):
            with self.subTest(target=target):
                before = self._tables()
                job = self._real("es")
                job.lead_target = target
                self._decide(job, ("market", "origination", "lost_reason", "cargo"))
                self._go(job)
                self.assertNotEqual(self._tables(), before)
                self._take_back(job)
                self.assertEqual(self._kept(job), [])
                self.assertUntouched(before)

    def test_of_a_spreadsheet(self):
        before = self._tables()
        job = self._import({"a.csv": SHEET.encode()}, source="sheet")
        self._decide(job, ("market", "cargo"))
        self._go(job)
        self.assertNotEqual(self._tables(), before)
        self._take_back(job)
        self.assertEqual(self._kept(job), [])
        self.assertUntouched(before)
