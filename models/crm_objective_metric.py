"""What objectives can aim at: the one list of metrics, and the documents of each.

A metric is added here and nowhere else; ``crm.objective.figure`` works all of them out.
"""

from typing import NamedTuple

from odoo.tools import SQL


class Metric(NamedTuple):
    """What is counted, or added up.

    ``source`` is a query of the documents, with the columns ``user_id``, ``team_id``,
    ``company_id``, ``moment`` (in UTC, or a day where ``by_day``), ``lead_id`` and
    ``partner_id``; of money also ``amount``, ``currency_id`` (NULL: the company's) and
    ``company_amount``. A plain one: PostgreSQL then looks through it to the indexes.
    """

    label: str
    unit: str  # what is missing, for `missing_opportunities`
    source: SQL
    reads: tuple  # models that must be written before it is asked
    action: str  # that shows the documents
    domain: tuple = ()  # of the documents, as `source` has them
    date: str = ""
    user: str = "user_id"
    lead: str = ""  # path to the opportunity
    partners: tuple = ("partner_id",)  # the first one that is there has the market
    by_day: bool = False
    is_money: bool = False


def _orders(moment, states):
    return SQL(
        """SELECT id, user_id, team_id, company_id, %s AS moment,
                  opportunity_id AS lead_id, partner_id, amount_untaxed AS amount,
                  currency_id,
                  amount_untaxed / COALESCE(NULLIF(currency_rate, 0), 1)
                  AS company_amount
             FROM sale_order WHERE state IN %s""",
        SQL.identifier(moment),
        states,
    )


def _leads(moment, condition):
    """Odoo leaves the company of an opportunity empty where its salesperson works in
    several: it counts in his main one."""
    return SQL(
        """SELECT lead.id, lead.user_id, lead.team_id,
                  COALESCE(lead.company_id, salesman.company_id) AS company_id,
                  lead.company_id AS lead_company_id,
                  lead.%s AS moment, lead.id AS lead_id, lead.partner_id,
                  lead.expected_revenue AS amount, NULL::int4 AS currency_id,
                  lead.expected_revenue AS company_amount
             FROM crm_lead lead
        LEFT JOIN res_users salesman ON salesman.id = lead.user_id
            WHERE lead.type = 'opportunity' AND %s""",
        SQL.identifier(moment),
        condition,
    )


# Opportunity of an invoice: the first one of the orders that it invoices.
INVOICE_LEAD = SQL(
    """(SELECT orders.opportunity_id
          FROM account_move_line item
          JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = item.id
          JOIN sale_order_line line ON line.id = rel.order_line_id
          JOIN sale_order orders ON orders.id = line.order_id
         WHERE item.move_id = move.id AND orders.opportunity_id IS NOT NULL
      ORDER BY item.id, orders.id LIMIT 1)"""
)
INVOICES = SQL(
    """SELECT move.id, move.invoice_user_id AS user_id, move.team_id, move.company_id,
              move.invoice_date AS moment, %s AS lead_id,
              move.commercial_partner_id AS partner_id,
              move.amount_untaxed_in_currency_signed AS amount, move.currency_id,
              move.amount_untaxed_signed AS company_amount
         FROM account_move move
        WHERE move.state = 'posted' AND move.move_type IN ('out_invoice', 'out_refund')
    """,
    INVOICE_LEAD,
)


