from datetime import date

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger
from odoo.tools.misc import format_amount

from odoo.addons.crm_gestion.models import crm_handover
from odoo.addons.crm_gestion.models.crm_handover_scope import KINDS

from .common import CrmGestionCommon

MOVER = "odoo.addons.crm_gestion.models.crm_handover_mover"
# Stored fields that Odoo would compute again when the owner changes, and what becomes
# of them in a hand-over.
HANDLED = {
    "crm.lead": {
        # moved with its owner, by rules of the hand-over
        "crm.lead.team_id",
        # kept, as they were
        "crm.lead.company_id",
        "crm.lead.date_open",
        "crm.lead.day_open",
        "crm.lead.lead_properties",
        "crm.lead.stage_id",
        "crm.lead.probability",
        "crm.lead.automated_probability",
        "crm.lead.date_last_stage_update",
        "crm.lead.won_status",
        "crm.lead.prorated_revenue",
        "crm.lead.recurring_revenue_monthly_prorated",
        "crm.lead.recurring_revenue_prorated",
        "crm.opportunity.line.company_id",
    },
    # somebody was there before, and somebody is there now
    "res.partner": {"res.partner.completeness"},
    "sale.order": {"sale.order.team_id", "sale.order.line.salesman_id"},
    "mail.activity": {"mail.activity.user_tz"},
    "crm.objective": set(),
    "calendar.event": set(),
    "project.task": set(),
    "crm.team": set(),
}


