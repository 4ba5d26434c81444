import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.tools import format_date

from .crm_gestion_source import DOCUMENTS

_logger = logging.getLogger(__name__)


class CrmSubstitutionNotice(models.AbstractModel):
    """Tells people about substitutions, and tells substitutes what their absent
    colleagues are told.

    *Invariants.* A substitute is told in the days of the cover only, and follows
    nothing: nobody has to be unsubscribed. He is told of documents of sales that he may
    read, and not of what he wrote himself. What cannot be told to him never fails the
    message.
    """

    _name = "crm.substitution.notice"
    _description = "Notices of Substitutions"

    # === WHO IS COVERED BY WHOM === #

    @api.model
    def _tell(self, rows, before=None):
        """Tell absent seller and substitute, each in his language, what was set; not
        who set it.

        :param dict before: row -> the users it was about, where it changed
        """
        for row in rows.sudo():  # sudo: languages and addresses of colleagues
            people = row.user_id | row.substitute_id
            gone = (before or {}).get(row, people) - people
            for person in (people | gone) - self.env.user:
                if person.active:
                    self._tell_one(row, person, person in gone)

    @api.model
    def _tell_one(self, row, person, gone):
        row = row.with_context(lang=person.lang)
        names = {
            "who": self.env.user.name,
            "user": row.user_id.name,
            "substitute": row.substitute_id.name,
            "date_from": format_date(row.env, row.date_from),
            "date_to": format_date(row.env, row.date_to),
        }
        if gone:
            body = row.env._(
                "%(who)s changed a substitution: it is not yours any more. Now "
                "%(substitute)s covers %(user)s from %(date_from)s to %(date_to)s.",
                **names,
            )
        elif not row.active:
            body = row.env._(
                "%(who)s cancelled it: %(substitute)s does not cover %(user)s "
                "from %(date_from)s to %(date_to)s.",
                **names,
            )
        elif row.state == "over":
            body = row.env._(
                "%(who)s ended it: the last day on which %(substitute)s covered "
                "%(user)s was %(date_to)s.",
                **names,
            )
        else:
            body = row.env._(
                "%(who)s set it: %(substitute)s covers %(user)s "
                "from %(date_from)s to %(date_to)s.",
                **names,
            )
        self.env["mail.thread"].with_context(lang=person.lang).message_notify(
            partner_ids=person.partner_id.ids,
            subject=row.env._("Substitution: %s", row.display_name),
            body=body,
            model=row._name,
            res_id=row.id,
            email_layout_xmlid="mail.mail_notification_light",
        )

    # === WHAT ABSENT COLLEAGUES ARE TOLD === #

    @api.model
    def _reached(self, document, recipients, author_id):
        """
        :param document: thread of a message
        :param recipients: list of data of who is notified
        :param author_id: id of the partner who wrote it
        :return: partners of who covers one of them today and is not notified himself
        """
        partners = self.env["res.partner"]
        if document._name not in DOCUMENTS or len(document) != 1:
            return partners
        ids = [data["uid"] for data in recipients if data.get("type") == "user"]
        absent = self.env["res.users"].browse(filter(None, ids))
        try:
            covered = self.env["crm.substitution"]._substitutes(absent)
            substitutes = absent.union(*covered.values())
            known = {author_id, *(data["id"] for data in recipients)}
            # sudo: partners of colleagues
            new = substitutes.sudo().filtered(lambda u: u.partner_id.id not in known)
            if not new:
                return partners
            with self.env.cr.savepoint():
                readers = new.filtered(lambda user: self._reads(user, document))
            return readers.partner_id.with_env(self.env)
        except OperationalError:
            raise  # collisions of transactions are replayed by the server
        except Exception:
            _logger.exception("Substitutes not notified of %s", document)
            return partners

    @api.model
    def _reads(self, user, document):
        """In the companies of that user, not in those of who writes."""
        document = document.with_user(user).sudo(False)
        companies = user.company_ids.ids
        return document.with_context(allowed_company_ids=companies).has_access("read")
