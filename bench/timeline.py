"""Measures the timeline of a large account in a large database, through the ORM:
``timeline.py DATABASE [RUNS]``. See README.md.
"""

import os
import re
import statistics
import sys
import time
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api
from odoo.fields import Date
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

LIMIT_MS = 300  # for the first page
COUNT_LIMIT = 10001  # of the web client
# Tables of which no reading of one account may go through all rows.
BIG = (
    "account_move", "calendar_attendee", "calendar_event", "crm_gestion", "crm_lead",
    "crm_opportunity_closure", "crm_opportunity_stage", "mailing_trace",
    "project_task", "res_partner", "sale_order",
)  # fmt: skip
COLUMNS = {
    "date": {},
    "kind": {},
    "summary": {},
    "amount": {},
    "currency_id": {"fields": {"display_name": {}}},
    "contact_id": {"fields": {"display_name": {}}},
    "user_id": {"fields": {"display_name": {}}},
}
ROLES = {
    "seller": "bench_seller_0",
    "head": "bench_head_0",
    "director": "bench_director",
    "marketing": "bench_marketing",  # reads the e-mails too
}


def actions(timeline, account):
    """:return: dict of what is measured -> function"""
    domain = [("organization_id", "=", account.id)]
    first = Date.today().replace(month=1, day=1) - relativedelta(years=2)
    year = [("date", ">=", first), ("date", "<", first + relativedelta(years=1))]
    page = timeline.search(domain, limit=80)
    one = page[40:41]

    def read(**options):
        return timeline.web_search_read(
            [*domain, *options.pop("domain", [])],
            COLUMNS,
            limit=80,
            count_limit=COUNT_LIMIT,
            **options,
        )

    return {
        "first page of 80": read,
        "page 10": lambda: read(offset=720),
        "count": lambda: timeline.search_count(domain),
        "gestiones only": lambda: read(domain=[("kind", "=", "gestion")]),
        "one year": lambda: read(domain=year),
        "mine": lambda: read(domain=[("user_id", "=", timeline.env.uid)]),
        "with one contact": lambda: read(
            domain=[("contact_id", "=", account.child_ids[0].id)]
        ),
        "by month": lambda: timeline.web_read_group(
            domain, ["date:month"], ["__count"]
        ),
        "by kind": lambda: timeline.web_read_group(domain, ["kind"], ["__count"]),
        "80 rows by id": lambda: timeline.browse(page.ids).web_read(COLUMNS),
        "open a row": lambda: timeline.browse(one.ids).action_open(),
        "a contact's": lambda: timeline.web_search_read(
            [("contact_id", "=", account.child_ids[0].id)], COLUMNS, limit=80
        ),
    }


def others(env, account):
    """:return: dict of what else opens with an account or a seller's day -> function"""
    gestion = env["crm.gestion"]
    columns = {"date": {}, "name": {}, "organization_id": {}, "result_id": {}}
    mine = [("user_id", "=", env.uid)]
    return {
        "my gestiones, 80": lambda: gestion.web_search_read(
            mine, columns, limit=80, count_limit=COUNT_LIMIT
        ),
        "my gestiones, count": lambda: gestion.search_count(mine, limit=COUNT_LIMIT),
        "all gestiones, 80": lambda: gestion.web_search_read(
            [], columns, limit=80, count_limit=COUNT_LIMIT
        ),
        "counters of the account": lambda: account.web_read(
            {"gestion_count": {}, "last_gestion_date": {}}
        ),
        "gestiones in the account": lambda: account.web_read(
            {"gestion_ids": {"fields": columns, "limit": 40}}
        ),
    }


def clock(env, function, runs):
    """:return: median and shortest time in ms, with the caches of a new request"""
    times = []
    for _run in range(runs):
        env.invalidate_all()
        start = time.perf_counter()
        function()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), min(times)


def plan(env, account):
    """:return: plan of the first page, as PostgreSQL really ran it"""
    query = env["crm.timeline"]._search(
        [("organization_id", "=", account.id)], limit=80, order="date desc, id desc"
    )
    sql = query.select(
        *(
            SQL.identifier("crm_timeline", name)
            for name in ("id", "date", "kind", "summary", "contact_id", "user_id")
        )
    )
    rows = env.execute_query(SQL("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) %s", sql))
    return "\n".join(line for (line,) in rows)


def measure(env, runs):
    """Print the table and the plans.

    :return: list of what is not as it must be
    """
    account = env["res.partner"].search([("name", "=", "Organization 0")], limit=1)
    events = env["crm.timeline"].search_count([("organization_id", "=", account.id)])
    tables = env.execute_query(
        SQL(
            "SELECT relname, reltuples::int8 FROM pg_class WHERE relname IN %s"
            " ORDER BY reltuples DESC",
            BIG,
        )
    )
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{date.today()}, {runs} runs, {os.cpu_count()} processors, load {load}")
    print(f"{events} events of the account; rows: ", end="")
    print(", ".join(f"{name} {count:,}" for name, count in tables), end="\n\n")
    table, plans, faults = {}, {}, []
    for role, login in ROLES.items():
        user = env["res.users"].search([("login", "=", login)])
        own = env(user=user.id, su=False)
        own_account = account.with_env(own)
        measured = actions(own["crm.timeline"], own_account) | others(own, own_account)
        for name, function in measured.items():
            function()
            table.setdefault(name, {})[role] = clock(own, function, runs)
        plans[role] = plan(own, account)
        if table["first page of 80"][role][0] > LIMIT_MS:
            faults.append(f"{role}: the first page takes over {LIMIT_MS} ms")
        for scanned in re.findall(r"Seq Scan on (\w+)", plans[role]):
            if scanned in BIG:
                faults.append(f"{role}: all rows of {scanned} are read")
    print("| ms: median (shortest) |", " | ".join(ROLES), "|")
    print("|---|" + "---:|" * len(ROLES))
    for name, times in table.items():
        cells = [f"{middle:.0f} ({least:.0f})" for middle, least in times.values()]
        print(f"| {name} |", " | ".join(cells), "|")
    for role, text in plans.items():
        print(f"\nPlan of the first page, {role}:\n\n```\n{text}\n```")
    return faults


def main(database, runs="15"):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor:
        env = api.Environment(cursor, SUPERUSER_ID, {"tracking_disable": True})
        faults = measure(env, int(runs))
        cursor.rollback()
    for fault in faults:
        print("FAULT:", fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
