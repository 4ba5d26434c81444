"""Our add-on and those of others in one database: what `make test-beside` does.

run.py FOLDER [WORLD]...    FOLDER: for logs; WORLD: "theirs first", "ours first" or the
                            name of an add-on, all of them unless told

A world is a database and what is done in it, step by step. A step that fails ends its
world. The results of each world are written to docs/beside.md when it is done, in the
place of earlier ones. JOBS=2 does two worlds at a time.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from different import DIFFERENT, left_out

HERE = Path(__file__).resolve().parent
DEV = HERE.parent
ADDON = Path(os.environ["ADDON"])
MODULE = "crm_gestion"
PREFIX = f"{MODULE}_beside"
OCA = (
    "helpdesk_mgmt",
    "crm_lead_code",
    "crm_industry",
    "crm_stage_probability",
    "partner_contact_job_position",
    "sales_team_security",
    "crm_lost_reason_required",
    "crm_phonecall",
    "mass_mailing_list_dynamic",
    "partner_multi_relation",
)
ODOO = (
    "website_crm",
    "event_crm",
    "survey_crm",
    "gamification_sale_crm",
    "crm_livechat",
    "sale_timesheet",
)
# What they must not disturb: moves, closures, orders, rights, and a seller's work in a
# browser. The rest of our tests is about what others do not touch.
CORE = (
    "test_scenario.py",
    "test_gates.py",
    "test_crm_opportunity_closure.py",
    "test_crm_opportunity_standby.py",
    "test_crm_opportunity_order.py",
    "test_crm_opportunity_stage.py",
    "test_access.py",
    "test_tours.py",
)
# A tour and a few of those, with each of them alone: what passes with all of them
# together, one alone may only break by needing another one.
FEW = (
    "test_scenario.py",
    "test_tours.py::TestTours::test_from_first_call_to_won_order",
    "test_gates.py::TestGates::test_one_message_lists_everything_missing",
    "test_gates.py::TestGates::test_won_button_by_code_needs_an_order",
    "test_crm_opportunity_closure.py::TestClosing::test_rejecting_records_reason_and_note",
    "test_crm_opportunity_closure.py::TestClosing"
    "::test_native_lost_dialog_records_a_rejection",
    "test_crm_opportunity_closure.py::TestClosing::test_dragging_to_the_last_stage_wins",
    "test_crm_opportunity_standby.py::TestWaking::test_comes_back_on_its_day_as_it_was",
    "test_crm_opportunity_order.py::TestOrderFromLines::test_confirmed_at_once_it_wins",
    "test_crm_opportunity_stage.py::TestPassages::test_winning_ends_in_the_last_stage",
    "test_access.py::TestAccessMatrix::test_opportunities_by_owner",
    "test_access.py::TestAccessMatrix::test_orders_by_owner",
)
# What we change while we are there, and give back: the order of Odoo's stages, and the
# analytic account that Odoo makes for our desk of incidents.
GIVEN_BACK = ("crm_stage", "account_analytic_account")
# Odoo tries to delete what a module brought before it drops its tables: records of
# theirs that were used refuse that, in a savepoint.
TRIAL = re.compile(r"^.* odoo\.sql_db: bad query: b'DELETE FROM .*$", re.MULTILINE)
FAILED_TEST = re.compile(r"^(?:FAILED|ERROR|SUBFAILED\(.*?\)) \S*::(\w+)", re.MULTILINE)
BAD_LINE = re.compile(r"^\S+ \S+ \d+ (?:WARNING|ERROR|CRITICAL) .*", re.MULTILINE)


class Failed(Exception):
    """A step did not end as it should."""


class World:
    """A database, and the log of what is done in it."""

    def __init__(self, name, folder):
        self.name = name
        self.database = f"{PREFIX}_{re.sub(r'[^a-z]+', '_', name)}"
        self.folder = folder
        self.log = folder / f"{self.database}.log"
        self.log.unlink(missing_ok=True)
        self.results = []
        self.others = set()

    def copy(self, source):
        subprocess.run([DEV / "database", "copy", self.database, source], check=True)

    def drop(self):
        subprocess.run([DEV / "database", "drop", self.database], check=True)

    def step(self, name, function, *args):
        """Do it, print and keep how it ended.

        :return: whether it ended well
        """
        start = time.monotonic()
        try:
            told, good = function(*args) or "", True
        except Failed as failure:
            told, good = str(failure), False
        seconds = time.monotonic() - start
        self.results.append({"step": name, "good": good, "told": told})
        word = "passed" if good else "FAILED"
        print(f"{word}  {self.name}: {name} ({seconds:.0f} s) {told}", flush=True)
        return good

    # === STEPS === #

    def install(self, modules):
        """No line of the log is a warning, whoever's it is."""
        log = self._odoo("-d", self.database, "-i", ",".join(modules))
        self.others |= set(modules) - {MODULE}
        self._check(log)

    def uninstall(self, modules):
        """No warning; what others wrote is as it was."""
        before = self.shell("kept.py", UNINSTALLED=modules)
        log = self.shell("uninstall.py", UNINSTALLED=modules, log=True)
        self.others -= set(modules)
        self._check(log if MODULE in modules else TRIAL.sub("", log))
        after = self.shell("kept.py", UNINSTALLED=modules)
        lost = [
            table
            for table, rows in before.items()
            if table not in GIVEN_BACK
            and not rows.items() <= after.get(table, {}).items()
        ]
        if lost:
            raise Failed(f"not as it was: {', '.join(lost)}")
        return f"{sum(map(len, before.values()))} rows of others as they were"

    def work(self, script):
        """Records of others."""
        return f"{self.shell(script)} records"

    def views(self):
        """All views of all models that we have or extend, for each role."""
        answer = self.shell("views.py")
        if answer["bad"]:
            raise Failed(f"{len(answer['bad'])} views: {answer['bad'][:3]}")
        return f"{answer['opened']} opened"

    def pages(self):
        """The client's files are put together, which a browser test would wait for."""
        self.shell("../pages.py", log=True)

    def tests(self, names):
        """Those of our tests, but for what an add-on that is there changes."""
        unwanted = left_out(self.others)
        counts = self._pytest(
            [ADDON / "tests" / name for name in names],
            *("-k", " and ".join(f"not {name}" for name in unwanted)),
        )
        return f"{counts}, {len(unwanted)} left out" if unwanted else counts

    def differences(self):
        """What is left out really fails: the page has the reasons."""
        unwanted = left_out(self.others)
        failed = self._run_pytest(
            [ADDON / "tests" / name for name in CORE],
            *("-k", " or ".join(unwanted)),
        )[1]
        needless = [name for name in unwanted if name not in failed]
        if needless:
            raise Failed(f"would pass: {', '.join(needless)}")
        return f"{len(unwanted)} left out, each fails"

    def beside_tests(self):
        """Of what we do about each of them, where all of them are there."""
        return self._pytest([HERE / "addons" / f"{MODULE}_beside" / "tests"])

    # === HELPERS === #

    def shell(self, script, log=False, **variables):
        """Run a script of this folder in the database.

        :return: the JSON that it printed, or the log
        """
        text = "".join(f"{name} = {value!r}\n" for name, value in variables.items())
        args = [sys.executable, "-m", "odoo", "shell", "-d", self.database]
        done = subprocess.run(
            args,
            input=text + (HERE / script).read_text(),
            capture_output=True,
            text=True,
        )
        self._write(done.stderr)
        if done.returncode or (not log and not done.stdout.strip()):
            raise Failed(f"{script}: {done.stderr.strip().splitlines()[-1:]}")
        return done.stderr if log else json.loads(done.stdout)

    def _odoo(self, *args):
        done = subprocess.run(
            [sys.executable, "-m", "odoo", *args, "--stop-after-init"],
            capture_output=True,
            text=True,
        )
        self._write(done.stderr)
        if done.returncode:
            raise Failed(f"status {done.returncode}, see {self.log}")
        return done.stderr

    def _pytest(self, paths, *options):
        counts, failed, good = self._run_pytest(paths, *options)
        if not good or "skipped" in counts:
            raise Failed(f"{counts}: {', '.join(failed)}")
        return counts

    def _run_pytest(self, paths, *options):
        """:return: how many of what in words, names of those that failed, all well"""
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", *paths, *options, "-q", "--tb=short"),
                *("-p", "no:cacheprovider", "--odoo-http"),
                f"--odoo-database={self.database}",
                "--odoo-extra=max-cron-threads=0",
            ],
            capture_output=True,
            text=True,
        )
        self._write(done.stdout)
        last = (done.stdout.strip().splitlines() or ["no test was run"])[-1]
        counts = " ".join(re.findall(r"\d+ (?:passed|failed|skipped|errors?)", last))
        failed = FAILED_TEST.findall(done.stdout)
        return counts or last, failed, not done.returncode

    def _check(self, log):
        lines = BAD_LINE.findall(log)
        if lines:
            raise Failed(f"{len(lines)} warnings, the first: {lines[0]}")

    def _write(self, text):
        with self.log.open("a") as log:
            log.write(text)


