from odoo import api, fields, models


class CrmCampaignAdd(models.TransientModel):
    """Asks to which campaign the contacts chosen in a list are added."""

    _name = "crm.campaign.add"
    _description = "Add to Campaign"

    campaign_id = fields.Many2one(
        comodel_name="utm.campaign", required=True, ondelete="cascade"
    )
    partner_ids = fields.Many2many(
        comodel_name="res.partner",
        string="Contacts",
        required=True,
        default=lambda self: self._default_partner_ids(),
    )
    partner_count = fields.Integer(
        string="Contacts Chosen", compute="_compute_partner_count"
    )

    @api.model
    def _default_partner_ids(self):
        if self.env.context.get("active_model") != "res.partner":
            return False
        return self.env.context.get("active_ids")

    @api.depends("partner_ids")
    def _compute_partner_count(self):
        for wizard in self:
            wizard.partner_count = len(wizard.partner_ids)

    def action_add(self):
        """Add the contacts to the campaign, say how many, and close the dialog."""
        self.ensure_one()
        return self.env["crm.campaign.member"]._plan_action(
            self.campaign_id, self.partner_ids, type="ir.actions.act_window_close"
        )
