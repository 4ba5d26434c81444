"""What a row of vtiger needs beyond its cells: closed opportunities, who reports the
tax number in a wrong column, which of three an activity is here.
"""

import hashlib
import json
import re
from datetime import datetime
from typing import NamedTuple

from .vtiger_cells import MOMENT, Problem, day, label, moment
from .vtiger_headings import key
from .vtiger_words import closing

# The number of a company: of Spain, Argentina, Chile, or with its country before it.
TAX_ID = re.compile(
    r"(ES)?([A-Z]\d{7}[0-9A-Z]|\d{8}[A-Z])|(20|2[347]|3[034])\d{9}|"
    r"[A-Z]{2}(?=.*\d{5})[0-9A-Z]{8,12}"
)
PLANNED = {"planned", "not started", "in progress", "pending input", "deferred"}
PLANNED |= {"planificado", "planificada", "no iniciado", "en curso", "pendiente"}
HELD = {"held", "completed", "realizado", "realizada", "completado", "completada"}
NOT_HELD = {"not held", "no realizado", "no realizada", "cancelled", "canceled"}
CALLS = {"call", "mobile call", "llamada", "llamada movil"}
TASKS = {"task", "tarea"}


class Reading(NamedTuple):
    """How the rows of a file are read.

    :param module: name of the module, see `vtiger_headings.MODULES`
    :param columns: list of (heading, field), ``extra`` for the notes
    :param order: of day, month and year: one of `ORDERS`, or None if unknown
    :param tz: name of the time zone of who exported
    :param now: datetime, UTC, without zone
    :param spanish: whether the notes of who works here are in Spanish
    :param flags: headings of the company's own boxes to tick
    """

    module: str
    columns: list
    order: str | None
    tz: str
    now: datetime
    spanish: bool = False
    flags: frozenset = frozenset()


def when(reading, kind, text):
    """:return: a day or a moment, as the dates of the file are written

    >>> from types import SimpleNamespace
    >>> reading = SimpleNamespace(order="dmy", tz="Europe/Madrid")
    >>> when(reading, "moment", "21-11-2026 18:34:16")
    '2026-11-21 17:34:16'
    """
    if not reading.order:
        raise Problem("order", text)
    if kind == "date":
        return day(text.split(" ")[0], reading.order)
    return moment(text, reading.order, reading.tz)


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
        values["closed"] = when(reading, "moment", own["_modified"])


def _finish_incident(reading, values, own, notes):
    """vtiger keeps no day of closing: what is closed was closed when it last changed.
    Of what is still open, nobody asks."""
    if own.get("_modified"):
        values["closed"] = when(reading, "moment", own["_modified"])


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
    return when(reading, "moment", text)


def _end(reading, own):
    text = own.get("_end", "")
    if " " not in text and own.get("_end_time"):
        text = f"{text} {own['_end_time']}"
    return when(reading, "moment", text) if " " in text else None


def _happened(reading, own, start):
    """What is said to be held in the future was held before that was written."""
    now = reading.now.strftime(MOMENT)
    if start <= now:
        return start
    modified = own.get("_modified")
    written = when(reading, "moment", modified) if modified else now
    if written > now:
        raise Problem("future", own["_start"])
    return written


def _step(reading, values, own, start, is_task):
    end = own.get("_end", "")
    values["date"] = start
    if is_task:
        due = end.split(" ")[0]
        values["deadline"] = when(reading, "date", due) if due else start[:10]
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
    "HelpDesk": _finish_incident,
    "Calendar": _finish_activity,
    "ModComments": _finish_comment,
    "Users": _finish_user,
}
