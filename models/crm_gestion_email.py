from odoo import api, fields, models
from odoo.tools import email_normalize_all


class CrmGestionEmail(models.AbstractModel):
    """Makes gestiones of the e-mails that come in and go out on the threads of
    opportunities, enquiries, organizations and contacts, where the setting is on.

    *Invariants.* One gestión per e-mail, which points at the message: neither text nor
    attachments are copied. What came in belongs to the opportunity's seller, else to
    the account's, else to OdooBot, so that it is nobody's merit and still part of the
    history; what went out belongs to who wrote it. Nothing that no person wrote to
    another is recorded: notes, notifications, mailings, messages to colleagues only,
    automatic replies.

    Recording never creates a customer and never loses an e-mail: it comes after the
    message was posted and sent, and what fails is left out.
    """

    _name = "crm.gestion.email"
    _description = "E-mails as Interactions"

    @api.model
    def _enabled(self):
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        return params.get_param("crm_gestion.email_gestiones") == "True"

    @api.model
    def _activity_type(self):
        """:return: the delivered type of e-mails, where it is still an interaction"""
        xmlid = "mail.mail_activity_data_email"
        found = self.env["ir.model.data"]._xmlid_to_res_id(xmlid)
        types = self.env["mail.activity.type"].browse(found)
        return types.filtered("is_gestion")

    @api.model
    def _log_posted(self, document, message, recipients, scheduled_date=None):
        """Log a message that was posted and notified.

        :param document: thread of the message
        :param recipients: what ``_notify_thread`` returned
        :param scheduled_date: the message goes out later, and is logged then

        Gateway and composer tell by ``crm_gestion_automatic_email`` in the context that
        no person wrote it to one other. A client that sets it only keeps its own e-mail
        out of the history.
        """
        message = message.sudo()  # sudo: of what was posted, who wrote to whom
        if message.message_type not in ("comment", "email") or not self._enabled():
            return
        if self.env.context.get("crm_gestion_automatic_email") or (
            scheduled_date and document._is_notification_scheduled(scheduled_date)
        ):
            return
        if self._author(message):
            people = self._outsiders(message, recipients)
            if people is None:
                return
            vals = self._prepare_outgoing(message, self._about(message), people)
        elif message.message_type == "email" and self.env.su:
            # only the gateway posts as superuser: a client cannot forge what came in
            vals = self._prepare_incoming(message, self._about(message))
        else:
            return
        if vals:
            replays = message.message_type != "email"  # that is the gateway's
            self.env["crm.gestion.source"]._record([vals], replays)

    @api.model
    def _log_earlier(self, leads):
        """Log what came in on enquiries before their customer was known."""
        if not leads or not self._enabled():
            return
        # sudo: e-mails of opportunities that the user writes right now
        messages = (
            self.env["mail.message"]
            .sudo()
            .search(
                [
                    ("model", "=", "crm.lead"),
                    ("res_id", "in", leads.ids),
                    ("message_type", "=", "email"),
                ]
            )
        )
        Gestion = self.env["crm.gestion"].sudo()  # sudo: whoever has them
        messages -= Gestion.search([("message_id", "in", messages.ids)]).message_id
        about = self._about(messages)
        prepared = [
            self._prepare_incoming(message, about)
            for message in messages
            if not self._author(message)
        ]
        self.env["crm.gestion.source"]._record([vals for vals in prepared if vals])

    # === WHO WROTE TO WHOM === #

    @api.model
    def _author(self, message):
        """:return: the internal user who wrote a message; OdooBot is none"""
        return message.author_id.user_ids.filtered(lambda user: user._is_internal())[:1]

    @api.model
    def _outsiders(self, message, recipients):
        """
        :return: the partners outside that a message of ours went to; None where it
            went to nobody outside
        """
        emailed = [data for data in recipients or () if data["notif"] == "email"]
        ids = [data["id"] for data in emailed if data["share"] and data["id"]]
        # sudo: who they are, whoever writes to them
        partners = self.env["res.partner"].sudo().browse(ids)
        partners -= self.env["crm.account.status"]._ours(partners)
        unknown = any(not data["id"] for data in emailed)
        if message.message_type == "email":
            # written in another program: those it names have it already
            found, others = self._addressed(message)
            partners |= found
            unknown |= others
        return partners if partners or unknown else None

    @api.model
    def _addressed(self, message):
        """
        :return: partners outside that an e-mail names as recipients, and whether it
            names others whom nobody knows
        """
        names = f"{message.incoming_email_to or ''},{message.incoming_email_cc or ''}"
        addresses = set(email_normalize_all(names))
        # sudo: as in `_outsiders`
        partners = self.env["res.partner"].sudo()
        found = partners.search([("email_normalized", "in", list(addresses))])
        unknown = addresses - set(found.mapped("email_normalized"))
        ours = self.env["crm.account.status"]._ours(found)
        return found - ours, bool(unknown)

    # === VALUES === #

    @api.model
    def _about(self, messages):
        """:return: dict message -> values of a gestión that say whom it is with"""
        about = {}
        for model, group in messages.grouped("model").items():
            found = self.env["crm.gestion.source"]._about(model, group.mapped("res_id"))
            about |= {message: found.get(message.res_id, {}) for message in group}
        return about

    @api.model
    def _prepare_incoming(self, message, about):
        vals = self._prepare_vals(message, about, message.author_id)
        if not vals:
            return {}
        # sudo: who has them, to whom the gestión will belong; nobody asked for it
        lead = self.env["crm.lead"].sudo().browse(vals.get("lead_id"))
        partners = self.env["res.partner"].sudo()
        contact = partners.browse(vals.get("contact_id"))
        organization = partners.browse(vals.get("organization_id"))
        sellers = lead.user_id, organization.user_id, contact.user_id
        sellers += (contact.commercial_partner_id.user_id,)
        internal = [user for user in sellers if user and user._is_internal()]
        user = internal[0] if internal else self.env.ref("base.user_root")
        return {**vals, "direction": "in", "user_id": user.id}

    @api.model
    def _prepare_outgoing(self, message, about, people):
        vals = self._prepare_vals(message, about, people)
        if not vals:
            return {}
        return {**vals, "direction": "out", "user_id": self._author(message).id}

    @api.model
    def _prepare_vals(self, message, about, people):
        """
        :param about: what `_about` returned
        :param people: partners whom the e-mail came from or went to
        :return: values of the gestión; empty where there is no customer or it is a note
        """
        activity_type = self._activity_type()
        note = message.is_internal or message.subtype_id.internal
        if note or not activity_type:
            return {}
        vals = dict(about[message])
        known = [vals[n] for n in ("contact_id", "organization_id") if vals.get(n)]
        if not known:
            return {}
        # sudo: as in `_outsiders`
        customer = self.env["res.partner"].sudo().browse(known[0])
        person = people.filtered(
            lambda partner: (
                not partner.is_company
                and partner.commercial_partner_id == customer.commercial_partner_id
            )
        )
        if person and vals.get("contact_id") not in person.ids:
            vals["contact_id"] = person[0].id
        if message.subject:
            vals["name"] = message.subject
        return {
            **vals,
            "activity_type_id": activity_type.id,
            "message_id": message.id,
            "date": min(message.date, fields.Datetime.now()),
        }
