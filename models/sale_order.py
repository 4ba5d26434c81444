from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import SQL
from odoo.tools.misc import clean_context


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = [
        "crm.incident.subject.mixin",
        "sale.order",
        "crm.project.source.mixin",
    ]

    crm_in_scope = fields.Boolean(
        string="In My Sales Scope",
        compute="_compute_crm_in_scope",
        search="_search_crm_in_scope",
    )
    # who reads an order does not read the key to its customer's page by the way: who
    # may read that is asked only where it is wanted
    access_token = fields.Char(prefetch=False)

    # The first order of an account: objectives of new customers.
    _crm_first_idx = models.Index(
        "(company_id, partner_id, date_order) WHERE state = 'sale'"
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id", "partner_id", "user_id")
    @api.depends_context("uid")
    def _compute_crm_in_scope(self):
        readable = self.env["crm.history"]._readable(self)
        for order in self:
            order.crm_in_scope = order in readable

    def _search_crm_in_scope(self, operator, value):
        """Quotations and orders of my people, unassigned ones, and those of my people's
        accounts."""
        if operator != "in":
            return NotImplemented
        return self.env["crm.history"]._domain(self._name)

    # === WHO MAY === #

    def _has_field_access(self, field, operation):
        """Who has the key to the customer's page signs, pays and declines as he does:
        it is for who may do that himself."""
        allowed = super()._has_field_access(field, operation)
        if field.name != "access_token" or operation != "read":
            return allowed
        return allowed and self._crm_may_act_as_customer()

    def _crm_may_act_as_customer(self):
        """:return: whether the user may do on the customer's page of these orders what
        the customer may: who only reads the history of his account may not. Of none:
        whether he may look for orders by their keys."""
        user = self.env.user
        if self.env.su or not user._has_group("crm_gestion.group_seller"):
            return True
        if not self:
            return user._has_group("sales_team.group_sale_salesman_all_leads")
        return self.has_access("write")

    def _sign_token(self, pid):
        """Whoever makes Odoo write to the customer puts his link into the e-mail."""
        # sudo: the link goes to the customer, and not to who writes
        return super(SaleOrder, self.sudo())._sign_token(pid)

    # === CRUD METHODS === #

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        asked = self.env["crm.history"]._asking(self, domain, limit, order)
        return super(SaleOrder, asked)._search(domain, offset, limit, order, **kwargs)

    def write(self, vals):
        """Confirming and cancelling decide who is a customer."""
        self.env["crm.substitution"]._check_owner_kept(self, vals)
        res = super().write(vals)
        if vals.get("state", "sent") != "sent":
            self.env["crm.account.status"]._follow_sales(self, "date_order")
        return res

    # === ACTION METHODS === #

    def action_confirm(self):
        """An order that is confirmed, by whatever route, wins its opportunity."""
        res = super().action_confirm()
        confirmed = self.filtered(lambda order: order.state == "sale")
        confirmed._win_opportunities()
        return res

    def _action_confirm(self):
        """Name the campaigns of promotions now: Odoo has worked out which rewards
        stay."""
        self.env["crm.promotion"]._name_campaigns(self)
        return super()._action_confirm()

    def _action_cancel(self):
        """The order that won its opportunity takes the victory along."""
        confirmed = self.filtered(lambda order: order.state == "sale")
        res = super()._action_cancel()
        confirmed._reopen_opportunities()
        return res

    # === BUSINESS METHODS: INCIDENTS === #

    def _crm_incident_fields(self):
        return {"crm_order_id": self}

    def _prepare_incident_vals(self):
        organization = self.opportunity_id.organization_id
        return {
            "organization_id": (organization or self.partner_id._crm_organization()).id,
            "contact_id": self.partner_id._crm_person().id,
            "lead_id": self.opportunity_id.id,
            "order_id": self.id,
        }

    # === BUSINESS METHODS: PROJECTS === #

    @api.model
    def _crm_project_depends(self):
        return ("state", "user_id")

    # === BUSINESS METHODS: PROMOTIONS === #

    def _get_program_domain(self):
        domain = super()._get_program_domain()
        return [*domain, *self.env["crm.promotion"]._domain(self)]

    def _try_apply_program(self, program, coupon=None):
        refusal = self.env["crm.promotion"]._refusal(self, program, coupon)
        return refusal or super()._try_apply_program(program, coupon)

    def _try_apply_code(self, code):
        refusal = self.env["crm.promotion"]._refusal_of_code(self, code)
        return refusal or super()._try_apply_code(code)

    def _update_programs_and_rewards(self):
        """A quotation that got another customer loses coupons that are not his."""
        if others := self.env["crm.promotion"]._lost_coupons(self):
            self.applied_coupon_ids -= others
        return super()._update_programs_and_rewards()

    # === BUSINESS METHODS: WINNING === #

    def _win_opportunities(self):
        """Take the opportunities of these orders to the last stage of the method,
        however they were closed before. Where the method is not enforced, confirming
        leaves them alone, as Odoo does."""
        if not self.env["crm.stage"]._method_enforced():
            return
        # sudo: a customer who signs in the portal has no rights on opportunities
        leads = self.sudo().opportunity_id.filtered(
            lambda lead: lead.stage_id.is_method and lead.won_status != "won"
        )
        # whoever confirms is not asked for what else the stage may need
        leads = self.env["crm.stage"]._waive_gates(leads)
        for group in leads.grouped("team_id").values():
            if stage := group._crm_won_stage():
                group.filtered(lambda lead: not lead.active).action_unarchive()
                group.write({"stage_id": stage.id, "probability": 100})

    def _reopen_opportunities(self):
        """Take opportunities up again whose confirmed orders are all cancelled now, at
        the stage they were won from. What was won without an order stays won."""
        if not self.env["crm.stage"]._method_enforced():
            return
        # sudo: who may cancel an order need not have rights on its opportunity
        leads = self.sudo().opportunity_id.filtered(
            lambda lead: lead.won_status == "won" and lead.stage_id.is_method
        )
        confirmed = leads.order_ids.filtered_domain(leads._get_lead_sale_order_domain())
        rows = self.env["crm.opportunity.closure"]._won_by_order(
            leads - confirmed.opportunity_id
        )
        for stage, group in rows.grouped("stage_id").items():
            # whoever cancels is not asked for what the stage before needs
            leads = self.env["crm.stage"]._waive_gates(group.lead_id)
            # sudo went with the rows; a stage deleted meanwhile: the first one
            target = stage or leads[:1]._stage_find(domain=[("is_method", "=", True)])
            leads.filtered(lambda lead: not lead.active).action_unarchive()
            leads.write({"stage_id": target.id})

    # === BUSINESS METHODS: MAKING THE ORDER === #

    @api.model
    def _generate_from_opportunity(
        self,
        lead,
        quotation=None,
        template=None,
        lines=False,
        confirm=False,
        cancel=None,
        newest=None,
        additional=False,
        vat=None,
    ):
        """Make the sales order of an opportunity in Odoo Sales, once per request.

        Without quotation, template and lines it is a new, empty quotation. What
        somebody else made meanwhile is opened and not made again: two clicks, two users
        or two servers give one order.

        :param quotation: open quotation of the opportunity to go on with
        :param template: quotation template
        :param bool lines: from the opportunity's lines; typed prices stay
        :param bool confirm: confirm it, which wins the opportunity
        :param cancel: other quotations, cancelled where the order is confirmed
        :param int newest: id of the newest order of the opportunity when the user
            decided; a later one was made meanwhile
        :param bool additional: make another one though an order is confirmed already
        :param str vat: tax id of the customer, where he has none
        :return: the order, and what confirming it answered: an action or True, or
            False where nothing was confirmed
        :raise UserError: where data are missing; nothing has changed then
        """
        lead.ensure_one()
        lead.check_access("write")
        self._serialize_requests(lead)
        if quotation and quotation.opportunity_id != lead:
            raise UserError(self.env._("Choose a quotation of this opportunity."))
        made = self._made_already(lead, quotation, newest, additional)
        if made:
            return made, False
        customer = quotation.partner_id if quotation else lead._crm_customer()
        self._check_vat(customer, vat)
        if not lead.partner_id and not quotation:
            lead._handle_partner_assignment(create_missing=True)
            customer = lead._crm_customer()
        self._complete_vat(customer, vat)
        order = quotation or self._create_from_opportunity(lead, template, lines)
        if not confirm:
            return order, False
        order._check_confirmable()
        # without the defaults of the dialog that is open
        env = order.env(context=clean_context(order.env.context))
        result = order.with_env(env).action_confirm()
        if cancel:
            (cancel - order).filtered(
                lambda other: (
                    other.opportunity_id == lead and other.state in ("draft", "sent")
                )
            ).with_env(env).action_cancel()
        return order, result

    @api.model
    def _serialize_requests(self, lead):
        """Requests for one opportunity go one after the other: the second waits here,
        fails on its older snapshot and is replayed by the server with a new one, in
        which it finds what the first has made. Only reading under a lock would not show
        it."""
        lead.flush_recordset()
        self.env.cr.execute(SQL("UPDATE crm_lead SET id = id WHERE id = %s", lead.id))

    @api.model
    def _made_already(self, lead, quotation, newest, additional):
        """:return: the order to open in the place of making another one, if any"""
        if quotation:
            if quotation.state == "sale":
                return quotation
            if quotation.state == "cancel":
                raise UserError(
                    self.env._(
                        "This quotation was cancelled meanwhile: choose another one."
                    )
                )
        confirmed = self._confirmed_of(lead)
        if confirmed and not additional:
            return confirmed._readable_order()
        if not quotation and newest is not None:
            # sudo: made also where the user may not read it
            made = lead.sudo().order_ids.filtered(
                lambda order: order.id > newest and order.state != "cancel"
            )
            if made:
                return made.with_env(self.env)._readable_order()
        return self.browse()

    @api.model
    def _confirmed_of(self, lead):
        """:return: the confirmed orders of an opportunity, whoever may read them"""
        # sudo: an order is there also for who may not read it, such as the next seller
        orders = lead.sudo().order_ids.filtered_domain(
            lead._get_lead_sale_order_domain()
        )
        return orders.with_env(self.env)

    def _readable_order(self):
        """:return: one of these orders that the user may open"""
        readable = self._filtered_access("read")
        if not readable:
            raise UserError(
                self.env._(
                    "This opportunity has an order already, of another salesperson: "
                    "open this dialog again and make an additional one if you need it."
                )
            )
        return readable[:1]

    @api.model
    def _requires_vat(self, customer):
        """:return: whether the company wants a tax id that this customer has not"""
        # sudo: a setting of the company, read for everybody
        params = self.env["ir.config_parameter"].sudo()
        if params.get_param("crm_gestion.require_vat") != "True":
            return False
        return customer.commercial_partner_id.vat in (False, "", "/")

    @api.model
    def _check_vat(self, customer, vat):
        if not vat and self._requires_vat(customer):
            raise UserError(
                self.env._(
                    "The customer has no tax id: enter it before you generate the "
                    "sales order."
                )
            )

    @api.model
    def _complete_vat(self, customer, vat):
        """With the rights of the user: who may not write the customer is told so."""
        if vat and self._requires_vat(customer):
            customer.commercial_partner_id.vat = vat

    @api.model
    def _prepare_from_opportunity(self, lead, template):
        prefix = "default_"
        context = lead._prepare_opportunity_quotation_context()
        vals = {
            key.removeprefix(prefix): value
            for key, value in context.items()
            if key.startswith(prefix)
        }
        if template:
            vals["sale_order_template_id"] = template.id
        return vals

    @api.model
    def _create_from_opportunity(self, lead, template, lines):
        vals = self._prepare_from_opportunity(lead, template)
        order = self.with_company(vals["company_id"]).create(vals)
        order._fill(lead, template, lines)
        return order

    @api.model
    def _preview_from_opportunity(self, lead, template=None, lines=False):
        """:return: the order that `_generate_from_opportunity` would make, not saved"""
        vals = self._prepare_from_opportunity(lead, template)
        # or the opportunity would count it among its orders
        del vals["opportunity_id"]
        order = self.with_company(vals["company_id"]).new(vals)
        order._fill(lead, template, lines)
        return order

    def _fill(self, lead, template, lines):
        if template:
            # Odoo adds the lines of a template on the screen only
            self._onchange_sale_order_template_id()
        if lines:
            self.order_line = [
                Command.create(line._prepare_order_line(self)) for line in lead.line_ids
            ]

    def _check_confirmable(self):
        if not self.order_line.filtered("product_id"):
            raise UserError(
                self.env._(
                    "There is nothing to confirm yet: add a product to the quotation "
                    "first."
                )
            )
