from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools.misc import clean_context

# Fields of a next step -> the field of the native activity that says the same.
ACTIVITY_FIELDS = {
    "next_activity_type_id": "activity_type_id",
    "next_date": "date_deadline",
    "next_summary": "summary",
    "next_user_id": "user_id",
}


class CrmNextStepMixin(models.AbstractModel):
    """What is to be done next, kept as one native activity.

    *Lifecycle.* A record with a type and a date of next step plans one activity; saving
    it again never plans a second one. Changes go on to the activity, field by field, so
    that a date somebody moved in Odoo's own calendar is not moved back. An activity
    that was done is left alone; taking the next step off cancels one that was not.

    A step of the category "meeting" is in the calendar of who is to hold it too: its
    activity belongs to an event (`crm.next.step.meeting`).

    A model that inherits this says in `_next_step_record` on which document the
    activity is planned, and in `_next_step_document_fields` from which fields that
    follows.
    """

    _name = "crm.next.step.mixin"
    _description = "Next Step"

    next_activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Next Step",
        compute="_compute_next_step",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('res_model', '=', False), ('category', '!=', 'upload_file')]",
        ondelete="set null",
    )
    next_date = fields.Date(
        string="Next Step Date",
        compute="_compute_next_step",
        store=True,
        readonly=False,
        precompute=True,
    )
    next_hour = fields.Float(
        string="Next Step Hour",
        help="Hour at which a meeting starts, of the day of who is to hold it; without "
        "one, it is in the calendar for the whole day.",
    )
    next_activity_category = fields.Selection(
        related="next_activity_type_id.category", string="Kind of Next Step"
    )
    next_summary = fields.Char(string="Next Step Summary")
    next_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Next Step Assigned to",
        domain="[('share', '=', False)]",
        ondelete="set null",
    )
    next_activity_id = fields.Many2one(
        comodel_name="mail.activity",
        string="Planned Activity",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )

    next_step_pending = fields.Boolean(
        related="next_activity_id.active",
        string="Next Step Pending",
        help="Planned, and neither done nor cancelled yet.",
    )

    _next_hour_of_a_day = models.Constraint(
        "CHECK(next_hour >= 0 AND next_hour < 24)",
        "The hour of the next step is one between 0:00 and 23:59.",
    )

    def _compute_next_step(self):
        """Propose a next step where there is none; to be extended."""
        for record in self:
            record.next_activity_type_id = record.next_activity_type_id
            record.next_date = record.next_date

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_activity_not_chosen(set().union(*vals_list))
        records = super().create(vals_list)
        if records.next_activity_id:  # a default of the client's context chose it
            self._check_activity_not_chosen({"next_activity_id"})
        records._complete_created()
        records._plan_next_activity()
        return records

    def write(self, vals):
        self._check_activity_not_chosen(vals)
        before = self._planned_steps()
        res = super().write(vals)
        names = set(vals)
        if self._planned_steps() != before:  # a proposal changes with the result
            names |= {"next_activity_type_id", "next_date"}
        followed = self._next_step_fields().keys() | self._next_step_document_fields()
        if names & (followed | {"next_hour"}):
            self._follow_next_step(names)
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_next_activity(self):
        """Nothing is left to do for what is deleted."""
        # sudo: as it was made
        self.sudo().next_activity_id.filtered("active").unlink_w_meeting()

    def _check_activity_not_chosen(self, names):
        """Activities are planned, moved and cancelled as superuser: a client that chose
        one itself would reach any activity of the company."""
        if "next_activity_id" in names and not self.env.su:
            raise AccessError(
                self.env._("The activity of a next step is planned by Odoo itself.")
            )

    def _planned_steps(self):
        return [(record.next_activity_type_id, record.next_date) for record in self]

    # === BUSINESS METHODS === #

    def _complete_created(self):
        """Complete new records before their next steps are planned; to be extended."""

    def _next_step_record(self):
        """:return: record on which the next step is planned"""
        raise NotImplementedError

    def _next_step_fields(self):
        """:return: dict field -> field of the activity that follows from it"""
        return ACTIVITY_FIELDS

    def _next_step_document_fields(self):
        """:return: set of the fields from which `_next_step_record` follows"""
        return set()

    def _is_planned(self):
        self.ensure_one()
        return bool(self.next_activity_type_id and self.next_date)

    def _is_meeting(self):
        self.ensure_one()
        return self.next_activity_type_id.category == "meeting"

    def _plan_next_activity(self):
        """Plan the activities of these next steps, in one batch, where there is
        none."""
        missing = self.filtered(lambda r: r._is_planned() and not r.next_activity_id)
        # sudo: whoever may log the interaction may plan what follows from it, on the
        # customer of a colleague too (he answered the telephone); rights on the record
        # itself were checked when it was written
        # defaults of the dialog are the interaction's, such as its meeting
        context = clean_context(self.env.context)
        missing = missing.with_env(self.env(su=True, context=context))
        meetings = missing.filtered(lambda record: record._is_meeting())
        others = missing - meetings
        activities = self.env["crm.next.step.meeting"]._plan(meetings)
        activities += activities.create([r._prepare_activity_vals() for r in others])
        for record, activity in zip(meetings + others, activities, strict=True):
            record.next_activity_id = activity

    def _follow_next_step(self, names):
        """Bring planned activities in line with the fields that a write changed.

        An activity that was cancelled comes back only with another next step.
        """
        # sudo: as in _plan_next_activity
        open_ones = self.sudo().filtered("next_activity_id.active")
        dropped = open_ones.filtered(lambda record: not record._is_planned())
        dropped.next_activity_id.unlink_w_meeting()
        step_fields = self._next_step_fields()
        targets = {step_fields[name] for name in step_fields.keys() & names}
        if names & self._next_step_document_fields():
            targets |= {"res_model_id", "res_id"}
        for record in open_ones - dropped:
            record._follow_activity(names, targets)
            # the ORM does not follow an activity that changes its document
            record._next_step_record().invalidate_recordset(["activity_ids"])
        if names & ACTIVITY_FIELDS.keys():
            self._plan_next_activity()

    def _follow_activity(self, names, targets):
        """
        :param set names: fields that changed
        :param set targets: fields of the activity that follow from them
        """
        self.ensure_one()
        activity = self.next_activity_id
        if names & {"next_activity_type_id", "next_hour"}:
            targets = targets | self.env["crm.next.step.meeting"]._follow_kind(self)
        if activity.calendar_event_id:
            self.env["crm.next.step.meeting"]._follow(self, names, targets)
            targets = targets - {"date_deadline"}  # the event moves it
        vals = self._prepare_activity_vals()
        activity.write({name: vals[name] for name in targets})

    def _prepare_activity_vals(self):
        self.ensure_one()
        document = self._next_step_record()
        return {
            "activity_type_id": self.next_activity_type_id.id,
            "summary": self.next_summary or self.next_activity_type_id.summary,
            "date_deadline": self.next_date,
            "user_id": self.next_user_id.id or self.env.uid,
            "res_model_id": self.env["ir.model"]._get_id(document._name),
            "res_id": document.id,
        }
