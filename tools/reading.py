from collections import defaultdict
from threading import Lock

# Different records of one model that are remembered of a user: what bounds the memory.
KEPT = 10000


class ReadCounter:
    """Counts the different records that users read within an hour, in this process.

    >>> counter = ReadCounter()
    >>> counter.add("ana", 9, "lead", [1, 2, 3], step=4)
    0
    >>> counter.add("ana", 9, "lead", [2, 3], step=4)
    0
    >>> counter.add("ana", 9, "partner", [1, 2], step=4)
    5
    >>> counter.add("ana", 9, "partner", [3], step=4)
    0
    >>> counter.add("ana", 10, "partner", [1, 2, 3, 4], step=4)
    4
    """

    def __init__(self):
        self._lock = Lock()
        self._hours = {}

    def add(self, reader, hour, kind, ids, step):
        """
        :param reader: who, hashable
        :param hour: any value that changes when another hour begins
        :param str kind: of the records
        :param ids: of the records
        :param int step: what is to come together before it is reported
        :return: how many have come together since the last report, or 0 where they are
            fewer than a step
        """
        with self._lock:
            own = self._hours.get(reader)
            if own is None or own.hour != hour:
                own = self._hours[reader] = _Hour(hour)
            return own.add(kind, ids, step)


class _Hour:
    """What one reader read in one hour."""

    def __init__(self, hour):
        self.hour = hour
        self.waiting = 0
        self.seen = defaultdict(set)

    def add(self, kind, ids, step):
        seen = self.seen[kind]
        before = len(seen)
        seen.update(ids)
        self.waiting += len(seen) - before
        if len(seen) > KEPT:
            seen.clear()
        if self.waiting < step:
            return 0
        number, self.waiting = self.waiting, 0
        return number
