from ast import literal_eval
from datetime import datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from .common import CrmGestionCommon


@freeze_time("2026-03-02 10:00:00")
class SegmentCase(CrmGestionCommon):
    """
    ::

        Aceites del Sur   food        seller      cold call   Badajoz, Spain
        |- Lucía          purchasing manager
        Bodegas Rioja     food        colleague   fair        Portugal
        |- Marta          general manager
        Clínica Norte     hospitals   stranger    -           -
        |- Pedro          user
        |- its invoices   an address, no contact
        Ana               a person without organization, nobody's
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        spain = cls.env.ref("base.es")
        badajoz = cls.env.ref("base.state_es_ba")
        cls.organization.write({"country_id": spain.id, "state_id": badajoz.id})
        cls.winery = cls._make_company(
            "Bodegas Rioja",
            cls.colleague,
            market_id=cls.market.id,
            origination_id=cls.env.ref("crm_gestion.origination_fair").id,
            country_id=cls.env.ref("base.pt").id,
        )
        cls.marta = cls._make_contact(
            "Marta", cls.winery, "general_manager", email="marta@rioja.example"
        )
        cls.clinic = cls._make_company(
            "Clínica Norte",
            cls.stranger,
            market_id=cls.env.ref("crm_gestion.market_health_hospitals").id,
        )
        cls.pedro = cls._make_contact("Pedro", cls.clinic, "user")
        cls.invoices = cls.env["res.partner"].create(
            {"name": "Invoices", "parent_id": cls.clinic.id, "type": "invoice"}
        )
        cls.ana = cls.env["res.partner"].create({"name": "Ana", "user_id": False})
        cls.people = (
            cls.organization | cls.contact | cls.winery | cls.marta | cls.clinic
        ) + (cls.pedro | cls.invoices | cls.ana)

    @classmethod
    def _make_company(cls, name, user, **values):
        return cls.env["res.partner"].create(
            {"name": name, "is_company": True, "user_id": user.id, **values}
        )

    @classmethod
    def _make_contact(cls, name, company, cargo, **values):
        cargo = cls.env.ref(f"crm_gestion.cargo_{cargo}")
        return cls.env["res.partner"].create(
            {"name": name, "parent_id": company.id, "cargo_id": cargo.id, **values}
        )

    @classmethod
    def _make_segment(cls, user=None, **values):
        """Among the people of this class only."""
        values = {"domain": [("id", "in", cls.people.ids)], **values}
        return (
            cls.env["crm.segment"]
            .with_user(user or cls.director)
            .create({"name": "Some", **values, "domain": repr(values["domain"])})
        )

    @classmethod
    def _make_campaign(cls, **values):
        return cls.env["utm.campaign"].create({"title": "Spring", **values})

    @classmethod
    def _make_member(cls, campaign, partner, state):
        return cls.env["crm.campaign.member"].create(
            {"campaign_id": campaign.id, "partner_id": partner.id, "state": state}
        )

    def _sell(self, partner, user, category, day):
        product = self._make_product()
        product.categ_id = category
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "user_id": user.id,
                "order_line": [
                    Command.create({"product_id": product.id, "product_uom_qty": 1})
                ],
            }
        )
        order.action_confirm()
        order.date_order = day
        return order

    def assertHas(self, partners, user=None, **values):
        segment = self._make_segment(**values).with_user(user or self.director)
        segment = segment.with_company(self.env.company)
        self.assertEqual(segment._partners(), partners.sorted().with_user(user))
        self.assertEqual(segment.partner_count, len(partners))
        # what is stored elsewhere finds the same
        stored = literal_eval(repr(list(segment._domain())))
        found = self.env["res.partner"].with_user(user or self.director).search(stored)
        self.assertEqual(found, partners)


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSegmentCriteria(SegmentCase):
    """Each criterion, with exactly who meets it."""

    def test_addresses_staff_and_own_companies_are_in_none(self):
        staff = self.seller.partner_id | self.env.company.partner_id
        segment = self._make_segment(domain=[("id", "in", (self.people | staff).ids)])
        self.assertEqual(set(segment._partners()), set(self.people - self.invoices))

    def test_applies_to(self):
        companies = self.organization | self.winery | self.clinic
        self.assertHas(companies, applies_to="organization")
        self.assertHas(
            self.contact | self.marta | self.pedro | self.ana, applies_to="contact"
        )

    def test_market_with_those_below_reaches_contacts(self):
        industry = self.env.ref("crm_gestion.market_industry")
        food = self.organization | self.contact | self.winery | self.marta
        self.assertHas(food, market_ids=industry.ids)

    def test_position_held_anywhere(self):
        general_manager = self.env.ref("crm_gestion.cargo_general_manager")
        self.assertHas(self.marta, cargo_ids=general_manager.ids)
        self.env["crm.affiliation"].create(
            {
                "contact_id": self.pedro.id,
                "organization_id": self.winery.id,
                "cargo_id": general_manager.id,
            }
        )
        self.assertHas(self.marta | self.pedro, cargo_ids=general_manager.ids)
        self.assertHas(self.marta | self.pedro, influence="decision_maker")
        self.assertHas(self.contact, influence="purchasing")

    def test_position_given_up_does_not_count(self):
        self.env["crm.affiliation"].create(
            {
                "contact_id": self.pedro.id,
                "organization_id": self.winery.id,
                "cargo_id": self.env.ref("crm_gestion.cargo_general_manager").id,
                "date_from": "2025-01-01",
                "date_to": "2026-01-31",
            }
        )
        self.assertHas(self.marta, influence="decision_maker")

    def test_origination_of_contacts_is_that_of_their_organization(self):
        self.assertHas(
            self.organization | self.contact, origination_ids=self.cold_call.ids
        )
        self.contact.origination_id = self.env.ref("crm_gestion.origination_fair")
        self.assertHas(self.organization, origination_ids=self.cold_call.ids)

    def test_account_status(self):
        self.env["crm.account.status"]._write_status(self.winery, "customer")
        self.env["crm.account.status"]._write_status(self.clinic, "former")
        self.assertHas(self.winery | self.marta, is_customer=True)
        self.assertHas(
            self.winery | self.marta | self.clinic | self.pedro,
            is_customer=True,
            is_former=True,
        )

    def test_last_gestion(self):
        """Of contact or organization, whoever made it."""
        self._make_gestion(contact_id=self.contact.id, date="2026-02-20 10:00:00")
        self._make_gestion(organization_id=self.winery.id, date="2025-06-01 10:00:00")
        recent = self.organization | self.contact
        never = self.marta | self.clinic | self.pedro | self.ana
        for user in (self.seller, self.stranger, self.director):
            with self.subTest(user=user.name):
                self.assertHas(recent, user, gestion_when="newer", gestion_days=30)
                self.assertHas(self.winery, user, gestion_when="older", gestion_days=30)
                self.assertHas(never, user, gestion_when="never")
                self.assertHas(
                    never | self.winery,
                    user,
                    gestion_when="older_never",
                    gestion_days=30,
                )

    def test_days_count_back_from_the_day_it_is_used(self):
        self._make_gestion(contact_id=self.contact.id, date="2026-02-20 10:00:00")
        segment = self._make_segment(gestion_when="newer", gestion_days=30)
        stored = repr(list(segment._domain()))
        self.assertEqual(segment._partners(), self.organization | self.contact)
        with freeze_time("2026-03-22 10:00:00"):  # day 30: the 20th
            self.assertEqual(segment._partners(), self.organization | self.contact)
        with freeze_time("2026-03-23 10:00:00"):
            self.assertFalse(segment._partners())
            self.assertFalse(self.env["res.partner"].search(literal_eval(stored)))

    def test_last_gestion_in_the_domain_editor(self):
        self._make_gestion(contact_id=self.contact.id, date="2026-02-20 10:00:00")
        Partner = self.env["res.partner"].with_user(self.seller)
        recent, rest = self.organization | self.contact, self.people - self.contact
        rest -= self.organization
        for operator, value, found in (
            (">=", "2026-02-20 10:00:00", recent),
            (">", "2026-02-20 10:00:00", recent.browse()),
            ("<=", "2026-02-20 10:00:00", recent),
            ("<", "2026-02-20 10:00:00", recent.browse()),
            ("=", "2026-02-20 10:00:00", recent),
            ("!=", "2026-02-20 10:00:00", rest),
            ("=", False, rest),
            ("!=", False, recent),
            (">", "today -15d", recent),
        ):
            with self.subTest(operator=operator, value=value):
                domain = [("last_gestion_date", operator, value)]
                domain.append(("id", "in", self.people.ids))
                self.assertEqual(set(Partner.search(domain)), set(found))

    def test_gestiones_of_other_companies_do_not_count(self):
        other = self.env["res.company"].create({"name": "Other"})
        gestion = self._make_gestion(contact_id=self.ana.id)
        gestion.company_id = other
        self.assertHas(self.ana.browse(), gestion_when="newer")

    def test_bought_category_with_those_below(self):
        licenses = self.env["product.category"].create({"name": "Licenses"})
        cloud = licenses.create({"name": "Cloud", "parent_id": licenses.id})
        self._sell(self.contact, self.seller, cloud, "2026-02-01 10:00:00")
        self._sell(self.winery, self.colleague, licenses, "2024-02-01 10:00:00")
        quotation = self._sell(self.clinic, self.stranger, cloud, "2026-02-01 10:00:00")
        quotation._action_cancel()
        sold = self.organization | self.contact
        wine = self.winery | self.marta
        self.assertHas(sold, category_ids=cloud.ids)
        self.assertHas(sold | wine, category_ids=licenses.ids)
        self.assertHas(sold, category_ids=licenses.ids, bought_since="2025-01-01")

    def test_what_others_sold_nobody_learns(self):
        licenses = self.env["product.category"].create({"name": "Licenses"})
        self._sell(self.contact, self.seller, licenses, "2026-02-01 10:00:00")
        self._sell(self.clinic, self.stranger, licenses, "2026-02-01 10:00:00")
        sold = self.organization | self.contact
        health = self.clinic | self.pedro
        self.assertHas(sold, self.seller, category_ids=licenses.ids)
        self.assertHas(health, self.stranger, category_ids=licenses.ids)
        self.assertHas(sold, self.head, category_ids=licenses.ids)
        self.assertHas(sold | health, category_ids=licenses.ids)

    def test_place(self):
        self.assertHas(
            self.organization | self.contact, country_ids=self.env.ref("base.es").ids
        )
        self.assertHas(
            self.organization | self.contact,
            state_ids=self.env.ref("base.state_es_ba").ids,
        )

    def test_campaign_received_or_answered(self):
        campaign = self._make_campaign()
        for partner, state in (
            (self.contact, "answered"),
            (self.marta, "opened"),
            (self.pedro, "planned"),
        ):
            self._make_member(campaign, partner, state)
        everybody = self.people - self.invoices
        for answer, found in (
            ("received", self.contact | self.marta),
            ("answered", self.contact),
            ("not_answered", self.marta),
            ("not_received", everybody - self.contact - self.marta),
        ):
            with self.subTest(answer=answer):
                self.assertHas(
                    found,
                    self.seller,
                    campaign_id=campaign.id,
                    campaign_answer=answer,
                )

    def test_salespeople_and_teams(self):
        own = self.organization | self.contact
        self.assertHas(own, salesperson_ids=self.seller.ids)
        self.assertHas(
            self.people - self.clinic - self.pedro - self.invoices - self.ana,
            team_ids=self.north.ids,
        )
        self.south.parent_id = self.north
        self.assertHas(self.people - self.invoices - self.ana, team_ids=self.north.ids)

    def test_criteria_are_joined_by_and(self):
        self.assertHas(
            self.marta,
            market_ids=self.market.ids,
            applies_to="contact",
            country_ids=[Command.clear()],
            salesperson_ids=self.colleague.ids,
        )

    def test_other_companies_people_are_left_out(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.ana.company_id = other
        segment = self._make_segment(company_id=self.env.company.id)
        self.director.company_ids |= other
        segment = segment.with_context(
            allowed_company_ids=[self.env.company.id, other.id]
        )
        self.assertNotIn(self.ana, segment._partners())
        segment.company_id = False
        self.assertIn(self.ana, segment._partners())

    def test_conditions_that_cannot_be_read_are_refused(self):
        segment = self._make_segment(self.seller)
        before = segment.domain
        for text in (
            "[('id', 'in', ",
            "[('nothing_like_it', '=', 1)]",
            "[('id', '=', uid)]",
            "[('create_date', '>', 'whenever')]",
            "[('name', 'resembles', 'x')]",
            "3",
        ):
            with (
                self.subTest(text=text),
                self.assertRaisesRegex(ValidationError, "“Some” cannot be read"),
                self.env.cr.savepoint(),
            ):
                segment.domain = text
            segment.invalidate_recordset()
            self.assertEqual(segment.domain, before)

    def test_nobody_asks_what_he_may_not_read(self):
        """A mailing is evaluated in superuser mode: its segment must not ask more."""
        for domain in (
            [("credit_limit", ">", 0)],
            [("parent_id.credit", ">", 0)],
            [("id", "any", [("credit", ">", 0)])],
            [("child_ids", "any", [("parent_id.credit_limit", ">", 0)])],
            [("user_ids.partner_id.signup_type", "=", "reset")],
        ):
            with self.subTest(domain=domain), self.assertRaises(AccessError):
                self._make_segment(self.seller, domain=domain)
        own = self._make_segment(self.seller)
        with self.assertRaises(AccessError):
            own.domain = repr([("credit_limit", ">", 0)])

    def test_nobody_guesses_the_money_of_campaigns(self):
        """By how many a mailing reaches, one guess after the other."""
        campaign = self._make_campaign(user_id=self.director.id, budget=10000.0)
        self._make_member(campaign, self.contact, "contacted")
        received = "crm_received_campaign_ids"
        for domain in (
            [(f"{received}.budget_ids.budget", ">", 9999)],
            [(received, "any", [("budget_ids", "any", [("budget", ">", 9999)])])],
            [(f"{received}.cost_ids.amount", ">", 0)],
            [("opportunity_ids.campaign_id.cost_ids", "!=", False)],
        ):
            with (
                self.subTest(domain=domain),
                self.assertRaisesRegex(AccessError, "money of campaigns"),
            ):
                self._make_segment(self.seller, domain=domain)
        rich = self._make_segment(domain=[(f"{received}.budget_ids.budget", ">", 9999)])
        self.assertEqual(rich._partners(), self.contact)

    def test_a_segment_does_not_ask_for_itself(self):
        first = self._make_segment()
        second = self._make_segment(domain=[("crm_segment_ids", "in", first.ids)])
        self.assertEqual(second._partners(), first._partners())
        with self.assertRaisesRegex(ValidationError, "asks for itself"):
            first.domain = repr([("crm_segment_ids", "in", second.ids)])


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 10:00:00")
class TestSegment(SegmentCase):
    def test_frozen_list_stays_until_it_is_taken_anew(self):
        segment = self._make_segment(self.seller, market_ids=self.market.ids)
        food = self.organization | self.contact | self.winery | self.marta
        segment.action_freeze()
        self.assertEqual(segment.kind, "frozen")
        self.assertEqual(segment.frozen_date, datetime(2026, 3, 2, 10))
        self.ana.market_id = self.market
        self.assertEqual(set(segment._partners()), set(food))
        # by hand
        segment.frozen_partner_ids = [
            Command.link(self.pedro.id),
            Command.unlink(self.marta.id),
        ]
        self.assertEqual(set(segment._partners()), set(food - self.marta | self.pedro))
        with freeze_time("2026-03-09 08:00:00"):
            segment.action_freeze()
        self.assertEqual(set(segment._partners()), set(food | self.ana))
        self.assertEqual(segment.frozen_date, datetime(2026, 3, 9, 8))
        segment.action_unfreeze()
        self.assertFalse(segment.frozen_partner_ids)
        self.assertFalse(segment.frozen_date)
        self.marta.market_id = self.winery.market_id = False
        self.assertNotIn(self.marta, segment._partners())

    def test_frozen_list_is_not_changed_through_a_contact(self):
        """The seller may write his contact, and not the director's list."""
        segment = self._make_segment()
        segment.action_freeze()
        segment.frozen_partner_ids = self.contact
        own = self.organization.with_user(self.seller)
        contact = self.contact.with_user(self.seller)
        link, clear = Command.link(segment.id), Command.clear()
        for request in (
            lambda: own.write({"crm_frozen_segment_ids": [link]}),
            lambda: contact.write({"crm_frozen_segment_ids": [clear]}),
            lambda: own.create({"name": "New", "crm_frozen_segment_ids": [link]}),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                request()
                self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(segment.frozen_partner_ids, self.contact)
        owned = self._make_segment(self.seller)
        owned.action_freeze()
        owned.frozen_partner_ids = self.organization
        self.assertEqual(owned._partners(), self.organization)

    def test_frozen_list_survives_merging(self):
        twin = self.ana.copy({"name": "Ana"})
        other = self._make_segment(domain=[("id", "in", twin.ids)])
        both = self._make_segment(domain=[("id", "in", (twin | self.ana).ids)])
        (other | both).action_freeze()
        self.director.group_ids += self.env.ref("base.group_partner_manager")
        self.env.flush_all()
        self.env["base.partner.merge.automatic.wizard"].with_user(self.director).create(
            {
                "state": "selection",
                "partner_ids": [Command.set((self.ana | twin).ids)],
                "dst_partner_id": self.ana.id,
            }
        ).action_merge()
        self.env.invalidate_all()
        self.assertEqual(other.frozen_partner_ids, self.ana)
        self.assertEqual(both.frozen_partner_ids, self.ana)

    def test_count_and_sample_while_it_is_edited(self):
        with Form(self.env["crm.segment"].with_user(self.seller)) as form:
            form.name = "Food"
            form.domain = repr([("id", "in", self.people.ids)])
            self.assertEqual(form.partner_count, 7)
            form.market_ids.add(self.market)
            self.assertEqual(form.partner_count, 4)
            self.assertEqual(len(form.sample_ids), 4)
            self.assertEqual(form.mailing_count, 2)
            self.assertEqual(form.no_email_count, 2)
            form.applies_to = "contact"
            self.assertEqual(form.partner_count, 2)

    def test_why_somebody_is_not_reached(self):
        """Everybody has one reason, the first that holds; the buttons list them."""
        domain = [("id", "in", self.people.ids)]
        self.winery.email = "Marta <marta@rioja.example>"  # before Marta by name
        self.pedro.email = "pedro@clinic.example"
        self.clinic.email = "off@clinic.example"
        self.ana.email = "ana@home.example"
        self.env["mail.blacklist"].create({"email": "OFF@clinic.example"})
        self._make_gestion(
            contact_id=self.ana.id,
            result_id=self.env.ref("crm_gestion.result_do_not_contact").id,
        )
        self.env["mailing.contact"].create(
            {
                "email": "Pedro@clinic.example",
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
        segment = self._make_segment(self.seller, domain=domain)
        for name, found in (
            ("no_email", self.organization),
            ("opted_out", self.ana | self.pedro),
            ("blacklisted", self.clinic),
            ("duplicate", self.marta),
        ):
            with self.subTest(reason=name):
                self.assertEqual(segment[f"{name}_count"], len(found))
                action = segment.with_context(crm_reason=name).action_view_excluded()
                self.assertEqual(
                    set(self.env["res.partner"].search(action["domain"])), set(found)
                )
        self.assertEqual(segment.mailing_count, 2)  # Lucía and the winery

    def test_consent_field_agrees_with_its_search(self):
        self._make_gestion(
            contact_id=self.ana.id,
            result_id=self.env.ref("crm_gestion.result_do_not_contact").id,
        )
        self._make_member(self._make_campaign(), self.marta, "opted_out")
        for partner, kind in (
            (self.pedro, "given"),
            (self.pedro, "withdrawn"),
            (self.contact, "withdrawn"),
            (self.contact, "given"),
        ):
            self.env["crm.mailing.consent"].create(
                {"partner_id": partner.id, "kind": kind, "source": "phone"}
            )
        people = (self.people | self.contact).with_user(self.seller)
        out = self.marta | self.ana | self.pedro
        self.assertEqual(people.filtered("crm_do_not_contact"), self.ana)
        self.assertEqual(set(people.filtered("crm_opted_out")), set(out))
        self.assertEqual(
            set(people.filtered_domain([("crm_opted_out", "=", True)])), set(out)
        )

    def test_overlap_of_two_segments(self):
        food = self._make_segment(market_ids=self.market.ids)
        contacts = self._make_segment(applies_to="contact")
        action = food.with_user(self.seller).action_compare()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.seller)
            .with_context(**action["context"])
            .create({"other_id": contacts.id})
        )
        counts = (wizard.both_count, wizard.here_count, wizard.there_count)
        self.assertEqual(counts, (2, 2, 2))
        both = wizard.action_view_both()["domain"]
        self.assertEqual(
            set(self.env["res.partner"].search(both)), set(self.contact | self.marta)
        )

    def test_as_a_filter_where_contacts_are_listed(self):
        food = self._make_segment(name="Food", market_ids=self.market.ids)
        people = self._make_segment(name="People", applies_to="contact")
        Partner = self.env["res.partner"].with_user(self.seller)
        in_food = self.organization | self.contact | self.winery | self.marta
        for domain, found in (
            ([("crm_segment_ids", "ilike", "foo")], in_food),
            ([("crm_segment_ids", "=", food.id)], in_food),
            (
                [("crm_segment_ids", "in", (food | people).ids)],
                self.people - self.clinic - self.invoices,
            ),
            (
                [
                    ("crm_segment_ids", "!=", food.id),
                    ("id", "in", self.people.ids),
                ],
                self.people - in_food,
            ),
        ):
            with self.subTest(domain=domain):
                rows = Partner.web_search_read(domain, {"display_name": {}})
                found_ids = {row["id"] for row in rows["records"]}
                self.assertEqual(found_ids, set(found.ids))

    def test_as_a_filter_of_opportunities_and_gestiones(self):
        self._make_segment(name="Food and drink", market_ids=self.market.ids)
        mine = self._make_lead(partner_id=self.contact.id)
        self._make_lead(partner_id=self.ana.id)
        gestion = self._make_gestion(contact_id=self.contact.id)
        self._make_gestion(contact_id=self.ana.id)
        for model, name, found in (
            ("crm.lead", "partner_id", mine),
            ("crm.gestion", "contact_id", gestion),
        ):
            domain = [(f"{name}.crm_segment_ids", "ilike", "food and")]
            records = self.env[model].with_user(self.seller).search(domain)
            self.assertEqual(records, found)

    def test_own_segments_are_changed_and_those_of_others_read(self):
        own = self._make_segment(self.seller)
        others = self._make_segment(self.colleague)
        own.name = "Mine"
        self.assertEqual(others.with_user(self.seller).name, "Some")
        for user, method in (
            (self.seller, lambda s: s.write({"name": "Taken"})),
            (self.seller, lambda s: s.write({"user_id": self.seller.id})),
            (self.head, lambda s: s.action_freeze()),
            (self.seller, lambda s: s.action_unfreeze()),
            (self.seller, lambda s: s.unlink()),
            (self.native, lambda s: s.read(["name"])),
        ):
            with self.assertRaises(AccessError):
                method(others.with_user(user))
        with self.assertRaises(AccessError):
            self._make_segment(self.seller, user_id=self.colleague.id)
        self.env.invalidate_all()
        self.assertEqual((others.name, others.kind), ("Some", "living"))
        self.assertEqual(others.user_id, self.colleague)
        others.with_user(self.director).name = "Better"
        self.assertEqual(others.name, "Better")

    def test_what_is_used_is_not_deleted(self):
        segment = self._make_segment(self.seller)
        campaign = self._make_campaign(segment_id=segment.id)
        with self.assertRaisesRegex(UserError, "“Some” is used by “Spring”"):
            segment.unlink()
        campaign.segment_id = False
        segment.unlink()
        self.assertFalse(segment.exists())

    def test_copy_is_living(self):
        segment = self._make_segment(self.seller, market_ids=self.market.ids)
        segment.action_freeze()
        copy = segment.copy()
        self.assertEqual((copy.name, copy.kind), ("Some (copy)", "living"))
        self.assertEqual(copy.market_ids, self.market)
        self.assertFalse(copy.frozen_partner_ids)

    def test_list_of_segments_costs_the_same_for_many(self):
        segments = self.env["crm.segment"]
        for index in range(30):
            segments |= self._make_segment(
                name=f"Segment {index}",
                market_ids=self.market.ids,
                gestion_when="older_never",
                team_ids=self.north.ids,
            )
        segments = segments.with_user(self.seller)
        self.assertFlatGrowth(
            lambda records: records.mapped("partner_count"), segments[:3], segments
        )
        self.assertEqual(set(segments.mapped("partner_count")), {4})

    def test_marketing_counts_what_it_may_read(self):
        mailer = self._make_user("mailer", "mass_mailing.group_mass_mailing_user")
        licenses = self.env["product.category"].create({"name": "Licenses"})
        self._sell(self.contact, self.seller, licenses, "2026-02-01 10:00:00")
        never = self._make_segment(gestion_when="never")
        food = self._make_segment(market_ids=self.market.ids)
        bought = self._make_segment(category_ids=licenses.ids)
        hidden = self._make_segment()
        hidden.sudo().domain = repr([("credit_limit", ">", 0)])
        segments = (never | food | bought | hidden).with_user(mailer)
        counts = [segment.partner_count for segment in segments]
        self.assertEqual(counts, [7, 4, 0, 0])
