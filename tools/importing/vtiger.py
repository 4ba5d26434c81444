"""Reads the rows of vtiger's exports. The tables of headings are `vtiger_headings`.

Nothing here guesses: a date, an amount or an owner that cannot be told refuses its row
with a `Problem`, and what a text means here (a stage, a user) is chosen elsewhere.
"""

import hashlib
import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from .schema import ENTITIES as SCHEMA
from .vtiger_headings import ENTITIES, LEFT, MODULES, key
from .vtiger_words import closing

ORDERS = ("ymd", "dmy", "mdy")
MOMENT = "%Y-%m-%d %H:%M:%S"
# Longer ones would not fit into the index of names.
NAME_SIZE = 500
ENTITY = re.compile(r"&(amp|lt|gt|quot|apos|nbsp|#0?39);")
ENTITY_TEXTS = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "nbsp": " "}
TAG = re.compile(r"</?(?:p|br|div|span|b|i|u|strong|em|ul|ol|li|a|h\d|font)\b[^>]*>")
BREAK = re.compile(r"<br\b[^>]*>|</(?:p|div|li|h\d)>", re.IGNORECASE)
DATE = re.compile(r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})")
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([ap]m)?", re.IGNORECASE)
NUMBER = re.compile(r"-?\d+(\.\d+)?")
NO_DATE = {"0000-00-00", "0000-00-00 00:00:00", "00-00-0000", "-"}
# The number of a company: of Spain, Argentina, Chile, or with its country before it.
TAX_ID = re.compile(
    r"(ES)?([A-Z]\d{7}[0-9A-Z]|\d{8}[A-Z])|(20|2[347]|3[034])\d{9}|"
    r"[A-Z]{2}(?=.*\d{5})[0-9A-Z]{8,12}"
)
PLANNED = {"planned", "not started", "in progress", "pending input", "deferred"}
PLANNED |= {"planificado", "planificada", "no iniciado", "en curso", "pendiente"}
HELD = {"held", "completed", "realizado", "realizada", "completado", "completada"}
NOT_HELD = {"not held", "no realizado", "no realizada", "cancelled", "canceled"}
# What a cell of a module holds: activities are any of three.
SCHEMA_OF = {name: SCHEMA[module.entity] for name, module in MODULES.items()}
CALLS = {"call", "mobile call", "llamada", "llamada movil"}
TASKS = {"task", "tarea"}


def _known_by():
    known = {}
    for module, table in MODULES.items():
        for names in (*table.fields.values(), *table.notes, table.left):
            for name in names:
                known.setdefault(key(name), set()).add(module)
    return known


def _named_by(table):
    fields = ("description",) if table.entity == "comment" else ("name", "last_name")
    return {key(name) for field in fields for name in table.fields.get(field, ())}


# heading -> modules that have it
KNOWN_BY = _known_by()
# module -> headings without one of which its rows have no name
NAMED_BY = {module: _named_by(table) for module, table in MODULES.items()}


class Problem(Exception):
    """Why a row is refused.

    :param code: which of the reasons, see the source's ``_reason``
    :param text: what the file says
    :param heading: of the column it is in
    """

    def __init__(self, code, text="", heading=""):
        super().__init__(code, text, heading)
        self.code, self.text, self.heading = code, text, heading


class Reading(NamedTuple):
    """How the rows of a file are read.

    :param module: name of the module, see `vtiger_headings.MODULES`
    :param columns: list of (heading, field), ``extra`` for the notes
    :param order: of day, month and year: one of `ORDERS`, or None if unknown
    :param tz: name of the time zone of who exported
    :param now: datetime, UTC, without zone
    :param spanish: whether the notes of who works here are in Spanish
    """

    module: str
    columns: list
    order: str | None
    tz: str
    now: datetime
    spanish: bool = False


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
        for name in names:
            fields.setdefault(key(name), field)
    left = {key(name) for name in (*table.left, *LEFT)}
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


