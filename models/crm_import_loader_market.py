from odoo import api, models

from ..tools.matching import plain


class CrmImportLoaderMarket(models.AbstractModel):
    """Markets, below the market that their row names by its path or its name. One that
    is above them and unknown is made on the way."""

    _name = "crm.import.loader.market"
    _inherit = "crm.import.loader.list"
    _description = "Loader of Markets"

    @api.model
    def _title(self, record):
        return " / ".join(self._path(record.complete_name))

    @api.model
    def _row_title(self, values):
        return " / ".join(
            self._path(values.get("parent")) + self._path(values.get("name"))
        )

    @api.model
    def _path(self, text):
        return [name.strip() for name in (text or "").split("/") if name.strip()]

    @api.model
    def _prepare(self, job, values):
        *above, name = self._path(self._row_title(values))
        return super()._prepare(job, values) | {
            "name": name,
            "parent_id": self._above(job, above).id,
        }

    @api.model
    def _above(self, job, names):
        """:return: the market at the end of this path, or of that name alone"""
        # sudo: an import is for directors, who keep this list
        markets = self._model().sudo()
        market = markets.browse()
        for name in names:
            below = markets.search([("parent_id", "=", market.id)])
            same = below.filtered(lambda m, name=name: plain(m.name) == plain(name))
            if not same and not market:
                same = markets.search([("name", "=ilike", name)], limit=2)
                same = same if len(same) == 1 else markets
            if not same:
                same = markets.create({"name": name, "parent_id": market.id})
                self.env["crm.import.row"]._add_shared(job, same)
            market = same[:1]
        return market
