from odoo import api, fields, models
from odoo.fields import Command

from ..tools.mailing import COUNTS, rates

GROUPS = "crm_gestion.group_seller,mass_mailing.group_mass_mailing_user"
# figure or rate of crm.mailing.metric -> field of the campaign
SHOWN = {
    "sent": "crm_email_sent",
    "delivered": "crm_email_delivered",
    "clicks_unique": "crm_email_clicks",
    "click_rate": "crm_email_click_rate",
    "replies": "crm_email_replies",
    "reply_rate": "crm_email_reply_rate",
    "unsubscribes": "crm_email_unsubscribes",
    "complaints": "crm_email_complaints",
    "opens_unique": "crm_email_opens",
    "open_rate": "crm_email_open_rate",
}


class CrmCampaignEmailMixin(models.AbstractModel):
    """What the mailings of a campaign came to, its sub-campaigns' included: a part of
    ``utm.campaign``. Totals of the latest rows of ``crm.mailing.metric``."""

    _name = "crm.campaign.email.mixin"
    _description = "E-mail Results of a Campaign"

    crm_email_metric_ids = fields.Many2many(
        comodel_name="crm.mailing.metric",
        string="E-mail Results",
        compute="_compute_crm_email_metric_ids",
        groups=GROUPS,
    )
    crm_email_sent = fields.Integer(
        string="E-mails Sent", compute="_compute_crm_email_totals", groups=GROUPS
    )
    crm_email_delivered = fields.Integer(
        string="E-mails Delivered", compute="_compute_crm_email_totals", groups=GROUPS
    )
    crm_email_bounces = fields.Integer(
        string="Bounces", compute="_compute_crm_email_totals", groups=GROUPS
    )
    crm_email_clicks = fields.Integer(
        string="Recipients Who Clicked",
        compute="_compute_crm_email_totals",
        groups=GROUPS,
    )
    crm_email_click_rate = fields.Float(
        string="Click Rate", compute="_compute_crm_email_totals", groups=GROUPS
    )
    crm_email_replies = fields.Integer(
        string="Recipients Who Answered",
        compute="_compute_crm_email_totals",
        groups=GROUPS,
    )
    crm_email_reply_rate = fields.Float(
        string="Answer Rate", compute="_compute_crm_email_totals", groups=GROUPS
    )
    crm_email_unsubscribes = fields.Integer(
        string="Unsubscribes", compute="_compute_crm_email_totals", groups=GROUPS
    )
    crm_email_complaints = fields.Integer(
        string="Complaints", compute="_compute_crm_email_totals", groups=GROUPS
    )
    crm_email_opens = fields.Integer(
        string="Recipients Who Opened",
        compute="_compute_crm_email_totals",
        groups=GROUPS,
    )
    crm_email_open_rate = fields.Float(
        string="Open Rate", compute="_compute_crm_email_totals", groups=GROUPS
    )
    crm_email_may_load = fields.Boolean(
        string="May Load E-mail Results",
        compute="_compute_crm_email_may_load",
        groups=GROUPS,
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_email_metric_ids(self):
        metrics = self.env["crm.mailing.metric"].search(
            [("campaign_id", "child_of", self.ids), ("is_latest", "=", True)],
            order="sent_date desc, id desc",
        )
        for campaign in self:
            own = metrics.filtered(
                lambda m, c=campaign: (
                    f"/{c._origin.id}/" in f"/{m.campaign_id.parent_path}"
                )
            )
            campaign.crm_email_metric_ids = [Command.set(own.ids)]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_email_totals(self):
        totals = self.env["crm.mailing.metric"]._totals(self._origin)
        # most campaigns sent nothing: theirs are told at once
        quiet = self.filtered(lambda c: not any(totals.get(c._origin, {}).values()))
        for campaign in (quiet, *(self - quiet)):
            figures = totals.get(campaign[:1]._origin, dict.fromkeys(COUNTS, 0))
            figures = {**figures, **rates(figures)}
            campaign.crm_email_bounces = (
                figures["bounces_hard"] + figures["bounces_soft"]
            )
            for name, shown in SHOWN.items():
                campaign[shown] = figures[name]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_email_may_load(self):
        for campaign in self:
            campaign.crm_email_may_load = self.env["crm.mailing.metric"]._may_load(
                campaign
            )

    def action_crm_refresh_email(self):
        """Bring the figures of Odoo's own mailings up to date."""
        self.check_access("read")
        below = self.search([("id", "child_of", self.ids)])
        # sudo: mailings are marketing's; what becomes of them here are figures
        mailings = (
            self.env["mailing.mailing"]
            .sudo()
            .search([("campaign_id", "in", below.ids), ("sent_date", "!=", False)])
        )
        self.env["crm.mailing.metric"]._snapshot(mailings)

    def action_crm_email_curve(self):
        """:return: action of the figures day by day"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_mailing_metric_action_curve"
        )
        return {**action, "domain": [("campaign_id", "child_of", self.ids)]}
