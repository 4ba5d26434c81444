from odoo import api, fields, models

from .crm_takeover_line import KINDS


class CrmTakeoverPart(models.Model):
    """One kind of data in a take-over, summed up: how many proposals, what becomes of
    them, how far the run got. Made by the preview, one for each kind that was found;
    all that it says is counted from its proposals."""

    _name = "crm.takeover.part"
    _description = "Kind of Data of a Take-over"
    _order = "sequence, id"

    takeover_id = fields.Many2one(
        comodel_name="crm.takeover",
        string="Take-over",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="takeover_id.company_id")
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection(selection=KINDS, required=True, readonly=True)
    line_count = fields.Integer(string="Different", compute="_compute_counts")
    found_count = fields.Integer(string="Found", compute="_compute_counts")
    new_count = fields.Integer(string="New Ones", compute="_compute_counts")
    left_count = fields.Integer(string="Left as It Is", compute="_compute_counts")
    taken_count = fields.Integer(string="Taken", compute="_compute_counts")

    @api.depends(
        "takeover_id.line_ids.action",
        "takeover_id.line_ids.becomes",
        "takeover_id.line_ids.taken",
    )
    def _compute_counts(self):
        Line = self.env["crm.takeover.line"]
        counts = {}
        for takeover, kind, action, *sums in Line._read_group(
            [("takeover_id", "in", self.takeover_id.ids)],
            ["takeover_id", "kind", "action"],
            ["__count", "count:sum", "becomes:count_distinct", "taken:sum"],
        ):
            counts[takeover, kind, action] = sums
        for part in self:
            by_action = {
                action: counts.get((part.takeover_id, part.kind, action), [0] * 4)
                for action in ("use", "make", "leave")
            }
            part.line_count = sum(sums[0] for sums in by_action.values())
            part.found_count = sum(sums[1] for sums in by_action.values())
            part.new_count = by_action["make"][2]
            part.left_count = by_action["leave"][1]
            part.taken_count = sum(sums[3] for sums in by_action.values())

    # === ACTION METHODS === #

    def action_view_lines(self):
        self.ensure_one()
        return self.takeover_id._lines_action(self.kind)
