from datetime import date

from odoo import api, models
from odoo.fields import Domain

from ..models.crm_incident_subject_mixin import OPEN_PHASES

# What the history calls a quotation and an order.
ORDERS = ("quotation", "order")
# What is read of an event.
EVENT = ("date", "kind", "res_id", "summary", "user_id")
# and of an incident
INCIDENT = ("create_date", "crm_number", "crm_phase", "crm_severity", "name")


class CrmAccountFileDocument(models.AbstractModel):
    """The printed file of an account: what is known of it and what is missing, its
    people, its open opportunities, and the incidents, history and orders of a period,
    by default the last 12 months; incidents that are open, always. Of a person it tells
    the organizations instead of the people."""

    _name = "report.crm_gestion.crm_account_file_report"
    _inherit = "crm.paper"
    _description = "Account File"

    _prints = "res.partner"

    @api.model
    def _gather(self, docs, data):
        first, last = self._period(data)
        referrers = docs.referred_by_id._filtered_access("read")
        people = self._people(docs)
        events = self._events(docs, first, last)
        leads = self._opportunities(docs)
        incidents = self._incidents(docs, first, last)
        orders = self._orders(events)
        return {
            doc: {
                "date_from": first,
                "date_to": last,
                "referred_by": doc.referred_by_id & referrers,
                "people": people[doc],
                "events": events[doc],
                "leads": leads[doc],
                "leads_totals": self._totals(
                    leads[doc], "expected_revenue", "company_currency"
                ),
                "incidents": incidents[doc],
                "orders": orders[doc],
                "orders_totals": self._ordered(orders[doc]),
            }
            for doc in docs
        }

    @api.model
    def _halves(self, docs):
        """:return: the organizations among them, and the persons"""
        organizations = docs.filtered("is_company")
        return organizations, docs - organizations

    # === PEOPLE === #

    @api.model
    def _people(self, docs):
        """:return: dict of an account -> list of dicts: of an organization who works or
        worked there, of a person where he does or did; who left comes last"""
        organizations, persons = self._halves(docs)
        rows = {doc: [] for doc in docs}
        Affiliation = self.env["crm.affiliation"]
        affiliations = Affiliation.search(
            Domain("organization_id", "in", organizations.ids)
            | Domain("contact_id", "in", persons.ids)
        )
        there = set()
        for row in affiliations:
            pair = (row.organization_id, row.contact_id)
            if not row.date_to:
                there.add(pair)
            for doc, other in (pair, reversed(pair)):
                if doc in rows and (doc.is_company or doc == row.contact_id):
                    rows[doc].append(self._affiliated(other, row))
        employed = self.env["res.partner"].search(
            Domain("type", "=", "contact")
            & Domain("is_company", "=", False)
            & Domain("parent_id", "in", organizations.ids)
        )
        for contact in employed | persons.filtered("parent_id"):
            pair = (contact.parent_id, contact)
            if pair in there:
                continue
            for doc, other in (pair, reversed(pair)):
                if doc in rows:
                    rows[doc].append(self._employed(other, contact))
        found = self.env["res.partner"].union(
            *(row["partner"] for people in rows.values() for row in people)
        )
        readable = found._filtered_access("read")
        return {
            doc: sorted(
                (row for row in people if row["partner"] in readable),
                key=self._people_key,
            )
            for doc, people in rows.items()
        }

    @api.model
    def _people_key(self, row):
        left = row["date_to"] or date.max
        return date.max - left, (row["partner"].name or "").lower()

    @api.model
    def _affiliated(self, partner, row):
        return {
            "partner": partner,
            "cargo": row.cargo_id,
            "email": row.email,
            "phone": row.phone,
            "date_from": row.date_from,
            "date_to": row.date_to,
        }

    @api.model
    def _employed(self, partner, contact):
        return {
            "partner": partner,
            "cargo": contact.cargo_id,
            "email": contact.email,
            "phone": contact.phone,
            "date_from": False,
            "date_to": False,
        }

    # === HISTORY === #

    @api.model
    def _events(self, docs, first, last):
        """:return: dict of an account -> its events of the period, the latest first"""
        start, end = self.env.company._crm_day_bounds(first, last)
        period = Domain("date", ">=", start) & Domain("date", "<", end)
        return self._of_both(
            "crm.timeline",
            docs,
            period,
            "organization_id",
            "contact_id",
            EVENT,
        )

    @api.model
    def _opportunities(self, docs):
        """:return: dict of an account -> its open opportunities"""
        is_open = Domain("type", "=", "opportunity") & Domain(
            "won_status", "=", "pending"
        )
        return self._of_both(
            "crm.lead", docs, is_open, "organization_id", "partner_id", ["stage_id"]
        )

    @api.model
    def _incidents(self, docs, first, last):
        """:return: dict of an account -> its incidents that are open or were opened in
        the period, the latest first"""
        start, end = self.env.company._crm_day_bounds(first, last)
        period = Domain("create_date", ">=", start) & Domain("create_date", "<", end)
        shown = Domain("crm_phase", "in", OPEN_PHASES) | period
        found = self._of_both(
            "project.task",
            docs,
            Domain("crm_is_incident", "=", True) & shown,
            "crm_organization_id",
            "partner_id",
            INCIDENT,
        )
        return {doc: tasks.sorted("id", reverse=True) for doc, tasks in found.items()}

    @api.model
    def _of_both(self, model, docs, domain, organization, person, names):
        """
        :param organization: field by which records are an organization's
        :param person: field by which they are a person's
        :param names: fields to read along with them
        :return: dict of an account -> its records
        """
        found = {}
        halves = zip(self._halves(docs), (organization, person), strict=True)
        for part, name in halves:
            Model = self.env[model]
            records = Model
            if part:
                records = Model.search_fetch(
                    domain & Domain(name, "in", part.ids), {*names, name}
                )
            found |= self._group(part, records, name)
        return found

    @api.model
    def _orders(self, events):
        """:return: dict of an account -> the quotations and orders of its events"""
        return {
            doc: self.env["sale.order"].browse(
                rows.filtered(lambda row: row.kind in ORDERS).mapped("res_id")
            )
            for doc, rows in events.items()
        }
