from collections.abc import Set
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# So many ids of accounts are written out in a query, measured: PostgreSQL then finds
# their records by index, where a subquery joined by OR makes it look through the table.
INLINE = 10000


# Of so many owners at most, records are looked up one by one instead of all being read.
FEW = 20


class Level(NamedTuple):
    """What a reader reads of: records whose owner, or whose account's owner, is one of
    these users; None for everybody. Only of these companies, False for records without
    one; None for all."""

    user_ids: frozenset | None
    company_ids: frozenset | None


class Source(NamedTuple):
    """How records are reached: through their own salesperson or assignees, through who
    has the organization or the person without one that they name, through who has the
    account of the partner, through the opportunity. Names of fields."""

    owner: str = "user_id"
    unassigned: bool = False
    organization: str = ""
    person: str = ""
    partner: str = ""
    lead: str = ""


SOURCES = {
    "crm.lead": Source(
        unassigned=True, organization="organization_id", person="partner_id"
    ),
    "sale.order": Source(unassigned=True, partner="partner_id"),
    "crm.gestion": Source(
        organization="organization_id", person="contact_id", lead="lead_id"
    ),
    # incidents only: ``crm_in_scope`` of tasks sees to that
    "project.task": Source(
        owner="user_ids", organization="crm_organization_id", person="partner_id"
    ),
}


class Asked(NamedTuple):
    """What a search of a model in `SOURCES` asks for: value of a context key. The rule
    is then put in the words that PostgreSQL answers fastest, and finds the same. An
    object of this class cannot come from outside: no client says what a rule is.
    """

    model: str
    owner_ids: frozenset | None = None  # none but these own it, False for nobody
    page: bool = True  # so many in an order, else all or any

    @classmethod
    def of(cls, records, domain, limit, order):
        domain = domain.optimize(records)
        parts = domain.children if getattr(domain, "OPERATOR", "") == "&" else [domain]
        owners = (cls._owners(part) for part in parts)
        owners = next((found for found in owners if found is not None), None)
        return cls(records._name, owners, bool(limit and order))

    def is_within(self, own):
        """:param own: a condition on the owner"""
        return self.owner_ids is not None and self.owner_ids.issubset(own.value)

    @staticmethod
    def _owners(part):
        """:param part: condition that every record must meet"""
        if getattr(part, "field_expr", "") != "user_id" or part.operator != "in":
            return None
        if not isinstance(part.value, Set):  # a subquery
            return None
        known = all(value is False or type(value) is int for value in part.value)
        return frozenset(part.value) if known else None


