"""Makes tables, columns, keys and indexes before Odoo's ORM looks for them.

The ORM does all of it in the transaction of the installation, which lasts until the
last view and translation is there: from its first ``ALTER TABLE`` on nobody could write
an opportunity, and two who waited for each other would be a deadlock. Here each table
has a transaction of its own, which lasts for milliseconds, and what has to read a whole
table (keys to check, indexes to fill) does so without keeping anybody from writing. The
ORM then finds everything as it would have made it.

What is made follows from the declarations of the models: they are loaded into a
registry of their own, beside the one that is being installed, so no list can be
forgotten. Whatever fails leaves columns without values, empty tables and indexes
behind, which the next attempt finds. Only fields that the ORM has to work out for the
rows that are there are left to it, but for those that ``hooks.FILLED`` names.
"""

from contextlib import closing

from odoo import SUPERUSER_ID, api
from odoo.modules import module as module_state
from odoo.modules.module_graph import ModuleGraph
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tools import sql

from .builder import SchemaBuilder, declared_foreign_keys


def make(cr, module, filled):
    """Make in the database what a module declares, in short transactions of their own.

    :param cr: cursor of the installation or update. What it did so far is committed, as
        after each module: it must not hold locks that we would wait for.
    :param str module: name of a module whose Python code is loaded
    :param dict filled: model -> stored computed fields that something else fills
    """
    if module_state.current_test:  # it has one transaction, in which the ORM does it
        return
    # as Odoo after each module: the tables must be free for the cursor beside this one
    cursor = cr
    cursor.commit()
    with closing(db_connect(cr.dbname).cursor()) as own:
        SchemaBuilder(own, _declare(own, cr.dbname, module), filled).make()


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
            env["ir.model.constraint"]._reflect_constraint(
                model, name, "f", None, module
            )


def _declare(cr, dbname, module):
    """
    :param cr: cursor that from now on has a registry of its own
    :return: list of the models that the module defines or extends, as they will be when
        it is loaded
    """
    registry = object.__new__(Registry)
    registry.init(dbname)
    env = api.Environment(cr, SUPERUSER_ID, {})
    cr.transaction = type(env.transaction)(registry)
    graph = ModuleGraph(cr, mode="update")
    graph.extend([*Registry(dbname)._init_modules, module])
    names = []
    for node in graph:
        names = registry.load(node)
    registry._setup_models__(cr)
    env = api.Environment(cr, SUPERUSER_ID, {})
    return [env[name] for name in registry.descendants(names, "_inherit", "_inherits")]
