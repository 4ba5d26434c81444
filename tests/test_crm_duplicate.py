from odoo.tests import Form, tagged

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
class TestDuplicates(CrmGestionCommon):
    """Who enters an organization or contact again is told before it is saved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.spain = cls.env.ref("base.es")
        cls.organization.write(
            {
                "vat": "ESA12345674",
                "email": "Info@Aceites.example",
                "phone": "+34 924 000 000",
                "country_id": cls.spain.id,
            }
        )

    def _form(self, **values):
        form = Form(
            self.env["res.partner"]
            .with_user(self.stranger)
            .with_context(default_is_company=True)
        )
        form.name = "Aceites"
        form.country_id = self.spain
        for name, value in values.items():
            form[name] = value
        return form

    def _duplicates(self, form):
        return self.env["res.partner"].browse(form.duplicate_ids.ids)

    def test_nothing_in_common(self):
        form = self._form(vat="ESB12345674", email="x@y.example", phone="+34 911 00 00")
        self.assertFalse(self._duplicates(form))

    def test_tax_id_however_it_is_written(self):
        for vat in ("ESA12345674", "A12345674", "a-12345674", "es A 12.345.674"):
            with self.subTest(vat=vat):
                partner = self.env["res.partner"].new(
                    {"vat": vat, "is_company": True, "country_id": self.spain.id}
                )
                self.assertEqual(partner.duplicate_ids._origin, self.organization)

    def test_tax_id_in_the_form(self):
        self.assertEqual(
            self._duplicates(self._form(vat="A12345674")), self.organization
        )

    def test_not_subject_to_tax_is_no_tax_id(self):
        self.organization.vat = "/"
        self.assertFalse(self._duplicates(self._form(vat="/")))

    def test_email_however_it_is_written(self):
        self.assertEqual(
            self._duplicates(self._form(email='"Oil" <info@ACEITES.example>')),
            self.organization,
        )

    def test_phone_however_it_is_written(self):
        for phone in ("924 00 00 00", "+34924000000", "0034 924-000-000"):
            with self.subTest(phone=phone):
                self.assertEqual(
                    self._duplicates(self._form(phone=phone)), self.organization
                )

    def test_archived_ones_are_told(self):
        self.organization.active = False
        self.assertEqual(
            self._duplicates(self._form(vat="A12345674")), self.organization
        )

    def test_colleagues_share_the_phone_but_no_email(self):
        colleague = self.env["res.partner"].create(
            {
                "name": "Otra",
                "parent_id": self.organization.id,
                "phone": self.contact.phone,
            }
        )
        self.assertFalse(colleague.duplicate_ids)
        colleague.email = self.contact.email
        self.assertEqual(colleague.duplicate_ids, self.contact)

    def test_contact_with_the_email_of_the_organization(self):
        self.contact.write({"email": "info@aceites.example", "phone": False})
        self.assertFalse(self.contact.duplicate_ids)
        self.assertFalse(self.organization.duplicate_ids)

    def test_person_of_another_organization_with_the_same_phone(self):
        other = self.env["res.partner"].create(
            {"name": "Lucía F.", "phone": "924000001", "country_id": self.spain.id}
        )
        self.assertEqual(other.duplicate_ids, self.contact)

    def test_addresses_are_left_out(self):
        address = self.env["res.partner"].create(
            {"name": "Almacén", "type": "delivery", "email": "info@aceites.example"}
        )
        self.assertFalse(address.duplicate_ids)
        self.assertFalse(self.organization.duplicate_ids)

    def test_other_companies_tell_nothing(self):
        self.organization.company_id = self.env["res.company"].create({"name": "Other"})
        self.assertFalse(self._duplicates(self._form(email="info@aceites.example")))

    def test_employee_without_sales_rights_is_told_too(self):
        partner = self.env["res.partner"].with_user(self.employee)
        partner = partner.new({"email": "info@aceites.example"})
        self.assertEqual(partner.duplicate_ids._origin.ids, self.organization.ids)

    def test_value_that_many_share_is_bounded(self):
        self.env["res.partner"].create(
            [{"name": f"P{n}", "email": "common@x.example"} for n in range(30)]
        )
        form = self._form(email="common@x.example")
        self.assertEqual(len(self._duplicates(form)), 10)

    def test_many_at_once(self):
        partners = self.env["res.partner"].create(
            [
                {"name": f"P{n}", "email": f"p{n % 15}@x.example", "is_company": True}
                for n in range(30)
            ]
        )
        self.assertFlatGrowth(
            lambda some: some.mapped("duplicate_ids"), partners[:3], partners
        )
        self.assertEqual(partners[0].duplicate_ids, partners[15])

    def test_indexes_are_there(self):
        self.env.cr.execute(
            "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'res_partner_crm_%'"
        )
        names = {row[0] for row in self.env.cr.fetchall()}
        self.assertLessEqual(
            {f"res_partner_crm_{kind}_idx" for kind in ("vat", "email", "phone")}, names
        )

    def test_indexes_are_used(self):
        partners = self.env["res.partner"]
        partners.create({"name": "Fresh", "email": "fresh@x.example"}).flush_recordset()
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for column, value in (
            ("email_normalized", "x"),
            ("phone_sanitized", "x"),
            ("upper(regexp_replace(vat, '[^A-Za-z0-9]', '', 'g'))", "x"),
        ):
            with self.subTest(column=column):
                self.env.cr.execute(
                    f"EXPLAIN SELECT id FROM res_partner WHERE {column} = %s", [value]
                )
                plan = " ".join(row[0] for row in self.env.cr.fetchall())
                self.assertIn("res_partner_crm_", plan)
