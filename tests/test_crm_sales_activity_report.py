from datetime import date

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .test_crm_paper import PaperCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-20 10:00:00")
class TestSalesActivityReport(PaperCommon):
    """March: the seller made three gestiones, opened three opportunities, advanced one
    of them, won one and lost one; a colleague made one, a stranger one."""

    REPORT = "crm_sales_activity_report"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with freeze_time("2026-03-03 10:00:00"):
            cls.open, cls.won, cls.lost = (
                cls._make_lead(
                    partner_id=cls.contact.id,
                    name=name,
                    expected_revenue=amount,
                    stage_id=cls.generate_interest.id,
                )
                for name, amount in (("Open", 1000.0), ("Won", 700.0), ("Lost", 400.0))
            )
            cls.env.flush_all()
            cls.env.cr.execute(
                "UPDATE crm_lead SET create_date = '2026-03-03 10:00:00'"
                " WHERE id = ANY(%s)",
                ((cls.open + cls.won + cls.lost).ids,),
            )
        with freeze_time("2026-03-10 10:00:00"):
            cls.open.stage_id = cls.present_products
            cls.won.stage_id = cls.sales_order
            cls.env["crm.opportunity.closure"]._close(
                cls.lost, "rejected", reason=cls.price
            )
            cls.env.flush_all()
        for user, day, values in (
            (cls.seller, "2026-03-02 10:00:00", {}),
            (cls.seller, "2026-03-10 10:00:00", {"result_id": cls.interest.id}),
            (cls.seller, "2026-03-11 10:00:00", {"activity_type_id": cls.meeting.id}),
            (cls.seller, "2026-02-28 10:00:00", {"description": "Of February"}),
            (cls.colleague, "2026-03-12 10:00:00", {"description": "Of a colleague"}),
            (cls.stranger, "2026-03-12 10:00:00", {"description": "Of a stranger"}),
        ):
            cls._make_gestion(
                user, organization_id=cls.organization.id, date=day, **values
            )
        cls.objective = cls.env["crm.objective"].create(
            {
                "user_id": cls.seller.id,
                "metric": "gestiones",
                "date_from": "2026-03-01",
                "target": 12,
            }
        )

    def _asks(self, user, **values):
        return self.env["crm.sales.activity"].with_user(user).create(values)

    def _paper(self, user, **values):
        doc = self._asks(user, **values)
        return self._values(doc, user)[doc]

    def test_figures_of_a_seller(self):
        paper = self._paper(self.seller)
        found = {
            row["label"]: (row["count"], row["expected_revenue"])
            for row in paper["opportunities"]
        }
        self.assertEqual(
            found,
            {
                "Opened": (3, 2100.0),
                "Advanced": (1, 1000.0),
                "Won Opportunities": (1, 700.0),
                "Lost": (1, 400.0),
                "Put on Standby": (0, 0.0),
            },
        )
        self.assertEqual(paper["conversion"], 0.5)
        self.assertEqual(paper["gestiones_count"], 3)
        self.assertEqual(
            [(row["label"], row["count"], row["share"]) for row in paper["types"]],
            [("Call", 2, 100), ("Meeting", 1, 50)],
        )
        self.assertEqual(sum(row["count"] for row in paper["results"]), 3)
        self.assertEqual(paper["people"], [])
        self.assertEqual(paper["objectives"], self.objective)
        self.assertEqual(
            [
                tuple(row[name]["count"] for name in ("gestiones", "opened", "won"))
                for row in paper["steps"]
            ],
            # 1 March is a Sunday
            [(0, 0, 0), (1, 3, 0), (2, 0, 1), (0, 0, 0), (0, 0, 0), (0, 0, 0)],
        )

    def test_paper_and_dashboard_tell_the_same(self):
        """Paused and taken up again; closed on the day that Odoo says."""
        paused = self._make_lead(expected_revenue=50.0)
        with freeze_time("2026-03-12 10:00:00"):
            self.env["crm.opportunity.closure"]._close(
                paused, "standby", wake_date=date(2026, 5, 1)
            )
        with freeze_time("2026-03-15 10:00:00"):
            paused.action_crm_resume()
        self.won.date_closed = "2026-02-20 10:00:00"  # corrected by an import
        for period in ("month", "last_month"):
            paper = self._paper(self.seller, period=period)
            page = self.env["crm.dashboard.seller"].with_user(self.seller)
            sections = page.get_data({"period": period})["sections"]
            [screen] = [part for part in sections if part["key"] == "conversion"]
            shown = {figure["label"]: figure["value"] for figure in screen["figures"]}
            printed = {row["label"]: row["count"] for row in paper["opportunities"]}
            for label in ("Won Opportunities", "Lost", "Put on Standby"):
                self.assertEqual(printed[label], shown[label], (period, label))
            self.assertEqual(paper["conversion"], shown["Conversion"])
            steps = sum(row["won"]["count"] for row in paper["steps"])
            self.assertEqual(steps, shown["Won Opportunities"])

    def test_queries_do_not_grow_with_people_and_their_work(self):
        def crowd(name, size):
            users = self.env["res.users"]
            for number in range(size):
                users |= self._make_user(f"{name}_{number}", "crm_gestion.group_seller")
            team = self._make_team(name, self.head, users)
            for user in users:
                self._make_lead(user)
                self._make_lead(user).write({"stage_id": self.sales_order.id})
                self._make_gestion(user, organization_id=self.organization.id,
                                   date="2026-03-19 10:00:00")  # fmt: skip
                self.objective.copy({"user_id": user.id})
            return self._asks(self.head, team_id=team.id)

        few, many = crowd("Few", 3), crowd("Many", 30)
        self.assertEqual(len(self._values(many, self.head)[many]["people"]), 30)
        asked = {3: few, 30: many}
        self.assertFlatGrowth(
            lambda size: self._html(asked[len(size)], self.head), range(3), range(30)
        )

    def test_document(self):
        text = self._text(self._asks(self.seller), self.seller)
        self.assertInOrder(
            [
                "Sales Activity", "Seller, 03/01/2026 – 03/31/2026", "Opportunities",
                "Opened", "3", "2,100.00", "Won Opportunities", "1", "700.00",
                "Lost", "400.00",
                "Conversion", "50.0 %", "Gestiones by Type: 3", "Call", "2",
                "Objectives", "Seller", "12", "3", "25 %",
                "Gestiones", "3/11/26", "Meeting", "Aceites del Sur",
                "3/10/26", "3/2/26",
            ],
            text,
        )  # fmt: skip
        for part in ("Of February", "Of a colleague", "Of a stranger", "Colleague"):
            self.assertNotIn(part, text)

    def test_document_in_spanish(self):
        self.seller.lang = "es_ES"
        text = self._text(self._asks(self.seller), self.seller)
        self.assertInOrder(["01/03/2026 – 31/03/2026", "2.100,00", "50,0 %"], text)

    def test_team_side_by_side(self):
        paper = self._paper(self.head)
        self.assertEqual(paper["gestiones_count"], 4)
        rows = [
            (
                row["user"],
                row.get("gestiones", {}).get("count"),
                row.get("won", {}).get("expected_revenue"),
            )
            for row in paper["people"]
        ]
        self.assertEqual(rows, [(self.colleague, 1, None), (self.seller, 3, 700.0)])
        text = self._text(self._asks(self.head, team_id=self.north.id), self.head)
        self.assertInOrder(
            ["North, 03/01/2026", "Side by Side", "Of a colleague"], text
        )
        self.assertNotIn("Of a stranger", text)

    def test_one_person_of_a_head(self):
        paper = self._paper(self.head, user_id=self.colleague.id)
        self.assertEqual(paper["gestiones_count"], 1)
        self.assertFalse(paper["objectives"])

    def test_director_prints_everybody(self):
        self.assertEqual(self._paper(self.director)["gestiones_count"], 5)
        paper = self._paper(self.director, team_id=self.south.id)
        self.assertEqual(paper["gestiones_count"], 1)

    def test_others_are_refused(self):
        for user, values in (
            (self.seller, {"user_id": self.colleague.id}),
            (self.seller, {"team_id": self.north.id}),
            (self.head, {"user_id": self.stranger.id}),
            (self.head, {"team_id": self.south.id}),
        ):
            doc = self._asks(user, **values)
            with self.subTest(user=user.name, **values):
                with self.assertRaises(UserError):
                    doc.action_print()
                with self.assertRaises(UserError):
                    self._values(doc, user)

    def test_covering_gives_no_figures(self):
        """A substitute works on the accounts; the activity is not his to print."""
        self.env["crm.substitution"].create(
            {
                "user_id": self.seller.id,
                "substitute_id": self.colleague.id,
                "date_from": date(2026, 3, 1),
                "date_to": date(2026, 3, 31),
            }
        )
        self.assertEqual(self._paper(self.colleague)["gestiones_count"], 1)
        with self.assertRaises(UserError):
            self._paper(self.colleague, user_id=self.seller.id)

    def test_other_dates(self):
        paper = self._paper(
            self.seller, period="custom", date_from="2026-02-01", date_to="2026-02-28"
        )
        self.assertEqual(paper["gestiones_count"], 1)
        self.assertEqual(len(paper["steps"]), 5)
        paper = self._paper(self.seller, period="year")
        self.assertEqual(len(paper["steps"]), 12)
        self.assertEqual(
            [row["gestiones"]["count"] for row in paper["steps"]],
            [0, 1, 3, *([0] * 9)],
        )

    def test_days_are_the_companys(self):
        self.env.company.resource_calendar_id.tz = "Europe/Madrid"
        self._make_gestion(
            organization_id=self.organization.id, date="2026-03-08 23:30:00"
        )
        steps = self._paper(self.seller)["steps"]
        counts = [row["gestiones"]["count"] for row in steps]
        self.assertEqual(counts, [0, 1, 3, 0, 0, 0])

    def test_dialog(self):
        with Form(self.env["crm.sales.activity"].with_user(self.head)) as form:
            form.team_id = self.north
            form.user_id = self.seller
            form.period = "quarter"
        action = form.record.action_print()
        self.assertEqual(action["report_name"], f"crm_gestion.{self.REPORT}")
        self.assertEqual(action["context"]["active_ids"], form.record.ids)
        mine = self.env["crm.sales.activity"].with_user(self.seller).new()
        self.assertFalse(mine.possible_user_ids)

    def test_many_rows(self):
        self.env["crm.gestion"].create(
            [
                {
                    "activity_type_id": self.call.id,
                    "user_id": self.seller.id,
                    "organization_id": self.organization.id,
                    "contact_id": self.contact.id,
                    "result_id": self.interest.id,
                    "date": fields.Datetime.subtract(
                        fields.Datetime.to_datetime("2026-03-19 10:00:00"), hours=n
                    ),
                    "description": "They talked. " * (60 if n % 10 == 0 else 1),
                }
                for n in range(1, 310)
            ]
        )
        pages = self._pages(self._asks(self.seller), self.seller)
        self.assertLong(pages, "Type Made by With Result")
        self.assertIn("12 more rows are listed in Odoo.", pages[-1])

    def test_rows_cost_no_queries(self):
        doc = self._asks(self.seller)

        def print_(gestiones):
            gestiones.write({"date": "2026-03-15 10:00:00"})
            (self.env["crm.gestion"].search([]) - gestiones).write(
                {"date": "2026-01-15 10:00:00"}
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self._html(doc, self.seller)
            return self.cr.sql_log_count - before

        gestiones = self.env["crm.gestion"]
        for number in range(30):
            partner = self.organization.copy({"name": f"Number {number}"})
            gestiones += self._make_gestion(organization_id=partner.id)
        print_(gestiones[:3])
        few = print_(gestiones[:3])
        self.assertLessEqual(print_(gestiones), few + self.ALLOWANCE)

    def test_nothing_is_written(self):
        doc = self._asks(self.seller)
        with self._reading_only():
            self.assertTrue(self._html(doc, self.seller))

    def test_who_is_of_another_company_is_not_on_the_paper(self):
        self.organization.company_id = self._other_company()
        text = self._text(self._asks(self.seller), self.seller)
        self.assertIn("3/11/26", text)
        self.assertNotIn("Aceites del Sur", text)

    def test_dialogs_are_who_opened_them_s(self):
        doc = self._asks(self.head, user_id=self.seller.id)
        self.assertEqual(doc.user_id, self.seller)
        for user in (self.seller, self.director):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self._html(doc, user)
