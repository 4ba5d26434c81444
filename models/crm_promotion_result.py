from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL


class PromotionResult(NamedTuple):
    """Figures of one promotion; money in the currency of its company."""

    orders: int = 0
    revenue: float = 0.0
    discount: float = 0.0
    coupons: int = 0
    used: int = 0


class CrmPromotionResult(models.AbstractModel):
    """What promotions brought in.

    * *orders*: confirmed ones with a reward of the program. An order with two
      promotions counts in both, so their figures do not add up.
    * *revenue*: these orders, untaxed.
    * *discount*: what the rewards took off them, untaxed and positive; a free product
      at its list price, as Odoo shows it on the order. Gift cards and e-wallets are
      means of payment: what they pay is no discount.
    * *coupons*: made out; *used*: in confirmed orders.

    Money is in the currency of the program's company, at the rate of each order, and
    counts orders of that company and its branches. A program for all companies counts
    the orders of the reader's companies, in the currency of the one he works in.
    """

    _name = "crm.promotion.result"
    _description = "Results of Promotions"

    @api.model
    def _results(self, programs):
        """
        :param programs: ``loyalty.program`` whose results the user may see
        :return: dict program -> `PromotionResult`, in a number of queries that does not
            grow with them
        """
        for name in ("sale.order", "sale.order.line", "loyalty.card"):
            self.env[name].flush_model()
        orders = {row[0]: row[1:] for row in self._query_orders(programs)}
        used = dict(self._query_used(programs))
        coupons = self._count_coupons(programs)
        free = self._value_of_free(programs)
        results = {}
        for program in programs:
            count, revenue, discount = orders.get(program.id, (0, 0.0, 0.0))
            currency = self._currency(program)
            discount = 0.0 if program.is_payment_program else discount
            results[program] = PromotionResult(
                orders=count,
                revenue=currency.round(revenue),
                discount=currency.round(discount + free.get(program, 0.0)),
                coupons=coupons.get(program.id, 0),
                used=used.get(program.id, 0),
            )
        return results

    @api.model
    def _currency(self, program):
        return (program.company_id or self.env.company).currency_id

    # === QUERIES === #

    @api.model
    def _from_orders(self, programs):
        """:return: FROM and WHERE of the reward lines of confirmed orders"""
        return SQL(
            """FROM sale_order_line line
               JOIN loyalty_reward reward ON reward.id = line.reward_id
               JOIN loyalty_program program ON program.id = reward.program_id
               JOIN sale_order o ON o.id = line.order_id
               JOIN res_company company ON company.id = o.company_id
          LEFT JOIN res_company owner ON owner.id = program.company_id
              WHERE reward.program_id = ANY(%(programs)s) AND o.state = 'sale'
                AND CASE WHEN owner.id IS NULL THEN o.company_id = ANY(%(companies)s)
                         ELSE company.parent_path LIKE owner.parent_path || '%%' END""",
            programs=list(programs.ids),
            companies=self.env.companies.ids,
        )

    @api.model
    def _query_orders(self, programs):
        """:return: rows of program, orders, revenue, discount"""
        return self.env.execute_query(
            SQL(
                """WITH rewarded AS (
                       SELECT reward.program_id, o.id, o.amount_untaxed,
                              1 / COALESCE(NULLIF(o.currency_rate, 0), 1)
                              * %(exchange)s AS rate,
                              SUM(CASE WHEN reward.reward_type = 'product' THEN 0
                                       ELSE -line.price_subtotal END) AS discount
                       %(from_orders)s
                     GROUP BY reward.program_id, o.id, company.id, owner.id
                   )
                   SELECT program_id, COUNT(*), SUM(amount_untaxed * rate)::float,
                          SUM(discount * rate)::float
                     FROM rewarded
                    GROUP BY program_id""",
                exchange=self._exchange(),
                from_orders=self._from_orders(programs),
            )
        )

    @api.model
    def _exchange(self):
        """:return: what one unit of the currency of an order's company was worth in the
        currency of the result, on the day of the order"""
        target = self.env.company.currency_id.id
        return SQL(
            """CASE WHEN owner.id IS NOT NULL OR company.currency_id = %(target)s
                    THEN 1.0
                    ELSE %(rate)s / %(company_rate)s END""",
            target=target,
            rate=self._rate(SQL("%s", target)),
            company_rate=self._rate(SQL("company.currency_id")),
        )

    @api.model
    def _rate(self, currency):
        """:return: rate of a currency on the day of the order, found as Odoo does: the
        latest one, before the first the first one"""
        known = SQL(
            """SELECT rate.rate FROM res_currency_rate rate
                WHERE rate.currency_id = %s
                  AND (rate.company_id IS NULL OR rate.company_id = %s)""",
            currency,
            self.env.company.root_id.id,
        )
        return SQL(
            """COALESCE((%(known)s AND rate.name <= o.date_order::date
                          ORDER BY rate.company_id, rate.name DESC LIMIT 1),
                        (%(known)s ORDER BY rate.company_id, rate.name LIMIT 1),
                        1.0)""",
            known=known,
        )

    @api.model
    def _query_used(self, programs):
        """:return: rows of program, coupons used"""
        return self.env.execute_query(
            SQL(
                """SELECT reward.program_id, COUNT(DISTINCT line.coupon_id)
                   %s GROUP BY reward.program_id""",
                self._from_orders(programs),
            )
        )

    @api.model
    def _count_coupons(self, programs):
        # sudo: how many there are of a promotion whose result one may see; used and
        # withdrawn ones were made out too
        cards = self.env["loyalty.card"].sudo().with_context(active_test=False)
        rows = cards._read_group(
            [("program_id", "in", programs.ids)], ["program_id"], ["__count"]
        )
        return {program.id: count for program, count in rows}

    @api.model
    def _value_of_free(self, programs):
        """:return: dict program -> untaxed list price of the products given away"""
        rows = self.env.execute_query(
            SQL(
                """SELECT reward.program_id, line.product_id,
                          SUM(line.product_uom_qty)::float
                   %s AND reward.reward_type = 'product'
                   GROUP BY reward.program_id, line.product_id""",
                self._from_orders(programs),
            )
        )
        # sudo: prices of products that may have been archived or be another branch's
        products = self.env["product.product"].sudo()
        products = products.browse({product_id for _program, product_id, _qty in rows})
        products = {product.id: product for product in products}
        values = dict.fromkeys(programs, 0.0)
        for program_id, product_id, quantity in rows:
            program = programs.browse(program_id)
            price = self._untaxed_price(program, products[product_id])
            values[program] += price * quantity
        return values

    @api.model
    def _untaxed_price(self, program, product):
        company = program.company_id or self.env.company
        product = product.with_company(company)
        taxes = product.taxes_id._filter_taxes_by_company(company)
        price = taxes.compute_all(product.lst_price, product.currency_id)
        return product.currency_id._convert(
            price["total_excluded"], self._currency(program), company, round=False
        )
