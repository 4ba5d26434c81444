from odoo import api, models
from odoo.tools import SQL

from ..tools.campaign import rolled_up

ATTRIBUTION_PARAMETER = "crm_gestion.attribution_days"
ATTRIBUTION_DAYS = 365
# Query -> figures that it answers, in the order of its columns; all money or none is.
FIGURES = {
    "members": ("reached_count", "answer_count"),
    "gestiones": ("gestion_count",),
    "opportunities": ("opportunity_count", "won_count"),
    "order_count": ("order_count",),
    "orders": ("won_revenue",),
    "invoices": ("invoiced",),
    "costs": ("cost_total", "cost_planned"),
    "goods": ("goods_cost",),
    "new_customers": ("new_customer_count",),
    "attribution": ("first_touch_revenue", "last_touch_revenue"),
}
# What a query of it counts once for a campaign and all those below.
WITHIN_TREE = {"members"}
# Queries of money: for a reader who may see none of it they are not asked at all.
MONEY = {"orders", "invoices", "costs", "goods", "attribution"}
# Figure -> action, model and domain of the records behind it.
BEHIND = {
    "reached": (None, "crm.campaign.member", [("state", "!=", "planned")]),
    "answers": (None, "crm.campaign.member", [("state", "=", "answered")]),
    "gestiones": ("crm_gestion.crm_gestion_action", "crm.gestion", []),
    "opportunities": (
        "crm.crm_lead_opportunities", "crm.lead", [("type", "=", "opportunity")],
    ),
    "won": (
        "crm.crm_lead_opportunities",
        "crm.lead",
        [("type", "=", "opportunity"), ("won_status", "=", "won")],
    ),
    "orders": ("sale.action_orders", "sale.order", [("state", "=", "sale")]),
    "new_customers": ("sale.action_orders", "sale.order", [("state", "=", "sale")]),
    "invoices": (
        "account.action_move_out_invoice_type",
        "account.move",
        [("move_type", "in", ("out_invoice", "out_refund")), ("state", "=", "posted")],
    ),
}  # fmt: skip
# Table, its column of the customer, company, date, which rows.
TOUCHES = [
    tuple(SQL(text) for text in row)
    for row in (
        ("crm_campaign_member", "d.partner_id", "NULL::int4", "d.contact_date",
         "d.contact_date IS NOT NULL"),
        ("crm_gestion", "d.organization_id", "d.company_id", "d.date", "TRUE"),
        ("crm_gestion", "d.contact_id", "d.company_id", "d.date",
         "d.organization_id IS NULL"),
        ("crm_lead", "d.organization_id", "d.company_id", "d.create_date",
         "d.type = 'opportunity'"),
        ("crm_lead", "d.partner_id", "d.company_id", "d.create_date",
         "d.type = 'opportunity' AND d.organization_id IS NULL"),
        ("sale_order", "d.partner_id", "d.company_id",
         "LEAST(d.create_date, d.date_order)", "TRUE"),
    )
]  # fmt: skip


