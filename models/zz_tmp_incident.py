from datetime import timedelta

from odoo import api, fields, models


class ProjectTask(models.Model):
    _inherit = "project.task"

    crm_may_handle = fields.Boolean(compute="_compute_crm_may_handle")
    crm_deadline = fields.Datetime(
        compute="_compute_crm_deadline", search="_search_crm_deadline"
    )
    crm_target_state = fields.Selection(
        [
            ("ok", "In Time"),
            ("soon", "Due Soon"),
            ("late", "Late"),
            ("met", "Met"),
            ("missed", "Missed"),
        ],
        compute="_compute_crm_deadline",
        search="_search_crm_target_state",
    )

    @api.depends_context("uid")
    def _compute_crm_may_handle(self):
        writable = self._filtered_access("write")
        for task in self:
            task.crm_may_handle = task in writable or self.env.user in task.user_ids

    @api.depends("crm_phase", "crm_answer_deadline", "crm_solution_deadline")
    def _compute_crm_deadline(self):
        now = fields.Datetime.now()
        for task in self:
            deadline = task.crm_solution_deadline
            if not task.crm_answer_date:
                deadline = task.crm_answer_deadline or deadline
            if task.crm_phase not in ("new", "working"):
                deadline = False
            task.crm_deadline = deadline
            state = False
            if deadline:
                state = "late" if deadline < now else "ok"
                if state == "ok" and deadline < now + timedelta(hours=1):
                    state = "soon"
            elif task.crm_phase == "solved" and task.crm_solution_deadline:
                met = task.crm_solution_date <= task.crm_solution_deadline
                state = "met" if met else "missed"
            task.crm_target_state = state

    def _search_crm_deadline(self, operator, value):
        return [
            ("crm_phase", "in", ("new", "working")),
            ("crm_solution_deadline", operator, value),
        ]

    def _search_crm_target_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        tasks = self.search([("crm_is_incident", "=", True)])
        return [("id", "in", tasks.filtered(lambda t: t.crm_target_state in value).ids)]

    def _crm_move(self, phase):
        for task in self.sudo():
            stage = task.project_id.type_ids.filtered(lambda s: s.crm_phase == phase)
            task.stage_id = stage[:1]
            if phase == "solved":
                task.crm_solution_date = fields.Datetime.now()

    def action_crm_start(self):
        self._crm_move("working")

    def action_crm_wait(self):
        self._crm_move("waiting")

    def action_crm_solve(self):
        self._crm_move("solved")

    def action_crm_reopen(self):
        self._crm_move("working")

    def action_crm_cancel(self):
        self._crm_move("cancelled")


class CrmIncident(models.AbstractModel):
    _inherit = "crm.incident"

    @api.model
    def _open(self, vals_list):
        desk = self.env["project.project"].sudo()
        desk = desk.search([("crm_is_incident_desk", "=", True)], limit=1)
        tasks = self.env["project.task"].sudo()
        now = fields.Datetime.now()
        for vals in vals_list:
            task = tasks.create(
                {
                    "project_id": desk.id,
                    "crm_severity": "1_normal",
                    "crm_answer_deadline": now + timedelta(hours=2),
                    "crm_solution_deadline": now + timedelta(hours=30),
                    **vals,
                }
            )
            task.crm_number = f"INC/{task.id:05}"
            tasks |= task
        tasks.message_subscribe(self.env.user.partner_id.ids)
        return tasks.sudo(False)
