from markupsafe import Markup

from odoo import api, models
from odoo.tools import SQL

from ..tools.importing import cells, sheet, sheet_headings
from ..tools.importing.vtiger_headings import key
from ..tools.matching import tax_id, without_country

DATES = ("date", "moment")
NUMBERS = ("amount", "number", "integer")
# Kinds of `crm.master.mixin._import_template`.
TEMPLATES = (
    "account",
    "organization",
    "contact",
    "opportunity",
    "crm_gestion",
    "crm_origination",
    "crm_market",
    "crm_cargo",
)
WORKBOOKS = (".xlsx", ".xlsm")


class CrmImportSourceSheet(models.AbstractModel):
    """Any spreadsheet, recognized by the headings that people use for its columns.

    A row may tell of an organization and of one of its contacts; an organization that
    several rows name is made once, of the first of them. How dates and decimals are
    written is told by their whole column, then by the file, then by who imports; where
    nobody tells, the rows are refused.
    """

    _name = "crm.import.source.sheet"
    _inherit = "crm.import.source"
    _description = "Import of Spreadsheets"

    @api.model
    def _recognize(self, headings):
        return sheet_headings.recognize(headings) or False

    @api.model
    def _propose_columns(self, entity, headings):
        """What is not understood is kept in the notes, so that nothing is lost."""
        fields = sheet_headings.columns(entity, headings)
        return [
            field or (sheet.EXTRA if heading else False)
            for field, heading in zip(fields, headings, strict=True)
        ]

    @api.model
    def _heading_score(self, cells):
        return sheet_headings.score(cells)

    @api.model
    def _judges(self, file):
        columns = self._columns(file)
        dates = sheet.places(file.entity, columns, DATES)
        numbers = sheet.places(file.entity, columns, NUMBERS)
        return {place: cells.Orders() for place in dates} | {
            place: cells.Marks() for place in numbers
        }

    @api.model
    def _default_style(self, column):
        """Numbers of workbooks are read with a point, those of a text as its language
        has it; no Spanish speaking country writes the month first."""
        file = column.file_id
        if set(column.unclear.split()) <= cells.MARKS.keys():
            workbook = (file.name or "").lower().endswith(WORKBOOKS)
            lang = self.env["res.lang"]._get_data(code=self.env.lang or "en_US")
            comma = lang.decimal_point == "," and not workbook
            return "comma" if comma else "point"
        others = file.column_ids.filtered(lambda other: not other.unclear)
        sure = set(others.mapped("style")) & set(cells.ORDERS)
        if len(sure) == 1:
            return sure.pop()
        spanish = (self.env.lang or "").startswith("es")
        return file.import_id.date_order or (spanish and "dmy")

    @api.model
    def _convert(self, file, rows):
        """
        :return: list, for each row one (entity, name, values, reason), or a list of
            them where it tells of several
        """
        reading = self._reading(file)
        known = self._known_organizations(file)
        return [self._convert_row(file, reading, row, known) for row in rows]

    @api.model
    def _columns(self, file):
        """:return: list of (heading, field or None)"""
        return [
            (column.name or "", column.field or (sheet.EXTRA if column.keep else None))
            for column in file.column_ids.sorted("position")
        ]

    @api.model
    def _reading(self, file):
        styles = {column.position: column.style for column in file.column_ids}
        return sheet.Reading(
            entity=file.entity,
            columns=self._columns(file),
            order={place: s for place, s in styles.items() if s in cells.ORDERS},
            marks={place: cells.MARKS.get(style) for place, style in styles.items()},
            tz=file.import_id.tz or "UTC",
        )

    @api.model
    def _template_links(self):
        """:return: HTML, links to spreadsheets with examples"""
        Master = self.env["crm.master.mixin"]
        links = [link for kind in TEMPLATES for link in Master._import_template(kind)]
        return Markup("<br/>").join(
            Markup('<a href="{template}" target="_blank">{label}</a>').format(**link)
            for link in links
        )

    # === ROWS === #

    @api.model
    def _convert_row(self, file, reading, row, known):
        try:
            found = sheet.convert(reading, row)
        except sheet.Problem as problem:
            name = next((sheet.label(cell) for cell in row if cell.strip()), "")
            return (file.entity, name, {}, self._reason(problem))
        told = []
        for entity, name, values in found:
            if entity == "organization":
                mark = self._organization_mark(name, values.get("vat"))
                first = known.get(mark)
                known.setdefault(mark, name)
                if first and len(found) > 1:
                    # of the rows that only say so again, the contact is what is new
                    found[1][2]["organization"] = first
                    continue
                if first and values.get("vat"):
                    told.append((entity, name, {}, self._twin(first)))
                    continue
            told.append((entity, name, values, False))
        return told

    @api.model
    def _twin(self, name):
        return self.env._(
            "“%s” is in an earlier row, with the same tax ID: put what this row adds "
            "there.",
            name,
        )

    @api.model
    def _organization_mark(self, name, vat):
        """An organization is known by its tax ID and name, however its form is written
        (S.L., SL); branches with the tax ID of their company have other names."""
        number = without_country(tax_id(vat))
        return (sheet.company_key(name), number) if number else (key(name), "")

    @api.model
    def _known_organizations(self, file):
        """:return: dict, mark of an organization -> its name in earlier rows"""
        self.env["crm.import.row"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT name, values->>'vat' FROM crm_import_row
                    WHERE import_id = %s AND entity = 'organization'
                      AND name IS NOT NULL AND reason IS NULL
                 ORDER BY id DESC""",
                file.import_id.id,
            )
        )
        return {self._organization_mark(name, vat): name for name, vat in rows}

    @api.model
    def _reason(self, problem):
        """:return: the sentence that says why a row is refused"""
        names = {"text": problem.text, "heading": problem.heading}
        return {
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
            "mark": lambda: self.env._(
                "“%(text)s” is no number (column %(heading)s).", **names
            ),
            "flag": lambda: self.env._(
                "“%(text)s” is neither yes nor no (column %(heading)s).", **names
            ),
            "direction": lambda: self.env._(
                "“%(text)s” is neither incoming nor outgoing (column %(heading)s).",
                **names,
            ),
            "shortened": lambda: self.env._(
                "“%(text)s” was shortened by the spreadsheet (column %(heading)s): "
                "write all its digits, as text.",
                **names,
            ),
            "total": lambda: self.env._("The row is a total: nothing is made of it."),
            "nameless": lambda: self.env._("The row has no name."),
            "undated": lambda: self.env._("The activity has no date."),
        }[problem.code]()

    @api.model
    def _restored(self, file):
        """Dates and numbers that could be read are written so that they are read in one
        way, whatever stands beside them."""
        reading = self._reading(file)
        return lambda row: sheet.restored(reading, row)

    # === PROPOSALS === #

    @api.model
    def _propose_choices(self, job, kind, names):
        """The words of vtiger are the words of sellers: what a text means is found as
        there. A market may also be named by its path."""
        vtiger = self.env["crm.import.source.vtiger"]
        proposals = vtiger._propose_choices(job, kind, names)
        if kind == "market":
            proposals |= self._propose_paths(names)
        return proposals

    @api.model
    def _propose_paths(self, names):
        paths = {}
        for market in self.env["crm.market"].search([("active", "=", True)]):
            paths.setdefault(key(market.complete_name), []).append(market.id)
        found = {name: paths.get(key(name), []) for name in names if "/" in name}
        return {
            name: {"action": "use", "res_id": ids[0]}
            for name, ids in found.items()
            if len(ids) == 1
        }
