from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import BrowserCommon, CrmGestionCommon

KINDS = (
    "gestion", "opportunity", "stage", "closure", "quotation", "order", "invoice",
    "meeting", "incident", "project", "campaign_email",
)  # fmt: skip


class TimelineCommon(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.timeline = cls.env["crm.timeline"]
        cls.marketing = cls._make_user(
            "marketing",
            "crm_gestion.group_sales_director,mass_mailing.group_mass_mailing_user",
        )

    def _rows(self, user, partner=None, **domain):
        """:return: list of kind and summary, as a user reads them, the latest first"""
        self.env.flush_all()
        self.env.invalidate_all()
        partner = partner or self.organization
        rows = self.timeline.with_user(user).search(
            [
                ("organization_id", "=", partner.id),
                *((name, "=", value) for name, value in domain.items()),
            ]
        )
        return [(row.kind, row.summary) for row in rows]

    @classmethod
    def _make_order(cls, user, partner=None, **values):
        product = cls._make_product()
        return cls.env["sale.order"].create(
            {
                "partner_id": (partner or cls.contact).id,
                "user_id": user.id,
                "order_line": [Command.create({"product_id": product.id})],
                **values,
            }
        )

    @classmethod
    def _make_invoice(cls, user, **values):
        journal = cls.env["account.journal"].search(
            [
                ("type", "=", "sale"),
                ("company_id", "=", values.get("company_id", cls.env.company.id)),
            ],
            limit=1,
        )
        return cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "journal_id": journal.id,
                "partner_id": cls.contact.id,
                "invoice_user_id": user.id,
                "invoice_date": "2026-03-02",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "License", "price_unit": 50.0, "tax_ids": []}
                    )
                ],
                **values,
            }
        )

    @classmethod
    def _make_meeting(cls, user, attendees, **values):
        return (
            cls.env["calendar.event"]
            .with_context(dont_notify=True, mail_create_nolog=True)
            .create(
                {
                    "name": "Demonstration",
                    "start": "2026-03-02 15:00:00",
                    "stop": "2026-03-02 16:00:00",
                    "user_id": user.id,
                    "partner_ids": (user.partner_id | attendees).ids,
                    **values,
                }
            )
        )

    @classmethod
    def _make_mailing_trace(cls, record):
        mailing = cls.env["mailing.mailing"].create(
            {
                "subject": "Spring offer",
                "mailing_model_id": cls.env["ir.model"]._get_id(record._name),
                "user_id": cls.marketing.id,
            }
        )
        return cls.env["mailing.trace"].create(
            {
                "model": record._name,
                "res_id": record.id,
                "mass_mailing_id": mailing.id,
                "trace_status": "sent",
                "sent_datetime": "2026-03-02 08:00:00",
            }
        )


