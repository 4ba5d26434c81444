import threading
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.models import crm_doppler_job
from odoo.addons.crm_gestion.tools.doppler.errors import (
    AmbiguousError,
    AuthenticationError,
    RetryableError,
    TerminalError,
)

from .common import AtOnce, Connection
from .doppler_common import DopplerCommon

LOGGER = "odoo.addons.crm_gestion.models.crm_doppler_job"
NOW = "2026-03-02 10:00:00"


class Steps:
    """Steps of jobs that are told by the test, one after the other: what `_step`
    returns, raises, or the function that it calls."""

    def _patch_steps(self, registry):
        self.steps = []  # what they do
        self.done = []  # what was asked of them
        for name in set(crm_doppler_job.STEPS.values()) & set(registry):
            patcher = patch.object(registry[name], "_step", self._step, create=True)
            patcher.start()
            self.addCleanup(patcher.stop)

    def _step(self, job, client):
        self.done.append((job.id, job.kind))
        step = self.steps.pop(0) if self.steps else None
        if isinstance(step, Exception):
            raise step
        return step(job) if callable(step) else step


class QueueCommon(Steps, DopplerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.queue = cls.env["crm.doppler.job"]
        cls.account.user_id = cls.director
        cls.cron = cls.env.ref("crm_gestion.ir_cron_doppler_work")

    def setUp(self):
        super().setUp()
        self._patch_steps(self.env.registry)

    def _make_other_account(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        account = self.account.create(
            {"company_id": branch.id, "email": "b@ours.example", "api_key": "0123"}
        )
        account.state = "connected"
        return account

    def _make_list(self, name="Customers", **values):
        segment = self.env["crm.segment"].create({"name": name})
        return self.env["crm.doppler.list"].create(
            {
                "account_id": self.account.id,
                "name": name,
                "segment_id": segment.id,
                **values,
            }
        )

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

    @freeze_time(NOW)
    def test_a_refused_account_stops_and_keeps_its_jobs(self):
        job, later = self._enqueue(), self._enqueue("campaigns")
        self.steps = [AuthenticationError("invalid token", "401.1")]
        (job | later)._work()
        self.assertEqual(self.account.state, "stopped")
        self.assertEqual((job.state, later.state), ("waiting", "waiting"))
        self.assertEqual(len(self.done), 1)
        self.assertEqual(job.attempts, 0)
        self.account.with_user(self.env.ref("base.user_root")).action_test()
        (job | later)._work()
        self.assertEqual((job.state, later.state), ("done", "done"))

    @freeze_time(NOW)
    def test_a_trial_becomes_the_push_that_is_asked_for(self):
        list_ = self._make_list()
        trial = self.queue._enqueue(self.account, "push", list_, is_trial=True)
        self.assertTrue(trial.is_trial)
        self.assertEqual(self.queue._enqueue(self.account, "push", list_), trial)
        self.assertFalse(trial.is_trial)
        again = self.queue._enqueue(self.account, "push", list_, is_trial=True)
        self.assertEqual((again, trial.is_trial), (trial, False))
        other = self._make_list("Prospects")
        self.assertNotEqual(self.queue._enqueue(self.account, "push", other), trial)

    @freeze_time(NOW)
    def test_jobs_of_a_list_that_is_no_more(self):
        archived, deleted = self._make_list(), self._make_list("Prospects")
        job = self.queue._enqueue(self.account, "push", archived)
        gone = self.queue._enqueue(self.account, "push", deleted)
        archived.active = False
        deleted.unlink()
        self.assertFalse(gone.exists())
        job._work()
        self.assertEqual((job.state, self.done), ("cancelled", []))
        self.assertIn("archived", job.error)

    @freeze_time(NOW)
    def test_a_step_sees_the_company_of_its_account(self):
        account = self._make_other_account()
        account.company_id.partner_id.lang = "en_US"
        seen = []
        self.steps = [
            lambda job: seen.append((job.env.company, job.env.lang, job.env.su)) or None
        ]
        self._enqueue(account=account)._work()
        self.assertEqual(seen, [(account.company_id, "en_US", True)])

    def test_many_jobs_are_listed_with_as_few_queries(self):
        lists = [self._make_list(f"List {n}") for n in range(30)]
        jobs = self.queue.browse()
        for list_ in lists:
            jobs |= self.queue._enqueue(self.account, "push", list_)
            self.env["crm.doppler.import"].create(
                {
                    "job_id": jobs[-1].id,
                    "list_id": list_.id,
                    "people": 5,
                    "sent_date": NOW,
                }
            )
        spec = {name: {} for name in ("kind", "state", "people_sent", "is_test")}
        spec["list_id"] = {"fields": {"display_name": {}}}
        jobs = jobs.with_user(self.director)
        self.assertEqual(jobs[0].web_read(spec)[0]["people_sent"], 5)
        self.assertFlatGrowth(lambda some: some.web_read(spec), jobs[:3], jobs)


@tagged("post_install", "-at_install")
class TestButtons(QueueCommon):
    def setUp(self):
        super().setUp()
        self.job = self._enqueue()
        self.as_director = self.job.with_user(self.director)

    def test_what_failed_begins_again(self):
        self.job.write(
            {
                "state": "failed",
                "phase": "import",
                "progress": {"last": 7},
                "attempts": 12,
                "error": "No",
                "finished": NOW,
            }
        )
        self.as_director.action_retry()
        self.assertEqual(
            (self.job.state, self.job.phase, self.job.progress, self.job.attempts),
            ("waiting", False, False, 0),
        )
        self.assertEqual((self.job.error, self.job.finished), (False, False))

    @freeze_time(NOW)
    def test_what_waits_for_later_is_tried_now(self):
        self.job.write({"next_try": "2026-03-02 11:00:00", "progress": {"last": 7}})
        self.as_director.action_retry()
        self.assertEqual(self.job.next_try, fields.Datetime.now())
        self.assertEqual(self.job.progress, {"last": 7})

    def test_what_is_done_stays_done(self):
        self.job.state = "done"
        self.as_director.action_retry()
        self.as_director.action_cancel()
        self.assertEqual(self.job.state, "done")

    def test_what_is_cancelled_is_not_done(self):
        self.as_director.action_cancel()
        self.assertEqual(self.job.state, "cancelled")
        self.job._work()
        self.assertEqual(self.done, [])

    def test_nothing_is_tried_while_the_account_has_stopped(self):
        self.job.state = "failed"
        self.account.state = "stopped"
        with self.assertRaisesRegex(UserError, "test its connection"):
            self.as_director.action_retry()
        self.assertEqual(self.job.state, "failed")

    def test_what_is_in_the_queue_again_is_not_put_there_twice(self):
        self.job.state = "failed"
        again = self._enqueue()
        with self.assertRaisesRegex(UserError, "in the queue already"):
            self.as_director.action_retry()
        self.assertEqual((self.job.state, again.state), ("failed", "waiting"))

    def test_sellers_have_no_say(self):
        for name in ("action_retry", "action_cancel"):
            for user in (self.seller, self.head, self.employee):
                with self.subTest(action=name, user=user.name):
                    with self.assertRaises(AccessError):
                        getattr(self.job.with_user(user), name)()
        self.assertEqual(self.job.state, "waiting")

    def test_nobody_writes_the_queue(self):
        for values in ({"state": "done"}, {"progress": {}}, {"kind": "push"}):
            with self.subTest(values=values), self.assertRaises(AccessError):
                self.as_director.write(values)
        with self.assertRaises(AccessError):
            self.as_director.create({"account_id": self.account.id, "kind": "push"})

    def test_nor_that_of_another_company(self):
        job = self._enqueue(account=self._make_other_account())
        with self.assertRaises(AccessError):
            job.with_user(self.director).action_cancel()
        self.assertEqual(job.state, "waiting")


@tagged("post_install", "-at_install")
class TestWorker(QueueCommon):
    """The cron, as Odoo runs it."""

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    def _triggers(self):
        return self.env["ir.cron.trigger"].search([("cron_id", "=", self.cron.id)])

    @freeze_time(NOW)
    def test_it_does_what_is_due_of_all_accounts_in_turns(self):
        one, two = self._enqueue(), self._enqueue("campaigns")
        other = self._enqueue(account=self._make_other_account())
        self.steps = [0, 0, None, None, None]
        self._run_cron()
        self.assertEqual(set((one | two | other).mapped("state")), {"done"})
        self.assertEqual(
            [job_id for job_id, _kind in self.done],
            [one.id, other.id, one.id, other.id, two.id],
        )

    def test_it_waits_itself_for_a_few_seconds(self):
        with freeze_time(NOW) as clock:
            pauses = []

            def sleep(seconds):
                pauses.append(seconds)
                clock.tick(timedelta(seconds=seconds))

            self.patch(crm_doppler_job.time, "sleep", sleep)
            job = self._enqueue()
            self.steps = [3, None]
            self._run_cron()
            self.assertEqual((job.state, pauses), ("done", [3]))

    @freeze_time(NOW)
    def test_for_more_it_comes_back(self):
        self.patch(crm_doppler_job.time, "sleep", self.fail)
        self._triggers().unlink()
        job = self._enqueue()
        self._triggers().unlink()
        self.steps = [600]
        self._run_cron()
        self.assertEqual(job.state, "waiting")
        self.assertEqual(
            self._triggers().mapped("call_at"),
            [fields.Datetime.to_datetime("2026-03-02 10:10:00")],
        )

    @mute_logger(LOGGER)
    @freeze_time(NOW)
    def test_a_broken_job_keeps_its_note_and_the_others_are_done(self):
        bad, good = self._enqueue(), self._enqueue("campaigns")
        other = self._enqueue(account=self._make_other_account())
        self.steps = [ZeroDivisionError("x"), None, None]
        self._run_cron()
        self.assertEqual(
            (bad.state, good.state, other.state), ("failed", "done", "done")
        )
        self.assertIn("error of the system", bad.error)

    @mute_logger("odoo.sql_db")
    @freeze_time(NOW)
    def test_a_step_that_collides_is_repeated(self):
        job = self._enqueue()
        self.steps = [psycopg2.errors.SerializationFailure("collided"), None]
        self._run_cron()
        self.assertEqual((job.state, len(self.done)), ("done", 2))
        self.assertEqual(job.attempts, 0)

    @freeze_time(NOW)
    def test_it_asks_nobody_in_a_copy_of_the_database(self):
        job = self._enqueue()
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "true")
        self._run_cron()
        self.assertEqual((job.state, self.done), ("waiting", []))

    @freeze_time(NOW)
    def test_crons_only_fill_the_queue(self):
        nightly = self._make_list(is_automatic=True)
        self._make_list("By hand")
        self._make_list("Missing", is_automatic=True).sudo().state = "missing"
        self._make_list("Archived", is_automatic=True).active = False
        new = self._make_other_account()
        new.state = "new"
        for name in ("optouts", "campaigns", "deliveries", "push"):
            cron = self.env.ref(f"crm_gestion.ir_cron_doppler_{name}")
            cron.ir_actions_server_id.run()
        jobs = self.queue.search([("state", "=", "waiting")])
        self.assertEqual(
            sorted(jobs.mapped("kind")), ["campaigns", "deliveries", "optouts", "push"]
        )
        self.assertEqual(jobs.account_id, self.account)
        self.assertEqual(jobs.list_id, nightly)
        self.assertEqual((self.done, self.service.requests), ([], []))

    def test_old_jobs_go(self):
        old, failed, recent = (
            self._enqueue(kind) for kind in ("optouts", "campaigns", "deliveries")
        )
        with freeze_time(NOW):
            old.write({"state": "done", "finished": "2025-12-01 10:00:00"})
            failed.write({"state": "failed", "finished": "2025-12-01 10:00:00"})
            recent.write({"state": "done", "finished": "2026-02-01 10:00:00"})
            self.queue._gc_finished()
        self.assertEqual((old | failed | recent).exists(), failed | recent)


@tagged("post_install", "-at_install")
class TestTwoWorkers(Steps, AtOnce):
    """Two servers, each with a connection of its own to the database."""

    def setUp(self):
        super().setUp()
        with Connection() as env:
            self._patch_steps(env.registry)
            companies = env["res.company"].create(
                [{"name": "Doppler one"}, {"name": "Doppler two"}]
            )
            accounts = env["crm.doppler.account"].create(
                [
                    {
                        "company_id": company.id,
                        "email": "shop@ours.example",
                        "api_key": "0123",
                        "base_url": "http://127.0.0.1:9",
                    }
                    for company in companies
                ]
            )
            accounts.write({"state": "connected"})
            jobs = [env["crm.doppler.job"]._enqueue(a, "optouts") for a in accounts]
            self.ids = [job.id for job in jobs]
            self.company_ids = companies.ids
        self.addCleanup(self._take_away)

    def _take_away(self):
        with Connection() as env:
            companies = env["res.company"].browse(self.company_ids)
            env["crm.doppler.account"].search(
                [("company_id", "in", companies.ids)]
            ).unlink()
            cron = env.ref("crm_gestion.ir_cron_doppler_work")
            env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
            partners = companies.partner_id
            companies.unlink()
            partners.unlink()

    def _work(self):
        with Connection() as env:
            env["crm.doppler.job"]._cron_work()

    def _states(self):
        with Connection() as env:
            return env["crm.doppler.job"].browse(self.ids).mapped("state")

    def test_one_works_for_an_account_and_the_other_for_the_next(self):
        started, go_on = threading.Event(), threading.Event()

        def slow(job):
            started.set()
            go_on.wait(30)

        self.steps = [slow, None]
        first = threading.Thread(target=self._work)
        first.start()
        self.assertTrue(started.wait(30))
        try:
            self._work()
            self.assertEqual(self._states(), ["waiting", "done"])
            with Connection() as env:  # nobody who asks for something has to wait
                job = env["crm.doppler.job"].browse(self.ids[0])
                more = job._enqueue(job.account_id, "campaigns")
                self.assertEqual(more.state, "waiting")
                more.unlink()
        finally:
            go_on.set()
            first.join(30)
        self.assertEqual(self._states(), ["done", "done"])
        self.assertEqual([job_id for job_id, _kind in self.done], self.ids)

    def test_a_crash_costs_one_step(self):
        def page(number):
            def step(job):
                job.progress = {"page": number}
                return 0

            return step

        class Killed(BaseException):
            pass

        def crash(job):
            job.progress = {"page": 3}
            job.flush_recordset()
            raise Killed

        with Connection() as env:
            env["crm.doppler.job"].browse(self.ids[1]).state = "cancelled"
        self.steps = [page(1), page(2), crash]
        with suppress(Killed):
            self._work()
        with Connection() as env:
            job = env["crm.doppler.job"].browse(self.ids[0])
            self.assertEqual((job.state, job.progress), ("waiting", {"page": 2}))
        self.steps = [page(3), None]
        self._work()
        with Connection() as env:
            job = env["crm.doppler.job"].browse(self.ids[0])
            self.assertEqual((job.state, job.progress), ("done", {"page": 3}))
        self.assertEqual(len(self.done), 5)

    def test_who_cancels_meanwhile_is_not_overruled(self):
        started, go_on = threading.Event(), threading.Event()

        def slow(job):
            started.set()
            go_on.wait(30)
            return 600

        def cancel(env):
            started.wait(30)
            threading.Timer(0.5, go_on.set).start()
            env["crm.doppler.job"].browse(self.ids[0]).action_cancel()

        self.steps = [slow, None]
        with Connection() as env:
            env["crm.doppler.job"].browse(self.ids[1]).state = "cancelled"
        self._at_once(
            (lambda env: None, lambda env: env["crm.doppler.job"]._cron_work()),
            (lambda env: None, cancel),
        )
        self.assertEqual(self._states()[0], "cancelled")
