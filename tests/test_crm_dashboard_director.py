from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .test_crm_dashboard import DashboardCommon

# A Sunday; the working days of November are all over but those of its last week.
NOW = "2026-11-22 12:00:00"
# The parts of this file: others have tests of their own.
KEYS = {
    "risk", "forecast_bars", "forecast", "origination", "campaigns", "standby_figures",
    "standby", "skipped", "absence", "left", "exports",
}  # fmt: skip


@freeze_time(NOW)
class DirectorCommon(DashboardCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.resource_calendar_id.tz = "UTC"
        cls.Closure = cls.env["crm.opportunity.closure"]

    def _page(self, user=None, **filters):
        """:return: data of the dashboard, whose drill-downs were all opened"""
        user = user or self.director
        data = self._data(user, "director", **filters)
        data["sections"] = [part for part in data["sections"] if part["key"] in KEYS]
        self.assertDrills(user, data)
        return data

    def _table(self, key, **filters):
        """:return: dict label -> list of the values of a row"""
        table = self._section(self._page(**filters), key)
        rows = [*table["rows"], *([table["total"]] if table["total"] else [])]
        return {row["label"]: [cell["value"] for cell in row["cells"]] for row in rows}

    def _counts(self, key, **filters):
        section = self._section(self._page(**filters), key)
        return {figure["label"]: figure["value"] for figure in section["figures"]}

    def _objective(self, metric="sales", **values):
        if "date_from" not in values:
            values |= {"date_from": "2026-11-01"}
        return self.env["crm.objective"].create(
            {"metric": metric, "company_id": self.company.id, **values}
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestDirector(DirectorCommon):
    def test_an_empty_database_has_its_empty_states(self):
        data = self._page()
        self.assertEqual({section["key"] for section in data["sections"]}, KEYS)
        for section in data["sections"]:
            for name in ("rows", "labels", "series"):
                self.assertFalse(section.get(name), section["key"])
            self.assertFalse(section.get("total"), section["key"])
            self.assertTrue(section["empty"])
        self.assertFalse(any(self._counts("absence").values()))

    # --- objectives at risk

    def test_objectives_behind_their_pace_the_worst_first(self):
        for day in ("02", "03"):
            self._make_gestion(
                self.colleague,
                date=f"2026-11-{day} 10:00:00",
                organization_id=self.organization.id,
            )
        on_track = self._objective("gestiones", user_id=self.colleague.id, target=3)
        self.assertEqual(on_track.pace, "on")
        half = self._objective("gestiones", user_id=self.colleague.id, target=4,
                               activity_type_ids=self.call.ids)  # fmt: skip
        worst = self._objective(user_id=self.seller.id, target=1000)
        team = self._objective(
            team_id=self.north.id, period_type="quarter", date_from="2026-10-01",
            target=500,
        )  # fmt: skip
        theirs = self._objective(user_id=self.stranger.id, target=300)
        self._objective(user_id=self.stranger.id, target=9, date_from="2026-12-01")
        self._objective("won", user_id=self.stranger.id, target=9).action_close()
        section = self._section(self._page(), "risk")
        self.assertEqual(
            [(row["label"], row["actual"]["value"], row["target"]["value"])
             for row in section["rows"]],
            [
                ("Seller", 0.0, 1000.0),
                ("Stranger", 0.0, 300.0),
                ("North", 0.0, 500.0),
                ("Colleague", 2.0, 4.0),
            ],
        )  # fmt: skip
        self.assertEqual(section["drill"]["count"], 4)
        self.assertEqual(
            [row["progress"] for row in section["rows"]], [0.0, 0.0, 0.0, 0.5]
        )
        self.assertEqual(section["rows"][0]["expected"], worst.expected_progress)
        self.assertEqual(section["rows"][0]["actual"]["drill"]["ids"], worst.ids)

        def shown(**filters):
            section = self._section(self._page(**filters), "risk")
            return section["drill"]["domain"][0][2]

        self.assertEqual(shown(team_id=self.north.id), (worst | team | half).ids)
        self.assertEqual(shown(user_id=self.stranger.id), theirs.ids)

    # --- forecast

    def test_forecast_against_the_objectives_of_each_month(self):
        below = self._make_team("Below", self.head, self.env["res.users"])
        below.parent_id = self.north
        self._objective(team_id=self.north.id, target=1000)
        self._objective(team_id=below.id, target=400)
        # 92 days, 30 and 31 of which are these months
        self._objective(
            team_id=self.south.id, period_type="quarter", date_from="2026-10-01",
            target=920,
        )  # fmt: skip
        self._objective(user_id=self.seller.id, target=500, date_from="2026-12-01")
        self._objective(user_id=self.seller.id, target=700, date_from="2027-01-01")
        # the finer one counts
        self._objective(
            user_id=self.seller.id, period_type="year", date_from="2027-01-01",
            target=36500,
        )  # fmt: skip
        self._objective("won", target=50)
        self._objective(target=50, market_id=self.market.id)
        self._won(100.0, "2026-11-10 10:00:00")
        self._won(5000.0, "2026-10-10 10:00:00")
        self._promised(200.0, 50.0, "2026-11-30")
        self._promised(400.0, 25.0, "2026-12-15", self.stranger)
        self._promised(800.0, 25.0, "2026-10-15")
        self._promised(1600.0, 25.0, False)
        found = self._table("forecast")
        year = [3100.0, 2800.0, 3100.0, 3000.0]  # 100 a day
        self.assertEqual(
            list(found.values()),
            [
                [100.0, 100.0, 200.0, 1300.0, 200.0 / 1300],
                [0.0, 100.0, 400.0, 310.0, 100.0 / 310],
                [0.0, 0.0, 0.0, 700.0, 0.0],
                *[[0.0, 0.0, 0.0, amount, 0.0] for amount in year[1:]],
            ],
        )
        self.assertEqual(next(iter(found)), "Nov 2026")
        bars = self._section(self._page(), "forecast_bars")
        self.assertEqual(
            [[point["value"] for point in series["points"][:3]]
             for series in bars["series"]],
            [[200.0, 100.0, 0.0], [300.0, 400.0, 0.0], [1300.0, 310.0, 700.0]],
        )  # fmt: skip
        goals = [
            row[3] for row in self._table("forecast", team_id=self.north.id).values()
        ]
        self.assertEqual(goals[:3], [1000.0, 500.0, 700.0])
        stranger = self._table("forecast", user_id=self.stranger.id)
        self.assertEqual(
            [row[:4] for row in stranger.values()][:2],
            [[0.0, 0.0, 0.0, 0.0], [0.0, 100.0, 400.0, 0.0]],
        )
        self._objective(target=9000)
        self.assertEqual(next(iter(self._table("forecast").values()))[3], 9000.0)

    def _won(self, amount, when, user=None):
        with freeze_time(when):
            lead = self._make_lead(user, expected_revenue=amount)
            self.env["crm.stage"]._waive_gates(lead).action_set_won()
        return lead

    def _promised(self, amount, probability, deadline, user=None, **values):
        return self._make_lead(
            user,
            expected_revenue=amount,
            probability=probability,
            date_deadline=deadline,
            **values,
        )

    def test_two_companies_in_two_currencies(self):
        foreign = self.env["res.currency"].create(
            {
                "name": "FFF",
                "symbol": "F",
                "rounding": 0.01,
                "rate_ids": [Command.create({"name": "2026-01-01", "rate": 4.0})],
            }
        )
        branch = self.env["res.company"].create(
            {"name": "Branch", "currency_id": foreign.id}
        )
        (self.env.user | self.director).company_ids |= branch
        self._promised(200.0, 50.0, "2026-11-30")
        self._promised(
            400.0,
            50.0,
            "2026-11-30",
            company_id=branch.id,
            team_id=False,
            user_id=False,
        )
        self.env.flush_all()
        # when the database has it, which no frozen clock holds back
        self.env.cr.execute("UPDATE crm_lead SET create_date = '2026-11-20'")
        self._objective(company_id=branch.id, target=800)
        Page = self.env["crm.dashboard.director"].with_user(self.director)
        one = Page.with_context(allowed_company_ids=self.company.ids).get_data()
        both = self._data(self.director, "director")
        self.assertDrills(self.director, both)
        rows = [self._section(data, "forecast")["rows"][0] for data in (one, both)]
        self.assertEqual(
            [[cell["value"] for cell in row["cells"][:4]] for row in rows],
            [[0.0, 100.0, 200.0, 0.0], [0.0, 150.0, 300.0, 200.0]],
        )
        ends = [self._section(data, "movement")["total"] for data in (one, both)]
        self.assertEqual(
            [[cell["value"] for cell in row["cells"]] for row in ends],
            [[1, 200.0], [2, 300.0]],
        )

    # --- originations and campaigns

    def test_originations(self):
        fair = self.env.ref("crm_gestion.origination_fair")
        self._won(100.0, "2026-11-10 10:00:00").origination_id = fair
        lost = self._make_lead(origination_id=fair.id)
        lost.action_set_lost(lost_reason_id=self.price.id)
        self._make_lead(self.stranger, origination_id=self.cold_call.id)
        self.env.flush_all()
        self.env.cr.execute("UPDATE crm_lead SET create_date = '2026-11-03'")
        found = self._table("origination")
        self.assertEqual(
            found,
            {
                fair.name: [2, 1, 0.5, 0.0, 0.0, None],
                self.cold_call.name: [1, 0, None, 0.0, 0.0, None],
                "Total": [3, 1, 0.5, 0.0, 0.0, None],
            },
        )
        self.assertEqual(
            list(self._table("origination", team_id=self.south.id)),
            [self.cold_call.name, "Total"],
        )
        self.assertEqual(self._table("origination", period="last_month"), {})
        total = self._section(self._page(), "origination")["total"]
        self.assertEqual(total["cells"][2]["drill"], total["drill"])

    def test_running_campaigns(self):
        Campaign = self.env["utm.campaign"]
        campaign = Campaign.create(
            {"title": "Fair", "date_from": "2026-11-01", "date_to": "2026-11-30",
             "user_id": self.head.id}
        )  # fmt: skip
        below = Campaign.create(
            {"title": "Stand", "date_from": "2026-11-01", "parent_id": campaign.id}
        )
        alone = Campaign.create(
            {"title": "Mailing", "date_from": "2026-11-01", "user_id": self.head.id}
        )
        Campaign.create({"title": "Next", "date_from": "2026-12-01"})
        Campaign.create(
            {"title": "Last", "date_from": "2026-09-01", "date_to": "2026-09-30"}
        )
        self.env["crm.campaign.cost"].create(
            [
                {"campaign_id": own.id, "name": "Room", "amount": amount,
                 "date": "2026-11-02", "state": state}
                for own, amount, state in (
                    (campaign, 100.0, "real"), (below, 60.0, "real"),
                    (alone, 10.0, "planned"),
                )
            ]
        )  # fmt: skip
        self._make_lead(campaign_id=below.id)
        self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "campaign_id": campaign.id,
                "state": "sale",
                "order_line": [
                    Command.create(
                        {
                            "product_id": self._make_product().id,
                            "price_unit": 400.0,
                            "tax_ids": False,
                        }
                    )
                ],
            }
        )
        self.env["crm.campaign.member"].create(
            [
                {"campaign_id": alone.id, "partner_id": partner.id, "state": state}
                for partner, state in (
                    (self.contact, "answered"), (self.organization, "contacted"),
                )
            ]
        )  # fmt: skip
        found = self._table("campaigns")
        members = found["Fair"][:2]
        self.assertEqual(found["Fair"][2:], [1, 160.0, 400.0, 1.5])
        self.assertEqual(found["Mailing"], [2, 1, 0, 0.0, 0.0, None])
        self.assertEqual(list(found), ["Fair", "Mailing"])
        fair = self._section(self._page(), "campaigns")["rows"][0]
        self.assertEqual(
            fair["cells"][5]["drill"]["domain"], [["id", "=", campaign.id]]
        )
        self.assertLessEqual(members[1], members[0])
        self.assertEqual(list(self._table("campaigns", user_id=self.stranger.id)), [])

    # --- what waits

    def test_standbys_due(self):
        leads = [
            self._make_lead(user, name=name, expected_revenue=amount)
            for name, amount, user in (
                ("Late", 1.0, None), ("Soon", 2.0, None), ("Fortnight", 4.0, None),
                ("Theirs", 8.0, self.stranger), ("Far", 16.0, None),
            )
        ]  # fmt: skip
        days = ("2026-11-20", "2026-11-22", "2026-12-06", "2026-11-25", "2026-12-07")
        for lead, day in zip(leads, days, strict=True):
            with freeze_time("2026-11-10 10:00:00"):
                self.Closure._close(lead, "standby", wake_date=date.fromisoformat(day))
        self.assertEqual(
            list(self._counts("standby_figures").values()), [3, 14.0, 1, 1.0]
        )
        self.assertEqual(
            self._table("standby"),
            {
                "Late": ["2026-11-20", 1.0, "Seller"],
                "Soon": ["2026-11-22", 2.0, "Seller"],
                "Theirs": ["2026-11-25", 8.0, "Stranger"],
                "Fortnight": ["2026-12-06", 4.0, "Seller"],
            },
        )
        self.assertEqual(
            list(self._table("standby", user_id=self.stranger.id)), ["Theirs"]
        )

    def test_skipped_stages(self):
        with freeze_time("2026-11-03 10:00:00"):
            leads = (
                self._make_lead() | self._make_lead() | self._make_lead(self.stranger)
            )
        with freeze_time("2026-11-04 10:00:00"):
            leads[0].stage_id = self.size_proposal
            leads[1].stage_id = self.present_products
            self.env["crm.stage"]._waive_gates(leads[0]).stage_id = self.sales_order
            leads[2].stage_id = self.negotiate
        self.assertEqual(
            self._table("skipped"),
            {"Seller": [2, 2, 1], "Stranger": [1, 2, 0], "Total": [3, 4, 1]},
        )
        self.assertEqual(
            list(self._table("skipped", team_id=self.south.id)), ["Stranger", "Total"]
        )
        self.assertEqual(self._table("skipped", period="last_month"), {})

    def test_hand_overs_substitutions_and_who_left(self):
        self.env["crm.handover"].create(
            {"user_id": self.stranger.id, "successor_id": self.seller.id}
        )
        for first, last in (("11-20", "11-22"), ("11-23", "11-30"), ("12-10", "12-12")):
            self.env["crm.substitution"].create(
                {
                    "user_id": self.seller.id,
                    "substitute_id": self.colleague.id,
                    "date_from": f"2026-{first}",
                    "date_to": f"2026-{last}",
                }
            )
        self._make_lead(self.colleague, expected_revenue=30.0)
        self._make_lead(self.colleague, expected_revenue=40.0)
        self._make_lead(self.stranger, expected_revenue=500.0)
        self.assertEqual(self._table("left"), {})
        self.colleague.active = False
        self.assertEqual(list(self._counts("absence").values()), [1, 0, 1, 1])
        self.assertEqual(
            self._table("left"), {"Colleague": [2, 70.0], "Total": [2, 70.0]}
        )
        self.assertEqual(self._table("left", team_id=self.south.id), {})
        counts = self._counts("absence", user_id=self.stranger.id)
        self.assertEqual(list(counts.values()), [1, 0, 0, 0])

    def test_exports_of_the_last_seven_days(self):
        Log = self.env["crm.export.log"]
        for user, when, channel, records, refused in (
            (self.seller, "2026-11-16 00:00:00", "xlsx", 10, False),
            (self.seller, "2026-11-17 10:00:00", "xlsx", 5, True),
            (self.seller, "2026-11-17 10:00:00", "pdf", 1, False),
            (self.stranger, "2026-11-22 10:00:00", "rpc", 100, False),
            (self.stranger, "2026-11-15 23:59:59", "rpc", 1000, False),
        ):
            with freeze_time(when):
                Log.with_user(user)._log(channel, "crm.lead", records, refused=refused)
        channels = dict(Log._fields["channel"].selection)
        self.assertEqual(
            self._table("exports"),
            {
                "Stranger": [channels["rpc"], 1, 100, 0],
                "Seller": [channels["pdf"], 1, 1, 0],
                "Total": [None, 4, 116, 1],
            },
        )
        section = self._section(self._page(), "exports")
        self.assertEqual(
            [[cell["value"] for cell in row["cells"]] for row in section["rows"]],
            [
                [channels["rpc"], 1, 100, 0],
                [channels["xlsx"], 2, 15, 1],
                [channels["pdf"], 1, 1, 0],
            ],
        )
        old = self._table(
            "exports", period="custom", date_from="2026-11-15", date_to="2026-11-15"
        )
        self.assertEqual(old["Total"], [None, 1, 1000, 0])

    # --- speed

    def test_queries_do_not_grow_with_the_records(self):
        """Of everything that is shown, 3 and then 30."""
        users = [
            self._make_user(f"grown_{number}", "crm_gestion.group_seller")
            for number in range(30)
        ]

        def page(_records):
            self._data(self.director, "director")

        page(None)
        self._grow(users[:3])
        few = self._count_queries(lambda: page(None))
        self._grow(users[3:])
        many = self._count_queries(lambda: page(None))
        self.assertLessEqual(many, few + self.ALLOWANCE)

    def _grow(self, users):
        for user in users:
            self.south.member_ids |= user
            self._objective(user_id=user.id, target=1000)
            self._promised(100.0, 50.0, "2026-12-15", user)
            with freeze_time("2026-11-10 10:00:00"):
                paused, moved = self._make_lead(user), self._make_lead(user)
                self.Closure._close(paused, "standby", wake_date=date(2026, 11, 25))
                moved.stage_id = self.negotiate
            self._won(10.0, "2026-11-12 10:00:00", user)
            self.env["utm.campaign"].create(
                {"title": user.name, "date_from": "2026-11-01", "user_id": user.id}
            )
            self.env["crm.export.log"].with_user(user)._log("csv", "crm.lead", 1)
        self.env.flush_all()