def orders(texts):
    """:return: set of the orders of day, month and year that fit most dates

    >>> sorted(orders(["03-04-2026", "21-04-2026 10:00:00", "30-02-2026"]))
    ['dmy']
    >>> sorted(orders(["03/04/2026"]))
    ['dmy', 'mdy']
    >>> orders(["", "soon"])
    set()
    """
    texts = {text.split(" ")[0] for text in texts if text}
    fits = {order: sum(bool(_day(text, order)) for text in texts) for order in ORDERS}
    most = max(fits.values())
    return {order for order, fit in fits.items() if fit == most} if most else set()


def dated(reading):
    """:return: positions of the columns that hold dates"""
    kinds = SCHEMA.get(MODULES[reading.module].entity, {})
    own = {"_modified", "_start", "_end"}
    return [
        place
        for place, (_heading, field) in enumerate(reading.columns)
        if field in own or kinds.get(field) in ("date", "moment")
    ]


def _day(text, order):
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
    found = _day(text, order)
    if not found:
        raise Problem("date", text)
    return found.isoformat()


def moment(text, order, tz):
    """:return: the moment in UTC; of a date alone its noon, the same day in most places

    >>> moment("21-11-2026 18:34:16", "dmy", "Europe/Madrid")
    '2026-11-21 17:34:16'
    """
    first, _space, rest = text.partition(" ")
    found = _day(first, order)
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


def convert(reading, cells):
    """
    :param reading: `Reading`
    :param cells: list of texts
    :return: entity, name and values of a row
    :raise Problem: where it is refused
    """
    if len(cells) != len(reading.columns):
        if len(cells) > len(reading.columns) or not any(cells):
            raise Problem("cells", str(len(cells)), str(len(reading.columns)))
        raise Problem("short", str(len(cells)), str(len(reading.columns)))
    entity = MODULES[reading.module].entity
    values, own, notes = {}, {}, []
    for (heading, field), cell in zip(reading.columns, cells, strict=True):
        text = cell.strip()
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
    finish = FINISH.get(reading.module)
    if finish:
        entity = finish(reading, values, own, notes) or entity
    if notes:
        values["extra"] = "\n".join(notes)
    name = values.get("name") or values.get("email")
    if entity == "comment":
        name = label(values.get("description", ""))
    if not name:
        raise Problem("nameless")
    return entity, label(name), values


def _put(reading, values, notes, field, text):
    kind = SCHEMA_OF[reading.module].get(field, "text")
    if kind.startswith("name:"):
        _relate(reading, values, notes, field, text)
    elif kind.startswith("names:"):
        values[field] = people(text)
    elif kind == "related":
        module, name = relation(text)
        if name and module in ENTITIES:
            values[field] = {"entity": ENTITIES[module], "name": name}
        elif name:
            notes.append(f"{module or field}: {name}")
    elif kind == "flag":
        values[field] = flag(text)
    elif kind in ("number", "amount", "integer"):
        values[field] = number(text)
        if kind != "amount":
            values[field] = float(values[field])
    elif kind in ("date", "moment"):
        if text not in NO_DATE:
            values[field] = _when(reading, kind, text)
    elif field in ("description", "solution"):
        values[field] = plain(text)
    elif field == "answers":
        values[field] = relation(text)[1]
    else:
        values[field] = label(text)


def _when(reading, kind, text):
    if not reading.order:
        raise Problem("order", text)
    if kind == "date":
        return day(text.split(" ")[0], reading.order)
    return moment(text, reading.order, reading.tz)


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
        if key(heading) in map(key, pair):
            heading = pair[1] if reading.spanish else pair[0]
            break
    if NUMBER.fullmatch(text) and (text == "0" or "." in text):
        text = number(text)
        if text == "0":
            return []
    elif reading.order and _day(text, reading.order):
        text = day(text, reading.order)
    module, name = relation(text)
    if module in ENTITIES:
        text = name
    return [f"{heading}: {plain(text.replace(' |##| ', ', '))}"]


def _finish_person(reading, values, own, notes):
    first, last = values.get("first_name", ""), values.get("last_name", "")
    values["name"] = label(f"{first} {last}")


def _finish_organization(reading, values, own, notes):
    sic = own.get("_sic", "")
    compact = re.sub(r"[^0-9A-Z]", "", sic.upper())
    if "vat" not in values and TAX_ID.fullmatch(compact):
        values["vat"] = sic
    elif sic:
        notes.append(f"SIC: {sic}")


