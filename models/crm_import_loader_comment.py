from odoo import api, models


class CrmImportLoaderComment(models.AbstractModel):
    """Comments of colleagues, kept where they were made: notes with date and author in
    the history of the customer, which count in no figure."""

    _name = "crm.import.loader.comment"
    _inherit = "crm.import.loader.gestion"
    _description = "Loader of Comments"

    @api.model
    def _make(self, job, values_list):
        note = self.env.ref("crm_gestion.mail_activity_type_imported_note", False)
        return super()._make(
            job, [{"activity_type": note, **values} for values in values_list]
        )

    @api.model
    def _text(self, values):
        answered = values.get("answers")
        quoted = self.env._("In answer to: %s", answered) if answered else False
        return self._notes({**values, "quoted": quoted}, "quoted") or False
