from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .crm_partner_completeness import FILE_FIELDS


class ResPartner(models.Model):
    """Organizations and contacts as the sales method sees them.

    An *account* is Odoo's commercial entity: an organization, or a person who buys for
    himself. ``account_status`` belongs to the account; its contacts carry the same one.
    """

    _name = "res.partner"
    _inherit = ["crm.partner.incident.mixin", "res.partner", "crm.project.mixin"]

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
        compute="_compute_gestion_count",
        groups="crm_gestion.group_seller",
    )
    last_gestion_date = fields.Datetime(
        string="Last Gestión",
        compute="_compute_last_gestion_date",
        search="_search_last_gestion_date",
        groups="crm_gestion.group_seller",
        help="Whoever made it, also where you may not open it.",
    )
    last_contact_note = fields.Char(
        string="Last Contact",
        compute="_compute_notices",
        groups="crm_gestion.group_seller",
    )
    hidden_opportunity_note = fields.Char(
        string="Colleagues' Opportunities",
        compute="_compute_notices",
        groups="crm_gestion.group_seller",
        help="Open opportunities here that you may not open: ask who has them.",
    )
    crm_segment_ids = fields.Many2many(
        comodel_name="crm.segment",
        string="Segment",
        store=False,
        search="_search_crm_segment_ids",
        help="To search by: who is in the segment now.",
    )
    crm_frozen_segment_ids = fields.Many2many(
        comodel_name="crm.segment",
        relation="crm_segment_frozen_partner_rel",
        column1="partner_id",
        column2="segment_id",
        string="Frozen Segments",
        copy=False,
    )
    crm_account_order_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Orders of the Account",
        store=False,
        search="_search_crm_account_order_ids",
        help="To search by: orders of the organization and all its contacts.",
    )
    crm_received_campaign_ids = fields.Many2many(
        comodel_name="utm.campaign",
        string="Campaigns Received",
        store=False,
        search="_search_crm_received_campaign_ids",
        help="To search by: campaigns that reached this contact.",
    )
    crm_answered_campaign_ids = fields.Many2many(
        comodel_name="utm.campaign",
        string="Campaigns Answered",
        store=False,
        search="_search_crm_answered_campaign_ids",
        help="To search by: campaigns that this contact answered.",
    )
    crm_do_not_contact = fields.Boolean(
        string="Do Not Contact",
        compute="_compute_crm_do_not_contact",
        search="_search_crm_do_not_contact",
        help="Asked not to be contacted: the result of a gestión says so.",
    )
    crm_opted_out = fields.Boolean(
        string="Wants No Mailing",
        compute="_compute_crm_opted_out",
        search="_search_crm_opted_out",
        help="Asked not to be contacted, opted out of a campaign, withdrew the consent "
        "to mailings, or unsubscribed from all mailing lists.",
    )

    crm_campaign_count = fields.Integer(
        string="Number of Campaigns",
        compute="_compute_crm_campaign_count",
        groups="crm_gestion.group_seller",
        help="Those that reached this contact, or somebody of this organization.",
    )

    crm_consent_ids = fields.One2many(
        comodel_name="crm.mailing.consent",
        inverse_name="partner_id",
        string="Consents",
        readonly=True,
        groups="crm_gestion.group_seller",
    )
    crm_consent_note = fields.Char(
        string="Consent",
        compute="_compute_crm_consent_note",
        groups="crm_gestion.group_seller",
    )
    crm_doppler_member_ids = fields.One2many(
        comodel_name="crm.doppler.member",
        inverse_name="partner_id",
        string="Lists of Doppler",
        readonly=True,
        groups="crm_gestion.group_seller",
    )
    crm_has_doppler = fields.Boolean(
        compute="_compute_crm_has_doppler", groups="crm_gestion.group_seller"
    )

    affiliation_ids = fields.One2many(
        comodel_name="crm.affiliation",
        inverse_name="contact_id",
        string="Affiliations",
    )
    member_affiliation_ids = fields.One2many(
        comodel_name="crm.affiliation",
        inverse_name="organization_id",
        string="Affiliated Contacts",
    )
    crm_organization_ids = fields.Many2many(
        comodel_name="res.partner",
        string="Organizations",
        compute="_compute_crm_organization_ids",
        search="_search_crm_organization_ids",
        help="Those this contact belongs to today: his employer and his affiliations.",
    )
    crm_contact_count = fields.Integer(
        string="Number of Contacts",
        compute="_compute_crm_contact_count",
        groups="crm_gestion.group_seller",
    )
    manager_contact_id = fields.Many2one(
        comodel_name="res.partner",
        string="Reports to",
        index="btree_not_null",
        ondelete="set null",
    )
    report_contact_ids = fields.One2many(
        comodel_name="res.partner",
        inverse_name="manager_contact_id",
        string="Reports of This Contact",
    )
    chart_cargo_id = fields.Many2one(
        comodel_name="crm.cargo",
        string="Position Held There",
        compute="_compute_chart_data",
        ondelete="set null",
    )
    chart_influence = fields.Selection(
        selection=lambda self: self._selection_influence(),
        string="Influence",
        compute="_compute_chart_data",
    )
    duplicate_ids = fields.Many2many(
        comodel_name="res.partner",
        string="Possible Duplicates",
        compute="_compute_duplicate_ids",
        context={"active_test": False},
    )

    # What duplicates are looked for by, and the list of files to complete.
    _crm_vat_idx = models.Index(
        "(upper(regexp_replace(vat, '[^A-Za-z0-9]', '', 'g'))) WHERE vat IS NOT NULL"
    )
    _crm_email_idx = models.Index(
        "(email_normalized) WHERE email_normalized IS NOT NULL"
    )
    _crm_phone_idx = models.Index("(phone_sanitized) WHERE phone_sanitized IS NOT NULL")
    _crm_completeness_idx = models.Index(
        "(completeness, id) WHERE account_status IS NOT NULL"
    )
    handover_count = fields.Integer(
        string="Times Handed Over",
        compute="_compute_handover_count",
        groups="crm_gestion.group_seller",
    )
    # Whose accounts: the rules ask it with each request, and the index answers alone.
    _crm_user_idx = models.Index(
        "(user_id, is_company, id)"
        " WHERE user_id IS NOT NULL AND (is_company OR parent_id IS NULL)"
    )

    # === WHO MAY === #

    def _has_field_access(self, field, operation):
        """Who is on the list of a frozen segment is its owner's to say: a contact's
        page is no way round, for who may write the contact or make one."""
        if field.name == "crm_frozen_segment_ids" and operation == "write":
            return self.env.su
        return super()._has_field_access(field, operation)

    # === COMPUTE METHODS === #

    @api.depends_context("uid")
    def _compute_handover_count(self):
        counts = self.env["crm.handover.line"]._counts(self)
        for partner in self:
            partner.handover_count = counts[partner]

    @api.depends_context("partner_display_name_hide_company")
    def _compute_display_name(self):
        """Odoo looks at this key and does not say so: the first name read in a request
        would stand for all."""
        return super()._compute_display_name()

    @api.depends("is_company", "parent_id", "child_ids.type", *FILE_FIELDS)
    def _compute_completeness(self):
        percentages = self.env["crm.partner.completeness"]._percentages(self)
        for partner in self:
            partner.completeness = percentages[partner]

    @api.depends("completeness")
    @api.depends_context("lang")
    def _compute_missing_data(self):
        missing = self.env["crm.partner.completeness"]._missing(self)
        for partner in self:
            partner.missing_data = ", ".join(missing[partner])

    def _gestion_domain(self):
        """:return: domain of the interactions with these organizations and contacts"""
        return Domain("organization_id", "in", self.ids) | Domain(
            "contact_id", "in", self.ids
        )

    @api.depends_context("uid")
    def _compute_gestion_ids(self):
        """Only with whom they were is read here: of thousands the form shows a page."""
        gestiones = self.env["crm.gestion"].search_fetch(
            self._gestion_domain(), ["organization_id", "contact_id"]
        )
        found = defaultdict(list)
        for gestion in gestiones:
            for partner_id in {gestion.organization_id.id, gestion.contact_id.id}:
                found[partner_id].append(gestion.id)
        for partner in self:
            partner.gestion_ids = gestiones.browse(found.get(partner._origin.id, ()))

    @api.depends_context("uid")
    def _compute_gestion_count(self):
        Gestion = self.env["crm.gestion"]
        counts = dict.fromkeys(self.ids, 0)
        for name in ("organization_id", "contact_id"):
            for partner, count in Gestion._read_group(
                [(name, "in", self.ids)], [name], ["__count"]
            ):
                counts[partner.id] += count
        for partner in self:
            partner.gestion_count = counts.get(partner._origin.id, 0)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_campaign_count(self):
        counts = self.env["crm.campaign.member"]._campaign_counts(self)
        for partner in self:
            partner.crm_campaign_count = counts.get(partner._origin.id, 0)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_last_gestion_date(self):
        found = self.env["crm.account.notice"]._last_contacts(self)
        for partner in self:
            date, _user = found.get(partner._origin.id, (False, False))
            partner.last_gestion_date = date

    def _search_last_gestion_date(self, operator, value):
        return self.env["crm.partner.criteria"]._last_gestion(operator, value)

    def _search_crm_segment_ids(self, operator, value):
        return self.env["crm.partner.criteria"]._segments(operator, value)

    def _search_crm_account_order_ids(self, operator, value):
        return self.env["crm.partner.criteria"]._account_orders(operator, value)

    def _search_crm_received_campaign_ids(self, operator, value):
        return self.env["crm.partner.criteria"]._received(operator, value)

    def _search_crm_answered_campaign_ids(self, operator, value):
        return self.env["crm.partner.criteria"]._answered(operator, value)

    @api.depends("crm_consent_ids")
    @api.depends_context("uid", "lang", "tz")
    def _compute_crm_consent_note(self):
        notes = self.env["crm.mailing.consent"]._notes(self)
        for partner in self:
            partner.crm_consent_note = notes.get(partner._origin.id)

    @api.depends_context("allowed_company_ids")
    def _compute_crm_has_doppler(self):
        # sudo: whether there is one is no secret
        accounts = self.env["crm.doppler.account"].sudo()
        companies = [("company_id", "in", self.env.companies.ids)]
        self.crm_has_doppler = bool(accounts.search_count(companies, limit=1))

    def _compute_crm_do_not_contact(self):
        self._compute_consent("crm_do_not_contact")

    def _search_crm_do_not_contact(self, operator, value):
        return self.env["crm.partner.criteria"]._do_not_contact(operator, value)

    def _compute_crm_opted_out(self):
        self._compute_consent("crm_opted_out")

    def _search_crm_opted_out(self, operator, value):
        return self.env["crm.partner.criteria"]._opted_out(operator, value)

    def _compute_consent(self, name):
        """Agrees with the search."""
        partners = self.with_context(active_test=False)
        found = partners.search([("id", "in", self.ids), (name, "=", True)])
        for partner in self:
            partner[name] = partner._origin.id in found._ids

    @api.depends_context("uid", "allowed_company_ids", "lang", "tz")
    def _compute_notices(self):
        Notice = self.env["crm.account.notice"]
        contacts = Notice._last_contact_notes(self)
        opportunities = Notice._hidden_opportunity_notes(self)
        for partner in self:
            partner.last_contact_note = contacts.get(partner._origin.id)
            partner.hidden_opportunity_note = opportunities.get(partner._origin.id)

    @api.depends(
        "is_company",
        "commercial_partner_id",
        "affiliation_ids.organization_id",
        "affiliation_ids.date_from",
        "affiliation_ids.date_to",
    )
    def _compute_crm_organization_ids(self):
        found = self.env["crm.affiliation"]._organizations(self)
        for partner in self:
            partner.crm_organization_ids = found[partner]

    def _search_crm_organization_ids(self, operator, value):
        if operator == "any":
            value = self._search(value)
        elif operator != "in":
            return NotImplemented
        Affiliation = self.env["crm.affiliation"]
        if operator == "in" and False in value:
            nobodys = ~Affiliation._contacts_domain(self._search([]))
            return Affiliation._contacts_domain(value) | nobodys
        return Affiliation._contacts_domain(value)

    def _compute_crm_contact_count(self):
        counts = self.env["crm.affiliation"]._contact_counts(self)
        for partner in self:
            partner.crm_contact_count = counts.get(partner._origin, 0)

    @api.depends("cargo_id.influence", "affiliation_ids.cargo_id")
    @api.depends_context("crm_organization_id")
    def _compute_chart_data(self):
        """In the chart of an organization: what a contact is there, who may be
        something else in another."""
        cargos = self.env["crm.affiliation"]._cargos(
            self, self.env.context.get("crm_organization_id")
        )
        for partner in self:
            partner.chart_cargo_id = cargos.get(partner._origin, partner.cargo_id)
            partner.chart_influence = partner.chart_cargo_id.influence

    @api.model
    def _selection_influence(self):
        """:return: the influences of positions, in the language of the user"""
        influence = self.env["crm.cargo"]._fields["influence"]
        return influence._description_selection(self.env)

    @api.depends(
        "vat", "email", "phone", "type", "is_company", "parent_id", "country_id"
    )
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_duplicate_ids(self):
        found = self.env["crm.duplicate"]._find(self)
        for partner in self:
            partner.duplicate_ids = found[partner]

    def _get_contact_opportunities_domain(self):
        """Also those of others who spoke for this organization."""
        domain = Domain(super()._get_contact_opportunities_domain())
        return domain | Domain("organization_id", "in", self.ids)

    def _compute_opportunity_count(self):
        res = super()._compute_opportunity_count()
        self.env["crm.affiliation"]._add_opportunities(self)
        return res

    # === CONSTRAINTS === #

    @api.constrains("manager_contact_id")
    def _check_manager(self):
        if self._has_cycle("manager_contact_id"):
            raise ValidationError(
                self.env._("Nobody reports to himself, over others neither.")
            )

    # === CRUD METHODS === #

    def _compute_lang(self):
        # sudo: as Odoo computes it elsewhere; creating a contact of an organization, it
        # calls this as the user, to whom the new contact does not belong
        return super(ResPartner, self.sudo())._compute_lang()

    def _update_address(self, vals):
        # sudo: always that of the organization, which its contacts share; whoever may
        # add one to a colleague's may not write what he has added
        return super(ResPartner, self.sudo())._update_address(vals)

    @api.model_create_multi
    def create(self, vals_list):
        """What a seller enters, or anybody from the sales menus, is of interest."""
        partners = super().create(self._with_status(vals_list))
        found = partners.filtered("origination_id") | partners._entered_by_sales()
        self.env["crm.account.status"]._mark_potential(found)
        if partners.user_id:
            self.env["res.users"]._crm_drop_scopes()
        return partners

    def write(self, vals):
        self.env["crm.substitution"]._check_owner_kept(self, vals)
        traced = self.env["crm.contact.trace"]._traced(self, vals)
        res = super(ResPartner, traced).write(vals)
        if vals.get("origination_id"):
            self.env["crm.account.status"]._mark_potential(self)
        if "parent_id" in vals:
            self.env["crm.affiliation"]._follow_employers(self)
        if vals.keys() & {"is_company", "parent_id", "user_id"}:
            self.env["res.users"]._crm_drop_scopes()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        self.env["crm.history.guard"]._check_partners(self)

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
        if not self._is_sales_entry():
            return self.browse()
        return self.filtered(lambda partner: not partner.supplier_rank)

    @api.model
    def _is_sales_entry(self):
        """:return: whether what is entered now is entered by sales"""
        if self.env.context.get("res_partner_search_mode") == "supplier":
            return False
        seller = not self.env.su and self.env.user.has_group("crm_gestion.group_seller")
        return bool(seller or self.env.context.get("crm_gestion_menu"))

    @api.model
    def _with_status(self, vals_list):
        """New accounts of interest have their status from the start: `create` looks
        after the others, contacts of an account that is there already among them."""
        context = self.env.context
        if context.get("default_parent_id") or context.get("default_supplier_rank"):
            return vals_list
        by_sales = self._is_sales_entry()

        def is_known(vals):
            if vals.get("parent_id") or vals.get("account_status"):
                return False
            is_supplier = vals.get("supplier_rank")
            return vals.get("origination_id") or (by_sales and not is_supplier)

        return [
            {**vals, "account_status": "potential"} if is_known(vals) else vals
            for vals in vals_list
        ]

    # === ACTION METHODS === #

    def action_view_handovers(self):
        """List the hand-overs of these records."""
        return self.env["crm.handover.line"]._view_action(self)

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

    @api.readonly
    def action_crm_why(self):
        """Say in words which rule shows this to the user."""
        self.ensure_one()
        return self.env["crm.access.reason"]._action(self)

    def action_crm_campaigns(self):
        """List the campaigns that reached these contacts, or people of these
        organizations."""
        Member = self.env["crm.campaign.member"]
        return Member._view_action(Member._reached_domain(self), {"create": False})

    def action_crm_record_consent(self):
        """Open the dialog that records a consent of these contacts.

        :raise AccessError: where the user may not, before he has filled it in
        """
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_mailing_consent_record_action"
        )
        return {**action, "context": {"default_partner_ids": self.ids}}

    def action_crm_timeline(self):
        """Open the history of this organization or contact."""
        self.ensure_one()
        return self.env["crm.timeline"]._action_of(self)

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

    def action_crm_change_organization(self):
        """Open the dialog that notes that this contact leaves or joins an
        organization.

        :raise AccessError: where the user may not, before he has filled it in
        """
        self.ensure_one()
        self.check_access("write")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_affiliation_change_action"
        )
        return {**action, "context": {"default_contact_id": self.id}}

    def action_crm_contacts(self):
        """Open the organization chart: who is employed here or affiliated, and the
        bosses of theirs elsewhere, without whom they would not be shown."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.res_partner_action_chart"
        )
        contacts = [
            ("crm_organization_ids", "in", self.ids),
            ("is_company", "=", False),
        ]
        bosses = self.search(contacts)._crm_managers()
        return {
            **action,
            "domain": ["|", ("id", "in", bosses.ids), "&", *contacts],
            "context": {
                "default_parent_id": self.id,
                "default_is_company": False,
                "crm_organization_id": self.id,
                "crm_gestion_menu": "contact",
            },
        }

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

    def _crm_organization_for(self, chosen=None):
        """The organization that this contact is taken to speak for.

        :param chosen: organization, kept where he belongs to it
        :return: else his employer, else the only one he belongs to
        """
        employer = self._crm_organization()
        if chosen == employer or (employer and not chosen):
            return employer
        organizations = self.crm_organization_ids
        if chosen and chosen in organizations:
            return chosen
        # superuser mode, as that of computed fields, sees those of all companies
        companies = self.env.companies.parent_ids
        organizations = organizations.filtered(lambda o: o.company_id <= companies)
        return employer or (organizations if len(organizations) == 1 else employer)

    def _crm_managers(self):
        """:return: the bosses of these contacts, and theirs, up to the top"""
        found, level = self.browse(), self.manager_contact_id
        while level := level - found:
            found |= level
            level = level.manager_contact_id
        return found

    def _crm_before_merge(self, target):
        """These partners are about to be merged into another one, by SQL.

        Called by Odoo's merge wizard, whose rights hold.
        """
        self.env["crm.affiliation.merge"]._before_merge(self, target)
        self.env["crm.campaign.member"]._merge(self, target)
        # sudo: as the wizard itself deletes the merged partners
        merged = (self | target).sudo()
        # nobody reports to himself, nor was he referred by himself
        merged.filtered(lambda p: p.manager_contact_id._crm_reports_to(merged)).write(
            {"manager_contact_id": False}
        )
        merged.filtered(lambda p: p.referred_by_id in merged).write(
            {"referred_by_id": False}
        )
        self.env.flush_all()

    def _crm_after_merge(self, target):
        """These partners were merged into another one: work out what SQL left as it
        was."""
        self.env.invalidate_all()
        target = target.sudo()  # sudo: as in _crm_before_merge
        tree = target.with_context(active_test=False).search(
            [("id", "child_of", target.id)]
        )
        self.env.add_to_compute(self._fields["completeness"], tree)
        self.env["crm.affiliation.merge"]._after_merge(target)
        status = self.env["crm.account.status"]
        status._refresh(target)
        status._align_contacts(target)

    def _crm_reports_to(self, others):
        """:return: whether these contacts, or a boss of theirs, are some of others"""
        return bool((self | self._crm_managers()) & others)

    # === CRON === #

    @api.model
    def _cron_compute_completeness(self):
        self.env["crm.partner.completeness"]._recompute_all()