def _finish_opportunity(reading, values, own, notes):
    if not closing(values.get("stage", ""), values.get("probability")):
        return
    closed = values.get("deadline")
    if closed and closed <= reading.now.date().isoformat():
        values["closed"] = f"{closed} 12:00:00"
    elif own.get("_modified"):
        values["closed"] = _when(reading, "moment", own["_modified"])


def _finish_comment(reading, values, own, notes):
    if "_author" in own:
        values["owner"] = label(own["_author"])
    if not values.get("description"):
        raise Problem("empty")
    if not values.get("related"):
        raise Problem("nobody")
    _sign(values, "comment")


def _finish_user(reading, values, own, notes):
    values.setdefault("email", own.get("_other", ""))


def _finish_activity(reading, values, own, notes):
    """Held calls and meetings are gestiones; what is planned is a step, late or not;
    what no gestión is, a task done or a meeting that was called off, is a comment."""
    if "_start" not in own:
        raise Problem("undated")
    kind, status = key(values.get("activity_type")), key(own.get("_status"))
    start = _start(reading, own)
    if status in PLANNED:
        return _step(reading, values, own, start, kind in TASKS)
    if status not in HELD | NOT_HELD:
        raise Problem("status", own.get("_status", ""))
    if not values.get("related") and not values.get("contacts"):
        raise Problem("nobody")
    values["date"] = _happened(reading, own, start)
    if kind in TASKS or (status in NOT_HELD and kind not in CALLS):
        return _remark(values, own)
    values["result"] = label(own["_status"])
    end = _end(reading, own)
    if end and end > start:
        span = datetime.strptime(end, MOMENT) - datetime.strptime(start, MOMENT)
        values["duration"] = round(span.total_seconds() / 3600, 2)
    if own.get("_location"):
        heading = "Localización" if reading.spanish else "Location"
        notes.append(f"{heading}: {label(own['_location'])}")
    _sign(values, "gestion")
    return "gestion"


def _start(reading, own):
    text = own["_start"]
    if " " not in text and own.get("_start_time"):
        text = f"{text} {own['_start_time']}"
    return _when(reading, "moment", text)


def _end(reading, own):
    text = own.get("_end", "")
    if " " not in text and own.get("_end_time"):
        text = f"{text} {own['_end_time']}"
    return _when(reading, "moment", text) if " " in text else None


def _happened(reading, own, start):
    """What is said to be held in the future was held before that was written."""
    now = reading.now.strftime(MOMENT)
    if start <= now:
        return start
    modified = own.get("_modified")
    written = _when(reading, "moment", modified) if modified else now
    if written > now:
        raise Problem("future", own["_start"])
    return written


def _step(reading, values, own, start, is_task):
    end = own.get("_end", "")
    values["date"] = start
    if is_task:
        due = end.split(" ")[0]
        values["deadline"] = _when(reading, "date", due) if due else start[:10]
    else:
        found = _end(reading, own)
        values |= {"date_to": found if found and found >= start else start}
    if own.get("_location"):
        values["location"] = label(own["_location"])
    values["private"] = key(own.get("_visibility")) in ("private", "privado")
    _sign(values, "step")
    return "step"


def _remark(values, own):
    """Turn an activity into a comment on what it belonged to."""
    lines = [f"{values.pop('name', '')} ({label(own['_status'])})"]
    lines += [values["description"]] if values.get("description") else []
    people_ = values.pop("contacts", [])
    if "related" not in values:
        values["related"] = {"entity": "contact", "name": people_[0]}
    values["description"] = "\n".join(lines)
    values.pop("activity_type", None)
    _sign(values, "comment")
    return "comment"


def _sign(values, entity):
    """Comments and activities have no number in vtiger: what they say is theirs, the
    same in both languages, so that a second import knows them again."""
    fields = ("name", "date", "created", "owner", "related", "contacts", "description")
    text = json.dumps([entity, *(values.get(field) for field in fields)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    values["ref"] = f"vtiger-{digest[:24]}"


FINISH = {
    "Accounts": _finish_organization,
    "Contacts": _finish_person,
    "Leads": _finish_person,
    "Potentials": _finish_opportunity,
    "Calendar": _finish_activity,
    "ModComments": _finish_comment,
    "Users": _finish_user,
}
