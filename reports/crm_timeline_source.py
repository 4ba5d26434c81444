from functools import partial

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL

SEPARATOR = " · "
ARROW = " → "
DESCRIPTION_LENGTH = 200
# Passages that other rows tell: the opportunity itself, its closures.
TOLD_ELSEWHERE = ("created", "won", "closed")


class CrmTimelineSource(models.AbstractModel):
    """What each source of `crm.timeline` tells: for a source by the name NAME
    ``_domain_NAME`` says which of its records are events, and ``_rows_NAME`` the values
    of their rows, one pair of values and condition for each branch of the union.

    *Invariants.* Rights are not asked for here: `crm.timeline` searches each source as
    its reader, and what is joined to that only says whose the event is and what it is
    called. Where it can be, ``organization_id`` and ``person`` are bare columns that
    have an index.

    This file has what is common to all and what sellers work on: gestiones,
    opportunities with their stages and closures, quotations and orders.
    """

    _name = "crm.timeline.source"
    _description = "Sources of a Customer's History"

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
                self._on_behalf(own("on_behalf_of_id")),
                SQL("left(%s, %s)", own("description"), DESCRIPTION_LENGTH),
            ),
            "company_id": own("company_id"),
        }
        for whose, condition in self._of_named(
            own("organization_id"), own("contact_id")
        ):
            yield {**values, **whose}, condition

    def _on_behalf(self, user_id):
        """:return: SQL of the words that name whom its author covered"""
        words = self.env._("on behalf of %s", "\0").partition("\0")
        return SQL(
            """(SELECT concat(%s, who.name, %s)
                  FROM res_users absent
                  JOIN res_partner who ON who.id = absent.partner_id
                 WHERE absent.id = %s)""",
            words[0],
            words[2],
            user_id,
        )

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
