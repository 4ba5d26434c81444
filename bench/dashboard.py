"""Measures the dashboards in a large database: ``dashboard.py DATABASE [RUNS]``.

See README.md.
"""

import statistics
import sys
import time
from functools import partial

from asof import as_of
from lists import begin
from rules import Bench
from server import processor_ms

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

PARTS_MS = 50  # parts that take less are not named
# Who looks at which dashboard, and in how many ms it must be there.
READERS = {
    "seller": ("crm.dashboard.seller", "seller_7", 1000),
    "head of 10": ("crm.dashboard.head", "head_1", 2000),
    "director": ("crm.dashboard.director", "director", 4000),
}


class Timed:
    """A function that knows what it had of a processor when it was called last."""

    def __init__(self, server, function):
        self.server, self.function = server, function
        self.processor = 0

    def __call__(self):
        before = time.process_time() * 1000 + processor_ms(self.server)
        self.function()
        after = time.process_time() * 1000 + processor_ms(self.server)
        self.processor = after - before


class Page:
    """A dashboard as one of its readers asks for it."""

    def __init__(self, bench, title, model, login, limit):
        self.bench = bench
        self.title = title
        self.limit = limit
        env = bench.env(user=bench.user(login).id, su=False)
        self.dashboard = env[model].with_context(lang="es_ES")

    def requests(self):
        """
        :return: dict title -> filters, as the page opens and as its reader may ask
        """
        choices = self.dashboard.get_data({})["filters"]
        requests = {"as it opens": {}, "this year": {"period": "year"}}
        if choices["users"]:
            requests["one person"] = {"user_id": choices["users"][0][0]}
        if choices["teams"]:
            team_id = choices["teams"][-1][0]
            requests["one team, last year"] = {
                "team_id": team_id,
                "period": "last_year",
            }
        return requests

    def measure(self, server):
        """Print a row for each request; a fault where one takes too long."""
        for name, filters in self.requests().items():
            taken, processor, queries = [], [], 0
            self.dashboard.get_data(filters)  # the rules: once in the life of a worker
            for _run in range(self.bench.runs):
                timed = Timed(server, partial(self.dashboard.get_data, filters))
                asked = self.bench.env.cr.sql_log_count
                taken.append(self.bench.fresh(timed))
                queries = self.bench.env.cr.sql_log_count - asked
                processor.append(timed.processor)
            median = statistics.median(processor)
            title = f"{self.title}, {name}"
            if median > self.limit:
                self.bench.faults.append(f"{title}: {median:.0f} ms")
            mark = " (missed)" if median > self.limit else ""
            cells = f"{statistics.median(taken):.0f} | {median:.0f}{mark}"
            print(f"| {title} | {cells} | {queries} | {self.limit} |", flush=True)

    def parts(self):
        """
        :return: list of pairs of ms and the part that takes them, the longest first
        """
        dashboard = self.dashboard
        asked = dashboard._asked(dashboard._heard({}))
        times = [
            (self.bench.fresh(partial(dashboard.env[part]._sections, asked)), part)
            for part in dashboard._parts
        ]
        return sorted(((ms, part) for ms, part in times if ms > PARTS_MS), reverse=True)


def measure(bench):
    server = begin(bench)
    print("\n| ms | taken | of a processor | queries | at most |")
    print("|---|---:|---:|---:|---:|")
    pages = [Page(bench, title, *reader) for title, reader in READERS.items()]
    for page in pages:
        page.measure(server)
    for page in pages:
        parts = ", ".join(f"{part} {ms:.0f}" for ms, part in page.parts())
        print(f"\n{page.title}, what takes longest, each part alone, ms: {parts}")


def main(database, runs="5"):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor, as_of(cursor):
        bench = Bench(api.Environment(cursor, SUPERUSER_ID, {}), int(runs))
        measure(bench)
        cursor.rollback()
    for fault in bench.faults:
        print("FAULT:", fault)
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
