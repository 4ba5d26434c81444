"""Saved filters of users outlive the screen that they were saved on."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _move_filters(env)


def _move_filters(env):
    """The analysis of gestiones has a model of its own now, on which what was saved
    there does not work: the list of gestiones has the same views. Nobody chose it as
    his default there."""
    saved = env["ir.filters"].search(
        [
            ("model_id", "=", "crm.gestion"),
            ("action_id", "=", env.ref("crm_gestion.crm_gestion_report_action").id),
        ]
    )
    saved.write(
        {
            "action_id": env.ref("crm_gestion.crm_gestion_action").id,
            "is_default": False,
        }
    )
