from odoo import fields, models


class CrmDopplerCampaign(models.Model):
    """A campaign that was sent from Doppler, and the campaign of Odoo that it belongs
    to.

    *Lifecycle.* Fetching makes it and brings it up to date; the rule of the account
    links it to a campaign of Odoo as long as nobody has done so by hand. Its results
    are dated snapshots in ``crm.mailing.metric`` (provider ``doppler``), taken often at
    first and ever more seldom, and none before it is linked.
    """

    _name = "crm.doppler.campaign"
    _description = "Doppler Campaign"
    _order = "sent_date desc, id desc"
    _check_company_auto = True

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index="btree_not_null"
    )
    ref = fields.Char(string="Number at Doppler", required=True, readonly=True)
    name = fields.Char(required=True, readonly=True)
    subject = fields.Char(readonly=True)
    status = fields.Char(string="State at Doppler", readonly=True)
    sent_date = fields.Datetime(string="Sent on", readonly=True)
    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
    )
    is_linked_by_hand = fields.Boolean(readonly=True)
    results_date = fields.Datetime(string="Results of", readonly=True)
    next_results = fields.Datetime(string="Asked Again", readonly=True)
    error = fields.Char(string="Last Error", readonly=True)

    _ref_unique = models.UniqueIndex(
        "(account_id, ref)", "This campaign of Doppler is known already."
    )
    _due_idx = models.Index("(account_id, next_results)")
