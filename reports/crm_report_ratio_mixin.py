from odoo import api, models
from odoo.tools import SQL


class CrmReportRatioMixin(models.AbstractModel):
    """Rates of a report: the rate of a group is that of the sums of its rows, and not
    the average of their rates.

    A report names them in `_ratios` and declares each as a Float with
    ``compute="_compute_ratios"`` and ``aggregator="avg"``. What is divided are columns
    of the report; a rate of nothing is 0.
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
        ratio, _separator, aggregator = aggregate_spec.partition(":")
        if ratio not in self._ratios or aggregator != "avg":
            return super()._read_group_select(aggregate_spec, query)
        sums = (
            SQL(" + ").join(
                SQL("SUM(%s)", self._field_to_sql(self._table, name, query))
                for name in names.split(" + ")
            )
            for names in self._ratios[ratio]
        )
        return SQL("COALESCE((%s)::float / NULLIF(%s, 0), 0)", *sums)
