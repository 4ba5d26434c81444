from odoo import api, fields, models
from odoo.tools import SQL


class CrmTeamMember(models.Model):
    """Says besides from which team a seller left.

    *Lifecycle.* `crm_left` is set when the user is archived, whatever the way, on the
    memberships that he has at that moment; Odoo archives them with him or not. It goes
    when he comes back, and when somebody makes the membership an active one. Who only
    changes his team leaves none behind.
    """

    _inherit = "crm.team.member"

    crm_left = fields.Boolean(
        string="Left from Here",
        readonly=True,
        copy=False,
        help="This user was archived while he was a member: what he had stays with "
        "the team.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        self.env["res.users"]._crm_drop_scopes()
        return members

    def write(self, vals):
        if vals.get("active"):
            vals = {**vals, "crm_left": False}
        res = super().write(vals)
        self.env["res.users"]._crm_drop_scopes()
        return res

    def unlink(self):
        res = super().unlink()
        self.env["res.users"]._crm_drop_scopes()
        return res

    @api.model
    def _of(self, users):
        """:return: all memberships of these users, ended ones too"""
        # sudo: who archives a user need not manage sales teams
        members = self.sudo().with_context(active_test=False)
        return members.search([("user_id", "in", users.ids)])

    @api.model
    def _mark_left(self, users):
        """These users are about to leave, or have just left."""
        self._of(users).filtered("active").crm_left = True

    @api.model
    def _mark_back(self, users):
        """These users are back, in no team until somebody takes them in."""
        self._of(users).filtered("crm_left").crm_left = False

    @api.model
    def _mark_left_before(self):
        """Users who had left before anybody noted from where: from the memberships that
        ended last, those of teams they had changed before are older."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_team_member member SET crm_left = TRUE
                     FROM res_users leaver
                    WHERE leaver.id = member.user_id AND NOT leaver.active
                      AND (member.active OR NOT EXISTS (
                           SELECT 1 FROM crm_team_member later
                            WHERE later.user_id = member.user_id
                              AND (later.active
                                   OR later.write_date > member.write_date)))"""
            )
        )
        self.invalidate_model(["crm_left"])
        self.env["res.users"]._crm_drop_scopes()
