from datetime import timedelta

from odoo import fields, models


class CrmGestionResult(models.Model):
    """What an interaction achieved, and what usually follows from it."""

    _name = "crm.gestion.result"
    _description = "Interaction Result"
    _inherit = "crm.master.mixin"
    _order = "sequence, id"

    outcome = fields.Selection(
        selection=[
            ("positive", "Positive"),
            ("neutral", "Neutral"),
            ("negative", "Negative"),
        ],
        required=True,
        default="neutral",
    )
    requires_next_step = fields.Boolean(
        help="An interaction with this result cannot be saved without a next step.",
    )
    opens_opportunity = fields.Boolean(
        help="An interaction with this result offers to create an opportunity.",
    )
    stops_contact = fields.Boolean(
        string="Do Not Contact",
        help="The contact asked not to be contacted: no next step is proposed, "
        "and none can be planned.",
    )
    next_activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Proposed Next Step",
        domain="[('res_model', '=', False)]",
        ondelete="set null",
    )
    next_days = fields.Integer(
        string="After (days)",
        help="Days from the interaction to the proposed next step.",
    )
    suggested_stage_id = fields.Many2one(
        comodel_name="crm.stage",
        ondelete="set null",
        help="Stage in which an opportunity opened with this result starts.",
    )

    _next_days_positive = models.Constraint(
        "CHECK(next_days >= 0)", "The days to the next step cannot be negative."
    )

    def _propose_next_step(self, record):
        """Propose what usually follows from this result; what somebody typed stays.

        :param record: one with ``date`` and the fields of a next step
        """
        if self.stops_contact:
            record.next_activity_type_id = record.next_date = False
        elif self.next_activity_type_id:
            day = fields.Datetime.context_timestamp(
                record, record.date or fields.Datetime.now()
            ).date()
            record.next_activity_type_id = (
                record.next_activity_type_id or self.next_activity_type_id
            )
            record.next_date = record.next_date or day + timedelta(days=self.next_days)
