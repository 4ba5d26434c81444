"""A hundred sellers at their daily screens, on one server with several workers.

``load.py DATABASE [--sellers 100] [--workers N] [--seconds 120]``: each seller opens
a screen, reads it for 1 to 3 seconds (uniform, 2 on average), and opens the next. A
screen is what the web client asks for, one after the other, with its views known
already; its time is that of all these requests. One process, a thread for each seller;
what it takes of the processors itself is told. See README.md.
"""

import argparse
import json
import os
import random
import statistics
import sys
import threading
import time
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import psycopg2
from client import Session
from server import Server

from views import View

LIMIT_MS = 1000  # 95th percentile of each daily screen
THINK = (1.0, 3.0)  # seconds
RAMP = 20  # seconds in which the sellers begin, not measured
# What the form of a gestión proposes and is sent back.
PROPOSED = ("activity_type_id", "date", "direction", "external_ref", "organization_id")
SEARCHED = ("partner_id", "partner_name", "email_from", "name", "contact_name")
# How often each screen is opened, of a hundred.
MIX = {
    "day": 18,
    "pipeline": 16,
    "opportunities": 14,
    "search": 6,
    "opportunity": 16,
    "organization": 8,
    "timeline": 6,
    "log a gestion": 10,
    "move a stage": 6,
}


class Screens:
    """What the web client knows after it has loaded its views, once for all sellers:
    they are the same for each."""

    def __init__(self, load, session):
        def view(model, kind, name=None, **context):
            number = load.ref(name) if name else False
            return View(session, model, kind, number, **context)

        new = {"default_type": "opportunity"}
        pipeline = "crm.crm_case_kanban_view_leads"
        self.pipeline = view("crm.lead", "kanban", pipeline, **new)
        grid = "crm_gestion.crm_lead_view_list_grid"
        self.opportunities = view("crm.lead", "list", grid, **new)
        self.opportunity = view("crm.lead", "form", "crm.crm_lead_view_form", **new)
        self.organization = view("res.partner", "form", "base.view_partner_form")
        self.day = view("crm.day", "kanban", "crm_gestion.crm_day_view_kanban")
        self.timeline = view("crm.timeline", "list")
        self.gestion = view("crm.gestion", "form")
        self.register = view("crm.opportunity.register", "form")


