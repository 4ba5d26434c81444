from odoo import api, fields, models

from ..tools.campaign import rolled_up

GROUPS = "crm_gestion.group_seller"


class CrmCampaignDopplerMixin(models.AbstractModel):
    """What of a campaign was sent from Doppler, that of its sub-campaigns included: a
    part of ``utm.campaign``. The rows are ``crm.doppler.campaign``'s."""

    _name = "crm.campaign.doppler.mixin"
    _description = "Doppler Campaigns of a Campaign"

    crm_doppler_count = fields.Integer(
        string="At Doppler", compute="_compute_crm_doppler_counts", groups=GROUPS
    )
    crm_doppler_recipient_count = fields.Integer(
        string="Doppler Recipients",
        compute="_compute_crm_doppler_counts",
        groups=GROUPS,
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_doppler_counts(self):
        tree = self._origin._crm_tree()
        linked = self.env["crm.doppler.campaign"].search(
            [("campaign_id", "in", [i for ids in tree.values() for i in ids])]
        )
        own = {
            campaign.id: (len(rows), sum(rows.mapped("delivery_count")))
            for campaign, rows in linked.grouped("campaign_id").items()
        }
        counts = rolled_up(tree, own, 2)
        for campaign in self:
            found = counts.get(campaign._origin, (0, 0))
            campaign.crm_doppler_count = found[0]
            campaign.crm_doppler_recipient_count = found[1]

    # === ACTION METHODS === #

    def action_crm_doppler_campaigns(self):
        """:return: the list of the campaigns of Doppler that belong to these"""
        return self._crm_doppler_action("campaign", "campaign_id")

    def action_crm_doppler_recipients(self):
        """:return: the list of whom the campaigns of Doppler of these went to"""
        return self._crm_doppler_action("delivery", "campaign_id.campaign_id")

    def _crm_doppler_action(self, name, path):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"crm_gestion.crm_doppler_{name}_action"
        )
        return {**action, "domain": [(path, "child_of", self.ids)], "context": {}}