class CrmHistory(models.AbstractModel):
    """History follows the account: who has the salesperson of an organization, or of a
    person without one, in his scope *reads* all that happened with it, whoever did it.
    The setting "Shared history" of a company widens that for its records. Writing is
    never widened: the rules that use this are for reading.

    *Invariant.* What is searched and what is computed agree: lists are made with the
    one, single records opened with the other.
    """

    _name = "crm.history"
    _description = "History That Follows the Account"

    # === WHO READS WHAT === #

    @api.model
    def _levels(self):
        """:return: list of `Level` of the current user, worked out once in a
        transaction"""
        Users = self.env["res.users"]
        scope = Users._crm_scope_user_ids()
        cache = Users._crm_scope_cache()
        key = ("levels", self.env.uid, scope)
        if key not in cache:
            cache[key] = [Level(scope, None), *self._shared(scope)]
        return cache[key]

    @api.model
    def _shared(self, scope):
        """Records without a company are shared where all the reader's companies are."""
        kinds = dict(self.env.user._crm_grounds()[self.env.user].companies)
        everybody = {key for key, kind in kinds.items() if kind == "all"}
        team = {key for key, kind in kinds.items() if kind == "team"}
        if len(everybody) == len(kinds):
            everybody.add(False)
        elif len(everybody | team) == len(kinds):
            team.add(False)
        if everybody:
            yield Level(None, frozenset(everybody))
        if team:
            yield Level(scope | self._mates(), frozenset(team))

    @api.model
    def _mates(self):
        """:return: set of ids of the members of the user's teams, and of who left"""
        # sudo: who is member of which team is no secret
        members = self.env["crm.team.member"].sudo()
        teams = members.search([("user_id", "=", self.env.uid)]).crm_team_id
        mates = members.with_context(active_test=False).search(
            [
                ("crm_team_id", "in", teams.filtered("active").ids),
                "|",
                ("active", "=", True),
                ("crm_left", "=", True),
            ]
        )
        return frozenset(mates.user_id.ids)

    # === SEARCHED === #

    @api.model
    def _asking(self, records, domain, limit, order):
        """:return: the model of a search, for whose rule it is known what is asked"""
        asked = Asked.of(records, Domain(domain), limit, order)
        return records.with_context(crm_history=asked)

    @api.model
    def _narrow_states(self, records, query, found):
        """Odoo works out the activity state of every opportunity there is, to count
        those of a kanban: for what few own, keep to these.

        :param query: of a grouping by state: its join is narrowed
        :param found: SQL of the ids that are grouped
        """
        owners = self._asked(records._name).owner_ids
        if not owners or False in owners or len(owners) > FEW:
            return
        alias = query.make_alias(records._table, "last_activity_state")
        kind, states, condition = query._joins[alias]
        # an array: PostgreSQL takes that into the query of the states, and no subquery
        own = SQL("(SELECT * FROM %s AS s WHERE res_id = ANY(ARRAY%s))", states, found)
        query._joins[alias] = kind, own, condition

    @api.model
    def _own(self, model, user_ids=None):
        """:return: domain of what the user reads because of its owner alone"""
        if user_ids is None:
            user_ids = self.env["res.users"]._crm_scope_user_ids()
        source = SOURCES[model]
        nobody = [False] if source.unassigned else []
        return Domain(source.owner, "in", [*user_ids, *nobody])

    @api.model
    def _asked(self, model):
        asked = self.env.context.get("crm_history")
        if isinstance(asked, Asked) and asked.model == model:
            return asked
        return Asked(model)

    @api.model
    def _domain(self, model):
        """The owners' part stands apart from the rest, so that it is joined with the
        owners of other rules: PostgreSQL tries first what costs little.

        :return: domain of the records of a model in `SOURCES` that the user reads
        """
        asked = self._asked(model)
        own = self._own(model, [self.env.uid])
        if not asked.is_within(own):  # else no scope is worked out
            own = self._own(model)
        return own | Domain.custom(
            to_sql=lambda records, alias, query: (
                self._others(asked, own, alias == records._table)
                .optimize_full(records)
                ._to_sql(records, alias, query)
            )
        )

    @api.model
    def _others(self, asked, own, alone):
        """
        :param own: domain of those that are found already
        :param bool alone: whether these are the records that are asked for, and are not
            joined to them
        :return: domain of the others that the user reads
        """
        if not alone:
            own, asked = self._own(asked.model), Asked(asked.model)
        elif asked.is_within(own):  # no account lets anybody in
            return Domain.FALSE
        first, *shared = self._levels()
        source = SOURCES[asked.model]
        domain = Domain.OR(self._terms(source, first.user_ids, asked.page))
        if not alone:
            domain |= own
        for level in shared:
            domain |= self._level_domain(asked, level)
        return domain

    @api.model
    def _level_domain(self, asked, level):
        domain = Domain.TRUE
        if level.user_ids is not None:
            terms = self._terms(SOURCES[asked.model], level.user_ids, asked.page)
            domain = self._own(asked.model, level.user_ids) | Domain.OR(terms)
        return domain & Domain("company_id", "in", list(level.company_ids))

    @api.model
    def _terms(self, source, user_ids, page):
        if source.organization:
            yield Domain(source.organization, "in", self._accounts(user_ids, True))
        if source.person:
            yield Domain(source.person, "in", self._accounts(user_ids, False))
        if source.partner:
            yield self._of_partners(source.partner, user_ids)
        if source.lead:
            # apart, for an index answers each of them alone
            for owners in (list(user_ids), [False]):
                leads = self._everything("crm.lead", Domain("user_id", "in", owners))
                yield self._among(source.lead, leads, page)

    @api.model
    def _among(self, name, query, page):
        """A page walks through the index of its order and looks each row up: in a
        subquery, which is hashed. Whatever takes all rows finds them by an index, which
        takes an array; that would be searched from end to end for each row of a page.
        """
        if page:
            return Domain(name, "in", query)
        return Domain.custom(
            to_sql=lambda records, alias, outer: SQL(
                "%s = ANY(ARRAY%s)",
                records._field_to_sql(alias, name, outer),
                query.subselect(),
            )
        )

    @api.model
    def _accounts(self, user_ids, companies):
        """
        :param bool companies: organizations, else persons without one
        :return: ids of the accounts of these users, or a subquery where there are too
            many
        """
        cache = self.env["res.users"]._crm_scope_cache()
        key = ("accounts", user_ids)
        if key not in cache:
            cache[key] = self._fetch_accounts(user_ids)
        if cache[key] is not None:
            return cache[key][companies]
        domain = Domain("user_id", "in", list(user_ids))
        if companies:
            domain &= Domain("is_company", "=", True)
        else:
            domain &= Domain("is_company", "=", False) & Domain("parent_id", "=", False)
        return self._everything("res.partner", domain)

    @api.model
    def _fetch_accounts(self, user_ids):
        """:return: dict whether companies -> ids, or None if there are too many"""
        names = ["is_company", "parent_id", "user_id"]
        self.env["res.partner"].flush_model(names)
        # in the words of the index ``_crm_user_idx``, which then answers alone
        rows = self.env.execute_query(
            SQL(
                """SELECT id, is_company IS TRUE FROM res_partner
                    WHERE user_id = ANY(%s) AND (is_company OR parent_id IS NULL)
                    LIMIT %s""",
                list(user_ids),
                INLINE + 1,
            )
        )
        if len(rows) > INLINE:
            return None
        accounts = {True: [], False: []}
        for account_id, is_company in rows:
            accounts[is_company].append(account_id)
        return accounts

    @api.model
    def _of_partners(self, name, user_ids):
        """:return: domain of the records that name any partner of these accounts"""
        cache = self.env["res.users"]._crm_scope_cache()
        key = ("partners", user_ids)
        if key not in cache:
            accounts = [
                Domain("commercial_partner_id", "in", self._accounts(user_ids, kind))
                for kind in (True, False)
            ]
            partners = self._everything("res.partner", Domain.OR(accounts), INLINE + 1)
            ids = partners.get_result_ids()
            cache[key] = list(ids) if len(ids) <= INLINE else None
        if cache[key] is not None:
            return Domain(name, "in", cache[key])
        # too many: PostgreSQL asks for each record, or hashes all, as is cheaper
        return Domain.custom(
            to_sql=lambda records, alias, query: SQL(
                """EXISTS (SELECT 1 FROM res_partner partner
                             JOIN res_partner account
                               ON account.id = partner.commercial_partner_id
                            WHERE partner.id = %s AND account.user_id = ANY(%s)
                              AND (account.is_company OR account.parent_id IS NULL))""",
                records._field_to_sql(alias, name, query),
                list(user_ids),
            )
        )

    @api.model
    def _everything(self, model, domain, limit=None):
        # sudo: only ids of owners are compared; archived opportunities and accounts
        # have a history too
        records = self.env[model].sudo().with_context(active_test=False)
        return records._search(domain, limit=limit)

    # === COMPUTED === #

    @api.model
    def _readable(self, records):
        """
        :param records: of a model in `SOURCES`
        :return: those that the user reads: agrees with `_domain`
        """
        source = SOURCES[records._name]
        # sudo: only owners are compared, as in the search
        rest, readable = records.sudo(), set()
        # what is cheap first: most of what a seller opens is his own
        for user_ids in (
            lambda: frozenset((self.env.uid,)),
            lambda: self._levels()[0].user_ids,
        ):
            if rest:
                found = self._owned(source, rest, user_ids())
                readable.update(found._ids)
                rest -= found
        if rest:
            readable.update(self._reached(source, rest)._ids)
        return records.filtered(lambda record: record.id in readable)

    @api.model
    def _owned(self, source, records, user_ids):
        """:return: those of these that somebody may read because of their owner alone,
        see `_own`"""
        return records.filtered(
            lambda record: (
                not user_ids.isdisjoint(record[source.owner].ids)
                or (source.unassigned and not record[source.owner])
            )
        )

    @api.model
    def _reached(self, source, records):
        """
        :param records: in superuser mode: only owners are compared
        :return: those that the user reads, for whatever reason
        """
        partners = records.mapped(source.person or source.partner)
        if source.organization:
            partners |= records[source.organization]
        partners.fetch(["commercial_partner_id", "is_company", "user_id"])
        partners.commercial_partner_id.fetch(["is_company", "user_id"])
        if source.lead:
            records[source.lead].fetch(["user_id"])
        levels = self._levels()
        return records.filtered(
            lambda record: any(
                self._level_holds(source, level, record) for level in levels
            )
        )

    @api.model
    def _is_shared(self, record):
        """:return: whether a setting of a company lets the user read a record of
        `SOURCES`, with or without another reason"""
        shared = self._levels()[1:]
        if not shared:
            return False
        source = SOURCES[record._name]
        # sudo: the reader's own record, see `_domain`
        record = record.sudo()
        return any(self._level_holds(source, level, record) for level in shared)

    @api.model
    def _level_holds(self, source, level, record):
        if (
            level.company_ids is not None
            and record.company_id.id not in level.company_ids
        ):
            return False
        if level.user_ids is None:
            return True
        owners = record[source.owner] | self._accounts_of(record).user_id
        free = source.unassigned and not record[source.owner]
        if source.lead:
            lead = record[source.lead]
            owners |= lead.user_id
            free = lead and not lead.user_id
        return bool(free or level.user_ids.intersection(owners.ids))

    @api.model
    def _accounts_of(self, record):
        """
        :param record: in superuser mode: only owners are compared
        :return: the accounts through which a record is reached
        """
        source = SOURCES[record._name]
        accounts = self.env["res.partner"].sudo()
        if source.organization:
            partner = record[source.organization]
            accounts |= partner.filtered("is_company")
        if source.person:
            partner = record[source.person]
            if not partner.is_company and partner.commercial_partner_id == partner:
                accounts |= partner
        if source.partner:
            accounts |= record[source.partner].commercial_partner_id
        return accounts
