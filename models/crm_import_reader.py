from itertools import chain, islice

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, split_every

from ..tools.importing.reading import LARGEST, MOST_COLUMNS, Unreadable, read
from ..tools.importing.schema import CHOICES, ENTITIES
from .crm_import_worker import AT_ONCE_BYTES

BATCH = 1000
# Rows in which an example of each column is looked for.
AHEAD = 20


class CrmImportReader(models.AbstractModel):
    """Reads the files of an import: rows, columns and the texts to choose for.

    All columns are judged before a row is read (`_judge_file`): how a date is written
    is a matter of the whole file, not of a batch. Then a file is read from where it was
    read to (`crm.import.file.position`), so that a crash costs one batch. Reading again
    begins anew with files whose columns or entity somebody changed.
    """

    _name = "crm.import.reader"
    _description = "Reader of an Import"

    @api.model
    def _total(self, job):
        return sum(len(file._bytes()) for file in job.file_ids) // 100 or 1

    @api.model
    def _is_short(self, job):
        return sum(len(file._bytes()) for file in job.file_ids) <= AT_ONCE_BYTES

    @api.model
    def _work(self, job):
        for file in job.file_ids:
            if not (file.complete or file.judged) and self._judge_file(job, file):
                yield 0
        job.file_ids.column_ids._settle(job._source())
        for file in job.file_ids:
            if file.judged and not file.complete:
                yield from self._read_file(job, file)
        self._choose(job)

    @api.model
    def _judge_file(self, job, file):
        """:return: whether it is known what the rows are, and how they are written"""
        source = job._source()
        headings, rows = self._open(source, file)
        if not file.entity:
            file.entity = source._recognize(headings)
        if not file.entity:
            # its user says what the rows are
            return False
        if not file.column_ids:
            ahead = list(islice(rows, AHEAD))
            rows = chain(ahead, rows)
            file._add_columns(
                headings,
                self._propose_columns(source, file, headings),
                [cells for _number, cells, fits in ahead if fits],
            )
        whole = (cells for _number, cells, fits in rows if fits)
        file.column_ids._judge(source._judges(file), split_every(BATCH, whole, list))
        # sudo: what is known of it is the import's own
        file.sudo().judged = True
        return True

    @api.model
    def _propose_columns(self, source, file, headings):
        fields = source._propose_columns(file.entity, headings)
        ours = file._reason_headings()
        return [
            False if heading in ours else field
            for heading, field in zip(headings, fields, strict=True)
        ]

    @api.model
    def _read_file(self, job, file):
        """Yield the number of rows of each batch, when it is written."""
        source = job._source()
        _headings, rows = self._open(source, file)
        after = file.position
        rows = (row for row in rows if row[0] > after)
        for batch in split_every(BATCH, rows, list):
            self._add_rows(source, file, batch)
            # sudo: how far it was read is the import's own
            file.sudo().position = batch[-1][0]
            yield len(batch)
        file.sudo().complete = True

    @api.model
    def _open(self, source, file):
        try:
            return read(file._bytes(), source._heading_score)
        except Unreadable as error:
            raise UserError(self._explain(error.args[0], file.name)) from error

    @api.model
    def _explain(self, code, name):
        texts = {
            "empty": self.env._("%s is empty: choose another file.", name),
            "old": self.env._("%s cannot be read: save it as XLSX or CSV.", name),
            "broken": self.env._("%s is damaged: save it again as XLSX or CSV.", name),
            "large": self.env._(
                "%(name)s is too large: split it into files of at most %(size)s MB.",
                name=name,
                size=LARGEST // 1024 // 1024,
            ),
            "columns": self.env._(
                "%(name)s has too many columns: leave at most %(number)s.",
                name=name,
                number=MOST_COLUMNS,
            ),
        }
        return texts[code]

    @api.model
    def _add_rows(self, source, file, batch):
        """Write rows: converted by the source, or refused where the cells of the line
        could not be told apart."""
        misplaced = self.env._("The columns of this line do not fit the headings: %s")
        whole = [(number, cells) for number, cells, fits in batch if fits]
        converted = source._convert(file, [cells for _number, cells in whole])
        rows = [
            (number, entity or file.entity, name, values, reason)
            for (number, _cells), told in zip(whole, converted, strict=True)
            # a row may tell of several
            for entity, name, values, reason in (
                told if isinstance(told, list) else [told]
            )
        ]
        rows += [
            (number, file.entity, None, None, misplaced % cells[0][:200])
            for number, cells, fits in batch
            if not fits
        ]
        self.env["crm.import.row"]._add(file, sorted(rows, key=lambda row: row[0]))

    # === CHOICES === #

    @api.model
    def _choose(self, job):
        """Make a choice of each text that means something here, with what the source
        proposes; those that somebody made already stay."""
        found = self._texts(job)
        Choice = self.env["crm.import.choice"].sudo()  # sudo: the import makes them
        there = {
            (choice.kind, choice.name): choice
            for choice in Choice.search(
                [("import_id", "=", job.id), ("asked", "=", False)]
            )
        }
        gone = Choice.union(*(there[key] for key in there.keys() - found.keys()))
        gone.unlink()
        for key in there.keys() & found.keys():
            if there[key].count != found[key]:
                there[key].count = found[key]
        source = job._source()
        for kind in CHOICES:
            names = sorted(name for k, name in found.keys() - there.keys() if k == kind)
            proposals = source._propose_choices(job, kind, names) if names else {}
            Choice.create(
                [
                    {
                        "import_id": job.id,
                        "kind": kind,
                        "name": name,
                        "count": found[kind, name],
                        **proposals.get(name, {}),
                    }
                    for name in names
                ]
            )

    @api.model
    def _texts(self, job):
        """:return: dict, (kind, text) -> number of rows that have it"""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT row.entity, cell.key, cell.value, count(*)
                     FROM crm_import_row AS row
                    CROSS JOIN jsonb_each_text(row.values) AS cell
                    WHERE row.import_id = %s AND cell.key = ANY(%s)
                      AND cell.value != ''
                 GROUP BY 1, 2, 3""",
                job.id,
                [
                    name
                    for fields in ENTITIES.values()
                    for name, kind in fields.items()
                    if kind.startswith("choice:")
                ],
            )
        )
        found = {}
        for entity, name, text, count in rows:
            kind = ENTITIES[entity].get(name, "")
            if kind.startswith("choice:"):
                key = kind.removeprefix("choice:"), text
                found[key] = found.get(key, 0) + count
        return found
