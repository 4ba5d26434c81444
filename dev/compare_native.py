"""Compare two runs of Odoo's own tests: without the add-on and with it.

compare_native.py FOLDER ALLOWED: FOLDER holds the reports without.xml and with.xml, and
those of the second tries; ALLOWED lists the tests that may differ, with the reason.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree


def outcomes(path):
    """Return the outcome of each test of a report: passed, failed or skipped."""
    if not path.exists():
        return {}
    found = {}
    for case in ElementTree.parse(path).iter("testcase"):
        tags = {child.tag for child in case}
        # odoo.addons.crm.tests.test_crm_lead.TestCRMLead; empty: a file that did not
        # load
        names = case.get("classname").removeprefix("odoo.addons.").split(".")
        test = f"{names[0]}::{names[-1]}::{case.get('name')}"
        outcome = "failed" if tags & {"failure", "error"} else "passed"
        outcome = "skipped" if "skipped" in tags else outcome
        # the parts of a test (subTest) are reported under its name
        if found.get(test) != "failed":
            found[test] = outcome
    return found


def with_second_try(folder, name):
    return {
        **outcomes(folder / f"{name}.xml"),
        **outcomes(folder / f"{name}_again.xml"),
    }


def read_allowed(path):
    lines = (line.split(maxsplit=1) for line in path.read_text().splitlines())
    return {words[0]: words[1] for words in lines if words and words[0][0] != "#"}


def main(folder, allowed_path):
    without = with_second_try(folder, "without")
    with_addon = with_second_try(folder, "with")
    allowed = read_allowed(allowed_path)
    different = [
        (test, without.get(test, "absent"), with_addon.get(test, "absent"))
        for test in sorted(without.keys() | with_addon.keys())
        if without.get(test) != with_addon.get(test)
    ]
    worse = 0
    print(f"\n{'test':<90} {'without':<9} {'with':<9} allowed because")
    for test, before, after in different:
        reason = allowed.get(test, "")
        worse += before == "passed" and not reason
        print(f"{test:<90} {before:<9} {after:<9} {reason}")
    if not different:
        print("no differences")
    for title, found in (("without", without), ("with", with_addon)):
        bad = [test for test, outcome in found.items() if outcome != "passed"]
        print(f"\n{title} the add-on: {len(found)} tests, not passed: {len(bad)}")
        print("".join(f"    {found[test]} {test}\n" for test in bad), end="")
    same = sum(outcome == "passed" for outcome in with_addon.values())
    print(f"\n{same} passed, {worse} failed")
    return 1 if worse or not same else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
