import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class CrmImportRow(models.Model):
    """A row of a file: what it says, what became of it, and why.

    *Lifecycle.* ``read`` with its values, or ``refused`` by the source; the check turns
    what can be made into ``planned``; the loader makes (``made``) or finds
    (``matched``) its record, or refuses it. What was made may be ``undone``.

    *Invariants.* Written by the import only, never by a user. `res_model` and `res_id`
    stay when the record is gone.
    """

    _name = "crm.import.row"
    _description = "Row of an Import"
    _order = "file_id, number, id"

    import_id = fields.Many2one(
        comodel_name="crm.import", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="import_id.company_id")
    file_id = fields.Many2one(
        comodel_name="crm.import.file", index="btree_not_null", ondelete="cascade"
    )
    number = fields.Integer(help="Of the line in the file, the heading is 1.")
    entity = fields.Selection(
        selection=[
            ("user", "Users"),
            ("origination", "Originations"),
            ("market", "Markets"),
            ("cargo", "Positions"),
            ("product", "Products"),
            ("campaign", "Campaigns"),
            ("organization", "Organizations"),
            ("contact", "Contacts"),
            ("lead", "Leads"),
            ("opportunity", "Opportunities"),
            ("gestion", "Interactions"),
            ("step", "Next Steps"),
            ("comment", "Comments"),
            ("incident", "Incidents"),
            # no rows of files: what others may come to share (`_add_shared`)
            ("shared", "Shared Entries"),
        ],
        required=True,
    )
    name = fields.Char(help="How others name it.")
    values = fields.Json()
    state = fields.Selection(
        selection=[
            ("read", "Read"),
            ("planned", "To make"),
            ("made", "Made"),
            ("matched", "Was here"),
            ("refused", "Refused"),
            ("undone", "Taken back"),
        ],
        required=True,
        default="read",
    )
    reason = fields.Char()
    res_model = fields.Char()
    res_id = fields.Many2oneReference(model_field="res_model", string="Record")
    loaded_at = fields.Datetime(
        help="When the import last wrote the record; empty once somebody else did."
    )

    _name_idx = models.Index("(import_id, entity, name)")
    _state_idx = models.Index("(import_id, state, id)")
    _record_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")
    # what an earlier import made is known again by its reference
    _ref_idx = models.Index(
        "((values->>'ref'), entity) WHERE values->>'ref' IS NOT NULL"
    )

    @api.depends("name", "number", "file_id")
    def _compute_display_name(self):
        for row in self:
            row.display_name = self.env._(
                "%(name)s (%(file)s, line %(number)s)",
                name=row.name or "",
                file=row.file_id.name or "",
                number=row.number,
            )

    def action_open_record(self):
        """The record that was made or found."""
        self.ensure_one()
        if self.res_model not in self.env:
            return False
        record = self.env[self.res_model].browse(self.res_id)
        if not record.exists():
            raise UserError(self.env._("The record was deleted since."))
        return record.get_formview_action()

    @api.model
    def _add(self, file, rows):
        """Insert rows of a file, in one statement: they are many, and nothing computes
        from them.

        :param rows: list of (number, entity, name, values, reason); with a `reason` the
            row is refused
        """
        columns = zip(*rows, strict=True) if rows else [()] * 5
        numbers, entities, names, values, reasons = map(list, columns)
        self.env.cr.execute(
            SQL(
                """INSERT INTO crm_import_row (
                          import_id, file_id, number, entity, name, values, reason,
                          state, create_uid, create_date, write_uid, write_date)
                   SELECT %(job)s, %(file)s, number, entity, name, values, reason,
                          CASE WHEN reason IS NULL THEN 'read' ELSE 'refused' END,
                          %(uid)s, %(now)s, %(uid)s, %(now)s
                     FROM unnest(%(numbers)s::int4[], %(entities)s::varchar[],
                                 %(names)s::varchar[], %(values)s::jsonb[],
                                 %(reasons)s::varchar[])
                          AS row (number, entity, name, values, reason)""",
                job=file.import_id.id,
                file=file.id,
                numbers=numbers,
                entities=entities,
                names=[name or None for name in names],
                # what cannot be read has none: a check leaves it alone
                values=[
                    None if reason else json.dumps(value or {})
                    for value, reason in zip(values, reasons, strict=True)
                ],
                reasons=[reason or None for reason in reasons],
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.invalidate_model()

    @api.model
    def _add_beside(self, entity, made):
        """Say what was made beside the record of a row, each by a row of its own: an
        import knows all that it made, and takes it back before the record.

        :param made: dict record -> (row, name by which other rows name it or False)
        """
        # sudo: rows are the import's to write
        rows = self.sudo().create(
            [
                {
                    "import_id": row.import_id.id,
                    "file_id": row.file_id.id,
                    "number": row.number,
                    "entity": entity,
                    "name": name,
                    "values": {},
                }
                for row, name in made.values()
            ]
        )
        pairs = zip(rows, made, strict=True)
        rows._tell([(row, "made", False, record) for row, record in pairs])

    @api.model
    def _add_shared(self, job, records):
        """Say what was made for rows and is no record of one: entries of lists,
        addresses that get no mailings. Taken back last, where nobody uses it."""
        if not records:
            return
        # sudo: rows are the import's to write
        rows = self.sudo().create(
            [
                {
                    "import_id": job.id,
                    "entity": "shared",
                    "name": record.display_name,
                    "values": {},
                }
                for record in records
            ]
        )
        pairs = zip(rows, records, strict=True)
        rows._tell([(row, "made", False, record) for row, record in pairs])

    def _tell(self, outcomes):
        """Write what became of rows of this recordset, in one statement.

        A row that is made, matched or refused says so with its record and reason; one
        that was taken back keeps the name of its record.

        :param outcomes: list of (row, state, reason or False, record or None)
        """
        if not outcomes:
            return
        self.flush_recordset(["state", "reason", "res_model", "res_id", "loaded_at"])
        self.env.cr.execute(
            SQL(
                """UPDATE crm_import_row AS r
                      SET state = told.state, reason = told.reason,
                          res_model = CASE WHEN told.state = 'undone'
                                           THEN r.res_model ELSE told.model END,
                          res_id = CASE WHEN told.state = 'undone'
                                        THEN r.res_id ELSE told.res_id END,
                          loaded_at = CASE WHEN told.state = 'made'
                                            AND r.state != 'made'
                                           THEN %(now)s ELSE r.loaded_at END,
                          write_uid = %(uid)s, write_date = %(now)s
                     FROM unnest(%(ids)s::int4[], %(states)s::varchar[],
                                 %(reasons)s::varchar[], %(models)s::varchar[],
                                 %(res_ids)s::int4[])
                          AS told (id, state, reason, model, res_id)
                    WHERE r.id = told.id AND r.id = ANY(%(mine)s)""",
                ids=[row.id for row, _state, _reason, _record in outcomes],
                states=[state for _row, state, _reason, _record in outcomes],
                reasons=[reason or None for _row, _state, reason, _record in outcomes],
                models=[record._name if record else None for *_row, record in outcomes],
                res_ids=[record.id if record else None for *_row, record in outcomes],
                mine=self.ids,
                uid=self.env.uid,
                now=self.env.cr.now(),
            )
        )
        self.invalidate_recordset()

    def _forget_reasons(self):
        """Why a row was refused quotes what it says."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_import_row SET reason = NULL
                    WHERE id = ANY(%s) AND state = 'refused'""",
                self.ids,
            )
        )
        self.invalidate_recordset(["reason"])
