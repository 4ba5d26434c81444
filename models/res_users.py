from odoo import api, fields, models


class ResUsers(models.Model):
    _inherit = "res.users"

    crm_in_scope = fields.Boolean(
        string="In My Sales Scope",
        compute="_compute_crm_in_scope",
        search="_search_crm_in_scope",
        help="Whether the current user works on this user's accounts and "
        "opportunities.",
    )

    @api.depends_context("uid")
    def _compute_crm_in_scope(self):
        """Agrees with the search: access checks evaluate rules in Python, lists in
        SQL."""
        scope = self._crm_scope_user_ids()
        for user in self:
            user.crm_in_scope = user.id in scope

    def _search_crm_in_scope(self, operator, value):
        """Inlines the ids, so that a rule ``user_id.crm_in_scope`` becomes
        ``user_id IN (1, 2)`` and uses the index of the column."""
        if operator != "in":
            return NotImplemented
        return [("id", "in", list(self._crm_scope_user_ids()))]

    @api.model
    def _crm_scope_user_ids(self):
        """:return: set of ids of `_crm_scopes` of the current user"""
        return self.env.user._crm_scopes()[self.env.user]

    def _crm_scopes(self):
        """Users whose sales these users answer for: each himself, whom he covers today,
        and the members of the teams he leads. A seller who left stays in the scope of the team he left
        from: Odoo archives his membership together with him.

        :return: dict user -> set of ids of ``res.users``
        """
        # sudo: who is member of which team is no secret, and a rule must not depend on
        # what else its reader may open
        memberships = self.env["crm.team.member"].sudo().with_context(active_test=False)
        led = memberships.search(
            [
                ("crm_team_id.user_id", "in", self.ids),
                ("crm_team_id.active", "=", True),
            ]
        )
        present = led.filtered("active")
        left = led.user_id.filtered(lambda user: not user.active)
        led = present | (left._crm_last_memberships() & led)
        covered = self.env["crm.substitution"]._covered(self)
        scopes = {user: {user.id} | covered[user] for user in self}
        for membership in led:
            scopes[membership.crm_team_id.user_id].add(membership.user_id.id)
        return scopes

    def _crm_last_memberships(self):
        """
        :return: the memberships that ended together with these archived users, not
            the ones of teams they had changed before
        """
        memberships = self.env["crm.team.member"].with_context(active_test=False)
        last = memberships.browse()
        ended = memberships.search([("user_id", "in", self.ids)]).grouped("user_id")
        for own in ended.values():
            date = max(own.mapped("write_date"))
            last |= own.filtered(lambda m, date=date: m.write_date == date)
        return last

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Somebody who works here is nobody's potential customer."""
        users = super().create(vals_list)
        self.env["crm.account.status"]._drop(users.partner_id)
        return users

    def write(self, vals):
        res = super().write(vals)
        if vals.keys() & {"group_ids", "partner_id"}:
            self.env["crm.account.status"]._drop(self.partner_id)
        return res