def theirs_first(folder):
    """Ours comes into a company that has all of theirs, and goes again."""
    world = World("theirs first", folder)
    world.copy("plain")
    _ = (
        world.step("theirs installed", world.install, OCA + ODOO)
        and world.step("they are used", world.work, "work.py")
        and world.step("ours installed", world.install, [MODULE])
        and world.step("views", world.views)
        and world.step("pages", world.pages)
        and world.step("our tests", world.tests, CORE)
        and world.step("tests of living together", world.beside_tests)
        and world.step("they sell", world.work, "sell.py")
        and world.step("ours uninstalled", world.uninstall, [MODULE])
    )
    return world


def ours_first(folder):
    """Theirs come into a company that has ours, and go again."""
    world = World("ours first", folder)
    world.copy(f"{PREFIX}_ours")
    _ = (
        world.step("theirs installed", world.install, OCA + ODOO)
        and world.step("they are used", world.work, "work.py")
        and world.step("views", world.views)
        and world.step("pages", world.pages)
        and world.step("our tests", world.tests, CORE)
        and world.step("tests of living together", world.beside_tests)
        and world.step("they sell", world.work, "sell.py")
        and world.step("theirs uninstalled", world.uninstall, list(OCA + ODOO))
        and world.step("views without them", world.views)
        and world.step("our tests without them", world.tests, CORE)
    )
    return world


