"""Times long lists that work out figures as they are read. See README.md."""

import os
import statistics
import time
from datetime import date

from server import processor_ms

LIMIT_MS = 2000


def begin(bench):
    """Print when and on what it is measured, and keep PostgreSQL to one process.

    :return: id of that process
    """
    cursor = bench.env.cr
    cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    cursor.execute("SELECT pg_backend_pid()")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    runs = f"{bench.runs} runs, {os.cpu_count()} processors, load {load}"
    print(f"{date.today()}, medians of {runs}")
    return cursor.fetchone()[0]


def measure(bench, lists):
    """Print how long each list takes, whole, as the web client reads it.

    Beside it, what this program and its PostgreSQL process had of the processors: on a
    busy machine the truer figure, but without PostgreSQL's helpers, which are off.

    :param lists: triples of a title, a recordset with the user who reads, and what he
        reads of each row
    """
    server = begin(bench)
    print("\n| ms | rows | taken | of a processor |\n|---|---:|---:|---:|")
    for title, records, spec in lists:

        def read(records=records, spec=spec):
            return records.web_search_read([], spec)

        found = read()["length"]  # the rules, the views: once in the life of a worker
        taken, processor = [], []
        for _run in range(bench.runs):
            before = time.process_time() * 1000 + processor_ms(server)
            taken.append(bench.fresh(read))
            after = time.process_time() * 1000 + processor_ms(server)
            processor.append(after - before)
        median = statistics.median(taken)
        missed = median > LIMIT_MS
        if missed:
            bench.faults.append(f"{title}: {median:.0f} ms")
        mark = " (missed)" if missed else ""
        cells = f"{median:.0f}{mark} | {statistics.median(processor):.0f}"
        print(f"| {title} | {found} | {cells} |", flush=True)
