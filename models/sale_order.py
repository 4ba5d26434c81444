from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from odoo.tools.misc import clean_context


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === CRUD METHODS === #

    def write(self, vals):
        """Confirming and cancelling decide who is a customer."""
        res = super().write(vals)
        if vals.get("state", "sent") != "sent":
            self.env["crm.account.status"]._refresh(self.partner_id)
        return res

    # === ACTION METHODS === #

    def action_confirm(self):
        """An order that is confirmed, by whatever route, wins its opportunity."""
        res = super().action_confirm()
        confirmed = self.filtered(lambda order: order.state == "sale")
        confirmed._win_opportunities()
        return res

    # === BUSINESS METHODS === #

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

    @api.model
    def _generate_from_opportunity(
        self, lead, quotation=None, template=None, confirm=False, known=None
    ):
        """Make the sales order of an opportunity in Odoo Sales.

        :param quotation: open quotation of the opportunity to go on with; without one a
            new quotation is made, empty or from a quotation template
        :param bool confirm: confirm it, which wins the opportunity
        :param known: orders of the opportunity that the user saw; without a quotation
            to go on with, what somebody made meanwhile is opened and not made again
        :return: the order
        :raise UserError: where there is nothing to confirm; nothing has changed then
        """
        lead.ensure_one()
        lead.check_access("write")
        lead.lock_for_update()
        # a request with an older snapshot fails here and is replayed with a new one:
        # a lock alone does not show it what the other one has made
        self.env.cr.execute(SQL("UPDATE crm_lead SET id = id WHERE id = %s", lead.id))
        if quotation and quotation.opportunity_id != lead:
            raise UserError(self.env._("Choose a quotation of this opportunity."))
        if not quotation and known is not None:
            made = lead.order_ids.filtered(lambda o: o.state != "cancel") - known
            if made:
                return made[:1]
        if not lead.partner_id:
            lead._handle_partner_assignment(create_missing=True)
        order = quotation or self._create_from_opportunity(lead, template)
        if confirm and order.state != "sale":
            order._check_confirmable()
            # without the defaults of the dialog that is open
            env = order.env(context=clean_context(order.env.context))
            order.with_env(env).action_confirm()
        return order

    @api.model
    def _create_from_opportunity(self, lead, template):
        context = lead._prepare_opportunity_quotation_context()
        prefix = "default_"
        vals = {
            key.removeprefix(prefix): value
            for key, value in context.items()
            if key.startswith(prefix)
        }
        if template:
            vals["sale_order_template_id"] = template.id
        order = self.with_company(vals["company_id"]).create(vals)
        if template:
            # Odoo adds the lines of a template on the screen only
            order._onchange_sale_order_template_id()
        return order

    def _check_confirmable(self):
        if not self.order_line.filtered("product_id"):
            raise UserError(
                self.env._(
                    "There is nothing to confirm yet: add a product to the quotation "
                    "first."
                )
            )
