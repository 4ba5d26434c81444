from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import format_date

from .crm_dashboard_part import ARCHIVED_TOO
from .crm_paper import ROWS

# Longer periods are told by month.
WEEKS = 27
FORWARD = ("forward", "skipped")


class CrmSalesActivityDocument(models.AbstractModel):
    """The printed sales activity of people in a period: what they did, and what became
    of their opportunities.

    *What counts.* Gestiones are their author's. Opportunities are their seller's of
    today, each by what happened to it in the period: opened when it was created,
    advanced when it went forward at least once; won, lost and paused are what the
    dashboards call so (``crm.dashboard.conversion``), and conversion is won of won and
    lost. Days are those of the reader's company, amounts are in its currency.
    """

    _name = "report.crm_gestion.crm_sales_activity_report"
    _inherit = "crm.paper"
    _description = "Sales Activity"

    _prints = "crm.sales.activity"

    @api.model
    def _gather(self, docs, data):
        return {doc: self._activity(doc) for doc in docs}

    @api.model
    def _activity(self, doc):
        dashboard = doc._dashboard()
        filters = doc._filters()
        asked = dashboard._asked(filters)
        done = asked.of_people() & asked.within("date")
        gestiones = self.env["crm.gestion"].search(done, limit=ROWS)
        partners = gestiones.contact_id | gestiones.organization_id
        people = self._by_person(asked)
        return {
            "subtitle": dashboard._subtitle(filters),
            "currency": self.env.company.currency_id,
            "types": self._counted("activity_type_id", done),
            "results": self._counted("result_id", done),
            "opportunities": self._opportunities(asked),
            "conversion": self._conversion(asked),
            "people": people if len(people) > 1 else [],
            "objectives": self._objectives(dashboard, asked),
            "steps": self._by_step(asked),
            "gestiones": gestiones,
            "partners": partners._filtered_access("read"),
            "readable": gestiones.lead_id._filtered_access("read"),
            "gestiones_count": self.env["crm.gestion"].search_count(done),
        }

    # === GESTIONES === #

    @api.model
    def _counted(self, name, domain):
        """:return: list of dicts of ``label``, ``count`` and ``share``, the greatest
        first"""
        rows = self.env["crm.gestion"]._read_group(domain, [name], ["__count"])
        rows.sort(key=lambda row: -row[1])
        counts = [count for _record, count in rows]
        return [
            {
                "label": record.name or self.env._("Without result"),
                "count": count,
                "share": self._share(count, counts),
            }
            for record, count in rows
        ]

    # === OPPORTUNITIES === #

    @api.model
    def _what_happened(self, asked):
        """:return: dict of what happened in the period -> Domain of the opportunities
        to which it did"""
        leads = ARCHIVED_TOO & Domain("type", "=", "opportunity") & asked.of_people()
        own = Domain("is_merged", "=", False)
        moves = Domain("move", "in", FORWARD) & own & asked.within("date_in")
        conversion = self.env["crm.dashboard.conversion"]
        return {
            "opened": leads & asked.within("create_date"),
            "advanced": leads & Domain("opportunity_stage_ids", "any", moves),
            **{
                kind: conversion._domain(asked, kind)
                for kind in ("won", "lost", "standby")
            },
        }

    @api.model
    def _labels(self):
        return {
            "opened": self.env._("Opened"),
            "advanced": self.env._("Advanced"),
            "won": self.env._("Won Opportunities"),
            "lost": self.env._("Lost"),
            "standby": self.env._("Put on Standby"),
        }

    @api.model
    def _opportunities(self, asked):
        """:return: list of dicts of ``label``, ``count``, ``amount`` and ``share``"""
        labels = self._labels()
        part = self.env["crm.dashboard.part"]
        rows = [
            {
                "label": labels[name],
                **part._total("crm.lead", domain, money=["expected_revenue"]),
            }
            for name, domain in self._what_happened(asked).items()
        ]
        amounts = [row["expected_revenue"] for row in rows]
        return [
            {**row, "share": self._share(row["expected_revenue"], amounts)}
            for row in rows
        ]

    @api.model
    def _conversion(self, asked):
        """:return: won of won and lost, as a ratio; None where nothing was decided"""
        domains = self._what_happened(asked)
        won, lost = (
            self.env["crm.lead"].search_count(domains[name]) for name in ("won", "lost")
        )
        return won / (won + lost) if won + lost else None

    # === SIDE BY SIDE === #

    @api.model
    def _by_person(self, asked):
        """:return: list of dicts of ``user``, ``gestiones``, and ``count`` and
        ``amount`` of each thing that happened, by name"""
        part = self.env["crm.dashboard.part"]
        done = asked.of_people() & asked.within("date")
        found = {}
        groups = part._groups("crm.gestion", done, ["user_id"])
        for (user,), group in groups.items():
            found.setdefault(user, {})["gestiones"] = group
        for name, domain in self._what_happened(asked).items():
            groups = part._groups(
                "crm.lead", domain, ["user_id"], money=["expected_revenue"]
            )
            for (user,), group in groups.items():
                found.setdefault(user, {})[name] = group
        users = sorted(found, key=lambda user: (not user, user.name or ""))
        return [{"user": user, **found[user]} for user in users]

    @api.model
    def _objectives(self, dashboard, asked):
        """:return: objectives that the period touches, of these people and teams"""
        domain = Domain("date_from", "<=", asked.date_to)
        domain &= Domain("date_to", ">=", asked.date_from)
        if asked.user_ids is not None:
            teams = asked.team_ids
            if teams is None:
                teams = dashboard._teams().ids if len(asked.user_ids) > 1 else []
            domain &= asked.of_people() | Domain("team_id", "in", teams)
        return self.env["crm.objective"].search(domain, limit=ROWS)

    # === WEEK BY WEEK === #

    @api.model
    def _by_step(self, asked):
        """:return: list of dicts of a week or month of the period: ``label``,
        ``gestiones``, ``opened``, ``won``, each a dict of ``count`` and ``share``"""
        happened = self._what_happened(asked)
        days = {
            "gestiones": self._days(
                "crm.gestion", asked.of_people() & asked.within("date"), "date"
            ),
            "opened": self._days("crm.lead", happened["opened"], "create_date"),
            "won": self._days("crm.lead", happened["won"], "date_closed"),
        }
        steps = self._steps(asked)
        rows = [
            {
                "label": label,
                **{
                    name: sum(n for day, n in counts.items() if first <= day <= last)
                    for name, counts in days.items()
                },
            }
            for label, first, last in steps
        ]
        for name in days:
            counts = [row[name] for row in rows]
            for row, count in zip(rows, counts, strict=True):
                row[name] = {"count": count, "share": self._share(count, counts)}
        return rows

    @api.model
    def _days(self, model, domain, name):
        """:return: dict of a day of the company -> number of records"""
        Model = self.env[model].with_context(tz=self.env.company._crm_tz().zone)
        rows = Model._read_group(domain, [f"{name}:day"], ["__count"])
        return {day.date(): count for day, count in rows}

    @api.model
    def _steps(self, asked):
        """:return: list of label, first and last day of the weeks of the period, or of
        its months where these would be too many"""
        steps = []
        by_month = (asked.date_to - asked.date_from).days > WEEKS * 7
        first = asked.date_from
        while first <= asked.date_to:
            if by_month:
                after = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
                label = format_date(self.env, first, date_format="LLL y")
            else:
                after = first + timedelta(days=7 - first.weekday())
                label = format_date(self.env, first, date_format="d MMM")
            last = min(after - timedelta(days=1), asked.date_to)
            steps.append((label, first, last))
            first = after
        return steps
