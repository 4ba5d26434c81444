from odoo import api, fields, models
from odoo.tools import SQL

# Columns that a run fills, by table.
FILLED = {
    "crm.lead": {"origination_id"},
    "res.partner": {"account_status", "cargo_id", "market_id", "origination_id"},
}
MAPPED = {"source_ids", "medium_ids"}


class CrmTakeoverRecord(models.Model):
    """Ledger of a take-over: one row for each record that it made or field that it
    filled, written in bulk in the same transaction.

    *Lifecycle.* ``done``; taken back it is ``undone``, or ``kept`` where somebody
    changed the record since.

    *Invariant.* Written by the run only.
    """

    _name = "crm.takeover.record"
    _description = "Record of a Take-over"
    _order = "id"

    takeover_id = fields.Many2one(
        comodel_name="crm.takeover", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="takeover_id.company_id")
    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(
        model_field="res_model", string="Record", required=True, index=True
    )
    field = fields.Char(help="Field that was filled; empty where the record was made.")
    value = fields.Char(help="What it was filled with.")
    old_value = fields.Char(help="What was there; empty where nothing was.")
    state = fields.Selection(
        selection=[
            ("done", "Done"),
            ("undone", "Taken back"),
            ("kept", "Changed since, stays"),
        ],
        required=True,
        default="done",
    )

    # an account that somebody logged a gestión with stays of commercial interest
    _UNWORKED = SQL(
        """(was.old_value IS NOT NULL OR NOT EXISTS (
            SELECT FROM res_partner tree JOIN crm_gestion g
                ON g.organization_id = tree.id OR g.contact_id = tree.id
             WHERE tree.commercial_partner_id = filled.commercial_partner_id))"""
    )
    _takeover_idx = models.Index("(takeover_id, state, id)")

    @api.model
    def _log(self, takeover, model, ids, field=None, value=None, old_values=None):
        """
        :param field: name of what was filled with ``value``, None for what was made
        :param value: one for all, or a list with that of each record
        :param old_values: list of what each record had, None where all were empty
        """
        ids = list(ids)
        values = value if isinstance(value, list) else [value and str(value)] * len(ids)
        self.env.cr.execute(
            SQL(
                """INSERT INTO crm_takeover_record
                          (takeover_id, res_model, res_id, field, value, old_value,
                           state, create_uid, create_date, write_uid, write_date)
                   SELECT %s, %s, res_id, %s, value, old_value, 'done', %s, %s, %s, %s
                     FROM unnest(%s::int4[], %s::text[], %s::text[])
                          AS made (res_id, value, old_value)""",
                takeover.id,
                model,
                field,
                self.env.uid,
                self.env.cr.now(),
                self.env.uid,
                self.env.cr.now(),
                ids,
                values,
                old_values or [None] * len(ids),
            )
        )

    @api.model
    def _mark_potential(self, takeover, partner_ids):
        """Accounts of these partners that had no status are potential customers."""
        rows = self.env.execute_query(
            SQL(
                """UPDATE res_partner SET account_status = 'potential'
                    WHERE account_status IS NULL
                      AND commercial_partner_id IN (
                          SELECT commercial_partner_id FROM res_partner
                           WHERE id = ANY(%s))
                RETURNING id""",
                list(partner_ids),
            )
        )
        ids = [row[0] for row in rows]
        self._log(takeover, "res.partner", ids, "account_status", "potential")

    # === TAKING BACK === #

    @api.model
    def _treated(self, takeover):
        """:return: number of rows that taking back looked at, and of all"""
        # sudo: how far the run got that the user may read
        rows = self.sudo()._read_group(
            [("takeover_id", "=", takeover.id)], ["state"], ["__count"]
        )
        total = sum(count for _state, count in rows)
        return total - dict(rows).get("done", 0), total

    @api.model
    def _undo(self, takeover, size):
        """Take the latest rows back, what was made first goes last.

        :return: number of rows
        """
        rows = self.search(
            [("takeover_id", "=", takeover.id), ("state", "=", "done")],
            order="id desc",
            limit=size,
        )
        self.env.flush_all()
        groups = rows.grouped(
            lambda row: (row.res_model, row.field, row.field in MAPPED and row.value)
        )
        # masters of this batch go after all that was filled with them
        for (model, field, value), group in sorted(
            groups.items(),
            key=lambda item: (item[0][0] != "crm.gestion", not item[0][1]),
        ):
            ids = group.mapped("res_id")
            if field in MAPPED:
                gone = self._unmap(ids, field, int(value))
            elif field == "crm_result":
                gone = self._unhold(ids)
            elif field:
                gone = self._empty(model, group, field)
            elif model == "crm.gestion":
                gone = self._unlog(ids)
            else:
                gone = self._drop_unused(model, ids)
            undone = group.filtered(lambda row, g=gone: row.res_id in g)
            undone.state = "undone"
            (group - undone).state = "kept"
        self.env.flush_all()
        self.env.invalidate_all()
        return len(rows)

    @api.model
    def _empty(self, model, rows, field):
        """By SQL: the dates of native records stay. Only fields of ours.

        :return: set of ids of the records that had this value still
        """
        if field not in FILLED.get(model, ()):
            return set()
        found = self.env.execute_query(
            SQL(
                """UPDATE %(table)s filled SET %(column)s = was.old_value::%(type)s
                     FROM unnest(%(ids)s::int4[], %(values)s::text[], %(old)s::text[])
                          AS was (id, value, old_value)
                    WHERE filled.id = was.id AND filled.%(column)s::text = was.value
                      AND %(free)s
                RETURNING filled.id""",
                table=SQL.identifier(self.env[model]._table),
                column=SQL.identifier(field),
                ids=rows.mapped("res_id"),
                values=rows.mapped("value"),
                old=[row.old_value or None for row in rows],
                free=self._UNWORKED if field == "account_status" else SQL("TRUE"),
                type=SQL(
                    "int4" if self.env[model]._fields[field].relational else "varchar"
                ),
            )
        )
        return {row[0] for row in found}

    @api.model
    def _unhold(self, ids):
        """Meetings whose gestión has gone await their result again."""
        rows = self.env.execute_query(
            SQL(
                """UPDATE calendar_event e SET crm_result = NULL
                    WHERE id = ANY(%s) AND crm_result = 'held'
                      AND NOT EXISTS (SELECT FROM crm_gestion g
                                       WHERE g.calendar_event_id = e.id)
                RETURNING id""",
                ids,
            )
        )
        return {row[0] for row in rows}

    @api.model
    def _unmap(self, ids, field, value):
        originations = self.env["crm.origination"].browse(ids).exists()
        mapped = originations.filtered(lambda o: value in o[field].ids)
        mapped.write({field: [(3, value)]})
        return set(mapped.ids)

    @api.model
    def _unlog(self, ids):
        """Delete gestiones that nobody touched or built on since.

        :return: set of ids of those that are gone
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT g.id FROM crm_gestion g
                    WHERE g.id = ANY(%(ids)s) AND g.write_date = g.create_date
                      AND g.result_id IS NOT DISTINCT FROM %(result)s
                      AND NOT EXISTS (SELECT FROM crm_lead l
                                       WHERE l.source_gestion_id = g.id)
                      AND NOT EXISTS (SELECT FROM crm_gestion_change c
                                       WHERE c.gestion_id = g.id)
                      AND NOT EXISTS (SELECT FROM crm_opportunity_stage s
                                       WHERE s.gestion_id = g.id)""",
                ids=ids,
                result=self.env["crm.takeover.history"]._result().id or None,
            )
        )
        there = self.env["crm.gestion"].browse([row[0] for row in rows])
        there.unlink()
        return set(there.ids)

    @api.model
    def _drop_unused(self, model, ids):
        """
        :return: set of ids of the masters that nothing points at, which are gone
        """
        record_fields = self.env["ir.model.fields"].search(
            [
                ("relation", "=", model),
                ("store", "=", True),
                ("ttype", "=", "many2one"),
                # what the proposals of this run became
                ("model", "!=", "crm.takeover.line"),
            ]
        )
        masters = self.env[model].browse(ids).exists()
        used = self.env[model]
        for field in record_fields:
            if field.model in self.env and self.env[field.model]._auto:
                groups = (
                    self.env[field.model]
                    .with_context(active_test=False)
                    ._read_group([(field.name, "in", masters.ids)], [field.name])
                )
                used = used.union(*(master for (master,) in groups))
        if model == "crm.origination":
            used |= masters.filtered(lambda o: o.source_ids or o.medium_ids)
        unused = masters - used
        gone = set(unused.ids)
        unused.unlink()
        return gone
