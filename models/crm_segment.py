from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

SAMPLE = 10
# What a living segment is made of: changing one of these changes who is in it.
CRITERIA = (
    "domain", "applies_to", "market_ids", "cargo_ids", "influence", "origination_ids",
    "is_potential", "is_customer", "is_former", "gestion_when", "gestion_days",
    "category_ids", "bought_since", "country_ids", "state_ids", "campaign_id",
    "campaign_answer", "salesperson_ids", "team_ids", "company_id",
)  # fmt: skip


class CrmSegment(models.Model):
    """Selection of contacts and organizations, for mailings, calls and figures.

    *Lifecycle.* A living segment is evaluated whenever it is used: who meets all its
    criteria is in it. `action_freeze` keeps the list of that moment with its date; it
    may then be changed by hand, taken anew, or given up again.

    *Invariants.* Criteria are joined by AND; what is left empty asks nothing. Staff,
    our own companies and mere addresses are in no living segment, nobody of another
    company is in a segment that has one. A frozen segment has a date, a living one has
    none. What a campaign or a mailing uses is not deleted.

    *Rights.* Counts and lists are those of the reader: criteria that ask about sales
    find what he may read (``crm.partner.criteria``). A mailing reaches what superuser
    mode finds, whoever looks at it (``mailing.mailing``).
    """

    _name = "crm.segment"
    _description = "Segment"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        index="btree_not_null",
        ondelete="set null",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        default=lambda self: self.env.company,
        index="btree_not_null",
        ondelete="cascade",
        help="Empty: for all companies.",
    )
    note = fields.Text(string="Purpose")
    kind = fields.Selection(
        selection=[("living", "Living"), ("frozen", "Frozen")],
        required=True,
        default="living",
        copy=False,
        help="Living: who meets the criteria when it is used. "
        "Frozen: the list of a day.",
    )
    frozen_date = fields.Datetime(string="Frozen on", readonly=True, copy=False)
    frozen_partner_ids = fields.Many2many(
        comodel_name="res.partner",
        relation="crm_segment_frozen_partner_rel",
        column1="segment_id",
        column2="partner_id",
        string="Frozen List",
        copy=False,
    )

    # === CRITERIA === #

    domain = fields.Char(string="Further Conditions", default="[]", required=True)
    applies_to = fields.Selection(
        selection=[
            ("both", "Organizations and contacts"),
            ("organization", "Organizations"),
            ("contact", "Contacts"),
        ],
        required=True,
        default="both",
    )
    market_ids = fields.Many2many(
        comodel_name="crm.market", string="Markets", help="With those below them."
    )
    cargo_ids = fields.Many2many(comodel_name="crm.cargo", string="Positions")
    influence = fields.Selection(
        selection=lambda self: self.env["res.partner"]._selection_influence(),
        help="Of the position, which contacts have and organizations do not.",
    )
    origination_ids = fields.Many2many(
        comodel_name="crm.origination",
        string="Originations",
        help="Own ones, and of contacts without one that of their organization.",
    )
    is_potential = fields.Boolean(string="Potential customers")
    is_customer = fields.Boolean(string="Customers")
    is_former = fields.Boolean(string="Former customers")
    gestion_when = fields.Selection(
        selection=[
            ("newer", "In the last … days"),
            ("older", "Before the last … days, and not since"),
            ("older_never", "Not in the last … days, or never"),
            ("never", "Never"),
        ],
        string="Last Gestión",
    )
    gestion_days = fields.Integer(string="Number of Days", default=90)
    category_ids = fields.Many2many(
        comodel_name="product.category",
        string="Bought",
        help="Categories of products in confirmed orders of the account, with the "
        "categories below them.",
    )
    bought_since = fields.Date(help="Empty: at any time.")
    country_ids = fields.Many2many(comodel_name="res.country", string="Countries")
    state_ids = fields.Many2many(comodel_name="res.country.state", string="States")
    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        string="Earlier Campaign",
        index="btree_not_null",
        ondelete="restrict",
    )
    campaign_answer = fields.Selection(
        selection=[
            ("received", "Received it"),
            ("answered", "Answered it"),
            ("not_answered", "Received it and did not answer"),
            ("not_received", "Did not receive it"),
        ],
        string="Did What",
        default="received",
    )
    salesperson_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_segment_salesperson_rel",
        string="Salespeople",
        domain="[('share', '=', False)]",
        help="Of the contact, or else of the account.",
    )
    team_ids = fields.Many2many(
        comodel_name="crm.team",
        string="Teams of the Salespeople",
        help="With those below them.",
    )

    # === WHO IS IN IT === #

    partner_count = fields.Integer(string="Contacts", compute="_compute_partner_count")
    sample_ids = fields.Many2many(
        comodel_name="res.partner", compute="_compute_sample_ids"
    )
    mailing_count = fields.Integer(
        string="Reached by E-mail", compute="_compute_excluded"
    )
    no_email_count = fields.Integer(
        string="Without E-mail", compute="_compute_excluded"
    )
    opted_out_count = fields.Integer(
        string="Want No Mailing", compute="_compute_excluded"
    )
    blacklisted_count = fields.Integer(
        string="Blacklisted", compute="_compute_excluded"
    )
    duplicate_count = fields.Integer(
        string="Address Twice", compute="_compute_excluded"
    )

    doppler_list_count = fields.Integer(
        string="Doppler Lists",
        compute="_compute_doppler_list_count",
        groups="crm_gestion.group_seller",
    )

    _frozen_date_set = models.Constraint(
        "CHECK((kind = 'frozen') = (frozen_date IS NOT NULL))",
        "A segment is frozen by its button, which notes the date.",
    )
    _gestion_days_positive = models.Constraint(
        "CHECK(gestion_days > 0)", "Give a number of days of at least one."
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "frozen_partner_ids", *CRITERIA)
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_partner_count(self):
        """One query for the whole list."""
        queries = {segment: segment._query() for segment in self}
        known = [segment for segment in self if queries[segment] is not None]
        rows = []
        if known:
            rows = self.env.execute_query(
                SQL(" UNION ALL ").join(
                    SQL(
                        "SELECT %s, (SELECT COUNT(*) FROM (%s) AS found)",
                        index,
                        queries[segment].select(),
                    )
                    for index, segment in enumerate(known)
                )
            )
        self.partner_count = 0
        for index, count in rows:
            known[index].partner_count = count

    @api.depends("kind", "frozen_partner_ids", *CRITERIA)
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_sample_ids(self):
        for segment in self:
            query = segment._query()
            found = self.env["res.partner"]
            if query is not None:
                found = found.search(Domain("id", "in", query), limit=SAMPLE)
            segment.sample_ids = found

    @api.depends("kind", "frozen_partner_ids", *CRITERIA)
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_excluded(self):
        for segment in self:
            counts = self.env["crm.segment.audience"]._counts(segment._query())
            segment.mailing_count = counts["reached"]
            segment.no_email_count = counts["no_email"]
            segment.opted_out_count = counts["opted_out"]
            segment.blacklisted_count = counts["blacklisted"]
            segment.duplicate_count = counts["duplicate"]

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_doppler_list_count(self):
        counts = dict(
            self.env["crm.doppler.list"]._read_group(
                [("segment_id", "in", self.ids)], ["segment_id"], ["__count"]
            )
        )
        for segment in self:
            segment.doppler_list_count = counts.get(segment._origin, 0)

    def _query(self, among=Domain.TRUE):
        """
        :param among: Domain of the contacts that are looked at
        :return: query of the contacts in this segment, None where the conditions are
            not complete yet or ask what the reader may not know: a list shows the other
            segments all the same
        """
        try:
            return self.env["res.partner"]._search(among & self._domain())
        except (AccessError, UserError, ValueError):
            return None

    # === CONSTRAINTS === #

    @api.constrains("domain")
    def _check_domain(self):
        for segment in self:
            self.env["crm.segment.criteria"]._check(segment)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        segments = super().create(vals_list)
        self.env["crm.segment.criteria"]._check_rights(segments)
        return segments

    def write(self, vals):
        res = super().write(vals)
        if "domain" in vals:
            self.env["crm.segment.criteria"]._check_rights(self)
        return res

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        if "name" in (default or {}):
            return vals_list
        return [
            {**vals, "name": self.env._("%s (copy)", segment.name)}
            for segment, vals in zip(self, vals_list, strict=True)
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: by whatever campaign or mailing, of other companies too
        users = {
            "utm.campaign": "segment_id",
            "mailing.mailing": "crm_segment_id",
            "crm.doppler.list": "segment_id",
            "loyalty.program": "segment_id",
        }
        for model, name in users.items():
            records = self.env[model].sudo().with_context(active_test=False)
            if used := records.search([(name, "in", self.ids)], limit=1):
                raise UserError(
                    self.env._(
                        "The segment “%(segment)s” is used by “%(user)s”: "
                        "archive it instead.",
                        segment=used[name].name,
                        user=used.display_name,
                    )
                )

    # === ACTION METHODS === #

    def action_freeze(self):
        """Keep who is in these segments now, with the date; a frozen one is taken
        anew from its criteria."""
        self.check_access("write")
        for segment in self:
            partners = self.env["res.partner"].search(segment._living_domain())
            segment.write(
                {
                    "kind": "frozen",
                    "frozen_date": fields.Datetime.now(),
                    "frozen_partner_ids": [Command.set(partners.ids)],
                }
            )

    def action_unfreeze(self):
        """Give the kept lists up: the criteria hold again."""
        self.write(
            {
                "kind": "living",
                "frozen_date": False,
                "frozen_partner_ids": [Command.clear()],
            }
        )

    def action_view_partners(self):
        """Open who is in this segment."""
        self.ensure_one()
        return self._partner_action(self.name, [("crm_segment_ids", "in", self.ids)])

    def action_view_excluded(self):
        """Open whom a mailing to this segment does not reach for one reason, the
        context key ``crm_reason``: any value shows only what the reader may read."""
        self.ensure_one()
        reason = self.env.context.get("crm_reason")
        Audience = self.env["crm.segment.audience"]
        domain = Audience._excluded_domain(self, reason)
        return self._partner_action(Audience._reason_name(reason), list(domain))

    def action_compare(self):
        """Open the dialog that tells whom this segment shares with another one."""
        self.ensure_one()
        return {
            **self._dialog("crm.segment.compare", self.env._("Compare")),
            "context": {"default_segment_id": self.id},
        }

    def action_schedule_calls(self):
        """Open the dialog that makes calls, visits or e-mails of this segment."""
        self.ensure_one()
        return {
            **self._dialog("crm.call.list.schedule", self.env._("Schedule Calls")),
            "context": {"default_segment_id": self.id},
        }

    def action_new_mailing(self):
        """Open a new mailing to this segment."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Mailing"),
            "res_model": "mailing.mailing",
            "views": [(False, "form")],
            "context": {"default_crm_segment_id": self.id},
        }

    def action_view_doppler_lists(self):
        """Open the lists of Doppler that are kept as this segment, or a new one."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_doppler_list_action"
        )
        return {
            **action,
            "domain": [("segment_id", "=", self.id)],
            "context": {
                "default_segment_id": self.id,
                "default_name": self.name,
            },
        }

    def _dialog(self, model, name):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, "form")],
            "target": "new",
        }

    def _partner_action(self, name, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_segment_partner_action"
        )
        return {**action, "display_name": name, "name": name, "domain": domain}

    # === BUSINESS METHODS === #

    def _domain(self):
        """
        :return: Domain of the contacts that are in this segment now. As a list it has
            nothing but literals, so it can be stored; days count back from when it is
            evaluated.
        :raise ValidationError: where the conditions cannot be read
        """
        self.ensure_one()
        if self.kind == "frozen":
            domain = Domain("crm_frozen_segment_ids", "in", self._origin.ids)
            return domain & self._company_domain()
        return self._living_domain()

    def _living_domain(self):
        domain = self.env["crm.segment.criteria"]._domain(self)
        return domain & self._company_domain()

    def _company_domain(self):
        if not self.company_id:
            return Domain.TRUE
        return Domain("company_id", "in", [self.company_id.id, False])

    def _partners(self):
        """:return: the contacts that are in this segment now and the user may read"""
        return self.env["res.partner"].search(self._domain())

    def _as_everybody(self):
        """
        :return: this segment as its company evaluates it, whoever asks: in superuser
            mode, with its company, or with all where it is for all
        """
        self.ensure_one()
        # sudo: who is in it is to be the same for all; callers tell nobody why
        companies = self.sudo().company_id
        companies = companies or self.env["res.company"].sudo().search(Domain.TRUE)
        return self.sudo().with_context(allowed_company_ids=companies.ids)
