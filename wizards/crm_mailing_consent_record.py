from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context


class CrmMailingConsentRecord(models.TransientModel):
    """Asks when and how contacts agreed to get e-mails of marketing, or withdrew
    that."""

    _name = "crm.mailing.consent.record"
    _description = "Record Consent"

    partner_ids = fields.Many2many(
        comodel_name="res.partner",
        string="Contacts",
        required=True,
        default=lambda self: self._default_partner_ids(),
    )
    partner_count = fields.Integer(
        string="Contacts Chosen", compute="_compute_partner_count"
    )
    kind = fields.Selection(
        selection=lambda self: self._selection("kind"), required=True, default="given"
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now)
    source = fields.Selection(
        selection=lambda self: self._selection("source"),
        string="How",
        required=True,
        default="form",
    )
    text = fields.Text(string="Agreed To", help="The words that he agreed to.")

    @api.model
    def _default_partner_ids(self):
        if self.env.context.get("active_model") != "res.partner":
            return False
        return self.env.context.get("active_ids")

    @api.model
    def _selection(self, name):
        Consent = self.env["crm.mailing.consent"]
        return Consent._fields[name]._description_selection(self.env)

    @api.depends("partner_ids")
    def _compute_partner_count(self):
        for wizard in self:
            wizard.partner_count = len(wizard.partner_ids)

    def action_record(self):
        """Record it for all of them, and close the dialog.

        :raise AccessError: where the user may not write one of the contacts; nothing is
            recorded then
        """
        self.ensure_one()
        if not self.partner_ids:
            raise UserError(self.env._("Choose the contacts first."))
        env = self.env(context=clean_context(self.env.context))
        env["crm.mailing.consent"].create(
            [
                {
                    "partner_id": partner.id,
                    "kind": self.kind,
                    "date": self.date,
                    "source": self.source,
                    "text": self.text,
                }
                for partner in self.partner_ids
            ]
        )
        return {"type": "ir.actions.act_window_close"}