class Seller(threading.Thread):
    """One of those who work."""

    def __init__(self, load, number, login):
        super().__init__(name=f"{login} #{number}", daemon=True)
        self.load, self.login = load, login
        self.random = random.Random(number)
        self.session = Session(load.url, load.database, timeout=60)
        self.fault = None

    def prepare(self):
        self.session.login(self.login)

    def know(self):
        """What he has before his eyes when he begins."""
        mine = [("user_id", "=", self.session.uid), ("type", "=", "opportunity")]
        method = [("partner_id", "!=", False), ("won_status", "=", "pending")]
        found = self._find("crm.lead", [*mine, *method], ["stage_id", "partner_id"])
        self.leads = [record["id"] for record in found]
        first = self.load.stages[0]
        self.movable = [r["id"] for r in found if r["stage_id"] == first]
        own = [("user_id", "=", self.session.uid), ("is_company", "=", True)]
        found = self._find("res.partner", own, [])
        self.organizations = [record["id"] for record in found]

    def _find(self, model, domain, names):
        spec = {name: {} for name in names}
        found = self.session.call(model, "web_search_read", domain, spec, limit=200)
        return found["records"]

    def run(self):
        time.sleep(self.random.uniform(0, RAMP))
        while not self.load.stop.is_set():
            name = self.random.choices(list(MIX), list(MIX.values()))[0]
            self._open(name)
            self.load.stop.wait(self.random.uniform(*THINK))
        self.session.close()

    def _open(self, name):
        started = time.perf_counter()
        fault = None
        try:
            getattr(self, "_" + name.replace(" ", "_"))()
        except Exception as error:  # whatever it is, it is counted
            fault = f"{type(error).__name__}: {error}"[:300]
        self.load.note(name, (time.perf_counter() - started) * 1000, fault)

    # --- screens ---

    def _mine(self):
        return [["type", "=", "opportunity"], ["user_id", "=", self.session.uid]]

    def _day(self):
        self.load.screens.day.list_of(self.session, [])

    def _pipeline(self):
        aggregates = ["__count", "expected_revenue:sum"]
        self.load.screens.pipeline.kanban_of(
            self.session, self._mine(), "stage_id", aggregates
        )

    def _opportunities(self):
        self.load.screens.opportunities.list_of(self.session, self._mine())

    def _search(self):
        text = f"tunity {self.random.randrange(10, 99)}"
        terms = ["|"] * (len(SEARCHED) - 1)
        terms += [[name, "ilike", text] for name in SEARCHED]
        domain = ["&", "&", *self._mine(), *terms]
        self.load.screens.opportunities.list_of(self.session, domain)

    def _opportunity(self):
        lead = self.random.choice(self.leads)
        self.load.screens.opportunity.form_of(self.session, lead)

    def _organization(self):
        partner = self.random.choice(self.organizations)
        self.load.screens.organization.form_of(self.session, partner)

    def _timeline(self):
        partner = self.random.choice(self.organizations)
        action = self.session.button("res.partner", "action_crm_timeline", [partner])
        domain = [["organization_id", "=", action["context"]["active_id"]]]
        self.load.screens.timeline.list_of(self.session, domain)

    def _log_a_gestion(self):
        partner = self.random.choice(self.organizations)
        form = self.load.screens.gestion
        proposed = form.new(self.session, default_organization_id=partner)
        vals = {name: proposed[name] for name in PROPOSED if name in proposed}
        next_date = date.today() + timedelta(days=self.random.randrange(1, 30))
        vals |= {
            "result_id": self.load.result_id,
            "description": f"Load test, {self.name}",
            "next_activity_type_id": self.load.call_id,
            "next_date": next_date.isoformat(),
        }
        form.save(self.session, [], vals)

    def _move_a_stage(self):
        """A card is dropped on the next stage, and the dialog answered."""
        if not self.movable:
            self.load.moves_missing += 1
            return
        lead = self.movable.pop(self.random.randrange(len(self.movable)))
        stage = self.load.stages[1]
        ask = self.session.call("crm.lead", "action_crm_stage_dialog", [lead], stage)
        form = self.load.screens.register
        vals = form.new(self.session, **ask["context"])
        vals |= {
            "result_id": self.load.result_id,
            "description": f"Load test, {self.name}",
        }
        found = form.save(self.session, [], vals)
        self.session.button(form.model, "action_register", [found[0]["id"]])


class Load:
    """All of them, and what they met with."""

    def __init__(self, url, database, sellers):
        self.url, self.database = url, database
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.taken, self.faults = defaultdict(list), defaultdict(list)
        self.measuring, self.moves_missing = False, 0
        count = self._count_sellers()
        self.people = [
            Seller(self, n, f"bench_seller_{n % count}") for n in range(sellers)
        ]
        self.logins = min(count, sellers)

    def _count_sellers(self):
        session = Session(self.url, self.database)
        session.login("bench_director")
        sellers = [("login", "=like", "bench\\_seller\\_%")]
        found = session.call("res.users", "search_count", sellers)
        self.stages = self._ids(session, "crm.stage", [("is_method", "=", True)])
        is_call = [("is_gestion", "=", True), ("category", "=", "phonecall")]
        self.call_id = self._ids(session, "mail.activity.type", is_call)[0]
        plain = [("requires_next_step", "=", False), ("opens_opportunity", "=", False)]
        plain += [("stops_contact", "=", False)]
        self.result_id = self._ids(session, "crm.gestion.result", plain)[0]
        session.close()
        return found

    def ref(self, name):
        """:return: id of the record with this XML id"""
        module, _dot, name = name.partition(".")
        with psycopg2.connect(dbname=self.database) as connection:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s",
                (module, name),
            )
            return cursor.fetchone()[0]

    def _ids(self, session, model, domain):
        found = session.call(model, "web_search_read", domain, {})
        return [record["id"] for record in found["records"]]

    def note(self, name, ms, fault):
        if not self.measuring:
            return
        with self.lock:
            self.taken[name].append(ms)
            if fault:
                self.faults[name].append(fault)

    def count(self):
        return sum(map(len, self.taken.values()))

    def prepare(self):
        """Everybody is logged in and has begun."""
        for person in self.people:
            person.prepare()
        self.screens = Screens(self, self.people[0].session)
        for person in self.people:
            person.know()
        for person in self.people:
            person.start()
        time.sleep(RAMP + 5)

    def run(self, seconds):
        """:return: seconds that this program itself had of a processor"""
        own, started = time.process_time(), time.monotonic()
        self.measuring = True
        time.sleep(seconds)
        self.measuring = False
        self.seconds = time.monotonic() - started
        own = time.process_time() - own
        self.stop.set()
        for person in self.people:
            person.join(90)
        return own


