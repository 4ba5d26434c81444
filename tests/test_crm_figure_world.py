from collections import defaultdict
from datetime import timedelta
from functools import cache
from random import Random

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import date_utils

from .test_crm_objective import ObjectiveCommon

FIGURES = (
    "won_revenue", "order_count", "invoiced", "cost_total", "cost_planned",
    "goods_cost", "opportunity_count", "won_count", "gestion_count",
    "new_customer_count", "reached_count", "answer_count", "first_touch_revenue",
    "last_touch_revenue",
)  # fmt: skip
PERIODS = [
    ("month", "2026-03-01", "2026-03-31"),
    ("quarter", "2026-01-01", "2026-03-31"),
    ("year", "2026-01-01", "2026-12-31"),
    ("free", "2026-03-14", "2026-03-16"),
]


@tagged("post_install", "-at_install")
@freeze_time("2026-06-30 10:00:00")
class TestFigureWorld(ObjectiveCommon):
    """A small world made at random, always the same one: two companies with a currency
    and a time zone each, nested teams and campaigns. Every figure is counted a second
    time, document by document in Python."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.random = Random(6)
        cls.companies = cls.company | cls.other
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.companies.ids}
        )
        for company in cls.companies:
            cls.env["account.chart.template"].try_loading(
                "generic_coa", company=company, install_demo=False
            )
        cls.company.currency_id = cls.euro
        cls.other.currency_id = cls.dollar
        cls.env["res.currency.rate"].search(
            [("currency_id", "in", (cls.euro | cls.dollar).ids)]
        ).unlink()
        for company, currency in ((cls.company, cls.dollar), (cls.other, cls.euro)):
            cls.env["res.currency.rate"].create(
                [
                    {
                        "name": day,
                        "rate": cls.random.choice((0.5, 2, 4, 5)),
                        "currency_id": currency.id,
                        "company_id": company.id,
                    }
                    for day in ("2026-01-10", "2026-03-15", "2026-03-16", "2026-05-01")
                ]
            )
        cls.pricelists = cls.env["product.pricelist"].create(
            [
                {
                    "name": currency.name,
                    "currency_id": currency.id,
                    "company_id": False,
                }
                for currency in cls.euro | cls.dollar
            ]
        )
        cls.near = cls._make_team("Near", cls.head, cls.env["res.users"])
        cls.far = cls._make_team("Far", cls.head, cls.env["res.users"])
        cls.near.parent_id = cls.north
        cls.far.parent_id = cls.near
        cls.teams = cls.north | cls.near | cls.far | cls.south
        cls.teams.company_id = False
        (cls.seller | cls.colleague | cls.director).company_ids |= cls.other
        cls.people = (cls.seller | cls.colleague | cls.director).with_env(cls.env)
        cls._make_world()

    @classmethod
    def _make_world(cls):
        cls.customers = cls.env["res.partner"].create(
            [{"name": f"Company {n}", "is_company": True} for n in range(5)]
        )
        cls.customers |= cls.env["res.partner"].create(
            [
                {"name": f"Person {n}", "parent_id": cls.customers[n % 4].id}
                for n in range(6)
            ]
        )
        Campaign = cls.env["utm.campaign"]
        cls.campaigns = Campaign
        for number in range(7):
            above = Campaign
            if number in (1, 2, 5):
                above = cls.campaigns[number - 1]
            company = above.company_id or cls.companies[number % 2]
            cls.campaigns |= Campaign.create(
                {
                    "title": f"C{number}",
                    "parent_id": above.id,
                    "company_id": number != 6 and company.id,
                }
            )
        cls.product.standard_price = 7
        cls.product.with_company(cls.other).standard_price = 11
        for company in cls.companies:
            cls.env["crm.campaign.cost"].with_company(company).create(
                [cls._cost_values(company) for _n in range(10)]
            )
        for _n in range(24):
            cls._make_any_lead()
            cls._make_any_gestion()
        for _n in range(40):
            cls._make_any_order()
        for _n in range(20):
            cls._make_any_invoice()
        cls._make_members()
        cls.env.flush_all()
        cls.env.invalidate_all()

    @classmethod
    def _moment(cls):
        """Often next to where a day, a rate or a month changes."""
        day = cls.random.choice(
            ("2026-01-01", "2026-01-10", "2026-03-01", "2026-03-14", "2026-03-15",
             "2026-03-16", "2026-03-31", "2026-04-01", "2026-05-20")
        )  # fmt: skip
        moment = cls.env["res.currency.rate"]._fields["create_date"].to_datetime(day)
        return moment + timedelta(minutes=cls.random.randrange(-5 * 60, 29 * 60))

    @classmethod
    def _any(cls, records, none=0.0):
        if cls.random.random() < none:
            return records.browse()
        return records[cls.random.randrange(len(records))]

    @classmethod
    def _campaign(cls, company):
        fits = cls.campaigns.filtered(lambda c: c.company_id in (company, c.browse()))
        return cls._any(cls.random.choice((fits, fits, cls.campaigns)), none=0.2)

    @classmethod
    def _cost_values(cls, company):
        fits = cls.campaigns.filtered(lambda c: c.company_id in (company, c.browse()))
        return {
            "campaign_id": cls._any(fits).id,
            "name": "Cost",
            "amount": cls.random.randrange(1, 500) / 3,
            "currency_id": cls._any(cls.euro | cls.dollar).id,
            "date": cls._moment().date(),
            "state": cls.random.choice(("real", "real", "planned")),
        }

    @classmethod
    def _make_any_lead(cls):
        company = cls._any(cls.companies)
        lead = cls._make_lead(
            cls._any(cls.people),
            company_id=company.id,
            team_id=cls._any(cls.teams, none=0.2).id,
            partner_id=cls._any(cls.customers).id,
            campaign_id=cls._campaign(company).id,
            expected_revenue=cls.random.randrange(1000) / 7,
            type=cls.random.choice(("opportunity", "opportunity", "lead")),
        )
        fate = cls.random.random()
        if fate < 0.3:
            lead.action_set_won()
        elif fate < 0.5:
            lead.action_set_lost()
        if lead.date_closed:
            lead.date_closed = cls._moment()
        cls._date(lead)

    @classmethod
    def _make_any_gestion(cls):
        company = cls._any(cls.companies)
        kind = cls.random.choice(("call", "call", "meeting", "email"))
        cls._make_gestion(
            cls._any(cls.people),
            activity_type_id=cls.env.ref(f"mail.mail_activity_data_{kind}").id,
            date=cls._moment(),
            team_id=cls._any(cls.teams, none=0.2).id,
            contact_id=cls._any(cls.customers).id,
            company_id=company.id,
            campaign_id=cls._campaign(company).id,
        )

    @classmethod
    def _make_any_order(cls):
        company = cls._any(cls.companies)
        order = (
            cls.env["sale.order"]
            .with_company(company)
            .create(
                {
                    "partner_id": cls._any(cls.customers).id,
                    "user_id": cls._any(cls.people, none=0.1).id,
                    "team_id": cls._any(cls.teams, none=0.2).id,
                    "company_id": company.id,
                    "campaign_id": cls._campaign(company).id,
                    "pricelist_id": cls._any(cls.pricelists).id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": cls.product.id,
                                "product_uom_qty": cls.random.randrange(1, 4),
                                "price_unit": cls.random.randrange(1, 900) / 7,
                                "tax_ids": False,
                            }
                        )
                    ],
                }
            )
        )
        order.state = cls.random.choice(("sale", "sale", "sale", "sent", "cancel"))
        order.date_order = cls._moment()
        cls._date(order)

    @classmethod
    def _make_any_invoice(cls):
        company = cls._any(cls.companies)
        move = (
            cls.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": cls.random.choice(
                        ("out_invoice",) * 3 + ("out_refund",)
                    ),
                    "partner_id": cls._any(cls.customers).id,
                    "invoice_date": cls._moment().date(),
                    "invoice_user_id": cls._any(cls.people).id,
                    "team_id": cls._any(cls.teams).id,
                    "currency_id": cls._any(cls.euro | cls.dollar).id,
                    "campaign_id": cls._campaign(company).id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "License",
                                "price_unit": cls.random.randrange(1, 900) / 7,
                                "tax_ids": False,
                            }
                        )
                    ],
                }
            )
        )
        if cls.random.random() < 0.8:
            move.action_post()

    @classmethod
    def _make_members(cls):
        for campaign in cls.campaigns:
            for partner in cls.customers:
                if cls.random.random() < 0.4:
                    cls.env["crm.campaign.member"].sudo()._advance(
                        [
                            {
                                "campaign_id": campaign.id,
                                "partner_id": partner.id,
                                "state": cls.random.choice(
                                    (
                                        "planned",
                                        "contacted",
                                        "answered",
                                    )
                                ),
                                "date": cls._moment(),
                                "source": "manual",
                            }
                        ]
                    )

    @classmethod
    def _date(cls, record):
        cls._set_created(cls, record, cls._moment())

    # === A SECOND COUNT === #

    @cache  # noqa: B019 - as long as the test
    def _day(self, moment, company):
        tz = company._crm_tz()
        return date_utils.utc.localize(moment).astimezone(tz).date()

    def _in(self, currency, company, day, amount):
        return amount * self._rate(currency, company, day)

    @cache  # noqa: B019 - as long as the test
    def _rate(self, currency, company, day):
        return company.currency_id._convert(1.0, currency, company, day, round=False)

    def _facts(self, metric):
        """:return: list of company, user, team, day, amount, its currency, amount in
        the currency of the company"""
        if metric in ("sales", "proposals"):
            states = ("sale",) if metric == "sales" else ("sent", "sale")
            moment = "date_order" if metric == "sales" else "create_date"
            return [
                (
                    order.company_id, order.user_id, order.team_id,
                    self._day(order[moment], order.company_id), order.amount_untaxed,
                    order.currency_id, order.amount_untaxed / order.currency_rate,
                )
                for order in self._ours("sale.order")
                if order.state in states
            ]  # fmt: skip
        if metric == "invoiced":
            return [
                (
                    move.company_id, move.invoice_user_id, move.team_id,
                    move.invoice_date, move.amount_untaxed_in_currency_signed,
                    move.currency_id, move.amount_untaxed_signed,
                )
                for move in self._ours("account.move")
                if move.state == "posted"
                and move.move_type in ("out_invoice", "out_refund")
            ]  # fmt: skip
        if metric == "gestiones":
            return [
                (
                    gestion.company_id, gestion.user_id, gestion.team_id,
                    self._day(gestion.date, gestion.company_id), 0, None, 0,
                )
                for gestion in self._ours("crm.gestion")
                if gestion.activity_type_id.counts_as_activity
            ]  # fmt: skip
        if metric == "new_customers":
            return self._first_documents()
        moment = "date_closed" if metric == "won" else "create_date"
        return [
            (
                lead.company_id, lead.user_id, lead.team_id,
                self._day(lead[moment], lead.company_id), lead.expected_revenue,
                lead.company_id.currency_id, lead.expected_revenue,
            )
            for lead in self._ours("crm.lead")
            if lead.type == "opportunity"
            and (metric != "won" or lead.won_status == "won")
        ]  # fmt: skip

    @cache  # noqa: B019 - as long as the test
    def _ours(self, model):
        records = self.env[model].with_context(active_test=False)
        return records.search([("company_id", "in", self.companies.ids)])

    def _first_documents(self):
        documents = defaultdict(list)
        for order in self._ours("sale.order"):
            if order.state == "sale":
                account = order.partner_id.commercial_partner_id
                day = self._day(order.date_order, order.company_id)
                key = (day, 0, order.date_order, order.id)
                documents[account, order.company_id].append((key, day, order))
        for move in self._ours("account.move"):
            if move.state == "posted" and move.move_type == "out_invoice":
                key = (move.invoice_date, 1, None, move.id)
                documents[move.commercial_partner_id, move.company_id].append(
                    (
                        key,
                        move.invoice_date,
                        move,
                    )
                )
        facts = []
        for (_account, company), group in documents.items():
            _key, day, first = min(group, key=lambda row: row[0])
            user = first.user_id if first._name == "sale.order" else (
                first.invoice_user_id
            )  # fmt: skip
            facts.append((company, user, first.team_id, day, 0, None, 0))
        return facts

    def _count_objective(self, objective, facts):
        found = 0
        for company, user, team, day, amount, currency, company_amount in facts:
            if company != objective.company_id:
                continue
            if not objective.date_from <= day <= objective.date_to:
                continue
            if objective.user_id and user != objective.user_id:
                continue
            if objective.team_id and objective.team_id not in self._above(team):
                continue
            if not objective.currency_id:
                found += 1
            elif currency == objective.currency_id:
                found += amount
            else:
                found += self._in(objective.currency_id, company, day, company_amount)
        if objective.currency_id:
            found = objective.currency_id.round(found)
        return found

    def _above(self, team):
        teams = team
        while team.parent_id:
            team = team.parent_id
            teams |= team
        return teams

    def test_objectives(self):
        metrics = (
            "sales", "invoiced", "won", "new_count", "new_amount", "gestiones",
            "proposals", "new_customers",
        )  # fmt: skip
        owners = [{"user_id": False}]
        owners += [{"user_id": user.id} for user in self.people]
        owners += [{"team_id": team.id} for team in self.teams]
        values = [
            {
                "metric": metric,
                "company_id": company.id,
                "period_type": kind,
                "date_from": first,
                "date_to": last,
                "target": 1,
                "currency_id": currency.id,
                **owner,
            }
            for number, metric in enumerate(metrics)
            for company in self.companies
            for place, (kind, first, last) in enumerate(PERIODS)
            for owner in owners
            for currency in [
                (self.euro, self.dollar)[(number + place) % 2]
                if metric in ("sales", "invoiced", "new_amount")
                else self.env["res.currency"]
            ]
        ]
        objectives = self.env["crm.objective"].create(values)
        self.env.flush_all()
        self.env.invalidate_all()
        facts = {metric: self._facts(metric) for metric in metrics}
        seen = defaultdict(int)
        for objective in objectives:
            expected = self._count_objective(objective, facts[objective.metric])
            seen[objective.metric] += bool(expected)
            with self.subTest(objective=objective.display_name):
                self.assertAlmostEqual(objective.actual, expected, 2)
        self.assertEqual(len(seen), len(metrics))
        self.assertGreater(min(seen.values()), 10)

    # === CAMPAIGNS === #

    def _below(self, campaign):
        found = campaign
        for child in campaign.with_context(active_test=False).child_ids:
            found |= self._below(child)
        return found

    def _counts(self, campaign, record):
        company = record.company_id
        return not company or company in (campaign.company_id or self.companies)

    def _money(self, campaign, company, day, amount):
        currency = (campaign.company_id or self.company).currency_id
        return self._in(currency, company, day, amount)

    def _count_campaign(self, campaign):
        below = self._below(campaign)
        found = dict.fromkeys(FIGURES, 0)
        orders = [
            order for order in self._ours("sale.order")
            if order.state == "sale" and self._counts(campaign, order)
        ]  # fmt: skip
        for order in orders:
            day = self._day(order.date_order, order.company_id)
            amount = self._money(
                campaign, order.company_id, day,
                order.amount_untaxed / order.currency_rate,
            )  # fmt: skip
            if order.campaign_id in below:
                found["order_count"] += 1
                found["won_revenue"] += amount
                product = self.product.with_company(order.company_id)
                goods = product.standard_price * order.order_line.product_uom_qty
                found["goods_cost"] += self._money(
                    campaign, order.company_id, day, goods
                )
            first, last = self._touching(order)
            found["first_touch_revenue"] += amount if first in below else 0
            found["last_touch_revenue"] += amount if last in below else 0
        found["new_customer_count"] = len(self._first_ones(campaign, below))
        for move in self._ours("account.move"):
            if (
                move.campaign_id in below
                and move.state == "posted"
                and move.move_type in ("out_invoice", "out_refund")
                and self._counts(campaign, move)
            ):
                found["invoiced"] += self._money(
                    campaign, move.company_id, move.date, move.amount_untaxed_signed
                )
        for cost in self._ours("crm.campaign.cost").filtered(
            lambda cost: cost.campaign_id in below
        ):
            name = "cost_total" if cost.state == "real" else "cost_planned"
            found[name] += self._money(
                campaign, cost.company_id, cost.date, cost.amount_company
            )
        for lead in self._ours("crm.lead"):
            if (
                lead.campaign_id in below
                and lead.type == "opportunity"
                and self._counts(campaign, lead)
            ):
                found["opportunity_count"] += 1
                found["won_count"] += lead.won_status == "won"
        found["gestion_count"] = sum(
            gestion.campaign_id in below and self._counts(campaign, gestion)
            for gestion in self._ours("crm.gestion")
        )
        members = self.env["crm.campaign.member"].search(
            [
                ("campaign_id", "in", below.ids),
                ("state", "!=", "planned"),
            ]
        )
        found["reached_count"] = len(members.partner_id)
        members = members.filtered(lambda member: member.state == "answered")
        found["answer_count"] = len(members.partner_id)
        return found

    def _first_ones(self, campaign, below):
        firsts = {}
        orders = self._ours("sale.order").filtered(lambda o: o.state == "sale")
        for order in orders.sorted(lambda o: (o.date_order, o.id)):
            account = order.partner_id.commercial_partner_id
            firsts.setdefault((account, order.company_id), order)
        return [
            order for order in firsts.values()
            if order.campaign_id in below and self._counts(campaign, order)
        ]  # fmt: skip

    def _all_touches(self):
        """:return: list of account, campaign, company, moment"""
        touches = [
            (member.partner_id, member.campaign_id, None, member.contact_date)
            for member in self.env["crm.campaign.member"].search([])
            if member.contact_date
        ]
        for gestion in self._ours("crm.gestion"):
            who = gestion.organization_id or gestion.contact_id
            touches.append((who, gestion.campaign_id, gestion.company_id, gestion.date))
        for lead in self._ours("crm.lead"):
            if lead.type == "opportunity":
                who = lead.organization_id or lead.partner_id
                touches.append(
                    (
                        who,
                        lead.campaign_id,
                        lead.company_id,
                        lead.create_date,
                    )
                )
        for order in self._ours("sale.order"):
            moment = min(order.create_date, order.date_order)
            touches.append(
                (
                    order.partner_id,
                    order.campaign_id,
                    order.company_id,
                    moment,
                )
            )
        return [
            (who.commercial_partner_id, campaign, company, moment)
            for who, campaign, company, moment in touches
            if campaign
        ]

    @cache  # noqa: B019 - as long as the test
    def _touching(self, order):
        """:return: campaigns of the first and of the last touch of an order"""
        touches = [
            (moment, campaign.id, campaign)
            for account, campaign, company, moment in self.touches
            if account == order.partner_id.commercial_partner_id
            and order.date_order - timedelta(days=365) <= moment <= order.date_order
            and company in (None, order.company_id)
            and campaign.company_id in (campaign.company_id.browse(), order.company_id)
        ]
        if not touches:
            return None, None
        latest = max(moment for moment, _id, _campaign in touches)
        last = min(t for t in touches if t[0] == latest)
        return min(touches)[2], last[2]

    def test_campaigns(self):
        self.touches = self._all_touches()
        seen = defaultdict(int)
        campaigns = self.campaigns.with_user(self.director).with_context(
            allowed_company_ids=self.companies.ids
        )
        self.assertTrue(all(campaigns.mapped("crm_may_see_money")))
        for campaign in campaigns:
            expected = self._count_campaign(self.campaigns.browse(campaign.id))
            for name in FIGURES:
                seen[name] += bool(expected[name])
                with self.subTest(campaign=campaign.title, figure=name):
                    self.assertAlmostEqual(campaign[name], expected[name], 1)
        self.assertEqual(len(seen), len(FIGURES))
        self.assertGreater(min(seen.values()), 2)
