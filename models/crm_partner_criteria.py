from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

# Context key: segments that are being evaluated, the one inside the other.
NESTED = "crm_segments_evaluated"
# States of a campaign member whom the campaign reached.
REACHED = ("contacted", "opened", "clicked", "answered")


class CrmPartnerCriteria(models.AbstractModel):
    """What contacts are searched by besides their own fields: the last gestión, orders
    of their account, campaigns, segments.

    *Rights.* When somebody was contacted last, whether a campaign reached him and
    whether he asked not to be contacted is told to every seller of the companies, so it
    is searched whoever may open the gestión or the member. Orders are found with the
    reader's rights: what others sold he does not learn by a search.

    *Speed.* Nothing is listed in Python: conditions stay subqueries.
    """

    _name = "crm.partner.criteria"
    _description = "Criteria on Contacts"

    # === LAST GESTIÓN === #

    @api.model
    def _last_gestion(self, operator, value):
        """
        :param str operator: ``in`` or ``not in`` a set, or an inequality with a
            datetime
        :return: Domain on contacts, or NotImplemented
        """
        self.env["crm.gestion"].flush_model()
        if operator in ("in", "not in"):
            return self._last_gestion_in(operator == "in", value)
        since = {
            ">=": self._contacted_since(value, ">="),
            ">": self._contacted_since(value, ">"),
            "<": self._not_contacted_since(value, ">="),
            "<=": self._not_contacted_since(value, ">"),
        }.get(operator)
        if since is None:
            return NotImplemented
        return since if operator[0] == ">" else since & self._contacted_since()

    @api.model
    def _last_gestion_in(self, positive, dates):
        never = False in dates
        exactly = Domain.OR(
            self._contacted_since(date, ">=") & self._not_contacted_since(date, ">")
            for date in dates
            if date
        )
        if never and positive:
            return exactly | self._not_contacted_since()
        if positive:
            return exactly
        return ~exactly & self._contacted_since() if never else ~exactly

    @api.model
    def _contacted_since(self, date=None, operator=">="):
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "(%s)", SQL(" OR ").join(self._gestion_exists(alias, date, operator))
            )
        )

    @api.model
    def _not_contacted_since(self, date=None, operator=">="):
        # one NOT EXISTS each, which PostgreSQL turns into joins; NOT (… OR …) it
        # would answer contact by contact
        return Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "(%s)",
                SQL(" AND ").join(
                    SQL("NOT %s", exists)
                    for exists in self._gestion_exists(alias, date, operator)
                ),
            )
        )

    @api.model
    def _gestion_exists(self, alias, date, operator):
        company_ids = list(self.env.companies.ids)
        dated = SQL("TRUE")
        if date:
            dated = SQL(
                "gestion.date >= %s" if operator == ">=" else "gestion.date > %s", date
            )
        return [
            SQL(
                """EXISTS (SELECT FROM crm_gestion gestion
                            WHERE %s = %s AND %s AND %s
                              AND (gestion.company_id = ANY(%s)
                                   OR gestion.company_id IS NULL))""",
                SQL.identifier("gestion", name),
                SQL.identifier(alias, "id"),
                dated,
                self.env["mail.activity.type"]._is_contact("gestion"),
                company_ids,
            )
            for name in ("organization_id", "contact_id")
        ]

    # === ORDERS === #

    @api.model
    def _account_orders(self, operator, value):
        """
        :param value: ids of orders, or a domain or query of them
        :return: Domain of the contacts of accounts that have such an order
        """
        if operator not in ("in", "any", "any!"):
            return NotImplemented
        Order = self.env["sale.order"]
        if not Order.has_access("read"):
            return Domain.FALSE
        if operator == "any!":
            Order = Order.sudo()  # sudo: the caller asked for it
        companies = Domain("company_id", "in", self.env.companies.ids)
        orders = Order._search(self._wanted(value) & companies)
        # sudo: whose orders these are; archived contacts bought as well
        Partner = self.env["res.partner"].sudo().with_context(active_test=False)
        buyers = Partner._search(Domain("id", "in", orders.subselect("partner_id")))
        return Domain(
            "commercial_partner_id", "in", buyers.subselect("commercial_partner_id")
        )

    # === CAMPAIGNS === #

    @api.model
    def _received(self, operator, value):
        """:return: Domain of the contacts whom one of these campaigns reached"""
        reached = Domain("state", "in", REACHED) | Domain("contact_date", "!=", False)
        return self._members(operator, value, reached)

    @api.model
    def _answered(self, operator, value):
        """:return: Domain of the contacts who answered one of these campaigns"""
        return self._members(operator, value, Domain("state", "=", "answered"))

    @api.model
    def _members(self, operator, value, state):
        if operator not in ("in", "any", "any!"):
            return NotImplemented
        # sudo: see the class; the campaigns that are named are the reader's
        Member = self.env["crm.campaign.member"].sudo()
        any_campaign = operator == "in" and False in value
        if operator != "in":
            value = self.env["utm.campaign"]._search(self._wanted(value))
        companies = [*self.env.companies.ids, False]
        state &= Domain("campaign_id.company_id", "in", companies)
        found = Domain.FALSE
        if value:
            found = self._partners_of(
                Member, state & Domain("campaign_id", "in", value)
            )
        return found | ~self._partners_of(Member, state) if any_campaign else found

    @api.model
    def _partners_of(self, members, domain):
        return Domain("id", "in", members._search(domain).subselect("partner_id"))

    # === SEGMENTS === #

    @api.model
    def _segments(self, operator, value):
        """
        :param value: ids of segments, or a domain of them
        :return: Domain of the contacts that are in one of these segments
        :raise ValidationError: where a segment asks for itself
        """
        if operator not in ("in", "any", "any!"):
            return NotImplemented
        Segment = self.env["crm.segment"]
        if operator == "in":
            Segment = Segment.with_context(active_test=False)
            value = set(value)
        segments = Segment.search(self._wanted(value)).with_env(self.env)
        found = Domain.OR(map(self._in_segment, segments))
        if operator == "in" and False in value:
            segments = self.env["crm.segment"].search(Domain.TRUE)
            found |= ~Domain.OR(map(self._in_segment, segments))
        return found

    @api.model
    def _in_segment(self, segment):
        nested = self.env.context.get(NESTED, ())
        if segment.id in nested:
            raise ValidationError(
                self.env._(
                    "The segment “%s” asks for itself: take that condition off.",
                    segment.name,
                )
            )
        Partner = self.env["res.partner"].with_context(
            **{NESTED: (*nested, segment.id), "active_test": False}
        )
        return Domain("id", "in", Partner._search(segment._domain()))

    @api.model
    def _wanted(self, value):
        """:return: Domain of the records that the value of a condition names"""
        return value if isinstance(value, Domain) else Domain("id", "in", value)

    # === CONSENT === #

    @api.model
    def _do_not_contact(self, operator, value):
        """:return: Domain of who asked, in whatever company, not to be contacted: the
        result of a gestión says so. It is corrected by correcting that gestión."""
        if operator != "in":
            return NotImplemented
        self.env["crm.gestion"].flush_model(
            ["contact_id", "organization_id", "result_id"]
        )
        self.env["crm.gestion.result"].flush_model(["stops_contact"])
        return Domain.custom(to_sql=lambda _model, alias, _query: self._asked(alias))

    @api.model
    def _opted_out(self, operator, value):
        """:return: Domain of who wants no mailing: who asked not to be contacted, who
        opted out of a campaign, who withdrew his consent, and whose address opted out
        of mailing lists and is on none any more"""
        if operator != "in":
            return NotImplemented
        self.env["crm.campaign.member"].flush_model(["partner_id", "state"])
        self.env["mailing.subscription"].flush_model()
        self.env["mailing.contact"].flush_model(["email_normalized"])
        self.env["crm.mailing.consent"].flush_model()
        unsubscribed = Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "(%s OR %s OR %s)",
                self._left_campaign(alias),
                self._left_lists(alias),
                self._withdrew(alias),
            )
        )
        return unsubscribed | self._do_not_contact(operator, value)

    @api.model
    def _asked(self, alias):
        return SQL(
            """%s IN (SELECT COALESCE(gestion.contact_id, gestion.organization_id)
                        FROM crm_gestion gestion
                       WHERE gestion.result_id IN (SELECT id FROM crm_gestion_result
                                                    WHERE stops_contact))""",
            SQL.identifier(alias, "id"),
        )

    @api.model
    def _left_campaign(self, alias):
        return SQL(
            """%s IN (SELECT partner_id FROM crm_campaign_member
                       WHERE state = 'opted_out')""",
            SQL.identifier(alias, "id"),
        )

    @api.model
    def _withdrew(self, alias):
        return SQL(
            """%s IN (SELECT said.partner_id
                        FROM crm_mailing_consent said
                       WHERE said.kind = 'withdrawn'
                         AND NOT EXISTS (
                             SELECT 1 FROM crm_mailing_consent later
                              WHERE later.partner_id = said.partner_id
                                AND (later.date, later.id) > (said.date, said.id)))""",
            SQL.identifier(alias, "id"),
        )

    @api.model
    def _left_lists(self, alias):
        return SQL(
            """COALESCE(%s IN (
                   SELECT contact.email_normalized
                     FROM mailing_subscription subscription
                     JOIN mailing_contact contact
                       ON contact.id = subscription.contact_id
                    WHERE contact.email_normalized IS NOT NULL
                    GROUP BY contact.email_normalized
                   HAVING bool_and(COALESCE(subscription.opt_out, FALSE))), FALSE)""",
            SQL.identifier(alias, "email_normalized"),
        )
