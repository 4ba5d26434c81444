from odoo import api, fields, models
from odoo.exceptions import ValidationError


class LoyaltyProgram(models.Model):
    """A promotion may belong to a campaign and be for the customers of a segment only:
    see ``crm.promotion``; what it brought in: ``crm.promotion.result``."""

    _inherit = "loyalty.program"

    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        index="btree_not_null",
        ondelete="set null",
        help="Orders confirmed with this promotion belong to this campaign, where they "
        "have none.",
    )
    segment_id = fields.Many2one(
        comodel_name="crm.segment",
        string="Only for the Segment",
        index="btree_not_null",
        ondelete="restrict",
        help="Only customers who are in this segment when it is applied, they or their "
        "organization. Empty: everybody.",
    )
    crm_may_see_money = fields.Boolean(compute="_compute_crm_may_see_money")
    result_currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_result"
    )
    result_order_count = fields.Integer(
        string="Confirmed Orders",
        compute="_compute_result",
        help="Confirmed orders with a reward of this promotion. An order with two "
        "promotions counts in both.",
    )
    result_revenue = fields.Monetary(
        string="Revenue",
        compute="_compute_result",
        currency_field="result_currency_id",
        help="These orders, untaxed.",
    )
    result_discount = fields.Monetary(
        string="Discount Given",
        compute="_compute_result",
        currency_field="result_currency_id",
        help="What it took off these orders, untaxed; free products at their list "
        "price. Gift cards and e-wallets are means of payment and give none.",
    )
    result_coupon_count = fields.Integer(
        string="Coupons Issued", compute="_compute_result"
    )
    result_coupon_used_count = fields.Integer(
        string="Coupons Used", compute="_compute_result", help="In confirmed orders."
    )

    @api.depends("company_id", "campaign_id.user_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_may_see_money(self):
        """Results are for sales directors and for who answers for the campaign."""
        user = self.env.user
        directs = user.has_group("crm_gestion.group_sales_director")
        directs = directs or user.has_group("base.group_system")
        for program in self:
            own = program.company_id <= self.env.companies
            # sudo: whether he answers for it, whatever his rights on campaigns
            answers = program.sudo().campaign_id.user_id == user
            program.crm_may_see_money = (directs and own) or answers

    @api.depends("campaign_id.user_id", "company_id", "program_type")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_result(self):
        """Empty for whoever may not see it."""
        seen = self.filtered("crm_may_see_money")._origin
        results = self.env["crm.promotion.result"]
        found = results._results(seen) if seen else {}
        for program in self:
            result = found.get(program._origin)
            program.result_currency_id = results._currency(program)
            program.result_order_count = result.orders if result else 0
            program.result_revenue = result.revenue if result else 0.0
            program.result_discount = result.discount if result else 0.0
            program.result_coupon_count = result.coupons if result else 0
            program.result_coupon_used_count = result.used if result else 0

    @api.constrains("campaign_id", "company_id", "segment_id")
    def _check_companies(self):
        for program in self.filtered("company_id"):
            # sudo: those of a company that the user is not working in now
            linked = (
                program.sudo().campaign_id.company_id
                | program.sudo().segment_id.company_id
            )
            if linked - program.company_id:
                raise ValidationError(
                    self.env._(
                        "The campaign and the segment of a promotion are of its own "
                        "company: choose others for %s.",
                        program.name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        """Archiving reaches the products of discounts: see ``loyalty.reward``."""
        if "active" in vals and self.env.user.has_group(
            "crm_gestion.group_sales_director"
        ):
            self.check_access("write")
            # sudo: the rewards and rules of the program and those products follow
            super(LoyaltyProgram, self.sudo()).write({"active": vals["active"]})
            vals = {name: vals[name] for name in vals.keys() - {"active"}}
        return super().write(vals)

    # === ACTION METHODS === #

    def action_crm_orders(self):
        """Open the confirmed orders with a reward of this promotion, those of them that
        the user may read."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("sale.action_orders")
        return {
            **action,
            "domain": [
                ("order_line.reward_id.program_id", "=", self.id),
                ("state", "=", "sale"),
            ],
            "context": {"create": False},
        }
