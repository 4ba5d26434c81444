from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.modules.registry import Registry
from odoo.tests import Form, get_db_name, tagged
from odoo.tools import format_datetime, mute_logger

from ..models.crm_contact_form_guard import FROM_ONE_ADDRESS
from .common import AtOnce, Connection, CrmGestionCommon

GUARD = "odoo.addons.crm_gestion.models.crm_contact_form_guard"
NOW = "2026-03-02 10:00:00"
TYPED = {"name": "Ana", "email": "ana@pons.example", "message": "Hola", "privacy": "1"}
# What a role may do with forms and with what was sent.
MATRIX = {
    "seller": ("R", ""),
    "head": ("R", ""),
    "director": ("CRU", "R"),
    "native": ("", ""),
    "employee": ("", ""),
    "portal": ("", ""),
    "public": ("", ""),
}


class ContactFormCommon(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.form = cls.env["crm.contact.form"].create(
            {
                "name": "Ask for a visit",
                "is_published": True,
                "consent_text": "Send me news",
                "user_id": cls.seller.id,
            }
        )

    def _sent(self, **values):
        """:return: what came in by the form"""
        with patch(f"{GUARD}.QUICKEST", 0):
            guard = self.env["crm.contact.form.guard"]
            visitor = self.form.with_user(self.env.ref("base.public_user")).sudo()
            typed = {**TYPED, "token": guard._issue(self.form), **values}
            self.assertEqual(visitor._submit(typed, "127.0.0.1"), ("done", []))
        return self.env["crm.contact.form.entry"].search([], limit=1)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestContactFormScreens(ContactFormCommon):
    """What a director makes of it."""

    def test_made_by_a_director(self):
        website = self.env.ref("crm_gestion.origination_website")
        with Form(self.env["crm.contact.form"].with_user(self.director)) as screen:
            screen.name = "¡Pida una Visita! (2026)"
        form = screen.record
        self.assertRecordValues(
            form,
            [
                {
                    "slug": "pida-una-visita-2026",
                    "is_published": False,
                    "origination_id": website.id,
                    "company_id": self.env.company.id,
                    "sent_count": 0,
                    "lead_count": 0,
                }
            ],
        )
        self.assertTrue(form.url.endswith("/contact/pida-una-visita-2026"))
        self.assertEqual(form.action_open_page()["url"], form.url)
        form.name = "Another title"
        self.assertEqual(form.slug, "pida-una-visita-2026")

    def test_addresses(self):
        for slug in ("Visit", "a b", "a--b", "-a", "a/b", "é", "a" * 81, "a\nb"):
            with self.subTest(slug), self.assertRaises(ValidationError):
                with self.cr.savepoint():
                    self.form.slug = slug
            self.form.invalidate_recordset()
            self.assertEqual(self.form.slug, "ask-for-a-visit")
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.form.create({"name": "Ask for a visit"})

    def test_copy_is_another_page_and_is_not_published(self):
        copy = self.form.copy()
        self.assertRecordValues(
            copy,
            [
                {
                    "name": "Ask for a visit (copy)",
                    "slug": "ask-for-a-visit-copy",
                    "is_published": False,
                }
            ],
        )

    def test_nothing_is_published_without_what_to_agree_to(self):
        for empty in (False, "", "<p><br></p>"):
            with self.subTest(empty), self.assertRaises(ValidationError):
                self.form.privacy_text = empty
        form = self.form.create({"name": "New", "privacy_text": False})
        with self.assertRaises(ValidationError):
            form.is_published = True

    def test_counters_and_lists(self):
        first, second = self._sent(), self._sent(email="b@pons.example")
        other = self.form.copy()
        second.lead_id.unlink()
        forms = (self.form | other).with_user(self.director)
        self.assertEqual(forms.mapped("sent_count"), [2, 0])
        self.assertEqual(forms.mapped("lead_count"), [1, 0])
        entries = self.env[(action := forms[0].action_view_entries())["res_model"]]
        self.assertEqual(entries.search(action["domain"]), second | first)
        action = forms[0].action_view_leads()
        leads = self.env["crm.lead"].with_user(self.director)
        self.assertEqual(leads.search(action["domain"]), first.lead_id)

    def test_who_may_what(self):
        self._sent()
        portal = self._make_user("customer", "base.group_portal")
        users = {"portal": portal, "public": self.env.ref("base.public_user")}
        operations = {"C": "create", "R": "read", "U": "write", "D": "unlink"}
        for name, rights in MATRIX.items():
            user = users.get(name) or getattr(self, name)
            for model, expected in zip(
                ("crm.contact.form", "crm.contact.form.entry"), rights, strict=True
            ):
                with self.subTest(user=name, model=model):
                    records = self.env[model].with_user(user)
                    found = "".join(
                        letter
                        for letter, operation in operations.items()
                        if records.has_access(operation)
                    )
                    self.assertEqual(found, expected)

    def test_what_was_sent_is_of_its_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        self.form.user_id = False
        self.form.company_id = company
        entry = self._sent()
        director = self.director
        with self.assertRaises(AccessError):
            entry.with_user(director).read(["email"])
        with self.assertRaises(AccessError):
            self.form.with_user(director).read(["name"])
        director.company_ids += company
        switched = entry.with_user(director).with_company(company)
        self.assertEqual(switched.email, "ana@pons.example")

    def test_salesperson_and_team_are_of_the_company(self):
        company = self.env["res.company"].create({"name": "Other"})
        teams = self.env["crm.team"]
        for values in (
            {"company_id": company.id},
            {"team_id": teams.create({"name": "T", "company_id": company.id}).id},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                with self.cr.savepoint():
                    self.form.write(values)

    def test_seller_reads_what_was_agreed_to(self):
        lead = self._sent(mailings="1").lead_id.with_user(self.seller)
        moment = format_datetime(lead.env, datetime(2026, 3, 2, 10))
        self.assertEqual(
            lead.form_note.splitlines(),
            [
                f"Sent by “Ask for a visit” on {moment}.",
                f"Agreed to: {self.form._default_privacy_text()}",
                "Mailings, not recorded: Send me news",
            ],
        )
        lead.partner_id = self.env["res.partner"].create(
            {"name": "Ana", "email": "ana@pons.example"}
        )
        lead.invalidate_recordset()
        self.assertEqual(
            lead.form_note.splitlines()[-1], "Mailings, recorded: Send me news"
        )
        without = self._make_lead().with_user(self.seller)
        self.assertFalse(without.form_note)

    def test_notes_of_many_cost_as_few_queries(self):
        leads = self.env["crm.lead"].concat(
            *(self._sent(email=f"a{n}@pons.example").lead_id for n in range(3))
        )
        Entry = self.env["crm.contact.form.entry"]
        many = leads.concat(*(self._make_lead() for _n in range(27)))
        Entry.create(
            [
                {"form_id": self.form.id, "lead_id": lead.id, "privacy_text": "Yes"}
                for lead in many[3:]
            ]
        )
        self.assertFlatGrowth(lambda rows: Entry._notes(rows), leads, many)

    def test_erased_with_its_person(self):
        """By Odoo's own privacy look-up, which the administrator has."""
        entry = self._sent()
        lookup = self.env["privacy.lookup.wizard"].create(
            {"name": "Ana Pons", "email": "ana@pons.example"}
        )
        lookup.action_lookup()
        lines = lookup.line_ids.filtered(lambda line: line.res_model == entry._name)
        self.assertEqual(lines.mapped("res_id"), entry.ids)
        lines.action_unlink()
        self.assertFalse(entry.exists())

    def test_address_of_the_computer_is_forgotten(self):
        entry = self._sent()
        self.assertEqual(len(entry.address_hash), 64)
        self.assertNotIn("127.0.0.1", entry.address_hash)
        with freeze_time("2026-04-01 09:59:59"):
            entry._gc_address_hashes()
            self.assertTrue(entry.address_hash)
        with freeze_time("2026-04-01 10:00:01"):
            entry._gc_address_hashes()
            self.assertFalse(entry.address_hash)
        self.assertEqual(entry.email, "ana@pons.example")


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestConsentOfSender(ContactFormCommon):
    """What was agreed to on a form becomes a consent of the contact whom somebody of
    ours joins to the opportunity, and never brings anybody back who said no."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ana = cls.env["res.partner"].create(
            {"name": "Ana Pons", "email": "Ana@Pons.example", "user_id": cls.seller.id}
        )

    def _joined(self, entry, partner=None):
        lead = entry.lead_id.with_user(self.seller)
        lead.partner_id = partner or self.ana
        self.env.flush_all()
        return self.env["crm.mailing.consent"].search(
            [("partner_id", "=", (partner or self.ana).id)]
        )

    def test_recorded_for_the_contact_with_the_address(self):
        entry = self._sent(mailings="1")
        with freeze_time("2026-03-05 08:00:00"):
            consent = self._joined(entry)
        self.assertRecordValues(
            consent,
            [
                {
                    "kind": "given",
                    "source": "website",
                    "date": datetime(2026, 3, 2, 10),
                    "text": "Send me news",
                    "email": "ana@pons.example",
                    "user_id": self.seller.id,
                }
            ],
        )
        self.assertEqual(entry.consent_id, consent)
        self.assertEqual(self._joined(entry), consent)

    def test_recorded_when_the_contact_is_made_of_it(self):
        entry = self._sent(mailings="1", email="new@pons.example")
        lead = entry.lead_id.with_user(self.seller)
        lead._handle_partner_assignment(create_missing=True)
        self.assertEqual(lead.partner_id.email, "new@pons.example")
        consent = self.env["crm.mailing.consent"].search(
            [("partner_id", "=", lead.partner_id.id)]
        )
        self.assertEqual(consent.mapped("source"), ["website"])

    def test_recorded_on_a_contact_of_a_colleague(self):
        """It is the contact's own word; who joins them only says who he is."""
        self.ana.user_id = self.stranger
        consent = self._joined(self._sent(mailings="1"))
        self.assertEqual(consent.user_id, self.seller)

    def test_not_for_another_address(self):
        entry = self._sent(mailings="1")
        self.assertFalse(self._joined(entry, self.contact))
        self.assertFalse(entry.consent_id)

    def test_not_where_it_was_not_asked_for(self):
        self.assertFalse(self._joined(self._sent()))

    def test_not_without_an_address(self):
        entry = self._sent(mailings="1", email="", phone="+34 600 111 222")
        nobody = self.env["res.partner"].create({"name": "No address"})
        self.assertFalse(self._joined(entry, nobody))

    def test_nobody_who_said_no_comes_back(self):
        Consent = self.env["crm.mailing.consent"]
        account = self.env["crm.doppler.account"].create({"email": "us@ours.example"})
        asked = self.env["crm.gestion.result"].search(
            [("stops_contact", "=", True)], limit=1
        )
        objections = {
            "withdrew since": lambda: Consent.create(
                {"partner_id": self.ana.id, "kind": "withdrawn"}
            ),
            "withdrew before": lambda: Consent.create(
                {
                    "partner_id": self.ana.id,
                    "kind": "withdrawn",
                    "date": "2026-01-01 10:00:00",
                }
            ),
            "blacklisted": lambda: self.env["mail.blacklist"]._add("ana@pons.example"),
            "left Doppler": lambda: self.env["crm.doppler.optout"].create(
                {
                    "account_id": account.id,
                    "email": "ana@pons.example",
                    "kind": "manual",
                }
            ),
            "asked not to be contacted": lambda: self._make_gestion(
                contact_id=self.ana.id, result_id=asked.id
            ),
        }
        for name, objection in objections.items():
            with self.subTest(name):
                savepoint = self.cr.savepoint()
                entry = self._sent(mailings="1")
                objection()
                given = self._joined(entry).filtered(lambda row: row.kind == "given")
                self.assertFalse(given)
                self.assertFalse(entry.consent_id)
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_follows_its_opportunity_where_it_is_merged(self):
        entry = self._sent(mailings="1")
        kept = self._make_lead(partner_id=self.ana.id)
        (kept | entry.lead_id)._merge_opportunity(user_id=False, team_id=False)
        self.assertEqual(entry.lead_id, kept.exists() or entry.lead_id)
        self.assertEqual(entry.lead_id.partner_id, self.ana)
        self.assertEqual(entry.consent_id.partner_id, self.ana)

    def test_many_cost_as_few_queries(self):
        Entry = self.env["crm.contact.form.entry"]
        people = self.env["res.partner"].create(
            [{"name": f"P{n}", "email": f"p{n}@pons.example"} for n in range(66)]
        )
        leads = self.env["crm.lead"].concat(
            *(self._make_lead(partner_id=person.id) for person in people)
        )
        Entry.create(
            [
                {
                    "form_id": self.form.id,
                    "lead_id": lead.id,
                    "email": person.email,
                    "wants_mailings": True,
                }
                for lead, person in zip(leads, people, strict=True)
            ]
        )
        Entry._make_consents(leads[:3])
        few = self._count_queries(lambda: Entry._make_consents(leads[3:6]))
        many = self._count_queries(lambda: Entry._make_consents(leads[6:36]))
        self.assertLessEqual(many, few + self.ALLOWANCE)
        self.assertEqual(self.env["crm.mailing.consent"].search_count([]), 36)


@tagged("post_install", "-at_install")
class TestSentAtOnce(AtOnce):
    """What is sent at once is counted one after the other."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.addCleanup(self._clean_up)
        patcher = patch(f"{GUARD}.QUICKEST", 0)
        patcher.start()
        self.addCleanup(patcher.stop)
        with Connection() as env:
            form = env["crm.contact.form"].create(
                {"name": "At once", "is_published": True}
            )
            self.form_id = form.id

    def _clean_up(self):
        with Connection() as env:
            form = env["crm.contact.form"].browse(self.form_id)
            entries = env["crm.contact.form.entry"].search([("form_id", "=", form.id)])
            leads = entries.lead_id
            entries.unlink()
            leads.unlink()
            form.unlink()

    def _request(self, token):
        def submit(env):
            form = env["crm.contact.form"].browse(self.form_id)
            return form._submit({**TYPED, "token": token}, "198.51.100.7")[0]

        # what every request reads before it comes to the form
        return (lambda env: env["crm.contact.form"].browse(self.form_id).name, submit)

    def _tokens(self, count):
        with Connection() as env:
            form = env["crm.contact.form"].browse(self.form_id)
            return [env["crm.contact.form.guard"]._issue(form) for _n in range(count)]

    def _rows(self):
        with Connection() as env:
            form = env["crm.contact.form"].browse(self.form_id)
            entries = env["crm.contact.form.entry"].search([("form_id", "=", form.id)])
            return len(entries), len(entries.lead_id), form.sent_count

    def test_the_same_page_sent_twice(self):
        (token,) = self._tokens(1)
        answers = self._at_once(self._request(token), self._request(token))
        self.assertEqual(answers, ["done", "done"])
        self.assertEqual(self._rows(), (1, 1, 1))

    def test_limit_holds(self):
        (period, _most), *_rest = FROM_ONE_ADDRESS
        with patch(f"{GUARD}.FROM_ONE_ADDRESS", ((period, 1),)):
            requests = [self._request(token) for token in self._tokens(3)]
            answers = self._at_once(*requests)
        self.assertEqual(sorted(answers), ["done", "flood", "flood"])
        self.assertEqual(self._rows(), (1, 1, 1))
