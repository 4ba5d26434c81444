import logging

from psycopg2 import OperationalError

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_handover_scope import KINDS

_logger = logging.getLogger(__name__)


class CrmHandoverMover(models.AbstractModel):
    """Moves what the lines of a hand-over name, and gives it back.

    *Invariants.* A row moves only while it is open work of the one it is taken from,
    and in the same transaction in which its line says so: after a crash nothing is
    moved twice. Owner and team change, with what is stored of them elsewhere; stage,
    probability, amounts and dates stay, the date of assignment too. Nobody gets an
    e-mail, automation rules do not run and customers are not invited again.

    *By SQL*, statements for each batch, kind and successor: the ORM would recompute
    stages and probabilities, reset dates, and write and send a message for each record.
    They name one table, ids and users: what PostgreSQL knows of a table that was just
    changed is old, and a join would be planned by it. Rights are checked by
    ``crm.handover`` before its lines are there; that the rows still are the leaver's is
    checked here, in the transaction that moves them: PostgreSQL refuses it where
    another one changed them meanwhile. Which stored fields depend on the owner is
    known: a test names them all.
    """

    _name = "crm.handover.mover"
    _description = "Mover of a Hand-over"

    @api.model
    def _move(self, lines):
        """Give what these lines name to the successors. Lines whose row is no longer
        the leaver's open work say so, and so do those whose row cannot be moved."""
        self._try(self._move_all, lines, "skipped")

    @api.model
    def _give_back(self, lines):
        """Undo: give back what the successor still has, and has not closed."""
        self._try(self._give_back_all, lines, "kept")

    @api.model
    def _try(self, work, lines, bad):
        """Work on lines so that one that fails does not stop the others, today and each
        time again: what fails is tried in halves, down to the line that is to blame.

        :param work: method of this model that works on lines
        :param bad: state of a line that fails
        """
        try:
            with self.env.cr.savepoint():
                work(lines)
        except OperationalError:
            # somebody else works on these rows: the batch is tried again as a whole
            raise
        except Exception:
            if len(lines) > 1:
                half = len(lines) // 2
                self._try(work, lines[:half], bad)
                self._try(work, lines[half:], bad)
                return
            _logger.warning("Line %s of a hand-over failed", lines.id, exc_info=True)
            self._tell_lines(lines, bad, "error")

    @api.model
    def _move_all(self, lines):
        same = self._there_already(lines, "successor_id")
        moved, left, followed = self._apply(lines - same, "user_id", "successor_id")
        self._tell_lines(moved, "moved", unfollowed=left, subscribed=followed)
        self._tell_lines(same, "skipped", "same")
        self._tell_lines(lines - same - moved, "skipped", "changed")

    @api.model
    def _give_back_all(self, lines):
        same = self._there_already(lines, "user_id")
        back, _left, _followed = self._apply(lines - same, "successor_id", "user_id")
        self._tell_lines(back, "undone")
        self._tell_lines(same, "kept", "same")
        self._tell_lines(lines - same - back, "kept", "changed")

    @api.model
    def _there_already(self, lines, target):
        """
        :param target: name of the user of a line who gets the row
        :return: the lines of objectives that he has already: nobody has one twice
        """
        same = lines.browse()
        objectives = lines.filtered(lambda line: line.kind == "objective")
        for taker, group in objectives.grouped(target).items():
            # sudo: see the class
            named = self.env["crm.objective"].sudo().browse(group.mapped("res_id"))
            same |= self._of(group, named.exists()._held_by(taker).ids)
        return same

    @api.model
    def _apply(self, lines, source, target):
        """
        :param source: name of the user of a line who has the row
        :param target: name of the one who gets it
        :return: the lines whose rows changed hands; those of them whose row the one no
            longer follows, and those whose row the other follows from now on
        """
        self.env.flush_all()
        done = (lines.browse(), lines.browse(), lines.browse())
        for (key, giver, taker), group in lines.grouped(
            lambda line: (line.kind, line[source], line[target])
        ).items():
            moved = self._change_owner(key, group, giver, taker)
            if not moved:
                continue
            if after := getattr(self, f"_after_{key}", None):
                after(moved.mapped("res_id"), giver, taker)
            parts = moved, *self._change_followers(key, moved, giver, taker)
            done = tuple(some | part for some, part in zip(done, parts, strict=True))
        self.env.invalidate_all()
        # who has an account, or leads a team, decides who sees what
        self.env["res.users"]._crm_drop_scopes()
        return done

    @api.model
    def _tell_lines(self, lines, state, reason=None, unfollowed=None, subscribed=None):
        """In one statement: of a row that its transaction writes twice, PostgreSQL
        checks all foreign keys again."""
        self.env.cr.execute(
            SQL(
                """UPDATE crm_handover_line
                      SET state = %s, reason = %s, date = %s, write_date = %s,
                          unfollowed = unfollowed OR id = ANY(%s),
                          subscribed = subscribed OR id = ANY(%s)
                    WHERE id = ANY(%s)""",
                state,
                reason,
                self.env.cr.now(),
                self.env.cr.now(),
                unfollowed.ids if unfollowed else [],
                subscribed.ids if subscribed else [],
                lines.ids,
            )
        )

    @api.model
    def _gives_back(self, lines):
        """:return: whether what these lines name is being given back"""
        return lines[:1].state == "moved"

    @api.model
    def _of(self, lines, res_ids):
        """:return: the lines of these records, of one model"""
        return lines.filtered(lambda line: line.res_id in res_ids)

    # === OWNERS === #

    @api.model
    def _still_open(self, key, lines, giver):
        """:return: ids of what is open work, of any kind of the same model: what woke
        from its pause since the preview still is the leaver's"""
        Scope = self.env["crm.handover.scope"]
        model = KINDS[key].model
        domain = Domain.OR(
            Scope._domain(other, giver)
            for other, kind in KINDS.items()
            if kind.model == model
        )
        domain &= Domain("id", "in", lines.mapped("res_id"))
        return list(Scope._everything(key)._search(domain).get_result_ids())

    @api.model
    def _change_owner(self, key, lines, giver, taker):
        """:return: the lines whose rows changed hands"""
        kind = KINDS[key]
        ids = self._still_open(key, lines, giver)
        if kind.owner == "user_ids":
            return self._of(lines, self._change_assignees(ids, giver, taker))
        if not kind.has_team:
            more = (
                SQL(", user_tz = %s", taker.tz or None) if key == "activity" else SQL()
            )
            return self._of(lines, self._write_owner(key, ids, giver, taker, more))
        # a team that somebody chose since stays, but for the one he cannot be in
        before, after = ("team_id", "new_team_id")
        if self._gives_back(lines):
            before, after = after, before
        moved = lines.browse()
        for (old, new), group in (
            self._of(lines, set(ids))
            .grouped(lambda line: (line[before], line[after]))
            .items()
        ):
            team = SQL(
                """, team_id = CASE WHEN team_id IS NOT DISTINCT FROM %s
                                    THEN %s ELSE team_id END""",
                old.id or None,
                new.id or None,
            )
            rows = self._write_owner(key, group.mapped("res_id"), giver, taker, team)
            moved |= self._of(group, rows)
        return moved

    @api.model
    def _write_owner(self, key, ids, giver, taker, more):
        """
        :param more: SQL that sets other columns
        :return: set of ids of the records that were written
        """
        rows = self.env.execute_query(
            SQL(
                """UPDATE %s SET user_id = %s, write_uid = %s, write_date = %s %s
                    WHERE id = ANY(%s) AND user_id = %s RETURNING id""",
                SQL.identifier(self.env[KINDS[key].model]._table),
                taker.id,
                self.env.uid,
                self.env.cr.now(),
                more,
                ids,
                giver.id,
            )
        )
        return {record_id for (record_id,) in rows}

    @api.model
    def _change_assignees(self, ids, giver, taker):
        """Tasks have several: the one gives his place to the other, whose own stages
        begin anew.

        :return: set of ids of the tasks
        """
        rows = self.env.execute_query(
            SQL(
                """DELETE FROM project_task_user_rel
                    WHERE task_id = ANY(%s) AND user_id = %s RETURNING task_id""",
                ids,
                giver.id,
            )
        )
        given = {task_id for (task_id,) in rows}
        self.env.cr.execute(
            SQL(
                """INSERT INTO project_task_user_rel (task_id, user_id)
                   SELECT task_id, %s FROM unnest(%s::int4[]) AS task_id
                   ON CONFLICT DO NOTHING""",
                taker.id,
                list(given),
            )
        )
        # sudo: see the class
        tasks = self.env["project.task"].sudo().browse(given)
        self.env.invalidate_all()
        tasks._populate_missing_personal_stages()
        return given

    # === WHAT ELSE IS STORED OF THE OWNER === #

    @api.model
    def _after_quotation(self, ids, giver, taker):
        self.env.cr.execute(
            SQL(
                "UPDATE sale_order_line SET salesman_id = %s WHERE order_id = ANY(%s)",
                taker.id,
                ids,
            )
        )

    @api.model
    def _after_meeting(self, ids, giver, taker):
        """Who takes a meeting over attends it, and is asked whether he can."""
        old, new = giver.partner_id, taker.partner_id
        values = {
            "ids": ids,
            "old": old.id,
            "new": new.id,
            "name": new.name or new.email,
            "uid": self.env.uid,
            "now": self.env.cr.now(),
        }
        self.env.cr.execute(
            SQL(
                """WITH gone AS (
                       DELETE FROM calendar_attendee
                        WHERE event_id = ANY(%(ids)s) AND partner_id = %(old)s),
                   unlinked AS (
                       DELETE FROM calendar_event_res_partner_rel
                        WHERE calendar_event_id = ANY(%(ids)s)
                          AND res_partner_id = %(old)s),
                   linked AS (
                       INSERT INTO calendar_event_res_partner_rel
                              (calendar_event_id, res_partner_id)
                       SELECT event_id, %(new)s FROM unnest(%(ids)s::int4[]) AS event_id
                       ON CONFLICT DO NOTHING)
                   INSERT INTO calendar_attendee (
                          event_id, partner_id, common_name, state, access_token,
                          create_uid, create_date, write_uid, write_date)
                   SELECT event_id, %(new)s, %(name)s, 'needsAction',
                          replace(gen_random_uuid()::text, '-', ''),
                          %(uid)s, %(now)s, %(uid)s, %(now)s
                     FROM unnest(%(ids)s::int4[]) AS event_id
                    WHERE event_id NOT IN (
                          SELECT event_id FROM calendar_attendee
                           WHERE event_id = ANY(%(ids)s) AND partner_id = %(new)s)""",
                **values,
            )
        )

    # === FOLLOWERS === #

    @api.model
    def _change_followers(self, key, lines, giver, taker):
        """Who gives something away no longer follows it, who gets it does. The lines
        keep what changed: giving back leaves alone who followed anyway.

        :return: the lines of what the one no longer follows, and of what the other
            follows from now on
        """
        model = KINDS[key].model
        if "message_follower_ids" not in self.env[model]._fields:
            return lines.browse(), lines.browse()
        leave = join = lines
        if self._gives_back(lines):
            leave = lines.filtered("subscribed")
            join = lines.filtered("unfollowed")
        left = self._unsubscribe(model, leave.mapped("res_id"), giver.partner_id)
        followed = self._subscribe(model, join.mapped("res_id"), taker.partner_id)
        return self._of(lines, left), self._of(lines, followed)

    @api.model
    def _unsubscribe(self, model, ids, partner):
        """:return: set of ids of the records that he followed"""
        rows = self.env.execute_query(
            SQL(
                """DELETE FROM mail_followers
                    WHERE res_model = %s AND res_id = ANY(%s) AND partner_id = %s
                RETURNING res_id""",
                model,
                ids,
                partner.id,
            )
        )
        return {record_id for (record_id,) in rows}

    @api.model
    def _subscribe(self, model, ids, partner):
        """With the subtypes that Odoo would choose.

        :return: set of ids of the records that he did not follow before
        """
        # sudo: what is followed by default is configuration
        subtypes = self.env["mail.message.subtype"].sudo().default_subtypes(model)[0]
        rows = self.env.execute_query(
            SQL(
                """WITH new AS (
                       INSERT INTO mail_followers (res_model, res_id, partner_id)
                       SELECT %s, res_id, %s FROM unnest(%s::int4[]) AS res_id
                       ON CONFLICT DO NOTHING
                    RETURNING id, res_id),
                   typed AS (
                       INSERT INTO mail_followers_mail_message_subtype_rel
                              (mail_followers_id, mail_message_subtype_id)
                       SELECT new.id, subtype.id
                         FROM new CROSS JOIN unnest(%s::int4[]) AS subtype (id))
                   SELECT res_id FROM new""",
                model,
                partner.id,
                ids,
                subtypes.ids,
            )
        )
        return {record_id for (record_id,) in rows}

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
