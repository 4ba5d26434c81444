from psycopg2.errors import UniqueViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
class TestLostAnswer(CrmGestionCommon):
    """A form was saved, and no answer came: a server had died, a network was gone. Who
    saves it again does not log the same interaction twice."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gestiones = cls.env["crm.gestion"].with_user(cls.seller)

    def _opened(self):
        """:return: what the web client sends of a form that was filled in"""
        spec = {"external_ref": {}, "date": {}}
        proposed = self.gestiones.onchange({}, [], spec)["value"]
        return {
            **proposed,
            "contact_id": self.contact.id,
            "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
            "result_id": self.env.ref("crm_gestion.result_informed").id,
        }

    def test_the_same_form_is_saved_once(self):
        vals = self._opened()
        self.gestiones.web_save(vals, {})
        before = self.gestiones.search_count([])
        with (
            self.assertRaises(UniqueViolation) as caught,
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.gestiones.web_save(vals, {})
        self.assertEqual(self.gestiones.search_count([]), before)
        # what Odoo tells of it
        english = self.gestiones.with_context(lang="en_US")
        told = english._sql_error_to_message(caught.exception)
        self.assertIn("This gestión is saved already", told)

    def test_another_form_is_another_gestion(self):
        first, second = self._opened(), self._opened()
        self.assertNotEqual(first["external_ref"], second["external_ref"])
        before = self.gestiones.search_count([])
        self.gestiones.web_save(first, {})
        self.gestiones.web_save(second, {})
        self.assertEqual(self.gestiones.search_count([]), before + 2)

    def test_forms_and_the_list_carry_the_reference(self):
        for name, kind in (
            ("crm_gestion_view_form", "form"),
            ("crm_gestion_view_form_dialog", "form"),
            ("crm_gestion_view_list_several", "list"),
        ):
            view = self.env.ref(f"crm_gestion.{name}")
            with self.subTest(view=name):
                self.assertIn(
                    'name="external_ref"',
                    self.gestiones.get_view(view.id, kind)["arch"],
                )

    def test_what_programs_make_needs_no_reference(self):
        """One that is there already keeps its own: nothing is proposed for it."""
        gestion = self._make_gestion(contact_id=self.contact.id)
        self.assertFalse(gestion.external_ref)
        spec = {"external_ref": {}, "date": {}}
        proposed = gestion.with_user(self.seller).onchange({}, [], spec)["value"]
        self.assertFalse(proposed.get("external_ref"))
