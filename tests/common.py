import threading
from unittest.mock import patch

from odoo import api
from odoo.api import SUPERUSER_ID
from odoo.service.model import retrying
from odoo.sql_db import db_connect
from odoo.tests import common, get_db_name, new_test_user

from odoo.addons.base.tests.common import BaseCommon
from odoo.addons.crm_gestion.models.crm_stage import GATES
from odoo.addons.web.tests import test_js

PASSWORD = "secret-of-the-test"


class SalesForce:
    """A small sales force, made anew for each test class and never taken from demo
    data.

    ::

        director (Sales Director)
        |- north: head (Head of Sales) leads seller, colleague (Sellers)
        |- south: south_head (Head of Sales) leads stranger (Seller)
        native: Odoo's own salesman, without a role of ours
        employee: internal user, no sales rights
    """

    # The first page of a browser test builds the client's files, which takes longer
    # than the 20 seconds that Odoo lets another request wait for the test's cursor:
    # the menus then were an error page, "Unexpected token '<' … not valid JSON".
    test_cursor_lock_timeout = 240

    @classmethod
    def _make_sales_force(cls):
        cls.seller = cls._make_user("seller", "crm_gestion.group_seller")
        cls.colleague = cls._make_user("colleague", "crm_gestion.group_seller")
        cls.head = cls._make_user("head", "crm_gestion.group_sales_head")
        cls.stranger = cls._make_user("stranger", "crm_gestion.group_seller")
        cls.south_head = cls._make_user("south_head", "crm_gestion.group_sales_head")
        cls.director = cls._make_user("director", "crm_gestion.group_sales_director")
        cls.native = cls._make_user("native", "sales_team.group_sale_salesman")
        cls.employee = cls._make_user("employee", "base.group_user")
        cls.north = cls._make_team("North", cls.head, cls.seller | cls.colleague)
        cls.south = cls._make_team("South", cls.south_head, cls.stranger)
        # who archives somebody to test something else need not hand over first
        cls.env["ir.config_parameter"].set_param("crm_gestion.archive_gate", "False")

    @classmethod
    def _make_user(cls, name, groups, **values):
        return new_test_user(
            cls.env,
            login=f"crm_{name}",
            password=PASSWORD,
            groups=groups,
            name=name.replace("_", " ").title(),
            email=f"{name}@ours.example",
            tz="UTC",
            **values,
        )

    @classmethod
    def _make_team(cls, name, leader, members):
        return cls.env["crm.team"].create(
            {
                "name": name,
                "user_id": leader.id,
                "member_ids": [(4, member.id) for member in members],
            }
        )

    @classmethod
    def _make_accounts(cls):
        """One organization with one contact, both the seller's."""
        cls.market = cls.env.ref("crm_gestion.market_industry_food")
        cls.cold_call = cls.env.ref("crm_gestion.origination_cold_call")
        cls.organization = cls.env["res.partner"].create(
            {
                "name": "Aceites del Sur",
                "is_company": True,
                "user_id": cls.seller.id,
                "market_id": cls.market.id,
                "origination_id": cls.cold_call.id,
            }
        )
        cls.contact = cls.env["res.partner"].create(
            {
                "name": "Lucía Ferrer",
                "parent_id": cls.organization.id,
                "cargo_id": cls.env.ref("crm_gestion.cargo_purchasing_manager").id,
                "email": "lucia@aceites.example",
                "phone": "+34 924 000 001",
            }
        )

    @classmethod
    def _make_lead(cls, user=None, **values):
        """An opportunity in whatever stage, as if it had got there in its time."""
        user = user or cls.seller
        lead = cls.env["crm.stage"]._waive_gates(cls.env["crm.lead"])
        return lead.create(
            {
                "name": "Sale of software",
                "type": "opportunity",
                "user_id": user.id,
                "team_id": user.sale_team_id.id,
                "expected_revenue": 1000.0,
                **values,
            }
        ).with_env(cls.env)

    @classmethod
    def _make_gestion(cls, user=None, **values):
        return cls.env["crm.gestion"].create(
            {
                "activity_type_id": cls.env.ref("mail.mail_activity_data_call").id,
                "user_id": (user or cls.seller).id,
                "result_id": cls.env.ref("crm_gestion.result_informed").id,
                "date": "2026-03-02 10:00:00",
                **values,
            }
        )

    @classmethod
    def _make_product(cls):
        return cls.env["product.product"].create(
            {
                "name": "License",
                "list_price": 100.0,
                "taxes_id": False,
            }
        )

    @classmethod
    def _speak_english(cls):
        """Everybody does. Pages for customers are in the company's language: English at
        the plain address, Spanish below ``/es``."""
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env["ir.default"].set("res.partner", "lang", "en_US")
        users = cls.env["res.users"].search([("share", "=", False)])
        (users.partner_id | users.company_ids.partner_id).lang = "en_US"

    @classmethod
    def _enforce(cls, value=True):
        cls.env["ir.config_parameter"].set_param(
            "crm_gestion.enforce_method", str(value)
        )


