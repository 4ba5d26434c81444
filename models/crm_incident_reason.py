from odoo import api, models


class CrmIncidentReason(models.AbstractModel):
    """Why a user sees an incident: because he works on it or at its desk, by Odoo's own
    rules of projects, or because its customer is in his scope, by ours."""

    _name = "crm.incident.reason"
    _description = "Why a User Sees an Incident"

    @api.model
    def _reasons(self, task):
        """:return: list of reasons why the user, who may read this task, does"""
        # sudo: who works on what the user reads
        reasons = [*self._of_task(task.sudo()), *self._of_desk(task.sudo().project_id)]
        if task.crm_is_incident and self.env.user.has_group("crm_gestion.group_seller"):
            reason = self.env["crm.access.reason"]
            reasons += reason._of_role(task)
            reasons += reason._of_accounts(task.sudo())  # sudo: see above
            reasons += reason._of_sharing(task)
        return reasons or [self.env["crm.access.reason"]._other()]

    @api.model
    def _of_task(self, task):
        user = self.env.user
        if user in task.user_ids:
            yield "assigned", self.env._("It is assigned to you.")
        if user.has_group("crm_gestion.group_seller"):
            for assignee in task.user_ids - user:
                yield from self.env["crm.access.reason"]._of_owner(assignee)
        if user.partner_id in task.message_partner_ids:
            yield "follower", self.env._("You follow it.")

    @api.model
    def _of_desk(self, desk):
        user = self.env.user
        names = {"desk": desk.name}
        if desk.privacy_visibility in ("employees", "portal"):
            everybody = self.env._("Everybody here reads what is in %(desk)s.", **names)
            yield "open_desk", everybody
        elif user.partner_id in desk.message_partner_ids:
            yield "invited", self.env._("You were invited to %(desk)s.", **names)
        if user.has_group("project.group_project_manager"):
            yield "project_manager", self.env._("You administer projects.")
