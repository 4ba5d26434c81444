from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

# Ends of the road: rows of these moves are over the moment they begin.
ENDS = ("won", "closed")


class CrmOpportunityStage(models.Model):
    """One passage of an opportunity through a stage.

    *Lifecycle.* A row opens when an opportunity is created, moves by whatever route,
    or is taken up again. It ends, and knows its days, when the opportunity moves on or
    closes; standby closes it too, so that time paused is no time in a stage. Winning
    and closing leave a row of their own that begins and ends in the same moment and
    has no days.

    *Invariants.* At most one open row for each opportunity (the database sees to
    that), none for what is won, lost or paused. Seller, team and company are those of
    that day.

    Rows are made by `_log_transition` only, in one batch, whether or not Odoo tracks
    the change, and once for what was there before by ``crm.opportunity.history``; no
    role writes this table.
    """

    _name = "crm.opportunity.stage"
    _description = "Passage through a Stage"
    _order = "date_in desc, id desc"
    _rec_name = "lead_id"

    lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    stage_id = fields.Many2one(
        comodel_name="crm.stage",
        readonly=True,
        index=True,
        ondelete="set null",
    )
    from_stage_id = fields.Many2one(
        comodel_name="crm.stage",
        string="Coming from",
        readonly=True,
        ondelete="set null",
    )
    next_stage_id = fields.Many2one(
        comodel_name="crm.stage",
        string="Going to",
        readonly=True,
        ondelete="set null",
    )
    move = fields.Selection(
        selection=[
            ("created", "Created"),
            ("forward", "Forward"),
            ("back", "Back"),
            ("skipped", "Forward, skipping stages"),
            ("won", "Won"),
            ("closed", "Closed"),
            ("reopened", "Taken up again"),
        ],
        required=True,
        readonly=True,
    )
    skipped_count = fields.Integer(string="Skipped Stages", readonly=True)
    date_in = fields.Datetime(string="From", required=True, readonly=True)
    date_out = fields.Datetime(string="Until", readonly=True)
    days = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Days in the stage; empty while the opportunity is there.",
    )
    conversion = fields.Float(
        readonly=True,
        aggregator="avg",
        help="1 if the opportunity went forward from here, 0 if it went back or was "
        "closed; empty while it is there.",
    )
    gestion_id = fields.Many2one(
        comodel_name="crm.gestion",
        string="Gestión",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The interaction that moved the opportunity here.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Salesperson",
        readonly=True,
        ondelete="set null",
    )
    team_id = fields.Many2one(
        comodel_name="crm.team",
        string="Sales Team",
        readonly=True,
        ondelete="set null",
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True, index=True)
    is_merged = fields.Boolean(
        string="Of a Merged Opportunity",
        readonly=True,
        help="Of an opportunity that was merged into this one.",
    )
    market_id = fields.Many2one(related="lead_id.market_id")
    origination_id = fields.Many2one(related="lead_id.origination_id")

    _open_unique = models.UniqueIndex(
        "(lead_id) WHERE date_out IS NULL",
        "This opportunity was moved by somebody else meanwhile: reload the page.",
    )
    _default_order_idx = models.Index("(date_in DESC, id DESC)")

    # === BUSINESS METHODS === #

    @api.model
    def _snapshot(self, leads):
        """
        :return: dict lead id -> where an opportunity is before a write that may move
            or close it, and since when; None for an enquiry
        """
        Closure = self.env["crm.opportunity.closure"]
        return {
            lead.id: {
                "stage_id": lead.stage_id.id,
                "closed": Closure._state(lead),
                "since": lead.date_last_stage_update or lead.create_date,
            }
            if lead.type == "opportunity"
            else None
            for lead in leads
        }

    @api.model
    def _log_transition(self, leads, before):
        """Record what moved, closed or reopened since `_snapshot`.

        What the table says already is not said again: a write within a write, such as
        an automated rule's, has logged its part when the outer one comes to its end.

        :param before: of `_snapshot`; what was created since is not in it
        :return: the new rows
        """
        # sudo: rows are evidence, no role writes them by hand; the rights on the
        # opportunities were checked by the write that moved them
        passages = self.sudo()
        moved = leads.sudo().filtered(
            lambda lead: (
                lead.type == "opportunity"
                and not self._is_where_it_was(lead, before.get(lead.id))
            )
        )
        if not moved:
            return passages.browse()
        last = passages._last_of(moved)
        first = passages.create(
            [
                passages._prepare_first_vals(lead, before.get(lead.id))
                for lead in moved
                if lead not in last
            ]
        )
        last |= {row.lead_id: row for row in first}
        going = moved.filtered(lambda lead: last[lead]._moves_to(lead))
        if not going:
            return first.with_env(self.env)
        stages = self.env["crm.stage"]._method_stages()
        vals_list = []
        for lead in going:
            vals_list += last[lead]._prepare_steps(lead, stages)
        # before the next open row of the same opportunity: the index allows one
        passages.flush_model(["date_out"])
        return passages.create(vals_list).with_env(self.env)

    @api.model
    def _is_where_it_was(self, lead, place):
        if not place:
            return False
        closed = self.env["crm.opportunity.closure"]._state(lead)
        return place["stage_id"] == lead.stage_id.id and place["closed"] == closed

    @api.model
    def _last_of(self, leads):
        """
        :return: dict opportunity -> its open row, else that of its end, else the latest
            one; rows that a merge brought are none of these
        """

        def rank(row):
            return not row.date_out, row.move in ENDS

        last = {}
        names = ["lead_id", "stage_id", "move", "date_in", "date_out"]
        for row in self.search_fetch([("lead_id", "in", leads.ids)], names):
            if row.lead_id not in last or rank(row) > rank(last[row.lead_id]):
                last[row.lead_id] = row
        return last

    @api.model
    def _prepare_first_vals(self, lead, place):
        """
        :return: values of the first row of an opportunity: now where it has just been
            made, else where it was before it first moved under our eyes
        """
        known = place and not place["closed"]
        return {
            **self._prepare_owner_vals(lead),
            "stage_id": place["stage_id"] if known else lead.stage_id.id,
            "move": "created",
            "date_in": place["since"] if known else fields.Datetime.now(),
        }

    def _prepare_steps(self, lead, stages):
        """End this row, the last one of an opportunity, where it has moved on.

        :param stages: stages of the method, in their order
        :return: list of values of the rows that follow it
        """
        now = fields.Datetime.now()
        stage = self.stage_id
        vals_list = []
        for move in self._moves_to(lead):
            move, skipped = self._direction(move, stage, lead.stage_id, stages)
            end = {
                "date_out": now,
                "next_stage_id": lead.stage_id.id,
                "conversion": float(move in ("forward", "skipped", "won")),
            }
            if vals_list:
                vals_list[-1].update(end, days=0.0)
            elif not self.date_out:
                self.write({**end, "days": self._days_until(now)})
            vals_list.append(
                {
                    **self._prepare_owner_vals(lead),
                    "stage_id": lead.stage_id.id,
                    "from_stage_id": stage.id,
                    "move": move,
                    "skipped_count": skipped,
                    "date_in": now,
                    "date_out": now if move in ENDS else False,
                }
            )
        return vals_list

    def _moves_to(self, lead):
        """:return: list of the moves from this row to where an opportunity is now"""
        closed = self.env["crm.opportunity.closure"]._state(lead)
        if self.move in ENDS:
            if not closed:
                return ["reopened"]
            won = closed == "won" and self.move != "won"
            return ["reopened", "won"] if won else []
        if closed:
            return ["won" if closed == "won" else "closed"]
        if self.date_out or self.stage_id != lead.stage_id:
            return ["forward"]
        return []

    @api.model
    def _direction(self, move, source, target, stages):
        """
        :return: the move as it is called, and how many stages it skipped. Whoever
            enters the method goes forward, wherever he comes from.
        """
        skipped = 0
        if source in stages and target in stages:
            ids = stages.ids
            skipped = max(0, ids.index(target.id) - ids.index(source.id) - 1)
        if move == "forward":
            enters = target.is_method and not source.is_method
            before = (target.sequence, target.id) < (source.sequence, source.id)
            back = before and not enters
            move = "back" if back else "skipped" if skipped else "forward"
        return move, skipped if move in ("skipped", "won") else 0

    def _days_until(self, date):
        return max(0.0, (date - self.date_in).total_seconds() / 86400)

    @api.model
    def _prepare_owner_vals(self, lead):
        return {
            "lead_id": lead.id,
            "user_id": lead.user_id.id,
            "team_id": lead.team_id.id,
            "company_id": lead.company_id.id,
        }

    @api.model
    def _backdate(self, moments):
        """Say when passages of imported opportunities were, which have just been made:
        the one that their creation began, and that of their end.

        :param moments: dict opportunity -> when it began or None, when it ended or None
        """
        # sudo: rows are evidence, no role writes them by hand; the import made them
        rows = self.sudo().search([("lead_id", "in", [lead.id for lead in moments])])
        for row in rows:
            began, ended = moments[row.lead_id]
            if row.move == "created":
                began = min(filter(None, [began or row.date_in, ended]))
                row.date_in = began
                if row.date_out:
                    out = ended or row.date_out
                    row.write({"date_out": out, "days": row._days_until(out)})
            elif ended:
                row.write({"date_in": ended, "date_out": ended})

    @api.model
    def _move_to_lead(self, leads, target):
        """Passages of merged opportunities stay, under the winner; what was open there
        ends, and has neither converted nor been lost."""
        now = fields.Datetime.now()
        rows = self.sudo().search([("lead_id", "in", leads.ids)])  # sudo: as above
        for row in rows.filtered(lambda row: not row.date_out):
            row.write({"date_out": now, "days": row._days_until(now)})
        rows.flush_recordset(["date_out"])
        rows.write({"lead_id": target.id, "is_merged": True})

    @api.model
    def _check_movable(self, lead, stage):
        """Refuse what the dialog must not do to an opportunity that somebody closed
        while it was open, or that is none.

        :raise UserError: what to do first
        """
        if lead.type != "opportunity":
            raise UserError(
                self.env._(
                    "Only opportunities move through stages: convert the enquiry first."
                )
            )
        if not lead.active and stage != lead.stage_id:
            raise UserError(
                self.env._(
                    "“%s” is closed: resume it before you take it to another stage.",
                    lead.name,
                )
            )

    @api.model
    def _register_activity(self, lead, stage, gestion_vals, lead_vals, win_note=False):
        """Log an interaction and move its opportunity, with what was still missing.

        :param stage: stage to go to; the one in which the opportunity is, to stay
        :param dict gestion_vals: values of the ``crm.gestion``
        :param dict lead_vals: values of the opportunity that the gates of the stage ask
            for
        :param str win_note: why it is won without an order, where it is
        :return: the gestión
        :raise UserError: where a gate misses something or the opportunity cannot move;
            nothing has changed then
        """
        self._check_movable(lead, stage)
        # without the defaults of the dialog that is open
        env = self.env(context=clean_context(self.env.context))
        self, lead = self.with_env(env), lead.with_env(env)
        if lead_vals:
            lead.write(lead_vals)
        gestion = self.env["crm.gestion"].create({**gestion_vals, "lead_id": lead.id})
        if stage != lead.stage_id:
            if win_note and stage.is_won:
                lead._crm_win_without_order(stage, win_note)
            else:
                lead.write({"stage_id": stage.id})
            # sudo: as in _log_transition
            self.sudo()._last_of(lead)[lead].gestion_id = gestion
        return gestion
