"""The best SQL by hand for the default views of the reports: see README.md.

Each says what is counted for the finest groups, in as many branches as PostgreSQL
answers fastest; `ByHand` adds up the totals of what is grouped by.
"""

from odoo.tools import SQL

ORDERS = """SELECT sum(round((sale.amount_untaxed
                         / coalesce(nullif(sale.currency_rate, 0), 1))::numeric,
                        currency.decimal_places)) AS amount
         FROM sale_order sale
         JOIN res_company company ON company.id = sale.company_id
         JOIN res_currency currency ON currency.id = company.currency_id
        WHERE sale.opportunity_id = born.id AND sale.state = 'sale'
          AND sale.company_id = coalesce(gestion.company_id, %s)"""


class ByHand:
    """One query and its figures, as those of ``report.View``."""

    def __init__(self, view, keys, measures, part, branches):
        """
        :param keys: names of what is grouped by
        :param dict measures: measure -> SQL of it from columns of ``part``
        :param part: names of the columns that the branches add up
        :param branches: SQL of rows of the keys and the columns
        """
        self.env = view.report.env
        self.keys = keys
        self.names = view.measures
        if view.rows + view.columns != keys or set(view.measures) - {*measures}:
            raise ValueError(f"{view.report._name}: its default view is another one")
        grouped = SQL(", ").join(map(SQL.identifier, keys))
        self.query = SQL(
            """SELECT %(levels)s, %(keys)s, %(measures)s
                 FROM (SELECT %(keys)s, %(sums)s
                         FROM (%(branches)s) fact GROUP BY %(keys)s) part
             GROUP BY ROLLUP (%(keys)s)""",
            levels=SQL(" + ").join(
                SQL("grouping(%s)", SQL.identifier(key)) for key in keys
            ),
            keys=grouped,
            measures=SQL(", ").join(measures[name] for name in view.measures),
            sums=SQL(", ").join(
                SQL("sum(%s) AS %s", SQL.identifier(name), SQL.identifier(name))
                for name in part
            ),
            branches=SQL(" UNION ALL ").join(branches),
        )

    def rows(self):
        return self.env.execute_query(self.query)

    def figures(self):
        """:return: dict of what is grouped by -> list of the measures"""
        size = len(self.keys)
        return {
            row[1 : 1 + size - row[0]]: [float(value or 0) for value in row[1 + size :]]
            for row in self.rows()
        }


def where(view, table, moment, comparison=">="):
    """
    :param str comparison: of the moment with the first one that the filters let in
    :return: SQL of the rows that the filters and the rules let in
    """
    env = view.report.env
    since = next(
        condition.value
        for condition in view.domain.optimize_full(view.report).iter_conditions()
        if condition.operator in (">=", ">")
    )
    users = SQL("TRUE")
    if not env.user.has_group("crm_gestion.group_sales_director"):
        scope = tuple(env["res.users"]._crm_scope_user_ids())
        users = SQL("%s IN %s", SQL.identifier(table, "user_id"), scope)
    company = SQL.identifier(table, "company_id")
    return SQL(
        "%s %s %s AND (%s IN %s OR %s IS NULL) AND %s",
        SQL.identifier(table, moment),
        SQL(comparison),
        since,
        company,
        tuple(env.companies.ids),
        company,
        users,
    )


def ratio(count, base):
    return SQL(f"coalesce(sum({count})::float / nullif(sum({base}), 0), 0)")


def sums(*names):
    return {name: SQL("sum(%s)", SQL.identifier(name)) for name in names}


def gestiones(view):
    """What was born is read from the opportunities that know their gestión, few."""
    part = (
        "gestiones", "with_result", "positive", "opportunities", "won", "revenue"
    )  # fmt: skip
    within = where(view, "gestion", "date")
    branches = (
        SQL(
            """SELECT activity_type_id, count(*) AS gestiones,
                      count(result_id) AS with_result,
                      count(*) FILTER (WHERE outcome = 'positive') AS positive,
                      0 AS opportunities, 0 AS won, 0 AS revenue
                 FROM crm_gestion gestion WHERE %s GROUP BY activity_type_id""",
            within,
        ),
        SQL(
            """SELECT activity_type_id, 0, 0, 0, count(*),
                      count(*) FILTER (WHERE won_status = 'won'), sum(orders.amount)
                 FROM crm_lead born
                 JOIN crm_gestion gestion ON gestion.id = born.source_gestion_id
    LEFT JOIN LATERAL (%s) orders ON TRUE
                WHERE born.type = 'opportunity' AND %s GROUP BY activity_type_id""",
            SQL(ORDERS, view.report.env.company.id),
            within,
        ),
    )
    measures = {
        **sums(*part),
        "without_result": SQL("sum(gestiones) - sum(with_result)"),
        "positive_rate": ratio("positive", "with_result"),
        "opening_rate": ratio("opportunities", "gestiones"),
    }
    return ByHand(view, ["activity_type_id"], measures, part, branches)


