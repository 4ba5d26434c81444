from freezegun import freeze_time
from lxml import etree

from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from .test_crm_incident_open import IncidentScreens

VIEWS = ("form", "kanban", "list", "search", "pivot", "graph", "activity")


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestIncidentViews(IncidentScreens):
    """Screens of incidents: for sellers, who follow, and for who works at the desk."""

    def _arch(self, kind, user):
        view = self.env.ref(f"crm_gestion.crm_incident_view_{kind}")
        tasks = self.env["project.task"].with_user(user)
        return etree.fromstring(tasks.get_view(view.id, kind)["arch"])

    def test_every_role_gets_every_view(self):
        for user in (self.seller, self.head, self.director, self.agent):
            for kind in VIEWS:
                with self.subTest(user=user.login, view=kind):
                    self.assertTrue(len(self._arch(kind, user)))

    def test_severities_and_phases_are_terms_of_a_translation(self):
        """Odoo translates a selection only where it is a list: everywhere else the
        labels are those of the task."""
        selections = self.env["ir.model.fields.selection"]
        fields = (("crm_severity", "2_high"), ("crm_phase", "working"))
        for name, value in fields:
            row = selections.search(
                [
                    ("field_id.model", "=", "project.task"),
                    ("field_id.name", "=", name),
                    ("value", "=", value),
                ]
            )
            self.assertEqual(len(row), 1, name)
            row.with_context(lang="es_ES").name = "Traducido"
        for model, field, value in (
            ("project.task", "crm_severity", "2_high"),
            ("crm.incident.type", "severity", "2_high"),
            ("crm.incident.target", "severity", "2_high"),
            ("crm.incident.open", "severity", "2_high"),
            ("project.task", "crm_phase", "working"),
            ("project.task.type", "crm_phase", "working"),
            ("crm.incident.passage", "phase", "working"),
        ):
            told = self.env[model].with_context(lang="es_ES").fields_get([field])
            labels = dict(told[field]["selection"])
            self.assertEqual(labels[value], "Traducido", f"{model}.{field}")

    def test_who_is_no_project_user_follows_only(self):
        for kind in ("form", "kanban", "list"):
            with self.subTest(kind):
                seller, agent = (
                    self._arch(kind, self.seller),
                    self._arch(kind, self.agent),
                )
                for name in ("create", "edit"):
                    self.assertEqual(seller.get(name), "0")
                    self.assertNotEqual(agent.get(name, "1"), "0")
        self.assertEqual(
            self._arch("kanban", self.seller).get("records_draggable"), "0"
        )
        self.assertIsNone(self._arch("kanban", self.agent).get("records_draggable"))

    def test_tasks_of_odoo_stay_as_they_are(self):
        """Odoo's own views are found where none of ours is asked for."""
        for kind, native in [
            ("form", "view_task_form2"),
            ("kanban", "view_task_kanban"),
            ("search", "view_task_search_form"),
            ("pivot", "view_project_task_pivot"),
        ]:
            with self.subTest(kind):
                found = self.env["project.task"].get_view(view_type=kind)["id"]
                self.assertEqual(found, self.env.ref(f"project.{native}").id)
        project = self.env["project.project"].create({"name": "Roll-out"})
        task = self.env["project.task"].create(
            {"name": "Call", "project_id": project.id}
        )
        self.assertFalse(task.get_formview_id())
        with Form(task) as form:
            self.assertFalse(form.crm_is_incident)

    def test_an_incident_opens_in_its_own_form(self):
        incident = self._open()
        form = self.env.ref("crm_gestion.crm_incident_view_form")
        for user in (self.seller, self.agent):
            with self.subTest(user.login):
                mine = incident.with_user(user)
                self.assertEqual(mine.get_formview_id(), form.id)
                self.assertEqual(mine._crm_form_action()["views"], [(form.id, "form")])

    def test_the_agent_opens_one_by_hand(self):
        tasks = self.env["project.task"].with_user(self.agent)
        tasks = tasks.with_context(crm_incidents=True)
        form = Form(tasks, view="crm_gestion.crm_incident_view_form")
        self.assertEqual(form.project_id, self.desk)
        form.name = "Pump leaks"
        form.partner_id = self.contact
        form.crm_severity = "2_high"
        incident = form.save()
        self.assertTrue(incident.crm_is_incident)
        self.assertEqual(incident.crm_organization_id, self.organization)
        self.assertTrue(incident.crm_number)

    def test_phases_without_incidents_have_a_column(self):
        self._open()
        Task = self.env["project.task"].with_user(self.seller)
        domain = [("crm_organization_id", "=", self.organization.id)]
        groups = Task.with_context(
            crm_incidents=True, read_group_expand=True
        ).formatted_read_group(domain, ["stage_id"], ["__count"])
        names = [group["stage_id"] and group["stage_id"][0] for group in groups]
        self.assertEqual(names, self.desk.type_ids.sorted().ids)
        self.assertEqual([group["__count"] for group in groups], [1, 0, 0, 0, 0])
        Task = Task.with_context(read_group_expand=True)
        groups = Task.formatted_read_group(domain, ["stage_id"], ["__count"])
        self.assertEqual([group["__count"] for group in groups], [1])

    def test_who_sees_which_button(self):
        incident = self._open()
        for user, handle, reopen in [
            (self.seller, False, True),
            (self.head, False, True),
            (self.agent, True, True),
        ]:
            with self.subTest(user.login):
                mine = incident.with_user(user)
                self.assertEqual(mine.crm_may_handle, handle)
                self.assertEqual(mine.crm_may_reopen, reopen)
        incident.user_ids = self.seller
        self.assertTrue(incident.with_user(self.seller).crm_may_handle)

    def test_filters_find(self):
        mine = self._open(crm_severity="3_critical")
        stranger = self.env["res.partner"].create(
            {"name": "Sur", "is_company": True, "is_key_account": True}
        )
        other = self._open(partner_id=stranger.id, crm_organization_id=stranger.id)
        both = mine | other
        other.with_user(self.agent).action_crm_wait()
        mine.user_ids = self.agent
        arch = self._arch("search", self.seller)
        for name, user, expected in [
            ("my_accounts", self.seller, mine),
            ("mine", self.agent, mine),
            ("unassigned", self.agent, other),
            ("key_account", self.agent, other),
            ("open", self.agent, both),
            ("waiting", self.agent, other),
            ("solved", self.agent, both.browse()),
            ("severe", self.agent, mine),
            ("late", self.agent, both.browse()),
            ("reopened", self.agent, both.browse()),
        ]:
            with self.subTest(name):
                domain = arch.xpath(f"//filter[@name='{name}']")[0].get("domain")
                tasks = self.env["project.task"].with_user(user)
                domain = safe_eval(domain, {"uid": user.id})
                found = tasks.search([("id", "in", both.ids), *domain])
                self.assertEqual(set(found.ids), set(expected.ids))

    def test_menus(self):
        menus = self.env["ir.ui.menu"]
        shown = {
            user: menus.with_user(user).load_menus(False)
            for user in (self.seller, self.agent, self.director, self.employee)
        }
        for name, users in {
            "menu_crm_incident": self.seller | self.director,
            "menu_crm_incident_report": self.seller | self.director,
            "menu_project_incident": self.agent,
            "menu_crm_incident_type": self.director,
            "menu_crm_incident_target": self.director,
        }.items():
            menu = self.env.ref(f"crm_gestion.{name}")
            for user, ids in shown.items():
                with self.subTest(menu=name, user=user.login):
                    self.assertEqual(menu.id in ids, user in users)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestIncidentElsewhere(IncidentScreens):
    """Incidents in the history of the account, on paper, in My Day, and why."""

    def setUp(self):
        super().setUp()
        self.env = self.env(context={**self.env.context, "lang": "en_US"})

    def test_the_history_tells_number_severity_and_phase(self):
        incident = self._open(crm_severity="2_high")
        rows = self.env["crm.timeline"].with_user(self.seller)
        rows = rows.with_context(lang="en_US")
        domain = [("organization_id", "=", self.organization.id)]
        row = rows.search([*domain, ("kind", "=", "incident")])
        self.assertEqual(
            row.summary, f"{incident.crm_number} · Pump leaks · High · New"
        )
        self.assertEqual(row.contact_id, self.contact)
        form = self.env.ref("crm_gestion.crm_incident_view_form")
        self.assertEqual(row.action_open()["views"], [(form.id, "form")])
        strangers = rows.with_user(self.stranger)
        self.assertFalse(strangers.search([*domain, ("kind", "=", "incident")]))

    def test_other_tasks_are_told_by_their_name(self):
        project = self.env["project.project"].create(
            {"name": "Roll-out", "privacy_visibility": "employees"}
        )
        self.env["project.task"].create(
            {
                "name": "Call",
                "project_id": project.id,
                "partner_id": self.organization.id,
            }
        )
        row = (
            self.env["crm.timeline"]
            .with_user(self.seller)
            .search(
                [
                    ("organization_id", "=", self.organization.id),
                    ("kind", "=", "incident"),
                ]
            )
        )
        self.assertEqual(row.summary, "Call")

    def test_an_incident_is_of_the_organization_that_it_names(self):
        """The person works elsewhere: it is told there, once."""
        other = self.env["res.partner"].create(
            {"name": "Norte", "is_company": True, "user_id": self.seller.id}
        )
        self.env["crm.affiliation"].create(
            {"contact_id": self.contact.id, "organization_id": other.id}
        )
        self._open(crm_organization_id=other.id)
        rows = self.env["crm.timeline"].with_user(self.seller)
        found = rows.search(
            [
                ("kind", "=", "incident"),
                ("organization_id", "in", (other | self.organization).ids),
            ]
        )
        self.assertEqual(found.organization_id, other)
        self.assertEqual(len(found), 1)

    def test_the_account_file_prints_them(self):
        self._speak_english()
        incident = self._open(crm_severity="2_high")
        old = self._open(name="Noise")
        old.action_crm_solve()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE project_task SET create_date = '2024-02-02' WHERE id IN %s",
            [tuple((old | incident).ids)],
        )
        self.env.invalidate_all()
        report = self.env["report.crm_gestion.crm_account_file_report"]
        report = report.with_user(self.seller)
        paper = report._get_report_values(self.organization.ids)["papers"]
        self.assertEqual(paper[self.organization]["incidents"].ids, incident.ids)
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.seller)
            .with_context(lang="en_US")
            ._render_qweb_html(
                "crm_gestion.crm_account_file_report", self.organization.ids
            )
        )
        cells = etree.HTML(html).xpath(
            "//table[.//th[normalize-space()='Incidents']]/tbody/tr/td"
        )
        self.assertEqual(
            ["".join(cell.itertext()).strip() for cell in cells],
            [
                "02/02/2024",
                incident.crm_number,
                "Pump leaks",
                "High",
                "New",
                "",
            ],
        )

    def _day(self, user):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["crm.day"].with_user(user)
        return rows.search([("res_model", "=", "project.task")])

    def test_my_day_has_severe_ones_of_my_accounts(self):
        incident = self._open(crm_severity="3_critical")
        self._open(crm_severity="1_normal")
        row = self._day(self.seller)
        self.assertRecordValues(
            row,
            [
                {
                    "kind": "severe",
                    "res_id": incident.id,
                    "user_id": self.seller.id,
                    "organization_id": self.organization.id,
                    "contact_id": self.contact.id,
                    "summary": f"{incident.crm_number} · Pump leaks",
                }
            ],
        )
        self.assertFalse(self._day(self.stranger))
        self.assertEqual(self._day(self.head), row)
        action = row.action_register()
        self.assertEqual(action["res_model"], "crm.gestion")
        incident.action_crm_solve()
        self.assertFalse(self._day(self.seller))

    def test_my_day_has_what_is_due_today_and_mine(self):
        today = self._open(crm_severity="1_normal", user_ids=[(4, self.seller.id)])
        later = self._open(crm_severity="1_normal", user_ids=[(4, self.seller.id)])
        self._open(crm_severity="1_normal")
        for incident, deadline in [
            (today, "2026-03-02 15:00:00"),
            (later, "2026-03-03 15:00:00"),
        ]:
            incident.crm_answer_deadline = deadline
            incident.crm_solution_deadline = "2026-03-09 15:00:00"
        row = self._day(self.seller)
        self.assertRecordValues(row, [{"kind": "incident", "res_id": today.id}])
        self.assertEqual(str(row.date), "2026-03-02")
        today.crm_answer_date = "2026-03-02 10:30:00"
        self.env.flush_all()
        self.assertFalse(self._day(self.seller))

    def test_an_incident_is_once_in_a_day(self):
        """Severe, of my account, and assigned to me and to a colleague."""
        both = self.seller | self.colleague
        incident = self._open(crm_severity="3_critical", user_ids=[(6, 0, both.ids)])
        for user, owner in [
            (self.seller, self.seller),
            (self.colleague, self.colleague),
            (self.head, self.env["res.users"].browse(min(both.ids))),
        ]:
            with self.subTest(user.login):
                row = self._day(user)
                self.assertEqual(row.mapped("res_id"), incident.ids)
                self.assertEqual(row.kind, "incident")
                self.assertEqual(row.user_id, owner)

    def _why(self, incident, user):
        reasons = self.env["crm.access.reason"].with_user(user)
        return [key for key, _words in reasons._reasons(incident.with_user(user))]

    def test_why_somebody_sees_it(self):
        incident = self._open()
        incident.message_unsubscribe(self.seller.partner_id.ids)
        self.assertEqual(self._why(incident, self.seller), ["account_own"])
        self.assertEqual(self._why(incident, self.head), ["account_team"])
        self.assertEqual(self._why(incident, self.agent), ["invited"])
        incident.user_ids = self.seller
        self.assertIn("assigned", self._why(incident, self.seller))
        self.assertIn("team", self._why(incident, self.head))
        incident.message_subscribe(self.seller.partner_id.ids)
        self.assertIn("follower", self._why(incident, self.seller))
        self.desk.privacy_visibility = "employees"
        self.assertEqual(self._why(incident, self.agent), ["open_desk"])
        action = incident.with_user(self.seller).action_crm_why()
        self.assertEqual(action["tag"], "display_notification")
