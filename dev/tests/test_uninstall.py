"""Uninstalling gives back a working native CRM and loses nothing native."""

import pytest

WORK = """
from datetime import timedelta
from odoo import fields
from odoo.tests import new_test_user
users = {
    name: new_test_user(env, login=f"left_{name}", groups=f"crm_gestion.group_{group}")
    for name, group in (
        ("seller", "seller"), ("head", "sales_head"), ("director", "sales_director"))
}
Lead = env["crm.lead"].with_user(users["seller"])
ref = env.ref
account = env["res.partner"].create({
    "name": "Account", "is_company": True, "user_id": users["seller"].id,
    "market_id": ref("crm_gestion.market_industry").id,
    "origination_id": ref("crm_gestion.origination_referral").id,
})
open_stages = [("is_method", "=", True), ("is_won", "=", False)]
for stage in env["crm.stage"].search(open_stages):
    Lead.with_user(users["director"]).with_context(crm_gestion_bypass_gates=1).create({
        "name": f"Open in {stage.sequence}", "partner_id": account.id,
        "user_id": users["seller"].id,
        "stage_id": stage.id, "type": "opportunity", "expected_revenue": 10,
    })
paused, rejected, won = Lead.create([
    {"name": name, "type": "opportunity", "partner_id": account.id}
    for name in ("Paused", "Rejected", "Won")
])
Closure = env["crm.opportunity.closure"].with_user(users["seller"])
Closure._close(paused, "standby",
               wake_date=fields.Date.today() + timedelta(days=30), note="Later")
Closure._close(rejected, "rejected", ref("crm_gestion.lost_reason_price"), note="Dear")
order = env["sale.order"].with_user(users["seller"]).create({
    "partner_id": account.id, "opportunity_id": won.id,
    "order_line": [(0, 0, {
        "product_id": env["product.product"].create({"name": "P"}).id})],
})
order.action_confirm()
paused.sudo().activity_schedule(
    "crm_gestion.mail_activity_type_visit", user_id=users["seller"].id)
for lead in (paused, won):
    env["crm.gestion"].with_user(users["seller"]).create({
        "lead_id": lead.id, "result_id": ref("crm_gestion.result_interest").id,
        "activity_type_id": ref("crm_gestion.mail_activity_type_chat").id,
    })
assert won.won_status == "won" and not paused.active
incidents = env["crm.incident"].with_user(users["seller"])._open(
    [{"name": name, "partner_id": account.id} for name in ("Broken", "Late")])
incidents[0].sudo().action_crm_solve()
incidents[1].message_post(body="Still late", message_type="comment")
env["project.project"].create({"name": "Sold", "crm_lead_id": won.id})
env.cr.commit()
"""

CAMPAIGNS = """
account, other = env["res.partner"].create([
    {"name": name, "is_company": True, "email": f"{name}@customers.example"}
    for name in ("served", "other")
])
segment = env["crm.segment"].create({
    "name": "Served", "domain": "[('name', '=', 'served')]"})
campaign = env["utm.campaign"].create({
    "title": "Spring", "campaign_type": "email", "segment_id": segment.id,
    "budget": 100, "program_ids": [(0, 0, {
        "name": name, "program_type": kind, "segment_id": segment.id,
        "applies_on": "current",
        "rule_ids": [(0, 0, {"minimum_amount": 1})],
        "reward_ids": [(0, 0, {"reward_type": "discount", "discount": 10})],
    }) for name, kind in (("For all of them", "promotion"), ("Coupons", "coupons"))]})
env["utm.campaign"].create({"title": "Stand", "parent_id": campaign.id})
env["crm.campaign.cost"].create({
    "campaign_id": campaign.id, "name": "Stand", "amount": 5})
env["crm.campaign.member"]._plan(campaign, account)
env["crm.objective"].create({"metric": "sales", "target": 10})
partners = env["ir.model"]._get("res.partner").id
mailings = env["mailing.mailing"].create([
    {"subject": "Sent", "crm_segment_id": segment.id},
    {"subject": "Draft", "crm_segment_id": segment.id},
    {"subject": "By hand", "mailing_model_id": partners,
     "mailing_domain": "[('name', '=', 'other'), ('market_id', '=', False)]"},
    {"subject": "Native", "mailing_model_id": partners,
     "mailing_domain": "[('name', '=', 'other')]"},
])
mailings.write({"campaign_id": campaign.id, "body_html": "<p>Hello</p>"})
mailings[0].action_send_mail()
env["mailing.filter"].create([
    {"name": name, "mailing_model_id": partners, "mailing_domain": domain}
    for name, domain in (
        ("native", "[('name', '=', 'other')]"),
        ("ours", "[('account_status', '=', 'customer')]"))])
env["ir.filters"].create([
    {"name": "a field", "model_id": "utm.campaign",
     "domain": "[('campaign_type', '=', 'email')]"},
    {"name": "a path", "model_id": "crm.lead",
     "domain": "['|', ('name', '=', 'x'), ('partner_id.market_id', '!=', False)]"},
    {"name": "below", "model_id": "res.partner",
     "domain": "[('child_ids', 'any', [('market_id', '!=', False)])]"},
    {"name": "a group", "model_id": "crm.lead",
     "context": "{'group_by': ['create_date:month', 'origination_id']}"},
    {"name": "an order", "model_id": "crm.lead", "sort": '["push_count desc"]'},
    {"name": "a model", "model_id": "crm.objective"},
    {"name": "a report", "model_id": "crm.opportunity.report",
     "action_id": env.ref("crm_gestion.crm_opportunity_report_action").id,
     "context": "{'pivot_measures': ['conversion']}"},
    {"name": "kept", "model_id": "crm.lead", "sort": '["name desc"]',
     "domain": "[('partner_id.name', '=', 'x'), ('name', '!=', uid)]",
     "context": "{'group_by': ['create_date:month']}"},
])
env["crm.mailing.metric"]._cron_snapshot()
doppler = env["crm.doppler.account"].create({
    "email": "ours@customers.example", "new_key": "0123456789"})
env["crm.mailing.consent"].create({"partner_id": account.id})
kept = env["crm.doppler.list"].create({
    "name": "Served", "account_id": doppler.id, "segment_id": segment.id})
kept.action_compare()
kept.write({"ref": "77", "state": "bound"})
kept.member_ids.is_there = True
env["crm.doppler.job"]._enqueue(doppler, "push", kept)
env.cr.commit()
"""

