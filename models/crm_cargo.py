from odoo import fields, models


class CrmCargo(models.Model):
    """Position that a contact holds in an organization, and what it weighs in a
    sale."""

    _name = "crm.cargo"
    _description = "Contact Position"
    _inherit = "crm.master.mixin"
    _order = "sequence, id"

    influence = fields.Selection(
        selection=[
            ("decision_maker", "Decision maker"),
            ("influencer", "Influencer"),
            ("user", "User"),
            ("technical", "Technical"),
            ("purchasing", "Purchasing"),
            ("other", "Other"),
        ],
        default="other",
        required=True,
        help="What somebody in this position usually does in a purchase.",
    )
