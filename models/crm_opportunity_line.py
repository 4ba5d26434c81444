from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, float_compare

# What a line is worth, or to whom, depends on these.
WORTH = {
    "discount", "lead_id", "price_unit", "product_id", "quantity",
    "technical_price_unit", "uom_id",
}  # fmt: skip
# Fields of an opportunity by which its lines may get other prices, or that reopen it.
BUYER = {
    "active", "company_id", "organization_id", "partner_id", "probability", "stage_id",
    "team_id", "type", "user_id",
}  # fmt: skip
# Value of the context key `crm_gestion_following`: an amount is written that follows
# the lines, nobody typed it. An object cannot come from outside.
FOLLOWING = object()
CURSOR_PARAMETER = "crm_gestion.reconversion_cursor"
BATCH = 500


class CrmOpportunityLine(models.Model):
    """A product that an opportunity is about: how much of it, and at what price.

    *Lifecycle.* Sellers write lines as they size their proposal. The price comes from
    the customer's pricelist until somebody types another one; the sales order is made
    from the lines. Lines go on under the winner of a merge and die with their
    opportunity.

    *Amount.* While nobody has typed another amount, the expected revenue of an open
    opportunity is the total of its lines in the company's currency
    (``company_subtotal``, converted again every night); a closed one is worth what it
    was worth then. Whether an amount was typed is kept on the opportunity,
    ``is_revenue_typed``; this model alone decides it, in `_settle`.

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
        lines = self.filtered(lambda line: self._is_open(line.lead_id))
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

    # === BUSINESS METHODS: EXPECTED REVENUE === #

    @api.model
    def _is_open(self, lead):
        return not lead.closure_kind and lead.won_status == "pending"

    @api.model
    def _total(self, lead):
        """:return: what the lines of an opportunity are worth, in the currency of its
        company, or None where it has none"""
        # sudo: who may change the amount of an opportunity need not read its lines
        lines = lead.sudo().line_ids
        return sum(lines.mapped("company_subtotal")) if lines else None

    @api.model
    def _is_amount_of_lines(self, lead, total):
        rounding = lead.company_currency.rounding or 0.01
        return not self._differ(lead.expected_revenue, total, rounding)

    def _changed(self, leads):
        """Amounts follow what was done to these lines, but for a change of many lines
        whose caller follows at its end."""
        if not self._following(self):
            self._follow(leads)

    @api.model
    def _follow(self, leads, silent=False):
        """Write the total of their lines as the expected revenue of the open
        opportunities whose amount nobody typed.

        :param bool silent: nobody's forecast changes by it
        """
        followers = leads.filtered(
            lambda lead: not lead.is_revenue_typed and self._is_open(lead)
        ).with_context(crm_gestion_following=FOLLOWING)
        Forecast = self.env["crm.opportunity.forecast.log"]
        with Forecast._recording(followers, silent=silent):
            for lead in followers:
                total = self._total(lead)
                if total is not None and not self._is_amount_of_lines(lead, total):
                    lead.expected_revenue = total

    @api.model
    def _following(self, records):
        """:return: whether amounts are being written that nobody types"""
        return records.env.context.get("crm_gestion_following") is FOLLOWING

    @api.model
    def _hold(self, vals):
        """Amount and lines that are written together: the amount counts as typed until
        `_settle` knows what the lines are worth.

        :return: the values to write
        """
        if vals.get("line_ids") and "expected_revenue" in vals:
            return {**vals, "is_revenue_typed": True}
        return vals

    @api.model
    def _hold_new(self, vals):
        """As `_hold`, for opportunities that are created with lines."""
        return {**vals, "is_revenue_typed": True} if vals.get("line_ids") else vals

    @api.model
    def _settle_new(self, leads):
        """Opportunities that were created with lines: without an amount they follow
        them from the beginning, which changes no forecast."""
        held = leads.filtered("is_revenue_typed")
        without = held.filtered(lambda lead: not lead.expected_revenue)
        without.write({"is_revenue_typed": False})
        self._follow(without, silent=True)
        self._settle(held - without)

    @api.model
    def _settle(self, leads):
        """After an amount was written: it is a typed one where it is not the total of
        the lines."""
        if self._following(leads):
            return
        typed, following = leads.browse(), leads.browse()
        for lead in leads:
            total = self._total(lead)
            if total is None:
                continue
            is_typed = not self._is_amount_of_lines(lead, total)
            if is_typed and not lead.is_revenue_typed:
                typed |= lead
            elif lead.is_revenue_typed and not is_typed:
                following |= lead
        typed.write({"is_revenue_typed": True})
        following.write({"is_revenue_typed": False})

    @api.model
    def _before_write(self, leads, vals):
        """:return: what `_after_write` must know of opportunities as they were"""
        if not vals.keys() & BUYER:
            return {}
        if "partner_id" in vals:
            # for `_is_other_buyer`, which sees them one by one
            leads.partner_id.fetch(["commercial_partner_id"])
        return {lead: (self._buyer(lead), self._is_open(lead)) for lead in leads}

    @api.model
    def _after_write(self, leads, vals, before):
        """Amounts and lines go with what was written of their opportunities."""
        if "expected_revenue" in vals:
            self._settle(leads)
        moved, reopened = leads.browse(), leads.browse()
        for lead, (buyer, was_open) in before.items():
            if self._is_other_buyer(lead, *buyer):
                moved |= lead
            if not was_open and self._is_open(lead):
                reopened |= lead
        # sudo: lines of opportunities that the user may write
        moved.sudo().line_ids._follow_customer()
        self._reconvert(reopened)
        self._follow(moved | reopened)

    @api.model
    def _buyer(self, lead):
        return lead.partner_id, lead.organization_id, lead.company_id

    @api.model
    def _is_other_buyer(self, lead, partner, organization, company):
        """Looks at the customer where something changed only: most writes do not."""
        if (partner, organization, company) == self._buyer(lead):
            return False
        customer = lead._crm_customer_of(partner, organization)
        return (customer, company) != (lead._crm_customer(), lead.company_id)

    @api.model
    def _follow_again(self, leads):
        """Take the amount from the lines, whatever was typed.

        :raise UserError: where an opportunity is closed: its amount stays
        """
        if not all(map(self._is_open, leads)):
            raise UserError(
                self.env._(
                    "The amount of a closed opportunity stays as it was: resume it "
                    "first."
                )
            )
        leads.write({"is_revenue_typed": False})
        self._follow(leads)

    @api.model
    def _merged_revenue(self, leads):
        """:return: expected revenue of merged opportunities, the winner first: all
        lines where its amount follows them, else Odoo's choice, the first there is"""
        winner = leads[0]
        follows = not winner.is_revenue_typed and self._is_open(winner)
        if follows and self._total(winner) is not None:
            return sum(self._total(lead) or 0.0 for lead in leads)
        amounts = leads.mapped("expected_revenue")
        return next((amount for amount in amounts if amount), 0.0)

    @api.model
    def _move_to_lead(self, leads, target):
        """Lines of merged opportunities go on under the winner, whose customer buys
        them."""
        # sudo: lines of opportunities that the user may merge
        lines = leads.sudo().line_ids
        held = lines.with_context(crm_gestion_following=FOLLOWING)
        held.write({"lead_id": target.id})
        self._follow(target)

    # === CRON === #

    @api.model
    def _cron_reconvert(self):
        """Every night: what open opportunities are worth at today's rates, where their
        lines are in another currency than the company's. No forecast of a person
        changes, so nothing is logged.

        How far a run came is kept once at its end: a crash repeats a part, which
        changes nothing.
        """
        params = self.env["ir.config_parameter"].sudo()
        cursor = int(params.get_param(CURSOR_PARAMETER, "0"))
        while ids := self._foreign_lead_ids(cursor, BATCH):
            leads = self.env["crm.lead"].browse(ids)
            leads = leads.with_context(tracking_disable=True)
            self._reconvert(leads)
            self._follow(leads, silent=True)
            cursor = ids[-1]
            left = len(self._foreign_lead_ids(cursor, BATCH))
            self.env.flush_all()
            self.env.invalidate_all()
            if not self.env["ir.cron"]._commit_progress(len(ids), remaining=left):
                break
        params.set_param(CURSOR_PARAMETER, str(cursor) if ids else "0")

    @api.model
    def _foreign_lead_ids(self, cursor, limit):
        """:return: the next ids of open opportunities with lines in a currency other
        than the company's"""
        self.env["crm.lead"].flush_model()
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT lead.id FROM crm_lead lead
                    WHERE lead.id > %(cursor)s AND lead.active
                      AND lead.won_status = 'pending' AND lead.closure_kind IS NULL
                      AND EXISTS (
                          SELECT FROM crm_opportunity_line line
                           WHERE line.lead_id = lead.id
                             AND line.currency_id != line.company_currency_id)
                    ORDER BY lead.id LIMIT %(limit)s""",
                cursor=cursor,
                limit=limit,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _reconvert(self, leads):
        # sudo: lines of opportunities that the user may write
        for line in leads.sudo().line_ids:
            amount = line._convert(
                line.subtotal, line.currency_id, line.company_currency_id
            )
            if line.company_currency_id.compare_amounts(line.company_subtotal, amount):
                line.company_subtotal = amount
