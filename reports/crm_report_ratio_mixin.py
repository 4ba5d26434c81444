from odoo import api, fields, models
from odoo.tools import SQL


class CrmReportRatioMixin(models.AbstractModel):
    """Rates of a report, and pivots over millions of its rows.

    The rate of a group is that of the sums of its rows, and not the average of their
    rates.

    A report names them in `_ratios` and declares each as a Float with
    ``compute="_compute_ratios"`` and ``aggregator="avg"``. What is divided are columns
    of the report; a rate of nothing is 0.

    A ``currency_id`` is that of the company of the row, and a row without company has
    the reader's: `_read_group_select` relies on it.
    """

    _name = "crm.report.ratio.mixin"
    _description = "Report with Rates"

    # rate -> what is divided, and by what: names of columns joined by " + "
    _ratios = {}

    @api.depends(lambda self: self._ratio_columns())
    def _compute_ratios(self):
        for name, (count, base) in self._ratios.items():
            for row in self:
                whole = row._sum(base)
                row[name] = row._sum(count) / whole if whole else 0.0

    @api.model
    def _ratio_columns(self):
        """:return: set of the columns that the rates are worked out of"""
        terms = (term for ratio in self._ratios.values() for term in ratio)
        return {name for term in terms for name in term.split(" + ")}

    def _sum(self, names):
        return sum(self[name] for name in names.split(" + "))

    def _read_group_select(self, aggregate_spec, query):
        # asked for each amount, and they sort or join all rows: the rules tell both
        currency = self._only_currency()
        name, _separator, function = aggregate_spec.partition(":")
        if currency and aggregate_spec == "currency_id:array_agg_distinct":
            return SQL("CASE WHEN COUNT(*) > 0 THEN ARRAY[%s]::int4[] END", currency.id)
        if currency and function == "sum_currency":
            amount = super()._read_group_select(f"{name}:sum", query)
            return SQL("%s / %s::numeric", amount, self._rate_today(currency))
        if name not in self._ratios or function != "avg":
            return super()._read_group_select(aggregate_spec, query)
        sums = (
            SQL(" + ").join(
                SQL("SUM(%s)", self._field_to_sql(self._table, name, query))
                for name in names.split(" + ")
            )
            for names in self._ratios[name]
        )
        return SQL("COALESCE((%s)::float / NULLIF(%s, 0), 0)", *sums)

    @api.model
    def _only_currency(self):
        """:return: the currency that all rows of this reader are in, empty where he
        has several, or no rules"""
        currencies = self.env.companies.currency_id
        if self.env.su or "currency_id" not in self._fields or len(currencies) > 1:
            return currencies.browse()
        return currencies

    @api.model
    def _rate_today(self, currency):
        """:return: what Odoo divides an amount by in its sums of several currencies"""
        company, today = self.env.company.root_id, fields.Date.context_today(self)
        return currency._get_rates(company, today)[currency.id]

    @api.model
    def _read_grouping_sets(self, domain, grouping_sets, aggregates=(), order=None):
        """Pivots group by ids and order the few groups: Odoo would join what tells
        their order to all rows, and sort these. The web client names what it groups by
        where it wants no other order."""
        names = dict.fromkeys(name for groupby in grouping_sets for name in groupby)
        if order and order != ", ".join(names):
            return super()._read_grouping_sets(domain, grouping_sets, aggregates, order)
        found = super()._read_grouping_sets(
            domain, grouping_sets, aggregates, "__count DESC"
        )
        return [
            self._ordered(rows, len(groupby))
            for rows, groupby in zip(found, grouping_sets, strict=True)
        ]

    @api.model
    def _ordered(self, rows, count):
        """:return: rows in the order of their first ``count`` values, empty last"""
        columns = list(zip(*rows, strict=True))[:count]
        places = [self._places(set(column)) for column in columns]
        return sorted(
            rows,
            key=lambda row: [
                place[value] for place, value in zip(places, row, strict=False)
            ],
        )

    @api.model
    def _places(self, values):
        """:return: dict value of a group -> its place among the others"""
        there = [value for value in values if value]
        if there and isinstance(there[0], models.BaseModel):
            records = there[0].union(*there)
            # sudo: in which order come what the groups name already
            ordered = records.sudo().with_context(active_test=False)
            there = [
                record.with_env(self.env)
                for record in ordered.search([("id", "in", records.ids)])
            ]
        else:
            there.sort()
        there += [value for value in values if not value]
        return {value: place for place, value in enumerate(there)}
