"""Add up the results of several pytest runs.

summary.py STATUS FILE...: STATUS is the exit status of the runs, each FILE a report in
JUnit's form. A skipped test is a failed one: it has shown nothing.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

NO_TESTS_COLLECTED = 5


def count(path):
    """Return how many tests passed and the lines that tell of those that did not."""
    if not Path(path).exists():
        return 0, [f"{path}: the run broke off"]
    passed, problems = 0, []
    for case in ElementTree.parse(path).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        if bad:
            problems.append(f"{bad[0].tag.upper()} {name}: {bad[0].get('message')}")
        else:
            passed += 1
    return passed, problems


def main(status, *paths):
    counts = [count(path) for path in paths]
    passed = sum(number for number, _ in counts)
    problems = [line for _, lines in counts for line in lines]
    # -k may leave nothing to do in one of the runs, not in all
    if not problems and (passed == 0 or status not in (0, NO_TESTS_COLLECTED)):
        problems.append(f"pytest ended with status {status}")
    print()
    for line in problems:
        print(line.splitlines()[0])
    print(f"\n{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]))
