from odoo import api, models
from odoo.tools import SQL

from ..tools.importing.schema import ENTITIES
from .crm_import_worker import AT_ONCE

BATCH = 1000
# Rows of each entity that are made on trial.
TRIED = 200


class _TakeBack(Exception):
    """Ends a trial: nothing of it stays."""


class CrmImportChecker(models.AbstractModel):
    """Says of every row what would become of it, and writes nothing else.

    Loaders look for what is here and for what rows name; then the first rows of each
    entity are really made and taken back at once, for what only the database or another
    add-on refuses. Of the trial only what raised is told: that a row did not find the
    one it names says nothing, since not all were made.
    """

    _name = "crm.import.checker"
    _description = "Check of an Import"

    @api.model
    def _total(self, job):
        return job.row_count or 1

    @api.model
    def _is_short(self, job):
        return job.row_count <= AT_ONCE

    @api.model
    def _work(self, job):
        self._reset(job)
        for entity in ENTITIES:
            loader = job._loader(entity)
            while rows := job._rows_of(entity, "read", BATCH):
                loader._plan(job, rows)
                self.env.flush_all()
                rows.invalidate_recordset()
                forgotten = rows.filtered(lambda row: row.state == "read")
                forgotten._tell([(row, "planned", False, None) for row in forgotten])
                yield len(rows)
        self._try(job)

    @api.model
    def _reset(self, job):
        """Rows that are neither made nor unreadable are looked at anew, for choices may
        have changed since."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_import_row
                      SET state = 'read', reason = NULL, res_model = NULL, res_id = NULL
                    WHERE import_id = %s AND values IS NOT NULL
                      AND state IN ('planned', 'matched', 'refused')""",
                job.id,
            )
        )
        self.env["crm.import.row"].invalidate_model()

    @api.model
    def _try(self, job):
        failed = []
        runner = self.env["crm.import.runner"]
        try:
            with self.env.cr.savepoint():
                for entity in ENTITIES:
                    rows = job._rows_of(entity, "planned", TRIED)
                    failed += runner._load(job, entity, rows)
                    self.env.flush_all()
                raise _TakeBack
        except _TakeBack:
            self.env.invalidate_all()
        Row = self.env["crm.import.row"]
        refused = [(Row.browse(i), "refused", text, None) for i, text in failed]
        Row.browse([row.id for row, *_ in refused])._tell(refused)
