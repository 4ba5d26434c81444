from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmOpportunityOrder(models.TransientModel):
    """Asks from what the sales order of an opportunity is made.

    ``sale.order._generate_from_opportunity`` makes it, once for each of these dialogs:
    a second click opens the order of the first.
    """

    _name = "crm.opportunity.order"
    _description = "Generate Sales Order"

    lead_id = fields.Many2one(
        comodel_name="crm.lead", string="Opportunity", required=True, readonly=True
    )
    has_customer = fields.Boolean(compute="_compute_has_customer")
    source = fields.Selection(
        selection=[
            ("quotation", "An open quotation"),
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
    confirm = fields.Boolean(
        string="Confirm Now",
        help="A confirmed order wins the opportunity. Left off, you get a quotation.",
    )
    order_id = fields.Many2one(comodel_name="sale.order", readonly=True)
    known_order_ids = fields.Many2many(
        comodel_name="sale.order",
        relation="crm_opportunity_order_known_rel",
        string="Orders When the Dialog Opened",
        compute="_compute_source",
        store=True,
        readonly=False,
        precompute=True,
    )
    sale_order_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Orders Already There",
        compute="_compute_sale_order_ids",
    )

    @api.depends("lead_id")
    def _compute_has_customer(self):
        for wizard in self:
            wizard.has_customer = bool(wizard.lead_id.partner_id)

    @api.depends("lead_id")
    def _compute_source(self):
        """A quotation that is open already is what the customer said yes to."""
        for wizard in self:
            orders = wizard.lead_id.order_ids
            wizard.known_order_ids = orders
            wizard.quotation_id = orders.filtered_domain(
                wizard.lead_id._get_lead_quotation_domain()
            )[:1]
            wizard.source = "quotation" if wizard.quotation_id else "new"

    @api.depends("lead_id")
    def _compute_sale_order_ids(self):
        for wizard in self:
            wizard.sale_order_ids = wizard.lead_id.order_ids.filtered_domain(
                wizard.lead_id._get_lead_sale_order_domain()
            )

    def action_generate(self):
        """Make the order, or open the one that this dialog made already."""
        self.ensure_one()
        chosen = {"quotation": self.quotation_id, "template": self.template_id}
        if not chosen.get(self.source, True):
            raise UserError(self.env._("Choose from what the order is made."))
        if not self.order_id:
            self.order_id = self.env["sale.order"]._generate_from_opportunity(
                self.lead_id,
                quotation=self.source == "quotation" and self.quotation_id,
                template=self.source == "template" and self.template_id,
                confirm=self.confirm,
                known=self.known_order_ids,
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "views": [(False, "form")],
        }
