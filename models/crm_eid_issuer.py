from odoo import fields, models


class CrmEidIssuer(models.Model):
    """A certification authority whose certificates log in: pinned, by its whole name
    as the proxy tells it and by nothing that a certificate says of itself."""

    _name = "crm.eid.issuer"
    _description = "Issuer of Electronic IDs"
    _order = "name, id"

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    distinguished_name = fields.Char(required=True, help="As in RFC 2253.")
