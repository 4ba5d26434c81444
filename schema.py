"""Makes tables, columns, keys and indexes before Odoo's ORM looks for them.

The ORM does all of it in the transaction of the installation, which lasts until the last
view and translation is there: from its first ``ALTER TABLE`` on, nobody could write an
opportunity for a minute, and two who waited for each other would be a deadlock. Here
each table has a transaction of its own, which lasts for milliseconds, and what has to
read a whole table (keys to check, indexes to fill) does so without keeping anybody from
writing. The ORM then finds everything as it would have made it and only says so in its
own tables.

What is made follows from the declarations of the models: they are loaded into a registry
of their own, beside the one that is being installed, so no list can be forgotten.
Whatever fails leaves columns without values, empty tables and indexes behind, which the
next attempt finds. Only fields that the ORM has to compute for the rows that are there
are left to it, but for those that ``hooks.FILLED`` says who fills.
"""

import logging
import time
from contextlib import closing, nullcontext
from functools import partial

from psycopg2 import errors

from odoo import SUPERUSER_ID, api
from odoo.models import BaseModel
from odoo.modules import module as module_state
from odoo.modules.module_graph import ModuleGraph
from odoo.modules.registry import Registry
from odoo.orm.environments import Transaction
from odoo.sql_db import db_connect
from odoo.tools import SQL, sql

_logger = logging.getLogger(__name__)

# Whoever wants the table after us waits as long as we do. Above PostgreSQL's
# ``deadlock_timeout`` of a second, after which a vacuum of the table gives way.
LOCK_TIMEOUT = "1500ms"
# What keeps nobody from working may wait for long reports and vacuums.
PATIENT_TIMEOUT = "10min"
PAUSE = 1.0
PATIENCE = 600.0


def make(cr, module, filled):
    """Make in the database what a module declares, in short transactions of their own.

    :param cr: cursor of the installation or update. What it did so far is committed, as
        after each module: it must not hold locks that we would wait for.
    :param str module: name of a module whose Python code is loaded
    :param dict filled: model -> stored computed fields that something else fills
    """
    if module_state.current_test:  # it has one transaction, in which the ORM does it
        return
    cr.commit()
    with closing(db_connect(cr.dbname).cursor()) as own:
        models = _declare(own, cr.dbname, module)
        own.commit()
        Schema(own, models, filled).make()


def reflect(env, module):
    """Tell Odoo of the foreign keys, as the ORM does of those that it makes itself."""
    models = [m for m in env.values() if m._auto and not m._abstract]
    for (table, column), key in declared_foreign_keys(models).items():
        other, other_column, ondelete, model, owner = key
        if owner != module:
            continue
        for name in sql.get_foreign_keys(
            env.cr, table, column, other, other_column, ondelete
        ):
            env["ir.model.constraint"]._reflect_constraint(model, name, "f", None, module)


def _declare(cr, dbname, module):
    """
    :param cr: cursor that from now on has a registry of its own
    :return: list of the models that the module defines or extends, as they will be when
        it is loaded
    """
    registry = object.__new__(Registry)
    registry.init(dbname)
    cr.transaction = Transaction(registry)
    graph = ModuleGraph(cr, mode="update")
    graph.extend([*Registry(dbname)._init_modules, module])
    names = []
    for node in graph:
        names = registry.load(node)
    registry._setup_models__(cr)
    env = api.Environment(cr, SUPERUSER_ID, {})
    names = registry.descendants(names, "_inherit", "_inherits")
    models = [env[name] for name in names]
    return [model for model in models if model._auto and not model._abstract]


