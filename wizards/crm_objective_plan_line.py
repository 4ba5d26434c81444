from odoo import api, fields, models

from ..models.crm_objective_plan_maker import MONTHS

# Names of the columns of a year, in order.
COLUMNS = [f"amount_{month:02}" for month in MONTHS]


def _amount(label):
    return fields.Monetary(string=label)


class CrmObjectivePlanLine(models.TransientModel):
    """Targets of one salesperson, month by month; 0: none."""

    _name = "crm.objective.plan.line"
    _description = "Objectives of a Salesperson"
    _order = "plan_id, id"

    plan_id = fields.Many2one(
        comodel_name="crm.objective.plan", required=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="plan_id.currency_id")
    amount_01 = _amount("Jan")
    amount_02 = _amount("Feb")
    amount_03 = _amount("Mar")
    amount_04 = _amount("Apr")
    amount_05 = _amount("May")
    amount_06 = _amount("Jun")
    amount_07 = _amount("Jul")
    amount_08 = _amount("Aug")
    amount_09 = _amount("Sep")
    amount_10 = _amount("Oct")
    amount_11 = _amount("Nov")
    amount_12 = _amount("Dec")
    total = fields.Monetary(compute="_compute_total")

    @api.depends(*COLUMNS)
    def _compute_total(self):
        for line in self:
            line.total = sum(line[column] for column in COLUMNS)

    def _cells(self):
        """:return: dict cell -> target, as ``crm.objective.plan.maker`` has them"""
        return {
            (line.user_id.id, month): line[column]
            for line in self
            for month, column in zip(MONTHS, COLUMNS, strict=True)
        }
