from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tests.common import new_test_user

from .common import PASSWORD
from .incident_common import MONDAY, IncidentCommon


@tagged("post_install", "-at_install")
@freeze_time(MONDAY)
class TestOpening(IncidentCommon):
    """Who opens an incident, and what it begins with."""

    def test_seller_opens_for_his_account(self):
        sequence = self.env.ref("crm_gestion.incident_sequence")
        sequence.number_next = 12
        incident = self._open(crm_type_id=self.fault.id, crm_channel="phone")
        self.assertRecordValues(
            incident,
            [
                {
                    "project_id": self.desk.id,
                    "crm_is_incident": True,
                    "crm_number": "INC/2026/00012",
                    "display_name": "INC/2026/00012 Pump leaks",
                    "crm_organization_id": self.organization.id,
                    "partner_id": self.contact.id,
                    "crm_severity": "1_normal",
                    "crm_channel": "phone",
                    "crm_phase": "new",
                    "stage_id": self._stage("new").id,
                    "company_id": self.env.company.id,
                    "user_ids": [],
                    "state": "01_in_progress",
                }
            ],
        )
        followers = incident.message_partner_ids
        self.assertEqual(followers, self.seller.partner_id | self.contact)
        # as who opened it
        mine = self.incidents.with_user(self.seller)._open([self._vals()])
        self.assertEqual(mine.env.user, self.seller)
        self.assertFalse(mine.env.su)
        self.assertFalse(mine.has_access("write"))

    def test_organization_alone_is_the_customer(self):
        incident = self._open(
            partner_id=False, crm_organization_id=self.organization.id
        )
        self.assertEqual(incident.partner_id, self.organization)
        self.assertEqual(incident.crm_organization_id, self.organization)

    def test_severity_of_the_type(self):
        self.fault.severity = "3_critical"
        self.assertEqual(
            self._open(crm_type_id=self.fault.id).crm_severity, "3_critical"
        )
        told = self._open(crm_type_id=self.fault.id, crm_severity="0_low")
        self.assertEqual(told.crm_severity, "0_low")

    def test_desk_of_type_then_company_then_common(self):
        Project = self.env["project.project"]
        self.assertEqual(self._open().project_id, self.desk)
        ours, typed = Project.create(
            [
                {
                    "name": name,
                    "crm_is_incident_desk": True,
                    "company_id": self.env.company.id,
                    "sequence": sequence,
                    "privacy_visibility": "invited_users",
                }
                for name, sequence in (("Ours", 100), ("Typed", 200))
            ]
        )
        self.assertEqual(self._open().project_id, ours)
        self.fault.desk_id = typed
        self.assertEqual(self._open(crm_type_id=self.fault.id).project_id, typed)
        self.assertEqual(self._open().project_id, ours)
        typed.active = False
        self.assertEqual(self._open(crm_type_id=self.fault.id).project_id, ours)

    def test_without_a_desk_it_says_so(self):
        self.desk.crm_is_incident_desk = False
        count = self.env["project.task"].search_count([])
        with self.assertRaisesRegex(UserError, "There is no incident desk"):
            self._open()
        self.assertEqual(self.env["project.task"].search_count([]), count)

    def test_who_may_not_open(self):
        other = self.env["res.partner"].create(
            {"name": "Theirs", "is_company": True, "user_id": self.stranger.id}
        )
        free = self.env["res.partner"].create({"name": "Free", "is_company": True})
        portal = new_test_user(
            self.env,
            login="crm_customer",
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=self.contact.id,
        )
        cases = [
            (self.seller, other, "account of Stranger"),
            (self.head, other, "account of Stranger"),
            (self.employee, free, "Only sales"),
            (portal, other, "of your own"),
            (self.seller, self.env["res.partner"], "Choose the customer"),
        ]
        count = self.env["project.task"].search_count([])
        for user, partner, message in cases:
            with (
                self.subTest(user=user.login, partner=partner.name),
                self.assertRaisesRegex(UserError, message),
            ):
                self._open(user, partner_id=partner.id)
        self.assertEqual(self.env["project.task"].search_count([]), count)
        for user, partner in (
            (self.seller, free),
            (self.stranger, other),
            (self.south_head, other),
            (self.director, other),
            (self.agent, other),
            (portal, self.contact),
        ):
            with self.subTest(user=user.login):
                incident = self._open(user, partner_id=partner.id)
                self.assertEqual(incident.partner_id, partner)
                self.assertTrue(incident.crm_number)

    def test_customer_says_no_more_than_he_may(self):
        portal = new_test_user(
            self.env,
            login="crm_customer",
            password=PASSWORD,
            groups="base.group_portal",
            partner_id=self.contact.id,
        )
        self.fault.is_public = False
        incident = self._open(
            portal,
            partner_id=False,
            crm_type_id=self.fault.id,
            crm_severity="3_critical",
            crm_channel="phone",
            user_ids=[(4, self.agent.id)],
            state="1_done",
        )
        self.assertRecordValues(
            incident,
            [
                {
                    "partner_id": self.contact.id,
                    "crm_channel": "portal",
                    "crm_severity": "2_high",
                    "crm_type_id": False,
                    "user_ids": [],
                    "crm_phase": "new",
                }
            ],
        )
        self.assertTrue(incident.with_user(portal).has_access("read"))
        self.assertEqual(
            incident.with_user(portal).display_name,
            f"{incident.crm_number} Pump leaks",
        )
        with self.assertRaises(AccessError):
            incident.with_user(portal).read(["crm_answer_deadline"])

    def test_about_the_same_customer(self):
        lead = self._make_lead(partner_id=self.contact.id)
        order = self.env["sale.order"].create({"partner_id": self.organization.id})
        incident = self._open(crm_lead_id=lead.id, crm_order_id=order.id)
        self.assertEqual(incident.crm_lead_id, lead)
        other = self.env["res.partner"].create({"name": "Other", "is_company": True})
        others = (
            ("crm_lead_id", self._make_lead(partner_id=other.id)),
            ("crm_order_id", self.env["sale.order"].create({"partner_id": other.id})),
        )
        count = self.env["project.task"].search_count([])
        for name, record in others:
            with (
                self.subTest(name=name),
                self.assertRaisesRegex(UserError, "another customer"),
                self.env.cr.savepoint(),
            ):
                self._open(self.director, **{name: record.id})
        self.assertEqual(self.env["project.task"].search_count([]), count)
        theirs = self._make_lead(
            self.stranger, partner_id=self.env["res.partner"].create({"name": "X"}).id
        )
        with self.assertRaises(AccessError):
            self._open(crm_lead_id=theirs.id)

    def test_many_at_once(self):
        def open_them(vals_list):
            self.incidents.with_user(self.seller)._open(vals_list)

        few, many = ([self._vals() for _ in range(n)] for n in (3, 30))
        # Odoo's own cost of each task: its followers and its first message
        open_them(few)
        native = [self._count_queries(lambda n=n: self._native(n)) for n in (3, 30)]
        ours = [
            self._count_queries(lambda v=v: open_them([dict(vals) for vals in v]))
            for v in (few, many)
        ]
        grown = (ours[1] - ours[0]) - (native[1] - native[0])
        # 27 more of them: none of ours for each
        self.assertLess(grown, 27 / 2, f"{ours} {native}")

    def _native(self, count):
        """Tasks of a project that is as the desk is, but for being one."""
        project = self.env["project.project"].create(
            {"name": "Plain", "privacy_visibility": "invited_users"}
        )
        project.message_subscribe(self.agent.partner_id.ids)
        project.type_ids = self.desk.type_ids
        self.env["project.task"].with_user(self.seller).sudo().create(
            [
                {"name": "T", "project_id": project.id, "partner_id": self.contact.id}
                for _ in range(count)
            ]
        ).message_subscribe(self.contact.ids)


