"""What the cells of vtiger's exports say.

Nothing here guesses: a date or an amount that cannot be told is a `Problem`.
"""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .vtiger_headings import key

ORDERS = ("ymd", "dmy", "mdy")
MOMENT = "%Y-%m-%d %H:%M:%S"
# Longer names would not fit into the index of names.
NAME_SIZE = 500
ENTITY = re.compile(r"&(amp|lt|gt|quot|apos|nbsp|#0?39);")
ENTITY_TEXTS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "nbsp": " "}
TAG = re.compile(r"</?(?:p|br|div|span|b|i|u|strong|em|ul|ol|li|a|h\d|font)\b[^>]*>")
BREAK = re.compile(r"<br\b[^>]*>|</(?:p|div|li|h\d)>", re.IGNORECASE)
DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?", re.IGNORECASE)
NUMBER = re.compile(r"-?\d+(\.\d+)?")
TICKS = {"0", "1"}
NO_DATE = {"0000-00-00", "0000-00-00 00:00:00", "00-00-0000", "-"}


class Problem(Exception):
    """Why a row is refused.

    :param code: which of the reasons, see the source's ``_reason``
    :param text: what the file says
    :param heading: of the column it is in
    """

    def __init__(self, code, text="", heading=""):
        super().__init__(code, text, heading)
        self.code, self.text, self.heading = code, text, heading


class Orders:
    """What the dates of a file tell of their order, read piece by piece.

    >>> dates = Orders()
    >>> dates.add(["03/04/2026", "", "soon"])
    >>> sorted(dates.told())
    ['dmy', 'mdy']
    >>> dates.add(["21/04/2026 10:00:00", "30/02/2026"])
    >>> dates.told()
    {'dmy'}
    """

    def __init__(self):
        # there are not that many days
        self.texts = set()

    def add(self, texts):
        dates = {text.strip().partition(" ")[0] for text in texts}
        self.texts |= {text for text in dates if DATE.fullmatch(text)}

    def told(self):
        """:return: set of the orders of day, month and year that fit most dates"""
        fits = {
            order: sum(bool(read_day(text, order)) for text in self.texts)
            for order in ORDERS
        }
        most = max(fits.values())
        return {order for order, fit in fits.items() if fit == most} if most else set()


class Flags:
    """Whether a column is a box to tick, of which vtiger writes 1 and 0.

    >>> box = Flags()
    >>> box.add(["0", "", "1"])
    >>> box.told()
    {'flag'}
    >>> box.add(["2"])
    >>> box.told()
    set()
    """

    def __init__(self):
        self.texts = set()

    def add(self, texts):
        if len(self.texts) <= len(TICKS):
            self.texts |= {text.strip() for text in texts} - {""}

    def told(self):
        """:return: set of ``flag``, or empty"""
        return {"flag"} if self.texts and self.texts <= TICKS else set()


def read_day(text, order):
    """:return: date, or None if it is none in this order

    >>> read_day("30-02-2026", "dmy") is None
    True
    """
    match = DATE.fullmatch(text)
    if not match:
        return None
    parts = dict(zip(order, (match[1], match[3], match[4]), strict=True))
    if len(parts["y"]) not in (2, 4) or max(len(parts["m"]), len(parts["d"])) > 2:
        return None
    year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
    try:
        return date(year, int(parts["m"]), int(parts["d"]))
    except ValueError:
        return None


def day(text, order):
    """:return: the date as ``2026-11-21``

    >>> day("21-11-2026", "dmy")
    '2026-11-21'
    """
    found = read_day(text, order)
    if not found:
        raise Problem("date", text)
    return found.isoformat()


def moment(text, order, tz):
    """:return: the moment in UTC; of a date alone its noon, the same day in most places

    >>> moment("21-11-2026 18:34:16", "dmy", "Europe/Madrid")
    '2026-11-21 17:34:16'
    """
    first, _space, rest = text.partition(" ")
    found = read_day(first, order)
    clock = TIME.fullmatch(rest.strip()) if rest.strip() else None
    if not found or (rest.strip() and not clock):
        raise Problem("date", text)
    if not clock:
        return f"{found.isoformat()} 12:00:00"
    hour = int(clock[1])
    if clock[4]:
        hour = hour % 12 + (12 if clock[4].lower() == "pm" else 0)
    try:
        local = datetime(
            *found.timetuple()[:3], hour, int(clock[2]), int(clock[3] or 0)
        )
        return local.replace(tzinfo=ZoneInfo(tz)).astimezone(UTC).strftime(MOMENT)
    except (ValueError, OverflowError):
        raise Problem("date", text) from None


def number(text):
    """vtiger writes a point and no grouping, whatever the user sees on his screen.

    :return: the number as text, without superfluous zeros

    >>> number("48250.75000000"), number("-0.00"), number("100.000")
    ('48250.75', '0', '100')
    """
    if not NUMBER.fullmatch(text):
        raise Problem("number", text)
    found = format(Decimal(text), "f")
    found = found.rstrip("0").rstrip(".") if "." in found else found
    return "0" if found == "-0" else found


def flag(text):
    """
    >>> flag("1"), flag("Sí"), flag("no")
    (True, True, False)
    """
    word = key(text)
    if word in {"1", "yes", "si", "true", "on"}:
        return True
    if word in {"0", "no", "false", "off"}:
        return False
    raise Problem("flag", text)


def plain(text):
    """Text without the HTML of vtiger's editor.

    >>> plain("<p>R&amp;D</p>&lt;script&gt; a < b")
    'R&D\\n<script> a < b'
    """
    text = TAG.sub("", BREAK.sub("\n", text))
    return ENTITY.sub(lambda m: ENTITY_TEXTS.get(m[1], "'"), text).strip()


def label(text):
    """A name, as it is looked for.

    >>> label("  Seán   O'Reilly ")
    "Seán O'Reilly"
    """
    text = ENTITY.sub(lambda m: ENTITY_TEXTS.get(m[1], "'"), text)
    return " ".join(text.split())[:NAME_SIZE].rstrip()


def relation(text):
    """:return: module (None where it is not said) and name

    >>> relation("Contacts:::: 太郎")
    ('Contacts', '太郎')
    >>> relation("Acme: Sons")
    (None, 'Acme: Sons')
    """
    module, mark, name = text.partition("::::")
    if mark and re.fullmatch(r"\w+", module):
        return module, label(name)
    return None, label(text)


def people(text):
    """:return: names of the contacts of an event; a name may itself hold a comma

    >>> people("Contacts::::Íñigo Ruiz, hijo, Contacts::::太郎")
    ['Íñigo Ruiz, hijo', '太郎']
    """
    names = [relation(part)[1] for part in re.split(r",\s*(?=Contacts::::)", text)]
    return list(dict.fromkeys(name for name in names if name))
