from functools import partial

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import AtOnce, Connection, CrmGestionCommon

NOW = "2026-03-02 10:00:00"


class ProjectCommon(CrmGestionCommon):
    """An opportunity that the seller won, its order, and a template of two tasks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls._make_product()
        cls.product.type = "service"
        cls.lead = cls._make_won("Renewal")
        cls.worker = cls._make_user("worker", "project.group_project_user")
        cls.manager = cls._make_user("manager", "project.group_project_manager")
        cls.role = cls.env["project.role"].create({"name": "Trainer"})
        cls.template = cls.env["project.project"].create(
            {
                "name": "Rollout",
                "is_template": True,
                "privacy_visibility": "employees",
                "user_id": cls.manager.id,
                "task_ids": [
                    Command.create({"name": "Install"}),
                    Command.create({"name": "Train", "role_ids": cls.role.ids}),
                ],
            }
        )

    @classmethod
    def _make_won(cls, name, user=None, **values):
        lead = cls._make_lead(
            user, **{"name": name, "partner_id": cls.contact.id, **values}
        )
        cls.env["crm.opportunity.closure"]._win(lead, cls.sales_order, "By hand")
        return lead

    def _make_order(self, lead=None, user=None, confirm=True):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "opportunity_id": lead and lead.id,
                "user_id": (user or self.seller).id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        if confirm:
            order.action_confirm()
        return order

    def _dialog(self, record, user=None):
        action = record.with_user(user or self.seller).action_crm_create_project()
        env = self.env(user=user or self.seller)
        return Form(env[action["res_model"]].with_context(**action["context"]))

    def _create(self, record, user=None, **values):
        """:return: the project that the dialog makes and opens"""
        dialog = self._dialog(record, user)
        for name, value in values.items():
            setattr(dialog, name, value)
        action = dialog.save().action_create_project()
        self.assertEqual(action["res_model"], "project.project")
        return self.env["project.project"].browse(action["res_id"])

    def _count(self):
        projects = self.env["project.project"].with_context(active_test=False)
        return projects.search_count([])

    def assertRefused(self, error, function):
        """Nothing was made, and nobody follows more than before."""
        before = self._count()
        with self.assertRaises(error):
            function()
        self.env.flush_all()
        self.assertEqual(self._count(), before)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestProjectFromOpportunity(ProjectCommon):
    """What was won becomes a project, linked both ways."""

    def test_empty_project_of_an_opportunity(self):
        project = self._create(self.lead)
        self.assertRecordValues(
            project,
            [
                {
                    "name": "Aceites del Sur - Renewal",
                    "crm_lead_id": self.lead.id,
                    "partner_id": self.contact.id,
                    "user_id": self.seller.id,
                    "privacy_visibility": "portal",
                    "allow_billable": True,
                    "reinvoiced_sale_order_id": False,
                    "sale_line_id": False,
                    "date_start": False,
                    "date": False,
                    "is_template": False,
                    "company_id": self.env.company.id,
                }
            ],
        )
        self.assertEqual(self.lead.crm_project_ids, project)
        self.assertEqual(self.lead.with_user(self.seller).crm_project_count, 1)
        self.assertEqual(project.message_partner_ids, self.seller.partner_id)

    def test_everything_that_the_dialog_asks(self):
        project = self._create(
            self.lead,
            name="Aceites",
            user_id=self.manager,
            privacy_visibility="followers",
            date_start="2026-04-01",
            date="2026-06-30",
        )
        self.assertRecordValues(
            project,
            [
                {
                    "name": "Aceites",
                    "user_id": self.manager.id,
                    "privacy_visibility": "followers",
                    "date_start": self.env["project.project"]
                    ._fields["date"]
                    .to_date("2026-04-01"),
                    "date": self.env["project.project"]
                    ._fields["date"]
                    .to_date("2026-06-30"),
                }
            ],
        )

    def test_every_visibility_of_odoo(self):
        kinds = ["followers", "invited_users", "employees", "portal"]
        field = self.env["crm.project.create"]._fields["privacy_visibility"]
        offered = [key for key, _label in field._description_selection(self.env)]
        self.assertEqual(offered, kinds)
        for kind in kinds:
            lead = self._make_won(kind)
            with self.subTest(kind=kind):
                project = self._create(lead, privacy_visibility=kind)
                self.assertEqual(project.privacy_visibility, kind)
                self.assertTrue(project.with_user(self.seller).has_access("read"))

    def test_project_from_a_template_with_its_roles(self):
        self.template.write({"date_start": "2026-01-01", "date": "2026-01-31"})
        dialog = self._dialog(self.lead)
        dialog.template_id = self.template
        self.assertEqual(dialog.privacy_visibility, "employees")
        self.assertEqual(dialog.user_id, self.manager)
        with dialog.role_ids.edit(0) as line:
            self.assertEqual(line.role_id, self.role)
            line.user_ids.add(self.worker)
        dialog.date_start = "2026-04-01"
        wizard = dialog.save()
        project = self.env["project.project"].browse(
            wizard.action_create_project()["res_id"]
        )
        self.assertRecordValues(
            project.task_ids.sorted("name"),
            [
                {"name": "Install", "user_ids": [], "role_ids": []},
                {"name": "Train", "user_ids": self.worker.ids, "role_ids": []},
            ],
        )
        self.assertEqual(str(project.date_start), "2026-04-01")
        self.assertEqual(str(project.date), "2026-05-01", "as long as the template")
        self.assertFalse(project.is_template)
        self.assertEqual(project.crm_lead_id, self.lead)
        self.assertEqual(project.partner_id, self.contact)
        self.assertEqual(len(self.template.task_ids), 2)
        self.assertEqual(self.template.task_ids.role_ids, self.role)

    def test_customer_of_an_opportunity_of_another_organization(self):
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        self.env["crm.affiliation"].create(
            {"contact_id": self.contact.id, "organization_id": other.id}
        )
        lead = self._make_won("There", organization_id=other.id)
        project = self._create(lead)
        self.assertEqual(project.partner_id, other)
        self.assertEqual(project.name, "Other - There")

    def test_invited_customer_follows_and_another_does_not(self):
        for invite in (True, False):
            lead = self._make_won("Shared")
            with self.subTest(invite=invite):
                project = self._create(lead, invite=invite)
                follows = self.contact in project.message_partner_ids
                self.assertEqual(follows, invite)

    def test_nobody_invites_to_what_customers_never_see(self):
        dialog = self._dialog(self.lead)
        dialog.invite = True
        dialog.privacy_visibility = "employees"
        self.assertFalse(dialog.may_invite)
        wizard = dialog.save()
        project = self.env["project.project"].browse(
            wizard.action_create_project()["res_id"]
        )
        self.assertNotIn(self.contact, project.message_partner_ids)
        lead = self._make_won("By code")
        values = {"name": "X", "privacy_visibility": "employees"}
        Maker = self.env["crm.project.maker"].with_user(self.seller)
        self.assertRefused(
            UserError,
            partial(
                Maker._make,
                values,
                lead=lead.with_user(self.seller),
                invite=self.contact,
            ),
        )

    def test_only_the_customer_is_invited(self):
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        values = {"name": "X", "privacy_visibility": "portal"}
        lead = self.lead.with_user(self.seller)
        Maker = lead.env["crm.project.maker"]
        make = partial(Maker._make, values, lead=lead, invite=stranger)
        self.assertRefused(UserError, make)

    def test_both_sides_say_where_it_came_from(self):
        project = self._create(self.lead)
        note = self.lead.message_ids.sorted("id")[-1].body
        self.assertIn("Aceites del Sur - Renewal", note)
        self.assertIn(f'data-oe-id="{project.id}"', note)
        self.assertIn("Renewal", project.message_ids.sorted("id")[-1].body)

    def test_keys_of_the_client_decide_nothing(self):
        dialog = self._dialog(self.lead)
        wizard = dialog.save().with_context(
            default_privacy_visibility="followers",
            default_user_id=self.stranger.id,
            default_is_template=True,
            copy_from_template=True,
            mail_notrack=True,
        )
        project = self.env["project.project"].browse(
            wizard.action_create_project()["res_id"]
        )
        self.assertEqual(project.privacy_visibility, "portal")
        self.assertFalse(project.is_template)
        self.assertEqual(project.user_id, self.seller)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestProjectFromOrder(ProjectCommon):
    """A confirmed order has its project, which Odoo's own buttons show."""

    def test_project_of_the_order_of_an_opportunity(self):
        lead = self._make_lead(name="Ordered", partner_id=self.contact.id)
        order = self._make_order(lead)
        self.assertEqual(lead.won_status, "won")
        project = self._create(order)
        self.assertRecordValues(
            project,
            [
                {
                    "name": f"Aceites del Sur - {order.name}",
                    "crm_lead_id": lead.id,
                    "partner_id": self.contact.id,
                    "sale_line_id": order.order_line.id,
                    "sale_order_id": order.id,
                    "reinvoiced_sale_order_id": order.id,
                }
            ],
        )
        self.assertEqual(order.project_ids, project)
        self.assertEqual(order.project_count, 1)
        self.assertEqual(order.with_user(self.seller).crm_project_count, 1)
        self.assertEqual(lead.with_user(self.seller).crm_project_count, 1)

    def test_order_of_the_opportunity_is_proposed_and_linked(self):
        lead = self._make_lead(name="Ordered", partner_id=self.contact.id)
        first = self._make_order(lead)
        second = self._make_order(lead)
        self._make_order(lead, confirm=False)
        dialog = self._dialog(lead)
        self.assertIn(dialog.order_id, first | second)
        dialog.order_id = first
        project = self.env["project.project"].browse(
            dialog.save().action_create_project()["res_id"]
        )
        self.assertEqual(project.sudo().reinvoiced_sale_order_id, first)
        self.assertFalse(second.project_ids)

    def test_order_without_opportunity(self):
        order = self._make_order()
        project = self._create(order)
        self.assertFalse(project.crm_lead_id)
        self.assertEqual(project.sale_order_id, order)

    def test_goods_only_link_the_order_without_a_line(self):
        self.product.type = "consu"
        order = self._make_order()
        project = self._create(order)
        self.assertFalse(project.sale_line_id)
        self.assertEqual(project.reinvoiced_sale_order_id, order)
        self.assertEqual(order.project_ids, project)

    def test_natively_made_projects_are_of_the_opportunity_too(self):
        lead = self._make_lead(name="Native", partner_id=self.contact.id)
        self.product.service_tracking = "project_only"
        order = self._make_order(lead)
        self.assertEqual(len(order.project_ids), 1)
        self.assertEqual(order.project_ids.crm_lead_id, lead)
        other = self.env["project.project"].create({"name": "Other"})
        self.assertFalse(other.crm_lead_id)
        other.reinvoiced_sale_order_id = order
        self.assertEqual(other.crm_lead_id, lead)
        other.crm_lead_id = self.lead
        other.reinvoiced_sale_order_id = False
        other.reinvoiced_sale_order_id = order
        self.assertEqual(other.crm_lead_id, self.lead, "what was chosen stays")

    def test_cancelled_afterwards_the_project_stays(self):
        lead = self._make_lead(name="Cancelled", partner_id=self.contact.id)
        order = self._make_order(lead)
        project = self._create(lead)
        order._action_cancel()
        self.assertEqual(lead.won_status, "pending")
        self.assertTrue(project.exists().active)
        self.assertEqual(project.crm_lead_id, lead)
        self.assertEqual(lead.with_user(self.seller).crm_project_count, 1)

    def test_native_way_of_managers_is_as_before(self):
        groups = "project.group_project_manager,sales_team.group_sale_manager"
        order = self._make_order().with_user(self._make_user("both", groups))
        self.assertTrue(order.show_create_project_button)
        action = order.action_create_project()
        self.assertEqual(action["res_model"], "project.template.create.wizard")
        self._create(order.with_user(self.seller))
        order.invalidate_recordset()
        self.assertFalse(order.show_create_project_button)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestProjectRefusals(ProjectCommon):
    """Who may not, or too early: one sentence, and nothing has changed."""

    def _make(self, user, values=None, **sources):
        user_env = self.env(user=user)
        sources = {
            name: value.with_env(user_env) if value else value
            for name, value in sources.items()
        }
        vals = {"name": "X", "privacy_visibility": "portal", **(values or {})}
        return partial(user_env["crm.project.maker"]._make, vals, **sources)

    def test_what_is_not_won_or_not_confirmed(self):
        lead = self._make_lead(name="Open", partner_id=self.contact.id)
        order = self._make_order(lead, confirm=False)
        self.assertFalse(lead.with_user(self.seller).crm_may_create_project)
        self.assertFalse(order.with_user(self.seller).crm_may_create_project)
        self.assertRefused(UserError, self._make(self.seller, lead=lead))
        self.assertRefused(UserError, self._make(self.seller, order=order))
        self.assertRefused(UserError, self._make(self.seller))
        order._action_cancel()
        self.assertRefused(UserError, self._make(self.seller, order=order))
        self.assertFalse(lead.crm_project_ids)

    def test_enquiry(self):
        lead = self._make_lead(type="lead")
        self.assertRefused(UserError, self._make(self.seller, lead=lead))

    def test_others_opportunity_and_order(self):
        order = self._make_order(user=self.stranger)
        lead = self._make_won("Stranger's", self.stranger)
        # his account: he reads them, and no more
        for record, name in ((order, "order"), (lead, "lead")):
            with self.subTest(name=name):
                own = record.with_user(self.seller)
                self.assertTrue(own.has_access("read"))
                self.assertFalse(own.crm_may_create_project)
                self.assertRefused(
                    AccessError, self._make(self.seller, **{name: record})
                )
        self.assertFalse(lead.crm_project_ids)

    def test_order_of_another_opportunity(self):
        order = self._make_order()
        self.assertRefused(
            UserError, self._make(self.seller, lead=self.lead, order=order)
        )

    def test_other_company(self):
        own, company = self.env.company, self.env["res.company"].create({"name": "B"})
        self.seller.company_ids |= company
        lead = self._make_won("There", team_id=False, company_id=company.id)
        env = self.env(user=self.seller, context={"allowed_company_ids": own.ids})
        values = {"name": "X", "privacy_visibility": "portal"}
        make = partial(env["crm.project.maker"]._make, values, lead=lead.with_env(env))
        self.assertRefused(AccessError, make)
        context = {"allowed_company_ids": (own | company).ids}
        env = self.env(user=self.seller, context=context)
        project = env["crm.project.maker"]._make(values, lead=lead.with_env(env))
        self.assertEqual(project.company_id, company)

    def test_template_of_another_company(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.seller.company_ids |= company
        self.template.company_id = company
        make = self._make(self.seller, lead=self.lead, template=self.template)
        self.assertRefused(UserError, make)
        self.seller.company_ids -= company
        self.assertRefused(AccessError, make)

    def test_project_that_is_no_template(self):
        project = self.env["project.project"].create({"name": "Real"})
        self.assertRefused(
            UserError, self._make(self.seller, lead=self.lead, template=project)
        )

    def test_template_that_the_user_may_not_read(self):
        self.template.privacy_visibility = "followers"
        self.assertRefused(
            AccessError, self._make(self.seller, lead=self.lead, template=self.template)
        )

    def test_manager_of_elsewhere(self):
        portal = self._make_user("portal", "base.group_portal")
        company = self.env["res.company"].create({"name": "Second"})
        foreign = self._make_user(
            "foreign",
            "base.group_user",
            company_id=company.id,
            company_ids=company.ids,
        )
        for user in (portal, foreign):
            self.assertRefused(
                UserError, self._make(self.seller, {"user_id": user.id}, lead=self.lead)
            )

    def test_customer_of_another_company_is_odoos_own_refusal(self):
        company = self.env["res.company"].create({"name": "Second"})
        customer = self.env["res.partner"].create({"name": "Theirs"})
        lead = self._make_won("Theirs", partner_id=customer.id)
        customer.company_id = company
        self.assertTrue(lead.company_id)
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._make(self.director, lead=lead)()
        self.assertFalse(lead.crm_project_ids)

    def test_roles_of_others(self):
        """Heads for their sellers, directors for all; others not at all."""
        for user in (self.head, self.director):
            with self.subTest(user=user.name):
                lead = self._make_won("For him")
                self.assertTrue(lead.with_user(user).crm_may_create_project)
                project = self._create(lead, user)
                self.assertEqual(
                    project.message_partner_ids,
                    (user | self.seller).partner_id,
                )
        for user in (self.stranger, self.south_head):
            with self.subTest(user=user.name):
                self.assertRefused(AccessError, self._make(user, lead=self.lead))
        for user in (self.native, self.employee):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.env["crm.project.create"].with_user(user).create(
                    {"lead_id": self.lead.id}
                )

    def test_nothing_more_than_following(self):
        project = self._create(self.lead).with_user(self.seller)
        self.assertTrue(project.has_access("read"))
        for operation in ("write", "unlink"):
            self.assertFalse(project.has_access(operation))
        with self.assertRaises(AccessError):
            project.env["project.project"].create({"name": "By himself"})
        with self.assertRaises(AccessError):
            project.env["project.task"].create(
                {"name": "By himself", "project_id": project.id}
            )
        self.assertFalse(self.seller.has_group("project.group_project_user"))


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestProjectOnce(ProjectCommon):
    """One project for each request."""

    def test_second_click(self):
        wizard = self._dialog(self.lead).save()
        first = wizard.action_create_project()
        self.assertEqual(wizard.action_create_project(), first)
        self.assertEqual(len(self.lead.crm_project_ids), 1)

    def test_dialog_that_was_open_meanwhile(self):
        late = self._dialog(self.lead).save()
        project = self._create(self.lead)
        self.assertEqual(late.action_create_project()["res_id"], project.id)
        self.assertEqual(self.lead.crm_project_ids, project)

    def test_project_that_is_there_is_opened(self):
        project = self._create(self.lead)
        dialog = self._dialog(self.lead)
        self.assertEqual(dialog.purpose, "open")
        self.assertEqual(dialog.known_project_ids[:], project)
        self.assertEqual(dialog.save().action_create_project()["res_id"], project.id)
        self.assertEqual(self.lead.crm_project_ids, project)

    def test_additional_one_is_asked_for_by_name(self):
        project = self._create(self.lead)
        wizards = []
        for _i in range(2):
            dialog = self._dialog(self.lead)
            dialog.purpose = "additional"
            wizards.append(dialog.save())
        made = {wizard.action_create_project()["res_id"] for wizard in wizards}
        self.assertEqual((self.lead.crm_project_ids - project).ids, list(made))

    def test_project_that_is_hidden_is_told_and_not_made_twice(self):
        project = self._create(
            self.lead, self.head, privacy_visibility="followers", user_id=self.manager
        )
        project.message_unsubscribe(self.seller.partner_id.ids)
        dialog = self._dialog(self.lead)
        self.assertEqual(dialog.purpose, "open")
        self.assertFalse(dialog.known_project_ids[:])
        self.assertIn("Aceites del Sur - Renewal", dialog.known_note)
        wizard = dialog.save()
        self.assertRefused(UserError, wizard.action_create_project)
        dialog = self._dialog(self.lead)
        dialog.purpose = "additional"
        dialog.save().action_create_project()
        self.assertEqual(len(self.lead.crm_project_ids), 2)

    def test_archived_projects_and_templates_do_not_count(self):
        self._create(self.lead).active = False
        dialog = self._dialog(self.lead)
        self.assertFalse(dialog.purpose)
        dialog.save().action_create_project()
        self.assertEqual(len(self.lead.crm_project_ids), 1)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestProjectAfterwards(ProjectCommon):
    """What becomes of the link."""

    def test_merged_opportunities_keep_their_projects(self):
        other = self._make_won("Twice")
        projects = self._create(self.lead) | self._create(other)
        projects[1].active = False
        winner = (self.lead | other).with_user(self.seller).merge_opportunity()
        self.assertEqual(len((self.lead | other).exists()), 1)
        self.assertEqual(projects.crm_lead_id, winner)

    def test_opportunity_that_is_deleted_leaves_its_project(self):
        lead = self._make_lead(name="Gone", partner_id=self.contact.id)
        project = self.env["project.project"].create(
            {"name": "Stays", "crm_lead_id": lead.id}
        )
        lead.unlink()
        self.assertTrue(project.exists())
        self.assertFalse(project.crm_lead_id)

    def test_copies_belong_to_nobody(self):
        project = self._create(self.lead)
        self.assertFalse(project.copy().crm_lead_id)
        self.assertFalse(self.lead.copy().crm_project_ids)

    def test_flat_growth(self):
        leads = self.env["crm.lead"].union(
            *(self._make_won(f"Won {i}") for i in range(33))
        )
        for lead in leads:
            self._create(lead)
        leads, few = leads[:30], leads[30:]

        def read(records):
            env = self.env(user=self.seller)
            records.with_env(env).mapped("crm_project_count")
            records.with_env(env).mapped("crm_may_create_project")

        self.assertFlatGrowth(read, few, leads)


@tagged("post_install", "-at_install")
class TestProjectTwoConnections(AtOnce):
    """One project, whoever asks for it at once."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._clean_up)
        with Connection() as env:
            stage = env.ref("crm_gestion.stage_sales_order")
            self.partner_id = env["res.partner"].create({"name": "Two Clicks"}).id
            lead = env["crm.lead"].create(
                {
                    "name": "Clicked",
                    "type": "opportunity",
                    "partner_id": self.partner_id,
                }
            )
            env["crm.opportunity.closure"]._win(lead, stage, "For the test")
            self.lead_id = lead.id

    def _clean_up(self):
        with Connection() as env:
            env["crm.project.create"].search([("lead_id", "=", self.lead_id)]).unlink()
            lead = env["crm.lead"].browse(self.lead_id)
            lead.crm_project_ids.unlink()
            lead.unlink()
            env["res.partner"].browse(self.partner_id).unlink()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_users_at_once(self):
        with Connection() as env:
            dialogs = [
                env["crm.project.create"].create({"lead_id": self.lead_id}).id
                for _i in range(2)
            ]

        def read(env):
            env["crm.lead"].browse(self.lead_id).crm_project_ids.mapped("name")

        def press(env, dialog_id):
            wizard = env["crm.project.create"].browse(dialog_id)
            return wizard.action_create_project()["res_id"]

        shown = self._at_once(
            *((read, partial(press, dialog_id=dialog_id)) for dialog_id in dialogs)
        )
        with Connection() as env:
            projects = env["crm.lead"].browse(self.lead_id).crm_project_ids
            self.assertEqual(shown, [projects.id] * 2)
