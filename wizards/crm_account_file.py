from odoo import api, fields, models


class CrmAccountFile(models.TransientModel):
    """Asks for the period of which an account file tells the history."""

    _name = "crm.account.file"
    _description = "Account File of a Period"

    partner_ids = fields.Many2many(
        comodel_name="res.partner",
        string="Accounts",
        required=True,
        default=lambda self: self._default_partner_ids(),
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: self.env["crm.paper"]._period({})[0],
    )
    date_to = fields.Date(
        string="Until",
        required=True,
        default=lambda self: self.env["crm.paper"]._period({})[1],
    )

    _dates = models.Constraint(
        "CHECK(date_from <= date_to)",
        "The period ends before it begins: change one of the dates.",
    )

    @api.model
    def _default_partner_ids(self):
        if self.env.context.get("active_model") != "res.partner":
            return False
        return self.env.context.get("active_ids")

    def action_print(self):
        """:return: action that prints the files"""
        self.ensure_one()
        report = self.env.ref("crm_gestion.crm_account_file_report_action")
        data = {
            "date_from": fields.Date.to_string(self.date_from),
            "date_to": fields.Date.to_string(self.date_to),
        }
        return report.report_action(self.partner_ids, data=data, config=False)
