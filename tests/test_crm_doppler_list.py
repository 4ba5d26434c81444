from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.models import crm_doppler_account
from odoo.addons.crm_gestion.tools.doppler.answers import SubscriberList
from odoo.addons.crm_gestion.tools.doppler.errors import AuthenticationError

from .test_crm_doppler_plan import PlanCase

LISTS = [
    SubscriberList("77", "Clientes", "ready", 12),
    SubscriberList("78", "De otro segmento", "ready", 3),
    SubscriberList("79", "En uso", "importingSubscribers", 0),
]


class FakeClient:
    def __init__(self, error=None):
        self.error = error

    def lists(self):
        if self.error:
            raise self.error
        return LISTS


class ListCase(PlanCase):
    def setUp(self):
        super().setUp()
        self.account.state = "connected"
        self.client = FakeClient()
        self.patch(
            crm_doppler_account.CrmDopplerAccount,
            "_client",
            lambda account, clients=None: self.client,
        )
        self.mine = self.list.with_user(self.director)

    def _jobs(self):
        return self.env["crm.doppler.job"].search([("list_id", "=", self.list.id)])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestList(ListCase):
    def test_a_director_binds_compares_and_pushes(self):
        list_ = (
            self.env["crm.doppler.list"]
            .with_user(self.director)
            .create({"name": "Mine", "segment_id": self.segment.id})
        )
        self.assertEqual(list_.account_id, self.account)
        self.assertEqual((list_.state, list_.ref), ("new", False))
        list_.action_compare()
        self.assertEqual(
            (list_.add_count, list_.there_count, list_.out_count), (2, 0, 0)
        )
        self.assertFalse(list_.is_working)
        list_.action_push()
        job = self.env["crm.doppler.job"].search([("list_id", "=", list_.id)])
        self.assertEqual((job.kind, job.is_trial), ("push", False))
        list_.invalidate_recordset()
        self.assertEqual(list_.working_note, "Waiting in the queue.")
        list_.action_push()  # it is in the queue already
        self.assertEqual(len(self._jobs() | job), 1)

    def test_nobody_below_binds_or_pushes(self):
        self._compare()
        for user in (self.seller, self.head):
            list_ = self.list.with_user(user)
            self.assertEqual(list_.add_count, 2)  # reads it
            for name in (
                "action_compare",
                "action_push",
                "action_choose",
                "action_make_anew",
                "action_review_removals",
                "action_agree_removals",
                "action_forget",
            ):
                with self.subTest(user=user.name, action=name):
                    with self.assertRaises(AccessError):
                        getattr(list_, name)()
            with self.assertRaises(AccessError):
                list_.member_ids.action_try_again()
            with self.assertRaises(AccessError):
                list_.member_ids[0].write({"todo": "remove"})
        self.assertFalse(self._jobs())
        for user in (self.native, self.employee):
            with self.assertRaises(AccessError):
                self.list.with_user(user).read(["name"])

    def test_what_the_queue_keeps_is_not_written_by_hand(self):
        list_ = (
            self.env["crm.doppler.list"]
            .with_user(self.director)
            .with_context(default_agreed_removals=100)
            .create(
                {
                    "name": "Forged",
                    "segment_id": self.segment.id,
                    "ref": "77",
                    "state": "bound",
                    "agreed_removals": 100,
                }
            )
        )
        self.assertEqual(
            (list_.ref, list_.state, list_.agreed_removals), (False, "new", 0)
        )
        for values in ({"ref": "77"}, {"agreed_removals": 9}, {"state": "bound"}):
            with self.subTest(values=values), self.assertRaises(UserError):
                list_.write(values)

    def test_figures_are_one_query_and_say_why(self):
        self._person("None", "")
        self._person("Soporte", "soporte@people.example")
        self._person("Admin", "admin@people.example")
        self._compare()
        self.assertEqual(self.list.out_count, 3)
        self.assertEqual(
            self.list.out_note, "No e-mail: 1, Address that Doppler does not take: 2"
        )
        lists = self.list.create(
            [
                {
                    "account_id": self.account.id,
                    "name": f"L{number}",
                    "segment_id": self.segment.id,
                }
                for number in range(33)
            ]
        )
        fields = ["there_count", "out_note", "is_held", "working_note"]
        self.assertFlatGrowth(lambda some: some.read(fields), lists[:3], lists[3:])

    def test_what_is_large_is_compared_in_the_queue(self):
        self.patch(
            self.env.registry["crm.doppler.list"], "_is_small", lambda list_: False
        )
        self.mine.action_compare()
        self.assertTrue(self._jobs().is_trial)
        self.assertFalse(self.list.member_ids)
        self.mine.action_push()  # the same job
        self.assertFalse(self._jobs().is_trial)

    def test_what_waits_in_the_queue_is_not_compared_besides(self):
        self.mine.action_push()
        self.mine.invalidate_recordset()
        self.mine.action_compare()
        self.assertFalse(self.list.member_ids)
        self.assertFalse(self._jobs().is_trial)

    def test_choose_a_list_of_doppler(self):
        other = self.list.copy({"name": "Other"})
        other.write({"ref": "78", "state": "bound"})
        self._compare()
        self._push()
        action = self.mine.action_choose()
        choose = self.env[action["res_model"]].browse(action["res_id"])
        choose = choose.with_user(self.director)
        self.assertEqual(
            [(x.name, x.people, x.is_ready, x.other) for x in choose.line_ids],
            [
                ("Clientes", 12, True, False),
                ("De otro segmento", 3, True, "Other"),
                ("En uso", 0, False, False),
            ],
        )
        with self.assertRaisesRegex(UserError, "is bound already"):
            choose.line_ids[1].action_choose()
        with self.assertRaisesRegex(UserError, "Doppler is busy with “En uso”"):
            choose.line_ids[2].action_choose()
        self.assertEqual(self.list.there_count, 2)
        choose.line_ids[0].action_choose()
        self.assertEqual(
            (self.list.ref, self.list.name, self.list.state),
            ("77", "Clientes", "bound"),
        )
        # nobody was put on this one
        self.assertEqual((self.list.there_count, len(self.list.member_ids)), (0, 0))

    def test_choose_says_why_it_cannot(self):
        self.client = FakeClient(AuthenticationError("Invalid token", "401.1"))
        with self.assertRaisesRegex(UserError, "does not accept the API key"):
            self.mine.action_choose()

    def test_nothing_is_bound_while_the_queue_works(self):
        line = self.env["crm.doppler.list.choose"].browse(
            self.mine.action_choose()["res_id"]
        )
        self.mine.action_push()
        self.mine.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "The queue works for the list"):
            line.with_user(self.director).line_ids[0].action_choose()
        with self.assertRaisesRegex(UserError, "The queue works for the list"):
            self.mine.action_forget()
        self.assertFalse(self.list.ref)

    def test_a_missing_list_is_not_pushed_until_it_is_bound_anew(self):
        self._compare()
        self._push()
        self.list.write({"ref": "77", "state": "missing"})
        with self.assertRaisesRegex(UserError, "was deleted at Doppler"):
            self.mine.action_push()
        self.assertFalse(self._jobs())
        self.mine.action_make_anew()
        self.assertEqual((self.list.state, self.list.ref), ("new", False))
        self.assertFalse(self.list.member_ids)
        self.mine.action_compare()
        self.assertEqual(self.list.add_count, 2)

    def test_a_bound_list_stays_with_its_account(self):
        self.list.write({"ref": "77", "state": "bound"})
        other = self.account.create(
            {
                "email": "other@ours.example",
                "company_id": self.env["res.company"].create({"name": "Other"}).id,
            }
        )
        with self.assertRaisesRegex(UserError, "stays with its account"):
            self.list.account_id = other

    def test_forgetting_is_said_aloud(self):
        self._compare()
        self._push()
        self.list.write({"ref": "77", "state": "bound"})
        with self.assertRaisesRegex(UserError, "forget whom it put on the list"):
            self.mine.unlink()
        self.assertEqual(self.list.there_count, 2)
        self.mine.action_forget()
        self.assertFalse(self.list.exists())

    def test_a_list_that_was_never_pushed_is_deleted(self):
        self._compare()
        self.mine.unlink()
        self.assertFalse(self.list.exists())

    def test_a_segment_that_is_pushed_stays(self):
        with self.assertRaisesRegex(UserError, "is used by “Ours”"):
            self.segment.with_user(self.director).unlink()
        self.assertEqual(self.segment.with_user(self.seller).doppler_list_count, 1)
        action = self.segment.with_user(self.seller).action_view_doppler_lists()
        self.assertEqual(
            self.list.search(action["domain"]).with_env(self.list.env), self.list
        )

    def test_try_again(self):
        self.ana.message_bounce = 2
        self._compare()
        rows = {row.partner_id: row for row in self.list.member_ids}
        rows[self.bea].write({"reason": "refused", "error": "No", "todo": False})
        self.list.member_ids.with_user(self.director).action_try_again()
        self.assertEqual(
            (rows[self.bea].todo, rows[self.bea].reason, rows[self.bea].error),
            ("add", False, False),
        )
        self.assertEqual(self.ana.message_bounce, 0)
        self._compare()
        self.assertEqual(rows[self.ana].todo, "add")

    def test_people_are_those_of_the_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        self._compare()
        self.director.write(
            {"company_ids": [(6, 0, other.ids)], "company_id": other.id}
        )
        lists = self.env["crm.doppler.list"].with_user(self.director)
        self.assertFalse(lists.search([("id", "=", self.list.id)]))
        with mute_logger("odoo.addons.base.models.ir_rule"):
            with self.assertRaises(AccessError):
                self.mine.action_push()
        members = self.env["crm.doppler.member"].with_user(self.director)
        self.assertFalse(members.search([("list_id", "=", self.list.id)]))

    def test_who_is_left_out_is_shown_by_reason_and_nobody_else(self):
        action = self.mine.with_context(crm_filter="out").action_view_members()
        self.assertEqual(
            action["context"],
            {"search_default_out": 1, "search_default_group_reason": 1},
        )
        action = self.mine.with_context(crm_filter="add").action_view_members()
        self.assertEqual(action["context"], {"search_default_add": 1})

    def test_what_waits_for_a_connection_says_so(self):
        self.account.state = "new"
        self.mine.action_push()
        self.assertIn("tests the connection", self.mine.working_note)
        self.account.state = "connected"
        self.mine.invalidate_recordset(["working_note"])
        self.assertEqual(self.mine.working_note, "Waiting in the queue.")

    def test_removals_are_agreed_by_their_number(self):
        action = self.mine.action_review_removals()
        self.assertEqual(action["res_id"], self.list.id)
        self.assertEqual(action["target"], "new")
        self.mine.action_agree_removals()
        self.assertEqual(self.list.agreed_removals, 0)  # nobody is to leave

    def test_what_is_listed_opens_the_contact(self):
        self._compare()
        row = self.list.member_ids.filtered(lambda m: m.partner_id == self.ana)
        action = row.with_user(self.seller).action_open_partner()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("res.partner", self.ana.id)
        )
        self.ana.unlink()
        self.assertFalse(row.action_open_partner())
        self.assertEqual(row.display_name, "ana@people.example")
