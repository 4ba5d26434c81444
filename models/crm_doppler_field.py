from odoo import fields, models


class CrmDopplerField(models.Model):
    """A field that the subscribers of an account have at Doppler, as the service told
    it last. Nobody writes them; who asks the account anew brings them up to date."""

    _name = "crm.doppler.field"
    _description = "Doppler Field"
    _order = "is_predefined desc, name, id"

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    name = fields.Char(required=True, readonly=True)
    type = fields.Char(required=True, readonly=True)
    is_predefined = fields.Boolean(readonly=True)
    is_readonly = fields.Boolean(string="Read-only", readonly=True)

    _name_unique = models.UniqueIndex(
        "(account_id, name)", "This field is known already."
    )
