"""Our add-on and those of others in one database: what `make test-beside` does.

run.py FOLDER [WORLD]...    FOLDER: for logs; WORLD: "theirs first", "ours first" or the
                            name of an add-on, all of them unless told

A world is a database and what is done in it, step by step. A step that fails ends its
world. The results of each world are written to docs/beside.md when it is done, in the
place of earlier ones.
"""

import json
import os
import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

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
    "test_scenario",
    "test_gates",
    "test_crm_opportunity_closure",
    "test_crm_opportunity_standby",
    "test_crm_opportunity_order",
    "test_crm_opportunity_stage",
    "test_access",
    "test_tours",
)
# with each of them alone
FEW = ("test_scenario", "test_tours")
# Tests of ours that say what no longer holds with one of them: it is what that add-on
# is for. docs/beside.md tells it in words.
DIFFERENT = {
    # new opportunities have a probability, 10 where none was told
    "crm_stage_probability": (
        "test_a_stage_in_the_context_that_is_none_breaks_nothing",
        "test_archiving_what_has_no_probability_is_a_rejection",
        "test_enquiries_have_no_closures",
        "test_paused_without_probability_is_not_lost",
        "test_archived_without_probability_comes_back_automatic",
        "test_automatic_probability_is_automatic_again",
        "test_second_closure_keeps_what_was_before_the_pause",
        "test_typed_probability_is_restored_beside_a_prediction",
        "test_without_a_prediction_zero_comes_back",
        "test_pause_without_probability_is_postponed_and_comes_back",
    ),
    # sellers do not read the accounts of others
    "sales_team_security": (
        "test_seller_writes_no_colleagues_customer",
        "test_order_of_a_colleague_is_not_made_twice_unknowingly",
        "test_partners_by_owner",
        "test_seller_adds_a_contact_to_an_organization_of_a_colleague",
    ),
}
# What we change while we are there, and give back: the order of Odoo's stages, and the
# analytic account that Odoo makes for our desk of incidents.
GIVEN_BACK = ("crm_stage", "account_analytic_account")
# Odoo tries to delete what a module brought before it drops its tables: records of
# theirs that were used refuse that, in a savepoint.
TRIAL = re.compile(r"^.* odoo\.sql_db: bad query: b'DELETE FROM .*$", re.MULTILINE)
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
        self._check(log)

    def uninstall(self, modules):
        """No warning; what others wrote is as it was."""
        before = self.shell("kept.py", UNINSTALLED=modules)
        log = self.shell("uninstall.py", UNINSTALLED=modules, log=True)
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
        left_out = [name for others in DIFFERENT.values() for name in others]
        return self._pytest(
            [ADDON / "tests" / f"{name}.py" for name in names],
            *("-k", " and ".join(f"not {name}" for name in left_out)),
        )

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
        if done.returncode or "skipped" in counts:
            failed = re.findall(r"^(?:FAILED|ERROR) \S*::(\S+)", done.stdout, re.M)
            raise Failed(f"{counts or last}: {', '.join(failed)}")
        return counts

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
        and world.step("our tests without them", world.tests, FEW)
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
        and world.step("our tests", world.tests, FEW)
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


def keep(folder, world):
    """Put the results of a world in the place of earlier ones, on the page too."""
    path = folder / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    today = datetime.now(UTC).date().isoformat()
    results[world.name] = {"date": today, "steps": world.results}
    path.write_text(json.dumps(results, indent=2))
    subprocess.run([sys.executable, HERE / "report.py", folder], check=True)


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
        for name in chosen or worlds:
            world = worlds[name]()
            done.append(world)
            keep(folder, world)
            if all(result["good"] for result in world.results):
                world.drop()
    ours.drop()
    steps = [result for world in done for result in world.results]
    bad = sum(not result["good"] for result in steps)
    print(f"\n{len(steps) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