SNAPSHOT = """
import json
leads = env["crm.lead"].with_context(active_test=False).search([], order="id")
fields = ["name", "type", "user_id", "team_id", "partner_id", "expected_revenue",
          "stage_id", "won_status", "order_ids", "lost_reason_id"]
users = env["res.users"].search([("login", "=like", "left_%")], order="login")
partners = env["res.partner"].with_context(active_test=False).search([])
print(json.dumps({
    "leads": leads.read(fields, load=None),
    "orders": env["sale.order"].search([]).read(["state", "opportunity_id"], None),
    "partners": partners.mapped("name"),
    "activities": env["mail.activity"].search([]).read(["res_id", "user_id"], None),
    "messages": env["mail.message"].search(
        [("model", "in", ("crm.lead", "project.task"))]).ids,
    "projects": env["project.project"].search([], order="id").read(["type_ids"], None),
    "tasks": env["project.task"].search([], order="id").read(
        ["partner_id", "project_id", "stage_id", "state"], None),
    "rights": [
        [right for right in ("group_sale_salesman", "group_sale_manager")
         if user.has_group(f"sales_team.{right}")] for user in users
    ],
}, default=str))
"""

UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "crm_gestion")])
module.button_immediate_uninstall()
"""

NATIVE_WORK = '''
import json
paused = env["crm.lead"].search([("name", "=", "Paused")])
seller = env["res.users"].search([("login", "=", "left_seller")])
lead = env["crm.lead"].with_user(seller).create({"name": "New", "type": "opportunity"})
first = lead.stage_id.name
lead.action_set_won()
other = lead.create({"name": "Other", "type": "opportunity"})
other.action_set_lost()
other.action_restore()
view = lead.get_views([(False, "form"), (False, "kanban")])
env.cr.execute("""
    SELECT table_name, column_name FROM information_schema.columns
     WHERE table_name IN ('crm_gestion', 'crm_market', 'crm_opportunity_closure')
        OR column_name IN
           ('closure_kind', 'account_status', 'origination_id', 'is_gestion')""")
columns = env.cr.fetchall()
print(json.dumps({
    "module": env["ir.module.module"].search([("name", "=", "crm_gestion")]).state,
    "tasks": [task.name.rpartition("/")[2]
              for task in env["project.task"].search(
                  [("project_id", "!=", False)], order="id")],
    "paused_is_active": paused.active,
    "paused_note": any(
        word in message.body.lower()
        for word in ("standby", "paused") for message in paused.message_ids),
    "stages": len(env["crm.stage"].search([])),
    "first": bool(first), "won": lead.won_status, "restored": other.won_status,
    "icons": sorted(env["mail.activity"].search([
        ("res_model", "=", "crm.lead"), ("res_id", "=", paused.id)])
        .activity_type_id.mapped("icon")),
    "params": env["ir.config_parameter"].search_count([
        ("key", "=like", "crm_gestion%")]),
    "columns": columns, "views": sorted(view["views"]),
    "leftovers": env["ir.model.data"].search([
        ("module", "=", "crm_gestion")]).mapped("name"),
}))
'''

GIVEN_BACK = """
import json
from odoo.tests import Form
MODELS = ("utm.campaign", "mailing.mailing", "loyalty.program", "mail.activity",
          "digest.digest", "res.partner", "crm.lead", "sale.order")
