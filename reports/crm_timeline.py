from collections import defaultdict
from collections.abc import Set
from functools import partial
from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# An id says what it stands for: id of the source's row * WIDTH + number of the source.
WIDTH = 16
# The columns of every branch; one type that differs and PostgreSQL looks through all
# rows instead of pushing conditions down to the branches.
COLUMNS = {
    "id": SQL("int8"),
    "organization_id": SQL("int4"),
    "contact_id": SQL("int4"),
    "date": SQL("timestamp"),
    "kind": SQL("varchar"),
    "res_model": SQL("varchar"),
    "res_id": SQL("int4"),
    "user_id": SQL("int4"),
    "summary": SQL("varchar"),
    "amount": SQL("numeric"),
    "currency_id": SQL("int4"),
    "company_id": SQL("int4"),
}
SEPARATOR = " · "
ARROW = " → "
DESCRIPTION_LENGTH = 200
# Passages that other rows tell: the opportunity itself, its closures.
TOLD_ELSEWHERE = ("created", "won", "closed")


class Source(NamedTuple):
    number: int  # for good: the ids of rows are made of it
    model: str
    kinds: frozenset


SOURCES = {
    "gestion": Source(1, "crm.gestion", frozenset({"gestion"})),
    "opportunity": Source(2, "crm.lead", frozenset({"opportunity"})),
    "stage": Source(3, "crm.opportunity.stage", frozenset({"stage"})),
    "closure": Source(4, "crm.opportunity.closure", frozenset({"closure"})),
    "order": Source(5, "sale.order", frozenset({"quotation", "order"})),
    "invoice": Source(6, "account.move", frozenset({"invoice"})),
    "meeting": Source(7, "calendar.event", frozenset({"meeting"})),
    "attendee": Source(8, "calendar.attendee", frozenset({"meeting"})),
    "incident": Source(9, "project.task", frozenset({"incident"})),
    "project": Source(10, "project.project", frozenset({"project"})),
    "trace": Source(11, "mailing.trace", frozenset({"campaign_email"})),
    "lead_trace": Source(12, "mailing.trace", frozenset({"campaign_email"})),
}


class Narrowing(NamedTuple):
    """What a search asks for in columns that are expressions, which no index of a
    source knows: value of a context key. ``None`` asks for anything. An object of this
    class cannot come from outside, and all it does is to find less.
    """

    id: Set | None = None
    contact_id: Set | None = None
    kind: Set | None = None

    @classmethod
    def of(cls, domain):
        """:param domain: optimized; only conditions that every row must meet count"""
        parts = [domain]
        if getattr(domain, "OPERATOR", None) == "&":
            parts = domain.children
        return cls(
            **{
                part.field_expr: part.value
                for part in parts
                if getattr(part, "operator", None) == "in"
                and part.field_expr in cls._fields
                and isinstance(part.value, Set)  # and no subquery
                and all(part.value)
            }
        )

    def source_ids(self):
        """:return: dict number of a source -> ids of its rows; None for all"""
        if self.id is None:
            return None
        by_number = defaultdict(list)
        for row_id in self.id:
            source_id, number = divmod(row_id, WIDTH)
            by_number[number].append(source_id)
        return by_number


