from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date

from .crm_takeover_line import HISTORY

# Records that one transaction works on; and as many are worked on at once.
BATCH = 2000
UNDER_WAY = ("running", "undoing")
# Kinds with a handful of proposals.
KINDS_ALONE = ("status", "origination", *HISTORY)


class CrmTakeover(models.Model):
    """Takes over what a company that was on Odoo before has in native fields.

    *Lifecycle.* A preview (``previewed``) proposes what each source, industry, job
    title and type of activity becomes (`crm.takeover.line`); a director corrects it.
    The run (``running``, ``done``) works in bounded batches, each with its place in
    the line that it commits: stopped half-way, it goes on there. A system administrator
    may take it back (``undoing``, ``undone``).

    *Invariants.* Only what is empty is filled. All that a run does is in its ledger
    (`crm.takeover.record`), in the transaction that does it. Native columns stay,
    their dates too; nobody is told. What is a gestión already becomes no second one.
    """

    _name = "crm.takeover"
    _description = "Take-over of Odoo's Data"
    _order = "id desc"

    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )
    since = fields.Date(
        help="Activities and meetings of before are left. Empty takes all of them."
    )
    state = fields.Selection(
        selection=[
            ("draft", "Preparing"),
            ("previewed", "Previewed"),
            ("running", "Running"),
            ("done", "Done"),
            ("undoing", "Taking Back"),
            ("undone", "Taken Back"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
    )
    date_done = fields.Datetime(string="Ended on", readonly=True, copy=False)
    line_ids = fields.One2many(
        comodel_name="crm.takeover.line",
        inverse_name="takeover_id",
        string="Proposals",
        copy=False,
    )
    part_ids = fields.One2many(
        comodel_name="crm.takeover.part",
        inverse_name="takeover_id",
        string="What Was Found",
        copy=False,
    )
    is_working = fields.Boolean(compute="_compute_progress")
    line_count = fields.Integer(string="Number of Proposals", compute="_compute_counts")
    found_count = fields.Integer(string="Found", compute="_compute_counts")
    gestion_count = fields.Integer(string="Gestiones Made", compute="_compute_counts")
    filled_count = fields.Integer(string="Fields Filled", compute="_compute_counts")
    kept_count = fields.Integer(string="Could Not Go Back", compute="_compute_counts")
    potential_count = fields.Integer(
        string="Potential Customers", compute="_compute_accounts"
    )
    customer_count = fields.Integer(string="Customers", compute="_compute_accounts")
    former_count = fields.Integer(
        string="Former Customers", compute="_compute_accounts"
    )
    progress = fields.Float(compute="_compute_progress")

    @api.depends("line_ids.count", "state")
    def _compute_counts(self):
        # sudo: the ledger of runs that the user may read
        Record = self.env["crm.takeover.record"].sudo()
        made = dict.fromkeys(self.ids, 0)
        filled, kept = dict(made), dict(made)
        for takeover, model, state, count in Record._read_group(
            [("takeover_id", "in", self.ids), ("state", "!=", "undone")],
            ["takeover_id", "res_model", "state"],
            ["__count"],
        ):
            part = made if model == "crm.gestion" else filled
            part[takeover.id] += count
            if state == "kept":
                kept[takeover.id] += count
        for takeover in self:
            takeover.line_count = len(takeover.line_ids)
            takeover.found_count = sum(takeover.line_ids.mapped("count"))
            takeover.gestion_count = made.get(takeover.id, 0)
            takeover.filled_count = filled.get(takeover.id, 0)
            takeover.kept_count = kept.get(takeover.id, 0)

    @api.depends("company_id", "state")
    def _compute_accounts(self):
        """What the accounts of the company are now."""
        Partner = self.env["res.partner"]
        for takeover in self:
            counts = dict(
                Partner._read_group(
                    takeover._accounts_domain(),
                    ["account_status"],
                    ["__count"],
                )
            )
            takeover.potential_count = counts.get("potential", 0)
            takeover.customer_count = counts.get("customer", 0)
            takeover.former_count = counts.get("former", 0)

    def _accounts_domain(self):
        return [
            ("parent_id", "=", False),
            ("account_status", "!=", False),
            ("company_id", "in", [self.company_id.id, False]),
        ]

    @api.depends("create_date")
    def _compute_display_name(self):
        for takeover in self:
            if takeover.id:
                day = format_date(self.env, takeover.create_date)
                takeover.display_name = self.env._("Take-over of %s", day)
            else:
                takeover.display_name = self.env._("New")

    @api.depends("line_ids.done", "state")
    def _compute_progress(self):
        for takeover in self:
            takeover.is_working = takeover.state in UNDER_WAY
            lines = takeover.line_ids
            if takeover.state == "undoing":
                done, weight = self.env["crm.takeover.record"]._treated(takeover)
            else:
                weight = sum(line.count + 1 for line in lines)
                done = sum(line.count + 1 for line in lines if line.done)
            takeover.progress = 100.0 * done / weight if weight else 0.0

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        names = {name for vals in vals_list for name in vals}
        defaults = {
            name for name in self._fields if f"default_{name}" in self.env.context
        }
        self._check_open(names | defaults)
        return super().create(vals_list)

    def write(self, vals):
        self._check_open(vals.keys())
        if not self.env.su and set(self.mapped("state")) - {"draft"}:
            raise UserError(
                self.env._("This take-over is prepared already: make another one.")
            )
        return super().write(vals)

    def _check_open(self, names):
        if not self.env.su and set(names) - {"company_id", "since"}:
            raise AccessError(
                self.env._("A take-over is driven by its buttons, nobody writes it.")
            )

    # === ACTION METHODS === #

    def action_preview(self):
        """Look at what is there, again where it was looked at before."""
        for takeover in self._checked("draft", "previewed"):
            takeover.line_ids.unlink()
            takeover.part_ids.unlink()
            self.env["crm.takeover.preview"].sudo()._propose(takeover)
            takeover.state = "previewed"
        return True

    def action_start(self):
        """Do what is proposed: a little at once, a lot in the background."""
        for takeover in self._checked("previewed"):
            takeover.state = "running"
            takeover._begin(takeover.found_count)
        return True

    def action_undo(self):
        """Take everything back that still is as the run left it."""
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._("Ask a system administrator to take this back.")
            )
        for takeover in self._checked("done"):
            takeover.state = "undoing"
            takeover._begin(takeover.filled_count + takeover.gestion_count)
        return True

    def action_view_lines(self):
        self.ensure_one()
        return self._lines_action()

    def action_view_gestiones(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_gestion_action"
        )
        domain = [("takeover_record_ids.takeover_id", "=", self.id)]
        return {**action, "domain": domain, "context": {}}

    def action_view_accounts(self):
        """The accounts with the status that the button's context names."""
        self.ensure_one()
        status = self.env.context.get("crm_account_status", "customer")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.res_partner_action_account"
        )
        domain = [*self._accounts_domain(), ("account_status", "=", status)]
        return {**action, "domain": domain, "context": {}}

    def _lines_action(self, kind=None):
        """
        :param kind: of the proposals, None for all
        :return: action of the proposals, those that become one together
        """
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_takeover_line_action"
        )
        context = {"crm_taken": self.state not in ("draft", "previewed")}
        domain = [("takeover_id", "=", self.id)]
        if kind:
            domain.append(("kind", "=", kind))
            context |= {"crm_kind": kind}
            if kind not in KINDS_ALONE:
                context["search_default_group_becomes"] = 1
        else:
            context["search_default_group_kind"] = 1
        return {**action, "domain": domain, "context": context}

    # === RUNNING === #

    def _checked(self, *states):
        """:return: those of these runs that are in these states, in superuser mode"""
        self.check_access("write")
        # two clicks begin once: who comes second waits for a batch at most, is replayed
        # and finds another state
        self.env.execute_query(
            SQL("SELECT id FROM crm_takeover WHERE id = ANY(%s) FOR UPDATE", self.ids)
        )
        self.invalidate_recordset(["state"])
        # sudo: what is taken over is the company's and not of who prepares it; his
        # right to the run was checked
        return self.sudo().filtered(lambda takeover: takeover.state in states)

    def _begin(self, size):
        if size > BATCH:
            self.env.ref("crm_gestion.ir_cron_takeover")._trigger()
            return
        while self.state in UNDER_WAY:
            self._run_batch()

    def _run_batch(self):
        """Work on the next records; with the last ones, end it.

        :return: number of records
        """
        self.ensure_one()
        if self.state == "undoing":
            size = self.env["crm.takeover.record"]._undo(self, BATCH)
            if not size:
                self._end("undone")
            return size
        line = self.env["crm.takeover.line"].search(
            [("takeover_id", "=", self.id), ("done", "=", False)],
            order="sequence, id",
            limit=1,
        )
        if not line:
            self._end("done")
            return 0
        return line._take(BATCH)

    def _end(self, state):
        self.write({"state": state, "date_done": fields.Datetime.now()})
        # what fills files counts for their completeness
        self.env.ref("crm_gestion.ir_cron_completeness")._trigger()

    @api.model
    def _cron_run(self):
        """Go on with what is under way: one bounded batch, one transaction."""
        for takeover in self.search([("state", "in", UNDER_WAY)], order="id"):
            while takeover.try_lock_for_update():
                takeover.invalidate_recordset()
                if takeover.state not in UNDER_WAY:
                    break
                size = takeover._run_batch()
                left = self.search_count([("state", "in", UNDER_WAY)])
                if not self.env["ir.cron"]._commit_progress(size, remaining=left):
                    return
