from odoo import fields, models


class CrmLostReason(models.Model):
    _inherit = "crm.lost.reason"

    closure_kind = fields.Selection(
        selection=[
            ("standby", "Standby"),
            ("rejected", "Customer rejects the opportunity"),
            ("unqualified", "Customer does not qualify"),
        ],
        string="Closure",
        help="The closure this reason explains. Without one, it counts as a rejection.",
    )
