from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_gestion.models import crm_doppler_import
from odoo.addons.crm_gestion.tools.doppler import client

from .test_crm_doppler_push import DopplerPushCommon


@tagged("post_install", "-at_install")
class TestCrmDopplerImport(DopplerPushCommon):
    def _refuse(self, *emails):
        """The service takes these for no addresses."""
        refusal = self.service._refusal
        patcher = patch.object(
            self.service,
            "_refusal",
            lambda email: "invalid" if email in emails else refusal(email),
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def _refuse_batches(self, *emails):
        """It does not even take an import in which one of these is."""
        self._refuse(*emails)
        post_import = client.Client.import_members

        def import_members(this, ref, names, people):
            if set(emails) & {person.email for person in people}:
                self.service.fail("POST", "/import$", "400.1", detail="Odd item.")
            return post_import(this, ref, names, people)

        patcher = patch.object(client.Client, "import_members", import_members)
        patcher.start()
        self.addCleanup(patcher.stop)

    # === ERRORS OF PEOPLE === #

    def test_errors_are_shown_on_the_member(self):
        ana, bruno, _carla = self.people
        self._refuse(ana.email)
        job = self._push()
        [done] = job.import_ids
        self.assertEqual((done.people, done.imported, done.refused), (3, 2, 1))
        member = self._member(ana)
        self.assertEqual(
            (member.reason, member.error, member.is_there, member.todo),
            ("refused", "InvalidEmail", False, False),
        )
        self.assertFalse(self._member(bruno).error)
        self.service.requests.clear()
        self._push()
        self.assertEqual(self._sent(), [])
        self.assertEqual(self._member(ana).reason, "refused")

    def test_who_unsubscribes_while_he_is_sent(self):
        ana = self.people[0]
        job = self._enqueue()
        self._until(job, lambda: self._imports())
        self.service.opt_out(ana.email)
        self._work(job)
        self.assertEqual(job.state, "done")
        member = self._member(ana)
        self.assertEqual(
            (member.reason, member.is_there, member.todo),
            ("left_doppler", False, False),
        )
        optout = self.env["crm.doppler.optout"].search([("email", "=", ana.email)])
        self.assertEqual((optout.kind, optout.note), ("other", "UnsubscribedByUser"))
        self.assertEqual(
            self.env["mail.blacklist"].search([("email", "=", ana.email)]).active, True
        )
        self.assertEqual(job.import_ids.refused, 1)

    def test_code_of_opt_outs(self):
        kind = self.env["crm.doppler.import"]._kind
        self.assertEqual(kind("UnsubscribedByUser"), "other")
        self.assertEqual(kind("Black List"), "policy")
        self.assertEqual(kind("HardBounced"), "hard_bounce")
        self.assertEqual(kind("InvalidEmail"), None)
        self.assertEqual(kind(""), None)

    def test_one_odd_person_does_not_keep_the_others_out(self):
        names = [f"p{number}" for number in range(10)]
        self._make_people(*names)
        bad = "p6@clientes.example"
        self._refuse_batches(bad)
        job = self._push()
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(len(self._there()), 12)
        self.assertNotIn(bad, self._there())
        member = self.list.member_ids.filtered(lambda m: m.email == bad)
        self.assertEqual((member.reason, member.todo), ("refused", False))
        self.assertIn("not an address", member.error)
        self.assertEqual(self.service.overlaps, 0)
        self.assertEqual(
            sum(task["people"] for task in self.service.tasks.values())
            + len(self.service.asked("POST", "/subscribers$")),
            13,
        )

    def test_one_person_is_added_at_once(self):
        """The answer tells more than a task would."""
        ana, bruno, carla = self.people
        (bruno | carla).category_id = False
        self._push()
        self.assertEqual(self._imports(), [])
        self.assertEqual(self._there(), [ana.email])
        bruno.category_id = self.category
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "sending")
        self.service.opt_out(bruno.email)
        self._work(job)
        self.assertEqual(job.state, "done")
        self.assertEqual(self._there(), [ana.email])
        optout = self.env["crm.doppler.optout"].search([("email", "=", bruno.email)])
        self.assertEqual(optout.kind, "other")

    def test_nobody_is_taken(self):
        names = [f"p{number}" for number in range(8)]
        people = self.people | self._make_people(*names)
        self._refuse_batches(*people.mapped("email"))
        job = self._push()
        self.assertEqual(job.state, "failed")
        self.assertIn("Doppler takes nobody of the list: ", job.error)
        self.assertEqual(set(self.list.member_ids.mapped("reason")), {False})
        self.assertEqual(set(self.list.member_ids.mapped("todo")), {"add"})
        self.assertFalse(self.list.member_ids.import_id)

    def test_unknown_field(self):
        self.service.fields = [
            field for field in self.service.fields if field["name"] != "LASTNAME"
        ]
        job = self._push()
        self.assertEqual(
            (job.state, job.error),
            (
                "failed",
                "Doppler has no field “LASTNAME” any more: have the connection tested "
                "again, which fetches its fields, then push again.",
            ),
        )
        self.assertEqual(len(self._imports()), 1)
        self.assertEqual(set(self.list.member_ids.mapped("reason")), {False})
        self.assertEqual(set(self.list.member_ids.mapped("todo")), {"add"})
        self.account._load_fields(self.account._client())
        job.action_retry()
        self._work(job)
        self.assertEqual((job.state, len(self._there())), ("done", 3))

    # === TASKS === #

    @freeze_time("2026-05-04 10:00:00")
    def test_polls_grow(self):
        self.service.polls = 12
        job = self._enqueue()
        waits = []
        while job.state == "waiting":
            self._work(job, 1)
            if job.import_ids.state == "followed":
                waits.append((job.next_try - fields.Datetime.now()).total_seconds())
        self.assertEqual(waits[:6], [2, 3, 4.5, 6.75, 10.125, 15.1875])
        self.assertEqual(max(waits), 60)
        self.assertEqual(len(self._there()), 3)

    def test_task_that_never_ends(self):
        """Who is on the list arrived; the others are tried once more, then somebody
        has to look."""
        ana, bruno, carla = self.people
        self.service.fail("POST", "/import$", "stuck", times=None)
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "followed")
        self.service.add_subscriber(ana.email, self.list.ref)
        job.import_ids.sent_date -= timedelta(hours=3)
        self._work(job, 1)
        self.assertEqual((job.import_ids.state, job.import_ids.imported), ("failed", 1))
        self.assertEqual(
            (self._member(ana).is_there, self._member(ana).todo), (True, False)
        )
        self.assertEqual(self._member(bruno).todo, "add")
        # the list stays busy: no second import meanwhile
        self._work(job, 5)
        self.assertEqual(len(self._imports()), 1)
        for task in self.service.tasks.values():
            task["done"] = task["started"]
        self._until(job, lambda: len(job.import_ids.filtered("task_ref")) == 2)
        job.import_ids[0].sent_date -= timedelta(hours=3)
        self._work(job, 1)
        self.assertEqual(job.state, "failed")
        self.assertEqual(
            job.error,
            "Doppler did not finish importing into “VIP”: look at the list there, "
            "then push again.",
        )
        for partner in (bruno, carla):
            member = self._member(partner)
            self.assertEqual(member.todo, "add")
            self.assertEqual(member.error, "Doppler did not say what became of him.")
        self.assertEqual(self.service.overlaps, 0)

    def test_task_of_a_list_too_large_to_be_read(self):
        """Everybody of the import is sent once more; the list is not asked for."""
        self.service.fail("POST", "/import$", "stuck", times=None)
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "followed")
        self.service.add_subscriber(self.people[0].email, self.list.ref)
        job.import_ids.sent_date -= timedelta(hours=3)
        with patch.object(crm_doppler_import, "READABLE", 0):
            self._work(job, 1)
        self.assertEqual((job.import_ids.state, job.import_ids.imported), ("failed", 0))
        self.assertEqual(
            [self._member(partner).todo for partner in self.people], ["add"] * 3
        )
        reads = [path for method, path, _body in self.service.requests
                 if method == "GET" and "/subscribers" in path]  # fmt: skip
        self.assertEqual(reads, [])

    def test_task_that_is_lost(self):
        self.service.fail("GET", "/tasks/import", "404.1")
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "failed")
        for task in self.service.tasks.values():
            self.service.carry_out(task)
        self._work(job)
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(len(self._there()), 3)
        self.assertFalse(any(self.list.member_ids.mapped("error")))

    def test_tasks_are_lost_now_and_then(self):
        """An import that is lost is sent once more, whatever was lost before it."""
        self._make_people("dora")
        self.account.batch_size = 2
        job = self._enqueue()
        for number in (1, 2):
            self.service.fail("GET", "/tasks/import", "404.1")
            self._until(
                job,
                lambda number=number: (
                    job.import_ids.mapped("state").count("failed") == number
                ),
            )
            for task in self.service.tasks.values():
                if "items" in task:
                    self.service.carry_out(task)
            self._until(
                job,
                lambda number=number: (
                    job.import_ids.mapped("state").count("done") == number
                ),
            )
        self._work(job)
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(len(self._there()), 4)

    def test_who_opts_out_while_he_is_imported_is_not_there(self):
        ana = self.people[0]
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "followed")
        self.env["crm.doppler.optout"]._note(
            self.account,
            [{"email": ana.email, "kind": "manual", "date": None, "note": ""}],
        )
        self._work(job)
        self.assertEqual(job.state, "done")
        member = self._member(ana)
        self.assertEqual(
            (member.is_there, member.reason, member.todo, member.sent_hash),
            (False, "left_doppler", False, False),
        )
        self.assertFalse(member.import_id)

    def test_import_by_somebody_else_is_not_ours(self):
        """In the account, but into another list, or before."""
        other = self.service.add_list("Other")
        self.account._client().import_members(other, [], [])
        self.service.fail("POST", r"/lists/\d+/subscribers/import$", "reset")
        job = self._push()
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._there()), 3)
        self.assertEqual(job.import_ids.imported, 3)

    # === SPEED AND RIGHTS === #

    def test_growth(self):
        """Queries of a batch do not depend on how many are in it."""
        many = self._make_people(*(f"p{number}" for number in range(30)))
        self._push()
        self.account.mapping_ids.fetch()

        def push(people):
            members = self.env["crm.doppler.member"].search(
                [("partner_id", "in", people.ids), ("list_id", "=", self.list.id)]
            )
            members.write({"todo": "update", "sent_hash": False})
            self.list.member_ids.filtered(lambda m: m not in members).todo = False
            job = self._enqueue()
            job.write({"phase": "import", "progress": False})
            client = self.account._client()
            while self.env["crm.doppler.import"]._step(job, client) is not None:
                pass
            self.assertEqual(job.import_ids[:1].imported, len(people))
            job._end("done", False)

        self.assertFlatGrowth(push, many[:3], many)

    def test_nobody_writes_imports(self):
        job = self._push()
        for user in (self.seller, self.director):
            imports = self.env["crm.doppler.import"].with_user(user)
            with self.assertRaises(AccessError):
                imports.create({"job_id": job.id, "list_id": self.list.id})
            with self.assertRaises(AccessError):
                imports.browse(job.import_ids.id).write({"state": "prepared"})
        self.assertEqual(job.import_ids.with_user(self.director).imported, 3)
