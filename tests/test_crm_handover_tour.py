from functools import partial

from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tests import get_db_name, tagged
from odoo.tools import mute_logger

from .common import AtOnce, BrowserCommon, Connection


@tagged("post_install", "-at_install")
class TestHandoverTour(BrowserCommon):
    """A head hands the portfolio of a seller over, in Spanish."""

    def test_head_hands_over(self):
        self.head.lang = "es_ES"
        lead = self._make_lead(name="Venta abierta", partner_id=self.contact.id)
        self.start_tour(
            "/odoo", "crm_gestion_handover", login=self.head.login, timeout=240
        )
        handover = self.env["crm.handover"].search([("user_id", "=", self.seller.id)])
        self.assertEqual(handover.state, "done")
        self.assertEqual(handover.create_uid, self.head)
        self.assertEqual(lead.user_id, self.colleague)
        self.assertEqual(self.organization.user_id, self.colleague)


@tagged("post_install", "-at_install")
class TestHandoverTwoConnections(AtOnce):
    """Two clicks and two servers move nothing twice, and a server that dies loses
    nothing."""

    LEADS = 6

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._clean_up)
        with Connection() as env:
            sellers = env["res.users"].create(
                [
                    {
                        "name": name,
                        "login": f"two_{name}",
                        "group_ids": [
                            Command.link(env.ref("crm_gestion.group_seller").id)
                        ],
                    }
                    for name in ("leaver", "heir")
                ]
            )
            self.leaver_id, self.heir_id = sellers.ids
            leads = env["crm.lead"].create(
                [
                    {
                        "name": f"Two {n}",
                        "type": "opportunity",
                        "user_id": sellers[0].id,
                    }
                    for n in range(self.LEADS)
                ]
            )
            self.lead_ids = leads.ids
            handover = env["crm.handover"].create(
                {"user_id": sellers[0].id, "successor_id": sellers[1].id}
            )
            handover.action_preview()
            self.handover_id = handover.id

    def _clean_up(self):
        with Connection() as env:
            handover = env["crm.handover"].browse(self.handover_id)
            handover.line_ids.unlink()
            handover.unlink()
            env["crm.lead"].browse(self.lead_ids).unlink()
            users = env["res.users"].browse([self.leaver_id, self.heir_id])
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    def _handover(self, env):
        return env["crm.handover"].browse(self.handover_id)

    def _messages(self, env):
        partner = env["res.users"].browse(self.heir_id).partner_id
        return env["mail.message"].search_count(
            [("notified_partner_ids", "in", partner.ids)]
        )

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_clicks(self):
        def click(env):
            return self._handover(env).action_start()

        read = partial(lambda env: self._handover(env).state)
        self._at_once((read, click), (read, click))
        with Connection() as env:
            handover = self._handover(env)
            self.assertEqual(handover.state, "done")
            self.assertEqual(handover.moved_count, self.LEADS)
            self.assertEqual(self._messages(env), 1)

    def _start_in_background(self):
        with Connection() as env:
            handover = self._handover(env)
            handover._switch("draft", "running")

    def test_what_another_server_works_on_is_left_to_it(self):
        self._start_in_background()
        with Connection() as first:
            self.assertTrue(self._handover(first).try_lock_for_update())
            with Connection() as second:
                second["crm.handover"]._cron_run()
                self.assertEqual(self._handover(second).moved_count, 0)
        with Connection() as env:
            env["crm.handover"]._cron_run()
            self.assertEqual(self._handover(env).moved_count, self.LEADS)

    def test_a_server_dies_between_moving_and_committing(self):
        self._start_in_background()
        connection = Connection()
        env = connection.__enter__()
        self._handover(env)._run_batch(2)
        env.cr.commit()
        self._handover(env)._run_batch(2)
        self.assertEqual(self._handover(env).moved_count, 4)
        # what PostgreSQL does with a connection whose process is gone
        env.cr.rollback()
        env.cr.close()
        with Connection() as env:
            handover = self._handover(env)
            self.assertEqual(handover.moved_count, 2)
            owners = env["crm.lead"].browse(self.lead_ids).mapped("user_id.id")
            self.assertEqual(len(owners), 2)
            handover._cron_run()
        with Connection() as env:
            handover = self._handover(env)
            self.assertEqual(handover.state, "done")
            self.assertEqual(set(handover.line_ids.mapped("state")), {"moved"})
            self.assertEqual(self._messages(env), 1)
