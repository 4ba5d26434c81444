from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.mail.tests.common import MailCase

from .test_crm_segment import SegmentCase


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSegmentMailing(SegmentCase, MailCase):
    """A native mailing to a segment, really sent by Odoo's own cron."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.director.group_ids += cls.env.ref("mass_mailing.group_mass_mailing_user")
        for number, partner in enumerate(cls.people):
            partner.email = f"p{number}@people.example"
        cls.segment = cls._make_segment(applies_to="contact")

    def _make_mailing(self, **values):
        return (
            self.env["mailing.mailing"]
            .with_user(self.director)
            .create(
                {
                    "subject": "News",
                    "body_html": "<p>News</p>",
                    "crm_segment_id": self.segment.id,
                    **values,
                }
            )
        )

    def _send(self, mailing):
        """:return: the contacts who received it"""
        if mailing.state == "draft":
            mailing.action_put_in_queue()
        self.env.flush_all()
        with (
            self.mock_mail_gateway(mail_unlink_sent=False),
            self.enter_registry_test_mode(),
        ):
            self.env.ref(
                "mass_mailing.ir_cron_mass_mailing_queue"
            ).method_direct_trigger()
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send()
        self.assertEqual(mailing.state, "done")
        sent = mailing.mailing_trace_ids.filtered(lambda t: t.trace_status == "sent")
        addresses = {mail["email_to"][0] for mail in self._mails}
        self.assertEqual(len(addresses), len(sent))
        return self.env["res.partner"].browse(sent.mapped("res_id"))

    def test_who_is_in_it_when_it_is_sent_receives_it(self):
        mailing = self._make_mailing()
        mailing.schedule_date = "2026-03-05 09:00:00"
        mailing.action_put_in_queue()
        self.assertEqual(mailing.total, 4)
        # between scheduling and sending
        late = self._make_contact("Late", self.winery, "user", email="l@l.example")
        self.segment.domain = repr([("id", "in", [*self.people.ids, late.id])])
        self.pedro.is_company = True
        self.pedro.parent_id = False
        with freeze_time("2026-03-06 10:00:00"):
            self.assertEqual(
                set(self._send(mailing)),
                set(self.contact | self.marta | self.ana | late),
            )

    def test_exactly_the_right_people(self):
        """Without e-mail, blacklisted, opted out, twice the same address, archived, of
        another company, who asked not to be contacted."""
        names = ("no_email", "listed", "unsubscribed", "member", "twin", "archived")
        names += ("foreign", "asked")
        left_out = {}
        for name in names:
            left_out[name] = self._make_contact(
                f"z {name}", self.winery, "user", email=f"{name}@x.example"
            )
        left_out["no_email"].email = False
        left_out["twin"].email = f"Twin <{self.marta.email}>"
        left_out["archived"].active = False
        other = self.env["res.company"].create({"name": "Other"})
        left_out["foreign"].write({"parent_id": False, "company_id": other.id})
        self.env["mail.blacklist"].create({"email": "listed@x.example"})
        self.env["mailing.contact"].create(
            {
                "email": "unsubscribed@x.example",
                "subscription_ids": [
                    Command.create(
                        {
                            "list_id": self.env["mailing.list"]
                            .create({"name": "News"})
                            .id,
                            "opt_out": True,
                        }
                    )
                ],
            }
        )
        self._make_member(self._make_campaign(), left_out["member"], "opted_out")
        self._make_gestion(
            contact_id=left_out["asked"].id,
            result_id=self.env.ref("crm_gestion.result_do_not_contact").id,
        )
        everybody = self.people.union(*left_out.values())
        self.segment.domain = repr([("id", "in", everybody.ids)])
        reached = self.contact | self.marta | self.pedro | self.ana

        self.assertEqual(self.segment.mailing_count, 4)
        self.assertEqual(self.segment.no_email_count, 1)
        self.assertEqual(self.segment.opted_out_count, 3)
        self.assertEqual(self.segment.blacklisted_count, 1)
        self.assertEqual(self.segment.duplicate_count, 1)
        mailing = self._make_mailing()
        self.assertEqual(set(self._send(mailing)), set(reached))

    def test_frozen_list(self):
        self.segment.action_freeze()
        self.segment.frozen_partner_ids -= self.pedro
        self.ana.is_company = True
        mailing = self._make_mailing()
        self.assertEqual(
            set(self._send(mailing)), set(self.contact | self.marta | self.ana)
        )

    def test_the_same_people_whoever_looks(self):
        """Criteria on sales and gestiones too: of the companies of the segment."""
        licenses = self.env["product.category"].create({"name": "Licenses"})
        self._sell(self.contact, self.seller, licenses, "2026-02-01 10:00:00")
        self._sell(self.clinic, self.stranger, licenses, "2026-02-01 10:00:00")
        self.segment.category_ids = licenses
        mailer = self._make_user("mailer", "mass_mailing.group_mass_mailing_user")
        mailing = self._make_mailing()
        self.assertEqual(mailing.with_user(mailer).total, 2)
        self.assertEqual(mailing.total, 2)
        self.assertEqual(set(self._send(mailing)), set(self.contact | self.pedro))

    def test_segment_of_another_company_is_no_audience(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        theirs = self._make_segment()
        theirs.sudo().company_id = branch
        mailer = self._make_user("mailer", "mass_mailing.group_mass_mailing_user")
        mailing = self._make_mailing().with_user(mailer)
        self.assertEqual(mailing.total, 4)
        for request in (
            lambda: mailing.write({"crm_segment_id": theirs.id}),
            lambda: mailing.copy({"crm_segment_id": theirs.id}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                request()
        self.env.invalidate_all()
        self.assertEqual(mailing.crm_segment_id, self.segment)
        mailing.subject = "Other news"

    def test_nobody_is_in_it(self):
        self.segment.market_ids = self.env.ref("crm_gestion.market_public")
        with self.assertRaisesRegex(UserError, "no recipients|destinatario"):
            self._make_mailing().action_send_mail()

    def test_conditions_are_shown(self):
        mailing = self._make_mailing()
        self.assertEqual(mailing.mailing_model_real, "res.partner")
        self.assertIn("('is_company', '=', False)", mailing.mailing_domain)

    def test_segment_of_the_campaign_is_proposed(self):
        campaign = self._make_campaign(segment_id=self.segment.id)
        mailings = self.env["mailing.mailing"].with_user(self.director)
        form = Form(mailings.with_context(default_campaign_id=campaign.id))
        form.subject = "News"
        mailing = form.save()
        self.assertEqual(mailing.crm_segment_id, self.segment)
        self.assertEqual(mailing.mailing_model_real, "res.partner")
        plain = Form(mailings)
        self.assertFalse(plain.crm_segment_id)
        plain.crm_segment_id = self.segment
        self.assertEqual(plain.mailing_model_id.model, "res.partner")
        # over RPC, another choice stays
        listed = mailings.with_context(default_campaign_id=campaign.id).create(
            {
                "subject": "News",
                "mailing_model_id": self.env["ir.model"]._get_id("mailing.list"),
                "crm_segment_id": False,
            }
        )
        self.assertFalse(listed.crm_segment_id)

    def test_a_segment_has_contacts_only(self):
        with self.assertRaisesRegex(ValidationError, "Contacts are the recipients"):
            self._make_mailing(
                mailing_model_id=self.env["ir.model"]._get_id("crm.lead")
            )

    def test_what_a_mailing_uses_is_not_deleted(self):
        self._make_mailing()
        with self.assertRaisesRegex(UserError, "“Some” is used by “News"):
            self.segment.with_user(self.director).unlink()

    def test_mailings_without_segment_are_as_before(self):
        mailing = self._make_mailing(
            crm_segment_id=False,
            mailing_model_id=self.env["ir.model"]._get_id("res.partner"),
            mailing_domain=repr([("id", "in", self.marta.ids)]),
        )
        self._make_gestion(
            contact_id=self.marta.id,
            result_id=self.env.ref("crm_gestion.result_do_not_contact").id,
        )
        self.assertEqual(self._send(mailing), self.marta)
