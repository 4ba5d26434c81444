"""Write docs/beside.md from the results of `make test-beside`: report.py FOLDER"""

import json
import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "beside.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


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


def main(folder):
    results = json.loads((Path(folder) / "results.json").read_text())
    written = "\n".join([BEGIN, "", *table(results), "", END])
    page = PAGE.read_text()
    found = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.S)
    assert found.search(page), f"{PAGE} has no place for the results"
    PAGE.write_text(found.sub(lambda _match: written, page))


if __name__ == "__main__":
    main(*sys.argv[1:])
