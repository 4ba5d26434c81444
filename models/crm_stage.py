from odoo import api, fields, models

# Odoo's example stages -> the stages of the method in which their opportunities go on.
NATIVE_STAGES = {
    "crm.stage_lead1": "crm_gestion.stage_generate_interest",
    "crm.stage_lead2": "crm_gestion.stage_present_products",
    "crm.stage_lead3": "crm_gestion.stage_size_proposal",
    "crm.stage_lead4": "crm_gestion.stage_sales_order",
}


class CrmStage(models.Model):
    """Stages of the pipeline; the five of the method have ``is_method`` set.

    They arrive folded and after all others, which changes nothing on a pipeline in use.
    `_start_method` puts them first where there was nothing to change.
    """

    _inherit = "crm.stage"

    is_method = fields.Boolean(
        string="Stage of the Method",
        help="One of the stages of the sales method, from the first interest to the "
        "sales order.",
    )

    @api.model
    def _method_enforced(self):
        """:return: whether the company works by the method"""
        params = self.env["ir.config_parameter"].sudo()
        return params.get_param("crm_gestion.enforce_method") == "True"

    @api.model
    def _start_method(self):
        """Put the stages of the method first and fold the others behind them; what is
        in Odoo's example stages, demo data, goes on in ours."""
        method = self.search([("is_method", "=", True)])
        others = self.search([("is_method", "=", False)])
        method.write({"fold": False})
        others.write({"fold": True})
        for sequence, stage in enumerate(method + others, start=1):
            stage.sequence = sequence
        leads = self.env["crm.lead"].with_context(
            active_test=False, tracking_disable=True
        )
        for native, ours in NATIVE_STAGES.items():
            old = self.env.ref(native, raise_if_not_found=False)
            if old:
                leads.search([("stage_id", "=", old.id)]).write(
                    {"stage_id": self.env.ref(ours).id}
                )
        self._rebuild_probabilities(leads)

    @api.model
    def _place_last(self):
        """Keep ours behind every stage of the company, whatever its numbers."""
        method = self.search([("is_method", "=", True)])
        others = self.search([("is_method", "=", False)], order="sequence desc")
        start = max(others[:1].sequence, min(method.mapped("sequence")) - 1) + 1
        for sequence, stage in enumerate(method, start=start):
            stage.sequence = sequence

    @api.model
    def _rebuild_probabilities(self, leads):
        """Odoo's predictions count from the first stage, and that is another one
        now."""
        leads._rebuild_pls_frequency_table()
        pending = leads.search([("won_status", "=", "pending"), ("active", "=", True)])
        if pending:
            pending._compute_probabilities()

    @api.model
    def _end_method(self):
        """Before uninstalling: Odoo's example stages are usable again, in their order,
        behind ours where opportunities stay in ours."""
        natives = self.browse()
        for name in NATIVE_STAGES:
            natives |= self.env.ref(name, raise_if_not_found=False) or self.browse()
        if natives and natives[0].sequence > min(self._method_stages_sequences()):
            natives.write({"fold": False})

    @api.model
    def _method_stages_sequences(self):
        return self.search([("is_method", "=", True)]).mapped("sequence") or [0]
