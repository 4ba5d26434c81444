"""Measures the record rules in a large database: ``rules.py DATABASE [RUNS]``.

Each request is timed in turn under the rules of the add-on and under what they are held
against, so that what else the machine does hits both. See README.md.
"""

import gc
import os
import statistics
import sys
import time
from datetime import date

from lxml import etree

from odoo import SUPERUSER_ID, api
from odoo.fields import Command, Domain
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

SELLER, HEAD = 7, 1  # any but the first, who has the account of 5,000 events
ABSENT = (8, 9, 10)
PAGE = 80
COUNT_LIMIT = 10001  # of the web client
COLUMN = 40  # cards of a kanban column
TEXT = "tunity 1234"
ROLE = "crm_gestion.group_seller"
NATIVE = "sales_team.group_sale_salesman"
RULES_LIMIT = 1.2
SQL_LIMIT = 1.5
NOISE_MS = 2  # shorter differences are nobody's


class Bench:
    """One transaction, rolled back in the end, in which users and rules change."""

    def __init__(self, env, runs):
        self.env = env
        self.runs = runs
        self.faults = []

    def user(self, name):
        return self.env["res.users"].search([("login", "=", f"bench_{name}")])

    def fresh(self, function):
        """:return: time in ms, as a new request takes it: nothing is cached but what a
        worker keeps between requests"""
        self.env.flush_all()
        self.env.invalidate_all()
        self.env.cr.cache.clear()
        gc.collect()
        start = time.perf_counter()
        function()
        return (time.perf_counter() - start) * 1000

    def compare(self, title, limit, sides):
        """Print the medians of both sides and what they are to each other.

        :param float limit: the first side takes at most so many times the second
        :param sides: two pairs (name, function that prepares the side and returns its
            requests: dict name -> function)
        """
        times = {}
        for run in range(self.runs):
            # who comes first takes turns too
            for side in (0, 1) if run % 2 else (1, 0):
                requests = sides[side][1]()
                for function in requests.values():
                    function()  # the rules, the views: once in the life of a worker
                for name, function in requests.items():
                    taken = self.fresh(function)
                    times.setdefault(name, ([], []))[side].append(taken)
        print(f"\n{title}: at most {limit} times\n")
        print(f"| ms | {sides[0][0]} | {sides[1][0]} | times |\n|---|---:|---:|---:|")
        for name, pair in times.items():
            ours, theirs = map(statistics.median, pair)
            missed = ours > theirs * limit and ours - theirs > NOISE_MS
            if missed:
                self.faults.append(f"{title}: {name} takes {ours / theirs:.2f} times")
            mark = " (missed)" if missed else ""
            print(f"| {name} | {ours:.1f} | {theirs:.1f} | {ours / theirs:.2f}{mark} |")


def specification(env, model, kind):
    """:return: what the web client reads for the list or kanban of a model"""
    arch = etree.fromstring(env[model].get_view(view_type=kind)["arch"])
    names = [
        node.get("name")
        for node in arch.iter("field")
        if not any(parent.tag == "field" for parent in node.iterancestors())
    ]
    fields = env[model]._fields
    named = {"fields": {"display_name": {}}}
    return {name: named if fields[name].type == "many2one" else {} for name in names}


def lead_requests(user, lists, cards):
    """:return: what a user asks of opportunities, as the web client does"""
    leads = user.env["crm.lead"].with_user(user).with_context(lang="es_ES")
    pipeline = Domain("type", "=", "opportunity")
    mine = pipeline & Domain("user_id", "=", user.id)
    names = ("partner_id", "partner_name", "email_from", "name", "contact_name")
    text = Domain.OR(Domain(name, "ilike", TEXT) for name in names)
    bar = {
        "field": "activity_state",
        "colors": {"planned": "success", "today": "warning", "overdue": "danger"},
    }

    def grid(domain):
        return lambda: leads.web_search_read(
            list(domain), lists, limit=PAGE, count_limit=COUNT_LIMIT
        )

    def kanban(domain):
        def read():
            leads.web_read_group(
                list(domain),
                ["stage_id"],
                ["expected_revenue:sum"],
                auto_unfold=True,
                unfold_read_specification=cards,
                unfold_read_default_limit=COLUMN,
            )
            leads.read_progress_bar(list(domain), "stage_id", bar)

        return read

    requests = {}
    for name, domain in (("my pipeline", mine), ("all", pipeline)):
        requests[f"{name}: grid"] = grid(domain)
        requests[f"{name}: kanban"] = kanban(domain)
        requests[f"{name}: search"] = grid(domain & text)
        requests[f"{name}: count"] = lambda domain=domain: leads.search_count(domain)
    return requests


def own_rules(env, model):
    """:return: the rules of the add-on for sellers reading these records"""
    return env["ir.rule"].search(
        [
            ("model_id.model", "=", model),
            ("groups", "in", env.ref(ROLE).ids),
            ("perm_read", "=", True),
        ]
    )


def against_native(bench, lists, cards):
    """The same seller, with our role and with the native one."""
    env, user = bench.env, bench.user(f"seller_{SELLER}")
    role, native = env.ref(ROLE), env.ref(NATIVE)

    def under(give, take):
        user.group_ids = [Command.unlink(take.id), Command.link(give.id)]
        return lead_requests(user, lists, cards)

    bench.compare(
        "seller",
        RULES_LIMIT,
        [
            ("our rules", lambda: under(role, native)),
            ("native", lambda: under(native, role)),
        ],
    )
    under(role, native)


