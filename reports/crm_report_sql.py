"""What several reports say in the same words, so that their figures agree."""

from odoo.tools import SQL

# Untaxed amount of a confirmed order ``sale`` in the currency of its company, at the
# order's own rate, rounded one by one as a reader of the orders would add them up.
ORDER_AMOUNT = SQL(
    """round((sale.amount_untaxed / coalesce(nullif(sale.currency_rate, 0), 1))::numeric,
             currency.decimal_places)"""
)
# Of a gestión with its ``lead``, ``contact`` and ``organization``.
GESTION_ORIGINATION = SQL(
    "coalesce(lead.origination_id, contact.origination_id, organization.origination_id)"
)
GESTION_MARKET = SQL(
    "coalesce(lead.market_id, organization.market_id, contact.market_id)"
)
# The database's clock: a report is a question, and asked now.
NOW = SQL("(now() AT TIME ZONE 'UTC')")


def days_between(start, end):
    """:return: SQL of the days, with their part, between two moments in UTC"""
    return SQL("date_part('epoch', %s - %s) / 86400", end, start)


def sold(key, joins=None):
    """
    :param SQL key: what the orders are added up for, of the opportunity ``lead`` or the
        order ``sale``
    :return: SQL of the confirmed orders of opportunities: rows of ``key``,
        ``company_id`` (of the orders) and ``amount`` in the currency of that company
    """
    return SQL(
        """SELECT %(key)s AS key, sale.company_id, sum(%(amount)s) AS amount
             FROM sale_order sale
             %(joins)s
             JOIN res_company company ON company.id = sale.company_id
             JOIN res_currency currency ON currency.id = company.currency_id
            WHERE sale.state = 'sale' AND %(key)s IS NOT NULL
         GROUP BY %(key)s, sale.company_id""",
        key=key,
        amount=ORDER_AMOUNT,
        joins=joins or SQL(),
    )
