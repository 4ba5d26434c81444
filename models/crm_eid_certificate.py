from odoo import fields, models


class CrmEidCertificate(models.Model):
    """That a person with a certificate is one of our users: issuer and the serial
    number of the person (NIF), never a name or an e-mail, to one internal user.

    *Lifecycle.* Registered by a system administrator. Revoking or deleting one ends the
    sessions that it opened at once.
    """

    _name = "crm.eid.certificate"
    _description = "Electronic ID of a User"
    _order = "user_id, id"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        comodel_name="res.users", required=True, index=True, ondelete="cascade"
    )
    issuer_id = fields.Many2one(
        comodel_name="crm.eid.issuer", required=True, index=True, ondelete="restrict"
    )
    active = fields.Boolean(default=True)
