from difflib import SequenceMatcher

from odoo import api, fields, models
from odoo.tools import SQL, email_normalize

from ..tools.importing import vtiger
from ..tools.importing.schema import CHOICES
from ..tools.importing.vtiger_cells import ORDERS, Flags, Orders, Problem, label
from ..tools.importing.vtiger_finish import Reading
from ..tools.importing.vtiger_headings import MODULES, key
from ..tools.importing.vtiger_words import LOST, MADE, NOTHING, WON, meaning

# Two texts of a position that are the same but for a letter or an ending.
SIMILAR = 0.9
# Of these kinds a text means a value, not a record.
VALUES = ("severity", "campaign_type", "lead_status")


class CrmImportSourceVtiger(models.AbstractModel):
    """The CSV exports of vtiger 6 to 8, in English and Spanish.

    A file is recognized by its headings and read by `tools.importing.vtiger`. The
    order of day and month is told by all dates of the file, else by the other files
    (one user exports them all), else by the import; where nobody tells, the rows are
    refused: a month taken for a day is found by nobody.

    Proposals are what a name here says already, in any language, then what vtiger's
    own words mean, then, for short lists, a new entry. Everything else stays open.
    """

    _name = "crm.import.source.vtiger"
    _inherit = "crm.import.source"
    _description = "Import from vtiger"

    @api.model
    def _recognize(self, headings):
        module = vtiger.recognize(headings)
        return MODULES[module].entity if module else False

    @api.model
    def _propose_columns(self, entity, headings):
        module = self._vtiger_module(entity, headings)
        return vtiger.columns(module, headings) if module else [False] * len(headings)

    @api.model
    def _vtiger_module(self, entity, headings):
        """:return: the module; what a person said the rows are comes first"""
        found = vtiger.recognize(headings)
        if found and MODULES[found].entity == entity:
            return found
        named = (name for name, module in MODULES.items() if module.entity == entity)
        return next(named, None)

    @api.model
    def _heading_score(self, cells):
        return vtiger.score(cells)

    @api.model
    def _judges(self, file):
        """All dates of a file are written alike."""
        reading = self._reading(file)
        if not reading:
            return {}
        boxes = {place: Flags() for place in vtiger.own(reading)}
        return boxes | dict.fromkeys(vtiger.dated(reading), Orders())

    @api.model
    def _default_style(self, column):
        job = column.file_id.import_id
        columns = job.file_ids.column_ids
        others = set(columns.filtered(lambda c: not c.unclear).mapped("style"))
        others &= set(ORDERS)
        return others.pop() if len(others) == 1 else job.date_order

    @api.model
    def _convert(self, file, rows):
        reading = self._reading(file)
        if not reading:
            return [(file.entity, "", {}, self._reason(file, "module"))] * len(rows)
        return [self._convert_row(file, reading, cells) for cells in rows]

    @api.model
    def _reading(self, file):
        """:return: `Reading`, or None where nobody knows what the rows are"""
        columns = file.column_ids.sorted("position")
        headings = [column.name or "" for column in columns]
        module = self._vtiger_module(file.entity, headings)
        if not module:
            return None
        # what a person said comes first
        dated = columns.filtered(lambda column: column.style in ORDERS)
        return Reading(
            module=module,
            columns=[
                (heading, column.field or ("extra" if column.keep else False))
                for heading, column in zip(headings, columns, strict=True)
            ],
            order=dated.sorted("fixed", reverse=True)[:1].style or None,
            tz=file.import_id.tz or "UTC",
            now=fields.Datetime.now(),
            spanish=(self.env.lang or "").startswith("es"),
            flags=frozenset(
                columns.filtered(lambda c: c.style == "flag").mapped("name")
            ),
        )

    @api.model
    def _convert_row(self, file, reading, cells):
        try:
            return (*vtiger.convert(reading, cells), False)
        except Problem as problem:
            name = next((cell for cell in cells if cell), "")
            reason = self._reason(file, problem.code, problem.text, problem.heading)
            return (file.entity, label(name), {}, reason)

    @api.model
    def _reason(self, file, code, text="", heading=""):
        """:return: the sentence that says why a row is refused"""
        names = {"text": text, "heading": heading}
        return {
            "module": lambda: self.env._("Say what the rows of this file are."),
            "cells": lambda: self.env._(
                "The line has %(text)s cells instead of %(heading)s: look for a "
                "quotation mark out of place.",
                **names,
            ),
            "short": lambda: self.env._(
                "The line ends early, with %(text)s cells instead of %(heading)s: look "
                "for a quotation mark or a line break out of place.",
                **names,
            ),
            "date": lambda: self.env._(
                "“%(text)s” is no date (column %(heading)s).", **names
            ),
            "order": lambda: self.env._(
                "“%(text)s” can be read in two ways (column %(heading)s): choose the "
                "order of day and month in the import.",
                **names,
            ),
            "number": lambda: self.env._(
                "“%(text)s” is no number (column %(heading)s).", **names
            ),
            "flag": lambda: self.env._(
                "“%(text)s” is neither yes nor no (column %(heading)s).", **names
            ),
            "nameless": lambda: self.env._("The row has no name."),
            "empty": lambda: self.env._("The comment is empty."),
            "nobody": lambda: self.env._(
                "The row belongs to no record that is brought along."
            ),
            "undated": lambda: self.env._("The activity has no date."),
            "status": lambda: self.env._(
                "The activity has an unknown status: “%s”.", text
            ),
            "future": lambda: self.env._(
                "The activity was held in the future: “%s”.", text
            ),
        }[code]()

    # === PROPOSALS === #

    @api.model
    def _propose_choices(self, job, kind, names):
        if kind == "owner":
            return self._propose_owners(job, names)
        if kind not in CHOICES:
            return {}  # which of several is meant is asked, never proposed
        known = {} if kind in VALUES else self._known(kind)
        proposals = {}
        for name in names:
            found = self._propose(kind, name, known)
            if found:
                proposals[name] = found
        if kind == "stage":
            self._propose_closed(job, names, proposals)
        return proposals

    @api.model
    def _propose(self, kind, name, known):
        """:return: values of the choice, or None"""
        here = known.get(key(name))
        if here:
            # two of the same name: which one is for a person to say
            return {"action": "use", "res_id": here[0]} if len(here) == 1 else None
        meant = meaning(kind, name)
        if meant and (kind in VALUES or meant == LOST):
            return {"action": "use", "value": meant}
        record = meant and self.env.ref(meant, raise_if_not_found=False)
        if record:
            return {"action": "use", "res_id": record.id}
        if key(name) in NOTHING:
            return {"action": "leave"}
        if kind == "cargo":
            return self._similar(name, known) or {"action": "make"}
        return {"action": "make"} if kind in MADE else None

    @api.model
    def _known(self, kind):
        """:return: dict, key of a name in any language -> ids of its records"""
        records = self.env[CHOICES[kind]].search(self._known_domain(kind))
        known = {}
        # English too where nobody works in it: it is vtiger's own
        langs = {"en_US", *dict(self.env["res.lang"].get_installed())}
        for lang in sorted(langs):
            for record in records.with_context(lang=lang):
                ids = known.setdefault(key(record.name), [])
                if record.id not in ids:
                    ids.append(record.id)
        return known

    @api.model
    def _known_domain(self, kind):
        """:return: domain of the records that a text may mean"""
        if kind == "incident_stage":
            return [("project_ids.crm_is_incident_desk", "=", True)]
        if kind == "activity_type":
            return [("res_model", "in", (False, "res.partner", "crm.lead"))]
        return []

    @api.model
    def _similar(self, name, known):
        """:return: use of the one that is spelt almost alike, or None"""
        text = key(name)
        near = {
            ids[0]
            for other, ids in known.items()
            if len(ids) == 1 and self._alike(text, other)
        }
        return {"action": "use", "res_id": near.pop()} if len(near) == 1 else None

    @api.model
    def _alike(self, one, other):
        # the lengths say what the ratio is at most: comparing by letter is slow
        lengths = sorted((len(one), len(other)))
        if 2 * lengths[0] < SIMILAR * sum(lengths):
            return False
        return SequenceMatcher(None, one, other).ratio() >= SIMILAR

    @api.model
    def _propose_closed(self, job, names, proposals):
        """What no word tells a probability of 100 or 0 does, if all rows have it."""
        unknown = [name for name in names if name not in proposals]
        if not unknown:
            return
        self.env["crm.import.row"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT values->>'stage', MIN((values->>'probability')::numeric),
                       MAX((values->>'probability')::numeric)
                  FROM crm_import_row
                 WHERE import_id = %s AND entity = 'opportunity'
                   AND values->>'stage' IN %s
                 GROUP BY 1
                HAVING COUNT(*) = COUNT(values->>'probability')
                """,
                job.id,
                tuple(unknown),
            )
        )
        won = self.env.ref(WON, raise_if_not_found=False)
        for name, low, high in rows:
            if low == high == 100 and won:
                proposals[name] = {"action": "use", "res_id": won.id}
            elif low == high == 0:
                proposals[name] = {"action": "use", "value": LOST}

    @api.model
    def _propose_owners(self, job, names):
        """Who has the e-mail that the file of users tells, else the login, else the
        name; who left too, for what he did. A group, or who is unknown, stays open."""
        Users = self.env["res.users"].with_context(active_test=False)
        users = Users.search(
            [("share", "=", False), ("company_ids", "in", job.company_id.ids)]
        )
        index = {}
        for user in users:
            self._index_user(index, user)
        told = {
            row.name: row.values or {}
            for row in self.env["crm.import.row"].search(
                [("import_id", "=", job.id), ("entity", "=", "user")]
            )
        }
        proposals = {}
        for name in names:
            user = self._find_user(index, name, told.get(name, {}))
            if user:
                proposals[name] = {"action": "use", "res_id": user.id}
        return proposals

    @api.model
    def _index_user(self, index, user):
        email = email_normalize(user.email or "")
        keys = {("login", (user.login or "").lower()), ("name", key(user.name))}
        keys |= {("email", email)} if email else set()
        for each in keys:
            index[each] = index.get(each, user.browse()) | user

    @api.model
    def _find_user(self, index, login, told):
        """:return: the only user that the first telling trait finds"""
        email = email_normalize(told.get("email") or "")
        name = f"{told.get('first_name', '')} {told.get('last_name', '')}"
        for trait in (
            ("email", email),
            ("login", email),
            ("login", login.lower()),
            ("name", key(name)),
            ("name", key(login)),
        ):
            users = index.get(trait) if trait[1] else None
            if users:
                return users if len(users) == 1 else users.browse()
        return self.env["res.users"]
