from datetime import date, datetime

from odoo.tests import tagged
from odoo.tests.common import BaseCase

from odoo.addons.crm_gestion.tools.doppler.values import digest, part_of, to_text


@tagged("post_install", "-at_install")
class TestValues(BaseCase):
    def test_formats_of_doppler(self):
        for type_, value, text in [
            ("string", " Ana\n", "Ana"),
            ("string", 12, "12"),
            ("string", 12.50, "12.5"),
            ("string", date(2026, 3, 2), "2026-03-02"),
            ("string", "x" * 400, "x" * 400),
            ("number", 0.1, "0.1"),
            ("number", -3, "-3"),
            ("number", 1e-7, "0.0000001"),
            ("number", 0, "0"),
            ("boolean", True, "true"),
            ("boolean", False, "false"),
            ("consent", True, "true"),
            ("permission", False, "false"),
            ("date", datetime(2026, 3, 2, 23, 59), "2026-03-02"),
            ("gender", "m", "M"),
            ("gender", "Femenino", "F"),
            ("country", "es", "ES"),
            ("phone", "+34 924 000 001", "+34 924 000 001"),
        ]:
            with self.subTest(type=type_, value=value):
                self.assertEqual(to_text(type_, value), text)

    def test_empty_is_empty(self):
        for type_ in ("string", "number", "date", "gender", "country", "email"):
            for value in (None, False, ""):
                with self.subTest(type=type_, value=value):
                    self.assertEqual(to_text(type_, value), "")

    def test_what_does_not_fit_is_told(self):
        for type_, value, reason in [
            ("string", "x" * 401, "too_long"),
            ("email", "x" * 101, "too_long"),
            ("number", float("inf"), "not_a_number"),
            ("number", "12", "not_a_number"),
            ("date", "2026-03-02", "not_a_date"),
            ("gender", "other", "not_a_gender"),
            ("country", "España", "not_a_country"),
            ("boolean", "yes", "type"),
            ("hologram", "x", "type"),
        ]:
            with self.subTest(type=type_, value=value):
                with self.assertRaises(ValueError) as caught:
                    to_text(type_, value)
                self.assertEqual(str(caught.exception), reason)

    def test_names(self):
        self.assertEqual(part_of(" Ana  María Ruiz", "first_word"), "Ana")
        self.assertEqual(part_of(" Ana  María Ruiz", "other_words"), "María Ruiz")

    def test_the_same_values_have_the_same_digest(self):
        self.assertEqual(digest({"A": "ñ", "B": ""}), digest({"B": "", "A": "ñ"}))
        self.assertNotEqual(digest({"A": "1"}), digest({"B": "1"}))
