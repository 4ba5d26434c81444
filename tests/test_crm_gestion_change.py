from contextlib import contextmanager
from datetime import datetime

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CrmGestionCommon

DAY_LOGGED = "2026-03-02 10:00:00"
LAST_DAY = "2026-03-09 10:00:00"
TOO_LATE = "2026-03-09 10:00:01"


class CorrectionCase(CrmGestionCommon):
    def setUp(self):
        super().setUp()
        # Odoo stamps create_date with the transaction's time: let it follow the tests'
        self.patch(self.env.cr, "now", fields.Datetime.now)
        self.gestion = (
            self.env["crm.gestion"]
            .with_user(self.seller)
            .create(
                {
                    "activity_type_id": self.call.id,
                    "contact_id": self.contact.id,
                    "result_id": self.env.ref("crm_gestion.result_informed").id,
                    "description": "As it was",
                }
            )
        )

    def _make_buyer(self):
        return self.env["res.partner"].create(
            {
                "name": "Pedro Sanz",
                "parent_id": self.organization.id,
            }
        )


@tagged("post_install", "-at_install")
@freeze_time(DAY_LOGGED)
class TestCorrectionDays(CorrectionCase):
    """The author corrects for some days, a head of sales always."""

    WHAT_HAPPENED = (
        "name", "activity_type_id", "date", "duration", "direction", "description",
        "result_id", "organization_id", "contact_id", "lead_id", "campaign_id",
        "team_id", "user_id",
    )  # fmt: skip

    @contextmanager
    def _assert_frozen(self, days=7):
        before = self.gestion.read(self.WHAT_HAPPENED)
        with self.assertRaises(UserError) as caught:
            yield
        self.assertIn(f"can be corrected for {days} days", str(caught.exception))
        self.assertEqual(self.gestion.read(self.WHAT_HAPPENED), before)
        self.assertFalse(self.gestion.change_ids)

    def test_author_corrects_until_the_last_day(self):
        with freeze_time(LAST_DAY):
            self.gestion.description = "As it really was"

        self.assertEqual(self.gestion.description, "As it really was")

    def test_author_is_refused_what_happened_afterwards(self):
        lead = self._make_lead(partner_id=self.contact.id)
        for name, value in {
            "activity_type_id": self.meeting.id,
            "date": "2026-03-01 10:00:00",
            "duration": 2.0,
            "direction": "in",
            "description": "Otherwise",
            "result_id": self.interest.id,
            "organization_id": False,
            "contact_id": self._make_buyer().id,
            "lead_id": lead.id,
            "campaign_id": self.env["utm.campaign"].create({"title": "Spring"}).id,
            "team_id": self.south.id,
        }.items():
            with (
                self.subTest(field=name),
                freeze_time(TOO_LATE),
                self._assert_frozen(),
            ):
                self.gestion.write({name: value})

    def test_stage_and_outcome_are_not_written_by_hand(self):
        """They follow from opportunity and result; a client that writes them directly
        would get round the freezing."""
        with freeze_time(TOO_LATE):
            for vals in (
                {"outcome": "positive"},
                {"stage_id": self.negotiate.id},
            ):
                with self.subTest(**vals), self.assertRaises(UserError):
                    self.gestion.write(vals)

        self.assertEqual(self.gestion.outcome, "neutral")
        self.assertFalse(self.gestion.stage_id)

    def test_next_step_is_the_future_and_never_frozen(self):
        with freeze_time("2026-04-02 10:00:00"):
            self.gestion.write(
                {
                    "next_activity_type_id": self.call.id,
                    "next_date": "2026-04-10",
                }
            )

        self.assertEqual(
            self.gestion.next_activity_id.date_deadline,
            fields.Date.to_date("2026-04-10"),
        )

    def test_batch_with_one_that_is_frozen_is_refused_whole(self):
        with freeze_time(LAST_DAY):
            young = self.gestion.copy()

        with freeze_time(TOO_LATE), self._assert_frozen():
            (young | self.gestion).write({"description": "Otherwise"})

        self.assertEqual(young.description, "As it was")

    def test_days_count_from_logging_and_not_from_the_interaction(self):
        self.gestion.date = "2026-01-02 10:00:00"

        self.gestion.description = "As it really was"

        self.assertEqual(self.gestion.description, "As it really was")

    def test_colleague_does_not_correct(self):
        with self.assertRaises(AccessError):
            self.gestion.with_user(self.colleague).description = "Otherwise"

        self.assertEqual(self.gestion.description, "As it was")

    def test_head_corrects_his_team_at_any_time(self):
        with freeze_time("2027-03-02 10:00:00"):
            self.gestion.with_user(self.head).description = "As it really was"

        self.assertEqual(self.gestion.description, "As it really was")

    def test_head_of_another_team_does_not(self):
        with freeze_time("2027-03-02 10:00:00"), self.assertRaises(AccessError):
            self.gestion.with_user(self.south_head).description = "Otherwise"

        self.assertEqual(self.gestion.description, "As it was")

    def test_company_chooses_the_days(self):
        self.env["ir.config_parameter"].set_param("crm_gestion.correction_days", "1")

        with freeze_time("2026-03-03 10:00:01"), self._assert_frozen(days=1):
            self.gestion.description = "Otherwise"


