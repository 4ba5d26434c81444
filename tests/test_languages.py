"""Spanish of Spain and of America, each user in his own."""

from odoo.tests import tagged
from odoo.tools.translate import code_translations

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
class TestLanguages(CrmGestionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        languages = ["es_ES", "es_419", "es_AR"]
        for language in languages:
            cls.env["res.lang"]._activate_lang(language)
        cls.env["ir.module.module"]._load_module_terms(["crm_gestion"], languages)

    def _label(self, model, field, language):
        fields = self.env[model].with_context(lang=language).fields_get([field])
        return fields[field]["string"]

    def test_labels_are_those_of_the_region(self):
        """Argentina has no words of its own: it reads those of Latin America."""
        labels = {
            language: (
                self._label("crm.opportunity.order", "template_id", language),
                self._label("crm.origination.report", "cost", language),
            )
            for language in ("es_ES", "es_419", "es_AR")
        }

        latin = ("Plantilla de cotización", "Costo")
        self.assertEqual(labels["es_419"], latin)
        self.assertEqual(labels["es_AR"], latin)

    def test_what_is_the_same_everywhere_is_said_once(self):
        for language in ("es_ES", "es_419", "es_AR"):
            with self.subTest(language=language):
                label = self._label("crm.gestion", "next_date", language)
                self.assertEqual(label, "Fecha del próximo paso")

    def test_messages_are_those_of_the_region(self):
        source = "Choose a quotation of this opportunity."

        def said(language):
            terms = code_translations.get_python_translations("crm_gestion", language)
            return terms[source]

        self.assertIn("presupuesto", said("es_ES"))
        self.assertEqual(said("es_AR"), "Elige una cotización de esta oportunidad.")
        self.assertEqual(said("es_419"), said("es_AR"))
