from odoo import fields, models


class CrmDopplerMapping(models.Model):
    """What of a contact goes into a field of Doppler.

    Values of subscribers belong to the account and not to a list there, so that all
    lists share one mapping. Each field of Doppler is filled once, from a field whose
    values its type can hold.
    """

    _name = "crm.doppler.mapping"
    _description = "Doppler Field Mapping"
    _order = "account_id, id"
    _rec_name = "field_id"

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    field_id = fields.Many2one(
        comodel_name="crm.doppler.field",
        string="Field of Doppler",
        required=True,
        ondelete="cascade",
        domain="[('account_id', '=', account_id), ('is_readonly', '=', False)]",
    )
    type = fields.Char(related="field_id.type")
    partner_field_id = fields.Many2one(
        comodel_name="ir.model.fields",
        string="Field of the Contact",
        required=True,
        ondelete="cascade",
        domain="[('model', '=', 'res.partner')]",
    )
    part = fields.Selection(
        selection=[
            ("all", "All of it"),
            ("first_word", "First word"),
            ("other_words", "All but the first word"),
        ],
        required=True,
        default="all",
        help="Names of contacts are one field in Odoo and two in Doppler.",
    )

    _field_unique = models.UniqueIndex(
        "(account_id, field_id)", "Each field of Doppler is filled once."
    )
