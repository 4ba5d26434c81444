from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ..tools.period import PERIODS, bounds
from .crm_dashboard_part import Asked

# A slip of the finger in a date must not become a graph of a thousand years.
YEARS = range(1990, 2100)


class CrmDashboard(models.AbstractModel):
    """What the dashboards of sellers, heads and directors have in common.

    *One request.* `get_data` answers all that the screen shows, and the PDF prints the
    same answer; nothing is written, so that a replica of the database may answer.

    *Whose figures.* The seller's are his own; a head's those of the people he leads, a
    director's everybody's; both may look at one team (with those below it) or one
    person. What is asked for beyond that is not heard. Rules of the models decide
    besides what is counted.

    The sections come from the parts that a dashboard names in ``_parts``, see
    ``crm.dashboard.part`` for their shapes.
    """

    _name = "crm.dashboard"
    _description = "Dashboard"

    _group = None  # who looks at it
    _parts = ()  # models of the parts, in the order of the screen
    _default_period = "month"

    @api.model
    @api.readonly
    def get_data(self, filters=None):
        """All that the screen shows.

        :param dict filters: ``period`` (one of ``PERIODS``), ``date_from`` and
            ``date_to`` (ISO dates, of ``custom``), ``team_id``, ``user_id``; what is
            missing, makes no sense, or is not the reader's to ask for, is as when the
            page opens
        :return: dict with ``title``, ``name`` (of the model), ``subtitle`` (whose
            figures of when), ``company``, ``currency_id``, ``now`` (in UTC),
            ``filters`` (as they were heard, and the choices: ``periods``, ``teams``,
            ``users``, lists of pairs) and ``sections``
        :raise AccessError: for whom this dashboard is not
        """
        if not self.env.user.has_group(self._group):
            raise AccessError(
                self.env._("This dashboard is not for you: open yours from the menu.")
            )
        filters = self._heard(filters if isinstance(filters, dict) else {})
        asked = self._asked(filters)
        return {
            "title": self._title(),
            "name": self._name,
            "subtitle": self._subtitle(filters),
            "company": self.env.company.name,
            "currency_id": self.env.company.currency_id.id,
            "now": fields.Datetime.to_string(fields.Datetime.now()),
            "filters": filters,
            "sections": [
                section
                for part in self._parts
                for section in self.env[part]._sections(asked)
            ],
        }

    # === WHAT IS ASKED === #

    @api.model
    def _heard(self, filters):
        """:return: dict of the filters as they hold for this reader, with choices"""
        teams, users = self._teams(), self._users()
        period = filters.get("period")
        if period not in PERIODS:
            period = self._default_period
        first, last = bounds(
            period,
            self.env.company._crm_today(),
            self._day(filters.get("date_from")),
            self._day(filters.get("date_to")),
        )
        return {
            "period": period,
            "date_from": fields.Date.to_string(first),
            "date_to": fields.Date.to_string(last),
            "team_id": self._one_of(teams, filters.get("team_id")),
            "user_id": self._one_of(users, filters.get("user_id")),
            "periods": self._periods(),
            "teams": [[team.id, team.name] for team in teams],
            "users": [[user.id, user.name] for user in users],
        }

    @api.model
    def _one_of(self, records, record_id):
        """:return: the id where it is one of these records', else False"""
        is_id = isinstance(record_id, int) and not isinstance(record_id, bool)
        return record_id if is_id and record_id in records.ids else False

    @api.model
    def _day(self, text):
        """:return: date; None for what is none, or lies where no work is recorded"""
        try:
            day = fields.Date.to_date(text) if isinstance(text, str) else None
        except ValueError:
            return None
        return day if day and day.year in YEARS else None

    @api.model
    def _asked(self, filters):
        """
        :param dict filters: of `_heard`
        :return: `Asked`
        """
        first = fields.Date.to_date(filters["date_from"])
        last = fields.Date.to_date(filters["date_to"])
        start, end = self.env.company._crm_day_bounds(first, last)
        teams = self._team_and_below(filters["team_id"])
        if filters["user_id"]:
            user_ids, teams = (filters["user_id"],), None
        elif teams is not None:
            user_ids = tuple(self._members(teams).ids)
        else:
            user_ids = self._everybody()
        return Asked(
            today=self.env.company._crm_today(),
            date_from=first,
            date_to=last,
            start=start,
            end=end,
            user_ids=user_ids,
            team_ids=teams,
            found={},
        )

    @api.model
    def _periods(self):
        return [
            ["week", self.env._("This Week")],
            ["month", self.env._("This Month")],
            ["quarter", self.env._("This Quarter")],
            ["year", self.env._("This Year")],
            ["last_week", self.env._("Last Week")],
            ["last_month", self.env._("Last Month")],
            ["last_quarter", self.env._("Last Quarter")],
            ["last_year", self.env._("Last Year")],
            ["custom", self.env._("Other Dates")],
        ]

    @api.model
    def _subtitle(self, filters):
        """:return: whose figures these are, and of when"""
        chosen = dict(filters["users"]).get(filters["user_id"])
        chosen = chosen or dict(filters["teams"]).get(filters["team_id"])
        dates = " – ".join(
            self.env["ir.qweb.field.date"].value_to_html(
                fields.Date.to_date(filters[name]), {}
            )
            for name in ("date_from", "date_to")
        )
        return ", ".join(filter(None, [chosen or self._of_whom(), dates]))

    # === WHOSE FIGURES: A DASHBOARD SAYS === #

    @api.model
    def _title(self):
        """:return: title of the page"""
        raise NotImplementedError

    @api.model
    def _of_whom(self):
        """:return: name of those whose figures are shown when nobody is chosen"""
        raise NotImplementedError

    @api.model
    def _everybody(self):
        """:return: tuple of ids of them; None for everybody of the companies"""
        raise NotImplementedError

    @api.model
    def _teams(self):
        """:return: teams among which the reader may choose"""
        return self.env["crm.team"]

    @api.model
    def _users(self):
        """:return: people among whom the reader may choose"""
        return self.env["res.users"]

    @api.model
    def _team_and_below(self, team_id):
        """:return: tuple of ids of a team and those below it; None where there is
        none"""
        if not team_id:
            return None
        return tuple(self._teams().search([("id", "child_of", team_id)]).ids)

    @api.model
    def _members(self, team_ids):
        """:return: people of these teams, and those who left from them"""
        members = self.env["crm.team.member"].with_context(active_test=False)
        # sudo: who is in a team is no secret to who leads it
        found = members.sudo().search(
            Domain("crm_team_id", "in", team_ids)
            & (Domain("active", "=", True) | Domain("crm_left", "=", True))
        )
        return found.user_id
