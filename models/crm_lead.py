from collections import Counter
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

# Fields by which an opportunity may move, close or reopen; user, team and type change
# stages.
TRIGGERS = {
    "active", "probability", "stage_id", "team_id", "type", "user_id",
}  # fmt: skip

# What Odoo predicts.
PREDICTED = ("automated_probability", "probability")

# Fields that only tell what rows of ours say.
TOLD_BY_ROWS = {"closure_kind", "native_stage_id", "push_count", "standby_until"}


class CrmLead(models.Model):
    """The seam between Odoo's opportunities and the sales method: fields and hooks.

    What an opportunity does in the method is in the models it points at:
    ``crm.gestion`` (what happened), ``crm.opportunity.closure`` (how it ended).
    """

    _name = "crm.lead"
    _inherit = [
        "crm.incident.subject.mixin",
        "crm.lead",
        "crm.project.source.mixin",
    ]

    origination_id = fields.Many2one(
        comodel_name="crm.origination",
        compute="_compute_origination_id",
        store=True,
        readonly=False,
        tracking=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    organization_id = fields.Many2one(
        comodel_name="res.partner",
        compute="_compute_organization_id",
        store=True,
        readonly=False,
        domain="[('is_company', '=', True)]",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        help="The company the contact speaks for in this opportunity.",
    )
    partner_organization_ids = fields.Many2many(
        related="partner_id.crm_organization_ids",
        string="Organizations of the Contact",
    )
    affiliation_email = fields.Char(
        string="E-mail There",
        compute="_compute_affiliation_data",
        help="Of the contact in this organization, where it does not employ him.",
    )
    affiliation_phone = fields.Char(
        string="Phone There", compute="_compute_affiliation_data"
    )
    market_id = fields.Many2one(
        comodel_name="crm.market",
        compute="_compute_market_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    source_gestion_id = fields.Many2one(
        comodel_name="crm.gestion",
        string="Born from Gestión",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    gestion_ids = fields.One2many(
        comodel_name="crm.gestion",
        inverse_name="lead_id",
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
    crm_severe_incident_count = fields.Integer(
        string="Severe Open Incidents of the Account",
        compute="_compute_crm_severe_incident_count",
        groups="base.group_user",
    )
    next_step_date = fields.Date(
        string="Next Step",
        compute="_compute_next_step_date",
        search="_search_next_step_date",
        help="The earliest planned activity of the opportunity.",
    )
    without_next_step = fields.Boolean(
        compute="_compute_without_next_step",
        help="An open opportunity on which nothing is planned.",
    )
    opportunity_stage_ids = fields.One2many(
        comodel_name="crm.opportunity.stage",
        inverse_name="lead_id",
        string="Passages through Stages",
        readonly=True,
        groups="crm_gestion.group_seller",
    )
    line_ids = fields.One2many(
        comodel_name="crm.opportunity.line",
        inverse_name="lead_id",
        string="Lines",
        copy=True,
    )
    is_revenue_typed = fields.Boolean(
        string="Amount Typed by Hand",
        readonly=True,
        help="The expected revenue is not the total of the lines.",
    )
    forecast_log_ids = fields.One2many(
        comodel_name="crm.opportunity.forecast.log",
        inverse_name="lead_id",
        string="Forecast Changes",
        readonly=True,
        groups="crm_gestion.group_seller",
    )
    push_count = fields.Integer(
        string="Times Pushed",
        readonly=True,
        copy=False,
        help="How often the expected closing date was moved to a later one.",
    )
    closure_ids = fields.One2many(
        comodel_name="crm.opportunity.closure",
        inverse_name="lead_id",
        string="Closures",
        readonly=True,
        groups="crm_gestion.group_seller",
    )
    closure_kind = fields.Selection(
        selection=lambda self: (
            self.env["crm.opportunity.closure"]
            ._fields["kind"]
            ._description_selection(self.env)
        ),
        string="Closure",
        compute="_compute_closure",
        store=True,
        index="btree_not_null",
        help="How the opportunity is closed; empty while it is open.",
    )
    standby_until = fields.Date(
        string="Paused Until",
        compute="_compute_closure",
        store=True,
        index="btree_not_null",
    )
    standby_count = fields.Integer(
        string="Times Paused",
        compute="_compute_pauses",
        groups="crm_gestion.group_seller",
        help="How often the opportunity was put on standby; postponing counts too.",
    )
    standby_days = fields.Float(
        string="Days Paused",
        compute="_compute_pauses",
        digits=(16, 1),
        groups="crm_gestion.group_seller",
        help="Days on standby in all, those of a pause that lasts included.",
    )
    native_stage_id = fields.Many2one(
        comodel_name="crm.stage",
        string="Stage before the Method",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    crm_project_ids = fields.One2many(
        comodel_name="project.project",
        inverse_name="crm_lead_id",
        string="Projects",
        groups="crm_gestion.group_seller",
    )
    form_entry_ids = fields.One2many(
        comodel_name="crm.contact.form.entry",
        inverse_name="lead_id",
        string="Sent by Contact Form",
        readonly=True,
        copy=False,
        groups="crm_gestion.group_sales_director",
    )
    form_note = fields.Text(
        string="Contact Form",
        compute="_compute_form_note",
        groups="crm_gestion.group_seller",
        help="What who sent the public contact form agreed to.",
    )
    method_applies = fields.Boolean(compute="_compute_method_applies")
    handover_count = fields.Integer(
        string="Times Handed Over",
        compute="_compute_handover_count",
        groups="crm_gestion.group_seller",
    )
    in_scope = fields.Boolean(
        string="In My Scope", compute="_compute_in_scope", search="_search_in_scope"
    )
    crm_may_write = fields.Boolean(
        string="I May Change It", compute="_compute_crm_may_write"
    )

    # Whose opportunities, without looking at them: the rules of gestiones ask it.
    _crm_user_idx = models.Index("(user_id, id)")
    # What is open, and whose: dashboards ask it again and again, and most is closed.
    _crm_open_idx = models.Index(
        "(user_id, stage_id)"
        " WHERE type = 'opportunity' AND won_status = 'pending' AND active IS TRUE"
    )
    # Each column of the kanban, in its order: a page of it is read and no more.
    _crm_kanban_idx = models.Index(
        "(user_id, stage_id, priority DESC, id DESC)"
        " WHERE type = 'opportunity' AND active IS TRUE"
    )
    # What was won in a period: objectives.
    _crm_date_closed_idx = models.Index("(date_closed) WHERE date_closed IS NOT NULL")
    # Which enquiries became opportunities in a period: what changed in the pipeline.
    _crm_date_conversion_idx = models.Index(
        "(date_conversion) WHERE date_conversion IS NOT NULL"
    )
    # How many a campaign opened and won, and whose, without reading them.
    _crm_campaign_idx = models.Index(
        "(campaign_id, company_id, won_status)"
        " INCLUDE (organization_id, partner_id, create_date)"
        " WHERE campaign_id IS NOT NULL AND type = 'opportunity'"
    )

    # === COMPUTE METHODS === #

    @api.depends_context("uid")
    def _compute_handover_count(self):
        counts = self.env["crm.handover.line"]._counts(self)
        for lead in self:
            lead.handover_count = counts[lead]

    @api.depends("source_id", "medium_id")
    def _compute_origination_id(self):
        """A mapped source names the origination, else a mapped medium; what is there
        already stays."""
        missing = self.filtered(lambda lead: not lead.origination_id)
        # sudo: the mapping is the director's, enquiries arrive from anybody
        by_source, by_medium = (
            self.env["crm.origination"]
            .sudo()
            ._by_utm(missing.source_id, missing.medium_id)
        )
        for lead in missing:
            found = by_source.get(lead.source_id.id) or by_medium.get(lead.medium_id.id)
            lead.origination_id = found.id if found else False

    @api.depends("partner_id")
    def _compute_organization_id(self):
        """Depends on the contact only: that he changes his employer later does not
        rewrite with whom this opportunity was."""
        for lead in self:
            lead.organization_id = lead.partner_id._crm_organization_for(
                lead.organization_id
            )

    @api.depends("organization_id", "partner_id")
    def _compute_affiliation_data(self):
        Affiliation = self.env["crm.affiliation"]
        found = Affiliation._of_leads(self)
        for lead in self:
            pair = (lead.partner_id._origin, lead.organization_id._origin)
            row = found.get(pair, Affiliation)
            lead.affiliation_email = row.email
            lead.affiliation_phone = row.phone

    @api.depends("organization_id", "partner_id")
    def _compute_market_id(self):
        for lead in self:
            if not lead.market_id:
                lead.market_id = (lead.organization_id or lead.partner_id).market_id

    @api.depends("organization_id", "partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_severe_incident_count(self):
        for lead in self:
            account = lead.organization_id or lead.partner_id
            lead.crm_severe_incident_count = account.crm_severe_incident_count

    @api.depends_context("uid")
    def _compute_gestion_data(self):
        data = self.env["crm.gestion"]._read_group(
            [("lead_id", "in", self.ids)],
            ["lead_id", "activity_type_id"],
            ["__count", "date:max"],
        )
        note = self.env["mail.activity.type"]._imported_note()
        counts, dates = Counter(), {}
        for lead, kind, count, date in data:
            counts[lead.id] += count
            if kind != note:
                dates[lead.id] = max(date, dates.get(lead.id, date))
        for lead in self:
            lead.gestion_count = counts[lead._origin.id]
            lead.last_gestion_date = dates.get(lead._origin.id, False)

    @api.depends("activity_ids.date_deadline", "activity_ids.active")
    def _compute_next_step_date(self):
        """One query, for the grid shows nothing else of activities: reading them would
        fetch and check each."""
        # sudo: who reads an opportunity may read what is planned on it
        found = (
            self.env["mail.activity"]
            .sudo()
            ._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self._origin.ids)],
                ["res_id"],
                ["date_deadline:min"],
            )
        )
        earliest = dict(found)
        for lead in self:
            lead.next_step_date = earliest.get(lead._origin.id, False)

    @api.depends("next_step_date", "type", "won_status", "active")
    def _compute_without_next_step(self):
        for lead in self:
            is_open = lead.active and lead.won_status == "pending"
            is_open = is_open and lead.type == "opportunity"
            lead.without_next_step = is_open and not lead.next_step_date

    def _search_next_step_date(self, operator, value):
        """Agrees with the compute: an opportunity is found by its earliest activity
        only."""
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented

        def planned(operator, day, found="any"):
            activities = [("date_deadline", operator, day), ("active", "=", True)]
            return Domain("activity_ids", found, activities)

        if operator == "in":
            return Domain.OR(
                planned("=", day) & planned("<", day, "not any")
                if day
                else Domain("activity_ids", "not any", [("active", "=", True)])
                for day in value
            )
        if operator in (">", ">="):
            before = "<=" if operator == ">" else "<"
            return planned(operator, value) & planned(before, value, "not any")
        return planned(operator, value)

    @api.depends("closure_ids.kind", "closure_ids.reopen_date", "closure_ids.wake_date")
    def _compute_closure(self):
        for lead in self:
            row = lead.closure_ids.filtered(lambda closure: not closure.reopen_date)[:1]
            lead.closure_kind = row.kind
            lead.standby_until = row.wake_date

    def _compute_probabilities(self):
        """Odoo computes predictions anew also when lost opportunities are restored,
        and then writes each as if somebody had typed it: two writes for each of
        them. Here they are assigned as computed values, in one update."""
        computing = self.env.is_protected(self._fields["probability"], self[:1])
        if not self or computing:
            return super()._compute_probabilities()
        followers = self.filtered(lambda lead: lead.active)
        followers = followers.filtered("is_automated_probability")
        with self._crm_predicting(followers):
            return super()._compute_probabilities()

    @contextmanager
    def _crm_predicting(self, changed):
        """What the block assigns to `PREDICTED` of these opportunities is computed and
        not typed: one update for all of them when the cache is flushed.

        :param changed: those whose probability the block assigns: as where Odoo writes
            it, what is likely again is not closed
        """
        fields_ = [self._fields[name] for name in PREDICTED]
        with self.env.protecting(fields_, self):
            yield
        self.modified(PREDICTED)
        changed.filtered(lambda lead: lead.date_closed and lead.probability > 0).write(
            {"date_closed": False}
        )

    @api.depends("closure_ids.days_paused")
    @api.depends_context("uid")
    def _compute_pauses(self):
        pauses = self.env["crm.opportunity.standby"]._pauses(self)
        for lead in self:
            count, days = pauses.get(lead._origin.id, (0, 0.0))
            lead.standby_count = count
            lead.standby_days = days

    def _compute_form_note(self):
        notes = self.env["crm.contact.form.entry"]._notes(self)
        for lead in self:
            lead.form_note = notes.get(lead._origin.id)

    @api.onchange("line_ids")
    def _onchange_line_ids(self):
        Amount = self.env["crm.opportunity.amount"]
        if self.line_ids and not self.is_revenue_typed and Amount._is_open(self):
            self.expected_revenue = Amount._total(self)

    @api.onchange("expected_revenue")
    def _onchange_expected_revenue(self):
        Amount = self.env["crm.opportunity.amount"]
        if (total := Amount._total(self)) is not None:
            self.is_revenue_typed = not Amount._is_amount_of_lines(self, total)

    @api.onchange("partner_id", "organization_id", "company_id")
    def _onchange_buyer(self):
        """Lines that are saved already follow when the opportunity is saved."""
        self.line_ids.filtered(lambda line: not line._origin)._follow_customer()

    @api.depends_context("uid")
    def _compute_method_applies(self):
        """The screen shows the method's own buttons in the place of Odoo's."""
        self.method_applies = self.env[
            "crm.stage"
        ]._method_enforced() and self.env.user.has_group("crm_gestion.group_seller")

    @api.depends("company_id", "organization_id", "partner_id", "user_id")
    @api.depends_context("uid")
    def _compute_in_scope(self):
        readable = set(self.env["crm.history"]._readable(self)._ids)
        for lead in self:
            lead.in_scope = lead.id in readable

    def _search_in_scope(self, operator, value):
        """Opportunities of my people, unassigned ones, and those of my people's
        accounts."""
        if operator != "in":
            return NotImplemented
        return self.env["crm.history"]._domain(self._name)

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_crm_may_write(self):
        """Who only reads an opportunity of his account finds no button that fails."""
        writable = self._filtered_access("write")
        for lead in self:
            lead.crm_may_write = lead in writable

    def _inverse_email_from(self):
        return super(CrmLead, self._with_own_contact())._inverse_email_from()

    def _inverse_phone(self):
        return super(CrmLead, self._with_own_contact())._inverse_phone()

    def _with_own_contact(self):
        """A colleague's contact keeps its data: the opportunity has its own."""
        writable = self.partner_id._filtered_access("write")
        return self.filtered(lambda lead: lead.partner_id in writable)

    # === CRUD METHODS === #

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        asked = self.env["crm.history"]._asking(self, domain, limit, order)
        return super(CrmLead, asked)._search(domain, offset, limit, order, **kwargs)

    @api.model
    @api.readonly
    def read_progress_bar(self, domain, group_by, progress_bar):
        asked = self.env["crm.history"]._asking(self, domain, None, None)
        return super(CrmLead, asked).read_progress_bar(domain, group_by, progress_bar)

    @api.model
    def _read_group_groupby(self, alias, groupby_spec, query):
        found = query.subselect() if groupby_spec == "activity_state" else None
        term = super()._read_group_groupby(alias, groupby_spec, query)
        if found:
            self.env["crm.history"]._narrow_states(self, query, found)
        return term

    @api.model_create_multi
    def create(self, vals_list):
        self._check_not_chosen(set().union(*vals_list))
        self.env["crm.origination"]._complete_utm_vals(vals_list)
        Amount = self.env["crm.opportunity.amount"]
        Stage = self.env["crm.stage"]
        vals_list = [Stage._complete_won(Stage._with_stage_id(v)) for v in vals_list]
        leads = super().create([Amount._hold_new(vals) for vals in vals_list])
        Stage._check_created(leads)
        Amount._settle_new(leads)
        if self.env.context.get("default_origination_id"):
            self.env["crm.origination"]._complete_utm(leads)
        self.env["crm.opportunity.closure"]._log_created(leads)
        self.env["crm.opportunity.stage"]._log_transition(leads, {})
        leads.filtered(lambda lead: lead.type == "opportunity")._mark_accounts()
        self.env["crm.campaign.feed"]._follow(leads)
        return leads

    def write(self, vals):
        if not self:
            return super().write(vals)
        self._check_not_chosen(vals.keys())
        self.env["crm.substitution"]._check_owner_kept(self, vals)
        Closure = self.env["crm.opportunity.closure"]
        Passage = self.env["crm.opportunity.stage"]
        Amount = self.env["crm.opportunity.amount"]
        Stage = self.env["crm.stage"]
        vals = Stage._with_stage_id(vals)
        watched = self if vals.keys() & TRIGGERS else self.browse()
        before, places = Closure._snapshot(watched), Passage._snapshot(watched)
        moved = Stage._moved_by(self, vals)
        amounts = Amount._before_write(self, vals)
        unknown = self._crm_unknown() if vals.get("partner_id") else self.browse()
        with self.env["crm.opportunity.forecast.log"]._recording(self, vals):
            res = super().write(Amount._hold(vals))
        Stage._check_moved(moved)
        Closure._log(self, before, restore="probability" not in vals)
        Passage._log_transition(watched, places)
        Amount._after_write(self, vals, amounts)
        if vals.get("origination_id"):
            self.env["crm.origination"]._complete_utm(self)
        if vals.keys() & {"partner_id", "organization_id", "type"}:
            self.filtered(lambda lead: lead.type == "opportunity")._mark_accounts()
        if vals.keys() & {"campaign_id", "partner_id"}:
            self.env["crm.campaign.feed"]._follow(self)
        if vals.get("partner_id"):
            self.env["crm.contact.form.entry"]._make_consents(self)
        self.env["crm.gestion.email"]._log_earlier(unknown)
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        self.env["crm.history.guard"]._check_leads(self)

    def _check_not_chosen(self, names):
        """What the rows of closures, forecast and adoption say is not written by
        hand."""
        if not self.env.su and (chosen := TOLD_BY_ROWS & names):
            labels = ", ".join(
                self._fields[name]._description_string(self.env)
                for name in sorted(chosen)
            )
            raise AccessError(
                self.env._("%s: Odoo itself keeps this, nobody writes it.", labels)
            )

    def copy_data(self, default=None):
        """An amount that follows its lines follows those of the copy."""
        vals_list = super().copy_data(default)
        for lead, vals in zip(self, vals_list, strict=True):
            follows = vals.get("line_ids") and not lead.is_revenue_typed
            if follows and "expected_revenue" not in (default or {}):
                del vals["expected_revenue"]
        return vals_list

    def _crm_unknown(self):
        """:return: those of these whose customer is not known yet"""
        return self.filtered(lambda lead: not (lead.partner_id or lead.organization_id))

    def _mark_accounts(self):
        partners = self.partner_id | self.organization_id
        self.env["crm.account.status"]._mark_potential(partners)

    # === ACTION METHODS === #

    def action_set_lost(self, **additional_values):
        """Odoo writes twice, the reason comes last: log the closure when it is
        known."""
        Closure = self.env["crm.opportunity.closure"]
        before = Closure._snapshot(self)
        note = self.env.context.get("crm_gestion_closure_note", False)
        # the note is of these, and not of what an automated rule closes on the way
        held = Closure._hold(self).with_context(crm_gestion_closure_note=False)
        res = super(CrmLead, held).action_set_lost(**additional_values)
        Closure._log(self, before, note=note)
        return res

    def action_set_won(self):
        """From the last stage of the method Odoo would go on to its own won stage."""
        done = self.filtered(
            lambda lead: lead.won_status == "won" and lead.stage_id.is_method
        )
        done.action_unarchive()
        return super(CrmLead, self - done).action_set_won()

    def action_set_won_rainbowman(self):
        """The Won button asks for what is missing, as every other way to a stage."""
        self.ensure_one()
        action = self.action_crm_stage_dialog(self._crm_won_stage().id)
        return action or super().action_set_won_rainbowman()

    def action_restore(self):
        """Odoo makes the probability automatic: what the closure kept comes last."""
        # sudo: rows of these opportunities, whose rights super checks
        rows = self.sudo().closure_ids.filtered(lambda row: not row.reopen_date)
        res = super().action_restore()
        rows.filtered("reopen_date")._restore_probability()
        return res

    def action_register_activity(self):
        """Open the dialog that logs an interaction and moves this opportunity on: to
        the next stage, but for one that only an order reaches."""
        self.ensure_one()
        stage = self.env["crm.stage"]._following(self)
        if "gate_order" in stage._missing_gates(self).get(self, ()):
            stage = self.stage_id
        return self._register_action(stage or self.stage_id)

    @api.readonly
    def action_crm_stage_dialog(self, stage_id=False):
        """What the screen asks before it moves an opportunity to a stage.

        :param int stage_id: the ``crm.stage`` that was clicked or dropped on
        :return: action of the dialog "Register Activity", or False where the move needs
            none
        """
        self.ensure_one()
        stage = self.env["crm.stage"].browse(stage_id).exists()
        if self.type != "opportunity" or not stage.is_method or not self.method_applies:
            return False
        self.env["crm.opportunity.stage"]._check_movable(self, stage)
        return self._register_action(stage)

    def _register_action(self, stage):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_opportunity_register_action"
        )
        context = {"default_lead_id": self.id, "default_stage_id": stage.id}
        return {**action, "context": context}

    def action_crm_close(self):
        """Open the dialog that closes these opportunities."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_opportunity_close_action"
        )
        return {**action, "context": {"default_lead_ids": self.ids}}

    def action_crm_postpone(self):
        """Open the dialog that gives paused opportunities another wake-up date."""
        action = self.action_crm_close()
        wake_date = self.env["crm.opportunity.standby"]._default_wake_date(self)
        context = {
            **action["context"],
            "default_kind": "standby",
            "default_wake_date": wake_date,
        }
        return {**action, "name": self.env._("Postpone"), "context": context}

    def action_crm_resume(self):
        """Take closed opportunities up again, as they were when they closed."""
        self.filtered(lambda lead: not lead.active).action_unarchive()
        return True

    def action_view_sale_order(self):
        """Orders are found with who bought, and new ones are his."""
        self.ensure_one()
        action = super().action_view_sale_order()
        customer = self._crm_customer()
        if customer != self.partner_id:
            action["context"] = {
                **action["context"],
                "search_default_partner_id": customer.id,
                "default_partner_id": customer.id,
            }
        return action

    def action_crm_generate_order(self):
        """Open the dialog that makes the sales order of this opportunity."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_opportunity_order_action"
        )
        return {**action, "context": {"default_lead_id": self.id}}

    def action_follow_lines(self):
        """Take the expected revenue from the lines again."""
        self.env["crm.opportunity.amount"]._follow_again(self)
        return True

    @api.readonly
    def action_crm_why(self):
        """Say in words which rule shows this to the user."""
        self.ensure_one()
        return self.env["crm.access.reason"]._action(self)

    def action_view_forecast_changes(self):
        """List how often the promises of these opportunities changed."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_opportunity_forecast_log_action"
        )
        domain = [("lead_id", "in", self.ids)]
        return {**action, "domain": domain, "context": {}}

    def action_log_gestion(self):
        """Open the dialog that logs an interaction of this opportunity."""
        self.ensure_one()
        return self.env["crm.gestion"]._new_action({"default_lead_id": self.id})

    def action_crm_timeline(self):
        """Open the history of the organization, else of the customer."""
        self.ensure_one()
        return (self.organization_id or self.partner_id).action_crm_timeline()

    @api.readonly
    def action_crm_severe_incidents(self):
        """Show the severe open incidents of the account."""
        return (self.organization_id or self.partner_id).action_crm_severe_incidents()

    def action_view_handovers(self):
        """List the hand-overs of these records."""
        return self.env["crm.handover.line"]._view_action(self)

    def action_view_gestiones(self):
        """List the interactions of these opportunities."""
        return self.env["crm.gestion"]._view_action(
            [("lead_id", "in", self.ids)],
            {"default_lead_id": self.id if len(self) == 1 else False},
        )

    def action_crm_hand_out(self):
        """Open the dialog that gives these unassigned enquiries and opportunities to a
        seller."""
        return self.env["crm.lead.hand.out"]._open(self)

    # === BUSINESS METHODS === #

    def _crm_customer(self):
        """
        :return: who buys: the contact, but the organization that he speaks for where it
            is not his own; Odoo would invoice his employer
        """
        return self._crm_customer_of(self.partner_id, self.organization_id)

    @api.model
    def _crm_customer_of(self, contact, organization):
        speaks_for_another = (
            organization and organization != contact.commercial_partner_id
        )
        return organization if speaks_for_another else contact

    def _crm_incident_fields(self):
        return {"crm_lead_id": self}

    def _prepare_incident_vals(self):
        return {
            "organization_id": self.organization_id.id,
            "contact_id": self.partner_id._crm_person().id,
            "lead_id": self.id,
        }

    def _prepare_opportunity_quotation_context(self):
        context = super()._prepare_opportunity_quotation_context()
        return {**context, "default_partner_id": self._crm_customer().id}

    def _crm_won_stage(self):
        """:return: the stage of the method in which these opportunities are won"""
        return self._stage_find(
            domain=[("is_won", "=", True), ("is_method", "=", True)]
        )

    @api.model
    def _crm_may_win_without_order(self):
        """:return: whether the user may win an opportunity that has no order"""
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        everyone = params.get_param("crm_gestion.win_without_order") == "True"
        return everyone or self.env.user.has_group("crm_gestion.group_sales_director")

    def _crm_win_without_order(self, stage, note):
        """Win an opportunity for which there will be no order here.

        :param str note: why; kept with the closure
        :raise UserError: where the user may not do that; nothing has changed then
        """
        self.ensure_one()
        if not self._crm_may_win_without_order():
            raise UserError(
                self.env._(
                    "An opportunity is won with a confirmed order: generate it, or ask "
                    "your sales director to win it without one."
                )
            )
        self.env["crm.opportunity.closure"]._win(self, stage, note)

    def _crm_form_action(self):
        """:return: action that opens the form of this opportunity"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    @api.model
    def _crm_project_depends(self):
        return ("type", "won_status", "user_id")

    # === HOOKS OF ROTTING, DUPLICATES, MERGE AND CONVERSION === #

    def _get_rotting_depends_fields(self):
        return [*super()._get_rotting_depends_fields(), "closure_kind"]

    def _get_rotting_domain(self):
        """What is paused waits on purpose."""
        return super()._get_rotting_domain() & Domain("closure_kind", "!=", "standby")

    def _get_lead_duplicates(self, partner=None, email=None, include_lost=False):
        """What is paused comes back: nobody is to open a second one beside it. Odoo
        finds it among what is lost too; one query, for assignment asks for each lead.
        """
        found = super()._get_lead_duplicates(partner, email, include_lost=True)
        # what is only read, for the sake of the account, is not there to be merged
        found = found._filtered_access("write")
        if include_lost:
            return found
        return found.filtered(
            lambda lead: (
                lead.closure_kind == "standby"
                or (lead.active and lead.won_status == "pending")
            )
        )

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """An e-mail of a customer is not lost because its alias names a stage that asks
        for more. The gateway runs as superuser; a client that calls this does not."""
        leads = self.env["crm.stage"]._waive_gates(self) if self.env.su else self
        lead = super(CrmLead, leads).message_new(msg_dict, custom_values)
        return lead.with_env(self.env)

    def _notify_thread(self, message, msg_vals=False, **kwargs):
        recipients = super()._notify_thread(message, msg_vals=msg_vals, **kwargs)
        self.env["crm.gestion.email"]._log_posted(
            self, message, recipients, kwargs.get("scheduled_date")
        )
        return recipients

    def _merge_opportunity(
        self, user_id=False, team_id=False, auto_unlink=True, max_length=5
    ):
        """No stage asks for anything when opportunities are merged, and the winner is
        open, paused or closed as the best of them was.

        :raise AccessError: where one of them is only read: Odoo deletes the others in
            superuser mode
        :raise UserError: where a substitute would give away what he covers
        """
        self.check_access("write")
        self.env["crm.substitution"]._check_merged(self, user_id)
        Closure = self.env["crm.opportunity.closure"]
        Passage = self.env["crm.opportunity.stage"]
        before, places = Closure._merge_snapshot(self), Passage._snapshot(self)
        leads = self.env["crm.stage"]._waive_gates(self)
        winner = super(CrmLead, leads)._merge_opportunity(
            user_id, team_id, auto_unlink, max_length
        )
        winner = winner.with_env(self.env)
        Closure._settle_merged(winner, before)
        Passage._log_transition(winner, places)
        return winner

    def _merge_get_fields_specific(self):
        Amount = self.env["crm.opportunity.amount"]
        return {
            **super()._merge_get_fields_specific(),
            "expected_revenue": lambda _name, leads: Amount._merged_revenue(leads),
        }

    def _merge_get_fields(self):
        return [
            *super()._merge_get_fields(),
            "origination_id",
            "organization_id",
            "market_id",
            "source_gestion_id",
        ]

    def _merge_dependences(self, opportunities):
        res = super()._merge_dependences(opportunities)
        opportunities.sudo().gestion_ids._move_to_lead(self)  # sudo: see there
        self.env["crm.opportunity.closure"]._move_to_lead(opportunities, self)
        self.env["crm.opportunity.stage"]._move_to_lead(opportunities, self)
        self.env["crm.opportunity.forecast.log"]._move_to_lead(opportunities, self)
        self.env["crm.opportunity.line"]._move_to_lead(opportunities, self)
        self.env["crm.project.maker"]._move_to_lead(opportunities, self)
        self.env["crm.contact.form.entry"]._move_to_lead(opportunities, self)
        return res

    def _create_customer(self, with_parent=None):
        """A person made from an enquiry whose organization is known belongs to it."""
        return super()._create_customer(with_parent=with_parent or self.organization_id)

    def _update_revenues_from_so(self, order):
        # sudo: who confirms an order need not have rights on its opportunity
        return super(CrmLead, self.sudo())._update_revenues_from_so(order)

    def _prepare_customer_values(self, partner_name, is_company=False, parent_id=False):
        """What is known of the enquiry goes on with the customer made from it."""
        values = super()._prepare_customer_values(partner_name, is_company, parent_id)
        values["origination_id"] = self.origination_id.id
        if not parent_id:
            values["market_id"] = self.market_id.id
        return values
