import threading
import time
from unittest.mock import patch

from odoo.exceptions import MissingError
from odoo.fields import Command
from odoo.service.model import retrying
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_gestion.models import crm_import_runner, crm_import_undoer

from .common import AtOnce, Connection

NAMES = ("Alfa", "Beta", "Gamma")
CHANGED = "It was changed since: it stays."
USED = "Something made since needs it: it stays."


@tagged("post_install", "-at_install")
class TestImportUndoAtOnce(AtOnce):
    """What people write while an import runs or is taken back is not lost. Alfa belongs
    to Beta: the end of the run writes it once more."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with Connection() as env:
            groups = "base.group_system,crm_gestion.group_sales_director"
            user = new_test_user(env, login="imports", groups=groups, lang="en_US")
            job = env["crm.import"].create(
                {"name": "At once", "source": "vtiger", "user_id": user.id}
            )
            rows = [
                Command.create(
                    {
                        "number": number,
                        "entity": "organization",
                        "name": name,
                        "values": {"name": name}
                        | ({"parent": "Beta"} if name == "Alfa" else {}),
                        "state": "planned",
                    }
                )
                for number, name in enumerate(NAMES)
            ]
            job.write({"state": "checked", "row_ids": rows})
            self.user_id, self.job_id = user.id, job.id
        for module in (crm_import_runner, crm_import_undoer):
            patcher = patch.object(module, "BATCH", 1)
            patcher.start()
            self.addCleanup(patcher.stop)

    def _clean_up(self):
        with Connection() as env:
            job = env["crm.import"].browse(self.job_id)
            ids = job.row_ids.mapped("res_id")
            partners = env["res.partner"].browse(ids).exists()
            partners.child_ids.unlink()
            partners.exists().unlink()
            env.cr.execute("DELETE FROM crm_import WHERE id = %s", [self.job_id])
            user = env["res.users"].browse(self.user_id)
            partner = user.partner_id
            user.unlink()
            partner.unlink()

    def _job(self, env):
        job = env(user=self.user_id)["crm.import"].browse(self.job_id)
        return job.with_context(lang="en_US")

    def _steps(self, work, between=None, until=None):
        """Work as the cron does: each step is committed.

        :param between: function that is called after the first step
        :param until: number of steps after which the process is killed
        """
        with Connection() as env:
            job = self._job(env)
            if not job.work:
                job._switch(None, work, "running" if work == "run" else "undoing")
            steps = job.env["crm.import.worker"]._steps(job)
            for number, _done in enumerate(steps, start=1):
                env.cr.commit()
                if number == until:
                    return
                if number == 1 and between:
                    between()

    def _partner(self, env, name):
        rows = self._job(env).sudo().row_ids
        row = rows.filtered(lambda row: row.name == name)
        return env["res.partner"].browse(row.res_id)

    def _write(self, name, user_id=None):
        with Connection() as env:
            partner = self._partner(env, name).with_env(
                env(user=user_id or self.user_id)
            )
            partner.phone = "924 555 101"

    def _told(self):
        with Connection() as env:
            rows = self._job(env).sudo().row_ids.sorted("number")
            return {row.name: (row.state, row.reason) for row in rows}

    def _phone(self, name):
        with Connection() as env:
            return self._partner(env, name).exists().phone

    def test_without_a_change_all_goes(self):
        self._steps("run")
        self._steps("undo")
        self.assertEqual(self._told(), dict.fromkeys(NAMES, ("undone", False)))

    def test_what_who_imports_wrote_during_the_run_stays(self):
        self._steps("run", lambda: self._write("Alfa"))
        with Connection() as env:
            self.assertEqual(self._partner(env, "Alfa").parent_id.name, "Beta")
        self._steps("undo")
        self.assertEqual(
            self._told(),
            {
                "Alfa": ("made", CHANGED),
                "Beta": ("made", USED),
                "Gamma": ("undone", False),
            },
        )
        self.assertEqual(self._phone("Alfa"), "924 555 101")

    def test_what_who_imports_wrote_afterwards_stays(self):
        self._steps("run")
        self._write("Gamma")
        self._steps("undo")
        self.assertEqual(self._told()["Gamma"], ("made", CHANGED))
        self.assertEqual(self._told()["Beta"], ("undone", False))

    def test_what_was_written_between_two_steps_of_taking_back_stays(self):
        self._steps("run")
        self._steps("undo", lambda: self._write("Alfa"))
        self.assertEqual(
            self._told(),
            {
                "Alfa": ("made", CHANGED),
                "Beta": ("made", USED),
                "Gamma": ("undone", False),
            },
        )

    def test_who_is_writing_comes_first(self):
        """Taking back waits for him, and begins anew with what he wrote."""
        self._steps("run")
        with Connection() as env:
            self._partner(env, "Gamma").phone = "924 555 101"
            env.flush_all()
            thread = threading.Thread(target=self._take_back)
            thread.start()
            self._wait_for_lock()
        thread.join(60)
        self.assertEqual(self._told()["Gamma"], ("made", CHANGED))
        self.assertEqual(self._phone("Gamma"), "924 555 101")

    def test_who_adds_something_comes_first(self):
        self._steps("run")
        with Connection() as env:
            gamma = self._partner(env, "Gamma")
            env["res.partner"].create({"name": "Eva Gil", "parent_id": gamma.id})
            env.flush_all()
            thread = threading.Thread(target=self._take_back)
            thread.start()
            self._wait_for_lock()
        thread.join(60)
        self.assertEqual(self._told()["Gamma"][0], "made")
        with Connection() as env:
            gamma = self._partner(env, "Gamma")
            self.assertEqual(gamma.exists().child_ids.mapped("name"), ["Eva Gil"])

    def _take_back(self):
        with Connection() as env:
            retrying(lambda: self._job(env).action_undo(), env)

    def _wait_for_lock(self):
        """Until somebody waits for another transaction."""
        for _try in range(300):
            with Connection() as env:
                env.cr.execute(
                    "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()"
                )
                if env.cr.rowcount:
                    return
            time.sleep(0.05)
        self.fail("Nobody waited.")

    def test_who_writes_too_late_is_told(self):
        """Either his change stays or he is told that the record is gone."""
        self._steps("run")

        def write(env):
            try:
                partner = self._partner(env, "Gamma")
                partner.phone = "924 555 101"
                env.flush_all()
            except MissingError:
                return "gone"
            return "written"

        answers = self._at_once(
            (
                lambda env: self._partner(env, "Gamma").exists(),
                lambda env: self._job(env).action_undo(),
            ),
            (lambda env: self._partner(env, "Gamma").exists(), write),
        )
        [answer] = [answer for answer in answers if isinstance(answer, str)]
        told = {"gone": ("undone", False), "written": ("made", CHANGED)}
        self.assertEqual(self._told()["Gamma"], told[answer])
        phone = "924 555 101" if answer == "written" else False
        self.assertEqual(self._phone("Gamma"), phone)

    def test_a_killed_process_is_gone_on_with(self):
        self._steps("run")
        self._steps("undo", until=1)
        self.assertEqual(
            [state for state, _reason in self._told().values()],
            ["made", "made", "undone"],
        )
        self._steps("undo")
        self.assertEqual(self._told(), dict.fromkeys(NAMES, ("undone", False)))

    def test_stopped_it_goes_on_later(self):
        self._steps("run")
        self._steps("undo", until=1)
        with Connection() as env:
            job = self._job(env)
            job.action_stop()
            self.assertEqual((job.state, job.made_count), ("done", 2))
        self._take_back()
        self.assertEqual(self._told(), dict.fromkeys(NAMES, ("undone", False)))
