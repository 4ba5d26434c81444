from odoo import fields, models


class CrmContactFormEntry(models.Model):
    """What somebody sent by a public contact form, and what he agreed to, in the words
    that he was shown. Never changed. A mailing consent of a contact is made of it once
    somebody of ours has joined its opportunity to a contact.
    """

    _name = "crm.contact.form.entry"
    _description = "Entry of a Contact Form"
    _order = "date desc, id desc"
    _rec_name = "email"

    form_id = fields.Many2one(
        comodel_name="crm.contact.form",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    lead_id = fields.Many2one(
        comodel_name="crm.lead",
        string="Opportunity",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    company_id = fields.Many2one(comodel_name="res.company", readonly=True, index=True)
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    email = fields.Char(readonly=True)
    privacy_text = fields.Text(string="Agreed To", readonly=True)
    consent_text = fields.Text(string="Mailings", readonly=True)
    wants_mailings = fields.Boolean(readonly=True)
    token = fields.Char(
        readonly=True, groups="base.group_system", help="So that it counts once."
    )

    _token_unique = models.UniqueIndex("(token)", "This was sent already.")
