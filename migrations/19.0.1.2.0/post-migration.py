"""Installations of 19.0.1.1.0 get the setting of what is new, and the indexes that a
company with millions of gestiones needs."""

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _set_email_gestiones(env)
    _drop_replaced_indexes(cr)


def _set_email_gestiones(env):
    """E-mails are logged where the method is on, as after an installation."""
    params = env["ir.config_parameter"]
    params.set_param(
        "crm_gestion.email_gestiones",
        params.get_param("crm_gestion.enforce_method", "False"),
    )


def _drop_replaced_indexes(cr):
    """Wider ones begin with the same column; Odoo drops none by itself."""
    for name in ("crm_gestion__user_id_index", "crm_gestion__organization_id_index"):
        cr.execute(SQL("DROP INDEX IF EXISTS %s", SQL.identifier(name)))
