from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmPromotion(models.AbstractModel):
    """Promotions, Odoo's own programs, that are for the customers of a segment.

    *Who is in it.* The customer of an order is in a segment where the contact of the
    order is, or his organization: a segment of organizations serves their contacts. It
    is asked whenever Odoo asks whether a program is valid: when it is applied, when
    the order changes and when it is confirmed. Whoever is not in it is not offered
    automatic programs, and is told why a code does not work. Nobody is in a segment
    whose conditions cannot be read any more: orders are confirmed without it.

    *What stays.* A promotion on an order that is confirmed or paid for stays, whatever
    becomes of the segment: a segment of who never bought would take it back from the
    very order it was made for.

    *Coupons* of such a program that were made out to a customer are his and his
    organization's: others cannot use them.
    """

    _name = "crm.promotion"
    _description = "Promotions for a Segment"

    @api.model
    def _domain(self, order):
        """:return: condition on the programs that this order may have"""
        return [("id", "not in", self._refused(order).ids)]

    @api.model
    def _refused(self, order):
        """:return: the programs for segments that the customer of this order is not
        in"""
        # sudo: whoever may apply a program, a customer too, need not see its segment
        programs = self.env["loyalty.program"].sudo()
        programs = programs.search([("segment_id", "!=", False)]) - self._kept(order)
        serving = self._serving(programs.segment_id, order)
        return programs.filtered(lambda program: program.segment_id not in serving)

    @api.model
    def _kept(self, order):
        # sudo: payments are not for everybody who may sell
        order = order.sudo()
        paid = order.transaction_ids.filtered(
            lambda transaction: transaction.state in ("authorized", "done")
        )
        if paid or order.state == "sale":
            return order._get_applied_programs()
        return self.env["loyalty.program"]

    @api.model
    def _serving(self, segments, order):
        """:return: those of these segments that the customer is in, in one query"""
        if not segments:
            return segments
        partner = order.partner_id
        customer = Domain("id", "in", (partner | partner.commercial_partner_id).ids)
        queries = []
        for segment in segments:
            # what the conditions ask about need not be the reader's to see: he only
            # learns whether the promotion holds
            asked = segment._as_everybody()
            found = asked._query(customer)
            if found is not None:
                queries.append(found.select(SQL("%s", segment.id)))
        if not queries:
            return segments.browse()
        rows = self.env.execute_query(SQL(" UNION ALL ").join(queries))
        return segments.browse({segment_id for (segment_id,) in rows})

    @api.model
    def _others_coupons(self, order, coupons):
        """:return: those of these coupons, of programs for a segment, that were made
        out to another customer"""
        # sudo: as in _refused
        account = order.sudo().partner_id.commercial_partner_id
        others = coupons.sudo().filtered(
            lambda coupon: (
                coupon.program_id.segment_id
                and coupon.partner_id.commercial_partner_id - account
            )
        )
        return others.with_env(coupons.env)

    @api.model
    def _lost_coupons(self, order):
        """:return: the coupons on this order that its customer may not use; what is
        confirmed or paid for stays, also where the contact changes his employer"""
        coupons = order.applied_coupon_ids
        others = coupons and self._others_coupons(order, coupons)
        if not others:
            return coupons.browse()
        kept = self._kept(order)
        return others.filtered(lambda coupon: coupon.program_id not in kept)

    # === WHY NOT === #

    @api.model
    def _refusal(self, order, program, coupon=None):
        """:return: what Odoo shows where this program is not for this customer, or
        where the coupon is another customer's; else None"""
        if program & self._refused(order):
            return {
                "error": self.env._(
                    "This promotion is for other customers: %s is not in its segment.",
                    order.partner_id.display_name,
                )
            }
        if coupon and self._others_coupons(order, coupon):
            return {
                "error": self.env._(
                    "This coupon was made out to another customer: use it in an order "
                    "of his."
                )
            }
        return None

    @api.model
    def _refusal_of_code(self, order, code):
        """:return: as `_refusal`, of what this code stands for"""
        rule = self.env["loyalty.rule"].search(
            [
                *order._get_trigger_domain(),
                ("mode", "=", "with_code"),
                ("code", "=", code),
            ]
        )
        coupon = self.env["loyalty.card"]
        if not rule:
            coupon = coupon.search([("code", "=", code)])
        return self._refusal(order, rule.program_id | coupon.program_id, coupon)

    # === CAMPAIGNS === #

    @api.model
    def _name_campaigns(self, orders):
        """Orders that are being confirmed with a promotion of a campaign belong to that
        campaign, where they have none. Their opportunities stay as they are."""
        # sudo: a customer who signs in the portal has no rights on campaigns
        for order in orders.sudo().filtered(lambda order: not order.campaign_id):
            campaigns = order.order_line.reward_id.program_id.campaign_id.filtered(
                lambda c, company=order.company_id: c.company_id <= company
            )
            if campaigns:
                order.campaign_id = campaigns[0]
