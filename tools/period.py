"""Periods that a report is asked for, as days."""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from .objective import period_bounds

PERIODS = (
    "week", "month", "quarter", "year", "last_week", "last_month", "last_quarter",
    "last_year", "custom",
)  # fmt: skip
STEPS = {
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}


def bounds(period, today, first=None, last=None):
    """First and last day of a period.

    :param str period: one of `PERIODS`; weeks begin on Monday, ``last_…`` is the one
        before the one that today lies in
    :param date today: the day that it is
    :param date first: of ``custom``; the first of today's month where it is not given
    :param date last: of ``custom``; today where it is not given, never before `first`
    :return: tuple of two dates

    >>> from datetime import date
    >>> bounds("week", date(2026, 11, 22))
    (datetime.date(2026, 11, 16), datetime.date(2026, 11, 22))
    >>> bounds("last_week", date(2026, 11, 22))
    (datetime.date(2026, 11, 9), datetime.date(2026, 11, 15))
    >>> bounds("month", date(2028, 2, 10))
    (datetime.date(2028, 2, 1), datetime.date(2028, 2, 29))
    >>> bounds("last_quarter", date(2026, 3, 31))
    (datetime.date(2025, 10, 1), datetime.date(2025, 12, 31))
    >>> bounds("last_year", date(2028, 2, 29))
    (datetime.date(2027, 1, 1), datetime.date(2027, 12, 31))
    >>> bounds("custom", date(2026, 3, 10), date(2026, 3, 8), date(2026, 3, 2))
    (datetime.date(2026, 3, 8), datetime.date(2026, 3, 8))
    >>> bounds("custom", date(2026, 3, 10))
    (datetime.date(2026, 3, 1), datetime.date(2026, 3, 10))
    """
    if period == "custom":
        first = first or (min(last, today) if last else today).replace(day=1)
        return first, max(first, last or today)
    is_last = period.startswith("last_")
    kind = period.removeprefix("last_")
    if kind == "week":
        monday = today - timedelta(days=today.weekday() + 7 * is_last)
        return monday, monday + timedelta(days=6)
    return period_bounds(kind, today - STEPS[kind] if is_last else today)
