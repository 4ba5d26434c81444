"""Whatever a new version adds to tables is there before the ORM looks for it, which
would lock them until the update ends. Other scripts find it made."""

from odoo.addons.crm_gestion.hooks import make_schema


def migrate(cr, version):
    make_schema(cr)
