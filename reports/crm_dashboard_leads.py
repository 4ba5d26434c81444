from odoo import api, models
from odoo.fields import Domain

SHOWN = 10


class CrmDashboardLeads(models.AbstractModel):
    """A table of the worst ten of some opportunities, and below it how many there are
    and what they are worth together. A part inherits this and says which they are."""

    _name = "crm.dashboard.leads"
    _inherit = "crm.dashboard.part"
    _description = "Opportunities of a Dashboard"

    @api.model
    def _worst(self, asked, key, title, domain, order, columns, **content):
        """
        :param columns: list of pairs of a column and a function of an opportunity that
            gives its value
        :return: dict, a section
        """
        total = self._total("crm.lead", domain, money=["expected_revenue"])
        leads = self.env["crm.lead"].search(domain, order=order, limit=SHOWN)
        people = self._people(asked, *leads.user_id.ids)
        columns = [
            (
                self._column("seller", self.env._("Salesperson"), "text"),
                lambda lead: people.get(lead.user_id.id),
            ),
            *columns,
            (
                self._column("amount", self.env._("Expected Revenue"), "monetary"),
                lambda lead: lead.expected_revenue * self._rate(lead.company_id),
            ),
        ]
        drill = self._drill("crm.lead", domain, title, total["count"])
        return self._section(
            key,
            title,
            "table",
            "full",
            columns=[column for column, _value in columns],
            rows=[self._lead(lead, columns) for lead in leads],
            total=bool(total["count"])
            and self._together(domain, title, total, columns),
            drill=drill,
            **content,
        )

    @api.model
    def _lead(self, lead, columns):
        """:return: dict, the row of an opportunity"""
        return self._row(
            lead.name,
            [self._figure(value(lead), column["format"]) for column, value in columns],
            self._drill("crm.lead", Domain("id", "=", lead.id), lead.name, 1),
        )

    @api.model
    def _together(self, domain, title, total, columns):
        """:return: dict, the row of all of them"""
        cells = [self._figure("", "text") for _column in columns[:-1]]
        return self._row(
            self.env._("%s in all", total["count"]),
            [*cells, self._amount(False, domain, total, name=title)],
            self._drill("crm.lead", domain, title, total["count"]),
        )
