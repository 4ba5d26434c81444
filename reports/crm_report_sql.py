"""What several reports say in the same words, so that their figures agree."""

from odoo.tools import SQL

# Untaxed amount of a confirmed order ``sale`` in the currency of its company, at the
# order's own rate, rounded one by one as a reader of the orders would add them up. The
# decimals are looked up for each: were they joined with the orders of one opportunity,
# PostgreSQL would go through all currencies each time.
ORDER_AMOUNT = SQL(
    """round((sale.amount_untaxed
              / coalesce(nullif(sale.currency_rate, 0), 1))::numeric,
             (SELECT currency.decimal_places
                FROM res_company company
                JOIN res_currency currency ON currency.id = company.currency_id
               WHERE company.id = sale.company_id))"""
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


def sold(opportunity, company):
    """
    :param SQL opportunity: id of an opportunity of the query around
    :param SQL company: that of the orders; an amount has one currency
    :return: SQL of one row: the ``amount`` of its confirmed orders in the currency of
        the company. Asked row by row it costs what the rows cost that are shown, and a
        join with it is left out where nobody asks for the amount; grouped orders would
        be worked out whole each time.
    """
    return SQL(
        """SELECT sum(%(amount)s) AS amount
             FROM sale_order sale
            WHERE sale.opportunity_id = %(opportunity)s AND sale.state = 'sale'
              AND sale.company_id = %(company)s""",
        amount=ORDER_AMOUNT,
        opportunity=opportunity,
        company=company,
    )