def _payments(move_type, sign, ours, theirs):
    """What is matched with a credit note is no payment: it is not in a journal of
    money. A payment that is worth more than what it pays, since rates have changed, is
    matched for the rest with the exchange difference: that was paid as well. What was
    written off with a payment was not.

    :param str ours: side on which a document of this type is, ``debit`` or ``credit``
    :param str theirs: the other side
    """
    return SQL(
        """SELECT move.id, move.invoice_user_id AS user_id, move.team_id,
                  partial.company_id, partial.max_date AS moment, %(lead)s AS lead_id,
                  move.commercial_partner_id AS partner_id,
                  %(sign)s * partial.%(amount)s * %(share)s AS amount,
                  partial.%(currency)s AS currency_id,
                  %(sign)s * (partial.amount + %(gain)s) * %(share)s AS company_amount
             FROM account_partial_reconcile partial
             JOIN account_move_line receivable ON receivable.id = partial.%(ours)s
             JOIN account_move move ON move.id = receivable.move_id
             JOIN account_move_line payment ON payment.id = partial.%(theirs)s
             JOIN account_journal journal ON journal.id = payment.journal_id
        LEFT JOIN account_payment paid ON paid.id = payment.payment_id
            WHERE move.state = 'posted' AND move.move_type = %(move_type)s
              AND receivable.display_type = 'payment_term'
              AND journal.type IN ('bank', 'cash', 'credit')""",
        lead=INVOICE_LEAD,
        sign=sign,
        amount=SQL.identifier(f"{ours}_amount_currency"),
        currency=SQL.identifier(f"{ours}_currency_id"),
        ours=SQL.identifier(f"{ours}_move_id"),
        theirs=SQL.identifier(f"{theirs}_move_id"),
        move_type=move_type,
        share=SQL(
            """LEAST(COALESCE(paid.amount / NULLIF(ABS(payment.amount_currency), 0), 1),
                     1)"""
        ),
        gain=SQL(
            """CASE WHEN partial.exchange_move_id IS NULL THEN 0 ELSE COALESCE((
                    SELECT SUM(rest.amount)
                      FROM account_partial_reconcile rest
                      JOIN account_move_line difference
                        ON difference.id = rest.%(ours)s
                     WHERE rest.%(theirs)s = payment.id
                       AND difference.move_id = partial.exchange_move_id), 0) END""",
            ours=SQL.identifier(f"{ours}_move_id"),
            theirs=SQL.identifier(f"{theirs}_move_id"),
        ),
    )


