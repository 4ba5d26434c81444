from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

# Fields that say who covers whom and when: both are told when one of them changes.
TOLD = {"user_id", "substitute_id", "date_from", "date_to", "active"}


class CrmSubstitution(models.Model):
    """Temporary cover of an absent seller: in these days, and not one day more, the
    substitute sees and works what the absent seller owns. No owner changes, so nothing
    has to be given back.

    *Lifecycle.* A seller sets it for himself, a head for his people, a director for all
    of his companies; absent seller and substitute are told. It begins and ends by the
    calendar of the substitute, without anybody doing anything. Who ends it sooner keeps
    the row: the days that were covered stay on record, and what never began is
    archived. Nobody below the system administrator deletes one.

    *Invariants.* One row for each substitute; overlaps are allowed. Cover is of the
    absent seller's own work: neither what he covers himself nor the teams he leads are
    passed on. It opens no company to anybody. A substitute is nobody's head: he neither
    reassigns what he covers, nor sets who else covers it.
    """

    _name = "crm.substitution"
    _description = "Substitution"
    _order = "date_from desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Absent Seller",
        required=True,
        index=True,
        ondelete="cascade",
        default=lambda self: self.env.user,
        domain="[('id', 'in', absent_user_ids)]",
    )
    substitute_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('id', 'in', substitute_user_ids), ('id', '!=', user_id)]",
    )
    date_from = fields.Date(
        string="First Day", required=True, default=fields.Date.context_today
    )
    date_to = fields.Date(string="Last Day", required=True)
    reason = fields.Char()
    active = fields.Boolean(default=True)
    state = fields.Selection(
        selection=[("planned", "Planned"), ("running", "Running"), ("over", "Over")],
        compute="_compute_state",
        search="_search_state",
    )
    may_set = fields.Boolean(
        string="May Be Changed",
        compute="_compute_may_set",
        search="_search_may_set",
        help="The absent seller is the user himself, one of his people, or, for a "
        "director, of his companies.",
    )
    absent_user_ids = fields.Many2many(
        comodel_name="res.users",
        string="Possible Absent Sellers",
        compute="_compute_possible_users",
    )
    substitute_user_ids = fields.Many2many(
        comodel_name="res.users",
        string="Possible Substitutes",
        compute="_compute_possible_users",
    )
    warning = fields.Text(compute="_compute_warning")

    _dates = models.Constraint(
        "CHECK(date_from <= date_to)",
        "The substitution ends before it begins: change one of the dates.",
    )
    _someone_else = models.Constraint(
        "CHECK(user_id <> substitute_id)",
        "Nobody covers himself: choose another substitute.",
    )

    # === COMPUTE METHODS === #

    @api.depends("user_id", "substitute_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for row in self.sudo():  # sudo: names of colleagues
            row.display_name = False
            if row.substitute_id:
                row.display_name = self.env._(
                    "%(substitute)s covers %(user)s",
                    substitute=row.substitute_id.name,
                    user=row.user_id.name,
                )

    @api.depends("date_from", "date_to", "active")
    @api.depends_context("uid")
    def _compute_state(self):
        today = self.env.user._crm_today()
        for row in self:
            if row.active and row.date_from and row.date_from > today:
                row.state = "planned"
            elif row.active and (not row.date_to or row.date_to >= today):
                row.state = "running"
            else:
                row.state = "over"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.user._crm_today()
        domains = {
            "planned": Domain([("active", "=", True), ("date_from", ">", today)]),
            "running": Domain(
                [
                    ("active", "=", True),
                    ("date_from", "<=", today),
                    ("date_to", ">=", today),
                ]
            ),
            "over": Domain("active", "=", False) | Domain("date_to", "<", today),
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.depends("user_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_may_set(self):
        """Agrees with the search."""
        if self.env.user._has_group("crm_gestion.group_sales_director"):
            for row in self:
                # sudo: companies of colleagues
                companies = row.user_id.sudo().company_ids
                row.may_set = bool(companies & self.env.companies)
            return
        led = self._led_user_ids()
        for row in self:
            row.may_set = row.user_id._origin.id in led

    def _search_may_set(self, operator, value):
        if operator != "in":
            return NotImplemented
        if self.env.user._has_group("crm_gestion.group_sales_director"):
            return Domain("user_id.company_ids", "in", self.env.companies.ids)
        return Domain("user_id", "in", list(self._led_user_ids()))

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_possible_users(self):
        here = Domain("company_ids", "in", self.env.companies.ids)
        absent = here & self._salespeople("sales_team.group_sale_salesman")
        if not self.env.user._has_group("crm_gestion.group_sales_director"):
            absent &= Domain("id", "in", list(self._led_user_ids()))
        substitutes = here & self._salespeople("crm_gestion.group_seller")
        # sudo: who is a salesperson is no secret; groups of users are not open to all
        users = self.env["res.users"].sudo()
        self.absent_user_ids = users.search(absent, order="name, id")
        self.substitute_user_ids = users.search(substitutes, order="name, id")

    @api.depends("user_id", "substitute_id", "date_from", "date_to")
    def _compute_warning(self):
        """What cover is not passed on: nothing is wrong with it, but it surprises."""
        self.warning = False
        rows = self.filtered(
            lambda r: r.user_id and r.substitute_id and r.date_from and r.date_to
        )
        if not rows:
            return
        # sudo: who covers whom is no secret
        others = self.sudo().search(
            [
                ("active", "=", True),
                ("date_from", "<=", max(rows.mapped("date_to"))),
                ("date_to", ">=", min(rows.mapped("date_from"))),
                "|",
                ("user_id", "in", rows.substitute_id.ids),
                ("substitute_id", "in", rows.user_id.ids),
            ]
        )
        for row in rows:
            texts = [row._not_passed_on(other) for other in others]
            row.warning = "\n".join(filter(None, texts)) or False

    def _not_passed_on(self, other):
        """:return: sentence that says what another substitution in these days does not
        pass on; None where they have nothing to do with each other"""
        if other == self._origin or not (
            other.date_from <= self.date_to and self.date_from <= other.date_to
        ):
            return None
        names = {
            "user": self.user_id.name,
            "substitute": self.substitute_id.name,
            "other": other.user_id.name,
            "date_from": format_date(self.env, other.date_from),
            "date_to": format_date(self.env, other.date_to),
        }
        if other.user_id == self.substitute_id._origin:
            return self.env._(
                "%(substitute)s is away from %(date_from)s to %(date_to)s: whoever "
                "covers %(substitute)s does not cover %(user)s.",
                **names,
            )
        if other.substitute_id == self.user_id._origin:
            return self.env._(
                "%(user)s covers %(other)s from %(date_from)s to %(date_to)s: that is "
                "not passed on to %(substitute)s.",
                **names,
            )
        return None

    # === CONSTRAINTS === #

    @api.constrains("user_id", "substitute_id")
    def _check_people(self):
        for row in self.sudo():  # sudo: groups and companies of colleagues
            user, substitute = row.user_id, row.substitute_id
            names = {"user": user.name, "substitute": substitute.name}
            if not self._works(user, "sales_team.group_sale_salesman"):
                raise ValidationError(
                    self.env._(
                        "%(user)s has no sales rights, so there is nothing to cover: "
                        "choose a salesperson.",
                        **names,
                    )
                )
            if not self._works(substitute, "crm_gestion.group_seller"):
                raise ValidationError(
                    self.env._(
                        "%(substitute)s has no role in the sales method and would see "
                        "nothing: choose a seller, a head of sales or a director.",
                        **names,
                    )
                )
            if not user.company_ids & substitute.company_ids:
                raise ValidationError(
                    self.env._(
                        "%(substitute)s works for no company of %(user)s's: choose "
                        "another substitute.",
                        **names,
                    )
                )

    @api.model
    def _works(self, user, group):
        return user.active and user._is_internal() and user._has_group(group)

    @api.model
    def _salespeople(self, group):
        """:return: domain of the users of whom `_works` is true"""
        return Domain("share", "=", False) & Domain(
            "all_group_ids", "in", self.env.ref(group).ids
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        self.env["res.users"]._crm_drop_scopes()
        self.env["crm.substitution.notice"]._tell(rows)
        return rows

    def write(self, vals):
        before = {row: row.user_id | row.substitute_id for row in self}
        res = super().write(vals)
        if TOLD & vals.keys():
            self.env["res.users"]._crm_drop_scopes()
            self.invalidate_recordset(["may_set", "state"])
            self.check_access("write")  # nobody makes it a stranger's, as in creating
            self.env["crm.substitution.notice"]._tell(self, before)
        return res

    def unlink(self):
        res = super().unlink()
        self.env["res.users"]._crm_drop_scopes()
        return res

    # === ACTION METHODS === #

    def action_crm_end(self):
        """End cover at once, today included. The days covered before stay on record;
        what did not begin before today is archived."""
        for row in self.filtered(lambda row: row.state != "over"):
            # sudo: the time zone of a colleague
            today = row.substitute_id.sudo()._crm_today()
            if row.date_from < today:
                row.date_to = today - timedelta(days=1)
            else:
                row.active = False

    # === BUSINESS METHODS === #

    @api.model
    def _covered(self, users):
        """Whom these users cover today, by the calendar of each of them.

        :return: dict user -> set of ids of absent ``res.users``
        """
        covered = {user: set() for user in users}
        for row, user in self._running("substitute_id", users):
            covered[user].add(row.user_id.id)
        return covered

    @api.model
    def _substitutes(self, users):
        """Who covers these users today, by the calendar of who covers. Who left covers
        nobody.

        :return: dict user -> ``res.users``
        """
        substitutes = {user: users.browse() for user in users}
        for row, user in self._running("user_id", users):
            if row.substitute_id.active:
                substitutes[user] |= row.substitute_id.with_env(users.env)
        return substitutes

    @api.model
    def _running(self, side, users):
        """
        :param str side: which of the two these users are
        :return: iterator of pairs of a row, in superuser mode, and the user, of today
        """
        if not users.ids:
            return
        # sudo: who covers whom is no secret, and a rule must not depend on what else
        # its reader may open; today somewhere on earth, then today for the substitute
        today, day = fields.Date.today(), timedelta(days=1)
        rows = self.sudo().search_fetch(
            [
                (side, "in", users.ids),
                ("active", "=", True),
                ("date_from", "<=", today + day),
                ("date_to", ">=", today - day),
            ],
            ["user_id", "substitute_id", "date_from", "date_to"],
        )
        for row in rows:
            if row.date_from <= row.substitute_id._crm_today() <= row.date_to:
                yield row, row[side].with_env(users.env)

    @api.model
    def _led_user_ids(self):
        """The scope of the current user without whom he only covers: himself and the
        people he leads. Whatever is a head's to decide goes by this.

        :return: set of ids of ``res.users``
        """
        led = {member for _head, _team, member in self.env.user._crm_led() if member}
        return {self.env.uid, *led}

    @api.model
    def _only_covered_ids(self):
        """
        :return: set of ids of whom the current user covers and does not lead; who has
            all documents, such as a director, needs no cover
        """
        user = self.env.user
        covered = self._covered(user)[user]
        if covered and user._has_group("sales_team.group_sale_salesman_all_leads"):
            return set()
        return covered - self._led_user_ids() if covered else covered

    @api.model
    def _check_owner_kept(self, records, vals):
        """A substitute works what he covers, and gives it to nobody: it would stay
        there after the last day.

        :param records: records with an owner in ``user_id``, before the write
        :raise UserError: where the owner would change; nothing has changed then
        """
        if self.env.su or "user_id" not in vals:
            return
        covered = self._only_covered_ids()
        for record in records if covered else ():
            owner = record.user_id
            if owner.id in covered and owner.id != vals["user_id"]:
                raise UserError(
                    self.env._(
                        "You cover %s, and what you cover keeps its salesperson: "
                        "ask a head of sales to reassign it.",
                        owner.name,
                    )
                )

    @api.model
    def _check_merged(self, records, user_id):
        """Merging gives what it deletes to the owner of what stays.

        :param records: with an owner in ``user_id``, about to be merged
        :param user_id: id of who gets what stays, where somebody chose him
        :raise UserError: where that is not sure to be whom the user only covers;
            nothing has changed then
        """
        if self.env.su:
            return
        owners = records.user_id
        keeper = user_id or (owners.id if len(owners) == 1 else False)
        covered = self._only_covered_ids() - {keeper}
        for owner in owners.filtered(lambda user: user.id in covered):
            raise UserError(
                self.env._(
                    "You cover %s, and what you cover keeps its salesperson: do not "
                    "merge it with others' work, or ask a head of sales.",
                    owner.name,
                )
            )
