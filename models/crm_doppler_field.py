from odoo import api, fields, models


class CrmDopplerField(models.Model):
    """A field that the subscribers of an account have at Doppler, as the service told
    it last.

    *Lifecycle.* Nobody writes them; testing the account brings them up to date
    (`_store`). One that is gone there goes here too, unless a mapping fills it: then it
    stays as *missing* and is not sent, until the mapping is taken away.
    """

    _name = "crm.doppler.field"
    _description = "Doppler Field"
    _order = "is_predefined desc, name, id"

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    name = fields.Char(required=True, readonly=True)
    type = fields.Char(string="Type at Doppler", required=True, readonly=True)
    type_label = fields.Char(string="Type", compute="_compute_type_label")
    is_predefined = fields.Boolean(readonly=True)
    is_readonly = fields.Boolean(string="Read-only", readonly=True)
    is_missing = fields.Boolean(
        string="Missing", readonly=True, help="Doppler has it no longer."
    )

    _name_unique = models.UniqueIndex(
        "(account_id, name)", "This field is known already."
    )

    @api.depends("type")
    @api.depends_context("lang")
    def _compute_type_label(self):
        """In words, as far as the type is one that can be filled."""
        labels = {
            "string": self.env._("Text"),
            "number": self.env._("Number"),
            "boolean": self.env._("Yes or no"),
            "consent": self.env._("Consent"),
            "permission": self.env._("Permission"),
            "date": self.env._("Date"),
            "email": self.env._("E-mail"),
            "phone": self.env._("Phone"),
            "gender": self.env._("Gender"),
            "country": self.env._("Country"),
        }
        for field in self:
            field.type_label = labels.get(field.type, field.type)

    @api.model
    def _store(self, account, answers):
        """Bring the fields of an account up to date.

        :param answers: list of `Field`, all that the account has
        """
        known = self.search([("account_id", "=", account.id)])
        by_name = {field.name: field for field in known}
        new = []
        for answer in answers:
            values = {
                "type": answer.type,
                "is_predefined": answer.predefined,
                "is_readonly": answer.readonly,
                "is_missing": False,
            }
            if field := by_name.pop(answer.name, None):
                if any(field[name] != value for name, value in values.items()):
                    field.write(values)
            else:
                new.append({**values, "account_id": account.id, "name": answer.name})
        self.create(new)
        gone = self.union(*by_name.values())
        mapped = gone & account.mapping_ids.field_id
        mapped.write({"is_missing": True})
        (gone - mapped).unlink()
