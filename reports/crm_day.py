from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# Documents whose planned activities are next steps.
DOCUMENTS = ("crm.lead", "res.partner", "sale.order")
# Days for which an opportunity that woke is shown as such, and a meeting asks for its
# result: what is older was decided on otherwise.
WOKE_DAYS = 7
MEETING_DAYS = 30
# A row's id is that of its source times the number of slots, plus the source's slot.
SLOTS = {
    "calendar.event": 1, "mail.activity": 2, "crm.lead": 3, "crm.gestion": 4,
    "res.partner": 5, "project.task": 6,
}  # fmt: skip
# Columns of a branch, in their order, after `id`.
COLUMNS = (
    "kind", "urgency", "date", "start", "user_id", "organization_id", "contact_id",
    "lead_id", "activity_id", "event_id", "gestion_id", "res_model", "res_id",
    "summary", "has_begun",
)  # fmt: skip

TYPES = {
    "date": SQL("date"), "has_begun": SQL("bool"), "kind": SQL("varchar"),
    "res_model": SQL("varchar"), "start": SQL("timestamp"), "summary": SQL("varchar"),
}  # fmt: skip


# Rows that a request holds at most, instead of asking for them again for each kind.
HELD = 2000


class Held(NamedTuple):
    """Rows of a day: value of a context key. An object of this class cannot come from
    outside: no client says what waits for him."""

    rows: str  # as JSON


