from odoo import fields, models


class CrmCallListLine(models.TransientModel):
    """What one seller would have to do of a list: shown, never kept."""

    _name = "crm.call.list.line"
    _description = "Calls of a Seller"

    schedule_id = fields.Many2one(
        comodel_name="crm.call.list.schedule", required=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Seller", required=True, ondelete="cascade"
    )
    call_count = fields.Integer(string="Calls")
    per_day = fields.Float(string="On Each Working Day", digits=(16, 1))
