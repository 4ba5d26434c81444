from datetime import datetime, time
from math import ceil

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.objective import (
    MONTHS,
    Rates,
    expected_share,
    missing_gestiones,
    missing_opportunities,
    pace,
    period_bounds,
)
from .crm_objective_figure import Goal
from .crm_objective_metric import METRICS, MONEY_METRICS, RATES

# What makes two objectives of somebody the same, with the types of gestiones.
SAME = ("metric", "company_id", "team_id", "market_id", "date_from", "date_to")
# How periods are named: dates as Babel writes them.
FORMS = {"month": "LLLL y", "quarter": "QQQ y", "year": "y"}
BATCH = 500  # closed in one transaction
# What closing and reopening write, and nobody else.
KEPT = {"state", "closed_date", "frozen_actual"}
# Whose objective it is: what has changed may be out of the writer's reach.
WHOSE = {"user_id", "team_id", "company_id"}
# What reads documents, each with what is worked out along with it or from it.
WORK = {
    "missing_opportunities",
    "missing_gestiones",
    "opportunities_known",
    "gestiones_known",
}
LIVE = {
    "actual": {"actual", "progress", "missing", "pace"} | WORK,
    "missing_opportunities": WORK,
}


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
        domain="[('id', 'in', possible_user_ids)]",
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        domain="[('crm_in_scope', '=', True),"
        " ('company_id', 'in', [company_id, False])]",
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
        "credit notes, untaxed. Collected: what was paid on customer invoices less "
        "what was paid back, taxes included. Gestiones: of the types that count as "
        "activity. Proposals: quotations made in the period that were sent or "
        "confirmed. New customers: whose first order or invoice ever is of the period.",
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
        string="Until",
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

    actual = fields.Monetary(
        compute="_compute_actual",
        aggregator=None,
        help="Worked out now; frozen where the objective is closed.",
    )
    progress = fields.Float(
        compute="_compute_actual",
        aggregator=None,
        help="Share of the target: 1 is all.",
    )
    missing = fields.Monetary(
        compute="_compute_actual", aggregator=None, help="What is left to the target."
    )
    expected_progress = fields.Float(
        compute="_compute_pace",
        aggregator=None,
        help="Share of the working days of the period that has gone by at the end of "
        "today.",
    )
    pace = fields.Selection(
        selection=[("ahead", "Ahead"), ("on", "On Track"), ("behind", "Behind")],
        compute="_compute_pace",
        search="_search_pace",
    )
    missing_opportunities = fields.Integer(
        string="New Opportunities to Open",
        compute="_compute_missing_work",
        aggregator=None,
        help="That it takes to arrive, by what became of opportunities in the last "
        "12 months.",
    )
    missing_gestiones = fields.Integer(
        string="Gestiones to Make",
        compute="_compute_missing_work",
        aggregator=None,
        help="That it takes to arrive, by the gestiones of the last 12 months for each "
        "new opportunity.",
    )
    opportunities_known = fields.Boolean(
        string="Opportunities Can Be Told", compute="_compute_missing_work"
    )
    gestiones_known = fields.Boolean(
        string="Gestiones Can Be Told", compute="_compute_missing_work"
    )
    owner_name = fields.Char(string="Of", compute="_compute_owner_name")
    period_name = fields.Char(string="When", compute="_compute_period_name")
    possible_user_ids = fields.Many2many(
        comodel_name="res.users",
        string="Possible Salespeople",
        compute="_compute_possible_user_ids",
    )
    may_close = fields.Boolean(compute="_compute_may_close")
    may_reopen = fields.Boolean(compute="_compute_may_close")
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

    @api.depends("user_id", "team_id", "company_id")
    def _compute_owner_name(self):
        for objective in self.sudo():  # sudo: names of colleagues
            owner = objective.user_id or objective.team_id or objective.company_id
            objective.owner_name = owner.display_name

    @api.depends("period_type", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_period_name(self):
        # hundreds have the same period, and writing dates out takes its time
        periods = self.grouped(lambda o: (o.period_type, o.date_from, o.date_to))
        for (period_type, *days), objectives in periods.items():
            name = False
            form = FORMS.get(period_type)
            if all(days) and form:
                name = format_date(self.env, days[0], date_format=form).capitalize()
            elif all(days):
                name = " – ".join(format_date(self.env, day) for day in days)
            for objective in objectives:
                objective.period_name = name

    @api.depends("metric", "owner_name", "period_name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        labels = dict(self._fields["metric"]._description_selection(self.env))
        for objective in self:
            parts = (
                labels.get(objective.metric),
                objective.owner_name,
                objective.period_name,
            )
            objective.display_name = ", ".join(filter(None, parts))

    @api.depends("company_id")
    @api.depends_context("uid")
    def _compute_possible_user_ids(self):
        """Whom the user may set an objective. Who left keeps his, and gets no new
        one."""
        domain = Domain("share", "=", False) & Domain(
            "all_group_ids", "in", self.env.ref("sales_team.group_sale_salesman").ids
        )
        if not self.env.user.has_group("crm_gestion.group_sales_director"):
            domain &= Domain("id", "in", list(self._led()[0]))
        # sudo: who is a salesperson is no secret; groups of users are not open to all
        users = self.env["res.users"].sudo().search(domain, order="name, id")
        for objective in self:
            objective.possible_user_ids = users.filtered(
                lambda user, company=objective.company_id: company in user.company_ids
            )

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

    @api.depends(
        "user_id", "team_id", "company_id", "metric", "activity_type_ids", "market_id",
        "date_from", "date_to", "currency_id", "target", "state", "frozen_actual",
    )  # fmt: skip
    def _compute_actual(self):
        """Of what is saved: a form that is being filled in must not tell its user the
        figures of whomever he types."""
        figures = self._origin._figures()
        for objective in self:
            actual = figures.get(objective._origin, 0.0)
            target = objective.target
            objective.actual = actual
            objective.progress = actual / target if target > 0 else 0.0
            objective.missing = max(target - actual, 0.0)

    @api.depends("progress", "date_from", "date_to", "company_id", "closed_date")
    def _compute_pace(self):
        days = self._working_days()
        todays = {company: company._crm_today() for company in days}
        shares = {}
        for objective in self:
            company = objective.company_id
            today = objective.closed_date or todays[company]
            period = (company, objective.date_from, objective.date_to, today)
            if period not in shares:
                dated = objective.date_from and objective.date_to
                shares[period] = (
                    expected_share(*period[1:], days[company]) if dated else 0.0
                )
            objective.expected_progress = shares[period]
            objective.pace = pace(objective.progress, shares[period])

    def _search_pace(self, operator, value):
        if operator != "in":
            return NotImplemented
        mine = self.search([("company_id", "in", self.env.companies.ids)])
        mine._work_out("actual")
        return Domain("id", "in", mine.filtered(lambda o: o.pace in value).ids)

    @api.depends("missing")
    def _compute_missing_work(self):
        rates = self._origin._rates()
        for objective in self:
            unit = METRICS[objective.metric].unit if objective.metric else "gestiones"
            own = rates.get(objective._origin, Rates())
            opportunities = None
            gestiones = ceil(objective.missing)
            if unit != "gestiones":
                opportunities = missing_opportunities(unit, objective.missing, own)
                gestiones = missing_gestiones(opportunities, own)
            objective.missing_opportunities = opportunities or 0
            objective.opportunities_known = opportunities is not None
            objective.missing_gestiones = gestiones or 0
            objective.gestiones_known = gestiones is not None

    @api.depends("state", "user_id", "team_id")
    @api.depends_context("uid")
    def _compute_may_close(self):
        writable = self._origin._filtered_access("write")
        reopens = self._may_reopen()
        for objective in self:
            may = objective._origin in writable
            objective.may_close = may and objective.state == "open"
            objective.may_reopen = may and reopens and objective.state == "closed"

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

    @api.constrains(
        "company_id", "metric", "user_id", "team_id", "market_id", "date_from",
        "date_to", "activity_type_ids",
    )  # fmt: skip
    def _check_same_types(self):
        """No two objectives of gestiones with the same set of types: an index cannot
        compare sets that are stored in a relation."""
        rows = self.filtered(lambda objective: objective.metric == "gestiones")
        # sudo: one that the writer may not read is there all the same
        others = self.sudo().search(
            [
                ("metric", "=", "gestiones"),
                ("company_id", "in", rows.company_id.ids),
                ("date_from", "in", rows.mapped("date_from")),
            ]
        )
        same = others.grouped(lambda other: (other.user_id, other._identity()))
        if any(len(group) > 1 and group & rows for group in same.values()):
            raise ValidationError(
                self.env._("There is this objective already: change its target.")
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

    def _read_format(self, fnames, load="_classic_read"):
        for name, needed_by in LIVE.items():
            if not needed_by.isdisjoint(fnames):
                self._work_out(name)
        return super()._read_format(fnames, load=load)

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

    # === ACTION METHODS === #

    def action_close(self):
        """Freeze the figure, with the date. Who is closed already stays as he is."""
        self.check_access("write")
        self.filtered(lambda objective: objective.state == "open")._close()

    def action_reopen(self):
        """Work the figure out live again."""
        self.check_access("write")
        if not self._may_reopen():
            raise AccessError(
                self.env._("Only a sales director reopens an objective: ask yours.")
            )
        # sudo: what closing wrote, see `write`
        self.sudo().write({"state": "open", "closed_date": False, "frozen_actual": 0})

    @api.readonly
    def action_crm_records(self):
        """Show what the figure is made of, as far as the user may read it."""
        self.ensure_one()
        self.check_access("read")
        # sudo: which documents they are; what the user may open of them, Odoo decides
        Figure = self.env["crm.objective.figure"].sudo()
        domain = Figure._domain(METRICS[self.metric], self.sudo()._goal())
        action = METRICS[self.metric].action
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(action),
            "name": self.display_name,
            "domain": list(domain),
            "context": {"active_test": False, "create": False},
        }

    # === BUSINESS METHODS === #

    def _close(self):
        for objective in self:
            # sudo: see `write`; the rights to close are checked by who calls this
            objective.sudo().write(
                {
                    "state": "closed",
                    "closed_date": objective.company_id._crm_today(),
                    "frozen_actual": objective.actual,
                }
            )

    @api.model
    def _may_reopen(self):
        user = self.env.user
        return self.env.su or user.has_group("crm_gestion.group_sales_director")

    @api.model
    def _cron_close(self):
        """Close what has been over for some days (a setting; 0: never), in bounded
        batches: late documents still counted, and then the figure stands."""
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        days = int(params.get_param("crm_gestion.objective_close_days", "30"))
        if days <= 0:
            return
        over = [
            ("state", "=", "open"),
            ("date_to", "<", fields.Date.today() - relativedelta(days=days)),
        ]
        while objectives := self.search(over, order="id", limit=BATCH):
            objectives._close()
            self.env.flush_all()
            left = self.search_count(over)
            if not self.env["ir.cron"]._commit_progress(
                len(objectives), remaining=left
            ):
                return

    @api.model
    def _running(self):
        """:return: domain of the open objectives whose period is not over, by the days
        of the company of each: two days at most are on earth besides that of UTC"""
        today, day = fields.Date.today(), relativedelta(days=1)
        unsure = Domain("date_to", ">=", today - day) & Domain("date_to", "<=", today)
        # sudo: only which companies there are objectives of
        groups = self.sudo()._read_group(
            Domain("state", "=", "open") & unsure, ["company_id"]
        )
        running = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("date_to", ">=", company._crm_today())
            for (company,) in groups
        )
        return Domain("state", "=", "open") & (
            Domain("date_to", ">", today) | (unsure & running)
        )

    def _today(self):
        """:return: the day by which the objective is judged"""
        self.ensure_one()
        return self.closed_date or self.company_id._crm_today()

    def _identity(self):
        """:return: what makes it the same objective as another one of its owner"""
        self.ensure_one()
        values = [self[name] for name in SAME]
        if self.metric == "gestiones":
            values.append(self.activity_type_ids)
        return tuple(values)

    def _held_by(self, user):
        """:return: those of these objectives that a user has already, closed or not"""
        others = self.search(
            [
                ("user_id", "=", user.id),
                ("company_id", "in", self.company_id.ids),
                ("date_from", "in", self.mapped("date_from")),
            ]
        )
        held = {other._identity() for other in others - self}
        return self.filtered(lambda objective: objective._identity() in held)

    def _company_rate(self):
        """:return: today's rate from the currency of the objective to the company's; 1
        of a number"""
        self.ensure_one()
        if not self.currency_id:
            return 1
        return self.env["res.currency"]._get_conversion_rate(
            self.currency_id,
            self.company_id.currency_id,
            self.company_id,
            self.company_id._crm_today(),
        )

    def _goal(self):
        """:return: what ``crm.objective.figure`` is asked for"""
        self.ensure_one()
        return Goal(
            key=self.id,
            company=self.company_id,
            date_from=self.date_from,
            date_to=self.date_to,
            user_id=self.user_id.id,
            team_id=self.team_id.id,
            currency_id=self.currency_id.id,
            market_path=self.market_id.parent_path,
            activity_type_ids=tuple(self.activity_type_ids.ids),
        )

    def _work_out(self, name):
        """Have a computed field of all of these in the cache. Of a long list, the ORM
        works out 1,000 rows at a time, and would read all documents each time."""
        field = self._fields[name]
        missing = self.browse(field._cache_missing_ids(self))
        if missing:
            field.compute_value(missing)

    def _figures(self):
        """:return: dict objective -> how far it is, of those the user may read"""
        # sudo: the figure of an objective is its reader's to know as a whole, also
        # where single documents are not; the figure keeps companies apart by itself
        readable = self._filtered_access("read").sudo()
        figures = {
            objective: objective.frozen_actual
            for objective in readable
            if objective.state == "closed"
        }
        is_open = readable.filtered(lambda objective: objective.state == "open")
        Figure = readable.env["crm.objective.figure"]
        found = Figure._figures_of(
            {
                METRICS[metric]: [objective._goal() for objective in objectives]
                for metric, objectives in is_open.grouped("metric").items()
            }
        )
        return figures | {objective: found[objective.id] for objective in is_open}

    def _rates(self):
        """:return: dict objective -> `Rates` of its owner in the last twelve months"""
        # sudo: as for figures
        readable = self._filtered_access("read").sudo()
        Figure = readable.env["crm.objective.figure"]
        goals = []
        for objective in readable:
            today = objective._today()
            goals.append(
                objective._goal()._replace(
                    date_from=today - relativedelta(years=1, days=-1),
                    date_to=today,
                    currency_id=(
                        objective.currency_id or objective.company_id.currency_id
                    ).id,
                    market_path=False,
                    activity_type_ids=(),
                )
            )
        figures = {
            name: Figure._figures(metric, goals) for name, metric in RATES.items()
        }
        return {
            objective: Rates(
                **{name: found[objective.id] for name, found in figures.items()}
            )
            for objective in readable
        }

    def _working_days(self):
        """:return: dict company -> days on which it works while these objectives run,
        by its calendar and its public holidays; none where it has no calendar"""
        days = {}
        for company, objectives in self.grouped("company_id").items():
            days[company] = []
            dates = [*objectives.mapped("date_from"), *objectives.mapped("date_to")]
            dates = [day for day in dates if day]
            # sudo: the calendar of the company, for whoever has an objective
            calendar = company.sudo().resource_calendar_id
            if not calendar or not dates:
                continue
            tz = company._crm_tz()
            is_off = calendar._get_unusual_days(
                tz.localize(datetime.combine(min(dates), time.min)),
                tz.localize(datetime.combine(max(dates), time.max)),
                company,
            )
            days[company] = [
                fields.Date.to_date(day) for day in sorted(is_off) if not is_off[day]
            ]
        return days
