from odoo import fields, models

# What a job does -> the model whose `_step(job, client)` does a part of it.
STEPS = {
    "push": "crm.doppler.push",
    "optouts": "crm.doppler.optout",
    "campaigns": "crm.doppler.campaign",
    "deliveries": "crm.doppler.delivery",
}


class CrmDopplerJob(models.Model):
    """Work to be done with an account of Doppler, in steps.

    *Lifecycle.* Buttons and crons put jobs into the queue (`_enqueue`); the worker
    (`_cron_work`) does them step by step and commits after each, until it is *done*,
    *failed* (what will not get better by itself, or has been tried too often) or
    *cancelled*. Somebody may send a failed one to the queue again.

    *A step* is ``_step(job, client)`` of the model in `STEPS`: at most a batch of work
    and a few requests, which notes in ``progress`` (JSON) where it goes on. It returns
    None when the job is over, or the seconds until its next step, 0 for at once. What
    the client raises it lets through: the worker waits and tries again, fails the job,
    or stops the account.

    *Invariants.* A step runs under the lock of its account, so that there is one worker
    for each. It may be repeated at any time, after a crash too: what it did before is
    found done. One waiting job for each account, kind and list.
    """

    _name = "crm.doppler.job"
    _description = "Doppler Queue"
    _order = "id desc"

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="account_id.company_id", store=True, index="btree_not_null"
    )
    kind = fields.Selection(
        selection=[
            ("push", "Push a List"),
            ("optouts", "Fetch Opt-outs"),
            ("campaigns", "Fetch Campaigns"),
            ("deliveries", "Fetch Who Opened"),
        ],
        required=True,
        readonly=True,
    )
    list_id = fields.Many2one(
        comodel_name="crm.doppler.list",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    is_trial = fields.Boolean(
        string="Only Compared",
        readonly=True,
        help="Compares and plans, and sends nothing.",
    )
    state = fields.Selection(
        selection=[
            ("waiting", "Waiting"),
            ("done", "Done"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="waiting",
        readonly=True,
    )
    phase = fields.Selection(
        selection=[
            ("optouts", "Fetching Opt-outs"),
            ("compare", "Comparing"),
            ("bind", "Finding the List"),
            ("import", "Sending"),
            ("remove", "Removing"),
        ],
        readonly=True,
        help="Of a push.",
    )
    progress = fields.Json(readonly=True)
    attempts = fields.Integer(
        readonly=True, help="Failed one after the other since its last success."
    )
    next_try = fields.Datetime(
        required=True, default=fields.Datetime.now, readonly=True
    )
    error = fields.Char(string="Last Error", readonly=True)
    started = fields.Datetime(readonly=True)
    finished = fields.Datetime(readonly=True)
    import_ids = fields.One2many("crm.doppler.import", "job_id")

    _waiting_unique = models.UniqueIndex(
        "(account_id, kind, coalesce(list_id, 0)) WHERE state = 'waiting'",
        "This is in the queue already.",
    )
    _due_idx = models.Index("(account_id, next_try) WHERE state = 'waiting'")
