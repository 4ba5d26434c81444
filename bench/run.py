"""Measures the add-on against plain Odoo over HTTP: ``run.py SIZE RESULT.json``.

See README.md. ``bench/run.sh`` makes the databases and starts it.
"""

import argparse
import contextlib
import fnmatch
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import figures
from row import CLIENTS, Timer
from rows import ROWS
from server import Server
from side import Side

CHECKOUT = Path(__file__).resolve().parents[1]
PORT = 18069
FLAT = 1.3  # what costs a record at full size, against the small one


class Pair:
    """Two databases of one size, each behind a server of its own."""

    def __init__(self, stack, names, port, options):
        self.stack, self.names, self.port, self.options = stack, names, port, options
        self.sides = []

    def start(self):
        for place, (name, database) in enumerate(self.names.items()):
            server = Server(
                database,
                self.port + 10 * place,
                self.options.workers,
                log=self.options.logs / f"{database}.log",
            )
            self.stack.callback(server.stop)
            server.start()
            side = Side(name, server, name == "ours")
            self.stack.callback(side.close)
            self.sides.append(side)
            side.remember()
            self.stack.callback(side.restore)
        return self.sides

    def restart(self):
        for side in self.sides:
            side.server.stop()
            side.server.start()


def asked_rows(pattern):
    return [row for row in ROWS if fnmatch.fnmatch(row.name, pattern)]


def measure(options, show):
    """:return: list of the rows, measured"""
    rows = []
    with contextlib.ExitStack() as stack:
        names = {side: f"bench_{side}_{options.size}" for side in ("plain", "ours")}
        pair = Pair(stack, names, options.port, options)
        sides = pair.start()
        timer = Timer(
            [(side, side.name) for side in sides], options.workers, options.runs
        )
        for row in asked_rows(options.only):
            if row.fresh:
                pair.restart()
            for clients in (1, CLIENTS) if row.crowd else (1,):
                if clients <= options.clients:
                    rows.append(timer.measure(row, clients))
                    show(rows[-1])
        if options.flat:
            rows += measure_flat(stack, options, sides[1], show)
    return rows


def measure_flat(stack, options, full, show):
    """Ours at this size against ours at the smaller one, row by row in turns."""
    names = {"ours": f"bench_ours_{options.flat}"}
    (small,) = Pair(stack, names, options.port + 100, options).start()
    timer = Timer([(small, "plain"), (full, "ours")], options.workers, options.runs)
    rows = []
    for row in asked_rows(options.only):
        if row.flat:
            against = f"plain is ours at size {options.flat}"
            rows.append(timer.measure(row.flattened(FLAT, against)))
            show(rows[-1])
    return rows


def machine(options):
    """What a reader must know to compare: :return: dict for the JSON file"""
    with open("/proc/meminfo") as lines:
        memory = int(next(lines).split()[1]) // 1024
    manifest = (CHECKOUT / "__manifest__.py").read_text()
    version = manifest.partition('"version": "')[2].partition('"')[0]
    commit = subprocess.run(
        ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    import odoo.release

    return {
        "size": options.size,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_mb": memory,
        "processor": processor_name(),
        "load_before": [round(value, 2) for value in os.getloadavg()],
        "workers": options.workers,
        "postgresql": postgresql_version(options),
        "odoo": odoo.release.version,
        "python": platform.python_version(),
        "addon": version,
        "commit": commit,
    }


def processor_name():
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return ""


def postgresql_version(options):
    import psycopg2

    connection = psycopg2.connect(dbname=f"bench_plain_{options.size}")
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return cursor.fetchone()[0]


def parse(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("size")
    parser.add_argument("result", type=Path)
    parser.add_argument("--only", default="*", help="rows whose name is like this")
    parser.add_argument("--runs", type=int, help="of each row, at most")
    parser.add_argument("--clients", type=int, default=CLIENTS, help="at most")
    parser.add_argument("--workers", type=int, default=2, help="of each server")
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--flat", help="the smaller size to compare costs with")
    parser.add_argument("--logs", type=Path, default=Path("/tmp"))
    return parser.parse_args(arguments)


def main(arguments=None):
    options = parse(arguments)
    about = machine(options)
    print(", ".join(f"{name} {value}" for name, value in about.items()), end="\n\n")
    print(figures.HEADER, flush=True)
    rows = measure(options, lambda row: print(figures.line(row), flush=True))
    figures.write_json(options.result, about, rows)
    faults = [row for row in rows if not row["holds"]]
    print(f"\n{len(rows)} rows, {len(faults)} miss a bound: {options.result}")
    return 1 if faults or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
