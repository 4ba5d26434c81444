"""Reads the rows of vtiger's exports. The tables of headings are `vtiger_headings`.

Nothing here guesses: a date, an amount or an owner that cannot be told refuses its row
with a `Problem`, and what a text means here (a stage, a user) is chosen elsewhere.
"""

from fractions import Fraction

from .schema import ENTITIES as SCHEMA
from .vtiger_cells import (
    NO_DATE,
    NUMBER,
    Problem,
    day,
    flag,
    label,
    number,
    people,
    plain,
    read_day,
    relation,
)
from .vtiger_finish import FINISH, when
from .vtiger_headings import ENTITIES, LEFT, MODULES, key, keys

# What a cell of a module holds: activities are any of three.
SCHEMA_OF = {name: SCHEMA[module.entity] for name, module in MODULES.items()}


def _known_by():
    known = {}
    for module, table in MODULES.items():
        for headings in (*table.fields.values(), *table.notes, table.left):
            for name in keys(headings):
                known.setdefault(name, set()).add(module)
    return known


def _named_by(table):
    fields = ("description",) if table.entity == "comment" else ("name", "last_name")
    return {name for field in fields for name in keys(table.fields.get(field, ""))}


READ_KIND = {
    "amount": number,
    "flag": flag,
    "integer": lambda text: float(number(text)),
    "number": lambda text: float(number(text)),
    "names": people,
}
READ_FIELD = {
    "description": plain,
    "solution": plain,
    "answers": lambda text: relation(text)[1],
}
# heading -> modules that have it
KNOWN_BY = _known_by()
# module -> headings without one of which its rows have no name
NAMED_BY = {module: _named_by(table) for module, table in MODULES.items()}


def score(cells):
    """
    :return: how many of these cells are headings of any module

    >>> score(["Organization Name", "", "Colour"])
    1
    """
    return sum(key(cell) in KNOWN_BY for cell in cells if cell.strip())


def recognize(headings):
    """A heading that one module has tells more than one that many have.

    :return: the module that exports these headings; None where none or two might

    >>> recognize(["Asunto", "Fecha y Hora Inicio", "Estado", "Tipo Actividad"])
    'Calendar'
    >>> recognize(["Colour", "Weight"])
    >>> recognize(["First Name", "Last Name"])
    """
    names = {key(heading) for heading in headings} & KNOWN_BY.keys()
    scores = dict.fromkeys(MODULES, 0)
    for name in names:
        for module in KNOWN_BY[name]:
            scores[module] += Fraction(1, len(KNOWN_BY[name]))
    first, second = sorted(scores, key=scores.get, reverse=True)[:2]
    if scores[first] < 1 or scores[first] == scores[second]:
        return None
    return first if NAMED_BY[first] & names else None


def columns(module, headings):
    """:return: list, for each heading its field, ``extra`` for the notes, or False

    >>> columns("ModComments", ["Related To", "Comment", "Related To", "Sector"])
    ['related', 'description', 'answers', 'extra']
    """
    table = MODULES[module]
    fields = {}
    for field, names in table.fields.items():
        for name in keys(names):
            fields.setdefault(name, field)
    left = {*keys(table.left), *keys(LEFT)}
    found, taken = [], set()
    for heading in map(key, headings):
        field = fields.get(heading)
        if module == "ModComments" and field == "related" and field in taken:
            field = "answers"  # in English both columns bear the same heading
        if field in taken or not field:
            field = False if heading in left or not heading else "extra"
        taken.add(field)
        found.append(field)
    return found


def dated(reading):
    """:return: positions of the columns that hold dates

    >>> from types import SimpleNamespace
    >>> columns = [("Name", "name"), ("Created Time", "created")]
    >>> dated(SimpleNamespace(module="Accounts", columns=columns))
    [1]
    """
    kinds = SCHEMA.get(MODULES[reading.module].entity, {})
    own = {"_modified", "_start", "_end"}
    return [
        place
        for place, (_heading, field) in enumerate(reading.columns)
        if field in own or kinds.get(field) in ("date", "moment")
    ]


