from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

# All that is left of a client's context: no key of his decides anything from here on.
CONTEXT = ("allowed_company_ids", "lang", "tz")
# Who is not of the house sees projects of these visibilities, if he is invited.
SHARED = ("invited_users", "portal")


class CrmProjectMaker(models.AbstractModel):
    """Makes the project of what was sold: of an opportunity that was won, or of a
    confirmed order.

    Sellers have no rights on projects. Who may change the opportunity or the order may
    ask for its project; it is made in superuser mode, with Odoo's own methods, and all
    that he gets by that is that he follows it. Project managers have Odoo's own ways
    besides.

    *Invariants.* One project for each request: two clicks, two users or two servers
    make one. A refusal changes nothing. The customer is invited only where somebody
    says so. What happens to the opportunity afterwards leaves its project alone.
    """

    _name = "crm.project.maker"
    _description = "Making of Projects from What Was Sold"

    @api.model
    def _make(
        self,
        values,
        lead=None,
        order=None,
        template=None,
        roles=None,
        invite=None,
        newest=None,
        additional=False,
    ):
        """Make a project and link it with what it comes from.

        :param dict values: name, user_id, privacy_visibility, date_start and date of
            the project
        :param lead: opportunity that was won
        :param order: confirmed order; of the opportunity, where there is one
        :param template: project template; its tasks are copied
        :param dict roles: ``project.role`` of the template -> users who get its tasks
        :param invite: partner of the customer who is to see the project in the portal
        :param int newest: id of the newest project that was there when the user
            decided; a later one was made meanwhile
        :param bool additional: make another one though there is one already
        :return: the project, or the one that is there already; readable
        :raise AccessError: where the user may not change the opportunity or the order
        :raise UserError: where there is nothing to make a project of yet, or where what
            was chosen does not go together; nothing has changed then
        """
        lead = lead or self.env["crm.lead"]
        order = order or self.env["sale.order"]
        self._check_sources(lead, order)
        self._serialize_requests(lead, order)
        if made := self._made_already(lead, order, newest, additional):
            return made._crm_readable()
        # sudo: the user may change the order, whose opportunity it is
        opportunity = lead or order.sudo().opportunity_id.with_env(self.env)
        customer = order.partner_id or opportunity._crm_customer()
        company = order.company_id or opportunity.company_id
        self._check_choice(values, template, company, customer, invite)
        values = {
            **values,
            "company_id": (company or (template and template.company_id) or company).id,
            **self._prepare_links(opportunity, order, customer),
        }
        project = self._create_project(values, template, roles or {})
        self._tell(project, opportunity, order, invite)
        return project.with_env(self.env)

    # === MAY IT BE MADE === #

    @api.model
    def _is_ready(self, record):
        """:return: whether an opportunity or an order is so far that there may be a
        project of it"""
        if record._name == "sale.order":
            return record.state == "sale"
        return record.type == "opportunity" and record.won_status == "won"

    @api.model
    def _check_sources(self, lead, order):
        if not lead and not order:
            raise UserError(
                self.env._("Choose the opportunity or the order of the project.")
            )
        for record in filter(None, (lead, order)):
            record.ensure_one()
            record.check_access("write")
        if lead and not self._is_ready(lead):
            raise UserError(
                self.env._(
                    "This opportunity is not won yet: win it before you create its "
                    "project."
                )
            )
        if order and not self._is_ready(order):
            raise UserError(
                self.env._(
                    "This order is not confirmed: confirm it before you create its "
                    "project."
                )
            )
        if lead and order and order.opportunity_id != lead:
            raise UserError(self.env._("Choose an order of this opportunity."))

    @api.model
    def _check_choice(self, values, template, company, customer, invite):
        if template:
            template.check_access("read")
            if not template.is_template:
                raise UserError(self.env._("Choose a project template."))
            if company and template.company_id not in (company, company.browse()):
                raise UserError(
                    self.env._(
                        "This template belongs to another company: choose one of %s.",
                        company.name,
                    )
                )
        manager = self.env["res.users"].browse(values.get("user_id"))
        # sudo: the companies of a colleague
        if manager and (manager.share or company - manager.sudo().company_ids):
            raise UserError(
                self.env._(
                    "%s does not work in this company: choose another project manager.",
                    manager.name,
                )
            )
        if not invite:
            return
        if values.get("privacy_visibility") not in SHARED:
            raise UserError(
                self.env._(
                    "A customer sees no project of this visibility: choose one for "
                    "invited portal users, or do not invite the customer."
                )
            )
        if invite.commercial_partner_id != customer.commercial_partner_id:
            raise UserError(self.env._("Invite somebody of the customer."))

    # === ONCE === #

    @api.model
    def _serialize_requests(self, lead, order):
        """As where an order is generated: the second request waits here, fails on its
        older snapshot, and is replayed with a new one."""
        for record in filter(None, (lead, order)):
            record.flush_recordset()
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET id = id WHERE id = %s",
                    SQL.identifier(record._table),
                    record.id,
                )
            )

    @api.model
    def _existing(self, lead, order):
        """:return: the projects of an opportunity or an order, in superuser mode"""
        domain = Domain.FALSE
        if lead:
            domain |= Domain("crm_lead_id", "=", lead.id)
        if order:
            domain |= Domain("reinvoiced_sale_order_id", "=", order.id)
            domain |= Domain("sale_line_id.order_id", "=", order.id)
        # sudo: a project is there also for who may not read it
        projects = self.env["project.project"].sudo()
        return projects.search(domain & projects._crm_shown_domain(), order="id DESC")

    @api.model
    def _made_already(self, lead, order, newest, additional):
        """:return: the projects to open in the place of making another one"""
        existing = self._existing(lead, order)
        if not additional:
            return existing
        if newest is None:
            return existing.browse()
        return existing.filtered(lambda project: project.id > newest)

    # === MAKING === #

    @api.model
    def _prepare_links(self, lead, order, customer):
        """As Odoo links a project that it makes of an order."""
        service = order.order_line.sorted("sequence").filtered(
            lambda line: line.product_id.type == "service" and not line.is_downpayment
        )[:1]
        return {
            "crm_lead_id": lead.id,
            "partner_id": customer.id,
            # or Odoo takes the customer away again
            "allow_billable": True,
            "reinvoiced_sale_order_id": order.id,
            "sale_line_id": service.id,
        }

    @api.model
    def _create_project(self, values, template, roles):
        context = self.env.context
        context = {key: context[key] for key in CONTEXT if key in context}
        # sudo: who may change what was sold may have its project, see `_check_sources`
        env = self.env(su=True, context=context)
        company = env["res.company"].browse(values["company_id"]) or env.company
        projects = env["project.project"].with_company(company)
        if not template:
            return projects.create(values)
        mapping = env["project.template.role.to.users.map"].create(
            [
                {"role_id": role.id, "user_ids": [Command.set(users.ids)]}
                for role, users in roles.items()
            ]
        )
        values = {name: value for name, value in values.items() if value}
        return projects.browse(template.id).action_create_from_template(values, mapping)

    @api.model
    def _tell(self, project, lead, order, invite):
        """Who asked for the project follows it, and who sold it; both sides say where
        it came from."""
        sellers = self.env.user | (lead.user_id if lead else order.user_id)
        project.message_subscribe(sellers.partner_id.ids)
        if invite:
            project._add_followers(invite)
        # sudo: the note on both sides, where the user may not write on them
        for source in filter(None, (lead.sudo(), order.sudo())):
            source.message_post(
                body=self.env._("Project created: %s", project._get_html_link())
            )
            project.message_post(
                body=self.env._("Created from %s", source._get_html_link())
            )

    # === AFTERWARDS === #

    @api.model
    def _move_to_lead(self, merged, winner):
        """The projects of opportunities that are merged are of the one that stays."""
        # sudo: who may merge opportunities need not have rights on their projects
        projects = self.env["project.project"].sudo().with_context(active_test=False)
        projects.search([("crm_lead_id", "in", merged.ids)]).crm_lead_id = winner
