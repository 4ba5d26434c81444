from odoo import api, fields, models
from odoo.fields import Domain


class CrmMarket(models.Model):
    """Sector that organizations belong to. Markets form a tree: Industry / Food."""

    _name = "crm.market"
    _description = "Market"
    _inherit = "crm.master.mixin"
    _parent_store = True
    _order = "sequence, id"

    parent_id = fields.Many2one(
        comodel_name="crm.market",
        string="Parent Market",
        index=True,
        ondelete="restrict",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many(
        comodel_name="crm.market", inverse_name="parent_id", string="Submarkets"
    )
    complete_name = fields.Char(
        compute="_compute_complete_name", recursive=True, search="_search_complete_name"
    )

    @api.depends("name", "parent_id.complete_name")
    @api.depends_context("lang")
    def _compute_complete_name(self):
        for market in self:
            names = (market.parent_id.complete_name, market.name)
            market.complete_name = " / ".join(name for name in names if name)

    def _search_complete_name(self, operator, value):
        """A market is found by its own name or by that of any market above it."""
        if operator not in ("ilike", "like", "=", "in"):
            return NotImplemented
        found = self.with_context(active_test=False).search([("name", operator, value)])
        return [("id", "child_of", found.ids)]

    @api.depends("complete_name")
    def _compute_display_name(self):
        for market in self:
            market.display_name = market.complete_name

    @api.model
    def _search_display_name(self, operator, value):
        """A market is found by its name, its code, and the path that it is shown with,
        so that what the screens say can be imported."""
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        domain = super()._search_display_name(operator, value)
        if operator not in ("in", "ilike"):
            return domain
        values = [value] if isinstance(value, str) else value
        paths = [path for path in values if isinstance(path, str) and "/" in path]
        return Domain.OR([domain, *(self._path_domain(operator, p) for p in paths)])

    @api.model
    def _path_domain(self, operator, path):
        """:return: domain of the markets with these names from top to bottom"""
        operator = "=" if operator == "in" else operator
        domain = Domain.TRUE
        parent = ""
        for name in reversed(path.split(" / " if " / " in path else "/")):
            domain &= Domain(f"{parent}name", operator, name.strip())
            parent += "parent_id."
        if operator == "=":
            domain &= Domain(parent.rstrip("."), "=", False)
        return domain
