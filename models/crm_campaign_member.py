from odoo import api, fields, models

# How far somebody got, in order; who opted out stays so.
STATES = [
    ("planned", "Planned"),
    ("contacted", "Contacted"),
    ("opened", "Opened"),
    ("clicked", "Clicked"),
    ("answered", "Answered"),
    ("opted_out", "Opted Out"),
]
SOURCES = [
    ("manual", "By Hand"),
    ("mailing", "Mailing"),
    ("call_list", "Call List"),
    ("gestion", "Gestión"),
    ("event", "Event"),
    ("import", "Import"),
    ("doppler", "Doppler"),
]


class CrmCampaignMember(models.Model):
    """Somebody whom a campaign is meant for, and how far he got. One row for each
    campaign and contact; the state only advances."""

    _name = "crm.campaign.member"
    _description = "Campaign Member"
    _order = "campaign_id, id"
    _rec_name = "partner_id"

    campaign_id = fields.Many2one(
        comodel_name="utm.campaign", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        required=True,
        index=True,
        ondelete="cascade",
    )
    state = fields.Selection(selection=STATES, required=True, default="planned")
    date = fields.Datetime(
        required=True, default=fields.Datetime.now, help="When this state was reached."
    )
    contact_date = fields.Datetime(
        string="First Contacted",
        help="When the campaign first reached this contact, whatever came of it.",
    )
    source = fields.Selection(selection=SOURCES, required=True, default="manual")

    _partner_unique = models.UniqueIndex(
        "(campaign_id, partner_id)", "This contact is in the campaign already."
    )

    @api.model
    def _advance(self, rows):
        """Note how far contacts got in campaigns.

        :param rows: list of dict campaign_id, partner_id, state, date (datetime), source;
            the same contact may come several times. Who is not in the campaign enters
            it; a state that is not further than the present one changes nothing.
        """
        order = [state for state, _label in STATES]
        found = {
            (member.campaign_id.id, member.partner_id.id): member
            for member in self.search(
                [
                    ("campaign_id", "in", [row["campaign_id"] for row in rows]),
                    ("partner_id", "in", [row["partner_id"] for row in rows]),
                ]
            )
        }
        for row in rows:
            key = (row["campaign_id"], row["partner_id"])
            if not (member := found.get(key)):
                found[key] = self.create(row)
            elif order.index(row["state"]) > order.index(member.state):
                member.write({"state": row["state"], "date": row["date"]})
