from datetime import datetime
from typing import NamedTuple

from odoo import api, fields, models

OPEN = ("new", "working", "waiting")
WORKED = ("new", "working")


class Run(NamedTuple):
    """Since when an incident is open, and when its clock stood still."""

    opened: datetime
    started: datetime  # the same, or when it was last reopened
    pauses: list  # of (from, until) in which it waited for the customer


class CrmIncidentPassage(models.Model):
    """One passage of an incident through a phase: opened, in work, waiting for the
    customer, solved, cancelled, open again.

    *Lifecycle.* A row opens when an incident is opened or changes its phase, by
    whatever route, and ends when it moves on or leaves the desk. Made by `_log` only,
    in one batch. Stages of the same phase are one passage.

    *Invariants.* At most one row of an incident is open (the database sees to that);
    nobody writes this table; who may read the incident reads its rows.
    """

    _name = "crm.incident.passage"
    _description = "Passage of an Incident"
    _order = "date_in desc, id desc"
    _rec_name = "task_id"

    task_id = fields.Many2one(
        comodel_name="project.task",
        string="Incident",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    phase = fields.Selection(
        selection=lambda self: self.env["project.task"]._crm_phases(),
        required=True,
        readonly=True,
    )
    stage_id = fields.Many2one(
        comodel_name="project.task.type", readonly=True, ondelete="set null"
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="By", readonly=True, ondelete="set null"
    )
    is_reopening = fields.Boolean(string="Opened Again", readonly=True)
    date_in = fields.Datetime(string="From", required=True, readonly=True)
    date_out = fields.Datetime(string="Until", readonly=True)
    hours = fields.Float(
        readonly=True, help="Working hours in the phase; empty while it is there."
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True, index=True)
    in_scope = fields.Boolean(
        string="May Be Read",
        compute="_compute_in_scope",
        search="_search_in_scope",
        help="Whether the current user may read the incident.",
    )

    _open_unique = models.UniqueIndex(
        "(task_id) WHERE date_out IS NULL",
        "This incident was changed by somebody else meanwhile: reload the page.",
    )

    # === COMPUTE METHODS === #

    @api.depends("task_id")
    @api.depends_context("uid")
    def _compute_in_scope(self):
        # rules are evaluated as superuser; the incident's own are asked as the user
        tasks = self.task_id.with_user(self.env.uid)
        readable = tasks.with_context(active_test=False)._filtered_access("read")
        for row in self:
            row.in_scope = row.task_id.id in readable.ids

    def _search_in_scope(self, operator, value):
        if operator != "in":
            return NotImplemented
        tasks = self.env["project.task"].with_user(self.env.uid)
        readable = tasks._search([("crm_is_incident", "=", True)], active_test=False)
        return [("task_id", "in", readable)]

    # === BUSINESS METHODS === #

    @api.model
    def _log(self, tasks):
        """Record where incidents are now. What the table says already is not said
        again: a write within a write has logged its part when the outer one comes to
        its end.

        :param tasks: that are incidents, or were before
        :return: list of (row that ended, row that began) of those that moved, in
            superuser mode; the first one is empty for what was just opened
        """
        # sudo: rows are evidence, no role writes them; the rights on the incidents were
        # checked by the write that moved them
        tasks = tasks.sudo()
        last = self._last_of(tasks)
        moved = tasks.filtered(
            lambda task: (
                last[task].date_out
                or last[task].phase != (task.crm_is_incident and task.crm_phase)
            )
        )
        self._end([last[task] for task in moved])
        incidents = moved.filtered("crm_is_incident")
        rows = self.sudo().create(
            [self._prepare_vals(task, last[task]) for task in incidents]
        )
        return [(last[row.task_id], row) for row in rows]

    @api.model
    def _last_of(self, tasks):
        """:return: dict incident -> its latest row, empty where it has none"""
        rows = self.sudo().search([("task_id", "in", tasks.ids)])  # sudo: as in `_log`
        last = dict.fromkeys(tasks, rows.browse())
        for row in reversed(rows):
            last[row.task_id] = row
        return last

    @api.model
    def _end(self, rows):
        rows = self.sudo().union(*rows).filtered(lambda row: not row.date_out)
        if not rows:
            return
        now = fields.Datetime.now()
        tables = self.env["crm.incident.clock"]._timetables(rows.task_id)
        for row in rows:
            hours = tables[row.task_id].hours(row.date_in, now)
            row.write({"date_out": now, "hours": hours})
        # before the next open rows: the index allows one
        rows.flush_recordset(["date_out"])

    @api.model
    def _prepare_vals(self, task, last):
        return {
            "task_id": task.id,
            "phase": task.crm_phase,
            "stage_id": task.stage_id.id,
            "user_id": self.env.uid,
            "is_reopening": bool(
                last and last.phase not in OPEN and task.crm_phase in OPEN
            ),
            "date_in": fields.Datetime.now(),
            "company_id": task.company_id.id,
        }

    @api.model
    def _set_back(self, times):
        """Say when incidents were opened and closed that have just been brought along,
        each with the row of where it is. What lay between is not known.

        :param times: dict incident -> when it was opened, when it was closed or None
        """
        # sudo: as in `_log`; the import made these incidents
        rows = self.sudo().search([("task_id", "in", [task.id for task in times])])
        tables = self.env["crm.incident.clock"]._timetables(rows.task_id)
        before = []
        for row in rows:
            opened, ended = times[row.task_id]
            over = row.phase not in OPEN
            row.date_in = (ended or opened) if over else opened
            if over and ended:
                hours = tables[row.task_id].hours(opened, ended)
                dates = {"date_in": opened, "date_out": ended, "hours": hours}
                vals = {**self._prepare_vals(row.task_id, None), **dates}
                before.append({**vals, "phase": "new", "stage_id": False})
        self.sudo().create(before)  # sudo: as above

    def _run(self, now):
        """
        :return: `Run` of the incident whose rows these are; of one without any, it
            begins now
        """
        opened = min(self.mapped("date_in"), default=now)
        again = self.filtered("is_reopening").mapped("date_in")
        started = max(again, default=opened)
        waits = self.filtered(lambda row: row.phase == "waiting" and row.date_out)
        return Run(opened, started, [(row.date_in, row.date_out) for row in waits])

    def _worked_hours(self):
        worked = self.filtered(lambda row: row.phase in WORKED)
        return sum(worked.mapped("hours"))
