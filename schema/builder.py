import logging
from functools import partial

from psycopg2 import errors

from odoo.tools import SQL, sql

from .transactions import ShortTransactions

_logger = logging.getLogger(__name__)

# What PostgreSQL calls the ways of deleting.
DELETE_CODES = {"cascade": "c", "restrict": "r", "set null": "n"}


class SchemaBuilder:
    """What models need in the database, made without keeping anybody waiting."""

    def __init__(self, cr, models, filled):
        self.cr = cr
        self.short = ShortTransactions(cr)
        self.declared = models
        self.models = [m for m in models if m._auto and not m._abstract]
        self.registry = models[0].pool
        self.filled = filled
        self.existing = sql.existing_tables(cr, [m._table for m in self.models])

    def make(self):
        for model in self.models:
            if model._table not in self.existing:
                self.short.run(partial(self._create_table, model))
        for model in self.models:
            if model._table in self.existing:
                self._add_columns(model)
        for field, model in self._relations():
            self.short.run(partial(field.update_db, model, {}))
        self._add_foreign_keys()
        for model in self.models:
            if model._table in self.existing:
                self._add_constraints(model)
        self._add_indexes([m for m in self.models if m._table in self.existing])
        self._describe()

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
            step = partial(self._alter, model, clauses)
            self.short.run(step, [model._table], "ACCESS EXCLUSIVE")

    def _wants_rows(self, model, field):
        """:return: whether rows that are there would lack what they must have"""
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
                # a type of the ORM's own
                SQL(field.column_type[1]),  # pylint: disable=sql-injection
                SQL(" DEFAULT %s", default) if default is not None else SQL(),
                SQL(" NOT NULL") if field.required else SQL(),
            )
            for field, default in clauses
        ]
        self.short.execute(SQL("ALTER TABLE %s %s", table, SQL(", ").join(additions)))
        for field, default in clauses:
            column = SQL.identifier(model._table, field.name)
            self.short.execute(SQL("COMMENT ON COLUMN %s IS %s", column, field.string))
            # servers that do not know us yet go on creating records: what is required
            # must keep its default for them
            if default is not None and not field.required:
                self.short.execute(
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
            name, *rest = existing.get((table, column), (None,))
            if not name or rest[:2] != [other, DELETE_CODES[ondelete]]:
                step = partial(self._alter_key, table, column, other, ondelete, name)
                mode = "ACCESS EXCLUSIVE" if name else "SHARE ROW EXCLUSIVE"
                self.short.run(step, [table, other], mode)
        for (table, column), (name, *_, checked) in self._foreign_keys(wanted).items():
            if (table, column) in wanted and not checked:
                self.short.check(table, name)

    def _alter_key(self, table, column, other, ondelete, name):
        """:param name: of the key that it replaces, if any. With tables that have two
        declarations of a key, Odoo's own order of models decides, which we change."""
        changes = [SQL("DROP CONSTRAINT %s", SQL.identifier(name))] if name else []
        changes.append(
            SQL(
                "ADD FOREIGN KEY (%s) REFERENCES %s (id) ON DELETE %s NOT VALID",
                SQL.identifier(column),
                SQL.identifier(other),
                SQL(ondelete),
            )
        )
        self.short.execute(
            SQL("ALTER TABLE %s %s", SQL.identifier(table), SQL(", ").join(changes))
        )

    def _foreign_keys(self, wanted):
        """
        :return: dict (table, column) -> list of name, other table, what deleting does,
            whether the rows were checked
        """
        self.cr.execute(
            SQL(
                """SELECT c.relname, a.attname, fk.conname, other.relname,
                          fk.confdeltype, fk.convalidated
                     FROM pg_constraint fk
                     JOIN pg_class c ON c.oid = fk.conrelid
                     JOIN pg_class other ON other.oid = fk.confrelid
                     JOIN pg_attribute a
                       ON a.attrelid = c.oid AND a.attnum = fk.conkey[1]
                    WHERE fk.contype = 'f' AND c.relname = ANY(%s)
                      AND c.relnamespace = current_schema::regnamespace""",
                list({table for table, _column in wanted}),
            )
        )
        rows = self.cr.fetchall()
        return {(table, column): rest for table, column, *rest in rows}

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
            step = partial(self._add_unchecked, model._table, clause)
            self.short.run(step, [model._table], "ACCESS EXCLUSIVE")
            self.short.check(model._table, name)
            self.short.execute(
                SQL(
                    "COMMENT ON CONSTRAINT %s ON %s IS %s",
                    SQL.identifier(name),
                    SQL.identifier(model._table),
                    definition,
                )
            )
            self.short.commit()

    def _add_unchecked(self, table, clause):
        self.short.execute(
            SQL("ALTER TABLE %s ADD %s NOT VALID", SQL.identifier(table), clause)
        )

    # === INDEXES === #

    def _add_indexes(self, models):
        """Make what is missing while others write."""
        with self.short.concurrent() as cr:
            self._drop_broken([model._table for model in models])
            whole = [model._name for model in models if self._has_columns(model)]
            self.registry.check_indexes(cr, whole)
            for model in models:
                if self._add_declared_indexes(cr, model):
                    # of an expression PostgreSQL knows nothing before it has looked
                    self.short.execute(SQL("ANALYZE %s", SQL.identifier(model._table)))

    def _has_columns(self, model):
        """:return: whether no column is left to the ORM"""
        columns = sql.table_columns(self.cr, model._table)
        return all(field.name in columns for field in self._stored(model))

    def _add_declared_indexes(self, concurrent, model):
        """:return: whether one was made"""
        made = False
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
                made = True
            except errors.UndefinedColumn:
                _logger.info("index %s is left to the ORM, with its column", name)
        return made

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
            self.short.execute(SQL("DROP INDEX CONCURRENTLY %s", SQL.identifier(name)))

    # === WORDS === #

    def _describe(self):
        """What Odoo tells of models that are there changes with those who extend them.

        It would write them with their names, which are a key: until it is done nobody
        could plan an activity or a meeting, which refer to the model.
        """
        reflected = self.declared[0].env["ir.model"]
        for model in self.declared:
            params = reflected._reflect_model_params(model)
            for column, value in params.items():
                if column not in ("model", "name"):
                    self.short.execute(
                        SQL(
                            """UPDATE ir_model SET %(column)s = %(value)s
                                WHERE model = %(model)s
                                  AND %(column)s IS DISTINCT FROM %(value)s""",
                            column=SQL.identifier(column),
                            value=value,
                            model=model._name,
                        )
                    )
            self.short.commit()


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
        for field in sorted(model._fields.values(), key=lambda f: f.column_order):
            if field.type == "many2one" and field.store and field.name in columns:
                field.update_db_foreign_key(model, None)
            elif field.type == "many2many" and field.store:
                field.update_db_foreign_keys(model)
    return registry.__dict__.pop("_foreign_keys")
