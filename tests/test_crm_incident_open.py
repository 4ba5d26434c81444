from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import CrmGestionCommon


class IncidentScreens(CrmGestionCommon):
    """An account of the seller, at whose desk there is an invited agent."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk = cls.env.ref("crm_gestion.incident_desk")
        cls.agent = cls._make_user("agent", "project.group_project_user")
        cls.desk.message_subscribe(cls.agent.partner_id.ids)
        cls.fault = cls.env.ref("crm_gestion.incident_type_fault")

    def _open(self, user=None, **values):
        """:return: an incident of the account, in superuser mode"""
        vals = {
            "name": "Pump leaks",
            "partner_id": self.contact.id,
            "crm_organization_id": self.organization.id,
            **values,
        }
        incidents = self.env["crm.incident"].with_user(user or self.seller)
        return incidents._open([vals]).sudo()

    def _dialog(self, record, user=None, **values):
        """:return: the dialog as it comes from the button of a record"""
        action = record.with_user(user or self.seller).action_crm_open_incident()
        dialogs = self.env[action["res_model"]].with_user(user or self.seller)
        return Form(dialogs.with_context(**action["context"]))

    def _save(self, dialog, **values):
        """:return: the incident that a dialog opened, in superuser mode"""
        for name, value in {"name": "Pump leaks", **values}.items():
            dialog[name] = value
        action = dialog.save().action_open()
        return self.env[action["res_model"]].browse(action["res_id"])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestIncidentOpen(IncidentScreens):
    """The dialog that opens an incident, from wherever the customer tells of it."""

    def test_from_an_organization(self):
        dialog = self._dialog(self.organization)
        self.assertEqual(dialog.organization_id, self.organization)
        self.assertFalse(dialog.contact_id)
        self.assertEqual(dialog.severity, "1_normal")
        incident = self._save(
            dialog,
            contact_id=self.contact,
            type_id=self.fault,
            severity="2_high",
            description="Since\nthis morning",
        )
        self.assertRecordValues(
            incident,
            [
                {
                    "name": "Pump leaks",
                    "project_id": self.desk.id,
                    "partner_id": self.contact.id,
                    "crm_organization_id": self.organization.id,
                    "crm_type_id": self.fault.id,
                    "crm_severity": "2_high",
                    "crm_channel": "phone",
                    "crm_phase": "new",
                }
            ],
        )
        self.assertEqual(incident.description, "<p>Since<br>this morning</p>")
        self.assertEqual(incident.create_uid, self.seller)

    def test_from_a_contact(self):
        dialog = self._dialog(self.contact)
        self.assertEqual(dialog.organization_id, self.organization)
        self.assertEqual(dialog.contact_id, self.contact)
        incident = self._save(dialog)
        self.assertEqual(incident.partner_id, self.contact)
        self.assertEqual(incident.crm_organization_id, self.organization)

    def test_from_a_person_without_organization(self):
        person = self.env["res.partner"].create(
            {"name": "Ana", "user_id": self.seller.id}
        )
        incident = self._save(self._dialog(person))
        self.assertEqual(incident.partner_id, person)
        self.assertFalse(incident.crm_organization_id)

    def test_from_an_opportunity(self):
        lead = self._make_lead(partner_id=self.contact.id)
        incident = self._save(self._dialog(lead))
        self.assertEqual(incident.crm_lead_id, lead)
        self.assertEqual(incident.partner_id, self.contact)
        self.assertEqual(lead.crm_incident_count, 1)

    def test_from_an_order(self):
        lead = self._make_lead(partner_id=self.contact.id)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "user_id": self.seller.id,
                "opportunity_id": lead.id,
            }
        )
        incident = self._save(self._dialog(order))
        self.assertEqual(incident.crm_order_id, order)
        self.assertEqual(incident.crm_lead_id, lead)
        self.assertEqual(order.crm_incident_count, 1)

    def test_from_a_gestion(self):
        visit = self.env.ref("crm_gestion.mail_activity_type_visit")
        gestion = self._make_gestion(
            contact_id=self.contact.id,
            organization_id=self.organization.id,
            activity_type_id=visit.id,
            description="The pump leaks",
        )
        dialog = self._dialog(gestion)
        self.assertEqual(dialog.channel, "visit")
        self.assertEqual(dialog.description, "The pump leaks")
        incident = self._save(dialog)
        self.assertEqual(incident.crm_gestion_id, gestion)
        self.assertEqual(incident.crm_channel, "visit")
        self.assertEqual(gestion.crm_incident_count, 1)

    def test_every_kind_of_gestion_has_its_channel(self):
        types = self.env["mail.activity.type"].search([("is_gestion", "=", True)])
        mixin = self.env["crm.incident.subject.mixin"]
        channels = {kind: mixin._crm_incident_channel(kind) for kind in types}
        known = self.env["project.task"]._fields["crm_channel"].get_values(self.env)
        for kind in types:
            with self.subTest(kind.name):
                self.assertIn(channels[kind], known)

    def test_the_type_says_how_severe_it_begins(self):
        self.fault.severity = "3_critical"
        dialog = self._dialog(self.organization)
        dialog.type_id = self.fault
        self.assertEqual(dialog.severity, "3_critical")
        dialog.severity = "0_low"
        incident = self._save(dialog)
        self.assertEqual(incident.crm_severity, "0_low")

    def test_open_ones_are_shown_first(self):
        old = self._open(crm_severity="2_high")
        done = self._open(name="Noise")
        done.action_crm_solve()
        elsewhere = self._open(
            partner_id=self.env["res.partner"].create({"name": "Ana"}).id,
            crm_organization_id=False,
        )
        dialog = self._dialog(self.organization)
        self.assertEqual(dialog.open_incident_ids.ids, old.ids)
        self.assertNotIn(elsewhere.id, dialog.open_incident_ids.ids)

    def test_without_customer_nothing_is_opened(self):
        dialog = (
            self.env["crm.incident.open"]
            .with_user(self.seller)
            .create({"name": "Pump leaks"})
        )
        before = self.env["project.task"].search_count([])
        with self.assertRaisesRegex(UserError, "Choose the customer"):
            dialog.action_open()
        self.assertEqual(self.env["project.task"].search_count([]), before)

    def test_no_account_of_somebody_else(self):
        dialog = self._dialog(self.organization, self.stranger)
        before = self.env["project.task"].search_count([])
        with self.assertRaises(UserError):
            self._save(dialog)
        self.assertEqual(self.env["project.task"].search_count([]), before)

    def test_contact_of_another_account(self):
        """Who has the organization does not speak for somebody of another one, nor the
        other way round; where he works for both there is one word for both."""
        theirs = self.env["res.partner"].create(
            {"name": "Theirs", "is_company": True, "user_id": self.stranger.id}
        )
        person = self.env["res.partner"].create(
            {"name": "Person", "parent_id": theirs.id}
        )
        for contact, organization in (
            (person, self.organization),
            (self.contact, theirs),
        ):
            with self.subTest(contact=contact.name), self.assertRaises(UserError):
                self._open(partner_id=contact.id, crm_organization_id=organization.id)
        self.env["crm.affiliation"].create(
            {"contact_id": person.id, "organization_id": self.organization.id}
        )
        incident = self._open(partner_id=person.id)
        self.assertEqual(incident.crm_organization_id, self.organization)
        self.assertEqual(incident.partner_id, person)

    def test_only_sellers_have_the_dialog(self):
        for user in (self.employee, self.native):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.env["crm.incident.open"].with_user(user).create({"name": "Pump"})

    def test_dialog_gives_nothing_of_its_screen_to_the_incident(self):
        """What the screen behind it would put into new tasks is not of this one."""
        dialog = self._dialog(self.organization)
        dialog.name = "Pump leaks"
        action = (
            dialog.save()
            .with_context(
                default_crm_phase="solved",
                default_user_ids=[Command.link(self.agent.id)],
                default_stage_id=self.env.ref("crm_gestion.incident_stage_solved").id,
            )
            .action_open()
        )
        incident = self.env["project.task"].browse(action["res_id"])
        self.assertEqual(incident.crm_phase, "new")
        self.assertFalse(incident.user_ids)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestIncidentCounters(IncidentScreens):
    """Organizations, contacts, opportunities and orders count their incidents."""

    def _counts(self, record, user=None):
        record = record.with_user(user or self.seller)
        record.invalidate_recordset()
        return record.crm_open_incident_count, record.crm_incident_count

    def test_an_organization_counts_its_people(self):
        other = self.contact.copy({"name": "Ana", "parent_id": self.organization.id})
        self._open()
        self._open(partner_id=other.id).action_crm_solve()
        self._open(partner_id=self.organization.id)
        self.assertEqual(self._counts(self.organization), (2, 3))
        self.assertEqual(self._counts(self.contact), (1, 1))
        self.assertEqual(self._counts(other), (0, 1))

    def test_what_somebody_may_not_read_he_does_not_count(self):
        self._open()
        self.assertEqual(self._counts(self.organization, self.head), (1, 1))
        self.assertEqual(self._counts(self.organization, self.agent), (1, 1))
        self.assertEqual(self._counts(self.organization, self.stranger), (0, 0))
        self.assertEqual(self._counts(self.organization, self.employee), (0, 0))

    def test_other_tasks_do_not_count(self):
        project = self.env["project.project"].create({"name": "Roll-out"})
        self.env["project.task"].create(
            {
                "name": "Call",
                "project_id": project.id,
                "partner_id": self.organization.id,
            }
        )
        self.assertEqual(self._counts(self.organization, self.director), (0, 0))

    def test_the_banner_is_of_severe_open_ones(self):
        organization = self.organization.with_user(self.seller)
        lead = self._make_lead(partner_id=self.contact.id).with_user(self.seller)
        for severity, expected in [
            ("0_low", 0),
            ("1_normal", 0),
            ("2_high", 1),
            ("3_critical", 2),
        ]:
            with self.subTest(severity):
                last = self._open(crm_severity=severity)
                (organization | lead.organization_id).invalidate_recordset()
                lead.invalidate_recordset()
                self.assertEqual(organization.crm_severe_incident_count, expected)
                self.assertEqual(lead.crm_severe_incident_count, expected)
        action = lead.action_crm_severe_incidents()
        found = self.env["project.task"].search(action["domain"])
        self.assertEqual(set(found.mapped("crm_severity")), {"2_high", "3_critical"})
        last.action_crm_solve()
        action = lead.action_crm_severe_incidents()
        self.assertEqual(action["res_id"], (found - last).id)

    def test_the_button_lists_them(self):
        incident = self._open()
        lead = self._make_lead(partner_id=self.contact.id)
        about = self._open(crm_lead_id=lead.id)
        for record, expected in [
            (self.organization, incident | about),
            (self.contact, incident | about),
            (lead, about),
        ]:
            with self.subTest(record._name):
                action = record.with_user(self.seller).action_crm_incidents()
                found = self.env["project.task"].search(action["domain"])
                self.assertEqual(found, expected.sorted(lambda t: -t.id) & found)
                self.assertEqual(set(found), set(expected))
                self.assertEqual(action["context"]["search_default_open"], 1)
        (incident | about).action_crm_solve()
        (self.organization | self.contact).invalidate_recordset()
        action = self.organization.with_user(self.seller).action_crm_incidents()
        self.assertNotIn("search_default_open", action["context"])

    def test_key_account_reaches_its_contacts(self):
        self.organization.is_key_account = True
        self.assertTrue(self.contact.is_key_account)
        self.organization.is_key_account = False
        self.assertFalse(self.contact.is_key_account)

    def test_counting_many_costs_what_counting_few_does(self):
        organizations = self.env["res.partner"].create(
            [
                {"name": f"Org {n}", "is_company": True, "user_id": self.seller.id}
                for n in range(33)
            ]
        )
        for organization in organizations:
            self._open(partner_id=organization.id, crm_organization_id=organization.id)
        names = ["crm_incident_count", "crm_severe_incident_count"]
        organizations = organizations.with_user(self.seller)
        self.assertFlatGrowth(
            lambda some: some.read(names), organizations[:3], organizations[3:]
        )
