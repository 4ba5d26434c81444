from functools import partial

from psycopg2 import Binary

from odoo import api, fields, models
from odoo.api import SUPERUSER_ID
from odoo.http import request
from odoo.tools import SQL

from ..tools.reading import ReadCounter, merged

# Models with the company's customers and sales.
WATCHED = frozenset(
    {
        "crm.affiliation",
        "crm.gestion",
        "crm.lead",
        "crm.timeline",
        "mailing.contact",
        "res.partner",
        "sale.order",
    }
)
NAMES = {"id", "display_name"}
# Records that come together before they are written down.
STEP = 100
DAYS_KEPT = 7

_counter = ReadCounter()


class CrmReading(models.Model):
    """How many different records of customers and sales a user read within an hour.

    *Lifecycle.* Each server process gathers in its memory what users with a role of
    ours below the director read over HTTP, and adds it here in steps: reading costs no
    query. The row knows which records they were, so that one counts once, however many
    processes and servers it was read from. From more than the setting "Records Read in
    an Hour" on ``crm.export.log`` tells the directors. Rows go after some days.

    It sees what is read through ``read`` and all that is made of it: ``web_read``,
    ``search_read``, lists, boards and forms. It does not see names only, such as those
    of a search for a customer, groups and totals, chatters, nor the last step of each
    process.
    """

    _name = "crm.reading"
    _description = "Records Read"
    _order = "hour desc, id desc"
    _rec_name = "user_id"
    _log_access = False

    user_id = fields.Many2one(
        comodel_name="res.users", required=True, readonly=True, ondelete="cascade"
    )
    hour = fields.Datetime(required=True, readonly=True)
    records = fields.Integer(required=True, readonly=True)
    seen = fields.Binary(
        string="Marks", attachment=False, readonly=True, help="Of these records."
    )

    _one_per_hour = models.UniqueIndex("(user_id, hour)")

    @api.model
    def _count(self, records, names):
        """Count what a request reads; once in a step, write it down.

        :param records: any recordset
        :param names: of the fields read
        """
        if not self._is_watched(records, names):
            return
        hour = fields.Datetime.now().replace(minute=0, second=0)
        key = (self.env.cr.dbname, self.env.uid)
        marks = _counter.add(key, hour, records._name, records._ids, STEP)
        if marks:
            # once the request is done: it may read on a read-only cursor
            write_down = partial(self._write_down, hour, marks)
            self.env.cr.postcommit.add(write_down)

    @api.model
    def _is_watched(self, records, names):
        """Cheap ones first: this is asked with each reading of anything."""
        return (
            records._name in WATCHED
            and request
            and not self.env.su
            and not NAMES.issuperset(names)
            and not self.env["crm.export.guard"]._may_export()
        )

    @api.model
    def _limit(self):
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        return int(params.get_param("crm_gestion.read_limit", "2000"))

    @api.model
    def _write_down(self, hour, marks):
        """Add to what is counted, in a transaction of its own."""
        with self.env.registry.cursor() as cr:
            # superuser: nobody writes this table by hand
            readings = api.Environment(cr, SUPERUSER_ID, {})[self._name]
            user = readings.env["res.users"].browse(self.env.uid)
            total = readings._add(user, hour, marks)
            if total > readings._limit():
                readings.env["crm.export.log"]._log_reading(user, hour, total)

    @api.model
    def _add(self, user, hour, marks):
        """
        :param marks: of the records that one process read
        :return: number of different records that the user has read in this hour so far
        """
        # The lock comes before the transaction's snapshot: who waits for another
        # process goes on from what that one wrote, instead of failing on it.
        table = SQL.identifier(self._table)
        self.env.cr.execute(SQL("LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE", table))
        rows = self.env.execute_query(
            SQL(
                "SELECT records, seen FROM %s WHERE user_id = %s AND hour = %s",
                table,
                user.id,
                hour,
            )
        )
        records, seen = rows[0] if rows else (0, None)
        seen, new = merged(bytes(seen or b""), marks)
        ((total,),) = self.env.execute_query(
            SQL(
                """INSERT INTO %(table)s AS r (user_id, hour, records, seen)
                   VALUES (%(user)s, %(hour)s, %(records)s, %(seen)s)
                   ON CONFLICT (user_id, hour)
                   DO UPDATE SET records = EXCLUDED.records, seen = EXCLUDED.seen
                   RETURNING records""",
                table=table,
                user=user.id,
                hour=hour,
                records=records + new,
                seen=Binary(seen),
            )
        )
        return total

    @api.autovacuum
    def _gc_readings(self):
        self.search([("hour", "<", f"today -{DAYS_KEPT}d")], limit=10000).unlink()
