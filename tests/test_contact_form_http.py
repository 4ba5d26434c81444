from datetime import date
from unittest.mock import patch

from freezegun import freeze_time
from lxml import html

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import config

from .common import CrmGestionCommon

GUARD = "odoo.addons.crm_gestion.models.crm_contact_form_guard"
NOW = "2026-03-02 10:00:00"
FILLED = {
    "name": "Ana Pons",
    "organization": "Pons e Hijos",
    "email": "ana@pons.example",
    "phone": "+34 600 111 222",
    "city": "Mérida",
    "message": "Necesito un presupuesto.\nGracias",
    "privacy": "1",
}


class ContactFormHttpCommon(CrmGestionCommon, HttpCase):
    """A published form, and a visitor who is nobody."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._speak_english()
        cls.campaign = cls.env["utm.campaign"].create({"name": "Feria"})
        cls.form = cls.env["crm.contact.form"].create(
            {
                "name": "Pida una visita",
                "slug": "visita",
                "is_published": True,
                "privacy_text": "<p>Keep <b>my data</b></p>",
                "consent_text": "Send me news",
                "origination_id": cls.env.ref("crm_gestion.origination_website").id,
                "campaign_id": cls.campaign.id,
                "team_id": cls.north.id,
                "user_id": cls.seller.id,
            }
        )

    def setUp(self):
        super().setUp()
        # a test is quicker than a person
        self.patch_quickest(0)

    def patch_quickest(self, seconds):
        patcher = patch(f"{GUARD}.QUICKEST", seconds)
        patcher.start()
        self.addCleanup(patcher.stop)

    def _get(self, form=None):
        """:return: dict name -> text of the hidden fields of the page"""
        page = self.url_open(f"/contact/{(form or self.form).slug}")
        self.assertEqual(page.status_code, 200)
        inputs = html.fromstring(page.text).xpath("//form//input[@type='hidden']")
        return {field.get("name"): field.get("value") for field in inputs}

    def _post(self, values, form=None, **kwargs):
        return self.url_open(
            f"/contact/{(form or self.form).slug}",
            data=values,
            allow_redirects=False,
            **kwargs,
        )

    def _send(self, form=None, **values):
        filled = {**FILLED, **self._get(form), **values}
        return self._post({k: v for k, v in filled.items() if v is not None}, form)

    def _counts(self):
        self.env.invalidate_all()
        env = self.env(context={"active_test": False})
        forms = env["crm.contact.form"].search([("id", ">=", self.form.id)])
        return [
            env[model].search_count([])
            for model in (
                "crm.lead",
                "crm.contact.form.entry",
                "res.partner",
                "crm.mailing.consent",
                "mail.activity",
            )
        ] + forms.mapped("sent_count")

    def assertRefused(self, answer, status, before):
        self.assertEqual(answer.status_code, status)
        self.assertEqual(self._counts(), before)

    def assertThanked(self, answer):
        self.assertEqual(answer.status_code, 303)
        self.assertTrue(answer.headers["Location"].endswith("/contact/visita/thanks"))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestContactForm(ContactFormHttpCommon):
    """What somebody sends becomes one opportunity, and nothing else."""

    def test_opportunity(self):
        answer = self._send(mailings="1")
        self.assertThanked(answer)
        thanks = self.url_open("/contact/visita/thanks")
        self.assertIn("Thank you: we have it", thanks.text)
        entry = self.env["crm.contact.form.entry"].search([])
        lead = entry.lead_id
        website = self.env.ref("crm_gestion.origination_website")
        self.assertRecordValues(
            lead,
            [
                {
                    "name": "Pida una visita: Pons e Hijos",
                    "type": "opportunity",
                    "contact_name": "Ana Pons",
                    "partner_name": "Pons e Hijos",
                    "email_from": "ana@pons.example",
                    "phone": "+34 600 111 222",
                    "city": "Mérida",
                    "description": "<p>Necesito un presupuesto.<br>Gracias</p>",
                    "partner_id": False,
                    "organization_id": False,
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                    "company_id": self.env.company.id,
                    "origination_id": website.id,
                    "campaign_id": self.campaign.id,
                    "source_id": website.source_ids[:1].id,
                    "medium_id": website.medium_ids[:1].id,
                    "stage_id": self.generate_interest.id,
                    "create_uid": self.env.ref("base.user_root").id,
                }
            ],
        )
        self.assertRecordValues(
            entry,
            [
                {
                    "form_id": self.form.id,
                    "company_id": self.env.company.id,
                    "email": "ana@pons.example",
                    "privacy_text": "Keep *my data*",
                    "wants_mailings": True,
                    "consent_text": "Send me news",
                    "consent_id": False,
                }
            ],
        )
        self.assertRecordValues(
            lead.activity_ids,
            [
                {
                    "user_id": self.seller.id,
                    "activity_type_id": self.call.id,
                    "date_deadline": date(2026, 3, 2),
                    "summary": "Answer what came by the contact form",
                }
            ],
        )
        self.assertEqual(self.form.sent_count, 1)
        self.assertEqual(self.form.with_user(self.director).lead_count, 1)

    def test_salesperson_is_told_once(self):
        with self.mock_nothing_sent():
            self._send()
        lead = self.env["crm.contact.form.entry"].search([]).lead_id
        mails = self.env["mail.mail"].search([("mail_message_id.res_id", "=", lead.id)])
        told = mails.filtered(lambda mail: mail.model in (False, "crm.lead"))
        self.assertEqual(told.recipient_ids, self.seller.partner_id)

    def mock_nothing_sent(self):
        """E-mails stay in the queue."""
        return patch(
            "odoo.addons.mail.models.mail_mail.MailMail.send", lambda *_a, **_k: None
        )

    def test_team_leader_answers_where_nobody_has_it(self):
        self.form.user_id = False
        self._send(phone=None)
        lead = self.env["crm.contact.form.entry"].search([]).lead_id
        self.assertFalse(lead.user_id)
        self.assertRecordValues(
            lead.activity_ids,
            [
                {
                    "user_id": self.head.id,
                    "activity_type_id": self.env.ref(
                        "mail.mail_activity_data_email"
                    ).id,
                }
            ],
        )

    def test_mailings_are_never_agreed_to_by_silence(self):
        page = html.fromstring(self.url_open("/contact/visita").text)
        boxes = page.xpath("//form//input[@type='checkbox']")
        self.assertEqual(
            [(box.get("name"), box.get("checked")) for box in boxes],
            [("privacy", None), ("mailings", None)],
        )
        self._send()
        entry = self.env["crm.contact.form.entry"].search([])
        self.assertFalse(entry.wants_mailings)
        self.assertFalse(entry.consent_text)

    def test_form_that_asks_nothing_takes_no_consent(self):
        self.form.consent_text = False
        self.assertNotIn('name="mailings"', self.url_open("/contact/visita").text)
        self._send(mailings="1")
        entry = self.env["crm.contact.form.entry"].search([])
        self.assertFalse(entry.wants_mailings)
        self.assertFalse(entry.consent_text)

    def test_contact_with_the_address_is_neither_changed_nor_joined(self):
        before = self.contact.read()[0]
        self._send(email=self.contact.email, name="Somebody", phone="+34 111 111 111")
        self.env.invalidate_all()
        lead = self.env["crm.contact.form.entry"].search([]).lead_id
        self.assertFalse(lead.partner_id)
        after = self.contact.read()[0]
        for name in ("name", "email", "phone", "write_date", "parent_id", "user_id"):
            self.assertEqual(after[name], before[name], name)

    def test_gates_do_not_refuse_it(self):
        self.method.write({"gate_contact": True, "gate_gestion": True})
        self.assertThanked(self._send())
        self.assertEqual(self.env["crm.contact.form.entry"].search_count([]), 1)

    def test_page_in_the_visitors_language(self):
        self.form.with_context(lang="es_ES").name = "Pedir una visita"
        for path, title in (
            ("/contact/visita", "Pida una visita"),
            ("/es/contact/visita", "Pedir una visita"),
        ):
            page = html.fromstring(self.url_open(path).text)
            self.assertEqual(page.xpath("//h1/text()"), [title])

    def test_page_is_in_no_frame_and_no_cache(self):
        page = self.url_open("/contact/visita")
        self.assertEqual(page.headers["X-Frame-Options"], "DENY")
        self.assertEqual(page.headers["Cache-Control"], "no-store")

    def test_typed_text_is_text(self):
        self._send(
            name="<b>Ana</b>\r\nBcc: all@victims.example",
            organization="=HYPERLINK(1)\x00\u202e",
            message="<script>alert(1)</script>\r\n{{ 7*7 }}",
        )
        lead = self.env["crm.contact.form.entry"].search([]).lead_id
        self.assertRecordValues(
            lead,
            [
                {
                    "contact_name": "<b>Ana</b> Bcc: all@victims.example",
                    "partner_name": "=HYPERLINK(1)",
                    "description": "<p>&lt;script&gt;alert(1)&lt;/script&gt;<br>"
                    "{{ 7*7 }}</p>",
                }
            ],
        )

    def test_of_another_company(self):
        company = self.env["res.company"].create({"name": "Secret Holding"})
        form = self.env["crm.contact.form"].create(
            {
                "name": "Theirs",
                "slug": "theirs",
                "is_published": True,
                "company_id": company.id,
            }
        )
        own = self.env["res.company"].browse(self.env.company.id)
        page = self.url_open("/contact/theirs").text
        self.assertIn("Secret Holding", page)
        self.assertIn(f"/logo.png?company={company.id}", page)
        self.assertNotIn(f"/logo.png?company={own.id}", page)
        self.assertNotIn("Secret Holding", self.url_open("/contact/visita").text)
        self._send(form)
        entry = self.env["crm.contact.form.entry"].search([("form_id", "=", form.id)])
        self.assertEqual(entry.company_id, company)
        self.assertEqual(entry.lead_id.company_id, company)
        self.assertFalse(entry.lead_id.user_id)
        self.assertIn(entry.lead_id.team_id.company_id, (company, company.browse()))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestRefused(ContactFormHttpCommon):
    """Who sends too much, too fast, too little or something else changes nothing."""

    def test_form_that_is_not_there(self):
        hidden = self._get()
        before = self._counts()
        for values, slug in (
            ({"is_published": False}, "visita"),
            ({"is_published": True, "active": False}, "visita"),
            ({"active": True}, "visit"),
            ({}, "%00"),
            ({}, "visita%00x"),
        ):
            with self.subTest(values=values, slug=slug):
                self.form.write(values)
                for data in (None, {**FILLED, **hidden}):
                    for tail in ("", "/thanks") if not data else ("",):
                        answer = self.url_open(f"/contact/{slug}{tail}", data=data)
                        self.assertRefused(answer, 404, before)
                        self.assertNotIn("Pida una visita", answer.text)
        self.assertEqual(self.url_open("/contact/VISITA").status_code, 200)

    def test_without_csrf_token(self):
        before = self._counts()
        with self.assertLogs("odoo.http", "WARNING"):
            answer = self._send(csrf_token=None)
        self.assertRefused(answer, 400, before)

    def test_trap_thanks_robots_for_nothing(self):
        before = self._counts()
        answer = self._send(homepage="https://spam.example")
        self.assertThanked(answer)
        self.assertEqual(self._counts(), before)

    def test_twice_is_once(self):
        values = {**FILLED, **self._get()}
        self.assertThanked(self._post(values))
        before = self._counts()
        self.assertThanked(self._post({**values, "message": "Again"}))
        self.assertEqual(self._counts(), before)

    def test_words_that_are_not_of_this_form(self):
        other = self.form.copy({"slug": "other", "is_published": True})
        guard = self.env["crm.contact.form.guard"]
        before = self._counts()
        token = self._get()["token"]
        for forged in (
            "",
            "x",
            "%%%",
            "é" * 60,
            token[:-4] + "AAAA",
            "B" + token[1:],
            token * 10,
            guard._issue(other),
            self.env["crm.once"]._issue("crm_incident_request", self.form.id),
        ):
            with self.subTest(forged[:20]):
                answer = self._send(token=forged)
                self.assertRefused(answer, 422, before)
                self.assertIn("open for too long", answer.text)
                self.assertIn("Necesito un presupuesto.", answer.text)
        self.assertRefused(self._send(token=None), 422, before)

    def test_page_that_was_open_too_long(self):
        values = {**FILLED, **self._get()}
        before = self._counts()
        with freeze_time("2026-03-03 10:00:01"):
            hidden = self._get()
            answer = self._post({**values, "csrf_token": hidden["csrf_token"]})
            self.assertRefused(answer, 422, before)
            again = html.fromstring(answer.text).xpath("//input[@name='token']/@value")
            self.assertNotEqual(again[0], values["token"])
            values = {**values, **hidden, "token": again[0]}
            self.assertThanked(self._post(values))

    def test_quicker_than_a_person(self):
        self.patch_quickest(3)
        values = {**FILLED, **self._get()}
        before = self._counts()
        answer = self._post(values)
        self.assertRefused(answer, 422, before)
        self.assertIn("That was quick", answer.text)
        again = html.fromstring(answer.text).xpath("//input[@name='token']/@value")
        self.assertEqual(again, [values["token"]])
        with freeze_time("2026-03-02 10:00:03"):
            self.assertThanked(self._post(values))

    def test_what_is_missing_or_wrong(self):
        before = self._counts()
        for field, values in (
            ("name", {"name": None}),
            ("name", {"name": " \t\x00"}),
            ("name", {"name": "x" * 101}),
            ("organization", {"organization": "x" * 121}),
            ("email", {"email": "", "phone": ""}),
            ("email", {"email": "ana"}),
            ("email", {"email": "ana@pons"}),
            ("email", {"email": "a@b.example, c@d.example"}),
            ("email", {"email": "a@b.example\r\nBcc: c@d.example"}),
            ("email", {"email": "Ana <ana@pons.example>"}),
            ("email", {"email": f"{'a' * 250}@pons.example"}),
            ("phone", {"phone": "call me"}),
            ("phone", {"phone": "123"}),
            ("phone", {"phone": "=1+1"}),
            ("city", {"city": "x" * 81}),
            ("message", {"message": ""}),
            ("message", {"message": "x" * 4001}),
            ("privacy", {"privacy": None}),
        ):
            with self.subTest(field=field, values=str(values)[:60]):
                answer = self._send(**values)
                self.assertRefused(answer, 422, before)
                marked = html.fromstring(answer.text).xpath(
                    "//form//*[contains(@class, 'is-invalid')]/@name"
                )
                self.assertEqual(marked, [field])
        self.assertThanked(self._send(email=None))

    def test_what_was_typed_comes_back(self):
        answer = self._send(name="", message='<b>"Hola"</b> & adiós', mailings="1")
        page = html.fromstring(answer.text)
        message = page.xpath("//textarea[@name='message']")[0]
        self.assertEqual(message.text_content().strip(), '<b>"Hola"</b> & adiós')
        for name, value in (("email", "ana@pons.example"), ("city", "Mérida")):
            self.assertEqual(page.xpath(f"//input[@name='{name}']/@value"), [value])
        ticked = page.xpath("//input[@type='checkbox'][@checked]/@name")
        self.assertEqual(ticked, ["privacy", "mailings"])

    def test_robot_as_odoo_finds_one(self):
        asked = []

        def verify(_self, action):
            asked.append(action)
            raise UserError(self.env._("You look like a robot."))

        values = {**FILLED, **self._get()}
        before = self._counts()
        with patch.object(
            self.env.registry["ir.http"], "_verify_request_recaptcha_token", verify
        ):
            answer = self._post(values)
        self.assertRefused(answer, 422, before)
        self.assertEqual(asked, ["crm_contact_form"])
        self.assertIn("You look like a robot.", answer.text)
        self.assertThanked(self._post(values))

    def test_flood_from_one_address(self):
        for _turn in range(5):
            self.assertThanked(self._send())
        before = self._counts()
        answer = self._send()
        self.assertRefused(answer, 429, before)
        self.assertEqual(answer.headers["Retry-After"], "600")
        self.assertIn("We have got a lot from you already", answer.text)
        with self._from("198.51.100.7"):
            self.assertThanked(self._send())
        with freeze_time("2026-03-02 10:10:01"):
            self.assertThanked(self._send())

    def test_flood_of_a_day(self):
        Entry = self.env["crm.contact.form.entry"]
        place = self.env["crm.contact.form.guard"]._place("127.0.0.1")
        Entry.create(
            [
                {
                    "form_id": self.form.id,
                    "token": f"t{number}",
                    "address_hash": place,
                    "date": "2026-03-02 08:00:00",
                }
                for number in range(20)
            ]
        )
        before = self._counts()
        self.assertRefused(self._send(), 429, before)
        with freeze_time("2026-03-03 08:00:01"):
            self.assertThanked(self._send())

    def test_flood_of_a_form(self):
        Entry = self.env["crm.contact.form.entry"]
        Entry.create(
            [
                {
                    "form_id": self.form.id,
                    "token": f"t{number}",
                    "address_hash": f"h{number}",
                    "date": "2026-03-02 09:30:00",
                }
                for number in range(100)
            ]
        )
        before = self._counts()
        self.assertRefused(self._send(), 429, before)
        other = self.form.copy({"slug": "other", "is_published": True})
        answer = self._send(other)
        self.assertEqual(answer.status_code, 303)

    def test_forged_addresses_are_one_client(self):
        """What a client writes into X-Forwarded-For comes before what the proxy adds,
        and is no address at all where there is no proxy."""
        host = f"127.0.0.1:{self.http_port()}"
        for proxy_mode, seen in ((True, ", 203.0.113.9"), (False, "")):
            form = self.form.copy({"slug": f"p-{proxy_mode}".lower()})
            form.is_published = True
            statuses = []
            with patch.dict(config.options, {"proxy_mode": proxy_mode}):
                for turn in range(6):
                    forged = {
                        "X-Forwarded-For": f"198.51.100.{turn}{seen}",
                        "X-Forwarded-Host": host,
                    }
                    values = {**FILLED, **self._get(form)}
                    answer = self._post(values, form, headers=forged)
                    statuses.append(answer.status_code)
            with self.subTest(proxy_mode=proxy_mode):
                self.assertEqual(statuses, [303] * 5 + [429])

    def test_what_was_refused_does_not_count(self):
        for _turn in range(6):
            self.assertEqual(self._send(name="").status_code, 422)
        self.assertThanked(self._send())

    def _from(self, client):
        """Behind a proxy that Odoo is told to trust."""
        return patch(
            "odoo.addons.crm_gestion.models.crm_contact_form_guard.network",
            lambda _client: client,
        )
