"""Measures lists of objectives in a large database: ``objective.py DATABASE [RUNS]``.

See README.md.
"""

import sys

from asof import as_of
from lists import measure
from rules import Bench, specification

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def main(database, runs="5"):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor, as_of(cursor):
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        bench = Bench(env, int(runs))
        readers = {
            "a director: all": "director",
            "a head of 10: his team's": "head_1",
            "a seller: his own": "seller_7",
        }
        spec = specification(env, "crm.objective", "list")
        Objective = env["crm.objective"].with_context(lang="es_ES")
        measure(
            bench,
            [
                (title, Objective.with_user(bench.user(login)), spec)
                for title, login in readers.items()
            ],
        )
        cursor.rollback()
    for fault in bench.faults:
        print("FAULT:", fault)
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
