from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

# How far somebody got, in order; who opted out stays so.
STATES = [
    ("planned", "To Contact"),
    ("contacted", "Contacted"),
    ("opened", "Opened"),
    ("clicked", "Clicked"),
    ("answered", "Answered"),
    ("opted_out", "Opted Out"),
]
SOURCES = [
    ("manual", "By Hand"),
    ("mailing", "Mailing"),
    ("call_list", "Call List"),
    ("gestion", "Gestión"),
    ("opportunity", "Opportunity"),
    ("event", "Event"),
    ("import", "Import"),
    ("doppler", "Doppler"),
]
ORDER = [state for state, _label in STATES]
# What says how and when somebody was reached: Odoo keeps it, nobody writes it.
KEPT = {"campaign_id", "partner_id", "date", "contact_date", "source"}


class CrmCampaignMember(models.Model):
    """Somebody whom a campaign is meant for, and how far he got.

    *Lifecycle.* Members are planned by hand, by the segment of the campaign or by an
    import, or enter with the first e-mail, gestión or registration of the campaign that
    concerns them: `crm.campaign.feed` tells what happened. They go with the campaign or
    the contact.

    *Invariants.* One row for each campaign and contact, of the campaign's company or
    shared. The state only advances, along `STATES`, but for an e-mail that bounced
    after it was sent: see `_take_back`. What is undone or deleted elsewhere, a gestión
    or an opportunity, is not followed back. ``contact_date`` is the first time the
    campaign reached him; being planned is none.

    *Who may.* All of sales read: whom the company addressed is shared history. The
    campaign's responsible and directors add, advance and remove members, and what they
    do by hand says so: ``source`` and dates cannot be chosen.
    """

    _name = "crm.campaign.member"
    _description = "Campaign Member"
    _order = "campaign_id desc, id desc"
    _rec_name = "partner_id"
    _check_company_auto = True

    campaign_id = fields.Many2one(
        comodel_name="utm.campaign", required=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Contact",
        required=True,
        index=True,
        ondelete="cascade",
        check_company=True,
    )
    company_id = fields.Many2one(related="campaign_id.company_id")
    email = fields.Char(related="partner_id.email")
    phone = fields.Char(related="partner_id.phone")
    state = fields.Selection(
        selection=STATES, required=True, default="planned", group_expand=True
    )
    date = fields.Datetime(
        required=True,
        default=fields.Datetime.now,
        readonly=True,
        help="When this state was reached.",
    )
    contact_date = fields.Datetime(
        string="First Contacted",
        readonly=True,
        help="When the campaign first reached this contact, whatever came of it.",
    )
    source = fields.Selection(
        selection=SOURCES,
        required=True,
        default="manual",
        readonly=True,
        help="Where the present state comes from.",
    )

    _partner_unique = models.UniqueIndex(
        "(campaign_id, partner_id)", "This contact is in the campaign already."
    )
    _default_order_idx = models.Index("(campaign_id DESC, id DESC)")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """A client says who and how far; when and how is ours to say. An import
        advances whom it finds in the campaign already."""
        if self.env.su:
            return super().create(vals_list)
        is_import = bool(self.env.context.get("import_file"))
        source = "import" if is_import else "manual"
        vals_list = [self._prepare_vals(vals, source) for vals in vals_list]
        return self._import(vals_list) if is_import else super().create(vals_list)

    def write(self, vals):
        if self.env.su:
            return super().write(vals)
        self.check_access("write")
        if KEPT & vals.keys():
            raise UserError(
                self.env._(
                    "Only the state of a member is changed by hand: remove this one "
                    "and add another."
                )
            )
        vals = dict(vals)
        if state := vals.pop("state", False):
            self._advance_by_hand(state)
        return super().write(vals)

    @api.model
    def _prepare_vals(self, vals, source):
        """:return: values of a member that a client adds, with our dates and source"""
        now = fields.Datetime.now()
        state = vals.get("state") or "planned"
        return {
            **vals,
            "state": state,
            "date": now,
            "contact_date": now if state != "planned" else False,
            "source": source,
        }

    def _advance_by_hand(self, state):
        behind = self.filtered(lambda m: ORDER.index(m.state) > ORDER.index(state))
        if behind:
            raise UserError(
                self.env._(
                    "A member only advances: %s got further already.",
                    behind[0].display_name,
                )
            )
        now = fields.Datetime.now()
        self._advance(
            [
                {
                    "campaign_id": member.campaign_id.id,
                    "partner_id": member.partner_id.id,
                    "state": state,
                    "date": now,
                    "source": "manual",
                }
                for member in self
            ]
        )

    @api.model
    def _import(self, rows):
        """:return: the members that these rows are, in their order"""
        keys = [(row["campaign_id"], row["partner_id"]) for row in rows]
        campaigns = self.env["utm.campaign"].browse({key[0] for key in keys})
        self._check_may_add(campaigns)
        self._advance(rows)
        found = {
            (member.campaign_id.id, member.partner_id.id): member.id
            for member in self.search(
                [
                    ("campaign_id", "in", campaigns.ids),
                    ("partner_id", "in", [partner_id for _id, partner_id in keys]),
                ]
            )
        }
        if any(key not in found for key in keys):
            raise ValidationError(
                self.env._(
                    "Contacts of another company are in no campaign of this one: "
                    "take them out of the file."
                )
            )
        return self.browse([found[key] for key in keys])

    @api.model
    def _check_may_add(self, campaigns):
        """
        :raise AccessError: where the record rules do not let the user add members to
            one of these campaigns
        """
        self.check_access("create")
        if self.env.su:
            return
        rules = self.env["ir.rule"]._compute_domain(self._name, "create")
        # sudo: a member that is in no table, as the rules look at it
        members = self.sudo().union(
            *(self.sudo().new({"campaign_id": campaign.id}) for campaign in campaigns)
        )
        if len(members.filtered_domain(rules)) < len(campaigns):
            raise AccessError(
                self.env._(
                    "Its responsible or a sales director decides whom a campaign is "
                    "for: ask %s.",
                    ", ".join(campaigns.user_id.sudo().mapped("name")),
                )
            )

    # === BUSINESS METHODS === #

    @api.model
    def _advance(self, rows):
        """Note how far contacts got in campaigns; in one statement, however many.

        :param rows: list of dict campaign_id, partner_id, state, date (datetime),
            source, and contact_date where it is not the date; the same contact may come
            several times. Who is not in the campaign enters it, unless he is of another
            company; a state that is not further than the present one changes nothing,
            but for an earlier ``contact_date``. The rights are the caller's to check.
        """
        if not rows:
            return
        self.flush_model()
        self.env["utm.campaign"].flush_model(["company_id"])
        self.env["res.partner"].flush_model(["company_id"])
        self.env.cr.execute(self._advance_sql(self._furthest(rows)))
        self.invalidate_model(flush=False)

    @api.model
    def _furthest(self, rows):
        """:return: list of tuples campaign, contact, state, date, first contact and
        source, one for each member"""
        furthest, reached = {}, {}
        for row in sorted(rows, key=lambda r: (-ORDER.index(r["state"]), r["date"])):
            key = (row["campaign_id"], row["partner_id"])
            furthest.setdefault(key, row)
            if row["state"] != "planned":
                date = row.get("contact_date") or row["date"]
                reached[key] = min(date, reached.get(key, date))
        return [
            (*key, row["state"], row["date"], reached.get(key), row["source"])
            for key, row in furthest.items()
        ]

    @api.model
    def _advance_sql(self, members):
        """Always in the same order, so that two requests wait for each other and do not
        lock each other out."""
        return SQL(
            """
            INSERT INTO crm_campaign_member AS member
                   (campaign_id, partner_id, state, date, contact_date, source,
                    create_uid, create_date, write_uid, write_date)
            SELECT campaign.id, partner.id, given.state, given.date, given.contact_date,
                   given.source, %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM unnest(%(campaigns)s::int[], %(partners)s::int[],
                          %(states)s::varchar[], %(dates)s::timestamp[],
                          %(contacts)s::timestamp[], %(sources)s::varchar[])
                   AS given(campaign_id, partner_id, state, date, contact_date, source)
              JOIN utm_campaign campaign ON campaign.id = given.campaign_id
              JOIN res_partner partner ON partner.id = given.partner_id
         LEFT JOIN res_company own ON own.id = campaign.company_id
         LEFT JOIN res_company theirs ON theirs.id = partner.company_id
             WHERE own.id IS NULL OR theirs.id IS NULL
                OR own.parent_path LIKE theirs.parent_path || '%%'
          ORDER BY campaign.id, partner.id
       ON CONFLICT (campaign_id, partner_id) DO UPDATE
               SET state = CASE WHEN %(further)s
                                THEN excluded.state ELSE member.state END,
                   date = CASE WHEN %(further)s
                               THEN excluded.date ELSE member.date END,
                   source = CASE WHEN %(further)s
                                 THEN excluded.source ELSE member.source END,
                   contact_date = LEAST(member.contact_date, excluded.contact_date),
                   write_uid = excluded.write_uid,
                   write_date = excluded.write_date
             WHERE %(further)s
                OR LEAST(member.contact_date, excluded.contact_date)
                   IS DISTINCT FROM member.contact_date
            """,
            uid=self.env.uid,
            now=self.env.cr.now(),
            further=SQL(
                """array_position(%(order)s, excluded.state)
                 > array_position(%(order)s, member.state)""",
                order=SQL("%s::varchar[]", ORDER),
            ),
            **{
                name: list(values)
                for name, values in zip(
                    (
                        "campaigns",
                        "partners",
                        "states",
                        "dates",
                        "contacts",
                        "sources",
                    ),
                    zip(*members, strict=True),
                    strict=True,
                )
            },
        )

    @api.model
    def _take_back(self, rows):
        """What was sent never arrived: who is in the campaign as contacted because of
        it is planned again.

        :param rows: as `_advance` takes them, with the date of the sending
        :return: the members who are planned again
        """
        sent = {(row["campaign_id"], row["partner_id"]): row["date"] for row in rows}
        # sudo: the mail gateway is nobody; members are ours to keep
        members = self.sudo().search(
            [
                ("campaign_id", "in", [campaign_id for campaign_id, _id in sent]),
                ("partner_id", "in", [partner_id for _id, partner_id in sent]),
                ("state", "=", "contacted"),
                ("source", "=", "mailing"),
            ]
        )
        members = members.filtered(
            lambda m: (
                sent.get((m.campaign_id.id, m.partner_id.id))
                == m.contact_date
                == m.date
            )
        )
        members.write(
            {"state": "planned", "date": fields.Datetime.now(), "contact_date": False}
        )
        return members

    @api.model
    def _plan(self, campaign, partners):
        """Add contacts to a campaign; who is in it stays as he is.

        :return: how many were added, were there, and were left out, being of another
            company
        :raise AccessError: where the user may not; nothing has changed then
        """
        partners.check_access("read")
        self._check_may_add(campaign)
        members = self.sudo()  # sudo: of who may add, only counts
        of_campaign = [("campaign_id", "=", campaign.id)]
        before = members.search_count(of_campaign)
        now = fields.Datetime.now()
        self._advance(
            [
                {
                    "campaign_id": campaign.id,
                    "partner_id": partner.id,
                    "state": "planned",
                    "date": now,
                    "source": "manual",
                }
                for partner in partners
            ]
        )
        added = members.search_count(of_campaign) - before
        inside = members.search_count(
            [*of_campaign, ("partner_id", "in", partners.ids)]
        )
        return added, inside - added, len(partners) - inside

    @api.model
    def _plan_action(self, campaign, partners, **following):
        """Add contacts to a campaign, as `_plan` does.

        :param following: action of the client after the message
        :return: the message that says how many
        """
        added, there, left_out = self._plan(campaign, partners)
        texts = [self.env._("Added: %s.", added)]
        if there:
            texts.append(self.env._("In the campaign already: %s.", there))
        if left_out:
            texts.append(
                self.env._("Left out, since they are another company's: %s.", left_out)
            )
        return self._message_action(" ".join(texts), **following)

    @api.model
    def _message_action(self, text, **following):
        """:return: action that shows a text, and then the screen anew"""
        reload = {"type": "ir.actions.client", "tag": "soft_reload"}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": text, "next": following or reload},
        }

    @api.model
    def _merge(self, sources, target):
        """Partners are about to be merged by SQL: in each campaign of theirs one member
        stays, with the furthest state and the first contact of all."""
        # sudo: who may merge partners merges all that belongs to them
        members = self.sudo().search([("partner_id", "in", sources.ids)])
        self._advance(
            [
                {
                    "campaign_id": member.campaign_id.id,
                    "partner_id": target.id,
                    "state": member.state,
                    "date": member.date,
                    "contact_date": member.contact_date,
                    "source": member.source,
                }
                for member in members
            ]
        )
        members.unlink()

    # === FIGURES === #

    @api.model
    def _counts(self, campaigns):
        """How many contacts got how far, in these campaigns and those below them; who
        is in several of them counts once, by the furthest. In one query.

        :return: dict id of a campaign -> dict state -> number, with ``all``
        """
        self.flush_model()
        self.env["utm.campaign"].flush_model(["parent_path"])
        readable = self._search([])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT root, far, count(*)
                  FROM (SELECT root.id AS root,
                               max(array_position(
                                   %(order)s::varchar[], crm_campaign_member.state
                               )) AS far
                          FROM %(members)s
                          JOIN utm_campaign campaign
                            ON campaign.id = crm_campaign_member.campaign_id
                          JOIN utm_campaign root
                            ON campaign.parent_path LIKE root.parent_path || '%%'
                         WHERE root.id = ANY(%(ids)s) AND %(readable)s
                      GROUP BY root.id, crm_campaign_member.partner_id) people
              GROUP BY root, far
                """,
                order=ORDER,
                ids=list(campaigns.ids),
                members=readable.from_clause,
                readable=readable.where_clause or SQL("TRUE"),
            )
        )
        counts = {
            campaign_id: dict.fromkeys([*ORDER, "all"], 0)
            for campaign_id in campaigns.ids
        }
        for campaign_id, far, number in rows:
            counts[campaign_id][ORDER[far - 1]] = number
            counts[campaign_id]["all"] += number
        return counts

    @api.model
    def _reached_domain(self, partners):
        """:return: domain of the members that are these partners, or people of these
        organizations, and were reached"""
        people = self.env["res.partner"].with_context(active_test=False)
        people = people.search([("commercial_partner_id", "in", partners.ids)])
        return [
            ("partner_id", "in", (people | partners).ids),
            ("contact_date", "!=", False),
        ]

    @api.model
    def _campaign_counts(self, partners):
        """:return: dict id of a partner -> number of campaigns that reached him, or,
        of an organization, its people"""
        campaigns = defaultdict(set)
        for partner, ids in self._read_group(
            self._reached_domain(partners),
            ["partner_id"],
            ["campaign_id:array_agg_distinct"],
        ):
            for who in partner | partner.commercial_partner_id:
                campaigns[who.id].update(ids)
        return {partner_id: len(ids) for partner_id, ids in campaigns.items()}

    @api.model
    def _view_action(self, domain, context):
        """:return: the list of members, restricted to a domain"""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_gestion.crm_campaign_member_action"
        )
        return {**action, "domain": domain, "context": context}