@tagged("post_install", "-at_install")
@freeze_time(MONDAY)
class TestBecoming(IncidentCommon):
    """By whatever route a task becomes an incident, or ceases to be one."""

    def _task(self, **values):
        return self.env["project.task"].create({"name": "Pump leaks", **values})

    def test_natively_in_the_desk(self):
        tasks = (
            self.env["project.task"]
            .with_user(self.agent)
            .create(
                [
                    {"name": "One", "project_id": self.desk.id},
                    {"name": "Two", "project_id": self.desk.id},
                ]
            )
        )
        first, second = (int(task.crm_number.rpartition("/")[2]) for task in tasks)
        self.assertEqual(second, first + 1)
        self.assertEqual(tasks.mapped("crm_severity"), ["1_normal"] * 2)
        self.assertEqual(tasks.crm_passage_ids.mapped("phase"), ["new"] * 2)

    def test_moved_into_the_desk_and_out(self):
        plain = self.env["project.project"].create({"name": "Plain"})
        task = self._task(project_id=plain.id, partner_id=self.contact.id)
        self.assertFalse(task.crm_number)
        task.project_id = self.desk
        self.assertTrue(task.crm_number)
        self.assertEqual(task.partner_id, self.contact)
        self.assertEqual(task.crm_organization_id, self.organization)
        self.assertEqual(task.crm_phase, "new")
        number = task.crm_number
        task.project_id = plain
        self.assertFalse(task.crm_is_incident)
        self.assertFalse(task.crm_phase)
        self.assertEqual(task.display_name, "Pump leaks")
        self.assertFalse(task.crm_passage_ids.filtered(lambda row: not row.date_out))
        task.project_id = self.desk
        self.assertEqual(task.crm_number, number)
        self.assertEqual(len(task.crm_passage_ids), 2)

    def test_project_becomes_a_desk(self):
        plain = self.env["project.project"].create({"name": "Plain"})
        stage = self.env["project.task.type"].create(
            {"name": "Mine", "project_ids": plain.ids, "user_id": False}
        )
        task = self._task(project_id=plain.id, stage_id=stage.id)
        done = self._task(project_id=plain.id, stage_id=stage.id, state="1_done")
        plain.crm_is_incident_desk = True
        self.assertEqual(
            set(plain.type_ids.mapped("crm_phase")),
            {False, "new", "working", "waiting", "solved", "cancelled"},
        )
        self.assertEqual((task.crm_phase, task.stage_id), ("new", stage))
        self.assertEqual((done.crm_phase, done.state), ("solved", "1_done"))
        self.assertTrue(task.crm_number and done.crm_number)
        plain.crm_is_incident_desk = False
        self.assertFalse((task | done).filtered("crm_is_incident"))

    def test_sub_task_and_template_are_none(self):
        incident = self._open()
        child = self._task(parent_id=incident.id, project_id=self.desk.id)
        template = self._task(project_id=self.desk.id, is_template=True)
        for task in (child, template):
            self.assertFalse(task.crm_is_incident)
            self.assertFalse(task.crm_number)
            self.assertFalse(task.crm_passage_ids)
        child.parent_id = False
        self.assertTrue(child.crm_number)

    def test_plain_task_is_as_odoo_made_it(self):
        plain = self.env["project.project"].create({"name": "Plain"})
        task = self._task(project_id=plain.id, partner_id=self.contact.id)
        names = [name for name in task._fields if name.startswith("crm_")]
        values = {name: task[name] for name in names if task[name]}
        self.assertEqual(values, {"crm_partner_email": self.contact.email})
        self.assertEqual(task.display_name, "Pump leaks")
        stages = self.env["project.task.type"].create(
            [
                {"name": name, "project_ids": plain.ids, "user_id": False}
                for name in ("A", "B")
            ]
        )
        task.stage_id = stages[1]
        task.state = "1_done"
        self.assertEqual(task.stage_id, stages[1])
        self.assertFalse(task.crm_passage_ids)

    def test_plain_task_costs_nothing_more(self):
        plain = self.env["project.project"].create({"name": "Plain"})
        stages = self.env["project.task.type"].create(
            [
                {"name": name, "project_ids": plain.ids, "user_id": False}
                for name in ("A", "B")
            ]
        )
        tasks = self.env["project.task"].create(
            [{"name": "T", "project_id": plain.id} for _ in range(3)]
        )
        task_class = next(
            cls
            for cls in type(tasks).__mro__
            if cls.__module__ == "odoo.addons.crm_gestion.models.project_task"
        )

        def write(stage):
            tasks.with_env(self.env).write({"stage_id": stage.id})

        write(stages[0])
        ours = self._count_queries(lambda: write(stages[1]))
        write(stages[0])
        native_write = task_class.write
        try:
            del task_class.write
            native = self._count_queries(lambda: write(stages[1]))
        finally:
            task_class.write = native_write
        self.assertEqual(ours, native)

    def test_title_typed_over_keeps_the_number_out(self):
        incident = self._open()
        incident.display_name = f"{incident.crm_number} Pump leaks badly"
        self.assertEqual(incident.name, "Pump leaks badly")
        incident.display_name = "Valve stuck !!"
        self.assertEqual(incident.name, "Valve stuck")
        self.assertEqual(incident.priority, "2")

    def test_found_by_number(self):
        incident = self._open()
        found = self.env["project.task"].name_search(incident.crm_number)
        self.assertEqual([row[0] for row in found], incident.ids)

    def test_number_is_the_companys_and_unique(self):
        self.env["ir.sequence"].create(
            {
                "name": "Ours",
                "code": "crm.incident",
                "prefix": "OWN-",
                "company_id": self.env.company.id,
            }
        )
        self.assertEqual(self._open().crm_number, "OWN-1")
        self.assertEqual(self._open().crm_number, "OWN-2")
        self.env.cr.execute(
            "SELECT 1 FROM pg_indexes"
            " WHERE indexname = 'project_task_crm_number_unique'"
        )
        self.assertTrue(self.env.cr.fetchone())

    def test_copy_is_another_incident(self):
        incident = self._open(crm_type_id=self.fault.id)
        self.env["crm.incident.clock"]._answer(incident.sudo(), incident.create_date)
        copied = incident.copy()
        self.assertNotEqual(copied.crm_number, incident.crm_number)
        self.assertFalse(copied.crm_answer_date)
        self.assertEqual(copied.crm_type_id, self.fault)

    def test_merged_customer(self):
        twin = self.env["res.partner"].create(
            {"name": "Aceites", "is_company": True, "user_id": self.seller.id}
        )
        incident = self._open(partner_id=twin.id)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (twin | self.organization).ids, self.organization
        )
        incident.invalidate_recordset()
        self.assertEqual(incident.crm_organization_id, self.organization)
        self.assertEqual(incident.partner_id, self.organization)


