from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class ProjectProject(models.Model):
    """A project may be an incident desk, or what an opportunity that was won led to."""

    _inherit = "project.project"

    crm_is_incident_desk = fields.Boolean(
        string="Incident Desk", help="The tasks of this project are incidents."
    )
    crm_target_ids = fields.One2many(
        comodel_name="crm.incident.target",
        inverse_name="desk_id",
        string="Targets",
    )
    crm_lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        groups="sales_team.group_sale_salesman",
        help="The opportunity that this project came from.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        projects = super().create(vals_list)
        projects._crm_follow_order()
        return projects

    def write(self, vals):
        res = super().write(vals)
        if vals.keys() & {"reinvoiced_sale_order_id", "sale_line_id"}:
            self._crm_follow_order()
        return res

    # === BUSINESS METHODS === #

    def _crm_follow_order(self):
        """A project of an order is of the order's opportunity, whoever made it; one
        that somebody chose stays."""
        # sudo: orders and opportunities are linked by themselves, nobody is shown them
        for project in self.sudo().filtered(lambda project: not project.crm_lead_id):
            order = project.reinvoiced_sale_order_id or project.sale_order_id
            if order.opportunity_id:
                project.crm_lead_id = order.opportunity_id

    @api.model
    def _crm_shown_domain(self):
        """:return: domain of what a seller calls projects"""
        return Domain("is_template", "=", False) & Domain(
            "crm_is_incident_desk", "=", False
        )

    def _crm_readable(self):
        """:return: one of these projects, that the user may open"""
        readable = self.sudo(False)._filtered_access("read")
        if not readable:
            raise UserError(
                self.env._(
                    "There is a project already, which is not shared with you: ask its "
                    "project manager, or make an additional one if you need it."
                )
            )
        return readable[:1]

    def _crm_open(self):
        """:return: action that shows these projects to a seller"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_project_action"
        )
        action["context"] = {"create": False}
        if len(self) == 1:
            views = [view for view in action["views"] if view[1] == "form"]
            return {**action, "views": views, "res_id": self.id}
        return {**action, "domain": [("id", "in", self.ids)]}
