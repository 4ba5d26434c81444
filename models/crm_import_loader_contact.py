from odoo import api, models

from ..tools.matching import plain


class CrmImportLoaderContact(models.AbstractModel):
    """Persons, with their organization and position. Who reports to whom comes last,
    when all are there."""

    _name = "crm.import.loader.contact"
    _inherit = "crm.import.loader.partner"
    _description = "Loader of Contacts"

    @api.model
    def _is_same(self, partner, values):
        """Name and organization tell, and an e-mail where both have one. A mail box may
        be shared: by its address alone nobody is the same."""
        if plain(partner.name) != plain(self._full_name(values)):
            return False
        if plain(partner.parent_id.name) != plain(values.get("organization")):
            return False
        email = plain(values.get("email"))
        return not (email and partner.email) or plain(partner.email) == email

    @api.model
    def _make(self, job, values_list):
        countries = self._countries(values_list)
        nobody, company = self.env["res.partner"], job.company_id.partner_id
        vals_list = []
        for values in values_list:
            cargo = values.get("cargo") or self.env["crm.cargo"]
            vals_list.append(
                {
                    **self._common(job, values),
                    **self._address(values, countries),
                    "is_company": False,
                    "name": self._full_name(values),
                    "parent_id": (values.get("organization") or nobody).id,
                    # as Odoo would, but for asking each organization again
                    "lang": (values.get("organization") or company).lang,
                    "cargo_id": cargo.id,
                    "function": cargo.name or values.get("cargo_text") or False,
                    "comment": self._comment(
                        values, "email2", "phone2", "mobile", "department", "warning"
                    ),
                }
            )
        partners = self._create_partners(vals_list)
        self._object(job, partners, values_list)
        return partners

    @api.model
    def _comment(self, values, *names):
        if values.get("do_not_call"):
            values = {**values, "warning": self.env._("Wants no calls.")}
        return super()._comment(values, *names)

    @api.model
    def _finish(self, job):
        self._link(job, "reports_to", "manager_contact_id")
