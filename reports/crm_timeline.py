from collections import defaultdict
from collections.abc import Set
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
    "delivery": Source(13, "crm.doppler.delivery", frozenset({"campaign_email"})),
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
        "crm.doppler.campaign": ["name", "sent_date"],
        "crm.doppler.delivery": [
            "campaign_id", "clicks", "company_id", "date", "partner_id", "status",
        ],
        "crm.gestion": [
            "calendar_event_id", "company_id", "contact_id", "date", "description",
            "name", "organization_id", "result_id", "user_id",
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
        "project.project": [
            "company_id", "crm_is_incident_desk", "is_template", "last_update_status",
            "name", "partner_id", "user_id",
        ],
        "project.task": [
            "company_id", "crm_number", "crm_organization_id", "crm_phase",
            "crm_severity", "name", "partner_id",
        ],
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
        record = self.env[self.res_model].browse(self.res_id)
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(record.get_formview_id(), "form")],
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
        sources = self.env["crm.timeline.source"]
        for name, source in SOURCES.items():
            if narrowing.kind is not None and not source.kinds & set(narrowing.kind):
                continue
            domain = getattr(sources, f"_domain_{name}")()
            if ids is not None:
                domain &= Domain("id", "in", ids[source.number])
            query = self._readable(source.model, domain)
            if query is None:
                continue
            for values, condition in getattr(sources, f"_rows_{name}")(query):
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