class CrmTimeline(models.Model):
    """One event of a customer's history, the *expediente*: a gestión, an opportunity
    that was opened, moved or closed, a quotation or order, an invoice, a meeting, an
    incident, a project, an e-mail of a campaign.

    *No table.* The query is a union with one branch for each source, made for who
    reads it: each branch is the source's own search, with its access rights and record
    rules, so nobody sees here what he may not see there, and a source he may not read
    at all is absent. Private meetings are their attendees' only: Odoo shows them to
    others as "Busy", field by field, which no query can.

    *Whose history.* An event that names an organization is of this organization, even
    if the person works elsewhere by now; other events are of the customer's company,
    and those of a person who has none are his own. An event is there once for each
    organization.

    *Ids* are stable and say where a row comes from (`WIDTH`). In the other columns by
    which rows are looked up stand bare columns that have an index, so that PostgreSQL
    reads the events of one customer and nothing else; for those where this cannot be,
    `_search` tells the branches what is asked for (`Narrowing`).
    """

    _name = "crm.timeline"
    _description = "Customer's History"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "summary"
    _depends = {
        "account.move": [
            "amount_total_in_currency_signed", "commercial_partner_id", "company_id",
            "currency_id", "invoice_date", "invoice_user_id", "move_type", "name",
            "partner_id", "ref", "state",
        ],
        "calendar.attendee": ["event_id", "partner_id"],
        "calendar.event": [
            "active", "name", "opportunity_id", "partner_ids", "privacy", "start",
            "user_id",
        ],
        "crm.gestion": [
            "company_id", "contact_id", "date", "description", "name",
            "organization_id", "result_id", "user_id",
        ],
        "crm.gestion.result": ["name"],
        "crm.lead": [
            "company_id", "date_conversion", "expected_revenue", "name",
            "organization_id", "partner_id", "type", "user_id",
        ],
        "crm.lost.reason": ["name"],
        "crm.opportunity.closure": [
            "company_id", "currency_id", "date", "expected_revenue", "kind", "lead_id",
            "lost_reason_id", "user_id",
        ],
        "crm.opportunity.stage": [
            "company_id", "date_in", "from_stage_id", "lead_id", "move", "stage_id",
            "user_id",
        ],
        "crm.stage": ["name"],
        "mailing.mailing": ["subject", "user_id"],
        "mailing.trace": ["mass_mailing_id", "model", "res_id", "sent_datetime"],
        "project.project": ["company_id", "name", "partner_id", "user_id"],
        "project.task": ["company_id", "name", "partner_id"],
        "res.company": ["currency_id"],
        "res.partner": ["commercial_partner_id", "is_company", "partner_share"],
        "sale.order": [
            "amount_total", "client_order_ref", "company_id", "currency_id",
            "date_order", "name", "opportunity_id", "partner_id", "state", "user_id",
        ],
    }  # fmt: skip

    organization_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    contact_id = fields.Many2one(
        comodel_name="res.partner",
        readonly=True,
        help="The person it was with, where that is known.",
    )
    date = fields.Datetime(readonly=True)
    kind = fields.Selection(
        selection=[
            ("gestion", "Gestión"),
            ("opportunity", "Opportunity opened"),
            ("stage", "Stage change"),
            ("closure", "Closure"),
            ("quotation", "Quotation"),
            ("order", "Sales order"),
            ("invoice", "Invoice"),
            ("meeting", "Meeting"),
            ("incident", "Incident"),
            ("project", "Project"),
            ("campaign_email", "Campaign e-mail"),
        ],
        readonly=True,
    )
    res_model = fields.Char(string="Model of the Record", readonly=True)
    res_id = fields.Many2oneReference(
        string="Record",
        model_field="res_model",
        readonly=True,
        aggregator=None,
        help="The record that the row opens.",
    )
    user_id = fields.Many2one(comodel_name="res.users", readonly=True)
    summary = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True, aggregator=None)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)

    # === SEARCH === #

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        domain = Domain(domain).optimize(self)
        narrowed = self.with_context(crm_timeline=Narrowing.of(domain))
        return super(CrmTimeline, narrowed)._search(
            domain, offset=offset, limit=limit, order=order, **kwargs
        )

    def exists(self):
        """Of all methods of Odoo that read this model the one that does not search."""
        domain = Domain("id", "in", self.ids).optimize(self)
        narrowed = self.with_context(crm_timeline=Narrowing.of(domain))
        return super(CrmTimeline, narrowed).exists().with_env(self.env)

    # === ACTION METHODS === #

    @api.readonly
    def action_open(self):
        """
        :return: action of the form of what the row stands for
        :raise AccessError: if the user may not read that, as Odoo says it
        """
        self.ensure_one()
        source_id, number = divmod(self.id, WIDTH)
        model = next(x.model for x in SOURCES.values() if x.number == number)
        self.env[model].browse(source_id).check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    @api.model
    def _action_of(self, partner):
        """:return: action that shows the history of an organization or a person"""
        which = "organization" if partner.is_company else "contact"
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"crm_gestion.crm_timeline_action_{which}"
        )
        return {
            **action,
            "display_name": f"{action['name']}: {partner.name}",
            "context": {"active_id": partner.id, "active_model": partner._name},
        }

    # === QUERY === #

    @property
    def _table_query(self):
        narrowing = self.env.context.get("crm_timeline")
        if not isinstance(narrowing, Narrowing):
            narrowing = Narrowing()
        branches = list(self._branches(narrowing)) or [self._nothing()]
        return SQL(" UNION ALL ").join(branches)

    def _nothing(self):
        columns = SQL(", ").join(
            SQL("NULL::%s AS %s", kind, SQL.identifier(name))
            for name, kind in COLUMNS.items()
        )
        return SQL("SELECT %s WHERE FALSE", columns)

    def _branches(self, narrowing):
        """:return: iterator of SELECTs: what this user may read, source by source"""
        ids = narrowing.source_ids()
        for name, source in SOURCES.items():
            if narrowing.kind is not None and not source.kinds & set(narrowing.kind):
                continue
            domain = getattr(self, f"_domain_{name}")()
            if ids is not None:
                domain &= Domain("id", "in", ids[source.number])
            query = self._readable(source.model, domain)
            if query is None:
                continue
            for values, condition in getattr(self, f"_rows_{name}")(query):
                yield self._select(query, source, values, condition, narrowing)

    def _readable(self, model, domain):
        """
        :return: query of the records that this user may read, archived ones too; None
            where there cannot be any
        """
        records = self.env[model].with_context(active_test=False)
        if not records.has_access("read"):
            return None
        query = records._search(domain)
        return None if query.is_empty() else query

    def _select(self, query, source, values, condition, narrowing):
        """One branch.

        :param dict values: SQL or value of `COLUMNS`, and of ``person``: the column
            with an index that decides ``contact_id``
        :param condition: SQL, besides what the query asks for
        """
        source_id = SQL.identifier(query.table, "id")
        values = {
            "id": SQL("%s::int8 * %s + %s", source_id, WIDTH, source.number),
            "res_model": source.model,
            "res_id": source_id,
            **values,
        }
        columns = SQL(", ").join(
            SQL("(%s)::%s AS %s", values.get(name), kind, SQL.identifier(name))
            for name, kind in COLUMNS.items()
        )
        conditions = [condition]
        if query.where_clause.code:
            conditions.append(query.where_clause)
        if narrowing.contact_id is not None:
            persons = tuple(narrowing.contact_id)
            conditions.append(SQL("%s IN %s", values["person"], persons))
        return SQL(
            "SELECT %s FROM %s WHERE %s",
            columns,
            query.from_clause,
            SQL(" AND ").join(conditions),
        )

    # === WHOSE === #

    def _of_named(self, organization, person):
        """The event is of the organization that it names, else of the person.

        :return: iterator of values and condition, one pair for each branch
        """
        yield (
            {
                "organization_id": organization,
                "contact_id": SQL("NULLIF(%s, %s)", person, organization),
                "person": person,
            },
            SQL("%s IS NOT NULL", organization),
        )
        yield (
            {"organization_id": person, "contact_id": person, "person": person},
            SQL("%s IS NULL AND %s IS NOT NULL", organization, person),
        )

    def _of_customer(self, query, alias, column, organization=None):
        """The event is of the company of the customer.

        :param organization: SQL, if that company is kept with the event
        :return: values
        """
        partner = query.join(alias, column, "res_partner", "id", "customer")
        person = SQL.identifier(alias, column)
        return {
            "organization_id": organization
            or SQL.identifier(partner, "commercial_partner_id"),
            "contact_id": SQL(
                "CASE WHEN %s THEN NULL ELSE %s END",
                SQL.identifier(partner, "is_company"),
                person,
            ),
            "person": person,
        }

    def _of_lead(self, alias):
        lead = partial(SQL.identifier, alias)
        return self._of_named(lead("organization_id"), lead("partner_id"))

    # === SOURCES === #
    # For each: which records, and the values of their rows.

    def _domain_gestion(self):
        return Domain.TRUE

    def _rows_gestion(self, query):
        own = partial(SQL.identifier, query.table)
        values = {
            "date": own("date"),
            "kind": "gestion",
            "user_id": own("user_id"),
            "summary": self._text(
                own("name"),
                self._name_of(query, query.table, "result_id", "crm.gestion.result"),
                SQL("left(%s, %s)", own("description"), DESCRIPTION_LENGTH),
            ),
            "company_id": own("company_id"),
        }
        for whose, condition in self._of_named(
            own("organization_id"), own("contact_id")
        ):
            yield {**values, **whose}, condition

    def _domain_opportunity(self):
        return Domain("type", "=", "opportunity")

    def _rows_opportunity(self, query):
        own = partial(SQL.identifier, query.table)
        company = query.left_join(
            query.table, "company_id", "res_company", "id", "company"
        )
        values = {
            "date": SQL("COALESCE(%s, %s)", own("date_conversion"), own("create_date")),
            "kind": "opportunity",
            "user_id": own("user_id"),
            "summary": own("name"),
            "amount": own("expected_revenue"),
            "currency_id": SQL(
                "COALESCE(%s, %s)",
                SQL.identifier(company, "currency_id"),
                self.env.company.currency_id.id,
            ),
            "company_id": own("company_id"),
        }
        for whose, condition in self._of_lead(query.table):
            yield {**values, **whose}, condition

    def _domain_stage(self):
        return Domain("move", "not in", TOLD_ELSEWHERE)

    def _rows_stage(self, query):
        own = partial(SQL.identifier, query.table)
        lead = query.join(query.table, "lead_id", "crm_lead", "id", "lead")
        stage = self._name_of(query, query.table, "stage_id", "crm.stage")
        move = SQL(
            "CASE WHEN %s NOT IN ('forward', 'skipped') THEN %s END",
            own("move"),
            self._label("crm.opportunity.stage", "move", own("move")),
        )
        values = {
            "date": own("date_in"),
            "kind": "stage",
            "res_model": "crm.lead",
            "res_id": own("lead_id"),
            "user_id": own("user_id"),
            "summary": self._text(
                SQL.identifier(lead, "name"),
                move,
                SQL(
                    "concat_ws(%s, NULLIF(%s, %s), %s)",
                    ARROW,
                    self._name_of(query, query.table, "from_stage_id", "crm.stage"),
                    stage,
                    stage,
                ),
            ),
            "company_id": own("company_id"),
        }
        for whose, condition in self._of_lead(lead):
            yield {**values, **whose}, condition

    def _domain_closure(self):
        return Domain.TRUE

    def _rows_closure(self, query):
        own = partial(SQL.identifier, query.table)
        lead = query.join(query.table, "lead_id", "crm_lead", "id", "lead")
        values = {
            "date": own("date"),
            "kind": "closure",
            "res_model": "crm.lead",
            "res_id": own("lead_id"),
            "user_id": own("user_id"),
            "summary": self._text(
                SQL.identifier(lead, "name"),
                self._label("crm.opportunity.closure", "kind", own("kind")),
                self._name_of(query, query.table, "lost_reason_id", "crm.lost.reason"),
            ),
            "amount": own("expected_revenue"),
            "currency_id": own("currency_id"),
            "company_id": own("company_id"),
        }
        for whose, condition in self._of_lead(lead):
            yield {**values, **whose}, condition

    def _domain_order(self):
        return Domain.TRUE

    def _rows_order(self, query):
        """The organization of the opportunity, where it has one, decides: what a
        contact buys for the second of his organizations is not his employer's."""
        own = partial(SQL.identifier, query.table)
        lead = query.left_join(query.table, "opportunity_id", "crm_lead", "id", "lead")
        organization = SQL.identifier(lead, "organization_id")
        confirmed = SQL("%s = 'sale'", own("state"))
        values = {
            "date": own("date_order"),
            "kind": SQL("CASE WHEN %s THEN 'order' ELSE 'quotation' END", confirmed),
            "user_id": own("user_id"),
            "summary": self._text(
                own("name"),
                own("client_order_ref"),
                SQL(
                    "CASE WHEN %s NOT IN ('draft', 'sale') THEN %s END",
                    own("state"),
                    self._label("sale.order", "state", own("state")),
                ),
            ),
            "amount": own("amount_total"),
            "currency_id": own("currency_id"),
            "company_id": own("company_id"),
            **self._of_customer(query, query.table, "partner_id"),
        }
        yield values, SQL("%s IS NULL", organization)
        yield (
            {**values, "organization_id": organization},
            SQL("%s IS NOT NULL", organization),
        )

    def _domain_invoice(self):
        return Domain("move_type", "in", ("out_invoice", "out_refund")) & Domain(
            "state", "=", "posted"
        )

    def _rows_invoice(self, query):
        own = partial(SQL.identifier, query.table)
        values = {
            # at noon: a day is the same day in all time zones
            "date": SQL("%s + time '12:00'", own("invoice_date")),
            "kind": "invoice",
            "user_id": own("invoice_user_id"),
            "summary": self._text(
                own("name"),
                own("ref"),
                SQL(
                    "CASE WHEN %s = 'out_refund' THEN %s END",
                    own("move_type"),
                    self._label("account.move", "move_type", own("move_type")),
                ),
            ),
            "amount": own("amount_total_in_currency_signed"),
            "currency_id": own("currency_id"),
            "company_id": own("company_id"),
            **self._of_customer(
                query,
                query.table,
                "partner_id",
                organization=own("commercial_partner_id"),
            ),
        }
        yield values, SQL("TRUE")

    def _visible_meetings(self):
        """Not archived, which is how a meeting is called off, and not others' private
        ones, whether by their own privacy or by that of the organizer's calendar."""
        active = Domain("active", "=", True)
        if self.env.su:
            return active
        own = Domain("user_id", "=", self.env.uid) | Domain(
            "partner_ids", "in", self.env.user.partner_id.ids
        )
        # sudo: as in Odoo's own calendar, whose calendar is private is no secret
        settings = self.env["res.users.settings"].sudo()
        params = self.env["ir.config_parameter"].sudo()
        if params.get_param("calendar.default_privacy") == "private":
            public = settings._search([("calendar_default_privacy", "!=", "private")])
            shown = Domain("user_id", "in", public.select("user_id"))
        else:
            private = settings._search([("calendar_default_privacy", "=", "private")])
            shown = Domain("user_id", "not in", private.select("user_id"))
        shown |= Domain("user_id", "=", False)
        public = Domain("privacy", "in", ("public", "confidential"))
        return active & (own | public | (Domain("privacy", "=", False) & shown))

    def _meeting_values(self, alias):
        event = partial(SQL.identifier, alias)
        return {
            "date": event("start"),
            "kind": "meeting",
            "res_model": "calendar.event",
            "res_id": event("id"),
            "user_id": event("user_id"),
            "summary": event("name"),
        }

    def _domain_meeting(self):
        return self._visible_meetings() & Domain("opportunity_id", "!=", False)

    def _rows_meeting(self, query):
        """Meetings of an opportunity are of the opportunity's organization."""
        lead = query.join(query.table, "opportunity_id", "crm_lead", "id", "lead")
        for whose, condition in self._of_lead(lead):
            yield {**self._meeting_values(query.table), **whose}, condition

    def _domain_attendee(self):
        return Domain("event_id", "any", self._visible_meetings())

    def _rows_attendee(self, query):
        """Meetings with people of an organization are of this organization: once, by
        the first of its attendees, and not if they are its opportunity's already."""
        own = partial(SQL.identifier, query.table)
        event = query.join(query.table, "event_id", "calendar_event", "id", "event")
        lead = query.left_join(event, "opportunity_id", "crm_lead", "id", "lead")
        whose = self._of_customer(query, query.table, "partner_id")
        organization = whose["organization_id"]
        partner = query.make_alias(query.table, "customer")
        # the only index by attendee is that of the event's partners
        query.add_join(
            "JOIN",
            "relation",
            "calendar_event_res_partner_rel",
            SQL(
                "relation.calendar_event_id = %s AND relation.res_partner_id = %s",
                SQL.identifier(event, "id"),
                SQL.identifier(partner, "id"),
            ),
        )
        condition = SQL(
            """%(customer)s AND %(organization)s IS DISTINCT FROM
                   COALESCE(%(lead_organization)s, %(lead_partner)s)
               AND NOT EXISTS (
                   SELECT FROM calendar_attendee former
                     JOIN res_partner ON res_partner.id = former.partner_id
                    WHERE former.event_id = %(event)s AND former.id < %(attendee)s
                      AND res_partner.commercial_partner_id = %(organization)s
                      AND res_partner.partner_share)""",
            customer=SQL.identifier(partner, "partner_share"),  # none of our users
            organization=organization,
            lead_organization=SQL.identifier(lead, "organization_id"),
            lead_partner=SQL.identifier(lead, "partner_id"),
            event=own("event_id"),
            attendee=own("id"),
        )
        yield {**self._meeting_values(event), **whose}, condition

    def _domain_incident(self):
        return Domain("partner_id", "!=", False)

    def _rows_incident(self, query):
        own = partial(SQL.identifier, query.table)
        values = {
            "date": own("create_date"),
            "kind": "incident",
            "user_id": own("create_uid"),
            "summary": own("name"),
            "company_id": own("company_id"),
            **self._of_customer(query, query.table, "partner_id"),
        }
        yield values, SQL("TRUE")

    def _domain_project(self):
        return Domain("partner_id", "!=", False)

    def _rows_project(self, query):
        own = partial(SQL.identifier, query.table)
        project = self.env["project.project"]
        values = {
            "date": own("create_date"),
            "kind": "project",
            "user_id": own("user_id"),
            "summary": project._field_to_sql(query.table, "name", query),
            "company_id": own("company_id"),
            **self._of_customer(query, query.table, "partner_id"),
        }
        yield values, SQL("TRUE")

    def _mailing_values(self, query):
        own = partial(SQL.identifier, query.table)
        mailing = query.join(
            query.table, "mass_mailing_id", "mailing_mailing", "id", "mailing"
        )
        subject = self.env["mailing.mailing"]._field_to_sql(mailing, "subject", query)
        return {
            "date": own("sent_datetime"),
            "kind": "campaign_email",
            "res_model": "mailing.mailing",
            "res_id": own("mass_mailing_id"),
            "user_id": SQL.identifier(mailing, "user_id"),
            "summary": subject,
        }

    def _sent_to(self, model):
        return Domain("sent_datetime", "!=", False) & Domain("model", "=", model)

    def _domain_trace(self):
        return self._sent_to("res.partner")

    def _rows_trace(self, query):
        whose = self._of_customer(query, query.table, "res_id")
        yield {**self._mailing_values(query), **whose}, SQL("TRUE")

    def _domain_lead_trace(self):
        return self._sent_to("crm.lead")

    def _rows_lead_trace(self, query):
        lead = query.join(query.table, "res_id", "crm_lead", "id", "lead")
        values = self._mailing_values(query)
        for whose, condition in self._of_lead(lead):
            yield {**values, **whose}, condition

    # === TEXTS === #

    def _text(self, *parts):
        return SQL("concat_ws(%s, %s)", SEPARATOR, SQL(", ").join(parts))

    def _name_of(self, query, alias, column, model):
        """:return: SQL of the name of a master, in the language of the reader"""
        masters = self.env[model]
        joined = query.left_join(alias, column, masters._table, "id", column)
        return masters._field_to_sql(joined, "name", query)

    def _label(self, model, name, column):
        """:return: SQL of the label of a selection, in the language of the reader"""
        selection = self.env[model]._fields[name]._description_selection(self.env)
        cases = SQL(" ").join(
            SQL("WHEN %s THEN %s", value, label) for value, label in selection
        )
        return SQL("CASE %s %s END", column, cases)
