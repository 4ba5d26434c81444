from odoo import api, fields, models


class CrmCampaignBudget(models.Model):
    """The money that is planned for one campaign.

    It is apart from the campaign, which every user of the company may read and write:
    rules leave this row to the responsible of the campaign and to sales directors. It
    is read and written through the fields of the campaign, which make it when an amount
    is first entered.
    """

    _name = "crm.campaign.budget"
    _description = "Budget of a Campaign"
    _order = "campaign_id, id"
    _rec_name = "campaign_id"

    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="campaign_id.currency_id")
    budget = fields.Monetary()
    expected_revenue = fields.Monetary()

    _campaign_unique = models.Constraint(
        "UNIQUE(campaign_id)", "This campaign has a budget already."
    )

    def write(self, vals):
        res = super().write(vals)
        if "campaign_id" in vals:
            self.check_access("write")  # nobody gives it to a campaign of others
        return res

    @api.model
    def _amounts(self, campaigns):
        """:return: dict id of a campaign -> row, read whoever asks"""
        # sudo: the campaign tells its reader only what he may see
        rows = self.sudo().search([("campaign_id", "in", campaigns.ids)])
        return {row.campaign_id.id: row for row in rows}

    @api.model
    def _set(self, campaign, vals):
        """Enter the amounts of a campaign, with the rights of the user."""
        if row := self.search([("campaign_id", "=", campaign.id)]):
            row.write(vals)
        else:
            self.create({"campaign_id": campaign.id, **vals})
