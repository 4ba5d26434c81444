from functools import partial
from unittest.mock import patch

from odoo.modules.registry import Registry
from odoo.tests import get_db_name, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.models import crm_takeover

from .common import AtOnce, BrowserCommon, Connection

TITLE = "Quaestor"


@tagged("post_install", "-at_install")
class TestTakeoverTour(BrowserCommon):
    """A director who administers looks at what would happen, corrects a title, takes
    it over and back."""

    def test_preview_correct_run_undo(self):
        self._speak_english()
        self.director.group_ids |= self.env.ref("base.group_system")
        people = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": self.organization.id, "function": title}
                for name, title in (
                    ("Q1", TITLE),
                    ("Q2", TITLE),
                    ("Q3", "QUAESTOR"),
                    ("Q4", "Questor"),
                )
            ]
        )
        self.start_tour(
            f"/odoo/action-{self.env.ref('crm_gestion.crm_takeover_action').id}",
            "crm_gestion_takeover",
            login=self.director.login,
            timeout=240,
        )
        takeover = self.env["crm.takeover"].search([], limit=1)
        self.assertEqual((takeover.state, takeover.kept_count), ("undone", 0))
        lines = takeover.line_ids.filtered(lambda line: line.kind == "function")
        corrected = lines.filtered(lambda line: line.name == "Questor")
        self.assertEqual((corrected.action, corrected.taken), ("leave", 0))
        self.assertEqual(sum((lines - corrected).mapped("taken")), 3)
        self.assertFalse(people.cargo_id)


@tagged("post_install", "-at_install")
class TestTakeoverTwoConnections(AtOnce):
    """Two clicks and two servers fill nothing twice, and a server that dies loses
    nothing."""

    PEOPLE = 6

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._clean_up)
        with Connection() as env:
            people = env["res.partner"].create(
                [{"name": f"Two {n}", "function": TITLE} for n in range(self.PEOPLE)]
            )
            self.people_ids = people.ids
            takeover = env["crm.takeover"].create({})
            takeover.action_preview()
            # nothing else of the database that the tests run in
            others = takeover.line_ids.filtered(lambda line: line.name != TITLE)
            others.action = "leave"
            self.takeover_id = takeover.id

    def _clean_up(self):
        with Connection() as env:
            cargos = env["crm.cargo"].search([("name", "=", TITLE)])
            env["res.partner"].browse(self.people_ids).unlink()
            self._takeover(env).unlink()
            cargos.unlink()

    def _takeover(self, env):
        return env["crm.takeover"].browse(self.takeover_id)

    def _filled(self, env):
        """:return: number of people with a position, of positions, of ledger rows"""
        people = env["res.partner"].browse(self.people_ids)
        return (
            len(people.filtered("cargo_id")),
            len(people.cargo_id),
            self._takeover(env).filled_count,
        )

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_clicks(self):
        def click(env):
            return self._takeover(env).action_start()

        read = partial(lambda env: self._takeover(env).state)
        self._at_once((read, click), (read, click))
        with Connection() as env:
            self.assertEqual(self._takeover(env).state, "done")
            # its positions are in the ledger too
            self.assertEqual(self._filled(env), (self.PEOPLE, 1, self.PEOPLE + 1))

    def _start_in_background(self):
        with Connection() as env:
            self._takeover(env).state = "running"

    def test_what_another_server_works_on_is_left_to_it(self):
        self._start_in_background()
        with Connection() as first:
            self.assertTrue(self._takeover(first).try_lock_for_update())
            with Connection() as second:
                second["crm.takeover"]._cron_run()
                self.assertEqual(self._filled(second), (0, 0, 0))
        with Connection() as env:
            env["crm.takeover"]._cron_run()
            self.assertEqual(self._filled(env), (self.PEOPLE, 1, self.PEOPLE + 1))

    def test_a_server_dies_between_filling_and_committing(self):
        self._start_in_background()
        with patch.object(crm_takeover, "BATCH", 2):
            connection = Connection()
            env = connection.__enter__()
            while self._filled(env)[0] < 2:
                self._takeover(env)._run_batch()
                env.invalidate_all()
            env.cr.commit()
            self._takeover(env)._run_batch()
            env.invalidate_all()
            self.assertEqual(self._filled(env)[0], 4)
            # what PostgreSQL does with a connection whose process is gone
            env.cr.rollback()
            env.cr.close()
            with Connection() as env:
                self.assertEqual(self._filled(env), (2, 1, 3))
                env["crm.takeover"]._cron_run()
        with Connection() as env:
            self.assertEqual(self._takeover(env).state, "done")
            self.assertEqual(self._filled(env), (self.PEOPLE, 1, self.PEOPLE + 1))
