from odoo import api, fields, models
from odoo.tools.misc import clean_context


class CrmImportUndo(models.TransientModel):
    """Asks an administrator whether to take an import back, and says before what would
    go and what would stay."""

    _name = "crm.import.undo"
    _description = "Take an Import Back"

    import_id = fields.Many2one(
        comodel_name="crm.import", required=True, readonly=True, ondelete="cascade"
    )
    going_count = fields.Integer(string="Will Be Deleted", compute="_compute_counts")
    changed_count = fields.Integer(
        string="Stay, Changed Since", compute="_compute_counts"
    )
    used_count = fields.Integer(string="Stay, Needed", compute="_compute_counts")
    is_exact = fields.Boolean(compute="_compute_counts")

    @api.depends("import_id")
    def _compute_counts(self):
        for wizard in self:
            wizard.update(self.env["crm.import.undoer"]._forecast(wizard.import_id))

    def action_undo(self):
        """Take the import back."""
        self.ensure_one()
        env = self.env(context=clean_context(self.env.context))
        self.import_id.with_env(env).action_undo()
        return {"type": "ir.actions.act_window_close"}