def opportunities(view):
    part = (
        "won", "rejected", "unqualified", "standby", "open_count", "won_amount", "days",
        "with_days",
    )  # fmt: skip
    branch = SQL(
        """SELECT team_id, user_id,
                  count(*) FILTER (WHERE won_status = 'won') AS won,
                  count(*) FILTER (
                      WHERE won_status = 'lost'
                        AND closure_kind IS DISTINCT FROM 'unqualified') AS rejected,
                  count(*) FILTER (
                      WHERE won_status = 'lost' AND closure_kind = 'unqualified')
                      AS unqualified,
                  count(*) FILTER (
                      WHERE won_status = 'pending' AND closure_kind = 'standby')
                      AS standby,
                  count(*) FILTER (WHERE active AND won_status = 'pending')
                      AS open_count,
                  sum(expected_revenue) FILTER (WHERE won_status = 'won') AS won_amount,
                  sum(extract(epoch FROM date_closed - create_date)::float / 86400)
                      FILTER (WHERE won_status = 'won') AS days,
                  count(date_closed) FILTER (WHERE won_status = 'won') AS with_days
             FROM crm_lead lead WHERE type = 'opportunity' AND %s
         GROUP BY team_id, user_id""",
        where(view, "lead", "create_date"),
    )
    measures = {
        **sums(*part[:6]),
        "conversion": SQL(
            "coalesce(sum(won)::float"
            " / nullif(sum(won) + sum(rejected) + sum(unqualified), 0), 0)"
        ),
        "days_to_win": ratio("days", "with_days"),
    }
    return ByHand(view, ["team_id", "user_id"], measures, part, [branch])


def stages(view):
    """Only what is there now needs its opportunity: few, found by an index. Where the
    filter lets in what is there since before, that is found by the same index."""
    part = (
        "passages", "days_taken", "over", "forward", "ended", "skipped_count", "back",
        "waiting", "age", "amount_waiting",
    )  # fmt: skip
    within = where(view, "passage", "date_in")
    passages = SQL("SELECT * FROM crm_opportunity_stage passage WHERE %s", within)
    if "date_out" in repr(view.domain):
        passages = SQL(
            "%s UNION ALL SELECT * FROM crm_opportunity_stage passage"
            " WHERE date_out IS NULL AND %s",
            passages,
            where(view, "passage", "date_in", "<"),
        )
    branches = (
        SQL(
            """SELECT stage_id,
                      count(*) FILTER (WHERE move NOT IN ('won', 'closed')) AS passages,
                      sum(days) FILTER (WHERE date_out > date_in) AS days_taken,
                      count(days) FILTER (WHERE date_out > date_in) AS over,
                      sum(conversion) AS forward, count(conversion) AS ended,
                      sum(skipped_count) AS skipped_count,
                      count(*) FILTER (WHERE move = 'back') AS back,
                      count(*) FILTER (WHERE date_out IS NULL) AS waiting,
                      sum(extract(epoch FROM now() AT TIME ZONE 'UTC' - date_in)::float
                          / 86400) FILTER (WHERE date_out IS NULL) AS age,
                      0 AS amount_waiting
                 FROM (%s) passage GROUP BY stage_id""",
            passages,
        ),
        SQL(
            """SELECT passage.stage_id, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                      sum(lead.expected_revenue)
                 FROM (%s) passage
                 JOIN crm_lead lead ON lead.id = passage.lead_id
                WHERE passage.date_out IS NULL GROUP BY passage.stage_id""",
            passages,
        ),
    )
    measures = {
        **sums(*part),
        "days": ratio("days_taken", "over"),
        "days_waiting": ratio("age", "waiting"),
        "conversion": ratio("forward", "ended"),
    }
    return ByHand(view, ["stage_id"], measures, part, branches)


BY_HAND = {
    "crm.gestion.report": gestiones,
    "crm.opportunity.report": opportunities,
    "crm.opportunity.stage.report": stages,
}
