import secrets
from collections import defaultdict
from typing import NamedTuple

import pytz

from odoo import api, fields, models
from odoo.tools import SQL

from .crm_eid import CLIENT_CERT

# Key of what is worked out once in a transaction: rules ask with every query.
CACHE = "crm_scopes"
# Fields that say whether a record is in the reader's scope.
SCOPE_FIELDS = {
    "res.users": ["crm_in_scope"],
    "crm.team": ["crm_in_scope"],
    "crm.gestion": ["in_scope"],
    "crm.lead": ["crm_may_write", "in_scope"],
    "crm.objective": ["in_scope"],
    "project.task": ["crm_in_scope"],
    "sale.order": ["crm_in_scope"],
}


def today_in(zone):
    """:return: the day that it is in a time zone, by its name; in UTC without one"""
    now = pytz.utc.localize(fields.Datetime.now())
    return now.astimezone(pytz.timezone(zone or "UTC")).date()


class Scope(NamedTuple):
    """Whom and which teams a user answers for."""

    user_ids: frozenset
    team_ids: frozenset


class Grounds(NamedTuple):
    """What the scope of a user follows from."""

    zone: str | None = None  # of his preferences: a client cannot send that one
    covers: tuple | list = ()  # id of who is absent, first and last day
    led: tuple | list = ()  # see ``_crm_led``
    companies: tuple | list = ()  # id, and how much history it shares

    def today(self):
        return today_in(self.zone)

    def covered(self):
        today = self.today()
        return {
            user_id for user_id, first, last in self.covers if first <= today <= last
        }

    def scope(self, user_id):
        led = {member_id for _head_id, _team_id, member_id in self.led if member_id}
        return Scope(
            frozenset({user_id} | self.covered() | led),
            frozenset(team_id for _head_id, team_id, _member_id in self.led),
        )


