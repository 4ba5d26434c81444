from odoo import api, fields, models

from ..tools.mailing import COUNTS


class CrmMailingMetricMappingLine(models.Model):
    """What one column of a tool's files means; empty for one that is left out."""

    _name = "crm.mailing.metric.mapping.line"
    _description = "Column of an E-mail Tool"
    _order = "mapping_id, id"

    mapping_id = fields.Many2one(
        comodel_name="crm.mailing.metric.mapping",
        required=True,
        index=True,
        ondelete="cascade",
    )
    title = fields.Char(
        string="Column", required=True, help="Its title, in lower case without accents."
    )
    figure = fields.Selection(selection="_select_figure")

    _column_unique = models.UniqueIndex(
        "(mapping_id, title)", "This column is in the list already."
    )

    @api.model
    def _select_figure(self):
        metric = self.env["crm.mailing.metric"]
        return [
            ("campaign", self.env._("Campaign")),
            *(
                (name, metric._label(name))
                for name in ("name", "external_ref", "date", "sent_date", *COUNTS)
            ),
        ]
