from odoo import api, fields, models
from odoo.tools import float_compare

from .crm_opportunity_amount import FOLLOWING

# What a line is worth, or to whom, depends on these.
WORTH = {
    "discount", "lead_id", "price_unit", "product_id", "quantity",
    "technical_price_unit", "uom_id",
}  # fmt: skip


class CrmOpportunityLine(models.Model):
    """A product that an opportunity is about: how much of it, and at what price.

    *Lifecycle.* Sellers write lines as they size their proposal. The price comes from
    the customer's pricelist until somebody types another one; the sales order is made
    from the lines. Lines go on under the winner of a merge and die with their
    opportunity.

    What they come to makes the amount of the opportunity: ``crm.opportunity.amount``.

    *Rights.* Who may write the opportunity may write its lines.
    """

    _name = "crm.opportunity.line"
    _description = "Opportunity Line"
    _order = "lead_id desc, sequence, id"
    _check_company_auto = True

    lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        comodel_name="product.product",
        required=True,
        domain=[("sale_ok", "=", True)],
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    name = fields.Text(
        string="Description",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
    )
    quantity = fields.Float(digits="Product Unit", default=1.0, required=True)
    allowed_uom_ids = fields.Many2many(
        comodel_name="uom.uom", compute="_compute_allowed_uom_ids"
    )
    uom_id = fields.Many2one(
        comodel_name="uom.uom",
        string="Unit",
        compute="_compute_uom_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('id', 'in', allowed_uom_ids)]",
        ondelete="restrict",
    )
    price_unit = fields.Float(
        string="Unit Price",
        compute="_compute_price_unit",
        min_display_digits="Product Price",
        store=True,
        readonly=False,
        precompute=True,
        aggregator="avg",
    )
    technical_price_unit = fields.Float(
        string="Price of the Pricelist",
        aggregator=None,
        help="The last price that came from the pricelist: where the unit price is "
        "another one, somebody typed it and it stays.",
    )
    discount = fields.Float(string="Discount (%)", digits="Discount", aggregator="avg")
    subtotal = fields.Monetary(
        compute="_compute_subtotal", store=True, precompute=True, aggregator=None
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        precompute=True,
        ondelete="restrict",
        help="The currency of the customer's pricelist.",
    )
    company_subtotal = fields.Monetary(
        string="Amount",
        compute="_compute_company_subtotal",
        store=True,
        precompute=True,
        currency_field="company_currency_id",
        help="The subtotal in the currency of the company: at today's rate while the "
        "opportunity is open, at that of its closing afterwards.",
    )
    company_currency_id = fields.Many2one(
        comodel_name="res.currency",
        string="Currency of the Company",
        compute="_compute_company_currency_id",
        store=True,
        precompute=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one(related="lead_id.company_id", store=True, index=True)

    # For the analysis: not stored, a hand-over would rewrite every line
    partner_id = fields.Many2one(related="lead_id.partner_id")
    organization_id = fields.Many2one(related="lead_id.organization_id")
    categ_id = fields.Many2one(related="product_id.categ_id")
    user_id = fields.Many2one(related="lead_id.user_id")
    team_id = fields.Many2one(related="lead_id.team_id")
    stage_id = fields.Many2one(related="lead_id.stage_id")
    market_id = fields.Many2one(related="lead_id.market_id")
    origination_id = fields.Many2one(related="lead_id.origination_id")
    closure_kind = fields.Selection(related="lead_id.closure_kind")
    date_deadline = fields.Date(related="lead_id.date_deadline")

    _foreign_idx = models.Index("(lead_id) WHERE currency_id != company_currency_id")

    # === COMPUTE METHODS === #

    @api.depends("product_id")
    def _compute_name(self):
        for line in self.filtered("product_id"):
            lang = line.lead_id.partner_id.lang or self.env.lang
            product = line.product_id.with_context(lang=lang)
            line.name = product.get_product_multiline_description_sale()

    @api.depends("product_id", "product_id.uom_id", "product_id.uom_ids")
    def _compute_allowed_uom_ids(self):
        for line in self:
            line.allowed_uom_ids = line.product_id.uom_id | line.product_id.uom_ids

    @api.depends("product_id")
    def _compute_uom_id(self):
        for line in self:
            if line.uom_id not in line.allowed_uom_ids:
                line.uom_id = line.product_id.uom_id

    @api.depends("product_id", "uom_id", "quantity")
    def _compute_price_unit(self):
        """From the pricelist; a price that somebody typed stays."""
        self.filtered(lambda line: not line._has_typed_price())._reset_price()

    @api.depends("quantity", "price_unit", "discount", "currency_id")
    def _compute_subtotal(self):
        for line in self:
            amount = line.quantity * line.price_unit * (1 - line.discount / 100)
            line.subtotal = line._currency().round(amount)

    @api.depends("lead_id")
    def _compute_currency_id(self):
        """Once: with another customer `_follow_customer` converts the prices too."""
        self.filtered(lambda line: not line.currency_id)._reset_currency()

    @api.depends("lead_id")
    def _compute_company_currency_id(self):
        for line in self:
            line.company_currency_id = line._company_currency()

    @api.depends("subtotal", "currency_id", "company_currency_id")
    def _compute_company_subtotal(self):
        for line in self:
            line.company_subtotal = line._convert(
                line.subtotal, line._currency(), line.company_currency_id
            )

    # === CRUD METHODS === #

    def _add_precomputed_values(self, vals_list):
        """A price that is given is typed: whoever imports it means it."""
        typed = ["price_unit" in vals for vals in vals_list]
        res = super()._add_precomputed_values(vals_list)
        for vals, is_typed in zip(vals_list, typed, strict=True):
            price = vals.get("price_unit")
            technical = self._other_price(price) if is_typed else price
            vals.setdefault("technical_price_unit", technical)
        return res

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._changed(lines.lead_id)
        return lines

    def write(self, vals):
        leads = self.lead_id if "lead_id" in vals else self.env["crm.lead"]
        res = super().write(vals)
        if leads:
            self._follow_customer()
        if vals.keys() & WORTH:
            self._changed(leads | self.lead_id)
        return res

    def unlink(self):
        leads = self.lead_id
        res = super().unlink()
        self._changed(leads)
        return res

    # === BUSINESS METHODS: PRICES === #

    def _company(self):
        return self.lead_id.company_id or self.env.company

    def _company_currency(self):
        return self.lead_id.company_currency or self.env.company.currency_id

    def _currency(self):
        return self.currency_id or self._company_currency()

    def _pricelist(self):
        lead = self.lead_id.with_company(self._company())
        return lead._crm_customer().property_product_pricelist

    def _reset_currency(self):
        for line in self:
            line.currency_id = line._pricelist().currency_id or line._company_currency()

    def _has_typed_price(self):
        self.ensure_one()
        return bool(self._differ(self.technical_price_unit, self.price_unit))

    @api.model
    def _other_price(self, price):
        """:return: technical price of a typed one: any other, for 0 may be typed too"""
        return -1.0 if not price else 0.0

    @api.model
    def _differ(self, one, other, rounding=0.000001):
        return float_compare(one, other, precision_rounding=rounding)

    def _reset_price(self):
        """Give these lines the prices of the pricelists, one look-up for all that
        differ in the product only."""

        def condition(line):
            return (
                line._company(), line._pricelist(), line._currency(), line.uom_id,
                line.quantity,
            )  # fmt: skip

        for key, lines in self.grouped(condition).items():
            company, pricelist, currency, uom, quantity = key
            priced = lines.filtered(lambda line: line.product_id and line.uom_id)
            prices = pricelist.with_company(company)._get_products_price(
                priced.product_id,
                quantity=quantity or 1.0,
                uom=uom,
                currency=currency,
                date=fields.Datetime.now(),
            )
            for line in lines:
                price = prices.get(line.product_id.id, 0.0)
                line.price_unit = line.technical_price_unit = price

    def _follow_customer(self):
        """The customer or the company of the opportunity is another one: prices come
        from his pricelist, typed ones are converted to its currency. What is closed
        stays."""
        Amount = self.env["crm.opportunity.amount"]
        lines = self.filtered(lambda line: Amount._is_open(line.lead_id))
        lines = lines.with_context(crm_gestion_following=FOLLOWING)
        before = {line: line._currency() for line in lines}
        typed = lines.filtered(lambda line: line._has_typed_price())
        lines._compute_company_currency_id()
        lines._reset_currency()
        for line in typed:
            line.price_unit = line._convert(
                line.price_unit, before[line], line.currency_id, round=False
            )
        (lines - typed)._reset_price()

    def _convert(self, amount, source, target, round=True):
        """:return: the amount in another currency, at today's rate of the company"""
        return source._convert(
            amount, target, self._company(), fields.Date.context_today(self), round
        )

    def _prepare_order_line(self, order):
        """Odoo prices the line of an order; what was typed here stays.

        :param order: the order that the line is for
        :return: dict of values of ``sale.order.line``
        """
        self.ensure_one()
        vals = {
            "product_id": self.product_id.id,
            "product_uom_qty": self.quantity,
            "product_uom_id": self.uom_id.id,
            "sequence": self.sequence,
        }
        if self.name:
            vals["name"] = self.name
        is_typed = self._has_typed_price()
        if is_typed or self.discount:
            price = self._convert(
                self.price_unit, self._currency(), order.currency_id, round=False
            )
            technical = self._other_price(price) if is_typed else price
            vals |= {
                "price_unit": price,
                "technical_price_unit": technical,
                "discount": self.discount,
            }
        return vals

    # === BUSINESS METHODS: THE OPPORTUNITY === #

    def _changed(self, leads):
        """Amounts follow what was done to these lines, but for a change of many lines
        whose caller follows at its end."""
        Amount = self.env["crm.opportunity.amount"]
        if not Amount._following(self):
            Amount._follow(leads)

    @api.model
    def _move_to_lead(self, leads, target):
        """Lines of merged opportunities go on under the winner, whose customer buys
        them."""
        # sudo: lines of opportunities that the user may merge
        lines = leads.sudo().line_ids
        held = lines.with_context(crm_gestion_following=FOLLOWING)
        held.write({"lead_id": target.id})
        self.env["crm.opportunity.amount"]._follow(target)

    # === CRON === #

    @api.model
    def _cron_reconvert(self):
        self.env["crm.opportunity.amount"]._reconvert_all()
