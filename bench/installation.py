"""The rows of installing, from what ``install.py`` wrote while the pair was made."""

import json

from figures import finish

LOCK_MS = 5000
# No issue names a bound for the time: half an hour, which a company has at night.
TIME_MS = 30 * 60 * 1000
TABLE = "crm_lead"


def longest_ms(result, table=TABLE):
    """The longest that a lock was held on a table, or that anybody waited for it.

    >>> longest_ms({"tables": {"crm_lead": {"held": {"x": 0.2, "y": 1.5}, "write": 2.25,
    ...                                     "read": 0.01, "rows": 9000}}})
    2250
    >>> longest_ms({"tables": {}})
    Traceback (most recent call last):
    KeyError: 'crm_lead'
    """
    measured = result["tables"][table]
    probes = (measured.get(kind, 0) for kind in ("read", "list", "write", "create"))
    return round(max(0, *measured.get("held", {}).values(), *probes) * 1000)


def rows(path, records):
    """
    :param int records: opportunities that the database had
    :return: list of rows of the table, in error where nothing was measured
    """
    time = {
        "name": f"install on {records:,} native opportunities",
        "role": "",
        "clients": 1,
        "runs": 1,
        "limit_ms": TIME_MS,
    }
    lock = {
        **time,
        "name": f"install: longest lock or wait on {TABLE}",
        "limit_ms": LOCK_MS,
    }
    try:
        result = json.loads(path.read_text())
        if result["status"]:
            raise ValueError("the installation failed")
        time["ours_ms"] = round(result["seconds"] * 1000)
        time["installation_mb"] = result["peak_mb"]
        lock["ours_ms"] = longest_ms(result)
    except (OSError, AttributeError, ValueError, KeyError) as error:
        fault = {"error": f"not measured: {type(error).__name__} {error}"}
        return [finish({**time, **fault}), finish({**lock, **fault})]
    return [finish(time), finish(lock)]
