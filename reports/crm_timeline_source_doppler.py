from functools import partial

from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmTimelineSource(models.AbstractModel):
    """What Doppler told of its campaigns at a contact: dated by when they were sent,
    for when they were opened it does not tell."""

    _inherit = "crm.timeline.source"

    def _domain_delivery(self):
        return Domain("partner_id", "!=", False)

    def _rows_delivery(self, query):
        own = partial(SQL.identifier, query.table)
        campaign = query.join(
            query.table, "campaign_id", "crm_doppler_campaign", "id", "campaign"
        )
        clicks = self.env._("clicks: %s", "\0").partition("\0")
        values = {
            "date": SQL(
                "COALESCE(%s, %s)", SQL.identifier(campaign, "sent_date"), own("date")
            ),
            "kind": "campaign_email",
            "summary": self._text(
                SQL("concat('Doppler: ', %s)", SQL.identifier(campaign, "name")),
                self._label("crm.doppler.delivery", "status", own("status")),
                SQL(
                    "CASE WHEN %s > 0 THEN concat(%s, %s, %s) END",
                    own("clicks"),
                    clicks[0],
                    own("clicks"),
                    clicks[2],
                ),
            ),
            "company_id": own("company_id"),
            **self._of_customer(query, query.table, "partner_id"),
        }
        yield values, SQL("TRUE")
