from odoo.exceptions import AccessError
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.portal.controllers.portal import CustomerPortal


class CrmCustomerPortal(CustomerPortal):
    """The customer's page of an order signs, declines and pays it. Odoo opens it to
    every employee who may read the order, and reading is more than writing here."""

    def _document_check_access(self, model_name, document_id, access_token=None):
        # no key has other characters; Odoo fails where it compares them
        if access_token and not access_token.isascii():
            access_token = None
        document = super()._document_check_access(
            model_name, document_id, access_token=access_token
        )
        if model_name == "sale.order":
            self._check_customer(document, access_token)
        return document

    def _check_customer(self, order, access_token):
        """
        :param order: ``sale.order`` in superuser mode
        :raise AccessError: where a colleague's order is opened without the customer's
            own address
        """
        key = order.access_token
        if access_token and key and consteq(key, access_token):
            return
        if not order.with_env(request.env)._crm_may_act_as_customer():
            raise AccessError(
                request.env._("This page is for the customer: ask the salesperson.")
            )
