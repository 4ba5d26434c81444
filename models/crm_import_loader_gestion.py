import hashlib
import json

from odoo import api, fields, models


class CrmImportLoaderGestion(models.AbstractModel):
    """What happened, as gestiones of their day and author. Nobody is asked any more for
    results that nobody wrote down then.

    An interaction with several persons is one gestión: the first one is its contact,
    the others are named in its text.
    """

    _name = "crm.import.loader.gestion"
    _inherit = "crm.import.loader"
    _description = "Loader of Gestiones"

    @api.model
    def _match(self, job, rows):
        """By the external reference, under which an import keeps what it made."""
        refs = {self._reference(job, row): row for row in rows}
        # sudo: a reference is taken, whoever has it
        gestiones = self.env["crm.gestion"].sudo()
        there = gestiones.search_fetch(
            [("external_ref", "in", list(refs))], ["external_ref"]
        )
        return {refs[gestion.external_ref]: gestion for gestion in there}

    @api.model
    def _reference(self, job, row):
        """:return: what is the same in another import of the same file"""
        ref = row.values.get("ref") or self._digest(row)
        return f"{job.source}:{job.company_id.id}:{row.entity}:{ref}"

    @api.model
    def _digest(self, row):
        """:return: short text that is the same for the same interaction"""
        text = json.dumps([row.name, row.values], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @api.model
    def _resolve(self, job, rows, loading=False, finishing=False):
        read = super()._resolve(job, rows, loading, finishing)
        for row, (values, _reason) in zip(rows, read, strict=True):
            values["external_ref"] = self._reference(job, row)
        return read

    @api.model
    def _lacks(self, values):
        if not values.get("date"):
            return self.env._("The date is missing.")
        if values["date"] > fields.Datetime.now():
            return self.env._("It is in the future: only what happened is a gestión.")
        if not (values.get("promised") or any(self._whom(values).values())):
            return self.env._(
                "It names neither organization, contact nor opportunity: "
                "say with whom it was."
            )
        return False

    @api.model
    def _whom(self, values):
        """:return: values of organization, contact and opportunity, False without"""
        Partner, Lead = self.env["res.partner"], self.env["crm.lead"]
        people = values.get("contacts") or []
        contact = values.get("contact") or (people[0] if people else Partner)
        organization = values.get("organization") or Partner
        lead = values.get("opportunity") or Lead
        related = values.get("related") or Partner
        if related._name == "crm.lead":
            lead = lead or related
        elif related._name == "project.task":
            organization = organization or related.crm_organization_id
            contact = contact or related.partner_id
        elif related._name == "res.partner" and related.is_company:
            organization = organization or related
        elif related._name == "res.partner":
            contact = contact or related
        if contact.is_company:
            organization, contact = organization or contact, Partner
        if lead.partner_id and not contact and not organization:
            organization = lead.organization_id
            contact = Partner if lead.partner_id.is_company else lead.partner_id
        return {
            "organization_id": organization.id,
            "contact_id": contact.id,
            "lead_id": lead.id,
        }

    @api.model
    def _make(self, job, values_list):
        imported = self.env.ref("crm_gestion.result_imported", False)
        default = self.env["crm.gestion"]._default_activity_type_id()
        vals_list = []
        for values in values_list:
            author = values.get("owner") or self.env.user
            result = values.get("result") or imported or self.env["crm.gestion.result"]
            kind = values.get("activity_type") or default
            vals = {
                **self._whom(values),
                "company_id": job.company_id.id,
                "activity_type_id": kind.id,
                "date": values["date"],
                "duration": max(values.get("duration") or 0.0, 0.0),
                "direction": "in" if values.get("direction") == "in" else "out",
                "user_id": author.id,
                "team_id": author.sale_team_id.id,
                "result_id": result.id,
                "description": self._text(values),
                "external_ref": values["external_ref"],
                # its stage then is not known
                "stage_id": False,
            }
            if values.get("name"):
                vals["name"] = values["name"]
            vals_list.append(vals)
        # history plans nothing by itself, whatever its result asks for today
        return self.env["crm.gestion"].with_context(import_file=True).create(vals_list)

    @api.model
    def _text(self, values):
        others = [person.name for person in (values.get("contacts") or [])[1:]]
        also = self.env._("Also: %s", ", ".join(others)) if others else False
        return self._notes({**values, "also": also}, "also") or False
