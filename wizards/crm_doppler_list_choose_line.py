from odoo import fields, models
from odoo.exceptions import UserError


class CrmDopplerListChooseLine(models.TransientModel):
    """A list of Doppler that may be chosen."""

    _name = "crm.doppler.list.choose.line"
    _description = "List of Doppler to Choose"
    _order = "name, id"

    choose_id = fields.Many2one(
        comodel_name="crm.doppler.list.choose", required=True, ondelete="cascade"
    )
    ref = fields.Char(string="Number at Doppler", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    people = fields.Integer(readonly=True)
    is_ready = fields.Boolean(string="Ready", readonly=True)
    other = fields.Char(
        string="Bound to", readonly=True, help="Its segment has this list already."
    )

    def action_choose(self):
        """Bind this list.

        :raise UserError: where it is another segment's, or Doppler is busy with it
        """
        self.ensure_one()
        list_ = self.choose_id.list_id
        list_.check_access("write")
        if self.other:
            raise UserError(
                self.env._("“%s” is bound already: choose another list.", self.name)
            )
        if not self.is_ready:
            raise UserError(
                self.env._(
                    "Doppler is busy with “%s”: open this dialog again in a while.",
                    self.name,
                )
            )
        list_._bind(self.ref, self.name)
        return {"type": "ir.actions.act_window_close"}
