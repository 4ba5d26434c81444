from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import common, tagged

from odoo.addons.crm_gestion.models import crm_takeover

from .common import SalesForce


@tagged("post_install", "-at_install")
class TestCrmTakeover(SalesForce, common.TransactionCase):
    """A company that was on Odoo before: two sources that mean the same, an industry,
    three spellings of a job title, a call, a meeting and an old message."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_sales_force()
        cls._make_accounts()
        cls.company = cls.env.company
        cls.call = cls.env.ref("mail.mail_activity_data_call")
        cls.sources = cls.env["utm.source"].create(
            [{"name": "Zoogle"}, {"name": "ZOOGLE ads"}]
        )
        cls.leads = cls._make_lead(
            source_id=cls.sources[0].id, partner_id=cls.contact.id
        ) | cls._make_lead(source_id=cls.sources[1].id, partner_id=cls.contact.id)
        cls.industry = cls.env["res.partner.industry"].create({"name": "Zootechnics"})
        cls.farm = cls.env["res.partner"].create(
            {"name": "Granja", "is_company": True, "industry_id": cls.industry.id}
        )
        cls.people = cls.env["res.partner"].create(
            [
                {"name": f"P{n}", "parent_id": cls.farm.id, "function": text}
                for n, text in enumerate(
                    ("Dir. Zoologico", "Director zoologico", "DIRECTORA  Zoologico")
                )
            ]
        )
        cls.activity = cls._make_done(cls.leads[0], cls.colleague)
        cls.meeting = (
            cls.env["calendar.event"]
            .with_context(no_mail_to_attendees=True)
            .create(
                {
                    "name": "Demo at the mill",
                    "start": "2025-05-05 09:00:00",
                    "stop": "2025-05-05 10:30:00",
                    "user_id": cls.seller.id,
                    "opportunity_id": cls.leads[1].id,
                    "partner_ids": [(6, 0, cls.contact.ids)],
                }
            )
        )
        cls.internal = cls.env["calendar.event"].create(
            {
                "name": "Monday",
                "start": "2025-05-05 09:00:00",
                "stop": "2025-05-05 10:30:00",
                "user_id": cls.seller.id,
                "partner_ids": [(6, 0, cls.head.partner_id.ids)],
            }
        )
        cls.message = cls.env["mail.message"].create(
            {
                "model": "crm.lead",
                "res_id": cls.leads[1].id,
                "mail_activity_type_id": cls.call.id,
                "subtype_id": cls.env.ref("mail.mt_activities").id,
                "author_id": cls.colleague.partner_id.id,
                "date": "2019-02-03 11:12:13",
                "body": "<p>Call done</p>",
            }
        )
        cls.env.flush_all()

    @classmethod
    def _make_done(cls, lead, user):
        """An activity as it was marked done before the add-on was there."""
        activity = cls.env["mail.activity"].create(
            {
                "res_model_id": cls.env["ir.model"]._get_id("crm.lead"),
                "res_id": lead.id,
                "activity_type_id": cls.call.id,
                "user_id": user.id,
            }
        )
        activity.flush_recordset()
        cls.env.cr.execute(
            "UPDATE mail_activity SET active = FALSE, date_done = '2024-03-02',"
            " feedback = 'Wants a quote' WHERE id = %s",
            [activity.id],
        )
        activity.invalidate_recordset()
        return activity

    def _preview(self, **values):
        takeover = self.env["crm.takeover"].with_user(self.director).create(values)
        takeover.action_preview()
        return takeover

    def _lines(self, takeover, kind, *names):
        return takeover.line_ids.filtered(
            lambda line: line.kind == kind and (not names or line.name in names)
        )

    def _native(self):
        """What is Odoo's own of all that a take-over looks at."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT 'p', id, write_date::text, function, industry_id::text
                 FROM res_partner
               UNION ALL
               SELECT 'l', id, write_date::text, probability::text, source_id::text
                 FROM crm_lead
               UNION ALL
               SELECT 'a', id, write_date::text, feedback, date_done::text
                 FROM mail_activity
               UNION ALL
               SELECT 'e', id, write_date::text, name, start::text FROM calendar_event
               UNION ALL
               SELECT 'm', id, write_date::text, body, date::text FROM mail_message
               ORDER BY 1, 2"""
        )
        return self.env.cr.fetchall()

    def _gestiones(self):
        Gestion = self.env["crm.gestion"]
        return (
            Gestion.search([("activity_id", "=", self.activity.id)]),
            Gestion.search([("calendar_event_id", "=", self.meeting.id)]),
            Gestion.search([("message_id", "=", self.message.id)]),
        )

    def test_preview_groups_and_changes_nothing(self):
        before = self._native()
        takeover = self._preview()
        names = self._lines(takeover, "source", *self.sources.mapped("name"))
        self.assertEqual(names.mapped("count"), [1, 1])
        self.assertEqual(len(set(names.mapped("new_name"))), 1)
        titles = self._lines(takeover, "function", *self.people.mapped("function"))
        self.assertEqual(len(titles), 3)
        self.assertEqual(len(set(titles.mapped("new_name"))), 1)
        self.assertEqual(self._native(), before)
        self.assertFalse(self.env["crm.gestion"].union(*self._gestiones()))

    def test_run_fills_what_is_empty(self):
        takeover = self._preview()
        before = self._native()
        takeover.action_start()
        self.assertEqual(takeover.state, "done")
        self.env.invalidate_all()
        origination = self.leads.origination_id
        self.assertEqual(len(origination), 1)
        self.assertEqual(origination.source_ids, self.sources)
        self.assertEqual((self.farm | self.people).market_id.name, "Zootechnics")
        self.assertEqual(len(self.people.cargo_id), 1)
        self.assertEqual(self.farm.account_status, False)
        call, meeting, message = self._gestiones()
        self.assertEqual(call.user_id, self.colleague)
        self.assertEqual(call.date, datetime(2024, 3, 2, 12))
        self.assertEqual(call.description, "Wants a quote")
        self.assertEqual(call.contact_id, self.contact)
        self.assertEqual(call.organization_id, self.organization)
        self.assertEqual(call.result_id, self.env.ref("crm_gestion.result_imported"))
        self.assertFalse(call.stage_id)
        self.assertFalse(call.next_activity_id)
        self.assertEqual(meeting.date, datetime(2025, 5, 5, 9))
        self.assertEqual(meeting.duration, 1.5)
        self.assertEqual(self.meeting.crm_result, "held")
        self.assertEqual(message.date, datetime(2019, 2, 3, 11, 12, 13))
        self.assertEqual(message.user_id, self.colleague)
        self.assertFalse(self.internal.crm_result)
        self.assertEqual(self._native(), before)

    def test_nobody_is_asked_for_a_result(self):
        self._preview().action_start()
        taken = self.env["crm.gestion"].union(*self._gestiones())
        self.assertEqual(taken.user_id, self.colleague | self.seller)
        for user in taken.user_id:
            waiting = self.env["crm.day"].with_user(user).search([]).gestion_id
            self.assertFalse(waiting & taken)
            mine = taken.filtered(lambda gestion, u=user: gestion.user_id == u)
            mine.result_id = False
            self.env.flush_all()
            self.env.invalidate_all()
            asked = self.env["crm.day"].with_user(user).search([]).gestion_id
            self.assertEqual(asked & taken, mine.filtered(lambda g: not g.message_id))

    def test_a_second_run_adds_nothing(self):
        self._preview().action_start()
        count = self.env["crm.gestion"].search_count([])
        again = self._preview()
        again.action_start()
        self.assertEqual(again.gestion_count, 0)
        self.assertEqual(self.env["crm.gestion"].search_count([]), count)
        self.assertFalse(
            self._lines(again, "function", *self.people.mapped("function"))
        )

    def test_since_leaves_what_is_older(self):
        self._preview(since="2025-01-01").action_start()
        call, meeting, message = self._gestiones()
        self.assertFalse(call | message)
        self.assertEqual(len(meeting), 1)

    def test_what_is_logged_already_stays_one(self):
        self._make_gestion(
            activity_type_id=self.call.id,
            lead_id=self.leads[1].id,
            date="2019-02-03 15:00:00",
        )
        self._preview().action_start()
        self.assertFalse(self._gestiones()[2])

    def test_it_goes_on_where_it_was(self):
        takeover = self._preview()
        with patch.object(crm_takeover, "BATCH", 1):
            takeover.action_start()
            self.assertEqual(takeover.state, "running")
            run = takeover.sudo()
            while run.state == "running":
                run._run_batch()
                self.env.invalidate_all()
        self.assertEqual(run.state, "done")
        self.assertEqual([len(found) for found in self._gestiones()], [1, 1, 1])
        self.assertEqual(len(self.people.cargo_id), 1)
        self.assertTrue(all(person.cargo_id for person in self.people))

    def test_a_correction_counts(self):
        takeover = self._preview()
        cargo = self.env.ref("crm_gestion.cargo_purchasing_manager")
        titles = self._lines(takeover, "function", *self.people.mapped("function"))
        titles[0].write({"action": "use", "cargo_id": cargo.id})
        titles[1].action = "leave"
        takeover.action_start()
        self.env.invalidate_all()
        by_title = {p.function: p.cargo_id for p in self.people}
        self.assertEqual(by_title[titles[0].name], cargo)
        self.assertFalse(by_title[titles[1].name])

    def test_undo_gives_everything_back(self):
        takeover = self._preview()
        before = self._native()
        cargos = self.env["crm.cargo"].search_count([])
        takeover.action_start()
        with self.assertRaises(AccessError):
            takeover.action_undo()
        self.assertEqual(takeover.state, "done")
        self.people[0].cargo_id = self.env.ref("crm_gestion.cargo_purchasing_manager")
        call = self._gestiones()[0]
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_gestion SET write_date = write_date + interval '1 day'"
            " WHERE id = %s",
            [call.id],
        )
        self.env.invalidate_all()
        changed = self.people[0].write_date
        self.director.group_ids |= self.env.ref("base.group_system")
        takeover.action_undo()
        self.env.invalidate_all()
        self.assertEqual(takeover.state, "undone")
        self.assertEqual(takeover.kept_count, 2)
        self.assertEqual(
            self.people[0].cargo_id,
            self.env.ref("crm_gestion.cargo_purchasing_manager"),
        )
        self.assertFalse(self.people[1:].cargo_id)
        self.assertFalse(self.leads.origination_id)
        self.assertFalse(self.farm.market_id)
        self.assertEqual([len(found) for found in self._gestiones()], [1, 0, 0])
        self.assertFalse(self.meeting.crm_result)
        self.assertEqual(self.env["crm.cargo"].search_count([]), cargos)
        mine = ("p", self.people[0].id)
        self.assertEqual(
            [row for row in self._native() if row[:2] != mine and row[0] != "u"],
            [row for row in before if row[:2] != mine],
        )
        self.assertEqual(self.people[0].write_date, changed)

    def test_accounts_become_what_their_orders_say(self):
        other = self.env["res.company"].create({"name": "Other"})
        bought, theirs = self.env["res.partner"].create(
            [
                {"name": "Bought", "is_company": True},
                {"name": "Theirs", "is_company": True, "company_id": other.id},
            ]
        )
        lapsed = self.env["res.partner"].create(
            {"name": "Lapsed", "is_company": True, "account_status": "customer"}
        )
        person = self.env["res.partner"].create(
            {"name": "Buyer", "parent_id": bought.id}
        )
        orders = self.env["sale.order"].create(
            [
                {"partner_id": bought.id},
                {"partner_id": theirs.id, "company_id": other.id},
                {"partner_id": lapsed.id},
            ]
        )
        accounts = bought | theirs | lapsed
        self.env.flush_all()
        self.env.cr.execute(
            """UPDATE sale_order SET state = 'sale', date_order = CASE
                      WHEN partner_id = %s THEN now() - interval '9 years'
                      ELSE now() END WHERE id = ANY(%s)""",
            [lapsed.id, orders.ids],
        )
        self.env.cr.execute(
            """UPDATE res_partner SET account_status = CASE
                      WHEN id = %s THEN 'customer' END WHERE id = ANY(%s)""",
            [lapsed.id, (accounts | person).ids],
        )
        self.env.invalidate_all()
        before = self._native()
        takeover = self._preview()
        line = self._lines(takeover, "status")
        self.assertIn(" customers 1,", line.name)
        self.assertIn("former customers 1", line.name)
        customers = takeover.customer_count
        self.assertEqual(self._native(), before)
        takeover.action_start()
        self.env.invalidate_all()
        self.assertEqual(
            (accounts | person).mapped("account_status"),
            ["customer", False, "former", "customer"],
        )
        # one came, one went
        self.assertEqual(takeover.customer_count, customers)
        self.assertEqual(self._native(), before)
        self.director.group_ids |= self.env.ref("base.group_system")
        takeover.action_undo()
        self.env.invalidate_all()
        self.assertEqual(
            (accounts | person).mapped("account_status"),
            [False, False, "customer", False],
        )

    def test_what_a_source_means_already(self):
        """A source that is mapped lends its name; delivered channels and markets are
        known by what they are called; numbers, months and campaigns say nothing."""
        social = self.env.ref("crm_gestion.origination_social")
        mapped, polluted, radio, old_radio, instagram = self.env["utm.source"].create(
            [
                {"name": name}
                for name in (
                    "Zwitter",
                    "utm_ZWITTER_12 (ads)",
                    "Radio Rivadavia",
                    "radio rivadavia - marzo 2019",
                    "INSTAGRAM campaign 3",
                )
            ]
        )
        social.source_ids |= mapped
        for source in mapped | polluted | radio | old_radio | instagram:
            self._make_lead(source_id=source.id)
        self.farm.industry_id = self.env.ref("base.res_partner_industry_A")
        self.env["crm.lead"].search([("source_id", "=", mapped.id)]).write(
            {"origination_id": False}
        )
        takeover = self._preview()
        lines = {line.name: line for line in takeover.line_ids}
        for source in mapped | polluted | instagram:
            line = lines[source.name]
            self.assertEqual((line.action, line.origination_id), ("use", social))
            self.assertEqual(line.becomes, social.name)
        for source in radio | old_radio:
            line = lines[source.name]
            self.assertEqual((line.action, line.becomes), ("make", "Radio Rivadavia"))
        industry = self._lines(takeover, "industry", self.farm.industry_id.name)
        market = self.env.ref("crm_gestion.market_agriculture")
        self.assertEqual((industry.action, industry.market_id), ("use", market))

    def test_a_medium_counts_where_there_is_no_source(self):
        medium = self.env["utm.medium"].create({"name": "Zeppelin"})
        self.leads[0].medium_id = medium
        self.assertFalse(self._lines(self._preview(), "medium", "Zeppelin"))
        self._make_lead(medium_id=medium.id)
        line = self._lines(self._preview(), "medium", "Zeppelin")
        self.assertEqual(line.count, 1)

    def test_customers_get_the_origination_of_their_first_opportunity(self):
        self.env["res.partner"].create({"name": "Nobody", "is_company": True})
        guild = self.env["res.partner"].create({"name": "Guild", "is_company": True})
        person, second = self.env["res.partner"].create(
            [{"name": name, "parent_id": guild.id} for name in ("One", "Two")]
        )
        ours = self.company.partner_id
        self._make_lead(source_id=self.sources[0].id, partner_id=person.id)
        self._make_lead(source_id=self.sources[0].id, partner_id=ours.id)
        late = self._make_lead(partner_id=second.id, origination_id=self.cold_call.id)
        partners = guild | person | second
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = create_date + interval '1 day'"
            " WHERE id = %s",
            [late.id],
        )
        self.env.cr.execute(
            "UPDATE res_partner SET account_status = NULL WHERE id = ANY(%s)",
            [partners.ids],
        )
        self.env.invalidate_all()
        before = self._native()
        takeover = self._preview()
        takeover.action_start()
        self.env.invalidate_all()
        zoogle = self.leads.origination_id
        self.assertEqual(
            [partner.origination_id for partner in partners],
            [zoogle, zoogle, self.cold_call],
        )
        self.assertFalse(ours.origination_id)
        self.assertEqual(set(partners.mapped("account_status")), {"potential"})
        # who has one keeps it
        self.assertEqual(self.organization.origination_id, self.cold_call)
        self.assertEqual(self._native(), before)
        line = self._lines(takeover, "origination")
        self.assertEqual((line.count, line.taken, line.done), (line.taken, 4, True))
        self.director.group_ids |= self.env.ref("base.group_system")
        takeover.action_undo()
        self.env.invalidate_all()
        self.assertFalse(partners.origination_id)
        self.assertFalse(any(partners.mapped("account_status")))
        self.assertEqual(takeover.kept_count, 0)

    def test_the_preview_is_summed_up_by_kind(self):
        takeover = self._preview()
        part = takeover.part_ids.filtered(lambda part: part.kind == "function")
        lines = self._lines(takeover, "function")
        self.assertEqual(part.line_count, len(lines))
        self.assertEqual(part.found_count, sum(lines.mapped("count")))
        made = lines.filtered(lambda line: line.action == "make")
        self.assertEqual(part.new_count, len(set(made.mapped("new_name"))))
        left = lines - made - lines.filtered(lambda line: line.action == "use")
        self.assertEqual(part.left_count, sum(left.mapped("count")))
        self.assertEqual(part.taken_count, 0)
        action = part.action_view_lines()
        found = self.env["crm.takeover.line"].search(action["domain"])
        self.assertEqual(found, lines)
        made[0].action = "leave"
        self.env.invalidate_all()
        self.assertEqual(
            part.left_count, sum(left.mapped("count")) + sum(made[0].mapped("count"))
        )
        takeover.action_start()
        self.env.invalidate_all()
        self.assertEqual(part.taken_count, sum(lines.mapped("taken")))

    def test_a_few_of_the_records_are_shown(self):
        takeover = self._preview()
        source = self._lines(takeover, "source", "Zoogle")
        self.assertEqual(source.sample, self.leads[0].name)
        title = self._lines(takeover, "function", self.people[0].function)
        self.assertEqual(title.sample, "P0")
        industry = self._lines(takeover, "industry", self.industry.name)
        self.assertEqual(industry.sample, "P2, P1, P0")
        meeting = self._lines(takeover, "meeting")
        self.assertIn(self.leads[1].name, meeting.sample)
        self.assertFalse(self._lines(takeover, "origination").sample)

    def test_results_open_from_the_run(self):
        takeover = self._preview()
        takeover.action_start()
        self.env.invalidate_all()
        action = takeover.action_view_gestiones()
        Gestion = self.env["crm.gestion"].with_user(self.director)
        found = Gestion.search(action["domain"])
        self.assertEqual(len(found), takeover.gestion_count)
        self.assertLessEqual(self.env["crm.gestion"].union(*self._gestiones()), found)
        for status in ("potential", "customer", "former"):
            run = takeover.with_context(crm_account_status=status)
            accounts = self.env["res.partner"].search(
                run.action_view_accounts()["domain"]
            )
            self.assertEqual(len(accounts), takeover[f"{status}_count"])
        self.assertGreater(takeover.potential_count, 0)

    def test_a_title_of_few_is_left_unless_chosen(self):
        person = self.env["res.partner"].create(
            {"name": "Q", "parent_id": self.farm.id, "function": "Quaestor"}
        )
        takeover = self._preview()
        title = self._lines(takeover, "function", "Quaestor")
        self.assertEqual((title.action, title.new_name), ("leave", "Quaestor"))
        title.action = "make"
        takeover.action_start()
        self.env.invalidate_all()
        self.assertEqual(person.cargo_id.name, "Quaestor")
        self.assertEqual((title.taken, title.done), (1, True))

    def test_titles_take_as_many_queries_whatever_their_number(self):
        def titles(size):
            self.env["res.partner"].create(
                [
                    {
                        "name": f"T{size}-{n}",
                        "parent_id": self.farm.id,
                        "function": f"Trade {size} {n // 3}",
                    }
                    for n in range(size * 3)
                ]
            )
            takeover = self._preview().sudo()
            lines = self._lines(takeover, "function")
            takeover.line_ids.filtered(lambda line: line not in lines).done = True
            self.assertEqual(set(lines.mapped("action")), {"make"})
            self.env.flush_all()
            self.env.invalidate_all()
            return lines[0]

        few, many = titles(3), None
        before = self.env.cr.sql_log_count
        self.assertEqual(few._take(500), 12)
        self.env.flush_all()
        cost = self.env.cr.sql_log_count - before
        many = titles(30)
        before = self.env.cr.sql_log_count
        self.assertEqual(many._take(500), 90)
        self.env.flush_all()
        self.assertLessEqual(self.env.cr.sql_log_count - before, cost + 5)

    def test_undo_deletes_all_masters_that_it_made(self):
        self.env["res.partner"].create(
            [
                {"name": name, "parent_id": self.farm.id, "function": "Quaestor"}
                for name in ("Q1", "Q2", "Q3")
            ]
        )
        cargos = self.env["crm.cargo"].search_count([])
        takeover = self._preview()
        takeover.action_start()
        self.assertEqual(self.env["crm.cargo"].search_count([]), cargos + 2)
        self.director.group_ids |= self.env.ref("base.group_system")
        takeover.action_undo()
        self.assertEqual(self.env["crm.cargo"].search_count([]), cargos)
        self.assertEqual(takeover.kept_count, 0)

    def test_another_company_stays(self):
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self.people[0].copy({"company_id": other.id, "parent_id": False})
        self._preview().action_start()
        self.env.invalidate_all()
        self.assertFalse(theirs.cargo_id)

    def test_adopting_the_method_leads_here(self):
        action = self.env.ref("crm_gestion.crm_takeover_action")
        view = self.env.ref("crm_gestion.crm_method_adopt_view_form")
        dialog = self.env["crm.method.adopt"].with_user(self.director)
        self.assertIn(f'name="{action.id}"', dialog.get_view(view.id)["arch"])

    def test_only_directors(self):
        for user in (self.seller, self.head, self.employee):
            with self.assertRaises(AccessError):
                self.env["crm.takeover"].with_user(user).create({})
        takeover = self._preview()
        with self.assertRaises(AccessError):
            takeover.state = "done"
        with self.assertRaises(AccessError):
            takeover.line_ids[0].taken = 5
        takeover.action_start()
        with self.assertRaises(UserError):
            takeover.line_ids[0].action = "leave"
        self.assertEqual(takeover.state, "done")
