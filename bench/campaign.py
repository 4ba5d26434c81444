"""Measures lists of campaigns in a large database: ``campaign.py DATABASE [RUNS]``.

See README.md.
"""

import sys
from datetime import date, timedelta

from lists import measure
from rules import Bench, specification

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

COSTS = 3000


def fill(env, campaigns):
    """Costs and budgets, once."""
    Cost = env["crm.campaign.cost"]
    if Cost.search_count([], limit=1):
        return
    kinds = [kind for kind, _label in Cost._fields["kind"].selection]
    Cost.create(
        [
            {
                "campaign_id": campaigns[number % len(campaigns)].id,
                "name": f"Cost {number}",
                "kind": kinds[number % len(kinds)],
                "date": date(2022, 7, 1) + timedelta(days=number % 1000),
                "amount": 100 + number % 50,
                "state": "planned" if number % 10 == 0 else "real",
            }
            for number in range(COSTS)
        ]
    )
    for campaign in campaigns:
        campaign.budget = 1000
    env.cr.commit()


def main(database, runs="5"):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        bench = Bench(env, int(runs))
        director = bench.user("director")
        Campaign = env["utm.campaign"].with_context(lang="es_ES")
        fill(env, Campaign.with_user(director).search([("name", "like", "bench_%")]))
        spec = specification(env, "utm.campaign", "list")
        seller = bench.user("seller_7")
        measure(
            bench,
            [
                ("a director: the list", Campaign.with_user(director), spec),
                ("a seller: the list", Campaign.with_user(seller), spec),
            ],
        )
        cursor.rollback()
    for fault in bench.faults:
        print("FAULT:", fault)
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
