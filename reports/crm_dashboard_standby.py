from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

LEAD = "crm.lead"
DAYS = 14  # that come
SHOWN = 10


class CrmDashboardStandby(models.AbstractModel):
    """Paused opportunities that come back in the next two weeks, and those that should
    have: they are resumed on their day by themselves, unless something hinders it."""

    _name = "crm.dashboard.standby"
    _inherit = "crm.dashboard.part"
    _description = "Standbys Due"

    @api.model
    def _sections(self, asked):
        paused = (
            Domain("type", "=", "opportunity")
            & Domain("active", "in", [True, False])
            & Domain("closure_kind", "=", "standby")
            & asked.of_people()
        )
        overdue = paused & Domain("standby_until", "<", asked.today)
        coming = (
            paused
            & Domain("standby_until", ">=", asked.today)
            & Domain("standby_until", "<=", asked.today + timedelta(days=DAYS))
        )
        due = overdue | coming
        return [
            self._section(
                "standby_figures",
                self.env._("Standbys Due"),
                "figures",
                figures=[
                    *self._number_and_amount(
                        coming,
                        self.env._("In the next %s days", DAYS),
                        self.env._("Amount of these"),
                    ),
                    *self._number_and_amount(
                        overdue,
                        self.env._("Should be back"),
                        self.env._("Amount of those"),
                        "danger",
                    ),
                ],
            ),
            self._section(
                "standby",
                self.env._("Next to Come Back"),
                "table",
                empty=self.env._("No paused opportunity comes back in these days."),
                drill=self._drill(
                    LEAD,
                    due,
                    self.env._("Standbys Due"),
                    self.env[LEAD].search_count(due),
                ),
                columns=self._columns(),
                rows=self._rows(due, asked.today),
                total=False,
            ),
        ]

    @api.model
    def _number_and_amount(self, domain, label, amount_label, tone=False):
        found = self._total(LEAD, domain, money=["expected_revenue"])
        drill = self._drill(LEAD, domain, label, found["count"])
        tone = tone if found["count"] else False
        yield self._figure(found["count"], label=label, tone=tone, drill=drill)
        yield self._figure(
            self.env.company.currency_id.round(found["expected_revenue"]),
            "monetary",
            label=amount_label,
            drill=drill and {**drill, "measure": "expected_revenue"},
        )

    @api.model
    def _columns(self):
        titles = {
            "until": (self.env._("Paused Until"), "date"),
            "amount": (self.env._("Amount"), "monetary"),
            "seller": (self.env._("Salesperson"), "text"),
        }
        return [
            self._column(name, title, format_)
            for name, (title, format_) in titles.items()
        ]

    @api.model
    def _rows(self, domain, today):
        leads = self.env[LEAD].search(domain, order="standby_until, id", limit=SHOWN)
        rows = []
        for lead in leads:
            amount = lead.expected_revenue * self._rate(lead.company_id)
            late = lead.standby_until < today
            rows.append(
                {
                    "label": lead.display_name,
                    "drill": self._drill(
                        LEAD,
                        [("id", "=", lead.id), ("active", "in", [True, False])],
                        lead.display_name,
                        1,
                    ),
                    "cells": [
                        self._figure(
                            lead.standby_until.isoformat(),
                            "date",
                            tone="danger" if late else False,
                        ),
                        self._figure(
                            self.env.company.currency_id.round(amount), "monetary"
                        ),
                        self._figure(lead.user_id.display_name or None, "text"),
                    ],
                }
            )
        return rows