for name in MODELS:
    records = env[name].with_context(active_test=False).search([])
    records.read()
    Form(records[:1])
    env[name].get_views([(False, "list"), (False, "search"), (False, "kanban")])
mailings = env["mailing.mailing"].search([], order="id")
print(json.dumps({
    "recipients": {
        mailing.subject: env["res.partner"].browse(
            mailing._get_recipients()).mapped("name") for mailing in mailings},
    "filters": env["ir.filters"].search([("name", "in", (
        "a field", "a path", "below", "a group", "an order", "a model", "a report",
        "kept",
    ))]).mapped("name"),
    "models": [saved.name for saved in env["ir.filters"].search([])
               if saved.model_id not in env],
    "papers": env["ir.actions.report"].search_count(
        [("report_name", "like", "crm_gestion")]),
    "pages": env["ir.actions.client"].search_count([("tag", "like", "crm_gestion")]),
    "dashboards": env["spreadsheet.dashboard"].search_count(
        [("name", "=", "Sales Management")]),
    "favourites": env["mailing.filter"].search([]).mapped("name"),
    "programs": {
        program.name: program.active
        for program in env["loyalty.program"].with_context(active_test=False).search(
            [("name", "in", ("For all of them", "Coupons"))])},
    "crons": env["ir.cron"].with_context(active_test=False).search_count(
        ["|", ("code", "like", "model._cron_close"),
         ("code", "like", "model._cron_snapshot")]),
    "views": env["ir.ui.view"].with_context(active_test=False).search_count(
        [("arch_db", "like", "crm_gestion")]),
    "actions": [action.res_model for action in env["ir.actions.act_window"].search([])
                if action.res_model not in env],
}))
"""


@pytest.fixture(scope="module")
def uninstalled(database, odoo, installed):
    """A database that worked by the method, before and after it was uninstalled."""
    name = database("uninstall", copy_of=installed)
    odoo.shell(name, WORK)
    odoo.shell(name, CAMPAIGNS)
    before = odoo.shell(name, SNAPSHOT)
    log = odoo("shell", "-d", name, stdin=UNINSTALL)
    return name, before, log


def test_nothing_native_is_lost(uninstalled, odoo, assert_clean):
    name, before, log = uninstalled
    assert_clean(log)
    assert len(before["leads"]) == 7
    assert before["rights"] == [
        ["group_sale_salesman", "group_sale_manager"],
        ["group_sale_salesman"],
        ["group_sale_salesman"],
    ]
    after = odoo.shell(name, SNAPSHOT)
    assert set(before.pop("messages")) <= set(after.pop("messages"))
    assert after == before


def test_the_native_crm_works(uninstalled, odoo):
    name, _before, _log = uninstalled
    assert odoo.shell(name, NATIVE_WORK) == {
        "module": "uninstalled",
        "tasks": ["00001 Broken", "00002 Late"],
        "paused_is_active": True,
        "paused_note": True,
        "stages": 9,
        "first": True,
        "won": "won",
        "restored": "pending",
        "icons": ["fa-car", "fa-users"],
        "params": 0,
        "columns": [],
        "views": ["form", "kanban"],
        "leftovers": [],
    }


def test_mailings_promotions_and_filters_work_without_us(uninstalled, odoo):
    name, _before, _log = uninstalled
    assert odoo.shell(name, GIVEN_BACK) == {
        "recipients": {
            "Sent": ["served"],
            "Draft": ["served"],
            "By hand": ["other"],
            "Native": ["other"],
        },
        "filters": ["kept"],
        "models": [],
        "papers": 0,
        "pages": 0,
        "dashboards": 0,
        "favourites": ["native"],
        "programs": {"For all of them": False, "Coupons": True},
        "crons": 0,
        "views": 0,
        "actions": [],
    }


def test_it_can_be_installed_again(uninstalled, odoo, assert_clean):
    name, before, _log = uninstalled
    assert_clean(odoo.install(name))
    assert odoo.shell(name, SNAPSHOT)["orders"] == before["orders"]
