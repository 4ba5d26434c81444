"""Installations of 19.0.1.2.0 get the settings of what is new, off where a pipeline in
use has not adopted the method, and learn from which teams people left, and whose
history follows its account: an update leaves delivered rules alone."""

from odoo import SUPERUSER_ID, api

# Rules of what is read with its opportunity.
READ_WITH_OPPORTUNITY = (
    "crm_opportunity_closure_rule_read",
    "crm_opportunity_stage_rule_read",
    "crm_opportunity_forecast_log_rule_read",
)
# Rules that one for reading, which lets in more, has made needless for reading.
READ_OTHERWISE = ("crm_lead_rule_scope", "sale_order_rule_scope")


def migrate(cr, version):
    env = api.Environment(cr, SUPERUSER_ID, {})
    _set_archive_gate(env)
    _mark_who_left(env)
    _widen_reading(env)


def _set_archive_gate(env):
    """Who still has work is not archived where the method is on, as after an
    installation."""
    params = env["ir.config_parameter"]
    params.set_param(
        "crm_gestion.archive_gate",
        params.get_param("crm_gestion.enforce_method", "False"),
    )


def _mark_who_left(env):
    """What a seller who left has stays in the scope of his team: nobody had noted from
    which one he left."""
    env["crm.team.member"]._mark_left_before()


def _widen_reading(env):
    for name in READ_WITH_OPPORTUNITY:
        if rule := env.ref(f"crm_gestion.{name}", False):
            rule.domain_force = "[('lead_id.in_scope', '=', True)]"
    for name in READ_OTHERWISE:
        if rule := env.ref(f"crm_gestion.{name}", False):
            rule.perm_read = False
