from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import format_date

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestConsent(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger.partner_id.email = "stranger@ours.example"
        cls.theirs = cls.env["res.partner"].create(
            {"name": "Theirs", "user_id": cls.stranger.id, "is_company": True}
        )

    def _record(self, partners, user=None, **values):
        user = user or self.seller
        action = partners.with_user(user).action_crm_record_consent()
        wizard = self.env[action["res_model"]].with_user(user)
        wizard = wizard.with_context(**action["context"]).create(values)
        wizard.action_record()
        return self.env["crm.mailing.consent"].search(
            [("partner_id", "in", partners.ids)]
        )

    def test_a_seller_records_it_on_his_contact(self):
        partners = self.contact.with_user(self.seller)
        action = partners.action_crm_record_consent()
        wizard = self.env[action["res_model"]].with_user(self.seller)
        with Form(wizard.with_context(**action["context"])) as form:
            form.source = "event"
            form.text = "I want to get your news."
            form.date = "2026-02-20 09:00:00"
        form.record.action_record()
        consent = self.contact.crm_consent_ids
        self.assertEqual(
            (consent.kind, consent.source, consent.text, consent.date),
            ("given", "event", "I want to get your news.", datetime(2026, 2, 20, 9)),
        )
        self.assertEqual(consent.user_id, self.seller)
        self.assertEqual(consent.email, "lucia@aceites.example")
        self.assertEqual(
            partners.crm_consent_note,
            f"Agreed to mailings on {format_date(self.env, '2026-02-20')}.",
        )

    def test_the_latest_holds(self):
        self._record(self.contact, date="2026-02-20 09:00:00")
        self._record(self.contact, kind="withdrawn", date="2026-02-21 09:00:00")
        self._record(self.contact, date="2026-02-10 09:00:00")  # found in a drawer
        self.contact.invalidate_recordset()
        self.assertEqual(
            self.contact.with_user(self.seller).crm_consent_note,
            f"Wants no mailings since {format_date(self.env, '2026-02-21')}: "
            "no list gets him.",
        )
        self.assertEqual(len(self.contact.crm_consent_ids), 3)

    def test_many_at_once_or_none(self):
        people = self.env["res.partner"].create(
            [{"name": f"P{i}", "user_id": self.seller.id} for i in range(3)]
        )
        self.assertEqual(len(self._record(people, source="phone")), 3)
        wizard = self.env["crm.mailing.consent.record"].with_user(self.seller)
        wizard = wizard.with_context(
            active_model="res.partner",
            active_ids=[*people.ids, self.theirs.id],
            default_kind="withdrawn",
        ).create({})
        self.assertEqual(wizard.partner_count, 4)
        with self.assertRaises(AccessError):
            wizard.action_record()
        consents = self.env["crm.mailing.consent"].search(
            [("partner_id", "in", [*people.ids, self.theirs.id])]
        )
        self.assertEqual(len(consents), 3)

    def test_nobody_records_for_whom_he_may_not_write(self):
        with self.assertRaises(AccessError):
            self.theirs.with_user(self.seller).action_crm_record_consent()
        consents = self.env["crm.mailing.consent"]
        for user in (self.seller, self.employee, self.native):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                consents.with_user(user).create({"partner_id": self.theirs.id})
        self.assertFalse(self.theirs.crm_consent_ids)

    def test_nobody_chooses_who_recorded_it_or_changes_it(self):
        consent = (
            self.env["crm.mailing.consent"]
            .with_user(self.seller)
            .create(
                {
                    "partner_id": self.contact.id,
                    "user_id": self.head.id,
                    "email": "forged@people.example",
                }
            )
        )
        self.assertEqual(consent.user_id, self.seller)
        self.assertEqual(consent.email, "lucia@aceites.example")
        for user in (self.seller, self.director):
            with self.subTest(user=user.name):
                with self.assertRaises(AccessError):
                    consent.with_user(user).write({"kind": "withdrawn"})
                with self.assertRaises(AccessError):
                    consent.with_user(user).unlink()

    def test_nobody_has_agreed_in_the_future(self):
        with self.assertRaises(ValidationError):
            self._record(self.contact, date="2026-03-02 10:01:00")
        self.assertFalse(self.contact.crm_consent_ids)

    def test_import(self):
        consents = self.env["crm.mailing.consent"].with_user(self.director)
        result = consents.with_context(import_file=True).load(
            ["partner_id/.id", "kind", "date", "text"],
            [
                [str(self.contact.id), "given", "2026-02-01 10:00:00", "Yes"],
                [str(self.theirs.id), "withdrawn", "2026-02-02 10:00:00", ""],
            ],
        )
        self.assertFalse(result["messages"])
        consents = consents.browse(result["ids"])
        self.assertEqual(consents.mapped("source"), ["import", "import"])
        self.assertEqual(consents.user_id, self.director)
        self.assertEqual(consents.mapped("kind"), ["given", "withdrawn"])

    def test_they_move_with_a_merge_and_go_with_the_contact(self):
        twin = self.env["res.partner"].create(
            {"name": "Lucía Ferrer", "email": "lucia@aceites.example"}
        )
        consent = self._record(twin, self.director)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([twin.id, self.contact.id], self.contact)
        self.assertEqual(consent.partner_id, self.contact)
        self.contact.unlink()
        self.assertFalse(consent.exists())

    def test_contacts_of_other_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.env["res.partner"].create(
            {"name": "Foreign", "company_id": other.id}
        )
        consent = self.env["crm.mailing.consent"].create({"partner_id": foreign.id})
        found = consent.with_user(self.seller).search([("id", "=", consent.id)])
        self.assertFalse(found)

    def test_the_note_is_one_query(self):
        people = self.env["res.partner"].create(
            [{"name": f"P{i}", "user_id": self.seller.id} for i in range(33)]
        )
        self._record(people)
        names = ["crm_consent_note", "crm_consent_ids", "crm_doppler_member_ids"]
        self.assertFlatGrowth(
            lambda some: some.with_user(self.seller).read(names), people[:3], people[3:]
        )

    def test_the_page_is_there_where_there_is_an_account(self):
        partner = self.contact.with_user(self.seller)
        self.assertFalse(partner.crm_has_doppler)
        self.env["crm.doppler.account"].create({"email": "us@ours.example"})
        partner.invalidate_recordset()
        self.assertTrue(partner.crm_has_doppler)
