from odoo import api, models

FIRST_STEPS = "crm_gestion_first_steps"


class WebTourTour(models.Model):
    """Starting a tour by its address turns all tours on for its user. A seller asked
    for ours only: with its end Odoo's other tours do not begin."""

    _inherit = "web_tour.tour"

    @api.model
    def consume(self, tourName):
        following = super().consume(tourName)
        if tourName != FIRST_STEPS or not self.env.user._is_internal():
            return following
        self.env["res.users"].switch_tour_enabled(False)
        return False
