"""Arithmetic of sales objectives: periods, pace, and what is missing to arrive."""

from bisect import bisect_left, bisect_right
from datetime import date
from math import ceil
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

MONTHS = {"month": 1, "quarter": 3, "year": 12}
# Behind by less than this part of what was expected is no reason to worry.
TOLERANCE = 0.1
# Fewer opportunities than these say nothing about how somebody sells.
ENOUGH = 5


def period_bounds(period_type, day):
    """Calendar period in which a day lies.

    :param str period_type: ``month``, ``quarter`` or ``year``
    :return: tuple of its first and its last day

    >>> period_bounds("month", date(2028, 2, 10))
    (datetime.date(2028, 2, 1), datetime.date(2028, 2, 29))
    >>> period_bounds("quarter", date(2026, 12, 31))
    (datetime.date(2026, 10, 1), datetime.date(2026, 12, 31))
    >>> period_bounds("year", date(2026, 7, 1))
    (datetime.date(2026, 1, 1), datetime.date(2026, 12, 31))
    """
    months = MONTHS[period_type]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return first, first + relativedelta(months=months, days=-1)


def expected_share(first, last, today, working_days):
    """Share of a period's working days that has gone by at the end of a day.

    :param date first: first day of the period
    :param date last: last day of the period
    :param working_days: sorted list of dates, at least those of the period; where the
        period has none, all its days count
    :return: float from 0 to 1

    >>> days = [date(2026, 3, day) for day in (2, 3, 4, 5, 6)]
    >>> expected_share(date(2026, 3, 1), date(2026, 3, 8), date(2026, 3, 4), days)
    0.6
    >>> expected_share(date(2026, 3, 1), date(2026, 3, 8), date(2026, 2, 28), days)
    0.0
    >>> expected_share(date(2026, 3, 1), date(2026, 3, 8), date(2026, 3, 8), days)
    1.0
    >>> expected_share(date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 7), days)
    0.5
    """
    if today < first:
        return 0.0
    if today >= last:
        return 1.0
    before = bisect_left(working_days, first)
    days = bisect_right(working_days, last) - before
    if not days:
        return ((today - first).days + 1) / ((last - first).days + 1)
    return (bisect_right(working_days, today) - before) / days


def pace(progress, expected):
    """How an objective goes, compared with the time that has gone by.

    :param float progress: share of the target that is reached
    :param float expected: share of the period that has gone by
    :return: ``ahead``, ``on`` or ``behind``

    >>> pace(0.62, 0.5), pace(0.46, 0.5), pace(0.44, 0.5)
    ('ahead', 'on', 'behind')
    >>> pace(0.0, 0.0), pace(1.0, 1.0), pace(0.99, 1.0)
    ('on', 'ahead', 'behind')
    """
    if progress >= 1:
        return "ahead"
    if expected >= 1 or progress < expected * (1 - TOLERANCE):
        return "behind"
    return "ahead" if progress > expected * (1 + TOLERANCE) else "on"


class Rates(NamedTuple):
    """What somebody did in the last twelve months."""

    gestiones: float = 0
    created: float = 0  # new opportunities
    decided: float = 0  # opportunities won or lost
    won: float = 0
    won_amount: float = 0


def missing_opportunities(unit, missing, rates):
    """New opportunities that it takes to arrive, by somebody's own rates.

    :param str unit: what is missing: ``amount`` (money of won opportunities), ``won``
        (won opportunities), ``new_amount`` (money of new ones) or ``new`` (new ones)
    :param float missing: target less actual figure
    :param Rates rates: of the last twelve months
    :return: int; None where there is too little history to tell

    >>> rates = Rates(gestiones=80, created=20, decided=10, won=4, won_amount=8000)
    >>> missing_opportunities("won", 3, rates)
    8
    >>> missing_opportunities("amount", 5000, rates)
    7
    >>> missing_opportunities("new_amount", 5000, rates)
    3
    >>> missing_opportunities("new", 2, rates), missing_opportunities("won", 0, rates)
    (2, 0)
    >>> missing_opportunities("won", 3, Rates(decided=4, won=4))
    >>> missing_opportunities("won", 3, Rates(decided=20))
    """
    if missing <= 0:
        return 0
    if unit == "new":
        return _ceil(missing)
    if rates.decided < ENOUGH or not rates.won:
        return None
    win_share = 1 if unit == "new_amount" else rates.won / rates.decided
    if unit == "won":
        return _ceil(missing / win_share)
    if rates.won_amount <= 0:
        return None
    return _ceil(missing / (win_share * rates.won_amount / rates.won))


def missing_gestiones(opportunities, rates):
    """Gestiones that it takes to open so many opportunities, by somebody's own rates.

    :param opportunities: int, or None where nobody can tell
    :param Rates rates: of the last twelve months
    :return: int; None where there is too little history to tell

    >>> missing_gestiones(8, Rates(gestiones=70, created=20))
    28
    >>> missing_gestiones(0, Rates())
    0
    >>> missing_gestiones(8, Rates(gestiones=70, created=4))
    >>> missing_gestiones(None, Rates(gestiones=70, created=20))
    """
    if opportunities == 0:
        return 0
    if opportunities is None or rates.created < ENOUGH or not rates.gestiones:
        return None
    return _ceil(opportunities * rates.gestiones / rates.created)


def _ceil(number):
    """The next whole number, but for what only is an error of floating point.

    >>> _ceil(3 / (1 / 3)), _ceil(2.01), _ceil(0.1 * 3 / 0.1)
    (9, 3, 3)
    """
    return ceil(round(number, 6))
