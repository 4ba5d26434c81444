from odoo import api, fields, models
from odoo.fields import Domain


class CrmSegmentCompare(models.TransientModel):
    """Tells how many contacts two segments share, and opens them. Changes nothing."""

    _name = "crm.segment.compare"
    _description = "Compare Segments"

    segment_id = fields.Many2one(
        comodel_name="crm.segment", required=True, ondelete="cascade"
    )
    other_id = fields.Many2one(
        comodel_name="crm.segment",
        string="With",
        domain="[('id', '!=', segment_id)]",
        ondelete="cascade",
    )
    both_count = fields.Integer(string="In Both", compute="_compute_counts")
    here_count = fields.Integer(string="Only in the First", compute="_compute_counts")
    there_count = fields.Integer(string="Only in the Other", compute="_compute_counts")

    @api.depends("segment_id", "other_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_counts(self):
        Partner = self.env["res.partner"]
        for wizard in self:
            if not wizard.other_id:
                wizard.both_count = wizard.here_count = wizard.there_count = 0
                continue
            here, there = wizard.segment_id._domain(), wizard.other_id._domain()
            both = Partner.search_count(here & there)
            wizard.both_count = both
            wizard.here_count = Partner.search_count(here) - both
            wizard.there_count = Partner.search_count(there) - both

    def action_view_both(self):
        """Open the contacts that are in both segments."""
        self.ensure_one()
        both = Domain("crm_segment_ids", "in", self.segment_id.ids)
        both &= Domain("crm_segment_ids", "in", self.other_id.ids)
        return self.segment_id._partner_action(self.env._("In Both"), list(both))
