from odoo import api, models
from odoo.fields import Domain

REPORT = "crm.origination.report"
# Everything but gestiones, which nobody asks for here.
KINDS = ["opportunity", "decision", "order", "cost"]
SHOWN = 10
SUMS, MONEY = ("opportunities", "won", "lost"), ("revenue", "cost")


class CrmDashboardOrigination(models.AbstractModel):
    """What each origination brought and cost, from ``crm.origination.report``: in the
    months in which the days of the period lie, for its rows are of whole months."""

    _name = "crm.dashboard.origination"
    _inherit = "crm.dashboard.part"
    _description = "Effectiveness of Originations"

    @api.model
    def _sections(self, asked):
        rows, total = self._rows(asked)
        return [
            self._section(
                "origination",
                self.env._("Effectiveness of Originations"),
                "table",
                size="full",
                help=self.env._(
                    "In the months of the period: opportunities by their creation, won "
                    "and lost by their closing, revenue of confirmed orders, costs of "
                    "campaigns. The ten with most revenue."
                ),
                columns=self._columns(),
                rows=rows,
                total=total,
            )
        ]

    @api.model
    def _domain(self, asked):
        return (
            Domain("kind", "in", KINDS)
            & Domain("date", ">=", asked.date_from.replace(day=1))
            & Domain("date", "<=", asked.date_to)
            & asked.of_people()
        )

    @api.model
    def _rows(self, asked):
        """:return: rows of the table, and its total, False where there is none"""
        domain = self._domain(asked)
        found = self._groups(REPORT, domain, ["origination_id"], SUMS, MONEY)
        ordered = sorted(
            found.items(),
            key=lambda pair: (-pair[1]["revenue"], -pair[1]["won"], pair[0][0].id),
        )
        rows = [
            self._origination(
                origination.display_name or self.env._("Without origination"),
                domain & Domain("origination_id", "=", origination.id),
                group,
            )
            for (origination,), group in ordered[:SHOWN]
        ]
        whole = self._sum(found.values(), SUMS + MONEY)
        total = self._origination(self.env._("Total"), domain, whole)
        return rows, bool(rows) and total

    @api.model
    def _origination(self, label, domain, group):
        drill = self._drill(REPORT, domain, label, group["count"])
        round_ = self.env.company.currency_id.round
        won, decided, cost = group["won"], group["won"] + group["lost"], group["cost"]

        def number(name):
            return self._figure(
                int(group[name]), drill=drill and {**drill, "measure": name}
            )

        def money(name):
            return self._figure(
                round_(group[name]),
                "monetary",
                drill=drill and {**drill, "measure": name},
            )

        return {
            "label": label,
            "drill": drill,
            "cells": [
                number("opportunities"),
                number("won"),
                self._figure(
                    won / decided if decided else None, "percentage", drill=drill
                ),
                money("revenue"),
                money("cost"),
                self._figure(
                    round_(cost / won) if won and cost else None,
                    "monetary",
                    drill=drill,
                ),
            ],
        }

    @api.model
    def _columns(self):
        titles = {
            "opportunities": (self.env._("New Opportunities"), "integer"),
            "won": (self.env._("Won Opportunities"), "integer"),
            "conversion": (self.env._("Conversion"), "percentage"),
            "revenue": (self.env._("Revenue"), "monetary"),
            "cost": (self.env._("Cost"), "monetary"),
            "cost_per_won": (self.env._("Cost per Won"), "monetary"),
        }
        return [
            self._column(name, title, format_)
            for name, (title, format_) in titles.items()
        ]
