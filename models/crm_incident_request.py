import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, plaintext2html

from ..tools.contact_form import plain

SCOPE = "crm_incident_request"
# Who has more to tell in an hour is a program.
MOST_IN_AN_HOUR = 20
MOST_FILES = 10
LARGEST_FILE = 25 * 1024 * 1024
LONGEST_TITLE, LONGEST_DESCRIPTION, LONGEST_FILE_NAME = 150, 10_000, 120
KEPT_DAYS = 2


class CrmIncidentRequest(models.Model):
    """One sending of the form by which customers open incidents on the portal, so that
    a double click makes one incident. Of no use after a day; nobody reads or writes it
    but by `_open_once`."""

    _name = "crm.incident.request"
    _description = "Incident Sent on the Portal"
    _order = "id desc"
    _rec_name = "task_id"

    token = fields.Char(required=True, readonly=True)
    task_id = fields.Many2one(
        comodel_name="project.task",
        string="Incident",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _token_unique = models.UniqueIndex("(token)", "This was sent already.")
    _recent_idx = models.Index("(create_uid, create_date)")

    # === BUSINESS METHODS === #

    @api.model
    def _issue(self):
        """:return: word for one sending by the current user"""
        return self.env["crm.once"]._issue(SCOPE, self.env.uid)

    @api.model
    def _key(self, word):
        return self.env["crm.once"]._read(SCOPE, self.env.uid, word)[0]

    @api.model
    def _is_flood(self):
        since = fields.Datetime.now() - timedelta(hours=1)
        domain = [("create_uid", "=", self.env.uid), ("create_date", ">", since)]
        # sudo: only counts the user's own
        return self.sudo().search_count(domain) >= MOST_IN_AN_HOUR

    @api.model
    def _open_once(self, key, vals, files):
        """Open an incident for the current user, or find the one that the same sending
        opened before.

        :param str key: what `_key` returned
        :param vals: dict of values of the incident; ``description`` is plain text
        :param files: list of pairs name, content
        :return: ``project.task`` in superuser mode
        :raise UserError: as opening an incident does; nothing was done then
        """
        with self.env.cr.savepoint():
            row = self._claim(key)
            if row.task_id:
                return row.task_id
            vals = {**vals, "description": plaintext2html(vals["description"])}
            # sudo: `_open` has checked; what is given next is of this incident
            incident = self.env["crm.incident"]._open([vals]).sudo()
            row.task_id = incident
            self._attach(incident, files)
            return incident

    @api.model
    def _claim(self, key):
        """A second request with the same key waits for the first one, and the server
        begins it anew with what that one did in sight."""
        self.env.cr.execute(
            SQL(
                """INSERT INTO crm_incident_request
                          (token, create_uid, write_uid, create_date, write_date)
                   VALUES (%(token)s, %(uid)s, %(uid)s, %(now)s, %(now)s)
              ON CONFLICT (token) DO NOTHING""",
                token=key,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        # sudo: the row of the user's own sending
        return self.sudo().search([("token", "=", key)], limit=1)

    @api.model
    def _attach(self, incident, files):
        """As Odoo's own uploads on the portal: what a browser might run is text."""
        attachments = incident.env["ir.attachment"]
        attachments.create(
            [
                attachments._check_contents(
                    {
                        "name": self._file_name(name),
                        "raw": content,
                        "res_model": incident._name,
                        "res_id": incident.id,
                    }
                )
                for name, content in files
            ]
        )

    @api.model
    def _file_name(self, name):
        """:return: last part of what a browser calls the file"""
        name = plain(re.split(r"[\\/]", name or "")[-1])
        stem, dot, ending = name.rpartition(".")
        if dot and len(ending) < LONGEST_FILE_NAME // 2:
            name = stem[: LONGEST_FILE_NAME - len(ending) - 1] + dot + ending
        return name[:LONGEST_FILE_NAME] or self.env._("File")

    @api.autovacuum
    def _gc_requests(self):
        old = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.search([("create_date", "<", old)], limit=10_000).unlink()
