import base64
import io
from pathlib import Path

import xlsxwriter

from odoo import api, models

# Of a column, in characters.
WIDTH = 22


class CrmImportCorrection(models.AbstractModel):
    """The refused rows of a file, each with its reason, as a workbook to be corrected
    and imported again.

    Cells are as they were in the file, but for what would be read in another way beside
    other rows: the source says how (`crm.import.source._restored`). The column of
    reasons is left out when the workbook is imported.
    """

    _name = "crm.import.correction"
    _description = "Refused Rows to Correct"

    @api.model
    def _file_name(self, file):
        stem = Path(file.name or "").stem
        return self.env._("%s, refused rows", stem) + ".xlsx"

    @api.model
    def _workbook(self, file):
        """:return: base64 of the workbook"""
        reasons = self._reasons(file)
        source = file.import_id._source()
        headings, rows = self.env["crm.import.reader"]._open(source, file)
        ours = file._reason_headings()
        kept = [place for place, heading in enumerate(headings) if heading not in ours]
        restored = source._restored(file)
        stream = io.BytesIO()
        book = xlsxwriter.Workbook(stream, {"constant_memory": True})
        sheet = book.add_worksheet()
        sheet.set_column(0, len(kept), WIDTH)
        sheet.freeze_panes(1, 1)
        self._add_line(sheet, 0, [ours[0], *(headings[place] for place in kept)])
        line = 0
        for number, cells, fits in rows:
            if number in reasons:
                line += 1
                cells = restored(cells) if fits else cells
                told = [cells[place] for place in kept if place < len(cells)]
                self._add_line(sheet, line, [reasons[number], *told])
        book.close()
        return base64.b64encode(stream.getvalue())

    @api.model
    def _add_line(self, sheet, line, cells):
        for place, cell in enumerate(cells):
            if isinstance(cell, float):
                sheet.write_number(line, place, cell)
            else:
                # a text that looks like a formula is none
                sheet.write_string(line, place, cell)

    @api.model
    def _reasons(self, file):
        """:return: dict, number of a line -> why it was refused: a line that tells of
        several may be so twice"""
        found = {}
        for row in self.env["crm.import.row"].search_fetch(
            [("file_id", "=", file.id), ("state", "=", "refused")],
            ["number", "reason"],
        ):
            found.setdefault(row.number, []).append(row.reason or "")
        return {number: " ".join(texts) for number, texts in found.items()}