@tagged("post_install", "-at_install")
class TestTimelineEvents(TimelineCommon):
    """What is in a customer's history, and whose it is."""

    @freeze_time("2026-03-02 10:00:00")
    def _make_one_of_each(self):
        """:return: dict kind -> the record that its row opens"""
        env = self.env
        with freeze_time("2026-02-02 09:00:00"):
            lead = self._make_lead(
                partner_id=self.contact.id, stage_id=self.generate_interest.id
            )
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = '2026-02-02 09:00:00' WHERE id = %s",
            [lead.id],
        )
        gestion = self._make_gestion(
            contact_id=self.contact.id, description="Wants prices"
        )
        with freeze_time("2026-02-10 09:00:00"):
            lead.write({"stage_id": self.present_products.id})
        with freeze_time("2026-02-20 09:00:00"):
            env["crm.opportunity.closure"]._close(lead, "rejected", reason=self.price)
        order = self._make_order(self.seller, date_order="2026-02-21 09:00:00")
        order.action_confirm()
        order.date_order = "2026-02-21 09:00:00"
        quotation = self._make_order(self.seller, date_order="2026-02-22 09:00:00")
        invoice = self._make_invoice(self.seller)
        invoice.action_post()
        project = env["project.project"].create(
            {"name": "Rollout", "partner_id": self.organization.id}
        )
        task = env["project.task"].create(
            {
                "name": "Screen is black",
                "project_id": project.id,
                "partner_id": self.contact.id,
            }
        )
        return {
            "gestion": gestion,
            "opportunity": lead,
            "stage": lead,
            "closure": lead,
            "quotation": quotation,
            "order": order,
            "invoice": invoice,
            "meeting": self._make_meeting(self.seller, self.contact),
            "incident": task,
            "project": project,
            "campaign_email": self._make_mailing_trace(self.contact).mass_mailing_id,
        }

    def test_every_kind_is_there_once_and_opens_its_record(self):
        records = self._make_one_of_each()
        self.env.flush_all()
        rows = self.timeline.with_user(self.marketing).search(
            [("organization_id", "=", self.organization.id)]
        )
        self.assertEqual(sorted(rows.mapped("kind")), sorted(KINDS))
        self.assertEqual(
            [kind for kind, _label in self.timeline._fields["kind"].selection],
            list(KINDS),
        )
        for row in rows:
            with self.subTest(kind=row.kind):
                record = records[row.kind]
                self.assertEqual((row.res_model, row.res_id), (record._name, record.id))
                action = row.action_open()
                self.assertEqual(action["res_model"], record._name)
                self.assertEqual(action["res_id"], record.id)
                self.assertEqual(action["views"], [(False, "form")])

    def test_a_seller_reads_exactly_this_of_his_own_account(self):
        records = self._make_one_of_each()
        order, quotation = records["order"].name, records["quotation"].name
        rows = self._rows(self.seller)
        self.assertCountEqual(
            rows[:2], [("incident", "Screen is black"), ("project", "Rollout")]
        )
        software = "Sale of software"
        self.assertEqual(
            rows[2:],
            [
                ("meeting", "Demonstration"),
                ("invoice", records["invoice"].name),
                ("gestion", "Call: Lucía Ferrer · Informed, no change · Wants prices"),
                ("quotation", quotation),
                ("order", order),
                (
                    "closure",
                    f"{software} · Customer rejects the opportunity · Price too high",
                ),
                ("stage", f"{software} · Generate Interest → Present Products"),
                ("opportunity", software),
            ],
        )
        # e-mails of campaigns are read by who may read traces
        self.assertEqual(
            set(self._rows(self.marketing)) - set(rows),
            {("campaign_email", "Spring offer")},
        )

    def test_people_amounts_and_dates_are_those_of_the_source(self):
        records = self._make_one_of_each()
        self.env.flush_all()
        rows = self.timeline.with_user(self.seller).search(
            [("organization_id", "=", self.organization.id)]
        )
        rows = rows.grouped("kind")
        self.assertEqual(rows["invoice"].amount, 50.0)
        self.assertEqual(str(rows["invoice"].date), "2026-03-02 12:00:00")
        self.assertEqual(rows["order"].amount, 100.0)
        self.assertEqual(rows["order"].currency_id, records["order"].currency_id)
        self.assertEqual(rows["opportunity"].amount, 1000.0)
        self.assertEqual(str(rows["opportunity"].date), "2026-02-02 09:00:00")
        self.assertEqual(str(rows["closure"].date), "2026-02-20 09:00:00")
        self.assertEqual(rows["gestion"].user_id, self.seller)
        for kind in set(rows) - {"project"}:
            with self.subTest(kind=kind):
                self.assertEqual(rows[kind].contact_id, self.contact)
        self.assertFalse(rows["project"].contact_id)

    def test_what_a_person_did_elsewhere_is_not_this_organizations(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        gestion = self._make_gestion(
            contact_id=self.contact.id, organization_id=other.id
        )
        lead = self._make_lead(partner_id=self.contact.id)
        lead.organization_id = other
        order = self._make_order(self.seller, opportunity_id=lead.id)
        meeting = self._make_meeting(
            self.seller, self.contact, opportunity_id=lead.id, name="At the other's"
        )
        self.assertEqual(self._rows(self.seller, kind="gestion"), [])
        self.assertEqual(self._rows(self.seller, kind="opportunity"), [])
        self.assertEqual(self._rows(self.seller, kind="quotation"), [])
        self.assertEqual(
            sorted(self._rows(self.seller, other)),
            [
                ("gestion", f"{gestion.name} · Informed, no change"),
                ("meeting", meeting.name),
                ("opportunity", lead.name),
                ("quotation", order.name),
            ],
        )

    def test_the_history_of_a_person_is_everywhere(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        for organization in (self.organization, other):
            self._make_gestion(
                contact_id=self.contact.id, organization_id=organization.id
            )
        self._make_gestion(organization_id=other.id)
        self._make_order(self.seller)
        rows = self.timeline.with_user(self.seller).search(
            [("contact_id", "=", self.contact.id)]
        )
        self.assertEqual(
            sorted((row.kind, row.organization_id.name) for row in rows),
            [
                ("gestion", "Aceites del Sur"),
                ("gestion", "Other"),
                ("quotation", "Aceites del Sur"),
            ],
        )

    def test_a_person_who_stands_for_himself_has_his_own(self):
        person = self.env["res.partner"].create(
            {"name": "Marta", "user_id": self.seller.id}
        )
        self._make_gestion(contact_id=person.id)
        self._make_lead(partner_id=person.id)
        self._make_order(self.seller, person)
        self._make_meeting(self.seller, person)
        for name in ("organization_id", "contact_id"):
            with self.subTest(by=name):
                rows = self.timeline.with_user(self.seller).search(
                    [(name, "=", person.id)]
                )
                self.assertEqual(
                    sorted(rows.mapped("kind")),
                    ["gestion", "meeting", "opportunity", "quotation"],
                )
                self.assertEqual(rows.contact_id, person)

    def test_a_meeting_is_there_once_for_each_organization(self):
        second = self.contact.copy(
            {"name": "Second", "parent_id": self.organization.id}
        )
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        guest = self.env["res.partner"].create({"name": "Guest", "parent_id": other.id})
        lead = self._make_lead(partner_id=self.contact.id)
        people = self.contact | second | guest
        self._make_meeting(
            self.seller, people, opportunity_id=lead.id, name="With lead"
        )
        self._make_meeting(self.seller, people, name="Without")
        expected = [("meeting", "With lead"), ("meeting", "Without")]
        for organization in (self.organization, other):
            with self.subTest(organization=organization.name):
                rows = self._rows(self.seller, organization, kind="meeting")
                self.assertEqual(sorted(rows), expected)
        # ours have no history as customers
        self.assertEqual(self._rows(self.seller, self.seller.partner_id), [])

    def test_a_meeting_that_was_held_is_told_by_its_gestion(self):
        lead = self._make_lead(partner_id=self.contact.id)
        held = self._make_meeting(
            self.seller, self.contact, opportunity_id=lead.id, name="With lead"
        )
        held |= self._make_meeting(self.seller, self.contact, name="Without")
        nobody = self._make_meeting(self.seller, self.contact, name="Nobody came")
        nobody.with_user(self.seller).action_crm_no_show()
        self._make_meeting(self.seller, self.contact, name="Unsaid")
        self.assertEqual(len(self._rows(self.seller, kind="meeting")), 4)
        self.env["crm.gestion"].with_user(self.seller).create(
            [
                {
                    "activity_type_id": self.env.ref(
                        "mail.mail_activity_data_meeting"
                    ).id,
                    "calendar_event_id": meeting.id,
                    "contact_id": self.contact.id,
                    "date": meeting.start,
                    "result_id": self.env.ref("crm_gestion.result_informed").id,
                }
                for meeting in held
            ]
        )
        self.assertEqual(held.mapped("crm_result"), ["held", "held"])
        self.assertCountEqual(
            [row for row in self._rows(self.seller) if row[0] != "opportunity"],
            [
                ("gestion", "Meeting: Lucía Ferrer · Informed, no change"),
                ("gestion", "Meeting: Lucía Ferrer · Informed, no change"),
                ("meeting", "Nobody came"),
                ("meeting", "Unsaid"),
            ],
        )

    def test_a_meeting_that_was_held_stays_with_its_other_guests(self):
        other = self.env["res.partner"].create(
            {"name": "Guests Ltd", "is_company": True, "user_id": self.seller.id}
        )
        meeting = self._make_meeting(self.seller, self.contact | other, name="Both")
        self._make_gestion(
            self.seller, calendar_event_id=meeting.id, contact_id=self.contact.id
        )
        kinds = [row[0] for row in self._rows(self.seller)]
        self.assertEqual(kinds, ["gestion"])
        self.assertEqual(self._rows(self.seller, other), [("meeting", "Both")])

    def test_a_meeting_that_was_called_off_is_gone(self):
        meeting = self._make_meeting(self.seller, self.contact)
        meeting.action_archive()
        self.assertEqual(self._rows(self.seller), [])

    def test_lost_and_archived_opportunities_stay(self):
        lead = self._make_lead(partner_id=self.contact.id)
        lead.action_archive()
        self.assertIn(("opportunity", lead.name), self._rows(self.seller))

    def test_enquiries_are_no_opportunities_until_they_are_converted(self):
        lead = self._make_lead(partner_id=self.contact.id, type="lead")
        self.assertEqual(self._rows(self.seller), [])
        lead.convert_opportunity(self.contact)
        lead.date_conversion = "2030-02-05 10:00:00"  # Odoo's is the transaction's
        self.env.flush_all()
        row = self.timeline.search(
            [
                ("organization_id", "=", self.organization.id),
                ("kind", "=", "opportunity"),
            ]
        )
        self.assertEqual(str(row.date), "2030-02-05 10:00:00")

    def test_taking_up_again_is_told_as_such(self):
        lead = self._make_lead(
            partner_id=self.contact.id, stage_id=self.present_products.id
        )
        Closure = self.env["crm.opportunity.closure"]
        Closure._close(lead, "standby", wake_date=date(2030, 1, 1))
        lead.action_crm_resume()
        self.assertIn(
            (
                "stage",
                f"{lead.name} · Taken up again · Present Products",
            ),
            self._rows(self.seller),
        )
        self.assertIn(("closure", f"{lead.name} · Standby"), self._rows(self.seller))

    def test_quotations_say_what_became_of_them(self):
        order = self._make_order(self.seller, client_order_ref="PO 7")
        order.action_cancel()
        self.assertEqual(
            self._rows(self.seller), [("quotation", f"{order.name} · PO 7 · Cancelled")]
        )

    def test_drafts_are_no_invoices_and_refunds_are(self):
        self._make_invoice(self.seller)
        refund = self._make_invoice(self.seller, move_type="out_refund")
        refund.action_post()
        self.env.flush_all()
        row = self.timeline.with_user(self.seller).search(
            [("organization_id", "=", self.organization.id)]
        )
        self.assertEqual(row.summary, f"{refund.name} · Customer Credit Note")
        self.assertEqual(row.amount, -50.0)

    def test_invoices_stay_with_who_they_were_made_out_to(self):
        invoice = self._make_invoice(self.seller)
        invoice.action_post()
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        self.contact.parent_id = other
        self.assertEqual(self._rows(self.seller), [("invoice", invoice.name)])
        self.assertEqual(self._rows(self.seller, other), [])

    def test_campaign_emails_to_persons_and_opportunities(self):
        lead = self._make_lead(partner_id=self.contact.id)
        self._make_mailing_trace(self.contact)
        self._make_mailing_trace(lead)
        unsent = self._make_mailing_trace(self.organization)
        unsent.sent_datetime = False
        self.assertEqual(
            self._rows(self.marketing, kind="campaign_email"),
            [("campaign_email", "Spring offer")] * 2,
        )
        self.assertEqual(self._rows(self.seller, kind="campaign_email"), [])

    def test_names_are_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("es_ES")
        self.price.with_context(lang="es_ES").name = "El precio"
        lead = self._make_lead(partner_id=self.contact.id)
        self.env["crm.opportunity.closure"]._close(lead, "rejected", reason=self.price)
        self.env.flush_all()
        row = self.timeline.with_user(self.seller).with_context(lang="es_ES")
        row = row.search(
            [("organization_id", "=", self.organization.id), ("kind", "=", "closure")]
        )
        self.assertTrue(row.summary.endswith(" · El precio"))


@tagged("post_install", "-at_install")
class TestTimelineAccess(TimelineCommon):
    """Nobody sees here what he may not see in the source."""

    def test_colleagues_records_of_a_shared_customer(self):
        """The account is the seller's: all that his colleague does there is of its
        history, but for invoices, which are read by Odoo's own rules."""
        self._make_gestion(self.colleague, organization_id=self.organization.id)
        self._make_lead(self.colleague, partner_id=self.contact.id, name="Theirs")
        self._make_order(self.colleague, client_order_ref="Theirs")
        self._make_invoice(self.colleague).action_post()
        self._make_gestion(self.stranger, contact_id=self.stranger.partner_id.id)
        kinds = {
            self.seller: ["gestion", "opportunity", "quotation"],
            self.colleague: ["gestion", "invoice", "opportunity", "quotation"],
            # Odoo shows invoices to their own salesperson only
            self.head: ["gestion", "opportunity", "quotation"],
            self.stranger: [],
            self.south_head: [],
            self.director: ["gestion", "invoice", "opportunity", "quotation"],
        }
        for user, expected in kinds.items():
            with self.subTest(user=user.name):
                rows = self._rows(user)
                self.assertEqual(sorted(kind for kind, _text in rows), expected)

    def test_a_row_that_is_not_visible_cannot_be_read_by_its_id(self):
        order = self._make_order(self.colleague)
        self.env.flush_all()
        row = self.timeline.with_user(self.colleague).search(
            [("organization_id", "=", self.organization.id)]
        )
        self.assertEqual(row.summary, order.name)
        self.env.invalidate_all()
        stolen = row.with_user(self.stranger)
        self.assertFalse(stolen.exists())
        for read in (
            lambda: stolen.read(["summary"]),
            lambda: stolen.web_read({"summary": {}}),
        ):
            self.env.invalidate_all()
            self.assertEqual(read(), [])
        with self.assertRaises(AccessError):
            stolen.action_open()

    def test_a_client_cannot_widen_a_search_by_context(self):
        self._make_order(self.colleague)
        self.env.flush_all()
        forged = self.timeline.with_user(self.stranger).with_context(
            crm_timeline={"id": None, "kind": None}
        )
        domain = [("organization_id", "=", self.organization.id)]
        self.assertEqual(forged.search_count(domain), 0)

    def test_private_meetings_are_their_attendees_only(self):
        meeting = self._make_meeting(
            self.seller, self.contact | self.colleague.partner_id, privacy="private"
        )
        confidential = self._make_meeting(
            self.seller, self.contact, privacy="confidential", name="Confidential"
        )
        both = [("meeting", meeting.name), ("meeting", confidential.name)]
        rows = {
            self.seller: both,
            self.colleague: both,
            self.head: both[1:],
            self.director: both[1:],
        }
        for user, expected in rows.items():
            with self.subTest(user=user.name):
                self.assertCountEqual(self._rows(user), expected)

    def test_a_private_calendar_makes_its_meetings_private(self):
        self._make_meeting(self.seller, self.contact)
        self.seller.with_user(self.seller).calendar_default_privacy = "private"
        self.assertEqual(self._rows(self.director), [])
        self.assertEqual(len(self._rows(self.seller)), 1)

    def test_meetings_are_private_where_the_company_says_so(self):
        self._make_meeting(self.seller, self.contact)
        self.seller.res_users_settings_id.unlink()
        self.env["ir.config_parameter"].set_param("calendar.default_privacy", "private")
        self.assertEqual(self._rows(self.director), [])
        self.assertEqual(len(self._rows(self.seller)), 1)

    def test_other_companies_stay_out(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self._make_gestion(organization_id=self.organization.id, company_id=branch.id)
        self._make_lead(
            partner_id=self.contact.id,
            company_id=branch.id,
            user_id=False,
            team_id=False,
        )
        self._make_gestion(organization_id=self.organization.id)
        for user in (self.seller, self.head, self.director):
            with self.subTest(user=user.name):
                rows = self._rows(user)
                self.assertEqual([kind for kind, _text in rows], ["gestion"])
        self.director.company_ids += branch
        domain = [("organization_id", "=", self.organization.id)]
        for companies, expected in (
            (self.env.company, 1),
            (self.env.company | branch, 3),
        ):
            timeline = self.timeline.with_user(self.director).with_context(
                allowed_company_ids=companies.ids
            )
            with self.subTest(companies=len(companies)):
                self.assertEqual(timeline.search_count(domain), expected)

    def test_other_companies_invoices_stay_out(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        invoice = self._make_invoice(self.seller)
        invoice.action_post()
        self.assertEqual(len(self._rows(self.director)), 1)
        self.env.cr.execute(
            "UPDATE account_move SET company_id = %s WHERE id = %s",
            [branch.id, invoice.id],
        )
        self.assertEqual(self._rows(self.director), [])
        self.assertEqual(self._rows(self.seller), [])

    def test_incidents_follow_their_project(self):
        project = self.env["project.project"].create(
            {
                "name": "Internal",
                "privacy_visibility": "followers",
                "user_id": self.director.id,
                "partner_id": self.organization.id,
            }
        )
        self.env["project.task"].create(
            {
                "name": "Secret",
                "project_id": project.id,
                "partner_id": self.contact.id,
                "user_ids": [],
            }
        )
        project.message_unsubscribe(self.seller.partner_id.ids)
        self.assertEqual(self._rows(self.seller), [])
        project.privacy_visibility = "employees"
        self.assertCountEqual(
            self._rows(self.seller), [("incident", "Secret"), ("project", "Internal")]
        )

    def test_only_the_sales_force_reads_it(self):
        for user in (self.native, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.timeline.with_user(user).search_count([])

    def test_nobody_writes_it(self):
        self._make_gestion(organization_id=self.organization.id)
        self.env.flush_all()
        row = self.timeline.with_user(self.director).search([], limit=1)
        for write in (
            lambda: row.write({"summary": "Changed"}),
            lambda: row.unlink(),
            lambda: row.create({"summary": "New"}),
        ):
            with self.assertRaises(AccessError):
                write()


@tagged("post_install", "-at_install")
class TestTimelineReading(TimelineCommon):
    """Filters, pages, groups and reading by id, as the web client does it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = [("organization_id", "=", cls.organization.id)]
        cls.gestiones = cls.env["crm.gestion"]
        for number in range(25):
            month, day = 1 + number // 10, 1 + number % 10
            cls.gestiones |= cls._make_gestion(
                cls.seller if number % 2 else cls.colleague,
                organization_id=cls.organization.id,
                contact_id=cls.contact.id if number % 5 == 0 else False,
                date=f"2026-{month:02}-{day:02} 10:00:00",
                description=f"Number {number}",
            )
        cls.orders = cls.env["sale.order"]
        for day in (5, 6):
            cls.orders |= cls._make_order(
                cls.seller, date_order=f"2026-02-{day:02} 12:00:00"
            )
        cls.env.flush_all()
        cls.mine = cls.timeline.with_user(cls.seller)

    def setUp(self):
        super().setUp()
        self.env.invalidate_all()

    def test_filters(self):
        counts = [
            ([], 27),
            ([("kind", "=", "gestion")], 25),
            ([("kind", "in", ["quotation", "order"])], 2),
            ([("kind", "=", "order")], 0),
            ([("kind", "!=", "gestion")], 2),
            ([("user_id", "=", self.seller.id)], 14),
            ([("date", ">=", "2026-02-01"), ("date", "<", "2026-03-01")], 12),
            ([("contact_id", "=", self.contact.id)], 7),
            ([("contact_id", "=", False)], 20),
            ([("contact_id", "!=", self.contact.id)], 20),
            ([("contact_id", "in", [self.contact.id, False])], 27),
            ([("contact_id.name", "ilike", "lucía")], 7),
            ([("summary", "ilike", "number 24")], 1),
            (["|", ("kind", "=", "quotation"), ("summary", "ilike", "number 24")], 3),
            ([("organization_id.name", "=", "Aceites del Sur")], 27),
        ]
        for filters, expected in counts:
            with self.subTest(filters=filters):
                found = self.mine.search_count([*self.domain, *filters])
                self.assertEqual(found, expected)

    def test_pages_do_not_overlap_and_miss_nothing(self):
        pages = [self.mine.search(self.domain, offset=n, limit=10) for n in (0, 10, 20)]
        self.assertEqual([len(page) for page in pages], [10, 10, 7])
        together = pages[0] + pages[1] + pages[2]
        self.assertEqual(len(set(together.ids)), 27)
        dates = together.mapped("date")
        self.assertEqual(dates, sorted(dates, reverse=True))
        again = self.mine.search(self.domain)
        self.assertEqual(again.ids, together.ids)

    def test_the_first_page_as_the_list_asks_for_it(self):
        page = self.mine.web_search_read(
            self.domain,
            {"summary": {}, "contact_id": {"fields": {"display_name": {}}}},
            limit=10,
        )
        self.assertEqual(page["length"], 27)
        self.assertEqual(len(page["records"]), 10)
        self.assertIn("Number 24", page["records"][0]["summary"])

    def test_rows_are_read_by_id(self):
        row = self.mine.search([*self.domain, ("summary", "ilike", "number 20")])
        self.env.invalidate_all()
        again = self.mine.browse(row.id)
        self.assertTrue(again.exists())
        self.assertEqual(again.contact_id, self.contact)
        self.assertEqual(again.res_id, self.gestiones[20].id)
        self.env.invalidate_all()
        self.assertEqual(
            again.web_read({"kind": {}}), [{"id": row.id, "kind": "gestion"}]
        )
        self.assertEqual(self.mine.search([("id", "=", row.id)]), row)
        self.assertEqual(self.mine.search_count([("id", "in", [row.id, 0])]), 1)

    def test_ids_name_their_source(self):
        rows = self.mine.search([*self.domain, ("kind", "=", "gestion")])
        self.assertEqual(
            sorted(row.id for row in rows),
            sorted(gestion.id * 16 + 1 for gestion in self.gestiones),
        )

    def test_rows_that_are_gone_do_not_exist(self):
        row = self.mine.search([*self.domain, ("kind", "=", "gestion")], limit=1)
        ghosts = self.mine.browse([2**31 * 16 - 15, 0, 7])
        self.assertEqual((row | ghosts).exists(), row)
        self.assertFalse(ghosts.exists())

    def test_a_new_gestion_is_there_at_once(self):
        self._make_gestion(organization_id=self.organization.id, description="Fresh")
        found = self.mine.search([*self.domain, ("summary", "ilike", "fresh")])
        self.assertEqual(len(found), 1)

    def test_groups(self):
        def groups(by):
            found = self.mine.formatted_read_group(self.domain, [by], ["__count"])
            return [(group[by], group["__count"]) for group in found]

        self.assertEqual(
            [(month[0][:10], count) for month, count in groups("date:month")],
            [("2026-01-01", 10), ("2026-02-01", 12), ("2026-03-01", 5)],
        )
        self.assertEqual(groups("kind"), [("gestion", 25), ("quotation", 2)])
        self.assertEqual(
            {user[0]: count for user, count in groups("user_id")},
            {self.seller.id: 14, self.colleague.id: 13},
        )

    def test_names_are_searched(self):
        found = self.mine.name_search("number 24", self.domain)
        self.assertEqual(len(found), 1)
        self.assertIn("Number 24", found[0][1])

    def test_reading_costs_the_same_for_few_and_many(self):
        def page(rows):
            self.mine.web_search_read(
                [*self.domain, ("id", "in", rows.ids)],
                {
                    "summary": {},
                    "contact_id": {"fields": {"display_name": {}}},
                    "user_id": {"fields": {"display_name": {}}},
                },
                limit=80,
            )

        rows = self.mine.search(self.domain)
        self.assertFlatGrowth(page, rows[:3], rows[:27])


@tagged("post_install", "-at_install")
class TestTimelineButtons(TimelineCommon):
    def test_organizations_and_persons_open_their_own(self):
        for partner, kind in (
            (self.organization, "organization"),
            (self.contact, "contact"),
        ):
            with self.subTest(partner=partner.name):
                action = partner.with_user(self.seller).action_crm_timeline()
                self.assertEqual(action["res_model"], "crm.timeline")
                self.assertEqual(action["domain"], f"[('{kind}_id', '=', active_id)]")
                self.assertEqual(action["context"]["active_id"], partner.id)
                self.assertTrue(action["display_name"].endswith(partner.name))

    def test_an_opportunity_opens_its_organizations(self):
        lead = self._make_lead(partner_id=self.contact.id)
        action = lead.with_user(self.seller).action_crm_timeline()
        self.assertEqual(action["context"]["active_id"], self.organization.id)
        lead.organization_id = False
        action = lead.with_user(self.seller).action_crm_timeline()
        self.assertEqual(action["context"]["active_id"], self.contact.id)

    def test_a_record_that_is_not_the_readers_gives_odoos_own_error(self):
        """As when order and account went to another seller while the list was on the
        screen."""
        order = self._make_order(self.seller)
        self.env.flush_all()
        row = self.timeline.with_user(self.seller).search(
            [("organization_id", "=", self.organization.id)]
        )
        self.assertEqual(row.action_open()["res_id"], order.id)
        order.user_id = self.stranger
        (self.organization | self.contact).user_id = self.stranger
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertRaisesRegex(AccessError, "sale.order"):
            row.action_open()

    def test_forms_have_the_button(self):
        with Form(self.organization.with_user(self.seller)) as form:
            self.assertIn(
                "action_crm_timeline",
                [node.get("name") for node in form._view["tree"].iter("button")],
            )


@tagged("post_install", "-at_install")
class TestTimelineTour(BrowserCommon):
    def test_from_the_organization_to_what_happened(self):
        self._make_lead(name="Venta de software", partner_id=self.contact.id)
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = '2026-03-01 09:00:00' WHERE name = %s",
            ["Venta de software"],
        )
        self._make_gestion(contact_id=self.contact.id, description="Pide precios")
        self.start_tour(
            f"/odoo/res.partner/{self.organization.id}",
            "crm_gestion_timeline",
            login=self.seller.login,
            timeout=240,
        )
