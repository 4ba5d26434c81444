from datetime import date
from functools import partial

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tests import get_db_name, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import AtOnce, Connection, CrmGestionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHandOut(CrmGestionCommon):
    """What arrives without a seller is given to one from one queue."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enquiry = cls._make_unassigned(type="lead", name="From the website")
        cls.opportunity = cls._make_unassigned(name="Fair", team_id=cls.north.id)
        cls.both = cls.enquiry | cls.opportunity

    @classmethod
    def _make_unassigned(cls, **values):
        return cls._make_lead(**{"user_id": False, "team_id": False, **values})

    def _queue(self, user):
        action = self.env.ref("crm_gestion.crm_hand_out_action")
        domain = [*safe_eval(action.domain), ("id", "in", self.mine)]
        return self.env["crm.lead"].with_user(user).search(domain, order="id")

    def _wizard(self, leads, user):
        action = leads.with_user(user).action_crm_hand_out()
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    def _line(self, wizard, user):
        return wizard.line_ids.filtered(lambda line: line.user_id == user)

    def test_queue(self):
        south = self._make_unassigned(name="South", team_id=self.south.id)
        taken = self._make_lead(name="Taken")
        lost = self._make_unassigned(name="Lost", team_id=self.north.id)
        lost.action_set_lost()
        self.mine = (self.both | south | taken | lost).ids
        self.assertEqual(self._queue(self.head), self.both)
        self.assertEqual(self._queue(self.south_head), self.enquiry | south)
        self.assertEqual(self._queue(self.director), self.both | south)

    def test_dialog_shows_the_load_of_each_seller(self):
        lead = self._make_lead(partner_id=self.contact.id, expected_revenue=500.0)
        self._make_lead(expected_revenue=250.0)
        self._make_lead(type="lead")
        paused = self._make_lead()
        self.env["crm.opportunity.closure"]._close(
            paused, "standby", wake_date=date(2026, 6, 1)
        )
        for day in ("2026-02-27", "2026-02-28", "2026-03-02"):
            lead.activity_schedule(
                activity_type_id=self.call.id,
                date_deadline=day,
                user_id=self.seller.id,
            )
        wizard = self._wizard(self.both, self.head)
        self.assertEqual(
            wizard.line_ids.user_id, self.head | self.seller | self.colleague
        )
        self.assertEqual(wizard.lead_count, 2)
        self.assertRecordValues(
            self._line(wizard, self.seller),
            [
                {
                    "opportunity_count": 2,
                    "enquiry_count": 1,
                    "overdue_count": 2,
                    "expected_revenue": 750.0,
                }
            ],
        )
        self.assertRecordValues(
            self._line(wizard, self.colleague),
            [
                {
                    "opportunity_count": 0,
                    "enquiry_count": 0,
                    "overdue_count": 0,
                    "expected_revenue": 0.0,
                }
            ],
        )

    def test_load_is_of_the_companies_of_who_asks(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.seller.company_ids += other
        self._make_lead(expected_revenue=500.0)
        self._make_lead(expected_revenue=9000.0, company_id=other.id, team_id=False)
        line = self._line(self._wizard(self.both, self.head), self.seller)
        self.assertRecordValues(
            line, [{"opportunity_count": 1, "expected_revenue": 500.0}]
        )

    def test_head_gives_to_his_seller(self):
        wizard = self._wizard(self.both, self.head)
        action = self._line(wizard, self.seller).action_give()
        self.assertEqual(action["params"]["type"], "success")
        self.assertRecordValues(
            self.both,
            [
                {"user_id": self.seller.id, "team_id": self.north.id},
                {"user_id": self.seller.id, "team_id": self.north.id},
            ],
        )
        self.assertFalse(self.both.activity_ids, "nothing is planned")

    def test_team_follows_the_seller(self):
        self._line(self._wizard(self.both, self.director), self.stranger).action_give()
        self.assertEqual(self.both.team_id, self.south)

    def test_team_is_one_that_works_on_such_a_thing(self):
        params = self.env["ir.config_parameter"].sudo()
        params.set_param("sales_team.membership_multi", "True")
        self.south.use_leads = False
        enquiries = self.env["crm.team"].create(
            {
                "name": "Enquiries",
                "use_leads": True,
                "use_opportunities": False,
                "member_ids": [Command.link(self.stranger.id)],
            }
        )
        self._line(self._wizard(self.both, self.director), self.stranger).action_give()
        self.assertEqual(self.enquiry.team_id, enquiries)
        self.assertEqual(self.opportunity.team_id, self.south)

    def test_seller_is_told_once(self):
        before = self.env["mail.message"].search([], order="id desc", limit=1).id
        self._line(self._wizard(self.both, self.head), self.seller).action_give()
        message = self.env["mail.message"].search(
            [
                ("id", ">", before),
                ("notified_partner_ids", "in", self.seller.partner_id.ids),
            ]
        )
        self.assertEqual(len(message), 1)
        self.assertIn("From the website", message.body)
        self.assertIn("Fair", message.body)
        self.assertEqual(message.author_id, self.head.partner_id)

    def test_who_gives_to_himself_is_not_told(self):
        before = self.env["mail.message"].search([], order="id desc", limit=1).id
        self._line(self._wizard(self.enquiry, self.head), self.head).action_give()
        self.assertEqual(self.enquiry.user_id, self.head)
        self.assertFalse(
            self.env["mail.message"].search(
                [
                    ("id", ">", before),
                    ("notified_partner_ids", "in", self.head.partner_id.ids),
                ]
            )
        )

    def test_what_somebody_has_is_not_given_again(self):
        wizard = self._wizard(self.both, self.head)
        self.opportunity.user_id = self.colleague
        with self.assertRaisesRegex(UserError, "“Fair” is handed out already, to Coll"):
            self._line(wizard, self.seller).action_give()
        self.assertFalse(self.enquiry.user_id)
        self.assertEqual(self.opportunity.user_id, self.colleague)

    def test_seller_of_another_team_is_refused(self):
        wizard = self._wizard(self.both, self.head)
        line = wizard.line_ids[:1]
        line.user_id = self.stranger
        self.assertEqual(line.opportunity_count, 0, "his load is not shown")
        with self.assertRaisesRegex(UserError, "Stranger is not in your teams"):
            line.action_give()
        self.assertFalse(self.both.user_id)

    def test_who_sells_nothing_is_refused(self):
        line = self._wizard(self.both, self.director).line_ids[:1]
        line.user_id = self.employee
        with self.assertRaises(UserError):
            line.action_give()

    def test_director_gives_to_anybody(self):
        wizard = self._wizard(self.both, self.director)
        self.assertLessEqual(
            self.seller | self.stranger | self.head | self.director | self.native,
            wizard.line_ids.user_id,
        )
        self.assertNotIn(self.employee, wizard.line_ids.user_id)

    def test_sellers_hand_nothing_out(self):
        for user in (self.seller, self.native):
            with self.assertRaises(AccessError):
                self.both.with_user(user).action_crm_hand_out()

    def test_dialog_of_another_head_is_his(self):
        wizard = self._wizard(self.both, self.head)
        with self.assertRaises(AccessError):
            wizard.line_ids[:1].with_user(self.south_head).action_give()
        self.assertFalse(self.both.user_id)

    def test_nothing_chosen(self):
        with self.assertRaisesRegex(UserError, "Choose what you want to hand out"):
            self.env["crm.lead"].with_user(self.head).action_crm_hand_out()

    def test_batch(self):
        """Odoo's own writing of a lead costs some queries each: tracking, followers."""
        leads = self.env["crm.lead"].concat(
            *(self._make_unassigned(name=f"{index}") for index in range(34))
        )
        service = self.env["crm.hand.out"].with_user(self.head)

        def give(leads):
            leads = leads.with_context(tracking_disable=True).with_user(self.head)
            service._give(leads, self.seller)

        give(leads[:1])
        few = self._count_queries(lambda: give(leads[1:4]))
        many = self._count_queries(lambda: give(leads[4:34]))
        self.assertLessEqual(many, few + 3)

    def test_load_costs_the_same_for_many_sellers(self):
        sellers = self.env["res.users"].concat(
            *(
                self._make_user(f"many_{index}", "crm_gestion.group_seller")
                for index in range(30)
            )
        )
        service = self.env["crm.hand.out"].with_user(self.director)
        self.assertFlatGrowth(service._load, sellers[:3], sellers)


