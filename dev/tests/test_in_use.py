"""Installing on a company's database in use changes nothing that it works with."""

import pytest

NATIVE_DATA = """
partner = env["res.partner"].create({"name": "Old Customer", "is_company": True})
contact = env["res.partner"].create({"name": "Old Contact", "parent_id": partner.id})
product = env["product.product"].create({"name": "Thing", "list_price": 50})
stages = env["crm.stage"].search([])
leads = env["crm.lead"]
for stage in stages:
    leads |= leads.create({
        "name": f"Native in {stage.name}", "type": "opportunity",
        "partner_id": contact.id, "stage_id": stage.id, "expected_revenue": 100,
    })
lost, archived, enquiry = leads.create([
    {"name": "Native lost", "type": "opportunity", "probability": 30},
    {"name": "Native archived", "type": "opportunity", "probability": 30},
    {"name": "Native enquiry", "type": "lead", "user_id": False},
])
lost.action_set_lost(lost_reason_id=env["crm.lost.reason"].search([], limit=1).id)
archived.action_archive()
leads |= lost | archived | enquiry
leads[0].activity_schedule("mail.mail_activity_data_call", summary="Call back")
leads[0].message_post(body="A note of years ago")
order = env["sale.order"].create({
    "partner_id": contact.id, "opportunity_id": leads[0].id,
    "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 2})],
})
quotation = order.copy()
order.action_confirm()
env["crm.lead"]._rebuild_pls_frequency_table()
leads.filtered(
    lambda lead: lead.won_status == "pending" and lead.active
)._compute_probabilities()
env.cr.commit()
"""

SNAPSHOT = """
import json
Lead = env["crm.lead"].with_context(active_test=False, lang="en_US")
leads = Lead.search([], order="id")
fields = ["name", "type", "active", "stage_id", "probability", "automated_probability",
          "won_status", "user_id", "team_id", "partner_id", "expected_revenue",
          "date_closed", "lost_reason_id", "write_date", "order_ids"]
stages = env["crm.stage"].search([])
native = [s.id for s in stages if not getattr(s, "is_method", False)]
print(json.dumps({
    "leads": leads.read(fields, load=None),
    "stages": env["crm.stage"].with_context(lang="en_US").browse(native).read(
        ["name", "sequence", "fold", "is_won"]),
    "orders": env["sale.order"].search([]).read(["state", "opportunity_id"], load=None),
    "activities": env["mail.activity"].search_count([("res_model", "=", "crm.lead")]),
    "messages": env["mail.message"].search_count([("model", "=", "crm.lead")]),
    "first_stage": env["crm.lead"].create({"name": "x"}).stage_id.name,
}, default=str))
"""

NATIVE_WORK = """
import json
Lead = env["crm.lead"].with_context(lang="en_US")
fresh = Lead.create({"name": "After", "type": "opportunity"})
twin = Lead.create({"name": "Twin", "type": "opportunity"})
fresh.action_set_won()
env["crm.lead.lost"].create({
    "lead_ids": [(6, 0, twin.ids)],
    "lost_reason_id": env["crm.lost.reason"].search([], limit=1).id,
}).action_lost_reason_apply()
quotation = env["sale.order"].search([("state", "=", "draft")], limit=1)
quotation.action_confirm()
print(json.dumps({
    "won_in": env["ir.model.data"].search([
        ("model", "=", "crm.stage"), ("res_id", "=", fresh.stage_id.id)]).module,
    "lost": twin.won_status,
    "order": quotation.state,
    "opportunity_of_order": quotation.opportunity_id.won_status,
    "enforced": env["ir.config_parameter"].get_param("crm_gestion.enforce_method"),
    "last_stages": env["crm.stage"].search([]).mapped("is_method"),
    "folded": env["crm.stage"].search([("is_method", "=", True)]).mapped("fold"),
    "organization": env["crm.lead"].search([("name", "=like", "Native in%")])
        .organization_id.name,
}))
"""


@pytest.fixture(scope="module")
def in_use(database, odoo, assert_clean):
    """A database with native opportunities, before and after the installation."""
    name = database("in_use")
    odoo.shell(name, NATIVE_DATA)
    before = odoo.shell(name, SNAPSHOT)
    assert_clean(odoo.install(name))
    return name, before


def test_installing_leaves_every_native_record_as_it_was(in_use, odoo):
    name, before = in_use
    assert len(before["leads"]) == 7
    assert odoo.shell(name, SNAPSHOT) == before


def test_the_native_pipeline_works_as_before(in_use, odoo):
    name, _before = in_use
    assert odoo.shell(name, NATIVE_WORK) == {
        "won_in": "crm",
        "lost": "lost",
        "order": "sale",
        "opportunity_of_order": "pending",
        "enforced": "False",
        "last_stages": [False] * 4 + [True] * 5,
        "folded": [True] * 5,
        "organization": "Old Customer",
    }
