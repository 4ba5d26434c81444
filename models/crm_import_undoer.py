import logging

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.importing.schema import ENTITIES
from .crm_import_worker import AT_ONCE, is_busy

_logger = logging.getLogger(__name__)

BATCH = 200
# Point at records by model and id, without a foreign key.
LOOSE = {
    "mail.activity": "res_model",
    "mail.message": "model",
    "calendar.event": "res_model",
    "ir.attachment": "res_model",
}

# What a record is made with and would keep it here: it goes first.
ALONG = {"utm.campaign": "cost_ids"}


class CrmImportUndoer(models.AbstractModel):
    """Takes back what an import made, last made first.

    A record goes only where nobody wrote it since, and where nothing points at it but
    what the import made itself and what came with the record. What cannot go stays, and
    its row says why. What was here before is never touched.
    """

    _name = "crm.import.undoer"
    _description = "Undoing of an Import"

    @api.model
    def _total(self, job):
        return job.made_count or 1

    @api.model
    def _is_short(self, job):
        return job.made_count <= AT_ONCE

    @api.model
    def _work(self, job):
        if not job.work_done:
            self._mark_changed(job)
        for entity in reversed(ENTITIES):
            last = None
            while rows := self._next(job, entity, last):
                last = rows[-1].id
                for model, group in rows.grouped("res_model").items():
                    self._take_back(job, model, group)
                yield len(rows)

    @api.model
    def _next(self, job, entity, last):
        domain = [
            ("import_id", "=", job.id),
            ("state", "=", "made"),
            ("entity", "=", entity),
        ]
        if last:
            domain.append(("id", "<", last))
        return self.env["crm.import.row"].search(domain, order="id desc", limit=BATCH)

    @api.model
    def _take_back(self, job, model, rows):
        changed = self._changed(model, rows)
        used = self._used(job, model, rows - changed)
        texts = (
            (changed, self.env._("It was changed since: it stays.")),
            (used, self.env._("Something made since needs it: it stays.")),
        )
        for kept, text in texts:
            kept.write({"reason": text})
        self._delete(model, rows - changed - used)

    @api.model
    def _delete(self, model, rows):
        """Delete the records of rows; where that fails, tried in halves."""
        records = self.env[model].browse(rows.mapped("res_id")).exists()
        try:
            with self.env.cr.savepoint():
                if model in ALONG:
                    records[ALONG[model]].unlink()
                if model == "res.partner":
                    children = records.child_ids
                    children.filtered(lambda child: child.type == "delivery").unlink()
                records.unlink()
                rows._tell([(row, "undone", False, None) for row in rows])
                self.env.flush_all()
        except Exception as error:
            if is_busy(error):
                raise
            self.env.invalidate_all()
            if len(rows) > 1:
                half = len(rows) // 2
                self._delete(model, rows[:half])
                self._delete(model, rows[half:])
                return
            if not isinstance(error, UserError):
                _logger.warning("Row %s was not taken back", rows.id, exc_info=error)
            rows.write({"reason": self.env._("It cannot be deleted: it stays.")})

    @api.model
    def _mark_changed(self, job):
        """Forget when rows were loaded whose records somebody wrote since: taking back
        others writes them too, and must not look like a change."""
        self.env.flush_all()
        for model in job._made_models():
            self.env.cr.execute(
                SQL(
                    """UPDATE crm_import_row AS row SET loaded_at = NULL
                         FROM %s AS record
                        WHERE record.id = row.res_id AND row.import_id = %s
                          AND row.state = 'made' AND row.res_model = %s
                          AND record.write_date > row.loaded_at""",
                    SQL.identifier(self.env[model]._table),
                    job.id,
                    model,
                )
            )
        self.env["crm.import.row"].invalidate_model(["loaded_at"])

    @api.model
    def _changed(self, model, rows):
        self.env.flush_all()
        found = self.env.execute_query(
            SQL(
                """SELECT row.id FROM crm_import_row AS row
                     JOIN %s AS record ON record.id = row.res_id
                    WHERE row.id = ANY(%s)
                      AND (row.loaded_at IS NULL
                           OR record.write_date > row.loaded_at
                          AND record.write_uid != %s)""",
                SQL.identifier(self.env[model]._table),
                rows.ids,
                self.env.uid,
            )
        )
        return rows.browse(row_id for (row_id,) in found) & rows

    @api.model
    def _used(self, job, model, rows):
        """:return: the rows at whose records something points that the import did not
        make"""
        ids = rows.mapped("res_id")
        used = set()
        for field in self._pointers(model):
            used |= self._pointing(job, model, field, rows, ids)
        for other, name in LOOSE.items():
            used |= self._pointing_loosely(job, model, other, name, rows, ids)
        return rows.filtered(lambda row: row.res_id in used)

    @api.model
    def _pointers(self, model):
        """:return: the stored Many2one fields of real tables that point at a model"""
        return [
            field
            for other in self.env.registry.values()
            if not (other._abstract or other._transient) and other._auto
            for field in other._fields.values()
            if field.type == "many2one" and field.store and field.comodel_name == model
            if not field.company_dependent
        ]

    @api.model
    def _along(self, model):
        """:return: the model of what goes with the records of another, or None"""
        name = ALONG.get(model)
        return name and self.env[model]._fields[name].comodel_name

    @api.model
    def _pointing(self, job, model, field, rows, ids):
        other = self.env[field.model_name]
        logged = other._log_access
        column = SQL.identifier("other", field.name)
        since = SQL("TRUE")
        if field.ondelete == "cascade":
            # what came with the record goes with it; what was added since does not,
            # nor what others changed, such as a guest who accepted
            since = self._since(job) if logged else SQL("FALSE")
        if field.model_name == self._along(model):
            since = SQL("other.write_date > row.loaded_at")
        same = SQL("other.id != ALL(%s)", ids) if other._name == model else SQL("TRUE")
        if other._name == model == "res.partner":
            # a delivery address came with its organization and has no row
            same = SQL(
                "%s AND NOT (other.type = 'delivery' AND %s)",
                same,
                SQL("other.write_date <= row.loaded_at"),
            )
        found = self.env.execute_query(
            SQL(
                """SELECT DISTINCT %(column)s
                     FROM %(table)s AS other
                     JOIN crm_import_row AS row
                       ON row.id = ANY(%(rows)s) AND row.res_id = %(column)s
                    WHERE %(column)s = ANY(%(ids)s) AND %(since)s AND %(same)s
                      AND NOT EXISTS (
                          SELECT 1 FROM crm_import_row AS own
                           WHERE own.import_id = %(job)s AND own.state = 'made'
                             AND own.entity = %(entity)s AND own.id < %(first)s
                             AND own.res_model = %(model)s AND own.res_id = other.id
                             AND %(same_since)s)""",
                same_since=SQL(
                    "own.loaded_at IS NOT NULL AND (other.write_date <= own.loaded_at"
                    " OR other.write_uid = %s)",
                    self.env.uid,
                )
                if logged
                else SQL("TRUE"),
                column=column,
                table=SQL.identifier(other._table),
                rows=rows.ids,
                ids=ids,
                since=since,
                same=same,
                job=job.id,
                # of the same entity, those whose turn is still to come
                entity=rows[:1].entity,
                first=min(rows.ids, default=0),
                model=other._name,
            )
        )
        return {record_id for (record_id,) in found}

    @api.model
    def _since(self, job):
        """:return: SQL of whether people added or changed what came with a record"""
        return SQL(
            """(other.create_date > row.loaded_at
                OR other.write_date > row.loaded_at
               AND other.write_uid != ALL(%s))""",
            # the import, crons, and this work itself
            [job.user_id.id, SUPERUSER_ID, self.env.uid],
        )

    @api.model
    def _pointing_loosely(self, job, model, other, name, rows, ids):
        found = self.env.execute_query(
            SQL(
                """SELECT DISTINCT other.res_id
                     FROM %(table)s AS other
                     JOIN crm_import_row AS row
                       ON row.id = ANY(%(rows)s) AND row.res_id = other.res_id
                    WHERE %(name)s = %(model)s AND other.res_id = ANY(%(ids)s)
                      AND other.create_date > row.loaded_at""",
                table=SQL.identifier(self.env[other]._table),
                name=SQL.identifier("other", name),
                model=model,
                rows=rows.ids,
                ids=ids,
            )
        )
        return {record_id for (record_id,) in found}
