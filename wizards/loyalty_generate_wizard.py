from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL


class LoyaltyGenerateWizard(models.TransientModel):
    """Coupons for a segment in one step: one for each contact who is in it now, but for
    who has an unused one of the same program, and for who must not get the e-mail that
    it is sent with."""

    _inherit = "loyalty.generate.wizard"

    segment_id = fields.Many2one(comodel_name="crm.segment", ondelete="cascade")
    segment_note = fields.Char(compute="_compute_segment_note")

    @api.model
    def default_get(self, fields):
        """A program for a segment proposes coupons for it."""
        defaults = super().default_get(fields)
        program = self.env["loyalty.program"].browse(defaults.get("program_id"))
        if program.segment_id and program.program_type == "coupons":
            own = {"segment_id": program.segment_id.id, "mode": "selected"}
            defaults.update({key: own[key] for key in own if key in fields})
        return defaults

    @api.depends("segment_id", "program_id", "mode")
    def _compute_coupon_qty(self):
        return super()._compute_coupon_qty()

    @api.depends("segment_id", "program_id", "mode", "will_send_mail")
    def _compute_segment_note(self):
        Partner = self.env["res.partner"]
        for wizard in self:
            wizard.segment_note = False
            if not wizard.segment_id or wizard.mode != "selected":
                continue
            everybody = wizard.segment_id._domain()
            parts = [wizard.env._("%s in the segment", Partner.search_count(everybody))]
            having = Partner.search_count(everybody & wizard._holders_domain())
            if having:
                parts.append(wizard.env._("%s have an unused coupon already", having))
            refusing = wizard.will_send_mail and Partner.search_count(
                everybody & wizard._refusing_domain() & ~wizard._holders_domain()
            )
            if refusing:
                parts.append(wizard.env._("%s want no e-mail", refusing))
            wizard.segment_note = ", ".join(parts)

    def _get_partners(self):
        self.ensure_one()
        if self.mode != "selected" or not self.segment_id:
            return super()._get_partners()
        domain = self.segment_id._domain() & ~self._holders_domain()
        if self.will_send_mail:
            domain &= ~self._refusing_domain()
        return self.env["res.partner"].search(domain)

    def _holders_domain(self):
        """:return: Domain of who has a coupon of the program that he can still use"""
        cards = self.env["loyalty.card"]._search(
            [
                ("program_id", "=", self.program_id.id),
                ("partner_id", "!=", False),
                ("points", ">", 0),
                "|",
                ("expiration_date", "=", False),
                ("expiration_date", ">=", fields.Date.context_today(self)),
            ]
        )
        return Domain("id", "in", cards.subselect(SQL.identifier("partner_id")))

    def _refusing_domain(self):
        blacklisted = Domain("is_blacklisted", "=", True)
        return blacklisted | Domain("crm_opted_out", "=", True)

    def generate_coupons(self):
        for wizard in self.filtered(lambda w: w.segment_id and w.mode == "selected"):
            if not wizard._get_partners():
                raise UserError(
                    self.env._(
                        "Nobody in this segment is left for a coupon: wait until those "
                        "they have are used, or choose another segment."
                    )
                )
        return super().generate_coupons()
