from psycopg2 import IntegrityError

from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CrmGestionCommon


class MarketCase(CrmGestionCommon):
    """
    ::

        Energy                 NRG
        |- Renewable           NRG-REN
        |  |- Solar            NRG-SUN
        |- Gas                 NRG-GAS
        Health                 HLT
        |- Solar               HLT-SUN    (sun protection: the same name elsewhere)
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # where English is not installed, what is written in Spanish is English too
        cls.env["res.lang"]._activate_lang("en_US")
        cls.energy = cls._make_market("Energy", "NRG", "Energía")
        cls.renewable = cls._make_market(
            "Renewable", "NRG-REN", "Renovables", cls.energy
        )
        cls.solar = cls._make_market("Solar", "NRG-SUN", "Fotovoltaica", cls.renewable)
        cls.gas = cls._make_market("Gas", "NRG-GAS", "Gas", cls.energy)
        cls.health = cls._make_market("Health", "HLT", "Sanidad")
        cls.sun = cls._make_market("Solar", "HLT-SUN", "Solar", cls.health)
        cls.tree = (
            cls.energy | cls.renewable | cls.solar | cls.gas | cls.health | cls.sun
        )

    @classmethod
    def _make_market(cls, name, code, spanish, parent=None):
        market = cls.env["crm.market"].create(
            {
                "name": name,
                "code": code,
                "parent_id": parent.id if parent else False,
            }
        )
        market.with_context(lang="es_ES").name = spanish
        return market

    def _search(self, *domain, lang=None):
        markets = self.env["crm.market"].with_user(self.seller)
        if lang:
            markets = markets.with_context(lang=lang)
        return markets.search([("id", "in", self.tree.ids), *domain])


@tagged("post_install", "-at_install")
class TestMarketTree(MarketCase):
    def test_market_is_not_put_below_itself(self):
        for parent in (self.energy, self.renewable, self.solar):
            with self.subTest(parent=parent.name):
                with self.assertRaises(UserError):
                    self.energy.with_user(self.director).parent_id = parent
                self.assertFalse(self.energy.parent_id)
                self.assertEqual(self.solar.complete_name, "Energy / Renewable / Solar")

    def test_branch_moves_with_all_below_it(self):
        self.renewable.with_user(self.director).parent_id = self.health

        self.assertEqual(self.solar.complete_name, "Health / Renewable / Solar")
        self.assertEqual(
            self._search(("id", "child_of", self.health.id)),
            self.renewable | self.solar | self.health | self.sun,
        )

    def test_market_with_submarkets_is_not_deleted(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.energy.unlink()

        self.assertEqual(self.renewable.parent_id, self.energy)

    def test_market_in_use_is_not_deleted(self):
        self.organization.market_id = self.solar

        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.solar.unlink()

        self.assertEqual(self.organization.market_id, self.solar)

    def test_archived_market_stays_with_who_has_it(self):
        self.organization.market_id = self.solar

        self.solar.with_user(self.director).action_archive()

        self.assertEqual(self.contact.market_id, self.solar)
        self.assertEqual(
            self._search(("id", "child_of", self.energy.id)),
            self.energy | self.renewable | self.gas,
        )


@tagged("post_install", "-at_install")
class TestMarketName(MarketCase):
    """A market is shown with all that is above it, in the language of the reader."""

    def test_complete_name_tells_the_whole_path(self):
        self.assertEqual(
            self.tree.mapped("complete_name"),
            [
                "Energy",
                "Energy / Renewable",
                "Energy / Renewable / Solar",
                "Energy / Gas",
                "Health",
                "Health / Solar",
            ],
        )

    def test_complete_name_in_two_languages_at_once(self):
        spanish = self.tree.with_context(lang="es_ES")

        self.assertEqual(self.solar.complete_name, "Energy / Renewable / Solar")
        self.assertEqual(
            spanish.mapped("complete_name"),
            [
                "Energía",
                "Energía / Renovables",
                "Energía / Renovables / Fotovoltaica",
                "Energía / Gas",
                "Sanidad",
                "Sanidad / Solar",
            ],
        )
        self.assertEqual(self.solar.complete_name, "Energy / Renewable / Solar")

    def test_it_is_shown_with_its_complete_name(self):
        self.assertEqual(self.solar.display_name, "Energy / Renewable / Solar")
        self.assertEqual(
            self.solar.with_context(lang="es_ES").display_name,
            "Energía / Renovables / Fotovoltaica",
        )

    def test_new_name_of_a_parent_shows_below(self):
        self.energy.with_user(self.director).name = "Power"

        self.assertEqual(self.solar.complete_name, "Power / Renewable / Solar")
        self.assertEqual(self.gas.display_name, "Power / Gas")
        self.assertEqual(
            self.solar.with_context(lang="es_ES").complete_name,
            "Energía / Renovables / Fotovoltaica",
        )

    def test_form_shows_the_path_before_saving(self):
        form = Form(self.env["crm.market"].with_user(self.director))
        form.name = "Wind"
        form.parent_id = self.renewable

        self.assertEqual(form.save().complete_name, "Energy / Renewable / Wind")


@tagged("post_install", "-at_install")
class TestMarketSearch(MarketCase):
    def test_parents_name_finds_all_below(self):
        self.assertEqual(
            self._search(("complete_name", "ilike", "energy")),
            self.energy | self.renewable | self.solar | self.gas,
        )
        self.assertEqual(
            self._search(("complete_name", "ilike", "renew")),
            self.renewable | self.solar,
        )

    def test_exact_name_finds_all_below(self):
        self.assertEqual(
            self._search(("complete_name", "=", "Renewable")),
            self.renewable | self.solar,
        )
        self.assertEqual(
            self._search(("complete_name", "in", ["Gas", "Health"])),
            self.gas | self.health | self.sun,
        )

    def test_search_reads_the_language_of_the_user(self):
        self.assertEqual(
            self._search(("complete_name", "ilike", "renovables"), lang="es_ES"),
            self.renewable | self.solar,
        )

    def test_organizations_of_a_branch_are_found(self):
        partners = self.env["res.partner"].create(
            [
                {"name": "Sun Inc.", "is_company": True, "market_id": self.solar.id},
                {"name": "Gas Inc.", "is_company": True, "market_id": self.gas.id},
                {"name": "Care Inc.", "is_company": True, "market_id": self.health.id},
            ]
        )

        found = (
            self.env["res.partner"]
            .with_user(self.seller)
            .search(
                [
                    ("id", "in", partners.ids),
                    ("market_id", "child_of", self.energy.id),
                ]
            )
        )

        self.assertEqual(found.sorted("id"), partners[:2])

    def test_market_is_found_by_name_code_and_path(self):
        for text, market in (
            ("Renewable", self.renewable),
            ("NRG-REN", self.renewable),
            ("Energy / Renewable", self.renewable),
            ("Energy / Renewable / Solar", self.solar),
            ("Health / Solar", self.sun),
            ("HLT-SUN", self.sun),
        ):
            with self.subTest(text=text):
                found = self.env["crm.market"].name_search(text, operator="=")
                self.assertEqual([id_ for id_, _name in found], market.ids)

    def test_path_that_does_not_exist_finds_nothing(self):
        for text in ("Health / Renewable", "Renewable / Energy", "Renewable / Solar"):
            with self.subTest(text=text):
                self.assertFalse(self.env["crm.market"].name_search(text, operator="="))

    def test_typing_a_part_of_the_path_finds_it(self):
        found = self.env["crm.market"].name_search("energy / ren")

        self.assertEqual(found, [(self.renewable.id, "Energy / Renewable")])

    def test_excluding_a_market_by_name_leaves_the_others(self):
        self.assertEqual(
            self._search(("display_name", "not ilike", "solar")),
            self.energy | self.renewable | self.gas | self.health,
        )
