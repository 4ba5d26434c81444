from odoo import api, fields, models
from odoo.exceptions import ValidationError

KINDS = [
    ("media", "Media"),
    ("printing", "Printing"),
    ("venue", "Stand or Venue"),
    ("travel", "Travel"),
    ("agency", "Agency"),
    ("gifts", "Gifts"),
    ("staff", "Staff"),
    ("software", "Software"),
    ("other", "Other"),
]
# Figures of campaigns that follow from their costs; those of the campaigns above too.
FOLLOWING = [
    "cost_total", "cost_planned", "budget_used", "profit", "roi", "margin_profit",
    "margin_roi", "cost_per_opportunity", "cost_per_customer",
]  # fmt: skip
# Who may link the bill that a cost comes from.
ACCOUNTING = "account.group_account_readonly,account.group_account_invoice"


class CrmCampaignCost(models.Model):
    """What a campaign costs: planned first, then real.

    *Amounts* are untaxed, in any currency; ``amount_company`` is the amount in the
    currency of the company at the rate of the cost's date, rounded. Of a campaign
    without a company, the cost is of the company in which it was entered.

    *Bills.* A cost may come from a posted vendor bill or refund, from which it takes
    supplier, date, currency and untaxed amount (a refund is negative). A bill is the
    cost of one campaign, once. While it is not posted any more, the cost does not count
    (``counts``). Only who has accounting rights sees and links bills.

    *Rights.* The responsible of the campaign and sales directors, like all its money.
    """

    _name = "crm.campaign.cost"
    _description = "Campaign Cost"
    _order = "date desc, id desc"
    _check_company_auto = True

    campaign_id = fields.Many2one(
        comodel_name="utm.campaign", required=True, index=True, ondelete="restrict"
    )
    name = fields.Char(
        string="Description",
        compute="_compute_from_bill",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    kind = fields.Selection(selection=KINDS, required=True, default="other")
    date = fields.Date(
        compute="_compute_from_bill",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Supplier",
        compute="_compute_from_bill",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    state = fields.Selection(
        selection=[("planned", "Foreseen"), ("real", "Real")],
        required=True,
        default="real",
    )
    amount = fields.Monetary(
        compute="_compute_from_bill",
        store=True,
        readonly=False,
        precompute=True,
        help="Untaxed; a refund is negative.",
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_from_bill",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        compute="_compute_company_id",
        store=True,
        precompute=True,
        index=True,
        required=True,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    amount_company = fields.Monetary(
        string="Amount in Company Currency",
        compute="_compute_amount_company",
        store=True,
        precompute=True,
        currency_field="company_currency_id",
    )
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Vendor Bill",
        domain="[('move_type', 'in', ('in_invoice', 'in_refund')),"
        " ('state', '=', 'posted')]",
        groups=ACCOUNTING,
        copy=False,
        ondelete="cascade",
        check_company=True,
    )
    warning = fields.Char(compute="_compute_warning", compute_sudo=True)

    _move_unique = models.UniqueIndex(
        "(move_id) WHERE move_id IS NOT NULL",
        "This bill is the cost of a campaign already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("move_id")
    def _compute_from_bill(self):
        """What the bill says, once; it may be changed afterwards."""
        # Odoo works this out as superuser, of what a form makes up too: of a bill that
        # the user may not read it says nothing
        readable = self.move_id.with_user(self.env.user)._filtered_access("read")
        for cost in self:
            bill = cost.move_id & readable
            sign = -1 if bill.move_type == "in_refund" else 1
            company = cost.campaign_id.company_id or self.env.company
            cost.name = bill.name or cost.name
            cost.partner_id = bill.partner_id or cost.partner_id
            cost.date = (
                bill.invoice_date or cost.date or fields.Date.context_today(cost)
            )
            cost.amount = sign * bill.amount_untaxed if bill else cost.amount
            cost.currency_id = (
                bill.currency_id or cost.currency_id or company.currency_id
            )

    @api.depends("campaign_id.company_id", "move_id")
    def _compute_company_id(self):
        for cost in self:
            cost.company_id = (
                cost.campaign_id.company_id
                or cost.move_id.company_id
                or cost.company_id
                or self.env.company
            )

    @api.depends("amount", "currency_id", "date", "company_id")
    def _compute_amount_company(self):
        for cost in self:
            company = cost.company_id
            cost.amount_company = cost.currency_id._convert(
                cost.amount,
                company.currency_id,
                company,
                cost.date or fields.Date.context_today(cost),
            )

    @api.depends("move_id.state")
    def _compute_warning(self):
        open_bills = self.filtered(
            lambda cost: cost.move_id and cost.move_id.state != "posted"
        )
        open_bills.warning = self.env._("Its bill is not posted: it does not count.")
        (self - open_bills).warning = False

    # === CONSTRAINTS === #

    @api.constrains("move_id")
    def _check_bill(self):
        # sudo: rights on the bill were asked when it was chosen
        for bill in self.sudo().move_id:
            kind = bill.move_type in ("in_invoice", "in_refund")
            if not kind or bill.state != "posted":
                raise ValidationError(
                    self.env._("Choose a vendor bill or refund that is posted.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        costs = super().create(vals_list)
        costs._check_bill_readable(*vals_list)
        self._forget_figures()
        return costs

    def write(self, vals):
        res = super().write(vals)
        self._forget_figures()
        self._check_bill_readable(vals)
        if "campaign_id" in vals:
            self.check_access("write")  # nobody gives it to a campaign of others
        return res

    def unlink(self):
        res = super().unlink()
        self._forget_figures()
        return res

    @api.model
    def _forget_figures(self):
        """What was read of campaigns before is not told again."""
        self.env["utm.campaign"].invalidate_model(FOLLOWING, flush=False)

    @api.model
    def _check_bill_readable(self, *vals_list):
        """What a bill says is for who may read it."""
        ids = {vals["move_id"] for vals in vals_list if vals.get("move_id")}
        self.env["account.move"].browse(ids).check_access("read")
