from odoo import fields, models


class CrmDopplerImport(models.Model):
    """A batch of people on its way into a list of Doppler.

    *Lifecycle.* It is *prepared* with its members, marked as *sending* before the
    request, *followed* once the service gave its task a number, and *done* when the
    task is over and what it refused is noted on the members. One that is found
    *sending* by a later step may have been accepted: the service is asked first.

    *Invariants.* Each of these steps is committed before the next. At most one of a
    list is open.
    """

    _name = "crm.doppler.import"
    _description = "Doppler Import"
    _order = "id desc"
    _rec_name = "task_ref"

    job_id = fields.Many2one(
        comodel_name="crm.doppler.job",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    list_id = fields.Many2one(
        comodel_name="crm.doppler.list",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="list_id.company_id", store=True, index="btree_not_null"
    )
    state = fields.Selection(
        selection=[
            ("prepared", "Prepared"),
            ("sending", "Sending"),
            ("followed", "Being Imported"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
        default="prepared",
        readonly=True,
    )
    task_ref = fields.Char(string="Task at Doppler", readonly=True)
    people = fields.Integer(readonly=True)
    imported = fields.Integer(readonly=True)
    refused = fields.Integer(readonly=True)
    sent_date = fields.Datetime(readonly=True)
    done_date = fields.Datetime(readonly=True)
    polls = fields.Integer(readonly=True)

    _open_unique = models.UniqueIndex(
        "(list_id) WHERE state IN ('prepared', 'sending', 'followed')",
        "An import into this list is under way.",
    )
