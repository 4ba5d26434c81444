from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .test_crm_opportunity_report import OpportunityReportCommon

COUNTS = ["gestiones:sum", "with_result:sum", "without_result:sum", "positive:sum"]
BORN = ["opportunities:sum", "won:sum", "revenue:sum"]
RATES = ["positive_rate:avg", "opening_rate:avg"]


class GestionReportCommon(OpportunityReportCommon):
    """Who did what in February 2026, and which opportunities were born of it::

    seller     call     interest     the organization   won (150), lost (nothing)
    seller     call     no result    open opportunity   none
    colleague  meeting  no interest  the organization   none
    stranger   call     interest     the organization   theirs (100)
    branch     call     interest     the organization   abroad (80 in its currency)
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.report = cls.env["crm.gestion.report"]
        cls.no_interest = cls.env.ref("crm_gestion.result_no_interest")
        cls.campaign = cls.env["utm.campaign"].create({"title": "Spring"})
        cls.asked = cls._did(cls.seller, result_id=cls.interest.id)
        cls.waiting = cls._did(
            cls.seller, organization_id=False, lead_id=cls.open.id, result_id=False,
            contact_id=cls.contact.id, duration=0.5,
        )  # fmt: skip
        cls.refused = cls._did(
            cls.colleague, activity_type_id=cls.meeting.id, duration=1.0,
            result_id=cls.no_interest.id, campaign_id=cls.campaign.id,
        )  # fmt: skip
        cls.theirs_asked = cls._did(cls.stranger, result_id=cls.interest.id)
        cls.branch_asked = cls._did(
            cls.director, result_id=cls.interest.id, company_id=cls.branch.id
        )
        (cls.won | cls.lost).source_gestion_id = cls.asked
        cls.theirs.source_gestion_id = cls.theirs_asked
        cls.abroad.source_gestion_id = cls.branch_asked
        cls.env.flush_all()

    @classmethod
    def _did(cls, user, **values):
        return cls._make_gestion(
            user,
            **{
                "date": "2026-02-10 10:00:00",
                "organization_id": cls.organization.id,
                "next_activity_type_id": False,
                "next_date": False,
                **values,
            },
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestGestionReport(GestionReportCommon):
    def test_results_by_seller(self):
        self.assertEqual(
            self._rows(self.director, COUNTS + BORN + RATES, "user_id"),
            {
                self.seller: (2, 1, 1, 1, 2, 1, 150.0, 1.0, 1.0),
                self.colleague: (1, 1, 0, 0, 0, 0, 0.0, 0.0, 0.0),
                self.stranger: (1, 1, 0, 1, 1, 1, 100.0, 1.0, 1.0),
            },
        )

    def test_rates_of_a_group_come_from_its_sums(self):
        """2 positive of 3 with a result, 3 opportunities of 4 gestiones."""
        self.assertEqual(
            self._rows(self.director, RATES, "company_id"),
            {self.env.company: (2 / 3, 3 / 4)},
        )

    def test_by_type_result_and_outcome(self):
        counts = ["gestiones:sum", "duration:sum"]
        self.assertEqual(
            self._rows(self.director, counts, "activity_type_id"),
            {self.call: (3, 0.5), self.meeting: (1, 1.0)},
        )
        nothing = self.env["crm.gestion.result"]
        self.assertEqual(
            self._rows(self.director, counts, "result_id"),
            {self.interest: (2, 0.0), self.no_interest: (1, 1.0), nothing: (1, 0.5)},
        )
        self.assertEqual(
            self._rows(self.director, counts, "outcome"),
            {"positive": (2, 0.0), "negative": (1, 1.0), False: (1, 0.5)},
        )

    def test_by_campaign_and_stage(self):
        campaigns = self._rows(self.director, ["gestiones:sum"], "campaign_id")
        self.assertEqual(campaigns[self.campaign], (1,))
        stages = self._rows(self.director, ["gestiones:sum"], "stage_id")
        self.assertEqual(stages[self.open.stage_id], (1,))

    def test_origination_and_market_are_those_of_what_it_is_about(self):
        origin = self._rows(self.director, ["gestiones:sum"])
        self.assertEqual(origin, {self.cold_call: (3,), self.fair: (1,)})
        self.asked.contact_id = self.contact
        self.contact.origination_id = self.fair
        origin = self._rows(self.director, ["gestiones:sum"])
        self.assertEqual(origin, {self.cold_call: (2,), self.fair: (2,)})

    def test_orders_are_rounded_one_by_one_at_their_own_rate(self):
        self._order(self.theirs, 100.0, "2026-01-30 10:00:00",
                    pricelist_id=self.theirs.order_ids.pricelist_id.id)  # fmt: skip
        rows = self._rows(self.director, ["revenue:sum"], "user_id")
        self.assertEqual(rows[self.stranger], (133.33,))

    def test_companies_and_currencies(self):
        rows = self._rows(self.director, BORN, "currency_id", company=self.branch)
        self.assertEqual(rows, {self.foreign: (1, 1, 80.0)})
        rows = self._rows(
            self.director, BORN, "currency_id", company=self.env.company | self.branch
        )
        own = self.env.company.currency_id
        self.assertEqual(rows, {own: (3, 2, 250.0), self.foreign: (1, 1, 80.0)})

    def test_orders_of_another_company_are_not_of_this_one(self):
        self.lost.company_id = False
        self._order(
            self.lost.with_company(self.branch), 70.0, "2026-02-10 10:00:00",
            company_id=self.branch.id,
        )  # fmt: skip
        rows = self._rows(self.director, ["revenue:sum"], "user_id")
        self.assertEqual(rows[self.seller], (150.0,))

    def test_everybody_sees_his_people_s(self):
        for user, expected in (
            (self.seller, (2, 150.0)),
            (self.colleague, (1, 0.0)),
            (self.head, (3, 150.0)),
            (self.stranger, (1, 100.0)),
            (self.south_head, (1, 100.0)),
            (self.director, (4, 250.0)),
        ):
            with self.subTest(user=user.name):
                rows = self._rows(user, ["gestiones:sum", "revenue:sum"], "company_id")
                self.assertEqual(rows, {self.env.company: expected})
        for user in (self.native, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._rows(user, ["gestiones:sum"])

    def test_a_row_opens_its_gestion(self):
        action = self.report.browse(self.asked.id).with_user(self.head).action_open()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("crm.gestion", self.asked.id)
        )
        found = self.env["crm.gestion"].with_user(self.head).browse(action["res_id"])
        self.assertTrue(found.web_read({"name": {}})[0]["name"])
        with self.assertRaises(AccessError):
            row = self.report.browse(self.theirs_asked.id)
            row.with_user(self.head).action_open()

    def test_what_is_not_saved_yet_is_seen(self):
        self.refused.result_id = self.interest
        self.open.source_gestion_id = self.refused
        rows = self._rows(
            self.director, ["positive:sum", "opportunities:sum"], "user_id"
        )
        self.assertEqual(rows[self.colleague], (1, 1))

    def test_every_measure_by_every_group(self):
        self.assertMeasures(self.report)

    def test_more_rows_cost_no_more_queries(self):
        gestiones = self.env["crm.gestion"].browse()
        for _number in range(30):
            gestiones |= self._did(self.seller)
        report = self.report.with_user(self.seller)
        names = [name for name in report._fields if name != "id"]
        self.assertFlatGrowth(
            lambda rows: report.browse(rows.ids).read(names), gestiones[:3], gestiones
        )
