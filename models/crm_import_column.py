from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..tools.importing.cells import MARKS, ORDERS
from ..tools.importing.schema import ENTITIES
from ..tools.importing.sheet import EXTRA, kind
from ..tools.importing.sheet_headings import HEADINGS

# Of columns that only the source itself understands.
OWN = "own"
TOLD = {"file_id", "position", "name", "sample", "unclear", "fixed"}


class CrmImportColumn(models.Model):
    """A column of a file, and the field of `tools.importing.schema` that it fills.

    Without a field it is left out, or kept as a line of the notes. What the source
    proposes may be corrected: the rows of the file are then read again.
    """

    _name = "crm.import.column"
    _description = "Column of an Import"
    _order = "position, id"

    file_id = fields.Many2one(
        comodel_name="crm.import.file", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="file_id.import_id.company_id")
    position = fields.Integer(required=True)
    name = fields.Char(string="Heading")
    field = fields.Char(help="The field of the entity that this column fills.")
    target = fields.Selection(
        selection="_select_target",
        string="Fills",
        compute="_compute_target",
        inverse="_inverse_target",
        help="Empty: the column is left out.",
    )
    targets = fields.Json(compute="_compute_targets")
    keep = fields.Boolean(string="Keep in the Notes")
    sample = fields.Char()
    style = fields.Selection(
        selection=[
            ("dmy", "Day first"),
            ("mdy", "Month first"),
            ("ymd", "Year first"),
            ("comma", "Decimal comma"),
            ("point", "Decimal point"),
            ("flag", "Yes or no"),
        ],
        string="Is Written",
        help="How its dates or decimals are written, as the whole column tells.",
    )
    styles = fields.Json(compute="_compute_styles")
    # where several styles fit: which
    unclear = fields.Char(readonly=True)
    fixed = fields.Boolean(readonly=True, help="Somebody said how it is written.")

    # === COMPUTE METHODS === #

    @api.depends("field")
    def _compute_target(self):
        known = {target for target, _label in self._select_target()}
        for column in self:
            own = column.field and column.field not in known
            column.target = OWN if own else column.field

    def _inverse_target(self):
        for column in self:
            if column.target != OWN and column.target != (column.field or False):
                column.field = column.target

    @api.depends("file_id.entity")
    def _compute_targets(self):
        for column in self:
            entity = column.file_id.entity
            column.targets = [EXTRA, *self._entity_fields(entity)] if entity else []

    @api.model
    def _entity_fields(self, entity):
        """:return: list of what a column may fill in rows of this entity"""
        own = [name for name in ENTITIES[entity] if name in self._labels()]
        others = [name for name in HEADINGS.get(entity, ()) if "." in name]
        whole = ["is_company"] if entity in ("organization", "contact") else []
        return own + whole + others

    @api.depends("field", "file_id.entity")
    def _compute_styles(self):
        kinds = {"date": ORDERS, "moment": ORDERS}
        kinds |= dict.fromkeys(("amount", "number", "integer"), MARKS)
        for column in self:
            what = column.field and kind(column.file_id.entity, column.field)
            column.styles = list(kinds.get(what, ()))

    # === CRUD === #

    def write(self, vals):
        """The rows of a file whose columns somebody corrects are read anew."""
        if not self.env.su and TOLD & vals.keys():
            raise AccessError(self.env._("The import itself says what was read."))
        changed = self.filtered(
            lambda column: any(
                column[name] != vals[name] for name in ("field", "keep") if name in vals
            )
        )
        if "style" in vals and not self.env.su:
            changed |= self
            vals = {**vals, "fixed": bool(vals["style"])}
        result = super().write(vals)
        if changed:
            changed.file_id._read_again()
        return result

    # === STYLES === #

    def _judge(self, judges, batches):
        """Say how the columns of a file are written, as far as they tell.

        :param judges: dict of `crm.import.source._judges`
        :param batches: iterator of lists of rows: all of the file
        """
        for rows in batches if judges else ():
            for place, judge in judges.items():
                judge.add([row[place] for row in rows if place < len(row)])
        # sudo: the import says what was read
        for column in self.sudo().filtered(lambda column: not column.fixed):
            judge = judges.get(column.position)
            fits = sorted(judge.told()) if judge else []
            column.write(
                {
                    "style": fits[0] if len(fits) == 1 else False,
                    "unclear": " ".join(fits) if len(fits) > 1 else False,
                }
            )

    def _settle(self, source):
        """Say how columns are written that do not tell it themselves. Files that were
        read before that was known are read again."""
        # sudo: the import says what was read
        for column in self.sudo().filtered("unclear"):
            style = source._default_style(column.sudo(False))
            if column.fixed or style not in column.unclear.split():
                continue
            if style != column.style:
                column.style = style
                if column.file_id.position:
                    column.file_id._read_again()
                    column.file_id.judged = True

    # === SELECTION === #

    @api.model
    def _select_target(self):
        labels = self._labels()
        owners = {
            "contact": self.env._("Contact"),
            "organization": self.env._("Organization"),
        }
        others = [
            (name, f"{owners[name.split('.')[0]]}: {labels[name.split('.')[1]]}")
            for entity in ("organization", "contact")
            for name in HEADINGS[entity]
            if "." in name
        ]
        return [
            *labels.items(),
            *others,
            (OWN, self.env._("Read by the import itself")),
        ]

    @api.model
    def _labels(self):
        """:return: dict, field of `schema.ENTITIES` -> what it is called"""
        return {
            EXTRA: self.env._("Keep in the notes"),
            "name": self.env._("Name"),
            "first_name": self.env._("First Name"),
            "last_name": self.env._("Last Name"),
            "title": self.env._("Title"),
            "ref": self.env._("External Reference"),
            "code": self.env._("Code"),
            "parent": self.env._("Belongs to"),
            "influence": self.env._("Influence"),
            "has_referrer": self.env._("Asks Who Referred"),
            "is_company": self.env._("Is a Company"),
            "organization": self.env._("Organization"),
            "organization_name": self.env._("Organization Name"),
            "contact": self.env._("Contact"),
            "opportunity": self.env._("Opportunity"),
            "vat": self.env._("Tax ID"),
            "email": self.env._("Email"),
            "email2": self.env._("Second Email"),
            "phone": self.env._("Phone"),
            "phone2": self.env._("Second Phone"),
            "mobile": self.env._("Mobile"),
            "website": self.env._("Website"),
            "street": self.env._("Street"),
            "street2": self.env._("Street 2"),
            "zip": self.env._("ZIP"),
            "city": self.env._("City"),
            "state": self.env._("State"),
            "country": self.env._("Country"),
            "market": self.env._("Market"),
            "origination": self.env._("Origination"),
            "cargo": self.env._("Position"),
            "department": self.env._("Department"),
            "reports_to": self.env._("Reports to"),
            "owner": self.env._("Salesperson"),
            "opt_out": self.env._("No Mailings"),
            "do_not_call": self.env._("Do Not Call"),
            "amount": self.env._("Amount"),
            "revenue": self.env._("Expected Revenue"),
            "probability": self.env._("Probability"),
            "deadline": self.env._("Expected Closing"),
            "stage": self.env._("Stage"),
            "lost_reason": self.env._("Lost Reason"),
            "closed": self.env._("Closed on"),
            "campaign": self.env._("Campaign"),
            "next_step": self.env._("Next Step"),
            "lead_status": self.env._("Status"),
            "date": self.env._("Date"),
            "date_to": self.env._("End"),
            "duration": self.env._("Duration"),
            "activity_type": self.env._("Type"),
            "direction": self.env._("Direction"),
            "result": self.env._("Result"),
            "location": self.env._("Location"),
            "private": self.env._("Private"),
            "product": self.env._("Product"),
            "active": self.env._("Active"),
            "price": self.env._("Price"),
            "cost": self.env._("Cost"),
            "category": self.env._("Category"),
            "campaign_type": self.env._("Campaign Type"),
            "budget": self.env._("Budget"),
            "severity": self.env._("Severity"),
            "incident_type": self.env._("Incident Type"),
            "incident_stage": self.env._("Incident Stage"),
            "hours": self.env._("Hours"),
            "solution": self.env._("Solution"),
            "description": self.env._("Notes"),
            "created": self.env._("Created on"),
        }
