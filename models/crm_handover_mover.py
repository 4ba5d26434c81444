from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_handover_scope import KINDS


class CrmHandoverMover(models.AbstractModel):
    """Moves what the lines of a hand-over name, and gives it back.

    *Invariants.* A row moves only while it is open work of the one it is taken from,
    and in the same transaction in which its line says so: after a crash nothing is
    moved twice. Owner and team change, with what is stored of them elsewhere; stage,
    probability, amounts and dates stay, the date of assignment too. Nobody gets an
    e-mail, automation rules do not run and customers are not invited again.

    *By SQL*, a statement for each kind and batch: the ORM would recompute stages and
    probabilities, reset dates, and write and send a message for each record. Rights are
    checked by ``crm.handover`` before its lines are there; that the rows still are the
    leaver's is checked here, in the statement that moves them. Which stored fields
    depend on the owner is known: a test names them all.
    """

    _name = "crm.handover.mover"
    _description = "Mover of a Hand-over"

    @api.model
    def _move(self, lines):
        """Give what these lines name to the successors. Lines whose row is no longer
        the leaver's open work say so."""
        moved = self._apply(lines, "user_id", "successor_id", "new_team_id")
        self._tell_lines(moved, "moved")
        self._tell_lines(set(lines.ids) - moved, "skipped", "changed")

    @api.model
    def _give_back(self, lines):
        """Undo: give back what the successor still has, and has not closed."""
        back = self._apply(lines, "successor_id", "user_id", "team_id")
        self._tell_lines(back, "undone")
        self._tell_lines(set(lines.ids) - back, "kept", "changed")

    @api.model
    def _apply(self, lines, source, target, team):
        """
        :param source: name of the user of a line who has the row
        :param target: name of the one who gets it
        :param team: name of the team of a line that the row gets
        :return: set of ids of the lines whose rows changed hands
        """
        self.env.flush_all()
        moved = set()
        for key, group in lines.grouped("kind").items():
            ids = self._change_owner(key, group, source, target, team)
            if ids:
                after = getattr(self, f"_after_{key}", None)
                if after:
                    after(ids, source, target)
                self._change_followers(KINDS[key].model, ids, source, target)
            moved |= ids
        self.env.invalidate_all()
        # who has an account, or leads a team, decides who sees what
        self.env["res.users"]._crm_drop_scopes()
        return moved

    @api.model
    def _tell_lines(self, ids, state, reason=None):
        self.env.cr.execute(
            SQL(
                """UPDATE crm_handover_line
                      SET state = %s, reason = %s, date = %s, write_date = %s
                    WHERE id = ANY(%s)""",
                state,
                reason,
                self.env.cr.now(),
                self.env.cr.now(),
                list(ids),
            )
        )

    # === OWNERS === #

    @api.model
    def _still_open(self, key, lines, owners):
        """:return: query of what is open work, of any kind of the same model: what woke
        from its pause since the preview still is the leaver's"""
        Scope = self.env["crm.handover.scope"]
        model = KINDS[key].model
        domain = Domain.OR(
            Scope._domain(other, owners)
            for other, kind in KINDS.items()
            if kind.model == model
        )
        domain &= Domain("id", "in", lines.mapped("res_id"))
        return Scope._everything(key)._search(domain).subselect()

    @api.model
    def _change_owner(self, key, lines, source, target, team):
        kind = KINDS[key]
        records = self._still_open(key, lines, lines[source])
        if kind.owner == "user_ids":
            return self._change_assignees(lines, records, source, target)
        # a team that somebody chose since stays, but for the one he cannot be in
        teams = SQL(
            """, team_id = CASE WHEN record.team_id IS NOT DISTINCT FROM line.%s
                                THEN line.%s ELSE record.team_id END""",
            SQL.identifier("team_id" if team == "new_team_id" else "new_team_id"),
            SQL.identifier(team),
        )
        rows = self.env.execute_query(
            SQL(
                """UPDATE %(table)s record
                      SET user_id = line.%(target)s %(teams)s,
                          write_uid = %(uid)s, write_date = %(now)s
                     FROM crm_handover_line line
                    WHERE line.id = ANY(%(lines)s) AND record.id = line.res_id
                      AND record.user_id = line.%(source)s AND record.id IN %(records)s
                RETURNING line.id""",
                table=SQL.identifier(self.env[kind.model]._table),
                source=SQL.identifier(source),
                target=SQL.identifier(target),
                teams=teams if kind.has_team else SQL(),
                uid=self.env.uid,
                now=self.env.cr.now(),
                lines=lines.ids,
                records=records,
            )
        )
        return {line_id for (line_id,) in rows}

    @api.model
    def _change_assignees(self, lines, records, source, target):
        """Tasks have several: the one gives his place to the other, whose own stages
        begin anew."""
        rows = self.env.execute_query(
            SQL(
                """WITH given AS (
                       DELETE FROM project_task_user_rel rel
                        USING crm_handover_line line
                        WHERE line.id = ANY(%(lines)s) AND rel.task_id = line.res_id
                          AND rel.user_id = line.%(source)s
                          AND rel.task_id IN %(records)s
                    RETURNING line.id, rel.task_id, line.%(target)s AS user_id),
                   taken AS (
                       INSERT INTO project_task_user_rel (task_id, user_id)
                            SELECT task_id, user_id FROM given
                       ON CONFLICT DO NOTHING)
                   SELECT id FROM given""",
                lines=lines.ids,
                source=SQL.identifier(source),
                target=SQL.identifier(target),
                records=records,
            )
        )
        # sudo: see the class
        tasks = self.env["project.task"].sudo().browse(lines.mapped("res_id"))
        self.env.invalidate_all()
        tasks._populate_missing_personal_stages()
        return {line_id for (line_id,) in rows}

    # === WHAT ELSE IS STORED OF THE OWNER === #

    @api.model
    def _after_quotation(self, ids, source, target):
        self.env.cr.execute(
            SQL(
                """UPDATE sale_order_line item SET salesman_id = line.%s
                     FROM crm_handover_line line
                    WHERE line.id = ANY(%s) AND item.order_id = line.res_id""",
                SQL.identifier(target),
                list(ids),
            )
        )

    @api.model
    def _after_activity(self, ids, source, target):
        self.env.cr.execute(
            SQL(
                """UPDATE mail_activity activity SET user_tz = partner.tz
                     FROM crm_handover_line line
                     JOIN res_users owner ON owner.id = line.%s
                     JOIN res_partner partner ON partner.id = owner.partner_id
                    WHERE line.id = ANY(%s) AND activity.id = line.res_id""",
                SQL.identifier(target),
                list(ids),
            )
        )

    @api.model
    def _after_meeting(self, ids, source, target):
        """Who takes a meeting over attends it, and is asked whether he can."""
        pairs = SQL(
            """SELECT line.res_id AS event_id, leaver.partner_id AS old_id,
                      partner.id AS new_id, partner.name, partner.email
                 FROM crm_handover_line line
                 JOIN res_users leaver ON leaver.id = line.%s
                 JOIN res_users owner ON owner.id = line.%s
                 JOIN res_partner partner ON partner.id = owner.partner_id
                WHERE line.id = ANY(%s)""",
            SQL.identifier(source),
            SQL.identifier(target),
            list(ids),
        )
        self.env.cr.execute(
            SQL(
                """WITH pair AS (%s),
                   gone AS (
                       DELETE FROM calendar_attendee attendee USING pair
                        WHERE attendee.event_id = pair.event_id
                          AND attendee.partner_id = pair.old_id),
                   unlinked AS (
                       DELETE FROM calendar_event_res_partner_rel rel USING pair
                        WHERE rel.calendar_event_id = pair.event_id
                          AND rel.res_partner_id = pair.old_id),
                   linked AS (
                       INSERT INTO calendar_event_res_partner_rel
                              (calendar_event_id, res_partner_id)
                       SELECT event_id, new_id FROM pair ON CONFLICT DO NOTHING)
                   INSERT INTO calendar_attendee (
                          event_id, partner_id, common_name, state, access_token,
                          create_uid, create_date, write_uid, write_date)
                   SELECT event_id, new_id, COALESCE(name, email), 'needsAction',
                          replace(gen_random_uuid()::text, '-', ''),
                          %s, %s, %s, %s
                     FROM pair
                    WHERE NOT EXISTS (
                          SELECT 1 FROM calendar_attendee attendee
                           WHERE attendee.event_id = pair.event_id
                             AND attendee.partner_id = pair.new_id)""",
                pairs,
                self.env.uid,
                self.env.cr.now(),
                self.env.uid,
                self.env.cr.now(),
            )
        )

    # === FOLLOWERS === #

    @api.model
    def _change_followers(self, model, ids, source, target):
        """Who gives something away no longer follows it, who gets it does. The lines
        keep what changed: giving back leaves alone who followed anyway."""
        if "message_follower_ids" not in self.env[model]._fields:
            return
        gives_back = source == "successor_id"
        self._unsubscribe(model, ids, source, "subscribed" if gives_back else None)
        self._subscribe(model, ids, target, "unfollowed" if gives_back else None)

    @api.model
    def _unsubscribe(self, model, ids, who, condition):
        only = SQL("AND line.%s", SQL.identifier(condition)) if condition else SQL()
        noted = SQL("AND FALSE") if condition else SQL()
        self.env.cr.execute(
            SQL(
                """WITH gone AS (
                       DELETE FROM mail_followers follower
                        USING crm_handover_line line
                         JOIN res_users owner ON owner.id = line.%s
                        WHERE line.id = ANY(%s) AND follower.res_model = %s
                          AND follower.res_id = line.res_id
                          AND follower.partner_id = owner.partner_id %s
                    RETURNING line.id)
                   UPDATE crm_handover_line SET unfollowed = TRUE
                    WHERE id IN (SELECT id FROM gone) %s""",
                SQL.identifier(who),
                list(ids),
                model,
                only,
                noted,
            )
        )

    @api.model
    def _subscribe(self, model, ids, who, condition):
        """With the subtypes that Odoo would choose."""
        only = SQL("AND line.%s", SQL.identifier(condition)) if condition else SQL()
        noted = SQL("AND FALSE") if condition else SQL()
        # sudo: what is followed by default is configuration
        subtypes = self.env["mail.message.subtype"].sudo().default_subtypes(model)[0]
        self.env.cr.execute(
            SQL(
                """WITH new AS (
                       INSERT INTO mail_followers (res_model, res_id, partner_id)
                       SELECT %(model)s, line.res_id, owner.partner_id
                         FROM crm_handover_line line
                         JOIN res_users owner ON owner.id = line.%(who)s
                        WHERE line.id = ANY(%(lines)s) %(only)s
                       ON CONFLICT DO NOTHING
                    RETURNING id, res_id),
                   typed AS (
                       INSERT INTO mail_followers_mail_message_subtype_rel
                              (mail_followers_id, mail_message_subtype_id)
                       SELECT new.id, subtype.id
                         FROM new CROSS JOIN unnest(%(subtypes)s) AS subtype (id))
                   UPDATE crm_handover_line line SET subscribed = TRUE
                     FROM new
                    WHERE line.id = ANY(%(lines)s) AND line.res_id = new.res_id
                          %(noted)s""",
                model=model,
                who=SQL.identifier(who),
                lines=list(ids),
                only=only,
                noted=noted,
                subtypes=subtypes.ids,
            )
        )

    # === ACTIVITIES OF WHO LEAVES WITHOUT A HAND-OVER === #

    @api.model
    def _activities_to(self, leaver, user):
        """Odoo deletes the planned activities of whom it archives: give them to
        somebody, all of them.

        :return: how many
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """UPDATE mail_activity SET user_id = %s, user_tz = %s,
                          write_uid = %s, write_date = %s
                    WHERE user_id = %s AND active""",
                user.id,
                user.tz or None,
                self.env.uid,
                self.env.cr.now(),
                leaver.id,
            )
        )
        count = self.env.cr.rowcount
        self.env["mail.activity"].invalidate_model()
        return count
