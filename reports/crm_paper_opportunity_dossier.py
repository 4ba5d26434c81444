from odoo import api, fields, models
from odoo.tools import format_amount, format_date


class CrmOpportunityDossierDocument(models.AbstractModel):
    """The printed dossier of an opportunity: its data, how long it was in each stage,
    its lines, gestiones, closures, changes of the forecast, quotations and orders."""

    _name = "report.crm_gestion.crm_opportunity_dossier_report"
    _inherit = "crm.paper"
    _description = "Opportunity Dossier"

    _prints = "crm.lead"

    @api.model
    def _gather(self, docs, data):
        parts = {
            "stages": self._of(docs, "crm.opportunity.stage", order="date_in, id"),
            "lines": self._of(docs, "crm.opportunity.line"),
            "gestiones": self._of(docs, "crm.gestion"),
            "closures": self._of(docs, "crm.opportunity.closure", order="date, id"),
            "forecasts": self._of(docs, "crm.opportunity.forecast.log"),
            "orders": self._of(docs, "sale.order", name="opportunity_id"),
        }
        gestiones = self.env["crm.gestion"].union(*parts["gestiones"].values())
        partners = docs.partner_id | docs.organization_id | gestiones.contact_id
        partners, teams, campaigns = (
            records._filtered_access("read")
            for records in (partners, docs.team_id, docs.campaign_id)
        )
        return {
            doc: {
                **{name: found[doc] for name, found in parts.items()},
                "partners": partners,
                "organization": doc.organization_id & partners,
                "contact": doc.partner_id & partners,
                "team": doc.team_id & teams,
                "campaign": doc.campaign_id & campaigns,
                "stages": self._passages(parts["stages"][doc]),
                "lines_totals": self._totals(parts["lines"][doc], "subtotal"),
                "forecasts": self._changes(doc, parts["forecasts"][doc]),
                "orders_totals": self._ordered(parts["orders"][doc]),
            }
            for doc in docs
        }

    @api.model
    def _of(self, docs, model, name="lead_id", order=None):
        """:return: dict of an opportunity -> its records that the user may read"""
        Model = self.env[model]
        records = Model.search_fetch([(name, "in", docs.ids)], [name], order=order)
        return self._group(docs, records, name)

    @api.model
    def _passages(self, rows):
        """:return: list of dicts of ``row``, ``days`` and ``share``: of the stages it
        passed, in their order; where it is now, the days so far"""
        now = fields.Datetime.now()
        rows = rows.filtered(lambda row: row.move not in ("won", "closed"))
        days = [row.days if row.date_out else row._days_until(now) for row in rows]
        return [
            {"row": row, "days": value, "share": self._share(value, days)}
            for row, value in zip(rows, days, strict=True)
        ]

    @api.model
    def _changes(self, lead, rows):
        """:return: list of dicts of ``row``, ``old`` and ``new``, as one writes them"""
        return [
            {
                "row": row,
                "old": self._written(lead, row.field, row.old),
                "new": self._written(lead, row.field, row.new),
            }
            for row in rows
        ]

    @api.model
    def _written(self, lead, name, value):
        if not value:
            return ""
        if name == "date_deadline":
            return format_date(self.env, value)
        return format_amount(self.env, float(value), lead.company_currency)
