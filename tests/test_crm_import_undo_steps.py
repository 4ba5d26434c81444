from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from .test_crm_import_vtiger_run import VtigerRun


@tagged("post_install", "-at_install")
class TestImportUndoSteps(VtigerRun):
    """An import is taken back in a later transaction than the one that made it."""

    def _imported(self):
        """:return: an import of the day before, as the administrator sees it"""
        job = self._go(self._real("es", "Users", "Accounts", "Contacts", "Potentials"))
        self.env.flush_all()
        cr = self.env.cr
        self.startPatcher(patch.object(cr, "_now", cr.now() + timedelta(days=1)))
        self.env.invalidate_all()
        return job.with_user(self.env.ref("base.user_admin"))

    def _kept(self, job):
        rows = job.sudo().row_ids.filtered(lambda row: row.state == "made")
        return rows.mapped(lambda row: (row.entity, row.name))

    def _contacts(self, job, partner):
        rows = job.sudo().row_ids.filtered(lambda row: row.entity == "contact")
        people = rows.filtered(lambda row: row.res_id in partner.child_ids.ids)
        return people.mapped(lambda row: (row.entity, row.name))

    def test_undoing_is_no_change(self):
        """Contacts that go write on their organizations: these go all the same, with
        their delivery addresses."""
        Partner = self.env["res.partner"].with_context(active_test=False)
        before = Partner.search_count([])
        job = self._imported()
        # six organizations, one with an address for deliveries, and twelve contacts
        self.assertEqual(Partner.search_count([]), before + 19)
        job.action_undo()
        self.env.invalidate_all()
        self.assertEqual(self._kept(job), [])
        self.assertEqual(Partner.search_count([]), before)

    def test_what_the_administrator_changed_stays(self):
        job = self._imported()
        rows = job.sudo().row_ids
        row = rows.filtered(lambda row: row.name == "Clínica Santa Fe")
        partner = self.env["res.partner"].browse(row.res_id)
        partner.with_user(job.env.user).comment = "They pay late"
        self.env.flush_all()
        job.action_undo()
        self.env.invalidate_all()
        # Odoo writes its contacts with it
        kept = [("organization", "Clínica Santa Fe"), *self._contacts(job, partner)]
        self.assertEqual(self._kept(job), kept)
        self.assertEqual(partner.exists().comment, "<p>They pay late</p>")
        self.assertEqual(row.reason, "It was changed since: it stays.")

    def test_what_a_seller_added_stays_with_what_it_needs(self):
        job = self._imported()
        row = job.sudo().row_ids.filtered(lambda row: row.name == "Clínica Santa Fe")
        added = self.env["res.partner"].create(
            {"name": "New colleague", "parent_id": row.res_id}
        )
        self.env.flush_all()
        job.action_undo()
        self.env.invalidate_all()
        self.assertEqual(self._kept(job), [("organization", "Clínica Santa Fe")])
        self.assertTrue(added.exists())
