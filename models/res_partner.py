from odoo import api, fields, models
from odoo.fields import Domain

from ..tools.account import completeness

# What may count for the completeness of an account's file: field -> what it counts for.
FILE_FIELDS = {
    "vat": {"organization"},
    "email": {"organization", "contact"},
    "phone": {"organization", "contact"},
    "website": {"organization"},
    "street": {"organization"},
    "city": {"organization"},
    "country_id": {"organization"},
    "market_id": {"organization"},
    "origination_id": {"organization", "contact"},
    "user_id": {"organization"},
    "child_ids": {"organization"},
    "parent_id": {"contact"},
    "cargo_id": {"contact"},
}
COMPLETENESS_PARAMETER = "crm_gestion.completeness_%s"
CURSOR_PARAMETER = "crm_gestion.completeness_cursor"
BATCH = 1000


class ResPartner(models.Model):
    """Organizations and contacts as the sales method sees them.

    An *account* is Odoo's commercial entity: an organization, or a person who buys for
    himself. ``account_status`` belongs to the account; its contacts carry the same one.
    """

    _inherit = "res.partner"

    origination_id = fields.Many2one(
        comodel_name="crm.origination",
        index="btree_not_null",
        ondelete="restrict",
        help="Channel through which this organization or contact reached us.",
    )
    origination_has_referrer = fields.Boolean(related="origination_id.has_referrer")
    referred_by_id = fields.Many2one(
        comodel_name="res.partner",
        string="Referred by",
        index="btree_not_null",
        ondelete="set null",
    )
    market_id = fields.Many2one(
        comodel_name="crm.market",
        index="btree_not_null",
        ondelete="restrict",
    )
    cargo_id = fields.Many2one(
        comodel_name="crm.cargo",
        string="Position",
        index="btree_not_null",
        ondelete="restrict",
    )
    account_status = fields.Selection(
        selection=[
            ("potential", "Potential customer"),
            ("customer", "Customer"),
            ("former", "Former customer"),
        ],
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Empty for who is of no commercial interest, such as mere suppliers.",
    )
    completeness = fields.Integer(
        string="File Completeness",
        compute="_compute_completeness",
        store=True,
        aggregator="avg",
        help="Percentage of the data of this file that are there.",
    )
    missing_data = fields.Char(compute="_compute_missing_data")
    gestion_ids = fields.One2many(
        comodel_name="crm.gestion",
        compute="_compute_gestion_ids",
        string="Gestiones",
        groups="crm_gestion.group_seller",
    )
    gestion_count = fields.Integer(
        string="Number of Gestiones",
        compute="_compute_gestion_data",
        groups="crm_gestion.group_seller",
    )
    last_gestion_date = fields.Datetime(
        string="Last Gestión",
        compute="_compute_gestion_data",
        groups="crm_gestion.group_seller",
    )

    # Odoo has none, and the accounts of a seller are asked for all day
    _crm_user_idx = models.Index("(user_id) WHERE user_id IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends_context("partner_display_name_hide_company")
    def _compute_display_name(self):
        """Odoo looks at this key and does not say so: the first name read in a request
        would stand for all."""
        return super()._compute_display_name()

    @api.depends("is_company", "parent_id", "child_ids.type", *FILE_FIELDS)
    def _compute_completeness(self):
        for partner in self:
            partner.completeness = completeness(
                partner._has_data(name) for name in partner._file_fields()
            )

    @api.depends("completeness")
    @api.depends_context("lang")
    def _compute_missing_data(self):
        labels = self.fields_get(FILE_FIELDS, ["string"])
        labels["child_ids"] = {"string": self.env._("Contacts")}
        for partner in self:
            partner.missing_data = ", ".join(
                labels[name]["string"]
                for name in partner._file_fields()
                if not partner._has_data(name) and name in labels
            )

    def _has_data(self, name):
        """Addresses of an organization are no contacts."""
        if name == "child_ids":
            return any(child.type == "contact" for child in self.child_ids)
        return bool(self[name])

    def _gestion_domain(self):
        """:return: domain of the interactions with these organizations and contacts"""
        return Domain("organization_id", "in", self.ids) | Domain(
            "contact_id", "in", self.ids
        )

    @api.depends_context("uid")
    def _compute_gestion_ids(self):
        gestiones = self.env["crm.gestion"].search(self._gestion_domain())
        by_organization = gestiones.grouped("organization_id")
        by_contact = gestiones.grouped("contact_id")
        none = self.env["crm.gestion"]
        for partner in self:
            key = partner._origin
            own = by_organization.get(key, none) | by_contact.get(key, none)
            partner.gestion_ids = own.sorted() if key else none

    @api.depends_context("uid")
    def _compute_gestion_data(self):
        Gestion = self.env["crm.gestion"]
        counts = dict.fromkeys(self.ids, 0)
        dates = dict.fromkeys(self.ids, False)
        for name in ("organization_id", "contact_id"):
            for partner, count, date in Gestion._read_group(
                [(name, "in", self.ids)], [name], ["__count", "date:max"]
            ):
                counts[partner.id] += count
                dates[partner.id] = max(filter(None, (dates[partner.id], date)))
        for partner in self:
            partner.gestion_count = counts.get(partner._origin.id, 0)
            partner.last_gestion_date = dates.get(partner._origin.id, False)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """What a seller enters, or anybody from the sales menus, is of interest."""
        partners = super().create(vals_list)
        found = partners.filtered("origination_id") | partners._entered_by_sales()
        self.env["crm.account.status"]._mark_potential(found)
        return partners

    def write(self, vals):
        res = super().write(vals)
        if vals.get("origination_id"):
            self.env["crm.account.status"]._mark_potential(self)
        return res

    @api.model
    def _commercial_fields(self):
        return [*super()._commercial_fields(), "market_id", "account_status"]

    def _commercial_sync_to_descendants(self, fields_to_sync=None):
        """``crm.account.status`` writes accounts and contacts in one batch."""
        if fields_to_sync is not None and set(fields_to_sync) == {"account_status"}:
            return
        super()._commercial_sync_to_descendants(fields_to_sync)

    def _convert_fields_to_values(self, field_names):
        """Odoo 19.0 reads what contacts inherit from their organization as the user who
        imports them, and fails on accounting fields that sales may not see. Later
        versions read it in superuser mode, as they always wrote it (odoo/odoo#278638).
        """
        # sudo: see above; the values go from an organization to its contacts only
        return super(ResPartner, self.sudo())._convert_fields_to_values(field_names)

    def _entered_by_sales(self):
        if self.env.context.get("res_partner_search_mode") == "supplier":
            return self.browse()
        seller = not self.env.su and self.env.user.has_group("crm_gestion.group_seller")
        if not seller and not self.env.context.get("crm_gestion_menu"):
            return self.browse()
        return self.filtered(lambda partner: not partner.supplier_rank)

    # === ACTION METHODS === #

    def action_view_gestiones(self):
        """List the interactions with these organizations and contacts."""
        organization = self[:1]._crm_organization()
        return self.env["crm.gestion"]._view_action(
            list(self._gestion_domain()),
            {
                "default_organization_id": organization.id,
                "default_contact_id": self[:1].id
                if self[:1] != organization
                else False,
            },
        )

    def action_view_opportunity(self):
        """List what the button counts. Odoo counts archived opportunities, paused ones
        among them, and its own filters would hide what is neither ongoing nor lost."""
        action = super().action_view_opportunity()
        context = {
            key: value
            for key, value in action["context"].items()
            if not key.startswith("search_default_")
        }
        return {**action, "context": context}

    def action_log_gestion(self):
        """Open the dialog that logs an interaction with this organization or
        contact."""
        self.ensure_one()
        context = self.action_view_gestiones()["context"]
        return self.env["crm.gestion"]._new_action(context)

    @api.model
    def get_import_templates(self):
        """Offer our own templates where the sales menus import."""
        kind = self.env.context.get("crm_gestion_menu")
        templates = self.env["crm.master.mixin"]._import_template(kind)
        return templates or super().get_import_templates()

    # === BUSINESS METHODS === #

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        self.env["crm.gestion.email"]._log_posted(
            self, message, recipients, kwargs.get("scheduled_date")
        )
        return recipients

    def _crm_organization(self):
        """
        :return: the company this partner is or works for; empty for a person who
            stands for himself
        """
        organization = self if self.is_company else self.commercial_partner_id
        return organization if organization.is_company else self.browse()

    def _file_fields(self):
        """:return: names of the fields that count for the completeness of this file"""
        kind = "organization" if self.is_company else "contact"
        return self._counted_fields(kind)

    @api.model
    def _counted_fields(self, kind):
        """Fields that a director chose to count, all that may count by default.

        :param str kind: ``organization`` or ``contact``
        """
        allowed = [name for name, kinds in FILE_FIELDS.items() if kind in kinds]
        chosen = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param(COMPLETENESS_PARAMETER % kind)
        )
        if not chosen:
            return allowed  # "-": nothing was chosen on purpose
        return [name for name in allowed if name in chosen.split(",")]

    # === CRON === #

    @api.model
    def _cron_compute_completeness(self):
        """After installation, and after a change of what counts: work the percentage
        out for everybody, in bounded batches.

        How far a run came is kept once at its end, so a crash repeats a part and loses
        nothing.
        """
        params = self.env["ir.config_parameter"].sudo()
        cursor = int(params.get_param(CURSOR_PARAMETER, "0"))
        partners = self.with_context(active_test=False)
        while batch := partners.search([("id", ">", cursor)], order="id", limit=BATCH):
            self.env.add_to_compute(self._fields["completeness"], batch)
            batch.flush_recordset(["completeness"])
            cursor = batch.ids[-1]
            left = partners.search_count([("id", ">", cursor)], limit=BATCH)
            batch.invalidate_recordset()
            if not self.env["ir.cron"]._commit_progress(len(batch), remaining=left):
                break
        params.set_param(CURSOR_PARAMETER, str(cursor) if batch else "0")