@tagged("post_install", "-at_install")
@freeze_time(DAY_LOGGED)
class TestCorrections(CorrectionCase):
    """What was corrected stays readable, as it was and as it is."""

    def test_correction_is_kept_with_old_and_new_value(self):
        lead = self._make_lead(name="Oil presses", partner_id=self.contact.id)
        buyer = self._make_buyer()
        with freeze_time("2026-03-03 09:00:00"):
            self.gestion.write(
                {
                    "date": "2026-03-01 16:30:00",
                    "result_id": self.interest.id,
                    "contact_id": buyer.id,
                    "lead_id": lead.id,
                }
            )

        self.assertRecordValues(
            self.gestion.change_ids.sorted("field"),
            [
                {
                    "field": field,
                    "old_value": old,
                    "new_value": new,
                    "user_id": self.seller.id,
                    "date": datetime(2026, 3, 3, 9, 0),
                }
                for field, old, new in (
                    (
                        "contact_id",
                        "Aceites del Sur, Lucía Ferrer",
                        "Aceites del Sur, Pedro Sanz",
                    ),
                    ("date", "2026-03-02 10:00:00", "2026-03-01 16:30:00"),
                    ("lead_id", "", "Oil presses"),
                    ("result_id", "Informed, no change", "Initial interest"),
                )
            ],
        )

    def test_emptied_value_is_kept(self):
        self.gestion.write({"result_id": False, "contact_id": False})

        self.assertRecordValues(
            self.gestion.change_ids.sorted("field"),
            [
                {
                    "field": "contact_id",
                    "old_value": "Aceites del Sur, Lucía Ferrer",
                    "new_value": "",
                },
                {
                    "field": "result_id",
                    "old_value": "Informed, no change",
                    "new_value": "",
                },
            ],
        )

    def test_nothing_else_is_recorded(self):
        self.gestion.write(
            {
                "description": "More words",
                "duration": 0.5,
                "direction": "in",
                "activity_type_id": self.meeting.id,
                "next_activity_type_id": self.call.id,
                "next_date": "2026-03-09",
            }
        )

        self.assertFalse(self.gestion.change_ids)

    def test_same_value_again_is_no_correction(self):
        self.gestion.write(
            {
                "date": "2026-03-02 10:00:00",
                "result_id": self.gestion.result_id.id,
                "contact_id": self.contact.id,
                "lead_id": False,
            }
        )

        self.assertFalse(self.gestion.change_ids)

    def test_logging_is_no_correction(self):
        self.assertFalse(self.gestion.change_ids)

    def test_contact_that_comes_with_the_opportunity_is_recorded(self):
        lead = self._make_lead(name="Oil presses", partner_id=self.contact.id)
        gestion = self.gestion.create({"organization_id": self.organization.id})

        gestion.lead_id = lead

        self.assertEqual(gestion.contact_id, self.contact)
        self.assertRecordValues(
            gestion.change_ids.sorted("field"),
            [
                {
                    "field": "contact_id",
                    "old_value": "",
                    "new_value": "Aceites del Sur, Lucía Ferrer",
                },
                {"field": "lead_id", "old_value": "", "new_value": "Oil presses"},
            ],
        )

    def test_correction_of_many_keeps_what_each_was(self):
        other = self.gestion.copy({"date": "2026-02-20 08:00:00"})

        (self.gestion | other).write({"date": "2026-03-01 10:00:00"})

        self.assertRecordValues(
            self.gestion.change_ids | other.change_ids,
            [
                {
                    "gestion_id": self.gestion.id,
                    "old_value": "2026-03-02 10:00:00",
                    "new_value": "2026-03-01 10:00:00",
                },
                {
                    "gestion_id": other.id,
                    "old_value": "2026-02-20 08:00:00",
                    "new_value": "2026-03-01 10:00:00",
                },
            ],
        )

    def test_correction_of_a_head_names_him(self):
        self.gestion.with_user(self.head).result_id = self.interest

        self.assertEqual(self.gestion.change_ids.user_id, self.head)

    def test_value_stays_as_it_read_then(self):
        self.gestion.result_id = self.interest

        self.env.ref("crm_gestion.result_informed").name = "Knows us now"

        self.assertEqual(self.gestion.change_ids.old_value, "Informed, no change")

    def test_nobody_writes_corrections_by_hand(self):
        self.gestion.result_id = self.interest
        change = self.gestion.change_ids
        for user in (self.seller, self.head, self.director):
            change_of_user = change.with_user(user)
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    change_of_user.old_value = "Otherwise"
                with self.assertRaises(AccessError):
                    change_of_user.create(
                        {
                            "gestion_id": self.gestion.id,
                            "field": "date",
                            "user_id": user.id,
                            "date": DAY_LOGGED,
                        }
                    )
                with self.assertRaises(AccessError):
                    change_of_user.unlink()
        self.assertEqual(self.gestion.change_ids, change)
        self.assertEqual(change.old_value, "Informed, no change")

    def test_corrections_are_read_with_their_gestion(self):
        self.gestion.result_id = self.interest
        change = self.gestion.change_ids
        for user, reads in (
            (self.seller, True),
            (self.head, True),
            (self.director, True),
            (self.colleague, False),
            (self.stranger, False),
            (self.south_head, False),
        ):
            with self.subTest(user=user.login):
                found = change.with_user(user).search([("id", "=", change.id)])
                self.assertEqual(bool(found), reads)
                self.assertEqual(change.with_user(user).has_access("read"), reads)

    def test_seller_of_the_account_reads_the_corrections_of_a_stranger(self):
        gestion = self.gestion.with_user(self.stranger).create(
            {"contact_id": self.contact.id}
        )
        gestion.result_id = self.interest

        self.assertTrue(gestion.change_ids.with_user(self.seller).has_access("read"))
