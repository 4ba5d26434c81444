from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, format_amount, format_date

from ..tools.period import bounds
from .crm_dashboard_part import OPEN

LEAD, LOG = "crm.lead", "crm.opportunity.forecast.log"
LOST = ("rejected", "unqualified")
ADVANCED = ("forward", "skipped")
# What is added up -> which opportunities it is of (columns of ``state``), and what of
# them. Of what is open now and did not move nothing is read: it comes from the total.
SUMS = {
    "is_open": ("is_open", "amount_now"),
    "opening": ("was_open", "amount - up + down"),
    "new": ("is_new AND (stays_open OR ending IS NOT NULL)", "amount"),
    "resumed": (
        "NOT is_new AND NOT was_open AND (stays_open OR ending IS NOT NULL)",
        "amount",
    ),
    "increase": ("was_open AND up > 0", "up"),
    "decrease": ("was_open AND down > 0", "down"),
    "won": ("ending = 'won'", "amount"),
    "lost": ("ending IN ('rejected', 'unqualified')", "amount"),
    "standby": ("ending = 'standby'", "amount"),
    "archived": ("ending = 'archived'", "amount"),
    "closing": ("stays_open", "amount"),
    "advanced": ("advanced", "amount"),
    "back": ("back", "amount"),
    "slipped": ("slipped", "amount"),
    "pulled": ("pulled", "amount"),
}
# Lines of the sum, each with its colour.
GAINS = {"new": "success", "resumed": "success", "increase": "success"}
LOSSES = {
    "decrease": "warning",
    "won": "success",
    "lost": "danger",
    "standby": "warning",
    "archived": "muted",
}
BESIDES = {
    "advanced": "success",
    "back": "warning",
    "slipped": "danger",
    "pulled": "success",
}


