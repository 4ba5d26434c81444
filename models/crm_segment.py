from ast import literal_eval

from odoo import api, fields, models
from odoo.fields import Domain


class CrmSegment(models.Model):
    """Selection of contacts and organizations, for mailings, calls and figures."""

    _name = "crm.segment"
    _description = "Segment"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        index="btree_not_null",
        ondelete="set null",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        default=lambda self: self.env.company,
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for all companies.",
    )
    domain = fields.Char(string="Conditions", default="[]", required=True)
    partner_count = fields.Integer(string="Contacts", compute="_compute_partner_count")

    @api.depends("domain")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_partner_count(self):
        for segment in self:
            segment.partner_count = self.env["res.partner"].search_count(
                segment._domain()
            )

    def _domain(self):
        """:return: Domain of the contacts that are in this segment now"""
        self.ensure_one()
        return Domain(literal_eval(self.domain or "[]"))

    def _partners(self):
        """:return: the contacts that are in this segment now and the user may read"""
        return self.env["res.partner"].search(self._domain())
