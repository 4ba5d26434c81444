# ruff: noqa: B023 - what a loop filters by is asked within its turn
from collections import defaultdict
from datetime import date, datetime, timedelta
from random import Random
from types import SimpleNamespace

from freezegun import freeze_time
from pytz import timezone, utc

from odoo.fields import Command
from odoo.tests import tagged

from .test_crm_dashboard import DashboardCommon

# A Monday in Madrid, and still a Sunday in New York.
NOW = datetime(2026, 11, 22, 23, 30)
START = datetime(2026, 1, 4, 23, 30)
LOST = ("rejected", "unqualified")


@tagged("post_install", "-at_install")
class TestDashboardWorld(DashboardCommon):
    """A year of a small sales force made at random, always the same one: two companies
    with a currency and a time zone each, nested teams, and all that may happen to an
    opportunity, by the models' own methods on its day. What was seen on each Monday and
    every figure of today is counted a second time, record by record in Python."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.random = Random(7)
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.company, cls.other = cls._make_companies()
        cls.companies = cls.company | cls.other
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.companies.ids}
        )
        cls.newbie = cls._make_user("newbie", "crm_gestion.group_seller")
        cls.near = cls._make_team("Near", cls.head, cls.newbie)
        cls.near.parent_id = cls.north
        (cls.north | cls.near | cls.south).company_id = False
        users = cls.seller | cls.colleague | cls.stranger | cls.head | cls.director
        users |= cls.newbie
        users.write(
            {
                "company_ids": [Command.set(cls.companies.ids)],
                "company_id": cls.company.id,
            }
        )
        cls.people = (users - cls.director).with_env(cls.env)
        cls.teams = (cls.north | cls.near | cls.south).with_env(cls.env)
        cls.product = cls._make_product().with_env(cls.env)
        cls.Lead = cls.env["crm.lead"].with_context(active_test=False)
        cls.Closure = cls.env["crm.opportunity.closure"]
        cls.timeline = defaultdict(list)
        with freeze_time(START) as clock:
            cls.clock = clock
            cls._live()
        cls.env.flush_all()
        cls.env.invalidate_all()

    @classmethod
    def _make_companies(cls):
        euro, dollar = cls.env.ref("base.EUR"), cls.env.ref("base.USD")
        (euro | dollar).active = True
        for name, currency, tz in (
            ("Madrid", euro, "Europe/Madrid"),
            ("New York", dollar, "America/New_York"),
        ):
            company = cls.env["res.company"].create(
                {"name": name, "currency_id": currency.id}
            )
            company.resource_calendar_id.tz = tz
            cls.env.user.company_ids |= company
            other = dollar if currency == euro else euro
            cls.env["res.currency.rate"].create(
                [
                    {
                        "name": day,
                        "rate": 2.0 if other == dollar else 0.5,
                        "currency_id": other.id,
                        "company_id": company.id,
                    }
                    for day in ("2025-01-01",)
                ]
            )
            yield company

    # === A YEAR === #

    @classmethod
    def _live(cls):
        """What happens, each thing on its day; days begin at the midnight of both
        companies as often as not."""
        cls.customers = cls.env["res.partner"].create(
            [{"name": f"Company {n}", "is_company": True} for n in range(6)]
        )
        cls.originations = cls.env["crm.origination"].search([], limit=4)
        deeds = [
            cls._create, cls._create, cls._create, cls._enquire, cls._convert,
            cls._move, cls._move, cls._move, cls._pause, cls._postpone, cls._lose,
            cls._lose_natively, cls._resume, cls._win, cls._order, cls._cancel,
            cls._amount, cls._amount, cls._deadline, cls._deadline, cls._reassign,
            cls._archive, cls._unarchive, cls._merge, cls._gestion, cls._gestion,
            cls._born, cls._plan,
        ]  # fmt: skip
        moment = START
        while moment < NOW:
            moment += timedelta(minutes=cls.random.randrange(20, 34 * 60))
            if cls.random.random() < 0.4:
                tz = cls.random.choice(("Europe/Madrid", "America/New_York"))
                moment = cls._midnight(moment, tz) + timedelta(
                    seconds=cls.random.choice((-1, 0, 0, 1))
                )
            if moment >= NOW:
                break
            if moment <= cls.clock().replace(microsecond=0):
                continue
            cls.clock.move_to(moment)
            count = len(cls.Lead.search([("type", "=", "opportunity")]))
            deed = cls.random.choice(deeds)
            if count < 6 or (deed == cls._create and count < 70):
                cls._create()
            else:
                deed()
            if cls.random.random() < 0.2:
                cls._wake_up()
            cls._look(moment)
        cls.clock.move_to(NOW)
        cls._wake_up()
        cls._look(NOW)
        cls._settle()

    @classmethod
    def _settle(cls):
        cls.stranger.active = False

    @classmethod
    def _wake_up(cls):
        """What the cron does, which commits."""
        today = cls.clock().date()
        due = [("closure_kind", "=", "standby"), ("standby_until", "<=", today)]
        if leads := cls.Lead.search(due):
            cls.env["crm.opportunity.standby"]._wake(leads)

    @classmethod
    def _midnight(cls, moment, tz):
        zone = timezone(tz)
        local = utc.localize(moment).astimezone(zone)
        day = datetime.combine(local.date() + timedelta(days=1), datetime.min.time())
        return zone.localize(day).astimezone(utc).replace(tzinfo=None)

    @classmethod
    def _any(cls, records, none=0.0):
        if not records or cls.random.random() < none:
            return records.browse()
        return records[cls.random.randrange(len(records))]

    @classmethod
    def _state(cls, lead):
        if lead.type != "opportunity":
            return "enquiry"
        if lead.won_status == "won":
            return "won"
        if lead.won_status == "lost":
            reason = lead.lost_reason_id.closure_kind
            return "unqualified" if reason == "unqualified" else "rejected"
        if lead.active:
            return "open"
        return "standby" if lead.closure_kind == "standby" else "archived"

    @classmethod
    def _look(cls, moment):
        """Write down how each opportunity is now, where that is new."""
        leads = cls.Lead.search([])
        for lead in leads:
            now = (cls._state(lead), lead.expected_revenue)
            known = cls.timeline[lead.id]
            closed = lead.closure_ids.filtered(lambda row: not row.reopen_date)
            now += (closed.date if closed else False,)
            if not known or known[-1][1:] != now:
                known.append((moment, *now))

    @classmethod
    def _of(cls, *states):
        leads = cls.Lead.search([], order="id")
        return cls._any(leads.filtered(lambda lead: cls._state(lead) in states))

    @classmethod
    def _create(cls, **values):
        user = cls._any(cls.people)
        lead = cls._make_lead(
            user,
            name=f"Sale {cls.random.random():.6f}",
            company_id=cls._any(cls.companies).id,
            team_id=cls._any(cls.teams, none=0.2).id,
            partner_id=cls._any(cls.customers).id,
            origination_id=cls._any(cls.originations, none=0.2).id,
            expected_revenue=cls.random.randrange(1, 45000) / 50,
            date_deadline=cls.random.choice((False, cls._later())),
            **values,
        )
        cls._made_now(lead)

    @classmethod
    def _made_now(cls, lead, column="create_date"):
        lead.flush_recordset()
        cls.env.cr.execute(
            f"UPDATE crm_lead SET {column} = %s WHERE id = ANY(%s)",
            [cls.clock(), lead.ids],
        )
        lead.invalidate_recordset([column])

    @classmethod
    def _later(cls):
        return cls.clock().date() + timedelta(days=cls.random.randrange(-10, 90))

    @classmethod
    def _enquire(cls):
        cls._create(type="lead")

    @classmethod
    def _convert(cls):
        lead = cls._of("enquiry")
        if lead.active and lead:
            lead.convert_opportunity(cls._any(cls.customers))
            cls._made_now(lead, "date_conversion")

    @classmethod
    def _waived(cls, lead):
        return cls.env["crm.stage"]._waive_gates(lead)

    @classmethod
    def _move(cls):
        if lead := cls._of("open"):
            stage = cls._any(cls.method - cls.sales_order)
            cls._waived(lead).write({"stage_id": stage.id})

    @classmethod
    def _pause(cls):
        if lead := cls._of("open"):
            cls.Closure._close(lead, "standby", wake_date=cls._wake())

    @classmethod
    def _wake(cls):
        return cls.clock().date() + timedelta(days=cls.random.randrange(3, 60))

    @classmethod
    def _postpone(cls):
        if lead := cls._of("standby"):
            wake = cls._wake()
            if wake != lead.standby_until:
                cls.Closure._close(lead, "standby", wake_date=wake)

    @classmethod
    def _lose(cls):
        if lead := cls._of("open", "open", "standby"):
            kind = cls.random.choice(LOST)
            reason = {"rejected": cls.price, "unqualified": cls.too_small}[kind]
            cls.Closure._close(lead, kind, reason)

    @classmethod
    def _lose_natively(cls):
        if lead := cls._of("open", "open", cls.random.choice(("open", "archived"))):
            reason = cls.random.choice((cls.price, cls.too_small, cls.price.browse()))
            lead.action_set_lost(lost_reason_id=reason.id)

    @classmethod
    def _resume(cls):
        if lead := cls._of("standby", *LOST):
            if cls.random.random() < 0.5:
                lead.action_crm_resume()
            else:
                lead.action_restore()

    @classmethod
    def _win(cls):
        if lead := cls._of("open", "won"):
            if lead.won_status == "won":
                # taken up again, to be won twice
                cls._waived(lead).write({"stage_id": cls.negotiate.id})
            else:
                cls._waived(lead).write({"stage_id": cls.sales_order.id})

    @classmethod
    def _order(cls):
        lead = cls._of("open", "open", "standby", "won", "rejected")
        if not lead:
            return
        company = lead.company_id or cls.company
        order = (
            cls.env["sale.order"]
            .with_company(company)
            .create(
                {
                    "partner_id": (lead.partner_id or cls.customers[0]).id,
                    "user_id": lead.user_id.id,
                    "company_id": company.id,
                    "opportunity_id": lead.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": cls.product.id,
                                "price_unit": cls.random.randrange(1, 49999) / 50,
                                "tax_ids": False,
                            }
                        )
                    ],
                }
            )
        )
        order.action_confirm()

    @classmethod
    def _cancel(cls):
        orders = cls.env["sale.order"].search([("state", "=", "sale")], order="id")
        orders = orders.filtered("opportunity_id")
        if order := cls._any(orders):
            order.with_context(disable_cancel_warning=True).action_cancel()

    @classmethod
    def _amount(cls):
        if lead := cls._of("open", "open", "standby", "won", "rejected"):
            lead.expected_revenue = cls.random.randrange(45000) / 50

    @classmethod
    def _deadline(cls):
        if lead := cls._of("open"):
            lead.date_deadline = cls._later()

    @classmethod
    def _reassign(cls):
        if lead := cls._of("open", "standby", "won", *LOST):
            lead.write({"user_id": cls._any(cls.people, none=0.1).id})

    @classmethod
    def _archive(cls):
        if lead := cls._of("open", "open", "won"):
            if lead.won_status == "pending":
                lead.probability = 30.0  # without any it would count as lost
            lead.action_archive()

    @classmethod
    def _unarchive(cls):
        lead = cls._of("archived")
        if lead and cls.random.random() < 0.3:
            lead.action_unarchive()

    @classmethod
    def _merge(cls):
        first, second = cls._of("open", "standby"), cls._of("open", *LOST)
        pair = first | second
        if len(pair) == 2 and len(pair.company_id) == 1:
            pair.merge_opportunity()

    @classmethod
    def _gestion(cls, **values):
        lead = cls._of("open", "won")
        if lead:
            return cls._make_gestion(
                cls._any(cls.people),
                lead_id=lead.id,
                organization_id=lead.organization_id.id or cls.customers[0].id,
                company_id=(lead.company_id or cls.company).id,
                date=cls.clock(),
                result_id=cls.random.choice(
                    (
                        cls.interest.id,
                        False,
                        cls.env.ref("crm_gestion.result_informed").id,
                    )
                ),
                **values,
            )

    @classmethod
    def _born(cls):
        gestion = cls._gestion()
        if gestion:
            action = gestion.action_create_opportunity()
            lead = cls.Lead.browse(action["res_id"])
            lead.expected_revenue = 10
            cls._made_now(lead)

    @classmethod
    def _plan(cls):
        if lead := cls._of("open"):
            lead.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=cls._later(),
                user_id=cls.director.id,
            )

    # === WHAT WAS SEEN === #

    def _at(self, lead, moment):
        """:return: state, amount and moment of its closure, as they were just before a
        moment"""
        found = ("none", 0.0, False)
        for when, *state in self.timeline[lead.id]:
            if when < moment:
                found = tuple(state)
        return found

    def _was_open(self, lead, moment):
        """What is known today: archived by hand and back is as if it had never been
        away."""
        state = self._at(lead, moment)[0]
        if state != "archived":
            return state == "open"
        later = [entry[1] for entry in self.timeline[lead.id] if entry[0] >= moment]
        return any(state != "archived" for state in later)

    def _entered(self, lead):
        return lead.date_conversion or lead.create_date

    def _worth(self, lead, amount, company):
        own = lead.company_id or company
        return own.currency_id._convert(
            amount, company.currency_id, company, date(2026, 11, 20), round=False
        )

    def _seen(self, leads, since, until, company):
        """:return: dict label -> (number, amount), as somebody would have counted"""
        found = defaultdict(lambda: [0, 0.0])

        def add(label, lead, amount):
            found[label][0] += 1
            found[label][1] += self._worth(lead, amount, company)

        net = 0.0
        for lead in leads:
            first, last = self._at(lead, since), self._at(lead, until)
            was, stays = self._was_open(lead, since), self._was_open(lead, until)
            if was:
                add("Pipeline at the Start", lead, first[1])
                net += self._worth(lead, last[1] - first[1], company)
            if stays:
                add("Pipeline at the End", lead, last[1])
            ended = None if stays else self._ending(first, last, was, since)
            new = since <= self._entered(lead) < until
            if new and (stays or ended):
                add("+ New", lead, last[1])
            old = self._entered(lead) < since
            if old and not was and (stays or ended):
                add("+ Resumed", lead, last[1])
            labels = {
                "won": "- Won", "rejected": "- Lost", "unqualified": "- Lost",
                "standby": "- Standby", "archived": "- Archived by Hand",
            }  # fmt: skip
            if ended:
                add(labels[ended], lead, last[1])
        return found, net

    def _movement(self, company, **filters):
        """:return: what was asked, and dict label -> (number, amount)"""
        Page = self._page("director", self.director, company)
        asked = Page._asked(Page._heard(filters))
        sections = Page.env["crm.dashboard.movement"]._sections(asked)
        table = sections[0]
        rows = [*table["rows"], table["total"]] if table["rows"] else []
        found = {
            row["label"]: tuple(cell["value"] for cell in row["cells"]) for row in rows
        }
        return asked, found

    def _page(self, page, user, company):
        """:return: a dashboard, for somebody who looks at it from a company"""
        companies = [company.id, *(self.companies - company).ids]
        Page = self.env[f"crm.dashboard.{page}"].with_user(user)
        return Page.with_context(allowed_company_ids=companies)

    def test_every_monday(self):
        leads = self.Lead.search([("type", "=", "opportunity")])
        seen = defaultdict(int)
        with freeze_time(NOW):
            for company in self.companies:
                today = company._crm_today()
                monday = date(2026, 1, 12)
                while monday < today:
                    # the week, and every month the month
                    for days in (7, 28)[: 2 - bool(monday.day > 7)]:
                        last = monday + timedelta(days=days - 1)
                        if last < today:
                            self._check_window(monday, last, leads, company, seen)
                    monday += timedelta(days=7)
                asked, found = self._movement(company)
                monday = today - timedelta(days=today.weekday() + 7)
                since, until = self._bounds(company._crm_tz(), monday, today)
                asked = asked._replace(start=since, end=until)
                self._compare(asked, found, leads, company, seen)
        self.assertEqual(len(seen), 8)
        self.assertTrue(all(seen.values()), dict(seen))

    def _ending(self, first, last, was, since):
        """:return: how it ended since then; None where it did not"""
        state, _amount, closed = last
        if state == "archived":
            return state if was or first[0] != "archived" else None
        if state == "standby" == first[0]:
            return None
        return state if closed and closed >= since else None

    def _check_window(self, first, last, leads, company, seen):
        period = {
            "period": "custom",
            "date_from": first.isoformat(),
            "date_to": last.isoformat(),
        }
        asked, found = self._movement(company, **period)
        with self.subTest(company=company.name, **period):
            self._compare(asked, found, leads, company, seen)

    def _compare(self, asked, found, leads, company, seen):
        expected, net = self._seen(leads, asked.start, asked.end, company)
        if not found:
            self.assertFalse(expected)
            return
        for label, (number, amount) in found.items():
            if label in ("+ Increases", "- Decreases"):
                continue
            seen[label] += bool(number)
            self.assertEqual(number, expected[label][0], label)
            self.assertAlmostEqual(amount, expected[label][1], 1, label)
        self.assertAlmostEqual(
            found["+ Increases"][1] - found["- Decreases"][1], net, 1
        )

    # === FIGURES OF THE DASHBOARDS === #

    def _period(self, data, company):
        zone = company._crm_tz()
        days = [
            date.fromisoformat(data["filters"][name])
            for name in ("date_from", "date_to")
        ]
        return self._bounds(zone, *days), days

    def _bounds(self, zone, first, last):
        return [
            zone.localize(datetime.combine(day, datetime.min.time()))
            .astimezone(utc)
            .replace(tzinfo=None)
            for day in (first, last + timedelta(days=1))
        ]

    def _money(self, records, name, company):
        return sum(self._worth(lead, lead[name], company) for lead in records)

    def _values(self, row):
        return [cell["value"] for cell in row["cells"]]

    def _same(self, found, expected, name=None):
        self.assertEqual(len(found), len(expected), (name, found, expected))
        for one, other in zip(found, expected, strict=True):
            if isinstance(other, float):
                self.assertAlmostEqual(one, other, 1, (name, found, expected))
            else:
                self.assertEqual(one, other, (name, found, expected))

    def _check_page(self, user, page, people, company, **filters):
        """
        :param people: whose figures these are, None for everybody
        """
        data = self._page(page, user, company).get_data(filters)
        sections = {section["key"]: section for section in data["sections"]}
        (start, end), days = self._period(data, company)
        leads = self.Lead.search([("type", "=", "opportunity")])
        if people is not None:
            leads = leads.filtered(lambda lead: lead.user_id in people)
        world = SimpleNamespace(
            leads=leads,
            open=leads.filtered(lambda lead: self._state(lead) == "open"),
            start=start,
            end=end,
            days=days,
            company=company,
            people=people,
            today=company._crm_today(),
        )
        for key, section in sections.items():
            check = getattr(self, f"_check_{key}", None)
            if check:
                self.checked[key] += 1
                with self.subTest(page=page, key=key, user=user.name, **filters):
                    check(section, world)

    def _check_pipeline(self, section, world):
        self._same(
            [figure["value"] for figure in section["figures"]],
            [
                len(world.open),
                self._money(world.open, "expected_revenue", world.company),
                float(
                    sum(
                        self._worth(
                            lead,
                            lead.expected_revenue * lead.probability / 100,
                            world.company,
                        )
                        for lead in world.open
                    )
                ),
            ],
        )

    def _by_stage(self, world):
        stages = world.open.stage_id.sorted(lambda stage: (stage.sequence, stage.id))
        return [
            (s, world.open.filtered(lambda lead: lead.stage_id == s)) for s in stages
        ]

    def _check_stages(self, section, world):
        found = [point["value"] for point in section["series"][0]["points"]]
        stages = self._by_stage(world)
        self.assertEqual(section["labels"], [stage.name for stage, _l in stages])
        self._same(found, [len(leads) for _stage, leads in stages])

    def _check_stage_amounts(self, section, world):
        for series, name in zip(
            section["series"], ("expected_revenue", "prorated_revenue"), strict=True
        ):
            self._same(
                [point["value"] for point in series["points"]],
                [
                    float(self._money(leads, name, world.company))
                    for _stage, leads in self._by_stage(world)
                ],
            )

    def _decided(self, leads, start, end):
        won, lost = (
            leads.filtered(
                lambda lead: (
                    self._state(lead) in states and start <= lead.date_closed < end
                )
            )
            for states in (("won",), LOST)
        )
        return won, lost

    def _check_conversion(self, section, world):
        won, lost = self._decided(world.leads, world.start, world.end)
        days = [
            (lead.date_closed - lead.create_date) / timedelta(days=1) for lead in won
        ]
        paused = world.leads.closure_ids.filtered(
            lambda row: row.kind == "standby" and world.start <= row.date < world.end
        ).lead_id
        decided = len(won) + len(lost)
        self._same(
            [figure["value"] for figure in section["figures"]],
            [
                len(won),
                float(self._money(won, "expected_revenue", world.company)),
                len(lost),
                len(won) / decided if decided else None,
                sum(days) / len(days) if days else None,
                len(paused),
            ],
        )

    def _check_sellers(self, section, world):
        rows = {row["label"]: self._values(row) for row in section["rows"]}
        if section["total"]:
            rows["Total"] = self._values(section["total"])
        for label, values in rows.items():
            whose = world.people.filtered(lambda u: label in (u.name, "Total"))
            leads = world.leads.filtered(lambda lead: lead.user_id in whose)
            is_open = world.open & leads
            won, lost = self._decided(leads, world.start, world.end)
            decided = len(won) + len(lost)
            gestiones = (
                self.env["crm.gestion"]
                .search([])
                .filtered(
                    lambda g: g.user_id in whose and world.start <= g.date < world.end
                )
            )
            self._same(
                values[:9],
                [
                    len(is_open),
                    float(self._money(is_open, "expected_revenue", world.company)),
                    float(self._money(is_open, "prorated_revenue", world.company)),
                    len(won),
                    float(self._money(won, "expected_revenue", world.company)),
                    len(won) / decided if decided else None,
                    len(gestiones),
                    len(self._planned(is_open, world, "overdue")),
                    len(self._planned(is_open, world, "none")),
                ],
                label,
            )

    def _planned(self, leads, world, when):
        def fits(lead):
            days = lead.activity_ids.mapped("date_deadline")
            if not days:
                return when == "none"
            day, today = min(days), world.today
            sunday = today + timedelta(days=6 - today.weekday())
            return {
                "none": False,
                "overdue": day < today,
                "today": day == today,
                "week": today < day <= sunday,
                "soon": today <= day < today + timedelta(days=7),
            }[when]

        return leads.filtered(fits)

    def _check_steps(self, section, world):
        self._same(
            [figure["value"] for figure in section["figures"]],
            [
                len(self._planned(world.open, world, when))
                for when in ("overdue", "today", "week", "none")
            ],
        )

    def _check_workload(self, section, world):
        for place, label in enumerate(section["labels"]):
            own = world.open.filtered(lambda lead: lead.user_id.name == label)
            accounts = self.env["res.partner"].search(
                [
                    ("user_id.name", "=", label),
                    ("account_status", "!=", False),
                ]
            )
            accounts = accounts.filtered(lambda p: p.is_company or not p.parent_id)
            self._same(
                [series["points"][place]["value"] for series in section["series"]],
                [len(own), len(self._planned(own, world, "soon")), len(accounts)],
                label,
            )

    def _check_without_step(self, section, world):
        self.assertEqual(
            dict(
                zip(
                    section["labels"],
                    [point["value"] for point in section["series"][0]["points"]],
                    strict=True,
                )
            ),
            {
                user.name: len(found)
                for user in world.people
                if (
                    found := self._planned(
                        world.open.filtered(lambda lead: lead.user_id == user),
                        world,
                        "none",
                    )
                )
            },
        )

    def _check_closures(self, section, world):
        expected = defaultdict(lambda: [0, 0.0])
        rows = self.env["crm.opportunity.closure"].search([])
        for row in rows:
            if row.lead_id in world.leads and world.start <= row.date < world.end:
                kinds = dict(row._fields["kind"]._description_selection(self.env))
                for key in (
                    (kinds[row.kind], row.lost_reason_id.name or ""),
                    ("Total", ""),
                ):
                    expected[key][0] += 1
                    expected[key][1] += row.currency_id._convert(
                        row.expected_revenue, world.company.currency_id, world.company,
                        world.today, round=False,
                    )  # fmt: skip
        found = [*section["rows"], *filter(None, [section["total"]])]
        self.assertEqual(len(found), len(expected))
        for row in found:
            reason, *values = self._values(row)
            self._same(values, expected[row["label"], reason], row["label"])

    def _check_late(self, section, world):
        late = world.open.filtered(
            lambda lead: lead.date_deadline and lead.date_deadline < world.today
        )
        for row in [*section["rows"], *filter(None, [section["total"]])]:
            own = late.filtered(
                lambda lead: row["label"] in (lead.user_id.name, "Total")
            )
            self._same(
                self._values(row),
                [len(own), float(self._money(own, "expected_revenue", world.company))],
            )

    def _check_pushed(self, section, world):
        pushed = world.open.filtered(
            lambda lead: (
                len(
                    lead.forecast_log_ids.filtered(
                        lambda log: log.field == "date_deadline" and log.change > 0
                    )
                )
                >= 3
            )
        )
        count = section["drill"] and section["drill"]["count"]
        self.assertEqual(count or 0, len(pushed))

    def _check_standby_figures(self, section, world):
        paused = world.leads.filtered(lambda lead: self._state(lead) == "standby")
        soon = world.today + timedelta(days=14)
        coming = paused.filtered(lambda lead: world.today <= lead.standby_until <= soon)
        late = paused.filtered(lambda lead: lead.standby_until < world.today)
        self._same(
            [figure["value"] for figure in section["figures"]],
            [
                len(coming),
                float(self._money(coming, "expected_revenue", world.company)),
                len(late),
                float(self._money(late, "expected_revenue", world.company)),
            ],
        )

    def _check_skipped(self, section, world):
        rows = self.env["crm.opportunity.stage"].search([])
        rows = rows.filtered(
            lambda row: (
                row.skipped_count
                and world.start <= row.date_in < world.end
                and (world.people is None or row.user_id in world.people)
            )
        )
        for line in [*section["rows"], *filter(None, [section["total"]])]:
            own = rows.filtered(
                lambda row: (
                    line["label"] in ("Total", row.user_id.display_name or "Nobody")
                )
            )
            self._same(
                self._values(line),
                [
                    len(own),
                    sum(own.mapped("skipped_count")),
                    len(own.filtered(lambda row: row.move == "won")),
                ],
            )
        self.assertEqual(bool(section["rows"]), bool(rows))

    def _check_left(self, section, world):
        own = world.open.filtered(lambda lead: lead.user_id and not lead.user_id.active)
        found = [section["total"]] if section["total"] else []
        self.assertEqual(bool(found), bool(own))
        for row in found:
            self._same(
                self._values(row),
                [len(own), float(self._money(own, "expected_revenue", world.company))],
            )

    def _check_forecast(self, section, world):
        first = world.today.replace(day=1)
        for place, row in enumerate(section["rows"]):
            month = (first.month - 1 + place) % 12 + 1
            year = first.year + (first.month - 1 + place) // 12
            day = date(year, month, 1)
            after = date(year + month // 12, month % 12 + 1, 1)
            bounds = self._bounds(
                world.company._crm_tz(), day, after - timedelta(days=1)
            )
            won, _lost = self._decided(world.leads, *bounds)
            due = world.open.filtered(
                lambda lead: lead.date_deadline and day <= lead.date_deadline < after
            )
            self._same(
                self._values(row)[:3],
                [
                    float(self._money(won, "expected_revenue", world.company)),
                    float(self._money(due, "prorated_revenue", world.company)),
                    float(self._money(due, "expected_revenue", world.company)),
                ],
            )

    def _check_origination(self, section, world):
        months = world.days[0].replace(day=1)
        last = world.days[1]

        def there(moment, company):
            zone = (company or world.company)._crm_tz()
            local = utc.localize(moment).astimezone(zone).date()
            return months <= local.replace(day=1) <= last

        names = {row["label"] for row in section["rows"]}
        for row in [*section["rows"], *filter(None, [section["total"]])]:
            own = world.leads.filtered(
                lambda lead: (
                    row["label"]
                    in (
                        "Total",
                        lead.origination_id.display_name or "Without origination",
                    )
                )
            )
            new = own.filtered(lambda lead: there(lead.create_date, lead.company_id))
            won = own.filtered(
                lambda lead: (
                    self._state(lead) == "won"
                    and there(lead.date_closed, lead.company_id)
                )
            )
            lost = own.filtered(
                lambda lead: (
                    self._state(lead) in LOST
                    and there(lead.date_closed, lead.company_id)
                )
            )
            orders = self.env["sale.order"].search([("state", "=", "sale")])
            orders = orders.filtered(
                lambda o: o.opportunity_id in own and there(o.date_order, o.company_id)
            )
            revenue = sum(
                o.company_id.currency_id._convert(
                    o.company_id.currency_id.round(o.amount_untaxed / o.currency_rate),
                    world.company.currency_id, world.company, world.today, round=False,
                )
                for o in orders
            )  # fmt: skip
            decided = len(won) + len(lost)
            self._same(
                self._values(row)[:4],
                [
                    len(new),
                    len(won),
                    len(won) / decided if decided else None,
                    float(revenue),
                ],
                (row["label"], names),
            )

    def test_dashboards(self):
        self.checked = defaultdict(int)
        mine = self.head | self.seller | self.colleague | self.newbie
        periods = [
            {},
            {"period": "last_month"},
            {"period": "year"},
            {"period": "custom", "date_from": "2026-05-01", "date_to": "2026-07-31"},
        ]
        with freeze_time(NOW):
            for company in self.companies:
                for period in periods if company == self.company else periods[-1:]:
                    for user in (self.seller, self.colleague):
                        self._check_page(user, "seller", user, company, **period)
                    self._check_page(self.head, "head", mine, company, **period)
                    self._check_page(
                        self.head, "head", self.newbie, company,
                        team_id=self.near.id, **period,
                    )  # fmt: skip
                    self._check_page(
                        self.head, "head", self.seller, company,
                        user_id=self.seller.id, **period,
                    )  # fmt: skip
                    self._check_page(self.director, "director", None, company, **period)
                    self._check_page(
                        self.director, "director", self.stranger, company,
                        team_id=self.south.id, **period,
                    )  # fmt: skip
            for user, page in (
                (self.seller, "seller"), (self.head, "head"),
                (self.director, "director"),
            ):  # fmt: skip
                self.env.flush_all()
                data = (
                    self.env[f"crm.dashboard.{page}"]
                    .with_user(user)
                    .get_data({"period": "year"})
                )
                self.assertDrills(user, data)
        self.assertEqual(len(self.checked), 16)

    # === FIGURES OF THE REPORTS === #

    def _grouped(self, model, keys, sums, averages):
        """:return: dict key -> dict of measures, as the director reads it"""
        Report = (
            self.env[model]
            .with_user(self.director)
            .with_context(tz="Europe/Madrid", allowed_company_ids=self.companies.ids)
        )
        for key in keys:
            rows = Report._read_group(
                [],
                [key] if key else [],
                [
                    "__count",
                    *(f"{name}:sum" for name in sums),
                    *(f"{name}:avg" for name in averages),
                ],
            )
            for row in rows:
                place, values = (row[0], row[1:]) if key else (None, row)
                yield (
                    key,
                    place,
                    dict(zip(("__count", *sums, *averages), values, strict=True)),
                )

    def _check_report(self, model, records, keys, facts, averages, ratios):
        """
        :param keys: dict grouping -> function of a record
        :param facts: dict measure -> function of a record
        :param averages: dict measure -> function of a record, None for none
        :param ratios: dict measure -> pair of names of facts
        """
        self.env.flush_all()
        found = list(self._grouped(model, keys, facts, {**averages, **ratios}))
        for key, place, values in found:
            name = getattr(place, "id", place)
            own = records.filtered(lambda record: not key or keys[key](record) == name)
            with self.subTest(model=model, key=key, place=name):
                self.assertEqual(values["__count"], len(own))
                expected = {}
                for measure, fact in facts.items():
                    expected[measure] = sum(map(fact, own))
                for measure, fact in averages.items():
                    known = [v for v in map(fact, own) if v is not None]
                    expected[measure] = sum(known) / len(known) if known else None
                for measure, (part, whole) in ratios.items():
                    whole = expected[whole]
                    expected[measure] = expected[part] / whole if whole else 0
                for measure, value in expected.items():
                    if value is None:
                        self.assertFalse(values[measure], measure)
                    else:
                        self.assertAlmostEqual(values[measure], value, 2, measure)
        for key, function in keys.items():
            if key:
                self.assertEqual(
                    len([1 for k, _p, _v in found if k == key]),
                    len(set(map(function, records))),
                    key,
                )

    def _month(self, moment):
        local = utc.localize(moment).astimezone(timezone("Europe/Madrid"))
        return datetime(local.year, local.month, 1)

    def _sold(self, lead, company):
        return sum(
            o.company_id.currency_id.round(o.amount_untaxed / o.currency_rate)
            for o in lead.order_ids
            if o.state == "sale" and o.company_id == company
        )

    def test_opportunity_report(self):
        leads = self.Lead.search([("type", "=", "opportunity")])
        self.env.cr.execute("SELECT now() AT TIME ZONE 'UTC'")
        [now] = self.env.cr.fetchone()

        def is_in(*states):
            return lambda lead: int(self._state(lead) in states)

        def amount(*states):
            return lambda lead: (
                lead.expected_revenue if self._state(lead) in states else 0
            )

        def days(lead, *states):
            if self._state(lead) not in states:
                return None
            end = now if states == ("open",) else lead.date_closed
            return (end - lead.create_date) / timedelta(days=1)

        self._check_report(
            "crm.opportunity.report",
            leads,
            {
                None: None,
                "user_id": lambda lead: lead.user_id.id,
                "team_id": lambda lead: lead.team_id.id,
                "company_id": lambda lead: lead.company_id.id,
                "stage_id": lambda lead: lead.stage_id.id,
                "origination_id": lambda lead: lead.origination_id.id,
                "status": self._state,
                "lead_create_date:month": lambda lead: self._month(lead.create_date),
            },
            {
                "open_count": is_in("open"),
                "won": is_in("won"),
                "standby": is_in("standby"),
                "rejected": is_in("rejected"),
                "unqualified": is_in("unqualified"),
                "decided": is_in("won", *LOST),
                "expected_revenue": lambda lead: lead.expected_revenue,
                "prorated_revenue": lambda lead: round(
                    lead.expected_revenue * lead.probability / 100, 2
                ),
                "won_amount": amount("won"),
                "lost_amount": amount(*LOST),
                "standby_amount": amount("standby"),
                "order_amount": lambda lead: self._sold(
                    lead, lead.company_id or self.company
                ),
                "push_count": lambda lead: len(
                    lead.forecast_log_ids.filtered(
                        lambda log: log.field == "date_deadline" and log.change > 0
                    )
                ),
            },
            {
                "days_to_win": lambda lead: days(lead, "won"),
                "days_to_lose": lambda lead: days(lead, *LOST),
                "days_open": lambda lead: days(lead, "open"),
            },
            {"conversion": ("won", "decided")},
        )

    def test_stage_report(self):
        rows = self.env["crm.opportunity.stage"].search([])
        self.env.cr.execute("SELECT now() AT TIME ZONE 'UTC'")
        [now] = self.env.cr.fetchone()
        self._check_report(
            "crm.opportunity.stage.report",
            rows,
            {
                None: None,
                "user_id": lambda row: row.user_id.id,
                "stage_id": lambda row: row.stage_id.id,
                "move": lambda row: row.move,
                "company_id": lambda row: row.company_id.id,
                "date_in:month": lambda row: self._month(row.date_in),
            },
            {
                "passages": lambda row: int(row.move not in ("won", "closed")),
                "ended": lambda row: int(
                    row.move not in ("won", "closed") and bool(row.next_stage_id)
                ),
                "forward": lambda row: int(row.conversion or 0),
                "skipped_count": lambda row: row.skipped_count,
                "back": lambda row: int(row.move == "back"),
                "waiting": lambda row: int(not row.date_out),
                "amount_waiting": lambda row: (
                    0 if row.date_out else row.lead_id.expected_revenue
                ),
            },
            {
                "days": lambda row: (
                    (row.date_out - row.date_in) / timedelta(days=1)
                    if row.date_out and row.date_out > row.date_in
                    else None
                ),
                "days_waiting": lambda row: (
                    None if row.date_out else (now - row.date_in) / timedelta(days=1)
                ),
            },
            {"conversion": ("forward", "ended")},
        )
        open_rows = rows.filtered(lambda row: not row.date_out)
        leads = self.Lead.search([("type", "=", "opportunity")])
        leads = leads.filtered(lambda lead: self._state(lead) in ("open", "archived"))
        self.assertEqual(open_rows.lead_id.sorted("id"), leads.sorted("id"))

    def test_gestion_report(self):
        gestiones = self.env["crm.gestion"].search([])

        def born(gestion):
            return self.Lead.search(
                [("source_gestion_id", "=", gestion.id), ("type", "=", "opportunity")]
            )

        self._check_report(
            "crm.gestion.report",
            gestiones,
            {
                None: None,
                "user_id": lambda g: g.user_id.id,
                "result_id": lambda g: g.result_id.id,
                "outcome": lambda g: g.outcome,
                "company_id": lambda g: g.company_id.id,
                "date:month": lambda g: self._month(g.date),
                "origination_id": lambda g: (
                    (g.lead_id or g.contact_id or g.organization_id).origination_id.id
                    or g.organization_id.origination_id.id
                ),
            },
            {
                "gestiones": lambda g: 1,
                "with_result": lambda g: int(bool(g.result_id)),
                "without_result": lambda g: int(not g.result_id),
                "positive": lambda g: int(g.result_id.outcome == "positive"),
                "opportunities": lambda g: len(born(g)),
                "won": lambda g: len(
                    born(g).filtered(lambda lead: lead.won_status == "won")
                ),
                "revenue": lambda g: sum(
                    self._sold(lead, g.company_id) for lead in born(g)
                ),
            },
            {},
            {
                "positive_rate": ("positive", "with_result"),
                "opening_rate": ("opportunities", "gestiones"),
            },
        )
