"""Installations of 19.0.1.2.0 learn from which teams people left."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _mark_who_left(env)


def _mark_who_left(env):
    """What a seller who left has stays in the scope of his team: nobody had noted from
    which one he left."""
    env["crm.team.member"]._mark_left_before()
