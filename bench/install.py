"""What installing does to those who go on working:
``install.py DATABASE [--update | --fill | --uninstall] [--probes KINDS]
[--json FILE]``.

Runs ``odoo -i crm_gestion`` on a database as a child (or ``-u``, or the cron that fills
the organizations of earlier opportunities, or an uninstallation), while

- probes, each on a connection of its own, do every 100 ms what users do: read, write
  and create a record of each big table. The longest that one of them took is the truth;
- a sampler looks every 50 ms at ``pg_locks`` for what keeps users from writing: locks
  of the installation on tables that were there before it.

Prints, and writes as JSON: seconds, peak memory of the child, and for each table the
longest lock, the longest wait of each probe and how many rows were written.

The probes need a few rows in each table, and write nothing but ``write_date``.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import psycopg2

PROBE_SECONDS = 0.1
SAMPLE_SECONDS = 0.05
# Tables that users work with all day long, and which may be large.
TABLES = (
    "crm_lead",
    "res_partner",
    "mail_activity",
    "calendar_event",
    "project_task",
    "mail_message",
    "mail_tracking_value",
    "sale_order",
    "sale_order_line",
    "account_move",
    "account_move_line",
)
# What a list of opportunities reads besides them.
LIST_OF_LEADS = """
    SELECT l.name, stage.name, team.name, u.login, partner.name, company.name
      FROM crm_lead l
      LEFT JOIN crm_stage stage ON stage.id = l.stage_id
      LEFT JOIN crm_team team ON team.id = l.team_id
      LEFT JOIN res_users u ON u.id = l.user_id
      LEFT JOIN res_partner partner ON partner.id = l.partner_id
      LEFT JOIN res_company company ON company.id = l.company_id
      LEFT JOIN utm_campaign campaign ON campaign.id = l.campaign_id
     WHERE l.id >= %(id)s ORDER BY l.id LIMIT 20"""
OPTIONS = {"install": "-i", "update": "-u"}
# What has no option of its own is done in Odoo's shell.
SCRIPTS = {
    "uninstall": """
env["ir.module.module"].search(
    [("name", "=", "crm_gestion")]).button_immediate_uninstall()
""",
    "fill": """
env["crm.opportunity.organization"]._cron_fill()
env.cr.commit()
""",
}
# Locks that keep others from writing; the last one from reading as well.
HARD_MODES = (
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)


def connect(database, name):
    """:return: a connection that each statement of is a transaction"""
    connection = psycopg2.connect(dbname=database, application_name=f"probe {name}")
    connection.autocommit = True
    return connection


class Probe(threading.Thread):
    """Does the same small thing again and again, and remembers the longest time."""

    def __init__(self, database, table, kind, statement):
        super().__init__(daemon=True)
        self.table, self.kind, self.statement = table, kind, statement
        self.connection = connect(database, f"{kind} {table}")
        self.cursor = self.connection.cursor()
        self.cursor.execute(f"SELECT min(id), max(id) FROM {table}")
        self.first, self.last = self.cursor.fetchone()
        self.longest = 0.0
        self.runs = 0
        self.error = None
        self.stopped = threading.Event()

    def run(self):
        try:
            while not self.stopped.wait(PROBE_SECONDS):
                self._once()
        except psycopg2.Error as error:
            self.error = str(error)

    def _once(self):
        # any id will do, and the next run has another one
        row = self.first + self.runs * 7919 % (self.last - self.first + 1)
        begun = time.monotonic()
        self.cursor.execute(self.statement, {"id": row})
        self.longest = max(self.longest, time.monotonic() - begun)
        self.runs += 1

    def stop(self):
        self.stopped.set()
        self.join(60)
        self.connection.close()


def make_probes(database, kinds):
    """:return: list of probes; a table without rows has none"""
    probes = []
    if "list" in kinds:
        probes.append(Probe(database, "crm_lead", "list", LIST_OF_LEADS))
    for table in TABLES:
        probes += [
            Probe(database, table, kind, statement)
            for kind, statement in (
                ("read", f"SELECT * FROM {table} WHERE id = %(id)s"),
                ("write", f"UPDATE {table} SET write_date = now() WHERE id = %(id)s"),
                ("create", copy_statement(database, table)),
            )
            if kind in kinds
        ]
    return [probe for probe in probes if probe.last]


def copy_statement(database, table):
    """:return: SQL that makes a record like another one, and takes it back"""
    with closing(connect(database, "columns")) as connection:
        cursor = connection.cursor()
        cursor.execute(
            """SELECT string_agg(quote_ident(column_name), ', ')
                 FROM information_schema.columns
                WHERE table_name = %s AND column_name <> 'id'
                  AND column_name NOT IN ('message_id', 'access_token')
                  AND (table_name, column_name) <> ('account_move', 'name')""",
            [table],
        )
        columns = cursor.fetchone()[0]
    return f"""BEGIN;
        INSERT INTO {table} ({columns})
        SELECT {columns} FROM {table} WHERE id = %(id)s;
        ROLLBACK"""


class Sampler(threading.Thread):
    """Remembers for how long the child held, or waited for, a hard lock."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self.cursor = connect(database, "sampler").cursor()
        self.cursor.execute("SELECT oid, relname FROM pg_class WHERE relkind = 'r'")
        self.names = dict(self.cursor.fetchall())
        self.held, self.waited = {}, {}
        self.since = {}
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self):
        self.cursor.execute(
            """SELECT pid, relation, mode, granted FROM pg_locks
                WHERE locktype = 'relation' AND mode = ANY(%s)
                  AND relation = ANY(%s) AND database = (
                      SELECT oid FROM pg_database WHERE datname = current_database())
                  AND pid NOT IN (SELECT pid FROM pg_stat_activity
                                   WHERE query LIKE 'autovacuum:%%')""",
            [list(HARD_MODES), list(self.names)],
        )
        now = time.monotonic()
        seen = {}
        for lock in self.cursor.fetchall():
            _pid, relation, mode, granted = lock
            seen[lock] = self.since.get(lock, now)
            longest = self.held if granted else self.waited
            key = (self.names[relation], mode)
            longest[key] = max(longest.get(key, 0), now - seen[lock] + SAMPLE_SECONDS)
        self.since = seen

    def stop(self):
        self.stopped.set()
        self.join(60)


