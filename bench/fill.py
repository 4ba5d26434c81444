"""Makes the sales force of a new database: ``fill.py DATABASE``. See README.md."""

import sys

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules.registry import Registry
from odoo.tools import config

TEAMS = 20
SELLERS = 200


def make_sellers(env):
    """A director, heads with their teams, sellers: seller 0 is of the first team."""

    def users(names, group):
        group = env.ref(group)
        return env["res.users"].create(
            [
                {
                    "name": f"Bench {name}",
                    "login": f"bench_{name}",
                    "group_ids": [Command.link(group.id)],
                }
                for name in names
            ]
        )

    director = users(["director", "marketing"], "crm_gestion.group_sales_director")
    director[1].group_ids += env.ref("mass_mailing.group_mass_mailing_user")
    heads = users([f"head_{n}" for n in range(TEAMS)], "crm_gestion.group_sales_head")
    names = [f"seller_{n}" for n in range(SELLERS)]
    sellers = users(names, "crm_gestion.group_seller")
    env["crm.team"].create(
        [
            {
                "name": f"Bench {n}",
                "user_id": head.id,
                "member_ids": [Command.link(s.id) for s in sellers[n::TEAMS]],
            }
            for n, head in enumerate(heads)
        ]
    )


def main(database):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        make_sellers(env)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
