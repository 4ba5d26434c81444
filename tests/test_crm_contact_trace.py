from freezegun import freeze_time

from odoo.tests import tagged

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-03-02 12:00:00")
class TestContactTrace(CrmGestionCommon):
    """E-mail and phone of a customer do not change without a trace."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create(
            {"name": "Talleres Norte", "is_company": True, "user_id": cls.seller.id}
        )
        cls.row = cls.env["crm.affiliation"].create(
            {
                "contact_id": cls.contact.id,
                "organization_id": cls.other.id,
                "email": "lucia@norte.example",
            }
        )
        cls.seller.lang = "en_US"

    def _values(self, partner):
        """:return: list of field, old and new value that the chatter tells"""
        self.env.flush_all()
        self.env.cr.precommit.run()
        partner.invalidate_recordset(["message_ids"])
        return [
            (value.field_id.name, value.old_value_char, value.new_value_char)
            for value in partner.message_ids.sudo().tracking_value_ids.sorted("id")
        ]

    def _settle(self):
        """What was made before is no change."""
        self.env.flush_all()
        self.env.cr.precommit.run()

    def test_odoo_tracks_email_phone_and_salesperson(self):
        self._settle()
        seller = self.contact.with_user(self.seller)
        seller.write({"email": "new@aceites.example", "phone": "+34 924 000 002"})
        self.assertEqual(
            sorted(self._values(self.contact)),
            [
                ("email", "lucia@aceites.example", "new@aceites.example"),
                ("phone", "+34 924 000 001", "+34 924 000 002"),
            ],
        )
        self.assertEqual(self.contact.message_ids[0].author_id, self.seller.partner_id)
        self.organization.with_user(self.head).user_id = self.colleague
        self.assertEqual(
            self._values(self.organization), [("user_id", "Seller", "Colleague")]
        )

    def test_clients_do_not_turn_it_off(self):
        self._settle()
        for number, (user, key) in enumerate(
            (user, key)
            for user in (self.seller, self.head)
            for key in ("tracking_disable", "mail_notrack")
        ):
            with self.subTest(user=user.name, key=key):
                partner = self.contact.with_user(user).with_context(**{key: True})
                partner.write({"phone": f"+34 {number}"})
                self.assertEqual(self._values(self.contact)[-1][0], "phone")
                self.assertEqual(len(self._values(self.contact)), number + 1)

    def test_of_directors_and_without_a_role_it_is_odoos_own(self):
        self._settle()
        for user in self.director | self.native:
            partner = self.contact.with_user(user).with_context(tracking_disable=True)
            partner.write({"phone": f"+34 {user.id}"})
        self.assertEqual(self._values(self.contact), [])

    def _notes(self):
        return self.contact.message_ids.filtered(
            lambda message: "Reached at" in (message.body or "")
        )

    def test_of_an_affiliation_a_note_tells(self):
        row = self.row.with_user(self.seller)
        row.write({"email": "l.ferrer@norte.example", "phone": "+34 5"})
        note = self._notes()
        self.assertEqual(len(note), 1)
        self.assertEqual(note.author_id, self.seller.partner_id)
        for text in (
            "Reached at Talleres Norte:",
            "lucia@norte.example → l.ferrer@norte.example",
            "None → +34 5",
        ):
            self.assertIn(text, note.body)

    def test_same_value_is_no_change(self):
        self.row.with_user(self.seller).write({"email": "lucia@norte.example"})
        self.row.with_user(self.seller).write({"date_from": "2026-01-01"})
        self.assertFalse(self._notes())

    def test_what_is_typed_is_no_markup(self):
        self.row.with_user(self.seller).email = "<b>x</b>@norte.example"
        self.assertIn("&lt;b&gt;", self._notes().body)

    def test_that_of_the_employer_is_the_contacts_own(self):
        self._settle()
        main = self.env["crm.affiliation"].create(
            {
                "contact_id": self.contact.id,
                "organization_id": self.organization.id,
                "is_main": True,
            }
        )
        main.with_user(self.seller).email = "main@aceites.example"
        self.assertFalse(self._notes())
        self.assertIn(
            ("email", "lucia@aceites.example", "main@aceites.example"),
            self._values(self.contact),
        )

    def test_a_note_in_the_chatter_of_another_seller(self):
        """Who may write the affiliation, since one of the two is his."""
        self.contact.user_id = self.stranger
        self.organization.user_id = self.stranger
        self.row.with_user(self.seller).email = "x@norte.example"
        self.assertEqual(len(self._notes()), 1)

    def test_many_cost_no_more(self):
        def rows(number):
            contacts = self.env["res.partner"].create(
                [{"name": f"C{n}"} for n in range(number)]
            )
            return self.env["crm.affiliation"].create(
                [
                    {"contact_id": contact.id, "organization_id": self.other.id}
                    for contact in contacts
                ]
            )

        number = iter(range(100))

        def change(rows):
            rows.write({"email": f"{next(number)}@norte.example"})

        self.assertFlatGrowth(change, rows(3), rows(30))
