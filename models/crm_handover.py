from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL
from odoo.tools.misc import format_amount

from .crm_handover_scope import KINDS

# Rows that are moved in one transaction.
BATCH = 2000
# Up to here the user waits for it; more goes on in the background.
AT_ONCE = 500
# Rows of a kind that the printed record names, and kinds of which it has the number.
PRINTED = 500
COUNTED = ("activity", "meeting")
# What a user writes; everything else the hand-over keeps itself.
WRITABLE = {"user_id", "successor_id", "share_ids", "reason", "company_ids"}
# Changing these makes another preview.
SPLIT = {"user_id", "successor_id", "share_ids", "company_ids"}
UNDER_WAY = ("running", "undoing")
# State of the rows that a run works on -> that of the hand-over when it has ended.
WORKS_ON = {"running": "todo", "undoing": "moved"}
ENDS = {"running": "done", "undoing": "undone"}


class CrmHandover(models.Model):
    """The permanent transfer of a seller's portfolio to one or several successors.

    *Lifecycle.* In ``draft`` it says who leaves, who takes over and how that is split;
    the preview lists every row with its successor, and nothing has moved. Starting it
    (``running``) moves the rows in bounded batches, small portfolios at once, others in
    the background; it ends ``done``. It may be ``cancelled`` before and while it runs:
    what has moved stays moved, and can be given back, as after its end (``undoing``,
    then ``undone``).

    *Invariants.* A head hands over within his teams, a director anything of the
    companies that he works in. A row is moved only while it is the leaver's, in the
    transaction that marks its line: a crash or a second server moves nothing twice.
    Nobody deletes a hand-over, nor what it says.

    Closed work, gestiones and what else happened stays with its author.
    """

    _name = "crm.handover"
    _description = "Hand-over"
    _order = "create_date desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Who Leaves",
        required=True,
        index=True,
        ondelete="restrict",
        context={"active_test": False},
    )
    successor_id = fields.Many2one(
        comodel_name="res.users",
        string="Main Successor",
        required=True,
        index=True,
        ondelete="restrict",
        help="Takes over everything that no share below gives to somebody else.",
    )
    # before the shares: Odoo writes them in this order, and rules go by it
    company_ids = fields.Many2many(
        comodel_name="res.company",
        string="Companies",
        required=True,
        default=lambda self: self.env.companies,
        help="What belongs to other companies is not handed over.",
    )
    share_ids = fields.One2many(
        comodel_name="crm.handover.share",
        inverse_name="handover_id",
        string="Shares of Others",
    )
    successor_ids = fields.Many2many(
        comodel_name="res.users",
        relation="crm_handover_successor_rel",
        string="Successors",
        readonly=True,
        copy=False,
        help="Everybody who takes something over; known once it has started.",
    )
    reason = fields.Char()
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("running", "Under Way"),
            ("done", "Done"),
            ("undoing", "Being Undone"),
            ("undone", "Undone"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    previewed = fields.Boolean(readonly=True, copy=False)
    date_start = fields.Datetime(string="Started on", readonly=True, copy=False)
    date_done = fields.Datetime(string="Ended on", readonly=True, copy=False)
    line_ids = fields.One2many(
        comodel_name="crm.handover.line",
        inverse_name="handover_id",
        string="Rows",
        readonly=True,
    )
    line_count = fields.Integer(string="Rows in All", compute="_compute_progress")
    moved_count = fields.Integer(string="Rows Moved", compute="_compute_progress")
    progress = fields.Float(compute="_compute_progress")
    summary = fields.Html(compute="_compute_summary", sanitize=False)
    left_message = fields.Char(compute="_compute_left_message")
    leaver_active = fields.Boolean(related="user_id.active", string="Leaver Is Active")
    may_archive = fields.Boolean(
        compute="_compute_may_archive",
        help="The current user may archive who leaves, by Odoo's own rights.",
    )
    candidate_ids = fields.Many2many(
        comodel_name="res.users",
        string="Possible Successors",
        compute="_compute_people",
    )
    leaver_ids = fields.Many2many(
        comodel_name="res.users",
        string="Sellers to Relieve",
        compute="_compute_people",
    )

    _someone_else = models.Constraint(
        "CHECK(user_id <> successor_id)",
        "Nobody takes over from himself: choose another successor.",
    )
    _under_way_idx = models.Index("(id) WHERE state IN ('running', 'undoing')")

    # === COMPUTE METHODS === #

    @api.depends("state", "previewed")
    def _compute_progress(self):
        # sudo: how far it is, whatever companies its reader works in now
        rows = (
            self.env["crm.handover.line"]
            .sudo()
            ._read_group(
                [("handover_id", "in", self.ids)], ["handover_id", "state"], ["__count"]
            )
        )
        counts = {}
        for handover, state, count in rows:
            counts.setdefault(handover.id, {})[state] = count
        for handover in self:
            own = counts.get(handover._origin.id, {})
            handover.line_count = sum(own.values())
            handover.moved_count = own.get("moved", 0)
            left = own.get(WORKS_ON.get(handover.state, "todo"), 0)
            done = handover.line_count - left
            handover.progress = 100 * done / max(handover.line_count, 1)

    @api.depends("state", "previewed")
    @api.depends_context("uid", "lang", "allowed_company_ids")
    def _compute_summary(self):
        """What goes to whom: numbers and amounts, with what is done of it."""
        for handover in self:
            handover.summary = self.env["ir.qweb"]._render(
                "crm_gestion.crm_handover_summary",
                {"groups": handover._summary(), "draft": handover.state == "draft"},
            )

    def _summary(self):
        """What each successor gets, as far as the user may read it.

        :return: list of dicts of ``successor``, ``amount`` and ``kinds``, a list of
            dicts of ``kind``, ``label``, ``count``, ``moved``, ``amount`` and
            ``left_out``; amounts are text in the currency of the company
        """
        self.ensure_one()
        Line = self.env["crm.handover.line"]
        labels = dict(Line._fields["kind"]._description_selection(self.env))
        kinds = {}
        for successor, kind, state, excluded, count, amount in Line._read_group(
            [("handover_id", "in", self._origin.ids)],
            ["successor_id", "kind", "state", "excluded"],
            ["__count", "amount:sum_currency"],
        ):
            row = kinds.setdefault(successor, {}).setdefault(
                kind, {"count": 0, "moved": 0, "left_out": 0, "amount": 0.0}
            )
            if excluded or state == "skipped":
                row["left_out"] += count
                continue
            row["count"] += count
            row["amount"] += amount
            row["moved"] += count if state == "moved" else 0
        currency = self.env.company.currency_id

        def text(amount):
            return format_amount(self.env, amount, currency) if amount else ""

        return [
            {
                "successor": successor,
                "amount": text(sum(row["amount"] for row in own.values())),
                "kinds": [
                    {
                        **own[kind],
                        "kind": kind,
                        "label": labels[kind],
                        "amount": text(own[kind]["amount"]),
                    }
                    for kind in KINDS
                    if kind in own
                ],
            }
            for successor, own in sorted(
                kinds.items(), key=lambda pair: (pair[0].name, pair[0].id)
            )
        ]

    @api.depends("state", "previewed", "company_ids", "user_id")
    def _compute_left_message(self):
        for handover in self:
            others, activities = (
                self.env["crm.handover.scope"]._left(handover)
                if handover.previewed
                else (0, 0)
            )
            parts = []
            if others:
                parts.append(self.env._("%s rows of other companies", others))
            if activities:
                parts.append(
                    self.env._("%s activities that are not about customers", activities)
                )
            handover.left_message = bool(parts) and self.env._(
                "Not part of this hand-over: %s.", ", ".join(parts)
            )

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_may_archive(self):
        """Who may not is told to ask, and finds no button that refuses him."""
        for handover in self:
            user = handover.user_id._origin
            handover.may_archive = bool(user) and user.has_access("write")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_people(self):
        candidates = self._successors()
        leavers = self._leavers()
        for handover in self:
            handover.candidate_ids = candidates - handover.user_id
            handover.leaver_ids = leavers

    # === WHO MAY === #

    @api.model
    def _own_people(self):
        """
        :return: ids of those whose work a head may give away: his own and that of his
            teams. Covering somebody for some days is no right to give his work away.
        """
        user = self.env.user
        led = {member_id for _head, _team, member_id in user._crm_led() if member_id}
        return {user.id} | led

    @api.model
    def _successors(self):
        """:return: the sellers who may take something over"""
        sellers = self.env["crm.hand.out"]._sellers()
        if self._hands_over_all():
            return sellers
        people = self._own_people()
        return sellers.filtered(lambda user: user.id in people)

    @api.model
    def _leavers(self):
        """:return: the users whose portfolio the user may hand over; archived too"""
        domain = Domain("share", "=", False)
        if self._hands_over_all():
            domain &= Domain("company_ids", "in", self.env.companies.ids)
        else:
            domain &= Domain("id", "in", list(self._own_people()))
        # sudo: names of colleagues; groups of users are not open to all
        users = self.env["res.users"].sudo().with_context(active_test=False)
        return users.search(domain, order="name, id").with_env(self.env)

    @api.model
    def _hands_over_all(self):
        return self.env.user.has_group("crm_gestion.group_sales_director")

    @api.model
    def _may_hand_over(self, users):
        """:return: whether the user may hand over the portfolio of these users"""
        if not self.has_access("create"):
            return False
        return users <= self._leavers()

    def _check_people(self):
        """
        :raise AccessError: where the user may not hand over from or to somebody, or in
            a company
        """
        if self.env.su:
            return
        if not self.env.user.has_group("crm_gestion.group_sales_head"):
            raise AccessError(
                self.env._("Hand-overs are for heads of sales: ask yours to do it.")
            )
        leavers = self._leavers()
        for handover in self:
            if handover.user_id not in leavers:
                raise AccessError(
                    self.env._(
                        "%s is not in your teams: ask a sales director to hand over.",
                        handover.user_id.name,
                    )
                )
            if not handover.company_ids <= self.env.user.company_ids:
                raise AccessError(
                    self.env._("Choose companies in which you work yourself.")
                )
            handover._check_successors(handover._all_successors())

    def _check_successors(self, users):
        """:raise UserError: where one of these users may take nothing over"""
        if self.env.su:
            return
        strangers = users - self._successors()
        for user in strangers or users & self.user_id:
            raise UserError(
                self.env._(
                    "%s cannot take this over: choose another of your sellers.",
                    user.name,
                )
            )

    def _all_successors(self):
        return self.successor_id | self.share_ids.successor_id

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_written(vals)
        handovers = super().create(vals_list)
        handovers._check_people()
        return handovers

    def write(self, vals):
        if not self.env.su:
            self._check_written(vals)
            self._check_draft()
            self._check_people()  # who covers the leaver only reads it
        res = super().write(vals)
        if not self.env.su and vals.keys() & SPLIT:
            self._change_split()
        return res

    @api.model
    def _check_written(self, vals):
        if not self.env.su and not vals.keys() <= WRITABLE:
            raise AccessError(
                self.env._(
                    "How far a hand-over is, Odoo itself keeps: use its buttons."
                )
            )

    def _check_draft(self):
        """:raise UserError: where one has started"""
        if any(handover.state != "draft" for handover in self):
            raise UserError(
                self.env._(
                    "The hand-over has started already: undo it, or make another one."
                )
            )

    def _change_split(self):
        """Another split needs another preview: nobody starts what he has not seen."""
        self._check_draft()
        self._check_people()
        self.env.cr.execute(
            SQL("DELETE FROM crm_handover_line WHERE handover_id = ANY(%s)", self.ids)
        )
        self.line_ids.invalidate_model()
        # sudo: the preview is the hand-over's to keep
        self.sudo().write({"previewed": False})

    # === ACTION METHODS === #

    def action_preview(self):
        """List everything that would move, and to whom. Nothing moves."""
        for handover in self:
            handover.check_access("write")
            handover._check_draft()
            handover._check_people()
            self.env["crm.handover.scope"]._fill(handover)
            handover.sudo().previewed = True  # sudo: as in _change_split
        return True

    def action_start(self):
        """Move it: a small portfolio now, a large one in the background. A second click
        finds it started, and does nothing."""
        self.ensure_one()
        self.check_access("write")
        self._check_people()
        self.env.flush_all()
        if not self.previewed:
            raise UserError(
                self.env._("Look at the preview first, then start the hand-over.")
            )
        if not self._switch("draft", "running"):
            return True
        Line = self.env["crm.handover.line"]
        Line._mark(self, "skipped", "excluded", SQL("excluded"))
        # sudo: what a hand-over keeps itself, see _check_written
        handover = self.sudo()
        handover.date_start = fields.Datetime.now()
        rows = Line.sudo()._read_group(
            [("handover_id", "=", self.id), ("state", "=", "todo")], ["successor_id"]
        )
        # chosen in the preview, and gone or of another team since
        self._check_successors(self.env["res.users"].union(*(user for (user,) in rows)))
        handover.successor_ids = [Command.set([user.id for (user,) in rows])]
        return self._run_soon()

    def action_cancel(self):
        """Stop here. What has moved already stays moved, and can be given back."""
        self.ensure_one()
        self.check_access("write")
        self._check_people()
        if self._switch("draft", "cancelled") or self._switch("running", "cancelled"):
            self.env["crm.handover.line"]._mark(
                self, "skipped", "cancelled", SQL("TRUE")
            )
            # sudo: see _check_written
            self.sudo().date_done = fields.Datetime.now()
        return True

    def action_undo(self):
        """Give back what has moved and has not changed since; the rest says why not."""
        self.ensure_one()
        self.check_access("write")
        self._check_people()
        if self._switch("done", "undoing") or self._switch("cancelled", "undoing"):
            self._run_soon()
        return True

    def action_view_lines(self):
        """List the rows."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_handover_line_action"
        )
        return {
            **action,
            "domain": [("handover_id", "=", self.id)],
            "context": {"search_default_group_kind": 1, "of_one_handover": True},
        }

    def action_archive_user(self):
        """Archive who left, end his sessions and revoke his API keys."""
        self.ensure_one()
        self.env["crm.archive.gate"]._archive(self.user_id)
        return True

    def action_archive_anyway(self):
        """The same for one who still has work: a director's decision. His planned
        activities go to the leader of his team."""
        self.ensure_one()
        self.env["crm.archive.gate"]._archive_anyway(self.user_id)
        return True

    # === RUNNING === #

    def _switch(self, before, after):
        """Change the state, once: of two who do it at once, one waits for the other and
        finds it done.

        :return: whether it was this one
        """
        self.ensure_one()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """UPDATE crm_handover SET state = %s, write_uid = %s, write_date = %s
                    WHERE id = %s AND state = %s RETURNING id""",
                after,
                self.env.uid,
                self.env.cr.now(),
                self.id,
                before,
            )
        )
        self.invalidate_recordset()
        return bool(rows)

    def _run_soon(self):
        """Work through a short list while the user waits; leave a long one to the
        cron."""
        # sudo: the rights were checked; the run works on rows of all its companies
        handover = self.sudo()
        if handover._left_to_do(AT_ONCE + 1) <= AT_ONCE:
            handover._run_batch(AT_ONCE)
        else:
            self.env.ref("crm_gestion.ir_cron_handover").sudo()._trigger()
        self.invalidate_recordset()
        return True

    def _lines_to_do(self, limit):
        return self.env["crm.handover.line"].search(
            [("handover_id", "=", self.id), ("state", "=", WORKS_ON[self.state])],
            order="id",
            limit=limit,
        )

    def _left_to_do(self, limit=None):
        return self.env["crm.handover.line"].search_count(
            [("handover_id", "=", self.id), ("state", "=", WORKS_ON[self.state])],
            limit=limit,
        )

    def _run_batch(self, size=BATCH):
        """Work on the next rows; with the last ones, end it.

        :return: number of rows
        """
        self.ensure_one()
        mover = self.env["crm.handover.mover"]
        lines = self._lines_to_do(size)
        if self.state == "running":
            mover._move(lines)
        else:
            mover._give_back(lines)
        if len(lines) < size or not self._left_to_do(1):
            self._finish()
        return len(lines)

    def _finish(self):
        was = self.state
        self.write({"state": ENDS[was], "date_done": fields.Datetime.now()})
        if was == "running":
            self._tell()

    @api.model
    def _cron_run(self):
        """Go on with what is under way: one bounded batch, one transaction. What
        another server works on is left to it."""
        for handover in self.search([("state", "in", UNDER_WAY)], order="id"):
            while handover.try_lock_for_update():
                handover.invalidate_recordset()
                if handover.state not in UNDER_WAY:
                    break
                size = handover._run_batch()
                left = self._left_in_all()
                if not self.env["ir.cron"]._commit_progress(size, remaining=left):
                    return

    @api.model
    def _left_in_all(self):
        return sum(
            handover._left_to_do()
            for handover in self.search([("state", "in", UNDER_WAY)])
        )

    # === PAPER === #

    def _record_rows(self):
        """What the printed record names: what has moved, by successor and kind, as far
        as the user may read it. Of activities and meetings it gives the number only,
        and of each other kind the first `PRINTED` rows.

        :return: list of dicts of ``successor`` and ``kinds``, a list of dicts of
            ``label``, ``count`` and ``lines``
        """
        self.ensure_one()
        Line = self.env["crm.handover.line"]
        groups = []
        for group in self._summary():
            kinds = []
            for row in group["kinds"]:
                if not row["moved"]:
                    continue
                domain = [
                    ("handover_id", "=", self.id),
                    ("successor_id", "=", group["successor"].id),
                    ("kind", "=", row["kind"]),
                    ("state", "=", "moved"),
                ]
                counted = row["kind"] in COUNTED
                kinds.append(
                    {
                        "label": row["label"],
                        "count": row["moved"],
                        "lines": Line.browse()
                        if counted
                        else Line.search(domain, order="name, id", limit=PRINTED),
                    }
                )
            if kinds:
                groups.append({"successor": group["successor"], "kinds": kinds})
        return groups

    # === TELLING === #

    def _tell(self):
        """One message to each successor, and one to the leaver's head."""
        handover = self.with_company(self.create_uid.company_id)
        for group in handover._summary():
            # who has nothing of it is not told
            if any(row["moved"] for row in group["kinds"]):
                self._tell_successor(group["successor"], group["kinds"])
        leader = self.env["crm.archive.gate"]._leader(self.user_id)
        if leader - self.create_uid - self._all_successors():
            subject = self._in_language(leader).env._(
                "The portfolio of %s has been handed over", self.user_id.name
            )
            self._notify(leader, subject, Markup("<p>%s</p>") % subject)

    def _tell_successor(self, successor, rows):
        speaks = self._in_language(successor)
        labels = dict(
            speaks.env["crm.handover.line"]
            ._fields["kind"]
            ._description_selection(speaks.env)
        )
        subject = speaks.env._("You take over from %s", self.user_id.name)
        items = Markup().join(
            Markup("<li>%s: %s %s</li>")
            % (
                labels[row["kind"]],
                row["moved"],
                f"({row['amount']})" if row["amount"] else "",
            )
            for row in rows
            if row["moved"]
        )
        body = Markup("<p>%s</p><ul>%s</ul>") % (subject, items)
        self._notify(successor, subject, body)

    def _in_language(self, user):
        return self.with_context(lang=user.lang or self.env.lang)

    def _notify(self, user, subject, body):
        link = self._in_language(user)
        link = link._get_html_link(title=link.env._("Open the hand-over"))
        self.env["mail.thread"].message_notify(
            author_id=self.create_uid.partner_id.id,
            partner_ids=user.partner_id.ids,
            subject=subject,
            body=body + Markup("<p>%s</p>") % link,
        )
