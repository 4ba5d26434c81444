"""What a value of ours looks like at Doppler, where every value is a text.

Import tasks drop what they cannot read without a word, so it is looked at before.
"""

import hashlib
import json
import re
from datetime import date, datetime
from decimal import Decimal

from ..mailing import folded

# Type there -> types of the fields whose values it can hold.
TEXTS = ("char", "text", "selection")
NUMBERS = ("integer", "float", "monetary")
DATES = ("date", "datetime")
ACCEPTED = {
    "string": (*TEXTS, *NUMBERS, *DATES, "boolean", "many2one"),
    "number": NUMBERS,
    "boolean": ("boolean",),
    "consent": ("boolean",),
    "permission": ("boolean",),
    "date": DATES,
    "email": ("char",),
    "phone": ("char",),
    "gender": ("char", "selection"),
    "country": ("char", "many2one"),
}
LONGEST = {"string": 400, "email": 100, "phone": 400}
GENDERS = {
    "M": ("m", "male", "man", "hombre", "masculino", "varon"),
    "F": ("f", "female", "woman", "mujer", "femenino"),
}


def to_text(type, value):
    """A value in the format of a type there; empty for what is empty.

    >>> to_text("string", "  Ana ")
    'Ana'
    >>> to_text("string", date(2026, 5, 1)), to_text("string", True)
    ('2026-05-01', 'true')
    >>> to_text("string", None), to_text("number", 0), to_text("boolean", False)
    ('', '0', 'false')
    >>> to_text("number", 1234567.5), to_text("number", 1e16)
    ('1234567.5', '10000000000000000')
    >>> to_text("date", datetime(2026, 5, 1, 23, 30))
    '2026-05-01'
    >>> to_text("gender", "Female"), to_text("country", "ar")
    ('F', 'AR')

    :param type: of the field there
    :param value: text, number, boolean, date or datetime
    :raise ValueError: key of a reason why it does not fit
    """
    if type in ("boolean", "consent", "permission"):
        return _boolean(value)
    if value is None or value is False or value == "":
        return ""
    if type == "number":
        return _number(value)
    if type == "date":
        return _date(value)
    text = _plain(value)
    if type == "gender":
        return _gender(text)
    if type == "country":
        return _country(text)
    if type not in LONGEST:
        raise ValueError("type")
    if len(text) > LONGEST[type]:
        raise ValueError("too_long")
    return text


def _plain(value):
    if isinstance(value, bool):
        return _boolean(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, date):
        return _date(value)
    return str(value).strip()


def _boolean(value):
    if value is not None and not isinstance(value, bool):
        raise ValueError("type")
    return "true" if value else "false"


def _number(value):
    """
    >>> _number(float("nan"))
    Traceback (most recent call last):
    ...
    ValueError: not_a_number
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("not_a_number")
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError("not_a_number")
    if number == number.to_integral_value():
        return str(int(number))
    return format(number.normalize(), "f")


def _date(value):
    if isinstance(value, datetime):
        value = value.date()
    if not isinstance(value, date):
        raise ValueError("not_a_date")
    return value.isoformat()


def _gender(text):
    """
    >>> _gender("Mujer")
    'F'
    >>> _gender("x")
    Traceback (most recent call last):
    ...
    ValueError: not_a_gender
    """
    for letter, words in GENDERS.items():
        if folded(text) in words:
            return letter
    raise ValueError("not_a_gender")


def _country(text):
    """
    >>> _country("Argentina")
    Traceback (most recent call last):
    ...
    ValueError: not_a_country
    """
    if not re.fullmatch("[A-Za-z]{2}", text):
        raise ValueError("not_a_country")
    return text.upper()


def part_of(text, part):
    """Names are one text here and two there.

    >>> part_of("Ana Sol Ruiz", "first_word"), part_of("Ana Ruiz", "other_words")
    ('Ana', 'Ruiz')
    >>> part_of("Ana", "other_words"), part_of("", "first_word"), part_of("A B", "all")
    ('', '', 'A B')
    """
    if part == "all":
        return text
    first, _space, others = " ".join(text.split()).partition(" ")
    return first if part == "first_word" else others


def digest(values):
    """What tells whether somebody is sent as he was.

    >>> digest({"A": "1", "B": "2"}) == digest({"B": "2", "A": "1"})
    True
    >>> digest({"A": "1"}) == digest({"A": "2"}), len(digest({}))
    (False, 24)

    :param dict values: what he is sent as, name -> text
    """
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
