from uuid import uuid4

from odoo import api, models

from .crm_incident import STATES
from .crm_incident_passage import OPEN

# What Odoo counts of each task, with queries of its own; the same as its passages.
ELAPSED = (
    "working_hours_open",
    "working_days_open",
    "working_hours_close",
    "working_days_close",
)
DAY = 8.0  # hours
# Key of the context under which incidents of another program are created.
BROUGHT = "crm_gestion_incidents_brought"


class Brought:
    """That incidents are brought along, and are no news: value of a context key. An
    object of this class cannot come from outside, so no client keeps an incident from
    being told of, nor its clock from running."""


class CrmIncidentImport(models.AbstractModel):
    """Incidents of another program, brought along as they are. They get a number here
    and their passages; nobody is told of them and nobody follows them.

    *Clock.* What is open runs from the day on which it was opened, without a target for
    the answer where somebody works on it already. What is over keeps when it was
    solved, if that is known, and has no targets: they were other ones then.
    """

    _name = "crm.incident.import"
    _description = "Incidents of Another Program"

    @api.model
    def _is_bringing(self):
        return isinstance(self.env.context.get(BROUGHT), Brought)

    @api.model
    def _bring(self, vals_list):
        """
        :param vals_list: list of dict of values of ``project.task`` of incident desks
        :return: ``project.task``, in this order, in superuser mode
        """
        # sudo: who imports was checked by the import, and need not work at the desk
        tasks = self.env["project.task"].sudo()
        tasks = tasks.with_context(
            **{BROUGHT: Brought()},
            tracking_disable=True,
            mail_auto_subscribe_no_notify=True,
        )
        Stage = self.env["project.task.type"].sudo()
        ready = []
        for vals in vals_list:
            phase = Stage.browse(vals["stage_id"]).crm_phase
            state = STATES.get(phase, "01_in_progress")
            ready.append(
                {
                    **vals,
                    "state": state,
                    # the key to its page, which Odoo would write one by one
                    "access_token": str(uuid4()),
                }
            )
        incidents = tasks.create(ready)
        for name in ELAPSED:  # `_set_back` says them
            self.env.remove_to_compute(incidents._fields[name], incidents)
        return incidents.with_context(self.env.context)

    @api.model
    def _set_back(self, times):
        """Say when incidents that were just brought along began and ended.

        :param times: dict incident -> when it was opened, when it was closed or None
        """
        self.env["crm.incident.passage"]._set_back(times)
        self.env["crm.incident.clock"]._set_back(times)
        tasks = self.env["project.task"]
        fields_ = [tasks._fields[name] for name in ELAPSED]
        with self.env.protecting(fields_, tasks.union(*times)):
            self._set_back_task(times)

    @api.model
    def _set_back_task(self, times):
        """What Odoo itself says of a task that is over, and of one that was given to
        somebody."""
        for incident, (opened, ended) in times.items():
            over = incident.crm_phase not in OPEN
            hours = incident.crm_passage_ids._worked_hours() if over else 0.0
            day = incident.project_id.resource_calendar_id.hours_per_day or DAY
            incident._crm_fill(
                {
                    **dict.fromkeys(ELAPSED, 0.0),
                    "working_hours_close": hours,
                    "working_days_close": hours / day,
                    "date_assign": incident.user_ids and opened,
                    "date_end": over and (ended or opened),
                    "date_last_stage_update": ended or opened,
                }
            )
