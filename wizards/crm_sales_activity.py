from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmSalesActivity(models.TransientModel):
    """Asks whose sales activity of which period is printed.

    Sellers print their own; heads and directors that of one person, of one team with
    those below it, or of all of their people: those of their dashboards, so that paper
    and screen tell the same. What a client asks for beyond that is refused when it is
    printed.
    """

    _name = "crm.sales.activity"
    _description = "Sales Activity"

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        domain="[('id', 'in', possible_user_ids)]",
        ondelete="cascade",
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        domain="[('id', 'in', possible_team_ids)]",
        ondelete="cascade",
        help="With the teams below it.",
    )
    period = fields.Selection(
        selection=lambda self: self.env["crm.dashboard"]._periods(),
        required=True,
        default="month",
    )
    date_from = fields.Date(string="From")
    date_to = fields.Date(string="Until")
    possible_user_ids = fields.Many2many(
        comodel_name="res.users",
        string="Possible Salespeople",
        compute="_compute_possible",
    )
    possible_team_ids = fields.Many2many(
        comodel_name="crm.team", string="Possible Teams", compute="_compute_possible"
    )

    _dates = models.Constraint(
        "CHECK(date_from <= date_to)",
        "The period ends before it begins: change one of the dates.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_possible(self):
        dashboard = self._dashboard()
        self.possible_user_ids = dashboard._users()
        self.possible_team_ids = dashboard._teams()

    @api.model
    def _dashboard(self):
        """:return: the dashboard of the reader, which says at whom he may look"""
        dashboards = [
            self.env[f"crm.dashboard.{role}"] for role in ("director", "head", "seller")
        ]
        user = self.env.user
        return next((d for d in dashboards if user.has_group(d._group)), dashboards[-1])

    def _filters(self):
        """
        :return: dict of filters as ``crm.dashboard`` hears them
        :raise UserError: where the reader may not look at who was chosen
        """
        self.ensure_one()
        heard = self._dashboard()._heard(
            {
                "period": self.period,
                "date_from": fields.Date.to_string(self.date_from),
                "date_to": fields.Date.to_string(self.date_to),
                "team_id": self.team_id.id,
                "user_id": self.user_id.id,
            }
        )
        if (heard["user_id"], heard["team_id"]) != (self.user_id.id, self.team_id.id):
            raise UserError(
                self.env._("Choose yourself, or people and teams that you lead.")
            )
        return heard

    def action_print(self):
        """
        :return: action that prints the activity
        :raise UserError: where the reader may not look at who was chosen
        """
        self.ensure_one()
        self._filters()
        report = self.env.ref("crm_gestion.crm_sales_activity_report_action")
        return report.report_action(self, config=False)
