r"""What the cells of a spreadsheet say: dates, decimals, yes and no.

How a date or a decimal is written is a matter of the whole column: `Orders` and `Marks`
tell it, as far as the column does. What cannot be told is a ValueError
with one of these codes: ``date``, ``order``, ``number``, ``mark``, ``flag``.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from .vtiger_headings import key

ORDERS = ("dmy", "mdy", "ymd")
MARKS = {"comma": ",", "point": "."}
MOMENT = "%Y-%m-%d %H:%M:%S"
DATE = re.compile(r"(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})")
TIME = re.compile(
    r"(\d{1,2})[:.h](\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap])?\.?\s?(?:m\.?)?", re.I
)
SERIAL = re.compile(r"\d{5}(\.\d+)?")
# Days that Excel counts from; its serials of the last decades have five digits.
EXCEL = datetime(1899, 12, 30)
# Years of two digits: 69 is 1969, as Excel has it but for those to come.
CENTURY = 69
CURRENCY = re.compile(r"(?:[€$£%]|\b(?:eur|euros?|usd|us|ars|clp|mxn|pen|cop)\b)", re.I)
SPACE = re.compile("[\\s'\u2019]")
GROUPED = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
TRUE = {"1", "si", "s", "x", "yes", "y", "true", "verdadero", "v", "on", "ok"}
FALSE = {"0", "no", "n", "false", "falso", "f", "off"}


class Orders:
    """What a column of dates tells of their order, read piece by piece.

    >>> column = Orders()
    >>> column.add(["03/04/2026", "2026-04-21", "46133", "tomorrow"])
    >>> sorted(column.told())
    ['dmy', 'mdy']
    >>> column.add(["21/04/2026"])
    >>> column.told()
    {'dmy'}
    """

    def __init__(self):
        # there are not that many days
        self.texts = set()

    def add(self, texts):
        dates = {_date_part(text) for text in texts if text.strip()}
        self.texts |= {
            text for text in dates if DATE.fullmatch(text) and not _is_iso(text)
        }

    def told(self):
        """:return: set of the orders of day, month and year that fit most dates; empty
        where there are none"""
        fits = {
            order: sum(bool(_read(text, order)) for text in self.texts)
            for order in ORDERS
        }
        most = max(fits.values())
        return {order for order, fit in fits.items() if fit == most} if most else set()


class Marks:
    """What a column of numbers tells of the mark of its decimals, read piece by piece.

    >>> column = Marks()
    >>> column.add(["1.234", "", "much"])
    >>> sorted(column.told())
    ['comma', 'point']
    >>> column.add(["1.234,56", "12,5", "0.3"])
    >>> column.told()
    {'comma'}
    """

    def __init__(self):
        self.count = dict.fromkeys(MARKS.values(), 0)
        # whether some number means two things
        self.unclear = False

    def add(self, texts):
        for text in texts:
            mark = _mark(text)
            if mark:
                self.count[mark] += 1
            elif not self.unclear:
                self.unclear = bool(GROUPED.fullmatch(_bare(text)[0]))
                self.unclear &= bool(re.search("[.,]", text))

    def told(self):
        """:return: set of `MARKS`: the one that most numbers show, both where none does
        and some means two things, else none"""
        mark = max(self.count, key=self.count.get)
        if self.count[mark]:
            return {name for name, each in MARKS.items() if each == mark}
        return set(MARKS) if self.unclear else set()


def day(text, order=None):
    """
    :param order: of `ORDERS`; without it what can be read in two ways is refused
    :return: the date as ``2026-11-21``

    >>> day("21/11/26", "dmy"), day("2026-11-21"), day("46347"), day("21.11.1969")
    ('2026-11-21', '2026-11-21', '2026-11-21', '1969-11-21')
    >>> day("31/02/2026", "dmy")
    Traceback (most recent call last):
    ValueError: date
    >>> day("03/04/2026")
    Traceback (most recent call last):
    ValueError: order
    """
    text = text.strip()
    if SERIAL.fullmatch(text):
        return _serial(text).date().isoformat()
    return _day(_date_part(text), order).isoformat()


def moment(text, order, tz):
    """:return: the moment in UTC; of a date alone its noon, the same day in most places

    >>> moment("21/11/2026 18:34", "dmy", "Europe/Madrid")
    '2026-11-21 17:34:00'
    >>> moment("2026-11-21T09:05:00", None, "America/Argentina/Buenos_Aires")
    '2026-11-21 12:05:00'
    >>> moment("21/11/2026", "dmy", "Europe/Madrid"), moment("46347.5", None, "UTC")
    ('2026-11-21 12:00:00', '2026-11-21 12:00:00')
    """
    text = text.strip()
    if SERIAL.fullmatch(text):
        local = _serial(text)
        rest = "." in text
    else:
        first = _date_part(text)
        rest = text[len(first) :].lstrip("T ,").strip()
        local = datetime.combine(_day(first, order), _clock(rest))
    if not rest:
        return f"{local.date().isoformat()} 12:00:00"
    try:
        return local.replace(tzinfo=ZoneInfo(tz)).astimezone(UTC).strftime(MOMENT)
    except OverflowError:
        raise ValueError("date") from None


def rewritten(text, order=None):
    """:return: the same date or moment, with its day as ISO

    >>> rewritten("04/03/2026 10:30", "mdy"), rewritten("46347.5")
    ('2026-04-03 10:30', '46347.5')
    """
    if SERIAL.fullmatch(text):
        return text
    first = _date_part(text)
    return _day(first, order).isoformat() + text[len(first) :]


def number(text, mark=None):
    """
    :param mark: the mark of decimals where the number itself does not tell it
    :return: the number as text, with a point and without superfluous zeros

    >>> number("1.234,56 €"), number("(1,234.50)"), number("1 234,5"), number("-3")
    ('1234.56', '-1234.5', '1234.5', '-3')
    >>> number("1.234", ","), number("1.234", ".")
    ('1234', '1.234')
    >>> number("1.234")
    Traceback (most recent call last):
    ValueError: mark
    >>> number("12,34,5")
    Traceback (most recent call last):
    ValueError: number
    """
    bare, negative = _bare(text)
    if not re.fullmatch(r"\d[\d.,]*|[.,]\d+", bare):
        raise ValueError("number")
    told = _mark(text)
    if not told and re.search("[.,]", bare) and not mark:
        raise ValueError("mark")
    mark = told or mark or "."
    whole, _mark_, decimals = bare.partition(mark)
    group = "." if mark == "," else ","
    if group in whole and not GROUPED.fullmatch(whole):
        raise ValueError("number")
    digits = whole.replace(group, "")
    if not re.fullmatch(r"\d*", digits) or not re.fullmatch(r"\d*", decimals):
        raise ValueError("number")
    found = format(Decimal(f"{digits or 0}.{decimals or 0}"), "f")
    found = found.rstrip("0").rstrip(".")
    return f"-{found}" if negative and found != "0" else found


def flag(text):
    """
    >>> flag("Sí"), flag("x"), flag("FALSO"), flag("0")
    (True, True, False, False)
    """
    word = key(text)
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise ValueError("flag")


def _date_part(text):
    match = re.match(r"\d{1,4}([-/. ])\d{1,2}\1\d{1,4}(?=$|[T ,])", text.strip())
    return match[0] if match else text.strip()


def _is_iso(text):
    return re.fullmatch(r"\d{4}([-/.])\d{1,2}\1\d{1,2}", text)


def _day(text, order):
    if _is_iso(text):
        order = "ymd"
    found = {_read(text, each) for each in ((order,) if order else ORDERS)} - {None}
    if len(found) > 1:
        raise ValueError("order")
    if not found:
        raise ValueError("date")
    return found.pop()


def _read(text, order):
    """:return: date, or None if it is none in this order"""
    match = DATE.fullmatch(text)
    if not match:
        return None
    parts = dict(zip(order, (match[1], match[3], match[4]), strict=True))
    if len(parts["y"]) not in (2, 4) or max(len(parts["m"]), len(parts["d"])) > 2:
        return None
    year = int(parts["y"])
    if len(parts["y"]) == 2:
        year += 1900 if year >= CENTURY else 2000
    try:
        return date(year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def _serial(text):
    return EXCEL + timedelta(seconds=round(float(text) * 86400))


def _clock(text):
    if not text:
        return datetime.min.time()
    match = TIME.fullmatch(text)
    if not match:
        raise ValueError("date")
    hour = int(match[1])
    if match[4]:
        hour = hour % 12 + (12 if match[4].lower() == "p" else 0)
    try:
        return datetime(1, 1, 1, hour, int(match[2]), int(match[3] or 0)).time()
    except ValueError:
        raise ValueError("date") from None


def _bare(text):
    """:return: the digits and marks of a number, and whether it is negative"""
    text = SPACE.sub("", CURRENCY.sub("", text).replace("\u2212", "-"))
    negative = text.startswith(("-", "(")) or text.endswith("-")
    return re.sub(r"^[-+(]|[-)]$", "", text).replace("+", "?"), negative


def _mark(text):
    """:return: the mark of decimals that this number can only have, or None"""
    bare, _negative = _bare(text)
    marks = re.findall("[.,]", bare)
    if not marks:
        return None
    if len(set(marks)) == 2:
        return marks[-1] if marks.count(marks[-1]) == 1 else None
    if len(marks) > 1:
        return "," if marks[0] == "." else "."  # several of them are groups
    # 1.234 may be either; 0.125 or 1234.567 cannot be grouped
    grouped = GROUPED.fullmatch(bare) and not bare.startswith("0")
    return None if grouped else marks[0]
