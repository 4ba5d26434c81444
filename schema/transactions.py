import logging
import time
from contextlib import contextmanager, nullcontext

from psycopg2 import errors

from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# Whoever wants the table after us waits as long as we do. Above PostgreSQL's
# ``deadlock_timeout`` of a second, after which a vacuum of the table gives way.
LOCK_TIMEOUT = "1500ms"
# What keeps nobody from working may wait for long reports and vacuums.
PATIENT_TIMEOUT = "10min"
PAUSE = 1.0
PATIENCE = 600.0


class ShortTransactions:
    """Changes tables that others work with, each in a transaction of its own.

    Nobody is waited for while we hold a lock: the first table is waited for, the others
    must be free at once, else we start again with another one first. So no deadlock
    comes from us, and nobody waits longer than ``LOCK_TIMEOUT`` and the step itself.
    """

    def __init__(self, cr):
        self.cr = cr

    def execute(self, query):
        """:param SQL query: which nobody types: it follows from declarations"""
        self.cr.execute(query, log_exceptions=False)  # pylint: disable=sql-injection

    def commit(self):
        # what others wait for must be short: that is what this class is for
        cursor = self.cr
        cursor.commit()

    def run(self, step, tables=(), mode="SHARE ROW EXCLUSIVE"):
        """Run a function with tables locked, and commit.

        :param tables: names of the tables that others work with
        :param str mode: the hardest lock that the step takes of any of them
        """
        order = list(dict.fromkeys(tables))
        last = time.monotonic() + PATIENCE
        self.commit()
        while True:
            try:
                self.execute(SQL("SET LOCAL lock_timeout = %s", LOCK_TIMEOUT))
                self._lock(order, mode)
                step()
                self.commit()
                return
            except (errors.LockNotAvailable, errors.DeadlockDetected):
                self.cr.rollback()
                if time.monotonic() > last:
                    raise
                _logger.info("waiting for %s", ", ".join(order))
            order = order[1:] + order[:1]
            time.sleep(PAUSE)

    def _lock(self, tables, mode):
        for number, table in enumerate(tables):
            self.execute(
                SQL(
                    "LOCK TABLE %s IN %s MODE%s",
                    SQL.identifier(table),
                    SQL(mode),
                    SQL(" NOWAIT") if number else SQL(),
                )
            )

    def check(self, table, constraint):
        """Check the rows of a table under a lock that lets others write."""
        self.commit()
        self.execute(SQL("SET LOCAL lock_timeout = %s", PATIENT_TIMEOUT))
        self.execute(
            SQL(
                "ALTER TABLE %s VALIDATE CONSTRAINT %s",
                SQL.identifier(table),
                SQL.identifier(constraint),
            )
        )
        self.commit()

    @contextmanager
    def concurrent(self):
        """:return: cursor that makes indexes while others write, each in a transaction
        of its own, as PostgreSQL wants it"""
        self.commit()
        self.cr.connection.autocommit = True
        try:
            self.execute(SQL("SET lock_timeout = %s", PATIENT_TIMEOUT))
            yield Concurrent(self.cr)
        finally:
            self.execute(SQL("RESET lock_timeout"))
            self.cr.connection.autocommit = False


class Concurrent:
    """A cursor for the ORM's own functions that make indexes."""

    def __init__(self, cr):
        self._cr = cr

    def __getattr__(self, name):
        return getattr(self._cr, name)

    def execute(self, query, params=None, log_exceptions=True):
        if isinstance(query, SQL) and query.code.startswith("CREATE "):
            code = query.code.replace("INDEX ", "INDEX CONCURRENTLY ", 1)
            return self._cr.execute(code, query.params, log_exceptions)
        return self._cr.execute(query, params, log_exceptions)

    def savepoint(self, flush=True):
        return nullcontext()
