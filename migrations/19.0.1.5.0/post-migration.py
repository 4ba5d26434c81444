"""Installations of 19.0.1.4.0: saved filters of users outlive the screen that they were
saved on, and what was lost has the day on which it was."""

from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _move_filters(env)
    _date_closed(cr)


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


def _date_closed(cr):
    """Opportunities that were rejected out of a pause got no closing date from Odoo:
    dashboards and reports count what closed by that date. Days are whole ones, as Odoo
    works them out."""
    cr.execute(
        """UPDATE crm_lead lead
              SET date_closed = closure.date,
                  day_close = abs(floor(
                      extract(epoch FROM closure.date - lead.create_date) / 86400))
             FROM crm_opportunity_closure closure
            WHERE closure.lead_id = lead.id AND closure.reopen_date IS NULL
              AND closure.kind IN ('rejected', 'unqualified')
              AND lead.won_status = 'lost' AND lead.date_closed IS NULL"""
    )
