from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

MODEL = "crm.opportunity.closure"
MONEY = ("expected_revenue",)
TONES = {
    "won": "success",
    "standby": "warning",
    "rejected": "danger",
    "unqualified": "danger",
}


class CrmDashboardClosures(models.AbstractModel):
    """How opportunities closed in the period, each time, and why; with what they were
    worth at that moment."""

    _name = "crm.dashboard.closures"
    _inherit = "crm.dashboard.part"
    _description = "Closures of a Dashboard"

    @api.model
    def _sections(self, asked):
        title = self.env._("Closures and Reasons")
        # it may have been somebody else who closed them
        domain = asked.of_people("lead_id.user_id") & asked.within("date")
        groups = self._closed(asked)
        total = self._sum(groups.values(), MONEY)
        kinds = dict(self.env[MODEL]._fields["kind"]._description_selection(self.env))
        order = list(kinds)
        rows = sorted(
            groups.items(), key=lambda row: (order.index(row[0][0]), -row[1]["count"])
        )
        return [
            self._section(
                "closures",
                title,
                "table",
                help=self.env._(
                    "All that closed in the period, also what was taken up again "
                    "since, with what it was worth when it closed."
                ),
                empty=self.env._("Nothing closed in this period."),
                columns=[
                    self._column("reason", self.env._("Reason"), "text"),
                    self._column("count", self.env._("Closures")),
                    self._column("amount", self.env._("Expected Revenue"), "monetary"),
                ],
                rows=[
                    self._closures(
                        kinds[kind],
                        reason.name or "",
                        domain
                        & Domain("kind", "=", kind)
                        & Domain("lost_reason_id", "=", reason.id),
                        group,
                        tone=TONES[kind],
                    )
                    for (kind, reason), group in rows
                ],
                total=bool(rows)
                and self._closures(self.env._("Total"), "", domain, total),
                drill=self._drill(MODEL, domain, title, total["count"]),
            )
        ]

    @api.model
    def _closed(self, asked):
        """From the closures of the period to their opportunities: the rule of closures
        would look for all opportunities of these people's accounts.

        :return: dict of pairs of kind and reason -> group, as of `_groups`
        """
        Closure = self.env[MODEL]
        Closure.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT kind, lost_reason_id, currency_id, count(*),
                          sum(expected_revenue)
                     FROM crm_opportunity_closure
                    WHERE date >= %(start)s AND date < %(end)s
                      AND (company_id IS NULL OR company_id IN %(companies)s)
                      AND %(theirs)s
                 GROUP BY kind, lost_reason_id, currency_id""",
                start=asked.start,
                end=asked.end,
                companies=tuple(self.env.companies.ids),
                theirs=self._is_theirs(
                    asked, SQL.identifier("crm_opportunity_closure", "lead_id")
                ),
            )
        )
        groups = {}
        for kind, reason_id, currency_id, count, amount in rows:
            key = (kind, self.env["crm.lost.reason"].browse(reason_id))
            group = groups.setdefault(key, self._nothing(MONEY))
            group["count"] += count
            rate = self._rate(self.env["res.currency"].browse(currency_id))
            group["expected_revenue"] += float(amount or 0.0) * rate
        return groups

    @api.model
    def _closures(self, label, reason, domain, group, tone=False):
        name = ", ".join(filter(None, [label, reason]))
        amount = group["expected_revenue"]
        return self._row(
            label,
            [
                self._figure(reason, "text"),
                self._number(False, MODEL, domain, group["count"], name, tone=tone),
                self._figure(
                    amount,
                    "monetary",
                    drill=self._drill(
                        MODEL, domain, name, group["count"], "expected_revenue"
                    ),
                ),
            ],
        )
