from odoo import api, models


class CrmIncident(models.AbstractModel):
    """Opening incidents and moving them through their phases. An incident is a task of
    a project that is an incident desk; who works at a desk has Odoo's own rights of
    projects, and everybody else goes through these methods.

    *Who opens.* Sellers for the accounts in their scope, the customer on the portal for
    his own, anybody by the e-mail alias of a desk.
    """

    _name = "crm.incident"
    _description = "Incidents"

    @api.model
    def _open(self, vals_list):
        """
        :param vals_list: list of dict of values of ``project.task``; without a desk,
            that of the type or the company's is taken
        :return: ``project.task``, as the current user
        :raise UserError: where there is no desk, or the user may not open one for
            this customer
        """
        raise NotImplementedError
