from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, tagged

from .test_crm_campaign_figure import TODAY, CampaignCommon

AMOUNTS = (
    "budget", "expected_revenue", "cost_total", "cost_planned", "won_revenue",
    "profit", "roi", "goods_cost", "margin_profit", "margin_roi", "invoiced",
    "cost_per_opportunity", "cost_per_customer", "budget_used",
    "first_touch_revenue", "last_touch_revenue",
)  # fmt: skip


class MoneyCommon(CampaignCommon):
    """The fair has money of every kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fair.write({"expected_revenue": 20000.0, "date_from": TODAY})
        cls.order = cls._make_order(
            cls.fair, cls.mill, quantity=5, user_id=cls.stranger.id
        )
        cls.cost = cls._make_cost(cls.fair, 200.0)
        cls._make_cost(cls.fair, 100.0, state="planned")
        cls._make_invoice(cls.fair, price=400.0)
        cls._make_lead(cls.stranger, partner_id=cls.mill.id, campaign_id=cls.fair.id)
        cls.env.flush_all()

    def _values(self, user, campaign=None):
        self.env.invalidate_all()
        campaign = (campaign or self.fair).with_user(user)
        return {name: campaign[name] for name in AMOUNTS if campaign[name]}


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestWhoSeesMoney(MoneyCommon):
    """The directors of its company, the administrator and its responsible."""

    def test_who_sees_it(self):
        system = self._make_user("system", "base.group_system")
        for user in (self.director, system, self.head):
            with self.subTest(user=user.name):
                self.assertTrue(self.fair.with_user(user).crm_may_see_money)
                self.assertEqual(sorted(self._values(user)), sorted(AMOUNTS))

    def test_who_does_not(self):
        """Sellers, heads of others, native salesmen, other users."""
        for user in (
            self.seller,
            self.stranger,
            self.south_head,
            self.native,
            self.employee,
        ):
            with self.subTest(user=user.name):
                self.assertFalse(self.fair.with_user(user).crm_may_see_money)
                self.assertEqual(self._values(user), {})

    def test_counts_are_for_everybody(self):
        fair = self.fair.with_user(self.seller)
        self.assertEqual((fair.opportunity_count, fair.order_count), (1, 1))

    def test_superuser_mode_opens_nothing(self):
        """A related field of another model is read in it."""
        self.env.invalidate_all()
        fair = self.fair.with_user(self.seller).sudo()
        self.assertEqual([fair.budget, fair.cost_total, fair.profit], [0, 0, 0])

    def test_odoos_own_revenue_of_the_campaign(self):
        """Sellers of the method do not see it; who has no role of ours does, as before
        there were roles."""
        for user, amount in (
            (self.seller, 0),
            (self.head, 400),
            (self.director, 400),
            (self.native, 400),
        ):
            with self.subTest(user=user.name):
                self.env.invalidate_all()
                self.assertEqual(self.fair.with_user(user).invoiced_amount, amount)

    def test_rows_of_money(self):
        for model in (
            "crm.campaign.budget",
            "crm.campaign.cost",
            "crm.campaign.report",
        ):
            for user, seen in (
                (self.director, True),
                (self.head, True),
                (self.seller, False),
                (self.south_head, False),
                (self.employee, False),
            ):
                with self.subTest(model=model, user=user.name):
                    found = self.env[model].with_user(user).search([])
                    self.assertEqual(bool(found), seen)

    def test_searching_for_money_tells_nothing(self):
        Campaign = self.env["utm.campaign"].with_user(self.seller)
        for field in ("cost_ids.amount", "budget_ids.budget"):
            with self.subTest(field=field):
                self.assertFalse(Campaign.search([(field, ">", 1)]))
        for name in AMOUNTS:
            with self.subTest(field=name):
                with self.assertRaises(ValueError):
                    Campaign.search([(name, ">", 1)])
                with self.assertRaises(ValueError):
                    Campaign.search([], order=name)
                with self.assertRaises(ValueError):
                    Campaign._read_group([], ["user_id"], [f"{name}:sum"])

    def test_what_a_form_makes_up_opens_nothing(self):
        """A client sends what it likes as values of the form."""
        forged = {"user_id": self.seller.id, "company_id": self.company.id}
        spec = {name: {} for name in (*AMOUNTS, "crm_may_see_money", "user_id")}
        fair = self.fair.with_user(self.seller)
        for values in (forged, {**forged, "title": "Mine", "parent_id": False}):
            for records in (fair, fair.browse()):
                result = records.onchange(
                    {**values, "child_ids": [Command.link(self.stand.id)]},
                    ["user_id", "company_id", "child_ids"],
                    {**spec, "child_ids": {"fields": {}}},
                )
                leaked = {
                    name: value
                    for name, value in result["value"].items()
                    if name in AMOUNTS and value
                }
                self.assertEqual(leaked, {})

    def test_report(self):
        """Profit and loss by campaign, what is below for itself."""
        self._make_order(self.stand, self.bakery)
        self.env.flush_all()
        measures = [
            "budget:sum", "expected_revenue:sum", "cost:sum", "cost_planned:sum",
            "revenue:sum", "profit:sum", "first_touch_revenue:sum",
            "last_touch_revenue:sum",
        ]  # fmt: skip
        for user, expected in (
            (
                self.director,
                [
                    (self.fair, 10000, 20000, 200, 100, 500, 300, 500, 500),
                    (self.stand, 0, 0, 0, 0, 100, 100, 100, 100),
                ],
            ),
            (self.seller, []),
        ):
            rows = (
                self.env["crm.campaign.report"]
                .with_user(user)
                ._read_group([], ["campaign_id"], measures)
            )
            self.assertEqual(rows, expected)

    def test_money_of_archived_campaigns(self):
        self.fair.active = False
        self.assertTrue(self.fair.cost_ids.with_user(self.head).search([]))
        self.assertEqual(sorted(self._values(self.head)), sorted(AMOUNTS))

    def test_report_in_the_readers_currency(self):
        """100 pesos at 5 for one, in a campaign of the other company."""
        branch = self._make_branch()
        away = self._make_campaign("Away", self.head, company_id=branch.id)
        self._make_order(away, self.mill, company_id=branch.id)
        away.budget = 50.0
        away.date_from = "2026-02-01"
        self.env.flush_all()
        both = [self.company.id, branch.id]
        rows = (
            self.env["crm.campaign.report"]
            .with_user(self.director)
            .with_context(allowed_company_ids=both)
            ._read_group(
                [("campaign_id", "=", away.id)],
                ["company_id"],
                ["revenue:sum", "budget:sum"],
            )
        )
        self.assertEqual(rows, [(branch, 20.0, 12.5)])

    def test_report_goes_by_the_days_of_the_company(self):
        """Half past midnight in Madrid is still the day before in UTC."""
        self.company.resource_calendar_id.tz = "Europe/Madrid"
        self.order.date_order = "2026-03-31 22:30:00"
        self.env.flush_all()
        rows = (
            self.env["crm.campaign.report"]
            .with_user(self.director)
            ._read_group([("revenue", ">", 0)], ["date:day"], ["revenue:sum"])
        )
        self.assertEqual([str(row[0]) for row in rows], ["2026-04-01"])

    def test_report_without_attribution(self):
        rows = (
            self.env["crm.campaign.report"]
            .with_user(self.head)
            ._read_group([], ["date:month", "campaign_type"], ["profit:sum"])
        )
        self.assertEqual([row[-1] for row in rows], [300.0])


@tagged("post_install", "-at_install")
@freeze_time(f"{TODAY} 10:00:00")
class TestWhoChangesMoney(MoneyCommon):
    """Nobody gets at the money of others by a way round."""

    def _refused(self, function, error=UserError):
        self.env.flush_all()
        before = self._state()
        with self.assertRaises(error), self.env.cr.savepoint():
            function()
            self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(self._state(), before)

    def _state(self):
        campaigns = self.fair | self.stand | self.mailing
        return (
            campaigns.mapped("user_id.id"),
            campaigns.mapped("parent_id.id"),
            campaigns.mapped("title"),
            self.fair.budget,
            sorted(self.fair.cost_ids.mapped("amount")),
        )

    def test_nobody_makes_himself_responsible(self):
        for user in (self.seller, self.south_head, self.native, self.employee):
            with self.subTest(user=user.name):
                self._refused(
                    lambda u=user: self.fair.with_user(u).write({"user_id": u.id})
                )

    def test_nobody_puts_a_campaign_below_his_own(self):
        fair = self.fair.with_user(self.seller)
        mailing = self.mailing.with_user(self.seller)
        link = [Command.link(self.fair.id)]
        for function in (
            lambda: fair.write({"parent_id": mailing.id}),
            lambda: mailing.write({"child_ids": link}),
            lambda: mailing.write({"child_ids": [Command.set(self.fair.ids)]}),
            lambda: mailing.create({"title": "Trap", "child_ids": link}),
        ):
            self._refused(function)

    def test_nobody_puts_his_campaign_below_another(self):
        mailing = self.mailing.with_user(self.seller)
        self._refused(lambda: mailing.write({"parent_id": self.fair.id}))
        self._refused(
            lambda: mailing.create({"title": "Below", "parent_id": self.fair.id})
        )

    def test_what_it_is_about_is_its_responsibles(self):
        fair = self.fair.with_user(self.seller)
        for values in (
            {"date_from": "2026-01-01"},
            {"date_to": "2026-01-01"},
            {"campaign_type": "call"},
            {"market_id": self.market.id},
            {"company_id": False},
            {"expected_answers": 3},
        ):
            with self.subTest(values=values):
                self._refused(lambda vals=values: fair.write(vals))

    def test_refusal_says_whom_to_ask(self):
        with self.assertRaisesRegex(
            UserError, "Ask the responsible of “Fair” or a sales director"
        ):
            self.fair.with_user(self.seller).user_id = self.seller

    def test_amounts_of_others(self):
        fair = self.fair.with_user(self.seller)
        Budget = self.env["crm.campaign.budget"].with_user(self.seller)
        row = Budget.sudo().search([("campaign_id", "=", self.fair.id)]).sudo(False)
        mine = self.mailing.with_user(self.seller)
        mine.budget = 7.0
        own = Budget.search([])
        cost = self._make_cost(self.mailing, 5.0).with_user(self.seller)
        create = {"campaign_id": self.fair.id}
        for function, error in (
            (lambda: fair.write({"budget": 1.0}), UserError),
            (lambda: fair.write({"expected_revenue": 1.0}), UserError),
            (lambda: fair.write({"budget_ids": [Command.clear()]}), None),
            (lambda: row.read(["budget"]), AccessError),
            (lambda: row.write({"budget": 1.0}), AccessError),
            (lambda: Budget.create({"campaign_id": self.stand.id}), AccessError),
            (lambda: own.write({"campaign_id": self.stand.id}), AccessError),
            (lambda: cost.write({"campaign_id": self.fair.id}), AccessError),
            (lambda: cost.create({**create, "name": "X", "amount": 1}), AccessError),
            (lambda: self.cost.with_user(self.seller).unlink(), AccessError),
            (lambda: self.cost.with_user(self.seller).read(["amount"]), AccessError),
            (
                lambda: self.cost.with_user(self.seller).write({"amount": 1}),
                AccessError,
            ),
        ):
            if error:
                self._refused(function, error)

    def test_own_campaign(self):
        """Everybody may make one of his own, as in Odoo, and sees what it brought."""
        mine = (
            self.env["utm.campaign"]
            .with_user(self.seller)
            .create({"title": "Mine", "budget": 50.0, "date_from": TODAY})
        )
        mine.write({"expected_revenue": 90.0, "campaign_type": "visit"})
        mine.cost_ids = [Command.create({"name": "Petrol", "amount": 20.0})]
        below = mine.create({"title": "Below", "parent_id": mine.id})
        self.assertEqual(below.user_id, self.seller)
        self._make_order(mine, self.mill)
        self._assert_figures(
            mine,
            self.seller,
            budget=50.0,
            expected_revenue=90.0,
            cost_total=20.0,
            profit=80.0,
            roi=4.0,
        )

    def test_own_campaign_is_given_away(self):
        self.mailing.with_user(self.seller).user_id = self.stranger
        self._refused(
            lambda: self.mailing.with_user(self.seller).write(
                {"user_id": self.seller.id}
            )
        )

    def test_amount_of_a_campaign_made_for_another(self):
        self._refused(
            lambda: (
                self.env["utm.campaign"]
                .with_user(self.seller)
                .create({"title": "X", "user_id": self.head.id, "budget": 1.0})
            )
        )
        self.env["utm.campaign"].with_user(self.seller).create(
            {"title": "X", "user_id": self.head.id, "budget": 0.0}
        )

    def test_everything_else_is_as_in_odoo(self):
        fair = self.fair.with_user(self.employee)
        fair.write({"title": "Big Fair", "color": 3, "user_id": self.head.id})
        self.assertEqual(self.fair.title, "Big Fair")
        self.assertEqual(self.fair.user_id, self.head)

    def test_amounts_are_kept_apart(self):
        fair = self.fair.with_user(self.head)
        fair.budget = 1.0
        self.assertEqual((fair.budget, fair.expected_revenue), (1.0, 20000.0))
        fair.write({"budget": 2.0, "expected_revenue": 3.0})
        self.env.invalidate_all()
        self.assertEqual((fair.budget, fair.expected_revenue), (2.0, 3.0))

    def test_form_opens_for_everybody(self):
        """Odoo's own counts mailings, of which sales people know nothing."""
        for user in (self.seller, self.head, self.director, self.native, self.employee):
            with self.subTest(user=user.name):
                form = Form(self.fair.with_user(user))
                self.assertEqual(form.title, "Fair")

    def test_form(self):
        with Form(self.env["utm.campaign"].with_user(self.head)) as form:
            form.title = "New"
            form.budget = 300.0
            form.expected_revenue = 900.0
        campaign = form.save()
        self.assertEqual((campaign.budget, campaign.expected_revenue), (300.0, 900.0))
        with Form(campaign) as form, form.cost_ids.new() as cost:
            cost.name = "Flyers"
            cost.amount = 400.0
        self._assert_figures(campaign, self.head, budget_used=1.3333)

    def test_no_circle(self):
        with self.assertRaises(UserError):
            self.fair.parent_id = self.stand

    def test_below_is_of_the_same_company(self):
        branch = self._make_branch()
        away = self._make_campaign("Away", self.head, company_id=branch.id)
        with self.assertRaises(ValidationError):
            away.parent_id = self.fair
        with self.assertRaises(ValidationError):
            self.fair.company_id = branch

    def test_records_behind_the_figures(self):
        self._make_order(self.stand, self.bakery)
        # the customer of the opportunity, who answered by it
        members = self.env["crm.campaign.member"].search(
            [("campaign_id", "=", self.fair.id)]
        )
        self.assertEqual(members.partner_id, self.mill)
        expected = {
            "orders": self.env["sale.order"].search(
                [("campaign_id", "in", (self.fair | self.stand).ids)]
            ),
            "new_customers": self.env["sale.order"].search(
                [("campaign_id", "in", (self.fair | self.stand).ids)]
            ),
            "opportunities": self.env["crm.lead"].search(
                [("campaign_id", "=", self.fair.id)]
            ),
            "invoices": self.env["account.move"].search(
                [("campaign_id", "=", self.fair.id)]
            ),
            "won": self.env["crm.lead"],
            "gestiones": self.env["crm.gestion"],
            "reached": members,
            "answers": members,
        }
        for figure, records in expected.items():
            for user in (self.director, self.seller):
                with self.subTest(figure=figure, user=user.name):
                    action = (
                        self.fair.with_user(user)
                        .with_context(crm_figure=figure)
                        .action_view_crm_figure()
                    )
                    model = self.env[action["res_model"]].with_user(user)
                    found = model.search(action["domain"])
                    if user == self.director and figure != "invoices":
                        self.assertEqual(found, records)
                    self.assertLessEqual(found, records)


