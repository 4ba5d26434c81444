from odoo import api, fields, models


class CrmMasterMixin(models.AbstractModel):
    """What every master of the sales method has in common.

    A master is a short list that a director keeps (originations, markets, positions,
    results). Its ``code`` is what imports and other systems know it by; archiving takes
    it off the screens and leaves every record that uses it as it was.
    """

    _name = "crm.master.mixin"
    _description = "Sales Method Master"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    name = fields.Char(required=True, translate=True)
    code = fields.Char(
        copy=False,
        help="Short name by which imports and other systems find this record.",
    )
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)

    _code_unique = models.Constraint(
        "UNIQUE(code)", "This code is in use already: choose another one."
    )

    @api.model
    def get_import_templates(self):
        kind = self._name.replace(".", "_")
        return self._import_template(kind) or super().get_import_templates()

    @api.model
    def _import_template(self, kind):
        """The files are made by ``dev/import_templates.py``. Latin American Spanish has
        one of its own: some of Odoo's column titles differ.

        :param str kind: what is imported: ``organization``, ``contact``,
            ``crm_gestion``, or a master such as ``crm_market``
        :return: list for ``get_import_templates`` with our template in the language of
            the user; empty where there is none
        """
        labels = {
            "organization": self.env._("Import Template for Organizations"),
            "contact": self.env._("Import Template for Contacts"),
            "crm_origination": self.env._("Import Template for Originations"),
            "crm_market": self.env._("Import Template for Markets"),
            "crm_cargo": self.env._("Import Template for Positions"),
            "crm_gestion_result": self.env._("Import Template for Interaction Results"),
            "crm_gestion": self.env._("Import Template for Gestiones"),
            "account": self.env._("Import Template for Organizations with Contacts"),
            "opportunity": self.env._("Import Template for Opportunities"),
        }
        if kind not in labels:
            return []
        lang = self.env.lang or "en_US"
        suffix = "en"
        if lang.startswith("es"):
            suffix = "es" if lang == "es_ES" else "es_419"
        path = f"/crm_gestion/static/import/{kind}_{suffix}.xlsx"
        return [{"label": labels[kind], "template": path}]
