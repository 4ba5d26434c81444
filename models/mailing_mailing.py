from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MailingMailing(models.Model):
    """A mailing may have a segment as its audience.

    Who is in it is worked out when it is sent, and counted when it is looked at, in
    superuser mode with the companies of the segment: the same people whoever sends it,
    and whoever may send mailings sees whom they reach. ``mailing_domain`` shows the
    conditions and is not what is sent to.
    """

    _inherit = "mailing.mailing"

    crm_segment_id = fields.Many2one(
        comodel_name="crm.segment",
        string="Segment",
        index="btree_not_null",
        ondelete="restrict",
        help="Who is in this segment when the mailing is sent receives it, but for who "
        "opted out.",
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_segment_id")
    def _compute_mailing_domain(self):
        """Those of a living segment as they are now, to be read."""
        res = super()._compute_mailing_domain()
        for mailing in self.filtered("crm_segment_id"):
            mailing.mailing_domain = repr(list(mailing.crm_segment_id._domain()))
        return res

    @api.onchange("campaign_id")
    def _onchange_crm_campaign_id(self):
        """Propose the segment of the campaign to a mailing without recipients."""
        segment = self.campaign_id.segment_id
        if segment and not self.crm_segment_id and not self.contact_list_ids:
            self.crm_segment_id = segment
            self._onchange_crm_segment_id()

    @api.onchange("crm_segment_id")
    def _onchange_crm_segment_id(self):
        if self.crm_segment_id:
            self.mailing_model_id = self._crm_partner_model()

    @api.onchange("mailing_model_id")
    def _onchange_crm_mailing_model_id(self):
        if self.mailing_model_id != self._crm_partner_model():
            self.crm_segment_id = False

    # === CONSTRAINTS === #

    @api.constrains("crm_segment_id", "mailing_model_id")
    def _check_crm_segment(self):
        for mailing in self.filtered("crm_segment_id"):
            if mailing.mailing_model_real != "res.partner":
                raise ValidationError(
                    self.env._(
                        "Contacts are the recipients of a mailing to a segment: choose "
                        "them, or take the segment off."
                    )
                )

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """A mailing of a campaign is proposed to its segment, also where the setting
        hides the campaign."""
        vals = super().default_get(fields)
        context = self.env.context
        if "crm_segment_id" not in fields or context.get("default_contact_list_ids"):
            return vals
        campaign_id = context.get("default_campaign_id")
        campaign = self.env["utm.campaign"].browse(campaign_id).exists()
        segment_id = vals.get("crm_segment_id") or campaign.segment_id.id
        if segment_id:
            vals["crm_segment_id"] = segment_id
            vals["mailing_model_id"] = self._crm_partner_model().id
            vals.pop("contact_list_ids", None)
        return vals

    @api.model_create_multi
    def create(self, vals_list):
        model_id = self._crm_partner_model().id
        mailings = super().create(
            [
                {"mailing_model_id": model_id, **vals}
                if vals.get("crm_segment_id")
                else vals
                for vals in vals_list
            ]
        )
        mailings.crm_segment_id.check_access("read")
        return mailings

    def write(self, vals):
        res = super().write(vals)
        if vals.get("crm_segment_id"):
            # it is evaluated in superuser mode: nobody takes one he may not read
            self.crm_segment_id.check_access("read")
        return res

    # === BUSINESS METHODS === #

    def _get_recipients_domain(self):
        domain = super()._get_recipients_domain()
        if self.crm_segment_id and self.mailing_model_real == "res.partner":
            return self.env["crm.segment.audience"]._domain(self.crm_segment_id)
        return domain

    @api.model
    def _crm_partner_model(self):
        # sudo: which model contacts are is no secret
        return self.env["ir.model"].sudo()._get("res.partner").sudo(False)
