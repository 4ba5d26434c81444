import base64

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..tools.mailing import COUNTS, figure_of, folded


class CrmMailingMetricImport(models.TransientModel):
    """Asks for a file of e-mail results and what its columns mean;
    ``crm.mailing.metric`` loads it, all of it or nothing. The columns are remembered
    for the next file of the tool, also where this one had mistakes."""

    _name = "crm.mailing.metric.import"
    _description = "Load E-mail Results"

    file = fields.Binary(attachment=False, required=True)
    file_name = fields.Char()
    mapping_id = fields.Many2one(
        comodel_name="crm.mailing.metric.mapping",
        string="Tool",
        required=True,
        ondelete="cascade",
        help="Which tool the file comes from: its columns are remembered.",
    )
    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        ondelete="cascade",
        help="Of the rows that do not name one.",
    )
    date = fields.Date(
        string="As of",
        required=True,
        default=fields.Date.context_today,
        help="Day of the figures, where no column tells it.",
    )
    month_first = fields.Boolean(
        string="Month before Day",
        compute="_compute_month_first",
        store=True,
        readonly=False,
    )
    line_ids = fields.One2many(
        comodel_name="crm.mailing.metric.import.line",
        inverse_name="import_id",
        string="Columns",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )
    messages = fields.Text(readonly=True)

    @api.depends("mapping_id")
    def _compute_month_first(self):
        for wizard in self:
            wizard.month_first = wizard.mapping_id.month_first

    @api.depends("file", "file_name", "mapping_id")
    def _compute_line_ids(self):
        for wizard in self:
            if not wizard.file:
                wizard.line_ids = [Command.clear()]
                continue
            titles, rows = wizard._read()
            remembered = {
                line.title: line.figure for line in wizard.mapping_id.line_ids
            }
            wizard.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "place": place,
                            "title": title,
                            "sample": str(rows[0][1][place]),
                            "figure": remembered.get(folded(title), figure_of(title)),
                        }
                    )
                    for place, title in enumerate(titles)
                    if title
                ),
            ]

    def _read(self):
        self.ensure_one()
        # while it is being edited the client has sent the file itself, else its size
        content = self.with_context(bin_size=False).file
        return self.env["crm.mailing.metric.file"]._read(
            base64.b64decode(content), self.file_name or ""
        )

    def action_load(self):
        """:return: action of the figures, or of this dialog with what is wrong"""
        self.ensure_one()
        figures = self._figures()
        self.mapping_id._remember(
            {folded(line.title): line.figure for line in self.line_ids},
            self.month_first,
        )
        reader = self.env["crm.mailing.metric.file"]
        rows, messages = reader._parse(
            self._read()[1],
            figures,
            {
                "tool": self.mapping_id.name,
                "campaign": self.campaign_id,
                "date": self.date,
            },
            self.month_first,
        )
        metrics = self.env["crm.mailing.metric"]
        if not messages:
            metrics, messages = metrics._load(rows)
        if messages:
            return self._again(messages)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_mailing_metric_action"
        )
        return {**action, "domain": [("id", "in", metrics.ids)], "context": {}}

    def _figures(self):
        """:return: dict place of a column -> what it means"""
        lines = self.line_ids.filtered("figure")
        figures = lines.mapped("figure")
        if twice := next((f for f in figures if figures.count(f) > 1), False):
            label = dict(lines._fields["figure"]._description_selection(self.env))
            raise UserError(
                self.env._("“%s” is two columns: leave one out.", label[twice])
            )
        if not {"name", "external_ref"} & set(figures) or not set(COUNTS) & set(
            figures
        ):
            raise UserError(
                self.env._(
                    "Choose the column with the name of the mailing, and at least one "
                    "with figures."
                )
            )
        return {line.place: line.figure for line in lines}

    def _again(self, messages):
        self.messages = "\n".join(messages[:20])
        if len(messages) > 20:
            self.messages += self.env._("\n… and %s more.", len(messages) - 20)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Load E-mail Results"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }
