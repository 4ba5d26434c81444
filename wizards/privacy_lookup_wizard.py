from odoo import models
from odoo.tools import SQL, email_normalize


class PrivacyLookupWizard(models.TransientModel):
    """Odoo's privacy look-up finds what has an e-mail address or refers to a contact
    whom deleting him leaves behind. Of ours it would miss what goes with him, as it may
    be erased without deleting him, and where he is in a text."""

    _inherit = "privacy.lookup.wizard"

    def _get_query(self):
        query = super()._get_query()
        # UNION leaves out what Odoo has found already
        for model, condition in self._crm_conditions().items():
            records = self.env[model]
            query = SQL(
                "%s UNION SELECT %s AS res_model_id, id AS res_id, TRUE AS is_active"
                " FROM %s WHERE %s",
                query,
                self.env["ir.model"]._get_id(model),
                SQL.identifier(records._table),
                condition,
            )
        return query

    def _crm_conditions(self):
        """:return: dict model -> SQL of where this person is in its table"""
        name, email = self.name.strip(), self.email.strip()
        people = SQL(
            "(SELECT id FROM res_partner WHERE email_normalized = %s OR name ILIKE %s)",
            email_normalize(email),
            name,
        )
        written = [f"%{email}%", f"%{name}%"]
        return {
            "crm.affiliation": SQL("contact_id IN %s", people),
            "crm.mailing.consent": SQL("partner_id IN %s", people),
            "crm.handover.line": SQL(
                "res_model = 'res.partner' AND res_id IN %s", people
            ),
            "crm.eid.login": SQL(
                "user_id IN (SELECT id FROM res_users WHERE partner_id IN %s)", people
            ),
            "crm.export.log": SQL("concat(domain, name) ILIKE ANY(%s)", written),
            "crm.gestion": SQL(
                "concat(name, description, next_summary) ILIKE ANY(%s)", written
            ),
            "crm.import.row": SQL(
                "res_model = 'res.partner' AND res_id IN %s"
                ' OR concat(name, reason, "values") ILIKE ANY(%s)',
                people,
                written,
            ),
            "crm.opportunity.closure": SQL("note ILIKE ANY(%s)", written),
        }
