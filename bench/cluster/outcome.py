"""What came of it all: prints tables, and says what does not hold."""

import os
import platform

from checks import Checks, of_servers, phases_of_reads, recovery

RECOVERED_WITHIN = 45  # seconds
READS_ON_REPLICA = 0.9  # of those while all is well


def table(*rows):
    """Print rows of a table, the first of which is its head."""
    head, *rows = rows
    print("\n| " + " | ".join(head) + " |")
    print("|---|" + "---:|" * (len(head) - 1))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")


class Outcome:
    """Of one run of the cluster."""

    def __init__(self, cluster, world, blows, well, watch, wall):
        self.watch, self.well, self.problems = watch, well, world.ledger.problems
        self.faults = []
        self.checks = Checks(cluster.primary, cluster.database, world.ledger)
        self.checks.run()
        self.recovery = recovery(world.ledger, blows)
        phases = [("all is well", 0.0), *blows]
        self.reads = phases_of_reads(cluster.odoo, phases, wall)
        self.shares = {name: self._share(name) for name, _begin in phases}
        self.servers = of_servers(cluster.odoo)
        lag = sorted(watch.seconds) or [0.0]
        middle, longest = lag[len(lag) // 2], lag[-1]
        self.lag = {
            "median": round(middle * 1000, 1),
            "most": round(longest * 1000, 1),
        }

    def _share(self, name):
        modes = self.reads.get(name, {})
        return round(modes["ro"] / modes.total(), 3) if modes else None

    def show(self):
        self._show_done()
        self._show_checks()
        self._show_recovery()
        self._show_reads()
        self._show_servers()

    def _show_done(self):
        head = (
            "done by people",
            "answered",
            "after a lost answer",
            "unknown",
            "refused",
        )
        rows = [
            (kind, *count.values())
            for kind, count in self.checks.counts.items()
            if kind != "cron"
        ]
        table(head, *rows)
        for kind, done, _lost, _unknown, refused in rows:
            if not done:
                self.faults.append(f"{kind}: none was done")
            if refused:
                self.faults.append(f"{kind}: {refused} were refused")

    def _show_checks(self):
        broken = self.checks.broken
        table(("what must not be", "found"), *broken.items())
        self.faults += [
            f"{name}: {number}" for name, number in broken.items() if number
        ]

    def _show_recovery(self):
        names = ("blow", "at", "answered", "lost", "last_lost_after", "longest_silence")
        head = ("blow", "at s", "answered", "lost", "last lost after s", "silence s")
        rows = [[row[name] for name in names] for row in self.recovery]
        table(head, *rows)
        for row in self.recovery:
            if row["last_lost_after"] > RECOVERED_WITHIN or not row["answered"]:
                self.faults.append(f"{row['blow']}: not recovered")

    def _show_reads(self):
        rows = []
        for name, share in self.shares.items():
            modes = self.reads.get(name, {})
            replica, number = modes.get("ro", 0), sum(modes.values())
            rows.append((name, replica, number - replica, share))
        table(("reading requests", "replica", "primary", "share"), *rows)
        if (self.shares["all is well"] or 0) < READS_ON_REPLICA:
            share = self.shares["all is well"]
            self.faults.append(f"the replica serves {share} of the reads")
        print(f"\nTransactions while all was well, by pg_stat_database: {self.well}")
        print(
            "Replica behind by: median {median} ms, at most {most} ms".format(
                **self.lag
            )
        )

    def _show_servers(self):
        ended = self.watch.restarts
        print(f"Odoo ended by itself, and was started again: {ended} times")
        print(f"Crons: {self.checks.counts['cron']}; {self.servers}")
        for text, number in self.problems.most_common(12):
            print(f"  {number} x {text!r}")
        if not sum(server["jobs"] for server in self.servers):
            self.faults.append("no cron ran")
        for server in self.servers:
            if server["reads that wrote"]:
                self.faults.append(f"{server['server']}: reads wrote")

    def result(self):
        return {
            "machine": {
                "processors": os.cpu_count(),
                "load": os.getloadavg(),
                "system": platform.platform(),
            },
            "counts": self.checks.counts,
            "must_not_be": self.checks.broken,
            "recovery": self.recovery,
            "reads": {name: dict(modes) for name, modes in self.reads.items()},
            "reads_on_replica": self.shares,
            "transactions_while_well": self.well,
            "lag_ms": self.lag,
            "servers": self.servers,
            "restarts": self.watch.restarts,
            "faults": self.faults,
            "holds": not self.faults,
        }
