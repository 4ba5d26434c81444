"""A company with a pipeline of its own installs, adopts the method, works, updates and
uninstalls: everything is still there and the native pipeline works."""

import pytest

NATIVE_DATA = """
from odoo.tests import new_test_user
seller = new_test_user(env, login="co_seller", groups="sales_team.group_sale_salesman")
leader = new_test_user(env, login="co_leader", groups="sales_team.group_sale_salesman")
boss = new_test_user(env, login="co_boss", groups="sales_team.group_sale_manager")
team = env["crm.team"].create({"name": "Company", "user_id": leader.id,
                               "member_ids": [(4, seller.id)]})
product = env["product.product"].create({"name": "Thing", "list_price": 50})
partners = env["res.partner"].create([{"name": f"Customer {n}"} for n in range(20)])
own = env["crm.stage"].create({"name": "Own", "sequence": 10, "fold": True})
stages = env["crm.stage"].search([("is_won", "=", False)])
won = env["crm.stage"].search([("is_won", "=", True)])
reason = env["crm.lost.reason"].search([], limit=1)
Lead = env["crm.lead"].with_user(seller)
leads = Lead.create([{
    "name": f"Native {n}", "type": "lead" if n % 20 == 7 else "opportunity",
    "partner_id": partners[n % 20].id, "stage_id": stages[n % 4].id,
    "expected_revenue": n, "probability": 10 + n % 50,
} for n in range(200)])
env.flush_all(); env.cr.precommit.run()
for n, lead in enumerate(leads):
    if n % 3 == 0:
        lead.stage_id = stages[(n + 1) % 4]
    if n % 4 == 0:
        lead.activity_schedule("mail.mail_activity_data_call", summary=f"Call {n}")
    if n % 5 == 0:
        lead.message_post(body=f"Note {n}")
    if n % 10 == 3:
        env["sale.order"].create({
            "partner_id": lead.partner_id.id, "opportunity_id": lead.id,
            "order_line": [(0, 0, {"product_id": product.id})]})
env.flush_all(); env.cr.precommit.run()
for n, lead in enumerate(leads):
    if n % 9 == 1:
        lead.stage_id = won
    elif n % 9 == 2:
        lead.action_set_lost(lost_reason_id=reason.id)
    elif n % 9 == 4:
        lead.action_archive()
env["crm.lead"]._rebuild_pls_frequency_table()
env.cr.commit()
"""

SNAPSHOT = """
import json
env = env(context={**env.context, "lang": "en_US"})
leads = env["crm.lead"].with_context(active_test=False).search(
    [("name", "=like", "Native %")], order="id")
fields = ["name", "type", "active", "stage_id", "probability", "won_status", "user_id",
          "team_id", "partner_id", "expected_revenue", "date_closed", "lost_reason_id",
          "order_ids"]
print(json.dumps({
    "leads": leads.read(fields, load=None),
    "stages": env["crm.stage"].search_read([], ["name", "fold", "is_won"]),
    "orders": env["sale.order"].search([("opportunity_id", "in", leads.ids)]).read(
        ["name", "opportunity_id", "amount_total"], load=None),
    "activities": env["mail.activity"].with_context(active_test=False).search(
        [("res_model", "=", "crm.lead"), ("res_id", "in", leads.ids)], order="id").read(
        ["res_id", "summary"]),
    "messages": env["mail.message"].search(
        [("model", "=", "crm.lead"), ("res_id", "in", leads.ids)]).ids,
}, default=str))
"""

ADOPT = """
import json
messages = env["mail.message"].search_count([])
wizard = env["crm.method.adopt"].with_user(env.ref("base.user_admin")).create({})
shown = {
    "opportunities": wizard.opportunity_count, "enquiries": wizard.enquiry_count,
    "stages": [(line.open_count, line.closed_count) for line in wizard.stage_ids],
    "roles": {line.user_id.login: line.role for line in wizard.user_ids
              if line.user_id.login.startswith("co_")},
}
wizard.action_adopt()
env.cr.commit()
leads = env["crm.lead"].with_context(active_test=False).search([])
opportunities = leads.filtered(lambda lead: lead.type == "opportunity")
print(json.dumps({
    **shown,
    "in_method": leads.mapped("stage_id.is_method"),
    "remember": len(leads.filtered("native_stage_id")),
    "with_passages": len(opportunities.filtered("opportunity_stage_ids")),
    "open_passages": env["crm.opportunity.stage"].search_count(
        [("date_out", "=", False)]),
    "pending": len(opportunities.filtered(lambda lead: lead.won_status == "pending")),
    "closures": env["crm.opportunity.closure"].search_count([]),
    "closed": len(opportunities.filtered(lambda lead: lead.won_status != "pending")),
    "posted": env["mail.message"].search_count([]) - messages,
}))
"""

