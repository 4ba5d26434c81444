from odoo import api, fields, models
from odoo.api import SUPERUSER_ID
from odoo.exceptions import UserError
from odoo.fields import Domain

# Somebody looked at what is delivered and made it his own.
TOUCHED = Domain("write_uid", "!=", SUPERUSER_ID)
SALESMAN = "sales_team.group_sale_salesman"
SELLER = "crm_gestion.group_seller"


class CrmSetupStep(models.Model):
    """What a director settles once, before his sales force starts.

    *Lifecycle.* The steps are delivered. Whether one is done is read from the database
    each time and kept nowhere: a step that is undone comes back. A director sets aside
    what his company does without, and may take it up again.

    *Invariants.* Nothing is done here: a step opens the screen where its work is done.
    A step whose screen is not there is not shown. What is set aside is so for one
    company.
    """

    _name = "crm.setup.step"
    _description = "Step of Getting Started"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    description = fields.Text(required=True, translate=True)
    sequence = fields.Integer(default=10)
    question = fields.Selection(
        selection=[
            ("method", "The method is on"),
            ("roles", "Whoever sells has a role"),
            ("teams", "Every team has a head"),
            ("stages", "Stages were looked at"),
            ("originations", "Originations were looked at"),
            ("markets", "Markets were looked at"),
            ("cargos", "Positions were looked at"),
            ("objectives", "There are objectives"),
            ("emails", "E-mails are gestiones"),
            ("desk", "An incident desk was looked at"),
            ("takeover", "Native data was taken over"),
            ("import", "Another CRM was imported"),
            ("doppler", "Doppler is connected"),
        ],
        required=True,
    )
    action = fields.Char(required=True, help="External identifier of its screen.")
    is_available = fields.Boolean(
        compute="_compute_is_available", search="_search_is_available"
    )
    is_set_aside = fields.Boolean(company_dependent=True)
    state = fields.Selection(
        selection=[("todo", "To Do"), ("done", "Done"), ("aside", "Set Aside")],
        compute="_compute_state",
    )

    _question_uniq = models.Constraint(
        "unique (question)", "There is a step for this already."
    )

    @api.depends("action")
    def _compute_is_available(self):
        for step in self:
            found = self.env.ref(step.action, raise_if_not_found=False)
            step.is_available = bool(found)

    def _search_is_available(self, operator, value):
        if operator != "in":
            return NotImplemented
        # a dozen steps are delivered, nobody adds any
        steps = self.search([], limit=100)
        return [("id", "in", steps.filtered("is_available").ids)]

    @api.depends_context("company")
    @api.depends("question", "is_set_aside")
    def _compute_state(self):
        for step in self:
            if getattr(step, f"_is_done_{step.question}")():
                step.state = "done"
            else:
                step.state = "aside" if step.is_set_aside else "todo"

    # === WHAT IS DONE === #

    def _there_is(self, model, domain):
        return bool(self.env[model].search_count(domain, limit=1))

    def _company_domain(self):
        return Domain("company_id", "in", [self.env.company.id, False])

    def _parameter_is_on(self, name):
        # sudo: settings are read by system administrators; this one says yes or no
        params = self.env["ir.config_parameter"].sudo()
        return params.get_param(f"crm_gestion.{name}") == "True"

    def _is_done_method(self):
        return self._parameter_is_on("enforce_method")

    def _is_done_emails(self):
        return self._parameter_is_on("email_gestiones")

    def _is_done_roles(self):
        """Nobody sells without a role, and not only administrators have one."""
        ours = Domain("company_ids", "in", self.env.company.id)
        ours &= Domain("share", "=", False)
        sellers, salesmen, system = (
            self.env["res.users"].search(
                ours & Domain("all_group_ids", "in", self.env.ref(group).ids)
            )
            for group in (SELLER, SALESMAN, "base.group_system")
        )
        return bool(sellers - system) and salesmen <= sellers

    def _is_done_teams(self):
        teams = self._company_domain() & Domain("crm_team_member_ids", "!=", False)
        led = Domain("user_id", "!=", False)
        return self._there_is("crm.team", teams & led) and not self._there_is(
            "crm.team", teams & ~led
        )

    def _is_done_stages(self):
        return self._there_is("crm.stage", Domain("is_method", "=", True) & TOUCHED)

    def _is_done_originations(self):
        return self._there_is("crm.origination", TOUCHED)

    def _is_done_markets(self):
        return self._there_is("crm.market", TOUCHED)

    def _is_done_cargos(self):
        return self._there_is("crm.cargo", TOUCHED)

    def _is_done_objectives(self):
        today = Domain("date_to", ">=", fields.Date.context_today(self))
        own = Domain("company_id", "=", self.env.company.id)
        return self._there_is("crm.objective", own & today)

    def _is_done_desk(self):
        desks = self._company_domain() & Domain("crm_is_incident_desk", "=", True)
        return self._there_is("project.project", desks & TOUCHED)

    def _is_done_takeover(self):
        return self._is_brought("crm.takeover")

    def _is_done_import(self):
        return self._is_brought("crm.import")

    def _is_brought(self, model):
        if model not in self.env:
            return False
        own = Domain("company_id", "=", self.env.company.id)
        return self._there_is(model, own & Domain("state", "=", "done"))

    def _is_done_doppler(self):
        # sudo: the account is the administrator's; this one says yes or no
        accounts = self.env["crm.doppler.account"].sudo()
        return any(
            accounts.search([("company_id", "=", self.env.company.id)], limit=1).mapped(
                "has_key"
            )
        )

    # === ACTIONS === #

    def action_open(self):
        """Open the screen where this is done."""
        self.ensure_one()
        if not self.is_available:
            raise UserError(self.env._("This screen is not installed: set it aside."))
        action = self.env["ir.actions.actions"]._for_xml_id(self.action)
        if not self.env[action["res_model"]].has_access("read"):
            raise UserError(
                self.env._("Ask a system administrator: this screen is for him only.")
            )
        return action

    def action_set_aside(self):
        """The company does without."""
        self._set_aside(True)

    def action_take_up(self):
        self._set_aside(False)

    def _set_aside(self, value):
        # sudo: steps are delivered and nobody writes them but for this mark, which
        # whoever may read them, a director, decides for the company he works in
        self.check_access("read")
        self.sudo().is_set_aside = value
