from odoo import fields, models


class CrmIncidentType(models.Model):
    """What an incident is about: a fault, a delivery, an invoice, a question. Chosen
    by who opens it, and what reports group by."""

    _name = "crm.incident.type"
    _description = "Incident Type"
    _inherit = "crm.master.mixin"
    _order = "sequence, id"

    severity = fields.Selection(
        selection=lambda self: self.env["project.task"]._crm_severities(),
        help="What an incident of this type starts with; empty for the usual one.",
    )
    desk_id = fields.Many2one(
        comodel_name="project.project",
        domain="[('crm_is_incident_desk', '=', True)]",
        ondelete="set null",
        help="Where incidents of this type go; empty for the desk of the company.",
    )
    is_public = fields.Boolean(
        string="For Customers",
        default=True,
        help="Offered on the customer's portal.",
    )
