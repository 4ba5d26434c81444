import logging
import random
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..tools.doppler.errors import AuthenticationError, DopplerError, RetryableError

_logger = logging.getLogger(__name__)

# What a job does -> the model whose `_step(job, client)` does a part of it.
STEPS = {
    "push": "crm.doppler.push",
    "optouts": "crm.doppler.optout",
    "campaigns": "crm.doppler.campaign",
    "deliveries": "crm.doppler.delivery",
}
COLLISIONS = (*PG_CONCURRENCY_EXCEPTIONS_TO_RETRY, ConcurrencyError)
# A step that keeps failing is tried for about seven hours, ever more seldom.
MAX_ATTEMPTS = 12
FIRST_PAUSE = 30
LONGEST_PAUSE = 3600
LONGEST_WAIT = 24 * 3600  # that the service may ask for
TRIES = 3  # of a step that collides with somebody else's work, one after the other
NAP = 10  # seconds that the worker itself waits for the next step
REST = 15  # seconds until it looks again at what another worker has
KEPT_DAYS = 90
CLEANED = 1000  # jobs, at once


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
    is_test = fields.Boolean(related="account_id.is_test")
    started = fields.Datetime(readonly=True)
    finished = fields.Datetime(readonly=True)
    import_ids = fields.One2many("crm.doppler.import", "job_id")
    people_sent = fields.Integer(compute="_compute_people_sent")

    _waiting_unique = models.UniqueIndex(
        "(account_id, kind, coalesce(list_id, 0)) WHERE state = 'waiting'",
        "This is in the queue already.",
    )
    _due_idx = models.Index("(account_id, next_try) WHERE state = 'waiting'")

    # === COMPUTE METHODS === #

    @api.depends("kind", "list_id.name")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for job in self:
            names = [labels.get(job.kind), job.list_id.name]
            job.display_name = ": ".join(filter(None, names))

    @api.depends("import_ids.people", "import_ids.sent_date")
    def _compute_people_sent(self):
        groups = self.env["crm.doppler.import"]._read_group(
            [("job_id", "in", self.ids), ("sent_date", "!=", False)],
            ["job_id"],
            ["people:sum"],
        )
        sent = {job.id: people for job, people in groups}
        for job in self:
            job.people_sent = sent.get(job.id, 0)

    # === QUEUE === #

    @api.model
    def _enqueue(self, account, kind, list_=None, is_trial=False):
        """Put work into the queue and wake the worker. Rights are the caller's to
        check.

        :param str kind: one of `STEPS`; a push has a ``crm.doppler.list`` too
        :return: the job: the one that waits already, where there is one; a trial that
            waits becomes a push when a push is asked for
        """
        # sudo: the queue is written by nobody else; who asks for a push may do so
        jobs = self.sudo()
        values = {
            "account_id": account.id,
            "kind": kind,
            "list_id": list_.id if list_ else False,
        }
        waiting = [(name, "=", value) for name, value in values.items()]
        job = jobs.search([*waiting, ("state", "=", "waiting")], limit=1)
        if not job:
            job = jobs.create({**values, "is_trial": is_trial})
        elif job.is_trial and not is_trial:
            job.is_trial = False
        self._wake()
        return job.with_env(self.env)

    @api.model
    def _wake(self, at=None):
        # sudo: who puts something into the queue need not be allowed to run crons
        self.env.ref("crm_gestion.ir_cron_doppler_work").sudo()._trigger(at)

    def _restart(self):
        """Begin again with the first phase: what has been done is found done, and what
        was known of opt-outs and of the segment may be old."""
        self.write(
            {
                "state": "waiting",
                "phase": False,
                "progress": False,
                "attempts": 0,
                "next_try": fields.Datetime.now(),
                "error": False,
                "finished": False,
            }
        )
        if self:
            self._wake()

    def action_retry(self):
        """Do these jobs as soon as possible: what failed or was cancelled begins
        again, what waits does not wait any longer."""
        jobs = self._managed()
        stopped = jobs.account_id.filtered(lambda account: account.state != "connected")
        if stopped:
            raise UserError(
                self.env._(
                    "The Doppler account %s does not work: a system administrator has "
                    "to test its connection first.",
                    stopped[0].email,
                )
            )
        over = jobs.filtered(lambda job: job.state in ("failed", "cancelled"))
        over._check_not_waiting()
        over._restart()
        waiting = (jobs - over).filtered(lambda job: job.state == "waiting")
        waiting.write({"next_try": fields.Datetime.now(), "attempts": 0})
        self._wake()

    def _check_not_waiting(self):
        """Jobs that begin again are the only ones of their kind."""
        waiting = self.search(
            [("state", "=", "waiting"), ("account_id", "in", self.account_id.ids)]
        )
        what = [(job.account_id, job.kind, job.list_id) for job in waiting | self]
        if len(set(what)) < len(what):
            raise UserError(self.env._("This is in the queue already."))

    def action_cancel(self):
        """Call off what has not been done yet."""
        jobs = self._managed().filtered(lambda job: job.state in ("waiting", "failed"))
        jobs.write({"state": "cancelled", "finished": fields.Datetime.now()})

    def _managed(self):
        """
        :return: these jobs, for somebody who may say what becomes of them
        """
        self.check_access("read")
        user = self.env.user
        if not (
            user.has_group("crm_gestion.group_sales_director")
            or user.has_group("base.group_system")
        ):
            raise AccessError(self.env._("Only a sales director manages the queue."))
        # sudo: checked above; nobody writes the queue otherwise
        return self.sudo()

    # === WORKER === #

    @api.model
    def _cron_work(self):
        """Do what is due, account by account, one step each, and commit after each
        step. Short pauses between two steps are waited for, without a transaction;
        longer ones, and what is left when the time is over, are another run's."""
        cron = self.env["ir.cron"]
        clients = {}
        left = cron._commit_progress()
        while left > 0:
            done = 0
            for job in self._due():
                done += job._try_step(clients)
                left = cron._commit_progress()
                if left <= 0:
                    break
            if done or left <= 0:
                continue
            pause = self._seconds_to_next()
            if pause is None or pause > min(NAP, left):
                break
            left = cron._commit_progress() - pause
            time.sleep(pause)
        self._wake_for_next(at_once=left <= 0)

    def _work(self):
        """Do the steps of these jobs until none of them is due, in this transaction."""
        clients = {}
        while due := self.filtered_domain(self._due_domain()):
            if not sum([job._do_step(clients) for job in due.sorted("id")]):
                return

    @api.model
    def _due_domain(self):
        """What may be done now. Accounts that have stopped or not been tried out keep
        their jobs."""
        return [
            ("state", "=", "waiting"),
            ("next_try", "<=", fields.Datetime.now()),
            ("account_id.state", "=", "connected"),
        ]

    @api.model
    def _due(self):
        """:return: the oldest job that is due, of each account"""
        if self.env["crm.doppler.account"]._is_neutralized():
            return self.browse()
        groups = self._read_group(self._due_domain(), ["account_id"], ["id:min"])
        return self.browse(sorted(job_id for _account, job_id in groups))

    def _try_step(self, clients):
        """`_do_step`, committed, and again where it collides with somebody's work.

        :return: whether a step was done
        """
        for _try in range(TRIES):
            try:
                done = self._do_step(clients)
                self.env["ir.cron"]._commit_progress(int(done))
            except COLLISIONS as error:
                _logger.info("Doppler: a step is repeated: %s", type(error).__name__)
                self.env.cr.rollback()
            else:
                return done
        return False

    def _do_step(self, clients):
        """A step of this job under the lock of its account, and what came of it.

        :param dict clients: those of this run: a client keeps the time between two
            requests
        :return: whether there was something to do and nobody else at it
        """
        self.ensure_one()
        account = self.account_id
        for records in (account, self):
            # who puts something into the queue meanwhile does not wait for us
            if not records.try_lock_for_update(allow_referencing=True):
                return False
            records.invalidate_recordset()
        if not self.filtered_domain(self._due_domain()):
            return False
        if self.list_id and not self.list_id.active:
            self._end("cancelled", self.env._("Its list was archived."))
            return True
        job = self._in_company()
        try:
            with self.env.cr.savepoint():
                job.started = job.started or fields.Datetime.now()
                client = job.account_id._client(clients)
                seconds = self.env[STEPS[job.kind]].with_env(job.env)._step(job, client)
        except COLLISIONS:
            raise
        except Exception as error:
            job._note_failure(error)
        else:
            job._note_success(seconds)
        return True

    def _in_company(self):
        """
        :return: this job as its company sees it
        """
        company = self.company_id
        return self.with_context(
            allowed_company_ids=company.ids,
            lang=company.partner_id.lang or self.env.lang,
        )

    def _note_success(self, seconds):
        if self.state != "waiting":
            return  # the step itself said how it ended
        if seconds is None:
            return self._end("done", False)
        self.write(
            {
                "attempts": 0,
                "error": False,
                "next_try": fields.Datetime.now() + timedelta(seconds=seconds),
            }
        )

    def _note_failure(self, error):
        """What becomes of a job whose step raised this; the step left nothing else."""
        sentence = self.account_id._sentence(error)
        if isinstance(error, AuthenticationError):
            self.account_id._stop(error)
            self.error = sentence
        elif isinstance(error, RetryableError) and self.attempts + 1 < MAX_ATTEMPTS:
            attempts = self.attempts + 1
            pause = self._pause(attempts, error.retry_after)
            self.write(
                {
                    "attempts": attempts,
                    "error": sentence,
                    "next_try": fields.Datetime.now() + timedelta(seconds=pause),
                }
            )
        else:
            if not isinstance(error, DopplerError | UserError):
                _logger.error("Doppler: job %s failed", self.id, exc_info=error)
            self._end("failed", sentence)

    @api.model
    def _pause(self, attempts, retry_after):
        """
        :param retry_after: seconds that the service asks for, or None
        :return: seconds until the next attempt, which differ each time
        """
        if retry_after is not None:
            wait = min(max(retry_after, 1), LONGEST_WAIT)
            return wait * random.uniform(1, 1.1) + 1
        wait = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
        return wait * random.uniform(0.75, 1.25)

    def _end(self, state, error):
        values = {"state": state, "error": error, "finished": fields.Datetime.now()}
        if state == "done":
            values["attempts"] = 0
        self.write(values)

    @api.model
    def _next_time(self, domain=()):
        """:return: when the first of the waiting jobs is due, None without any"""
        jobs = self.search(
            [
                ("state", "=", "waiting"),
                ("account_id.state", "=", "connected"),
                *domain,
            ],
            order="next_try, id",
            limit=1,
        )
        return jobs.next_try or None

    @api.model
    def _seconds_to_next(self):
        """
        :return: seconds until something more is due, None where nothing will be
        """
        now = fields.Datetime.now()
        at = self._next_time([("next_try", ">", now)])
        return at and (at - now).total_seconds()

    @api.model
    def _wake_for_next(self, at_once):
        """
        :param at_once: whether something may be due that this run has not looked at
        """
        at = self._next_time()
        if not at:
            return
        soonest = fields.Datetime.now() + timedelta(seconds=0 if at_once else REST)
        self._wake(max(at, soonest))

    # === CRONS === #

    @api.model
    def _cron_enqueue(self, kind):
        """Put this work into the queue of every account that works."""
        for account in self.env["crm.doppler.account"]._working():
            self._enqueue(account, kind)

    @api.model
    def _cron_push(self):
        """Every night, the lists that are pushed by themselves."""
        lists = self.env["crm.doppler.list"].search(
            [
                ("is_automatic", "=", True),
                ("state", "!=", "missing"),
                (
                    "account_id",
                    "in",
                    self.env["crm.doppler.account"]._working().ids,
                ),
            ]
        )
        for list_ in lists:
            self._enqueue(list_.account_id, "push", list_)

    @api.autovacuum
    def _gc_finished(self):
        """Jobs that came to their end are kept for `KEPT_DAYS`."""
        before = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        old = self.search(
            [("state", "in", ("done", "cancelled")), ("finished", "<", before)],
            limit=CLEANED,
        )
        old.unlink()
        return len(old), len(old) == CLEANED
