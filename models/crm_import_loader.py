from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.importing.schema import CHOICES, ENTITIES, NAMED

# Choices of values, not of records.
PLAIN = {kind for kind, model in CHOICES.items() if not model}
# Texts of several lines.
NOTES = ("answers", "description", "extra", "solution")


class CrmImportLoader(models.AbstractModel):
    """Makes the records of one entity. Knows nothing of files or programs.

    One abstract model for each entity, named ``crm.import.loader.`` and the entity. An
    entity says what its records are (`_match`, `_prepare`, `_make`); what all share is
    here: what rows name, what their texts were chosen to mean, and telling of each row
    what became of it.

    *Invariants.* What is here already is matched and left as it is. What one row lacks
    refuses that row alone.
    """

    _name = "crm.import.loader"
    _description = "Loader of an Import"

    # === WHAT THE ENGINE CALLS === #

    @api.model
    def _plan(self, job, rows):
        """Say what would become of rows, without touching anything else.

        Writes `state` (``planned``, ``matched`` with its record, ``refused``) and
        `reason` of the rows, and makes the choices (`asked`) that they need.

        :param job: `crm.import`
        :param rows: `crm.import.row`, of this entity, at most some thousand
        """
        matched = self._match(job, rows)
        told = []
        read = self._resolve(job, rows)
        for row, (values, reason) in zip(rows, read, strict=True):
            found = matched.get(row)
            if found:
                told.append((row, "matched", False, found))
                continue
            reason = reason or self._lacks(values)
            told.append((row, "refused" if reason else "planned", reason, None))
        rows._tell(told)

    @api.model
    def _load(self, job, rows):
        """Make the records of planned rows and write what became of each row.

        Called within a transaction of the engine, as who imports, with a context that
        keeps everybody's mail box empty.

        :param job: `crm.import`
        :param rows: `crm.import.row`, planned, of this entity
        """
        matched = self._match(job, rows)
        told, ready = [], []
        read = self._resolve(job, rows, loading=True)
        for row, (values, reason) in zip(rows, read, strict=True):
            found = matched.get(row)
            reason = reason or self._lacks(values)
            if found:
                told.append((row, "matched", False, found))
            elif reason:
                told.append((row, "refused", reason, None))
            else:
                ready.append((row, values))
        if ready:
            records = self._make(job, [values for _row, values in ready])
            self._subscribe(records)
            self._backdate(
                {
                    record: values["created"]
                    for record, (_row, values) in zip(records, ready, strict=True)
                    if values.get("created")
                }
            )
            told += [
                (row, "made", False, record)
                for (row, _values), record in zip(ready, records, strict=True)
            ]
        rows._tell(told)

    @api.model
    def _finish(self, job):
        """What needs all rows of the entity, such as who reports to whom."""

    # === WHAT AN ENTITY SAYS === #

    @api.model
    def _entity(self):
        return self._name.removeprefix("crm.import.loader.")

    @api.model
    def _match(self, job, rows):
        """
        :return: dict row -> its record, which was here before
        """
        return {}

    @api.model
    def _lacks(self, values):
        """:return: why no record can be made of these values, or False"""
        if not values.get("name"):
            return self.env._("The name is missing.")
        return False

    @api.model
    def _make(self, job, values_list):
        """
        :param values_list: list of dict, as `_resolve` returns them
        :return: the records, in this order
        """
        raise NotImplementedError

    # === WHAT THEY SHARE === #

    @api.model
    def _kinds(self):
        return ENTITIES[self._entity()]

    @api.model
    def _resolve(self, job, rows, loading=False, finishing=False):
        """The values of rows, with records in the place of names and chosen texts;
        `promised` where one names a row whose record is still to be made.

        :param bool loading: names must have their records by now, but for those of the
            same entity
        :param bool finishing: those too
        :return: list of pairs: dict of values, and why the row is refused or False
        """
        kinds = self._kinds()
        chosen = self._chosen(job, rows)
        wanted = {
            key
            for row in rows
            for name, value in row.values.items()
            for key in self._named(kinds.get(name, ""), value, row.values)
        }
        found = self.env["crm.import.lookup"]._find(job, wanted)
        own = f"name:{self._entity()}"
        if loading:
            # who belongs to whom comes last
            kinds = {name: kind for name, kind in kinds.items() if kind != own}
        return [
            self._read_one(row, kinds, chosen, found, loading or finishing)
            for row in rows
        ]

    @api.model
    def _read_one(self, row, kinds, chosen, found, loading):
        values, reason = {}, False
        for name, value in row.values.items():
            kind = kinds.get(name, "")
            if kind.startswith("choice:"):
                value, problem = self._meant(kind[7:], value, chosen, loading)
            elif kind.startswith(("name:", "names:", "related")):
                keys = self._named(kind, value, row.values)
                value, problem = self._records(keys, found, loading)
                if any(found[key].row_id for key in keys):
                    values["promised"] = True
                if kind == f"name:{row.entity}" and not loading:
                    # who is not there is no reason to leave this one out
                    problem = problem if any(found[k].asked for k in keys) else False
                if not kind.startswith("names:"):
                    value = value[0] if value else False
            else:
                value, problem = self._plain(kind, name, value), False
            values[name] = value
            reason = reason or problem
        return values, reason

    @api.model
    def _plain(self, kind, name, value):
        """:return: the value of a cell that names nothing, as Odoo holds it"""
        if kind == "moment":
            return fields.Datetime.to_datetime(value)
        if kind == "date":
            return fields.Date.to_date(value)
        if kind in ("amount", "number"):
            return float(value or 0)
        if kind == "text" and value and name not in NOTES:
            # no line break gets into an address
            return " ".join(str(value).split())
        return value

    @api.model
    def _named(self, kind, value, values):
        """:return: list of what `crm.import.lookup` finds by this cell"""
        if not value:
            return []
        inside = values.get("organization") or ""
        if kind == "related":
            pairs = [(value["entity"], value["name"])]
            inside = ""
        elif kind.startswith("names:"):
            pairs = [(kind[6:], name) for name in value]
            related = values.get("related") or {}
            if related.get("entity") == "organization":
                inside = related["name"]
        elif kind.startswith("name:"):
            pairs = [(kind[5:], value)]
        else:
            return []
        return [
            (entity, name, inside if entity == "contact" else "")
            for entity, name in pairs
            if entity in NAMED
        ]

    @api.model
    def _records(self, keys, found, loading):
        """:return: list of records, why the row is refused or False"""
        records = []
        for key in keys:
            meant = found[key]
            if meant.problem:
                return [], meant.problem
            if meant.record:
                records.append(meant.record)
            elif meant.row_id and loading:
                return [], self.env._("“%s” was not made: see its row.", key[1])
        return records, False

    @api.model
    def _chosen(self, job, rows):
        """
        :return: dict (kind, text) -> `crm.import.choice`
        """
        kinds = {
            kind[7:] for kind in self._kinds().values() if kind.startswith("choice:")
        }
        texts = {
            value
            for row in rows
            for name, value in row.values.items()
            if self._kinds().get(name, "").startswith("choice:") and value
        }
        choices = self.env["crm.import.choice"].search_fetch(
            [
                ("import_id", "=", job.id),
                ("kind", "in", list(kinds)),
                ("name", "in", list(texts)),
            ],
            ["kind", "name", "action", "res_id", "value"],
        )
        return {(choice.kind, choice.name): choice for choice in choices}

    @api.model
    def _meant(self, kind, text, chosen, loading):
        """
        :return: what a text was chosen to mean (a record, or the text of a value), and
            why its row is refused or False
        """
        choice = chosen.get((kind, text))
        if not text or (choice and choice.action == "leave"):
            return False, False
        if choice and choice.action == "use":
            if choice.value:
                return choice.value, False
            if choice.res_id and kind not in PLAIN:
                return self.env[CHOICES[kind]].browse(choice.res_id), False
        if choice and choice.action == "make" and kind not in PLAIN:
            # a check makes nothing
            return choice._made() if loading else False, False
        return False, self.env._(
            "Say under “What Texts Mean” what “%s” means here, or to leave it empty.",
            text,
        )

    @api.model
    def _by_reference(self, job, rows):
        """
        :return: dict row -> the record that an earlier import of the company made of
            what had the same reference
        """
        refs = {row.values.get("ref") for row in rows} - {None, ""}
        if not refs:
            return {}
        self.env["crm.import.row"].flush_model()
        known = {}
        for ref, res_model, res_id in self.env.execute_query(
            SQL(
                """SELECT r.values->>'ref', r.res_model, r.res_id
                     FROM crm_import_row r JOIN crm_import i ON i.id = r.import_id
                    WHERE r.entity = %s AND r.import_id != %s AND i.company_id = %s
                      AND i.source = %s AND r.state IN ('made', 'matched')
                      AND r.values->>'ref' = ANY(%s)
                 ORDER BY r.id""",
                self._entity(),
                job.id,
                job.company_id.id,
                job.source,
                list(refs),
            )
        ):
            known[ref] = (res_model, res_id)
        records = {
            ref: self.env[model].browse(res_id)
            for ref, (model, res_id) in known.items()
        }
        there = {
            record
            for model in {record._name for record in records.values()}
            for record in self.env[model]
            .browse(r.id for r in records.values() if r._name == model)
            .exists()
        }
        return {
            row: records[ref]
            for row in rows
            if (ref := row.values.get("ref")) in records and records[ref] in there
        }

    @api.model
    def _notes(self, values, *names):
        """:return: text of the notes: the description, these values, what was kept"""
        parts = [values.get("description"), *(values.get(name) for name in names)]
        return "\n".join(filter(None, [*parts, values.get("extra")]))

    @api.model
    def _subscribe(self, records):
        """Who owns a record follows it, so that he hears what customers answer; Odoo
        would do it record by record, and tell him of each."""
        if (
            "user_id" not in records._fields
            or "message_follower_ids" not in records._fields
        ):
            return
        for owner, group in records.grouped("user_id").items():
            if owner.active and owner != self.env.user:
                group.message_subscribe(owner.partner_id.ids)

    @api.model
    def _backdate(self, created):
        """Records are as old as they were where they come from: reports count them by
        that day.

        :param created: dict record -> moment
        """
        if not created:
            return
        records = list(created)
        table = self.env[records[0]._name]._table
        records[0].env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE %s AS t SET create_date = c.moment
                     FROM unnest(%s::int[], %s::timestamp[]) AS c (id, moment)
                    WHERE t.id = c.id""",
                SQL.identifier(table),
                [record.id for record in records],
                list(created.values()),
            )
        )
        self.env[records[0]._name].browse(r.id for r in records).invalidate_recordset(
            ["create_date"]
        )
