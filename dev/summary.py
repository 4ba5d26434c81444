"""Add up the results of several pytest runs.

summary.py STATUS FILE [STATUS FILE]...: the exit status of a run and its report in
JUnit's form. A skipped test is a failed one: it has shown nothing.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

NO_TESTS_COLLECTED = 5


def count(status, path):
    """Return how many tests passed and the lines that tell of those that did not."""
    passed, problems = 0, []
    cases = ElementTree.parse(path).iter("testcase") if Path(path).exists() else ()
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        bad = [child for child in case if child.tag in ("failure", "error", "skipped")]
        if bad:
            problems.append(f"{bad[0].tag.upper()} {name}: {bad[0].get('message')}")
        else:
            passed += 1
    # -k may leave a run nothing to do
    if not problems and status not in (0, NO_TESTS_COLLECTED):
        problems.append(f"{path}: pytest ended with status {status}")
    return passed, problems


def main(*args):
    runs = zip(map(int, args[::2]), args[1::2], strict=True)
    counts = [count(status, path) for status, path in runs]
    passed = sum(number for number, _ in counts)
    problems = [line for _, lines in counts for line in lines]
    if not passed and not problems:
        problems.append("no test was run")
    print()
    for line in problems:
        print(line.splitlines()[0])
    print(f"\n{passed} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
