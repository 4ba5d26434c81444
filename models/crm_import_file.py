from odoo import fields, models

from ..tools.importing.schema import ENTITIES


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
    data = fields.Binary(string="File", required=True, attachment=True)
    # labels: `_entities`
    entity = fields.Selection(
        selection=[(entity, entity.capitalize()) for entity in ENTITIES],
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
