from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrmGestionCommon

NOW = datetime(2026, 3, 2, 10, 0)
LATER = datetime(2026, 3, 5, 22, 0)  # three days and a half
MUCH_LATER = datetime(2026, 4, 5, 22, 0)


class PassageCommon(CrmGestionCommon):
    def _make_mine(self, **values):
        return self._make_lead(**values).with_user(self.seller)

    def _rows(self, leads):
        return leads.sudo().opportunity_stage_ids.sorted("id")

    def _moves(self, leads):
        return [(row.move, row.stage_id) for row in self._rows(leads)]

    def assertPassages(self, leads, *expected):
        """The passages of these opportunities, oldest first."""
        rows = self._rows(leads)
        self.assertEqual(len(rows), len(expected))
        for row, values in zip(rows, expected, strict=True):
            self.assertRecordValues(row, [values])


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestPassages(PassageCommon):
    """Each passage leaves one row, by whatever route an opportunity moves."""

    def test_creation_opens_the_first_row(self):
        lead = self._make_mine()
        self.assertPassages(
            lead,
            {
                "stage_id": self.generate_interest.id,
                "from_stage_id": False,
                "next_stage_id": False,
                "move": "created",
                "date_in": NOW,
                "date_out": False,
                "skipped_count": 0,
                "user_id": self.seller.id,
                "team_id": self.north.id,
                "company_id": self.env.company.id,
                "gestion_id": False,
            },
        )

    def test_moving_ends_a_row_and_opens_the_next(self):
        lead = self._make_mine()
        with freeze_time(LATER):
            lead.stage_id = self.present_products
        self.assertPassages(
            lead,
            {
                "stage_id": self.generate_interest.id,
                "move": "created",
                "date_in": NOW,
                "date_out": LATER,
                "days": 3.5,
                "next_stage_id": self.present_products.id,
                "conversion": 1.0,
            },
            {
                "stage_id": self.present_products.id,
                "from_stage_id": self.generate_interest.id,
                "move": "forward",
                "date_in": LATER,
                "date_out": False,
                "next_stage_id": False,
            },
        )

    def test_skipping_and_going_back_are_told_apart(self):
        lead = self._make_mine()
        lead.stage_id = self.negotiate
        lead.stage_id = self.present_products
        self.assertPassages(
            lead,
            {"move": "created", "skipped_count": 0, "conversion": 1.0},
            {"move": "skipped", "skipped_count": 2, "conversion": 0.0},
            {"move": "back", "skipped_count": 0, "conversion": 0.0},
        )

    def test_the_open_row_has_neither_days_nor_conversion(self):
        """Averages must not count what is still going on."""
        lead = self._make_mine()
        lead.stage_id = self.present_products
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT days IS NULL, conversion IS NULL FROM crm_opportunity_stage "
            "WHERE lead_id = %s ORDER BY id",
            [lead.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [(False, False), (True, True)])

    def test_winning_ends_in_the_last_stage(self):
        lead = self._make_mine(stage_id=self.negotiate.id)
        with freeze_time(LATER):
            lead.action_set_won()
        self.assertPassages(
            lead,
            {
                "stage_id": self.negotiate.id,
                "date_out": LATER,
                "days": 3.5,
                "next_stage_id": self.sales_order.id,
                "conversion": 1.0,
            },
            {
                "stage_id": self.sales_order.id,
                "from_stage_id": self.negotiate.id,
                "move": "won",
                "date_in": LATER,
                "date_out": LATER,
                "skipped_count": 0,
            },
        )

    def test_closing_and_resuming(self):
        Closure = self.env["crm.opportunity.closure"].with_user(self.seller)
        cases = {
            "standby": {"wake_date": MUCH_LATER.date()},
            "rejected": {"reason": self.price},
            "unqualified": {"reason": self.too_small},
        }
        for kind, values in cases.items():
            with self.subTest(kind=kind):
                lead = self._make_mine(stage_id=self.size_proposal.id, probability=40)
                with freeze_time(LATER):
                    Closure._close(lead, kind, **values)
                self.assertFalse(self._rows(lead).filtered(lambda r: not r.date_out))
                with freeze_time(MUCH_LATER):
                    lead.action_crm_resume()
                self.assertPassages(
                    lead,
                    {
                        "stage_id": self.size_proposal.id,
                        "move": "created",
                        "date_out": LATER,
                        "days": 3.5,
                        "conversion": 0.0,
                    },
                    {
                        "stage_id": self.size_proposal.id,
                        "move": "closed",
                        "date_in": LATER,
                        "date_out": LATER,
                        "days": 0.0,
                    },
                    {
                        "stage_id": self.size_proposal.id,
                        "move": "reopened",
                        "date_in": MUCH_LATER,
                        "date_out": False,
                    },
                )

    def test_losing_natively(self):
        lead = self._make_lead(self.native)
        lead.with_user(self.native).action_set_lost()
        self.assertEqual(
            self._moves(lead),
            [("created", self.generate_interest), ("closed", self.generate_interest)],
        )

    def test_winning_what_was_lost_is_recorded_as_both(self):
        lead = self._make_mine(stage_id=self.negotiate.id)
        lead.action_set_lost()
        lead.stage_id = self.sales_order
        self.assertEqual(
            self._moves(lead),
            [
                ("created", self.negotiate),
                ("closed", self.negotiate),
                ("reopened", self.sales_order),
                ("won", self.sales_order),
            ],
        )
        self.assertFalse(self._rows(lead).filtered(lambda row: not row.date_out))

    def test_archiving_what_stays_pending_is_no_passage(self):
        lead = self._make_mine(probability=40.0)
        lead.action_archive()
        lead.action_unarchive()
        self.assertEqual(self._moves(lead), [("created", self.generate_interest)])

    def test_stage_that_follows_the_team(self):
        theirs = self.env["crm.stage"].create(
            {"name": "South only", "sequence": 0, "team_ids": self.south.ids}
        )
        self.size_proposal.team_ids = self.north
        lead = self._make_mine(stage_id=self.size_proposal.id)
        lead.with_user(self.director).team_id = self.south
        self.assertEqual(
            self._moves(lead), [("created", self.size_proposal), ("back", theirs)]
        )
        self.assertEqual(self._rows(lead)[-1].team_id, self.south)

    def test_stage_that_follows_the_seller(self):
        self.size_proposal.team_ids = self.north
        lead = self._make_mine(stage_id=self.size_proposal.id)
        lead.with_user(self.director).user_id = self.stranger
        self.assertEqual(lead.team_id, self.south)
        self.assertEqual(
            self._moves(lead),
            [("created", self.size_proposal), ("back", self.generate_interest)],
        )

    def test_enquiries_have_none_until_they_are_converted(self):
        enquiry = self._make_lead(type="lead").with_user(self.seller)
        enquiry.stage_id = self.size_proposal
        self.assertFalse(self._rows(enquiry))
        enquiry.convert_opportunity(self.contact)
        self.assertEqual(self._moves(enquiry), [("created", self.size_proposal)])

    def test_without_tracking(self):
        lead = self._make_mine().with_context(tracking_disable=True)
        lead.stage_id = self.present_products
        self.assertEqual(
            self._moves(lead),
            [("created", self.generate_interest), ("forward", self.present_products)],
        )

    def test_import(self):
        result = (
            self.env["crm.lead"]
            .with_user(self.director)
            .load(
                ["name", "type", "stage_id/.id", "probability"],
                [
                    ["Imported", "opportunity", str(self.size_proposal.id), "30"],
                    [
                        "Imported and won",
                        "opportunity",
                        str(self.sales_order.id),
                        "100",
                    ],
                ],
            )
        )
        opened, won = self.env["crm.lead"].browse(result["ids"])
        self.assertEqual(self._moves(opened), [("created", self.size_proposal)])
        self.assertEqual(
            self._moves(won),
            [("created", self.sales_order), ("won", self.sales_order)],
        )

    def test_copy_begins_anew(self):
        lead = self._make_mine(stage_id=self.negotiate.id)
        copy = lead.copy()
        self.assertEqual(self._moves(copy), [("created", copy.stage_id)])

    def test_opportunity_of_before_the_addon_begins_where_it_was(self):
        lead = self._make_mine(stage_id=self.present_products.id)
        self._rows(lead).unlink()
        lead.sudo().date_last_stage_update = datetime(2026, 2, 20, 10, 0)
        with freeze_time(LATER):
            lead.stage_id = self.size_proposal
        self.assertPassages(
            lead,
            {
                "stage_id": self.present_products.id,
                "move": "created",
                "date_in": datetime(2026, 2, 20, 10, 0),
                "date_out": LATER,
                "days": 13.5,
            },
            {"stage_id": self.size_proposal.id, "move": "forward"},
        )

    def test_automated_rule_within_a_write_is_recorded_once(self):
        lead = self._make_mine()
        ours = type(self.env["crm.lead"])
        native = ours._handle_won_lost

        def move_too(leads, *args):
            res = native(leads, *args)
            if leads.stage_id == self.present_products:
                leads.write({"stage_id": self.size_proposal.id})
            return res

        with patch.object(ours, "_handle_won_lost", move_too):
            lead.stage_id = self.present_products
        self.assertEqual(lead.stage_id, self.size_proposal)
        self.assertEqual(len(self._rows(lead)), 2)
        self.assertEqual(self._moves(lead)[-1][1], self.size_proposal)

    def test_merged_passages_stay_under_the_winner(self):
        winner = self._make_mine(stage_id=self.size_proposal.id)
        other = self._make_mine(stage_id=self.generate_interest.id)
        other.stage_id = self.present_products
        rows = self._rows(winner | other)
        with freeze_time(LATER):
            merged = (winner | other).merge_opportunity()
        self.assertEqual(merged, winner)
        self.assertEqual(rows.lead_id, winner)
        self.assertPassages(
            merged,
            {"stage_id": self.size_proposal.id, "date_out": False},
            {"stage_id": self.generate_interest.id, "date_out": NOW},
            {"stage_id": self.present_products.id, "date_out": LATER, "days": 3.5},
        )

    def test_reopening_after_a_merge(self):
        """What the other one did last is not where the winner was."""
        winner = self._make_mine(stage_id=self.negotiate.id)
        other = self._make_mine()
        winner.stage_id = self.sales_order
        with freeze_time(LATER):
            other.stage_id = self.present_products
            merged = (winner | other).merge_opportunity()
        self.assertEqual((merged, merged.won_status), (winner, "won"))
        self.assertFalse(self._rows(merged).filtered(lambda row: not row.date_out))
        with freeze_time(MUCH_LATER):
            merged.stage_id = self.negotiate
        self.assertRecordValues(
            self._rows(merged)[-1],
            [
                {
                    "move": "reopened",
                    "from_stage_id": self.sales_order.id,
                    "stage_id": self.negotiate.id,
                    "date_out": False,
                }
            ],
        )

    def test_stage_that_is_deleted(self):
        own = self.env["crm.stage"].create({"name": "Demo given", "sequence": 3})
        lead = self._make_mine()
        lead.stage_id = own
        lead.stage_id = self.size_proposal
        self.env.flush_all()
        own.unlink()
        self.env.invalidate_all()
        lead.stage_id = self.negotiate
        self.assertEqual(
            self._moves(lead),
            [
                ("created", self.generate_interest),
                ("forward", own.browse()),
                ("forward", self.size_proposal),
                ("forward", self.negotiate),
            ],
        )

    def test_database_allows_one_open_row(self):
        lead = self._make_mine()
        row = self._rows(lead)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(UniqueViolation),
            self.env.cr.savepoint(),
        ):
            row.copy()
            self.env.flush_all()

    def test_nobody_writes_rows_by_hand(self):
        lead = self._make_mine()
        row = self._rows(lead)
        for user in (self.seller, self.head, self.director):
            mine = row.with_user(user)
            self.assertEqual(mine.stage_id, self.generate_interest)
            for attempt in (
                lambda mine=mine: mine.write({"days": 1}),
                mine.unlink,
                mine.copy,
            ):
                with self.subTest(user=user.name), self.assertRaises(AccessError):
                    attempt()
        self.assertFalse(
            self.env["crm.opportunity.stage"]
            .with_user(self.stranger)
            .search([("id", "=", row.id)])
        )

    def test_what_rows_tell_is_not_written_by_hand(self):
        lead = self._make_mine()
        for values in (
            {"closure_kind": "won"},
            {"standby_until": "2026-06-01"},
            {"push_count": 0},
            {"native_stage_id": self.negotiate.id},
        ):
            with self.subTest(values=values):
                with self.assertRaises(AccessError):
                    lead.write(values)
                with self.assertRaises(AccessError):
                    lead.create({"name": "New", **values})
        self.assertRecordValues(lead, [{"closure_kind": False, "push_count": 0}])

    def test_averages_by_stage(self):
        """What pivot and graph ask for."""
        first, second = self._make_mine(), self._make_mine()
        with freeze_time(datetime(2026, 3, 4, 10, 0)):
            first.stage_id = self.present_products
        with freeze_time(datetime(2026, 3, 6, 10, 0)):
            second.action_set_lost()
        rows = self.env["crm.opportunity.stage"].with_user(self.seller)
        domain = [("lead_id", "in", (first | second).ids)]
        [(stage, days, conversion, count)] = rows._read_group(
            [*domain, ("stage_id", "=", self.generate_interest.id)],
            ["stage_id"],
            ["days:avg", "conversion:avg", "__count"],
        )
        self.assertEqual(stage, self.generate_interest)
        self.assertEqual((days, conversion), (3.0, 0.5))
        self.assertEqual(count, 3)  # with the row of closing, which has no days
        markets = rows._read_group(domain, ["market_id"], ["days:avg"])
        self.assertEqual(len(markets), 1)

    def test_growth(self):
        def make(number):
            return self.env["crm.lead"].create(
                [
                    {"name": str(i), "type": "opportunity", "user_id": self.seller.id}
                    for i in range(number)
                ]
            )

        targets = iter((self.present_products, self.size_proposal, self.negotiate))

        def move(leads):
            leads.write({"stage_id": next(targets).id})

        self.assertFlatGrowth(move, make(3), make(30))
