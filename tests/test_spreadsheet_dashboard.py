import json
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import file_open

from odoo.addons.spreadsheet.utils.validate_data import odoo_charts

from .common import PASSWORD, BrowserCommon, CrmGestionCommon

FILE = "crm_gestion/data/files/crm_gestion_dashboard.json"


@tagged("post_install", "-at_install")
class TestDashboardFile(CrmGestionCommon):
    """Odoo's own dashboard of the sales force, as it is delivered."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboard = cls.env.ref("crm_gestion.spreadsheet_dashboard_sales_method")
        with file_open(FILE) as source:
            cls.data = json.load(source)

    def test_who_finds_it(self):
        system = self._make_user("system", "base.group_system")
        for user, found in (
            (self.director, True),
            (self.head, False),
            (self.seller, False),
            (self.native, False),
            (system, False),
        ):
            with self.subTest(user=user.name):
                Dashboard = self.env["spreadsheet.dashboard"].with_user(user)
                domain = [("id", "=", self.dashboard.id)]
                self.assertEqual(bool(Dashboard.search(domain)), found)

    def test_who_opens_it(self):
        dashboard = self.dashboard.with_user(self.director)
        body = json.loads(dashboard._get_serialized_readonly_dashboard())
        self.assertEqual(body["translation_namespace"], "crm_gestion")
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.dashboard.with_user(self.head).read(["spreadsheet_data"])

    def test_every_figure_leads_to_a_menu_of_the_director(self):
        figures = [f for sheet in self.data["sheets"] for f in sheet["figures"]]
        menus = self.data["chartOdooMenusReferences"]
        self.assertEqual({figure["id"] for figure in figures}, set(menus))
        visible = self.env["ir.ui.menu"].with_user(self.director)._visible_menu_ids()
        for xmlid in set(menus.values()):
            with self.subTest(menu=xmlid):
                self.assertIn(self.env.ref(xmlid).id, visible)

    def test_every_source_follows_the_filters_that_it_has_fields_for(self):
        """Odoo does not look at these when it checks the file."""
        filters = {f["id"]: f for f in self.data["globalFilters"]}
        sources = [
            (chart["metaData"]["resModel"], chart["fieldMatching"])
            for chart in odoo_charts(self.data)
        ] + [(p["model"], p["fieldMatching"]) for p in self.data["pivots"].values()]
        for model, matching in sources:
            fields = self.env[model]._fields
            for key, match in matching.items():
                with self.subTest(model=model, filter=filters[key]["label"]):
                    field = fields[match["chain"]]
                    self.assertEqual(field.type, match["type"])
                    if field.relational:
                        expected = filters[key]["modelName"]
                        self.assertEqual(field.comodel_name, expected)
            followed = {filters[key].get("modelName") for key in matching}
            self.assertIn("crm.market", followed)
            if model != "crm.campaign.report":  # its user is the responsible
                self.assertLessEqual({"res.users", "crm.team"}, followed)

    def test_sources_are_readable_for_the_director(self):
        """What charts and pivots will ask the server for, as he would ask."""
        asked = [
            (
                chart["metaData"]["resModel"],
                chart["metaData"]["groupBy"],
                [chart["metaData"]["measure"]],
                chart["searchParams"]["domain"],
            )
            for chart in odoo_charts(self.data)
        ] + [
            (
                pivot["model"],
                [row["fieldName"] for row in pivot["rows"]],
                [measure["fieldName"] for measure in pivot["measures"]],
                pivot["domain"],
            )
            for pivot in self.data["pivots"].values()
        ]
        for model, groupby, measures, domain in asked:
            with self.subTest(model=model, measures=measures):
                report = self.env[model].with_user(self.director)
                aggregates = [
                    name
                    if name == "__count"
                    else f"{name}:{report._fields[name].aggregator}"
                    for name in measures
                ]
                report.formatted_read_group(domain, groupby, aggregates)


@tagged("post_install", "-at_install")
class TestDashboardScreen(BrowserCommon):
    """In a company of its own: nothing else is counted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Ours"})
        cls.env.user.company_ids |= cls.company
        users = cls.seller | cls.colleague | cls.head | cls.director
        cls.env["res.lang"]._activate_lang("en_US")  # the tours read labels
        users = cls.seller | cls.colleague | cls.head | cls.director
        users.write(
            {
                "company_ids": [Command.set(cls.company.ids)],
                "company_id": cls.company.id,
                "lang": "en_US",
            }
        )
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )

    def _lead(self, user, amount, stage="generate_interest", **values):
        return self._make_lead(
            user,
            company_id=self.company.id,
            expected_revenue=amount,
            stage_id=self.env.ref(f"crm_gestion.stage_{stage}").id,
            **values,
        )

    def _make_year(self):
        """1,000 and 500 were won, 900 lost, 700 are open at 10 %."""
        now = datetime.now()
        call, _second = (
            self._make_gestion(
                date=now - timedelta(minutes=minutes), company_id=self.company.id,
                organization_id=self.organization.id,
            )
            for minutes in (5, 6)
        )  # fmt: skip
        self._lead(self.seller, 1000.0, "sales_order")
        self._lead(self.colleague, 500.0, "sales_order")
        self._lead(self.seller, 900.0).action_set_lost(
            lost_reason_id=self.env.ref("crm_gestion.lost_reason_price").id
        )
        self._lead(self.seller, 700.0, probability=10.0, source_gestion_id=call.id)
        first = now.date().replace(day=1)
        self.env["crm.objective"].create(
            {
                "user_id": self.seller.id,
                "company_id": self.company.id,
                "metric": "sales",
                "target": 900.0,
                "period_type": "month",
                "date_from": first,
                "date_to": first + relativedelta(months=1, days=-1),
            }
        )
        self.env.flush_all()

    def test_the_sources_of_the_scorecards_worked_out_by_hand(self):
        self._make_year()
        opportunities, gestiones, objectives = (
            self.env[f"crm.{name}.report"].with_user(self.director)
            for name in ("opportunity", "gestion", "objective")
        )
        self.assertEqual(
            opportunities._read_group(
                [("date_closed", "!=", False)],
                [],
                ["won_amount:sum", "won:sum", "decided:sum", "conversion:avg"],
            ),
            [(1500, 2, 3, 2 / 3)],
        )
        self.assertEqual(
            opportunities._read_group(
                [("status", "=", "open")],
                ["stage_id"],
                ["open_count:sum", "expected_revenue:sum", "prorated_revenue:sum"],
            ),
            [(self.env.ref("crm_gestion.stage_generate_interest"), 1, 700, 70)],
        )
        self.assertEqual(
            gestiones._read_group([], [], ["gestiones:sum", "opportunities:sum"]),
            [(2, 1)],
        )
        self.assertEqual(
            objectives._read_group([], ["kind"], ["amount:sum"]),
            [("actual", 0), ("target", 900)],
        )

    def test_director_sees_the_figures(self):
        self._make_year()
        self.start_tour(
            "/odoo/dashboards",
            "crm_gestion_sheet",
            login=self.director.login,
            timeout=180,
        )

    def test_head_and_seller_do_not(self):
        group = self.env["spreadsheet.dashboard.group"].create({"name": "Figures"})
        self.env["spreadsheet.dashboard"].create(
            {
                "name": "Of the Test",
                "dashboard_group_id": group.id,
                "group_ids": self.env.ref("base.group_user").ids,
                "is_published": True,
            }
        )
        dashboard = self.env.ref("crm_gestion.spreadsheet_dashboard_sales_method")
        for user in self.head | self.seller:
            with self.subTest(user=user.name):
                self.start_tour(
                    "/odoo/dashboards",
                    "crm_gestion_sheet_none",
                    login=user.login,
                    timeout=120,
                )
                self.authenticate(user.login, PASSWORD)
                response = self.url_open(f"/spreadsheet/dashboard/data/{dashboard.id}")
                self.assertNotIn("crm.opportunity.report", response.text)
