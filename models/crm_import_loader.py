from odoo import api, models


class CrmImportLoader(models.AbstractModel):
    """Makes the records of one entity. Knows nothing of files or programs.

    One abstract model for each entity, named ``crm.import.loader.`` and the entity.
    """

    _name = "crm.import.loader"
    _description = "Loader of an Import"

    @api.model
    def _plan(self, job, rows):
        """Say what would become of rows, without touching anything else.

        Writes `state` (``planned``, ``matched`` with its record, ``refused``) and
        `reason` of the rows, and makes the choices (`asked`) that they need.

        :param job: `crm.import`
        :param rows: `crm.import.row`, of this entity, at most some thousand
        """

    @api.model
    def _load(self, job, rows):
        """Make the records of planned rows and write what became of each row.

        Called within a transaction of the engine, as who imports, with a context that
        keeps everybody's mail box empty. What one row lacks refuses that row alone.

        :param job: `crm.import`
        :param rows: `crm.import.row`, planned, of this entity
        """

    @api.model
    def _finish(self, job):
        """What needs all rows of the entity, such as who reports to whom."""
