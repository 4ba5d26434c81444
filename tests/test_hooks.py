from unittest.mock import patch

from odoo import models
from odoo.models import MetaModel
from odoo.tests import TransactionCase, tagged
from odoo.tools import sql

from odoo.addons.crm_gestion import hooks, schema
from odoo.addons.crm_gestion.schema.builder import SchemaBuilder

MODULE = "crm_gestion"
# What an extension of ours may not change in a field of Odoo's: its column would be
# written, or the table locked, until the installation ends.
COLUMN_ATTRIBUTES = {"company_dependent", "ondelete", "related", "required", "store"}


@tagged("post_install", "-at_install")
class TestSchemaBeforehand(TransactionCase):
    """Whatever the ORM would do to a table while it holds it is declared in a way that
    lets it be done before. Who adds something else finds it here."""

    def _stored(self):
        """Our stored fields in tables of Odoo's."""
        for model in self.env.values():
            if model._original_module == MODULE or model._abstract or not model._auto:
                continue
            for field in model._fields.values():
                ours = set(field._modules) == {MODULE}
                if ours and field.store and field.column_type:
                    yield model, field

    def test_computed_fields_are_filled_by_something_else(self):
        computed = {}
        for model, field in self._stored():
            if field.compute:
                computed.setdefault(model._name, []).append(field.name)
        expected = {name: list(fields) for name, fields in hooks.FILLED.items()}
        self.assertEqual({k: sorted(v) for k, v in computed.items()}, expected)

    def test_required_fields_have_a_value_for_the_rows_that_are_there(self):
        builder = SchemaBuilder(self.env.cr, list(self.env.values()), hooks.FILLED)
        lacking = [
            str(field)
            for model, field in self._stored()
            if builder._wants_rows(model, field)
        ]
        self.assertEqual(lacking, [])

    def test_constraints_are_fulfilled_row_by_row(self):
        """A unique one would need an index, made under a lock: a unique index is made
        while others write."""
        others = [
            constraint.full_name(model)
            for model in self.env.values()
            if model._original_module != MODULE
            for constraint in model._table_objects.values()
            if constraint._module == MODULE
            and not isinstance(constraint, models.Index)
            and not constraint.get_definition(self.registry).startswith("CHECK")
        ]
        self.assertEqual(others, [])

    def test_columns_of_odoo_stay_as_they_are(self):
        changed = []
        for definition in MetaModel._module_to_models__[MODULE]:
            fields = self.env[definition._name]._fields
            for field in definition._field_definitions:
                native = set(fields[field.name]._modules) != {MODULE}
                if native and COLUMN_ATTRIBUTES & set(field._args__ or ()):
                    changed.append(f"{definition._name}.{field.name}")
        self.assertEqual(changed, [])

    def test_there_is_nothing_left_to_make(self):
        """The database is as the models declare it, by names and all."""
        builder = SchemaBuilder(self.env.cr, list(self.env.values()), hooks.FILLED)
        missing = [
            f"{model._table}.{field.name}"
            for model in builder.models
            for field in builder._stored(model)
            if not sql.column_exists(self.env.cr, model._table, field.name)
        ]
        self.assertEqual(missing, [])
        keys = schema.declared_foreign_keys(builder.models)
        existing = builder._foreign_keys(keys)
        unchecked = [key for key in keys if not existing[key][-1]]
        self.assertEqual(unchecked, [])

    def test_odoo_knows_our_foreign_keys(self):
        names = self.env["ir.model.constraint"].search(
            [("module.name", "=", MODULE), ("type", "=", "f")]
        )
        self.assertIn("crm_lead_organization_id_fkey", names.mapped("name"))
        self.assertIn("crm_gestion_lead_id_fkey", names.mapped("name"))

    def test_within_a_test_nothing_is_committed(self):
        with patch.object(schema, "SchemaBuilder") as builder:
            hooks.make_schema(self.env.cr)
        builder.assert_not_called()
