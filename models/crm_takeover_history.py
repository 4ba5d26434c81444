from datetime import datetime, time

import pytz

from odoo import api, models
from odoo.tools import SQL


class CrmTakeoverHistory(models.AbstractModel):
    """Makes gestiones of what was done before: meetings that were held, activities
    marked done, and the messages that activities of earlier versions of Odoo left.

    *By SQL*, a batch in a few statements. There may be a million, and the ORM would
    plan next steps, feed campaigns and write to native records. The stage and the
    campaign of then are unknown and stay empty; the result says that it was brought
    along, so that nobody's day asks for one.

    *When and who.* An activity knows the day only: the message that Odoo wrote when it
    was marked done has the hour and who did it. Without one it was at noon of that day,
    by who was to do it. Days are those of the time zone of who did it.

    *Once.* The links of a gestión to its source are unique. A meeting and its activity
    are one. A message is left where its activity is still there, or where a gestión of
    the same type with the same customer is of that day.
    """

    _name = "crm.takeover.history"
    _description = "History That Is Taken Over"

    @api.model
    def _count(self, takeover, kind, accounts=()):
        """
        :param accounts: ids of those that will be of commercial interest
        :return: list of (id of a type of activity or None, number of records); some
            of them may turn out to be with nobody of commercial interest
        """
        self.env.flush_all()
        column = SQL("NULL::int") if kind == "meeting" else SQL("s.type_id")
        rows = self.env.execute_query(
            SQL(
                """SELECT %s, count(*) FROM (%s) s
                    WHERE %s GROUP BY 1 ORDER BY 2 DESC, 1""",
                column,
                self._source(kind, accounts),
                self._taken_over(takeover, kind),
            )
        )
        return [row for row in rows if row[1] and (row[0] or kind == "meeting")]

    @api.model
    def _source(self, kind, accounts=()):
        """
        :param accounts: ids of those whose guests count besides
        :return: query of all that may become a gestión
        """
        if kind == "meeting":
            return SQL(
                """SELECT e.id, NULL::int AS type_id, e.start AS date, e.user_id,
                          NULL AS zone,
                          e.name AS summary, NULL AS description, e.duration,
                          CASE WHEN e.opportunity_id IS NOT NULL THEN 'crm.lead'
                               WHEN e.res_model = 'crm.lead' AND e.res_id > 0
                               THEN 'crm.lead' ELSE 'res.partner' END AS model,
                          COALESCE(e.opportunity_id,
                                   CASE WHEN e.res_model IN ('crm.lead', 'res.partner')
                                        THEN NULLIF(e.res_id, 0) END,
                                   (SELECT min(guest.id) FROM res_partner guest
                                      JOIN calendar_event_res_partner_rel rel
                                        ON rel.res_partner_id = guest.id
                                     WHERE rel.calendar_event_id = e.id
                                       AND (guest.account_status IS NOT NULL
                                            OR guest.commercial_partner_id
                                               = ANY(%s)))) AS res_id,
                          NULL::int AS activity_id, e.id AS event_id,
                          NULL::int AS message_id
                     FROM calendar_event e
                    WHERE e.active AND e.stop < (now() AT TIME ZONE 'UTC')
                      AND e.crm_result IS DISTINCT FROM 'no_show'
                      AND NOT EXISTS (
                          SELECT FROM mail_activity a
                           WHERE a.calendar_event_id = e.id AND a.active)""",
                list(accounts),
            )
        if kind == "activity":
            return SQL(
                """SELECT a.id, a.activity_type_id AS type_id,
                          COALESCE((SELECT m.date %(done)s),
                                   (a.date_done + time '12:00')
                                   AT TIME ZONE %(zone)s AT TIME ZONE 'UTC') AS date,
                          COALESCE((SELECT (%(author)s) %(done)s),
                                   a.user_id, a.create_uid) AS user_id,
                          NULL AS zone, a.summary,
                          a.feedback AS description, 0 AS duration,
                          a.res_model AS model, a.res_id,
                          a.id AS activity_id, NULL::int AS event_id,
                          NULL::int AS message_id
                     FROM mail_activity a
                    WHERE a.active IS NOT TRUE AND a.date_done IS NOT NULL
                      AND a.res_model IN ('crm.lead', 'res.partner')""",
                zone=self._zone(
                    SQL(
                        "SELECT u.partner_id FROM res_users u"
                        " WHERE u.id = COALESCE(a.user_id, a.create_uid)"
                    )
                ),
                author=self._author(),
                done=SQL(
                    """FROM mail_message m
                      WHERE m.model = a.res_model AND m.res_id = a.res_id
                        AND m.mail_activity_type_id = a.activity_type_id
                        AND m.subtype_id = %s AND m.date::date = a.date_done
                      ORDER BY abs(extract(epoch FROM m.date - a.write_date)), m.id
                      LIMIT 1""",
                    self.env.ref("mail.mt_activities").id,
                ),
            )
        return SQL(
            """SELECT m.id, m.mail_activity_type_id AS type_id, m.date,
                      (%(author)s) AS user_id, %(zone)s AS zone,
                      m.subject AS summary, NULL AS description, 0 AS duration,
                      m.model, m.res_id, NULL::int AS activity_id,
                      NULL::int AS event_id, m.id AS message_id
                 FROM mail_message m
                WHERE m.mail_activity_type_id IS NOT NULL AND m.subtype_id = %(done)s
                  AND m.model IN ('crm.lead', 'res.partner')""",
            author=self._author(),
            zone=self._zone(SQL("m.author_id")),
            done=self.env.ref("mail.mt_activities").id,
        )

    @api.model
    def _author(self):
        """:return: query of the user of ours who wrote a message ``m``, archived too"""
        return SQL(
            """SELECT u.id FROM res_users u
                WHERE u.partner_id = m.author_id AND u.share IS NOT TRUE
                ORDER BY u.active DESC, u.id LIMIT 1"""
        )

    @api.model
    def _zone(self, partner):
        """
        :param partner: SQL of the id of a partner
        :return: SQL of the name of his time zone, where it is one
        """
        known = self.env.execute_query(
            SQL("SELECT DISTINCT tz FROM res_partner WHERE tz IS NOT NULL")
        )
        return SQL(
            "COALESCE((SELECT tz FROM res_partner WHERE id = (%s) AND tz = ANY(%s)),"
            " 'UTC')",
            partner,
            [tz for (tz,) in known if tz in pytz.all_timezones_set],
        )

    @api.model
    def _taken_over(self, takeover, kind):
        """:return: condition on what is no gestión yet"""
        since = SQL("TRUE")
        if takeover.since:
            since = SQL("s.date >= %s", self._midnight(takeover))
        if kind == "meeting":
            new = SQL(
                """NOT EXISTS (SELECT FROM crm_gestion g
                                WHERE g.calendar_event_id = s.id)
                   AND NOT EXISTS (SELECT FROM crm_gestion g
                                     JOIN mail_activity a ON a.id = g.activity_id
                                    WHERE a.calendar_event_id = s.id)"""
            )
        elif kind == "activity":
            new = SQL(
                """NOT EXISTS (SELECT FROM crm_gestion g WHERE g.activity_id = s.id)
                   AND NOT EXISTS (SELECT FROM crm_gestion g
                                     JOIN mail_activity a
                                       ON a.calendar_event_id = g.calendar_event_id
                                    WHERE a.id = s.id)"""
            )
        else:
            new = SQL(
                """NOT EXISTS (SELECT FROM crm_gestion g WHERE g.message_id = s.id)
                   AND NOT EXISTS (
                       SELECT FROM mail_activity a
                        WHERE a.res_model = s.model AND a.res_id = s.res_id
                          AND a.activity_type_id = s.type_id AND a.active IS NOT TRUE
                          AND a.date_done BETWEEN s.date::date - 1
                                              AND s.date::date + 1)"""
            )
        return SQL("s.res_id IS NOT NULL AND %s AND %s", since, new)

    @api.model
    def _midnight(self, takeover):
        """:return: when the first day began for who prepared the run"""
        zone = pytz.timezone(takeover.create_uid.tz or "UTC")
        start = zone.localize(datetime.combine(takeover.since, time.min))
        return start.astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _samples(self, lines, size):
        """:return: list of (id of a line, names of its newest records)"""
        self.env.flush_all()
        kind = lines[0].kind
        of_type = SQL("TRUE") if kind == "meeting" else SQL("s.type_id = line.res_id")
        return self.env.execute_query(
            SQL(
                """SELECT line.id, array_agg(newest.name ORDER BY newest.id DESC)
                     FROM crm_takeover_line line
                     JOIN LATERAL (
                          SELECT s.id, COALESCE(lead.name, partner.name) AS name
                            FROM (%s) s
                       LEFT JOIN crm_lead lead
                              ON s.model = 'crm.lead' AND lead.id = s.res_id
                       LEFT JOIN res_partner partner
                              ON s.model = 'res.partner' AND partner.id = s.res_id
                           WHERE %s
                             AND COALESCE(lead.company_id, partner.company_id, %s) = %s
                             AND COALESCE(lead.name, partner.name) IS NOT NULL
                           ORDER BY s.id DESC LIMIT %s) newest ON TRUE
                    WHERE line.id = ANY(%s) GROUP BY line.id""",
                self._source(kind),
                of_type,
                lines.company_id.id,
                lines.company_id.id,
                size,
                lines.ids,
            )
        )

    @api.model
    def _take(self, line, size):
        """Log the next records of a line.

        :return: ids of the records that were looked at, and of the gestiones
        """
        self.env.flush_all()
        kind = line.kind
        of_type = SQL("TRUE")
        if kind != "meeting":
            of_type = SQL("s.type_id = %s", line.res_id)
        ids = [
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """SELECT s.id FROM (%s) s WHERE s.id > %s AND %s AND %s
                        ORDER BY s.id LIMIT %s""",
                    self._source(kind),
                    line.cursor,
                    of_type,
                    self._taken_over(line.takeover_id, kind),
                    size,
                )
            )
        ]
        made = self._insert(line, ids)
        self._log(line.takeover_id, made)
        return ids, made

    @api.model
    def _result(self):
        """:return: the result of what was brought along, so that nobody is asked for
        another in his day; empty where it was deleted"""
        return (
            self.env.ref("crm_gestion.result_imported", raise_if_not_found=False)
            or self.env["crm.gestion.result"]
        )

    @api.model
    def _insert(self, line, ids):
        """:return: list of (id, organization, contact, meeting) of the gestiones"""
        company = line.takeover_id.company_id
        return self.env.execute_query(
            SQL(
                """INSERT INTO crm_gestion (
                          name, activity_type_id, date, duration, direction, user_id,
                          team_id, company_id, organization_id, contact_id, lead_id,
                          description, activity_id, calendar_event_id, message_id,
                          result_id, create_uid, create_date, write_uid, write_date)
                   SELECT COALESCE(NULLIF(s.summary, ''),
                                   %(type_name)s || ': ' || p.name),
                          %(type)s, LEAST(s.date, %(now)s),
                          GREATEST(COALESCE(s.duration, 0), 0), 'out',
                          COALESCE(s.user_id, %(root)s),
                          COALESCE(l.team_id, team.id), %(company)s,
                          COALESCE(l.organization_id,
                                   CASE WHEN account.is_company THEN account.id END),
                          CASE WHEN p.is_company IS NOT TRUE THEN p.id END, l.id,
                          s.description, s.activity_id, s.event_id, s.message_id,
                          %(result)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                     FROM (%(source)s) s
                LEFT JOIN crm_lead l ON s.model = 'crm.lead' AND l.id = s.res_id
                     JOIN res_partner p
                       ON p.id = CASE WHEN s.model = 'res.partner' THEN s.res_id
                                      ELSE COALESCE(l.partner_id, l.organization_id) END
                     JOIN res_partner account ON account.id = p.commercial_partner_id
                LEFT JOIN res_users u ON u.id = s.user_id
                LEFT JOIN crm_team team
                       ON team.id = u.sale_team_id
                      AND COALESCE(team.company_id, %(company)s) = %(company)s
                    WHERE s.id = ANY(%(ids)s)
                      AND COALESCE(l.company_id, p.company_id, %(company)s)
                          = %(company)s
                      AND NOT EXISTS (SELECT FROM res_company c
                                       WHERE c.partner_id = account.id)
                      AND NOT EXISTS (SELECT FROM res_users staff
                                       WHERE staff.partner_id = account.id
                                         AND staff.share IS NOT TRUE)
                      AND (l.id IS NOT NULL OR p.account_status IS NOT NULL
                           OR COALESCE(account.supplier_rank, 0) = 0)
                      AND (s.message_id IS NULL OR NOT EXISTS (
                           SELECT FROM crm_gestion g
                            WHERE g.activity_type_id = %(type)s
                              AND timezone(s.zone, timezone('UTC', g.date))::date
                                  = timezone(s.zone, timezone('UTC', s.date))::date
                              AND (g.lead_id = l.id
                                   OR (l.id IS NULL
                                       AND p.id IN (g.organization_id, g.contact_id)))))
                    ORDER BY s.id
                RETURNING id, organization_id, contact_id, calendar_event_id""",
                type_name=line.activity_type_id.name,
                type=line.activity_type_id.id,
                now=self.env.cr.now(),
                root=self.env.ref("base.user_root").id,
                company=company.id,
                result=self._result().id or None,
                uid=self.env.uid,
                source=self._source(line.kind),
                ids=ids,
            )
        )

    @api.model
    def _log(self, takeover, made):
        """Enter gestiones in the ledger; their meetings were held, and who had no
        status is a potential customer. What is filled goes in first: taken back, it
        goes after the gestiones."""
        Record = self.env["crm.takeover.record"]
        held = self.env.execute_query(
            SQL(
                """UPDATE calendar_event SET crm_result = 'held'
                    WHERE id = ANY(%s) AND crm_result IS NULL RETURNING id""",
                [row[3] for row in made if row[3]],
            )
        )
        Record._log(
            takeover,
            "calendar.event",
            [row[0] for row in held],
            "crm_result",
            "held",
        )
        Record._mark_potential(takeover, {row[1] or row[2] for row in made})
        Record._log(takeover, "crm.gestion", [row[0] for row in made])
        self.env.invalidate_all()
