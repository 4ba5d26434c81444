"""Our add-on and those of others in one database: what `make test-beside` does.

run.py FOLDER [WORLD]...    FOLDER: for logs; WORLD: "theirs first", "ours first" or the
                            name of an add-on, all of them unless told

A world is a database and what is done in it, step by step. A step that fails ends its
world. The results of each world are written to docs/beside.md when it is done, in the
place of earlier ones (results.json beside this file). JOBS=2 does two worlds at a time.
"""

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from different import DIFFERENT
from world import CORE, MODULE, World

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results.json"
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


def theirs_used(folder):
    """A company that has all of theirs and not ours."""
    world = World("theirs", folder, "plain")
    _ = world.step("theirs installed", world.install, OCA + ODOO) and world.step(
        "they are used", world.work, "work.py"
    )
    return world


def theirs_first(folder, theirs):
    """Ours comes into a company that has all of theirs, and goes again."""
    world = World("theirs first", folder, theirs)
    world.results += theirs.results
    _ = (
        world.step("ours installed", world.install, [MODULE])
        and world.step("views", world.views)
        and world.step("pages", world.pages)
        and world.step("our tests", world.tests, CORE)
        and world.step("tests of living together", world.beside_tests)
        and world.step("they sell", world.work, "sell.py")
        and world.step("ours uninstalled", world.uninstall, [MODULE])
    )
    return world


def gone_without_ours(folder, theirs):
    """What Odoo takes away of others when theirs go, where ours never was: by foreign
    keys, and with what a selection of theirs allowed.

    :return: dict of table -> how many rows
    """
    world = World("without ours", folder, theirs)
    world.work("sell.py")
    gone = world.rows_gone(list(OCA + ODOO))[1]
    world.drop()
    return {table: len(rows) for table, rows in gone.items()}


def ours_first(folder, ours, theirs):
    """Theirs come into a company that has ours, and go again."""
    world = World("ours first", folder, ours)
    _ = (
        world.step("theirs installed", world.install, OCA + ODOO)
        and world.step("they are used", world.work, "work.py")
        and world.step("views", world.views)
        and world.step("pages", world.pages)
        and world.step("our tests", world.tests, CORE)
        and world.step("tests of living together", world.beside_tests)
        and world.step("they sell", world.work, "sell.py")
        and world.step(
            "theirs uninstalled",
            lambda: world.uninstall(
                list(OCA + ODOO), gone_without_ours(folder, theirs)
            ),
        )
        and world.step("views without them", world.views)
        and world.step("a tour and few of our tests", world.tests, FEW)
    )
    return world


def alone(module, folder, ours):
    """One of theirs, after ours; then ours goes."""
    world = World(module, folder, ours)
    _ = (
        world.step("installed", world.install, [module])
        and world.step("views", world.views)
        and world.step("pages", world.pages)
        and world.step("a tour and few of our tests", world.tests, FEW)
        and (module not in DIFFERENT or world.step("tests left out", world.differences))
        and world.step("ours uninstalled", world.uninstall, [MODULE])
    )
    return world


TOGETHER = ("theirs first", "ours first")
WORLDS = (*TOGETHER, *OCA, *ODOO)


def make(name, folder, ours, theirs):
    """:return: the world of that name, done"""
    if name == "theirs first":
        return theirs_first(folder, theirs)
    if name == "ours first":
        return ours_first(folder, ours, theirs)
    return alone(name, folder, ours)


KEEPING = threading.Lock()


def keep(world):
    """Put the results of a world in the place of earlier ones, on the page too."""
    today = datetime.now(UTC).date().isoformat()
    with KEEPING:
        results = json.loads(RESULTS.read_text())
        results[world.name] = {"date": today, "steps": world.results}
        results = {name: results[name] for name in WORLDS if name in results}
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
        subprocess.run([sys.executable, HERE / "report.py"], check=True)


def run(name, *args):
    """Do a world, keep its results, and its database only where something failed.

    :return: world
    """
    world = make(name, *args)
    keep(world)
    if all(result["good"] for result in world.results):
        world.drop()
    return world


def main(folder, *chosen):
    folder = Path(folder)
    unknown = set(chosen) - set(WORLDS)
    if unknown:
        sys.exit(f"error: {', '.join(sorted(unknown))}: choose from {list(WORLDS)}")
    names = [name for name in WORLDS if name in (chosen or WORLDS)]
    ours, theirs = World("ours", folder, "plain"), None
    done = [ours]
    ready = ours.step("installed", ours.install, [MODULE])
    if ready and set(TOGETHER) & set(names):
        theirs = theirs_used(folder)
        done.append(theirs)
        ready = all(result["good"] for result in theirs.results)
    if ready:
        with ThreadPoolExecutor(int(os.environ.get("JOBS", 1))) as pool:
            done += pool.map(lambda name: run(name, folder, ours, theirs), names)
    for world in filter(None, (ours, theirs)):
        world.drop()
    steps = [result for world in done for result in world.results]
    bad = sum(not result["good"] for result in steps)
    print(f"\n{len(steps) - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
