"""Updating from 19.0.1.0.0: no gates, no passages and no orders on closures."""

import pytest

# What that version left behind, as near as it can be made without its code: it wrote
# the same opportunities and closures.
WORK = """
from datetime import timedelta
from odoo import fields

partner = env["res.partner"].create({"name": "Old Customer", "is_company": True})
product = env["product.product"].create({"name": "Thing", "list_price": 50})
stages = env["crm.stage"].search([("is_method", "=", True)])
won, without, paused, lost, resumed, moved = leads = env["crm.lead"].create([
    {"name": name, "type": "opportunity", "partner_id": partner.id,
     "expected_revenue": 100}
    for name in ("won", "without", "paused", "lost", "resumed", "moved")
])
env.cr.commit()
# Odoo tracks nothing in the transaction of a creation, and dates in whole seconds
env.cr.execute("UPDATE crm_lead SET create_date = create_date - interval '1 day'")
env["crm.stage"]._waive_gates(moved).stage_id = stages[1]
env.cr.commit()
env["crm.stage"]._waive_gates(moved).stage_id = stages[3]
env["crm.stage"]._waive_gates(without).stage_id = stages[4]
order = env["sale.order"].create({
    "partner_id": partner.id, "opportunity_id": won.id,
    "order_line": [(0, 0, {"product_id": product.id})],
})
order.action_confirm()
Closure = env["crm.opportunity.closure"]
later = fields.Date.today() + timedelta(days=20)
Closure._close(paused | resumed, "standby", wake_date=later)
Closure._close(lost, "rejected", env.ref("crm_gestion.lost_reason_price"))
resumed.action_crm_resume()
env.cr.commit()
"""

GO_BACK = """
gates = [name for name in env["crm.stage"]._fields if name.startswith("gate_")]
env.cr.execute("DELETE FROM crm_opportunity_stage")
for gate in gates:
    env.cr.execute(f"ALTER TABLE crm_stage DROP COLUMN {gate}")
env.cr.execute("ALTER TABLE crm_opportunity_closure DROP COLUMN order_id, "
               "DROP COLUMN days_paused")
env.cr.execute("ALTER TABLE crm_lead DROP COLUMN native_stage_id, "
               "DROP COLUMN is_revenue_typed, DROP COLUMN push_count")
env.cr.execute("DELETE FROM ir_cron_trigger")
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.0.0' "
               "WHERE name = 'crm_gestion'")
env.cr.commit()
"""

CLOSURES = """
import json
print(json.dumps(env["crm.opportunity.closure"].search([], order="id").read(
    ["lead_id", "kind", "date", "stage_id", "probability", "wake_date",
     "reopen_date", "lost_reason_id"], load=None), default=str))
"""

STATE = """
import json
Lead = env["crm.lead"].with_context(active_test=False)
stages = env["crm.stage"].search([("is_method", "=", True)])
gates = [name for name in stages._fields if name.startswith("gate_")]
cron = env.ref("crm_gestion.ir_cron_history")
triggered = env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
cron.method_direct_trigger()
env.cr.rollback()  # the cron has its own connection
print(json.dumps({
    "gates": [[name for name in gates if stage[name]] for stage in stages],
    "state": {lead.name: [lead.active, lead.won_status, lead.closure_kind]
              for lead in Lead.search([], order="id")},
    "orders": {row.lead_id.name: row.order_id.opportunity_id.name for row in
               env["crm.opportunity.closure"].search([("kind", "=", "won")])},
    "triggered": triggered,
    "passages": {lead.name: [
        [row.move, stages.ids.index(row.stage_id.id), bool(row.date_out)]
        for row in lead.opportunity_stage_ids.sorted("id")
    ] for lead in Lead.search([], order="id")},
}))
"""

CHOICE = """
env.ref("crm_gestion.stage_negotiate_proposal").gate_deadline = True
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.0.0' "
               "WHERE name = 'crm_gestion'")
env.cr.commit()
"""

CLEAR = """
stages = env["crm.stage"].search([("is_method", "=", True)])
stages.write({name: False for name in stages._fields if name.startswith("gate_")})
env.cr.commit()
"""

GATES = """
import json
stages = env["crm.stage"].search([("is_method", "=", True)])
gates = [name for name in stages._fields if name.startswith("gate_")]
print(json.dumps([[name for name in gates if stage[name]] for stage in stages]))
"""


@pytest.fixture(scope="module")
def updated(database, installed, odoo, assert_clean):
    """A database of 19.0.1.0.0 that was updated, and its closures before."""
    name = database("upgrade", copy_of=installed)
    odoo.shell(name, WORK)
    before = odoo.shell(name, CLOSURES)
    odoo.shell(name, GO_BACK)
    assert_clean(odoo.update(name))
    return name, before


def test_existing_installations_get_gates_passages_and_orders(updated, odoo):
    name, before = updated
    assert odoo.shell(name, CLOSURES) == before
    assert len(before) == 5
    presenting = ["gate_contact", "gate_gestion"]
    sizing = [*presenting, "gate_origination", "gate_deadline"]
    assert odoo.shell(name, STATE) == {
        "gates": [
            [],
            presenting,
            sizing,
            [*sizing, "gate_amount", "gate_lines"],
            ["gate_order"],
        ],
        "state": {
            "won": [True, "won", "won"],
            "without": [True, "won", "won"],
            "paused": [False, "pending", "standby"],
            "lost": [False, "lost", "rejected"],
            "resumed": [True, "pending", False],
            "moved": [True, "pending", False],
        },
        "orders": {"won": "won", "without": False},
        "triggered": 1,
        "passages": {
            "won": [["created", 0, True], ["won", 4, True]],
            "without": [["created", 0, True], ["won", 4, True]],
            "paused": [["created", 0, True], ["closed", 0, True]],
            "lost": [["created", 0, True], ["closed", 0, True]],
            "resumed": [["created", 0, False]],
            "moved": [
                ["created", 0, True],
                ["forward", 1, True],
                ["skipped", 3, False],
            ],
        },
    }


def test_gates_that_a_director_chose_stay(updated, database, odoo, assert_clean):
    name = database("upgrade_gates", copy_of=updated[0])
    odoo.shell(name, CLEAR)
    odoo.shell(name, CHOICE)
    assert_clean(odoo.update(name))
    assert odoo.shell(name, GATES) == [[], [], [], ["gate_deadline"], []]
