from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CrmGestionCommon


class HistoryGuardCommon(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls._make_user(
            "system", "base.group_system,crm_gestion.group_sales_director"
        )
        cls.manager = cls._make_user("manager", "sales_team.group_sale_manager")

    def _with_gestion(self):
        lead = self._make_lead(name="With gestión")
        self._make_gestion(lead_id=lead.id, contact_id=self.contact.id)
        return lead

    def _with_closure(self):
        """Resumed since: the row stays."""
        lead = self._make_lead(name="With closure")
        self.env["crm.opportunity.closure"]._close(lead, "rejected", reason=self.price)
        lead.action_crm_resume()
        return lead

    def _with_order(self):
        lead = self._make_lead(name="With order", partner_id=self.contact.id)
        self.env["sale.order"].create(
            {"partner_id": self.contact.id, "opportunity_id": lead.id}
        )
        return lead

    def _with_passages(self):
        lead = self._make_lead(name="With passages")
        lead.stage_id = self.present_products
        return lead

    def _histories(self):
        return (
            self._with_gestion()
            | self._with_closure()
            | self._with_order()
            | self._with_passages()
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestOpportunities(HistoryGuardCommon):
    """An opportunity with a history is closed, not deleted."""

    def test_with_history_it_stays(self):
        for lead in self._histories():
            gestiones, closures = lead.gestion_ids, lead.closure_ids
            for user in self.seller | self.head | self.director:
                with self.subTest(lead=lead.name, user=user.name):
                    with self.assertRaises(UserError) as caught:
                        lead.with_user(user).unlink()
                    self.assertTrue(lead.exists())
                    self.assertEqual(lead.gestion_ids, gestiones)
                    self.assertEqual(lead.closure_ids, closures)
            self.assertIn(f"close it instead: {lead.name}", str(caught.exception))

    def test_one_that_only_began_goes(self):
        lead = self._make_lead()
        self.assertEqual(len(lead.opportunity_stage_ids), 1)
        with self.assertRaises(AccessError):  # as natively
            lead.with_user(self.seller).unlink()
        self.assertTrue(lead.exists())
        lead.with_user(self.director).unlink()
        self.assertFalse(lead.exists())

    def test_one_of_many_holds_all(self):
        leads = self._make_lead(name="Fresh") | self._with_gestion()
        with self.assertRaises(UserError) as caught:
            leads.with_user(self.director).unlink()
        self.assertNotIn("Fresh", str(caught.exception))
        self.assertEqual(leads.exists(), leads)

    def test_system_administrator_deletes(self):
        leads = self._histories()
        leads.with_user(self.system).unlink()
        self.assertFalse(leads.exists())

    def test_odoos_own_rights_without_a_role_of_ours(self):
        lead = self._with_passages()
        lead.with_user(self.manager).unlink()
        self.assertFalse(lead.exists())

    def test_merging_moves_the_history_and_deletes_the_rest(self):
        winner = self._make_lead(name="Winner", partner_id=self.contact.id)
        winner.probability = 80.0
        other = self._with_gestion()
        other.partner_id = self.contact
        gestion = other.gestion_ids
        merged = (winner | other).with_user(self.head).merge_opportunity()
        self.assertEqual(len((winner | other).exists()), 1)
        self.assertEqual(merged.gestion_ids, gestion)

    def test_many_cost_no_more(self):
        leads = self._make_lead() | self._make_lead() | self._make_lead()
        many = self.env["crm.lead"].union(*(self._make_lead() for _n in range(30)))
        guard = self.env["crm.history.guard"].with_user(self.director)
        self.assertFlatGrowth(guard._check_leads, leads, many)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestPartners(HistoryGuardCommon):
    """So are organizations and contacts with whom there was something."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        right = cls.env.ref("base.group_partner_manager")
        for user in cls.seller | cls.head | cls.director | cls.manager:
            user.group_ids += right

    def _partner(self, name="Somebody"):
        vals = {"name": name, "is_company": True, "user_id": self.seller.id}
        return self.env["res.partner"].create(vals)

    def test_with_history_it_stays(self):
        contacted, buyer = self._partner("Contacted"), self._partner("Buyer")
        self._make_gestion(organization_id=contacted.id)
        lead = self._make_lead(partner_id=buyer.id)
        lead.active = False
        for partner in contacted | buyer:
            for user in self.seller | self.head | self.director:
                with self.subTest(partner=partner.name, user=user.name):
                    with self.assertRaises(UserError) as caught:
                        partner.with_user(user).unlink()
                    text = f"archive instead: {partner.name}"
                    self.assertIn(text, str(caught.exception))
                    self.assertTrue(partner.exists())
        self.assertEqual(lead.partner_id, buyer)

    def test_without_history_it_goes(self):
        for user in self.seller | self.director:
            partner = self._partner()
            partner.with_user(user).unlink()
            self.assertFalse(partner.exists())

    def test_odoos_own_rights_without_a_role_of_ours(self):
        partner = self._partner()
        lead = self._make_lead(partner_id=partner.id)
        partner.with_user(self.manager).unlink()
        self.assertFalse(partner.exists())
        self.assertTrue(lead.exists())


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestRows(HistoryGuardCommon):
    """Rows of what happened are deleted by nobody below the system administrator."""

    def test_nobody_deletes_rows(self):
        lead = self._histories()[1]
        lead.expected_revenue = 5.0
        lead.stage_id = self.present_products
        gestion = self._make_gestion(organization_id=self.organization.id)
        self.env["crm.export.log"].with_user(self.seller)._log("csv")
        export = self.env["crm.export.log"].search([("user_id", "=", self.seller.id)])
        rows = [
            gestion,
            lead.closure_ids,
            lead.opportunity_stage_ids,
            lead.forecast_log_ids,
            export,
        ]
        for records in rows:
            self.assertTrue(records)
            for user in self.seller | self.head | self.director:
                with (
                    self.subTest(model=records._name, user=user.name),
                    self.assertRaises(AccessError),
                ):
                    records.with_user(user).unlink()
            self.assertEqual(records.exists(), records)
        for records in rows[1:]:
            with self.assertRaises(AccessError):
                records.with_user(self.system).unlink()
        gestion.with_user(self.system).unlink()
        self.assertFalse(gestion.exists())
