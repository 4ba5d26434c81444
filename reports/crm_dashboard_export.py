from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

LOG = "crm.export.log"
DAYS = 7
SHOWN = 10


class CrmDashboardExport(models.AbstractModel):
    """Who took data out, or tried to: in the period that is asked for, once it is over;
    while it runs, in the last seven days, today included."""

    _name = "crm.dashboard.export"
    _inherit = "crm.dashboard.part"
    _description = "Exports"

    @api.model
    def _sections(self, asked):
        domain = self._domain(asked)
        found = self._groups(LOG, domain, ["user_id", "channel"], ["records"])
        refused = self._groups(
            LOG, domain & Domain("refused", "=", True), ["user_id", "channel"]
        )
        ordered = sorted(
            found.items(),
            key=lambda pair: (-pair[1]["records"], pair[0][0].id, pair[0][1]),
        )
        channels = dict(
            self.env[LOG]._fields["channel"]._description_selection(self.env)
        )
        rows = [
            self._exports(
                user.name,
                channels[channel],
                domain
                & Domain("user_id", "=", user.id)
                & Domain("channel", "=", channel),
                group,
                refused.get((user, channel), {"count": 0})["count"],
            )
            for (user, channel), group in ordered[:SHOWN]
        ]
        whole = self._sum(found.values(), ["records"])
        tries = sum(group["count"] for group in refused.values())
        return [
            self._section(
                "exports",
                self.env._("Exports"),
                "table",
                help=self.env._(
                    "Of the last seven days; for a period that is over, in it. By "
                    "person and way, those with most records."
                ),
                empty=self.env._("Nobody exported anything."),
                columns=self._columns(),
                rows=rows,
                total=self._exports(self.env._("Total"), None, domain, whole, tries)
                if rows
                else False,
            )
        ]

    @api.model
    def _domain(self, asked):
        if asked.date_to < asked.today:
            return asked.within("date") & asked.of_people()
        start, end = self.env.company._crm_day_bounds(
            asked.today - timedelta(days=DAYS - 1), asked.today
        )
        return (
            Domain("date", ">=", start) & Domain("date", "<", end) & asked.of_people()
        )

    @api.model
    def _columns(self):
        titles = {
            "channel": (self.env._("Way"), "text"),
            "times": (self.env._("Times"), "integer"),
            "records": (self.env._("Records"), "integer"),
            "refused": (self.env._("Refused"), "integer"),
        }
        return [
            self._column(name, title, format_)
            for name, (title, format_) in titles.items()
        ]

    @api.model
    def _exports(self, label, channel, domain, group, refused):
        drill = self._drill(LOG, domain, label, group["count"])
        return {
            "label": label,
            "drill": drill,
            "cells": [
                self._figure(channel, "text"),
                self._figure(group["count"], drill=drill),
                self._figure(
                    group["records"], drill=drill and {**drill, "measure": "records"}
                ),
                self._figure(
                    refused,
                    tone="danger" if refused else False,
                    drill=self._drill(
                        LOG, domain & Domain("refused", "=", True), label, refused
                    ),
                ),
            ],
        }
