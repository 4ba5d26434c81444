from freezegun import freeze_time

from odoo.tests import tagged

from .import_loader_common import ImportLoaderCommon

COUNTED = (
    "calendar.attendee",
    "calendar.event",
    "crm.campaign.budget",
    "crm.campaign.cost",
    "crm.incident.passage",
    "crm.lead",
    "crm.opportunity.stage",
    "mail.activity",
    "mail.followers",
    "mail.message",
    "product.product",
    "product.template",
    "project.task",
    "res.partner",
    "utm.campaign",
)
OLD = "2025-11-21 17:34:17"
VIDAL = {
    "name": "Carmen Vidal",
    "organization_name": "Bodegas Vidal",
    "email": "carmen@vidal.example",
    "created": OLD,
}
ABOUT = {"related": {"entity": "organization", "name": "Aceites del Sur"}}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestImportLoaderUndo(ImportLoaderCommon):
    """What loaders make, with all that comes with it, can be taken back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._choose("activity_type", "Meeting", cls.meeting)
        done = cls.env.ref("crm_gestion.incident_stage_solved")
        cls._choose("incident_stage", "Closed", done)

    def _load_all(self):
        self._load({"name": "Server", "cost": "3", "created": OLD}, entity="product")
        self._load({"name": "Fair", "budget": "5", "cost": "4"}, entity="campaign")
        self._load(VIDAL, entity="lead")
        self._load({"name": "Call", "deadline": "2026-04-01", **ABOUT}, entity="step")
        meeting = {"name": "Demo", "activity_type": "Meeting", **ABOUT}
        self._load({**meeting, "date": "2026-04-01 10:00:00"}, entity="step")
        incident = {"name": "Noise", "organization": "Aceites del Sur", "created": OLD}
        closed = {"incident_stage": "Closed", "closed": "2025-12-01 10:00:00"}
        self._load(incident, {**incident, **closed}, entity="incident")

    def _take_back(self):
        job = self.job.sudo()
        for _done in self.env["crm.import.undoer"].sudo()._work(job):
            pass
        self.env.flush_all()
        self.env.invalidate_all()

    def _counts(self):
        self.env.flush_all()
        return {
            name: self.env[name].with_context(active_test=False).search_count([])
            for name in COUNTED
        }

    def test_nothing_stays(self):
        for target in ("lead", "organization"):
            with self.subTest(target=target):
                self.job.lead_target = target
                before = self._counts()
                self._load_all()
                self.assertNotEqual(self._counts(), before)
                self._take_back()
                self.assertEqual(self._counts(), before)
                self.assertEqual(
                    set(self.job.row_ids.mapped("state")),
                    {"undone"},
                    self.job.row_ids.mapped("reason"),
                )

    def test_a_campaign_whose_cost_was_changed_stays(self):
        [kept, gone] = self._load(
            {"name": "Kept", "cost": "4"},
            {"name": "Gone", "cost": "4"},
            entity="campaign",
        )
        kept.cost_ids.amount = 6.0
        self.env.flush_all()
        self._pass_a_minute(kept.cost_ids)
        self._take_back()
        self.assertFalse(gone.exists())
        self.assertEqual(kept.cost_ids.amount, 6.0)

    def _pass_a_minute(self, records):
        """Of one transaction all is of one moment: what was written is of a later
        one."""
        self.env.cr.execute(
            "UPDATE crm_campaign_cost SET write_date = write_date + interval '1 minute'"
            " WHERE id = ANY(%s)",
            [records.ids],
        )
        records.invalidate_recordset()

    def test_what_was_here_stays(self):
        known = {**VIDAL, "name": "Lucía Ferrer", "email": "lucia@aceites.example"}
        self.job.lead_target = "organization"
        rows = self._plan(
            {**known, "organization_name": "Aceites del Sur"}, entity="lead"
        )
        self.assertEqual(rows.state, "matched")
        self._call("_load", rows)
        self._take_back()
        self.assertTrue(self.contact.exists())
        self.assertTrue(self.organization.exists())

    def test_a_product_whose_template_somebody_uses_stays(self):
        kept, gone = self._load({"name": "Kept"}, {"name": "Gone"}, entity="product")
        since = self.env["product.pricelist"].create({"name": "Fair"})
        item = {"pricelist_id": since.id, "product_tmpl_id": kept.product_tmpl_id.id}
        item = self.env["product.pricelist.item"].create(
            {**item, "applied_on": "1_product", "fixed_price": 3.0}
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE product_pricelist_item"
            " SET create_date = create_date + interval '1 minute' WHERE id = %s",
            [item.id],
        )
        self._take_back()
        self.assertFalse(gone.exists())
        self.assertTrue(kept.exists())
        self.assertTrue(item.exists())

    def test_an_entry_that_somebody_uses_stays(self):
        values = {"action": "make"}
        self._choose("market", "Beekeeping", **values)
        self._choose("market", "Quarries", **values)
        bees, quarry = self._load(
            {"name": "Mieles Ruiz", "market": "Beekeeping"},
            {"name": "Canteras Soto", "market": "Quarries"},
            entity="organization",
        )
        kept, gone = bees.market_id, quarry.market_id
        self.organization.market_id = kept
        self._take_back()
        self.assertEqual(self.organization.market_id, kept.exists())
        self.assertFalse(gone.exists())
        self.assertFalse((bees | quarry).exists())

    def test_an_address_that_was_blocked_before_stays_blocked(self):
        Blocked = self.env["mail.blacklist"].with_context(active_test=False)
        before = Blocked.create({"email": "old@mieles.example"})
        self._load(
            {"name": "Mieles Ruiz", "email": "old@mieles.example", "opt_out": True},
            {"name": "Canteras Soto", "email": "new@soto.example", "opt_out": True},
            entity="organization",
        )
        self.assertEqual(Blocked.search_count([("email", "=", "new@soto.example")]), 1)
        self._take_back()
        self.assertTrue(before.exists())
        self.assertFalse(Blocked.search([("email", "=", "new@soto.example")]))

    def test_who_stays_and_wants_no_mailings_stays_blocked(self):
        [kept] = self._load(
            {"name": "Mieles Ruiz", "email": "no@mieles.example", "opt_out": True},
            entity="organization",
        )
        self.env["res.partner"].create({"name": "Eva Gil", "parent_id": kept.id})
        self._take_back()
        self.assertTrue(kept.exists())
        blocked = self.env["mail.blacklist"].search(
            [("email", "=", "no@mieles.example")]
        )
        self.assertEqual(len(blocked), 1)

    def test_queries_do_not_grow_with_the_rows(self):
        def take_back(names):
            self.job.sudo().row_ids.unlink()
            self._load(*({"name": name} for name in names), entity="organization")
            self._take_back()
            self.assertEqual(set(self.job.row_ids.mapped("state")), {"undone"})

        few, many = ([f"Mieles {n} de {size}" for n in range(size)] for size in (3, 30))
        self.assertFlatGrowth(take_back, few, many)