@tagged("post_install", "-at_install")
class TestMoneyRpc(MoneyCommon, HttpCase):
    """As another program meets it: over HTTP, with an API key."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = {}
        for user in (cls.seller, cls.south_head, cls.head, cls.director):
            # sudo: a key that does not expire
            key = cls.env["res.users.apikeys"].with_user(user).sudo()
            cls.keys[user] = key._generate("rpc", "test", None)

    def _call(self, user, method, **values):
        response = self.url_open(
            f"/json/2/utm.campaign/{method}",
            json=values,
            headers={"Authorization": f"bearer {self.keys[user]}"},
        )
        return response

    def _leaks(self, answer):
        return [name for name in AMOUNTS if (answer.get(name) or 0) != 0]

    def test_every_way_to_read(self):
        spec = {
            name: {} for name in (*AMOUNTS, "crm_may_see_money", "cost_ids", "title")
        }
        ids = self.fair.ids
        for user, seen in (
            (self.seller, False),
            (self.south_head, False),
            (self.head, True),
            (self.director, True),
        ):
            with self.subTest(user=user.name):
                read = self._call(user, "read", ids=ids, fields=list(spec)).json()[0]
                web = self._call(user, "web_read", ids=ids, specification=spec)
                web = web.json()[0]
                found = self._call(
                    user,
                    "web_search_read",
                    domain=[["id", "in", ids]],
                    specification=spec,
                ).json()["records"][0]
                exported = self._call(
                    user, "export_data", ids=ids, fields_to_export=list(AMOUNTS)
                )
                for answer in (read, web, found):
                    self.assertEqual(self._leaks(answer), list(AMOUNTS) * seen)
                    self.assertEqual(answer["crm_may_see_money"], seen)
                    self.assertEqual(bool(answer["cost_ids"]), seen)
                if not seen and exported.status_code == 200:
                    self.assertFalse(any(map(float, exported.json()["datas"][0])))

    def test_asking_for_money(self):
        for user in (self.seller, self.south_head):
            for name in AMOUNTS:
                for method, values in (
                    ("search", {"domain": [[name, ">", 0]]}),
                    ("search", {"domain": [], "order": name}),
                    (
                        "formatted_read_group",
                        {"domain": [], "groupby": [name], "aggregates": []},
                    ),
                    (
                        "formatted_read_group",
                        {
                            "domain": [],
                            "groupby": ["user_id"],
                            "aggregates": [f"{name}:sum"],
                        },
                    ),
                    ("name_search", {"domain": [[name, ">", 0]]}),
                ):
                    with self.subTest(user=user.name, name=name, method=method):
                        answer = self._call(user, method, **values)
                        self.assertGreaterEqual(answer.status_code, 400)

    def test_taking_it_over(self):
        answer = self._call(
            self.seller,
            "write",
            ids=self.fair.ids,
            vals={"user_id": self.seller.id},
        )
        self.assertGreaterEqual(answer.status_code, 400)
        self.assertIn("Ask the responsible", answer.json()["message"])
        self.fair.invalidate_recordset()
        self.assertEqual(self.fair.user_id, self.head)
