from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError

# From what an opportunity is (False: open) to how it may be closed. A closed
# opportunity is resumed before it is closed in another way, but for the order that wins
# it.
TRANSITIONS = {
    False: {"won", "standby", "rejected", "unqualified"},
    "standby": {"won", "rejected", "unqualified"},
    "rejected": {"won"},
    "unqualified": {"won"},
    "won": set(),
}
# A paused opportunity keeps a probability: archived with 0 it would count as lost.
STANDBY_PROBABILITY = 0.01


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
    once and gives it back the probability of before; the row stays.

    *Invariants.* Append-only but for ``reopen_date``; at most one row of an opportunity
    is without it (the database sees to that). Standby is never inferred from
    ``active``: users archive opportunities for other reasons.

    Rows are made by `_log` only; no role writes this table.
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

    _open_unique = models.UniqueIndex(
        "(lead_id) WHERE reopen_date IS NULL",
        "This opportunity was closed by somebody else meanwhile: reload the page.",
    )
    _default_order_idx = models.Index("(date DESC, id DESC)")

    # === BUSINESS METHODS === #

    @api.model
    def _close(self, leads, kind, reason=None, note=False, wake_date=False):
        """Close opportunities by hand, all in the same way.

        :param leads: opportunities that the user may write
        :param str kind: ``standby``, ``rejected`` or ``unqualified``
        :param reason: ``crm.lost.reason`` of that kind; not needed for standby
        :param wake_date: day on which a paused opportunity is to be resumed
        :raise UserError: where a transition is not allowed or data are missing; nothing
            has changed then
        """
        reason = reason or self.env["crm.lost.reason"]
        self._check_transition(leads, kind)
        self._check_data(kind, reason, wake_date)
        before = self._snapshot(leads)
        held = self._hold(leads)
        if kind == "standby":
            self._pause(held)
        else:
            held.action_set_lost(lost_reason_id=reason.id)
        return self._log(
            leads,
            before,
            kind=kind,
            lost_reason_id=reason.id,
            note=note,
            wake_date=wake_date if kind == "standby" else False,
        )

    @api.model
    def _pause(self, leads):
        """Archive without losing: stage and probability stay. Odoo dates whatever is
        archived as closed; a pause is not."""
        without = leads.filtered(lambda lead: not lead.probability)
        without.write({"probability": STANDBY_PROBABILITY})
        leads.write({"active": False})
        leads.write({"date_closed": False})

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
    def _check_data(self, kind, reason, wake_date):
        if kind == "standby":
            if not wake_date or wake_date <= fields.Date.context_today(self):
                raise UserError(
                    self.env._(
                        "Say until when the opportunity is paused: "
                        "a standby needs a date after today."
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
                "stage_id": lead.stage_id.id,
                "expected_revenue": lead.expected_revenue,
                "probability": lead.probability,
                "is_automated": lead.is_automated_probability,
            }
            for lead in leads
            if lead.type == "opportunity" and lead.id not in held
        }

    @api.model
    def _log(self, leads, before, kind=None, restore=True, **values):
        """Record what closed or reopened between `_snapshot` and now.

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
        ended = closures.search(
            [("lead_id", "in", (closed | reopened).ids), ("reopen_date", "=", False)]
        )
        ended.write({"reopen_date": fields.Datetime.now()})
        # before the next open row of the same opportunity: the index allows one
        ended.flush_recordset(["reopen_date"])
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
        if restore:
            ended.filtered(lambda row: row.lead_id in reopened)._restore_probability()
        return rows.with_env(self.env)

    @api.model
    def _log_created(self, leads):
        """Imported opportunities may be closed already when they are created."""
        closed = leads.filtered(lambda lead: lead.won_status != "pending")
        before = self._snapshot(closed)
        for lead in closed.filtered(lambda lead: lead.id in before):
            before[lead.id] |= {"won_status": "pending", "date": lead.date_closed}
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
        }

    @api.model
    def _name_orders(self, leads, orders):
        """Keep on the rows of opportunities that were won just now, by which of these
        orders. Part of making them: the write that wins many at once cannot tell."""
        first = {
            order.opportunity_id.id: order.id for order in orders.sorted("id", True)
        }
        for row in self._open_won(leads):
            row.order_id = first[row.lead_id.id]

    @api.model
    def _won_by_order(self, leads):
        """:return: the open rows of what was won by an order"""
        return self._open_won(leads).filtered("order_id")

    @api.model
    def _open_won(self, leads):
        # sudo: as in _log
        return self.sudo().search(
            [
                ("lead_id", "in", leads.ids),
                ("kind", "=", "won"),
                ("reopen_date", "=", False),
            ]
        )

    @api.model
    def _just_closed(self, lead, before):
        return (
            lead.won_status in ("won", "lost")
            and lead.won_status != before["won_status"]
        )

    @api.model
    def _just_reopened(self, lead, before):
        if lead.won_status != "pending":
            return False
        if before["won_status"] in ("won", "lost"):
            return True
        return lead.closure_kind == "standby" and lead.active and not before["active"]

    def _restore_probability(self):
        """Give reopened opportunities back what they had when they closed: Odoo alone
        leaves what a won or paused opportunity had, 100 or 0.01."""
        if not self:
            return
        # of all of them: a typed 0 is only typed beside a prediction of today
        self.lead_id._compute_probabilities()
        targets = defaultdict(lambda: self.env["crm.lead"])
        for row in self:
            predicted = row.lead_id.automated_probability
            usable = row.is_automated and 0 < predicted < 100
            value = predicted if usable else row.probability
            targets[row.is_automated, value] |= row.lead_id
        for (is_automated, value), leads in targets.items():
            vals = {"probability": value}
            if is_automated:
                vals["automated_probability"] = value
            leads.write(vals)

    @api.model
    def _move_to_lead(self, leads, target):
        """Closures of merged opportunities stay, under the winner; what was closed
        there is not closed any more."""
        rows = self.sudo().search([("lead_id", "in", leads.ids)])  # sudo: as in _log
        rows.filtered(lambda row: not row.reopen_date).write(
            {"reopen_date": fields.Datetime.now()}
        )
        rows.write({"lead_id": target.id})

    @api.model
    def _default_wake_date(self):
        """:return: a month from today, the date that the wizard proposes"""
        return fields.Date.add(fields.Date.context_today(self), months=1)
