# ruff: noqa: F821
"""Open every view of every model that is ours or that we extend, as each role; print
what could not be opened."""

import json

from odoo.tests import new_test_user

ROLES = ("seller", "sales_head", "sales_director")


def is_shared(model):
    """Whether the model is ours, or has a field of ours."""
    return model in env and (
        env[model]._original_module == "crm_gestion"
        or any("crm_gestion" in field._modules for field in env[model]._fields.values())
    )


users = [env.ref("base.user_admin")] + [
    new_test_user(env, login=f"beside_{role}", groups=f"crm_gestion.group_{role}")
    for role in ROLES
]
views = env["ir.ui.view"].search([("mode", "=", "primary"), ("type", "!=", "qweb")])
opened, bad = 0, []
for model, rows in views.filtered("model").grouped("model").items():
    if not is_shared(model):
        continue
    for user in users:
        records = env[model].with_user(user)
        if not records.has_access("read"):
            continue
        records.fields_get()
        for view in rows:
            try:
                records.get_view(view.id, view.type)
                opened += 1
            except Exception as error:
                bad.append(f"{view.xml_id} as {user.login}: {error}")
env.cr.rollback()
print(json.dumps({"opened": opened, "bad": bad}))
