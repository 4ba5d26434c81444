from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

PAGES = ("crm.dashboard.seller", "crm.dashboard.head", "crm.dashboard.director")
# On paper there is one scheme of colours.
TONES = {
    "success": "#28a745",
    "warning": "#e99d00",
    "danger": "#d44c59",
    "muted": "#8f8f8f",
}
PALETTE = ("#4EA7F2", "#EA6175", "#43C5B1", "#F4A261", "#8481DD", "#FFD86D")
NOTHING = "–"


class CrmDashboardReport(models.AbstractModel):
    """A dashboard on paper: what `get_data` answers its reader, and nothing else."""

    _name = "report.crm_gestion.report_crm_dashboard"
    _description = "Printed Dashboard"

    @api.model
    def _get_report_values(self, docids, data=None):
        """
        :param dict data: ``model`` of the dashboard and its ``filters``, as `get_data`
            takes them; it comes from the client
        :return: dict with ``page`` (what `get_data` answers), and of functions that
            the template asks
        :raise UserError: where this is no dashboard
        """
        data = data or {}
        if data.get("model") not in PAGES:
            raise UserError(self.env._("Print a dashboard from its own page."))
        page = self.env[data["model"]].get_data(data.get("filters"))
        currency = self.env["res.currency"].browse(page["currency_id"])
        return {
            "company": self.env.company,
            "page": page,
            "bars": lambda section: self._bars(section, currency),
            "color": lambda tone: TONES.get(tone, "inherit"),
            "is_empty": self._is_empty,
            "percent": self._percent,
            "text": lambda figure: self._text(figure, currency),
            "width": self._width,
        }

    @api.model
    def _text(self, figure, currency):
        """:return: a figure as its reader writes it"""
        value, env = figure["value"], self.env
        if value is None or value is False:
            return NOTHING
        write = {
            "integer": lambda: formatLang(env, value, digits=0),
            "float": lambda: formatLang(env, value, digits=2),
            "monetary": lambda: formatLang(env, value, currency_obj=currency),
            "percentage": lambda: self._percent(value),
            "days": lambda: env._("%s days", formatLang(env, value, digits=1)),
            "date": lambda: format_date(env, value),
        }.get(figure["format"], lambda: str(value))
        return write()

    @api.model
    def _percent(self, ratio):
        return f"{formatLang(self.env, (ratio or 0.0) * 100, digits=1)}%"

    @api.model
    def _width(self, ratio):
        """:return: percentage that a bar is long; more than all of it is all of it"""
        return round(min(max(ratio or 0.0, 0.0), 1.0) * 100, 1)

    @api.model
    def _is_empty(self, section):
        """:return: whether there is nothing but what a section says for that case"""
        if "series" in section:
            return not any(p["value"] for s in section["series"] for p in s["points"])
        return not (section.get("figures") or section.get("rows"))

    @api.model
    def _bars(self, section, currency):
        """:return: list of dicts, the bars of a graph one below the other: ``label``
        (empty but for its first), ``name`` of the series, ``text``, ``width`` in
        percent and ``color``"""
        series = section["series"]
        peak = max(abs(p["value"] or 0) for each in series for p in each["points"])
        bars = []
        for position, label in enumerate(section["labels"]):
            shown = label
            for number, each in enumerate(series):
                point = each["points"][position]
                if len(series) > 1 and not point["value"]:
                    continue
                tone = point["tone"] or each["tone"]
                color = TONES.get(tone) or PALETTE[number % len(PALETTE)]
                bars.append(
                    {
                        "label": shown,
                        "name": each["name"],
                        "text": self._text(point, currency),
                        "width": self._width(abs(point["value"] or 0) / peak),
                        "color": color,
                    }
                )
                shown = ""
        return bars
