from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrmGestionCommon


class OriginationCase(CrmGestionCommon):
    """
    ::

        Distributor  sources: dealer fair, dealer call    media: dealer mail
        Old partner  source:  partner page                (archived)
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dealer_fair, cls.dealer_call, cls.partner_page, cls.unmapped = cls.env[
            "utm.source"
        ].create(
            [
                {"name": "Dealer fair"},
                {"name": "Dealer call"},
                {"name": "Partner page"},
                {"name": "Unmapped"},
            ]
        )
        cls.dealer_mail, cls.other_medium = cls.env["utm.medium"].create(
            [
                {"name": "Dealer mail"},
                {"name": "Other medium"},
            ]
        )
        cls.distributor, cls.old_partner = cls.env["crm.origination"].create(
            [
                {
                    "name": "Distributor",
                    "code": "DIST",
                    "source_ids": [
                        Command.set((cls.dealer_fair | cls.dealer_call).ids)
                    ],
                    "medium_ids": [Command.set(cls.dealer_mail.ids)],
                },
                {
                    "name": "Old partner",
                    "code": "OLD",
                    "source_ids": [Command.set(cls.partner_page.ids)],
                    "active": False,
                },
            ]
        )


@tagged("post_install", "-at_install")
class TestOriginationOfLead(OriginationCase):
    """Native source and medium name the origination."""

    def test_mapped_source_names_the_origination(self):
        leads = self._make_lead(source_id=self.dealer_fair.id) | self._make_lead(
            source_id=self.dealer_call.id
        )

        self.assertEqual(leads.mapped("origination_id"), self.distributor)

    def test_mapped_medium_names_it_where_the_source_says_nothing(self):
        leads = self._make_lead(medium_id=self.dealer_mail.id) | self._make_lead(
            source_id=self.unmapped.id, medium_id=self.dealer_mail.id
        )

        self.assertEqual(leads.mapped("origination_id"), self.distributor)

    def test_source_goes_before_medium(self):
        lead = self._make_lead(
            source_id=self.env.ref("utm.utm_source_referral").id,
            medium_id=self.dealer_mail.id,
        )

        self.assertEqual(
            lead.origination_id, self.env.ref("crm_gestion.origination_referral")
        )

    def test_delivered_originations_know_odoos_own_sources_and_media(self):
        expected = {
            ("source_id", "referral"): "referral",
            ("source_id", "linkedin"): "social",
            ("source_id", "facebook"): "social",
            ("source_id", "twitter"): "social",
            ("medium_id", "email"): "campaign",
            ("medium_id", "website"): "website",
        }
        for (field, name), origination in expected.items():
            with self.subTest(utm=name):
                utm = self.env.ref(f"utm.utm_{field.removesuffix('_id')}_{name}")
                lead = self._make_lead(**{field: utm.id})
                self.assertEqual(
                    lead.origination_id,
                    self.env.ref(f"crm_gestion.origination_{origination}"),
                )

    def test_unmapped_source_names_none(self):
        lead = self._make_lead(source_id=self.unmapped.id)

        self.assertFalse(lead.origination_id)

    def test_archived_origination_is_given_to_nobody(self):
        lead = self._make_lead(source_id=self.partner_page.id)

        self.assertFalse(lead.origination_id)

    def test_origination_that_is_there_stays(self):
        lead = self._make_lead(
            source_id=self.dealer_fair.id, origination_id=self.cold_call.id
        )

        lead.source_id = self.dealer_call

        self.assertEqual(lead.origination_id, self.cold_call)

    def test_source_that_comes_later_names_it(self):
        leads = self._make_lead() | self._make_lead(origination_id=self.cold_call.id)

        leads.with_user(self.seller).write({"source_id": self.dealer_fair.id})

        self.assertEqual(
            leads.mapped("origination_id"), self.distributor | self.cold_call
        )

    def test_raw_enquiry_of_a_visitor_gets_its_origination(self):
        enquiry = (
            self.env["crm.lead"]
            .with_user(self.env.ref("base.public_user"))
            .sudo()
            .create(
                {
                    "name": "Contact form",
                    "type": "lead",
                    "user_id": False,
                    "source_id": self.dealer_fair.id,
                }
            )
        )

        self.assertEqual(enquiry.origination_id, self.distributor)


@tagged("post_install", "-at_install")
class TestUtmOfLead(OriginationCase):
    """An origination gives its source and medium to who has none."""

    def test_new_opportunity_gets_the_first_source_and_medium(self):
        first = self.distributor.source_ids[0]
        lead = (
            self.env["crm.lead"]
            .with_user(self.seller)
            .create(
                {
                    "name": "Sale",
                    "origination_id": self.distributor.id,
                }
            )
        )

        self.assertRecordValues(
            lead,
            [{"source_id": first.id, "medium_id": self.dealer_mail.id}],
        )

    def test_new_opportunity_keeps_what_it_has(self):
        lead = self._make_lead(
            origination_id=self.distributor.id,
            source_id=self.unmapped.id,
        )

        self.assertRecordValues(
            lead,
            [
                {
                    "origination_id": self.distributor.id,
                    "source_id": self.unmapped.id,
                    "medium_id": self.dealer_mail.id,
                }
            ],
        )

    def test_opportunity_that_is_given_an_origination_keeps_what_it_has(self):
        first = self.distributor.source_ids[0]
        bare = self._make_lead()
        with_source = self._make_lead(source_id=self.unmapped.id)
        with_both = self._make_lead(
            source_id=self.unmapped.id, medium_id=self.other_medium.id
        )
        leads = bare | with_source | with_both

        leads.with_user(self.seller).write({"origination_id": self.distributor.id})

        self.assertRecordValues(
            leads,
            [
                {"source_id": first.id, "medium_id": self.dealer_mail.id},
                {"source_id": self.unmapped.id, "medium_id": self.dealer_mail.id},
                {"source_id": self.unmapped.id, "medium_id": self.other_medium.id},
            ],
        )

    def test_batch_gets_each_its_own(self):
        referral = self.env.ref("crm_gestion.origination_referral")
        leads = self.env["crm.lead"].create(
            [
                {"name": "One", "origination_id": self.distributor.id},
                {"name": "Two", "origination_id": referral.id},
                {"name": "Three"},
            ]
        )

        self.assertEqual(
            [lead.source_id for lead in leads],
            [
                self.distributor.source_ids[0],
                self.env.ref("utm.utm_source_referral"),
                self.env["utm.source"],
            ],
        )

    def test_origination_without_mapping_gives_nothing(self):
        lead = self._make_lead(origination_id=self.cold_call.id)

        self.assertFalse(lead.source_id)
        self.assertFalse(lead.medium_id)

    def test_origination_taken_off_leaves_source_and_medium(self):
        lead = self._make_lead(origination_id=self.distributor.id)
        source = lead.source_id

        lead.origination_id = False

        self.assertEqual(lead.source_id, source)

    def test_default_from_the_menu_gives_source_and_medium_too(self):
        lead = (
            self.env["crm.lead"]
            .with_context(default_origination_id=self.distributor.id)
            .create({"name": "Sale"})
        )

        self.assertEqual(lead.origination_id, self.distributor)
        self.assertEqual(lead.medium_id, self.dealer_mail)


@tagged("post_install", "-at_install")
class TestOriginationMapping(OriginationCase):
    """A source or medium leads to one origination only."""

    def _create_as_director(self, **values):
        return (
            self.env["crm.origination"]
            .with_user(self.director)
            .create({"name": "Dealer", "code": "DEAL", **values})
        )

    def _count(self):
        return (
            self.env["crm.origination"].with_context(active_test=False).search_count([])
        )

    def test_source_mapped_twice_is_refused(self):
        before = self._count()

        with self.assertRaises(ValidationError) as caught:
            self._create_as_director(source_ids=[Command.link(self.dealer_fair.id)])

        self.assertEqual(
            str(caught.exception),
            "Dealer fair already leads to Distributor: take it off there first.",
        )
        self.assertEqual(self._count(), before)

    def test_medium_mapped_twice_is_refused(self):
        with self.assertRaises(ValidationError):
            self.cold_call.with_user(self.director).medium_ids = self.dealer_mail

        self.assertFalse(self.cold_call.medium_ids)
        self.assertEqual(self.distributor.medium_ids, self.dealer_mail)

    def test_source_of_an_archived_origination_is_refused_too(self):
        with self.assertRaises(ValidationError):
            self.cold_call.with_user(self.director).source_ids = self.partner_page

        self.assertFalse(self.cold_call.source_ids)

    def test_source_mapped_twice_in_one_batch_is_refused(self):
        before = self._count()

        with self.assertRaises(ValidationError):
            self.env["crm.origination"].with_user(self.director).create(
                [
                    {"name": "One", "source_ids": [Command.link(self.unmapped.id)]},
                    {"name": "Two", "source_ids": [Command.link(self.unmapped.id)]},
                ]
            )

        self.assertEqual(self._count(), before)

    def test_source_moves_once_it_was_taken_off(self):
        self.distributor.with_user(self.director).write(
            {"source_ids": [Command.unlink(self.dealer_fair.id)]}
        )

        dealer = self._create_as_director(
            source_ids=[Command.link(self.dealer_fair.id)]
        )

        self.assertEqual(self.distributor.source_ids, self.dealer_call)
        self.assertEqual(
            self._make_lead(source_id=self.dealer_fair.id).origination_id, dealer
        )

    @mute_logger("odoo.sql_db")
    def test_code_is_unique(self):
        before = self._count()

        with self.assertRaises(IntegrityError):
            self._create_as_director(code="DIST")

        self.assertEqual(self._count(), before)

    def test_copy_takes_neither_code_nor_mapping(self):
        copy = self.distributor.with_user(self.director).copy()

        self.assertFalse(copy.code)
        self.assertFalse(copy.source_ids)
        self.assertFalse(copy.medium_ids)

    def test_seller_does_not_change_the_mapping(self):
        with self.assertRaises(AccessError):
            self.distributor.with_user(self.seller).source_ids = self.unmapped

        self.assertEqual(
            self.distributor.source_ids, self.dealer_fair | self.dealer_call
        )

    def test_origination_in_use_is_not_deleted(self):
        lead = self._make_lead(origination_id=self.distributor.id)

        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.distributor.unlink()

        self.assertEqual(lead.origination_id, self.distributor)

    def test_archived_origination_stays_with_who_has_it(self):
        lead = self._make_lead(origination_id=self.distributor.id)

        self.distributor.with_user(self.director).action_archive()

        self.assertEqual(lead.origination_id, self.distributor)
        self.assertFalse(self.env["crm.origination"].name_search("Distributor"))

    def test_origination_is_found_by_name_and_by_code(self):
        for text in ("Distributor", "DIST"):
            with self.subTest(text=text):
                found = self.env["crm.origination"].name_search(text, operator="=")
                self.assertEqual(found, [(self.distributor.id, "Distributor")])


@tagged("post_install", "-at_install")
class TestOriginationOfCustomer(OriginationCase):
    """The customer made from an enquiry keeps its origination."""

    def test_conversion_carries_origination_and_market_to_the_customer(self):
        enquiry = self._make_lead(
            type="lead",
            partner_name="Panaderías Gil",
            contact_name="Marta Gil",
            source_id=self.dealer_fair.id,
            market_id=self.market.id,
        ).with_user(self.seller)
        wizard = (
            self.env["crm.lead2opportunity.partner"]
            .with_user(self.seller)
            .with_context(
                active_model="crm.lead", active_id=enquiry.id, active_ids=enquiry.ids
            )
            .create({"name": "convert", "action": "create"})
        )

        wizard.action_apply()

        self.assertEqual(enquiry.type, "opportunity")
        self.assertEqual(enquiry.origination_id, self.distributor)
        self.assertRecordValues(
            enquiry.partner_id | enquiry.organization_id,
            [
                {
                    "name": "Marta Gil",
                    "origination_id": self.distributor.id,
                    "market_id": self.market.id,
                    "account_status": "potential",
                },
                {
                    "name": "Panaderías Gil",
                    "origination_id": self.distributor.id,
                    "market_id": self.market.id,
                    "account_status": "potential",
                },
            ],
        )
