from freezegun import freeze_time
from lxml import etree

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Date
from odoo.tests import Form, tagged
from odoo.tests.common import new_test_user

from odoo.addons.crm_gestion.wizards.crm_objective_plan_line import COLUMNS

from .common import BrowserCommon, CrmGestionCommon

NOW = "2026-03-02 10:00:00"


class PlanCommon(CrmGestionCommon):
    """Last year the seller confirmed 1,200 in March and 300 in May, the colleague 500
    in March; the stranger, of the other team, 900."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls._make_product()
        cls._sell(cls.seller, "2025-03-10 10:00:00", 1200)
        cls._sell(cls.seller, "2025-05-10 10:00:00", 300)
        cls._sell(cls.colleague, "2025-03-31 10:00:00", 500)
        cls._sell(cls.stranger, "2025-03-10 10:00:00", 900)

    @classmethod
    def _sell(cls, user, date, amount):
        order = cls.env["sale.order"].create(
            {
                "partner_id": cls.organization.id,
                "user_id": user.id,
                "order_line": [
                    Command.create({"product_id": cls.product.id, "price_unit": amount})
                ],
            }
        )
        order.action_confirm()
        order.date_order = date
        return order

    def _plan(self, user=None, team=None, **values):
        Plan = self.env["crm.objective.plan"].with_user(user or self.head)
        return Plan.create(
            {"team_id": (team or self.north).id, "year": "2026", **values}
        )

    def _propose(self, *args, **values):
        plan = self._plan(*args, **values)
        plan.action_propose()
        return plan

    def _row(self, plan, user):
        line = plan.line_ids.filtered(lambda line: line.user_id == user)
        return [line[column] for column in COLUMNS]

    def _create(self, plan):
        action = plan.action_create_objectives()
        return self.env["crm.objective"].search(action["domain"], order="id")

    def _make_objective(self, user, month, target, year=2026, **values):
        return self.env["crm.objective"].create(
            {
                "user_id": user.id,
                "metric": "sales",
                "date_from": f"{year}-{month:02}-01",
                "target": target,
                **values,
            }
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestTeamObjectives(PlanCommon):
    """The objectives of a team for a year."""

    def test_from_last_years_figures(self):
        plan = self._propose(growth=10)
        self.assertEqual(plan.line_ids.user_id, self.seller | self.colleague)
        row = [0.0, 0.0, 1320.0, 0.0, 330.0, *[0.0] * 7]
        self.assertEqual(self._row(plan, self.seller), row)
        row = [0.0, 0.0, 550.0, *[0.0] * 9]
        self.assertEqual(self._row(plan, self.colleague), row)
        self.assertEqual(plan.total, 2200.0)
        objectives = self._create(plan)
        self.assertRecordValues(
            objectives.sorted(lambda o: (o.date_from, o.target)),
            [
                {
                    "user_id": user.id,
                    "team_id": False,
                    "company_id": self.env.company.id,
                    "metric": "sales",
                    "currency_id": self.env.company.currency_id.id,
                    "period_type": "month",
                    "date_from": Date.to_date(f"2026-{month}-01"),
                    "date_to": Date.to_date(f"2026-{month}-31"),
                    "target": target,
                    "state": "open",
                }
                for user, month, target in (
                    (self.colleague, "03", 550.0),
                    (self.seller, "03", 1320.0),
                    (self.seller, "05", 330.0),
                )
            ],
        )

    def test_amount_shared_evenly_adds_up(self):
        plan = self._propose(method="even", amount=1000.01)
        cells = [*self._row(plan, self.seller), *self._row(plan, self.colleague)]
        self.assertEqual({*cells}, {41.66, 41.67})
        self.assertEqual(round(sum(cells), 2), 1000.01)
        self.assertEqual(len(self._create(plan)), 24)

    def test_amount_shared_by_last_years_share(self):
        plan = self._propose(method="weighted", amount=10000)
        self.assertEqual(self._row(plan, self.seller)[2], 6000.0)
        self.assertEqual(self._row(plan, self.seller)[4], 1500.0)
        self.assertEqual(self._row(plan, self.colleague)[2], 2500.0)
        self.assertEqual(plan.total, 10000.0)

    def test_without_a_last_year_it_is_shared_evenly(self):
        plan = self._propose(method="weighted", amount=2400, year="2027")
        self.assertEqual(self._row(plan, self.seller), [100.0] * 12)

    def test_copying_last_years_objectives(self):
        self._make_objective(self.seller, 1, 1000, year=2025)
        self._make_objective(self.colleague, 12, 99.99, year=2025)
        self._make_objective(self.seller, 2, 5, year=2025, metric="won")
        self._make_objective(self.seller, 3, 7, year=2025, market_id=self.market.id)
        plan = self._propose(method="copy", growth=-10)
        self.assertEqual(self._row(plan, self.seller), [900.0, *[0.0] * 11])
        self.assertEqual(self._row(plan, self.colleague), [*[0.0] * 11, 89.99])

    def test_numbers_are_whole(self):
        for day in (3, 4, 5):
            self._make_gestion(
                date=f"2025-06-0{day} 10:00:00", organization_id=self.organization.id
            )
        plan = self._propose(metric="gestiones", growth=50)
        self.assertFalse(plan.currency_id)
        self.assertEqual(self._row(plan, self.seller)[5], 5.0)  # 4.5
        plan = self._propose(metric="gestiones", method="even", amount=50)
        cells = [*self._row(plan, self.seller), *self._row(plan, self.colleague)]
        self.assertEqual({*cells}, {2.0, 3.0})
        self.assertEqual(sum(cells), 50.0)

    def test_another_currency(self):
        currency = self.env["res.currency"].create({"name": "ZZZ", "symbol": "Z"})
        self.env["res.currency.rate"].create(
            {"currency_id": currency.id, "name": "2025-01-01", "rate": 2.0}
        )
        plan = self._propose(currency_id=currency.id)
        self.assertEqual(self._row(plan, self.colleague)[2], 1000.0)
        self.assertEqual(set(self._create(plan).currency_id), {currency})

    def test_what_is_there_already_is_left_out_and_said(self):
        mine = self._make_objective(self.seller, 3, 4000)
        plan = self._propose(method="even", amount=2300)
        self.assertEqual(self._row(plan, self.seller)[2], 0.0)
        self.assertEqual(self._row(plan, self.seller)[3], 100.0)
        self.assertEqual(plan.total, 2300.0)
        self.assertEqual(
            plan.note,
            "Objectives that are there already are left out: 1, of Seller.",
        )
        plan.line_ids[1].amount_03 = 50.0  # typed in nevertheless
        self.assertEqual(len(self._create(plan)), 23)
        self.assertEqual(mine.target, 4000.0)

    def test_what_somebody_made_meanwhile_is_left_out(self):
        plan = self._propose()
        self._make_objective(self.seller, 3, 4000)
        self.assertEqual(len(self._create(plan)), 2)
        with self.assertRaisesRegex(UserError, "no objective to make"):
            self._create(plan)

    def test_edits_before_saving(self):
        plan = self._propose()
        with Form(plan) as form:
            with form.line_ids.edit(1) as line:
                line.amount_03 = 0.0
                line.amount_12 = 77.0
                self.assertEqual(line.total, 377.0)
            self.assertEqual(form.total, 877.0)
        objectives = self._create(plan)
        self.assertEqual(sorted(objectives.mapped("target")), [77.0, 300.0, 500.0])

    def test_total_of_the_team(self):
        self._make_objective(self.seller, 1, 1000)
        objectives = self._create(self._propose(of_team=True))
        of_team = objectives.filtered("team_id")
        self.assertEqual(of_team.team_id, self.north)
        self.assertEqual(
            {o.date_from.month: o.target for o in of_team},
            {1: 1000.0, 3: 1700.0, 5: 300.0},
        )
        again = self._plan(of_team=True, method="even", amount=100)
        again.action_propose()
        made = self._create(again)
        self.assertEqual(
            sorted(o.date_from.month for o in made.filtered("team_id")),
            [2, 4, *range(6, 13)],
        )

    def test_teams_below(self):
        self.south.parent_id = self.north
        plan = self._propose()
        members = self.seller | self.colleague | self.stranger
        self.assertEqual(plan.line_ids.user_id, members)
        plan = self._propose(below=False)
        self.assertEqual(plan.line_ids.user_id, self.seller | self.colleague)

    def test_who_left_gets_none(self):
        self.colleague.active = False
        self.assertEqual(self._propose().line_ids.user_id, self.seller)
        empty = self.env["crm.team"].create({"name": "Empty", "user_id": self.head.id})
        with self.assertRaisesRegex(UserError, "no salespeople"):
            self._propose(team=empty)

    def test_nothing_to_share(self):
        plan = self._plan(method="even")
        with self.assertRaisesRegex(UserError, "amount"):
            plan.action_propose()
        self.assertFalse(plan.line_ids)

    def test_heads_plan_their_own_teams(self):
        """Last year's figures are of people whom they lead."""
        with self.assertRaises(AccessError):
            self._propose(team=self.south)
        with self.assertRaises(AccessError):
            self._propose(self.south_head)
        plan = self._propose()
        plan.write({"team_id": self.south.id})
        with self.assertRaises(AccessError):
            self._create(plan)
        self.assertFalse(self.env["crm.objective"].search_count([]))
        self.assertEqual(len(self._propose(self.director, self.south).line_ids), 1)

    def test_strangers_are_left_out_of_what_a_client_sends(self):
        self._make_objective(self.stranger, 3, 123456)
        plan = self._propose(of_team=True)
        self.env["crm.objective.plan.line"].with_user(self.head).create(
            {"plan_id": plan.id, "user_id": self.stranger.id, "amount_04": 5.0}
        )
        objectives = self._create(plan)
        self.assertNotIn(self.stranger, objectives.user_id)
        self.assertEqual(max(objectives.filtered("team_id").mapped("target")), 1700.0)

    def test_sellers_plan_nothing(self):
        with self.assertRaises(AccessError):
            self._plan(self.seller)

    def test_other_companies_are_kept_apart(self):
        other = self.env["res.company"].create({"name": "Other"})
        for user in self.head | self.seller | self.colleague:
            user.company_ids |= other
        self.north.company_id = other
        here = self._plan().with_context(allowed_company_ids=self.env.company.ids)
        with self.assertRaises(AccessError):
            here.action_propose()
        plan = self._propose()
        self.assertEqual(plan._plan().company, other)
        self.assertEqual(self._row(plan, self.seller), [0.0] * 12)

    def test_dialogs_are_their_owners(self):
        plan = self._propose()
        with self.assertRaises(AccessError):
            plan.with_user(self.south_head).read(["amount"])

    def test_the_table_fits_its_dialog(self):
        """Of 1,140 pixels: December and the total are there without scrolling. Each
        column has a padding besides its width."""
        arch = self.env["crm.objective.plan"].get_view(view_type="form")["arch"]
        columns = etree.fromstring(arch).findall(".//list/field[@width]")
        self.assertEqual(len(columns), 14)
        widths = [int(column.get("width").removesuffix("px")) for column in columns]
        self.assertLessEqual(sum(width + 9 for width in widths), 1090)

    def test_big_teams_cost_as_few_queries(self):
        users = self.env["res.users"]
        for number in range(30):
            users |= new_test_user(
                self.env, f"crm_p{number}", "crm_gestion.group_seller", tz="UTC"
            )
        teams = [
            self._make_team("Few", self.head, users[:3]),
            self._make_team("Many", self.head, users[3:]),
        ]
        plans = [
            self._plan(team=team, method="even", amount=10000, of_team=True)
            for team in (*teams[:1], *teams)
        ]
        proposals = [self._count_queries(plan.action_propose) for plan in plans]
        self.assertLessEqual(proposals[2], proposals[1] + self.ALLOWANCE)
        made = [
            self._count_queries(plan.action_create_objectives) for plan in plans[1:]
        ]
        # rows are inserted by hundreds
        self.assertLessEqual(made[1], made[0] + 2 * self.ALLOWANCE)
        self.assertEqual(self.env["crm.objective"].search_count([]), 30 * 12 + 24)


@tagged("post_install", "-at_install")
class TestTeamObjectivesTour(BrowserCommon):
    """A head makes the objectives of his team in the browser."""

    def test_create_team_objectives(self):
        self.head.lang = "es_ES"
        self.env.flush_all()
        self.start_tour("/odoo", "crm_gestion_plan", login="crm_head")
        objectives = self.env["crm.objective"].search([("user_id", "!=", False)])
        self.assertEqual(objectives.user_id, self.seller | self.colleague)
        self.assertEqual(len(objectives), 24)
        self.assertEqual(set(objectives.mapped("metric")), {"sales"})
        january = objectives.filtered(lambda o: o.date_from.month == 1)
        self.assertEqual(sorted(january.mapped("target")), [500.0, 750.0])
        self.assertEqual(sum(objectives.mapped("target")), 12250.0)
