from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .doppler_common import DopplerCommon


class MappingCommon(DopplerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mappings = cls.env["crm.doppler.mapping"].with_user(cls.director)
        cls.account._load_fields(cls.account._client())
        cls.account.mapping_ids.unlink()
        cls.spain = cls.env.ref("base.es")

    def _map(self, name, source, part="all"):
        field = self.account.field_ids.filtered(lambda field: field.name == name)
        return self.mappings.create(
            {
                "account_id": self.account.id,
                "field_id": field.id,
                "source": source,
                "part": part,
            }
        )

    def _payload(self, partner):
        return self.account._payload(partner)[partner]


@tagged("post_install", "-at_install")
class TestMapping(MappingCommon):
    def test_only_what_the_type_can_hold(self):
        for name, source, words in [
            ("EMAIL", "email", "does not let anybody fill EMAIL"),
            ("Puntos", "name", "cannot hold"),
            ("Cliente", "name", "cannot hold"),
            ("BIRTHDAY", "name", "cannot hold"),
            ("COUNTRY", "user_id", "cannot hold"),
            ("Empresa", "category_id", "cannot hold"),
            ("Empresa", "signup_type", "not for everybody"),
            ("Empresa", "email_normalized", None),
            ("Empresa", "last_gestion_date", "not kept"),
        ]:
            with self.subTest(field=name, source=source), self.cr.savepoint() as point:
                field = self.env["res.partner"]._fields[source]
                if words == "not kept":
                    self.assertFalse(field.store)
                values = {
                    "account_id": self.account.id,
                    "field_id": self.account.field_ids.filtered(
                        lambda field, name=name: field.name == name
                    ).id,
                    "partner_field_id": self.env["ir.model.fields"]
                    ._get("res.partner", source)
                    .id,
                }
                if words is None:
                    self.mappings.create(values)
                else:
                    with self.assertRaisesRegex(ValidationError, words):
                        self.mappings.create(values)
                point.rollback()

    def test_types_are_words_and_not_those_of_the_service(self):
        named = self.account.with_user(self.director).field_ids
        found = {field.name: field.type_label for field in named}
        self.assertEqual(
            [found[name] for name in ("FIRSTNAME", "BIRTHDAY", "COUNTRY", "Puntos")],
            ["Text", "Date", "Country", "Number"],
        )
        with self.assertRaisesRegex(ValidationError, "BIRTHDAY is of the type Date"):
            self._map("BIRTHDAY", "name")

    def test_only_texts_have_words(self):
        with self.assertRaisesRegex(ValidationError, "has words"):
            self._map("COUNTRY", "country_id", "first_word")

    def test_a_field_of_another_model(self):
        field = self.env["ir.model.fields"]._get("crm.lead", "name")
        with self.assertRaisesRegex(ValidationError, "not kept with the contact"):
            self.mappings.create(
                {
                    "account_id": self.account.id,
                    "field_id": self.account.field_ids[0].id,
                    "partner_field_id": field.id,
                }
            )

    def test_a_field_of_another_account(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        other = self.account.create({"company_id": branch.id, "email": "b@b.example"})
        target = self.env["crm.doppler.field"].create(
            {"account_id": other.id, "name": "X", "type": "string"}
        )
        with self.assertRaisesRegex(ValidationError, "another account"):
            self.mappings.sudo().create(
                {
                    "account_id": self.account.id,
                    "field_id": target.id,
                    "source": "name",
                }
            )

    def test_sellers_neither_read_nor_set_it(self):
        mapping = self._map("FIRSTNAME", "name")
        with self.assertRaises(AccessError):
            mapping.with_user(self.seller).read(["part"])
        with self.assertRaises(AccessError):
            mapping.with_user(self.seller).write({"part": "first_word"})

    def test_what_is_offered_can_be_chosen(self):
        offered = dict(self.mappings._selection_source())
        self.assertTrue({"name", "country_id", "phone", "is_company"} <= set(offered))
        self.assertFalse(
            {"id", "create_uid", "signup_type", "image_128"} & set(offered)
        )
        mapping = self._map("Empresa", "name")
        mapping.source = "city"
        self.assertEqual(mapping.sudo().partner_field_id.name, "city")
        self.assertEqual(mapping.read(["source"])[0]["source"], "city")


@tagged("post_install", "-at_install")
class TestPayload(MappingCommon):
    def test_values_in_the_formats_of_doppler(self):
        self._map("FIRSTNAME", "name", "first_word")
        self._map("LASTNAME", "name", "other_words")
        self._map("COUNTRY", "country_id")
        self._map("Empresa", "parent_id")
        self._map("Cliente", "is_company")
        self._map("Puntos", "color")
        self._map("BIRTHDAY", "create_date")
        self._map("Ciudad", "city")
        self.contact.write({"country_id": self.spain.id, "color": 3, "city": False})
        self.env.flush_all()
        self.cr.execute(
            "UPDATE res_partner SET create_date = '2026-03-01 23:30' WHERE id = %s",
            [self.contact.id],
        )
        self.contact.invalidate_recordset()
        self.env.company.resource_calendar_id.tz = "Europe/Madrid"
        self.assertEqual(
            self._payload(self.contact),
            {
                "FIRSTNAME": "Lucía",
                "LASTNAME": "Ferrer",
                "COUNTRY": "ES",
                "Empresa": "Aceites del Sur",
                "Cliente": "false",
                "Puntos": "3",
                "BIRTHDAY": "2026-03-02",
            },
        )

    def test_labels_in_the_language_of_the_company(self):
        self._map("Empresa", "market_id")
        self.env["res.lang"]._activate_lang("es_ES")
        self.market.with_context(lang="es_ES").name = "Alimentación"
        self.market.with_context(lang="en_US").name = "Food"
        self.env.company.partner_id.lang = "es_ES"
        self.assertIn("Alimentación", self._payload(self.organization)["Empresa"])

    def test_what_does_not_fit_is_left_out_and_counted(self):
        mapping = self._map("Empresa", "function")
        self._map("FIRSTNAME", "name")
        self.contact.function = "x" * 401
        self.assertEqual(self._payload(self.contact), {"FIRSTNAME": "Lucía Ferrer"})
        misfits = self.account.mapping_ids._count_misfits(
            self.contact | self.organization
        )
        self.assertEqual(misfits, {(mapping.sudo(False), "too long"): 1})
        told = self.account.with_user(self.director).action_try_mapping()["params"]
        self.assertEqual(told["type"], "warning")
        self.assertIn("Empresa: 1 (too long)", told["message"])

    def test_without_mapping_nothing_but_the_address_is_sent(self):
        self.assertEqual(self._payload(self.contact), {})

    def test_many_contacts_cost_no_more_queries(self):
        self._map("FIRSTNAME", "name", "first_word")
        self._map("COUNTRY", "country_id")
        self._map("Empresa", "parent_id")
        self._map("Ciudad", "market_id")
        parents = self.env["res.partner"].create(
            [{"name": f"Firm {n}", "is_company": True} for n in range(30)]
        )
        people = self.env["res.partner"].create(
            [
                {
                    "name": f"Person {n}",
                    "parent_id": parent.id,
                    "country_id": self.spain.id,
                }
                for n, parent in enumerate(parents)
            ]
        )
        self.assertFlatGrowth(self.account._payload, people[:3], people)
