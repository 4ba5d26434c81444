from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, float_compare

# Fields of an opportunity by which its lines may get other prices, or that reopen it.
BUYER = {
    "active", "company_id", "organization_id", "partner_id", "probability", "stage_id",
    "team_id", "type", "user_id",
}  # fmt: skip
# Value of the context key `crm_gestion_following`: an amount is written that follows
# the lines, nobody typed it. An object cannot come from outside.
FOLLOWING = object()
CURSOR_PARAMETER = "crm_gestion.reconversion_cursor"
BATCH = 500


class CrmOpportunityAmount(models.AbstractModel):
    """The expected revenue of an opportunity and what its lines come to.

    While nobody has typed another amount, that of an open opportunity is the total of
    its lines in the company's currency (``company_subtotal``, converted again every
    night); a closed one is worth what it was worth then. Whether an amount was typed is
    kept on the opportunity, ``is_revenue_typed``; `_settle` alone decides it.
    """

    _name = "crm.opportunity.amount"
    _description = "Amount of Opportunities"

    @api.model
    def _is_open(self, lead):
        return not lead.closure_kind and lead.won_status == "pending"

    @api.model
    def _total(self, lead):
        """:return: what the lines of an opportunity are worth, in the currency of its
        company, or None where it has none"""
        # sudo: who may change the amount of an opportunity need not read its lines
        lines = lead.sudo().line_ids
        return sum(lines.mapped("company_subtotal")) if lines else None

    @api.model
    def _is_amount_of_lines(self, lead, total):
        rounding = lead.company_currency.rounding or 0.01
        return not float_compare(
            lead.expected_revenue, total, precision_rounding=rounding
        )

    @api.model
    def _follow(self, leads, silent=False):
        """Write the total of their lines as the expected revenue of the open
        opportunities whose amount nobody typed.

        :param bool silent: nobody's forecast changes by it
        """
        followers = leads.filtered(
            lambda lead: not lead.is_revenue_typed and self._is_open(lead)
        ).with_context(crm_gestion_following=FOLLOWING)
        Forecast = self.env["crm.opportunity.forecast.log"]
        with Forecast._recording(followers, silent=silent):
            for lead in followers:
                total = self._total(lead)
                if total is not None and not self._is_amount_of_lines(lead, total):
                    lead.expected_revenue = total

    @api.model
    def _following(self, records):
        """:return: whether amounts are being written that nobody types"""
        return records.env.context.get("crm_gestion_following") is FOLLOWING

    @api.model
    def _hold(self, vals):
        """Amount and lines that are written together: the amount counts as typed until
        `_settle` knows what the lines are worth.

        :return: the values to write
        """
        if vals.get("line_ids") and "expected_revenue" in vals:
            return {**vals, "is_revenue_typed": True}
        return vals

    @api.model
    def _hold_new(self, vals):
        """As `_hold`, for opportunities that are created with lines."""
        return {**vals, "is_revenue_typed": True} if vals.get("line_ids") else vals

    @api.model
    def _settle_new(self, leads):
        """Opportunities that were created with lines: without an amount they follow
        them from the beginning, which changes no forecast."""
        held = leads.filtered("is_revenue_typed")
        without = held.filtered(lambda lead: not lead.expected_revenue)
        without.write({"is_revenue_typed": False})
        self._follow(without, silent=True)
        self._settle(held - without)

    @api.model
    def _settle(self, leads):
        """After an amount was written: it is a typed one where it is not the total of
        the lines."""
        if self._following(leads):
            return
        typed, following = leads.browse(), leads.browse()
        for lead in leads:
            total = self._total(lead)
            if total is None:
                continue
            is_typed = not self._is_amount_of_lines(lead, total)
            if is_typed and not lead.is_revenue_typed:
                typed |= lead
            elif lead.is_revenue_typed and not is_typed:
                following |= lead
        typed.write({"is_revenue_typed": True})
        following.write({"is_revenue_typed": False})

    @api.model
    def _before_write(self, leads, vals):
        """:return: what `_after_write` must know of opportunities as they were"""
        if not vals.keys() & BUYER:
            return {}
        if "partner_id" in vals:
            # for `_is_other_buyer`, which sees them one by one
            leads.partner_id.fetch(["commercial_partner_id"])
        return {lead: (self._buyer(lead), self._is_open(lead)) for lead in leads}

    @api.model
    def _after_write(self, leads, vals, before):
        """Amounts and lines go with what was written of their opportunities."""
        if "expected_revenue" in vals:
            self._settle(leads)
        moved, reopened = leads.browse(), leads.browse()
        for lead, (buyer, was_open) in before.items():
            if self._is_other_buyer(lead, *buyer):
                moved |= lead
            if not was_open and self._is_open(lead):
                reopened |= lead
        # sudo: lines of opportunities that the user may write
        moved.sudo().line_ids._follow_customer()
        self._reconvert(reopened)
        self._follow(moved | reopened)

    @api.model
    def _buyer(self, lead):
        return lead.partner_id, lead.organization_id, lead.company_id

    @api.model
    def _is_other_buyer(self, lead, partner, organization, company):
        """Looks at the customer where something changed only: most writes do not."""
        if (partner, organization, company) == self._buyer(lead):
            return False
        customer = lead._crm_customer_of(partner, organization)
        return (customer, company) != (lead._crm_customer(), lead.company_id)

    @api.model
    def _follow_again(self, leads):
        """Take the amount from the lines, whatever was typed.

        :raise UserError: where an opportunity is closed: its amount stays
        """
        if not all(map(self._is_open, leads)):
            raise UserError(
                self.env._(
                    "The amount of a closed opportunity stays as it was: resume it "
                    "first."
                )
            )
        leads.write({"is_revenue_typed": False})
        self._follow(leads)

    @api.model
    def _merged_revenue(self, leads):
        """:return: expected revenue of merged opportunities, the winner first: all
        lines where its amount follows them, else Odoo's choice, the first there is"""
        winner = leads[0]
        follows = not winner.is_revenue_typed and self._is_open(winner)
        if follows and self._total(winner) is not None:
            return sum(self._total(lead) or 0.0 for lead in leads)
        amounts = leads.mapped("expected_revenue")
        return next((amount for amount in amounts if amount), 0.0)

    # === CRON === #

    @api.model
    def _reconvert_all(self):
        """Every night: what open opportunities are worth at today's rates, where their
        lines are in another currency than the company's. No forecast of a person
        changes, so nothing is logged.

        How far a run came is kept once at its end: a crash repeats a part, which
        changes nothing.
        """
        # sudo: called by a cron
        params = self.env["ir.config_parameter"].sudo()
        cursor = int(params.get_param(CURSOR_PARAMETER, "0"))
        while ids := self._foreign_lead_ids(cursor, BATCH):
            leads = self.env["crm.lead"].browse(ids)
            leads = leads.with_context(tracking_disable=True)
            self._reconvert(leads)
            self._follow(leads, silent=True)
            cursor = ids[-1]
            left = len(self._foreign_lead_ids(cursor, BATCH))
            self.env.flush_all()
            self.env.invalidate_all()
            if not self.env["ir.cron"]._commit_progress(len(ids), remaining=left):
                break
        params.set_param(CURSOR_PARAMETER, str(cursor) if ids else "0")

    @api.model
    def _foreign_lead_ids(self, cursor, limit):
        """:return: the next ids of open opportunities with lines in a currency other
        than the company's"""
        self.env["crm.lead"].flush_model()
        self.env["crm.opportunity.line"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT lead.id FROM crm_lead lead
                    WHERE lead.id > %(cursor)s AND lead.active
                      AND lead.won_status = 'pending' AND lead.closure_kind IS NULL
                      AND EXISTS (
                          SELECT FROM crm_opportunity_line line
                           WHERE line.lead_id = lead.id
                             AND line.currency_id != line.company_currency_id)
                    ORDER BY lead.id LIMIT %(limit)s""",
                cursor=cursor,
                limit=limit,
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _reconvert(self, leads):
        # sudo: lines of opportunities that the user may write
        for line in leads.sudo().line_ids:
            amount = line._convert(
                line.subtotal, line.currency_id, line.company_currency_id
            )
            if line.company_currency_id.compare_amounts(line.company_subtotal, amount):
                line.company_subtotal = amount
