from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from odoo.addons.crm_gestion.models.crm_objective_metric import METRICS, RATES
from odoo.addons.crm_gestion.tests.common import CrmGestionCommon

MARCH = {
    "period_type": "month",
    "date_from": date(2026, 3, 1),
    "date_to": date(2026, 3, 31),
}
APRIL = {"date_from": date(2026, 4, 1), "date_to": date(2026, 4, 30)}


class ObjectiveCommon(CrmGestionCommon):
    """A company of its own, in euros, with the calendar of Madrid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.euro = cls.env.ref("base.EUR")
        cls.dollar = cls.env.ref("base.USD")
        (cls.euro | cls.dollar).active = True
        cls.company = cls._make_company("Ours in Madrid", "Europe/Madrid")
        cls.other = cls._make_company("Ours in Rosario", "America/Buenos_Aires")
        users = cls.seller | cls.colleague | cls.head | cls.director | cls.stranger
        users |= cls.south_head
        users.write(
            {
                "company_ids": [Command.link(cls.company.id)],
                "company_id": cls.company.id,
            }
        )
        cls.director.company_ids |= cls.other
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": cls.company.ids}
        )
        cls.product = cls._make_product().with_env(cls.env)
        for name in ("seller", "colleague", "head", "director", "stranger"):
            setattr(cls, name, getattr(cls, name).with_env(cls.env))

    @classmethod
    def _make_company(cls, name, tz):
        company = cls.env["res.company"].create(
            {"name": name, "currency_id": cls.euro.id}
        )
        company.resource_calendar_id.tz = tz
        cls.env.user.company_ids |= company
        return company

    def _objective(self, metric="sales", **values):
        owner = (
            {}
            if {"user_id", "team_id"} & values.keys()
            else {"user_id": self.seller.id}
        )
        if values.get("user_id", True) is False:
            owner = {}
        return self.env["crm.objective"].create(
            {
                "metric": metric,
                "target": 1000,
                "company_id": self.company.id,
                **MARCH,
                **owner,
                **values,
            }
        )

    def _actual(self, objective):
        self.env.flush_all()
        self.env.invalidate_all()
        return objective.actual

    def _order(self, amount, day="2026-03-10 10:00:00", state="sale", **values):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "user_id": self.seller.id,
                "team_id": self.north.id,
                "company_id": self.company.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "price_unit": amount,
                            "tax_ids": False,
                        }
                    )
                ],
                **values,
            }
        )
        order.write({"state": state})
        order.write({"date_order": day})
        return order

    def _set_created(self, records, day):
        records.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET create_date = %s WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                day,
                records.ids,
            )
        )
        records.invalidate_recordset(["create_date"])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-18 10:00:00")
class TestObjective(ObjectiveCommon):
    # === PERIODS === #

    def test_one_date_sets_the_other(self):
        form = Form(self.env["crm.objective"].with_user(self.director))
        self.assertEqual(
            (form.date_from, form.date_to), (date(2026, 3, 1), date(2026, 3, 31))
        )
        form.date_from = date(2026, 5, 20)
        self.assertEqual(
            (form.date_from, form.date_to), (date(2026, 5, 1), date(2026, 5, 31))
        )
        form.period_type = "quarter"
        self.assertEqual(
            (form.date_from, form.date_to), (date(2026, 4, 1), date(2026, 6, 30))
        )
        form.date_to = date(2027, 1, 1)
        self.assertEqual(
            (form.date_from, form.date_to), (date(2027, 1, 1), date(2027, 3, 31))
        )
        form.period_type = "free"
        form.date_from = date(2027, 1, 10)
        self.assertEqual(
            (form.date_from, form.date_to), (date(2027, 1, 10), date(2027, 3, 31))
        )

    def test_the_end_follows_from_the_beginning(self):
        objective = self.env["crm.objective"].create(
            {"target": 1, "date_from": "2026-02-01", "user_id": self.seller.id}
        )
        self.assertEqual(objective.date_to, date(2026, 2, 28))

    def test_a_month_is_a_whole_month(self):
        with self.assertRaisesRegex(ValidationError, "choose free dates"):
            self._objective(date_from="2026-03-02")
        with self.assertRaisesRegex(ValidationError, "choose free dates"):
            self._objective(date_to="2026-04-30")
        self._objective(
            period_type="free", date_from="2026-03-02", date_to="2026-04-03"
        )

    @mute_logger("odoo.sql_db")
    def test_what_no_objective_may_be(self):
        backwards = {
            "period_type": "free",
            "date_from": "2026-03-02",
            "date_to": "2026-03-01",
        }
        for values, name in [
            ({"target": 0}, "target_positive"),
            ({"target": -5}, "target_positive"),
            ({"user_id": self.seller.id, "team_id": self.north.id}, "one_owner"),
            (backwards, "dates"),
        ]:
            with (
                self.subTest(values=values),
                self.assertRaisesRegex(CheckViolation, name),
                self.cr.savepoint(),
            ):
                self._objective(**values)
        self.assertFalse(self.env["crm.objective"].search_count([]))

    @mute_logger("odoo.sql_db")
    def test_the_same_objective_is_there_once(self):
        self._objective()
        with self.assertRaises(UniqueViolation), self.cr.savepoint():
            self._objective(target=5)
        for values in (
            {"metric": "invoiced"},
            {"user_id": self.colleague.id},
            {"team_id": self.north.id},
            {"user_id": False},
            {"market_id": self.market.id},
            {"date_from": "2026-04-01", "date_to": "2026-04-30"},
        ):
            self._objective(**values)
        self.assertEqual(self.env["crm.objective"].search_count([]), 7)

    def test_gestiones_of_other_types_are_other_objectives(self):
        self._objective("gestiones")
        self._objective("gestiones", activity_type_ids=self.call.ids)
        self._objective("gestiones", activity_type_ids=self.meeting.ids)
        with self.assertRaisesRegex(ValidationError, "already"):
            self._objective("gestiones", activity_type_ids=self.call.ids)
        with self.assertRaisesRegex(ValidationError, "already"):
            self._objective("gestiones")

    def test_amounts_have_a_currency_and_numbers_have_none(self):
        self.assertEqual(self._objective().currency_id, self.euro)
        self.assertEqual(
            self._objective("invoiced", currency_id=self.dollar.id).currency_id,
            self.dollar,
        )
        objective = self._objective("won")
        self.assertFalse(objective.currency_id)
        with self.assertRaisesRegex(ValidationError, "a number has none"):
            objective.currency_id = self.euro
        objective.metric = "collected"
        self.assertEqual(objective.currency_id, self.euro)

    def test_names_say_whose_and_when(self):
        self.env["res.lang"]._activate_lang("en_US")
        objectives = (
            self._objective(),
            self._objective("won", team_id=self.north.id, period_type="quarter",
                            date_from="2026-01-01"),
            self._objective("won", user_id=False, period_type="year",
                            date_from="2026-01-01", date_to="2026-12-31"),
            self._objective("won", period_type="free", date_to="2026-03-15"),
        )  # fmt: skip
        self.assertEqual(
            [
                objective.with_context(lang="en_US").display_name
                for objective in objectives
            ],
            [
                "Confirmed Sales, Seller, March 2026",
                "Won Opportunities, North, Q1 2026",
                "Won Opportunities, Ours in Madrid, 2026",
                "Won Opportunities, Seller, 03/01/2026 – 03/15/2026",
            ],
        )

    # === PACE === #

    def test_pace_goes_by_working_days_and_public_holidays(self):
        """March 2026 has 22 working days, 13 of them until Wednesday 18; Thursday 19 is
        a holiday."""
        objective = self._objective()
        self.assertAlmostEqual(objective.expected_progress, 13 / 22)
        self.assertEqual((objective.actual, objective.progress), (0, 0))
        self.assertEqual((objective.missing, objective.pace), (1000, "behind"))
        self.env["resource.calendar.leaves"].create(
            {
                "name": "San José",
                "company_id": self.company.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "date_from": datetime(2026, 3, 18, 23),
                "date_to": datetime(2026, 3, 19, 22, 59, 59),
            }
        )
        self._order(620)
        self._actual(objective)
        self.assertAlmostEqual(objective.expected_progress, 13 / 21)
        self.assertEqual((objective.progress, objective.pace), (0.62, "on"))
        self._order(100)
        self._actual(objective)
        self.assertEqual((objective.missing, objective.pace), (280, "ahead"))

    def test_before_and_after_the_period(self):
        after = self._objective(date_from="2026-02-01", date_to="2026-02-28")
        before = self._objective(date_from="2026-04-01", date_to="2026-04-30")
        self.assertEqual((after.expected_progress, after.pace), (1, "behind"))
        self.assertEqual((before.expected_progress, before.pace), (0, "on"))

    def test_today_is_the_company_s_day(self):
        """At 23:30 in UTC on 31 March it is 1 April in Madrid, and not in Rosario."""
        here = self._objective(date_from="2026-04-01", date_to="2026-04-30")
        there = self._objective(
            company_id=self.other.id, user_id=self.director.id,
            date_from="2026-04-01", date_to="2026-04-30",
        )  # fmt: skip
        with freeze_time("2026-03-31 23:30:00"):
            self.assertAlmostEqual(here.expected_progress, 1 / 22)
            self.assertEqual(there.expected_progress, 0)

    def test_a_company_without_a_calendar_counts_all_days(self):
        self.company.resource_calendar_id = False
        self.company.partner_id.tz = "Europe/Madrid"
        self.assertAlmostEqual(self._objective().expected_progress, 18 / 31)

    def test_who_is_behind_is_found(self):
        behind, ahead = self._objective(), self._objective(user_id=self.colleague.id)
        self._order(1000, user_id=self.colleague.id)
        found = self.env["crm.objective"].search([("pace", "=", "behind")])
        self.assertEqual(found, behind)
        found = self.env["crm.objective"].search([("pace", "!=", "behind")])
        self.assertEqual(found, ahead)
        mine = self.env["crm.objective"].with_user(self.colleague)
        self.assertFalse(mine.search([("pace", "=", "behind")]))

    # === CLOSING === #

    def test_closing_freezes_the_figure(self):
        self._order(400)
        objective = self._objective()
        objective.with_user(self.head).action_close()
        self.assertRecordValues(
            objective,
            [
                {
                    "state": "closed",
                    "closed_date": date(2026, 3, 18),
                    "frozen_actual": 400,
                }
            ],
        )
        self._order(400)
        with freeze_time("2026-05-01 10:00:00"):
            self.assertEqual(self._actual(objective), 400)
            self.assertAlmostEqual(objective.expected_progress, 13 / 22)
            for user in (self.head, self.director):
                with self.assertRaisesRegex(UserError, "reopen"):
                    objective.with_user(user).target = 5
                with self.assertRaisesRegex(UserError, "reopen"):
                    objective.with_user(user).unlink()
            objective.with_user(self.head).action_close()
            self.assertEqual(objective.closed_date, date(2026, 3, 18))
        self.assertEqual(objective.target, 1000)

    def test_a_director_reopens(self):
        objective = self._objective()
        objective.with_user(self.head).action_close()
        self.assertFalse(objective.with_user(self.head).may_reopen)
        with self.assertRaisesRegex(AccessError, "director"):
            objective.with_user(self.head).action_reopen()
        self.assertTrue(objective.with_user(self.director).may_reopen)
        self._order(400)
        objective.with_user(self.director).action_reopen()
        self.assertEqual(self._actual(objective), 400)
        self.assertRecordValues(
            objective, [{"state": "open", "closed_date": False, "frozen_actual": 0}]
        )

    def test_nobody_forges_a_figure(self):
        values = {
            "metric": "won", "target": 1, "user_id": self.seller.id,
            "company_id": self.company.id, **MARCH,
        }  # fmt: skip
        Objective = self.env["crm.objective"].with_user(self.director)
        for forged in (
            {"state": "closed"},
            {"frozen_actual": 5},
            {"closed_date": "2026-03-01"},
        ):
            with self.subTest(forged=forged):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    Objective.create({**values, **forged})
                context = {f"default_{key}": value for key, value in forged.items()}
                with self.assertRaises(AccessError), self.cr.savepoint():
                    Objective.with_context(**context).create(values)
                with self.assertRaises(AccessError), self.cr.savepoint():
                    self._objective().with_user(self.director).write(forged)
        self.assertFalse(Objective.search_count([]))

    def test_what_is_long_over_closes_by_itself(self):
        def setting(days):
            self.env["ir.config_parameter"].set_param(
                "crm_gestion.objective_close_days", days
            )

        old = self._objective(date_from="2026-01-01", date_to="2026-01-31")
        new = self._objective(date_from="2026-02-01", date_to="2026-02-28")
        cron = self.env.ref("crm_gestion.ir_cron_objective")

        def run():
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()

        setting("0")
        run()
        self.assertEqual((old | new).mapped("state"), ["open", "open"])
        setting("30")
        run()
        self.assertEqual((old.state, new.state), ("closed", "open"))
        setting("18")  # 28 February is 18 days ago, and not more
        run()
        self.assertEqual(new.state, "open")
        setting("17")
        run()
        self.assertEqual(new.state, "closed")

    # === RIGHTS === #

    def _all(self):
        return {
            "own": self._objective(),
            "colleague": self._objective(user_id=self.colleague.id),
            "head": self._objective(user_id=self.head.id),
            "north": self._objective(team_id=self.north.id),
            "stranger": self._objective(user_id=self.stranger.id),
            "south": self._objective(team_id=self.south.id),
            "company": self._objective(user_id=False),
        }

    def test_who_sees_what(self):
        objectives = self._all()
        elsewhere = self._objective(company_id=self.other.id, user_id=self.director.id)
        expected = {
            "seller": ["own"],
            "colleague": ["colleague"],
            "head": ["own", "colleague", "head", "north"],
            "south_head": ["stranger", "south"],
            "director": list(objectives),
            "native": [],
        }
        for name, keys in expected.items():
            user = getattr(self, name)
            Objective = self.env["crm.objective"].with_user(user)
            with self.subTest(user=name):
                if not keys:
                    with self.assertRaises(AccessError):
                        Objective.search([])
                    continue
                visible = self.env["crm.objective"].union(
                    *(objectives[key] for key in keys)
                )
                self.assertEqual(Objective.search([]), visible.sorted())
                for key, objective in objectives.items():
                    self.assertEqual(
                        objective.with_user(user).has_access("read"), key in keys
                    )
        both = self.env["crm.objective"].with_user(self.director)
        both = both.with_context(allowed_company_ids=(self.company | self.other).ids)
        self.assertIn(elsewhere, both.search([]))

    def test_who_sets_what(self):
        objectives = self._all()
        writable = {
            "seller": [],
            "head": ["own", "colleague", "north"],
            "south_head": ["stranger", "south"],
            "director": list(objectives),
        }
        for name, keys in writable.items():
            user = getattr(self, name)
            for key, objective in objectives.items():
                with self.subTest(user=name, objective=key):
                    mine = objective.with_user(user)
                    for operation in ("write", "unlink"):
                        self.assertEqual(mine.has_access(operation), key in keys)
                    if key not in keys:
                        with self.assertRaises(AccessError):
                            mine.target = 5
                        with self.assertRaises(AccessError):
                            mine.action_close()
        self.assertEqual({o.target for o in objectives.values()}, {1000})

    def test_a_head_gives_no_objective_to_a_stranger(self):
        objective = self._objective().with_user(self.head)
        for vals in (
            {"user_id": self.stranger.id},
            {"user_id": False, "team_id": self.south.id},
            {"user_id": False},
            {"user_id": self.head.id},
        ):
            with self.subTest(vals=vals):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    objective.write(vals)
                with self.assertRaises(AccessError), self.cr.savepoint():
                    objective.copy({**vals, **APRIL})
        self.env.invalidate_all()
        self.assertEqual(objective.user_id, self.seller)
        objective.write({"user_id": self.colleague.id})
        self.assertFalse(self.env["crm.objective"].with_user(self.seller).search([]))

    def test_typing_somebody_tells_nobody_s_figures(self):
        """The form of a head works nothing out of whomever he types in it."""
        self._order(900, user_id=self.stranger.id)
        objective = self._objective().with_user(self.head)
        spec = {"user_id": {}, "actual": {}, "progress": {}, "missing": {}}
        answer = objective.onchange({"user_id": self.stranger.id}, ["user_id"], spec)
        self.assertNotIn(900, answer["value"].values())
        new = self.env["crm.objective"].with_user(self.head)
        answer = new.onchange(
            {"user_id": self.stranger.id, "metric": "sales", "target": 10,
             "company_id": self.company.id, "date_from": "2026-03-01",
             "date_to": "2026-03-31"},
            ["user_id"],
            {**spec, "metric": {}, "target": {}, "company_id": {}, "date_from": {},
             "date_to": {}},
        )  # fmt: skip
        self.assertFalse(answer["value"].get("actual"))

    def test_a_substitute_does_not_see_them(self):
        self.env["crm.substitution"].create(
            {
                "user_id": self.seller.id,
                "substitute_id": self.stranger.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-31",
            }
        )
        self._objective()
        self.assertIn(self.seller.id, self.stranger._crm_scopes()[self.stranger])
        self.assertFalse(self.env["crm.objective"].with_user(self.stranger).search([]))

    def test_of_who_left_it_stays(self):
        self._order(300)
        objective = self._objective()
        self.seller.active = False
        self.env.invalidate_all()
        seen = self.env["crm.objective"].with_user(self.head).search([])
        self.assertEqual(
            (seen, seen.actual, seen.owner_name), (objective, 300, "Seller")
        )

    def test_whom_one_may_choose(self):
        Objective = self.env["crm.objective"]
        values = {"company_id": self.company.id}
        for user, chosen in (
            (self.head, self.colleague | self.seller),
            (self.director, self.colleague | self.director | self.head | self.seller
             | self.south_head | self.stranger),
        ):  # fmt: skip
            found = Objective.with_user(user).new(values).possible_user_ids._origin
            self.assertEqual(found, chosen.sorted("name"))

    # === THE WHOLE LIST === #

    def test_a_list_costs_no_more_queries_for_more_rows(self):
        owners = [
            {"user_id": self.seller.id},
            {"team_id": self.north.id},
            {"user_id": False},
        ]
        names = [
            "actual", "progress", "expected_progress", "pace", "missing",
            "missing_opportunities", "display_name", "owner_name", "may_close",
        ]  # fmt: skip
        for metric in METRICS:
            rows = self.env["crm.objective"].create(
                [
                    {
                        "metric": metric,
                        "target": 10,
                        "company_id": self.company.id,
                        "date_from": date(2024 + i // 12, i % 12 + 1, 1),
                        **owners[i % 3],
                    }
                    for i in range(30)
                ]
            )

            def read(objectives):
                objectives.with_user(self.director).read(names)

            with self.subTest(metric=metric):
                self.assertFlatGrowth(read, rows[:3], rows)

    def test_a_list_longer_than_the_orm_s_batches_reads_documents_once(self):
        rows = self.env["crm.objective"].create(
            [
                {
                    "metric": "won", "target": 10, "user_id": self.seller.id,
                    "company_id": self.company.id,
                    "date_from": date(2024 + i // 12, i % 12 + 1, 1),
                }
                for i in range(30)
            ]
        )  # fmt: skip

        Figure = self.registry["crm.objective.figure"]
        for names, expected in (
            (["pace", "progress"], 1),
            (["missing_opportunities", "actual"], 1 + len(RATES)),
        ):
            self.env.flush_all()
            self.env.invalidate_all()
            with (
                patch("odoo.orm.fields.PREFETCH_MAX", 5),
                patch.object(
                    Figure, "_ask", autospec=True, side_effect=Figure._ask
                ) as ask,
            ):
                rows.with_user(self.director).read(names)
            self.assertEqual(ask.call_count, expected)

    def test_a_list_read_again_after_a_change_is_not_stale(self):
        self._order(300, user_id=self.colleague.id)
        rows = self._objective() | self._objective(**APRIL)
        self.assertEqual([row["actual"] for row in rows.read(["actual"])], [0, 0])
        rows[0].user_id = self.colleague
        rows[1].target = 500
        self.assertEqual(
            [
                (row["actual"], row["missing"])
                for row in rows.read(["actual", "missing"])
            ],
            [(300, 700), (0, 500)],
        )

    def test_closing_many_costs_no_more_queries(self):
        rows = self.env["crm.objective"].create(
            [
                {
                    "metric": "won", "target": 10, "user_id": self.seller.id,
                    "company_id": self.company.id,
                    "date_from": date(2020 + i // 12, i % 12 + 1, 1),
                }
                for i in range(36)
            ]
        ).with_user(self.head)  # fmt: skip
        rows[:3].action_close()
        few = self._count_queries(rows[3:6].action_close)
        many = self._count_queries(rows[6:].action_close)
        self.assertLessEqual(many, few + self.ALLOWANCE)
        self.assertEqual(set(rows.mapped("state")), {"closed"})


@tagged("post_install", "-at_install")
@freeze_time("2026-03-18 10:00:00")
class TestObjectiveHandover(ObjectiveCommon):
    """Who takes over a portfolio takes over what it is to reach."""

    def _handed_over(self):
        handover = (
            self.env["crm.handover"]
            .with_user(self.head)
            .create(
                {
                    "user_id": self.seller.id,
                    "successor_id": self.colleague.id,
                    "company_ids": [Command.set(self.company.ids)],
                }
            )
        )
        handover.action_preview()
        return handover

    def _lines(self, handover):
        return self.env["crm.handover.line"].search(
            [("handover_id", "=", handover.id), ("kind", "=", "objective")]
        )

    def test_open_objectives_go_to_the_successor(self):
        running, coming = self._objective(), self._objective(**APRIL)
        over = self._objective(date_from="2026-02-01", date_to="2026-02-28")
        closed = self._objective("won")
        closed.action_close()
        handover = self._handed_over()
        self.assertEqual(
            self._lines(handover).mapped("name"),
            [
                "Confirmed Sales, 2026-03-01 – 2026-03-31",
                "Confirmed Sales, 2026-04-01 – 2026-04-30",
            ],
        )
        handover.action_start()
        self.env.invalidate_all()
        self.assertEqual((running | coming).user_id, self.colleague)
        self.assertEqual((over | closed).user_id, self.seller)
        self.assertEqual(set(self._lines(handover).mapped("state")), {"moved"})
        handover.action_undo()
        self.env.invalidate_all()
        self.assertEqual((running | coming).user_id, self.seller)

    def test_what_the_successor_has_already_stays(self):
        """The same, closed or not; of gestiones, of the same types."""
        self._objective(user_id=self.colleague.id)
        self._objective("gestiones", user_id=self.colleague.id,
                        activity_type_ids=self.call.ids)  # fmt: skip
        self._objective("won", user_id=self.colleague.id).action_close()
        stays = self._objective() | self._objective("won")
        stays |= self._objective("gestiones", activity_type_ids=self.call.ids)
        goes = self._objective("gestiones", activity_type_ids=self.meeting.ids)
        handover = self._handed_over()
        handover.action_start()
        self.env.invalidate_all()
        self.assertEqual(stays.user_id, self.seller)
        self.assertEqual(goes.user_id, self.colleague)
        by_reason = self._lines(handover).grouped("reason")
        self.assertEqual(sorted(by_reason["same"].mapped("res_id")), sorted(stays.ids))
        self.assertEqual(set(by_reason["same"].mapped("state")), {"skipped"})

    def test_what_the_leaver_has_again_is_not_given_back(self):
        moved = self._objective()
        handover = self._handed_over()
        handover.action_start()
        again = self._objective(target=7)
        handover.action_undo()
        self.env.invalidate_all()
        self.assertEqual((moved.user_id, again.user_id), (self.colleague, self.seller))
        self.assertRecordValues(
            self._lines(handover), [{"state": "kept", "reason": "same"}]
        )
