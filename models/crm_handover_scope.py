from collections.abc import Callable
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Documents whose planned activities are a seller's work.
DOCUMENTS = ("crm.lead", "res.partner", "sale.order", "project.task")
CLOSED_TASKS = ("1_done", "1_canceled")
NONE = SQL("NULL::int4")
COMPANY = SQL("record.company_id")
# Where lines are kept, and where a preview works them out.
LINES = SQL.identifier("crm_handover_line")
DRAFT = SQL.identifier("crm_handover_line_draft")


class Kind(NamedTuple):
    """What a hand-over moves of one kind. Expressions are of the table of the model,
    called ``record``; ``account``, ``company`` and ``joins`` are joined to it."""

    label: str
    model: str
    domain: Callable  # environment -> domain of what is open, but for the owner
    customer: SQL  # the res.partner it is about
    organization: SQL = NONE  # else the commercial entity of the customer
    owner: str = "user_id"
    joins: SQL = SQL("")
    # environment -> SQL, or SQL; else the field ``name`` in the language of the user
    name: SQL | Callable | None = None
    company: SQL = COMPANY
    amount: SQL = SQL("0")  # in the currency of the company
    market: SQL = SQL("account.market_id")
    state: SQL = SQL("account.state_id")
    team: SQL = NONE
    document_model: SQL = SQL("NULL::varchar")  # it goes with this document
    document_id: SQL = NONE
    has_team: bool = False


def _lead(label, domain):
    return Kind(
        label=label,
        model="crm.lead",
        domain=lambda env: Domain(domain),
        customer=SQL("record.partner_id"),
        organization=SQL("record.organization_id"),
        amount=SQL("record.expected_revenue"),
        market=SQL("COALESCE(record.market_id, account.market_id)"),
        state=SQL("COALESCE(account.state_id, record.state_id)"),
        team=SQL("record.team_id"),
        has_team=True,
    )


def _open_lead(label, lead_type):
    return _lead(
        label,
        [
            ("type", "=", lead_type),
            ("active", "=", True),
            ("won_status", "=", "pending"),
        ],
    )


def _objective_name(env):
    """What it is about, in the language of the user, and its dates."""
    labels = env["crm.objective"]._fields["metric"]._description_selection(env)
    return SQL(
        """CASE record.metric %s END || ', ' || record.date_from
           || ' – ' || record.date_to""",
        SQL(" ").join(SQL("WHEN %s THEN %s", key, label) for key, label in labels),
    )


