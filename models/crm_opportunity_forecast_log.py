from contextlib import contextmanager

from odoo import api, fields, models

FORECAST_FIELDS = ("date_deadline", "expected_revenue")


class CrmOpportunityForecastLog(models.Model):
    """One change of what an opportunity promises: its expected closing date or amount.

    *Lifecycle.* A row is made for each change by a person, by whatever route, with
    tracking or without it; what an opportunity is created with is no change. The
    conversion of the night is none either: nobody changed his mind. Rows of merged
    opportunities go on under the winner.

    *Invariants.* Append-only, made by `_recording` only; however deep writes are
    nested, the outermost one tells the change. ``push_count`` of an opportunity is the
    number of its rows that move the date to a later one.
    """

    _name = "crm.opportunity.forecast.log"
    _description = "Forecast Change"
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
    field = fields.Selection(
        selection=[
            ("date_deadline", "Expected closing"),
            ("expected_revenue", "Expected revenue"),
        ],
        string="What",
        required=True,
        readonly=True,
    )
    old = fields.Char(string="Before", readonly=True)
    new = fields.Char(string="After", readonly=True)
    change = fields.Float(
        readonly=True,
        help="Days by which the date moved, or the difference between the amounts; 0 "
        "where there was no date before or is none now.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Changed by", required=True, readonly=True
    )
    date = fields.Datetime(string="Changed on", required=True, readonly=True)
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", readonly=True
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True, index=True)
    is_merged = fields.Boolean(
        string="Of a Merged Opportunity",
        readonly=True,
        help="Of an opportunity that was merged into this one.",
    )

    _default_order_idx = models.Index("(date DESC, id DESC)")

    # === BUSINESS METHODS === #

    @api.model
    @contextmanager
    def _recording(self, leads, names=FORECAST_FIELDS, silent=False):
        """Record how the forecast of these opportunities differs at the end of the
        block, in one batch.

        :param names: fields that the block writes
        :param bool silent: record nothing, nor what is written inside the block
        """
        watched = self.env.cr.precommit.data.setdefault("crm_gestion.forecast", set())
        before = {
            (lead, name): lead[name]
            for name in FORECAST_FIELDS
            if name in names
            for lead in leads
            if lead.type == "opportunity" and (lead.id, name) not in watched
        }
        keys = {(lead.id, name) for lead, name in before}
        watched |= keys
        try:
            yield
            if not silent:
                self._log(before)
        finally:
            watched -= keys

    @api.model
    def _log(self, before):
        """Make the rows of what changed, and count the dates that moved later."""
        rows, pushed = [], self.env["crm.lead"]
        for (lead, name), old in before.items():
            new = lead[name]
            if self._is_same(lead, name, old, new):
                continue
            rows.append(self._prepare_vals(lead, name, old, new))
            if name == "date_deadline" and old and new and new > old:
                pushed |= lead
        # sudo: rows are evidence, no role writes them by hand, and the rights on the
        # opportunities were checked by the write; it may have given them away
        self.sudo().create(rows)
        for count, leads in pushed.sudo().grouped("push_count").items():
            leads.write({"push_count": count + 1})

    @api.model
    def _is_same(self, lead, name, old, new):
        if name == "date_deadline":
            return (old or False) == (new or False)
        return not lead.company_currency.compare_amounts(old, new)

    @api.model
    def _prepare_vals(self, lead, name, old, new):
        if name == "expected_revenue":
            change = new - old
        else:
            change = (new - old).days if old and new else 0.0
        return {
            "lead_id": lead.id,
            "field": name,
            "old": self._canonical(lead, name, old),
            "new": self._canonical(lead, name, new),
            "change": change,
            "user_id": self.env.uid,
            "date": fields.Datetime.now(),
            "team_id": lead.team_id.id,
            "company_id": lead.company_id.id,
        }

    @api.model
    def _canonical(self, lead, name, value):
        """:return: a value that reads the same whoever wrote it: ISO date, plain
        number"""
        if name == "expected_revenue":
            return f"{value:.{lead.company_currency.decimal_places}f}"
        return fields.Date.to_string(value)

    @api.model
    def _move_to_lead(self, leads, target):
        """Changes of merged opportunities stay, under the winner, whose count tells
        them all."""
        rows = self.sudo().search([("lead_id", "in", leads.ids)])  # sudo: as in _log
        rows.write({"lead_id": target.id, "is_merged": True})
        # sudo: as in _log
        target.sudo().push_count += sum(leads.sudo().mapped("push_count"))
