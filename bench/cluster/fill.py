"""Makes a sales force and its customers: ``fill.py DATABASE``.

Two teams of sellers at work, one of sellers whose portfolios are handed over, and
crons that write down each run of theirs.
"""

import sys
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

PASSWORD = "bench"
SELLERS = 12  # at work
LEAVERS = 4  # in pairs that hand over to each other
ORGANIZATIONS = 10  # of each
OPPORTUNITIES = 25  # of each
CRONS = 6
CRON = "Cluster counter"


def make_users(env, names, group):
    return env["res.users"].create(
        [
            {
                "name": f"Bench {name}",
                "login": f"bench_{name}",
                "password": PASSWORD,
                "tz": "UTC",
                "group_ids": [Command.link(env.ref(f"crm_gestion.{group}").id)],
            }
            for name in names
        ]
    )


def make_force(env):
    """:return: users who have customers"""
    make_users(env, ["director"], "group_sales_director")
    heads = make_users(env, [f"head_{n}" for n in range(3)], "group_sales_head")
    names = [f"seller_{n}" for n in range(SELLERS)]
    sellers = make_users(env, names, "group_seller")
    names = [f"leaver_{n}" for n in range(LEAVERS)]
    leavers = make_users(env, names, "group_seller")
    members = [sellers[::2], sellers[1::2], leavers]
    env["crm.team"].create(
        [
            {
                "name": f"Bench {n}",
                "user_id": head.id,
                "member_ids": [Command.set(team.ids)],
            }
            for n, (head, team) in enumerate(zip(heads, members, strict=True))
        ]
    )
    return sellers | leavers


def make_customers(env, users):
    organizations = env["res.partner"].create(
        [
            {
                "name": f"Organization {user.login} {n}",
                "is_company": True,
                "user_id": user.id,
                "origination_id": env.ref("crm_gestion.origination_cold_call").id,
            }
            for user in users
            for n in range(ORGANIZATIONS)
        ]
    )
    contacts = env["res.partner"].create(
        [
            {
                "name": f"Person of {organization.name}",
                "parent_id": organization.id,
                "email": f"person_{organization.id}@ours.example",
            }
            for organization in organizations
        ]
    )
    return contacts.grouped(lambda contact: contact.parent_id.user_id)


def make_opportunities(env, contacts):
    env["crm.lead"].create(
        [
            {
                "name": f"Opportunity {user.login} {n}",
                "type": "opportunity",
                "user_id": user.id,
                "team_id": user.sale_team_id.id,
                "partner_id": own[n % len(own)].id,
                "expected_revenue": 1000 + n,
            }
            for user, own in contacts.items()
            for n in range(OPPORTUNITIES)
        ]
    )


def make_crons(env):
    """Each run leaves a row with the time that it had been planned for. Odoo's own
    wait for tomorrow, and none calls a service outside."""
    tomorrow = fields.Datetime.now() + timedelta(days=1)
    env["ir.cron"].search([]).write({"nextcall": tomorrow})
    env.ref("crm_iap_enrich.ir_cron_lead_enrichment").active = False
    crons = env["ir.cron"].create(
        [
            {
                "name": f"{CRON} {n}",
                "model_id": env.ref("base.model_ir_logging").id,
                "state": "code",
                "code": "pass",
                "interval_number": 1,
                "interval_type": "minutes",
            }
            for n in range(CRONS)
        ]
    )
    for cron in crons:
        cron.code = (
            f"job = env['ir.cron'].browse({cron.id})\n"
            "model.create({'name': job.cron_name, 'type': 'server', 'path': 'cron', "
            "'func': 'run', 'line': '1', 'message': str(job.nextcall)})"
        )


def main(database):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        users = make_force(env)
        env["product.product"].create({"name": "License", "list_price": 100.0})
        make_opportunities(env, make_customers(env, users))
        make_crons(env)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
