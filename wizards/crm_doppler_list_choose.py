from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..tools.doppler.errors import DopplerError


class CrmDopplerListChoose(models.TransientModel):
    """Shows the lists that are at Doppler now, to bind one of them to a segment."""

    _name = "crm.doppler.list.choose"
    _description = "Choose a List of Doppler"

    list_id = fields.Many2one(
        comodel_name="crm.doppler.list",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    line_ids = fields.One2many(
        comodel_name="crm.doppler.list.choose.line",
        inverse_name="choose_id",
        string="Lists",
        readonly=True,
    )

    @api.model
    def _action(self, list_):
        """Ask Doppler for its lists.

        :return: action of the dialog that shows them
        :raise UserError: where Doppler does not answer
        """
        bound = {other.ref: other for other in self._others(list_)}
        env = self.env(context=clean_context(self.env.context))
        choose = self.with_env(env).create(
            {
                "list_id": list_.id,
                "line_ids": [
                    fields.Command.create(
                        {
                            "ref": found.ref,
                            "name": found.name,
                            "people": found.count,
                            "is_ready": found.is_ready,
                            "other": bound[found.ref].name
                            if found.ref in bound
                            else False,
                        }
                    )
                    for found in self._fetch(list_)
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Lists at Doppler"),
            "res_model": self._name,
            "res_id": choose.id,
            "views": [(False, "form")],
            "target": "new",
        }

    @api.model
    def _others(self, list_):
        lists = self.env["crm.doppler.list"].with_context(active_test=False)
        return lists.search(
            [
                ("account_id", "=", list_.account_id.id),
                ("ref", "!=", False),
                ("id", "!=", list_.id),
            ]
        )

    @api.model
    def _fetch(self, list_):
        account = list_.account_id.sudo()  # sudo: its key; the caller may bind lists
        try:
            return account._client().lists()
        except DopplerError as error:
            raise UserError(account._sentence(error)) from None
