from odoo import api, fields, models

from .crm_gestion_source import DOCUMENTS


class MailActivity(models.Model):
    """An activity of a type that is an interaction, marked done on a customer or a
    document of his, becomes a gestión: see ``crm.gestion.source``."""

    _inherit = "mail.activity"

    crm_result_id = fields.Many2one(
        comodel_name="crm.gestion.result",
        string="Result",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="What the interaction achieved; goes on to its gestión.",
    )
    crm_is_gestion = fields.Boolean(compute="_compute_crm_is_gestion")

    @api.depends("activity_type_id.is_gestion", "res_model")
    def _compute_crm_is_gestion(self):
        for activity in self:
            activity.crm_is_gestion = (
                activity.activity_type_id.is_gestion and activity.res_model in DOCUMENTS
            )

    # === ACTION METHODS === #

    def action_crm_register(self):
        """Open the dialog that logs this activity as a gestión and so marks it done, or
        the gestión that it became already."""
        self.ensure_one()
        self.check_access("read")
        Gestion = self.env["crm.gestion"]
        if gestion := Gestion.search([("activity_id", "=", self.id)]):
            return gestion._form_action()
        # sudo: what an activity is about; the rights on it were checked
        vals = self.env["crm.gestion.source"]._about_activities(self)
        vals = vals.get(self.sudo(), {})
        lead = self.env["crm.lead"].browse(vals.get("lead_id"))
        if not lead.has_access("read"):
            vals = {**vals, "lead_id": False}
        defaults = {
            **vals,
            "activity_id": self.id,
            "result_id": self.crm_result_id.id,
        }
        return Gestion._new_action(
            {f"default_{name}": value for name, value in defaults.items() if value}
        )

    # === BUSINESS METHODS === #

    def _action_done(self, feedback=False, attachment_ids=None):
        Source = self.env["crm.gestion.source"]
        prepared = Source._prepare_done(self, feedback)
        messages, chained = super()._action_done(
            feedback=feedback, attachment_ids=attachment_ids
        )
        if prepared:
            Source._log_done(prepared, chained, False)
        return messages, chained
