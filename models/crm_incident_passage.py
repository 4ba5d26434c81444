from odoo import fields, models


class CrmIncidentPassage(models.Model):
    """One passage of an incident through a phase: opened, in work, waiting for the
    customer, solved, cancelled, open again.

    *Lifecycle.* A row opens when an incident is opened or changes its phase, by
    whatever route, and ends when it moves on. Made by `_log` only, in one batch.

    *Invariants.* At most one row of an incident is open; nobody writes this table.
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

    _open_unique = models.UniqueIndex(
        "(task_id) WHERE date_out IS NULL",
        "This incident was changed by somebody else meanwhile: reload the page.",
    )
