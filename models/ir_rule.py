from odoo import api, models, tools
from odoo.fields import Domain
from odoo.tools import config

from odoo.addons.base.models.ir_rule import IrRule as Native

NARROWING = "sales_team_security"
# As the rule `res_partner_rule_scope` says it.
IN_SCOPE = Domain("user_id.crm_in_scope", "=", True) | Domain(
    "commercial_partner_id.user_id.crm_in_scope", "=", True
)


class IrRule(models.Model):
    """OCA's ``sales_team_security`` shows a salesman only the partners that are his,
    nobody's, or followed by him, on top of what the rules say. Where a company has it,
    a role of ours also sees those of the people in his scope: a head could not open
    what his team has, nor a substitute what he covers.

    *Invariant.* Nobody sees more than the rules of the database let him.
    """

    _inherit = "ir.rule"

    @api.model
    @tools.conditional(
        "xml" not in config["dev_mode"],
        tools.ormcache(
            "self.env.uid",
            "self.env.su",
            "model_name",
            "mode",
            "tuple(self._compute_domain_context_values())",
        ),
    )
    def _compute_domain(self, model_name, mode="read"):
        domain = super()._compute_domain(model_name, mode)
        if model_name != "res.partner" or not self._is_narrowed():
            return domain
        return domain | (IN_SCOPE & Native._compute_domain(self, model_name, mode))

    @api.model
    def _is_narrowed(self):
        return (
            NARROWING in self.pool._init_modules
            and not self.env.su
            and self.env.user.has_group("crm_gestion.group_seller")
        )
