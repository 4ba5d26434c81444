from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import AtOnce, Connection, CrmGestionCommon

NOW = datetime(2026, 3, 2, 10)
BEFORE = datetime(2026, 2, 20, 9)
LONG_BEFORE = datetime(2026, 2, 1, 9)
FEED_LOGGER = "odoo.addons.crm_gestion.models.crm_campaign_feed"


class MemberCommon(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Member = cls.env["crm.campaign.member"]
        cls.campaign = cls._make_campaign("Spring fair", cls.head)

    @classmethod
    def _make_campaign(cls, title, user, **values):
        return cls.env["utm.campaign"].create(
            {"title": title, "user_id": user.id, **values}
        )

    @classmethod
    def _make_people(cls, number, **values):
        return cls.env["res.partner"].create(
            [
                {"name": f"Person {n}", "email": f"person{n}@people.example", **values}
                for n in range(number)
            ]
        )

    def _row(self, state, date=NOW, partner=None, campaign=None, **values):
        return {
            "campaign_id": (campaign or self.campaign).id,
            "partner_id": (partner or self.contact).id,
            "state": state,
            "date": date,
            "source": "mailing",
            **values,
        }

    def _members(self, campaign=None):
        """:return: dict contact -> state, date, first contact and source"""
        members = self.Member.search(
            [("campaign_id", "=", (campaign or self.campaign).id)]
        )
        return {
            member.partner_id: (
                member.state,
                member.date,
                member.contact_date,
                member.source,
            )
            for member in members
        }

    def _refresh_all(self):
        """What the cron does; a test does not commit."""
        with patch.object(self.registry["ir.cron"], "_commit_progress") as commit:
            commit.return_value = 60.0
            self.env["crm.campaign.feed"]._cron_refresh()

    def _states(self, campaign=None):
        return {who: told[0] for who, told in self._members(campaign).items()}


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestAdvance(MemberCommon):
    def test_states_only_advance(self):
        steps = ("planned", "contacted", "opened", "clicked", "answered", "opted_out")
        for number, state in enumerate(steps):
            self.Member._advance([self._row(state)])
            self.assertEqual(self._states(), {self.contact: state})
            for earlier in steps[:number]:
                self.Member._advance([self._row(earlier)])
                self.assertEqual(self._states(), {self.contact: state})

    def test_date_and_source_are_those_of_the_present_state(self):
        self.Member._advance([self._row("opened", BEFORE)])
        self.Member._advance([self._row("opened", NOW, source="gestion")])
        self.assertEqual(
            self._members(), {self.contact: ("opened", BEFORE, BEFORE, "mailing")}
        )
        self.Member._advance([self._row("answered", NOW, source="gestion")])
        self.assertEqual(
            self._members(), {self.contact: ("answered", NOW, BEFORE, "gestion")}
        )

    def test_first_contact(self):
        self.Member._advance([self._row("planned", LONG_BEFORE)])
        self.assertEqual(
            self._members(),
            {self.contact: ("planned", LONG_BEFORE, False, "mailing")},
        )
        self.Member._advance([self._row("clicked", NOW, contact_date=BEFORE)])
        self.assertEqual(
            self._members(), {self.contact: ("clicked", NOW, BEFORE, "mailing")}
        )
        # what is heard of later may have been earlier
        self.Member._advance([self._row("contacted", LONG_BEFORE)])
        self.assertEqual(
            self._members(), {self.contact: ("clicked", NOW, LONG_BEFORE, "mailing")}
        )

    def test_one_batch_with_the_same_contact_several_times(self):
        self.Member._advance(
            [
                self._row("contacted", BEFORE),
                self._row("answered", NOW, source="gestion"),
                self._row("answered", BEFORE, source="opportunity"),
                self._row("planned", LONG_BEFORE),
            ]
        )
        self.assertEqual(
            self._members(),
            {self.contact: ("answered", BEFORE, BEFORE, "opportunity")},
        )
        self.Member._advance([])

    def test_what_is_cached_is_read_anew(self):
        self.Member._advance([self._row("planned")])
        member = self.Member.search([("partner_id", "=", self.contact.id)])
        self.assertEqual(member.state, "planned")
        member.state = "opened"  # not written to the database yet
        self.Member._advance([self._row("clicked")])
        self.assertEqual(member.state, "clicked")

    def test_contacts_of_another_company_are_left_out(self):
        other = self.env["res.company"].create({"name": "Other"})
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.env.company.id}
        )
        theirs, ours, below, shared = self._make_people(4)
        theirs.company_id = other
        ours.company_id = self.env.company
        below.company_id = branch
        people = (theirs, ours, below, shared)
        self.Member._advance([self._row("planned", partner=who) for who in people])
        self.assertEqual(set(self._states()), {ours, shared})
        # a branch also has the contacts of the company that it is of
        campaign = self._make_campaign("Local", self.head, company_id=branch.id)
        rows = [self._row("planned", partner=who, campaign=campaign) for who in people]
        self.Member._advance(rows)
        self.assertEqual(set(self._states(campaign)), {ours, below, shared})
        campaign = self._make_campaign("Everywhere", self.head, company_id=False)
        rows = [self._row("planned", partner=who, campaign=campaign) for who in people]
        self.Member._advance(rows)
        self.assertEqual(set(self._states(campaign)), set(people))

    def test_one_statement_however_many(self):
        people = self._make_people(300)

        def advance(who, state="planned"):
            self.Member._advance([self._row(state, partner=one) for one in who])

        few = self._count_queries(lambda: advance(people[:3]))
        many = self._count_queries(lambda: advance(people))
        further = self._count_queries(lambda: advance(people, "clicked"))
        self.assertEqual((few, many, further), (few, few, few))
        self.assertEqual(set(self._states().values()), {"clicked"})
        self.assertEqual(len(self._states()), 300)

    def test_one_row_for_each_contact_in_the_database(self):
        self.Member.create(
            {"campaign_id": self.campaign.id, "partner_id": self.contact.id}
        )
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.Member.create(
                {"campaign_id": self.campaign.id, "partner_id": self.contact.id}
            )

    def test_members_go_with_the_campaign_or_the_contact(self):
        self.Member._advance(
            [self._row("answered"), self._row("planned", partner=self.organization)]
        )
        self.contact.unlink()
        self.assertEqual(set(self._states()), {self.organization})
        self.campaign.unlink()
        self.assertFalse(
            self.Member.search([("partner_id", "=", self.organization.id)])
        )


