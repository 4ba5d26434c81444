"""A server of Odoo with several workers, as it runs in production, and what it needs.

The environment is the one that ``dev/env`` prints.
"""

import contextlib
import http.client
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from client import NUMBER

PROCESSES = Path("/proc")
# Odoo starts the process that keeps connections open by the name of its own program,
# which with `python -m odoo` is none that can be run.
PROGRAM = str(Path(__file__).with_name("odoo_server.py"))
STARTED_WITHIN = 120  # seconds
# What the longest requests of the benchmark need; memory is measured, not limited.
LIMITS = ("--limit-time-cpu=3600", "--limit-time-real=3600", "--limit-request=1000000")
REQUEST = re.compile(
    r'"(?P<verb>[A-Z]+) (?P<path>\S*?[?&]'
    + NUMBER
    + r'=(?P<number>\d+))(?:#\S+)? HTTP/[\d.]+" '
    r"(?P<status>\d+) \S+ (?P<queries>\d+) [\d.]+ [\d.]+(?: (?P<mode>\S+))?"
)


class ServerFault(Exception):
    """The server did not start, or is no longer there."""


class Server:
    """Odoo on one database, with worker processes and without crons.

    :param str database: the only one it serves
    :param int port: of HTTP, on the loopback interface; the one after it is taken for
        the process that keeps connections open
    :param int workers: how many processes answer
    :param list options: more options of Odoo's command line; a later one wins
    :param path log: where it writes what it did
    """

    def __init__(self, database, port, workers=2, options=(), log=None):
        self.database, self.port, self.workers = database, port, workers
        self.options = list(options)
        self.log = Path(log or f"{database}_{port}.log")
        self.url = f"http://127.0.0.1:{port}"
        self.process = None
        self._read = 0  # bytes of the log
        self._requests = {}

    def __enter__(self):
        return self.start()

    def __exit__(self, *error):
        self.stop()

    def command(self):
        return [
            sys.executable,
            PROGRAM,
            *("-d", self.database),
            f"--db-filter=^{re.escape(self.database)}$",
            "--no-database-list",
            "--http-interface=127.0.0.1",
            f"--http-port={self.port}",
            f"--gevent-port={self.port + 1}",
            f"--workers={self.workers}",
            "--max-cron-threads=0",
            "--log-level=warn",
            "--log-handler=werkzeug:INFO",  # the line of a request has its queries
            *LIMITS,
            *self.options,
        ]

    # --- life ---

    def start(self):
        """Start it and wait until it answers."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._read = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTED_WITHIN
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ServerFault(f"{self.database} did not start: see {self.log}")
            time.sleep(0.2)
        return self

    def answers(self):
        """Whether it serves its database, not only listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", "/web/health?db_server_status=1")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self):
        """Let it finish what it does, for a while."""
        self._end(signal.SIGINT)

    def kill(self):
        """End it and its workers at once, as a machine that fails does."""
        self._end(signal.SIGKILL)

    def _end(self, number):
        if self.process is None:
            return
        children = descendants(self.process.pid)
        if number == signal.SIGKILL:
            _kill(self.process.pid, *children)
        elif self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            _kill(self.process.pid)
            self.process.wait()
        _kill(*(pid for pid in children if alive(pid)))
        self.process = None

    # --- its processes ---

    def pids(self):
        """:return: list of the processes that answer requests"""
        pids = []
        for pid in descendants(self.process.pid):
            with contextlib.suppress(OSError):
                command = (PROCESSES / str(pid) / "cmdline").read_bytes()
                if b"\0gevent\0" not in command:  # answers no requests of ours
                    pids.append(pid)
        return pids

    def processor_ms(self):
        """:return: time in ms that its workers have had of the processors so far"""
        return sum(map(processor_ms, self.pids()))

    def forget_peak(self):
        """Memory is measured from here on."""
        for pid in self.pids():
            with contextlib.suppress(OSError):
                (PROCESSES / str(pid) / "clear_refs").write_text("5")

    def peak_mb(self):
        """:return: dict pid -> most memory in MB that a worker has had at once"""
        return {pid: _status_kb(pid, "VmHWM") / 1024 for pid in self.pids()}

    # --- its log ---

    def requests(self):
        """:return: dict number of a request of ``client.Session`` -> dict with its
        ``queries``, and the ``mode`` of its cursor on a server with a replica"""
        with self.log.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        end = text.rfind(b"\n") + 1
        self._read += end
        for line in text[:end].decode(errors="replace").splitlines():
            found = REQUEST.search(line)
            if found:
                self._requests[int(found["number"])] = {
                    "queries": int(found["queries"]),
                    "mode": found["mode"],
                    "path": found["path"],
                    "status": int(found["status"]),
                }
        return self._requests


def descendants(pid):
    """:return: list of the processes below a process"""
    parents = {}
    for folder in PROCESSES.iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def alive(pid):
    return (PROCESSES / str(pid)).exists()


def processor_ms(pid):
    """:return: time in ms that a process has had of the processors, with its threads"""
    total = 0
    try:
        for task in (PROCESSES / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    except OSError:
        return 0
    return total / 1e6


def _status_kb(pid, name):
    with contextlib.suppress(OSError):
        for line in (PROCESSES / str(pid) / "status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0


def _kill(*pids):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
