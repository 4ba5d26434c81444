from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

CORRECTED = {"action", "new_name", "origination_id", "market_id", "cargo_id"} | {
    "activity_type_id"
}
# Kind -> field of the line with the master that it becomes.
TARGETS = {
    "source": "origination_id",
    "medium": "origination_id",
    "industry": "market_id",
    "function": "cargo_id",
    "activity": "activity_type_id",
    "meeting": "activity_type_id",
    "message": "activity_type_id",
}
HISTORY = ("meeting", "activity", "message")
MAPPED = {"source": "source_ids", "medium": "medium_ids"}
KINDS = [
    ("status", "Status of accounts"),
    ("source", "Sources"),
    ("medium", "Media"),
    ("origination", "Originations of customers"),
    ("industry", "Industries"),
    ("function", "Job titles"),
    ("meeting", "Meetings"),
    ("activity", "Done activities"),
    ("message", "Activities of earlier versions"),
]


class CrmTakeoverLine(models.Model):
    """What one native text or record becomes, as proposed or as a director chose.

    Lines that make a master of the same name make one. ``res_id`` is the native source,
    medium, industry or type of activity; of a job title there is the text only.
    """

    _name = "crm.takeover.line"
    _description = "Proposal of a Take-over"
    _order = "sequence, count desc, id"

    takeover_id = fields.Many2one(
        comodel_name="crm.takeover",
        string="Take-over",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="takeover_id.company_id")
    state = fields.Selection(related="takeover_id.state")
    sequence = fields.Integer(readonly=True)
    kind = fields.Selection(selection=KINDS, required=True, readonly=True)
    name = fields.Char(string="In Odoo", required=True, readonly=True)
    res_id = fields.Integer(readonly=True, string="Native Record")
    count = fields.Integer(string="Found", readonly=True)
    action = fields.Selection(
        selection=[
            ("use", "Becomes"),
            ("make", "Make a new one"),
            ("leave", "Leave"),
        ],
        required=True,
        default="leave",
    )
    new_name = fields.Char()
    origination_id = fields.Many2one(
        comodel_name="crm.origination", index="btree_not_null", ondelete="set null"
    )
    market_id = fields.Many2one(
        comodel_name="crm.market", index="btree_not_null", ondelete="set null"
    )
    cargo_id = fields.Many2one(
        comodel_name="crm.cargo",
        string="Position",
        index="btree_not_null",
        ondelete="set null",
    )
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        string="Type of Gestión",
        domain="[('is_gestion', '=', True)]",
        index="btree_not_null",
        ondelete="set null",
    )
    becomes = fields.Char(
        compute="_compute_becomes",
        store=True,
        help="Proposals with the same answer become one.",
    )
    sample = fields.Char(
        string="For Example",
        compute="_compute_sample",
        help="A few of the records that this is about.",
    )
    cursor = fields.Integer(
        string="Last Record", readonly=True, help="How far the run got."
    )
    taken = fields.Integer(readonly=True)
    done = fields.Boolean(readonly=True)

    @api.depends(
        "action",
        "activity_type_id.name",
        "cargo_id.name",
        "market_id.complete_name",
        "new_name",
        "origination_id.name",
    )
    def _compute_becomes(self):
        """As its director reads it: for grouping what becomes one."""
        for line in self:
            if line.kind not in TARGETS:
                line.becomes = False
            elif line.action == "use":
                line.becomes = line[TARGETS[line.kind]].display_name
            else:
                line.becomes = line.action == "make" and line.new_name

    def _compute_sample(self):
        # sudo: names of records of the company whose take-over the user may read
        samples = self.env["crm.takeover.preview"].sudo()._samples(self)
        for line in self:
            line.sample = samples.get(line.id, False)

    @api.onchange("origination_id", "market_id", "cargo_id", "activity_type_id")
    def _onchange_target(self):
        if self.kind in TARGETS and self[TARGETS[self.kind]]:
            self.action = "use"

    def write(self, vals):
        if not self.env.su:
            if vals.keys() - CORRECTED:
                raise AccessError(
                    self.env._("Only what a proposal becomes can be corrected.")
                )
            if set(self.mapped("state")) - {"previewed"}:
                raise UserError(
                    self.env._("This take-over has begun: its proposals stay.")
                )
        return super().write(vals)

    # === RUN === #

    def _take(self, size):
        """Work on the next records of this line.

        :return: how many they were
        """
        self.ensure_one()
        if self.kind == "function":
            return self._take_titles(size)
        if self.action == "leave":
            self.done = True
            return 0
        if self.kind == "status":
            ids, taken = self.env["crm.takeover.account"]._take_status(self, size)
        elif self.kind == "origination":
            ids = self.env["crm.takeover.account"]._take_originations(self, size)
            taken = ids
        else:
            target = self._target()
            if not target:
                self.done = True
                return 0
            if self.kind in HISTORY:
                ids, taken = self.env["crm.takeover.history"]._take(self, size)
            else:
                ids = taken = self._fill(target, size)
        self.write(
            {
                "cursor": max(ids, default=self.cursor),
                "taken": self.taken + len(taken),
                "done": len(ids) < size,
            }
        )
        return len(ids)

    def _take_titles(self, size):
        """All job titles at once: there are thousands, and a search for each would read
        all contacts as often. The place is kept in this line, the first that is open.

        :return: number of contacts
        """
        titles = self.search(
            [
                ("takeover_id", "=", self.takeover_id.id),
                ("kind", "=", "function"),
                ("done", "=", False),
            ],
            order="sequence, id",
        )
        titles._make_cargos()
        rows = self._fill_titles(size)
        self.env["crm.takeover.record"]._log(
            self.takeover_id,
            "res.partner",
            [row[0] for row in rows],
            "cargo_id",
            [str(row[1]) for row in rows],
        )
        self.env["res.partner"].invalidate_model(["cargo_id"])
        for line_id, taken in Counter(row[2] for row in rows).items():
            self.browse(line_id).taken += taken
        if len(rows) < size:
            titles.done = True
        else:
            self.cursor = max(row[0] for row in rows)
        return len(rows)

    def _make_cargos(self):
        """Positions of these titles that shall be made and are not yet; titles of the
        same new name make one."""
        named = self.filtered(
            lambda line: line.action == "make" and line.new_name and not line.cargo_id
        ).grouped("new_name")
        cargos = self.env["crm.cargo"].create([{"name": name} for name in named])
        self.env["crm.takeover.record"]._log(self.takeover_id, "crm.cargo", cargos.ids)
        for lines, cargo in zip(named.values(), cargos, strict=True):
            lines.cargo_id = cargo

    def _fill_titles(self, size):
        """:return: list of (id of a contact, of its position, of the line)"""
        self.env.flush_all()
        return self.env.execute_query(
            SQL(
                """UPDATE res_partner p SET cargo_id = next.cargo_id
                     FROM (SELECT r.id, l.cargo_id, l.id AS line_id
                             FROM res_partner r
                             JOIN crm_takeover_line l ON l.name = r.function
                            WHERE l.takeover_id = %(takeover)s AND l.kind = 'function'
                              AND l.action != 'leave' AND l.cargo_id IS NOT NULL
                              AND r.cargo_id IS NULL AND r.is_company IS NOT TRUE
                              AND r.id > %(cursor)s
                              AND (r.company_id IS NULL OR r.company_id = %(company)s)
                            ORDER BY r.id LIMIT %(size)s) next
                    WHERE p.id = next.id
                RETURNING p.id, next.cargo_id, next.line_id""",
                takeover=self.takeover_id.id,
                cursor=self.cursor,
                company=self.takeover_id.company_id.id,
                size=size,
            )
        )

    def _target(self):
        """:return: the master that this line becomes, made where it shall be; empty
        where it is gone or nobody named it"""
        name = TARGETS[self.kind]
        if self.action == "make" and not self[name] and self.new_name:
            twin = self.search(
                [
                    ("takeover_id", "=", self.takeover_id.id),
                    ("new_name", "=", self.new_name),
                    (name, "!=", False),
                ],
                limit=1,
            )
            self[name] = twin[name] or self._make(name)
        if self.kind in MAPPED and self[name]:
            self._map(self[name], MAPPED[self.kind])
        return self[name]

    def _make(self, name):
        master = self.env[self._fields[name].comodel_name].create(
            {"name": self.new_name}
        )
        self.env["crm.takeover.record"]._log(self.takeover_id, master._name, master.ids)
        return master

    def _map(self, origination, field):
        """A source leads to one origination: what it leads to already stays."""
        taken = origination.with_context(active_test=False)
        if taken.search_count([(field, "in", [self.res_id])], limit=1):
            return
        origination.write({field: [Command.link(self.res_id)]})
        self.env["crm.takeover.record"]._log(
            self.takeover_id, "crm.origination", origination.ids, field, self.res_id
        )

    def _fill(self, target, size):
        """Fill what is empty, by SQL: dates of native records stay, nobody is told,
        nothing is computed from what is filled but the completeness of files, which a
        cron works out.

        :return: ids of the records
        """
        self.env.flush_all()
        model = "crm.lead" if self.kind in MAPPED else "res.partner"
        column = TARGETS[self.kind]
        rows = self.env.execute_query(
            SQL(
                """UPDATE %(table)s SET %(column)s = %(target)s
                    WHERE id IN (
                          SELECT r.id FROM %(table)s r
                           WHERE r.%(column)s IS NULL AND r.id > %(cursor)s
                             AND (r.company_id IS NULL OR r.company_id = %(company)s)
                             AND %(condition)s
                           ORDER BY r.id LIMIT %(size)s)
                RETURNING id""",
                table=SQL.identifier(self.env[model]._table),
                column=SQL.identifier(column),
                target=target.id,
                cursor=self.cursor,
                company=self.takeover_id.company_id.id,
                condition=self._condition(),
                size=size,
            )
        )
        ids = [row[0] for row in rows]
        self.env["crm.takeover.record"]._log(
            self.takeover_id, model, ids, column, target.id
        )
        self.env[model].invalidate_model([column])
        return ids

    def _condition(self):
        if self.kind == "industry":
            return SQL(
                """r.industry_id = %s AND r.active
                   AND EXISTS (SELECT FROM res_partner account
                                WHERE account.id = r.commercial_partner_id
                                  AND account.is_company)""",
                self.res_id,
            )
        return SQL("r.%s = %s", SQL.identifier(f"{self.kind}_id"), self.res_id)