class Schema:
    """What models need in the database, made without keeping anybody waiting."""

    def __init__(self, cr, models, filled):
        self.cr = cr
        self.models = models
        self.registry = models[0].pool
        self.filled = filled
        self.existing = sql.existing_tables(cr, [model._table for model in models])

    def make(self):
        for model in self.models:
            if model._table not in self.existing:
                self._briefly([], partial(self._create_table, model))
        for model in self.models:
            if model._table in self.existing:
                self._add_columns(model)
        for field, model in self._relations():
            self._briefly([], partial(field.update_db, model, {}))
        self._add_foreign_keys()
        for model in self.models:
            if model._table in self.existing:
                self._add_constraints(model)
        self._add_indexes([m for m in self.models if m._table in self.existing])

    # === NEW TABLES === #

    def _create_table(self, model):
        """As ``BaseModel._auto_init`` does, with constraints and indexes."""
        fields = sorted(self._stored(model), key=lambda field: field.column_order)
        columns = [
            (
                field.name,
                field.column_type[1] + (" NOT NULL" if field.required else ""),
                field.string,
            )
            for field in fields
        ]
        sql.create_model_table(self.cr, model._table, model._description, columns)
        model._add_sql_constraints()
        self.registry.check_indexes(self.cr, [model._name])

    def _relations(self):
        """:return: list of (many2many, model) whose table is not there"""
        found = [
            (field, model)
            for model in self.models
            for field in model._fields.values()
            if field.type == "many2many" and field.store
        ]
        tables = {field.relation for field, _model in found}
        existing = sql.existing_tables(self.cr, tables) if tables else []
        # its keys are made with the others, not by what the ORM would queue
        self.registry.post_init = lambda *args, **kwargs: None
        return [pair for pair in found if pair[0].relation not in existing]

    # === COLUMNS === #

    def _stored(self, model):
        return [
            field
            for field in model._fields.values()
            if field.name != "id"
            and field.store
            and field.column_type
            and not field.manual
        ]

    def _add_columns(self, model):
        columns = sql.table_columns(self.cr, model._table)
        missing = [f for f in self._stored(model) if f.name not in columns]
        clauses = [
            (field, self._column_default(model, field))
            for field in missing
            if field.name in self.filled.get(model._name, ())
            or not (field.compute or self._wants_rows(model, field))
        ]
        if clauses:
            self._briefly([model._table], partial(self._alter, model, clauses))

    def _wants_rows(self, model, field):
        """:return: whether rows that are there would lack a value that they must have"""
        return field.required and self._column_default(model, field) is None

    def _column_default(self, model, field):
        """:return: what the ORM would write into the rows that are there, or None"""
        if not field.default:
            return None
        value = field.convert_to_write(field.default(model), model)
        value = field.convert_to_column_insert(value, model)
        return None if field.type == "boolean" and not value else value

    def _alter(self, model, clauses):
        """Add columns: PostgreSQL keeps the value that the rows of before have beside
        the table, so none of them is written."""
        table = SQL.identifier(model._table)
        additions = [
            SQL(
                "ADD COLUMN %s %s%s%s",
                SQL.identifier(field.name),
                SQL(field.column_type[1]),
                SQL(" DEFAULT %s", default) if default is not None else SQL(),
                SQL(" NOT NULL") if field.required else SQL(),
            )
            for field, default in clauses
        ]
        self._execute(SQL("ALTER TABLE %s %s", table, SQL(", ").join(additions)))
        for field, default in clauses:
            column = SQL.identifier(model._table, field.name)
            self._execute(SQL("COMMENT ON COLUMN %s IS %s", column, field.string))
            # servers that do not know us yet go on creating records: what is required
            # must keep its default for them
            if default is not None and not field.required:
                self._execute(
                    SQL(
                        "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT",
                        table,
                        SQL.identifier(field.name),
                    )
                )
        if any(field.name == "parent_path" for field, _default in clauses):
            model._parent_store_compute()

    # === FOREIGN KEYS AND CONSTRAINTS === #

    def _add_foreign_keys(self):
        """Add what is missing without looking at the rows, then check the rows without
        keeping anybody from writing others."""
        wanted = declared_foreign_keys(self.models)
        existing = self._foreign_keys(wanted)
        for (table, column), (other, _id, ondelete, _model, _module) in wanted.items():
            if (table, column) not in existing:
                clause = SQL(
                    "FOREIGN KEY (%s) REFERENCES %s (id) ON DELETE %s",
                    SQL.identifier(column),
                    SQL.identifier(other),
                    SQL(ondelete),
                )
                self._briefly([table, other], partial(self._add_unchecked, table, clause))
        for (table, column), (name, checked) in self._foreign_keys(wanted).items():
            if (table, column) in wanted and not checked:
                self._check(table, name)

    def _foreign_keys(self, wanted):
        """:return: dict (table, column) -> (name, whether the rows were checked)"""
        self.cr.execute(
            SQL(
                """SELECT c.relname, a.attname, fk.conname, fk.convalidated
                     FROM pg_constraint fk
                     JOIN pg_class c ON c.oid = fk.conrelid
                     JOIN pg_attribute a
                       ON a.attrelid = c.oid AND a.attnum = fk.conkey[1]
                    WHERE fk.contype = 'f' AND c.relname = ANY(%s)
                      AND c.relnamespace = current_schema::regnamespace""",
                list({table for table, _column in wanted}),
            )
        )
        rows = self.cr.fetchall()
        return {(table, column): tuple(rest) for table, column, *rest in rows}

    def _add_constraints(self, model):
        """Those that one row fulfils or not; a unique one would need an index first."""
        for constraint in model._table_objects.values():
            definition = constraint.get_definition(self.registry)
            name = constraint.full_name(model)
            if not definition.upper().startswith("CHECK"):
                continue
            if sql.constraint_definition(self.cr, model._table, name):
                continue  # or another definition, which the ORM changes
            clause = SQL(
                "CONSTRAINT %s %s",
                SQL.identifier(name),
                SQL(definition.replace("%", "%%")),
            )
            self._briefly(
                [model._table], partial(self._add_unchecked, model._table, clause)
            )
            self._check(model._table, name)
            self._execute(
                SQL(
                    "COMMENT ON CONSTRAINT %s ON %s IS %s",
                    SQL.identifier(name),
                    SQL.identifier(model._table),
                    definition,
                )
            )
            self.cr.commit()

    def _add_unchecked(self, table, clause):
        self._execute(
            SQL("ALTER TABLE %s ADD %s NOT VALID", SQL.identifier(table), clause)
        )

    def _check(self, table, name):
        """Check the rows under a lock that lets others write."""
        self.cr.commit()
        self._execute(SQL("SET LOCAL lock_timeout = %s", PATIENT_TIMEOUT))
        self._execute(
            SQL(
                "ALTER TABLE %s VALIDATE CONSTRAINT %s",
                SQL.identifier(table),
                SQL.identifier(name),
            )
        )
        self.cr.commit()

    # === INDEXES === #

    def _add_indexes(self, models):
        """Make what is missing while others write, each in a transaction of its own, as
        PostgreSQL wants it."""
        self.cr.commit()
        connection = self.cr.connection
        connection.autocommit = True
        try:
            self._execute(SQL("SET lock_timeout = %s", PATIENT_TIMEOUT))
            self._drop_broken([model._table for model in models])
            concurrent = Concurrent(self.cr)
            self.registry.check_indexes(
                concurrent, [model._name for model in models if self._has_columns(model)]
            )
            for model in models:
                self._add_declared_indexes(concurrent, model)
        finally:
            self._execute(SQL("RESET lock_timeout"))
            connection.autocommit = False

    def _has_columns(self, model):
        """:return: whether no column is left to the ORM"""
        columns = sql.table_columns(self.cr, model._table)
        return all(field.name in columns for field in self._stored(model))

    def _add_declared_indexes(self, concurrent, model):
        for index in model._table_objects.values():
            definition = index.get_definition(self.registry)
            if "INDEX " not in definition.partition("(")[0]:
                continue
            name = index.full_name(model)
            if sql.index_exists(self.cr, name):
                continue  # or another definition, which the ORM changes
            try:
                sql.add_index(
                    concurrent,
                    name,
                    model._table,
                    definition.partition("INDEX ")[2],
                    unique=index.unique,
                    comment=definition,
                )
            except errors.UndefinedColumn:
                _logger.info("index %s is left to the ORM, with its column", name)

    def _drop_broken(self, tables):
        """Who was interrupted while he made an index leaves one that is never used."""
        self.cr.execute(
            SQL(
                """SELECT c.relname FROM pg_index i
                     JOIN pg_class c ON c.oid = i.indexrelid
                     JOIN pg_class t ON t.oid = i.indrelid
                    WHERE NOT i.indisvalid AND t.relname = ANY(%s)
                      AND t.relnamespace = current_schema::regnamespace""",
                list(tables),
            )
        )
        for (name,) in self.cr.fetchall():
            self._execute(SQL("DROP INDEX CONCURRENTLY %s", SQL.identifier(name)))

    # === TRANSACTIONS === #

    def _execute(self, query):
        self.cr.execute(query, log_exceptions=False)

    def _briefly(self, tables, step):
        """Do something in a transaction of its own, with the tables locked.

        Nobody is waited for while we hold a lock: the first table is waited for, the
        others must be free at once, else we start again with another one first. So no
        deadlock can come from us, nor does anybody wait longer than ``LOCK_TIMEOUT``.
        """
        order = list(tables)
        last = time.monotonic() + PATIENCE
        self.cr.commit()
        while True:
            try:
                self._execute(SQL("SET LOCAL lock_timeout = %s", LOCK_TIMEOUT))
                self._lock(order)
                step()
                self.cr.commit()
                return
            except (errors.LockNotAvailable, errors.DeadlockDetected):
                self.cr.rollback()
                if time.monotonic() > last:
                    raise
                _logger.info("waiting for %s", ", ".join(tables))
            order = order[1:] + order[:1]
            time.sleep(PAUSE)

    def _lock(self, tables):
        for number, table in enumerate(dict.fromkeys(tables)):
            self._execute(
                SQL(
                    "LOCK TABLE %s IN %s MODE%s",
                    SQL.identifier(table),
                    SQL("ACCESS EXCLUSIVE" if len(tables) == 1 else "SHARE ROW EXCLUSIVE"),
                    SQL(" NOWAIT") if number else SQL(),
                )
            )


class Concurrent:
    """A cursor that makes indexes while others write; the ORM says which ones."""

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


def declared_foreign_keys(models):
    """
    :return: dict (table, column) -> (other table, its column, ondelete, model, module),
        as the ORM wants them, of the columns that are there
    """
    registry = models[0].pool
    registry._ordinary_tables = None
    registry._foreign_keys = {}
    for model in models:
        columns = sql.table_columns(model.env.cr, model._table)
        for field in model._fields.values():
            if field.type == "many2one" and field.store and field.name in columns:
                field.update_db_foreign_key(model, None)
            elif field.type == "many2many" and field.store:
                field.update_db_foreign_keys(model)
    return registry.__dict__.pop("_foreign_keys")
