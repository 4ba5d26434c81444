from datetime import date, datetime
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# Records that are archived are counted too, in figures and in what they open.
ARCHIVED_TOO = Domain("active", "in", [True, False])
OPEN = Domain(
    [
        ("type", "=", "opportunity"),
        ("active", "=", True),
        ("won_status", "=", "pending"),
    ]
)


class Asked(NamedTuple):
    """What a dashboard is asked for.

    Days are the reader's company's; ``start`` and ``end`` are the period as naive UTC
    datetimes, ``end`` the first moment after it. ``user_ids`` are the people whose
    figures are shown, None for everybody of the reader's companies (documents of nobody
    too); ``team_ids`` the teams they were chosen by, None where no team was chosen,
    or one person; ``found`` is what parts have worked out
    for this request, see `_once`.
    """

    today: date
    date_from: date
    date_to: date
    start: datetime
    end: datetime
    user_ids: tuple | None = None
    team_ids: tuple | None = None
    found: dict | None = None

    def of_people(self, field="user_id"):
        """:return: Domain of what belongs to these people"""
        if self.user_ids is None:
            return Domain.TRUE
        return Domain(field, "in", list(self.user_ids))

    def within(self, field):
        """:return: Domain of what has a moment (Datetime) in the period"""
        return Domain(field, ">=", self.start) & Domain(field, "<", self.end)

    def days(self, field):
        """:return: Domain of what has a day (Date) in the period"""
        return Domain(field, ">=", self.date_from) & Domain(field, "<=", self.date_to)


