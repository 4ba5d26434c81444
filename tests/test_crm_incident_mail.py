from datetime import datetime

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tests.common import new_test_user
from odoo.tools import mute_logger

from .common import PASSWORD
from .incident_common import MONDAY, IncidentCommon

LATER = "2026-03-02 12:00:00"
MAIL = """Return-Path: <{sender}>
To: {to}
From: {sender}
Subject: {subject}
Message-ID: <{message_id}@customer.example>
In-Reply-To: {in_reply_to}
References: {in_reply_to}
{headers}Content-Type: text/plain; charset=utf-8

{body}
"""


class MailCommon(IncidentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._init_mail_gateway()
        cls.desk.alias_name = "incidents"
        cls.desk.alias_contact = "everyone"
        cls.portal = new_test_user(
            cls.env,
            login="crm_customer",
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=cls.contact.id,
        )
        with freeze_time(MONDAY):
            cls.incident = cls._open(user_ids=[(4, cls.agent.id)])

    def _write_as(self, user, incident=None, **values):
        incident = incident or self.incident
        with self.mock_mail_gateway():
            # as Odoo's controllers do, which check that he may read it
            incident = incident.with_user(user).sudo(user.share)
            return incident.message_post(
                **{
                    "body": "We look into it",
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                    **values,
                }
            )

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def _mail(self, sender, to=None, reply_to=None, headers="", **values):
        """An e-mail comes in, by the gateway.

        :return: the task that it made, if any
        """
        before = self.env["project.task"].search([])
        text = MAIL.format(
            **{
                "sender": sender,
                "to": to or self.desk.alias_id.display_name,
                "subject": "Pump leaks",
                "message_id": self.env["ir.sequence"].search_count([])
                + len(before) * 100
                + self.env["mail.message"].search_count([]),
                "in_reply_to": reply_to.message_id if reply_to else "",
                "headers": headers,
                "body": "It still does",
                **values,
            }
        )
        with self.mock_mail_gateway():
            self.env["mail.thread"].message_process("project.task", text)
        return self.env["project.task"].search([]) - before

    def _to_solved(self, moment=MONDAY):
        """:return: the last message that the customer got"""
        with freeze_time(moment):
            message = self._write_as(self.agent)
            self.incident.action_crm_solve()
        return message


@tagged("post_install", "-at_install")
class TestFirstAnswer(MailCommon):
    """The first message of ours that goes to the customer."""

    @freeze_time(LATER)
    def test_comment_of_who_works_on_it(self):
        self._write_as(self.agent)
        self.assertEqual(self.incident.crm_answer_date, datetime(2026, 3, 2, 12))
        self.assertEqual(self.incident.crm_answer_hours, 2.0)
        with freeze_time("2026-03-02 15:00:00"):
            self._write_as(self.seller)
        self.assertEqual(self.incident.crm_answer_date, datetime(2026, 3, 2, 12))

    @freeze_time(LATER)
    def test_comment_of_the_seller_who_only_reads(self):
        self._write_as(self.seller)
        self.assertEqual(self.incident.crm_answer_date, datetime(2026, 3, 2, 12))

    @freeze_time(LATER)
    def test_by_the_composer(self):
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.agent)
            .create(
                {
                    "model": "project.task",
                    "res_ids": str(self.incident.ids),
                    "body": "We look into it",
                    "subtype_id": self.env.ref("mail.mt_comment").id,
                    "composition_mode": "comment",
                }
            )
        )
        with self.mock_mail_gateway():
            composer._action_send_mail()
        self.assertEqual(self.incident.crm_answer_date, datetime(2026, 3, 2, 12))

    @freeze_time(LATER)
    def test_by_e_mail(self):
        first = self._write_as(self.portal, body="Any news?")
        self.assertFalse(self.incident.crm_answer_date)
        made = self._mail(self.agent.email_formatted, reply_to=first)
        self.assertFalse(made)
        self.assertEqual(self.incident.crm_answer_date, datetime(2026, 3, 2, 12))

    @freeze_time(LATER)
    def test_what_is_no_answer(self):
        self._write_as(self.agent, subtype_xmlid="mail.mt_note")
        self._write_as(self.portal)
        self._write_as(self.agent, message_type="notification")
        self._write_as(self.env.ref("base.user_root"))
        self.incident.with_user(self.agent).crm_severity = "2_high"
        self.env.flush_all()
        self.assertFalse(self.incident.crm_answer_date)
        # the customer does not follow it: a message to colleagues
        self.incident.message_unsubscribe(self.contact.ids)
        self._write_as(self.agent)
        self.assertFalse(self.incident.crm_answer_date)
        self._write_as(self.agent, partner_ids=self.contact.ids)
        self.assertTrue(self.incident.crm_answer_date)

    @freeze_time(LATER)
    def test_call_to_the_customer(self):
        activity = self.incident.with_user(self.agent).activity_schedule(
            "mail.mail_activity_data_call", user_id=self.agent.id
        )
        activity.action_feedback(feedback="Told him")
        self.assertEqual(self.incident.crm_answer_date, datetime(2026, 3, 2, 12))

    @freeze_time(LATER)
    def test_message_on_a_plain_task_does_nothing(self):
        task = self.env["project.task"].create(
            {
                "name": "Plain",
                "project_id": self.env["project.project"].create({"name": "P"}).id,
                "partner_id": self.contact.id,
            }
        )
        self._write_as(self.agent, task, partner_ids=self.contact.ids)
        self.assertFalse(task.crm_answer_date)


