from odoo import fields, models

from odoo.addons.base.models.res_partner import _tz_get


class CrmImport(models.Model):
    """The data of another program, brought along once.

    *Lifecycle.* In ``draft`` files are added and read: each row becomes a
    `crm.import.row`, each text that means something here a `crm.import.choice`. A check
    (``checked``) says of every row what will become of it and writes nothing else. The
    run (``running``) makes records in bounded batches, in the order of
    `tools.importing.schema.ENTITIES`; stopped half-way it goes on where it was. When
    it has ended (``done``) it may be taken back (``undoing``, ``undone``) as long as
    nobody changed what it made.

    *Invariants.* A row makes a record once, in the transaction that says so. What was
    here before is matched, never overwritten. Nobody is e-mailed.
    """

    _name = "crm.import"
    _description = "Import from Another CRM"
    _order = "id desc"

    name = fields.Char(required=True)
    source = fields.Selection(
        selection=[("vtiger", "vtiger"), ("sheet", "Spreadsheets")],
        required=True,
        default="vtiger",
    )
    state = fields.Selection(
        selection=[
            ("draft", "Preparing"),
            ("checked", "Checked"),
            ("running", "Running"),
            ("done", "Done"),
            ("undoing", "Taking Back"),
            ("undone", "Taken Back"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Imported by",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    tz = fields.Selection(
        selection=_tz_get,
        string="Time Zone of the Files",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
    )
    date_order = fields.Selection(
        selection=[("dmy", "Day first"), ("mdy", "Month first"), ("ymd", "Year first")],
        help="Asked for where the dates of a file can be read in two ways.",
    )
    lead_target = fields.Selection(
        selection=[
            ("lead", "Leads"),
            ("organization", "Potential customers"),
        ],
        string="Leads Become",
        required=True,
        default="lead",
    )
    file_ids = fields.One2many(
        comodel_name="crm.import.file", inverse_name="import_id", copy=False
    )
    choice_ids = fields.One2many(
        comodel_name="crm.import.choice", inverse_name="import_id", copy=False
    )
    row_ids = fields.One2many(
        comodel_name="crm.import.row", inverse_name="import_id", copy=False
    )
