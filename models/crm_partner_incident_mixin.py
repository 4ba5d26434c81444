from odoo import api, fields, models


class CrmPartnerIncidentMixin(models.AbstractModel):
    """What organizations and contacts show of their incidents and projects, and whether
    an account is a key one. For ``res.partner`` only."""

    _name = "crm.partner.incident.mixin"
    _description = "Incidents and Projects of an Account"

    is_key_account = fields.Boolean(
        string="Key Account",
        help="Its seller is told at once when something severe happens there.",
    )

    @api.model
    def _commercial_fields(self):
        return [*super()._commercial_fields(), "is_key_account"]
