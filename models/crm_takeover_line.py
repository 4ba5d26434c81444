from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import SQL

from ..tools.takeover import channel_key, group, title_key

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
# Accounts that the preview works out at once.
BATCH = 1000
# A new master is proposed for what as many records have, all spellings together:
# what was typed once would flood the lists.
FEW = {"origination_id": 2, "cargo_id": 3}


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
    kind = fields.Selection(
        selection=[
            ("status", "Status of accounts"),
            ("source", "Sources"),
            ("medium", "Media"),
            ("industry", "Industries"),
            ("function", "Job titles"),
            ("meeting", "Meetings"),
            ("activity", "Done activities"),
            ("message", "Activities of earlier versions"),
        ],
        required=True,
        readonly=True,
    )
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
    cursor = fields.Integer(
        string="Last Record", readonly=True, help="How far the run got."
    )
    taken = fields.Integer(readonly=True)
    done = fields.Boolean(readonly=True)

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

    # === PREVIEW === #

    @api.model
    def _propose(self, takeover):
        """Make the lines of a run, with a handful of queries for each kind."""
        vals_list = []
        for sequence, kind in enumerate(dict(self._fields["kind"].selection)):
            for vals in getattr(self, f"_propose_{kind}")(takeover):
                vals |= {"takeover_id": takeover.id, "kind": kind, "sequence": sequence}
                vals_list.append(vals)
        return self.create(vals_list)

    @api.model
    def _propose_status(self, takeover):
        counts, last = Counter(), 0
        while accounts := self.env["crm.account.status"]._stale_accounts(BATCH, last):
            counts.update(dict(self._becomes(takeover, accounts)).values())
            last = accounts[-1].id
            accounts.invalidate_recordset()
        if not counts:
            return []
        name = self.env._(
            "Accounts by their orders, invoices and opportunities:"
            " %(potential)s become potential customers, %(customer)s customers,"
            " %(former)s former customers",
            potential=counts["potential"],
            customer=counts["customer"],
            former=counts["former"],
        )
        return [{"name": name, "count": counts.total(), "action": "use"}]

    @api.model
    def _becomes(self, takeover, accounts):
        """:return: list of (id, new status) of those of these accounts that are this
        company's or everybody's and change"""
        Status = self.env["crm.account.status"]
        ours = Status._accounts(accounts).filtered(
            lambda account: account.company_id <= takeover.company_id
        )
        return [
            (account.id, status)
            for status, group in Status._worked_out(ours).items()
            for account in group
            if account.account_status != status
        ]

    @api.model
    def _propose_source(self, takeover):
        return self._propose_utm(takeover, "source")

    @api.model
    def _propose_medium(self, takeover):
        return self._propose_utm(takeover, "medium")

    @api.model
    def _propose_utm(self, takeover, kind):
        column = f"{kind}_id"
        groups = (
            self.env["crm.lead"]
            .with_context(active_test=False)
            ._read_group(
                [
                    (column, "!=", False),
                    ("origination_id", "=", False),
                    ("company_id", "in", [takeover.company_id.id, False]),
                ],
                [column],
                ["__count"],
            )
        )
        known = self.env["crm.origination"].search([(MAPPED[kind], "!=", False)])
        mapped = {native: o for o in known for native in o[MAPPED[kind]]}
        return self._propose_names(
            [(native, native.name, count) for native, count in groups],
            channel_key,
            "origination_id",
            mapped,
        )

    @api.model
    def _propose_industry(self, takeover):
        groups = self.env["res.partner"]._read_group(
            [
                ("industry_id", "!=", False),
                ("market_id", "=", False),
                ("commercial_partner_id.is_company", "=", True),
                ("company_id", "in", [takeover.company_id.id, False]),
            ],
            ["industry_id"],
            ["__count"],
        )
        found = [(industry, industry.name, count) for industry, count in groups]
        return self._propose_names(found, title_key, "market_id")

    @api.model
    def _propose_function(self, takeover):
        nobody = self.env["res.partner"]
        groups = nobody._read_group(
            [
                ("function", "!=", False),
                ("cargo_id", "=", False),
                ("is_company", "=", False),
                ("company_id", "in", [takeover.company_id.id, False]),
            ],
            ["function"],
            ["__count"],
        )
        found = [(nobody, text, count) for text, count in groups]
        return self._propose_names(found, title_key, "cargo_id")

    @api.model
    def _propose_names(self, found, key, target, mapped=None):
        """
        :param found: list of (native record, name, count)
        :param key: function that says what a name means
        :param target: field of the line with the master
        :param mapped: dict native record -> master that it leads to already
        :return: list of values of lines
        """
        counts = {}
        for _native, name, count in found:
            counts[name] = counts.get(name, 0) + count
        masters = self.env[self._fields[target].comodel_name].search(
            [("active", "=", True)], order="id"
        )
        by_name = {}
        for lang in {"en_US", self.env.lang or "en_US"}:
            for master in masters.with_context(lang=lang):
                by_name.setdefault(master.name, master.id)
        groups = group(counts, key, list(by_name))
        sizes = {}
        for name, master in groups.items():
            sizes[master] = sizes.get(master, 0) + counts[name]
        vals_list = []
        for native, name, count in found:
            vals = {"name": name, "res_id": native.id, "count": count}
            if mapped and native in mapped:
                vals |= {"action": "use", target: mapped[native].id}
            elif name not in groups:
                vals["action"] = "leave"
            elif groups[name] in by_name:
                vals |= {"action": "use", target: by_name[groups[name]]}
            else:
                many = sizes[groups[name]] >= FEW.get(target, 1)
                action = "make" if many else "leave"
                vals |= {"action": action, "new_name": groups[name]}
            vals_list.append(vals)
        return vals_list

    @api.model
    def _propose_meeting(self, takeover):
        return self._propose_history(takeover, "meeting")

    @api.model
    def _propose_activity(self, takeover):
        return self._propose_history(takeover, "activity")

    @api.model
    def _propose_message(self, takeover):
        return self._propose_history(takeover, "message")

    @api.model
    def _propose_history(self, takeover, kind):
        Type = self.env["mail.activity.type"].with_context(active_test=False)
        meeting = self.env.ref("mail.mail_activity_data_meeting", False) or Type
        vals_list = []
        for type_id, count in self.env["crm.takeover.history"]._count(takeover, kind):
            native = Type.browse(type_id) if type_id else meeting
            becomes = native if native.is_gestion else Type
            vals_list.append(
                {
                    "name": native.name or self.env._("Meetings"),
                    "res_id": type_id,
                    "count": count,
                    "action": "use" if becomes else "leave",
                    "activity_type_id": becomes.id,
                }
            )
        return vals_list

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
            ids, taken = self._take_status(size)
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

    def _take_status(self, size):
        """By SQL, as all that is filled: the dates of partners stay, and what they
        were is in the ledger.

        :return: ids of the accounts looked at, and of those that changed
        """
        accounts = self.env["crm.account.status"]._stale_accounts(size, self.cursor)
        becomes = self._becomes(self.takeover_id, accounts)
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """UPDATE res_partner p SET account_status = next.status
                     FROM (SELECT tree.id, tree.account_status AS was, became.status
                             FROM unnest(%s::int4[], %s::text[])
                                  AS became (account_id, status)
                             JOIN res_partner tree
                               ON tree.commercial_partner_id = became.account_id
                            WHERE tree.account_status IS DISTINCT FROM became.status
                          ) next
                    WHERE p.id = next.id
                RETURNING p.id, next.status, next.was""",
                [account_id for account_id, _status in becomes],
                [status or None for _account_id, status in becomes],
            )
        )
        self.env["crm.takeover.record"]._log(
            self.takeover_id,
            "res.partner",
            [row[0] for row in rows],
            "account_status",
            [row[1] for row in rows],
            [row[2] for row in rows],
        )
        self.env["res.partner"].invalidate_model(["account_status"])
        return accounts.ids, [account_id for account_id, _status in becomes]

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
