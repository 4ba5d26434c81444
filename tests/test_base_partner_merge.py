from datetime import date

from freezegun import freeze_time

from odoo.tests import tagged

from .test_crm_affiliation import AffiliationCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestPartnerMerge(AffiliationCase):
    """Odoo's own wizard, as a director who may merge partners."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.director.group_ids += cls.env.ref("base.group_partner_manager")
        cls.twin = cls.env["res.partner"].create(
            {"name": "Lucia Ferrer", "email": "lucia@aceites.example"}
        )
        cls.other_winery = cls.env["res.partner"].create(
            {"name": "Bodegas Rioja SL", "is_company": True}
        )

    def _merge(self, target, *sources):
        """The merged ones are deleted: the caches of the test know nothing of it."""
        self.env.flush_all()
        partners = target.union(*sources)
        wizard = (
            self.env["base.partner.merge.automatic.wizard"]
            .with_user(self.director)
            .create(
                {
                    "state": "selection",
                    "partner_ids": [(6, 0, partners.ids)],
                    "dst_partner_id": target.id,
                }
            )
        )
        wizard.action_merge()
        self.env.invalidate_all()
        self.assertEqual(partners.exists(), target)

    def _rows(self, contact):
        return [
            (row.organization_id, row.date_from, row.date_to, row.is_main)
            for row in contact.affiliation_ids.sorted("id")
        ]

    def test_all_affiliations_and_gestiones_stay(self):
        self._affiliate(self.twin, self.winery, date_from="2025-01-01")
        self._affiliate(self.twin, self.other_winery, date_to="2025-12-31")
        own = self._make_gestion(contact_id=self.contact.id)
        others = self._make_gestion(contact_id=self.twin.id)
        self._merge(self.contact, self.twin)

        self.assertEqual(self.contact.gestion_ids, own | others)
        self.assertEqual(
            self._rows(self.contact),
            [
                (self.winery, date(2025, 1, 1), False, False),
                (self.other_winery, False, date(2025, 12, 31), False),
            ],
        )
        self.assertEqual(self.contact.parent_id, self.organization)

    def test_both_affiliated_to_the_same_organization(self):
        self._affiliate(
            self.contact, self.winery, date_from="2025-06-01", email="a@rioja.example"
        )
        self._affiliate(
            self.twin,
            self.winery,
            date_from="2025-01-01",
            email="b@rioja.example",
            phone="+34 941",
            cargo_id=self.buyer.id,
        )
        self._affiliate(self.twin, self.other_winery)
        self._merge(self.contact, self.twin)

        self.assertEqual(
            self._rows(self.contact),
            [
                (self.winery, date(2025, 1, 1), False, False),
                (self.other_winery, False, False, False),
            ],
        )
        row = self.contact.affiliation_ids.filtered("email")
        self.assertRecordValues(
            row,
            [
                {
                    "email": "a@rioja.example",
                    "phone": "+34 941",
                    "cargo_id": self.buyer.id,
                }
            ],
        )

    def test_open_period_wins_over_one_that_ended(self):
        self._affiliate(self.contact, self.winery, date_from="2025-01-01")
        self._affiliate(
            self.twin, self.winery, date_from="2024-01-01", date_to="2025-06-30"
        )
        self._merge(self.contact, self.twin)
        self.assertEqual(
            self._rows(self.contact), [(self.winery, date(2024, 1, 1), False, False)]
        )

    def test_periods_apart_stay_two(self):
        self._affiliate(
            self.contact, self.winery, date_from="2020-01-01", date_to="2020-12-31"
        )
        self._affiliate(self.twin, self.winery, date_from="2025-01-01")
        self._merge(self.contact, self.twin)
        self.assertEqual(len(self.contact.affiliation_ids), 2)

    def test_affiliated_to_the_organization_that_employs_the_other(self):
        self._affiliate(self.twin, self.organization)
        self._merge(self.contact, self.twin)
        self.assertEqual(self.contact.parent_id, self.organization)
        self.assertEqual(self.contact.crm_organization_ids, self.organization)

    def test_branches_of_two_organizations(self):
        """A company is nobody's employee: its parent is no affiliation of its own."""
        branches = self.env["res.partner"].create(
            [
                {"name": "Sur", "is_company": True, "parent_id": self.organization.id},
                {"name": "Sur SL", "is_company": True, "parent_id": self.winery.id},
            ]
        )
        people = self.env["res.partner"].create(
            [{"name": branch.name, "parent_id": branch.id} for branch in branches]
        )
        self._affiliate(self.twin, branches[1])
        gestion = self._make_gestion(contact_id=people[1].id)
        self.assertEqual(gestion.organization_id, branches[1])
        self._merge(branches[0], branches[1])
        self.assertEqual(people.parent_id, branches[0])
        self.assertEqual(self._rows(self.twin), [(branches[0], False, False, False)])
        self.assertFalse(branches[0].affiliation_ids)
        self.assertEqual(gestion.organization_id, branches[0])
        self.assertEqual(branches[0].parent_id, self.organization)

    def test_two_employers_stay_both(self):
        self.twin.parent_id = self.winery
        self._merge(self.contact, self.twin)

        self.assertEqual(self.contact.parent_id, self.organization)
        self.assertEqual(self._rows(self.contact), [(self.winery, False, False, False)])

    def test_main_rows_of_both(self):
        self._affiliate(self.contact, self.organization, is_main=True)
        self._affiliate(self.twin, self.winery, is_main=True)
        self._merge(self.contact, self.twin)

        self.assertEqual(self.contact.parent_id, self.organization)
        self.assertEqual(
            self._rows(self.contact),
            [
                (self.organization, False, False, True),
                (self.winery, False, False, False),
            ],
        )

    def test_main_rows_of_both_for_one_organization(self):
        self._affiliate(self.contact, self.organization, is_main=True)
        self._affiliate(self.twin, self.organization, is_main=True)
        self._merge(self.contact, self.twin)
        self.assertEqual(
            self._rows(self.contact), [(self.organization, False, False, True)]
        )

    def test_main_row_beside_an_open_one_of_the_same_organization(self):
        self._affiliate(self.contact, self.winery)
        self._affiliate(self.twin, self.winery, is_main=True)
        self._merge(self.contact, self.twin)
        self.assertEqual(self.contact.parent_id, self.organization)
        self.assertEqual(self._rows(self.contact), [(self.winery, False, False, False)])

    def test_employer_comes_with_the_one_that_has_one(self):
        self._affiliate(self.contact, self.winery)
        self._merge(self.twin, self.contact)
        self.assertEqual(self.twin.parent_id, self.organization)
        self.assertEqual(self._rows(self.twin), [(self.winery, False, False, False)])

    def test_organizations_with_the_same_affiliated_contact(self):
        self._affiliate(self.contact, self.winery, date_from="2025-01-01")
        self._affiliate(self.contact, self.other_winery, date_from="2024-01-01")
        gestion = self._make_gestion(
            organization_id=self.other_winery.id, contact_id=self.contact.id
        )
        lead = self._make_lead(
            partner_id=self.contact.id, organization_id=self.other_winery.id
        )
        self._merge(self.winery, self.other_winery)

        self.assertEqual(
            self._rows(self.contact), [(self.winery, date(2024, 1, 1), False, False)]
        )
        self.assertEqual(gestion.organization_id, self.winery)
        self.assertEqual(lead.organization_id, self.winery)

    def test_organization_of_a_main_row(self):
        self._affiliate(self.contact, self.other_winery, is_main=True)
        self._merge(self.winery, self.other_winery)
        self.assertEqual(self.contact.parent_id, self.winery)
        self.assertIn((self.winery, False, False, True), self._rows(self.contact))

    def test_three_at_once(self):
        third = self.twin.copy({"name": "L. Ferrer"})
        for contact in (self.contact, self.twin, third):
            self._affiliate(contact, self.winery)
        third.parent_id = self.other_winery
        self._merge(self.contact, self.twin, third)
        self.assertEqual(
            sorted(self.contact.affiliation_ids.organization_id.mapped("name")),
            ["Bodegas Rioja", "Bodegas Rioja SL"],
        )

    def test_who_reported_to_each_other_reports_to_nobody(self):
        self.contact.manager_contact_id = self.twin
        self.twin.referred_by_id = self.contact
        self._merge(self.contact, self.twin)
        self.assertRecordValues(
            self.contact, [{"manager_contact_id": False, "referred_by_id": False}]
        )

    def test_boss_between_both_makes_no_circle(self):
        boss = self.env["res.partner"].create(
            {"name": "Marta", "parent_id": self.organization.id}
        )
        self.twin.manager_contact_id = boss
        boss.manager_contact_id = self.contact
        self._merge(self.contact, self.twin)
        self.assertFalse(self.contact.manager_contact_id)
        self.assertEqual(boss.manager_contact_id, self.contact)

    def test_boss_and_referrer_of_others_move(self):
        report = self.env["res.partner"].create(
            {
                "name": "Juan",
                "manager_contact_id": self.twin.id,
                "referred_by_id": self.twin.id,
            }
        )
        self._merge(self.contact, self.twin)
        self.assertEqual(report.manager_contact_id, self.contact)
        self.assertEqual(report.referred_by_id, self.contact)

    def test_customer_wins_over_potential(self):
        order = self.env["sale.order"].create({"partner_id": self.other_winery.id})
        order.action_confirm()
        contact = self.env["res.partner"].create(
            {"name": "Ana", "parent_id": self.other_winery.id}
        )
        self.assertEqual(self.winery.account_status, "potential")
        colleague = self.env["res.partner"].create(
            {"name": "Eva", "parent_id": self.winery.id}
        )
        self._merge(self.winery, self.other_winery)

        everybody = self.winery | contact | colleague
        self.assertEqual(everybody.mapped("account_status"), ["customer"] * 3)

    def test_completeness_is_worked_out_again(self):
        self.env["res.partner"].create(
            {"name": "Ana", "parent_id": self.other_winery.id}
        )
        self.other_winery.write({"email": "info@rioja.example"})
        self.winery.write({"email": "info@rioja.example"})
        before = self.winery.completeness
        self._merge(self.winery, self.other_winery)
        self.assertEqual(self.winery.completeness, before + 9)
