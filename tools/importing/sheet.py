"""From a row of a spreadsheet to what an import carries."""

import re
from typing import NamedTuple

from . import cells
from .schema import ENTITIES
from .vtiger_headings import key

EXTRA = "extra"
# Longer names would not fit into the index of names.
NAME_SIZE = 500
DIRECTIONS = {
    "in": "entrante|entrada|recibida|recibido|in|incoming|inbound|received",
    "out": "saliente|salida|emitida|realizada|enviada|out|outgoing|outbound|sent",
}
# Of no use where a digit is missing.
NUMBERED = ("phone", "phone2", "mobile", "vat", "ref", "code", "zip")
EMAILS = ("email", "email2")
SHORTENED = re.compile(r"\d[.,]?\d*E\+?\d+", re.I)
TOTALS = {"total", "totales", "total general", "suma", "subtotal", "totals", "sum"}
LEGAL = re.compile(
    r" (s ?l ?(l|u|p)?|s ?a ?(s|u)?|s ?r ?l|c ?b|s ?c|ltda|spa|inc|ltd)$"
)
WAYS = {word: way for way, words in DIRECTIONS.items() for word in words.split("|")}


class Problem(ValueError):
    """Why a row is refused: a code (see the source's ``_reason``), what the cell says
    and the heading of its column."""

    def __init__(self, code, text="", heading=""):
        super().__init__(code, text, heading)
        self.code, self.text, self.heading = code, text, heading


class Reading(NamedTuple):
    """How the rows of a file are read.

    :param entity: what a row is
    :param columns: list of (heading, field or None), ``extra`` for the notes
    :param order: of day, month and year of each column, by its place
    :param marks: the mark of decimals of each column, by its place
    :param tz: name of the time zone of who wrote the file
    """

    entity: str
    columns: list
    order: dict
    marks: dict
    tz: str


def split(entity, field):
    """
    :return: entity and name of a field

    >>> split("organization", "contact.email"), split("contact", "email")
    (('contact', 'email'), ('contact', 'email'))
    """
    other, dot, name = field.partition(".")
    return (other, name) if dot else (entity, field)


def kind(entity, field):
    """
    :return: kind of a field as `schema` says it, or None

    >>> kind("organization", "contact.cargo"), kind("contact", "is_company")
    ('choice:cargo', 'flag')
    """
    if field == "is_company":
        return "flag"
    owner, name = split(entity, field)
    return ENTITIES.get(owner, {}).get(name)


def places(entity, columns, kinds):
    """:return: list of the places of the columns of these kinds

    >>> places("opportunity", [("Total", "amount"), ("Name", "name")], {"amount"})
    [0]
    """
    return [
        place
        for place, (_heading, field) in enumerate(columns)
        if field and kind(entity, field) in kinds
    ]


def convert(reading, row):
    """
    :param row: list of texts
    :return: list of (entity, name, values), who is named by others first
    :raise Problem: where a cell cannot be read, or nobody is named

    >>> columns = [("Empresa", "name"), ("Contacto", "contact.name"), ("Zona", "extra")]
    >>> reading = Reading("organization", columns, {}, {}, "UTC")
    >>> convert(reading, ["Sol, S.L.", "Eva Gil", "Sur"])
    ... # doctest: +NORMALIZE_WHITESPACE
    [('organization', 'Sol, S.L.', {'name': 'Sol, S.L.', 'extra': 'Zona: Sur'}),
     ('contact', 'Eva Gil', {'name': 'Eva Gil', 'organization': 'Sol, S.L.'})]
    """
    if _is_total(reading, row):
        raise Problem("total")
    told, notes = {reading.entity: {}}, []
    for place, ((heading, field), text) in enumerate(
        zip(reading.columns, row, strict=False)
    ):
        text = text.strip()
        if not text or not field:
            continue
        if field == EXTRA:
            notes.append(f"{heading}: {text}")
            continue
        entity, name = split(reading.entity, field)
        try:
            value = _value(reading, place, field, text)
        except ValueError as error:
            raise Problem(error.args[0], text, heading) from None
        told.setdefault(entity, {})[name] = value
    if notes and EXTRA in ENTITIES[reading.entity]:
        told[reading.entity][EXTRA] = "\n".join(notes)
    return _arrange(reading.entity, told)


def _is_total(reading, row):
    """:return: whether the row sums up others: the word, and nothing but numbers"""
    filled = [
        (text, split(reading.entity, field or "")[1])
        for (_heading, field), text in zip(reading.columns, row, strict=False)
        if text.strip()
    ]
    if len(filled) < 2 or key(filled[0][0]) not in TOTALS:
        return False
    try:
        for text, _name in filled[1:]:
            cells.number(text, ",")
    except ValueError:
        return False
    return not any(name in NUMBERED for _text, name in filled[1:])


