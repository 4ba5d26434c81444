from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_gestion.hooks import pre_init_hook
from odoo.addons.crm_gestion.models.crm_gestion import CrmGestion
from odoo.addons.mail.tests.common import MockEmail

from .common import CrmGestionCommon

MAIL = """From: {author}
To: {to}
Cc: {cc}
Subject: {subject}
Message-Id: <{number}@customer.example>
Date: {date}
{headers}MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"

Please send me your offer.
"""


class EmailCommon(CrmGestionCommon, MockEmail):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._record_emails(True)
        cls.email = cls.env.ref("mail.mail_activity_data_email")
        cls.lead = cls._make_lead(partner_id=cls.contact.id, name="Annual license")
        cls.number = 0

    @classmethod
    def _record_emails(cls, value):
        cls.env["ir.config_parameter"].set_param(
            "crm_gestion.email_gestiones", str(value)
        )

    def _receive(self, record=None, model="crm.lead", reply_to=None, **values):
        """Let the gateway process an e-mail.

        :param record: thread it belongs to; without one it opens a new record
        :param reply_to: message that it answers
        :return: the gestiones that came of it
        """
        type(self).number += 1
        headers = values.pop("headers", "")
        if reply_to:
            headers += f"In-Reply-To: {reply_to.message_id}\n"
        mail = MAIL.format(
            **{
                "author": "Lucía Ferrer <lucia@aceites.example>",
                "to": "sales@ours.example",
                "cc": "",
                "subject": "Your offer",
                "number": self.number,
                "date": "Mon, 02 Mar 2026 09:30:00 +0000",
                "headers": headers,
                **values,
            }
        )
        before = self.env["crm.gestion"].search([])
        thread = {"thread_id": record.id} if record else {}
        with self.mock_mail_gateway():
            self.env["mail.thread"].message_process(
                record._name if record else model, mail, **thread
            )
        return self.env["crm.gestion"].search([]) - before

    def _send(self, record, user=None, **values):
        """Post as a user, as the chatter does.

        :return: the gestiones that came of it
        """
        before = self.env["crm.gestion"].search([])
        with self.mock_mail_gateway():
            self.message = record.with_user(user or self.seller).message_post(
                **{
                    "body": "Here is our offer",
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                    "partner_ids": self.contact.ids,
                    **values,
                }
            )
        return self.env["crm.gestion"].search([]) - before


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestIncoming(EmailCommon):
    """What a customer writes is part of the history."""

    def test_on_an_opportunity(self):
        gestion = self._receive(self.lead)
        message = self.lead.message_ids.filtered(lambda m: m.message_type == "email")
        self.assertRecordValues(
            gestion,
            [
                {
                    "activity_type_id": self.email.id,
                    "direction": "in",
                    "name": "Your offer",
                    "message_id": message.id,
                    "description": False,
                    "date": fields.Datetime.to_datetime("2026-03-02 09:30:00"),
                    "user_id": self.seller.id,
                    "lead_id": self.lead.id,
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "result_id": False,
                    "next_activity_id": False,
                }
            ],
        )
        self.assertFalse(self.email.counts_as_activity)

    def test_an_answer_to_what_we_sent(self):
        self._send(self.lead)
        gestion = self._receive(model="res.partner", reply_to=self.message)
        self.assertEqual(gestion.lead_id, self.lead)
        self.assertEqual(gestion.direction, "in")

    def test_on_an_organization_and_on_a_contact(self):
        gestion = self._receive(self.organization)
        self.assertEqual(gestion.organization_id, self.organization)
        self.assertEqual(gestion.contact_id, self.contact, "who wrote it")
        self.assertEqual(gestion.user_id, self.seller)
        gestion = self._receive(self.contact)
        self.assertEqual(gestion.contact_id, self.contact)
        self.assertEqual(gestion.user_id, self.seller)

    def test_a_new_enquiry_of_a_known_sender(self):
        gestion = self._receive()
        self.assertEqual(gestion.lead_id.partner_id, self.contact)
        self.assertEqual(gestion.user_id, self.seller, "the account's")

    def test_nobodys_account(self):
        self.organization.user_id = False
        self.contact.user_id = False
        self.lead.user_id = False
        gestion = self._receive(self.lead)
        self.assertEqual(gestion.user_id, self.env.ref("base.user_root"))
        self.assertTrue(gestion.with_user(self.seller).in_scope, "unassigned")

    def test_an_unknown_sender_waits_for_his_customer(self):
        partners = self.env["res.partner"].search_count([])
        author = "Nobody <nobody@unknown.example>"
        self.assertFalse(self._receive(author=author, subject="Who are you?"))
        self.assertEqual(self.env["res.partner"].search_count([]), partners)
        lead = self.env["crm.lead"].search([("name", "=", "Who are you?")])
        self.assertFalse(lead.partner_id)
        lead.with_user(self.seller).partner_id = self.contact
        self.assertRecordValues(
            lead.gestion_ids, [{"direction": "in", "name": "Who are you?"}]
        )
        lead.partner_id = self.organization
        self.assertEqual(len(lead.gestion_ids), 1)

    def test_customers_of_many_enquiries_in_one_batch(self):
        leads = self.env["crm.lead"].create(
            [{"name": f"Enquiry {n}", "user_id": self.seller.id} for n in range(36)]
        )
        self.env["mail.message"].create(
            [
                {
                    "model": "crm.lead",
                    "res_id": lead.id,
                    "message_type": "email",
                    "subtype_id": self.env.ref("mail.mt_comment").id,
                    "subject": lead.name,
                }
                for lead in leads
            ]
        )

        def tell_customer(leads):
            leads.partner_id = self.contact

        tell_customer(leads[:3])
        few = self._count_queries(lambda: tell_customer(leads[3:6]))
        many = self._count_queries(lambda: tell_customer(leads[6:]))
        self.assertLessEqual(many, few + self.ALLOWANCE)
        self.assertCountEqual(leads.gestion_ids.mapped("name"), leads.mapped("name"))

    def test_a_late_date_is_not_the_future(self):
        gestion = self._receive(self.lead, date="Tue, 03 Mar 2026 09:30:00 +0000")
        self.assertEqual(gestion.date, fields.Datetime.now())

    def test_what_no_person_wrote(self):
        for headers in (
            "Auto-Submitted: auto-replied\n",
            "Precedence: bulk\n",
            "X-Auto-Response-Suppress: All\n",
            "List-Unsubscribe: <https://news.example>\n",
        ):
            with self.subTest(headers=headers):
                self.assertFalse(self._receive(self.lead, headers=headers))
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            bounced = self._receive(
                self.lead, author="MAILER-DAEMON <mailer-daemon@customer.example>"
            )
        self.assertFalse(bounced)
        self.assertTrue(self._receive(self.lead, headers="Auto-Submitted: no\n"))

    def test_suppliers_and_staff_are_no_customers(self):
        supplier = self.env["res.partner"].create(
            {"name": "Paper Ltd", "email": "paper@supply.example", "supplier_rank": 1}
        )
        author = "Paper <paper@supply.example>"
        self.assertFalse(self._receive(supplier, author=author))
        self.assertFalse(supplier.account_status)
        self.assertFalse(self._receive(self.colleague.partner_id))

    def test_the_same_email_twice(self):
        self._receive(self.lead)
        type(self).number -= 1
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.assertFalse(self._receive(self.lead))

    def test_off(self):
        self._record_emails(False)
        self.assertFalse(self._receive(self.lead))
        self.assertFalse(self._send(self.lead))

    def test_a_type_that_is_no_interaction(self):
        self.email.is_gestion = False
        self.assertFalse(self._receive(self.lead))

    def test_an_error_loses_no_email(self):
        self._assert_kept_despite(ValidationError("Not valid"))

    def test_a_collision_loses_no_email(self):
        """Odoo fetches e-mails without replaying what collided with a request."""
        self._assert_kept_despite(SerializationFailure("Somebody else wrote it"))

    def _assert_kept_despite(self, error):
        create = CrmGestion.create

        def fail(model, vals_list):
            create(model, vals_list)
            raise error

        with (
            patch.object(CrmGestion, "create", fail),
            mute_logger("odoo.addons.crm_gestion.models.crm_gestion_source"),
        ):
            self.assertFalse(self._receive(self.lead))
        self.assertTrue(
            self.lead.message_ids.filtered(lambda m: m.message_type == "email")
        )

    def test_a_client_cannot_forge_what_came_in(self):
        gestiones = self._send(
            self.lead, message_type="email", author_id=self.contact.id, partner_ids=[]
        )
        self.assertFalse(gestiones)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestOutgoing(EmailCommon):
    """What we write to a customer is part of the history."""

    def test_from_an_opportunity(self):
        gestion = self._send(self.lead, subject="Our offer")
        self.assertRecordValues(
            gestion,
            [
                {
                    "activity_type_id": self.email.id,
                    "direction": "out",
                    "name": "Our offer",
                    "message_id": self.message.id,
                    "description": False,
                    "date": fields.Datetime.now(),
                    "user_id": self.seller.id,
                    "lead_id": self.lead.id,
                    "contact_id": self.contact.id,
                    "organization_id": self.organization.id,
                }
            ],
        )

    def test_from_an_organization(self):
        gestion = self._send(self.organization, user=self.head)
        self.assertEqual(gestion.contact_id, self.contact)
        self.assertEqual(gestion.organization_id, self.organization)
        self.assertEqual(gestion.user_id, self.head)
        self.assertEqual(gestion.name, self.organization.name, "its subject")

    def test_to_followers_outside(self):
        self.lead.message_subscribe(partner_ids=self.contact.ids)
        self.assertEqual(len(self._send(self.lead, partner_ids=[])), 1)

    def test_to_an_address(self):
        gestion = self._send(
            self.lead, partner_ids=[], outgoing_email_to="somebody@unknown.example"
        )
        self.assertEqual(gestion.contact_id, self.contact)

    def test_with_the_composer(self):
        composer = self.env["mail.compose.message"].with_user(self.seller)
        before = self.env["crm.gestion"].search([])
        for records, mode, logged in (
            (self.lead, "comment", 1),
            (self.lead | self._make_lead(partner_id=self.contact.id), "comment", 0),
            (self.lead, "mass_mail", 0),
        ):
            with self.subTest(mode=mode, records=len(records)):
                with self.mock_mail_gateway():
                    composer.create(
                        {
                            "model": "crm.lead",
                            "res_ids": records.ids,
                            "composition_mode": mode,
                            "body": "Hello",
                            "subject": "Our offer",
                            "partner_ids": self.contact.ids,
                        }
                    )._action_send_mail()
                after = self.env["crm.gestion"].search([])
                self.assertEqual(len(after - before), logged)
                before = after

    def test_by_a_seller_in_his_mail_program(self):
        """To the customer, with the alias in copy: the gateway files it."""
        gestion = self._receive(
            self.lead,
            author="Seller <seller@ours.example>",
            to="lucia@aceites.example",
            cc="sales@ours.example",
        )
        self.assertEqual(gestion.direction, "out")
        self.assertEqual(gestion.user_id, self.seller)

    def test_what_is_no_email_to_a_customer(self):
        nothing = {
            "note": {"subtype_xmlid": "mail.mt_note"},
            "colleagues": {"partner_ids": self.colleague.partner_id.ids},
            "nobody": {"partner_ids": []},
            "notification": {"message_type": "notification"},
            "automatic": {"message_type": "auto_comment"},
            "ours": {"partner_ids": self.env.company.partner_id.ids},
        }
        for name, values in nothing.items():
            with self.subTest(message=name):
                self.assertFalse(self._send(self.lead, **values))
        self.assertFalse(
            self._send(self.lead, user=self.env.ref("base.user_root")), "Odoo itself"
        )

    def test_notices_and_mailings(self):
        before = self.env["crm.gestion"].search_count([])
        with self.mock_mail_gateway():
            self.lead.message_notify(body="Look", partner_ids=self.contact.ids)
            self.lead.message_post_with_source(
                "crm.crm_lead_merge_summary",
                render_values={"opportunities": self.lead, "is_html_empty": bool},
                partner_ids=self.contact.ids,
                subtype_xmlid="mail.mt_comment",
            )
            mailing = self.env["mailing.mailing"].create(
                {
                    "subject": "News",
                    "body_html": "<p>News</p>",
                    "mailing_model_id": self.env["ir.model"]._get_id("crm.lead"),
                    "mailing_domain": [("id", "=", self.lead.id)],
                    "keep_archives": True,
                }
            )
            mailing.action_send_mail()
        self.assertEqual(self.env["crm.gestion"].search_count([]), before)

    def test_scheduled_ones_count_when_they_go_out(self):
        # Odoo compares with the transaction's time: let it follow the test's
        self.patch(self.env.cr, "now", fields.Datetime.now)
        gestion = self._send(self.lead, scheduled_date="2026-03-03 08:00:00")
        self.assertFalse(gestion)
        with freeze_time("2026-03-03 08:05:00"), self.mock_mail_gateway():
            self.env["mail.message.schedule"]._send_notifications_cron()
        self.assertEqual(len(self.lead.gestion_ids), 1)

    def test_read_with_the_readers_rights(self):
        lead = self._make_lead(self.stranger, partner_id=self.contact.id)
        gestion = self._send(lead, user=self.stranger, body="The price is a secret")
        author = gestion.with_user(self.stranger)
        self.assertIn("secret", author.message_body)
        self.assertFalse(author.description)
        action = author.action_open_document()
        self.assertEqual((action["res_model"], action["res_id"]), ("crm.lead", lead.id))
        # history follows the account: its seller reads what was written about it
        owner = gestion.with_user(self.seller)
        self.assertIn("secret", owner.message_body)
        # about another one's opportunity he reads that there was one, and no more
        lead.write({"partner_id": False, "organization_id": False})
        gestion.invalidate_recordset()
        self.assertEqual(owner.organization_id, self.organization)
        self.assertFalse(owner.message_body)

    def test_installing_sets_it_as_the_method(self):
        for in_use in (True, False):
            with patch(
                "odoo.addons.crm_gestion.hooks._pipeline_in_use",
                lambda env, x=in_use: x,
            ):
                pre_init_hook(self.env)
            params = self.env["ir.config_parameter"]
            self.assertEqual(
                params.get_param("crm_gestion.email_gestiones"), str(not in_use)
            )
