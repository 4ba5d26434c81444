from odoo import api, fields, models
from odoo.tools import format_date


class CrmAccessReason(models.AbstractModel):
    """ "Why do I see this?": says in words which rule lets a user in.

    It repeats the record rules in words, so it changes where they change; a test goes
    through all of them and compares. A reason is a pair of a key and a sentence; what
    none of ours explains, Odoo's own rights do.
    """

    _name = "crm.access.reason"
    _description = "Why a User Sees a Record"

    @api.model
    def _action(self, record):
        """
        :return: notification that says why the user sees the record
        :raise AccessError: where he does not
        """
        record.check_access("read")
        sentences = [sentence for _key, sentence in self._reasons(record)]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "sticky": True,
                "message": " ".join(sentences),
            },
        }

    @api.model
    def _reasons(self, record):
        """:return: list of reasons why the user, who may read this record, does"""
        if record._name == "res.partner":
            return self._of_partner(record)
        if record._name == "project.task":
            return self.env["crm.incident.reason"]._reasons(record)
        # sudo: owners of what the user reads
        reasons = [*self._of_role(record), *self._of_record(record.sudo())]
        return reasons or [self._other()]

    @api.model
    def _other(self):
        other = self.env._("A right of Odoo beside the sales method shows it to you.")
        return "other", other

    @api.model
    def _of_role(self, record):
        user = self.env.user
        if user.has_group("crm_gestion.group_sales_director"):
            yield (
                "director",
                self.env._("You are a sales director: you see all of your companies."),
            )
        elif record._name == "crm.gestion":
            seller = user.has_group("crm_gestion.group_seller")
            if user.has_group("base.group_system") and not seller:
                yield "system", self.env._("You administer Odoo.")
        elif user.has_group("sales_team.group_sale_salesman_all_leads"):
            yield (
                "all_documents",
                self.env._("You have the right “All Documents” in Sales."),
            )

    @api.model
    def _of_record(self, record):
        seller = self.env.user.has_group("crm_gestion.group_seller")
        gestion = record._name == "crm.gestion"
        if not record.user_id:
            yield self._unassigned()
        elif seller or record.user_id == self.env.user:
            yield from self._of_owner(record.user_id)
        if seller:
            if gestion and record.lead_id:
                yield from self._of_lead(record.lead_id)
            yield from self._of_accounts(record)
            yield from self._of_sharing(record)

    @api.model
    def _unassigned(self):
        sentence = self.env._("It is unassigned: every seller sees what is nobody's.")
        return "unassigned", sentence

    @api.model
    def _of_owner(self, owner):
        """:return: iterator of the reasons why an owner is in the user's scope"""
        user = self.env.user
        if owner == user:
            yield "own", self.env._("It is yours.")
            return
        if owner.id in self.env["crm.substitution"]._covered(user)[user]:
            yield (
                "cover",
                self.env._(
                    "You cover %(user)s until %(date)s.",
                    user=owner.name,
                    date=format_date(self.env, self._covered_until(owner)),
                ),
            )
        yield from self._of_teams(owner)

    @api.model
    def _covered_until(self, owner):
        today = self.env.user._crm_today()
        # sudo: it is the user's own cover
        rows = self.env["crm.substitution"].sudo()
        rows = rows.search(
            [
                ("user_id", "=", owner.id),
                ("substitute_id", "=", self.env.uid),
                ("date_from", "<=", today),
                ("date_to", ">=", today),
            ]
        )
        return max(rows.mapped("date_to"), default=fields.Date.to_date(today))

    @api.model
    def _of_teams(self, owner):
        # sudo: names of the teams that the user leads
        everything = self.env["crm.team"].sudo()
        for _head, team_id, member_id in self.env.user._crm_led():
            if member_id != owner.id:
                continue
            team = everything.browse(team_id)
            names = {"user": owner.name, "team": team.name}
            if not owner.active:
                left = self.env._(
                    "%(user)s left the team %(team)s, which you lead or which is below "
                    "one of yours.",
                    **names,
                )
                yield "left", left
            elif team.user_id == self.env.user:
                yield "team", self.env._("%(user)s is in your team %(team)s.", **names)
            else:
                below = self.env._(
                    "%(user)s is in the team %(team)s, below one of yours.", **names
                )
                yield "below", below

    @api.model
    def _of_lead(self, lead):
        about = self.env._("It is about the opportunity “%s”.", lead.name)
        reasons = self._of_owner(lead.user_id) if lead.user_id else [self._unassigned()]
        for key, sentence in reasons:
            yield f"lead_{key}", f"{about} {sentence}"

    @api.model
    def _of_accounts(self, record):
        for account in self.env["crm.history"]._accounts_of(record):
            for key, sentence in self._of_owner(account.user_id):
                if key == "own":
                    why = self.env._(
                        "The account %s is yours: you read its whole history.",
                        account.name,
                    )
                else:
                    why = self.env._(
                        "History follows the account: %(account)s belongs to "
                        "%(user)s. %(reason)s",
                        account=account.name,
                        user=account.user_id.name,
                        reason=sentence,
                    )
                yield f"account_{key}", why

    @api.model
    def _of_sharing(self, record):
        if self.env["crm.history"]._is_shared(record):
            yield (
                "shared",
                self.env._("Your company shares this history, see “Shared History”."),
            )

    # === ORGANIZATIONS AND CONTACTS === #

    @api.model
    def _of_partner(self, partner):
        """Everybody reads them all; what is asked is who may change them."""
        everybody = self.env._("Everybody here reads all organizations and contacts.")
        yes = self.env._("You may change this one.")
        no = self.env._("You may not change this one.")
        if not partner.has_access("write"):
            # sudo: who has it is told to everybody
            owner = partner.sudo().user_id
            if owner:
                no = self.env._("You may not change this one: %s has it.", owner.name)
            return [("read", f"{everybody} {no}")]
        reasons = [*self._of_partner_owner(partner.sudo())]  # sudo: see above
        return [("read", f"{everybody} {yes}"), *reasons]

    @api.model
    def _of_partner_owner(self, partner):
        if self.env.user.has_group("crm_gestion.group_sales_director"):
            yield from self._of_role(partner)
        elif not self.env.user.has_group("crm_gestion.group_seller"):
            return
        elif not partner.user_id:
            yield "unassigned", self.env._("It is nobody's.")
        else:
            reasons = [*self._of_owner(partner.user_id)]
            yield from reasons or self._of_owner(partner.commercial_partner_id.user_id)
