from odoo import api, fields, models
from odoo.tools import plaintext2html

LOST = "lost"


class CrmImportLoaderOpportunity(models.AbstractModel):
    """Opportunities: open ones in their stage, won and lost ones with their closure, of
    the day on which that happened.

    The gates of the method are for moves that sellers make: what happened elsewhere is
    brought along as it was. No order is made for what was won.
    """

    _name = "crm.import.loader.opportunity"
    _inherit = "crm.import.loader"
    _description = "Loader of Opportunities"

    @api.model
    def _match(self, job, rows):
        return self._by_reference(job, rows)

    @api.model
    def _make(self, job, values_list):
        Stage = self.env["crm.stage"]
        first = Stage._method_stages()[:1]
        # the import checked who may do this; a client cannot send this object
        Leads = Stage._waive_gates(self.env["crm.lead"])
        leads = Leads.create(
            [self._prepare(job, values, first) for values in values_list]
        )
        self._date(leads, values_list)
        self._plan_steps(leads, values_list)
        return leads

    @api.model
    def _prepare(self, job, values, first):
        stage = values.get("stage") or first
        lost = isinstance(stage, str) and stage == LOST
        owner = values.get("owner") or self.env["res.users"]
        partner = values.get("contact") or values.get("organization")
        empty = self.env["res.partner"]
        vals = {
            "type": "opportunity",
            "name": values["name"],
            "partner_id": (partner or empty).id,
            "organization_id": (values.get("organization") or empty).id,
            "user_id": owner.id,
            "team_id": owner.sale_team_id.id,
            "company_id": job.company_id.id,
            "stage_id": (first if lost else stage).id,
            "expected_revenue": values.get("amount") or 0.0,
            "date_deadline": values.get("deadline") or False,
            "origination_id": (
                values.get("origination") or self.env["crm.origination"]
            ).id,
            "campaign_id": (values.get("campaign") or self.env["utm.campaign"]).id,
            "description": self._description_of(values),
            # nobody pays for looking up companies of years ago
            "iap_enrich_done": True,
        }
        if not values.get("origination"):
            del vals["origination_id"]
        if lost:
            reason = values.get("lost_reason") or self.env["crm.lost.reason"]
            vals |= {"active": False, "probability": 0, "lost_reason_id": reason.id}
        elif not stage.is_won and values.get("probability") is not None:
            vals["probability"] = self._open_probability(values["probability"])
        if lost or stage.is_won:
            vals["date_closed"] = self._closed(values)
        return vals

    @api.model
    def _open_probability(self, probability):
        """100 would win an opportunity, and so close what is open."""
        return min(max(probability, 0.0), 99.0)

    @api.model
    def _closed(self, values):
        return values.get("closed") or values.get("created") or self.env.cr.now()

    @api.model
    def _description_of(self, values):
        text = self._notes(values)
        return plaintext2html(text) if text else False

    @api.model
    def _date(self, leads, values_list):
        """What happened then happened then."""
        moments = {
            lead: (
                values.get("created"),
                self._closed(values) if lead.won_status != "pending" else False,
            )
            for lead, values in zip(leads, values_list, strict=True)
        }
        self.env["crm.opportunity.stage"]._backdate(moments)

    @api.model
    def _plan_steps(self, leads, values_list):
        """What was to be done next, by the expected closing date at the latest."""
        todo = self.env.ref("mail.mail_activity_data_todo")
        model = self.env["ir.model"]._get_id("crm.lead")
        today = fields.Date.context_today(self)
        self.env["mail.activity"].create(
            [
                {
                    "activity_type_id": todo.id,
                    "res_model_id": model,
                    "res_id": lead.id,
                    "summary": values["next_step"],
                    "user_id": (lead.user_id or self.env.user).id,
                    "date_deadline": max(values.get("deadline") or today, today),
                }
                for lead, values in zip(leads, values_list, strict=True)
                if values.get("next_step") and lead.won_status == "pending"
            ]
        )
