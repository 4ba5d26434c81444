# ruff: noqa: F821
"""Sell with what the add-ons of others bring: an opportunity with a number, industries
and a call, in a stage that says how probable it is. A company that has opportunities
when ours comes keeps its own method, so this is done afterwards."""

import json

account = env["res.partner"].search([("name", "=", "Beside Ltd")])
industry = env["res.partner.industry"].search([], limit=2)
lead = env["crm.lead"].create(
    {
        "name": "Beside",
        "type": "opportunity",
        "partner_id": account.id,
        "industry_id": industry[0].id,
        "secondary_industry_ids": industry[1].ids,
    }
)
env["crm.stage"].search([("is_won", "=", False)], limit=1).write(
    {"on_change": True, "probability": 35}
)
env["crm.phonecall"].create({"name": "Rang", "opportunity_id": lead.id})
ticket = env["helpdesk.ticket"].search([], limit=1)
ticket.user_id = env.user
env.cr.commit()
print(json.dumps(2))
