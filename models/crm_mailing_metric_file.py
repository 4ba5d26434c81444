from odoo import api, models
from odoo.exceptions import UserError

from ..tools.mailing import COUNTS, header_place, to_count, to_date

DATES = ("date", "sent_date")


class CrmMailingMetricFile(models.AbstractModel):
    """Reads files of e-mail results: with Odoo's own readers of CSV, XLSX, XLS and ODS,
    the row of titles wherever it is, numbers and dates as tools write them."""

    _name = "crm.mailing.metric.file"
    _description = "File of E-mail Results"

    @api.model
    def _read(self, content, file_name):
        """
        :param bytes content: the file
        :return: titles of the columns; list of number of a row (blank ones do not
            count) and its cells, texts or dates
        :raise UserError: the file cannot be read, or has no rows
        """
        rows = self._cells(content, file_name)
        place = header_place(rows)
        titles = [str(cell).strip() for cell in rows[place]] if rows else []
        found = [
            (number, row)
            for number, row in enumerate(rows[place + 1 :], start=place + 2)
            if len(row) >= len(titles)
        ]
        if not any(titles) or not found:
            raise UserError(
                self.env._("There are no rows under the titles: choose another file.")
            )
        return titles, found

    @api.model
    def _cells(self, content, file_name):
        options = {"quoting": '"', "separator": "", "encoding": self._encoding(content)}
        reader = self.env["base_import.import"].create(
            {"res_model": "crm.mailing.metric", "file": content, "file_name": file_name}
        )
        try:
            rows = reader._read_file(options)[1]
            # a title above the table keeps Odoo from telling what separates columns
            if max(map(len, rows), default=0) <= 1 or options["separator"] == "":
                rows = max(
                    [rows, *self._other_separators(reader, options)],
                    key=lambda r: sorted(map(len, r))[len(r) // 2] if r else 0,
                )
        except Exception as error:  # whatever a broken file makes the readers raise
            raise UserError(
                self.env._(
                    "The file “%s” cannot be read: save it as CSV or XLSX and try "
                    "again.",
                    file_name,
                )
            ) from error
        return rows

    @api.model
    def _other_separators(self, reader, options):
        if "sheet" in options:
            return []
        return [
            reader._read_file({**options, "separator": separator})[1]
            for separator in (";", "\t", "|")
        ]

    @api.model
    def _encoding(self, content):
        """:return: UTF-8 where it is that, else Odoo guesses"""
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return ""
        return "utf-8-sig"

    @api.model
    def _parse(self, rows, figures, defaults, month_first=False):
        """Make rows for ``crm.mailing.metric._load`` of the cells of a file.

        :param rows: as `_read` returns them
        :param dict figures: place of a column -> figure
        :param dict defaults: tool, campaign and date of rows that do not say
        :return: list of rows, list of messages of what cannot be understood
        """
        texts = {
            str(cells[place]).strip()
            for _number, cells in rows
            for place, figure in figures.items()
            if figure == "campaign"
        }
        campaigns = self._campaigns(texts)
        parsed, messages = [], []
        for number, cells in rows:
            row, errors = {"row": number, **defaults}, []
            for place, figure in figures.items():
                try:
                    self._take(row, figure, cells[place], campaigns, month_first)
                except ValueError:
                    errors.append(self._cannot(figure, cells[place]))
            row["external_ref"] = row.get("external_ref") or row.get("name")
            row["name"] = row.get("name") or row["external_ref"]
            errors += self._missing(row) if not errors else []
            messages += [
                self.env._("Row %(row)s: %(error)s", row=number, error=error)
                for error in errors
            ]
            parsed.append(row)
        return parsed, messages

    @api.model
    def _take(self, row, figure, cell, campaigns, month_first):
        """Put what a cell says into the row; an empty one says nothing.

        :raise ValueError: it cannot be understood
        """
        text = str(cell).strip()
        if figure in COUNTS:
            row[figure] = to_count(cell)
        elif not text:
            return
        elif figure in DATES:
            row[figure] = to_date(cell, month_first)
        elif figure == "campaign":
            found = campaigns.get(text)
            if not found or len(found) > 1:
                raise ValueError(text)
            row[figure] = found
        else:
            row[figure] = text

    @api.model
    def _cannot(self, figure, cell):
        if figure == "campaign":
            return self.env._("there is no campaign “%s”, or several.", cell)
        label = self.env["crm.mailing.metric"]._label(figure)
        if figure in DATES:
            return self.env._(
                "%(column)s: “%(cell)s” is not a date.", column=label, cell=cell
            )
        return self.env._(
            "%(column)s: “%(cell)s” is not a whole number.", column=label, cell=cell
        )

    @api.model
    def _missing(self, row):
        if not row.get("campaign"):
            return [self.env._("no campaign: choose one above.")]
        if not row["name"]:
            return [self.env._("neither name nor reference of the mailing.")]
        return []

    @api.model
    def _campaigns(self, texts):
        """:return: dict text -> campaigns with this title or name, in one query"""
        texts = [text for text in texts if text]
        found = self.env["utm.campaign"].search(
            ["|", ("title", "in", texts), ("name", "in", texts)]
        )
        by_text = {}
        for campaign in found:
            for text in {campaign.title, campaign.name}:
                by_text[text] = by_text.get(text, found.browse()) | campaign
        return by_text
