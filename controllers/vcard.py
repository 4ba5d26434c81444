from odoo import http
from odoo.http import request

from odoo.addons.web.controllers.vcard import Partner


class CrmPartner(Partner):
    """One contact goes to somebody's phone; many are the company's customers."""

    @http.route()
    def download_vcard(self, partner_ids=None, partner=None, **kwargs):
        number = len({*filter(str.isdigit, (partner_ids or "").split(","))})
        request.env["crm.export.guard"]._check(
            "vcard",
            limit=1,
            message=request.env._(
                "Download one contact at a time, or ask your sales director."
            ),
            model="res.partner",
            records=number or 1,
        )
        return super().download_vcard(partner_ids, partner, **kwargs)
