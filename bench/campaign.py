"""Measures lists of campaigns in a large database: ``campaign.py DATABASE [RUNS]``.

See README.md.
"""

import sys

from lists import measure
from rules import Bench, specification

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def main(database, runs="5"):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        bench = Bench(env, int(runs))
        director = bench.user("director")
        Campaign = env["utm.campaign"].with_context(lang="es_ES")
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
