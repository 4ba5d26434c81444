from odoo import fields, models


class CrmDopplerOptout(models.Model):
    """An address that gets no more e-mails from an account of Doppler, as the service
    says or answered when we tried.

    *Invariants.* One row for each account and address. Rows stay: nobody of them is
    ever pushed again, even if somebody takes him off Odoo's blacklist, unless Doppler
    itself says that he is active again. What people asked for is on Odoo's blacklist
    too; what only the mail server says (bounces) is not.
    """

    _name = "crm.doppler.optout"
    _description = "Doppler Opt-out"
    _order = "date desc, id desc"
    _rec_name = "email"

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index="btree_not_null"
    )
    email = fields.Char(string="Address", required=True, readonly=True)
    kind = fields.Selection(
        selection=[
            ("manual", "Unsubscribed"),
            ("administrative", "Taken off by us"),
            ("abuse", "Reported it as spam"),
            ("hard_bounce", "Hard bounce"),
            ("soft_bounce", "Soft bounces"),
            ("never_open", "Never opened anything"),
            ("policy", "Not allowed by Doppler"),
            ("other", "Other"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Datetime(readonly=True, help="As Doppler tells it.")
    note = fields.Char(readonly=True)

    _email_unique = models.UniqueIndex(
        "(account_id, email)", "This opt-out is known already."
    )
