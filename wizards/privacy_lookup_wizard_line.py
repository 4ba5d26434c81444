from odoo import api, fields, models
from odoo.exceptions import UserError


class PrivacyLookupWizardLine(models.TransientModel):
    """What was found may be erased, besides Odoo's archiving and deleting: see
    ``crm.erasure``."""

    _inherit = "privacy.lookup.wizard.line"

    crm_can_erase = fields.Boolean(compute="_compute_crm_can_erase")

    @api.depends("res_model")
    def _compute_crm_can_erase(self):
        Erasure = self.env["crm.erasure"]
        for line in self:
            line.crm_can_erase = Erasure._can_erase(line.res_model)

    def action_crm_erase(self):
        """Blank texts and names of the records, keep their figures.

        :raise UserError: where none of them can be erased that way
        """
        lines = self.filtered(lambda row: row.crm_can_erase and not row.is_unlinked)
        if self and not lines:
            raise UserError(
                self.env._(
                    "Nothing to erase here: archive or delete these records instead."
                )
            )
        for model, rows in lines.grouped("res_model").items():
            self.env["crm.erasure"]._erase(
                self.env[model].browse(rows.mapped("res_id"))
            )
        for line in lines:
            kind = line.res_model_id.name
            line.execution_details = self.env._(
                "Erased %(kind)s #%(id)s", kind=kind, id=line.res_id
            )
            line.res_name = f"{kind}/{line.res_id}"
