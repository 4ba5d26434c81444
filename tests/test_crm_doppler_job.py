from datetime import timedelta
from unittest.mock import MagicMock, patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.models import crm_doppler_account, crm_doppler_job
from odoo.addons.crm_gestion.tools.doppler.errors import (
    AmbiguousError,
    RetryableError,
    TerminalError,
)

from .common import CrmGestionCommon

LOGGER = "odoo.addons.crm_gestion.models.crm_doppler_job"
NOW = "2026-03-02 10:00:00"


class QueueCommon(CrmGestionCommon):
    """A queue whose steps are told by the test, one after the other: what `_step`
    returns, or raises."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls._make_account(cls.env.company)
        cls.queue = cls.env["crm.doppler.job"]

    @classmethod
    def _make_account(cls, company):
        account = cls.env["crm.doppler.account"].create(
            {
                "company_id": company.id,
                "email": "shop@ours.example",
                "new_key": "SECRET0123",
                "user_id": cls.director.id,
            }
        )
        account.state = "connected"
        return account

    def setUp(self):
        super().setUp()
        self.steps = []  # what they do
        self.done = []  # what was asked of them
        self.patch(crm_doppler_account, "Client", MagicMock())
        for name in set(crm_doppler_job.STEPS.values()) & set(self.env.registry):
            patcher = patch.object(
                self.env.registry[name], "_step", self._step, create=True
            )
            patcher.start()
            self.addCleanup(patcher.stop)

    def _step(self, job, client):
        self.done.append((job.id, job.kind))
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, Exception):
            raise step
        return step(job) if callable(step) else step

    def _enqueue(self, kind="optouts", account=None):
        return self.queue._enqueue(account or self.account, kind)


@tagged("post_install", "-at_install")
class TestQueue(QueueCommon):
    @freeze_time(NOW)
    def test_what_waits_is_not_queued_again(self):
        job = self._enqueue()
        self.assertEqual(self._enqueue(), job)
        self.assertEqual(self._enqueue("campaigns") & job, self.queue)
        job._work()
        self.assertEqual(job.state, "done")
        self.assertNotEqual(self._enqueue(), job)

    @freeze_time(NOW)
    def test_steps_until_it_is_over(self):
        def note(job):
            job.progress = {"page": 2}
            return 0

        job = self._enqueue()
        self.steps = [note, 0, None]
        job._work()
        self.assertEqual(self.done, [(job.id, "optouts")] * 3)
        self.assertEqual(job.state, "done")
        self.assertEqual(job.progress, {"page": 2})
        self.assertEqual(job.started, fields.Datetime.to_datetime(NOW))
        self.assertEqual(job.finished, fields.Datetime.to_datetime(NOW))

    def test_a_step_may_ask_for_time(self):
        with freeze_time(NOW) as clock:
            job = self._enqueue()
            self.steps = [15, None]
            job._work()
            self.assertEqual(len(self.done), 1)
            self.assertEqual(
                job.next_try, fields.Datetime.to_datetime("2026-03-02 10:00:15")
            )
            clock.tick(timedelta(seconds=15))
            job._work()
            self.assertEqual((len(self.done), job.state), (2, "done"))

    def test_what_may_succeed_later_is_tried_again_ever_more_seldom(self):
        with freeze_time(NOW) as clock:
            job = self._enqueue()
            pauses = []
            for attempt in range(1, crm_doppler_job.MAX_ATTEMPTS):
                self.steps = [RetryableError("busy", "503")]
                job._work()
                self.assertEqual((job.state, job.attempts), ("waiting", attempt))
                pauses.append((job.next_try - fields.Datetime.now()).total_seconds())
                clock.move_to(job.next_try)
            self.assertIn("503", job.error)
            for pause, middle in zip(pauses, [30, 60, 120, 240], strict=False):
                self.assertTrue(middle * 0.74 <= pause <= middle * 1.26, pauses)
            self.assertTrue(all(pause <= 4500 for pause in pauses))
            self.steps = [RetryableError("busy", "503")]
            job._work()
            self.assertEqual(job.state, "failed")

    @freeze_time(NOW)
    def test_it_waits_as_long_as_the_service_asks(self):
        job = self._enqueue()
        self.steps = [RetryableError("slow down", "429", retry_after=600)]
        job._work()
        seconds = (job.next_try - fields.Datetime.now()).total_seconds()
        self.assertTrue(600 <= seconds <= 662, seconds)

    def test_success_forgets_what_failed_before(self):
        with freeze_time(NOW) as clock:
            job = self._enqueue()
            self.steps = [AmbiguousError("timed out")]
            job._work()
            self.assertEqual(job.attempts, 1)
            clock.move_to(job.next_try)
            self.steps = [3600]
            job._work()
            self.assertEqual((job.attempts, job.error), (0, False))

    @freeze_time(NOW)
    def test_what_will_not_get_better_fails_at_once(self):
        job = self._enqueue()
        self.steps = [TerminalError("no such thing", "400.1", [("name", "too long")])]
        job._work()
        self.assertEqual(job.state, "failed")
        self.assertEqual(job.error, "Doppler refused it: name: too long")

    @mute_logger(LOGGER)
    @freeze_time(NOW)
    def test_an_error_of_ours_blocks_nobody(self):
        def broken(job):
            job.progress = {"page": 2}
            self.account.origin = "half"
            raise ZeroDivisionError("secret detail")

        bad, good = self._enqueue(), self._enqueue("campaigns")
        self.steps = [broken, None]
        (bad | good)._work()
        self.assertEqual((bad.state, good.state), ("failed", "done"))
        self.assertNotIn("secret detail", bad.error)
        self.assertFalse(bad.progress)
        self.assertFalse(self.account.origin)
