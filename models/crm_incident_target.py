from odoo import fields, models


class CrmIncidentTarget(models.Model):
    """Within how many working hours an incident of a severity is to be answered and
    solved, at one desk or, without a desk, everywhere else. Changing one counts for
    incidents that are opened, or change their severity, from then on."""

    _name = "crm.incident.target"
    _description = "Target of Incidents"
    _order = "severity desc, id"
    _rec_name = "severity"

    desk_id = fields.Many2one(
        comodel_name="project.project",
        domain="[('crm_is_incident_desk', '=', True)]",
        index="btree_not_null",
        ondelete="cascade",
        help="Empty for all desks without targets of their own.",
    )
    severity = fields.Selection(
        selection=lambda self: self.env["project.task"]._crm_severities(),
        required=True,
    )
    answer_hours = fields.Float(
        string="First Answer", help="Working hours until the first answer; 0 for none."
    )
    solution_hours = fields.Float(
        string="Solution", help="Working hours until the solution; 0 for none."
    )
    tells_seller = fields.Boolean(
        string="Tell the Seller",
        help="The seller of a key account is told at once of such an incident.",
    )

    _severity_unique = models.UniqueIndex(
        "(COALESCE(desk_id, 0), severity)",
        "There is a target for this severity: change that one.",
    )
    _answer_positive = models.Constraint(
        "CHECK (answer_hours >= 0 AND solution_hours >= 0)",
        "Give a number of working hours, or 0 for no target.",
    )
