"""Updating from 19.0.1.0.0: no gates, no passages and no orders on closures; from
19.0.1.3.0: native campaigns, mailings and promotions; and from 19.0.1.4.0: what was
saved on screens that were replaced."""

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
    "orders": {
        row.lead_id.name: row.order_id.opportunity_id.name
        for row in env["crm.opportunity.closure"].search([("kind", "=", "won")])
    },
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

NATIVE = """
partner = env["res.partner"].create({
    "name": "Old Customer", "is_company": True, "email": "old@customers.example"})
product = env["product.product"].create({"name": "Thing", "list_price": 50})
spring, anywhere = env["utm.campaign"].create([
    {"title": "Spring"}, {"title": "Anywhere", "company_id": False}])
mailing = env["mailing.mailing"].create({
    "subject": "Old mailing", "body_html": "<p>Hello</p>", "campaign_id": spring.id,
    "mailing_model_id": env["ir.model"]._get("res.partner").id,
    "mailing_domain": repr([("id", "in", partner.ids)])})
mailing.action_send_mail()
mailing.mailing_trace_ids.set_opened()
env["loyalty.program"].create({
    "name": "Old promotion", "program_type": "promotion",
    "rule_ids": [(0, 0, {})], "reward_ids": [(0, 0, {})]})
env["sale.order"].create({
    "partner_id": partner.id, "campaign_id": spring.id,
    "order_line": [(0, 0, {
        "product_id": product.id, "product_uom_qty": 2, "tax_ids": False})],
}).action_confirm()
env.cr.commit()
# what that version did not have
for table in ("crm_campaign_member", "crm_campaign_budget", "crm_campaign_cost",
              "crm_mailing_metric", "crm_objective"):
    env.cr.execute(f"DROP TABLE {table} CASCADE")
for table, columns in {
    "utm_campaign": ("parent_id", "parent_path", "campaign_type", "segment_id"),
    "mailing_mailing": ("crm_segment_id",),
    "loyalty_program": ("campaign_id", "segment_id"),
    "digest_digest": ("kpi_crm_objectives", "kpi_crm_gestiones"),
}.items():
    for column in columns:
        env.cr.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
env.cr.execute("DELETE FROM ir_cron_trigger")
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.3.0' "
               "WHERE name = 'crm_gestion'")
env.cr.commit()
"""

CAMPAIGNS = """
import json
env = env(user=env.ref("base.user_admin"))
cron = env.ref("crm_gestion.ir_cron_campaign_members")
triggered = env["ir.cron.trigger"].sudo().search_count([("cron_id", "=", cron.id)])
env["crm.campaign.feed"].sudo()._cron_refresh()
spring = env["utm.campaign"].search([("title", "=", "Spring")])
mailing = env["mailing.mailing"].search([])
print(json.dumps({
    "triggered": triggered,
    "paths": [campaign.parent_path == f"{campaign.id}/"
              for campaign in env["utm.campaign"].search([])],
    "figures": [spring.won_revenue, spring.order_count, spring.opened_count,
                spring.first_touch_revenue],
    "mailing": [mailing.subject, mailing.state, mailing.mailing_trace_ids.trace_status,
                mailing.crm_segment_id.id],
    "promotions": env["loyalty.program"].search(
        [("name", "=", "Old promotion"), ("segment_id", "=", False)]).mapped("active"),
    "digest": env["digest.digest"].search([]).mapped("kpi_crm_objectives"),
}))
"""

FAVOURITES = """
user = env.ref("base.user_admin")
actions = {"analysis": "crm_gestion_report_action", "list": "crm_gestion_action",
           "stages": "crm_opportunity_stage_action"}
for name, action in actions.items():
    env["ir.filters"].create({
        "name": name, "is_default": True, "user_ids": user.ids,
        "model_id": "crm.opportunity.stage" if name == "stages" else "crm.gestion",
        "action_id": env.ref(f"crm_gestion.{action}").id,
        "context": "{'pivot_measures': ['duration']}" if name == "analysis" else "{}"})
env.ref("crm_gestion.crm_gestion_report_action").res_model = "crm.gestion"
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.4.0' "
               "WHERE name = 'crm_gestion'")
env.cr.commit()
"""

FOUND = """
import json
Filters = env["ir.filters"].with_user(env.ref("base.user_admin"))
print(json.dumps({
    action: [[row["name"], row["is_default"]] for row in Filters.get_filters(
        env.ref(f"crm_gestion.{action}").res_model,
        env.ref(f"crm_gestion.{action}").id) if row["user_ids"]]
    for action in ("crm_gestion_report_action", "crm_gestion_action",
                   "crm_opportunity_stage_action")}))
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


def test_native_campaigns_and_mailings_stay(installed, database, odoo, assert_clean):
    name = database("upgrade_campaigns", copy_of=installed)
    odoo.shell(name, NATIVE)
    assert_clean(odoo.update(name))
    assert odoo.shell(name, CAMPAIGNS) == {
        "triggered": 1,
        "paths": [True, True],
        "figures": [100.0, 1, 1, 100.0],
        "mailing": ["Old mailing", "done", "open", False],
        "promotions": [True],
        "digest": [True],
    }


def test_saved_filters_follow_the_screen_that_they_work_on(
    installed, database, odoo, assert_clean
):
    name = database("upgrade_filters", copy_of=installed)
    odoo.shell(name, FAVOURITES)
    assert_clean(odoo.update(name))
    assert odoo.shell(name, FOUND) == {
        "crm_gestion_report_action": [],
        "crm_gestion_action": [["analysis", False], ["list", True]],
        "crm_opportunity_stage_action": [["stages", True]],
    }
