from contextlib import closing
from unittest.mock import patch

from odoo.tests import tagged

from .common import CrmGestionCommon

# Queries of the same steps, counted in the same way (`_request`: caches of the registry
# warm, those of the transaction empty, messages of the tracking included), by a user of
# Odoo's own group "own documents only", in a database with all that the add-on depends
# on and without it.
PLAIN = {
    "organization": 14,
    "contact": 18,
    "opportunity": 26,
    "name": 4,
    "amount and date": 11,
    "stage": 22,
    "lost": 27,
    "activity": 24,
    "activity and next": 31,
    "sold": 64,
}
# And how many more each further record of a batch needs there: messages, followers.
PLAIN_GROWTH = {"opportunity": 8.0, "stage": 8.0, "lost": 8.0}
# What a batch may need more for each record.
GROWTH = 0.2


@tagged("post_install", "-at_install")
class TestQueryCounts(CrmGestionCommon):
    """What a seller writes every day costs few queries more than without us, and none
    more for each record of a batch."""

    GATES = True  # as delivered

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo's predictions ask more where something was won and lost before, by a test
        # that had to commit for instance
        cls.env["crm.lead.scoring.frequency"].search([]).unlink()
        number = 130
        cls.contacts = cls.env["res.partner"].create(
            [
                {"name": f"Contact {i}", "email": f"c{i}@customer.example"}
                for i in range(number)
            ]
        )
        cls.leads = cls.env["crm.lead"].union(
            *(
                cls._make_lead(partner_id=contact.id, date_deadline="2030-05-01")
                for contact in cls.contacts
            )
        )
        cls.env["crm.gestion"].create(
            [
                {
                    "lead_id": lead.id,
                    "activity_type_id": cls.call.id,
                    "user_id": cls.seller.id,
                    "result_id": cls.env.ref("crm_gestion.result_informed").id,
                    "date": "2026-03-02 10:00:00",
                }
                for lead in cls.leads
            ]
        )
        cls.product = cls._make_product()

    # === COUNTING === #

    def _request(self, function, *args):
        """
        :return: number of queries of a request of the seller: nothing of the database
            is in memory, and all is written at the end
        """
        # without the context of the tests, which posts no messages
        env = self.env(user=self.seller, context={"lang": "es_ES", "tz": "UTC"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.invalidate_all()
        self.env["res.users"]._crm_drop_scopes()
        # as assertQueryCount does: no random cleaning of the bus
        with patch("random.random", lambda: 1):
            before = self.cr.sql_log_count
            function(env, *args)
            self.env.flush_all()
            self.env.cr.precommit.run()
        return self.cr.sql_log_count - before

    def _warm_up(self, function, *args):
        with closing(self.cr.savepoint(flush=False)):
            self._request(function, *args)
        self.env.invalidate_all()

    def assertCost(self, name, allowed, function, records=None):
        """:param int allowed: queries more than Odoo alone needs"""
        args = [] if records is None else [records]
        self._warm_up(function, *args)
        queries = self._request(function, *args)
        self.assertLessEqual(queries, PLAIN[name] + allowed, name)

    def assertGrowth(self, name, function, ten, hundred):
        self._warm_up(function, ten)
        few, many = self._request(function, ten), self._request(function, hundred)
        each = (many - few) / (len(hundred) - len(ten))
        self.assertLessEqual(each, PLAIN_GROWTH[name] + GROWTH, f"{few}, then {many}")

    # === OPERATIONS === #

    def _create_leads(self, env, contacts):
        env["crm.lead"].create(
            [
                {
                    "name": "Sale",
                    "type": "opportunity",
                    "partner_id": contact.id,
                    "expected_revenue": 100.0,
                    "date_deadline": "2030-01-01",
                }
                for contact in contacts
            ]
        )

    def _write(self, **vals):
        return lambda env, leads: leads.with_env(env).write(vals)

    def _close(self, env, leads):
        wizard = env["crm.opportunity.close"].create(
            {
                "lead_ids": [(6, 0, leads.ids)],
                "kind": "rejected",
                "reason_id": self.price.id,
            }
        )
        wizard.action_close()

    def _log(self, **vals):
        return lambda env, lead: env["crm.gestion"].create(
            {
                "lead_id": lead.id,
                "activity_type_id": self.call.id,
                "result_id": self.env.ref("crm_gestion.result_informed").id,
                **vals,
            }
        )

    def _sell(self, env, lead):
        env["sale.order"]._generate_from_opportunity(
            lead.with_env(env), lines=True, confirm=True
        )

    # === TESTS === #

    def test_organization_and_contact(self):
        vals = {
            "name": "Bodegas Nuevas",
            "is_company": True,
            "email": "hola@bodegas.example",
            "phone": "+34 924 550 001",
            "city": "Badajoz",
            "country_id": self.env.ref("base.es").id,
        }
        self.assertCost(
            "organization", 2, lambda env: env["res.partner"].create([vals])
        )
        vals = {
            "name": "Rosa Gil",
            "parent_id": self.organization.id,
            "email": "rosa@aceites.example",
        }
        self.assertCost("contact", 2, lambda env: env["res.partner"].create([vals]))

    def test_opportunity(self):
        self.assertCost("opportunity", 2, self._create_leads, self.contacts[:1])

    def test_changes_of_an_opportunity(self):
        self.assertCost("name", 2, self._write(name="Other"), self.leads[0])
        self.assertCost(
            "amount and date",
            4,  # two rows of the forecast, and the count of dates pushed
            self._write(expected_revenue=5.0, date_deadline="2030-06-01"),
            self.leads[1],
        )

    def test_move(self):
        move = self._write(stage_id=self.present_products.id)
        self.assertCost("stage", 5, move, self.leads[0])

    def test_close(self):
        # two more than a move: the row of the closure, and what is planned
        self.assertCost("lost", 7, self._close, self.leads[0])

    def test_gestion_against_an_activity_made_and_done(self):
        """Less than Odoo's own way: one request in the place of two, and no message."""
        self.assertCost("activity", -10, self._log(), self.leads[0])
        following = {
            "next_activity_type_id": self.call.id,
            "next_date": "2030-05-01",
        }
        self.assertCost("activity and next", -10, self._log(**following), self.leads[1])

    def test_order(self):
        line = {"product_id": self.product.id, "quantity": 2}
        self.leads[0].write({"line_ids": [(0, 0, line)]})
        # the lock that makes one order of two requests, lines that become lines of the
        # order, who is a customer now, and the rows of the closure and the passage
        self.assertCost("sold", 16, self._sell, self.leads[0])

    def test_batches(self):
        few, many = slice(0, 10), slice(10, 110)
        self.assertGrowth(
            "opportunity", self._create_leads, self.contacts[few], self.contacts[many]
        )
        self.assertGrowth(
            "stage",
            self._write(stage_id=self.present_products.id),
            self.leads[few],
            self.leads[many],
        )
        self.assertGrowth("lost", self._close, self.leads[few], self.leads[many])