class CrmDashboardPart(models.AbstractModel):
    """One subject of a dashboard: a model inherits this and gives its sections.

    *Figures come from PostgreSQL.* A part asks `_read_group`, or SQL where that cannot
    say it, as the reader: rules decide what he counts. It never reads records to count
    them.

    *Every figure opens what is behind it.* A drill-down is a domain that finds, for the
    same reader, exactly the records that were counted; the test of the dashboards
    opens every one of them.

    Shapes (all of it is JSON):

    - **section**: ``key``, ``title``, ``kind``, ``size`` (``third``, ``half`` or
      ``full`` of the width), ``help`` (a sentence, or False), ``empty`` (what to say
      where there is nothing to show), ``drill`` (of the title, or False), and by kind:

      - ``figures``: ``figures``, a list of figures with ``label``
      - ``bars`` (``horizontal``, ``stacked``: booleans) and ``line``: ``labels``, a
        list of strings, and ``series``: list of ``name``, ``tone`` (or False),
        ``points``, a list of figures, one for each label
      - ``table``: ``columns``, a list of ``name``, ``title``, ``format``; ``rows``:
        list of ``label``, ``drill`` (of the row, or False), ``cells``, a list of
        figures, one for each column; ``total``: such a row, or False
      - ``progress``: ``rows``: list of ``label``, ``note``, ``actual`` and ``target``
        (figures), ``progress`` and ``expected`` (ratios, 1.0 for all of it), ``tone``
    - **figure**: ``label`` (or False), ``value`` (number, ISO date, text, or None for
      nothing to tell), ``format`` (``integer``, ``float``, ``monetary`` in the currency
      of the dashboard, ``percentage`` of a ratio, ``days``, ``date``, ``text``),
      ``tone`` (``success``, ``warning``, ``danger``, ``muted`` or False), ``note`` (a
      short text, or False), ``drill`` (or False)
    - **drill**: ``name`` (title of the page), ``model``, ``domain``, ``context``,
      ``count`` (records it finds), ``measure`` (field whose sum over them, in the
      reader's currency, is the figure; False where the figure is the count, or a ratio
      or text about them); or
      ``model``, ``method``, ``ids`` of a method that returns an action
    """

    _name = "crm.dashboard.part"
    _description = "Part of a Dashboard"

    @api.model
    def _sections(self, asked):
        """
        :param Asked asked: period and people
        :return: list of sections
        """
        raise NotImplementedError

    # === SHAPES === #

    @api.model
    def _section(self, key, title, kind, size="half", **content):
        """:return: dict, a section"""
        return {
            "key": key,
            "title": title,
            "kind": kind,
            "size": size,
            "help": False,
            "empty": self.env._("Nothing to show here."),
            "drill": False,
            **content,
        }

    @api.model
    def _figure(self, value, format_="integer", **content):
        """:return: dict, a figure"""
        return {
            "label": False,
            "value": value,
            "format": format_,
            "tone": False,
            "note": False,
            "drill": False,
            **content,
        }

    @api.model
    def _column(self, name, title, format_="integer"):
        """:return: dict, a column of a table"""
        return {"name": name, "title": title, "format": format_}

    @api.model
    def _row(self, label, cells, drill=False):
        """:return: dict, a row of a table"""
        return {"label": label, "cells": cells, "drill": drill}

    @api.model
    def _number(self, label, model, domain, count, name=False, **content):
        """:return: dict, the figure of a count that is known
        :param name: title of what it opens, where its label does not say it"""
        drill = self._drill(model, domain, name or label, count)
        return self._figure(count, label=label, drill=drill, **content)

    @api.model
    def _amount(self, label, domain, total, field="expected_revenue", **content):
        """
        :param dict total: of `_total`, of opportunities
        :param field: the amount
        :return: dict, the figure of an amount of opportunities
        """
        name = content.pop("name", False) or label
        return self._figure(
            total[field],
            "monetary",
            label=label,
            drill=self._drill("crm.lead", domain, name, total["count"], field),
            **content,
        )

    @api.model
    def _drill(self, model, domain, name, count, measure=False, **context):
        """:return: dict, a drill-down; False where it would open nothing"""
        if not count:
            return False
        return {
            "name": name,
            "model": model,
            "domain": list(Domain(domain)),
            "context": {"create": False, **context},
            "count": count,
            "measure": measure,
        }

    # === FIGURES === #

    @api.model
    def _once(self, asked, key, work_out):
        """What several parts of a page tell is worked out once.

        :param key: tuple, what it is, with all it depends on but the people and today
        :param work_out: function of no argument
        :return: what it returned
        """
        if asked.found is None:
            return work_out()
        if key not in asked.found:
            asked.found[key] = work_out()
        return asked.found[key]

    @api.model
    def _groups(self, model, domain, groupby=(), sums=(), money=()):
        """Count and add up in the database.

        :param groupby: names of fields, as `_read_group` takes them
        :param sums: names of fields to add up
        :param money: names of amounts to add up that are in the currency of their
            record's company; they come in that of the reader's, at today's rate
        :return: dict of the tuple of what was grouped by -> dict with ``count`` and a
            key for each name
        """
        names = (*sums, *money)
        by_company = ["company_id"] if money and self._has_currencies() else []
        rows = self.env[model]._read_group(
            domain,
            [*groupby, *by_company],
            ["__count", *(f"{name}:sum" for name in names)],
        )
        found = {}
        for row in rows:
            key = row[: len(groupby)]
            count, *totals = row[-1 - len(names) :]
            rate = self._rate(row[len(groupby)]) if by_company else 1.0
            group = found.setdefault(key, self._nothing(names))
            group["count"] += count
            for name, total in zip(names, totals, strict=True):
                group[name] += (total or 0.0) * (rate if name in money else 1.0)
        return found

    @api.model
    def _total(self, model, domain, sums=(), money=()):
        """:return: dict as in `_groups`, of all records that a domain finds"""
        groups = self._groups(model, domain, (), sums, money)
        return groups.get((), self._nothing((*sums, *money)))

    @api.model
    def _nothing(self, names):
        return {"count": 0, **dict.fromkeys(names, 0.0)}

    @api.model
    def _sum(self, groups, names):
        """:return: dict as in `_total`, of all of these groups together"""
        return {
            name: sum(group[name] for group in groups) for name in ("count", *names)
        }

    @api.model
    def _folded(self, groups, place, names):
        """:return: dict of what is at this place of the keys -> its groups together"""
        folded = {}
        for key, group in groups.items():
            folded.setdefault(key[place], []).append(group)
        return {key: self._sum(parts, names) for key, parts in folded.items()}

    @api.model
    def _count(self, label, model, domain, **content):
        """:return: dict, the figure of how many records a domain finds"""
        count = self.env[model].search_count(domain)
        return self._number(label, model, domain, count, **content)

    @api.model
    def _is_theirs(self, asked, lead_id):
        """
        :param SQL lead_id: opportunity of a row
        :return: SQL condition: it is one of these people's, archived ones too, and the
            reader's. Looked up by its id for each row: joined with all opportunities,
            the few rows of a period would cost as much as these.
        """
        same = Domain.custom(
            to_sql=lambda records, alias, query: SQL(
                "%s = %s", SQL.identifier(alias, "id"), lead_id
            )
        )
        query = self.env["crm.lead"]._search(asked.of_people() & ARCHIVED_TOO & same)
        return SQL("(%s)", query.select(SQL("TRUE")))

    @api.model
    def _has_currencies(self):
        return len(self.env.companies.currency_id) > 1

    @api.model
    def _rate(self, owner):
        """
        :param owner: a currency, or a company that has one; empty for the reader's
        :return: what an amount in that currency is worth in the reader's, today
        """
        company = self.env.company
        currency = owner if owner._name == "res.currency" else owner.currency_id
        return self.env["res.currency"]._get_conversion_rate(
            currency or company.currency_id,
            company.currency_id,
            company,
            company._crm_today(),
        )

    # === PEOPLE === #

    @api.model
    def _people(self, asked, *busy):
        """Who works here has his place, who left has it while figures are his.

        :param busy: ids of the people who have a figure
        :return: dict id -> name, in the order of the names
        """
        ids = filter(None, {*busy}) if asked.user_ids is None else asked.user_ids
        # sudo: names of colleagues
        users = self.env["res.users"].sudo().browse(ids)
        shown = users.filtered(lambda user: user.active or user.id in busy)
        return {user.id: user.name for user in shown.sorted("name")}
