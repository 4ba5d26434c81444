"""Two Odoo servers, a primary and a replica, nginx, and a day's troubles in minutes.

``cluster FOLDER DATABASE DUMP ADDONS DATA``: see README.md. Nothing listens but on
loopback. Fails where something that a client was told is not so.
"""

import argparse
import atexit
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from ledger import Ledger
from outcome import Outcome
from people import Head, Manager, Seller
from postgres import Primary, Replica
from servers import Nginx, Odoo

SELLERS = 12
# Share of the minutes at which something happens, and what; see `Cluster`.
BLOWS = (
    (0.15, "replica stopped", "stop_replica"),
    (0.30, "replica started", "start_replica"),
    (0.42, "one Odoo server killed", "kill_odoo"),
    (0.55, "that server started", "start_odoo"),
    (0.70, "PostgreSQL restarted", "restart_primary"),
    (0.88, "replica frozen for 5 seconds", "freeze_replica"),
)


def free_ports(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _n in range(number)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    """All that runs."""

    def __init__(self, args):
        self.folder, self.database = Path(args.folder), args.database
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.ports = free_ports(7)
        primary, replica, nginx, *odoo = self.ports
        self.primary = Primary(args.programs, self.folder / "primary", primary)
        self.replica = Replica(args.programs, self.folder / "replica", replica)
        self.data = self.folder / "data"  # filestore and sessions: of both servers
        settings = {
            "addons": args.addons,
            "data": self.data,
            "database": self.database,
            "primary": primary,
            "replica": replica,
        }
        self.odoo = [
            Odoo(name, self.folder, ports, **settings)
            for name, ports in (("odoo_1", odoo[:2]), ("odoo_2", odoo[2:]))
        ]
        self.nginx = Nginx(
            args.nginx, self.folder / "nginx", nginx, odoo[::2], odoo[1::2]
        )
        self.url = f"http://127.0.0.1:{nginx}"

    def start(self, args):
        self.primary.make()
        self.primary.start()
        self._restore(args)
        self.replica.make(self.primary)
        self.replica.start()
        for server in self.odoo:
            server.start()
        for server in self.odoo:
            server.wait()
        self.nginx.start()

    def _restore(self, args):
        """The database comes from a dump, its files from where they were."""
        self.primary.sql(f'CREATE DATABASE "{self.database}" TEMPLATE template0')
        options = ("-h", "127.0.0.1", "-p", self.primary.port, "-U", "odoo")
        self.primary.run(
            *("pg_restore", "-j2", "--no-owner", *options, "-d", self.database),
            args.dump,
        )
        self.primary.sql("ANALYZE", self.database)
        target = self.data / "filestore" / self.database
        target.parent.mkdir(parents=True)
        shutil.copytree(args.filestore, target)

    def stop(self):
        for process in (self.nginx, *self.odoo):
            try:
                process.stop()
            except subprocess.TimeoutExpired:
                process.kill()
        for server in (self.replica, self.primary):
            if server.is_running():
                server.stop("immediate")

    # --- blows ---

    def stop_replica(self):
        self.replica.stop()

    def start_replica(self):
        self.replica.start()

    def kill_odoo(self):
        self.odoo[0].kill()

    def start_odoo(self):
        self.odoo[0].start()

    def restart_primary(self):
        self.primary.restart()

    def freeze_replica(self):
        self.replica.freeze()
        time.sleep(5)
        self.replica.thaw()

    # --- figures ---

    def transactions(self):
        """:return: dict of transactions in the database, of each server"""
        query = (
            "SELECT xact_commit + xact_rollback FROM pg_stat_database "
            f"WHERE datname = '{self.database}'"
        )
        return {
            "primary": int(self.primary.sql(query)[0][0]),
            "replica": int(self.replica.sql(query)[0][0]),
        }

    def lag(self):
        """:return: seconds that the replica is behind, or None where there is none"""
        rows = self.primary.sql(
            "SELECT coalesce(extract(epoch FROM replay_lag), 0) "
            "FROM pg_stat_replication WHERE state = 'streaming'"
        )
        return float(rows[0][0]) if rows else None


class World:
    """What people need to know to work."""

    def __init__(self, cluster):
        self.url, self.database = cluster.url, cluster.database
        self.ledger = Ledger()
        self.begin, self.stop = threading.Event(), threading.Event()

        def sql(query):
            return cluster.primary.sql(query, self.database)

        def ref(name):
            query = (
                "SELECT res_id FROM ir_model_data WHERE module = '{}' AND name = '{}'"
            )
            return int(sql(query.format(*name.split(".")))[0][0])

        self.call_id = ref("mail.mail_activity_data_call")
        self.result_id = ref("crm_gestion.result_informed")
        self.origination_id = ref("crm_gestion.origination_cold_call")
        names = (
            *("generate_interest", "present_products", "size_proposal"),
            *("negotiate_proposal", "sales_order"),
        )
        self.stages = [ref(f"crm_gestion.stage_{name}") for name in names]
        product = "SELECT max(id) FROM product_product"
        self.product_id = int(sql(product)[0][0])
        self.contacts = {}
        for login, contact in sql(
            """SELECT u.login, p.id FROM res_partner p
                 JOIN res_partner o ON o.id = p.parent_id
                 JOIN res_users u ON u.id = o.user_id"""
        ):
            self.contacts.setdefault(login, []).append(int(contact))
        leavers = sql(
            "SELECT id FROM res_users WHERE login LIKE 'bench_leaver_%' ORDER BY login"
        )
        ids = [int(row[0]) for row in leavers]
        self.pairs = list(zip(ids[::2], ids[1::2], strict=True))

    def people(self):
        return [
            *(Seller(self, f"bench_seller_{n}") for n in range(SELLERS)),
            Head(self, "bench_head_2"),
            Manager(self, "bench_director"),
        ]


class Watch(threading.Thread):
    """Every second: wakes the crons of both servers, looks how far the replica is
    behind, and starts what has ended by itself, as a machine's service manager does."""

    def __init__(self, cluster, stop):
        super().__init__(daemon=True)
        self.cluster, self.stop = cluster, stop
        self.seconds, self.restarts = [], 0

    def run(self):
        while not self.stop.wait(1):
            self.restarts += sum(server.start_again() for server in self.cluster.odoo)
            try:
                # as Odoo does when it wants a job done: both servers wake at once
                self.cluster.primary.sql(
                    f"NOTIFY cron_trigger, '{self.cluster.database}'"
                )
                lag = self.cluster.lag()
            except subprocess.CalledProcessError:
                continue  # PostgreSQL is being restarted
            if lag is not None:
                self.seconds.append(lag)


def play(cluster, minutes):
    """:return: the world, when what happened, transactions while all was well, the
    watch, and the clock when it began"""
    world = World(cluster)
    watch = Watch(cluster, world.stop)
    people = world.people()
    for person in people:
        person.start()
    for person in people:
        person.is_there.wait()
    wall, ledger = time.time(), world.ledger
    ledger.begin()
    before = cluster.transactions()
    watch.start()
    world.begin.set()
    blows, well = [], {}
    for share, name, what in BLOWS:
        time.sleep(max(0, share * minutes * 60 - ledger.now()))
        if not blows:
            now = cluster.transactions()
            well = {server: now[server] - before[server] for server in now}
        blows.append((name, ledger.now()))
        print(f"{ledger.now():6.1f} s  {name}", file=sys.stderr, flush=True)
        getattr(cluster, what)()
    time.sleep(max(0, minutes * 60 - ledger.now()))
    world.stop.set()
    for thread in (*people, watch):
        thread.join(180)
    return world, blows, well, watch, wall


def settle(cluster):
    """A hand-over under way comes to its end by a cron; nobody works any more."""
    until = time.monotonic() + 90
    query = "SELECT 1 FROM crm_handover WHERE state = 'running'"
    while cluster.primary.sql(query, cluster.database) and time.monotonic() < until:
        time.sleep(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("folder", "programs", "nginx", "database", "dump", "filestore"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--addons", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--minutes", type=float, default=2)
    args = parser.parse_args()
    cluster = Cluster(args)
    atexit.register(cluster.stop)
    cluster.start(args)
    world, *played = play(cluster, args.minutes)
    settle(cluster)
    outcome = Outcome(cluster, world, *played)
    outcome.show()
    result = {"minutes": args.minutes, **outcome.result()}
    Path(args.results).write_text(json.dumps(result, indent=1) + "\n")
    if outcome.faults:
        raise SystemExit("error: " + "; ".join(outcome.faults))
    print("\nNothing was lost, nothing was done twice.")


if __name__ == "__main__":
    main()
