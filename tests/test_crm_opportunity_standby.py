from datetime import datetime, timedelta
from unittest import TestCase
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.modules.module import load_script
from odoo.tests import Form, tagged
from odoo.tools import format_date, mute_logger
from odoo.tools.safe_eval import safe_eval

from .test_crm_opportunity_closure import LATER, NOW, WAKE, ClosureCommon

MODULE = "odoo.addons.crm_gestion.models.crm_opportunity_standby"
TODAY = NOW.date()
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
AFTER = WAKE + timedelta(days=20)
EARLY = datetime.combine(WAKE, datetime.min.time()).replace(hour=4)


class StandbyCommon(ClosureCommon):
    def _plan(self, lead, day, user=None, **values):
        return lead.sudo().activity_schedule(
            "mail.mail_activity_data_call",
            date_deadline=day,
            user_id=(user or self.seller).id,
            **values,
        )

    def _meet(self, lead, start):
        """Odoo plans the activity of a meeting itself."""
        event = (
            self.env["calendar.event"]
            .with_context(no_mail_to_attendees=True)
            .create(
                {
                    "name": "Demonstration",
                    "start": start,
                    "stop": start + timedelta(hours=1),
                    "user_id": self.seller.id,
                    "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
                    "res_id": lead.id,
                }
            )
        )
        return event, event.activity_ids

    def _make_quotation(self, lead, user=None, **values):
        return self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "opportunity_id": lead.id,
                "user_id": (user or self.seller).id,
                **values,
            }
        )

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_gestion.ir_cron_wake").method_direct_trigger()

    def _nested(self, reaction, model="crm.lead"):
        """An automated rule of the company: it runs within the write that it reacts to,
        below this add-on's own hook."""
        native = next(
            cls
            for cls in type(self.env[model]).__mro__
            if cls.__module__ == "odoo.addons.crm.models.crm_lead"
        )
        write = native.write

        def write_and_react(leads, vals):
            known = dict(vals)
            res = write(leads, vals)
            reaction(leads, known)
            return res

        return patch.object(native, "write", write_and_react)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestClosingDialog(StandbyCommon):
    """What becomes of the activities and quotations of what is closed."""

    def _open(self, leads):
        return Form(
            leads.env["crm.opportunity.close"].with_context(
                active_model="crm.lead", active_ids=leads.ids
            )
        )

    def test_dialog_proposes_what_fits_the_kind(self):
        lead = self._make_mine()
        self._plan(lead, TOMORROW)
        quotation = self._make_quotation(lead)
        dialog = self._open(lead)
        self.assertEqual(dialog.kind, "standby")
        self.assertEqual(dialog.lead_count, 1)
        self.assertFalse(dialog.cancel_activities)
        dialog.kind = "rejected"
        self.assertTrue(dialog.cancel_activities)
        self.assertFalse(dialog.cancel_quotations)
        self.assertEqual(dialog.activity_count, 1)
        self.assertEqual(dialog.quotation_ids[:].ids, quotation.ids)
        dialog.kind = "standby"
        self.assertFalse(dialog.cancel_activities)

    def test_dialog_counts_what_is_closed_together(self):
        leads = self._make_mine() | self._make_mine()
        dialog = self._open(leads)
        self.assertEqual(dialog.lead_count, 2)
        self.assertEqual(dialog.activity_count, 0)
        self.assertFalse(dialog.quotation_ids[:])

    def test_rejecting_cancels_what_is_planned_whoever_is_to_do_it(self):
        lead, other = self._make_mine(), self._make_mine()
        mine = self._plan(lead, TOMORROW)
        colleagues = self._plan(lead, AFTER, self.stranger)
        done, untouched = self._plan(lead, YESTERDAY), self._plan(other, TOMORROW)
        done._action_done()
        self._reject(lead)
        self.assertFalse((mine | colleagues).exists())
        self.assertRecordValues(
            done | untouched,
            [
                {"active": False, "date_deadline": YESTERDAY},
                {"active": True, "date_deadline": TOMORROW},
            ],
        )

    def test_rejecting_keeps_what_is_planned_if_the_user_says_so(self):
        lead = self._make_mine()
        activity = self._plan(lead, TOMORROW)
        self._close(lead, "rejected", self.price, cancel_activities=False)
        self.assertRecordValues(activity, [{"active": True, "date_deadline": TOMORROW}])

    def test_pausing_moves_what_is_planned_before_the_wake_up_date(self):
        lead, other = self._make_mine(), self._make_mine()
        early = (
            self._plan(lead, YESTERDAY)
            | self._plan(lead, TODAY)
            | self._plan(lead, TOMORROW, self.stranger)
        )
        later, done = self._plan(lead, AFTER), self._plan(lead, YESTERDAY)
        untouched = self._plan(other, TOMORROW)
        done._action_done()
        self._pause(lead)
        self.assertEqual(early.mapped("date_deadline"), [WAKE] * 3)
        self.assertEqual(later.date_deadline, AFTER)
        self.assertEqual(done.date_deadline, YESTERDAY)
        self.assertEqual(untouched.date_deadline, TOMORROW)
        self.assertEqual(lead.next_step_date, WAKE)
        with freeze_time(EARLY - timedelta(days=1)):
            lead.invalidate_recordset(["activity_state"])
            self.assertEqual(lead.activity_state, "planned")

    def test_pausing_cancels_what_is_planned_if_the_user_says_so(self):
        lead = self._make_mine()
        activities = self._plan(lead, TOMORROW) | self._plan(lead, AFTER)
        self._pause(lead, cancel_activities=True)
        self.assertFalse(activities.exists())

    def test_meeting_to_come_stays_on_its_day(self):
        lead = self._make_mine()
        start = datetime(2026, 3, 10, 9, 0)
        event, activity = self._meet(lead, start)
        self._pause(lead)
        self.assertEqual(event.start, start)
        self.assertEqual(activity.date_deadline, start.date())

    def test_meeting_that_was_held_stays_and_what_is_left_to_do_moves(self):
        lead = self._make_mine()
        start = datetime(2026, 2, 20, 9, 0)
        event, activity = self._meet(lead, start)
        self._pause(lead)
        self.assertEqual(event.start, start)
        self.assertEqual(activity.date_deadline, WAKE)

    def test_meeting_outlives_its_cancelled_activity(self):
        lead = self._make_mine()
        event, activity = self._meet(lead, datetime(2026, 3, 10, 9, 0))
        self._reject(lead)
        self.assertFalse(activity.exists())
        self.assertTrue(event.exists())

    def test_what_is_planned_on_a_paused_one_is_the_users_own_affair(self):
        lead = self._make_mine()
        self._pause(lead)
        activity = self._plan(lead, TOMORROW)
        lead.write({"probability": 30.0, "user_id": self.colleague.id})
        self.assertEqual(activity.date_deadline, TOMORROW)

    def test_open_quotations_are_cancelled_if_the_user_says_so(self):
        for kind, reason in (("rejected", self.price), ("unqualified", self.too_small)):
            lead, other = self._make_mine(), self._make_mine()
            draft = self._make_quotation(lead)
            sent = self._make_quotation(lead, state="sent")
            ordered = self._make_quotation(lead, state="sale")
            untouched = self._make_quotation(other)
            with self.subTest(kind=kind):
                self._close(lead, kind, reason, cancel_quotations=True)
                self.assertEqual(
                    (draft | sent | ordered | untouched).mapped("state"),
                    ["cancel", "cancel", "sale", "draft"],
                )

    def test_quotations_stay_unless_the_user_says_so(self):
        rejected, paused = self._make_mine(), self._make_mine()
        quotations = self._make_quotation(rejected) | self._make_quotation(paused)
        self._reject(rejected)
        self._pause(paused, cancel_quotations=True)
        self.assertEqual(quotations.mapped("state"), ["draft"] * 2)

    def test_quotations_of_somebody_else_are_not_his_to_cancel(self):
        lead = self._make_mine()
        own = self._make_quotation(lead)
        strange = self._make_quotation(lead, self.stranger)
        dialog = self._open(lead)
        self.assertEqual(dialog.quotation_ids[:].ids, own.ids)
        self._close(lead, "rejected", self.price, cancel_quotations=True)
        self.assertEqual((own | strange).mapped("state"), ["cancel", "draft"])

    def test_quotations_of_other_opportunities_are_out_of_reach(self):
        lead, other = self._make_mine(), self._make_mine()
        quotation = self._make_quotation(other).with_user(self.seller)
        self.env["crm.opportunity.closure"].with_user(self.seller)._close(
            lead, "rejected", self.price, quotations=quotation
        )
        self.assertEqual(quotation.state, "draft")

    def test_refusal_leaves_activities_and_quotations_alone(self):
        lead = self._make_mine()
        activity, quotation = self._plan(lead, TOMORROW), self._make_quotation(lead)
        for kind, values in (
            ("standby", {"reason": self.waiting, "wake_date": YESTERDAY}),
            ("rejected", {"reason": self.too_small}),
            ("unqualified", {}),
        ):
            # not Odoo's assertRaises: its savepoint undoes what was changed on the way
            refused = TestCase.assertRaises(self, UserError)
            with self.subTest(kind=kind), refused:
                self._close(
                    lead,
                    kind,
                    **values,
                    cancel_activities=True,
                    cancel_quotations=True,
                )
            self.assertEqual(activity.exists().date_deadline, TOMORROW)
            self.assertEqual(quotation.state, "draft")
            self.assertFalse(lead.closure_ids)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestNativeLost(StandbyCommon):
    """Odoo's own Lost, wherever it stands, opens the dialog of the method."""

    def _click_lost(self, user, leads):
        return (
            self.env["ir.actions.actions"]
            .with_user(user)
            .with_context(active_model="crm.lead", active_ids=leads.ids)
            ._for_xml_id("crm.crm_lead_lost_action")
        )

    def test_seller_gets_the_dialog_of_the_method(self):
        leads = self._make_mine() | self._make_mine()
        action = self._click_lost(self.seller, leads)
        self.assertEqual(action["res_model"], "crm.opportunity.close")
        self.assertEqual(action["target"], "new")
        dialog = Form(
            self.env["crm.opportunity.close"]
            .with_user(self.seller)
            .with_context(
                active_model="crm.lead", active_ids=leads.ids, default_kind="rejected"
            )
        )
        self.assertEqual(action["context"], "{'default_kind': 'rejected'}")
        self.assertEqual(dialog.kind, "rejected")
        dialog.reason_id = self.price
        dialog.save().action_close()
        self.assertEqual(leads.mapped("closure_kind"), ["rejected"] * 2)

    def test_others_keep_odoos_own(self):
        opportunity = self._make_mine()
        enquiry = self._make_mine(type="lead")
        self.assertEqual(
            [
                self._click_lost(user, leads)["res_model"]
                for user, leads in (
                    (self.seller, enquiry),
                    (self.seller, enquiry | opportunity),
                    (self.native, opportunity),
                )
            ],
            ["crm.lead.lost"] * 3,
        )

    def test_odoos_own_opens_where_the_method_is_off(self):
        self._enforce(False)
        action = self._click_lost(self.seller, self._make_mine())
        self.assertEqual(action["res_model"], "crm.lead.lost")

    def test_note_of_odoos_own_dialog_is_kept(self):
        lead, sibling = self._make_mine(), self._make_mine()

        def lose_sibling(leads, vals):
            if leads == lead and vals.get("active") is False:
                leads.browse(sibling.id).action_set_lost()

        with self._nested(lose_sibling):
            lead.env["crm.lead.lost"].create(
                {
                    "lead_ids": lead.ids,
                    "lost_reason_id": self.price.id,
                    "lost_feedback": "<p>Too dear<br>by far</p>",
                }
            ).action_lost_reason_apply()
        self.assertClosures(
            lead,
            {
                "kind": "rejected",
                "lost_reason_id": self.price.id,
                "note": "Too dear\nby far",
            },
        )
        self.assertClosures(sibling, {"kind": "rejected", "note": False})


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestPostponing(StandbyCommon):
    """A pause may be put off; each time and its days are kept."""

    def test_postponing_ends_the_row_and_makes_another(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        activity = self._plan(lead, TOMORROW)
        self._pause(lead, note="After the fair")
        with freeze_time(LATER):
            action = lead.action_crm_postpone()
            dialog = Form(
                lead.env[action["res_model"]].with_context(**action["context"])
            )
            self.assertEqual(action["name"], "Postpone")
            self.assertEqual(dialog.kind, "standby")
            self.assertEqual(dialog.wake_date, WAKE + timedelta(days=30))
            dialog.reason_id = self.waiting
            dialog.wake_date = AFTER
            dialog.save().action_close()
        kept = {
            "kind": "standby",
            "stage_id": self.size_proposal.id,
            "probability": 40.0,
            "is_automated": False,
        }
        self.assertClosures(
            lead,
            {**kept, "date": NOW, "reopen_date": LATER, "wake_date": WAKE},
            {**kept, "date": LATER, "reopen_date": False, "wake_date": AFTER},
        )
        self.assertRecordValues(
            lead,
            [
                {
                    "active": False,
                    "won_status": "pending",
                    "closure_kind": "standby",
                    "standby_until": AFTER,
                    "date_closed": False,
                    "probability": 40.0,
                    "standby_count": 2,
                }
            ],
        )
        self.assertEqual(activity.date_deadline, AFTER)

    def test_stays_in_no_stage_until_it_is_resumed(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        self._pause(lead)
        with freeze_time(LATER):
            self._pause(lead, AFTER)
        rows = lead.opportunity_stage_ids.sorted("id")
        self.assertEqual(rows.mapped("move"), ["created", "closed"])
        self.assertTrue(all(rows.mapped("date_out")))
        with freeze_time(EARLY):
            lead.action_crm_resume()
        rows = lead.opportunity_stage_ids.sorted("id")
        self.assertEqual(rows.mapped("move"), ["created", "closed", "reopened"])
        self.assertEqual(rows.mapped("date_out")[2:], [False])

    def test_pause_without_probability_is_postponed_and_comes_back(self):
        lead = self._make_mine()
        self._pause(lead)
        self._pause(lead, AFTER)
        lead.action_crm_resume()
        self.assertRecordValues(
            lead, [{"active": True, "probability": 0.0, "closure_kind": False}]
        )
        self.assertClosures(
            lead,
            {"probability": 0.0, "is_automated": True, "reopen_date": NOW},
            {"probability": 0.0, "is_automated": True, "reopen_date": NOW},
        )

    def test_same_date_is_refused(self):
        """A second click on the same dialog is none."""
        lead = self._make_mine(probability=40.0)
        self._pause(lead)
        with self.assertRaisesRegex(UserError, "paused until that day already"):
            self._pause(lead)
        self.assertClosures(lead, {"wake_date": WAKE, "reopen_date": False})

    def test_wake_up_date_may_come_forward(self):
        lead = self._make_mine(probability=40.0)
        self._pause(lead, AFTER)
        self._pause(lead, WAKE)
        self.assertEqual(lead.standby_until, WAKE)

    def test_times_and_days_are_kept(self):
        never, twice = self._make_mine(), self._make_mine()
        self._pause(twice)
        with freeze_time(NOW + timedelta(days=10)):
            twice.action_crm_resume()
        with freeze_time(NOW + timedelta(days=20)):
            self._pause(twice)
        with freeze_time(NOW + timedelta(days=22, hours=12)):
            both = (never | twice).with_user(self.seller)
            both.invalidate_recordset()
            self.assertRecordValues(
                both,
                [
                    {"standby_count": 0, "standby_days": 0.0},
                    {"standby_count": 2, "standby_days": 12.5},
                ],
            )
            twice.action_crm_resume()
        self.assertEqual(
            twice.closure_ids.sorted("id").mapped("days_paused"), [10.0, 2.5]
        )

    def test_days_are_those_of_pauses_only(self):
        lead = self._make_mine()
        self._reject(lead)
        with freeze_time(LATER):
            lead.action_crm_resume()
        self.assertClosures(lead, {"kind": "rejected", "days_paused": 0.0})
        self.assertRecordValues(lead, [{"standby_count": 0, "standby_days": 0.0}])


@tagged("post_install", "-at_install")
class TestWaking(StandbyCommon):
    """On its day a pause ends by itself, with a task for whoever owns it then."""

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(NOW))

    def _paused(self, wake_date=WAKE, note="Budget in June", **values):
        lead = self._make_mine(
            stage_id=self.size_proposal.id, **{"probability": 40.0, **values}
        )
        self._pause(lead, wake_date, note=note)
        return lead

    def _todo(self, leads):
        return self.env["mail.activity"].search(
            [("res_model", "=", "crm.lead"), ("res_id", "in", leads.ids)], order="id"
        )

    def test_comes_back_on_its_day_as_it_was(self):
        due, overdue, other = (
            self._paused(),
            self._paused(WAKE - timedelta(days=3)),
            self._paused(WAKE + timedelta(days=1)),
        )
        with freeze_time(EARLY):
            self._run_cron()
        self.assertRecordValues(
            due | overdue | other,
            [
                {
                    "active": True,
                    "won_status": "pending",
                    "stage_id": self.size_proposal.id,
                    "probability": 40.0,
                    "closure_kind": False,
                    "standby_until": False,
                    "date_closed": False,
                }
            ]
            * 2
            + [
                {
                    "active": False,
                    "won_status": "pending",
                    "stage_id": self.size_proposal.id,
                    "probability": 40.0,
                    "closure_kind": "standby",
                    "standby_until": WAKE + timedelta(days=1),
                    "date_closed": False,
                }
            ],
        )
        self.assertEqual(due.closure_ids.reopen_date, EARLY)
        self.assertEqual(due.closure_ids.wake_date, WAKE)
        self.assertRecordValues(
            self._todo(due),
            [
                {
                    "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                    "user_id": self.seller.id,
                    "date_deadline": WAKE,
                }
            ],
        )
        spoken = due.with_context(lang=self.seller.lang)
        self.assertIn(format_date(spoken.env, WAKE), self._todo(due).summary)
        note = self._todo(due).note
        self.assertIn(self.waiting.with_env(spoken.env).name, note)
        self.assertIn("Budget in June", note)
        self.assertEqual(len(self._todo(overdue)), 1)
        self.assertFalse(self._todo(other))

    def test_running_twice_makes_one_task(self):
        lead = self._paused()
        with freeze_time(EARLY):
            self._run_cron()
            self._run_cron()
        self.assertEqual(len(self._todo(lead)), 1)
        self.assertEqual(len(lead.closure_ids), 1)

    def test_what_was_resumed_or_rejected_meanwhile_is_left_alone(self):
        resumed, rejected, won = self._paused(), self._paused(), self._paused()
        resumed.action_crm_resume()
        self._reject(rejected)
        won.stage_id = self.sales_order
        with freeze_time(EARLY):
            self._run_cron()
        self.assertFalse(self._todo(resumed | rejected | won))
        self.assertEqual(
            (resumed | rejected | won).mapped("closure_kind"),
            [False, "rejected", "won"],
        )

    def test_task_is_for_whoever_owns_it_now(self):
        """After a hand-over; and what the owner had planned is still there."""
        lead = self._make_mine(probability=40.0)
        activity = self._plan(lead, TOMORROW)
        self._pause(lead)
        lead.sudo().write({"user_id": self.colleague.id})
        with freeze_time(EARLY):
            self._run_cron()
        self.assertRecordValues(
            self._todo(lead),
            [
                {"id": activity.id, "user_id": self.seller.id, "date_deadline": WAKE},
                {
                    "id": self._todo(lead)[1].id,
                    "user_id": self.colleague.id,
                    "date_deadline": WAKE,
                },
            ],
        )

    def test_task_of_an_owner_who_left_is_the_team_leaders(self):
        left, unassigned = self._paused(), self._paused()
        unassigned.sudo().user_id = False
        self.seller.action_archive()
        with freeze_time(EARLY):
            self._run_cron()
        self.assertEqual((left | unassigned).mapped("active"), [True, True])
        self.assertEqual(self._todo(left | unassigned).mapped("user_id"), self.head)
        self.assertEqual(len(self._todo(left | unassigned)), 2)

    def test_task_of_an_owner_who_changed_company_is_the_team_leaders(self):
        lead = self._paused(company_id=self.env.company.id).sudo()
        other = self.env["res.company"].create({"name": "Subsidiary"})
        self.seller.write(
            {"company_ids": [Command.set(other.ids)], "company_id": other.id}
        )
        with freeze_time(EARLY):
            self._run_cron()
        self.assertRecordValues(
            lead, [{"active": True, "closure_kind": False, "user_id": self.seller.id}]
        )
        self.assertRecordValues(
            self._todo(lead), [{"user_id": self.head.id, "date_deadline": WAKE}]
        )

    def test_task_is_nobodys_where_nobody_is_left(self):
        lead = self._paused()
        self.head.action_archive()
        self.seller.action_archive()
        with freeze_time(EARLY):
            self._run_cron()
        self.assertTrue(lead.active)
        self.assertRecordValues(
            self._todo(lead), [{"user_id": False, "date_deadline": WAKE}]
        )

    def test_task_speaks_the_language_of_its_owner(self):
        self.seller.lang = "es_ES"
        self.waiting.with_context(lang="es_ES").name = "A la espera del cliente"
        lead = self._paused()
        with freeze_time(EARLY):
            self._run_cron()
        self.assertIn("A la espera del cliente", self._todo(lead).note)
        self.assertIn("01/06/2026", self._todo(lead).summary)

    def test_nobody_gets_an_email_for_each(self):
        leads = self._paused() | self._paused()
        self.env["mail.mail"].search([]).unlink()
        messages = leads.message_ids
        with freeze_time(EARLY):
            self._run_cron()
        new = leads.message_ids - messages
        self.assertFalse(new.notification_ids)
        self.assertFalse(self.env["mail.mail"].search([]))

    def test_note_is_text(self):
        lead = self._paused(note="<b>5 < 6</b>\nsecond line")
        with freeze_time(EARLY):
            self._run_cron()
        self.assertIn("&lt;b&gt;5 &lt; 6&lt;/b&gt;", self._todo(lead).note)

    def test_works_where_the_method_is_off(self):
        lead = self._paused()
        self._enforce(False)
        with freeze_time(EARLY):
            self._run_cron()
        self.assertTrue(lead.active)

    def test_batches_are_bounded(self):
        leads = self.env["crm.lead"].browse()
        for __ in range(5):
            leads |= self._paused()
        Standby = self.env.registry["crm.opportunity.standby"]
        wake, sizes = Standby._wake, []

        def counted(model, batch):
            sizes.append(len(batch))
            return wake(model, batch)

        with (
            freeze_time(EARLY),
            patch(f"{MODULE}.BATCH", 2),
            patch.object(Standby, "_wake", counted),
        ):
            self._run_cron()
        self.assertEqual(sizes, [2, 2, 1])
        self.assertEqual(leads.mapped("active"), [True] * 5)
        self.assertEqual(len(self._todo(leads)), 5)

    def test_one_that_cannot_be_resumed_hinders_no_other(self):
        first, bad, last = self._paused(), self._paused(), self._paused()

        def refuse(leads, vals):
            if bad.id in leads.ids and vals.get("active"):
                raise ValueError("A rule of the company")

        with freeze_time(EARLY):
            with self._nested(refuse), mute_logger(MODULE):
                self._run_cron()
            leads = first | bad | last
            self.assertEqual(leads.mapped("active"), [True, False, True])
            self.assertEqual(leads.mapped("closure_kind"), [False, "standby", False])
            self.assertEqual(len(self._todo(leads)), 2)
            self._run_cron()
        self.assertTrue(bad.active)
        self.assertEqual(len(self._todo(leads)), 3)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestOutOfThePipeline(StandbyCommon):
    """What is paused is nowhere in the daily work, and found where it must be."""

    def test_pipeline_and_forecast_leave_it_out(self):
        opened, paused = self._make_mine(), self._make_mine()
        self._pause(paused)
        (opened | paused).sudo().date_deadline = TOMORROW
        for name in (
            "crm.crm_lead_action_pipeline",
            "crm.crm_lead_action_forecast",
            "crm_gestion.crm_lead_action_grid",
        ):
            action = self.env.ref(name)
            names = {"uid": self.seller.id, "active_id": False, "active_ids": []}
            context = safe_eval(action.context, dict(names))
            domain = Domain(safe_eval(action.domain or "[]", dict(names)))
            with self.subTest(action=name):
                found = opened.with_context(**context).search(
                    domain & Domain("id", "in", (opened | paused).ids)
                )
                self.assertEqual(found.ids, opened.ids)

    def test_it_does_not_rot(self):
        self.size_proposal.rotting_threshold_days = 5
        values = {"stage_id": self.size_proposal.id, "probability": 40.0}
        opened, paused = self._make_mine(**values), self._make_mine(**values)
        self._pause(paused)
        (opened | paused).sudo().write({"date_last_stage_update": NOW})
        with freeze_time(LATER), patch.object(self.env.cr, "now", lambda: LATER):
            both = opened | paused
            both.invalidate_recordset()
            self.assertEqual(both.mapped("is_rotting"), [True, False])
            found = (
                self.env["crm.lead"]
                .with_context(active_test=False)
                .search([("is_rotting", "=", True), ("id", "in", both.ids)])
            )
            self.assertEqual(found, opened.with_env(found.env))

    def test_it_is_not_assigned(self):
        self.env["crm.team"].search([]).write({"assignment_optout": True})
        team = self.north
        team.write({"assignment_optout": False, "assignment_domain": False})
        team.crm_team_member_ids.write({"assignment_max": 300})
        opened, paused = (
            self._make_lead(name=name, probability=40.0) for name in ("Open", "Paused")
        )
        self._pause(paused.with_user(self.seller))
        both = opened | paused
        both.write({"user_id": False, "team_id": False, "date_open": False})
        team._allocate_leads()
        self.assertEqual(both.mapped("team_id"), opened.team_id)
        self.assertEqual(opened.team_id, team)
        self.assertFalse(paused.team_id)
        both.write({"team_id": team.id, "user_id": False, "date_open": False})
        team._assign_and_convert_leads(force_quota=True)
        self.assertIn(opened.user_id, team.member_ids)
        self.assertRecordValues(
            paused, [{"user_id": False, "active": False, "closure_kind": "standby"}]
        )

    def test_duplicates_find_it(self):
        values = {"partner_id": self.contact.id, "probability": 40.0}
        opened, paused, archived, lost = (self._make_mine(**values) for __ in range(4))
        self._pause(paused)
        self._reject(lost)
        archived.action_archive()
        Lead = self.env["crm.lead"]
        self.assertEqual(
            Lead._get_lead_duplicates(partner=self.contact), opened | paused
        )
        self.assertEqual(
            Lead._get_lead_duplicates(email="lucia@aceites.example"), opened | paused
        )
        self.assertEqual(
            Lead._get_lead_duplicates(partner=self.contact, include_lost=True),
            Lead.browse(sorted((opened | paused | archived | lost).ids, reverse=True)),
        )
        self.assertFalse(Lead._get_lead_duplicates())
        self.assertIn(paused, opened.duplicate_lead_ids)
        action = opened.action_show_potential_duplicates()
        found = Lead.with_context(**action["context"]).search(action["domain"])
        self.assertIn(paused, found)

    def test_button_of_the_organization_lists_it(self):
        values = {"partner_id": self.contact.id, "probability": 40.0}
        opened, paused, lost, won = (self._make_mine(**values) for __ in range(4))
        self._pause(paused)
        self._reject(lost)
        won.action_set_won()
        for partner in (self.organization, self.contact):
            partner = partner.with_user(self.seller)
            action = partner.action_view_opportunity()
            defaults = [k for k in action["context"] if k.startswith("search_default_")]
            self.assertFalse(defaults)
            found = (
                self.env["crm.lead"]
                .with_user(self.seller)
                .with_context(**action["context"])
                .search(action["domain"])
            )
            self.assertEqual(
                sorted(found.ids), sorted((opened | paused | lost | won).ids)
            )
            self.assertEqual(partner.opportunity_count, 4)

    def test_closing_date_is_not_faked(self):
        """Whatever archives it again, such as an import or a rule."""
        lead = self._make_mine(probability=40.0)
        self._pause(lead)
        for write in (
            lambda: lead.write({"active": False}),
            lambda: lead.with_user(self.director).load(
                [".id", "active"], [[str(lead.id), "False"]]
            ),
            lambda: lead.action_archive(),
            lambda: lead.write({"probability": 30.0, "active": False}),
        ):
            write()
            self.assertRecordValues(
                lead,
                [{"date_closed": False, "day_close": 0.0, "closure_kind": "standby"}],
            )
        self.assertEqual(len(lead.closure_ids), 1)

    def test_closing_date_is_not_faked_where_a_rule_writes_on_the_way(self):
        lead = self._make_mine(probability=40.0)

        def touch(leads, vals):
            if vals.get("active") is False and "description" not in vals:
                leads.write({"active": False, "description": "Archived"})

        with self._nested(touch):
            self._pause(lead)
        self.assertRecordValues(
            lead, [{"date_closed": False, "closure_kind": "standby"}]
        )

    def test_lost_out_of_a_pause_is_lost_on_that_day(self):
        """Odoo dates what it archives, and this is archived already."""
        leads = self._make_mine() | self._make_mine() | self._make_mine()
        by_dialog, natively, by_hand = leads
        self._pause(by_dialog | natively)
        by_hand.probability = 40.0
        by_hand.action_archive()
        with freeze_time(LATER):
            self._reject(by_dialog)
            self._lose_natively(natively | by_hand, self.price)
        self.assertEqual(leads.mapped("won_status"), ["lost"] * 3)
        self.assertEqual(leads.mapped("date_closed"), [LATER] * 3)
        rows = leads.sudo().closure_ids.filtered(lambda row: row.kind == "rejected")
        self.assertEqual(rows.mapped("date"), [LATER] * 3)

    def test_what_was_lost_before_gets_its_day_by_the_update(self):
        lead = self._make_mine()
        with freeze_time(LATER):
            self._reject(lead)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET date_closed = NULL, day_close = NULL,"
            " create_date = %s WHERE id = %s",
            [NOW, lead.id],
        )
        script = "crm_gestion/migrations/19.0.1.5.0/post-migration.py"
        load_script(script, "update").migrate(self.env.cr, "19.0.1.4.0")
        self.env.invalidate_all()
        self.assertEqual((lead.date_closed, lead.day_close), (LATER, 29.0))

    def test_tidying_up_does_not_close_again(self):
        """What was won in March and archived in April was won in March."""
        won, lost = self._make_mine(), self._make_mine()
        won.with_user(self.director).action_set_won()
        self._reject(lost)
        with freeze_time(LATER):
            (won | lost).action_archive()
            (won | lost).write({"active": False})
        self.assertRecordValues(
            won | lost,
            [
                {"active": False, "won_status": "won", "date_closed": NOW},
                {"active": False, "won_status": "lost", "date_closed": NOW},
            ],
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestNestedWrites(StandbyCommon):
    """A rule that closes within another write of the same opportunity: one row."""

    def test_rule_that_loses_on_another_write(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)

        def lose(leads, vals):
            if "user_id" in vals:
                leads.write(
                    {
                        "active": False,
                        "probability": 0,
                        "lost_reason_id": self.too_small.id,
                    }
                )

        with self._nested(lose):
            lead.sudo().write({"user_id": self.colleague.id})
        self.assertClosures(
            lead,
            {
                "kind": "unqualified",
                "probability": 40.0,
                "stage_id": self.size_proposal.id,
                "lost_reason_id": self.too_small.id,
                "reopen_date": False,
            },
        )

    def test_rule_that_wins_on_another_write(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)

        def win(leads, vals):
            if vals.get("stage_id") == self.negotiate.id:
                leads.write({"stage_id": self.sales_order.id})

        with self._nested(win):
            lead.write({"stage_id": self.negotiate.id})
        self.assertClosures(lead, {"kind": "won", "reopen_date": False})
        self.assertEqual(lead.closure_kind, "won")

    def test_rule_that_pauses_on_another_write(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)

        def pause(leads, vals):
            if "user_id" in vals:
                leads.env["crm.opportunity.closure"]._close(
                    leads, "standby", self.waiting, wake_date=WAKE
                )

        with self._nested(pause):
            lead.sudo().write({"user_id": self.colleague.id})
        self.assertClosures(
            lead, {"kind": "standby", "wake_date": WAKE, "reopen_date": False}
        )

    def test_rule_that_pauses_what_is_being_reopened(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        self._reject(lead)

        def pause(leads, vals):
            if vals.get("active"):
                leads.env["crm.opportunity.closure"]._close(
                    leads, "standby", self.waiting, wake_date=WAKE
                )

        with self._nested(pause):
            lead.write({"active": True})
        self.assertEqual(lead.closure_kind, "standby")
        self.assertClosures(
            lead,
            {"kind": "rejected", "reopen_date": NOW, "probability": 40.0},
            {"kind": "standby", "reopen_date": False, "probability": 40.0},
        )

    def test_rule_that_reopens_what_is_being_lost(self):
        """In the end nothing has closed."""
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)

        def reopen(leads, vals):
            if vals.get("active") is False and vals.get("probability") == 0:
                leads.write({"active": True, "probability": 25.0})

        with self._nested(reopen):
            lead.write({"active": False, "probability": 0})
        self.assertRecordValues(
            lead, [{"active": True, "probability": 25.0, "closure_kind": False}]
        )
        self.assertFalse(lead.closure_ids)

    def test_rule_that_loses_what_is_being_created(self):
        def lose(leads, vals):
            if "date_closed" in vals and not leads.env.context.get("once"):
                leads.with_context(once=True).write(
                    {"active": False, "probability": 0, "stage_id": self.negotiate.id}
                )

        with self._nested(lose):
            lead = self._make_lead(stage_id=self.sales_order.id)
        self.assertEqual(lead.won_status, "lost")
        self.assertClosures(lead, {"kind": "rejected", "reopen_date": False})

    def test_some_of_a_batch(self):
        first, second = self._make_mine(), self._make_mine()

        def lose_first(leads, vals):
            if "team_id" in vals:
                first.write({"active": False, "probability": 0})

        with self._nested(lose_first):
            (first | second).write({"team_id": self.north.id})
        self.assertClosures(first, {"kind": "rejected", "reopen_date": False})
        self.assertFalse(second.closure_ids)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestReopeningByAnyRoute(StandbyCommon):
    def test_reason_goes_with_what_is_lost(self):
        for reopen in (
            lambda lead: lead.write({"active": True}),
            lambda lead: lead.write({"stage_id": self.sales_order.id}),
            lambda lead: lead.action_restore(),
        ):
            lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
            self._reject(lead)
            row = lead.closure_ids
            reopen(lead)
            self.assertFalse(lead.lost_reason_id)
            self.assertRecordValues(
                row, [{"lost_reason_id": self.price.id, "reopen_date": NOW}]
            )

    def test_lost_then_won_then_reopened_is_as_before_all_that(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        self._reject(lead)
        lead.stage_id = self.sales_order
        lead.stage_id = self.size_proposal
        self.assertRecordValues(
            lead,
            [
                {
                    "active": True,
                    "won_status": "pending",
                    "probability": 40.0,
                    "is_automated_probability": False,
                    "closure_kind": False,
                    "lost_reason_id": False,
                    "date_closed": False,
                }
            ],
        )
        kept = {"probability": 40.0, "is_automated": False, "reopen_date": NOW}
        self.assertClosures(lead, {"kind": "rejected", **kept}, {"kind": "won", **kept})


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestMergingPaused(StandbyCommon):
    """What comes out of a merge is as alive as the most alive that went in."""

    def setUp(self):
        super().setUp()
        # the stage further on wins, whatever else there is
        self.winner = self._make_mine(
            name="Winner", stage_id=self.negotiate.id, probability=60.0
        )
        self.loser = self._make_mine(
            name="Loser", stage_id=self.present_products.id, probability=30.0
        )

    def _merge(self, *leads):
        leads = leads or (self.winner, self.loser)
        wizard = (
            self.env["crm.merge.opportunity"]
            .with_user(self.seller)
            .create(
                {
                    "opportunity_ids": [lead.id for lead in leads],
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                }
            )
        )
        merged = self.env["crm.lead"].browse(wizard.action_merge()["res_id"])
        self.assertEqual(merged, self.winner)
        self.assertFalse(self.loser.exists())

    def assertWinner(self, **values):
        self.assertRecordValues(
            self.winner, [{"stage_id": self.negotiate.id, **values}]
        )

    def test_open_one_resumes_the_paused_winner(self):
        self._pause(self.winner)
        self._merge()
        self.assertWinner(
            active=True, won_status="pending", closure_kind=False, probability=60.0
        )
        self.assertClosures(self.winner, {"kind": "standby", "reopen_date": NOW})

    def test_open_winner_takes_in_a_paused_one(self):
        self._pause(self.loser)
        self._merge()
        self.assertWinner(active=True, closure_kind=False, probability=60.0)
        self.assertClosures(
            self.winner,
            {
                "kind": "standby",
                "stage_id": self.present_products.id,
                "reopen_date": NOW,
                "wake_date": WAKE,
            },
        )

    def test_both_paused_stay_paused(self):
        self._pause(self.winner, AFTER)
        self._pause(self.loser, WAKE)
        activity = self._plan(self.loser, WAKE)
        self._merge()
        self.assertWinner(
            active=False,
            won_status="pending",
            closure_kind="standby",
            standby_until=AFTER,
            date_closed=False,
        )
        self.assertClosures(
            self.winner,
            {"wake_date": AFTER, "reopen_date": False, "stage_id": self.negotiate.id},
            {
                "wake_date": WAKE,
                "reopen_date": NOW,
                "stage_id": self.present_products.id,
            },
        )
        self.assertRecordValues(
            activity, [{"res_id": self.winner.id, "date_deadline": AFTER}]
        )

    def test_paused_winner_takes_in_a_rejected_one(self):
        self._pause(self.winner)
        self._reject(self.loser)
        self._merge()
        self.assertWinner(
            active=False,
            won_status="pending",
            closure_kind="standby",
            standby_until=WAKE,
            probability=60.0,
        )
        self.assertClosures(
            self.winner,
            {"kind": "standby", "reopen_date": False},
            {"kind": "rejected", "reopen_date": NOW},
        )

    def test_rejected_winner_goes_on_paused(self):
        self._reject(self.winner)
        self._pause(self.loser, note="After the fair")
        self._merge()
        self.assertWinner(
            active=False,
            won_status="pending",
            closure_kind="standby",
            standby_until=WAKE,
            probability=60.0,
            lost_reason_id=False,
        )
        self.assertClosures(
            self.winner,
            {"kind": "rejected", "reopen_date": NOW},
            {"kind": "standby", "reopen_date": NOW},
            {"kind": "standby", "reopen_date": False},
        )
        self.assertRecordValues(
            self.winner.closure_ids[0],
            [
                {
                    "note": "After the fair",
                    "wake_date": WAKE,
                    "lost_reason_id": self.waiting.id,
                }
            ],
        )

    def test_rejected_winner_goes_on_open_where_the_pause_was_over(self):
        self._reject(self.winner)
        self._pause(self.loser)
        with freeze_time(EARLY):
            self._merge()
        self.assertWinner(active=True, closure_kind=False, probability=60.0)

    def test_open_one_reopens_the_rejected_winner(self):
        self._reject(self.winner)
        self._merge()
        self.assertWinner(
            active=True,
            won_status="pending",
            closure_kind=False,
            probability=60.0,
            lost_reason_id=False,
        )
        self.assertClosures(self.winner, {"kind": "rejected", "reopen_date": NOW})

    def test_rejected_winner_is_left_to_odoo_where_the_method_is_off(self):
        self._enforce(False)
        self._reject(self.winner)
        self._merge()
        self.assertWinner(active=False, won_status="lost", closure_kind="rejected")

    def test_both_rejected_stay_rejected(self):
        self._reject(self.winner | self.loser)
        self._merge()
        self.assertWinner(active=False, won_status="lost", closure_kind="rejected")

    def test_open_winner_of_three(self):
        third = self._make_mine(name="Third", probability=20.0)
        self._pause(self.winner)
        self._reject(self.loser)
        self._merge(self.winner, self.loser, third)
        self.assertWinner(active=True, closure_kind=False, probability=60.0)
        self.assertEqual(self.winner.closure_ids.mapped("reopen_date"), [NOW, NOW])

    def test_enquiry_is_merged_into_the_paused_opportunity(self):
        self._pause(self.winner)
        self.winner.sudo().write({"partner_id": self.contact.id})
        enquiry = self._make_lead(type="lead", email_from="lucia@aceites.example")
        enquiry = enquiry.with_user(self.seller)
        wizard = (
            self.env["crm.lead2opportunity.partner"]
            .with_user(self.seller)
            .with_context(
                active_model="crm.lead", active_id=enquiry.id, active_ids=enquiry.ids
            )
            .create({"name": "merge"})
        )
        self.assertIn(self.winner, wizard.duplicated_lead_ids)
        wizard.action_apply()
        self.assertFalse(enquiry.exists())
        self.assertWinner(
            active=True, won_status="pending", closure_kind=False, probability=60.0
        )
        self.assertClosures(self.winner, {"kind": "standby", "reopen_date": NOW})


@tagged("post_install", "-at_install")
class TestStandbyGrowth(StandbyCommon):
    """Thirty opportunities cost about as many queries as three."""

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(NOW))

    def _make_many(self, count, paused=False):
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Opportunity {number}",
                    "type": "opportunity",
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "probability": 40.0 + number,
                }
                for number in range(count)
            ]
        )
        self.env["mail.activity"].create(
            [
                {
                    "activity_type_id": self.call.id,
                    "date_deadline": TOMORROW,
                    "user_id": (self.seller if number % 2 else self.colleague).id,
                    "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
                    "res_id": lead.id,
                }
                for number, lead in enumerate(leads)
            ]
        )
        self.env["sale.order"].create(
            [
                {
                    "partner_id": self.contact.id,
                    "opportunity_id": lead.id,
                    "user_id": self.seller.id,
                }
                for lead in leads
            ]
        )
        leads = leads.with_user(self.seller).with_context(tracking_disable=True)
        if paused:
            self._pause(leads)
        return leads

    def assertFlat(self, function, paused=False):
        """Each run has opportunities of its own: what is closed is closed."""
        sets = [self._make_many(number, paused) for number in (3, 3, 30)]
        for leads in sets[:1]:
            function(leads)
        few = self._count_queries(lambda: function(sets[1]))
        many = self._count_queries(lambda: function(sets[2]))
        self.assertLessEqual(many, few + self.ALLOWANCE, f"3: {few}, 30: {many}")

    def test_pausing_with_activities_is_flat(self):
        self.assertFlat(self._pause)

    def test_pausing_and_cancelling_activities_is_flat(self):
        self.assertFlat(lambda leads: self._pause(leads, cancel_activities=True))

    def test_rejecting_with_activities_and_quotations_is_flat(self):
        self.assertFlat(lambda leads: self._close(
            leads, "rejected", self.price, cancel_quotations=True
        ))  # fmt: skip

    def test_postponing_is_flat(self):
        self.assertFlat(lambda leads: self._pause(leads, AFTER), paused=True)

    def test_waking_is_flat(self):
        Standby = self.env["crm.opportunity.standby"].sudo()
        self.assertFlat(lambda leads: Standby._wake(leads.sudo()), paused=True)

    def test_counting_pauses_is_flat(self):
        few, many = self._make_many(3, paused=True), self._make_many(30, paused=True)
        self.assertFlatGrowth(
            lambda leads: leads.mapped("standby_days"),
            few,
            many,
        )