class ResUsers(models.Model):
    _inherit = "res.users"

    crm_in_scope = fields.Boolean(
        string="In My Sales Scope",
        compute="_compute_crm_in_scope",
        search="_search_crm_in_scope",
        help="Whether the current user works on this user's accounts and "
        "opportunities.",
    )
    crm_eid_certificate_ids = fields.One2many(
        comodel_name="crm.eid.certificate",
        inverse_name="user_id",
        string="Electronic IDs",
        groups="base.group_system",
    )
    crm_eid_stamp = fields.Char(copy=False, groups=fields.NO_ACCESS)

    @api.depends_context("uid")
    def _compute_crm_in_scope(self):
        """Agrees with the search: access checks evaluate rules in Python, lists in
        SQL."""
        scope = self._crm_scope_user_ids()
        for user in self:
            user.crm_in_scope = user._origin.id in scope

    def _search_crm_in_scope(self, operator, value):
        """Inlines the ids, so that a rule ``user_id.crm_in_scope`` becomes
        ``user_id IN (1, 2)`` and uses the index of the column."""
        if operator != "in":
            return NotImplemented
        return [("id", "in", list(self._crm_scope_user_ids()))]

    # === SCOPE === #

    @api.model
    def _crm_scope_user_ids(self):
        """:return: set of ids of `_crm_scopes` of the current user"""
        return self.env.user._crm_full_scopes()[self.env.user].user_ids

    @api.model
    def _crm_scope_team_ids(self):
        """:return: set of ids of the teams that the current user leads, and below"""
        return self.env.user._crm_full_scopes()[self.env.user].team_ids

    def _crm_scopes(self):
        """Users whose sales these users answer for: each himself, whom he covers today,
        and the members of the teams he leads and of the teams below. A seller who left
        stays in the scope of the team he left from (``crm.team.member.crm_left``).

        :return: dict user -> set of ids of ``res.users``
        """
        scopes = self._crm_full_scopes()
        return {user: scopes[user].user_ids for user in self}

    def _crm_full_scopes(self):
        """:return: dict user -> `Scope`, worked out once in a transaction and day"""
        cache = self._crm_scope_cache()
        scopes = {}
        for user, grounds in self._crm_grounds().items():
            key = ("scope", user.id, grounds.today())
            if key not in cache:
                cache[key] = grounds.scope(user.id)
            scopes[user] = cache[key]
        return scopes

    def _crm_covered(self):
        """:return: dict user -> set of ids of whom he covers today"""
        return {
            user: grounds.covered() for user, grounds in self._crm_grounds().items()
        }

    def _crm_led(self):
        """
        :return: rows of a head, a team he leads or one below, and a member of it or
            who left from it; an archived team is found, and gives nobody into a scope
        """
        return [row for grounds in self._crm_grounds().values() for row in grounds.led]

    def _crm_grounds(self):
        """
        Rules ask with every query: the database is asked once in a transaction.

        :return: dict user -> `Grounds`
        """
        cache = self._crm_scope_cache()
        missing = self.filtered(lambda user: ("grounds", user.id) not in cache)
        if missing.ids:
            for user_id, grounds in missing._crm_fetch_grounds().items():
                cache["grounds", user_id] = grounds
        nothing = Grounds()
        return {user: cache.get(("grounds", user.id), nothing) for user in self}

    def _crm_fetch_grounds(self):
        """:return: dict id -> `Grounds`, of one query"""
        self.env["res.users"].flush_model(["partner_id"])
        self.env["res.partner"].flush_model(["tz"])
        self.env["crm.team"].flush_model(["active", "parent_id", "user_id"])
        self.env["crm.team.member"].flush_model()
        self.env["res.company"].flush_model(["active", "crm_shared_history"])
        query = SQL(
            "WITH RECURSIVE %s %s UNION ALL %s UNION ALL %s UNION ALL %s",
            self._crm_led_teams(),
            self._crm_zones(),
            self._crm_shares(),
            self.env["crm.substitution"]._covers(self),
            SQL(
                """SELECT led.head_id, 'led', team.id, member.user_id,
                          NULL::date, NULL::date, NULL
                     FROM led
                     JOIN crm_team team ON team.id = led.team_id
                LEFT JOIN crm_team_member member
                       ON member.crm_team_id = team.id AND team.active
                      AND (member.active OR member.crm_left)"""
            ),
        )
        zones, parts = {}, defaultdict(lambda: defaultdict(list))
        for (
            user_id,
            kind,
            one_id,
            other_id,
            first,
            last,
            text,
        ) in self.env.execute_query(query):
            part = parts[user_id]
            if kind == "zone":
                zones[user_id] = text
            elif kind == "cover":
                part["covers"].append((other_id, first, last))
            elif kind == "led":
                part["led"].append((user_id, one_id, other_id))
            else:
                part["companies"].append((one_id, text))
        return {
            user_id: Grounds(zone, **parts[user_id]) for user_id, zone in zones.items()
        }

    def _crm_zones(self):
        return SQL(
            """SELECT users.id, 'zone', NULL::int4, NULL::int4,
                      NULL::date, NULL::date, partner.tz
                 FROM res_users users
                 JOIN res_partner partner ON partner.id = users.partner_id
                WHERE users.id = ANY(%s)""",
            list(self.ids),
        )

    def _crm_shares(self):
        return SQL(
            """SELECT rel.user_id, 'company', company.id, NULL, NULL, NULL,
                      company.crm_shared_history
                 FROM res_company_users_rel rel
                 JOIN res_company company ON company.id = rel.cid
                WHERE rel.user_id = ANY(%s) AND company.active""",
            list(self.ids),
        )

    def _crm_led_teams(self):
        """:return: SQL of the table ``led`` of heads and their teams"""
        return SQL(
            """led (head_id, team_id) AS (
                   SELECT user_id, id FROM crm_team WHERE user_id = ANY(%s)
                   UNION
                   SELECT led.head_id, below.id
                     FROM led
                     JOIN crm_team above ON above.id = led.team_id
                     JOIN crm_team below ON below.parent_id = above.id
                    WHERE above.active OR above.user_id IS DISTINCT FROM led.head_id
               )""",
            list(self.ids),
        )

    def _crm_today(self):
        """
        :return: the day of this user, by the time zone of his preferences: a client
            cannot send that one
        """
        self.ensure_one()
        return today_in(self.tz)

    @api.model
    def _crm_scope_cache(self):
        """:return: dict that lives as long as the transaction"""
        return self.env.cr.cache.setdefault(CACHE, {})

    @api.model
    def _crm_drop_scopes(self):
        """Teams, members, substitutions or owners of accounts have changed: whoever
        asks next works his scope out again."""
        self.env.cr.cache.pop(CACHE, None)
        for model, names in SCOPE_FIELDS.items():
            self.env[model].invalidate_model(names, flush=False)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Somebody who works here is nobody's potential customer."""
        users = super().create(vals_list)
        self.env["crm.account.status"]._drop(users.partner_id)
        return users

    def write(self, vals):
        leave = "active" in vals and not vals["active"]
        back = self.filtered(lambda user: vals.get("active") and not user.active)
        if leave:
            self.env["crm.archive.gate"]._pass(self)
            self.env["crm.team.member"]._mark_left(self.filtered("active"))
        res = super().write(vals)
        if back:
            self.env["crm.team.member"]._mark_back(back)
        if vals.keys() & {"active", "tz", "company_ids"}:
            self._crm_drop_scopes()
        if vals.keys() & {"group_ids", "partner_id"}:
            self.env["crm.account.status"]._drop(self.partner_id)
        return res

    def action_archive(self):
        """Odoo archives the memberships first: note before where he leaves from."""
        # Odoo deletes planned activities before it writes: the gate comes first
        self.env["crm.archive.gate"]._pass(self)
        self.env["crm.team.member"]._mark_left(self.filtered("active"))
        return super().action_archive()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_open_work(self):
        self.env["crm.archive.gate"]._pass(self)

    # === ELECTRONIC ID === #

    def authenticate(self, credential, user_agent_env):
        """The host that asks for certificates is not the company's address, which Odoo
        learns from where an administrator logs in."""
        if credential["type"] == CLIENT_CERT:
            user_agent_env = {**(user_agent_env or {}), "base_location": None}
        return super().authenticate(credential, user_agent_env)

    def _login(self, credential, user_agent_env):
        """Who logs in is told by the certificate, whatever login was posted."""
        if credential["type"] != CLIENT_CERT:
            return super()._login(credential, user_agent_env=user_agent_env)
        with self.env["crm.eid.login"]._audit() as attempt:
            credential["login"] = self.env["crm.eid"]._login_of_request(attempt)
            auth_info = super()._login(credential, user_agent_env=user_agent_env)
            user = self.env["res.users"].browse(auth_info["uid"])
            needs_more = auth_info["mfa"] != "skip" and user._mfa_url()
            attempt["reason"] = "second_factor" if needs_more else "success"
        return auth_info

    def _check_credentials(self, credential, env):
        if credential["type"] != CLIENT_CERT:
            return super()._check_credentials(credential, env)
        gate = self.env["crm.eid"]
        gate._check_request(self.env.user, env)
        return {
            "uid": self.env.user.id,
            "auth_method": CLIENT_CERT,
            "mfa": "skip" if gate._is_second_factor() else "default",
        }

    def _get_session_token_fields(self):
        """Empty until an electronic ID is revoked: nobody's session ends before."""
        return super()._get_session_token_fields() | {"crm_eid_stamp"}

    def _crm_end_sessions(self):
        """Log these users out wherever they are logged in, by whatever means."""
        # sudo: a field that nobody may read; who may revoke has been checked
        for user in self.sudo():
            user.crm_eid_stamp = secrets.token_hex(16)
