from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmOpportunityOrder(models.TransientModel):
    """Asks from what the sales order of an opportunity is made, and shows it.

    Where the opportunity has a confirmed order already, the dialog opens that one; an
    additional one is made where somebody asks for it by name.

    ``sale.order._generate_from_opportunity`` makes it, once for each of these dialogs:
    a second click opens the order of the first.
    """

    _name = "crm.opportunity.order"
    _description = "Generate Sales Order"

    lead_id = fields.Many2one(
        comodel_name="crm.lead", string="Opportunity", required=True, readonly=True
    )
    has_customer = fields.Boolean(compute="_compute_has_customer")
    purpose = fields.Selection(
        selection=[
            ("open", "Open the order that is there"),
            ("additional", "Make an additional order"),
        ],
        string="What to Do",
        compute="_compute_source",
        store=True,
        readonly=False,
        precompute=True,
    )
    source = fields.Selection(
        selection=[
            ("quotation", "An open quotation"),
            ("lines", "The lines of the opportunity"),
            ("template", "A quotation template"),
            ("new", "A new quotation"),
        ],
        string="Make It From",
        required=True,
        compute="_compute_source",
        store=True,
        readonly=False,
        precompute=True,
    )
    quotation_id = fields.Many2one(
        comodel_name="sale.order",
        compute="_compute_source",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('opportunity_id', '=', lead_id), ('state', 'in', ['draft', 'sent'])]",
    )
    template_id = fields.Many2one(
        comodel_name="sale.order.template",
        string="Quotation Template",
        domain="['|', ('company_id', '=', False), ('company_id', 'in', "
        "allowed_company_ids)]",
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)
    needs_vat = fields.Boolean(compute="_compute_needs_vat")
    vat = fields.Char(string="Tax ID")
    confirm = fields.Boolean(
        string="Confirm Now",
        help="A confirmed order wins the opportunity. Left off, you get a quotation.",
    )
    other_quotation_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Other Open Quotations",
        compute="_compute_other_quotation_ids",
    )
    cancel_others = fields.Boolean(
        string="Cancel the Others",
        compute="_compute_cancel_others",
        store=True,
        readonly=False,
        precompute=True,
        help="The other open quotations of the opportunity are cancelled when the "
        "order is confirmed.",
    )
    order_id = fields.Many2one(
        comodel_name="sale.order", string="Generated Order", readonly=True
    )
    known_order_ids = fields.Many2many(
        comodel_name="sale.order",
        relation="crm_opportunity_order_known_rel",
        string="Orders When the Dialog Opened",
        compute="_compute_source",
        store=True,
        readonly=False,
        precompute=True,
    )
    newest_order = fields.Integer(
        compute="_compute_source", store=True, readonly=False, precompute=True
    )
    sale_order_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Orders Already There",
        compute="_compute_sale_order_ids",
    )

    # === COMPUTE METHODS === #

    @api.depends("lead_id")
    def _compute_has_customer(self):
        for wizard in self:
            wizard.has_customer = bool(wizard.lead_id.partner_id)

    @api.depends("lead_id")
    def _compute_source(self):
        """An order that is there is opened. A quotation that is open already is what
        the customer said yes to; else what the opportunity is about."""
        for wizard in self:
            # stored fields are computed as superuser: the user chooses from his own
            lead = wizard.lead_id._origin
            orders = lead.order_ids.sudo(False)._filtered_access("read")
            wizard.known_order_ids = orders
            # sudo: what a colleague makes from now on is not made twice
            wizard.newest_order = max(lead.sudo().order_ids.ids, default=0)
            wizard.quotation_id = orders.filtered_domain(
                lead._get_lead_quotation_domain()
            )[:1]
            if wizard.quotation_id:
                wizard.source = "quotation"
            else:
                wizard.source = "lines" if lead.line_ids else "new"
            confirmed = self.env["sale.order"]._confirmed_of(lead)
            wizard.purpose = "open" if confirmed else False

    @api.depends("lead_id")
    def _compute_sale_order_ids(self):
        for wizard in self:
            confirmed = self.env["sale.order"]._confirmed_of(wizard.lead_id._origin)
            wizard.sale_order_ids = confirmed._filtered_access("read")

    @api.depends("lead_id", "source", "quotation_id", "template_id", "purpose")
    def _compute_preview(self):
        for wizard in self:
            order = wizard._preview_order()
            wizard.preview = bool(order.order_line) and self.env["ir.qweb"]._render(
                "crm_gestion.crm_opportunity_order_preview", {"order": order}
            )

    def _preview_order(self):
        """:return: the order that is made, not saved, or the quotation"""
        Order = self.env["sale.order"]
        lead = self.lead_id
        if not lead or self.purpose == "open":
            return Order
        if self.source == "quotation":
            return self.quotation_id
        if self.source == "template" and self.template_id:
            return Order._preview_from_opportunity(lead, template=self.template_id)
        if self.source == "lines":
            return Order._preview_from_opportunity(lead, lines=True)
        return Order

    @api.depends("lead_id", "source", "quotation_id", "purpose")
    def _compute_needs_vat(self):
        for wizard in self:
            quotation = wizard._quotation()
            customer = quotation.partner_id or wizard.lead_id._crm_customer()
            wizard.needs_vat = wizard.purpose != "open" and self.env[
                "sale.order"
            ]._requires_vat(customer)

    @api.depends("lead_id", "source", "quotation_id", "known_order_ids")
    def _compute_other_quotation_ids(self):
        """Those that the user sees when he decides, and may cancel."""
        for wizard in self:
            others = wizard.known_order_ids._origin - wizard._quotation()._origin
            wizard.other_quotation_ids = others.filtered_domain(
                wizard.lead_id._get_lead_quotation_domain()
            )._filtered_access("write")

    @api.depends("purpose")
    def _compute_cancel_others(self):
        """Who asks for an additional order has several things to sell."""
        for wizard in self:
            wizard.cancel_others = wizard.purpose != "additional"

    def _quotation(self):
        chosen = self.source == "quotation" and self.quotation_id
        return chosen or self.env["sale.order"]

    # === ACTION METHODS === #

    def action_generate(self):
        """Make the order, or open the one that is there or that this dialog made
        already."""
        self.ensure_one()
        result = False
        if not self.order_id and self.purpose == "open":
            self.order_id = self._order_that_is_there()
        elif not self.order_id:
            self._check_source()
            self.order_id, result = self.env["sale.order"]._generate_from_opportunity(
                self.lead_id,
                quotation=self._quotation(),
                template=self.source == "template" and self.template_id,
                lines=self.source == "lines",
                confirm=self.confirm,
                cancel=self.cancel_others and self.other_quotation_ids,
                newest=self.newest_order,
                additional=self.purpose == "additional",
                vat=self.vat,
            )
        return self._answer(result)

    def _order_that_is_there(self):
        orders = self.env["sale.order"]._confirmed_of(self.lead_id)
        if not orders:
            raise UserError(
                self.env._(
                    "The order was cancelled meanwhile: open this dialog again to "
                    "generate another one."
                )
            )
        return orders._readable_order()

    def _check_source(self):
        needed = {
            "quotation": self.quotation_id,
            "template": self.template_id,
            "lines": self.lead_id.line_ids,
        }
        if not needed.get(self.source, True):
            raise UserError(self.env._("Choose from what the order is made."))

    def _answer(self, result):
        """What confirming has to say comes first, such as rewards that the customer
        has not claimed; a message leads on to the order."""
        action = {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "views": [(False, "form")],
        }
        if not isinstance(result, dict):
            return action
        if result.get("tag") == "display_notification":
            return {**result, "params": {**result["params"], "next": action}}
        return result