class CrmDashboardMovement(models.AbstractModel):
    """What changed in the pipeline between two moments, with amounts that reconcile:
    what was open at the start + new + resumed + increases - decreases - won - lost -
    paused - archived = what is open at the end.

    *When.* The period that is asked for, once it is over; while it runs, from the
    Monday of last week until now.

    *How it is known.* Nothing was kept of that start: it is worked out from what
    happened since. An opportunity was open when it was one already (converted enquiries
    are new when they are converted), none of its closures was in force, and Odoo had
    not archived it without us. Its amount is the one of today less the changes logged
    since. Each opportunity counts for what it was at the start and for what it is at
    the end: closed and taken up again in between is no movement, nor is a pause that
    is postponed. New and resumed ones come with their amount at the end, and closed
    ones leave with theirs, corrections after the closing included: a confirmed order
    sets the amount of what it won. Every change of amount of what was there at the
    start is an increase or a decrease.

    *Whose.* Opportunities are of who has them now: reassigning one is no movement, and
    what he had at the start is what today's opportunities of his were then.

    *What cannot be known.* What was deleted or merged into another opportunity is gone,
    with its amount. What was archived natively and is back is as if it had never been
    away. The nightly conversion of lines in other currencies is not logged: the start
    is at today's rates, as is everything that is converted for the reader. Enquiries
    that became opportunities without Odoo's conversion are as old as the enquiry.

    *Size.* Only opportunities to which something happened since the start are looked
    at; what did not move comes from the total of what is open now.
    """

    _name = "crm.dashboard.movement"
    _inherit = "crm.dashboard.part"
    _description = "What Changed in the Pipeline"

    @api.model
    def _sections(self, asked):
        since, until, is_now = self._window(asked)
        found = self._found(asked, since, until)
        domains = self._domains(asked, since, until)
        rows = self._rows(found, domains, is_now)
        return [
            self._section(
                "movement",
                self.env._("What Changed in the Pipeline"),
                "table",
                help=self._help(asked, is_now),
                columns=[
                    self._column("number", self.env._("Number")),
                    self._column("amount", self.env._("Amount"), "monetary"),
                ],
                rows=[rows[name] for name in ("opening", *GAINS, *LOSSES)]
                if rows
                else [],
                total=rows["closing"] if rows else False,
            ),
            self._section(
                "movement_bars",
                self.env._("From Then until Now"),
                "bars",
                help=self.env._("The same amounts: what came in, and what left."),
                horizontal=False,
                stacked=True,
                **self._bars(rows),
            ),
            self._section(
                "movement_besides",
                self.env._("Moved within the Pipeline"),
                "figures",
                size="full",
                help=self.env._(
                    "In the same time, with their amount. An opportunity that moved "
                    "forward and back is in both."
                ),
                figures=[
                    self._beside(found[name], domains[name], name, tone)
                    for name, tone in BESIDES.items()
                ],
            ),
        ]

    # === WHEN === #

    @api.model
    def _window(self, asked):
        """
        :return: first moment, the moment after the last one, and whether that is now
        """
        if asked.date_to < asked.today:
            return asked.start, asked.end, False
        monday = bounds("last_week", asked.today)[0]
        return *self.env.company._crm_day_bounds(monday, asked.today), True

    @api.model
    def _help(self, asked, is_now):
        first = bounds("last_week", asked.today)[0] if is_now else asked.date_from
        if is_now:
            when = self.env._(
                "Since %s, the Monday of last week; for a period that is over, in it.",
                format_date(self.env, first),
            )
        else:
            when = self.env._(
                "From %(first)s to %(last)s.",
                first=format_date(self.env, first),
                last=format_date(self.env, asked.date_to),
            )
        what = self.env._(
            "Opportunities of those who have them now: a reassignment is no movement. "
            "Increases and decreases change the amount and not the number."
        )
        return f"{when} {what}"

    # === WHICH OPPORTUNITIES: DOMAINS === #

    @api.model
    def _leads(self, asked):
        return Domain("type", "=", "opportunity") & asked.of_people()

    @api.model
    def _open_now(self):
        return Domain("active", "=", True) & Domain("won_status", "=", "pending")

    @api.model
    def _entered(self, operator, moment):
        converted = Domain("date_conversion", "!=", False)
        return (converted & Domain("date_conversion", operator, moment)) | (
            ~converted & Domain("create_date", operator, moment)
        )

    @api.model
    def _in_force(self, moment, *conditions):
        """:return: Domain of the closures that held at a moment"""
        own = Domain("is_merged", "=", False) & Domain("date", "<", moment)
        over = Domain("reopen_date", "!=", False) & Domain("reopen_date", "<", moment)
        return Domain.AND([own & ~over, *conditions])

    @api.model
    def _closed(self, moment, *conditions):
        return Domain("closure_ids", "any", self._in_force(moment, *conditions))

    @api.model
    def _gone(self, moment):
        """:return: Domain of what was not open at a moment, and has no closure: it was
        archived by hand, or lost before there were closures"""
        after = Domain("date_closed", "!=", False) & Domain("date_closed", ">=", moment)
        return ~self._open_now() & Domain("closure_kind", "=", False) & ~after

    @api.model
    def _open_at(self, moment):
        return self._entered("<", moment) & ~self._closed(moment) & ~self._gone(moment)

    @api.model
    def _domains(self, asked, since, until):
        """:return: dict name of a sum -> Domain of its opportunities"""
        leads = self._leads(asked) & Domain("active", "in", [True, False])
        was_open, stays_open = self._open_at(since), self._open_at(until)
        old = self._entered("<", since)
        came = self._entered(">=", since) & self._entered("<", until)
        lately = Domain("date", ">=", since)
        paused = Domain("kind", "=", "standby")

        def ended(kinds):
            return self._entered("<", until) & self._closed(
                until, lately, Domain("kind", "in", kinds)
            )

        standby = ended(["standby"]) & ~self._closed(since, paused)
        archived = (
            self._entered("<", until)
            & ~self._closed(until)
            & self._gone(until)
            & Domain("date_closed", ">=", since)
        )
        ending = ended(["won", *LOST]) | standby | archived
        domains = {
            "opening": was_open,
            "new": came & (stays_open | ending),
            "resumed": old & ~was_open & (stays_open | ending),
            "increase": was_open & self._changed(since, until, ">"),
            "decrease": was_open & self._changed(since, until, "<"),
            "won": ended(["won"]),
            "lost": ended(list(LOST)),
            "standby": standby,
            "archived": archived,
            "closing": stays_open,
            "advanced": self._passed(since, until, ADVANCED),
            "back": self._passed(since, until, ["back"]),
            "slipped": self._changed(since, until, ">", "date_deadline"),
            "pulled": self._changed(since, until, "<", "date_deadline"),
        }
        return {name: leads & domain for name, domain in domains.items()}

    @api.model
    def _changes(self, since, until, operator, name="expected_revenue"):
        """:return: Domain of the logged changes of a forecast, up or down"""
        return (
            Domain("field", "=", name)
            & Domain("is_merged", "=", False)
            & Domain("change", operator, 0)
            & Domain("date", ">=", since)
            & Domain("date", "<", until)
        )

    @api.model
    def _changed(self, *args):
        return Domain("forecast_log_ids", "any", self._changes(*args))

    @api.model
    def _passed(self, since, until, moves):
        passages = (
            Domain("move", "in", list(moves))
            & Domain("is_merged", "=", False)
            & Domain("date_in", ">=", since)
            & Domain("date_in", "<", until)
        )
        return Domain("opportunity_stage_ids", "any", passages)

    # === FIGURES === #

    @api.model
    def _found(self, asked, since, until):
        """:return: dict name of a sum -> (number, amount in the reader's currency)"""
        now = self._total(LEAD, asked.of_people() & OPEN, money=["expected_revenue"])
        found = {name: [0, 0.0] for name in SUMS}
        for company_id, *values in self._moved(asked, since, until):
            rate = self._rate(self.env["res.company"].browse(company_id))
            numbers, amounts = values[::2], values[1::2]
            for sums, number, amount in zip(
                found.values(), numbers, amounts, strict=True
            ):
                sums[0] += number
                sums[1] += float(amount or 0.0) * rate
        still = (
            now["count"] - found["is_open"][0],
            now["expected_revenue"] - found["is_open"][1],
        )
        for name in ("opening", "closing"):
            found[name][0] += still[0]
            found[name][1] += still[1]
        currency = self.env.company.currency_id
        return {
            name: (number, currency.round(amount))
            for name, (number, amount) in found.items()
        }

    @api.model
    def _moved(self, asked, since, until):
        """:return: rows of a company, and number and amount of each of `SUMS`, of the
        opportunities to which something happened since the start"""
        for model in (LEAD, LOG, "crm.opportunity.closure", "crm.opportunity.stage"):
            self.env[model].flush_model()
        columns = SQL(", ").join(
            SQL(
                "COUNT(*) FILTER (WHERE %(which)s),"
                " SUM(%(what)s) FILTER (WHERE %(which)s)",
                which=SQL(which),
                what=SQL(what),
            )
            for which, what in SUMS.values()
        )
        return self.env.execute_query(
            SQL(
                """WITH moved AS MATERIALIZED (%(moved)s),
                        lead AS MATERIALIZED (%(leads)s),
                        state AS (%(states)s)
                   SELECT company_id, %(columns)s FROM state GROUP BY company_id""",
                moved=self._moved_ids(asked, since, until),
                leads=self._moved_leads(asked),
                states=self._states(since, until),
                columns=columns,
            )
        )

    @api.model
    def _moved_ids(self, asked, since, until):
        """:return: SQL of the opportunities to which something happened since the
        start. Of some people, their own are named in each part: else a long period
        brings together what happened to everybody's."""
        own, own_leads = SQL("TRUE"), SQL("TRUE")
        if asked.user_ids is not None:
            own = SQL("user_id = ANY(%s)", list(asked.user_ids))
            own_leads = SQL("lead_id IN (SELECT id FROM crm_lead WHERE %s)", own)
        return SQL(
            """SELECT id FROM crm_lead
                WHERE (create_date >= %(since)s OR date_conversion >= %(since)s
                       OR date_closed >= %(since)s) AND %(own)s
                UNION
               SELECT lead_id FROM crm_opportunity_closure
                WHERE (date >= %(since)s OR reopen_date >= %(since)s) AND %(own_leads)s
                UNION
               SELECT lead_id FROM crm_opportunity_forecast_log
                WHERE date >= %(since)s AND %(own_leads)s
                UNION
               SELECT lead_id FROM crm_opportunity_stage
                WHERE date_in >= %(since)s AND date_in < %(until)s
                  AND move IN %(moves)s AND %(own_leads)s""",
            since=since,
            until=until,
            moves=(*ADVANCED, "back"),
            own=own,
            own_leads=own_leads,
        )

    @api.model
    def _moved_leads(self, asked):
        """:return: SQL of those of ``moved`` that the reader reads and asks for"""
        among = Domain.custom(
            to_sql=lambda records, alias, query: SQL(
                "%s IN (SELECT id FROM moved)", SQL.identifier(alias, "id")
            )
        )
        leads = self.env[LEAD].with_context(active_test=False)
        query = leads._search(self._leads(asked) & among)

        def column(name):
            return SQL.identifier(query.table, name)

        return query.select(
            *map(column, ("id", "company_id", "closure_kind", "date_closed")),
            SQL(
                "COALESCE(%s, %s) AS entered",
                column("date_conversion"),
                column("create_date"),
            ),
            SQL(
                "%s AND %s = 'pending' AS is_open",
                column("active"),
                column("won_status"),
            ),
            SQL("COALESCE(%s, 0) AS amount_now", column("expected_revenue")),
        )

    @api.model
    def _logs(self, since, until):
        """:return: SQL of what was logged of ``lead`` since the start"""
        return SQL(
            """SELECT SUM(change) FILTER (
                          WHERE field = 'expected_revenue' AND date >= %(until)s)
                          AS later,
                      SUM(change) FILTER (
                          WHERE field = 'expected_revenue' AND date < %(until)s
                            AND change > 0) AS up,
                      -SUM(change) FILTER (
                          WHERE field = 'expected_revenue' AND date < %(until)s
                            AND change < 0) AS down,
                      bool_or(field = 'date_deadline' AND date < %(until)s
                              AND change > 0) AS slipped,
                      bool_or(field = 'date_deadline' AND date < %(until)s
                              AND change < 0) AS pulled
                 FROM crm_opportunity_forecast_log
                WHERE lead_id = lead.id AND date >= %(since)s
                  AND is_merged IS NOT TRUE""",
            since=since,
            until=until,
        )

    @api.model
    def _passages(self, since, until):
        """:return: SQL of how ``lead`` moved in between"""
        return SQL(
            """SELECT bool_or(move IN %s) AS advanced, bool_or(move = 'back') AS back
                 FROM crm_opportunity_stage
                 WHERE lead_id = lead.id AND date_in >= %s AND date_in < %s
                   AND is_merged IS NOT TRUE""",
            ADVANCED,
            since,
            until,
        )

    @api.model
    def _states(self, since, until):
        """:return: SQL of ``state``: what each opportunity was at the start and is at
        the end, and what happened to it in between. One look by an index for each of
        these: there may be millions of others."""
        gone = SQL(
            """NOT lead.is_open AND lead.closure_kind IS NULL
               AND COALESCE(lead.date_closed, '-infinity')"""
        )
        return SQL(
            """SELECT lead.company_id, lead.is_open, lead.amount_now,
                      lead.entered >= %(since)s AS is_new,
                      lead.entered < %(since)s AND closed.was IS NULL
                          AND NOT (%(gone)s < %(since)s) AS was_open,
                      lead.entered < %(until)s AND closed.kind IS NULL
                          AND NOT (%(gone)s < %(until)s) AS stays_open,
                      CASE WHEN lead.entered >= %(until)s THEN NULL
                           WHEN closed.kind IS NULL
                           THEN CASE WHEN %(gone)s < %(until)s
                                      AND lead.date_closed >= %(since)s
                                     THEN 'archived' END
                           WHEN closed.date >= %(since)s
                            AND NOT (closed.kind = 'standby'
                                     AND COALESCE(closed.was = 'standby', FALSE))
                           THEN closed.kind END AS ending,
                      lead.amount_now - COALESCE(log.later, 0) AS amount,
                      COALESCE(log.up, 0) AS up, COALESCE(log.down, 0) AS down,
                      log.slipped, log.pulled, passage.advanced, passage.back
                 FROM lead
    LEFT JOIN LATERAL (%(closures)s) closed ON TRUE
    LEFT JOIN LATERAL (%(logs)s) log ON TRUE
    LEFT JOIN LATERAL (%(passages)s) passage ON TRUE""",
            since=since,
            until=until,
            gone=gone,
            closures=self._closures_of(since, until),
            logs=self._logs(since, until),
            passages=self._passages(since, until),
        )

    @api.model
    def _closures_of(self, since, until):
        """:return: SQL of how ``lead`` was closed at the start, and how and since when
        it is at the end"""
        in_force = [
            SQL(
                "date < %s AND (reopen_date IS NULL OR reopen_date >= %s)",
                moment,
                moment,
            )
            for moment in (since, until)
        ]
        return SQL(
            """SELECT MAX(kind) FILTER (WHERE %(first)s) AS was,
                      MAX(kind) FILTER (WHERE %(last)s) AS kind,
                      MAX(date) FILTER (WHERE %(last)s) AS date
                 FROM crm_opportunity_closure
                WHERE lead_id = lead.id AND is_merged IS NOT TRUE""",
            first=in_force[0],
            last=in_force[1],
        )

    # === SHAPES === #

    @api.model
    def _labels(self):
        return {
            "opening": self.env._("Pipeline at the Start"),
            "new": self.env._("+ New"),
            "resumed": self.env._("+ Resumed"),
            "increase": self.env._("+ Increases"),
            "decrease": self.env._("- Decreases"),
            "won": self.env._("- Won"),
            "lost": self.env._("- Lost"),
            "standby": self.env._("- Standby"),
            "archived": self.env._("- Archived by Hand"),
            "closing": self.env._("Pipeline at the End"),
            "advanced": self.env._("Advanced"),
            "back": self.env._("Went Back"),
            "slipped": self.env._("Slipped"),
            "pulled": self.env._("Pulled In"),
        }

    @api.model
    def _rows(self, found, domains, is_now):
        """
        :param bool is_now: whether the end is now: the amounts of opportunities make
            the figures then, but for what is measured against the start
        :return: dict name -> row of the table; nothing where nothing was ever open
        """
        names = ("opening", *GAINS, *LOSSES, "closing")
        if not any(found[name][0] for name in names):
            return {}
        labels = self._labels()
        tones = {**GAINS, **LOSSES}
        rows = {}
        for name in names:
            number, amount = found[name]
            measured = is_now and name not in ("opening", "increase", "decrease")
            drill = self._drill(LEAD, domains[name], labels[name], number)
            tone = tones.get(name, False) if number else False
            rows[name] = {
                "label": labels[name],
                "drill": drill,
                "cells": [
                    self._figure(number, drill=drill),
                    self._figure(
                        amount,
                        "monetary",
                        tone=tone,
                        drill=drill
                        and {**drill, "measure": measured and "expected_revenue"},
                    ),
                ],
            }
        return rows

    @api.model
    def _bars(self, rows):
        """:return: dict of the labels and series of the bars"""
        names = list(rows)
        titles = self.env._("Pipeline"), self.env._("Came In"), self.env._("Left")
        ends, gains, losses = ("opening", "closing"), tuple(GAINS), tuple(LOSSES)
        kinds = (ends, 1, False), (gains, 1, "success"), (losses, -1, "danger")
        return {
            "labels": [rows[name]["label"] for name in names],
            "series": [
                {
                    "name": title,
                    "tone": tone,
                    "points": [
                        self._point(rows[name], sign if name in own else 0)
                        for name in names
                    ],
                }
                for title, (own, sign, tone) in zip(titles, kinds, strict=True)
                if names
            ],
        }

    @api.model
    def _point(self, row, sign):
        amount = row["cells"][1]["value"]
        if not sign or not amount:
            return self._figure(None, "monetary")
        return self._figure(sign * amount, "monetary", drill=row["drill"])

    @api.model
    def _beside(self, found, domain, name, tone):
        number, amount = found
        label = self._labels()[name]
        return self._figure(
            number,
            label=label,
            tone=tone if number else False,
            note=format_amount(self.env, amount, self.env.company.currency_id),
            drill=self._drill(LEAD, domain, label, number),
        )
