"""Measures pushing a large segment to the stand-in of Doppler, which is a process of
its own: ``doppler.py DATABASE``. See README.md.
"""

import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

from server import processor_ms

from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

PEOPLE = 100_000
LIMIT_S, LIMIT_MB, LIMIT_STEP_S = 30 * 60, 300, 10
TESTS = Path(__file__).parents[1] / "tests"
SERVICE = """
from doppler_stand_in import StandIn
service = StandIn().start()
service.polls = 1
print(service.url, flush=True)
while line := input():
    members = sum(len(known["members"]) for known in service.lists.values())
    print(len(service.requests), members, service.overlaps, flush=True)
"""


class Service:
    """The stand-in, which tells what it has when it is asked."""

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVICE],
            cwd=TESTS, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.url = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()

    def count(self):
        """:return: tuple requests so far, members of lists, imports that overlapped"""
        self.process.stdin.write("count\n")
        self.process.stdin.flush()
        return tuple(map(int, self.process.stdout.readline().split()))


def fill(env, url):
    """:return: the list to be pushed"""
    env.cr.execute(
        SQL(
            """INSERT INTO res_partner (name, complete_name, email, email_normalized,
                      ref, active, type, partner_share, autopost_bills, lang)
               SELECT 'Persona ' || n, 'Persona ' || n, 'p' || n || '@people.example',
                      'p' || n || '@people.example', 'bench_doppler', TRUE, 'contact',
                      TRUE, 'ask', 'es_ES'
                 FROM generate_series(1, %s) n""",
            PEOPLE,
        )
    )
    env.cr.execute(
        SQL(
            """UPDATE res_partner SET commercial_partner_id = id
                WHERE ref = 'bench_doppler'"""
        )
    )
    sys.path.append(str(TESTS))
    from doppler_stand_in import ACCOUNT, KEY

    account = env["crm.doppler.account"].create(
        {
            "email": ACCOUNT,
            "new_key": KEY,
            "base_url": url,
            "require_consent": False,
            "rate": 100_000,
        }
    )
    account.action_test()
    segment = env["crm.segment"].create(
        {"name": "Bench", "domain": "[('ref', '=', 'bench_doppler')]"}
    )
    return env["crm.doppler.list"].create(
        {"account_id": account.id, "name": "Bench", "segment_id": segment.id}
    )


def push(kept):
    """One push, committed after each step, without waiting between two of them.

    :return: dict phase -> list of seconds of its steps; seconds that they asked to wait
    """
    env = kept.env
    kept.action_push()
    env.cr.commit()
    job = env["crm.doppler.job"].search([], limit=1)
    steps, asked, clients = defaultdict(list), 0.0, {}
    while job.state == "waiting":
        wait = (job.next_try - fields.Datetime.now()).total_seconds()
        asked += max(wait, 0)
        job.next_try = fields.Datetime.now() - timedelta(seconds=1)
        env.cr.commit()
        start = time.monotonic()
        phase = job.phase or "optouts"
        job._do_step(clients)
        env.cr.commit()
        steps[phase].append(time.monotonic() - start)
        if job.attempts:
            sys.exit(f"{job.phase}: {job.error}")
        # as the worker's next run finds it
        env.invalidate_all()
    if job.state != "done":
        sys.exit(f"{job.state}: {job.error}")
    return steps, asked


def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(title, service, kept):
    """Push, and print what it took.

    :return: tuple seconds, longest step, members at the service
    """
    env = kept.env
    requests = service.count()[0]
    pid = env.cr._cnx.get_backend_pid()
    before = (time.monotonic(), time.process_time(), processor_ms(pid))
    steps, asked = push(kept)
    wall = time.monotonic() - before[0]
    python = time.process_time() - before[1]
    postgres = (processor_ms(pid) - before[2]) / 1000
    after, members, overlaps = service.count()
    print(f"\n{title}\n\n| phase | steps | seconds | longest |\n|---|---:|---:|---:|")
    for phase, seconds in steps.items():
        total, longest = sum(seconds), max(seconds)
        print(f"| {phase} | {len(seconds)} | {total:.1f} | {longest:.2f} |")
    asked_for = after - requests
    print(f"\n{wall:.1f} s, of a processor {python:.1f} s in Odoo and", end=" ")
    print(f"{postgres:.1f} s in PostgreSQL, without waiting: besides")
    print(f"{asked:.0f} s for tasks, {asked_for / 2:.0f} s for", end=" ")
    print(f"{asked_for} requests at 2 in a second")
    print(f"most memory {megabytes():.0f} MB", end="; ")
    print(f"{members} on the list, {overlaps} overlaps")
    return wall, max(map(max, steps.values())), members, overlaps


def main():
    (database,) = sys.argv[1:]
    config.parse_config(["-d", database, "--log-level=warn"], setup_logging=True)
    with Service() as service, Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        kept = fill(env, service.url)
        cr.commit()
        cr.execute("ANALYZE")
        cr.commit()
        load = os.getloadavg()[0]
        print(
            f"load {load:.1f}, {os.cpu_count()} cores, {PEOPLE} people, in batches of"
        )
        print(
            f"{kept.account_id.batch_size}; {megabytes():.0f} MB before the first push"
        )
        wall, step, members, overlaps = report("First push", service, kept)
        imports = env["crm.doppler.import"].search_count([])
        again = report("Second push: nothing has changed", service, kept)
        same = env["crm.doppler.import"].search_count([]) == imports
        met = {
            f"at most {LIMIT_S} s": wall <= LIMIT_S,
            f"under {LIMIT_MB} MB": megabytes() < LIMIT_MB,
            f"no transaction over {LIMIT_STEP_S} s": max(step, again[1]) < LIMIT_STEP_S,
            "everybody arrived, once": (members, overlaps) == (PEOPLE, 0),
            "the second push sends nobody": same and again[2] == PEOPLE,
        }
    print()
    for what, is_met in met.items():
        print(f"{what}: {'yes' if is_met else 'NO'}")
    sys.exit(0 if all(met.values()) else 1)


if __name__ == "__main__":
    main()
