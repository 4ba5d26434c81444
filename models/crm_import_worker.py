import logging

from psycopg2 import InterfaceError, OperationalError
from psycopg2.errors import ProgramLimitExceeded

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)

# What is worked on while the user waits: rows, and bytes of files not read yet.
AT_ONCE = 500
AT_ONCE_BYTES = 100_000
# From which states a work begins, the state meanwhile, and the one when it has ended.
WORKS = {
    "read": (("draft", "checked"), "draft", "draft"),
    "check": (("draft", "checked"), "draft", "checked"),
    "run": (("checked",), "running", "done"),
    "undo": (("checked", "done", "undone"), "undoing", "undone"),
}
WORKERS = {
    "read": "crm.import.reader",
    "check": "crm.import.checker",
    "run": "crm.import.runner",
    "undo": "crm.import.undoer",
}
# Nobody is told, nobody follows, nothing is logged in a chatter.
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_activity_quick_update": True,
    "mail_activity_automation_skip": True,
    "no_mail_to_attendees": True,
    "dont_notify": True,
    "no_calendar_sync": True,
    "no_reset_password": True,
}


def is_busy(error):
    """:return: whether the database is busy or gone: no fault of a row, it is tried
    again. A text that is too long for an index would be so each time."""
    too_long = isinstance(error, ProgramLimitExceeded)
    return isinstance(error, (OperationalError, InterfaceError)) and not too_long


class CrmImportWorker(models.AbstractModel):
    """Does the works of an import, step by step.

    A short one is done while the user waits, in his transaction. A long one is the
    cron's, which commits after each step; the lock of the import, taken anew for each
    step, keeps two servers from working on it at once. What fails stops the import and
    says why.
    """

    _name = "crm.import.worker"
    _description = "Worker of an Import"

    @api.model
    def _start(self, job, work):
        """Begin a work: a short one is done when this returns."""
        before, meanwhile, _after = WORKS[work]
        if job.state not in before or not job._switch(None, work, meanwhile):
            return True
        worker = self.env[WORKERS[work]]
        # sudo: told by the work itself
        job.sudo().write(
            {
                "error": False,
                "work_done": 0,
                "work_total": worker._total(job),
                "user_id": job.user_id.id if work == "undo" else self.env.uid,
            }
        )
        if worker._is_short(job):
            for _done in self._steps(job):
                self.env.flush_all()
        else:
            self._call_cron()
        return True

    @api.model
    def _call_cron(self):
        # sudo: who imports need not be allowed to run crons
        self.env.ref("crm_gestion.ir_cron_import").sudo()._trigger()

    @api.model
    def _as_importer(self, job):
        """:return: this import as who runs it
        :raise UserError: where he may not any longer
        """
        user, company = job.user_id, job.company_id
        if not (
            user.active
            and user.has_group("crm_gestion.group_sales_director")
            and company in user.company_ids
        ):
            raise UserError(
                self.env._(
                    "%s may not import into this company any longer: another sales "
                    "director can go on.",
                    user.name,
                )
            )
        return job.with_user(user)

    @api.model
    def _context(self, job):
        """:return: the whole context of the work: nothing that a client sends, such as
        values of records by default, has a say in it"""
        return {
            **QUIET,
            "allowed_company_ids": job.company_id.ids,
            "tz": job.tz,
            # who takes back has no say in the import, but reads why something stays
            "lang": self.env.lang if job.work == "undo" else job.env.user.lang,
        }

    @api.model
    def _steps(self, job):
        """Do the work, step by step. Yields the number of rows of each step, when all
        of it is written: who iterates may commit then."""
        work = job.work
        if work == "undo":
            # sudo: an administrator asked for it, and rows of logs go with records
            job = job.sudo()
        else:
            job = self._as_importer(job)
        job = job.with_env(job.env(context=self._context(job)))
        for done in self.env[WORKERS[work]].with_env(job.env)._work(job):
            job.env.flush_all()
            self._count(job, done)
            yield done
        job._switch(work, None, WORKS[work][2])
        if work in ("run", "undo"):
            # sudo: told by the work itself
            job.sudo().date_done = fields.Datetime.now()

    @api.model
    def _count(self, job, done):
        # sudo: what the work itself says about its progress
        job.sudo().write({"work_done": job.work_done + done})
        self.env.flush_all()
        self.env.invalidate_all()

    @api.model
    def _work_on(self, job):
        """:return: whether there is time for another import"""
        if not self._lock_work(job, None):
            return True
        work = job.work
        try:
            for done in self._steps(job):
                left = max(job.work_total - job.work_done, 1)
                if not self.env["ir.cron"]._commit_progress(done, remaining=left):
                    return False
                if not self._lock_work(job, work):
                    return True
        except Exception as error:
            # fails where the connection is lost: then the cron comes again by itself
            self.env.cr.rollback()
            if is_busy(error):
                # somebody wrote at the same moment: again soon, not in an hour
                self._call_cron()
                self.env["ir.cron"]._commit_progress()
                return False
            self._halt(job, work, error)
        self.env["ir.cron"]._commit_progress(remaining=0)
        return True

    @api.model
    def _lock_work(self, job, work):
        """:return: whether the import still is at this work, or at any, and no other
        server is at it"""
        if not job.try_lock_for_update(allow_referencing=True):
            return False
        job.invalidate_recordset()
        return bool(job.work) and job.work == (work or job.work)

    @api.model
    def _halt(self, job, work, error):
        """Stop, and say why."""
        if not isinstance(error, UserError):
            _logger.error("Import %s stopped", job.id, exc_info=error)
            error = self.env._(
                "The program failed. Ask your system administrator: it is in the log."
            )
        stopped = {"run": "checked", "undo": "done"}
        job._switch(work, None, stopped.get(work, "draft"))
        job.sudo().error = str(error)  # sudo: told by the work itself
