from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

from .crm_dashboard_part import OPEN

LEAD = "crm.lead"
DAYS = 14  # that come
SHOWN = 10


class CrmDashboardAbsence(models.AbstractModel):
    """Work of those who are not there: hand-overs that wait or run, substitutions of
    today and of the next two weeks, and open opportunities of people who left."""

    _name = "crm.dashboard.absence"
    _inherit = "crm.dashboard.part"
    _description = "Hand-overs and Substitutions"

    @api.model
    def _sections(self, asked):
        left = asked.of_people() & OPEN & Domain("user_id.active", "=", False)
        return [
            self._section(
                "absence",
                self.env._("Hand-overs and Substitutions"),
                "figures",
                figures=[*self._handovers(asked), *self._substitutions(asked)],
            ),
            self._section(
                "left",
                self.env._("Open Work of Who Left"),
                "table",
                help=self.env._(
                    "Open opportunities of archived users: hand them over to somebody."
                ),
                empty=self.env._("Nobody who left has open opportunities."),
                columns=[
                    self._column("number", self.env._("Opportunities")),
                    self._column("amount", self.env._("Amount"), "monetary"),
                ],
                **self._left(left),
            ),
        ]

    @api.model
    def _handovers(self, asked):
        states = {
            "draft": (self.env._("Hand-overs not started"), "warning"),
            "running": (self.env._("Hand-overs under way"), False),
        }
        for state, (label, tone) in states.items():
            domain = asked.of_people() & Domain("state", "=", state)
            figure = self._count(label, "crm.handover", domain)
            yield {**figure, "tone": tone if figure["value"] else False}

    @api.model
    def _substitutions(self, asked):
        valid = asked.of_people() & Domain("active", "=", True)
        running = (
            valid
            & Domain("date_from", "<=", asked.today)
            & Domain("date_to", ">=", asked.today)
        )
        coming = (
            valid
            & Domain("date_from", ">", asked.today)
            & Domain("date_from", "<=", asked.today + timedelta(days=DAYS))
        )
        labels = {
            self.env._("Substitutions today"): running,
            self.env._("Begin in the next %s days", DAYS): coming,
        }
        for label, domain in labels.items():
            yield self._count(label, "crm.substitution", domain)

    @api.model
    def _left(self, domain):
        """:return: dict of the rows of people and the total"""
        found = self._groups(LEAD, domain, ["user_id"], money=["expected_revenue"])
        ordered = sorted(
            found.items(), key=lambda pair: (-pair[1]["count"], pair[0][0].id)
        )
        whole = self._sum(found.values(), ["expected_revenue"])
        return {
            "rows": [
                self._owner(user.name, domain & Domain("user_id", "=", user.id), group)
                for (user,), group in ordered[:SHOWN]
            ],
            "total": self._owner(self.env._("Total"), domain, whole)
            if found
            else False,
        }

    @api.model
    def _owner(self, label, domain, group):
        drill = self._drill(LEAD, domain, label, group["count"])
        amount = self.env.company.currency_id.round(group["expected_revenue"])
        return {
            "label": label,
            "drill": drill,
            "cells": [
                self._figure(group["count"], drill=drill),
                self._figure(
                    amount,
                    "monetary",
                    drill=drill and {**drill, "measure": "expected_revenue"},
                ),
            ],
        }
