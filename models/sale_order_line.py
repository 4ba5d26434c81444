from odoo import models


class SaleOrderLine(models.Model):
    """Lines of rewards are found by their reward: results of promotions read them."""

    _inherit = "sale.order.line"

    _crm_reward_idx = models.Index("(reward_id) WHERE reward_id IS NOT NULL")
