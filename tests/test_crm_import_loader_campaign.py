from datetime import date, datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .import_loader_common import ImportLoaderCommon

FAIR = {
    "ref": "CAM5",
    "name": "Hannover fair",
    "owner": "ana",
    "campaign_type": "Trade Show",
    "date_to": "2026-02-28",
    "budget": "35000",
    "cost": "37250.75",
    "created": "2025-11-21 17:34:17",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderCampaign(ImportLoaderCommon):
    ENTITY = "campaign"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._choose("owner", "ana", cls.seller)
        cls._choose("campaign_type", "Trade Show", "event")

    def test_campaigns_with_their_money(self):
        noise = self._noise()
        fair, letter = self._load(FAIR, {"ref": "CAM6", "name": "Newsletter"})
        self.assertEqual(self._noise(), noise)
        fair = fair.with_user(self.director)
        self.assertEqual(fair.title, "Hannover fair")
        self.assertEqual(fair.user_id, self.seller)
        self.assertEqual(fair.campaign_type, "event")
        self.assertEqual(fair.date_to, date(2026, 2, 28))
        self.assertEqual(fair.budget, 35000)
        self.assertEqual(fair.cost_total, 37250.75)
        self.assertEqual(fair.cost_ids.date, date(2026, 2, 28))
        self.assertEqual(fair.cost_ids.state, "real")
        self.assertEqual(fair.company_id, self.env.company)
        self.assertEqual(fair.create_date, datetime(2025, 11, 21, 17, 34, 17))
        self.assertEqual(letter.user_id, self.director)
        self.assertFalse(letter.with_user(self.director).cost_ids)
        self.assertFalse(letter.with_user(self.director).budget)

    def test_a_cost_has_a_row_of_its_own(self):
        """By which it is taken back before its campaign, that it would keep here."""
        [fair] = self._load(FAIR)
        rows = self.env["crm.import.row"].search(
            [("import_id", "=", self.job.id)], order="id"
        )
        self.assertEqual(
            [(row.number, row.name, row.state, row.res_model) for row in rows],
            [
                (2, "Hannover fair", "made", "utm.campaign"),
                (2, False, "made", "crm.campaign.cost"),
            ],
        )
        self.assertEqual(rows[1].res_id, fair.cost_ids.id)

    def test_a_cost_of_the_future_is_of_today(self):
        [fair] = self._load({**FAIR, "date_to": "2026-12-15"})
        self.assertEqual(fair.cost_ids.date, date(2026, 3, 2))

    def test_what_is_here_is_found_and_left(self):
        here = self.env["utm.campaign"].create({"title": "Hannover fair"})
        rows = self._plan(FAIR)
        self.assertEqual(self._states(rows), [("matched", False)])
        self.assertEqual(rows.res_id, here.id)
        self.assertFalse(here.campaign_type)
        self.assertFalse(here.with_user(self.director).budget)

    def test_several_of_a_name_are_refused(self):
        self.env["utm.campaign"].create([{"title": "Hannover fair"}] * 2)
        rows = self._plan(FAIR)
        self.assertEqual(
            self._states(rows),
            [
                (
                    "refused",
                    "Several here are called “Hannover fair”: leave one of them that "
                    "name, and check again.",
                )
            ],
        )

    def test_rows_of_one_file_are_several(self):
        [first] = self._load({**FAIR, "ref": "CAM1"})
        [second] = self._load({**FAIR, "ref": "CAM2"})
        self.assertNotEqual(first, second)

    def test_another_import_finds_them(self):
        [fair] = self._load(FAIR)
        fair.title = "Renamed"
        job = self._make_job()
        self._choose("owner", "ana", self.seller, job)
        self._choose("campaign_type", "Trade Show", "event", job)
        rows = self._plan(FAIR, job=job)
        self.assertEqual(rows.mapped("res_id"), [fair.id])
        self.assertEqual(rows.state, "matched")

    def test_a_type_that_is_none_is_refused(self):
        self._choose("campaign_type", "Stunt", "stunt")
        rows = self._plan({"name": "Stunt", "campaign_type": "Stunt"})
        self.assertEqual(
            self._states(rows),
            [("refused", "“stunt” is no type of campaign: choose another.")],
        )

    def test_of_another_company_is_not_found(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env["utm.campaign"].create(
            {"title": "Hannover fair", "company_id": other.id}
        )
        self.assertEqual(self._plan(FAIR).state, "planned")

    def test_many_cost_as_few(self):
        self.assertGrowsFlat(
            lambda number: {**FAIR, "ref": f"CAM{number}", "name": f"Fair {number}"}
        )
