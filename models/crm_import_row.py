from odoo import fields, models

from ..tools.importing.schema import ENTITIES


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
        selection=[(entity, entity.capitalize()) for entity in ENTITIES], required=True
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
    loaded_at = fields.Datetime()

    _name_idx = models.Index("(import_id, entity, name)")
    _state_idx = models.Index("(import_id, state, id)")
