from ast import literal_eval
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools.translate import code_translations

from odoo.addons.crm_gestion.models.ir_filters import NAMES

from .common import CrmGestionCommon


@tagged("post_install", "-at_install")
class TestFilters(CrmGestionCommon):
    """Saved filters that the reports come with."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        data = cls.env["ir.model.data"].search(
            [("module", "=", "crm_gestion"), ("model", "=", "ir.filters")]
        )
        cls.filters = cls.env["ir.filters"].browse(data.mapped("res_id"))
        cls.bottlenecks = cls.env.ref("crm_gestion.ir_filters_stage_bottleneck")

    def _names(self, user, lang):
        """:return: what the menu of saved filters of the stages says"""
        filters = self.env["ir.filters"].with_user(user).with_context(lang=lang)
        found = filters.get_filters(
            self.bottlenecks.model_id, self.bottlenecks.action_id.id
        )
        return [values["name"] for values in found]

    def test_they_work_for_everybody_who_has_the_report(self):
        for saved in self.filters:
            context = literal_eval(saved.context)
            groups = context["pivot_row_groupby"] + context["pivot_column_groupby"]
            for user in (self.seller, self.head, self.director):
                with self.subTest(user=user.name, name=saved.name):
                    model = self.env[saved.model_id].with_user(user)
                    infos = model.fields_get(attributes=["aggregator"])
                    measures = [
                        name if name == "__count"
                        else f"{name}:{infos[name]['aggregator']}"
                        for name in context["pivot_measures"]
                    ]  # fmt: skip
                    model.formatted_read_grouping_sets(
                        literal_eval(saved.domain), [groups, groups[:1], []], measures
                    )

    def test_each_has_a_name_that_is_translated(self):
        translated = {name._source for name in NAMES}
        self.assertEqual(set(self.filters.mapped("name")), translated)

    def test_they_speak_the_reader_s_language(self):
        self.seller.lang = "es_ES"
        terms = {"Bottlenecks": "Cuellos"}
        with patch.object(code_translations, "get_python_translations") as translations:
            translations.return_value = terms
            names = self._names(self.seller, "es_ES")
        self.assertIn("Cuellos", names)
        self.assertNotIn("Bottlenecks", names)

    def test_a_filter_that_somebody_named_keeps_its_name(self):
        self.bottlenecks.name = "Mine now"
        self.assertIn("Mine now", self._names(self.seller, "es_ES"))

    def test_filters_of_other_screens_are_left_alone(self):
        self.env["ir.filters"].create(
            {"name": "Bottlenecks", "model_id": "crm.lead", "user_ids": False}
        )
        with patch.object(code_translations, "get_python_translations") as translations:
            translations.return_value = {"Bottlenecks": "Cuellos"}
            found = (
                self.env["ir.filters"]
                .with_context(lang="es_ES")
                .get_filters("crm.lead")
            )
        self.assertIn("Bottlenecks", [values["name"] for values in found])
