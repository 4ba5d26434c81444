from odoo import api, models


class CrmImportLoaderOrigination(models.AbstractModel):
    """Originations."""

    _name = "crm.import.loader.origination"
    _inherit = "crm.import.loader.list"
    _description = "Loader of Originations"

    @api.model
    def _prepare(self, job, values):
        return super()._prepare(job, values) | {
            "has_referrer": bool(values.get("has_referrer"))
        }
