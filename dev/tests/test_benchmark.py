"""The benchmark's own arithmetic: what is held against a bound, and what is kept."""

import doctest
import importlib
import json
import sys

import pytest
from conftest import DEV

BENCH = DEV.parent / "bench"


@pytest.fixture
def bench(monkeypatch):
    """Import a file of the benchmark, which stands alone."""
    monkeypatch.syspath_prepend(str(BENCH))
    yield importlib.import_module
    for name in ("client", "figures", "installation", "server", "views"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["figures", "installation"])
def test_examples_of_the_arithmetic(bench, name):
    results = doctest.testmod(bench(name))
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize(
    ("row", "missed"),
    [
        ({"ours_ms": 110, "plain_ms": 100, "limit": 1.1}, []),
        ({"ours_ms": 111, "plain_ms": 100, "limit": 1.1}, ["time"]),
        ({"ours_ms": 61, "plain_ms": 100, "limit": 0.6}, ["time"]),
        ({"ours_ms": 2000, "limit_ms": 2000}, []),
        ({"ours_ms": 2001, "limit_ms": 2000}, ["time"]),
        ({"ours_ms": 1, "ours_queries": 13, "queries_limit": 12}, ["queries"]),
        ({"ours_ms": 1, "ours_queries": None, "queries_limit": 12}, ["queries"]),
        ({"ours_ms": 1, "ours_mb": 513}, ["memory"]),
        ({"error": "it did not answer"}, ["error"]),
    ],
)
def test_a_row_holds_or_says_what_it_misses(bench, row, missed):
    finished = bench("figures").finish(row)
    assert finished["missed"] == missed
    assert finished["holds"] is not bool(missed)


def test_json_has_the_machine_and_every_row(bench, tmp_path):
    figures = bench("figures")
    row = figures.finish({"name": "grid", "ours_ms": 6, "plain_ms": 10, "limit": 0.6})
    path = tmp_path / "results" / "small.json"
    figures.write_json(path, {"cores": 2}, [row])
    kept = json.loads(path.read_text())
    assert kept["machine"] == {"cores": 2}
    assert kept["rows"] == [row]
    assert kept["rows"][0]["ratio"] == 0.6
    assert "| grid |" in figures.table(kept["rows"])


def test_an_installation_that_was_not_measured_holds_nothing(bench, tmp_path):
    installation = bench("installation")
    time, lock = installation.rows(tmp_path / "none.json", 1000)
    assert not time["holds"]
    assert not lock["holds"]
    failed = tmp_path / "failed.json"
    failed.write_text('{"status": 1}')
    assert not any(row["holds"] for row in installation.rows(failed, 1000))


def test_installation_is_held_against_its_longest_lock(bench, tmp_path):
    result = {
        "status": 0,
        "seconds": 61.5,
        "peak_mb": 400,
        "tables": {"crm_lead": {"held": {"ShareLock": 4.2}, "create": 5.1, "rows": 9}},
    }
    path = tmp_path / "install.json"
    path.write_text(json.dumps(result))
    time, lock = bench("installation").rows(path, 1_000_000)
    assert (time["ours_ms"], time["holds"]) == (61500, True)
    assert (lock["ours_ms"], lock["holds"], lock["missed"]) == (5100, False, ["time"])


def test_queries_are_read_from_the_line_of_a_request(bench):
    line = (
        '127.0.0.1 - - [22/Nov/2026 23:18:33] "POST /web/dataset/call_kw/crm.lead/'
        'web_read?bench=18#crm.lead.web_read HTTP/1.1" 200 - 12 0.010 0.004'
    )
    found = bench("server").REQUEST.search(line)
    assert (found["number"], found["queries"], found["mode"]) == ("18", "12", None)
    found = bench("server").REQUEST.search(f"{line} ro->rw")
    assert found["mode"] == "ro->rw"
