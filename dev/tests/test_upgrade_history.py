"""Updating a database that an earlier version itself made and worked in. What
`test_upgrade` does not see, because it takes away from today's tables what was not
there, shows here."""

import pytest
from conftest import MODULE

# the commit that first had this version
OLD = "19.0.1.4.0"

WORK = """
import json
from datetime import timedelta
from odoo import fields
from odoo.tests import new_test_user
seller, director = (
    new_test_user(env, login=f"old_{name}", groups=f"crm_gestion.group_{group}")
    for name, group in (("seller", "seller"), ("director", "sales_director")))
account = env["res.partner"].create({
    "name": "Old Account", "is_company": True, "user_id": seller.id,
    "market_id": env.ref("crm_gestion.market_industry").id,
    "origination_id": env.ref("crm_gestion.origination_referral").id})
contact = env["res.partner"].create({
    "name": "Old Contact", "parent_id": account.id, "email": "old@account.example",
    "cargo_id": env["crm.cargo"].search([], limit=1).id})
gestion = env["crm.gestion"].with_user(seller).create({
    "contact_id": contact.id, "description": "Presented ourselves",
    "result_id": env.ref("crm_gestion.result_interest").id,
    "activity_type_id": env.ref("mail.mail_activity_data_call").id})
leads = env["crm.lead"].with_user(seller).create([
    {"name": name, "type": "opportunity", "partner_id": contact.id,
     "expected_revenue": 100} for name in ("open", "paused", "rejected", "won")])
Closure = env["crm.opportunity.closure"].with_user(seller)
Closure._close(leads[1], "standby",
               wake_date=fields.Date.today() + timedelta(days=30), note="Later")
Closure._close(leads[2], "rejected", env.ref("crm_gestion.lost_reason_price"))
env["sale.order"].with_user(seller).create({
    "partner_id": account.id, "opportunity_id": leads[3].id,
    "order_line": [(0, 0, {
        "product_id": env["product.product"].create({"name": "Thing"}).id})],
}).action_confirm()
env["crm.segment"].create({"name": "Old", "domain": "[('name', 'like', 'Old')]"})
env.cr.commit()
"""

STATE = """
import json
def rows(model, names, domain=()):
    return env[model].with_context(active_test=False).search(
        list(domain), order="id").read(names, load=None)
mine = [("name", "like", "Old")]
print(json.dumps({
    "partners": rows("res.partner", [
        "name", "market_id", "origination_id", "cargo_id", "account_status",
        "user_id", "parent_id"], mine),
    "affiliations": rows("crm.affiliation", [
        "contact_id", "organization_id", "cargo_id", "is_main"]),
    "gestiones": rows("crm.gestion", [
        "date", "user_id", "contact_id", "organization_id", "description",
        "result_id", "next_date", "next_activity_id"]),
    "leads": rows("crm.lead", [
        "name", "active", "stage_id", "probability", "won_status", "closure_kind",
        "standby_until", "origination_id", "market_id", "organization_id"]),
    "passages": rows("crm.opportunity.stage", [
        "lead_id", "stage_id", "move", "date_in", "date_out"]),
    "closures": rows("crm.opportunity.closure", [
        "lead_id", "kind", "date", "lost_reason_id", "wake_date", "note"]),
    "orders": rows("sale.order", ["opportunity_id", "state"]),
    "segments": rows("crm.segment", ["name", "domain"]),
    "masters": {model: env[model].search_count([]) for model in (
        "crm.origination", "crm.market", "crm.cargo", "crm.gestion.result")},
}, default=str))
"""

FIELDS = """
import json
env.cr.execute(
    "SELECT table_name, column_name FROM information_schema.columns")
columns = set(env.cr.fetchall())
print(json.dumps([
    f"{model._name}.{name}" for model in env.values()
    if model._auto and not model._abstract
    for name, field in model._fields.items()
    if "crm_gestion" in field._modules and field.store and field.column_type
    and (model._table, name) not in columns]))
"""


@pytest.fixture(scope="module")
def updated(database, odoo, assert_clean, old_code):
    """A database of the old code, what was in it, and the same after the update."""
    name = database("upgrade_history")
    path = old_code(OLD)
    odoo("-d", name, "-i", MODULE, "--stop-after-init", path)
    odoo.shell(name, WORK, path)
    before = odoo.shell(name, STATE, path)
    assert_clean(odoo.update(name))
    return name, before


def test_data_of_the_old_version_is_kept(updated, odoo):
    name, before = updated
    assert [lead["closure_kind"] for lead in before["leads"]] == [
        False,
        "standby",
        "rejected",
        "won",
    ]
    after = odoo.shell(name, STATE)
    for kind, rows in before.items():
        if kind != "masters":
            assert after[kind] == rows, kind
    # later versions may bring more of them, and take none
    for model, count in before["masters"].items():
        assert after["masters"][model] >= count, model


def test_every_field_has_its_column(updated, odoo):
    name, _before = updated
    assert odoo.shell(name, FIELDS) == []


def test_updated_again_nothing_changes(updated, odoo, assert_clean):
    name, _before = updated
    before = odoo.shell(name, STATE)
    assert_clean(odoo.update(name))
    assert odoo.shell(name, STATE) == before