@tagged("post_install", "-at_install")
class TestHandOutAtOnce(AtOnce):
    """Two heads hand out the same enquiry at the same time."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._clean_up)
        self.seller_ids = []
        with Connection() as env:
            self.lead_id = env["crm.lead"].create({"name": "Once", "user_id": False}).id
            seller = env.ref("sales_team.group_sale_salesman")
            for name in ("first", "second"):
                user = env["res.users"].create(
                    {
                        "name": name,
                        "login": f"crm_at_once_{name}",
                        "group_ids": [Command.set(seller.ids)],
                    }
                )
                self.seller_ids.append(user.id)

    def _clean_up(self):
        with Connection() as env:
            env["crm.lead"].browse(self.lead_id).unlink()
            users = env["res.users"].browse(self.seller_ids)
            partners = users.partner_id
            users.unlink()
            partners.unlink()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_the_second_is_told_who_has_it(self):
        def read(env):
            env["crm.lead"].browse(self.lead_id).user_id.mapped("name")

        def give(env, user_id):
            lead = env["crm.lead"].browse(self.lead_id)
            try:
                env["crm.hand.out"]._give(lead, env["res.users"].browse(user_id))
            except UserError as refusal:
                return str(refusal)
            env.flush_all()
            return user_id

        answers = self._at_once(
            *((read, partial(give, user_id=user_id)) for user_id in self.seller_ids)
        )
        (given,) = set(answers) & set(self.seller_ids)
        (refusal,) = set(answers) - {given}
        with Connection() as env:
            lead = env["crm.lead"].browse(self.lead_id)
            self.assertEqual(lead.user_id.id, given)
            self.assertIn(f"handed out already, to {lead.user_id.name}", refusal)
