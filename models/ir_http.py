from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    """Requests with a parameter that no page can take: Odoo hands parameters on by
    their names, and one called ``self`` makes any controller fail with an error of the
    server, for who is not even logged in. It is dropped."""

    _inherit = "ir.http"

    @classmethod
    def _dispatch(cls, endpoint):
        if "self" in request.params:
            request.params = {k: v for k, v in request.params.items() if k != "self"}
        return super()._dispatch(endpoint)

    def session_info(self):
        info = super().session_info()
        info["crm_offers_first_steps"] = self.env["web_tour.tour"]._offers_first_steps()
        return info