class BrowserCommon(SalesForce, common.HttpCase):
    """A sales force at work in a real browser; the seller speaks Spanish."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enforce()
        cls._make_sales_force()
        cls._make_accounts()
        cls.seller.lang = "es_ES"

    def _run_components(self, suite):
        """Run the hoot tests of a suite."""
        suite_id = test_js.HOOTCommon._generate_hash(self, suite)
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            f"&id={suite_id}",
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=test_js.unit_test_error_checker,
        )


class CrmGestionCommon(SalesForce, BaseCommon):
    ALLOWANCE = 3  # queries, for batches of another size and caches
    GATES = False  # those of the stages as delivered; else none, a test sets its own

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enforce()
        cls._make_sales_force()
        cls._make_accounts()
        cls.generate_interest = cls.env.ref("crm_gestion.stage_generate_interest")
        cls.present_products = cls.env.ref("crm_gestion.stage_present_products")
        cls.size_proposal = cls.env.ref("crm_gestion.stage_size_proposal")
        cls.negotiate = cls.env.ref("crm_gestion.stage_negotiate_proposal")
        cls.sales_order = cls.env.ref("crm_gestion.stage_sales_order")
        cls.method = cls.env["crm.stage"].search([("is_method", "=", True)])
        if not cls.GATES:
            cls._open_gates()
        cls.interest = cls.env.ref("crm_gestion.result_interest")
        cls.price = cls.env.ref("crm_gestion.lost_reason_price")
        cls.too_small = cls.env.ref("crm_gestion.lost_reason_too_small")
        cls.call = cls.env.ref("mail.mail_activity_data_call")
        cls.meeting = cls.env.ref("mail.mail_activity_data_meeting")

    @classmethod
    def _open_gates(cls):
        cls.method.write(dict.fromkeys(GATES, False))

    def _count_queries(self, function):
        self.env.flush_all()
        self.env.invalidate_all()
        # as assertQueryCount does: no random cleaning of the bus
        with patch("random.random", lambda: 1):
            before = self.cr.sql_log_count
            function()
            self.env.flush_all()
        return self.cr.sql_log_count - before

    def assertFlatGrowth(self, function, few, many):
        """Many records cost as few queries as few do, but for ``ALLOWANCE``."""
        function(few)  # caches of rights, fields and views
        queries = self._count_queries(lambda: function(few))
        grown = self._count_queries(lambda: function(many))
        self.assertLessEqual(
            grown,
            queries + self.ALLOWANCE,
            f"{len(few)} records: {queries} queries, {len(many)}: {grown}",
        )


class Connection:
    """Context manager of an environment on a connection of its own: committed at the
    end of the block, rolled back where it fails."""

    def __enter__(self):
        self.cursor = db_connect(get_db_name()).cursor()
        return api.Environment(self.cursor, SUPERUSER_ID, {})

    def __exit__(self, kind, error, traceback):
        try:
            if kind is None:
                self.cursor.commit()
            else:
                self.cursor.rollback()
        finally:
            self.cursor.close()


class AtOnce(common.BaseCase):
    """Requests that run at once, each on a connection of its own to the database, with
    the server's own replaying of what collided. What they need is committed; who
    inherits this takes it away at the end."""

    def _at_once(self, *requests):
        """Run functions of an environment at once: each has read what it goes by before
        one of them goes on.

        :param requests: pairs of what a request reads first and what it does then
        :return: list of what they returned
        """
        together = threading.Barrier(len(requests))
        answers, failures = [], []

        def run(read, do):
            try:
                with Connection() as env:
                    tries = []

                    def request():
                        read(env)
                        if not tries:
                            together.wait(30)
                        tries.append(True)
                        return do(env)

                    answers.append(retrying(request, env))
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=pair) for pair in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(failures, [])
        return answers
