from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import AccessError


class ExportFile(NamedTuple):
    """What a controller of ours says about an export: value of a context key. An object
    of this class cannot come from outside, so no client names another channel."""

    channel: str = "rpc"
    domain: str = ""


class CrmExportGuard(models.AbstractModel):
    """Who takes data out of the company, brings data in, and what is said to others.

    One place decides, by role: nobody with a role of ours below the sales director
    does, not even with Odoo's own right to export, which somebody may have been given
    by hand. System administrators do, and users without a role of ours have Odoo's own
    rights. This is about any model: prices, invoices and products are the company's as
    well.

    Each way out asks `_check`, which records what goes out and what is refused in
    ``crm.export.log``.
    """

    _name = "crm.export.guard"
    _description = "Guard of the Company's Data"

    @api.model
    def _may_export(self, user=None):
        """
        :param user: the current one, where none is given
        :return: whether he may take data out, and bring data in
        """
        if user is None and self.env.su:
            return True
        user = user or self.env.user
        return (
            not user.has_group("crm_gestion.group_seller")
            or user.has_group("crm_gestion.group_sales_director")
            or user.has_group("base.group_system")
        )

    @api.model
    def _check(self, channel, limit=0, message=None, **values):
        """Record what is about to leave the company, or refuse it.

        :param str channel: one of ``crm.export.log``
        :param int limit: number of records up to which everybody may
        :param str message: why it is refused, and what to do
        :param values: what ``crm.export.log._log`` takes
        :raise AccessError: where the user may not; only the try is recorded then
        """
        if self._may_export() or values.get("records", 0) <= limit > 0:
            self.env["crm.export.log"]._log(channel, **values)
            return
        self._keep_try(channel, values)
        raise AccessError(
            message
            or self.env._(
                "Only a sales director takes data out of the company: ask yours for "
                "what you need."
            )
        )

    @api.model
    def _keep_try(self, channel, values):
        """Record a refusal once this transaction is over: what is raised rolls it
        back."""
        registry, uid, context = self.env.registry, self.env.uid, self.env.context

        def log():
            with registry.cursor() as cr:
                env = api.Environment(cr, uid, context)
                if env.user.exists():  # who was made in this transaction went with it
                    env["crm.export.log"]._log(channel, refused=True, **values)

        self.env.cr.postrollback.add(log)
        self.env.cr.postcommit.add(log)  # where somebody caught what was raised

    @api.model
    def _check_export(self, records, field_names):
        """As `_check`, of Odoo's own export, whoever called it."""
        file = records.env.context.get("crm_gestion_export")
        channel, domain = file if isinstance(file, ExportFile) else ExportFile()
        self._check(
            channel,
            model=records._name,
            records=len(records),
            field_names=field_names,
            domain=domain,
        )

    @api.model
    def _check_documents(self, channel="pdf", **values):
        """As `_check`, of documents: everybody prints a handful at once."""
        limit = self._pdf_limit()
        message = self.env._(
            "Print %(limit)s documents at once at most, or ask your sales director.",
            limit=limit,
        )
        self._check(channel, limit=limit, message=message, **values)

    @api.model
    def _pdf_limit(self):
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        return int(params.get_param("crm_gestion.pdf_limit", "20"))

    @api.model
    def _check_import(self):
        """
        :raise AccessError: where the user may not import; nothing has changed then
        """
        if not self._may_export():
            raise AccessError(
                self.env._("Only a sales director imports data: send yours the file.")
            )