def peak_memory(pid):
    """:return: MB that a process had at most, or 0 when it is gone"""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except (OSError, ValueError):
        pass
    return 0


def run_child(database, kind):
    """:return: (status, seconds, MB at most)"""
    command = [sys.executable, "-m", "odoo"]
    command += ["shell"] if kind in SCRIPTS else []
    command += ["-d", database, "--log-level=warn"]
    if kind in OPTIONS:
        command += [OPTIONS[kind], "crm_gestion", "--stop-after-init"]
    begun = time.monotonic()
    child = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    child.stdin.write(SCRIPTS.get(kind, ""))
    child.stdin.close()
    peak = 0
    while child.poll() is None:
        peak = max(peak, peak_memory(child.pid))
        time.sleep(SAMPLE_SECONDS)
    return child.returncode, time.monotonic() - begun, peak


def written(database):
    """:return: dict table -> how many rows were ever updated"""
    with closing(connect(database, "statistics")) as connection:
        time.sleep(2)  # backends tell of what they did once a second
        cursor = connection.cursor()
        cursor.execute("SELECT relname, n_tup_upd FROM pg_stat_user_tables")
        return dict(cursor.fetchall())


def measure(database, kind, kinds):
    """:return: dict of everything that was measured"""
    before = written(database)
    sampler, probes = Sampler(database), make_probes(database, kinds)
    for thread in (sampler, *probes):
        thread.start()
    try:
        status, seconds, peak = run_child(database, kind)
    finally:
        for thread in (*probes, sampler):
            thread.stop()
    after = written(database)
    tables = {}
    for (table, mode), length in sorted(sampler.held.items()):
        tables.setdefault(table, {}).setdefault("held", {})[mode] = round(length, 2)
    for (table, mode), length in sorted(sampler.waited.items()):
        tables.setdefault(table, {}).setdefault("waited", {})[mode] = round(length, 2)
    for probe in probes:
        row = tables.setdefault(probe.table, {})
        row[probe.kind] = round(probe.longest, 3)
        if probe.error:
            row.setdefault("errors", []).append(f"{probe.kind}: {probe.error}")
    for table, row in tables.items():
        ours = sum(p.runs for p in probes if (p.table, p.kind) == (table, "write"))
        row["rows"] = max(0, after.get(table, 0) - before.get(table, 0) - ours)
    return {
        "kind": kind,
        "database": database,
        "status": status,
        "seconds": round(seconds, 1),
        "peak_mb": round(peak),
        "longest_lock": max(
            [0, *(round(s, 2) for (t, _), s in sampler.held.items() if t in TABLES)]
        ),
        "longest_wait": max([0, *(round(probe.longest, 2) for probe in probes)]),
        "tables": tables,
    }


def show(result):
    print(
        f"{result['kind']} {result['database']}: "
        f"{'FAILED, ' if result['status'] else ''}{result['seconds']} s, "
        f"{result['peak_mb']} MB, longest lock of a big table "
        f"{result['longest_lock']:.2f} s, longest wait {result['longest_wait']:.2f} s"
    )
    print(f"{'table':32}{'read':>8}{'list':>8}{'write':>8}{'create':>8}{'rows':>10}")
    for table, row in sorted(
        result["tables"].items(), key=lambda item: (item[0] not in TABLES, item[0])
    ):
        times = "".join(
            f"{row[kind]:8.2f}" if kind in row else " " * 8
            for kind in ("read", "list", "write", "create")
        )
        locks = [f"{mode} {s} s" for mode, s in row.get("held", {}).items()]
        locks += [
            f"waited for {mode} {s} s" for mode, s in row.get("waited", {}).items()
        ]
        print(f"{table:32}{times}{row['rows']:10}  {', '.join(locks)}")
        for error in row.get("errors", []):
            print(f"    {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("database")
    for kind in ("update", "fill", "uninstall"):
        parser.add_argument(f"--{kind}", dest="kind", action="store_const", const=kind)
    parser.add_argument("--probes", default="read,list,write,create")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = measure(
        arguments.database,
        arguments.kind or "install",
        arguments.probes.split(","),
    )
    show(result)
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(result["status"])


if __name__ == "__main__":
    main()
