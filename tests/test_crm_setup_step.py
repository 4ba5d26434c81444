from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import BrowserCommon, CrmGestionCommon


class SetupCommon:
    @classmethod
    def _step(cls, question):
        return cls.env["crm.setup.step"].search([("question", "=", question)])

    def _state(self, question):
        step = self._step(question).with_user(self.director)
        step.invalidate_recordset(["state"])
        return step.state


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSetupSteps(SetupCommon, CrmGestionCommon):
    """What a director has still to settle is read from how the company stands."""

    def test_every_question_has_one_step_with_words(self):
        steps = self.env["crm.setup.step"].search([])
        questions = dict(steps._fields["question"].selection)
        self.assertEqual(sorted(steps.mapped("question")), sorted(questions))
        self.assertTrue(all(step.name and step.description for step in steps))

    def test_steps_open_screens_that_are_there(self):
        """Bringing data along is shown where its screens are installed."""
        shown = self.env["crm.setup.step"].search([("is_available", "=", True)])
        hidden = self.env["crm.setup.step"].search([]) - shown
        self.assertLessEqual(set(hidden.mapped("question")), {"takeover", "import"})
        theirs = ("emails",)  # a system administrator's
        for step in shown.filtered(lambda step: step.question not in theirs):
            with self.subTest(step=step.question):
                action = step.with_user(self.director).action_open()
                self.assertEqual(action["type"], "ir.actions.act_window")
        for question in theirs:
            with self.subTest(step=question), self.assertRaises(UserError):
                self._step(question).with_user(self.director).action_open()
        for step in hidden:
            with self.assertRaises(UserError):
                step.with_user(self.director).action_open()

    def test_the_method_and_emails_are_settings(self):
        params = self.env["ir.config_parameter"]
        for question, name in (
            ("method", "enforce_method"),
            ("emails", "email_gestiones"),
        ):
            with self.subTest(question=question):
                params.set_param(f"crm_gestion.{name}", "False")
                self.assertEqual(self._state(question), "todo")
                params.set_param(f"crm_gestion.{name}", "True")
                self.assertEqual(self._state(question), "done")

    def test_roles_are_given_when_nobody_sells_without_one(self):
        salesmen = self.env["res.users"].search(
            [("all_group_ids", "in", self.env.ref("sales_team.group_sale_salesman").id)]
        )
        role = self.env.ref("crm_gestion.group_seller")
        others = salesmen.filtered(lambda user: role not in user.all_group_ids)
        self.assertIn(self.native, others)
        self.assertEqual(self._state("roles"), "todo")
        others.group_ids |= role
        self.assertEqual(self._state("roles"), "done")

    def test_a_team_without_head_is_missing(self):
        teams = self.env["crm.team"].search(
            [("crm_team_member_ids", "!=", False), ("user_id", "=", False)]
        )
        teams.user_id = self.head
        self.assertEqual(self._state("teams"), "done")
        self.north.user_id = False
        self.assertEqual(self._state("teams"), "todo")

    def test_masters_are_done_when_somebody_changed_them(self):
        for question, record in (
            ("stages", self.present_products),
            ("originations", self.cold_call),
            ("markets", self.market),
            ("cargos", self.contact.cargo_id),
        ):
            with self.subTest(question=question):
                self.env.flush_all()
                table = SQL.identifier(record._table)
                self.env.cr.execute(SQL("UPDATE %s SET write_uid = 1", table))
                self.env.invalidate_all()
                self.assertEqual(self._state(question), "todo")
                record.with_user(self.director).sequence = 77
                self.env.flush_all()
                self.assertEqual(self._state(question), "done")

    def test_an_incident_desk_is_done_when_somebody_worked_on_it(self):
        desk = self.env["project.project"].create(
            {"name": "Desk", "crm_is_incident_desk": True}
        )
        self.env.flush_all()
        self.env.cr.execute("UPDATE project_project SET write_uid = 1")
        self.env.invalidate_all()
        self.assertEqual(self._state("desk"), "todo")
        desk.with_user(self.env.ref("base.user_admin")).name = "Claims"
        self.env.flush_all()
        self.assertEqual(self._state("desk"), "done")

    def test_objectives_of_the_past_do_not_count(self):
        values = {
            "user_id": self.seller.id,
            "metric": "sales",
            "target": 100.0,
        }
        self.env["crm.objective"].search([]).unlink()
        Objective = self.env["crm.objective"]
        Objective.create({**values, "date_from": "2026-02-01", "date_to": "2026-02-28"})
        self.assertEqual(self._state("objectives"), "todo")
        Objective.create({**values, "date_from": "2026-03-01", "date_to": "2026-03-31"})
        self.assertEqual(self._state("objectives"), "done")

    def test_doppler_is_connected_with_a_key(self):
        accounts = self.env["crm.doppler.account"]
        accounts.search([("company_id", "=", self.env.company.id)]).unlink()
        self.assertEqual(self._state("doppler"), "todo")
        accounts.create({"email": "marketing@ours.example", "new_key": "0123456789"})
        self.assertEqual(self._state("doppler"), "done")

    def test_data_is_brought_when_an_import_has_ended(self):
        self.assertEqual(self._state("import"), "todo")
        job = self.env["crm.import"].create({"name": "Old CRM"})
        self.assertEqual(self._state("import"), "todo")
        job.state = "done"
        self.assertEqual(self._state("import"), "done")

    def test_what_is_set_aside_is_so_for_one_company(self):
        step = self._step("doppler").with_user(self.director)
        other = self.env["res.company"].create({"name": "Other"})
        self.director.company_ids |= other
        step.action_set_aside()
        self.assertEqual(step.state, "aside")
        self.assertEqual(step.with_company(other).state, "todo")
        step.action_take_up()
        self.assertEqual(step.state, "todo")

    def test_only_directors_see_and_set_aside(self):
        step = self._step("doppler")
        for user in (self.seller, self.head, self.native, self.employee):
            with self.subTest(user=user.name):
                with self.assertRaises(AccessError):
                    step.with_user(user).action_set_aside()
                with self.assertRaises(AccessError):
                    step.with_user(user).action_open()
        with self.assertRaises(AccessError):
            step.with_user(self.director).name = "Mine"
        self.assertFalse(step.is_set_aside)