WORK = """
from datetime import timedelta
from odoo import fields
seller = env["res.users"].search([("login", "=", "co_seller")])
env = env(user=seller.id)
leads = env["crm.lead"].search(
    [("name", "=like", "Native %"), ("won_status", "=", "pending"),
     ("type", "=", "opportunity"), ("stage_id", "!=", False)], order="id")
method = env["crm.stage"].search([("is_method", "=", True)])
ref = env.ref
moved, paused, refused, sold = leads[:4]
contact = moved.partner_id
env["crm.gestion"].create({
    "lead_id": moved.id, "result_id": ref("crm_gestion.result_interest").id,
    "activity_type_id": ref("mail.mail_activity_data_call").id})
moved.write({"origination_id": ref("crm_gestion.origination_referral").id,
             "date_deadline": fields.Date.today()})
moved.stage_id = method[2] if moved.stage_id != method[2] else method[1]
Closure = env["crm.opportunity.closure"]
Closure._close(paused, "standby", wake_date=fields.Date.today() + timedelta(days=30))
Closure._close(refused, "rejected", ref("crm_gestion.lost_reason_price"))
order = env["sale.order"].create({
    "partner_id": sold.partner_id.id, "opportunity_id": sold.id,
    "order_line": [(0, 0, {"product_id": env["product.product"].search(
        [("name", "=", "Thing")]).id})]})
order.action_confirm()
assert sold.won_status == "won" and sold.stage_id == method[-1]
env["crm.lead"].create({"name": "Born here", "type": "opportunity"})
env.cr.commit()
"""

UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "crm_gestion")])
module.button_immediate_uninstall()
"""

NATIVE_WORK = """
import json
seller = env["res.users"].search([("login", "=", "co_seller")])
Lead = env["crm.lead"].with_user(seller).with_context(lang="en_US")
fresh, twin = Lead.create([
    {"name": name, "type": "opportunity"} for name in ("Fresh", "Twin")])
first = fresh.stage_id.name
fresh.stage_id = env["crm.stage"].search([])[2]
moved = fresh.stage_id.sequence
fresh.action_set_won()
twin.action_set_lost(lost_reason_id=env["crm.lost.reason"].search([], limit=1).id)
lost = twin.won_status
twin.action_restore()
quotation = env["sale.order"].search([("state", "=", "draft")], limit=1)
quotation.action_confirm()
born = env["crm.lead"].search([("name", "=", "Born here")])
print(json.dumps({
    "first": first, "won": fresh.won_status, "won_in": fresh.stage_id.name,
    "lost": lost, "restored": twin.won_status, "order": quotation.state,
    "born_in": born.with_context(lang="en_US").stage_id.name,
    "left": env["ir.model.data"].search_count([("module", "=", "crm_gestion")]),
    "views": sorted(fresh.get_views([(False, "form"), (False, "kanban")])["views"]),
    "rights": seller.has_group("sales_team.group_sale_salesman"),
}))
"""


@pytest.fixture(scope="module")
def adopted(database, odoo, assert_clean):
    """A database with 200 native opportunities before, after the adoption, after work
    and an update, and after the add-on was uninstalled."""
    name = database("adopt")
    odoo.shell(name, NATIVE_DATA)
    before = odoo.shell(name, SNAPSHOT)
    assert_clean(odoo.install(name))
    adoption = odoo.shell(name, ADOPT)
    during = odoo.shell(name, SNAPSHOT)
    odoo.shell(name, WORK)
    assert_clean(odoo.update(name))
    worked = odoo.shell(name, SNAPSHOT)
    assert_clean(odoo("shell", "-d", name, stdin=UNINSTALL))
    after = odoo.shell(name, SNAPSHOT)
    return name, before, adoption, during, worked, after


def test_the_wizard_says_what_moves_and_moves_it(adopted):
    _name, before, adoption, during, _worked, _after = adopted
    enquiries = [lead for lead in before["leads"] if lead["type"] == "lead"]
    assert len(before["leads"]) == 200
    assert adoption["opportunities"] == 200 - len(enquiries)
    assert adoption["enquiries"] == len(enquiries)
    assert sum(map(sum, adoption["stages"])) == adoption["opportunities"]
    assert adoption["roles"] == {
        "co_seller": "seller",
        "co_leader": "head",
        "co_boss": "director",
    }
    assert all(adoption["in_method"])
    assert adoption["remember"] == 200
    assert adoption["with_passages"] == adoption["opportunities"]
    assert adoption["open_passages"] == adoption["pending"]
    assert adoption["closures"] == adoption["closed"] > 0
    assert adoption["posted"] == 0
    assert [stage["fold"] for stage in during["stages"]] == [False] * 5 + [True] * 5


def test_adopting_changes_stages_only(adopted):
    _name, before, _adoption, during, _worked, _after = adopted
    for old, new in zip(before["leads"], during["leads"], strict=True):
        assert {**old, "stage_id": new["stage_id"]} == new
    for kind in ("orders", "activities", "messages"):
        assert during[kind] == before[kind]


def test_nothing_is_lost_when_it_goes(adopted):
    _name, before, _adoption, during, worked, after = adopted
    assert after["stages"] == before["stages"]
    assert after["orders"] == worked["orders"]
    assert after["activities"] == worked["activities"]
    assert set(before["messages"]) <= set(worked["messages"]) <= set(after["messages"])
    assert len(after["leads"]) == 200
    untouched = 0
    for first, then, used, last in zip(
        *(state["leads"] for state in (before, during, worked, after)), strict=True
    ):
        assert last["won_status"] == used["won_status"]
        if used == then:
            assert last == first
            untouched += 1
    assert untouched == 196


def test_the_native_pipeline_works(adopted, odoo):
    name = adopted[0]
    assert odoo.shell(name, NATIVE_WORK) == {
        "first": "New",
        "won": "won",
        "won_in": "Won",
        "lost": "lost",
        "restored": "pending",
        "order": "sale",
        "born_in": "New",
        "left": 0,
        "views": ["form", "kanban"],
        "rights": True,
    }
