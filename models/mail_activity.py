from odoo import api, fields, models

from .crm_gestion_source import DOCUMENTS


class MailActivity(models.Model):
    """An activity of a type that is an interaction, marked done on a customer or a
    document of his, becomes a gestión: see ``crm.gestion.source``."""

    _inherit = "mail.activity"

    crm_result_id = fields.Many2one(
        comodel_name="crm.gestion.result",
        string="Result",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="What the interaction achieved; goes on to its gestión.",
    )
    crm_campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        string="Campaign",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="Of whose call list it is; goes on to its gestión.",
    )
    crm_is_gestion = fields.Boolean(compute="_compute_crm_is_gestion")

    @api.depends("activity_type_id.is_gestion", "res_model")
    def _compute_crm_is_gestion(self):
        for activity in self:
            activity.crm_is_gestion = (
                activity.activity_type_id.is_gestion and activity.res_model in DOCUMENTS
            )

    # === ACTION METHODS === #

    def action_crm_register(self):
        """Open the dialog that logs this activity as a gestión and so marks it done, or
        the gestión that it became already."""
        self.ensure_one()
        self.check_access("read")
        Gestion = self.env["crm.gestion"]
        if gestion := Gestion.search([("activity_id", "=", self.id)]):
            return gestion._form_action()
        # sudo: what an activity is about; the rights on it were checked
        vals = self.env["crm.gestion.source"]._about_activities(self)
        vals = vals.get(self.sudo(), {})
        lead = self.env["crm.lead"].browse(vals.get("lead_id"))
        if not lead.has_access("read"):
            vals = {**vals, "lead_id": False}
        defaults = {
            **vals,
            "activity_id": self.id,
            "result_id": self.crm_result_id.id,
        }
        return Gestion._new_action(
            {f"default_{name}": value for name, value in defaults.items() if value}
        )

    def action_crm_complete(self, schedules_next=False):
        """
        :param bool schedules_next: the user is about to plan the next step himself
        :return: the dialog of the gestión that this activity became, where the result
            chosen for it leaves something to the user: a next step to plan, an
            opportunity to create; else False
        """
        self.ensure_one()
        result = self.crm_result_id
        Gestion = self.env["crm.gestion"]
        if not result or not Gestion.has_access("write"):
            return False
        gestion = Gestion.search([("activity_id", "=", self.id)])
        waits = gestion and not gestion.result_id
        opens = result.opens_opportunity and gestion and not gestion.lead_id
        plans = schedules_next and gestion.next_activity_id
        return gestion._form_action() if waits or opens or plans else False

    def action_done(self):
        res = super().action_done()
        return (len(self) == 1 and self.action_crm_complete()) or res

    def action_feedback_schedule_next(self, feedback=False, attachment_ids=None):
        """The next step is what the user schedules now and not what the result
        proposes. Where the result needs one, the dialog of the gestión has the one
        that is proposed, to change it, or asks for it."""
        activities = self.with_context(crm_gestion_schedules_next=True)
        action = super(MailActivity, activities).action_feedback_schedule_next(
            feedback=feedback, attachment_ids=attachment_ids
        )
        if action:
            action["context"].pop("crm_gestion_schedules_next", None)
        asks = len(self) == 1 and self.action_crm_complete(schedules_next=bool(action))
        return asks or action

    # === BUSINESS METHODS === #

    def _to_store_defaults(self, target):
        return [*super()._to_store_defaults(target), "crm_is_gestion"]

    def _action_done(self, feedback=False, attachment_ids=None):
        """The context key ``crm_gestion_schedules_next`` is of
        `action_feedback_schedule_next`; all that a client gains by setting it is a next
        step that is not planned."""
        Source = self.env["crm.gestion.source"]
        prepared = Source._prepare_done(self, feedback)
        messages, chained = super()._action_done(
            feedback=feedback, attachment_ids=attachment_ids
        )
        if prepared:
            schedules_next = self.env.context.get("crm_gestion_schedules_next")
            # sudo: the chained activity may be a colleague's
            Source._log_done(prepared, chained.sudo(), bool(schedules_next))
        return messages, chained