@tagged("post_install", "-at_install")
class TestFirstSteps(SetupCommon, BrowserCommon):
    """A new seller is led through his first opportunity."""

    def test_first_steps_of_a_seller(self):
        contact = self.env["res.partner"].create(
            {
                "name": "Brandon Freeman",
                "parent_id": self.organization.id,
                "email": "brandon@aceites.example",
            }
        )
        self.start_tour(
            "/odoo/crm", "crm_gestion_first_steps", login=self.seller.login, timeout=240
        )
        lead = self.env["crm.lead"].search([("partner_id", "=", contact.id)])
        stage = self.env.ref("crm_gestion.stage_present_products")
        self.assertRecordValues(lead, [{"stage_id": stage.id, "gestion_count": 1}])
        self.assertEqual(lead.gestion_ids.description, "He wants to see the product.")

    def test_it_is_not_offered_to_who_took_tours_before(self):
        tour = self.env.ref("crm_gestion.crm_gestion_first_steps")
        Tour = self.env["web_tour.tour"].with_user(self.seller)
        self.assertFalse(Tour.get_current_tour())
        self.seller.tour_enabled = True
        self.assertNotEqual(Tour.get_current_tour()["name"], tour.name)

    def test_its_end_does_not_begin_the_others(self):
        self.seller.tour_enabled = True
        Tour = self.env["web_tour.tour"].with_user(self.seller)
        self.assertFalse(Tour.consume("crm_gestion_first_steps"))
        self.assertFalse(self.seller.tour_enabled)
        self.seller.tour_enabled = True
        self.assertTrue(Tour.consume("crm_tour"))
        self.assertTrue(self.seller.tour_enabled)

    def test_it_is_offered_to_new_sellers_until_they_answer(self):
        Tour = self.env["web_tour.tour"]
        # no test is asked
        self.assertFalse(Tour.with_user(self.seller)._offers_first_steps())
        new = self.seller | self.colleague
        for user in new:
            self.assertTrue(Tour.with_user(user)._awaits_first_steps())
        for user in (self.head, self.director, self.native, self.employee):
            with self.subTest(user=user.name):
                self.assertFalse(Tour.with_user(user)._awaits_first_steps())
        Tour.with_user(self.seller).consume("crm_gestion_first_steps")
        self.assertFalse(Tour.with_user(self.seller)._awaits_first_steps())
        self.assertTrue(Tour.with_user(self.colleague)._awaits_first_steps())
        self.colleague.tour_enabled = True  # Odoo offers it, behind its own
        self.assertFalse(Tour.with_user(self.colleague)._awaits_first_steps())