class CrmCampaignFigure(models.AbstractModel):
    """Works out what campaigns cost and brought.

    *Shape.* Each figure is one grouped query for all the campaigns that are asked for
    and those below them; what belongs to a campaign below counts for the one above.
    Nothing is stored.

    *What counts.* Documents of the campaign's company, or of none where a document may
    have none; for a campaign without a company, those of the reader's companies. An
    order counts while it is confirmed, untaxed, at its own rate. Amounts are in the
    currency of the campaign's company; without one, in that of the reader's company, at
    the rate of the day of each document.

    *Rights.* None are asked here: everything is read in SQL, whoever asks. Whether the
    reader may see money is for ``utm.campaign.crm_may_see_money``.

    *Attribution.* A *touch* of an account (commercial entity) by a campaign is

    - the first contact with a member of the campaign (``contact_date``),
    - a gestión with the campaign (its date),
    - an opportunity with the campaign (its creation),
    - an order or quotation with the campaign (its creation, or its confirmation where
      it was entered afterwards).

    A touch counts for a confirmed order of that account where it happened not after the
    confirmation and at most N days before it (setting "Days of Attribution"). First
    touch gives the whole untaxed order to the campaign of the earliest one, last touch
    to that of the latest; of two at the same moment, to the campaign with the lower id.
    An order without touches is nobody's. Touches by documents or campaigns of another
    company do not count. Attribution reaches orders that do not name the campaign: who
    is no sales director is given those of the campaign, and of the others the ones he
    may read, since anybody can touch any account.
    """

    _name = "crm.campaign.figure"
    _description = "Figures of Campaigns"

    # === WHAT IS ASKED FOR === #

    @api.model
    def _of(self, campaigns, query):
        """Figures of campaigns, those below included.

        :param campaigns: saved campaigns
        :param str query: key of ``FIGURES``
        :return: dict campaign -> dict name of a figure -> its value, of the campaigns
            of the reader's companies and those without a company
        """
        campaigns = campaigns.filtered(lambda c: c.company_id <= self.env.companies)
        if not campaigns:
            return {}
        # what the transaction has not written yet counts as well
        self.env.flush_all()
        tree = campaigns._crm_tree()
        below = tree
        if query in WITHIN_TREE:
            tree = {campaign: [campaign.id] for campaign in campaigns}
        rows = self.env.execute_query(getattr(self, f"_query_{query}")(below))
        names = FIGURES[query]
        own = self._add_up(rows, self._companies(below), len(names))
        found = {
            campaign: dict(zip(names, values, strict=True))
            for campaign, values in rolled_up(tree, own, len(names)).items()
        }
        return self._rounded(found) if query in MONEY else found

    @api.model
    def _add_up(self, rows, companies, size):
        """:return: dict id of a campaign -> figures, of the companies that count"""
        own = {}
        for campaign_id, company_id, *values in rows:
            if company_id and company_id not in companies[campaign_id]:
                continue
            before = own.get(campaign_id, (0,) * size)
            own[campaign_id] = [
                a + (b or 0) for a, b in zip(before, values, strict=True)
            ]
        return own

    @api.model
    def _companies(self, tree):
        """:return: dict id of a campaign -> ids of the companies whose documents count;
        a campaign below is of the company of the one above"""
        return {
            campaign_id: campaign.company_id.ids or self.env.companies.ids
            for campaign, below in tree.items()
            for campaign_id in below
        }

    @api.model
    def _rounded(self, found):
        """:return: the same, each amount in the precision of its currency"""
        return {
            campaign: {
                name: (campaign.company_id or self.env.company).currency_id.round(value)
                for name, value in figures.items()
            }
            for campaign, figures in found.items()
        }

    @api.model
    def _view_action(self, campaign, figure):
        """
        :param str figure: key of ``BEHIND``; anything else opens the opportunities
        :return: action that opens the records behind a figure of a campaign
        """
        ids = campaign._crm_tree()[campaign]
        xmlid, model, domain = BEHIND.get(str(figure), BEHIND["opportunities"])
        domain = [("campaign_id", "in", ids), *domain]
        if campaign.company_id and "company_id" in self.env[model]._fields:
            domain.append(("company_id", "in", [campaign.company_id.id, False]))
        if figure == "new_customers":
            rows = self.env.execute_query(self._first_orders(ids))
            domain.append(("id", "in", [row[0] for row in rows]))
        action = {
            "type": "ir.actions.act_window",
            "res_model": model,
            "name": self.env["ir.model"]._get(model).name,
        }
        if xmlid:
            action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        return {
            **action,
            "domain": domain,
            "context": {"active_test": False, "create": False},
            "views": [(False, "list"), (False, "form")],
            "view_mode": "list,form",
        }

    # === QUERIES: OWN FIGURES BY CAMPAIGN AND COMPANY === #

    @api.model
    def _ids_below(self, tree):
        return sorted({campaign_id for below in tree.values() for campaign_id in below})

    @api.model
    def _query_members(self, tree):
        """Of a campaign with others below it, who is in several of them counts once;
        within one campaign nobody is twice."""
        alone = [campaign.id for campaign, below in tree.items() if len(below) == 1]
        pairs = [
            (campaign.id, campaign_id)
            for campaign, below in tree.items()
            for campaign_id in below
            if len(below) > 1
        ]
        return SQL(
            """SELECT campaign_id, NULL::int4,
                      COUNT(*),
                      COUNT(*) FILTER (WHERE state = 'answered')
                 FROM crm_campaign_member
                WHERE campaign_id = ANY(%(alone)s) AND state != 'planned'
             GROUP BY campaign_id
            UNION ALL
               SELECT tree.above_id, NULL::int4,
                      COUNT(DISTINCT member.partner_id),
                      COUNT(DISTINCT member.partner_id)
                      FILTER (WHERE member.state = 'answered')
                 FROM unnest(%(above)s::int4[], %(below)s::int4[])
                      AS tree (above_id, campaign_id)
                 JOIN crm_campaign_member member
                   ON member.campaign_id = tree.campaign_id
                WHERE member.state != 'planned'
             GROUP BY tree.above_id""",
            alone=alone,
            above=[above_id for above_id, _below_id in pairs],
            below=[below_id for _above_id, below_id in pairs],
        )

    @api.model
    def _query_gestiones(self, tree):
        return SQL(
            """SELECT campaign_id, company_id, COUNT(*)
                 FROM crm_gestion
                WHERE campaign_id = ANY(%s)
             GROUP BY campaign_id, company_id""",
            self._ids_below(tree),
        )

    @api.model
    def _query_opportunities(self, tree):
        """Those that were lost or paused were there too."""
        return SQL(
            """SELECT campaign_id, company_id,
                      COUNT(*), COUNT(*) FILTER (WHERE won_status = 'won')
                 FROM crm_lead
                WHERE campaign_id = ANY(%s) AND type = 'opportunity'
             GROUP BY campaign_id, company_id""",
            self._ids_below(tree),
        )

    @api.model
    def _query_order_count(self, tree):
        """Apart from what they come to: everybody may know how many there are."""
        return SQL(
            """SELECT campaign_id, company_id, COUNT(*)
                 FROM sale_order
                WHERE campaign_id = ANY(%s) AND state = 'sale'
             GROUP BY campaign_id, company_id""",
            self._ids_below(tree),
        )

    @api.model
    def _query_orders(self, tree):
        return SQL(
            """SELECT d.campaign_id, d.company_id, SUM(%(amount)s)
                 FROM sale_order d
                 JOIN utm_campaign c ON c.id = d.campaign_id
                 JOIN res_company co ON co.id = d.company_id
                WHERE d.campaign_id = ANY(%(ids)s) AND d.state = 'sale'
             GROUP BY d.campaign_id, d.company_id""",
            amount=self._in_currency(
                self._order_amount(), self._local_day(SQL("d.date_order"))
            ),
            ids=self._ids_below(tree),
        )

    @api.model
    def _query_invoices(self, tree):
        return SQL(
            """SELECT d.campaign_id, d.company_id, SUM(%(amount)s)
                 FROM account_move d
                 JOIN utm_campaign c ON c.id = d.campaign_id
                 JOIN res_company co ON co.id = d.company_id
                WHERE d.campaign_id = ANY(%(ids)s) AND d.state = 'posted'
                  AND d.move_type IN ('out_invoice', 'out_refund')
             GROUP BY d.campaign_id, d.company_id""",
            amount=self._in_currency(SQL("d.amount_untaxed_signed"), SQL("d.date")),
            ids=self._ids_below(tree),
        )

    @api.model
    def _query_costs(self, tree):
        """A real cost whose bill is not posted does not count."""
        return SQL(
            """SELECT d.campaign_id, d.company_id,
                      SUM(%(amount)s) FILTER (WHERE %(counts)s),
                      SUM(%(amount)s) FILTER (WHERE d.state = 'planned')
                 FROM crm_campaign_cost d
                 JOIN utm_campaign c ON c.id = d.campaign_id
                 JOIN res_company co ON co.id = d.company_id
            LEFT JOIN account_move bill ON bill.id = d.move_id
                WHERE d.campaign_id = ANY(%(ids)s)
             GROUP BY d.campaign_id, d.company_id""",
            amount=self._in_currency(SQL("d.amount_company"), SQL("d.date")),
            counts=self._cost_counts(),
            ids=self._ids_below(tree),
        )

    @api.model
    def _query_goods(self, tree):
        """What the ordered products cost, those that a promotion gave away too; what
        discounts take off the price is no product."""
        return SQL(
            """SELECT d.campaign_id, d.company_id, SUM(%(amount)s)
                 FROM sale_order d
                 JOIN utm_campaign c ON c.id = d.campaign_id
                 JOIN res_company co ON co.id = d.company_id
                 JOIN sale_order_line line ON line.order_id = d.id
                 JOIN product_product product ON product.id = line.product_id
                 JOIN product_template template
                   ON template.id = product.product_tmpl_id
                 JOIN uom_uom unit ON unit.id = line.product_uom_id
                 JOIN uom_uom own_unit ON own_unit.id = template.uom_id
            LEFT JOIN loyalty_reward reward ON reward.id = line.reward_id
                WHERE d.campaign_id = ANY(%(ids)s) AND d.state = 'sale'
                  AND (reward.id IS NULL OR reward.reward_type = 'product')
             GROUP BY d.campaign_id, d.company_id""",
            amount=self._in_currency(
                self._goods_amount(tree), self._local_day(SQL("d.date_order"))
            ),
            ids=self._ids_below(tree),
        )

    @api.model
    def _goods_amount(self, tree):
        """:return: SQL of what the product of an order line costs, in the currency of
        the order's company"""
        if "purchase_price" in self.env["sale.order.line"]._fields:  # sale_margin
            return SQL(
                "line.purchase_price * line.product_uom_qty"
                " / NULLIF(d.currency_rate, 0)"
            )
        companies = self.env.companies.union(*(c.company_id for c in tree))
        # sudo: what a product costs is asked for no other figure than this sum
        Product = self.env["product.product"].sudo()
        prices = [
            SQL(
                "WHEN %s THEN %s",
                company.id,
                Product.with_company(company)._field_to_sql(
                    "product", "standard_price"
                ),
            )
            for company in companies
        ]
        return SQL(
            "line.product_uom_qty * unit.factor / own_unit.factor"
            " * CASE d.company_id %s END",
            SQL(" ").join(prices),
        )

    @api.model
    def _query_new_customers(self, tree):
        return SQL(
            """SELECT campaign_id, company_id, COUNT(*)
                 FROM (%s) AS first
             GROUP BY campaign_id, company_id""",
            self._first_orders(self._ids_below(tree)),
        )

    @api.model
    def _first_orders(self, ids):
        """
        :return: SQL of the orders of these campaigns that are the first confirmed one
            ever, in their company, of their account
        """
        # only the first one within these campaigns can be it: one look for an earlier
        # one for each account, by index
        return SQL(
            """SELECT first.id, first.campaign_id, first.company_id
                 FROM (SELECT DISTINCT ON (partner.commercial_partner_id, d.company_id)
                              d.id, d.campaign_id, d.company_id, d.date_order,
                              partner.commercial_partner_id AS account_id
                         FROM sale_order d
                         JOIN res_partner partner ON partner.id = d.partner_id
                        WHERE d.campaign_id = ANY(%s) AND d.state = 'sale'
                     ORDER BY partner.commercial_partner_id, d.company_id,
                              d.date_order, d.id) AS first
                WHERE NOT EXISTS (
                      SELECT 1
                        FROM res_partner person
                        JOIN sale_order earlier ON earlier.partner_id = person.id
                       WHERE person.commercial_partner_id = first.account_id
                         AND earlier.company_id = first.company_id
                         AND earlier.state = 'sale'
                         AND (earlier.date_order, earlier.id)
                             < (first.date_order, first.id))""",
            ids,
        )

    # === ATTRIBUTION === #

    @api.model
    def _query_attribution(self, tree):
        ids = self._ids_below(tree)
        companies = {id for ids in self._companies(tree).values() for id in ids}
        return SQL(
            """SELECT d.campaign_id, d.company_id,
                      SUM(%(amount)s) FILTER (WHERE d.touch = 'first'),
                      SUM(%(amount)s) FILTER (WHERE d.touch = 'last')
                 FROM (%(attributed)s) d
                 JOIN utm_campaign c ON c.id = d.campaign_id
                 JOIN res_company co ON co.id = d.company_id
                WHERE d.campaign_id = ANY(%(ids)s)
             GROUP BY d.campaign_id, d.company_id""",
            amount=self._in_currency(
                SQL("d.amount"), self._local_day(SQL("d.date_order"))
            ),
            attributed=self._attributed(sorted(companies), ids),
            ids=ids,
        )

    @api.model
    def _attributed(self, companies, ids=None):
        """Each account has its touches in one sorted array, in which an order finds its
        first and last one by halving: what it takes grows with orders and touches, not
        with one times the other.

        :param companies: ids of companies whose orders are looked at
        :param ids: of campaigns; default: all
        :return: SQL of the orders of the accounts that these campaigns touched, each
            twice: with the campaign of the first touch and with that of the last one,
            which may be others
        """
        days = self.env["ir.config_parameter"].sudo()  # sudo: one setting
        days = int(days.get_param(ATTRIBUTION_PARAMETER, ATTRIBUTION_DAYS))
        return SQL(
            """WITH touched AS %(touched)s,
                    bought AS MATERIALIZED (
                   SELECT d.id, d.company_id, d.date_order, touched.account_id,
                          %(amount)s AS amount
                     FROM touched
                     JOIN sale_order d ON d.partner_id = touched.id
                    WHERE d.state = 'sale' AND d.company_id = ANY(%(companies)s)
                      AND %(readable)s),
                    buyer AS MATERIALIZED (
                   SELECT DISTINCT account_id, company_id FROM bought),
                    history AS MATERIALIZED (%(history)s),
                    attributed AS MATERIALIZED (
                   SELECT bought.*, history.campaign_ids,
                          -- how many are before the window, how many not after it
                          width_bucket(
                              bought.date_order - %(days)s * INTERVAL '1 day'
                              - INTERVAL '1 microsecond', history.dates) AS before,
                          width_bucket(bought.date_order, history.dates) AS until
                     FROM bought
                     JOIN history
                       ON history.account_id = bought.account_id
                      AND history.company_id = bought.company_id)
               SELECT id, company_id, date_order, amount,
                      campaign_ids[before + 1] AS campaign_id, 'first' AS touch
                 FROM attributed WHERE before < until
            UNION ALL
               SELECT id, company_id, date_order, amount, campaign_ids[until], 'last'
                 FROM attributed WHERE before < until""",
            touched=self._touched(ids),
            amount=self._order_amount(),
            companies=companies,
            readable=self._readable_orders(ids),
            history=self._history(ids),
            days=days,
        )

    @api.model
    def _touched(self, ids):
        """:return: SQL of everybody, with his account, of the accounts that these
        campaigns touched; of all campaigns, simply of all accounts"""
        everybody = SQL(
            "(SELECT id, commercial_partner_id AS account_id FROM res_partner)"
        )
        if ids is None:
            return SQL("NOT MATERIALIZED %s", everybody)
        return SQL(
            """MATERIALIZED (
                   SELECT person.id, person.commercial_partner_id AS account_id
                     FROM (SELECT DISTINCT account_id FROM (%s) touch) account
                     JOIN res_partner person
                       ON person.commercial_partner_id = account.account_id)""",
            self._touches(everybody, SQL("d.campaign_id = ANY(%s)", ids)),
        )

    @api.model
    def _history(self, ids):
        """
        :return: SQL of the touches of each ``buyer``, by all campaigns: in ascending
            order, their dates and their campaigns, one for each moment
        """
        buyers = SQL(
            "(SELECT * FROM touched WHERE account_id IN (SELECT account_id FROM buyer))"
        )
        everybodys = self._touches(
            SQL("touched") if ids is None else buyers,
            SQL("d.campaign_id IS NOT NULL"),
        )
        return SQL(
            """SELECT account_id, company_id,
                      array_agg(date ORDER BY date) AS dates,
                      array_agg(campaign_id ORDER BY date) AS campaign_ids
                 FROM (SELECT buyer.account_id, buyer.company_id, touch.date,
                              MIN(touch.campaign_id) AS campaign_id
                         FROM buyer
                         JOIN (%s) touch
                           ON touch.account_id = buyer.account_id
                          AND (touch.company_id IS NULL
                               OR touch.company_id = buyer.company_id)
                        WHERE touch.date IS NOT NULL
                     GROUP BY buyer.account_id, buyer.company_id, touch.date) moment
             GROUP BY account_id, company_id""",
            everybodys,
        )

    @api.model
    def _touches(self, people, condition):
        """
        :param SQL people: table of partners, with the account of each
        :param SQL condition: on a document ``d`` of one of them
        :return: SQL of touches: account, campaign, date, and the company in whose
            orders it counts, the document's or the campaign's
        """
        return SQL(" UNION ALL ").join(
            SQL(
                """SELECT person.account_id, d.campaign_id,
                          COALESCE(%(company)s, c.company_id) AS company_id,
                          %(date)s AS date
                     FROM %(table)s d
                     JOIN %(people)s person ON person.id = %(partner)s
                     JOIN utm_campaign c ON c.id = d.campaign_id
                    WHERE %(which)s AND %(condition)s
                      AND COALESCE(c.company_id = %(company)s, TRUE)""",
                company=company,
                date=date,
                table=table,
                people=people,
                partner=partner,
                which=which,
                condition=condition,
            )
            for table, partner, company, date, which in TOUCHES
        )

    @api.model
    def _readable_orders(self, ids):
        """
        :param ids: of campaigns, whose orders are his to see; None for a director
        :return: SQL condition on the orders ``d`` that the reader may be told of
        """
        if self.env["utm.campaign"]._crm_sees_all_money():
            return SQL("TRUE")
        Order = self.env["sale.order"].with_user(self.env.user)
        if not Order.has_access("read"):
            return SQL("d.campaign_id = ANY(%s)", ids)
        return SQL(
            "(d.campaign_id = ANY(%s) OR d.id IN %s)",
            ids,
            Order._search([("state", "=", "sale")]).subselect(),
        )

    # === MONEY === #

    @api.model
    def _order_amount(self):
        """:return: SQL of the untaxed amount of an order in its company's currency"""
        return SQL("d.amount_untaxed / NULLIF(d.currency_rate, 0)")

    @api.model
    def _cost_counts(self):
        """:return: SQL condition: a cost is real, and its bill, if any, is posted"""
        return SQL("d.state = 'real' AND (bill.id IS NULL OR bill.state = 'posted')")

    @api.model
    def _in_currency(self, amount, day, kept=None):
        """Amounts of a campaign without a company are converted where the company of a
        document has another currency than the reader's; all others are in the currency
        of the campaign already.

        :param SQL amount: in the currency of the company ``co`` of a document ``d`` of
            a campaign ``c``
        :param SQL day: of the document
        :param SQL kept: condition under which the amount stays as it is; default: the
            campaign has a company
        :return: SQL of the amount in the currency of the campaign
        """
        target = self.env.company.currency_id
        if self.env.companies.currency_id <= target:
            return amount
        return SQL(
            """CASE WHEN %(kept)s OR co.currency_id = %(target)s
                    THEN %(amount)s
                    ELSE %(amount)s * %(rate)s / %(own_rate)s END""",
            kept=kept or SQL("c.company_id IS NOT NULL"),
            target=target.id,
            amount=amount,
            rate=self._rate(SQL("%s", target.id), day),
            own_rate=self._rate(SQL("co.currency_id"), day),
        )

    @api.model
    def _local_day(self, moment):
        """:return: SQL of the day of a moment in the time zone of the document's
        company"""
        zones = [
            SQL("WHEN %s THEN %s", company.id, company._crm_tz().zone)
            for company in self.env.companies
        ]
        return SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE CASE co.id %s ELSE 'UTC' END)::date",
            moment,
            SQL(" ").join(zones),
        )

    @api.model
    def _rate(self, currency, day):
        """:return: SQL of the rate of a currency on a day, as ``res.currency`` tells
        it"""
        rates = SQL(
            """SELECT rate.rate FROM res_currency_rate rate
                WHERE rate.currency_id = %s
                  AND (rate.company_id IS NULL
                       OR rate.company_id = split_part(co.parent_path, '/', 1)::int4)
            """,
            currency,
        )
        return SQL(
            """COALESCE((%(rates)s AND rate.name <= %(day)s
                         ORDER BY rate.company_id, rate.name DESC LIMIT 1),
                        (%(rates)s ORDER BY rate.company_id, rate.name LIMIT 1),
                        1)""",
            rates=rates,
            day=day,
        )
