"""A row of the table: what is done on each side, and how it is timed."""

import threading
from dataclasses import dataclass, replace

from client import HTTPError, ServerError
from figures import finish
from figures import side as figures_of

CLIENTS = 8
RUNS = 15  # of one client
CROWD_RUNS = 5  # of eight: 40 times in all


@dataclass
class Operation:
    """What one user does once.

    ``act(side, session, prepared)`` sends the requests that count; ``prepare(side,
    session, number)`` makes ready what they need, which does not count. A number is
    never given twice in a run.
    """

    act: object
    prepare: object = lambda side, session, number: None


@dataclass
class Row:
    """
    :param str role: who does it: seller, head, director, marketing
    :param Operation ours: on the database with the add-on
    :param Operation plain: on the one without; None where there is nothing to compare
    :param float limit: how many times plain Odoo's time it may take
    :param float limit_ms: how long it may take, where there is nothing to compare with
    :param float queries: how many more queries than plain Odoo, or None
    :param bool crowd: whether it is measured with eight clients too
    :param int runs: of one client; fewer where one is long
    :param bool fresh: on servers that were just started: they keep memory
    :param float scale: ours took so many times what is compared: a sample of plain's
    :param bool flat: whether its cost is compared between the sizes
    """

    name: str
    role: str
    ours: Operation
    plain: Operation = None
    limit: float = None
    limit_ms: float = None
    queries: float = None
    crowd: bool = True
    runs: int = RUNS
    fresh: bool = False
    scale: float = 1
    warm: int = None
    flat: bool = False
    note: str = ""

    def flattened(self, limit, note):
        """:return: the row that compares what ours costs at two sizes"""
        return replace(
            self,
            name=f"flat: {self.name}",
            plain=self.ours,
            limit=limit,
            limit_ms=None,
            queries=None,
            scale=1,
            note=note,
        )

    def login(self, side, client):
        """The sellers of the first places have what no other has: the large account,
        and what other rows look at."""
        if self.role == "seller":
            count = side.one(
                "SELECT count(*) FROM res_users WHERE login LIKE 'bench\\_seller\\_%%'"
            )
            return f"bench_seller_{(client + 1) % count}"
        if self.role == "head":
            count = side.one(
                "SELECT count(*) FROM res_users WHERE login LIKE 'bench\\_head\\_%%'"
            )
            return f"bench_head_{(client + 1) % count}"
        if self.role == "seller 0":
            return "bench_seller_0"
        return "admin" if self.role == "admin" else f"bench_{self.role}"


class Timer:
    """Times rows, in turns, on two sides."""

    def __init__(self, sides, workers, runs=None):
        """
        :param list sides: pairs of a Side and the name of its operation in a Row; the
            first is what the second is held against
        :param int runs: at most so many
        """
        self.sides, self.workers, self.runs = sides, workers, runs
        self.number = 0

    def measure(self, row, clients=1):
        """:return: row of the table, finished; what went wrong is in its ``error``"""
        named = {
            "name": row.name,
            "role": row.role,
            "clients": clients,
            **({"note": row.note} if row.note else {}),
        }
        try:
            return finish({**named, **self._measure(row, clients)})
        except (ServerError, HTTPError, LookupError, OSError) as error:
            return finish({**named, "error": f"{type(error).__name__}: {error}"[:300]})

    def _measure(self, row, clients):
        taken = [(side, kind) for side, kind in self.sides if getattr(row, kind)]
        logins = {
            side: [row.login(side, n) for n in range(clients)] for side, _k in taken
        }
        for side, kind in taken:
            self._warm(row, side, kind, logins[side])
            side.server.forget_peak()
        samples = {name: [] for _side, name in self.sides}
        runs = row.runs if clients == 1 else min(row.runs, CROWD_RUNS)
        runs = min(runs, self.runs or runs)
        for run in range(runs):
            # who comes first takes turns
            for side, kind in taken if run % 2 else reversed(taken):
                operation = getattr(row, kind)
                samples[kind] += self._run(operation, side, logins[side])
        return self._figures(row, clients, runs, taken, samples)

    def _warm(self, row, side, kind, logins):
        """Rules, views and plans, once in the life of each worker: as many at once."""
        rounds = 2 if row.warm is None else row.warm
        for _round in range(rounds):
            logins_now = [logins[n % len(logins)] for n in range(self.workers)]
            self._run(getattr(row, kind), side, logins_now)

    def _run(self, operation, side, logins):
        """
        :return: list of samples: what each of some clients took, all at once
        """
        jobs = []
        for place, login in enumerate(logins):
            self.number += 1
            session = side.session(login, place)
            jobs.append((session, operation.prepare(side, session, self.number)))
        faults = []

        def work(session, prepared):
            session.taken.clear()
            try:
                operation.act(side, session, prepared)
            except Exception as error:
                faults.append(error)

        before = side.processor_ms()
        threads = [threading.Thread(target=work, args=job) for job in jobs[1:]]
        for thread in threads:
            thread.start()
        work(*jobs[0])
        for thread in threads:
            thread.join()
        cpu_ms = (side.processor_ms() - before) / len(jobs)
        if faults:
            raise faults[0]
        return [
            {
                "ms": sum(ms for _number, ms in session.taken),
                "cpu_ms": cpu_ms,
                "numbers": [number for number, _ms in session.taken],
            }
            for session, _prepared in jobs
        ]

    def _figures(self, row, clients, runs, taken, samples):
        figures = {"runs": runs}
        for side, kind in taken:
            requests = side.server.requests()
            for sample in samples[kind]:
                found = [requests.get(number) for number in sample["numbers"]]
                sample["queries"] = (
                    sum(request["queries"] for request in found)
                    if found and all(found)
                    else None
                )
            figures |= figures_of(samples[kind], kind)
            figures[f"{kind}_requests"] = len(samples[kind][0]["numbers"])
            peaks = side.server.peak_mb()
            figures[f"{kind}_mb"] = round(max(peaks.values()))
        self._bounds(row, clients, figures)
        return figures

    def _bounds(self, row, clients, figures):
        if row.plain:
            figures["limit"] = row.limit
            for name in ("plain_ms", "plain_p95_ms", "plain_cpu_ms"):
                figures[name] = round(figures[name] * row.scale, 2)
            if row.queries is not None:
                asked = figures["plain_queries"]
                figures["queries_limit"] = asked and asked + row.queries
        elif row.limit_ms:
            # so many ask at once, and wait for each other
            figures["limit_ms"] = row.limit_ms * max(clients / self.workers, 1)
