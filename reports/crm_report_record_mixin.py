from odoo import api, fields, models


class CrmReportRecordMixin(models.AbstractModel):
    """A report each of whose rows is of one record, and by what all of them are asked:
    whose it is, of which team and company, and where it came from.

    Rules ask ``user_id`` and ``company_id``: they are plain columns of the query. A row
    opens the record that ``_opens`` names.
    """

    _name = "crm.report.record.mixin"
    _inherit = "crm.report.ratio.mixin"
    _description = "Report of Records"

    _opens = None  # model, and the column that holds the id of its record

    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    market_id = fields.Many2one(comodel_name="crm.market", readonly=True)
    origination_id = fields.Many2one(comodel_name="crm.origination", readonly=True)
    campaign_id = fields.Many2one(comodel_name="utm.campaign", readonly=True)

    @api.readonly
    def action_open(self):
        """:return: action of the record behind the row"""
        self.ensure_one()
        self.check_access("read")
        model, column = self._opens
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": self.id if column == "id" else self[column].id,
            "views": [(False, "form")],
        }
