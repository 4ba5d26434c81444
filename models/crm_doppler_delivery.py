from odoo import fields, models


class CrmDopplerDelivery(models.Model):
    """What became of a campaign of Doppler at one of its recipients.

    *Invariants.* One row for each campaign and address, of contacts that we pushed. A
    status only gets better (not opened, opened) or says that the address bounced, and
    clicks only grow. Doppler tells no times: ``date`` is when we first saw it,
    ``changed_date`` when we last saw something new.
    """

    _name = "crm.doppler.delivery"
    _description = "Recipient of a Doppler Campaign"
    _order = "id desc"
    _rec_name = "partner_id"

    campaign_id = fields.Many2one(
        comodel_name="crm.doppler.campaign",
        string="Doppler Campaign",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="campaign_id.company_id", store=True, index="btree_not_null"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    email = fields.Char(string="Address", required=True, readonly=True)
    status = fields.Selection(
        selection=[
            ("sent", "Not Opened"),
            ("opened", "Opened"),
            ("soft_bounce", "Soft Bounce"),
            ("hard_bounce", "Hard Bounce"),
        ],
        required=True,
        readonly=True,
    )
    clicks = fields.Integer(readonly=True)
    date = fields.Datetime(string="First Seen", required=True, readonly=True)
    changed_date = fields.Datetime(required=True, readonly=True)

    _email_unique = models.UniqueIndex(
        "(campaign_id, email)", "This recipient is known already."
    )
