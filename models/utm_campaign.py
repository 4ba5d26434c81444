from odoo import fields, models


class UtmCampaign(models.Model):
    """A campaign has a type, dates, a segment and a market, and may be part of a larger
    one."""

    _name = "utm.campaign"
    _inherit = ["utm.campaign", "crm.campaign.email.mixin"]
    _parent_store = True

    campaign_type = fields.Selection(
        selection=[
            ("email", "E-mail"),
            ("call", "Calls"),
            ("event", "Event or Fair"),
            ("visit", "Visits"),
            ("advertising", "Advertising"),
        ],
        string="Type",
    )
    date_from = fields.Date(string="Start")
    date_to = fields.Date(string="End")
    parent_id = fields.Many2one(
        comodel_name="utm.campaign",
        string="Part of",
        index="btree_not_null",
        ondelete="restrict",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many(
        comodel_name="utm.campaign", inverse_name="parent_id", string="Sub-campaigns"
    )
    segment_id = fields.Many2one(
        comodel_name="crm.segment", index="btree_not_null", ondelete="restrict"
    )
    market_id = fields.Many2one(
        comodel_name="crm.market", index="btree_not_null", ondelete="restrict"
    )