PAYMENTS = SQL(
    "%s UNION ALL %s",
    _payments("out_invoice", 1, "debit", "credit"),
    _payments("out_refund", -1, "credit", "debit"),
)
GESTIONES = SQL(
    """SELECT gestion.id, gestion.user_id, gestion.team_id, gestion.company_id,
              gestion.date AS moment, gestion.lead_id,
              COALESCE(gestion.organization_id, gestion.contact_id) AS partner_id,
              gestion.activity_type_id
         FROM crm_gestion gestion
         JOIN mail_activity_type kind ON kind.id = gestion.activity_type_id
        WHERE kind.counts_as_activity"""
)
# The first order or invoice ever of an account, and whose it was. An invoice has no
# hour: it is the last moment of its day. Aggregated before anything is joined: of an
# account there are hundreds of documents.
CUSTOMERS = SQL(
    """SELECT first.account_id AS id, sale.user_id, sale.team_id, first.company_id,
              first.moment, sale.lead_id, first.account_id AS partner_id
         FROM (SELECT each.company_id, each.account_id,
                      MIN(each.ordered) AS ordered, MIN(each.invoiced) AS invoiced,
                      LEAST(MIN(each.ordered), MIN(
                            (each.invoiced + 1)::timestamp AT TIME ZONE zone.name
                                                           AT TIME ZONE 'UTC')
                            - interval '1 microsecond') AS moment
                 FROM (SELECT orders.company_id,
                              partner.commercial_partner_id AS account_id,
                              orders.ordered, NULL::date AS invoiced
                         FROM (SELECT company_id, partner_id,
                                      MIN(date_order) AS ordered
                                 FROM sale_order
                                WHERE state = 'sale'
                             GROUP BY company_id, partner_id) orders
                         JOIN res_partner partner ON partner.id = orders.partner_id
                    UNION ALL
                       SELECT company_id, commercial_partner_id, NULL,
                              MIN(invoice_date)
                         FROM account_move
                        WHERE move_type = 'out_invoice' AND state = 'posted'
                     GROUP BY company_id, commercial_partner_id) each
                 JOIN zone ON zone.company_id = each.company_id
             GROUP BY each.company_id, each.account_id) first
CROSS JOIN LATERAL (
              SELECT orders.id, orders.user_id, orders.team_id,
                     orders.opportunity_id AS lead_id
                FROM sale_order orders
                JOIN res_partner partner ON partner.id = orders.partner_id
               WHERE partner.commercial_partner_id = first.account_id
                 AND orders.company_id = first.company_id
                 AND orders.state = 'sale' AND orders.date_order = first.moment
           UNION ALL
              SELECT move.id, move.invoice_user_id, move.team_id, %s
                FROM account_move move
               WHERE move.commercial_partner_id = first.account_id
                 AND move.company_id = first.company_id
                 AND move.move_type = 'out_invoice' AND move.state = 'posted'
                 AND move.invoice_date = first.invoiced
                 AND first.ordered IS DISTINCT FROM first.moment
            ORDER BY id LIMIT 1) sale""",
    INVOICE_LEAD,
)
WON = SQL("lead.won_status = 'won'")
OPPORTUNITIES = "crm.crm_lead_opportunities"
METRICS = {
    "sales": Metric(
        label="Confirmed Sales",
        unit="amount",
        source=_orders("date_order", ("sale",)),
        reads=("sale.order",),
        action="sale.action_orders",
        domain=(("state", "=", "sale"),),
        date="date_order",
        lead="opportunity_id",
        is_money=True,
    ),
    "invoiced": Metric(
        label="Invoiced",
        unit="amount",
        source=INVOICES,
        reads=("account.move",),
        action="account.action_move_out_invoice",
        domain=(
            ("state", "=", "posted"),
            ("move_type", "in", ("out_invoice", "out_refund")),
        ),
        date="invoice_date",
        user="invoice_user_id",
        lead="line_ids.sale_line_ids.order_id.opportunity_id",
        partners=("commercial_partner_id",),
        by_day=True,
        is_money=True,
    ),
    "collected": Metric(
        label="Collected",
        unit="amount",
        source=PAYMENTS,
        reads=("account.move", "account.move.line", "account.partial.reconcile"),
        action="account.action_move_out_invoice",
        by_day=True,
        is_money=True,
    ),
    "won": Metric(
        label="Won Opportunities",
        unit="won",
        source=_leads("date_closed", WON),
        reads=("crm.lead",),
        action=OPPORTUNITIES,
        domain=(("type", "=", "opportunity"), ("won_status", "=", "won")),
        date="date_closed",
    ),
    "new_count": Metric(
        label="New Opportunities",
        unit="new",
        source=_leads("create_date", SQL("TRUE")),
        reads=("crm.lead",),
        action=OPPORTUNITIES,
        domain=(("type", "=", "opportunity"),),
        date="create_date",
    ),
    "new_amount": Metric(
        label="Amount of New Opportunities",
        unit="new_amount",
        source=_leads("create_date", SQL("TRUE")),
        reads=("crm.lead",),
        action=OPPORTUNITIES,
        domain=(("type", "=", "opportunity"),),
        date="create_date",
        is_money=True,
    ),
    "gestiones": Metric(
        label="Gestiones",
        unit="gestiones",
        source=GESTIONES,
        reads=("crm.gestion",),
        action="crm_gestion.crm_gestion_action",
        domain=(("activity_type_id.counts_as_activity", "=", True),),
        date="date",
        lead="lead_id",
        partners=("organization_id", "contact_id"),
    ),
    "proposals": Metric(
        label="Proposals Made",
        unit="new",
        source=_orders("create_date", ("sent", "sale")),
        reads=("sale.order",),
        action="sale.action_quotations_with_onboarding",
        domain=(("state", "in", ("sent", "sale")),),
        date="create_date",
        lead="opportunity_id",
    ),
    "new_customers": Metric(
        label="New Customers",
        unit="won",
        source=CUSTOMERS,
        reads=("account.move", "sale.order", "res.partner"),
        action="crm_gestion.res_partner_action_account",
    ),
}
MONEY_METRICS = frozenset(key for key, metric in METRICS.items() if metric.is_money)
# What else somebody's own rates are made of, see `Rates`.
RATES = {
    "gestiones": METRICS["gestiones"],
    "created": METRICS["new_count"],
    "decided": METRICS["won"]._replace(
        source=_leads("date_closed", SQL("lead.won_status IN ('won', 'lost')"))
    ),
    "won": METRICS["won"],
    "won_amount": METRICS["won"]._replace(is_money=True),
}
