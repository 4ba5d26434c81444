from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import HttpCase, tagged, test_cursor
from odoo.tools.misc import Callbacks

from ..models import crm_reading
from ..tools.reading import ReadCounter
from .common import PASSWORD, AtOnce, Connection, CrmGestionCommon

NOW = datetime(2026, 3, 2, 10, 20)
HOUR = datetime(2026, 3, 2, 10)


native_commit = test_cursor.TestCursor.commit


def commit(cursor):
    """As a real cursor: what waits for the end of a transaction runs."""
    callbacks, cursor.postcommit = cursor.postcommit, Callbacks()
    native_commit(cursor)
    callbacks.run()


class ReadingCommon(CrmGestionCommon, HttpCase):
    """What users read over HTTP, with a limit of 100 records an hour: written down each
    10."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        params = cls.env["ir.config_parameter"]
        params.set_param("crm_gestion.read_limit", "100")
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Customer {n:03}", "user_id": cls.seller.id} for n in range(130)]
        )

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.object(crm_reading, "_counter", ReadCounter()))
        self.startPatcher(patch.object(crm_reading, "STEP", 10))
        self.startPatcher(patch.object(test_cursor.TestCursor, "commit", commit))

    def _call(self, model, method, *args, **kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        response = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}", json={"params": params}
        )
        self.env.invalidate_all()
        return response.json()["result"]

    def _read(self, start, end):
        return self._call(
            "res.partner", "read", self.partners[start:end].ids, ["name", "email"]
        )

    def _counted(self, user=None):
        return self.env["crm.reading"].search(
            [("user_id", "=", (user or self.seller).id)]
        )

    def _logged(self, user=None):
        return self.env["crm.export.log"].search(
            [("user_id", "=", (user or self.seller).id)]
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestReading(ReadingCommon):
    def test_many_are_told_to_the_directors_once(self):
        self.authenticate(self.seller.login, PASSWORD)
        self._read(0, 100)
        self.assertEqual(self._counted().records, 100)
        self.assertFalse(self._logged())
        self._read(100, 110)
        row = self._logged()
        self.assertRecordValues(
            row,
            [
                {
                    "channel": "reading",
                    "date": HOUR,
                    "records": 110,
                    "refused": False,
                    "company_id": self.seller.company_id.id,
                }
            ],
        )
        told = self.env["mail.message"].search([("subject", "like", "Seller")])
        self.assertEqual(len(told.filtered(self._is_for_director)), 1)
        self.assertIn("Seller", told[0].body)
        self._read(110, 130)
        self.assertEqual(self._logged(), row)
        self.assertEqual(row.records, 130)
        again = self.env["mail.message"].search([("subject", "like", "Seller")])
        self.assertEqual(again, told)

    def _is_for_director(self, message):
        return self.director.partner_id in message.notified_partner_ids

    def test_every_way_of_reading_in_bulk(self):
        self.authenticate(self.seller.login, PASSWORD)
        ways = (
            lambda part: self._call("res.partner", "read", part.ids, ["email"]),
            lambda part: self._call(
                "res.partner", "web_read", part.ids, {"email": {}}
            ),
            lambda part: self._call(
                "res.partner", "search_read", [("id", "in", part.ids)], ["email"]
            ),
            lambda part: self._call(
                "res.partner", "web_search_read", [("id", "in", part.ids)],
                {"email": {}},
            ),
            lambda part: self._call(
                "res.partner",
                "web_read_group",
                [("id", "in", part.ids)],
                ["user_id"],
                ["__count"],
                auto_unfold=True,
                unfold_read_specification={"email": {}},
            ),
        )  # fmt: skip
        for number, read in enumerate(ways):
            read(self.partners[number * 10 : number * 10 + 10])
            with self.subTest(way=number):
                self.assertEqual(self._counted().records, number * 10 + 10)

    def test_every_model_of_sales(self):
        self.authenticate(self.seller.login, PASSWORD)
        leads = self.env["crm.lead"].union(*(self._make_lead() for _n in range(10)))
        self._call("crm.lead", "read", leads.ids, ["name"])
        self.assertEqual(self._counted().records, 10)
        gestiones = self.env["crm.gestion"].union(
            *(self._make_gestion(lead_id=leads[0].id, contact_id=self.contact.id)
              for _n in range(10))
        )  # fmt: skip
        self._call("crm.gestion", "read", gestiones.ids, ["name"])
        self.assertEqual(self._counted().records, 20)

    def test_reading_stays_read_only(self):
        """The request is not played again on a cursor that writes."""
        self.authenticate(self.seller.login, PASSWORD)
        with self.assertNoLogs("odoo.http", "WARNING"):
            self.assertEqual(len(self._read(0, 130)), 130)
        self.assertEqual(self._counted().records, 130)

    def test_the_same_again_and_names_only_do_not_count(self):
        self.authenticate(self.seller.login, PASSWORD)
        for _time in range(3):
            self._read(0, 10)
        self.assertEqual(self._counted().records, 10)
        self._call("res.partner", "read", self.partners.ids, ["display_name"])
        self._call("res.country", "search_read", [], ["name"])
        self.assertEqual(self._counted().records, 10)

    def test_the_same_from_another_process_does_not_count(self):
        self.authenticate(self.seller.login, PASSWORD)
        self._read(0, 60)
        with patch.object(crm_reading, "_counter", ReadCounter()):
            self._read(0, 80)
        self.assertEqual(self._counted().records, 80)
        self.assertFalse(self._logged())

    def test_another_hour_begins_anew(self):
        self.authenticate(self.seller.login, PASSWORD)
        self._read(0, 60)
        with freeze_time(NOW + timedelta(hours=1)):
            self._read(0, 60)
            self.assertEqual(self._counted().mapped("records"), [60, 60])
        self.assertFalse(self._logged())

    def test_heads_too_and_nobody_else(self):
        for user, counted in (
            (self.head, True),
            (self.director, False),
            (self.native, False),
            (self.employee, False),
        ):
            with self.subTest(user=user.name):
                self.authenticate(user.login, PASSWORD)
                self._read(0, 120)
                self.assertEqual(bool(self._counted(user)), counted)
                self.assertEqual(bool(self._logged(user)), counted)

    def test_old_rows_go(self):
        create = self.env["crm.reading"].create
        vals = {"user_id": self.seller.id, "records": 5}
        old = create({**vals, "hour": HOUR - timedelta(days=8)})
        recent = create({**vals, "hour": HOUR - timedelta(days=6)})
        self.env["crm.reading"]._gc_readings()
        self.assertFalse(old.exists())
        self.assertTrue(recent.exists())

    def test_writing_in_the_server_is_not_reading(self):
        self.partners.with_user(self.seller).read(["email"])
        self.assertFalse(self._counted())


@tagged("post_install", "-at_install")
class TestAtOnce(AtOnce):
    """Two server processes write down what one user read in the same hour."""

    def setUp(self):
        super().setUp()
        with Connection() as env:
            self.user_id = env["res.users"].create(
                {"name": "Reader", "login": "crm_reader_at_once"}
            ).id  # fmt: skip
        self.addCleanup(self._take_away)

    def _take_away(self):
        with Connection() as env:
            user = env["res.users"].browse(self.user_id)
            partner = user.partner_id
            env["crm.reading"].search([("user_id", "=", user.id)]).unlink()
            user.unlink()
            partner.unlink()

    def _add(self, marks):
        def add(env):
            user = env["res.users"].browse(self.user_id)
            return env["crm.reading"]._add(user, HOUR, marks)

        def nothing_read_before(env):
            """The lock comes first in these transactions."""

        return nothing_read_before, add

    def test_both_add_up(self):
        first, second = self._add(range(200)), self._add(range(200, 400))
        self.assertEqual(sorted(self._at_once(first, second)), [200, 400])

    def test_the_same_records_count_once(self):
        """A list that one user opens again comes from another process each time."""
        first, second = self._add(range(200)), self._add(range(50, 250))
        self.assertEqual(sorted(self._at_once(first, second))[-1], 250)
