# ruff: noqa: F821
"""Print what the tables of add-ons that stay hold: a sum over the columns that stay,
for each row that who goes has not brought. UNINSTALLED is what goes; what depends on it
goes with it, and is printed too."""

import hashlib
import json

# Odoo's own book-keeping, and what going away is about.
BOOKS = ("ir.", "res.groups", "bus.", "base.", "res.users", "mail.", "digest.")


modules = env["ir.module.module"].search([("name", "in", UNINSTALLED)])
GOES = sorted({*UNINSTALLED, *modules.downstream_dependencies().mapped("name")})


def is_kept(model):
    return (
        model._auto
        and not model._abstract
        and not model._transient
        and model._original_module not in GOES
        and not model._name.startswith(BOOKS)
    )


def columns(model):
    """Columns that nobody who goes has touched; what a module that goes computes or
    extends may change with it."""
    return [
        name
        for name, field in model._fields.items()
        if field.store
        and field.column_type
        and not field.compute
        and set(field._modules) == {model._original_module}
        and name not in ("write_date", "write_uid")
    ]


def delivered(model):
    """Records that who goes has brought: they may go with it."""
    return set(
        env["ir.model.data"]
        .search([("module", "in", GOES), ("model", "=", model._name)])
        .mapped("res_id")
    )


kept = {}
for model in env.values():
    if not is_kept(model):
        continue
    names = sorted(columns(model))
    rows = model.sudo().with_context(active_test=False).search([], order="id")
    theirs = rows - rows.browse(delivered(model))
    if theirs:
        kept[model._table] = {
            row["id"]: hashlib.sha256(repr(row).encode()).hexdigest()
            for row in theirs.read(names, load=None)
        }
env.cr.rollback()
print(json.dumps({"goes": GOES, "rows": kept}))
