from datetime import datetime, time, timedelta

import pytz

from odoo import api, models
from odoo.fields import Command
from odoo.tools import clean_context

# Fields of the activity of a meeting -> what follows from them in its event.
EVENT_FIELDS = {
    "summary": ("name",),
    "activity_type_id": ("name",),
    "user_id": ("user_id", "partner_ids"),
    "res_model_id": ("res_model_id", "opportunity_id", "name"),
    "res_id": ("res_id",),
}
TIME_FIELDS = ("allday", "start", "stop")
# Odoo's own hours of an event that lasts all day.
ALL_DAY = (8, 18)


class CrmNextStepMeeting(models.AbstractModel):
    """Puts next steps that are meetings into Odoo's calendar.

    *Lifecycle.* The event and its activity are made together, so that Odoo makes no
    second activity, and go together; Odoo itself keeps their days in step, whichever
    is moved.

    *Invariants.* Only who is to hold the meeting attends it. The customer was told when
    the meeting was agreed: no invitation and no change is mailed to anybody. Who wants
    to invite the customer does so in the calendar.

    Works in superuser mode, as the next steps that it serves.
    """

    _name = "crm.next.step.meeting"
    _description = "Next Step in the Calendar"

    @api.model
    def _plan(self, steps):
        """Make the events of next steps.

        :param steps: records of a model with ``crm.next.step.mixin``, in superuser mode
        :return: the ``mail.activity`` of each, in the same order: the one it has
            already, or a new one
        """
        if not steps:
            return steps.env["mail.activity"]
        # nothing happened to it yet: no line in the chatter of each
        events = self._silent(steps.env["calendar.event"]).with_context(
            tracking_disable=True
        )
        events = events.create([self._prepare_event_vals(step) for step in steps])
        return events.activity_ids.with_env(steps.env)

    @api.model
    def _follow_kind(self, step):
        """A call that becomes a meeting goes into the calendar, and a meeting that
        becomes a call leaves it; its activity stays the same one.

        :return: set of the fields of the activity that this changed
        """
        activity = step.next_activity_id
        if step._is_meeting() and not activity.calendar_event_id:
            self._plan(step)
            return {"summary"}
        if not step._is_meeting():
            event = activity.calendar_event_id
            activity.calendar_event_id = False
            event.unlink()
        return set()

    @api.model
    def _follow(self, step, names, targets):
        """Bring the event of a next step in line with what changed.

        :param set names: fields of the next step that changed
        :param set targets: fields of its activity that follow from them
        """
        event = self._silent(step.next_activity_id.calendar_event_id)
        vals = self._prepare_event_vals(step)
        # whom somebody invited in the calendar stays invited
        vals["partner_ids"] = [
            Command.unlink(event.user_id.partner_id.id),
            Command.link(step.env["res.users"].browse(vals["user_id"]).partner_id.id),
        ]
        changed = {name for target in targets for name in EVENT_FIELDS.get(target, ())}
        if "next_date" in names:
            changed.update(TIME_FIELDS)
        elif "next_hour" in names:
            # another hour of the day to which somebody may have moved it
            changed.update(TIME_FIELDS)
            vals.update(self._prepare_times(step, step.next_activity_id.date_deadline))
        if changed:
            event = event.with_context(
                tz=self._timezone(step), dont_notify=not event.alarm_ids
            )
            event.write({name: vals[name] for name in changed})

    @api.model
    def _silent(self, events):
        context = {
            **clean_context(events.env.context),
            "mail_auto_subscribe_no_notify": True,  # the activity tells
            "no_mail_to_attendees": True,
            "orig_activity_ids": [],
            "skip_attendee_notification": True,
            "skip_contact_description": True,
        }
        return events.with_env(events.env(context=context))

    @api.model
    def _prepare_event_vals(self, step):
        activity = step._prepare_activity_vals()
        planned = step.next_activity_id
        document = step._next_step_record()
        user = step.env["res.users"].browse(activity["user_id"])
        what = activity["summary"] or step.next_activity_type_id.name
        return {
            "name": f"{what}: {document.display_name}",
            "user_id": user.id,
            "partner_ids": [Command.set(user.partner_id.ids)],
            "res_model_id": activity["res_model_id"],
            "res_id": activity["res_id"],
            "opportunity_id": document._name == "crm.lead" and document.id,
            "description": planned.note,
            "activity_ids": [
                Command.link(planned.id) if planned else Command.create(activity)
            ],
            **self._prepare_times(step, step.next_date),
        }

    @api.model
    def _prepare_times(self, step, day):
        if not step.next_hour:
            start, stop = (datetime.combine(day, time(hour)) for hour in ALL_DAY)
            return {"allday": True, "start": start, "stop": stop}
        hour = timedelta(minutes=round(step.next_hour * 60))
        local = pytz.timezone(self._timezone(step)).localize(
            datetime.combine(day, time()) + hour
        )
        start = local.astimezone(pytz.utc).replace(tzinfo=None)
        hours = step.env["calendar.event"].get_default_duration()
        return {"allday": False, "start": start, "stop": start + timedelta(hours=hours)}

    @api.model
    def _timezone(self, step):
        """The hour is of the day of who is to hold the meeting."""
        user = step.env["res.users"].browse(step._prepare_activity_vals()["user_id"])
        return user.tz or step.env.context.get("tz") or "UTC"
