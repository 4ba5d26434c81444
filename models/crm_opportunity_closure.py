from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .crm_lead import PREDICTED

# From what an opportunity is (False: open) to how it may be closed. A pause may be
# postponed or end in another closure; what else is closed is resumed before it is
# closed in another way, but for the order that wins it.
TRANSITIONS = {
    False: {"won", "standby", "rejected", "unqualified"},
    "standby": {"won", "standby", "rejected", "unqualified"},
    "rejected": {"won"},
    "unqualified": {"won"},
    "won": set(),
}


class Held(frozenset):
    """Ids of opportunities whose closure is logged further up in the call: value of a
    context key. What an automated rule closes on the way is not among them and gets
    its row. An object of this class cannot come from outside, so no client hides a
    closure.
    """


class CrmOpportunityClosure(models.Model):
    """One closure of an opportunity: won, standby, rejected or unqualified.

    *Lifecycle.* A row is made each time an opportunity closes, by whatever route: the
    wizard, Odoo's own Won and Lost buttons, an order, an import. It keeps what the
    opportunity was worth at that moment. Resuming the opportunity sets ``reopen_date``
    once and gives it back the probability of before; the row stays. Postponing a pause
    ends its row and makes another one: each time and the days of each are kept. What is
    paused comes back by itself on its day: ``crm.opportunity.standby``.

    *Invariants.* Append-only but for ``reopen_date``; at most one row of an opportunity
    is without it (the database sees to that). Standby is never inferred from
    ``active``: users archive opportunities for other reasons.

    Rows are made by `_log` only, and once for what was closed before by
    ``crm.opportunity.history``; no role writes this table.
    """

    _name = "crm.opportunity.closure"
    _description = "Opportunity Closure"
    _order = "date desc, id desc"
    _rec_name = "lead_id"

    lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    kind = fields.Selection(
        selection=[
            ("won", "Won"),
            ("standby", "Standby"),
            ("rejected", "Customer rejects the opportunity"),
            ("unqualified", "Customer does not qualify"),
        ],
        string="Closure",
        required=True,
        readonly=True,
    )
    date = fields.Datetime(required=True, readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Closed by", required=True, readonly=True
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True, index=True)
    currency_id = fields.Many2one(
        comodel_name="res.currency", required=True, readonly=True
    )
    stage_id = fields.Many2one(
        comodel_name="crm.stage",
        string="Stage Then",
        readonly=True,
        ondelete="set null",
    )
    expected_revenue = fields.Monetary(readonly=True)
    probability = fields.Float(readonly=True, aggregator="avg")
    is_automated = fields.Boolean(
        string="Automatic Probability",
        readonly=True,
        help="Whether the probability was Odoo's own prediction.",
    )
    lost_reason_id = fields.Many2one(
        comodel_name="crm.lost.reason",
        string="Reason",
        readonly=True,
        ondelete="restrict",
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The order that won the opportunity.",
    )
    note = fields.Text(readonly=True)
    wake_date = fields.Date(string="Paused Until", readonly=True)
    reopen_date = fields.Datetime(string="Resumed on", readonly=True)
    is_merged = fields.Boolean(
        string="Of a Merged Opportunity",
        readonly=True,
        help="Of an opportunity that was merged into this one.",
    )

    days_paused = fields.Float(
        compute="_compute_days_paused",
        store=True,
        precompute=True,
        digits=(16, 1),
        help="How long the pause lasted, once it is over.",
    )

    _open_unique = models.UniqueIndex(
        "(lead_id) WHERE reopen_date IS NULL",
        "This opportunity was closed by somebody else meanwhile: reload the page.",
    )
    _default_order_idx = models.Index("(date DESC, id DESC)")
    # What was taken up again since a day: what changed in the pipeline.
    _reopen_date_idx = models.Index("(reopen_date) WHERE reopen_date IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends("kind", "date", "reopen_date")
    def _compute_days_paused(self):
        for row in self:
            over = row.kind == "standby" and row.reopen_date
            days = (row.reopen_date - row.date) / timedelta(days=1) if over else 0.0
            row.days_paused = days

    # === BUSINESS METHODS === #

    @api.model
    def _close(
        self,
        leads,
        kind,
        reason=None,
        note=False,
        wake_date=False,
        cancel_activities=False,
        quotations=None,
    ):
        """Close opportunities by hand, all in the same way.

        :param leads: opportunities that the user may write
        :param str kind: ``standby``, ``rejected`` or ``unqualified``
        :param reason: ``crm.lost.reason`` of that kind; not needed for standby
        :param wake_date: day on which a paused opportunity is to be resumed
        :param bool cancel_activities: cancel what is planned on them; otherwise that
            stays, and on standby moves to the wake-up date: nothing paused is overdue
        :param quotations: open quotations of theirs to cancel
        :raise UserError: where a transition is not allowed or data are missing; nothing
            has changed then
        """
        Standby = self.env["crm.opportunity.standby"]
        reason = reason or self.env["crm.lost.reason"]
        self._check_transition(leads, kind)
        self._check_data(leads, kind, reason, wake_date)
        leads.check_access("write")
        if cancel_activities:
            # first, for Odoo forgets all that it has read when something is deleted,
            # and so which records belong together
            Standby._planned_activities(leads).unlink()
            leads = leads.with_prefetch()
        Stage = self.env["crm.opportunity.stage"]
        before, places = self._snapshot(leads), Stage._snapshot(leads)
        held = self._hold(leads)
        if kind == "standby":
            Standby._pause(held)
        else:
            held.action_set_lost(lost_reason_id=reason.id)
        rows = self._log(
            leads,
            before,
            kind=kind,
            lost_reason_id=reason.id,
            note=note,
            wake_date=wake_date if kind == "standby" else False,
        )
        if kind == "standby":
            # known as paused by its row only; what was lost, the write has recorded
            Stage._log_transition(leads, places)
            Standby._postpone_activities(leads, wake_date)
        if quotations:
            self._open_quotations(leads, quotations).action_cancel()
        return rows

    @api.model
    def _win(self, lead, stage, note):
        """Win an opportunity that has no order, and keep why."""
        before = self._snapshot(lead)
        held = self.env["crm.stage"]._waive_gates(self._hold(lead), ["gate_order"])
        held.write({"stage_id": stage.id})
        return self._log(lead, before, note=note)

    @api.model
    def _open_quotations(self, leads, quotations=None):
        """
        :return: quotations of these opportunities that no customer has confirmed and
            the user may cancel
        :param quotations: of these only
        """
        domain = Domain("opportunity_id", "in", leads.ids)
        domain &= Domain("state", "in", ("draft", "sent"))
        if quotations is not None:
            domain &= Domain("id", "in", quotations.ids)
        # sudo: there are few or none, which are checked one by one; a search by whose
        # they are would read all accounts of the user first
        orders = self.env["sale.order"].sudo().search(domain).with_env(self.env)
        return orders._filtered_access("read")._filtered_access("write")

    @api.model
    def _check_transition(self, leads, kind):
        if leads.filtered(lambda lead: lead.type != "opportunity"):
            raise UserError(
                self.env._(
                    "Only opportunities are closed: convert the enquiry first, "
                    "or mark it as lost."
                )
            )
        refused = leads.filtered(
            lambda lead: kind not in TRANSITIONS[self._state(lead)]
        )
        if refused:
            raise UserError(
                self.env._(
                    "Resume what is closed already before you close it again: %s",
                    ", ".join(refused[:5].mapped("name")),
                )
            )

    @api.model
    def _check_data(self, leads, kind, reason, wake_date):
        if kind == "standby":
            if not wake_date or wake_date <= fields.Date.context_today(self):
                raise UserError(
                    self.env._(
                        "Say until when the opportunity is paused: "
                        "a standby needs a date after today."
                    )
                )
            if leads.filtered(lambda lead: lead.standby_until == wake_date):
                raise UserError(
                    self.env._(
                        "The opportunity is paused until that day already: "
                        "choose another date."
                    )
                )
        elif not reason:
            raise UserError(self.env._("Choose a reason for this closure."))
        if reason and (reason.closure_kind or "rejected") != kind:
            raise UserError(
                self.env._("Choose a reason that belongs to this kind of closure.")
            )

    @api.model
    def _state(self, lead):
        """
        :return: how an opportunity is closed, or False while it is open. Odoo's own
            status decides where there is no row, such as for what was lost before.
        """
        if lead.won_status == "won":
            return "won"
        if lead.won_status == "lost":
            lost = lead.closure_kind in ("rejected", "unqualified")
            return lead.closure_kind if lost else "rejected"
        return "standby" if lead.closure_kind == "standby" else False

    @api.model
    def _held(self, leads):
        held = leads.env.context.get("crm_gestion_closure")
        return held if isinstance(held, Held) else Held()

    @api.model
    def _hold(self, leads):
        """:return: the same opportunities, which `_snapshot` and so `_log` pass over"""
        held = Held({*self._held(leads), *leads.ids})
        return leads.with_context(crm_gestion_closure=held)

    @api.model
    def _snapshot(self, leads):
        """
        :return: dict lead id -> what `_log` must know of an opportunity as it was
            before a write that may close or reopen it
        """
        held = self._held(leads)
        return {
            lead.id: {
                "won_status": lead.won_status,
                "active": lead.active,
                "closure_kind": lead.closure_kind,
                "stage_id": lead.stage_id.id,
                "expected_revenue": lead.expected_revenue,
                "probability": lead.probability,
                "is_automated": lead.is_automated_probability,
                "date_closed": lead.date_closed,
            }
            for lead in leads
            if lead.type == "opportunity" and lead.id not in held
        }

    @api.model
    def _log(self, leads, before, kind=None, restore=True, **values):
        """Record what closed or reopened between `_snapshot` and now, but for what a
        write within that one recorded already.

        :param str kind: how they closed, where the caller knows; otherwise it follows
            from Odoo's own status and lost reason
        :param bool restore: give reopened ones their probability back; not where the
            caller wrote another one
        :param values: further values of the new rows
        :return: the new rows
        """
        # sudo: rows are evidence, no role writes them by hand; the rights on the
        # opportunities were checked by the write that closed them
        closures = self.sudo()
        if not before:
            return closures.browse()
        known = leads.filtered(lambda lead: lead.id in before)
        closed = known.filtered(
            lambda lead: kind or self._just_closed(lead, before[lead.id])
        )
        reopened = known.filtered(
            lambda lead: self._just_reopened(lead, before[lead.id])
        )
        ended = closures._end(closed | reopened)
        # paused or lost it had a probability that nobody meant: its row knows better
        kept = {
            row.lead_id.id: {
                "probability": row.probability,
                "is_automated": row.is_automated,
            }
            for row in ended
        }
        rows = closures.create(
            [
                {
                    **self._prepare_vals(lead, before[lead.id], kind),
                    **kept.get(lead.id, {}),
                    **values,
                }
                for lead in closed.sudo()
            ]
        )
        rows._tell_leads()
        if restore:
            ended.filtered(lambda row: row.lead_id in reopened)._restore_probability()
        # what Odoo leaves behind on some routes: the reason of what is not lost any
        # more, and the closing date it gives to whatever is archived
        if self.env["crm.stage"]._method_enforced():
            (closed | reopened).filtered(
                lambda lead: lead.lost_reason_id and lead.won_status != "lost"
            ).write({"lost_reason_id": False})
            rows._keep_closing_dates(known, before)
        known.filtered(
            lambda lead: lead.closure_kind == "standby" and lead.date_closed
        ).write({"date_closed": False})
        return rows.with_env(self.env)

    def _tell_leads(self):
        """Their opportunities are closed as these new rows say, which need not be read
        again for that."""
        leads = self.lead_id
        names = ("closure_kind", "standby_until")
        with self.env.protecting([leads._fields[name] for name in names], leads):
            for row in self:
                row.lead_id.closure_kind = row.kind
                row.lead_id.standby_until = row.wake_date
        leads.modified(names)

    @api.model
    def _end(self, leads):
        """Note that these opportunities, or some of them, are not closed any more as
        they were.

        :return: the rows that have ended
        """
        # who has an open row has a kind
        rows = self.sudo()  # sudo: as in _log
        if closed := leads.filtered("closure_kind"):
            rows = rows.search(
                [("lead_id", "in", closed.ids), ("reopen_date", "=", False)]
            )
            rows.write({"reopen_date": fields.Datetime.now()})
            # before the next open row of the same opportunity: the index allows one
            rows.flush_recordset(["reopen_date"])
        return rows

    def _keep_closing_dates(self, leads, before):
        """Odoo dates whatever is archived, and nothing else that is lost. What was
        paused, or archived by hand, when it was lost was lost on that day, and not in
        no period or in another one; what was won or lost and is archived later, to tidy
        up, stays in the period that it was won or lost in.

        :param leads: opportunities of `before`
        :param before: of `_snapshot`
        """
        moments = {
            lead: before[lead.id]["date_closed"]
            for lead in leads
            if lead.won_status == before[lead.id]["won_status"] != "pending"
        } | {
            row.lead_id: row.date
            for row in self
            if row.lead_id.won_status == "lost" and not before[row.lead_id.id]["active"]
        }
        dates = defaultdict(lambda: self.env["crm.lead"])
        for lead, moment in moments.items():
            if moment and lead.date_closed != moment:
                dates[moment] |= lead
        for moment, changed in dates.items():
            # sudo: as in _log
            changed.sudo().write({"date_closed": moment})

    @api.model
    def _log_created(self, leads):
        """Imported opportunities may be closed already when they are created."""
        closed = leads.filtered(lambda lead: lead.won_status != "pending")
        before = self._snapshot(closed)
        for lead in closed.filtered(lambda lead: lead.id in before):
            before[lead.id] |= {
                "won_status": "pending",
                "closure_kind": False,
                "date": lead.date_closed,
            }
        self._log(leads, before)

    @api.model
    def _prepare_vals(self, lead, before, kind):
        """:return: values of the row of an opportunity that closed"""
        if not kind and lead.won_status == "won":
            kind = "won"
        elif not kind:
            unqualified = lead.lost_reason_id.closure_kind == "unqualified"
            kind = "unqualified" if unqualified else "rejected"
        return {
            "lead_id": lead.id,
            "kind": kind,
            "date": before.get("date") or fields.Datetime.now(),
            "user_id": self.env.uid,
            "team_id": lead.team_id.id,
            "company_id": lead.company_id.id,
            "currency_id": lead.company_currency.id,
            "stage_id": before["stage_id"],
            "expected_revenue": lead.expected_revenue,
            "probability": before["probability"],
            "is_automated": before["is_automated"],
            "lost_reason_id": lead.lost_reason_id.id if kind != "won" else False,
            "order_id": self._winning_order(lead).id if kind == "won" else False,
        }

    @api.model
    def _winning_order(self, lead):
        """:return: the first of the confirmed orders, whichever way it was won: when
        all of them are cancelled, it was not won after all"""
        confirmed = lead.order_ids.filtered(lambda order: order.state == "sale")
        return confirmed.sorted("id")[:1]

    @api.model
    def _recorded(self, lead, before):
        """:return: whether a write within the one at hand, such as an automated rule's,
        has closed or reopened the opportunity and so recorded it"""
        return lead.closure_kind != before["closure_kind"]

    @api.model
    def _won_by_order(self, leads):
        """:return: the open rows of what was won by an order"""
        # sudo: as in _log
        return self.sudo().search(
            [
                ("lead_id", "in", leads.ids),
                ("kind", "=", "won"),
                ("reopen_date", "=", False),
                ("order_id", "!=", False),
            ]
        )

    @api.model
    def _just_closed(self, lead, before):
        return (
            lead.won_status in ("won", "lost")
            and lead.won_status != before["won_status"]
            and not self._recorded(lead, before)
        )

    @api.model
    def _just_reopened(self, lead, before):
        if lead.won_status != "pending" or self._recorded(lead, before):
            return False
        if before["won_status"] in ("won", "lost"):
            return True
        return lead.closure_kind == "standby" and lead.active and not before["active"]

    def _restore_probability(self):
        """Give reopened opportunities back what they had when they closed: Odoo alone
        leaves what a won or paused opportunity had, 100 or 0.01. Where the method is
        not enforced, what was won or lost is left to Odoo."""
        if not self.env["crm.stage"]._method_enforced():
            self = self.filtered(lambda row: row.kind == "standby")
        if not self:
            return
        # of all of them: a typed 0 is only typed beside a prediction of today
        self.lead_id._compute_probabilities()
        certain = self.filtered(lambda row: row.probability >= 100)
        with self.lead_id._crm_predicting((self - certain).lead_id):
            for row in self - certain:
                lead, predicted = row.lead_id, row.lead_id.automated_probability
                usable = row.is_automated and 0 < predicted < 100
                value = predicted if usable else row.probability
                lead.probability = value
                if row.is_automated:
                    lead.automated_probability = value
        for is_automated, rows in certain.grouped("is_automated").items():
            names = PREDICTED if is_automated else ["probability"]
            # typed, for Odoo dates what is certain
            rows.lead_id.write(dict.fromkeys(names, 100))

    @api.model
    def _move_to_lead(self, leads, target):
        """Closures of merged opportunities stay, under the winner; what was closed
        there is not closed any more."""
        rows = self.sudo().search([("lead_id", "in", leads.ids)])  # sudo: as in _log
        rows.filtered(lambda row: not row.reopen_date).write(
            {"reopen_date": fields.Datetime.now()}
        )
        rows.write({"lead_id": target.id, "is_merged": True})

    @api.model
    def _merge_snapshot(self, leads):
        """:return: dict of what `_settle_merged` must know of opportunities that are
        about to be merged"""
        rows = leads.sudo().closure_ids  # sudo: as in _log
        return {
            "open": any(leads.mapped("active")),
            "pauses": rows.filtered(
                lambda row: row.kind == "standby" and not row.reopen_date
            ),
        }

    @api.model
    def _settle_merged(self, winner, before):
        """What comes out of a merge is as alive as the most alive that went in: open,
        or else paused. Odoo goes by stage and probability, so that an open opportunity
        would disappear into a paused or rejected one. What is lost or archived without
        us is left to Odoo where the method is off.
        """
        if winner.active or winner.won_status == "won":
            return
        paused = winner.closure_kind == "standby"
        if not paused and not self.env["crm.stage"]._method_enforced():
            return
        if before["open"]:
            winner.action_crm_resume()
        elif paused:
            Standby = self.env["crm.opportunity.standby"]
            Standby._postpone_activities(winner, winner.standby_until)
        elif before["pauses"]:
            row = before["pauses"].sorted("wake_date")[0]
            winner.action_crm_resume()
            if row.wake_date > fields.Date.context_today(self):
                self._close(
                    winner, "standby", row.lost_reason_id, row.note, row.wake_date
                )

    # === CRON === #

    @api.model
    def _cron_wake(self):
        self.env["crm.opportunity.standby"]._wake_due()
