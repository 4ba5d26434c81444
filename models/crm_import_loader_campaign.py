from odoo import api, fields, models
from odoo.fields import Domain


class CrmImportLoaderCampaign(models.AbstractModel):
    """Campaigns with their type and end, what was planned to be spent on them and what
    really was. What else the files know stays in the rows of the import: a campaign of
    Odoo has no notes."""

    _name = "crm.import.loader.campaign"
    _inherit = "crm.import.loader.master"
    _description = "Loader of Campaigns"

    @api.model
    def _candidates(self, job, rows):
        names = {row.values.get("name") for row in rows} - {None, ""}
        domain = Domain("title", "in", list(names))
        domain &= Domain("company_id", "in", [False, job.company_id.id])
        campaigns = self.env["utm.campaign"].with_context(active_test=False)
        return campaigns.search(domain, order="id")

    @api.model
    def _title(self, record):
        return record.title

    @api.model
    def _lacks(self, values):
        kind = values.get("campaign_type")
        if kind and kind not in self._types():
            return self.env._("“%s” is no type of campaign: choose another.", kind)
        return super()._lacks(values)

    @api.model
    def _types(self):
        field = self.env["utm.campaign"]._fields["campaign_type"]
        return field.get_values(self.env)

    @api.model
    def _make(self, job, values_list):
        # Odoo would look for its first stage once for each
        stage = self.env["utm.stage"].search([], limit=1)
        campaigns = self.env["utm.campaign"].create(
            [{**self._prepare(job, v), "stage_id": stage.id} for v in values_list]
        )
        pairs = list(zip(campaigns, values_list, strict=True))
        self.env["crm.campaign.budget"].create(
            [
                {"campaign_id": campaign.id, "budget": values["budget"]}
                for campaign, values in pairs
                if values.get("budget")
            ]
        )
        self.env["crm.campaign.cost"].create(
            [
                self._prepare_cost(job, campaign, values)
                for campaign, values in pairs
                if values.get("cost")
            ]
        )
        return campaigns

    @api.model
    def _prepare(self, job, values):
        return {
            "title": values["name"],
            "campaign_type": values.get("campaign_type") or False,
            "date_to": values.get("date_to") or False,
            # Odoo wants somebody responsible
            "user_id": (values.get("owner") or self.env.user).id,
            "company_id": job.company_id.id,
        }

    @api.model
    def _prepare_cost(self, job, campaign, values):
        return {
            "campaign_id": campaign.id,
            "name": self.env._("Cost brought along"),
            "date": self._cost_date(job, values),
            "amount": values["cost"],
            "currency_id": job.company_id.currency_id.id,
        }

    @api.model
    def _cost_date(self, job, values):
        """:return: the end of the campaign, or today where that is still to come"""
        here = self.with_context(tz=job.tz)
        today = fields.Date.context_today(here)
        created = values.get("created")
        if created:
            created = fields.Datetime.context_timestamp(here, created).date()
        return min(values.get("date_to") or created or today, today)
