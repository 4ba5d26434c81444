from odoo import api, models

from ..tools.matching import plain


class CrmImportLoaderCargo(models.AbstractModel):
    """Positions, with what they weigh in a sale, as the screen says it in any
    language."""

    _name = "crm.import.loader.cargo"
    _inherit = "crm.import.loader.list"
    _description = "Loader of Positions"

    @api.model
    def _lacks(self, values):
        influence = values.get("influence")
        if influence and not self._influence(influence):
            return self.env._("“%s” is no influence of a position.", influence)
        return super()._lacks(values)

    @api.model
    def _prepare(self, job, values):
        influence = self._influence(values.get("influence"))
        return super()._prepare(job, values) | (
            {"influence": influence} if influence else {}
        )

    @api.model
    def _influence(self, text):
        """:return: the value of the selection, or None"""
        for lang, _name in self.env["res.lang"].get_installed():
            field = (
                self._model()
                .with_context(lang=lang)
                .fields_get(["influence"], ["selection"])["influence"]
            )
            for value, label in field["selection"]:
                if text and plain(text) in (plain(label), plain(value)):
                    return value
        return None
