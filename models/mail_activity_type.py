from odoo import api, fields, models
from odoo.tools import SQL


class MailActivityType(models.Model):
    _inherit = "mail.activity.type"

    is_gestion = fields.Boolean(
        string="Is an Interaction",
        help="Something done with a customer, such as a call or a visit: it can be "
        "logged as a gestión. A to-do is not one.",
    )
    counts_as_activity = fields.Boolean(
        string="Counts for Objectives",
        default=True,
        help="Interactions of this type count in the activity of a seller.",
    )

    @api.model
    def _imported_note(self):
        """:return: the type of what colleagues noted in another program: read among
        what happened, but no contact with the customer"""
        # asked for each criterion of each segment: the cached id costs no query
        return self.browse(
            self.env["ir.model.data"]._xmlid_to_res_id(
                "crm_gestion.mail_activity_type_imported_note"
            )
            or []
        )

    @api.model
    def _is_contact(self, alias):
        """
        :param str alias: of a row of crm_gestion
        :return: SQL, whether it was a contact with the customer
        """
        return SQL(
            "%s IS DISTINCT FROM %s",
            SQL.identifier(alias, "activity_type_id"),
            self._imported_note().id or None,
        )
