from odoo import fields, models


class CrmMasterMixin(models.AbstractModel):
    """What every master of the sales method has in common.

    A master is a short list that a director keeps (originations, markets, positions,
    results). Its ``code`` is what imports and other systems know it by; archiving takes
    it off the screens and leaves every record that uses it as it was.
    """

    _name = "crm.master.mixin"
    _description = "Sales Method Master"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        copy=False,
        help="Short name by which imports and other systems find this record.",
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)

    _code_unique = models.Constraint(
        "UNIQUE(code)", "This code is in use already: choose another one."
    )
