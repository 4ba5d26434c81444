from odoo import fields, models


class CrmContactForm(models.Model):
    """A public page on which anybody may leave his data and ask to be called: at its
    own address, with its own origination, team and campaign. What is sent makes an
    opportunity (or an enquiry), never a contact, and changes none.

    *Off* until it is published.
    """

    _name = "crm.contact.form"
    _description = "Public Contact Form"
    _order = "name, id"

    name = fields.Char(string="Title", required=True, translate=True)
    slug = fields.Char(string="Address", required=True, copy=False)
    is_published = fields.Boolean(string="Published", copy=False)
    active = fields.Boolean(default=True)
    introduction = fields.Html(translate=True)
    thanks = fields.Html(translate=True)
    privacy_text = fields.Html(
        translate=True, help="What who sends the form must agree to."
    )
    consent_text = fields.Char(
        translate=True, help="What he may agree to besides: to get mailings."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        ondelete="cascade",
    )
    origination_id = fields.Many2one(
        comodel_name="crm.origination", required=True, ondelete="restrict"
    )
    campaign_id = fields.Many2one(comodel_name="utm.campaign", ondelete="set null")
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", ondelete="set null"
    )
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", ondelete="set null"
    )

    _slug_unique = models.UniqueIndex(
        "(lower(slug))", "Another form has this address: choose another one."
    )
