from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError

from .crm_handover_scope import SALES

# Key of the context that lets a user be archived who still has work: see `_waived`.
BYPASS = "crm_gestion_archive_anyway"


class Waived:
    """That code archives a user on purpose though he still has work: value of the
    context key ``crm_gestion_archive_anyway``. An object of this class cannot come from
    outside, so no client sends it, not even through code that runs as superuser."""


class CrmArchiveGate(models.AbstractModel):
    """Nobody who still owns open work is archived: Odoo deletes the planned activities
    of who is archived, and nobody would look after his customers.

    *What counts* is what a hand-over moves (``crm.handover.scope``), for users with
    sales rights, and for others who own accounts, opportunities or quotations.

    *Ways in.* The button, `write`, RPC and deleting; being superuser alone lets nobody
    through. A director may decide otherwise, with the button of a hand-over or with the
    context key ``crm_gestion_archive_anyway``. Then, and whenever a seller is archived
    while the gate is on, what he has planned goes to the leader of his team.

    *Off*, by the setting, everything is as in Odoo.
    """

    _name = "crm.archive.gate"
    _description = "Gate of Archiving a User"

    @api.model
    def _is_on(self):
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        return params.get_param("crm_gestion.archive_gate") == "True"

    @api.model
    def _waived(self):
        """:return: whether code on purpose, or a director with the context key, lets
        somebody through. Anybody else's key is ignored, whatever he calls."""
        value = self.env.context.get(BYPASS)
        if isinstance(value, Waived):
            return True
        return bool(value) and self.env.user.has_group(
            "crm_gestion.group_sales_director"
        )

    @api.model
    def _waive(self, users):
        """:return: the same users, who may be archived whatever they have"""
        return users.with_context(**{BYPASS: Waived()})

    @api.model
    def _work(self, users):
        """:return: dict user -> dict kind -> number, of those whom the gate stops"""
        work = self.env["crm.handover.scope"]._open_work(users)
        return {
            user: own
            for user, own in work.items()
            if own and (self._is_seller(user) or any(kind in SALES for kind in own))
        }

    @api.model
    def _is_seller(self, user):
        # sudo: groups of users are not open to all
        return user.sudo().has_group("sales_team.group_sale_salesman")

    @api.model
    def _pass(self, users):
        """Stop these users from being archived or deleted, or let them go and keep what
        they have planned.

        :raise RedirectWarning: where one still has work and the user may hand it over
        :raise UserError: where he may not
        """
        users = users.filtered(lambda user: user.active and not user.share)
        if not users or not self._is_on():
            return
        waived = self._waived()
        if not waived:
            for user, own in self._work(users).items():
                self._refuse(user, own)
        for user in users.filtered(lambda user: waived or self._is_seller(user)):
            heir = self._leader(user) or self.env.user
            # sudo: activities of others, on documents of all kinds
            self.env["crm.handover.mover"].sudo()._activities_to(user, heir)

    @api.model
    def _refuse(self, user, own):
        message = self.env._(
            "%(user)s still has open work. Hand it over first, then archive:\n%(work)s",
            user=user.name,
            work=self.env["crm.handover.scope"]._describe(own),
        )
        if not self.env["crm.handover"]._may_hand_over(user):
            raise UserError(message)
        raise RedirectWarning(
            message,
            self.env.ref("crm_gestion.crm_handover_action_new").id,
            self.env._("Hand Over…"),
            {"default_user_id": user.id},
        )

    @api.model
    def _leader(self, user):
        """:return: who leads the team that a user is in or left from, else the team
        above it; empty where that is nobody else who is here"""
        # sudo: who is in which team is no secret
        memberships = (
            self.env["crm.team.member"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [("user_id", "=", user.id)],
                order="active desc, crm_left desc, id desc",
                limit=1,
            )
        )
        team, seen = memberships.crm_team_id, self.env["crm.team"]
        while team and team not in seen:
            if team.user_id.active and team.user_id != user:
                return team.user_id.with_env(self.env)
            seen |= team
            team = team.parent_id
        return self.env["res.users"]

    # === ARCHIVING === #

    @api.model
    def _archive(self, user):
        """Archive a user, end his sessions and revoke his API keys. Odoo's own rights
        to archive users hold.

        :raise UserError: without them
        """
        if not user.has_access("write"):
            raise UserError(
                self.env._(
                    "Only an administrator of users may archive them: ask yours to "
                    "archive %s.",
                    user.name,
                )
            )
        user.action_archive()
        self._lock_out(user)

    @api.model
    def _archive_anyway(self, user):
        """
        :raise UserError: where somebody else than a director does this
        """
        if not self.env.user.has_group("crm_gestion.group_sales_director"):
            raise UserError(
                self.env._("Only a sales director archives somebody who has open work.")
            )
        self._archive(self._waive(user))

    @api.model
    def _lock_out(self, user):
        """End the sessions of who has been archived, on all devices, and take his API
        keys away."""
        # sudo: only system administrators see devices and keys; the right to archive
        # this user was checked
        user = user.sudo()
        self.env["res.device"].sudo().search([("user_id", "=", user.id)])._revoke()
        keys = self.env["res.users.apikeys"].sudo()
        keys.search([("user_id", "=", user.id)])._remove()
