"""Installations of 19.0.1.4.0 have opportunities that were rejected out of a pause and
got no closing date from Odoo: dashboards and reports count what closed by that date."""


def migrate(cr, version):
    # as Odoo works out day_close: whole days
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
