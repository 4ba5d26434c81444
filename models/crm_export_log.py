from markupsafe import Markup

from odoo import api, fields, models

# What a client sends is kept up to here.
LONGEST = 2000


class CrmExportLog(models.Model):
    """That somebody took data out of the company, or tried to.

    *Lifecycle.* A row is made when data leave by one of the channels, by whomever, and
    when that is refused. Plain reading cannot be refused: who read more in an hour than
    the setting "Records Read in an Hour" has one row for that hour, whose number grows
    with what he reads on, and the directors are told (`_log_reading`).

    *Invariants.* Rows are made by `_log` and `_log_reading` only; nobody writes or
    deletes one. Directors read those of their companies.
    """

    _name = "crm.export.log"
    _description = "Export"
    _order = "date desc, id desc"
    _rec_name = "user_id"

    user_id = fields.Many2one(
        comodel_name="res.users",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    date = fields.Datetime(required=True, readonly=True)
    company_id = fields.Many2one(
        comodel_name="res.company", readonly=True, index=True, ondelete="set null"
    )
    channel = fields.Selection(
        selection=[
            ("csv", "CSV file"),
            ("xlsx", "Excel file"),
            ("pivot", "Excel file of a pivot table"),
            ("pricelist", "File of a pricelist"),
            ("rpc", "Another program"),
            ("json", "JSON page"),
            ("share", "Shared dashboard"),
            ("vcard", "Contact cards"),
            ("pdf", "Printed documents"),
            ("attachment", "Files in one archive"),
            ("reading", "Many records read"),
        ],
        required=True,
        readonly=True,
    )
    name = fields.Char(
        string="What", readonly=True, help="Report, page or file that was asked for."
    )
    model = fields.Char(string="Technical Name", readonly=True)
    model_id = fields.Many2one(
        comodel_name="ir.model",
        string="Kind of Record",
        readonly=True,
        ondelete="set null",
    )
    records = fields.Integer(
        readonly=True, help="How many; 0 where nobody knows before it is opened."
    )
    domain = fields.Char(string="Selection of Records", readonly=True)
    refused = fields.Boolean(readonly=True)
    # the last one: its name is the one of the module from here on
    fields = fields.Text(readonly=True)

    _default_order_idx = models.Index("(date DESC, id DESC)")
    _one_reading = models.UniqueIndex("(user_id, date) WHERE channel = 'reading'")

    @api.model
    def _log(
        self,
        channel,
        model="",
        records=0,
        field_names=(),
        domain="",
        name="",
        refused=False,
    ):
        """Record an export of the current user.

        :param str channel: how
        :param str model: technical name; what is no model is not kept
        :param int records: how many
        :param field_names: of what was exported
        :param domain: what the records were selected by, where it is known
        :param str name: what was asked for, where there is more to say
        :param bool refused: whether he did not get it
        """
        known = model if model in self.env else ""
        # sudo: nobody writes this table by hand
        self.sudo().create(
            {
                "user_id": self.env.uid,
                "date": fields.Datetime.now(),
                "company_id": self.env.company.id,
                "channel": channel,
                "model": known,
                "model_id": self.env["ir.model"]._get_id(known) if known else False,
                "records": records,
                "fields": ", ".join(map(str, field_names))[:LONGEST],
                "domain": str(domain or "")[:LONGEST],
                "name": str(name or "")[:LONGEST],
                "refused": refused,
            }
        )

    @api.model
    def _log_reading(self, user, hour, records):
        """Record that a user reads more than the setting says, and tell the directors
        of his company, once for each hour.

        :param user: ``res.users``
        :param hour: when the hour began
        :param int records: how many so far
        """
        row = self.search(
            [
                ("user_id", "=", user.id),
                ("date", "=", hour),
                ("channel", "=", "reading"),
            ]
        )
        if row:
            row.records = records
            return
        self.create(
            {
                "user_id": user.id,
                "date": hour,
                "company_id": user.company_id.id,
                "channel": "reading",
                "records": records,
            }
        )
        self._tell_directors(user, records)

    @api.model
    def _tell_directors(self, user, records):
        directors = self.env.ref("crm_gestion.group_sales_director").all_user_ids
        for director in directors.filtered(
            lambda director: user.company_id in director.company_ids
        ):
            env = self.with_context(lang=director.lang).env
            body = env._(
                "%(user)s read %(number)s records within an hour, more than is usual "
                "for a day's work in sales: see Exports in the configuration of CRM.",
                user=user.name,
                number=records,
            )
            # by the mail queue: whoever reads does not wait for a mail server
            self.env["mail.thread"].message_notify(
                partner_ids=director.partner_id.ids,
                subject=env._("Many records read: %s", user.name),
                body=Markup("<p>%s</p>") % body,
                force_send=False,
            )
