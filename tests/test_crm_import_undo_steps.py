import base64
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from odoo.tests import tagged

from .common import CrmGestionCommon

FOLDER = Path(__file__).parent / "vtiger"


@tagged("post_install", "-at_install")
class TestImportUndoSteps(CrmGestionCommon):
    """An import is taken back in a later transaction than the one that made it."""

    def _import(self):
        job = self.env["crm.import"].with_user(self.director)
        job = job.create({"name": "vtiger", "source": "vtiger", "tz": "UTC"})
        self.env["crm.import.file"].with_user(self.director).create(
            [
                {
                    "import_id": job.id,
                    "name": f"{module}.csv",
                    "data": base64.b64encode(
                        (FOLDER / f"{module}.es.csv").read_bytes()
                    ),
                }
                for module in ("Accounts", "Contacts", "Potentials")
            ]
        )
        job.action_read()
        job.action_check()
        job.action_run()
        self.assertEqual((job.state, job.error), ("done", False))
        # from here on it is the day after: a later transaction
        self.env.flush_all()
        cr = self.env.cr
        self.startPatcher(patch.object(cr, "_now", cr.now() + timedelta(days=1)))
        self.env.invalidate_all()
        return job.with_user(self.env.ref("base.user_admin"))

    def _kept(self, job):
        rows = job.sudo().row_ids.filtered(lambda row: row.state == "made")
        return rows.mapped(lambda row: (row.entity, row.name))

    def test_undoing_is_no_change(self):
        """Contacts that go write on their organizations: these go all the same, with
        their delivery addresses."""
        Partner = self.env["res.partner"].with_context(active_test=False)
        before = Partner.search_count([])
        job = self._import()
        self.assertGreater(Partner.search_count([]), before)
        job.action_undo()
        self.env.invalidate_all()
        self.assertEqual(self._kept(job), [])
        self.assertEqual(Partner.search_count([]), before)

    def test_what_the_administrator_changed_stays(self):
        job = self._import()
        rows = job.sudo().row_ids
        row = rows.filtered(lambda row: row.name == "Clínica Santa Fe")
        partner = self.env["res.partner"].browse(row.res_id)
        partner.with_user(job.env.user).comment = "They pay late"
        self.env.flush_all()
        job.action_undo()
        self.env.invalidate_all()
        self.assertEqual(self._kept(job), [("organization", "Clínica Santa Fe")])
