from freezegun import freeze_time

from odoo.exceptions import RedirectWarning, UserError
from odoo.tests import HttpCase, tagged

from odoo.addons.crm_gestion.models.crm_archive_gate import BYPASS

from .common import PASSWORD
from .test_api import ApiCommon
from .test_crm_handover import HandoverCommon


class GateCommon(HandoverCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_gate()
        cls.admin = cls._make_user(
            "admin", "base.group_system,crm_gestion.group_sales_director"
        )
        cls.system = cls._make_user(
            "system",
            "base.group_erp_manager,base.group_partner_manager,"
            "sales_team.group_sale_manager",
        )

    @classmethod
    def _set_gate(cls, value=True):
        cls.env["ir.config_parameter"].set_param("crm_gestion.archive_gate", str(value))

    def assertStopped(self, error, function):
        planned = self.planned.read(["user_id", "active"])
        with self.assertRaises(error) as refused:
            function()
        self.env.invalidate_all()
        self.assertTrue(self.seller.active)
        self.assertTrue(self.seller.sale_team_id)
        self.assertEqual(self.planned.read(["user_id", "active"]), planned)
        return refused.exception


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestArchiveGate(GateCommon):
    """Nobody with open work is archived, whatever the way in."""

    def test_stopped_through_all_ways_in_as_administrator(self):
        user = self.seller.with_user(self.system)
        for way in (
            user.action_archive,
            lambda: user.write({"active": False}),
            lambda: setattr(user, "active", False),
            lambda: user.with_context(**{BYPASS: True}).action_archive(),
            user.unlink,
        ):
            error = self.assertStopped(UserError, way)
        self.assertIn(f"Planned Activities: {len(self.planned)}", error.args[0])
        self.assertIn("Seller", error.args[0])

    def test_superuser_alone_does_not_pass(self):
        root = self.env.ref("base.user_root")
        for user in (
            self.seller.with_user(self.system).sudo(),
            self.seller.with_user(root),
        ):
            with self.subTest(uid=user.env.uid):
                # who may hand over is taken there
                error = RedirectWarning if user.env.uid == root.id else UserError
                self.assertStopped(error, user.action_archive)
                self.assertStopped(error, lambda user=user: user.write({"active": 0}))

    def test_who_may_hand_over_is_taken_there(self):
        error = self.assertStopped(
            RedirectWarning, self.seller.with_user(self.admin).action_archive
        )
        action = self.env.ref("crm_gestion.crm_handover_action_new")
        self.assertEqual(error.args[1], action.id)
        self.assertEqual(error.args[3], {"default_user_id": self.seller.id})

    def test_after_the_handover_he_is_archived(self):
        self._make_activity(self.env.user.partner_id)
        left = self.env["mail.activity"].create(
            {
                "activity_type_id": self.call.id,
                "summary": "His own to-do",
                "user_id": self.seller.id,
                "date_deadline": "2026-03-05",
            }
        )
        self._started()
        self.seller.with_user(self.system).action_archive()
        self.assertFalse(self.seller.active)
        self.assertEqual(self.planned.user_id, self.colleague)
        self.assertTrue(left.exists())
        self.assertEqual(left.user_id, self.head, "never lost")

    def test_director_decides_otherwise_with_the_key(self):
        user = self.seller.with_user(self.admin).with_context(**{BYPASS: True})
        user.action_archive()
        self.assertFalse(self.seller.active)
        self.assertEqual(self.planned.user_id, self.head)
        self.assertEqual(len(self.planned.exists()), len(self.planned))
        self.assertEqual(self.lead.user_id, self.seller)

    def test_director_decides_otherwise_on_the_handover(self):
        handover = self._handover(user=self.admin)
        with self.assertRaises(UserError):
            handover.with_user(self.head).action_archive_anyway()
        self.assertTrue(self.seller.active)
        handover.action_archive_anyway()
        self.assertFalse(self.seller.active)
        self.assertEqual(self.planned.user_id, self.head)

    def test_writing_loses_no_activity_either(self):
        gate = self.env["crm.archive.gate"]
        gate._waive(self.seller).write({"active": False})
        self.assertEqual(self.planned.exists().user_id, self.head)

    def test_heir_of_activities(self):
        """The leader of the team, else of the one above, else who does it."""
        gate = self.env["crm.archive.gate"]
        self.assertEqual(gate._leader(self.seller), self.head)
        self.assertFalse(gate._leader(self.head))
        self.north.parent_id = self.south
        self.north.user_id = False
        self.assertEqual(gate._leader(self.seller), self.south_head)
        self.south.user_id = False
        user = self.seller.with_user(self.admin).with_context(**{BYPASS: True})
        user.action_archive()
        self.assertEqual(self.planned.user_id, self.admin)

    def test_director_without_the_right_to_archive_is_told(self):
        handover = self._started(user=self.director)
        with self.assertRaises(UserError) as refused:
            handover.action_archive_user()
        self.assertIn("administrator", str(refused.exception))
        self.assertTrue(self.seller.active)

    def test_off_everything_is_native(self):
        self._set_gate(False)
        self.seller.with_user(self.system).action_archive()
        self.assertFalse(self.seller.active)
        self.assertFalse(self.planned.exists())

    def test_others_are_archived_as_ever(self):
        portal = self._make_user("portal", "base.group_portal")
        self._make_activity(self.organization, self.employee)
        for user in (portal, self.employee, self.native):
            user.with_user(self.system).action_archive()
            self.assertFalse(user.active)

    def test_who_lost_his_role_still_has_his_work(self):
        self.seller.group_ids = self.env.ref("base.group_user")
        self.assertStopped(UserError, self.seller.with_user(self.system).action_archive)

    def test_several_at_once_cost_as_one(self):
        users = [
            self._make_user(f"idle_{n}", "crm_gestion.group_seller") for n in range(33)
        ]
        users = self.env["res.users"].concat(*users)
        gate = self.env["crm.archive.gate"]
        self.assertFlatGrowth(gate._work, users[:3], users[3:])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestArchiveOverApi(GateCommon, ApiCommon):
    GATES = False

    def test_stopped_over_http(self):
        key = self._make_key(self.system)
        for method, arguments in (
            ("action_archive", {}),
            ("write", {"vals": {"active": False}}),
            ("action_archive", {"context": {BYPASS: True}}),
        ):
            with self.subTest(method=method):
                answer = self._call(
                    "res.users", method, self.seller.ids, key=key, status=422,
                    **arguments,
                )  # fmt: skip
                self.assertIn("open work", answer["message"])
                self.assertTrue(self.seller.active)

    def test_key_no_longer_works(self):
        self._call("crm.lead", "search", domain=[])
        handover = self._started(user=self.admin)
        handover.action_archive_user()
        self.assertFalse(self.seller.api_key_ids)
        self._call("crm.lead", "search", status=401, domain=[])
        self.seller.active = True
        self._call("crm.lead", "search", status=401, domain=[])


@tagged("post_install", "-at_install")
class TestSessionsEnd(GateCommon, HttpCase):
    def test_session_is_refused(self):
        url = "/web/session/check"
        self.authenticate(
            self.seller.login, PASSWORD, session_extra={"_trace_disable": False}
        )
        payload = {"jsonrpc": "2.0", "method": "call", "params": {}}
        before = self.url_open(url, json=payload).json()
        self.assertNotIn("error", before)
        handover = self._started(user=self.admin)
        handover.action_archive_user()
        after = self.url_open(url, json=payload).json()
        self.assertIn("SessionExpired", after["error"]["data"]["name"])
        self.seller.active = True
        back = self.url_open(url, json=payload).json()
        self.assertIn("error", back, "another login is needed")
