from datetime import date, datetime

from freezegun import freeze_time

from odoo.tests import tagged

from .common import CrmGestionCommon

NOW = datetime(2026, 3, 2, 10, 0)
EARLIER = datetime(2026, 2, 2, 10, 0)


class LeadCommon(CrmGestionCommon):
    """An origination of our own: two sources and a medium mean the fair."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stand, cls.badge, cls.banner = cls.env["utm.source"].create(
            [
                {"name": "Stand at the fair"},
                {"name": "Badge scanned at the fair"},
                {"name": "Banner nobody mapped"},
            ]
        )
        cls.leaflet, cls.radio = cls.env["utm.medium"].create(
            [
                {"name": "Leaflet of the fair"},
                {"name": "Radio nobody mapped"},
            ]
        )
        cls.fair = cls.env["crm.origination"].create(
            {
                "name": "Olive Oil Fair",
                "code": "OLIVE",
                "source_ids": [(6, 0, (cls.stand | cls.badge).ids)],
                "medium_ids": [(6, 0, cls.leaflet.ids)],
            }
        )
        cls.wholesale = cls.env.ref("crm_gestion.market_trade_wholesale")

    @classmethod
    def _make_enquiry(cls, **values):
        return cls._make_lead(type="lead", expected_revenue=0.0, **values)


@tagged("post_install", "-at_install")
class TestLeadOrigination(LeadCommon):
    def test_mapped_source_or_medium_names_the_origination(self):
        cases = [
            ({"source_id": self.badge.id}, self.fair),
            ({"medium_id": self.leaflet.id}, self.fair),
            ({"source_id": self.banner.id, "medium_id": self.leaflet.id}, self.fair),
            ({"source_id": self.banner.id, "medium_id": self.radio.id}, None),
            ({}, None),
        ]
        leads = self.env["crm.lead"].create(
            [
                {"name": "Enquiry from the web", "type": "lead", **values}
                for values, __ in cases
            ]
        )
        for lead, (values, origination) in zip(leads, cases, strict=True):
            with self.subTest(values=values):
                self.assertEqual(lead.origination_id, origination or self.fair.browse())

    def test_source_says_more_than_medium(self):
        self.cold_call.source_ids = self.banner
        lead = self._make_enquiry(source_id=self.banner.id, medium_id=self.leaflet.id)
        self.assertEqual(lead.origination_id, self.cold_call)

    def test_enquiry_of_somebody_without_role_gets_its_origination(self):
        lead = (
            self.env["crm.lead"]
            .with_user(self.native)
            .create({"name": "Enquiry", "type": "lead", "source_id": self.stand.id})
        )
        self.assertEqual(lead.origination_id, self.fair)

    def test_typed_origination_stays(self):
        typed = self._make_lead(origination_id=self.cold_call.id)
        both = self._make_lead(
            origination_id=self.cold_call.id, source_id=self.stand.id
        )
        missing = self._make_lead()
        (typed | both | missing).with_user(self.seller).write(
            {"source_id": self.badge.id}
        )
        self.assertRecordValues(
            typed | both | missing,
            [
                {"origination_id": self.cold_call.id, "source_id": self.badge.id},
                {"origination_id": self.cold_call.id, "source_id": self.badge.id},
                {"origination_id": self.fair.id, "source_id": self.badge.id},
            ],
        )

    def test_new_lead_of_an_origination_gets_its_source_and_medium(self):
        leads = (
            self.env["crm.lead"]
            .with_user(self.seller)
            .create(
                [
                    {"name": "Neither", "origination_id": self.fair.id},
                    {
                        "name": "Own source",
                        "origination_id": self.fair.id,
                        "source_id": self.banner.id,
                    },
                    {"name": "Without", "medium_id": self.radio.id},
                ]
            )
        )
        self.assertRecordValues(
            leads,
            [
                {"source_id": self.stand.id, "medium_id": self.leaflet.id},
                {"source_id": self.banner.id, "medium_id": self.leaflet.id},
                {"source_id": False, "medium_id": self.radio.id},
            ],
        )

    def test_lead_given_an_origination_gets_what_it_lacks(self):
        empty = self._make_lead()
        partly = self._make_lead(source_id=self.banner.id)
        (empty | partly).with_user(self.seller).write({"origination_id": self.fair.id})
        self.assertRecordValues(
            empty | partly,
            [
                {"source_id": self.stand.id, "medium_id": self.leaflet.id},
                {"source_id": self.banner.id, "medium_id": self.leaflet.id},
            ],
        )


@tagged("post_install", "-at_install")
class TestLeadOrganization(LeadCommon):
    def test_organization_is_the_company_of_the_contact(self):
        alone = self.env["res.partner"].create({
            "name": "Buys for himself", "market_id": self.wholesale.id
        })  # fmt: skip
        leads = (
            self._make_lead(partner_id=self.contact.id)
            | self._make_lead(partner_id=self.organization.id)
            | self._make_lead(partner_id=alone.id)
            | self._make_lead()
        )
        self.assertRecordValues(
            leads,
            [
                {"organization_id": self.organization.id, "market_id": self.market.id},
                {"organization_id": self.organization.id, "market_id": self.market.id},
                {"organization_id": False, "market_id": self.wholesale.id},
                {"organization_id": False, "market_id": False},
            ],
        )

    def test_change_of_employer_does_not_rewrite_history(self):
        employer = self.env["res.partner"].create({
            "name": "Molinos Ruiz", "is_company": True, "market_id": self.wholesale.id
        })  # fmt: skip
        before = self._make_lead(partner_id=self.contact.id)
        self.contact.parent_id = employer
        after = self._make_lead(partner_id=self.contact.id)
        self.assertRecordValues(
            before | after,
            [
                {"organization_id": self.organization.id, "market_id": self.market.id},
                {"organization_id": employer.id, "market_id": self.wholesale.id},
            ],
        )

    def test_another_contact_brings_his_organization(self):
        employer = self.env["res.partner"].create({
            "name": "Molinos Ruiz", "is_company": True
        })  # fmt: skip
        colleague = self.env["res.partner"].create({
            "name": "Ana Ruiz", "parent_id": employer.id
        })  # fmt: skip
        lead = self._make_lead(partner_id=self.contact.id).with_user(self.seller)
        lead.partner_id = colleague
        self.assertEqual(lead.organization_id, employer)

    def test_typed_organization_and_market_stay(self):
        second = self.env["res.partner"].create({
            "name": "His other company", "is_company": True
        })  # fmt: skip
        lead = self._make_lead(
            partner_id=self.contact.id,
            organization_id=second.id,
            market_id=self.wholesale.id,
        )
        lead.with_user(self.seller).write({"expected_revenue": 5.0, "priority": "2"})
        self.assertRecordValues(
            lead,
            [{"organization_id": second.id, "market_id": self.wholesale.id}],
        )

    def test_copy_goes_on_with_the_same_customer_and_no_history(self):
        gestion = self._make_gestion(contact_id=self.contact.id)
        lead = self._make_lead(
            partner_id=self.contact.id,
            origination_id=self.fair.id,
            market_id=self.wholesale.id,
            source_gestion_id=gestion.id,
        )
        gestion.lead_id = lead
        lead.with_user(self.seller).action_set_won()
        self.assertRecordValues(
            lead.with_user(self.seller).copy(),
            [
                {
                    "origination_id": self.fair.id,
                    "organization_id": self.organization.id,
                    "market_id": self.wholesale.id,
                    "source_gestion_id": False,
                    "gestion_ids": [],
                    "closure_ids": [],
                    "closure_kind": False,
                    "won_status": "pending",
                }
            ],
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestLeadNextStep(LeadCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.planned, cls.later, cls.without = (
            cls._make_lead(name=name) for name in ("Planned", "Later", "Without")
        )
        for lead, day in (
            (cls.planned, date(2026, 3, 20)),
            (cls.planned, date(2026, 3, 9)),
            (cls.later, date(2026, 4, 1)),
        ):
            lead.activity_schedule(
                "mail.mail_activity_data_call", day, user_id=cls.seller.id
            )
        cls.all = (cls.planned | cls.later | cls.without).with_user(cls.seller)

    def assertFound(self, domain, *leads):
        found = self.all.search([("id", "in", self.all.ids), *domain])
        self.assertEqual(set(found.mapped("name")), {lead.name for lead in leads})

    def test_next_step_is_the_earliest_planned_activity(self):
        self.assertEqual(
            self.all.mapped("next_step_date"),
            [date(2026, 3, 9), date(2026, 4, 1), False],
        )

    def test_step_that_was_done_gives_way_to_the_one_after(self):
        planned = self.planned.with_user(self.seller)
        for following in (date(2026, 3, 20), False):
            planned.activity_ids.sorted("date_deadline")[0].action_feedback()
            self.env.invalidate_all()
            self.assertEqual(planned.next_step_date, following)

    def test_next_step_is_searched(self):
        self.assertFound([("next_step_date", "=", "2026-03-09")], self.planned)
        self.assertFound([("next_step_date", "<", "2026-03-15")], self.planned)
        self.assertFound([("next_step_date", ">", "2026-03-25")], self.later)
        self.assertFound([("next_step_date", "!=", False)], self.planned, self.later)
        self.assertFound([("next_step_date", "=", False)], self.without)

    def test_search_agrees_with_what_is_shown(self):
        """The later of two planned steps is not the next one."""
        self.assertFound([("next_step_date", "=", "2026-03-20")])
        self.assertFound([("next_step_date", ">", "2026-03-15")], self.later)


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestLeadConversion(LeadCommon):
    """An enquiry that becomes an opportunity loses nothing on the way."""

    def _convert(self, enquiry, **values):
        wizard = (
            self.env["crm.lead2opportunity.partner"]
            .with_user(self.seller)
            .with_context(
                active_model="crm.lead", active_id=enquiry.id, active_ids=enquiry.ids
            )
            .create({"user_id": self.seller.id, "team_id": self.north.id, **values})
        )
        action = wizard.action_apply()
        return self.env["crm.lead"].browse(action["res_id"])

    def test_created_customer_knows_what_the_enquiry_knew(self):
        enquiry = self._make_enquiry(
            partner_name="Molinos Ruiz",
            contact_name="Ana Ruiz",
            email_from="ana@molinos.example",
            origination_id=self.fair.id,
            market_id=self.wholesale.id,
        )
        lead = self._convert(enquiry, name="convert", action="create")
        self.assertEqual(lead, enquiry)
        contact, company = lead.partner_id, lead.partner_id.parent_id
        known = {
            "origination_id": self.fair.id,
            "market_id": self.wholesale.id,
            "user_id": self.seller.id,
        }
        self.assertRecordValues(
            contact | company,
            [
                {"name": "Ana Ruiz", "is_company": False, **known},
                {"name": "Molinos Ruiz", "is_company": True, **known},
            ],
        )
        self.assertRecordValues(
            lead,
            [
                {
                    "type": "opportunity",
                    "organization_id": company.id,
                    "origination_id": self.fair.id,
                    "market_id": self.wholesale.id,
                    "closure_kind": False,
                }
            ],
        )

    def test_customer_who_buys_for_himself_knows_it_too(self):
        enquiry = self._make_enquiry(
            contact_name="Ana Ruiz",
            email_from="ana@ruiz.example",
            origination_id=self.fair.id,
            market_id=self.wholesale.id,
        )
        lead = self._convert(enquiry, name="convert", action="create")
        self.assertRecordValues(
            lead.partner_id,
            [
                {
                    "name": "Ana Ruiz",
                    "parent_id": False,
                    "origination_id": self.fair.id,
                    "market_id": self.wholesale.id,
                }
            ],
        )
        self.assertFalse(lead.organization_id)

    def test_created_contact_belongs_to_the_organization_of_the_enquiry(self):
        enquiry = self._make_enquiry(
            contact_name="Pedro Gil",
            email_from="pedro@aceites.example",
            organization_id=self.organization.id,
            origination_id=self.fair.id,
        )
        gestion = self._make_gestion(
            lead_id=enquiry.id, organization_id=self.organization.id
        )
        lead = self._convert(enquiry, name="convert", action="create")
        self.assertRecordValues(
            lead,
            [
                {
                    "type": "opportunity",
                    "organization_id": self.organization.id,
                    "origination_id": self.fair.id,
                    "market_id": self.market.id,
                    "gestion_ids": gestion.ids,
                }
            ],
        )
        self.assertRecordValues(
            lead.partner_id,
            [{"name": "Pedro Gil", "parent_id": self.organization.id}],
        )

    def test_existing_customer_is_linked_and_stays_as_he_is(self):
        enquiry = self._make_enquiry(
            email_from="lucia@aceites.example",
            origination_id=self.fair.id,
            market_id=self.wholesale.id,
        )
        gestion = self._make_gestion(
            lead_id=enquiry.id, organization_id=self.organization.id
        )
        lead = self._convert(
            enquiry, name="convert", action="exist", partner_id=self.contact.id
        )
        self.assertRecordValues(
            lead,
            [
                {
                    "type": "opportunity",
                    "partner_id": self.contact.id,
                    "organization_id": self.organization.id,
                    "origination_id": self.fair.id,
                    "market_id": self.wholesale.id,
                    "gestion_ids": gestion.ids,
                }
            ],
        )
        self.assertRecordValues(
            self.organization,
            [{"origination_id": self.cold_call.id, "market_id": self.market.id}],
        )
        self.assertEqual(self.contact.market_id, self.market)

    def test_enquiry_is_merged_into_the_opportunity_there_is(self):
        existing = self._make_lead(
            partner_id=self.contact.id, stage_id=self.negotiate.id, probability=40.0
        )
        enquiry = self._make_enquiry(
            email_from="lucia@aceites.example",
            origination_id=self.fair.id,
            market_id=self.wholesale.id,
        )
        older = self._make_gestion(lead_id=existing.id)
        newer = self._make_gestion(
            self.colleague, lead_id=enquiry.id, contact_id=self.contact.id
        )
        lead = self._convert(enquiry, name="merge")
        self.assertEqual(lead, existing)
        self.assertFalse(enquiry.exists())
        self.assertRecordValues(
            lead,
            [
                {
                    "type": "opportunity",
                    "stage_id": self.negotiate.id,
                    "probability": 40.0,
                    "origination_id": self.fair.id,
                    "organization_id": self.organization.id,
                    "market_id": self.market.id,
                    "closure_kind": False,
                }
            ],
        )
        self.assertRecordValues(
            older | newer,
            [
                {"lead_id": lead.id, "stage_id": self.negotiate.id},
                {"lead_id": lead.id, "stage_id": self.generate_interest.id},
            ],
        )

    def test_enquiry_takes_up_the_rejected_opportunity_it_is_merged_into(self):
        rejected = self._make_lead(
            partner_id=self.contact.id, stage_id=self.negotiate.id, probability=40.0
        )
        rejected.with_user(self.seller).action_set_lost(lost_reason_id=self.price.id)
        enquiry = self._make_enquiry(email_from="lucia@aceites.example")
        lead = self._convert(enquiry, name="merge")
        self.assertEqual(lead, rejected)
        self.assertRecordValues(
            lead,
            [
                {
                    "active": True,
                    "won_status": "pending",
                    "probability": 40.0,
                    "closure_kind": False,
                }
            ],
        )
        self.assertRecordValues(
            lead.closure_ids,
            [
                {
                    "kind": "rejected",
                    "lost_reason_id": self.price.id,
                    "reopen_date": NOW,
                }
            ],
        )


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestLeadMerge(LeadCommon):
    """The winner of a native merge goes on with the history of all of them."""

    def _merge(self, *leads):
        wizard = (
            self.env["crm.merge.opportunity"]
            .with_user(self.seller)
            .create(
                {
                    "opportunity_ids": [lead.id for lead in leads],
                    "user_id": self.seller.id,
                    "team_id": self.north.id,
                }
            )
        )
        action = wizard.action_merge()
        return self.env["crm.lead"].browse(action["res_id"])

    def test_winner_keeps_its_own(self):
        winner = self._make_lead(
            partner_id=self.contact.id,
            origination_id=self.cold_call.id,
            stage_id=self.negotiate.id,
        )
        loser = self._make_lead(
            origination_id=self.fair.id, market_id=self.wholesale.id
        )
        self.assertEqual(self._merge(winner, loser), winner)
        self.assertFalse(loser.exists())
        self.assertRecordValues(
            winner,
            [
                {
                    "origination_id": self.cold_call.id,
                    "organization_id": self.organization.id,
                    "market_id": self.market.id,
                }
            ],
        )

    def test_winner_gets_what_it_lacks(self):
        gestion = self._make_gestion(contact_id=self.contact.id)
        winner = self._make_lead(stage_id=self.negotiate.id)
        loser = self._make_lead(
            organization_id=self.organization.id,
            origination_id=self.fair.id,
            market_id=self.wholesale.id,
            source_gestion_id=gestion.id,
        )
        self.assertEqual(self._merge(winner, loser), winner)
        self.assertRecordValues(
            winner,
            [
                {
                    "origination_id": self.fair.id,
                    "organization_id": self.organization.id,
                    "market_id": self.wholesale.id,
                    "source_gestion_id": gestion.id,
                }
            ],
        )

    def test_gestiones_go_on_each_with_its_stage_then(self):
        winner = self._make_lead(partner_id=self.contact.id, stage_id=self.negotiate.id)
        loser = self._make_lead(partner_id=self.contact.id)
        own = self._make_gestion(lead_id=winner.id)
        first = self._make_gestion(self.colleague, lead_id=loser.id)
        loser.stage_id = self.present_products
        second = self._make_gestion(lead_id=loser.id)
        # longer ago than their authors may correct them
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_gestion SET create_date = '2025-03-02' WHERE lead_id = %s",
            [loser.id],
        )
        self.env.invalidate_all()
        self._merge(winner, loser)
        self.assertRecordValues(
            own | first | second,
            [
                {
                    "lead_id": winner.id,
                    "stage_id": self.negotiate.id,
                    "user_id": self.seller.id,
                },
                {
                    "lead_id": winner.id,
                    "stage_id": self.generate_interest.id,
                    "user_id": self.colleague.id,
                },
                {
                    "lead_id": winner.id,
                    "stage_id": self.present_products.id,
                    "user_id": self.seller.id,
                },
            ],
        )

    def test_closures_go_on_under_an_open_winner(self):
        winner = self._make_lead(stage_id=self.negotiate.id, probability=40.0)
        loser = self._make_lead(stage_id=self.size_proposal.id, probability=30.0)
        with freeze_time(EARLIER):
            loser.with_user(self.seller).action_set_lost()
            loser.with_user(self.seller).action_crm_resume()
            loser.stage_id = self.present_products
            loser.with_user(self.seller).action_set_lost(lost_reason_id=self.price.id)
        rows = loser.closure_ids.sorted("id")
        self.assertEqual(self._merge(winner, loser), winner)
        kept = {"lead_id": winner.id, "kind": "rejected", "date": EARLIER}
        self.assertRecordValues(
            rows,
            [
                {
                    **kept,
                    "stage_id": self.size_proposal.id,
                    "lost_reason_id": False,
                    "reopen_date": EARLIER,
                },
                {
                    **kept,
                    "stage_id": self.present_products.id,
                    "lost_reason_id": self.price.id,
                    "reopen_date": NOW,
                },
            ],
        )
        self.assertRecordValues(
            winner,
            [
                {
                    "active": True,
                    "closure_kind": False,
                    "probability": 40.0,
                    "stage_id": self.negotiate.id,
                }
            ],
        )

    def test_closed_winner_stays_closed(self):
        winner = self._make_lead(stage_id=self.negotiate.id)
        loser = self._make_lead()
        both_lost = winner | loser
        both_lost.with_user(self.seller).action_set_lost(lost_reason_id=self.price.id)
        own, other = winner.closure_ids, loser.closure_ids
        self.assertEqual(self._merge(winner, loser), winner)
        self.assertRecordValues(
            own | other,
            [
                {"lead_id": winner.id, "reopen_date": False},
                {"lead_id": winner.id, "reopen_date": NOW},
            ],
        )
        self.assertRecordValues(
            winner,
            [
                {
                    "active": False,
                    "won_status": "lost",
                    "closure_kind": "rejected",
                    "lost_reason_id": self.price.id,
                }
            ],
        )

    def test_winner_of_enquiries_and_opportunities_is_an_opportunity(self):
        enquiry = self._make_enquiry(origination_id=self.fair.id)
        gestion = self._make_gestion(
            lead_id=enquiry.id, organization_id=self.organization.id
        )
        opportunity = self._make_lead()
        winner = self._merge(enquiry, opportunity)
        self.assertEqual(winner, opportunity)
        self.assertRecordValues(
            winner,
            [
                {
                    "type": "opportunity",
                    "origination_id": self.fair.id,
                    "gestion_ids": gestion.ids,
                }
            ],
        )
