from collections import Counter

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date


class CrmAccountNotice(models.AbstractModel):
    """What every seller is told of an account, whoever has it, so that two of them do
    not work past each other: when it was last contacted and by whom, and how many open
    opportunities colleagues have there. Never what they are about.
    """

    _name = "crm.account.notice"
    _description = "What Everybody Is Told of an Account"

    @api.model
    def _last_contacts(self, partners):
        """In the reader's companies, whether he may open the gestión or not.

        :return: dict id of a partner -> date and id of the user who contacted it last
        """
        if not partners.ids:  # a form that is being filled in
            return {}
        self.env["crm.gestion"].flush_model()
        latest = SQL(" UNION ALL ").join(
            SQL(
                """(SELECT date, id, user_id FROM crm_gestion
                     WHERE %s = partner.id AND %s
                       AND (company_id = ANY(%s) OR company_id IS NULL)
                     ORDER BY date DESC, id DESC LIMIT 1)""",
                SQL.identifier(name),
                self.env["mail.activity.type"]._is_contact("crm_gestion"),
                list(self.env.companies.ids),
            )
            for name in ("organization_id", "contact_id")
        )
        rows = self.env.execute_query(
            SQL(
                """SELECT partner.id, last.date, last.user_id
                     FROM unnest(%s::int[]) AS partner (id)
               CROSS JOIN LATERAL (SELECT * FROM (%s) AS latest
                                    ORDER BY date DESC, id DESC LIMIT 1) AS last""",
                list(partners.ids),
                latest,
            )
        )
        return {partner_id: (date, user_id) for partner_id, date, user_id in rows}

    @api.model
    def _last_contact_notes(self, partners):
        """:return: dict id of a partner -> sentence: when, by whom"""
        found = self._last_contacts(partners)
        # sudo: the name of a colleague
        users = self.env["res.users"].sudo()
        users.browse({user_id for _date, user_id in found.values()}).fetch(["name"])
        return {
            partner_id: self.env._(
                "%(date)s, by %(user)s",
                date=format_date(
                    self.env, fields.Datetime.context_timestamp(self, date)
                ),
                user=users.browse(user_id).name,
            )
            for partner_id, (date, user_id) in found.items()
        }

    @api.model
    def _hidden_opportunities(self, partners):
        """
        :return: dict id of a partner -> Counter of the names of those who have open
            opportunities there that the user may not open
        """
        about = Domain("organization_id", "in", partners.ids)
        about |= Domain("partner_id", "in", partners.ids)
        # sudo: they are counted, and who has them is told
        leads = self.env["crm.lead"].sudo()
        leads = leads.search_fetch(
            about
            & Domain("type", "=", "opportunity")
            & Domain("won_status", "=", "pending")
            & Domain("company_id", "in", [*self.env.companies.ids, False]),
            ["organization_id", "partner_id", "user_id"],
        )
        readable = leads.sudo(False)._filtered_access("read")
        hidden = leads.filtered(lambda lead: lead.id not in readable._ids)
        found = {partner_id: Counter() for partner_id in partners.ids}
        for lead in hidden:
            for partner_id in {lead.organization_id.id, lead.partner_id.id}:
                if partner_id in found:
                    found[partner_id][lead.user_id.name] += 1
        return found

    @api.model
    def _hidden_opportunity_notes(self, partners):
        """:return: dict id of a partner -> what `_hidden_opportunities` finds, told"""
        return {
            partner_id: ", ".join(
                self._told(name, count) for name, count in sorted(counts.items())
            )
            for partner_id, counts in self._hidden_opportunities(partners).items()
        }

    @api.model
    def _told(self, name, count):
        if count == 1:
            return self.env._("1 open opportunity of %s", name)
        return self.env._(
            "%(count)s open opportunities of %(user)s", count=count, user=name
        )
