"""Updating a company at work from the version before this one: no row of our tables,
and nothing of ours in those of Odoo, is other than it was."""

import pytest

# the last commit of this version
OLD = "19.0.1.8.0"

# Every row that the add-on itself does not deliver, with the columns that it has in the
# old code: COLUMNS where they are known.
ROWS = """
import json
def is_ours(model):
    return model._auto and not model._abstract and not model._transient and (
        model._original_module == "crm_gestion"
        or any("crm_gestion" in field._modules for field in model._fields.values()))
def columns(model):
    return sorted(
        name for name, field in model._fields.items()
        if field.store and field.column_type and name not in ("write_date", "write_uid")
        and (model._original_module == "crm_gestion"
             or "crm_gestion" in field._modules or name in ("name", "active")))
if COLUMNS is None:
    COLUMNS = {model._name: columns(model) for model in env.values() if is_ours(model)}
rows = {}
for name, names in COLUMNS.items():
    delivered = env["ir.model.data"].search([
        ("model", "=", name), ("module", "=", "crm_gestion"),
        ("name", "not like", "demo")]).mapped("res_id")
    records = env[name].with_context(active_test=False, lang=None).search(
        [("id", "not in", delivered)], order="id")
    rows[name] = {row["id"]: row for row in records.read(names, load=None)}
env.cr.rollback()
print(json.dumps({"columns": COLUMNS, "rows": rows}, default=str))
"""

# what a company at work has beside the demo data
USED = (
    "crm.gestion",
    "crm.opportunity.stage",
    "crm.opportunity.closure",
    "crm.objective",
    "crm.campaign.member",
    "crm.affiliation",
    "crm.segment",
)


def rows(odoo, name, *args, columns=None):
    return odoo.shell(name, f"COLUMNS = {columns!r}\n{ROWS}", *args)


@pytest.fixture(scope="module")
def updated(database, odoo, assert_clean, old_code):
    """A database of the old code with demo data, and every row before the update."""
    name = database("upgrade_last", demo=True)
    path = old_code(OLD)
    odoo.install(name, "--with-demo", path)
    before = rows(odoo, name, path)
    assert_clean(odoo.update(name))
    return name, before


def test_every_row_of_the_version_before_is_kept(updated, odoo):
    name, before = updated
    assert [model for model in USED if not before["rows"][model]] == []
    after = rows(odoo, name, columns=before["columns"])["rows"]
    for model, kept in before["rows"].items():
        for row, values in kept.items():
            assert after[model].get(row) == values, (model, row)