@tagged("post_install", "-at_install")
class TestCustomerWrites(MailCommon):
    """What a message of the customer does."""

    def test_reply_reopens_what_was_solved(self):
        answer = self._to_solved()
        with freeze_time("2026-03-16 09:00:00"):  # 13 days and 23 hours later
            self.assertFalse(self._mail(self.contact.email_formatted, reply_to=answer))
        self.assertEqual(self.incident.crm_phase, "working")
        self.assertEqual(self.incident.crm_reopen_count, 1)
        self.assertEqual(self.incident.state, "01_in_progress")
        bodies = "".join(self.incident.message_ids.mapped("body"))
        self.assertIn("It still does", bodies)

    def test_on_the_portal_too(self):
        self._to_solved()
        with freeze_time(LATER):
            self._write_as(self.portal, body="It still does")
        self.assertEqual(self.incident.crm_phase, "working")

    def test_too_late_it_is_only_told(self):
        answer = self._to_solved()
        with freeze_time("2026-03-16 11:00:00"):  # 14 days and one hour later
            self._mail(self.contact.email_formatted, reply_to=answer)
        self.assertEqual(self.incident.crm_phase, "solved")
        self.assertIn(
            "It still does", "".join(self.incident.message_ids.mapped("body"))
        )
        told = self.env["mail.message"].search(
            [
                ("model", "=", "project.task"),
                ("res_id", "=", self.incident.id),
                ("message_type", "=", "user_notification"),
                ("subject", "like", "Written after the end"),
            ]
        )
        self.assertEqual(told.notified_partner_ids, self.agent.partner_id)

    def test_days_are_a_setting(self):
        self.env["ir.config_parameter"].set_param(
            "crm_gestion.incident_reopen_days", "1"
        )
        answer = self._to_solved()
        with freeze_time("2026-03-04 09:00:00"):
            self._mail(self.contact.email_formatted, reply_to=answer)
        self.assertEqual(self.incident.crm_phase, "solved")

    def test_no_days_reopen_nothing(self):
        self.env["res.config.settings"].create(
            {"crm_incident_reopen_days": 0}
        ).execute()
        answer = self._to_solved()
        with freeze_time(LATER):
            self._mail(self.contact.email_formatted, reply_to=answer)
        self.assertEqual(self.incident.crm_phase, "solved")

    def test_out_of_office_does_not_reopen(self):
        answer = self._to_solved()
        for headers in ("Auto-Submitted: auto-replied\n", "X-Autoreply: yes\n"):
            with freeze_time(LATER):
                self._mail(
                    self.contact.email_formatted, reply_to=answer, headers=headers
                )
            self.assertEqual(self.incident.crm_phase, "solved")

    def test_somebody_else_does_not_reopen(self):
        answer = self._to_solved()
        with freeze_time(LATER):
            self._mail("carrier@carrier.example", reply_to=answer)
        self.assertEqual(self.incident.crm_phase, "solved")

    def test_ends_the_waiting(self):
        with freeze_time(MONDAY):
            answer = self._write_as(self.agent)
            self.incident.action_crm_wait()
        with freeze_time(LATER):
            self._mail(self.contact.email_formatted, reply_to=answer)
        self.assertEqual(self.incident.crm_phase, "working")
        self.assertEqual(self.incident.crm_reopen_count, 0)
        self.assertEqual(
            self.incident.crm_solution_deadline, datetime(2026, 3, 9, 12, 0)
        )

    def test_cancelled_stays_so(self):
        with freeze_time(MONDAY):
            answer = self._write_as(self.agent)
            self.incident.action_crm_cancel()
        with freeze_time(LATER):
            self._mail(self.contact.email_formatted, reply_to=answer)
        self.assertEqual(self.incident.crm_phase, "cancelled")


