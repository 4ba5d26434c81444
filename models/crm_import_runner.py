import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.importing.schema import ENTITIES
from .crm_import_worker import AT_ONCE, is_busy

_logger = logging.getLogger(__name__)

BATCH = 500


class CrmImportRunner(models.AbstractModel):
    """Makes the records of the rows that are planned, in the order of `ENTITIES`.

    A row is made in the same transaction in which it says so. A batch that fails is
    tried in halves, down to the row that is to blame, which is refused alone.
    """

    _name = "crm.import.runner"
    _description = "Run of an Import"

    @api.model
    def _total(self, job):
        return job.planned_count or 1

    @api.model
    def _is_short(self, job):
        return job.planned_count <= AT_ONCE

    @api.model
    def _work(self, job):
        for entity in ENTITIES:
            some = False
            while rows := job._rows_of(entity, "planned", BATCH):
                self._load(job, entity, rows)
                some = True
                yield len(rows)
            if some or entity not in (job.finished or "").split():
                job._loader(entity)._finish(job)
                self.env.flush_all()
                job.sudo().finished = f"{job.finished or ''} {entity}".strip()
                if some:
                    yield 0
        self._own(job)

    @api.model
    def _load(self, job, entity, rows):
        """
        :return: list of (id, text) of the rows that failed; they are refused
        """
        if not rows:
            return []
        try:
            with self.env.cr.savepoint():
                job._loader(entity)._load(job, rows)
                self.env.flush_all()
        except Exception as error:
            if is_busy(error):
                raise
            self.env.invalidate_all()
            if len(rows) > 1:
                half = len(rows) // 2
                return [
                    *self._load(job, entity, rows[:half]),
                    *self._load(job, entity, rows[half:]),
                ]
            text = self._reason(error, rows)
            rows._tell([(rows, "refused", text, None)])
            return [(rows.id, text)]
        rows.invalidate_recordset()
        left = rows.filtered(lambda row: row.state == "planned")
        text = self.env._("Nothing was made of this row.")
        left._tell([(row, "refused", text, None) for row in left])
        return []

    @api.model
    def _reason(self, error, row):
        if isinstance(error, UserError):
            return str(error).strip().partition("\n")[0]
        _logger.warning("Row %s of an import failed", row.id, exc_info=error)
        return self.env._("The program refused this row: it is in the log.")

    @api.model
    def _own(self, job):
        """What later batches wrote of earlier ones' records, as who reports to whom, is
        no change by somebody. What another user wrote meanwhile is."""
        self.env.flush_all()
        for model in job._made_models():
            table = SQL.identifier(self.env[model]._table)
            self.env.cr.execute(
                SQL(
                    """UPDATE crm_import_row AS row SET loaded_at = record.write_date
                         FROM %s AS record
                        WHERE row.import_id = %s AND row.state = 'made'
                          AND row.res_model = %s AND row.res_id = record.id
                          AND record.write_date > row.loaded_at
                          AND record.write_uid IN (%s, 1)""",
                    table,
                    job.id,
                    model,
                    job.user_id.id,
                )
            )
        self.env["crm.import.row"].invalidate_model()
