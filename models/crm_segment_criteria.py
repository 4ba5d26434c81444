from ast import literal_eval

from psycopg2 import Error as DatabaseError

from odoo import api, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain
from odoo.tools import mute_logger

# Money of campaigns: its rows are not for everybody who may read some of them.
MONEY_MODELS = {"crm.campaign.budget", "crm.campaign.cost"}


class CrmSegmentCriteria(models.AbstractModel):
    """Makes a domain on contacts of the criteria of a segment.

    *Invariants.* Nothing but literals comes out, for the domain is stored and shown
    elsewhere; relative days stay relative. One method for each criterion, which asks
    nothing where it is empty; all of them are joined by AND.
    """

    _name = "crm.segment.criteria"
    _description = "Criteria of a Segment"

    @api.model
    def _domain(self, segment):
        """
        :param segment: one segment, perhaps not saved yet
        :return: Domain of who meets its criteria
        :raise ValidationError: where its further conditions cannot be read
        """
        return Domain.AND(
            [
                self._applies_to(segment),
                self._market(segment),
                self._position(segment),
                self._origination(segment),
                self._status(segment),
                self._last_gestion(segment),
                self._bought(segment),
                self._place(segment),
                self._campaign(segment),
                self._salesperson(segment),
                self._further(segment),
            ]
        )

    # === ONE CRITERION EACH === #

    @api.model
    def _applies_to(self, segment):
        """Neither staff nor our own companies nor mere addresses."""
        organization = Domain("is_company", "=", True)
        contact = Domain("is_company", "=", False) & Domain("type", "=", "contact")
        kinds = {"organization": organization, "contact": contact}
        kind = kinds.get(segment.applies_to, organization | contact)
        others = Domain("partner_share", "=", True)
        return kind & others & Domain("ref_company_ids", "=", False)

    @api.model
    def _market(self, segment):
        return self._any("market_id", segment.market_ids, "child_of")

    @api.model
    def _position(self, segment):
        """His own, or one that he holds elsewhere today."""
        held = Domain.TRUE
        if segment.cargo_ids:
            held &= Domain("cargo_id", "in", segment.cargo_ids.ids)
        if segment.influence:
            held &= Domain("cargo_id.influence", "=", segment.influence)
        if held.is_true():
            return held
        today = Domain("date_to", "=", False) | Domain("date_to", ">", "today")
        return held | Domain("affiliation_ids", "any", list(held & today))

    @api.model
    def _origination(self, segment):
        own = self._any("origination_id", segment.origination_ids)
        if own.is_true():
            return own
        inherited = Domain("origination_id", "=", False)
        inherited &= self._any(
            "commercial_partner_id.origination_id", segment.origination_ids
        )
        return own | inherited

    @api.model
    def _status(self, segment):
        chosen = [
            status
            for status in ("potential", "customer", "former")
            if segment[f"is_{status}"]
        ]
        return Domain("account_status", "in", chosen) if chosen else Domain.TRUE

    @api.model
    def _last_gestion(self, segment):
        day = f"today -{max(segment.gestion_days, 1)}d"
        never = Domain("last_gestion_date", "=", False)
        older = Domain("last_gestion_date", "<", day)
        return {
            "newer": Domain("last_gestion_date", ">=", day),
            "older": older,
            "older_never": older | never,
            "never": never,
        }.get(segment.gestion_when, Domain.TRUE)

    @api.model
    def _bought(self, segment):
        if not segment.category_ids:
            return Domain.TRUE
        orders = Domain("state", "=", "sale") & Domain(
            "order_line.product_id.categ_id", "child_of", segment.category_ids.ids
        )
        if segment.bought_since:
            since = segment.bought_since.isoformat()
            orders &= Domain("date_order", ">=", since)
        return Domain("crm_account_order_ids", "any", list(orders))

    @api.model
    def _place(self, segment):
        countries = self._any("country_id", segment.country_ids)
        return countries & self._any("state_id", segment.state_ids)

    @api.model
    def _campaign(self, segment):
        if not segment.campaign_id:
            return Domain.TRUE
        ids = segment.campaign_id.ids
        received = Domain("crm_received_campaign_ids", "in", ids)
        answered = Domain("crm_answered_campaign_ids", "in", ids)
        not_answered = Domain("crm_answered_campaign_ids", "not in", ids)
        return {
            "answered": answered,
            "not_answered": received & not_answered,
            "not_received": Domain("crm_received_campaign_ids", "not in", ids),
        }.get(segment.campaign_answer, received)

    @api.model
    def _salesperson(self, segment):
        """The members of teams are written out, as they are today."""
        if not segment.salesperson_ids and not segment.team_ids:
            return Domain.TRUE
        members = self._with_below(segment.team_ids._origin).member_ids
        user_ids = sorted({*segment.salesperson_ids.ids, *members.ids})
        own = Domain("user_id", "in", user_ids)
        inherited = Domain("user_id", "=", False)
        inherited &= Domain("commercial_partner_id.user_id", "in", user_ids)
        return own | inherited

    @api.model
    def _with_below(self, teams):
        """Level by level, which the teams of all segments are read by at once."""
        # sudo: who is in a team is no secret
        found = level = teams.sudo()
        while level := level.child_ids - found:
            found |= level
        return found

    @api.model
    def _further(self, segment):
        """What somebody composed in the domain editor."""
        try:
            return Domain(literal_eval(segment.domain or "[]"))
        except (SyntaxError, TypeError, ValueError, MemoryError, RecursionError):
            raise self._unreadable(segment) from None

    @api.model
    def _any(self, name, records, operator="in"):
        return Domain(name, operator, records.ids) if records else Domain.TRUE

    # === CHECKING === #

    @api.model
    def _check(self, segment):
        """Run the conditions once.

        :raise ValidationError: where they name what is not there
        """
        domain = self._further(segment)
        self.env.flush_all()
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint(flush=False):
                self.env["res.partner"].search(domain, limit=1)
        except (DatabaseError, KeyError, TypeError, ValueError):
            raise self._unreadable(segment) from None

    @api.model
    def _check_rights(self, segments):
        """A mailing evaluates the conditions in superuser mode: nobody composes what
        would tell him more than he may read. A constraint would not do, Odoo runs those
        in superuser mode too.

        :raise AccessError: where the user may not read a field that they name
        """
        for segment in segments:
            self._check_names(self.env["res.partner"], self._further(segment))

    @api.model
    def _check_names(self, model, domain):
        for condition in domain.iter_conditions():
            reached = model
            for name in condition.field_expr.split("."):
                field = reached._fields[name] if reached is not None else None
                if field is None:
                    break  # a part of a date
                reached.check_access("read")
                reached._check_field_access(field, "read")
                if field.comodel_name in MONEY_MODELS:
                    self._check_sees_money()
                if name == "id":
                    continue  # of the same model, as in ("id", "any", …)
                reached = self.env[field.comodel_name] if field.relational else None
            nested = condition.operator in ("any", "not any")
            if nested and reached is not None:
                self._check_names(reached, Domain(condition.value))

    @api.model
    def _check_sees_money(self):
        """How many a mailing reaches would tell amounts, one guess after the other."""
        if not (self.env.su or self.env["utm.campaign"]._crm_sees_all_money()):
            raise AccessError(
                self.env._(
                    "Only sales directors compose segments by the money of campaigns: "
                    "take that condition off."
                )
            )

    @api.model
    def _unreadable(self, segment):
        return ValidationError(
            self.env._(
                "The further conditions of the segment “%s” cannot be read: "
                "compose them again in the editor.",
                segment.name,
            )
        )
