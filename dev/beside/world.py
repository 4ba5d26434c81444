"""A database in which `make test-beside` does one thing after another."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from different import left_out

HERE = Path(__file__).resolve().parent
DEV = HERE.parent
ADDON = Path(os.environ["ADDON"])
MODULE = "crm_gestion"
PREFIX = f"{MODULE}_beside"
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

    def __init__(self, name, folder, source):
        """:param source: the database, or the world that it begins as a copy of"""
        self.name = name
        self.database = f"{PREFIX}_{re.sub(r'[^a-z]+', '_', name)}"
        self.folder = folder
        self.log = folder / f"{self.database}.log"
        self.log.unlink(missing_ok=True)
        self.results = []
        self.others = set()
        if isinstance(source, World):
            self.others |= source.others
            source = source.database
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

    def uninstall(self, modules, gone_anyway=None):
        """No warning; what others wrote is as it was.

        :param gone_anyway: dict of table -> how many rows go or change with these
            modules in a database without ours too, see :meth:`rows_gone`
        """
        kept, gone = self.rows_gone(modules)
        anyway = gone_anyway or {}
        lost = [
            f"{table} ({len(rows)} rows, {anyway.get(table, 0)} without ours)"
            for table, rows in gone.items()
            if table not in GIVEN_BACK and len(rows) > anyway.get(table, 0)
        ]
        if lost:
            raise Failed(f"not as it was: {', '.join(lost)}")
        told = f"{kept} rows of others as they were"
        if anyway:
            same = ", ".join(f"{table} {count}" for table, count in anyway.items())
            told += f"; what goes with theirs without ours too: {same}"
        return told

    def rows_gone(self, modules):
        """Take modules away without a warning.

        :return: how many rows of others are as they were; dict of table -> ids of those
            that are not
        """
        before = self.shell("kept.py", UNINSTALLED=modules)
        log = self.shell("uninstall.py", UNINSTALLED=modules, log=True)
        self.others -= set(before["goes"])
        self._check(log if MODULE in modules else TRIAL.sub("", log))
        after = self.shell("kept.py", UNINSTALLED=before["goes"])["rows"]
        gone = {}
        for table, rows in before["rows"].items():
            now = after.get(table, {})
            gone[table] = [row for row, value in rows.items() if now.get(row) != value]
        gone = {table: rows for table, rows in gone.items() if rows}
        rows = sum(map(len, before["rows"].values()))
        return rows - sum(map(len, gone.values())), gone

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