def whole(text):
    """
    :return: the digits of a number that a spreadsheet shows as 9.24E+08, where it shows
        all of them

    >>> whole("9,24555101E+08"), whole("924 555 101")
    ('924555101', '924 555 101')
    >>> whole("6.12E+08")
    Traceback (most recent call last):
    ValueError: shortened
    """
    if not SHORTENED.fullmatch(text):
        return text
    digits, _e, power = text.upper().replace(",", ".").replace("+", "").partition("E")
    first, _point, rest = digits.partition(".")
    if len(rest) != int(power):
        raise ValueError("shortened")
    return first + rest


def company_key(name):
    """A name of a company as it is compared beside its tax number: without its form.

    >>> company_key("Conservas Sol, S.L.") == company_key("CONSERVAS SOL SL")
    True
    """
    return LEGAL.sub("", key(name))


def _value(reading, place, field, text):
    what = kind(reading.entity, field)
    name = split(reading.entity, field)[1]
    if name in NUMBERED:
        return whole(text)
    if name in EMAILS and text.count("@") == 1:
        return "".join(text.split())
    if what == "date":
        return cells.day(text, reading.order.get(place))
    if what == "moment":
        return cells.moment(text, reading.order.get(place), reading.tz)
    if what in ("amount", "number", "integer"):
        number = cells.number(text, reading.marks.get(place))
        return number if what == "amount" else float(number)
    if what == "flag":
        return cells.flag(text)
    if what and (what.startswith(("name:", "choice:")) or field.endswith("name")):
        return label(text)
    if field == "direction":
        if key(text) not in WAYS:
            raise ValueError("direction")
        return WAYS[key(text)]
    return text


def restored(reading, row):
    """
    :return: the same cells, with dates as ISO and numbers as floats where they can be
        read

    >>> columns = [("Oportunidad", "name"), ("Cierre", "deadline"), ("Total", "amount")]
    >>> reading = Reading("opportunity", columns, {1: "mdy"}, {2: "."}, "UTC")
    >>> restored(reading, ["Hornos", "04/03/2026", "1,234"])
    ['Hornos', '2026-04-03', 1234.0]
    >>> restored(reading, ["Hornos", "soon", "much"])
    ['Hornos', 'soon', 'much']
    """
    found = list(row)
    for place, (_heading, field) in enumerate(reading.columns[: len(row)]):
        what = kind(reading.entity, field) if field else None
        text = row[place].strip()
        try:
            if what in ("date", "moment"):
                found[place] = cells.rewritten(text, reading.order.get(place))
            elif what in ("amount", "number", "integer"):
                found[place] = float(cells.number(text, reading.marks.get(place)))
        except ValueError:
            continue
    return found


def label(text):
    """A name, as it is looked for.

    >>> label("  Seán   Gil ")
    'Seán Gil'
    """
    return " ".join(text.split())[:NAME_SIZE].rstrip()


def _arrange(entity, told):
    """Who the row is about, who else it names, and how they belong together."""
    company = told[entity].pop("is_company", None)
    if entity in ("organization", "contact"):
        return _arrange_partners(entity, told, company)
    values = told[entity]
    if entity == "gestion" and "date" not in values:
        raise Problem("undated")
    name = values.get("name", "")
    if entity == "market" and values.get("parent"):
        name = f"{values['parent']} / {name}"
    if entity not in ("gestion", "comment") and not name:
        raise Problem("nameless")
    return [(entity, name, values)]


def _arrange_partners(entity, told, company):
    if company is not None:
        other = "organization" if company else "contact"
        if other != entity and entity in told:
            own = {
                name: value
                for name, value in told.pop(entity).items()
                if name in ENTITIES[other]
            }
            told = {other: own} | ({} if company else told)
        elif company:
            told.pop("contact", None)
    return _name_partners(entity, told)


def _name_partners(entity, told):
    organization, contact = told.get("organization", {}), told.get("contact", {})
    if contact and not contact.get("name"):
        parts = (contact.get("first_name"), contact.get("last_name"))
        contact["name"] = label(" ".join(part for part in parts if part))
    found = []
    if organization.get("name"):
        found.append(("organization", organization["name"], organization))
    elif organization and entity == "organization":
        raise Problem("nameless")
    if contact.get("name"):
        if organization.get("name"):
            contact.setdefault("organization", organization["name"])
        found.append(("contact", contact["name"], contact))
    elif contact.keys() - {"name"} or not found:
        raise Problem("nameless")
    return found
