"""One of the two databases that are compared: its server, its users, its rows."""

import contextlib
import functools

import psycopg2
from client import Session
from psycopg2 import sql
from server import processor_ms

# Never part of what is measured or taken back: they are about the server itself.
KEPT = ("bench_mark", "ir_cron", "ir_module_module", "orm_signaling_registry")
MARK = "bench_mark"


class Side:
    """A database, ``ours`` or not, behind a server of its own.

    Rows that write make new records. When a run ends, or the next one finds that the
    last did not, all rows that came after it began are taken out again, so that the
    next run finds the same database.
    """

    def __init__(self, name, server, ours):
        self.name, self.server, self.ours = name, server, ours
        self.database = server.database
        self.connection = psycopg2.connect(dbname=self.database)
        self.connection.autocommit = True
        self._sessions = {}

    def close(self):
        for session in self._sessions.values():
            session.close()
        self.connection.close()

    # --- reading ---

    def rows(self, query, *params):
        with self.connection.cursor() as cursor:
            cursor.execute(query, params)
            return cursor.fetchall() if cursor.description else []

    def ids(self, query, *params):
        return [row[0] for row in self.rows(query, *params)]

    def one(self, query, *params):
        rows = self.rows(query, *params)
        if not rows:
            raise LookupError(f"{self.database} has nothing for: {query} {params}")
        return rows[0][0]

    @functools.cache  # noqa: B019, it lives as long as the run
    def xmlid(self, name):
        module, _dot, name = name.partition(".")
        return self.one(
            "SELECT res_id FROM ir_model_data WHERE module = %s AND name = %s",
            module,
            name,
        )

    @functools.cache  # noqa: B019
    def user(self, login):
        return self.one("SELECT id FROM res_users WHERE login = %s", login)

    def session(self, login, number=0):
        """
        :param int number: of a user's sessions: each client has one of its own
        """
        key = login, number
        if key not in self._sessions:
            session = Session(self.server.url, self.database)
            session.login(login, "admin" if login == "admin" else "bench")
            self._sessions[key] = session
        return self._sessions[key]

    # --- measuring ---

    def processor_ms(self):
        """What Odoo and PostgreSQL have had of the processors for this database."""
        pids = self.ids(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s"
            " AND pid <> pg_backend_pid()",
            self.database,
        )
        return self.server.processor_ms() + sum(map(processor_ms, pids))

    # --- leaving it as it was ---

    def remember(self):
        """Take note of which rows are there."""
        if self.one("SELECT to_regclass(%s) IS NOT NULL", MARK):
            self.restore()
        marks = []
        for table in self._tables_with("id"):
            name = sql.Identifier(table)
            last = self.one(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(name))
            marks.append((table, last))
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("CREATE TABLE bench_mark (name text, last bigint)")
            cursor.executemany("INSERT INTO bench_mark VALUES (%s, %s)", marks)
            cursor.execute("COMMIT")

    def restore(self):
        """Take out what came since ``remember``, without asking the add-on."""
        marks = dict(self.rows("SELECT name, last FROM bench_mark"))
        with self.connection.cursor() as cursor:
            cursor.execute("BEGIN")
            # all that refers to these rows goes with them: no key need be followed
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, last in marks.items():
                with contextlib.suppress(KeyError):
                    cursor.execute(
                        sql.SQL("DELETE FROM {} WHERE id > %s").format(
                            sql.Identifier(table)
                        ),
                        [last],
                    )
            for table, column, other in self._links():
                if other in marks:
                    cursor.execute(
                        sql.SQL("DELETE FROM {} WHERE {} > %s").format(
                            sql.Identifier(table), sql.Identifier(column)
                        ),
                        [marks[other]],
                    )
            cursor.execute("DROP TABLE bench_mark")
            cursor.execute("COMMIT")

    def _tables_with(self, column):
        return self.ids(
            """SELECT c.relname FROM pg_class c
                 JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = %s
                WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
                  AND NOT a.attisdropped AND c.relname NOT IN %s""",
            column,
            KEPT,
        )

    def _links(self):
        """:return: list of (table without ids, column, table that it refers to)"""
        return self.rows(
            """SELECT t.relname, a.attname, o.relname FROM pg_constraint f
                 JOIN pg_class t ON t.oid = f.conrelid
                 JOIN pg_class o ON o.oid = f.confrelid
                 JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.conkey[1]
                WHERE f.contype = 'f' AND NOT EXISTS (
                      SELECT FROM pg_attribute i
                       WHERE i.attrelid = t.oid AND i.attname = 'id')"""
        )
