from odoo import fields, models


class CrmImportColumn(models.Model):
    """A column of a file, and the field of `tools.importing.schema` that it fills.

    Without a field it is left out, or kept as a line of the notes.
    """

    _name = "crm.import.column"
    _description = "Column of an Import"
    _order = "position, id"

    file_id = fields.Many2one(
        comodel_name="crm.import.file", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="file_id.import_id.company_id")
    position = fields.Integer(required=True)
    name = fields.Char(string="Heading")
    field = fields.Char(help="The field of the entity that this column fills.")
    keep = fields.Boolean(string="Keep in the Notes")
    sample = fields.Char()
