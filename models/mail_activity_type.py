from odoo import fields, models


class MailActivityType(models.Model):
    _inherit = "mail.activity.type"

    is_gestion = fields.Boolean(
        string="Is an Interaction",
        help="Something done with a customer, such as a call or a visit: it can be "
        "logged as a gestión. A to-do is not one.",
    )
    counts_as_activity = fields.Boolean(
        string="Counts for Objectives",
        default=True,
        help="Interactions of this type count in the activity of a seller.",
    )
