from odoo import api, models
from odoo.fields import Domain

from ..tools.matching import plain


class CrmImportLoaderList(models.AbstractModel):
    """What originations, markets and positions have in common: one that is here is
    recognized by its code, else by its name in any language, and left as it is."""

    _name = "crm.import.loader.list"
    _inherit = "crm.import.loader"
    _description = "Loader of Sales Method Masters"

    @api.model
    def _model(self):
        return self.env[f"crm.{self._entity()}"].with_context(active_test=False)

    @api.model
    def _title(self, record):
        """:return: the name by which a row may mean this record"""
        return record.name

    @api.model
    def _row_title(self, values):
        return values.get("name")

    @api.model
    def _match(self, job, rows):
        records = self._model().search(Domain.TRUE)
        codes = {plain(record.code): record for record in records if record.code}
        names = {}
        for lang, _name in self.env["res.lang"].get_installed():
            for record in records.with_context(lang=lang):
                names.setdefault(plain(self._title(record)), record)
        found = {}
        for row in rows:
            code, title = row.values.get("code"), self._row_title(row.values)
            record = code and codes.get(plain(code)) or names.get(plain(title))
            if record:
                found[row] = self.env[record._name].browse(record.id)
        return found

    @api.model
    def _load(self, job, rows):
        """One by one: a row may be what an earlier one made, or lie below it."""
        for row in rows[:-1]:
            super()._load(job, row)
        return super()._load(job, rows[-1:])

    @api.model
    def _make(self, job, values_list):
        # sudo: an import is for directors, who keep these lists
        model = self._model().sudo()
        return model.create([self._prepare(job, values) for values in values_list])

    @api.model
    def _prepare(self, job, values):
        return {"name": values["name"], "code": values.get("code") or False}
