from odoo import api, models
from odoo.tools import SQL


class CrmImportLoaderDocument(models.AbstractModel):
    """What leads, steps and incidents have in common: one that is here is recognized by
    what an earlier import made of it. Rows without a reference are the same where all
    that they say is."""

    _name = "crm.import.loader.document"
    _inherit = "crm.import.loader"
    _description = "Loader of Documents"

    @api.model
    def _match(self, job, rows):
        nameless = rows.filtered(lambda row: not row.values.get("ref"))
        return self._by_reference(job, rows) | self._by_content(job, nameless)

    @api.model
    def _by_content(self, job, rows):
        """:return: dict row -> the record that an earlier import of the company made of
        a row that said the same"""
        if not rows:
            return {}
        self.env["crm.import.row"].flush_model()
        known = self.env.execute_query(
            SQL(
                """SELECT row.id, old.res_model, max(old.res_id)
                     FROM crm_import_row row
                     JOIN crm_import job ON job.id != row.import_id
                     JOIN crm_import_row old ON old.import_id = job.id
                          AND old.entity = row.entity AND old.name = row.name
                    WHERE row.id = ANY(%s) AND job.company_id = %s
                      AND job.source = %s AND old.values = row.values
                      AND old.state IN ('made', 'matched')
                 GROUP BY row.id, old.res_model""",
                rows.ids,
                job.company_id.id,
                job.source,
            )
        )
        found = {}
        for model in {model for _row_id, model, _res_id in known}:
            ids = {row_id: res_id for row_id, other, res_id in known if other == model}
            there = set(self.env[model].browse(ids.values()).exists().ids)
            for row_id, res_id in ids.items():
                if res_id in there:
                    found[rows.browse(row_id)] = self.env[model].browse(res_id)
        return found
