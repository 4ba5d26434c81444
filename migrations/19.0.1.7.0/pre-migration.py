"""Installations of 19.0.1.6.0: stored fields of tasks get their columns before the ORM
would work each of them out; what is no incident has none of them."""

from odoo.addons.crm_gestion.hooks import make_columns


def migrate(cr, version):
    make_columns(cr)
