from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

# Fields of the company's Doppler account that are settings too.
DOPPLER_SETTINGS = (
    "email",
    "new_key",
    "user_id",
    "require_consent",
    "click_activity",
    "name_rule",
)


def doppler_setting(kind, name, **options):
    """
    :param kind: class of the field
    :param name: of the field of the company's Doppler account
    :return: a field of the settings for it; each has a compute of its own, so that
        those of one request that are not given are what the account has
    """
    return kind(
        compute=lambda self: self._compute_crm_doppler(name),
        inverse="_inverse_crm_doppler",
        groups="base.group_system",
        **options,
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_enforce_method = fields.Boolean(
        string="Enforce the Method",
        config_parameter="crm_gestion.enforce_method",
        help="Stages ask for what they need, opportunities are closed with a reason, "
        "and a confirmed order wins its opportunity. Off, Odoo's pipeline behaves as "
        "it always did.",
    )
    crm_win_without_order = fields.Boolean(
        string="Win without an Order",
        config_parameter="crm_gestion.win_without_order",
        help="Sellers too may win an opportunity without a confirmed order, with a "
        "note. Off, only a sales director may.",
    )
    crm_require_vat = fields.Boolean(
        string="Customers Need a Tax ID",
        config_parameter="crm_gestion.require_vat",
        help="A sales order of an opportunity is generated once its customer has one.",
    )
    crm_email_gestiones = fields.Boolean(
        string="E-mails as Gestiones",
        config_parameter="crm_gestion.email_gestiones",
        help="E-mails with customers, in and out, are part of their history. Automatic "
        "and mass e-mails are not.",
    )
    crm_archive_gate = fields.Boolean(
        string="Hand over before Archiving",
        config_parameter="crm_gestion.archive_gate",
        help="A user who still has open work is archived once it has been handed over. "
        "Off, Odoo archives him and deletes his planned activities.",
    )
    crm_correction_days = fields.Integer(
        string="Days to Correct a Gestión",
        config_parameter="crm_gestion.correction_days",
        default=7,
    )
    crm_former_months = fields.Integer(
        string="Months until Former Customer",
        config_parameter="crm_gestion.former_months",
        default=24,
    )
    crm_incident_reopen_days = fields.Integer(
        string="Days to Reopen Incidents",
        config_parameter="crm_gestion.incident_reopen_days",
        default=14,
    )
    crm_quiet_days = fields.Integer(
        string="Days without Contact",
        config_parameter="crm_gestion.quiet_days",
        default=60,
    )
    crm_objective_close_days = fields.Integer(
        string="Days until Objectives Close",
        config_parameter="crm_gestion.objective_close_days",
        default=30,
    )
    crm_attribution_days = fields.Integer(
        string="Days of Attribution",
        config_parameter="crm_gestion.attribution_days",
        default=365,
    )
    crm_shared_history = fields.Selection(
        related="company_id.crm_shared_history", required=True, readonly=False
    )
    crm_pdf_limit = fields.Integer(
        string="Documents Printed at Once",
        config_parameter="crm_gestion.pdf_limit",
        default=20,
    )
    crm_read_limit = fields.Integer(
        string="Records Read in an Hour",
        config_parameter="crm_gestion.read_limit",
        default=2000,
    )
    crm_organization_field_ids = fields.Many2many(
        comodel_name="ir.model.fields",
        relation="crm_settings_organization_field_rel",
        string="Data of an Organization",
        domain=lambda self: self._file_fields_domain("organization"),
    )
    crm_contact_field_ids = fields.Many2many(
        comodel_name="ir.model.fields",
        relation="crm_settings_contact_field_rel",
        string="Data of a Contact",
        domain=lambda self: self._file_fields_domain("contact"),
    )
    crm_doppler_account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        compute="_compute_crm_doppler_account_id",
        groups="base.group_system",
    )
    crm_doppler_state = fields.Selection(related="crm_doppler_account_id.state")
    crm_doppler_error = fields.Char(related="crm_doppler_account_id.error")
    crm_doppler_is_test = fields.Boolean(related="crm_doppler_account_id.is_test")
    crm_doppler_has_key = fields.Boolean(related="crm_doppler_account_id.has_key")
    crm_doppler_email = doppler_setting(fields.Char, "email", string="Account E-mail")
    crm_doppler_new_key = doppler_setting(
        fields.Char, "new_key", string="API Key", exportable=False
    )
    crm_doppler_user_id = doppler_setting(
        fields.Many2one,
        "user_id",
        comodel_name="res.users",
        string="Responsible",
        domain="[('share', '=', False)]",
    )
    crm_doppler_require_consent = doppler_setting(
        fields.Boolean, "require_consent", string="Only with Consent"
    )
    crm_doppler_click_activity = doppler_setting(
        fields.Boolean, "click_activity", string="Calls for Clicks"
    )
    crm_doppler_name_rule = doppler_setting(
        fields.Selection,
        "name_rule",
        selection=lambda self: self._doppler_name_rules(),
        string="Links to Campaigns",
    )

    crm_eid_enabled = fields.Boolean(
        string="Electronic ID Login",
        config_parameter="crm_gestion.eid_enabled",
        groups="base.group_system",
    )
    crm_eid_url = fields.Char(
        string="Address of the Page",
        config_parameter="crm_gestion.eid_url",
        groups="base.group_system",
    )
    crm_eid_proxies = fields.Char(
        string="Addresses of the Proxy",
        config_parameter="crm_gestion.eid_proxies",
        groups="base.group_system",
    )
    crm_eid_second_factor = fields.Boolean(
        string="Card and PIN Are Two Factors",
        config_parameter="crm_gestion.eid_second_factor",
        groups="base.group_system",
    )
    crm_eid_missing = fields.Char(
        compute="_compute_crm_eid_missing", groups="base.group_system"
    )
    crm_eid_has_secret = fields.Boolean(
        compute="_compute_crm_eid_missing", groups="base.group_system"
    )

    _former_months_positive = models.Constraint(
        "CHECK(crm_former_months > 0)",
        "A customer is a former one after one month at least.",
    )
    _incident_reopen_days_positive = models.Constraint(
        "CHECK(crm_incident_reopen_days >= 0)",
        "The days to reopen an incident cannot be negative; 0 reopens none.",
    )
    _correction_days_positive = models.Constraint(
        "CHECK(crm_correction_days >= 0)",
        "The days to correct a gestión cannot be negative.",
    )

    _quiet_days_positive = models.Constraint(
        "CHECK(crm_quiet_days > 0)",
        "An account waits for contact after one day at least.",
    )

    _objective_close_days_positive = models.Constraint(
        "CHECK(crm_objective_close_days >= 0)",
        "The days until objectives close cannot be negative; 0 closes none.",
    )
    _attribution_days_positive = models.Constraint(
        "CHECK(crm_attribution_days > 0)",
        "A campaign is given orders of one day at least.",
    )
    _pdf_limit_positive = models.Constraint(
        "CHECK(crm_pdf_limit > 0)", "A seller prints one document at once at least."
    )
    _read_limit_positive = models.Constraint(
        "CHECK(crm_read_limit >= 100)",
        "A day's work takes more: a seller reads 100 records in an hour at least.",
    )

    # === ELECTRONIC ID === #

    @api.depends("crm_eid_proxies")
    def _compute_crm_eid_missing(self):
        gate = self.env["crm.eid"]
        for settings in self:
            settings.crm_eid_missing = gate._describe_missing()
            settings.crm_eid_has_secret = bool(gate._get("secret_digest"))

    def action_new_eid_secret(self):
        """:return: action that shows the new secret of the proxy, this once"""
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Secret of the proxy: it is not shown again"),
                "message": self.env["crm.eid"]._renew_secret(),
            },
        }

    # === DOPPLER === #

    @api.model
    def _doppler_name_rules(self):
        rule = self.env["crm.doppler.account"]._fields["name_rule"]
        return rule._description_selection(self.env)

    @api.depends("company_id")
    def _compute_crm_doppler_account_id(self):
        for settings in self:
            settings.crm_doppler_account_id = self.env["crm.doppler.account"].search(
                [("company_id", "=", settings.company_id.id)], limit=1
            )

    def _compute_crm_doppler(self, name):
        """What the account of the company has, or what a new one would have."""
        default = self.env["crm.doppler.account"].new()
        for settings in self:
            account = settings.crm_doppler_account_id or default
            settings[f"crm_doppler_{name}"] = account[name]

    def _inverse_crm_doppler(self):
        """Only what was changed is written: other values of the account have not been
        tried out, and a key that is not typed is kept."""
        for settings in self.filtered("crm_doppler_email"):
            account = settings.crm_doppler_account_id
            values = {}
            for name in DOPPLER_SETTINGS:
                value = settings[f"crm_doppler_{name}"]
                if isinstance(value, str):
                    value = value.strip()
                if not account or value != account[name]:
                    values[name] = value
            values = account._convert_to_write(values)
            if account:
                account.write(values)
            else:
                account.create({**values, "company_id": settings.company_id.id})
        self.invalidate_recordset()

    def action_test_doppler(self):
        """Save what was typed and try it out.

        :return: action that tells the result
        """
        self.ensure_one()
        if not self.crm_doppler_account_id:
            raise UserError(
                self.env._("Give the e-mail and the API key of the account first.")
            )
        return self.crm_doppler_account_id.action_test()

    def action_open_doppler(self):
        """:return: action of the account's own page"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.doppler.account",
            "res_id": self.crm_doppler_account_id.id,
            "views": [(False, "form")],
        }

    @api.model
    def _file_fields_domain(self, kind):
        names = self.env["crm.partner.completeness"]._may_count(kind)
        return [("model", "=", "res.partner"), ("name", "in", names)]

    @api.model
    def get_values(self):
        values = super().get_values()
        for kind in ("organization", "contact"):
            chosen = self.env["crm.partner.completeness"]._counted(kind)
            # sudo: names of fields, for the director's settings page
            counted = (
                self.env["ir.model.fields"]
                .sudo()
                .search([("model", "=", "res.partner"), ("name", "in", chosen)])
            )
            values[f"crm_{kind}_field_ids"] = [Command.set(counted.ids)]
        return values

    def set_values(self):
        """Changing what counts queues the cron that works the percentages out again."""
        self.env["crm.eid"]._check_settings(self.crm_eid_proxies, self.crm_eid_url)
        res = super().set_values()
        # sudo: settings are written by administrators only. Odoo removes a parameter
        # that is 0, and the default would come back.
        params = self.env["ir.config_parameter"].sudo()
        for name in (
            "crm_correction_days",
            "crm_former_months",
            "crm_incident_reopen_days",
            "crm_objective_close_days",
            "crm_pdf_limit",
            "crm_quiet_days",
            "crm_read_limit",
        ):
            params.set_param(self._fields[name].config_parameter, str(self[name]))
        # sudo: names of fields, as in `get_values`
        settings = self.sudo()
        self.env["crm.partner.completeness"]._choose(
            {
                kind: settings[f"crm_{kind}_field_ids"].mapped("name")
                for kind in ("organization", "contact")
            }
        )
        return res
