from odoo import api, models
from odoo.tools import email_normalize, format_amount

from ..tools.matching import plain

LOST = "lost"


class CrmImportLoaderLead(models.AbstractModel):
    """Leads: enquiries that nobody has looked into yet, or, where who imports wants it
    so, potential customers (`crm.import.customer`)."""

    _name = "crm.import.loader.lead"
    _inherit = "crm.import.loader.document"
    _description = "Loader of Leads"

    @api.model
    def _match(self, job, rows):
        found = super()._match(job, rows)
        if job.lead_target == "organization":
            others = rows.filtered(lambda row: row not in found)
            found |= self.env["crm.import.customer"]._match(job, others)
        return found

    @api.model
    def _resolve(self, job, rows, loading=False, finishing=False):
        read = super()._resolve(job, rows, loading, finishing)
        for row, (values, _reason) in zip(rows, read, strict=True):
            values["row"] = row
        return read

    @api.model
    def _lacks(self, values):
        status = values.get("lead_status")
        if status and status not in ("open", LOST):
            return self.env._("“%s” is no status of a lead: choose another.", status)
        if not (self._person(values) or values.get("organization_name")):
            return self.env._("The name is missing.")
        return False

    @api.model
    def _person(self, values):
        """:return: name of the person; "" where it is that of the organization"""
        Contact = self.env["crm.import.loader.contact"]
        name = Contact._full_name(values) or ""
        same = plain(name) == plain(values.get("organization_name"))
        return "" if same else name

    @api.model
    def _make(self, job, values_list):
        if job.lead_target == "organization":
            return self.env["crm.import.customer"]._make(job, values_list)
        countries = self.env["crm.import.loader.contact"]._countries(values_list)
        leads = self.env["crm.lead"].create(
            self._with_stages(
                [self._prepare(job, values, countries) for values in values_list]
            )
        )
        self._object(job, values_list)
        return leads

    @api.model
    def _with_stages(self, vals_list):
        """:return: the values with the stage that Odoo would look for one by one"""
        Lead = self.env["crm.lead"]
        stages = {
            team_id: Lead._stage_find(team_id, [("fold", "=", False)]).id
            for team_id in {vals["team_id"] for vals in vals_list}
        }
        return [{**vals, "stage_id": stages[vals["team_id"]]} for vals in vals_list]

    @api.model
    def _prepare(self, job, values, countries):
        Contact = self.env["crm.import.loader.contact"]
        owner = values.get("owner") or self.env["res.users"]
        person, organization = self._person(values), values.get("organization_name")
        cargo = values.get("cargo") or self.env["crm.cargo"]
        market = values.get("market") or self.env["crm.market"]
        phone = values.get("phone") or values.get("mobile") or values.get("phone2")
        vals = {
            **Contact._address(values, countries),
            "type": "lead",
            "name": organization or person,
            "partner_name": organization or False,
            "contact_name": person or False,
            "function": cargo.name or values.get("cargo_text") or False,
            "email_from": values.get("email") or values.get("email2") or False,
            "phone": phone or False,
            "website": values.get("website") or False,
            "user_id": owner.id,
            "team_id": owner.sale_team_id.id,
            "company_id": job.company_id.id,
            "market_id": market.id,
            "description": self._remarks(job, values),
            # nobody pays for looking up companies of years ago
            "iap_enrich_done": True,
        }
        if values.get("origination"):
            vals["origination_id"] = values["origination"].id
        if values.get("lead_status") == LOST:
            closed = values.get("created") or self.env.cr.now()
            vals |= {"active": False, "probability": 0, "date_closed": closed}
        return vals

    @api.model
    def _remarks(self, job, values):
        """:return: notes as HTML"""
        return self.env["crm.import.loader.contact"]._comment(
            {**values, "description": self._about(job, values)},
            "email2",
            "phone2",
            "mobile",
            "department",
        )

    @api.model
    def _about(self, job, values):
        """:return: the description, and what nothing here has a field for"""
        lines = [values.get("description")]
        if values.get("revenue"):
            amount = format_amount(
                self.env, values["revenue"], job.company_id.currency_id
            )
            lines.append(self.env._("Annual revenue: %s", amount))
        return "\n".join(filter(None, lines))

    @api.model
    def _object(self, job, values_list):
        """Who wants no mailings gets none; a lead is no partner whose word is kept."""
        addresses = {
            email_normalize(values.get("email") or "")
            for values in values_list
            if values.get("opt_out")
        }
        self._block(job, addresses)
