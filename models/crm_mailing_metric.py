from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..tools.mailing import COUNTS, RATES, completed, rates

BATCH = 100  # mailings of one step of the cron
# Which rows are of one and the same mailing; as the unique index below has it.
SOURCE = SQL("campaign_id, provider, coalesce(tool, ''), external_ref")
WRITTEN = (
    "campaign_id",
    "provider",
    "tool",
    "external_ref",
    "mailing_id",
    "name",
    "date",
    "sent_date",
    *COUNTS,
)
# what was gained since the row before -> of which figure
GAINED = {
    "new_clicks": "clicks_unique",
    "new_replies": "replies",
    "new_opens": "opens_unique",
}
STAMPS = ("create_uid", "create_date", "write_uid", "write_date")
# A row of the same mailing and day is brought up to date.
FRESH = ("company_id", "mailing_id", "name", "sent_date", *COUNTS)


class CrmMailingMetric(models.Model):
    """E-mail figures of a campaign, whichever tool sent the e-mails. One row for each
    mailing and day: how its figures stood that day, since it was sent.

    *Lifecycle.* Rows are written by `_snapshot` (Odoo's own mailings: daily, and when
    somebody refreshes a campaign), by `_load` (files of other tools) and by
    ``crm.doppler.campaign``, and by nobody else: the same mailing and day again brings
    the row up to date. What Odoo deletes later (mailings, traces) stays counted here.

    *Invariants.* Figures are cumulative, so rows of one mailing must not be added up:
    sums are over its latest row (``is_latest``), rates are worked out from sums
    (``tools/mailing.py`` defines them). Unique opens and clicks are no more than all of
    them, delivered no more than sent.

    Opens are unreliable everywhere: Apple Mail and others load the pictures of every
    message, and who blocks them opens unseen.
    """

    _name = "crm.mailing.metric"
    _description = "E-mail Results"
    _order = "date desc, id desc"

    campaign_id = fields.Many2one(
        comodel_name="utm.campaign",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="campaign_id.company_id", store=True, index="btree_not_null"
    )
    provider = fields.Selection(
        selection=[("odoo", "Odoo"), ("doppler", "Doppler"), ("file", "File")],
        string="Origin",
        required=True,
        readonly=True,
    )
    tool = fields.Char(readonly=True, help="Which tool the file comes from.")
    mailing_id = fields.Many2one(
        comodel_name="mailing.mailing",
        string="Mailing of Odoo",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    external_ref = fields.Char(
        string="Reference",
        required=True,
        readonly=True,
        help="What the tool calls the mailing by.",
    )
    name = fields.Char(string="Mailing", required=True, readonly=True)
    date = fields.Date(string="As of", required=True, readonly=True)
    sent_date = fields.Date(string="Sent on", readonly=True)
    is_latest = fields.Boolean(
        string="Latest",
        compute="_compute_is_latest",
        search="_search_is_latest",
        help="The newest row of its mailing: the figures as known today.",
    )
    sent = fields.Integer(readonly=True)
    delivered = fields.Integer(readonly=True)
    opens_unique = fields.Integer(
        string="Unique Opens",
        readonly=True,
        help="Unreliable: many mail programs load pictures by themselves, others not "
        "at all.",
    )
    opens = fields.Integer(
        readonly=True,
        help="Unreliable, as unique opens are. Odoo counts unique ones only.",
    )
    clicks_unique = fields.Integer(
        string="Unique Clicks",
        readonly=True,
        help="How many recipients clicked at least once.",
    )
    clicks = fields.Integer(readonly=True)
    replies = fields.Integer(string="Answers", readonly=True)
    bounces_hard = fields.Integer(
        string="Hard Bounces",
        readonly=True,
        help="The address does not exist, or refuses for good.",
    )
    bounces_soft = fields.Integer(
        string="Soft Bounces",
        readonly=True,
        help="Refused for the time being, such as a full mailbox.",
    )
    unsubscribes = fields.Integer(
        readonly=True,
        help="Recipients who opted out or put themselves on the blacklist after this "
        "mailing and before the next one they got: Odoo does not keep which it was.",
    )
    complaints = fields.Integer(
        readonly=True, help="Reported as spam; Odoo's own mailings cannot know it."
    )
    # Stored nowhere and never added up: groups divide the sums of their rows.
    delivery_rate = fields.Float(
        compute="_compute_rates", aggregator="avg", help="Delivered / sent."
    )
    open_rate = fields.Float(
        compute="_compute_rates",
        aggregator="avg",
        help="Unique opens / delivered. Unreliable, as opens are.",
    )
    click_rate = fields.Float(
        compute="_compute_rates", aggregator="avg", help="Unique clicks / delivered."
    )
    click_to_open_rate = fields.Float(
        string="Clicks per Open",
        compute="_compute_rates",
        aggregator="avg",
        help="Unique clicks / unique opens. Unreliable, as opens are.",
    )
    reply_rate = fields.Float(
        string="Answer Rate",
        compute="_compute_rates",
        aggregator="avg",
        help="Answers / delivered.",
    )
    bounce_rate = fields.Float(
        compute="_compute_rates",
        aggregator="avg",
        help="Hard and soft bounces / sent.",
    )
    unsubscribe_rate = fields.Float(
        compute="_compute_rates", aggregator="avg", help="Unsubscribes / delivered."
    )
    complaint_rate = fields.Float(
        compute="_compute_rates", aggregator="avg", help="Complaints / delivered."
    )

    # Since the row before, so that they may be added up: the curve runs along them.
    new_clicks = fields.Integer(compute="_compute_gained", aggregator="sum")
    new_replies = fields.Integer(
        string="New Answers", compute="_compute_gained", aggregator="sum"
    )
    new_opens = fields.Integer(
        compute="_compute_gained",
        aggregator="sum",
        help="Unreliable, as opens are.",
    )

    _source_day = models.UniqueIndex(
        "(campaign_id, provider, coalesce(tool, ''), external_ref, date DESC)",
        "There are figures of this mailing and day already.",
    )
    _not_negative = models.Constraint(
        f"CHECK (least({', '.join(COUNTS)}) >= 0)", "Figures cannot be negative."
    )
    _consistent = models.Constraint(
        "CHECK (delivered <= sent AND opens_unique <= opens "
        "AND clicks_unique <= clicks)",
        "Delivered e-mails cannot be more than sent ones, nor unique opens and clicks "
        "more than all of them.",
    )

    # === COMPUTE METHODS === #

    @api.depends(*COUNTS)
    def _compute_rates(self):
        for metric in self:
            metric.update(rates({name: metric[name] for name in COUNTS}))

    def _compute_gained(self):
        rows = self._read_group(
            [("id", "in", self.ids)], ["id"], [f"{name}:sum" for name in GAINED]
        )
        found = {metric: gained for metric, *gained in rows}
        for metric in self:
            gained = found.get(metric._origin, [0] * len(GAINED))
            metric.update(dict(zip(GAINED, gained, strict=True)))

    def _compute_is_latest(self):
        latest = self.search([("id", "in", self.ids), ("is_latest", "=", True)])
        for metric in self:
            metric.is_latest = metric._origin in latest

    def _search_is_latest(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("id", "in", self._latest())]

    @api.model
    def _latest(self, where=SQL("TRUE")):  # noqa: B008 - SQL is immutable
        """:return: SQL of the ids of the newest row of each mailing"""
        return SQL(
            "(SELECT DISTINCT ON (%(source)s) id FROM crm_mailing_metric"
            " WHERE %(where)s ORDER BY %(source)s, date DESC)",
            source=SOURCE,
            where=where,
        )

    def _read_group_select(self, aggregate_spec, query):
        """The rate of a group is that of the sums of its rows; what was gained is the
        difference to the row before."""
        name, _separator, aggregator = aggregate_spec.partition(":")
        if name in RATES and aggregator == "avg":
            return SQL(
                "COALESCE(SUM(%s)::float / NULLIF(SUM(%s), 0), 0)",
                *(self._figure_sql(figure, query) for figure in RATES[name]),
            )
        if name in GAINED and aggregator == "sum":
            return self._gained_sql(GAINED[name], query)
        return super()._read_group_select(aggregate_spec, query)

    def _figure_sql(self, figure, query):
        if figure != "bounces":
            return self._field_to_sql(self._table, figure, query)
        return SQL(
            "%s + %s",
            self._field_to_sql(self._table, "bounces_hard", query),
            self._field_to_sql(self._table, "bounces_soft", query),
        )

    def _gained_sql(self, figure, query):
        now = {
            name: self._field_to_sql(self._table, name, query)
            for name in ("campaign_id", "provider", "tool", "external_ref", "date")
        }
        return SQL(
            """COALESCE(SUM(%(figure)s - COALESCE((
                   SELECT before.%(name)s FROM crm_mailing_metric before
                    WHERE before.campaign_id = %(campaign_id)s
                      AND before.provider = %(provider)s
                      AND coalesce(before.tool, '') = coalesce(%(tool)s, '')
                      AND before.external_ref = %(external_ref)s
                      AND before.date < %(date)s
                 ORDER BY before.date DESC LIMIT 1), 0)), 0)""",
            figure=self._field_to_sql(self._table, figure, query),
            name=SQL.identifier(figure),
            **now,
        )

    # === FIGURES === #

    @api.model
    def _totals(self, campaigns):
        """What all mailings of campaigns and of the campaigns below them came to, in
        one query, over the companies that the reader has chosen.

        :return: dict campaign -> dict of all counts
        """
        self.browse().check_access("read")
        self.flush_model()
        self.env["utm.campaign"].flush_model(["company_id", "parent_path"])
        rows = self.env.execute_query_dict(
            SQL(
                """SELECT top.id AS top_id, %(sums)s
                     FROM utm_campaign top
                     JOIN utm_campaign below
                       ON below.parent_path LIKE top.parent_path || '%%'
                     JOIN crm_mailing_metric metric ON metric.campaign_id = below.id
                    WHERE top.id = ANY(%(ids)s)
                      AND (metric.company_id IS NULL
                           OR metric.company_id = ANY(%(companies)s))
                      AND NOT EXISTS (
                          SELECT 1 FROM crm_mailing_metric newer
                           WHERE newer.campaign_id = metric.campaign_id
                             AND newer.provider = metric.provider
                             AND coalesce(newer.tool, '') = coalesce(metric.tool, '')
                             AND newer.external_ref = metric.external_ref
                             AND newer.date > metric.date)
                 GROUP BY top.id""",
                sums=SQL(", ").join(
                    SQL(
                        "sum(%s)::int AS %s",
                        SQL.identifier("metric", n),
                        SQL.identifier(n),
                    )
                    for n in COUNTS
                ),  # fmt: skip
                ids=list(campaigns.ids),
                companies=list(self.env.companies.ids),
            )
        )
        found = {row.pop("top_id"): row for row in rows}
        nothing = dict.fromkeys(COUNTS, 0)
        return {campaign: found.get(campaign.id, nothing) for campaign in campaigns}

    # === ODOO'S OWN MAILINGS === #

    @api.model
    def _cron_snapshot(self):
        """Every night: the figures of mailings of the last weeks, and of older ones
        that somebody still opens. Bounded batches; what has its row of today is done,
        so that a run that was cut short is continued by the next one."""
        figures, last = self.env["crm.mailing.figures"], 0
        while ids := figures._due(BATCH, last):
            self._snapshot(self.env["mailing.mailing"].browse(ids))
            last = ids[-1]
            remaining = len(figures._due(BATCH, last))
            if not self.env["ir.cron"]._commit_progress(len(ids), remaining=remaining):
                return

    @api.model
    def _snapshot(self, mailings):
        """Write today's row of mailings of Odoo that were sent and have a campaign, by
        the day of its company. Rows of a mailing that has changed its campaign follow
        it. The same day again brings the row up to date.

        :return: the rows
        """
        # sudo: mailings and their traces are marketing's, these are sums of them
        mailings = mailings.sudo().filtered(
            lambda m: m.campaign_id and m.sent_date and m.mailing_type == "mail"
        )
        self._follow_campaigns(mailings)
        return self._store(self.env["crm.mailing.figures"]._rows(mailings))

    @api.model
    def _follow_campaigns(self, mailings):
        mailings.flush_recordset(["campaign_id"])
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """UPDATE crm_mailing_metric metric
                      SET campaign_id = campaign.id, company_id = campaign.company_id
                     FROM mailing_mailing mailing
                     JOIN utm_campaign campaign ON campaign.id = mailing.campaign_id
                    WHERE mailing.id = metric.mailing_id
                      AND mailing.id = ANY(%s) AND metric.campaign_id <> campaign.id""",
                list(mailings.ids),
            )
        )
        self.invalidate_model(["campaign_id", "company_id"])

    # === DOPPLER === #

    @api.model
    def _move_doppler(self, links):
        """Campaigns of Doppler were linked anew: their rows follow them. Those of one
        that is linked to nothing any more are gone.

        :param dict links: campaign of Doppler -> campaign of Odoo that it was linked to
        """
        campaigns = {c.id for link, former in links.items() for c in
                     (former, link.campaign_id)}  # fmt: skip
        rows = self.search(
            [
                ("provider", "=", "doppler"),
                ("external_ref", "in", [link.ref for link in links]),
                ("campaign_id", "in", list(campaigns)),
            ]
        ).grouped(lambda m: (m.external_ref, m.campaign_id))
        for link, former in links.items():
            own = rows.get((link.ref, former), self.browse())
            if not link.campaign_id:
                own.unlink()
                continue
            # what another account left there of the same days
            there = rows.get((link.ref, link.campaign_id), self.browse())
            days = set(own.mapped("date"))
            there.filtered(lambda m, days=days: m.date in days).unlink()
            own.write({"campaign_id": link.campaign_id.id})

    # === OTHER TOOLS === #

    @api.model
    def _load(self, rows):
        """Write figures of another tool, or nothing where any row is wrong. The same
        mailing and day again brings its row up to date, so that a file may be loaded
        twice.

        :param rows: list of dict row (number, for messages), campaign (record), tool,
            external_ref, name, date, sent_date, and those of the counts that are known
        :return: the rows written, and list of messages of what is wrong: with any,
            nothing was written
        :raise AccessError: who is neither a director of the campaign's company nor its
            responsible
        """
        campaigns = {row["campaign"].id for row in rows}
        self._check_may_load(self.env["utm.campaign"].browse(campaigns))
        vals_list = [self._load_vals(row) for row in rows]
        messages = self._check_rows(rows, vals_list)
        if messages:
            return self.browse(), messages
        return self._store(vals_list), []

    @api.model
    def _check_may_load(self, campaigns):
        for campaign in campaigns:
            if not self._may_load(campaign):
                raise AccessError(
                    self.env._(
                        "The results of the campaign “%s” are loaded by its "
                        "responsible or a sales director: ask one of them.",
                        campaign.display_name,
                    )
                )

    @api.model
    def _may_load(self, campaign):
        """:return: whether the user is responsible for the campaign, or a director of
        its company"""
        user = self.env.user
        if campaign.company_id and campaign.company_id not in self.env.companies:
            return False
        return (
            self.env.su
            or campaign.user_id == user
            or user.has_group("crm_gestion.group_sales_director")
        )

    @api.model
    def _load_vals(self, row):
        return {
            "campaign_id": row["campaign"].id,
            "provider": "file",
            "tool": row["tool"],
            "mailing_id": None,
            "external_ref": row["external_ref"],
            "name": row["name"],
            "date": row["date"],
            "sent_date": row.get("sent_date") or None,
            **completed({name: row[name] for name in COUNTS if name in row}),
        }

    @api.model
    def _check_rows(self, rows, vals_list):
        """:return: list of messages, by row"""
        messages, seen = [], {}
        for row, vals in zip(rows, vals_list, strict=True):
            key = (vals["campaign_id"], vals["external_ref"], vals["date"])
            error = self._row_error(vals)
            if key in seen:
                error = self.env._(
                    "the same mailing and day as in row %s: take one of them out.",
                    seen[key],
                )
            seen.setdefault(key, row["row"])
            if error:
                messages.append(
                    self.env._("Row %(row)s: %(error)s", **row, error=error)
                )
        return messages

    @api.model
    def _row_error(self, vals):
        if vals["date"] > fields.Date.context_today(self):
            return self.env._("the day of the figures is still to come.")
        if vals["delivered"] > vals["sent"]:
            return self.env._("more e-mails were delivered than sent.")
        for unique, total in (("opens_unique", "opens"), ("clicks_unique", "clicks")):
            if vals[unique] > vals[total]:
                return self.env._(
                    "%(unique)s cannot be more than %(total)s.",
                    unique=self._label(unique),
                    total=self._label(total),
                )
        return False

    @api.model
    def _label(self, name):
        return self._fields[name]._description_string(self.env)

    # === WRITING === #

    @api.model
    def _store(self, vals_list):
        """The only writer. One statement: two that write the same mailing and day at
        once do not collide on the unique index, the later one is replayed.

        :return: the rows, in the same order
        """
        if not vals_list:
            return self.browse()
        campaigns = self.env["utm.campaign"].browse(v["campaign_id"] for v in vals_list)
        campaigns.flush_recordset(["company_id"])
        self.flush_model()
        # sudo: the company is copied, for the rule of the rows
        companies = {c.id: c.company_id.id or None for c in campaigns.sudo()}
        stamp = (self.env.uid, self.env.cr.now(), self.env.uid, self.env.cr.now())
        rows = [
            (*(vals[name] for name in WRITTEN), companies[vals["campaign_id"]], *stamp)
            for vals in vals_list
        ]
        columns = (*WRITTEN, "company_id", *STAMPS)
        ids = self.env.execute_query(
            SQL(
                """INSERT INTO crm_mailing_metric (%(columns)s) VALUES %(rows)s
                   ON CONFLICT (campaign_id, provider, coalesce(tool, ''),
                                external_ref, date)
                   DO UPDATE SET %(fresh)s RETURNING id""",
                columns=SQL(", ").join(map(SQL.identifier, columns)),
                rows=SQL(", ").join(SQL("%s", row) for row in rows),
                fresh=SQL(", ").join(
                    SQL("%s = excluded.%s", SQL.identifier(n), SQL.identifier(n))
                    for n in (*FRESH, "write_uid", "write_date")
                ),
            )
        )
        self.invalidate_model()
        return self.browse(row[0] for row in ids)
