from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, format_date


class CrmMailingConsent(models.Model):
    """Word of a contact that he wants, or does not want any more, to get e-mails of
    marketing: when and how he gave it, and what he agreed to.

    *Lifecycle.* Recorded on the contact, for many contacts of a list at once, or from a
    file. Who withdrew is on no list of Doppler any more after its next push, nor is
    anybody with his address.

    *Invariants.* Rows are kept as they are: who changes his mind has a new one, and the
    latest holds, for an address too that its contact has no more. Who recorded it, and
    the contact's address at that time, are ours to say. They go with the contact, and
    with him to the one he is merged into.

    *Rights.* All of sales read. Who may write a contact records for him; nobody changes
    or deletes.
    """

    _name = "crm.mailing.consent"
    _description = "Mailing Consent"
    _order = "date desc, id desc"
    _rec_name = "partner_id"

    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        required=True,
        index=True,
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
        default=lambda self: (
            "import" if self.env.context.get("import_file") else "form"
        ),
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
    _email_idx = models.Index("(email, date DESC, id DESC) WHERE email IS NOT NULL")

    # === CONSTRAINTS === #

    @api.constrains("date")
    def _check_date(self):
        now = fields.Datetime.now()
        if any(consent.date > now for consent in self):
            raise ValidationError(
                self.env._(
                    "Nobody has agreed in the future: give the day on which he did."
                )
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Who records a consent and for which address is ours to say.

        :raise AccessError: where the user may not write one of the contacts
        """
        # a default of the client is looked at as what he gives
        default = self.default_get(["partner_id"])
        vals_list = [{**default, **vals} for vals in vals_list]
        partners = self.env["res.partner"].browse(
            v.get("partner_id") for v in vals_list
        )
        partners.browse(filter(None, partners.ids)).check_access("write")
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

    # === BUSINESS METHODS === #

    @api.model
    def _notes(self, partners):
        """:return: dict id of a contact -> what holds, in words; in one query"""
        if not partners.ids:  # a form that is being filled in
            return {}
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT DISTINCT ON (partner_id) partner_id, kind, date
                     FROM crm_mailing_consent
                    WHERE partner_id = ANY(%s)
                 ORDER BY partner_id, date DESC, id DESC""",
                list(partners.ids),
            )
        )
        return {partner_id: self._note(kind, date) for partner_id, kind, date in rows}

    @api.model
    def _note(self, kind, date):
        day = format_date(self.env, fields.Datetime.context_timestamp(self, date))
        if kind == "given":
            return self.env._("Agreed to mailings on %s.", day)
        return self.env._("Wants no mailings since %s: no list gets him.", day)
