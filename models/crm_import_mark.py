from odoo import api, models
from odoo.tools import SQL


class CrmImportMark(models.AbstractModel):
    """Tells what an import wrote itself from what people wrote.

    `loaded_at` of a row is the moment of the transaction in which the import last wrote
    its record, and empty once somebody else did. Each step looks first: a record that
    was written later was written by somebody, whoever he is, who imports included. It
    signs last: what bears the moment of this very transaction is the step's own.

    *Invariants.* Both are done in the transaction of the step. Who writes a record that
    the step has written waits for it and bears a later moment; whose change the step
    has not seen makes it fail and start again. A row that was changed stays so.
    """

    _name = "crm.import.mark"
    _description = "Marks of an Import"

    @api.model
    def _look(self, job):
        """Forget when records were loaded that somebody wrote since."""
        self._update(job, SQL("NULL"), SQL("record.write_date > row.loaded_at"))

    @api.model
    def _sign(self, job):
        """Say of what this transaction wrote that the import did."""
        now = self.env.cr.now()
        own = SQL("record.write_date = %s AND row.loaded_at < %s", now, now)
        self._update(job, SQL("%s", now), own)

    @api.model
    def _update(self, job, moment, condition):
        self.env.flush_all()
        for model in job._made_models():
            self.env.cr.execute(
                SQL(
                    """UPDATE crm_import_row AS row SET loaded_at = %s
                         FROM %s AS record
                        WHERE record.id = row.res_id AND row.import_id = %s
                          AND row.state = 'made' AND row.res_model = %s AND %s""",
                    moment,
                    SQL.identifier(self.env[model]._table),
                    job.id,
                    model,
                    condition,
                )
            )
        self.env["crm.import.row"].invalidate_model(["loaded_at"])