@tagged("post_install", "-at_install")
@freeze_time(MONDAY)
class TestPhases(IncidentCommon):
    """Incidents move with their stage; Odoo's own state says the same."""

    def test_by_the_buttons(self):
        incident = self._open()
        mine = incident.with_user(self.agent)
        for action, phase, state in (
            ("action_crm_start", "working", "01_in_progress"),
            ("action_crm_wait", "waiting", "01_in_progress"),
            ("action_crm_solve", "solved", "1_done"),
            ("action_crm_reopen", "working", "01_in_progress"),
            ("action_crm_cancel", "cancelled", "1_canceled"),
        ):
            with self.subTest(action=action):
                getattr(mine, action)()
                getattr(mine, action)()  # a second click does nothing
                self.assertEqual(
                    (incident.crm_phase, incident.state, incident.stage_id),
                    (phase, state, self._stage(phase)),
                )
        self.assertEqual(incident.crm_reopen_count, 1)
        self.assertEqual(len(incident.crm_passage_ids), 6)
        for action in ("start", "wait", "solve", "reopen", "cancel"):
            getattr(self.env["project.task"], f"action_crm_{action}")()

    def test_by_odoos_own_state(self):
        incident = self._open()
        for state, phase in (
            ("1_done", "solved"),
            ("01_in_progress", "working"),
            ("1_canceled", "cancelled"),
            ("01_in_progress", "working"),
            ("02_changes_requested", "working"),
        ):
            with self.subTest(state=state):
                incident.with_user(self.agent).state = state
                self.assertEqual(incident.crm_phase, phase)
                self.assertEqual(incident.state, state)
        self.assertEqual(incident.crm_reopen_count, 2)

    def test_by_dragging_the_card(self):
        incident = self._open()
        incident.with_user(self.agent).stage_id = self._stage("solved")
        self.assertEqual(incident.state, "1_done")
        incident.with_user(self.agent).stage_id = self._stage("waiting")
        self.assertEqual(incident.state, "01_in_progress")
        self.assertEqual(incident.crm_reopen_count, 1)

    def test_from_end_to_end_only_by_reopening(self):
        incident = self._open()
        incident.action_crm_solve()
        rows = incident.crm_passage_ids
        for move in (
            lambda: incident.action_crm_cancel(),
            lambda: incident.write({"state": "1_canceled"}),
            lambda: incident.write({"stage_id": self._stage("cancelled").id}),
        ):
            with (
                self.assertRaisesRegex(UserError, "open it again first"),
                self.env.cr.savepoint(),
            ):
                move()
            incident.invalidate_recordset()
            self.assertEqual((incident.crm_phase, incident.state), ("solved", "1_done"))
            self.assertEqual(incident.crm_passage_ids, rows)

    def test_desk_without_the_stage(self):
        incident = self._open()
        self.desk.type_ids -= self._stage("waiting")
        with self.assertRaisesRegex(UserError, "has no stage for"):
            incident.action_crm_wait()
        self.assertEqual(incident.crm_phase, "new")

    def test_stage_that_means_something_else(self):
        incident = self._open()
        self._stage("new").crm_phase = "working"
        self.assertEqual(incident.crm_phase, "working")
        self.assertEqual(
            incident.crm_passage_ids.sorted("id").mapped("phase"), ["new", "working"]
        )

    def test_who_handles(self):
        incident = self._open()
        assigned = self._open(user_ids=[(4, self.colleague.id)])
        self.assertEqual(
            [
                (incident | assigned).with_user(user).mapped("crm_may_handle")
                for user in (self.seller, self.agent, self.colleague)
            ],
            [[False, False], [True, True], [False, True]],
        )
        for action in ("start", "wait", "solve", "cancel"):
            with (
                self.subTest(action=action),
                self.assertRaisesRegex(UserError, "Who works at the desk"),
            ):
                getattr(incident.with_user(self.seller), f"action_crm_{action}")()
        self.assertEqual(incident.crm_phase, "new")
        assigned.with_user(self.colleague).action_crm_solve()
        self.assertEqual(assigned.crm_phase, "solved")

    def test_seller_of_the_account_reopens(self):
        incident = self._open()
        incident.action_crm_solve()
        with self.assertRaisesRegex(UserError, "Who works at the desk"):
            incident.with_user(self.stranger).action_crm_reopen()
        self.assertEqual(incident.crm_phase, "solved")
        incident.with_user(self.seller).action_crm_reopen()
        self.assertEqual(incident.crm_phase, "working")
        self.assertEqual(incident.crm_passage_ids[0].user_id, self.seller)

    def test_nobody_writes_what_the_clock_says(self):
        incident = self._open()
        for name, value in (
            ("crm_number", "INC/1"),
            ("crm_answer_date", "2026-03-02 10:00:00"),
            ("crm_solution_deadline", "2027-03-02 10:00:00"),
            ("crm_reopen_count", 0),
        ):
            before = incident[name]
            with self.subTest(name=name), self.assertRaises(AccessError):
                incident.with_user(self.agent).write({name: value})
            self.assertEqual(incident[name], before)
        with self.assertRaises(AccessError):
            self.env["project.task"].with_user(self.agent).create(
                {"name": "T", "project_id": self.desk.id, "crm_number": "INC/1"}
            )

    def test_many_move_at_once(self):
        def solve_and_reopen(incidents):
            incidents.action_crm_solve()
            incidents.action_crm_reopen()

        few, many = (
            self.incidents.with_user(self.seller)
            ._open([self._vals() for _ in range(n)])
            .with_env(self.env)
            for n in (3, 30)
        )
        # tracking posts messages: Odoo's own, one by one
        few, many = (x.with_context(tracking_disable=True) for x in (few, many))
        self.assertFlatGrowth(solve_and_reopen, few, many)
