from textwrap import shorten

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

# Characters of the example of a column.
SAMPLE = 60
TOLD = {"position", "complete", "import_id"}


class CrmImportFile(models.Model):
    """A file of an import: what its rows are, and how it is read."""

    _name = "crm.import.file"
    _description = "File of an Import"
    _order = "id"

    name = fields.Char(required=True)
    import_id = fields.Many2one(
        comodel_name="crm.import", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="import_id.company_id")
    data = fields.Binary(string="File", attachment=True)
    size = fields.Integer(string="Rows", compute="_compute_size")
    # the line up to which it was read
    position = fields.Integer(readonly=True, copy=False)
    complete = fields.Boolean(string="Read", readonly=True, copy=False)
    # those of `ENTITIES`: a test compares them
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
        ],
        string="Rows Are",
    )
    date_order = fields.Selection(
        selection=[("dmy", "Day first"), ("mdy", "Month first"), ("ymd", "Year first")],
        help="As its dates tell, where they do.",
    )
    column_ids = fields.One2many(
        comodel_name="crm.import.column", inverse_name="file_id"
    )
    row_ids = fields.One2many(comodel_name="crm.import.row", inverse_name="file_id")

    @api.depends("row_ids")
    def _compute_size(self):
        counts = dict(
            self.env["crm.import.row"]._read_group(
                [("file_id", "in", self.ids)], ["file_id"], ["__count"]
            )
        )
        for file in self:
            file.size = counts.get(file, 0)

    def write(self, vals):
        """A file that is something else than it seemed is read anew."""
        if not self.env.su and TOLD & vals.keys():
            raise AccessError(self.env._("The import itself says what was read."))
        again = self.browse()
        if "entity" in vals:
            said = (False, vals["entity"])
            again = self.filtered(lambda file: file.entity not in said)
        if "data" in vals and vals["data"]:
            again = self
        result = super().write(vals)
        if again:
            again.column_ids.sudo().unlink()  # sudo: the import makes them
            again._read_again()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_made(self):
        """Rows that made something are what undoing knows it by."""
        self._check_nothing_made()

    def _check_nothing_made(self):
        made = self.env["crm.import.row"].search_count(
            [("file_id", "in", self.ids), ("state", "in", ("made", "undone"))], limit=1
        )
        if made:
            raise UserError(
                self.env._("Rows of this file were imported already: add another file.")
            )

    def _bytes(self):
        """:return: bytes of the file"""
        self.ensure_one()
        # sudo: the file of this record, which the user may read
        attachment = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_field", "=", "data"),
                    ("res_id", "=", self.id),
                ],
                limit=1,
            )
        )
        return attachment.raw or b""

    def _read_again(self):
        """Forget the rows: the next reading makes them anew, with the columns as they
        are then."""
        self._check_nothing_made()
        self.env.flush_all()
        self.env.cr.execute(
            SQL("DELETE FROM crm_import_row WHERE file_id = ANY(%s)", self.ids)
        )
        self.env["crm.import.row"].invalidate_model()
        # sudo: how far it was read is the import's own
        self.sudo().write({"position": 0, "complete": False})

    def _add_columns(self, headings, proposed, rows=()):
        """
        :param headings: list of texts
        :param proposed: list, the field of each or False
        :param rows: first rows, lists of texts: what a column says is shown beside it
        """
        # sudo: the import makes them
        self.env["crm.import.column"].sudo().create(
            [
                {
                    "file_id": self.id,
                    "position": position,
                    "name": heading,
                    "field": field or False,
                    "sample": self._sample(rows, position),
                }
                for position, (heading, field) in enumerate(
                    zip(headings, proposed, strict=True)
                )
            ]
        )

    @api.model
    def _sample(self, rows, position):
        """:return: the first text in a column of these rows, or False"""
        texts = (row[position].strip() for row in rows if position < len(row))
        text = next((text for text in texts if text), "")
        return shorten(text, SAMPLE, placeholder="…") or False

    def _forget(self):
        """Remove the files and what their rows say, but for the reference by which a
        later import knows what is here."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_import_row
                      SET name = NULL,
                          -- of a line in pieces it quotes the line
                          reason = CASE WHEN values IS NOT NULL THEN reason END,
                          values = CASE WHEN values ? 'ref' THEN
                              jsonb_build_object('ref', values->'ref') END
                    WHERE file_id = ANY(%s)""",
                self.ids,
            )
        )
        self.env["crm.import.row"].invalidate_model()
        # sudo: the import's own
        self.column_ids.sudo().sample = False
        self.import_id.question_ids.sudo().unlink()
        self.write({"data": False})