class CrmDay(models.Model):
    """What waits for a seller today: one row each, gone once it is dealt with.

    *Rows.* Next steps that are due; meetings of today, and those of the last month that
    nobody said the result of; incidents to solve whose target is due today or passed,
    and severe ones that are open at one's accounts; opportunities that woke from
    standby and were not worked on since; gestiones without result; open opportunities
    on which nothing is planned; accounts without contact for some days (a setting).

    *Invariants.* The same thing waits once: a meeting and its activity are one row, an
    opportunity with a due step is not also one without, an account that an open
    opportunity or a planned step keeps in view is not a quiet one. An e-mail that went
    out needs no result. Ids are made of the source's: a row keeps its id as long as it
    is there.

    *Rights.* No table: the query is built for its reader from the access-checked query
    of each source, of his people only. Every part starts from the owner's index, so the
    size of the company's history does not matter.
    """

    _name = "crm.day"
    _description = "My Day"
    _auto = False
    _rec_name = "summary"
    _order = "urgency, date, id"
    _depends = {
        "mail.activity": [
            "active", "calendar_event_id", "date_deadline", "res_id", "res_model",
            "summary", "user_id",
        ],
        "calendar.event": [
            "active", "allday", "crm_result", "name", "opportunity_id", "res_id",
            "res_model", "start", "start_date", "stop", "user_id",
        ],
        "crm.lead": [
            "active", "name", "organization_id", "partner_id", "type", "user_id",
            "won_status",
        ],
        "crm.opportunity.closure": ["kind", "lead_id", "reopen_date"],
        "crm.gestion": [
            "contact_id", "date", "direction", "lead_id", "message_id", "name",
            "organization_id", "result_id", "user_id",
        ],
        "res.partner": [
            "account_status", "commercial_partner_id", "is_company", "user_id",
        ],
        "project.task": [
            "active", "crm_deadline", "crm_is_incident",
            "crm_lead_id", "crm_number", "crm_organization_id", "crm_phase",
            "crm_severity", "name", "partner_id", "user_ids",
        ],
        "sale.order": ["opportunity_id", "partner_id"],
    }  # fmt: skip

    kind = fields.Selection(
        selection=[
            ("meeting", "Meetings Today"),
            ("severe", "Severe Incidents of Accounts"),
            ("incident", "Incidents to Solve"),
            ("step", "Next Steps"),
            ("held", "Meetings without Result"),
            ("woke", "Back from Standby"),
            ("gestion", "Gestiones without Result"),
            ("no_step", "Without Next Step"),
            ("quiet", "Accounts without Contact"),
        ],
        readonly=True,
        group_expand="_group_expand_kind",
    )
    urgency = fields.Integer(readonly=True, aggregator=None)
    date = fields.Date(string="Due", readonly=True)
    start = fields.Datetime(readonly=True)
    user_id = fields.Many2one(comodel_name="res.users", string="Seller", readonly=True)
    organization_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    contact_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    lead_id = fields.Many2one(
        comodel_name="crm.lead", string="Opportunity", readonly=True
    )
    activity_id = fields.Many2one(comodel_name="mail.activity", readonly=True)
    event_id = fields.Many2one(
        comodel_name="calendar.event", string="Meeting", readonly=True
    )
    gestion_id = fields.Many2one(
        comodel_name="crm.gestion", string="Gestión", readonly=True
    )
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Document", model_field="res_model", readonly=True, aggregator=None
    )
    summary = fields.Char(readonly=True)
    has_begun = fields.Boolean(readonly=True, help="Of a meeting: it began already.")
    is_mine = fields.Boolean(
        string="Mine",
        compute="_compute_is_mine",
        search="_search_is_mine",
        help="Of the user himself, or of whom he covers today.",
    )
    is_covered = fields.Boolean(
        string="You Cover Him",
        compute="_compute_is_mine",
        help="Of an absent seller whom the user covers today.",
    )
    phone = fields.Char(compute="_compute_phone")
    whatsapp = fields.Char(
        string="WhatsApp",
        compute="_compute_phone",
        help="Address that opens a conversation with the number.",
    )

    # === COMPUTE METHODS === #

    @api.depends("user_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        """Agrees with the search."""
        covered = self._covered()
        for row in self:
            row.is_covered = row.user_id.id in covered
            row.is_mine = row.is_covered or row.user_id == self.env.user

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("user_id", "in", [self.env.uid, *self._covered()])

    @api.depends("contact_id", "organization_id", "lead_id")
    def _compute_phone(self):
        """The contact's number, else the organization's, else the opportunity's. Who is
        of a company that is not chosen has none: his row must not hide the others."""
        readable = (self.contact_id | self.organization_id)._filtered_access("read")
        for row in self:
            partners = (row.contact_id, row.organization_id)
            sources = [who for who in partners if who in readable] + [row.lead_id]
            source = next((record for record in sources if record.phone), None)
            row.phone = source.phone if source is not None else False
            row.whatsapp = self._whatsapp(source)

    @api.model
    def _whatsapp(self, source):
        if source is None:
            return False
        country = source.country_id or self.env.company.country_id
        number = self._phone_format_number(source.phone, country)
        return f"https://wa.me/{number.removeprefix('+')}" if number else False

    @api.model
    def _group_expand_kind(self, kinds, domain):
        """The kinds that are there, the most urgent first."""
        return [kind for kind in self._kinds() if kind in kinds]

    @api.model
    def _kinds(self):
        return [kind for kind, _label in self._fields["kind"].selection]

    # === ACTION METHODS === #

    def action_register(self):
        """Open the dialog that registers what came of this.

        Who telephones before a meeting, to confirm it, logs that call: the meeting
        itself is still to come.
        """
        self.ensure_one()
        if self.gestion_id:
            return self.gestion_id._form_action()
        customer = self.lead_id or self.contact_id or self.organization_id
        if self.event_id and (self.has_begun or not customer):
            return self.event_id.action_crm_held()
        if self.activity_id:
            return self.activity_id.action_crm_register()
        by_customer = self.event_id or self.res_model == "project.task"
        document = customer if by_customer else self._document()
        return document.action_log_gestion()

    def action_no_show(self):
        """Note that nobody came to this meeting."""
        self.ensure_one()
        return self.event_id.action_crm_no_show()

    def action_move(self):
        """Open the dialog that moves this meeting."""
        self.ensure_one()
        return self.event_id.action_crm_move()

    def action_open(self):
        """Open what this is about."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(self._document().get_formview_id(), "form")],
        }

    def _document(self):
        return self.env[self.res_model].browse(self.res_id)

    # === QUERY === #

    @api.model
    @api.readonly
    def web_read_group(self, domain, *args, **kwargs):
        """Each kind is a query: that of the rows is asked once."""
        return super(CrmDay, self._holding(domain)).web_read_group(
            domain, *args, **kwargs
        )

    @api.model
    @api.readonly
    def web_search_read(self, domain, *args, **kwargs):
        """A page and its count ask for the same rows."""
        return super(CrmDay, self._holding(domain)).web_search_read(
            domain, *args, **kwargs
        )

    @api.model
    def _holding(self, domain):
        """:return: this model, with the rows of a domain at hand if they are not too
        many; for one request that only reads"""
        query = self._search(domain, limit=HELD + 1, order="id")
        names = ("id", *COLUMNS)
        rows = query.select(*(SQL.identifier(query.table, name) for name in names))
        ((count, text),) = self.env.execute_query(
            SQL("SELECT count(*), json_agg(row)::text FROM (%s) row", rows)
        )
        return self.with_context(crm_day=Held(text or "[]")) if count <= HELD else self

    @property
    def _table_query(self):
        held = self.env.context.get("crm_day")
        if isinstance(held, Held):
            return self._held_query(held)
        branches = (
            self._meetings(),
            self._steps(),
            self.env["crm.day.incident"]._rows(),
            self._opportunities(),
            self._gestiones(),
            self._quiet_accounts(),
        )
        return SQL(" UNION ALL ").join(branches)

    @api.model
    def _held_query(self, held):
        columns = [
            SQL("%s %s", SQL.identifier(name), TYPES.get(name, SQL("int4")))
            for name in COLUMNS
        ]
        return SQL(
            "SELECT * FROM json_to_recordset(%s::json) AS held (id int8, %s)",
            held.rows,
            SQL(", ").join(columns),
        )

    @api.model
    def _users(self):
        return list(self.env["res.users"]._crm_scope_user_ids())

    @api.model
    def _covered(self):
        """:return: set of ids of whom the reader covers today"""
        return self.env["crm.substitution"]._covered(self.env.user)[self.env.user]

    @api.model
    def _today(self):
        return fields.Date.context_today(self)

    @api.model
    def _midnight(self, day):
        """:return: when a day of the reader begins, in UTC"""
        local = self.env.tz.localize(datetime.combine(day, time.min))
        return local.astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _local(self, column):
        """:return: a column in UTC as the reader's clock shows it"""
        return self._on_clock(SQL.identifier(*column.split(".")))

    @api.model
    def _on_clock(self, moment):
        zone = str(self.env.tz)
        return SQL("%s AT TIME ZONE 'UTC' AT TIME ZONE %s", moment, zone)

    @api.model
    def _columns(self, query, *names):
        """:return: query of these columns of the records of a query, in no order"""
        query.order = None
        names = [SQL.identifier(query.table, name) for name in ("id", *names)]
        return query.select(*names)

    @api.model
    def _select(self, model, source_id, kinds, **columns):
        """
        :param str model: model of the source
        :param source_id: SQL of the id of the source
        :param kinds: list of pairs of a kind and the condition under which it is that
        :param columns: SQL of the columns that the branch knows
        :return: the SELECT clause of a branch
        """
        order = self._kinds()
        kind = self._case(kinds, lambda kind: kind)
        number = self._case(kinds, lambda kind: order.index(kind) + 1)
        columns |= {"kind": kind, "urgency": number}
        selected = [
            SQL(
                "(%s)::%s AS %s",
                columns.get(name, SQL("NULL")),
                TYPES.get(name, SQL("int4")),
                SQL.identifier(name),
            )
            for name in COLUMNS
        ]
        slots = (len(SLOTS) + 1, SLOTS[model])
        row_id = SQL("(%s)::int8 * %s + %s AS id", source_id, *slots)
        return SQL("SELECT %s", SQL(", ").join([row_id, *selected]))

    @api.model
    def _case(self, kinds, value):
        whens = [SQL("WHEN %s THEN %s", when, value(kind)) for kind, when in kinds]
        return SQL("CASE %s END", SQL(" ").join(whens))

    @api.model
    def _readable(self, model, record_id, *columns):
        """:return: join of the record with that id, where the reader may read it"""
        query = self.env[model].with_context(active_test=False)._search([])
        table = query.table
        query.add_where(SQL("%s = %s", SQL.identifier(table, "id"), record_id))
        return SQL("LEFT JOIN LATERAL (%s)", self._columns(query, *columns))

    @api.model
    def _lead_join(self, lead_id):
        """:return: join of the opportunity as ``lead``"""
        columns = ("organization_id", "partner_id")
        return SQL("%s lead ON TRUE", self._readable("crm.lead", lead_id, *columns))

    @api.model
    def _order_join(self, order_id):
        """:return: join of the order as ``so``"""
        columns = ("opportunity_id", "partner_id")
        return SQL("%s so ON TRUE", self._readable("sale.order", order_id, *columns))

    @api.model
    def _partner_join(self, partner_id):
        """:return: joins of the partner as ``who`` and his account as ``account``"""
        return SQL(
            """LEFT JOIN res_partner who ON who.id = %s
               LEFT JOIN res_partner account ON account.id = who.commercial_partner_id
            """,
            partner_id,
        )

    @property
    def _partner_columns(self):
        return {
            "organization_id": SQL(
                """COALESCE(lead.organization_id,
                            CASE WHEN who.is_company THEN who.id
                                 WHEN account.is_company THEN account.id END)"""
            ),
            "contact_id": SQL("CASE WHEN NOT who.is_company THEN who.id END"),
            "lead_id": SQL("lead.id"),
        }

    # --- meetings

    @api.model
    def _meeting_query(self):
        """:return: query of the meetings with customers of today, and of those that are
        over and wait for their result"""
        Event = self.env["calendar.event"]
        today = self._today()
        begins, ends = self._midnight(today), self._midnight(today + timedelta(days=1))
        now = fields.Datetime.now()
        all_day = Domain("allday", "=", True) & Domain("start_date", "=", today)
        at_an_hour = Domain("allday", "=", False) & Domain(
            [("start", ">=", begins), ("start", "<", ends)]
        )
        over = Domain(
            [("stop", "<", now), ("stop", ">=", now - timedelta(days=MEETING_DAYS))]
        )
        domain = (
            Domain("user_id", "in", self._users())
            & Domain("crm_result", "=", False)
            & (all_day | at_an_hour | over)
            & Event._crm_customer_domain()
        )
        if not self.env.su:  # what others keep private is not even named
            domain &= Domain(Event._get_default_privacy_domain())
        return Event._search(domain)

    @api.model
    def _meetings(self):
        over = SQL("event.stop < %s", fields.Datetime.now())
        guest = SQL(
            """SELECT guest.id
                 FROM calendar_event_res_partner_rel rel
                 JOIN res_partner guest ON guest.id = rel.res_partner_id
                WHERE rel.calendar_event_id = event.id
                  AND guest.account_status IS NOT NULL
                ORDER BY guest.is_company, guest.id LIMIT 1"""
        )
        partner_id = SQL(
            """COALESCE(CASE WHEN event.res_model = 'res.partner' THEN event.res_id END,
                        lead.partner_id, so.partner_id, (%s))""",
            guest,
        )
        lead_id = SQL(
            """COALESCE(event.opportunity_id,
                        CASE WHEN event.res_model = 'crm.lead' THEN event.res_id END,
                        so.opportunity_id)"""
        )
        order_id = SQL("CASE WHEN event.res_model = 'sale.order' THEN event.res_id END")
        return SQL(
            """%(select)s
                 FROM calendar_event event %(order)s %(lead)s %(partner)s
                WHERE event.id IN %(events)s""",
            select=self._select(
                "calendar.event",
                SQL("event.id"),
                [("held", over), ("meeting", SQL("TRUE"))],
                date=SQL(
                    """CASE WHEN event.allday THEN event.start_date
                            ELSE (%s)::date END""",
                    self._local("event.start"),
                ),
                start=SQL("CASE WHEN NOT event.allday THEN event.start END"),
                user_id=SQL("event.user_id"),
                event_id=SQL("event.id"),
                res_model=SQL("'calendar.event'"),
                res_id=SQL("event.id"),
                summary=SQL("event.name"),
                has_begun=SQL("event.start <= %s", fields.Datetime.now()),
                **self._partner_columns,
            ),
            order=self._order_join(order_id),
            lead=self._lead_join(lead_id),
            partner=self._partner_join(partner_id),
            events=self._meeting_query().subselect(),
        )

    # --- next steps

    @api.model
    def _steps(self):
        activities = self.env["mail.activity"]._search(
            [
                ("user_id", "in", self._users()),
                ("date_deadline", "<=", self._today()),
                ("res_model", "in", DOCUMENTS),
            ]
        )
        lead_id = SQL(
            """CASE step.res_model WHEN 'crm.lead' THEN step.res_id
                                   WHEN 'sale.order' THEN so.opportunity_id END"""
        )
        partner_id = SQL(
            """CASE WHEN step.res_model = 'res.partner' THEN step.res_id
                    ELSE COALESCE(so.partner_id, lead.partner_id) END"""
        )
        order_id = SQL("CASE WHEN step.res_model = 'sale.order' THEN step.res_id END")
        name = SQL("type.name->>%s", self.env.lang or "en_US")
        return SQL(
            """%(select)s
                 FROM mail_activity step
            LEFT JOIN mail_activity_type type ON type.id = step.activity_type_id
                      %(order)s %(lead)s %(partner)s
                WHERE step.id IN %(steps)s
                  AND (step.calendar_event_id IN %(events)s) IS NOT TRUE""",
            select=self._select(
                "mail.activity",
                SQL("step.id"),
                [("woke", self._woke(SQL("lead.id"))), ("step", SQL("TRUE"))],
                date=SQL("step.date_deadline"),
                user_id=SQL("step.user_id"),
                activity_id=SQL("step.id"),
                res_model=SQL("step.res_model"),
                res_id=SQL("step.res_id"),
                summary=SQL("COALESCE(step.summary, %s, type.name->>'en_US')", name),
                **self._partner_columns,
            ),
            order=self._order_join(order_id),
            lead=self._lead_join(lead_id),
            partner=self._partner_join(partner_id),
            steps=activities.subselect(),
            events=self._meeting_query().subselect(),
        )

    @api.model
    def _woke(self, lead_id):
        """:return: whether the opportunity came back from standby lately, and nobody
        worked on it since"""
        return SQL(
            """EXISTS (
                SELECT 1 FROM crm_opportunity_closure pause
                 WHERE pause.lead_id = %(lead_id)s AND pause.kind = 'standby'
                   AND pause.reopen_date >= %(since)s
                   AND NOT EXISTS (
                       SELECT 1 FROM crm_gestion work
                        WHERE work.lead_id = pause.lead_id
                          AND work.date > pause.reopen_date))""",
            lead_id=lead_id,
            since=fields.Datetime.now() - timedelta(days=WOKE_DAYS),
        )

    # --- opportunities without next step, and those that woke

    @api.model
    def _opportunities(self):
        leads = self.env["crm.lead"]._search(
            [
                ("user_id", "in", self._users()),
                ("type", "=", "opportunity"),
                ("won_status", "=", "pending"),
            ]
        )
        planned = SQL(
            """SELECT 1 FROM mail_activity plan
                WHERE plan.res_model = 'crm.lead' AND plan.res_id = lead.id
                  AND plan.active"""
        )
        due = SQL(
            "%s AND plan.user_id IN (lead.user_id, %s) AND plan.date_deadline <= %s",
            planned,
            self.env.uid,  # what a substitute does himself
            self._today(),
        )
        waiting = SQL(
            """SELECT 1 FROM crm_gestion asked
                WHERE asked.lead_id = lead.id
                  AND asked.user_id IN (lead.user_id, %s)
                  AND asked.result_id IS NULL
                  AND NOT (asked.message_id IS NOT NULL AND asked.direction = 'out')""",
            self.env.uid,
        )
        woke = self._woke(SQL("lead.id"))
        return SQL(
            """%(select)s
                 FROM (%(leads)s) lead %(partner)s
                WHERE CASE WHEN %(woke)s THEN NOT EXISTS (%(due)s)
                           ELSE NOT EXISTS (%(planned)s)
                            AND NOT EXISTS (%(waiting)s) END""",
            select=self._select(
                "crm.lead",
                SQL("lead.id"),
                [("woke", woke), ("no_step", SQL("TRUE"))],
                user_id=SQL("lead.user_id"),
                res_model=SQL("'crm.lead'"),
                res_id=SQL("lead.id"),
                summary=SQL("lead.name"),
                **self._partner_columns,
            ),
            partner=self._partner_join(SQL("lead.partner_id")),
            leads=self._columns(
                leads, "name", "organization_id", "partner_id", "user_id"
            ),
            woke=woke,
            due=due,
            planned=planned,
            waiting=waiting,
        )

    # --- gestiones without result

    @api.model
    def _gestiones(self):
        sent = Domain("message_id", "!=", False) & Domain("direction", "=", "out")
        gestiones = self.env["crm.gestion"]._search(
            Domain("user_id", "in", self._users())
            & Domain("result_id", "=", False)
            & ~sent
        )
        return SQL(
            """%(select)s
                 FROM crm_gestion gestion %(lead)s
                WHERE gestion.id IN %(gestiones)s""",
            select=self._select(
                "crm.gestion",
                SQL("gestion.id"),
                [("gestion", SQL("TRUE"))],
                date=self._local("gestion.date"),
                user_id=SQL("gestion.user_id"),
                organization_id=SQL("gestion.organization_id"),
                contact_id=SQL("gestion.contact_id"),
                lead_id=SQL("lead.id"),
                gestion_id=SQL("gestion.id"),
                res_model=SQL("'crm.gestion'"),
                res_id=SQL("gestion.id"),
                summary=SQL("gestion.name"),
            ),
            lead=self._lead_join(SQL("gestion.lead_id")),
            gestiones=gestiones.subselect(),
        )

    # --- accounts without contact

    @api.model
    def _quiet_days(self):
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        return int(params.get_param("crm_gestion.quiet_days", "60"))

    @api.model
    def _quiet_accounts(self):
        """An index answers for the organization and one for the contact: what asks for
        either of them reads all their gestiones."""
        since = self._midnight(self._today() - timedelta(days=self._quiet_days()))
        accounts = self.env["res.partner"]._search(
            [
                ("user_id", "in", self._users()),
                ("account_status", "in", ["potential", "customer"]),
                ("create_date", "<", since),
            ]
        )
        # in the words of the index ``res.partner._crm_user_idx``, by which they are
        # found: those who are their own commercial partner
        accounts.add_where(
            SQL(
                "(%(table)s.is_company OR %(table)s.parent_id IS NULL)",
                table=SQL.identifier(accounts.table),
            )
        )
        is_contact = self.env["mail.activity.type"]._is_contact("gestion")
        return SQL(
            """%(select)s
                 FROM (%(accounts)s) account
                WHERE account.commercial_partner_id = account.id
                  AND NOT EXISTS (
                      SELECT 1 FROM crm_gestion gestion
                       WHERE gestion.organization_id = account.id
                         AND gestion.date >= %(since)s AND %(is_contact)s)
                  AND NOT EXISTS (
                      SELECT 1 FROM crm_gestion gestion
                       WHERE gestion.contact_id = account.id
                         AND gestion.date >= %(since)s AND %(is_contact)s)
                  AND NOT EXISTS (
                      SELECT 1 FROM crm_lead lead
                       WHERE lead.active AND lead.won_status = 'pending'
                         AND (lead.organization_id = account.id
                              OR lead.partner_id = account.id))
                  AND NOT EXISTS (
                      SELECT 1 FROM res_partner person
                        JOIN mail_activity plan ON plan.res_id = person.id
                         AND plan.res_model = 'res.partner' AND plan.active
                       WHERE person.commercial_partner_id = account.id)""",
            select=self._select(
                "res.partner",
                SQL("account.id"),
                [("quiet", SQL("TRUE"))],
                date=self._on_clock(
                    SQL(
                        """GREATEST(
                            (SELECT max(gestion.date) FROM crm_gestion gestion
                              WHERE gestion.organization_id = account.id
                                AND %(is_contact)s),
                            (SELECT max(gestion.date) FROM crm_gestion gestion
                              WHERE gestion.contact_id = account.id
                                AND %(is_contact)s))""",
                        is_contact=is_contact,
                    )
                ),
                user_id=SQL("account.user_id"),
                organization_id=SQL("CASE WHEN account.is_company THEN account.id END"),
                contact_id=SQL("CASE WHEN NOT account.is_company THEN account.id END"),
                res_model=SQL("'res.partner'"),
                res_id=SQL("account.id"),
                summary=SQL("account.name"),
            ),
            accounts=self._columns(
                accounts, "commercial_partner_id", "is_company", "name", "user_id"
            ),
            is_contact=is_contact,
            since=since,
        )
