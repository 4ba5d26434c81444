"""PostgreSQL: one that is written to and a streaming replica of it, on loopback."""

import os
import signal
import subprocess
from functools import cache
from pathlib import Path

USER = "odoo"
SLOT = "replica"
# What differs from PostgreSQL's own defaults; docs/deployment.md says why.
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 100
shared_buffers = 256MB
jit = off
wal_level = replica
max_wal_senders = 4
max_replication_slots = 4
max_slot_wal_keep_size = 4GB
wal_keep_size = 256MB
hot_standby = on
hot_standby_feedback = on
max_standby_streaming_delay = 30s
wal_retrieve_retry_interval = 1s
shared_preload_libraries = ''
"""


@cache
def as_another():
    """PostgreSQL refuses to run as root. In a namespace of users it sees another one,
    while the files stay root's, as in ``dev/postgres``."""
    if os.getuid():
        return []
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]


class PostgreSQL:
    """A cluster of databases in a folder."""

    def __init__(self, programs, folder, port):
        self.programs, self.folder, self.port = Path(programs), Path(folder), port
        self.data = self.folder / "data"

    def run(self, program, *args, **options):
        command = [*as_another(), str(self.programs / program), *map(str, args)]
        return subprocess.run(
            command, check=True, cwd="/", stdin=subprocess.DEVNULL, **options
        )

    def _control(self, *args):
        with (self.folder / "pg_ctl.log").open("a") as log:
            self.run("pg_ctl", "-D", self.data, "-w", *args, stdout=log, stderr=log)

    def start(self):
        log = self.folder / "log"
        self._control("-t", "120", "-l", log, "-o", f"-p {self.port}", "start")

    def stop(self, mode="fast"):
        self._control("-m", mode, "stop")

    def is_running(self):
        return (self.data / "postmaster.pid").exists()

    def restart(self):
        log = self.folder / "log"
        self._control("-m", "fast", "-l", log, "-o", f"-p {self.port}", "restart")

    def _processes(self):
        """:return: the first process of the server and those that it started"""
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [first, *map(int, children)]

    def _tell(self, what):
        for pid in self._processes():
            try:
                os.kill(pid, what)
            except ProcessLookupError:
                continue  # a connection that has just been closed

    def freeze(self):
        """It takes connections and answers nothing."""
        self._tell(signal.SIGSTOP)

    def thaw(self):
        self._tell(signal.SIGCONT)

    def sql(self, query, database="postgres"):
        """:return: list of rows, each a list of texts"""
        command = [
            str(self.programs / "psql"),
            *("-X", "-A", "-t", "-q", "-F", "\t", "-v", "ON_ERROR_STOP=1"),
            *("-h", "127.0.0.1", "-p", str(self.port), "-U", USER),
            *("-d", database, "-c", query),
        ]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return [line.split("\t") for line in done.stdout.splitlines()]


class Primary(PostgreSQL):
    """The one that is written to."""

    def make(self):
        self.folder.mkdir(parents=True)
        with (self.folder / "initdb.log").open("w") as log:
            self.run(
                *("initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8"),
                "--locale=C.UTF-8",
                stdout=log,
                stderr=log,
            )
        conf = self.data / "postgresql.conf"
        conf.write_text(conf.read_text() + SETTINGS)


class Replica(PostgreSQL):
    """Follows a primary by streaming, from a slot: what it misses is kept for it."""

    def make(self, primary):
        self.folder.mkdir(parents=True)
        with (self.folder / "basebackup.log").open("w") as log:
            self.run(
                *("pg_basebackup", "-h", "127.0.0.1", "-p", primary.port, "-U", USER),
                *("-D", self.data, "-X", "stream", "-c", "fast"),
                *("-R", "-C", "-S", SLOT),
                stdout=log,
                stderr=log,
            )
