from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.base.models.res_partner import _tz_get

# Kinds of `crm.master.mixin._import_template`.
TEMPLATES = (
    "account",
    "organization",
    "contact",
    "opportunity",
    "crm_gestion",
    "crm_origination",
    "crm_market",
    "crm_cargo",
)
# Written by the work itself: a client that could would import as another user.
TOLD = {
    "state",
    "work",
    "work_done",
    "work_total",
    "user_id",
    "finished",
    "error",
    "date_done",
    "forgotten",
}


class CrmImport(models.Model):
    """The data of another program, brought along once.

    *Lifecycle.* In ``draft`` files are added and read: each row becomes a
    `crm.import.row`, each text that means something here a `crm.import.choice`. A check
    (``checked``) says of every row what will become of it and writes nothing else. The
    run (``running``) makes records in bounded batches, in the order of
    `tools.importing.schema.ENTITIES`; stopped half-way it goes on where it was. When
    it has ended (``done``) it may be taken back (``undoing``, ``undone``) as long as
    nobody changed what it made.

    *Work.* Reading, checking, running and taking back are done in steps by
    `WORKERS`, as who imports and in the company of the import: at once where there is
    little to do, else by a cron that commits each step. After a crash the next run
    goes on with the step that was lost; two servers never work on one import.

    *Invariants.* A row makes a record once, in the transaction that says so. What was
    here before is matched, never overwritten. Nobody is e-mailed.
    """

    _name = "crm.import"
    _description = "Import from Another CRM"
    _order = "id desc"

    name = fields.Char(required=True)
    source = fields.Selection(
        selection=[("vtiger", "vtiger"), ("sheet", "Spreadsheets")],
        required=True,
        default="vtiger",
    )
    state = fields.Selection(
        selection=[
            ("draft", "Preparing"),
            ("checked", "Checked"),
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
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="restrict",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Imported by",
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    tz = fields.Selection(
        selection=_tz_get,
        string="Time Zone of the Files",
        required=True,
        default=lambda self: self.env.user.tz or "UTC",
    )
    date_order = fields.Selection(
        selection=[("dmy", "Day first"), ("mdy", "Month first"), ("ymd", "Year first")],
        help="Asked for where the dates of a file can be read in two ways.",
    )
    lead_target = fields.Selection(
        selection=[
            ("lead", "Leads"),
            ("organization", "Potential customers"),
        ],
        string="Leads Become",
        required=True,
        default="lead",
    )
    file_ids = fields.One2many(
        comodel_name="crm.import.file", inverse_name="import_id", copy=False
    )
    choice_ids = fields.One2many(
        comodel_name="crm.import.choice", inverse_name="import_id", copy=False
    )
    row_ids = fields.One2many(
        comodel_name="crm.import.row", inverse_name="import_id", copy=False
    )
    upload_ids = fields.Many2many(
        comodel_name="ir.attachment", string="Add Files", copy=False
    )
    work = fields.Selection(
        selection=[
            ("read", "Reading"),
            ("check", "Checking"),
            ("run", "Importing"),
            ("undo", "Taking back"),
        ],
        string="At Work",
        readonly=True,
        copy=False,
    )
    work_total = fields.Integer(readonly=True, copy=False)
    work_done = fields.Integer(readonly=True, copy=False)
    progress = fields.Float(compute="_compute_progress")
    # what `_finish` was called for
    finished = fields.Char(readonly=True, copy=False)
    error = fields.Char(string="Stopped Because", readonly=True, copy=False)
    date_done = fields.Datetime(string="Ended on", readonly=True, copy=False)
    row_count = fields.Integer(string="Rows", compute="_compute_counts")
    planned_count = fields.Integer(string="To Make", compute="_compute_counts")
    made_count = fields.Integer(string="Made", compute="_compute_counts")
    matched_count = fields.Integer(string="Were Here", compute="_compute_counts")
    refused_count = fields.Integer(string="Refused", compute="_compute_counts")
    undone_count = fields.Integer(string="Taken Back", compute="_compute_counts")
    open_count = fields.Integer(string="Still to Decide", compute="_compute_open_count")
    forgotten = fields.Boolean(
        readonly=True, copy=False, help="Files and values of the rows were removed."
    )
    template_links = fields.Html(string="Templates", compute="_compute_template_links")
    meaning_ids = fields.One2many(
        comodel_name="crm.import.choice",
        inverse_name="import_id",
        string="Meanings",
        domain=[("asked", "=", False)],
    )
    question_ids = fields.One2many(
        comodel_name="crm.import.choice",
        inverse_name="import_id",
        string="Questions",
        domain=[("asked", "=", True)],
    )

    # === COMPUTE METHODS === #

    @api.depends("work_done", "work_total")
    def _compute_progress(self):
        for job in self:
            total = job.work_total
            job.progress = 100.0 * min(job.work_done / total, 1.0) if total else 0.0

    @api.depends("row_ids.state")
    def _compute_counts(self):
        Row = self.env["crm.import.row"]
        counts = {
            (job, state): count
            for job, state, count in Row._read_group(
                [("import_id", "in", self.ids)], ["import_id", "state"], ["__count"]
            )
        }
        for job in self:
            total = 0
            for state, _label in Row._fields["state"].selection:
                count = counts.get((job, state), 0)
                total += count
                if state != "read":
                    job[f"{state}_count"] = count
            job.row_count = total

    @api.depends("choice_ids.action")
    def _compute_open_count(self):
        counts = dict(
            self.env["crm.import.choice"]._read_group(
                [("import_id", "in", self.ids), ("action", "=", False)],
                ["import_id"],
                ["__count"],
            )
        )
        for job in self:
            job.open_count = counts.get(job, 0)

    @api.depends_context("lang")
    def _compute_template_links(self):
        """Spreadsheets with examples, which are imported as they come."""
        Master = self.env["crm.master.mixin"]
        links = [link for kind in TEMPLATES for link in Master._import_template(kind)]
        self.template_links = Markup("<br/>").join(
            Markup('<a href="{template}" target="_blank">{label}</a>').format(**link)
            for link in links
        )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        names = {name for vals in vals_list for name in vals}
        names |= {key[8:] for key in self.env.context if key.startswith("default_")}
        self._check_not_chosen(names)
        return super().create(vals_list)

    def write(self, vals):
        self._check_not_chosen(set(vals))
        self._check_still_open(vals)
        return super().write(vals)

    def _check_still_open(self, vals):
        """Rows stay in the company and of the program that they were read for: later
        imports know by them what is here."""
        changed = self.filtered(
            lambda job: (
                vals.get("company_id", job.company_id.id) != job.company_id.id
                or vals.get("source", job.source) != job.source
            )
        )
        if not self.env.su and any(changed.mapped("row_count")):
            raise UserError(
                self.env._("Its files are read already: make another import.")
            )

    @api.model
    def _check_not_chosen(self, names):
        """Nobody imports as somebody else, or says that a check was made."""
        if not self.env.su and (chosen := TOLD & names):
            raise AccessError(
                self.env._(
                    "The import itself writes %s: use its buttons.",
                    ", ".join(sorted(chosen)),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ledger(self):
        """What was made is known by its rows: they stay as long as it does."""
        if any(job.made_count or job.work for job in self):
            raise UserError(
                self.env._("This import made records: take them back first.")
            )

    # === ACTIONS === #

    def action_read(self):
        """Read the files that were added: what their rows are, what they say."""
        self.ensure_one()
        self._take_uploads()
        if not self.file_ids:
            raise UserError(self.env._("Add the files of the other program first."))
        return self._start("read")

    def action_check(self):
        """Say of every row what would become of it."""
        self.ensure_one()
        return self._start("check")

    def action_run(self):
        """Make the records of the rows that are planned."""
        self.ensure_one()
        self.env["crm.export.guard"]._check_import()
        return self._start("run")

    def action_undo(self):
        """Take back what was made and nobody changed since: administrators only."""
        self.ensure_one()
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(
                self.env._("Only a system administrator takes an import back.")
            )
        return self._start("undo")

    def action_stop(self):
        """Stop after the step that is being done; running again goes on from there."""
        for job in self:
            if job.work == "undo":
                job._switch(job.work, None, "done")
            elif job.work:
                job._switch(job.work, None, "checked" if job.work == "run" else "draft")
        return True

    def action_forget(self):
        """Remove the files and what the rows say; what became of them stays."""
        for job in self:
            if job.state not in ("done", "undone") or job.work:
                raise UserError(
                    self.env._("Remove files and values when the import has ended.")
                )
            job.file_ids._forget()
            job.sudo().forgotten = True  # sudo: told by what was done
        return True

    def action_view_rows(self):
        """The rows; with `crm_import_state` in the context, those of a state."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_import_row_action"
        )
        action["domain"] = [("import_id", "=", self.id)]
        state = self.env.context.get("crm_import_state")
        labels = dict(self.env["crm.import.row"]._fields["state"].selection)
        action["context"] = {f"search_default_{state}": 1} if state in labels else {}
        return action

    # === WORK === #

    def _take_uploads(self):
        """Make files of what was uploaded."""
        uploads = self.upload_ids
        self.env["crm.import.file"].create(
            [
                {"import_id": self.id, "name": upload.name, "data": upload.datas}
                for upload in uploads
            ]
        )
        self.upload_ids = False
        # what is another record's, or not his to delete, was only read
        own = uploads.filtered(lambda upload: upload.res_model == self._name)
        own._filtered_access("unlink").unlink()

    def _switch(self, before, after, state):
        """Change the work and the state, once: of two who do it at once, one waits for
        the other and finds it done.

        :return: whether it was this one
        """
        self.check_access("write")
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """UPDATE crm_import
                      SET work = %s, state = %s, write_uid = %s, write_date = %s
                    WHERE id = %s AND work IS NOT DISTINCT FROM %s RETURNING id""",
                after,
                state,
                self.env.uid,
                self.env.cr.now(),
                self.id,
                before,
            )
        )
        self.invalidate_recordset()
        return bool(rows)

    def _start(self, work):
        """Begin a work, or do a short one."""
        return self.env["crm.import.worker"]._start(self, work)

    def _loader(self, entity):
        """:return: the model that makes records of an entity"""
        name = f"crm.import.loader.{entity}"
        return self.env[name if name in self.env else "crm.import.loader"]

    def _source(self):
        """:return: the model that reads the files of this program"""
        name = f"crm.import.source.{self.source}"
        return self.env[name if name in self.env else "crm.import.source"]

    def _rows_of(self, entity, state, limit):
        """:return: the next rows of an entity in a state"""
        return self.env["crm.import.row"].search(
            [
                ("import_id", "=", self.id),
                ("state", "=", state),
                ("entity", "=", entity),
            ],
            order="id",
            limit=limit,
        )

    def _made_models(self):
        """:return: names of the models of what was made"""
        groups = self.env["crm.import.row"]._read_group(
            [("import_id", "=", self.id), ("state", "=", "made")], ["res_model"]
        )
        return [model for (model,) in groups if model in self.env]

    @api.model
    def _cron_work(self):
        """Go on with what is under way: steps of bounded time, each committed. What
        another server works on is left to it."""
        for job in self.search([("work", "!=", False)], order="id"):
            if not self.env["crm.import.worker"]._work_on(job):
                return
