"""Measures the reports in a large database: ``report.py DATABASE [RUNS]``.

Each report's default view, as the web client asks for it, against the best SQL by hand
for the same figures. See README.md.
"""

import itertools
import statistics
import sys

from asof import as_of
from by_hand import BY_HAND
from dashboard import Timed
from lists import begin
from lxml import etree
from rules import Bench

from odoo import SUPERUSER_ID, api
from odoo.fields import Date, Domain
from odoo.modules.registry import Registry
from odoo.tools import config
from odoo.tools.safe_eval import safe_eval

LIMIT = 1.3
NOISE_MS = 20  # shorter differences are nobody's
LONG_MS = 2000  # for those without SQL by hand
REPORTS = (
    "crm.gestion.report",
    "crm.opportunity.report",
    "crm.opportunity.stage.report",
    "crm.origination.report",
    "crm.campaign.report",
    "crm.objective.report",
)
READERS = {"director": "director", "head of 10": "head_1"}
SAME = 1e-6


class View:
    """The default view of a report, a pivot, with the filters of its menu."""

    def __init__(self, env, model):
        self.report = env[model].with_context(lang="es_ES")
        self.action = (
            env["ir.actions.act_window"]
            .sudo()
            .search([("res_model", "=", model), ("path", "!=", False)], limit=1)
        )
        arch = etree.fromstring(self.report.get_view(view_type="pivot")["arch"])
        fields = list(arch.iter("field"))
        self.rows, self.columns = (
            [self._group(node) for node in fields if node.get("type") == kind]
            for kind in ("row", "col")
        )
        self.measures = [
            node.get("name") for node in fields if node.get("type") == "measure"
        ]

    @staticmethod
    def _group(node):
        interval = node.get("interval")
        return node.get("name") + (f":{interval}" if interval else "")

    @property
    def domain(self):
        """:return: Domain of the filters that are on when the menu opens the report"""
        context = safe_eval(self.action.context or "{}", {"uid": self.report.env.uid})
        on = {
            name.removeprefix("search_default_")
            for name, value in context.items()
            if name.startswith("search_default_") and value
        }
        search = self.report.get_view(self.action.search_view_id.id, "search")
        domains = [Domain(safe_eval(self.action.domain or "[]"))]
        for node in etree.fromstring(search["arch"]).iter("filter"):
            if node.get("name") in on:
                domains.append(self._filter(node))
        return Domain.AND(domains)

    def _filter(self, node):
        if name := node.get("date"):
            default = node.get("default_period", "month")
            first = Date.today().replace(day=1)
            if default == "year":
                first = first.replace(month=1)
            return Domain(name, ">=", first)
        return Domain(safe_eval(node.get("domain"), {"uid": self.report.env.uid}))

    @property
    def sets(self):
        """:return: list of lists of what is grouped by, the coarsest first"""
        prefixes = [
            [names[:length] for length in range(len(names) + 1)]
            for names in (self.rows, self.columns)
        ]
        return [rows + columns for rows, columns in itertools.product(*prefixes)]

    @property
    def aggregates(self):
        """:return: list, as the web client asks: of amounts also their currencies and
        their sum in the company's"""
        asked = []
        for name in self.measures:
            field = self.report._fields[name]
            asked.append(self._aggregate(name))
            if field.type == "monetary":
                currency = field.get_currency_field(self.report)
                asked += [f"{currency}:array_agg_distinct", f"{name}:sum_currency"]
        return [*dict.fromkeys(asked), "__count"]

    def _aggregate(self, name):
        return f"{name}:{self.report._fields[name].aggregator}"

    def read(self):
        return self.report.formatted_read_grouping_sets(
            list(self.domain), self.sets, self.aggregates
        )

    def figures(self):
        """:return: dict of what is grouped by -> list of the measures"""
        found = {}
        for names, groups in zip(self.sets, self.read(), strict=True):
            for group in groups:
                key = tuple(self._key(group[name]) for name in names)
                if group["__count"] or names:
                    found[key] = [
                        float(
                            group[f"{name}:{self.report._fields[name].aggregator}"] or 0
                        )
                        for name in self.measures
                    ]
        return found

    @staticmethod
    def _key(value):
        return value[0] if isinstance(value, tuple | list) else value or None


def differences(ours, theirs):
    """:return: list of what two dicts of figures do not agree in"""
    return [
        (key, ours.get(key), theirs.get(key))
        for key in {*ours, *theirs}
        if key not in ours
        or key not in theirs
        or any(
            abs(one - other) > SAME * max(1, abs(one))
            for one, other in zip(ours[key], theirs[key], strict=True)
        )
    ]


class Side:
    """Times of one function: taken, and of a processor."""

    def __init__(self, bench, server, function):
        self.bench = bench
        self.timed = Timed(server, function)
        self.taken, self.processor = [], []
        function()  # the rules, the views: once in the life of a worker

    def run(self):
        self.taken.append(self.bench.fresh(self.timed))
        self.processor.append(self.timed.processor)

    @property
    def medians(self):
        return statistics.median(self.taken), statistics.median(self.processor)


def compare(bench, server, title, view, by_hand):
    """Print a row; what is compared is what they had of a processor, for both sides
    share a busy machine, but not each second of it."""
    ours = Side(bench, server, view.read)
    sides = [ours]
    if by_hand:
        query = by_hand(view)
        theirs = Side(bench, server, query.rows)
        sides.append(theirs)
        different = differences(view.figures(), query.figures())
        if different:
            bench.faults.append(f"{title}: other figures by hand: {different[:3]}")
    for run in range(bench.runs):
        for side in sides if run % 2 else sides[::-1]:
            side.run()
    taken, processor = ours.medians
    groups = sum(len(found) for found in view.read())
    if not by_hand:
        if taken > LONG_MS:
            bench.faults.append(f"{title}: {taken:.0f} ms")
        print(f"| {title} | {groups} | {taken:.0f} ({processor:.0f}) | | |", flush=True)
        return
    best_taken, best = theirs.medians
    times = processor / best
    missed = times > LIMIT and processor - best > NOISE_MS
    if missed:
        bench.faults.append(f"{title}: {times:.2f} times the SQL by hand")
    mark = " (missed)" if missed else ""
    print(
        f"| {title} | {groups} | {taken:.0f} ({processor:.0f}) |"
        f" {best_taken:.0f} ({best:.0f}) | {times:.2f}{mark} |",
        flush=True,
    )


def measure(bench, models):
    server = begin(bench)
    print("\n| ms (of a processor) | groups | report | SQL by hand | times |")
    print("|---|---:|---:|---:|---:|")
    for model in models:
        for title, login in READERS.items():
            user = bench.user(login)
            env = bench.env(user=user.id, su=False)
            if env[model].has_access("read"):
                view = View(env, model)
                compare(bench, server, f"{model}, {title}", view, BY_HAND.get(model))


def main(database, runs="5", *models):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor, as_of(cursor):
        bench = Bench(api.Environment(cursor, SUPERUSER_ID, {}), int(runs))
        measure(bench, models or REPORTS)
        cursor.rollback()
    for fault in bench.faults:
        print("FAULT:", fault)
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
