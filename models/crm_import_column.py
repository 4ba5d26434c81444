from odoo import api, fields, models

from ..tools.importing.schema import ENTITIES
from ..tools.importing.sheet import EXTRA
from ..tools.importing.sheet_headings import HEADINGS

# Of columns that only the source itself understands.
OWN = "own"


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

    # === CRUD === #

    def write(self, vals):
        """The rows of a file whose columns somebody corrects are read anew."""
        changed = self.filtered(
            lambda column: any(
                column[name] != vals[name] for name in ("field", "keep") if name in vals
            )
        )
        result = super().write(vals)
        if changed:
            changed.file_id._read_again()
        return result

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
        _ = self.env._
        return {
            EXTRA: _("Keep in the notes"),
            "name": _("Name"),
            "first_name": _("First Name"),
            "last_name": _("Last Name"),
            "title": _("Title"),
            "ref": _("External Reference"),
            "code": _("Code"),
            "parent": _("Belongs to"),
            "influence": _("Influence"),
            "has_referrer": _("Asks Who Referred"),
            "is_company": _("Is a Company"),
            "organization": _("Organization"),
            "organization_name": _("Organization Name"),
            "contact": _("Contact"),
            "opportunity": _("Opportunity"),
            "vat": _("Tax ID"),
            "email": _("Email"),
            "email2": _("Second Email"),
            "phone": _("Phone"),
            "phone2": _("Second Phone"),
            "mobile": _("Mobile"),
            "website": _("Website"),
            "street": _("Street"),
            "street2": _("Street 2"),
            "zip": _("ZIP"),
            "city": _("City"),
            "state": _("State"),
            "country": _("Country"),
            "market": _("Market"),
            "origination": _("Origination"),
            "cargo": _("Position"),
            "department": _("Department"),
            "reports_to": _("Reports to"),
            "owner": _("Salesperson"),
            "opt_out": _("No Mailings"),
            "do_not_call": _("Do Not Call"),
            "amount": _("Amount"),
            "revenue": _("Expected Revenue"),
            "probability": _("Probability"),
            "deadline": _("Expected Closing"),
            "stage": _("Stage"),
            "lost_reason": _("Lost Reason"),
            "closed": _("Closed on"),
            "campaign": _("Campaign"),
            "next_step": _("Next Step"),
            "lead_status": _("Status"),
            "date": _("Date"),
            "date_to": _("End"),
            "duration": _("Duration"),
            "activity_type": _("Type"),
            "direction": _("Direction"),
            "result": _("Result"),
            "location": _("Location"),
            "private": _("Private"),
            "product": _("Product"),
            "active": _("Active"),
            "price": _("Price"),
            "cost": _("Cost"),
            "category": _("Category"),
            "campaign_type": _("Campaign Type"),
            "budget": _("Budget"),
            "severity": _("Severity"),
            "incident_type": _("Incident Type"),
            "incident_stage": _("Incident Stage"),
            "hours": _("Hours"),
            "solution": _("Solution"),
            "description": _("Notes"),
            "created": _("Created on"),
        }
