from odoo import models

# Odoo writes these on the product that stands for the discount too.
ON_THE_PRODUCT = {"active", "description"}


class LoyaltyReward(models.Model):
    """Each discount has a product that stands for it on orders. It comes and goes with
    the reward: a sales director makes promotions without a right on products."""

    _inherit = "loyalty.reward"

    def _create_missing_discount_line_products(self):
        if self.env.user.has_group("crm_gestion.group_sales_director"):
            # sudo: the reward is the director's, and was checked
            self = self.sudo()
        return super()._create_missing_discount_line_products()

    def write(self, vals):
        own = {name: vals[name] for name in vals.keys() & ON_THE_PRODUCT}
        if own and self.env.user.has_group("crm_gestion.group_sales_director"):
            self.check_access("write")
            # sudo: nothing but the name and the archiving of that product follows
            super(LoyaltyReward, self.sudo()).write(own)
            vals = {name: vals[name] for name in vals.keys() - ON_THE_PRODUCT}
        return super().write(vals)
