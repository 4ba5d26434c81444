import pytz

from odoo import api, fields, models


class CrmMeetingMove(models.TransientModel):
    """Asks for the new day and hour of a meeting that did not take place."""

    _name = "crm.meeting.move"
    _description = "Move a Meeting"

    event_id = fields.Many2one(
        comodel_name="calendar.event",
        string="Meeting",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    start = fields.Datetime(
        string="New Start",
        required=True,
        compute="_compute_start",
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("event_id")
    def _compute_start(self):
        """The same hour tomorrow, a likely one; also where the clocks change."""
        for wizard in self:
            start = wizard.event_id.start
            days = max((fields.Datetime.now() - start).days, 0) + 1
            local = fields.Datetime.context_timestamp(wizard, start)
            moved = fields.Datetime.add(local.replace(tzinfo=None), days=days)
            moved = wizard.env.tz.localize(moved).astimezone(pytz.utc)
            wizard.start = moved.replace(tzinfo=None)

    def action_move(self):
        """Move the meeting; it asks for its result again after the new date."""
        self.ensure_one()
        self.event_id._crm_move(self.start)
        return {"type": "ir.actions.act_window_close"}
