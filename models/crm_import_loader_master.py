from odoo import api, models
from odoo.tools import SQL

from ..tools.matching import plain


class CrmImportLoaderMaster(models.AbstractModel):
    """What products and campaigns have in common: one that is here is recognized by its
    reference, else by what an entity says (`_key`). Where several would do, the row is
    refused: a third one helps nobody.
    """

    _name = "crm.import.loader.master"
    _inherit = "crm.import.loader"
    _description = "Loader of Lists"

    @api.model
    def _match(self, job, rows):
        here = self._here(job, rows)
        return {row: found for row, found in here.items() if len(found) == 1}

    @api.model
    def _here(self, job, rows):
        """:return: dict row -> the records that it may mean"""
        found = self._by_reference(job, rows)
        others = rows.filtered(lambda row: row not in found)
        return found | self._alike(job, others, self._candidates(job, others))

    @api.model
    def _candidates(self, job, rows):
        """:return: the records that any of these rows may mean, in one search"""
        raise NotImplementedError

    @api.model
    def _alike(self, job, rows, candidates):
        """:return: dict row -> those of the candidates that it may mean"""
        by_name = {}
        own = self._own(job, rows)
        for record in candidates:
            if record.id not in own:
                by_name.setdefault(plain(self._title(record)), []).append(record)
        return {
            row: candidates.browse().union(*same)
            for row in rows
            if (same := by_name.get(plain(row.values.get("name"))))
        }

    @api.model
    def _title(self, record):
        """:return: the name that a file would have for a record"""
        raise NotImplementedError

    @api.model
    def _own(self, job, rows):
        """:return: ids of what this import made of rows of the same names: rows of one
        file are several, however alike"""
        self.env["crm.import.row"].flush_model()
        made = self.env.execute_query(
            SQL(
                """SELECT res_id FROM crm_import_row
                    WHERE import_id = %s AND entity = %s AND name = ANY(%s)
                      AND state = 'made'""",
                job.id,
                self._entity(),
                [row.name for row in rows if row.name],
            )
        )
        return {res_id for (res_id,) in made}

    @api.model
    def _resolve(self, job, rows, loading=False, finishing=False):
        read = super()._resolve(job, rows, loading, finishing)
        here = self._here(job, rows)
        for row, (values, _reason) in zip(rows, read, strict=True):
            values["several"] = len(here.get(row, ())) > 1
            values["row"] = row
        return read

    @api.model
    def _lacks(self, values):
        if values.get("several"):
            return self.env._(
                "Several here are called “%s”: leave one of them that name, and check "
                "again.",
                values["name"],
            )
        return super()._lacks(values)
