from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .crm_handover_scope import KINDS

# What a user may choose in the preview; everything else is Odoo's to write.
CHOICES = {"successor_id", "excluded"}


class CrmHandoverLine(models.Model):
    """One row that a hand-over moves: the permanent record of it.

    *Lifecycle.* The preview writes it (``crm.handover.scope``), as ``todo``; until the
    hand-over starts its successor may be changed, or it is left out. Moving makes it
    ``moved``, or ``skipped`` with the reason; undoing makes it ``undone``, or ``kept``
    where the row has changed hands or was closed since.

    *Invariants.* Rows are made and marked by SQL, in the transaction that moves what
    they name, and never deleted once the hand-over has started.
    """

    _name = "crm.handover.line"
    _description = "Row of a Hand-over"
    _order = "id"

    handover_id = fields.Many2one(
        comodel_name="crm.handover",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    handover_state = fields.Selection(
        related="handover_id.state", string="State of the Hand-over"
    )
    kind = fields.Selection(
        selection=[(key, kind.label) for key, kind in KINDS.items()],
        required=True,
        readonly=True,
    )
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    name = fields.Char(required=True, readonly=True)
    document_model = fields.Char(
        readonly=True, help="Of the document that it is about, which it goes with."
    )
    document_id = fields.Integer(readonly=True)
    account_id = fields.Many2one(
        comodel_name="res.partner",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    currency_id = fields.Many2one(
        comodel_name="res.currency", readonly=True, ondelete="restrict"
    )
    amount = fields.Monetary(
        readonly=True,
        help="Expected revenue of an opportunity, total of a quotation, in the "
        "currency of the company.",
    )
    market_id = fields.Many2one(
        comodel_name="crm.market", readonly=True, ondelete="set null"
    )
    country_state_id = fields.Many2one(
        comodel_name="res.country.state",
        string="State or Province",
        readonly=True,
        ondelete="set null",
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Team Before", readonly=True
    )
    new_team_id = fields.Many2one(
        comodel_name="crm.team", string="Team After", readonly=True
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Who Leaves",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    successor_id = fields.Many2one(
        comodel_name="res.users",
        string="To",
        index="btree_not_null",
        ondelete="restrict",
    )
    excluded = fields.Boolean(
        string="Leave Out", help="It stays with the seller who leaves."
    )
    state = fields.Selection(
        selection=[
            ("todo", "To Move"),
            ("moved", "Transferred"),
            ("skipped", "Not Moved"),
            ("undone", "Given Back"),
            ("kept", "Not Given Back"),
        ],
        required=True,
        readonly=True,
        default="todo",
    )
    reason = fields.Selection(
        selection=[
            ("excluded", "Left out by hand"),
            ("changed", "Changed since"),
            ("company", "The successor does not work in its company"),
            ("same", "There is the same objective already"),
            ("cancelled", "The hand-over was cancelled"),
            ("error", "It could not be changed: an error, see Odoo's log"),
        ],
        readonly=True,
    )
    date = fields.Datetime(string="Moved on", readonly=True)
    unfollowed = fields.Boolean(
        readonly=True, help="The seller who leaves had followed it."
    )
    subscribed = fields.Boolean(
        readonly=True, help="The successor had not followed it before."
    )

    _row_unique = models.UniqueIndex(
        "(handover_id, res_model, res_id)",
        "A hand-over moves nothing twice.",
    )
    _progress_idx = models.Index("(handover_id, state, id)")
    _account_idx = models.Index("(handover_id, account_id)")
    _record_idx = models.Index("(res_model, res_id)")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Rows of a hand-over are made by its preview: start there.")
            )
        return super().create(vals_list)

    def write(self, vals):
        """The preview may be corrected: to whom a row goes, or that it stays. What
        belongs to an account follows it."""
        if self.env.su or not vals:
            return super().write(vals)
        if not vals.keys() <= CHOICES:
            raise AccessError(
                self.env._("In a preview you change the successor, and what stays.")
            )
        self.handover_id._check_draft()
        self.handover_id._check_people()  # who covers the leaver only reads it
        self.handover_id._check_successors(
            self.env["res.users"].browse(vals.get("successor_id"))
        )
        if "successor_id" in vals and not vals["successor_id"]:
            raise UserError(
                self.env._("Choose who gets it, or mark that it is left out.")
            )
        lines = self | self._of_accounts()
        res = super().write(vals)
        # sudo: rows of the same preview, which these rows lead
        lines.sudo().write(vals)
        lines.flush_recordset()
        for handover, group in lines.grouped("handover_id").items():
            self.env["crm.handover.scope"]._settle(handover, group)
        lines.invalidate_recordset()
        return res

    def _of_accounts(self):
        """:return: what goes with the accounts among these rows: what belongs to them
        and has the same successor, as nobody chose another one by hand"""
        accounts = self.filtered(
            lambda line: (
                line.res_model == "res.partner" and line.res_id == line.account_id.id
            )
        )
        if not accounts:
            return self.browse()
        leads = {
            (line.handover_id.id, line.account_id.id, line.successor_id.id)
            for line in accounts
        }
        # sudo: as in write
        rows = self.sudo().search_fetch(
            [
                ("handover_id", "in", accounts.handover_id.ids),
                ("account_id", "in", accounts.account_id.ids),
            ],
            ["handover_id", "account_id", "successor_id"],
        )
        return rows.filtered(
            lambda line: (
                (line.handover_id.id, line.account_id.id, line.successor_id.id) in leads
            )
        ).with_env(self.env)

    # === ACTION METHODS === #

    def action_open(self):
        """Open what this row names: of an activity, its document."""
        self.ensure_one()
        is_activity = self.res_model == "mail.activity" and self.document_model
        return {
            "type": "ir.actions.act_window",
            "res_model": self.document_model if is_activity else self.res_model,
            "res_id": self.document_id if is_activity else self.res_id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    @api.model
    def _mark(self, handover, state, reason, condition):
        """Mark the rows of a hand-over that still wait."""
        self.env.cr.execute(
            SQL(
                """UPDATE crm_handover_line SET state = %s, reason = %s
                    WHERE handover_id = %s AND state = 'todo' AND %s""",
                state,
                reason,
                handover.id,
                condition,
            )
        )
        self.invalidate_model(["state", "reason"])

    @api.model
    def _counts(self, records):
        """:return: dict record -> number of times that it was handed over"""
        rows = self._read_group(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("state", "in", ("moved", "undone", "kept")),
            ],
            ["res_id"],
            ["__count"],
        )
        counts = dict(rows)
        return {record: counts.get(record._origin.id, 0) for record in records}

    @api.model
    def _view_action(self, records):
        """:return: action that lists the hand-overs of these records"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_handover_line_action"
        )
        domain = [
            ("res_model", "=", records._name),
            ("res_id", "in", records.ids),
            ("state", "in", ("moved", "undone", "kept")),
        ]
        return {**action, "domain": domain, "context": {}}
