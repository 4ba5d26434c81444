from odoo import api, fields, models


class CrmMailingConsent(models.Model):
    """Word of a contact that he wants, or does not want any more, to get e-mails of
    marketing: when and how he gave it, and what he agreed to.

    *Invariants.* Rows are kept as they are: who changes his mind has a new one, and the
    latest holds. They go with the contact.
    """

    _name = "crm.mailing.consent"
    _description = "Mailing Consent"
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        required=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(related="partner_id.company_id")
    email = fields.Char(
        string="Address", readonly=True, help="The contact's at that time."
    )
    kind = fields.Selection(
        selection=[("given", "Given"), ("withdrawn", "Withdrawn")],
        required=True,
        default="given",
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    source = fields.Selection(
        selection=[
            ("form", "Form"),
            ("website", "Website"),
            ("email", "E-mail"),
            ("phone", "Phone"),
            ("in_person", "In person"),
            ("event", "Event"),
            ("contract", "Contract or order"),
            ("import", "Imported"),
        ],
        string="How",
        required=True,
        default="form",
    )
    text = fields.Text(string="Agreed To", help="The words that he agreed to.")
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Recorded by",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )

    _latest_idx = models.Index("(partner_id, date DESC, id DESC)")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Who records a consent and for which address is ours to say."""
        partners = self.env["res.partner"].browse(
            v.get("partner_id") for v in vals_list
        )
        return super().create(
            [
                {
                    **vals,
                    "user_id": self.env.uid,
                    "email": partner.email_normalized,
                }
                for vals, partner in zip(vals_list, partners, strict=True)
            ]
        )
