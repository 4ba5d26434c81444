from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_gestion.models import crm_opportunity_organization as module

from .common import Connection, CrmGestionCommon

MODEL = "crm.opportunity.organization"


class FillCase(CrmGestionCommon):
    """Opportunities as the add-on finds them when it is installed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.params = cls.env["ir.config_parameter"]
        cls.cron = cls.env.ref("crm_gestion.ir_cron_organization")

    def _make_before(self, count=1, **values):
        leads = self.env["crm.lead"].create(
            [{"name": "Before", "partner_id": self.contact.id, **values}] * count
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET organization_id = NULL WHERE id = ANY(%s)", [leads.ids]
        )
        leads.invalidate_recordset()
        return leads

    def _run(self, seconds=60.0):
        """What the cron does; a test does not commit.

        :return: list of what was left after each batch
        """
        left = []

        def progress(_self, processed, remaining):
            left.append(remaining)
            return seconds

        with patch.object(self.registry["ir.cron"], "_commit_progress", progress):
            self.env[MODEL]._cron_fill()
        return left

    def _below(self):
        return self.params.get_param(module.PARAMETER)


@tagged("post_install", "-at_install")
class TestOrganizationsOfEarlier(FillCase):
    def test_the_company_of_the_contact_is_filled_in(self):
        lonely = self.env["res.partner"].create({"name": "Somebody"})
        lead, private, nobody = (
            self._make_before(),
            self._make_before(partner_id=lonely.id),
            self._make_before(partner_id=False),
        )
        written = lead.write_date
        self.env[MODEL]._start()
        self.assertEqual(lead.organization_id, self.organization)
        self.assertFalse((private | nobody).organization_id)
        self.assertEqual(lead.write_date, written)

    def test_an_organization_that_is_there_stays(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        lead = self._make_before()
        lead.organization_id = other
        self.env[MODEL]._start()
        self.assertEqual(lead.organization_id, other)

    def test_many_are_left_to_the_cron(self):
        leads = self._make_before(3)
        triggers = self.env["ir.cron.trigger"].search_count(
            [("cron_id", "=", self.cron.id)]
        )
        with patch.object(module, "AT_ONCE", 2):
            self.env[MODEL]._start()
        self.assertFalse(leads.organization_id)
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", self.cron.id)]),
            triggers + 1,
        )
        self._run()
        self.assertEqual(leads.organization_id, self.organization)
        self.assertEqual(self._below(), "0")

    def test_the_cron_goes_on_where_its_time_was_over(self):
        leads = self._make_before(5)
        self.params.set_param(module.PARAMETER, "newest")
        with patch.object(module, "BATCH", 2):
            self.assertEqual(self._run(seconds=0), [leads.ids[-1] - 2])
        self.assertEqual(self._below(), str(leads.ids[-1] - 2))
        self.assertEqual(leads.filtered("organization_id"), leads[3:])
        self._run()
        self.assertEqual(leads.organization_id, self.organization)
        self.assertEqual(leads.filtered("organization_id"), leads)

    def test_it_is_done_once(self):
        lead = self._make_before()
        self.params.set_param(module.PARAMETER, "newest")
        self._run()
        self.assertEqual(lead.organization_id, self.organization)
        lead.organization_id = False  # a seller takes it away
        self.assertEqual(self._run(), [])
        self.assertFalse(lead.organization_id)

    def test_queries_do_not_grow_with_the_opportunities(self):
        def fill(leads):
            self.env.cr.execute(
                "UPDATE crm_lead SET organization_id = NULL WHERE id = ANY(%s)",
                [leads.ids],
            )
            self.env[MODEL]._fill(leads.ids[0] - 1, leads.ids[-1])

        self.assertFlatGrowth(fill, self._make_before(3), self._make_before(30))


@tagged("post_install", "-at_install")
class TestOrganizationsWhileSellersWrite(BaseCase):
    """Two connections, so what they need is committed, and taken away at the end."""

    def setUp(self):
        super().setUp()
        with Connection() as env:
            mill, farm = env["res.partner"].create(
                [{"name": name, "is_company": True} for name in ("Mill", "Farm")]
            )
            contact = env["res.partner"].create(
                {"name": "Miller", "parent_id": mill.id, "type": "contact"}
            )
            leads = env["crm.lead"].create(
                [{"name": "Before", "partner_id": contact.id}] * 2
            )
            env.flush_all()
            env.cr.execute(
                "UPDATE crm_lead SET organization_id = NULL WHERE id = ANY(%s)",
                [leads.ids],
            )
            self.mill, self.farm, self.partners = mill.id, farm.id, contact.id
            self.leads = leads.ids
        self.addCleanup(self._take_away)

    def _take_away(self):
        with Connection() as env:
            env["crm.lead"].browse(self.leads).unlink()
            env["res.partner"].browse([self.partners, self.farm, self.mill]).unlink()

    def _organizations(self):
        with Connection() as env:
            leads = env["crm.lead"].browse(self.leads)
            return [lead.organization_id.id for lead in leads]

    def _fill(self, env):
        return env[MODEL]._fill_again(self.leads[0] - 1, self.leads[1])

    def test_who_is_writing_is_left_alone_and_told(self):
        with Connection() as seller, Connection() as cron:
            seller["crm.lead"].browse(self.leads[1]).organization_id = self.farm
            seller.flush_all()
            self.assertEqual(self._fill(cron), self.leads[1])
        self.assertEqual(self._organizations(), [self.mill, self.farm])
        with Connection() as cron:
            self.assertEqual(self._fill(cron), 0)
        self.assertEqual(self._organizations(), [self.mill, self.farm])

    def test_what_was_committed_meanwhile_stays(self):
        with Connection() as cron:
            cron.execute_query(module.SQL("SELECT 1"))  # it sees the world of now
            with Connection() as seller:
                seller["crm.lead"].browse(self.leads[0]).organization_id = self.farm
            self.assertEqual(self._fill(cron), 0)
        self.assertEqual(self._organizations(), [self.farm, self.mill])

    def test_an_installation_does_not_fail_by_it(self):
        with Connection() as installation:
            installation.execute_query(module.SQL("SELECT 1"))
            with Connection() as seller:
                seller["crm.lead"].browse(self.leads[0]).organization_id = self.farm
            installation[MODEL]._fill_if_free(self.leads[1])
            installation.execute_query(module.SQL("SELECT 1"))  # it goes on
        self.assertEqual(self._organizations(), [self.farm, False])

    def test_a_seller_who_comes_later_waits_for_one_batch_at_most(self):
        with Connection() as cron:
            self.assertEqual(self._fill(cron), 0)
            cron.cr.commit()  # as after each batch
            with Connection() as seller:
                seller.cr.execute("SET LOCAL lock_timeout = '1s'")
                seller["crm.lead"].browse(self.leads[0]).organization_id = self.farm
        self.assertEqual(self._organizations(), [self.farm, self.mill])
