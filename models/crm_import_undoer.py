import logging

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.importing.schema import ENTITIES
from .crm_import_worker import AT_ONCE, QUIET, is_busy

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


class _Trial(Exception):
    """Ends a trial: nothing of it stays."""


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
    def _forecast(self, job):
        """Count what would go and what would stay: a short import is taken back on
        trial; of a long one, only what was changed is counted.

        :return: dict of ``going_count``, ``changed_count``, ``used_count``, `is_exact`
        """
        job.check_access("write")
        # sudo: as the work itself, of what he may take back
        job = job.sudo().with_context(**QUIET)
        exact = self._is_short(job)
        try:
            with self.env.cr.savepoint():
                if exact:
                    for _done in self.with_env(job.env)._work(job):
                        job.env.flush_all()
                else:
                    self.env["crm.import.mark"]._look(job)
                changed, left = self._left(job)
                raise _Trial
        except _Trial:
            self.env.invalidate_all()
        gone = job.made_count - (left if exact else changed)
        used = left - changed if exact else 0
        return {
            "going_count": gone,
            "changed_count": changed,
            "used_count": used,
            "is_exact": exact,
        }

    @api.model
    def _left(self, job):
        """:return: number of the rows that were changed, and of all that are made"""
        domain = [("import_id", "=", job.id), ("state", "=", "made")]
        Row = self.env["crm.import.row"]
        changed = Row.search_count([*domain, ("loaded_at", "=", False)])
        return changed, Row.search_count(domain)

    @api.model
    def _work(self, job):
        mark = self.env["crm.import.mark"]
        for entity in (*reversed(ENTITIES), "shared"):
            last = None
            while rows := self._next(job, entity, last):
                last = rows[-1].id
                groups = rows.grouped("res_model")
                for model, group in groups.items():
                    self._lock(model, group)
                mark._look(job)
                for model, group in groups.items():
                    self._take_back(job, model, group)
                mark._sign(job)
                yield len(rows)

    @api.model
    def _lock(self, model, rows):
        """Keep records from being changed until the step is committed. Who changes one
        right now comes first: this waits for him, fails, and the step begins anew with
        what he wrote."""
        self.env.flush_all()
        for target, (_rows, ids) in self._targets(model, rows).items():
            self.env.cr.execute(
                SQL(
                    "SELECT FROM %s WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                    SQL.identifier(self.env[target]._table),
                    ids,
                )
            )

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
        self.env.flush_all()
        changed = rows.filtered(lambda row: not row.loaded_at)
        used, going = rows.browse(), rows - changed
        # who needs one that stays keeps what he needs himself
        while going and (more := self._used(job, model, going)):
            used |= more
            going -= more
        texts = (
            (changed, self.env._("It was changed since: it stays.")),
            (used, self.env._("Something made since needs it: it stays.")),
        )
        for kept, text in texts:
            kept.write({"reason": text})
        if going:
            self._delete(model, going)

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
    def _used(self, job, model, rows):
        """:return: the rows at whose records something points that the import did not
        make"""
        used = set(self._still_blocked(job, rows) if model == "mail.blacklist" else ())
        for target, pairs in self._targets(model, rows).items():
            for field in self._pointers(target):
                used |= self._pointing(job, field, model, rows, pairs)
            for other, name in LOOSE.items():
                used |= self._pointing_loosely(job, target, other, name, pairs)
        return rows.filtered(lambda row: row.id in used)

    @api.model
    def _targets(self, model, rows):
        """
        :return: dict of the model, and of those whose records go with its own (a
            product and its template) -> two lists: ids of rows, ids of their records
        """
        targets = {model: (rows.ids, [row.res_id for row in rows])}
        records = self.env[model].browse(rows.mapped("res_id")).exists()
        for parent, name in self.env[model]._inherits.items():
            above = [
                (row.id, records.browse(row.res_id)[name].id)
                for row in rows
                if row.res_id in records.ids
            ]
            targets[parent] = (
                [row for row, _id in above],
                [id_ for _row, id_ in above],
            )
        return targets

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
    def _pointing(self, job, field, model, rows, pairs):
        """:return: set of ids of the rows at whose records others point by a field"""
        other = self.env[field.model_name]
        return {
            row_id
            for (row_id,) in self.env.execute_query(
                SQL(
                    """SELECT DISTINCT mine.row_id
                         FROM unnest(%(rows)s::int[], %(ids)s::int[])
                              AS mine (row_id, id)
                         JOIN %(table)s AS other ON other.%(column)s = mine.id
                         JOIN crm_import_row AS row ON row.id = mine.row_id
                        WHERE other.%(column)s = ANY(%(ids)s)
                          AND (%(since)s OR %(own)s)
                          AND %(elsewhere)s AND NOT (%(own)s AND %(to_come)s)""",
                    rows=pairs[0],
                    ids=pairs[1],
                    table=SQL.identifier(other._table),
                    column=SQL.identifier(field.name),
                    since=self._since(job, other, field, model),
                    elsewhere=self._elsewhere(other, model, rows),
                    own=self._is_own(job, other._name),
                    # of the same entity, those whose turn is still to come
                    to_come=self._is_own(
                        job,
                        other._name,
                        SQL(
                            "own.entity = %s AND own.id < %s"
                            " AND own.loaded_at IS NOT NULL",
                            rows[:1].entity,
                            min(rows.ids, default=0),
                        ),
                    ),
                )
            )
        }

    @api.model
    def _since(self, job, other, field, model):
        """:return: condition: what points at a record was not there when it was made"""
        if other._name == self._along(model):
            return SQL("other.write_date > row.loaded_at")
        if field.ondelete != "cascade":
            return SQL("TRUE")
        if not other._log_access:
            return SQL("FALSE")
        # what came with the record goes with it; what was added since does not, nor
        # what others changed, such as a guest who accepted
        return SQL(
            """(other.create_date > row.loaded_at
                OR other.write_date > row.loaded_at
               AND other.write_uid != ALL(%s))""",
            # the import, crons, and this work itself
            [job.user_id.id, SUPERUSER_ID, self.env.uid],
        )

    @api.model
    def _elsewhere(self, other, model, rows):
        """:return: condition: what points at a record does not go with it"""
        if other._name != model:
            return SQL("TRUE")
        others = SQL("other.id != ALL(%s)", rows.mapped("res_id"))
        if model != "res.partner":
            return others
        # a delivery address came with its organization and has no row
        return SQL(
            "%s AND NOT (other.type = 'delivery'"
            " AND other.write_date <= row.loaded_at)",
            others,
        )

    @api.model
    def _is_own(self, job, model, condition=None):
        """:return: condition: the import made it and has not taken it back"""
        return SQL(
            """EXISTS (SELECT 1 FROM crm_import_row AS own
                        WHERE own.import_id = %s AND own.state = 'made'
                          AND own.res_model = %s AND own.res_id = other.id AND %s)""",
            job.id,
            model,
            condition or SQL("TRUE"),
        )

    @api.model
    def _pointing_loosely(self, job, model, other, name, pairs):
        """:return: set of ids of the rows about whose records something was made or
        changed since, or stays"""
        return {
            row_id
            for (row_id,) in self.env.execute_query(
                SQL(
                    """SELECT DISTINCT mine.row_id
                         FROM unnest(%(rows)s::int[], %(ids)s::int[])
                              AS mine (row_id, id)
                         JOIN %(table)s AS other ON other.res_id = mine.id
                         JOIN crm_import_row AS row ON row.id = mine.row_id
                        WHERE other.%(name)s = %(model)s
                          AND other.res_id = ANY(%(ids)s)
                          AND (other.create_date > row.loaded_at
                               OR other.write_date > row.loaded_at OR %(own)s)""",
                    rows=pairs[0],
                    ids=pairs[1],
                    table=SQL.identifier(self.env[other]._table),
                    name=SQL.identifier(name),
                    model=model,
                    own=self._is_own(job, other),
                )
            )
        }

    @api.model
    def _still_blocked(self, job, rows):
        """:return: ids of the rows of addresses of somebody who stays, or came since:
        who wants no mailings is not written to by mistake"""
        found = set()
        for model in ("res.partner", "crm.lead"):
            found.update(
                row_id
                for (row_id,) in self.env.execute_query(
                    SQL(
                        """SELECT row.id FROM crm_import_row AS row
                             JOIN mail_blacklist AS blocked ON blocked.id = row.res_id
                             JOIN %(table)s AS other
                                  ON other.email_normalized = blocked.email
                            WHERE row.id = ANY(%(rows)s)
                              AND (other.create_date > row.loaded_at OR %(own)s)""",
                        table=SQL.identifier(self.env[model]._table),
                        rows=rows.ids,
                        own=self._is_own(job, model),
                    )
                )
            )
        return found
