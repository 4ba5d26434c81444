from functools import partial

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmTimelineSource(models.AbstractModel):
    """What other applications of Odoo know of a customer: invoices, meetings,
    incidents, projects, e-mails of campaigns, those of Doppler too.

    *Invariants.* Private meetings are their attendees' only. A meeting is there once
    for each organization.
    """

    _inherit = "crm.timeline.source"

    # === INVOICES === #

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

    # === MEETINGS === #

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
        event = SQL.identifier(query.table, "id")
        for whose, condition in self._of_lead(lead):
            untold = self._untold(event, whose["organization_id"])
            condition = SQL("%s AND %s", condition, untold)
            yield {**self._meeting_values(query.table), **whose}, condition

    def _untold(self, event, organization):
        """:return: SQL that a meeting is no gestión of this organization, which would
        tell it a second time"""
        return SQL(
            """NOT EXISTS (
                   SELECT FROM crm_gestion held
                    WHERE held.calendar_event_id = %s
                      AND %s IN (held.organization_id, held.contact_id))""",
            event,
            organization,
        )

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
            """%(customer)s AND %(untold)s AND %(organization)s IS DISTINCT FROM
                   COALESCE(%(lead_organization)s, %(lead_partner)s)
               AND NOT EXISTS (
                   SELECT FROM calendar_attendee former
                     JOIN res_partner ON res_partner.id = former.partner_id
                    WHERE former.event_id = %(event)s AND former.id < %(attendee)s
                      AND res_partner.commercial_partner_id = %(organization)s
                      AND res_partner.partner_share)""",
            customer=SQL.identifier(partner, "partner_share"),  # none of our users
            untold=self._untold(own("event_id"), organization),
            organization=organization,
            lead_organization=SQL.identifier(lead, "organization_id"),
            lead_partner=SQL.identifier(lead, "partner_id"),
            event=own("event_id"),
            attendee=own("id"),
        )
        yield {**self._meeting_values(event), **whose}, condition

    # === INCIDENTS AND PROJECTS === #

    def _domain_incident(self):
        return Domain("partner_id", "!=", False)

    def _rows_incident(self, query):
        """An incident is told with its number, severity and phase, and is of the
        organization that it names; other tasks of a customer are told by their name."""
        own = partial(SQL.identifier, query.table)
        values = {
            "date": own("create_date"),
            "kind": "incident",
            "user_id": own("create_uid"),
            "summary": self._text(
                own("crm_number"),
                own("name"),
                self._label("project.task", "crm_severity", own("crm_severity")),
                self._label("project.task", "crm_phase", own("crm_phase")),
            ),
            "company_id": own("company_id"),
        }
        organization, person = own("crm_organization_id"), own("partner_id")
        named = {
            "organization_id": organization,
            "contact_id": SQL("NULLIF(%s, %s)", person, organization),
            "person": person,
        }
        yield {**values, **named}, SQL("%s IS NOT NULL", organization)
        whose = self._of_customer(query, query.table, "partner_id")
        yield {**values, **whose}, SQL("%s IS NULL", organization)

    def _domain_project(self):
        shown = self.env["project.project"]._crm_shown_domain()
        return Domain("partner_id", "!=", False) & shown

    def _rows_project(self, query):
        own = partial(SQL.identifier, query.table)
        project = self.env["project.project"]
        values = {
            "date": own("create_date"),
            "kind": "project",
            "user_id": own("user_id"),
            "summary": self._text(
                project._field_to_sql(query.table, "name", query),
                SQL(
                    "CASE WHEN %s <> 'to_define' THEN %s END",
                    own("last_update_status"),
                    self._label(
                        project._name, "last_update_status", own("last_update_status")
                    ),
                ),
            ),
            "company_id": own("company_id"),
            **self._of_customer(query, query.table, "partner_id"),
        }
        yield values, SQL("TRUE")

    # === E-MAILS OF CAMPAIGNS === #

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

    def _domain_delivery(self):
        return Domain("partner_id", "!=", False)

    def _rows_delivery(self, query):
        """Dated by when it was sent: when it was opened Doppler does not tell."""
        own = partial(SQL.identifier, query.table)
        campaign = query.join(
            query.table, "campaign_id", "crm_doppler_campaign", "id", "campaign"
        )
        clicks = self.env._("clicks: %s", "\0").partition("\0")
        values = {
            "date": SQL(
                "COALESCE(%s, %s)", SQL.identifier(campaign, "sent_date"), own("date")
            ),
            "kind": "campaign_email",
            "summary": self._text(
                SQL("concat('Doppler: ', %s)", SQL.identifier(campaign, "name")),
                self._label("crm.doppler.delivery", "status", own("status")),
                SQL(
                    "CASE WHEN %s > 0 THEN concat(%s, %s, %s) END",
                    own("clicks"),
                    clicks[0],
                    own("clicks"),
                    clicks[2],
                ),
            ),
            "company_id": own("company_id"),
            **self._of_customer(query, query.table, "partner_id"),
        }
        yield values, SQL("TRUE")