@freeze_time("2026-03-02 10:00:00")
class HandoverCommon(CrmGestionCommon):
    """The seller leaves: one account of two opportunities, one on standby, a quotation,
    two activities, a meeting, an incident and a team of his own; and what he closed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls._make_lead(
            name="Open",
            partner_id=cls.contact.id,
            stage_id=cls.present_products.id,
            probability=37.0,
        )
        cls.paused = cls._make_lead(name="Paused", partner_id=cls.contact.id)
        cls.env["crm.opportunity.closure"]._close(
            cls.paused, "standby", wake_date=date(2026, 6, 1)
        )
        cls.won = cls._make_lead(name="Won", partner_id=cls.contact.id)
        cls.won.write({"stage_id": cls.sales_order.id})
        cls.orders = cls.env["sale.order"].create(
            [
                {
                    "partner_id": cls.organization.id,
                    "user_id": cls.seller.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": cls._make_product().id,
                                "product_uom_qty": 3,
                            }
                        )
                    ],
                }
                for _ in range(2)
            ]
        )
        cls.quotation, cls.order = cls.orders
        cls.order.action_confirm()
        cls.activities = cls._make_activity(cls.lead) | cls._make_activity(
            cls.organization
        )
        cls.event = cls.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": "2026-03-10 10:00:00",
                "stop": "2026-03-10 11:00:00",
                "user_id": cls.seller.id,
                "partner_ids": [
                    Command.set([cls.seller.partner_id.id, cls.contact.id])
                ],
                "opportunity_id": cls.lead.id,
            }
        )
        cls.past = cls.env["calendar.event"].create(
            {
                "name": "Past visit",
                "start": "2026-02-10 10:00:00",
                "stop": "2026-02-10 11:00:00",
                "user_id": cls.seller.id,
                "partner_ids": [Command.set(cls.seller.partner_id.ids)],
            }
        )
        cls.desk = cls.env.ref("crm_gestion.incident_desk")
        cls.incident = cls.env["project.task"].create(
            {
                "name": "Broken",
                "project_id": cls.desk.id,
                "partner_id": cls.contact.id,
                "user_ids": [Command.set([cls.seller.id, cls.employee.id])],
            }
        )
        # the activities that Odoo makes of a meeting go with it
        cls.planned = cls.env["mail.activity"].search(
            [("user_id", "=", cls.seller.id), ("active", "=", True)]
        )

    @classmethod
    def _make_activity(cls, record, user=None):
        return (
            cls.env["mail.activity"]
            .with_context(mail_activity_quick_update=True)
            .create(
                {
                    "activity_type_id": cls.call.id,
                    "summary": "Call back",
                    "res_model_id": cls.env["ir.model"]._get_id(record._name),
                    "res_id": record.id,
                    "user_id": (user or cls.seller).id,
                    "date_deadline": "2026-03-05",
                }
            )
        )

    def _handover(self, user=None, successor=None, shares=(), **values):
        return (
            self.env["crm.handover"]
            .with_user(user or self.head)
            .create(
                {
                    "user_id": self.seller.id,
                    "successor_id": (successor or self.colleague).id,
                    "share_ids": [Command.create(share) for share in shares],
                    **values,
                }
            )
        )

    def _started(self, **values):
        handover = self._handover(**values)
        handover.action_preview()
        handover.action_start()
        return handover

    def _money(self, amount):
        return format_amount(self.env, amount, self.env.company.currency_id)

    def _counts(self, handover):
        return {
            (successor.login, kind): count
            for successor, kind, count in self.env["crm.handover.line"]._read_group(
                [("handover_id", "=", handover.id)],
                ["successor_id", "kind"],
                ["__count"],
            )
        }

    def _line(self, handover, record):
        return handover.line_ids.filtered(
            lambda line: line.res_model == record._name and line.res_id == record.id
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHandoverPreview(HandoverCommon):
    def test_draft_preview_counts_and_moves_nothing(self):
        handover = self._handover()
        self.assertFalse(handover.line_count)
        handover.action_preview()
        login = self.colleague.login
        self.assertEqual(
            self._counts(handover),
            {
                (login, "organization"): 1,
                (login, "contact"): 1,
                (login, "opportunity"): 1,
                (login, "standby"): 1,
                (login, "quotation"): 1,
                (login, "incident"): 1,
                (login, "activity"): len(self.planned),
                (login, "meeting"): 1,
            },
        )
        (group,) = handover._summary()
        self.assertEqual(group["successor"], self.colleague)
        amounts = {row["kind"]: row["amount"] for row in group["kinds"]}
        money = self._money
        self.assertEqual(amounts["opportunity"], money(1000))
        self.assertEqual(amounts["quotation"], money(300))
        self.assertFalse(amounts["activity"])
        self.assertEqual(group["amount"], money(2300))
        self.assertIn("Opportunities", handover.summary)
        self.assertEqual(self.lead.user_id, self.seller)
        self.assertEqual(self.organization.user_id, self.seller)
        self.assertEqual(handover.state, "draft")

    def test_preview_again_replaces(self):
        handover = self._handover()
        handover.action_preview()
        count = handover.line_count
        handover.action_preview()
        self.assertEqual(handover.line_count, count)

    def test_start_wants_a_preview_of_this_split(self):
        handover = self._handover()
        with self.assertRaises(UserError):
            handover.action_start()
        handover.action_preview()
        handover.successor_id = self.head
        self.assertFalse(handover.line_count)
        with self.assertRaises(UserError):
            handover.action_start()
        self.assertEqual(self.lead.user_id, self.seller)

    def test_split_by_market_with_those_below(self):
        parent = self.market.parent_id
        self.assertTrue(parent)
        handover = self._handover(
            shares=[{"successor_id": self.head.id, "market_ids": parent.ids}]
        )
        lone = self._make_lead(name="Elsewhere")
        handover.action_preview()
        # the account is of the market: all that belongs to it goes along
        for record in (self.organization, self.lead, self.quotation, self.incident):
            self.assertEqual(self._line(handover, record).successor_id, self.head)
        self.assertEqual(self._line(handover, lone).successor_id, self.colleague)

    def test_split_by_state_and_team(self):
        state = self.env.ref("base.state_es_b", False) or self.env[
            "res.country.state"
        ].search([], limit=1)
        other = self.env["res.partner"].create(
            {
                "name": "In the state",
                "is_company": True,
                "user_id": self.seller.id,
                "state_id": state.id,
            }
        )
        east = self._make_team("East", self.head, self.env["res.users"])
        teamed = self._make_lead(name="Of the East", team_id=east.id)
        handover = self._handover(
            user=self.director,
            shares=[
                {"successor_id": self.head.id, "state_ids": state.ids},
                {"successor_id": self.stranger.id, "team_ids": east.ids},
            ],
        )
        handover.action_preview()
        self.assertEqual(self._line(handover, other).successor_id, self.head)
        self.assertEqual(self._line(handover, teamed).successor_id, self.stranger)
        self.assertEqual(self._line(handover, self.lead).successor_id, self.colleague)

    def test_opportunity_of_another_ones_account_goes_by_its_own_market(self):
        account = self.env["res.partner"].create(
            {
                "name": "The colleague's",
                "is_company": True,
                "user_id": self.colleague.id,
            }
        )
        lead = self._make_lead(
            name="Abroad", partner_id=account.id, market_id=self.market.id
        )
        activity = self._make_activity(lead)
        handover = self._handover(
            shares=[{"successor_id": self.head.id, "market_ids": self.market.ids}]
        )
        handover.action_preview()
        self.assertFalse(self._line(handover, account))
        self.assertEqual(self._line(handover, lead).successor_id, self.head)
        self.assertEqual(self._line(handover, activity).successor_id, self.head)

    def test_picking_takes_along_what_belongs_to_the_account(self):
        handover = self._handover()
        handover.action_preview()
        line = self._line(handover, self.organization)
        line.successor_id = self.head
        self.assertEqual(self._line(handover, self.lead).successor_id, self.head)
        self._line(handover, self.lead).excluded = True
        handover.action_start()
        self.assertEqual(self.organization.user_id, self.head)
        self.assertEqual(self.paused.user_id, self.head)
        self.assertEqual(self.lead.user_id, self.seller)
        self.assertRecordValues(
            self._line(handover, self.lead),
            [{"state": "skipped", "reason": "excluded"}],
        )

    def test_picked_by_hand_it_stays_with_whom_it_was_given(self):
        handover = self._handover()
        handover.action_preview()
        self._line(handover, self.lead).successor_id = self.head
        account = self._line(handover, self.organization)
        account.write({"successor_id": self.colleague.id, "excluded": True})
        self.assertRecordValues(
            self._line(handover, self.lead) + self._line(handover, self.paused),
            [
                {"successor_id": self.head.id, "excluded": False},
                {"successor_id": self.colleague.id, "excluded": True},
            ],
        )

    def test_nothing_but_the_choice_is_written(self):
        handover = self._handover()
        handover.action_preview()
        line = self._line(handover, self.lead)
        for vals in (
            {"state": "moved"},
            {"res_id": self.won.id},
            {"user_id": self.stranger.id},
        ):
            with self.assertRaises(AccessError):
                line.write(vals)
        with self.assertRaises(UserError):
            line.successor_id = self.stranger
        for vals in ({"state": "done"}, {"previewed": True}):
            with self.assertRaises(AccessError):
                handover.write(vals)
        with self.assertRaises(AccessError):
            self._handover(state="running")
        with self.assertRaises(AccessError):
            self.env["crm.handover.line"].with_user(self.head).create({})
        for record in (line, handover):
            with self.assertRaises(AccessError):
                record.unlink()
        handover.action_start()
        with self.assertRaises(UserError):
            line.successor_id = self.head
        with self.assertRaises(UserError):
            handover.reason = "Another one"

    def test_company_of_which_the_successor_is_not(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.seller.company_ids |= company
        self.director.company_ids |= company
        lead = self._make_lead(name="Second's", team_id=False, company_id=company.id)
        handover = self._handover(
            user=self.director,
            company_ids=[Command.set([self.env.company.id, company.id])],
        )
        handover = handover.with_context(
            allowed_company_ids=[self.env.company.id, company.id]
        )
        handover.action_preview()
        self.assertEqual(self._line(handover, lead).reason, "company")
        handover.action_start()
        self.assertEqual(lead.user_id, self.seller)
        self.assertEqual(self.lead.user_id, self.colleague)

    def test_other_companies_are_left_and_told(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.seller.company_ids |= company
        lead = self._make_lead(name="Second's", team_id=False, company_id=company.id)
        handover = self._handover()
        handover.action_preview()
        self.assertFalse(self._line(handover, lead))
        self.assertIn("1 ", handover.left_message)
        with self.assertRaises(AccessError):
            self._handover(company_ids=[Command.set(company.ids)])

    def test_private_meetings_are_nobodys(self):
        self.event.privacy = "private"
        handover = self._handover()
        handover.action_preview()
        self.assertFalse(self._line(handover, self.event))


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHandoverMove(HandoverCommon):
    KEPT = (
        "stage_id", "probability", "automated_probability", "date_open", "day_open",
        "date_last_stage_update", "date_closed", "expected_revenue", "company_id",
        "active", "closure_kind", "standby_until", "team_id", "won_status",
    )  # fmt: skip

    def test_everything_open_moves_and_closed_work_stays(self):
        handover = self._started()
        self.assertEqual(handover.state, "done")
        records = (
            self.organization | self.contact, self.lead | self.paused, self.quotation,
            self.planned, self.event,
        )  # fmt: skip
        for moved in records:
            self.assertEqual(moved.user_id, self.colleague, moved)
        self.assertEqual(self.incident.user_ids, self.colleague | self.employee)
        self.assertEqual(self.won.user_id, self.seller)
        self.assertEqual(self.order.user_id, self.seller)
        self.assertEqual(self.past.user_id, self.seller)
        self.assertEqual(set(handover.line_ids.mapped("state")), {"moved"})
        self.assertEqual(handover.moved_count, handover.line_count)
        self.assertEqual(handover.progress, 100)
        self.assertEqual(handover.successor_ids, self.colleague)

    def test_stage_probability_and_dates_are_kept(self):
        leads = self.lead | self.paused
        leads.write({"date_open": "2025-11-05 08:00:00"})
        self.env.flush_all()
        before = leads.read(self.KEPT)
        passages = leads.opportunity_stage_ids.read()
        closures = leads.closure_ids.read()
        with freeze_time("2026-04-01 10:00:00"):
            self._started()
        self.assertEqual(leads.read(self.KEPT), before)
        self.assertEqual(leads.opportunity_stage_ids.read(), passages)
        self.assertEqual(leads.closure_ids.read(), closures)
        self.assertEqual(leads.user_id, self.colleague)

    def test_stored_fields_of_the_owner_are_all_handled(self):
        """A new one must be decided on: it is moved, or kept on purpose."""
        for kind in KINDS.values():
            model = self.env[kind.model]
            names = {kind.owner, *({"team_id"} if kind.has_team else ())}
            stored = {
                str(field)
                for name in names
                for field in self.env.registry.get_dependent_fields(model._fields[name])
                if field.store
            }
            with self.subTest(model=kind.model):
                self.assertEqual(
                    stored - {f"{kind.model}.team_id"},
                    HANDLED[kind.model] - {f"{kind.model}.team_id"},
                )

    def test_what_is_stored_of_the_owner_elsewhere(self):
        self.colleague.tz = "America/Argentina/Buenos_Aires"
        self._started()
        self.assertEqual(self.quotation.order_line.salesman_id, self.colleague)
        self.assertEqual(self.order.order_line.salesman_id, self.seller)
        self.assertEqual(
            set(self.planned.mapped("user_tz")), {"America/Argentina/Buenos_Aires"}
        )
        self.assertEqual(
            self.event.partner_ids, self.contact | self.colleague.partner_id
        )
        self.assertEqual(self.event.attendee_ids.partner_id, self.event.partner_ids)
        mine = self.event.attendee_ids.filtered(
            lambda attendee: attendee.partner_id == self.colleague.partner_id
        )
        self.assertRecordValues(
            mine, [{"state": "needsAction", "common_name": self.colleague.name}]
        )
        self.assertTrue(mine.access_token)

    def test_team(self):
        """It stays for who is in it or leads it; else it becomes the successor's."""
        handover = self._started(user=self.director, successor=self.stranger)
        self.assertEqual(self.lead.team_id, self.south)
        self.assertEqual(self.quotation.team_id, self.south)
        self.assertRecordValues(
            self._line(handover, self.lead),
            [{"team_id": self.north.id, "new_team_id": self.south.id}],
        )
        handover.action_undo()
        self.assertEqual(self.lead.team_id, self.north)

    def test_team_stays_where_the_stage_is_its_own(self):
        self.present_products.team_ids = self.north
        self._started(user=self.director, successor=self.stranger)
        self.assertEqual(self.lead.team_id, self.north)
        self.assertEqual(self.lead.stage_id, self.present_products)

    def test_leadership_of_teams(self):
        east = self._make_team("East", self.seller, self.env["res.users"])
        handover = self._handover()
        handover.action_preview()
        self.assertFalse(self._line(handover, east), "not one of the head's teams")
        self._started(user=self.director)
        self.assertEqual(east.user_id, self.colleague)

    def test_followers(self):
        self.lead.message_subscribe((self.seller | self.director).partner_id.ids)
        self.paused.message_subscribe(self.colleague.partner_id.ids)
        self.paused.message_unsubscribe(self.seller.partner_id.ids)
        handover = self._started()
        for record in (self.lead, self.paused, self.organization):
            followers = record.message_partner_ids
            self.assertNotIn(self.seller.partner_id, followers)
            self.assertIn(self.colleague.partner_id, followers)
        self.assertIn(self.director.partner_id, self.lead.message_partner_ids)
        new = self.lead.message_follower_ids.filtered(
            lambda follower: follower.partner_id == self.colleague.partner_id
        )
        default = self.env["mail.message.subtype"].default_subtypes("crm.lead")[0]
        self.assertEqual(new.subtype_ids, default)
        handover.action_undo()
        self.assertIn(self.seller.partner_id, self.lead.message_partner_ids)
        self.assertNotIn(self.colleague.partner_id, self.lead.message_partner_ids)
        self.assertIn(self.colleague.partner_id, self.paused.message_partner_ids)
        self.assertNotIn(self.seller.partner_id, self.paused.message_partner_ids)

    def test_one_message_and_no_others(self):
        last = self.env["mail.message"].search([], order="id desc", limit=1)
        mails = self.env["mail.mail"].search_count([])
        handover = self._started()
        new = self.env["mail.message"].search([("id", ">", last.id)])
        self.assertEqual(len(new), 1)
        self.assertEqual(new.notified_partner_ids, self.colleague.partner_id)
        # in the language of who takes over
        self.assertRegex(new.body, "(Opportunities|Oportunidades): 1")
        self.assertIn("Seller", new.subject)
        self.assertIn(f'data-oe-id="{handover.id}"', new.body)
        self.assertLessEqual(self.env["mail.mail"].search_count([]), mails + 1)

    def test_the_head_is_told_what_the_director_does(self):
        last = self.env["mail.message"].search([], order="id desc", limit=1)
        self._started(user=self.director)
        new = self.env["mail.message"].search([("id", ">", last.id)])
        self.assertEqual(
            new.notified_partner_ids, (self.colleague | self.head).partner_id
        )

    def test_successor_reads_what_became_his(self):
        handover = self._started()
        mine = handover.with_user(self.colleague)
        self.assertEqual(len(mine.line_ids), handover.line_count)
        self.assertIn("Opportunities", mine.summary)
        with self.assertRaises(AccessError):
            mine.action_undo()
        with self.assertRaises(AccessError):
            handover.with_user(self.seller).read(["state"])
        lead = self.lead.with_user(self.colleague)
        self.assertEqual(lead.handover_count, 1)
        self.assertEqual(
            self.env["crm.handover.line"].search(
                lead.action_view_handovers()["domain"]
            ),
            self._line(handover, self.lead),
        )

    def test_what_changed_since_the_preview_stays(self):
        handover = self._handover()
        handover.action_preview()
        self.lead.user_id = self.head
        self.planned[0].action_feedback()
        handover.action_start()
        self.assertEqual(self.lead.user_id, self.head)
        self.assertRecordValues(
            self._line(handover, self.lead), [{"state": "skipped", "reason": "changed"}]
        )
        self.assertEqual(self.planned[0].user_id, self.seller)

    def test_what_woke_since_the_preview_moves(self):
        handover = self._handover()
        handover.action_preview()
        self.paused.action_crm_resume()
        handover.action_start()
        self.assertEqual(self.paused.user_id, self.colleague)

    def test_second_click_does_nothing(self):
        handover = self._started()
        self.lead.user_id = self.seller
        handover.action_start()
        self.assertEqual(self.lead.user_id, self.seller)
        self.assertEqual(handover.state, "done")

    def test_growth(self):
        few = [self._bulk(self._make_user("few", "crm_gestion.group_seller"), 3)]
        warm = [self._bulk(self._make_user("warm", "crm_gestion.group_seller"), 3)]
        many = [self._bulk(self._make_user("many", "crm_gestion.group_seller"), 30)]

        def run(handovers):
            handovers[0].action_preview()
            handovers[0].action_start()

        run(warm)
        queries = self._count_queries(lambda: run(few))
        grown = self._count_queries(lambda: run(many))
        self.assertLessEqual(grown, queries + self.ALLOWANCE)
        self.assertEqual(many[0].moved_count, 10 * few[0].moved_count)

    def _bulk(self, user, count):
        partners = self.env["res.partner"].create(
            [
                {"name": f"Bulk {n}", "is_company": True, "user_id": user.id}
                for n in range(count)
            ]
        )
        for partner in partners:
            lead = self._make_lead(user, partner_id=partner.id)
            self._make_activity(lead, user)
            self.env["project.task"].create(
                {
                    "name": "Broken",
                    "project_id": self.desk.id,
                    "partner_id": partner.id,
                    "user_ids": [Command.set(user.ids)],
                }
            )
        return self._handover(
            user=self.director, user_id=user.id, successor=self.colleague
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHandoverRun(HandoverCommon):
    """Batches, crashes, cancelling and undoing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leads = cls.env["crm.lead"].concat(
            *(cls._make_lead(name=f"Number {n}") for n in range(10))
        )
        cls.cron = cls.env.ref("crm_gestion.ir_cron_handover")

    def setUp(self):
        super().setUp()
        self.patch(crm_handover, "BATCH", 5)
        self.patch(crm_handover, "AT_ONCE", 2)
        # a batch takes as many as the constant says
        default = crm_handover.CrmHandover._run_batch
        self.patch(
            self.registry["crm.handover"],
            "_run_batch",
            lambda handover, size=5: default(handover, size),
        )

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.cron.method_direct_trigger()
        self.env.invalidate_all()

    def test_large_ones_go_on_in_the_background(self):
        handover = self._started()
        self.assertEqual(handover.state, "running")
        self.assertEqual(handover.progress, 0)
        self.assertEqual(self.leads.user_id, self.seller)
        self._run_cron()
        self.assertEqual(handover.state, "done")
        self.assertEqual(self.leads.user_id, self.colleague)
        self.assertEqual(handover.moved_count, handover.line_count)

    def test_crash_in_the_second_batch(self):
        handover = self._started()
        mover = self.registry["crm.handover.mover"]
        move, batches = mover._move, []

        def crash(self, lines):
            move(self, lines)
            batches.append(lines)
            if len(batches) == 2:
                raise ZeroDivisionError

        handover.sudo()._run_batch()  # committed
        with (
            self.subTest("second batch"),
            self.assertRaises(ZeroDivisionError),
            self.env.cr.savepoint(),
        ):
            batches.append(None)
            crash(self.env["crm.handover.mover"], handover.sudo()._lines_to_do(5))
        self.env.invalidate_all()
        self.assertEqual(handover.moved_count, 5)
        last = handover.line_ids.filtered(lambda line: line.state == "moved")
        dates = {line.id: line.date for line in last}
        with freeze_time("2026-03-02 11:00:00"):
            self._run_cron()
        self.assertEqual(handover.state, "done")
        self.assertEqual(set(handover.line_ids.mapped("state")), {"moved"})
        self.assertEqual({line.id: line.date for line in last}, dates)
        self.assertEqual(self.leads.user_id, self.colleague)

    def _refuse(self, lead):
        """PostgreSQL refuses to give this opportunity to somebody else."""
        self.env.cr.execute(
            SQL(
                """CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql
                   AS $$ BEGIN RAISE check_violation; END $$;
                   CREATE TRIGGER refuse BEFORE UPDATE OF user_id ON crm_lead
                   FOR EACH ROW WHEN (OLD.id = %s) EXECUTE FUNCTION pg_temp.refuse()""",
                lead.id,
            )
        )

    def test_bad_row_does_not_block_the_others(self):
        handover = self._started()
        self._refuse(self.leads[4])
        with mute_logger("odoo.sql_db"), self.assertLogs(MOVER, "WARNING") as logs:
            self._run_cron()
        self.assertEqual(len(logs.output), 1)
        self.assertEqual(handover.state, "done")
        bad = self._line(handover, self.leads[4])
        self.assertRecordValues(bad, [{"state": "skipped", "reason": "error"}])
        self.assertEqual(self.leads[4].user_id, self.seller)
        self.assertEqual((self.leads - self.leads[4]).user_id, self.colleague)
        self.assertEqual(set((handover.line_ids - bad).mapped("state")), {"moved"})

    def test_bad_row_does_not_block_giving_back(self):
        handover = self._started()
        self._run_cron()
        self._refuse(self.leads[4])
        handover.action_undo()
        with mute_logger("odoo.sql_db"), self.assertLogs(MOVER, "WARNING"):
            self._run_cron()
        self.assertEqual(handover.state, "undone")
        bad = self._line(handover, self.leads[4])
        self.assertRecordValues(bad, [{"state": "kept", "reason": "error"}])
        self.assertEqual(self.leads[4].user_id, self.colleague)
        self.assertEqual((self.leads - self.leads[4]).user_id, self.seller)
        self.assertEqual(set((handover.line_ids - bad).mapped("state")), {"undone"})

    def test_row_that_another_works_on_is_tried_again(self):
        handover = self._started()
        mover = self.registry["crm.handover.mover"]

        def busy(*_args):
            raise SerializationFailure

        self.patch(mover, "_write_owner", busy)
        with self.assertRaises(SerializationFailure), self.env.cr.savepoint():
            handover.sudo()._run_batch()
        self.env.invalidate_all()
        self.assertEqual(set(handover.line_ids.mapped("state")), {"todo"})

    def _written(self):
        """:return: numbers of lines inserted and updated in this transaction"""
        [row] = self.env.execute_query(
            SQL(
                """SELECT n_tup_ins, n_tup_upd FROM pg_stat_xact_user_tables
                    WHERE relname = 'crm_handover_line'"""
            )
        )
        return row

    def test_lines_are_written_once_in_each_step(self):
        # each time more, PostgreSQL checks all their foreign keys again
        handover = self._handover()
        inserted, updated = self._written()
        handover.action_preview()
        lines = handover.line_count
        self.assertEqual(self._written(), (inserted + lines, updated))
        handover.action_start()
        self.assertEqual(self._written(), (inserted + lines, updated))
        handover.sudo()._run_batch(5)
        self.assertEqual(self._written(), (inserted + lines, updated + 5))
        handover.sudo()._run_batch(lines)
        self.assertEqual(handover.state, "done")
        self.assertEqual(self._written(), (inserted + lines, updated + lines))

    def test_cancel_before_it_starts(self):
        handover = self._handover()
        handover.action_preview()
        handover.action_cancel()
        self.assertEqual(handover.state, "cancelled")
        self.assertEqual(set(handover.line_ids.mapped("reason")), {"cancelled"})
        handover.action_start()
        self.assertEqual(handover.state, "cancelled")
        self.assertEqual(self.leads.user_id, self.seller)

    def test_cancel_while_it_runs_then_undo(self):
        handover = self._started()
        handover.sudo()._run_batch()
        handover.action_cancel()
        self.assertEqual(handover.state, "cancelled")
        self._run_cron()
        self.assertEqual(handover.moved_count, 5)
        handover.action_undo()
        self._run_cron()
        self.assertEqual(handover.state, "undone")
        self.assertEqual(self.organization.user_id, self.seller)
        self.assertEqual(self.leads.user_id, self.seller)
        self.assertFalse(handover.moved_count)

    def test_undo_what_has_not_changed(self):
        handover = self._started()
        self._run_cron()
        self.leads[0].user_id = self.head
        self.leads[1].write({"stage_id": self.sales_order.id})
        activity = self.planned[0]
        activity.action_feedback()
        handover.action_undo()
        self._run_cron()
        self.assertEqual(handover.state, "undone")
        self.assertEqual(self.leads[0].user_id, self.head)
        self.assertEqual(self.leads[1].user_id, self.colleague, "won since")
        self.assertEqual(activity.user_id, self.colleague, "done since")
        self.assertEqual(self.leads[2:].user_id, self.seller)
        self.assertEqual(self.lead.user_id, self.seller)
        self.assertEqual(self.incident.user_ids, self.seller | self.employee)
        self.assertEqual(self.event.partner_ids, self.contact | self.seller.partner_id)
        for record in (self.leads[0], self.leads[1], activity):
            self.assertRecordValues(
                self._line(handover, record), [{"state": "kept", "reason": "changed"}]
            )
        self.assertEqual(self._line(handover, self.leads[2]).state, "undone")


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestHandoverRights(HandoverCommon):
    def test_sellers_and_others_hand_over_nothing(self):
        for user in (self.seller, self.colleague, self.native, self.employee):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._handover(user=user)

    def test_heads_hand_over_within_their_teams(self):
        for error, values in (
            (AccessError, {"user": self.south_head}),
            (UserError, {"successor": self.stranger}),
            (UserError, {"shares": [{"successor_id": self.stranger.id}]}),
        ):
            with self.subTest(values), self.assertRaises(error):
                self._handover(**values)
        handover = self._handover()
        with self.assertRaises(UserError):
            handover.share_ids = [Command.create({"successor_id": self.stranger.id})]
        with self.assertRaises(AccessError):
            handover.user_id = self.stranger
        for method in ("action_preview", "action_start", "action_cancel"):
            with self.subTest(method), self.assertRaises(AccessError):
                getattr(handover.with_user(self.south_head), method)()
        self.assertEqual(handover.state, "draft")
        self.assertFalse(self.env["crm.handover"].with_user(self.south_head).search([]))

    def test_cover_gives_no_right_to_hand_over(self):
        self.env["crm.substitution"].create(
            {
                "user_id": self.stranger.id,
                "substitute_id": self.head.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
            }
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self._handover(user_id=self.stranger.id)

    def test_cover_changes_no_handover_of_another_head(self):
        """Who covers the leaver reads it, and neither splits it nor leaves rows out."""
        self._make_lead(self.stranger)
        theirs = self._handover(
            self.director,
            user_id=self.stranger.id,
            successor_id=self.south_head.id,
        )
        theirs.action_preview()
        self.env["crm.substitution"].create(
            {
                "user_id": self.stranger.id,
                "substitute_id": self.head.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
            }
        )
        self.env.invalidate_all()
        read = theirs.with_user(self.head)
        self.assertTrue(read.line_ids)
        for record, vals in (
            (read.line_ids, {"excluded": True}),
            (read.line_ids, {"successor_id": self.seller.id}),
            (read, {"reason": "Mine"}),
        ):
            with self.subTest(vals=vals), self.assertRaises(AccessError):
                record.write(vals)
        self.assertFalse(any(theirs.line_ids.mapped("excluded")))
        self.assertEqual(theirs.line_ids.successor_id, self.south_head)
        self.assertFalse(theirs.reason)

    def test_successor_reads_the_account_in_the_same_transaction(self):
        theirs = self._make_lead(self.stranger, partner_id=self.contact.id)
        leads = self.env["crm.lead"].with_user(self.colleague)
        domain = [("id", "=", theirs.id)]
        self.assertFalse(leads.search(domain))
        handover = self._handover()
        handover.action_preview()
        handover.action_start()
        self.assertEqual(leads.search(domain), theirs)
        self.assertFalse(leads.with_user(self.seller).search(domain))

    def test_who_left_since_the_preview_takes_nothing_over(self):
        heir = self._make_user("heir", "crm_gestion.group_seller")
        self.north.member_ids |= heir
        handover = self._handover()
        handover.action_preview()
        self._line(handover, self.lead).with_user(self.head).successor_id = heir
        heir.action_archive()
        self.env.invalidate_all()
        with self.assertRaises(UserError), self.cr.savepoint():
            handover.action_start()
        self.env.invalidate_all()
        self.assertEqual(handover.state, "draft")
        self.assertEqual(self.lead.user_id, self.seller)
        self._line(handover, self.lead).with_user(self.head).excluded = True
        handover.action_start()
        self.assertEqual(handover.state, "done")
        self.assertEqual(self.lead.user_id, self.seller)

    def test_rights_are_checked_when_it_starts(self):
        handover = self._handover()
        handover.action_preview()
        self.north.user_id = self.director
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            handover.action_start()
        self.assertEqual(self.lead.user_id, self.seller)

    def test_directors_hand_over_anything_of_their_companies(self):
        self._started(user=self.director, successor=self.stranger)
        self.assertEqual(self.lead.user_id, self.stranger)

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Second"})
        elsewhere = self._make_user(
            "elsewhere",
            "crm_gestion.group_sales_director",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        handover = self._started()
        handovers = self.env["crm.handover"].with_user(elsewhere)
        self.assertFalse(handovers.search([]))
        self.assertFalse(
            handovers.env["crm.handover.line"].search([("company_id", "!=", False)])
        )
        with self.assertRaises(AccessError):
            handovers.browse(handover.id).action_undo()
        with self.assertRaises(AccessError):
            self._handover(user=elsewhere)

    def test_who_left_is_handed_over_too(self):
        self.seller.action_archive()
        self.assertEqual(self.organization.user_id, self.seller)
        self._started()
        self.assertEqual(self.lead.user_id, self.colleague)

    def test_history_stays_whole(self):
        """Successor and head open the history of the account and miss no row."""
        self._make_gestion(organization_id=self.organization.id)
        self._make_gestion(lead_id=self.won.id, organization_id=self.organization.id)
        Timeline = self.env["crm.timeline"]
        domain = [("organization_id", "=", self.organization.id)]
        every = set(Timeline.with_user(self.director).search(domain).ids)
        self.assertTrue(every)
        self._started()
        self.seller.action_archive()
        self.env.invalidate_all()
        for reader in (self.colleague, self.head, self.director):
            rows = Timeline.with_user(reader).search(domain)
            with self.subTest(reader=reader.login):
                self.assertEqual(set(rows.ids), every)
