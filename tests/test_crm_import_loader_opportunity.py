from datetime import date, datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .import_loader_common import ImportLoaderCommon

OPEN = {
    "ref": "POT842",
    "name": "Fleet",
    "organization": "Buyer",
    "amount": "48250.75",
    "probability": 20,
    "deadline": "2027-01-31",
    "stage": "Qualification",
    "owner": "ana",
    "origination": "Cold Call",
    "created": "2025-11-21 17:34:18",
    "next_step": "Call purchasing",
    "description": "Three lorries",
}
WON = {
    "ref": "POT849",
    "name": "Servers",
    "organization": "Buyer",
    "amount": "34999.90",
    "stage": "Closed Won",
    "owner": "ana",
    "created": "2025-06-01 08:00:00",
    "closed": "2025-10-15 10:00:00",
    "probability": 100,
}
LOST = {
    "ref": "POT850",
    "name": "Pilot",
    "organization": "Buyer",
    "amount": "3250.25",
    "stage": "Closed Lost",
    "lost_reason": "Competition",
    "owner": "ana",
    "created": "2025-06-01 08:00:00",
    "closed": "2025-09-30 10:00:00",
    "probability": 0,
}


class ImportHistoryCommon(ImportLoaderCommon):
    @classmethod
    def _make_job(cls, **values):
        job = super()._make_job(**values)
        cls.presenting = cls.env.ref("crm_gestion.stage_present_products")
        cls.won_stage = cls.env.ref("crm_gestion.stage_sales_order")
        cls.first = cls.env.ref("crm_gestion.stage_generate_interest")
        cls._choose("owner", "ana", cls.seller, job)
        cls._choose("origination", "Cold Call", cls.cold_call, job)
        cls._choose("stage", "Qualification", cls.presenting, job)
        cls._choose("stage", "Closed Won", cls.won_stage, job)
        cls._choose("stage", "Closed Lost", "lost", job)
        cls._choose("lost_reason", "Competition", None, job, action="make")
        return job

    def setUp(self):
        super().setUp()
        self.env["ir.config_parameter"].set_param("crm_gestion.enforce_method", "True")
        (self.buyer,) = self._load({"name": "Buyer"}, entity="organization")
        self.person, self.other = self._load(
            {"name": "Ana Gil", "organization": "Buyer"},
            {"name": "Eva Sol", "organization": "Buyer"},
            entity="contact",
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderOpportunity(ImportHistoryCommon):
    ENTITY = "opportunity"

    def test_open(self):
        (lead,) = self._load({**OPEN, "contact": "Ana Gil"})
        self.assertEqual(
            (lead.type, lead.name, lead.partner_id, lead.organization_id),
            ("opportunity", "Fleet", self.person, self.buyer),
        )
        self.assertEqual(
            (lead.user_id, lead.team_id, lead.company_id),
            (self.seller, self.seller.sale_team_id, self.job.company_id),
        )
        self.assertEqual(lead.stage_id, self.presenting)
        self.assertEqual(lead.expected_revenue, 48250.75)
        self.assertEqual(lead.probability, 20)
        self.assertEqual(lead.date_deadline, date(2027, 1, 31))
        self.assertEqual(lead.origination_id, self.cold_call)
        self.assertEqual(lead.create_date, datetime(2025, 11, 21, 17, 34, 18))
        self.assertEqual((lead.won_status, lead.closure_kind), ("pending", False))
        self.assertEqual(lead.description, "<p>Three lorries</p>")
        (passage,) = lead.opportunity_stage_ids
        self.assertEqual(
            (passage.stage_id, passage.move, passage.date_in, passage.date_out),
            (self.presenting, "created", datetime(2025, 11, 21, 17, 34, 18), False),
        )
        (step,) = lead.activity_ids
        self.assertEqual(
            (step.summary, step.date_deadline, step.user_id),
            ("Call purchasing", date(2027, 1, 31), self.seller),
        )
        self.assertIn(self.seller.partner_id, lead.message_partner_ids)

    def test_won(self):
        (lead,) = self._load(WON)
        self.assertEqual(
            (lead.won_status, lead.closure_kind, lead.stage_id, lead.probability),
            ("won", "won", self.won_stage, 100),
        )
        self.assertEqual(lead.date_closed, datetime(2025, 10, 15, 10))
        (closure,) = lead.closure_ids
        self.assertEqual(
            (closure.kind, closure.date, closure.expected_revenue),
            ("won", datetime(2025, 10, 15, 10), 34999.90),
        )
        begun, won = lead.opportunity_stage_ids.sorted("id")
        self.assertEqual(
            (begun.date_in, begun.date_out, won.move, won.date_in),
            (
                datetime(2025, 6, 1, 8),
                datetime(2025, 10, 15, 10),
                "won",
                datetime(2025, 10, 15, 10),
            ),
        )
        self.assertAlmostEqual(begun.days, 136 + 2 / 24, 3)
        self.assertFalse(lead.order_ids)

    def test_lost(self):
        (lead,) = self._load(LOST)
        self.assertEqual(
            (lead.won_status, lead.closure_kind, lead.active, lead.probability),
            ("lost", "rejected", False, 0),
        )
        self.assertEqual(lead.lost_reason_id.name, "Competition")
        (closure,) = lead.closure_ids
        self.assertEqual(
            (closure.kind, closure.date, closure.lost_reason_id.name),
            ("rejected", datetime(2025, 9, 30, 10), "Competition"),
        )
        self.assertFalse(lead.activity_ids)

    def test_what_is_sure_is_not_won_before_it_is(self):
        (lead,) = self._load({**OPEN, "probability": 100})
        self.assertEqual((lead.won_status, lead.probability), ("pending", 99))

    def test_nobody_is_told(self):
        before = self._noise()
        self._load(OPEN, WON, LOST)
        after = self._noise()
        # the owner follows his three
        self.assertEqual(after.pop("mail.followers"), before.pop("mail.followers") + 3)
        self.assertEqual(after, before)

    def test_the_second_import_finds_the_first(self):
        (lead,) = self._load(OPEN)
        lead.with_user(self.seller).name = "Renamed since"
        again = self._plan(OPEN, job=self._make_job())
        self.assertEqual((again.state, again.res_id), ("matched", lead.id))

    def test_gates_hold_for_sellers_afterwards(self):
        (lead,) = self._load({"ref": "P1", "name": "Bare", "stage": "Qualification"})
        self.assertEqual(lead.stage_id, self.presenting)
        self.assertEqual(
            self.env["crm.stage"]._waived_gates(), frozenset(), "nobody else is let by"
        )

    def test_growth(self):
        cases = (OPEN, WON, LOST)
        self.assertGrowsFlat(
            lambda number: {
                **cases[number % 3],
                "ref": f"P{number}",
                "name": f"Opportunity {number}",
            }
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderGestion(ImportHistoryCommon):
    ENTITY = "gestion"

    MEETING = {
        "name": "Kick-off",
        "date": "2025-10-16 09:00:00",
        "duration": 2.5,
        "related": {"entity": "opportunity", "name": "Servers"},
        "contacts": ["Ana Gil", "Eva Sol"],
        "owner": "ana",
        "activity_type": "Meeting",
        "description": "Purchasing came along",
    }

    @classmethod
    def _make_job(cls, **values):
        job = super()._make_job(**values)
        meeting = cls.env.ref("mail.mail_activity_data_meeting")
        cls._choose("activity_type", "Meeting", meeting, job)
        return job

    def test_meeting(self):
        (lead,) = self._load(WON, entity="opportunity")
        stage, probability = lead.stage_id, lead.probability
        (gestion,) = self._load(self.MEETING)
        self.assertEqual(
            (gestion.name, gestion.date, gestion.duration, gestion.user_id),
            ("Kick-off", datetime(2025, 10, 16, 9), 2.5, self.seller),
        )
        self.assertEqual(
            (gestion.contact_id, gestion.organization_id, gestion.lead_id),
            (self.person, self.buyer, lead),
        )
        self.assertEqual(
            gestion.activity_type_id, self.env.ref("mail.mail_activity_data_meeting")
        )
        self.assertEqual(gestion.description, "Purchasing came along\nAlso: Eva Sol")
        # nobody is asked what came of it
        self.assertEqual(gestion.result_id, self.env.ref("crm_gestion.result_imported"))
        self.assertFalse(gestion.next_activity_id)
        self.assertEqual((lead.stage_id, lead.probability), (stage, probability))
        self.assertFalse(lead.activity_ids)

    def test_the_same_is_never_there_twice(self):
        self._load(WON, entity="opportunity")
        (gestion,) = self._load(self.MEETING)
        job = self._make_job()
        self._plan(WON, entity="opportunity", job=job)
        again = self._plan(self.MEETING, job=job)
        self.assertEqual((again.state, again.res_id), ("matched", gestion.id))

    def test_what_is_to_come_is_none(self):
        rows = self._plan(
            {**self.MEETING, "related": {}, "date": "2026-03-02 10:00:01"},
            {"date": "2025-10-16 09:00:00", "name": "With whom?"},
            {"name": "When?", "contact": "Ana Gil"},
        )
        self.assertEqual(
            self._states(rows),
            [
                (
                    "refused",
                    "It is in the future: only what happened is a gestión.",
                ),
                (
                    "refused",
                    "It names neither organization, contact nor opportunity: "
                    "say with whom it was.",
                ),
                ("refused", "The date is missing."),
            ],
        )

    def test_comment(self):
        (note,) = self._load(
            {
                "date": "2025-10-16 09:00:00",
                "related": {"entity": "organization", "name": "Buyer"},
                "owner": "ana",
                "description": "Done.",
                "answers": "Tell the board",
            },
            entity="comment",
        )
        self.assertEqual(
            (note.organization_id, note.user_id, note.description),
            (self.buyer, self.seller, "Done.\nIn answer to: Tell the board"),
        )
        self.assertFalse(note.activity_type_id.counts_as_activity)
        self.assertEqual(note.date, datetime(2025, 10, 16, 9))

    def test_a_comment_is_no_contact(self):
        self._load(OPEN, entity="opportunity")
        related = {"related": {"entity": "opportunity", "name": "Fleet"}}
        (call,) = self._load(
            {**self.MEETING, **related, "date": "2025-10-10 09:00:00"}, entity="gestion"
        )
        self._load(
            {**related, "date": "2025-10-16 09:00:00", "description": "Sent?"},
            entity="comment",
        )
        self.assertEqual(call.lead_id.gestion_count, 2)
        self.assertEqual(call.lead_id.last_gestion_date, datetime(2025, 10, 10, 9))
        self.assertEqual(self.buyer.last_gestion_date, datetime(2025, 10, 10, 9))
        Partner = self.env["res.partner"]
        for moment, found in (("2025-10-10", True), ("2025-10-12", False)):
            since = [("last_gestion_date", ">=", moment), ("id", "=", self.buyer.id)]
            self.assertEqual(bool(Partner.search(since)), found)

    def test_growth(self):
        self._load(WON, entity="opportunity")
        self.assertGrowsFlat(lambda number: {**self.MEETING, "name": f"No. {number}"})
