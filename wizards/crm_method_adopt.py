from odoo import api, fields, models
from odoo.fields import Command


class CrmMethodAdopt(models.TransientModel):
    """Asks a sales director how the company's pipeline and people fit the method.

    It shows what would happen and proposes everything; ``crm.method.adoption`` does
    it.
    """

    _name = "crm.method.adopt"
    _description = "Adopt the Method"

    is_enforced = fields.Boolean(
        readonly=True, default=lambda self: self.env["crm.stage"]._method_enforced()
    )
    stage_ids = fields.One2many(
        comodel_name="crm.method.adopt.stage",
        inverse_name="wizard_id",
        string="Stages",
        default=lambda self: self._default_stage_ids(),
    )
    user_ids = fields.One2many(
        comodel_name="crm.method.adopt.user",
        inverse_name="wizard_id",
        string="Users",
        default=lambda self: self._default_user_ids(),
    )
    opportunity_count = fields.Integer(
        string="Opportunities That Move", compute="_compute_counts"
    )
    enquiry_count = fields.Integer(
        string="Enquiries That Move", compute="_compute_counts"
    )

    @api.model
    def _adoption(self):
        # sudo: figures of the whole database, as what is adopted is; no record of it
        # is shown
        return self.env["crm.method.adoption"].sudo()

    @api.model
    def _default_stage_ids(self):
        counts = self._adoption()._count_by_stage()
        return [
            Command.create(
                {
                    "stage_id": stage.id,
                    "method_stage_id": target.id,
                    "open_count": counts[stage]["open"],
                    "closed_count": counts[stage]["closed"],
                    "enquiry_count": counts[stage]["enquiry"],
                }
            )
            for stage, target in self._adoption()._propose_stages().items()
        ]

    @api.model
    def _default_user_ids(self):
        roles = self._adoption()._propose_roles()
        users = self.env["res.users"].union(*roles)
        lost = self._adoption()._lost_sight(users.sudo())  # sudo: as in _adoption
        everything = self._adoption()._see_everything()
        return [
            Command.create(
                {
                    "user_id": user.id,
                    "role": roles[user],
                    "sees_everything": user in everything,
                    "lost_count": lost[user],
                }
            )
            for user in users
        ]

    @api.depends(
        "stage_ids.open_count", "stage_ids.closed_count", "stage_ids.enquiry_count"
    )
    def _compute_counts(self):
        for wizard in self:
            lines = wizard.stage_ids
            wizard.opportunity_count = sum(
                line.open_count + line.closed_count for line in lines
            )
            wizard.enquiry_count = sum(lines.mapped("enquiry_count"))

    def action_adopt(self):
        """Adopt the method as it is shown."""
        self.ensure_one()
        users = self.user_ids
        self.env["crm.method.adoption"]._adopt(
            {line.stage_id: line.method_stage_id for line in self.stage_ids},
            {line.user_id: line.role for line in users},
            users.filtered("take_everything").user_id,
        )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm.crm_lead_action_pipeline"
        )


class CrmMethodAdoptStage(models.TransientModel):
    """A stage of before, and the stage of the method in which it goes on."""

    _name = "crm.method.adopt.stage"
    _description = "Stage to Map"

    wizard_id = fields.Many2one(
        comodel_name="crm.method.adopt", required=True, ondelete="cascade"
    )
    stage_id = fields.Many2one(comodel_name="crm.stage", required=True)
    is_won = fields.Boolean(related="stage_id.is_won")
    method_stage_id = fields.Many2one(
        comodel_name="crm.stage",
        string="Goes on in",
        required=True,
        domain="[('is_method', '=', True), ('is_won', '=', is_won)]",
    )
    open_count = fields.Integer(string="Open Opportunities", readonly=True)
    closed_count = fields.Integer(string="Closed Opportunities", readonly=True)
    enquiry_count = fields.Integer(string="Enquiries", readonly=True)

    @api.constrains("stage_id", "method_stage_id")
    def _check_method_stage_id(self):
        self.env["crm.method.adoption"]._check_mapping(
            {line.stage_id: line.method_stage_id for line in self}
        )


class CrmMethodAdoptUser(models.TransientModel):
    """A user with native sales rights, and the role that he gets."""

    _name = "crm.method.adopt.user"
    _description = "User to Give a Role"

    wizard_id = fields.Many2one(
        comodel_name="crm.method.adopt", required=True, ondelete="cascade"
    )
    user_id = fields.Many2one(comodel_name="res.users", required=True)
    role = fields.Selection(
        selection=[
            ("seller", "Seller"),
            ("head", "Head of Sales"),
            ("director", "Sales Director"),
        ],
        help="Empty, the user keeps the native rights only.",
    )
    sees_everything = fields.Boolean(string="Has “All Documents”", readonly=True)
    take_everything = fields.Boolean(string="Take “All Documents” Away")
    lost_count = fields.Integer(
        string="Opportunities Lost from Sight",
        readonly=True,
        help="How many opportunities this user sees today and would not see as a "
        "seller or head of sales: those of people who are not his.",
    )