def alone(module, folder):
    """One of theirs, after ours; then ours goes."""
    world = World(module, folder)
    world.copy(f"{PREFIX}_ours")
    _ = (
        world.step("installed", world.install, [module])
        and world.step("views", world.views)
        and world.step("pages", world.pages)
        and world.step("a tour and few of our tests", world.tests, FEW)
        and (module not in DIFFERENT or world.step("tests left out", world.differences))
        and world.step("ours uninstalled", world.uninstall, [MODULE])
    )
    return world


def all_worlds(folder):
    """:return: dict of name -> function that makes the world"""
    return {
        "theirs first": lambda: theirs_first(folder),
        "ours first": lambda: ours_first(folder),
        **{
            module: lambda module=module: alone(module, folder) for module in OCA + ODOO
        },
    }


KEEPING = threading.Lock()


def keep(folder, world):
    """Put the results of a world in the place of earlier ones, on the page too."""
    path = folder / "results.json"
    today = datetime.now(UTC).date().isoformat()
    with KEEPING:
        results = json.loads(path.read_text()) if path.exists() else {}
        results[world.name] = {"date": today, "steps": world.results}
        results = {
            name: results[name] for name in all_worlds(folder) if name in results
        }
        path.write_text(json.dumps(results, indent=2))
        subprocess.run([sys.executable, HERE / "report.py", folder], check=True)


def run(folder, make):
    """Do a world, keep its results, and its database only where something failed.

    :return: world
    """
    world = make()
    keep(folder, world)
    if all(result["good"] for result in world.results):
        world.drop()
    return world


def main(folder, *chosen):
    folder = Path(folder)
    worlds = all_worlds(folder)
    unknown = set(chosen) - set(worlds)
    if unknown:
        sys.exit(f"error: {', '.join(sorted(unknown))}: choose from {list(worlds)}")
    ours = World("ours", folder)
    ours.copy("plain")
    done = [ours]
    if ours.step("installed", ours.install, [MODULE]):
        with ThreadPoolExecutor(int(os.environ.get("JOBS", 1))) as pool:
            makers = [worlds[name] for name in chosen or worlds]
            done += pool.map(lambda make: run(folder, make), makers)
    ours.drop()
    steps = [result for world in done for result in world.results]
    bad = sum(not result["good"] for result in steps)
    print(f"\n{len(steps) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
