from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_gestion.models import crm_import_undoer

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

    def _change_an_opportunity(self, job):
        lead = self._records(job, "opportunity")[0]
        lead.expected_revenue = 1.0
        self.env.flush_all()

    def _dialog(self, job):
        wizard = job.env["crm.import.undo"].create({"import_id": job.id})
        names = ("going_count", "changed_count", "used_count", "is_exact")
        return wizard, tuple(wizard[name] for name in names)

    def test_the_dialog_says_what_will_go_and_what_will_stay(self):
        job = self._imported()
        rows = job.sudo().row_ids
        row = rows.filtered(lambda row: row.name == "Clínica Santa Fe")
        self.env["res.partner"].create({"name": "New", "parent_id": row.res_id})
        self._change_an_opportunity(job)
        before = self._states(job)
        wizard, counts = self._dialog(job)
        self.assertEqual(self._states(job), before)
        wizard.action_undo()
        self.env.invalidate_all()
        changed, used = (
            len(rows.filtered(lambda row, text=text: row.reason == text))
            for text in (
                "It was changed since: it stays.",
                "Something made since needs it: it stays.",
            )
        )
        self.assertEqual(counts, (job.undone_count, changed, used, True))
        self.assertEqual(job.made_count, changed + used)
        self.assertGreaterEqual(changed, 1)

    def _states(self, job):
        job.env.flush_all()
        job.env.invalidate_all()
        rows = job.sudo().row_ids
        return {row.id: (row.state, row.reason, row.loaded_at) for row in rows}

    def test_of_a_long_import_the_dialog_counts_what_was_changed(self):
        job = self._imported()
        made = job.made_count
        self._change_an_opportunity(job)
        self.startPatcher(patch.object(crm_import_undoer, "AT_ONCE", 3))
        self.assertEqual(self._dialog(job)[1], (made - 1, 1, 0, False))

    def test_directors_are_not_asked(self):
        job = self._imported().with_user(self.director)
        with self.assertRaises(AccessError):
            job.env["crm.import.undo"].create({"import_id": job.id})
