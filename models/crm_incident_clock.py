from datetime import UTC, timedelta

import pytz

from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.timetable import Timetable
from .crm_incident_passage import OPEN

# An incident whose next target is less than so many hours away is about to miss it.
SOON_HOURS = 2


class CrmIncidentClock(models.AbstractModel):
    """Until when an incident is to be answered and solved, and how long it took, in the
    working hours of the company at whose desk it is; where that has no calendar, around
    the clock.

    *Lifecycle.* Both deadlines are set when an incident is opened, and anew where its
    severity changes. The clock of the solution stands still while the incident waits
    for the customer: what was left of it is planned anew when that is over. Reopening
    starts a new one; the answer stays given.

    *Invariants.* Targets that are changed later move no deadline. What was not answered
    before is answered by its solution.
    """

    _name = "crm.incident.clock"
    _description = "Clock of Incidents"

    # === STARTING === #

    @api.model
    def _start(self, incidents):
        """Set the deadlines of incidents that were opened, or whose severity changed.

        :param incidents: in superuser mode, with their passages
        """
        targets = self._targets(incidents)
        tables = self._timetables(incidents)
        runs = self._runs(incidents)
        for incident in incidents:
            target, table, run = targets[incident], tables[incident], runs[incident]
            vals = {}
            if not incident.crm_answer_date:
                hours = target.answer_hours
                vals["crm_answer_deadline"] = hours and table.plan(run.opened, hours)
            if not incident.crm_solution_date:
                hours = target.solution_hours
                vals["crm_solution_deadline"] = hours and table.plan(
                    run.started, hours, run.pauses
                )
            self._write_times(incident, vals)

    @api.model
    def _targets(self, incidents):
        """:return: dict incident -> target of its severity, the desk's own or the
        common one; empty where there is none"""
        # sudo: whoever opens one, targets are no secret
        targets = self.env["crm.incident.target"].sudo()
        desks = incidents.project_id
        found = {
            (target.desk_id, target.severity): target
            for target in targets.search([("desk_id", "in", [*desks.ids, False])])
        }
        common = desks.browse()
        return {
            incident: found.get((incident.project_id, incident.crm_severity))
            or found.get((common, incident.crm_severity))
            or targets
            for incident in incidents
        }

    @api.model
    def _runs(self, incidents):
        """:return: dict incident -> `Run` of its passages"""
        return {
            incident: incident.crm_passage_ids._run(fields.Datetime.now())
            for incident in incidents
        }

    # === SEARCHED === #

    @api.model
    def _domain(self, states):
        """:return: domain of the incidents whose targets are in one of these states of
        ``crm_target_state``; agrees with its compute"""
        now = fields.Datetime.now()
        soon = now + timedelta(hours=SOON_HOURS)
        due = Domain("crm_deadline", "!=", False)
        over = (
            Domain("crm_deadline", "=", False)
            & Domain("crm_is_incident", "=", True)
            & Domain("crm_solution_date", "!=", False)
        )
        aimed = self._ended("met") | self._ended("missed")
        missed = self._ended("missed")
        domains = {
            "late": due & Domain("crm_deadline", "<", now),
            "soon": due
            & Domain("crm_deadline", ">=", now)
            & Domain("crm_deadline", "<", soon),
            "ok": due & Domain("crm_deadline", ">=", soon),
            "met": over & aimed & ~missed,
            "missed": over & missed,
        }
        domains[False] = ~Domain.OR([due, over & aimed])
        return Domain.OR(domains[state] for state in states if state in domains)

    @api.model
    def _ended(self, outcome):
        """:return: domain of what was answered or solved with this outcome"""
        return Domain("crm_answer_outcome", "=", outcome) | Domain(
            "crm_solution_outcome", "=", outcome
        )

    @api.model
    def _outcome(self, date, deadline):
        """:return: how it ended; False before that, and without a target"""
        if not date or not deadline:
            return False
        return "missed" if date > deadline else "met"

    # === WORKING TIME === #

    @api.model
    def _timetables(self, incidents):
        """:return: dict incident -> `Timetable`, one for each calendar"""
        calendars = {
            incident: self._calendar(incident.project_id.company_id)
            or self._calendar(incident.company_id or self.env.company)
            for incident in incidents
        }
        tables = {
            calendar: self._timetable(calendar) for calendar in set(calendars.values())
        }
        return {incident: tables[calendar] for incident, calendar in calendars.items()}

    @api.model
    def _calendar(self, company):
        # sudo: whoever opens one, when the company works is no secret
        return company.sudo().resource_calendar_id

    @api.model
    def _timetable(self, calendar):
        """:return: `Timetable` of a calendar with the holidays of its company"""
        if not calendar:
            return Timetable()
        # told, else it is the one of who asks; and Odoo's personnel fails without
        zone = pytz.timezone(calendar.tz)
        holidays = [
            ("time_type", "=", "leave"),
            ("company_id", "in", [calendar.company_id.id, False]),
        ]

        def load(start, stop):
            intervals = calendar._work_intervals_batch(
                start.replace(tzinfo=UTC),
                stop.replace(tzinfo=UTC),
                domain=holidays,
                tz=zone,
            )[False]
            return [
                (self._second(begin), self._second(end))
                for begin, end, _meta in intervals
            ]

        return Timetable(load)

    @api.model
    def _second(self, moment):
        """Odoo's days that are worked to their end leave out a millionth of a second.

        :return: the nearest second, in UTC
        """
        moment = moment.astimezone(UTC).replace(tzinfo=None)
        return (moment + timedelta(milliseconds=500)).replace(microsecond=0)

    # === FOLLOWING === #

    @api.model
    def _advance(self, moves):
        """Stop, go on or start again where incidents have changed their phase.

        :param moves: list of (row that ended, row that began), in superuser mode; what
            has just been opened has no row that ended
        """
        rows = self.env["crm.incident.passage"].sudo()  # as the moves are
        ended = rows.union(*(before for before, _row in moves))
        began = rows.union(*(row for _before, row in moves))
        self._go_on(ended.filtered(lambda row: row.phase == "waiting"))
        self._start_again(began.filtered("is_reopening").task_id)
        self._solve(began.filtered(lambda row: row.phase == "solved").task_id)

    @api.model
    def _go_on(self, waits):
        """Plan anew what was left when incidents began to wait; what was late then
        stays so.

        :param waits: rows of the waiting that is over
        """
        tables = self._timetables(waits.task_id)
        for wait in waits:
            incident, table = wait.task_id, tables[wait.task_id]
            deadline = incident.crm_solution_deadline
            if deadline and deadline > wait.date_in:
                left = table.hours(wait.date_in, deadline)
                deadline = table.plan(fields.Datetime.now(), left)
                self._write_times(incident, {"crm_solution_deadline": deadline})

    @api.model
    def _start_again(self, incidents):
        for incident in incidents:
            self._write_times(
                incident,
                {
                    "crm_solution_date": False,
                    "crm_solution_hours": 0.0,
                    "crm_reopen_count": incident.crm_reopen_count + 1,
                },
            )
        self._start(incidents)

    @api.model
    def _solve(self, incidents):
        """The hours are those in which somebody could have worked on it: neither while
        it waited for the customer nor while it was solved before."""
        now = fields.Datetime.now()
        self._answer(incidents, now)
        for incident in incidents:
            hours = incident.crm_passage_ids._worked_hours()
            self._write_times(
                incident, {"crm_solution_date": now, "crm_solution_hours": hours}
            )

    @api.model
    def _answer(self, incidents, date):
        """Incidents were answered; the first time counts.

        :param incidents: in superuser mode
        """
        incidents = incidents.filtered(
            lambda task: task.crm_is_incident and not task.crm_answer_date
        )
        tables = self._timetables(incidents)
        runs = self._runs(incidents)
        for incident in incidents:
            hours = tables[incident].hours(runs[incident].opened, date)
            self._write_times(
                incident, {"crm_answer_date": date, "crm_answer_hours": hours}
            )

    @api.model
    def _set_back(self, times):
        """Set the clocks of incidents that were brought along, by their passages.

        :param times: dict incident, in superuser mode -> when it was opened, when it
            was closed or None
        """
        # sudo: as the incidents are
        incidents = self.env["project.task"].sudo().union(*times)
        self._start(incidents.filtered(lambda task: task.crm_phase in OPEN))
        for incident, (_opened, ended) in times.items():
            if incident.crm_phase == "solved" and ended:
                hours = incident.crm_passage_ids._worked_hours()
                vals = dict.fromkeys(("crm_answer_date", "crm_solution_date"), ended)
                vals |= dict.fromkeys(("crm_answer_hours", "crm_solution_hours"), hours)
                self._write_times(incident, vals)
            elif incident.crm_phase in ("working", "waiting"):
                # somebody answered, nobody knows when
                self._write_times(incident, {"crm_answer_deadline": False})

    @api.model
    def _write_times(self, incident, vals):
        if vals:
            incident._crm_fill(vals)
