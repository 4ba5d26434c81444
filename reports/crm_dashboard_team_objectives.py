from odoo import api, models
from odoo.fields import Domain


class CrmDashboardTeamObjectives(models.AbstractModel):
    """The objectives of the teams that a head leads, or of the one person that he
    chose: those of his people stand beside them in the table of the sellers."""

    _name = "crm.dashboard.team.objectives"
    _inherit = "crm.dashboard.objectives"
    _description = "Objectives of Teams"

    @api.model
    def _told(self, asked):
        return self._own(asked) | self._whose(asked)

    @api.model
    def _whose(self, asked):
        own = self._own(asked)
        if asked.team_ids is not None:
            return Domain("team_id", "in", list(asked.team_ids))
        teams = Domain("team_id.crm_in_scope", "=", True)
        if asked.user_ids is None or len(asked.user_ids) > 1:
            return teams
        # a head without people
        return own | teams if asked.user_ids == (self.env.uid,) else own
