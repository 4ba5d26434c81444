from unittest.mock import patch

import psycopg2

from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.models import crm_import_runner

from .common import AtOnce, Connection

NAMES = ("Crash A", "Crash B", "Crash C", "Crash D")
FIRST, BATCH = 1, 2


@tagged("post_install", "-at_install")
class TestImportCrash(AtOnce):
    """A run of real transactions: servers that collide, connections that are lost in
    the middle of a batch. Every row makes one record all the same."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with Connection() as env:
            group = "crm_gestion.group_sales_director"
            user = new_test_user(env, login="crashes", groups=group, lang="en_US")
            job = env["crm.import"].create(
                {"name": "Crash", "source": "vtiger", "user_id": user.id}
            )
            rows = [
                Command.create(
                    {
                        "number": number,
                        "entity": "organization",
                        "name": name,
                        "values": {"name": name},
                        "state": "planned",
                    }
                )
                for number, name in enumerate(NAMES)
            ]
            job.write({"state": "running", "work": "run", "row_ids": rows})
            self.user_id, self.job_id = user.id, job.id
        patcher = patch.object(crm_import_runner, "BATCH", BATCH)
        patcher.start()
        self.addCleanup(patcher.stop)

    def _clean_up(self):
        with Connection() as env:
            env["res.partner"].search([("name", "in", NAMES)]).unlink()
            env.cr.execute("DELETE FROM crm_import WHERE id = %s", [self.job_id])
            user = env["res.users"].browse(self.user_id)
            partner = user.partner_id
            user.unlink()
            partner.unlink()

    def _work(self, env):
        """What the cron does for this import."""
        job = env["crm.import"].browse(self.job_id)
        return env["crm.import.worker"]._work_on(job)

    def _steps(self, count):
        """Work on until the server dies after a step is written, or committed."""
        with Connection() as env:
            steps = env["crm.import.worker"]._steps(
                env["crm.import"].browse(self.job_id)
            )
            for _number in range(count):
                next(steps)
                env.cr.commit()
            next(steps)
            env.cr.rollback()

    def _told(self):
        with Connection() as env:
            job = env["crm.import"].browse(self.job_id)
            made = env["res.partner"].search([("name", "in", NAMES)])
            rows = job.row_ids.filtered(lambda row: row.state == "made")
            self.assertEqual(sorted(rows.mapped("res_id")), sorted(made.ids))
            return job.state, job.work, sorted(made.mapped("name")), job.refused_count

    def _ended(self):
        return "done", False, list(NAMES), 0

    def test_two_servers_make_each_row_once(self):
        def read(env):
            return env["crm.import"].browse(self.job_id).state

        self._at_once((read, self._work), (read, self._work))
        with Connection() as env:
            self._work(env)
        self.assertEqual(self._told(), self._ended())

    def test_a_step_that_was_not_committed_is_done_again(self):
        self._steps(FIRST)
        self.assertEqual(self._told(), ("running", "run", list(NAMES[:BATCH]), 0))
        with Connection() as env:
            self._work(env)
        self.assertEqual(self._told(), self._ended())

    def test_a_collision_is_tried_again_soon(self):
        def triggers(env):
            cron = env.ref("crm_gestion.ir_cron_import")
            return env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])

        def collide(runner, job, entity, rows):
            raise psycopg2.errors.SerializationFailure

        with Connection() as env:
            before = triggers(env)
            runner = type(env["crm.import.runner"])
            with patch.object(runner, "_load", collide):
                self.assertFalse(self._work(env))
        with Connection() as env:
            called = triggers(env) - before.with_env(env)
            self.assertEqual(len(called), 1)
            called.unlink()
        self.assertEqual(self._told(), ("running", "run", [], 0))
        with Connection() as env:
            self._work(env)
        self.assertEqual(self._told(), self._ended())

    def test_a_lost_connection_refuses_no_row(self):
        with Connection() as env:
            runner = type(env["crm.import.runner"])
            row_class = type(env["crm.import.row"])
        load, told, loads = runner._load, row_class._tell, []

        def lose(runner, job, entity, rows):
            loads.append(len(rows))
            return load(runner, job, entity, rows)

        def tell(rows, outcomes):
            if len(loads) > FIRST:
                with Connection() as other:
                    other.cr.execute(
                        "SELECT pg_terminate_backend(%s, 5000)",
                        [rows.env.cr._cnx.info.backend_pid],
                    )
            return told(rows, outcomes)

        with (
            patch.object(runner, "_load", lose),
            patch.object(row_class, "_tell", tell),
            mute_logger("odoo.sql_db"),
            self.assertRaises((psycopg2.OperationalError, psycopg2.InterfaceError)),
            Connection() as env,
        ):
            self._work(env)
        self.assertEqual(loads, [BATCH, BATCH])
        self.assertEqual(self._told(), ("running", "run", list(NAMES[:BATCH]), 0))
        with Connection() as env:
            self._work(env)
        self.assertEqual(self._told(), self._ended())
