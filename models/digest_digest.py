from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class DigestDigest(models.Model):
    """Odoo's own digest tells each recipient how far the objectives are that he answers
    for, and how many gestiones were logged."""

    _inherit = "digest.digest"

    kpi_crm_objectives = fields.Boolean("Sales Objectives Reached (%)")
    kpi_crm_objectives_value = fields.Integer(
        compute="_compute_kpi_crm_objectives_value"
    )
    kpi_crm_gestiones = fields.Boolean("Gestiones Logged")
    kpi_crm_gestiones_value = fields.Integer(compute="_compute_kpi_crm_gestiones_value")

    def _compute_kpi_crm_objectives_value(self):
        """Mean progress, in per cent, of the objectives that run in the period."""
        self._check_crm_role()
        Objective = self.env["crm.objective"]
        if not Objective.search_count([], limit=1):
            raise AccessError(self.env._("You have no sales objectives."))
        today = fields.Date.to_string(fields.Date.context_today(self))
        start, end, _companies = self._get_kpi_compute_parameters()
        running = Domain("date_to", ">=", (start or today)[:10])
        running &= Domain("date_from", "<=", (end or today)[:10])
        for digest in self:
            company = digest.company_id or self.env.company
            of_company = running & Domain("company_id", "=", company.id)
            progress = self._crm_objectives(of_company).mapped("progress")
            mean = sum(progress) / len(progress) if progress else 0.0
            digest.kpi_crm_objectives_value = round(100 * mean)

    def _compute_kpi_crm_gestiones_value(self):
        """Of the recipient and his people, of everybody for a director."""
        self._check_crm_role()
        people = Domain("user_id.crm_in_scope", "=", True)
        if self.env["crm.team"]._crm_leads_all():
            people = Domain.TRUE
        self._calculate_company_based_kpi(
            "crm.gestion",
            "kpi_crm_gestiones_value",
            date_field="date",
            additional_domain=people,
        )

    @api.model
    def _crm_start(self):
        """Switch our figures on in the digest that Odoo delivers, where it still is."""
        if digest := self.env.ref("digest.digest_digest_default", False):
            digest.write({"kpi_crm_objectives": True, "kpi_crm_gestiones": True})

    def _check_crm_role(self):
        """:raise AccessError: for who has no role: Odoo leaves the figure out"""
        if not self.env.user.has_group("crm_gestion.group_seller"):
            raise AccessError(self.env._("You have no role in sales."))

    def _crm_objectives(self, domain):
        """
        :return: the objectives that the user answers for: those of the company for a
            director, of his teams for a head, his own for a seller; where nobody has
            set such, those of the people below
        """
        company = Domain("user_id", "=", False) & Domain("team_id", "=", False)
        teams = Domain("team_id", "!=", False)
        people = Domain("user_id", "!=", False)
        own = Domain("user_id", "=", self.env.uid)
        led = Domain("in_scope", "=", True)
        levels = [own]
        if self.env["crm.team"]._crm_leads_all():
            levels = [company, teams, people]
        elif self.env.user.has_group("crm_gestion.group_sales_head"):
            levels = [teams & led, people & led, own]
        objectives = self.env["crm.objective"]
        for level in levels:
            if objectives := objectives.search(domain & level):
                break
        return objectives

    def _compute_kpis_actions(self, company, user):
        menu = self.env.ref("crm.crm_menu_root").id
        return {
            **super()._compute_kpis_actions(company, user),
            "kpi_crm_objectives": f"crm_gestion.crm_objective_action?menu_id={menu}",
            "kpi_crm_gestiones": f"crm_gestion.crm_gestion_action?menu_id={menu}",
        }
