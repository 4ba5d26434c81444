from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

# Fields that tell what happened. The next step is not one of them: it is the future.
WHAT_HAPPENED = {
    "name", "activity_type_id", "date", "duration", "direction", "user_id",
    "organization_id", "contact_id", "lead_id", "campaign_id", "description",
    "result_id", "outcome", "stage_id", "team_id", "company_id",
}  # fmt: skip


class CrmGestionChange(models.Model):
    """One correction of an interaction: what a field said before and after.

    Written by ``crm.gestion`` only, in one batch for all records of a write; nobody
    changes or deletes a row.
    """

    _name = "crm.gestion.change"
    _description = "Interaction Correction"
    _order = "id desc"
    _rec_name = "field"

    gestion_id = fields.Many2one(
        comodel_name="crm.gestion",
        string="Gestión",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    field = fields.Selection(
        selection=[
            ("date", "Date"),
            ("result_id", "Result"),
            ("contact_id", "Contact"),
            ("lead_id", "Opportunity"),
        ],
        required=True,
        readonly=True,
    )
    old_value = fields.Char(string="Before", readonly=True)
    new_value = fields.Char(string="After", readonly=True)
    user_id = fields.Many2one(
        comodel_name="res.users", string="Corrected by", required=True, readonly=True
    )
    date = fields.Datetime(string="Corrected on", required=True, readonly=True)

    @api.model
    def _check_allowed(self, gestiones, vals):
        """Who logged an interaction may correct it for some days, a head of sales
        always.

        :raise UserError: where it is too late for this user; nothing has changed then
        """
        if self.env.su or not vals.keys() & WHAT_HAPPENED:
            return
        if self.env.user.has_group("crm_gestion.group_sales_head"):
            # of whom he only covers he is not the head
            covered = self.env["crm.substitution"]._only_covered_ids()
            gestiones = gestiones.filtered(lambda g: g.user_id.id in covered)
        days = self._correction_days()
        limit = fields.Datetime.now() - timedelta(days=days)
        if any(gestion.create_date < limit for gestion in gestiones):
            raise UserError(
                self.env._(
                    "A gestión can be corrected for %(days)s days; "
                    "ask your head of sales to change this one.",
                    days=days,
                )
            )

    @api.model
    def _correction_days(self):
        # sudo: one setting
        params = self.env["ir.config_parameter"].sudo()
        return int(params.get_param("crm_gestion.correction_days", "7"))

    @api.model
    def _snapshot(self, gestiones, vals):
        """
        :return: dict gestión -> dict field -> readable value, of the fields that
            this write may change and whose history is kept
        """
        written = set(vals)
        if "lead_id" in vals:
            written.add("contact_id")  # may come with the opportunity
        names = [name for name in self._tracked_fields() if name in written]
        if not names:
            return {}
        return {
            gestion: {name: self._readable(gestion, name) for name in names}
            for gestion in gestiones
        }

    @api.model
    def _log(self, gestiones, before):
        """Make the rows of what differs from ``before``, the result of `_snapshot`."""
        rows = [
            {
                "gestion_id": gestion.id,
                "field": name,
                "old_value": old,
                "new_value": new,
                "user_id": self.env.uid,
                "date": fields.Datetime.now(),
            }
            for gestion in gestiones
            for name, old in before.get(gestion, {}).items()
            if (new := self._readable(gestion, name)) != old
        ]
        # sudo: no role may write this table by hand, only a correction writes it
        return self.sudo().create(rows)

    @api.model
    def _tracked_fields(self):
        return list(dict(self._fields["field"].selection))

    @api.model
    def _readable(self, gestion, name):
        field = gestion._fields[name]
        value = gestion[name]
        if field.type == "many2one":
            # sudo: the name stays readable as it was, whoever reads the correction
            return value.sudo().display_name or ""
        return field.convert_to_export(value, gestion) and str(value) or ""
