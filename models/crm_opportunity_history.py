import json
from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

from .crm_opportunity_stage import ENDS

# Opportunities that are worked through at a time: what bounds the memory.
BATCH = 5000


class CrmOpportunityHistory(models.AbstractModel):
    """What Odoo remembers of opportunities from before the method, as records of ours.

    Passages through stages are read from Odoo's tracking of the stage; a closure from
    the status of today. Both say what `_log_transition` and `_log` would have written
    in those days, as far as anybody knows:

    * seller, team and company are those of today; who moved an opportunity is known;
    * stages that were mapped to the same stage of the method are one passage;
    * without tracking there is one passage, from when the opportunity came to its
      stage;
    * what was lost and taken up again before is not known.

    An opportunity that has passages, or an open closure, gets no second ones. This is
    the only other writer of these two tables: by SQL, in batches, since a company may
    have hundreds of thousands of opportunities.
    """

    _name = "crm.opportunity.history"
    _description = "History of Opportunities before the Method"

    @api.model
    def _backfill(self, lead_ids, mapping, passages=True):
        """Write the passages and closures that these opportunities lack. That they are
        closed is left to the caller, who writes the opportunities.

        :param list lead_ids: one batch; they are in the stages of before still
        :param dict mapping: id of a stage -> id of the stage of the method that it
            stands for; stages of the method stand for themselves
        :param bool passages: whether to write the passages too; `_cron_backfill` does
            that later for who has none
        """
        leads = self._read_opportunities(lead_ids)
        moves, closers = self._read_tracking(
            [lead["id"] for lead in leads if self._lacks_history(lead)]
        )
        stages = self.env["crm.stage"].search([("is_method", "=", True)])
        passage_rows, closure_rows = [], []
        for lead in leads:
            rows = []
            if not lead["has_passages"] and lead["stage_id"] in mapping:
                steps = self._steps(lead, moves[lead["id"]], mapping)
                rows = self._prepare_passages(lead, steps, stages)
                passage_rows += rows
            if lead["won_status"] in ("won", "lost") and not lead["closure_kind"]:
                stage_id = mapping.get(lead["stage_id"], lead["stage_id"])
                closed_by = closers.get(lead["id"])
                closure_rows.append(
                    self._prepare_closure(lead, rows, stage_id, closed_by)
                )
        if passages:
            self._insert("crm_opportunity_stage", passage_rows)
        self._insert("crm_opportunity_closure", closure_rows)

    @api.model
    def _cron_backfill(self):
        """Write the passages of a big pipeline that was adopted, in bounded batches.

        What was treated no longer is in the list, so a run that was cut short is
        continued by the next one. Who is just being moved is left to that one.
        """
        mapping = self.env["crm.method.adoption"]._known_stages()
        last = 0
        while ids := self._lacking(last):
            free = self.env["crm.lead"].browse(ids).try_lock_for_update()
            self._backfill(free.ids, mapping)
            self._tell_closures(free)
            last = ids[-1]
            remaining = len(self._lacking())
            if not self.env["ir.cron"]._commit_progress(len(free), remaining=remaining):
                return

    @api.model
    def _tell_closures(self, leads):
        """Fill ``closure_kind`` of opportunities whose closure got its row just now."""
        self.env.cr.execute(
            SQL(
                """UPDATE crm_lead l SET closure_kind = closure.kind
                     FROM crm_opportunity_closure closure
                    WHERE closure.lead_id = l.id AND closure.reopen_date IS NULL
                      AND l.closure_kind IS DISTINCT FROM closure.kind
                      AND l.id = ANY(%s)""",
                leads.ids,
            )
        )
        leads.invalidate_recordset(["closure_kind"])

    @api.model
    def _lacking(self, after=0):
        """
        :return: list of up to ``BATCH`` ids of opportunities that are in a stage of the
            method and have no passages
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT l.id
                     FROM crm_lead l
                     JOIN crm_stage stage ON stage.id = l.stage_id AND stage.is_method
                    WHERE l.type = 'opportunity' AND l.id > %s
                      AND NOT EXISTS (SELECT 1 FROM crm_opportunity_stage passage
                                       WHERE passage.lead_id = l.id)
                 ORDER BY l.id LIMIT %s""",
                after,
                BATCH,
            )
        )
        return [row[0] for row in rows]

    # === WHAT ODOO KNOWS === #

    @api.model
    def _read_opportunities(self, lead_ids):
        return self._read(
            SQL(
                """SELECT l.id, l.stage_id, l.user_id, l.team_id, l.company_id,
                          l.create_uid, l.write_uid, l.create_date, l.write_date,
                          l.date_conversion, l.date_last_stage_update, l.date_closed,
                          l.won_status, l.expected_revenue, l.lost_reason_id,
                          COALESCE(company.currency_id, %s) AS currency_id,
                          reason.closure_kind AS reason_kind,
                          closure.kind AS closure_kind, closure.date AS closure_date,
                          EXISTS (SELECT 1 FROM crm_opportunity_stage passage
                                   WHERE passage.lead_id = l.id) AS has_passages
                     FROM crm_lead l
                LEFT JOIN res_company company ON company.id = l.company_id
                LEFT JOIN crm_lost_reason reason ON reason.id = l.lost_reason_id
                LEFT JOIN crm_opportunity_closure closure
                       ON closure.lead_id = l.id AND closure.reopen_date IS NULL
                    WHERE l.id = ANY(%s) AND l.type = 'opportunity'
                 ORDER BY l.id""",
                self.env.company.currency_id.id,
                lead_ids,
            )
        )

    @api.model
    def _lacks_history(self, lead):
        closed = lead["won_status"] in ("won", "lost")
        return not lead["has_passages"] or (closed and not lead["closure_kind"])

    @api.model
    def _read_tracking(self, lead_ids):
        """
        :return: (dict lead id -> list of its tracked moves in their order, dict lead id
            -> id of the user who won or lost it)
        """
        # sudo: ids of two fields
        IrFields = self.env["ir.model.fields"].sudo()
        stage_field = IrFields._get("crm.lead", "stage_id").id
        status_field = IrFields._get("crm.lead", "won_status").id
        tracked = self._read(
            SQL(
                """SELECT message.res_id AS lead_id, message.date, value.field_id,
                          value.old_value_integer AS old,
                          value.new_value_integer AS new, value.create_uid AS uid
                     FROM mail_message message
                     JOIN mail_tracking_value value
                       ON value.mail_message_id = message.id
                    WHERE message.model = 'crm.lead' AND message.res_id = ANY(%s)
                      AND value.field_id IN %s
                 ORDER BY message.date, value.id""",
                lead_ids,
                (stage_field, status_field),
            )
        )
        moves, closers = defaultdict(list), {}
        for row in tracked:
            if row["field_id"] == stage_field:
                moves[row["lead_id"]].append(row)
            else:
                closers[row["lead_id"]] = row["uid"]
        return moves, closers

    # === WHAT WE MAKE OF IT === #

    @api.model
    def _steps(self, lead, moves, mapping):
        """
        :return: list of (date, stage id, user id), one each time that an opportunity
            came to another stage of the method, oldest first
        """
        now_in = mapping[lead["stage_id"]]
        since = lead["date_last_stage_update"] or lead["create_date"]
        if not moves:
            return [(since, now_in, lead["create_uid"])]
        moves = [
            (move["date"], mapping.get(move["old"]), mapping.get(move["new"]), move)
            for move in moves
        ]
        known = [stage for __, old, new, __ in moves for stage in (old, new) if stage]
        start = lead["date_conversion"] or lead["create_date"]
        steps = [(start, known[0] if known else now_in, lead["create_uid"])]
        for date, old, new, move in moves:
            here = steps[-1][1]
            # deleted stages tell nothing; what starts elsewhere is the history of
            # another opportunity, that was merged into this one
            if not new or new == here or (old and old != here):
                continue
            if date < start:  # as an enquiry
                steps = [(start, new, lead["create_uid"])]
            else:
                steps.append((date, new, move["uid"]))
        if steps[-1][1] != now_in:  # untracked
            steps.append((max(steps[-1][0], since), now_in, lead["write_uid"]))
        return steps

    @api.model
    def _prepare_passages(self, lead, steps, stages):
        """:return: list of values of the rows of one opportunity, oldest first"""
        rows = []
        for date, stage_id, uid in steps:
            stage = stages.browse(stage_id)
            ended = rows and rows[-1]["move"] in ENDS
            if not rows:
                move = "created"
            elif stage.is_won:
                move = "won"
            else:
                move = "reopened" if ended else "forward"
            if not (ended and move == "won"):
                self._add_passage(rows, lead, stage, move, date, uid, stages)
        closed, date = self._closing(lead)
        if closed and rows[-1]["move"] not in ENDS:
            stage = stages.browse(rows[-1]["stage_id"])
            self._add_passage(
                rows, lead, stage, closed, date, lead["write_uid"], stages
            )
        return rows

    @api.model
    def _closing(self, lead):
        """:return: the move that ended an opportunity, if any, and when that was"""
        date = lead["closure_date"] or lead["date_closed"] or lead["write_date"]
        if lead["won_status"] == "won":
            return "won", date
        if lead["won_status"] == "lost" or lead["closure_kind"] == "standby":
            return "closed", date
        return False, False

    @api.model
    def _add_passage(self, rows, lead, stage, move, date, uid, stages):
        """Add a row and end the one before it, as `_prepare_steps` does."""
        source, skipped = stage.browse(), 0
        if rows:
            last = rows[-1]
            source = stage.browse(last["stage_id"])
            date = max(date, last["date_in"])
            Passage = self.env["crm.opportunity.stage"]
            move, skipped = Passage._direction(move, source, stage, stages)
            if last["move"] not in ENDS:
                last.update(
                    date_out=date,
                    next_stage_id=stage.id,
                    conversion=float(move in ("forward", "skipped", "won")),
                    days=(date - last["date_in"]).total_seconds() / 86400,
                )
        rows.append(
            {
                "lead_id": lead["id"],
                "stage_id": stage.id,
                "from_stage_id": source.id or None,
                "next_stage_id": None,
                "move": move,
                "skipped_count": skipped,
                "date_in": date,
                "date_out": date if move in ENDS else None,
                "days": None,
                "conversion": None,
                "user_id": lead["user_id"],
                "team_id": lead["team_id"],
                "company_id": lead["company_id"],
                "create_uid": uid,
            }
        )

    @api.model
    def _prepare_closure(self, lead, rows, stage_id, closed_by):
        """
        :return: values of the closure of an opportunity that was won or lost. Its
            probability of before is not known: taken up again it gets a prediction.
        """
        kind = lead["won_status"]
        if kind == "lost":
            unqualified = lead["reason_kind"] == "unqualified"
            kind = "unqualified" if unqualified else "rejected"
        elif rows and rows[-1]["from_stage_id"]:
            stage_id = rows[-1]["from_stage_id"]
        return {
            "lead_id": lead["id"],
            "kind": kind,
            "date": lead["date_closed"] or lead["write_date"],
            "user_id": closed_by or lead["user_id"] or lead["write_uid"],
            "team_id": lead["team_id"],
            "company_id": lead["company_id"],
            "currency_id": lead["currency_id"],
            "stage_id": stage_id,
            "expected_revenue": lead["expected_revenue"],
            "is_automated": True,
            "lost_reason_id": lead["lost_reason_id"] if kind != "won" else None,
            "create_uid": self.env.uid,
        }

    # === TABLES === #

    @api.model
    def _read(self, query):
        self.env.cr.execute(query)
        return self.env.cr.dictfetchall()

    @api.model
    def _insert(self, table, rows):
        if not rows:
            return
        names = SQL(", ").join(SQL.identifier(name) for name in rows[0])
        self.env.cr.execute(
            SQL(
                """INSERT INTO %(table)s
                          (%(names)s, create_date, write_date, write_uid)
                   SELECT %(names)s, %(now)s, %(now)s, create_uid
                     FROM jsonb_populate_recordset(NULL::%(table)s, %(rows)s)""",
                table=SQL.identifier(table),
                names=names,
                now=self.env.cr.now(),
                rows=json.dumps(rows, default=str),
            )
        )
