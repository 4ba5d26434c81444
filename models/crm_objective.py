from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..tools.objective import MONTHS, period_bounds
from .crm_objective_figure import METRICS, MONEY_METRICS

# What closing and reopening write, and nobody else.
KEPT = {"state", "closed_date", "frozen_actual"}
# Whose objective it is: what has changed may be out of the writer's reach.
WHOSE = {"user_id", "team_id", "company_id"}


class CrmObjective(models.Model):
    """What a seller, a team or the company is to reach in a period.

    *Lifecycle.* A head sets it for his people, a director for anybody. While it is open
    its figure is worked out live (``crm.objective.figure``); closing, by hand or some
    days after its end, freezes the figure with the date. A closed one changes no more,
    until a director reopens it.

    *Invariants.* It is of a user, of a team (with the teams below it), or, without
    either, of the company; never of two. The same objective is there once. Its figure
    is worked out with all documents of its company, also those its reader may not open:
    how far he is, is his to know. Figures of others he does not see: whose objective he
    may read is a matter of roles, and covering somebody for some days is none.
    """

    _name = "crm.objective"
    _description = "Sales Objective"
    _order = "date_from desc, metric, id"
    _check_company_auto = True
    _rec_names_search = ["user_id", "team_id"]

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The teams below it count too. Without salesperson and team it is an "
        "objective of the company.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )
    metric = fields.Selection(
        selection=[(key, metric.label) for key, metric in METRICS.items()],
        required=True,
        default="sales",
        help="Sales: confirmed orders, untaxed. Invoiced: customer invoices less "
        "credit notes, untaxed. Collected: what was paid on customer invoices, taxes "
        "included. Gestiones: of the types that count as activity. Proposals: "
        "quotations made in the period that were sent or confirmed. New customers: "
        "whose first order or invoice ever is of the period.",
    )
    activity_type_ids = fields.Many2many(
        comodel_name="mail.activity.type",
        relation="crm_objective_activity_type_rel",
        string="Types",
        domain="[('is_gestion', '=', True), ('counts_as_activity', '=', True)]",
        help="Gestiones of these types count; empty: of all types that count as "
        "activity.",
    )
    market_id = fields.Many2one(
        comodel_name="crm.market",
        index="btree_not_null",
        ondelete="restrict",
        help="Only what belongs to this market or one below it: by the opportunity, "
        "else by the customer.",
    )
    period_type = fields.Selection(
        selection=[
            ("month", "Month"),
            ("quarter", "Quarter"),
            ("year", "Year"),
            ("free", "Free Dates"),
        ],
        string="Period",
        required=True,
        default="month",
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: period_bounds("month", fields.Date.context_today(self))[0],
    )
    date_to = fields.Date(
        string="To",
        required=True,
        compute="_compute_date_to",
        store=True,
        readonly=False,
        precompute=True,
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        help="Of an amount. Documents in other currencies are converted at the rate of "
        "their date.",
    )
    target = fields.Monetary(required=True, aggregator=None)
    state = fields.Selection(
        selection=[("open", "Open"), ("closed", "Closed")],
        required=True,
        readonly=True,
        copy=False,
        default="open",
    )
    closed_date = fields.Date(string="Closed on", readonly=True, copy=False)
    frozen_actual = fields.Monetary(
        string="Figure at Closing", readonly=True, copy=False, aggregator=None
    )

    in_scope = fields.Boolean(
        string="Of My People",
        compute="_compute_in_scope",
        search="_search_in_scope",
        help="Of somebody whom the user leads, of a team that he leads or of one below "
        "it.",
    )

    _same_unique = models.UniqueIndex(
        """(company_id, metric, COALESCE(user_id, 0), COALESCE(team_id, 0),
            COALESCE(market_id, 0), date_from, date_to) WHERE metric <> 'gestiones'""",
        "There is this objective already: change its target.",
    )
    _period_idx = models.Index("(date_to, date_from)")
    _target_positive = models.Constraint(
        "CHECK(target > 0)", "An objective needs a target greater than 0."
    )
    _dates = models.Constraint(
        "CHECK(date_from <= date_to)",
        "The period ends before it begins: change one of the dates.",
    )
    _one_owner = models.Constraint(
        "CHECK(user_id IS NULL OR team_id IS NULL)",
        "An objective is of a salesperson or of a team: empty one of the two.",
    )

    # === COMPUTE METHODS === #

    @api.depends("period_type", "date_from")
    def _compute_date_to(self):
        for objective in self:
            if not objective.date_from:
                continue
            if objective.period_type in MONTHS:
                objective.date_to = period_bounds(
                    objective.period_type, objective.date_from
                )[1]
            elif not objective.date_to:
                objective.date_to = objective.date_from

    @api.depends("metric", "company_id")
    def _compute_currency_id(self):
        for objective in self:
            if objective.metric not in MONEY_METRICS:
                objective.currency_id = False
            elif not objective.currency_id:
                objective.currency_id = objective.company_id.currency_id

    @api.depends("user_id", "team_id")
    @api.depends_context("uid")
    def _compute_in_scope(self):
        """Agrees with the search."""
        people, teams = self._led()
        for objective in self:
            objective.in_scope = (
                objective.user_id._origin.id in people
                or objective.team_id._origin.id in teams
            )

    def _search_in_scope(self, operator, value):
        if operator != "in":
            return NotImplemented
        people, teams = self._led()
        return Domain("user_id", "in", list(people)) | Domain(
            "team_id", "in", list(teams)
        )

    @api.model
    def _led(self):
        """
        :return: set of ids of the people whom the user leads, who left included, and of
            the teams; covering somebody is not leading him
        """
        rows = self.env.user._crm_led()
        people = {member_id for _head_id, _team_id, member_id in rows if member_id}
        return people, {team_id for _head_id, team_id, _member_id in rows}

    @api.onchange("period_type", "date_from")
    def _onchange_date_from(self):
        """Any day of a month stands for the month."""
        if self.date_from and self.period_type in MONTHS:
            self.date_from = period_bounds(self.period_type, self.date_from)[0]

    @api.onchange("date_to")
    def _onchange_date_to(self):
        if self.date_to and self.period_type in MONTHS:
            self.date_from, self.date_to = period_bounds(self.period_type, self.date_to)

    # === CONSTRAINTS === #

    @api.constrains("period_type", "date_from", "date_to")
    def _check_period(self):
        for objective in self:
            dates = (objective.date_from, objective.date_to)
            if objective.period_type in MONTHS and dates != period_bounds(
                objective.period_type, objective.date_from
            ):
                raise ValidationError(
                    self.env._(
                        "A month, quarter or year goes from its first to its last day: "
                        "correct the dates, or choose free dates."
                    )
                )

    @api.constrains("metric", "currency_id")
    def _check_currency(self):
        for objective in self:
            if bool(objective.currency_id) != (objective.metric in MONEY_METRICS):
                raise ValidationError(
                    self.env._(
                        "An amount has a currency, and a number has none: correct the "
                        "currency of the objective."
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        objectives = super().create(vals_list)
        if not self.env.su and any(
            objective.state != "open"
            or objective.closed_date
            or objective.frozen_actual
            for objective in objectives
        ):
            raise AccessError(self._closing_message())
        return objectives

    def write(self, vals):
        if not self.env.su and vals:
            if KEPT & vals.keys():
                raise AccessError(self._closing_message())
            self._check_open()
        res = super().write(vals)
        if WHOSE & vals.keys():
            self.invalidate_recordset(["in_scope"])
            self.check_access("write")  # nobody makes it a stranger's, as in creating
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_closed(self):
        self._check_open()

    @api.model
    def _closing_message(self):
        return self.env._("The figure of an objective is frozen by closing it.")

    def _check_open(self):
        """:raise UserError: where one of them is closed; nothing has changed then"""
        if any(objective.state == "closed" for objective in self):
            raise UserError(
                self.env._(
                    "This objective is closed: ask a sales director to reopen it."
                )
            )
