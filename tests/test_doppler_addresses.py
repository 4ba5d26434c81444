from odoo.tests import BaseCase, tagged

from odoo.addons.crm_gestion.tools.doppler.addresses import (
    normalized,
    refusal,
    spellings,
)


@tagged("post_install", "-at_install")
class TestAddresses(BaseCase):
    def test_normalized(self):
        for text, email in [
            ("ana@people.example", "ana@people.example"),
            ("  ANA@People.Example\n", "ana@people.example"),
            ("o'hara+news@people.example", "o'hara+news@people.example"),
            ("ana@Ñandú.example", "ana@xn--and-6ma2c.example"),
        ]:
            with self.subTest(text=text):
                self.assertEqual(normalized(text), email)

    def test_what_is_no_address(self):
        for text in (
            "", None, False, "ana", "@people.example", "ana@", "ana@people",
            "ana@people..example", ".ana@people.example", "ana.@people.example",
            "a na@people.example", "ana@-people.example", "ana@people.example.",
            "ana@@people.example", "a,b@people.example", "añá@people.example",
            "ana@pe_ople.example", "Ana <ana@people.example>",
            "ana@" + "x" * 64 + ".es",
        ):  # fmt: skip
            with self.subTest(text=text):
                self.assertEqual(normalized(text), "")
                self.assertEqual(refusal(normalized(text)), "invalid")

    def test_what_doppler_does_not_take(self):
        long = "x" * 60 + "@" + "y" * 31 + ".example"
        self.assertEqual(len(long), 100)
        for email, reason in [
            ("ana@people.example", ""),
            ("soporte@people.example", "role"),
            ("www@people.example", "role"),
            ("soportes@people.example", ""),
            (long, ""),
            (f"x{long}", "invalid"),
        ]:
            with self.subTest(email=email):
                self.assertEqual(refusal(email), reason)

    def test_spellings_lead_back(self):
        for email in ("ana@people.example", "ana@xn--and-6ma2c.example"):
            for text in spellings(email):
                self.assertEqual(normalized(text), email)
