"""Keys that were made before the ORM looked for them are told to Odoo here."""

from odoo import SUPERUSER_ID, api

from odoo.addons.crm_gestion.hooks import reflect_schema


def migrate(cr, version):
    reflect_schema(api.Environment(cr, SUPERUSER_ID, {}))