def own(reading):
    """:return: positions of the columns that are the company's own, kept in the notes

    >>> from types import SimpleNamespace
    >>> columns = [("Rating", "extra"), ("Cliente VIP", "extra")]
    >>> own(SimpleNamespace(module="Accounts", columns=columns))
    [1]
    """
    ours = {name for pair in MODULES[reading.module].notes for name in keys(pair)}
    return [
        place
        for place, (heading, field) in enumerate(reading.columns)
        if field == "extra" and key(heading) not in ours
    ]


def convert(reading, cells):
    """
    :param reading: `Reading`
    :param cells: list of texts
    :return: entity, name and values of a row
    :raise Problem: where it is refused

    >>> from types import SimpleNamespace
    >>> columns = [("Organization Name", "name"), ("Rating", "extra")]
    >>> reading = SimpleNamespace(
    ...     module="Accounts", columns=columns, spanish=False, order="dmy", flags=()
    ... )
    >>> convert(reading, ["Sol, S.L.", "Active"])
    ('organization', 'Sol, S.L.', {'name': 'Sol, S.L.', 'extra': 'Rating: Active'})
    """
    if len(cells) != len(reading.columns):
        code = "cells" if len(cells) > len(reading.columns) else "short"
        raise Problem(code, str(len(cells)), str(len(reading.columns)))
    values, own, notes = _read_cells(reading, cells)
    finish = FINISH.get(reading.module)
    entity = finish and finish(reading, values, own, notes)
    entity = entity or MODULES[reading.module].entity
    if notes:
        values["extra"] = "\n".join(notes)
    # a comment is named by its text, where another answers it
    name = values.get("description" if entity == "comment" else "name")
    name = label(name or values.get("email") or "")
    if not name:
        raise Problem("nameless")
    return entity, name, values


def _read_cells(reading, cells):
    values, own, notes = {}, {}, []
    for (heading, field), cell in zip(reading.columns, cells, strict=True):
        text = cell.replace("\0", "").strip()
        if not field or not text:
            continue
        try:
            if field == "extra":
                notes += _note(reading, heading, text)
            elif field.startswith("_"):
                own[field] = text
            else:
                _put(reading, values, notes, field, text)
        except Problem as problem:
            problem.heading = heading
            raise
    return values, own, notes


def _put(reading, values, notes, field, text):
    kind = SCHEMA_OF[reading.module].get(field, "text")
    if kind == "related":
        _relate_any(values, notes, field, text)
    elif kind.startswith("name:"):
        _relate(reading, values, notes, field, text)
    elif kind not in ("date", "moment"):
        read = READ_FIELD.get(field) or READ_KIND.get(kind.partition(":")[0], label)
        values[field] = read(text)
    elif text not in NO_DATE:
        values[field] = when(reading, kind, text)


def _relate_any(values, notes, field, text):
    module, name = relation(text)
    if name and module in ENTITIES:
        values[field] = {"entity": ENTITIES[module], "name": name}
    elif name:
        notes.append(f"{module or field}: {name}")


def _relate(reading, values, notes, field, text):
    """A column may name a record of another module than its heading says."""
    module, name = relation(text)
    if not name:
        return
    fields = SCHEMA_OF[reading.module]
    meant = fields[field].partition(":")[2]
    said = ENTITIES.get(module, meant) if module else meant
    if said == meant:
        values[field] = name
    elif fields.get(said) == f"name:{said}":
        values.setdefault(said, name)
    else:
        notes.append(f"{module}: {name}")


def _note(reading, heading, text):
    """:return: list of the line that keeps a cell; none for what says nothing: vtiger
    writes 0 for an empty amount"""
    table = MODULES[reading.module]
    for pair in table.notes:
        if key(heading) in keys(pair):
            heading = pair.split("|")[bool(reading.spanish)]
            break
    if heading in reading.flags and text == "1":
        return [f"{heading}: {'Sí' if reading.spanish else 'Yes'}"]
    if NUMBER.fullmatch(text) and (text == "0" or "." in text):
        text = number(text)
        if text == "0":
            return []
    elif reading.order and read_day(text, reading.order):
        text = day(text, reading.order)
    module, name = relation(text)
    if module in ENTITIES:
        text = name
    return [f"{heading}: {plain(text.replace(' |##| ', ', '))}"]
