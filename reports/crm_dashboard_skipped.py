from odoo import api, models
from odoo.fields import Domain

PASSAGE = "crm.opportunity.stage"
SHOWN = 10


class CrmDashboardSkipped(models.AbstractModel):
    """Stages that were skipped in the period, by the seller of that day: the method
    records it and hinders nobody."""

    _name = "crm.dashboard.skipped"
    _inherit = "crm.dashboard.part"
    _description = "Skipped Stages"

    @api.model
    def _sections(self, asked):
        domain = (
            Domain("skipped_count", ">", 0)
            & asked.within("date_in")
            & asked.of_people()
        )
        found = self._groups(PASSAGE, domain, ["user_id"], ["skipped_count"])
        won = self._groups(PASSAGE, domain & Domain("move", "=", "won"), ["user_id"])
        ordered = sorted(
            found.items(), key=lambda pair: (-pair[1]["skipped_count"], pair[0][0].id)
        )
        rows = [
            self._skips(
                user.display_name or self.env._("Nobody"),
                domain & Domain("user_id", "=", user.id),
                group,
                won.get((user,), {"count": 0})["count"],
            )
            for (user,), group in ordered[:SHOWN]
        ]
        whole = self._sum(found.values(), ["skipped_count"])
        wins = sum(group["count"] for group in won.values())
        titles = {
            "moves": self.env._("Moves"),
            "stages": self.env._("Stages Skipped"),
            "won": self.env._("Won That Way"),
        }
        return [
            self._section(
                "skipped",
                self.env._("Skipped Stages"),
                "table",
                help=self.env._("In the period, by the salesperson of that day."),
                empty=self.env._("Nobody skipped a stage."),
                columns=[self._column(name, title) for name, title in titles.items()],
                rows=rows,
                total=self._skips(self.env._("Total"), domain, whole, wins)
                if rows
                else False,
            )
        ]

    @api.model
    def _skips(self, label, domain, group, won):
        drill = self._drill(PASSAGE, domain, label, group["count"])
        return {
            "label": label,
            "drill": drill,
            "cells": [
                self._figure(group["count"], drill=drill),
                self._figure(
                    group["skipped_count"],
                    drill=drill and {**drill, "measure": "skipped_count"},
                ),
                self._figure(
                    won,
                    drill=self._drill(
                        PASSAGE, domain & Domain("move", "=", "won"), label, won
                    ),
                ),
            ],
        }
