from odoo import fields, models
from odoo.fields import Command


class CrmMailingMetricMapping(models.Model):
    """A tool whose files of e-mail results are loaded, and what its columns mean: kept
    when a file is loaded, proposed with the next one, in whatever order its columns
    come. Columns go by their titles."""

    _name = "crm.mailing.metric.mapping"
    _description = "E-mail Tool"
    _order = "name, id"

    name = fields.Char(string="Tool", required=True)
    month_first = fields.Boolean(
        string="Month before Day", help="Its files write 3/2/2026 for the 2nd of March."
    )
    line_ids = fields.One2many(
        comodel_name="crm.mailing.metric.mapping.line",
        inverse_name="mapping_id",
        string="Columns",
    )

    _name_unique = models.UniqueIndex("(lower(name))", "This tool is here already.")

    def _remember(self, figures, month_first):
        """:param dict figures: title of a column -> figure, or False for none"""
        self.ensure_one()
        known = {line.title: line for line in self.line_ids}
        commands = [
            Command.update(known[title].id, {"figure": figure})
            if title in known
            else Command.create({"title": title, "figure": figure})
            for title, figure in figures.items()
        ]
        self.write({"month_first": month_first, "line_ids": commands})
