from datetime import timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# Of the server, for one transaction: see `_make_room`.
WORK_MEM = "64MB"


class Goal(NamedTuple):
    """A figure that is asked for: of whom, and from when to when."""

    key: int  # by which it is told from others that are asked for at once
    company: models.BaseModel
    date_from: object
    date_to: object
    user_id: int | bool = False
    team_id: int | bool = False  # the teams below it too; without both, the company
    currency_id: int | bool = False
    market_path: str | bool = False
    activity_type_ids: tuple = ()
    start: object = None  # as moments of the documents
    stop: object = None


class CrmObjectiveFigure(models.AbstractModel):
    """Works out how far objectives are; what they aim at is in
    ``crm_objective_metric.py``.

    One query for each source of documents, however many objectives with whatever
    periods. It reads the documents once and puts them into buckets, by owner and
    between the days on which some period begins or is over; a period is the sum of its
    buckets. Joining each objective with its documents would read those of a month again
    for its quarter, its year, its team and its company.

    Whose a document is say its salesperson, its team (and the teams above it), its
    company. A moment belongs to a day by the time zone of the company. An amount in
    another currency than the objective's is converted at the rate of its own day: such
    days begin buckets too. The sum is rounded by the currency.

    It asks nobody for rights, and keeps companies apart by itself: ``crm.objective``
    asks it for what its reader may read the objective of.
    """

    _name = "crm.objective.figure"
    _description = "Figure of an Objective"

    @api.model
    def _figures(self, metric, goals):
        """
        :param Metric metric: what is counted or added up
        :param goals: list of `Goal`
        :return: dict key of a goal -> number, rounded where it is an amount
        """
        return self._figures_of({metric: goals})

    @api.model
    def _figures_of(self, asked):
        """Work out several metrics: documents that two of them count are read once.

        :param asked: dict `Metric` -> list of `Goal`; no two goals with the same key
        :return: dict key of a goal -> number, rounded where it is an amount
        """
        sources = {}
        for metric, goals in asked.items():
            if goals:
                goals = self._prepare(metric, goals)
                sources.setdefault(metric.source, {})[metric] = goals
        if sources:
            self._make_room()
        figures = {}
        for asked_of_source in sources.values():
            figures |= self._ask(asked_of_source)
        return figures

    @api.model
    def _make_room(self):
        """Let PostgreSQL keep the documents of some years in memory for the rest of
        the transaction: in its default of 4 MB, joining them goes through files, which
        takes twice as long."""
        self.env.execute_query(
            SQL(
                """SELECT set_config('work_mem', %(room)s, TRUE)
                    WHERE pg_size_bytes(current_setting('work_mem'))
                          < pg_size_bytes(%(room)s)""",
                room=WORK_MEM,
            )
        )

    @api.model
    def _ask(self, asked):
        """:return: as `_figures_of`, of metrics with the same source and of goals with
        their moments"""
        goals = [goal for some in asked.values() for goal in some]
        edges = sorted(
            {edge for metric in asked for edge in self._edges(metric, asked[metric])}
        )
        teams = self._team_trees(goals)
        query = SQL(
            "WITH %s, doc AS MATERIALIZED (%s) %s",
            self._zones(goals),
            self._documents(asked, goals, edges, teams),
            SQL(" UNION ALL ").join(
                arm
                for metric in asked
                for arm in self._arms(metric, asked[metric], edges, teams)
            ),
        )
        figures = {goal.key: 0.0 for goal in goals}
        for key, figure in self.env.execute_query(query):
            figures[key] = float(figure or 0)  # amounts may be empty in old documents
        Currency = self.env["res.currency"]
        for metric in asked:
            for goal in asked[metric] if metric.is_money else ():
                currency = Currency.browse(goal.currency_id)
                figures[goal.key] = currency.round(figures[goal.key])
        return figures

    @api.model
    def _prepare(self, metric, goals):
        """Write what the query reads.

        :return: the goals with the moments at which they begin and are over
        """
        for name in metric.reads:
            self.env[name].flush_model()
        self.env["res.partner"].flush_model(["market_id"])
        bounds = {}
        for goal in goals:
            period = goal.company, goal.date_from, goal.date_to
            if metric.by_day:
                bounds[period] = goal.date_from, goal.date_to + timedelta(days=1)
            elif period not in bounds:
                bounds[period] = goal.company._crm_day_bounds(*period[1:])
        return [
            goal._replace(start=start, stop=stop)
            for goal in goals
            for start, stop in [bounds[goal.company, goal.date_from, goal.date_to]]
        ]

    # === DOCUMENTS === #

    @api.model
    def _domain(self, metric, goal):
        """:return: domain of the documents behind the figure of a goal"""
        (goal,) = self._prepare(metric, [goal])
        if not metric.date:
            return Domain("id", "in", self._document_ids(metric, goal))
        domain = Domain(list(metric.domain)) & Domain(
            [(metric.date, ">=", goal.start), (metric.date, "<", goal.stop)]
        )
        if goal.activity_type_ids:
            domain &= Domain("activity_type_id", "in", goal.activity_type_ids)
        if goal.user_id:
            domain &= Domain(metric.user, "=", goal.user_id)
        elif goal.team_id:
            teams = self._team_trees([goal])[goal.team_id]
            domain &= Domain("team_id", "in", teams)
        return domain & self._company_domain(metric, goal) & self._market(metric, goal)

    @api.model
    def _company_domain(self, metric, goal):
        company = Domain("company_id", "=", goal.company.id)
        if metric.reads == ("crm.lead",):
            company |= Domain("company_id", "=", False) & Domain(
                "user_id.company_id", "=", goal.company.id
            )
        return company

    @api.model
    def _market(self, metric, goal):
        if not goal.market_path:
            return Domain.TRUE
        market_id = int(goal.market_path.split("/")[-2])
        path, _, rest = f"{metric.lead}.market_id".lstrip(".").partition(".")
        if not rest:
            known = Domain(path, "!=", False)
        else:
            known = Domain(path, "any", [(rest, "!=", False)])
        domain = known & Domain(f"{path}.{rest}".rstrip("."), "child_of", market_id)
        for partner in metric.partners:
            below = Domain(f"{partner}.market_id", "child_of", market_id)
            domain |= ~known & below
            known |= Domain(partner, "!=", False)
        return domain

    @api.model
    def _document_ids(self, metric, goal):
        """:return: ids of the documents behind the figure of a goal"""
        market = SQL()
        if goal.market_path:
            market = SQL("AND starts_with(market.parent_path, %s)", goal.market_path)
        rows = self.env.execute_query(
            SQL(
                "WITH %s SELECT DISTINCT record.id %s %s",
                self._zones([goal]),
                self._from(metric, [goal], self._team_trees([goal])),
                market,
            )
        )
        return [record_id for (record_id,) in rows]

    @api.model
    def _from(self, metric, goals, teams):
        """:return: SQL of the documents that one of these goals may ask for"""
        joins = SQL()
        if any(goal.market_path for goal in goals):
            joins = SQL(
                """LEFT JOIN crm_lead opportunity ON opportunity.id = record.lead_id
                   LEFT JOIN res_partner partner ON partner.id = record.partner_id
                   LEFT JOIN crm_market market ON market.id
                           = COALESCE(opportunity.market_id, partner.market_id)"""
            )
        return SQL(
            """FROM (%(source)s) record %(joins)s
              WHERE record.moment >= %(start)s AND record.moment < %(stop)s
                AND %(companies)s %(owners)s""",
            source=metric.source,
            joins=joins,
            start=min(goal.start for goal in goals),
            stop=max(goal.stop for goal in goals),
            companies=self._of_companies(metric, goals),
            owners=self._owners(goals, teams),
        )

    @api.model
    def _of_companies(self, metric, goals):
        """:return: SQL that keeps the companies of these goals apart from others"""
        companies = list({goal.company.id for goal in goals})
        if metric.reads != ("crm.lead",):
            return SQL("record.company_id = ANY(%s)", companies)
        # the same as for others: but of what COALESCE finds PostgreSQL expects one in
        # 200, and then sorts opportunities instead of hashing them
        return SQL(
            """(record.lead_company_id = ANY(%(companies)s)
                OR record.lead_company_id IS NULL
                   AND record.company_id = ANY(%(companies)s))""",
            companies=companies,
        )

    @api.model
    def _owners(self, goals, teams):
        """:return: SQL that leaves out whose documents nobody asks for"""
        if any(not (goal.user_id or goal.team_id) for goal in goals):
            return SQL()
        users = list({goal.user_id for goal in goals if goal.user_id})
        if not teams:
            return SQL("AND record.user_id = ANY(%s)", users)
        return SQL(
            "AND (record.user_id = ANY(%s) OR record.team_id = ANY(%s))",
            users,
            list({team_id for tree in teams.values() for team_id in tree}),
        )

    # === BUCKETS === #

    @api.model
    def _edges(self, metric, goals):
        """:return: set of when buckets begin"""
        edges = {bound for goal in goals for bound in (goal.start, goal.stop)}
        foreign = [
            goal
            for goal in goals
            if metric.is_money and goal.currency_id != goal.company.currency_id.id
        ]
        first, last = min(edges), max(edges)
        if foreign:
            changes = self._rate_changes(metric, foreign)
            edges.update(change for change in changes if first < change < last)
        return edges

    @api.model
    def _rate_changes(self, metric, goals):
        """:return: set of the moments at which rates of the currencies of these goals
        change"""
        currencies = {goal.currency_id for goal in goals}
        companies = self.env["res.company"].union(*(goal.company for goal in goals))
        currencies.update(companies.currency_id.ids)
        # sudo: as Odoo itself converts
        days = (
            self.env["res.currency.rate"]
            .sudo()
            ._read_group([("currency_id", "in", list(currencies))], ["name:day"])
        )
        days = [day for (day,) in days]
        if metric.by_day:
            return set(days)
        return {
            company._crm_day_bounds(day, day)[0]
            for company in companies
            for day in days
        }

    @api.model
    def _documents(self, metrics, goals, edges, teams):
        """:return: query of the documents of metrics with the same source in buckets"""
        metric = next(iter(metrics))
        is_money = any(one.is_money for one in metrics)
        names = ["company_id", "user_id", "team_id"]
        if is_money:
            names.append("currency_id")
        if any(goal.activity_type_ids for goal in goals):
            names.append("activity_type_id")
        columns = [SQL.identifier("record", name) for name in names]
        if any(goal.market_path for goal in goals):
            columns.append(SQL("market.parent_path"))
        figures = SQL("COUNT(*) AS count")
        if is_money:
            figures = SQL(
                """COUNT(*) AS count, MIN(record.moment) AS moment,
                   SUM(record.amount) AS amount,
                   SUM(record.company_amount) AS company_amount"""
            )
        return SQL(
            """SELECT %(columns)s, %(figures)s,
                      width_bucket(record.moment, %(edges)s::%(type)s[]) AS bucket
                      %(documents)s
             GROUP BY %(columns)s, bucket""",
            columns=SQL(", ").join(columns),
            figures=figures,
            edges=edges,
            type=SQL("date") if metric.by_day else SQL("timestamp"),
            documents=self._from(metric, goals, teams),
        )

    # === SUMS === #

    @api.model
    def _arms(self, metric, goals, edges, teams):
        """
        :return: list of SQL: queries of key and figure of the goals of salespeople, of
            teams and of companies; in one query, PostgreSQL could not look them up
        """
        rows = {"user": [], "team": [], "company": []}
        for goal in goals:
            if goal.user_id:
                rows["user"].append((goal, goal.user_id))
            elif goal.team_id:
                rows["team"] += [(goal, team_id) for team_id in teams[goal.team_id]]
            else:
                rows["company"].append((goal, None))
        joins = {
            "user": SQL("AND doc.user_id = goal.owner_id"),
            "team": SQL("AND doc.team_id = goal.owner_id"),
            "company": SQL(),
        }
        return [
            self._arm(metric, rows[kind], joins[kind], edges)
            for kind in rows
            if rows[kind]
        ]

    @api.model
    def _arm(self, metric, rows, join, edges):
        """
        :param rows: list of pairs of a goal and the id of its owner
        :param join: SQL of the owner
        :return: SQL, query of key and figure
        """
        goals = [goal for goal, _owner_id in rows]
        bucket = {edge: number for number, edge in enumerate(edges, 1)}
        return SQL(
            """SELECT goal.key, %(value)s
                 FROM unnest(%(keys)s::int4[], %(owners)s::int4[],
                             %(companies)s::int4[], %(first)s::int4[],
                             %(after)s::int4[], %(currencies)s::int4[],
                             %(markets)s::text[])
                      AS goal (key, owner_id, company_id, first, after, currency_id,
                               market_path)
                 JOIN doc ON doc.company_id = goal.company_id %(join)s
                  AND doc.bucket >= goal.first AND doc.bucket < goal.after
                WHERE %(where)s
             GROUP BY goal.key""",
            value=self._value(metric),
            keys=[goal.key for goal in goals],
            owners=[owner_id for _goal, owner_id in rows],
            companies=[goal.company.id for goal in goals],
            first=[bucket[goal.start] for goal in goals],
            after=[bucket[goal.stop] for goal in goals],
            currencies=[goal.currency_id or None for goal in goals],
            markets=[goal.market_path or None for goal in goals],
            join=join,
            where=self._where(goals),
        )

    @api.model
    def _where(self, goals):
        """:return: SQL of what not all of these goals ask for"""
        conditions = [SQL("TRUE")]
        if any(goal.market_path for goal in goals):
            conditions.append(
                SQL(
                    """(goal.market_path IS NULL
                        OR starts_with(doc.parent_path, goal.market_path))"""
                )
            )
        types = [
            (goal.key, type_id) for goal in goals for type_id in goal.activity_type_ids
        ]
        if types:
            conditions.append(
                SQL(
                    """(goal.key <> ALL(%(keys)s::int4[])
                        OR (goal.key, doc.activity_type_id) IN (
                           SELECT * FROM unnest(%(keys)s::int4[], %(types)s::int4[])))
                    """,
                    keys=[key for key, _type_id in types],
                    types=[type_id for _key, type_id in types],
                )
            )
        return SQL(" AND ").join(conditions)

    @api.model
    def _value(self, metric):
        """:return: SQL of the sum of buckets of a goal"""
        if not metric.is_money:
            return SQL("SUM(doc.count)")
        day = SQL("doc.moment")
        if not metric.by_day:
            day = SQL(
                """(doc.moment AT TIME ZONE 'UTC' AT TIME ZONE (
                    SELECT name FROM zone WHERE company_id = goal.company_id))::date"""
            )
        own = SQL("(SELECT currency_id FROM res_company WHERE id = goal.company_id)")
        return SQL(
            """SUM(CASE goal.currency_id
                   WHEN COALESCE(doc.currency_id, %(own)s) THEN doc.amount
                   WHEN %(own)s THEN doc.company_amount
                   ELSE doc.company_amount * %(rate)s / %(own_rate)s END)""",
            own=own,
            rate=self._rate(SQL("goal.currency_id"), day),
            own_rate=self._rate(own, day),
        )

    @api.model
    def _rate(self, currency, day):
        """:return: SQL of the rate of a currency on a day, as Odoo looks it up: the
        last one until then, else the first one; of the company, else of all"""
        rates = SQL(
            """SELECT rate FROM res_currency_rate
                WHERE currency_id = %s AND (company_id IS NULL OR company_id = (
                      SELECT split_part(parent_path, '/', 1)::int4 FROM res_company
                       WHERE id = goal.company_id))""",
            currency,
        )
        return SQL(
            """COALESCE((%(rates)s AND name <= %(day)s
                         ORDER BY company_id, name DESC LIMIT 1),
                        (%(rates)s ORDER BY company_id, name LIMIT 1), 1)""",
            rates=rates,
            day=day,
        )

    @api.model
    def _zones(self, goals):
        """:return: SQL of the table ``zone``, the time zones of the companies"""
        companies = self.env["res.company"].union(*(goal.company for goal in goals))
        return SQL(
            """zone (company_id, name) AS (
                   SELECT * FROM unnest(%s::int4[], %s::text[]))""",
            companies.ids,
            [str(company._crm_tz()) for company in companies],
        )

    @api.model
    def _team_trees(self, goals):
        """:return: dict id of a team of goals -> list of ids of it and of the teams
        below it"""
        trees = {goal.team_id: [] for goal in goals if goal.team_id}
        if not trees:
            return trees
        self.env["crm.team"].flush_model(["parent_id"])
        for root_id, team_id in self.env.execute_query(
            SQL(
                """WITH RECURSIVE tree (root_id, team_id) AS (
                       SELECT id, id FROM crm_team WHERE id = ANY(%s)
                       UNION
                       SELECT tree.root_id, below.id
                         FROM tree
                         JOIN crm_team below ON below.parent_id = tree.team_id)
                   SELECT root_id, team_id FROM tree""",
                list(trees),
            )
        ):
            trees[root_id].append(team_id)
        return trees
