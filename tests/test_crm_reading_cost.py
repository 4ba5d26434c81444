from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree

from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_gestion.models import crm_history
from odoo.addons.crm_gestion.reports import crm_day

from .common import CrmGestionCommon
from .test_crm_day import CrmDayCommon

BAR = {
    "field": "activity_state",
    "colors": {"planned": "success", "today": "warning", "overdue": "danger"},
}


class ReadingCommon(CrmGestionCommon):
    def _leads(self, number, user=None):
        leads = self.env["crm.lead"]
        for index in range(number):
            leads |= self._make_lead(user, name=f"L{index}")
        return leads

    def _plan(self, lead, day):
        return lead.activity_schedule(
            activity_type_id=self.call.id, date_deadline=day, user_id=lead.user_id.id
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestReadingCost(ReadingCommon):
    """What the screens of every day cost."""

    def _grid(self):
        view = self.env.ref("crm_gestion.crm_lead_view_list_grid")
        arch = self.env["crm.lead"].with_user(self.seller).get_view(view.id)["arch"]
        return etree.fromstring(arch).findall("field")

    def test_page_of_the_grid_is_flat(self):
        leads = self._leads(30)
        for lead in leads:
            self._plan(lead, "2026-03-09")
            self._plan(lead, "2026-03-05")
        spec = {column.get("name"): {} for column in self._grid()}
        rows = self.env["crm.lead"].with_user(self.seller)

        def show(some):
            found = rows.web_search_read([("id", "in", some.ids)], spec, limit=80)
            days = {str(row["next_step_date"]) for row in found["records"]}
            self.assertEqual(days, {"2026-03-05"})

        self.assertFlatGrowth(show, leads[:3], leads)

    def test_hidden_columns_of_the_grid_cost_no_query(self):
        """The web client reads them too."""
        fields = self.env["crm.lead"]._fields
        hidden = [
            fields[column.get("name")]
            for column in self._grid()
            if column.get("optional") == "hide"
        ]
        self.assertTrue(hidden)
        for field in hidden:
            with self.subTest(field=field.name):
                self.assertTrue(field.store and not field.relational)

    def test_scope_and_accounts_are_one_query_each(self):
        seller = self.seller.with_user(self.seller)
        history = self.env["crm.history"].with_user(self.seller)
        history._levels()  # rights: once in the life of a worker

        def ask():
            self.env.cr.cache.clear()
            seller.env["res.users"]._crm_scope_user_ids()
            self.env["crm.substitution"]._covered(seller)
            seller._crm_led()
            history._levels()
            history._accounts(frozenset(self.seller.ids), True)

        self.assertEqual(self._count_queries(ask), 2)

    def test_opening_what_is_own_works_out_no_scope(self):
        own = self._leads(2).with_user(self.seller)
        free = self._make_lead(user_id=False).with_user(self.seller)
        stranger = self._make_lead(self.stranger).with_user(self.seller)
        own.has_access("read")

        def read(leads, expected):
            self.env.cr.cache.clear()
            self.assertEqual(leads.has_access("read"), expected)

        self.assertEqual(self._count_queries(lambda: read(own | free, True)), 1)
        self.assertGreater(self._count_queries(lambda: read(stranger, False)), 1)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestProgressBar(ReadingCommon):
    """States of activities above the columns of the kanban, of few or of all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for index, day in enumerate(("2026-02-27", "2026-03-02", "2026-03-09", None)):
            for user in (cls.seller, cls.stranger):
                lead = cls._make_lead(user, name=f"L{index}")
                if day:
                    lead.activity_schedule(
                        activity_type_id=cls.call.id,
                        date_deadline=day,
                        user_id=user.id,
                    )

    def _bar(self, user, domain):
        leads = self.env["crm.lead"].with_user(user)
        return leads.read_progress_bar(domain, "user_id", BAR)

    def test_own_are_counted_as_odoo_counts_them(self):
        domain = [("user_id", "=", self.seller.id), ("type", "=", "opportunity")]
        expected = {str(self.seller.id): {"overdue": 1, "today": 1, "planned": 1}}
        self.assertEqual(self._bar(self.seller, domain), expected)
        self.patch(crm_history, "FEW", 0)
        self.assertEqual(self._bar(self.seller, domain), expected)

    def test_states_of_few_are_looked_up_alone(self):
        execute = Cursor.execute
        said = []

        def listen(cursor, query, *args, **kwargs):
            said.append(query.code if isinstance(query, SQL) else query)
            return execute(cursor, query, *args, **kwargs)

        def asked(domain):
            said.clear()
            with patch.object(Cursor, "execute", listen):
                self._bar(self.director, domain)
            return any("ANY(ARRAY(" in query for query in said)

        self.assertTrue(asked([("user_id", "in", self.seller.ids)]))
        self.assertFalse(asked([("user_id", "in", [self.seller.id, False])]))
        self.assertFalse(asked([("type", "=", "opportunity")]))

    def test_all_are_counted(self):
        users = self.seller | self.stranger
        domain = [("name", "in", ["L0", "L1", "L2", "L3"])]
        bar = self._bar(self.director, [*domain, ("user_id", "in", users.ids)])
        self.assertEqual(bar, self._bar(self.director, domain))
        self.assertEqual(
            bar,
            {str(user.id): {"overdue": 1, "today": 1, "planned": 1} for user in users},
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestDayHeld(CrmDayCommon):
    """The rows of a day, asked for once in a request."""

    SPEC = {name: {} for name in ("kind", "date", "summary", "user_id", "lead_id")}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leads = cls.env["crm.lead"].union(
            *(cls._make_lead(partner_id=cls.contact.id) for _number in range(4))
        )

    def setUp(self):
        super().setUp()
        self._plan(self.leads[0], "2026-02-27", summary='It\'s "urgent" \\ ñ')
        self._plan(self.leads[1], "2026-03-01")
        self._meet("2026-03-02 12:00:00", opportunity_id=self.leads[2].id)
        self._make_gestion(lead_id=self.leads[3].id, result_id=False)
        self.days = self.env["crm.day"].with_user(self.seller)

    def _groups(self, days):
        groups = days.web_read_group(
            [("is_mine", "=", True)],
            ["kind"],
            ["__count"],
            auto_unfold=True,
            unfold_read_specification=self.SPEC,
            unfold_read_default_limit=40,
        )["groups"]
        return {
            group["kind"]: (group["__count"], group["__records"]) for group in groups
        }

    def test_kinds_have_the_rows_of_a_search(self):
        groups = self._groups(self.days)
        self.assertEqual(
            {kind: count for kind, (count, _records) in groups.items()},
            {"meeting": 1, "step": 2, "gestion": 1, "no_step": 1},
        )
        for kind, (_count, records) in groups.items():
            self.assertEqual(
                records, self.days.search([("kind", "=", kind)]).web_read(self.SPEC)
            )

    def test_page_has_the_rows_of_a_search(self):
        found = self.days.web_search_read([("kind", "=", "step")], self.SPEC, limit=1)
        self.assertEqual(found["length"], 2)
        step = self.days.search([("kind", "=", "step")], limit=1)
        self.assertEqual(found["records"], step.web_read(self.SPEC))

    def test_too_many_rows_are_not_held(self):
        held = self._groups(self.days)
        self.patch(crm_day, "HELD", 1)
        self.assertEqual(self._groups(self.days), held)

    def test_kinds_cost_no_query_of_the_sources(self):
        self._groups(self.days)
        queries = self._count_queries(lambda: self._groups(self.days))
        self.patch(crm_day, "HELD", 0)
        asked = []
        self.patch(
            crm_day.CrmDay,
            "_quiet_accounts",
            lambda days, real=crm_day.CrmDay._quiet_accounts: (
                asked.append(1) or real(days)
            ),
        )
        self._groups(self.days)
        self.assertGreater(len(asked), 4)
        asked.clear()
        self.patch(crm_day, "HELD", 2000)
        self._groups(self.days)
        self.assertEqual(len(asked), 1)
        self.assertLess(queries, 30)

    def test_no_client_says_what_waits(self):
        row = f'[{{"id": 1, "kind": "step", "user_id": {self.seller.id}}}]'
        expected = self._day().ids
        for value in (row, [row], {"rows": row}):
            with self.subTest(value=value):
                self.assertEqual(self._day(crm_day=value).ids, expected)