class Report:
    """What was measured."""

    def __init__(self, args, server, load):
        self.args, self.server, self.load = args, server, load
        self.rows, self.faults, self.figures = [], [], {}

    def measure(self):
        load, server = self.load, self.server
        load.prepare()
        server.forget_peak()
        before = server.processor_ms(), Path("/proc/stat").read_text()
        own = load.run(self.args.seconds)
        after = server.processor_ms(), Path("/proc/stat").read_text()
        seconds = load.seconds
        self.figures = {
            "sellers": self.args.sellers,
            "logins": load.logins,
            "workers": self.args.workers,
            "seconds": round(seconds),
            "screens_per_second": round(load.count() / seconds, 1),
            "client_processor_share": round(own / seconds, 2),
            "server_processors": round((after[0] - before[0]) / 1000 / seconds, 2),
            "idle_share": round(idle_share(before[1], after[1]), 2),
            "peak_mb": round(max(server.peak_mb().values())),
        }

    def show(self):
        """:return: list of what does not hold"""
        print("| screen | opened | median ms | p95 ms | longest ms | errors |")
        print("|---|---:|---:|---:|---:|---:|")
        for name in MIX:
            taken = sorted(self.load.taken[name])
            wrong = self.load.faults[name]
            if len(taken) < 2:
                self.faults.append(f"{name}: not opened")
                continue
            p95 = statistics.quantiles(taken, n=20, method="inclusive")[-1]
            holds = p95 <= LIMIT_MS and not wrong
            print(
                f"| {name} | {len(taken)} | {statistics.median(taken):.0f} | {p95:.0f} "
                f"| {taken[-1]:.0f} | {len(wrong)} |"
            )
            self.rows.append(
                {
                    "name": name,
                    "ours_ms": round(p95, 1),
                    "median_ms": round(statistics.median(taken), 1),
                    "opened": len(taken),
                    "errors": len(wrong),
                    "limit_ms": LIMIT_MS,
                    "holds": holds,
                }
            )
            if not holds:
                self.faults.append(f"{name}: p95 {p95:.0f} ms, {len(wrong)} errors")
            for fault in sorted(set(wrong))[:3]:
                print(f"  {name}: {fault}", file=sys.stderr)
        print("\n" + ", ".join(f"{k} {v}" for k, v in self.figures.items()))
        return self.faults

    def result(self):
        return {
            "database": self.args.database,
            "day": date.today().isoformat(),
            "machine": {"processors": os.cpu_count(), "load": os.getloadavg()},
            **self.figures,
            "rows": self.rows,
        }


def idle_share(before, after):
    """:return: share of the machine's processors that nobody used"""
    first, last = (
        [int(value) for value in text.splitlines()[0].split()[1:]]
        for text in (before, after)
    )
    spent = [b - a for a, b in zip(first, last, strict=True)]
    return (spent[3] + spent[4]) / (sum(spent[:8]) or 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database")
    parser.add_argument("--sellers", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--port", type=int, default=8169)
    parser.add_argument("--results")
    args = parser.parse_args()
    limits = ("--limit-memory-soft=2147483648", "--limit-memory-hard=2684354560")
    server = Server(
        args.database,
        args.port,
        workers=args.workers,
        options=limits,
        log=Path(os.environ.get("STATE", ".")) / "load.log",
    )
    with server:
        load = Load(server.url, args.database, args.sellers)
        report = Report(args, server, load)
        report.measure()
    faults = report.show()
    if args.results:
        Path(args.results).write_text(json.dumps(report.result(), indent=1) + "\n")
    if faults:
        raise SystemExit("error: " + "; ".join(faults))


if __name__ == "__main__":
    main()
