"""Arithmetic of the benchmark: what was measured, what it must hold, and the table.

Nothing here knows Odoo or a database: ``python -m doctest figures.py``.
"""

import json
import math
from pathlib import Path

MEMORY_MB = 512  # no request may have its server take more


def percentile(values, share):
    """The nearest rank: a value that was measured, none between two.

    >>> percentile([4, 1, 3, 2], 50), percentile([4, 1, 3, 2], 95)
    (2, 4)
    >>> percentile(range(1, 101), 95)
    95
    >>> percentile([7], 95)
    7
    """
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * share / 100), 1) - 1]


def median(values):
    """
    >>> median([3, 1, 2]), median([4, 1, 2, 3])
    (2, 2.5)
    """
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def ratio(ours, plain):
    """
    >>> ratio(11, 10), ratio(3, None), ratio(3, 0)
    (1.1, None, None)
    """
    return round(ours / plain, 3) if plain else None


def side(samples, name):
    """What one side took.

    :param list samples: dicts with ``ms``, ``cpu_ms`` and ``queries`` of each time that
        the row was done
    :return: dict of keys of a row

    >>> side([{"ms": 2.04, "cpu_ms": 1, "queries": 5},
    ...       {"ms": 4, "cpu_ms": 3, "queries": 5}], "ours")
    {'ours_ms': 3.02, 'ours_p95_ms': 4, 'ours_cpu_ms': 2.0, 'ours_queries': 5}
    """
    figures = {
        f"{name}_ms": round(median([sample["ms"] for sample in samples]), 2),
        f"{name}_p95_ms": round(percentile([s["ms"] for s in samples], 95), 2),
        f"{name}_cpu_ms": round(median([s["cpu_ms"] for s in samples]), 2),
    }
    queries = [s["queries"] for s in samples if s["queries"] is not None]
    # caches of a worker make some requests ask more: the usual one counts
    figures[f"{name}_queries"] = math.ceil(median(queries)) if queries else None
    return figures


def missed(row):
    """:return: list of the bounds that a row does not hold

    >>> row = {"plain_ms": 10, "ours_ms": 11, "ratio": 1.1, "limit": 1.1,
    ...        "ours_queries": 12, "queries_limit": 12, "ours_mb": 512}
    >>> missed(row)
    []
    >>> missed({**row, "ratio": 1.101, "ours_queries": 13, "ours_mb": 513})
    ['time', 'queries', 'memory']
    >>> missed({"ours_ms": 1001, "limit_ms": 1000})
    ['time']
    >>> missed({"ours_ms": 1000, "limit_ms": 1000, "ours_mb": None})
    []
    >>> missed({"ours_ms": 5, "limit": 1.1, "ratio": None})
    ['time']
    >>> missed({"error": "odoo.exceptions.AccessError"})
    ['error']
    """
    if row.get("error"):
        return ["error"]
    found = []
    if row.get("limit") is not None:
        # nothing to compare with where there should be something proves nothing
        if row.get("ratio") is None or row["ratio"] > row["limit"]:
            found.append("time")
    elif row.get("limit_ms") is not None and row["ours_ms"] > row["limit_ms"]:
        found.append("time")
    if row.get("queries_limit") is not None and (
        row.get("ours_queries") is None or row["ours_queries"] > row["queries_limit"]
    ):
        found.append("queries")
    if (row.get("ours_mb") or 0) > MEMORY_MB:
        found.append("memory")
    return found


def finish(row):
    """A row with its ratio and whether it holds.

    >>> row = finish({"plain_ms": 100, "ours_ms": 120, "limit": 1.1})
    >>> row["ratio"], row["holds"], row["missed"]
    (1.2, False, ['time'])
    """
    row = dict(row)
    if not row.get("error"):
        row["ratio"] = ratio(row["ours_ms"], row.get("plain_ms"))
    row["missed"] = missed(row)
    row["holds"] = not row["missed"]
    return row


def _cell(value, digits=0):
    """
    >>> _cell(None), _cell(1234.5), _cell(9.87), _cell(1.234, 2)
    ('', '1,234', '9.9', '1.23')
    """
    if value is None:
        return ""
    if digits:
        return f"{value:.{digits}f}"
    return f"{value:.1f}" if value < 100 and value != int(value) else f"{value:,.0f}"


def _bound(row):
    """
    >>> _bound({"limit": 1.1}), _bound({"limit_ms": 2000}), _bound({})
    ('1.10', '2,000 ms', '')
    """
    if row.get("limit") is not None:
        return f"{row['limit']:.2f}"
    if row.get("limit_ms") is not None:
        return f"{row['limit_ms']:,.0f} ms"
    return ""


HEADER = (
    "| what | who | clients | plain ms (95 %) | ours ms (95 %) | times | at most | "
    "processor, times | queries plain / ours (at most) | MB plain / ours | holds |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|"
)


def line(row):
    """One row of the table.

    >>> row = {"name": "grid", "role": "seller", "clients": 1, "limit": 0.6,
    ...        "plain_ms": 50, "plain_p95_ms": 80, "ours_ms": 20, "ours_p95_ms": 25,
    ...        "plain_cpu_ms": 40, "ours_cpu_ms": 20, "plain_queries": 9,
    ...        "ours_queries": 10, "queries_limit": 11, "plain_mb": 150, "ours_mb": 160}
    >>> print(line(finish(row)).replace("| 0.40", "|\\n| 0.40"))
    | grid | seller | 1 | 50 (80) | 20 (25) |
    | 0.40 | 0.60 | 0.50 | 9 / 10 (11) | 150 / 160 | yes |
    >>> print(line(finish({"name": "x", "error": "AccessError"})))
    | x |  |  | | | | | | | | no: error: AccessError |
    """
    head = f"| {row['name']} | {row.get('role', '')} | {row.get('clients', '')} |"
    if row.get("error"):
        return f"{head}{' |' * 7} no: error: {row['error']} |"

    def times(name):
        if row.get(f"{name}_ms") is None:
            return ""
        high = row.get(f"{name}_p95_ms")
        rest = f" ({_cell(high)})" if high is not None else ""
        return _cell(row[f"{name}_ms"]) + rest

    def pair(key):
        values = (_cell(row.get(f"{name}_{key}")) for name in ("plain", "ours"))
        return " / ".join(values).removeprefix(" / ")

    queries = pair("queries")
    if row.get("queries_limit") is not None:
        queries += f" ({_cell(row['queries_limit'])})"
    processor = ratio(row.get("ours_cpu_ms") or 0, row.get("plain_cpu_ms"))
    cells = (
        times("plain"),
        times("ours"),
        _cell(row["ratio"], 2),
        _bound(row),
        _cell(processor, 2),
        queries,
        pair("mb"),
        "yes" if row["holds"] else "no: " + ", ".join(row["missed"]),
    )
    return f"{head} {' | '.join(cells)} |"


def table(rows):
    return "\n".join([HEADER, *map(line, rows)])


def write_json(path, machine, rows):
    """What was measured, with the machine, for whoever compares later."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"machine": machine, "rows": rows}, indent=2, ensure_ascii=False)
    path.write_text(text + "\n")