# Everything that is handed over, accounts first. What comes later is one entry more.
KINDS = {
    "organization": Kind(
        label="Organizations",
        model="res.partner",
        domain=lambda env: (
            Domain("is_company", "=", True) & Domain("active", "=", True)
        ),
        customer=SQL("record.id"),
    ),
    "contact": Kind(
        label="Contacts",
        model="res.partner",
        domain=lambda env: (
            Domain("is_company", "=", False) & Domain("active", "=", True)
        ),
        customer=SQL("record.id"),
        name=SQL("record.complete_name"),
        market=SQL("COALESCE(record.market_id, account.market_id)"),
        state=SQL("COALESCE(account.state_id, record.state_id)"),
    ),
    "opportunity": _open_lead("Opportunities", "opportunity"),
    "enquiry": _open_lead("Enquiries", "lead"),
    "standby": _lead(
        "Opportunities on Standby",
        [("active", "=", False), ("closure_kind", "=", "standby")],
    ),
    "quotation": Kind(
        label="Quotations",
        model="sale.order",
        domain=lambda env: Domain("state", "in", ("draft", "sent")),
        customer=SQL("record.partner_id"),
        organization=SQL("lead.organization_id"),
        joins=SQL("LEFT JOIN crm_lead lead ON lead.id = record.opportunity_id"),
        amount=SQL(
            "record.amount_total / COALESCE(NULLIF(record.currency_rate, 0), 1)"
        ),
        market=SQL("COALESCE(lead.market_id, account.market_id)"),
        team=SQL("record.team_id"),
        document_model=SQL("CASE WHEN record.opportunity_id > 0 THEN 'crm.lead' END"),
        document_id=SQL("record.opportunity_id"),
        has_team=True,
    ),
    "incident": Kind(
        label="Incidents",
        model="project.task",
        owner="user_ids",
        domain=lambda env: (
            Domain("active", "=", True)
            & Domain("partner_id", "!=", False)
            & Domain("state", "not in", CLOSED_TASKS)
            & (
                Domain("project_id.privacy_visibility", "in", ("employees", "portal"))
                | Domain("crm_is_incident", "=", True)
            )
        ),
        customer=SQL("record.partner_id"),
        organization=SQL("record.crm_organization_id"),
    ),
    "activity": Kind(
        label="Planned Activities",
        model="mail.activity",
        domain=lambda env: (
            Domain("active", "=", True) & Domain("res_model", "in", DOCUMENTS)
        ),
        customer=SQL(
            """CASE record.res_model WHEN 'res.partner' THEN record.res_id
                 ELSE COALESCE(lead.partner_id, orders.partner_id, task.partner_id)
               END"""
        ),
        organization=SQL("lead.organization_id"),
        joins=SQL(
            """LEFT JOIN sale_order orders
                      ON record.res_model = 'sale.order' AND orders.id = record.res_id
               LEFT JOIN project_task task
                      ON record.res_model = 'project.task' AND task.id = record.res_id
               LEFT JOIN crm_lead lead
                      ON lead.id = CASE record.res_model
                                   WHEN 'crm.lead' THEN record.res_id
                                   ELSE orders.opportunity_id END"""
        ),
        name=SQL("COALESCE(NULLIF(record.summary, ''), record.res_name)"),
        company=SQL("COALESCE(lead.company_id, orders.company_id, task.company_id)"),
        market=SQL("COALESCE(lead.market_id, account.market_id)"),
        state=SQL("COALESCE(account.state_id, lead.state_id)"),
        team=SQL("COALESCE(lead.team_id, orders.team_id)"),
        document_model=SQL("record.res_model"),
        document_id=SQL("record.res_id"),
    ),
    "meeting": Kind(
        label="Meetings",
        model="calendar.event",
        domain=lambda env: (
            Domain("active", "=", True)
            & Domain("stop", ">=", fields.Datetime.now())
            & env["crm.handover.scope"]._public_meetings()
        ),
        customer=SQL(
            """COALESCE(lead.partner_id, CASE record.res_model
               WHEN 'res.partner' THEN record.res_id END)"""
        ),
        organization=SQL("lead.organization_id"),
        joins=SQL("LEFT JOIN crm_lead lead ON lead.id = record.opportunity_id"),
        company=SQL("lead.company_id"),
        market=SQL("COALESCE(lead.market_id, account.market_id)"),
        state=SQL("COALESCE(account.state_id, lead.state_id)"),
        team=SQL("lead.team_id"),
        document_model=SQL(
            "CASE WHEN record.opportunity_id > 0 THEN 'crm.lead' "
            "ELSE record.res_model END"
        ),
        document_id=SQL("COALESCE(record.opportunity_id, record.res_id)"),
    ),
    "objective": Kind(
        label="Objectives",
        model="crm.objective",
        domain=lambda env: env["crm.objective"]._running(),
        customer=NONE,
        name=_objective_name,
        market=SQL("record.market_id"),
    ),
    "team": Kind(
        label="Leadership of Teams",
        model="crm.team",
        domain=lambda env: Domain("active", "=", True),
        customer=NONE,
    ),
}
# Kinds that make somebody a seller; an activity or a meeting everybody has.
SALES = ("organization", "contact", "opportunity", "enquiry", "standby", "quotation")


