from odoo import api, fields, models
from odoo.exceptions import UserError

SMALL = 500  # contacts that are compared while somebody waits
# What the queue and comparisons write, and nobody else.
KEPT = {"ref", "state", "round", "compared_date", "pushed_date", "agreed_removals"}
FORGET = "crm_doppler_forget"
# figure -> whom of the members it counts
COUNTS = {
    "there_count": lambda there, todo, reason: bool(there),
    "add_count": lambda there, todo, reason: todo == "add",
    "update_count": lambda there, todo, reason: todo == "update",
    "remove_count": lambda there, todo, reason: todo == "remove",
    "out_count": lambda there, todo, reason: bool(reason),
}


class CrmDopplerList(models.Model):
    """A segment of contacts that is kept as a list of subscribers at Doppler.

    *Lifecycle.* It is bound to a list that is there or to be made. Comparing it with
    the segment plans what is to be done with each contact (``crm.doppler.member``) and
    tells nobody but Odoo; pushing carries the plan out. Both are jobs of the queue. A
    list that was deleted at Doppler is *missing*: nothing is pushed until somebody
    binds it anew.

    *Invariants.* One binding for each list of an account. Never two pushes of a list at
    a time. What is not in the segment any more leaves the list and stays in the
    account; who came to the list by another way than ours stays as he is. Opting people
    in again is no business of ours, and opting out is Doppler's. Nothing of Doppler is
    deleted with a binding.

    *Rights.* Sales directors bind and push; what the queue and comparisons keep nobody
    writes by hand.
    """

    _name = "crm.doppler.list"
    _description = "Doppler List"
    _order = "name, id"
    _check_company_auto = True

    account_id = fields.Many2one(
        comodel_name="crm.doppler.account",
        required=True,
        default=lambda self: self.env["crm.doppler.account"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        ),
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="account_id.company_id", store=True)
    name = fields.Char(required=True, help="Of the list at Doppler.")
    active = fields.Boolean(default=True)
    segment_id = fields.Many2one(
        comodel_name="crm.segment",
        required=True,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    ref = fields.Char(
        string="Number at Doppler",
        readonly=True,
        copy=False,
        help="Empty until it has been made there.",
    )
    state = fields.Selection(
        selection=[("new", "New"), ("bound", "Bound"), ("missing", "Missing")],
        required=True,
        default="new",
        readonly=True,
        copy=False,
    )
    policy = fields.Selection(
        selection=[
            ("mirror", "Who leaves the segment leaves the list"),
            ("add", "Nobody is taken out"),
        ],
        required=True,
        default="mirror",
    )
    is_automatic = fields.Boolean(string="Push Every Night")
    round = fields.Integer(
        readonly=True, copy=False, help="Comparison that members are of."
    )
    compared_date = fields.Datetime(string="Compared on", readonly=True, copy=False)
    pushed_date = fields.Datetime(string="Pushed on", readonly=True, copy=False)
    agreed_removals = fields.Integer(
        readonly=True, copy=False, help="As many may leave at once: somebody agreed."
    )
    member_ids = fields.One2many("crm.doppler.member", "list_id", copy=False)

    _ref_unique = models.UniqueIndex(
        "(account_id, ref) WHERE ref IS NOT NULL",
        "This list of Doppler is bound to a segment already.",
    )

    # === FIGURES === #

    there_count = fields.Integer(string="On the List", compute="_compute_counts")
    add_count = fields.Integer(string="To Add", compute="_compute_counts")
    update_count = fields.Integer(string="To Update", compute="_compute_counts")
    remove_count = fields.Integer(string="To Remove", compute="_compute_counts")
    out_count = fields.Integer(string="Left Out", compute="_compute_counts")
    out_note = fields.Char(string="Why", compute="_compute_counts")
    is_held = fields.Boolean(compute="_compute_is_held")
    is_working = fields.Boolean(compute="_compute_working")
    working_note = fields.Char(compute="_compute_working")
    is_test = fields.Boolean(related="account_id.is_test")
    optouts_until = fields.Datetime(related="account_id.optouts_until")

    # === COMPUTE METHODS === #

    @api.depends("member_ids.is_there", "member_ids.todo", "member_ids.reason")
    @api.depends_context("lang")
    def _compute_counts(self):
        """One query for the whole list."""
        groups = self.env["crm.doppler.member"]._read_group(
            [("list_id", "in", self.ids)],
            ["list_id", "is_there", "todo", "reason"],
            ["__count"],
        )
        labels = dict(
            self.env["crm.doppler.member"]
            ._fields["reason"]
            ._description_selection(self.env)
        )
        found = {list_id: [] for list_id in self.ids}
        for list_, *group in groups:
            found[list_.id].append(group)
        for list_ in self:
            figures = dict.fromkeys(COUNTS, 0)
            reasons = dict.fromkeys(labels, 0)
            for there, todo, reason, count in found.get(list_._origin.id, ()):
                for name, counts in COUNTS.items():
                    figures[name] += counts(there, todo, reason) and count
                if reason:
                    reasons[reason] += count
            list_.update(figures)
            list_.out_note = ", ".join(
                f"{labels[reason]}: {number}"
                for reason, number in reasons.items()
                if number
            )

    @api.depends("remove_count", "there_count", "agreed_removals")
    def _compute_is_held(self):
        held = self.env["crm.doppler.plan"]._held(self)
        for list_ in self:
            list_.is_held = list_ in held

    def _compute_working(self):
        # sudo: that the queue works for a list and how far it got, for who reads it
        jobs = self.env["crm.doppler.job"].sudo()
        jobs = jobs.search([("list_id", "in", self.ids), ("state", "=", "waiting")])
        working = jobs.grouped("list_id")
        for list_ in self:
            job = working.get(list_.sudo())
            list_.is_working = bool(job)
            list_.working_note = self._working_note(job[:1]) if job else False

    @api.model
    def _working_note(self, job):
        if job.account_id.state != "connected":
            return self.env._(
                "It waits until a system administrator tests the connection of the "
                "Doppler account."
            )
        walk = (job.progress or {}).get("compare")
        if walk:
            return self.env._(
                "Comparing: %(done)s of %(total)s contacts.",
                done=walk["done"],
                total=walk["total"],
            )
        phases = dict(job._fields["phase"]._description_selection(self.env))
        return phases.get(job.phase) or self.env._("Waiting in the queue.")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """What the queue keeps begins empty, whatever a client says."""
        if not self.env.su:
            kept = dict.fromkeys(KEPT, False) | {"state": "new", "round": 0}
            vals_list = [{**vals, **kept} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if KEPT & vals.keys() and not self.env.su:
            raise UserError(
                self.env._(
                    "What Doppler answered is not written by hand: choose the list of "
                    "Doppler by its button."
                )
            )
        bound = self.filtered(lambda list_: list_.ref or list_.state != "new")
        if "account_id" in vals and any(
            list_.account_id.id != vals["account_id"] for list_ in bound
        ):
            raise UserError(
                self.env._(
                    "The list “%s” stays with its account: bind another one.",
                    bound[0].name,
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_pushed(self):
        if self.env.context.get(FORGET):
            return
        # sudo: whether somebody is on his way there, of whom Odoo would not know
        imports = self.env["crm.doppler.import"].sudo()
        for list_ in self:
            on_the_way = imports._is_under_way(list_)
            if list_.pushed_date or list_.there_count or on_the_way:
                raise UserError(
                    self.env._(
                        "Odoo would forget whom it put on the list “%s”: archive it, "
                        "or use its button “Forget”.",
                        list_.name,
                    )
                )

    # === ACTION METHODS === #

    def action_compare(self):
        """Plan what a push would do: at once where few are concerned, else in the
        queue."""
        self.check_access("write")
        for list_ in self:
            if not list_.is_working and list_._is_small() and list_._lock():
                # sudo: checked above; rows are the comparison's to write
                self.env["crm.doppler.plan"].sudo()._compare(list_.sudo())
            else:
                list_._enqueue(is_trial=True)

    def action_push(self):
        """Bring these lists up to date at Doppler, in the queue.

        :raise UserError: where Doppler would not be asked, or a list is gone there
        """
        self.check_access("write")
        if missing := self.filtered(lambda list_: list_.state == "missing"):
            raise UserError(
                self.env._(
                    "The list “%s” was deleted at Doppler: choose another one, or make "
                    "it anew.",
                    missing[0].name,
                )
            )
        for list_ in self:
            list_._enqueue()

    def action_choose(self):
        """Open the dialog with the lists that are at Doppler now."""
        self.ensure_one()
        self.check_access("write")
        return self.env["crm.doppler.list.choose"]._action(self)

    def action_make_anew(self):
        """The next push makes lists that are gone at Doppler there again."""
        self.check_access("write")
        missing = self.filtered(lambda list_: list_.state == "missing")
        missing._bind(False)

    def action_review_removals(self):
        """Open the dialog that tells how many would leave this list."""
        self.ensure_one()
        self.check_access("write")
        view = self.env.ref("crm_gestion.crm_doppler_list_view_form_removals")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Many Would Leave"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    def action_agree_removals(self):
        """As many as are to leave these lists now may do so."""
        self.check_access("write")
        counts = self.env["crm.doppler.plan"]._removals(self)
        for list_ in self.sudo():  # sudo: checked above
            list_.agreed_removals = counts.get(list_.id, (0, 0))[0]
        return {"type": "ir.actions.act_window_close"}

    def action_forget(self):
        """Delete these bindings. At Doppler nothing is deleted: who is on the lists
        stays there, and Odoo does not know any more that it put them there."""
        self.check_access("unlink")
        self._check_idle()
        self.with_context(**{FORGET: True}).unlink()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_doppler_list_action"
        )

    @api.readonly
    def action_view_members(self):
        """List who is in this list or its segment; the context key ``crm_filter`` names
        the filter that is on."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_doppler_member_action"
        )
        name = self.env.context.get("crm_filter")
        context = {f"search_default_{name}": 1} if name else {}
        if name == "out":
            context["search_default_group_reason"] = 1
        return {**action, "domain": [("list_id", "=", self.id)], "context": context}

    # === BUSINESS METHODS === #

    def _is_small(self):
        partners, domain = self.env["crm.doppler.audience"].sudo()._domain(self.sudo())
        few = SMALL + 1
        # sudo: how many there are
        members = self.env["crm.doppler.member"].sudo()
        return (
            partners.search_count(domain, limit=few) < few
            and members.search_count([("list_id", "=", self.id)], limit=few) < few
        )

    def _lock(self):
        """:return: whether no worker is at the account, and none will be until the end
        of this transaction"""
        # sudo: a lock writes nothing
        return bool(self.account_id.sudo().try_lock_for_update(allow_referencing=True))

    def _enqueue(self, is_trial=False):
        account = self.account_id.sudo()  # sudo: the queue asks in its name
        account._client()  # says why it cannot be asked
        self.env["crm.doppler.job"]._enqueue(
            account, "push", list_=self, is_trial=is_trial
        )

    def _bind(self, ref, name=None):
        """Bind this to a list of Doppler, or, without ``ref``, to one to be made.
        Whoever was put on another one is not on this one: what was known is given up.
        The rights are the caller's to check.
        """
        self._check_idle()
        for list_ in self.sudo():  # sudo: of who may write the list
            list_.member_ids.unlink()
            list_.write(
                {
                    "ref": ref,
                    "name": name or list_.name,
                    "state": "bound" if ref else "new",
                    "compared_date": False,
                    "pushed_date": False,
                    "agreed_removals": 0,
                }
            )

    def _check_idle(self):
        if working := self.filtered("is_working"):
            raise UserError(
                self.env._(
                    "The queue works for the list “%s”: wait until it is through, or "
                    "cancel it there.",
                    working[0].name,
                )
            )
