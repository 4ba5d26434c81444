"""Write docs/beside.md from what `make test-beside` left in results.json."""

import json
import re
from pathlib import Path

from different import DIFFERENT

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "beside.md"
BEGIN, END = "<!-- {} -->", "<!-- end of {} -->"


def versions():
    """:return: dict of OCA add-on -> pinned version"""
    text = (HERE / "requirements-beside.txt").read_text()
    return dict(re.findall(r"^odoo-addon-(\w+)==(\S+)", text, re.M))


def table(results):
    """Lines of Markdown: one row for each step of each world."""
    yield "| database | of | step | result | |"
    yield "|---|---|---|---|---|"
    pinned = versions()
    for world, result in results.items():
        name = f"`{world}` {pinned[world]}" if world in pinned else world
        date = result["date"]
        for step in result["steps"]:
            good = "passed" if step["good"] else "**failed**"
            told = step["told"].replace("|", "\\|").replace("\n", " ")
            yield f"| {name} | {date} | {step['step']} | {good} | {told} |"
            name = date = ""


def tests_left_out():
    """Lines of Markdown: one row for each test."""
    yield "| beside | our test | why it cannot hold |"
    yield "|---|---|---|"
    for addon, tests in DIFFERENT.items():
        for name, why in tests.items():
            yield f"| `{addon}` | `{name}` | {why} |"


def put(page, place, lines):
    """:return: the text of the page with the lines in the place of that name"""
    begin, end = BEGIN.format(place), END.format(place)
    found = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.S)
    assert found.search(page), f"{PAGE} has no place for the {place}"
    written = "\n".join([begin, "", *lines, "", end])
    return found.sub(lambda _match: written, page)


def main():
    results = json.loads((HERE / "results.json").read_text())
    page = put(PAGE.read_text(), "tests left out", tests_left_out())
    PAGE.write_text(put(page, "results", table(results)))


if __name__ == "__main__":
    main()
