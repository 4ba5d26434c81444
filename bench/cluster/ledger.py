"""What clients were told, and how long they were told nothing good."""

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from client import HTTPError, ServerError

# What Odoo answers when it has understood and refused: nothing was done.
REFUSALS = ("odoo.exceptions.", "werkzeug.exceptions.")
LOGGED_OUT = "odoo.http.SessionExpiredException"


class Lost(Exception):
    """There was no answer, or one that does not say whether it was done."""


@dataclass
class Entry:
    """One thing that somebody did, from the first click to the answer."""

    kind: str
    token: str
    state: str = "unknown"  # done, refused, unknown
    attempts: int = 0
    lost: int = 0
    record: int = 0
    detail: dict = field(default_factory=dict)


class Ledger:
    """Everything that all clients did."""

    def __init__(self):
        self.entries, self.requests, self.problems = [], [], Counter()
        self._lock = threading.Lock()
        self.start = time.monotonic()

    def begin(self):
        """Everybody is there: what it took them to come does not count."""
        self.requests.clear()
        self.start = time.monotonic()

    def now(self):
        return time.monotonic() - self.start

    def note(self, entry):
        with self._lock:
            self.entries.append(entry)
        return entry

    def answered(self, kind, started, state):
        """One request: ``done``, ``refused`` or ``lost``."""
        with self._lock:
            self.requests.append((self.now(), kind, self.now() - started, state))

    def problem(self, text):
        with self._lock:
            self.problems[text[:160]] += 1

    def of(self, kind):
        return [entry for entry in self.entries if entry.kind == kind]


def ask(ledger, session, kind, request):
    """Send one request of a session, and say how it went.

    :raise Lost: nobody knows whether it was done
    :raise ServerError: it was refused, and nothing was done
    """
    started = ledger.now()
    try:
        result = request()
    except ServerError as error:
        if error.name == LOGGED_OUT or not error.name.startswith(REFUSALS):
            ledger.answered(kind, started, "lost")
            if error.name != LOGGED_OUT:
                ledger.problem(f"{kind}: {error}")
            raise Lost(error.name) from error
        ledger.answered(kind, started, "refused")
        ledger.problem(f"{kind}: {error}")
        raise
    except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
        session.close()
        ledger.answered(kind, started, "lost")
        ledger.problem(f"{kind}: {type(error).__name__} {error}")
        raise Lost(str(error)) from error
    ledger.answered(kind, started, "done")
    return result
