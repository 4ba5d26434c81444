import re
from contextlib import contextmanager
from unittest.mock import patch

from freezegun import freeze_time

from odoo.http import request
from odoo.tests import HttpCase, tagged

from .common import PASSWORD, SalesForce
from .test_hygiene import ROLES, ROOT, ScreenCommon

# What the web client asks for when a screen opens, and Odoo lets a replica answer.
FIRST_REQUESTS = (
    "formatted_read_group",
    "formatted_read_grouping_sets",
    "get_views",
    "name_search",
    "read",
    "read_progress_bar",
    "search_count",
    "search_read",
    "web_name_search",
    "web_read",
    "web_read_group",
    "web_search_read",
)
# What our client calls by name, and whether a replica may answer. What follows a change
# of the same click reads what was written: a replica may not know it yet.
CALLS = {
    "action_crm_complete": False,  # of an activity that was marked done just now
    "action_crm_records": True,  # behind a figure
    "action_crm_stage_dialog": True,  # the server checks the move itself
    "action_register": False,  # of what is on a screen for hours, changed or not
    "consume": False,  # of the tour that was offered
    "get_data": True,
    "searchRead": True,
}
CALL = re.compile(r"orm\.call\(\s*[^,]+,\s*([^,]+),")


class ReplicaCommon(ScreenCommon):
    """A transaction that PostgreSQL lets write nothing, as on a replica."""

    @contextmanager
    def _replica(self):
        self.env.flush_all()
        self.env.invalidate_all()
        with self.env.cr.savepoint(flush=False) as savepoint:
            self.env.cr.execute("SET TRANSACTION READ ONLY")
            yield
            # what is in the cache now and would be written later is a write too
            self.env.flush_all()
            savepoint.rollback()

    def _is_readonly(self, model, name):
        """:return: whether Odoo asks the replica, see ``DataSet._call_kw_readonly``"""
        for cls in type(self.env[model]).mro():
            method = getattr(cls, name, None)
            if method is not None and hasattr(method, "_readonly"):
                return method._readonly
        return False


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestReplica(ReplicaCommon):
    """Screens, dashboards, reports and lists are served by a replica: what they ask
    for is marked as reading, and writes nothing."""

    def _show_form(self, model, arch, found, domain):
        """What is proposed for a new record (onchange) Odoo asks of the primary."""
        model.search(domain, limit=1).web_read(self._spec(arch, model._name, found))

    def _own_menus(self):
        return self.env["ir.ui.menu"].search(
            [("id", "child_of", self.env.ref("crm.crm_menu_root").id)]
        )

    def test_every_screen_of_the_crm_opens_on_a_replica(self):
        opened = 0
        for role in ROLES:
            user = getattr(self, role)
            visible = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            menus = self._own_menus().filtered(
                lambda menu, visible=visible: menu.id in visible and menu.action
            )
            for menu in menus:
                action = menu.action
                if action._name not in ("ir.actions.act_window", "ir.actions.client"):
                    continue
                with self.subTest(role=role, menu=menu.complete_name), self._replica():
                    if action._name == "ir.actions.act_window":
                        self._open(action, user)
                    elif "model" in action.params:
                        page = self.env[action.params["model"]].with_user(user)
                        self.assertTrue(page.get_data()["title"])
                    opened += 1
        self.assertGreater(opened, 60)

    def test_records_of_the_day_open_on_a_replica(self):
        lead = self.leads.filtered(lambda lead: lead.user_id == self.seller)
        for record, view in (
            (lead[0], "form"),
            (self.organization, "form"),
            (self.contact, "form"),
            (lead.gestion_ids[0], "form"),
        ):
            action = {
                "res_model": record._name,
                "views": [(False, view)],
                "domain": [("id", "=", record.id)],
            }
            with self._replica():
                self._open(action, self.seller)
        timeline = self.organization.with_user(self.seller).action_crm_timeline()
        with self._replica():
            self._open(timeline, self.seller)

    def test_what_writes_is_noticed(self):
        """The test above can fail."""
        with self.assertRaises(Exception) as caught, self._replica():
            self.organization.name = "Otro"
        self.assertEqual(type(caught.exception).__name__, "ReadOnlySqlTransaction")

    def test_odoo_asks_the_replica_for_each_first_request(self):
        for model in self._own_models() + [
            self.env[name]
            for name in ("crm.lead", "res.partner", "sale.order", "project.task")
        ]:
            for name in FIRST_REQUESTS:
                with self.subTest(model=model._name, method=name):
                    self.assertTrue(self._is_readonly(model._name, name))

    def test_calls_of_the_client_are_known(self):
        """A new call of our client is put into ``CALLS``, and marked where it reads."""
        called = set()
        for path in (ROOT / "static" / "src").rglob("*.js"):
            source = path.read_text()
            called |= {name.strip('" ') for name in CALL.findall(source)}
            called |= set(re.findall(r"orm\.(searchRead|webSearchRead|read)\b", source))
        self.assertEqual(
            called - {"method"}, CALLS.keys() - {"action_crm_records"}, called
        )
        for model, name in (
            ("crm.dashboard.seller", "get_data"),
            ("crm.dashboard.head", "get_data"),
            ("crm.dashboard.director", "get_data"),
            ("crm.lead", "action_crm_stage_dialog"),
            ("crm.objective", "action_crm_records"),
            ("mail.activity", "action_crm_complete"),
            ("crm.day", "action_register"),
        ):
            with self.subTest(model=model, method=name):
                self.assertEqual(self._is_readonly(model, name), CALLS[name])


@tagged("post_install", "-at_install")
class TestReplicaHttp(SalesForce, HttpCase):
    """Through HTTP, with Odoo's own routing: no cursor for writing is taken."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_sales_force()
        cls._make_accounts()
        cls.lead = cls._make_lead(partner_id=cls.contact.id)

    def _modes(self, model, method, args, **kwargs):
        """:return: for each cursor that the request took, whether it reads only"""
        modes, take = [], self.registry.cursor

        def cursor(readonly=False):
            taken = take(readonly=readonly)
            if request:
                modes.append(taken.readonly)
            return taken

        with patch.object(self.registry, "cursor", cursor):
            self.make_jsonrpc_request(
                f"/web/dataset/call_kw/{model}/{method}",
                {"model": model, "method": method, "args": args, "kwargs": kwargs},
            )
        return modes

    def test_daily_screens_take_no_cursor_for_writing(self):
        self.authenticate(self.seller.login, PASSWORD)
        spec = {"name": {}, "stage_id": {"fields": {"display_name": {}}}}
        for model, method, args, kwargs in (
            ("crm.lead", "web_search_read", [[], spec], {"limit": 80}),
            ("crm.lead", "web_read", [self.lead.ids, spec], {}),
            ("crm.lead", "web_read_group", [[], ["stage_id"], ["__count"]], {}),
            ("crm.day", "web_search_read", [[], {"display_name": {}}], {}),
            ("crm.dashboard.seller", "get_data", [{}], {}),
            ("crm.opportunity.report", "formatted_read_group", [[], ["user_id"]], {}),
            ("crm.lead", "action_crm_stage_dialog", [self.lead.ids], {}),
        ):
            with self.subTest(model=model, method=method):
                with self.assertNoLogs("odoo.http", "WARNING"):
                    modes = self._modes(model, method, args, **kwargs)
                self.assertEqual(modes, [True])

    def test_what_writes_takes_one(self):
        self.authenticate(self.seller.login, PASSWORD)
        modes = self._modes("crm.lead", "write", [self.lead.ids, {"name": "Other"}])
        self.assertEqual(modes, [True, False])
