"""Installations of 19.0.1.3.0 get what a new one has where it uses the method."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _start_digest(env)
    # members of the campaigns of before, as after an installation
    env.ref("crm_gestion.ir_cron_campaign_members")._trigger()


def _start_digest(env):
    """Odoo's digest tells of objectives and gestiones where the method is on, as after
    an installation."""
    if env["crm.stage"]._method_enforced():
        env["digest.digest"]._crm_start()
