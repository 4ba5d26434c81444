from odoo import api, models


class CrmImportSource(models.AbstractModel):
    """The program that the files come from: how they are read and what texts mean.

    One abstract model for each `crm.import.source`, named ``crm.import.source.`` and
    the value: ``crm.import.source.vtiger``, ``crm.import.source.sheet``. Each overrides
    what follows; nothing of it writes a record.
    """

    _name = "crm.import.source"
    _description = "Source of an Import"

    @api.model
    def _recognize(self, headings):
        """:return: the entity of the rows below these headings, or False"""
        return False

    @api.model
    def _propose_columns(self, entity, headings):
        """:return: list, for each heading the field that it fills or False"""
        return [False] * len(headings)

    @api.model
    def _heading_score(self, cells):
        """:return: how many of these cells are headings of any of its files"""
        return 0

    @api.model
    def _judges(self, file):
        """What is asked of whole columns before a row is read.

        :return: dict, place of a column -> object with `add(texts)` and `told()`, the
            set of the styles (`crm.import.column.style`) that fit it
        """
        return {}

    @api.model
    def _default_style(self, column):
        """:return: the style of a column that several fit, as far as anything else
        tells it, or False"""
        return False

    @api.model
    def _convert(self, file, rows):
        """
        :param file: `crm.import.file`, with its columns, which were judged
        :param rows: list of lists of texts, below the headings
        :return: list of (entity, name, values, reason), one for each row: `reason`, if
            any, says why the row is refused; a list of them where a row tells of
            several records
        """
        return []

    @api.model
    def _restored(self, file):
        """
        :return: function of the cells of a row -> the cells for a workbook that is
            imported alone: floats are numbers, all else is text
        """
        return list

    @api.model
    def _propose_choices(self, job, kind, names):
        """
        :param job: `crm.import`
        :return: dict, name -> values of its `crm.import.choice` (action, res_id, value)
            that are proposed; names without a proposal are left out
        """
        return {}
