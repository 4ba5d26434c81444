from datetime import timedelta

from odoo import api, fields, models

from .crm_incident_clock import SOON_HOURS

OUTCOMES = [("met", "Met"), ("missed", "Missed")]
WORST_FIRST = ("missed", "met")


class CrmIncidentOutcomeMixin(models.AbstractModel):
    """How an incident does against its targets. For ``project.task`` only.

    *Lifecycle.* Whether the answer and the solution came in time is stored when they
    come, for reports to group by; how an open one stands is worked out against the
    time of whoever looks.
    """

    _name = "crm.incident.outcome.mixin"
    _description = "Outcome of Incidents"

    crm_answer_outcome = fields.Selection(
        selection=OUTCOMES,
        string="Target of the Answer",
        compute="_compute_crm_answer_outcome",
        store=True,
        help="Whether the first answer came in time; empty before it, and without a "
        "target.",
    )
    crm_solution_outcome = fields.Selection(
        selection=OUTCOMES,
        string="Target of the Solution",
        compute="_compute_crm_solution_outcome",
        store=True,
        help="Whether it was solved in time; empty while it is not solved, and without "
        "a target.",
    )
    crm_target_state = fields.Selection(
        selection=[
            ("ok", "On time"),
            ("soon", "Due soon"),
            ("late", "Late"),
            ("met", "Met"),
            ("missed", "Missed"),
        ],
        string="Incident Target",
        compute="_compute_crm_target_state",
        search="_search_crm_target_state",
    )

    # === COMPUTE METHODS === #

    @api.depends("crm_answer_date", "crm_answer_deadline")
    def _compute_crm_answer_outcome(self):
        for task in self:
            task.crm_answer_outcome = self.env["crm.incident.clock"]._outcome(
                task.crm_answer_date, task.crm_answer_deadline
            )

    @api.depends("crm_solution_date", "crm_solution_deadline")
    def _compute_crm_solution_outcome(self):
        for task in self:
            task.crm_solution_outcome = self.env["crm.incident.clock"]._outcome(
                task.crm_solution_date, task.crm_solution_deadline
            )

    @api.depends(
        "crm_deadline",
        "crm_solution_date",
        "crm_answer_outcome",
        "crm_solution_outcome",
    )
    def _compute_crm_target_state(self):
        now = fields.Datetime.now()
        soon = now + timedelta(hours=SOON_HOURS)
        for task in self:
            state = False
            if task.crm_deadline:
                late = task.crm_deadline < now
                state = "late" if late else "soon" if task.crm_deadline < soon else "ok"
            elif task.crm_is_incident and task.crm_solution_date:
                outcomes = {task.crm_answer_outcome, task.crm_solution_outcome}
                state = next((kind for kind in WORST_FIRST if kind in outcomes), False)
            task.crm_target_state = state

    def _search_crm_target_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self.env["crm.incident.clock"]._domain(set(value))
