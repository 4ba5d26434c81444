from freezegun import freeze_time
from lxml import html

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from .common import PASSWORD, SalesForce
from .test_crm_project import NOW, ProjectCommon

PRIVATE, OPEN = ("followers", "invited_users"), ("employees", "portal")


class AccessCommon(ProjectCommon):
    """A project of the manager for the seller's account, of each visibility; nobody
    of sales follows them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.projects = cls.env["project.project"]
        for kind in PRIVATE + OPEN:
            cls.projects |= cls.projects.create(
                {
                    "name": kind,
                    "partner_id": cls.contact.id,
                    "allow_billable": True,
                    "crm_lead_id": cls.lead.id,
                    "privacy_visibility": kind,
                    "user_id": cls.manager.id,
                    "task_ids": [
                        Command.create({"name": f"Open {kind}"}),
                        Command.create({"name": f"Done {kind}", "state": "1_done"}),
                    ],
                }
            )
        cls.private, cls.open = cls.projects[:2], cls.projects[2:]
        cls.projects[0].last_update_status = "at_risk"

    def _sees(self, user, record):
        """:return: set of the names of the projects that a user opens from a record,
        their number, and what he is told of others"""
        record = record.with_user(user)
        action = record.action_crm_projects()
        projects = self.env["project.project"].with_user(user)
        if action.get("res_id"):
            shown = projects.browse(action["res_id"])
        else:
            shown = projects.search(action["domain"])
        return (
            set(shown.mapped("name")),
            record.crm_project_count,
            record.crm_project_note,
        )

    def _note(self):
        return "followers: At Risk (Manager); invited_users: no status yet (Manager)"


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestProjectAccess(AccessCommon):
    """Who sees which project, and what he is told of the others."""

    def test_seller_of_the_account(self):
        told = (set(OPEN), 2, self._note())
        for record in (self.lead, self.organization, self.contact):
            with self.subTest(record=record):
                self.assertEqual(self._sees(self.seller, record), told)

    def test_head_and_director_are_told_the_same(self):
        for user in (self.head, self.director):
            with self.subTest(user=user.name):
                self.assertEqual(
                    self._sees(user, self.organization), (set(OPEN), 2, self._note())
                )

    def test_other_sellers_see_what_every_employee_sees(self):
        for user in (self.stranger, self.south_head):
            with self.subTest(user=user.name):
                self.assertEqual(
                    self._sees(user, self.organization), (set(OPEN), 2, False)
                )

    def test_who_has_no_role_of_ours_is_told_nothing(self):
        for user in (self.native, self.employee, self.worker):
            with self.subTest(user=user.name):
                for name in ("crm_project_count", "crm_project_note"):
                    with self.assertRaises(AccessError):
                        self.organization.with_user(user).read([name])

    def test_follower_opens_what_is_hidden_from_others(self):
        self.projects[0].message_subscribe(self.seller.partner_id.ids)
        self.assertEqual(
            self._sees(self.seller, self.lead),
            ({"followers", *OPEN}, 3, "invited_users: no status yet (Manager)"),
        )

    def test_told_and_nothing_more(self):
        """Neither the record nor its tasks, by any way."""
        for user in (self.seller, self.head, self.director):
            env = self.env(user=user)
            with self.subTest(user=user.name):
                Project, Task = env["project.project"], env["project.task"]
                private = [("id", "in", self.private.ids)]
                self.assertFalse(Project.search(private))
                self.assertFalse(Task.search([("project_id", "in", self.private.ids)]))
                for project in self.private.with_env(env):
                    with self.assertRaises(AccessError):
                        project.read(["name"])
                lead = self.lead.with_env(env)
                self.assertEqual(lead.crm_project_ids, self.open)
                lines = env["crm.timeline"].search(
                    [
                        ("organization_id", "=", self.organization.id),
                        ("kind", "=", "project"),
                    ]
                )
                self.assertEqual(set(lines.mapped("summary")), set(OPEN))

    def test_project_that_nobody_sold_is_nobodys_business(self):
        self.projects[0].crm_lead_id = False
        self.assertEqual(
            self._sees(self.seller, self.organization),
            (set(OPEN), 2, "invited_users: no status yet (Manager)"),
        )

    def test_project_of_an_order(self):
        order = self._make_order()
        project = self.projects[0]
        project.write({"crm_lead_id": False, "reinvoiced_sale_order_id": order.id})
        note = "followers: At Risk (Manager)"
        self.assertEqual(self._sees(self.seller, order)[1:], (0, note))
        self.assertIn(note, self._sees(self.seller, self.organization)[2])

    def test_history_follows_the_account_and_so_does_the_notice(self):
        lead = self._make_won("Of a colleague", self.stranger)
        self.private.crm_lead_id = lead
        self.assertEqual(
            self._sees(self.seller, self.organization)[2], self._note(), "his account"
        )
        self.assertEqual(
            self._sees(self.stranger, self.organization)[2], self._note(), "his sale"
        )
        (self.organization | self.contact).user_id = self.colleague
        self.env.invalidate_all()
        self.assertEqual(self._sees(self.seller, self.organization)[2], False)
        self.assertEqual(self._sees(self.colleague, self.organization)[2], self._note())

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Second"})
        self.projects.company_id = company
        self.assertEqual(self._sees(self.seller, self.organization), (set(), 0, False))

    def test_desks_templates_and_archived_ones_are_no_projects(self):
        first, second = self.open
        first.crm_is_incident_desk = True
        second.active = False
        self.projects[0].is_template = True
        self.assertEqual(
            self._sees(self.seller, self.organization),
            (set(), 0, "invited_users: no status yet (Manager)"),
        )

    def test_timeline_tells_the_status(self):
        self.open[0].last_update_status = "off_track"
        rows = self.env["crm.timeline"].with_user(self.seller)
        rows = rows.search(
            [("organization_id", "=", self.organization.id), ("kind", "=", "project")]
        )
        label = dict(
            self.open._fields["last_update_status"]._description_selection(rows.env)
        )["off_track"]
        summary = rows.filtered(lambda row: row.res_id == self.open[0].id).summary
        self.assertTrue(summary.startswith("employees"))
        self.assertTrue(summary.endswith(label))

    def test_seller_reads_state_and_progress_on_our_screens(self):
        action = self.env.ref("crm_gestion.crm_project_action")
        Project = self.env["project.project"].with_user(self.seller)
        views = Project.get_views([*action.views, (False, "search")])
        self.assertEqual(set(views["views"]), {"list", "kanban", "form", "search"})
        project = Project.browse(self.open[0].id)
        for kind in ("list", "kanban", "form"):
            arch = html.fromstring(views["views"][kind]["arch"])
            fields = {
                node.get("name") for node in arch.xpath("//field[not(ancestor::field)]")
            }
            self.assertTrue(project.read(list(fields)))
            self.assertEqual(arch.xpath("//@create")[:1], ["0"])
        self.assertRecordValues(
            project,
            [
                {
                    "task_count": 2,
                    "closed_task_count": 1,
                    "task_completion_percentage": 0.5,
                }
            ],
        )
        tasks = project.action_view_tasks()
        self.assertEqual(tasks["res_model"], "project.task")
        self.assertTrue(
            self.env["project.task"]
            .with_user(self.seller)
            .get_views(tasks["views"])["views"]
        )

    def test_opportunity_on_the_project_is_for_who_sells(self):
        project = self.open[0]
        Project = self.env["project.project"]
        shown = {}
        for user in (self.manager, self.worker, self.seller, self.director):
            shown[user] = "crm_lead_id" in Project.with_user(user).fields_get()
        self.assertEqual(list(shown.values()), [False, False, True, True])
        with self.assertRaises(AccessError):
            project.with_user(self.manager).read(["crm_lead_id"])
        both = "project.group_project_manager,crm_gestion.group_seller"
        both = self._make_user("both", both)
        form = Project.with_user(both).get_view(
            self.env.ref("project.edit_project").id, "form"
        )
        self.assertIn("crm_lead_id", form["arch"])

    def test_dialog_tells_nothing_of_what_one_does_not_read(self):
        """Not to who puts there an opportunity or an order by its id."""
        order = self._make_order(self.lead)
        self.private[0].reinvoiced_sale_order_id = order
        model = self.env["crm.project.create"].with_user(self.stranger)
        spec = dict.fromkeys(
            ("name", "known_note", "newest_project", "purpose", "lead_id"), {}
        )
        for values in ({"lead_id": self.lead.id}, {"order_id": order.id}):
            with self.subTest(values=values):
                asked = model.onchange(values, list(values), spec)["value"]
                made = model.create({**values, "privacy_visibility": "followers"})
                for told in (asked, made.read(list(spec))[0]):
                    for name in ("name", "known_note", "newest_project", "purpose"):
                        self.assertFalse(told.get(name), name)
                self.assertFalse(made.known_project_ids)
                self.assertRefused(AccessError, made.action_create_project)

    def test_opportunity_that_one_does_not_read_is_not_named(self):
        both = self._make_user(
            "both", "project.group_project_manager,sales_team.group_sale_salesman"
        )
        project = self.open[0].with_user(both)
        project.crm_lead_id = False
        with self.assertRaises(AccessError):
            project.crm_lead_id = self.lead.id

    def test_flat_growth(self):
        partners = self.env["res.partner"].create(
            [
                {"name": f"Account {i}", "is_company": True, "user_id": self.seller.id}
                for i in range(33)
            ]
        )
        leads = self.env["crm.lead"].union(
            *(self._make_won("Won", partner_id=partner.id) for partner in partners)
        )
        self.env["project.project"].create(
            [
                {
                    "name": "P",
                    "partner_id": lead.partner_id.id,
                    "crm_lead_id": lead.id,
                    "privacy_visibility": "followers",
                    "user_id": self.manager.id,
                }
                for lead in leads
            ]
        )

        def read(records):
            records = records.with_user(self.seller)
            notes = records.mapped("crm_project_note")
            self.assertEqual(set(notes), {"P: no status yet (Manager)"})

        self.assertFlatGrowth(read, partners[:3], partners[3:])


@tagged("post_install", "-at_install")
class TestProjectPortal(SalesForce, HttpCase):
    """A customer who was invited finds the project on Odoo's own page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_sales_force()
        cls._make_accounts()
        cls.portal = cls._make_user(
            "customer", "base.group_portal", partner_id=cls.contact.id
        )

    def _page(self, invite, visibility="portal"):
        lead = self._make_lead(name="Shared work", partner_id=self.contact.id)
        stage = self.env.ref("crm_gestion.stage_sales_order")
        self.env["crm.opportunity.closure"]._win(lead, stage, "By hand")
        maker = self.env(user=self.seller)["crm.project.maker"]
        project = maker._make(
            {"name": "Shared rollout", "privacy_visibility": visibility},
            lead=lead.with_user(self.seller),
            invite=invite and self.contact,
        )
        self.authenticate(self.portal.login, PASSWORD)
        return project, self.url_open("/my/projects")

    def test_invited_customer_sees_it(self):
        for visibility in ("invited_users", "portal"):
            with self.subTest(visibility=visibility):
                project, page = self._page(True, visibility)
                self.assertEqual(page.status_code, 200)
                self.assertIn("Shared rollout", page.text)
                own = self.url_open(f"/my/projects/{project.id}")
                self.assertEqual(own.status_code, 200)
                self.assertIn("Shared rollout", own.text)
                self.assertNotIn("Shared work", own.text, "our opportunity is ours")

    def test_customer_who_was_not_invited_does_not(self):
        project, page = self._page(False)
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("Shared rollout", page.text)
        own = self.url_open(f"/my/projects/{project.id}", allow_redirects=False)
        self.assertIn(own.status_code, (302, 303))

    def test_customer_has_none_of_our_buttons(self):
        env = self.env(user=self.portal)
        project, _page = self._page(True)
        with self.assertRaises(AccessError):
            env["crm.project.create"].create({"lead_id": project.crm_lead_id.id})
        for name in ("crm_project_count", "crm_project_note"):
            with self.assertRaises(AccessError):
                self.contact.with_env(env).read([name])
        with self.assertRaises(AccessError):
            project.with_env(env).read(["crm_lead_id"])
