from odoo import models
from odoo.tools import sql

from odoo.addons.analytic.models.analytic_mixin import AnalyticMixin as NativeMixin


class AnalyticMixin(models.AbstractModel):
    """Lines of orders and invoices can be written while this add-on is installed."""

    _inherit = "analytic.mixin"

    def init(self):
        """Skip making Odoo's index where it is there already: even with IF NOT
        EXISTS PostgreSQL would lock the lines until our installation ends."""
        ours = self.env.context.get("module") == "crm_gestion"
        name = f"{self._table}_analytic_distribution_accounts_gin_index"
        if ours and sql.index_exists(self.env.cr, name):
            return super(NativeMixin, self).init()
        return super().init()