class CrmHandoverScope(models.AbstractModel):
    """What a seller works on, and how it is split among his successors.

    *What.* `KINDS` is the one list of it: open work, with who owns it and the account
    it is of. Closed work, and what happened, stays with its author.

    *Split.* An account decides for what belongs to it, so that it is not split. What
    has an account of somebody else goes with its document, else by its own market,
    team and state. The first share that matches wins; the rest is the main successor's.

    Everything here runs by SQL in bounded statements: a portfolio has ten thousands of
    rows. It asks nobody for rights: ``crm.handover`` does, before.
    """

    _name = "crm.handover.scope"
    _description = "Scope of a Hand-over"

    @api.model
    def _public_meetings(self):
        """:return: domain of the meetings that are not private, by themselves or by the
        calendar of who organizes them; as Odoo's calendar decides"""
        shown = Domain("privacy", "in", ("public", "confidential"))
        # sudo: whose calendar is private is no secret
        settings = self.env["res.users.settings"].sudo()
        params = self.env["ir.config_parameter"].sudo()
        if params.get_param("calendar.default_privacy") == "private":
            public = settings._search([("calendar_default_privacy", "!=", "private")])
            owners = Domain("user_id", "in", public.select("user_id"))
        else:
            private = settings._search([("calendar_default_privacy", "=", "private")])
            owners = Domain("user_id", "not in", private.select("user_id"))
        return shown | (Domain("privacy", "=", False) & owners)

    @api.model
    def _domain(self, key, users):
        """:return: domain of the open work of one kind that these users own"""
        kind = KINDS[key]
        return Domain(kind.owner, "in", users.ids) & kind.domain(self.env)

    @api.model
    def _everything(self, key):
        """:return: the model of a kind, closed and archived included"""
        # sudo: see the class; who asks may hand over this seller's work
        return self.env[KINDS[key].model].sudo().with_context(active_test=False)

    @api.model
    def _open_work(self, users):
        """What these users still own, in all companies.

        :return: dict user -> dict kind -> number; only what is there
        """
        work = {user: {} for user in users}
        for key, kind in KINDS.items():
            for owner, count in self._everything(key)._read_group(
                self._domain(key, users), [kind.owner], ["__count"]
            ):
                if (owner := owner.with_env(users.env)) in work:
                    work[owner][key] = count
        return work

    @api.model
    def _describe(self, work):
        """:return: one line for each kind of open work, such as "Contacts: 3" """
        labels = dict(
            self.env["crm.handover.line"]
            ._fields["kind"]
            ._description_selection(self.env)
        )
        return "\n".join(f"- {labels[key]}: {count}" for key, count in work.items())

    # === LINES === #

    @api.model
    def _fill(self, handover):
        """Write the lines of a draft hand-over: everything it would move, and to whom.
        They replace those of an earlier preview."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL("DELETE FROM crm_handover_line WHERE handover_id = %s", handover.id)
        )
        self._open_draft()
        for key in KINDS:
            self.env.cr.execute(self._insert(handover, key))
        self._split(handover)
        self._settle(handover, table=DRAFT)
        self._keep_draft()
        self.env.invalidate_all()

    @api.model
    def _open_draft(self):
        """A table of this transaction, in which lines are worked out in several steps:
        in their own, each step would check all foreign keys of a line again."""
        self.env.cr.execute(
            SQL(
                """CREATE TEMPORARY TABLE %s (LIKE crm_handover_line INCLUDING DEFAULTS)
                          ON COMMIT DROP""",
                DRAFT,
            )
        )

    @api.model
    def _keep_draft(self):
        self.env.cr.execute(
            SQL(
                """INSERT INTO crm_handover_line SELECT * FROM %(draft)s ORDER BY id;
                   DROP TABLE %(draft)s""",
                draft=DRAFT,
            )
        )

    @api.model
    def _movable(self, handover, key):
        """:return: domain of what this hand-over moves of a kind"""
        domain = self._domain(key, handover.user_id)
        if key == "team":
            domain &= Domain("crm_in_scope", "=", True)
        return domain

    @api.model
    def _insert(self, handover, key):
        kind = KINDS[key]
        records = self._everything(key)
        name = kind.name(self.env) if callable(kind.name) else kind.name
        values = {
            "handover_id": SQL("%s", handover.id),
            "kind": SQL("%s", key),
            "res_model": SQL("%s", kind.model),
            "res_id": SQL("record.id"),
            "name": SQL(
                "COALESCE(%s, '-')",
                name or records._field_to_sql("record", "name"),
            ),
            "document_model": kind.document_model,
            "document_id": kind.document_id,
            "account_id": SQL("account.id"),
            "company_id": kind.company,
            "currency_id": SQL("company.currency_id"),
            "amount": kind.amount,
            "market_id": kind.market,
            "country_state_id": kind.state,
            "team_id": kind.team,
            "new_team_id": kind.team,
            "user_id": SQL("%s", handover.user_id.id),
            "state": SQL("'todo'"),
            "create_uid": SQL("%s", self.env.uid),
            "create_date": SQL("%s", self.env.cr.now()),
            "write_uid": SQL("%s", self.env.uid),
            "write_date": SQL("%s", self.env.cr.now()),
        }
        return SQL(
            """WITH movable AS MATERIALIZED %(movable)s
               INSERT INTO %(draft)s (%(columns)s)
               SELECT %(values)s
                 FROM movable
                 JOIN %(table)s record ON record.id = movable.id %(joins)s
            LEFT JOIN res_partner customer ON customer.id = %(customer)s
            LEFT JOIN res_partner account
                   ON account.id = COALESCE(
                      %(organization)s, customer.commercial_partner_id)
                 JOIN res_company company
                   ON company.id = COALESCE(%(company)s, %(own_company)s)
                WHERE %(company)s IS NULL OR %(company)s = ANY(%(companies)s)
             ORDER BY record.id""",
            draft=DRAFT,
            columns=SQL(", ").join(map(SQL.identifier, values)),
            values=SQL(", ").join(values.values()),
            table=SQL.identifier(records._table),
            joins=kind.joins,
            customer=kind.customer,
            organization=kind.organization,
            company=kind.company,
            own_company=self.env.company.id,
            movable=records._search(self._movable(handover, key)).subselect(),
            companies=handover.company_ids.ids,
        )

    # === SPLIT === #

    @api.model
    def _split(self, handover):
        """Say to whom each line goes."""
        account = SQL(
            "line.res_model = 'res.partner' AND line.res_id = line.account_id"
        )
        self._share_out(handover, account)
        self._follow(
            handover,
            SQL(
                """leader.res_model = 'res.partner'
                   AND leader.account_id = leader.res_id
                   AND leader.res_id = line.account_id"""
            ),
        )
        document = SQL(
            """leader.res_model = line.document_model
               AND leader.res_id = line.document_id"""
        )
        follows = SQL(
            """EXISTS (SELECT 1 FROM %s leader
                        WHERE leader.handover_id = line.handover_id AND %s)""",
            DRAFT,
            document,
        )
        self._share_out(handover, SQL("NOT %s", follows))
        self._follow(handover, document)
        # the activity of a quotation whose opportunity led the way
        self._follow(handover, document)

    @api.model
    def _share_out(self, handover, condition):
        shares = [
            (share.successor_id, share._match(DRAFT)) for share in handover.share_ids
        ]
        for successor, match in [*shares, (handover.successor_id, SQL("TRUE"))]:
            self.env.cr.execute(
                SQL(
                    """UPDATE %s line SET successor_id = %s
                        WHERE line.handover_id = %s AND line.successor_id IS NULL
                          AND %s AND %s""",
                    DRAFT,
                    successor.id,
                    handover.id,
                    condition,
                    match,
                )
            )

    @api.model
    def _follow(self, handover, condition):
        # what PostgreSQL believes to be a table of a few rows, it reads row by row; and
        # who leads was decided a moment ago
        self.env.cr.execute(SQL("ANALYZE %s", DRAFT))
        self.env.cr.execute(
            SQL(
                """UPDATE %(draft)s line SET successor_id = leader.successor_id
                     FROM %(draft)s leader
                    WHERE leader.handover_id = line.handover_id
                      AND line.handover_id = %(handover)s
                      AND line.successor_id IS NULL
                      AND leader.successor_id IS NOT NULL AND leader.id <> line.id
                      AND %(condition)s""",
                draft=DRAFT,
                handover=handover.id,
                condition=condition,
            )
        )

    @api.model
    def _settle(self, handover, lines=None, table=LINES):
        """Work out what follows from the successors of lines that wait: the team, which
        stays where the successor is in it or where the stage is that team's own, else
        becomes his; and whether he may work in the company at all.

        :param lines: all of them by default
        :param table: where they are
        """
        chosen = SQL("AND line.id = ANY(%s)", lines.ids) if lines is not None else SQL()
        kinds = [key for key, kind in KINDS.items() if kind.has_team]
        self.env.cr.execute(
            SQL(
                """UPDATE %(table)s line
                      SET new_team_id = CASE
                          WHEN NOT line.kind = ANY(%(kinds)s) OR EXISTS (
                               SELECT 1 FROM crm_team team
                            LEFT JOIN crm_team_member member
                                   ON member.crm_team_id = team.id AND member.active
                                WHERE team.id = line.team_id
                                  AND line.successor_id IN (
                                      team.user_id, member.user_id))
                          THEN line.team_id
                          WHEN own.id IS NULL OR EXISTS (
                               SELECT 1 FROM crm_lead lead
                                 JOIN crm_stage_crm_team_rel rel
                                   ON rel.crm_stage_id = lead.stage_id
                                WHERE line.res_model = 'crm.lead'
                                  AND lead.id = line.res_id
                               HAVING NOT bool_or(rel.crm_team_id = own.id))
                          THEN line.team_id
                          ELSE own.id END,
                          state = CASE WHEN permitted.ok THEN 'todo' ELSE 'skipped' END,
                          reason = CASE WHEN permitted.ok THEN NULL ELSE 'company' END
                     FROM %(table)s same
                     JOIN res_users successor ON successor.id = same.successor_id
               CROSS JOIN LATERAL (
                          SELECT same.company_id IS NULL OR EXISTS (
                                 SELECT 1 FROM res_company_users_rel rel
                                  WHERE rel.user_id = successor.id
                                    AND rel.cid = same.company_id) AS ok) permitted
                LEFT JOIN crm_team own
                       ON own.id = successor.sale_team_id AND own.active
                      AND (own.company_id IS NULL OR own.company_id = same.company_id)
                    WHERE same.id = line.id AND line.handover_id = %(handover)s
                      AND (line.state = 'todo' OR line.reason = 'company')
                      %(chosen)s""",
                table=table,
                kinds=kinds,
                handover=handover.id,
                chosen=chosen,
            )
        )

    # === WHAT STAYS === #

    @api.model
    def _left(self, handover):
        """What the leaver keeps for now though it is open work.

        :return: number of rows in companies that this hand-over leaves out, and of
            activities of his elsewhere in Odoo
        """
        not_taken = Domain("company_id", "not in", [*handover.company_ids.ids, False])
        others = sum(
            self._everything(key).search_count(
                self._domain(key, handover.user_id) & not_taken
            )
            for key, kind in KINDS.items()
            if kind.company is COMPANY and key != "team"
        )
        elsewhere = self._everything("activity").search_count(
            [
                ("user_id", "in", handover.user_id.ids),
                ("active", "=", True),
                ("res_model", "not in", DOCUMENTS),
            ]
        )
        return others, elsewhere
