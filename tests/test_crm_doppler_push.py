import json
import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.crm_gestion.models import crm_doppler_import, crm_doppler_push

from .doppler_common import DopplerCommon


class DopplerPushCommon(DopplerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.category = cls.env["res.partner.category"].create({"name": "VIP"})
        cls.segment = cls.env["crm.segment"].create(
            {
                "name": "VIP",
                "domain": f"[('category_id', 'in', [{cls.category.id}])]",
                "company_id": False,
            }
        )
        cls.people = cls._make_people("ana", "bruno", "carla")
        cls.list = cls._make_list()

    def setUp(self):
        super().setUp()
        # what the service has not done now it never will
        patcher = patch.object(crm_doppler_import, "UNSURE", timedelta(0))
        patcher.start()
        self.addCleanup(patcher.stop)
        self.account._load_fields(self.account._client())

    @classmethod
    def _make_people(cls, *names):
        return cls.env["res.partner"].create(
            [
                {
                    "name": f"{name.title()} Soto",
                    "email": f"{name}@clientes.example",
                    "category_id": [(4, cls.category.id)],
                    "user_id": cls.seller.id,
                    "origination_id": cls.cold_call.id,
                }
                for name in names
            ]
        )

    @classmethod
    def _make_list(cls, **values):
        return cls.env["crm.doppler.list"].create(
            {
                "account_id": cls.account.id,
                "name": "VIP",
                "segment_id": cls.segment.id,
                **values,
            }
        )

    def _enqueue(self, **options):
        return self.env["crm.doppler.job"]._enqueue(
            self.account, "push", self.list, **options
        )

    def _push(self, steps=200):
        """A push from beginning to end; time goes by as it asks for."""
        job = self._enqueue()
        self._work(job, steps)
        return job

    def _work(self, job, steps=200):
        for _step in range(steps):
            if job.state != "waiting":
                break
            job.next_try = fields.Datetime.now() - timedelta(seconds=1)
            clients = {}
            self.assertTrue(job._do_step(clients), "nothing was done")

    def _until(self, job, is_reached, steps=60):
        """Steps of a job until something holds."""
        for _step in range(steps):
            if is_reached():
                return
            self.assertEqual((job.state, job.error), ("waiting", job.error))
            self._work(job, 1)
        self.fail("It was never reached.")

    def _member(self, partner):
        return self.env["crm.doppler.member"].search(
            [("list_id", "=", self.list.id), ("partner_id", "=", partner.id)]
        )

    def _imports(self):
        return self.service.asked("POST", "/subscribers/import$")

    def _sent(self):
        """:return: addresses that were ever in a body, in order"""
        bodies = [body for method, _path, body in self.service.requests if body]
        return [
            item["email"]
            for body in bodies
            for item in body.get("items", [body] if "email" in body else [])
        ]

    def _there(self):
        return self.service.members(self.list.ref)


@tagged("post_install", "-at_install")
class TestCrmDopplerPush(DopplerPushCommon):
    # === THE CYCLE === #

    def test_segment_becomes_a_list(self):
        job = self._push()
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(self.list.state, "bound")
        self.assertEqual(
            self._there(),
            [
                "ana@clientes.example",
                "bruno@clientes.example",
                "carla@clientes.example",
            ],
        )
        ana = self.service.subscribers["ana@clientes.example"]
        self.assertEqual(ana["values"]["FIRSTNAME"], "Ana")
        self.assertEqual(ana["values"]["LASTNAME"], "Soto")
        self.assertEqual(len(self._imports()), 1)
        [done] = job.import_ids
        self.assertEqual(
            (done.state, done.people, done.imported, done.refused), ("done", 3, 3, 0)
        )
        for partner in self.people:
            member = self._member(partner)
            self.assertTrue(member.is_there)
            self.assertFalse(member.todo)
            self.assertFalse(member.import_id)
            self.assertEqual(member.sent_hash, member.hash)
        self.assertTrue(self.list.pushed_date)
        self.assertTrue(self.account.optouts_until)

    def test_twice_the_same_changes_nothing(self):
        self._push()
        members = self.list.member_ids
        before = members.read(["write_date", "sent_date", "hash", "todo"])
        self.service.requests.clear()
        self.env.cr.execute("SELECT count(*) FROM crm_doppler_import")
        imports = self.env.cr.fetchone()
        job = self._push()
        self.assertEqual(job.state, "done")
        self.assertEqual(self.service.asked("POST"), [])
        self.assertEqual(self.service.asked("DELETE"), [])
        self.assertEqual(
            members.read(["write_date", "sent_date", "hash", "todo"]), before
        )
        self.env.cr.execute("SELECT count(*) FROM crm_doppler_import")
        self.assertEqual(self.env.cr.fetchone(), imports)

    def test_only_what_changed_is_sent(self):
        self._push()
        self.service.requests.clear()
        self.people[1].name = "Bruno Paz"
        self.people[2].comment = "not mapped"
        self._push()
        self.assertEqual(self._sent(), ["bruno@clientes.example"])
        bruno = self.service.subscribers["bruno@clientes.example"]
        self.assertEqual(bruno["values"]["LASTNAME"], "Paz")
        self.service.requests.clear()
        self._push()
        self.assertEqual(self._sent(), [])

    def test_trial_only_compares(self):
        job = self._enqueue(is_trial=True)
        self._work(job)
        self.assertEqual((job.state, job.phase), ("done", "compare"))
        self.assertEqual(self._member(self.people[0]).todo, "add")
        self.assertEqual(self.service.asked("POST"), [])
        self.assertFalse(self.list.ref)
        self.assertFalse(self.list.pushed_date)

    def test_existing_list_of_that_name_is_adopted(self):
        ref = self.service.add_list("vip", "otro@clientes.example")
        self._push()
        self.assertEqual(self.list.ref, ref)
        self.assertIn("otro@clientes.example", self._there())
        self.assertEqual(len(self.service.lists), 1)

    def test_list_of_another_segment_is_not_adopted(self):
        ref = self.service.add_list("VIP")
        other = self._make_list(name="Taken")
        other.write({"ref": ref, "state": "bound"})
        job = self._push()
        self.assertEqual(job.state, "failed")
        self.assertEqual(
            job.error,
            "Another segment is bound to the Doppler list “VIP” already: choose "
            "another name.",
        )
        self.assertFalse(self.list.ref)
        self.assertEqual(self._sent(), [])

    def test_several_batches(self):
        self.account.batch_size = 2
        self._make_people("dora", "elsa")
        job = self._push()
        self.assertEqual(job.import_ids.mapped("people"), [1, 2, 2])
        self.assertEqual(len(self._there()), 5)
        self.assertEqual(self.service.overlaps, 0)
        self.assertEqual(len(self._sent()), 5)

    # === NEVER AGAIN === #

    def test_nobody_who_opted_out_is_in_any_request(self):
        ana, bruno, carla = self.people
        dora, elsa, fede = self._make_people("dora", "elsa", "fede")
        self.service.opt_out(ana.email)
        self.service.opt_out(bruno.email, kind="hardBounce")
        self.env["mail.blacklist"]._add(carla.email)
        campaign = self.env["utm.campaign"].create({"name": "May"})
        self.env["crm.campaign.member"].create(
            {"campaign_id": campaign.id, "partner_id": dora.id, "state": "opted_out"}
        )
        job = self._push()
        self.assertEqual(job.state, "done")
        self.assertCountEqual(self._sent(), [elsa.email, fede.email])
        self.assertEqual(
            [self._member(partner).reason for partner in (ana, bruno, carla, dora)],
            ["blacklisted", "bounced", "blacklisted", "opted_out"],
        )
        # and not when he is taken off Odoo's blacklist either
        self.env["mail.blacklist"]._remove(ana.email)
        self.service.requests.clear()
        self._push()
        self.assertEqual(self._sent(), [])
        self.assertEqual(self._member(ana).reason, "left_doppler")
        self.assertFalse(self.service.asked("POST", "unsubscribed"))

    def test_without_consent_nobody_is_sent(self):
        self.account.require_consent = True
        ana = self.people[0]
        self.env["crm.mailing.consent"].create({"partner_id": ana.id})
        self._push()
        self.assertEqual(self._sent(), [ana.email])
        self.assertEqual(self._member(self.people[1]).reason, "no_consent")

    def test_who_opts_out_after_the_comparison_is_not_sent(self):
        """Between the comparison and each of the steps after it."""
        ana, bruno, carla = self.people
        dora, elsa = self._make_people("dora", "elsa")
        job = self._enqueue()
        self._until(job, lambda: job.phase == "import")
        self.env["mail.blacklist"]._add(ana.email)
        self._work(job, 1)
        self.env["crm.doppler.optout"]._note(
            self.account,
            [{"email": bruno.email, "kind": "manual", "date": None, "note": ""}],
        )
        carla.active = False
        self._work(job, 1)
        self.assertEqual(job.import_ids.state, "sending")
        dora.email = "dora@otra.example"
        self._work(job)
        self.assertEqual(job.state, "done")
        self.assertEqual(self._sent(), [elsa.email])
        self.assertEqual(self._member(ana).reason, "blacklisted")
        self.assertEqual(self._member(bruno).reason, "blacklisted")

    # === LEAVERS === #

    def test_leavers_leave_the_list_and_stay_in_the_account(self):
        self._push()
        ana, bruno, _carla = self.people
        ana.category_id = False
        self.env["mail.blacklist"]._add(bruno.email)
        self._push()
        self.assertEqual(self._there(), ["carla@clientes.example"])
        self.assertEqual(
            self.service.subscribers["ana@clientes.example"]["status"], "active"
        )
        self.assertFalse(self._member(ana))
        member = self._member(bruno)
        self.assertEqual((member.is_there, member.reason), (False, "blacklisted"))
        self.assertFalse(self.service.asked("POST", "unsubscribed"))

    def test_who_is_gone_already_is_no_error(self):
        self._push()
        self.people[0].category_id = False
        self.service.lists[self.list.ref]["members"].pop("ana@clientes.example")
        job = self._push()
        self.assertEqual(job.state, "done")
        self.assertFalse(self._member(self.people[0]))

    def test_mass_removal_waits_for_somebody(self):
        many = self._make_people(*(f"p{number}" for number in range(10)))
        self._push()
        many.category_id = False
        new = self._make_people("nueva")
        job = self._push()
        self.assertEqual(job.state, "done")
        self.assertEqual(
            job.error,
            "Nobody was taken out of “VIP”: too many would leave at once. Look at "
            "them, agree to it on the list and push again.",
        )
        self.assertEqual(len(self._there()), 14)
        self.assertIn(new.email, self._there())
        self.assertEqual(self.service.asked("DELETE"), [])
        self.list.with_user(self.director).action_agree_removals()
        job = self._push()
        self.assertEqual((job.state, job.error), ("done", False))
        self.assertEqual(len(self._there()), 4)

    # === WHAT CAN GO WRONG === #

    def test_list_deleted_on_the_other_side(self):
        self._push()
        ref = self.list.ref
        del self.service.lists[ref]
        self._make_people("dora")
        job = self._push()
        message = (
            "The list “VIP” is not at Doppler any more: choose another list, or make "
            "it anew."
        )
        self.assertEqual((job.state, job.error), ("failed", message))
        self.assertEqual((self.list.state, self.list.ref), ("missing", ref))
        self.assertEqual(self.service.lists, {})
        self.service.requests.clear()
        job = self._push()
        self.assertEqual(job.state, "failed")
        self.assertIn(message, job.error)
        self.assertEqual(self.service.asked("POST"), [])

    def test_list_deleted_while_people_are_sent(self):
        job = self._enqueue()
        self._until(job, lambda: job.import_ids)
        self.service.lists.clear()
        self._work(job)
        self.assertEqual((job.state, self.list.state), ("failed", "missing"))
        self.assertEqual(job.import_ids.state, "failed")
        self.assertFalse(self.list.member_ids.import_id)

    def test_busy_list_is_waited_for(self):
        ref = self.service.add_list("VIP", status="sending")
        job = self._enqueue()
        self._until(job, lambda: (job.progress or {}).get("waits") == 3)
        self.assertEqual((job.state, job.phase), ("waiting", "bind"))
        self.assertEqual(self._imports(), [])
        self.service.lists[ref]["status"] = "ready"
        self._work(job)
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._there()), 3)

    def test_list_that_stays_busy(self):
        self.service.add_list("VIP", status="sending")
        job = self._push()
        self.assertEqual(job.state, "failed")
        self.assertEqual(
            job.error,
            "Doppler has been working on the list “VIP” for hours: look at it there, "
            "then push again.",
        )

    def test_wait_grows(self):
        push = self.env["crm.doppler.push"]
        job = self._enqueue()
        waits = [push._wait(job) for _wait in range(crm_doppler_push.MOST_WAITS)]
        self.assertEqual(waits[:8], [5, 10, 20, 40, 80, 160, 300, 300])
        self.assertAlmostEqual(sum(waits) / 3600, 2, delta=0.2)

    def test_wrong_key_stops_the_account(self):
        self.service.keys = {"other": "other"}
        job = self._enqueue()
        self._work(job, 1)
        self.assertEqual((job.state, self.account.state), ("waiting", "stopped"))
        self.assertEqual(self._sent(), [])
        self.service.reset()
        self._connect()
        self._work(job)
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._there()), 3)

    def test_every_fault_of_every_request(self):
        """Whatever goes wrong on the way, in the end everybody was sent once."""
        for fault, options in (
            ("429", {}),
            ("429", {"retry_after": 30}),
            ("500", {}),
            ("502", {}),
            ("html", {}),
            ("empty", {}),
            ("truncated", {}),
            ("reset", {}),
            ("accepted", {}),
        ):
            for method, path in (
                ("GET", "/unsubscribed"),
                ("POST", "/lists$"),
                ("GET", r"/lists/\d+$"),
                ("POST", "/import$"),
                ("GET", r"/tasks/import-\d+$"),
            ):
                with self.subTest(fault=fault, options=options, path=path):
                    self._start_anew()
                    self.service.fail(method, path, fault, times=1, **options)
                    job = self._push()
                    self.assertEqual((job.state, job.error), ("done", False))
                    self.assertEqual(len(self._there()), 3)
                    self.assertEqual(len(self.service.lists), 1)
                    self.assertEqual(self.service.overlaps, 0)
                    self.assertEqual(len(self.service.tasks), 1)

    def test_answer_that_comes_too_late(self):
        """Sent again only when the service cannot be at it any more."""
        self.service.fail("POST", "/import$", "slow", seconds=1)
        job = self._enqueue()
        with patch.object(crm_doppler_import, "UNSURE", timedelta(minutes=2)):
            self._until(job, lambda: self._imports())
            self.assertEqual(job.import_ids.state, "sending")
            self.assertIn("answer", job.error)
            self._work(job, 1)
            time.sleep(1)
            self._work(job)
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self.service.tasks), 1)
        self.assertEqual(len(self._there()), 3)

    def _start_anew(self):
        self.service.reset()
        self.list.member_ids.unlink()
        self.env["crm.doppler.import"].search([("list_id", "=", self.list.id)]).unlink()
        self.list.write({"ref": False, "state": "new"})
        self.account.optouts_until = False

    def test_leaver_whose_request_fails(self):
        self._push()
        self.people[0].category_id = False
        self.service.fail("DELETE", "/subscribers/", "accepted")
        job = self._push()
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._there()), 2)
        self.assertEqual(len(self.service.asked("DELETE")), 2)

    # === CRASHES === #

    def test_crash_after_each_step(self):
        """Each step is done, lost with its transaction, and done again by another
        process: nothing is sent twice."""
        self.account.batch_size = 2
        job = self._enqueue()
        first = crm_doppler_import._first_tries
        for _step in range(100):
            if job.state != "waiting":
                break
            job.next_try = fields.Datetime.now() - timedelta(seconds=1)
            self.env.flush_all()
            with self.env.cr.savepoint() as savepoint:
                job._do_step({})
                savepoint.rollback()
            self.env.invalidate_all(flush=False)
            first.clear()
            self._work(job, 1)
        self.assertEqual(job.state, "done")
        self.assertEqual(len(self._there()), 3)
        self.assertEqual(self.service.overlaps, 0)
        self.assertEqual(len(self.service.tasks), 1)
        self.assertEqual(sorted(set(self._sent())), sorted(self.people.mapped("email")))

    def test_cancelled_push_is_taken_up_by_the_next(self):
        job = self._enqueue()
        self._until(job, lambda: job.import_ids.state == "followed")
        job._end("cancelled", False)
        following = self._push()
        self.assertEqual((following.state, following.error), ("done", False))
        self.assertEqual(following.import_ids.imported, 3)
        self.assertEqual(len(self._imports()), 1)

    # === SECRETS === #

    def test_key_is_nowhere(self):
        self.service.fail("POST", "/import$", "500", detail=self.service.key)
        job = self._enqueue()
        with patch.object(crm_doppler_push, "MOST_WAITS", 1):
            self._work(job)
        texts = json.dumps([job.read(), job.import_ids.read()], default=str)
        self.assertNotIn(self.service.key, texts)
        for _method, path, body in self.service.requests:
            self.assertNotIn(self.service.key, f"{path} {body}")
