from array import array
from collections import defaultdict
from threading import Lock
from zlib import crc32

# Different records of one model that are remembered of a user: what bounds the memory.
KEPT = 10000


def merged(seen, marks):
    """What several processes saw, put together.

    >>> seen, number = merged(b"", [7, 5, 7])
    >>> number
    2
    >>> merged(seen, [5, 9])[1]
    1

    :param bytes seen: marks of the records that are known
    :param marks: of the records that one process read
    :return: marks of both, and the number of those that were not known; of more than
        can be kept only the number
    """
    known = array("I", seen)
    new = set(marks) - set(known)
    if len(known) < KEPT:
        known.extend(sorted(new))
    return known.tobytes(), len(new)


class ReadCounter:
    """Gathers the different records that users read within an hour, in this process. A
    record is a mark, the same one in every process.

    >>> counter = ReadCounter()
    >>> counter.add("ana", 9, "lead", [1, 2, 3], step=4)
    []
    >>> counter.add("ana", 9, "lead", [2, 3], step=4)
    []
    >>> len(counter.add("ana", 9, "partner", [1, 2], step=4))
    5
    >>> counter.add("ana", 9, "partner", [3], step=4)
    []
    >>> len(counter.add("ana", 10, "partner", [1, 2, 3, 4], step=4))
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
        :return: list of the marks that have come together since the last report, or
            nothing where they are fewer than a step
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
        self.waiting = []
        self.seen = defaultdict(set)

    def add(self, kind, ids, step):
        seen = self.seen[kind]
        new = set(ids) - seen
        seen |= new
        self.waiting += [crc32(f"{kind},{record_id}".encode()) for record_id in new]
        if len(seen) > KEPT:
            seen.clear()
        if len(self.waiting) < step:
            return []
        marks, self.waiting = self.waiting, []
        return marks
