from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.importing.schema import CHOICES
from .crm_import_lookup import MODELS

# What a text means; all else is told by the files.
DECIDED = {"action", "res_id", "row_id", "value", "meaning"}


class CrmImportChoice(models.Model):
    """What a text of the files means here: a stage, a user, which of two organizations.

    Proposed by the source, decided by who imports. An open one that is *asked* for, for
    the text means several, keeps the rows that need it from being made.
    """

    _name = "crm.import.choice"
    _description = "Choice of an Import"
    _order = "kind, name, id"

    import_id = fields.Many2one(
        comodel_name="crm.import", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="import_id.company_id")
    # those of `CHOICES` and `NAMED`: a test compares them
    kind = fields.Selection(
        selection=[
            ("owner", "User"),
            ("stage", "Stage"),
            ("lost_reason", "Lost Reason"),
            ("origination", "Origination"),
            ("market", "Market"),
            ("cargo", "Position"),
            ("activity_type", "Activity Type"),
            ("result", "Result"),
            ("incident_type", "Incident Type"),
            ("incident_stage", "Stage of Incidents"),
            ("severity", "Severity"),
            ("campaign_type", "Campaign Type"),
            ("lead_status", "Lead Status"),
            ("organization", "Organization"),
            ("contact", "Contact"),
            ("lead", "Lead"),
            ("opportunity", "Opportunity"),
            ("campaign", "Campaign"),
            ("product", "Product"),
            ("incident", "Incident"),
        ],
        required=True,
    )
    name = fields.Char(string="In the Files", required=True)
    count = fields.Integer(string="Rows")
    asked = fields.Boolean(help="The name means several: say which one.")
    action = fields.Selection(
        selection=[
            ("use", "Use"),
            ("make", "Make it"),
            ("leave", "Leave empty"),
        ],
        help="Empty: still to decide.",
    )
    res_model = fields.Char(compute="_compute_res_model", precompute=True, store=True)
    res_id = fields.Many2oneReference(model_field="res_model", string="Record")
    value = fields.Char(
        string="Key", help="Of kinds that are no records: severity, status."
    )
    meaning = fields.Selection(
        string="Value",
        selection="_select_meaning",
        compute="_compute_meaning",
        inverse="_inverse_meaning",
    )
    meanings = fields.Json(compute="_compute_meanings")
    is_made = fields.Boolean(
        string="Made by the Import", readonly=True, help="It was not here before."
    )
    row_id = fields.Many2one(
        comodel_name="crm.import.row",
        help="The row of this import that is meant.",
        index="btree_not_null",
        ondelete="set null",
    )

    _once = models.Constraint(
        "unique(import_id, kind, name)", "A text is chosen for once."
    )

    @api.depends("kind")
    def _compute_res_model(self):
        for choice in self:
            choice.res_model = CHOICES.get(choice.kind) or MODELS.get(choice.kind)

    @api.model
    def _select_meaning(self):
        """Values of the kinds that are no records, as people call them."""
        types = self.env["utm.campaign"]._fields["campaign_type"]
        kinds = {
            "severity": self.env["project.task"]._crm_severities(),
            "campaign_type": types._description_selection(self.env),
            "lead_status": [
                ("open", self.env._("Under way")),
                ("lost", self.env._("Given up")),
            ],
        }
        return [
            (f"{kind}:{value}", label)
            for kind, values in kinds.items()
            for value, label in values
        ]

    @api.depends("kind", "value")
    def _compute_meaning(self):
        known = {meaning for meaning, _label in self._select_meaning()}
        for choice in self:
            meaning = f"{choice.kind}:{choice.value}"
            choice.meaning = meaning if meaning in known else False

    def _inverse_meaning(self):
        for choice in self:
            choice.value = choice.meaning and choice.meaning.split(":", 1)[1]

    @api.depends("kind")
    def _compute_meanings(self):
        known = [meaning for meaning, _label in self._select_meaning()]
        for choice in self:
            choice.meanings = [m for m in known if m.startswith(f"{choice.kind}:")]

    def write(self, vals):
        if not self.env.su and vals.keys() - DECIDED:
            raise AccessError(self.env._("Only what a text means can be chosen."))
        result = super().write(vals)
        if vals.get("row_id"):
            self._check_row()
        return result

    def _check_row(self):
        # sudo: a row of another import is refused, not shown
        for choice in self.sudo():
            if choice.row_id and choice.row_id.import_id != choice.import_id:
                raise UserError(self.env._("Choose a row of this import."))

    def _made(self):
        """
        :return: the new entry of a list that this text became, made at the first use
        """
        self.ensure_one()
        if not self.res_id:
            vals = {"name": self.name}
            if self.kind == "lost_reason":
                vals["closure_kind"] = "rejected"
            record = self.env[self.res_model].create(vals)
            # sudo: what became of a choice is the import's to say
            self.sudo().write({"res_id": record.id, "is_made": True})
        return self.env[self.res_model].browse(self.res_id)
