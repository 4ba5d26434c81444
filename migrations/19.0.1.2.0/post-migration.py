"""Installations of 19.0.1.1.0 get what a company with millions of gestiones needs."""

from odoo.tools import SQL


def migrate(cr, version):
    _drop_replaced_indexes(cr)


def _drop_replaced_indexes(cr):
    """Wider ones begin with the same column; Odoo drops none by itself."""
    for name in ("crm_gestion__user_id_index", "crm_gestion__organization_id_index"):
        cr.execute(SQL("DROP INDEX IF EXISTS %s", SQL.identifier(name)))
