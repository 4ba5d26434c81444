from odoo import api, models, modules

FIRST_STEPS = "crm_gestion_first_steps"


class WebTourTour(models.Model):
    """Our tour is offered to a new seller, once; Odoo offers tours to administrators
    only. Starting one by its address turns all tours on for its user: a seller asked
    for ours only, with its end Odoo's other tours do not begin."""

    _inherit = "web_tour.tour"

    @api.model
    def consume(self, tourName):
        following = super().consume(tourName)
        if tourName != FIRST_STEPS or not self.env.user._is_internal():
            return following
        self.env["res.users"].switch_tour_enabled(False)
        return False

    @api.model
    def _offers_first_steps(self):
        """:return: whether to ask who logs in; tests go their own way, as with Odoo's
        tours"""
        return not modules.module.current_test and self._awaits_first_steps()

    @api.model
    def _awaits_first_steps(self):
        """:return: whether the user sells, leads nobody and has not answered yet"""
        user = self.env.user
        if (
            user.tour_enabled
            or not user.has_group("crm_gestion.group_seller")
            or user.has_group("crm_gestion.group_sales_head")
        ):
            return False
        unanswered = [
            ("name", "=", FIRST_STEPS),
            ("user_consumed_ids", "not in", user.ids),
        ]
        return bool(self.search_count(unanswered, limit=1))
