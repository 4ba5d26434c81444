from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from .crm_dashboard_part import ARCHIVED_TOO
from .crm_report_sql import days_between

SUMS = ("days", "expected_revenue")
DECIDED = Domain("type", "=", "opportunity") & ARCHIVED_TOO


class CrmDashboardConversion(models.AbstractModel):
    """What became of what was decided in the period, beside the period of the same
    length before it."""

    _name = "crm.dashboard.conversion"
    _inherit = "crm.dashboard.part"
    _description = "Conversion of a Dashboard"

    @api.model
    def _sections(self, asked):
        periods = (asked, self._before(asked))
        now, before = (self._outcome(period) for period in periods)
        paused, paused_before = self._paused(*periods)
        won, lost, standby = (
            self._domain(asked, kind) for kind in ("won", "lost", "standby")
        )
        count = now["won"]["count"]
        figures = [
            self._number(self.env._("Won Opportunities"), "crm.lead", won, count),
            self._amount(self.env._("Won Revenue"), won, now["won"]),
            self._number(self.env._("Lost"), "crm.lead", lost, now["lost"]["count"]),
            self._figure(
                now["rate"],
                "percentage",
                label=self.env._("Conversion"),
                drill=self._drill(
                    "crm.lead",
                    self._domain(asked, "decided"),
                    self.env._("Won and Lost"),
                    count + now["lost"]["count"],
                ),
            ),
            self._figure(
                now["days"],
                "days",
                label=self.env._("Days to Win"),
                drill=self._drill(
                    "crm.lead", won, self.env._("Won Opportunities"), count
                ),
            ),
            self._number(self.env._("Put on Standby"), "crm.lead", standby, paused),
        ]
        earlier = (
            before["won"]["count"], before["won"]["expected_revenue"],
            before["lost"]["count"], before["rate"], before["days"], paused_before,
        )  # fmt: skip
        for figure, value in zip(figures, earlier, strict=True):
            text = self._text(value, figure["format"])
            figure["note"] = self.env._("Before: %s", text)
        return [
            self._section(
                "conversion",
                self.env._("Conversion"),
                "figures",
                help=self.env._(
                    "Of what was decided in the period: won as a share of won and "
                    "lost. Won revenue is the expected revenue of what was won, and "
                    "not its orders. Before: the period of the same length that ended "
                    "the day before."
                ),
                figures=figures,
            )
        ]

    @api.model
    def _before(self, asked):
        """:return: `Asked` for the period before"""
        last = asked.date_from - timedelta(days=1)
        first = last - (asked.date_to - asked.date_from)
        start, end = self.env.company._crm_day_bounds(first, last)
        return asked._replace(date_from=first, date_to=last, start=start, end=end)

    @api.model
    def _domain(self, asked, kind):
        """
        :param kind: ``won``, ``lost``, ``decided`` (both) or ``standby``: paused in the
            period, whatever it is now
        :return: Domain of opportunities
        """
        people = asked.of_people() & DECIDED
        if kind == "standby":
            paused = Domain("kind", "=", "standby") & asked.within("date")
            return people & Domain("closure_ids", "any", paused)
        kinds = ["won", "lost"] if kind == "decided" else [kind]
        return people & Domain("won_status", "in", kinds) & asked.within("date_closed")

    @api.model
    def _outcome(self, asked):
        """:return: dict with the groups ``won`` and ``lost``, the ``rate`` of won ones
        and the average of ``days`` (both None of nothing)"""
        groups = self._folded(self._decided(asked), 1, SUMS)
        nothing = self._nothing(SUMS)
        won, lost = (groups.get(status, nothing) for status in ("won", "lost"))
        return {
            "won": won,
            "lost": lost,
            "rate": self._share(won["count"], won["count"] + lost["count"]),
            "days": self._share(won["days"], won["count"]),
        }

    @api.model
    def _decided(self, asked):
        """:return: dict of pairs of user and ``won`` or ``lost`` -> group of what was
        decided in the period"""
        return self._once(
            asked,
            ("decided", asked.start, asked.end),
            lambda: self._decided_groups(self._domain(asked, "decided")),
        )

    @api.model
    def _decided_groups(self, domain):
        """Days are with their part, as the reports have them: Odoo's ``day_close`` is
        whole ones, and would call one that took 47 hours one day."""
        Lead = self.env["crm.lead"]
        query = Lead._search(domain)

        def column(name):
            return Lead._field_to_sql(query.table, name, query)

        keys = [column(name) for name in ("user_id", "won_status", "company_id")]
        days = days_between(column("create_date"), column("date_closed"))
        query.groupby = SQL(", ").join(keys)
        rows = self.env.execute_query(
            query.select(
                *keys,
                SQL("count(*)"),
                SQL("sum(%s)", days),
                SQL("sum(%s)", column("expected_revenue")),
            )
        )
        groups = {}
        for user_id, status, company_id, count, days, amount in rows:
            key = (self.env["res.users"].browse(user_id), status)
            group = groups.setdefault(key, self._nothing(SUMS))
            group["count"] += count
            group["days"] += days or 0.0
            rate = self._rate(self.env["res.company"].browse(company_id))
            group["expected_revenue"] += float(amount or 0.0) * rate
        return groups

    @api.model
    def _paused(self, *periods):
        """From the closures of both periods to their opportunities: the domain of
        ``standby`` would ask the rule of all closures, for each period.

        :return: list of the number of opportunities put on standby in each period
        """
        Closure = self.env["crm.opportunity.closure"]
        Closure.flush_model(["company_id", "date", "kind", "lead_id"])
        counts = [
            SQL(
                """count(DISTINCT pause.lead_id) FILTER (
                       WHERE pause.date >= %s AND pause.date < %s)""",
                period.start,
                period.end,
            )
            for period in periods
        ]
        [found] = self.env.execute_query(
            SQL(
                """SELECT %(counts)s FROM crm_opportunity_closure pause
                    WHERE pause.kind = 'standby' AND pause.date >= %(start)s
                      AND pause.date < %(end)s
                      AND (pause.company_id IS NULL
                           OR pause.company_id IN %(companies)s)
                      AND %(theirs)s""",
                counts=SQL(", ").join(counts),
                start=min(period.start for period in periods),
                end=max(period.end for period in periods),
                companies=tuple(self.env.companies.ids),
                theirs=self._is_theirs(periods[0], SQL.identifier("pause", "lead_id")),
            )
        )
        return found

    @api.model
    def _share(self, part, whole):
        return part / whole if whole else None

    @api.model
    def _text(self, value, format_):
        """:return: a value as text of a note"""
        if value is None:
            return "–"
        if format_ == "monetary":
            currency = self.env.company.currency_id
            return formatLang(self.env, value, currency_obj=currency)
        if format_ == "percentage":
            return f"{formatLang(self.env, value * 100, digits=0)}%"
        return formatLang(self.env, value, digits=1 if format_ == "days" else 0)
