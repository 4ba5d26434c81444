# ruff: noqa: F821
"""Use what the add-ons of others bring; print how many records that made."""

import json

account, person = env["res.partner"].create(
    [
        {"name": "Beside Ltd", "is_company": True, "email": "ltd@beside.example"},
        {"name": "Ana Beside", "email": "ana@beside.example"},
    ]
)
made = [
    env["helpdesk.ticket"].create(
        {"name": "Broken", "description": "At night", "partner_id": person.id}
    ),
    env["crm.phonecall"].create({"name": "Call", "partner_id": person.id}),
    env["res.partner.job_position"].create({"name": "Buyer"}),
    env["mailing.list"].create(
        {
            "name": "Dynamic",
            "dynamic": True,
            "sync_domain": "[('name', 'like', 'Beside')]",
        }
    ),
    env["res.partner.relation"].create(
        {
            "left_partner_id": account.id,
            "right_partner_id": person.id,
            "type_id": env["res.partner.relation.type"]
            .create({"name": "works with", "name_inverse": "works with"})
            .id,
        }
    ),
    env["event.event"].create(
        {
            "name": "Fair",
            "date_begin": "2026-01-01 10:00:00",
            "date_end": "2026-01-01 18:00:00",
        }
    ),
    env["survey.survey"].create({"title": "How was it"}),
    env["gamification.goal"].create(
        {
            "definition_id": env.ref(
                "gamification_sale_crm.definition_crm_nbr_new_opportunities"
            ).id,
            "user_id": env.ref("base.user_admin").id,
            "target_goal": 5,
        }
    ),
    env["project.project"].create({"name": "Hours", "allow_timesheets": True}),
]
made[1].state = "done"
person.job_position_id = made[2]
made[3].action_sync()
made.append(
    env["event.registration"].create(
        {"event_id": made[5].id, "name": "Ana", "email": "ana@beside.example"}
    )
)
env.cr.commit()
print(json.dumps(len(made)))