@tagged("post_install", "-at_install")
@freeze_time(MONDAY)
class TestAlias(MailCommon):
    """An e-mail to the desk is an incident."""

    def test_of_a_known_contact(self):
        incident = self._mail(self.contact.email_formatted)
        self.assertRecordValues(
            incident,
            [
                {
                    "name": "Pump leaks",
                    "project_id": self.desk.id,
                    "partner_id": self.contact.id,
                    "crm_organization_id": self.organization.id,
                    "crm_channel": "email",
                    "crm_severity": "1_normal",
                    "crm_phase": "new",
                    "crm_answer_date": False,
                    "crm_answer_deadline": datetime(2026, 3, 3, 10, 0),
                }
            ],
        )
        self.assertTrue(incident.crm_number)
        self.assertIn(self.contact, incident.message_partner_ids)
        self.assertTrue(incident.with_user(self.seller).has_access("read"))

    def test_of_a_stranger(self):
        incident = self._mail("Ana Vega <ana@vega.example>")
        self.assertEqual(incident.partner_id.email, "ana@vega.example")
        self.assertFalse(incident.crm_organization_id)
        self.assertTrue(incident.crm_number)

    def test_organization_is_the_main_employer(self):
        second = self.env["res.partner"].create({"name": "Second", "is_company": True})
        self.env["crm.affiliation"].create(
            {
                "contact_id": self.contact.id,
                "organization_id": second.id,
                "email": "lucia@second.example",
            }
        )
        incident = self._mail(self.contact.email_formatted)
        self.assertEqual(incident.crm_organization_id, self.organization)


@tagged("post_install", "-at_install")
@freeze_time(MONDAY)
class TestNotice(IncidentCommon):
    """The seller of a key account hears of severe incidents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.organization.is_key_account = True

    def _told(self, incident):
        return self.env["mail.message"].search(
            [
                ("model", "=", "project.task"),
                ("res_id", "=", incident.id),
                ("message_type", "=", "user_notification"),
                ("subject", "like", "Severe incident"),
            ]
        )

    def _open_for(self, severity, user=None):
        with self.mock_mail_gateway():
            return self._open(user or self.agent, crm_severity=severity)

    def test_told_where_it_is_opened(self):
        incident = self._open_for("3_critical")
        message = self._told(incident)
        self.assertEqual(message.notified_partner_ids, self.seller.partner_id)
        self.assertIn("Critical", message.body)
        self.assertIn(incident.crm_number, message.body)
        self.assertEqual(message.author_id, self.env.ref("base.partner_root"))

    def test_told_once_for_each_raise(self):
        incident = self._open_for("1_normal")
        self.assertFalse(self._told(incident))
        with self.mock_mail_gateway():
            incident.with_user(self.agent).crm_severity = "2_high"
            self.assertEqual(len(self._told(incident)), 1)
            incident.with_user(self.agent).crm_severity = "2_high"
            incident.with_user(self.agent).action_crm_start()
            self.assertEqual(len(self._told(incident)), 1)
            incident.with_user(self.agent).crm_severity = "3_critical"
            self.assertEqual(len(self._told(incident)), 2)
            incident.with_user(self.agent).crm_severity = "2_high"
            self.assertEqual(len(self._told(incident)), 2)

    def test_not_told(self):
        self.assertFalse(self._told(self._open_for("1_normal")))
        self.assertFalse(self._told(self._open_for("3_critical", self.seller)))
        self.organization.is_key_account = False
        self.assertFalse(self._told(self._open_for("3_critical")))

    def test_without_a_seller_the_team_leader(self):
        self.organization.user_id = False
        self.assertFalse(self._told(self._open_for("3_critical")))
        lead = self._make_lead(partner_id=self.contact.id, user_id=self.seller.id)
        with self.mock_mail_gateway():
            incident = self._open(
                self.director, crm_severity="3_critical", crm_lead_id=lead.id
            )
        message = self._told(incident)
        self.assertEqual(message.notified_partner_ids, self.head.partner_id)

    def test_who_covers_the_seller_is_told_too(self):
        self.env["crm.substitution"].create(
            {
                "user_id": self.seller.id,
                "substitute_id": self.colleague.id,
                "date_from": "2026-03-01",
                "date_to": "2026-03-10",
            }
        )
        message = self._told(self._open_for("3_critical"))
        self.assertEqual(
            message.notified_partner_ids,
            self.seller.partner_id | self.colleague.partner_id,
        )
