"""Working time: how much there is between two moments, and when so much is over.
Without database; moments are in UTC, without time zone."""

from datetime import datetime, timedelta

# Working time is read in pieces of so many days, counted from here.
EPOCH = datetime(2000, 1, 3)
PIECE = timedelta(days=28)
# What is not over within so many pieces, two years, never is.
LIMIT = 26


class Timetable:
    """When somebody works.

    :param load: function of two moments -> list of (start, stop) of the working time
        between them, in order; without it everybody works all the time

    >>> from datetime import time
    >>> def office(start, stop):
    ...     days = [start + timedelta(days=n) for n in range((stop - start).days)]
    ...     return [
    ...         (datetime.combine(day, time(9)), datetime.combine(day, time(17)))
    ...         for day in days
    ...         if day.weekday() < 5
    ...     ]
    >>> friday = datetime(2026, 3, 6, 15)
    >>> monday = datetime(2026, 3, 9, 11)
    >>> Timetable(office).hours(friday, monday)
    4.0
    >>> Timetable(office).plan(friday, 4)
    datetime.datetime(2026, 3, 9, 11, 0)

    What is paused does not count:

    >>> pause = (datetime(2026, 3, 9, 9), datetime(2026, 3, 9, 10))
    >>> Timetable(office).hours(friday, monday, [pause])
    3.0
    >>> Timetable(office).plan(friday, 4, [pause])
    datetime.datetime(2026, 3, 9, 12, 0)

    Around the clock, and where nobody ever works:

    >>> Timetable().hours(friday, monday)
    68.0
    >>> Timetable().plan(friday, 4)
    datetime.datetime(2026, 3, 6, 19, 0)
    >>> Timetable(lambda start, stop: []).plan(friday, 4) is None
    True
    """

    def __init__(self, load=None):
        self._load = load or (lambda start, stop: [(start, stop)])
        self._pieces = {}

    def hours(self, start, stop, pauses=()):
        """:return: hours of working time between two moments"""
        return sum(
            (end - begin).total_seconds() / 3600
            for begin, end in self._parts(start, pauses, stop)
        )

    def plan(self, start, hours, pauses=()):
        """:return: the moment at which so many hours of working time are over; None
        where that never happens"""
        left = timedelta(hours=hours)
        for begin, end in self._parts(start, pauses):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        return None

    def _parts(self, start, pauses, stop=None):
        number = (start - EPOCH) // PIECE
        last = (stop - EPOCH) // PIECE + 1 if stop else number + LIMIT
        for piece in range(number, last):
            for begin, end in self._piece(piece):
                begin = max(begin, start)
                end = min(end, stop) if stop else end
                if begin < end:
                    yield from without(begin, end, pauses)

    def _piece(self, number):
        if number not in self._pieces:
            start = EPOCH + number * PIECE
            self._pieces[number] = self._load(start, start + PIECE)
        return self._pieces[number]


def without(start, stop, pauses):
    """
    :param pauses: list of (start, stop), in any order
    :return: the parts of a stretch of time that are not paused

    >>> list(without(1, 9, [(6, 7), (0, 2), (3, 4)]))
    [(2, 3), (4, 6), (7, 9)]
    """
    for begin, end in sorted(pauses):
        if start < min(begin, stop):
            yield start, min(begin, stop)
        start = max(start, end)
    if start < stop:
        yield start, stop
