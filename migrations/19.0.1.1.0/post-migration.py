"""Installations of 19.0.1.0.0 get what comes with gates, passages and orders that win:
an update leaves delivered stages alone, and nobody recorded the rest."""

from odoo import SUPERUSER_ID, api
from odoo.tools import SQL

BEFORE_PRESENTING = ("gate_contact", "gate_gestion")
BEFORE_SIZING = (*BEFORE_PRESENTING, "gate_origination", "gate_deadline")
GATES = {
    "stage_present_products": BEFORE_PRESENTING,
    "stage_size_proposal": BEFORE_SIZING,
    "stage_negotiate_proposal": (*BEFORE_SIZING, "gate_amount", "gate_lines"),
    "stage_sales_order": ("gate_order",),
}


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _set_gates(env)
    _name_orders(env)
    # passages of what is in the stages of the method, from Odoo's tracking, in batches
    env.ref("crm_gestion.ir_cron_history")._trigger()


def _set_gates(env):
    """As delivered, where no director has chosen any."""
    stages = {name: env.ref(f"crm_gestion.{name}", False) for name in GATES}
    if any(
        stage[gate]
        for stage in stages.values()
        if stage
        for gates in GATES.values()
        for gate in gates
    ):
        return
    for name, stage in stages.items():
        if stage:
            stage.write(dict.fromkeys(GATES[name], True))


def _name_orders(env):
    """Cancelling the order of what it won takes the victory along."""
    env.cr.execute(
        SQL(
            """UPDATE crm_opportunity_closure closure SET order_id = won.order_id
                 FROM (SELECT opportunity_id, min(id) AS order_id
                         FROM sale_order WHERE state = 'sale'
                     GROUP BY opportunity_id) won
                WHERE won.opportunity_id = closure.lead_id
                  AND closure.kind = 'won' AND closure.reopen_date IS NULL
                  AND closure.order_id IS NULL"""
        )
    )
    env["crm.opportunity.closure"].invalidate_model(["order_id"])
