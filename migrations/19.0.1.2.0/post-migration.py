"""Installations of 19.0.1.1.0 get the settings of what is new."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _set_email_gestiones(env)


def _set_email_gestiones(env):
    """E-mails are logged where the method is on, as after an installation."""
    params = env["ir.config_parameter"]
    params.set_param(
        "crm_gestion.email_gestiones",
        params.get_param("crm_gestion.enforce_method", "False"),
    )
