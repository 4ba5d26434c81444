from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmCampaignMemberMixin(models.AbstractModel):
    """Who is in a campaign and how far he got: a part of ``utm.campaign``. The rows are
    ``crm.campaign.member``'s."""

    _name = "crm.campaign.member.mixin"
    _description = "Members of a Campaign"

    members_refreshed = fields.Datetime(
        readonly=True,
        copy=False,
        help="When its members were last told all that happened before.",
    )
    member_count = fields.Integer(
        string="Members",
        compute="_compute_member_counts",
        groups="crm_gestion.group_seller",
        help="Contacts of this campaign and those below it, each counted once.",
    )
    planned_count = fields.Integer(
        string="To Contact",
        compute="_compute_member_counts",
        groups="crm_gestion.group_seller",
    )
    contacted_count = fields.Integer(
        string="Contacted",
        compute="_compute_member_counts",
        groups="crm_gestion.group_seller",
    )
    opened_count = fields.Integer(
        string="Opened",
        compute="_compute_member_counts",
        groups="crm_gestion.group_seller",
    )
    clicked_count = fields.Integer(
        string="Clicked",
        compute="_compute_member_counts",
        groups="crm_gestion.group_seller",
    )
    answered_count = fields.Integer(
        string="Answered",
        compute="_compute_member_counts",
        groups="crm_gestion.group_seller",
    )
    opted_out_count = fields.Integer(
        string="Opted Out",
        compute="_compute_member_counts",
        groups="crm_gestion.group_seller",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_member_counts(self):
        counts = self.env["crm.campaign.member"]._counts(self._origin)
        for campaign in self:
            found = counts.get(campaign._origin.id, {})
            campaign.member_count = found.get("all", 0)
            campaign.planned_count = found.get("planned", 0)
            campaign.contacted_count = found.get("contacted", 0)
            campaign.opened_count = found.get("opened", 0)
            campaign.clicked_count = found.get("clicked", 0)
            campaign.answered_count = found.get("answered", 0)
            campaign.opted_out_count = found.get("opted_out", 0)

    # === ACTION METHODS === #

    def action_crm_members(self):
        """List the members of these campaigns and of those below them; those who got as
        far as the button says, where it says so."""
        domain = [("campaign_id", "child_of", self.ids)]
        if state := self.env.context.get("crm_member_state"):
            domain.append(("state", "=", state))
        context = {"default_campaign_id": self.id} if len(self) == 1 else {}
        return self.env["crm.campaign.member"]._view_action(domain, context)

    def action_crm_plan_segment(self):
        """Add all of the campaign's segment to its members; who is in it stays.

        :raise UserError: where it has no segment
        :raise AccessError: where the user may not; nothing has changed then
        """
        self.ensure_one()
        if not self.segment_id:
            raise UserError(self.env._("Choose the segment of the campaign first."))
        Member = self.env["crm.campaign.member"]
        return Member._plan_action(self, self.segment_id._partners())

    def action_crm_refresh_members(self):
        """Tell the members again what mailings, gestiones, opportunities and events
        say; where that is much, in the background.

        :raise AccessError: where the user may not add members
        """
        self.ensure_one()
        return self.env["crm.campaign.feed"]._refresh_action(self)
