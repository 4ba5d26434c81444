from odoo import fields, models


class CrmMailingMetricImportLine(models.TransientModel):
    """A column of the file that is being loaded, and what it means."""

    _name = "crm.mailing.metric.import.line"
    _description = "Column of E-mail Results"
    _order = "place, id"

    import_id = fields.Many2one(
        comodel_name="crm.mailing.metric.import", required=True, ondelete="cascade"
    )
    place = fields.Integer(readonly=True)
    title = fields.Char(string="Column", readonly=True)
    sample = fields.Char(string="First Row", readonly=True)
    figure = fields.Selection(
        selection=lambda self: self.env[
            "crm.mailing.metric.mapping.line"
        ]._select_figure(),
        string="Means",
    )
