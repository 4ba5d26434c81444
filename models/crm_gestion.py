from datetime import timedelta
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import plaintext2html

# Fields that say how far a contact got in a campaign.
TOLD_TO_CAMPAIGNS = {
    "campaign_id", "contact_id", "direction", "lead_id", "organization_id", "result_id",
}  # fmt: skip


class CrmGestion(models.Model):
    """One interaction that happened with a customer, with its result and next step.

    *Lifecycle.* A gestión is logged after the fact: its date is never in the future,
    the future is the next step, a native activity that this record plans and keeps in
    step with. Its author may correct it for some days (setting "Days to correct a
    gestión"), afterwards only a head of sales; what was corrected stays readable in
    ``crm.gestion.change``.

    *Invariants.* It has an organization or a contact. Organization, contact, team,
    company, campaign and stage complete themselves from what is known, and are kept as
    they were then: no later change of the opportunity or the contact rewrites them.

    *On purpose* this is not a ``mail.thread``: five million interactions must not cost
    five million messages. Nobody owns one either: it is read by who has its author, the
    opportunity's seller or the account's seller in his scope, so that history follows
    the account and a hand-over rewrites nothing.
    """

    _name = "crm.gestion"
    _description = "Customer Interaction"
    _inherit = ["crm.next.step.mixin", "crm.incident.subject.mixin"]
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(
        string="Subject",
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
    )
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Type",
        required=True,
        domain="[('is_gestion', '=', True)]",
        default=lambda self: self._default_activity_type_id(),
        ondelete="restrict",
        index=True,
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    duration = fields.Float(help="Duration in hours.")
    direction = fields.Selection(
        selection=[("out", "Outgoing"), ("in", "Incoming")],
        required=True,
        default="out",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Made by",
        required=True,
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        ondelete="restrict",
    )
    on_behalf_of_id = fields.Many2one(
        comodel_name="res.users",
        string="On Behalf of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The absent seller whom its author covered that day.",
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        compute="_compute_team_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="set null",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
    )
    organization_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_organization_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('is_company', '=', True)]",
        ondelete="restrict",
        check_company=True,
    )
    contact_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_contact_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('is_company', '=', False)]",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    contact_organization_ids = fields.Many2many(
        related="contact_id.crm_organization_ids",
        string="Organizations of the Contact",
    )
    lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
    )
    stage_id = fields.Many2one(
        comodel_name="crm.stage",
        string="Stage Then",
        compute="_compute_stage_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="set null",
        help="Stage of the opportunity at the time of the interaction.",
    )
    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        compute="_compute_campaign_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="set null",
    )
    description = fields.Text()
    result_id = fields.Many2one(
        comodel_name="crm.gestion.result",
        index=True,
        ondelete="restrict",
    )
    outcome = fields.Selection(
        related="result_id.outcome",
        store=True,
        precompute=True,
        help="Kept with the interaction, for statistics.",
    )
    result_opens_opportunity = fields.Boolean(related="result_id.opens_opportunity")
    result_requires_next_step = fields.Boolean(related="result_id.requires_next_step")
    result_stops_contact = fields.Boolean(related="result_id.stops_contact")
    opportunity_ids = fields.One2many(
        comodel_name="crm.lead",
        inverse_name="source_gestion_id",
        string="Opportunities Born",
        context={"active_test": False},
    )
    opportunity_count = fields.Integer(compute="_compute_opportunity_count")
    change_ids = fields.One2many(
        comodel_name="crm.gestion.change",
        inverse_name="gestion_id",
        string="Corrections",
    )
    activity_id = fields.Many2one(
        comodel_name="mail.activity",
        string="Done Activity",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    calendar_event_id = fields.Many2one(
        comodel_name="calendar.event",
        string="Meeting",
        readonly=True,
        copy=False,
        ondelete="set null",
    )
    message_id = fields.Many2one(
        comodel_name="mail.message",
        string="E-mail",
        readonly=True,
        copy=False,
        ondelete="set null",
        help="Shown, and not copied: the text stays in the e-mail.",
    )
    message_body = fields.Html(
        string="Text of the E-mail", compute="_compute_message_body"
    )
    external_ref = fields.Char(
        string="External Reference",
        copy=False,
        help="What the interaction is called in the system it was imported from, or in "
        "the form that saved it.",
    )
    takeover_record_ids = fields.One2many(
        comodel_name="crm.takeover.record",
        inverse_name="res_id",
        string="Take-over",
        domain=[("res_model", "=", "crm.gestion")],
        groups="crm_gestion.group_sales_director",
    )
    in_scope = fields.Boolean(
        string="In My Scope", compute="_compute_in_scope", search="_search_in_scope"
    )

    _who = models.Constraint(
        "CHECK(organization_id IS NOT NULL OR contact_id IS NOT NULL)",
        "Say with whom: choose an organization or a contact.",
    )
    _duration_positive = models.Constraint(
        "CHECK(duration >= 0)", "The duration cannot be negative."
    )
    _default_order_idx = models.Index("(date DESC, id DESC)")
    # the latest of a seller or an account, in a table where nobody has all of them
    _user_idx = models.Index("(user_id, date DESC, id DESC)")
    _organization_idx = models.Index(
        "(organization_id, date DESC, id DESC) WHERE organization_id IS NOT NULL"
    )
    # what campaigns touched an account: few of its gestiones are of any
    _campaign_idx = models.Index(
        "(organization_id, contact_id, date, campaign_id, company_id)"
        " WHERE campaign_id IS NOT NULL"
    )
    # how many of a period: objectives, which read nothing but this
    _objective_idx = models.Index(
        "(date, user_id, team_id, activity_type_id, company_id)"
    )
    _without_result_idx = models.Index("(user_id) WHERE result_id IS NULL")
    _activity_unique = models.UniqueIndex(
        "(activity_id) WHERE activity_id IS NOT NULL",
        "This activity is a gestión already: open that one.",
    )
    _calendar_event_unique = models.UniqueIndex(
        "(calendar_event_id) WHERE calendar_event_id IS NOT NULL",
        "This meeting is a gestión already: open that one.",
    )
    _message_unique = models.UniqueIndex(
        "(message_id) WHERE message_id IS NOT NULL",
        "This e-mail is a gestión already: open that one.",
    )
    _external_ref_unique = models.UniqueIndex(
        "(external_ref) WHERE external_ref IS NOT NULL",
        "This gestión is saved already: look for it before you log it again.",
    )

    @api.model
    def _default_activity_type_id(self):
        return self.env["mail.activity.type"].search(
            [("is_gestion", "=", True)],
            order="counts_as_activity DESC, sequence, id",
            limit=1,
        )

    # === COMPUTE METHODS === #

    @api.depends("activity_type_id", "organization_id", "contact_id")
    def _compute_name(self):
        """Type and person say it all; an import may bring a subject of its own."""
        for gestion in self:
            who = gestion.contact_id.name or gestion.organization_id.name
            parts = (gestion.activity_type_id.name, who)
            gestion.name = ": ".join(part for part in parts if part)

    @api.depends("lead_id")
    def _compute_contact_id(self):
        for gestion in self:
            partner = gestion.lead_id.partner_id
            if not gestion.contact_id and partner and not partner.is_company:
                gestion.contact_id = partner

    @api.depends("lead_id", "contact_id")
    def _compute_organization_id(self):
        for gestion in self:
            if not gestion.organization_id:
                gestion.organization_id = (
                    gestion.lead_id.organization_id
                    or gestion.contact_id._crm_organization_for()
                )

    @api.depends("lead_id", "user_id")
    def _compute_team_id(self):
        for gestion in self:
            if not gestion.team_id:
                gestion.team_id = (
                    gestion.lead_id.team_id or gestion.user_id.sale_team_id
                )

    @api.depends("lead_id", "organization_id", "contact_id")
    def _compute_company_id(self):
        for gestion in self:
            if not gestion.company_id:
                gestion.company_id = (
                    gestion.lead_id.company_id
                    or gestion.organization_id.company_id
                    or gestion.contact_id.company_id
                    or self.env.company
                )

    @api.depends("lead_id")
    def _compute_stage_id(self):
        for gestion in self:
            gestion.stage_id = gestion.lead_id.stage_id

    @api.depends("lead_id")
    def _compute_campaign_id(self):
        for gestion in self:
            if not gestion.campaign_id:
                gestion.campaign_id = gestion.lead_id.campaign_id

    @api.depends("result_id")
    def _compute_next_step(self):
        """The result proposes the next step; what somebody typed stays. To imported
        history nothing is proposed."""
        if self.env.context.get("import_file"):
            return super()._compute_next_step()
        for gestion in self:
            gestion.result_id._propose_next_step(gestion)
        return None

    @api.depends("opportunity_ids")
    def _compute_opportunity_count(self):
        for gestion in self:
            gestion.opportunity_count = len(gestion.opportunity_ids)

    @api.depends("message_id")
    @api.depends_context("uid")
    def _compute_message_body(self):
        """Who may not read the e-mail where it was posted does not read it here."""
        readable = self.message_id._filtered_access("read")
        for gestion in self:
            message = gestion.message_id & readable
            gestion.message_body = message.body

    @api.depends("company_id", "contact_id", "lead_id", "organization_id", "user_id")
    @api.depends_context("uid")
    def _compute_in_scope(self):
        readable = self.env["crm.history"]._readable(self)
        for gestion in self:
            gestion.in_scope = gestion in readable

    def _search_in_scope(self, operator, value):
        """Interactions of my people, with my people's opportunities or accounts.

        No dotted terms: joined by OR they become LEFT JOINs over the whole table, seven
        times slower on five million rows.
        """
        if operator != "in":
            return NotImplemented
        return self.env["crm.history"]._domain(self._name)

    @api.onchange("contact_id")
    def _onchange_contact_id(self):
        """Who picks another contact means his organization too. On the screen only: a
        contact who changes his employer later changes nothing here."""
        if organization := self.contact_id._crm_organization_for(self.organization_id):
            self.organization_id = organization

    # === CONSTRAINTS === #

    @api.constrains("date")
    def _check_date(self):
        # a minute of tolerance: the clocks of phone and server differ
        limit = fields.Datetime.now() + timedelta(minutes=1)
        if any(gestion.date > limit for gestion in self):
            raise ValidationError(
                self.env._(
                    "A gestión is something that happened: its date cannot be in the "
                    "future. Plan what is to come as its next step."
                )
            )

    @api.constrains("result_id", "next_date", "next_activity_type_id")
    def _check_next_step(self):
        for gestion in self:
            planned = gestion.next_activity_type_id and gestion.next_date
            needed = gestion.result_id.requires_next_step and not gestion._is_history()
            if needed and not planned:
                raise ValidationError(
                    self.env._(
                        "The result “%s” needs a next step: choose its type and date.",
                        gestion.result_id.name,
                    )
                )
            if gestion.result_id.stops_contact and planned:
                raise ValidationError(
                    self.env._(
                        "The result “%s” says not to contact again: "
                        "take the next step off.",
                        gestion.result_id.name,
                    )
                )

    def _is_history(self):
        """:return: whether it is imported, of another day: its next step was then"""
        if not self.env.context.get("import_file"):
            return False
        day = fields.Datetime.context_timestamp(self, self.date).date()
        return day < fields.Date.context_today(self)

    # === CRUD METHODS === #

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        """Where any records will do, as in counting up to a limit, look among those
        of the reader's own people first: an index finds them, and mostly they are
        enough."""
        History = self.env["crm.history"]
        any_will_do = limit and not (offset or order)
        if any_will_do and not kwargs.get("bypass_access") and self._is_scoped():
            own = Domain(domain) & History._own(self._name)
            asked = History._asking(self, own, limit, order)
            found = super(CrmGestion, asked)._search(own, limit=limit, **kwargs)
            if len(found.get_result_ids()) == limit:
                return found
        asked = History._asking(self, domain, limit, order)
        return super(CrmGestion, asked)._search(domain, offset, limit, order, **kwargs)

    @api.model
    def _is_scoped(self):
        """:return: whether the user reads by his scope, as a director does not"""
        if self.env.su:
            return False
        rules = self.env["ir.rule"]._compute_domain(self._name, "read")
        return any(rule.field_expr == "in_scope" for rule in rules.iter_conditions())

    @api.model
    def load(self, fields, data):
        """Find organizations and contacts by code, tax id, e-mail or name: see
        ``crm.gestion.import``."""
        self.env["crm.export.guard"]._check_import()  # before its names are looked up
        Import = self.env["crm.gestion.import"]
        fields, data, messages = Import._resolve(fields, data)
        if messages:
            return {"ids": False, "messages": messages, "nextrow": 0}
        return super().load(fields, data)

    @api.model
    def get_import_templates(self):
        """Offer a template of our own."""
        templates = self.env["crm.master.mixin"]._import_template("crm_gestion")
        return templates or super().get_import_templates()

    @api.model
    def default_get(self, fields):
        """The list "Log Several" keeps type and date from line to line."""
        defaults = super().default_get(fields)
        if self.env.context.get("crm_gestion_several"):
            last = self.search(
                [
                    ("create_uid", "=", self.env.uid),
                    ("create_date", ">=", "today"),
                    ("activity_id", "=", False),
                    ("message_id", "=", False),
                ],
                order="id desc",
                limit=1,
            )
            if last:
                defaults["activity_type_id"] = last.activity_type_id.id
                defaults["date"] = last.date
        return defaults

    def onchange(self, values, field_names, fields_spec):
        """Give a new form the reference of what it will save. If the answer to a
        first try is lost, the unique index refuses the second one."""
        opens = not (self or values)  # Odoo fills the values in
        res = super().onchange(values, field_names, fields_spec)
        if opens and "external_ref" in fields_spec:
            res["value"]["external_ref"] = uuid4().hex
        return res

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._without_empty(vals) for vals in vals_list]
        vals_list = self.env["crm.gestion.behalf"]._without_signature(vals_list)
        self._complete_from_leads(vals_list)
        gestiones = super().create(vals_list)
        gestiones._check_leads_readable()
        self.env["crm.gestion.source"]._settle(gestiones)
        gestiones._mark_accounts()
        self.env["crm.campaign.feed"]._follow(gestiones)
        return gestiones

    def write(self, vals):
        self.env["crm.gestion.source"]._check_not_changed(vals.keys())
        self.env["crm.gestion.behalf"]._check_not_changed(vals.keys())
        Change = self.env["crm.gestion.change"]
        Change._check_allowed(self, vals)
        before = Change._snapshot(self, vals)
        res = super().write(vals)
        if "lead_id" in vals:
            self._check_leads_readable()
        if {"user_id", "company_id"} & vals.keys():
            self.check_access("write")  # nobody makes it a stranger's, as in creating
        if "user_id" in vals:
            self.env["crm.gestion.behalf"]._follow_author(self)
        Change._log(self, before)
        if {"organization_id", "contact_id"} & vals.keys():
            self._mark_accounts()
        if TOLD_TO_CAMPAIGNS & vals.keys():
            self.env["crm.campaign.feed"]._follow(self)
        return res

    def _check_leads_readable(self):
        """A seller logs only with opportunities that he may read; customers he may
        all read."""
        if not self.env.su and self.env.user.has_group("crm_gestion.group_seller"):
            self.lead_id.check_access("read")

    def _mark_accounts(self):
        partners = self.organization_id | self.contact_id
        self.env["crm.account.status"]._mark_potential(partners)

    @api.model
    def _without_empty(self, vals):
        """Drop an empty organization or contact from the values of a file or client:
        it is computed then, from the other one or from the opportunity."""
        return {
            name: value
            for name, value in vals.items()
            if value or name not in ("organization_id", "contact_id")
        }

    @api.model
    def _complete_from_leads(self, vals_list):
        """An enquiry that somebody talked with has a customer: make the one that Odoo
        would make on conversion, where a gestión names nobody and its lead has none."""
        lead_ids = {
            vals["lead_id"]
            for vals in vals_list
            if vals.get("lead_id")
            and not (vals.get("organization_id") or vals.get("contact_id"))
        }
        leads = self.env["crm.lead"].browse(lead_ids)
        for lead in leads.filtered(lambda lead: not lead.partner_id):
            lead._handle_partner_assignment(
                force_partner_id=lead._find_matching_partner().id, create_missing=True
            )

    # === ACTION METHODS === #

    def action_create_opportunity(self):
        """Create the opportunity that this interaction opened.

        It carries organization, contact, origination, market, campaign and description,
        and starts in the stage that the result suggests. One gestión may open several.

        :return: action of the form of the new opportunity, with ``res_id``
        """
        self.ensure_one()
        lead = self.env["crm.lead"].create(self._prepare_opportunity_vals())
        if not self.lead_id:
            # sudo: no correction of what happened, so it is never too late for it
            self.sudo().lead_id = lead
        self._move_to_suggested_stage(lead)
        return lead._crm_form_action()

    def action_view_opportunities(self):
        """Open the opportunities that were born from this interaction."""
        self.ensure_one()
        if len(self.opportunity_ids) == 1:
            return self.opportunity_ids._crm_form_action()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm.crm_lead_opportunities"
        )
        return {
            **action,
            "domain": [("source_gestion_id", "=", self.id)],
            "context": {"active_test": False, "create": False},
            "views": [(False, "list"), (False, "form")],
        }

    @api.readonly
    def action_crm_why(self):
        """Say in words which rule shows this to the user."""
        self.ensure_one()
        return self.env["crm.access.reason"]._action(self)

    @api.readonly
    def action_open_document(self):
        """Open the document on which the e-mail is, or the activity was planned."""
        self.ensure_one()
        self.check_access("read")
        # sudo: only which document it is; opening it checks the rights on it
        message, activity = self.sudo().message_id, self.sudo().activity_id
        model = message.model or activity.res_model
        if not model:
            return False
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": message.res_id or activity.res_id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _prepare_opportunity_vals(self):
        """:return: values of the opportunity that this interaction opens"""
        self.ensure_one()
        partner = self.contact_id or self.organization_id
        account = self.organization_id or self.contact_id
        origination = partner.origination_id or account.origination_id
        referrer = partner.referred_by_id or account.referred_by_id
        vals = {
            "name": self.env._("%s's opportunity", account.name),
            "type": "opportunity",
            "partner_id": partner.id,
            "organization_id": self.organization_id.id,
            "origination_id": origination.id,
            "market_id": account.market_id.id,
            "campaign_id": self.campaign_id.id,
            "source_gestion_id": self.id,
            "user_id": self._opportunity_owner().id,
            "company_id": self.company_id.id,
            "description": plaintext2html(self.description or ""),
        }
        if self.team_id and vals["user_id"] == self.user_id.id:
            vals["team_id"] = self.team_id.id
        if referrer:
            vals["referred"] = referrer.name
        return vals

    def _opportunity_owner(self):
        """Who was covered keeps what comes of it, else who acted."""
        owners = (self.on_behalf_of_id, self.user_id)
        in_scope = (owner for owner in owners if owner and owner.crm_in_scope)
        return next(in_scope, self.env.user)

    def _move_to_suggested_stage(self, lead):
        """Where the stage asks for more than is known, the opportunity stays in the
        first one."""
        stage = self.result_id.suggested_stage_id
        usable = stage and (not stage.is_method or stage._method_enforced())
        if usable and stage != lead.stage_id and not stage._missing_gates(lead):
            lead.stage_id = stage

    def _complete_created(self):
        self.env["crm.gestion.behalf"]._sign(self)

    def _next_step_record(self):
        """The opportunity, else the contact, else the organization."""
        self.ensure_one()
        return self.lead_id or self.contact_id or self.organization_id

    def _next_step_fields(self):
        return {**super()._next_step_fields(), "user_id": "user_id"}

    def _next_step_document_fields(self):
        return {"lead_id", "contact_id", "organization_id"}

    def _prepare_activity_vals(self):
        """The author takes the next step, unless somebody else is named."""
        vals = super()._prepare_activity_vals()
        return {**vals, "user_id": (self.next_user_id or self.user_id).id}

    def _move_to_lead(self, lead):
        """Interactions of merged opportunities go on under the winner, each with the
        stage its own opportunity had then."""
        # sudo: native merging checked the rights on the opportunities; what colleagues
        # logged must not be lost with the opportunity that disappears
        for stage, gestiones in self.sudo().grouped("stage_id").items():
            gestiones.write({"lead_id": lead.id, "stage_id": stage.id})

    @api.model
    def _view_action(self, domain, context):
        """:return: the list of interactions, restricted to a domain"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_gestion_action"
        )
        return {**action, "domain": domain, "context": context}

    def _crm_incident_fields(self):
        return {"crm_gestion_id": self}

    def _prepare_incident_vals(self):
        return {
            "organization_id": self.organization_id.id,
            "contact_id": self.contact_id.id,
            "lead_id": self.lead_id.id,
            "gestion_id": self.id,
            "channel": self._crm_incident_channel(self.activity_type_id),
            "description": self.description,
        }

    def _form_action(self):
        """:return: the dialog that shows this interaction, to complete it"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(self.env.ref("crm_gestion.crm_gestion_view_form").id, "form")],
            "target": "new",
        }

    @api.model
    def _new_action(self, context):
        """:return: the dialog in which an interaction is logged"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_gestion_log_action"
        )
        return {**action, "context": context}
