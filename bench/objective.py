"""Measures lists of objectives in a large database: ``objective.py DATABASE [RUNS]``.

See README.md.
"""

import sys
from datetime import date, datetime
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from lists import measure
from rules import Bench, specification

from odoo import SUPERUSER_ID, api
from odoo.fields import Datetime
from odoo.modules.registry import Registry
from odoo.tools import config

OBJECTIVES = 2000
TODAY = datetime(2025, 6, 12, 12)  # a month before the last opportunity
TARGETS = {"sales": 60000, "invoiced": 40000, "collected": 30000, "new_amount": 60000}


def objectives(env):
    """:return: values: of each metric an objective for each seller and one of the last
    twelve months, for each team and one of four quarters, for the company and three
    years"""
    sellers = env["res.users"].search([("login", "like", "bench_seller_")], order="id")
    teams = env["crm.team"].search([("name", "like", "Bench ")], order="id")
    metrics = [key for key, _label in env["crm.objective"]._fields["metric"].selection]
    for index, metric in enumerate(metrics):
        common = {"metric": metric, "target": TARGETS.get(metric, 20)}
        for back in range(3):
            day = date(2025 - back, 1, 1)
            yield {**common, "period_type": "year", "date_from": day}
        for number, team in enumerate(teams):
            day = date(2024, 7, 1) + relativedelta(months=number % 4 * 3)
            whose = {"team_id": team.id, "period_type": "quarter", "date_from": day}
            yield {**common, **whose}
        for number, seller in enumerate(sellers):
            day = date(2024, 7, 1) + relativedelta(months=(number + index) % 12)
            whose = {"user_id": seller.id, "period_type": "month", "date_from": day}
            yield {**common, **whose}


def fill(env):
    """Once."""
    if not env["crm.objective"].search_count([], limit=1):
        env["crm.objective"].create(list(objectives(env))[:OBJECTIVES])
        env.cr.commit()


def main(database, runs="5"):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with (
        Registry(database).cursor() as cursor,
        patch.object(Datetime, "now", lambda: TODAY),
    ):
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        fill(env)
        bench = Bench(env, int(runs))
        readers = {
            "a director: all": "director",
            "a head of 10: his team's": "head_7",
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
