from datetime import date, datetime
from unittest import TestCase
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CrmGestionCommon

NOW = datetime(2026, 3, 2, 10, 0)
LATER = datetime(2026, 4, 1, 9, 30)
WAKE = date(2026, 6, 1)


class ClosureCommon(CrmGestionCommon):
    """Ways to close and resume as the user that the opportunities come with.

    Nothing has been won or lost yet, so Odoo predicts 0 for every opportunity.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.lead.scoring.frequency"].search([]).unlink()
        cls.env["ir.config_parameter"].set_param("crm.pls_start_date", "2000-01-01")
        cls.waiting = cls.env.ref("crm_gestion.lost_reason_waiting_decision")

    def _make_mine(self, **values):
        return self._make_lead(**values).with_user(self.seller)

    def _close(self, leads, kind, reason=None, wake_date=False, note=False, **options):
        wizard = leads.env["crm.opportunity.close"].create(
            {
                "lead_ids": leads.ids,
                "kind": kind,
                "reason_id": reason.id if reason else False,
                "wake_date": wake_date,
                "note": note,
                **options,
            }
        )
        return wizard.action_close()

    def _pause(self, leads, wake_date=WAKE, **values):
        self._close(leads, "standby", self.waiting, wake_date, **values)

    def _reject(self, leads):
        self._close(leads, "rejected", self.price)

    def _lose_natively(self, leads, reason=None):
        wizard = leads.env["crm.lead.lost"].create(
            {
                "lead_ids": leads.ids,
                "lost_reason_id": reason.id if reason else False,
            }
        )
        wizard.action_lost_reason_apply()

    def _make_order(self, lead):
        return self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "opportunity_id": lead.id,
                "user_id": self.seller.id,
                "order_line": [(0, 0, {"product_id": self._make_product().id})],
            }
        )

    def assertClosures(self, leads, *expected):
        """The closures of these opportunities, oldest first."""
        rows = leads.sudo().closure_ids.sorted("id")
        self.assertRecordValues(rows, list(expected))


def write_as_before(cls, leads, vals):
    """What a write does without this class of ours."""
    return super(cls, leads).write(vals)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestClosing(ClosureCommon):
    """Every route that closes an opportunity leaves one row, and one only."""

    def test_kind_is_told_in_the_readers_language(self):
        """On the opportunity too, where it is the column to group by."""
        self.env["res.lang"]._activate_lang("es_ES")
        field = self.env["ir.model.fields"]._get("crm.opportunity.closure", "kind")
        won = field.selection_ids.filtered(lambda choice: choice.value == "won")
        won.with_context(lang="es_ES").name = "Se ganó"
        leads = self.env["crm.lead"].with_user(self.seller).with_context(lang="es_ES")
        choices = leads.fields_get(["closure_kind"])["closure_kind"]["selection"]
        self.assertEqual(dict(choices)["won"], "Se ganó")

    def test_pausing_records_what_the_opportunity_was_worth(self):
        later = self.env.ref("crm_gestion.lost_reason_later_budget")
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        self._close(lead, "standby", later, WAKE, "Budget in June")
        self.assertClosures(
            lead,
            {
                "kind": "standby",
                "date": NOW,
                "user_id": self.seller.id,
                "team_id": self.north.id,
                "company_id": self.env.company.id,
                "currency_id": self.env.company.currency_id.id,
                "stage_id": self.size_proposal.id,
                "expected_revenue": 1000.0,
                "probability": 40.0,
                "is_automated": False,
                "lost_reason_id": later.id,
                "note": "Budget in June",
                "wake_date": WAKE,
                "reopen_date": False,
            },
        )

    def test_rejecting_records_reason_and_note(self):
        lead = self._make_mine(stage_id=self.negotiate.id, probability=40.0)
        self._close(lead.with_user(self.head), "rejected", self.price, WAKE, "Too dear")
        self.assertClosures(
            lead,
            {
                "kind": "rejected",
                "date": NOW,
                "user_id": self.head.id,
                "stage_id": self.negotiate.id,
                "expected_revenue": 1000.0,
                "probability": 40.0,
                "is_automated": False,
                "lost_reason_id": self.price.id,
                "note": "Too dear",
                "wake_date": False,
                "reopen_date": False,
            },
        )
        self.assertRecordValues(
            lead,
            [
                {
                    "won_status": "lost",
                    "lost_reason_id": self.price.id,
                    "probability": 0.0,
                }
            ],
        )

    def test_dialog_forgets_the_reason_of_another_kind(self):
        lead = self._make_mine()
        dialog = Form(lead.env["crm.opportunity.close"].with_context(
            active_model="crm.lead", active_ids=lead.ids
        ))  # fmt: skip
        self.assertEqual(dialog.wake_date, date(2026, 4, 2))
        dialog.kind = "rejected"
        dialog.reason_id = self.price
        dialog.kind = "unqualified"
        self.assertFalse(dialog.reason_id)
        dialog.reason_id = self.too_small
        dialog.save().action_close()
        self.assertClosures(
            lead, {"kind": "unqualified", "lost_reason_id": self.too_small.id}
        )

    def test_native_lost_dialog_records_a_rejection(self):
        own = self.env["crm.lost.reason"].create({"name": "A reason of the company"})
        for reason, kind in (
            (None, "rejected"),
            (own, "rejected"),
            (self.price, "rejected"),
            (self.too_small, "unqualified"),
        ):
            with self.subTest(reason=reason and reason.name):
                lead = self._make_lead(
                    self.native, stage_id=self.negotiate.id, probability=40.0
                )
                self._lose_natively(lead.with_user(self.native), reason)
                self.assertClosures(
                    lead,
                    {
                        "kind": kind,
                        "date": NOW,
                        "user_id": self.native.id,
                        "stage_id": self.negotiate.id,
                        "expected_revenue": 1000.0,
                        "probability": 40.0,
                        "is_automated": False,
                        "lost_reason_id": reason.id if reason else False,
                        "reopen_date": False,
                    },
                )
                self.assertEqual(lead.closure_kind, kind)

    def test_native_lost_dialog_records_it_where_the_method_is_off(self):
        self._enforce(False)
        lead = self._make_lead(self.native, stage_id=self.negotiate.id)
        self._lose_natively(lead.with_user(self.native))
        self.assertEqual(lead.won_status, "lost")
        self.assertClosures(
            lead,
            {
                "kind": "rejected",
                "user_id": self.native.id,
                "stage_id": self.negotiate.id,
                "lost_reason_id": False,
                "reopen_date": False,
            },
        )

    def test_losing_from_code_records_a_rejection(self):
        lead, other = self._make_mine(probability=40.0), self._make_mine()
        lead.action_set_lost()
        other.action_set_lost(lost_reason_id=self.too_small.id, expected_revenue=800.0)
        self.assertClosures(
            lead, {"kind": "rejected", "lost_reason_id": False, "probability": 40.0}
        )
        self.assertClosures(
            other,
            {
                "kind": "unqualified",
                "lost_reason_id": self.too_small.id,
                "expected_revenue": 800.0,
            },
        )

    def test_archiving_what_is_pending_is_no_closure(self):
        lead = self._make_mine(probability=40.0)
        lead.action_archive()
        self.assertRecordValues(
            lead, [{"won_status": "pending", "closure_kind": False}]
        )
        self.assertFalse(lead.closure_ids)
        lead.action_unarchive()
        self.assertFalse(lead.closure_ids)

    def test_archiving_what_has_no_probability_is_a_rejection(self):
        lead = self._make_mine(stage_id=self.present_products.id)
        lead.action_archive()
        self.assertRecordValues(
            lead, [{"won_status": "lost", "closure_kind": "rejected"}]
        )
        self.assertClosures(
            lead,
            {
                "kind": "rejected",
                "user_id": self.seller.id,
                "stage_id": self.present_products.id,
                "probability": 0.0,
                "is_automated": True,
                "lost_reason_id": False,
            },
        )

    def test_dragging_to_the_last_stage_wins(self):
        lead = self._make_mine(stage_id=self.negotiate.id, probability=40.0)
        lead.stage_id = self.sales_order
        self.assertClosures(
            lead,
            {
                "kind": "won",
                "date": NOW,
                "user_id": self.seller.id,
                "stage_id": self.negotiate.id,
                "expected_revenue": 1000.0,
                "probability": 40.0,
                "is_automated": False,
                "lost_reason_id": False,
                "reopen_date": False,
            },
        )
        self.assertEqual(lead.closure_kind, "won")

    def test_won_button_wins(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        lead.action_set_won()
        self.assertEqual(lead.stage_id, self.sales_order)
        self.assertClosures(
            lead,
            {
                "kind": "won",
                "date": NOW,
                "user_id": self.seller.id,
                "stage_id": self.size_proposal.id,
                "expected_revenue": 1000.0,
                "probability": 40.0,
                "is_automated": False,
                "lost_reason_id": False,
                "reopen_date": False,
            },
        )

    def test_second_click_on_the_won_button_changes_nothing(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        lead.action_set_won()
        lead.action_set_won()
        self.assertRecordValues(
            lead, [{"stage_id": self.sales_order.id, "probability": 100.0}]
        )
        self.assertClosures(lead, {"kind": "won", "reopen_date": False})

    def test_archiving_what_is_won_leaves_it_won(self):
        for back in ("action_unarchive", "action_restore", "action_crm_resume"):
            lead = self._make_mine(probability=40.0)
            lead.action_set_won()
            lead.action_archive()
            self.assertEqual(lead.closure_kind, "won")
            with self.subTest(back=back):
                getattr(lead, back)()
                self.assertRecordValues(
                    lead,
                    [
                        {
                            "active": True,
                            "won_status": "won",
                            "probability": 100.0,
                            "closure_kind": "won",
                        }
                    ],
                )
                self.assertClosures(lead, {"kind": "won", "reopen_date": False})

    def test_imported_closures_have_their_row(self):
        vals = {"type": "opportunity", "user_id": self.seller.id}
        lost, won, archived, pending = (
            self.env["crm.lead"]
            .with_user(self.director)
            .create(
                [
                    {
                        **vals,
                        "name": "Lost before",
                        "active": False,
                        "probability": 0,
                        "stage_id": self.size_proposal.id,
                        "lost_reason_id": self.too_small.id,
                        "expected_revenue": 300.0,
                    },
                    {
                        **vals,
                        "name": "Won before",
                        "stage_id": self.sales_order.id,
                        "expected_revenue": 700.0,
                    },
                    {**vals, "name": "Archived", "active": False, "probability": 30.0},
                    {**vals, "name": "Pending"},
                ]
            )
        )
        self.assertClosures(
            lost,
            {
                "kind": "unqualified",
                "user_id": self.director.id,
                "date": NOW,
                "stage_id": self.size_proposal.id,
                "expected_revenue": 300.0,
                "probability": 0.0,
                "lost_reason_id": self.too_small.id,
                "reopen_date": False,
            },
        )
        self.assertClosures(
            won,
            {
                "kind": "won",
                "user_id": self.director.id,
                "date": NOW,
                "stage_id": self.sales_order.id,
                "expected_revenue": 700.0,
                "probability": 100.0,
                "lost_reason_id": False,
                "reopen_date": False,
            },
        )
        self.assertFalse((archived | pending).closure_ids)

    def test_imported_closure_keeps_the_day_it_closed(self):
        won = self._make_lead(
            stage_id=self.sales_order.id, date_closed="2025-06-30 12:00:00"
        )
        self.assertEqual(won.date_closed, datetime(2025, 6, 30, 12, 0))
        self.assertClosures(won, {"kind": "won", "date": datetime(2025, 6, 30, 12, 0)})

    def test_enquiries_have_no_closures(self):
        lost, won, archived = (
            self._make_lead(type="lead", name=name)
            for name in ("Lost", "Won", "Archived")
        )
        archived.action_archive()
        self._lose_natively(lost.with_user(self.seller), self.price)
        won.stage_id = self.sales_order
        born = self._make_lead(type="lead", active=False, probability=0)
        enquiries = lost | won | archived | born
        self.assertEqual(
            enquiries.mapped("won_status"), ["lost", "won", "lost", "lost"]
        )
        self.assertFalse(enquiries.closure_ids)
        self.assertEqual(enquiries.mapped("closure_kind"), [False] * 4)

    def test_batch_closes_each_from_its_own_state(self):
        opened = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        paused = self._make_mine(stage_id=self.negotiate.id, probability=60.0)
        archived = self._make_mine(probability=20.0)
        self._pause(paused)
        archived.action_archive()
        self._reject(opened | paused | archived)
        rejected = {"kind": "rejected", "lost_reason_id": self.price.id}
        self.assertClosures(
            opened,
            {**rejected, "stage_id": self.size_proposal.id, "probability": 40.0},
        )
        self.assertClosures(
            paused,
            {
                "kind": "standby",
                "lost_reason_id": self.waiting.id,
                "stage_id": self.negotiate.id,
                "probability": 60.0,
            },
            {**rejected, "stage_id": self.negotiate.id, "probability": 60.0},
        )
        self.assertClosures(
            archived,
            {**rejected, "stage_id": self.generate_interest.id, "probability": 20.0},
        )
        leads = opened | paused | archived
        self.assertEqual(leads.mapped("closure_kind"), ["rejected"] * 3)
        rows = paused.closure_ids.sorted("id")
        self.assertEqual(rows.mapped("reopen_date"), [NOW, False])

    def test_what_is_archived_already_can_be_paused(self):
        lead = self._make_mine(probability=20.0)
        lead.action_archive()
        self._pause(lead)
        self.assertClosures(lead, {"kind": "standby", "probability": 20.0})
        self.assertRecordValues(
            lead, [{"standby_until": WAKE, "date_closed": False, "active": False}]
        )

    def test_paused_without_probability_is_not_lost(self):
        lead = self._make_mine()
        self._pause(lead)
        self.assertRecordValues(
            lead,
            [
                {
                    "active": False,
                    "won_status": "pending",
                    "closure_kind": "standby",
                    "probability": 0.01,
                    "date_closed": False,
                }
            ],
        )
        self.assertClosures(
            lead, {"kind": "standby", "probability": 0.0, "is_automated": True}
        )

    def test_nobody_hides_a_closure_by_context(self):
        lead = self._make_mine(stage_id=self.negotiate.id)
        lead.with_context(crm_gestion_closure=True).action_set_lost()
        self.assertClosures(lead, {"kind": "rejected", "user_id": self.seller.id})

    def test_what_an_automation_closes_on_the_way_has_its_row(self):
        """An automated rule of the company runs within the call that closes."""
        sibling = self._make_mine(name="Sibling", probability=30.0)
        Lead = type(self.env["crm.lead"])
        archive = Lead.action_archive

        def archive_and_lose_sibling(leads):
            res = archive(leads)
            if leads != sibling:
                leads.browse(sibling.id).action_set_lost()
            return res

        with patch.object(Lead, "action_archive", archive_and_lose_sibling):
            lead = self._make_mine(probability=40.0)
            self._reject(lead)
        self.assertClosures(
            lead,
            {"kind": "rejected", "lost_reason_id": self.price.id, "probability": 40.0},
        )
        self.assertClosures(
            sibling, {"kind": "rejected", "lost_reason_id": False, "probability": 30.0}
        )

    def test_database_allows_one_open_closure_only(self):
        lead = self._make_mine()
        self._reject(lead)
        copy_row = """INSERT INTO crm_opportunity_closure
                          (lead_id, kind, date, user_id, currency_id)
                      SELECT lead_id, kind, date, user_id, currency_id
                        FROM crm_opportunity_closure WHERE lead_id = %s"""
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self.env.cr.execute(copy_row, [lead.id])
        self.assertClosures(lead, {"kind": "rejected", "reopen_date": False})


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestRefusals(ClosureCommon):
    """What cannot be closed stays as it is, to the last field."""

    STATE = [
        "active", "won_status", "closure_kind", "stage_id", "probability",
        "automated_probability", "lost_reason_id", "standby_until", "date_closed",
    ]  # fmt: skip

    def assertRefused(self, leads, kind, **values):
        before = leads.sudo().read(self.STATE)
        rows = leads.sudo().closure_ids
        kept = rows.read()
        # not Odoo's assertRaises: its savepoint undoes what was changed on the way
        with TestCase.assertRaises(self, UserError):
            self._close(leads, kind, **values)
        self.assertEqual(leads.sudo().read(self.STATE), before)
        self.assertEqual(leads.sudo().closure_ids, rows)
        self.assertEqual(rows.read(), kept)

    def test_standby_needs_a_date_after_today(self):
        lead = self._make_mine(probability=40.0)
        for day in (False, date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 2)):
            with self.subTest(day=day):
                self.assertRefused(lead, "standby", reason=self.waiting, wake_date=day)
        self._pause(lead, date(2026, 3, 3))
        self.assertEqual(lead.standby_until, date(2026, 3, 3))

    def test_today_is_the_users_today(self):
        """At 10:00 in London it is tomorrow already on Kiritimati, 14 hours ahead."""
        self.seller.tz = "Pacific/Kiritimati"
        lead = self._make_mine(probability=40.0).with_context(tz=self.seller.tz)
        self.assertRefused(
            lead, "standby", reason=self.waiting, wake_date=date(2026, 3, 3)
        )

    def test_reason_must_belong_to_the_closure(self):
        lead = self._make_mine(probability=40.0)
        own = self.env["crm.lost.reason"].create({"name": "A reason of the company"})
        for kind, reason in (
            ("rejected", None),
            ("rejected", self.too_small),
            ("rejected", self.waiting),
            ("unqualified", None),
            ("unqualified", self.price),
            ("unqualified", own),
            ("standby", None),
            ("standby", self.price),
            ("standby", self.too_small),
        ):
            with self.subTest(kind=kind, reason=reason and reason.name):
                self.assertRefused(lead, kind, reason=reason, wake_date=WAKE)

    def test_reason_without_kind_explains_a_rejection(self):
        own = self.env["crm.lost.reason"].create({"name": "A reason of the company"})
        lead = self._make_mine()
        self._close(lead, "rejected", own)
        self.assertClosures(lead, {"kind": "rejected", "lost_reason_id": own.id})

    def test_what_is_closed_is_resumed_before_it_is_closed_again(self):
        rejected, unqualified, won, lost_before = (
            self._make_mine(name=name, probability=40.0)
            for name in ("Rejected", "Unqualified", "Won", "Lost before")
        )
        self._reject(rejected)
        self._close(unqualified, "unqualified", self.too_small)
        won.action_set_won()
        self._lose_natively(lost_before)
        lost_before.sudo().closure_ids.unlink()  # as before the add-on came
        for lead, kinds in (
            (rejected, ["standby", "rejected", "unqualified"]),
            (unqualified, ["standby", "rejected", "unqualified"]),
            (won, ["standby", "rejected", "unqualified"]),
            (lost_before, ["standby", "rejected", "unqualified"]),
        ):
            for kind in kinds:
                reason = {
                    "standby": self.waiting,
                    "rejected": self.price,
                    "unqualified": self.too_small,
                }
                with self.subTest(lead=lead.name, kind=kind):
                    self.assertRefused(
                        lead, kind, reason=reason.get(kind), wake_date=WAKE
                    )

    def test_one_that_cannot_be_closed_stops_the_whole_batch(self):
        opened = self._make_mine(probability=40.0)
        rejected = self._make_mine(probability=40.0)
        self._reject(rejected)
        self.assertRefused(opened | rejected, "rejected", reason=self.price)
        self.assertFalse(opened.closure_ids)

    def test_enquiries_are_not_closed_by_the_dialog(self):
        enquiry = self._make_mine(type="lead")
        opportunity = self._make_mine(probability=40.0)
        self.assertRefused(enquiry, "rejected", reason=self.price)
        self.assertRefused(
            enquiry | opportunity, "standby", reason=self.waiting, wake_date=WAKE
        )

    def test_opportunity_of_somebody_else_is_not_closed(self):
        lead = self._make_lead(stage_id=self.negotiate.id, probability=40.0)
        Closure = self.env["crm.opportunity.closure"].with_user(self.stranger)
        for kind, reason in (("standby", None), ("rejected", self.price)):
            with self.subTest(kind=kind), self.assertRaises(AccessError):
                Closure._close(
                    lead.with_user(self.stranger), kind, reason, wake_date=WAKE
                )
            self.assertRecordValues(
                lead, [{"active": True, "probability": 40.0, "closure_kind": False}]
            )
            self.assertFalse(lead.closure_ids)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestResuming(ClosureCommon):
    """What is taken up again is as it was; the row of its closure stays."""

    def _ways(self):
        """:return: list of how an opportunity is closed and how it is resumed"""

        def win(lead):
            lead.action_set_won()

        def order(lead):
            self._make_order(lead.sudo()).with_user(self.seller).action_confirm()

        def resume(lead):
            lead.action_crm_resume()

        def move_back(lead):
            lead.stage_id = self.size_proposal

        return [
            (self._pause, resume),
            (self._reject, resume),
            (win, move_back),
            (order, move_back),
        ]

    def _predict(self):
        """Three were won, one was lost: Odoo predicts 3.1 / 4.2 before the stage of the
        lost one, and adds 0.1 to every count."""
        for __ in range(3):
            self._make_lead(stage_id=self.sales_order.id)
        self._make_lead(stage_id=self.negotiate.id).action_set_lost()
        self.env["crm.lead"]._rebuild_pls_frequency_table()

    def assertResumed(self, lead, **values):
        self.assertRecordValues(
            lead,
            [
                {
                    "active": True,
                    "won_status": "pending",
                    "stage_id": self.size_proposal.id,
                    "closure_kind": False,
                    "standby_until": False,
                    "date_closed": False,
                    **values,
                }
            ],
        )

    def test_typed_probability_is_restored_exactly(self):
        for close, resume in self._ways():
            lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
            with self.subTest(close=close.__name__):
                close(lead)
                resume(lead)
                self.assertResumed(lead, probability=40.0)

    def test_typed_probability_is_restored_beside_a_prediction(self):
        self._predict()
        for close, resume in self._ways():
            for typed in (40.0, 0.0):
                lead = self._make_mine(stage_id=self.size_proposal.id)
                lead.probability = typed
                with self.subTest(close=close.__name__, typed=typed):
                    close(lead)
                    resume(lead)
                    self.assertResumed(
                        lead,
                        probability=typed,
                        is_automated_probability=False,
                    )

    def test_automatic_probability_is_automatic_again(self):
        self._predict()
        for close, resume in self._ways():
            lead = self._make_mine(stage_id=self.size_proposal.id)
            self.assertEqual(lead.probability, 73.81)
            with self.subTest(close=close.__name__):
                close(lead)
                resume(lead)
                self.assertResumed(
                    lead,
                    probability=73.81,
                    automated_probability=73.81,
                    is_automated_probability=True,
                )

    def test_without_a_prediction_zero_comes_back(self):
        """Paused and won leave no trace in Odoo's statistics of what was lost."""
        lead = self._make_mine(stage_id=self.size_proposal.id)
        self._pause(lead)
        lead.action_crm_resume()
        self.assertResumed(lead, probability=0.0, is_automated_probability=True)

    def test_archived_without_probability_comes_back_automatic(self):
        """On a fresh database Odoo predicts nothing; its first loss, taken back, makes
        it predict one in two."""
        lead = self._make_mine(stage_id=self.size_proposal.id)
        lead.action_archive()
        self.assertClosures(lead, {"kind": "rejected", "probability": 0.0})
        lead.action_unarchive()
        self.assertResumed(
            lead,
            probability=50.0,
            automated_probability=50.0,
            is_automated_probability=True,
        )

    def test_every_route_resumes(self):
        for route in (
            lambda lead: lead.action_crm_resume(),
            lambda lead: lead.action_restore(),
            lambda lead: lead.action_unarchive(),
            lambda lead: lead.write({"active": True}),
        ):
            for close in (self._pause, self._reject):
                lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
                close(lead)
                with self.subTest(route=route, close=close):
                    route(lead)
                    self.assertResumed(lead, probability=40.0)
                    self.assertEqual(lead.closure_ids.mapped("reopen_date"), [NOW])

    def test_what_was_won_or_lost_is_left_to_odoo_where_the_method_is_off(self):
        """A pause is ours, and ends as it began."""
        self._predict()
        self._enforce(False)
        paused, lost, won = (
            self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
            for __ in range(3)
        )
        self._pause(paused)
        self._reject(lost)
        won.action_set_won()
        paused.action_crm_resume()
        lost.action_restore()
        won.stage_id = self.size_proposal
        self.assertResumed(paused, probability=40.0)
        for lead in lost | won:
            self.assertEqual(lead.won_status, "pending")
            self.assertFalse(lead.closure_kind)
            self.assertEqual(lead.closure_ids.mapped("reopen_date"), [NOW])
            self.assertNotEqual(lead.probability, 40.0)
            self.assertEqual(lead.probability, lead.automated_probability)

    def test_resuming_forgets_the_reason_and_the_row_keeps_it(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        self._reject(lead)
        lead.action_crm_resume()
        self.assertFalse(lead.lost_reason_id)
        self.assertClosures(lead, {"lost_reason_id": self.price.id})

    def test_each_closure_is_resumed_once(self):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        self._reject(lead)
        with freeze_time(LATER):
            lead.action_crm_resume()
            first = {"kind": "rejected", "date": NOW, "reopen_date": LATER}
            self.assertClosures(lead, first)
        with freeze_time(datetime(2026, 5, 1, 9, 0)):
            lead.action_crm_resume()
            lead.action_unarchive()
            self.assertClosures(lead, first)
            self._pause(lead)
        with freeze_time(datetime(2026, 6, 1, 9, 0)):
            lead.action_crm_resume()
        self.assertClosures(
            lead,
            first,
            {
                "kind": "standby",
                "date": datetime(2026, 5, 1, 9, 0),
                "reopen_date": datetime(2026, 6, 1, 9, 0),
            },
        )

    def test_resuming_leaves_open_and_won_ones_alone(self):
        opened = self._make_mine(probability=30.0)
        won = self._make_mine(probability=40.0)
        won.action_set_won()
        paused = self._make_mine(stage_id=self.size_proposal.id, probability=60.0)
        self._pause(paused)
        (opened | won | paused).action_crm_resume()
        self.assertResumed(paused, probability=60.0)
        self.assertRecordValues(
            opened | won,
            [
                {"probability": 30.0, "closure_kind": False},
                {"probability": 100.0, "closure_kind": "won"},
            ],
        )

    def test_typed_probability_of_the_same_write_wins(self):
        lead = self._make_mine(probability=40.0)
        lead.action_set_won()
        lead.write({"stage_id": self.size_proposal.id, "probability": 70.0})
        self.assertResumed(lead, probability=70.0)

    def test_second_closure_keeps_what_was_before_the_pause(self):
        """A pause puts 0.01 for zero: that is no probability that anybody had."""
        self._predict()
        lead = self._make_mine(stage_id=self.size_proposal.id)
        lead.probability = 0.0
        self._pause(lead)
        with freeze_time(LATER):
            self._reject(lead)
        kept = {"probability": 0.0, "is_automated": False}
        self.assertClosures(
            lead,
            {"kind": "standby", "date": NOW, "reopen_date": LATER, **kept},
            {"kind": "rejected", "date": LATER, "reopen_date": False, **kept},
        )
        lead.action_crm_resume()
        self.assertResumed(lead, probability=0.0)

    def test_dragging_a_paused_one_to_the_last_stage_records_both(self):
        self._drag_to_the_last_stage(self._pause, "standby")

    def test_dragging_a_rejected_one_to_the_last_stage_records_both(self):
        self._drag_to_the_last_stage(self._reject, "rejected")

    def _drag_to_the_last_stage(self, close, kind):
        lead = self._make_mine(stage_id=self.size_proposal.id, probability=40.0)
        close(lead)
        with freeze_time(LATER):
            lead.stage_id = self.sales_order
        kept = {"probability": 40.0, "is_automated": False}
        self.assertClosures(
            lead,
            {"kind": kind, "date": NOW, "reopen_date": LATER, **kept},
            {"kind": "won", "date": LATER, "reopen_date": False, **kept},
        )
        lead.stage_id = self.size_proposal
        self.assertResumed(lead, probability=40.0)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestClosureGrowth(ClosureCommon):
    """Thirty opportunities cost about as many queries as three."""

    def _make_many(self, count, **values):
        """Without Odoo's tracking, which writes one message for each opportunity."""
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Opportunity {number}",
                    "type": "opportunity",
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "probability": 40.0 + number,
                    **values,
                }
                for number in range(count)
            ]
        )
        return leads.with_user(self.seller).with_context(tracking_disable=True)

    def _count(self, function, leads):
        """As `assertQueryCount` does: nothing pending before, nothing left after."""
        self.env.flush_all()
        self.env.invalidate_all()
        with patch("random.random", lambda: 1):
            before = self.env.cr.sql_log_count
            function(leads)
            self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def assertFlat(self, function, prepare=lambda leads: None, allowance=3):
        counts = []
        for number in (3, 3, 30):  # the first one warms the caches up
            leads = self._make_many(number)
            prepare(leads)
            counts.append(self._count(function, leads))
        self.assertLessEqual(counts[2], counts[1] + allowance)

    def test_pausing_is_flat(self):
        self.assertFlat(lambda leads: leads.env["crm.opportunity.closure"]._close(
            leads, "standby", wake_date=WAKE
        ))  # fmt: skip

    def test_rejecting_is_flat(self):
        self.assertFlat(lambda leads: leads.env["crm.opportunity.closure"]._close(
            leads, "rejected", self.price
        ))  # fmt: skip

    def test_resuming_is_flat(self):
        self.assertFlat(lambda leads: leads.action_crm_resume(), self._pause)
        self.assertFlat(lambda leads: leads.action_crm_resume(), self._reject)

    def test_winning_is_flat(self):
        self.assertFlat(lambda leads: leads.write({"stage_id": self.sales_order.id}))

    def test_reopening_what_was_won_is_flat(self):
        self.assertFlat(
            lambda leads: leads.write({"stage_id": self.size_proposal.id}),
            lambda leads: leads.write({"stage_id": self.sales_order.id}),
        )

    def test_moving_a_stage_adds_a_constant_to_the_native_move(self):
        ours = next(
            cls
            for cls in type(self.env["crm.lead"]).__mro__
            if cls.__module__ == "odoo.addons.crm_gestion.models.crm_lead"
        )
        vals = {"stage_id": self.size_proposal.id}

        def native(leads):
            write_as_before(ours, leads, dict(vals))

        def move(leads):
            leads.write(dict(vals))

        for tracking_disable in (True, False):
            added = []
            for number in (3, 3, 30):
                native_leads, leads = (
                    self._make_many(number).with_context(
                        tracking_disable=tracking_disable
                    )
                    for __ in range(2)
                )
                added.append(
                    self._count(move, leads) - self._count(native, native_leads)
                )
            with self.subTest(tracking_disable=tracking_disable):
                # stages, last passages, their end, their successors, the closure's part
                self.assertLessEqual(added[1], 6)
                self.assertLessEqual(added[2], 6)
