from odoo import api, fields, models
from odoo.tools.misc import clean_context


class CrmAffiliationChange(models.TransientModel):
    """Asks which organization a contact leaves, and where he goes;
    ``crm.affiliation.transfer._change_organization`` does it."""

    _name = "crm.affiliation.change"
    _description = "Change of Organization"

    contact_id = fields.Many2one(
        comodel_name="res.partner",
        required=True,
        domain="[('is_company', '=', False), ('type', '=', 'contact')]",
    )
    contact_organization_ids = fields.Many2many(
        related="contact_id.crm_organization_ids",
        string="Organizations of the Contact",
    )
    old_organization_id = fields.Many2one(
        comodel_name="res.partner",
        string="Leaves",
        compute="_compute_old_organization_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', contact_organization_ids)]",
        help="Empty: he goes on there, and joins another organization besides.",
    )
    new_organization_id = fields.Many2one(
        comodel_name="res.partner",
        string="Joins",
        domain="[('is_company', '=', True)]",
        help="Empty: he leaves, and where he goes is not known.",
    )
    date = fields.Date(
        string="On", required=True, default=lambda self: fields.Date.context_today(self)
    )
    cargo_id = fields.Many2one(comodel_name="crm.cargo", string="New Position")
    email = fields.Char(string="New E-mail")
    phone = fields.Char(string="New Phone")

    @api.depends("contact_id")
    def _compute_old_organization_id(self):
        for wizard in self:
            wizard.old_organization_id = wizard.contact_id._crm_organization_for()

    # === ACTION METHODS === #

    def action_change(self):
        """Note the change of organization."""
        self.ensure_one()
        # without the defaults of the screen from which the dialog was opened
        wizard = self.with_env(self.env(context=clean_context(self.env.context)))
        wizard.env["crm.affiliation.transfer"]._change_organization(
            wizard.contact_id,
            wizard.old_organization_id,
            wizard.new_organization_id,
            wizard.date,
            {
                "cargo_id": wizard.cargo_id.id,
                "email": wizard.email,
                "phone": wizard.phone,
            },
        )
        return {"type": "ir.actions.act_window_close"}
