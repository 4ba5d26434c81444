from odoo import api, fields, models


class CrmOpportunityRegisterLine(models.TransientModel):
    """A product that the dialog "Register Activity" adds to the opportunity."""

    _name = "crm.opportunity.register.line"
    _description = "Line of Register Activity"

    register_id = fields.Many2one(
        comodel_name="crm.opportunity.register", required=True, ondelete="cascade"
    )
    product_id = fields.Many2one(
        comodel_name="product.product",
        required=True,
        domain=[("sale_ok", "=", True)],
    )
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    price_unit = fields.Float(
        string="Unit Price",
        min_display_digits="Product Price",
        compute="_compute_price_unit",
        store=True,
        readonly=False,
    )

    @api.depends("product_id", "quantity")
    def _compute_price_unit(self):
        for line in self:
            line.price_unit = line._new_line().price_unit

    def _new_line(self):
        """:return: the line of the opportunity, not saved, as its model prices it"""
        vals = self._prepare_vals()
        lead = self.register_id.lead_id
        return self.env["crm.opportunity.line"].new({**vals, "lead_id": lead.id})

    def _prepare_vals(self):
        return {"product_id": self.product_id.id, "quantity": self.quantity}

    def _prepare_line_vals(self):
        """:return: values of the line; with its price where somebody typed it"""
        vals = self._prepare_vals()
        if self.price_unit != self._new_line().price_unit:
            vals["price_unit"] = self.price_unit
        return vals
