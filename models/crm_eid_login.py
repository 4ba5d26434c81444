from odoo import fields, models


class CrmEidLogin(models.Model):
    """One attempt to log in with an electronic ID, with or without success, and why
    not. Nobody changes or deletes it; old ones go by themselves."""

    _name = "crm.eid.login"
    _description = "Login with an Electronic ID"
    _order = "date desc, id desc"
    _rec_name = "user_id"

    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one(
        comodel_name="res.users", readonly=True, index=True, ondelete="set null"
    )
    is_success = fields.Boolean(string="Logged In", readonly=True)
    address = fields.Char(string="From", readonly=True)
