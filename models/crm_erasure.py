from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# Columns of a table that tell who somebody is or what was said; the others are figures.
TEXTS = {
    "crm.affiliation": ("email", "phone"),
    "crm.contact.form.entry": ("email", "address_hash"),
    "crm.doppler.delivery": ("email",),
    "crm.eid.login": ("hint", "fingerprint", "address", "peer", "user_agent"),
    "crm.export.log": ("domain", "name"),
    "crm.gestion": ("name", "description", "next_summary"),
    "crm.gestion.change": ("old_value", "new_value"),
    "crm.handover.line": ("name",),
    "crm.import.row": ("name", "reason", "values"),
    "crm.lead": (
        *("name", "partner_name", "contact_name", "function", "description"),
        *("email_from", "email_cc", "email_normalized", "email_domain_criterion"),
        *("phone", "phone_sanitized", "street", "street2", "zip", "city", "website"),
        "referred",
    ),
    "crm.mailing.consent": ("email",),
    "crm.opportunity.closure": ("note",),
    "project.task": ("name", "description", "email_cc"),
    "res.partner": (
        *("name", "email", "phone", "street", "street2", "zip", "city", "website"),
        *("function", "comment", "vat", "company_name", "barcode", "ref"),
    ),
}
# Documents with a conversation.
DISCUSSED = ("crm.lead", "project.task", "res.partner")


class CrmErasure(models.AbstractModel):
    """Erases personal data: texts and names are blanked, rows and figures stay, so that
    what a campaign brought or a seller achieved does not change with it.

    It works on what Odoo's privacy look-up has found, and only on what its user has
    chosen there: that a text is about this person alone is for him to judge.

    *Invariants.* Nobody is told, nothing is logged but in Odoo's own privacy log, no
    old value is left in a conversation. What keeps us from writing to an address again
    (blacklist, opt-outs, and the lists of Doppler until it is off them) stays.
    """

    _name = "crm.erasure"
    _description = "Erasure of Personal Data"

    @api.model
    def _can_erase(self, model):
        return model in TEXTS

    @api.model
    def _erase(self, records):
        """Blank the texts of these records and what belongs to them.

        :param records: of a model that `_can_erase` knows
        """
        # sudo: system administrators, whom the look-up's own methods let delete too
        records = records.sudo().exists()
        if records._name == "res.partner":
            self._blank_partners(records)
        else:
            if records._name == "crm.import.row":
                self._blank_files(records)
            self._blank(records)
        if records._name == "crm.gestion":
            changes = self.env["crm.gestion.change"].sudo()
            self._blank(changes.search([("gestion_id", "in", records.ids)]))
        if records._name in DISCUSSED:
            self._blank_conversations(records)

    @api.model
    def _blank(self, records):
        """By SQL: Odoo would copy an emptied address on to the contact, and keep the
        old one in a note."""
        records.env.flush_all()
        values = [
            SQL(
                "%s = %s",
                SQL.identifier(name),
                self._blank_value(records._fields[name]),
            )
            for name in TEXTS[records._name]
        ]
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                SQL(", ").join(values),
                list(records._ids),
            )
        )
        records.invalidate_recordset()

    @api.model
    def _blank_value(self, field):
        """What must have a text says that it was erased, each row in its own way."""
        if field.required or field.name == "name":
            return SQL("%s || ' #' || id", self.env._("Erased"))
        return SQL("NULL")

    @api.model
    def _blank_files(self, rows):
        """The files say what the rows do, and so do the examples of their columns. The
        rows of others stay."""
        rows.file_id.write({"data": False})
        rows.file_id.column_ids.sample = False
        told = {(row.import_id, row.name) for row in rows}
        questions = rows.import_id.choice_ids.filtered("asked")
        questions.filtered(lambda each: (each.import_id, each.name) in told).unlink()

    @api.model
    def _blank_partners(self, partners):
        """Through the ORM: names are copied into many computed fields."""
        silent = partners.with_context(mail_notrack=True, tracking_disable=True)
        blank = dict.fromkeys(TEXTS["res.partner"], False)
        for partner in silent:
            name = self.env._("Erased #%s", partner.id)
            partner.write({**blank, "name": name, "image_1920": False})
        silent.filtered(lambda partner: not partner.user_ids).active = False

    @api.model
    def _blank_conversations(self, records):
        messages = self.env["mail.message"].sudo()
        messages = messages.search(
            Domain("model", "=", records._name) & Domain("res_id", "in", records.ids)
        )
        messages.tracking_value_ids.unlink()
        messages.attachment_ids.unlink()
        messages.write({"body": False, "subject": False, "email_from": False})
        activities = self.env["mail.activity"].sudo().with_context(active_test=False)
        activities.search(
            [("res_model", "=", records._name), ("res_id", "in", records.ids)]
        ).write({"summary": False, "note": False, "feedback": False})