def against_written_out(bench, title, user, users, lists, cards):
    """Our rule against one that has the ids of the users written out."""
    env = bench.env
    ours = own_rules(env, "crm.lead")
    written = env["ir.rule"].create(
        {
            "name": "Bench",
            "model_id": env["ir.model"]._get_id("crm.lead"),
            "groups": [Command.link(env.ref(ROLE).id)],
            "domain_force": repr([("user_id", "in", [*users.ids, False])]),
            "active": False,
        }
    )

    def under(on, off):
        off.active = False
        on.active = True
        return lead_requests(user, lists, cards)

    bench.compare(
        title,
        RULES_LIMIT,
        [
            ("our rules", lambda: under(ours, written)),
            ("ids written out", lambda: under(written, ours)),
        ],
    )
    under(ours, written)
    written.unlink()


class GestionSQL:
    """The list of gestiones as somebody would write it by hand for one seller: a page
    walks the index of the order, a count takes what is surely his own first."""

    def __init__(self, user, spec):
        self.gestiones = user.env["crm.gestion"].sudo()
        self.spec = spec
        users = [user.id]
        accounts = SQL(  # in the words of an index, which answers alone
            "SELECT id FROM res_partner WHERE user_id IN %s"
            " AND (is_company OR parent_id IS NULL)",
            tuple(users),
        )
        company = SQL(
            "(company_id IN %s OR company_id IS NULL)", tuple(user.company_ids.ids)
        )
        own = SQL("user_id IN %s", tuple(users))
        account = SQL("organization_id IN (%s)", accounts)
        person = SQL("contact_id IN (%s)", accounts)
        lead = SQL(
            "lead_id IN (SELECT id FROM crm_lead WHERE user_id IN %s)"
            " OR lead_id IN (SELECT id FROM crm_lead WHERE user_id IS NULL)",
            tuple(users),
        )
        self.page_sql = SQL(
            "SELECT id FROM crm_gestion WHERE %s AND (%s OR %s OR %s OR %s)"
            " ORDER BY date DESC, id DESC LIMIT %s",
            company, own, account, person, lead, PAGE,
        )  # fmt: skip
        self.count_sql = SQL(
            """SELECT count(*) FROM (
                   SELECT id FROM crm_gestion WHERE %(company)s AND %(own)s
                    UNION ALL
                   SELECT id FROM crm_gestion WHERE %(company)s AND NOT %(own)s
                      AND (%(account)s OR %(person)s OR %(lead)s)
                    LIMIT %(limit)s) found""",
            company=company,
            own=own,
            account=account,
            person=person,
            lead=lead,
            limit=COUNT_LIMIT,
        )

    def page(self):
        rows = self.gestiones.env.execute_query(self.page_sql)
        return self.gestiones.browse(row_id for (row_id,) in rows)

    def count(self):
        return self.gestiones.env.execute_query(self.count_sql)[0][0]

    def grid(self):
        return {"records": self.page().web_read(self.spec), "length": self.count()}


def gestiones_against_sql(bench):
    user = bench.user(f"seller_{SELLER}")
    own = bench.env["crm.gestion"].with_user(user)
    spec = specification(own.env, "crm.gestion", "list")
    by_hand = GestionSQL(user, spec)

    def ours():
        def grid():
            return own.web_search_read([], spec, limit=PAGE, count_limit=COUNT_LIMIT)

        def count():
            return own.search_count([], limit=COUNT_LIMIT)

        return {"list of 80 with its count": grid, "count": count}

    def theirs():
        return {"list of 80 with its count": by_hand.grid, "count": by_hand.count}

    pages = [
        ([row["id"] for row in found["records"]], found["length"])
        for found in (ours()["list of 80 with its count"](), by_hand.grid())
    ]
    if pages[0] != pages[1]:
        bench.faults.append("gestiones: the SQL by hand finds others")
    bench.compare(
        "gestiones of a seller",
        SQL_LIMIT,
        [("our rules", ours), ("SQL by hand", theirs)],
    )


def measure(bench):
    env = bench.env
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    runs = f"{bench.runs} runs, {os.cpu_count()} processors, load {load}"
    print(f"{date.today()}, medians of {runs}")
    seller, head = bench.user(f"seller_{SELLER}"), bench.user(f"head_{HEAD}")
    absent = env["res.users"].union(*(bench.user(f"seller_{n}") for n in ABSENT))
    members = env["crm.team"].search([("user_id", "=", head.id)]).member_ids
    reader = env(user=seller.id, su=False)
    lists, cards = (
        specification(reader, "crm.lead", kind) for kind in ("list", "kanban")
    )
    against_native(bench, lists, cards)
    against_written_out(bench, "head of 10", head, head | members, lists, cards)
    gestiones_against_sql(bench)
    env["crm.substitution"].create(
        [
            {
                "user_id": user.id,
                "substitute_id": seller.id,
                "date_from": date.today(),
                "date_to": date.today(),
            }
            for user in absent
        ]
    )
    against_written_out(bench, "substitute of 3", seller, seller | absent, lists, cards)


def main(database, runs="15"):
    config.parse_config(["-d", database, "--log-level=error"], setup_logging=True)
    with Registry(database).cursor() as cursor:
        context = {"tracking_disable": True, "mail_notify_force_send": False}
        bench = Bench(api.Environment(cursor, SUPERUSER_ID, context), int(runs))
        measure(bench)
        cursor.rollback()
    for fault in bench.faults:
        print("FAULT:", fault)
    return 1 if bench.faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
