from datetime import date

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged

from .test_crm_dashboard import DashboardCommon

CREATED = "2026-02-01 09:00:00"
MARCH = {
    "period_type": "month",
    "date_from": date(2026, 3, 1),
    "date_to": date(2026, 3, 31),
}


@freeze_time("2026-03-18 10:00:00")  # a Wednesday
class WorkCommon(DashboardCommon):
    """Opportunities in all their states, with dates and amounts to count by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls._set_zone(cls.env.company, "UTC")

    @classmethod
    def _set_zone(cls, company, tz):
        company.resource_calendar_id.tz = tz

    @classmethod
    def _open(cls, user=None, stage=None, created=CREATED, **values):
        """An opportunity that has been in its stage since it was created."""
        lead = cls._make_lead(
            user,
            stage_id=(stage or cls.generate_interest).id,
            probability=values.pop("probability", 50),
            **values,
        )
        lead.flush_recordset()
        cls.env.cr.execute(
            "UPDATE crm_lead SET create_date = %s, date_last_stage_update = %s"
            " WHERE id = %s",
            (created, created, lead.id),
        )
        lead.invalidate_recordset()
        return lead

    @classmethod
    def _won(cls, day, user=None, **values):
        lead = cls._open(user, **values)
        with freeze_time(f"{day} 09:00:00"):
            lead.write({"stage_id": cls.sales_order.id})
        return lead

    @classmethod
    def _closed(cls, day, kind, user=None, reason=None, **values):
        lead = cls._open(user, **values)
        with freeze_time(f"{day} 09:00:00"):
            cls.env["crm.opportunity.closure"]._close(
                lead, kind, reason=reason, wake_date=date(2026, 6, 1)
            )
        return lead

    @classmethod
    def _plan(cls, lead, day, user=None):
        return lead.activity_schedule(
            activity_type_id=cls.call.id,
            date_deadline=day,
            user_id=(user or lead.user_id).id,
        )

    @classmethod
    def _objective(cls, metric="won", **values):
        owner = {} if "team_id" in values else {"user_id": cls.seller.id}
        return cls.env["crm.objective"].create(
            {"metric": metric, "target": 4, **MARCH, **owner, **values}
        )

    def _values(self, section):
        """:return: dict of the figures of a section, by their label"""
        return {fig["label"]: fig["value"] for fig in section["figures"]}

    def _cells(self, section):
        """:return: dict of the values in the rows of a table, by their label"""
        rows = [*section["rows"], *filter(None, [section["total"]])]
        return {row["label"]: [fig["value"] for fig in row["cells"]] for row in rows}

    def _points(self, section):
        """:return: dict of the values of each series of bars, by its name"""
        return {
            series["name"]: dict(
                zip(
                    section["labels"],
                    [point["value"] for point in series["points"]],
                    strict=True,
                )
            )
            for series in section["series"]
        }


@tagged("post_install", "-at_install")
@freeze_time("2026-03-18 10:00:00")
class TestDashboardSeller(WorkCommon):
    def _mine(self, key, user=None, **filters):
        return self._section(self._data(user or self.seller, "seller", **filters), key)

    def test_pipeline_by_stage(self):
        self._open(expected_revenue=1000, probability=50)
        self._open(expected_revenue=500, probability=10)
        self._open(stage=self.negotiate, expected_revenue=2000, probability=75)
        # of somebody else, closed, paused, an enquiry, archived for another reason
        self._open(self.colleague)
        self._won("2026-03-02")
        self._closed("2026-03-02", "standby")
        self._open(type="lead")
        self._open().action_archive()
        self.assertEqual(
            self._values(self._mine("pipeline")),
            {
                "Open Opportunities": 3,
                "Expected Revenue": 3500,
                "Weighted Revenue": 500 + 50 + 1500,
            },
        )
        first, last = self.generate_interest.name, self.negotiate.name
        stages = self._mine("stages")
        self.assertEqual(self._points(stages), {"Opportunities": {first: 2, last: 1}})
        self.assertEqual(
            [point["drill"]["name"] for point in stages["series"][0]["points"]],
            [f"Opportunities, {first}", f"Opportunities, {last}"],
        )
        self.assertEqual(
            self._points(self._mine("stage_amounts")),
            {
                "Expected Revenue": {first: 1500, last: 2000},
                "Weighted Revenue": {first: 550, last: 1500},
            },
        )

    def test_next_steps(self):
        late, today, sunday, monday = (self._open() for _lead in range(4))
        self._open()  # nothing planned
        self._plan(late, "2026-03-17")
        self._plan(late, "2026-03-19")  # the earliest counts
        self._plan(today, "2026-03-18", self.colleague)
        self._plan(sunday, "2026-03-22")
        self._plan(monday, "2026-03-23")
        self._plan(self._open(self.colleague), "2026-03-01")
        section = self._mine("steps")
        self.assertEqual(
            self._values(section),
            {"Overdue": 1, "Today": 1, "Later This Week": 1, "Without Next Step": 1},
        )
        opened = [
            self.env["crm.lead"].with_user(self.seller).search(fig["drill"]["domain"])
            for fig in section["figures"]
        ]
        self.assertEqual(opened[:3], [late, today, sunday])

    def test_accounts_without_contact(self):
        accounts = self.env["res.partner"].create(
            [
                {
                    "name": f"Quiet {number:02}",
                    "is_company": True,
                    "user_id": self.seller.id,
                    "account_status": "customer",
                }
                for number in range(12)
            ]
        )
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = '2025-01-01' WHERE id = ANY(%s)",
            (accounts.ids,),
        )
        self.env.invalidate_all()
        for number, account in enumerate(accounts[:10]):
            self._make_gestion(
                organization_id=account.id, date=f"2025-12-{number + 1:02} 10:00:00"
            )
        self._make_gestion(  # spoken to
            organization_id=accounts[11].id, date="2026-03-01 10:00:00"
        )
        section = self._mine("quiet")
        self.assertEqual(len(section["rows"]), 10)
        cells = self._cells(section)
        self.assertEqual(
            list(cells), [f"Quiet {n:02}" for n in [10, *range(9)]] + ["11 in all"]
        )
        self.assertEqual(cells["Quiet 10"], ["Seller", None, None])
        self.assertEqual(cells["Quiet 00"], ["Seller", "2025-12-01", 107])
        self.assertEqual(section["drill"]["count"], 11)

    def test_conversion_beside_the_period_before(self):
        self._won("2026-03-11", expected_revenue=300)  # 38 days after it was made
        self._won("2026-03-02", expected_revenue=700, created="2026-02-20 09:00:00")
        self._closed("2026-03-05", "rejected", reason=self.price)
        self._closed("2026-03-06", "standby")
        # the 31 days before begin on 29 January
        self._won("2026-02-15", expected_revenue=50, created="2026-01-31 09:00:00")
        for _lead in range(3):
            self._closed("2026-02-15", "unqualified", reason=self.too_small)
        self._won("2026-01-28", created="2026-01-01 09:00:00")
        self._won("2026-03-12", self.colleague)
        section = self._mine("conversion")
        self.assertEqual(
            self._values(section),
            {
                "Won Opportunities": 2,
                "Won Revenue": 1000,
                "Lost": 1,
                "Conversion": 2 / 3,
                "Days to Win": (38 + 10) / 2,
                "Put on Standby": 1,
            },
        )
        # as many decimals as the language of the reader writes
        notes = [figure["note"].replace(",", ".") for figure in section["figures"]]
        self.assertIn("50.00", notes.pop(1))
        self.assertEqual(
            notes,
            ["Before: 1", "Before: 3", "Before: 25%", "Before: 15.0", "Before: 0"],
        )

    def test_days_to_win_are_those_of_the_reports(self):
        """47 hours are two days, as in the analysis of opportunities: Odoo's own count
        of whole days calls them one."""
        lead = self._won("2026-03-11", created="2026-03-09 10:00:00")
        found = self._values(self._mine("conversion"))["Days to Win"]
        [(days,)] = (
            self.env["crm.opportunity.report"]
            .with_user(self.seller)
            ._read_group([("id", "=", lead.id)], [], ["days_to_win:avg"])
        )
        self.assertAlmostEqual(found, 47 / 24)
        self.assertAlmostEqual(found, days)

    def test_what_nobody_decided_has_no_conversion(self):
        section = self._mine("conversion")
        self.assertEqual(self._values(section)["Conversion"], None)
        self.assertEqual(self._values(section)["Days to Win"], None)
        self.assertEqual(section["figures"][3]["note"], "Before: –")

    def test_a_pause_counts_when_it_began(self):
        lead = self._closed("2026-03-05", "standby")
        lead.action_crm_resume()
        self.assertEqual(self._values(self._mine("conversion"))["Put on Standby"], 1)
        april = self._mine("conversion", period="last_month")
        self.assertEqual(self._values(april)["Put on Standby"], 0)

    def test_my_objectives_and_pace(self):
        month = self._objective(target=4)
        year = self._objective(
            "new_count",
            target=10,
            period_type="year",
            date_from=date(2026, 1, 1),
            date_to=date(2026, 12, 31),
        )
        february = self._objective(
            date_from=date(2026, 2, 1), date_to=date(2026, 2, 28)
        )
        self._objective(user_id=self.colleague.id)
        self._objective(team_id=self.north.id)
        for _lead in range(3):
            self._won("2026-03-10")
        section = self._mine("objectives")
        row, other = section["rows"]
        self.assertEqual(
            (row["label"], row["note"]),
            ("Won Opportunities", f"{month.period_name}, Ahead"),
        )
        self.assertEqual(
            (other["label"], other["note"]), ("New Opportunities", "2026, Ahead")
        )
        self.assertEqual((row["actual"]["value"], row["target"]["value"]), (3, 4))
        self.assertEqual(row["progress"], 0.75)
        self.assertAlmostEqual(row["expected"], 13 / 22)
        self.assertEqual(row["tone"], "success")
        drill = row["actual"]["drill"]
        action = (
            self.env[drill["model"]]
            .with_user(self.seller)
            .browse(drill["ids"])
            .action_crm_records()
        )
        self.assertEqual(self.env["crm.lead"].search_count(action["domain"]), 3)
        # of last month: its own, and those that still hold
        drill = self._mine("objectives", period="last_month")["drill"]
        self.assertEqual(drill["domain"], [["id", "in", (february | year).ids]])

    def test_substitute_sees_his_own_objectives_and_work(self):
        self.env["crm.substitution"].create(
            {
                "user_id": self.seller.id,
                "substitute_id": self.colleague.id,
                "date_from": "2026-03-16",
                "date_to": "2026-03-20",
            }
        )
        self._objective()
        self._open()
        data = self._data(self.colleague, "seller")
        self.assertEqual(self._section(data, "objectives")["rows"], [])
        self.assertEqual(
            self._values(self._section(data, "pipeline"))["Open Opportunities"], 0
        )

    def test_nothing_yet(self):
        data = self._data(self.stranger, "seller")
        for section in data["sections"]:
            with self.subTest(section=section["key"]):
                self.assertTrue(section["empty"])
                self.assertFalse(self._drills(section))
                self.assertFalse(any(fig["value"] for fig in self._figures(section)))

    def test_every_figure_opens_what_it_counts(self):
        self._objective()
        self._plan(self._open(), "2026-03-17")
        self._plan(self._open(), "2026-03-18")
        self._plan(self._open(), "2026-03-20")
        self._open(stage=self.negotiate)
        self._won("2026-03-02")
        self._closed("2026-03-03", "rejected", reason=self.price)
        self._closed("2026-03-04", "standby")
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = '2025-01-01' WHERE id = %s",
            (self.organization.id,),
        )
        self.env.invalidate_all()
        data = self._data(self.seller, "seller")
        self.assertEqual(self.assertDrills(self.seller, data), 25)
        [row] = self._section(data, "objectives")["rows"]
        self.assertEqual(row["target"]["value"], 4)
        self.assertEqual(row["target"]["drill"]["measure"], "target")


@tagged("post_install", "-at_install")
@freeze_time("2026-03-18 10:00:00")
class TestDashboardCurrencies(WorkCommon):
    """Two companies; a dollar is 2 to the euro."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro, cls.dollar = cls.env.ref("base.EUR"), cls.env.ref("base.USD")
        (cls.euro | cls.dollar).active = True
        cls.here, cls.there = cls.env["res.company"].create(
            [
                {"name": "Ours in Madrid", "currency_id": cls.euro.id},
                {"name": "Ours in Reno", "currency_id": cls.dollar.id},
            ]
        )
        for company in cls.here | cls.there:
            cls._set_zone(company, "UTC")
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", (cls.euro | cls.dollar).ids)]
        ).unlink()
        cls.env["res.currency.rate"].create(
            [
                {
                    "name": "2026-01-01",
                    "rate": rate,
                    "currency_id": currency.id,
                    "company_id": company.id,
                }
                for company, currency, rate in [
                    (cls.here, cls.euro, 1),
                    (cls.here, cls.dollar, 2),
                    (cls.there, cls.dollar, 1),
                    (cls.there, cls.euro, 0.5),
                ]
            ]
        )
        both = cls.here | cls.there
        (cls.seller | cls.head).write(
            {"company_ids": [Command.set(both.ids)], "company_id": cls.here.id}
        )
        cls.north.company_id = False
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": both.ids})

    def test_amounts_are_in_the_currency_of_the_reader(self):
        self._open(expected_revenue=1000, company_id=self.here.id)
        self._open(expected_revenue=500, company_id=self.there.id, probability=10)
        self._closed(
            "2026-03-03",
            "rejected",
            reason=self.price,
            expected_revenue=80,
            company_id=self.there.id,
        )
        self._objective(
            "sales", target=900, company_id=self.there.id, currency_id=self.dollar.id
        )
        data = self._data(self.seller, "seller")
        self.assertEqual(data["currency_id"], self.euro.id)
        self.assertEqual(
            self._values(self._section(data, "pipeline")),
            {
                "Open Opportunities": 2,
                "Expected Revenue": 1000 + 250,
                "Weighted Revenue": 500 + 25,
            },
        )
        row = self._section(data, "objectives")["rows"][0]
        self.assertEqual(row["target"]["value"], 450)
        self.assertTrue(self.assertDrills(self.seller, data))
        # the other way round, and with one of the two
        switched = self.env(
            context={
                **self.env.context,
                "allowed_company_ids": (self.there | self.here).ids,
            }
        )
        page = switched["crm.dashboard.seller"].with_user(self.seller)
        pipeline = self._section(page.get_data(), "pipeline")
        self.assertEqual(self._values(pipeline)["Expected Revenue"], 2000 + 500)
        page = page.with_context(allowed_company_ids=self.there.ids)
        pipeline = self._section(page.get_data(), "pipeline")
        self.assertEqual(self._values(pipeline)["Expected Revenue"], 500)

    def test_closures_have_their_own_currency(self):
        self._closed(
            "2026-03-03", "rejected", reason=self.price, expected_revenue=80,
            company_id=self.there.id,
        )  # fmt: skip
        self._closed(
            "2026-03-03", "rejected", reason=self.price, expected_revenue=7,
            company_id=self.here.id,
        )  # fmt: skip
        data = self._data(self.head, "head")
        total = self._section(data, "closures")["total"]
        self.assertEqual([fig["value"] for fig in total["cells"]], ["", 2, 47])
        self.assertTrue(self.assertDrills(self.head, data))
