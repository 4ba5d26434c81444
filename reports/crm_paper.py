from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..tools.period import bounds

# Rows of one table; the document says how many more there are.
ROWS = 300


class CrmPaper(models.AbstractModel):
    """What our printed documents have in common: the report of a document inherits
    this, names the model of what it is about, and gathers what it shows.

    *Rights.* Everything is read as the reader: who may not read what is to be printed
    is refused, and related records that he may not read are simply not on the paper.

    *Nothing is written*, and the number of queries does not grow with the number of
    documents that are printed at once, nor with their rows.

    The paper is in the language of its reader.
    """

    _name = "crm.paper"
    _description = "Printed Document"

    _prints = None  # model of what is printed

    @api.model
    def _get_report_values(self, docids, data=None):
        """
        :param docids: ids of what is printed; where a dialog has asked for more first,
            they are the ``active_ids`` of the context, and ``data`` is its answer
        :return: dict of ``docs``, ``papers`` (dict of a document -> dict of what it
            shows), ``limit`` (rows of one table), ``first`` (function: the rows of a
            table up to there) and ``next_step`` (function: the first planned activity)
        :raise AccessError: where the user may not read one of them
        """
        if not self.env.user.has_group("crm_gestion.group_seller"):
            raise AccessError(
                self.env._("These documents are for sales: ask a seller to print them.")
            )
        paper = self.with_context(lang=self.env.user.lang)
        ids = docids or self.env.context.get("active_ids") or []
        docs = paper.env[self._prints].browse(map(int, ids))
        docs.check_access("read")
        return {
            "doc_ids": docs.ids,
            "doc_model": docs._name,
            "docs": docs,
            "papers": paper._gather(docs, data or {}),
            "limit": ROWS,
            "first": paper._first,
            "next_step": paper._next_step,
        }

    @api.model
    def _gather(self, docs, data):
        """
        :param docs: what is printed, which the user may read
        :param dict data: what a dialog has asked for; it comes from the client
        :return: dict of a document -> dict of what it shows
        """
        raise NotImplementedError

    # === HELPERS === #

    @api.model
    def _group(self, docs, records, name):
        """
        :param name: field, or function, that tells whose a record is
        :return: dict of a document -> its records, in the order in which they are
        """
        found = records.grouped(name)
        return {doc: found.get(doc, records.browse()) for doc in docs}

    @api.model
    def _first(self, rows):
        # a slice of records would be read on its own, not along with all others
        return list(rows)[:ROWS]

    @api.model
    def _next_step(self, record):
        return next(iter(record.activity_ids), None)

    @api.model
    def _share(self, value, values):
        """:return: length of a bar, in percent of that of the greatest value"""
        greatest = max(values, default=0)
        return round(100 * value / greatest) if greatest > 0 else 0

    @api.model
    def _totals(self, records, amount, currency="currency_id"):
        """:return: list of pairs of a currency and the total in it"""
        return [
            (money, sum(group.mapped(amount)))
            for money, group in records.grouped(currency).items()
        ]

    @api.model
    def _ordered(self, orders):
        """:return: as `_totals`, of the confirmed ones of these orders"""
        confirmed = orders.filtered(lambda order: order.state == "sale")
        return self._totals(confirmed, "amount_total")

    @api.model
    def _period(self, data):
        """
        :return: tuple of the first and last day of the period that was asked for; the
            last 12 months where none was
        """
        today = self.env.company._crm_today()
        first, last = (
            self.env["crm.dashboard"]._day(data.get(name))
            for name in ("date_from", "date_to")
        )
        last = last or today
        return bounds("custom", today, first or self._year_before(last), last)

    @api.model
    def _year_before(self, day):
        return fields.Date.add(fields.Date.subtract(day, years=1), days=1)