@tagged("post_install", "-at_install")
class TestAdvanceAtOnce(AtOnce):
    def test_two_requests_give_one_member(self):
        """Each adds the same hundred contacts, in another order and with another
        state."""
        with Connection() as env:
            campaign = env["utm.campaign"].create({"title": "At once"})
            people = env["res.partner"].create(
                [{"name": f"At once {number}"} for number in range(100)]
            )
            ids, campaign_id = people.ids, campaign.id
        self.addCleanup(self._take_away, campaign_id, ids)

        def rows(order, state):
            return [
                {
                    "campaign_id": campaign_id,
                    "partner_id": partner_id,
                    "state": state,
                    "date": NOW,
                    "source": "mailing",
                }
                for partner_id in order
            ]

        def advance(order, state):
            return (
                lambda env: env["utm.campaign"].browse(campaign_id).title,
                lambda env: env["crm.campaign.member"]._advance(rows(order, state)),
            )

        self._at_once(advance(ids, "answered"), advance(ids[::-1], "opened"))
        with Connection() as env:
            members = env["crm.campaign.member"].search(
                [("campaign_id", "=", campaign_id)]
            )
            self.assertEqual(len(members), 100)
            self.assertEqual(set(members.mapped("state")), {"answered"})

    def _take_away(self, campaign_id, ids):
        with Connection() as env:
            env["utm.campaign"].browse(campaign_id).unlink()
            env["res.partner"].browse(ids).unlink()


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestMemberRights(MemberCommon):
    """The head is responsible for the campaign."""

    def _create(self, user, **values):
        return self.Member.with_user(user).create(
            {"campaign_id": self.campaign.id, "partner_id": self.contact.id, **values}
        )

    def test_sales_reads_who_was_addressed(self):
        self.Member._advance([self._row("opened")])
        for user in (self.seller, self.stranger, self.head, self.director):
            found = self.Member.with_user(user).search([])
            self.assertEqual(found.filtered("contact_date").mapped("state"), ["opened"])
        for user in (self.native, self.employee):
            with self.assertRaises(AccessError):
                self.Member.with_user(user).search([])

    def test_responsible_and_directors_add_and_remove(self):
        for user in (self.head, self.director):
            member = self._create(user)
            member.write({"state": "contacted"})
            self.assertEqual(
                self._members(), {self.contact: ("contacted", NOW, NOW, "manual")}
            )
            member.unlink()
            self.assertEqual(self._members(), {})

    def test_others_write_nothing(self):
        for user in (self.seller, self.south_head, self.employee):
            with self.assertRaises(AccessError):
                self._create(user)
        self.Member._advance([self._row("planned")])
        member = self.Member.search([("partner_id", "=", self.contact.id)])
        with self.assertRaises(AccessError):
            member.with_user(self.seller).write({"state": "answered"})
        with self.assertRaises(AccessError):
            member.with_user(self.seller).unlink()
        self.assertEqual(
            self._members(), {self.contact: ("planned", NOW, False, "mailing")}
        )

    def test_dates_and_source_cannot_be_chosen(self):
        forged = {
            "source": "mailing",
            "date": "2020-01-01 00:00:00",
            "contact_date": "2020-01-01 00:00:00",
        }
        context = {f"default_{name}": value for name, value in forged.items()}
        member = self._create(self.head, state="opened", **forged)
        self.assertEqual(
            self._members(), {self.contact: ("opened", NOW, NOW, "manual")}
        )
        member.unlink()
        member = self.Member.with_user(self.head).with_context(**context)
        member = member.create(
            {"campaign_id": self.campaign.id, "partner_id": self.contact.id}
        )
        self.assertEqual(
            self._members(), {self.contact: ("planned", NOW, False, "manual")}
        )
        other = self._make_campaign("Another", self.head)
        for name, value in {
            **forged,
            "partner_id": self.organization.id,
            "campaign_id": other.id,
        }.items():
            with self.subTest(field=name), self.assertRaises(UserError):
                member.write({name: value})
        self.assertEqual(
            self._members(), {self.contact: ("planned", NOW, False, "manual")}
        )

    def test_by_hand_it_only_advances(self):
        self.Member._advance([self._row("clicked", BEFORE)])
        member = self.Member.search([("partner_id", "=", self.contact.id)])
        member = member.with_user(self.head)
        with self.assertRaises(UserError):
            member.write({"state": "contacted"})
        self.assertEqual(
            self._members(), {self.contact: ("clicked", BEFORE, BEFORE, "mailing")}
        )
        member.write({"state": "clicked"})
        self.assertEqual(
            self._members(), {self.contact: ("clicked", BEFORE, BEFORE, "mailing")}
        )
        member.write({"state": "answered"})
        self.assertEqual(
            self._members(), {self.contact: ("answered", NOW, BEFORE, "manual")}
        )

    def test_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self._make_campaign("Theirs", self.head, company_id=other.id)
        self.Member._advance([self._row("planned", campaign=theirs)])
        for user in (self.seller, self.head, self.director):
            found = self.Member.with_user(user).search([])
            self.assertFalse(
                found & self.Member.search([("campaign_id", "=", theirs.id)])
            )
        with self.assertRaises(AccessError):
            self.Member.with_user(self.director)._plan(theirs, self.organization)
        with self.assertRaises(AccessError):
            self._create(
                self.director, campaign_id=theirs.id, partner_id=self.organization.id
            )
        self.assertEqual(set(self._states(theirs)), {self.contact})
        self.organization.company_id = other
        with self.assertRaises(UserError):
            self._create(self.director, partner_id=self.organization.id)
        self.assertEqual(self._states(), {})

    def test_import(self):
        self.organization.email = "info@aceites.example"
        self.Member._advance([self._row("opened", BEFORE)])
        fields = ["campaign_id", "partner_id", "state"]
        data = [
            ["Spring fair", "lucia@aceites.example", "Answered"],
            ["Spring fair", "info@aceites.example", "To Contact"],
        ]
        importer = self.Member.with_user(self.director).with_context(import_file=True)
        result = importer.load(fields, data)
        self.assertEqual(result["messages"], [])
        self.assertEqual(
            self._members(),
            {
                self.contact: ("answered", NOW, BEFORE, "import"),
                self.organization: ("planned", NOW, False, "import"),
            },
        )
        self.assertEqual(
            self.Member.browse(result["ids"]).partner_id,
            self.contact | self.organization,
        )
        with self.assertRaises(AccessError):
            self.Member.with_user(self.head).load(fields, data)

    def test_import_is_no_way_around(self):
        seller = self.Member.with_user(self.seller).with_context(import_file=True)
        row = {"campaign_id": self.campaign.id, "partner_id": self.contact.id}
        with self.assertRaises(AccessError):
            seller.create([row])
        other = self.env["res.company"].create({"name": "Other"})
        self.organization.company_id = other
        director = self.Member.with_user(self.director).with_context(import_file=True)
        with self.assertRaises(ValidationError):
            director.create([row, {**row, "partner_id": self.organization.id}])
        self.assertEqual(self._states(), {})


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestPlanning(MemberCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people(3, function="Segment of the test")
        cls.segment = cls.env["crm.segment"].create(
            {
                "name": "Of the test",
                "domain": "[('function', '=', 'Segment of the test')]",
            }
        )

    def _text(self, action):
        self.assertEqual(action["tag"], "display_notification")
        return action["params"]["message"]

    def test_segment_in_one_click(self):
        self.campaign.segment_id = self.segment
        self.Member._advance([self._row("opened", BEFORE, partner=self.people[0])])
        action = self.campaign.with_user(self.head).action_crm_plan_segment()
        self.assertEqual(self._text(action), "Added: 2. In the campaign already: 1.")
        self.assertEqual(
            self._members(),
            {
                self.people[0]: ("opened", BEFORE, BEFORE, "mailing"),
                self.people[1]: ("planned", NOW, False, "manual"),
                self.people[2]: ("planned", NOW, False, "manual"),
            },
        )

    def test_segment_with_others_contacts(self):
        self.campaign.segment_id = self.segment
        self.people[0].company_id = self.env["res.company"].create({"name": "Other"})
        action = self.Member._plan_action(self.campaign, self.people)
        self.assertEqual(
            self._text(action),
            "Added: 2. Left out, since they are another company's: 1.",
        )
        self.assertEqual(set(self._states()), set(self.people[1:]))
        # who plans a segment never meets them: he may not read them
        self.Member.search([]).unlink()
        action = self.campaign.with_user(self.head).action_crm_plan_segment()
        self.assertEqual(self._text(action), "Added: 2.")

    def test_without_segment(self):
        with self.assertRaises(UserError):
            self.campaign.with_user(self.head).action_crm_plan_segment()

    def test_refused_to_others(self):
        self.campaign.segment_id = self.segment
        with self.assertRaisesRegex(AccessError, "ask Head"):
            self.campaign.with_user(self.seller).action_crm_plan_segment()
        with self.assertRaises(AccessError):
            self.campaign.with_user(self.employee).action_crm_plan_segment()
        self.assertEqual(self._states(), {})

    def test_from_the_list_of_contacts(self):
        wizard = (
            self.env["crm.campaign.add"]
            .with_user(self.head)
            .with_context(active_model="res.partner", active_ids=self.people.ids)
            .create({"campaign_id": self.campaign.id})
        )
        self.assertEqual(wizard.partner_count, 3)
        action = wizard.action_add()
        self.assertEqual(self._text(action), "Added: 3.")
        self.assertEqual(
            action["params"]["next"], {"type": "ir.actions.act_window_close"}
        )
        self.assertEqual(set(self._states()), set(self.people))
        wizard = wizard.with_user(self.seller).create(
            {"campaign_id": self.campaign.id, "partner_ids": self.people.ids}
        )
        self.campaign.user_id = self.director
        with self.assertRaises(AccessError):
            wizard.action_add()

    def test_queries_do_not_grow(self):
        people = self._make_people(33)
        campaigns = [self._make_campaign(f"Many {n}", self.head) for n in range(3)]
        plan = self.Member.with_user(self.head)._plan
        plan(campaigns[0], people[:3])
        few = self._count_queries(lambda: plan(campaigns[1], people[:3]))
        many = self._count_queries(lambda: plan(campaigns[2], people))
        self.assertLessEqual(many, few + self.ALLOWANCE)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestFigures(MemberCommon):
    def _counts(self, campaign, user=None):
        campaign = campaign.with_user(user or self.seller)
        campaign.invalidate_recordset()
        return (
            campaign.planned_count,
            campaign.contacted_count,
            campaign.opened_count,
            campaign.clicked_count,
            campaign.answered_count,
            campaign.opted_out_count,
            campaign.member_count,
        )

    def test_counts_of_a_tree(self):
        """In parent and child, the second person counts once, by the furthest."""
        one, two, three, four = self._make_people(4)
        child = self._make_campaign("E-mails", self.head, parent_id=self.campaign.id)
        grandchild = self._make_campaign("Third e-mail", self.head, parent_id=child.id)
        grandchild.active = False
        self.assertEqual(self._counts(self.campaign), (0,) * 7)
        self.Member._advance(
            [
                self._row("planned", partner=one),
                self._row("contacted", partner=two),
                self._row("answered", partner=two, campaign=child),
                self._row("planned", partner=two, campaign=grandchild),
                self._row("opted_out", partner=three, campaign=grandchild),
                self._row("clicked", partner=four, campaign=child),
            ]
        )
        self.assertEqual(self._counts(self.campaign), (1, 0, 0, 1, 1, 1, 4))
        self.assertEqual(self._counts(child), (0, 0, 0, 1, 1, 1, 3))
        self.assertEqual(self._counts(grandchild), (1, 0, 0, 0, 0, 1, 2))

    def test_counts_are_the_readers(self):
        other = self.env["res.company"].create({"name": "Other"})
        theirs = self._make_campaign("Theirs", self.head, company_id=other.id)
        self.Member._advance(
            [
                self._row("opened"),
                self._row("opened", partner=self.organization, campaign=theirs),
            ]
        )
        campaigns = self.campaign | theirs
        director = campaigns.with_user(self.director)
        self.assertEqual(director.mapped("member_count"), [1, 0])
        self.director.company_ids |= other
        both = self.director.company_ids.ids
        director = director.with_context(allowed_company_ids=both)
        self.assertEqual(director.mapped("member_count"), [1, 1])
        with self.assertRaises(AccessError):
            self._counts(self.campaign, self.employee)

    def test_counts_of_many_campaigns_cost_one_query(self):
        people = self._make_people(3)
        campaigns = self.env["utm.campaign"].create(
            [{"title": f"Many {number}"} for number in range(30)]
        )
        self.Member._advance(
            [
                self._row("opened", partner=who, campaign=campaign)
                for who in people
                for campaign in campaigns
            ]
        )

        def read(records):
            records = records.with_user(self.seller)
            self.assertEqual(set(records.mapped("member_count")), {3})

        self.assertFlatGrowth(read, campaigns[:3], campaigns)

    def test_button_of_the_campaign(self):
        child = self._make_campaign("E-mails", self.head, parent_id=self.campaign.id)
        self.Member._advance(
            [self._row("opened"), self._row("planned", campaign=child)]
        )
        campaign = self.campaign.with_user(self.seller)
        action = campaign.action_crm_members()
        self.assertEqual(self.Member.search_count(action["domain"]), 2)
        action = campaign.with_context(crm_member_state="opened").action_crm_members()
        self.assertEqual(self.Member.search_count(action["domain"]), 1)

    def test_buttons_that_add_members_are_for_who_may_add(self):
        self.campaign.segment_id = self.env["crm.segment"].create({"name": "All"})
        for user, hidden in ((self.seller, True), (self.head, False)):
            with Form(self.campaign.with_user(user)) as form:
                for name in ("action_crm_plan_segment", "action_crm_refresh_members"):
                    button = form._view["tree"].find(f".//button[@name='{name}']")
                    values = {
                        "segment_id": form.segment_id.id,
                        "crm_may_see_money": form.crm_may_see_money,
                    }
                    answer = safe_eval(button.get("invisible", "False"), values)
                    self.assertEqual(bool(answer), hidden, (user.login, name))

    def test_campaigns_that_reached_a_contact(self):
        second = self._make_campaign("Second", self.head)
        third = self._make_campaign("Third", self.head)
        colleague = self.env["res.partner"].create(
            {"name": "Colleague", "parent_id": self.organization.id}
        )
        self.Member._advance(
            [
                self._row("opened"),
                self._row("contacted", partner=self.organization),
                self._row("clicked", partner=colleague, campaign=second),
                self._row("planned", campaign=third),
            ]
        )
        expected = {self.contact: (1, 1), self.organization: (2, 3), colleague: (1, 1)}
        for partner, (campaigns, rows) in expected.items():
            partner = partner.with_user(self.seller)
            self.assertEqual(partner.crm_campaign_count, campaigns)
            action = partner.action_crm_campaigns()
            self.assertEqual(self.Member.search_count(action["domain"]), rows)

    def test_campaign_counts_do_not_grow(self):
        people = self._make_people(30)
        self.Member._advance([self._row("opened", partner=who) for who in people])
        self.assertFlatGrowth(
            lambda records: records.with_user(self.seller).mapped("crm_campaign_count"),
            people[:3],
            people,
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestFeeds(MemberCommon):
    """Gestiones, opportunities and registrations."""

    def _log(self, user=None, **values):
        return self._make_gestion(
            user, contact_id=self.contact.id, campaign_id=self.campaign.id, **values
        )

    def test_gestiones(self):
        logged = datetime(2026, 3, 2, 10)
        cases = (
            ({}, "contacted"),
            ({"result_id": False}, "contacted"),
            ({"direction": "in"}, "answered"),
            ({"result_id": self.interest.id}, "answered"),
            ({"result_id": self.env.ref("crm_gestion.result_do_not_contact").id},
             "opted_out"),
        )  # fmt: skip
        for values, state in cases:
            with self.subTest(**values):
                self.Member.search([]).unlink()
                gestion = self.env["crm.gestion"].with_user(self.seller)
                gestion.create(
                    {
                        "activity_type_id": self.call.id,
                        "result_id": self.env.ref("crm_gestion.result_informed").id,
                        "date": logged,
                        "contact_id": self.contact.id,
                        "campaign_id": self.campaign.id,
                        **values,
                        **(
                            {
                                "next_activity_type_id": self.call.id,
                                "next_date": "2026-03-09",
                            }
                            if values.get("result_id") == self.interest.id
                            else {}
                        ),
                    }
                )
                self.assertEqual(
                    self._members(), {self.contact: (state, logged, logged, "gestion")}
                )

    def test_gestion_with_an_organization_only(self):
        self._make_gestion(
            organization_id=self.organization.id, campaign_id=self.campaign.id
        )
        self.assertEqual(self._states(), {self.organization: "contacted"})

    def test_gestion_without_campaign(self):
        self._make_gestion(contact_id=self.contact.id)
        self.assertFalse(self.Member.search([("partner_id", "=", self.contact.id)]))

    def test_gestion_completed_later(self):
        gestion = self._log(result_id=False).with_user(self.seller)
        self.assertEqual(self._states(), {self.contact: "contacted"})
        gestion.write(
            {"result_id": self.env.ref("crm_gestion.result_do_not_contact").id}
        )
        self.assertEqual(self._states(), {self.contact: "opted_out"})

    def test_gestion_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.campaign.company_id = other
        self._log()
        self._make_lead(partner_id=self.contact.id, campaign_id=self.campaign.id)
        self.assertEqual(self._states(), {})

    def test_call_of_a_list(self):
        activity = self.env["mail.activity"].create(
            {
                "activity_type_id": self.call.id,
                "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                "res_id": self.contact.id,
                "user_id": self.seller.id,
                "crm_campaign_id": self.campaign.id,
            }
        )
        self._log(activity_id=activity.id)
        self.assertEqual(self._members()[self.contact][3], "call_list")

    def test_gestiones_of_an_import_cost_a_few_queries(self):
        people = self._make_people(60)

        def log(who):
            self.env["crm.campaign.feed"]._follow(
                self.env["crm.gestion"].search([("contact_id", "in", who.ids)])
            )

        for who in people:
            self._make_gestion(contact_id=who.id, campaign_id=self.campaign.id)
        self.assertEqual(len(self._states()), 60)
        self.assertFlatGrowth(log, people[:3], people)

    def test_opportunities(self):
        lead = self._make_lead(partner_id=self.contact.id, campaign_id=self.campaign.id)
        made = lead.create_date
        self.assertEqual(
            self._members(), {self.contact: ("answered", made, made, "opportunity")}
        )
        # an enquiry whose customer is known later
        second = self._make_campaign("Second", self.head)
        lead = self.env["crm.lead"].create(
            {"name": "Enquiry", "type": "lead", "campaign_id": second.id}
        )
        self.assertEqual(self._states(second), {})
        lead.partner_id = self.organization
        self.assertEqual(self._states(second), {self.organization: "answered"})

    def test_opportunities_in_batches(self):
        people = self._make_people(30)

        def create(numbers):
            self.env["crm.lead"].create(
                [
                    {
                        "name": "Of the campaign",
                        "partner_id": people[number].id,
                        "campaign_id": self.campaign.id,
                    }
                    for number in numbers
                ]
            )

        with patch.object(type(self.env["crm.campaign.feed"]), "_follow"):
            create(range(3))
            plain = self._count_queries(lambda: create(range(30)))
        told = self._count_queries(lambda: create(range(30)))
        self.assertLessEqual(told, plain + 6)
        self.assertEqual(len(self._states()), 30)

    @mute_logger(FEED_LOGGER)
    def test_what_cannot_be_noted_stops_nobody(self):
        with patch.object(
            type(self.Member), "_advance", side_effect=ValueError("broken")
        ):
            gestion = self._log()
        self.assertTrue(gestion.exists())
        self.assertEqual(self._states(), {})
        list(self.env["crm.campaign.feed"]._refresh(self.campaign))
        self.assertEqual(self._states(), {self.contact: "contacted"})

    def test_merged_contacts(self):
        """One member stays in each campaign, with the furthest state and the first
        contact."""
        self.director.group_ids += self.env.ref("base.group_partner_manager")
        second = self._make_campaign("Second", self.head)
        third = self._make_campaign("Third", self.head)
        twin = self.env["res.partner"].create(
            {"name": "Lucia Ferrer", "email": self.contact.email}
        )
        self.Member._advance(
            [
                self._row("contacted", LONG_BEFORE),
                self._row("answered", BEFORE, partner=twin, source="gestion"),
                self._row("opted_out", BEFORE, campaign=second),
                self._row("opened", NOW, partner=twin, campaign=second),
                self._row("planned", NOW, partner=twin, campaign=third),
            ]
        )
        self.env.flush_all()
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard.with_user(self.director).create(
            {
                "state": "selection",
                "partner_ids": [(6, 0, (self.contact | twin).ids)],
                "dst_partner_id": self.contact.id,
            }
        ).action_merge()
        self.env.invalidate_all()
        self.assertFalse(twin.exists())
        self.assertEqual(
            self._members(),
            {self.contact: ("answered", BEFORE, LONG_BEFORE, "gestion")},
        )
        self.assertEqual(
            self._members(second),
            {self.contact: ("opted_out", BEFORE, BEFORE, "mailing")},
        )
        self.assertEqual(
            self._members(third), {self.contact: ("planned", NOW, False, "mailing")}
        )
