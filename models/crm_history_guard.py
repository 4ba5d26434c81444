from odoo import api, models
from odoo.exceptions import UserError


class CrmHistoryGuard(models.AbstractModel):
    """What has a history is not deleted, but for by the system administrator.

    This binds users with a role of ours. Who has none has Odoo's own rights, and code
    in superuser mode deletes: merging, once it moved the history to the winner.
    """

    _name = "crm.history.guard"
    _description = "Guard of the History"

    @api.model
    def _binds(self):
        """:return: whether the current user may not delete what has a history"""
        return (
            not self.env.su
            and self.env.user.has_group("crm_gestion.group_seller")
            and not self.env.user.has_group("base.group_system")
        )

    @api.model
    def _check_leads(self, leads):
        """
        :raise UserError: where an opportunity has gestiones, closures, orders or more
            than its first passage; nothing has changed then
        """
        if self._binds() and (kept := self._leads_with_history(leads)):
            raise UserError(
                self.env._(
                    "What has a history is not deleted, close it instead: %s",
                    self._names(kept),
                )
            )

    @api.model
    def _check_partners(self, partners):
        """
        :raise UserError: where there were gestiones or opportunities with an
            organization or contact; nothing has changed then
        """
        if self._binds() and (kept := self._partners_with_history(partners)):
            raise UserError(
                self.env._(
                    "Who has a history with us is not deleted, archive instead: %s",
                    self._names(kept),
                )
            )

    @api.model
    def _leads_with_history(self, leads):
        kept = self.env["crm.lead"]
        for model, name, least in (
            ("crm.gestion", "lead_id", 1),
            ("crm.opportunity.closure", "lead_id", 1),
            ("sale.order", "opportunity_id", 1),
            ("crm.opportunity.stage", "lead_id", 2),
        ):
            kept |= self._referred(model, name, leads, least)
        return kept & leads

    @api.model
    def _partners_with_history(self, partners):
        kept = self.env["res.partner"]
        for model, name in (
            ("crm.gestion", "organization_id"),
            ("crm.gestion", "contact_id"),
            ("crm.lead", "organization_id"),
            ("crm.lead", "partner_id"),
        ):
            kept |= self._referred(model, name, partners)
        return kept & partners

    @api.model
    def _referred(self, model, name, records, least=1):
        """:return: those of these to which at least so many records of a model refer"""
        # sudo: what a colleague did is history as well
        everything = self.env[model].sudo().with_context(active_test=False)
        groups = everything._read_group(
            [(name, "in", records.ids)],
            [name],
            having=[("__count", ">=", least)],
        )
        return records.browse([record.id for (record,) in groups])

    @api.model
    def _names(self, records):
        return ", ".join(records[:5].mapped("display_name"))
